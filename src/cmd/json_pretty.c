#include "cmd/json_pretty.h"

#include "base/json.h"

#include <string.h>

#define INDENT "  "

static void new_line(struct buf *out, int depth)
{
    buf_add_byte(out, '\n');
    for (int i = 0; i < depth; i++)
        buf_add_str(out, INDENT);
}

/* The string that begins at `pos`, quotes and all; what follows it. */
static const char *copy_string(struct buf *out, const char *pos)
{
    const char *end = pos + 1;
    while (*end != '"')
        end += *end == '\\' ? 2 : 1;
    buf_add(out, pos, (size_t)(end + 1 - pos));
    return end + 1;
}

static const char *skip_blanks(const char *pos, const char *end)
{
    while (pos < end && strchr(" \t\r\n", *pos) && *pos)
        pos++;
    return pos;
}

/* A brace or bracket opens; an empty one closes on the same line. */
static const char *open_nest(struct buf *out, const char *pos, const char *end, int *depth)
{
    const char *next = skip_blanks(pos + 1, end);
    buf_add_byte(out, *pos);
    if (*next == '}' || *next == ']') {
        buf_add_byte(out, *next);
        return next + 1;
    }
    new_line(out, ++*depth);
    return next;
}

/* The text was checked: so brackets match, and strings end. */
bool json_pretty(struct buf *out, struct slice text)
{
    struct json_value value;
    struct json_error error;
    int depth = 0;
    if (json_parse(text, &value, &error) < 0)
        return false;
    const char *end = text.ptr + text.len;
    for (const char *pos = skip_blanks(text.ptr, end); pos < end; pos = skip_blanks(pos, end)) {
        if (*pos == '"') {
            pos = copy_string(out, pos);
        } else if (*pos == '{' || *pos == '[') {
            pos = open_nest(out, pos, end, &depth);
        } else if (*pos == '}' || *pos == ']') {
            new_line(out, --depth);
            buf_add_byte(out, *pos++);
        } else if (*pos == ',') {
            buf_add_byte(out, *pos++);
            new_line(out, depth);
        } else {
            buf_add_byte(out, *pos);
            if (*pos++ == ':')
                buf_add_byte(out, ' ');
        }
    }
    return true;
}
