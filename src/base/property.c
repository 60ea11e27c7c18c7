/* librdkafka properties that are weir's own business; see config.h. */
#include "base/config.h"

#include <string.h>

static const char offsets_in_database[] =
    "offsets are kept in the database, in the rows' transaction";

static const struct {
    const char *name;
    const char *instead;
} owned[] = {
    {"bootstrap.servers", "use brokers (option -b)"},
    {"metadata.broker.list", "use brokers (option -b)"},
    {"group.id", "use group (option --group)"},
    {"group.instance.id", "it is made of host, pipeline and slot"},
    {"group.protocol", "the classic protocol is the one in use"},
    {"group.remote.assignor", "the classic protocol is the one in use"},
    {"partition.assignment.strategy", "eager assignors are the ones in use"},
    {"auto.offset.reset", "use offset (option -o) and on_gap"},
    {"enable.auto.commit", offsets_in_database},
    {"auto.commit.enable", offsets_in_database},
    {"auto.commit.interval.ms", offsets_in_database},
    {"enable.auto.offset.store", offsets_in_database},
    {"offset.store.method", offsets_in_database},
    {"offset.store.path", offsets_in_database},
    {"offset.store.sync.interval.ms", offsets_in_database},
    {"enable.partition.eof", "it is always on"},
    {"isolation.level", "only committed records are read"},
    {"allow.auto.create.topics", "topics are never created by accident"},
};

const char *property_owned_by_weir(const char *name)
{
    /* kcat and older configurations write topic properties with this prefix. */
    if (!strncmp(name, "topic.", 6))
        name += 6;
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++)
        if (!strcmp(name, owned[i].name))
            return owned[i].instead;
    return NULL;
}
