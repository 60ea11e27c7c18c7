/* Each column against the sampled records, and the keys that no column takes. */
#include "inspect/examination.h"

#include "base/suggest.h"
#include "inspect/column_cure.h"
#include "inspect/rule_text.h"
#include "inspect/sql_name.h"

#include <stdlib.h>
#include <string.h>

#define SECTION "Columns"
#define MAX_KEYS_TOLD 20

struct looking {
    struct examination *x;
    struct row_policy policy;
    struct column_check check;
    struct cure_request cures;
};

/* What fills it, where that is not the key of its name. */
static const char *source_text(struct arena *arena, const struct column_rule *rule)
{
    static const char *const names[] = {
        [COLUMN_TOPIC] = "$topic",   [COLUMN_PARTITION] = "$partition",
        [COLUMN_OFFSET] = "$offset", [COLUMN_TIMESTAMP] = "$timestamp",
        [COLUMN_KEY] = "$key",
    };
    if (!rule)
        return "";
    if (rule->source == COLUMN_POINTER)
        return arena_printf(arena, " from %s", *rule->from ? rule->from : "the whole record");
    if (rule->source == COLUMN_HEADER)
        return arena_printf(arena, " from $headers/%s", rule->from);
    return arena_printf(arena, " from %s", names[rule->source]);
}

/* "in all 1000 records", "in 812 of 1000, null in 3" */
static const char *share_text(struct arena *arena, const struct column_report *report)
{
    size_t n = report->present + report->nulls + report->absent;
    const char *text = report->absent == 0
                           ? arena_printf(arena, "in all %zu", n)
                           : arena_printf(arena, "in %zu of %zu", n - report->absent, n);
    return report->nulls > 0 ? arena_printf(arena, "%s, null in %zu", text, report->nulls) : text;
}

static const char *nearest_unknown(const struct looking *l, const char *column)
{
    size_t n = l->check.n_unknown;
    const char **names = arena_alloc(l->x->arena, (n + 1) * sizeof *names);
    for (size_t i = 0; i < n; i++)
        names[i] = l->check.unknown[i].name;
    return suggest_nearest(column, names, n);
}

/* The rule that fills a column without any value from a key that is much like its name. */
static const char *rename_text(const struct looking *l, const struct column_report *report)
{
    const char *column = report->column->name;
    const char *near = report->rule || report->present > 0 ? NULL : nearest_unknown(l, column);
    if (!near)
        return NULL;
    return arena_printf(l->x->arena,
                        "records have \"%s\": in weir.yaml, under the pipeline's columns: %s", near,
                        rule_text(l->x->arena, column, rule_pointer(l->x->arena, near), NULL));
}

static void tell_fault(struct looking *l, const struct column_report *report)
{
    struct examination *x = l->x;
    const char *reasons = "";
    for (size_t i = 0; i < report->faults.n; i++) {
        const struct fault_kind *kind = &report->faults.kinds[i];
        reasons = arena_printf(x->arena, "%s%s%s (%s, %s%s)", reasons, i ? "; " : "", kind->text,
                               kind->sqlstate, kind->place,
                               report->faults.n > 1
                                   ? arena_printf(x->arena, ", %zu records", kind->records)
                                   : "");
    }
    struct finding *finding =
        finding_add(x->findings, FINDING_FAIL, SECTION, report->column->name,
                    "%s%s: %zu of %zu records would be dead letters: %s", report->column->type_name,
                    source_text(x->arena, report->rule), report->faults.records, l->check.records,
                    reasons);
    struct column_cure cure;
    column_cure_find(&cure, x->arena, &l->cures, report);
    finding->cure = cure.words;
    finding->sql = cure.sql;
    finding->instead = rename_text(l, report);
    if (!finding->instead)
        finding->instead = cure.instead;
}

/* No record fills it. A default, or a rule on metadata that may come, is reason enough. */
static void tell_unfilled(struct looking *l, const struct column_report *report)
{
    struct examination *x = l->x;
    const struct column *column = report->column;
    if (column->default_kind != DEFAULT_NONE) {
        finding_add(x->findings, FINDING_OK, SECTION, column->name,
                    "%s: no record has it, its default fills it", column->type_name);
        return;
    }
    struct finding *finding =
        finding_add(x->findings, FINDING_WARN, SECTION, column->name,
                    "%s%s: no record has a value for it, so it would be NULL in every row",
                    column->type_name, source_text(x->arena, report->rule));
    finding->cure = rename_text(l, report);
    if (!finding->cure)
        finding->cure = "a rule under columns: of weir.yaml can fill it from elsewhere; if it is "
                        "meant to be empty, all is well";
}

static void tell_column(struct looking *l, const struct column_report *report)
{
    struct examination *x = l->x;
    const struct column *column = report->column;
    bool looked = report->present + report->nulls + report->absent > 0;
    bool server_judges = column->type == TYPE_OTHER;
    if (report->faults.records > 0)
        tell_fault(l, report);
    else if (looked && report->present + report->nulls == 0)
        tell_unfilled(l, report);
    else if (server_judges)
        finding_add(x->findings, FINDING_SKIP, SECTION, column->name,
                    "%s%s: %s; the server alone reads this type, so its values were not tried",
                    column->type_name, source_text(x->arena, report->rule),
                    share_text(x->arena, report));
    else
        finding_add(x->findings, FINDING_OK, SECTION, column->name, "%s%s: %s", column->type_name,
                    source_text(x->arena, report->rule), share_text(x->arena, report));
}

/* ---- keys without a column ---- */

static const char *nearest_column(const struct looking *l, const char *key)
{
    const struct table *table = l->x->table;
    const char **names = arena_alloc(l->x->arena, (table->n_columns + 1) * sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < l->check.n_columns; i++)
        if (l->check.columns[i].present == 0 && !l->check.columns[i].rule)
            names[n++] = l->check.columns[i].column->name;
    return suggest_nearest(key, names, n);
}

/* The column of its name is filled from elsewhere, by a rule. */
static void tell_passed_over(struct looking *l, const struct unfit_key *key,
                             enum finding_level level)
{
    struct examination *x = l->x;
    struct finding *finding =
        finding_add(x->findings, level, SECTION, arena_printf(x->arena, "key \"%s\"", key->name),
                    "in %zu of %zu records; the column of its name is filled from elsewhere%s",
                    key->records, l->check.records,
                    level == FINDING_FAIL
                        ? ": such records would be dead letters (42703, on_unknown_key: dead)"
                        : "");
    if (level == FINDING_FAIL)
        finding->cure = "on_unknown_key: ignore (--on-unknown-key ignore), or take the column's "
                        "rule out";
}

static void propose_column(struct looking *l, const struct unfit_key *key, struct finding *finding)
{
    struct examination *x = l->x;
    const struct draft_column *drafted = draft_find(&x->draft, key->name);
    const char *clause = drafted ? arena_printf(x->arena, "ADD COLUMN %s %s",
                                                sql_name(x->arena, key->name), drafted->type)
                                 : NULL;
    if (clause && l->cures.facts->closed)
        finding->cure =
            arena_printf(x->arena,
                         "%s, in %s: it is there alone that the table's columns are changed",
                         clause, l->cures.facts->closed);
    else if (clause)
        finding->sql =
            arena_printf(x->arena, "ALTER TABLE %s %s;", sql_table(x->arena, x->table), clause);
    else
        finding->cure = "a rule under columns: of weir.yaml can fill a column from it";
}

static void tell_key(struct looking *l, const struct unfit_key *key)
{
    struct examination *x = l->x;
    bool dead = x->config->on_unknown_key == UNKNOWN_KEY_DEAD;
    if (table_column(x->table, key->name)) {
        tell_passed_over(l, key, dead ? FINDING_FAIL : FINDING_OK);
        return;
    }
    struct finding *finding =
        finding_add(x->findings, dead ? FINDING_FAIL : FINDING_WARN, SECTION,
                    arena_printf(x->arena, "key \"%s\"", key->name),
                    "in %zu of %zu records, and no column takes it: %s", key->records,
                    l->check.records,
                    dead ? "such records would be dead letters (42703, on_unknown_key: dead)"
                         : "it is ignored");
    const char *near = nearest_column(l, key->name);
    propose_column(l, key, finding);
    if (near)
        finding->instead = arena_printf(
            x->arena,
            "if the column \"%s\" is meant: in weir.yaml, under the pipeline's columns: %s", near,
            rule_text(x->arena, near, rule_pointer(x->arena, key->name), NULL));
    else if (dead)
        finding->instead = "on_unknown_key: ignore (--on-unknown-key ignore)";
}

static void tell_keys(struct looking *l)
{
    for (size_t i = 0; i < l->check.n_unknown && i < MAX_KEYS_TOLD; i++)
        tell_key(l, &l->check.unknown[i]);
    if (l->check.n_unknown > MAX_KEYS_TOLD)
        finding_add(l->x->findings, FINDING_WARN, SECTION, "keys",
                    "and %zu more that no column takes", l->check.n_unknown - MAX_KEYS_TOLD);
}

static void tell_share(struct looking *l)
{
    struct examination *x = l->x;
    double share = x->config->max_dead_share;
    if (l->check.records == 0 || (double)l->check.dead <= share * (double)l->check.records)
        return;
    finding_add(x->findings, FINDING_FAIL, SECTION, "share",
                "%zu of %zu records would be dead letters: above max_dead_share (%.4g %%) the "
                "pipeline halts",
                l->check.dead, l->check.records, share * 100)
        ->cure = "cure what is above";
}

static int prepare(struct looking *l, struct err *err)
{
    struct examination *x = l->x;
    struct survey_column *facts;
    l->policy = doctor_policy(x->config);
    if (column_check_run(&l->check, x->arena, x->table, &l->policy, x->sample.records, x->sample.n,
                         err) < 0 ||
        survey_columns(x->survey, x->arena, x->table, &facts, err) < 0)
        return -1;
    l->cures = (struct cure_request){
        .table = x->table,
        .policy = &l->policy,
        .facts = facts,
        .occupied = true,
        .records = x->sample.records,
        .n_records = x->sample.n,
    };
    struct err ignored; /* then it is held to have rows, which forbids more */
    survey_occupied(x->survey, x->table, &l->cures.occupied, &ignored);
    return 0;
}

void doctor_columns(struct examination *x)
{
    struct err err;
    struct looking looking = {.x = x};
    if (x->no_table || x->no_sample) {
        finding_add(x->findings, FINDING_SKIP, SECTION, "all", "%s",
                    x->no_table ? x->no_table : x->no_sample);
        return;
    }
    if (prepare(&looking, &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, "rules", &err);
        return;
    }
    for (size_t i = 0; i < looking.check.n_columns; i++)
        tell_column(&looking, &looking.check.columns[i]);
    tell_keys(&looking);
    tell_share(&looking);
}
