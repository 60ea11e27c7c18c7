/*
 * Rows of a table counted between borders of time, by the server: `weir rate --table` asks so.
 *
 * A column's value is an instant: a timestamptz is one, a timestamp or a date (its first moment) is
 * read in a time zone, and a text in the form 2026-11-26 14:53:07[.123456], with or without an
 * offset (Z, +02, +02:00), likewise. The reading is PostgreSQL's own, AT TIME ZONE.
 *
 * One thread. Each question is a transaction that the server keeps from writing. A signal cancels
 * it: ERR_OUTAGE, "cancelled". ERR_OUTAGE also says that the connection is lost: then it can only
 * be closed.
 */
#ifndef WEIR_SINK_TIME_COUNT_H
#define WEIR_SINK_TIME_COUNT_H

#include "base/config.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct time_count;

enum time_kind {
    TIME_INSTANT, /* timestamptz */
    TIME_LOCAL,   /* timestamp */
    TIME_DAY,     /* date */
    TIME_WRITTEN, /* text */
};

struct time_count_request {
    const struct pipeline_config *config; /* the database */
    const char *table;                    /* as SQL writes it */
    const char *column;   /* its name, with or without SQL's quotes; NULL: none was named */
    const char *timezone; /* as tz_open() reads it */
};

/* Borrowed from the time_count. */
struct time_column {
    const char *table; /* SCHEMA.TABLE, quoted where it must be */
    const char *name;  /* quoted where it must be */
    const char *type;  /* a domain's is the one it stands for */
    enum time_kind kind;
    bool indexed;       /* an index begins with it */
    int64_t about_rows; /* of the table, by its statistics; -1: they do not tell */
};

/*
 * Connect, and find the column. ERR_USAGE: there is no such table or column (the nearest is named),
 * none was named, or it is of a type that is no time (those that hold times are named). ERR_INPUT:
 * this role may not read them, or row security hides rows from it.
 */
int time_count_open(struct time_count **out, const struct time_count_request *request,
                    struct err *err);
void time_count_close(struct time_count *count);
const struct time_column *time_count_column(const struct time_count *count);
/*
 * For a message, before time_count_close(): the table's other columns that hold times, "a, b", by
 * their type, and texts by what stands in some of the rows; "" if none is known to.
 */
const char *time_count_others(struct time_count *count);

/*
 * The first and the last instant from year 1 to 9999. *any false: there is none. Where texts of
 * several forms are mixed some may lie outside, by a day at most.
 */
int time_count_range(struct time_count *count, int64_t *first_ms, int64_t *last_ms, bool *any,
                     struct err *err);

/* What is asked: slots are half open, from one border to the next. */
struct time_stretch {
    const int64_t *borders_ms; /* rising, two at least */
    size_t n_borders;
    bool before; /* look for rows before the first border too, */
    bool after;  /* at or after the last, */
    bool rest;   /* and for those without a time */
};
struct time_tally {
    int64_t *slots; /* the caller's: n_borders - 1 */
    int64_t before; /* these four only as far as they were looked for */
    int64_t after;
    int64_t nulls;
    int64_t unreadable; /* texts that are no time */
};
/* One statement, one pass. Bounded on both sides it can go by an index. */
int time_count_between(struct time_count *count, const struct time_stretch *stretch,
                       struct time_tally *tally, struct err *err);

#endif
