#include "cmd/record_printer.h"

#include "cmd/envelope.h"
#include "cmd/json_pretty.h"
#include "cmd/shown.h"

#include <unistd.h>

#define OUT_MAX ((size_t)1 << 31)
#define OUT_MUCH ((size_t)64 << 10)

void record_printer_init(struct record_printer *printer)
{
    *printer = (struct record_printer){.terminal = isatty(STDOUT_FILENO)};
    outlet_init(&printer->outlet, STDOUT_FILENO, "stdout", 0);
    buf_init(&printer->out, OUT_MAX);
    buf_init(&printer->scratch, OUT_MAX);
}

void record_printer_release(struct record_printer *printer)
{
    buf_release(&printer->out);
    buf_release(&printer->scratch);
    outlet_release(&printer->outlet);
    if (printer->has_grep)
        regfree(&printer->grep);
}

static bool is_found(const struct record_printer *printer, struct slice bytes)
{
    regmatch_t range = {0, (regoff_t)bytes.len};
    return bytes.ptr && regexec(&printer->grep, bytes.ptr, 1, &range, REG_STARTEND) == 0;
}

static void add_bytes(struct record_printer *printer, struct slice bytes)
{
    if (!bytes.ptr)
        buf_add_str(&printer->out, "null");
    else if (printer->terminal)
        shown_add(&printer->out, bytes);
    else
        buf_add_slice(&printer->out, bytes);
}

static void add_value(struct record_printer *printer, struct slice value)
{
    buf_clear(&printer->scratch);
    if (printer->pretty && value.ptr && json_pretty(&printer->scratch, value))
        value = buf_slice(&printer->scratch);
    add_bytes(printer, value);
}

static void add_line(struct record_printer *printer, const struct message *message)
{
    if (printer->key_delimiter) {
        add_bytes(printer, message->key);
        buf_add_str(&printer->out, printer->key_delimiter);
    }
    add_value(printer, message->value);
    buf_add_byte(&printer->out, '\n');
}

static void add_envelope(struct record_printer *printer, const char *topic, int32_t partition,
                         const struct message *message)
{
    if (!printer->pretty) {
        envelope_write(&printer->out, topic, partition, message);
        return;
    }
    buf_clear(&printer->scratch);
    envelope_write(&printer->scratch, topic, partition, message);
    json_pretty(&printer->out, buf_slice(&printer->scratch));
    buf_add_byte(&printer->out, '\n');
}

int record_printer_add(struct record_printer *printer, const char *topic, int32_t partition,
                       const struct message *message, struct err *err)
{
    if (printer->has_grep && !is_found(printer, message->value) && !is_found(printer, message->key))
        return 0;
    if (printer->json)
        add_envelope(printer, topic, partition, message);
    else if (printer->format)
        record_format_add(printer->format, &printer->out, printer->terminal, topic, partition,
                          message);
    else
        add_line(printer, message);
    if (printer->out.failed || printer->scratch.failed)
        return err_set(err, ERR_BUG, "out of memory");
    if (printer->out.len >= OUT_MUCH && record_printer_flush(printer, err) < 0)
        return -1;
    return 1;
}

int record_printer_flush(struct record_printer *printer, struct err *err)
{
    if (outlet_write(&printer->outlet, buf_slice(&printer->out), err) < 0)
        return -1;
    buf_clear(&printer->out);
    return 0;
}
