#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where a text of `len` bytes may be cut so that it ends in a whole UTF-8 character. */
static size_t cut_at(const char *text, size_t len)
{
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
        len--;
    return len;
}

static void copy_cut(char *to, size_t size, const char *from, size_t len)
{
    if (len >= size)
        len = cut_at(from, size - 1);
    memcpy(to, from, len);
    to[len] = '\0';
}

static void fill(struct err *err, enum err_class class, const char *code, const char *format,
                 va_list args) __attribute__((format(printf, 4, 0)));

static void fill(struct err *err, enum err_class class, const char *code, const char *format,
                 va_list args)
{
    /* An argument may be the error's own text or code, so nothing is written before it is read. */
    char text[sizeof err->text + 4];
    int n = vsnprintf(text, sizeof text, format, args);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof text)
        len = sizeof text - 1;
    char own_code[sizeof err->code];
    snprintf(own_code, sizeof own_code, "%s", code);

    err->class = class;
    memcpy(err->code, own_code, sizeof own_code);
    copy_cut(err->text, sizeof err->text, text, len);
}

int err_set(struct err *err, enum err_class class, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, class, "", format, args);
    va_end(args);
    return -1;
}

int err_set_code(struct err *err, enum err_class class, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fill(err, class, code ? code : "", format, args);
    va_end(args);
    return -1;
}

int err_prefix(struct err *err, const char *format, ...)
{
    char text[2 * sizeof err->text];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof err->text + 1, format, args);
    va_end(args);
    size_t len = n < 0 ? 0 : (size_t)n;
    if (len >= sizeof err->text)
        len = cut_at(text, sizeof err->text - 1);
    n = snprintf(text + len, sizeof text - len, ": %s", err->text);
    copy_cut(err->text, sizeof err->text, text, len + (size_t)n);
    return -1;
}

const char *err_class_name(enum err_class class)
{
    switch (class) {
    case ERR_NONE:
        return "none";
    case ERR_USAGE:
        return "usage";
    case ERR_INPUT:
        return "input";
    case ERR_OUTAGE:
        return "outage";
    case ERR_HALT:
        return "halt";
    case ERR_BUG:
        return "bug";
    }
    return "unknown";
}
