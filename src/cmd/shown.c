#include "cmd/shown.h"

#include "base/utf8.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

void shown_init(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

bool shown_is_utf8(void)
{
    const char *term = getenv("TERM");
    bool plain = !term || !strcmp(term, "dumb") || !strcmp(term, "linux");
    locale_t locale = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    bool utf8 = locale && !strcmp(nl_langinfo_l(CODESET, locale), "UTF-8");
    if (locale)
        freelocale(locale);
    return utf8 && !(plain && isatty(STDOUT_FILENO));
}

static bool is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

/* Marks, embeddings, overrides and isolates of direction, and the separators of lines. */
static bool changes_layout(uint32_t code)
{
    return code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

static void add_byte(struct buf *out, unsigned char c)
{
    static const char named[] = {['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r'};
    if (c < sizeof named && named[c])
        buf_printf(out, "\\%c", named[c]);
    else
        buf_printf(out, "\\x%02X", c);
}

enum how { LINES, LINE, CELL };

/* One character, or one byte of what is none; how many bytes were taken. */
static size_t add_one(struct buf *out, struct slice text, enum how how, size_t *width)
{
    size_t bytes = utf8_char_bytes(text.ptr, text.len);
    size_t before = out->len;
    uint32_t code = bytes ? utf8_decode(text.ptr, bytes) : 0;
    bool kept = how == LINES && (code == '\n' || code == '\t');
    int columns = how == CELL && code >= 0x7F ? wcwidth((wchar_t)code) : 1;
    if (bytes > 0 && (kept || (!is_control(code) && !changes_layout(code) && columns >= 0))) {
        buf_add(out, text.ptr, bytes);
        *width += (size_t)columns;
        return bytes;
    }
    if (bytes <= 1)
        add_byte(out, (unsigned char)text.ptr[0]);
    else
        buf_printf(out, code < 0x10000 ? "\\u%04X" : "\\U%08X", code);
    *width += out->len - before;
    return bytes ? bytes : 1;
}

static size_t add_all(struct buf *out, struct slice bytes, enum how how)
{
    size_t width = 0;
    for (size_t i = 0; i < bytes.len;)
        i += add_one(out, (struct slice){bytes.ptr + i, bytes.len - i}, how, &width);
    return width;
}

void shown_add(struct buf *out, struct slice bytes)
{
    add_all(out, bytes, LINES);
}

void shown_add_line(struct buf *out, struct slice bytes)
{
    add_all(out, bytes, LINE);
}

size_t shown_add_cell(struct buf *out, struct slice bytes)
{
    return add_all(out, bytes, CELL);
}
