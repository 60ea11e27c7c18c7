/*
 * A ledger: who produced writes down what Kafka acknowledged, one JSON object a line (NDJSON):
 *
 *     {"topic":"t","partition":0,"offset":17,"unique_id":"3f1c...","fault":null}
 *
 * topic, partition and offset say where the record is. unique_id is a string or a number as it
 * stands in the record, and null where nothing can read one: a value that is no JSON, is cut short,
 * or is null. fault names what the producer broke on purpose, or is null or left out; "null" alone
 * has a meaning here: the value is null, a tombstone. Other members are ignored.
 *
 * A regular file, because it is read twice: the second time as far as the first time, even when
 * its producer still appends. A line is at most 1 MiB. Errors are ERR_INPUT with
 * "FILE:LINE:COLUMN: " and what was expected.
 */
#ifndef WEIR_INSPECT_LEDGER_H
#define WEIR_INSPECT_LEDGER_H

#include "base/err.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct ledger;

/* Texts are valid until the next call. */
struct ledger_entry {
    struct slice topic;
    int32_t partition;
    int64_t offset;
    struct slice id; /* ptr NULL: null */
    bool null_value; /* fault "null" */
    int64_t line;    /* from 1 */
};

/* ERR_USAGE if there is no such file, or none that can be read twice. */
int ledger_open(struct ledger **ledger, const char *path, struct err *err);
void ledger_close(struct ledger *ledger);
/* 1: an entry; 0: the end, or a last line that is not whole yet; -1: err. */
int ledger_next(struct ledger *ledger, struct ledger_entry *entry, struct err *err);
/* Begin again, to end where the first reading ended. After it was read to its end. */
int ledger_rewind(struct ledger *ledger, struct err *err);

/* Whether the first reading ended before such a line. */
bool ledger_was_cut(const struct ledger *ledger);

#endif
