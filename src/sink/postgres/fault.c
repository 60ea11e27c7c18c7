#include "sink/postgres/pg.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void pg_fault_copy_field(char *to, size_t size, const char *from)
{
    size_t len = from ? strlen(from) : 0;
    if (len >= size) {
        len = size - 1;
        while (len > 0 && ((unsigned char)from[len] & 0xC0) == 0x80)
            len--;
    }
    for (size_t i = 0; i < len; i++)
        to[i] = iscntrl((unsigned char)from[i]) ? ' ' : from[i];
    while (len > 0 && to[len - 1] == ' ')
        len--;
    to[len] = '\0';
}

/* "..., line 12" in English; in other languages the word differs, so any word before a number. */
static const char *line_number_at(const char *pos, const char *end)
{
    for (; pos < end; pos++) {
        if (pos[0] != ',' || pos[1] != ' ')
            continue;
        const char *digit = pos + 2;
        while (digit < end && *digit != ',' && *digit != ':' && !isdigit((unsigned char)*digit))
            digit++;
        if (digit < end && isdigit((unsigned char)*digit) && digit[-1] == ' ')
            return digit;
    }
    return NULL;
}

void pg_fault_read_context(struct pg_fault *fault, const char *context)
{
    for (const char *line = context; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, "COPY ", 5) != 0)
            continue;
        const char *end = line + strcspn(line, "\n");
        const char *digits = line_number_at(line, end);
        if (!digits)
            continue;
        char *rest;
        fault->copy_line = strtoll(digits, &rest, 10);
        if (!*fault->column && rest[0] == ',' && rest[1] == ' ') {
            const char *name = rest + 2 + strcspn(rest + 2, " \n");
            size_t len = *name == ' ' ? strcspn(name + 1, ":\n") : 0;
            if (len > 0 && len < sizeof fault->column)
                snprintf(fault->column, sizeof fault->column, "%.*s", (int)len, name + 1);
        }
        return;
    }
}

/*
 * PgBouncer gives its own errors the state 08P01 and then hangs up; from a server that state is an
 * ERROR and the connection lives.
 */
static bool said_by_pooler(const struct pg_fault *fault, const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    return !strcmp(fault->sqlstate, "08P01") && severity && !strcmp(severity, "FATAL");
}

static void read_field(char *to, size_t size, const PGresult *result, int field)
{
    pg_fault_copy_field(to, size, PQresultErrorField(result, field));
}

void pg_fault_read(struct pg_fault *fault, const PGconn *conn, const PGresult *result)
{
    *fault = (struct pg_fault){.class = PG_RETRY};
    const char *sqlstate = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    if (!sqlstate) {
        const char *text = result ? PQresultErrorMessage(result) : "";
        pg_fault_copy_field(fault->message, sizeof fault->message,
                            *text ? text : PQerrorMessage(conn));
        if (!*fault->message)
            pg_fault_copy_field(fault->message, sizeof fault->message, "the connection was lost");
        return;
    }
    read_field(fault->sqlstate, sizeof fault->sqlstate, result, PG_DIAG_SQLSTATE);
    read_field(fault->message, sizeof fault->message, result, PG_DIAG_MESSAGE_PRIMARY);
    read_field(fault->detail, sizeof fault->detail, result, PG_DIAG_MESSAGE_DETAIL);
    read_field(fault->hint, sizeof fault->hint, result, PG_DIAG_MESSAGE_HINT);
    read_field(fault->schema, sizeof fault->schema, result, PG_DIAG_SCHEMA_NAME);
    read_field(fault->table, sizeof fault->table, result, PG_DIAG_TABLE_NAME);
    read_field(fault->column, sizeof fault->column, result, PG_DIAG_COLUMN_NAME);
    read_field(fault->constraint, sizeof fault->constraint, result, PG_DIAG_CONSTRAINT_NAME);
    read_field(fault->context, sizeof fault->context, result, PG_DIAG_CONTEXT);
    pg_fault_read_context(fault, PQresultErrorField(result, PG_DIAG_CONTEXT));
    fault->class = pg_class_of(fault->sqlstate, *fault->constraint != '\0');
    if (said_by_pooler(fault, result))
        fault->class = PG_RETRY;
}

static enum err_class err_class_of(enum pg_class class)
{
    switch (class) {
    case PG_RETRY:
        return ERR_OUTAGE;
    case PG_HALT:
        return ERR_HALT;
    case PG_RECORD:
        return ERR_INPUT;
    case PG_ENCODE:
        break;
    }
    return ERR_BUG;
}

int pg_fault_err(const struct pg_fault *fault, struct err *err, const char *what)
{
    bool more = *fault->detail || *fault->hint;
    return err_set_code(err, err_class_of(fault->class), fault->sqlstate, "%s%s%s%s%s%s%s%s",
                        what ? what : "", what && *what ? ": " : "", fault->message,
                        more ? " (" : "", fault->detail, *fault->detail && *fault->hint ? "; " : "",
                        fault->hint, more ? ")" : "");
}
