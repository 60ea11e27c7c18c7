/*
 * The JSON scanner against a second one that is slow and plain: both must accept or refuse the
 * same texts. What is accepted is walked to its last string; the sanitizers watch.
 */
#include "base/json.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The plain one: byte by byte, recursive, each function returns what follows or NULL. */
struct plain {
    const unsigned char *end;
};

static const unsigned char *plain_value(const struct plain *s, const unsigned char *p, int depth);

static const unsigned char *plain_blanks(const struct plain *s, const unsigned char *p)
{
    while (p < s->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
        p++;
    return p;
}

static long plain_hex4(const struct plain *s, const unsigned char *p)
{
    if (s->end - p < 4)
        return -1;
    char digits[5] = {0};
    for (int i = 0; i < 4; i++) {
        if (!strchr("0123456789abcdefABCDEF", p[i]) || !p[i])
            return -1;
        digits[i] = (char)p[i];
    }
    return strtol(digits, NULL, 16);
}

static const unsigned char *plain_escape(const struct plain *s, const unsigned char *p)
{
    if (p == s->end || !*p || !strchr("\"\\/bfnrtu", *p))
        return NULL;
    if (*p++ != 'u')
        return p;
    long code = plain_hex4(s, p);
    if (code < 0 || (code >= 0xDC00 && code <= 0xDFFF))
        return NULL;
    p += 4;
    if (code < 0xD800 || code > 0xDBFF)
        return p;
    if (s->end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return NULL;
    code = plain_hex4(s, p + 2);
    return code >= 0xDC00 && code <= 0xDFFF ? p + 6 : NULL;
}

static const unsigned char *plain_character(const struct plain *s, const unsigned char *p)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    int n = *p < 0x80 ? 1 : *p < 0xC0 ? 0 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : *p < 0xF8 ? 4 : 0;
    if (n == 0 || s->end - p < n)
        return NULL;
    uint32_t code = n == 1 ? *p : *p & (0x7FU >> n);
    for (int i = 1; i < n; i++) {
        if (p[i] >> 6 != 2)
            return NULL;
        code = code * 64 + p[i] % 64;
    }
    if (code < least[n] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return NULL;
    return p + n;
}

static const unsigned char *plain_string(const struct plain *s, const unsigned char *p)
{
    if (p == s->end || *p++ != '"')
        return NULL;
    while (p && p < s->end && *p != '"') {
        if (*p < 0x20)
            return NULL;
        p = *p == '\\' ? plain_escape(s, p + 1) : plain_character(s, p);
    }
    return p && p < s->end ? p + 1 : NULL;
}

static const unsigned char *plain_digits(const struct plain *s, const unsigned char *p)
{
    const unsigned char *start = p;
    while (p < s->end && *p >= '0' && *p <= '9')
        p++;
    return p > start ? p : NULL;
}

static const unsigned char *plain_number(const struct plain *s, const unsigned char *p)
{
    if (*p == '-')
        p++;
    const unsigned char *whole = p;
    p = plain_digits(s, p);
    if (!p || (*whole == '0' && p - whole > 1))
        return NULL;
    if (p < s->end && *p == '.' && !(p = plain_digits(s, p + 1)))
        return NULL;
    if (p < s->end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < s->end && (*p == '+' || *p == '-'))
            p++;
        p = plain_digits(s, p);
    }
    return p;
}

static const unsigned char *plain_container(const struct plain *s, const unsigned char *p,
                                            int depth)
{
    bool object = *p++ == '{';
    unsigned char close = object ? '}' : ']';
    if (depth > JSON_MAX_DEPTH)
        return NULL;
    p = plain_blanks(s, p);
    if (p < s->end && *p == close)
        return p + 1;
    for (;;) {
        if (object) {
            p = plain_string(s, plain_blanks(s, p));
            p = p ? plain_blanks(s, p) : NULL;
            if (!p || p == s->end || *p++ != ':')
                return NULL;
        }
        p = plain_value(s, plain_blanks(s, p), depth);
        p = p ? plain_blanks(s, p) : NULL;
        if (!p || p == s->end || (*p != ',' && *p != close))
            return NULL;
        if (*p++ == close)
            return p;
    }
}

static const unsigned char *plain_value(const struct plain *s, const unsigned char *p, int depth)
{
    static const char *const words[] = {"null", "true", "false"};
    if (p == s->end)
        return NULL;
    if (*p == '{' || *p == '[')
        return plain_container(s, p, depth + 1);
    if (*p == '"')
        return plain_string(s, p);
    if (*p == '-' || (*p >= '0' && *p <= '9'))
        return plain_number(s, p);
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(words[i]);
        if ((size_t)(s->end - p) >= len && memcmp(p, words[i], len) == 0)
            return p + len;
    }
    return NULL;
}

static bool plain_accepts(const uint8_t *data, size_t size)
{
    struct plain s = {data + size};
    const unsigned char *p = plain_value(&s, plain_blanks(&s, data), 0);
    return p && plain_blanks(&s, p) == s.end;
}

static void check_string(const struct json_value *value)
{
    char *bytes = malloc(value->raw.len + (value->raw.len == 0)); /* no byte more than promised */
    assert(bytes);
    struct slice text = {bytes, json_unescape(value, bytes)};
    assert(text.len <= value->raw.len);
    assert(value->escaped == (memchr(value->raw.ptr, '\\', value->raw.len) != NULL));
    assert(value->nul == (memchr(bytes, '\0', text.len) != NULL));
    assert(value->ascii == (utf8_length(value->raw) == value->raw.len));
    assert(utf8_valid_prefix(text) == text.len);
    assert(json_string_eq(value, text));

    /* Written again and read again it is the same. */
    struct buf again;
    buf_init(&again, SIZE_MAX / 2);
    buf_add_json(&again, text);
    struct json_value copy;
    struct json_error error;
    assert(json_parse(buf_slice(&again), &copy, &error) == 0);
    assert(json_string_eq(&copy, text));
    buf_release(&again);
    free(bytes);
}

static void check_value(const struct json_value *value)
{
    if (value->type == JSON_STRING)
        check_string(value);
    struct json_iter it;
    struct json_value key, child;
    json_children(&it, value);
    while (json_child_next(&it, &key, &child)) {
        if (value->type == JSON_OBJECT)
            check_string(&key);
        check_value(&child);
    }
}

static bool walk(struct slice text, struct json_error *error)
{
    struct json_iter it;
    struct json_value key, value;
    if (json_object_open(&it, text, error) < 0)
        return false;
    int rc;
    while ((rc = json_object_next(&it, &key, &value, error)) > 0)
        check_string(&key);
    return rc == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = {(const char *)data, size};
    struct json_value value;
    struct json_error error = {NULL, 0};
    bool accepted = json_parse(text, &value, &error) == 0;
    assert(accepted == plain_accepts(data, size));
    if (!accepted)
        assert(error.reason && error.at <= size);
    else if (size <= 4096) /* walking again at each level is quadratic */
        check_value(&value);

    struct json_error walked = {NULL, 0};
    bool object = walk(text, &walked);
    assert(object == (accepted && value.type == JSON_OBJECT));
    if (!accepted)
        assert(strcmp(walked.reason, error.reason) == 0 && walked.at == error.at);
    return 0;
}
