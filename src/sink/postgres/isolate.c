/*
 * The slow way through a batch (design point 8): the server rejected a record, and it must not stop
 * the rest.
 *
 * Ranges of the batch go in one after the other, each under a savepoint. When one fails, the
 * error's COPY line is a hint at the culprit: the rows before it go in, then that row alone, whose
 * failure is the proof; it becomes a dead letter, and the way goes on behind it. A hint that proves
 * wrong, or none (a deferred constraint, a staged INSERT), is met by halving the range. The length
 * of a range follows the distance between culprits. Where they are dense, the server itself tries
 * row after row (rowwise.c), if it can.
 *
 * A record may refer to a later one of the same table by a deferred foreign key. Asked at once it
 * is refused, so it is set aside until all others are in, and tried again as long as that lets any
 * in. Only two that refer to each other are still taken for bad, where COMMIT refused a third.
 */
#include "sink/postgres/script.h"
#include "sink/postgres/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/*
 * Culprits are dense from the fourth on, and with as many to come, if they are on average so near
 * to each other: a culprit found from here costs as much as hundreds of rows that the server tries
 * in blocks.
 */
#define DENSE_CULPRITS 4
#define DENSE_GAP 400
#define GAP_MAX 1600 /* a long good stretch is soon forgotten */
/* What the server gets at once; making ready for it costs a few milliseconds. */
#define ROWWISE_ENTRIES 8192
#define ROWWISE_BYTES ((size_t)4 << 20)
/* So many entries are taken out of its way, then no more is asked of it. */
#define ROWWISE_ASIDE 8
/* Over the entries that lean on others; each is a round trip an entry. */
#define LEANING_PASSES 16

#define FOREIGN_KEY_VIOLATION "23503"

struct isolation {
    struct lane *lane;
    struct batch_claim *claim; /* whose entries go in, or NULL for all */
    struct pg_fault *fault;
    int64_t hint;
    bool has_savepoint; /* one was made */
    bool in_savepoint;  /* the last range failed: roll back to it in front of the next */
    size_t culprits;    /* met so far */
    size_t last;        /* where the last one was met */
    size_t gap;         /* from one to the next, of late */
    size_t aside;       /* an entry that must go in alone, from here */
    unsigned asides;    /* how many of them */
};

/*
 * A savepoint that was rolled back to is there still, and one that is not released would hold the
 * next inside it: thousands deep, which the server pays for at each row that it looks at.
 */
static const char *opening(const struct isolation *isolation)
{
    if (isolation->in_savepoint)
        return "ROLLBACK TO weir_range;";
    return isolation->has_savepoint ? "RELEASE weir_range; SAVEPOINT weir_range;"
                                    : "SAVEPOINT weir_range;";
}

enum attempt { WENT_IN, REJECTED, BROKEN };

/* After a try: the savepoint's state, and the tally as it was `before` if the try failed. */
static void settle_try(struct isolation *isolation, bool failed, const struct tally *before)
{
    if (isolation->lane->copy_begun) {
        isolation->has_savepoint = true;
        isolation->in_savepoint = failed;
    }
    if (failed && isolation->claim)
        isolation->claim->tally = *before;
}

/*
 * Try the entries [from, to). A rejected range leaves its savepoint to be rolled back by whatever
 * comes next, which saves a round trip.
 */
static enum attempt attempt(struct isolation *isolation, size_t from, size_t to)
{
    struct lane *lane = isolation->lane;
    struct batch_claim *claim = isolation->claim;
    struct tally before = claim ? claim->tally : (struct tally){0};

    int rc =
        copy_range(lane, from, to, claim, opening(isolation), isolation->fault, &isolation->hint);
    settle_try(isolation, rc < 0, &before);
    if (rc == 0)
        return WENT_IN;
    return isolation->fault->class == PG_RECORD ? REJECTED : BROKEN;
}

static bool concerns(const struct isolation *isolation, size_t entry)
{
    const struct batch *batch = isolation->lane->batch;
    const struct batch_claim *of = &batch->claims[batch->entries[entry].claim];
    return !of->dropped && (!isolation->claim || isolation->claim == of);
}

static void note_leaning(struct lane *lane, uint32_t entry)
{
    struct leaning *leaning = &lane->leaning;
    if (leaning->n == leaning->room) {
        size_t room = leaning->room ? 2 * leaning->room : 64;
        uint32_t *entries = arena_alloc(&lane->letters_arena, room * sizeof *entries);
        if (leaning->n > 0)
            memcpy(entries, leaning->entries, leaning->n * sizeof *entries);
        leaning->entries = entries;
        leaning->room = room;
    }
    leaning->entries[leaning->n++] = entry;
}

void isolate_bury(struct lane *lane, uint32_t entry, const struct pg_fault *fault)
{
    char reason[1600];
    if (lane->leaning.on && !strcmp(fault->sqlstate, FOREIGN_KEY_VIOLATION)) {
        note_leaning(lane, entry);
        return;
    }
    snprintf(reason, sizeof(reason), "%s%s%s", fault->message, fault->detail[0] ? ": " : "",
             fault->detail);
    copy_mark_dead(lane, entry, fault->column, fault->sqlstate, reason);
}

/* `n` culprits were met between the last one and `at`. */
static void note_gap(struct isolation *isolation, size_t n, size_t at)
{
    size_t gap = (at - isolation->last) / (n ? n : 1);
    if (gap > GAP_MAX)
        gap = GAP_MAX;
    bool alone = n == 1 && isolation->culprits > 0;
    isolation->gap = alone ? (3 * isolation->gap + gap) / 4 : gap;
    isolation->culprits += n;
    isolation->last = at;
}

static void bury(struct isolation *isolation, size_t entry)
{
    note_gap(isolation, 1, entry);
    if (concerns(isolation, entry) && isolation->lane->fates[entry] == FATE_ROW)
        isolate_bury(isolation->lane, (uint32_t)entry, isolation->fault);
}

/* Whether the server itself should try the entries from `from` on. */
static bool is_dense(const struct isolation *isolation, size_t from)
{
    size_t left = isolation->lane->batch->n_entries - from;
    return isolation->culprits >= DENSE_CULPRITS && isolation->gap <= DENSE_GAP &&
           left / (isolation->gap + 1) >= DENSE_CULPRITS && from != isolation->aside &&
           isolation->asides <= ROWWISE_ASIDE;
}

/* Where the entries end that go to the server at once, from `from` on. */
static size_t chunk_end(const struct isolation *isolation, size_t from)
{
    const struct batch *batch = isolation->lane->batch;
    size_t to = from + 1;
    while (to < batch->n_entries && to != isolation->aside && to - from < ROWWISE_ENTRIES &&
           batch->entries[to].at - batch->entries[from].at < ROWWISE_BYTES)
        to++;
    return to;
}

/* Have the server try the entries from *from on, and move it as far as that went. */
static int go_rowwise(struct isolation *isolation, size_t *from)
{
    struct batch_claim *claim = isolation->claim;
    struct tally before = claim ? claim->tally : (struct tally){0};
    size_t to = chunk_end(isolation, *from);
    size_t refused;

    enum rowwise rc =
        rowwise_range(isolation->lane, *from, to, claim, isolation->gap, opening(isolation),
                      isolation->fault, &isolation->hint, &refused);
    settle_try(isolation, rc != ROWWISE_DONE, &before);
    if (rc == ROWWISE_FAULT)
        return -1;
    if (rc == ROWWISE_DONE) {
        isolation->last = *from;
        note_gap(isolation, refused, to);
        *from = to;
    } else if (isolation->hint >= 0) {
        isolation->aside = (size_t)isolation->hint;
        isolation->asides++;
    } else {
        isolation->asides = ROWWISE_ASIDE + 1;
    }
    return 0;
}

/*
 * The range [from, to) was rejected and the hint points into it: put in what stands before the
 * culprit, prove it, bury it. *done gets where to go on; without proof it is `from` or the hint.
 */
static enum attempt follow_hint(struct isolation *isolation, size_t from, size_t *done)
{
    size_t culprit = (size_t)isolation->hint;
    *done = from;
    if (culprit > from) {
        enum attempt rc = attempt(isolation, from, culprit);
        if (rc != WENT_IN)
            return rc;
        *done = culprit;
    }
    enum attempt rc = attempt(isolation, culprit, culprit + 1);
    if (rc == BROKEN)
        return BROKEN;
    if (rc == REJECTED)
        bury(isolation, culprit);
    *done = culprit + 1;
    return WENT_IN;
}

/* Work through all entries of one claim (or of all). */
static int isolate(struct isolation *isolation)
{
    size_t n = isolation->lane->batch->n_entries;
    size_t from = 0;
    size_t length = 256;

    while (from < n) {
        if (is_dense(isolation, from)) {
            if (go_rowwise(isolation, &from) < 0)
                return -1;
            length = isolation->gap + 1;
            continue;
        }
        if (from == isolation->aside)
            length = 1;
        size_t to = n - from < length ? n : from + length;
        enum attempt rc = attempt(isolation, from, to);
        if (rc == BROKEN)
            return -1;
        if (rc == WENT_IN) {
            from = to;
            length *= 2;
            continue;
        }
        if (to - from == 1) {
            bury(isolation, from);
            from = to;
            continue;
        }
        int64_t hint = isolation->hint;
        if (hint < (int64_t)from || hint >= (int64_t)to) {
            length = (to - from) / 2;
            continue;
        }
        size_t done;
        rc = follow_hint(isolation, from, &done);
        if (rc == BROKEN)
            return -1;
        /* The next culprit is expected as far away as this one was, with some to spare. */
        size_t gap = (size_t)hint - from;
        length = rc == REJECTED ? (gap > 1 ? gap / 2 : 1) : 2 * gap + 2;
        from = done;
    }
    return 0;
}

/* Whether a deferred foreign key leads from the table to itself. */
static int ask_leaning(struct lane *lane, bool *leans, struct pg_fault *fault)
{
    char sql[256];
    struct script script;
    snprintf(sql, sizeof sql,
             "SET CONSTRAINTS ALL IMMEDIATE; SELECT EXISTS (SELECT FROM pg_constraint WHERE"
             " conrelid = %" PRIu32 " AND confrelid = conrelid AND contype = 'f' AND"
             " condeferrable)",
             lane->table->oid);
    int rc = script_run(lane->conn, &script, sql, fault);
    *leans = rc == 0 && *PQgetvalue(script_from_end(&script, 0), 0, 0) == 't';
    script_clear(&script);
    return rc;
}

/* Try an entry that leans, of all its claim's or of any. */
static enum attempt try_leaning(struct isolation *isolation, bool by_claim, uint32_t entry)
{
    struct batch *batch = isolation->lane->batch;
    isolation->claim = by_claim ? &batch->claims[batch->entries[entry].claim] : NULL;
    return attempt(isolation, entry, entry + (size_t)1);
}

/* One pass over those that lean, forwards or backwards; who goes in leaves the list. */
static int pass_leaning(struct isolation *isolation, bool by_claim, bool backwards)
{
    struct leaning *leaning = &isolation->lane->leaning;
    size_t left = 0;
    for (size_t i = 0; i < leaning->n; i++) {
        uint32_t *entry = &leaning->entries[backwards ? leaning->n - 1 - i : i];
        enum attempt rc = try_leaning(isolation, by_claim, *entry);
        if (rc == BROKEN)
            return -1;
        if (rc == WENT_IN)
            *entry = UINT32_MAX;
    }
    for (size_t i = 0; i < leaning->n; i++)
        if (leaning->entries[i] != UINT32_MAX)
            leaning->entries[left++] = leaning->entries[i];
    leaning->n = left;
    return 0;
}

/*
 * Now that all others are in: again and again, as long as any goes in; what is left is bad. A chain
 * in which each leans on the next goes in at one pass backwards, and each pass is a round trip an
 * entry, so their number is bounded: ingest must not stand still over a batch made for it.
 */
static int settle_leaning(struct isolation *isolation, bool by_claim)
{
    struct leaning *leaning = &isolation->lane->leaning;
    size_t before = SIZE_MAX;
    for (int pass = 0; pass < LEANING_PASSES && leaning->n > 0 && leaning->n != before; pass += 2) {
        before = leaning->n;
        if (pass_leaning(isolation, by_claim, true) < 0 ||
            pass_leaning(isolation, by_claim, false) < 0)
            return -1;
    }
    leaning->on = false;
    for (size_t i = 0; i < leaning->n; i++) {
        enum attempt rc = try_leaning(isolation, by_claim, leaning->entries[i]);
        if (rc == BROKEN)
            return -1;
        if (rc == REJECTED)
            isolate_bury(isolation->lane, leaning->entries[i], isolation->fault);
    }
    return 0;
}

/* What the next batch may expect of its culprits. */
static void remember(const struct isolation *isolation)
{
    bool dense = isolation->culprits > (size_t)2 * DENSE_CULPRITS && isolation->gap <= DENSE_GAP &&
                 isolation->asides <= ROWWISE_ASIDE;
    isolation->lane->dense_gap = dense ? isolation->gap : 0;
}

int isolate_batch(struct lane *lane, bool immediate, struct pg_fault *fault)
{
    struct script script;
    struct isolation isolation = {.lane = lane, .fault = fault, .hint = -1, .aside = SIZE_MAX};
    if (lane->dense_gap > 0) {
        isolation.culprits = DENSE_CULPRITS;
        isolation.gap = lane->dense_gap;
    }
    bool by_claim =
        lane->table->before_row_triggers || lane->store->config->on_conflict == CONFLICT_IGNORE;

    int rc = 0;
    lane->leaning = (struct leaning){.on = false};
    if (immediate && ask_leaning(lane, &lane->leaning.on, fault) < 0)
        return -1;
    for (size_t i = 0; i < (by_claim ? lane->batch->n_claims : 1); i++) {
        isolation.claim = by_claim ? &lane->batch->claims[i] : NULL;
        if (isolation.claim && isolation.claim->dropped)
            continue;
        isolation.last = 0;
        if (isolate(&isolation) < 0)
            return -1;
    }
    if (settle_leaning(&isolation, by_claim) < 0)
        return -1;
    remember(&isolation);
    if (!isolation.in_savepoint)
        return 0;
    rc = script_run(lane->conn, &script, "ROLLBACK TO weir_range", fault);
    script_clear(&script);
    return rc;
}
