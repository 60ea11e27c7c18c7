/*
 * template: text with {field} in it, from the fields before it, with characters left out and in
 * another case where asked. {{ and }} are braces.
 */
#include "generate/letters.h"
#include "generate/provider_list.h"
#include "generate/quote.h"

/* Text as it stands, or a field. */
struct part {
    struct slice text;
    size_t field; /* NO_FIELD: text */
};
#define NO_FIELD SIZE_MAX

struct pattern {
    struct part *parts;
    size_t n;
    bool plain;   /* its own text is */
    bool changes; /* something is left out, or turned */
    enum letter_case letters;
    /* What becomes of each byte of ASCII, and whether it stays. */
    char becomes[256];
    uint8_t stays[256];
};

static int fail(const struct preparing *preparing, struct err *err, const char *what,
                struct slice where)
{
    return yaml_fail(err, preparing->spec->file, preparing->field->node, "%s: %s \"%.*s\"",
                     preparing->field->name, what, SLICE_ARG(where));
}

/* The nearest field before it of that name. */
static bool find_field(const struct preparing *preparing, struct slice name, size_t *field)
{
    for (size_t i = preparing->n_before; i-- > 0;)
        if (slice_eq_str(name, preparing->spec->fields[i].name)) {
            *field = i;
            return true;
        }
    return false;
}

static void add_part(struct arena *arena, struct pattern *pattern, struct slice text, size_t field)
{
    if (text.len == 0 && field == NO_FIELD)
        return;
    char *copy = arena_alloc(arena, text.len + PUT_SLACK);
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    pattern->plain = pattern->plain && quote_is_plain(text);
    pattern->parts[pattern->n++] = (struct part){.text = {copy, text.len}, .field = field};
}

static int parse(const struct preparing *preparing, struct pattern *pattern, struct err *err)
{
    const char *at = preparing->field->template_text;
    while (*at) {
        size_t n = strcspn(at, "{}");
        add_part(preparing->arena, pattern, (struct slice){at, n}, NO_FIELD);
        at += n;
        if (!*at)
            return 0;
        if (at[0] == at[1]) { /* one brace is meant */
            add_part(preparing->arena, pattern, (struct slice){at, 1}, NO_FIELD);
            at += 2;
            continue;
        }
        size_t length = *at == '{' ? strcspn(at + 1, "{}") : 0;
        struct slice name = {at + 1, length};
        size_t field = NO_FIELD;
        if (*at == '}' || at[1 + length] != '}')
            return fail(preparing, err, "a brace that stands alone: write {{ or }} at",
                        slice_of(at));
        if (!find_field(preparing, name, &field))
            return fail(preparing, err, "no field before it, and no provider, is called", name);
        add_part(preparing->arena, pattern, SLICE_NONE, field);
        at += length + 2;
    }
    return 0;
}

static void fill_tables(struct pattern *pattern, const char *remove)
{
    for (unsigned c = 0; c < 256; c++) {
        char byte = (char)c;
        letters_put(&pattern->becomes[c], (struct slice){&byte, 1}, pattern->letters);
        pattern->stays[c] = c == 0 || !strchr(remove, (int)c);
    }
}

int prepare_template(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    const struct field_spec *field = preparing->field;
    struct pattern *pattern = arena_alloc(preparing->arena, sizeof *pattern);
    size_t most = strlen(field->template_text) + 1;
    pattern->parts = arena_alloc(preparing->arena, most * sizeof *pattern->parts);
    pattern->letters = field->letters;
    pattern->changes = field->letters != CASE_AS_IS || field->remove;
    fill_tables(pattern, field->remove ? field->remove : "");
    pattern->plain = true;
    *out = (struct prepared){.data = pattern};
    if (parse(preparing, pattern, err) < 0)
        return -1;
    for (size_t i = 0; i < pattern->n; i++) {
        const struct part *part = &pattern->parts[i];
        out->max_bytes +=
            part->field == NO_FIELD ? part->text.len : preparing->max_bytes[part->field];
    }
    return 0;
}

/* ASCII in one pass; other letters wait for letters_put(). */
static char *put_changed(const struct pattern *pattern, char *from, const char *end)
{
    char *to = from;
    unsigned char seen = 0;
    for (const char *at = from; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        seen |= c;
        *to = pattern->becomes[c];
        to += pattern->stays[c];
    }
    if (pattern->letters == CASE_AS_IS || seen < 0x80)
        return to;
    return letters_put(from, (struct slice){from, (size_t)(to - from)}, pattern->letters);
}

char *write_template(const void *data, struct draw *draw, char *to)
{
    const struct pattern *pattern = data;
    char *from = to;
    bool plain = pattern->plain;
    for (size_t i = 0; i < pattern->n; i++) {
        const struct part *part = &pattern->parts[i];
        if (part->field == NO_FIELD) {
            to = put_text(to, part->text.ptr, part->text.len);
            continue;
        }
        const struct drawn *field = &draw->fields[part->field];
        if (!field->text.ptr)
            return NULL; /* of a null nothing can be made */
        to = put_text(to, field->text.ptr, field->text.len);
        plain = plain && field->plain;
    }
    draw->plain = plain;
    return pattern->changes ? put_changed(pattern, from, to) : to;
}
