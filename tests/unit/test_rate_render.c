/* How a rate is shown: to people, as JSON, as CSV; figures in groups. */
#include "unit.h"

#include "cmd/figure_text.h"
#include "cmd/rate_render.h"

#include <string.h>

#define HOUR_MS INT64_C(3600000)
#define NOON_MS INT64_C(1795694400000)   /* 2026-11-26T12:00:00Z */
#define CHANGE_MS INT64_C(1792875600000) /* 2026-10-24T21:00:00Z; clocks go back at 01:00Z */
#define NO RATE_UNKNOWN
#define MAX_BYTES ((size_t)1 << 20)

/* Slots side by side from a time on, so many records in each. */
struct made {
    struct rate_slot slots[30];
    struct rate rate;
    struct rate_view view;
    struct tz *tz;
    struct arena arena;
};

static void make(struct made *made, const char *zone, enum time_unit_kind unit, int64_t from_ms,
                 const int64_t *records, size_t n)
{
    struct err err;
    *made = (struct made){.tz = NULL};
    arena_init(&made->arena);
    assert_int_equal(tz_open(&made->tz, zone, &err), 0);
    for (size_t i = 0; i < n; i++)
        made->slots[i] = (struct rate_slot){.from_ms = from_ms + (int64_t)i * unit_ms(unit),
                                            .to_ms = from_ms + (int64_t)(i + 1) * unit_ms(unit),
                                            .whole = true,
                                            .records = records[i],
                                            .bytes = NO,
                                            .smallest = NO,
                                            .largest = NO,
                                            .distinct_keys = NO};
    made->rate = (struct rate){.unit = unit,
                               .timezone = zone,
                               .now_ms = made->slots[n - 1].to_ms,
                               .slots = made->slots,
                               .n_slots = n,
                               .append_time = true,
                               .distinct_keys = NO};
    made->view = (struct rate_view){.rate = &made->rate, .tz = made->tz, .topic = "t"};
}

/* The last slot is under way. */
static void run_last(struct made *made, int64_t since_ms)
{
    struct rate_slot *last = &made->slots[made->rate.n_slots - 1];
    last->whole = false;
    made->rate.now_ms = last->from_ms + since_ms;
}

static void release(struct made *made)
{
    tz_free(made->tz);
    arena_release(&made->arena);
}

static void assert_text(struct made *made, const struct rate_look *look, const char *expected)
{
    struct buf out;
    buf_init(&out, MAX_BYTES);
    rate_render_text(&made->view, look, &made->arena, &out);
    assert_string_equal(buf_str(&out), expected);
    buf_release(&out);
    release(made);
}

/* ---- the table ---- */

static const struct rate_look NARROW = {.screen_columns = 50, .utf8 = true};
static const struct rate_look ASCII = {.screen_columns = 50};

static void test_bars(void **state)
{
    static const int64_t records[] = {800, 1200, 1, 0, 420};
    struct made made;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, records, COUNT_OF(records));
    run_last(&made, HOUR_MS / 2);
    made.view.expect_per_s = 10000.0 / 86400;
    assert_text(&made, &NARROW,
                "TIME              RECORDS\n"
                "2026-11-26 12:00      800  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
                "\u2588\u258B\n"
                "2026-11-26 13:00    1,200  \u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588\u2588"
                "\u2588\u2588\u2588\u2588\u2588\u2588\u2588\n"
                "2026-11-26 14:00        1  \u258F\n"
                "2026-11-26 15:00        0\n"
                "2026-11-26 16:00      420  \u2588\u2588\u2588\u2588\u2588\u258B so far\n"
                "\n"
                "records  2,421\n"
                "now      0/hour, in the hour from 2026-11-26 15:00\n"
                "average  500.2/hour\n"
                "peak     1,200/hour at 2026-11-26 13:00\n"
                "a day    12,006/day at this rate, 10,000 expected: 2,006 over (20.1%)\n"
                "\n"
                "not in average and projection: 420 of 2,421 records, in units that are not "
                "whole.\n"
                "Kafka stamps these records as they arrive (LogAppendTime), so none is out of "
                "order.\n");
}

static void test_ascii_bars_and_a_part(void **state)
{
    static const int64_t records[] = {3, 9, 12};
    struct made made;
    (void)state;
    make(&made, "UTC", UNIT_MINUTE, NOON_MS, records, COUNT_OF(records));
    made.slots[0].from_ms += 20500;
    made.slots[0].whole = false;
    made.rate.append_time = false;
    made.rate.exact = true;
    made.view.topic = NULL;
    made.view.table = "s.t";
    made.rate.earlier = 1234;
    made.rate.later = 5;
    assert_text(&made, &ASCII,
                "TIME                     ROWS\n"
                "2026-11-26 12:00:20.500     3  ### in part\n"
                "2026-11-26 12:01            9  ########\n"
                "2026-11-26 12:02           12  ###########\n"
                "\n"
                "rows     24, and 1,234 before these, 5 after\n"
                "now      12/minute, in the minute from 2026-11-26 12:02\n"
                "average  10.5/minute\n"
                "peak     12/minute at 2026-11-26 12:02\n"
                "a day    15,120/day at this rate\n"
                "\n"
                "not in average and projection: 3 of 24 rows, in units that are not whole.\n");
}

static void test_a_part_is_only_where_one_could_be(void **state)
{
    static const int64_t records[] = {0, 0, 5, 7, 0};
    struct made made;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, records, COUNT_OF(records));
    for (size_t i = 0; i < made.rate.n_slots; i++)
        made.slots[i].whole = false;
    made.rate.now_ms = made.slots[3].from_ms + 1000;
    made.rate.has_first = true;
    made.rate.first_ms = made.slots[2].from_ms + 90500;
    assert_text(&made, &ASCII,
                "TIME              RECORDS\n"
                "2026-11-26 12:00        0\n"
                "2026-11-26 13:00        0\n"
                "2026-11-26 14:00        5  ########### in part\n"
                "2026-11-26 15:00        7  ############### so far\n"
                "2026-11-26 16:00        0\n"
                "\n"
                "records  12\n"
                "now      12.3/hour, drawn from 58m30s\n"
                "average  12.3/hour\n"
                "peak     12.3/hour, drawn from 58m30s\n"
                "a day    295.3/day at this rate (from 58m30s)\n"
                "\n"
                "the first record is of 2026-11-26 14:01:30.\n"
                "Kafka stamps these records as they arrive (LogAppendTime), so none is out of "
                "order.\n");
}

/* Of all there is: nothing that is counted has no row. */
static void test_what_lies_outside_has_rows(void **state)
{
    static const int64_t records[] = {4};
    struct made made;
    struct buf out;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, records, 1);
    made.view.topic = NULL;
    made.rate.earlier = 8;
    made.rate.later = 1;
    made.rate.everything = true;
    buf_init(&out, MAX_BYTES);
    rate_render_csv(&made.view, &made.arena, &out);
    assert_string_equal(buf_str(&out), "from,to,whole,rows\n"
                                       ",2026-11-26T12:00:00Z,false,8\n"
                                       "2026-11-26T12:00:00Z,2026-11-26T13:00:00Z,true,4\n"
                                       "2026-11-26T13:00:00Z,,false,1\n");
    buf_release(&out);
    assert_text(&made, &ASCII,
                "TIME              ROWS\n"
                "earlier              8  ##########################\n"
                "2026-11-26 12:00     4  #############\n"
                "later                1  ###\n"
                "\n"
                "rows     4, and 8 before these\n"
                "now      4/hour, in the hour from 2026-11-26 12:00\n"
                "average  4/hour\n"
                "peak     4/hour at 2026-11-26 12:00\n"
                "a day    96/day at this rate\n");
}

/* No room for bars. */
static void test_clocks_go_back(void **state)
{
    static const int64_t records[] = {1, 1, 1, 1, 1, 1};
    struct made made;
    (void)state;
    make(&made, "Europe/Bucharest", UNIT_HOUR, CHANGE_MS + 2 * HOUR_MS, records, COUNT_OF(records));
    const struct rate_look look = {.screen_columns = 10, .max_slots = 4};
    made.rate.n_partitions = 0;
    assert_text(&made, &look,
                "(2 earlier slots are not shown)\n"
                "TIME                     RECORDS\n"
                "2026-10-25 03:00 +02:00        1\n"
                "2026-10-25 04:00 +02:00        1\n"
                "2026-10-25 05:00 +02:00        1\n"
                "2026-10-25 06:00 +02:00        1\n"
                "\n"
                "records  6\n"
                "now      1/hour, in the hour from 2026-10-25 06:00 +02:00\n"
                "average  1/hour\n"
                "peak     1/hour at 2026-10-25 02:00 +03:00\n"
                "a day    24/day at this rate\n"
                "\n"
                "Kafka stamps these records as they arrive (LogAppendTime), so none is out of "
                "order.\n");
}

static void test_all_was_read(void **state)
{
    static const int64_t records[] = {10, 0};
    static struct rate_partition partitions[] = {{0, 2}, {1, 8}};
    struct made made;
    (void)state;
    make(&made, "Europe/Bucharest", UNIT_DAY, NOON_MS - 14 * HOUR_MS, records, COUNT_OF(records));
    made.rate.exact = true;
    made.rate.distinct_keys = 4;
    made.rate.partitions = partitions;
    made.rate.n_partitions = COUNT_OF(partitions);
    made.slots[0].bytes = 5600;
    made.slots[0].smallest = 555;
    made.slots[0].largest = 1565;
    made.slots[0].distinct_keys = 4;
    made.slots[1].bytes = 0;
    made.slots[1].distinct_keys = 0;
    const struct rate_look look = {.screen_columns = 64};
    assert_text(&made, &look,
                "TIME        RECORDS     BYTES  SMALLEST  LARGEST  KEYS\n"
                "2026-11-26       10  5.469KiB       555    1,565     4  ########\n"
                "2026-11-27        0        0B         -        -     0\n"
                "\n"
                "records     10\n"
                "now         0/day, in the day from 2026-11-27\n"
                "average     5/day\n"
                "peak        10/day at 2026-11-26\n"
                "a day       5/day at this rate\n"
                "partitions  2, of which 1 has 8: 1.6 times an even share\n"
                "keys        4\n");
}

/* Most came within a unit that is not whole: neither the peak nor what is left out is hidden. */
static void test_the_fullest_is_not_whole(void **state)
{
    static const int64_t records[] = {1000000, 1009, 900};
    struct made made;
    (void)state;
    make(&made, "UTC", UNIT_MINUTE, NOON_MS, records, COUNT_OF(records));
    made.slots[0].whole = false;
    assert_text(&made, &ASCII,
                "TIME                RECORDS\n"
                "2026-11-26 12:00  1,000,000  ############# in part\n"
                "2026-11-26 12:01      1,009  #\n"
                "2026-11-26 12:02        900  #\n"
                "\n"
                "records  1,001,909\n"
                "now      900/minute, in the minute from 2026-11-26 12:02\n"
                "average  954.5/minute\n"
                "peak     at least 1,000,000/minute at 2026-11-26 12:00\n"
                "a day    1,374,480/day at this rate\n"
                "\n"
                "not in average and projection: 1,000,000 of 1,001,909 records, in units that are "
                "not whole.\n"
                "Kafka stamps these records as they arrive (LogAppendTime), so none is out of "
                "order.\n");
}

/* A tenth that is left out is what the current unit holds every day. */
static void test_what_ended_is_told_and_a_tenth_is_not(void **state)
{
    static const int64_t records[] = {90, 10, 0};
    struct made made;
    const char *const *remarks;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, records, COUNT_OF(records));
    made.slots[1].whole = false;
    made.rate.has_first = true;
    made.rate.first_ms = NOON_MS;
    made.rate.is_over = true;
    made.rate.newest_ms = made.slots[1].from_ms + 21 * 60000;
    assert_int_equal(rate_remarks(&made.view, &made.arena, &remarks), 2);
    assert_string_equal(remarks[0], "nothing has come since 2026-11-26 13:21");
    release(&made);
}

static void test_no_whole_hour_and_nothing(void **state)
{
    static const int64_t records[] = {30};
    static const int64_t none[] = {0};
    struct made made;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, records, 1);
    run_last(&made, HOUR_MS / 4);
    made.view.topic = NULL;
    assert_text(&made, &ASCII,
                "TIME              ROWS\n"
                "2026-11-26 12:00    30  ################### so far\n"
                "\n"
                "rows     30\n"
                "now      120/hour, drawn from 15m\n"
                "average  120/hour\n"
                "peak     120/hour, drawn from 15m\n"
                "a day    2,880/day at this rate (from 15m)\n");
    make(&made, "UTC", UNIT_SECOND, NOON_MS, none, 1);
    run_last(&made, 1);
    made.view.topic = NULL;
    assert_text(&made, &ASCII,
                "TIME                 ROWS\n"
                "2026-11-26 12:00:00     0  so far\n"
                "\n"
                "rows  0\n");
}

/* When nothing came what should have come is told all the more. */
static void test_nothing_beside_what_should_come(void **state)
{
    static const int64_t none[] = {0, 0};
    struct made made;
    struct buf out;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, none, COUNT_OF(none));
    made.view.expect_per_s = 10.0 / 3600;
    const struct rate_look look = {.screen_columns = 50, .detail = RATE_WITH_FIGURES};
    assert_text(&made, &look,
                "TIME              RECORDS\n"
                "2026-11-26 12:00        0\n"
                "2026-11-26 13:00        0\n"
                "\n"
                "records  0\n"
                "now      0/hour, in the hour from 2026-11-26 13:00\n"
                "average  0/hour\n"
                "peak     0/hour\n"
                "a day    0/day at this rate, 240 expected: 240 under (100%)\n");
    make(&made, "UTC", UNIT_HOUR, NOON_MS, none, 1);
    made.view.expect_per_s = 10.0 / 3600;
    run_last(&made, 1800000);
    assert_text(&made, &look,
                "TIME              RECORDS\n"
                "2026-11-26 12:00        0  so far\n"
                "\n"
                "records  0\n"
                "now      0/hour\n"
                "average  0/hour\n"
                "peak     0/hour\n"
                "a day    0/day at this rate (from 30m), 240 expected: 240 under (100%)\n");
    make(&made, "UTC", UNIT_HOUR, NOON_MS, none, 1);
    made.view.expect_per_s = 10.0 / 3600;
    run_last(&made, 1);
    buf_init(&out, MAX_BYTES);
    rate_render_line(&made.view, &made.arena, &out);
    buf_add_byte(&out, '\n');
    rate_render_json(&made.view, &made.arena, &out);
    assert_non_null(strstr(buf_str(&out), "0 in the hour from 2026-11-26 12:00 so far, a day not "
                                          "known, 240 expected\n"));
    assert_non_null(strstr(buf_str(&out), "\"now\":null,\"average\":null,\"peak\":null,"
                                          "\"peak_at\":null,\"peak_whole\":false,\"per_day\":null,"
                                          "\"measured_ms\":0,\"left_out\":0,"
                                          "\"expected_per_day\":240,\"over_expected\":null"));
    buf_release(&out);
    assert_text(&made, &look,
                "TIME              RECORDS\n"
                "2026-11-26 12:00        0  so far\n"
                "\n"
                "records  0\n"
                "a day    not known, 240 expected\n");
}

/* Long ago: no rate of ten seconds is taken for one of hours. */
static void test_a_burst_that_is_over(void **state)
{
    static const int64_t records[] = {3000};
    struct made made;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, records, 1);
    made.slots[0].whole = false;
    made.rate.has_first = made.rate.is_over = true;
    made.rate.first_ms = NOON_MS + HOUR_MS - 20000;
    made.rate.newest_ms = made.rate.first_ms + 10000;
    made.rate.now_ms = NOON_MS + 3 * HOUR_MS - 20000;
    const struct rate_look look = {.screen_columns = 50, .detail = RATE_WITH_FIGURES};
    assert_text(&made, &look,
                "TIME              RECORDS\n"
                "2026-11-26 12:00    3,000  ############### in part\n"
                "\n"
                "records  3,000\n"
                "now      0/hour, nothing came for a whole hour\n"
                "average  1,500/hour\n"
                "peak     at least 3,000/hour at 2026-11-26 12:00\n"
                "a day    36,000/day at this rate (from 2h)\n");
}

/* ---- the projection ---- */

static void test_a_day(void **state)
{
    static const struct {
        int64_t in_an_hour;
        double expected_per_day;
        const char *text;
    } cases[] = {
        {450, 0, "10,800/day at this rate"},
        {450, 10000, "10,800/day at this rate, 10,000 expected: 800 over (8%)"},
        {400, 10000, "9,600/day at this rate, 10,000 expected: 400 under (4%)"},
        {0, 10000, "0/day at this rate, 10,000 expected: 10,000 under (100%)"},
        {450, 10800, "10,800/day at this rate, 10,800 expected: as many"},
        {450, 10800.2, "10,800/day at this rate, 10,800 expected: as many"},
        {100000000, 1,
         "2,400,000,000/day at this rate, 1 expected: 2,399,999,999 over "
         "(239,999,999,900%)"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct made made;
        make(&made, "UTC", UNIT_HOUR, NOON_MS, &cases[i].in_an_hour, 1);
        made.view.expect_per_s = cases[i].expected_per_day / 86400;
        assert_string_equal(rate_day_text(&made.view, &made.arena), cases[i].text);
        release(&made);
    }
}

static void test_a_line(void **state)
{
    static const int64_t records[] = {450, 12};
    struct made made;
    struct buf out;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, records, COUNT_OF(records));
    run_last(&made, 1000);
    made.view.expect_per_s = 10000.0 / 86400;
    buf_init(&out, MAX_BYTES);
    rate_render_line(&made.view, &made.arena, &out);
    assert_string_equal(
        buf_str(&out),
        "450 in the hour from 2026-11-26 12:00, 12 so far in this "
        "one, average 450/hour, 10,800/day at this rate, 10,000 expected: 800 over (8%)");
    buf_release(&out);
    release(&made);
}

/* A day that is drawn from less than a unit says so. */
static void test_a_day_from_a_moment(void **state)
{
    static const struct {
        enum time_unit_kind unit;
        int64_t records;
        int64_t since_ms;
        const char *text;
    } cases[] = {
        {UNIT_MINUTE, 140, 14900, "811,812/day at this rate (from 14s), 10,000 expected: "},
        {UNIT_HOUR, 1, 100, "86,400/day at this rate (from 1s), 10,000 expected: "},
        {UNIT_HOUR, 1, 59999, "1,440/day at this rate (from 59s), 10,000 expected: "},
        {UNIT_HOUR, 1, 60000, "1,440/day at this rate (from 1m), 10,000 expected: "},
        {UNIT_HOUR, 0, 5000, "0/day at this rate (from 5s), 10,000 expected: "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct made made;
        make(&made, "UTC", cases[i].unit, NOON_MS, &cases[i].records, 1);
        run_last(&made, cases[i].since_ms);
        made.view.expect_per_s = 10000.0 / 86400;
        const char *text = rate_day_text(&made.view, &made.arena);
        if (strncmp(text, cases[i].text, strlen(cases[i].text)) != 0)
            fail_msg("%s", text);
        release(&made);
    }
}

/* ---- what is said about the counts ---- */

static void test_remarks(void **state)
{
    static const struct {
        struct rate rate;
        const char *said[3]; /* a part of each */
        size_t cautions;
    } cases[] = {
        {{.append_time = true}, {"so none is out of order"}, 0},
        {{.exact = true}, {NULL}, 0},
        {{.disorder = {.looked = true, .borders = 72}},
         {"no late record was met beside 72 borders"},
         0},
        {{.disorder = {.looked = true, .borders = 72, .out_of_place = 5, .worst_ms = 65000}},
         {"out of order at 5 of 72 borders, by up to 1m5s"},
         1},
        {{.disorder = {.looked = true, .borders = 1}}, {"met beside 1 border ("}, 0},
        {{.disorder = {.looked = true, .borders = 1, .out_of_place = 1, .worst_ms = 1000}},
         {"at 1 of 1 border, by"},
         1},
        {{.exact = true, .transactional = true, .earlier = 1}, {"before these was not read"}, 1},
        {{.exact = true, .transactional = true, .earlier = 1, .everything = true}, {NULL}, 0},
        {{.disorder = {.looked = true}}, {"exact where timestamps rise"}, 0},
        {{.append_time = true, .compacted = true, .transactional = true},
         {"(LogAppendTime)", "compacted: offsets are counted", "transactions leave marks"},
         2},
        {{.exact = true, .compacted = true, .transactional = true},
         {"compacted: records that were replaced are not counted"},
         1},
        {{.exact = true, .untimed = true}, {"(-1) count as earlier"}, 1},
        {{.append_time = true, .untimed = true}, {"(LogAppendTime)", "counted where they lie"}, 1},
        {{.exact = true, .keys_estimated = true}, {"within some 3 in 100"}, 1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        const char *const *remarks;
        const struct rate_view view = {.rate = &cases[i].rate, .topic = "t"};
        arena_init(&arena);
        size_t n = rate_remarks(&view, &arena, &remarks);
        size_t expected = 0;
        while (expected < 3 && cases[i].said[expected])
            expected++;
        assert_int_equal(n, expected);
        for (size_t j = 0; j < n; j++)
            assert_non_null(strstr(remarks[j], cases[i].said[j]));
        assert_int_equal(rate_cautions(&view, &arena, &remarks), cases[i].cautions);
        arena_release(&arena);
    }
}

/* ---- for programs ---- */

static const int64_t TWO[] = {450, 12};
static struct rate_partition THREE[] = {{0, 231}, {1, 231}, {2, NO}};

static void test_json(void **state)
{
    struct made made;
    struct buf out;
    (void)state;
    make(&made, "Europe/Bucharest", UNIT_HOUR, NOON_MS, TWO, 2);
    run_last(&made, 1500);
    made.rate.partitions = THREE;
    made.rate.n_partitions = COUNT_OF(THREE);
    made.view.expect_per_s = 10000.0 / 86400;
    buf_init(&out, MAX_BYTES);
    rate_render_json(&made.view, &made.arena, &out);
    assert_string_equal(
        buf_str(&out),
        "{\"topic\":\"t\",\"per\":\"hour\",\"timezone\":\"Europe/Bucharest\",\"counted_at\":"
        "\"2026-11-26T15:00:01.500+02:00\",\"exact\":false,\"slots\":[{\"from\":"
        "\"2026-11-26T14:00:00+02:00\",\"to\":\"2026-11-26T15:00:00+02:00\",\"whole\":true,"
        "\"records\":450},{\"from\":\"2026-11-26T15:00:00+02:00\",\"to\":"
        "\"2026-11-26T16:00:00+02:00\",\"whole\":false,\"records\":12}],\"records\":462,"
        "\"earlier\":0,\"later\":0,\"now\":450,\"average\":450,\"peak\":450,"
        "\"peak_at\":\"2026-11-26T14:00:00+02:00\",\"peak_whole\":true,\"per_day\":10800,"
        "\"measured_ms\":3600000,\"left_out\":12,\"expected_per_day\":10000,"
        "\"over_expected\":800,\"skew_percent\":100,\"partitions\":[{\"partition\":0,\"records\":"
        "231},{\"partition\":1,\"records\":231},{\"partition\":2,\"records\":null}],"
        "\"compacted\":false,\"transactional\":false,\"append_time\":true,\"disorder\":{"
        "\"looked\":false,\"borders\":0,\"out_of_place\":0,\"worst_ms\":0},\"remarks\":["
        "\"Kafka stamps these records as they arrive (LogAppendTime), so none is out of "
        "order\"]}\n");
    buf_release(&out);
    release(&made);
}

static void test_json_of_a_table(void **state)
{
    static const struct rate_table_notes notes = {.nulls = 3, .unreadable = 2};
    static const char *const remarks[] = {"a \"remark\""};
    struct made made;
    struct buf out;
    (void)state;
    make(&made, "UTC", UNIT_DAY, NOON_MS, TWO, 1);
    made.rate.exact = true;
    made.rate.earlier = NO;
    made.view.topic = NULL;
    made.view.table = "s.t";
    made.view.column = "at";
    made.view.of_table = &notes;
    made.view.remarks = remarks;
    made.view.n_remarks = 1;
    buf_init(&out, MAX_BYTES);
    rate_render_json(&made.view, &made.arena, &out);
    assert_string_equal(
        buf_str(&out),
        "{\"table\":\"s.t\",\"column\":\"at\",\"per\":\"day\",\"timezone\":\"UTC\",\"counted_at\":"
        "\"2026-11-27T12:00:00Z\",\"exact\":true,\"slots\":[{\"from\":\"2026-11-26T12:00:00Z\","
        "\"to\":\"2026-11-27T12:00:00Z\",\"whole\":true,\"records\":450}],\"records\":450,"
        "\"earlier\":null,\"later\":0,\"now\":450,\"average\":450,\"peak\":450,"
        "\"peak_at\":\"2026-11-26T12:00:00Z\",\"peak_whole\":true,\"per_day\":450,"
        "\"measured_ms\":86400000,\"left_out\":0,\"expected_per_day\":null,"
        "\"over_expected\":null,\"skew_percent\":null,\"nulls\":3,\"unreadable\":2,\"remarks\":["
        "\"a \\\"remark\\\"\"]}\n");
    buf_release(&out);
    release(&made);
}

static void test_csv(void **state)
{
    struct made made;
    struct buf out;
    (void)state;
    make(&made, "UTC", UNIT_HOUR, NOON_MS, TWO, 2);
    run_last(&made, 1000);
    buf_init(&out, MAX_BYTES);
    rate_render_csv(&made.view, &made.arena, &out);
    assert_string_equal(buf_str(&out), "from,to,whole,records\n"
                                       "2026-11-26T12:00:00Z,2026-11-26T13:00:00Z,true,450\n"
                                       "2026-11-26T13:00:00Z,2026-11-26T14:00:00Z,false,12\n");
    buf_clear(&out);
    made.rate.exact = true;
    made.slots[0].bytes = 1000;
    made.slots[0].smallest = 1;
    made.slots[0].largest = 20;
    rate_render_csv(&made.view, &made.arena, &out);
    assert_string_equal(buf_str(&out),
                        "from,to,whole,records,bytes,smallest,largest,distinct_keys\n"
                        "2026-11-26T12:00:00Z,2026-11-26T13:00:00Z,true,450,1000,1,20,\n"
                        "2026-11-26T13:00:00Z,2026-11-26T14:00:00Z,false,12,,,,\n");
    buf_release(&out);
    release(&made);
}

/* ---- figures ---- */

static void test_figures(void **state)
{
    static const struct {
        int64_t number;
        const char *text;
    } whole[] = {
        {0, "0"},
        {999, "999"},
        {1000, "1,000"},
        {-1234567, "-1,234,567"},
        {INT64_MAX, "9,223,372,036,854,775,807"},
        {INT64_MIN, "-9,223,372,036,854,775,808"},
    };
    static const struct {
        double value;
        const char *text;
    } measures[] = {
        {0, "0"},          {0.00421, "0.0042"}, {0.5, "0.5"},        {7.251, "7.25"},
        {9, "9"},          {446.3, "446.3"},    {100, "100"},        {999.4, "999.4"},
        {999.96, "1,000"}, {10800.4, "10,800"}, {-1234.5, "-1,235"},
    };
    struct arena arena;
    (void)state;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(whole); i++)
        assert_string_equal(grouped_text(&arena, whole[i].number), whole[i].text);
    for (size_t i = 0; i < COUNT_OF(measures); i++)
        assert_string_equal(measure_text(&arena, measures[i].value), measures[i].text);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bars),
        cmocka_unit_test(test_ascii_bars_and_a_part),
        cmocka_unit_test(test_a_part_is_only_where_one_could_be),
        cmocka_unit_test(test_what_lies_outside_has_rows),
        cmocka_unit_test(test_clocks_go_back),
        cmocka_unit_test(test_all_was_read),
        cmocka_unit_test(test_the_fullest_is_not_whole),
        cmocka_unit_test(test_what_ended_is_told_and_a_tenth_is_not),
        cmocka_unit_test(test_no_whole_hour_and_nothing),
        cmocka_unit_test(test_nothing_beside_what_should_come),
        cmocka_unit_test(test_a_burst_that_is_over),
        cmocka_unit_test(test_a_day_from_a_moment),
        cmocka_unit_test(test_a_day),
        cmocka_unit_test(test_a_line),
        cmocka_unit_test(test_remarks),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_json_of_a_table),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
