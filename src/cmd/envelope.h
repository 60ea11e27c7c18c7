/*
 * A record as one line of JSON: what `weir consume -J` writes and `weir produce -J` reads.
 *
 *     {"topic":"t","partition":0,"offset":7,"timestamp":1700000000000,"key":null,"value":"text",
 *      "headers":[{"key":"name","value":"text"}]}
 *
 * timestamp is in milliseconds since 1970, null where the record has none. Keys and values are
 * strings, null is null. Bytes that are not UTF-8 are base64, and only then "key_encoding" or
 * "value_encoding" (in a header "value_encoding") is "base64", so that every record comes back byte
 * for byte. A header's name that is not UTF-8 cannot: such bytes become U+FFFD.
 */
#ifndef WEIR_CMD_ENVELOPE_H
#define WEIR_CMD_ENVELOPE_H

#include "base/buf.h"
#include "base/err.h"
#include "client/consumer.h"

struct envelope_header {
    struct slice name;
    struct slice value;
};

struct envelope {
    struct slice topic;   /* none: not said (read only) */
    int64_t partition;    /* -1: not said (read only) */
    int64_t timestamp_ms; /* -1: none */
    struct slice key;
    struct slice value;
    const struct envelope_header *headers;
    size_t n_headers;
};

/*
 * Append an envelope in parts: all but its headers (of `envelope` those are left aside), each
 * header of them, and a line's end.
 */
void envelope_begin(struct buf *out, const struct envelope *envelope, int64_t offset);
void envelope_add_header(struct buf *out, bool first, struct slice name, struct slice value);
void envelope_end(struct buf *out);
/* Append a record that was read, whole. */
void envelope_write(struct buf *out, const char *topic, int32_t partition,
                    const struct message *message);

/* Reads line after line; what it gave is valid until the next. */
struct envelope_reader {
    struct buf bytes;
    struct envelope_header *headers;
    size_t cap_headers;
};
void envelope_reader_init(struct envelope_reader *reader, size_t max_bytes);
void envelope_reader_release(struct envelope_reader *reader);
/* ERR_INPUT says what is wrong with the line. An unknown member is wrong: it would be lost. */
int envelope_read(struct envelope_reader *reader, struct slice line, struct envelope *out,
                  struct err *err);

#endif
