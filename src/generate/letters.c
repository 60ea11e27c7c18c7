#include "generate/letters.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <string.h>

/* A stretch of capitals: each is `by` before its small letter, and only every second may be one. */
struct stretch {
    uint16_t first;
    uint16_t last;
    uint16_t by;
    bool alternate;
};

/* UnicodeData.txt, simple mappings; in order. */
static const struct stretch stretches[] = {
    {0x0041, 0x005A, 32, false}, {0x00C0, 0x00D6, 32, false}, {0x00D8, 0x00DE, 32, false},
    {0x0100, 0x012E, 1, true},   {0x0132, 0x0136, 1, true},   {0x0139, 0x0147, 1, true},
    {0x014A, 0x0176, 1, true},   {0x0179, 0x017D, 1, true},   {0x01CD, 0x01DB, 1, true},
    {0x01DE, 0x01EE, 1, true},   {0x01F8, 0x021E, 1, true},   {0x0222, 0x0232, 1, true},
    {0x0386, 0x0386, 38, false}, {0x0388, 0x038A, 37, false}, {0x038C, 0x038C, 64, false},
    {0x038E, 0x038F, 63, false}, {0x0391, 0x03A1, 32, false}, {0x03A3, 0x03AB, 32, false},
    {0x0400, 0x040F, 80, false}, {0x0410, 0x042F, 32, false}, {0x0460, 0x0480, 1, true},
    {0x048A, 0x04BE, 1, true},   {0x04D0, 0x052E, 1, true},   {0x1E00, 0x1E94, 1, true},
    {0x1EA0, 0x1EFE, 1, true},
};

static bool holds(const struct stretch *stretch, uint32_t capital)
{
    return capital >= stretch->first && capital <= stretch->last &&
           (!stretch->alternate || (capital - stretch->first) % 2 == 0);
}

uint32_t letters_lower(uint32_t code_point)
{
    if (code_point == 0x178) /* far from the rest of its block */
        return 0xFF;
    for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++)
        if (holds(&stretches[i], code_point))
            return code_point + stretches[i].by;
    return code_point;
}

uint32_t letters_upper(uint32_t code_point)
{
    if (code_point == 0xFF)
        return 0x178;
    for (size_t i = 0; i < sizeof stretches / sizeof *stretches; i++)
        if (code_point >= stretches[i].by && holds(&stretches[i], code_point - stretches[i].by))
            return code_point - stretches[i].by;
    return code_point;
}

static inline char turn_ascii(char c, enum letter_case letters)
{
    if (letters == CASE_LOWER)
        return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    if (letters == CASE_UPPER)
        return c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
    return c;
}

char *letters_put(char *to, struct slice text, enum letter_case letters)
{
    for (size_t at = 0; at < text.len;) {
        if ((text.ptr[at] & 0x80) == 0) {
            *to++ = turn_ascii(text.ptr[at++], letters);
            continue;
        }
        size_t n = utf8_char_bytes(text.ptr + at, text.len - at);
        if (n == 0) {
            *to++ = text.ptr[at++];
            continue;
        }
        uint32_t code = utf8_decode(text.ptr + at, n);
        if (letters != CASE_AS_IS)
            code = letters == CASE_LOWER ? letters_lower(code) : letters_upper(code);
        to += utf8_encode(code, to);
        at += n;
    }
    return to;
}

void respelling_init(struct respelling *respelling, const char *remove, enum letter_case letters)
{
    respelling->letters = letters;
    for (unsigned c = 0; c < 256; c++) {
        respelling->becomes[c] = turn_ascii((char)c, letters);
        respelling->stays[c] = c == 0 || !strchr(remove, (int)c);
    }
}

/* ASCII in one pass; other letters wait for letters_put(). */
char *respell(const struct respelling *respelling, char *from, const char *end)
{
    char *to = from;
    unsigned char seen = 0;
    for (const char *at = from; at < end; at++) {
        unsigned char c = (unsigned char)*at;
        seen |= c;
        *to = respelling->becomes[c];
        to += respelling->stays[c];
    }
    if (respelling->letters == CASE_AS_IS || seen < 0x80)
        return to;
    return letters_put(from, (struct slice){from, (size_t)(to - from)}, respelling->letters);
}

/* Small Romanian letters with marks, those with a cedilla too, as older texts have them. */
static char without_mark(uint32_t small)
{
    switch (small) {
    case 0x0103: /* a with breve */
    case 0x00E2: /* a with circumflex */
        return 'a';
    case 0x00EE: /* i with circumflex */
        return 'i';
    case 0x0219: /* s with comma below */
    case 0x015F: /* s with cedilla */
        return 's';
    case 0x021B: /* t with comma below */
    case 0x0163: /* t with cedilla */
        return 't';
    default:
        return 0;
    }
}

char *letters_put_mail(char *to, struct slice text)
{
    for (size_t at = 0; at < text.len;) {
        size_t n = utf8_char_bytes(text.ptr + at, text.len - at);
        uint32_t small = n == 0 ? 0 : letters_lower(utf8_decode(text.ptr + at, n));
        char letter = (small >= 'a' && small <= 'z') || (small >= '0' && small <= '9')
                          ? (char)small
                          : without_mark(small);
        if (letter)
            *to++ = letter;
        at += n == 0 ? 1 : n;
    }
    return to;
}
