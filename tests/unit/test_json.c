/* The scanner against RFC 8259: what it must accept, must refuse and what it says then. */
#include "unit.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRUNCATED "the text ends in the middle of a value"
#define NUMBER "a malformed number"
#define UTF8 "invalid UTF-8 in a string"
#define LONE "a lone surrogate in a string"
#define ESCAPE "an invalid escape in a string"
#define CONTROL "a control character in a string"
#define TRAILING "trailing bytes after the JSON value"
#define DEEP "nested deeper than 256 levels"
#define BOM "a byte order mark before the JSON text"
#define MISSING "a value is missing"
#define NAME "a member name in double quotes was expected"
#define COLON "a colon was expected after a member name"
#define COMMA "a comma or a closing bracket was expected"
#define LAST_COMMA "a comma before a closing bracket"
#define OTHER "a value that is not JSON"
#define NOT_JSON "not JSON"
#define EMPTY "an empty value"
#define QUOTES "a string in single quotes"

struct accept_case {
    struct slice text;
    enum json_type type;
};

#define ACCEPT(literal, type_)                                                                     \
    {                                                                                              \
        SLICE_INIT(literal), type_                                                                 \
    }

static const struct accept_case accepted[] = {
    /* structure */
    ACCEPT("[]", JSON_ARRAY),
    ACCEPT("{}", JSON_OBJECT),
    ACCEPT("[[]]", JSON_ARRAY),
    ACCEPT("[ ]", JSON_ARRAY),
    ACCEPT("{ }", JSON_OBJECT),
    ACCEPT("[[],[]   ]", JSON_ARRAY),
    ACCEPT("[\"\"]", JSON_ARRAY),
    ACCEPT("[null]", JSON_ARRAY),
    ACCEPT("[null, 1, \"1\", {}]", JSON_ARRAY),
    ACCEPT("[1\n]", JSON_ARRAY),
    ACCEPT(" [1]", JSON_ARRAY),
    ACCEPT("[2] ", JSON_ARRAY),
    ACCEPT("[1,null,null,null,2]", JSON_ARRAY),
    ACCEPT("\t\r\n [ \t\r\n1 \t\r\n, \t\r\n2 \t\r\n] \t\r\n", JSON_ARRAY),
    ACCEPT("{\"a\":\"b\"}", JSON_OBJECT),
    ACCEPT("{\"a\":\"b\",\"a\":\"c\"}", JSON_OBJECT),
    ACCEPT("{\"a\":\"b\",\"a\":\"b\"}", JSON_OBJECT),
    ACCEPT("{\"\":0}", JSON_OBJECT),
    ACCEPT("{\"foo\\u0000bar\": 42}", JSON_OBJECT),
    ACCEPT("{ \"min\": -1.0e+28, \"max\": 1.0e+28 }", JSON_OBJECT),
    ACCEPT("{\"a\" \n:\t[ ] , \"b\":{\"c\":[{}]}}", JSON_OBJECT),
    ACCEPT("{\"title\":\"\\u041f\\u043e\\u043b\\u0442\\u043e\\u0440\\u0430\"}", JSON_OBJECT),
    /* bare values */
    ACCEPT("null", JSON_NULL),
    ACCEPT("true", JSON_TRUE),
    ACCEPT("false", JSON_FALSE),
    ACCEPT("42", JSON_NUMBER),
    ACCEPT("-0.1", JSON_NUMBER),
    ACCEPT("\"asd\"", JSON_STRING),
    ACCEPT("\"\"", JSON_STRING),
    ACCEPT(" null ", JSON_NULL),
    /* numbers */
    ACCEPT("0", JSON_NUMBER),
    ACCEPT("-0", JSON_NUMBER),
    ACCEPT("-1", JSON_NUMBER),
    ACCEPT("-123", JSON_NUMBER),
    ACCEPT("20e1", JSON_NUMBER),
    ACCEPT("0e1", JSON_NUMBER),
    ACCEPT("0e+1", JSON_NUMBER),
    ACCEPT("1e-2", JSON_NUMBER),
    ACCEPT("1E22", JSON_NUMBER),
    ACCEPT("1E-2", JSON_NUMBER),
    ACCEPT("1E+2", JSON_NUMBER),
    ACCEPT("123e45", JSON_NUMBER),
    ACCEPT("123.456e78", JSON_NUMBER),
    ACCEPT("0.5", JSON_NUMBER),
    ACCEPT("-0.000000000000000000000000000000000000000000000000000000000001", JSON_NUMBER),
    ACCEPT("100000000000000000000", JSON_NUMBER),
    ACCEPT("1e00000000000000000000000000000000000000001", JSON_NUMBER),
    ACCEPT("-1e+9999", JSON_NUMBER),
    ACCEPT("123456789012345678901234567890123456789012345678901234567890.12345678901234567890",
           JSON_NUMBER),
    /* strings and escapes */
    ACCEPT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", JSON_STRING),
    ACCEPT("\"\\u0060\\u012a\\u12AB\"", JSON_STRING),
    ACCEPT("\"\\ud801\\udc37\"", JSON_STRING),
    ACCEPT("\"\\ud83d\\ude39\\ud83d\\udc8d\"", JSON_STRING),
    ACCEPT("\"\\uDBFF\\uDFFF\"", JSON_STRING),
    ACCEPT("\"\\uD800\\uDC00\"", JSON_STRING),
    ACCEPT("\"\\u0000\"", JSON_STRING),
    ACCEPT("\"\\uFFFF\\uFFFE\\uFDD0\"", JSON_STRING),
    ACCEPT("\"\\u2028\\u2029\\u200B\"", JSON_STRING),
    ACCEPT("\"\\\\u0000\"", JSON_STRING),
    ACCEPT("\"\\\\n\\\\\"", JSON_STRING),
    ACCEPT("\"\\u005C\\u0022\\u0025\"", JSON_STRING),
    ACCEPT("\"\\uD7FF\\uE000\"", JSON_STRING), /* the neighbours of the surrogates */
    ACCEPT("\"a/*b*/c/*d//e\"", JSON_STRING),
    ACCEPT("\"new\\u00A0line\"", JSON_STRING),
    ACCEPT("\" \"", JSON_STRING),
    ACCEPT("\"\x7F\"", JSON_STRING),
    ACCEPT("\"%x'{}[]:,\"", JSON_STRING),
    /* UTF-8 in strings */
    ACCEPT("\"\xC2\x80\xDF\xBF\"", JSON_STRING),
    ACCEPT("\"\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xEF\xBF\xBF\"", JSON_STRING),
    ACCEPT("\"\xF0\x90\x80\x80\xF4\x8F\xBF\xBF\"", JSON_STRING),
    ACCEPT("\"\xE2\x80\xA8\xE2\x80\xA9\"", JSON_STRING),
    ACCEPT("\"\xEF\xBB\xBF\"", JSON_STRING), /* inside of a string it is a character */
    ACCEPT("{\"\xC8\x99\": \"\xF0\x9F\x98\x80\"}", JSON_OBJECT),
    ACCEPT("\"abcdefghijklmnopqrstuvwxyz \xC8\x99 abcdefghijklmnopqrstuvwxyz \\u0219 abcdefghij\"",
           JSON_STRING),
};

struct reject_case {
    struct slice text;
    const char *reason;
    int at; /* byte the error names; -1: not looked at */
};

#define REJECT(literal, reason, at)                                                                \
    {                                                                                              \
        SLICE_INIT(literal), reason, at                                                            \
    }

static const struct reject_case rejected[] = {
    /* no value at all, other encodings */
    REJECT("", EMPTY, 0),
    REJECT(" ", EMPTY, 0),
    REJECT("\n\t\r ", EMPTY, 0),
    REJECT("\xEF\xBB\xBF", BOM, 0),
    REJECT("\xEF\xBB\xBF{}", BOM, 0),
    REJECT("\xEF\xBB\xBFnull", BOM, 0),
    REJECT("\xFF\xFE[\0]\0", BOM, 0),
    REJECT("\xFE\xFF\0[\0]", BOM, 0),
    REJECT("[\0]\0", OTHER, 1),
    REJECT("\0[\0]", NOT_JSON, 0),
    REJECT("\x1E{}", NOT_JSON, 0), /* a record separator (RFC 7464) */
    REJECT("\f[]", NOT_JSON, 0),
    REJECT("\xC2\xA0[]", NOT_JSON, 0),
    REJECT("\xE2\x81\xA0[]", NOT_JSON, 0),
    REJECT("Hellow", NOT_JSON, 0),
    REJECT("<.>", NOT_JSON, 0),
    REJECT("*", NOT_JSON, 0),
    REJECT("\xE5", NOT_JSON, 0),
    REJECT("]", NOT_JSON, 0),
    REJECT("}", NOT_JSON, 0),
    REJECT(",", NOT_JSON, 0),
    REJECT(":", NOT_JSON, 0),
    /* words */
    REJECT("nul", TRUNCATED, 3),
    REJECT("tru", TRUNCATED, 3),
    REJECT("fals", TRUNCATED, 4),
    REJECT("[nul]", OTHER, 1),
    REJECT("[tru]", OTHER, 1),
    REJECT("[fals]", OTHER, 1),
    REJECT("nulL", OTHER, 0),
    REJECT("[True]", OTHER, 1),
    REJECT("[None]", OTHER, 1),
    REJECT("TRUE", NOT_JSON, 0),
    REJECT("truex", OTHER, 0),
    REJECT("true1", OTHER, 0),
    REJECT("[undefined]", OTHER, 1),
    REJECT("test", OTHER, 0),
    REJECT("nope", OTHER, 0),
    REJECT("[NaN]", "NaN is not JSON", 1),
    REJECT("NaN", "NaN is not JSON", 0),
    REJECT("nan", "NaN is not JSON", 0),
    REJECT("{\"a\": NaN}", "NaN is not JSON", 6),
    REJECT("[Infinity]", "Infinity is not JSON", 1),
    REJECT("Infinity", "Infinity is not JSON", 0),
    REJECT("[-Infinity]", "Infinity is not JSON", 2),
    REJECT("{\"a\": -Infinity}", "Infinity is not JSON", 7),
    REJECT("inf", "Infinity is not JSON", 0),
    REJECT("-inf", "Infinity is not JSON", 1),
    REJECT("[-NaN]", NUMBER, 2),
    /* arrays */
    REJECT("[", TRUNCATED, 1),
    REJECT("[ ", TRUNCATED, 2),
    REJECT("[[", TRUNCATED, 2),
    REJECT("[1", TRUNCATED, 2),
    REJECT("[1,", TRUNCATED, 3),
    REJECT("[1, ", TRUNCATED, 4),
    REJECT("[\"a", TRUNCATED, 3),
    REJECT("[\"a\"", TRUNCATED, 4),
    REJECT("[\"\",\n\"4\",\n", TRUNCATED, 10),
    REJECT("[1 true]", COMMA, 3),
    REJECT("[1 2]", COMMA, 3),
    REJECT("[\"a\" \"b\"]", COMMA, 5),
    REJECT("[3[4]]", COMMA, 2),
    REJECT("[1:2]", COMMA, 2),
    REJECT("[\"a\":1]", COMMA, 4),
    REJECT("[1}", COMMA, 2),
    REJECT("[1;2]", COMMA, 2),
    REJECT("[,", MISSING, 1),
    REJECT("[,1]", MISSING, 1),
    REJECT("[1,,2]", MISSING, 3),
    REJECT("[:1]", MISSING, 1),
    REJECT("[}", MISSING, 1),
    REJECT("[1,]", LAST_COMMA, 2),
    REJECT("[\"a\",]", LAST_COMMA, 4),
    REJECT("[1, ]", LAST_COMMA, 2),
    REJECT("[1,}", LAST_COMMA, 2),
    REJECT("[x", OTHER, 1),
    REJECT("[*]", OTHER, 1),
    REJECT("[\x0B]", OTHER, 1),
    REJECT("[a\xC3\xA5]", OTHER, 1),
    REJECT("[\xFF]", OTHER, 1),
    REJECT("[1]]", TRAILING, 3),
    REJECT("[][]", TRAILING, 2),
    REJECT("[] x", TRAILING, 3),
    REJECT("[1]\0", TRAILING, 3),
    REJECT("1]", TRAILING, 1),
    REJECT("\"a\"b", TRAILING, 3),
    REJECT("{}{}", TRAILING, 2),
    REJECT("{} {\"a\":1}", TRAILING, 3),
    REJECT("{\"a\":\"b\"}/**/", TRAILING, 9),
    REJECT("{\"a\":\"b\"}#", TRAILING, 9),
    REJECT("{\"a\":1}}", TRAILING, 7),
    REJECT("\"\"\0", TRAILING, 2),
    REJECT("null null", TRAILING, 5),
    REJECT("[\"a\",\n4\n,1,", TRUNCATED, 11),
    REJECT("[\"x\", truth]", OTHER, 6),
    REJECT("[/*comment*/1]", "a comment is not JSON", 1),
    REJECT("[1,//c\n2]", "a comment is not JSON", 3),
    REJECT("[#1]", "a comment is not JSON", 1),
    /* objects */
    REJECT("{", TRUNCATED, 1),
    REJECT("{\"", TRUNCATED, 2),
    REJECT("{\"a", TRUNCATED, 3),
    REJECT("{\"a\"", TRUNCATED, 4),
    REJECT("{\"a\":", TRUNCATED, 5),
    REJECT("{\"a\": ", TRUNCATED, 6),
    REJECT("{\"a\":\"b", TRUNCATED, 7),
    REJECT("{\"a\":1", TRUNCATED, 6),
    REJECT("{\"a\":1,", TRUNCATED, 7),
    REJECT("{\"a\":1, \"", TRUNCATED, 9),
    REJECT("{\"a\":{", TRUNCATED, 6),
    REJECT("{]", NAME, 1),
    REJECT("{,", NAME, 1),
    REJECT("{a:1}", NAME, 1),
    REJECT("{'a':1}", NAME, 1),
    REJECT("{1:1}", NAME, 1),
    REJECT("{null:null}", NAME, 1),
    REJECT("{[\"a\"]:1}", NAME, 1),
    REJECT("{:\"b\"}", NAME, 1),
    REJECT("{\"a\":1,,\"b\":2}", NAME, 7),
    REJECT("{\"a\":1,b:2}", NAME, 7),
    REJECT("{\"a\":1,}", LAST_COMMA, 6),
    REJECT("{\"a\":1 , }", LAST_COMMA, 7),
    REJECT("{\"a\":1]", COMMA, 6),
    REJECT("{\"a\":\"b\" \"c\":1}", COMMA, 9),
    REJECT("{\"a\":1 \"b\":2}", COMMA, 7),
    REJECT("{\"a\":1:2}", COMMA, 6),
    REJECT("{\"a\" 1}", COLON, 5),
    REJECT("{\"a\",1}", COLON, 4),
    REJECT("{\"a\"}", COLON, 4),
    REJECT("{\"a\"=1}", COLON, 4),
    REJECT("{\"a\"::1}", MISSING, 5),
    REJECT("{\"a\":}", MISSING, 5),
    REJECT("{\"a\":,\"b\":1}", MISSING, 5),
    REJECT("{\"a\":'b'}", QUOTES, 5),
    REJECT("['a']", QUOTES, 1),
    REJECT("'a'", QUOTES, 0),
    REJECT("{\"a\":b}", OTHER, 5),
    REJECT("{\"a\":/*c*/1}", "a comment is not JSON", 5),
    REJECT("{\"\\ud800\":1}", LONE, 2),
    REJECT("{\"\xFF\":1}", UTF8, 2),
    REJECT("{\"a\nb\":1}", CONTROL, 3),
    /* numbers */
    REJECT("-", TRUNCATED, 1),
    REJECT("1.", TRUNCATED, 2),
    REJECT("1e", TRUNCATED, 2),
    REJECT("1e+", TRUNCATED, 3),
    REJECT("[-]", NUMBER, 2),
    REJECT("[1.]", NUMBER, 3),
    REJECT("[-2.]", NUMBER, 4),
    REJECT("[0.e1]", NUMBER, 3),
    REJECT("[2.e3]", NUMBER, 3),
    REJECT("[2.e-3]", NUMBER, 3),
    REJECT("[1e]", NUMBER, 3),
    REJECT("[0E]", NUMBER, 3),
    REJECT("[0E+]", NUMBER, 4),
    REJECT("[1.0e-]", NUMBER, 6),
    REJECT("[9.3e+]", NUMBER, 6),
    REJECT("[1ea]", NUMBER, 3),
    REJECT("[1eE2]", NUMBER, 3),
    REJECT("[0.3e]", NUMBER, 5),
    REJECT("[01]", NUMBER, 2),
    REJECT("[-01]", NUMBER, 3),
    REJECT("[012]", NUMBER, 2),
    REJECT("[-012]", NUMBER, 3),
    REJECT("[00]", NUMBER, 2),
    REJECT("[0x42]", NUMBER, 2),
    REJECT("[0x]", NUMBER, 2),
    REJECT("[+1]", NUMBER, 1),
    REJECT("[++1234]", NUMBER, 1),
    REJECT("[.123]", NUMBER, 1),
    REJECT("[.-1]", NUMBER, 1),
    REJECT("[-.123]", NUMBER, 2),
    REJECT("[--2.]", NUMBER, 2),
    REJECT("[- 1]", NUMBER, 2),
    REJECT("[-foo]", NUMBER, 2),
    REJECT("[-1x]", NUMBER, 3),
    REJECT("[1+2]", NUMBER, 2),
    REJECT("[1-2]", NUMBER, 2),
    REJECT("[1.2.3]", NUMBER, 4),
    REJECT("[1.2a-3]", NUMBER, 4),
    REJECT("[1.8011670033376514H-308]", NUMBER, 19),
    REJECT("[1_000]", NUMBER, 2),
    REJECT("12abc", NUMBER, 2),
    REJECT("[1a]", NUMBER, 2),
    REJECT("2026-05-01", NUMBER, 4),
    REJECT("[1 000]", COMMA, 3),
    REJECT("[0,1,2\xE5]", COMMA, 6),
    REJECT("[\xEF\xBC\x91]", OTHER, 1), /* a full-width digit */
    REJECT("+1", NUMBER, 0),
    REJECT(".5", NUMBER, 0),
    /* strings */
    REJECT("\"", TRUNCATED, 1),
    REJECT("\"abc", TRUNCATED, 4),
    REJECT("\"abc\\", TRUNCATED, 5),
    REJECT("\"\\\"", TRUNCATED, 3),
    REJECT("\"\\u", TRUNCATED, 3),
    REJECT("\"\\u00", TRUNCATED, 5),
    REJECT("\"\\u00A", TRUNCATED, 6),
    REJECT("\"\\ud800", TRUNCATED, 7),
    REJECT("\"\\ud800\\", TRUNCATED, 8),
    REJECT("\"\\ud800\\u", TRUNCATED, 9),
    REJECT("\"\\ud800\\udc0", TRUNCATED, 12),
    REJECT("\"\\x00\"", ESCAPE, 1),
    REJECT("\"\\a\"", ESCAPE, 1),
    REJECT("\"\\v\"", ESCAPE, 1),
    REJECT("\"\\0\"", ESCAPE, 1),
    REJECT("\"\\'\"", ESCAPE, 1),
    REJECT("\"\\ \"", ESCAPE, 1),
    REJECT("\"\\U0041\"", ESCAPE, 1),
    REJECT("\"\\\n\"", ESCAPE, 1),
    REJECT("\"\\\0\"", ESCAPE, 1),
    REJECT("\"\\\xC3\xA5\"", ESCAPE, 1),
    REJECT("\"\\\xF0\x9F\x8C\x80\"", ESCAPE, 1),
    REJECT("\"\\u00\"", ESCAPE, 1),
    REJECT("\"\\u00A\"", ESCAPE, 1),
    REJECT("\"\\u00G0\"", ESCAPE, 1),
    REJECT("\"\\uqqqq\"", ESCAPE, 1),
    REJECT("\"\\u 041\"", ESCAPE, 1),
    REJECT("\"\\u+041\"", ESCAPE, 1),
    REJECT("\"\\u00\xC3\xA5\"", ESCAPE, 1),
    REJECT("\"abcdefghijklmnopqrstuvwxyz\\q\"", ESCAPE, 27),
    REJECT("\"\\ud800\"", LONE, 1),
    REJECT("\"\\ud800abcdef\"", LONE, 1),
    REJECT("\"\\ud800\\n\"", LONE, 1),
    REJECT("\"\\ud800\\u\"", LONE, 1),
    REJECT("\"\\ud800\\u1\"", LONE, 1),
    REJECT("\"\\ud800\\u1x\"", LONE, 1),
    REJECT("\"\\ud800\\u0041\"", LONE, 1),
    REJECT("\"\\ud800\\ud800\"", LONE, 1),
    REJECT("\"\\uDBFF\\uE000\"", LONE, 1),
    REJECT("\"\\udc00\"", LONE, 1),
    REJECT("\"\\uDFAA\"", LONE, 1),
    REJECT("\"\\udc00\\ud800\"", LONE, 1),
    REJECT("\"\\ud83d\\ude00\\ude00\"", LONE, 13),
    REJECT("\"a\0b\"", CONTROL, 2),
    REJECT("\"new\nline\"", CONTROL, 4),
    REJECT("\"\t\"", CONTROL, 1),
    REJECT("\"\r\"", CONTROL, 1),
    REJECT("\"\x1F\"", CONTROL, 1),
    REJECT("\"\x01\"", CONTROL, 1),
    REJECT("\"abcdefghijklmnopqrstuvwxyz\x1F\"", CONTROL, 27),
    /* UTF-8 */
    REJECT("\"\x80\"", UTF8, 1),
    REJECT("\"\xBF\"", UTF8, 1),
    REJECT("\"\xC0\xAF\"", UTF8, 1),
    REJECT("\"\xC1\xBF\"", UTF8, 1),
    REJECT("\"\xE0\x80\xAF\"", UTF8, 1),
    REJECT("\"\xE0\x9F\xBF\"", UTF8, 1),
    REJECT("\"\xED\xA0\x80\"", UTF8, 1),
    REJECT("\"\xED\xBF\xBF\"", UTF8, 1),
    REJECT("\"\xF0\x80\x80\xAF\"", UTF8, 1),
    REJECT("\"\xF0\x8F\xBF\xBF\"", UTF8, 1),
    REJECT("\"\xF4\x90\x80\x80\"", UTF8, 1),
    REJECT("\"\xF5\x80\x80\x80\"", UTF8, 1),
    REJECT("\"\xF8\x88\x80\x80\x80\"", UTF8, 1),
    REJECT("\"\xFC\x83\xBF\xBF\xBF\xBF\"", UTF8, 1),
    REJECT("\"\xFE\xFF\"", UTF8, 1),
    REJECT("\"\xC3\"", UTF8, 1),
    REJECT("\"\xE2\x82\"", UTF8, 1),
    REJECT("\"\xF0\x9F\x98\"", UTF8, 1),
    REJECT("\"\xE0\xFF\"", UTF8, 1),
    REJECT("\"\xC8\x99\xE9\"", UTF8, 3), /* Latin-1 behind UTF-8 */
    REJECT("\"caf\xE9\"", UTF8, 4),
    REJECT("\"abcdefghijklmnopqrstuvwxyz\xC8\x99\x99\"", UTF8, 29),
    REJECT("\"\xC3", UTF8, 1),
};

static void check_rejected(struct slice text, const struct reject_case *expected, size_t shift)
{
    struct json_value value;
    struct json_error error = {0};
    if (json_parse(text, &value, &error) == 0)
        fail_msg("accepted: %.*s", SLICE_ARG(text));
    if (strcmp(error.reason, expected->reason) != 0)
        fail_msg("\"%.*s\": %s, expected: %s", SLICE_ARG(text), error.reason, expected->reason);
    if (strcmp(expected->reason, EMPTY) != 0 && error.at != (size_t)expected->at + shift)
        fail_msg("\"%.*s\": at %zu, expected %zu", SLICE_ARG(text), error.at,
                 (size_t)expected->at + shift);
}

/* With blanks before it, a text meets the ends of the scanner's blocks at every byte. */
static struct slice shifted(char *room, struct slice text, size_t blanks)
{
    memset(room, ' ', blanks);
    memcpy(room + blanks, text.ptr, text.len);
    return (struct slice){room, blanks + text.len};
}

static void must_reject(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rejected); i++) {
        const struct reject_case *c = &rejected[i];
        bool bom = strcmp(c->reason, BOM) == 0;
        for (size_t blanks = 0; blanks < (bom ? 1 : 140); blanks++) {
            char room[512];
            struct slice text = shifted(room, c->text, blanks);
            struct guarded end = guard_end(text);
            check_rejected(end.text, c, blanks);
            guard_release(&end);
            struct guarded start = guard_start(text);
            check_rejected(start.text, c, blanks);
            guard_release(&start);
        }
    }
}

static void check_accepted(struct slice text, const struct accept_case *expected)
{
    struct json_value value;
    struct json_error error = {0};
    if (json_parse(text, &value, &error) < 0)
        fail_msg("%s at %zu of: %.*s", error.reason, error.at, SLICE_ARG(text));
    assert_int_equal(value.type, expected->type);

    const char *from = text.ptr;
    const char *to = text.ptr + text.len;
    while (strchr(" \t\r\n", *from))
        from++;
    while (strchr(" \t\r\n", to[-1]))
        to--;
    size_t quotes = value.type == JSON_STRING;
    assert_ptr_equal(value.raw.ptr, from + quotes);
    assert_ptr_equal(value.raw.ptr + value.raw.len, to - quotes);
}

/* The same text as a member's value, in one pass over the object. */
static void check_as_member(struct slice text, const struct accept_case *expected)
{
    char room[1024];
    int len = snprintf(room, sizeof room, "{\"first\": 1, \"value\": ");
    memcpy(room + len, text.ptr, text.len);
    size_t all = (size_t)len + text.len;
    len = snprintf(room + all, sizeof room - all, ",\"last\":[]}");
    struct guarded record = guard_end((struct slice){room, all + (size_t)len});

    struct json_iter it;
    struct json_value key, value, alone;
    struct json_error error;
    assert_int_equal(json_object_open(&it, record.text, &error), 0);
    assert_int_equal(json_object_next(&it, &key, &value, &error), 1);
    assert_true(slice_eq_str(key.raw, "first"));
    assert_int_equal(json_object_next(&it, &key, &value, &error), 1);
    assert_true(slice_eq_str(key.raw, "value"));
    assert_int_equal(value.type, expected->type);
    assert_int_equal(json_parse(text, &alone, &error), 0);
    assert_true(slice_eq(alone.raw, value.raw));
    assert_int_equal(alone.ascii, value.ascii);
    assert_int_equal(alone.escaped, value.escaped);
    assert_int_equal(alone.nul, value.nul);
    assert_int_equal(json_object_next(&it, &key, &value, &error), 1);
    assert_true(slice_eq_str(key.raw, "last"));
    assert_int_equal(value.type, JSON_ARRAY);
    assert_int_equal(json_object_next(&it, &key, &value, &error), 0);
    assert_int_equal(json_object_next(&it, &key, &value, &error), 0);
    guard_release(&record);
}

static void must_accept(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(accepted); i++)
        for (size_t blanks = 0; blanks < 140; blanks++) {
            char room[512];
            struct slice text = shifted(room, accepted[i].text, blanks);
            struct guarded end = guard_end(text);
            check_accepted(end.text, &accepted[i]);
            guard_release(&end);
            struct guarded start = guard_start(text);
            check_accepted(start.text, &accepted[i]);
            guard_release(&start);
            check_as_member(text, &accepted[i]);
        }
}

static void every_prefix_is_cut_short(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"name\": \"Ana \\u0219\\ud83d\\ude00\", \"city\":\"Ia\xC8\x99i\", \"n\": [-1.5e+3, 0, "
        "true, false, null, {\"a\": {}}, []], \"more\": \"a text that is a good deal longer than "
        "a block of the scanner, with \\\"quotes\\\" in it\"}";
    struct slice text = SLICE_LIT(whole);
    struct json_value value;
    struct json_error error;
    assert_int_equal(json_parse(text, &value, &error), 0);
    for (size_t len = 1; len < text.len; len++) {
        struct guarded cut = guard_end((struct slice){text.ptr, len});
        assert_int_equal(json_parse(cut.text, &value, &error), -1);
        bool in_character = (unsigned char)cut.text.ptr[len - 1] == 0xC8;
        assert_string_equal(error.reason, in_character ? UTF8 : TRUNCATED);
        assert_int_equal(error.at, in_character ? len - 1 : len);
        guard_release(&cut);
    }
}

static void opening_says_what_it_is_instead(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        const char *reason;
    } cases[] = {
        {SLICE_INIT("[1]"), "an array, not an object"},
        {SLICE_INIT(" 12"), "a number, not an object"},
        {SLICE_INIT("\"x\""), "a string, not an object"},
        {SLICE_INIT("null"), "null, not an object"},
        {SLICE_INIT("true"), "true, not an object"},
        {SLICE_INIT("false "), "false, not an object"},
        {SLICE_INIT(""), EMPTY},
        {SLICE_INIT("  "), EMPTY},
        {SLICE_INIT("Hellow"), NOT_JSON},
        {SLICE_INIT("NaN"), "NaN is not JSON"},
        {SLICE_INIT("[1"), TRUNCATED},
        {SLICE_INIT("\xEF\xBB\xBF{}"), BOM},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json_iter it;
        struct json_error error;
        assert_int_equal(json_object_open(&it, cases[i].text, &error), -1);
        assert_string_equal(error.reason, cases[i].reason);
    }
    struct json_iter it;
    struct json_error error;
    assert_int_equal(json_object_open(&it, SLICE_NONE, &error), -1);
    assert_string_equal(error.reason, EMPTY);
}

/* Walk an object to its end; the error's reason, or NULL. */
static const char *walk(struct slice text, struct json_error *error)
{
    struct json_iter it;
    struct json_value key, value;
    int rc = json_object_open(&it, text, error);
    while (rc == 0 && (rc = json_object_next(&it, &key, &value, error)) > 0)
        rc = 0;
    return rc < 0 ? error->reason : NULL;
}

static void check_walked_as_parsed(struct slice text)
{
    struct json_error walked = {NULL, 0};
    struct json_error parsed = {NULL, 0};
    struct json_value value;
    struct guarded guarded = guard_end(text);
    bool refused = walk(guarded.text, &walked) != NULL;
    assert_int_equal(json_parse(guarded.text, &value, &parsed) < 0, refused);
    if (refused) {
        if (strcmp(walked.reason, parsed.reason) != 0)
            fail_msg("\"%.*s\": %s, and %s", SLICE_ARG(text), walked.reason, parsed.reason);
        assert_int_equal(walked.at, parsed.at);
    }
    guard_release(&guarded);
}

static void walking_refuses_what_parsing_refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rejected); i++) {
        check_walked_as_parsed(rejected[i].text);
        /* As the end of a record; a few ("{}}") make one that is right. */
        char room[512];
        int len = snprintf(room, sizeof room, "{\"a\":[\"b\"], \"c\": ");
        memcpy(room + len, rejected[i].text.ptr, rejected[i].text.len);
        check_walked_as_parsed((struct slice){room, (size_t)len + rejected[i].text.len});
    }
    for (size_t i = 0; i < COUNT_OF(accepted); i++)
        if (accepted[i].type == JSON_OBJECT)
            check_walked_as_parsed(accepted[i].text);
}

/* `levels` brackets around nothing, each an object or an array as `pattern` says in turn. */
static struct slice nested(struct buf *out, size_t levels, const char *pattern)
{
    buf_clear(out);
    size_t kinds = strlen(pattern);
    for (size_t i = 0; i < levels; i++) {
        bool object = pattern[i % kinds] == '{';
        buf_add_str(out, object ? (i + 1 < levels ? "{\"k\":" : "{") : "[");
    }
    for (size_t i = levels; i-- > 0;)
        buf_add_byte(out, pattern[i % kinds] == '{' ? '}' : ']');
    return buf_slice(out);
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    static const char *const patterns[] = {"[", "{", "[{", "{[[", "[[[[{{{{{"};
    struct buf out;
    buf_init(&out, 8 << 20);
    struct json_value value;
    struct json_error error;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        assert_int_equal(json_parse(nested(&out, 256, patterns[i]), &value, &error), 0);
        assert_int_equal(json_parse(nested(&out, 257, patterns[i]), &value, &error), -1);
        assert_string_equal(error.reason, DEEP);
        assert_int_equal(json_parse(nested(&out, 10000, patterns[i]), &value, &error), -1);
        assert_string_equal(error.reason, DEEP);
        assert_int_equal(json_parse(nested(&out, 1000000, patterns[i]), &value, &error), -1);
        assert_string_equal(error.reason, DEEP);
    }
    assert_null(walk(nested(&out, 256, "{["), &error));
    assert_string_equal(walk(nested(&out, 257, "{["), &error), DEEP);

    /* Width is no depth. */
    buf_clear(&out);
    buf_add_str(&out, "{\"a\":[");
    for (int i = 0; i < 5000; i++)
        buf_add_str(&out, "[[]],{\"b\":{}},");
    buf_add_str(&out, "0]}");
    assert_null(walk(buf_slice(&out), &error));
    buf_release(&out);
}

static void strings_carry_their_flags(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool escaped, ascii, nul;
    } cases[] = {
        {"\"plain\"", false, true, false},     {"\"\"", false, true, false},
        {"\"tab\\t\"", true, true, false},     {"\"\\u0219\"", true, true, false},
        {"\"\xC8\x99\"", false, false, false}, {"\"\xC8\x99\\n\"", true, false, false},
        {"\"\\u0000\"", true, true, true},     {"\"a\\u0000\xC8\x99\"", true, false, true},
        {"\"\\\\u0000\"", true, true, false},  {"\"\\u00001\"", true, true, true},
        {"\"\\u0001\"", true, true, false},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json_value value;
        struct json_error error;
        assert_int_equal(json_parse(slice_of(cases[i].text), &value, &error), 0);
        assert_int_equal(value.escaped, cases[i].escaped);
        assert_int_equal(value.ascii, cases[i].ascii);
        assert_int_equal(value.nul, cases[i].nul);
    }
}

static void unescaping_resolves_every_escape(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct slice bytes;
    } cases[] = {
        {"\"\"", SLICE_INIT("")},
        {"\"plain\"", SLICE_INIT("plain")},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", SLICE_INIT("\"\\/\b\f\n\r\t")},
        {"\"\\u0041\\u00e9\\u0219\\u20AC\"", SLICE_INIT("A\xC3\xA9\xC8\x99\xE2\x82\xAC")},
        {"\"\\u007f\\u0080\\u07FF\\u0800\\uFFFF\"",
         SLICE_INIT("\x7F\xC2\x80\xDF\xBF\xE0\xA0\x80\xEF\xBF\xBF")},
        {"\"\\ud83d\\ude00\"", SLICE_INIT("\xF0\x9F\x98\x80")},
        {"\"\\uD800\\uDC00\\uDBFF\\uDFFF\"", SLICE_INIT("\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")},
        {"\"a\\u0000b\"", SLICE_INIT("a\0b")},
        {"\"\\\\u0041\"", SLICE_INIT("\\u0041")},
        {"\"\xC8\x99\\n\xF0\x9F\x98\x80\"", SLICE_INIT("\xC8\x99\n\xF0\x9F\x98\x80")},
        {"\"Str. Lalelelor 5\\nIa\\u0219i\"", SLICE_INIT("Str. Lalelelor 5\nIa\xC8\x99i")},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct json_value value;
        struct json_error error;
        assert_int_equal(json_parse(slice_of(cases[i].text), &value, &error), 0);
        /* Exactly the room that is promised to do: one byte more would be found out. */
        char *room = malloc(value.raw.len + 1);
        assert_non_null(room);
        size_t len = json_unescape(&value, room);
        assert_true(len <= value.raw.len);
        assert_true(slice_eq((struct slice){room, len}, cases[i].bytes));
        free(room);
        assert_true(json_string_eq(&value, cases[i].bytes));
        char longer[64];
        memcpy(longer, cases[i].bytes.ptr, cases[i].bytes.len);
        longer[cases[i].bytes.len] = 'x';
        assert_false(json_string_eq(&value, (struct slice){longer, cases[i].bytes.len + 1}));
        for (size_t n = 0; n < cases[i].bytes.len; n++) {
            struct guarded shorter = guard_end((struct slice){cases[i].bytes.ptr, n});
            assert_false(json_string_eq(&value, shorter.text));
            guard_release(&shorter);
        }
        assert_false(json_string_eq(&value, SLICE_LIT("something else altogether")));
    }
}

static void children_are_found_again(void **state)
{
    (void)state;
    struct json_iter it;
    struct json_value root, key, value;
    struct json_error error;
    struct slice text = SLICE_LIT("{\"a\": [1, \"two\" , [3], {\"four\": 4}], \"b\" :{} }");
    assert_int_equal(json_parse(text, &root, &error), 0);

    json_children(&it, &root);
    assert_int_equal(json_child_next(&it, &key, &value), 1);
    assert_true(slice_eq_str(key.raw, "a"));
    struct json_value array = value;
    assert_int_equal(json_child_next(&it, &key, &value), 1);
    assert_true(slice_eq_str(key.raw, "b"));
    assert_int_equal(value.type, JSON_OBJECT);
    assert_int_equal(json_child_next(&it, &key, &value), 0);
    assert_int_equal(json_child_next(&it, &key, &value), 0);
    json_children(&it, &value);
    assert_int_equal(json_child_next(&it, &key, &value), 0);

    static const char *const elements[] = {"1", "two", "[3]", "{\"four\": 4}"};
    json_children(&it, &array);
    for (size_t i = 0; i < COUNT_OF(elements); i++) {
        assert_int_equal(json_child_next(&it, &key, &value), 1);
        assert_true(slice_eq_str(value.raw, elements[i]));
    }
    assert_int_equal(json_child_next(&it, &key, &value), 0);

    assert_int_equal(json_parse(SLICE_LIT("\"no children\""), &root, &error), 0);
    json_children(&it, &root);
    assert_int_equal(json_child_next(&it, &key, &value), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(must_accept),
        cmocka_unit_test(must_reject),
        cmocka_unit_test(every_prefix_is_cut_short),
        cmocka_unit_test(opening_says_what_it_is_instead),
        cmocka_unit_test(walking_refuses_what_parsing_refuses),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(strings_carry_their_flags),
        cmocka_unit_test(unescaping_resolves_every_escape),
        cmocka_unit_test(children_are_found_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
