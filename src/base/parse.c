/* Durations, sizes, shares and rates as people write them; see config.h and settings.h. */
#include "base/config.h"
#include "base/settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct unit {
    const char *name;
    int64_t factor;
};

/* From the largest: a compound duration (1h30m) names them in this order. */
static const struct unit duration_units[] = {
    {"w", INT64_C(604800000)}, {"d", INT64_C(86400000)}, {"h", INT64_C(3600000)},
    {"m", INT64_C(60000)},     {"s", INT64_C(1000)},     {"ms", INT64_C(1)},
};
#define N_DURATION_UNITS (sizeof duration_units / sizeof *duration_units)

static const struct unit size_units[] = {
    {"", 1},
    {"B", 1},
    {"KiB", INT64_C(1) << 10},
    {"MiB", INT64_C(1) << 20},
    {"GiB", INT64_C(1) << 30},
    {"TiB", INT64_C(1) << 40},
};
#define N_SIZE_UNITS (sizeof size_units / sizeof *size_units)

/* Digits at *pos; moves it behind them. -1 without a digit or past the range. */
static int take_digits(const char **pos, int64_t *out)
{
    const char *p = *pos;
    int64_t value = 0;
    if (!isdigit((unsigned char)*p))
        return -1;
    for (; isdigit((unsigned char)*p); p++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *p - '0', &value))
            return -1;
    *pos = p;
    *out = value;
    return 0;
}

int parse_integer(const char *text, int64_t *out)
{
    const char *pos = text;
    bool negative = *pos == '-';
    pos += negative;
    int64_t value;
    if (take_digits(&pos, &value) < 0 || *pos)
        return -1;
    *out = negative ? -value : value;
    return 0;
}

/* One "10s" of a duration; units must get smaller from one to the next. */
static int take_duration_part(const char **pos, size_t *smallest, int64_t *sum)
{
    int64_t number;
    if (take_digits(pos, &number) < 0)
        return -1;
    size_t length = 0;
    while (isalpha((unsigned char)(*pos)[length]))
        length++;
    for (size_t i = *smallest; i < N_DURATION_UNITS; i++) {
        const struct unit *unit = &duration_units[i];
        if (strlen(unit->name) != length || strncmp(unit->name, *pos, length) != 0)
            continue;
        *smallest = i + 1;
        *pos += length;
        if (__builtin_mul_overflow(number, unit->factor, &number))
            return -1;
        return __builtin_add_overflow(*sum, number, sum) ? -1 : 0;
    }
    return -1;
}

int parse_duration_ms(const char *text, int64_t *out, struct err *err)
{
    const char *pos = text;
    size_t smallest = 0;
    int64_t sum = 0;
    int rc = *pos ? 0 : -1;
    if (!strcmp(text, "0"))
        pos++;
    while (rc == 0 && *pos)
        rc = take_duration_part(&pos, &smallest, &sum);
    if (rc < 0)
        return err_set(err, ERR_USAGE,
                       "\"%s\" is not a duration: write 250ms, 10s, 5m, 1h, 2d, 1w or 1h30m", text);
    *out = sum;
    return 0;
}

int parse_size_bytes(const char *text, int64_t *out, struct err *err)
{
    const char *pos = text;
    int64_t number;
    if (take_digits(&pos, &number) == 0) {
        while (*pos == ' ')
            pos++;
        for (size_t i = 0; i < N_SIZE_UNITS; i++)
            if (!strcmp(pos, size_units[i].name) &&
                !__builtin_mul_overflow(number, size_units[i].factor, out))
                return 0;
    }
    return err_set(err, ERR_USAGE,
                   "\"%s\" is not a size: write bytes or a whole number of KiB, MiB, GiB or TiB "
                   "(64KiB, 4MiB)",
                   text);
}

/* A plain decimal number; strtod() alone would take "inf", "0x1p3", blanks and signs as well. */
static int take_decimal(const char **pos, double *out)
{
    const char *p = *pos;
    while (isdigit((unsigned char)*p))
        p++;
    if (p == *pos)
        return -1;
    if (*p == '.') {
        p++;
        if (!isdigit((unsigned char)*p))
            return -1;
        while (isdigit((unsigned char)*p))
            p++;
    }
    *out = strtod(*pos, NULL);
    *pos = p;
    return 0;
}

int parse_share(const char *text, double *out, struct err *err)
{
    const char *pos = text;
    double percent;
    if (take_decimal(&pos, &percent) < 0 || strcmp(pos, "%") != 0 || percent > 100)
        return err_set(err, ERR_USAGE, "\"%s\" is not a share: write 0%% to 100%%, such as 50%%",
                       text);
    *out = percent / 100;
    return 0;
}

int parse_rate(const char *text, double *per_s, struct err *err)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"/s", 1}, {"/m", 60}, {"/h", 3600}, {"/d", 86400}};
    const char *pos = text;
    double number;
    if (take_decimal(&pos, &number) == 0) {
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (!strcmp(pos, units[i].name)) {
                *per_s = number / units[i].seconds;
                return 0;
            }
    }
    return err_set(err, ERR_USAGE, "\"%s\" is not a rate: write 100/s, 600/m, 50/h or 10/d", text);
}
