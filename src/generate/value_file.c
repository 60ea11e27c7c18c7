#include "generate/value_file.h"

#include "base/file.h"
#include "base/json.h"
#include "base/settings.h"
#include "generate/alias.h"

#include <inttypes.h>
#include <sys/stat.h>

#define MARK "\xEF\xBB\xBF" /* the byte order mark in UTF-8 */
#define WEIGHT_BYTES 20
#define SHOWN_BYTES 40       /* of what is wrong */
#define SAMPLE_VALUES 100000 /* plenty, of a file that has too many */

struct parsing {
    const char *path;
    struct err *err;
    size_t line; /* from 1 */
    struct spec_value *values;
    size_t n;
    uint64_t total;
    bool bare; /* all of them are numbers */
};

/* Up to the next newline, without what ends it; `text` goes on behind. */
static struct slice next_line(struct slice *text)
{
    const char *newline = memchr(text->ptr, '\n', text->len);
    struct slice line = {text->ptr, newline ? (size_t)(newline - text->ptr) : text->len};
    size_t taken = line.len + (newline ? 1 : 0);
    text->ptr += taken;
    text->len -= taken;
    if (line.len > 0 && line.ptr[line.len - 1] == '\r')
        line.len--;
    return line;
}

static bool is_number(struct slice text)
{
    struct json_value value;
    struct json_error error;
    char first = text.ptr[0]; /* what JSON allows around a number is no part of one */
    char last = text.ptr[text.len - 1];
    return (first == '-' || (first >= '0' && first <= '9')) && last >= '0' && last <= '9' &&
           json_parse(text, &value, &error) == 0 && value.type == JSON_NUMBER;
}

static int read_weight(const struct parsing *parsing, struct slice text, uint64_t *weight)
{
    char digits[WEIGHT_BYTES + 1] = "";
    int64_t number = -1;
    if (text.len <= WEIGHT_BYTES && !memchr(text.ptr, '\0', text.len)) {
        memcpy(digits, text.ptr, text.len);
        if (parse_integer(digits, &number) == 0 && number >= 0 &&
            number <= (int64_t)ALIAS_MAX_WEIGHT) {
            *weight = (uint64_t)number;
            return 0;
        }
    }
    text.len = text.len < SHOWN_BYTES ? text.len : SHOWN_BYTES;
    text.len = utf8_valid_prefix(text); /* no half of a letter */
    return err_set(
        parsing->err, ERR_USAGE,
        "%s:%zu: behind the tab stands \"%.*s\", and not a weight, a whole number from 0 "
        "to %" PRIu64 ": a line is a value, or value<TAB>weight",
        parsing->path, parsing->line, SLICE_ARG(text), ALIAS_MAX_WEIGHT);
}

static int check_text(const struct parsing *parsing, struct slice text)
{
    if (text.len > SPEC_MAX_TEXT_BYTES)
        return err_set(parsing->err, ERR_USAGE, "%s:%zu: a value of more than %d bytes",
                       parsing->path, parsing->line, SPEC_MAX_TEXT_BYTES);
    if (memchr(text.ptr, '\0', text.len))
        return err_set(parsing->err, ERR_USAGE,
                       "%s:%zu: a byte that is 0: is it UTF-16? Make it UTF-8: iconv -f UTF-16 -t "
                       "UTF-8",
                       parsing->path, parsing->line);
    if (utf8_valid_prefix(text) < text.len)
        return err_set(parsing->err, ERR_USAGE,
                       "%s:%zu: not UTF-8 at byte %zu of the line: make it UTF-8, such as by iconv "
                       "-f ISO-8859-2 -t UTF-8",
                       parsing->path, parsing->line, utf8_valid_prefix(text) + 1);
    return 0;
}

static int parse_line(struct parsing *parsing, struct slice line)
{
    uint64_t weight = 1;
    if (check_text(parsing, line) < 0)
        return -1;
    const char *tab = memchr(line.ptr, '\t', line.len);
    if (tab) {
        size_t value_bytes = (size_t)(tab - line.ptr);
        struct slice behind = {tab + 1, line.len - value_bytes - 1};
        if (read_weight(parsing, behind, &weight) < 0)
            return -1;
        line.len = value_bytes;
    }
    if (line.len == 0)
        return tab ? err_set(parsing->err, ERR_USAGE, "%s:%zu: a weight without a value",
                             parsing->path, parsing->line)
                   : 0;
    parsing->bare = parsing->bare && is_number(line);
    parsing->total += weight;
    parsing->values[parsing->n++] = (struct spec_value){.text = line, .weight = weight};
    return 0;
}

static int check_whole(const struct parsing *parsing)
{
    if (parsing->n == 0)
        return err_set(parsing->err, ERR_USAGE, "%s has no value in it: write one a line",
                       parsing->path);
    if (parsing->total == 0)
        return err_set(parsing->err, ERR_USAGE, "%s: all weights are 0", parsing->path);
    return 0;
}

/* Sums of weights stay below 2^64: a million of at most 2^32 each. */
static int parse_lines(struct parsing *parsing, struct slice text)
{
    while (text.len > 0) {
        parsing->line++;
        if (parse_line(parsing, next_line(&text)) < 0)
            return -1;
    }
    return check_whole(parsing);
}

static size_t count_lines(struct slice text)
{
    size_t n = 0;
    while (text.len > 0) {
        next_line(&text);
        n++;
    }
    return n;
}

int value_file_parse(struct value_list *out, struct arena *arena, const char *path,
                     struct slice text, bool as_text, struct err *err)
{
    struct parsing parsing = {.path = path, .err = err, .bare = !as_text};
    size_t mark = sizeof MARK - 1;
    if (text.len >= mark && !memcmp(text.ptr, MARK, mark))
        text = (struct slice){text.ptr + mark, text.len - mark};
    size_t lines = count_lines(text);
    if (lines > VALUE_FILE_MAX_VALUES)
        return err_set(err, ERR_USAGE,
                       "%s has more than %d lines, which would take too much memory: take some of "
                       "them, such as by shuf -n %d",
                       path, VALUE_FILE_MAX_VALUES, SAMPLE_VALUES);
    parsing.values = arena_alloc(arena, lines * sizeof *parsing.values);
    if (parse_lines(&parsing, text) < 0)
        return -1;
    for (size_t i = 0; parsing.bare && i < parsing.n; i++)
        parsing.values[i].bare = true;
    *out = (struct value_list){.values = parsing.values, .n = parsing.n};
    return 0;
}

/* What to do about it, if that is what is wrong. */
static void say_too_large(const char *path, struct err *err)
{
    struct stat file;
    if (stat(path, &file) == 0 && file.st_size > (off_t)VALUE_FILE_MAX_BYTES)
        err_set(err, ERR_USAGE,
                "%s has more than %zu MiB: take some of its lines, such as by shuf -n %d", path,
                VALUE_FILE_MAX_BYTES >> 20, SAMPLE_VALUES);
}

int value_file_read(struct value_list *out, struct arena *arena, const char *path, bool as_text,
                    struct err *err)
{
    struct buf bytes;
    buf_init(&bytes, VALUE_FILE_MAX_BYTES);
    int rc = file_read(&bytes, path, err);
    if (rc < 0)
        say_too_large(path, err);
    else {
        const struct slice read = buf_slice(&bytes);
        char *kept = arena_alloc(arena, read.len);
        if (read.len > 0)
            memcpy(kept, read.ptr, read.len);
        rc = value_file_parse(out, arena, path, (struct slice){kept, read.len}, as_text, err);
    }
    buf_release(&bytes);
    return rc;
}
