/*
 * Random JSON: a generator writes a value twice, once as JSON with every freedom the grammar has
 * (blanks, escapes, spellings), once in a plain notation of our own. What the scanner finds in the
 * first, written in that notation, must be the second.
 *
 *     n t f    null, true, false          #<digits as they stand>;
 *     $<length>:<bytes>;  a string        [ .. ]  { name value .. }
 */
#include "unit.h"

#include "base/json.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

#define DEEPEST 12

struct writer {
    struct random random;
    struct buf json;
    struct buf plain;
};

static void add_blanks(struct writer *w)
{
    uint32_t kind = random_below(&w->random, 8);
    uint32_t n = kind < 5 ? 0 : kind < 7 ? 1 : random_below(&w->random, 40);
    for (uint32_t i = 0; i < n; i++)
        buf_add_byte(&w->json, " \t\r\n"[random_below(&w->random, 4)]);
}

static uint32_t random_character(struct random *random)
{
    switch (random_below(random, 16)) {
    case 0:
        return random_below(random, 0x20); /* a control character */
    case 1:
        return (uint32_t) "\"\\/\b\f\n\r\t"[random_below(random, 8)];
    case 2:
        return 0x80 + random_below(random, 0x780);
    case 3:
        return 0xE000 + random_below(random, 0x2000);
    case 4:
        return 0x10000 + random_below(random, 0x100000);
    default:
        return 'a' + random_below(random, 26);
    }
}

static void add_unicode_escape(struct writer *w, uint32_t code)
{
    char text[16];
    if (code >= 0x10000) {
        snprintf(text, sizeof text, "\\u%04x", 0xD800 + ((code - 0x10000) >> 10));
        buf_add_str(&w->json, text);
        code = 0xDC00 + ((code - 0x10000) & 0x3FF);
    }
    if (random_below(&w->random, 2))
        snprintf(text, sizeof text, "\\u%04x", code);
    else
        snprintf(text, sizeof text, "\\u%04X", code);
    buf_add_str(&w->json, text);
}

static void add_character(struct writer *w, uint32_t code, bool as_escape)
{
    static const char simple[] = "\"\"\\\\//\bb\ff\nn\rr\tt"; /* each character and its letter */
    for (size_t i = 0; as_escape && i + 1 < sizeof simple; i += 2)
        if ((uint32_t)simple[i] == code && random_below(&w->random, 2)) {
            buf_add_byte(&w->json, '\\');
            buf_add_byte(&w->json, simple[i + 1]);
            return;
        }
    if (as_escape || code < 0x20 || code == '"' || code == '\\') {
        add_unicode_escape(w, code);
        return;
    }
    char bytes[4];
    buf_add(&w->json, bytes, utf8_encode(code, bytes));
}

static void add_string(struct writer *w)
{
    static const uint32_t longest[] = {0, 4, 16, 30, 70, 200};
    uint32_t n = random_below(&w->random, longest[random_below(&w->random, 6)] + 1);
    bool plain_ascii = random_below(&w->random, 2);
    struct buf bytes;
    buf_init(&bytes, 4096);
    buf_add_byte(&w->json, '"');
    for (uint32_t i = 0; i < n; i++) {
        uint32_t code = plain_ascii ? 'A' + i % 26 : random_character(&w->random);
        char encoded[4];
        buf_add(&bytes, encoded, utf8_encode(code, encoded));
        add_character(w, code, !plain_ascii && random_below(&w->random, 6) == 0);
    }
    buf_add_byte(&w->json, '"');
    buf_printf(&w->plain, "$%zu:", bytes.len);
    buf_add_slice(&w->plain, buf_slice(&bytes));
    buf_add_byte(&w->plain, ';');
    buf_release(&bytes);
}

static void add_digits(struct random *random, struct buf *out)
{
    uint32_t n = 1 + random_below(random, random_below(random, 10) ? 6 : 50);
    for (uint32_t i = 0; i < n; i++)
        buf_add_byte(out, (char)('0' + random_below(random, 10)));
}

static void add_number(struct writer *w)
{
    struct buf text;
    buf_init(&text, 1024);
    if (random_below(&w->random, 3) == 0)
        buf_add_byte(&text, '-');
    if (random_below(&w->random, 4) == 0) {
        buf_add_byte(&text, '0');
    } else {
        buf_add_byte(&text, (char)('1' + random_below(&w->random, 9)));
        if (random_below(&w->random, 2))
            add_digits(&w->random, &text);
    }
    if (random_below(&w->random, 3) == 0) {
        buf_add_byte(&text, '.');
        add_digits(&w->random, &text);
    }
    if (random_below(&w->random, 3) == 0) {
        buf_add_byte(&text, "eE"[random_below(&w->random, 2)]);
        uint32_t sign = random_below(&w->random, 3);
        if (sign > 0)
            buf_add_byte(&text, "+-"[sign - 1]);
        add_digits(&w->random, &text);
    }
    buf_add_slice(&w->json, buf_slice(&text));
    buf_printf(&w->plain, "#%s;", buf_str(&text));
    buf_release(&text);
}

static void add_value(struct writer *w, int depth, bool object_only);

static void add_container(struct writer *w, int depth, bool object)
{
    uint32_t n = random_below(&w->random, depth == 0 ? 20 : 6);
    buf_add_byte(&w->json, object ? '{' : '[');
    buf_add_byte(&w->plain, object ? '{' : '[');
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0)
            buf_add_byte(&w->json, ',');
        add_blanks(w);
        if (object) {
            add_string(w);
            add_blanks(w);
            buf_add_byte(&w->json, ':');
            add_blanks(w);
        }
        add_value(w, depth + 1, false);
        add_blanks(w);
    }
    if (n == 0)
        add_blanks(w);
    buf_add_byte(&w->json, object ? '}' : ']');
    buf_add_byte(&w->plain, object ? '}' : ']');
}

static void add_value(struct writer *w, int depth, bool object_only)
{
    static const char *const words[] = {"null", "true", "false"};
    uint32_t kind = object_only ? 0 : random_below(&w->random, 10);
    if (kind < 2 && depth < DEEPEST) {
        add_container(w, depth, kind == 0);
    } else if (kind < 6) {
        add_string(w);
    } else if (kind < 9) {
        add_number(w);
    } else {
        const char *word = words[random_below(&w->random, 3)];
        buf_add_str(&w->json, word);
        buf_add_byte(&w->plain, *word);
    }
}

/* What the scanner found, in the plain notation. */
static void describe(struct buf *out, const struct json_value *value)
{
    switch (value->type) {
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_FALSE:
        buf_add_byte(out, *value->raw.ptr);
        return;
    case JSON_NUMBER:
        buf_printf(out, "#%.*s;", SLICE_ARG(value->raw));
        return;
    case JSON_STRING: {
        char *bytes = malloc(value->raw.len + 1);
        assert_non_null(bytes);
        size_t len = json_unescape(value, bytes);
        assert_true(json_string_eq(value, (struct slice){bytes, len}));
        assert_int_equal(memchr(bytes, '\0', len) != NULL, value->nul);
        buf_printf(out, "$%zu:", len);
        buf_add(out, bytes, len);
        buf_add_byte(out, ';');
        free(bytes);
        return;
    }
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    bool object = value->type == JSON_OBJECT;
    struct json_iter it;
    struct json_value key, child;
    json_children(&it, value);
    buf_add_byte(out, object ? '{' : '[');
    while (json_child_next(&it, &key, &child)) {
        if (object)
            describe(out, &key);
        describe(out, &child);
    }
    buf_add_byte(out, object ? '}' : ']');
}

static void describe_in_one_pass(struct buf *out, struct slice text)
{
    struct json_iter it;
    struct json_value key, value;
    struct json_error error;
    assert_int_equal(json_object_open(&it, text, &error), 0);
    buf_add_byte(out, '{');
    int rc;
    while ((rc = json_object_next(&it, &key, &value, &error)) > 0) {
        describe(out, &key);
        describe(out, &value);
    }
    assert_int_equal(rc, 0);
    buf_add_byte(out, '}');
}

static void random_values_are_found_again(void **state)
{
    (void)state;
    struct writer w = {.random = {2026}};
    buf_init(&w.json, 64 << 20);
    buf_init(&w.plain, 64 << 20);
    struct buf found;
    buf_init(&found, 64 << 20);
    for (int i = 0; i < 4000; i++) {
        buf_clear(&w.json);
        buf_clear(&w.plain);
        bool object = i % 2;
        add_blanks(&w);
        add_value(&w, 0, object);
        add_blanks(&w);
        struct guarded text = guard_end(buf_slice(&w.json));

        struct json_value value;
        struct json_error error;
        if (json_parse(text.text, &value, &error) < 0)
            fail_msg("round %d: %s at %zu: %.*s", i, error.reason, error.at, SLICE_ARG(text.text));
        buf_clear(&found);
        describe(&found, &value);
        assert_true(slice_eq(buf_slice(&found), buf_slice(&w.plain)));
        if (object) {
            buf_clear(&found);
            describe_in_one_pass(&found, text.text);
            assert_true(slice_eq(buf_slice(&found), buf_slice(&w.plain)));
        }
        guard_release(&text);
    }
    buf_release(&w.json);
    buf_release(&w.plain);
    buf_release(&found);
}

/* One byte changed: refused or found, but never read outside, and both ways agree. */
static void damaged_values_are_judged_the_same(void **state)
{
    (void)state;
    struct writer w = {.random = {7}};
    buf_init(&w.json, 64 << 20);
    buf_init(&w.plain, 64 << 20);
    for (int i = 0; i < 4000; i++) {
        buf_clear(&w.json);
        buf_clear(&w.plain);
        add_value(&w, 0, true);
        size_t at = random_below(&w.random, (uint32_t)w.json.len);
        w.json.data[at] = (char)random_next(&w.random);
        struct guarded text = guard_end(buf_slice(&w.json));

        struct json_value value, key;
        struct json_error parsed, walked = {NULL, 0};
        struct json_iter it;
        int parse = json_parse(text.text, &value, &parsed);
        int walk = json_object_open(&it, text.text, &walked);
        while (walk == 0 && (walk = json_object_next(&it, &key, &value, &walked)) > 0)
            walk = 0;
        if (parse == 0 && value.type != JSON_OBJECT && at == 0) {
            guard_release(&text);
            continue; /* the brace became a blank, a digit or so before something else */
        }
        assert_int_equal(parse, walk);
        if (parse < 0) {
            assert_string_equal(parsed.reason, walked.reason);
            assert_int_equal(parsed.at, walked.at);
        }
        guard_release(&text);
    }
    buf_release(&w.json);
    buf_release(&w.plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_values_are_found_again),
        cmocka_unit_test(damaged_values_are_judged_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
