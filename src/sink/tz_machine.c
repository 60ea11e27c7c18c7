/* The time zone of this machine. */
#include "base/slice.h"
#include "sink/tz.h"
#include "sink/tzif.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "/usr/share/zoneinfo/Europe/Bucharest" -> "Europe/Bucharest". */
static const char *below_zoneinfo(const char *path)
{
    static const char folder[] = "/zoneinfo/";
    const char *at = strstr(path, folder);
    return at ? at + sizeof folder - 1 : NULL;
}

static bool keep_name(char name[TZ_NAME_BYTES], const char *found)
{
    if (!found || !*found || strlen(found) >= TZ_NAME_BYTES)
        return false;
    memcpy(name, found, strlen(found) + 1);
    return true;
}

static bool by_link(const char *etc, char name[TZ_NAME_BYTES])
{
    char path[PATH_MAX];
    char target[PATH_MAX];
    snprintf(path, sizeof path, "%s/localtime", etc);
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n <= 0)
        return false;
    target[n] = '\0';
    return keep_name(name, below_zoneinfo(target));
}

/* Debian's, where /etc/localtime is a copy. */
static bool by_file(const char *etc, char name[TZ_NAME_BYTES])
{
    char path[PATH_MAX];
    char line[TZ_NAME_BYTES] = "";
    snprintf(path, sizeof path, "%s/timezone", etc);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    fclose(file);
    line[strcspn(line, " \r\n")] = '\0';
    return read && keep_name(name, line);
}

/* A rule in $TZ; a name that is one too ("EST5EDT") was found as a name. */
static bool by_rule(struct tz **tz, const char *text)
{
    struct tz *made = calloc(1, sizeof *made);
    if (made && tz_rule_parse(&made->rule, slice_of(text))) {
        made->has_rule = true;
        *tz = made;
        return true;
    }
    tz_free(made);
    return false;
}

static int by_variable(struct tz **tz, char name[TZ_NAME_BYTES], const char *text, struct err *err)
{
    text += *text == ':';
    const char *below = *text == '/' ? below_zoneinfo(text) : text;
    if (!keep_name(name, *text ? below : "UTC"))
        return err_set(err, ERR_USAGE,
                       "the variable TZ=%s names no time zone; give one with --timezone", text);
    if (tz_open(tz, name, err) == 0 || by_rule(tz, name))
        return 0;
    return err_prefix(err, "the variable TZ");
}

int tz_open_machine_of(struct tz **tz, char name[TZ_NAME_BYTES], const char *variable,
                       const char *etc, struct err *err)
{
    if (variable)
        return by_variable(tz, name, variable, err);
    if (!by_link(etc, name) && !by_file(etc, name))
        keep_name(name, "UTC");
    return tz_open(tz, name, err) < 0 ? err_prefix(err, "the machine's time zone") : 0;
}

int tz_open_machine(struct tz **tz, char name[TZ_NAME_BYTES], struct err *err)
{
    return tz_open_machine_of(tz, name, getenv("TZ"), "/etc", err);
}
