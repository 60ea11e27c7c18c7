/*
 * One JSON object written to stdout, for -J: brackets open and close, commas come by themselves.
 * Nothing is printed before json_out_end(), so a failure halfway leaves stdout empty.
 */
#ifndef WEIR_CMD_JSON_OUT_H
#define WEIR_CMD_JSON_OUT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct json_out {
    struct buf buf;
    bool first; /* of its array or object */
};

void json_out_start(struct json_out *out);
/* Print it with a line end, and free it. */
void json_out_end(struct json_out *out);

/* Everywhere `name` is NULL for an element of an array. */
void json_out_open(struct json_out *out, const char *name, char bracket);
void json_out_close(struct json_out *out, char bracket);
/* NULL is null. */
void json_out_text(struct json_out *out, const char *name, const char *text);
/* null unless it is known. */
void json_out_number(struct json_out *out, const char *name, bool known, int64_t number);
/* With the digits that tell it from its neighbours; null unless it is known. */
void json_out_real(struct json_out *out, const char *name, bool known, double number);
void json_out_bool(struct json_out *out, const char *name, bool value);

#endif
