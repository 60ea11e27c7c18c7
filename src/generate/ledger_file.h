/*
 * The ledger: a line of JSON for each record that Kafka has acknowledged, as `weir verify` reads it
 * (docs/verify.md). A file that is there is added to, so that one ledger can cover several runs.
 */
#ifndef WEIR_GENERATE_LEDGER_FILE_H
#define WEIR_GENERATE_LEDGER_FILE_H

#include "base/err.h"
#include "base/slice.h"
#include "generate/faults.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger_file;

struct ledger_line {
    const char *topic;
    int32_t partition;
    int64_t offset;
    struct slice id; /* ptr NULL: null */
    bool id_bare;    /* a number: no quotes */
    enum fault fault;
};

/*
 * `where` the path is from ("--ledger", "weir.yaml:12:3: ledger") stands before what errors say;
 * both must stay. ERR_USAGE if it cannot be written to, or is something else.
 */
int ledger_file_open(struct ledger_file **out, const char *path, const char *where,
                     struct err *err);
/*
 * ERR_OUTAGE (the disk is full): the error says how many lines are whole; nothing is added any
 * more, and each later call fails with the same error.
 */
int ledger_file_add(struct ledger_file *ledger, const struct ledger_line *line, struct err *err);
/* Lines into the file, for others to read; one that is killed later has lost none of them. */
int ledger_file_flush(struct ledger_file *ledger, struct err *err);
/* The same, with fsync. */
int ledger_file_sync(struct ledger_file *ledger, struct err *err);
/* Without a sync; lines not written yet go out if they can. */
void ledger_file_close(struct ledger_file *ledger);

#endif
