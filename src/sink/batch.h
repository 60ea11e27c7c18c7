/*
 * A batch: raw records on their way into one transaction, and the claims they came under.
 *
 *     bytes   | key value headers | key value | ...      copied once from the client's buffers
 *     entries | where each record lies, its claim, offset and time
 *     claims  | partition, epoch, expected -> next       copied when the first record enters
 *
 * The raw bytes stay until the transaction is settled, because three things may need them again:
 * a dead letter (value byte for byte), a second encoding after ALTER TABLE, and the search for the
 * one record that the server rejects.
 *
 * A batch has one owner at a time: the pump fills it, a lane stores it. A claim's epoch and
 * expected offset never change once copied; what was read under a revoked claim is dropped whole
 * (batch_drop) and neither stored nor counted.
 */
#ifndef WEIR_SINK_BATCH_H
#define WEIR_SINK_BATCH_H

#include "base/buf.h"
#include "sink/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What became of records; the invariant is: the sum = next - start. */
struct tally {
    int64_t rows;
    int64_t dead;
    int64_t filtered;
    int64_t tombstones;
    int64_t suppressed;
    int64_t absent; /* offsets that hold no record: control, aborted, compacted, recorded gaps */
};
int64_t tally_sum(const struct tally *tally);
void tally_add(struct tally *to, const struct tally *more);

/* The last data record at or before a position, to know the topic again by. */
struct last_record {
    int64_t offset; /* -1: none seen yet */
    int64_t timestamp_ms;
    uint32_t crc;
};

struct batch_claim {
    const char *topic; /* outlives the batch */
    int32_t partition;
    int64_t epoch;
    int64_t expected; /* next_offset before */
    int64_t next;     /* next_offset after */
    struct last_record last;
    int64_t records;    /* that came in under this claim */
    struct tally tally; /* absent: by who fills the batch; the rest: by the sink */
    bool dropped;
    void *owner; /* the filler's partition */
};

struct batch_entry {
    int64_t offset;
    int64_t timestamp_ms;
    size_t at;            /* of the key in bytes; value and headers follow */
    int32_t key_len;      /* -1: null */
    int32_t value_len;    /* -1: null */
    uint32_t headers_len; /* packed: name_len, value_len (-1 null), name, value ... */
    uint16_t claim;
};

struct batch {
    struct buf bytes;
    size_t max_bytes;
    size_t max_entries;
    struct batch_entry *entries;
    size_t n_entries;
    size_t cap_entries;
    struct batch_claim *claims;
    size_t n_claims;
    size_t cap_claims;
    int64_t first_us;              /* monotonic time when the first entry or claim came in */
    uint64_t value_bytes;          /* keys and values, for throughput */
    int64_t unknown_keys;          /* that were ignored, each once a record; by the sink */
    struct record_header *headers; /* of the record looked at last */
    size_t cap_headers;
};

void batch_init(struct batch *batch, size_t max_bytes, size_t max_entries);
void batch_release(struct batch *batch);
void batch_clear(struct batch *batch);
bool batch_is_empty(const struct batch *batch); /* no claims */
/* Whether a record of ordinary size would still be taken. */
bool batch_has_room(const struct batch *batch);

/* The claim of a partition in this batch, made with the values given if it is not there yet. */
struct batch_claim *batch_claim(struct batch *batch, void *owner, const char *topic,
                                int32_t partition, int64_t epoch, int64_t expected);
/*
 * Copy a record into the batch under `claim`, moving the claim's next offset past it and counting
 * the offsets it jumps over as absent. The limits are for batch_has_room() to tell beforehand: a
 * record that was read is never refused. Memory running out ends the process; nothing is lost then.
 */
void batch_add(struct batch *batch, struct batch_claim *claim, const struct record *record);
/* The position moved to `next` (>= claim->next) without a record: the gap is absent. */
void batch_skip_to(struct batch_claim *claim, int64_t next);
/* Note each claim's last record; called once, when the batch leaves its filler. */
void batch_seal(struct batch *batch);
/* Forget all that came under the claim of this owner. */
void batch_drop(struct batch *batch, const void *owner);

/* A view of an entry; its headers are valid until the next call. */
void batch_record(struct batch *batch, size_t i, struct record *out);
/* Room for at least `n` headers, what was written there kept, until the next batch_record(). */
struct record_header *batch_headers(struct batch *batch, size_t n);

#endif
