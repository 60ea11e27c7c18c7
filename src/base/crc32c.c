#include "base/crc32c.h"

#include <isa-l/crc.h>

#define STEP_BYTES ((size_t)1 << 30) /* ISA-L counts in int */

uint32_t crc32c(uint32_t crc, const void *data, size_t bytes)
{
    /* ISA-L only reads, but its prototype lacks the const. */
    unsigned char *at = (unsigned char *)(uintptr_t)data;
    /* It also leaves the inversion before and after to its caller; undoing it here chains. */
    crc = ~crc;
    while (bytes > 0) {
        size_t step = bytes < STEP_BYTES ? bytes : STEP_BYTES;
        crc = crc32_iscsi(at, (int)step, crc);
        at += step;
        bytes -= step;
    }
    return ~crc;
}
