/*
 * One run of weir consume: what its words and options ask for, and the parts that do it.
 *
 * cmd_consume.c reads the command line and reads partitions of its own choice; consume_group.c
 * those that a group gives; consume_read.c is what both do with records. One thread does it all.
 */
#ifndef WEIR_CMD_CONSUME_H
#define WEIR_CMD_CONSUME_H

#include "cmd/cli.h"
#include "cmd/consume_plan.h"
#include "cmd/record_printer.h"

/* How long to wait for records before looking after other things. */
#define CONSUME_WAIT_MS 100

struct consume {
    struct cli *cli;
    struct consume_request request;
    bool offset_given;
    const char *group; /* -g, or NULL */
    struct consume_plan plan;
    struct record_printer printer;
    struct record_format *format;
    int64_t left; /* records until -n is reached */
    struct admin *admin;
    struct consumer *consumer;
    struct part *parts; /* those that are read now */
    size_t n_parts;
    struct err fault; /* what ends it; class ERR_NONE: nothing */
};

/* A partition while it is read. */
struct part {
    struct consume *consume;
    const char *topic;
    int32_t partition;
    int64_t stop;          /* the first offset that is not wanted; INT64_MAX: open */
    struct stream *stream; /* NULL: it is not read yet */
    bool placed;           /* in a group: it is known where it begins */
    bool is_new;           /* made since we began; in a group alone */
    bool at_end;           /* of what is committed */
    bool done;
    /* All before `next` was printed or needs no printing; what is before `written` has left us. */
    int64_t next;
    int64_t written;
    int64_t committed; /* by us to the group, or found there; -1: nothing */
};

/* Whether to stop at once: -n, a closed pipe, a fault, a signal. */
bool consume_is_over(const struct consume *consume);
/* Whether -e and --to have what they asked for. At the end nothing older comes: enough for -e, and
 * for --to when its time has come. */
bool consume_all_done(const struct consume *consume);
/* One round over all parts, or less once a flush had to wait; whether anything came. */
bool consume_read_parts(struct consume *consume);
/* An event of the consumer that is no rebalance: an outage is told, anything else ends it. */
void consume_take_fault(struct consume *consume, const struct err *err);
/* Bring out what was printed; the first fault is the one to tell. */
void consume_flush(struct consume *consume);

/* Read what the group gives, from where it was, and commit what was written. */
int consume_in_group(struct consume *consume, struct err *err);

#endif
