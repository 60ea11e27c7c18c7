#include "inspect/rule_text.h"

#include "base/buf.h"

#include <string.h>

#define MAX_TEXT_BYTES ((size_t)1 << 20)

const char *rule_pointer(struct arena *arena, const char *key)
{
    char *pointer = arena_alloc(arena, 2 * strlen(key) + 2);
    char *to = pointer;
    *to++ = '/';
    for (; *key; key++) {
        bool special = *key == '~' || *key == '/';
        *to++ = special ? '~' : *key;
        if (special)
            *to++ = *key == '~' ? '0' : '1';
    }
    return pointer;
}

/* A text of letters, digits, _ and / that YAML takes for a text; else as JSON, which YAML reads. */
static const char *yaml_text(struct arena *arena, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
    static const char *const words[] = {"true", "false", "null", "yes", "no",
                                        "on",   "off",   "y",    "n"};
    struct buf quoted;
    bool is_plain = *text && strchr(plain, *text) && text[strspn(text, plain)] == '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        is_plain &= !slice_eq_nocase(slice_of(text), slice_of(words[i]));
    if (is_plain)
        return text;
    buf_init(&quoted, MAX_TEXT_BYTES);
    buf_add_json(&quoted, slice_of(text));
    const char *copy = arena_strdup(arena, buf_str(&quoted));
    buf_release(&quoted);
    return copy;
}

const char *rule_text(struct arena *arena, const char *column, const char *pointer,
                      const char *unit)
{
    const char *name = yaml_text(arena, column);
    const char *from = yaml_text(arena, pointer);
    if (unit)
        return arena_printf(arena, "`%s: {from: %s, unit: %s}`", name, from, unit);
    return arena_printf(arena, "`%s: %s`", name, from);
}
