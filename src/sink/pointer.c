#include "sink/pointer.h"

#include <string.h>

/* Resolve the token's ~0 and ~1 in place. False: a tilde with something else behind it. */
static bool unescape_token(struct slice *token, char *bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < token->len; i++) {
        char c = bytes[i];
        if (c == '~') {
            if (++i == token->len || (bytes[i] != '0' && bytes[i] != '1'))
                return false;
            c = bytes[i] == '0' ? '~' : '/';
        }
        bytes[n++] = c;
    }
    *token = (struct slice){bytes, n};
    return true;
}

bool pointer_compile(struct pointer *pointer, const char *text, struct arena *arena)
{
    *pointer = (struct pointer){0};
    if (*text == '\0')
        return true;
    if (*text != '/')
        return false;
    size_t n = 0;
    for (const char *p = text; *p; p++)
        n += *p == '/';
    pointer->tokens = arena_alloc(arena, n * sizeof *pointer->tokens);
    while (*text == '/') {
        const char *start = ++text;
        text += strcspn(text, "/");
        struct slice *token = &pointer->tokens[pointer->n_tokens++];
        token->len = (size_t)(text - start);
        if (!unescape_token(token, arena_strndup(arena, start, token->len)))
            return false;
    }
    return true;
}

/* An array's index: digits without leading zeros. */
static bool parse_index(struct slice token, size_t *out)
{
    enum { MAX_DIGITS = 9 };
    if (token.len == 0 || token.len > MAX_DIGITS || (token.len > 1 && token.ptr[0] == '0'))
        return false;
    *out = 0;
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] < '0' || token.ptr[i] > '9')
            return false;
        *out = *out * 10 + (size_t)(token.ptr[i] - '0');
    }
    return true;
}

static bool step(struct slice token, const struct json_value *value, struct json_value *out)
{
    struct json_iter it;
    struct json_value key;
    struct json_value child;
    size_t index = 0;
    bool found = false;
    bool array = value->type == JSON_ARRAY;
    if ((!array && value->type != JSON_OBJECT) || (array && !parse_index(token, &index)))
        return false;
    json_children(&it, value);
    for (size_t i = 0; json_child_next(&it, &key, &child) > 0; i++) {
        if (array ? i != index : !json_string_eq(&key, token))
            continue;
        *out = child;
        found = true;
        if (array)
            break;
    }
    return found;
}

bool pointer_follow(const struct pointer *pointer, size_t first, const struct json_value *value,
                    struct json_value *out)
{
    struct json_value at = *value;
    for (size_t i = first; i < pointer->n_tokens; i++) {
        struct json_value next;
        if (!step(pointer->tokens[i], &at, &next))
            return false;
        at = next;
    }
    *out = at;
    return true;
}
