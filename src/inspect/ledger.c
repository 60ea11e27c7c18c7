#include "inspect/ledger.h"

#include "base/buf.h"
#include "base/crc32c.h"
#include "base/json.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)64 << 10)
#define MAX_LINE_BYTES ((size_t)1 << 20)

struct ledger {
    char *path;
    int fd;
    char *block; /* a line begun, and room for BLOCK_BYTES behind it */
    size_t room;
    size_t from; /* the unread part of it */
    size_t to;
    int64_t line;
    int64_t read_bytes;
    int64_t taken_bytes; /* of the lines so far */
    int64_t stop_bytes;  /* of the second reading; -1: the file's end */
    uint32_t crc;        /* over the lines so far */
    uint32_t first_crc;  /* over the first reading */
    bool ended;
    bool cut;   /* the last line was left out: it is not whole yet */
    char *text; /* topic and id of a line, escapes resolved: never longer than the block */
};

/* ---- one line ---- */

enum { M_TOPIC = 1, M_PARTITION = 2, M_OFFSET = 4, M_ID = 8 };

struct line_reader {
    struct ledger *ledger;
    struct slice line;
    char *to; /* where the next text goes */
    unsigned seen;
    struct err *err;
};

static int wrong(struct line_reader *reader, const char *at, const char *what)
{
    int64_t column = 1;
    for (const char *c = reader->line.ptr; c < at; c++)
        column += !utf8_continues((unsigned char)*c);
    return err_set(reader->err, ERR_INPUT, "%s:%" PRId64 ":%" PRId64 ": %s", reader->ledger->path,
                   reader->ledger->line, column, what);
}

static struct slice take_text(struct line_reader *reader, const struct json_value *value)
{
    struct slice text = value->raw;
    if (value->type == JSON_STRING && value->escaped) {
        text = (struct slice){reader->to, json_unescape(value, reader->to)};
        reader->to += text.len;
    }
    return text;
}

/* Digits alone; -1 if it is anything else, or more than `max`. */
static int64_t take_number(const struct json_value *value, int64_t max)
{
    int64_t number = 0;
    if (value->type != JSON_NUMBER)
        return -1;
    for (size_t i = 0; i < value->raw.len; i++) {
        int digit = value->raw.ptr[i] - '0';
        if (digit < 0 || digit > 9 || number > (max - digit) / 10)
            return -1;
        number = number * 10 + digit;
    }
    return number;
}

static int take_id(struct line_reader *reader, const struct json_value *value,
                   struct ledger_entry *entry)
{
    if (value->type != JSON_STRING && value->type != JSON_NUMBER && value->type != JSON_NULL)
        return wrong(reader, value->raw.ptr, "unique_id must be a string, a number or null");
    entry->id = value->type == JSON_NULL ? SLICE_NONE : take_text(reader, value);
    reader->seen |= M_ID;
    return 0;
}

static int take_member(struct line_reader *reader, const struct json_value *key,
                       const struct json_value *value, struct ledger_entry *entry)
{
    const char *at = value->raw.ptr;
    if (json_string_eq(key, SLICE_LIT("topic"))) {
        if (value->type != JSON_STRING || value->raw.len == 0 || value->nul)
            return wrong(reader, at, "topic must be a string, a topic's name");
        entry->topic = take_text(reader, value);
        reader->seen |= M_TOPIC;
    } else if (json_string_eq(key, SLICE_LIT("partition"))) {
        int64_t number = take_number(value, INT32_MAX);
        if (number < 0)
            return wrong(reader, at, "partition must be a whole number from 0");
        entry->partition = (int32_t)number;
        reader->seen |= M_PARTITION;
    } else if (json_string_eq(key, SLICE_LIT("offset"))) {
        entry->offset = take_number(value, INT64_MAX / 4);
        if (entry->offset < 0)
            return wrong(reader, at, "offset must be a whole number from 0");
        reader->seen |= M_OFFSET;
    } else if (json_string_eq(key, SLICE_LIT("unique_id"))) {
        return take_id(reader, value, entry);
    } else if (json_string_eq(key, SLICE_LIT("fault"))) {
        if (value->type != JSON_STRING && value->type != JSON_NULL)
            return wrong(reader, at, "fault must be a string or null");
        entry->null_value = value->type == JSON_STRING && json_string_eq(value, SLICE_LIT("null"));
    }
    return 0;
}

static int check_seen(struct line_reader *reader)
{
    static const struct {
        unsigned bit;
        const char *what;
    } members[] = {
        {M_TOPIC, "this line has no \"topic\""},
        {M_PARTITION, "this line has no \"partition\""},
        {M_OFFSET, "this line has no \"offset\""},
        {M_ID, "this line has no \"unique_id\" (null where nothing can read one)"},
    };
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (!(reader->seen & members[i].bit))
            return wrong(reader, reader->line.ptr, members[i].what);
    return 0;
}

static int read_line(struct ledger *ledger, struct slice line, struct ledger_entry *entry,
                     struct err *err)
{
    struct line_reader reader = {ledger, line, ledger->text, .err = err};
    struct json_iter it;
    struct json_value key;
    struct json_value value;
    struct json_error error;
    char what[200];
    int rc = -1;
    *entry = (struct ledger_entry){.line = ledger->line};
    if (json_object_open(&it, line, &error) == 0)
        while ((rc = json_object_next(&it, &key, &value, &error)) > 0)
            if (take_member(&reader, &key, &value, entry) < 0)
                return -1;
    if (rc == 0)
        return check_seen(&reader);
    snprintf(what, sizeof what, "%s; each line is one whole JSON object", error.reason);
    return wrong(&reader, line.ptr + error.at, what);
}

/* ---- the file ---- */

/* What is unread moves to the front, and has room for a block behind it. */
static void make_room(struct ledger *ledger)
{
    if (ledger->from > 0)
        memmove(ledger->block, ledger->block + ledger->from, ledger->to - ledger->from);
    ledger->to -= ledger->from;
    ledger->from = 0;
    if (ledger->room - ledger->to >= BLOCK_BYTES)
        return;
    ledger->room = 2 * ledger->room + BLOCK_BYTES;
    ledger->block = realloc(ledger->block, ledger->room);
    ledger->text = realloc(ledger->text, ledger->room);
    if (!ledger->block || !ledger->text)
        abort();
}

int ledger_open(struct ledger **ledger, const char *path, struct err *err)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, ERR_USAGE, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return err_set(err, ERR_USAGE,
                       "%s is no regular file, and a ledger is read twice: write it to a file",
                       path);
    }
    struct ledger *made = calloc(1, sizeof *made);
    if (made) {
        made->path = strdup(path);
        made->fd = fd;
        made->stop_bytes = -1;
    }
    if (made && made->path) {
        make_room(made);
        *ledger = made;
        return 0;
    }
    free(made);
    close(fd);
    return err_set(err, ERR_BUG, "no memory for a ledger");
}

void ledger_close(struct ledger *ledger)
{
    if (!ledger)
        return;
    close(ledger->fd);
    free(ledger->path);
    free(ledger->block);
    free(ledger->text);
    free(ledger);
}

/* More bytes behind what is unread. 0 or -1. */
static int fill(struct ledger *ledger, struct err *err)
{
    size_t want = BLOCK_BYTES;
    ssize_t got;
    make_room(ledger);
    if (ledger->stop_bytes >= 0 && ledger->stop_bytes - ledger->read_bytes < (int64_t)want)
        want = (size_t)(ledger->stop_bytes - ledger->read_bytes);
    do
        got = want > 0 ? read(ledger->fd, ledger->block + ledger->to, want) : 0;
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return err_set(err, ERR_INPUT, "%s: %s", ledger->path, strerror(errno));
    ledger->to += (size_t)got;
    ledger->read_bytes += got;
    ledger->ended = got == 0;
    return 0;
}

/* The next line without its end; 0 at the end of the file. */
static int next_line(struct ledger *ledger, struct slice *line, struct err *err)
{
    size_t looked = 0;
    for (;;) {
        const char *start = ledger->block + ledger->from;
        size_t len = ledger->to - ledger->from;
        const char *end = len == looked ? NULL : memchr(start + looked, '\n', len - looked);
        if (end || (ledger->ended && len > 0)) {
            *line = (struct slice){start, end ? (size_t)(end - start) : len};
            ledger->from += line->len + (end != NULL);
            ledger->line++;
            return 1;
        }
        if (ledger->ended)
            return 0;
        if (len > MAX_LINE_BYTES)
            return err_set(err, ERR_INPUT, "%s:%" PRId64 ":1: the line is longer than 1 MiB",
                           ledger->path, ledger->line + 1);
        looked = len;
        if (fill(ledger, err) < 0)
            return -1;
    }
}

static int check_same(const struct ledger *ledger, struct err *err)
{
    if (ledger->stop_bytes < 0 ||
        (ledger->taken_bytes == ledger->stop_bytes && ledger->crc == ledger->first_crc))
        return 0;
    return err_set(err, ERR_INPUT, "%s was changed while it was read: run again", ledger->path);
}

/*
 * A producer may still be writing: what it has begun at the end, with no line's end yet and no
 * brace, is no fault. The first reading ends before it, and so does the second.
 */
static bool is_begun(const struct ledger *ledger, struct slice line)
{
    bool whole = ledger->block + ledger->from != line.ptr + line.len;
    size_t len = line.len;
    while (len > 0 && (unsigned char)line.ptr[len - 1] <= ' ')
        len--;
    return ledger->stop_bytes < 0 && !whole && len > 0 && line.ptr[0] == '{' &&
           line.ptr[len - 1] != '}';
}

int ledger_next(struct ledger *ledger, struct ledger_entry *entry, struct err *err)
{
    struct slice line = SLICE_LIT("");
    int rc = next_line(ledger, &line, err);
    if (rc > 0 && is_begun(ledger, line)) {
        ledger->cut = true;
        return 0;
    }
    if (rc <= 0)
        return rc < 0 ? -1 : check_same(ledger, err);
    size_t bytes = (size_t)(ledger->block + ledger->from - line.ptr);
    ledger->crc = crc32c(ledger->crc, line.ptr, bytes);
    ledger->taken_bytes += (int64_t)bytes;
    return read_line(ledger, line, entry, err) < 0 ? -1 : 1;
}

bool ledger_was_cut(const struct ledger *ledger)
{
    return ledger->cut;
}

int ledger_rewind(struct ledger *ledger, struct err *err)
{
    if (lseek(ledger->fd, 0, SEEK_SET) < 0)
        return err_set(err, ERR_INPUT, "%s: %s", ledger->path, strerror(errno));
    if (ledger->stop_bytes < 0) {
        ledger->stop_bytes = ledger->taken_bytes;
        ledger->first_crc = ledger->crc;
    }
    ledger->from = ledger->to = 0;
    ledger->line = ledger->read_bytes = ledger->taken_bytes = 0;
    ledger->crc = 0;
    ledger->ended = false;
    return 0;
}
