/*
 * What became of the places that the ledger names and the database does not show: what the counters
 * explain is taken out, the rest is missing.
 */
#include "inspect/verify_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
    int64_t unread; /* of them, those that may be in the topic as far as is known */
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
        if (suspect_has_id(place->suspect))
            return false;
        judge->v->report->ledger.nulls++;
        place->part->nulls++; /* held against the tombstones with the others */
        return true;
    case SUSPECT_GONE:
    case SUSPECT_UNREAD:
        if (!suspect_has_id(place->suspect) &&
            take(&room->tombstones, &judge->v->report->ledger.nulls)) {
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
        return suspect_has_id(suspect) ? "the topic holds it, the table does not"
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
        .id = suspect_has_id(suspect) && !suspect->id ? "..." : suspect->id,
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
struct group {
    struct place *places;
    size_t n;
    int64_t missing;
};

static void clear(struct group *group, size_t i)
{
    group->places[i].suspect->cleared = true;
    group->missing--;
}

/*
 * Where an id was sent more than once, all but one of its records may well be what was suppressed:
 * they have the first word of the counters, before ids that were sent once.
 */
static void explain_repeats(struct judge *judge, struct group *group)
{
    size_t left = group->n - 1;
    for (size_t i = 0; i < group->n && left > 0 && group->missing > 0; i++) {
        if (is_twice(group->places, i) || !explain(judge, &group->places[i]))
            continue;
        clear(group, i);
        left--;
    }
}

static void explain_rest(struct judge *judge, struct group *group)
{
    for (size_t i = 0; i < group->n && group->missing > 0; i++) {
        struct suspect *suspect = group->places[i].suspect;
        if (suspect->cleared)
            continue;
        if (is_twice(group->places, i)) {
            *suspect = (struct suspect){.offset = suspect->offset,
                                        .digest = suspect->digest,
                                        .id = suspect->id,
                                        .what = SUSPECT_TWICE,
                                        .missing = true,
                                        .short_by = 1,
                                        .among = 1};
            judge->missing++;
        } else if (!explain(judge, &group->places[i])) {
            continue;
        }
        clear(group, i);
    }
}

/* What nothing explains is missing: somewhere among the places that are left. */
static void judge_rest(struct judge *judge, const struct group *group)
{
    size_t left = 0;
    size_t unread = 0;
    for (size_t i = 0; i < group->n; i++) {
        const struct suspect *suspect = group->places[i].suspect;
        left += !suspect->cleared;
        unread += !suspect->cleared && suspect->what == SUSPECT_UNREAD;
    }
    judge->missing += group->missing;
    if (unread == left)
        judge->unread += group->missing;
    for (size_t i = 0; i < group->n && group->missing > 0; i++) {
        struct suspect *suspect = group->places[i].suspect;
        if (suspect->cleared)
            continue;
        suspect->missing = true;
        suspect->short_by = group->missing;
        suspect->among = left;
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

/* The group whose places begin at `i`. */
static struct group group_at(const struct judge *judge, size_t i)
{
    const struct digest *digest = &judge->places[i].suspect->digest;
    const struct id_count *count = id_table_find(&judge->v->ids, *digest);
    struct group group = {&judge->places[i], 1, count ? count->must - count->rows : 1};
    while (count && i + group.n < judge->n &&
           !memcmp(digest, &judge->places[i + group.n].suspect->digest, sizeof *digest))
        group.n++;
    for (size_t j = 0; j < group.n; j++)
        group.missing -= group.places[j].suspect->cleared;
    return group;
}

void verify_suspects_judge(struct verify *v)
{
    struct judge judge = {.v = v};
    struct group group;
    gather(&judge);
    for (size_t i = 0; i < judge.n; i += group.n) {
        group = group_at(&judge, i);
        explain_repeats(&judge, &group);
    }
    for (size_t i = 0; i < judge.n; i += group.n) {
        group = group_at(&judge, i);
        explain_rest(&judge, &group);
        judge_rest(&judge, &group);
    }
    v->report->totals[VERIFY_MISSING] = judge.missing;
    v->report->ledger.explained = judge.dropped + judge.absent + judge.pruned + judge.mended;
    find_missing(&judge);
    list_missing(&judge);
    free(judge.places);
}
