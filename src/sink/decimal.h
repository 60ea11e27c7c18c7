/*
 * A decimal number as it is written, taken apart but not yet rounded to any machine type.
 *
 *     value = digits × 10^exponent, with neither leading nor trailing zeros among the digits
 *
 * Nothing is copied: the digits are in the text, perhaps with the point among them.
 */
#ifndef WEIR_SINK_DECIMAL_H
#define WEIR_SINK_DECIMAL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exponents beyond this are all the same to every type of PostgreSQL. */
#define DECIMAL_MAX_EXPONENT ((int64_t)1 << 30)

struct decimal {
    bool negative;
    const char *digits; /* the first significant digit; skip one '.' on the way */
    size_t n_digits;    /* 0: the value is zero */
    int64_t exponent;   /* power of ten of the last significant digit; 0 for zero */
    int64_t scale;      /* digits behind the point as written, the exponent applied; may be < 0 */
    int64_t written_exponent; /* what stood behind the e, at most DECIMAL_MAX_EXPONENT either way */
};

/* [sign] digits [. digits] [e [sign] digits], the point anywhere; false if it is not one. */
bool decimal_parse(struct slice text, struct decimal *out);

/* Power of ten of the first significant digit. Not for zero. */
static inline int64_t decimal_top(const struct decimal *d)
{
    return d->exponent + (int64_t)d->n_digits - 1;
}

/* The next digit at *p, which moves on behind it. */
static inline unsigned decimal_digit(const char **p)
{
    if (**p == '.')
        (*p)++;
    return (unsigned)(*(*p)++ - '0');
}

enum decimal_fit { DECIMAL_FITS, DECIMAL_FRACTION, DECIMAL_TOO_LARGE };
/* The value times 10^shift as a whole number of 64 bits. */
enum decimal_fit decimal_to_int64(const struct decimal *d, int shift, int64_t *out);
/* The same with a fraction rounded half away from zero. */
enum decimal_fit decimal_round_to_int64(const struct decimal *d, int shift, int64_t *out);

#endif
