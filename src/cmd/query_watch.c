#include "cmd/query_watch.h"

#include "base/clock.h"
#include "base/log.h"
#include "cmd/query_output.h"
#include "cmd/redraw.h"

#include <stdio.h>
#include <stdlib.h>

#define MAX_SCREEN_BYTES ((size_t)1 << 31)

struct watch {
    const struct watch_request *request;
    struct table_view tables[2];
    int now;     /* which of them is filled */
    bool before; /* the other one has the last time's answer */
    bool more;   /* there are rows beyond those that are looked at */
    struct redraw redraw;
    enum table_mark mark;
    struct buf out;
};

static int on_columns(void *context, const struct query_column *columns, size_t n, struct err *err)
{
    struct watch *w = context;
    (void)err;
    table_columns(&w->tables[w->now], columns, n);
    return 0;
}

static int on_row(void *context, const struct slice *values, size_t n, struct err *err)
{
    struct watch *w = context;
    (void)n;
    (void)err;
    if (w->tables[w->now].n_rows == QUERY_FIRST_ROWS) {
        w->more = true;
        return QUERY_ENOUGH;
    }
    table_add(&w->tables[w->now], values);
    return QUERY_MORE;
}

/* ---- for a program ---- */

static void add_place(struct buf *out, const struct table_view *table, size_t row, size_t column)
{
    const struct table_cell *name = &table->columns[column];
    buf_add_str(out, " ");
    buf_add(out, name->text, name->len);
    if (table->n_rows > 1)
        buf_printf(out, "[%zu]", row + 1);
    buf_add_str(out, ": ");
}

static void add_first(struct buf *out, const struct table_view *now)
{
    size_t row = 0;
    for (const struct table_row *r = now->first; r; r = r->next, row++)
        for (size_t i = 0; i < now->n_columns; i++) {
            if (now->kinds[i] != QUERY_NUMBER)
                continue;
            add_place(out, now, row, i);
            buf_add(out, r->cells[i].text, r->cells[i].len);
        }
}

/* The numbers that changed; how many other values did, and whether anything was written. */
static size_t add_changes(struct buf *out, const struct table_view *before,
                          const struct table_view *now, bool *wrote)
{
    size_t row = 0;
    size_t others = 0;
    const struct table_row *old = before->first;
    for (const struct table_row *r = now->first; r && old; r = r->next, old = old->next, row++)
        for (size_t i = 0; i < now->n_columns; i++) {
            if (table_cell_same(&old->cells[i], &r->cells[i]))
                continue;
            if (now->kinds[i] != QUERY_NUMBER) {
                others++;
                continue;
            }
            add_place(out, now, row, i);
            buf_printf(out, "%s -> %s", old->cells[i].text, r->cells[i].text);
            *wrote = true;
        }
    return others;
}

void watch_line(struct buf *out, const struct table_view *before, const struct table_view *now)
{
    bool wrote = false;
    if (!before || !table_is_alike(before, now)) {
        add_first(out, now);
        if (now->n_rows != 1)
            buf_printf(out, " rows: %zu", now->n_rows);
    } else {
        size_t others = add_changes(out, before, now, &wrote);
        if (before->n_rows != now->n_rows)
            buf_printf(out, " rows: %zu -> %zu", before->n_rows, now->n_rows);
        else if (others > 0)
            buf_printf(out, " other values changed: %zu", others);
        else if (!wrote)
            buf_add_str(out, " no change");
    }
    buf_add_byte(out, '\n');
}

/* ---- for a person ---- */

/* Over the last table if all of it is still on the screen; else below it. */
static void draw(struct watch *w, const struct table_view *before)
{
    const struct table_view *now = &w->tables[w->now];
    struct screen screen = screen_size();
    const struct table_look look = {
        .screen_columns = screen.columns,
        .header = true,
        .expanded = table_is_wide(now, screen.columns),
        .mark = w->mark,
        .before = before && table_is_alike(before, now) ? before : NULL,
    };
    redraw_begin(&w->redraw, &screen, &w->out);
    redraw_add_head(&screen, w->request->every_ms, &w->out);
    w->redraw.drawn_lines = 2 + table_print(now, &look, &w->out);
    if (w->more)
        buf_printf(&w->out, "(the first %zu rows)\n", now->n_rows);
    else
        buf_printf(&w->out, "(%zu row%s)\n", now->n_rows, now->n_rows == 1 ? "" : "s");
}

static int show(struct watch *w, struct err *err)
{
    const struct table_view *before = w->before ? &w->tables[!w->now] : NULL;
    if (w->redraw.terminal) {
        draw(w, before);
    } else {
        redraw_add_time(&w->out, clock_wall_us());
        watch_line(&w->out, before, &w->tables[w->now]);
    }
    return output_write(&w->out, err);
}

/* ---- the rounds ---- */

/* The connection is gone: once a round for as long as the database is away. */
static int connect_again(struct query **query, const struct watch_request *request, struct err *err)
{
    query_close(*query);
    *query = NULL;
    return query_open(query, request->config, QUERY_VERB, request->write, err);
}

/* 1: answered; 0: over; -1: failed. An outage is told and waited for, unless it is the first. */
static int ask(struct watch *w, struct query **query, struct query_end *end, struct err *err)
{
    const struct query_reader reader = {on_columns, on_row, w};
    int rc = *query ? 0 : connect_again(query, w->request, err);
    if (rc == 0)
        rc = query_run(*query, w->request->text, &reader, end, err);
    if (rc == 0)
        return !end->cancelled;
    if (err->class != ERR_OUTAGE || !w->before)
        return -1;
    log_warn("", "%s; it is asked again", err->text);
    w->redraw.drawn_lines = 0;
    query_close(*query);
    *query = NULL;
    return 1;
}

/* QUERY_MORE, QUERY_ENOUGH or -1. */
static int round_once(struct watch *w, struct query **query, struct query_end *end, struct err *err)
{
    table_release(&w->tables[w->now]);
    table_init(&w->tables[w->now]);
    w->more = false;
    int rc = ask(w, query, end, err);
    if (rc <= 0)
        return rc < 0 ? -1 : QUERY_ENOUGH;
    if (!*query)
        return QUERY_MORE;
    if (!end->has_rows)
        return err_set(err, ERR_USAGE, "--watch needs a statement that answers with rows");
    rc = show(w, err);
    w->before = true;
    w->now = !w->now;
    return rc;
}

static void watch_init(struct watch *w, const struct watch_request *request)
{
    const char *no_colour = getenv("NO_COLOR");
    *w = (struct watch){.request = request};
    redraw_init(&w->redraw);
    w->mark = !w->redraw.over || (no_colour && *no_colour) ? MARK_STAR : MARK_REVERSE;
    table_init(&w->tables[0]);
    table_init(&w->tables[1]);
    buf_init(&w->out, MAX_SCREEN_BYTES);
}

int query_watch(struct query **query, const struct watch_request *request, struct query_end *end,
                struct err *err)
{
    struct watch w;
    watch_init(&w, request);
    int rc = QUERY_MORE;
    for (int64_t round = 1; rc == QUERY_MORE; round++) {
        int64_t start_us = clock_mono_us();
        rc = round_once(&w, query, end, err);
        if (rc != QUERY_MORE || round == request->rounds)
            break;
        if (!redraw_pause(start_us + request->every_ms * 1000))
            break;
    }
    table_release(&w.tables[0]);
    table_release(&w.tables[1]);
    buf_release(&w.out);
    if (rc == QUERY_ENOUGH)
        output_forget();
    return rc < 0 ? -1 : 0;
}
