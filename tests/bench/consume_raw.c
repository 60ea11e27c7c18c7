/*
 * Drains a topic through src/client alone and says how fast and in how much memory: what the
 * library's queue limits are tuned with, and a look at every event on the way.
 *
 *   consume_raw -b BROKERS -t TOPIC [-g GROUP [-i INSTANCE]] [-o OFFSET] [-w MICROSECONDS]
 *               [-s SECONDS] [-p] [-v] [-X NAME=VALUE]...
 *
 * Without -s it ends when each partition has reached its end, else after that many seconds or on
 * SIGTERM. -w is work done for each record, to stand for decoding; -p prints each
 * record and mark, -v the library's own lines.
 */
#include "base/clock.h"
#include "base/config.h"
#include "base/log.h"
#include "client/admin.h"
#include "client/consumer.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define PARTITIONS_MAX 64
#define TIMEOUT_MS 10000

struct reader {
    struct partition_ref ref;
    int64_t next; /* offset expected next at the earliest */
    int64_t end;  /* offset of the last end mark */
    uint64_t records;
    uint64_t bytes;
    uint64_t ends;
    bool stopped;
    bool prints;
    int64_t work_us;
};

struct run {
    const char *brokers, *topic, *group, *instance, *offset;
    struct property properties[32];
    size_t n_properties;
    int64_t work_us, seconds;
    bool prints;
    struct admin *admin;
    struct consumer *consumer;
    struct reader readers[PARTITIONS_MAX];
    size_t n_readers;
    int64_t anonymous_max_kb;
};

static int64_t anonymous_kb(void)
{
    char line[256];
    int64_t kb = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "RssAnon: %" SCNd64, &kb) == 1)
            break;
    if (file)
        fclose(file);
    return kb;
}

static void die(const struct err *err)
{
    fprintf(stderr, "%s [%s %s]\n", err->text, err_class_name(err->class), err->code);
    exit(1);
}

static void work(int64_t us)
{
    int64_t until = clock_mono_us() + us;
    while (us > 0 && clock_mono_us() < until)
        ;
}

static void print_slice(const char *name, struct slice s)
{
    if (s.ptr)
        printf(" %s=\"%.*s\"", name, SLICE_ARG(s));
    else
        printf(" %s=null", name);
}

static void print_record(const struct message *message)
{
    struct slice name, value;
    printf("  %" PRId64 " at %" PRId64, message->offset, message->timestamp_ms);
    print_slice("key", message->key);
    print_slice("value", message->value);
    for (size_t i = 0; message_header(message, i, &name, &value); i++) {
        printf(" header %.*s", SLICE_ARG(name));
        print_slice("", value);
    }
    printf("\n");
}

static void on_message(void *context, const struct message *message)
{
    struct reader *reader = context;
    switch (message->kind) {
    case MESSAGE_RECORD:
        if (message->offset < reader->next)
            printf("! %s [%d] offset %" PRId64 " came twice\n", reader->ref.topic,
                   reader->ref.partition, message->offset);
        reader->next = message->offset + 1;
        reader->records++;
        if (reader->prints)
            print_record(message);
        reader->bytes += message->key.len + message->value.len;
        work(reader->work_us);
        break;
    case MESSAGE_EOF:
        reader->end = message->offset;
        reader->ends++;
        if (reader->prints)
            printf("  end at %" PRId64 "\n", message->offset);
        break;
    case MESSAGE_OUT_OF_RANGE:
    case MESSAGE_FAULT:
        printf("%s [%d] at %" PRId64 ": %s: %s [%s %s]\n", reader->ref.topic, reader->ref.partition,
               message->offset, message->kind == MESSAGE_FAULT ? "fault" : "out of range",
               message->err->text, err_class_name(message->err->class), message->err->code);
        reader->stopped = true;
        break;
    }
}

static struct offset_spec start_of(const struct run *run)
{
    struct offset_spec spec = {.kind = OFFSET_BEGINNING};
    if (run->offset && !strcmp(run->offset, "end"))
        spec.kind = OFFSET_END;
    else if (run->offset)
        spec = (struct offset_spec){OFFSET_ABSOLUTE, strtoll(run->offset, NULL, 10)};
    return spec;
}

/* Without a look at the limits, so that an offset out of range can be tried. */
static int64_t resolve(const struct run *run, int32_t partition)
{
    struct err err;
    struct offset_spec spec = start_of(run);
    int64_t offset = spec.value;
    if (spec.kind != OFFSET_ABSOLUTE &&
        admin_resolve(run->admin, run->topic, partition, spec, TIMEOUT_MS, &offset, &err) != 0)
        die(&err);
    return offset;
}

static void assign(struct run *run, const int32_t *partitions, size_t n)
{
    struct err err;
    struct partition_ref refs[PARTITIONS_MAX];
    run->n_readers = n;
    for (size_t i = 0; i < n; i++) {
        refs[i] = (struct partition_ref){run->topic, partitions[i], resolve(run, partitions[i])};
        run->readers[i] = (struct reader){.ref = refs[i],
                                          .end = -1,
                                          .prints = run->prints,
                                          .work_us = run->work_us};
    }
    if (consumer_assign(run->consumer, refs, n, &err) != 0)
        die(&err);
}

static void on_event(struct run *run, const struct consumer_event *event)
{
    struct err err;
    int32_t partitions[PARTITIONS_MAX];
    double at = (double)clock_mono_us() / 1e6;
    switch (event->kind) {
    case CONSUMER_NOTHING:
        return;
    case CONSUMER_ASSIGNED:
        printf("%.3f assigned %zu\n", at, event->n_partitions);
        for (size_t i = 0; i < event->n_partitions; i++)
            partitions[i] = event->partitions[i].partition;
        assign(run, partitions, event->n_partitions);
        return;
    case CONSUMER_REVOKED:
        printf("%.3f revoked %zu%s\n", at, event->n_partitions, event->lost ? " (lost)" : "");
        run->n_readers = 0;
        if (consumer_unassign(run->consumer, &err) != 0)
            die(&err);
        return;
    case CONSUMER_FAULT:
        printf("%.3f fault: %s [%s %s]\n", at, event->err.text, err_class_name(event->err.class),
               event->err.code);
        return;
    case CONSUMER_RECONNECTED:
        printf("%.3f %s\n", at, event->was_away ? "reconnected" : "metadata asked");
        return;
    }
}

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static bool is_over(const struct run *run, int64_t started_us)
{
    if (stopped)
        return true;
    if (run->seconds > 0)
        return clock_mono_us() - started_us > run->seconds * 1000000;
    size_t done = 0;
    for (size_t i = 0; i < run->n_readers; i++)
        done += run->readers[i].end >= 0 || run->readers[i].stopped;
    return run->n_readers > 0 && done == run->n_readers;
}

static void drain(struct run *run)
{
    int64_t started_us = clock_mono_us();
    int64_t looked_us = 0;
    while (!is_over(run, started_us)) {
        struct consumer_event event;
        do {
            consumer_poll(run->consumer, &event);
            on_event(run, &event);
        } while (event.kind != CONSUMER_NOTHING);
        size_t n = 0;
        for (size_t i = 0; i < run->n_readers; i++) {
            const struct partition_ref *ref = &run->readers[i].ref;
            struct stream *stream = consumer_stream(run->consumer, ref->topic, ref->partition);
            n += stream_read(stream, 2000, on_message, &run->readers[i]);
        }
        if (n == 0)
            consumer_wait(run->consumer, 100);
        if (clock_mono_us() - looked_us > 20000) {
            int64_t kb = anonymous_kb();
            run->anonymous_max_kb = kb > run->anonymous_max_kb ? kb : run->anonymous_max_kb;
            looked_us = clock_mono_us();
        }
    }
}

static void report(const struct run *run, int64_t us)
{
    struct rusage usage;
    uint64_t records = 0, bytes = 0;
    getrusage(RUSAGE_SELF, &usage);
    for (size_t i = 0; i < run->n_readers; i++) {
        const struct reader *reader = &run->readers[i];
        printf("%s [%d] records %" PRIu64 " next %" PRId64 " end %" PRId64 " (%" PRIu64 ")\n",
               reader->ref.topic, reader->ref.partition, reader->records, reader->next, reader->end,
               reader->ends);
        records += reader->records;
        bytes += reader->bytes;
    }
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("%s: %" PRIu64 " records, %.1f MB in %.2f s = %.0f thousand/s, CPU %.2f s, anonymous "
           "memory at most %.1f MiB\n",
           client_library_version(), records, (double)bytes / 1e6, (double)us / 1e6,
           (double)records * 1e3 / (double)us, cpu_s, (double)run->anonymous_max_kb / 1024);
}

static void parse(struct run *run, int argc, char **argv)
{
    int c;
    while ((c = getopt(argc, argv, "b:t:g:i:o:w:s:X:pv")) != -1) {
        char *equals = c == 'X' ? strchr(optarg, '=') : NULL;
        if (c == 'X' && equals && run->n_properties < 32) {
            *equals = '\0';
            run->properties[run->n_properties++] = (struct property){optarg, equals + 1, "-X"};
        } else if (c == 'b') {
            run->brokers = optarg;
        } else if (c == 't') {
            run->topic = optarg;
        } else if (c == 'g') {
            run->group = optarg;
        } else if (c == 'i') {
            run->instance = optarg;
        } else if (c == 'o') {
            run->offset = optarg;
        } else if (c == 'w') {
            run->work_us = strtoll(optarg, NULL, 10);
        } else if (c == 's') {
            run->seconds = strtoll(optarg, NULL, 10);
        } else if (c == 'p') {
            run->prints = true;
        } else if (c == 'v') {
            log_init(LOG_DEBUG, LOG_FORMAT_AUTO);
        } else {
            exit(2);
        }
    }
    if (!run->brokers || !run->topic) {
        fprintf(stderr, "-b BROKERS and -t TOPIC are needed\n");
        exit(2);
    }
}

static void begin(struct run *run)
{
    struct err err;
    char cluster[64];
    struct topic_info topic;
    if (admin_new(&run->admin, "bench", run->brokers, run->properties, run->n_properties, &err) ||
        admin_cluster_id(run->admin, TIMEOUT_MS, cluster, &err) ||
        admin_topic(run->admin, run->topic, TIMEOUT_MS, &topic, &err))
        die(&err);
    printf("cluster %s topic id \"%s\" partitions %d\n", cluster, topic.id, topic.partitions);
    struct consumer_options options = {
        .scope = "bench",
        .brokers = run->brokers,
        .properties = run->properties,
        .n_properties = run->n_properties,
        .group = run->group,
        .instance = run->instance,
        .partitions = topic.partitions,
    };
    if (consumer_new(&run->consumer, &options, &err) != 0)
        die(&err);
    int32_t partitions[PARTITIONS_MAX];
    for (int32_t i = 0; i < topic.partitions && i < PARTITIONS_MAX; i++)
        partitions[i] = i;
    if (!run->group)
        assign(run, partitions, (size_t)topic.partitions);
    else if (consumer_subscribe(run->consumer, &run->topic, 1, &err) != 0)
        die(&err);
}

int main(int argc, char **argv)
{
    static struct run run;
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGTERM, on_signal);
    log_init(LOG_WARN, LOG_FORMAT_AUTO);
    parse(&run, argc, argv);
    begin(&run);
    int64_t started_us = clock_mono_us();
    drain(&run);
    report(&run, clock_mono_us() - started_us);
    int64_t leaving_us = clock_mono_us();
    consumer_free(run.consumer, 1000);
    admin_free(run.admin);
    printf("left in %.3f s\n", (double)(clock_mono_us() - leaving_us) / 1e6);
    return 0;
}
