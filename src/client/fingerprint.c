#include "client/admin.h"

#include "base/crc32c.h"

#include <limits.h>

static uint32_t add_bytes(uint32_t crc, struct slice s)
{
    uint32_t len = s.ptr ? (uint32_t)s.len : UINT32_MAX; /* -1 in two's complement: null */
    const unsigned char prefix[4] = {(unsigned char)(len >> 24), (unsigned char)(len >> 16),
                                     (unsigned char)(len >> 8), (unsigned char)len};
    crc = crc32c(crc, prefix, sizeof prefix);
    return s.ptr ? crc32c(crc, s.ptr, s.len) : crc;
}

struct fingerprint fingerprint_of(struct slice key, struct slice value, int64_t timestamp_ms)
{
    return (struct fingerprint){timestamp_ms, add_bytes(add_bytes(0, key), value)};
}
