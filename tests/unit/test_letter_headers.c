/* A dead letter's headers: to JSON, and back byte for byte. */
#include "unit.h"

#include "sink/letter_headers.h"

#include <stdio.h>

static void come_back_byte_for_byte(void **state)
{
    (void)state;
    static const struct record_header in[] = {
        {SLICE_INIT("h"), SLICE_INIT("one")},
        {SLICE_INIT("h"), {NULL, 0}},
        {SLICE_INIT("h"), SLICE_INIT("\0\xff")},
        {SLICE_INIT(""), SLICE_INIT("")},
        {SLICE_INIT("\"\xc8\x99\\\n"), SLICE_INIT("x")},
    };
    struct record record = {.headers = in, .n_headers = COUNT_OF(in)};
    struct letter_headers out;
    struct buf json;
    struct err err;
    buf_init(&json, 1 << 20);
    letter_headers_init(&out);
    for (size_t n = 0; n <= COUNT_OF(in); n++) {
        record.n_headers = n;
        letter_headers_write(&json, &record);
        struct guarded guarded = guard_end(buf_slice(&json));
        assert_int_equal(letter_headers_read(&out, guarded.text, &err), 0);
        guard_release(&guarded);
        assert_int_equal(out.n, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(slice_eq(out.items[i].name, in[i].name));
            assert_true(slice_eq(out.items[i].value, in[i].value));
            assert_int_equal(!out.items[i].value.ptr, !in[i].value.ptr);
        }
    }
    assert_int_equal(letter_headers_read(&out, SLICE_NONE, &err), 0);
    assert_int_equal(out.n, 0);
    letter_headers_release(&out);
    buf_release(&json);
}

static void a_name_that_is_no_text_is_kept_as_far_as_it_is(void **state)
{
    (void)state;
    static const struct record_header in[] = {{SLICE_INIT("a\0\xff"), SLICE_INIT("v")}};
    struct record record = {.headers = in, .n_headers = 1};
    struct buf json;
    buf_init(&json, 1 << 20);
    letter_headers_write(&json, &record);
    assert_string_equal(buf_str(&json),
                        "[{\"key\":\"a\xEF\xBF\xBD\xEF\xBF\xBD\",\"value\":\"dg==\"}]");
    buf_release(&json);
}

/* As the database may give them back, and as somebody may have put them there. */
static void other_forms_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int rc;
    } cases[] = {
        {"[]", 0},
        {"[{\"value\": \"dg==\", \"key\": \"h\"}]", 0},
        {"[{\"key\":\"h\"}]", 0},
        {"", -1},
        {"null", -1},
        {"{}", -1},
        {"[1]", -1},
        {"[{}]", -1},
        {"[{\"value\":null}]", -1},
        {"[{\"key\":1,\"value\":null}]", -1},
        {"[{\"key\":\"h\",\"value\":1}]", -1},
        {"[{\"key\":\"h\",\"value\":\"dg=\"}]", -1},
        {"[{\"key\":\"h\",\"value\":\"\\u0064g==\"}]", -1},
        {"[{\"key\":\"h\",\"value\":\"d*==\"}]", -1},
        {"[{\"key\":\"h\",\"other\":null}]", -1},
        {"[{\"key\":\"h\"}", -1},
    };
    struct letter_headers out;
    struct err err;
    letter_headers_init(&out);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct guarded guarded = guard_end(slice_of(cases[i].json));
        assert_int_equal(letter_headers_read(&out, guarded.text, &err), cases[i].rc);
        guard_release(&guarded);
    }
    letter_headers_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(come_back_byte_for_byte),
        cmocka_unit_test(a_name_that_is_no_text_is_kept_as_far_as_it_is),
        cmocka_unit_test(other_forms_are_told),
    };
    return cmocka_run_group_tests_name("letter_headers", tests, NULL, NULL);
}
