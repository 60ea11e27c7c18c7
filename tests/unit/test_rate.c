/* Rates: where borders of time lie, which slots a wish becomes, and the figures drawn from counts.
 */
#include "unit.h"

#include "base/settings.h"
#include "inspect/key_count.h"
#include "inspect/rate_plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int64_t at(const char *text)
{
    struct err err;
    int64_t ms;
    if (parse_time_ms(text, &ms, &err) < 0)
        fail_msg("%s", err.text);
    return ms;
}

static struct tz *zone(const char *name)
{
    struct err err;
    struct tz *tz = NULL;
    if (tz_open(&tz, name, &err) < 0)
        fail_msg("%s", err.text);
    return tz;
}

/* ---- borders ---- */

static void test_borders_lie_where_clocks_show_them(void **state)
{
    static const struct {
        const char *zone;
        enum time_unit_kind unit;
        const char *at;
        const char *before;
        const char *after;
    } cases[] = {
        {"UTC", UNIT_SECOND, "2026-01-01T00:00:00.999", "2026-01-01", "2026-01-01T00:00:01"},
        {"UTC", UNIT_SECOND, "1969-12-31T23:59:59.500", "1969-12-31T23:59:59", "1970-01-01"},
        {"UTC", UNIT_MINUTE, "1969-12-31T23:59:59.500", "1969-12-31T23:59", "1970-01-01"},
        {"UTC", UNIT_DAY, "1969-12-31T23:59:59.999", "1969-12-31", "1970-01-01"},
        {"UTC", UNIT_DAY, "2024-02-29", "2024-02-29", "2024-03-01"},
        {"UTC", UNIT_HOUR, "2026-01-01T05:00", "2026-01-01T05:00", "2026-01-01T06:00"},
        {"+05:30", UNIT_HOUR, "2026-01-01T10:15", "2026-01-01T09:30", "2026-01-01T10:30"},
        {"Asia/Kolkata", UNIT_HOUR, "2026-01-01T10:45", "2026-01-01T10:30", "2026-01-01T11:30"},
        {"Asia/Kathmandu", UNIT_HOUR, "2026-01-01T10:00", "2026-01-01T09:15", "2026-01-01T10:15"},
        {"Asia/Kolkata", UNIT_DAY, "2026-01-01T18:29", "2025-12-31T18:30", "2026-01-01T18:30"},
        /* Clocks go forward: a day of 23 hours. */
        {"Europe/Bucharest", UNIT_DAY, "2026-03-29T12:00", "2026-03-28T22:00", "2026-03-29T21:00"},
        {"Europe/Bucharest", UNIT_HOUR, "2026-03-29T00:30", "2026-03-29T00:00", "2026-03-29T01:00"},
        {"Europe/Bucharest", UNIT_HOUR, "2026-03-29T01:30", "2026-03-29T01:00", "2026-03-29T02:00"},
        /* And back: one of 25. */
        {"Europe/Bucharest", UNIT_DAY, "2026-10-25T12:00", "2026-10-24T21:00", "2026-10-25T22:00"},
        {"Europe/Bucharest", UNIT_HOUR, "2026-10-25T01:00", "2026-10-25T01:00", "2026-10-25T02:00"},
        {"America/New_York", UNIT_DAY, "2026-11-01T12:00", "2026-11-01T04:00", "2026-11-02T05:00"},
        /* By half an hour. */
        {"Australia/Lord_Howe", UNIT_HOUR, "2026-10-03T15:45", "2026-10-03T14:30",
         "2026-10-03T16:00"},
        {"Australia/Lord_Howe", UNIT_HOUR, "2026-10-03T14:30", "2026-10-03T14:30",
         "2026-10-03T16:00"},
        {"Australia/Lord_Howe", UNIT_HOUR, "2026-04-04T15:10", "2026-04-04T14:00",
         "2026-04-04T15:30"},
        /* Midnight is left out; it comes twice; a day is left out. */
        {"America/Sao_Paulo", UNIT_DAY, "2018-11-04T03:00", "2018-11-04T03:00", "2018-11-05T02:00"},
        {"America/Sao_Paulo", UNIT_DAY, "2018-11-04T02:59", "2018-11-03T03:00", "2018-11-04T03:00"},
        {"America/St_Johns", UNIT_DAY, "2010-11-07T02:30", "2010-11-06T02:30", "2010-11-07T03:30"},
        {"America/St_Johns", UNIT_DAY, "2010-11-07T03:30", "2010-11-07T03:30", "2010-11-08T03:30"},
        {"Pacific/Apia", UNIT_DAY, "2011-12-30T09:59", "2011-12-29T10:00", "2011-12-30T10:00"},
        {"Pacific/Apia", UNIT_DAY, "2011-12-30T10:00", "2011-12-30T10:00", "2011-12-31T10:00"},
        /* Local mean time, 1:44:24 east. */
        {"Europe/Bucharest", UNIT_HOUR, "1880-01-01T12:00", "1880-01-01T11:15:36",
         "1880-01-01T12:15:36"},
        {"Europe/Bucharest", UNIT_MINUTE, "1880-01-01T12:00", "1880-01-01T11:59:36",
         "1880-01-01T12:00:36"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tz *tz = zone(cases[i].zone);
        int64_t before = border_before(tz, cases[i].unit, at(cases[i].at));
        int64_t after = border_after(tz, cases[i].unit, at(cases[i].at));
        if (before != at(cases[i].before) || after != at(cases[i].after))
            fail_msg("%s, %s of %s: off by %lld and %lld s", cases[i].zone,
                     unit_name(cases[i].unit), cases[i].at,
                     (long long)(before - at(cases[i].before)) / 1000,
                     (long long)(after - at(cases[i].after)) / 1000);
        tz_free(tz);
    }
}

/* At each change of a year: the borders are exactly the seconds at which clocks show a full unit.
 */
static void test_borders_agree_with_a_clock_that_is_watched(void **state)
{
    static const char *const zones[] = {"Europe/Bucharest", "America/Sao_Paulo", "Asia/Tehran",
                                        "Australia/Lord_Howe", "America/St_Johns"};
    const int64_t hour_s = 3600;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(zones); i++) {
        struct tz *tz = zone(zones[i]);
        for (int64_t s = at("2010-01-01") / 1000; s < at("2011-01-01") / 1000; s += hour_s) {
            if (tz_offset_at(tz, s) == tz_offset_at(tz, s + hour_s))
                continue;
            int64_t border = border_before(tz, UNIT_HOUR, s * 1000) / 1000;
            for (int64_t t = border + 1; t < s + 3 * hour_s; t++) {
                if ((t + tz_offset_at(tz, t)) % hour_s == 0)
                    border = t;
                assert_int_equal(border_before(tz, UNIT_HOUR, t * 1000 + 999), border * 1000);
                int64_t next = border_after(tz, UNIT_HOUR, t * 1000);
                assert_int_equal(border_before(tz, UNIT_HOUR, next - 1), border * 1000);
                assert_int_equal(border_before(tz, UNIT_HOUR, next), next);
            }
        }
        tz_free(tz);
    }
}

static void test_borders_between_are_counted(void **state)
{
    static const struct {
        enum time_unit_kind unit;
        const char *from;
        const char *to;
        size_t n;
    } cases[] = {
        {UNIT_HOUR, "2026-01-01T00:00", "2026-01-01T01:00", 2},
        {UNIT_HOUR, "2026-01-01T00:30", "2026-01-01T00:31", 2},
        {UNIT_HOUR, "2026-01-01T00:30", "2026-01-01T01:30", 3},
        {UNIT_DAY, "2026-03-28T22:00", "2026-03-29T21:00", 2},   /* 23 hours */
        {UNIT_HOUR, "2026-03-28T22:00", "2026-03-29T21:00", 24}, /* and so many */
        {UNIT_HOUR, "2026-10-24T21:00", "2026-10-25T22:00", 26},
        {UNIT_SECOND, "2000-01-01", "2026-01-01", 820540801}, /* more than fit: counted by length */
        {UNIT_DAY, "0001-01-01", "9999-12-31", 3652059},
    };
    int64_t out[30];
    struct tz *tz = zone("Europe/Bucharest");
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t n = borders_between(tz, cases[i].unit, at(cases[i].from), at(cases[i].to), out,
                                   COUNT_OF(out));
        if (n + 1 < cases[i].n || n > cases[i].n + 1 || (n <= COUNT_OF(out) && n != cases[i].n))
            fail_msg("%s to %s: %zu borders", cases[i].from, cases[i].to, n);
        assert_true(out[0] <= at(cases[i].from));
        if (n <= COUNT_OF(out))
            assert_true(out[n - 1] >= at(cases[i].to) && out[n - 2] < at(cases[i].to));
    }
    tz_free(tz);
}

static void test_units_have_names(void **state)
{
    struct err err;
    enum time_unit_kind unit;
    (void)state;
    for (enum time_unit_kind i = UNIT_SECOND; i <= UNIT_DAY; i++) {
        assert_int_equal(unit_parse(unit_name(i), &unit, &err), 0);
        assert_int_equal(unit, i);
    }
    assert_int_equal(unit_parse("hours", &unit, &err), -1);
    assert_int_equal(err.class, ERR_USAGE);
    assert_non_null(strstr(err.text, "did you mean \"hour\""));
    assert_int_equal(unit_parse("fortnight", &unit, &err), -1);
    assert_non_null(strstr(err.text, "second, minute, hour or day"));
}

/* ---- the machine's time zone ---- */

static void test_the_machines_zone_is_found(void **state)
{
    static const struct {
        const char *variable;
        const char *link; /* of localtime */
        const char *file; /* timezone */
        const char *name; /* NULL: an error */
        int32_t offset_s; /* in January */
    } cases[] = {
        {NULL, NULL, NULL, "UTC", 0},
        {NULL, "/usr/share/zoneinfo/Europe/Bucharest", "Asia/Tokyo\n", "Europe/Bucharest", 7200},
        {NULL, "../usr/share/zoneinfo/Asia/Tokyo", NULL, "Asia/Tokyo", 32400},
        {NULL, NULL, "Asia/Tokyo\n", "Asia/Tokyo", 32400},
        {NULL, "/somewhere/else", "Asia/Tokyo", "Asia/Tokyo", 32400},
        {"", "/usr/share/zoneinfo/Europe/Bucharest", NULL, "UTC", 0},
        {"Asia/Tokyo", "/usr/share/zoneinfo/Europe/Bucharest", NULL, "Asia/Tokyo", 32400},
        {":Asia/Tokyo", NULL, NULL, "Asia/Tokyo", 32400},
        {"/usr/share/zoneinfo/Asia/Tokyo", NULL, NULL, "Asia/Tokyo", 32400},
        {"EET-2EEST,M3.5.0/3,M10.5.0/4", NULL, NULL, "EET-2EEST,M3.5.0/3,M10.5.0/4", 7200},
        {"<+0330>-3:30", NULL, NULL, "<+0330>-3:30", 12600},
        {"Asia/Tokio", NULL, NULL, NULL, 0},
        {"/etc/passwd", NULL, NULL, NULL, 0},
        {NULL, "/usr/share/zoneinfo/Asia/Tokio", NULL, NULL, 0},
    };
    char folder[] = "/tmp/weir-zone-XXXXXX";
    char link[64];
    char file[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(link, sizeof link, "%s/localtime", folder);
    snprintf(file, sizeof file, "%s/timezone", folder);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;
        struct tz *tz = NULL;
        char name[TZ_NAME_BYTES];
        unlink(link);
        unlink(file);
        if (cases[i].link)
            assert_int_equal(symlink(cases[i].link, link), 0);
        if (cases[i].file) {
            FILE *to = fopen(file, "w");
            assert_non_null(to);
            fputs(cases[i].file, to);
            fclose(to);
        }
        int rc = tz_open_machine_of(&tz, name, cases[i].variable, folder, &err);
        assert_int_equal(rc, cases[i].name ? 0 : -1);
        if (!cases[i].name) {
            assert_int_equal(err.class, ERR_USAGE);
            continue;
        }
        assert_string_equal(name, cases[i].name);
        assert_int_equal(tz_offset_at(tz, at("2026-01-15") / 1000), cases[i].offset_s);
        tz_free(tz);
    }
    unlink(link);
    unlink(file);
    rmdir(folder);
}

/* ---- slots ---- */

#define NOW "2026-11-26T14:52:10"

static struct rate_wish open_wish(void)
{
    return (struct rate_wish){.from_ms = RATE_OPEN, .to_ms = RATE_OPEN, .last_ms = RATE_OPEN};
}

static void test_a_wish_becomes_slots(void **state)
{
    static const struct {
        const char *per; /* NULL: open, as the rest */
        const char *from;
        const char *to;
        int64_t last_ms;
        const char *oldest; /* NULL: nothing is held */
        const char *newest;
        const char *zone;
        /* What comes of it. */
        enum time_unit_kind unit;
        size_t n;
        const char *first;
        const char *end;
        size_t whole; /* how many */
    } cases[] = {
        /* The finest unit that makes 60 slots; the last goes beyond now. */
        {NULL, NULL, NULL, 0, "2026-11-26T00:00", "2026-11-26T14:52", "UTC", UNIT_HOUR, 15,
         "2026-11-26T00:00", "2026-11-26T15:00", 14},
        {NULL, NULL, NULL, 0, "2026-11-26T14:52:00", "2026-11-26T14:52:10", "UTC", UNIT_SECOND, 11,
         "2026-11-26T14:52:00", "2026-11-26T14:52:11", 10},
        {NULL, NULL, NULL, 0, "2026-11-26T13:53", "2026-11-26T14:52", "UTC", UNIT_MINUTE, 60,
         "2026-11-26T13:53", "2026-11-26T14:53", 59},
        {NULL, NULL, NULL, 0, "2026-11-26T13:52", "2026-11-26T14:52", "UTC", UNIT_HOUR, 2,
         "2026-11-26T13:00", "2026-11-26T15:00", 0},
        /* A newest record on a border is behind it. */
        {"hour", NULL, NULL, 0, "2026-11-26T00:00", "2026-11-26T01:00", "UTC", UNIT_HOUR, 2,
         "2026-11-26T00:00", "2026-11-26T02:00", 1},
        /* What began within a slot was not there for all of it, and what ended in one neither. */
        {"hour", NULL, NULL, 0, "2026-11-26T00:01", "2026-11-26T02:59", "UTC", UNIT_HOUR, 3,
         "2026-11-26T00:00", "2026-11-26T03:00", 1},
        {"hour", NULL, NULL, 86400000, "2026-11-26T00:00", "2026-11-26T01:59", "UTC", UNIT_HOUR, 25,
         "2026-11-25T14:00", "2026-11-26T15:00", 13},
        /* Where it ends at the unit's end, or a minute ago at most, the unit is whole. */
        {"hour", NULL, NULL, 86400000, "2026-11-26T00:00", "2026-11-26T01:59:59.999", "UTC",
         UNIT_HOUR, 25, "2026-11-25T14:00", "2026-11-26T15:00", 14},
        {"minute", NULL, NULL, 120000, "2026-11-26T00:00", "2026-11-26T14:51:30", "UTC",
         UNIT_MINUTE, 3, "2026-11-26T14:50", "2026-11-26T14:53", 2},
        /* The day in which it ends is none, however the stretch was chosen. */
        {"day", NULL, NULL, 0, "2026-11-23", "2026-11-25T21:21", "UTC", UNIT_DAY, 3, "2026-11-23",
         "2026-11-26", 2},
        {"day", NULL, NULL, 3 * INT64_C(86400000), "2026-11-23", "2026-11-25T21:21", "UTC",
         UNIT_DAY, 4, "2026-11-23", "2026-11-27", 2},
        {"day", "2026-11-20", NULL, 0, "2026-11-23", "2026-11-25T21:21", "UTC", UNIT_DAY, 7,
         "2026-11-20", "2026-11-27", 2},
        {"day", "2026-11-20", "2026-11-26", 0, "2026-11-23", "2026-11-25T21:21", "UTC", UNIT_DAY, 6,
         "2026-11-20", "2026-11-26", 2},
        /* A person's own ends cut. */
        {"hour", "2026-11-26T05:45", "2026-11-26T08:15", 0, "2026-01-01", "2026-11-26", "UTC",
         UNIT_HOUR, 4, "2026-11-26T05:45", "2026-11-26T08:15", 2},
        {"hour", "2026-11-26T05:00", "2026-11-26T08:00", 0, "2026-01-01", "2026-11-26", "UTC",
         UNIT_HOUR, 3, "2026-11-26T05:00", "2026-11-26T08:00", 3},
        {"hour", "2026-11-26T05:10", "2026-11-26T05:20", 0, "2026-01-01", "2026-11-26", "UTC",
         UNIT_HOUR, 1, "2026-11-26T05:10", "2026-11-26T05:20", 0},
        {"day", NULL, "2026-01-03T12:00", 0, "2026-01-01", "2026-11-26", "UTC", UNIT_DAY, 3,
         "2026-01-01", "2026-01-03T12:00", 2},
        /* Silence behind it is whole: it is over, and nothing is missing. */
        {"day", "2026-11-24", NULL, 0, "2026-01-01", "2026-11-24", "UTC", UNIT_DAY, 3, "2026-11-24",
         "2026-11-27", 1},
        /* Days of 23 and 25 hours are whole. */
        {"day", "2026-03-27T22:00", "2026-03-30T21:00", 0, "2026-01-01", "2026-11-24",
         "Europe/Bucharest", UNIT_DAY, 3, "2026-03-27T22:00", "2026-03-30T21:00", 3},
        {"day", "2026-10-23T21:00", "2026-10-26T22:00", 0, "2026-01-01", "2026-11-24",
         "Europe/Bucharest", UNIT_DAY, 3, "2026-10-23T21:00", "2026-10-26T22:00", 3},
        {NULL, NULL, NULL, 0, NULL, NULL, "UTC", UNIT_SECOND, 1, NOW, "2026-11-26T14:52:11", 0},
        /* A clock that is ahead: what is behind now is left out, unless there is nothing else. */
        {NULL, NULL, NULL, 0, "2026-11-26T00:00", "9999-01-01", "UTC", UNIT_HOUR, 15,
         "2026-11-26T00:00", "2026-11-26T15:00", 14},
        {NULL, NULL, NULL, 0, "2027-01-01", "2027-01-01T01:00", "UTC", UNIT_HOUR, 2, "2027-01-01",
         "2027-01-01T02:00", 0},
        {"hour", NULL, "2026-01-01", 0, NULL, NULL, "UTC", UNIT_HOUR, 1, "2025-12-31T23:00",
         "2026-01-01", 0},
        /* 199 slots are 200 borders. */
        {"minute", "2026-11-26T00:00", "2026-11-26T03:19", 0, "2026-01-01", "2026-11-24", "UTC",
         UNIT_MINUTE, 199, "2026-11-26T00:00", "2026-11-26T03:19", 199},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        struct rate rate = {.now_ms = at(NOW)};
        struct rate_wish wish = open_wish();
        struct rate_held held = {.any = cases[i].oldest != NULL};
        struct tz *tz = zone(cases[i].zone);
        bool cut = true;
        wish.has_unit = cases[i].per && unit_parse(cases[i].per, &wish.unit, &err) == 0;
        wish.from_ms = cases[i].from ? at(cases[i].from) : RATE_OPEN;
        wish.to_ms = cases[i].to ? at(cases[i].to) : RATE_OPEN;
        wish.last_ms = cases[i].last_ms ? cases[i].last_ms : RATE_OPEN;
        if (held.any) {
            held.oldest_ms = at(cases[i].oldest);
            held.newest_ms = at(cases[i].newest);
        }
        if (rate_plan(&rate, &arena, &wish, tz, &held, &cut, &err) < 0)
            fail_msg("case %zu: %s", i, err.text);
        assert_false(cut);
        size_t whole = 0;
        for (size_t j = 0; j < rate.n_slots; j++) {
            whole += rate.slots[j].whole;
            assert_true(rate.slots[j].from_ms < rate.slots[j].to_ms);
            if (j > 0)
                assert_int_equal(rate.slots[j].from_ms, rate.slots[j - 1].to_ms);
        }
        if (rate.unit != cases[i].unit || rate.n_slots != cases[i].n || whole != cases[i].whole)
            fail_msg("case %zu: %zu slots of a %s, %zu of them whole", i, rate.n_slots,
                     unit_name(rate.unit), whole);
        assert_int_equal(rate.slots[0].from_ms, at(cases[i].first));
        assert_int_equal(rate.slots[rate.n_slots - 1].to_ms, at(cases[i].end));
        tz_free(tz);
    }
    arena_release(&arena);
}

/* Time counts until now, unless a stretch was named that is over or still to come. */
static void test_where_the_counting_ends(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *ends; /* NULL: now */
    } cases[] = {
        {NULL, NULL, NULL}, /* though the newest is of days ago */
        {"2026-11-20T10:30", NULL, NULL},
        {"2026-11-20T10:30", "2026-11-21T10:30", "2026-11-21T10:30"},
        {"2026-11-20T10:30", "2026-12-21T10:30", NULL},
        {"2026-12-20T10:30", "2026-12-21T10:30", "2026-12-21T10:30"},
    };
    struct tz *tz = zone("UTC");
    struct rate_held held = {.any = true,
                             .oldest_ms = at("2026-11-20"),
                             .newest_ms = at("2026-11-21T10:00")};
    struct arena arena;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;
        struct rate rate = {.now_ms = at(NOW)};
        struct rate_wish wish = open_wish();
        bool cut;
        wish.from_ms = cases[i].from ? at(cases[i].from) : RATE_OPEN;
        wish.to_ms = cases[i].to ? at(cases[i].to) : RATE_OPEN;
        assert_int_equal(rate_plan(&rate, &arena, &wish, tz, &held, &cut, &err), 0);
        if (rate.has_end != (cases[i].ends != NULL) ||
            (rate.has_end && rate.ends_ms != at(cases[i].ends)))
            fail_msg("case %zu", i);
    }
    tz_free(tz);
    arena_release(&arena);
}

/* What has grown too long since it was asked for first. */
static void test_a_stretch_may_slide(void **state)
{
    struct tz *tz = zone("Europe/Bucharest");
    struct rate_held held = {.any = true,
                             .oldest_ms = at("2020-01-01"),
                             .newest_ms = at("2026-11-26")};
    struct arena arena;
    (void)state;
    arena_init(&arena);
    for (int unit = UNIT_SECOND; unit <= UNIT_DAY; unit++) {
        struct err err;
        struct rate rate = {.now_ms = at(NOW)};
        struct rate_wish wish = open_wish();
        bool cut = false;
        wish.has_unit = true;
        wish.unit = (enum time_unit_kind)unit;
        wish.from_ms = at("2020-01-01T10:30:30.500");
        assert_int_equal(rate_plan(&rate, &arena, &wish, tz, &held, &cut, &err), -1);
        wish.slides = true;
        assert_int_equal(rate_plan(&rate, &arena, &wish, tz, &held, &cut, &err), 0);
        assert_true(cut && rate.n_slots > 190 && rate.n_slots < RATE_MAX_BORDERS);
        assert_true(rate.slots[0].whole && rate.slots[rate.n_slots - 1].to_ms > rate.now_ms);
    }
    tz_free(tz);
    arena_release(&arena);
}

/* One partition lost its first hours, another did not. */
static void test_what_retention_deleted_in_part_is_not_whole(void **state)
{
    struct err err;
    struct arena arena;
    struct tz *tz = zone("UTC");
    struct rate rate = {.now_ms = at(NOW)};
    struct rate_wish wish = open_wish();
    struct rate_held held = {.any = true,
                             .oldest_ms = at("2026-11-26T00:00"),
                             .newest_ms = at("2026-11-26T05:30"),
                             .some_deleted = true,
                             .complete_ms = at("2026-11-26T02:10")};
    bool cut;
    (void)state;
    arena_init(&arena);
    assert_int_equal(rate_plan(&rate, &arena, &wish, tz, &held, &cut, &err), 0);
    assert_int_equal(rate.n_slots, 6);
    for (size_t i = 0; i < rate.n_slots; i++)
        assert_int_equal(rate.slots[i].whole, i >= 3 && i < 5); /* it ends within the last */
    tz_free(tz);
    arena_release(&arena);
}

static void test_wishes_that_cannot_be(void **state)
{
    static const struct {
        const char *per;
        const char *from;
        const char *to;
        bool all_is_read;
        const char *says; /* a part of it */
    } cases[] = {
        {"minute", "2026-11-26T00:00", "2026-11-26T03:20", false, "(--per hour), --exact"},
        {"second", "2026-01-01", "2026-11-26", false, "1 borders, one each second"},
        {"second", "2026-01-01", "2026-11-26", true, "the 10000 that are counted"},
        {"day", "2020-01-01", "2026-11-26", false, "take --exact"},
        {NULL, "2020-01-01", "2026-11-26", false, "take --exact"},
        {NULL, "2026-01-02", "2026-01-01", false,
         "--from (2026-01-02T00:00:00) is not before --to (2026-01-01T00:00:00): name an earlier"},
        {NULL, "2026-01-02", "2026-01-02", false, "is not before --to"},
        {NULL, "2030-01-02", NULL, false,
         "--from (2030-01-02T00:00:00) is in the future, it is 2026-11-26T14:52:10: name an "
         "earlier time"},
        {NULL, NULL, "2020-01-01", false,
         "--to (2020-01-01T00:00:00) is not behind the first that is there, of "
         "2026-01-01T00:00:00: name a later time"},
    };
    struct rate_held held = {.any = true,
                             .oldest_ms = at("2026-01-01"),
                             .newest_ms = at("2026-11-26")};
    struct arena arena;
    struct tz *tz = zone("UTC");
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        struct rate rate = {.now_ms = at(NOW)};
        struct rate_wish wish = open_wish();
        bool cut;
        wish.has_unit = cases[i].per && unit_parse(cases[i].per, &wish.unit, &err) == 0;
        wish.from_ms = cases[i].from ? at(cases[i].from) : RATE_OPEN;
        wish.to_ms = cases[i].to ? at(cases[i].to) : RATE_OPEN;
        wish.all_is_read = cases[i].all_is_read;
        assert_int_equal(rate_plan(&rate, &arena, &wish, tz, &held, &cut, &err), -1);
        assert_int_equal(err.class, ERR_USAGE);
        if (!strstr(err.text, cases[i].says))
            fail_msg("case %zu: %s", i, err.text);
    }
    tz_free(tz);
    arena_release(&arena);
}

/* Timestamps are what anyone wrote: microseconds for milliseconds, 0, the end of all numbers. */
static void test_without_a_wish_there_is_always_an_answer(void **state)
{
    static const int64_t times[] = {0, 1, INT64_MAX, INT64_C(1764168730000000), 1764168730000};
    struct arena arena;
    struct tz *tz = zone("Europe/Bucharest");
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(times); i++)
        for (size_t j = 0; j < COUNT_OF(times); j++) {
            struct err err = {0};
            struct rate rate = {.now_ms = at(NOW)};
            struct rate_wish wish = open_wish();
            struct rate_held held = {.any = true,
                                     .oldest_ms = times[i] < times[j] ? times[i] : times[j],
                                     .newest_ms = times[i] < times[j] ? times[j] : times[i]};
            bool cut;
            if (rate_plan(&rate, &arena, &wish, tz, &held, &cut, &err) < 0)
                fail_msg("%s", err.text);
            assert_true(rate.n_slots >= 1 && rate.n_slots < RATE_MAX_BORDERS);
        }
    tz_free(tz);
    arena_release(&arena);
}

/* ---- figures ---- */

static void test_figures_but_the_peak_are_drawn_from_whole_slots(void **state)
{
    const int64_t hour_ms = 3600000;
    struct rate_slot slots[] = {
        {.from_ms = 0, .to_ms = hour_ms, .records = 5000},
        {.from_ms = hour_ms, .to_ms = 2 * hour_ms, .whole = true, .records = 100},
        {.from_ms = 2 * hour_ms, .to_ms = 3 * hour_ms, .whole = true, .records = 300},
        {.from_ms = 3 * hour_ms, .to_ms = 4 * hour_ms, .whole = true, .records = 200},
        {.from_ms = 4 * hour_ms, .to_ms = 5 * hour_ms, .records = 7000},
    };
    struct rate_partition partitions[] = {{0, 300}, {1, 100}, {2, RATE_UNKNOWN}};
    struct rate rate = {.unit = UNIT_HOUR,
                        .now_ms = 4 * hour_ms + hour_ms / 4,
                        .slots = slots,
                        .n_slots = COUNT_OF(slots),
                        .partitions = partitions,
                        .n_partitions = COUNT_OF(partitions)};
    (void)state;
    struct rate_figures figures = rate_figures(&rate);
    assert_true(figures.now_per_unit == 200);
    assert_true(figures.average_per_unit == 200);
    assert_true(figures.per_day == 4800);
    assert_true(figures.peak == 7000 && !figures.peak_whole);
    assert_int_equal(figures.peak_ms, 4 * hour_ms);
    assert_int_equal(figures.left_out, 12000);
    assert_int_equal(figures.measured_ms, 3 * hour_ms);
    slots[0].records = 299;
    slots[4].records = 300; /* no more than a whole one */
    figures = rate_figures(&rate);
    assert_true(figures.peak == 300 && figures.peak_ms == 2 * hour_ms && figures.peak_whole);
    slots[4].records = 7000;
    assert_true(figures.skew == 1.5);

    /* None is whole: a quarter of an hour is taken for an hour. */
    rate.slots = &slots[4];
    rate.n_slots = 1;
    figures = rate_figures(&rate);
    assert_true(figures.now_per_unit == 28000 && figures.average_per_unit == 28000);
    assert_true(figures.per_day == 28000 * 24);
    assert_true(figures.peak == 28000 && !figures.of_whole && figures.left_out == 0);

    /* Nothing at all, of nothing. */
    slots[4].records = 0;
    partitions[0].records = partitions[1].records = 0;
    figures = rate_figures(&rate);
    assert_true(figures.now_per_unit == 0 && figures.average_per_unit == 0 && figures.skew == 0);
    rate.n_slots = rate.n_partitions = 0;
    figures = rate_figures(&rate);
    assert_true(figures.per_day == 0 && figures.skew == 0);
}

/* A burst that ended within an hour, and an hour of nothing: not "0 an hour". */
static void test_silence_does_not_hide_what_came_in_parts(void **state)
{
    const int64_t hour_ms = 3600000;
    struct rate_slot slots[] = {
        {.from_ms = 0, .to_ms = hour_ms, .records = 300},
        {.from_ms = hour_ms, .to_ms = 2 * hour_ms, .whole = true},
        {.from_ms = 2 * hour_ms, .to_ms = 3 * hour_ms},
    };
    struct rate rate = {.unit = UNIT_HOUR,
                        .now_ms = 2 * hour_ms + hour_ms / 4,
                        .has_first = true,
                        .first_ms = hour_ms * 3 / 4,
                        .slots = slots,
                        .n_slots = COUNT_OF(slots)};
    (void)state;
    struct rate_figures figures = rate_figures(&rate);
    assert_true(figures.average_per_unit == 200 && figures.now_per_unit == 0);
    assert_true(figures.peak == 300 && figures.peak_ms == 0 && !figures.of_whole);
    assert_true(!figures.peak_whole && !figures.peak_drawn);
    slots[0].records = 0; /* nothing at all is a figure */
    figures = rate_figures(&rate);
    assert_true(figures.of_whole && figures.average_per_unit == 0);
}

/* --live asks for the last slot alone, unless that changes what the others say. */
static void test_ends_move(void **state)
{
    static const struct {
        int64_t records; /* of the last slot */
        bool has_first;
        bool is_over;
        int64_t silent_ms;
        bool moved;
    } cases[] = {
        {0, false, false, 0, false},     {1, false, false, 0, true},   /* the first */
        {0, true, true, 90000, false},   {1, true, true, 90000, true}, /* it goes on */
        {5, true, false, 10, false},     {0, true, false, 10000, false},
        {0, true, false, 59999, false},  {0, true, false, 60000, true}, /* it has ended */
        {5, true, false, 600000, false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rate_slot slot = {.from_ms = at(NOW) - 5, .records = cases[i].records};
        const struct rate rate = {.now_ms = at(NOW),
                                  .slots = &slot,
                                  .n_slots = 1,
                                  .has_first = cases[i].has_first,
                                  .is_over = cases[i].is_over,
                                  .newest_ms = at(NOW) - cases[i].silent_ms};
        if (rate_ends_moved(&rate) != cases[i].moved)
            fail_msg("case %zu", i);
    }
}

/* 10 records a second, 8 s ago: the same a day, whatever the unit; and of a stretch that is over.
 */
static void test_what_began_or_ended_within_a_unit_counts_from_there(void **state)
{
    struct rate_slot slot = {.records = 80};
    struct rate rate = {.now_ms = at(NOW),
                        .slots = &slot,
                        .n_slots = 1,
                        .has_first = true,
                        .first_ms = at(NOW) - 8000};
    struct tz *tz = zone("UTC");
    (void)state;
    for (int unit = UNIT_SECOND; unit <= UNIT_DAY; unit++) {
        rate.unit = (enum time_unit_kind)unit;
        slot.from_ms = unit == UNIT_SECOND ? rate.first_ms : border_before(tz, rate.unit, at(NOW));
        slot.to_ms = border_after(tz, rate.unit, at(NOW));
        assert_true(rate_figures(&rate).per_day == 864000);
    }
    rate.has_end = true; /* --to */
    rate.ends_ms = rate.first_ms + 4000;
    assert_true(rate_figures(&rate).per_day == 2 * 864000);
    /* At one moment: in a second, at least. */
    rate.ends_ms = rate.first_ms + 1;
    rate.unit = UNIT_SECOND;
    assert_true(rate_figures(&rate).now_per_unit == 80 &&
                rate_figures(&rate).average_per_unit == 80);
    tz_free(tz);
}

/*
 * Without a stretch the rows end with what came last: until now is what time has passed. `slots`
 * hold records from `first` on.
 */
static struct rate_figures of_parts(const int64_t records[2], int64_t first_ms, int64_t now_ms)
{
    const int64_t hour_ms = 3600000;
    struct rate_slot slots[] = {
        {.from_ms = 0, .to_ms = hour_ms, .records = records[0]},
        {.from_ms = hour_ms, .to_ms = 2 * hour_ms, .records = records[1]},
    };
    const struct rate rate = {.unit = UNIT_HOUR,
                              .now_ms = now_ms,
                              .has_first = true,
                              .first_ms = first_ms,
                              .is_over = true,
                              .slots = slots,
                              .n_slots = records[1] > 0 ? 2 : 1};
    return rate_figures(&rate);
}

static void test_a_burst_that_is_over_fades_and_a_steady_stream_stays(void **state)
{
    static const struct {
        int64_t records[2];
        int64_t first_s;
        int64_t now_s;
        double now;
        double average;
        double peak;
        bool peak_drawn;
    } cases[] = {
        {{3000, 0}, 3580, 3580 + 800, 13500, 13500, 13500, true}, /* within 10 s, 13 minutes ago */
        {{3000, 0}, 3580, 3580 + 3600, 3000, 3000, 3000, false},
        {{3000, 0}, 3580, 7199, 2984.3, 2984.3, 3000, false},
        {{3000, 0}, 3580, 7200, 0, 2983.4, 3000, false}, /* a whole hour of nothing */
        {{3000, 0}, 3580, 3580 + 36000, 0, 300, 3000, false},
        {{50, 0}, 600, 3610, 59.8, 59.8, 59.8, true}, /* one a minute, the next is to come */
        {{50, 50}, 600, 6600, 60, 60, 60, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rate_figures f =
            of_parts(cases[i].records, cases[i].first_s * 1000, cases[i].now_s * 1000);
        int64_t span_ms = (cases[i].now_s - cases[i].first_s) * 1000;
        if (fabs(f.now_per_unit - cases[i].now) > 0.1 ||
            fabs(f.average_per_unit - cases[i].average) > 0.1 ||
            fabs(f.peak - cases[i].peak) > 0.1 || f.peak_drawn != cases[i].peak_drawn ||
            f.measured_ms != span_ms || fabs(f.per_day - 24 * f.average_per_unit) > 0.1)
            fail_msg("case %zu: now %f, average %f, peak %f", i, f.now_per_unit, f.average_per_unit,
                     f.peak);
    }
}

/* Nothing is a figure too, where there was a time in which something could have come. */
static void test_nothing_is_measured(void **state)
{
    static const struct {
        int64_t from_s;
        int64_t to_s;
        int64_t now_s;
        bool whole;
        int64_t first_s; /* 0: nothing ever came */
        bool some_deleted;
        int64_t measured_s;
    } cases[] = {
        {3600, 7200, 9000, true, 1, false, 3600},
        {3600, 7200, 9000, false, 0, false, 3600},    /* of an empty topic none is whole */
        {3600, 7200, 4200, false, 0, false, 600},     /* the current one */
        {3600, 7200, 3600, false, 0, false, 0},       /* it has just begun, */
        {3600, 7200, 1800, false, 0, false, 0},       /* or is to come */
        {3600, 7200, 9000, false, 8000, false, 3600}, /* before the first, */
        {3600, 7200, 9000, false, 8000, true, 0},     /* which is not known to be the first */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct rate_slot slot = {.from_ms = cases[i].from_s * 1000,
                                 .to_ms = cases[i].to_s * 1000,
                                 .whole = cases[i].whole};
        const struct rate rate = {.unit = UNIT_HOUR,
                                  .now_ms = cases[i].now_s * 1000,
                                  .has_first = cases[i].first_s > 0,
                                  .first_ms = cases[i].first_s * 1000,
                                  .some_deleted = cases[i].some_deleted,
                                  .slots = &slot,
                                  .n_slots = 1};
        struct rate_figures f = rate_figures(&rate);
        if (f.measured_ms != cases[i].measured_s * 1000 || f.per_day != 0 || f.now_per_unit != 0 ||
            f.peak != 0)
            fail_msg("case %zu: %lld ms", i, (long long)f.measured_ms);
    }
}

/* Days of 23 and 25 hours: a day's projection is of 24. */
static void test_short_and_long_days_weigh_by_their_length(void **state)
{
    const int64_t hour_ms = 3600000;
    struct rate_slot slots[] = {
        {.from_ms = 0, .to_ms = 23 * hour_ms, .whole = true, .records = 2300},
        {.from_ms = 23 * hour_ms, .to_ms = 48 * hour_ms, .whole = true, .records = 2500},
    };
    struct rate rate = {.unit = UNIT_DAY,
                        .now_ms = 100 * hour_ms,
                        .slots = slots,
                        .n_slots = COUNT_OF(slots)};
    (void)state;
    struct rate_figures figures = rate_figures(&rate);
    assert_true(figures.average_per_unit == 2400 && figures.per_day == 2400);
    assert_true(figures.now_per_unit == 2500 && figures.peak == 2500);
}

/* ---- keys ---- */

static void test_keys_are_counted_exactly_and_then_nearly(void **state)
{
    static const size_t numbers[] = {0, 1, 8, 9, 512, 513, 2000, 20000, 300000};
    struct random random = {11};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        struct key_count count = {0};
        for (size_t j = 0; j < numbers[i]; j++) {
            uint64_t hash = (uint64_t)random_next(&random) << 32 | random_next(&random);
            key_count_add(&count, hash, 512);
            key_count_add(&count, hash, 512);
        }
        int64_t value = key_count_value(&count);
        assert_int_equal(key_count_is_estimate(&count), numbers[i] > 512);
        if (numbers[i] <= 512)
            assert_int_equal(value, numbers[i]);
        else if (value < (double)numbers[i] * 0.95 || value > (double)numbers[i] * 1.05)
            fail_msg("%zu are estimated as %lld", numbers[i], (long long)value);
        key_count_release(&count);
    }
    struct key_count count = {0};
    key_count_add(&count, 0, 512); /* a hash like any other */
    assert_int_equal(key_count_value(&count), 1);
    key_count_release(&count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_borders_lie_where_clocks_show_them),
        cmocka_unit_test(test_borders_agree_with_a_clock_that_is_watched),
        cmocka_unit_test(test_borders_between_are_counted),
        cmocka_unit_test(test_units_have_names),
        cmocka_unit_test(test_the_machines_zone_is_found),
        cmocka_unit_test(test_a_wish_becomes_slots),
        cmocka_unit_test(test_where_the_counting_ends),
        cmocka_unit_test(test_a_stretch_may_slide),
        cmocka_unit_test(test_what_retention_deleted_in_part_is_not_whole),
        cmocka_unit_test(test_wishes_that_cannot_be),
        cmocka_unit_test(test_without_a_wish_there_is_always_an_answer),
        cmocka_unit_test(test_figures_but_the_peak_are_drawn_from_whole_slots),
        cmocka_unit_test(test_silence_does_not_hide_what_came_in_parts),
        cmocka_unit_test(test_ends_move),
        cmocka_unit_test(test_what_began_or_ended_within_a_unit_counts_from_there),
        cmocka_unit_test(test_a_burst_that_is_over_fades_and_a_steady_stream_stays),
        cmocka_unit_test(test_nothing_is_measured),
        cmocka_unit_test(test_short_and_long_days_weigh_by_their_length),
        cmocka_unit_test(test_keys_are_counted_exactly_and_then_nearly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
