/*
 * One description of a message for both directions.
 *
 * A message is a struct and one function that names its fields in the order of the wire:
 *
 *     static void partition(struct wire_codec *codec, struct metadata_partition *p)
 *     {
 *         wire_int16(codec, &p->error_code);
 *         if (codec->version >= 7)
 *             wire_int32(codec, &p->leader_epoch);
 *         wire_tags(codec, p, NULL, 0);
 *     }
 *
 * With a reader the fields are filled, with a writer they are written, so client and broker share
 * it. Faults stick in the reader or writer. Writing leaves the message as it is.
 *
 * What was read borrows the bytes (strings) or lies in the arena (arrays). Structs come zeroed: a
 * description only sets those defaults which are not zero (if wire_reads()), for versions without
 * the field. In a message null is a NULL pointer, in strings as in arrays.
 */
#ifndef WEIR_WIRE_CODEC_H
#define WEIR_WIRE_CODEC_H

#include "base/arena.h"
#include "wire/reader.h"
#include "wire/writer.h"

struct wire_codec {
    struct wire_reader *reader; /* one of the two is NULL */
    struct wire_writer *writer;
    struct arena *arena; /* of the reader */
    int16_t version;
    bool flexible; /* compact lengths, and tagged fields behind each struct (KIP-482) */
};

static inline bool wire_reads(const struct wire_codec *codec)
{
    return codec->reader != NULL;
}
/* Note a fault in the reader or the writer. */
void wire_fail(struct wire_codec *codec, const char *fault);

void wire_bool(struct wire_codec *codec, bool *value);
void wire_int16(struct wire_codec *codec, int16_t *value);
void wire_int32(struct wire_codec *codec, int32_t *value);
void wire_int64(struct wire_codec *codec, int64_t *value);
void wire_uuid(struct wire_codec *codec, struct wire_uuid *value);
void wire_bytes(struct wire_codec *codec, struct slice *value); /* null is a fault */
void wire_string(struct wire_codec *codec, struct slice *value);
void wire_nullable_string(struct wire_codec *codec, struct slice *value);

/*
 * The array around the elements, which the caller goes through next. With a writer `elements` is
 * returned, with a reader new zeroed memory for `*n` of them.
 *
 *     m->topics = wire_array(codec, m->topics, &m->n_topics, sizeof *m->topics, TOPIC_MIN_BYTES);
 *     for (size_t i = 0; i < m->n_topics; i++)
 *         topic(codec, &m->topics[i]);
 *
 * `element_min_bytes` is what an element takes on the wire at least, in any version. Null is a
 * fault; as nullable array it is NULL with *n == 0, and an empty one is not NULL.
 */
void *wire_array(struct wire_codec *codec, void *elements, size_t *n, size_t element_bytes,
                 size_t element_min_bytes);
void *wire_nullable_array(struct wire_codec *codec, void *elements, size_t *n, size_t element_bytes,
                          size_t element_min_bytes);

struct wire_int32s {
    int32_t *items;
    size_t n;
};
void wire_int32s(struct wire_codec *codec, struct wire_int32s *value);

/* A field that is only on the wire where it differs from its default. */
struct wire_tag {
    uint32_t number;
    bool (*is_set)(const void *owner);
    void (*field)(struct wire_codec *codec, void *owner);
};
/*
 * What ends every struct of a flexible version: `tags` by rising number. Unknown ones are passed
 * over; one that comes twice or out of order, or whose field does not fill it, is a fault. In other
 * versions nothing happens.
 */
void wire_tags(struct wire_codec *codec, void *owner, const struct wire_tag *tags, size_t n);

#endif
