/* bytea, uuid, enums. */
#include "sink/convert.h"
#include "sink/hex.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_blank(char ch)
{
    return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

/* Pairs of hexadecimal digits, blanks between pairs. NULL, or what is wrong. */
static const char *decode_hex(struct slice text, char *out, size_t *n)
{
    const char *end = text.ptr + text.len;
    *n = 0;
    for (const char *p = text.ptr; p < end;) {
        if (is_blank(*p)) {
            p++;
            continue;
        }
        int high = hex_value(*p++);
        if (high < 0)
            return "holds something else than hexadecimal digits";
        int low = p < end ? hex_value(*p) : -1;
        if (low < 0)
            return "holds an odd number of hexadecimal digits";
        p++;
        out[(*n)++] = (char)(high << 4 | low);
    }
    return NULL;
}

static bool is_octal(const char *p, char max)
{
    return *p >= '0' && *p <= max;
}

/* The escape format: a backslash begins another backslash or three octal digits. */
static const char *decode_escape(struct slice text, char *out, size_t *n)
{
    const char *end = text.ptr + text.len;
    *n = 0;
    for (const char *p = text.ptr; p < end;) {
        if (*p != '\\') {
            out[(*n)++] = *p++;
        } else if (end - p >= 2 && p[1] == '\\') {
            out[(*n)++] = '\\';
            p += 2;
        } else if (end - p >= 4 && is_octal(p + 1, '3') && is_octal(p + 2, '7') &&
                   is_octal(p + 3, '7')) {
            out[(*n)++] = (char)((p[1] - '0') << 6 | (p[2] - '0') << 3 | (p[3] - '0'));
            p += 4;
        } else {
            return "holds a backslash that begins no escape";
        }
    }
    return NULL;
}

static char *put_bytea(struct convert *c, char *p, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    if (c->format == COPY_BINARY)
        return convert_put_text(c, p, bytes);
    p = convert_put_piece(c, p, SLICE_LIT("\\x"));
    if (p)
        p = convert_room(c, p, 2 * bytes.len);
    for (size_t i = 0; p && i < bytes.len; i++) {
        *p++ = digits[(unsigned char)bytes.ptr[i] >> 4];
        *p++ = digits[(unsigned char)bytes.ptr[i] & 15];
    }
    return p;
}

char *convert_bytea(struct convert *c, const struct target *target, const struct json_value *value,
                    char *p)
{
    struct slice text;
    size_t n;
    if (value->type != JSON_STRING)
        return convert_mismatch(c, target, value);
    if (target->verbatim)
        return put_bytea(c, p, value->raw);
    if (!convert_string_no_nul(c, target, value, &text))
        return NULL;
    buf_clear(&c->groups);
    char *bytes = buf_reserve(&c->groups, text.len);
    if (!bytes)
        abort();
    bool hex = text.len >= 2 && memcmp(text.ptr, "\\x", 2) == 0;
    const char *wrong = hex ? decode_hex((struct slice){text.ptr + 2, text.len - 2}, bytes, &n)
                            : decode_escape(text, bytes, &n);
    if (wrong)
        return convert_bad(c, hex ? "22023" : "22P02", value, wrong);
    return put_bytea(c, p, (struct slice){bytes, n});
}

/* 32 hexadecimal digits, a hyphen allowed behind each four, braces around allowed. */
static bool parse_uuid(struct slice text, unsigned char out[static 16])
{
    const char *p = text.ptr;
    const char *end = p + text.len;
    bool braces = p < end && *p == '{';
    p += braces;
    for (int i = 0; i < 16; i++) {
        int high = end - p >= 2 ? hex_value(p[0]) : -1;
        int low = high >= 0 ? hex_value(p[1]) : -1;
        if (low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
        p += 2;
        if (p < end && *p == '-' && i % 2 == 1 && i < 15)
            p++;
    }
    if (braces && (p == end || *p++ != '}'))
        return false;
    return p == end;
}

char *convert_uuid(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    unsigned char bytes[16];
    if (value->type != JSON_STRING)
        return convert_mismatch(c, target, value);
    struct slice text = convert_string(c, target, value);
    if (!parse_uuid(text, bytes))
        return convert_bad(c, "22P02", value, "is not a UUID");
    if (c->format != COPY_BINARY)
        return convert_put_text(c, p, text);
    p = convert_room(c, p, 4 + sizeof bytes);
    if (!p)
        return NULL;
    p = put_be32(p, sizeof bytes);
    memcpy(p, bytes, sizeof bytes);
    return p + sizeof bytes;
}

char *convert_enum(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    const struct column *column = target->column;
    if (value->type != JSON_STRING)
        return convert_mismatch(c, target, value);
    struct slice text = convert_string(c, target, value);
    bool known = column->n_labels == 0; /* not told: the server knows */
    for (size_t i = 0; !known && i < column->n_labels; i++)
        known = slice_eq_str(text, column->labels[i]);
    if (known)
        return convert_put_text(c, p, text);
    char what[96];
    snprintf(what, sizeof what, "is not a label of enum %s", column->type_name);
    return convert_bad(c, "22P02", value, what);
}
