#include "base/signals.h"
#include "inspect/rate_private.h"

#include <inttypes.h>
#include <string.h>

/* ---- the topic ---- */

static int choose_partition(struct rate_run *run, struct err *err)
{
    int32_t wanted = run->request->partition;
    struct topic_partition *p;
    if (wanted == TOPIC_UNKNOWN)
        return 0;
    p = topic_find_partition(run->topic, wanted);
    if (!p)
        return err_set(err, ERR_USAGE,
                       "the topic \"%s\" has no partition %" PRId32 ": it has 0 to "
                       "%zu",
                       run->topic->name, wanted, run->topic->n_partitions - 1);
    run->topic->partitions = p;
    run->topic->n_partitions = 1;
    return 0;
}

/* A topic that was there is no mistake of the asker. */
static void tell_gone(const struct rate_topic_request *request, struct err *err)
{
    if (!request->was_there || err->class != ERR_USAGE)
        return;
    err->class = ERR_INPUT;
    err_prefix(err, "what was counted is gone");
}

static int find_topic(struct rate_run *run, struct err *err)
{
    const struct rate_topic_request *request = run->request;
    struct topic_info info;
    if (admin_topic(request->admin, request->topic, run->ask_ms, &info, err) < 0) {
        tell_gone(request, err);
        return -1;
    }
    if (admin_topics(request->admin, run->arena, request->topic, run->ask_ms, &run->topics, err) <
        0)
        return -1;
    if (run->topics.n == 0) {
        err_set(err, ERR_USAGE, "the topic \"%s\" has just been deleted", request->topic);
        tell_gone(request, err);
        return -1;
    }
    run->topic = &run->topics.items[0];
    if (choose_partition(run, err) < 0)
        return -1;
    return admin_topics_offsets(request->admin, &run->topics, run->ask_ms, err);
}

static const char *config_text(const struct topic *topic, const char *name)
{
    const struct topic_config *config = topic_config_find(topic, name);
    return config && config->value ? config->value : "";
}

/* Who may not read configs may count all the same. */
static void read_configs(struct rate_run *run, struct rate_topic_notes *notes)
{
    struct rate *rate = run->rate;
    if (admin_topics_configs(run->request->admin, run->arena, &run->topics, RATE_CONFIGS_MS,
                             &notes->configs) < 0)
        return;
    notes->configs.class = ERR_NONE;
    rate->append_time = !strcmp(config_text(run->topic, "message.timestamp.type"), "LogAppendTime");
    rate->compacted = strstr(config_text(run->topic, "cleanup.policy"), "compact") != NULL;
}

/* ---- counting between borders ---- */

int rate_ask_places(struct rate_run *run, int64_t at_ms, struct err *err)
{
    if (signals_stop_requested())
        return err_set(err, ERR_OUTAGE, "cancelled");
    return admin_topics_at(run->request->admin, &run->topics, at_ms, run->ask_ms, err);
}

static int ask_borders(struct rate_run *run, struct err *err)
{
    const struct rate *rate = run->rate;
    run->n_borders = rate->n_slots + 1;
    run->offsets = arena_alloc(run->arena, run->n_borders * (run->topic->n_partitions + 1) *
                                               sizeof *run->offsets);
    for (size_t i = 0; i < run->n_borders; i++) {
        if (rate_ask_places(run, rate_border_ms(rate, i), err) < 0)
            return -1;
        for (size_t j = 0; j < run->topic->n_partitions; j++)
            *rate_offset(run, i, j) = run->topic->partitions[j].at;
    }
    return 0;
}

/*
 * What retention has deleted since we began is not there to be counted, and no place lies before
 * one that is older.
 */
static int settle(struct rate_run *run, struct err *err)
{
    size_t n = run->topic->n_partitions;
    int64_t *highs = arena_alloc(run->arena, (n + 1) * sizeof *highs);
    for (size_t i = 0; i < n; i++)
        highs[i] = run->topic->partitions[i].high;
    if (admin_topics_offsets(run->request->admin, &run->topics, RATE_ASK_MS, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct topic_partition *p = &run->topic->partitions[i];
        int64_t least = p->low;
        p->high = highs[i] > p->low ? highs[i] : p->low;
        for (size_t j = 0; j < run->n_borders; j++) {
            int64_t *at = rate_offset(run, j, i);
            *at = *at < least ? least : *at > p->high ? p->high : *at;
            least = *at;
        }
    }
    return 0;
}

static void count(struct rate_run *run)
{
    struct rate *rate = run->rate;
    rate->earlier = rate->later = 0;
    for (size_t i = 0; i < run->topic->n_partitions; i++) {
        const struct topic_partition *p = &run->topic->partitions[i];
        struct rate_partition *counted = &rate->partitions[i];
        if (p->leader == TOPIC_UNKNOWN)
            continue;
        int64_t first = *rate_offset(run, 0, i);
        int64_t last = *rate_offset(run, rate->n_slots, i);
        counted->records = last - first;
        rate->earlier += rate_before(run, i, first);
        rate->later += p->high - last;
        for (size_t j = 0; j < rate->n_slots; j++)
            rate->slots[j].records += *rate_offset(run, j + 1, i) - *rate_offset(run, j, i);
    }
}

static int count_by_borders(struct rate_run *run, struct err *err)
{
    if (ask_borders(run, err) < 0 || settle(run, err) < 0)
        return -1;
    count(run);
    return run->rate->append_time ? 0 : rate_look_borders(run, err);
}

/* ---- all of it ---- */

static void begin(struct rate_run *run, struct rate_topic_notes *notes)
{
    struct rate *rate = run->rate;
    size_t n = run->topic->n_partitions;
    *rate = (struct rate){
        .timezone = run->request->timezone,
        .now_ms = run->request->now_ms,
        .partitions = arena_alloc(run->arena, (n + 1) * sizeof *rate->partitions),
        .n_partitions = n,
        .exact = run->request->exact,
        .earlier = RATE_UNKNOWN,
        .later = RATE_UNKNOWN,
        .distinct_keys = RATE_UNKNOWN,
    };
    notes->n_partitions = n;
    for (size_t i = 0; i < n; i++) {
        rate->partitions[i] =
            (struct rate_partition){run->topic->partitions[i].partition, RATE_UNKNOWN};
        notes->leaderless += run->topic->partitions[i].leader == TOPIC_UNKNOWN;
    }
}

int rate_topic(struct rate *out, struct rate_topic_notes *notes, struct arena *arena,
               const struct rate_topic_request *request, struct err *err)
{
    struct rate_run run = {.request = request, .arena = arena, .rate = out, .ask_ms = RATE_ASK_MS};
    struct rate_held held = {.any = false};
    *notes = (struct rate_topic_notes){.configs.class = ERR_NONE};
    if (find_topic(&run, err) < 0)
        return -1;
    begin(&run, notes);
    read_configs(&run, notes);
    if (rate_look_held(&run, &held, err) < 0 ||
        rate_plan(out, arena, &request->wish, request->tz, &held, &notes->cut, err) < 0)
        return -1;
    return request->exact ? rate_read_all(&run, err) : count_by_borders(&run, err);
}

/* ---- the last slot again ---- */

/* An offset that was asked for a moment later than the ends it lies between. */
static int64_t between_ends(int64_t at, const struct topic_partition *p)
{
    return at < p->low ? p->low : at > p->high ? p->high : at;
}

enum { FIRST, LAST, END, N_LAST_BORDERS };

static void count_last(struct rate_run *run)
{
    struct rate *rate = run->rate;
    struct rate_slot *slot = &rate->slots[rate->n_slots - 1];
    slot->records = rate->later = 0;
    for (size_t i = 0; i < run->topic->n_partitions; i++) {
        const struct topic_partition *p = &run->topic->partitions[i];
        if (p->leader == TOPIC_UNKNOWN)
            continue;
        int64_t first = between_ends(*rate_offset(run, FIRST, i), p);
        int64_t last = between_ends(*rate_offset(run, LAST, i), p);
        int64_t end = between_ends(*rate_offset(run, END, i), p);
        slot->records += end > last ? end - last : 0;
        rate->partitions[i].records = end > first ? end - first : 0;
        rate->later += p->high - end;
    }
}

static int ask_last(struct rate_run *run, struct err *err)
{
    const struct rate *rate = run->rate;
    const struct rate_slot *last = &rate->slots[rate->n_slots - 1];
    if (find_topic(run, err) < 0)
        return -1;
    if (run->topic->n_partitions != rate->n_partitions)
        return 1;
    const int64_t borders_ms[] = {rate->slots[0].from_ms, last->from_ms, last->to_ms};
    run->offsets = arena_alloc(run->arena, N_LAST_BORDERS * (run->topic->n_partitions + 1) *
                                               sizeof *run->offsets);
    for (size_t i = 0; i < N_LAST_BORDERS; i++) {
        if (rate_ask_places(run, borders_ms[i], err) < 0)
            return -1;
        for (size_t j = 0; j < run->topic->n_partitions; j++)
            *rate_offset(run, i, j) = run->topic->partitions[j].at;
    }
    count_last(run);
    return 0;
}

int rate_topic_last(struct rate *rate, const struct rate_topic_request *request, int64_t now_ms,
                    struct err *err)
{
    struct arena arena;
    struct rate_run run = {.request = request,
                           .arena = &arena,
                           .rate = rate,
                           .ask_ms = RATE_ASK_AGAIN_MS};
    arena_init(&arena);
    int rc = ask_last(&run, err);
    arena_release(&arena);
    if (rc != 0)
        return rc;
    rate->now_ms = now_ms;
    return rate_ends_moved(rate) ? 1 : 0;
}
