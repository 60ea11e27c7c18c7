#include "cmd/columns.h"

#include "base/json.h"
#include "cmd/shown.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define GAP 2

static const struct column fact_heads[] = {{NULL, COLUMN_LEFT}, {NULL, COLUMN_LEFT}};

void columns_init(struct columns *columns, struct arena *arena, const struct column *heads,
                  size_t n)
{
    assert(n > 0 && n <= MAX_COLUMNS);
    *columns = (struct columns){.arena = arena, .heads = heads, .n_columns = n};
}

#define MAX_CELL_BYTES ((size_t)16 << 20)

static const char *harmless(struct arena *arena, const char *text)
{
    struct buf shown;
    buf_init(&shown, MAX_CELL_BYTES);
    shown_add_line(&shown, slice_of(text));
    const char *copy = arena_strdup(arena, buf_str(&shown));
    buf_release(&shown);
    return copy;
}

static void add_cell(struct columns *columns, const char *text)
{
    if (columns->n_cells == columns->room) {
        size_t room = columns->room ? 2 * columns->room : 64;
        const char **cells = arena_alloc(columns->arena, room * sizeof *cells);
        if (columns->n_cells > 0)
            memcpy(cells, columns->cells, columns->n_cells * sizeof *cells);
        columns->cells = cells;
        columns->room = room;
    }
    columns->cells[columns->n_cells++] = text;
}

void columns_add(struct columns *columns, const char *text)
{
    add_cell(columns, text && *text ? harmless(columns->arena, text) : "-");
}

void columns_add_empty(struct columns *columns)
{
    add_cell(columns, "");
}

void columns_add_number(struct columns *columns, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    columns_add(columns, number < 0 ? NULL : text);
}

void columns_init_facts(struct columns *columns, struct arena *arena)
{
    columns_init(columns, arena, fact_heads, 2);
}

void columns_add_fact(struct columns *columns, const char *name, const char *text)
{
    columns_add(columns, name);
    columns_add(columns, text);
}

void columns_add_fact_number(struct columns *columns, const char *name, int64_t number)
{
    columns_add(columns, name);
    columns_add_number(columns, number);
}

static size_t width_of(const char *text)
{
    return utf8_length(slice_of(text));
}

static void measure(const struct columns *columns, size_t widths[MAX_COLUMNS])
{
    size_t n = columns->n_columns;
    assert(n > 0 && n <= MAX_COLUMNS);
    for (size_t i = 0; i < n; i++)
        widths[i] = columns->heads[0].title ? width_of(columns->heads[i].title) : 0;
    for (size_t i = 0; i < columns->n_cells; i++) {
        size_t width = width_of(columns->cells[i]);
        if (width > widths[i % n])
            widths[i % n] = width;
    }
}

size_t columns_width(const struct columns *columns)
{
    size_t widths[MAX_COLUMNS];
    size_t width = 0;
    measure(columns, widths);
    for (size_t i = 0; i < columns->n_columns; i++)
        width += widths[i] + (i > 0 ? GAP : 0);
    return width;
}

/* One cell; `owed` are the blanks that stand before it, if it is not the end of the line. */
static int print_cell(const char *text, enum column_align align, size_t width, int owed, FILE *to)
{
    int blanks = (int)(width - width_of(text));
    if (!*text)
        return owed + blanks + GAP;
    fprintf(to, "%*s%s", align == COLUMN_RIGHT ? owed + blanks : owed, "", text);
    return align == COLUMN_RIGHT ? GAP : GAP + blanks;
}

void columns_print(const struct columns *columns, FILE *to)
{
    size_t widths[MAX_COLUMNS];
    size_t n = columns->n_columns;
    int owed = 0;
    assert(n > 0);
    measure(columns, widths);
    for (size_t i = 0; i < n && columns->heads[0].title; i++)
        owed = print_cell(columns->heads[i].title, columns->heads[i].align, widths[i], owed, to);
    if (columns->heads[0].title)
        fputc('\n', to);
    for (size_t i = 0; i < columns->n_cells; i++) {
        owed = print_cell(columns->cells[i], columns->heads[i % n].align, widths[i % n],
                          i % n == 0 ? 0 : owed, to);
        if (i % n == n - 1)
            fputc('\n', to);
    }
}
