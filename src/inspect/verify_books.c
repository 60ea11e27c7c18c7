/* The pipeline's own books: do its counters add up, and are the rows and letters there? */
#include "inspect/verify_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- counters ---- */

/* Why the row cannot be right; NULL if it can. */
static const char *judge_row(struct verify *v, const struct view_offsets *row)
{
    const struct tally *t = &row->tally;
    int64_t moved = row->next_offset - row->start_offset;
    int64_t counted = tally_sum(t);
    if (row->partition < 0 || row->partition > VERIFY_MAX_PARTITION)
        return "there is no such partition";
    if (row->start_offset < 0 || moved < 0)
        return arena_printf(v->arena, "it starts at %" PRId64 " and stands at %" PRId64,
                            row->start_offset, row->next_offset);
    if (t->rows < 0 || t->dead < 0 || t->filtered < 0 || t->tombstones < 0 || t->suppressed < 0 ||
        t->absent < 0)
        return "one of its counters is negative";
    if (counted != moved)
        return arena_printf(v->arena,
                            "rows %" PRId64 " + dead %" PRId64 " + filtered %" PRId64
                            " + tombstones %" PRId64 " + suppressed %" PRId64 " + absent %" PRId64
                            " = %" PRId64 ", but from offset %" PRId64 " to %" PRId64
                            " it is %" PRId64 " (%+" PRId64 ")",
                            t->rows, t->dead, t->filtered, t->tombstones, t->suppressed, t->absent,
                            counted, row->start_offset, row->next_offset, moved, counted - moved);
    if (row->last.offset >= row->next_offset)
        return arena_printf(v->arena,
                            "the last stored record (offset %" PRId64
                            ") is not before the next offset (%" PRId64 ")",
                            row->last.offset, row->next_offset);
    return NULL;
}

void verify_books(struct verify *v)
{
    size_t wrong = 0;
    for (size_t i = 0; i < v->n_parts; i++) {
        const struct view_offsets *row = &v->report->partitions[i].row;
        const char *why = judge_row(v, row);
        if (!why)
            continue;
        wrong++;
        verify_find(v, VERIFY_NO, "books", "%s[%" PRId32 "]: %s: %s.offsets was changed by hand",
                    row->topic, row->partition, why, v->request->config->state_schema);
    }
    if (v->n_parts == 0)
        verify_find(v, VERIFY_OPEN, "books",
                    "no partition has begun yet: there is nothing to prove");
    else if (wrong == 0)
        verify_find(v, VERIFY_YES, "books",
                    "the counters of %zu partition%s add up to what was read", v->n_parts,
                    v->n_parts == 1 ? "" : "s");
}

/* ---- dead letters ---- */

static bool is_ours(const struct part *part, int64_t offset)
{
    return offset >= part->shown->row.start_offset && offset < part->shown->row.next_offset;
}

static void on_letter(void *context, struct slice topic, int32_t partition, int64_t offset,
                      bool replayed)
{
    struct verify *v = context;
    bool known;
    struct part *part = verify_part(v, topic, partition, &known);
    int64_t code = offset * 2 + replayed;
    if (!part || !is_ours(part, offset) ||
        (part->n_letters > 0 && part->letters[part->n_letters - 1] / 2 == offset))
        return;
    if (part->n_letters == part->letters_room) {
        part->letters_room = part->letters_room ? 2 * part->letters_room : 64;
        part->letters = realloc(part->letters, part->letters_room * sizeof *part->letters);
        if (!part->letters)
            abort();
    }
    part->letters[part->n_letters++] = code;
    *(replayed ? &part->shown->replayed : &part->shown->letters) += 1;
}

int verify_letter_at(const struct part *part, int64_t offset)
{
    size_t from = 0;
    size_t to = part->n_letters;
    while (from < to) {
        size_t mid = from + (to - from) / 2;
        if (part->letters[mid] / 2 < offset)
            from = mid + 1;
        else
            to = mid;
    }
    if (from == part->n_letters || part->letters[from] / 2 != offset)
        return 0;
    return part->letters[from] % 2 ? 2 : 1;
}

/* Whether as many letters are kept as are counted. */
static bool judge_letters(struct verify *v, const struct verify_partition *p)
{
    const struct view_offsets *row = &p->row;
    int64_t fewer = row->tally.dead - p->letters;
    if (fewer < 0)
        verify_find(v, VERIFY_NO, "letters",
                    "%s[%" PRId32 "]: %" PRId64 " dead letters are kept and %" PRId64
                    " are counted: %s.offsets or %s.dead_letters was changed by hand",
                    row->topic, row->partition, p->letters, row->tally.dead,
                    v->request->config->state_schema, v->request->config->state_schema);
    if (fewer > 0)
        verify_find(v, v->request->allow_pruned ? VERIFY_NOTE : VERIFY_NO, "letters",
                    "%s[%" PRId32 "]: %" PRId64 " dead letters are counted and %" PRId64
                    " are kept: %" PRId64
                    " were pruned or deleted, and what they held cannot be told%s",
                    row->topic, row->partition, row->tally.dead, p->letters, fewer,
                    v->request->allow_pruned ? "" : " (weir dead prune? then --allow pruned)");
    return fewer == 0;
}

int verify_letters(struct verify *v, struct err *err)
{
    int64_t kept = 0;
    int64_t replayed = 0;
    bool all = true;
    if (state_view_letters(v->view, v->report->pipeline.name, on_letter, v, err) < 0)
        return -1;
    for (size_t i = 0; i < v->n_parts; i++) {
        const struct verify_partition *p = &v->report->partitions[i];
        all = judge_letters(v, p) && all;
        kept += p->letters;
        replayed += p->replayed;
    }
    if (all && kept == 0)
        verify_find(v, VERIFY_YES, "letters", "none, as counted");
    else if (all)
        verify_find(v, VERIFY_YES, "letters", "%" PRId64 " kept, as counted", kept);
    if (replayed > 0)
        verify_find(v, VERIFY_NOTE, "letters", "%" PRId64 " more became rows by weir dead replay",
                    replayed);
    return 0;
}

/* ---- rows ---- */

/* What the table should hold by the counters. */
struct expected {
    int64_t rows;
    bool exact; /* else it may be more: other pipelines' rows that cannot be told apart */
};

static int sum_rows(struct verify *v, const struct view_pipeline *pipeline, int64_t *rows,
                    struct err *err)
{
    struct view_offsets *offsets;
    size_t n;
    *rows = 0;
    if (state_view_offsets(v->view, v->arena, pipeline->name, &offsets, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        *rows += offsets[i].tally.rows;
    return 0;
}

/*
 * Counted from the moment when `base` had its table counted: what it stored since, and all that
 * those stored who came later and never began anew.
 */
static struct expected expect_from(const struct verify *v, size_t base, const int64_t *stored)
{
    const struct view_pipeline *from = &v->pipelines[base];
    struct expected expected = {from->base_rows + stored[base] - from->base_stored, true};
    for (size_t i = 0; i < v->n_pipelines; i++) {
        const struct view_pipeline *other = &v->pipelines[i];
        if (i == base || other->table_oid != from->table_oid)
            continue;
        if (other->created_us >= from->accepted_us && other->accepted_us == other->created_us)
            expected.rows += stored[i];
        else
            expected.exact = false;
    }
    return expected;
}

static int expect(struct verify *v, struct expected *out, struct err *err)
{
    int64_t *stored = arena_alloc(v->arena, v->n_pipelines * sizeof *stored);
    *out = (struct expected){0, false};
    for (size_t i = 0; i < v->n_pipelines; i++)
        if (v->pipelines[i].table_oid == v->table.oid &&
            sum_rows(v, &v->pipelines[i], &stored[i], err) < 0)
            return -1;
    for (size_t i = 0; i < v->n_pipelines; i++) {
        if (v->pipelines[i].table_oid != v->table.oid)
            continue;
        struct expected expected = expect_from(v, i, stored);
        if (expected.exact || (!out->exact && expected.rows > out->rows))
            *out = expected;
        if (expected.exact)
            return 0;
    }
    return 0;
}

static void judge_rows(struct verify *v, const struct expected *expected)
{
    int64_t rows = v->report->table_rows;
    int64_t more = rows - expected->rows;
    if (more < 0)
        verify_find(v, VERIFY_NO, "table",
                    "%s holds %" PRId64 " rows, and should hold %s%" PRId64 ": %" PRId64
                    " were deleted%s",
                    v->table.sql, rows, expected->exact ? "" : "at least ", expected->rows, -more,
                    v->request->ledger ? "" : " (which ones, --ledger can tell)");
    else if (!expected->exact)
        verify_find(v, v->request->allow_writers ? VERIFY_NOTE : VERIFY_OPEN, "table",
                    "%s holds %" PRId64 " rows, at least %" PRId64
                    " of them by the counters; several pipelines fill "
                    "it and one of them began anew since, so the rest cannot be told apart%s",
                    v->table.sql, rows, expected->rows,
                    v->request->allow_writers ? "" : " (--allow writers accepts that)");
    else if (more == 0)
        verify_find(v, VERIFY_YES, "table", "%s holds %" PRId64 " rows, as counted", v->table.sql,
                    rows);
    else
        verify_find(v, v->request->allow_writers ? VERIFY_NOTE : VERIFY_NO, "table",
                    "%s holds %" PRId64 " rows, %" PRId64
                    " more than the counters say: rows were doubled or changed by hand, or "
                    "others write into it too, and then deleted rows do not show%s",
                    v->table.sql, rows, more,
                    v->request->allow_writers ? "" : " (--allow writers accepts that)");
}

static void find_gone(struct verify *v)
{
    const struct view_pipeline *pipeline = &v->report->pipeline;
    if (v->table.namesake_oid != 0)
        verify_find(v, VERIFY_NO, "table",
                    "%s is another table than the one that was filled (oid %u, now %u): what it "
                    "holds is not counted",
                    pipeline->table_sql, pipeline->table_oid, v->table.namesake_oid);
    else
        verify_find(v, VERIFY_NO, "table",
                    "%s is gone (oid %u), and the rows that were stored with it",
                    pipeline->table_sql, pipeline->table_oid);
}

int verify_table(struct verify *v, struct err *err)
{
    struct expected expected;
    if (!v->table.present) {
        find_gone(v);
        return 0;
    }
    if (v->report->table_rows < 0 &&
        state_view_count(v->view, &v->table, &v->report->table_rows, err) < 0)
        return -1;
    if (expect(v, &expected, err) < 0)
        return -1;
    judge_rows(v, &expected);
    return 0;
}
