/*
 * weir's own state in a database, as it stands at one moment: for verbs that look and tell.
 *
 * All that is read between state_view_open() and state_view_end() is one snapshot: offsets,
 * counters, tables and dead letters belong together, however busy ingest is beside it. Nothing is
 * ever written: the server itself is told to refuse it (REPEATABLE READ, READ ONLY), and a role
 * with SELECT alone will do; a standby too. Row security that would hide rows is an error, never a
 * smaller count.
 *
 * One thread. What is read lies in the caller's arena. Where a right is missing the error
 * (ERR_HALT, code 42501) names it and the GRANT that gives it.
 */
#ifndef WEIR_SINK_STATE_VIEW_H
#define WEIR_SINK_STATE_VIEW_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "base/slice.h"
#include "sink/batch.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct state_view;

/* Borrowed from the view. */
struct view_store {
    const char *label;    /* "drivendata_db on 127.0.0.1:5432 as postgres" */
    const char *database; /* the database's name */
    const char *role;     /* who is connected */
    const char *schema;   /* the state schema */
    bool present;         /* false: weir has no state here, and nothing below is known */
    int version;          /* of the schema */
    const char *store_id; /* a UUID */
};

/* A row of `pipelines`. */
struct view_pipeline {
    const char *name;
    const char *cluster_id; /* "": the cluster gave none */
    const char *const *topics;
    size_t n_topics;
    const char *table_schema;
    const char *table_name;
    const char *table_sql; /* both, quoted where they need it */
    uint32_t table_oid;
    int64_t base_rows;   /* in the table when it was registered or last accepted */
    int64_t base_stored; /* rows by the counters at that moment */
    int64_t accepted_us; /* that moment, since 1970; -1: not known */
    int64_t created_us;
    const char *started_at; /* of the last start; ISO 8601, UTC */
};

/* A row of `offsets`. */
struct view_offsets {
    const char *topic;
    int32_t partition;
    int64_t start_offset;
    int64_t next_offset;
    int64_t owner_epoch;
    const char *owner;       /* NULL: nobody yet */
    const char *topic_id;    /* "" if it was never known */
    struct last_record last; /* offset -1: none yet */
    struct tally tally;
    const char *updated_at; /* ISO 8601, UTC */
};

/* A table that holds, or once held, a pipeline's rows. */
struct view_table {
    bool present; /* a relation of this oid exists */
    uint32_t oid;
    const char *sql;       /* its name now, quoted where it needs it */
    bool hides_rows;       /* row security is in force for this role */
    uint32_t namesake_oid; /* of what has the registered name now; 0: nothing has */
};

/*
 * The first SIGINT or SIGTERM ends a call that waits for the server: ERR_OUTAGE, "cancelled".
 *
 * Connect, begin the snapshot, look for the state schema. That there is none is no error (see
 * `present`); a schema of a newer weir is ERR_HALT. `config` gives database and state_schema.
 */
int state_view_open(struct state_view **view, const struct pipeline_config *config,
                    struct err *err);
void state_view_close(struct state_view *view);
const struct view_store *state_view_store(const struct state_view *view);

/* All pipelines, by name. None where nothing is present. */
int state_view_pipelines(struct state_view *view, struct arena *arena, struct view_pipeline **out,
                         size_t *n, struct err *err);
/* The partitions of one pipeline, by topic and number. */
int state_view_offsets(struct state_view *view, struct arena *arena, const char *pipeline,
                       struct view_offsets **out, size_t *n, struct err *err);
/* Where a pipeline's dead letters are from, by topic, partition and offset; row by row. */
int state_view_letters(struct state_view *view, const char *pipeline,
                       void (*each)(void *context, struct slice topic, int32_t partition,
                                    int64_t offset, bool replayed),
                       void *context, struct err *err);

/* What became of a pipeline's table. */
int state_view_table(struct state_view *view, struct arena *arena,
                     const struct view_pipeline *pipeline, struct view_table *out, struct err *err);
/* The rows of a table (its partitions and heirs too). It must be present. */
int state_view_count(struct state_view *view, const struct view_table *table, int64_t *rows,
                     struct err *err);
/* The type of a column as format_type() without its length has it; "" and no error if there is no
 * such column, and then `nearest` is the column most likely meant, or NULL. */
int state_view_column(struct state_view *view, struct arena *arena, const struct view_table *table,
                      const char *column, const char **type, const char **nearest, struct err *err);
/*
 * The text of one column of every row, as it comes; ptr NULL is SQL's NULL. Nothing is held, so a
 * table of any size will do. `rows` is how many there were.
 */
int state_view_values(struct state_view *view, const struct view_table *table, const char *column,
                      void (*each)(void *context, struct slice value), void *context, int64_t *rows,
                      struct err *err);

/* End the snapshot, so that the server can clean up behind it. The view can only be asked this: */
void state_view_end(struct state_view *view);
/* next_offset as it stands now, outside of the snapshot; -1 if there is no such row. */
int state_view_next_now(struct state_view *view, const char *pipeline, const char *topic,
                        int32_t partition, int64_t *next, struct err *err);

#endif
