#include "sink/convert.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Scratch never needs more than the value it is for, times four for an array's worst quoting. */
#define SCRATCH_MAX_BYTES ((size_t)1 << 31)
#define PREVIEW_BYTES 40

void convert_init(struct convert *c, const struct row_policy *policy, const struct tz *tz,
                  enum copy_format format)
{
    *c = (struct convert){.format = format,
                          .on_nul = policy->on_nul,
                          .on_too_long = policy->on_too_long,
                          .tz = tz,
                          .c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0)};
    buf_init(&c->text, SCRATCH_MAX_BYTES);
    buf_init(&c->groups, SCRATCH_MAX_BYTES);
    buf_init(&c->array, SCRATCH_MAX_BYTES);
    if (c->c_locale == (locale_t)0)
        abort(); /* only for want of memory */
}

void convert_release(struct convert *c)
{
    buf_release(&c->text);
    buf_release(&c->groups);
    buf_release(&c->array);
    freelocale(c->c_locale);
}

convert_fn *convert_for(enum column_type type)
{
    static convert_fn *const converters[] = {
        [TYPE_TEXT] = convert_text,           [TYPE_VARCHAR] = convert_text,
        [TYPE_BPCHAR] = convert_text,         [TYPE_INT2] = convert_int2,
        [TYPE_INT4] = convert_int4,           [TYPE_INT8] = convert_int8,
        [TYPE_FLOAT4] = convert_float4,       [TYPE_FLOAT8] = convert_float8,
        [TYPE_NUMERIC] = convert_numeric,     [TYPE_BOOL] = convert_bool,
        [TYPE_DATE] = convert_date,           [TYPE_TIME] = convert_time,
        [TYPE_TIMESTAMP] = convert_timestamp, [TYPE_TIMESTAMPTZ] = convert_timestamptz,
        [TYPE_UUID] = convert_uuid,           [TYPE_INET] = convert_inet,
        [TYPE_CIDR] = convert_cidr,           [TYPE_MACADDR] = convert_macaddr,
        [TYPE_JSON] = convert_json,           [TYPE_JSONB] = convert_jsonb,
        [TYPE_BYTEA] = convert_bytea,         [TYPE_ENUM] = convert_enum,
        [TYPE_ARRAY] = convert_array,         [TYPE_OTHER] = convert_other,
    };
    return converters[type];
}

char *convert_begin(struct convert *c, struct buf *out)
{
    c->out = out;
    c->full = false;
    char *p = buf_reserve(out, 0);
    if (!p)
        c->full = true;
    c->limit = p ? out->data + out->cap : NULL;
    return p;
}

char *convert_more_room(struct convert *c, char *p, size_t n)
{
    struct buf *out = c->out;
    size_t start = out->len;
    size_t used = (size_t)(p - out->data);
    /* Asked first, because a failed reserve would stick to the buffer. */
    if (n > out->max - used) {
        c->full = true;
        return NULL;
    }
    out->len = used;
    p = buf_reserve(out, n);
    out->len = start;
    if (!p)
        abort(); /* out of memory: the database knows where to go on */
    c->limit = out->data + out->cap;
    return p;
}

/* COPY's text escapes: what would end a field or a row, and the escape character itself. */
static char copy_escape(char ch)
{
    switch (ch) {
    case '\\':
        return '\\';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

/* Whether any of eight bytes may need an escape: a backslash, or a control character up to \r. */
static inline bool may_need_escape(uint64_t bytes)
{
    const uint64_t ones = 0x0101010101010101;
    const uint64_t tops = 0x8080808080808080;
    uint64_t backslash = bytes ^ ones * '\\';
    uint64_t zero = (backslash - ones) & ~backslash;
    uint64_t control = (bytes - ones * ('\r' + 1)) & ~bytes;
    return ((zero | control) & tops) != 0;
}

/* `p` has room for twice the text. */
static char *put_escaped_step(char *p, struct slice text)
{
    const char *from = text.ptr;
    const char *end = from + text.len;
    while (from < end) {
        uint64_t eight;
        if (end - from >= (ptrdiff_t)sizeof eight) {
            memcpy(&eight, from, sizeof eight);
            if (LIKELY(!may_need_escape(eight))) {
                memcpy(p, &eight, sizeof eight);
                p += sizeof eight;
                from += sizeof eight;
                continue;
            }
        }
        char escape = copy_escape(*from);
        if (UNLIKELY(escape))
            *p++ = '\\';
        *p++ = escape ? escape : *from;
        from++;
    }
    return p;
}

static char *put_escaped(struct convert *c, char *p, struct slice text)
{
    /* In steps, so that a long text asks for what it fills and not for twice its length. */
    enum { STEP = 4096 };
    while (text.len > 0) {
        size_t n = text.len < STEP ? text.len : STEP;
        p = convert_room(c, p, 2 * n);
        if (!p)
            return NULL;
        p = put_escaped_step(p, (struct slice){text.ptr, n});
        text.ptr += n;
        text.len -= n;
    }
    return p;
}

char *convert_put_piece(struct convert *c, char *p, struct slice text)
{
    if (c->format == COPY_TEXT)
        return put_escaped(c, p, text);
    p = convert_room(c, p, text.len);
    if (!p)
        return NULL;
    memcpy(p, text.ptr, text.len);
    return p + text.len;
}

char *convert_put_text(struct convert *c, char *p, struct slice text)
{
    if (c->format != COPY_BINARY)
        return convert_put_piece(c, p, text);
    p = convert_room(c, p, 4 + text.len);
    if (!p)
        return NULL;
    p = put_be32(p, (uint32_t)text.len);
    memcpy(p, text.ptr, text.len);
    return p + text.len;
}

struct slice convert_string(struct convert *c, const struct target *target,
                            const struct json_value *value)
{
    if (!value->escaped || target->verbatim)
        return value->raw;
    buf_clear(&c->text);
    char *to = buf_reserve(&c->text, value->raw.len);
    if (!to)
        abort();
    return (struct slice){to, json_unescape(value, to)};
}

static bool is_space(char ch)
{
    return ch == ' ' || (ch >= '\t' && ch <= '\r');
}

struct slice convert_trimmed(struct convert *c, const struct target *target,
                             const struct json_value *value)
{
    struct slice text = convert_string(c, target, value);
    while (text.len > 0 && is_space(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_space(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

bool convert_string_no_nul(struct convert *c, const struct target *target,
                           const struct json_value *value, struct slice *text)
{
    *text = convert_string(c, target, value);
    if (LIKELY(!value->nul))
        return true;
    if (c->on_nul == NUL_DEAD) {
        convert_dead(c, "22021", "the string holds \\u0000, which PostgreSQL cannot store in text");
        return false;
    }
    if (text->ptr == value->raw.ptr) { /* verbatim: the record's bytes are not ours to change */
        buf_clear(&c->text);
        buf_add_slice(&c->text, *text);
        if (c->text.failed)
            abort();
    }
    char *kept = c->text.data;
    for (size_t i = 0; i < text->len; i++)
        if (c->text.data[i] != '\0')
            *kept++ = c->text.data[i];
    *text = (struct slice){c->text.data, (size_t)(kept - c->text.data)};
    return true;
}

char *convert_dead(struct convert *c, const char *sqlstate, const char *format, ...)
{
    struct row_reason *reason = c->reason;
    va_list args;
    va_start(args, format);
    vsnprintf(reason->text, sizeof reason->text, format, args);
    va_end(args);
    reason->sqlstate = sqlstate;
    return NULL;
}

static const char *kind(const struct json_value *value)
{
    static const char *const kinds[] = {
        [JSON_NULL] = "null",        [JSON_FALSE] = "false",     [JSON_TRUE] = "true",
        [JSON_NUMBER] = "a number",  [JSON_STRING] = "a string", [JSON_ARRAY] = "an array",
        [JSON_OBJECT] = "an object",
    };
    return kinds[value->type];
}

char *convert_mismatch(struct convert *c, const struct target *target,
                       const struct json_value *value)
{
    return convert_dead(c, "42804", "%s cannot go into a column of type %s", kind(value),
                        target->column->type_name);
}

/* The first bytes of a value for a message: whole characters, nothing a terminal would obey. */
static void preview(const struct json_value *value, char out[static PREVIEW_BYTES + 8])
{
    struct slice raw = value->raw;
    const char *quote = value->type == JSON_STRING ? "\"" : "";
    char *to = stpcpy(out, quote);
    size_t at = 0;
    while (at < raw.len) {
        size_t n = utf8_char_bytes(raw.ptr + at, raw.len - at);
        if (at + (n ? n : 1) > PREVIEW_BYTES)
            break;
        bool show = n > 0 && (unsigned char)raw.ptr[at] >= 0x20 && raw.ptr[at] != 0x7F;
        if (show) {
            memcpy(to, raw.ptr + at, n);
            to += n;
        } else {
            *to++ = '?';
        }
        at += n ? n : 1;
    }
    to = stpcpy(to, at < raw.len ? "..." : "");
    stpcpy(to, quote);
}

char *convert_bad(struct convert *c, const char *sqlstate, const struct json_value *value,
                  const char *what)
{
    char shown[PREVIEW_BYTES + 8];
    preview(value, shown);
    return convert_dead(c, sqlstate, "%s %s", shown, what);
}
