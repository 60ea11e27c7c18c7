/* boolean: true and false, the numbers 1 and 0, and the server's words for them in any case. */
#include "sink/convert.h"
#include "sink/decimal.h"

struct word {
    const char *text;
    bool value;
};

static const struct word words[] = {
    {"true", true},   {"t", true},  {"yes", true}, {"y", true},  {"on", true},   {"1", true},
    {"false", false}, {"f", false}, {"no", false}, {"n", false}, {"off", false}, {"0", false},
};

static bool parse_word(struct slice text, bool *out)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (slice_eq_nocase(text, slice_of(words[i].text))) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

static bool parse_number(struct slice text, bool *out)
{
    struct decimal d;
    int64_t number;
    if (!decimal_parse(text, &d) || decimal_to_int64(&d, 0, &number) != DECIMAL_FITS)
        return false;
    *out = number == 1;
    return number == 0 || number == 1;
}

static char *put_bool(struct convert *c, char *p, bool truth)
{
    p = convert_room(c, p, 5);
    if (!p)
        return NULL;
    if (c->format == COPY_BINARY)
        p = put_be32(p, 1);
    *p++ = c->format == COPY_BINARY ? (char)truth : truth ? 't' : 'f';
    return p;
}

char *convert_bool(struct convert *c, const struct target *target, const struct json_value *value,
                   char *p)
{
    bool truth = value->type == JSON_TRUE;
    if (value->type == JSON_TRUE || value->type == JSON_FALSE)
        return put_bool(c, p, truth);
    if (value->type != JSON_STRING && value->type != JSON_NUMBER)
        return convert_mismatch(c, target, value);
    bool ok = value->type == JSON_NUMBER ? parse_number(value->raw, &truth)
                                         : parse_word(convert_trimmed(c, target, value), &truth);
    return ok ? put_bool(c, p, truth) : convert_bad(c, "22P02", value, "is neither true nor false");
}
