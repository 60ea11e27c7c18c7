/*
 * Whether a pipeline may go on: held against its registration, its table and the other pipelines.
 * What is refused is told with its cures; nothing is written.
 */
#include "sink/postgres/enlist_private.h"

#include <inttypes.h>

/* A replay changes nothing of the registration: what is to be accepted, an ingest accepts. */
static const char *other_table_cures(const struct enlistment *e)
{
    return arena_printf(e->arena,
                        e->replays
                            ? "cures: the table that it fills; `weir ingest` with --accept-table, "
                              "once, to go on into %s"
                            : "cures: --name NAME for a pipeline of its own; --accept-table goes "
                              "on into %s where the topic stands; --reset reads the topic again "
                              "from -o",
                        e->config->table);
}

static const char *empty_table_cures(const struct enlistment *e)
{
    return e->replays ? "cure: `weir ingest` once with --accept-table to go on with it as it is, "
                        "or with --reset to fill it anew"
                      : "cures: --accept-table goes on with the topic where it stands; --reset "
                        "reads the topic again from -o";
}

int enlist_judge_emptied(const struct enlistment *e, struct err *err)
{
    int64_t expected = e->base_rows + e->stored - e->base_stored;
    if (e->occupied || expected <= 0)
        return 0;
    return err_set(err, ERR_HALT,
                   "the table %s was emptied: it should hold %" PRId64 " rows, %" PRId64
                   " of them stored by the pipeline \"%s\"; %s",
                   e->old_table, expected, e->stored - e->base_stored, e->config->name,
                   empty_table_cures(e));
}

int enlist_judge_table(const struct enlistment *e, struct err *err)
{
    const char *name = e->config->name;
    if (e->config->accept_table && !e->replays)
        return 0;
    if (e->oid != e->table->oid && !e->same_name)
        return err_set(err, ERR_HALT, "the pipeline \"%s\" fills the table %s, not %s; %s", name,
                       e->old_table, e->config->table, other_table_cures(e));
    if (e->oid != e->table->oid)
        return err_set(err, ERR_HALT,
                       "the table %s was dropped and created again since the pipeline \"%s\" "
                       "stored %" PRId64 " rows into it (oid %u, now %u); %s",
                       e->old_table, name, e->stored, e->oid, e->table->oid, empty_table_cures(e));
    return enlist_judge_emptied(e, err);
}

/* A pipeline that has stored something must be the one that it was. */
static int judge_registration(const struct enlistment *e, struct err *err)
{
    const char *name = e->config->name;
    if (!e->same_cluster)
        return err_set(err, ERR_HALT,
                       "the pipeline \"%s\" reads from the cluster %s, and the brokers given are "
                       "of the cluster %s; cures: -b with that cluster's brokers; --name NAME for "
                       "a pipeline of its own; --reset to begin anew with this cluster",
                       name, e->old_cluster, e->cluster_id);
    if (!e->same_topics)
        return err_set(err, ERR_HALT,
                       "the pipeline \"%s\" reads %s, and was asked to read other topics now; "
                       "cures: the same topics; --name NAME for a pipeline of its own (with "
                       "--allow-second-copy, or into another table, where they share one); --reset "
                       "to begin anew with these",
                       name, e->old_topics);
    if (enlist_judge_table(e, err) < 0)
        return -1;
    if (e->config->offset_given)
        return err_set(err, ERR_USAGE,
                       "the pipeline \"%s\" has offsets already, so -o has nothing to say; leave "
                       "it out to go on, or add --reset to delete the offsets and start there",
                       name);
    return 0;
}

/* Another pipeline that fills this table from one of these topics stores every record twice. */
static int judge_others(const struct enlistment *e, struct err *err)
{
    if (e->config->allow_second_copy)
        return 0;
    PGresult *row =
        pg_execf(e->conn, err,
                 "SELECT name, array_to_string(ARRAY(SELECT unnest(topics) INTERSECT"
                 " SELECT unnest(%s)), ', ') FROM %s.pipelines WHERE name <> %s"
                 " AND table_oid = %u AND topics && %s"
                 " AND (cluster_id IN ('', %s) OR %s = '')"
                 " ORDER BY started_at DESC LIMIT 1",
                 e->topics, e->schema, e->name, e->table->oid, e->topics, e->cluster, e->cluster);
    if (!row)
        return -1;
    int rc = 0;
    if (PQntuples(row) == 1)
        rc = err_set(err, ERR_HALT,
                     "another pipeline, \"%s\", fills the table %s from %s already: each record "
                     "would be there twice; cures: --name %s to be that pipeline, or "
                     "--allow-second-copy to store a second copy",
                     PQgetvalue(row, 0, 0), e->config->table, PQgetvalue(row, 0, 1),
                     PQgetvalue(row, 0, 0));
    PQclear(row);
    return rc;
}

int enlist_judge(const struct enlistment *e, bool running, struct err *err)
{
    if (running && judge_registration(e, err) < 0)
        return -1;
    bool other_table = e->oid != e->table->oid;
    return (!running || other_table) ? judge_others(e, err) : 0;
}
