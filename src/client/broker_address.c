/* Lists of brokers as people write them; see probe.h. */
#include "client/probe.h"

#include "base/settings.h"

#include <string.h>

#define KAFKA_PORT 9092

static int no_address(struct err *err, struct slice entry)
{
    return err_set(err, ERR_USAGE, "\"%.*s\" is not HOST or HOST:PORT, of which brokers are a list",
                   SLICE_ARG(entry));
}

/* The text behind the last colon of a name, behind the bracket of an IPv6 address, or NULL. */
static int read_port(const char *text, int *port)
{
    int64_t number = KAFKA_PORT;
    if (text && (parse_integer(text, &number) < 0 || number < 1 || number > UINT16_MAX))
        return -1;
    *port = (int)number;
    return 0;
}

static int read_address(struct arena *arena, struct slice entry, struct broker_address *out,
                        struct err *err)
{
    char *text = arena_strndup(arena, entry.ptr, entry.len);
    char *protocol = strstr(text, "://");
    char *host = protocol ? protocol + 3 : text;
    char *port = NULL;
    if (*host == '[') {
        char *bracket = strchr(++host, ']');
        if (!bracket || (bracket[1] && bracket[1] != ':'))
            return no_address(err, entry);
        port = bracket[1] ? bracket + 2 : NULL;
        *bracket = '\0';
    } else {
        /* More than one colon without brackets is an IPv6 address alone. */
        char *colon = strchr(host, ':');
        if (colon && colon == strrchr(host, ':')) {
            *colon = '\0';
            port = colon + 1;
        }
    }
    out->host = host;
    return *host && read_port(port, &out->port) == 0 ? 0 : no_address(err, entry);
}

static struct slice trimmed(const char *start, size_t len)
{
    while (len > 0 && (*start == ' ' || *start == '\t')) {
        start++;
        len--;
    }
    while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
        len--;
    return (struct slice){start, len};
}

int broker_addresses(struct arena *arena, const char *list, const struct broker_address **out,
                     size_t *n, struct err *err)
{
    size_t max = 1;
    for (const char *c = list; *c; c++)
        max += *c == ',';
    struct broker_address *addresses = arena_alloc(arena, max * sizeof *addresses);
    *n = 0;
    for (const char *pos = list; *pos; pos += *pos == ',') {
        size_t len = strcspn(pos, ",");
        struct slice entry = trimmed(pos, len);
        pos += len;
        if (entry.len > 0 && read_address(arena, entry, &addresses[(*n)++], err) < 0)
            return -1;
    }
    *out = addresses;
    return *n > 0 ? 0 : err_set(err, ERR_USAGE, "the list of brokers is empty");
}
