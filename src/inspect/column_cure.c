#include "inspect/column_cure.h"

#include "inspect/draft_type.h"
#include "inspect/rule_text.h"
#include "inspect/sql_name.h"
#include "inspect/trial.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LABELS 10
#define MAX_VARCHAR 10485760 /* of PostgreSQL */

/* A cure while it is looked for. */
struct curing {
    struct column_cure *out;
    struct arena *arena;
    const struct cure_request *request;
    const struct column_report *report;
    const struct survey_column *facts;
    const char *name;     /* the column's, as SQL writes it */
    struct slice *values; /* all that are there, not null, as JSON text */
    size_t n_values;
    size_t longest;     /* characters of the longest text among them */
    const char *type;   /* the clauses that change the type; NULL: none needed */
    const char *lost;   /* what such a change would cost: "the default 5"; NULL: nothing */
    bool drop_identity; /* first, in a statement of its own: the server wants it so */
    bool other_kind;    /* the type is not a wider one of the same kind */
    bool to_json;       /* it cannot be compared, so no index can stand on it */
};

static bool is_text(enum column_type type)
{
    return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_BPCHAR;
}

static bool takes_time(enum column_type type)
{
    return type == TYPE_DATE || type == TYPE_TIMESTAMP || type == TYPE_TIMESTAMPTZ;
}

/* ---- the values ---- */

/* Where a value comes from something else than the record's JSON, its bytes are no JSON text. */
static bool is_json_source(const struct column_report *report)
{
    return !report->rule || report->rule->source == COLUMN_POINTER;
}

static void take_value(struct curing *c, const struct json_value *value)
{
    size_t length = utf8_length(value->raw); /* escapes make it longer, never shorter */
    if (value->type == JSON_STRING && value->escaped) {
        char *text = arena_alloc(c->arena, value->raw.len + 1);
        length = utf8_length((struct slice){text, json_unescape(value, text)});
    }
    if (length > c->longest)
        c->longest = length;
    c->values[c->n_values++] = draft_value_text(value);
}

static void collect_values(struct curing *c)
{
    const struct cure_request *r = c->request;
    struct trial *trial;
    struct err ignored;
    c->values = arena_alloc(c->arena, (r->n_records + 1) * sizeof *c->values);
    if (!is_json_source(c->report) ||
        trial_open(&trial, r->table, r->policy, c->report->number, NULL, &ignored) < 0)
        return;
    for (size_t i = 0; i < r->n_records; i++) {
        struct row_reason reason;
        struct json_value value;
        enum row_outcome outcome = trial_run(trial, &r->records[i], &reason);
        bool has_none = outcome == ROW_TOMBSTONE || (outcome == ROW_DEAD && !reason.column);
        if (!has_none && trial_value(trial, &r->records[i], &value) && value.type != JSON_NULL)
            take_value(c, &value);
    }
    trial_free(trial);
}

/* ---- whether a change would do ---- */

/* With the column as `as` and under `policy`: no record is dead but for a NULL. */
static bool would_do(const struct curing *c, const struct column *as,
                     const struct row_policy *policy)
{
    const struct cure_request *r = c->request;
    struct trial *trial;
    struct err ignored;
    bool all = true;
    if (trial_open(&trial, r->table, policy, c->report->number, as, &ignored) < 0)
        return false;
    for (size_t i = 0; i < r->n_records && all; i++) {
        struct row_reason reason;
        all = trial_run(trial, &r->records[i], &reason) != ROW_DEAD || !reason.column ||
              !strcmp(reason.sqlstate, "23502");
    }
    trial_free(trial);
    return all;
}

/* The column with another type, as the catalog would describe it. */
static struct column as_type(const struct curing *c, const struct column *type)
{
    struct column as = *c->report->column;
    as.type = type->type;
    as.type_name = type->type_name;
    as.bare_type = type->bare_type;
    as.max_chars = type->max_chars;
    as.precision = type->precision;
    as.scale = type->scale;
    as.labels = type->labels;
    as.n_labels = type->n_labels;
    return as;
}

/* ---- another type ---- */

#define WIDER(kind, sql)                                                                           \
    {                                                                                              \
        .type = (kind), .type_name = (sql), .bare_type = (sql), .precision = -1                    \
    }
static const struct column INT4 = WIDER(TYPE_INT4, "integer");
static const struct column INT8 = WIDER(TYPE_INT8, "bigint");
static const struct column FLOAT8 = WIDER(TYPE_FLOAT8, "double precision");
static const struct column NUMERIC = {.type = TYPE_NUMERIC,
                                      .type_name = "numeric",
                                      .bare_type = "numeric"};
static const struct column INET = WIDER(TYPE_INET, "inet");
static const struct column JSON = WIDER(TYPE_JSON, "json");
static const struct column JSONB = WIDER(TYPE_JSONB, "jsonb");
static const struct column TEXT = WIDER(TYPE_TEXT, "text");

/* Types into which the server turns every value by itself, by the one that is at fault. */
static const struct {
    enum column_type from;
    const struct column *to;
} WIDENINGS[] = {
    {TYPE_INT2, &INT4},       {TYPE_INT2, &INT8},    {TYPE_INT2, &NUMERIC},  {TYPE_INT4, &INT8},
    {TYPE_INT4, &NUMERIC},    {TYPE_INT8, &NUMERIC}, {TYPE_FLOAT4, &FLOAT8}, {TYPE_CIDR, &INET},
    {TYPE_NUMERIC, &NUMERIC}, {TYPE_JSONB, &JSON},
};

/*
 * What must stand behind TYPE so that the rows that are there are turned too: "" for nothing; NULL
 * if some value might not be turned.
 */
static const char *using_clause(const struct curing *c, enum column_type to, const char *to_sql)
{
    if (is_text(to))
        return "";
    if (to == TYPE_JSONB)
        return arena_printf(c->arena, " USING to_jsonb(%s)", c->name);
    if (to == TYPE_JSON)
        return arena_printf(c->arena, " USING to_json(%s)", c->name);
    if (c->request->occupied)
        return NULL;
    /* Rows may come before it is run: as no value turns into these types it fails then, and does
     * not make a date of the number 20240101. */
    return arena_printf(c->arena, " USING ('the table is not empty: ' || %s::text)::%s", c->name,
                        to_sql);
}

static void set_type(struct curing *c, const struct column *to, const char *using)
{
    bool integer = to->type == TYPE_INT4 || to->type == TYPE_INT8;
    bool json = to->type == TYPE_JSON || to->type == TYPE_JSONB;
    const char *default_sql = c->report->column->default_sql;
    const char *collate = is_text(to->type) && c->facts->collation
                              ? arena_printf(c->arena, " COLLATE %s", c->facts->collation)
                              : "";
    c->to_json = to->type == TYPE_JSON;
    c->drop_identity = c->facts->identity && !integer;
    if (c->drop_identity)
        c->lost = "the identity";
    c->type = arena_printf(c->arena, "ALTER COLUMN %s TYPE %s%s%s", c->name, to->type_name, collate,
                           using);
    if (!c->facts->has_default || !*using)
        return;
    /* The server turns a default by itself only where it would turn a value so. */
    c->type = arena_printf(c->arena, "ALTER COLUMN %s DROP DEFAULT, %s", c->name, c->type);
    if (json && default_sql)
        c->type = arena_printf(c->arena, "%s, ALTER COLUMN %s SET DEFAULT to_%s(%s)", c->type,
                               c->name, to->type_name, default_sql);
    else
        c->lost =
            default_sql ? arena_printf(c->arena, "the default %s", default_sql) : "the default";
}

static bool try_type(struct curing *c, const struct column *to, const char *using)
{
    struct column as = as_type(c, to);
    if (!using || !would_do(c, &as, c->request->policy))
        return false;
    set_type(c, to, using);
    return true;
}

/* The next round length above what was seen, a quarter of it being room. */
static size_t round_up(size_t chars)
{
    size_t step = chars < 100 ? 10 : chars < 1000 ? 50 : 500;
    return (chars + chars / 4 + step - 1) / step * step;
}

/* A text too long: the same type with more room. */
static bool try_longer(struct curing *c)
{
    struct column longer = {.type = TYPE_VARCHAR, .max_chars = (int)round_up(c->longest)};
    if (!is_text(c->report->column->type) || c->longest > MAX_VARCHAR / 2 || c->n_values == 0)
        return false;
    longer.type_name = arena_printf(c->arena, "varchar(%d)", longer.max_chars);
    longer.bare_type = "character varying";
    if (!try_type(c, &longer, ""))
        return false;
    c->out->instead = "on_too_long: truncate (--on-too-long truncate) cuts such texts instead";
    return true;
}

static void find_type(struct curing *c)
{
    enum column_type now = c->report->column->type;
    if (faults_find(&c->report->faults, "22001") && try_longer(c))
        return;
    for (size_t i = 0; i < sizeof WIDENINGS / sizeof *WIDENINGS; i++) {
        c->other_kind = WIDENINGS[i].to->type == TYPE_JSON;
        if (WIDENINGS[i].from == now && try_type(c, WIDENINGS[i].to, ""))
            return;
    }
    c->other_kind = true;
    if (now == TYPE_ARRAY && try_type(c, &JSONB, using_clause(c, TYPE_JSONB, "jsonb")))
        return;
    if (c->n_values > 0 && !is_text(now)) {
        const struct column *drafted = draft_type(c->values, c->n_values);
        if (try_type(c, drafted, using_clause(c, drafted->type, drafted->type_name)))
            return;
    }
    if (try_type(c, &TEXT, "") || is_text(now))
        return;
    try_type(c, &JSON, using_clause(c, TYPE_JSON, "json"));
}

/* ---- cures that are no change of type ---- */

/* What an enum lacks: how many labels; MAX_LABELS + 1: too many, or not texts alone. */
static size_t missing_labels(const struct curing *c, const char *missing[MAX_LABELS])
{
    const struct column *column = c->report->column;
    size_t n = 0;
    for (size_t i = 0; i < c->n_values; i++) {
        struct slice value = c->values[i];
        if (*value.ptr != '"' || memchr(value.ptr, '\\', value.len) || value.len > 2 + 63)
            return MAX_LABELS + 1;
        const char *label = arena_strndup(c->arena, value.ptr + 1, value.len - 2);
        bool known = false;
        for (size_t j = 0; j < column->n_labels; j++)
            known |= !strcmp(column->labels[j], label);
        for (size_t j = 0; j < n; j++)
            known |= !strcmp(missing[j], label);
        if (!known && n == MAX_LABELS)
            return MAX_LABELS + 1;
        if (!known)
            missing[n++] = label;
    }
    return n;
}

/* The labels that an enum lacks, if they are few texts. */
static bool try_labels(struct curing *c)
{
    const char *missing[MAX_LABELS];
    const char *sql = "";
    size_t n = c->report->column->type == TYPE_ENUM ? missing_labels(c, missing) : 0;
    if (n == 0 || n > MAX_LABELS)
        return false;
    for (size_t i = 0; i < n; i++)
        sql = arena_printf(c->arena, "%s%sALTER TYPE %s ADD VALUE IF NOT EXISTS %s;", sql,
                           i > 0 ? "\n" : "", c->report->column->type_name,
                           sql_literal(c->arena, missing[i]));
    c->out->sql = sql;
    c->out->instead =
        arena_printf(c->arena, "ALTER TABLE %s ALTER COLUMN %s TYPE text; takes whatever comes",
                     sql_table(c->arena, c->request->table), c->name);
    return true;
}

/* The unit of times written as numbers: what puts the first of them between 1973 and 2100. */
static enum time_unit guess_unit(const struct curing *c, const char **text)
{
    for (size_t i = 0; i < c->n_values; i++) {
        double number = strtod(arena_strndup(c->arena, c->values[i].ptr, c->values[i].len), NULL);
        if (number >= 1e8 && number < 4.1e9)
            return *text = "s", TIME_UNIT_S;
        if (number >= 1e11 && number < 4.1e12)
            return *text = "ms", TIME_UNIT_MS;
        if (number >= 1e14 && number < 4.1e15)
            return *text = "us", TIME_UNIT_US;
    }
    return TIME_UNIT_NONE;
}

/* A number for a time: it needs no other type, but its unit. */
static bool try_unit(struct curing *c)
{
    const char *text = "";
    struct column_rule rule = {.column = c->report->column->name, .source = COLUMN_POINTER};
    if (!takes_time(c->report->column->type) || !is_json_source(c->report))
        return false;
    if (c->report->rule)
        rule = *c->report->rule;
    else
        rule.from = rule_pointer(c->arena, rule.column);
    rule.unit = guess_unit(c, &text);
    struct row_policy policy = *c->request->policy;
    policy.rules = &rule;
    policy.n_rules = 1;
    if (rule.unit == TIME_UNIT_NONE || !would_do(c, NULL, &policy))
        return false;
    c->out->words = arena_printf(c->arena, "in weir.yaml, under the pipeline's columns: %s",
                                 rule_text(c->arena, rule.column, rule.from, text));
    return true;
}

/* A \u0000: no text type of PostgreSQL has it. */
static bool try_strip(struct curing *c)
{
    struct row_policy policy = *c->request->policy;
    if (!faults_find(&c->report->faults, "22021") && !faults_find(&c->report->faults, "22P05"))
        return false;
    if (policy.on_nul == NUL_STRIP)
        return false;
    policy.on_nul = NUL_STRIP;
    if (!would_do(c, NULL, &policy))
        return false;
    c->out->words = "on_nul: strip (--on-nul strip) takes the \\u0000 out of such texts";
    return true;
}

/* ---- NULL ---- */

/* What lets NULLs in. It costs a constraint, so it is told in words alone. */
static const char *null_statements(const struct curing *c)
{
    const char *table = sql_table(c->arena, c->request->table);
    const char *sql = "";
    if (!c->facts->own_not_null && c->facts->domain)
        return arena_printf(c->arena, "ALTER DOMAIN %s DROP NOT NULL;", c->facts->domain);
    if (c->facts->identity)
        sql = arena_printf(c->arena, "ALTER TABLE %s ALTER COLUMN %s DROP IDENTITY; ", table,
                           c->name);
    if (c->facts->primary_key)
        sql = arena_printf(c->arena, "%sALTER TABLE %s DROP CONSTRAINT %s; ", sql, table,
                           c->facts->primary_key);
    return arena_printf(c->arena, "%sALTER TABLE %s ALTER COLUMN %s DROP NOT NULL;", sql, table,
                        c->name);
}

static void add_words(struct curing *c, const char *words)
{
    struct column_cure *out = c->out;
    out->words = out->words ? arena_printf(c->arena, "%s\n%s", out->words, words) : words;
}

static void compose_null(struct curing *c)
{
    const struct survey_column *facts = c->facts;
    if (!faults_find(&c->report->faults, "23502"))
        return;
    const char *cost = facts->primary_key && facts->identity ? " (primary key and identity go)"
                       : facts->primary_key                  ? " (the primary key goes)"
                       : facts->identity                     ? " (the identity goes)"
                                                             : "";
    const char *where =
        facts->fixed ? arena_printf(c->arena, " (it is done in %s)", facts->fixed) : "";
    add_words(c, arena_printf(c->arena,
                              "where the record is at fault, leave it a dead letter; or, if %s may "
                              "be missing%s: %s%s",
                              c->name, cost, null_statements(c), where));
    if (c->report->nulls == 0 && !c->out->instead)
        c->out->instead = arena_printf(c->arena,
                                       "ALTER TABLE %s ALTER COLUMN %s SET DEFAULT ...; gives the "
                                       "records without it a value",
                                       sql_table(c->arena, c->request->table), c->name);
}

/* Why the change of type is not to be run unread; NULL: it may. */
static const char *type_caveat(const struct curing *c)
{
    const struct survey_column *facts = c->facts;
    const char *holder = facts->held_by;
    if (!holder && c->other_kind && !is_text(c->report->column->type))
        holder = facts->read_by ? facts->read_by : c->to_json ? facts->index : NULL;
    if (facts->fixed)
        return arena_printf(c->arena, "it is alone in %s that the column can be changed",
                            facts->fixed);
    if (facts->domain)
        return arena_printf(c->arena, "the domain %s and its constraints go with it",
                            facts->domain);
    if (holder)
        return arena_printf(c->arena,
                            "%s uses the column and must be dropped before, and made again",
                            holder);
    return c->lost ? arena_printf(c->arena, "%s goes with it", c->lost) : NULL;
}

static void compose_type(struct curing *c)
{
    const char *table = sql_table(c->arena, c->request->table);
    const char *before = "";
    if (!c->type)
        return;
    if (c->drop_identity)
        before = arena_printf(c->arena, "ALTER TABLE %s ALTER COLUMN %s DROP IDENTITY; ", table,
                              c->name);
    const char *sql = arena_printf(c->arena, "%sALTER TABLE %s %s;", before, table, c->type);
    const char *caveat = type_caveat(c);
    if (caveat)
        add_words(c, arena_printf(c->arena, "%s (%s)", sql, caveat));
    else
        c->out->sql = sql;
}

void column_cure_find(struct column_cure *out, struct arena *arena,
                      const struct cure_request *request, const struct column_report *report)
{
    struct curing c = {
        .out = out,
        .arena = arena,
        .request = request,
        .report = report,
        .facts = &request->facts[report->number],
        .name = sql_name(arena, report->column->name),
    };
    *out = (struct column_cure){.sql = NULL};
    const struct fault_kind *null = faults_find(&report->faults, "23502");
    bool type_at_fault = report->faults.records > (null ? null->records : 0);
    if (type_at_fault) {
        collect_values(&c);
        if (!try_unit(&c) && !try_strip(&c) && !try_labels(&c))
            find_type(&c);
    }
    compose_type(&c);
    compose_null(&c);
    if (!out->sql && !out->words)
        out->words = "no type that weir knows takes all of these values; a rule under columns: can "
                     "fill the column from elsewhere, or such records stay dead letters";
}
