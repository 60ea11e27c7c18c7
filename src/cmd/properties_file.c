#include "cmd/properties_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINE_BYTES 65536

/* Cut blanks off both ends, in place. */
static char *trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t length = strlen(text);
    while (length > 0 && isspace((unsigned char)text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

/* *out stays NULL for an empty line or a comment. */
static int read_line(struct arena *arena, const char *path, int number, char *line,
                     struct file_property **out, struct err *err)
{
    *out = NULL;
    char *text = trim(line);
    if (!*text || *text == '#')
        return 0;
    char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return err_set(err, ERR_USAGE, "%s:%d: expected NAME=VALUE", path, number);
    *equals = '\0';
    struct file_property *property = arena_alloc(arena, sizeof *property);
    property->name = arena_strdup(arena, trim(text));
    property->value = arena_strdup(arena, trim(equals + 1));
    property->where = arena_printf(arena, "%s:%d", path, number);
    *out = property;
    return 0;
}

int properties_file_read(struct arena *arena, const char *path, struct file_property **out,
                         struct err *err)
{
    int rc = -1;
    struct file_property **tail = out;
    *out = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, ERR_USAGE, "-F %s: %s", path, strerror(errno));
    char *line = arena_alloc(arena, MAX_LINE_BYTES);
    for (int number = 1; fgets(line, MAX_LINE_BYTES, file); number++) {
        if (strlen(line) == MAX_LINE_BYTES - 1) {
            err_set(err, ERR_USAGE, "%s:%d: the line is too long", path, number);
            goto out;
        }
        if (read_line(arena, path, number, line, tail, err) < 0)
            goto out;
        if (*tail)
            tail = &(*tail)->next;
    }
    if (ferror(file)) {
        err_set(err, ERR_USAGE, "-F %s: %s", path, strerror(errno));
        goto out;
    }
    rc = 0;
out:
    fclose(file);
    return rc;
}
