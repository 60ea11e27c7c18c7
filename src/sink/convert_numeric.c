/*
 * numeric, numeric(p,s).
 *
 * Binary form: count of digits to base 10000, weight of the first one, sign, display scale, digits.
 * Nothing here is larger than the text of the number, whatever exponent it has: a value out of the
 * type's range is known before a digit is written.
 */
#include "base/civil.h"
#include "sink/convert.h"
#include "sink/decimal.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BASE = 10000,
    BASE_DIGITS = 4, /* decimal digits in one of base 10000 */
    SIGN_MINUS = 0x4000,
    SIGN_NAN = 0xC000,
    SIGN_INFINITY = 0xD000,
    SIGN_MINUS_INFINITY = 0xF000,
    MAX_TOP = 131072 - 1, /* power of ten of the largest first digit */
    MAX_SCALE = 16383,
};

struct numeric {
    uint16_t *groups; /* digits to base 10000, no zeros at either end */
    size_t n;
    int64_t weight; /* power of 10000 of the first */
    bool negative;
    int64_t scale; /* digits to show behind the point */
};

static int64_t power_of_group(int64_t power_of_ten)
{
    return floor_div(power_of_ten, BASE_DIGITS);
}

static uint16_t power_in_group(int64_t power_of_ten)
{
    static const uint16_t powers[] = {1, 10, 100, 1000};
    return powers[floor_mod(power_of_ten, BASE_DIGITS)];
}

/* Add one unit of `power_of_ten`; groups[0] is a spare for the last carry. */
static void round_up(struct numeric *number, int64_t power_of_ten)
{
    size_t at = (size_t)(number->weight - power_of_group(power_of_ten));
    unsigned carry = power_in_group(power_of_ten);
    while (carry > 0) {
        unsigned sum = number->groups[at] + carry;
        number->groups[at] = (uint16_t)(sum % BASE);
        carry = sum / BASE;
        at--;
    }
}

static void strip_zeros(struct numeric *number)
{
    while (number->n > 0 && number->groups[0] == 0) {
        number->groups++;
        number->n--;
        number->weight--;
    }
    while (number->n > 0 && number->groups[number->n - 1] == 0)
        number->n--;
    if (number->n == 0)
        number->weight = 0;
    number->negative = number->negative && number->n > 0;
}

/*
 * The digits down to 10^lowest, rounded half away from zero. Room: two bytes for each group from
 * the first digit's (or lowest, if that is higher) to lowest's, and one to carry into.
 */
static void set_groups(struct convert *c, const struct decimal *d, int64_t lowest,
                       struct numeric *out)
{
    int64_t top = decimal_top(d);
    int64_t first = top < lowest ? lowest : top;
    out->weight = power_of_group(first) + 1;
    out->n = (size_t)(out->weight - power_of_group(lowest)) + 1;
    buf_clear(&c->groups);
    void *room = buf_reserve(&c->groups, out->n * sizeof *out->groups);
    if (!room)
        abort();
    out->groups = memset(room, 0, out->n * sizeof *out->groups);

    const char *p = d->digits;
    int64_t at = top;
    size_t left = d->n_digits;
    for (; left > 0 && at >= lowest; left--, at--) {
        size_t group = (size_t)(out->weight - power_of_group(at));
        out->groups[group] =
            (uint16_t)(out->groups[group] + decimal_digit(&p) * power_in_group(at));
    }
    if (left > 0 && at == lowest - 1 && decimal_digit(&p) >= 5)
        round_up(out, lowest);
    strip_zeros(out);
}

/* Power of ten of the first digit. */
static int64_t top_of(const struct numeric *number)
{
    int64_t top = number->weight * BASE_DIGITS;
    for (unsigned power = 10; power <= number->groups[0]; power *= 10)
        top++;
    return top;
}

static char *overflow(struct convert *c, const struct target *target,
                      const struct json_value *value)
{
    char what[96];
    snprintf(what, sizeof what, "is out of range for type %s", target->column->type_name);
    return convert_bad(c, "22003", value, what);
}

static bool set_number(struct convert *c, const struct column *column, const struct decimal *d,
                       struct numeric *out)
{
    *out = (struct numeric){.negative = d->negative};
    bool fixed = column->precision > 0;
    int64_t digits_before = fixed ? column->precision - column->scale : MAX_TOP + 1;
    /* The server refuses such an exponent before it looks at the digits. */
    if (llabs(d->written_exponent) >= DECIMAL_MAX_EXPONENT)
        return false;
    out->scale = fixed ? column->scale : d->scale;
    if (out->scale < 0)
        out->scale = 0;
    if (out->scale > MAX_SCALE)
        return false;
    if (d->n_digits == 0) {
        out->negative = false;
        return true;
    }
    if (decimal_top(d) >= digits_before)
        return false;
    int64_t lowest = fixed && d->exponent < -column->scale ? -column->scale : d->exponent;
    if (decimal_top(d) < lowest - 1) { /* far below what the type can tell from zero */
        out->negative = false;
        return true;
    }
    set_groups(c, d, lowest, out);
    /* Rounding may have made it one digit longer. */
    return out->n == 0 || top_of(out) < digits_before;
}

static char *put_header(char *p, size_t n, int64_t weight, uint16_t sign, int64_t scale)
{
    p = put_be32(p, (uint32_t)(8 + 2 * n));
    p = put_be16(p, (uint16_t)n);
    p = put_be16(p, (uint16_t)weight);
    p = put_be16(p, sign);
    return put_be16(p, (uint16_t)scale);
}

static char *put_number(struct convert *c, char *p, const struct numeric *number)
{
    p = convert_room(c, p, 12 + 2 * number->n);
    if (!p)
        return NULL;
    p = put_header(p, number->n, number->weight, number->negative ? SIGN_MINUS : 0, number->scale);
    for (size_t i = 0; i < number->n; i++)
        p = put_be16(p, number->groups[i]);
    return p;
}

/* NaN and the infinities; 0 if it is none of them. */
static uint16_t special_sign(struct slice text)
{
    bool sign = text.len > 0 && (text.ptr[0] == '+' || text.ptr[0] == '-');
    struct slice word = {text.ptr + sign, text.len - sign};
    if (!sign && slice_eq_nocase(word, SLICE_LIT("nan")))
        return SIGN_NAN;
    if (!slice_eq_nocase(word, SLICE_LIT("infinity")) && !slice_eq_nocase(word, SLICE_LIT("inf")))
        return 0;
    return text.ptr[0] == '-' ? SIGN_MINUS_INFINITY : SIGN_INFINITY;
}

static char *put_special(struct convert *c, const struct target *target,
                         const struct json_value *value, struct slice text, char *p)
{
    uint16_t sign = special_sign(text);
    if (sign == 0)
        return convert_bad(c, "22P02", value, "is not a number");
    if (sign != SIGN_NAN && target->column->precision > 0)
        return overflow(c, target, value);
    if (c->format != COPY_BINARY)
        return convert_put_text(c, p, text);
    p = convert_room(c, p, 12);
    return p ? put_header(p, 0, 0, sign, 0) : NULL;
}

char *convert_numeric(struct convert *c, const struct target *target,
                      const struct json_value *value, char *p)
{
    struct decimal d;
    struct numeric number;
    struct slice text = value->raw;
    if (value->type == JSON_STRING)
        text = convert_trimmed(c, target, value);
    else if (value->type != JSON_NUMBER)
        return convert_mismatch(c, target, value);
    if (!decimal_parse(text, &d))
        return put_special(c, target, value, text, p);
    if (!set_number(c, target->column, &d, &number))
        return overflow(c, target, value);
    return c->format == COPY_BINARY ? put_number(c, p, &number) : convert_put_text(c, p, text);
}
