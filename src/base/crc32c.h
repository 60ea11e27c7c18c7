/* CRC-32C (Castagnoli), as Kafka's record batches use it (RFC 3720, B.4), by ISA-L. */
#ifndef WEIR_BASE_CRC32C_H
#define WEIR_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* `crc` is 0 at first, then the value returned for the bytes before. */
uint32_t crc32c(uint32_t crc, const void *data, size_t bytes);

#endif
