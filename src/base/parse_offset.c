/* Offsets as people name them: beginning, -100, @2024-05-01T12:00, @-10m; see config.h. */
#include "base/clock.h"
#include "base/config.h"
#include "base/settings.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    enum offset_kind kind;
} offset_words[] = {
    {"beginning", OFFSET_BEGINNING}, {"earliest", OFFSET_BEGINNING},
    {"start", OFFSET_BEGINNING},     {"end", OFFSET_END},
    {"latest", OFFSET_END},          {"stored", OFFSET_STORED},
};

/* Exactly `digits` digits within lo..hi. */
static int take_field(const char **pos, int digits, int lo, int hi, int *out)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        if (!isdigit((unsigned char)(*pos)[i]))
            return -1;
        value = value * 10 + ((*pos)[i] - '0');
    }
    if (value < lo || value > hi)
        return -1;
    *pos += digits;
    *out = value;
    return 0;
}

static int take_char(const char **pos, char c)
{
    if (**pos != c)
        return -1;
    (*pos)++;
    return 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int take_date(const char **pos, struct tm *tm)
{
    int year;
    int month;
    int day;
    if (take_field(pos, 4, 1, 9999, &year) < 0 || take_char(pos, '-') < 0 ||
        take_field(pos, 2, 1, 12, &month) < 0 || take_char(pos, '-') < 0 ||
        take_field(pos, 2, 1, days_in_month(year, month), &day) < 0)
        return -1;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return 0;
}

/* .1 to .123456; what is finer than a millisecond is cut. */
static int take_fraction_ms(const char **pos, int *ms)
{
    int digits = 0;
    int scale = 100;
    *ms = 0;
    for (; isdigit((unsigned char)**pos); (*pos)++, digits++, scale /= 10)
        *ms += (**pos - '0') * scale;
    return digits >= 1 && digits <= 9 ? 0 : -1;
}

static int take_time(const char **pos, struct tm *tm, int *ms)
{
    if (take_field(pos, 2, 0, 23, &tm->tm_hour) < 0 || take_char(pos, ':') < 0 ||
        take_field(pos, 2, 0, 59, &tm->tm_min) < 0)
        return -1;
    if (**pos != ':')
        return 0;
    (*pos)++;
    if (take_field(pos, 2, 0, 59, &tm->tm_sec) < 0)
        return -1;
    if (**pos != '.')
        return 0;
    (*pos)++;
    return take_fraction_ms(pos, ms);
}

/* Z, +hh, +hhmm or +hh:mm; nothing is UTC. */
static int take_zone(const char **pos, int *seconds_east)
{
    int hours;
    int minutes = 0;
    *seconds_east = 0;
    if (!**pos)
        return 0;
    if (**pos == 'Z') {
        (*pos)++;
        return 0;
    }
    int sign = **pos == '-' ? -1 : 1;
    if (**pos != '+' && **pos != '-')
        return -1;
    (*pos)++;
    if (take_field(pos, 2, 0, 15, &hours) < 0)
        return -1;
    if (**pos == ':')
        (*pos)++;
    else if (!**pos)
        goto done;
    if (take_field(pos, 2, 0, 59, &minutes) < 0)
        return -1;
done:
    *seconds_east = sign * (hours * 3600 + minutes * 60);
    return 0;
}

int parse_time_ms(const char *text, int64_t *out, struct err *err)
{
    struct tm tm = {0};
    int ms = 0;
    int seconds_east = 0;
    const char *pos = text;
    int rc = take_date(&pos, &tm);
    if (rc == 0 && (*pos == 'T' || *pos == ' ')) {
        pos++;
        rc = take_time(&pos, &tm, &ms);
        if (rc == 0)
            rc = take_zone(&pos, &seconds_east);
    }
    if (rc < 0 || *pos)
        return err_set(err, ERR_USAGE,
                       "\"%s\" is not a time: write 2024-05-01, 2024-05-01T12:30 or "
                       "2024-05-01T12:30:00.250+02:00 (UTC without an offset)",
                       text);
    *out = ((int64_t)timegm(&tm) - seconds_east) * 1000 + ms;
    return 0;
}

int parse_ago_ms(const char *text, int64_t now_ms, int64_t *out, struct err *err)
{
    int64_t ago_ms = 0;
    if (*text != '-' && strcmp(text, "now") != 0)
        return 1;
    if (*text == '-' && parse_duration_ms(text + 1, &ago_ms, err) < 0)
        return -1;
    *out = now_ms - ago_ms;
    return 0;
}

int parse_when_ms(const char *text, int64_t now_ms, int64_t *out, struct err *err)
{
    int rc = parse_ago_ms(text, now_ms, out, err);
    if (rc <= 0)
        return rc;
    return parse_time_ms(text, out, err) < 0
               ? err_set(err, ERR_USAGE, "%s, or now, or -2h for so long before it", err->text)
               : 0;
}

static int parse(const char *text, const char *stored, struct offset_spec *out, struct err *err)
{
    struct offset_spec spec = {0};
    for (size_t i = 0; i < sizeof offset_words / sizeof *offset_words; i++)
        if (!strcmp(text, offset_words[i].name)) {
            *out = (struct offset_spec){.kind = offset_words[i].kind};
            return 0;
        }
    if (*text == '@') {
        spec.kind = OFFSET_TIME;
        if (parse_when_ms(text + 1, clock_wall_us() / 1000, &spec.value, err) < 0)
            return -1;
        *out = spec;
        return 0;
    }
    bool since_epoch = !strncmp(text, "s@", 2);
    if (parse_integer(text + (since_epoch ? 2 : 0), &spec.value) == 0 &&
        !(since_epoch && spec.value < 0) && strcmp(text, "-0") != 0) {
        spec.kind = since_epoch ? OFFSET_TIME : spec.value < 0 ? OFFSET_TAIL : OFFSET_ABSOLUTE;
        spec.value = spec.value < 0 ? -spec.value : spec.value;
        *out = spec;
        return 0;
    }
    return err_set(err, ERR_USAGE,
                   "\"%s\" is not an offset: write beginning, end, %sN, -N (the last N), "
                   "@TIME, @-10m or s@MILLISECONDS",
                   text, stored);
}

int parse_offset_spec(const char *text, struct offset_spec *out, struct err *err)
{
    return parse(text, "stored, ", out, err);
}

int parse_offset_place(const char *text, struct offset_spec *out, struct err *err)
{
    return parse(text, "", out, err);
}
