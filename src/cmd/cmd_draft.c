/* weir draft: a CREATE TABLE for the records of a topic, from a sample of them. */
#include "base/signals.h"
#include "cmd/cluster.h"
#include "cmd/json_out.h"
#include "cmd/shown.h"
#include "cmd/verb.h"
#include "inspect/draft.h"
#include "inspect/sample.h"
#include "inspect/sql_name.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ASK_MS 10000
#define MAX_SQL_BYTES ((size_t)16 << 20)

static const struct task tasks[] = {
    {.name = "table", .options = {OPTION_DRAFT_TABLE, OPTION_LIMIT, OPTION_EXAMPLES}},
};
#define N_TASKS (sizeof tasks / sizeof *tasks)

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_DRAFT_TABLE,
         .name = "table",
         .argument = "TABLE",
         .help = "its name, TABLE or SCHEMA.TABLE as SQL writes it (default the topic's)"},
        {.id = OPTION_LIMIT,
         .name = "count",
         .letter = 'n',
         .argument = "N",
         .help = "look at the newest N records (default 1000)"},
        {.id = OPTION_EXAMPLES,
         .name = "examples",
         .help = "show a value of each column, cut short, in its comment"},
    };
    option_table_add_group(table, "Draft", own, sizeof own / sizeof *own);
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_json(table);
    option_table_add_common(table);
}

struct request {
    const char *topic;
    const char *table; /* in SQL's writing */
    size_t n_records;
    bool examples;
};

static int read_request(struct cli *cli, struct request *out, struct err *err)
{
    const struct command_line *line = &cli->line;
    const struct parsed_option *table = command_line_find(line, OPTION_DRAFT_TABLE);
    int64_t n = SAMPLE_DEFAULT_RECORDS;
    if (task_find(cli->verb->name, tasks, N_TASKS, line, err) < 0)
        return -1;
    if (line->n_words < 2)
        return err_set(err, ERR_USAGE, "table of which topic? Write its name");
    if (line->n_words > 2)
        return err_set(err, ERR_USAGE, "\"%s\" is one word too many: draft takes one topic",
                       line->words[2]);
    if (command_line_number(line, OPTION_LIMIT, 1, SAMPLE_MAX_RECORDS, &n, err) < 0)
        return -1;
    if (table && check_table(table->value, err) < 0)
        return err_prefix(err, "%s", table->where);
    *out = (struct request){
        .topic = line->words[1],
        .table = table ? table->value : sql_name(&cli->arena, line->words[1]),
        .n_records = (size_t)n,
        .examples = command_line_find(line, OPTION_EXAMPLES) != NULL,
    };
    return 0;
}

static int take_sample(struct cli *cli, struct admin *admin, const struct request *request,
                       struct sample *out, struct err *err)
{
    struct topic_info info;
    struct topic_list topics;
    if (admin_topic(admin, request->topic, ADMIN_CONNECT_MS, &info, err) < 0)
        return -1;
    if (admin_topics(admin, &cli->arena, request->topic, ASK_MS, &topics, err) < 0 ||
        admin_topics_offsets(admin, &topics, ASK_MS, err) < 0)
        return -1;
    const struct sample_request wanted = {
        .config = &cli->config.common,
        .topics = &topics,
        .n_records = request->n_records,
        .timeout_ms = ASK_MS,
    };
    return sample_read(out, &cli->arena, &wanted, err);
}

static int judge(const struct request *request, const struct sample *sample,
                 const struct draft *draft, struct err *err)
{
    if (sample->n == 0)
        return err_set(err, ERR_INPUT,
                       "the topic \"%s\" has no records now, so there is nothing to draft from",
                       request->topic);
    if (draft->objects == 0 && draft->others == 0)
        return err_set(err, ERR_INPUT,
                       "the newest %zu records of \"%s\" are all tombstones (a key without a "
                       "value); -n N looks further back",
                       sample->n, request->topic);
    if (draft->objects == 0)
        return err_set(
            err, ERR_INPUT,
            "none of the newest %zu records of \"%s\" is a JSON object (%s): weir ingest "
            "could store none of them in any table",
            sample->n, request->topic, draft->reason);
    if (draft->n_columns == 0)
        return err_set(err, ERR_INPUT,
                       "the newest %zu records of \"%s\" have no key that could be a column",
                       sample->n, request->topic);
    return 0;
}

static void print_json(const struct request *request, const struct draft *draft, const char *sql)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_text(&out, "topic", request->topic);
    json_out_text(&out, "table", request->table);
    json_out_number(&out, "records", true, (int64_t)draft->objects);
    json_out_number(&out, "not_objects", true, (int64_t)draft->others);
    json_out_text(&out, "sql", sql);
    json_out_open(&out, "columns", '[');
    for (size_t i = 0; i < draft->n_columns; i++) {
        const struct draft_column *column = &draft->columns[i];
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "name", column->key);
        json_out_text(&out, "type", column->type);
        json_out_number(&out, "present", true, (int64_t)column->present);
        json_out_number(&out, "nulls", true, (int64_t)column->nulls);
        if (request->examples)
            json_out_text(&out, "example", column->example);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_open(&out, "left_out", '[');
    for (size_t i = 0; i < draft->n_left_out; i++) {
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "key", draft->left_out[i].key);
        json_out_text(&out, "why", draft->left_out[i].why);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

static void print(const struct cli *cli, const struct request *request, const struct draft *draft)
{
    struct buf sql;
    buf_init(&sql, MAX_SQL_BYTES);
    draft_print(draft, request->table, request->examples, &sql);
    if (cli->json)
        print_json(request, draft, buf_str(&sql));
    else if (isatty(STDOUT_FILENO)) {
        struct buf shown;
        buf_init(&shown, 4 * MAX_SQL_BYTES);
        shown_add(&shown, buf_slice(&sql));
        fputs(buf_str(&shown), stdout);
        buf_release(&shown);
    } else
        fputs(buf_str(&sql), stdout);
    buf_release(&sql);
}

static int draft_table(struct cli *cli, struct admin **admin, struct err *err)
{
    struct request request = {.topic = NULL};
    struct sample sample;
    struct draft draft;
    if (read_request(cli, &request, err) < 0 || cli_load_config(cli, NULL, 0, true, err) < 0 ||
        signals_init(err) < 0)
        return -1;
    signals_end_at_once(true); /* there is nothing to drain */
    if (cluster_connect(cli, admin, err) < 0 ||
        take_sample(cli, *admin, &request, &sample, err) < 0)
        return -1;
    draft_make(&draft, &cli->arena, sample.records, sample.n);
    if (judge(&request, &sample, &draft, err) < 0)
        return -1;
    print(cli, &request, &draft);
    return 0;
}

static int run(struct cli *cli)
{
    struct err err;
    struct admin *admin = NULL;
    int rc = draft_table(cli, &admin, &err);
    admin_free(admin);
    return rc < 0 ? cli_fail(cli, &err) : 0;
}

const struct verb verb_draft = {
    .name = "draft",
    .summary = "draft a table from a topic's records, as SQL to look at and run",
    .usage = "table TOPIC [--table TABLE] [-n N] [--examples]",
    .notes =
        "The newest records are read (nothing changes), and for each key a type is taken\n"
        "that holds all values seen, with room (bigint, text). docs/doctor.md has the rules.\n\n"
        "Examples:\n"
        "  weir draft table orders --table shop.orders | tee orders.sql\n"
        "  weir draft table orders --examples -n 10000\n"
        "  weir draft table orders -J | jq -r '.columns[] | [.name, .type] | @tsv'",
    .tasks = tasks,
    .n_tasks = N_TASKS,
    .options = options,
    .run = run,
};
