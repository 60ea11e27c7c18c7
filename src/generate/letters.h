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
/* As the local part of a mail address: lower case, Romanian letters without their marks, only a-z
 * and 0-9. Never longer than the text. */
char *letters_put_mail(char *to, struct slice text);

#endif
