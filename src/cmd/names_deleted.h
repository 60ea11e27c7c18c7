/* What was deleted, by name, for stdout. */
#ifndef WEIR_CMD_NAMES_DELETED_H
#define WEIR_CMD_NAMES_DELETED_H

#include <stdbool.h>
#include <stddef.h>

/* A line each, or {"deleted": [...]}. */
void names_deleted(const char *const *names, size_t n, bool json);

#endif
