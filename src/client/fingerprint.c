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

int admin_recognize(struct admin *admin, const char *topic, int32_t partition, int64_t offset,
                    const struct fingerprint *print, int64_t low, int timeout_ms,
                    enum recognized *out, struct err *err)
{
    struct fingerprint found;
    bool compacted = false;
    int64_t high;
    *out = RECOGNIZED_DELETED;
    if (offset < low)
        return 0;
    int rc = admin_reread(admin, topic, partition, offset, timeout_ms, &found, err);
    if (rc < 0)
        return -1;
    if (rc > 0) {
        bool same = found.timestamp_ms == print->timestamp_ms && found.crc == print->crc;
        *out = same ? RECOGNIZED_SAME : RECOGNIZED_OTHER;
        return 0;
    }
    /* Retention may have come in between. */
    if (admin_watermarks(admin, topic, partition, timeout_ms, &low, &high, err) < 0 ||
        admin_is_compacted(admin, topic, timeout_ms, &compacted, err) < 0)
        return -1;
    if (offset < low)
        return 0;
    *out = compacted ? RECOGNIZED_COMPACTED : RECOGNIZED_MISSING;
    return 0;
}
