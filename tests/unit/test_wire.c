/*
 * Kafka's wire format: lengths and counts that lie, what cannot be sent, defaults by version, and
 * both sides of ApiVersions. That each version is Kafka's own: tests/e2e/test_wire.py.
 */
#include "unit.h"

#include "wire/api_versions.h"
#include "wire/error.h"
#include "wire/log_dirs.h"
#include "wire/metadata.h"

#define MAX_BYTES 65536

/* ---- primitives ---- */

enum what { VARINT, STRING, BYTES, COUNT, TAGS, UUID };

struct hostile {
    const char *name;
    enum what what;
    bool compact;
    struct slice bytes;
    const char *fault; /* NULL: none */
};

static void read_one(struct wire_reader *reader, const struct hostile *c)
{
    struct wire_codec codec = {.reader = reader, .flexible = true};
    switch (c->what) {
    case VARINT:
        wire_get_varint(reader);
        break;
    case STRING:
        wire_get_string(reader, c->compact);
        break;
    case BYTES:
        wire_get_bytes(reader, c->compact);
        break;
    case COUNT:
        wire_get_count(reader, c->compact, 2);
        break;
    case TAGS:
        wire_tags(&codec, NULL, NULL, 0);
        break;
    case UUID:
        wire_get_uuid(reader);
        break;
    }
}

static void no_length_is_believed(void **state)
{
    (void)state;
    static const char ends[] = "the message ends in the middle of a value";
    static const char passes[] = "a length passes the end of the message";
    static const char negative[] = "a length is negative";
    static const char many[] = "a count is larger than what the message can hold";
    static const char wide[] = "a varint has more than 32 bits";
    static const struct hostile cases[] = {
        {"nothing", VARINT, true, SLICE_INIT(""), ends},
        {"a varint that goes on", VARINT, true, SLICE_INIT("\x80"), ends},
        {"32 bits", VARINT, true, SLICE_INIT("\xFF\xFF\xFF\xFF\x0F"), NULL},
        {"a zero of five bytes", VARINT, true, SLICE_INIT("\x80\x80\x80\x80\x00"), NULL},
        {"33 bits", VARINT, true, SLICE_INIT("\xFF\xFF\xFF\xFF\x1F"), wide},
        {"six bytes", VARINT, true, SLICE_INIT("\x80\x80\x80\x80\x80\x01"), wide},
        {"string of -1 is null", STRING, false, SLICE_INIT("\xFF\xFF"), NULL},
        {"string of -2", STRING, false, SLICE_INIT("\xFF\xFE"), negative},
        {"string of -32768", STRING, false, SLICE_INIT("\x80\x00"), negative},
        {"string of 32767", STRING, false, SLICE_INIT("\x7F\xFFx"), passes},
        {"half a length", STRING, false, SLICE_INIT("\x00"), ends},
        {"one too few", STRING, false, SLICE_INIT("\x00\x03xy"), passes},
        {"compact string of 0 is null", STRING, true, SLICE_INIT("\x00"), NULL},
        {"compact, one too few", STRING, true, SLICE_INIT("\x04xy"), passes},
        {"compact, 2^31-1", STRING, true, SLICE_INIT("\xFF\xFF\xFF\xFF\x07"),
         "a string is longer than 32,767 bytes"},
        {"bytes of -2", BYTES, false, SLICE_INIT("\xFF\xFF\xFF\xFE"), negative},
        {"bytes of 2^31-1", BYTES, false, SLICE_INIT("\x7F\xFF\xFF\xFFx"), passes},
        {"compact bytes of 2^32-2", BYTES, true, SLICE_INIT("\xFF\xFF\xFF\xFF\x0F"), passes},
        {"count of -1 is null", COUNT, false, SLICE_INIT("\xFF\xFF\xFF\xFF"), NULL},
        {"count of -2", COUNT, false, SLICE_INIT("\xFF\xFF\xFF\xFE"), "a count is negative"},
        {"count of 2^31-1", COUNT, false, SLICE_INIT("\x7F\xFF\xFF\xFF\x00\x00"), many},
        {"two elements of two bytes in three", COUNT, false, SLICE_INIT("\x00\x00\x00\x02xyz"),
         many},
        {"in four", COUNT, false, SLICE_INIT("\x00\x00\x00\x02wxyz"), NULL},
        {"compact count of 2^32-2", COUNT, true, SLICE_INIT("\xFF\xFF\xFF\xFF\x0F\x00"), many},
        {"an unknown tag is passed over", TAGS, true, SLICE_INIT("\x01\x05\x02xy"), NULL},
        {"a tag longer than the message", TAGS, true, SLICE_INIT("\x01\x05\x03xy"), ends},
        {"more tags than bytes", TAGS, true, SLICE_INIT("\x03\x05\x00\x06\x00"), many},
        {"2^32-1 tags", TAGS, true, SLICE_INIT("\xFF\xFF\xFF\xFF\x0F\x05\x00"), many},
        {"a tag twice", TAGS, true, SLICE_INIT("\x02\x05\x00\x05\x00"),
         "tagged fields are not in the order of their numbers"},
        {"tags backwards", TAGS, true, SLICE_INIT("\x02\x06\x00\x05\x00"),
         "tagged fields are not in the order of their numbers"},
        {"fifteen bytes of a uuid", UUID, false, SLICE_INIT("123456789012345"), ends},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct guarded guarded = guard_end(cases[i].bytes);
        struct wire_reader reader = wire_reader_of(guarded.text);
        read_one(&reader, &cases[i]);
        if (cases[i].fault ? !reader.fault || strcmp(reader.fault, cases[i].fault) != 0
                           : reader.fault != NULL)
            fail_msg("%s: %s", cases[i].name, reader.fault ? reader.fault : "no fault");
        guard_release(&guarded);
    }
}

static void the_first_fault_sticks(void **state)
{
    (void)state;
    struct wire_reader reader = wire_reader_of(SLICE_LIT("\x00\x01\xFF\xFE\x00\x00\x00\x07"));
    assert_int_equal(wire_get_int16(&reader), 1);
    assert_null(wire_get_string(&reader, false).ptr);
    assert_string_equal(reader.fault, "a length is negative");
    assert_int_equal(reader.fault_at, 2);
    assert_int_equal(wire_get_int32(&reader), 0);
    assert_int_equal(wire_get_int8(&reader), 0);
    assert_int_equal(wire_get_count(&reader, true, 1), 0);
    wire_reader_fail(&reader, "another");
    assert_string_equal(reader.fault, "a length is negative");
    assert_int_equal(reader.fault_at, 2);
}

static void null_and_empty_are_two_things(void **state)
{
    (void)state;
    for (int compact = 0; compact < 2; compact++) {
        struct buf buf;
        buf_init(&buf, MAX_BYTES);
        struct wire_writer writer = wire_writer_to(&buf);
        wire_put_string(&writer, SLICE_NONE, compact);
        wire_put_string(&writer, SLICE_LIT(""), compact);
        wire_put_bytes(&writer, SLICE_NONE, compact);
        wire_put_bytes(&writer, SLICE_LIT(""), compact);
        wire_put_count(&writer, -1, compact);
        wire_put_count(&writer, 0, compact);
        assert_null(wire_writer_fault(&writer));
        struct wire_reader reader = wire_reader_of(buf_slice(&buf));
        assert_null(wire_get_string(&reader, compact).ptr);
        assert_non_null(wire_get_string(&reader, compact).ptr);
        assert_null(wire_get_bytes(&reader, compact).ptr);
        assert_non_null(wire_get_bytes(&reader, compact).ptr);
        assert_int_equal(wire_get_count(&reader, compact, 1), -1);
        assert_int_equal(wire_get_count(&reader, compact, 1), 0);
        assert_null(reader.fault);
        assert_int_equal(reader.left, 0);
        buf_release(&buf);
    }
}

static void varints_come_back(void **state)
{
    (void)state;
    static const struct {
        uint32_t value;
        size_t bytes;
    } cases[] = {{0, 1},        {1, 1},         {127, 1},     {128, 2},
                 {16383, 2},    {16384, 3},     {2097152, 4}, {(1U << 28) - 1, 4},
                 {1U << 28, 5}, {UINT32_MAX, 5}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct buf buf;
        buf_init(&buf, 16);
        struct wire_writer writer = wire_writer_to(&buf);
        wire_put_varint(&writer, cases[i].value);
        assert_int_equal(buf.len, cases[i].bytes);
        struct wire_reader reader = wire_reader_of(buf_slice(&buf));
        assert_int_equal(wire_get_varint(&reader), cases[i].value);
        assert_null(reader.fault);
        buf_release(&buf);
    }
}

/* ---- messages ---- */

struct scene {
    struct arena arena;
    struct buf buf;
    struct err err;
};

static void scene_begin(struct scene *scene, size_t max_bytes)
{
    arena_init(&scene->arena);
    buf_init(&scene->buf, max_bytes);
}

static void scene_end(struct scene *scene)
{
    arena_release(&scene->arena);
    buf_release(&scene->buf);
}

/* The frame without its size, which must be right. */
static struct slice frame_of(const struct scene *scene)
{
    struct wire_reader reader = wire_reader_of(buf_slice(&scene->buf));
    int32_t size = wire_get_int32(&reader);
    assert_int_equal(size, reader.left);
    return (struct slice){reader.pos, reader.left};
}

/* As the embedded broker does: the header first, then the body in a version that it has. */
static void a_broker_reads(struct scene *scene, int16_t version)
{
    struct wire_request_header sent = {18, version, 77, SLICE_LIT("weir")};
    struct wire_request_header header;
    struct api_versions_request asked = {SLICE_LIT("a"), SLICE_LIT("1.2")};
    struct api_versions_request got;
    buf_clear(&scene->buf);
    assert_int_equal(wire_write_request(&scene->buf, &api_versions_api, &sent, &asked, &scene->err),
                     0);
    assert_int_equal(wire_peek_request(frame_of(scene), &header, &scene->err), 0);
    assert_int_equal(header.api_key, 18);
    assert_int_equal(header.api_version, version);
    assert_int_equal(wire_read_request(frame_of(scene), &api_versions_api, &scene->arena, &header,
                                       &got, &scene->err),
                     0);
    assert_int_equal(header.correlation_id, 77);
    assert_true(slice_eq_str(header.client_id, "weir"));
    assert_true(slice_eq_str(got.client_software_version, version < 3 ? "" : "1.2"));
}

static void a_broker_answers(struct scene *scene, int16_t version)
{
    struct api_version apis[] = {{18, 0, 4}, {3, 1, 13}};
    struct supported_feature supported[] = {{SLICE_INIT("metadata.version"), 1, 27}};
    struct api_versions_response answer = {.api_keys = apis,
                                           .n_api_keys = 2,
                                           .supported_features = supported,
                                           .n_supported_features = 1,
                                           .finalized_features_epoch = -1};
    struct api_versions_response read;
    int32_t correlation_id;
    buf_clear(&scene->buf);
    assert_int_equal(wire_write_response(&scene->buf, &api_versions_api, version, 77, &answer,
                                         &scene->err),
                     0);
    assert_int_equal(wire_read_response(frame_of(scene), &api_versions_api, version, &scene->arena,
                                        &correlation_id, &read, &scene->err),
                     0);
    assert_int_equal(correlation_id, 77);
    assert_int_equal(read.n_api_keys, 2);
    assert_int_equal(read.api_keys[1].max_version, 13);
    assert_int_equal(read.n_supported_features, version < 3 ? 0 : 1);
    assert_int_equal(read.finalized_features_epoch, -1);
}

static void both_sides_of_api_versions(void **state)
{
    (void)state;
    struct scene scene;
    scene_begin(&scene, MAX_BYTES);
    for (int16_t version = 0; version <= 4; version++) {
        a_broker_reads(&scene, version);
        a_broker_answers(&scene, version);
    }
    scene_end(&scene);
}

static void what_a_version_lacks_has_its_default(void **state)
{
    (void)state;
    struct scene scene;
    struct metadata_partition partition = {.leader_id = 1, .leader_epoch = 9};
    struct metadata_topic topic = {.name = SLICE_LIT("t"),
                                   .partitions = &partition,
                                   .n_partitions = 1,
                                   .topic_authorized_operations = 3};
    struct metadata_response sent = {.topics = &topic, .n_topics = 1, .controller_id = 5};
    struct metadata_response read;
    int32_t correlation_id;
    scene_begin(&scene, MAX_BYTES);
    assert_int_equal(wire_write_response(&scene.buf, &metadata_api, 0, 1, &sent, &scene.err), 0);
    assert_int_equal(wire_read_response(frame_of(&scene), &metadata_api, 0, &scene.arena,
                                        &correlation_id, &read, &scene.err),
                     0);
    assert_int_equal(read.controller_id, -1);
    assert_null(read.cluster_id.ptr);
    assert_int_equal(read.topics[0].topic_authorized_operations, METADATA_OPERATIONS_UNKNOWN);
    assert_int_equal(read.topics[0].partitions[0].leader_epoch, -1);
    scene_end(&scene);
}

/* What a request cannot say in a version must not be left out: it would mean something else. */
static void what_cannot_be_said_is_not_sent(void **state)
{
    (void)state;
    struct metadata_request_topic none[1] = {{.name = SLICE_NONE}};
    const struct {
        const char *words;
        int16_t version;
        struct metadata_request request;
    } cases[] = {
        {"may create", 3, {.topics = none}},
        {"cannot ask for no topic", 0, {.topics = none, .allow_auto_topic_creation = true}},
        {"null that must not be",
         9,
         {.topics = none, .n_topics = 1, .allow_auto_topic_creation = true}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct scene scene;
        struct metadata_request request = cases[i].request;
        const struct wire_request_header header = {3, cases[i].version, 1, SLICE_LIT("c")};
        scene_begin(&scene, MAX_BYTES);
        buf_add_str(&scene.buf, "before");
        assert_int_equal(wire_write_request(&scene.buf, &metadata_api, &header, &request,
                                            &scene.err),
                         -1);
        assert_int_equal(scene.err.class, ERR_BUG);
        assert_non_null(strstr(scene.err.text, cases[i].words));
        assert_true(slice_eq_str(buf_slice(&scene.buf), "before"));
        scene_end(&scene);
    }
}

static void a_limit_is_kept(void **state)
{
    (void)state;
    struct scene scene;
    char name[40000];
    memset(name, 'x', sizeof name);
    struct log_dirs_request_topic topic = {.topic = {name, 200}};
    struct log_dirs_request request = {.topics = &topic, .n_topics = 1};
    const struct wire_request_header header = {35, 1, 1, SLICE_LIT("c")};
    scene_begin(&scene, 64);
    assert_int_equal(wire_write_request(&scene.buf, &log_dirs_api, &header, &request, &scene.err),
                     -1);
    assert_non_null(strstr(scene.err.text, "larger than its limit"));
    assert_false(scene.buf.failed);
    scene_end(&scene);

    topic.topic.len = sizeof name;
    scene_begin(&scene, MAX_BYTES);
    assert_int_equal(wire_write_request(&scene.buf, &log_dirs_api, &header, &request, &scene.err),
                     -1);
    assert_non_null(strstr(scene.err.text, "longer than 32,767 bytes"));
    scene_end(&scene);
}

static void faults_name_their_place(void **state)
{
    (void)state;
    static const struct {
        const struct wire_api *api;
        int16_t version;
        struct slice frame;
        const char *text;
    } cases[] = {
        {&api_versions_api, 0, SLICE_INIT("\0\0\0\1\0\0\0\0\0\1\0\x12\0\0\0"),
         "ApiVersionsResponse of version 0, byte 6: a count is larger than what the message can "
         "hold"},
        {&api_versions_api, 0, SLICE_INIT("\0\0\0\1\0\0\0\0\0\0!"),
         "ApiVersionsResponse of version 0, byte 10: the message goes on behind its end"},
        {&api_versions_api, 0, SLICE_INIT("\0\0\0\1\0\0\xFF\xFF\xFF\xFF"),
         "ApiVersionsResponse of version 0, byte 10: a value is null that must not be"},
        /* The tag of finalized_features_epoch, with nine bytes for eight, then seven. */
        {&api_versions_api, 3,
         SLICE_INIT("\0\0\0\1\0\0\1\0\0\0\0\1\1\x09"
                    "123456789"),
         "ApiVersionsResponse of version 3, byte 22: a tagged field is longer than its value"},
        {&api_versions_api, 3,
         SLICE_INIT("\0\0\0\1\0\0\1\0\0\0\0\1\1\x07"
                    "1234567"),
         "ApiVersionsResponse of version 3, byte 14: the message ends in the middle of a value"},
        {&log_dirs_api, 2, SLICE_INIT("\0\0\0\1\0\0\0\0\0\xFF\xFF\xFF\xFF\x07"),
         "DescribeLogDirsResponse of version 2, byte 9: a count is larger than what the message "
         "can hold"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        union {
            struct api_versions_response versions;
            struct log_dirs_response dirs;
        } message;
        struct scene scene;
        int32_t correlation_id;
        struct guarded guarded = guard_end(cases[i].frame);
        scene_begin(&scene, MAX_BYTES);
        assert_int_equal(wire_read_response(guarded.text, cases[i].api, cases[i].version,
                                            &scene.arena, &correlation_id, &message, &scene.err),
                         -1);
        assert_int_equal(scene.err.class, ERR_INPUT);
        assert_string_equal(scene.err.text, cases[i].text);
        guard_release(&guarded);
        scene_end(&scene);
    }
}

static void errors_have_names(void **state)
{
    (void)state;
    assert_string_equal(wire_error_of(31)->name, "CLUSTER_AUTHORIZATION_FAILED");
    assert_false(wire_error_of(31)->retriable);
    assert_true(wire_error_of(5)->retriable);
    assert_string_equal(wire_error_of(-1)->name, "UNKNOWN_SERVER_ERROR");
    assert_string_equal(wire_error_of(12345)->name, "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_length_is_believed),
        cmocka_unit_test(the_first_fault_sticks),
        cmocka_unit_test(null_and_empty_are_two_things),
        cmocka_unit_test(varints_come_back),
        cmocka_unit_test(both_sides_of_api_versions),
        cmocka_unit_test(what_a_version_lacks_has_its_default),
        cmocka_unit_test(what_cannot_be_said_is_not_sent),
        cmocka_unit_test(a_limit_is_kept),
        cmocka_unit_test(faults_name_their_place),
        cmocka_unit_test(errors_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
