#include "base/secret.h"

#include "base/config.h"

#include <ctype.h>
#include <string.h>

bool secret_name(const char *name)
{
    static const char *const marks[] = {"password", "passwd", "passphrase",      "secret",
                                        "key.pem",  "token",  "sasl.jaas.config"};
    /* Where a token is to be had is none. */
    if (strcasestr(name, "endpoint.url"))
        return false;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (strcasestr(name, marks[i]))
            return true;
    return false;
}

bool secret_in_url(const char *name, const char *value)
{
    const char *authority = strcasestr(name, "endpoint.url") ? strstr(value, "://") : NULL;
    return authority && memchr(authority + 3, '@', strcspn(authority + 3, "/"));
}

bool secret_property(const char *name, const char *value)
{
    return secret_name(name) || secret_in_url(name, value);
}

static bool found(size_t *from, size_t at, size_t length, size_t *start, size_t *out_length)
{
    *start = at;
    *out_length = length;
    *from = at + length;
    return length > 0;
}

/* password, sslpassword and their kin: a word that ends so, right before the "=" at `equals`. */
static bool names_password(const char *text, size_t equals)
{
    static const char word[] = "password";
    size_t length = sizeof word - 1;
    while (equals > 0 && isspace((unsigned char)text[equals - 1]))
        equals--;
    return equals >= length && !strncasecmp(text + equals - length, word, length);
}

/* libpq, section 34.1.1.1: key = value or key = 'value', with \ before ' and \. */
static bool in_keywords(const char *text, size_t *from, size_t *start, size_t *length)
{
    for (size_t i = *from; text[i]; i++) {
        if (text[i] != '=')
            continue;
        bool wanted = names_password(text, i);
        size_t at = i + 1 + strspn(text + i + 1, " \t\n\r\f\v");
        bool quoted = text[at] == '\'';
        at += quoted;
        size_t end = at;
        while (text[end] && (quoted ? text[end] != '\'' : !isspace((unsigned char)text[end])))
            end += text[end] == '\\' && text[end + 1] ? 2 : 1;
        if (wanted && end > at)
            return found(from, at, end - at, start, length);
        i = text[end] ? end : end - 1;
    }
    return false;
}

/* postgresql://user:PASSWORD@host/db?password=PASSWORD */
static bool in_uri(const char *text, size_t *from, size_t *start, size_t *length)
{
    size_t authority = (size_t)(strstr(text, "://") - text) + 3;
    size_t path = authority + strcspn(text + authority, "/?#");
    if (*from <= authority) {
        const char *at = memrchr(text + authority, '@', path - authority);
        /* A password may hold an unescaped / or ?; then the last @ is further on. */
        if (!at)
            at = strrchr(text + authority, '@');
        const char *colon =
            at ? memchr(text + authority, ':', (size_t)(at - text) - authority) : NULL;
        *from = authority + 1;
        if (colon && at > colon + 1)
            return found(from, (size_t)(colon + 1 - text), (size_t)(at - colon - 1), start, length);
    }
    for (size_t i = *from; text[i]; i++) {
        if (text[i] != '=' || !names_password(text, i))
            continue;
        size_t end = i + 1 + strcspn(text + i + 1, "&#");
        if (end > i + 1)
            return found(from, i + 1, end - i - 1, start, length);
    }
    return false;
}

bool secret_in_database(const char *text, size_t *from, size_t *start, size_t *length)
{
    switch (database_form(text)) {
    case DATABASE_URI:
        return in_uri(text, from, start, length);
    case DATABASE_KEYWORDS:
        return in_keywords(text, from, start, length);
    default:
        return false;
    }
}
