#include "inspect/column_check.h"

#include "inspect/trial.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct fault_kind *faults_find(const struct faults *faults, const char *sqlstate)
{
    for (size_t i = 0; i < faults->n; i++)
        if (!strcmp(faults->kinds[i].sqlstate, sqlstate))
            return &faults->kinds[i];
    return NULL;
}

static void add_fault(struct faults *faults, struct arena *arena, const struct record *record,
                      const struct row_reason *reason)
{
    size_t i = 0;
    faults->records++;
    while (i < faults->n && strcmp(faults->kinds[i].sqlstate, reason->sqlstate) != 0)
        i++;
    if (i == MAX_FAULT_KINDS)
        return;
    if (i == faults->n)
        faults->kinds[faults->n++] = (struct fault_kind){
            .sqlstate = reason->sqlstate,
            .text = arena_strdup(arena, reason->text),
            .place = arena_printf(arena, "%s/%" PRId32 "@%" PRId64, record->topic,
                                  record->partition, record->offset),
        };
    faults->kinds[i].records++;
}

static int by_records(const void *left, const void *right)
{
    const struct unfit_key *a = left;
    const struct unfit_key *b = right;
    if (a->records != b->records)
        return a->records > b->records ? -1 : 1;
    return strcmp(a->name, b->name);
}

static void take_unknown_keys(struct column_check *check, struct arena *arena,
                              const struct trial *trial)
{
    const struct unknown_key *keys;
    size_t n = trial_unknown_keys(trial, &keys);
    check->unknown = arena_alloc(arena, (n + 1) * sizeof *check->unknown);
    for (size_t i = 0; i < n; i++)
        if (keys[i].records > 0)
            check->unknown[check->n_unknown++] =
                (struct unfit_key){arena_strdup(arena, keys[i].name), (size_t)keys[i].records};
    if (check->n_unknown > 0)
        qsort(check->unknown, check->n_unknown, sizeof *check->unknown, by_records);
}

/* Whole rows under the pipeline's policies: how many dead letters a run would make. */
static int count_dead(struct column_check *check, const struct table *table,
                      const struct row_policy *policy, const struct record *records, size_t n,
                      struct err *err)
{
    struct trial *trial;
    struct row_reason reason;
    if (trial_open(&trial, table, policy, TRIAL_WHOLE, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        check->dead += trial_run(trial, &records[i], &reason) == ROW_DEAD;
    trial_free(trial);
    return 0;
}

/* Again with unknown keys let pass, so that all of them are met, and records' own faults stand. */
static int look_at_records(struct column_check *check, struct arena *arena,
                           const struct table *table, const struct row_policy *policy,
                           const struct record *records, size_t n, struct err *err)
{
    struct row_policy lenient = *policy;
    struct trial *trial;
    struct row_reason reason;
    lenient.on_unknown_key = UNKNOWN_KEY_IGNORE;
    if (trial_open(&trial, table, &lenient, TRIAL_WHOLE, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        enum row_outcome outcome = trial_run(trial, &records[i], &reason);
        check->tombstones += outcome == ROW_TOMBSTONE;
        check->records += outcome != ROW_TOMBSTONE;
        if (outcome != ROW_DEAD || reason.column)
            continue;
        add_fault(&check->records_at_fault, arena, &records[i], &reason);
        trial_uncount(trial); /* what was read of it before the fault */
    }
    take_unknown_keys(check, arena, trial);
    trial_free(trial);
    return 0;
}

static int look_at_column(struct column_report *report, struct arena *arena,
                          const struct table *table, const struct row_policy *policy,
                          const struct record *records, size_t n, struct err *err)
{
    struct trial *trial;
    if (trial_open(&trial, table, policy, report->number, NULL, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct row_reason reason;
        struct json_value value;
        enum row_outcome outcome = trial_run(trial, &records[i], &reason);
        bool record_at_fault = outcome == ROW_DEAD && !reason.column;
        if (outcome == ROW_TOMBSTONE || record_at_fault)
            continue;
        bool there = trial_value(trial, &records[i], &value);
        report->absent += !there;
        report->nulls += there && value.type == JSON_NULL;
        report->present += there && value.type != JSON_NULL;
        if (outcome == ROW_DEAD)
            add_fault(&report->faults, arena, &records[i], &reason);
    }
    trial_free(trial);
    return 0;
}

static const struct column_rule *rule_of(const struct row_policy *policy, const char *column)
{
    for (size_t i = 0; i < policy->n_rules; i++)
        if (!strcmp(policy->rules[i].column, column))
            return &policy->rules[i];
    return NULL;
}

int column_check_run(struct column_check *out, struct arena *arena, const struct table *table,
                     const struct row_policy *policy, const struct record *records, size_t n,
                     struct err *err)
{
    *out = (struct column_check){.records = 0};
    out->columns = arena_alloc(arena, (table->n_columns + 1) * sizeof *out->columns);
    if (count_dead(out, table, policy, records, n, err) < 0 ||
        look_at_records(out, arena, table, policy, records, n, err) < 0)
        return -1;
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct column *column = &table->columns[i];
        if (column->generated)
            continue;
        struct column_report *report = &out->columns[out->n_columns++];
        *report = (struct column_report){.column = column,
                                         .number = i,
                                         .rule = rule_of(policy, column->name)};
        if (look_at_column(report, arena, table, policy, records, n, err) < 0)
            return -1;
    }
    return 0;
}
