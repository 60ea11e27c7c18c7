#include "wire/codec.h"

/* A tag's field is written on its own first, because its length stands before it. */
#define TAG_MAX_BYTES ((size_t)1 << 20)
/* Of an unknown tagged field on the wire: its number and its length. */
#define TAG_MIN_BYTES 2

static const char null_fault[] = "a value is null that must not be";

void wire_fail(struct wire_codec *codec, const char *fault)
{
    if (codec->reader)
        wire_reader_fail(codec->reader, fault);
    else
        wire_writer_fail(codec->writer, fault);
}

void wire_bool(struct wire_codec *codec, bool *value)
{
    if (codec->reader)
        *value = wire_get_int8(codec->reader) != 0;
    else
        wire_put_int8(codec->writer, *value);
}

void wire_int16(struct wire_codec *codec, int16_t *value)
{
    if (codec->reader)
        *value = wire_get_int16(codec->reader);
    else
        wire_put_int16(codec->writer, *value);
}

void wire_int32(struct wire_codec *codec, int32_t *value)
{
    if (codec->reader)
        *value = wire_get_int32(codec->reader);
    else
        wire_put_int32(codec->writer, *value);
}

void wire_int64(struct wire_codec *codec, int64_t *value)
{
    if (codec->reader)
        *value = wire_get_int64(codec->reader);
    else
        wire_put_int64(codec->writer, *value);
}

void wire_uuid(struct wire_codec *codec, struct wire_uuid *value)
{
    if (codec->reader)
        *value = wire_get_uuid(codec->reader);
    else
        wire_put_uuid(codec->writer, *value);
}

void wire_bytes(struct wire_codec *codec, struct slice *value)
{
    if (codec->reader)
        *value = wire_get_bytes(codec->reader, codec->flexible);
    if (!value->ptr)
        wire_fail(codec, null_fault);
    else if (codec->writer)
        wire_put_bytes(codec->writer, *value, codec->flexible);
}

void wire_nullable_string(struct wire_codec *codec, struct slice *value)
{
    if (codec->reader)
        *value = wire_get_string(codec->reader, codec->flexible);
    else
        wire_put_string(codec->writer, *value, codec->flexible);
}

void wire_string(struct wire_codec *codec, struct slice *value)
{
    wire_nullable_string(codec, value);
    if (!value->ptr)
        wire_fail(codec, null_fault);
}

static void *read_array(struct wire_codec *codec, size_t *n, size_t element_bytes,
                        size_t element_min_bytes)
{
    int64_t count = wire_get_count(codec->reader, codec->flexible, element_min_bytes);
    *n = count > 0 ? (size_t)count : 0;
    if (count < 0 || codec->reader->fault)
        return NULL;
    return arena_alloc(codec->arena, (*n ? *n : 1) * element_bytes);
}

void *wire_nullable_array(struct wire_codec *codec, void *elements, size_t *n, size_t element_bytes,
                          size_t element_min_bytes)
{
    if (codec->reader)
        return read_array(codec, n, element_bytes, element_min_bytes);
    wire_put_count(codec->writer, elements ? (int64_t)*n : -1, codec->flexible);
    return elements;
}

void *wire_array(struct wire_codec *codec, void *elements, size_t *n, size_t element_bytes,
                 size_t element_min_bytes)
{
    if (codec->writer) {
        wire_put_count(codec->writer, (int64_t)*n, codec->flexible);
        return elements;
    }
    void *read = read_array(codec, n, element_bytes, element_min_bytes);
    if (!read)
        wire_fail(codec, null_fault);
    return read;
}

void wire_int32s(struct wire_codec *codec, struct wire_int32s *value)
{
    value->items = wire_array(codec, value->items, &value->n, sizeof *value->items, 4);
    for (size_t i = 0; i < value->n; i++)
        wire_int32(codec, &value->items[i]);
}

static const struct wire_tag *find_tag(const struct wire_tag *tags, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++)
        if (tags[i].number == number)
            return &tags[i];
    return NULL;
}

/* A field within the bytes of its tag, which it must fill. */
static void read_tag(struct wire_codec *codec, void *owner, const struct wire_tag *tag,
                     struct slice content)
{
    struct wire_reader *outer = codec->reader;
    struct wire_reader inner = wire_reader_of(content);
    inner.start = outer->start;
    codec->reader = &inner;
    tag->field(codec, owner);
    codec->reader = outer;
    if (!inner.fault && inner.left > 0)
        wire_reader_fail(&inner, "a tagged field is longer than its value");
    if (inner.fault) {
        wire_reader_fail(outer, inner.fault);
        outer->fault_at = inner.fault_at;
    }
}

static void read_tags(struct wire_codec *codec, void *owner, const struct wire_tag *tags, size_t n)
{
    struct wire_reader *reader = codec->reader;
    uint32_t count = wire_get_varint(reader);
    int64_t previous = -1;
    if (count > reader->left / TAG_MIN_BYTES)
        wire_reader_fail(reader, "a count is larger than what the message can hold");
    for (; count > 0 && !reader->fault; count--) {
        uint32_t number = wire_get_varint(reader);
        struct slice content = wire_get_raw(reader, wire_get_varint(reader));
        const struct wire_tag *tag = find_tag(tags, n, number);
        if ((int64_t)number <= previous)
            wire_reader_fail(reader, "tagged fields are not in the order of their numbers");
        if (tag && !reader->fault)
            read_tag(codec, owner, tag, content);
        previous = number;
    }
}

static void write_tag(struct wire_codec *codec, void *owner, const struct wire_tag *tag)
{
    struct buf content;
    struct wire_writer *outer = codec->writer;
    buf_init(&content, TAG_MAX_BYTES);
    struct wire_writer inner = wire_writer_to(&content);
    codec->writer = &inner;
    tag->field(codec, owner);
    codec->writer = outer;
    const char *fault = wire_writer_fault(&inner);
    if (fault)
        wire_writer_fail(outer, fault);
    wire_put_varint(outer, tag->number);
    wire_put_varint(outer, (uint32_t)content.len);
    wire_put_raw(outer, buf_slice(&content));
    buf_release(&content);
}

void wire_tags(struct wire_codec *codec, void *owner, const struct wire_tag *tags, size_t n)
{
    if (!codec->flexible)
        return;
    if (codec->reader) {
        read_tags(codec, owner, tags, n);
        return;
    }
    uint32_t set = 0;
    for (size_t i = 0; i < n; i++)
        set += tags[i].is_set(owner);
    wire_put_varint(codec->writer, set);
    for (size_t i = 0; i < n; i++)
        if (tags[i].is_set(owner))
            write_tag(codec, owner, &tags[i]);
}
