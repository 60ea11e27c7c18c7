#include "sink/table.h"

#include "base/suggest.h"

#include <stdlib.h>
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

const char *table_column_near(const struct table *table, const char *name)
{
    const char **names = malloc((table->n_columns + 1) * sizeof *names);
    if (!names)
        return NULL;
    for (size_t i = 0; i < table->n_columns; i++)
        names[i] = table->columns[i].name;
    const char *nearest = suggest_nearest(name, names, table->n_columns);
    free(names);
    return nearest;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    /* The struct itself lies in the arena that it holds, so the arena leaves first. */
    struct arena arena = table->arena;
    arena_release(&arena);
}
