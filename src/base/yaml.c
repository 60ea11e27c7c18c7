#include "base/yaml.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/utf8.h"

#include <libfyaml.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* One open mapping or list, and in a mapping the key that waits for its value. */
struct level {
    struct yaml_node *node;
    const char *key;
    int key_line;
    int key_column;
    /* A mapping of many: its members by their keys' hash. NULL where there is none; a power of 2.
     */
    struct yaml_node **slots;
    size_t n_slots;
};

#define MANY_KEYS 16

struct builder {
    struct arena *arena;
    const char *name;
    struct err *err;
    struct level levels[YAML_MAX_DEPTH];
    size_t depth;
    struct yaml_node *root;
    int documents;
};

struct place {
    int line;
    int column;
};

static int vfail_at(struct err *err, const char *file, int line, int column, const char *format,
                    va_list args) __attribute__((format(printf, 5, 0)));

static int vfail_at(struct err *err, const char *file, int line, int column, const char *format,
                    va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    return err_set(err, ERR_USAGE, "%s:%d:%d: %s", file, line, column, text);
}

int yaml_fail(struct err *err, const char *file, const struct yaml_node *node, const char *format,
              ...)
{
    va_list args;
    va_start(args, format);
    vfail_at(err, file, node->line, node->column, format, args);
    va_end(args);
    return -1;
}

int yaml_fail_key(struct err *err, const char *file, const struct yaml_node *node,
                  const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfail_at(err, file, node->key ? node->key_line : node->line,
             node->key ? node->key_column : node->column, format, args);
    va_end(args);
    return -1;
}

static int fail_at(struct builder *b, struct place at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fail_at(struct builder *b, struct place at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vfail_at(b->err, b->name, at.line, at.column, format, args);
    va_end(args);
    return -1;
}

const char *yaml_kind_name(enum yaml_kind kind)
{
    switch (kind) {
    case YAML_NULL:
        return "nothing";
    case YAML_SCALAR:
        return "a text";
    case YAML_LIST:
        return "a list";
    case YAML_MAPPING:
        return "a mapping";
    }
    return "?";
}

const char *yaml_library_version(void)
{
    return fy_library_version();
}

struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
    if (!mapping || mapping->kind != YAML_MAPPING)
        return NULL;
    for (struct yaml_node *child = mapping->first; child; child = child->next)
        if (!strcmp(child->key, key))
            return child;
    return NULL;
}

/*
 * libfyaml counts from 0, and the mark of a quoted text is behind its quote. An implicit event (an
 * empty value) has no place of its own.
 */
static struct place place_of(struct fy_event *event, struct place otherwise)
{
    const struct fy_mark *mark = fy_event_start_mark(event);
    if (!mark)
        return otherwise;
    struct place at = {mark->line + 1, mark->column + 1};
    if (event->type == FYET_SCALAR && event->scalar.value) {
        enum fy_scalar_style style = fy_token_scalar_style(event->scalar.value);
        at.column -= style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    }
    return at;
}

static bool is_null_word(const char *text)
{
    return !*text || !strcmp(text, "~") || !strcmp(text, "null") || !strcmp(text, "Null") ||
           !strcmp(text, "NULL");
}

static struct level *innermost(struct builder *b)
{
    return b->depth ? &b->levels[b->depth - 1] : NULL;
}

static size_t hash_of(const char *key)
{
    uint64_t hash = 14695981039346656037u; /* FNV-1a */
    for (; *key; key++)
        hash = (hash ^ (unsigned char)*key) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

/* Where the member of that key is, or would be. */
static struct yaml_node **slot_of(const struct level *level, const char *key)
{
    size_t at = hash_of(key) & (level->n_slots - 1);
    while (level->slots[at] && strcmp(level->slots[at]->key, key) != 0)
        at = (at + 1) & (level->n_slots - 1);
    return &level->slots[at];
}

/* At least half of the slots stay free. */
static void remember_key(struct builder *b, struct level *level, struct yaml_node *node)
{
    size_t n = level->node->n;
    if (n < MANY_KEYS)
        return;
    if (2 * n < level->n_slots) {
        *slot_of(level, node->key) = node;
        return;
    }
    level->n_slots = level->n_slots ? 2 * level->n_slots : (size_t)4 * MANY_KEYS;
    level->slots = arena_alloc(b->arena, level->n_slots * sizeof(struct yaml_node *));
    for (struct yaml_node *at = level->node->first; at; at = at->next)
        *slot_of(level, at->key) = at;
}

static const struct yaml_node *find_twin(const struct level *level, const char *key)
{
    return level->slots ? *slot_of(level, key) : yaml_get(level->node, key);
}

/* Hang a finished or just opened node into the tree. */
static int attach(struct builder *b, struct yaml_node *node)
{
    struct level *level = innermost(b);
    if (!level) {
        b->root = node;
        return 0;
    }
    struct yaml_node *parent = level->node;
    if (parent->kind == YAML_MAPPING) {
        node->key = level->key;
        node->key_line = level->key_line;
        node->key_column = level->key_column;
        level->key = NULL;
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->n++;
    if (parent->kind == YAML_MAPPING)
        remember_key(b, level, node);
    return 0;
}

static int take_key(struct builder *b, struct level *level, const char *text, struct place at)
{
    if (!strcmp(text, "<<"))
        return fail_at(b, at, "merge keys (<<) are not supported");
    const struct yaml_node *twin = find_twin(level, text);
    if (twin)
        return fail_at(b, at, "the key \"%s\" is here twice (first in line %d)", text,
                       twin->key_line);
    level->key = text;
    level->key_line = at.line;
    level->key_column = at.column;
    return 0;
}

static struct place end_of_key(const struct level *level, struct place at)
{
    if (!level || !level->key)
        return at;
    return (struct place){level->key_line, level->key_column};
}

static int on_scalar(struct builder *b, struct fy_event *event, struct place at)
{
    struct level *level = innermost(b);
    struct fy_token *token = event->scalar.value;
    size_t length = 0;
    const char *bytes = token ? fy_token_get_text(token, &length) : NULL;
    const char *text = arena_strndup(b->arena, bytes ? bytes : "", bytes ? length : 0);
    if (strlen(text) != (bytes ? length : 0))
        return fail_at(b, at, "a text holds a NUL character");
    enum fy_scalar_style style = token ? fy_token_scalar_style(token) : FYSS_PLAIN;
    if (level && level->node->kind == YAML_MAPPING && !level->key)
        return take_key(b, level, text, at);

    struct yaml_node *node = arena_alloc(b->arena, sizeof *node);
    bool plain = style == FYSS_PLAIN || style == FYSS_ANY;
    node->kind = plain && is_null_word(text) ? YAML_NULL : YAML_SCALAR;
    node->text = node->kind == YAML_NULL ? "" : text;
    node->literal = style == FYSS_LITERAL || style == FYSS_FOLDED;
    node->quoted = !plain;
    node->line = at.line;
    node->column = at.column;
    return attach(b, node);
}

static int on_open(struct builder *b, enum yaml_kind kind, struct place at)
{
    struct level *level = innermost(b);
    if (level && level->node->kind == YAML_MAPPING && !level->key)
        return fail_at(b, at, "a key must be a text, here it is %s", yaml_kind_name(kind));
    if (b->depth == YAML_MAX_DEPTH)
        return fail_at(b, at, "nested deeper than %d levels", YAML_MAX_DEPTH);
    struct yaml_node *node = arena_alloc(b->arena, sizeof *node);
    node->kind = kind;
    node->line = at.line;
    node->column = at.column;
    attach(b, node);
    b->levels[b->depth++] = (struct level){.node = node};
    return 0;
}

/* What YAML has and a configuration does not need. */
static int refuse_extras(struct builder *b, struct fy_event *event, struct place at)
{
    if (event->type == FYET_ALIAS)
        return fail_at(b, at, "aliases (*name) are not supported");
    if (event->type != FYET_SCALAR && event->type != FYET_MAPPING_START &&
        event->type != FYET_SEQUENCE_START)
        return 0;
    if (fy_event_get_anchor_token(event))
        return fail_at(b, at, "anchors (&name) are not supported");
    if (fy_event_get_tag_token(event))
        return fail_at(b, at, "tags (!name) are not supported");
    return 0;
}

static int on_event(struct builder *b, struct fy_event *event)
{
    struct place at = place_of(event, end_of_key(innermost(b), (struct place){1, 1}));
    if (refuse_extras(b, event, at) < 0)
        return -1;
    switch (event->type) {
    case FYET_DOCUMENT_START:
        if (++b->documents > 1)
            return fail_at(b, at, "a second document begins here; the file holds one");
        return 0;
    case FYET_SCALAR:
        return on_scalar(b, event, at);
    case FYET_MAPPING_START:
        return on_open(b, YAML_MAPPING, at);
    case FYET_SEQUENCE_START:
        return on_open(b, YAML_LIST, at);
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        b->depth--;
        return 0;
    default:
        return 0;
    }
}

/* The first error that libfyaml collected is the cause; what follows are consequences. */
static int fail_syntax(struct builder *b, struct fy_diag *diag)
{
    void *iterator = NULL;
    struct fy_diag_error *error;
    while ((error = fy_diag_errors_iterate(diag, &iterator))) {
        if (error->type != FYET_ERROR)
            continue;
        struct place at = {error->line > 0 ? error->line : 1,
                           error->column > 0 ? error->column : 1};
        return fail_at(b, at, "%s", error->msg ? error->msg : "not valid YAML");
    }
    return fail_at(b, (struct place){1, 1}, "not valid YAML");
}

static int run_parser(struct builder *b, struct slice text)
{
    int rc = -1;
    struct fy_diag_cfg diag_config;
    fy_diag_cfg_default(&diag_config);
    diag_config.colorize = false;
    diag_config.fp = NULL;
    struct fy_diag *diag = fy_diag_create(&diag_config);
    if (!diag)
        return err_set(b->err, ERR_BUG, "out of memory");
    fy_diag_set_collect_errors(diag, true);
    const struct fy_parse_cfg config = {
        .flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE,
        .diag = diag,
    };
    struct fy_parser *parser = fy_parser_create(&config);
    if (!parser || fy_parser_set_string(parser, text.ptr, text.len) != 0) {
        err_set(b->err, ERR_BUG, "cannot start the YAML parser");
        goto out;
    }
    struct fy_event *event;
    while ((event = fy_parser_parse(parser))) {
        int failed = on_event(b, event);
        fy_parser_event_free(parser, event);
        if (failed)
            goto out;
    }
    rc = fy_parser_get_stream_error(parser) ? fail_syntax(b, diag) : 0;
out:
    if (parser)
        fy_parser_destroy(parser);
    fy_diag_destroy(diag);
    return rc;
}

/*
 * What must not reach the parser: bytes that are no text. libfyaml takes a text for ended at its
 * first byte that is not UTF-8, and what followed would silently be missing. Control characters
 * are those that YAML 1.2 (section 5.1) leaves out.
 */
static int refuse_binary(struct builder *b, struct slice text)
{
    struct place at = {1, 1};
    size_t bytes;
    for (size_t i = 0; i < text.len; i += bytes, at.column++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bytes = utf8_char_bytes(text.ptr + i, text.len - i);
        if (bytes == 0)
            return fail_at(b, at, "the byte 0x%02x is not UTF-8: is this a text file?", c);
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return fail_at(b, at, "the control character 0x%02x: is this a text file?", c);
        if (c == '\n')
            at = (struct place){at.line + 1, 0};
    }
    return 0;
}

int yaml_load(struct arena *arena, const char *name, struct slice text, struct yaml_node **out,
              struct err *err)
{
    struct builder b = {.arena = arena, .name = name, .err = err};
    if (text.len > YAML_MAX_BYTES)
        return err_set(err, ERR_USAGE, "%s: larger than %zu bytes: is this a configuration?", name,
                       YAML_MAX_BYTES);
    if (refuse_binary(&b, text) < 0)
        return -1;
    if (text.len > 0 && run_parser(&b, text) < 0)
        return -1;
    if (!b.root || b.root->kind == YAML_NULL) {
        b.root = arena_alloc(arena, sizeof *b.root);
        *b.root = (struct yaml_node){.kind = YAML_MAPPING, .line = 1, .column = 1};
    }
    *out = b.root;
    return 0;
}

int yaml_load_file(struct arena *arena, const char *path, struct yaml_node **out, struct err *err)
{
    struct buf bytes;
    buf_init(&bytes, YAML_MAX_BYTES);
    int rc = file_read(&bytes, path, err);
    if (rc == 0)
        rc = yaml_load(arena, path, buf_slice(&bytes), out, err);
    buf_release(&bytes);
    return rc;
}
