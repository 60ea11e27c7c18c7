#include "generate/put.h"

#define TEN(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
const char put_decimals[200] __attribute__((nonstring)) =
    TEN("0") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6") TEN("7") TEN("8") TEN("9");
#define SIXTEEN(d) TEN(d) d "a" d "b" d "c" d "d" d "e" d "f"
const char put_hexes[512] __attribute__((nonstring)) = SIXTEEN("0") SIXTEEN("1") SIXTEEN("2")
    SIXTEEN("3") SIXTEEN("4") SIXTEEN("5") SIXTEEN("6") SIXTEEN("7") SIXTEEN("8") SIXTEEN("9")
        SIXTEEN("a") SIXTEEN("b") SIXTEEN("c") SIXTEEN("d") SIXTEEN("e") SIXTEEN("f");

char *put_u64(char *to, uint64_t v)
{
    char digits[20];
    char *at = digits + sizeof digits;
    while (v >= 100) {
        at -= 2;
        memcpy(at, put_decimals + v % 100 * 2, 2);
        v /= 100;
    }
    if (v >= 10) {
        at -= 2;
        memcpy(at, put_decimals + v * 2, 2);
    } else
        *--at = (char)('0' + v);
    return put_bytes(to, at, (size_t)(digits + sizeof digits - at));
}

char *put_i64(char *to, int64_t v)
{
    if (v >= 0)
        return put_u64(to, (uint64_t)v);
    *to = '-';
    return put_u64(to + 1, 0 - (uint64_t)v);
}
