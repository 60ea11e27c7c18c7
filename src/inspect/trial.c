#include "inspect/trial.h"

#include <stdlib.h>
#include <string.h>

#define ROW_MAX_BYTES ((size_t)1 << 28)

struct trial {
    struct table table; /* the caller's, with columns of our own */
    struct row_policy policy;
    struct column_rule rule;
    struct row_plan *plan;
    struct row_coder *coder;
    struct row_sink rows;
};

static void take_rule(struct trial *trial, const struct row_policy *policy,
                      const struct column *column)
{
    trial->policy.rules = &trial->rule;
    trial->policy.n_rules = 0;
    for (size_t i = 0; i < policy->n_rules; i++) {
        if (strcmp(policy->rules[i].column, column->name) != 0)
            continue;
        trial->rule = policy->rules[i];
        trial->policy.n_rules = 1;
    }
    bool takes_unit = column->type == TYPE_DATE || column->type == TYPE_TIMESTAMP ||
                      column->type == TYPE_TIMESTAMPTZ;
    if (!takes_unit) /* of a rule for the type that the column has now */
        trial->rule.unit = TIME_UNIT_NONE;
}

/* All columns but one become such that no record fills: their names still count for the keys. */
static void take_one(struct trial *trial, const struct row_policy *policy, size_t column,
                     const struct column *as)
{
    struct column *columns = trial->table.columns;
    if (as)
        columns[column] = *as;
    for (size_t i = 0; i < trial->table.n_columns; i++)
        if (i != column)
            columns[i].generated = true;
    take_rule(trial, policy, &columns[column]);
    trial->policy.on_unknown_key = UNKNOWN_KEY_IGNORE;
}

int trial_open(struct trial **out, const struct table *table, const struct row_policy *policy,
               size_t column, const struct column *as, struct err *err)
{
    struct trial *trial = calloc(1, sizeof *trial);
    if (!trial)
        abort();
    trial->table = *table;
    trial->policy = *policy;
    trial->table.columns = calloc(table->n_columns + 1, sizeof *table->columns);
    if (!trial->table.columns)
        abort();
    if (table->n_columns > 0)
        memcpy(trial->table.columns, table->columns, table->n_columns * sizeof *table->columns);
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_init(&trial->rows.tuples[i], ROW_MAX_BYTES);
    buf_init(&trial->rows.single, ROW_MAX_BYTES);
    if (column != TRIAL_WHOLE)
        take_one(trial, policy, column, as);
    if (row_plan_new(&trial->plan, &trial->table, &trial->policy, err) < 0) {
        trial_free(trial);
        return -1;
    }
    trial->coder = row_coder_new(trial->plan);
    /* What a default's value is does not matter here, only that there is one. */
    for (size_t i = 0; i < row_coder_stable_count(trial->coder); i++)
        row_coder_set_stable(trial->coder, i, SLICE_LIT("0"));
    *out = trial;
    return 0;
}

void trial_free(struct trial *trial)
{
    if (!trial)
        return;
    row_coder_free(trial->coder);
    row_plan_free(trial->plan);
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_release(&trial->rows.tuples[i]);
    buf_release(&trial->rows.single);
    free(trial->table.columns);
    free(trial);
}

enum row_outcome trial_run(struct trial *trial, const struct record *record,
                           struct row_reason *reason)
{
    unsigned shape = 0;
    enum row_outcome outcome = row_encode(trial->coder, record, &trial->rows, &shape, reason);
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_clear(&trial->rows.tuples[i]);
    buf_clear(&trial->rows.single);
    return outcome;
}

bool trial_value(struct trial *trial, const struct record *record, struct json_value *out)
{
    return row_coder_value(trial->coder, record, 0, out);
}

void trial_uncount(struct trial *trial)
{
    row_coder_uncount(trial->coder);
}

size_t trial_unknown_keys(const struct trial *trial, const struct unknown_key **keys)
{
    return row_coder_unknown_keys(trial->coder, keys);
}
