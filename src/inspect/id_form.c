#include "inspect/id_form.h"

#include "sink/decimal.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#define UUID_DIGITS 32
#define UUID_TEXT 36

enum id_form id_form_of(const char *type)
{
    static const struct {
        const char *type;
        enum id_form form;
    } forms[] = {
        {"uuid", ID_UUID},      {"smallint", ID_INTEGER}, {"integer", ID_INTEGER},
        {"bigint", ID_INTEGER}, {"oid", ID_INTEGER},      {"character", ID_PADDED},
        {"bpchar", ID_PADDED},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (!strcmp(forms[i].type, type))
            return forms[i].form;
    return ID_AS_IS;
}

/* PostgreSQL takes upper case, braces, and hyphens behind any four digits or none. */
static struct slice as_uuid(struct slice text, char *room)
{
    size_t digits = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool brace = (c == '{' && i == 0) || (c == '}' && i == text.len - 1);
        if (c == '-' || brace)
            continue;
        if (!isxdigit(c) || digits == UUID_DIGITS)
            return text;
        if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
            room[at++] = '-';
        room[at++] = (char)tolower(c);
        digits++;
    }
    return digits == UUID_DIGITS ? (struct slice){room, UUID_TEXT} : text;
}

static struct slice as_integer(struct slice text, char *room)
{
    struct decimal decimal;
    int64_t value;
    if (!decimal_parse(text, &decimal) || decimal_to_int64(&decimal, 0, &value) != DECIMAL_FITS)
        return text;
    int len = snprintf(room, ID_FORM_ROOM, "%" PRId64, value);
    return (struct slice){room, (size_t)len};
}

struct slice id_form_apply(enum id_form form, struct slice text, char room[ID_FORM_ROOM])
{
    switch (form) {
    case ID_UUID:
        return as_uuid(text, room);
    case ID_INTEGER:
        return as_integer(text, room);
    case ID_PADDED:
        while (text.len > 0 && text.ptr[text.len - 1] == ' ')
            text.len--;
        return text;
    case ID_AS_IS:
        break;
    }
    return text;
}
