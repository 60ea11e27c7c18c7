#include "cmd/envelope.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/settings.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Writing ---- */

/* ,"NAME":"text" or null, and whether it is base64. */
static void add_bytes(struct buf *out, const char *name, struct slice bytes)
{
    buf_printf(out, ",\"%s\":", name);
    if (!bytes.ptr) {
        buf_add_str(out, "null");
    } else if (utf8_valid_prefix(bytes) == bytes.len) {
        buf_add_json(out, bytes);
    } else {
        buf_add_byte(out, '"');
        base64_encode(out, bytes);
        buf_printf(out, "\",\"%s_encoding\":\"base64\"", name);
    }
}

void envelope_begin(struct buf *out, const struct envelope *envelope, int64_t offset)
{
    buf_add_str(out, "{\"topic\":");
    buf_add_json(out, envelope->topic);
    buf_printf(out, ",\"partition\":%" PRId64 ",\"offset\":%" PRId64 ",\"timestamp\":",
               envelope->partition, offset);
    if (envelope->timestamp_ms >= 0)
        buf_printf(out, "%" PRId64, envelope->timestamp_ms);
    else
        buf_add_str(out, "null");
    add_bytes(out, "key", envelope->key);
    add_bytes(out, "value", envelope->value);
    buf_add_str(out, ",\"headers\":[");
}

void envelope_add_header(struct buf *out, bool first, struct slice name, struct slice value)
{
    buf_add_str(out, first ? "{\"key\":" : ",{\"key\":");
    buf_add_json(out, name);
    add_bytes(out, "value", value);
    buf_add_byte(out, '}');
}

void envelope_end(struct buf *out)
{
    buf_add_str(out, "]}\n");
}

void envelope_write(struct buf *out, const char *topic, int32_t partition,
                    const struct message *message)
{
    const struct envelope envelope = {.topic = slice_of(topic),
                                      .partition = partition,
                                      .timestamp_ms = message->timestamp_ms,
                                      .key = message->key,
                                      .value = message->value};
    struct slice name;
    struct slice value;
    envelope_begin(out, &envelope, message->offset);
    for (size_t i = 0; message_header(message, i, &name, &value); i++)
        envelope_add_header(out, i == 0, name, value);
    envelope_end(out);
}

/* ---- Reading ---- */

/* The members of an envelope, or of a header, as they stand in the text. */
enum member {
    MEMBER_TOPIC,
    MEMBER_PARTITION,
    MEMBER_OFFSET,
    MEMBER_TIMESTAMP,
    MEMBER_KEY,
    MEMBER_VALUE,
    MEMBER_HEADERS,
    MEMBER_KEY_ENCODING,
    MEMBER_VALUE_ENCODING,
    N_MEMBERS
};
static const char *const member_names[N_MEMBERS] = {"topic",     "partition",    "offset",
                                                    "timestamp", "key",          "value",
                                                    "headers",   "key_encoding", "value_encoding"};

struct members {
    struct json_value values[N_MEMBERS];
    bool has[N_MEMBERS];
};

static int note_member(struct members *members, const struct json_value *key,
                       const struct json_value *value, struct err *err)
{
    for (size_t i = 0; i < N_MEMBERS; i++) {
        if (!json_string_eq(key, slice_of(member_names[i])))
            continue;
        if (members->has[i])
            return err_set(err, ERR_INPUT, "\"%s\" stands there twice", member_names[i]);
        members->has[i] = true;
        members->values[i] = *value;
        return 0;
    }
    return err_set(err, ERR_INPUT, "\"%.*s\" is no member of an envelope", SLICE_ARG(key->raw));
}

static bool is_present(const struct members *members, enum member member)
{
    return members->has[member] && members->values[member].type != JSON_NULL;
}

/* An integer from 0 on; -1 where there is none. */
static int read_number(const struct members *members, enum member member, int64_t *out,
                       struct err *err)
{
    char text[24];
    *out = -1;
    if (!is_present(members, member))
        return 0;
    const struct json_value *value = &members->values[member];
    if (value->type == JSON_NUMBER && value->raw.len < sizeof text) {
        snprintf(text, sizeof text, "%.*s", SLICE_ARG(value->raw));
        if (parse_integer(text, out) == 0 && *out >= 0)
            return 0;
    }
    return err_set(err, ERR_INPUT, "\"%s\" is not an integer from 0 on", member_names[member]);
}

/* A text, or null, into the reader's bytes; there is room, for it only becomes shorter. */
static int read_text(struct envelope_reader *reader, const struct members *members,
                     enum member member, struct slice *out, struct err *err)
{
    *out = SLICE_NONE;
    if (!is_present(members, member))
        return 0;
    const struct json_value *value = &members->values[member];
    if (value->type != JSON_STRING)
        return err_set(err, ERR_INPUT, "\"%s\" is neither a string nor null", member_names[member]);
    char *to = reader->bytes.data + reader->bytes.len;
    size_t len = json_unescape(value, to);
    buf_commit(&reader->bytes, len);
    *out = (struct slice){to, len};
    return 0;
}

/* The same, decoded if `encoding` says so. */
static int read_bytes(struct envelope_reader *reader, const struct members *members,
                      enum member member, enum member encoding, struct slice *out, struct err *err)
{
    size_t before = reader->bytes.len;
    struct buf decoded;
    if (read_text(reader, members, member, out, err) < 0)
        return -1;
    if (!is_present(members, encoding))
        return 0;
    if (!json_string_eq(&members->values[encoding], SLICE_LIT("base64")))
        return err_set(err, ERR_INPUT, "\"%s\" can be \"base64\" alone", member_names[encoding]);
    if (!out->ptr)
        return 0;
    buf_init(&decoded, reader->bytes.max);
    int rc = base64_decode(&decoded, *out);
    if (rc == 0) {
        reader->bytes.len = before;
        buf_add_slice(&reader->bytes, buf_slice(&decoded));
        *out = (struct slice){reader->bytes.data + before, decoded.len};
    }
    buf_release(&decoded);
    return rc == 0 ? 0
                   : err_set(err, ERR_INPUT, "\"%s\" is not base64, as \"%s\" says",
                             member_names[member], member_names[encoding]);
}

static int read_header(struct envelope_reader *reader, const struct json_value *object,
                       struct envelope_header *out, struct err *err)
{
    struct members members = {0};
    struct json_iter it;
    struct json_value key;
    struct json_value value;
    if (object->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "a header is no object");
    json_children(&it, object);
    while (json_child_next(&it, &key, &value))
        if (note_member(&members, &key, &value, err) < 0)
            return err_prefix(err, "headers");
    if (read_text(reader, &members, MEMBER_KEY, &out->name, err) < 0 ||
        read_bytes(reader, &members, MEMBER_VALUE, MEMBER_VALUE_ENCODING, &out->value, err) < 0)
        return err_prefix(err, "headers");
    return out->name.ptr ? 0 : err_set(err, ERR_INPUT, "a header has no \"key\"");
}

static struct envelope_header *next_header(struct envelope_reader *reader, size_t n)
{
    if (n == reader->cap_headers) {
        size_t cap = n > 0 ? 2 * n : 8;
        struct envelope_header *grown = realloc(reader->headers, cap * sizeof *grown);
        if (!grown)
            abort();
        reader->headers = grown;
        reader->cap_headers = cap;
    }
    return &reader->headers[n];
}

static int read_headers(struct envelope_reader *reader, const struct members *members,
                        struct envelope *out, struct err *err)
{
    struct json_iter it;
    struct json_value key;
    struct json_value value;
    out->n_headers = 0;
    if (!is_present(members, MEMBER_HEADERS))
        return 0;
    if (members->values[MEMBER_HEADERS].type != JSON_ARRAY)
        return err_set(err, ERR_INPUT, "\"headers\" is no array");
    json_children(&it, &members->values[MEMBER_HEADERS]);
    for (; json_child_next(&it, &key, &value); out->n_headers++)
        if (read_header(reader, &value, next_header(reader, out->n_headers), err) < 0)
            return -1;
    out->headers = reader->headers;
    return 0;
}

static int read_members(struct slice line, struct members *members, struct err *err)
{
    struct json_iter it;
    struct json_value key;
    struct json_value value;
    struct json_error error = {NULL, 0};
    int rc = json_object_open(&it, line, &error);
    while (rc >= 0 && (rc = json_object_next(&it, &key, &value, &error)) > 0)
        if (note_member(members, &key, &value, err) < 0)
            return -1;
    if (rc < 0)
        return err_set(err, ERR_INPUT, "%s (at byte %zu)", error.reason, error.at);
    if (!members->has[MEMBER_VALUE])
        return err_set(err, ERR_INPUT, "there is no \"value\"; null is a value too");
    return 0;
}

int envelope_read(struct envelope_reader *reader, struct slice line, struct envelope *out,
                  struct err *err)
{
    struct members members = {0};
    int64_t offset;
    *out = (struct envelope){.partition = -1};
    buf_clear(&reader->bytes);
    if (!buf_reserve(&reader->bytes, line.len + 1))
        return err_set(err, ERR_INPUT, "the line is longer than %zu bytes", reader->bytes.max);
    if (read_members(line, &members, err) < 0 ||
        read_number(&members, MEMBER_PARTITION, &out->partition, err) < 0 ||
        read_number(&members, MEMBER_OFFSET, &offset, err) < 0 ||
        read_number(&members, MEMBER_TIMESTAMP, &out->timestamp_ms, err) < 0 ||
        read_text(reader, &members, MEMBER_TOPIC, &out->topic, err) < 0 ||
        read_bytes(reader, &members, MEMBER_KEY, MEMBER_KEY_ENCODING, &out->key, err) < 0 ||
        read_bytes(reader, &members, MEMBER_VALUE, MEMBER_VALUE_ENCODING, &out->value, err) < 0)
        return -1;
    return read_headers(reader, &members, out, err);
}

void envelope_reader_init(struct envelope_reader *reader, size_t max_bytes)
{
    *reader = (struct envelope_reader){0};
    buf_init(&reader->bytes, max_bytes);
}

void envelope_reader_release(struct envelope_reader *reader)
{
    buf_release(&reader->bytes);
    free(reader->headers);
}
