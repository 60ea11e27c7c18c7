#include "wire/reader.h"

#define VARINT_MAX_BYTES 5
/* Of the fifth byte of a varint: what is left of 32 bits. */
#define VARINT_LAST_MAX 0x0F

struct wire_reader wire_reader_of(struct slice bytes)
{
    return (struct wire_reader){.pos = bytes.ptr, .left = bytes.len, .start = bytes.ptr};
}

static void fail_at(struct wire_reader *reader, const char *at, const char *fault)
{
    if (reader->fault)
        return;
    reader->fault = fault;
    reader->fault_at = (size_t)(at - reader->start);
    reader->left = 0;
}

void wire_reader_fail(struct wire_reader *reader, const char *fault)
{
    fail_at(reader, reader->pos, fault);
}

/* Where the next `n` bytes stand, or NULL. */
static const unsigned char *take(struct wire_reader *reader, size_t n)
{
    if (reader->fault)
        return NULL;
    if (n > reader->left) {
        wire_reader_fail(reader, "the message ends in the middle of a value");
        return NULL;
    }
    const char *at = reader->pos;
    reader->pos += n;
    reader->left -= n;
    return (const unsigned char *)at;
}

static uint64_t get_big_endian(struct wire_reader *reader, size_t n)
{
    const unsigned char *bytes = take(reader, n);
    uint64_t value = 0;
    for (size_t i = 0; bytes && i < n; i++)
        value = value << 8 | bytes[i];
    return value;
}

int8_t wire_get_int8(struct wire_reader *reader)
{
    return (int8_t)get_big_endian(reader, 1);
}

int16_t wire_get_int16(struct wire_reader *reader)
{
    return (int16_t)get_big_endian(reader, 2);
}

int32_t wire_get_int32(struct wire_reader *reader)
{
    return (int32_t)get_big_endian(reader, 4);
}

int64_t wire_get_int64(struct wire_reader *reader)
{
    return (int64_t)get_big_endian(reader, 8);
}

uint32_t wire_get_varint(struct wire_reader *reader)
{
    const char *at = reader->pos;
    uint32_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX_BYTES; i++) {
        const unsigned char *byte = take(reader, 1);
        if (!byte)
            return 0;
        if (i == VARINT_MAX_BYTES - 1 && *byte > VARINT_LAST_MAX)
            break;
        value |= (uint32_t)(*byte & 0x7F) << 7 * i;
        if (*byte < 0x80)
            return value;
    }
    fail_at(reader, at, "a varint has more than 32 bits");
    return 0;
}

struct wire_uuid wire_get_uuid(struct wire_reader *reader)
{
    struct wire_uuid uuid = {{0}};
    const unsigned char *bytes = take(reader, sizeof uuid.bytes);
    if (bytes)
        memcpy(uuid.bytes, bytes, sizeof uuid.bytes);
    return uuid;
}

struct slice wire_get_raw(struct wire_reader *reader, size_t n)
{
    const unsigned char *bytes = take(reader, n);
    return bytes ? (struct slice){(const char *)bytes, n} : SLICE_NONE;
}

/* A compact length or count is stored plus one, zero being null. */
static int64_t get_compact(struct wire_reader *reader)
{
    return (int64_t)wire_get_varint(reader) - 1;
}

/* The bytes behind a length that was read at `at`. */
static struct slice get_behind(struct wire_reader *reader, const char *at, int64_t length)
{
    if (reader->fault || length == -1)
        return SLICE_NONE;
    if (length < 0) {
        fail_at(reader, at, "a length is negative");
        return SLICE_NONE;
    }
    if ((uint64_t)length > reader->left) {
        fail_at(reader, at, "a length passes the end of the message");
        return SLICE_NONE;
    }
    return wire_get_raw(reader, (size_t)length);
}

struct slice wire_get_string(struct wire_reader *reader, bool compact)
{
    const char *at = reader->pos;
    int64_t length = compact ? get_compact(reader) : wire_get_int16(reader);
    if (length > (int64_t)WIRE_STRING_MAX_BYTES)
        fail_at(reader, at, "a string is longer than 32,767 bytes");
    return get_behind(reader, at, length);
}

struct slice wire_get_bytes(struct wire_reader *reader, bool compact)
{
    const char *at = reader->pos;
    return get_behind(reader, at, compact ? get_compact(reader) : wire_get_int32(reader));
}

int64_t wire_get_count(struct wire_reader *reader, bool compact, size_t element_min_bytes)
{
    const char *at = reader->pos;
    int64_t count = compact ? get_compact(reader) : wire_get_int32(reader);
    if (reader->fault)
        return 0;
    if (count < -1)
        fail_at(reader, at, "a count is negative");
    else if (count > 0 && (uint64_t)count > reader->left / element_min_bytes)
        fail_at(reader, at, "a count is larger than what the message can hold");
    return reader->fault ? 0 : count;
}
