/* POSIX TZ strings (IEEE Std 1003.1, 8.3), with RFC 8536's wider range of hours. */
#include "sink/cursor.h"
#include "sink/tzif.h"

static bool number(struct cursor *c, int max, int *out)
{
    const char *start = c->p;
    *out = 0;
    while (at_digit(c) && *out <= max)
        *out = *out * 10 + (*c->p++ - '0');
    return c->p > start && *out <= max;
}

/* A zone's abbreviation: letters, or anything within < >. */
static bool name(struct cursor *c)
{
    const char *start = c->p;
    if (accept(c, '<')) {
        while (c->p < c->end && *c->p != '>')
            c->p++;
        return accept(c, '>');
    }
    while (c->p < c->end && ((*c->p | 0x20) >= 'a' && (*c->p | 0x20) <= 'z'))
        c->p++;
    return c->p - start >= 3;
}

/* [sign] hh [:mm [:ss]] as seconds. */
static bool clock_time(struct cursor *c, int max_hours, int32_t *out)
{
    int hours;
    int minutes = 0;
    int seconds = 0;
    bool negative = accept(c, '-');
    if (!negative)
        (void)accept(c, '+');
    if (!number(c, max_hours, &hours))
        return false;
    if (accept(c, ':') && !number(c, 59, &minutes))
        return false;
    if (accept(c, ':') && !number(c, 59, &seconds))
        return false;
    *out = (hours * 3600 + minutes * 60 + seconds) * (negative ? -1 : 1);
    return true;
}

static bool month_week(struct cursor *c, struct tz_rule_date *out)
{
    return number(c, 12, &out->month) && out->month >= 1 && accept(c, '.') &&
           number(c, 5, &out->week) && out->week >= 1 && accept(c, '.') && number(c, 6, &out->day);
}

static bool rule_date(struct cursor *c, struct tz_rule_date *out)
{
    bool ok;
    *out = (struct tz_rule_date){.time_s = 2 * 3600};
    if (accept(c, 'M')) {
        out->kind = RULE_MONTH_WEEK;
        ok = month_week(c, out);
    } else if (accept(c, 'J')) {
        out->kind = RULE_JULIAN;
        ok = number(c, 365, &out->day) && out->day >= 1;
    } else {
        out->kind = RULE_ZERO_BASED;
        ok = number(c, 365, &out->day);
    }
    return ok && (!accept(c, '/') || clock_time(c, 167, &out->time_s));
}

bool tz_rule_parse(struct tz_rule *rule, struct slice text)
{
    struct cursor c = {text.ptr, text.ptr + text.len};
    int32_t west;
    *rule = (struct tz_rule){0};
    if (!name(&c) || !clock_time(&c, 24, &west))
        return false;
    rule->std_offset_s = -west;
    if (c.p == c.end)
        return true;
    rule->has_dst = true;
    rule->dst_offset_s = rule->std_offset_s + 3600;
    if (!name(&c))
        return false;
    if (!at(&c, ',')) {
        if (!clock_time(&c, 24, &west))
            return false;
        rule->dst_offset_s = -west;
    }
    return accept(&c, ',') && rule_date(&c, &rule->start) && accept(&c, ',') &&
           rule_date(&c, &rule->end) && c.p == c.end;
}
