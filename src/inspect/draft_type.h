/*
 * The type of a column that holds values as they were seen: one that takes all of them by the
 * encoder's own word, with room for those that come.
 *
 *   true, false                          boolean
 *   numbers without point and exponent   bigint, never smaller: what is small now will grow
 *   other numbers                        numeric where they are written with four decimals at most,
 *                                        as amounts are, or with more digits than a double keeps;
 *                                        else double precision
 *   strings                              uuid, macaddr, inet, date, timestamp, timestamptz (one of
 *                                        them names an offset), if all have the full form; else
 *                                        text
 *   with an object or an array           jsonb
 *   of several kinds                     text
 *
 * What no such type takes (a \u0000 in a string) is json, which keeps the text as it stands.
 * Numbers in strings stay text: postal codes and personal numbers begin with zeros.
 */
#ifndef WEIR_INSPECT_DRAFT_TYPE_H
#define WEIR_INSPECT_DRAFT_TYPE_H

#include "base/json.h"
#include "base/slice.h"
#include "sink/table.h"

#include <stddef.h>

/* A value as JSON text, a string with its quotes. */
struct slice draft_value_text(const struct json_value *value);

/*
 * `values` as JSON texts, without nulls. The column's type, name ("bigint") and limits; of none at
 * all it is text. The column is static; it has no name.
 */
const struct column *draft_type(const struct slice *values, size_t n);

#endif
