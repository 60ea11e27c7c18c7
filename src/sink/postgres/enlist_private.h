/* Between enlist.c (who a pipeline is) and enlist_judge.c (whether it may go on as that). */
#ifndef WEIR_SINK_POSTGRES_ENLIST_PRIVATE_H
#define WEIR_SINK_POSTGRES_ENLIST_PRIVATE_H

#include "sink/postgres/pg.h"
#include "sink/postgres/state.h"

/* What is asked for, in the words of SQL, and what the database has. */
struct enlistment {
    PGconn *conn;
    struct arena *arena;
    const struct pipeline_config *config;
    const struct table *table;
    const char *schema; /* the state schema, quoted */
    const char *name;   /* literals */
    const char *cluster;
    const char *topics;     /* an array of text */
    const char *cluster_id; /* as it is */
    bool replays;           /* dead letters, and not a topic */

    bool known;        /* the name is registered */
    bool same_cluster; /* or one of the two is not known */
    bool same_topics;
    bool same_name; /* of the table */
    uint32_t oid;
    const char *old_cluster;
    const char *old_topics;
    const char *old_table;
    int64_t base_rows;
    int64_t base_stored;
    int64_t offsets; /* rows of weir.offsets */
    int64_t stored;  /* table rows by their counters */

    bool may_count; /* SELECT on the table */
    bool occupied;  /* the table holds rows */
};

/* `running`: it has offsets, so it must be the one that it was. ERR_HALT, ERR_USAGE: why not. */
int enlist_judge(const struct enlistment *e, bool running, struct err *err);
/* Its table alone: the same, and not emptied; or not emptied alone. */
int enlist_judge_table(const struct enlistment *e, struct err *err);
int enlist_judge_emptied(const struct enlistment *e, struct err *err);

#endif
