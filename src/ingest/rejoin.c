/*
 * When the group stops treating us as a member: thrown out, or left without an answer. The consumer
 * is of no more use then; a new one joins under the same name.
 */
#include "base/clock.h"
#include "base/log.h"
#include "ingest/pipeline.h"

#include <stdlib.h>

#define FENCED_MAX 3
#define FENCED_WINDOW_US (60 * 1000000LL)
/* All members answer within a heartbeat or two, so this is long. */
#define OVERDUE_TELL_US (15 * 1000000LL)
#define OVERDUE_REJOIN_US (60 * 1000000LL)
#define OVERDUE_AWAY_US (5 * OVERDUE_REJOIN_US)

static void join_again(struct pipeline *pipeline)
{
    struct err refused = {0};
    rebalance_leave(pipeline);
    if (pipeline_join_group(pipeline, &refused) < 0)
        pump_halt(pipeline, &refused);
    rejoin_await(pipeline);
}

/*
 * For a member of our own name. The lock of our slot says that there is no other on this machine,
 * so most likely it was ourselves: a request from before an outage that came behind our new
 * joining.
 */
bool rejoin_after(struct pipeline *pipeline, const struct err *err)
{
    struct membership *member = &pipeline->membership;
    int64_t now = clock_mono_us();
    if (strncmp(err->code, "FENCED", 6) != 0 || atomic_load(&pipeline->stopping))
        return false;
    if (now - member->first_fenced_us > FENCED_WINDOW_US) {
        member->first_fenced_us = now;
        member->times_fenced = 0;
    }
    if (++member->times_fenced > FENCED_MAX)
        return false;
    log_warn(pipeline->config->name, "%s; joining again", err->text);
    join_again(pipeline);
    return true;
}

void rejoin_await(struct pipeline *pipeline)
{
    pipeline->membership.waiting_since_us = pipeline->config->dry_run ? 0 : clock_mono_us();
    pipeline->membership.told = false;
}

/*
 * The coordinator's answer to a joining may be lost with the coordinator, and the library waits for
 * it as long as a rebalance may last: max.poll.interval.ms, five minutes.
 */
void rejoin_overdue(struct pipeline *pipeline)
{
    struct membership *member = &pipeline->membership;
    int64_t since = member->waiting_since_us;
    int64_t waited = clock_mono_us() - since;
    /* An outage is told already, and mostly ends the wait when it ends. */
    bool away = pipeline->last_fault[0] != '\0';
    if (since == 0 || waited < OVERDUE_TELL_US)
        return;
    if (!member->told && !away)
        log_warn(pipeline->config->name,
                 "the group %s has not answered for %lld s; is another member of it stuck? "
                 "kafka-consumer-groups.sh --describe --members --group %s shows them",
                 pipeline->group, (long long)(waited / 1000000), pipeline->group);
    member->told = true;
    if (waited < (away ? OVERDUE_AWAY_US : OVERDUE_REJOIN_US))
        return;
    log_warn(pipeline->config->name, "the group %s has not answered for %lld s; joining again",
             pipeline->group, (long long)(waited / 1000000));
    join_again(pipeline);
}
