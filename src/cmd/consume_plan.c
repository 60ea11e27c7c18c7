#include "cmd/consume_plan.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

#define TIMEOUT_MS 10000

static int stop_of(struct admin *admin, const struct consume_request *request,
                   const struct consume_part *part, int64_t *out, struct err *err)
{
    int64_t low;
    int64_t at;
    *out = INT64_MAX;
    if (request->to_end &&
        admin_watermarks(admin, part->topic, part->partition, TIMEOUT_MS, &low, out, err) < 0)
        return -1;
    /* A time to come is watched for while reading. */
    if (request->to_ms < 0 || request->to_ms > clock_wall_us() / 1000)
        return 0;
    const struct offset_spec time = {OFFSET_TIME, request->to_ms};
    if (admin_resolve(admin, part->topic, part->partition, time, TIMEOUT_MS, &at, err) < 0)
        return -1;
    *out = at < *out ? at : *out;
    return 0;
}

static int add_topic(struct arena *arena, struct admin *admin,
                     const struct consume_request *request, const char *topic,
                     struct consume_plan *plan, struct err *err)
{
    struct topic_info info;
    if (admin_topic(admin, topic, TIMEOUT_MS, &info, err) < 0)
        return -1;
    if (request->partition >= info.partitions)
        return err_set(err, ERR_USAGE,
                       "%s has no partition %" PRId32 ": its partitions are 0 to %" PRId32, topic,
                       request->partition, info.partitions - 1);
    struct consume_part *grown =
        arena_alloc(arena, (plan->n + (size_t)info.partitions) * sizeof *grown);
    if (plan->n > 0)
        memcpy(grown, plan->parts, plan->n * sizeof *grown);
    plan->parts = grown;
    for (int32_t i = 0; i < info.partitions; i++) {
        struct consume_part *part = &plan->parts[plan->n];
        if (request->partition >= 0 && i != request->partition)
            continue;
        *part = (struct consume_part){.topic = topic, .partition = i};
        if (admin_resolve(admin, topic, i, request->from, TIMEOUT_MS, &part->from, err) < 0 ||
            stop_of(admin, request, part, &part->stop, err) < 0)
            return -1;
        plan->n++;
    }
    return 0;
}

int consume_plan_make(struct arena *arena, struct admin *admin,
                      const struct consume_request *request, struct consume_plan *out,
                      struct err *err)
{
    *out = (struct consume_plan){0};
    for (size_t i = 0; i < request->n_topics; i++)
        if (add_topic(arena, admin, request, request->topics[i], out, err) < 0)
            return -1;
    return 0;
}
