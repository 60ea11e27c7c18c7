#include "cmd/query_rows.h"

#include <ctype.h>
#include <string.h>

/* The letter behind the backslash, as COPY writes it; 0: the byte stands for itself. */
static char tsv_letter(char c)
{
    switch (c) {
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\v':
        return 'v';
    case '\\':
        return '\\';
    default:
        return 0;
    }
}

static void tsv_value(struct buf *out, struct slice value)
{
    size_t from = 0;
    for (size_t i = 0; i < value.len; i++) {
        char letter = tsv_letter(value.ptr[i]);
        if (!letter)
            continue;
        buf_add(out, value.ptr + from, i - from);
        buf_add_byte(out, '\\');
        buf_add_byte(out, letter);
        from = i + 1;
    }
    buf_add(out, value.ptr + from, value.len - from);
}

void tsv_header(struct buf *out, const struct query_column *columns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i ? "\t" : "");
        tsv_value(out, slice_of(columns[i].name));
    }
    buf_add_byte(out, '\n');
}

void tsv_row(struct buf *out, const struct slice *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i ? "\t" : "");
        if (values[i].ptr)
            tsv_value(out, values[i]);
        else
            buf_add_str(out, "\\N");
    }
    buf_add_byte(out, '\n');
}

static bool csv_needs_quotes(struct slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (strchr(",\"\r\n", value.ptr[i]) && value.ptr[i])
            return true;
    /* COPY would read a line of \. as the end of the data. */
    return value.len == 0 || slice_eq_str(value, "\\.");
}

static void csv_value(struct buf *out, struct slice value)
{
    if (!csv_needs_quotes(value)) {
        buf_add_slice(out, value);
        return;
    }
    buf_add_byte(out, '"');
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] == '"')
            buf_add_byte(out, '"');
        buf_add_byte(out, value.ptr[i]);
    }
    buf_add_byte(out, '"');
}

void csv_header(struct buf *out, const struct query_column *columns, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i ? "," : "");
        csv_value(out, slice_of(columns[i].name));
    }
    buf_add_byte(out, '\n');
}

void csv_row(struct buf *out, const struct slice *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_str(out, i ? "," : "");
        if (values[i].ptr)
            csv_value(out, values[i]);
    }
    buf_add_byte(out, '\n');
}

const char *json_name_twice(const struct query_column *columns, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(columns[i].name, columns[j].name))
                return columns[i].name;
    return NULL;
}

/* NaN and the infinities are no JSON. */
static bool is_json_number(struct slice value)
{
    size_t sign = value.len > 0 && value.ptr[0] == '-';
    return value.len > sign && isdigit((unsigned char)value.ptr[sign]);
}

/* Line breaks stand only between the tokens of JSON, never inside a string. */
static void add_in_one_line(struct buf *out, struct slice json)
{
    for (size_t i = 0; i < json.len; i++)
        buf_add_byte(out, json.ptr[i] == '\n' || json.ptr[i] == '\r' ? ' ' : json.ptr[i]);
}

static void json_value(struct buf *out, enum query_kind kind, struct slice value)
{
    if (!value.ptr)
        buf_add_str(out, "null");
    else if (kind == QUERY_NUMBER && is_json_number(value))
        buf_add_slice(out, value);
    else if (kind == QUERY_BOOLEAN)
        buf_add_str(out, slice_eq_str(value, "t") ? "true" : "false");
    else if (kind == QUERY_JSON)
        add_in_one_line(out, value);
    else
        buf_add_json(out, value);
}

void json_row(struct buf *out, const struct query_column *columns, const struct slice *values,
              size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_add_byte(out, i ? ',' : '{');
        buf_add_json(out, slice_of(columns[i].name));
        buf_add_byte(out, ':');
        json_value(out, columns[i].kind, values[i]);
    }
    buf_add_str(out, n ? "}\n" : "{}\n");
}
