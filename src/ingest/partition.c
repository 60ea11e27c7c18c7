/* The pump's book of partitions, and their states. */
#include "ingest/pipeline.h"

#include <assert.h>
#include <stdlib.h>

/* A row of this table says where a state may go. */
static const bool may_move[5][5] = {
    /*                     IDLE   CLAIM  READ   LOST   STOPPED */
    [PARTITION_IDLE] = {true, true, false, false, false},
    [PARTITION_CLAIMING] = {true, true, true, false, true},
    [PARTITION_READING] = {true, true, false, true, true},
    [PARTITION_LOST] = {true, true, false, true, true},
    [PARTITION_STOPPED] = {true, true, false, false, true},
};

const char *partition_state_name(enum partition_state state)
{
    static const char *const names[] = {"idle", "claiming", "reading", "lost", "stopped"};
    return names[state];
}

void partition_move(struct partition *partition, enum partition_state state)
{
    assert(may_move[partition->state][state]);
    partition->state = state;
}

struct partition *partition_find(struct pipeline *pipeline, const char *topic, int32_t number)
{
    struct partition **at = &pipeline->partitions;
    for (; *at; at = &(*at)->next)
        if ((*at)->partition == number && strcmp((*at)->topic, topic) == 0)
            return *at;
    struct partition *made = calloc(1, sizeof(*made));
    char *name = strdup(topic);
    if (!made || !name)
        abort();
    made->topic = name;
    made->partition = number;
    made->goal = -1;
    made->last.offset = -1;
    *at = made;
    return made;
}

bool partition_is_stopped(const struct partition *partition)
{
    return partition->state == PARTITION_STOPPED ||
           (partition->state == PARTITION_IDLE && partition->err.class != ERR_NONE);
}

struct partition_ref *partition_refs(const struct pipeline *pipeline, enum partition_at at,
                                     size_t *n)
{
    size_t room = 1;
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        room += p->state == PARTITION_READING;
    struct partition_ref *refs = calloc(room, sizeof(*refs));
    if (!refs)
        abort();
    *n = 0;
    for (const struct partition *p = pipeline->partitions; p; p = p->next)
        if (p->state == PARTITION_READING)
            refs[(*n)++] = (struct partition_ref){p->topic, p->partition,
                                                  at == AT_STORED ? p->stored : p->position};
    return refs;
}
