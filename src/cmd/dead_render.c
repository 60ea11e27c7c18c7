#include "cmd/dead_render.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/json.h"
#include "cmd/shown.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_JSON_BYTES ((size_t)1 << 31)

static const char *or_dash(const char *text)
{
    return text && *text ? text : "-";
}

void dead_render_text(FILE *file, const char *text)
{
    struct buf out;
    if (!isatty(fileno(file))) {
        fputs(text, file);
        return;
    }
    buf_init(&out, MAX_JSON_BYTES);
    shown_add_line(&out, slice_of(text));
    fwrite(out.data, 1, out.failed ? 0 : out.len, file);
    buf_release(&out);
}

void dead_render_code(FILE *file, const char *sqlstate)
{
    if (!sqlstate || !*sqlstate)
        return;
    fputs(" [", file);
    dead_render_text(file, sqlstate);
    fputc(']', file);
}

static void print_reason(const char *column, const char *reason)
{
    dead_render_text(stdout, or_dash(column));
    fputs(": ", stdout);
    dead_render_text(stdout, or_dash(reason));
}

/* ", \"name\":value" with null for no text. */
static void add_member(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, ",\"%s\":", name);
    if (text)
        buf_add_json(out, slice_of(text));
    else
        buf_add_str(out, "null");
}

/* Bytes that are text as text, all others as base64 under NAME_base64: nothing is changed. */
static void add_bytes(struct buf *out, const char *name, struct slice bytes)
{
    if (!bytes.ptr) {
        add_member(out, name, NULL);
    } else if (utf8_valid_prefix(bytes) == bytes.len) {
        buf_printf(out, ",\"%s\":", name);
        buf_add_json(out, bytes);
    } else {
        buf_printf(out, ",\"%s_base64\":\"", name);
        base64_encode(out, bytes);
        buf_add_byte(out, '"');
    }
}

static void print_json(const struct dead_letter *letter)
{
    struct buf out;
    buf_init(&out, MAX_JSON_BYTES);
    buf_add_str(&out, "{\"pipeline\":");
    buf_add_json(&out, slice_of(letter->pipeline));
    add_member(&out, "topic", letter->topic);
    buf_printf(&out, ",\"partition\":%" PRId32 ",\"record_offset\":%" PRId64 ",\"item\":%d",
               letter->partition, letter->record_offset, letter->item);
    add_member(&out, "record_time", letter->record_time);
    add_bytes(&out, "key", letter->key);
    add_bytes(&out, "value", letter->value);
    buf_printf(&out, ",\"headers\":%s", letter->headers ? letter->headers : "null");
    add_member(&out, "column_name", letter->column_name);
    add_member(&out, "reason", letter->reason);
    add_member(&out, "sqlstate", letter->sqlstate);
    add_member(&out, "seen_at", letter->seen_at);
    add_member(&out, "replayed_at", letter->replayed_at);
    buf_add_str(&out, "}\n");
    fwrite(out.data, 1, out.failed ? 0 : out.len, stdout);
    buf_release(&out);
}

void dead_render_line(void *context, const struct dead_letter *letter)
{
    struct dead_render *render = context;
    render->n++;
    if (render->json) {
        print_json(letter);
        return;
    }
    printf("%s  ", or_dash(letter->seen_at));
    dead_render_text(stdout, letter->pipeline);
    printf("  %s/%" PRId32 "@%" PRId64 "  ", letter->topic, letter->partition,
           letter->record_offset);
    print_reason(letter->column_name, letter->reason);
    putchar('\n');
}

static void print_bytes(struct slice bytes)
{
    struct buf out;
    if (!isatty(STDOUT_FILENO)) {
        fwrite(bytes.ptr, 1, bytes.len, stdout);
        return;
    }
    buf_init(&out, MAX_JSON_BYTES);
    shown_add(&out, bytes);
    fwrite(out.data, 1, out.failed ? 0 : out.len, stdout);
    buf_release(&out);
}

static void print_field(const char *name, const char *text)
{
    if (!text || !*text)
        return;
    printf("%-10s ", name);
    dead_render_text(stdout, text);
    putchar('\n');
}

void dead_render_full(void *context, const struct dead_letter *letter)
{
    struct dead_render *render = context;
    render->n++;
    if (render->value_only) {
        if (letter->value.ptr)
            print_bytes(letter->value);
        return;
    }
    if (render->json) {
        print_json(letter);
        return;
    }
    if (render->n > 1)
        putchar('\n');
    printf("%-10s %s/%" PRId32 "@%" PRId64 "\n", "place", letter->topic, letter->partition,
           letter->record_offset);
    print_field("pipeline", letter->pipeline);
    print_field("column", letter->column_name);
    print_field("reason", letter->reason);
    print_field("sqlstate", letter->sqlstate);
    print_field("time", letter->record_time);
    print_field("seen", letter->seen_at);
    print_field("replayed", letter->replayed_at);
    print_field("counted", letter->item < 0 ? "in no counter: it is of before a --reset" : NULL);
    print_field("headers", letter->headers);
    if (letter->key.ptr) {
        printf("%-10s ", "key");
        print_bytes(letter->key);
        putchar('\n');
    }
    printf("%-10s ", "value");
    if (letter->value.ptr)
        print_bytes(letter->value);
    putchar('\n');
}

void dead_render_group(void *context, const struct dead_group *group)
{
    struct dead_render *render = context;
    render->n++;
    if (!render->json) {
        printf("%8" PRId64 "  ", group->letters);
        dead_render_text(stdout, group->pipeline);
        printf("  %s  ", group->topic);
        print_reason(group->column_name, group->reason);
        dead_render_code(stdout, group->sqlstate);
        printf("  (such as %s/%" PRId32 "@%" PRId64 ")\n", group->topic, group->example_partition,
               group->example_offset);
        return;
    }
    struct buf out;
    buf_init(&out, MAX_JSON_BYTES);
    buf_printf(&out, "{\"letters\":%" PRId64 ",\"pipeline\":", group->letters);
    buf_add_json(&out, slice_of(group->pipeline));
    add_member(&out, "topic", group->topic);
    add_member(&out, "column_name", group->column_name);
    add_member(&out, "reason", group->reason);
    add_member(&out, "sqlstate", group->sqlstate);
    add_member(&out, "last_seen_at", group->last_seen_at);
    buf_printf(&out, ",\"example_partition\":%" PRId32 ",\"example_offset\":%" PRId64 "}\n",
               group->example_partition, group->example_offset);
    fwrite(out.data, 1, out.len, stdout);
    buf_release(&out);
}
