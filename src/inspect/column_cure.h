/*
 * What cures a column at fault: the ALTER TABLE after which every record that was looked at fits,
 * tried with the encoder before it is told. Where another type would not help (a number without a
 * unit, a \u0000), the setting of weir.yaml that does.
 *
 * The statement may be run unread: it keeps the rows that are there (a type is only proposed if
 * every value of the present one becomes one of it, or if the table is empty, and then it fails on
 * a value that has come meanwhile), and every key, identity, default and constraint. What would
 * cost one of these is told in words.
 */
#ifndef WEIR_INSPECT_COLUMN_CURE_H
#define WEIR_INSPECT_COLUMN_CURE_H

#include "inspect/column_check.h"
#include "sink/survey.h"

struct cure_request {
    const struct table *table;
    const struct row_policy *policy;
    const struct survey_column *facts; /* of each of the table's columns */
    bool occupied;                     /* the table holds rows */
    const struct record *records;
    size_t n_records;
};

struct column_cure {
    const char *sql;     /* one statement or a few, each with its semicolon; NULL: none helps */
    const char *words;   /* what to do in place of it or beside it; NULL */
    const char *instead; /* another way; NULL */
};

/* All in the arena. */
void column_cure_find(struct column_cure *out, struct arena *arena,
                      const struct cure_request *request, const struct column_report *report);

#endif
