/*
 * The one table of what a SQLSTATE means to weir (PostgreSQL manual, appendix A).
 * The longest prefix that fits decides; what no line names halts the pipeline, because guessing
 * "the record's fault" wrongly would turn a topic into dead letters.
 */
#include "sink/postgres/pg.h"

#include <string.h>

struct class_rule {
    const char *prefix; /* two characters: the class; five: one state of it */
    enum pg_class class;
};

static const struct class_rule RULES[] = {
    /* The server, or the way to it, is away or short of something for now. */
    {"08", PG_RETRY},    /* connection exception */
    {"25P03", PG_RETRY}, /* idle in transaction for too long: we, or our machine, were frozen */
    {"40", PG_RETRY},    /* transaction rollback: deadlock, serialization */
    {"53", PG_RETRY},    /* insufficient resources: disk full, too many connections */
    {"55P03", PG_RETRY}, /* lock not available */
    {"57", PG_RETRY},    /* operator intervention: shutdown, cancel, starting up */
    {"58", PG_RETRY},    /* system error */

    /* A person must act. */
    {"0A", PG_HALT}, /* feature not supported */
    {"25", PG_HALT}, /* invalid transaction state */
    {"28", PG_HALT}, /* invalid authorization */
    {"3D", PG_HALT}, /* invalid catalog name */
    {"3F", PG_HALT}, /* invalid schema name */
    {"42", PG_HALT}, /* syntax error or access rule violation */
    {"XX", PG_HALT}, /* internal error */

    /* weir's own encoding was refused. */
    {"08P01", PG_ENCODE}, /* protocol violation */
    {"22P03", PG_ENCODE}, /* invalid binary representation */
    {"22P04", PG_ENCODE}, /* bad COPY file format */

    /* This record can never become a row. */
    {"21", PG_RECORD}, /* cardinality violation */
    {"22", PG_RECORD}, /* data exception */
    {"23", PG_RECORD}, /* integrity constraint violation */
    {"27", PG_RECORD}, /* triggered data change violation */
    {"38", PG_RECORD}, /* external routine exception */
    {"39", PG_RECORD}, /* external routine invocation exception */
    {"44", PG_RECORD}, /* WITH CHECK OPTION violation */
    {"54", PG_RECORD}, /* program limit exceeded */
    {"P0", PG_RECORD}, /* PL/pgSQL: a trigger's RAISE */
};

enum pg_class pg_class_of(const char *sqlstate, bool constraint)
{
    if (!sqlstate || !*sqlstate)
        return PG_RETRY; /* the connection broke before the server could say anything */

    /* A row that no partition takes: the one check violation without a constraint. */
    if (!strcmp(sqlstate, "23514") && !constraint)
        return PG_HALT;

    const struct class_rule *best = NULL;
    for (size_t i = 0; i < sizeof RULES / sizeof *RULES; i++) {
        size_t len = strlen(RULES[i].prefix);
        if (!strncmp(sqlstate, RULES[i].prefix, len) && (!best || len > strlen(best->prefix)))
            best = &RULES[i];
    }
    return best ? best->class : PG_HALT;
}
