/* The configuration: what is read, what wins, and where each error points. */
#include "unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/settings.h"
#include "base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A pipeline that is complete, so that a case can be about one more key. */
#define PIPELINE "pipelines:\n  p:\n    topic: t\n    table: s.t\n"

static char folder[64];

static int in_empty_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/weir-config-XXXXXX");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void write_bytes(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void write_file(const char *path, const char *text)
{
    write_bytes(path, text, strlen(text));
}

static int load_with(struct config *config, const struct override *overrides, size_t n,
                     struct err *err)
{
    const struct config_request request = {.overrides = overrides, .n_overrides = n};
    return config_load(config, &request, err);
}

static int load_text(struct config *config, const char *text, struct err *err)
{
    write_file("weir.yaml", text);
    return load_with(config, NULL, 0, err);
}

/* ---- errors ------------------------------------------------------------------------------- */

static const struct {
    const char *file;
    const char *error;
} errors[] = {
    /* syntax */
    {"brokers: \"x\n", "weir.yaml:1:11: double-quoted scalar without closing quote"},
    {"a: 1\n b: 2\n", "weir.yaml:1:4: invalid multiline plain key"},
    {"pipelines:\n  a:\n    topic: x\n   lanes: 2\n",
     "weir.yaml:4:4: invalid indentation in mapping"},
    {"brokers: @x\n", "weir.yaml:1:10: plain scalar cannot start with '@'"},
    {"brokers: a\nbrokers: b\n",
     "weir.yaml:2:1: the key \"brokers\" is here twice (first in line 1)"},
    {"brokers: a\n---\nbrokers: b\n", "weir.yaml:2:1: a second document"},
    {"brokers: &a b\n", "weir.yaml:1:13: anchors"},
    {"brokers: *a\n", "weir.yaml:1:"},
    {"brokers: !!str b\n", "weir.yaml:1:16: tags"},
    {"? [a]\n: b\n", "weir.yaml:1:3: a key must be a text, here it is a list"},
    {"<<: {a: b}\n", "weir.yaml:1:1: merge keys"},
    {"brokers: a\nx\xff\n", "weir.yaml:2:2: the byte 0xff is not UTF-8"},
    {"brokers: \"\xC8\x99\x01\"\n", "weir.yaml:1:12: the control character 0x01"},
    {"brokers: \"a\\0b\"\n", "weir.yaml:1:10: a text holds a NUL"},
    {"[brokers]\n", "weir.yaml:1:1: expected keys such as brokers and pipelines, found a list"},
    {"brokers\n", "weir.yaml:1:1: expected keys such as brokers and pipelines, found a text"},
    /* unknown keys */
    {"broker: x\ndatabse: y\n",
     "weir.yaml:2:1: unknown key \"databse\"; did you mean \"database\"?"},
    {"zzzzzzz: x\n", "weir.yaml:1:1: unknown key \"zzzzzzz\"; the keys are: brokers, database,"},
    {"\xef\xbb\xbfzzzzzzz: x\n", "weir.yaml:1:1: unknown key \"zzzzzzz\""},
    {"lanes: 3\n", "weir.yaml:1:1: \"lanes\" belongs to a pipeline"},
    {PIPELINE "    tabel: x\n",
     "weir.yaml:5:5: unknown key \"tabel\" in a pipeline; did you mean \"table\"?"},
    {PIPELINE "    max-batch-rows: 1\n", "weir.yaml:5:5: unknown key \"max-batch-rows\" in a "
                                         "pipeline; did you mean \"max_batch_rows\"?"},
    {PIPELINE "    exit: true\n", "weir.yaml:5:5: \"exit\" is an option of a run (--exit)"},
    {PIPELINE "    allow_second_copy: true\n",
     "weir.yaml:5:5: \"allow_second_copy\" is an option of a run (--allow-second-copy)"},
    /* later versions */
    {PIPELINE "    where: a < 1\n",
     "weir.yaml:5:5: \"where\" is not supported by this version yet"},
    {PIPELINE "    sample: 1%\n", "weir.yaml:5:5: \"sample\" is not supported by this version yet"},
    {PIPELINE "    key: [id]\n", "weir.yaml:5:5: \"key\" is not supported by this version yet"},
    {PIPELINE "    on_conflict: update\n",
     "weir.yaml:5:18: on_conflict: \"update\" is not supported by this version yet"},
    {"pipelines: {p: {topic: ^x, table: t}}\n",
     "weir.yaml:1:24: topic: \"^x\" is a pattern: topics by pattern are not supported"},
    {"database: sqlite:x.db\n",
     "weir.yaml:1:11: database: SQLite databases come in a later version"},
    {"pipelines: {p: {topic: x, table: t, database: sqlite:x.db}}\n",
     "weir.yaml:1:47: database: SQLite databases come in a later version"},
    /* kinds of values */
    {"pipelines: [a]\n", "weir.yaml:1:12: pipelines: expected a mapping of names, found a list"},
    {"pipelines:\n  p: x\n", "weir.yaml:2:6: pipeline \"p\": expected a mapping"},
    {"pipelines:\n  a b: {}\n", "weir.yaml:2:3: \"a b\" is not a pipeline's name"},
    {"pipelines:\n  p:\n    topic: t\n", "weir.yaml:2:3: pipeline \"p\" has no \"table\""},
    {"pipelines:\n  p:\n    table: t\n", "weir.yaml:2:3: pipeline \"p\" has no \"topic\""},
    {"pipelines:\n  p:\n    topic:\n    table: t\n", "weir.yaml:3:5: topic: the value is missing"},
    {"pipelines:\n  p:\n    topic: []\n    table: t\n", "weir.yaml:3:12: topic: the list is empty"},
    {"pipelines:\n  p:\n    topic: [a, {b: c}]\n    table: t\n",
     "weir.yaml:3:16: topic: expected a text, found a mapping"},
    {"pipelines:\n  p:\n    topic: [a, b, a]\n    table: t\n",
     "weir.yaml:3:19: topic: \"a\" is named twice"},
    {PIPELINE "    lanes: [1]\n", "weir.yaml:5:12: lanes: expected a text, found a list"},
    {"kafka: x\n", "weir.yaml:1:8: kafka: expected a mapping, found a text"},
    {"kafka: {a.b: [c]}\n", "weir.yaml:1:14: kafka: a.b: expected a text, found a list"},
    {"pipelines:\n  a: {name: p, topic: t, table: t}\n  p: {topic: u, table: u}\n",
     "weir.yaml:3:3: two pipelines are named \"p\" (the other in line 2)"},
    /* values */
    {PIPELINE "    lanes: 0\n", "weir.yaml:5:12: lanes: 0 is not between 1 and 64"},
    {PIPELINE "    lanes: 65\n", "weir.yaml:5:12: lanes: 65 is not between 1 and 64"},
    {PIPELINE "    lanes: \"two\"\n", "weir.yaml:5:12: lanes: \"two\" is not a whole number"},
    {PIPELINE "    max_batch_bytes: 63KiB\n",
     "weir.yaml:5:22: max_batch_bytes: 63KiB is not between 64KiB and 1024MiB"},
    {PIPELINE "    max_batch_bytes: 4MB\n",
     "weir.yaml:5:22: max_batch_bytes: \"4MB\" is not a size"},
    {PIPELINE "    max_batch_rows: 0\n", "weir.yaml:5:21: max_batch_rows: 0 is not between 1 and"},
    {PIPELINE "    max_delay: 10\n", "weir.yaml:5:16: max_delay: \"10\" is not a duration"},
    {PIPELINE "    max_delay: 2h\n", "weir.yaml:5:16: max_delay: 2h is not between 0ms and 3600s"},
    {PIPELINE "    dead_cap: 0\n", "weir.yaml:5:15: dead_cap: 0 is less than 1"},
    {PIPELINE "    max_dead_share: 0.5\n",
     "weir.yaml:5:21: max_dead_share: \"0.5\" is not a share"},
    {PIPELINE "    on_nul: keep\n",
     "weir.yaml:5:13: on_nul: \"keep\" is not one of its values: write dead or strip"},
    {PIPELINE "    log_format: xml\n", "weir.yaml:5:17: log_format: \"xml\" is not one of its "
                                       "values: write auto, text, logfmt or json"},
    {PIPELINE "    offset: yesterday\n", "weir.yaml:5:13: offset: \"yesterday\" is not an offset"},
    {PIPELINE "    http: 1.2.3.4\n", "weir.yaml:5:11: http: \"1.2.3.4\" is not an address"},
    {PIPELINE "    http: :80\n", "weir.yaml:5:11: http: \":80\" is not an address"},
    {PIPELINE "    state_schema: pg_weir\n", "weir.yaml:5:19: state_schema: \"pg_weir\""},
    {PIPELINE "    timezone: a b\n", "weir.yaml:5:15: timezone: \"a b\" is not a time zone"},
    {PIPELINE "    group: \"\"\n", "weir.yaml:5:12: group: is empty"},
    {"pipelines: {p: {topic: t, table: a.b.c}}\n",
     "weir.yaml:1:34: table: \"a.b.c\" is not a table"},
    {"pipelines: {p: {topic: t, table: \"a b\"}}\n",
     "weir.yaml:1:34: table: \"a b\" is not a table"},
    {"brokers: a:0\n", "weir.yaml:1:10: brokers: \"a:0\" is not a broker's address"},
    {"brokers: [a, 'b:x']\n", "weir.yaml:1:14: brokers: \"b:x\" is not a broker's address"},
    {"database: mysql://h/d\n", "weir.yaml:1:11: database: this kind of database is not known"},
    /* kafka */
    {"kafka:\n  group.id: x\n",
     "weir.yaml:2:3: group.id is set by weir: use group (option --group)"},
    {"kafka: {bootstrap.servers: x}\n",
     "weir.yaml:1:9: bootstrap.servers is set by weir: use brokers"},
    {"kafka: {auto.offset.reset: end}\n", "weir.yaml:1:9: auto.offset.reset is set by weir"},
    {"kafka: {topic.auto.offset.reset: end}\n",
     "weir.yaml:1:9: topic.auto.offset.reset is set by weir"},
    {"kafka: {isolation.level: read_uncommitted}\n",
     "weir.yaml:1:9: isolation.level is set by weir"},
    {PIPELINE "    kafka: {enable.auto.commit: true}\n",
     "weir.yaml:5:13: enable.auto.commit is set"},
    /* columns */
    {PIPELINE "    columns: {a: b}\n",
     "weir.yaml:5:18: columns: \"b\" is not a source: write a JSON Pointer (/b)"},
    {PIPELINE "    columns: {a: /b~2}\n",
     "weir.yaml:5:18: columns: \"/b~2\" is not a JSON Pointer"},
    {PIPELINE "    columns: {a: $ofset}\n",
     "weir.yaml:5:18: columns: \"$ofset\" is unknown; did you mean \"$offset\"?"},
    {PIPELINE "    columns: {a: $headers/}\n", "weir.yaml:5:18: columns: \"$headers/\" is unknown"},
    {PIPELINE "    columns: {a: {from: /b, unt: s}}\n",
     "weir.yaml:5:29: unknown key \"unt\" in a column; did you mean \"unit\"?"},
    {PIPELINE "    columns: {a: {unit: s}}\n", "weir.yaml:5:18: columns: a: \"from\" is missing"},
    {PIPELINE "    columns: {a: {from: /b, unit: min}}\n",
     "weir.yaml:5:35: columns: a: the unit is s, ms or us"},
    {PIPELINE "    columns: {a: {from: $offset, unit: s}}\n",
     "weir.yaml:5:40: columns: a: a unit goes with a JSON Pointer"},
    {PIPELINE "    columns: {a: [/b]}\n",
     "weir.yaml:5:18: columns: a: expected a source, found a list"},
    {PIPELINE "    columns:\n      a: /a\n      a: /b\n",
     "weir.yaml:7:7: the key \"a\" is here twice"},
    /* variables */
    {"brokers: ${WEIR_TEST_UNSET}\n",
     "weir.yaml:1:10: the variable WEIR_TEST_UNSET is not set: set it, or write "
     "${WEIR_TEST_UNSET:-default}"},
    {"brokers: a${b\n", "weir.yaml:1:10: ${ without }"},
    {"brokers: ${1a}\n", "weir.yaml:1:10: ${1a} names no variable"},
    {PIPELINE "    lanes: ${WEIR_TEST_UNSET:-99}\n", "weir.yaml:5:12: lanes: 99 is not between"},
    /* JSON is YAML too */
    {"{\"pipelines\": {\"p\": {\"topic\": \"t\", \"table\": \"t\", \"lanes\": \"0\"}}}",
     "weir.yaml:1:59: lanes: 0 is not between 1 and 64"},
};

static void test_errors(void **state)
{
    (void)state;
    unsetenv("WEIR_TEST_UNSET");
    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        struct config config;
        struct err err = {0};
        if (load_text(&config, errors[i].file, &err) == 0)
            fail_msg("case %zu was accepted:\n%s", i, errors[i].file);
        if (strncmp(err.text, errors[i].error, strlen(errors[i].error)) != 0)
            fail_msg("case %zu:\n%sexpected: %s\n     got: %s", i, errors[i].file, errors[i].error,
                     err.text);
        assert_int_equal(err.class, ERR_USAGE);
    }
}

static void test_too_deep(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    char text[64 + 10] = "mask: ";
    memset(text + 6, '[', 40);
    memset(text + 46, ']', 20);
    assert_int_equal(load_text(&config, text, &err), -1);
    assert_string_equal(err.text, "weir.yaml:1:38: nested deeper than 32 levels");
}

static void test_too_large(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    char *text = malloc(YAML_MAX_BYTES + 1);
    assert_non_null(text);
    memset(text, '\n', YAML_MAX_BYTES + 1);
    write_bytes("weir.yaml", text, YAML_MAX_BYTES + 1);
    assert_int_equal(load_with(&config, NULL, 0, &err), -1);
    assert_non_null(strstr(err.text, "weir.yaml is larger than 1048576 bytes"));
    free(text);
}

/* ---- values ------------------------------------------------------------------------------- */

static const char full[] = "brokers: [a:1, b:2]\n"
                           "database: creds.json\n"
                           "kafka: {security.protocol: ssl, client.id: me}\n"
                           "topics: {x: \"${WEIR_TEST_UNSET}\"}\n"
                           "mask: [a]\n"
                           "pipelines:\n"
                           "  p:\n"
                           "    topic: [t, u]\n"
                           "    table: s.t\n"
                           "    setup: [a.sql, /abs/b.sql]\n"
                           "    kafka: {client.id: you}\n"
                           "    columns:\n"
                           "      city: /address/city\n"
                           "      o: $offset\n"
                           "      h: $headers/trace\n"
                           "      seen: {from: /ts, unit: ms}\n"
                           "    lanes: 3\n"
                           "    max_batch_bytes: 1MiB\n"
                           "    max_delay: 1m30s\n"
                           "    on_unknown_key: dead\n"
                           "    on_nul: strip\n"
                           "    on_too_long: truncate\n"
                           "    on_conflict: ignore\n"
                           "    on_gap: record\n"
                           "    max_dead_share: 12.5%\n"
                           "    dead_cap: 3KiB\n"
                           "    offset: -5\n"
                           "    http: 127.0.0.1:0\n";

static void test_values(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    assert_int_equal(load_text(&config, full, &err), 0);
    assert_int_equal(config.n_pipelines, 1);
    const struct pipeline_config *p = &config.pipelines[0];
    assert_string_equal(p->name, "p");
    assert_true(p->name_given);
    assert_string_equal(p->brokers, "a:1,b:2");
    assert_string_equal(p->database, "creds.json");
    assert_int_equal(p->database_form, DATABASE_FILE);
    assert_int_equal(p->n_topics, 2);
    assert_string_equal(p->topics[1], "u");
    assert_int_equal(p->n_setup, 2);
    assert_string_equal(p->setup[1], "/abs/b.sql");
    assert_int_equal(p->n_kafka, 2);
    assert_string_equal(p->kafka[1].name, "client.id");
    assert_string_equal(p->kafka[1].value, "you");
    assert_string_equal(p->kafka[1].where, "weir.yaml:11:24");
    assert_int_equal(p->n_columns, 4);
    assert_int_equal(p->columns[0].source, COLUMN_POINTER);
    assert_string_equal(p->columns[0].from, "/address/city");
    assert_int_equal(p->columns[1].source, COLUMN_OFFSET);
    assert_int_equal(p->columns[2].source, COLUMN_HEADER);
    assert_string_equal(p->columns[2].from, "trace");
    assert_int_equal(p->columns[3].unit, TIME_UNIT_MS);
    assert_int_equal(p->columns[3].line, 16);
    assert_int_equal(p->lanes, 3);
    assert_int_equal(p->max_batch_bytes, 1 << 20);
    assert_int_equal(p->max_delay_ms, 90000);
    assert_int_equal(p->on_unknown_key, UNKNOWN_KEY_DEAD);
    assert_int_equal(p->on_nul, NUL_STRIP);
    assert_int_equal(p->on_too_long, TOO_LONG_TRUNCATE);
    assert_int_equal(p->on_conflict, CONFLICT_IGNORE);
    assert_int_equal(p->on_gap, GAP_RECORD);
    assert_true(p->max_dead_share > 0.1249 && p->max_dead_share < 0.1251);
    assert_int_equal(p->dead_cap_bytes, 3072);
    assert_int_equal(p->offset.kind, OFFSET_TAIL);
    assert_int_equal(p->offset.value, 5);
    assert_false(p->offset_given);
    assert_string_equal(config.http, "127.0.0.1:0");
    config_release(&config);
}

static void test_defaults(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    assert_int_equal(load_text(&config, PIPELINE, &err), 0);
    const struct pipeline_config *p = &config.pipelines[0];
    assert_string_equal(p->brokers, "localhost:9092");
    assert_string_equal(p->database, "");
    assert_int_equal(p->database_form, DATABASE_ENVIRONMENT);
    assert_int_equal(p->offset.kind, OFFSET_BEGINNING);
    assert_null(p->group);
    assert_string_equal(p->state_schema, "weir");
    assert_string_equal(p->timezone, "UTC");
    assert_int_equal(p->lanes, 2);
    assert_int_equal(p->max_batch_rows, 1000000);
    assert_int_equal(p->max_batch_bytes, 0); /* by the number of lanes */
    assert_int_equal(p->max_delay_ms, 0);
    assert_int_equal(p->on_unknown_key, UNKNOWN_KEY_IGNORE);
    assert_int_equal(p->on_nul, NUL_DEAD);
    assert_int_equal(p->on_too_long, TOO_LONG_DEAD);
    assert_int_equal(p->on_conflict, CONFLICT_FAIL);
    assert_int_equal(p->on_gap, GAP_STOP);
    assert_true(p->max_dead_share > 0.49 && p->max_dead_share < 0.51);
    assert_int_equal(p->dead_cap_bytes, INT64_C(10) << 30);
    assert_int_equal(p->count, 0);
    assert_false(p->exit_at_end || p->reset || p->yes || p->dry_run || p->print_setup);
    assert_null(config.http);
    assert_string_equal(config.log_format, "auto");
    config_release(&config);
}

static void test_precedence(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const struct override option = {"lanes", "5", "--lanes"};
    write_file("weir.yaml", PIPELINE "    lanes: 3\n");
    setenv("WEIR_LANES", "4", 1);
    assert_int_equal(load_with(&config, &option, 1, &err), 0);
    assert_int_equal(config.pipelines[0].lanes, 5);
    assert_string_equal(config_where(&config.pipelines[0], "lanes"), "--lanes");
    config_release(&config);

    assert_int_equal(load_with(&config, NULL, 0, &err), 0);
    assert_int_equal(config.pipelines[0].lanes, 4);
    assert_string_equal(config_where(&config.pipelines[0], "lanes"), "WEIR_LANES");
    config_release(&config);

    unsetenv("WEIR_LANES");
    assert_int_equal(load_with(&config, NULL, 0, &err), 0);
    assert_int_equal(config.pipelines[0].lanes, 3);
    assert_string_equal(config_where(&config.pipelines[0], "lanes"), "weir.yaml:5:12");
    assert_string_equal(config_where(&config.pipelines[0], "max_delay"), "default");
    config_release(&config);
}

static void test_variables_in_the_file(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    setenv("WEIR_TEST_HOST", "h", 1);
    setenv("WEIR_TEST_EMPTY", "", 1);
    assert_int_equal(load_text(&config,
                               "database: \"postgresql://${WEIR_TEST_HOST}/${WEIR_TEST_EMPTY:-d}"
                               "${WEIR_TEST_EMPTY}?application_name=$${x}$y\"\n" PIPELINE,
                               &err),
                     0);
    assert_string_equal(config.pipelines[0].database, "postgresql://h/d?application_name=${x}$y");
    assert_int_equal(config.pipelines[0].database_form, DATABASE_URI);
    config_release(&config);
}

static void test_paths(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const struct override option = {"setup", "mine.sql", "--setup"};
    write_file("weir.yaml", "database: c.json\n" PIPELINE "    setup: [a.sql, /b.sql]\n");
    assert_int_equal(mkdir("sub", 0700), 0);
    assert_int_equal(mkdir("sub/deep", 0700), 0);
    assert_int_equal(chdir("sub/deep"), 0);
    assert_int_equal(load_with(&config, NULL, 0, &err), 0);
    assert_string_equal(config.path, "../../weir.yaml");
    assert_string_equal(config.pipelines[0].database, "../../c.json");
    assert_string_equal(config.pipelines[0].setup[0], "../../a.sql");
    assert_string_equal(config.pipelines[0].setup[1], "/b.sql");
    config_release(&config);

    /* An option's path is meant from here, and its list takes the place of the file's. */
    setenv("WEIR_DATABASE", "d.json", 1);
    assert_int_equal(load_with(&config, &option, 1, &err), 0);
    unsetenv("WEIR_DATABASE");
    assert_string_equal(config.pipelines[0].database, "d.json");
    assert_int_equal(config.pipelines[0].n_setup, 1);
    assert_string_equal(config.pipelines[0].setup[0], "mine.sql");
    config_release(&config);
    assert_int_equal(chdir("../.."), 0);
}

static void test_which_file(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    write_file("weir.yaml", PIPELINE);
    write_file("other.yaml", "pipelines: {o: {topic: t, table: t}}");
    setenv("WEIR_CONFIG", "other.yaml", 1);
    assert_int_equal(load_with(&config, NULL, 0, &err), 0);
    assert_string_equal(config.pipelines[0].name, "o");
    config_release(&config);

    const struct config_request named = {.file = "weir.yaml"};
    assert_int_equal(config_load(&config, &named, &err), 0);
    assert_string_equal(config.pipelines[0].name, "p");
    config_release(&config);

    setenv("WEIR_CONFIG", "none.yaml", 1);
    assert_int_equal(load_with(&config, NULL, 0, &err), -1);
    assert_non_null(strstr(err.text, "WEIR_CONFIG none.yaml: there is no such file"));
    unsetenv("WEIR_CONFIG");

    const struct config_request number = {.file = "10"};
    assert_int_equal(config_load(&config, &number, &err), -1);
    assert_non_null(strstr(err.text, "the number of records is -n 10"));

    const struct config_request dir = {.file = "/tmp"};
    assert_int_equal(config_load(&config, &dir, &err), -1);
    assert_string_equal(err.text, "cannot read /tmp: Is a directory");
}

/* ---- which pipelines run ------------------------------------------------------------------ */

static const char three[] = "pipelines:\n"
                            "  a: {topic: t, table: s.t, lanes: 7}\n"
                            "  b: {topic: [u, v], table: s.t, lanes: 8}\n"
                            "  c: {topic: t, table: s.x}\n"
                            "  d: {topic: t, table: s.x}\n";

static const struct {
    const char *topics[3];
    const char *table;
    const char *name; /* --name */
    const char *expected;
    int lanes;
} given[] = {
    {{"t"}, "s.t", NULL, "a", 7},
    {{"v", "u"}, "s.t", NULL, "b", 8},
    {{"t"}, "s.t", "n", "n", 7},
    {{"t"}, "s.y", NULL, "t-to-s.y", 2},
    {{"t"}, "s.y", "n", "n", 2},
    /* two pipelines have them: neither is meant */
    {{"t"}, "s.x", NULL, "t-to-s.x", 2},
    /* one name whatever the order of the topics */
    {{"z", "u", "v"}, "s.t", NULL, "u+v+z-to-s.t", 2},
};

static void test_topic_and_table_given(void **state)
{
    (void)state;
    write_file("weir.yaml", three);
    for (size_t i = 0; i < COUNT_OF(given); i++) {
        struct config config;
        struct err err;
        struct override overrides[5];
        size_t n = 0;
        for (size_t j = 0; j < 3 && given[i].topics[j]; j++)
            overrides[n++] = (struct override){"topic", given[i].topics[j], "-t"};
        overrides[n++] = (struct override){"table", given[i].table, "--table"};
        if (given[i].name)
            overrides[n++] = (struct override){"name", given[i].name, "--name"};
        assert_int_equal(load_with(&config, overrides, n, &err), 0);
        assert_int_equal(config.n_pipelines, 1);
        assert_string_equal(config.pipelines[0].name, given[i].expected);
        assert_int_equal(config.pipelines[0].lanes, given[i].lanes);
        assert_int_equal(config.pipelines[0].name_given, !strstr(given[i].expected, "-to-"));
        config_release(&config);
    }
}

static void test_names(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const char *const two[] = {"c", "a"};
    const char *const unknown[] = {"pipeline_a"};
    const char *const twice[] = {"a", "a"};
    const struct override table = {"table", "s.t", "--table"};
    const struct override topic = {"topic", "t", "-t"};
    const struct override name = {"name", "n", "--name"};
    const struct override offset = {"offset", "end", "-o"};
    write_file("weir.yaml", three);

    assert_int_equal(load_with(&config, &offset, 1, &err), 0);
    assert_int_equal(config.n_pipelines, 4);
    assert_true(config.pipelines[3].offset_given);
    config_release(&config);

    struct config_request request = {.names = two, .n_names = 2};
    assert_int_equal(config_load(&config, &request, &err), 0);
    assert_int_equal(config.n_pipelines, 2);
    assert_string_equal(config.pipelines[0].name, "c");
    assert_string_equal(config.pipelines[1].name, "a");
    config_release(&config);

    request.names = twice;
    assert_int_equal(config_load(&config, &request, &err), -1);
    assert_string_equal(err.text, "pipeline \"a\" is named twice");

    request = (struct config_request){.names = unknown, .n_names = 1};
    assert_int_equal(config_load(&config, &request, &err), -1);
    assert_string_equal(err.text, "weir.yaml has no pipeline \"pipeline_a\"; it has: a, b, c, d");

    request =
        (struct config_request){.names = two, .n_names = 1, .overrides = &table, .n_overrides = 1};
    assert_int_equal(config_load(&config, &request, &err), -1);
    assert_non_null(strstr(err.text, "--table and a pipeline's name (c) do not go together"));

    assert_int_equal(load_with(&config, &table, 1, &err), -1);
    assert_non_null(strstr(err.text, "--table goes with -t"));
    assert_int_equal(load_with(&config, &topic, 1, &err), -1);
    assert_non_null(strstr(err.text, "runs by its name: weir ingest a"));
    assert_int_equal(load_with(&config, &name, 1, &err), -1);
    assert_non_null(strstr(err.text, "--name names one pipeline, and 4 are to run"));
}

static void test_nothing_to_run(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const struct config_request relaxed = {.allow_none = true};
    assert_int_equal(load_text(&config, "brokers: b:1\n", &err), -1);
    assert_non_null(strstr(err.text, "nothing to run"));
    assert_int_equal(config_load(&config, &relaxed, &err), 0);
    assert_int_equal(config.n_pipelines, 0);
    assert_string_equal(config.common.brokers, "b:1");
    config_release(&config);
}

static void test_a_verb_that_runs_none(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const struct config_request request = {.allow_none = true, .runs_none = true};
    write_file("weir.yaml", "pipelines:\n  a: {topic: t, table: x, http: 'a:1'}\n"
                            "  b: {topic: u, table: y, http: 'b:2'}\n");
    setenv("WEIR_TOPIC", "other", 1);
    setenv("WEIR_NAME", "mine", 1);
    assert_int_equal(config_load(&config, &request, &err), 0);
    assert_int_equal(config.n_pipelines, 2);
    assert_string_equal(config.pipelines[0].name, "a");
    assert_string_equal(config.pipelines[1].topics[0], "u");
    assert_null(config.http);
    config_release(&config);
    unsetenv("WEIR_TOPIC");
    unsetenv("WEIR_NAME");
}

static void test_stray_variables(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *nearest; /* NULL: nothing is said of it */
    } cases[] = {
        {"WEIR_BROKER", "WEIR_BROKERS"},
        {"WEIR_brokers", "WEIR_BROKERS"},
        {"WEIR_MAX_BATCH_ROW", "WEIR_MAX_BATCH_ROWS"},
        {"WEIR_CONFG", "WEIR_CONFIG"},
        {"WEIR_COLUMN", NULL}, /* only in the file */
        {"WEIR_CONFIG", NULL},
        {"WEIR_LANES", NULL},
        {"WEIR_PORT", NULL},
        {"WEIR_SERVICE_HOST", NULL},
        {"WEIR_", NULL},
        {"XWEIR_BROKER", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct stray_variable stray = {.nearest = NULL};
        size_t at = 0;
        arena_init(&arena);
        setenv(cases[i].name, "x", 1);
        bool found = config_stray_variable(&arena, &at, &stray);
        if (found != (cases[i].nearest != NULL))
            fail_msg("%s: %s", cases[i].name, found ? stray.nearest : "nothing");
        if (found) {
            assert_string_equal(stray.name, cases[i].name);
            assert_string_equal(stray.nearest, cases[i].nearest);
            assert_false(config_stray_variable(&arena, &at, &stray));
        }
        unsetenv(cases[i].name);
        arena_release(&arena);
    }
}

static void test_process_settings_agree(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const struct override option = {"http", "9464", "--http"};
    write_file("weir.yaml", "pipelines:\n"
                            "  a: {topic: t, table: t, http: 127.0.0.1:1}\n"
                            "  b: {topic: u, table: u, http: 127.0.0.1:2}\n");
    assert_int_equal(load_with(&config, NULL, 0, &err), -1);
    assert_string_equal(err.text, "weir.yaml:3:33: http: one process has one http, and "
                                  "weir.yaml:2:33 gives another");
    assert_int_equal(load_with(&config, &option, 1, &err), 0);
    assert_string_equal(config.http, "9464");
    config_release(&config);
}

static void test_properties_add_up(void **state)
{
    (void)state;
    struct config config;
    struct err err;
    const struct override options[] = {{"kafka", "b=3", "-X"}, {"kafka", "c=x=y", "-X"}};
    write_file("weir.yaml", "kafka: {a: 1, b: 1}\n" PIPELINE);
    setenv("WEIR_KAFKA", "b=2; d=4", 1);
    assert_int_equal(load_with(&config, options, 2, &err), 0);
    unsetenv("WEIR_KAFKA");
    const struct pipeline_config *p = &config.pipelines[0];
    assert_int_equal(p->n_kafka, 4);
    assert_string_equal(p->kafka[1].name, "b");
    assert_string_equal(p->kafka[1].value, "3");
    assert_string_equal(p->kafka[2].where, "WEIR_KAFKA");
    assert_string_equal(p->kafka[3].value, "x=y");
    config_release(&config);

    const struct override owned = {"kafka", "group.id=x", "-X"};
    assert_int_equal(load_with(&config, &owned, 1, &err), -1);
    assert_string_equal(err.text, "-X: group.id is set by weir: use group (option --group)");
    const struct override bare = {"kafka", "debug", "-X"};
    assert_int_equal(load_with(&config, &bare, 1, &err), -1);
    assert_string_equal(err.text, "-X: \"debug\" is not a property: write NAME=VALUE");
}

/* ---- printing ----------------------------------------------------------------------------- */

static char *printed(const char *file)
{
    struct config config;
    struct err err;
    char *text = NULL;
    size_t length = 0;
    const struct config_request request = {.file = file};
    if (config_load(&config, &request, &err) < 0)
        fail_msg("%s", err.text);
    FILE *to = open_memstream(&text, &length);
    assert_int_equal(config_print(&config, to, false, &err), 0);
    fclose(to);
    config_release(&config);
    return text;
}

/* What is printed is a configuration again, and it is the same one. */
static void test_print_again(void **state)
{
    (void)state;
    write_file("a.yaml", full);
    char *first = printed("a.yaml");
    write_file("b.yaml", first);
    char *second = printed("b.yaml");
    assert_string_equal(first, second);
    assert_non_null(strstr(first, "\n    max_delay: 1m30s\n"));
    assert_non_null(strstr(first, "\ntopics: {x: \"${WEIR_TEST_UNSET}\"}\n"));
    free(first);
    free(second);
}

static void test_print_masks(void **state)
{
    (void)state;
    write_file("a.yaml",
               "database: \"postgresql://u:sesame@h/d?sslpassword=sesame\"\n"
               "kafka: {sasl.password: sesame, ssl.key.pem: sesame, sasl.username: ali}\n"
               "notify: [{webhook: {secret: sesame}}]\n"
               "pipelines:\n"
               "  p: {topic: t, table: t, database: \"host=h password='se\\\\'same'\"}\n");
    char *text = printed("a.yaml");
    assert_null(strstr(text, "same"));
    assert_non_null(strstr(text, "postgresql://u:********@h/d?sslpassword=********"));
    assert_non_null(strstr(text, "ali"));
    free(text);
}

/* Every setting's default passes its own check, and each key is spelled one way. */
static void test_settings_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const struct setting *setting = setting_at(i);
        assert_non_null(setting->key);
        assert_non_null(setting->help);
        assert_ptr_equal(setting_find(setting->key), setting);
        assert_true(strlen(setting->key) < 31);
        assert_null(strpbrk(setting->key, "-ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
        if (setting->type != SETTING_TYPE_FLAG && setting->type != SETTING_TYPE_COLUMNS)
            assert_non_null(setting->argument);
    }
}

/* Each is compared with those of its hash alone: else 60,000 would take a minute. */
static void test_of_many_keys_each_stands_once(void **state)
{
    (void)state;
    enum { KEYS = 60000 };
    static const int twins[] = {-1, 0, 15, 16, 17, 31, 32, 33, KEYS - 1};
    for (size_t i = 0; i < COUNT_OF(twins); i++) {
        struct arena arena;
        struct buf text;
        struct err err = {0};
        struct yaml_node *root = NULL;
        arena_init(&arena);
        buf_init(&text, YAML_MAX_BYTES);
        for (int key = 0; key < KEYS; key++)
            buf_printf(&text, "k%d: 1\n", key);
        if (twins[i] >= 0)
            buf_printf(&text, "k%d: 2\n", twins[i]);
        int rc = yaml_load(&arena, "f", buf_slice(&text), &root, &err);
        if (twins[i] < 0) {
            assert_int_equal(rc, 0);
            assert_int_equal(root->n, KEYS);
        } else {
            char wanted[96];
            snprintf(wanted, sizeof wanted,
                     "f:%d:1: the key \"k%d\" is here twice (first in line %d)", KEYS + 1, twins[i],
                     twins[i] + 1);
            assert_string_equal(err.text, wanted);
        }
        buf_release(&text);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_too_deep),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_precedence),
        cmocka_unit_test(test_variables_in_the_file),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_which_file),
        cmocka_unit_test(test_topic_and_table_given),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_nothing_to_run),
        cmocka_unit_test(test_a_verb_that_runs_none),
        cmocka_unit_test(test_stray_variables),
        cmocka_unit_test(test_process_settings_agree),
        cmocka_unit_test(test_properties_add_up),
        cmocka_unit_test(test_print_again),
        cmocka_unit_test(test_print_masks),
        cmocka_unit_test(test_settings_table),
        cmocka_unit_test(test_of_many_keys_each_stands_once),
    };
    return cmocka_run_group_tests(tests, in_empty_folder, leave_folder);
}
