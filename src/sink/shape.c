/* Rows that leave out the same columns, so that the server fills in their volatile defaults. */
#include "sink/coder.h"

#include <stdlib.h>

static void quote_name(struct buf *out, const char *name)
{
    buf_add_byte(out, '"');
    for (; *name; name++) {
        if (*name == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, *name);
    }
    buf_add_byte(out, '"');
}

static void list_columns(const struct row_plan *plan, const bool *left_out, struct buf *out)
{
    const char *separator = "";
    buf_clear(out);
    for (size_t i = 0; i < plan->n_fields; i++) {
        if (left_out[i])
            continue;
        buf_add_str(out, separator);
        quote_name(out, plan->fields[i].target.column->name);
        separator = ",";
    }
    if (out->failed)
        abort(); /* out of memory: a table has at most 1,600 columns */
}

static void shape_set(struct row_coder *coder, struct shape *shape)
{
    const struct row_plan *plan = coder->plan;
    shape->left_out = arena_alloc(&coder->arena, plan->n_fields * sizeof *shape->left_out);
    memcpy(shape->left_out, coder->left_out, plan->n_fields * sizeof *shape->left_out);
    list_columns(plan, coder->left_out, &coder->single_columns);
    shape->columns = arena_strdup(&coder->arena, buf_str(&coder->single_columns));
}

void shapes_init(struct row_coder *coder)
{
    /* left_out is all false: shape 0. */
    shape_set(coder, &coder->shapes[0]);
    coder->n_shapes = 1;
}

unsigned shape_find(struct row_coder *coder)
{
    size_t bytes = coder->plan->n_fields * sizeof *coder->left_out;
    for (unsigned i = 0; i < coder->n_shapes; i++)
        if (memcmp(coder->shapes[i].left_out, coder->left_out, bytes) == 0)
            return i;
    if (coder->n_shapes == ROW_MAX_SHAPES) {
        list_columns(coder->plan, coder->left_out, &coder->single_columns);
        return ROW_MAX_SHAPES;
    }
    shape_set(coder, &coder->shapes[coder->n_shapes]);
    return coder->n_shapes++;
}

const char *row_shape_columns(struct row_coder *coder, unsigned shape)
{
    return shape < coder->n_shapes ? coder->shapes[shape].columns : buf_str(&coder->single_columns);
}
