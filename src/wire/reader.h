/*
 * Reads Kafka's primitive types (kafka.apache.org/protocol, "Protocol Primitive Types"; the compact
 * forms are KIP-482's) out of bytes that nobody has checked.
 *
 * The first fault sticks: from then on every call reads nothing and gives zero, null or none, so a
 * caller reads a whole message and looks once. What is read borrows the bytes. No call looks
 * behind the end, and no count is believed that the bytes which are left cannot hold.
 */
#ifndef WEIR_WIRE_READER_H
#define WEIR_WIRE_READER_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Kafka allows no longer ones in the compact form either. */
#define WIRE_STRING_MAX_BYTES ((size_t)INT16_MAX)

struct wire_reader {
    const char *pos;
    size_t left;
    const char *start;
    const char *fault; /* a static sentence; NULL: none */
    size_t fault_at;   /* offset in the bytes of what could not be read */
};

struct wire_uuid {
    uint8_t bytes[16];
};

struct wire_reader wire_reader_of(struct slice bytes);
/* Note a fault unless there is one: what was read cannot be right. */
void wire_reader_fail(struct wire_reader *reader, const char *fault);

int8_t wire_get_int8(struct wire_reader *reader);
int16_t wire_get_int16(struct wire_reader *reader);
int32_t wire_get_int32(struct wire_reader *reader);
int64_t wire_get_int64(struct wire_reader *reader);
/* UNSIGNED_VARINT: at most five bytes, 32 bits. */
uint32_t wire_get_varint(struct wire_reader *reader);
struct wire_uuid wire_get_uuid(struct wire_reader *reader);
/* The next `n` bytes as they stand. */
struct slice wire_get_raw(struct wire_reader *reader, size_t n);

/* (COMPACT_)(NULLABLE_)STRING and BYTES; SLICE_NONE for null. A string is not checked for UTF-8. */
struct slice wire_get_string(struct wire_reader *reader, bool compact);
struct slice wire_get_bytes(struct wire_reader *reader, bool compact);

/* The count of a (COMPACT_)ARRAY whose elements take `element_min_bytes` (1 or more) or more each;
 * -1 for null. */
int64_t wire_get_count(struct wire_reader *reader, bool compact, size_t element_min_bytes);

#endif
