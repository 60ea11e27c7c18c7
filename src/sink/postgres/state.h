/*
 * The state schema (default "weir"): its DDL, its migrations, and who is registered in it.
 *
 *   meta         store_id uuid, schema_version int, created_at
 *   pipelines    name PK, cluster_id, topics text[], table_schema, table_name, table_oid oid,
 *                base_rows bigint (rows in the table when it was registered or last accepted),
 *                base_stored bigint (rows by the counters at that time), epoch_floor bigint,
 *                accepted_at, started_at, created_at
 *   offsets      PK (pipeline, topic, partition); start_offset, next_offset bigint;
 *                owner_epoch bigint, owner text; topic_id text; last_offset bigint (null: none),
 *                last_time bigint (ms), last_crc bigint; rows, dead, filtered, tombstones,
 *                suppressed, absent bigint; updated_at
 *   dead_letters PK (pipeline, topic, partition, record_offset, item); record_time timestamptz,
 *                key bytea, value bytea, headers jsonb, column_name, reason, sqlstate text,
 *                seen_at timestamptz, replayed_at timestamptz null; item is 0, and less for a
 *                letter of before a --reset, which no counter has (letters.c)
 *
 * offsets is UPDATEd once a batch: fillfactor 50 keeps the updates HOT; no index but the key.
 * An epoch is never given twice, not even after --reset deleted the rows that knew it: a new row of
 * offsets begins at the pipeline's epoch_floor.
 * Setup and migrations run in one transaction under one advisory lock; migrations only go forward;
 * a schema newer than this program is refused. A role without CREATE works when the schema is
 * there already (state_setup_sql() prints what a DBA runs).
 */
#ifndef WEIR_SINK_POSTGRES_STATE_H
#define WEIR_SINK_POSTGRES_STATE_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "sink/sink.h"

#include <libpq-fe.h>

#define STATE_VERSION 1

/* Create or migrate; `uuid` gets the store's id. */
int state_prepare(PGconn *conn, const char *schema, char uuid[37], struct err *err);
/*
 * Whether state_prepare() would succeed, without doing anything: 0, or -1 with its refusal. *there:
 * nothing would have to be made, and `uuid` is filled in. In a transaction of the caller's.
 */
int state_foresee_prepare(PGconn *conn, const char *schema, bool *there, char uuid[37],
                          struct err *err);
/* DDL and GRANTs for --print-setup, for the role that `database` names or libpq would take; a psql
 * variable stands for it when that cannot be known. */
const char *state_setup_sql(struct arena *arena, const struct pipeline_config *config);

/*
 * Registration (design point 1), one transaction under an advisory lock. Refused as ERR_HALT with
 * what was found and the cure: the name with another table, topic set or cluster; another pipeline
 * that fills the same table from one of these topics (cures: --name <the other>,
 * --allow-second-copy); a table dropped and re-created (oid) or emptied (empty while the counters
 * say N rows above the accepted base) (cures: --reset, --accept-table); -o on a pipeline that has
 * offsets (ERR_USAGE naming --reset). --reset deletes the pipeline's offset rows, never table rows
 * or dead letters (it sets them aside), and is refused while the table holds rows unless
 * --accept-table.
 * --accept-table stores the new oid and the present row count as base. *first: no offset rows.
 */
int state_enlist(PGconn *conn, const struct pipeline_config *config, const struct table *table,
                 const struct source_identity *identity, bool *first, struct err *err);
/*
 * Whether it would be refused, without registering anything: 0, or -1 with the refusal. *first: as
 * above. In a transaction of the caller's; the state schema must be there.
 */
int state_foresee_enlist(PGconn *conn, const struct pipeline_config *config,
                         const struct table *table, const struct source_identity *identity,
                         bool *first, struct err *err);
/* Again while rows come in, whenever the table is read anew: was it emptied? */
int state_judge_emptied(PGconn *conn, const struct pipeline_config *config,
                        const struct table *table, struct err *err);
/* For a replay (sink/replay.h): whether the table is the registered one still, or ERR_HALT. */
int state_judge_replay(PGconn *conn, const struct pipeline_config *config,
                       const struct table *table, struct err *err);
/*
 * First start: insert all partitions' rows in one transaction, unless another process already has.
 */
int state_start_at(PGconn *conn, const struct pipeline_config *config,
                   const struct start_offset *starts, size_t n, struct err *err);

#endif
