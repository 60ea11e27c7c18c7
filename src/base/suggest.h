/*
 * "did you mean": the known name that a mistyped one was most likely meant to be.
 */
#ifndef WEIR_BASE_SUGGEST_H
#define WEIR_BASE_SUGGEST_H

#include <stddef.h>

/*
 * The nearest of `n` names by the number of letters added, left out, changed or swapped with their
 * neighbour, upper and lower case being the same; NULL if none is near enough to be meant (a third
 * of the letters, at most 4). The result is one of the pointers passed in.
 */
const char *suggest_nearest(const char *name, const char *const *names, size_t n);

#endif
