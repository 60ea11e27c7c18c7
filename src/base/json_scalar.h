/*
 * Private to json: strings, numbers, true, false and null. Each function takes where one begins and
 * returns what follows it; NULL and an error if it is none.
 */
#ifndef WEIR_BASE_JSON_SCALAR_H
#define WEIR_BASE_JSON_SCALAR_H

#include "base/json_block.h"

extern const char json_truncated[]; /* the reason where the text ends too soon */

/* An error at `at`; NULL, for the caller to return. */
__attribute__((cold)) const char *json_fail(const struct json_iter *it, const char *at,
                                            const char *reason, struct json_error *error);
/* What stands where a value should: the mistakes that other languages' printers make. */
__attribute__((cold)) const char *json_fail_value(struct json_iter *it, const char *p,
                                                  struct json_error *error);

const char *json_scan_number(struct json_iter *it, const char *start, struct json_value *out,
                             struct json_error *error);
const char *json_scan_word(struct json_iter *it, const char *p, struct slice word,
                           enum json_type type, struct json_value *out, struct json_error *error);
/* A string that is not plain ASCII, from the first byte on that says so. */
const char *json_scan_string_rest(struct json_iter *it, const char *p, struct json_value *out,
                                  struct json_error *error);

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

/* Field by field: the compiler would clear the rest first, again and again. */
static inline void set_plain_string(struct json_value *out, const char *p, const char *quote)
{
    out->type = JSON_STRING;
    out->raw.ptr = p;
    out->raw.len = (size_t)(quote - p);
    out->escaped = false;
    out->ascii = true;
    out->nul = false;
}

/* `p` is behind the opening quote. Returns what follows the closing one, or NULL. */
static inline const char *scan_string(struct json_iter *it, const char *p, struct json_value *out,
                                      struct json_error *error)
{
    const char *quote = find_special(it, p);
    set_plain_string(out, p, quote);
    if (quote < it->end && *quote == '"')
        return quote + 1;
    return json_scan_string_rest(it, quote, out, error);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

/*
 * Up to seven digits and then a comma or a brace, which is what most numbers are: found without a
 * branch for each digit, whose end no processor can guess. NULL: look closer.
 */
static inline const char *scan_short_number(struct json_iter *it, const char *p,
                                            struct json_value *out)
{
    uint64_t bytes;
    if (it->end - p < (ptrdiff_t)sizeof bytes)
        return NULL;
    memcpy(&bytes, p, sizeof bytes);
    uint64_t digits = bytes ^ 0x3030303030303030; /* 0..9, anything else is larger */
    uint64_t others = (digits | (digits + 0x7676767676767676)) & 0x8080808080808080;
    size_t n = (size_t)__builtin_ctzll(others | (uint64_t)1 << 63) / 8;
    bool leading_zero = n > 1 && *p == '0';
    if (n == 0 || leading_zero || (p[n] != ',' && p[n] != '}'))
        return NULL;
    out->type = JSON_NUMBER;
    out->raw.ptr = p;
    out->raw.len = n;
    out->escaped = out->ascii = out->nul = false;
    return p + n;
}

#else

static inline const char *scan_short_number(struct json_iter *it, const char *p,
                                            struct json_value *out)
{
    (void)it, (void)p, (void)out;
    return NULL;
}

#endif

/* Everything but objects and arrays. */
static inline const char *scan_scalar(struct json_iter *it, const char *p, struct json_value *out,
                                      struct json_error *error)
{
    if (p == it->end)
        return json_fail(it, p, json_truncated, error);
    if (*p == '"')
        return scan_string(it, p + 1, out, error);
    if (is_digit(*p) || *p == '-')
        return json_scan_number(it, p, out, error);
    switch (*p) {
    case 't':
        return json_scan_word(it, p, SLICE_LIT("true"), JSON_TRUE, out, error);
    case 'f':
        return json_scan_word(it, p, SLICE_LIT("false"), JSON_FALSE, out, error);
    case 'n':
        return json_scan_word(it, p, SLICE_LIT("null"), JSON_NULL, out, error);
    default:
        return json_fail_value(it, p, error);
    }
}

#endif
