#include "wire/writer.h"

struct wire_writer wire_writer_to(struct buf *out)
{
    return (struct wire_writer){.out = out};
}

void wire_writer_fail(struct wire_writer *writer, const char *fault)
{
    if (!writer->fault)
        writer->fault = fault;
}

const char *wire_writer_fault(const struct wire_writer *writer)
{
    if (writer->fault)
        return writer->fault;
    return writer->out->failed ? "the message is larger than its limit" : NULL;
}

void wire_put_int8(struct wire_writer *writer, int8_t value)
{
    buf_add_byte(writer->out, (char)value);
}

void wire_put_int16(struct wire_writer *writer, int16_t value)
{
    buf_add_be16(writer->out, (uint16_t)value);
}

void wire_put_int32(struct wire_writer *writer, int32_t value)
{
    buf_add_be32(writer->out, (uint32_t)value);
}

void wire_put_int64(struct wire_writer *writer, int64_t value)
{
    buf_add_be64(writer->out, (uint64_t)value);
}

void wire_put_varint(struct wire_writer *writer, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_add_byte(writer->out, (char)(value | 0x80));
    buf_add_byte(writer->out, (char)value);
}

void wire_put_uuid(struct wire_writer *writer, struct wire_uuid value)
{
    buf_add(writer->out, value.bytes, sizeof value.bytes);
}

void wire_put_raw(struct wire_writer *writer, struct slice bytes)
{
    if (bytes.len > 0)
        buf_add_slice(writer->out, bytes);
}

void wire_put_count(struct wire_writer *writer, int64_t count, bool compact)
{
    if (count < -1 || count > INT32_MAX)
        wire_writer_fail(writer, "a length or count does not fit into 31 bits");
    else if (compact)
        wire_put_varint(writer, (uint32_t)(count + 1));
    else
        wire_put_int32(writer, (int32_t)count);
}

/* Null, or how many bytes follow. */
static int64_t length_of(struct slice bytes)
{
    return bytes.ptr ? (int64_t)bytes.len : -1;
}

void wire_put_string(struct wire_writer *writer, struct slice text, bool compact)
{
    if (text.len > WIRE_STRING_MAX_BYTES) {
        wire_writer_fail(writer, "a string is longer than 32,767 bytes");
        return;
    }
    if (compact)
        wire_put_count(writer, length_of(text), true);
    else
        wire_put_int16(writer, (int16_t)length_of(text));
    wire_put_raw(writer, text);
}

void wire_put_bytes(struct wire_writer *writer, struct slice bytes, bool compact)
{
    wire_put_count(writer, length_of(bytes), compact);
    wire_put_raw(writer, bytes);
}
