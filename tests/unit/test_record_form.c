/* How a record is shown: kcat's letters, JSON for people, bytes that a terminal must not obey. */
#include "unit.h"

#include "cmd/json_pretty.h"
#include "cmd/record_format.h"
#include "cmd/shown.h"

#include <string.h>

static void letters(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        struct slice wanted;
    } cases[] = {
        {"", SLICE_INIT("")},
        {"%t/%p@%o", SLICE_INIT("topic/3@7")},
        {"[%k] [%s]\\n", SLICE_INIT("[k\x1b] [value]\n")},
        {"%K %S %T", SLICE_INIT("2 5 1700000000250")},
        {"%T{iso}%T{is", SLICE_INIT("2023-11-14T22:13:20.250Z1700000000250{is")},
        {"%R", SLICE_INIT("\0\0\0\5")},
        {"%%s\\\\\\t\\x41\\x00", SLICE_INIT("%s\\\tA\0")},
        {"%h|", SLICE_INIT("|")},
    };
    const struct message message = {.kind = MESSAGE_RECORD,
                                    .offset = 7,
                                    .timestamp_ms = 1700000000250,
                                    .key = SLICE_LIT("k\x1b"),
                                    .value = SLICE_LIT("value")};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct record_format *format;
        struct err err;
        struct buf out;
        buf_init(&out, 1024);
        assert_int_equal(record_format_new(&format, cases[i].format, &err), 0);
        record_format_add(format, &out, false, "topic", 3, &message);
        assert_int_equal(out.len, cases[i].wanted.len);
        assert_true(slice_eq(buf_slice(&out), cases[i].wanted));
        record_format_free(format);
        buf_release(&out);
    }
}

static void nothing_is_null_and_minus_one(void **state)
{
    (void)state;
    struct record_format *format;
    struct err err;
    struct buf out;
    const struct message message = {.kind = MESSAGE_RECORD, .timestamp_ms = -1};
    buf_init(&out, 1024);
    assert_int_equal(record_format_new(&format, "%k|%s|%K|%S|%T|%T{iso}|%R", &err), 0);
    record_format_add(format, &out, false, "t", 0, &message);
    assert_true(slice_eq(buf_slice(&out), SLICE_LIT("||-1|-1|-1|-|\xff\xff\xff\xff")));
    record_format_free(format);
    buf_release(&out);
}

static void a_terminal_is_not_commanded(void **state)
{
    (void)state;
    struct record_format *format;
    struct err err;
    struct buf out;
    const struct message message = {.kind = MESSAGE_RECORD, .value = SLICE_LIT("a\x1b[2J\tb")};
    buf_init(&out, 1024);
    assert_int_equal(record_format_new(&format, "\\x1b%s", &err), 0);
    record_format_add(format, &out, true, "t", 0, &message);
    assert_string_equal(buf_str(&out), "\x1b"
                                       "a\\x1B[2J\tb");
    record_format_free(format);
    buf_release(&out);
}

static void unknown_letters_are_refused(void **state)
{
    (void)state;
    static const char *const formats[] = {"%z", "%", "a%", "\\q", "\\", "\\x4", "\\xg0", "%s%y"};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        struct record_format *format;
        struct err err;
        assert_int_equal(record_format_new(&format, formats[i], &err), -1);
        assert_int_equal(err.class, ERR_USAGE);
    }
}

static void shows_bytes(void **state)
{
    (void)state;
    static const struct {
        struct slice bytes;
        const char *wanted;
    } cases[] = {
        {SLICE_INIT("plain\n\t"), "plain\n\t"},
        {SLICE_INIT("\xc8\x99 \xf0\x9f\x98\x80"), "\xc8\x99 \xf0\x9f\x98\x80"},
        {SLICE_INIT("\x1b[0m\r\x7f\0"), "\\x1B[0m\\r\\x7F\\x00"},
        {SLICE_INIT("\xc2\x9b"
                    "m"),
         "\\u009Bm"},
        {SLICE_INIT("\u202Eevil"), "\\u202Eevil"},
        {SLICE_INIT("\xff"
                    "a\xc8"),
         "\\xFFa\\xC8"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;
        buf_init(&out, 1024);
        shown_add(&out, cases[i].bytes);
        assert_string_equal(buf_str(&out), cases[i].wanted);
        buf_release(&out);
    }
}

static void pretty(void **state)
{
    (void)state;
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"1", "1"},
        {" {\"a\":1, \"b\" : [ ] ,\"c\":{},\"d\":[1,\"x,]\\\"{\",null]} ",
         "{\n  \"a\": 1,\n  \"b\": [],\n  \"c\": {},\n  \"d\": [\n    1,\n    \"x,]\\\"{\",\n    "
         "null\n  ]\n}"},
        {"{\"a\":", NULL},
        {"text", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;
        buf_init(&out, 1024);
        assert_int_equal(json_pretty(&out, slice_of(cases[i].text)), cases[i].wanted != NULL);
        assert_string_equal(buf_str(&out), cases[i].wanted ? cases[i].wanted : "");
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letters),
        cmocka_unit_test(nothing_is_null_and_minus_one),
        cmocka_unit_test(a_terminal_is_not_commanded),
        cmocka_unit_test(unknown_letters_are_refused),
        cmocka_unit_test(shows_bytes),
        cmocka_unit_test(pretty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
