/* weir dead export: letters as the records that they were. */
#include "base/buf.h"
#include "cmd/dead_task.h"
#include "cmd/envelope.h"
#include "sink/letter_headers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MAX_LINE_BYTES ((size_t)1 << 31)

struct export_run {
    bool with_reason;
    bool value_only;
    struct letter_headers headers;
    struct buf out;
    struct buf place;
    int rc;
    struct err *err;
};

static void add_header(struct export_run *run, bool *first, const char *name, const char *text)
{
    if (!text || !*text)
        return;
    envelope_add_header(&run->out, *first, slice_of(name), slice_of(text));
    *first = false;
}

/* What the letter knows beside its record, as headers behind the record's own. */
static void add_reason(struct export_run *run, const struct dead_letter *letter, bool first)
{
    buf_clear(&run->place);
    buf_printf(&run->place, "%s/%" PRId32 "@%" PRId64, letter->topic, letter->partition,
               letter->record_offset);
    add_header(run, &first, "weir.pipeline", letter->pipeline);
    add_header(run, &first, "weir.place", buf_str(&run->place));
    add_header(run, &first, "weir.column", letter->column_name);
    add_header(run, &first, "weir.reason", letter->reason);
    add_header(run, &first, "weir.sqlstate", letter->sqlstate);
}

static int add_envelope(struct export_run *run, const struct dead_letter *letter)
{
    const struct envelope envelope = {.topic = slice_of(letter->topic),
                                      .partition = letter->partition,
                                      .timestamp_ms = letter->timestamp_ms,
                                      .key = letter->key,
                                      .value = letter->value};
    struct slice headers = letter->headers ? slice_of(letter->headers) : SLICE_NONE;
    if (letter_headers_read(&run->headers, headers, run->err) < 0)
        return err_prefix(run->err, "%s/%" PRId32 "@%" PRId64, letter->topic, letter->partition,
                          letter->record_offset);
    envelope_begin(&run->out, &envelope, letter->record_offset);
    for (size_t i = 0; i < run->headers.n; i++)
        envelope_add_header(&run->out, i == 0, run->headers.items[i].name,
                            run->headers.items[i].value);
    if (run->with_reason)
        add_reason(run, letter, run->headers.n == 0);
    envelope_end(&run->out);
    return 0;
}

static void export_letter(void *context, const struct dead_letter *letter)
{
    struct export_run *run = context;
    if (run->rc < 0 || ferror(stdout))
        return;
    buf_clear(&run->out);
    if (run->value_only) {
        buf_add_slice(&run->out, letter->value);
        buf_add_byte(&run->out, '\n');
    } else {
        run->rc = add_envelope(run, letter);
    }
    if (run->rc == 0 && run->out.failed)
        run->rc = err_set(run->err, ERR_INPUT, "%s/%" PRId32 "@%" PRId64 " is too large",
                          letter->topic, letter->partition, letter->record_offset);
    if (run->rc == 0)
        fwrite(run->out.data, 1, run->out.len, stdout);
}

int dead_export(struct cli *cli, struct dead_filter *filter, struct err *err)
{
    struct err of_letter;
    struct export_run run = {
        .with_reason = command_line_find(&cli->line, OPTION_WITH_REASON) != NULL,
        .value_only = command_line_find(&cli->line, OPTION_VALUE) != NULL,
        .err = &of_letter,
    };
    if (run.with_reason && run.value_only)
        return err_set(err, ERR_USAGE, "--with-reason adds headers, and --value leaves them out");
    if (command_line_number(&cli->line, OPTION_LIMIT, 0, INT64_MAX, &filter->limit, err) < 0)
        return -1;
    letter_headers_init(&run.headers);
    buf_init(&run.out, MAX_LINE_BYTES);
    buf_init(&run.place, MAX_LINE_BYTES);
    int rc = dead_list(dead_config_of(cli, filter->pipeline), filter, DEAD_OLDEST_FIRST,
                       export_letter, &run, err);
    if (rc == 0 && run.rc < 0) {
        *err = of_letter;
        rc = -1;
    }
    letter_headers_release(&run.headers);
    buf_release(&run.out);
    buf_release(&run.place);
    return rc;
}
