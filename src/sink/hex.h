/* The value of a hexadecimal digit, by a table: which of them is a letter no processor can guess.
 */
#ifndef WEIR_SINK_HEX_H
#define WEIR_SINK_HEX_H

#include <stdint.h>

extern const int8_t hex_values[256];

/* 0..15, or -1 if it is none. */
static inline int hex_value(char digit)
{
    return hex_values[(unsigned char)digit];
}

#endif
