/*
 * Converters: one JSON value into one field of COPY data, or the reason why it cannot be.
 *
 * Private to src/sink. There is one small module per family of types (convert_*.c). A converter
 * checks the value against its column, and writes at `p`:
 *     COPY_BINARY  the length in four bytes, then the type's send/recv form
 *     COPY_TEXT    the type's text, COPY's special characters escaped
 *     COPY_PLAIN   the type's text as it is (an array's element, quoted by its caller)
 * It returns the place behind what it wrote, or NULL after convert_dead() or when the buffer is
 * full (`full` is set then). JSON null never comes here: the row writes NULLs itself.
 *
 * Every write is announced to convert_room(), which may move the buffer: the `p` it returns counts,
 * any other pointer into the buffer is stale.
 */
#ifndef WEIR_SINK_CONVERT_H
#define WEIR_SINK_CONVERT_H

#include "base/buf.h"
#include "base/json.h"
#include "sink/row.h"
#include "sink/table.h"
#include "sink/tz.h"

#include <endian.h>
#include <locale.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

enum copy_format { COPY_BINARY, COPY_TEXT, COPY_PLAIN };

/* What conversions need besides the value: a lane's scratch memory and the pipeline's policies. */
struct convert {
    enum copy_format format;
    enum on_nul on_nul;
    enum on_too_long on_too_long;
    const struct tz *tz;
    struct slice input; /* the record's value: reads beyond a slice of it end here */
    struct buf *out;    /* where `p` points into; its len stays where the tuple began */
    const char *limit;  /* the end of the room behind `p` */
    bool full;          /* `out` cannot grow any more */
    struct buf text;    /* a string's bytes, escapes resolved */
    struct buf groups;  /* the digits of a numeric */
    struct buf array;   /* an array's element before it is quoted */
    locale_t c_locale;  /* so that a number's point is a point, whatever setlocale() did */
    struct row_reason *reason;
};

struct target;
typedef char *convert_fn(struct convert *c, const struct target *target,
                         const struct json_value *value, char *p);

/* A column as a converter sees it. */
struct target {
    const struct column *column;
    convert_fn *convert;
    size_t max_chars; /* of a text type; SIZE_MAX: any */
    enum time_unit unit;
    bool plain_text; /* a text type, filled from the record's JSON */
    bool verbatim;   /* the strings are bytes of Kafka's, not JSON: no escapes in them */
    const struct target *element; /* of an array */
};

void convert_init(struct convert *c, const struct row_policy *policy, const struct tz *tz,
                  enum copy_format format);
void convert_release(struct convert *c);

convert_fn convert_text, convert_other;
convert_fn convert_int2, convert_int4, convert_int8;
convert_fn convert_float4, convert_float8, convert_numeric, convert_bool;
convert_fn convert_date, convert_time, convert_timestamp, convert_timestamptz;
convert_fn convert_uuid, convert_bytea, convert_enum;
convert_fn convert_inet, convert_cidr, convert_macaddr;
convert_fn convert_json, convert_jsonb, convert_array;
convert_fn *convert_for(enum column_type type);

/* Begin to write at the end of `out`. */
char *convert_begin(struct convert *c, struct buf *out);

char *convert_more_room(struct convert *c, char *p, size_t n);
static inline char *convert_room(struct convert *c, char *p, size_t n)
{
    if (LIKELY(n <= (size_t)(c->limit - p)))
        return p;
    return convert_more_room(c, p, n);
}

static inline char *put_be16(char *p, uint16_t v)
{
    v = htobe16(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline char *put_be32(char *p, uint32_t v)
{
    v = htobe32(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline char *put_be64(char *p, uint64_t v)
{
    v = htobe64(v);
    memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

/* Whether `n` bytes from `p` on lie within the record's value. */
static inline bool convert_readable(const struct convert *c, const char *p, size_t n)
{
    uintptr_t at = (uintptr_t)p - (uintptr_t)c->input.ptr;
    return at < c->input.len && c->input.len - at >= n;
}

/*
 * The shortest way, which nearly every value of a record goes: a string whose bytes in the record
 * are the field's. Without escapes it holds nothing that COPY's text form would escape, and if it
 * has no more bytes than the column takes characters it is not too long. 64 bytes are copied
 * however few of them count: no branch waits for the length then.
 */
#define CONVERT_COPY_BYTES 64
static inline bool convert_is_plain(const struct target *target, const struct json_value *value)
{
    return value->type == JSON_STRING && !value->escaped && !value->nul &&
           value->raw.len <= target->max_chars;
}
static inline char *convert_put_plain(struct convert *c, const struct json_value *value, char *p)
{
    const char *from = value->raw.ptr;
    size_t n = value->raw.len;
    bool short_copy = n <= CONVERT_COPY_BYTES && convert_readable(c, from, CONVERT_COPY_BYTES) &&
                      (size_t)(c->limit - p) >= 4 + CONVERT_COPY_BYTES;
    if (UNLIKELY(!short_copy) && !(p = convert_room(c, p, 4 + n)))
        return NULL;
    if (LIKELY(c->format == COPY_BINARY))
        p = put_be32(p, (uint32_t)n);
    if (LIKELY(short_copy))
        memcpy(p, from, CONVERT_COPY_BYTES);
    else
        memcpy(p, from, n);
    return p + n;
}

/* Write `text` as a whole field in the format of `c`. */
char *convert_put_text(struct convert *c, char *p, struct slice text);
/* The same in pieces, for text forms only (COPY_TEXT, COPY_PLAIN). */
char *convert_put_piece(struct convert *c, char *p, struct slice text);

/* A string value's bytes, escapes resolved; valid until the next call. */
struct slice convert_string(struct convert *c, const struct target *target,
                            const struct json_value *value);
/* The same less the blanks around it, as the server's isspace() has them. */
struct slice convert_trimmed(struct convert *c, const struct target *target,
                             const struct json_value *value);
/* The same with NULs treated by policy, for types that store text. False: dead. */
bool convert_string_no_nul(struct convert *c, const struct target *target,
                           const struct json_value *value, struct slice *text);

/* Say why, and return NULL. */
char *convert_dead(struct convert *c, const char *sqlstate, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));
/* "an object cannot go into a column of type integer" (42804, as the server would put it). */
char *convert_mismatch(struct convert *c, const struct target *target,
                       const struct json_value *value) __attribute__((cold));
/* `"abc" is not ...` with the value cut short in front. */
char *convert_bad(struct convert *c, const char *sqlstate, const struct json_value *value,
                  const char *what) __attribute__((cold));

#endif
