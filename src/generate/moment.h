/*
 * The time that a record is made at, and its text as Python's str(datetime) writes it. The text is
 * kept, because many records are made within a second, and some within a microsecond.
 */
#ifndef WEIR_GENERATE_MOMENT_H
#define WEIR_GENERATE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * The years that four digits can write, with a day to spare at either end for local time; a time
 * beyond is taken for the last one within.
 */
#define MOMENT_FIRST_US (INT64_C(-62135510400) * 1000000)    /* 0001-01-02 */
#define MOMENT_LAST_US (INT64_C(253402214400) * 1000000 - 1) /* 9999-12-30 */

#define MOMENT_TEXT_BYTES 26 /* 2026-01-01 00:00:00.123456 */
#define MOMENT_ROOM 32       /* copied in one stride */

struct moment {
    bool utc;       /* else the machine's local time */
    int64_t now_us; /* since 1970-01-01T00:00:00Z */
    int64_t today;  /* days since 1970-01-01, in that time */
    int64_t second; /* private: the one that `text` is for */
    int32_t offset_s;
    uint8_t text_bytes;
    char text[MOMENT_ROOM];
};

void moment_init(struct moment *moment, bool utc);
void moment_set(struct moment *moment, int64_t now_us);
/*
 * str(datetime): without microseconds where they are 0, as Python leaves them out. Returns behind
 * the text.
 */
static inline char *moment_put(const struct moment *moment, char *to)
{
    memcpy(to, moment->text, MOMENT_ROOM);
    return to + moment->text_bytes;
}

#endif
