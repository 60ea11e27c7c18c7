#include "cmd/consume_plan.h"

#include "base/clock.h"
#include "client/admin_topics.h"

#include <inttypes.h>
#include <regex.h>
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

static bool has_topic(const struct consume_plan *plan, const char *topic)
{
    for (size_t i = 0; i < plan->n; i++)
        if (!strcmp(plan->parts[i].topic, topic))
            return true;
    return false;
}

static void make_room(struct arena *arena, struct consume_plan *plan, size_t more)
{
    struct consume_part *grown = arena_alloc(arena, (plan->n + more) * sizeof *grown);
    if (plan->n > 0)
        memcpy(grown, plan->parts, plan->n * sizeof *grown);
    plan->parts = grown;
}

static int add_topic(struct arena *arena, struct admin *admin,
                     const struct consume_request *request, const char *topic,
                     struct consume_plan *plan, struct err *err)
{
    struct topic_info info;
    if (has_topic(plan, topic))
        return 0;
    if (admin_topic(admin, topic, ADMIN_CONNECT_MS, &info, err) < 0)
        return -1;
    if (request->partition >= info.partitions)
        return err_set(err, ERR_USAGE,
                       "%s has no partition %" PRId32 ": its partitions are 0 to %" PRId32, topic,
                       request->partition, info.partitions - 1);
    make_room(arena, plan, (size_t)info.partitions);
    for (int32_t i = 0; i < info.partitions; i++) {
        struct consume_part *part = &plan->parts[plan->n];
        if (request->partition >= 0 && i != request->partition)
            continue;
        *part = (struct consume_part){.topic = topic, .partition = i};
        if ((!request->in_group &&
             admin_resolve(admin, topic, i, request->from, TIMEOUT_MS, &part->from, err) < 0) ||
            stop_of(admin, request, part, &part->stop, err) < 0)
            return -1;
        plan->n++;
    }
    return 0;
}

/* All topics that a pattern finds itself in; Kafka's own only if it names their underscores. */
static int add_matching(struct arena *arena, struct admin *admin,
                        const struct consume_request *request, const char *pattern,
                        struct consume_plan *plan, struct err *err)
{
    char text[256];
    regex_t regex;
    struct topic_list topics;
    size_t n = 0;
    int rc = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
    if (rc != 0) {
        regerror(rc, &regex, text, sizeof text);
        return err_set(err, ERR_USAGE, "\"%s\": %s", pattern, text);
    }
    rc = admin_topics(admin, arena, NULL, ADMIN_CONNECT_MS, &topics, err);
    for (size_t i = 0; rc == 0 && i < topics.n; i++) {
        const char *topic = topics.items[i].name;
        bool hidden = topic_is_internal(topic) && strncmp(pattern, "^__", 3) != 0;
        if (hidden || regexec(&regex, topic, 0, NULL, 0) != 0)
            continue;
        rc = add_topic(arena, admin, request, topic, plan, err);
        n++;
    }
    regfree(&regex);
    if (rc == 0 && n == 0)
        return err_set(err, ERR_USAGE, "no topic matches \"%s\" (see: weir topic list)", pattern);
    return rc;
}

int consume_plan_make(struct arena *arena, struct admin *admin,
                      const struct consume_request *request, struct consume_plan *out,
                      struct err *err)
{
    *out = (struct consume_plan){0};
    for (size_t i = 0; i < request->n_topics; i++) {
        const char *topic = request->topics[i];
        int rc = *topic == '^' ? add_matching(arena, admin, request, topic, out, err)
                               : add_topic(arena, admin, request, topic, out, err);
        if (rc < 0)
            return -1;
    }
    return 0;
}
