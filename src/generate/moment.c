#include "generate/moment.h"

#include "base/civil.h"
#include "generate/put.h"

#include <time.h>

#define US_PER_S 1000000
#define S_PER_DAY 86400
#define DAY_BYTES 11    /* of the text, with the blank behind the day */
#define SECOND_BYTES 19 /* ... to the second */

void moment_init(struct moment *moment, bool utc)
{
    *moment =
        (struct moment){.utc = utc, .now_us = INT64_MIN, .second = INT64_MIN, .today = INT64_MIN};
    if (!utc)
        tzset();
}

static int32_t local_offset_s(int64_t second)
{
    time_t at = (time_t)second;
    struct tm local;
    return localtime_r(&at, &local) ? (int32_t)local.tm_gmtoff : 0;
}

static void set_day(struct moment *moment, int64_t day)
{
    struct civil date = civil_from_days(day);
    moment->today = day;
    char *at = put_four(moment->text, (unsigned)date.year);
    *at++ = '-';
    at = put_two(at, (unsigned)date.month);
    *at++ = '-';
    at = put_two(at, (unsigned)date.day);
    *at = ' ';
}

static void set_second(struct moment *moment, int64_t second)
{
    moment->second = second;
    moment->offset_s = moment->utc ? 0 : local_offset_s(second);
    int64_t local = second + moment->offset_s;
    unsigned in_day = (unsigned)floor_mod(local, S_PER_DAY);
    int64_t day = floor_div(local, S_PER_DAY);
    if (day != moment->today)
        set_day(moment, day);
    char *at = moment->text + DAY_BYTES;
    at = put_two(at, in_day / 3600);
    *at++ = ':';
    at = put_two(at, in_day / 60 % 60);
    *at++ = ':';
    put_two(at, in_day % 60);
}

void moment_set(struct moment *moment, int64_t now_us)
{
    if (now_us < MOMENT_FIRST_US)
        now_us = MOMENT_FIRST_US;
    if (now_us > MOMENT_LAST_US)
        now_us = MOMENT_LAST_US;
    if (now_us == moment->now_us)
        return;
    int64_t second = floor_div(now_us, US_PER_S);
    moment->now_us = now_us;
    if (second != moment->second)
        set_second(moment, second);
    unsigned micros = (unsigned)(now_us - second * US_PER_S);
    moment->text[SECOND_BYTES] = '.';
    put_digits(moment->text + SECOND_BYTES + 1, micros, 6);
    moment->text_bytes = micros == 0 ? SECOND_BYTES : MOMENT_TEXT_BYTES;
}
