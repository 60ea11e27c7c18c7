#include "client/kafka_release.h"

/* By level, from 1 on; KRaft clusters have 1 and more. */
static const char *const metadata_releases[] = {
    NULL,      "3.0-IV1", "3.1-IV0", "3.2-IV0", "3.3-IV0", "3.3-IV1", "3.3-IV2", "3.3-IV3",
    "3.4-IV0", "3.5-IV0", "3.5-IV1", "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0",
    "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0", "3.9-IV0", "4.0-IV0", "4.0-IV1",
    "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
};
#define N_METADATA_RELEASES ((int)(sizeof metadata_releases / sizeof *metadata_releases))

const char *kafka_metadata_release(int level)
{
    return level > 0 && level < N_METADATA_RELEASES ? metadata_releases[level] : NULL;
}

enum api_key {
    PRODUCE = 0,
    FETCH = 1,
    LIST_OFFSETS = 2,
    METADATA = 3,
    LEADER_AND_ISR = 4,
    OFFSET_FETCH = 9,
    JOIN_GROUP = 11,
    ADD_PARTITIONS_TO_TXN = 24,
    DESCRIBE_ACLS = 29,
    DESCRIBE_LOG_DIRS = 35,
    DESCRIBE_CLIENT_QUOTAS = 48,
};

/* What a release was the first to have, the newest first. */
static const struct {
    const char *release;
    int16_t key;
    int16_t version;
} firsts[] = {
    {"4.3", DESCRIBE_LOG_DIRS, 5},
    {"4.2", LIST_OFFSETS, 11},
    {"4.1", PRODUCE, 13},
    {"4.0", LIST_OFFSETS, 10},
    {"3.9", FETCH, 17},
    {"3.8", PRODUCE, 11},
    {"3.7", FETCH, 16},
    {"3.6", ADD_PARTITIONS_TO_TXN, 4},
    {"3.5", FETCH, 15},
    {"3.4", LEADER_AND_ISR, 7},
    {"3.3", DESCRIBE_ACLS, 3},
    {"3.2", JOIN_GROUP, 9},
    {"3.1", FETCH, 13},
    {"3.0", LIST_OFFSETS, 7},
    {"2.8", PRODUCE, 9},
    {"2.7", FETCH, 12},
    {"2.6", DESCRIBE_CLIENT_QUOTAS, 0},
    {"2.5", DESCRIBE_ACLS, 2},
    {"2.4", PRODUCE, 8},
    {"2.3", FETCH, 11},
    {"2.2", LIST_OFFSETS, 5},
    {"2.1", FETCH, 10},
    {"2.0", FETCH, 8},
    {"1.1", FETCH, 7},
    {"1.0", METADATA, 5},
    {"0.11", METADATA, 4},
    {"0.10.2", OFFSET_FETCH, 2},
    {"0.10.1", METADATA, 2},
};

const char *kafka_api_release(const struct probe *probe)
{
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
        const struct probe_api *api = probe_api_find(probe, firsts[i].key);
        if (api && api->max_version >= firsts[i].version)
            return firsts[i].release;
    }
    /* The first that answers ApiVersions at all. */
    return "0.10.0";
}
