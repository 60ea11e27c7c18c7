/*
 * From the text of --database to libpq's keywords.
 */
#include "sink/postgres/pg.h"

#include "base/buf.h"
#include "base/command.h"
#include "base/config.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_FILE_BYTES ((size_t)64 * 1024)
#define MAX_KEYWORDS (sizeof((struct pg_target *)NULL)->keywords / sizeof(char *) - 1)

/* What weir asks for when nobody said otherwise. */
static const struct {
    const char *keyword;
    const char *variable; /* says otherwise too */
    const char *value;
} DEFAULTS[] = {
    /* A server that only reads answers queries and refuses rows: go on to the next host. */
    {"target_session_attrs", "PGTARGETSESSIONATTRS", "read-write"},
    {"connect_timeout", "PGCONNECT_TIMEOUT", "10"},
    /* A machine that vanished while weir waits for its answer is noticed in a minute. */
    {"keepalives_idle", NULL, "30"},
    {"keepalives_interval", NULL, "10"},
    {"keepalives_count", NULL, "3"},
};

static const char *target_get(const struct pg_target *target, const char *keyword)
{
    for (size_t i = 0; target->keywords[i]; i++)
        if (!strcmp(target->keywords[i], keyword))
            return target->values[i];
    return NULL;
}

/* `value` must live in the target's arena or longer. A keyword given twice: the last wins. */
static int target_set(struct pg_target *target, const char *keyword, const char *value,
                      struct err *err)
{
    size_t i = 0;
    while (target->keywords[i] && strcmp(target->keywords[i], keyword) != 0)
        i++;
    if (i == MAX_KEYWORDS)
        return err_set(err, ERR_USAGE, "the database has more than %zu keywords", MAX_KEYWORDS);
    target->keywords[i] = keyword;
    target->values[i] = value;
    return 0;
}

static int add_conninfo(struct pg_target *target, struct arena *arena, const char *text,
                        struct err *err)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(text, &message);
    if (!options) {
        err_set(err, ERR_USAGE, "--database: %.*s", (int)(message ? strcspn(message, "\n") : 13),
                message ? message : "out of memory");
        PQfreemem(message);
        return -1;
    }
    int rc = 0;
    for (const PQconninfoOption *o = options; o->keyword && rc == 0; o++)
        if (o->val)
            rc = target_set(target, arena_strdup(arena, o->keyword), arena_strdup(arena, o->val),
                            err);
    PQconninfoFree(options);
    return rc;
}

/* libpq's own spelling of a keyword; NULL and err when it has none of that name. */
static const char *known_keyword(struct arena *arena, const char *path, const char *name,
                                 struct err *err)
{
    PQconninfoOption *options = PQconndefaults();
    const char *names[128];
    size_t n = 0;
    const char *found = NULL;
    for (const PQconninfoOption *o = options; o && o->keyword && n < 128 && !found; o++) {
        names[n++] = o->keyword;
        if (!strcmp(o->keyword, name))
            found = arena_strdup(arena, o->keyword);
    }
    if (!found) {
        const char *near = suggest_nearest(name, names, n);
        err_set(err, ERR_USAGE,
                "%s: \"%s\" is no connection keyword%s%s%s; the usual ones are dbname, user, "
                "password, host and port",
                path, name, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
    }
    PQconninfoFree(options);
    return found;
}

static int add_member(struct pg_target *target, struct arena *arena, const char *path,
                      const struct json_value *key, const struct json_value *value, struct err *err)
{
    char *name = arena_alloc(arena, key->raw.len + 1);
    json_unescape(key, name);
    const char *keyword = known_keyword(arena, path, name, err);
    if (!keyword)
        return -1;
    char *text = arena_alloc(arena, value->raw.len + 1);
    switch (value->type) {
    case JSON_NULL:
        return 0;
    case JSON_STRING:
        if (value->nul)
            break;
        json_unescape(value, text);
        return target_set(target, keyword, text, err);
    case JSON_NUMBER:
        memcpy(text, value->raw.ptr, value->raw.len);
        return target_set(target, keyword, text, err);
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return err_set(err, ERR_USAGE, "%s: \"%s\" must be a text or a number", path, name);
}

/* Line of a place in a text, from 1. */
static int line_at(struct slice text, size_t at)
{
    int line = 1;
    for (size_t i = 0; i < at && i < text.len; i++)
        line += text.ptr[i] == '\n';
    return line;
}

static int add_json(struct pg_target *target, struct arena *arena, const char *path,
                    struct slice text, struct err *err)
{
    struct json_iter it;
    struct json_value key;
    struct json_value value;
    struct json_error error;
    int more = json_object_open(&it, text, &error);
    while (more >= 0 && (more = json_object_next(&it, &key, &value, &error)) > 0)
        if (add_member(target, arena, path, &key, &value, err) < 0)
            return -1;
    if (more < 0)
        return err_set(err, ERR_USAGE,
                       "%s:%d: not a credentials file: %s; expected {\"dbname\": ..., \"user\": "
                       "..., \"password\": ..., \"host\": ..., \"port\": ...}",
                       path, line_at(text, error.at), error.reason);
    return 0;
}

static void warn_if_others_read(struct arena *arena, const char *path,
                                const struct pg_target *target)
{
    struct stat st;
    const char *password = target_get(target, "password");
    if (!password || !*password || stat(path, &st) < 0 || !(st.st_mode & 077))
        return;
    log_warn("", "%s holds a password and others on this machine can read it: chmod 600 %s", path,
             command_word(arena, path));
}

static int add_file(struct pg_target *target, struct arena *arena, const char *path,
                    struct err *err)
{
    struct buf content;
    buf_init(&content, MAX_FILE_BYTES);
    int rc = file_read(&content, path, err);
    if (rc < 0)
        err_set(err, ERR_USAGE,
                "%s; --database takes a credentials file, a postgresql:// URI or libpq keywords "
                "(host=... dbname=...)",
                err->text);
    if (rc == 0)
        rc = add_json(target, arena, path, buf_slice(&content), err);
    if (rc == 0)
        warn_if_others_read(arena, path, target);
    if (content.data)
        explicit_bzero(content.data, content.cap);
    buf_release(&content);
    return rc;
}

/* What libpq will take for a keyword that was not given; NULL if it has nothing. */
static const char *libpq_default(struct arena *arena, const char *keyword)
{
    const char *found = NULL;
    PQconninfoOption *options = PQconndefaults();
    for (const PQconninfoOption *o = options; o && o->keyword && !found; o++)
        if (!strcmp(o->keyword, keyword) && o->val)
            found = arena_strdup(arena, o->val);
    PQconninfoFree(options);
    return found;
}

static const char *value_or_default(const struct pg_target *target, struct arena *arena,
                                    const char *keyword)
{
    const char *value = target_get(target, keyword);
    return value && *value ? value : libpq_default(arena, keyword);
}

/* The n-th of a list "a,b,c"; the last one when it has fewer. */
static struct slice nth(const char *list, size_t n)
{
    struct slice part = {list, strcspn(list, ",")};
    while (n-- > 0 && part.ptr[part.len] == ',')
        part = (struct slice){part.ptr + part.len + 1, strcspn(part.ptr + part.len + 1, ",")};
    return part;
}

/* "h1:5432, h2:5433"; a socket's folder as it stands. */
static const char *addresses(struct arena *arena, const char *hosts, const char *ports)
{
    size_t n = 1;
    for (const char *c = hosts; *c; c++)
        n += *c == ',';
    const char *text = "";
    for (size_t i = 0; i < n; i++) {
        struct slice host = nth(hosts, i);
        struct slice port = nth(ports, i);
        if (host.len == 0)
            host = SLICE_LIT("localhost");
        if (port.len == 0)
            port = SLICE_LIT("5432");
        text = arena_printf(arena, "%s%s%.*s:%.*s", text, i ? ", " : "", SLICE_ARG(host),
                            SLICE_ARG(port));
    }
    return text;
}

static const char *make_label(const struct pg_target *target, struct arena *arena)
{
    const char *service = target_get(target, "service");
    if (service)
        return arena_printf(arena, "the database of service \"%s\"", service);
    const char *host = value_or_default(target, arena, "host");
    if (!host)
        host = value_or_default(target, arena, "hostaddr");
    const char *port = value_or_default(target, arena, "port");
    const char *user = target->user ? target->user : "?";
    const char *name = value_or_default(target, arena, "dbname");
    return arena_printf(arena, "%s on %s as %s", name ? name : user,
                        addresses(arena, host ? host : "the local socket", port ? port : "5432"),
                        user);
}

/* What is longer than a name the server cuts itself, and tells that on stderr at each connection.
 */
static const char *cut_to_name(struct arena *arena, const char *text)
{
    enum { NAME_BYTES = 63 };
    size_t length = strnlen(text, NAME_BYTES + 1);
    if (length > NAME_BYTES)
        length = utf8_valid_prefix((struct slice){text, NAME_BYTES});
    return arena_printf(arena, "%.*s", (int)length, text);
}

int pg_target_resolve(struct pg_target *target, struct arena *arena, const char *database,
                      const char *application_name, struct err *err)
{
    memset(target, 0, sizeof *target);
    int rc = 0;
    switch (database_form(database)) {
    case DATABASE_ENVIRONMENT:
        target->unnamed = true;
        break;
    case DATABASE_FILE:
        rc = add_file(target, arena, database, err);
        break;
    case DATABASE_URI:
    case DATABASE_KEYWORDS:
        rc = add_conninfo(target, arena, database, err);
        break;
    }
    for (size_t i = 0; i < sizeof DEFAULTS / sizeof *DEFAULTS && rc == 0; i++)
        if (!target_get(target, DEFAULTS[i].keyword) &&
            !(DEFAULTS[i].variable && getenv(DEFAULTS[i].variable)))
            rc = target_set(target, DEFAULTS[i].keyword, DEFAULTS[i].value, err);
    /* Names come as UTF-8 and are compared with JSON keys; poolers keep this setting apart. */
    if (rc == 0)
        rc = target_set(target, "client_encoding", "UTF8", err);
    /* A claim knows our own backends by this name. */
    target->application_name = cut_to_name(arena, application_name);
    if (rc == 0)
        rc = target_set(target, "application_name", target->application_name, err);
    if (!target_get(target, "service"))
        target->user = value_or_default(target, arena, "user");
    target->label = make_label(target, arena);
    return rc;
}

void pg_target_any_server(struct pg_target *target)
{
    for (size_t i = 0; target->keywords[i]; i++)
        if (target->values[i] == DEFAULTS[0].value) /* the very pointer: nobody else gave it */
            target->values[i] = "any";
}
