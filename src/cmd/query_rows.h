/*
 * The forms for programs, a row at a time:
 *   TSV   COPY's text format with a header line: NULL is \N, and backslash, tab, line break, and
 *         carriage return in a value are \\ \t \n \r
 *   CSV   RFC 4180 with a header line, lines end in LF: NULL is empty, an empty text is ""
 *   JSON  an object a row and line: numbers, booleans and json as they are, all else as strings
 */
#ifndef WEIR_CMD_QUERY_ROWS_H
#define WEIR_CMD_QUERY_ROWS_H

#include "base/buf.h"
#include "sink/query.h"

void tsv_header(struct buf *out, const struct query_column *columns, size_t n);
void tsv_row(struct buf *out, const struct slice *values, size_t n);

void csv_header(struct buf *out, const struct query_column *columns, size_t n);
void csv_row(struct buf *out, const struct slice *values, size_t n);

/* Two members of one name would be one to whoever reads them: the second's name, or NULL. */
const char *json_name_twice(const struct query_column *columns, size_t n);
void json_row(struct buf *out, const struct query_column *columns, const struct slice *values,
              size_t n);

#endif
