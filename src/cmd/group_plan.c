#include "cmd/group_plan.h"

#include "base/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int by_number(const void *a, const void *b)
{
    const int32_t *x = a;
    const int32_t *y = b;
    return (*x > *y) - (*x < *y);
}

/* "0,2" behind the colon. */
static int read_partitions(struct arena *arena, const char *text, struct group_topic *out,
                           struct err *err)
{
    int32_t *numbers = arena_alloc(arena, (strlen(text) + 1) * sizeof *numbers);
    for (const char *pos = text;;) {
        int64_t number;
        size_t length = strcspn(pos, ",");
        const char *word = arena_strndup(arena, pos, length);
        if (parse_integer(word, &number) < 0 || number < 0 || number > INT32_MAX)
            return err_set(err, ERR_USAGE, "\"%s\" is not a partition's number", word);
        numbers[out->n_partitions++] = (int32_t)number;
        pos += length;
        if (!*pos)
            break;
        pos++;
    }
    qsort(numbers, out->n_partitions, sizeof *numbers, by_number);
    out->partitions = numbers;
    return 0;
}

int group_plan_topic(struct arena *arena, const char *text, struct group_topic *out,
                     struct err *err)
{
    const char *colon = strrchr(text, ':');
    *out = (struct group_topic){.name = colon ? arena_strndup(arena, text, (size_t)(colon - text))
                                              : text};
    if (!*out->name)
        return err_set(err, ERR_USAGE, "\"%s\" names no topic: write TOPIC or TOPIC:0,2", text);
    return colon ? read_partitions(arena, colon + 1, out, err) : 0;
}

bool group_plan_wants(const struct group_topic *topic, int32_t partition)
{
    for (size_t i = 0; i < topic->n_partitions; i++)
        if (topic->partitions[i] == partition)
            return true;
    return topic->n_partitions == 0;
}

int group_plan_offset(struct offset_spec to, const char *topic, const struct topic_partition *p,
                      int64_t *out, struct err *err)
{
    if (p->low < 0 || p->high < 0 || (to.kind == OFFSET_TIME && p->at < 0))
        return err_set(err, ERR_OUTAGE, "where %s [%" PRId32 "] begins and ends cannot be read now",
                       topic, p->partition);
    return offset_place(to, topic, p->partition, p->low, p->high, p->at, out, err);
}
