/* struct buf: it never grows past its maximum, and a write that failed stays failed. */
#include "unit.h"

#include "base/buf.h"
#include "base/json.h"

#include <stdlib.h>

static void content_is_what_was_added(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 20);
    assert_string_equal(buf_str(&buf), "");
    assert_true(slice_eq_str(buf_slice(&buf), ""));
    assert_non_null(buf_slice(&buf).ptr);
    buf_add(&buf, "ab\0c", 4);
    buf_add_str(&buf, "-text-");
    buf_add_slice(&buf, SLICE_LIT("slice"));
    buf_add_slice(&buf, SLICE_NONE);
    buf_add_byte(&buf, '!');
    buf_printf(&buf, "%d:%s", 42, "x");
    assert_true(slice_eq(buf_slice(&buf), SLICE_LIT("ab\0c-text-slice!42:x")));
    assert_int_equal(buf_str(&buf)[buf.len], '\0');

    size_t cap = buf.cap;
    buf_clear(&buf);
    assert_int_equal(buf.len, 0);
    assert_int_equal(buf.cap, cap);
    assert_string_equal(buf_str(&buf), "");
    buf_release(&buf);
    buf_add_str(&buf, "usable again");
    assert_string_equal(buf_str(&buf), "usable again");
    buf_release(&buf);
}

static void integers_are_in_network_order(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 64);
    buf_add_be16(&buf, 0x0102);
    buf_add_be32(&buf, 0x03040506);
    buf_add_be64(&buf, 0x0708090A0B0C0D0E);
    buf_add_be32(&buf, (uint32_t)-1);
    assert_true(slice_eq(buf_slice(&buf),
                         SLICE_LIT("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E"
                                   "\xFF\xFF\xFF\xFF")));
    buf_release(&buf);
}

static void growth_keeps_content(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1 << 20);
    for (int i = 0; i < 100000; i++) {
        buf_printf(&buf, "%d,", i % 10);
        assert_true(buf.len <= buf.cap && buf.cap <= buf.max);
    }
    assert_false(buf.failed);
    assert_int_equal(buf.len, 200000);
    for (size_t i = 0; i < buf.len; i += 2)
        assert_int_equal(buf.data[i], '0' + (int)(i / 2 % 10));
    buf_release(&buf);
}

/* Each way to write, against a buffer with room for 10 bytes that already holds 6. */
static void add_five(struct buf *buf, int way)
{
    switch (way) {
    case 0:
        buf_add(buf, "12345", 5);
        break;
    case 1:
        buf_add_str(buf, "12345");
        break;
    case 2:
        buf_printf(buf, "%05d", 12345);
        break;
    case 3:
        buf_add_json(buf, SLICE_LIT("123"));
        break;
    case 4:
        buf_add_json(buf, SLICE_LIT("\n1"));
        break;
    case 5:
        buf_add_be64(buf, 1);
        break;
    default:
        assert_null(buf_reserve(buf, 5));
    }
}

static void a_write_past_the_maximum_changes_nothing(void **state)
{
    (void)state;
    for (int way = 0; way <= 6; way++) {
        struct buf buf;
        buf_init(&buf, 10);
        buf_add_str(&buf, "before");
        add_five(&buf, way);
        assert_true(buf.failed);
        assert_true(slice_eq_str(buf_slice(&buf), "before"));
        assert_string_equal(buf_str(&buf), "");
        buf_add_byte(&buf, 'x'); /* would fit, but the writer has failed */
        assert_int_equal(buf.len, 6);
        buf_clear(&buf);
        assert_false(buf.failed);
        buf_add_str(&buf, "0123456789");
        assert_string_equal(buf_str(&buf), "0123456789");
        buf_release(&buf);
    }
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, SIZE_MAX - 1);
    buf_add_str(&buf, "x");
    assert_null(buf_reserve(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_clear(&buf);
    assert_null(buf_reserve(&buf, SIZE_MAX / 4)); /* more than there is memory */
    assert_true(buf.failed);
    buf_release(&buf);

    buf_init(&buf, 0);
    buf_add(&buf, "", 0);
    assert_false(buf.failed);
    buf_add_byte(&buf, 'x');
    assert_true(buf.failed);
    buf_release(&buf);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        const char *json;
    } cases[] = {
        {SLICE_INIT(""), "\"\""},
        {SLICE_INIT("plain"), "\"plain\""},
        {SLICE_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
        {SLICE_INIT("\n\r\t\b\0\x1F"), "\"\\n\\r\\t\\u0008\\u0000\\u001f\""},
        {SLICE_INIT("ștefan 😀"), "\"ștefan 😀\""},
        {SLICE_INIT("\xFFz\xC3"), "\"\xEF\xBF\xBDz\xEF\xBF\xBD\""},
        {SLICE_INIT("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
    };
    struct buf buf;
    buf_init(&buf, 1024);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_clear(&buf);
        buf_add_json(&buf, cases[i].text);
        assert_string_equal(buf_str(&buf), cases[i].json);
    }
    buf_release(&buf);
}

/* Whatever is written comes back through the scanner. */
static void json_strings_make_a_round_trip(void **state)
{
    (void)state;
    struct random random = {11};
    struct buf buf;
    buf_init(&buf, 1 << 16);
    for (int i = 0; i < 20000; i++) {
        char text[100];
        size_t len = random_below(&random, sizeof text);
        for (size_t j = 0; j < len; j++)
            text[j] = (char)random_below(&random, random_below(&random, 3) ? 0x80 : 0x100);
        buf_clear(&buf);
        buf_add_json(&buf, (struct slice){text, len});
        struct json_value value;
        struct json_error error;
        assert_int_equal(json_parse(buf_slice(&buf), &value, &error), 0);
        if (utf8_valid_prefix((struct slice){text, len}) == len)
            assert_true(json_string_eq(&value, (struct slice){text, len}));
    }
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_is_what_was_added),
        cmocka_unit_test(integers_are_in_network_order),
        cmocka_unit_test(growth_keeps_content),
        cmocka_unit_test(a_write_past_the_maximum_changes_nothing),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(json_strings_make_a_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
