#include "inspect/sql_name.h"

#include <stdbool.h>
#include <string.h>

/*
 * Key words that cannot be a column's name unquoted, in alphabetical order: reserved ones, and
 * those that may only name a function or a type (PostgreSQL, Appendix C, up to version 18).
 */
static const char *const KEPT_WORDS[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
};

static bool is_plain(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz_";
    if (!*name || !strchr(first, *name) ||
        name[strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789")])
        return false;
    for (size_t i = 0; i < sizeof KEPT_WORDS / sizeof *KEPT_WORDS; i++)
        if (!strcmp(KEPT_WORDS[i], name))
            return false;
    return true;
}

static const char *quoted(struct arena *arena, const char *text, char quote)
{
    char *copy = arena_alloc(arena, 2 * strlen(text) + 3);
    char *to = copy;
    *to++ = quote;
    for (; *text; text++) {
        if (*text == quote)
            *to++ = quote;
        *to++ = *text;
    }
    *to = quote;
    return copy;
}

const char *sql_name(struct arena *arena, const char *name)
{
    if (is_plain(name))
        return arena_strdup(arena, name);
    return quoted(arena, name, '"');
}

const char *sql_literal(struct arena *arena, const char *text)
{
    return quoted(arena, text, '\'');
}

/* One part of a name in SQL's writing, without its quotes or in small letters; `*text` goes behind
 * it. */
static const char *read_part(struct arena *arena, const char **text)
{
    const char *from = *text;
    char *part = arena_alloc(arena, strlen(from) + 1); /* zeroed */
    size_t len = 0;
    if (*from != '"') {
        for (; *from && *from != '.'; from++)
            part[len++] = *from >= 'A' && *from <= 'Z' ? (char)(*from | 0x20) : *from;
        *text = from;
        return part;
    }
    for (from++; *from && (*from != '"' || from[1] == '"'); from++) {
        from += *from == '"';
        part[len++] = *from;
    }
    *text = from + (*from == '"');
    return part;
}

const char *sql_written(struct arena *arena, const char *name)
{
    const char *sql = sql_name(arena, read_part(arena, &name));
    while (*name == '.') {
        name++;
        sql = arena_printf(arena, "%s.%s", sql, sql_name(arena, read_part(arena, &name)));
    }
    return sql;
}

const char *sql_table(struct arena *arena, const struct table *table)
{
    return arena_printf(arena, "%s.%s", sql_name(arena, table->schema),
                        sql_name(arena, table->name));
}
