#include "cmd/query_table.h"

#include "cmd/shown.h"

#include <stdio.h>
#include <string.h>

#define MAX_CELL_BYTES ((size_t)1 << 31)
#define REVERSE_ON "\x1b[7m"
#define REVERSE_OFF "\x1b[0m"

void table_init(struct table_view *table)
{
    *table = (struct table_view){.n_rows = 0};
    arena_init(&table->names);
    arena_init(&table->rows);
    buf_init(&table->scratch, MAX_CELL_BYTES);
}

void table_release(struct table_view *table)
{
    arena_release(&table->names);
    arena_release(&table->rows);
    buf_release(&table->scratch);
}

static struct table_cell cell_of(struct table_view *table, struct arena *arena, struct slice text)
{
    buf_clear(&table->scratch);
    size_t width = shown_add_cell(&table->scratch, text);
    size_t len = table->scratch.len;
    return (struct table_cell){arena_strndup(arena, buf_str(&table->scratch), len), len, width};
}

void table_columns(struct table_view *table, const struct query_column *columns, size_t n)
{
    struct arena *arena = &table->names;
    table->n_columns = n;
    table->columns = arena_alloc(arena, n * sizeof *table->columns);
    table->kinds = arena_alloc(arena, n * sizeof *table->kinds);
    table->widths = arena_alloc(arena, n * sizeof *table->widths);
    for (size_t i = 0; i < n; i++) {
        table->columns[i] = cell_of(table, arena, slice_of(columns[i].name));
        table->kinds[i] = columns[i].kind;
        table->widths[i] = table->columns[i].width;
    }
}

void table_add(struct table_view *table, const struct slice *values)
{
    struct table_row *row =
        arena_alloc(&table->rows, sizeof *row + table->n_columns * sizeof *row->cells);
    for (size_t i = 0; i < table->n_columns; i++) {
        struct slice value = values[i].ptr ? values[i] : SLICE_LIT("[null]");
        row->cells[i] = cell_of(table, &table->rows, value);
        if (row->cells[i].width > table->widths[i])
            table->widths[i] = row->cells[i].width;
    }
    if (table->last)
        table->last->next = row;
    else
        table->first = row;
    table->last = row;
    table->n_rows++;
}

void table_clear(struct table_view *table)
{
    arena_release(&table->rows);
    table->first = table->last = NULL;
    table->n_before += (int64_t)table->n_rows;
    table->n_rows = 0;
}

const struct table_row *table_row_at(const struct table_view *table, size_t i)
{
    const struct table_row *row = table->first;
    while (row && i-- > 0)
        row = row->next;
    return row;
}

bool table_cell_same(const struct table_cell *a, const struct table_cell *b)
{
    return slice_eq((struct slice){a->text, a->len}, (struct slice){b->text, b->len});
}

bool table_is_alike(const struct table_view *a, const struct table_view *b)
{
    bool same = a->n_columns == b->n_columns;
    for (size_t i = 0; same && i < a->n_columns; i++)
        same = a->kinds[i] == b->kinds[i] && table_cell_same(&a->columns[i], &b->columns[i]);
    return same;
}

/* A mark of a star takes a column of its own. */
static size_t width_of(const struct table_view *table, const struct table_look *look, size_t i)
{
    return table->widths[i] + (look->mark == MARK_STAR && look->before != NULL);
}

static size_t line_width(const struct table_view *table, const struct table_look *look)
{
    size_t width = 0;
    for (size_t i = 0; i < table->n_columns; i++)
        width += width_of(table, look, i) + 3; /* blank, value, blank, bar */
    return width > 0 ? width - 1 : 0;
}

bool table_is_wide(const struct table_view *table, size_t screen_columns)
{
    const struct table_look plain = {.mark = MARK_NONE};
    return screen_columns > 0 && line_width(table, &plain) > screen_columns;
}

static void add_blanks(struct buf *out, size_t n)
{
    char *to = n ? buf_reserve(out, n) : NULL;
    if (!to)
        return;
    memset(to, ' ', n);
    buf_commit(out, n);
}

static void add_dashes(struct buf *out, size_t n)
{
    while (n-- > 0)
        buf_add_byte(out, '-');
}

/* The value with its mark; its width. */
static size_t add_marked(struct buf *out, const struct table_cell *cell, enum table_mark mark)
{
    if (mark == MARK_REVERSE)
        buf_add_str(out, REVERSE_ON);
    buf_add(out, cell->text, cell->len);
    if (mark == MARK_REVERSE)
        buf_add_str(out, REVERSE_OFF);
    if (mark == MARK_STAR)
        buf_add_byte(out, '*');
    return cell->width + (mark == MARK_STAR);
}

static enum table_mark mark_of(const struct table_look *look, const struct table_row *before,
                               const struct table_cell *cell, size_t i)
{
    if (!look->before || (before && table_cell_same(&before->cells[i], cell)))
        return MARK_NONE;
    return look->mark;
}

/* Cells side by side; `before` is the same row of the other table, or NULL. */
static void print_cells(const struct table_view *table, const struct table_look *look,
                        const struct table_cell *cells, const struct table_row *before, bool header,
                        struct buf *out)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        enum table_mark mark = header ? MARK_NONE : mark_of(look, before, &cells[i], i);
        size_t width = width_of(table, look, i);
        size_t taken = cells[i].width + (mark == MARK_STAR);
        bool right = table->kinds[i] == QUERY_NUMBER;
        bool last = i + 1 == table->n_columns;
        buf_add_str(out, i ? " | " : " ");
        if (right)
            add_blanks(out, width - taken);
        add_marked(out, &cells[i], mark);
        if (!right && !last)
            add_blanks(out, width - taken);
    }
    buf_add_byte(out, '\n');
}

static void print_rule(const struct table_view *table, const struct table_look *look,
                       struct buf *out)
{
    for (size_t i = 0; i < table->n_columns; i++) {
        buf_add_str(out, i ? "+" : "");
        add_dashes(out, width_of(table, look, i) + 2);
    }
    buf_add_byte(out, '\n');
}

static size_t screen_lines(const struct table_look *look, size_t width)
{
    return look->screen_columns > 0 && width > 0
               ? (width + look->screen_columns - 1) / look->screen_columns
               : 1;
}

/* A field a line; how many lines. */
static size_t print_fields(const struct table_view *table, const struct table_look *look,
                           const struct table_row *row, const struct table_row *before,
                           int64_t number, struct buf *out)
{
    size_t names = 0;
    size_t lines = 1;
    for (size_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].width > names)
            names = table->columns[i].width;
    buf_printf(out, "-- row %lld --\n", (long long)number);
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct table_cell *name = &table->columns[i];
        buf_add(out, name->text, name->len);
        add_blanks(out, names - name->width);
        buf_add_str(out, " | ");
        size_t width = add_marked(out, &row->cells[i], mark_of(look, before, &row->cells[i], i));
        buf_add_byte(out, '\n');
        lines += screen_lines(look, names + 3 + width);
    }
    return lines;
}

size_t table_print(const struct table_view *table, const struct table_look *look, struct buf *out)
{
    size_t lines = 0;
    size_t each = screen_lines(look, line_width(table, look));
    int64_t number = table->n_before;
    const struct table_row *before = look->before ? look->before->first : NULL;
    if (look->header && !look->expanded) {
        print_cells(table, look, table->columns, NULL, true, out);
        print_rule(table, look, out);
        lines += 2 * each;
    }
    for (const struct table_row *row = table->first; row; row = row->next) {
        number++;
        if (look->expanded)
            lines += print_fields(table, look, row, before, number, out);
        else
            print_cells(table, look, row->cells, before, false, out);
        lines += look->expanded ? 0 : each;
        before = before ? before->next : NULL;
    }
    return lines;
}
