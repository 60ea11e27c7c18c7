/* Randomness from the kernel; for tokens and names, not for speed. Any thread may call. */
#ifndef WEIR_BASE_RANDOM_H
#define WEIR_BASE_RANDOM_H

#include <stddef.h>

#define UUID_TEXT_BYTES 37 /* with the NUL */

void random_bytes(void *out, size_t bytes);
/* A random UUID (RFC 9562, version 4) in lower case. */
void random_uuid(char out[UUID_TEXT_BYTES]);

#endif
