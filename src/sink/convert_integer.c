/* smallint, integer, bigint. */
#include "sink/convert.h"
#include "sink/decimal.h"

#include <stdio.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/*
 * The value of `n` (1 to 8) digits, all at once: pairs of digits, then pairs of pairs, then all.
 * Eight bytes are read whatever n is. False: there is something else among them.
 */
static inline bool eight_digits(const char *p, size_t n, uint64_t *out)
{
    uint64_t x;
    memcpy(&x, p, sizeof x);
    x ^= 0x3030303030303030;
    x <<= 64 - 8 * n; /* what is beyond them goes, zeros come before them */
    if (((x + 0x7676767676767676) | x) & 0x8080808080808080)
        return false;
    x = x * 10 + (x >> 8);
    *out = ((x & 0x000000FF000000FF) * 0x000F424000000064 +
            (x >> 16 & 0x000000FF000000FF) * 0x0000271000000001) >>
           32;
    return true;
}

/* Up to 16 digits that stand in the record. */
static inline bool parse_digits(const struct convert *c, struct slice text, int64_t *out)
{
    uint64_t high = 0;
    uint64_t low;
    size_t n = text.len;
    if (n == 0 || n > 16 || !convert_readable(c, text.ptr, 16))
        return false;
    if (n > 8) {
        if (!eight_digits(text.ptr, n - 8, &high))
            return false;
        text.ptr += n - 8;
        n = 8;
    }
    if (!eight_digits(text.ptr, n, &low))
        return false;
    *out = (int64_t)(high * 100000000 + low);
    return true;
}

#else

static inline bool parse_digits(const struct convert *c, struct slice text, int64_t *out)
{
    (void)c, (void)text, (void)out;
    return false;
}

#endif

/* Up to 18 digits and a sign: what nearly every number is. False: look closer. */
static inline bool parse_plain(struct slice text, int64_t *out)
{
    const char *p = text.ptr;
    const char *end = p + text.len;
    bool negative = p < end && *p == '-';
    p += negative;
    if (end - p > 18 || p == end)
        return false;
    int64_t value = 0;
    for (; p < end; p++) {
        unsigned digit = (unsigned char)(*p - '0');
        if (digit > 9)
            return false;
        value = value * 10 + digit;
    }
    *out = negative ? -value : value;
    return true;
}

/* A JSON number may say the same in other words: 1.0, 1e3, 1200e-2. */
static enum decimal_fit parse_number(struct slice text, int64_t *out)
{
    struct decimal d;
    return decimal_parse(text, &d) ? decimal_to_int64(&d, 0, out) : DECIMAL_FRACTION;
}

/* A string: sign and digits, nothing else, as the server reads it. */
static enum decimal_fit parse_string(struct slice text, int64_t *out)
{
    if (parse_plain(text, out))
        return DECIMAL_FITS;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.ptr[i] >= '0' && text.ptr[i] <= '9';
        bool sign = i == 0 && text.len > 1 && (text.ptr[0] == '-' || text.ptr[0] == '+');
        if (!digit && !sign)
            return DECIMAL_FRACTION;
    }
    return parse_number(text, out);
}

static char *put_digits(char *p, int64_t value)
{
    char digits[20];
    unsigned n = 0;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    if (value < 0)
        *p++ = '-';
    do {
        digits[n++] = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    while (n > 0)
        *p++ = digits[--n];
    return p;
}

static char *put_int(struct convert *c, char *p, int64_t value, unsigned bytes)
{
    enum { LONGEST = 20 };
    p = convert_room(c, p, LONGEST);
    if (UNLIKELY(!p))
        return NULL;
    if (UNLIKELY(c->format != COPY_BINARY))
        return put_digits(p, value);
    p = put_be32(p, bytes);
    if (bytes == 4)
        return put_be32(p, (uint32_t)value);
    return bytes == 8 ? put_be64(p, (uint64_t)value) : put_be16(p, (uint16_t)value);
}

static char *out_of_range(struct convert *c, const struct target *target,
                          const struct json_value *value)
{
    char what[96];
    snprintf(what, sizeof what, "is out of range for type %s", target->column->type_name);
    return convert_bad(c, "22003", value, what);
}

static inline char *convert_int(struct convert *c, const struct target *target,
                                const struct json_value *value, char *p, int64_t max,
                                unsigned bytes)
{
    int64_t number = 0;
    enum decimal_fit fit = DECIMAL_FITS;
    bool scalar = value->type == JSON_NUMBER || (value->type == JSON_STRING && !value->escaped);
    if (LIKELY(scalar) && LIKELY(parse_digits(c, value->raw, &number)))
        fit = DECIMAL_FITS;
    else if (value->type == JSON_STRING)
        fit = parse_string(convert_trimmed(c, target, value), &number);
    else if (value->type != JSON_NUMBER)
        return convert_mismatch(c, target, value);
    else if (UNLIKELY(!parse_plain(value->raw, &number)))
        fit = parse_number(value->raw, &number);
    if (UNLIKELY(fit == DECIMAL_FRACTION))
        return convert_bad(c, "22P02", value, "is not a whole number");
    if (UNLIKELY(fit == DECIMAL_TOO_LARGE || number > max || number < -max - 1))
        return out_of_range(c, target, value);
    return put_int(c, p, number, bytes);
}

char *convert_int2(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    return convert_int(c, target, value, p, INT16_MAX, 2);
}

char *convert_int4(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    return convert_int(c, target, value, p, INT32_MAX, 4);
}

char *convert_int8(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    return convert_int(c, target, value, p, INT64_MAX, 8);
}
