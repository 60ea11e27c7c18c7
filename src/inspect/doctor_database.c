/* The server, the setup files and the table. */
#include "inspect/examination.h"

#include "base/command.h"
#include "inspect/sql_name.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SECTION "Database"
#define MAX_SQL_BYTES ((size_t)4 << 20)

static void look_at_file(struct examination *x)
{
    struct stat st;
    const char *path = x->config->database;
    if (x->config->database_form != DATABASE_FILE || stat(path, &st) < 0 || !(st.st_mode & 077))
        return;
    finding_add(x->findings, FINDING_WARN, SECTION, "credentials",
                "others on this machine can read %s", path)
        ->cure = arena_printf(x->arena, "chmod 600 %s", command_word(x->arena, path));
}

static void look_at_clock(struct examination *x, const struct survey_server *server)
{
    int64_t apart_us = llabs(server->ahead_us);
    bool apart = apart_us - server->doubt_us > CLOCK_US;
    const char *text = doctor_time_text(x->arena, apart_us / 1000);
    if (!apart) {
        finding_add(x->findings, FINDING_OK, SECTION, "clock",
                    "the server's and this machine's are %s apart", text);
        return;
    }
    finding_add(x->findings, FINDING_WARN, SECTION, "clock", "the server's is %s %s this machine's",
                text, server->ahead_us > 0 ? "ahead of" : "behind")
        ->cure = "set both by NTP; what is stored does not depend on them, what defaults such as "
                 "now() and reports say does";
}

static void look_at_server(struct examination *x)
{
    struct err err;
    struct survey_server server;
    if (survey_server(x->survey, x->arena, &server, &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, "server", &err);
        return;
    }
    finding_add(x->findings, FINDING_OK, SECTION, "server", "%s, PostgreSQL %s",
                survey_label(x->survey), server.version);
    if (!strcmp(server.encoding, "UTF8"))
        finding_add(x->findings, FINDING_OK, SECTION, "encoding", "UTF8");
    else
        finding_add(x->findings, FINDING_WARN, SECTION, "encoding",
                    "%s has not every character: a record with another one becomes a dead letter",
                    server.encoding)
            ->cure = "a database in UTF-8: createdb -T template0 -E UTF8 NAME";
    look_at_clock(x, &server);
}

/* The setup files, read but not run. False: ingest would stop at them. */
static bool look_at_setup(struct examination *x, struct setup_effect *effect)
{
    struct err err;
    *effect = (struct setup_effect){.makes_table = false};
    if (x->config->n_setup == 0)
        return true;
    if (survey_setup(x->config, effect, &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, "setup", &err);
        return false;
    }
    finding_add(x->findings, FINDING_OK, SECTION, "setup", "%zu file%s to be run at the start%s",
                x->config->n_setup, x->config->n_setup == 1 ? "" : "s",
                effect->makes_table ? ", which make the table" : "");
    return true;
}

/* The table is not there and nothing makes it: a draft from the records, unless the name is much
 * like another one's. */
static void offer_draft(struct examination *x, struct finding *finding, const char *near)
{
    struct buf sql;
    if (near) {
        finding->cure = arena_printf(x->arena, "--table %s, if that table is meant",
                                     command_word(x->arena, near));
        finding->instead = arena_printf(x->arena, "a new one: weir draft table %s --table %s",
                                        command_word(x->arena, x->config->topics[0]),
                                        command_word(x->arena, x->config->table));
        return;
    }
    if (x->draft.n_columns == 0) {
        finding->cure = "create it, or name a file that does with --setup";
        return;
    }
    buf_init(&sql, MAX_SQL_BYTES);
    draft_print(&x->draft, x->config->table, false, &sql);
    finding->sql = arena_strdup(x->arena, buf_str(&sql));
    finding->cure = "as the records are, for example:";
    buf_release(&sql);
}

static void no_table(struct examination *x, bool setup_makes_it, const struct err *err)
{
    bool missing = !strcmp(err->code, "42P01");
    x->no_table = "the table cannot be used";
    if (!missing) {
        doctor_add_error(x, FINDING_FAIL, SECTION, "table", err);
        return;
    }
    x->no_table = "the table is not there yet";
    if (setup_makes_it) {
        finding_add(x->findings, FINDING_OK, SECTION, "table",
                    "%s is not there yet; the setup files make it", x->config->table);
        return;
    }
    const char *advice = strstr(err->text, "; create it first");
    int len = advice ? (int)(advice - err->text) : (int)strlen(err->text);
    struct finding *finding =
        finding_add(x->findings, FINDING_FAIL, SECTION, "table", "%.*s", len, err->text);
    offer_draft(x, finding, doctor_near(x->arena, err->text));
}

static void tell_server_rules(struct examination *x)
{
    struct err err;
    const char *rules = "";
    if (survey_server_rules(x->survey, x->arena, x->table, &rules, &err) < 0)
        doctor_add_error(x, FINDING_WARN, SECTION, "rules", &err);
    else if (*rules)
        finding_add(x->findings, FINDING_SKIP, SECTION, "rules",
                    "not checked, the server alone can judge: %s", rules);
}

/* The table is there. By reading alone it is not certain that the very same one is meant. */
static void warn_of_setup(struct examination *x, const struct setup_effect *effect)
{
    if (!*effect->fails_again)
        return;
    finding_add(x->findings, FINDING_WARN, SECTION, "setup",
                "%s: a CREATE TABLE of a table that is there: the start would end at it",
                effect->fails_again)
        ->cure = "write CREATE TABLE IF NOT EXISTS: the setup runs at each start";
}

static void look_at_table(struct examination *x)
{
    struct err err;
    struct setup_effect setup;
    size_t generated = 0;
    look_at_setup(x, &setup);
    if (survey_table(x->survey, &x->table, &err) < 0) {
        no_table(x, setup.makes_table, &err);
        return;
    }
    warn_of_setup(x, &setup);
    for (size_t i = 0; i < x->table->n_columns; i++)
        generated += x->table->columns[i].generated;
    finding_add(x->findings, FINDING_OK, SECTION, "table", "%s, %zu columns%s; the role may insert",
                sql_table(x->arena, x->table), x->table->n_columns,
                generated > 0 ? arena_printf(x->arena, " (%zu generated)", generated) : "");
    tell_server_rules(x);
}

void doctor_database(struct examination *x)
{
    struct err err;
    look_at_file(x);
    if (survey_open(&x->survey, x->config, &err) < 0) {
        struct finding *finding = doctor_add_error(x, FINDING_FAIL, SECTION, "server", &err);
        if (!finding->cure)
            finding->cure = "is the server running, and are host and port in --database right?";
        x->no_database = x->no_table = x->no_state = "the database cannot be used";
        finding_add(x->findings, FINDING_SKIP, SECTION, "table", "%s", x->no_database);
        return;
    }
    look_at_server(x);
    look_at_table(x);
}
