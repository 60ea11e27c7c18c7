/*
 * A record's headers as a dead letter keeps them: [{"key": name, "value": base64 or null}, ...] in
 * their order, repeats and all. Values come back byte for byte. A name is text there: bytes of it
 * that are not UTF-8, and NUL, which jsonb cannot hold, are kept as U+FFFD.
 */
#ifndef WEIR_SINK_LETTER_HEADERS_H
#define WEIR_SINK_LETTER_HEADERS_H

#include "base/buf.h"
#include "base/err.h"
#include "sink/record.h"

/* Replaces what `json` holds. */
void letter_headers_write(struct buf *json, const struct record *record);

/* Headers read back; they are valid until the next are read. */
struct letter_headers {
    struct buf bytes;
    struct record_header *items;
    size_t n;
    size_t cap;
};
void letter_headers_init(struct letter_headers *headers);
void letter_headers_release(struct letter_headers *headers);
/* `json` without a pointer: no headers. ERR_INPUT when it is not in the form above. */
int letter_headers_read(struct letter_headers *headers, struct slice json, struct err *err);

#endif
