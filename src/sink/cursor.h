/* A place in a text that is read character by character, for the small parsers of this layer. */
#ifndef WEIR_SINK_CURSOR_H
#define WEIR_SINK_CURSOR_H

#include <stdbool.h>

struct cursor {
    const char *p;
    const char *end;
};

static inline bool at(const struct cursor *c, char ch)
{
    return c->p < c->end && *c->p == ch;
}

static inline bool accept(struct cursor *c, char ch)
{
    if (!at(c, ch))
        return false;
    c->p++;
    return true;
}

static inline bool at_digit(const struct cursor *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

#endif
