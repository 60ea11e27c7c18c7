/* Records into a topic: idempotent, acknowledged by all, none dropped while a broker is away. */
#include "base/signals.h"
#include "generate/target.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define POLL_EACH 500
#define US_PER_MS 1000

/* What the ledger will say of a record that is on its way. */
struct note {
    struct note *next; /* of the free ones */
    enum fault fault;
    bool id_bare;
    size_t id_bytes; /* SIZE_MAX: null */
    size_t id_room;
    char *id;
};

struct topic {
    struct target target;
    const struct topic_options *options;
    struct producer *producer;
    struct note *notes; /* free ones; as many were made as ever were on their way at once */
    unsigned since_poll;
    int64_t *next_offsets; /* by partition: behind what was acknowledged last */
    int32_t n_partitions;
    bool failed; /* a record, or the ledger: `err` says why */
    struct err err;
};

/* ---- Notes ---- */

static struct note *take_note(struct topic *topic, const struct made *made)
{
    struct note *note = topic->notes;
    if (note)
        topic->notes = note->next;
    else
        note = calloc(1, sizeof *note);
    if (note && made->id.len > note->id_room) {
        char *room = realloc(note->id, made->id.len);
        if (!room) {
            free(note->id);
            free(note);
            return NULL;
        }
        note->id = room;
        note->id_room = made->id.len;
    }
    if (!note)
        return NULL;
    note->fault = made->fault;
    note->id_bare = made->id_bare;
    note->id_bytes = made->id.ptr ? made->id.len : SIZE_MAX;
    if (note->id && made->id.ptr)
        memcpy(note->id, made->id.ptr, made->id.len);
    return note;
}

static void give_back(struct topic *topic, struct note *note)
{
    note->next = topic->notes;
    topic->notes = note;
}

static void fail(struct topic *topic, const struct err *err)
{
    if (!topic->failed)
        topic->err = *err;
    topic->failed = true;
}

static void write_line(struct topic *topic, const struct note *note,
                       const struct producer_report *report)
{
    struct err err;
    const struct ledger_line line = {
        .topic = report->topic,
        .partition = report->partition,
        .offset = report->offset,
        .id = note->id_bytes == SIZE_MAX ? SLICE_NONE
                                         : (struct slice){note->id ? note->id : "", note->id_bytes},
        .id_bare = note->id_bare,
        .fault = note->fault,
    };
    if (ledger_file_add(topic->options->ledger, &line, &err) < 0)
        fail(topic, &err);
}

/*
 * A log that goes on before where it was has lost what was acknowledged: it is another one, or that
 * of a leader which did not have all (acks=1).
 */
static void check_offset(struct topic *topic, const struct producer_report *report)
{
    struct err err;
    if (report->partition < 0 || report->partition >= topic->n_partitions || report->offset < 0)
        return;
    int64_t *next = &topic->next_offsets[report->partition];
    if (report->offset < *next) {
        err_set(&err, ERR_HALT,
                "topic \"%s\": offset %" PRId64 " of partition %" PRId32
                " was acknowledged behind offset %" PRId64
                ", so what was there before is gone: was the topic deleted and made anew?",
                report->topic, report->offset, report->partition, *next - 1);
        fail(topic, &err);
    }
    *next = report->offset + 1;
}

/* Not all brokers say where a batch is that they were sent twice. */
static void fail_nowhere(struct topic *topic, const struct producer_report *report)
{
    struct err err;
    err_set(&err, ERR_HALT,
            "topic \"%s\": the broker has acknowledged a record of partition %" PRId32
            " and not said its offset, so the ledger cannot name it: begin anew with another topic "
            "and file, or without --ledger",
            report->topic, report->partition);
    fail(topic, &err);
}

static void on_report(void *context, const struct producer_report *report)
{
    struct topic *topic = context;
    struct note *note = report->mark;
    if (report->err)
        fail(topic, report->err);
    else
        check_offset(topic, report);
    if (!report->err && note && report->offset >= 0)
        write_line(topic, note, report);
    else if (!report->err && note)
        fail_nowhere(topic, report);
    if (note)
        give_back(topic, note);
}

/* ---- What a target does ---- */

static int look(struct topic *topic, struct err *err)
{
    struct figures *own = &topic->target.progress->own;
    own->acknowledged = producer_delivered(topic->producer);
    own->failed = producer_failed(topic->producer);
    own->away = producer_is_away(topic->producer);
    if (!topic->failed)
        return 0;
    *err = topic->err;
    return -1;
}

static int put(struct target *target, const struct made *made, struct err *err)
{
    struct topic *topic = (struct topic *)target;
    if (topic->failed)
        return look(topic, err);
    int64_t time_ms = made->time_us / US_PER_MS;
    struct producer_record record = {
        .topic = topic->options->topic,
        .partition = topic->options->partition,
        .key = made->key,
        .value = made->value,
        .timestamp_ms = topic->options->own_times || made->fault == FAULT_LATE ? time_ms : -1,
    };
    if (topic->options->ledger) {
        record.mark = take_note(topic, made);
        if (!record.mark)
            return err_set(err, ERR_BUG, "out of memory");
    }
    int rc = producer_offer(topic->producer, &record, err);
    if (rc != 0 && record.mark)
        give_back(topic, record.mark);
    if (rc == 0 && ++topic->since_poll >= POLL_EACH) {
        topic->since_poll = 0;
        producer_poll(topic->producer);
        look(topic, err); /* what failed ends it with the next; this one is taken */
    }
    return rc;
}

static int rest(struct target *target, int wait_ms, bool full, struct err *err)
{
    struct topic *topic = (struct topic *)target;
    producer_wait(topic->producer, wait_ms, full);
    if (look(topic, err) < 0)
        return -1;
    return topic->options->ledger ? ledger_file_flush(topic->options->ledger, err) : 0;
}

static bool drain(struct target *target)
{
    struct topic *topic = (struct topic *)target;
    struct err own;
    bool open = producer_drain(topic->producer);
    return look(topic, &own) == 0 && open;
}

static int finish(struct target *target, struct err *err)
{
    struct topic *topic = (struct topic *)target;
    struct err own;
    int rc = producer_flush(topic->producer, err);
    if (look(topic, &own) < 0) {
        *err = own;
        rc = -1;
    }
    if (topic->options->ledger && ledger_file_sync(topic->options->ledger, &own) < 0 && rc == 0) {
        *err = own;
        rc = -1;
    }
    return rc;
}

static void topic_free(struct target *target)
{
    struct topic *topic = (struct topic *)target;
    producer_free(topic->producer);
    while (topic->notes) {
        struct note *note = topic->notes;
        topic->notes = note->next;
        free(note->id);
        free(note);
    }
    free(topic->next_offsets);
    free(topic);
}

/* Partitions that are added while it runs are not looked at. */
static int note_partitions(struct topic *topic, int32_t n, struct err *err)
{
    topic->next_offsets = calloc((size_t)n + 1, sizeof *topic->next_offsets);
    if (!topic->next_offsets)
        return err_set(err, ERR_BUG, "out of memory");
    topic->n_partitions = n;
    return 0;
}

static int open_producer(struct topic *topic, struct err *err)
{
    const struct topic_options *options = topic->options;
    const struct producer_options producer = {
        .scope = "",
        .brokers = options->brokers,
        .properties = options->properties,
        .n_properties = options->n_properties,
        .bulk = options->bulk,
        .patient = true,
        .report = on_report,
        .context = topic,
    };
    struct topic_info info;
    if (producer_open(&topic->producer, &producer, options->topic, ADMIN_CONNECT_MS, &info, err) <
        0)
        return -1;
    if (options->partition >= info.partitions)
        return err_set(err, ERR_USAGE,
                       "%s has no partition %" PRId32 ": its partitions are 0 to %" PRId32,
                       options->topic, options->partition, info.partitions - 1);
    return note_partitions(topic, info.partitions, err);
}

int target_topic_new(struct target **out, const struct topic_options *options,
                     struct progress *progress, struct err *err)
{
    static const struct target_calls calls = {
        .put = put, .rest = rest, .drain = drain, .finish = finish, .free = topic_free};
    struct topic *topic = calloc(1, sizeof *topic);
    *out = NULL;
    if (!topic)
        return err_set(err, ERR_BUG, "out of memory");
    topic->target = (struct target){.calls = &calls, .progress = progress};
    topic->options = options;
    if (open_producer(topic, err) < 0) {
        topic_free(&topic->target);
        return -1;
    }
    *out = &topic->target;
    return 0;
}
