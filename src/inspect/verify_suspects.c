/*
 * Places that the ledger names and the database does not show: each is looked for in the topic
 * once more, before verify_judge.c decides.
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
    if (!suspect_has_id(suspect) || !search->place.known)
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
        .config = config,
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
