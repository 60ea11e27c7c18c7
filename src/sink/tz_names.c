/* The names of the tz database on this machine: which one a mistyped name was meant to be. */
#include "base/suggest.h"
#include "sink/tzif.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_NAMES 2000 /* there are about 600 */
#define MAX_DEPTH 3    /* America/Argentina/Ushuaia */
#define MAX_PATH_BYTES 1024

struct names {
    const char *folder;
    char *items[MAX_NAMES];
    size_t n;
};

/* Names begin with a capital letter; what else lies there are tables, and copies (posix, right). */
static int is_name(const struct dirent *entry)
{
    return entry->d_name[0] >= 'A' && entry->d_name[0] <= 'Z' && !strchr(entry->d_name, '.');
}

static void add_below(struct names *names, const char *prefix, int depth);

static void add(struct names *names, const char *prefix, const char *last, int depth)
{
    char name[TZ_NAME_BYTES];
    char path[MAX_PATH_BYTES];
    struct stat status;
    int len = snprintf(name, sizeof name, "%s%s", prefix, last);
    int path_len = snprintf(path, sizeof path, "%s/%s", names->folder, name);
    if (len < 0 || (size_t)len + 1 >= sizeof name || path_len < 0 ||
        (size_t)path_len >= sizeof path || names->n == MAX_NAMES || stat(path, &status) < 0)
        return;
    if (S_ISDIR(status.st_mode) && depth < MAX_DEPTH) {
        name[len] = '/';
        name[len + 1] = '\0';
        add_below(names, name, depth + 1);
    } else if (S_ISREG(status.st_mode) && (names->items[names->n] = strdup(name))) {
        names->n++;
    }
}

/* In the alphabet's order, so that the same is suggested on each machine. */
static void add_below(struct names *names, const char *prefix, int depth)
{
    struct dirent **entries = NULL;
    char path[MAX_PATH_BYTES];
    int len = snprintf(path, sizeof path, "%s/%s", names->folder, prefix);
    int n = len > 0 && (size_t)len < sizeof path ? scandir(path, &entries, is_name, alphasort) : -1;
    for (int i = 0; i < n; i++) {
        add(names, prefix, entries[i]->d_name, depth);
        free(entries[i]);
    }
    free(entries);
}

/* Of a place alone ("bucharest") the one whose last part it is. */
static const char *by_place(const struct names *names, const char *name)
{
    const char *places[MAX_NAMES];
    for (size_t i = 0; i < names->n; i++) {
        const char *slash = strrchr(names->items[i], '/');
        places[i] = slash ? slash + 1 : names->items[i];
    }
    const char *place = suggest_nearest(name, places, names->n);
    for (size_t i = 0; place && i < names->n; i++)
        if (places[i] == place)
            return names->items[i];
    return NULL;
}

bool tz_nearest(const char *folder, const char *name, char out[TZ_NAME_BYTES])
{
    struct names *names = calloc(1, sizeof *names);
    if (!names)
        return false;
    names->folder = folder;
    add_below(names, "", 1);
    const char *nearest = suggest_nearest(name, (const char *const *)names->items, names->n);
    if (!nearest && !strchr(name, '/'))
        nearest = by_place(names, name);
    if (nearest)
        snprintf(out, TZ_NAME_BYTES, "%s", nearest);
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names);
    return nearest != NULL;
}
