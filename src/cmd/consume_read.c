/* Records of the partitions that are read, onto stdout. */
#include "cmd/consume.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"

#include <inttypes.h>

#define READ_AT_ONCE 1000
/* When who reads us is slow, so that other things are not looked after too late. */
#define READ_AT_ONCE_SLOWLY 10

bool consume_is_over(const struct consume *consume)
{
    return consume->left <= 0 || consume->printer.outlet.closed ||
           consume->fault.class != ERR_NONE || signals_stop_requested();
}

bool consume_all_done(const struct consume *consume)
{
    const struct consume_request *request = &consume->request;
    bool is_past = request->to_ms >= 0 && clock_wall_us() / 1000 >= request->to_ms;
    for (size_t i = 0; i < consume->n_parts; i++) {
        const struct part *part = &consume->parts[i];
        if (!part->done && !(part->at_end && (request->to_end || is_past)))
            return false;
    }
    return true;
}

/* Nothing that was printed is with us any more. */
static void note_written(struct consume *consume)
{
    for (size_t i = 0; i < consume->n_parts; i++)
        consume->parts[i].written = consume->parts[i].next;
}

static void take_record(struct part *part, const struct message *message)
{
    struct consume *consume = part->consume;
    int64_t to_ms = consume->request.to_ms;
    part->at_end = false;
    if (message->offset >= part->stop || (to_ms >= 0 && message->timestamp_ms >= to_ms)) {
        part->done = true;
        if (message->offset >= part->stop && part->next < part->stop)
            part->next = part->stop;
        return;
    }
    int rc = record_printer_add(&consume->printer, part->topic, part->partition, message,
                                &consume->fault);
    if (rc < 0 || consume->printer.outlet.closed)
        return;
    part->next = message->offset + 1;
    if (part->next >= part->stop)
        part->done = true;
    if (rc == 0)
        return;
    consume->left--;
    /* It was much, and has just left. */
    if (consume->printer.out.len == 0)
        note_written(consume);
}

static void take_out_of_range(struct part *part, const struct err *err)
{
    struct consume *consume = part->consume;
    if (!consume->group)
        consume->fault = *err;
    else
        err_set(&consume->fault, ERR_HALT,
                "%s (any more); weir group seek %s -t %s:%" PRId32 " -o beginning, or another "
                "place, lets the group go on",
                err->text, consume->group, part->topic, part->partition);
}

static void on_message(void *context, const struct message *message)
{
    struct part *part = context;
    struct consume *consume = part->consume;
    if (part->done || consume_is_over(consume))
        return;
    switch (message->kind) {
    case MESSAGE_RECORD:
        take_record(part, message);
        break;
    case MESSAGE_EOF:
        part->at_end = true;
        if (message->offset > part->next)
            part->next = message->offset;
        break;
    case MESSAGE_OUT_OF_RANGE:
        take_out_of_range(part, message->err);
        break;
    case MESSAGE_FAULT:
        consume_take_fault(consume, message->err);
        break;
    }
}

void consume_take_fault(struct consume *consume, const struct err *err)
{
    if (err->class == ERR_OUTAGE)
        log_warn("", "%s", err->text);
    else
        consume->fault = *err;
}

bool consume_read_parts(struct consume *consume)
{
    bool any = false;
    size_t max = consume->printer.outlet.waited ? READ_AT_ONCE_SLOWLY : READ_AT_ONCE;
    consume->printer.outlet.waited = false;
    for (size_t i = 0; i < consume->n_parts && !consume_is_over(consume); i++) {
        if (consume->printer.outlet.waited)
            return true;
        struct part *part = &consume->parts[i];
        if (!part->done && part->stream)
            any |= stream_read(part->stream, max, on_message, part) > 0;
    }
    return any;
}

void consume_flush(struct consume *consume)
{
    struct err err = {.class = ERR_NONE};
    if (record_printer_flush(&consume->printer, &err) == 0) {
        if (!consume->printer.outlet.closed)
            note_written(consume);
    } else if (consume->fault.class == ERR_NONE) {
        consume->fault = err;
    }
}
