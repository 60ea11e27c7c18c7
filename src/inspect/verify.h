/*
 * Did every record arrive? One pipeline held against its own books, its table, its dead letters,
 * its topics, and against a ledger of what was sent. Only tells: nothing is written anywhere.
 *
 * What is read from the database is one snapshot (sink/state_view.h), so that a pipeline at work
 * beside it makes no false alarm; brokers are asked after it, so the topic is never behind it. What
 * is not found is looked for in the topic once more before it is called missing.
 *
 * A finding is a sentence with one of four kinds; the verdict is NO if one of them is, else OPEN if
 * one is, else YES. What could not be looked at is OPEN: never a yes by silence.
 */
#ifndef WEIR_INSPECT_VERIFY_H
#define WEIR_INSPECT_VERIFY_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "sink/state_view.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verify_request {
    const struct pipeline_config *config; /* database, brokers, columns */
    const char *name;                     /* the pipeline's in the database */
    const char *const *others;            /* names that weir.yaml has: who mistypes may mean one */
    size_t n_others;
    const char *ledger; /* a path, or NULL */
    const char *id_column;
    bool read;          /* count the topics' records by reading them */
    bool offline;       /* ask no brokers */
    bool allow_pending; /* records of the ledger that wait in the topic are no fault */
    bool allow_pruned;  /* nor are dead letters that are counted and not kept */
    bool allow_writers; /* nor are rows that weir did not store */
    bool allow_mended;  /* nor are replayed letters whose id no row has */
    size_t list_max;    /* of each kind of item; 0: all */
    size_t unnamed_max; /* the same of rows that the ledger does not name */
};

enum verify_kind { VERIFY_YES, VERIFY_NO, VERIFY_OPEN, VERIFY_NOTE };

struct verify_finding {
    const struct verify_finding *next;
    enum verify_kind kind;
    const char *about; /* "books", "table", "letters", "topic", "records", "ledger" */
    const char *text;
};

struct verify_partition {
    struct view_offsets row;
    int64_t letters;  /* dead letters kept of [start, next) */
    int64_t replayed; /* and those that became rows since */
    int64_t low;      /* of the topic's log; -1: not known */
    int64_t high;
    int64_t counted; /* records of [start, next) that the topic holds, by reading; -1: not read */
};

/* A place or an id that is not as it should be. */
struct verify_item {
    const struct verify_item *next;
    const char *topic; /* NULL: of no known place */
    int32_t partition;
    int64_t offset;
    const char *id;   /* NULL: none that can be read */
    const char *text; /* what is wrong with it */
};
enum verify_list { VERIFY_MISSING, VERIFY_DOUBLED, VERIFY_AHEAD, VERIFY_UNNAMED, VERIFY_LISTS };

struct verify_ledger {
    int64_t entries;
    int64_t rows;      /* found in the table */
    int64_t letters;   /* dead letters of their very place */
    int64_t replayed;  /* of places whose letter was replayed */
    int64_t nulls;     /* tombstones */
    int64_t pending;   /* not yet stored */
    int64_t before;    /* of offsets before the pipeline's start */
    int64_t elsewhere; /* of topics that this pipeline does not read */
    int64_t explained; /* neither row nor letter, and the counters say why */
};

struct verify_report {
    struct arena arena;
    const char *name;
    const char *database; /* where it was looked for */
    struct view_pipeline pipeline;
    const char *table;  /* its name now */
    int64_t table_rows; /* -1: not counted */
    struct verify_partition *partitions;
    size_t n_partitions;
    const struct verify_finding *findings;
    enum verify_kind verdict; /* never VERIFY_NOTE */
    bool has_ledger;
    struct verify_ledger ledger;
    const struct verify_item *items[VERIFY_LISTS];
    int64_t totals[VERIFY_LISTS]; /* of each list, shown or not */
};

/*
 * 0: it was looked at, and the report says what was found; free it with verify_release(). -1 and
 * err: the database cannot be read, there is no such pipeline, or the ledger is wrong.
 */
int verify_run(const struct verify_request *request, struct verify_report *report, struct err *err);
void verify_release(struct verify_report *report);

#endif
