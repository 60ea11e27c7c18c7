/* The ledger against the table: each id as often as it was sent. */
#include "base/signals.h"
#include "inspect/verify_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How often the ledger's reading looks for a signal. */
#define LINES_BETWEEN_LOOKS 4096
/* Texts kept in a partition for each that is listed: some turn out to be no fault. */
#define KEPT_FOR_LISTED 10

/* What must have become of an entry. */
enum entry_fate {
    FATE_ELSEWHERE, /* of another topic: the id may be in the table */
    FATE_PENDING,   /* not yet stored */
    FATE_BEFORE,    /* before the pipeline's start: the id may be in the table */
    FATE_LETTER,    /* a dead letter: no row */
    FATE_REPLAYED,  /* was one, and is a row now, if with its own id or another */
    FATE_NULL,      /* a tombstone */
    FATE_NO_ID,     /* should be a letter, and is none */
    FATE_ROW,
};

struct digest verify_digest(const struct verify *v, struct slice id)
{
    char room[ID_FORM_ROOM];
    return id_table_digest(&v->ids, id_form_apply(v->form, id, room));
}

static enum entry_fate fate_of(struct verify *v, const struct ledger_entry *entry,
                               struct part **part)
{
    bool known;
    *part = verify_part(v, entry->topic, entry->partition, &known);
    if (!known)
        return FATE_ELSEWHERE;
    if (!*part || entry->offset >= (*part)->shown->row.next_offset)
        return FATE_PENDING;
    if (entry->offset < (*part)->shown->row.start_offset)
        return FATE_BEFORE;
    switch (verify_letter_at(*part, entry->offset)) {
    case 1:
        return FATE_LETTER;
    case 2:
        return FATE_REPLAYED;
    default:
        break;
    }
    if (entry->null_value)
        return FATE_NULL;
    return entry->id.ptr ? FATE_ROW : FATE_NO_ID;
}

/* ---- first reading ---- */

/* Places of partitions without a row are held against the log's ends later on. */
static void count_pending(struct verify *v, const struct ledger_entry *entry, struct part *part)
{
    v->report->ledger.pending++;
    if (part) {
        if (entry->offset > part->last_pending)
            part->last_pending = entry->offset;
        return;
    }
    struct unbegun *unbegun = verify_unbegun(v, entry->topic, entry->partition);
    if (unbegun->first < 0 || entry->offset < unbegun->first)
        unbegun->first = entry->offset;
    if (entry->offset > unbegun->last)
        unbegun->last = entry->offset;
}

static void count_fate(struct verify *v, const struct ledger_entry *entry, enum entry_fate fate,
                       struct part *part)
{
    struct verify_ledger *sums = &v->report->ledger;
    sums->entries++;
    switch (fate) {
    case FATE_ELSEWHERE:
        sums->elsewhere++;
        if (!v->elsewhere)
            v->elsewhere = arena_strndup(v->arena, entry->topic.ptr, entry->topic.len);
        break;
    case FATE_PENDING:
        count_pending(v, entry, part);
        break;
    case FATE_BEFORE:
        sums->before++;
        break;
    case FATE_LETTER:
        sums->letters++;
        break;
    case FATE_REPLAYED:
        sums->replayed++;
        break;
    case FATE_NULL:
        sums->nulls++;
        part->nulls++;
        break;
    case FATE_NO_ID:
        v->n_unreadable++;
        break;
    case FATE_ROW:
        break;
    }
}

static int count_id(struct verify *v, const struct ledger_entry *entry, enum entry_fate fate,
                    struct err *err)
{
    if (!entry->id.ptr || fate == FATE_NULL)
        return 0;
    struct id_count *count = id_table_add(&v->ids, verify_digest(v, entry->id), err);
    if (!count)
        return -1;
    if (fate == FATE_ROW || fate == FATE_REPLAYED)
        count->must++;
    else if (fate == FATE_PENDING)
        count->pending++;
    else if (fate != FATE_LETTER)
        count->may++;
    return 0;
}

static int read_entries(struct verify *v, struct err *err,
                        int (*each)(struct verify *v, const struct ledger_entry *entry,
                                    struct err *err))
{
    struct ledger_entry entry;
    int rc;
    while ((rc = ledger_next(v->ledger, &entry, err)) > 0) {
        if (each(v, &entry, err) < 0)
            return -1;
        if (entry.line % LINES_BETWEEN_LOOKS == 0 && signals_stop_requested())
            return err_set(err, ERR_OUTAGE, "cancelled");
    }
    return rc;
}

static int count_entry(struct verify *v, const struct ledger_entry *entry, struct err *err)
{
    struct part *part;
    enum entry_fate fate = fate_of(v, entry, &part);
    count_fate(v, entry, fate, part);
    return count_id(v, entry, fate, err);
}

/* ---- the table ---- */

static int find_column(struct verify *v, struct err *err)
{
    const char *type;
    const char *nearest;
    const char *column = v->request->id_column;
    if (!v->table.present)
        return 0;
    if (state_view_column(v->view, v->arena, &v->table, column, &type, &nearest, err) < 0)
        return -1;
    v->form = id_form_of(type);
    if (*type)
        return 0;
    return err_set(
        err, ERR_USAGE,
        "%s has no column \"%s\" to find the ledger's ids in; %s%s%s--id COLUMN names it",
        v->table.sql, column, nearest ? "did you mean \"" : "", nearest ? nearest : "",
        nearest ? "\"? " : "");
}

static void on_value(void *context, struct slice value)
{
    struct verify *v = context;
    if (!value.ptr) {
        v->null_rows++;
        return;
    }
    struct id_count *count = id_table_find(&v->ids, id_table_digest(&v->ids, value));
    if (count) {
        count->rows++;
        return;
    }
    v->report->totals[VERIFY_UNNAMED]++;
    if (verify_list_full(v, VERIFY_UNNAMED))
        return;
    const struct verify_item item = {
        .id = arena_strndup(v->arena, value.ptr, value.len),
        .text = "in the table, and not in the ledger",
    };
    verify_list_item(v, VERIFY_UNNAMED, &item);
}

int verify_ledger_read(struct verify *v, struct err *err)
{
    if (!v->ledger)
        return 0;
    if (find_column(v, err) < 0 || read_entries(v, err, count_entry) < 0)
        return -1;
    if (!v->table.present)
        return 0;
    return state_view_values(v->view, &v->table, v->request->id_column, on_value, v,
                             &v->report->table_rows, err);
}

/* ---- second reading: places of what is not as it should be ---- */

static bool is_short(const struct id_count *count)
{
    return count->rows < count->must;
}

/* Stored before its time, but not too often. */
static bool is_ahead(const struct id_count *count)
{
    uint64_t due = (uint64_t)count->must + count->may;
    return count->rows > due && count->rows <= due + count->pending;
}

static bool is_doubled(const struct id_count *count)
{
    return count->rows > (uint64_t)count->must + count->may + count->pending;
}

static void add_suspect(struct verify *v, struct part *part, const struct ledger_entry *entry,
                        struct digest digest, bool replayed)
{
    size_t max = v->request->list_max * KEPT_FOR_LISTED;
    bool keep = max == 0 || part->n_suspects < max;
    if (part->n_suspects == part->suspects_room) {
        part->suspects_room = part->suspects_room ? 2 * part->suspects_room : 64;
        part->suspects = realloc(part->suspects, part->suspects_room * sizeof *part->suspects);
        if (!part->suspects)
            abort();
    }
    v->n_suspects++;
    part->suspects[part->n_suspects++] = (struct suspect){
        .offset = entry->offset,
        .digest = digest,
        .replayed = replayed,
        .id = entry->id.ptr && keep ? arena_strndup(v->arena, entry->id.ptr, entry->id.len) : NULL,
    };
}

static void list_surplus(struct verify *v, enum verify_list list, const struct ledger_entry *entry,
                         const struct id_count *count)
{
    uint64_t named = (uint64_t)count->must + count->may + count->pending;
    if (verify_list_full(v, list))
        return;
    struct verify_item item = {
        .topic = arena_strndup(v->arena, entry->topic.ptr, entry->topic.len),
        .partition = entry->partition,
        .offset = entry->offset,
        .id = arena_strndup(v->arena, entry->id.ptr, entry->id.len),
        .text = "is in the table, and its offset is not yet counted",
    };
    if (list == VERIFY_DOUBLED && named == 0)
        item.text = arena_printf(v->arena, "is a dead letter, and %" PRIu32 " time%s in the table",
                                 count->rows, count->rows == 1 ? "" : "s");
    else if (list == VERIFY_DOUBLED)
        item.text =
            arena_printf(v->arena,
                         "is %" PRIu32 " times in the table, and was sent %" PRIu64 " time%s",
                         count->rows, named, named == 1 ? "" : "s");
    verify_list_item(v, list, &item);
}

static int suspect_entry(struct verify *v, const struct ledger_entry *entry, struct err *err)
{
    struct part *part;
    enum entry_fate fate = fate_of(v, entry, &part);
    if (fate == FATE_NO_ID)
        add_suspect(v, part, entry, (struct digest){{0, 0}}, false);
    if (!entry->id.ptr || fate == FATE_NULL)
        return 0;
    struct digest digest = verify_digest(v, entry->id);
    const struct id_count *count = id_table_find(&v->ids, digest);
    if (!count)
        return err_set(err, ERR_BUG, "an id of line %" PRId64 " was not there before", entry->line);
    if ((fate == FATE_ROW || fate == FATE_REPLAYED) && is_short(count))
        add_suspect(v, part, entry, digest, fate == FATE_REPLAYED);
    if (is_doubled(count))
        list_surplus(v, VERIFY_DOUBLED, entry, count);
    if (is_ahead(count) && fate == FATE_PENDING)
        list_surplus(v, VERIFY_AHEAD, entry, count);
    return 0;
}

/* ---- the judgement ---- */

/* Sums over all ids; whether any place must be looked for. */
static bool sum_ids(struct verify *v)
{
    struct verify_report *report = v->report;
    int64_t missing = 0;
    for (size_t i = 0; i < v->ids.room; i++) {
        const struct id_count *count = &v->ids.counts[i];
        uint64_t due = (uint64_t)count->must + count->may;
        report->ledger.rows += count->rows < count->must ? count->rows : count->must;
        missing += is_short(count) ? count->must - count->rows : 0;
        if (is_doubled(count))
            report->totals[VERIFY_DOUBLED] += (int64_t)(count->rows - due - count->pending);
        if (is_ahead(count))
            report->totals[VERIFY_AHEAD] += (int64_t)(count->rows - due);
    }
    report->totals[VERIFY_MISSING] = missing + v->n_unreadable;
    return report->totals[VERIFY_MISSING] > 0 || report->totals[VERIFY_DOUBLED] > 0 ||
           report->totals[VERIFY_AHEAD] > 0;
}

static bool judge_nulls(struct verify *v)
{
    bool all = true;
    for (size_t i = 0; i < v->n_parts; i++) {
        const struct view_offsets *row = &v->parts[i].shown->row;
        if (v->parts[i].nulls <= row->tally.tombstones)
            continue;
        all = false;
        verify_find(v, VERIFY_NO, "ledger",
                    "%s[%" PRId32 "]: the ledger names %" PRId64 " null values, and %" PRId64
                    " tombstones are counted",
                    row->topic, row->partition, v->parts[i].nulls, row->tally.tombstones);
    }
    return all;
}

/* Why what the ledger names of a partition without a row will never be stored; NULL if it may. */
static const char *judge_waiting(const struct verify *v, const struct topic_parts *topic,
                                 size_t number)
{
    const struct unbegun *waiting = &topic->unbegun[number];
    if (waiting->last < 0 || topic->n_there < 0)
        return NULL;
    if (number >= (size_t)topic->n_there)
        return "the ledger names it, and the topic has no such partition";
    if (waiting->high < 0)
        return NULL;
    if (waiting->first < waiting->low)
        return arena_printf(v->arena,
                            "the ledger names offset %" PRId64 ", of the partition nothing is "
                            "stored, and its offsets up to %" PRId64 " are deleted",
                            waiting->first, waiting->low - 1);
    if (waiting->last >= waiting->high)
        return arena_printf(v->arena,
                            "the ledger names offsets up to %" PRId64
                            ", and the topic ends at %" PRId64 ": it was created again, or cut",
                            waiting->last, waiting->high);
    return NULL;
}

static bool judge_unbegun(struct verify *v)
{
    bool all = true;
    for (size_t i = 0; i < v->n_topics; i++)
        for (size_t j = 0; j < v->topics[i].n_unbegun; j++) {
            const char *why = judge_waiting(v, &v->topics[i], j);
            if (!why)
                continue;
            all = false;
            verify_find(v, VERIFY_NO, "ledger", "%s[%zu]: %s", v->topics[i].name, j, why);
        }
    return all;
}

static bool judge_pending(struct verify *v)
{
    int64_t pending = v->report->ledger.pending;
    bool all = judge_unbegun(v);
    for (size_t i = 0; i < v->n_parts; i++) {
        const struct part *part = &v->parts[i];
        if (part->shown->high < 0 || part->last_pending < part->shown->high)
            continue;
        all = false;
        verify_find(v, VERIFY_NO, "ledger",
                    "%s[%" PRId32 "]: the ledger names offsets up to %" PRId64
                    ", and the topic ends at %" PRId64 ": it was created again, or cut",
                    part->shown->row.topic, part->shown->row.partition, part->last_pending,
                    part->shown->high);
    }
    if (pending == 0)
        return all;
    verify_find(v, v->request->allow_pending ? VERIFY_NOTE : VERIFY_OPEN, "ledger",
                "%" PRId64 " record%s not yet stored%s", pending, pending == 1 ? " is" : "s are",
                v->request->allow_pending ? ""
                                          : ": run again when ingest has caught up (--allow "
                                            "pending takes them for no fault)");
    return all && v->request->allow_pending;
}

static void note_others(struct verify *v)
{
    const struct verify_ledger *sums = &v->report->ledger;
    int64_t unnamed = v->report->totals[VERIFY_UNNAMED];
    if (sums->elsewhere > 0)
        verify_find(v, VERIFY_NOTE, "ledger",
                    "%" PRId64 " of its lines are of topics that this pipeline does not read (%s)",
                    sums->elsewhere, v->elsewhere);
    if (sums->before > 0)
        verify_find(v, VERIFY_NOTE, "ledger",
                    "%" PRId64 " of its lines are of offsets before the pipeline's start",
                    sums->before);
    if (ledger_was_cut(v->ledger))
        verify_find(v, VERIFY_NOTE, "ledger",
                    "its last line is not whole yet, and was left out: its producer still writes");
    if (unnamed > 0)
        verify_find(v, VERIFY_NOTE, "ledger",
                    "%" PRId64 " rows have ids that the ledger does not name: other producers'",
                    unnamed);
    if (v->null_rows > 0)
        verify_find(v, VERIFY_NOTE, "ledger", "%" PRId64 " rows have no %s (NULL)", v->null_rows,
                    v->request->id_column);
}

static void judge_surplus(struct verify *v)
{
    int64_t doubled = v->report->totals[VERIFY_DOUBLED];
    int64_t ahead = v->report->totals[VERIFY_AHEAD];
    if (doubled > 0)
        verify_find(v, VERIFY_NO, "ledger",
                    "%" PRId64 " row%s too many: ids that are in the table more often than sent",
                    doubled, doubled == 1 ? "" : "s");
    if (ahead > 0)
        verify_find(v, VERIFY_NO, "ledger",
                    "%" PRId64 " row%s of offsets that are not yet counted: %s.offsets was set "
                    "back, and ingest would store them again",
                    ahead, ahead == 1 ? " is" : "s are", v->request->config->state_schema);
}

static void judge_all(struct verify *v, bool nulls, bool pending)
{
    const struct verify_ledger *sums = &v->report->ledger;
    int64_t ours = sums->entries - sums->elsewhere - sums->before;
    bool good = nulls && pending && v->report->totals[VERIFY_MISSING] == 0 &&
                v->report->totals[VERIFY_DOUBLED] == 0 && v->report->totals[VERIFY_AHEAD] == 0;
    if (ours == 0)
        verify_find(v, VERIFY_OPEN, "ledger",
                    "no line of it is of this pipeline: it proves nothing");
    else if (good)
        verify_find(v, VERIFY_YES, "ledger",
                    "%" PRId64 " records: %" PRId64 " rows, %" PRId64 " dead letters, %" PRId64
                    " tombstones%s",
                    ours - sums->pending, sums->rows, sums->letters, sums->nulls,
                    sums->replayed > 0
                        ? arena_printf(v->arena, "; %" PRId64 " of them were replayed",
                                       sums->replayed)
                        : "");
}

int verify_ledger_judge(struct verify *v, struct err *err)
{
    if (!v->ledger)
        return 0;
    if (sum_ids(v)) {
        if (ledger_rewind(v->ledger, err) < 0 || read_entries(v, err, suspect_entry) < 0)
            return -1;
        verify_suspects_read(v);
        verify_suspects_judge(v);
    }
    judge_surplus(v);
    bool nulls = judge_nulls(v);
    bool pending = judge_pending(v);
    judge_all(v, nulls, pending);
    note_others(v);
    return 0;
}
