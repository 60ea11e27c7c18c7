/*
 * Never guess an offset (design point 6): is the place where we would go on still in the topic, and
 * is it the same topic?
 */
#include "base/log.h"
#include "ingest/pipeline.h"

#include <inttypes.h>

#define ASK_MS 10000

static int recreated(const struct ticket *ticket, const char *how, struct err *err)
{
    return err_set(err, ERR_HALT,
                   "%s[%d]: this is another topic under the same name (%s); nothing was written: "
                   "run with --reset --accept-table to read it from its start (keeps the rows), or "
                   "give it a pipeline of its own with --name NAME and --allow-second-copy, or "
                   "another table",
                   ticket->topic, ticket->number, how);
}

static int check_range(struct pipeline *pipeline, const struct ticket *ticket, int64_t low,
                       int64_t high, int64_t *gap_to, struct err *err)
{
    if (ticket->position > high)
        return err_set(
            err, ERR_HALT,
            "%s[%d] ends at offset %" PRId64 " but %" PRId64
            " is stored: the topic was deleted and created again, or cut; nothing was "
            "written: run with --reset --accept-table to read it from its start (keeps the "
            "rows)",
            ticket->topic, ticket->number, high, ticket->position);
    if (ticket->position >= low)
        return 0;
    if (pipeline->config->on_gap == GAP_RECORD) {
        *gap_to = low;
        return 0;
    }
    return err_set(err, ERR_HALT,
                   "%s[%d]: retention has deleted the offsets %" PRId64 " to %" PRId64
                   " before they were stored; this partition stops here: run with --on-gap record "
                   "to note the gap and go on at %" PRId64,
                   ticket->topic, ticket->number, ticket->position, low - 1, low);
}

/* The last record we stored, read again. */
static int check_fingerprint(struct pipeline *pipeline, const struct ticket *ticket, int64_t low,
                             struct err *err)
{
    const struct fingerprint print = {ticket->last.timestamp_ms, ticket->last.crc};
    enum recognized found;
    if (ticket->last.offset < 0)
        return 0;
    if (admin_recognize(pipeline->admin, ticket->topic, ticket->number, ticket->last.offset, &print,
                        low, ASK_MS, &found, err) < 0)
        return -1;
    switch (found) {
    case RECOGNIZED_SAME:
        return 0;
    case RECOGNIZED_OTHER:
        return recreated(ticket, "its record at the last stored offset is another", err);
    case RECOGNIZED_MISSING:
        return recreated(ticket, "the last stored record is not in it", err);
    case RECOGNIZED_DELETED:
        log_info(pipeline->config->name,
                 "%s[%d]: the last stored record (offset %" PRId64
                 ") is gone by retention, so it cannot prove that this is the same topic",
                 ticket->topic, ticket->number, ticket->last.offset);
        return 0;
    case RECOGNIZED_COMPACTED:
        log_info(pipeline->config->name,
                 "%s[%d]: the last stored record (offset %" PRId64 ") was compacted away",
                 ticket->topic, ticket->number, ticket->last.offset);
        return 0;
    }
    return 0;
}

int check_position(struct pipeline *pipeline, const struct ticket *ticket, const char *topic_id,
                   int64_t *gap_to, struct err *err)
{
    int64_t low;
    int64_t high;
    const char *known = ticket->claim.topic_id;

    *gap_to = -1;
    if (*known && *topic_id && strcmp(known, topic_id) != 0)
        return recreated(ticket, "its topic id has changed", err);
    if (admin_watermarks(pipeline->admin, ticket->topic, ticket->number, ASK_MS, &low, &high, err) <
        0)
        return -1;
    if (check_range(pipeline, ticket, low, high, gap_to, err) < 0)
        return -1;
    return check_fingerprint(pipeline, ticket, low, err);
}
