#include "sink/decimal.h"

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* `p` is behind the e. Returns the end, or NULL if there are no digits. */
static const char *parse_exponent(const char *p, const char *end, int64_t *out)
{
    bool negative = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *start = p;
    int64_t value = 0;
    for (; p < end && is_digit(*p); p++) {
        value = value * 10 + (*p - '0');
        if (value > DECIMAL_MAX_EXPONENT)
            value = DECIMAL_MAX_EXPONENT;
    }
    *out = negative ? -value : value;
    return p == start ? NULL : p;
}

/* What lies between the first and the last digit that is not zero. */
static void find_significant(struct decimal *d, const char *start, const char *end,
                             const char *point)
{
    while (start < end && (*start == '0' || *start == '.'))
        start++;
    while (end > start && (end[-1] == '0' || end[-1] == '.'))
        end--;
    d->digits = start;
    d->n_digits = (size_t)(end - start);
    if (d->n_digits == 0)
        return;
    if (end > point) { /* the last one is behind the point */
        d->exponent = -(end - point - 1);
        d->n_digits -= start < point;
    } else {
        d->exponent = point - end;
    }
    d->exponent += d->written_exponent;
}

bool decimal_parse(struct slice text, struct decimal *out)
{
    const char *p = text.ptr;
    const char *end = p + text.len;
    *out = (struct decimal){.negative = p < end && *p == '-'};
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    const char *start = p;
    while (p < end && is_digit(*p))
        p++;
    const char *point = p;
    if (p < end && *p == '.')
        for (p++; p < end && is_digit(*p);)
            p++;
    const char *mantissa_end = p;
    if (p - start - (p > point) < 1)
        return false;
    out->scale = p > point ? p - point - 1 : 0;
    if (p < end && (*p == 'e' || *p == 'E')) {
        p = parse_exponent(p + 1, end, &out->written_exponent);
        if (!p)
            return false;
        out->scale -= out->written_exponent;
    }
    find_significant(out, start, mantissa_end, point);
    return p == end;
}

enum decimal_fit decimal_to_int64(const struct decimal *d, int shift, int64_t *out)
{
    *out = 0;
    if (d->n_digits == 0)
        return DECIMAL_FITS;
    int64_t exponent = d->exponent + shift;
    if (exponent < 0)
        return DECIMAL_FRACTION;
    if (exponent + (int64_t)d->n_digits > 19)
        return DECIMAL_TOO_LARGE;
    uint64_t value = 0;
    const char *p = d->digits;
    for (size_t i = 0; i < d->n_digits; i++)
        value = value * 10 + decimal_digit(&p);
    for (; exponent > 0; exponent--)
        value *= 10; /* 19 digits are below 2^64 */
    uint64_t limit = (uint64_t)INT64_MAX + d->negative;
    if (value > limit)
        return DECIMAL_TOO_LARGE;
    *out = d->negative ? (int64_t)(0 - value) : (int64_t)value;
    return DECIMAL_FITS;
}

enum decimal_fit decimal_round_to_int64(const struct decimal *d, int shift, int64_t *out)
{
    int64_t beyond = -(d->exponent + shift); /* digits behind the point once shifted */
    if (d->n_digits == 0 || beyond <= 0)
        return decimal_to_int64(d, shift, out);
    *out = 0;
    if (beyond > (int64_t)d->n_digits)
        return DECIMAL_FITS;
    struct decimal whole = *d;
    whole.n_digits -= (size_t)beyond;
    whole.exponent += beyond;
    enum decimal_fit fit = decimal_to_int64(&whole, shift, out);
    const char *p = d->digits;
    for (size_t i = 0; i < whole.n_digits; i++)
        (void)decimal_digit(&p);
    if (fit != DECIMAL_FITS || decimal_digit(&p) < 5)
        return fit;
    if (*out == INT64_MAX || *out == INT64_MIN)
        return DECIMAL_TOO_LARGE;
    *out += d->negative ? -1 : 1;
    return DECIMAL_FITS;
}
