/* The pipeline's topics, and a sample of their records. */
#include "inspect/examination.h"

#include "base/clock.h"
#include "base/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "Topics"
#define SAMPLE_MS 8000

static const char *config_value(const struct topic *topic, const char *name)
{
    const struct topic_config *config = topic_config_find(topic, name);
    return config && config->value ? config->value : "";
}

static void warn_of_replicas(struct examination *x, const struct topic *topic)
{
    size_t behind = 0;
    size_t below = 0;
    long wanted = strtol(config_value(topic, "min.insync.replicas"), NULL, 10);
    for (size_t i = 0; i < topic->n_partitions; i++) {
        const struct topic_partition *p = &topic->partitions[i];
        behind += p->leader != TOPIC_UNKNOWN && p->n_in_sync < p->n_replicas;
        below += p->leader != TOPIC_UNKNOWN && (long)p->n_in_sync < wanted;
    }
    if (behind > 0)
        finding_add(x->findings, FINDING_WARN, SECTION, topic->name,
                    "%zu of %zu partitions have replicas that are not in sync%s", behind,
                    topic->n_partitions,
                    below > 0 ? ", and fewer than min.insync.replicas: producers that wait for all "
                                "are refused"
                              : "")
            ->cure = "look after the brokers that hold them (weir topic describe names them)";
    else if (topic->n_partitions > 0 && topic->partitions[0].n_replicas == 1 && x->n_brokers > 1)
        finding_add(x->findings, FINDING_WARN, SECTION, topic->name,
                    "each partition is on one of the %zu brokers alone: it is gone with it",
                    x->n_brokers)
            ->cure = "a topic with --replication-factor 3, or a reassignment by "
                     "kafka-reassign-partitions.sh";
}

static void warn_of_compaction(struct examination *x, const struct topic *topic)
{
    if (!strstr(config_value(topic, "cleanup.policy"), "compact"))
        return;
    finding_add(x->findings, FINDING_WARN, SECTION, topic->name,
                "is compacted (cleanup.policy %s): of a key's records only the last is certain to "
                "be read, and a record without a value is a tombstone, no row",
                config_value(topic, "cleanup.policy"))
        ->cure = "if each record is to be a row, a topic of its own is safest; without compaction "
                 "this one loses at once what is older than its retention.ms, so set that to -1 "
                 "first";
}

static bool has_leaders(struct examination *x, const struct topic *topic)
{
    size_t leaderless = 0;
    for (size_t i = 0; i < topic->n_partitions; i++)
        leaderless += topic->partitions[i].leader == TOPIC_UNKNOWN;
    if (leaderless == 0)
        return true;
    finding_add(x->findings, FINDING_FAIL, SECTION, topic->name,
                "%zu of %zu partitions have no leader: they cannot be read now", leaderless,
                topic->n_partitions)
        ->cure = "start the brokers that hold them (weir topic describe names them)";
    return false;
}

static void tell_topic(struct examination *x, const struct topic *topic)
{
    int64_t records = topic_records(topic);
    if (has_leaders(x, topic))
        finding_add(x->findings, FINDING_OK, SECTION, topic->name,
                    "%zu partition%s, replication factor %zu, %" PRId64 " offset%s",
                    topic->n_partitions, topic->n_partitions == 1 ? "" : "s",
                    topic->n_partitions > 0 ? topic->partitions[0].n_replicas : 0, records,
                    records == 1 ? "" : "s");
    warn_of_replicas(x, topic);
    warn_of_compaction(x, topic);
}

/* `near`: the quoted name of a topic that may be meant, or NULL. */
static void advise_name(struct examination *x, struct finding *finding, const char *name,
                        const char *near)
{
    if (!near && !strstr(finding->text, "there is no topic")) {
        finding->cure = "a topic's name has 249 letters, digits, \".\", \"_\" and \"-\" at most";
    } else if (!near) {
        finding->cure = arena_printf(x->arena, "weir topic create %s", name);
    } else {
        finding->cure = arena_printf(x->arena, "-t %.*s, if that topic is meant",
                                     (int)strlen(near) - 2, near + 1);
        finding->instead = arena_printf(x->arena, "a new one: weir topic create %s", name);
    }
}

/* One topic with its offsets and configs; false: it is not there, or cannot be read. */
static bool read_topic(struct examination *x, const char *name, struct topic *out)
{
    struct err err;
    struct topic_info info;
    struct topic_list one;
    if (admin_topic(x->admin, name, ASK_MS, &info, &err) < 0 ||
        admin_topics(x->admin, x->arena, name, ASK_MS, &one, &err) < 0) {
        char *advice = strstr(err.text, "; weir topic create");
        if (advice) /* it is told as the cure */
            *advice = '\0';
        struct finding *finding = doctor_add_error(x, FINDING_FAIL, SECTION, name, &err);
        if (err.class == ERR_USAGE)
            advise_name(x, finding, name, doctor_near(x->arena, err.text));
        return false;
    }
    if (one.n != 1) {
        finding_add(x->findings, FINDING_FAIL, SECTION, name, "is just being deleted");
        return false;
    }
    if (admin_topics_offsets(x->admin, &one, ASK_MS, &err) < 0) {
        if (has_leaders(x, &one.items[0]))
            doctor_add_error(x, FINDING_FAIL, SECTION, name, &err);
        return false;
    }
    if (admin_topics_configs(x->admin, x->arena, &one, ASK_MS, &err) < 0)
        doctor_add_error(x, FINDING_WARN, SECTION, name, &err);
    *out = one.items[0];
    return true;
}

void doctor_topics(struct examination *x)
{
    const struct pipeline_config *config = x->config;
    x->topics.items = arena_alloc(x->arena, (config->n_topics + 1) * sizeof *x->topics.items);
    for (size_t i = 0; i < config->n_topics; i++) {
        if (x->no_kafka) {
            finding_add(x->findings, FINDING_SKIP, SECTION, config->topics[i], "%s", x->no_kafka);
            continue;
        }
        struct topic *topic = &x->topics.items[x->topics.n];
        if (!read_topic(x, config->topics[i], topic))
            continue;
        tell_topic(x, topic);
        x->topics.n++;
    }
    x->all_topics = x->topics.n == config->n_topics;
}

/* ---- records ---- */

static void tell_open_transactions(struct examination *x)
{
    for (size_t i = 0; i < x->sample.n_open; i++) {
        const struct sample_open *open = &x->sample.open[i];
        finding_add(x->findings, FINDING_WARN, SECTION, "transaction",
                    "%s[%" PRId32 "]: a transaction of a producer is open at offset %" PRId64
                    "; nothing behind it is read until it ends (%" PRId64 " offsets now)",
                    open->topic, open->partition, open->from, open->high - open->from)
            ->cure = "let the producer commit or abort; one that is dead is aborted by the broker "
                     "after its transaction.timeout.ms, or by kafka-transactions.sh abort";
    }
}

/* Records that no table could take: a table without columns tells of them alone. */
static void tell_unfit(struct examination *x)
{
    struct err err;
    struct column_check check;
    const struct table nothing = {.quoted = "", .columns = NULL};
    struct row_policy policy = doctor_policy(x->config);
    policy.rules = NULL;
    policy.n_rules = 0;
    policy.on_unknown_key = UNKNOWN_KEY_IGNORE;
    if (column_check_run(&check, x->arena, &nothing, &policy, x->sample.records, x->sample.n,
                         &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, "JSON", &err);
        return;
    }
    const struct faults *faults = &check.records_at_fault;
    bool too_many = (double)faults->records > x->config->max_dead_share * (double)check.records;
    for (size_t i = 0; i < faults->n; i++)
        finding_add(x->findings, too_many ? FINDING_FAIL : FINDING_WARN, SECTION, "JSON",
                    "%zu of %zu records would be dead letters whatever the table: %s (%s, SQLSTATE "
                    "%s)",
                    faults->kinds[i].records, check.records, faults->kinds[i].text,
                    faults->kinds[i].place, faults->kinds[i].sqlstate)
            ->cure = "mend the producer; weir consume shows such a record";
    if (faults->records == 0 && check.records > 0)
        finding_add(x->findings, FINDING_OK, SECTION, "JSON", "all are JSON objects in UTF-8%s",
                    check.tombstones ? ", but for tombstones" : "");
}

static void tell_keys(struct examination *x)
{
    size_t odd = 0;
    size_t n = 0;
    for (size_t i = 0; i < x->sample.n; i++) {
        struct slice key = x->sample.records[i].key;
        n += key.ptr != NULL;
        odd += key.ptr && utf8_valid_prefix(key) < key.len;
    }
    if (odd > 0)
        finding_add(x->findings, FINDING_OK, SECTION, "keys",
                    "%zu of %zu are not UTF-8: only a bytea column can be filled from $key", odd,
                    n);
}

static void tell_clock(struct examination *x)
{
    int64_t ahead_us = x->sample.newest_ms * 1000 - clock_wall_us();
    if (x->sample.newest_ms < 0 || ahead_us <= CLOCK_US)
        return;
    finding_add(x->findings, FINDING_WARN, SECTION, "clock",
                "the newest record's time is %s ahead of this machine's clock",
                doctor_time_text(x->arena, ahead_us / 1000))
        ->cure = "set the clocks by NTP: the producers' (or with LogAppendTime the brokers'), or "
                 "this machine's";
}

static void take_sample(struct examination *x)
{
    struct err err;
    const struct sample_request request = {
        .config = x->config,
        .topics = &x->topics,
        .n_records = x->sample_records,
        .timeout_ms = SAMPLE_MS,
    };
    if (sample_read(&x->sample, x->arena, &request, &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, "records", &err);
        x->no_sample = "the records could not be read";
        return;
    }
    tell_open_transactions(x);
    if (x->sample.n == 0) {
        finding_add(x->findings, FINDING_WARN, SECTION, "records",
                    "there are none to be read now, so nothing can be said about them")
            ->cure = "produce some (weir produce) and ask again";
        x->no_sample = "there are no records to hold it against";
        return;
    }
    finding_add(x->findings, FINDING_OK, SECTION, "records", "the newest %zu were looked at%s",
                x->sample.n, x->sample.cut ? ", no more because they are large" : "");
}

void doctor_records(struct examination *x)
{
    if (x->topics.n == 0) {
        x->no_sample = x->no_kafka ? x->no_kafka : "there is no topic to read";
        finding_add(x->findings, FINDING_SKIP, SECTION, "records", "%s", x->no_sample);
        return;
    }
    take_sample(x);
    if (x->no_sample)
        return;
    tell_unfit(x);
    tell_keys(x);
    tell_clock(x);
    draft_make(&x->draft, x->arena, x->sample.records, x->sample.n);
}
