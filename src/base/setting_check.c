/* What a setting's text may look like; see settings.h. */
#include "base/settings.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MAX_NAME_BYTES 200
#define MAX_TOPIC_BYTES 249     /* Kafka's own limit */
#define MAX_IDENTIFIER_BYTES 63 /* PostgreSQL's NAMEDATALEN - 1 */

static int refuse(struct err *err, const char *text, const char *why)
{
    return err_set(err, ERR_USAGE, "\"%.200s\" %s", text, why);
}

int check_not_empty(const char *text, struct err *err)
{
    return *text ? 0 : err_set(err, ERR_USAGE, "is empty");
}

/* A decimal port number that is the whole text. */
static bool is_port(const char *text, int64_t lowest)
{
    int64_t port;
    return isdigit((unsigned char)*text) && parse_integer(text, &port) == 0 && port >= lowest &&
           port <= 65535;
}

/* The colon before the port in HOST:PORT or [IPV6]:PORT; NULL without one. */
static const char *port_colon(const char *text)
{
    if (*text == '[') {
        const char *close = strchr(text, ']');
        return close && close[1] == ':' ? close + 1 : NULL;
    }
    return strrchr(text, ':');
}

/*
 * What the library takes in front of a host, whatever its case; the protocol itself is set by
 * security.protocol. Any other it would leave out with a warning, and then have no broker.
 */
static bool is_protocol(const char *text, size_t length)
{
    static const char *const names[] = {"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i]) == length && !strncasecmp(text, names[i], length))
            return true;
    return false;
}

/* One HOST[:PORT] of the list, with or without its protocol. */
static int check_one_broker(char *host, struct err *err)
{
    static const char why[] = "is not a broker's address: write HOST:PORT, several with commas "
                              "between";
    const char *scheme_end = strstr(host, "://");
    const char *bare = scheme_end ? scheme_end + 3 : host;
    if (scheme_end && !is_protocol(host, (size_t)(scheme_end - host)))
        return err_set(err, ERR_USAGE,
                       "\"%.200s\" is not a broker's address: write HOST:PORT without %.*s", host,
                       (int)(bare - host), host);
    const char *colon = port_colon(bare);
    bool bad_host = !*bare || *bare == ':' || strpbrk(bare, " \t\r\n/\"'") != NULL;
    if (bad_host || (colon && !is_port(colon + 1, 1)))
        return refuse(err, host, why);
    return 0;
}

int check_broker(const char *text, struct err *err)
{
    char host[300];
    do {
        const char *end = strchrnul(text, ',');
        size_t length = (size_t)(end - text);
        if (length >= sizeof host)
            return refuse(err, text, "is too long for a broker's address");
        memcpy(host, text, length);
        host[length] = '\0';
        if (check_one_broker(host, err) < 0)
            return -1;
        text = *end ? end + 1 : NULL;
    } while (text);
    return 0;
}

int check_topic(const char *text, struct err *err)
{
    if (*text == '^')
        return refuse(err, text,
                      "is a pattern: topics by pattern are not supported by this version yet");
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("._-", text[i]))
            return refuse(err, text,
                          "is not a topic's name: letters, digits, '.', '_' and '-' make one "
                          "(for several topics give a list, or repeat the option)");
    if (length == 0 || length > MAX_TOPIC_BYTES || !strcmp(text, ".") || !strcmp(text, ".."))
        return refuse(err, text, "is not a topic's name");
    return 0;
}

/* The end of one identifier at `text`, quoted or not; NULL if there is none. */
static const char *skip_identifier(const char *text)
{
    const char *start = text;
    if (*text != '"') {
        while (*text && *text != '.' && *text != '"' && !isspace((unsigned char)*text))
            text++;
        return text > start ? text : NULL;
    }
    for (text++; *text; text++) {
        if (*text != '"')
            continue;
        if (text[1] != '"')
            return text > start + 1 ? text + 1 : NULL;
        text++;
    }
    return NULL;
}

int check_table(const char *text, struct err *err)
{
    const char *pos = skip_identifier(text);
    if (pos && *pos == '.')
        pos = skip_identifier(pos + 1);
    if (!pos || *pos)
        return refuse(err, text, "is not a table's name: write TABLE or SCHEMA.TABLE");
    return 0;
}

enum database_form database_form(const char *text)
{
    if (!*text)
        return DATABASE_ENVIRONMENT;
    if (!strncmp(text, "postgresql://", 13) || !strncmp(text, "postgres://", 11))
        return DATABASE_URI;
    /* Keywords begin with one: "host=...", "dbname = ...". A path with a "=" begins with "./". */
    const char *pos = text + strspn(text, " \t\n");
    const char *word = pos;
    while (islower((unsigned char)*pos) || *pos == '_' || isdigit((unsigned char)*pos))
        pos++;
    bool named = pos > word;
    pos += strspn(pos, " \t\n");
    return named && *pos == '=' ? DATABASE_KEYWORDS : DATABASE_FILE;
}

int check_database(const char *text, struct err *err)
{
    if (!strncmp(text, "sqlite:", 7))
        return err_set(err, ERR_USAGE,
                       "SQLite databases come in a later version; this one writes to PostgreSQL");
    if (database_form(text) == DATABASE_FILE && strstr(text, "://"))
        return err_set(
            err, ERR_USAGE,
            "this kind of database is not known: write postgresql://HOST/DATABASE, libpq "
            "keywords, or the path of a credentials file");
    return 0;
}

/* A name goes into the consumer group, the application name and a lock file's name. */
int check_pipeline_name(const char *text, struct err *err)
{
    if (!*text)
        return err_set(err, ERR_USAGE, "a pipeline's name is empty");
    if (strlen(text) > MAX_NAME_BYTES)
        return refuse(err, text, "is too long for a pipeline's name (200 bytes)");
    if (*text == '-' || *text == '.')
        return refuse(err, text, "is not a pipeline's name: it begins with '-' or '.'");
    for (const char *pos = text; *pos; pos++)
        if (iscntrl((unsigned char)*pos) || strchr(" /\\\"'", *pos))
            return refuse(err, text,
                          "is not a pipeline's name: blanks, quotes and slashes cannot be in it");
    return 0;
}

int check_schema(const char *text, struct err *err)
{
    if (!*text || strlen(text) > MAX_IDENTIFIER_BYTES)
        return refuse(err, text, "is not a schema's name: 1 to 63 bytes make one");
    if (!strncmp(text, "pg_", 3))
        return refuse(err, text, "is not a schema's name: PostgreSQL keeps pg_ for itself");
    return 0;
}

int check_timezone(const char *text, struct err *err)
{
    for (const char *pos = text; *pos; pos++)
        if (!isalnum((unsigned char)*pos) && !strchr("/_+-:", *pos))
            return refuse(err, text, "is not a time zone: write UTC, Europe/Bucharest or +02:00");
    return check_not_empty(text, err);
}

int check_address(const char *text, struct err *err)
{
    const char *colon = port_colon(text);
    bool ipv6_bare = *text != '[' && colon && strchr(text, ':') != colon;
    if (is_port(text, 0) || (colon && colon > text && !ipv6_bare && is_port(colon + 1, 0)))
        return 0;
    return refuse(err, text,
                  "is not an address to listen at: write 127.0.0.1:9464, [::1]:9464 or a port of "
                  "127.0.0.1");
}

int check_pointer(const char *text, struct err *err)
{
    if (*text && *text != '/')
        return err_set(err, ERR_USAGE,
                       "\"%.200s\" is not a source: write a JSON Pointer (/%.200s), $topic, "
                       "$partition, $offset, $timestamp, $key or $headers/NAME",
                       text, text);
    for (const char *tilde = strchr(text, '~'); tilde; tilde = strchr(tilde + 1, '~'))
        if (tilde[1] != '0' && tilde[1] != '1')
            return refuse(err, text,
                          "is not a JSON Pointer: ~ is written ~0, and / in a key ~1 (RFC 6901)");
    return 0;
}
