/* weir topic create, alter, delete: what changes a cluster. */
#include "cmd/topic_work.h"

#include "base/suggest.h"
#include "cmd/names_deleted.h"
#include "cmd/topic_render.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Say what failed: all but the last on stderr, that one in `err`. What is wrong usage in one topic
 * and a failure in another is a failure. Returns -1 if any failed, else 0.
 */
static int report_failures(const struct topic_work *work, const struct topic_result *results,
                           struct err *err)
{
    const struct topic_result *last = NULL;
    enum err_class class = ERR_USAGE;
    for (size_t i = 0; i < work->n_names; i++) {
        if (results[i].err.class == ERR_NONE)
            continue;
        if (last)
            cli_fail(work->cli, &last->err);
        last = &results[i];
        if (last->err.class != ERR_USAGE)
            class = last->err.class;
    }
    if (!last)
        return 0;
    *err = last->err;
    err->class = class;
    return -1;
}

/* The topic as it is now, without offsets; its name alone if the cluster does not show it. */
static int read_topic(struct topic_work *work, const char *name, struct topic *out, struct err *err)
{
    struct topic_list list;
    struct arena *arena = &work->cli->arena;
    if (admin_topics(work->admin, arena, name, TOPIC_WORK_MS, &list, err) < 0)
        return -1;
    *out = list.n == 1 ? list.items[0] : (struct topic){.name = name};
    return 0;
}

/* ---- create ---- */

/* One that is there already is no failure with --if-not-exists. */
static void judge_existing(const struct topic_work *work, struct topic_result *results)
{
    for (size_t i = 0; i < work->n_names; i++) {
        if (!results[i].exists)
            continue;
        if (work->if_not_exists)
            results[i].err.class = ERR_NONE;
        else
            err_set(&results[i].err, ERR_INPUT,
                    "topic \"%s\" exists already; --if-not-exists leaves it as it is",
                    results[i].name);
    }
}

static void note_differences(const struct topic_work *work, const struct topic *topic)
{
    if (work->partitions > 0 && topic->n_partitions > 0 &&
        (size_t)work->partitions != topic->n_partitions)
        cli_note(work->cli, "topic \"%s\" has %zu partitions and not %d", topic->name,
                 topic->n_partitions, work->partitions);
    if (work->n_changes > 0)
        cli_note(work->cli,
                 "the configs of topic \"%s\" were left as they are; weir topic alter "
                 "changes them",
                 topic->name);
}

static int show_made(struct topic_work *work, const struct topic_result *results, struct err *err)
{
    struct arena *arena = &work->cli->arena;
    struct topic_made *made = arena_alloc(arena, work->n_names * sizeof *made);
    struct topic *topics = arena_alloc(arena, work->n_names * sizeof *topics);
    size_t n = 0;
    for (size_t i = 0; i < work->n_names; i++) {
        if (results[i].err.class != ERR_NONE)
            continue;
        size_t expected = work->partitions > 0 && !results[i].exists ? (size_t)work->partitions : 1;
        if (admin_await_topic(work->admin, results[i].name, expected, TOPIC_SHOW_MS, err) < 0 ||
            read_topic(work, results[i].name, &topics[n], err) < 0)
            return -1;
        if (results[i].exists)
            note_differences(work, &topics[n]);
        made[n] = (struct topic_made){&topics[n], results[i].exists};
        n++;
    }
    if (n > 0)
        topic_render_made(made, n, work->cli->json);
    return 0;
}

int topic_create(struct topic_work *work, struct err *err)
{
    const struct new_topics topics = {
        .names = work->names,
        .n = work->n_names,
        .partitions = work->partitions,
        .replication_factor = work->replication_factor,
        .configs = work->changes,
        .n_configs = work->n_changes,
    };
    struct topic_result *results = arena_alloc(&work->cli->arena, work->n_names * sizeof *results);
    /* If one of several cannot be made, none is. */
    for (int validate = work->n_names > 1; validate >= 0; validate--) {
        if (admin_create_topics(work->admin, &topics, validate, TOPIC_WORK_MS, results, err) < 0)
            return -1;
        judge_existing(work, results);
        if (validate && report_failures(work, results, err) < 0) {
            cli_note(work->cli, "no topic was created");
            return -1;
        }
    }
    if (show_made(work, results, err) < 0)
        return -1;
    return report_failures(work, results, err);
}

/* ---- alter ---- */

/* What does not need the broker's judgement. */
static int check_alteration(const struct topic_work *work, const struct topic *topic,
                            struct err *err)
{
    if (work->partitions > 0 && (size_t)work->partitions < topic->n_partitions)
        return err_set(err, ERR_USAGE,
                       "topic \"%s\" has %zu partitions and Kafka cannot take any away, since "
                       "their records would go with them: create another topic with %d",
                       topic->name, topic->n_partitions, work->partitions);
    const char **names = arena_alloc(&work->cli->arena, (topic->n_configs + 1) * sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < topic->n_configs; i++)
        if (topic->configs[i].source == CONFIG_TOPIC)
            names[n++] = topic->configs[i].name;
    for (size_t i = 0; i < work->n_changes; i++) {
        const struct config_change *change = &work->changes[i];
        const struct topic_config *config = topic_config_find(topic, change->name);
        if (change->value || (config && config->source == CONFIG_TOPIC))
            continue;
        const char *nearest = suggest_nearest(change->name, names, n);
        return err_set(err, ERR_USAGE, "topic \"%s\" sets no config \"%s\"%s%s%s", topic->name,
                       change->name, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                       nearest ? "\"?" : "");
    }
    return 0;
}

/* The broker names a config that it does not know; we know those that it has. */
static int suggest_config(struct topic_work *work, const struct topic *topic, struct err *err)
{
    const char **names = arena_alloc(&work->cli->arena, (topic->n_configs + 1) * sizeof *names);
    for (size_t i = 0; i < topic->n_configs; i++)
        names[i] = topic->configs[i].name;
    for (size_t i = 0; i < work->n_changes && err->class == ERR_USAGE; i++) {
        const char *name = work->changes[i].name;
        const char *nearest =
            topic_config_find(topic, name) ? NULL : suggest_nearest(name, names, topic->n_configs);
        if (nearest)
            return err_set_code(err, ERR_USAGE, err->code, "%s; did you mean \"%s\"?", err->text,
                                nearest);
    }
    return -1;
}

static int alter_configs(struct topic_work *work, const struct topic *topic, struct err *err)
{
    bool whole = false;
    if (work->n_changes == 0)
        return 0;
    if (admin_alter_configs(work->admin, &work->cli->arena, topic, work->changes, work->n_changes,
                            TOPIC_WORK_MS, &whole, err) < 0)
        return suggest_config(work, topic, err);
    if (whole)
        cli_note(work->cli,
                 "this librdkafka or broker cannot change one config alone, so all that topic "
                 "\"%s\" sets were sent; what someone else changed in the same moment is lost "
                 "(librdkafka 2.2 with Kafka 2.3 can)",
                 topic->name);
    return 0;
}

static int add_partitions(struct topic_work *work, const struct topic *topic, struct err *err)
{
    if (admin_add_partitions(work->admin, topic->name, work->partitions, false, TOPIC_WORK_MS,
                             err) < 0)
        return work->n_changes > 0 ? err_prefix(err, "the configs were changed, but not more") : -1;
    cli_note(work->cli, "records of a key may go to another partition of \"%s\" from now on",
             topic->name);
    return admin_await_topic(work->admin, topic->name, (size_t)work->partitions, TOPIC_SHOW_MS,
                             err) < 0
               ? -1
               : 0;
}

static int apply_alteration(struct topic_work *work, const struct topic *topic, struct err *err)
{
    bool more = work->partitions > 0 && (size_t)work->partitions > topic->n_partitions;
    if (work->partitions > 0 && !more)
        cli_note(work->cli, "topic \"%s\" has %zu partitions already", topic->name,
                 topic->n_partitions);
    /* Both or nothing, as far as the broker can tell beforehand. */
    if (more && work->n_changes > 0 &&
        admin_add_partitions(work->admin, topic->name, work->partitions, true, TOPIC_WORK_MS, err) <
            0)
        return -1;
    if (alter_configs(work, topic, err) < 0 || (more && add_partitions(work, topic, err) < 0))
        return -1;
    const struct topic_alteration alteration = {
        .topic = topic,
        .partitions = more ? work->partitions : (int32_t)topic->n_partitions,
        .changes = work->changes,
        .n_changes = work->n_changes,
    };
    topic_render_alteration(&work->cli->arena, &alteration, work->cli->json);
    return 0;
}

int topic_alter(struct topic_work *work, struct err *err)
{
    struct topic_info info;
    struct topic_list list;
    struct arena *arena = &work->cli->arena;
    const char *name = work->names[0];
    if (admin_topic(work->admin, name, TOPIC_WORK_MS, &info, err) < 0 ||
        admin_topics(work->admin, arena, name, TOPIC_WORK_MS, &list, err) < 0)
        return -1;
    if (list.n != 1)
        return err_set(err, ERR_OUTAGE, "topic \"%s\" is just being deleted", name);
    if (work->n_changes > 0 &&
        admin_topics_configs(work->admin, arena, &list, TOPIC_WORK_MS, err) < 0)
        return -1;
    if (check_alteration(work, &list.items[0], err) < 0)
        return -1;
    return apply_alteration(work, &list.items[0], err);
}

/* ---- delete ---- */

/* "topic a (1000 records)", or how many topics and records together. */
static int ask_to_delete(struct topic_work *work, int64_t records, struct err *err)
{
    char count[48] = "";
    if (work->yes)
        return 0;
    if (records >= 0)
        snprintf(count, sizeof count, " with %" PRId64 " record%s", records,
                 records == 1 ? "" : "s");
    const char *question = work->n_names == 1
                               ? arena_printf(&work->cli->arena, "Delete topic \"%s\"%s for good?",
                                              work->names[0], count)
                               : arena_printf(&work->cli->arena, "Delete %zu topics%s for good?",
                                              work->n_names, count);
    if (cli_ask(question))
        return 0;
    return err_set(err, ERR_USAGE, "nothing was deleted; --yes deletes without asking");
}

/* Each must be there; how many records they hold together, TOPIC_UNKNOWN if that cannot be told. */
static int check_deletion(struct topic_work *work, int64_t *records, struct err *err)
{
    *records = 0;
    for (size_t i = 0; i < work->n_names; i++) {
        struct topic_info info;
        struct topic_list list;
        struct err ignored;
        if (admin_topic(work->admin, work->names[i], TOPIC_WORK_MS, &info, err) < 0)
            return -1;
        if (work->yes || *records < 0)
            continue;
        if (admin_topics(work->admin, &work->cli->arena, work->names[i], TOPIC_WORK_MS, &list,
                         err) < 0)
            return -1;
        /* To say how many is a courtesy: deleting a topic that cannot be read is no fault. */
        int64_t n =
            list.n == 1 && admin_topics_offsets(work->admin, &list, TOPIC_SHOW_MS, &ignored) == 0
                ? topic_records(&list.items[0])
                : TOPIC_UNKNOWN;
        *records = n < 0 ? TOPIC_UNKNOWN : *records + n;
    }
    return 0;
}

int topic_delete(struct topic_work *work, struct err *err)
{
    int64_t records;
    struct arena *arena = &work->cli->arena;
    struct topic_result *results = arena_alloc(arena, work->n_names * sizeof *results);
    const char **deleted = arena_alloc(arena, work->n_names * sizeof *deleted);
    size_t n = 0;
    if (check_deletion(work, &records, err) < 0 || ask_to_delete(work, records, err) < 0 ||
        admin_delete_topics(work->admin, work->names, work->n_names, TOPIC_WORK_MS, results, err) <
            0)
        return -1;
    for (size_t i = 0; i < work->n_names; i++) {
        if (results[i].err.class != ERR_NONE)
            continue;
        deleted[n++] = results[i].name;
        if (admin_await_topic(work->admin, results[i].name, 0, TOPIC_SHOW_MS, err) < 0)
            return -1;
    }
    if (n > 0)
        names_deleted(deleted, n, work->cli->json);
    return report_failures(work, results, err);
}
