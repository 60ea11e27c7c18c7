/* Base64 (RFC 4648, section 4): the usual alphabet, padded. */
#ifndef WEIR_BASE_BASE64_H
#define WEIR_BASE_BASE64_H

#include "base/buf.h"
#include "base/slice.h"

void base64_encode(struct buf *out, struct slice bytes);
/*
 * Append the bytes of a text. -1, and nothing appended, if it is none: a length that is no multiple
 * of 4, a letter of no alphabet, bits behind the end that are not zero.
 */
int base64_decode(struct buf *out, struct slice text);

#endif
