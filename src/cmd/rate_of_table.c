#include "cmd/rate_of_table.h"

#include "base/clock.h"
#include "cmd/figure_text.h"
#include "cmd/rate_live.h"

/* From so many rows on one waits long enough to wonder. */
#define MANY_ROWS 2000000
#define MAX_REMARKS 4

struct of_table {
    struct cli *cli;
    const struct rate_table_request *request;
    struct rate_table *table; /* NULL: not connected */
    struct rate_view view;
    struct rate_table_notes notes;
    bool told; /* that all is read */
};

/* ---- what there is to say ---- */

static void tell_long_way(struct of_table *job)
{
    const struct time_column *column = rate_table_column(job->table);
    if (job->told || column->indexed || column->about_rows < MANY_ROWS)
        return;
    job->told = true;
    const char *rows = grouped_text(&job->cli->arena, column->about_rows);
    if (column->kind == TIME_WRITTEN)
        cli_note(job->cli, "%s is text: all of about %s rows are read", column->name, rows);
    else
        cli_note(job->cli,
                 "no index begins with %s: all of about %s rows are read (CREATE INDEX ON %s (%s); "
                 "spares that)",
                 column->name, rows, column->table, column->name);
}

static void set_remarks(struct of_table *job, struct arena *arena, const struct rate *rate)
{
    const struct rate_table_notes *notes = &job->notes;
    const char *column = job->view.column;
    const char **remarks = arena_alloc(arena, MAX_REMARKS * sizeof *remarks);
    size_t n = 0;
    if (notes->cut)
        remarks[n++] = "there is more before the first slot: choose with --last or --from";
    if (notes->nulls > 0)
        remarks[n++] = arena_printf(arena, "%s row%s NULL in %s, and counted nowhere",
                                    grouped_text(arena, notes->nulls),
                                    notes->nulls == 1 ? " is" : "s are", column);
    if (notes->unreadable > 0)
        remarks[n++] =
            arena_printf(arena,
                         "%s row%s a text in %s that has not the form of a time (2026-11-26 "
                         "14:53:07), and %s counted nowhere",
                         grouped_text(arena, notes->unreadable),
                         notes->unreadable == 1 ? " has" : "s have", column,
                         notes->unreadable == 1 ? "is" : "are");
    if (rate->later > 0)
        remarks[n++] =
            arena_printf(arena, "%s row%s later than the last slot",
                         grouped_text(arena, rate->later), rate->later == 1 ? " is" : "s are");
    job->view.remarks = remarks;
    job->view.n_remarks = n;
}

/* ---- the work ---- */

static int connect(struct of_table *job, struct err *err)
{
    if (job->table)
        return 0;
    if (rate_table_open(&job->table, job->request, err) < 0)
        return -1;
    const struct time_column *column = rate_table_column(job->table);
    job->view.table = arena_strdup(&job->cli->arena, column->table);
    job->view.column = arena_strdup(&job->cli->arena, column->name);
    return 0;
}

/* A connection that is lost can only be closed. */
static int settle(struct of_table *job, int rc, const struct err *err)
{
    if (rc < 0 && err->class == ERR_OUTAGE) {
        rate_table_close(job->table);
        job->table = NULL;
    }
    return rc;
}

static int count(void *context, struct arena *arena, int64_t now_ms, struct rate *rate,
                 struct err *err)
{
    struct of_table *job = context;
    if (connect(job, err) < 0)
        return -1;
    tell_long_way(job);
    int rc = rate_table_count(job->table, arena, now_ms, rate, &job->notes, err);
    if (rc == 0)
        set_remarks(job, arena, rate);
    return settle(job, rc, err);
}

static int count_last(void *context, int64_t now_ms, struct rate *rate, struct err *err)
{
    struct of_table *job = context;
    if (connect(job, err) < 0)
        return -1;
    return settle(job, rate_table_count_last(job->table, now_ms, rate, err), err);
}

static int once(struct of_table *job, struct err *err)
{
    struct rate rate;
    if (count(job, &job->cli->arena, clock_wall_us() / 1000, &rate, err) < 0)
        return -1;
    struct rate_view view = job->view;
    view.rate = &rate;
    return rate_render(job->cli, &view, err);
}

int rate_of_table(struct cli *cli, const struct rate_table_request *request,
                  const struct rate_view *view, bool live, struct err *err)
{
    struct of_table job = {.cli = cli, .request = request, .view = *view};
    const struct rate_source source = {&job, count, count_last};
    job.view.of_table = &job.notes;
    int rc = live ? rate_live(cli, &job.view, &source, err) : once(&job, err);
    rate_table_close(job.table);
    return rc;
}
