/*
 * Questions to a cluster, each a blocking call with a timeout: for a control thread, never for the
 * thread that polls a consumer. One struct admin has one owner.
 */
#ifndef WEIR_CLIENT_ADMIN_H
#define WEIR_CLIENT_ADMIN_H

#include "base/arena.h"
#include "base/config.h"
#include "base/err.h"
#include "client/consumer.h"

struct admin;

/*
 * For the first answer of a verb that a person waits for. It is less than the 10 s after which the
 * library takes a mute broker for one that is very old, tries that, and says so.
 */
#define ADMIN_CONNECT_MS 5000

int admin_new(struct admin **out, const char *scope, const char *brokers,
              const struct property *properties, size_t n_properties, struct err *err);
void admin_free(struct admin *admin);
/* Whether a question also ends when signals_stop_requested(): ERR_OUTAGE. At first it does not. */
void admin_heed_stop(struct admin *admin, bool heeds);

/* The cluster's id ("" if it gives none). ERR_OUTAGE names the brokers that were tried. */
int admin_cluster_id(struct admin *admin, int timeout_ms, char out[64], struct err *err);

struct topic_info {
    int32_t partitions;
    /*
     * Topic id in the library's base64, which has + and / where Kafka's tools print - and _, and is
     * what stores keep; "" if the library is too old.
     */
    char id[32];
};
/* An unknown topic is ERR_USAGE and names the nearest existing one. */
int admin_topic(struct admin *admin, const char *topic, int timeout_ms, struct topic_info *out,
                struct err *err);

/* Log start and end (high watermark, uncommitted records included). */
int admin_watermarks(struct admin *admin, const char *topic, int32_t partition, int timeout_ms,
                     int64_t *low, int64_t *high, struct err *err);

/* Turn a place named by a person into an offset within [low, high]. OFFSET_STORED is not for here.
 */
int admin_resolve(struct admin *admin, const char *topic, int32_t partition,
                  struct offset_spec spec, int timeout_ms, int64_t *out, struct err *err);

/*
 * The pure part of that, for a log of [low, high]; `at` is the first record not older than the time
 * of an OFFSET_TIME. An offset that is not in the log is ERR_USAGE.
 */
int offset_place(struct offset_spec spec, const char *topic, int32_t partition, int64_t low,
                 int64_t high, int64_t at, int64_t *out, struct err *err);

/* The value of one of the topic's configs; "" if it has none of that name. */
int admin_topic_config(struct admin *admin, const char *topic, const char *name, int timeout_ms,
                       char *out, size_t size, struct err *err);

/* Whether cleanup.policy of the topic includes "compact". */
int admin_is_compacted(struct admin *admin, const char *topic, int timeout_ms, bool *out,
                       struct err *err);

/*
 * What identifies a record when no topic id does: its timestamp and the CRC-32C over key length,
 * key, value length, value (lengths as 4 bytes big-endian, -1 for null).
 */
struct fingerprint {
    int64_t timestamp_ms;
    uint32_t crc;
};
struct fingerprint fingerprint_of(struct slice key, struct slice value, int64_t timestamp_ms);

/*
 * Read the first record at or after `offset` again. 1: found at exactly `offset` and
 * fingerprinted; 0: there is none at that very offset (compacted, deleted, or past the end); -1:
 * error.
 */
int admin_reread(struct admin *admin, const char *topic, int32_t partition, int64_t offset,
                 int timeout_ms, struct fingerprint *out, struct err *err);

/* What a record that was seen once says about a topic of this name. */
enum recognized {
    RECOGNIZED_SAME,      /* it is there: the same topic */
    RECOGNIZED_OTHER,     /* another record is in its place: another topic */
    RECOGNIZED_MISSING,   /* nothing is, though nothing deletes in the midst: another topic */
    RECOGNIZED_DELETED,   /* by retention: it proves nothing */
    RECOGNIZED_COMPACTED, /* or it may have been: it proves nothing */
};
/* Look for the record of `offset` and `print`; `low` is where the log begins. */
int admin_recognize(struct admin *admin, const char *topic, int32_t partition, int64_t offset,
                    const struct fingerprint *print, int64_t low, int timeout_ms,
                    enum recognized *out, struct err *err);

/* "librdkafka 2.0.2" and what it can do that matters here, for --version and the log. */
const char *client_library_version(void);

#endif
