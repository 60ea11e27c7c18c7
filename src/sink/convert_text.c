/* text, varchar(n), char(n), and the types that have no converter of their own. */
#include "sink/convert.h"

#include "base/utf8.h"

/* Where the character number `chars` begins, or text.len if there are not so many. */
static size_t offset_of_char(struct slice text, size_t chars)
{
    size_t at = 0;
    while (at < text.len && chars > 0) {
        at += utf8_char_bytes(text.ptr + at, text.len - at);
        chars--;
    }
    return at;
}

static bool only_blanks(const char *p, size_t n)
{
    while (n > 0 && p[n - 1] == ' ')
        n--;
    return n == 0;
}

/* Bring `text` to the column's length as the server does, or by policy. False: dead. */
static bool clip(struct convert *c, const struct target *target, struct slice *text)
{
    if (text->len <= target->max_chars)
        return true;
    size_t keep = offset_of_char(*text, target->max_chars);
    if (keep == text->len)
        return true;
    if (c->on_too_long == TOO_LONG_DEAD && !only_blanks(text->ptr + keep, text->len - keep)) {
        convert_dead(c, "22001", "%zu characters are too long for %s", utf8_length(*text),
                     target->column->type_name);
        return false;
    }
    text->len = keep;
    return true;
}

static char *convert_text_slowly(struct convert *c, const struct target *target,
                                 const struct json_value *value, char *p)
{
    struct slice text = value->raw;
    if (value->type == JSON_STRING) {
        if (!convert_string_no_nul(c, target, value, &text))
            return NULL;
    } else if (value->type >= JSON_ARRAY && target->column->type != TYPE_TEXT) {
        return convert_mismatch(c, target, value);
    }
    return clip(c, target, &text) ? convert_put_text(c, p, text) : NULL;
}

/* Resolve the escapes right into the field. */
static char *put_unescaped(struct convert *c, const struct target *target,
                           const struct json_value *value, char *p)
{
    p = convert_room(c, p, 4 + value->raw.len);
    if (!p)
        return NULL;
    struct slice text = {p + 4, json_unescape(value, p + 4)};
    if (!clip(c, target, &text))
        return NULL;
    put_be32(p, (uint32_t)text.len);
    return p + 4 + text.len;
}

char *convert_text(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    if (!target->verbatim && convert_is_plain(target, value))
        return convert_put_plain(c, value, p);
    if (c->format == COPY_BINARY && value->type == JSON_STRING && value->escaped && !value->nul)
        return put_unescaped(c, target, value, p);
    return convert_text_slowly(c, target, value, p);
}

/* The server reads the text itself: we only see to it that it is text. */
char *convert_other(struct convert *c, const struct target *target, const struct json_value *value,
                    char *p)
{
    struct slice text = value->raw;
    if (value->type >= JSON_ARRAY)
        return convert_mismatch(c, target, value);
    if (value->type == JSON_STRING && !convert_string_no_nul(c, target, value, &text))
        return NULL;
    return convert_put_text(c, p, text);
}
