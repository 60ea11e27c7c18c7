/* Texts, numbers and words of JSON: what is not scanned in one step. */
#include "base/json_scalar.h"

#include "base/json_escape.h"
#include "base/utf8.h"

const char json_truncated[] = "the text ends in the middle of a value";

const char *json_fail(const struct json_iter *it, const char *at, const char *reason,
                      struct json_error *error)
{
    error->reason = at == it->end ? json_truncated : reason;
    error->at = (size_t)(at - it->start);
    return NULL;
}

/* Whether the input ends while `\uXXXX` at `p` was still possible. */
static bool cut_unicode_escape(const char *p, const char *end)
{
    if (end - p >= 6 || *p != '\\' || (end - p > 1 && p[1] != 'u'))
        return false;
    for (ptrdiff_t i = 2; i < end - p; i++)
        if (hex_digit(p[i]) < 0)
            return false;
    return true;
}

/* `\uXXXX` at `p`, or two of them for a surrogate pair. Returns what follows. */
static const char *scan_unicode_escape(struct json_iter *it, const char *p, struct json_value *out,
                                       struct json_error *error)
{
    static const char lone[] = "a lone surrogate in a string";
    const char *end = it->end;
    int code = end - p >= 6 ? hex4(p + 2) : -1;
    if (code < 0)
        return json_fail(it, cut_unicode_escape(p, end) ? end : p, "an invalid escape in a string",
                         error);
    if (is_low_surrogate(code))
        return json_fail(it, p, lone, error);
    out->nul = out->nul || code == 0;
    if (!is_high_surrogate(code))
        return p + 6;

    const char *second = p + 6;
    if (second == end || cut_unicode_escape(second, end))
        return json_fail(it, end, lone, error);
    if (end - second < 6 || second[0] != '\\' || second[1] != 'u' ||
        !is_low_surrogate(hex4(second + 2)))
        return json_fail(it, p, lone, error);
    return second + 6;
}

static const char *scan_escape(struct json_iter *it, const char *p, struct json_value *out,
                               struct json_error *error)
{
    out->escaped = true;
    if (it->end - p < 2)
        return json_fail(it, it->end, json_truncated, error);
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 2;
    case 'u':
        return scan_unicode_escape(it, p, out, error);
    default:
        return json_fail(it, p, "an invalid escape in a string", error);
    }
}

/* One or more characters beyond ASCII. */
static const char *scan_multibyte(struct json_iter *it, const char *p, struct json_error *error)
{
    do {
        size_t n = utf8_char_bytes(p, (size_t)(it->end - p));
        if (n == 0)
            return json_fail(it, p, "invalid UTF-8 in a string", error);
        p += n;
    } while (p < it->end && (unsigned char)*p >= 0x80);
    return p;
}

/* A string that is not plain ASCII: go on at the first byte that says so. */
const char *json_scan_string_rest(struct json_iter *it, const char *p, struct json_value *out,
                                  struct json_error *error)
{
    while (p < it->end && *p != '"') {
        if (*p == '\\') {
            p = scan_escape(it, p, out, error);
        } else if ((unsigned char)*p >= 0x80) {
            out->ascii = false;
            p = scan_multibyte(it, p, error);
        } else {
            return json_fail(it, p, "a control character in a string", error);
        }
        if (!p)
            return NULL;
        p = find_special(it, p);
    }
    if (p == it->end)
        return json_fail(it, p, json_truncated, error);
    out->raw.len = (size_t)(p - out->raw.ptr);
    return p + 1;
}

static inline const char *skip_digits(const char *p, const char *end)
{
    while (p < end && is_digit(*p))
        p++;
    return p;
}

/* What could only follow a number by mistake: "12abc", "1.2.3", "0123", "1-2". */
static bool glued_to_number(char c)
{
    return is_digit(c) || c == '.' || c == '-' || c == '+' || c == '_' ||
           ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool starts_nocase(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(end - p) >= n && slice_eq_nocase((struct slice){p, n}, slice_of(word));
}

/* What stands at `p`, behind a minus sign, is no digit. */
__attribute__((cold)) static const char *fail_digit(struct json_iter *it, const char *p,
                                                    struct json_error *error)
{
    bool infinity = starts_nocase(p, it->end, "inf");
    return json_fail(it, p, infinity ? "Infinity is not JSON" : "a malformed number", error);
}

/* number = [ minus ] int [ frac ] [ exp ] (RFC 8259, 6) */
const char *json_scan_number(struct json_iter *it, const char *start, struct json_value *out,
                             struct json_error *error)
{
    static const char malformed[] = "a malformed number";
    const char *end = it->end;
    const char *p = start + (*start == '-');
    if (p == end || !is_digit(*p))
        return fail_digit(it, p, error);
    p = *p == '0' ? p + 1 : skip_digits(p, end);
    if (p < end && *p == '.') {
        const char *fraction = p + 1;
        p = skip_digits(fraction, end);
        if (p == fraction)
            return json_fail(it, p, malformed, error);
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        const char *exponent = p;
        p = skip_digits(exponent, end);
        if (p == exponent)
            return json_fail(it, p, malformed, error);
    }
    if (p < end && glued_to_number(*p))
        return json_fail(it, p, malformed, error);
    *out = (struct json_value){.type = JSON_NUMBER, .raw = {start, (size_t)(p - start)}};
    return p;
}

/* Say what stands where a value should: the mistakes that other languages' printers make. */
const char *json_fail_value(struct json_iter *it, const char *p, struct json_error *error)
{
    if (starts_nocase(p, it->end, "nan"))
        return json_fail(it, p, "NaN is not JSON", error);
    if (starts_nocase(p, it->end, "inf"))
        return json_fail(it, p, "Infinity is not JSON", error);
    switch (*p) {
    case ',':
    case ':':
    case ']':
    case '}':
        return json_fail(it, p, "a value is missing", error);
    case '\'':
        return json_fail(it, p, "a string in single quotes", error);
    case '+':
    case '.':
        return json_fail(it, p, "a malformed number", error);
    case '/':
    case '#':
        return json_fail(it, p, "a comment is not JSON", error);
    default:
        return json_fail(it, p, "a value that is not JSON", error);
    }
}

const char *json_scan_word(struct json_iter *it, const char *p, struct slice word,
                           enum json_type type, struct json_value *out, struct json_error *error)
{
    size_t left = (size_t)(it->end - p);
    if (left < word.len && memcmp(p, word.ptr, left) == 0)
        return json_fail(it, it->end, json_truncated, error);
    bool same = left >= word.len && memcmp(p, word.ptr, word.len) == 0;
    if (!same || (left > word.len && glued_to_number(p[word.len])))
        return json_fail_value(it, p, error);
    *out = (struct json_value){.type = type, .raw = {p, word.len}};
    return p + word.len;
}
