/* Rules as a person would write them, one beside another, under `columns:` of weir.yaml. */
#ifndef WEIR_INSPECT_RULE_TEXT_H
#define WEIR_INSPECT_RULE_TEXT_H

#include "base/arena.h"

/* The JSON Pointer (RFC 6901) to a key of the record. */
const char *rule_pointer(struct arena *arena, const char *key);
/*
 * "`born: /birth_date`", with a unit "`seen: {from: /ts, unit: ms}`"; `unit` NULL: none. What YAML
 * would read otherwise is quoted.
 */
const char *rule_text(struct arena *arena, const char *column, const char *pointer,
                      const char *unit);

#endif
