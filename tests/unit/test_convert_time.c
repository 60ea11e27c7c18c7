/* Date, time and timestamp columns, and local times by the tz database. */
#include "row_case.h"

#include "base/civil.h"
#include "sink/tz.h"
#include "sink/tzif.h"

#include <stdio.h>
#include <stdlib.h>

#define BOTH_DEAD(sqlstate) "!" sqlstate, "!" sqlstate

static void dates(void **state)
{
    static const struct row_case cases[] = {
        {"\"2000-01-01\"", "00000000", "2000-01-01"},
        {"\"1999-12-31\"", "ffffffff", "1999-12-31"},
        {"\"2024-02-29T10:00:00Z\"", "00002279", "2024-02-29"},
        {"\"2024-02-30\"", BOTH_DEAD("22008")},
        {"\"1900-02-29\"", BOTH_DEAD("22008")},
        {"\"0000-01-01\"", BOTH_DEAD("22008")},
        {"\"5874897-12-31\"", "7fda970c", "5874897-12-31"},
        {"\"5874898-01-01\"", BOTH_DEAD("22008")},
        {"\"infinity\"", "7fffffff", "infinity"},
        {"\"-Infinity\"", "80000000", "-infinity"},
        {"\"20240501\"", BOTH_DEAD("22007")},
        {"\"today\"", BOTH_DEAD("22007")},
        {"20240501", BOTH_DEAD("42804")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_DATE}, NULL, cases);
}

static void times(void **state)
{
    static const struct row_case cases[] = {
        {"\"00:00\"", "0000000000000000", "00:00:00.000000"},
        {"\"24:00:00\"", "000000141dd76000", "24:00:00.000000"},
        {"\"23:59:60\"", "000000141dd76000", "24:00:00.000000"},
        {"\"24:00:00.1\"", BOTH_DEAD("22008")},
        {"\"23:59:60.5\"", BOTH_DEAD("22008")},
        {"\"10:00:00.1234567+02\"", "0000000861c64a41", "10:00:00.123457"},
        {"\"2024-05-01\"", BOTH_DEAD("22007")},
        {"\"10\"", BOTH_DEAD("22007")},
        {"10", BOTH_DEAD("42804")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_TIME}, NULL, cases);
}

static void timestamps(void **state)
{
    static const struct row_case plain[] = {
        {"\"2000-01-01T00:00:00.000001\"", "0000000000000001", "2000-01-01 00:00:00.000001"},
        {"\"2000-01-01T00:00:00+05\"", "0000000000000000", "2000-01-01 00:00:00.000000"},
        {"\"294276-12-31 23:59:59.999999\"", "7fffff5bb3b29fff", "294276-12-31 23:59:59.999999"},
        {"\"294277-01-01\"", BOTH_DEAD("22008")},
        {"\"infinity\"", "7fffffffffffffff", "infinity"},
        {"\"-infinity\"", "8000000000000000", "-infinity"},
        {"\"2024-05-01T10\"", BOTH_DEAD("22007")},
        {"\"2024-05-01T10:00:00+16\"", BOTH_DEAD("22009")},
        {"\"2024-05-01T10:61:00\"", BOTH_DEAD("22008")},
        {"1714557600", BOTH_DEAD("42804")},
    };
    static const struct row_case zoned[] = {
        {"\"2000-01-01T02:00:00\"", "0000000000000000", "2000-01-01 00:00:00.000000+00"},
        {"\"2000-01-01T02:00:00Z\"", "00000001ad274800", "2000-01-01 02:00:00.000000+00"},
        {"\"2000-01-01 02:00:00 +0130\"", "000000006b49d200", "2000-01-01 00:30:00.000000+00"},
        {"\"0001-01-01T00:00:00+15\"", "ff1fe2f332f5c400", "0001-12-31 09:00:00.000000+00 BC"},
    };
    struct row_policy policy = {.timezone = "Europe/Bucharest"};
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_TIMESTAMP}, &policy, plain);
    CHECK_CASES(&(struct column){.type = TYPE_TIMESTAMPTZ}, &policy, zoned);
}

static void units(void **state)
{
    static const struct row_case seconds[] = {
        {"946684800", "0000000000000000", "2000-01-01 00:00:00.000000+00"},
        {"946684800.0000015", "0000000000000002", "2000-01-01 00:00:00.000002+00"},
        {"946684799.9999995", "0000000000000000", "2000-01-01 00:00:00.000000+00"},
        {"9.466848e8", "0000000000000000", "2000-01-01 00:00:00.000000+00"},
        {"1e30", BOTH_DEAD("22008")},
        {"-1e30", BOTH_DEAD("22008")},
        {"\"946684800\"", BOTH_DEAD("22007")},
    };
    struct column_rule rule = {.column = "v",
                               .source = COLUMN_POINTER,
                               .from = "/v",
                               .unit = TIME_UNIT_S};
    struct row_policy policy = {.rules = &rule, .n_rules = 1};
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_TIMESTAMPTZ}, &policy, seconds);
}

static void calendar(void **state)
{
    (void)state;
    for (int64_t day = -800000; day < 3000000; day += 1 + (day & 7)) {
        struct civil date = civil_from_days(day);
        assert_in_range(date.month, 1, 12);
        assert_in_range(date.day, 1, civil_days_in_month(date.year, date.month));
        assert_int_equal(civil_to_days(date), day);
    }
    assert_int_equal(civil_to_days((struct civil){1970, 1, 1}), 0);
    assert_int_equal(civil_to_days((struct civil){2000, 3, 1}), 11017);
}

static int64_t local(int year, int month, int day, int hour, int minute)
{
    return civil_to_days((struct civil){year, month, day}) * 86400 + (int64_t)hour * 3600 +
           (int64_t)minute * 60;
}

static void zones(void **state)
{
    struct tz *tz;
    struct err err;
    (void)state;
    assert_int_equal(tz_open(&tz, "Europe/Bucharest", &err), 0);
    assert_int_equal(tz_offset_of_local(tz, local(2024, 1, 1, 0, 0)), 7200);
    assert_int_equal(tz_offset_of_local(tz, local(2024, 7, 1, 0, 0)), 10800);
    assert_int_equal(tz_offset_of_local(tz, local(2024, 3, 31, 3, 30)), 7200);  /* skipped */
    assert_int_equal(tz_offset_of_local(tz, local(2024, 10, 27, 3, 30)), 7200); /* twice */
    assert_int_equal(tz_offset_of_local(tz, local(2500, 7, 1, 0, 0)), 10800);   /* by the rule */
    assert_int_equal(tz_offset_at(tz, local(2500, 7, 1, 0, 0)), 10800);
    assert_int_equal(tz_offset_at(tz, local(2500, 1, 1, 0, 0)), 7200);
    tz_free(tz);
    assert_int_equal(tz_open(&tz, "-05:30", &err), 0);
    assert_int_equal(tz_offset_of_local(tz, 0), -19800);
    tz_free(tz);
    static const struct {
        const char *name;
        const char *says; /* a part of it; NULL: it is one */
    } names[] = {
        {"Mars/Olympus", "give a name such as"},
        {"../../etc/passwd", "give a name such as"},
        {"/etc/localtime", "give a name such as"},
        {"", "give a name such as"},
        {"+25", "\"+25\" is no offset from UTC"},
        {"+1", "write +02, +0530 or -05:30"},
        {"+02:60", "is no offset from UTC"},
        {"+02:", "is no offset from UTC"},
        {"+", "give a name such as"},
        {"GMT+2",
         "no time zone \"GMT+2\"; +02:00 is ahead of UTC (in names such as Etc/GMT-2 the sign"},
        {"utc-03:00",
         "; -03:00 is behind UTC (in names such as Etc/GMT+3 the sign is the other way"},
        {"UTC+5:30", "; +05:30 is ahead of UTC"},
        {"GMT+", "did you mean \"GMT\"?"},
        {"UTC-0", "; it is UTC"},
        {"GMT+2:3", "is no offset from UTC"},
        {"GMT+22", "\"GMT+22\" is no offset from UTC"},
        {"GMT", NULL},
        {"GMT+0", NULL},
        {"Etc/GMT+2", NULL},
        {"zone.tab", "there is no time zone"},
        {"Europe", "there is no time zone \"Europe\""},
        {"Europe/Bukarest", "did you mean \"Europe/Bucharest\"?"},
        {"europe/bucharest", "did you mean \"Europe/Bucharest\"?"},
        {"Bucharest", "did you mean \"Europe/Bucharest\"?"},
        {"America/Argentina/Ushuaja", "did you mean \"America/Argentina/Ushuaia\"?"},
    };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!names[i].says) {
            assert_int_equal(tz_open(&tz, names[i].name, &err), 0);
            tz_free(tz);
            continue;
        }
        assert_int_equal(tz_open(&tz, names[i].name, &err), -1);
        assert_int_equal(err.class, ERR_USAGE);
        assert_non_null(strstr(err.text, names[i].says));
    }
}

static void zone_rules(void **state)
{
    static const char *const good[] = {"UTC0",
                                       "EET-2EEST,M3.5.0/3,M10.5.0/4",
                                       "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1",
                                       "IST-1GMT0,M10.5.0,M3.5.0/1",
                                       "AAA3BBB2,J60/1,J300/2",
                                       "AAA3BBB2:30,0/0,365/167",
                                       "AAA-24"};
    static const char *const bad[] = {"",
                                      "EE",
                                      "EET",
                                      "EET-2EEST",
                                      "EET-2EEST,M3.5.0",
                                      "EET-2EEST,M13.5.0,M10.5.0",
                                      "EET-2EEST,M3.6.0,M10.5.0",
                                      "EET-2EEST,M3.5.7,M10.5.0",
                                      "AAA3BBB,J0,J3",
                                      "AAA3BBB,J366,J3",
                                      "AAA25",
                                      "AAA3x",
                                      "<AAA3",
                                      "AAA3BBB,J1/168,J2"};
    struct tz_rule rule;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        if (!tz_rule_parse(&rule, slice_of(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (tz_rule_parse(&rule, slice_of(bad[i])))
            fail_msg("%s", bad[i]);
}

/* Whatever bytes a zone's file holds, and wherever it is cut. */
static void zone_files(void **state)
{
    static char file[8192];
    struct random random = {3};
    FILE *in = fopen("/usr/share/zoneinfo/Europe/Bucharest", "re");
    (void)state;
    assert_non_null(in);
    size_t n = fread(file, 1, sizeof file, in);
    fclose(in);
    for (int i = 0; i < 3000; i++) {
        size_t len = i < (int)n ? (size_t)i : n;
        struct guarded guarded = guard_end((struct slice){file, len});
        char *bytes = (char *)(uintptr_t)guarded.text.ptr;
        if (len == n)
            bytes[random_below(&random, (uint32_t)n)] = (char)random_next(&random);
        struct tz *tz = calloc(1, sizeof *tz);
        if (tzif_parse(tz, guarded.text))
            (void)tz_offset_of_local(tz, (int64_t)random_next(&random) * 4);
        else
            assert_true(len < n || i >= (int)n);
        tz_free(tz);
        guard_release(&guarded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates),      cmocka_unit_test(times),      cmocka_unit_test(timestamps),
        cmocka_unit_test(units),      cmocka_unit_test(calendar),   cmocka_unit_test(zones),
        cmocka_unit_test(zone_rules), cmocka_unit_test(zone_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
