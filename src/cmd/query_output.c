#include "cmd/query_output.h"

#include "base/outlet.h"
#include "cmd/query_rows.h"
#include "cmd/shown.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PAGE_ROWS 1000
#define FLUSH_BYTES ((size_t)64 * 1024)
#define MAX_OUT_BYTES ((size_t)4 << 30)

static size_t size_by(unsigned short of_kernel, const char *variable, size_t fallback)
{
    const char *text = getenv(variable);
    long value = text ? strtol(text, NULL, 10) : 0;
    if (of_kernel > 0)
        return of_kernel;
    return value > 0 && value < 10000 ? (size_t)value : fallback;
}

struct screen screen_size(void)
{
    struct winsize size = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){0};
    return (struct screen){size_by(size.ws_col, "COLUMNS", 80), size_by(size.ws_row, "LINES", 24)};
}

void output_init(struct query_output *output, enum query_form form, bool all)
{
    *output = (struct query_output){.form = form, .all = all};
    output->terminal = isatty(STDOUT_FILENO);
    arena_init(&output->arena);
    table_init(&output->table);
    buf_init(&output->out, MAX_OUT_BYTES);
}

void output_release(struct query_output *output)
{
    arena_release(&output->arena);
    table_release(&output->table);
    buf_release(&output->out);
}

int output_write(struct buf *out, struct err *err)
{
    if (out->failed)
        return err_set(err, ERR_BUG, "no memory for a row");
    size_t written = fwrite(buf_slice(out).ptr, 1, out->len, stdout);
    bool ok = written == out->len && fflush(stdout) == 0;
    buf_clear(out);
    if (ok)
        return QUERY_MORE;
    if (errno == EPIPE)
        return QUERY_ENOUGH;
    err_set(err, ERR_INPUT, "stdout: %s", outlet_reason(errno));
    return -1;
}

void output_forget(void)
{
    FILE *null = freopen("/dev/null", "w", stdout);
    (void)null; /* then the exit code tells of a closed pipe, and nothing worse happens */
}

/* What has come so far. On a terminal the rows for programs are made harmless too. */
static int flush(struct query_output *output, struct err *err)
{
    if (output->terminal && output->form != FORM_TABLE && output->form != FORM_TSV) {
        struct buf shown;
        buf_init(&shown, MAX_OUT_BYTES);
        shown_add(&shown, buf_slice(&output->out));
        buf_clear(&output->out);
        int rc = output_write(&shown, err);
        buf_release(&shown);
        output->closed = rc == QUERY_ENOUGH;
        return rc;
    }
    int rc = output_write(&output->out, err);
    output->closed = rc == QUERY_ENOUGH;
    return rc;
}

/* The page that is held. */
static int print_page(struct query_output *output, struct err *err)
{
    struct table_view *table = &output->table;
    struct screen screen = screen_size();
    bool first = !output->decided;
    if (first)
        output->expanded = table_is_wide(table, screen.columns);
    output->decided = true;
    const struct table_look look = {.screen_columns = screen.columns,
                                    .header = first,
                                    .expanded = output->expanded};
    table_print(table, &look, &output->out);
    table_clear(table);
    return flush(output, err);
}

static int on_columns(void *context, const struct query_column *columns, size_t n, struct err *err)
{
    struct query_output *output = context;
    const char *twice;
    switch (output->form) {
    case FORM_TABLE:
        table_columns(&output->table, columns, n);
        break;
    case FORM_TSV:
        tsv_header(&output->out, columns, n);
        break;
    case FORM_CSV:
        csv_header(&output->out, columns, n);
        break;
    case FORM_JSON:
        twice = json_name_twice(columns, n);
        if (twice)
            return err_set(err, ERR_USAGE,
                           "two columns are named \"%s\", and an object can have one: give them "
                           "names with AS",
                           twice);
        output->columns = arena_alloc(&output->arena, n * sizeof *columns);
        for (size_t i = 0; i < n; i++)
            output->columns[i] =
                (struct query_column){arena_strdup(&output->arena, columns[i].name),
                                      columns[i].kind};
    }
    return 0;
}

static int on_table_row(struct query_output *output, const struct slice *values, struct err *err)
{
    size_t limit = output->all ? PAGE_ROWS : QUERY_FIRST_ROWS;
    if (output->table.n_rows == limit) {
        output->more = !output->all;
        int rc = output->all ? print_page(output, err) : QUERY_ENOUGH;
        if (rc != QUERY_MORE)
            return rc;
    }
    table_add(&output->table, values);
    return QUERY_MORE;
}

static int on_row(void *context, const struct slice *values, size_t n, struct err *err)
{
    struct query_output *output = context;
    switch (output->form) {
    case FORM_TABLE:
        return on_table_row(output, values, err);
    case FORM_TSV:
        tsv_row(&output->out, values, n);
        break;
    case FORM_CSV:
        csv_row(&output->out, values, n);
        break;
    case FORM_JSON:
        json_row(&output->out, output->columns, values, n);
    }
    return output->terminal || output->out.len >= FLUSH_BYTES ? flush(output, err) : QUERY_MORE;
}

struct query_reader output_reader(struct query_output *output)
{
    return (struct query_reader){on_columns, on_row, output};
}

/* The line below a table. */
static void add_footer(struct query_output *output, const struct query_end *end)
{
    int64_t n = output->table.n_before;
    if (output->more)
        buf_printf(&output->out, "(the first %lld rows; --all shows all)\n", (long long)n);
    else
        buf_printf(&output->out, "(%lld row%s%s)\n", (long long)n, n == 1 ? "" : "s",
                   *end->tag ? "" : ", not all");
}

int output_finish(struct query_output *output, const struct query_end *end, struct err *err)
{
    if (output->closed || !end->has_rows)
        return 0;
    if (output->form == FORM_TABLE) {
        int rc = print_page(output, err);
        if (rc != QUERY_MORE)
            return rc < 0 ? -1 : 0;
        add_footer(output, end);
    }
    return flush(output, err) < 0 ? -1 : 0;
}
