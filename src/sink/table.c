#include "sink/table.h"

#include <string.h>

bool table_is_binary(const struct table *table)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct column *column = &table->columns[i];
        bool has_binary = column->type != TYPE_ARRAY && column->type != TYPE_OTHER;
        if (!column->generated && !has_binary)
            return false;
    }
    return true;
}

const struct column *table_column(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    /* The struct itself lies in the arena that it holds, so the arena leaves first. */
    struct arena arena = table->arena;
    arena_release(&arena);
}
