/*
 * One id in the text that PostgreSQL shows of it, whatever the ledger or the record wrote: a uuid
 * in lower case with its hyphens, a whole number without sign, zeros or exponent it does not need,
 * a char(n) without the blanks behind it. All else is compared as it stands.
 */
#ifndef WEIR_INSPECT_ID_FORM_H
#define WEIR_INSPECT_ID_FORM_H

#include "base/slice.h"

enum id_form { ID_AS_IS, ID_UUID, ID_INTEGER, ID_PADDED };

/* By the column's type as format_type() names it, without a length. */
enum id_form id_form_of(const char *type);
/* The id in that form: `text` itself, or in `room`. What the type could not hold stays as it is. */
#define ID_FORM_ROOM 40
struct slice id_form_apply(enum id_form form, struct slice text, char room[ID_FORM_ROOM]);

#endif
