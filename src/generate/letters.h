/*
 * Case of letters in UTF-8, without a locale of the machine: Latin with its diacritics, Greek and
 * Cyrillic (Unicode's simple mappings); other characters stay as they are.
 */
#ifndef WEIR_GENERATE_LETTERS_H
#define WEIR_GENERATE_LETTERS_H

#include "base/slice.h"

#include <stdint.h>

uint32_t letters_lower(uint32_t code_point);
uint32_t letters_upper(uint32_t code_point);

enum letter_case { CASE_AS_IS, CASE_LOWER, CASE_UPPER };

/*
 * Text in lower or upper case; returns behind it. It is never longer than the text, and what is no
 * UTF-8 is copied as it stands. `to` may be where the text is.
 */
char *letters_put(char *to, struct slice text, enum letter_case letters);
/* Text with some characters left out and the rest in another case. */
struct respelling {
    enum letter_case letters;
    /* What becomes of each byte of ASCII, and whether it stays (1) or goes (0). */
    char becomes[256];
    uint8_t stays[256];
};

/* `remove`: characters of ASCII. */
void respelling_init(struct respelling *respelling, const char *remove, enum letter_case letters);
/* Where the text stands; returns its new end. */
char *respell(const struct respelling *respelling, char *from, const char *end);

/* As the local part of a mail address: lower case, Romanian letters without their marks, only a-z
 * and 0-9. Never longer than the text. */
char *letters_put_mail(char *to, struct slice text);

#endif
