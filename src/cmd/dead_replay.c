/* weir dead replay: letters through the pipeline again; the work is sink/replay.h. */
#include "base/log.h"
#include "base/signals.h"
#include "cmd/dead_render.h"
#include "cmd/dead_task.h"
#include "cmd/json_out.h"
#include "cmd/mend.h"
#include "sink/replay.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define CHUNK_LETTERS 500
/* With --through a chunk's commands run before its transaction: what is lost with us is less. */
#define CHUNK_LETTERS_MENDED 100
#define DEFAULT_TIMEOUT_MS 10000
#define MAX_REASONS 50

/* Letters that failed again, by column and SQLSTATE, with the first one's words. */
struct reason {
    const char *column;
    const char *sqlstate;
    const char *text;
    const char *place;
    int64_t letters;
};

struct replay_run {
    struct cli *cli;
    const struct pipeline_config *config;
    struct mend *mend; /* NULL: no --through */
    int64_t open;      /* letters at the beginning, of those asked for */
    int64_t before;    /* that were replayed before */
    int64_t counts[REPLAY_OUTSIDE + 1];
    bool ended;     /* there are no more */
    int64_t others; /* of those that never came to us: replayed by others meanwhile */
    int64_t gone;   /* and the rest: deleted, or of another reason now than was asked for */
    struct reason reasons[MAX_REASONS];
    size_t n_reasons;
};

/* ---- Which pipeline ---- */

/* With --table, -t names the pipeline as for ingest. */
int dead_replay_options(struct cli *cli, const char *pipeline, struct err *err)
{
    bool table = false;
    for (size_t i = 0; i < cli->line.n_options; i++)
        table |= cli->line.options[i].option->setting == setting_at(SETTING_TABLE);
    if (table && pipeline)
        return err_set(err, ERR_USAGE,
                       "--table and a pipeline's name (%s) do not go together: the name stands for "
                       "its table",
                       pipeline);
    for (size_t i = 0; table && i < cli->table.n; i++)
        if (cli->table.items[i].id == OPTION_TOPIC)
            cli->table.items[i].setting = setting_at(SETTING_TOPIC);
    return 0;
}

static int fail_which(const struct config *config, struct err *err)
{
    char all[512] = "";
    size_t len = 0;
    for (size_t i = 0; i < config->n_pipelines && len < sizeof all; i++)
        len += (size_t)snprintf(all + len, sizeof all - len, "%s%s", i ? ", " : "",
                                config->pipelines[i].name);
    if (config->n_pipelines == 0)
        return err_set(err, ERR_USAGE,
                       "replay which? Write the PIPELINE as `weir dead list` shows it, or -t TOPIC "
                       "and --table TABLE");
    return err_set(err, ERR_USAGE, "replay which? %s has: %s", config->path, all);
}

/*
 * The file's pipeline of that name; else what the options and the top of the file say, under that
 * name: then the database knows its table.
 */
static int choose_pipeline(struct cli *cli, const char *name, struct pipeline_config *out,
                           struct err *err)
{
    const struct config *config = &cli->config;
    if (!name && config->n_pipelines != 1)
        return fail_which(config, err);
    if (!name) {
        *out = config->pipelines[0];
        return 0;
    }
    *out = *dead_config_of(cli, name);
    out->name = name;
    return 0;
}

/* ---- The work ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

static void note_reason(struct replay_run *run, const struct replay_letter *letter)
{
    struct arena *arena = &run->cli->arena;
    for (size_t i = 0; i < run->n_reasons; i++)
        if (same_text(run->reasons[i].column, letter->column) &&
            same_text(run->reasons[i].sqlstate, letter->sqlstate)) {
            run->reasons[i].letters++;
            return;
        }
    if (run->n_reasons == MAX_REASONS)
        return;
    run->reasons[run->n_reasons++] = (struct reason){
        .column = letter->column ? arena_strdup(arena, letter->column) : NULL,
        .sqlstate = letter->sqlstate ? arena_strdup(arena, letter->sqlstate) : NULL,
        .text = arena_strdup(arena, letter->reason),
        .place = arena_printf(arena, "%s/%" PRId32 "@%" PRId64, letter->kept.topic,
                              letter->kept.partition, letter->kept.record_offset),
        .letters = 1,
    };
}

static void note_fates(struct replay_run *run, const struct replay_letter *letters, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        run->counts[letters[i].fate]++;
        if (letters[i].fate == REPLAY_DEAD)
            note_reason(run, &letters[i]);
    }
}

static int64_t counted(const struct replay_run *run)
{
    int64_t n = 0;
    for (size_t i = 0; i <= REPLAY_OUTSIDE; i++)
        n += run->counts[i];
    return n;
}

static void show_progress(const struct replay_run *run)
{
    char text[128];
    snprintf(text, sizeof text, "%" PRId64 " of %" PRId64 " letters, %" PRId64 " replayed",
             counted(run), run->open, run->counts[REPLAY_ROW]);
    log_status(text);
}

/* What the commands give may be large: the letters that it leaves no room for come again. */
static int mend_some(struct mend *mend, struct replay *replay, struct replay_letter *letters,
                     size_t *n, struct err *err)
{
    if (mend_letters(mend, letters, n, err) < 0)
        return -1;
    replay_keep_first(replay, *n);
    return 0;
}

/* Chunk after chunk, until there is none or a signal asks to stop. */
static int work(struct replay_run *run, struct replay *replay, struct err *err)
{
    struct replay_letter *letters;
    int rc = 0;
    while (!signals_stop_requested()) {
        size_t n = 0;
        rc = replay_fetch(replay, run->mend ? CHUNK_LETTERS_MENDED : CHUNK_LETTERS, &letters, &n,
                          err);
        if (rc > 0 && run->mend)
            rc = mend_some(run->mend, replay, letters, &n, err);
        if (rc >= 0 && n > 0)
            rc = replay_store(replay, err);
        run->ended = rc == 0 && n == 0;
        if (rc < 0 || n == 0)
            break;
        note_fates(run, letters, n);
        show_progress(run);
    }
    log_status(NULL);
    return rc < 0 ? -1 : 0;
}

/* ---- The summary ---- */

/* Of those that were open at the beginning and that we never saw. */
static int64_t unseen(const struct replay_run *run)
{
    int64_t n = run->open - counted(run);
    return n > 0 ? n : 0;
}

/* That are as dead as before for want of a try: a signal, an outage, another replay at them. */
static int64_t not_tried(const struct replay_run *run)
{
    return run->counts[REPLAY_NOT_TRIED] + run->counts[REPLAY_BUSY] +
           (run->ended ? 0 : unseen(run));
}

/* By others, or by us in another run. */
static int64_t replayed_before(const struct replay_run *run)
{
    return run->before + run->counts[REPLAY_DONE] + run->others;
}

static int64_t gone(const struct replay_run *run)
{
    return run->counts[REPLAY_GONE] + run->gone;
}

/* What became of those that were there at the beginning and were never fetched. */
static int ask_unseen(struct replay_run *run, struct replay *replay, struct err *err)
{
    int64_t open;
    int64_t replayed;
    int64_t left = unseen(run);
    if (!run->ended || left == 0)
        return 0;
    if (replay_count(replay, &open, &replayed, err) < 0)
        return -1;
    int64_t ours = run->config->dry_run ? 0 : run->counts[REPLAY_ROW];
    run->others = replayed - run->before - ours - run->counts[REPLAY_DONE];
    if (run->others < 0)
        run->others = 0;
    if (run->others > left)
        run->others = left;
    run->gone = left - run->others;
    return 0;
}

static void report_json(const struct replay_run *run, const struct replay *replay)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_text(&out, "pipeline", run->config->name);
    json_out_text(&out, "table", replay_table(replay));
    json_out_bool(&out, "dry_run", run->config->dry_run);
    json_out_number(&out, "replayed", true, run->counts[REPLAY_ROW]);
    json_out_number(&out, "suppressed", true, replay_suppressed(replay));
    json_out_number(&out, "dead", true, run->counts[REPLAY_DEAD]);
    json_out_number(&out, "not_tried", true, not_tried(run));
    json_out_number(&out, "outside", true, run->counts[REPLAY_OUTSIDE]);
    json_out_number(&out, "gone", true, gone(run));
    json_out_number(&out, "replayed_before", true, replayed_before(run));
    json_out_open(&out, "reasons", '[');
    for (size_t i = 0; i < run->n_reasons; i++) {
        json_out_open(&out, NULL, '{');
        json_out_number(&out, "letters", true, run->reasons[i].letters);
        json_out_text(&out, "column_name", run->reasons[i].column);
        json_out_text(&out, "sqlstate", run->reasons[i].sqlstate);
        json_out_text(&out, "reason", run->reasons[i].text);
        json_out_text(&out, "example", run->reasons[i].place);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

static void say(int64_t n, const char *what)
{
    if (n > 0)
        fprintf(stderr, "%8" PRId64 "  %s\n", n, what);
}

static void report_text(const struct replay_run *run, const struct replay *replay)
{
    bool dry = run->config->dry_run;
    int64_t kept_out = replay_suppressed(replay);
    fprintf(stderr, "%8" PRId64 "  %s %s\n", run->counts[REPLAY_ROW],
            dry ? "would be replayed into" : "replayed into", replay_table(replay));
    say(kept_out, "of them kept out of it by a trigger, or by on_conflict");
    say(run->counts[REPLAY_DEAD], dry ? "would stay dead:" : "stay dead:");
    for (size_t i = 0; i < run->n_reasons; i++) {
        const struct reason *reason = &run->reasons[i];
        fprintf(stderr, "%8s  %" PRId64 "  ", "", reason->letters);
        if (reason->column)
            dead_render_text(stderr, reason->column);
        fputs(reason->column ? ": " : "", stderr);
        dead_render_text(stderr, reason->text);
        dead_render_code(stderr, reason->sqlstate);
        fprintf(stderr, "  (such as %s)\n", reason->place);
    }
    say(run->counts[REPLAY_OUTSIDE],
        "left alone: of before the --reset, or before or beyond what the pipeline has read since");
    say(replayed_before(run), "were replayed before");
    say(gone(run), "are not there any more: pruned, set aside by a --reset, or of another reason");
    say(not_tried(run), "not tried; the same once again goes on from there");
}

static bool all_replayed(const struct replay_run *run)
{
    return run->counts[REPLAY_DEAD] == 0 && run->counts[REPLAY_OUTSIDE] == 0 && gone(run) == 0 &&
           not_tried(run) == 0;
}

/* ---- The task ---- */

static int find_letters(struct replay_run *run, struct replay *replay,
                        const struct dead_filter *filter, struct err *err)
{
    if (replay_count(replay, &run->open, &run->before, err) < 0)
        return -1;
    if (filter->limit > 0 && run->open > filter->limit)
        run->open = filter->limit;
    if (filter->n_places > 0 && run->open + run->before == 0)
        return err_set(err, ERR_INPUT, "there is no dead letter of %s/%" PRId32 "@%" PRId64,
                       filter->places[0].topic, filter->places[0].partition,
                       filter->places[0].offset);
    return 0;
}

/* What was done is told also when the rest failed: it stands in the database. */
static int replay_all(struct replay_run *run, const struct dead_filter *filter, struct err *err)
{
    struct replay *replay;
    struct err failure;
    if (replay_open(&replay, run->config, filter, err) < 0)
        return -1;
    if (!run->config->table)
        log_info(run->config->name, "no weir.yaml here has this pipeline: it is replayed without "
                                    "columns: rules, with the policies of the options");
    int rc = find_letters(run, replay, filter, err);
    if (rc == 0) {
        rc = work(run, replay, &failure);
        if (rc == 0)
            rc = ask_unseen(run, replay, &failure);
        bool told = rc == 0 || run->counts[REPLAY_ROW] + run->counts[REPLAY_DEAD] > 0;
        if (told && run->cli->json)
            report_json(run, replay);
        else if (told && !run->cli->quiet)
            report_text(run, replay);
        if (rc < 0)
            *err = failure;
    }
    replay_close(replay);
    if (rc < 0)
        return -1;
    return all_replayed(run) ? 0 : EXIT_FAILED;
}

static int read_mend(struct cli *cli, struct mend *mend, bool *wanted, struct err *err)
{
    const struct parsed_option *through = command_line_find(&cli->line, OPTION_THROUGH);
    const struct parsed_option *timeout = command_line_find(&cli->line, OPTION_TIMEOUT);
    int64_t timeout_ms = DEFAULT_TIMEOUT_MS;
    *wanted = through != NULL;
    if (timeout && !through)
        return err_set(err, ERR_USAGE, "%s is the time of --through's command", timeout->where);
    if (timeout && parse_duration_ms(timeout->value, &timeout_ms, err) < 0)
        return err_prefix(err, "%s", timeout->where);
    if (timeout_ms == 0)
        return err_set(err, ERR_USAGE, "%s: 0 is no time", timeout->where);
    if (through && !*through->value)
        return err_set(err, ERR_USAGE, "%s: an empty command", through->where);
    mend_init(mend, through ? through->value : "", timeout_ms);
    return 0;
}

int dead_replay(struct cli *cli, struct dead_filter *filter, struct err *err)
{
    struct mend mend;
    struct pipeline_config config = {.name = NULL};
    bool wanted;
    if (command_line_number(&cli->line, OPTION_LIMIT, 0, INT64_MAX, &filter->limit, err) < 0)
        return -1;
    if (read_mend(cli, &mend, &wanted, err) < 0 ||
        choose_pipeline(cli, filter->pipeline, &config, err) < 0 || signals_init(err) < 0)
        return -1;
    filter->pipeline = config.name;
    struct replay_run run = {.cli = cli, .config = &config, .mend = wanted ? &mend : NULL};
    int rc = replay_all(&run, filter, err);
    mend_release(&mend);
    return rc;
}
