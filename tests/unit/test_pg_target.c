/* --database, in its four forms, to libpq's keywords; and quoting for SQL. */
#include "unit.h"

#include "sink/postgres/pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *value_of(const struct pg_target *target, const char *keyword)
{
    const char *value = NULL;
    for (size_t i = 0; target->keywords[i]; i++) {
        if (strcmp(target->keywords[i], keyword) != 0)
            continue;
        if (value)
            fail_msg("%s is there twice", keyword);
        value = target->values[i];
    }
    return value;
}

static int clear_environment(void **state)
{
    (void)state;
    static const char *const names[] = {"PGHOST",
                                        "PGPORT",
                                        "PGUSER",
                                        "PGDATABASE",
                                        "PGPASSWORD",
                                        "PGHOSTADDR",
                                        "PGSERVICE",
                                        "PGCONNECT_TIMEOUT",
                                        "PGTARGETSESSIONATTRS",
                                        "PGAPPNAME"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unsetenv(names[i]);
    return 0;
}

/* Resolved, with the keywords that were given; fails the test on an error. */
static void resolve(struct pg_target *target, struct arena *arena, const char *database)
{
    struct err err;
    arena_init(arena);
    if (pg_target_resolve(target, arena, database, "weir:p", &err) < 0)
        fail_msg("%s: %s", database, err.text);
}

static void test_forms(void **state)
{
    (void)state;
    static const struct {
        const char *database;
        const char *host, *port, *user, *dbname, *password;
        const char *label;
    } cases[] = {
        {"postgresql://ana:p%40ss@db:6000/shop", "db", "6000", "ana", "shop", "p@ss",
         "shop on db:6000 as ana"},
        {"postgres://ana@db/shop", "db", NULL, "ana", "shop", NULL, "shop on db:5432 as ana"},
        {"postgresql://ana@a:1,b:2/shop", "a,b", "1,2", "ana", "shop", NULL,
         "shop on a:1, b:2 as ana"},
        {"host=a,b user=ana dbname=shop", "a,b", NULL, "ana", "shop", NULL,
         "shop on a:5432, b:5432 as ana"},
        {"host=db user='an a' dbname=shop password='x y'", "db", NULL, "an a", "shop", "x y",
         "shop on db:5432 as an a"},
        {"host=/run/pg user=ana", "/run/pg", NULL, "ana", NULL, NULL, "ana on /run/pg:5432 as ana"},
        {"service=x", NULL, NULL, NULL, NULL, NULL, "the database of service \"x\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pg_target target;
        struct arena arena;
        resolve(&target, &arena, cases[i].database);
        static const char *const names[] = {"host", "port", "user", "dbname", "password"};
        const char *expected[] = {cases[i].host, cases[i].port, cases[i].user, cases[i].dbname,
                                  cases[i].password};
        for (size_t k = 0; k < COUNT_OF(names); k++) {
            const char *value = value_of(&target, names[k]);
            if (!value != !expected[k] || (value && strcmp(value, expected[k]) != 0))
                fail_msg("%s: %s=%s", cases[i].database, names[k], value ? value : "(none)");
        }
        assert_string_equal(target.label, cases[i].label);
        assert_null(strstr(target.label, "p@ss"));
        arena_release(&arena);
    }
}

/* The server would cut a longer one itself, and say so at each connection. */
static void test_an_application_name_has_63_bytes(void **state)
{
    (void)state;
#define X61 "1234567890123456789012345678901234567890123456789012345678901"
    static const char *const cases[][2] = {{X61 "23", X61 "23"},
                                           {X61 "234", X61 "23"},
                                           {X61 "2\u00e9", X61 "2"},
                                           {X61 "\u00e9", X61 "\u00e9"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pg_target target;
        struct arena arena;
        struct err err;
        arena_init(&arena);
        assert_int_equal(pg_target_resolve(&target, &arena, "host=db", cases[i][0], &err), 0);
        assert_string_equal(value_of(&target, "application_name"), cases[i][1]);
        assert_string_equal(target.application_name, cases[i][1]);
        arena_release(&arena);
    }
}

static void test_defaults(void **state)
{
    (void)state;
    struct pg_target target;
    struct arena arena;
    resolve(&target, &arena, "host=db user=ana application_name=mine client_encoding=LATIN1");
    assert_string_equal(value_of(&target, "target_session_attrs"), "read-write");
    assert_string_equal(value_of(&target, "connect_timeout"), "10");
    assert_string_equal(value_of(&target, "keepalives_idle"), "30");
    /* Two that weir depends on. */
    assert_string_equal(value_of(&target, "application_name"), "weir:p");
    assert_string_equal(value_of(&target, "client_encoding"), "UTF8");
    arena_release(&arena);

    resolve(&target, &arena, "host=db target_session_attrs=any connect_timeout=3");
    assert_string_equal(value_of(&target, "target_session_attrs"), "any");
    assert_string_equal(value_of(&target, "connect_timeout"), "3");
    arena_release(&arena);
}

static void test_variables(void **state)
{
    (void)state;
    struct pg_target target;
    struct arena arena;
    setenv("PGHOST", "envhost", 1);
    setenv("PGPORT", "7000", 1);
    setenv("PGUSER", "eve", 1);
    setenv("PGDATABASE", "envdb", 1);
    setenv("PGCONNECT_TIMEOUT", "4", 1);
    setenv("PGTARGETSESSIONATTRS", "any", 1);
    resolve(&target, &arena, "");
    assert_null(value_of(&target, "host")); /* left to libpq */
    assert_null(value_of(&target, "connect_timeout"));
    assert_null(value_of(&target, "target_session_attrs"));
    assert_string_equal(target.label, "envdb on envhost:7000 as eve");
    assert_string_equal(target.user, "eve");
    arena_release(&arena);
    resolve(&target, &arena, "dbname=other");
    assert_string_equal(target.label, "other on envhost:7000 as eve");
    arena_release(&arena);
    clear_environment(NULL);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void test_credentials_file(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-credentials-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    static const char *const good[] = {
        "{\"dbname\":\"shop\",\"user\":\"ana\",\"password\":\"p\\u0040s\\\"s\",\"host\":\"db\","
        "\"port\":\"6000\"}",
        "{\n  \"port\": 6000, \"host\": \"db\",\n \"dbname\":\"shop\", \"user\":\"ana\","
        " \"password\":\"p@s\\\"s\", \"sslmode\": null}\n"};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct pg_target target;
        struct arena arena;
        write_file(path, good[i]);
        resolve(&target, &arena, path);
        assert_string_equal(value_of(&target, "password"), "p@s\"s");
        assert_string_equal(value_of(&target, "port"), "6000");
        assert_null(value_of(&target, "sslmode"));
        assert_string_equal(target.label, "shop on db:6000 as ana");
        arena_release(&arena);
    }
    unlink(path);
}

static void test_bad_credentials_files(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"", ":1: not a credentials file"},
        {"[]", "not a credentials file: an array"},
        {"{\"dbname\":\"x\",\n\"port\":}", ":2: not a credentials file"},
        {"{\"dbname\":\"x\"} x", "not a credentials file"},
        {"{\"hots\":\"x\"}", "\"hots\" is no connection keyword (did you mean \"host\"?)"},
        {"{\"port\":true}", "\"port\" must be a text or a number"},
        {"{\"host\":[\"a\"]}", "\"host\" must be a text or a number"},
        {"{\"password\":\"a\\u0000b\"}", "\"password\" must be a text or a number"},
    };
    char path[] = "/tmp/weir-credentials-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pg_target target;
        struct arena arena;
        struct err err;
        write_file(path, cases[i].text);
        arena_init(&arena);
        assert_int_equal(pg_target_resolve(&target, &arena, path, "weir", &err), -1);
        assert_int_equal(err.class, ERR_USAGE);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, path))
            fail_msg("%s: %s", cases[i].text, err.text);
        arena_release(&arena);
    }
    unlink(path);
}

static void test_bad_texts(void **state)
{
    (void)state;
    static const char *const cases[] = {"/no/such/file.json", "host=db colour=red", "host='db",
                                        "postgresql://[::1/shop", "host=db user"};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct pg_target target;
        struct arena arena;
        struct err err;
        arena_init(&arena);
        assert_int_equal(pg_target_resolve(&target, &arena, cases[i], "weir", &err), -1);
        assert_int_equal(err.class, ERR_USAGE);
        arena_release(&arena);
    }
}

static void test_quoting(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena);
    assert_string_equal(pg_quote_ident(&arena, "a"), "\"a\"");
    assert_string_equal(pg_quote_ident(&arena, "A\"; DROP"), "\"A\"\"; DROP\"");
    assert_string_equal(pg_quote_ident(&arena, ""), "\"\"");
    assert_string_equal(pg_quote_literal(&arena, "it's"), "'it''s'");
    assert_string_equal(pg_quote_literal(&arena, ""), "''");
    assert_string_equal(pg_quote_literal(&arena, "\\'"), " E'\\\\'''");
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_an_application_name_has_63_bytes),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_variables),
        cmocka_unit_test(test_credentials_file),
        cmocka_unit_test(test_bad_credentials_files),
        cmocka_unit_test(test_bad_texts),
        cmocka_unit_test(test_quoting),
    };
    return cmocka_run_group_tests(tests, clear_environment, NULL);
}
