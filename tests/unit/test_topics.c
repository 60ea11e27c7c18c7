/* Topics once read: what is sent to change a config, and what their configs mean. */
#include "unit.h"

#include "client/admin_brokers.h"
#include "cmd/topic_render.h"

#include <stdio.h>
#include <string.h>

/* ---- changing one config where only all can be sent ---- */

static const struct topic_config set_configs[] = {
    {"cleanup.policy", "delete", CONFIG_DEFAULT}, {"max.message.bytes", "5000", CONFIG_TOPIC},
    {"min.insync.replicas", "2", CONFIG_STATIC},  {"retention.ms", "1000", CONFIG_TOPIC},
    {"secret.one", NULL, CONFIG_TOPIC},           {"secret.of.brokers", NULL, CONFIG_BROKER},
};

/* "a=1 b=2", or the error. */
static void merge(const struct config_change *changes, size_t n, char *out, size_t size)
{
    const struct topic topic = {.name = "t",
                                .configs = set_configs,
                                .n_configs = COUNT_OF(set_configs)};
    struct arena arena;
    struct config_change *sent;
    size_t n_sent;
    struct err err;
    arena_init(&arena);
    *out = '\0';
    if (topic_configs_merge(&arena, &topic, changes, n, &sent, &n_sent, &err) < 0) {
        assert_int_equal(err.class, ERR_HALT);
        snprintf(out, size, "%s", err.text);
        n_sent = 0;
    }
    for (size_t i = 0; i < n_sent; i++) {
        size_t len = strlen(out);
        snprintf(out + len, size - len, "%s%s=%s", i > 0 ? " " : "", sent[i].name, sent[i].value);
    }
    arena_release(&arena);
}

static void test_merge(void **state)
{
    (void)state;
    static const struct {
        struct config_change changes[3];
        size_t n;
        const char *sent; /* or what the refusal says */
    } cases[] = {
        {{{"secret.one", "x"}}, 1, "max.message.bytes=5000 retention.ms=1000 secret.one=x"},
        {{{"secret.one", NULL}}, 1, "max.message.bytes=5000 retention.ms=1000"},
        {{{"secret.one", NULL}, {"retention.ms", "7"}}, 2, "max.message.bytes=5000 retention.ms=7"},
        {{{"secret.one", NULL}, {"retention.ms", NULL}, {"max.message.bytes", NULL}}, 3, ""},
        {{{"secret.one", NULL}, {"segment.ms", "9"}, {"retention.ms", NULL}},
         3,
         "max.message.bytes=5000 segment.ms=9"},
    };
    char out[2048];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        merge(cases[i].changes, cases[i].n, out, sizeof out);
        assert_string_equal(out, cases[i].sent);
    }
    static const struct config_change one = {"retention.ms", "7"};
    merge(&one, 1, out, sizeof out);
    assert_non_null(strstr(out, "topic \"t\" sets secret.one to a value that the broker does not"));
    assert_non_null(strstr(out, "nothing was changed"));
}

/* ---- retention ---- */

static void test_retention(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        const char *ms;
        const char *bytes;
        const char *text; /* NULL: not known */
    } cases[] = {
        {"delete", "604800000", "-1", "7d"},
        {"delete", "5400000", "-1", "1h30m"},
        {"delete", "90061001", "-1", "1d1h"},
        {"delete", "60000", "-1", "1m"},
        {"delete", "1500", "-1", "1s500ms"},
        {"delete", "1", "-1", "1ms"},
        {"delete", "0", "-1", "0ms"},
        {"delete", "-1", "-1", "forever"},
        {"delete", "-1", "1073741824", "1GiB"},
        {"delete", "86400000", "1610612736", "1d or 1.5GiB"},
        {"delete", "-1", "100", "100B"},
        {"delete", "9223372036854775807", "-1", "106751991167d7h"},
        {"compact", "604800000", "-1", "compacted"},
        {"compact,delete", "604800000", "-1", "compacted, 7d"},
        {"compact,delete", "-1", "-1", "compacted"},
        {"", "604800000", "-1", "forever"},
        {"delete", NULL, "-1", NULL},
        {"delete", "soon", "-1", NULL},
        {NULL, "1", "-1", NULL},
    };
    struct arena arena;
    arena_init(&arena);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct topic_config configs[] = {
            {"cleanup.policy", cases[i].policy, CONFIG_DEFAULT},
            {"retention.ms", cases[i].ms, CONFIG_DEFAULT},
            {"retention.bytes", cases[i].bytes, CONFIG_DEFAULT},
        };
        const struct topic topic = {.configs = configs, .n_configs = COUNT_OF(configs)};
        const char *text = topic_retention(&arena, &topic);
        assert_string_equal(text ? text : "?", cases[i].text ? cases[i].text : "?");
    }
    const struct topic unread = {.name = "t"};
    assert_null(topic_retention(&arena, &unread));
    arena_release(&arena);
}

/* ---- numbers and names ---- */

static void test_records(void **state)
{
    (void)state;
    struct topic_partition partitions[] = {{.low = 5, .high = 12}, {.low = 0, .high = 3}};
    struct topic topic = {.partitions = partitions, .n_partitions = 2};
    assert_int_equal(topic_records(&topic), 10);
    partitions[1].high = TOPIC_UNKNOWN;
    assert_int_equal(topic_records(&topic), TOPIC_UNKNOWN);
    topic.n_partitions = 0;
    assert_int_equal(topic_records(&topic), 0);
}

/* ---- bytes ---- */

#define FUTURE true

/* Brokers 1 and 2 keep a replica of each partition; who leads it says how much it is. */
static void test_bytes(void **state)
{
    (void)state;
    struct topic_partition a[] = {{.partition = 0, .leader = 1, .bytes = TOPIC_UNKNOWN},
                                  {.partition = 2, .leader = 2, .bytes = TOPIC_UNKNOWN}};
    struct topic_partition b[] = {{.partition = 0, .leader = 1, .bytes = TOPIC_UNKNOWN}};
    struct topic items[] = {{.name = "a", .partitions = a, .n_partitions = 2},
                            {.name = "ab", .partitions = b, .n_partitions = 1},
                            {.name = "c"}};
    const struct topic_list topics = {items, 3};
    struct log_dir_partition of_a[] = {{0, 100, 0, false}, {0, 7, 0, FUTURE}, {2, 50, 0, false},
                                       {1, 9, 0, false},   {-1, 9, 0, false}, {9, 9, 0, false}};
    struct log_dir_partition of_b[] = {{0, 9, 0, false}};
    struct log_dir_partition lies[] = {{0, -5, 0, false}};
    struct log_dir_topic told[] = {{SLICE_INIT("a"), of_a, 6},
                                   {SLICE_INIT("a\0long"), of_b, 1},
                                   {SLICE_INIT("gone"), of_b, 1},
                                   {SLICE_INIT("ab"), lies, 1}};
    struct log_dir_topic unread[] = {{SLICE_INIT("ab"), of_b, 1}};
    struct log_dir dirs[] = {{.topics = told, .n_topics = 4},
                             {.error_code = 56, .topics = unread, .n_topics = 1}};
    const struct log_dirs_response response = {.results = dirs, .n_results = 2};
    topic_list_keep_bytes(&topics, 1, &response);
    assert_int_equal(a[0].bytes, 100);
    assert_int_equal(a[1].bytes, TOPIC_UNKNOWN);
    assert_int_equal(topic_bytes(&items[0]), TOPIC_UNKNOWN);
    assert_int_equal(b[0].bytes, TOPIC_UNKNOWN);
    topic_list_keep_bytes(&topics, 2, &response);
    assert_int_equal(topic_bytes(&items[0]), 150);
    a[0].bytes = INT64_MAX;
    assert_int_equal(topic_bytes(&items[0]), TOPIC_UNKNOWN);
    assert_int_equal(topic_bytes(&items[2]), 0);
}

static void test_topic_id(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(topic_id_text(&arena, "L8EjZs0wSBCzkGfp+uH/LA"), "L8EjZs0wSBCzkGfp-uH_LA");
    assert_null(topic_id_text(&arena, ""));
    arena_release(&arena);
}

static void test_internal(void **state)
{
    (void)state;
    assert_true(topic_is_internal("__consumer_offsets"));
    assert_false(topic_is_internal("_schemas"));
    assert_false(topic_is_internal("a__b"));
    assert_false(topic_is_internal("_"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),    cmocka_unit_test(test_retention),
        cmocka_unit_test(test_records),  cmocka_unit_test(test_topic_id),
        cmocka_unit_test(test_internal), cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
