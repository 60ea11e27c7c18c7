/* A lane's connection, and the table and coder that belong to it. */
#include "sink/postgres/catalog.h"
#include "sink/postgres/state.h"
#include "sink/postgres/store.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>

void lane_note_pid(struct lane *lane, int pid)
{
    atomic_store(&lane->store->lane_pids[lane->number], pid);
}

void lane_drop_claim(const struct lane *lane, struct batch_claim *claim)
{
    claim->dropped = true;
    log_info(lane->store->config->name,
             "%s[%d] has another owner than at epoch %" PRId64 ": the offsets %" PRId64
             " to %" PRId64 " are left to it",
             claim->topic, claim->partition, claim->epoch, claim->expected, claim->next - 1);
}

void lane_disconnect(struct lane *lane)
{
    PQfinish(lane->conn);
    lane->conn = NULL;
    lane_note_pid(lane, 0);
}

static void forget_table(struct lane *lane)
{
    row_coder_free(lane->coder);
    row_plan_free(lane->plan);
    table_free(lane->table);
    lane->coder = NULL;
    lane->plan = NULL;
    lane->table = NULL;
}

int lane_load_table(struct lane *lane, struct err *err)
{
    const struct pipeline_config *config = lane->store->config;

    forget_table(lane);
    if (catalog_read_table(lane->conn, config->table, &lane->table, err) < 0)
        return -1;
    if (lane->table->oid != lane->store->table_oid)
        return err_set(err, ERR_HALT,
                       "the table %s was dropped and created again while this pipeline ran; "
                       "nothing was lost: start again with --accept-table to go on where the topic "
                       "stands, or with --reset to fill it from the topic anew",
                       lane->table->quoted);
    if (!config->dry_run && state_judge_emptied(lane->conn, config, lane->table, err) < 0)
        return -1;
    lane->policy.force_text = lane->keep_text;
    if (row_plan_new(&lane->plan, lane->table, &lane->policy, err) < 0)
        return -1;
    lane->coder = row_coder_new(lane->plan);
    copy_reset(lane);
    return 0;
}

int lane_connect(struct lane *lane, struct err *err)
{
    if (lane->conn && PQstatus(lane->conn) == CONNECTION_OK)
        return 0;
    lane_disconnect(lane);
    lane->conn = pg_connect(&lane->store->target, err);
    if (!lane->conn)
        return -1;
    lane_note_pid(lane, PQbackendPID(lane->conn));
    if (lane_load_table(lane, err) == 0)
        return 0;
    lane_disconnect(lane);
    return -1;
}
