#include "sink/framing.h"

#include "base/json.h"

#include <stdint.h>
#include <stdio.h>

struct magic {
    const char *bytes;
    size_t n;
    const char *meaning;
};

static const struct magic magics[] = {
    {"Obj\x01", sizeof "Obj\x01" - 1, "an Avro container file: Avro is not supported"},
    {"\xC3\x01", sizeof "\xC3\x01" - 1, "Avro's single-object encoding: Avro is not supported"},
    {"\x1F\x8B\x08", sizeof "\x1F\x8B\x08" - 1, "gzip data: compressed values are not supported"},
    {"\x28\xB5\x2F\xFD", sizeof "\x28\xB5\x2F\xFD" - 1,
     "zstd data: compressed values are not supported"},
    {"PAR1", sizeof "PAR1" - 1, "a Parquet file: Parquet is not supported"},
};

/* A varint of at most ten bytes. Returns what follows, or NULL. */
static const unsigned char *read_varint(const unsigned char *p, const unsigned char *end,
                                        uint64_t *out)
{
    *out = 0;
    for (unsigned shift = 0; shift < 70 && p < end; shift += 7) {
        unsigned char byte = *p++;
        if (shift < 64)
            *out |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            return p;
    }
    return NULL;
}

/* One field of Protobuf's wire format (tag, then a value by wire type). */
static const unsigned char *skip_field(const unsigned char *p, const unsigned char *end)
{
    enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5, MAX_FIELD = 1 << 29 };
    uint64_t tag;
    uint64_t n = 0;
    p = read_varint(p, end, &tag);
    if (!p || tag >> 3 == 0 || tag >> 3 >= MAX_FIELD)
        return NULL;
    switch (tag & 7) {
    case VARINT:
        return read_varint(p, end, &n);
    case FIXED64:
        n = 8;
        break;
    case BYTES:
        p = read_varint(p, end, &n);
        break;
    case FIXED32:
        n = 4;
        break;
    default:
        return NULL;
    }
    return p && n <= (uint64_t)(end - p) ? p + n : NULL;
}

static bool is_binary(struct slice value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
            return true;
    }
    return utf8_valid_prefix(value) < value.len;
}

/* Fields from the first byte to exactly the last, among them bytes that no text would have. */
static bool is_protobuf(struct slice value)
{
    const unsigned char *p = (const unsigned char *)value.ptr;
    const unsigned char *end = p + value.len;
    if (value.len < 2 || !is_binary(value))
        return false;
    while (p && p < end)
        p = skip_field(p, end);
    return p != NULL;
}

static bool is_confluent(struct slice value, uint32_t *schema_id)
{
    const unsigned char *p = (const unsigned char *)value.ptr;
    if (value.len < 5 || p[0] != 0)
        return false;
    *schema_id = (uint32_t)p[1] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 8 | p[4];
    return true;
}

bool framing_describe(struct slice value, char *out, size_t out_bytes)
{
    uint32_t schema_id;
    if (is_confluent(value, &schema_id)) {
        snprintf(out, out_bytes,
                 "looks like Confluent's wire format (magic byte 0, schema id %u): Avro, Protobuf "
                 "and JSON Schema framing are not supported",
                 (unsigned)schema_id);
        return true;
    }
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        if (value.len < magics[i].n || memcmp(value.ptr, magics[i].bytes, magics[i].n) != 0)
            continue;
        snprintf(out, out_bytes, "looks like %s", magics[i].meaning);
        return true;
    }
    if (!is_protobuf(value))
        return false;
    snprintf(out, out_bytes, "looks like a Protobuf message: Protobuf is not supported");
    return true;
}
