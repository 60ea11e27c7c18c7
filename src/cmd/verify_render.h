/* What `weir verify` found: a block for people, or an object of one JSON object for programs. */
#ifndef WEIR_CMD_VERIFY_RENDER_H
#define WEIR_CMD_VERIFY_RENDER_H

#include "cmd/json_out.h"
#include "inspect/verify.h"

/* "yes", "no", "open", "note". */
const char *verify_word(enum verify_kind kind);
void verify_render_text(const struct verify_report *report, const char *ledger);
/* As the next element of an array. */
void verify_render_json(const struct verify_report *report, struct json_out *out);

#endif
