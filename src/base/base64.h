/* Base64 (RFC 4648, section 4): the usual alphabet, padded. */
#ifndef WEIR_BASE_BASE64_H
#define WEIR_BASE_BASE64_H

#include "base/buf.h"
#include "base/slice.h"

void base64_encode(struct buf *out, struct slice bytes);

#endif
