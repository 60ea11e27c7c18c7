/* The pipeline against its topics: are they the same ones, and do they hold what was counted? */
#include "base/clock.h"
#include "base/signals.h"
#include "client/scan.h"
#include "inspect/verify_private.h"

#include <inttypes.h>
#include <string.h>

#define SCAN_TIMEOUT_MS 30000
/* What was read before retention cut it may be stored a moment later. */
#define GAP_LOOKS 4
#define GAP_PAUSE_MS 500

/* Of all topics, for the one sentence when nothing is wrong. */
struct summary {
    int64_t behind;
    size_t partitions;
    size_t by_id;     /* partitions known again by the topic's id */
    size_t by_record; /* by their last stored record */
    size_t unproven;  /* have stored records and nothing to know them by */
    bool wrong;
    bool asked_all;
    bool away; /* no broker answers: each further question would wait as long */
};

/* An answer that did not come is no yes and no no. */
static void find_unasked(struct verify *v, struct summary *s, const struct err *err)
{
    s->asked_all = false;
    s->away = err->class == ERR_OUTAGE;
    verify_find(v, VERIFY_OPEN, "topic", "could not be looked at: %s (--offline leaves it out)",
                err->text);
}

static void find_wrong(struct verify *v, struct summary *s, const struct view_offsets *row,
                       const char *what)
{
    s->wrong = true;
    verify_find(v, VERIFY_NO, "topic", "%s[%" PRId32 "]: %s", row->topic, row->partition, what);
}

/* ---- one partition ---- */

/* Retention overtook us, unless what is missing was read in time and is stored by now. */
static void judge_gap(struct verify *v, struct summary *s, const struct part *part)
{
    const struct view_offsets *row = &part->shown->row;
    int64_t next = row->next_offset;
    struct err err;
    for (int i = 0; i < GAP_LOOKS && next < part->shown->low && !signals_stop_requested(); i++) {
        if (i > 0)
            clock_sleep_ms(GAP_PAUSE_MS);
        if (state_view_next_now(v->view, v->report->pipeline.name, row->topic, row->partition,
                                &next, &err) < 0) {
            find_unasked(v, s, &err);
            return;
        }
    }
    if (next >= part->shown->low)
        return;
    find_wrong(v, s, row,
               arena_printf(v->arena,
                            "retention has deleted the offsets %" PRId64 " to %" PRId64
                            " before they were stored",
                            next, part->shown->low - 1));
}

static void judge_identity(struct verify *v, struct summary *s, const struct part *part,
                           const char *topic_id)
{
    const struct view_offsets *row = &part->shown->row;
    const struct fingerprint print = {row->last.timestamp_ms, row->last.crc};
    bool ids = *row->topic_id && *topic_id;
    enum recognized found;
    struct err err;
    if (ids && strcmp(row->topic_id, topic_id) != 0) {
        find_wrong(v, s, row,
                   "this is another topic under the same name: its topic id has changed");
        return;
    }
    if (ids)
        s->by_id++;
    if (row->last.offset < 0)
        return;
    if (admin_recognize(v->admin, row->topic, row->partition, row->last.offset, &print,
                        part->shown->low, VERIFY_ASK_MS, &found, &err) < 0)
        find_unasked(v, s, &err);
    else if (found == RECOGNIZED_OTHER || found == RECOGNIZED_MISSING)
        find_wrong(v, s, row,
                   arena_printf(v->arena,
                                "the last stored record (offset %" PRId64
                                ") is %s: another topic under the same name, or %s.offsets was "
                                "changed by hand",
                                row->last.offset,
                                found == RECOGNIZED_OTHER ? "another there" : "not there",
                                v->request->config->state_schema));
    else if (found == RECOGNIZED_SAME)
        s->by_record++;
    else if (!ids)
        s->unproven++;
}

static void judge_partition(struct verify *v, struct summary *s, const struct part *part,
                            const char *topic_id)
{
    struct verify_partition *p = part->shown;
    const struct view_offsets *row = &p->row;
    struct err err;
    if (admin_watermarks(v->admin, row->topic, row->partition, VERIFY_ASK_MS, &p->low, &p->high,
                         &err) < 0) {
        p->low = p->high = -1;
        find_unasked(v, s, &err);
        return;
    }
    s->partitions++;
    if (row->next_offset > p->high) {
        find_wrong(v, s, row,
                   arena_printf(v->arena,
                                "it ends at offset %" PRId64 " and %" PRId64
                                " is stored: the topic was deleted and created again, or cut",
                                p->high, row->next_offset));
        return;
    }
    s->behind += p->high - row->next_offset;
    if (row->next_offset < p->low)
        judge_gap(v, s, part);
    judge_identity(v, s, part, topic_id);
}

/* A partition that no process has claimed yet: all it holds waits. */
static void judge_unbegun(struct verify *v, struct summary *s, const struct topic_parts *topic,
                          int32_t partition)
{
    struct unbegun *ends = verify_unbegun(v, slice_of(topic->name), partition);
    struct err err;
    if (admin_watermarks(v->admin, topic->name, partition, VERIFY_ASK_MS, &ends->low, &ends->high,
                         &err) < 0) {
        ends->low = ends->high = -1;
        find_unasked(v, s, &err);
        return;
    }
    s->partitions++;
    s->behind += ends->high - ends->low;
    if (ends->low > 0) {
        s->asked_all = false;
        verify_find(v, VERIFY_OPEN, "topic",
                    "%s[%" PRId32 "] was not begun yet, and its offsets up to %" PRId64
                    " are deleted: nothing tells whether they should have been stored",
                    topic->name, partition, ends->low - 1);
    } else if (ends->high > 0) {
        verify_find(v, VERIFY_NOTE, "topic",
                    "%s[%" PRId32 "] was not begun yet; it holds %" PRId64 " records", topic->name,
                    partition, ends->high);
    }
}

/* ---- one topic ---- */

static void judge_topic(struct verify *v, struct summary *s, struct topic_parts *topic)
{
    struct topic_info info;
    struct err err;
    if (admin_topic(v->admin, topic->name, VERIFY_ASK_MS, &info, &err) < 0) {
        if (err.class != ERR_USAGE) {
            find_unasked(v, s, &err);
            return;
        }
        topic->gone = true;
        s->wrong = true;
        verify_find(v, VERIFY_NO, "topic", "%s", err.text);
        return;
    }
    topic->n_there = info.partitions;
    for (int32_t i = 0; i < info.partitions && !s->away && !signals_stop_requested(); i++) {
        const struct part *part = (size_t)i < topic->n ? topic->by_number[i] : NULL;
        if (part)
            judge_partition(v, s, part, info.id);
        else
            judge_unbegun(v, s, topic, i);
    }
    for (size_t i = (size_t)info.partitions; i < topic->n; i++)
        if (topic->by_number[i])
            find_wrong(v, s, &topic->by_number[i]->shown->row,
                       "the topic has no such partition: it was created again with fewer");
}

static void sum_up(struct verify *v, const struct summary *s)
{
    if (s->wrong || !s->asked_all)
        return;
    const char *how = s->by_id == s->partitions && s->by_id > 0 ? "by its id"
                      : s->by_record > 0                        ? "by the last stored records"
                                                                : "as far as can be told";
    verify_find(v, VERIFY_YES, "topic", "the same %s; %" PRId64 " record%s behind", how, s->behind,
                s->behind == 1 ? "" : "s");
    if (s->unproven > 0)
        verify_find(v, VERIFY_NOTE, "topic",
                    "of %zu partition%s the last stored record is deleted or compacted, so nothing "
                    "proves that it is the same topic",
                    s->unproven, s->unproven == 1 ? "" : "s");
}

/* ---- counting by reading ---- */

struct tallies {
    struct verify *v;
    int64_t *nulls; /* by the place among the partitions */
};

static enum scan_verdict count_record(void *context, struct scan_part *part,
                                      const struct message *message)
{
    struct tallies *tallies = context;
    struct verify_partition *p = part->owner;
    p->counted++;
    if (!message->value.ptr)
        tallies->nulls[p - tallies->v->report->partitions]++;
    return SCAN_MORE;
}

static void judge_count(struct verify *v, const struct verify_partition *p, int64_t nulls,
                        bool compacted, bool *all)
{
    const struct tally *t = &p->row.tally;
    int64_t stored = tally_sum(t) - t->absent;
    bool exact = p->low <= p->row.start_offset && !compacted;
    if (p->counted > stored || (exact && p->counted < stored))
        verify_find(v, VERIFY_NO, "records",
                    "%s[%" PRId32 "]: the topic holds %" PRId64 " records from offset %" PRId64
                    " to %" PRId64 ", and %" PRId64 " are counted as stored",
                    p->row.topic, p->row.partition, p->counted,
                    p->low > p->row.start_offset ? p->low : p->row.start_offset, p->row.next_offset,
                    stored);
    else if (nulls > t->tombstones || (exact && nulls < t->tombstones))
        verify_find(v, VERIFY_NO, "records",
                    "%s[%" PRId32 "]: the topic holds %" PRId64 " null values, and %" PRId64
                    " tombstones are counted",
                    p->row.topic, p->row.partition, nulls, t->tombstones);
    else {
        if (!exact)
            verify_find(v, VERIFY_NOTE, "records",
                        "%s[%" PRId32 "]: of %" PRId64
                        " stored records the topic still holds %" PRId64 " (%s)",
                        p->row.topic, p->row.partition, stored, p->counted,
                        compacted ? "it is compacted" : "retention");
        return;
    }
    *all = false;
}

static void judge_counts(struct verify *v, const int64_t *nulls)
{
    bool all = true;
    size_t uncounted = 0;
    int64_t counted = 0;
    struct err err;
    for (size_t i = 0; i < v->n_parts; i++)
        uncounted += v->report->partitions[i].counted < 0;
    for (size_t i = 0; i < v->n_topics; i++) {
        bool compacted;
        if (admin_is_compacted(v->admin, v->topics[i].name, VERIFY_ASK_MS, &compacted, &err) < 0) {
            verify_find(v, VERIFY_OPEN, "records", "%s", err.text);
            all = false;
            continue;
        }
        for (size_t j = 0; j < v->topics[i].n; j++) {
            const struct part *part = v->topics[i].by_number[j];
            if (!part || part->shown->counted < 0)
                continue;
            counted += part->shown->counted;
            judge_count(v, part->shown, nulls[part->shown - v->report->partitions], compacted,
                        &all);
        }
    }
    if (uncounted > 0)
        verify_find(v, VERIFY_OPEN, "records",
                    "of %zu of %zu partitions the records could not be counted", uncounted,
                    v->n_parts);
    else if (all)
        verify_find(v, VERIFY_YES, "records", "%" PRId64 " read in the topics, as counted",
                    counted);
}

static void count_by_reading(struct verify *v)
{
    struct verify_report *report = v->report;
    const struct pipeline_config *config = v->request->config;
    struct tallies tallies = {v, arena_alloc(v->arena, (v->n_parts + 1) * sizeof(int64_t))};
    struct scan_part *parts = arena_alloc(v->arena, (v->n_parts + 1) * sizeof *parts);
    const struct scan scan = {
        .scope = v->request->name,
        .config = config,
        .timeout_ms = SCAN_TIMEOUT_MS,
        .each = count_record,
        .context = &tallies,
    };
    size_t n = 0;
    struct err err;
    for (size_t i = 0; i < v->n_parts; i++) {
        struct verify_partition *p = &report->partitions[i];
        if (p->high < p->row.next_offset || p->row.next_offset < p->low)
            continue; /* told already */
        int64_t from = p->low > p->row.start_offset ? p->low : p->row.start_offset;
        p->counted = 0;
        parts[n++] = (struct scan_part){p->row.topic, p->row.partition, from, p->row.next_offset,
                                        .owner = p};
    }
    if (scan_read(&scan, parts, n, &err) < 0)
        verify_find(v, VERIFY_OPEN, "records", "could not be counted: %s", err.text);
    else if (!signals_stop_requested())
        judge_counts(v, tallies.nulls);
}

/* ---- all ---- */

/* The brokers, and whether they are the pipeline's. */
static bool reach(struct verify *v, struct summary *s)
{
    const struct pipeline_config *config = v->request->config;
    const char *known = v->report->pipeline.cluster_id;
    char cluster_id[64] = "";
    struct err err;
    int rc = admin_new(&v->admin, v->request->name, config->brokers, config->kafka, config->n_kafka,
                       &err);
    if (rc == 0) {
        admin_heed_stop(v->admin, true);
        rc = admin_cluster_id(v->admin, ADMIN_CONNECT_MS, cluster_id, &err);
    }
    if (rc < 0)
        find_unasked(v, s, &err);
    else if (*known && *cluster_id && strcmp(known, cluster_id) != 0) {
        rc = -1;
        verify_find(v, VERIFY_NO, "topic",
                    "the pipeline reads from the cluster %s, and %s is of the cluster %s", known,
                    config->brokers, cluster_id);
    }
    if (rc == 0)
        return true;
    admin_free(v->admin);
    v->admin = NULL;
    return false;
}

void verify_topics(struct verify *v)
{
    struct summary s = {.asked_all = true};
    if (v->request->offline) {
        verify_find(v, VERIFY_NOTE, "topic", "not looked at (--offline)");
        return;
    }
    if (!reach(v, &s))
        return;
    for (size_t i = 0; i < v->n_topics && !s.away; i++)
        judge_topic(v, &s, &v->topics[i]);
    sum_up(v, &s);
    if (v->request->read && !s.away && !signals_stop_requested())
        count_by_reading(v);
}
