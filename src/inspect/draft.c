#include "inspect/draft.h"

#include "base/json.h"
#include "inspect/draft_type.h"
#include "inspect/sql_name.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME_BYTES 63 /* of PostgreSQL: NAMEDATALEN - 1 */
#define MAX_COLUMNS 1000  /* PostgreSQL takes 1,600, and fewer of wide types */
#define MAX_LEFT_OUT 100
#define SHOWN_BYTES 40
#define BUCKETS 4096

/* What is known of a key while the records are read. */
struct key {
    struct slice name;
    uint32_t hash;
    struct key *next; /* of the same bucket */
    size_t column;    /* its place in the draft; SIZE_MAX: it is left out */
    size_t left_out;  /* its place there; SIZE_MAX: not even that */
    size_t last;      /* the record it was met in, from 1 */
    struct slice *values;
    size_t n_values;
    size_t room;
};

struct drafting {
    struct draft *draft;
    struct arena *arena;
    struct key *buckets[BUCKETS];
    struct key *columns[MAX_COLUMNS];
};

static uint32_t hash_of(struct slice name)
{
    uint32_t hash = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ (unsigned char)name.ptr[i]) * 16777619U;
    return hash;
}

/* Why PostgreSQL cannot have a column of that name; NULL: it can. */
static const char *why_not(const struct drafting *d, struct slice name)
{
    static const char *const SYSTEM[] = {"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"};
    if (name.len == 0)
        return "a column's name cannot be empty";
    if (memchr(name.ptr, '\0', name.len))
        return "a column's name cannot hold \\u0000";
    if (name.len > MAX_NAME_BYTES)
        return "a column's name ends at 63 bytes";
    for (size_t i = 0; i < sizeof SYSTEM / sizeof *SYSTEM; i++)
        if (slice_eq_str(name, SYSTEM[i]))
            return "PostgreSQL keeps this name for itself";
    return d->draft->n_columns == MAX_COLUMNS ? "a table ends at 1,000 columns here" : NULL;
}

/* In one line, cut at a whole character; control characters are blanks. */
static const char *shown(struct arena *arena, struct slice text)
{
    size_t len = text.len;
    if (len > SHOWN_BYTES) {
        len = SHOWN_BYTES;
        while (len > 0 && ((unsigned char)text.ptr[len] & 0xC0) == 0x80)
            len--;
    }
    char *copy = arena_alloc(arena, len + sizeof "..."); /* zeroed */
    memcpy(copy, text.ptr, len);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)copy[i] < 0x20 || copy[i] == 0x7f)
            copy[i] = ' ';
    for (size_t i = len; i < len + 3 && len < text.len; i++)
        copy[i] = '.';
    return copy;
}

/* A key met for the first time becomes a column, or is left out. */
static void place_key(struct drafting *d, struct key *key, struct slice name, struct slice raw)
{
    struct draft *draft = d->draft;
    const char *why = why_not(d, name);
    key->column = key->left_out = SIZE_MAX;
    if (!why) {
        key->column = draft->n_columns++;
        d->columns[key->column] = key;
        draft->columns[key->column] = (struct draft_column){.key = key->name.ptr};
    } else if (draft->n_left_out < MAX_LEFT_OUT) {
        key->left_out = draft->n_left_out++;
        draft->left_out[key->left_out] =
            (struct draft_left_out){.key = shown(d->arena, raw), .why = why};
    }
}

static struct key *find_key(struct drafting *d, const struct json_value *written)
{
    char *text = arena_alloc(d->arena, written->raw.len + 1);
    struct slice name = {text, json_unescape(written, text)};
    uint32_t hash = hash_of(name);
    struct key **bucket = &d->buckets[hash % BUCKETS];
    for (struct key *key = *bucket; key; key = key->next)
        if (key->hash == hash && slice_eq(name, key->name))
            return key;
    struct key *key = arena_alloc(d->arena, sizeof *key);
    *key = (struct key){.name = name, .hash = hash, .next = *bucket};
    *bucket = key;
    place_key(d, key, name, written->raw);
    return key;
}

static void add_value(struct drafting *d, struct key *key, struct slice value)
{
    if (key->n_values == key->room) {
        size_t room = key->room ? 2 * key->room : 16;
        struct slice *values = arena_alloc(d->arena, room * sizeof *values);
        if (key->n_values > 0)
            memcpy(values, key->values, key->n_values * sizeof *values);
        key->values = values;
        key->room = room;
    }
    key->values[key->n_values++] = value;
}

/* The key of a record, whose number counts from 1. */
static void add_member(struct drafting *d, struct key *key, const struct json_value *value,
                       size_t number)
{
    bool again = key->last == number;
    key->last = number;
    if (key->column == SIZE_MAX) {
        if (key->left_out != SIZE_MAX)
            d->draft->left_out[key->left_out].records += !again;
        return;
    }
    struct draft_column *column = &d->draft->columns[key->column];
    column->present += !again;
    if (value->type == JSON_NULL)
        column->nulls += !again;
    else
        add_value(d, key, draft_value_text(value));
}

static void add_record(struct drafting *d, const struct record *record, size_t number)
{
    struct draft *draft = d->draft;
    struct json_error error = {NULL, 0};
    struct json_value whole;
    struct json_value name;
    struct json_value value;
    struct json_iter it;
    if (!record->value.ptr) {
        draft->tombstones++;
        return;
    }
    if (json_object_open(&it, record->value, &error) < 0 ||
        json_parse(record->value, &whole, &error) < 0) {
        draft->others++;
        if (!draft->reason)
            draft->reason = error.reason;
        return;
    }
    draft->objects++;
    while (json_object_next(&it, &name, &value, &error) > 0)
        add_member(d, find_key(d, &name), &value, number);
}

void draft_make(struct draft *draft, struct arena *arena, const struct record *records, size_t n)
{
    struct drafting *d = calloc(1, sizeof *d);
    if (!d)
        abort();
    *draft = (struct draft){.objects = 0};
    d->draft = draft;
    d->arena = arena;
    draft->columns = arena_alloc(arena, MAX_COLUMNS * sizeof *draft->columns);
    draft->left_out = arena_alloc(arena, MAX_LEFT_OUT * sizeof *draft->left_out);
    for (size_t i = 0; i < n; i++)
        add_record(d, &records[i], i + 1);
    for (size_t i = 0; i < draft->n_columns; i++) {
        const struct key *key = d->columns[i];
        assert(key);
        draft->columns[i].kind = draft_type(key->values, key->n_values);
        draft->columns[i].type = draft->columns[i].kind->type_name;
        if (key->n_values > 0)
            draft->columns[i].example = shown(arena, key->values[0]);
    }
    free(d);
}

const struct draft_column *draft_find(const struct draft *draft, const char *key)
{
    for (size_t i = 0; i < draft->n_columns; i++)
        if (!strcmp(draft->columns[i].key, key))
            return &draft->columns[i];
    return NULL;
}

/* ---- as SQL ---- */

struct slice draft_schema_of(const char *table)
{
    bool quoted = false;
    for (size_t i = 0; table[i]; i++) {
        quoted ^= table[i] == '"';
        if (table[i] == '.' && !quoted)
            return (struct slice){table, i};
    }
    return SLICE_LIT("");
}

/* "in all 1000 records", "in 812 of 1000 records, null in 3" */
static void print_share(const struct draft *draft, const struct draft_column *column,
                        struct buf *out)
{
    if (draft->objects == 1)
        buf_add_str(out, "in the one record");
    else if (column->present == draft->objects)
        buf_printf(out, "in all %zu records", draft->objects);
    else
        buf_printf(out, "in %zu of %zu records", column->present, draft->objects);
    if (column->nulls == column->present)
        buf_add_str(out, ", null in each");
    else if (column->nulls > 0)
        buf_printf(out, ", null in %zu", column->nulls);
}

static size_t longest(size_t longest, size_t length)
{
    return length > longest ? length : longest;
}

static void print_columns(const struct draft *draft, bool examples, struct buf *out,
                          struct arena *arena)
{
    size_t name_width = 0;
    size_t type_width = 0;
    for (size_t i = 0; i < draft->n_columns; i++) {
        size_t name = utf8_length(slice_of(sql_name(arena, draft->columns[i].key)));
        if (name <= SHOWN_BYTES)
            name_width = longest(name_width, name);
        type_width = longest(type_width, strlen(draft->columns[i].type));
    }
    for (size_t i = 0; i < draft->n_columns; i++) {
        const struct draft_column *column = &draft->columns[i];
        const char *name = sql_name(arena, column->key);
        size_t blanks = longest(utf8_length(slice_of(name)), name_width);
        blanks -= utf8_length(slice_of(name));
        bool last = i + 1 == draft->n_columns;
        buf_printf(out, "    %s%*s %s%s%*s -- ", name, (int)blanks, "", column->type,
                   last ? " " : ",", (int)(type_width - strlen(column->type)), "");
        print_share(draft, column, out);
        if (examples && column->example)
            buf_printf(out, "; e.g. %s", column->example);
        buf_add_byte(out, '\n');
    }
}

static void print_left_out(const struct draft *draft, struct buf *out)
{
    for (size_t i = 0; i < draft->n_left_out; i++)
        buf_printf(out,
                   "-- The key \"%s\" (in %zu records) is left out: %s. A rule under columns: of "
                   "weir.yaml can fill another one from it.\n",
                   draft->left_out[i].key, draft->left_out[i].records, draft->left_out[i].why);
}

void draft_print(const struct draft *draft, const char *table, bool examples, struct buf *out)
{
    struct arena arena;
    if (draft->n_columns == 0)
        return;
    arena_init(&arena);
    table = sql_written(&arena, table);
    struct slice schema = draft_schema_of(table);
    if (schema.len > 0)
        buf_printf(out, "CREATE SCHEMA IF NOT EXISTS %.*s;\n", SLICE_ARG(schema));
    buf_printf(out, "CREATE TABLE IF NOT EXISTS %s (\n", table);
    print_columns(draft, examples, out, &arena);
    buf_add_str(out, ");\n");
    print_left_out(draft, out);
    if (draft->others > 0)
        buf_printf(out, "-- %zu of the sample's records would be dead letters of any table: %s.\n",
                   draft->others, draft->reason);
    arena_release(&arena);
}
