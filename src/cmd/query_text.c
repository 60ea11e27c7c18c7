#include "cmd/query_text.h"

#include "base/utf8.h"

#include <langinfo.h>
#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

void text_init(void)
{
    setlocale(LC_CTYPE, "");
    if (strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
        setlocale(LC_CTYPE, "C.UTF-8");
}

static uint32_t decode(const char *text, size_t bytes)
{
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)text[0] & lead_bits[bytes];
    for (size_t i = 1; i < bytes; i++)
        code = code << 6 | ((unsigned char)text[i] & 0x3F);
    return code;
}

/* Marks, embeddings, overrides and isolates of direction, and the separators of lines. */
static bool changes_layout(uint32_t code)
{
    return code == 0x061C || code == 0x200E || code == 0x200F ||
           (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
}

static size_t show_ascii_control(struct buf *out, unsigned char c)
{
    static const char named[] = {['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r'};
    size_t before = out->len;
    if (c < sizeof named && named[c])
        buf_printf(out, "\\%c", named[c]);
    else
        buf_printf(out, "\\x%02X", c);
    return out->len - before;
}

/* One character, or one byte of what is none; how many bytes were taken. */
static size_t show_one(struct buf *out, struct slice text, size_t *width)
{
    size_t bytes = utf8_char_bytes(text.ptr, text.len);
    if (bytes == 0 || (unsigned char)text.ptr[0] < 0x20) {
        *width += show_ascii_control(out, (unsigned char)text.ptr[0]);
        return 1;
    }
    uint32_t code = decode(text.ptr, bytes);
    int columns = code < 0x7F ? 1 : wcwidth((wchar_t)code);
    if (columns >= 0 && !changes_layout(code)) {
        buf_add(out, text.ptr, bytes);
        *width += (size_t)columns;
        return bytes;
    }
    size_t before = out->len;
    buf_printf(out, code < 0x10000 ? "\\u%04X" : "\\U%08X", code);
    *width += out->len - before;
    return bytes;
}

size_t text_show(struct buf *out, struct slice text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len;)
        i += show_one(out, (struct slice){text.ptr + i, text.len - i}, &width);
    return width;
}

void text_show_lines(struct buf *out, struct slice text)
{
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end ? (size_t)(end - text.ptr) : text.len;
        text_show(out, (struct slice){text.ptr, len});
        if (end)
            buf_add_byte(out, '\n');
        len += end != NULL;
        text = (struct slice){text.ptr + len, text.len - len};
    }
}
