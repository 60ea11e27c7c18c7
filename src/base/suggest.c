#include "base/suggest.h"

#include <string.h>

#define MAX_BYTES 255 /* no name of anything is longer: Kafka's topics end at 249 */
#define MAX_EDITS 4

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u | 0x20) : u;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Damerau and Levenshtein's distance, no letter being moved twice; by rows, three are kept. */
static unsigned distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
    unsigned rows[3][MAX_BYTES + 1];
    unsigned *two_up = rows[0];
    unsigned *up = rows[1];
    unsigned *row = rows[2];
    for (size_t j = 0; j <= b_len; j++)
        up[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned changed = up[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));
            row[j] = least(changed, least(up[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], two_up[j - 2] + 1);
        }
        unsigned *oldest = two_up;
        two_up = up;
        up = row;
        row = oldest;
    }
    return up[b_len];
}

const char *suggest_nearest(const char *name, const char *const *names, size_t n)
{
    size_t len = strlen(name);
    if (len < 2 || len > MAX_BYTES)
        return NULL;
    unsigned limit = least(len < 6 ? 1 : (unsigned)len / 3, MAX_EDITS);
    const char *nearest = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t other_len = strlen(names[i]);
        size_t gap = len > other_len ? len - other_len : other_len - len;
        if (gap > limit || other_len > MAX_BYTES)
            continue;
        unsigned edits = distance(name, len, names[i], other_len);
        /* All letters of a short name changed would be another name. */
        if (edits > limit || edits >= other_len)
            continue;
        nearest = names[i];
        if (edits == 0)
            break;
        limit = edits - 1; /* the next has to be nearer; of equals the first stays */
    }
    return nearest;
}
