/*
 * src/wire for tests: reads messages, prints their fields, and writes them again.
 *
 *     wire_tool < lines
 *
 * A line is `API request|response VERSION FRAME`, the frame with its size in hexadecimal digits.
 * The answer is a line too: an object with `frame`, what our writer makes of what our reader read,
 * and `message`, its fields by the names of Kafka's schemas; or with `error` alone.
 */
#include "base/arena.h"
#include "cmd/json_out.h"
#include "wire/api_versions.h"
#include "wire/log_dirs.h"
#include "wire/metadata.h"
#include "wire/sasl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_MAX_BYTES ((size_t)1 << 20)

struct tool {
    struct arena arena;
    struct json_out out;
};

/* ---- fields ---- */

static void put_text(struct tool *tool, const char *name, struct slice text)
{
    json_out_text(&tool->out, name,
                  text.ptr ? arena_strndup(&tool->arena, text.ptr, text.len) : NULL);
}

static void put_uuid(struct tool *tool, const char *name, struct wire_uuid uuid)
{
    char text[40];
    size_t used = 0;
    for (size_t i = 0; i < sizeof uuid.bytes; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%02x",
                                 i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid.bytes[i]);
    json_out_text(&tool->out, name, text);
}

static void put_int32s(struct tool *tool, const char *name, struct wire_int32s values)
{
    json_out_open(&tool->out, name, '[');
    for (size_t i = 0; i < values.n; i++)
        json_out_number(&tool->out, NULL, true, values.items[i]);
    json_out_close(&tool->out, ']');
}

#define NUMBER(m, field) json_out_number(&tool->out, #field, true, (m)->field)
#define BOOL(m, field) json_out_bool(&tool->out, #field, (m)->field)
#define TEXT(m, field) put_text(tool, #field, (m)->field)

/* An array of structs: its elements by `put`; null if it is. */
#define ARRAY(m, field, put)                                                                       \
    do {                                                                                           \
        if (!(m)->field) {                                                                         \
            json_out_text(&tool->out, #field, NULL);                                               \
            break;                                                                                 \
        }                                                                                          \
        json_out_open(&tool->out, #field, '[');                                                    \
        for (size_t element = 0; element < (m)->n_##field; element++) {                            \
            json_out_open(&tool->out, NULL, '{');                                                  \
            put(tool, &(m)->field[element]);                                                       \
            json_out_close(&tool->out, '}');                                                       \
        }                                                                                          \
        json_out_close(&tool->out, ']');                                                           \
    } while (0)

/* ---- ApiVersions ---- */

static void put_api_versions_request(struct tool *tool, const void *message)
{
    const struct api_versions_request *m = message;
    TEXT(m, client_software_name);
    TEXT(m, client_software_version);
}

static void put_api_version(struct tool *tool, const struct api_version *v)
{
    NUMBER(v, api_key);
    NUMBER(v, min_version);
    NUMBER(v, max_version);
}

static void put_supported(struct tool *tool, const struct supported_feature *feature)
{
    TEXT(feature, name);
    NUMBER(feature, min_version);
    NUMBER(feature, max_version);
}

static void put_finalized(struct tool *tool, const struct finalized_feature *feature)
{
    TEXT(feature, name);
    NUMBER(feature, max_version_level);
    NUMBER(feature, min_version_level);
}

static void put_api_versions_response(struct tool *tool, const void *message)
{
    const struct api_versions_response *m = message;
    NUMBER(m, error_code);
    ARRAY(m, api_keys, put_api_version);
    NUMBER(m, throttle_time_ms);
    ARRAY(m, supported_features, put_supported);
    NUMBER(m, finalized_features_epoch);
    ARRAY(m, finalized_features, put_finalized);
    BOOL(m, zk_migration_ready);
}

/* ---- Metadata ---- */

static void put_metadata_request_topic(struct tool *tool,
                                       const struct metadata_request_topic *topic)
{
    put_uuid(tool, "topic_id", topic->topic_id);
    TEXT(topic, name);
}

static void put_metadata_request(struct tool *tool, const void *message)
{
    const struct metadata_request *m = message;
    ARRAY(m, topics, put_metadata_request_topic);
    BOOL(m, allow_auto_topic_creation);
    BOOL(m, include_cluster_authorized_operations);
    BOOL(m, include_topic_authorized_operations);
}

static void put_broker(struct tool *tool, const struct metadata_broker *broker)
{
    NUMBER(broker, node_id);
    TEXT(broker, host);
    NUMBER(broker, port);
    TEXT(broker, rack);
}

static void put_metadata_partition(struct tool *tool, const struct metadata_partition *p)
{
    NUMBER(p, error_code);
    NUMBER(p, partition_index);
    NUMBER(p, leader_id);
    NUMBER(p, leader_epoch);
    put_int32s(tool, "replica_nodes", p->replica_nodes);
    put_int32s(tool, "isr_nodes", p->isr_nodes);
    put_int32s(tool, "offline_replicas", p->offline_replicas);
}

static void put_metadata_topic(struct tool *tool, const struct metadata_topic *topic)
{
    NUMBER(topic, error_code);
    TEXT(topic, name);
    put_uuid(tool, "topic_id", topic->topic_id);
    BOOL(topic, is_internal);
    ARRAY(topic, partitions, put_metadata_partition);
    NUMBER(topic, topic_authorized_operations);
}

static void put_metadata_response(struct tool *tool, const void *message)
{
    const struct metadata_response *m = message;
    NUMBER(m, throttle_time_ms);
    ARRAY(m, brokers, put_broker);
    TEXT(m, cluster_id);
    NUMBER(m, controller_id);
    ARRAY(m, topics, put_metadata_topic);
    NUMBER(m, cluster_authorized_operations);
    NUMBER(m, error_code);
}

/* ---- DescribeLogDirs ---- */

static void put_log_dirs_request_topic(struct tool *tool,
                                       const struct log_dirs_request_topic *topic)
{
    TEXT(topic, topic);
    put_int32s(tool, "partitions", topic->partitions);
}

static void put_log_dirs_request(struct tool *tool, const void *message)
{
    const struct log_dirs_request *m = message;
    ARRAY(m, topics, put_log_dirs_request_topic);
}

static void put_log_dir_partition(struct tool *tool, const struct log_dir_partition *p)
{
    NUMBER(p, partition_index);
    NUMBER(p, partition_size);
    NUMBER(p, offset_lag);
    BOOL(p, is_future_key);
}

static void put_log_dir_topic(struct tool *tool, const struct log_dir_topic *topic)
{
    TEXT(topic, name);
    ARRAY(topic, partitions, put_log_dir_partition);
}

static void put_log_dir(struct tool *tool, const struct log_dir *dir)
{
    NUMBER(dir, error_code);
    TEXT(dir, log_dir);
    ARRAY(dir, topics, put_log_dir_topic);
    NUMBER(dir, total_bytes);
    NUMBER(dir, usable_bytes);
}

static void put_log_dirs_response(struct tool *tool, const void *message)
{
    const struct log_dirs_response *m = message;
    NUMBER(m, throttle_time_ms);
    NUMBER(m, error_code);
    ARRAY(m, results, put_log_dir);
}

/* ---- SaslHandshake, SaslAuthenticate ---- */

static void put_sasl_handshake_request(struct tool *tool, const void *message)
{
    const struct sasl_handshake_request *m = message;
    TEXT(m, mechanism);
}

static void put_sasl_handshake_response(struct tool *tool, const void *message)
{
    const struct sasl_handshake_response *m = message;
    NUMBER(m, error_code);
    json_out_open(&tool->out, "mechanisms", '[');
    for (size_t i = 0; i < m->n_mechanisms; i++)
        put_text(tool, NULL, m->mechanisms[i]);
    json_out_close(&tool->out, ']');
}

static void put_sasl_authenticate_request(struct tool *tool, const void *message)
{
    const struct sasl_authenticate_request *m = message;
    TEXT(m, auth_bytes);
}

static void put_sasl_authenticate_response(struct tool *tool, const void *message)
{
    const struct sasl_authenticate_response *m = message;
    NUMBER(m, error_code);
    TEXT(m, error_message);
    TEXT(m, auth_bytes);
    NUMBER(m, session_lifetime_ms);
}

/* ---- lines ---- */

static const struct {
    const struct wire_api *api;
    void (*request)(struct tool *tool, const void *message);
    void (*response)(struct tool *tool, const void *message);
} apis[] = {
    {&api_versions_api, put_api_versions_request, put_api_versions_response},
    {&metadata_api, put_metadata_request, put_metadata_response},
    {&log_dirs_api, put_log_dirs_request, put_log_dirs_response},
    {&sasl_handshake_api, put_sasl_handshake_request, put_sasl_handshake_response},
    {&sasl_authenticate_api, put_sasl_authenticate_request, put_sasl_authenticate_response},
};

static _Noreturn void stop(const char *what)
{
    fprintf(stderr, "wire_tool: %s\n", what);
    exit(2);
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c);
    if (!c || !at)
        stop("no hexadecimal digit");
    return (int)(at - digits);
}

/* The frame of a line, of which the size must be right. */
static struct slice frame_of(struct tool *tool, const char *hex)
{
    size_t n = strlen(hex) / 2;
    char *bytes = arena_alloc(&tool->arena, n + 1);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    struct wire_reader reader = wire_reader_of((struct slice){bytes, n});
    if (wire_get_int32(&reader) != (int32_t)reader.left || reader.fault)
        stop("the size is wrong");
    return (struct slice){bytes + WIRE_SIZE_BYTES, n - WIRE_SIZE_BYTES};
}

/* Read, and write again into `frame`. */
static int round_trip(struct tool *tool, const struct wire_api *api, bool is_request,
                      int16_t version, struct slice bytes, void *message, struct buf *frame,
                      struct err *err)
{
    struct wire_request_header header;
    int32_t correlation_id = 0;
    if (is_request)
        return wire_peek_request(bytes, &header, err) < 0 ||
                       wire_read_request(bytes, api, &tool->arena, &header, message, err) < 0 ||
                       wire_write_request(frame, api, &header, message, err) < 0
                   ? -1
                   : 0;
    return wire_read_response(bytes, api, version, &tool->arena, &correlation_id, message, err) <
                       0 ||
                   wire_write_response(frame, api, version, correlation_id, message, err) < 0
               ? -1
               : 0;
}

static void put_frame(struct tool *tool, const struct buf *frame)
{
    char *hex = arena_alloc(&tool->arena, 2 * frame->len + 1);
    for (size_t i = 0; i < frame->len; i++)
        snprintf(hex + 2 * i, 3, "%02x", (unsigned char)frame->data[i]);
    json_out_text(&tool->out, "frame", hex);
}

static void answer(struct tool *tool, size_t which, bool is_request, int16_t version,
                   struct slice bytes)
{
    struct err err;
    struct buf frame;
    const struct wire_api *api = apis[which].api;
    void *message =
        arena_alloc(&tool->arena, is_request ? api->request_bytes : api->response_bytes);
    buf_init(&frame, FRAME_MAX_BYTES);
    json_out_start(&tool->out);
    json_out_open(&tool->out, NULL, '{');
    if (round_trip(tool, api, is_request, version, bytes, message, &frame, &err) < 0) {
        json_out_text(&tool->out, "error", err.text);
    } else {
        put_frame(tool, &frame);
        json_out_open(&tool->out, "message", '{');
        (is_request ? apis[which].request : apis[which].response)(tool, message);
        json_out_close(&tool->out, '}');
    }
    json_out_close(&tool->out, '}');
    json_out_end(&tool->out);
    buf_release(&frame);
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        struct tool tool;
        char *rest = line;
        line[strcspn(line, "\n")] = '\0';
        const char *name = strsep(&rest, " ");
        const char *kind = strsep(&rest, " ");
        const char *version = strsep(&rest, " ");
        size_t which = 0;
        while (which < sizeof apis / sizeof *apis && strcmp(apis[which].api->name, name) != 0)
            which++;
        if (which == sizeof apis / sizeof *apis || !kind || !version || !rest)
            stop("a line is API request|response VERSION FRAME");
        arena_init(&tool.arena);
        answer(&tool, which, strcmp(kind, "request") == 0, (int16_t)strtol(version, NULL, 10),
               frame_of(&tool, rest));
        arena_release(&tool.arena);
    }
    free(line);
    return 0;
}
