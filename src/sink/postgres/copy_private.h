/* Between copy.c (records to rows) and copy_stream.c (rows to the server). */
#ifndef WEIR_SINK_POSTGRES_COPY_PRIVATE_H
#define WEIR_SINK_POSTGRES_COPY_PRIVATE_H

#include "sink/postgres/store.h"

#define COPY_SINGLE ROW_MAX_SHAPES /* the list of rows.single */

struct copy_job {
    struct lane *lane;
    const char *before; /* SQL to run in front of the first COPY, or "" */
    struct pg_fault *fault;
    int64_t *hint;
    unsigned single_shape;
    bool bare;           /* the open shape leaves out every column, for which COPY has no syntax */
    struct tally *tally; /* of the claim that is copied alone, or NULL */
    struct staged *staged; /* where rows are staged, or NULL: into the table */
};

struct buf *copy_tuples_of(struct lane *lane, int list);
/* Send what a list's buffer holds, opening its COPY if another one's is open. 0 or -1, and the
 * job's fault and hint; the same below. */
int copy_flush(struct copy_job *job, int list);
/* End the COPY that is open; what the table took is accounted. */
int copy_end(struct copy_job *job);
/* All lists, and the end. */
int copy_flush_all(struct copy_job *job);
/* What temporary tables cannot hold; whoever asked for them goes another way. */
int copy_cannot_stage(struct copy_job *job);

#endif
