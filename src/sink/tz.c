#include "sink/tz.h"

#include "base/civil.h"
#include "sink/tzif.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Where the offset changes. */
struct change {
    int64_t at; /* UTC; the moment itself has the offset `after` */
    int32_t before;
    int32_t after;
};

/* The day of `year` that a rule means, as days since 1970. */
static int64_t rule_day(const struct tz_rule_date *rule, int64_t year)
{
    int64_t january = civil_to_days((struct civil){year, 1, 1});
    switch (rule->kind) {
    case RULE_JULIAN: /* 29 February is never counted */
        return january + rule->day - 1 + (rule->day > 59 && civil_is_leap(year));
    case RULE_ZERO_BASED:
        return january + rule->day;
    case RULE_MONTH_WEEK:
        break;
    }
    int64_t first = civil_to_days((struct civil){year, rule->month, 1});
    int64_t weekday = floor_mod(first + 4, 7); /* 1970-01-01 was a Thursday */
    int64_t day = floor_mod(rule->day - weekday, 7) + (int64_t)7 * (rule->week - 1);
    if (day >= civil_days_in_month(year, rule->month))
        day -= 7; /* week 5: the last one */
    return first + day;
}

/* The two changes of a year by the rule that holds after the last listed one. */
static void changes_of_year(const struct tz *tz, int64_t year, struct change out[static 2])
{
    const struct tz_rule *rule = &tz->rule;
    out[0] = (struct change){rule_day(&rule->start, year) * 86400 + rule->start.time_s -
                                 rule->std_offset_s,
                             rule->std_offset_s, rule->dst_offset_s};
    out[1] =
        (struct change){rule_day(&rule->end, year) * 86400 + rule->end.time_s - rule->dst_offset_s,
                        rule->dst_offset_s, rule->std_offset_s};
}

static int64_t year_of(int64_t utc_s)
{
    return civil_from_days(floor_div(utc_s, 86400)).year;
}

/* The first change of the rule after `utc_s`. */
static struct change next_by_rule(const struct tz *tz, int64_t utc_s)
{
    struct change best = {INT64_MAX, 0, 0};
    int64_t year = year_of(utc_s);
    for (int64_t y = year - 1; y <= year + 1; y++) {
        struct change both[2];
        changes_of_year(tz, y, both);
        for (int i = 0; i < 2; i++)
            if (both[i].at > utc_s && both[i].at < best.at)
                best = both[i];
    }
    return best;
}

static int32_t offset_by_rule(const struct tz *tz, int64_t utc_s)
{
    if (!tz->rule.has_dst)
        return tz->rule.std_offset_s;
    return next_by_rule(tz, utc_s).before;
}

/* How many of the listed changes are at or before `utc_s`. */
static size_t listed_until(const struct tz *tz, int64_t utc_s)
{
    size_t low = 0;
    size_t high = tz->n_changes;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tz->at[middle] <= utc_s)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int32_t tz_offset_at(const struct tz *tz, int64_t utc_s)
{
    size_t n = listed_until(tz, utc_s);
    if (n == tz->n_changes && tz->has_rule)
        return offset_by_rule(tz, utc_s);
    return n == 0 ? tz->first_offset_s : tz->offset_s[n - 1];
}

/* The first change after `utc_s`; at == INT64_MAX if there is none, then only `before` counts. */
static struct change next_change(const struct tz *tz, int64_t utc_s)
{
    size_t n = listed_until(tz, utc_s);
    int32_t before = n == 0 ? tz->first_offset_s : tz->offset_s[n - 1];
    if (n < tz->n_changes)
        return (struct change){tz->at[n], before, tz->offset_s[n]};
    if (!tz->has_rule)
        return (struct change){INT64_MAX, before, before};
    if (!tz->rule.has_dst)
        return (struct change){INT64_MAX, tz->rule.std_offset_s, tz->rule.std_offset_s};
    return next_by_rule(tz, utc_s);
}

int32_t tz_offset_of_local(const struct tz *tz, int64_t local_s)
{
    /* No offset is as large as a day, so any change that matters comes after this. */
    struct change change = next_change(tz, local_s - 86400);
    int64_t if_before = local_s - change.before;
    int64_t if_after = local_s - change.after;
    if (if_before < change.at && if_after < change.at)
        return change.before;
    if (if_before > change.at && if_after >= change.at)
        return change.after;
    /* Clocks went forward over this time, or back through it. */
    return if_before > if_after ? change.before : change.after;
}

void tz_free(struct tz *tz)
{
    if (!tz)
        return;
    free(tz->at);
    free(tz->offset_s);
    free(tz);
}
