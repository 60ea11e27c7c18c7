#include "generate/pace.h"

#include "base/config.h"
#include "base/settings.h"

#include <stdio.h>
#include <string.h>

#define US_PER_S 1e6
#define S_PER_DAY 86400.0
#define STREAM_PACE 101
#define MAX_EVERY_MS (INT64_C(36525) * 86400 * 1000)
#define FAR_US (INT64_MAX / 4) /* 73,000 years: nothing is due later */

int pace_parse_every(const char *text, struct pace *pace, struct err *err)
{
    char first[32];
    const char *dots = strstr(text, "..");
    size_t n = dots ? (size_t)(dots - text) : strlen(text);
    int64_t min_ms = 0;
    int64_t max_ms = 0;
    if (n >= sizeof first)
        n = sizeof first - 1;
    snprintf(first, sizeof first, "%.*s", (int)n, text);
    if (parse_duration_ms(first, &min_ms, err) < 0 ||
        parse_duration_ms(dots ? dots + 2 : first, &max_ms, err) < 0)
        return err_set(err, ERR_USAGE, "\"%s\" is not a time between records: write 8s or 1s..15s",
                       text);
    if (max_ms > MAX_EVERY_MS || min_ms > MAX_EVERY_MS)
        return err_set(err, ERR_USAGE, "\"%s\" is more than 36525 days", text);
    if (min_ms > max_ms || max_ms == 0)
        return err_set(err, ERR_USAGE, "\"%s\": %s", text,
                       max_ms == 0 ? "no time at all; --rate max is as fast as it goes"
                                   : "the shorter time comes first");
    *pace = (struct pace){.kind = PACE_EVERY, .min_us = min_ms * 1000, .max_us = max_ms * 1000};
    return 0;
}

int pace_parse_rate(const char *text, struct pace *pace, struct err *err)
{
    *pace = (struct pace){.kind = PACE_MAX};
    if (!strcmp(text, "max"))
        return 0;
    pace->kind = PACE_RATE;
    if (parse_rate(text, &pace->per_s, err) < 0)
        return err_set(err, ERR_USAGE,
                       "\"%s\" is not a rate: write 100/s, 600/m, 50/h, 10/d or max", text);
    if (pace->per_s <= 0)
        return err_set(err, ERR_USAGE, "\"%s\": at no rate nothing is made", text);
    return 0;
}

void pace_chapter(struct pace *pace)
{
    *pace = (struct pace){.kind = PACE_EVERY, .min_us = 1000000, .max_us = 15000000};
}

void pace_start(struct pace *pace, uint64_t seed)
{
    rng_seed(&pace->rng, seed, STREAM_PACE);
    pace->due_us = 0;
    pace->n = 0;
}

int64_t pace_next(struct pace *pace)
{
    uint64_t n = pace->n++;
    switch (pace->kind) {
    case PACE_MAX:
        return 0;
    case PACE_EVERY:
        if (n > 0 && pace->due_us < FAR_US)
            pace->due_us += rng_between(&pace->rng, pace->min_us, pace->max_us);
        return pace->due_us;
    case PACE_RATE:
        break;
    }
    double due_us = (double)n * US_PER_S / pace->per_s;
    return due_us < (double)FAR_US ? (int64_t)due_us : FAR_US;
}

double pace_per_day(const struct pace *pace)
{
    if (pace->kind == PACE_RATE)
        return pace->per_s * S_PER_DAY;
    if (pace->kind == PACE_EVERY)
        return S_PER_DAY * US_PER_S * 2 / (double)(pace->min_us + pace->max_us);
    return 0;
}
