/* A record as a line of JSON, and back. */
#include "unit.h"

#include "cmd/envelope.h"

#include <string.h>

static struct envelope_reader reader;

static int setup(void **state)
{
    (void)state;
    envelope_reader_init(&reader, 1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    envelope_reader_release(&reader);
    return 0;
}

static struct message record(struct slice key, struct slice value, int64_t timestamp_ms)
{
    return (struct message){.kind = MESSAGE_RECORD,
                            .offset = 7,
                            .timestamp_ms = timestamp_ms,
                            .key = key,
                            .value = value};
}

static void writes_what_its_header_says(void **state)
{
    (void)state;
    static const struct {
        struct slice key, value;
        int64_t timestamp_ms;
        const char *wanted;
    } cases[] = {
        {SLICE_INIT("k"), SLICE_INIT("v"), 5, "\"timestamp\":5,\"key\":\"k\",\"value\":\"v\""},
        {{NULL, 0}, SLICE_INIT(""), -1, "\"timestamp\":null,\"key\":null,\"value\":\"\""},
        {SLICE_INIT(""), {NULL, 0}, 0, "\"timestamp\":0,\"key\":\"\",\"value\":null"},
        {{NULL, 0},
         SLICE_INIT("\xff\x00"),
         1,
         "\"timestamp\":1,\"key\":null,\"value\":\"/wA=\",\"value_encoding\":\"base64\""},
        {SLICE_INIT("\xc8"), SLICE_INIT("\xc8\x99\n\""), 1,
         "\"timestamp\":1,\"key\":\"yA==\",\"key_encoding\":\"base64\",\"value\":"
         "\"\xc8\x99\\n\\\"\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf out;
        char wanted[256];
        buf_init(&out, 1 << 20);
        struct message message = record(cases[i].key, cases[i].value, cases[i].timestamp_ms);
        envelope_write(&out, "t", 3, &message);
        snprintf(wanted, sizeof wanted,
                 "{\"topic\":\"t\",\"partition\":3,\"offset\":7,%s,\"headers\":[]}\n",
                 cases[i].wanted);
        assert_string_equal(buf_str(&out), wanted);
        buf_release(&out);
    }
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    char bytes[256];
    struct buf out;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    const struct slice values[] = {{bytes, sizeof bytes},
                                   {bytes, 128},
                                   {bytes, 0},
                                   {NULL, 0},
                                   SLICE_LIT("ș and \xF0\x9F\x98\x80"),
                                   SLICE_LIT("\\u0000")};
    buf_init(&out, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct envelope envelope;
        struct err err;
        struct message message = record(values[i], values[COUNT_OF(values) - 1 - i], 12);
        buf_clear(&out);
        envelope_write(&out, "a topic", 2, &message);
        struct slice line = {out.data, out.len - 1};
        assert_int_equal(envelope_read(&reader, line, &envelope, &err), 0);
        assert_true(slice_eq_str(envelope.topic, "a topic"));
        assert_int_equal(envelope.partition, 2);
        assert_int_equal(envelope.timestamp_ms, 12);
        assert_int_equal(envelope.key.ptr == NULL, message.key.ptr == NULL);
        assert_int_equal(envelope.value.ptr == NULL, message.value.ptr == NULL);
        assert_true(slice_eq(envelope.key, message.key));
        assert_true(slice_eq(envelope.value, message.value));
        assert_int_equal(envelope.n_headers, 0);
    }
    buf_release(&out);
}

static void headers_keep_their_order_and_repeats(void **state)
{
    (void)state;
    struct envelope envelope;
    struct err err;
    const char *line = "{\"value\":\"v\",\"headers\":[{\"key\":\"a\",\"value\":\"1\"},"
                       "{\"key\":\"b\",\"value\":null},{\"key\":\"a\",\"value\":\"/w==\","
                       "\"value_encoding\":\"base64\"},{\"key\":\"\"}]}";
    assert_int_equal(envelope_read(&reader, slice_of(line), &envelope, &err), 0);
    assert_int_equal(envelope.n_headers, 4);
    assert_true(slice_eq_str(envelope.headers[0].name, "a"));
    assert_true(slice_eq_str(envelope.headers[0].value, "1"));
    assert_null(envelope.headers[1].value.ptr);
    assert_true(slice_eq_str(envelope.headers[2].value, "\xff"));
    assert_int_equal(envelope.headers[3].name.len, 0);
    assert_non_null(envelope.headers[3].name.ptr);
    assert_int_equal(envelope.partition, -1);
    assert_int_equal(envelope.timestamp_ms, -1);
    assert_null(envelope.topic.ptr);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *line, *said;
    } cases[] = {
        {"", "an empty value (at byte 0)"},
        {"[]", "an array, not an object (at byte 0)"},
        {"{\"value\":\"v\"", "(at byte"},
        {"{}", "there is no \"value\""},
        {"{\"key\":\"k\"}", "there is no \"value\""},
        {"{\"value\":1}", "\"value\" is neither a string nor null"},
        {"{\"value\":\"v\",\"vlaue\":\"v\"}", "\"vlaue\" is no member"},
        {"{\"value\":\"v\",\"value\":\"w\"}", "\"value\" stands there twice"},
        {"{\"value\":\"v\",\"partition\":-1}", "\"partition\" is not an integer from 0 on"},
        {"{\"value\":\"v\",\"timestamp\":1.5}", "\"timestamp\" is not an integer"},
        {"{\"value\":\"v\",\"value_encoding\":\"hex\"}",
         "\"value_encoding\" can be \"base64\" alone"},
        {"{\"value\":\"v\",\"value_encoding\":\"base64\"}", "\"value\" is not base64"},
        {"{\"value\":\"v\",\"headers\":{}}", "\"headers\" is no array"},
        {"{\"value\":\"v\",\"headers\":[1]}", "a header is no object"},
        {"{\"value\":\"v\",\"headers\":[{\"value\":\"1\"}]}", "a header has no \"key\""},
        {"{\"value\":\"v\",\"headers\":[{\"key\":\"a\",\"name\":\"b\"}]}",
         "headers: \"name\" is no"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct envelope envelope;
        struct err err;
        assert_int_equal(envelope_read(&reader, slice_of(cases[i].line), &envelope, &err), -1);
        assert_int_equal(err.class, ERR_INPUT);
        if (!strstr(err.text, cases[i].said))
            fail_msg("%s: \"%s\" is not in \"%s\"", cases[i].line, cases[i].said, err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_what_its_header_says),
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(headers_keep_their_order_and_repeats),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
