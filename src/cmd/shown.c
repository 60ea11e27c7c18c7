#include "cmd/shown.h"

#include "base/utf8.h"

/* C0 and C1 controls (the latter are U+0080 to U+009F) and DEL. */
static bool is_control(const char *character, size_t n)
{
    unsigned char c = (unsigned char)character[0];
    if (n == 2)
        return c == 0xC2 && (unsigned char)character[1] < 0xA0;
    return n == 1 && ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f);
}

void shown_add(struct buf *out, struct slice bytes)
{
    while (bytes.len > 0) {
        size_t n = utf8_char_bytes(bytes.ptr, bytes.len);
        if (n > 0 && !is_control(bytes.ptr, n)) {
            buf_add(out, bytes.ptr, n);
        } else {
            n = n > 0 ? n : 1;
            for (size_t i = 0; i < n; i++)
                buf_printf(out, "\\x%02x", (unsigned char)bytes.ptr[i]);
        }
        bytes.ptr += n;
        bytes.len -= n;
    }
}
