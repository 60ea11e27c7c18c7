/*
 * Writes Kafka's primitive types behind what a buffer holds: the counterpart of wire/reader.h.
 *
 * The first fault sticks, as does the buffer's own when its limit is reached: a caller writes a
 * whole message and looks once.
 */
#ifndef WEIR_WIRE_WRITER_H
#define WEIR_WIRE_WRITER_H

#include "base/buf.h"
#include "wire/reader.h"

struct wire_writer {
    struct buf *out;
    const char *fault; /* a static sentence; NULL: none */
};

struct wire_writer wire_writer_to(struct buf *out);
/* Note a fault unless there is one: what was written cannot be sent. */
void wire_writer_fail(struct wire_writer *writer, const char *fault);
/* The fault, be it the buffer's; NULL: all of it was written. */
const char *wire_writer_fault(const struct wire_writer *writer);

void wire_put_int8(struct wire_writer *writer, int8_t value);
void wire_put_int16(struct wire_writer *writer, int16_t value);
void wire_put_int32(struct wire_writer *writer, int32_t value);
void wire_put_int64(struct wire_writer *writer, int64_t value);
void wire_put_varint(struct wire_writer *writer, uint32_t value);
void wire_put_uuid(struct wire_writer *writer, struct wire_uuid value);
void wire_put_raw(struct wire_writer *writer, struct slice bytes);
/* A slice without a pointer is null. */
void wire_put_string(struct wire_writer *writer, struct slice text, bool compact);
void wire_put_bytes(struct wire_writer *writer, struct slice bytes, bool compact);
/* -1 for a null array. */
void wire_put_count(struct wire_writer *writer, int64_t count, bool compact);

#endif
