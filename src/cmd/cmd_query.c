/* weir query: one SQL statement or listing, once or again and again. */
#include "base/buf.h"
#include "base/signals.h"
#include "cmd/query_output.h"
#include "cmd/query_watch.h"
#include "cmd/shown.h"
#include "cmd/verb.h"
#include "sink/query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_SQL_BYTES ((size_t)16 << 20)
#define MAX_EXCERPT_COLUMNS 100
#define MAX_EXCERPT_BYTES ((size_t)16 * MAX_EXCERPT_COLUMNS)

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_ALL,
         .name = "all",
         .help = "on a terminal all rows, not the first 100 alone"},
        {.id = OPTION_CSV, .name = "csv", .help = "comma-separated values with a header line"},
        {.id = OPTION_WRITE, .name = "write", .help = "let the statement write"},
        {.id = OPTION_WATCH,
         .name = "watch",
         .argument = "DURATION",
         .help = "again so often until Ctrl-C, and show what changed"},
        {.id = OPTION_LIMIT,
         .name = "count",
         .letter = 'n',
         .argument = "N",
         .help = "--watch: N times"},
    };
    option_table_add_group(table, "Query", own, sizeof own / sizeof *own);
    option_table_add_setting(table, SETTING_DATABASE, "Database");
    option_table_add_json(table);
    option_table_add_common(table);
}

/* ---- what is asked ---- */

struct request {
    const char *text;
    enum query_form form;
    bool all;
    struct watch_request watch; /* every_ms 0: once */
};

static const char *read_stdin(struct cli *cli, struct err *err)
{
    struct buf sql;
    const char *text = NULL;
    char *to;
    size_t n = 1;
    buf_init(&sql, MAX_SQL_BYTES);
    while (n > 0 && (to = buf_reserve(&sql, 4096)) != NULL) {
        n = fread(to, 1, 4096, stdin);
        buf_commit(&sql, n);
    }
    if (ferror(stdin))
        err_set(err, ERR_USAGE, "-: stdin cannot be read: %s", strerror(errno));
    else if (sql.failed)
        err_set(err, ERR_USAGE, "-: the statement is longer than %zu MiB", MAX_SQL_BYTES >> 20);
    else if (memchr(buf_slice(&sql).ptr, '\0', sql.len))
        err_set(err, ERR_USAGE, "-: the statement holds a NUL byte; stdin is to be SQL text");
    else
        text = arena_strdup(&cli->arena, buf_str(&sql));
    buf_release(&sql);
    return text;
}

/* A listing and its name may be two words; SQL is one. */
static const char *read_text(struct cli *cli, struct err *err)
{
    char **words = cli->line.words;
    size_t n = cli->line.n_words;
    const char *text = n > 0 ? words[0] : NULL;
    if (n > 0 && n <= 2 && *text == '\\')
        text = arena_printf(&cli->arena, "%s %s", text, n > 1 ? words[1] : "");
    else if (n == 0)
        err_set(err, ERR_USAGE,
                "say what: a statement, - for one on stdin, \\l, \\dn, \\dt or \\d");
    else if (n > 1)
        err_set(err, ERR_USAGE, "\"%s\" is one word too many: put the statement into quotes",
                words[1]);
    else if (!strcmp(text, "-"))
        return read_stdin(cli, err);
    return n == 0 || (n > 1 && *text != '\\') || (n > 2) ? NULL : text;
}

static int read_watch(const struct cli *cli, struct watch_request *out, struct err *err)
{
    const struct parsed_option *watch = command_line_find(&cli->line, OPTION_WATCH);
    const struct parsed_option *count = command_line_find(&cli->line, OPTION_LIMIT);
    if (watch && parse_duration_ms(watch->value, &out->every_ms, err) < 0)
        return err_prefix(err, "--watch");
    if (watch && out->every_ms < 10)
        return err_set(err, ERR_USAGE, "--watch: %s is less than 10ms", watch->value);
    if (count && !watch)
        return err_set(err, ERR_USAGE,
                       "%s counts the times of --watch; for fewer rows write LIMIT into the "
                       "statement",
                       count->where);
    if (command_line_number(&cli->line, OPTION_LIMIT, 1, INT64_MAX, &out->rounds, err) < 0)
        return -1;
    if (watch && command_line_has(&cli->line, OPTION_ALL))
        return err_set(err, ERR_USAGE,
                       "--watch compares the first %d rows: leave out --all, or write a WHERE that "
                       "leaves fewer",
                       QUERY_FIRST_ROWS);
    if (watch && (cli->json || command_line_has(&cli->line, OPTION_CSV)))
        return err_set(err, ERR_USAGE,
                       "--watch shows changes and has a form of its own: leave out "
                       "-J and --csv");
    return 0;
}

static int read_request(struct cli *cli, struct request *out, struct err *err)
{
    *out = (struct request){.all = command_line_has(&cli->line, OPTION_ALL)};
    out->watch.write = command_line_has(&cli->line, OPTION_WRITE);
    if (cli->json && command_line_has(&cli->line, OPTION_CSV))
        return err_set(err, ERR_USAGE, "-J and --csv are two forms: choose one");
    if (read_watch(cli, &out->watch, err) < 0)
        return -1;
    out->text = read_text(cli, err);
    if (!out->text || query_check(out->text, err) < 0)
        return -1;
    out->watch.text = out->text;
    out->form = cli->json                                  ? FORM_JSON
                : command_line_has(&cli->line, OPTION_CSV) ? FORM_CSV
                : isatty(STDOUT_FILENO)                    ? FORM_TABLE
                                                           : FORM_TSV;
    return 0;
}

/* ---- what is told of a failure ---- */

/*
 * The line of SQL that the server points at, and a caret below the place. Of a long line the part
 * around it, whole characters.
 */
static void print_place(const struct query_end *end)
{
    struct buf line;
    struct buf before;
    size_t from = 0;
    size_t to = end->line_text.len;
    const char *text = end->line_text.ptr;
    if (end->line_at > MAX_EXCERPT_COLUMNS / 2)
        from = end->line_at - MAX_EXCERPT_COLUMNS / 2;
    if (to - from > MAX_EXCERPT_COLUMNS)
        to = from + MAX_EXCERPT_COLUMNS;
    while (from > 0 && ((unsigned char)text[from] & 0xC0) == 0x80)
        from--;
    while (to < end->line_text.len && ((unsigned char)text[to] & 0xC0) == 0x80)
        to++;
    buf_init(&line, MAX_EXCERPT_BYTES);
    buf_init(&before, MAX_EXCERPT_BYTES);
    buf_printf(&before, "line %d: %s", end->line, from > 0 ? "..." : "");
    fputs(buf_str(&before), stderr);
    size_t width = before.len;
    buf_clear(&before);
    width += shown_add_cell(&before, (struct slice){text + from, end->line_at - from});
    shown_add_cell(&line, (struct slice){text + from, to - from});
    fprintf(stderr, "%s%s\n%*s^\n", buf_str(&line), to < end->line_text.len ? "..." : "",
            (int)width, "");
    buf_release(&line);
    buf_release(&before);
}

static int fail(const struct cli *cli, const struct query_end *end, const struct err *err)
{
    int code = cli_fail(cli, err);
    if (end->line > 0)
        print_place(end);
    return code;
}

/* ---- the work ---- */

static int run_once(struct cli *cli, struct query *query, const struct request *request)
{
    struct err err;
    struct query_end end = {.line = 0};
    struct query_output output;
    output_init(&output, request->form, request->all);
    const struct query_reader reader = output_reader(&output);
    int rc = query_run(query, request->text, &reader, &end, &err);
    struct err ignored;
    int finished = output_finish(&output, &end, rc < 0 ? &ignored : &err);
    int code = 0;
    if (rc < 0 || finished < 0) {
        code = fail(cli, &end, &err);
    } else if (end.cancelled) {
        fprintf(stderr, "weir query: cancelled\n");
        code = EXIT_FAILED;
    } else if (!end.has_rows && !cli->quiet) {
        fprintf(stderr, "%s\n", end.tag);
    }
    if (output.closed)
        output_forget();
    output_release(&output);
    return code;
}

static int run(struct cli *cli)
{
    struct err err;
    struct query_end end = {.line = 0};
    struct request request;
    struct query *query = NULL;
    int code;
    shown_init();
    if (read_request(cli, &request, &err) < 0 || cli_load_config(cli, NULL, 0, true, &err) < 0)
        return cli_fail(cli, &err);
    request.watch.config = &cli->config.common;
    if (signals_init(&err) < 0 ||
        query_open(&query, &cli->config.common, QUERY_VERB, request.watch.write, &err) < 0)
        code = cli_fail(cli, &err);
    else if (request.watch.every_ms == 0)
        code = run_once(cli, query, &request);
    else if (query_watch(&query, &request.watch, &end, &err) < 0)
        code = fail(cli, &end, &err);
    else
        code = 0;
    query_close(query);
    return code;
}

const struct verb verb_query = {
    .name = "query",
    .summary = "ask the database: one SQL statement, or a listing",
    .usage = "SQL | - [OPTION...]            one statement, - reads it from stdin\n"
             "SQL --watch DURATION [-n N]    again and again, with what changed\n"
             "'\\l' | '\\dn' | '\\dt' [PATTERN] | '\\d' [NAME]",
    .options = options,
    .run = run,
    .notes =
        "Examples:\n"
        "  weir query 'SELECT count(*) FROM streaming_layer.streaming_data' --watch 2s\n"
        "  weir query '\\d streaming_layer.streaming_data'\n"
        "  weir query - --csv < report.sql > report.csv\n"
        "On a terminal the answer is a table; elsewhere it is tab-separated text with a header\n"
        "line, as COPY writes it. The statement cannot write unless --write is given.\n"
        "Exit: 0 done, 1 the statement failed or was cancelled, 2 wrong usage, 130 on the second\n"
        "Ctrl-C, or on the first while it connects.",
};
