#include "cmd/columns.h"

#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define GAP 2

void columns_init(struct columns *columns, struct arena *arena, const struct column *heads,
                  size_t n)
{
    assert(n > 0 && n <= MAX_COLUMNS);
    *columns = (struct columns){.arena = arena, .heads = heads, .n_columns = n};
}

/* Controls of C0 and, in UTF-8, of C1 (0xC2 0x80..0x9F); `valid`: how much of it is UTF-8. */
static bool is_odd(const char *text, size_t at, size_t valid)
{
    unsigned char c = (unsigned char)text[at];
    unsigned char next = (unsigned char)text[at + 1];
    unsigned char before = at > 0 ? (unsigned char)text[at - 1] : 0;
    return c < 0x20 || c == 0x7f || (at >= valid && c >= 0x80) || (c == 0xC2 && next < 0xA0) ||
           (before == 0xC2 && c < 0xA0);
}

static const char *harmless(struct arena *arena, const char *text)
{
    size_t len = strlen(text);
    size_t valid = utf8_valid_prefix((struct slice){text, len});
    char *copy = arena_alloc(arena, 4 * len + 1);
    char *out = copy;
    for (size_t i = 0; i < len; i++)
        if (is_odd(text, i, valid))
            out += sprintf(out, "\\x%02x", (unsigned char)text[i]);
        else
            *out++ = text[i];
    return copy;
}

void columns_add(struct columns *columns, const char *text)
{
    if (columns->n_cells == columns->room) {
        size_t room = columns->room ? 2 * columns->room : 64;
        const char **cells = arena_alloc(columns->arena, room * sizeof *cells);
        if (columns->n_cells > 0)
            memcpy(cells, columns->cells, columns->n_cells * sizeof *cells);
        columns->cells = cells;
        columns->room = room;
    }
    columns->cells[columns->n_cells++] = text && *text ? harmless(columns->arena, text) : "-";
}

void columns_add_number(struct columns *columns, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    columns_add(columns, number < 0 ? NULL : text);
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

/* One cell; `owed` are the blanks that stand before it, if it is not the end of the line. */
static int print_cell(const char *text, enum column_align align, size_t width, int owed, FILE *to)
{
    int blanks = (int)(width - width_of(text));
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
