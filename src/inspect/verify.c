#include "inspect/verify.h"

#include "base/signals.h"
#include "base/suggest.h"
#include "inspect/verify_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what is found ---- */

void verify_find(struct verify *v, enum verify_kind kind, const char *about, const char *format,
                 ...)
{
    char text[2048];
    struct verify_finding *finding = arena_alloc(v->arena, sizeof *finding);
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *finding = (struct verify_finding){NULL, kind, about, arena_strdup(v->arena, text)};
    *v->last_finding = finding;
    v->last_finding = &finding->next;
    enum verify_kind *verdict = &v->report->verdict;
    if (kind == VERIFY_NO || (kind == VERIFY_OPEN && *verdict == VERIFY_YES))
        *verdict = kind;
}

bool verify_list_full(const struct verify *v, enum verify_list list)
{
    size_t max = list == VERIFY_UNNAMED ? v->request->unnamed_max : v->request->list_max;
    return max > 0 && v->n_items[list] >= (int64_t)max;
}

void verify_list_item(struct verify *v, enum verify_list list, const struct verify_item *item)
{
    if (verify_list_full(v, list))
        return;
    struct verify_item *kept = arena_alloc(v->arena, sizeof *kept);
    *kept = *item;
    kept->next = NULL;
    *v->last_item[list] = kept;
    v->last_item[list] = &kept->next;
    v->n_items[list]++;
}

/* ---- what is looked at ---- */

/* Whether weir.yaml has the very name: then its other names are not what was meant. */
static bool is_of_file(const struct verify_request *request)
{
    for (size_t i = 0; i < request->n_others; i++)
        if (!strcmp(request->others[i], request->name))
            return true;
    return false;
}

/* "; did you mean "X"?" of the names that the database and weir.yaml have, or "". */
static const char *suggestion(struct verify *v, const struct view_pipeline *pipelines, size_t n)
{
    const struct verify_request *request = v->request;
    size_t n_others = is_of_file(request) ? 0 : request->n_others;
    const char **names = arena_alloc(v->arena, (n + n_others + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = pipelines[i].name;
    for (size_t i = 0; i < n_others; i++)
        names[n + i] = request->others[i];
    const char *nearest = suggest_nearest(request->name, names, n + n_others);
    return nearest ? arena_printf(v->arena, "; did you mean \"%s\"?", nearest) : "";
}

static int fail_unknown(struct verify *v, const struct view_pipeline *pipelines, size_t n,
                        struct err *err)
{
    const struct view_store *store = state_view_store(v->view);
    const char *meant = suggestion(v, pipelines, n);
    if (*meant)
        return err_set(err, ERR_INPUT, "the database \"%s\" knows no pipeline \"%s\"%s",
                       store->database, v->request->name, meant);
    if (!store->present)
        return err_set(err, ERR_INPUT,
                       "the database \"%s\" has no state of weir in a schema %s: no pipeline has "
                       "run into it, or with another --state-schema",
                       store->database, store->schema);
    return err_set(err, ERR_INPUT,
                   "the database \"%s\" knows no pipeline \"%s\": it never ran into it",
                   store->database, v->request->name);
}

static int find_pipeline(struct verify *v, struct err *err)
{
    struct view_pipeline *all;
    size_t n;
    if (state_view_pipelines(v->view, v->arena, &all, &n, err) < 0)
        return -1;
    v->pipelines = all;
    v->n_pipelines = n;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(all[i].name, v->request->name)) {
            v->report->pipeline = all[i];
            return 0;
        }
    return fail_unknown(v, all, n, err);
}

static struct topic_parts *topic_of(struct verify *v, struct slice name)
{
    for (size_t i = 0; i < v->n_topics; i++)
        if (slice_eq_str(name, v->topics[i].name))
            return &v->topics[i];
    return NULL;
}

struct part *verify_part(struct verify *v, struct slice topic, int32_t partition, bool *known)
{
    const struct topic_parts *parts = topic_of(v, topic);
    *known = parts != NULL;
    return parts && partition >= 0 && (size_t)partition < parts->n ? parts->by_number[partition]
                                                                   : NULL;
}

struct unbegun *verify_unbegun(struct verify *v, struct slice topic, int32_t partition)
{
    struct topic_parts *parts = topic_of(v, topic);
    size_t number = partition < VERIFY_MAX_PARTITION ? (size_t)partition : VERIFY_MAX_PARTITION;
    if (number >= parts->n_unbegun) {
        size_t room = 2 * number + 16;
        struct unbegun *more = arena_alloc(v->arena, room * sizeof *more);
        if (parts->n_unbegun > 0)
            memcpy(more, parts->unbegun, parts->n_unbegun * sizeof *more);
        for (size_t i = parts->n_unbegun; i < room; i++)
            more[i] = (struct unbegun){-1, -1, -1, -1};
        parts->unbegun = more;
        parts->n_unbegun = room;
    }
    return &parts->unbegun[number];
}

/* Whether the row is one of this topic's; a number that no topic can have is verify_books()'s. */
static bool is_of(const struct view_offsets *row, const char *topic)
{
    return !strcmp(row->topic, topic) && row->partition >= 0 &&
           row->partition <= VERIFY_MAX_PARTITION;
}

/* A pipeline's topics, and those that only its offsets know. */
static void add_topic(struct verify *v, const char *name)
{
    if (topic_of(v, slice_of(name)))
        return;
    struct topic_parts *parts = &v->topics[v->n_topics++];
    *parts = (struct topic_parts){.name = name, .n_there = -1};
    for (size_t i = 0; i < v->n_parts; i++) {
        const struct view_offsets *row = &v->report->partitions[i].row;
        if (is_of(row, name) && (size_t)row->partition >= parts->n)
            parts->n = (size_t)row->partition + 1;
    }
    parts->by_number = arena_alloc(v->arena, (parts->n + 1) * sizeof(struct part *));
    for (size_t i = 0; i < v->n_parts; i++)
        if (is_of(&v->report->partitions[i].row, name))
            parts->by_number[v->report->partitions[i].row.partition] = &v->parts[i];
}

static int find_partitions(struct verify *v, struct err *err)
{
    struct view_offsets *rows;
    const struct view_pipeline *pipeline = &v->report->pipeline;
    struct verify_report *report = v->report;
    if (state_view_offsets(v->view, v->arena, pipeline->name, &rows, &v->n_parts, err) < 0)
        return -1;
    report->n_partitions = v->n_parts;
    report->partitions = arena_alloc(v->arena, (v->n_parts + 1) * sizeof *report->partitions);
    v->parts = arena_alloc(v->arena, (v->n_parts + 1) * sizeof *v->parts);
    for (size_t i = 0; i < v->n_parts; i++) {
        report->partitions[i] =
            (struct verify_partition){.row = rows[i], .low = -1, .high = -1, .counted = -1};
        v->parts[i] = (struct part){.shown = &report->partitions[i], .last_pending = -1};
    }
    v->topics = arena_alloc(v->arena, (pipeline->n_topics + v->n_parts + 1) * sizeof *v->topics);
    for (size_t i = 0; i < pipeline->n_topics; i++)
        add_topic(v, pipeline->topics[i]);
    for (size_t i = 0; i < v->n_parts; i++)
        add_topic(v, rows[i].topic);
    return 0;
}

static int look(struct verify *v, struct err *err)
{
    if (v->request->ledger && ledger_open(&v->ledger, v->request->ledger, err) < 0)
        return -1;
    if (state_view_open(&v->view, v->request->config, err) < 0)
        return -1;
    v->report->database = arena_strdup(v->arena, state_view_store(v->view)->label);
    if (find_pipeline(v, err) < 0 || find_partitions(v, err) < 0 ||
        state_view_table(v->view, v->arena, &v->report->pipeline, &v->table, err) < 0)
        return -1;
    v->report->table = v->table.sql;
    verify_books(v);
    if (verify_letters(v, err) < 0 || verify_ledger_read(v, err) < 0 || verify_table(v, err) < 0)
        return -1;
    state_view_end(v->view);
    verify_topics(v);
    if (verify_ledger_judge(v, err) < 0)
        return -1;
    return signals_stop_requested() ? err_set(err, ERR_OUTAGE, "cancelled") : 0;
}

static void release(struct verify *v)
{
    for (size_t i = 0; i < v->n_parts; i++) {
        free(v->parts[i].letters);
        free(v->parts[i].suspects);
    }
    id_table_release(&v->ids);
    ledger_close(v->ledger);
    admin_free(v->admin);
    state_view_close(v->view);
}

int verify_run(const struct verify_request *request, struct verify_report *report, struct err *err)
{
    *report = (struct verify_report){
        .name = request->name,
        .table_rows = -1,
        .verdict = VERIFY_YES,
        .has_ledger = request->ledger != NULL,
    };
    arena_init(&report->arena);
    struct verify v = {
        .request = request,
        .report = report,
        .arena = &report->arena,
        .last_finding = &report->findings,
    };
    for (size_t i = 0; i < VERIFY_LISTS; i++)
        v.last_item[i] = &report->items[i];
    id_table_init(&v.ids);
    int rc = look(&v, err);
    release(&v);
    if (rc < 0)
        verify_release(report);
    return rc;
}

void verify_release(struct verify_report *report)
{
    arena_release(&report->arena);
}
