#include "sink/batch.h"

#include "base/clock.h"
#include "client/admin.h"

#include <assert.h>
#include <stdlib.h>

/* A single record may pass a batch's own limit, but never Kafka's largest message by far. */
#define BATCH_HARD_MAX_BYTES ((size_t)2 << 30)

int64_t tally_sum(const struct tally *t)
{
    return t->rows + t->dead + t->filtered + t->tombstones + t->suppressed + t->absent;
}

void tally_add(struct tally *to, const struct tally *more)
{
    to->rows += more->rows;
    to->dead += more->dead;
    to->filtered += more->filtered;
    to->tombstones += more->tombstones;
    to->suppressed += more->suppressed;
    to->absent += more->absent;
}

void batch_init(struct batch *batch, size_t max_bytes, size_t max_entries)
{
    memset(batch, 0, sizeof(*batch));
    buf_init(&batch->bytes, BATCH_HARD_MAX_BYTES);
    batch->max_bytes = max_bytes;
    batch->max_entries = max_entries;
}

void batch_release(struct batch *batch)
{
    buf_release(&batch->bytes);
    free(batch->entries);
    free(batch->claims);
    free(batch->headers);
    memset(batch, 0, sizeof(*batch));
}

void batch_clear(struct batch *batch)
{
    buf_clear(&batch->bytes);
    /* One giant record must not keep its memory for ever. */
    if (batch->bytes.cap > 2 * batch->max_bytes) {
        buf_release(&batch->bytes);
        buf_init(&batch->bytes, BATCH_HARD_MAX_BYTES);
    }
    batch->n_entries = 0;
    batch->n_claims = 0;
    batch->first_us = 0;
    batch->value_bytes = 0;
    batch->unknown_keys = 0;
}

bool batch_is_empty(const struct batch *batch)
{
    return batch->n_claims == 0;
}

bool batch_has_room(const struct batch *batch)
{
    return batch->n_entries < batch->max_entries && batch->bytes.len < batch->max_bytes;
}

/* Make room for one more element of an array; memory running out is not survivable here. */
static void *grown(void *array, size_t n, size_t *cap, size_t element_bytes)
{
    if (n < *cap)
        return array;
    size_t more = *cap ? *cap * 2 : 16;
    void *bigger = realloc(array, more * element_bytes);
    if (!bigger)
        abort();
    *cap = more;
    return bigger;
}

struct batch_claim *batch_claim(struct batch *batch, void *owner, const char *topic,
                                int32_t partition, int64_t epoch, int64_t expected)
{
    for (size_t i = 0; i < batch->n_claims; i++)
        if (batch->claims[i].owner == owner && !batch->claims[i].dropped)
            return &batch->claims[i];
    batch->claims =
        grown(batch->claims, batch->n_claims, &batch->cap_claims, sizeof(*batch->claims));
    assert(batch->n_claims < UINT16_MAX);
    struct batch_claim *claim = &batch->claims[batch->n_claims++];
    *claim = (struct batch_claim){
        .topic = topic,
        .partition = partition,
        .epoch = epoch,
        .expected = expected,
        .next = expected,
        .last = {.offset = -1},
        .owner = owner,
    };
    if (batch->first_us == 0)
        batch->first_us = clock_mono_us();
    return claim;
}

void batch_skip_to(struct batch_claim *claim, int64_t next)
{
    assert(next >= claim->next);
    claim->tally.absent += next - claim->next;
    claim->next = next;
}

static uint32_t packed_headers_len(const struct record *record)
{
    size_t len = 0;
    for (size_t i = 0; i < record->n_headers; i++)
        len += 8 + record->headers[i].name.len + record->headers[i].value.len;
    assert(len <= UINT32_MAX);
    return (uint32_t)len;
}

static void pack_headers(struct buf *buf, const struct record *record)
{
    for (size_t i = 0; i < record->n_headers; i++) {
        const struct record_header *h = &record->headers[i];
        buf_add_be32(buf, (uint32_t)h->name.len);
        buf_add_be32(buf, h->value.ptr ? (uint32_t)h->value.len : UINT32_MAX);
        buf_add_slice(buf, h->name);
        buf_add_slice(buf, h->value);
    }
}

static int32_t nullable_len(struct slice s)
{
    assert(s.len <= INT32_MAX);
    return s.ptr ? (int32_t)s.len : -1;
}

void batch_add(struct batch *batch, struct batch_claim *claim, const struct record *record)
{
    uint32_t headers_len = record->n_headers ? packed_headers_len(record) : 0;
    size_t bytes = record->key.len + record->value.len + headers_len;
    if (!buf_reserve(&batch->bytes, bytes) && bytes > 0)
        abort();
    batch->entries =
        grown(batch->entries, batch->n_entries, &batch->cap_entries, sizeof(*batch->entries));
    batch->entries[batch->n_entries++] = (struct batch_entry){
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .at = batch->bytes.len,
        .key_len = nullable_len(record->key),
        .value_len = nullable_len(record->value),
        .headers_len = headers_len,
        .claim = (uint16_t)(claim - batch->claims),
    };
    buf_add_slice(&batch->bytes, record->key);
    buf_add_slice(&batch->bytes, record->value);
    if (headers_len)
        pack_headers(&batch->bytes, record);
    assert(!batch->bytes.failed);
    batch_skip_to(claim, record->offset);
    claim->next = record->offset + 1;
    claim->records++;
    batch->value_bytes += record->key.len + record->value.len;
}

void batch_drop(struct batch *batch, const void *owner)
{
    for (size_t i = 0; i < batch->n_claims; i++)
        if (batch->claims[i].owner == owner)
            batch->claims[i].dropped = true;
}

static uint32_t read_be32(const char *at)
{
    const unsigned char *b = (const unsigned char *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

struct record_header *batch_headers(struct batch *batch, size_t n)
{
    while (batch->cap_headers < n)
        batch->headers =
            grown(batch->headers, batch->cap_headers, &batch->cap_headers, sizeof(*batch->headers));
    return batch->headers;
}

/* Our own packing, so lengths are trusted; asserts guard the trust. Returns how many. */
static size_t unpack_headers(struct batch *batch, const char *at, uint32_t len)
{
    const char *end = at + len;
    size_t n = 0;
    while (at < end) {
        struct record_header *header = &batch_headers(batch, n + 1)[n];
        uint32_t name_len = read_be32(at);
        uint32_t value_len = read_be32(at + 4);
        at += 8;
        header->name = (struct slice){at, name_len};
        at += name_len;
        header->value = value_len == UINT32_MAX ? SLICE_NONE : (struct slice){at, value_len};
        at += header->value.len;
        assert(at <= end);
        n++;
    }
    return n;
}

void batch_record(struct batch *batch, size_t i, struct record *out)
{
    assert(i < batch->n_entries);
    const struct batch_entry *entry = &batch->entries[i];
    const struct batch_claim *claim = &batch->claims[entry->claim];
    const char *at = batch->bytes.data ? batch->bytes.data + entry->at : "";
    *out = (struct record){
        .topic = claim->topic,
        .partition = claim->partition,
        .offset = entry->offset,
        .timestamp_ms = entry->timestamp_ms,
    };
    if (entry->key_len >= 0) {
        out->key = (struct slice){at, (size_t)entry->key_len};
        at += entry->key_len;
    }
    if (entry->value_len >= 0) {
        out->value = (struct slice){at, (size_t)entry->value_len};
        at += entry->value_len;
    }
    if (entry->headers_len) {
        out->n_headers = unpack_headers(batch, at, entry->headers_len);
        out->headers = batch->headers;
    }
}

void batch_seal(struct batch *batch)
{
    size_t left = batch->n_claims;
    for (size_t i = batch->n_entries; i-- > 0 && left > 0;) {
        struct batch_claim *claim = &batch->claims[batch->entries[i].claim];
        if (claim->last.offset >= 0)
            continue;
        struct record record;
        batch_record(batch, i, &record);
        struct fingerprint print = fingerprint_of(record.key, record.value, record.timestamp_ms);
        claim->last = (struct last_record){record.offset, print.timestamp_ms, print.crc};
        left--;
    }
}
