/*
 * Arrays: a JSON array becomes an array literal, each element by the converter of its own type.
 *
 *     [1, null, 3] -> {1,NULL,3}      [["a"], ["b"]] -> {{"a"},{"b"}}
 *
 * PostgreSQL's arrays are rectangular and have at most six dimensions. They go by COPY's text form
 * only.
 */
#include "sink/convert.h"

#include <stdlib.h>

#define MAX_DIMENSIONS 6
#define UNKNOWN_LENGTH SIZE_MAX

struct array {
    const struct target *target;
    size_t lengths[MAX_DIMENSIONS];
    unsigned n_dimensions; /* 0: not known before the first element that is no array */
    size_t n_elements;
};

/* Whether an element is itself a dimension. A json element takes any value as it is. */
static bool is_dimension(const struct array *array, const struct json_value *value)
{
    enum column_type type = array->target->element->column->type;
    return value->type == JSON_ARRAY && type != TYPE_JSON && type != TYPE_JSONB;
}

/* Text between quotes, with a backslash before what would end them. */
static char *put_quoted(struct convert *c, char *p, struct slice text)
{
    const char *start = text.ptr;
    const char *end = start + text.len;
    p = convert_put_piece(c, p, SLICE_LIT("\""));
    for (const char *at = start; p && at < end; at++) {
        if (*at != '"' && *at != '\\')
            continue;
        p = convert_put_piece(c, p, (struct slice){start, (size_t)(at - start)});
        if (p)
            p = convert_put_piece(c, p, SLICE_LIT("\\"));
        start = at;
    }
    if (p)
        p = convert_put_piece(c, p, (struct slice){start, (size_t)(end - start)});
    return p ? convert_put_piece(c, p, SLICE_LIT("\"")) : NULL;
}

/* The element's own text, made aside in plain form, then quoted into the field. */
static char *put_element(struct convert *c, const struct array *array,
                         const struct json_value *value, char *p)
{
    const struct target *element = array->target->element;
    if (value->type == JSON_NULL)
        return convert_put_piece(c, p, SLICE_LIT("NULL"));
    struct convert aside = *c;
    aside.format = COPY_PLAIN;
    buf_clear(&aside.array);
    char *text = convert_begin(&aside, &aside.array);
    char *end = text ? element->convert(&aside, element, value, text) : NULL;
    /* Its scratch memory may have moved, and the caller owns it. */
    c->text = aside.text;
    c->groups = aside.groups;
    c->array = aside.array;
    if (!end)
        return NULL;
    return put_quoted(c, p, (struct slice){c->array.data, (size_t)(end - c->array.data)});
}

static char *not_rectangular(struct convert *c)
{
    return convert_dead(c, "22P02", "the nested arrays differ in length or depth");
}

/* The elements at `depth` (0: the whole array) must be as many as its neighbours had. */
static bool check_length(struct array *array, unsigned depth, size_t n)
{
    if (array->lengths[depth] == UNKNOWN_LENGTH)
        array->lengths[depth] = n;
    return array->lengths[depth] == n;
}

/* Whether scalars may stand `dimensions` deep. */
static bool check_depth(struct array *array, unsigned dimensions)
{
    if (array->n_dimensions == 0)
        array->n_dimensions = dimensions;
    return array->n_dimensions == dimensions;
}

static char *put_dimension(struct convert *c, struct array *array, const struct json_value *value,
                           unsigned depth, char *p);

static char *put_child(struct convert *c, struct array *array, const struct json_value *child,
                       unsigned depth, char *p)
{
    if (is_dimension(array, child)) {
        if (array->n_dimensions != 0 && depth + 1 >= array->n_dimensions)
            return not_rectangular(c);
        return put_dimension(c, array, child, depth + 1, p);
    }
    array->n_elements++;
    return check_depth(array, depth + 1) ? put_element(c, array, child, p) : not_rectangular(c);
}

static char *put_dimension(struct convert *c, struct array *array, const struct json_value *value,
                           unsigned depth, char *p)
{
    struct json_iter it;
    struct json_value key;
    struct json_value child;
    size_t n = 0;
    if (depth == MAX_DIMENSIONS)
        return convert_dead(c, "54000", "an array has more than %d dimensions", MAX_DIMENSIONS);
    p = convert_put_piece(c, p, SLICE_LIT("{"));
    json_children(&it, value);
    for (; p && json_child_next(&it, &key, &child) > 0; n++) {
        if (n > 0)
            p = convert_put_piece(c, p, SLICE_LIT(","));
        if (p)
            p = put_child(c, array, &child, depth, p);
    }
    if (!p)
        return NULL;
    return check_length(array, depth, n) ? convert_put_piece(c, p, SLICE_LIT("}"))
                                         : not_rectangular(c);
}

char *convert_array(struct convert *c, const struct target *target, const struct json_value *value,
                    char *p)
{
    if (value->type == JSON_STRING) /* an array literal, which the server reads */
        return convert_other(c, target, value, p);
    if (value->type != JSON_ARRAY)
        return convert_mismatch(c, target, value);
    struct array array = {.target = target};
    for (unsigned i = 0; i < MAX_DIMENSIONS; i++)
        array.lengths[i] = UNKNOWN_LENGTH;
    size_t start = (size_t)(p - c->out->data);
    p = put_dimension(c, &array, value, 0, p);
    if (!p || array.n_elements > 0)
        return p;
    /* Empty in whatever dimension: there is only one empty array. */
    return convert_put_piece(c, c->out->data + start, SLICE_LIT("{}"));
}
