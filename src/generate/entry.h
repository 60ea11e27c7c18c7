/*
 * What `weir generate NAME` stands for: an entry below `generate:` in weir.yaml, the built-in spec
 * driven_data, or a spec's file.
 *
 *     generate:
 *       driven_data: {topic: driven_data_stream, every: 1s..15s, users: 200}
 *       orders: {topic: orders, spec: orders.yaml, rate: 100/s, key: customer, ledger: sent.ndjson}
 *       visits: {topic: visits, fields: {id: uuid, page: {values: [home, shop]}}}
 */
#ifndef WEIR_GENERATE_ENTRY_H
#define WEIR_GENERATE_ENTRY_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "generate/faults.h"
#include "generate/pace.h"
#include "generate/spec.h"

#include <stdbool.h>
#include <stdint.h>

struct entry {
    struct record_spec spec;
    const char *topic; /* NULL: not said, like all below */
    bool has_pace;
    struct pace pace;
    bool has_faults;
    struct faults faults;
    int64_t users; /* 0: not said */
    int64_t count; /* the same */
    const char *ledger;
    const char *ledger_where; /* "weir.yaml:12:3: ledger" */
    const char *key;
};

#define ENTRY_DEFAULT_NAME "driven_data"

/*
 * NULL as `name`: the built-in spec, whatever the file says. Memory is the arena's; texts may
 * belong to the configuration. ERR_USAGE names the nearest, or the place in the file.
 */
int entry_find(struct entry *entry, struct arena *arena, const struct config *config,
               const char *name, struct err *err);

/*
 * Every entry of the file, whether it is asked for or not: its keys and their values; with `whole`
 * its fields too, and the files that it names. ERR_USAGE names the place.
 */
int entry_check_all(struct arena *arena, const struct config *config, bool whole, struct err *err);

/* The entry that goes into a topic, by name; NULL if there is none. */
const char *entry_of_topic(const struct config *config, const char *topic);

#endif
