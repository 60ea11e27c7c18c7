/*
 * Places that the ledger names and the database does not show: each is looked for in the topic
 * once more, and what the counters explain is taken out, before the rest is called missing.
 */
#include "base/json.h"
#include "base/signals.h"
#include "client/scan.h"
#include "inspect/verify_private.h"
#include "sink/pointer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SCAN_TIMEOUT_MS 30000
/* A partition is read in this many stretches at most: what lies between them is left out. */
#define MAX_STRETCHES 16
#define MIN_SKIP 100000

static bool has_id(const struct suspect *suspect)
{
    return suspect->digest.h[0] != 0 || suspect->digest.h[1] != 0;
}

/* ---- the id of a record ---- */

/* Where a record's value has the id: the key of the column's name, or what `columns:` says. */
struct id_place {
    bool known; /* false: it is not in the value */
    struct pointer pointer;
};

static void find_id_place(const struct verify *v, struct id_place *place)
{
    const struct pipeline_config *config = v->request->config;
    const char *column = v->request->id_column;
    place->known = true;
    for (size_t i = 0; i < config->n_columns; i++) {
        const struct column_rule *rule = &config->columns[i];
        if (strcmp(rule->column, column) != 0)
            continue;
        place->known = rule->source == COLUMN_POINTER &&
                       pointer_compile(&place->pointer, rule->from, v->arena);
        return;
    }
    place->pointer.tokens = arena_alloc(v->arena, sizeof *place->pointer.tokens);
    place->pointer.tokens[0] = slice_of(column);
    place->pointer.n_tokens = 1;
}

struct search {
    struct verify *v;
    struct id_place place;
    size_t *at; /* of each partition: the first suspect that the scan has not passed */
};

/* The id's text, in `owned` if it had escapes; ptr NULL: none can be read. */
static struct slice id_in(const struct search *search, struct slice value, char **owned)
{
    struct json_value record;
    struct json_value id;
    struct json_error error;
    *owned = NULL;
    if (json_parse(value, &record, &error) < 0 ||
        !pointer_follow(&search->place.pointer, 0, &record, &id) || id.type == JSON_NULL)
        return SLICE_NONE;
    if (id.type != JSON_STRING || !id.escaped)
        return id.raw;
    *owned = malloc(id.raw.len);
    if (!*owned)
        abort();
    return (struct slice){*owned, json_unescape(&id, *owned)};
}

static void examine(const struct search *search, struct suspect *suspect,
                    const struct message *message)
{
    char *owned;
    if (!message->value.ptr) {
        suspect->what = SUSPECT_NULL;
        return;
    }
    suspect->what = SUSPECT_HELD;
    if (!has_id(suspect) || !search->place.known)
        return;
    struct slice id = id_in(search, message->value, &owned);
    struct digest digest = id.ptr ? verify_digest(search->v, id) : (struct digest){{0, 0}};
    if (!id.ptr) {
        suspect->what = SUSPECT_UNREADABLE;
    } else if (digest.h[0] != suspect->digest.h[0] || digest.h[1] != suspect->digest.h[1]) {
        suspect->what = SUSPECT_OTHER;
        if (suspect->id)
            suspect->found = arena_strndup(search->v->arena, id.ptr, id.len);
    }
    free(owned);
}

/* ---- reading ---- */

/* What the scan has passed is not in the topic. */
static void pass(struct search *search, const struct part *part, int64_t position)
{
    size_t *at = &search->at[part - search->v->parts];
    while (*at < part->n_suspects && part->suspects[*at].offset < position)
        part->suspects[(*at)++].what = SUSPECT_ABSENT;
}

/* The scan is done with this stretch; where it ended early, the rest stays unread. */
static void leave(struct search *search, const struct scan_part *scanned)
{
    const struct part *part = scanned->owner;
    size_t *at = &search->at[part - search->v->parts];
    pass(search, part, scanned->position);
    while (*at < part->n_suspects && part->suspects[*at].offset < scanned->stop)
        ++*at;
}

static enum scan_verdict on_record(void *context, struct scan_part *scanned,
                                   const struct message *message)
{
    struct search *search = context;
    struct part *part = scanned->owner;
    size_t *at = &search->at[part - search->v->parts];
    pass(search, part, message->offset);
    while (*at < part->n_suspects && part->suspects[*at].offset == message->offset)
        examine(search, &part->suspects[(*at)++], message);
    return SCAN_MORE;
}

static int by_offset(const void *a, const void *b)
{
    const struct suspect *x = a;
    const struct suspect *y = b;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return memcmp(&x->digest, &y->digest, sizeof x->digest);
}

/* In order, and what the log's ends say of them already: the rest is to be read. */
static void sort_suspects(struct search *search, struct part *part)
{
    size_t *at = &search->at[part - search->v->parts];
    if (part->n_suspects > 1)
        qsort(part->suspects, part->n_suspects, sizeof *part->suspects, by_offset);
    for (size_t i = 0; i < part->n_suspects; i++)
        if (part->shown->high >= 0)
            part->suspects[i].what = part->suspects[i].offset < part->shown->low ? SUSPECT_GONE
                                     : part->suspects[i].offset >= part->shown->high
                                         ? SUSPECT_BEYOND
                                         : SUSPECT_UNREAD;
    while (*at < part->n_suspects && part->suspects[*at].what == SUSPECT_GONE)
        (*at)++;
}

/* The next stretch of the partition that has suspects close together; false: none is left. */
static bool next_stretch(const struct search *search, struct part *part, struct scan_part *out)
{
    size_t first = search->at[part - search->v->parts];
    if (part->shown->high < 0 || first >= part->n_suspects ||
        part->suspects[first].offset >= part->shown->high)
        return false;
    int64_t span = part->suspects[part->n_suspects - 1].offset - part->suspects[0].offset;
    int64_t skip = span / MAX_STRETCHES > MIN_SKIP ? span / MAX_STRETCHES : MIN_SKIP;
    size_t last = first;
    while (last + 1 < part->n_suspects &&
           part->suspects[last + 1].offset - part->suspects[last].offset <= skip)
        last++;
    int64_t stop = part->suspects[last].offset + 1;
    *out = (struct scan_part){
        .topic = part->shown->row.topic,
        .partition = part->shown->row.partition,
        .from = part->suspects[first].offset,
        .stop = stop < part->shown->high ? stop : part->shown->high,
        .owner = part,
    };
    return true;
}

/* One stretch of each partition. 1: there were some; 0: none; -1: err. */
static int read_stretches(struct search *search, struct err *err)
{
    struct verify *v = search->v;
    const struct pipeline_config *config = v->request->config;
    struct scan_part *parts = arena_alloc(v->arena, (v->n_parts + 1) * sizeof *parts);
    const struct scan scan = {
        .scope = v->request->name,
        .brokers = config->brokers,
        .properties = config->kafka,
        .n_properties = config->n_kafka,
        .timeout_ms = SCAN_TIMEOUT_MS,
        .each = on_record,
        .context = search,
    };
    size_t n = 0;
    for (size_t i = 0; i < v->n_parts; i++)
        n += next_stretch(search, &v->parts[i], &parts[n]);
    if (n == 0)
        return 0;
    int rc = scan_read(&scan, parts, n, err);
    if (rc != 0 || signals_stop_requested())
        return rc < 0 ? -1 : err_set(err, ERR_OUTAGE, "cancelled");
    for (size_t i = 0; i < n; i++)
        leave(search, &parts[i]);
    return 1;
}

void verify_suspects_read(struct verify *v)
{
    struct search search = {.v = v};
    struct err err;
    int rc = 1;
    search.at = arena_alloc(v->arena, (v->n_parts + 1) * sizeof *search.at);
    find_id_place(v, &search.place);
    for (size_t i = 0; i < v->n_parts; i++)
        sort_suspects(&search, &v->parts[i]);
    while (v->admin && rc > 0)
        rc = read_stretches(&search, &err);
    if (rc < 0)
        verify_find(v, VERIFY_OPEN, "ledger", "the topic could not be read again: %s", err.text);
}

/* ---- judging ---- */

/* What a partition's counters leave room for. */
struct room {
    int64_t absent;
    int64_t dropped; /* suppressed by triggers or ON CONFLICT, or filtered */
    int64_t pruned;
    int64_t tombstones;
};

/* A suspect among those of all partitions. */
struct place {
    struct suspect *suspect;
    struct part *part;
};

struct judge {
    struct verify *v;
    struct room *rooms;
    struct place *places; /* by digest: all of one id together */
    size_t n;
    int64_t missing;
    int64_t unread;
    int64_t absent;
    int64_t dropped;
    int64_t pruned;
    int64_t mended; /* replayed, and no row has their id */
};

static int by_digest(const void *a, const void *b)
{
    const struct place *x = a;
    const struct place *y = b;
    int order = memcmp(&x->suspect->digest, &y->suspect->digest, sizeof x->suspect->digest);
    if (order != 0)
        return order;
    if (x->part != y->part)
        return x->part < y->part ? -1 : 1;
    return x->suspect->offset < y->suspect->offset ? -1 : x->suspect->offset > y->suspect->offset;
}

static bool take(int64_t *room, int64_t *sum)
{
    if (*room <= 0)
        return false;
    --*room;
    ++*sum;
    return true;
}

/* Whether the counters say what became of it. */
static bool explain(struct judge *judge, const struct place *place)
{
    struct room *room = &judge->rooms[place->part - judge->v->parts];
    if (place->suspect->replayed) {
        if (!take(&room->dropped, &judge->dropped))
            judge->mended++;
        return true;
    }
    switch (place->suspect->what) {
    case SUSPECT_ABSENT:
        return take(&room->absent, &judge->absent);
    case SUSPECT_NULL:
        if (has_id(place->suspect))
            return false;
        judge->v->report->ledger.nulls++;
        place->part->nulls++; /* held against the tombstones with the others */
        return true;
    case SUSPECT_GONE:
    case SUSPECT_UNREAD:
        if (!has_id(place->suspect) && take(&room->tombstones, &judge->v->report->ledger.nulls)) {
            place->part->nulls++;
            return true;
        }
        return take(&room->dropped, &judge->dropped) || take(&room->pruned, &judge->pruned);
    case SUSPECT_HELD:
        return take(&room->dropped, &judge->dropped) || take(&room->pruned, &judge->pruned);
    case SUSPECT_BEYOND:
    case SUSPECT_OTHER:
    case SUSPECT_UNREADABLE:
    case SUSPECT_TWICE:
        break;
    }
    return false;
}

static const char *describe(const struct judge *judge, const struct suspect *suspect)
{
    switch (suspect->what) {
    case SUSPECT_HELD:
        return has_id(suspect) ? "the topic holds it, the table does not"
                               : "the topic holds it, the dead letters do not";
    case SUSPECT_GONE:
        return "neither row nor dead letter; the topic has deleted it since";
    case SUSPECT_BEYOND:
        return "the topic ends before it: it was created again, or cut";
    case SUSPECT_ABSENT:
        return "the topic has no record there: aborted, compacted, or never sent";
    case SUSPECT_OTHER:
        return suspect->found ? arena_printf(judge->v->arena, "the record there has the id \"%s\"",
                                             suspect->found)
                              : "the record there has another id";
    case SUSPECT_UNREADABLE:
        return "in the record there no id can be read, and it is no dead letter";
    case SUSPECT_NULL:
        return "the record there is a null value";
    case SUSPECT_TWICE:
        return "the ledger names this place twice";
    case SUSPECT_UNREAD:
        break;
    }
    return "neither row nor dead letter; the topic was not read again";
}

static void list_place(const struct judge *judge, const struct part *part,
                       const struct suspect *suspect)
{
    struct verify_item item = {
        .topic = part->shown->row.topic,
        .partition = part->shown->row.partition,
        .offset = suspect->offset,
        .id = has_id(suspect) && !suspect->id ? "..." : suspect->id,
        .text = describe(judge, suspect),
    };
    if ((int64_t)suspect->among > suspect->short_by)
        item.text = arena_printf(judge->v->arena, "%s (%" PRId64 " of %zu places)", item.text,
                                 suspect->short_by, suspect->among);
    verify_list_item(judge->v, VERIFY_MISSING, &item);
}

static void list_missing(const struct judge *judge)
{
    for (size_t i = 0; i < judge->v->n_parts; i++) {
        const struct part *part = &judge->v->parts[i];
        for (size_t j = 0; j < part->n_suspects; j++) {
            if (verify_list_full(judge->v, VERIFY_MISSING))
                return;
            if (part->suspects[j].missing)
                list_place(judge, part, &part->suspects[j]);
        }
    }
}

/* The ledger names one place twice: that is its own fault, and told as such. */
static bool is_twice(const struct place *places, size_t i)
{
    return i > 0 && places[i].part == places[i - 1].part &&
           places[i].suspect->offset == places[i - 1].suspect->offset;
}

/* The places of one id, `missing` of which are no rows. */
static void judge_places(struct judge *judge, struct place *places, size_t n, int64_t missing)
{
    size_t left = n;
    for (size_t i = 0; i < n && missing > 0; i++) {
        struct suspect *suspect = places[i].suspect;
        bool twice = is_twice(places, i);
        if (twice) {
            *suspect = (struct suspect){.offset = suspect->offset,
                                        .digest = suspect->digest,
                                        .id = suspect->id,
                                        .what = SUSPECT_TWICE,
                                        .missing = true,
                                        .short_by = 1,
                                        .among = 1};
            judge->missing++;
        } else if (!explain(judge, &places[i])) {
            continue;
        }
        suspect->cleared = true;
        missing--;
        left--;
    }
    judge->missing += missing;
    for (size_t i = 0; i < n && missing > 0; i++) {
        struct suspect *suspect = places[i].suspect;
        if (suspect->cleared)
            continue;
        suspect->missing = true;
        suspect->short_by = missing;
        suspect->among = left;
        judge->unread += suspect->what == SUSPECT_UNREAD;
    }
}

static void gather(struct judge *judge)
{
    struct verify *v = judge->v;
    judge->rooms = arena_alloc(v->arena, (v->n_parts + 1) * sizeof *judge->rooms);
    judge->places = calloc((size_t)v->n_suspects + 1, sizeof *judge->places);
    if (!judge->places)
        abort();
    for (size_t i = 0; i < v->n_parts; i++) {
        const struct verify_partition *p = v->parts[i].shown;
        const struct tally *t = &p->row.tally;
        judge->rooms[i] = (struct room){
            .absent = t->absent,
            .dropped = t->suppressed + t->filtered,
            .pruned = v->request->allow_pruned ? t->dead - p->letters : 0,
            .tombstones = t->tombstones - v->parts[i].nulls,
        };
        for (size_t j = 0; j < v->parts[i].n_suspects; j++)
            judge->places[judge->n++] = (struct place){&v->parts[i].suspects[j], &v->parts[i]};
    }
    qsort(judge->places, judge->n, sizeof *judge->places, by_digest);
}

static void find_missing(const struct judge *judge)
{
    struct verify *v = judge->v;
    if (judge->missing > 0 && judge->unread == judge->missing)
        verify_find(v, VERIFY_OPEN, "ledger",
                    "%" PRId64 " records are neither rows nor dead letters, and the topic could "
                    "not be asked for them",
                    judge->missing);
    else if (judge->missing > 0)
        verify_find(v, VERIFY_NO, "ledger",
                    "%" PRId64 " record%s missing: neither row nor dead letter", judge->missing,
                    judge->missing == 1 ? " is" : "s are");
    if (judge->mended > 0)
        verify_find(v, v->request->allow_mended ? VERIFY_NOTE : VERIFY_OPEN, "ledger",
                    "%" PRId64 " were dead letters and replayed, and no row has their id: it was "
                    "mended, or the row deleted%s",
                    judge->mended,
                    v->request->allow_mended ? "" : " (--allow mended accepts that)");
    if (judge->dropped > 0)
        verify_find(v, VERIFY_NOTE, "ledger",
                    "%" PRId64 " are no rows, and so many were suppressed (by a trigger or ON "
                    "CONFLICT) or filtered",
                    judge->dropped);
    if (judge->absent > 0)
        verify_find(v, VERIFY_NOTE, "ledger",
                    "%" PRId64 " are not in the topic, and so many offsets are counted as absent "
                    "(aborted, compacted, or a gap)",
                    judge->absent);
    if (judge->pruned > 0)
        verify_find(v, VERIFY_NOTE, "ledger",
                    "%" PRId64 " are no rows, and so many dead letters are counted and not kept",
                    judge->pruned);
}

void verify_suspects_judge(struct verify *v)
{
    struct judge judge = {.v = v};
    gather(&judge);
    for (size_t i = 0; i < judge.n;) {
        const struct digest *digest = &judge.places[i].suspect->digest;
        const struct id_count *count = id_table_find(&v->ids, *digest);
        size_t n = 1;
        while (count && i + n < judge.n &&
               !memcmp(digest, &judge.places[i + n].suspect->digest, sizeof *digest))
            n++;
        judge_places(&judge, &judge.places[i], n, count ? count->must - count->rows : 1);
        i += n;
    }
    v->report->totals[VERIFY_MISSING] = judge.missing;
    v->report->ledger.explained = judge.dropped + judge.absent + judge.pruned + judge.mended;
    find_missing(&judge);
    list_missing(&judge);
    free(judge.places);
}
