/*
 * Reading stretches of partitions once, without a group: for a sample of a topic, or to look for
 * records again. A blocking call of one thread, with a consumer of its own.
 *
 * Only committed records are handed over. A stretch is over at its `stop`, at the partition's end
 * (records of an open transaction are not waited for), or when the reader has had enough of it.
 */
#ifndef WEIR_CLIENT_SCAN_H
#define WEIR_CLIENT_SCAN_H

#include "client/consumer.h"

#include <stdbool.h>

struct scan_part {
    const char *topic;
    int32_t partition;
    int64_t from; /* an offset within the log, as admin_resolve() gives it */
    int64_t stop; /* the first offset that is not wanted */
    void *owner;  /* the caller's, for `each` */
    /* Set by the scan: */
    int64_t position; /* all committed records before it were handed over */
    bool done;
    bool overtaken; /* what comes at `position` is no longer in the log; see keep_on */
};

enum scan_verdict { SCAN_MORE, SCAN_PART_DONE, SCAN_ALL_DONE };

struct scan {
    const char *scope;                    /* for log lines */
    const struct pipeline_config *config; /* brokers and properties */
    int timeout_ms;                       /* without anything new, brokers are taken for gone */
    /* What retention overtakes is over, and `overtaken`; else it ends the scan as an error. */
    bool keep_on;
    /* Each record; it is valid only inside the call. */
    enum scan_verdict (*each)(void *context, struct scan_part *part, const struct message *message);
    void *context;
};

/*
 * 0: all stretches were read; 1: the reader wanted no more (SCAN_ALL_DONE), or
 * signals_stop_requested(); -1 and err: what was read until then was handed over. ERR_OUTAGE: no
 * answer in time, or an offset that is no longer in the log (retention overtook us).
 */
int scan_read(const struct scan *scan, struct scan_part *parts, size_t n, struct err *err);

/*
 * The same for many short scans one after the other over one connection: `scan` stays the caller's,
 * and `parts` is how many stretches are read at once, at most.
 */
struct scanner;
int scanner_open(struct scanner **out, const struct scan *scan, size_t parts, struct err *err);
int scanner_read(struct scanner *scanner, struct scan_part *parts, size_t n, struct err *err);
void scanner_close(struct scanner *scanner);

#endif
