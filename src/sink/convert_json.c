/*
 * json, jsonb: the value as it stands in the record, quotes and escapes and all.
 *
 * The scanner has checked the text already; what is left are two things that jsonb refuses and JSON
 * does not: the character \u0000, and numbers beyond numeric's range.
 */
#include "sink/convert.h"
#include "sink/decimal.h"

#include <stdlib.h>

enum { MAX_TOP = 131072 - 1, MAX_SCALE = 16383 }; /* of numeric */

/* The value's text with its quotes. Those of a string lie right outside of `raw`. */
static struct slice whole_text(const struct json_value *value)
{
    struct slice raw = value->raw;
    return value->type == JSON_STRING ? (struct slice){raw.ptr - 1, raw.len + 2} : raw;
}

/* The next escape \u0000 from `p` on, or NULL. A backslash that is itself escaped begins none. */
static const char *find_nul(const char *p, const char *end)
{
    while ((p = memchr(p, '\\', (size_t)(end - p))) != NULL) {
        if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
            return p;
        p += 2; /* the text was checked: something follows a backslash */
    }
    return NULL;
}

/* The text without its NULs, in scratch memory. */
static struct slice without_nuls(struct convert *c, struct slice text)
{
    const char *p = text.ptr;
    const char *end = p + text.len;
    buf_clear(&c->text);
    for (const char *nul; (nul = find_nul(p, end)) != NULL; p = nul + 6)
        buf_add(&c->text, p, (size_t)(nul - p));
    buf_add(&c->text, p, (size_t)(end - p));
    if (c->text.failed)
        abort();
    return buf_slice(&c->text);
}

/* `p` is behind the opening quote of a checked string. Returns what follows it. */
static const char *skip_string(const char *p)
{
    while (*p != '"')
        p += *p == '\\' ? 2 : 1;
    return p + 1;
}

static bool number_fits(struct slice text)
{
    struct decimal d;
    if (!decimal_parse(text, &d) || llabs(d.written_exponent) >= DECIMAL_MAX_EXPONENT)
        return false;
    return d.scale <= MAX_SCALE && (d.n_digits == 0 || decimal_top(&d) <= MAX_TOP);
}

static bool in_number(char ch)
{
    return (ch >= '0' && ch <= '9') || ch == '-' || ch == '+' || ch == '.' || ch == 'e' ||
           ch == 'E';
}

/* Whether all numbers of a checked text fit into a numeric; else *at is the first that does not. */
static bool numbers_fit(struct slice text, struct slice *at)
{
    const char *p = text.ptr;
    const char *end = p + text.len;
    while (p < end) {
        if (*p == '"') {
            p = skip_string(p + 1);
            continue;
        }
        const char *start = p;
        if (*p == '-' || (*p >= '0' && *p <= '9'))
            while (p < end && in_number(*p))
                p++;
        *at = (struct slice){start, (size_t)(p - start)};
        if (p > start && !number_fits(*at))
            return false;
        p += p == start;
    }
    return true;
}

static char *put_json(struct convert *c, char *p, struct slice text, bool jsonb)
{
    if (c->format != COPY_BINARY)
        return convert_put_text(c, p, text);
    p = convert_room(c, p, 4 + 1 + text.len);
    if (!p)
        return NULL;
    p = put_be32(p, (uint32_t)(text.len + jsonb));
    if (jsonb)
        *p++ = 1; /* version of the format */
    memcpy(p, text.ptr, text.len);
    return p + text.len;
}

/* Bytes that are Kafka's become a JSON string. */
static struct slice quoted(struct convert *c, struct slice text)
{
    buf_clear(&c->array);
    buf_add_json(&c->array, text);
    if (c->array.failed)
        abort();
    return buf_slice(&c->array);
}

char *convert_json(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    if (target->verbatim && value->type == JSON_STRING)
        return put_json(c, p, quoted(c, value->raw), false);
    return put_json(c, p, whole_text(value), false);
}

char *convert_jsonb(struct convert *c, const struct target *target, const struct json_value *value,
                    char *p)
{
    struct slice text = whole_text(value);
    struct slice number;
    if (target->verbatim && value->type == JSON_STRING)
        text = quoted(c, value->raw);
    if (find_nul(text.ptr, text.ptr + text.len)) {
        if (c->on_nul == NUL_DEAD)
            return convert_dead(c, "22P05", "a string holds \\u0000, which jsonb cannot store");
        text = without_nuls(c, text);
    }
    if (value->type != JSON_STRING && !numbers_fit(text, &number)) {
        struct json_value shown = {.type = JSON_NUMBER, .raw = number};
        return convert_bad(c, "22003", &shown, "is a number beyond the range of jsonb");
    }
    return put_json(c, p, text, true);
}
