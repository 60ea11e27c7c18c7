/*
 * Records of any bytes, drafted from and held against a table. Asserted:
 *   - the drafted table takes every record that is a JSON object, each column for itself and whole;
 *   - a proposed change of a column is found without reading beyond the records, whatever they are;
 *     that it helps is what column_cure.c tries by itself before it tells.
 *
 * Input: a type and limits for each of two columns, then records between 0xFF bytes.
 */
#include "inspect/column_cure.h"
#include "inspect/draft.h"
#include "inspect/trial.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_RECORDS 16
#define N_COLUMNS 2
#define HEAD_BYTES (2 * N_COLUMNS)
#define END_OF_RECORD 0xFF

static const char *const labels[] = {"a", "ok"};
static const char *const types[] = {"text", "varchar(3)", "char(3)", "smallint", "integer"};

/* Each in memory of its own, so that a byte beyond it is seen. */
static size_t cut_records(const uint8_t *data, size_t size, struct record records[MAX_RECORDS])
{
    size_t n = 0;
    while (size > 0 && n < MAX_RECORDS) {
        const uint8_t *end = memchr(data, END_OF_RECORD, size);
        size_t len = end ? (size_t)(end - data) : size;
        char *copy = malloc(len + (len == 0));
        if (!copy)
            abort();
        memcpy(copy, data, len);
        records[n] = (struct record){.topic = "t",
                                     .offset = (int64_t)n,
                                     .timestamp_ms = -1,
                                     .value = {copy, len}};
        n++;
        data += len + (end != NULL);
        size -= len + (end != NULL);
    }
    return n;
}

static void check_draft(struct arena *arena, const struct record *records, size_t n)
{
    struct draft draft;
    struct trial *trial;
    struct row_reason reason;
    struct err err;
    struct buf sql;
    const struct row_policy policy = {.n_rules = 0};
    size_t dead = 0;
    draft_make(&draft, arena, records, n);
    struct column *columns = arena_alloc(arena, (draft.n_columns + 1) * sizeof *columns);
    for (size_t i = 0; i < draft.n_columns; i++) {
        columns[i] = *draft.columns[i].kind;
        columns[i].name = draft.columns[i].key;
    }
    const struct table table = {.quoted = "t", .columns = columns, .n_columns = draft.n_columns};
    assert(trial_open(&trial, &table, &policy, TRIAL_WHOLE, NULL, &err) == 0);
    for (size_t i = 0; i < n; i++)
        dead += trial_run(trial, &records[i], &reason) == ROW_DEAD;
    assert(dead == draft.others);
    trial_free(trial);
    buf_init(&sql, (size_t)1 << 24);
    draft_print(&draft, "s.t", true, &sql);
    assert(!sql.failed);
    buf_release(&sql);
}

static void read_table(struct table *table, struct column columns[N_COLUMNS], const uint8_t *head)
{
    static const char *const names[N_COLUMNS] = {"a", "B"};
    for (size_t i = 0; i < N_COLUMNS; i++) {
        uint8_t type = head[2 * i];
        uint8_t limits = head[2 * i + 1];
        columns[i] = (struct column){
            .name = names[i],
            .type_name = types[type % 5],
            .bare_type = types[type % 5],
            .type = (enum column_type)(type % (TYPE_OTHER + 1)),
            .element = (enum column_type)(limits % TYPE_ARRAY),
            .max_chars = limits % 7,
            .precision = limits % 3 ? limits % 20 : 0,
            .scale = (limits >> 4) - 4,
            .not_null = limits & 128,
            .default_kind = (enum default_kind)(limits >> 2 & 3),
            .labels = labels,
            .n_labels = 2,
        };
    }
    *table = (struct table){.schema = "s",
                            .name = "t",
                            .quoted = "\"s\".\"t\"",
                            .columns = columns,
                            .n_columns = N_COLUMNS};
}

static void check_cures(struct arena *arena, const uint8_t *head, const struct record *records,
                        size_t n)
{
    struct table table;
    struct column columns[N_COLUMNS];
    struct column_check check;
    struct err err;
    const struct row_policy policy = {.on_unknown_key =
                                          head[0] & 64 ? UNKNOWN_KEY_DEAD : UNKNOWN_KEY_IGNORE};
    struct survey_column facts[N_COLUMNS] = {
        {.own_not_null = true, .identity = head[1] & 1, .has_default = head[1] & 2},
        {.own_not_null = head[3] & 1, .primary_key = head[3] & 2 ? "k" : NULL},
    };
    const struct cure_request request = {&table, &policy, facts, head[3] & 4, records, n};
    read_table(&table, columns, head);
    if (column_check_run(&check, arena, &table, &policy, records, n, &err) < 0)
        return;
    assert(check.records + check.tombstones == n && check.dead <= check.records);
    for (size_t i = 0; i < check.n_columns; i++) {
        const struct column_report *report = &check.columns[i];
        struct column_cure cure;
        assert(report->present + report->nulls + report->absent + check.records_at_fault.records ==
               check.records);
        assert(report->faults.records <= check.dead);
        if (report->faults.records == 0)
            continue;
        column_cure_find(&cure, arena, &request, report);
        assert(cure.sql || cure.words);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record records[MAX_RECORDS];
    struct arena arena;
    if (size < HEAD_BYTES)
        return 0;
    size_t n = cut_records(data + HEAD_BYTES, size - HEAD_BYTES, records);
    arena_init(&arena);
    check_draft(&arena, records, n);
    check_cures(&arena, data, records, n);
    arena_release(&arena);
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)records[i].value.ptr);
    return 0;
}
