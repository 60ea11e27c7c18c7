#include "client/scan.h"

#include "base/clock.h"
#include "base/signals.h"

#include <stdlib.h>

#define READ_AT_ONCE 1000
#define WAIT_MS 100
#define CONNECT_MS 1000

/* A scan while it runs. */
struct run {
    const struct scan *scan;
    struct consumer *consumer;
    struct reading *readings;
    size_t n;
    int64_t news_us; /* monotonic time of the last message */
    bool enough;
    struct err fault;
};

struct reading {
    struct run *run;
    struct scan_part *part;
    struct stream *stream;
};

static bool is_over(const struct run *run)
{
    return run->enough || run->fault.class != ERR_NONE || signals_stop_requested();
}

static void take_record(struct reading *reading, const struct message *message)
{
    struct scan_part *part = reading->part;
    const struct scan *scan = reading->run->scan;
    if (message->offset >= part->stop) {
        part->position = part->stop;
        part->done = true;
        return;
    }
    enum scan_verdict verdict = scan->each(scan->context, part, message);
    part->position = message->offset + 1;
    part->done = verdict != SCAN_MORE || part->position >= part->stop;
    reading->run->enough = verdict == SCAN_ALL_DONE;
}

static void on_message(void *context, const struct message *message)
{
    struct reading *reading = context;
    struct run *run = reading->run;
    if (reading->part->done || is_over(run))
        return;
    if (message->kind != MESSAGE_FAULT)
        run->news_us = clock_mono_us();
    switch (message->kind) {
    case MESSAGE_RECORD:
        take_record(reading, message);
        break;
    case MESSAGE_EOF:
        reading->part->position = message->offset;
        reading->part->done = true;
        break;
    case MESSAGE_OUT_OF_RANGE:
        reading->part->done = reading->part->overtaken = run->scan->keep_on;
        if (run->scan->keep_on)
            break;
        run->fault = *message->err;
        run->fault.class = ERR_OUTAGE;
        break;
    case MESSAGE_FAULT:
        if (message->err->class != ERR_OUTAGE)
            run->fault = *message->err;
        break;
    }
}

/* Outages pass by themselves, or the time without news ends the scan with the last of them. */
static void serve_events(struct run *run, struct err *outage)
{
    struct consumer_event event;
    for (consumer_poll(run->consumer, &event); event.kind != CONSUMER_NOTHING;
         consumer_poll(run->consumer, &event)) {
        if (event.kind != CONSUMER_FAULT)
            continue;
        *(event.err.class == ERR_OUTAGE ? outage : &run->fault) = event.err;
    }
}

/* One round over all stretches. */
static void read_round(struct run *run, bool *any, bool *left)
{
    *any = *left = false;
    for (size_t i = 0; i < run->n && !is_over(run); i++) {
        struct reading *reading = &run->readings[i];
        if (reading->part->done)
            continue;
        *any |= stream_read(reading->stream, READ_AT_ONCE, on_message, reading) > 0;
        *left |= !reading->part->done;
    }
}

/* Nothing new in time: the reason the library gave meanwhile, if it gave one. */
static void give_up(struct run *run, const struct err *outage)
{
    err_set_code(&run->fault, ERR_OUTAGE, outage->code,
                 "no answer from the brokers %s within %d s%s%s", run->scan->config->brokers,
                 run->scan->timeout_ms / 1000, outage->class != ERR_NONE ? ": " : "",
                 outage->class != ERR_NONE ? outage->text : "");
}

static int read_all(struct run *run, struct err *err)
{
    struct err outage = {.class = ERR_NONE};
    bool any = false;
    bool left = true;
    run->news_us = clock_mono_us();
    while (left && !is_over(run)) {
        serve_events(run, &outage);
        read_round(run, &any, &left);
        if (any || !left || is_over(run))
            continue;
        if (clock_mono_us() - run->news_us > run->scan->timeout_ms * INT64_C(1000))
            give_up(run, &outage);
        else
            consumer_wait(run->consumer, WAIT_MS);
    }
    if (run->fault.class == ERR_NONE)
        return left ? 1 : 0;
    *err = run->fault;
    return -1;
}

/* Empty stretches are done before anything is asked. The rest is assigned at once. */
static int assign(struct run *run, struct scan_part *parts, size_t n, struct partition_ref *refs,
                  struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        struct scan_part *part = &parts[i];
        part->position = part->from;
        part->done = part->from >= part->stop;
        part->overtaken = false;
        if (part->done)
            continue;
        refs[run->n] = (struct partition_ref){part->topic, part->partition, part->from};
        run->readings[run->n++] = (struct reading){.run = run, .part = part};
    }
    if (run->n == 0)
        return 0;
    if (consumer_assign(run->consumer, refs, run->n, err) < 0)
        return -1;
    for (size_t i = 0; i < run->n; i++)
        run->readings[i].stream = consumer_stream(run->consumer, refs[i].topic, refs[i].partition);
    return 0;
}

struct scanner {
    const struct scan *scan;
    struct consumer *consumer;
};

int scanner_open(struct scanner **out, const struct scan *scan, size_t parts, struct err *err)
{
    const struct consumer_options options = {
        .scope = scan->scope,
        .brokers = scan->config->brokers,
        .properties = scan->config->kafka,
        .n_properties = scan->config->n_kafka,
        .partitions = (int32_t)parts,
    };
    struct scanner *scanner = calloc(1, sizeof *scanner);
    *out = NULL;
    if (!scanner)
        abort();
    scanner->scan = scan;
    if (consumer_new(&scanner->consumer, &options, err) != 0) {
        free(scanner);
        return -1;
    }
    consumer_connect(scanner->consumer, CONNECT_MS);
    *out = scanner;
    return 0;
}

int scanner_read(struct scanner *scanner, struct scan_part *parts, size_t n, struct err *err)
{
    struct run run = {.scan = scanner->scan, .consumer = scanner->consumer};
    struct partition_ref *refs = calloc(n + 1, sizeof *refs);
    int rc = -1;
    run.readings = calloc(n + 1, sizeof *run.readings);
    if (!refs || !run.readings)
        abort();
    if (assign(&run, parts, n, refs, err) == 0)
        rc = read_all(&run, err);
    free(run.readings);
    free(refs);
    return rc;
}

void scanner_close(struct scanner *scanner)
{
    if (!scanner)
        return;
    consumer_free(scanner->consumer, 0);
    free(scanner);
}

int scan_read(const struct scan *scan, struct scan_part *parts, size_t n, struct err *err)
{
    struct scanner *scanner;
    if (scanner_open(&scanner, scan, n, err) < 0)
        return -1;
    int rc = scanner_read(scanner, parts, n, err);
    scanner_close(scanner);
    return rc;
}
