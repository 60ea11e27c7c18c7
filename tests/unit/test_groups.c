/* Groups once read: how far behind they are, whose they are, and where a seek goes. */
#include "unit.h"

#include "client/admin_groups.h"
#include "cmd/group_plan.h"
#include "cmd/pipeline_group.h"

#include <stdio.h>
#include <string.h>

static void test_lag(void **state)
{
    (void)state;
    static const struct {
        struct group_partition partitions[2];
        size_t n;
        int64_t lags[2];
        int64_t lag;
    } cases[] = {
        {.n = 0, .lag = GROUP_UNKNOWN},
        {{{"t", 0, false, false, 3, 0, 10}, {"t", 1, false, false, 10, 0, 10}}, 2, {7, 0}, 7},
        /* Without a committed offset: not counted. */
        {{{"t", 0, false, false, 3, 0, 10}, {"t", 1, false, false, -1, 0, 10}}, 2, {7, -1}, 7},
        {{{"t", 0, false, false, -1, 0, 10}}, 1, {-1}, GROUP_UNKNOWN},
        /* Below the beginning, as Kafka's own tool counts it; above the end nothing is behind. */
        {{{"t", 0, false, false, 3, 5, 10}}, 1, {7}, 7},
        {{{"t", 0, false, false, 11, 0, 10}, {"t", 1, false, false, 4, 0, 5}}, 2, {-1, 1}, 1},
        /* An end that could not be read makes the sum unknown; one that is gone does not. */
        {{{"t", 0, false, false, 3, -1, -1}, {"t", 1, false, false, 4, 0, 5}},
         2,
         {-1, 1},
         GROUP_UNKNOWN},
        {{{"t", 0, true, false, 3, -1, -1}, {"t", 1, false, false, 4, 0, 5}}, 2, {-1, 1}, 1},
        /* Nor is it known what one that is hidden adds to it. */
        {{{"t", 0, false, true, -1, -1, -1}, {"t", 1, false, false, 4, 0, 5}},
         2,
         {-1, 1},
         GROUP_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct group_partition partitions[2];
        memcpy(partitions, cases[i].partitions, sizeof partitions);
        const struct group group = {.partitions = partitions, .n_partitions = cases[i].n};
        for (size_t j = 0; j < cases[i].n; j++)
            assert_int_equal(group_partition_lag(&partitions[j]), cases[i].lags[j]);
        assert_int_equal(group_lag(&group), cases[i].lag);
    }
}

static void test_members(void **state)
{
    (void)state;
    static const struct {
        const char *state;
        size_t n_members;
        bool has;
    } cases[] = {
        {"Empty", 0, false}, {"Dead", 0, false},
        {"Stable", 2, true}, {"Stable", 0, true}, /* of a kind that the library cannot ask for */
        {NULL, 0, true},     {"Assigning", 0, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct group group = {.state = cases[i].state, .n_members = cases[i].n_members};
        assert_int_equal(group_has_members(&group), cases[i].has);
    }
}

static void test_pipelines(void **state)
{
    (void)state;
    struct pipeline_config pipelines[] = {{.name = "one"}, {.name = "two", .group = "billing"}};
    const struct config config = {.pipelines = pipelines, .n_pipelines = 2};
    static const struct {
        const char *group;
        const char *pipeline; /* NULL: none */
    } cases[] = {
        {"weir.orders-to-public.orders.0123456789ab", "orders-to-public.orders"},
        {"weir.x.abcdefabcdef", "x"},
        {"billing", "two"},
        {"billing2", NULL},
        {"one", NULL},
        {"weir", NULL},
        {"weir.", NULL},
        {"weir.0123456789ab", NULL},
        {"weir..0123456789ab", NULL},
        {"weir.x.0123456789a", NULL},
        {"weir.x.0123456789abc", NULL},
        {"weir.x.0123456789AB", NULL},
        {"weir.x.0123456789ab.y", NULL},
        {"my.weir.x.0123456789ab", NULL},
        {"", NULL},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *found = pipeline_of_group(&arena, &config, cases[i].group);
        if (cases[i].pipeline)
            assert_string_equal(found, cases[i].pipeline);
        else
            assert_null(found);
    }
    arena_release(&arena);
}

static void test_topics(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *read; /* "name", "name 0 2", or what the error says */
    } cases[] = {
        {"orders", "orders"},
        {"orders:0", "orders 0"},
        {"orders:2,0", "orders 0 2"},
        {"orders:", "\"\" is not a partition's number"},
        {"orders:1,", "\"\" is not a partition's number"},
        {"orders:,1", "\"\" is not a partition's number"},
        {"orders:-1", "\"-1\" is not a partition's number"},
        {"orders:2147483648", "\"2147483648\" is not a partition's number"},
        {"orders:1 ,2", "\"1 \" is not a partition's number"},
        {":1", "\":1\" names no topic"},
        {"", "\"\" names no topic"},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;
        struct group_topic topic;
        char out[2100];
        if (group_plan_topic(&arena, cases[i].text, &topic, &err) < 0) {
            assert_int_equal(err.class, ERR_USAGE);
            assert_memory_equal(err.text, cases[i].read, strlen(cases[i].read));
            continue;
        }
        int len = snprintf(out, sizeof out, "%s", topic.name);
        for (size_t j = 0; j < topic.n_partitions; j++)
            len += snprintf(out + len, sizeof out - (size_t)len, " %d", (int)topic.partitions[j]);
        assert_string_equal(out, cases[i].read);
        assert_int_equal(group_plan_wants(&topic, 1), topic.n_partitions == 0);
        assert_true(group_plan_wants(&topic, 0));
    }
    arena_release(&arena);
}

static void test_offsets(void **state)
{
    (void)state;
    static const struct topic_partition full = {.low = 5, .high = 20, .at = 12};
    static const struct topic_partition without_leader = {.low = -1, .high = -1, .at = -1};
    static const struct {
        struct offset_spec to;
        const struct topic_partition *partition;
        int64_t offset; /* -1: an error of class `class` */
        enum err_class class;
    } cases[] = {
        {{OFFSET_BEGINNING, 0}, &full, 5, ERR_NONE},
        {{OFFSET_END, 0}, &full, 20, ERR_NONE},
        {{OFFSET_TAIL, 1}, &full, 19, ERR_NONE},
        {{OFFSET_TAIL, 15}, &full, 5, ERR_NONE},
        {{OFFSET_TAIL, INT64_MAX}, &full, 5, ERR_NONE},
        {{OFFSET_TIME, 1}, &full, 12, ERR_NONE},
        {{OFFSET_ABSOLUTE, 5}, &full, 5, ERR_NONE},
        {{OFFSET_ABSOLUTE, 20}, &full, 20, ERR_NONE},
        {{OFFSET_ABSOLUTE, 4}, &full, -1, ERR_USAGE},
        {{OFFSET_ABSOLUTE, 21}, &full, -1, ERR_USAGE},
        {{OFFSET_STORED, 0}, &full, -1, ERR_BUG},
        {{OFFSET_END, 0}, &without_leader, -1, ERR_OUTAGE},
        {{OFFSET_TIME, 1}, &without_leader, -1, ERR_OUTAGE},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {.class = ERR_NONE};
        int64_t offset = -1;
        int rc = group_plan_offset(cases[i].to, "t", cases[i].partition, &offset, &err);
        assert_int_equal(rc, cases[i].offset < 0 ? -1 : 0);
        assert_int_equal(err.class, cases[i].class);
        if (rc == 0)
            assert_int_equal(offset, cases[i].offset);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lag),       cmocka_unit_test(test_members),
        cmocka_unit_test(test_topics),    cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_pipelines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
