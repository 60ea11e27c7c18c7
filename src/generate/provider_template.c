/*
 * template: text with {field} in it, from the fields before it, with characters left out and in
 * another case where asked. {{ and }} are braces.
 */
#include "generate/letters.h"
#include "generate/names.h"
#include "generate/provider_list.h"
#include "generate/quote.h"
#include "generate/record.h"

/* A text of its own, or a field. */
struct part {
    struct slice text;               /* as it is written; WAY_CHANGE: raw */
    size_t field;                    /* NO_FIELD: text */
    const struct provider *provider; /* the field's */
    bool of_person;                  /* the field is of the same person as the template */
};
#define NO_FIELD SPEC_NO_FIELD

/*
 * Three ways: what changes nothing joins the fields as they stand in the record; names in other
 * letters are written again in these; all else is joined raw, changed, and escaped anew.
 */
enum way { WAY_JOIN, WAY_AGAIN, WAY_CHANGE };

struct pattern {
    enum way way;
    bool plain; /* its own texts are */
    bool utf8;
    struct part *parts;
    size_t n;
    struct respelling respelling;
    const struct names *names; /* WAY_AGAIN: in its letters */
    char *room;                /* WAY_CHANGE: for raw texts */
};

static int fail(const struct preparing *preparing, struct err *err, const char *what,
                struct slice where)
{
    return yaml_fail(err, preparing->spec->file, preparing->field->node, "%s: %s \"%.*s\"",
                     preparing->field->name, what, SLICE_ARG(where));
}

static int find_field(const struct preparing *preparing, struct slice name, size_t *field,
                      struct err *err)
{
    const struct field_spec *fields = preparing->spec->fields;
    const size_t scope = preparing->field->outer;
    const char *why = "";
    bool is_found = spec_find(fields, preparing->n_before, scope, name, field);
    if (!is_found && !spec_find_in_array(fields, preparing->n_before, scope, name, field))
        return fail(preparing, err, "no field before it, and no provider, is called", name);
    if (is_found && (!provider_is_container(fields[*field].provider) ||
                     spec_has_one_value(&fields[*field], &why)))
        return 0;
    spec_has_one_value(&fields[*field], &why);
    return yaml_fail(err, preparing->spec->file, preparing->field->node, "%s: %s %s",
                     preparing->field->name, fields[*field].name, why);
}

static void add_part(const struct preparing *preparing, struct pattern *pattern, struct slice text,
                     size_t field)
{
    struct part *part = &pattern->parts[pattern->n];
    if (text.len == 0 && field == NO_FIELD)
        return;
    *part = (struct part){.text = text, .field = field};
    if (field == NO_FIELD)
        pattern->plain = pattern->plain && quote_is_plain(text);
    else {
        part->provider = preparing->spec->fields[field].provider;
        part->of_person = preparing->spec->fields[field].array == preparing->field->array;
        preparing->is_read[field] = true;
    }
    pattern->n++;
}

static int parse(const struct preparing *preparing, struct pattern *pattern, struct err *err)
{
    const char *at = preparing->field->template_text;
    while (*at) {
        size_t n = strcspn(at, "{}");
        add_part(preparing, pattern, (struct slice){at, n}, NO_FIELD);
        at += n;
        if (!*at)
            return 0;
        if (at[0] == at[1]) { /* one brace is meant */
            add_part(preparing, pattern, (struct slice){at, 1}, NO_FIELD);
            at += 2;
            continue;
        }
        size_t length = *at == '{' ? strcspn(at + 1, "{}") : 0;
        struct slice name = {at + 1, length};
        size_t field = NO_FIELD;
        if (*at == '}' || at[1 + length] != '}')
            return fail(preparing, err, "a brace that stands alone: write {{ or }} at",
                        slice_of(at));
        if (find_field(preparing, name, &field, err) < 0)
            return -1;
        add_part(preparing, pattern, SLICE_NONE, field);
        at += length + 2;
    }
    return 0;
}

static bool all_of_names(const struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->n; i++) {
        const struct part *part = &pattern->parts[i];
        if (part->field != NO_FIELD && !(part->provider->of_names && part->of_person))
            return false;
    }
    return true;
}

/* Its own texts: in room to be copied in strides, and unless they are changed later as they stand
 * in the record. */
static void place_texts(const struct preparing *preparing, struct pattern *pattern)
{
    for (size_t i = 0; i < pattern->n; i++) {
        struct slice *text = &pattern->parts[i].text;
        if (pattern->parts[i].field != NO_FIELD)
            continue;
        char *raw = arena_alloc(preparing->arena, text->len + PUT_SLACK);
        char *end = put_bytes(raw, text->ptr, text->len);
        if (pattern->way == WAY_AGAIN)
            end = respell(&pattern->respelling, raw, end);
        *text = (struct slice){raw, (size_t)(end - raw)};
        if (pattern->way == WAY_CHANGE)
            continue;
        char *to = arena_alloc(preparing->arena, 6 * text->len + PUT_SLACK);
        *text = (struct slice){to, (size_t)(quote_put(to, *text, preparing->utf8) - to)};
    }
}

static size_t max_bytes(const struct preparing *preparing, const struct pattern *pattern)
{
    size_t bytes = 0;
    for (size_t i = 0; i < pattern->n; i++) {
        const struct part *part = &pattern->parts[i];
        bytes += part->field == NO_FIELD ? part->text.len : preparing->max_bytes[part->field];
    }
    return bytes;
}

/* The parts as they stand in the record; NULL: of a null nothing can be made. */
static char *join(const struct pattern *pattern, struct draw *draw, char *to)
{
    bool plain = pattern->plain;
    for (size_t i = 0; i < pattern->n; i++) {
        const struct part *part = &pattern->parts[i];
        struct slice text = part->text;
        if (part->field != NO_FIELD) {
            const struct drawn *field = &draw->fields[part->field];
            if (!field->text.ptr)
                return NULL;
            text = field->text;
            plain = plain && field->plain;
        }
        to = put_text(to, text.ptr, text.len);
    }
    draw->plain = plain;
    return to;
}

/* Each field once more in other letters, its stream as it was before. */
static char *write_again(const void *data, struct draw *draw, char *to)
{
    const struct pattern *pattern = data;
    const struct names *names = draw->names;
    const struct rng ahead = *draw->rng;
    bool plain = pattern->plain;
    draw->names = pattern->names;
    for (size_t i = 0; i < pattern->n; i++) {
        const struct part *part = &pattern->parts[i];
        if (part->field == NO_FIELD) {
            to = put_text(to, part->text.ptr, part->text.len);
            continue;
        }
        const struct drawn *field = &draw->fields[part->field];
        if (!field->text.ptr) {
            to = NULL;
            break;
        }
        *draw->rng = field->before;
        to = part->provider->write(NULL, draw, to);
        plain = plain && draw->plain;
    }
    *draw->rng = ahead;
    draw->names = names;
    draw->plain = plain;
    return to;
}

static char *join_raw(const struct pattern *pattern, const struct draw *draw, char *to)
{
    for (size_t i = 0; i < pattern->n; i++) {
        const struct part *part = &pattern->parts[i];
        if (part->field == NO_FIELD)
            to = put_bytes(to, part->text.ptr, part->text.len);
        else
            to = quote_undo(to, draw->fields[part->field].text);
    }
    return to;
}

static char *write_changed(const void *data, struct draw *draw, char *to)
{
    const struct pattern *pattern = data;
    char *end = join(pattern, draw, to);
    if (!end)
        return NULL;
    if (draw->plain) /* and so it stays in another case */
        return respell(&pattern->respelling, to, end);
    char *raw = pattern->room;
    end = respell(&pattern->respelling, raw, join_raw(pattern, draw, raw));
    return quote_put(to, (struct slice){raw, (size_t)(end - raw)}, pattern->utf8);
}

char *write_template(const void *data, struct draw *draw, char *to)
{
    return join(data, draw, to);
}

static enum way way_of(const struct preparing *preparing, const struct pattern *pattern)
{
    const struct field_spec *field = preparing->field;
    if (field->letters == CASE_AS_IS && !field->remove)
        return WAY_JOIN;
    return all_of_names(pattern) ? WAY_AGAIN : WAY_CHANGE;
}

int prepare_template(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    const struct field_spec *field = preparing->field;
    struct pattern *pattern = arena_alloc(preparing->arena, sizeof *pattern);
    size_t most = strlen(field->template_text) + 1;
    pattern->parts = arena_alloc(preparing->arena, most * sizeof *pattern->parts);
    pattern->plain = true;
    pattern->utf8 = preparing->utf8;
    if (parse(preparing, pattern, err) < 0)
        return -1;
    pattern->way = way_of(preparing, pattern);
    respelling_init(&pattern->respelling, field->remove ? field->remove : "", field->letters);
    *out = (struct prepared){.data = pattern, .max_bytes = max_bytes(preparing, pattern)};
    if (pattern->way == WAY_AGAIN) {
        out->write = write_again;
        const struct names_form form = {preparing->utf8, &pattern->respelling};
        pattern->names =
            names_respelled(preparing->respelled, preparing->arena, preparing->locale, &form);
    }
    if (pattern->way == WAY_CHANGE) {
        out->write = write_changed;
        if (out->max_bytes <= MAKER_MAX_BYTES) /* what is more is refused, and may be any number */
            pattern->room = arena_alloc(preparing->arena, out->max_bytes + PUT_SLACK);
    }
    place_texts(preparing, pattern);
    return 0;
}
