/* real, double precision: the nearest binary number, as strtod() and the server find it. */
#include "sink/convert.h"
#include "sink/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Digits and power of ten that the format holds exactly: then one multiplication or division is
 * all the rounding there is (W. D. Clinger, How to Read Floating Point Numbers Accurately).
 */
static bool fast_double(const struct decimal *d, double *out)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (d->n_digits > 15 || d->exponent > 22 || d->exponent < -22)
        return false;
    uint64_t digits = 0;
    const char *p = d->digits;
    for (size_t i = 0; i < d->n_digits; i++)
        digits = digits * 10 + decimal_digit(&p);
    *out = d->exponent < 0 ? (double)digits / powers[-d->exponent]
                           : (double)digits * powers[d->exponent];
    if (d->negative)
        *out = -*out;
    return true;
}

/* The same for the shorter format, whose own rounding must be the only one. */
static bool fast_float(const struct decimal *d, float *out)
{
    static const float powers[] = {1e0F, 1e1F, 1e2F, 1e3F, 1e4F, 1e5F,
                                   1e6F, 1e7F, 1e8F, 1e9F, 1e10F};
    if (d->n_digits > 7 || d->exponent > 10 || d->exponent < -10)
        return false;
    uint32_t digits = 0;
    const char *p = d->digits;
    for (size_t i = 0; i < d->n_digits; i++)
        digits = digits * 10 + decimal_digit(&p);
    *out = d->exponent < 0 ? (float)digits / powers[-d->exponent]
                           : (float)digits * powers[d->exponent];
    if (d->negative)
        *out = -*out;
    return true;
}

/* strtod() wants a NUL behind the text. */
static const char *terminated(struct convert *c, struct slice text)
{
    buf_clear(&c->groups);
    buf_add_slice(&c->groups, text);
    buf_add_byte(&c->groups, '\0');
    if (c->groups.failed)
        abort();
    return c->groups.data;
}

/* NaN, ±Infinity or ±inf, in any case. */
static bool parse_special(struct slice text, double *out)
{
    bool sign = text.len > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    struct slice word = {text.ptr + sign, text.len - sign};
    *out = text.len > 0 && text.ptr[0] == '-' ? -(double)INFINITY : (double)INFINITY;
    if (slice_eq_nocase(word, SLICE_LIT("infinity")) || slice_eq_nocase(word, SLICE_LIT("inf")))
        return true;
    *out = (double)NAN;
    return !sign && slice_eq_nocase(word, SLICE_LIT("nan"));
}

struct parsed {
    struct slice text;
    struct decimal decimal;
    bool special;
    double special_value;
};

/* False: dead. */
static bool parse(struct convert *c, const struct target *target, const struct json_value *value,
                  struct parsed *out)
{
    *out = (struct parsed){.text = value->raw};
    if (value->type == JSON_STRING) {
        out->text = convert_trimmed(c, target, value);
    } else if (value->type != JSON_NUMBER) {
        convert_mismatch(c, target, value);
        return false;
    }
    if (decimal_parse(out->text, &out->decimal))
        return true;
    out->special = parse_special(out->text, &out->special_value);
    if (!out->special)
        convert_bad(c, "22P02", value, "is not a number");
    return out->special;
}

static char *out_of_range(struct convert *c, const struct target *target,
                          const struct json_value *value)
{
    char what[96];
    snprintf(what, sizeof what, "is out of range for type %s", target->column->type_name);
    return convert_bad(c, "22003", value, what);
}

/* A number that is not zero but becomes it, or none at all but becomes infinite. */
static bool lost(const struct parsed *parsed, double result)
{
    if (parsed->special)
        return false;
    return isinf(result) || (result == 0 && parsed->decimal.n_digits > 0);
}

char *convert_float8(struct convert *c, const struct target *target, const struct json_value *value,
                     char *p)
{
    struct parsed parsed;
    double number;
    if (!parse(c, target, value, &parsed))
        return NULL;
    if (parsed.special)
        number = parsed.special_value;
    else if (!fast_double(&parsed.decimal, &number))
        number = strtod_l(terminated(c, parsed.text), NULL, c->c_locale);
    if (lost(&parsed, number))
        return out_of_range(c, target, value);
    if (c->format != COPY_BINARY)
        return convert_put_text(c, p, parsed.text);
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    p = convert_room(c, p, 12);
    return p ? put_be64(put_be32(p, 8), bits) : NULL;
}

char *convert_float4(struct convert *c, const struct target *target, const struct json_value *value,
                     char *p)
{
    struct parsed parsed;
    float number;
    if (!parse(c, target, value, &parsed))
        return NULL;
    if (parsed.special)
        number = (float)parsed.special_value;
    else if (!fast_float(&parsed.decimal, &number))
        number = strtof_l(terminated(c, parsed.text), NULL, c->c_locale);
    if (lost(&parsed, (double)number))
        return out_of_range(c, target, value);
    if (c->format != COPY_BINARY)
        return convert_put_text(c, p, parsed.text);
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    p = convert_room(c, p, 8);
    return p ? put_be32(put_be32(p, 4), bits) : NULL;
}
