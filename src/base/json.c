#include "base/json.h"

#include "base/json_escape.h"
#include "base/utf8.h"

/* JSON_PORTABLE lets the tests run the other branch on a machine that has SSE2. */
#if defined(__SSE2__) && !defined(JSON_PORTABLE)
#define JSON_SSE2 1
#include <emmintrin.h>
#endif

/* json_iter.state: what stands before `pos`. */
enum {
    AT_DONE,  /* nothing more will come */
    AT_FIRST, /* an object's or array's opening bracket */
    AT_NEXT,  /* a complete member or element */
    AT_FIRST_ELEMENT,
    AT_NEXT_ELEMENT,
};

#define BLOCK_BYTES 64 /* one bit each in json_iter.special */

/* Where a guess (a branch) is cheaper than to wait for the answer (a conditional move). */
#define LIKELY(condition) __builtin_expect(!!(condition), 1)

static const char truncated[] = "the text ends in the middle of a value";

__attribute__((cold, noinline)) static const char *
fail(const struct json_iter *it, const char *at, const char *reason, struct json_error *error)
{
    error->reason = at == it->end ? truncated : reason;
    error->at = (size_t)(at - it->start);
    return NULL;
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

#ifdef JSON_SSE2

/* A bit for each of 16 bytes that special() is true of. */
static inline uint64_t special16(const char *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    /* The comparison is signed: bytes from 0x80 on are negative, so it finds them too. */
    __m128i control = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
    __m128i special = _mm_or_si128(_mm_or_si128(quote, backslash), control);
    return (unsigned)_mm_movemask_epi8(special);
}

#else

/* What ends a run of plain ASCII in a string. */
static inline bool special(char c)
{
    return c == '"' || c == '\\' || (unsigned char)c < 0x20 || (unsigned char)c >= 0x80;
}

static inline uint64_t special16(const char *p)
{
    uint64_t mask = 0;
    for (int i = 0; i < 16; i++)
        mask |= (uint64_t)special(p[i]) << i;
    return mask;
}

#endif

static inline uint64_t special64(const char *p)
{
    return special16(p) | special16(p + 16) << 16 | special16(p + 32) << 32 |
           special16(p + 48) << 48;
}

/* The block of a text shorter than one: of a copy, so that nothing behind it is read. */
static uint64_t special_short(const char *p, size_t len)
{
    char block[BLOCK_BYTES] = {0}; /* a zero is special: the end is found like a quote */
    memcpy(block, p, len);
    return special64(block);
}

/*
 * Strings are found by a map of the 64 bytes around, made once, rather than by a look at the
 * bytes of each: the next string then begins at a place known from a register, without waiting
 * for a load (a third faster over records with many short strings).
 */
static inline void load_block(struct json_iter *it, const char *p)
{
    /* The last block ends with the text and takes some bytes again. */
    it->block = it->end - p >= BLOCK_BYTES ? p : it->end - BLOCK_BYTES;
    it->special = special64(it->block);
}

static void begin_blocks(struct json_iter *it)
{
    size_t len = (size_t)(it->end - it->start);
    it->block = it->start;
    it->special = len < BLOCK_BYTES ? special_short(it->start, len) : special64(it->start);
}

/*
 * The first byte from `p` on that plain ASCII text in a string does not have: a quote, a
 * backslash, a control character or a byte above 0x7F; or the end.
 */
static inline const char *find_special(struct json_iter *it, const char *p)
{
    for (;;) {
        size_t at = (size_t)(p - it->block);
        if (at < BLOCK_BYTES) {
            uint64_t from_p = it->special >> at;
            if (from_p)
                return p + (unsigned)__builtin_ctzll(from_p);
            p = it->block + BLOCK_BYTES;
        }
        if (p == it->end)
            return p;
        load_block(it, p);
    }
}

static inline const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
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
        return fail(it, cut_unicode_escape(p, end) ? end : p, "an invalid escape in a string",
                    error);
    if (is_low_surrogate(code))
        return fail(it, p, lone, error);
    out->nul = out->nul || code == 0;
    if (!is_high_surrogate(code))
        return p + 6;

    const char *second = p + 6;
    if (second == end || cut_unicode_escape(second, end))
        return fail(it, end, lone, error);
    if (end - second < 6 || second[0] != '\\' || second[1] != 'u' ||
        !is_low_surrogate(hex4(second + 2)))
        return fail(it, p, lone, error);
    return second + 6;
}

static const char *scan_escape(struct json_iter *it, const char *p, struct json_value *out,
                               struct json_error *error)
{
    out->escaped = true;
    if (it->end - p < 2)
        return fail(it, it->end, truncated, error);
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
        return fail(it, p, "an invalid escape in a string", error);
    }
}

/* One or more characters beyond ASCII. */
static const char *scan_multibyte(struct json_iter *it, const char *p, struct json_error *error)
{
    do {
        size_t n = utf8_char_bytes(p, (size_t)(it->end - p));
        if (n == 0)
            return fail(it, p, "invalid UTF-8 in a string", error);
        p += n;
    } while (p < it->end && (unsigned char)*p >= 0x80);
    return p;
}

/* A string that is not plain ASCII: go on at the first byte that says so. */
__attribute__((noinline)) static const char *scan_string_rest(struct json_iter *it, const char *p,
                                                              struct json_value *out,
                                                              struct json_error *error)
{
    while (p < it->end && *p != '"') {
        if (*p == '\\') {
            p = scan_escape(it, p, out, error);
        } else if ((unsigned char)*p >= 0x80) {
            out->ascii = false;
            p = scan_multibyte(it, p, error);
        } else {
            return fail(it, p, "a control character in a string", error);
        }
        if (!p)
            return NULL;
        p = find_special(it, p);
    }
    if (p == it->end)
        return fail(it, p, truncated, error);
    out->raw.len = (size_t)(p - out->raw.ptr);
    return p + 1;
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
    return scan_string_rest(it, quote, out, error);
}

static inline bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
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
    return fail(it, p, infinity ? "Infinity is not JSON" : "a malformed number", error);
}

/* number = [ minus ] int [ frac ] [ exp ] (RFC 8259, 6) */
static const char *scan_number(struct json_iter *it, const char *start, struct json_value *out,
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
            return fail(it, p, malformed, error);
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;
        if (p < end && (*p == '+' || *p == '-'))
            p++;
        const char *exponent = p;
        p = skip_digits(exponent, end);
        if (p == exponent)
            return fail(it, p, malformed, error);
    }
    if (p < end && glued_to_number(*p))
        return fail(it, p, malformed, error);
    *out = (struct json_value){.type = JSON_NUMBER, .raw = {start, (size_t)(p - start)}};
    return p;
}

/* Say what stands where a value should: the mistakes that other languages' printers make. */
__attribute__((cold)) static const char *fail_value(struct json_iter *it, const char *p,
                                                    struct json_error *error)
{
    if (starts_nocase(p, it->end, "nan"))
        return fail(it, p, "NaN is not JSON", error);
    if (starts_nocase(p, it->end, "inf"))
        return fail(it, p, "Infinity is not JSON", error);
    switch (*p) {
    case ',':
    case ':':
    case ']':
    case '}':
        return fail(it, p, "a value is missing", error);
    case '\'':
        return fail(it, p, "a string in single quotes", error);
    case '+':
    case '.':
        return fail(it, p, "a malformed number", error);
    case '/':
    case '#':
        return fail(it, p, "a comment is not JSON", error);
    default:
        return fail(it, p, "a value that is not JSON", error);
    }
}

static const char *scan_word(struct json_iter *it, const char *p, struct slice word,
                             enum json_type type, struct json_value *out, struct json_error *error)
{
    size_t left = (size_t)(it->end - p);
    if (left < word.len && memcmp(p, word.ptr, left) == 0)
        return fail(it, it->end, truncated, error);
    bool same = left >= word.len && memcmp(p, word.ptr, word.len) == 0;
    if (!same || (left > word.len && glued_to_number(p[word.len])))
        return fail_value(it, p, error);
    *out = (struct json_value){.type = type, .raw = {p, word.len}};
    return p + word.len;
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
        return fail(it, p, truncated, error);
    if (*p == '"')
        return scan_string(it, p + 1, out, error);
    if (is_digit(*p) || *p == '-')
        return scan_number(it, p, out, error);
    switch (*p) {
    case 't':
        return scan_word(it, p, SLICE_LIT("true"), JSON_TRUE, out, error);
    case 'f':
        return scan_word(it, p, SLICE_LIT("false"), JSON_FALSE, out, error);
    case 'n':
        return scan_word(it, p, SLICE_LIT("null"), JSON_NULL, out, error);
    default:
        return fail_value(it, p, error);
    }
}

/* A member's name, its colon and the blanks around. Returns where the value begins. */
static inline const char *scan_name(struct json_iter *it, const char *p, struct json_value *key,
                                    struct json_error *error)
{
    if (p == it->end || *p != '"')
        return fail(it, p, "a member name in double quotes was expected", error);
    p = scan_string(it, p + 1, key, error);
    if (!p)
        return NULL;
    p = skip_blanks(p, it->end);
    if (p == it->end || *p != ':')
        return fail(it, p, "a colon was expected after a member name", error);
    return skip_blanks(p + 1, it->end);
}

/* The comma between two members or elements. Returns where the next begins. */
static inline const char *scan_comma(struct json_iter *it, const char *p, struct json_error *error)
{
    if (*p != ',')
        return fail(it, p, "a comma or a closing bracket was expected", error);
    const char *next = skip_blanks(p + 1, it->end);
    if (next < it->end && (*next == '}' || *next == ']'))
        return fail(it, p, "a comma before a closing bracket", error);
    return next;
}

/* The open brackets, a bit for each level: set for an object. No recursion, so no stack to fill. */
struct levels {
    uint64_t objects[JSON_MAX_DEPTH / 64];
    unsigned depth;
};

static inline void push(struct levels *levels, bool object)
{
    uint64_t bit = (uint64_t)1 << levels->depth % 64;
    uint64_t *word = &levels->objects[levels->depth / 64];
    *word = object ? *word | bit : *word & ~bit;
    levels->depth++;
}

static inline bool in_object(const struct levels *levels)
{
    unsigned level = levels->depth - 1;
    return levels->objects[level / 64] >> level % 64 & 1;
}

/* Check an object or array that begins at `p` inside of `outer` others. Returns what follows. */
__attribute__((noinline)) static const char *
scan_container(struct json_iter *it, const char *p, unsigned outer, struct json_error *error)
{
    struct levels levels = {.depth = outer};
    struct json_value ignored;
    bool first = true; /* right behind an opening bracket */
    for (;;) {
        if (first) {
            if (levels.depth == JSON_MAX_DEPTH)
                return fail(it, p, "nested deeper than 256 levels", error);
            push(&levels, *p++ == '{');
        }
        p = skip_blanks(p, it->end);
        if (p == it->end)
            return fail(it, p, truncated, error);
        bool object = in_object(&levels);
        if (*p == (object ? '}' : ']')) {
            p++;
            first = false;
            if (--levels.depth == outer)
                return p;
            continue;
        }
        if (!first && !(p = scan_comma(it, p, error)))
            return NULL;
        if (object && !(p = scan_name(it, p, &ignored, error)))
            return NULL;
        first = p < it->end && (*p == '{' || *p == '[');
        if (!first && !(p = scan_scalar(it, p, &ignored, error)))
            return NULL;
    }
}

/* A value of any type inside of `outer` containers. Returns what follows, or NULL. */
static inline const char *scan_value(struct json_iter *it, const char *p, unsigned outer,
                                     struct json_value *out, struct json_error *error)
{
    if (p == it->end || (*p != '{' && *p != '['))
        return scan_scalar(it, p, out, error);
    const char *after = scan_container(it, p, outer, error);
    if (!after)
        return NULL;
    *out = (struct json_value){.type = *p == '{' ? JSON_OBJECT : JSON_ARRAY,
                               .raw = {p, (size_t)(after - p)}};
    return after;
}

static bool has_byte_order_mark(struct slice input)
{
    return (input.len >= 3 && memcmp(input.ptr, "\xEF\xBB\xBF", 3) == 0) ||
           (input.len >= 2 && memcmp(input.ptr, "\xFE\xFF", 2) == 0) ||
           (input.len >= 2 && memcmp(input.ptr, "\xFF\xFE", 2) == 0);
}

/* Set up `it` and return the first byte that is no blank; NULL if there is none, or a BOM. */
static const char *begin(struct json_iter *it, struct slice input, struct json_error *error)
{
    const char *start = input.ptr ? input.ptr : "";
    *it = (struct json_iter){.start = start, .pos = start, .end = start + input.len};
    begin_blocks(it);
    const char *p = skip_blanks(it->pos, it->end);
    if (p == it->end) {
        *error = (struct json_error){"an empty value", 0};
        return NULL;
    }
    if (has_byte_order_mark((struct slice){start, input.len}))
        return fail(it, start, "a byte order mark before the JSON text", error);
    return p;
}

/* A text whose very first byte could begin no value was never meant as JSON. */
static bool begins_no_value(char c)
{
    return !c || !strchr("{[\"-0123456789tfnNIi+.'", c);
}

int json_parse(struct slice input, struct json_value *out, struct json_error *error)
{
    struct json_iter it;
    const char *p = begin(&it, input, error);
    if (!p)
        return -1;
    if (begins_no_value(*p)) {
        fail(&it, p, "not JSON", error);
        return -1;
    }
    p = scan_value(&it, p, 0, out, error);
    if (!p)
        return -1;
    p = skip_blanks(p, it.end);
    if (p < it.end) {
        fail(&it, p, "trailing bytes after the JSON value", error);
        return -1;
    }
    return 0;
}

int json_object_open(struct json_iter *it, struct slice input, struct json_error *error)
{
    static const char *const others[] = {
        [JSON_NULL] = "null, not an object",
        [JSON_FALSE] = "false, not an object",
        [JSON_TRUE] = "true, not an object",
        [JSON_NUMBER] = "a number, not an object",
        [JSON_STRING] = "a string, not an object",
        [JSON_ARRAY] = "an array, not an object",
        [JSON_OBJECT] = "an object",
    };
    const char *p = begin(it, input, error);
    if (!p)
        return -1;
    if (*p != '{') {
        struct json_value value;
        if (json_parse(input, &value, error) == 0)
            fail(it, p, others[value.type], error);
        return -1;
    }
    it->pos = p + 1;
    it->state = AT_FIRST;
    return 0;
}

static int end_object(struct json_iter *it, const char *p, struct json_error *error)
{
    p = skip_blanks(p, it->end);
    if (p < it->end) {
        fail(it, p, "trailing bytes after the JSON value", error);
        return -1;
    }
    it->pos = p;
    it->state = AT_DONE;
    return 0;
}

/* The next member, whatever it looks like. */
__attribute__((noinline)) static int next_careful(struct json_iter *it, struct json_value *key,
                                                  struct json_value *value,
                                                  struct json_error *error)
{
    if (it->state == AT_DONE)
        return 0;
    const char *p = skip_blanks(it->pos, it->end);
    if (p == it->end) {
        fail(it, p, truncated, error);
        return -1;
    }
    if (*p == '}')
        return end_object(it, p + 1, error);
    if (it->state == AT_NEXT && !(p = scan_comma(it, p, error)))
        return -1;
    if (!(p = scan_name(it, p, key, error)) || !(p = scan_value(it, p, 1, value, error)))
        return -1;
    it->pos = p;
    it->state = AT_NEXT;
    return 1;
}

/* The value at `p`, whatever it looks like, of a member whose name was usual. */
__attribute__((noinline)) static int next_value(struct json_iter *it, const char *p,
                                                struct json_value *value, struct json_error *error)
{
    p = scan_value(it, skip_blanks(p, it->end), 1, value, error);
    if (!p)
        return -1;
    it->pos = p;
    return 1;
}

/*
 * The shape of nearly every member: `, "name": ` or `,"name":` and a name of plain ASCII.
 * Returns where the value begins, or blanks before it; NULL if it is not so.
 */
static inline const char *usual_name(struct json_iter *it, const char *p, struct json_value *key)
{
    if (it->end - p < 4 || *p != ',')
        return NULL;
    p++;
    if (LIKELY(*p == ' '))
        p++;
    if (*p != '"')
        return NULL;
    const char *quote = find_special(it, p + 1);
    if (it->end - quote < 4 || quote[0] != '"' || quote[1] != ':')
        return NULL;
    set_plain_string(key, p + 1, quote);
    p = quote + 2;
    if (LIKELY(*p == ' '))
        p++;
    return p;
}

/* Only the usual stands here, and what is not ends in a call: so no register is saved for it. */
int json_object_next(struct json_iter *it, struct json_value *key, struct json_value *value,
                     struct json_error *error)
{
    const char *p = it->state == AT_NEXT ? usual_name(it, it->pos, key) : NULL;
    if (!p)
        return next_careful(it, key, value, error);
    if (*p != '"')
        return next_value(it, p, value, error);
    const char *quote = find_special(it, p + 1);
    if (quote == it->end || *quote != '"')
        return next_value(it, p, value, error);
    set_plain_string(value, p + 1, quote);
    it->pos = quote + 1;
    return 1;
}

void json_hint_set(struct json_hint *hint, const char *before, const struct json_value *value)
{
    const char *first = value->raw.ptr - (value->type == JSON_STRING);
    size_t len = (size_t)(first - before);
    memset(hint, 0, sizeof *hint);
    if (len > JSON_HINT_BYTES)
        return;
    memcpy(hint->text, before, len);
    memset(hint->mask, 0xFF, len);
    hint->len = len;
}

bool json_object_skip_last_name(struct json_iter *it, const struct json_hint *hint)
{
    if (hint->len == 0 || it->end - it->pos < (ptrdiff_t)hint->len ||
        memcmp(it->pos, hint->text, hint->len) != 0)
        return false;
    it->pos += hint->len;
    return true;
}

int json_object_value(struct json_iter *it, struct json_value *value, struct json_error *error)
{
    const char *p = it->pos;
    it->state = AT_NEXT;
    if (p == it->end)
        return next_value(it, p, value, error);
    if (*p != '"') {
        const char *after = scan_short_number(it, p, value);
        if (!after)
            return next_value(it, p, value, error);
        it->pos = after;
        return 1;
    }
    const char *quote = find_special(it, p + 1);
    if (quote == it->end || *quote != '"')
        return next_value(it, p, value, error);
    set_plain_string(value, p + 1, quote);
    it->pos = quote + 1;
    return 1;
}

void json_children(struct json_iter *it, const struct json_value *value)
{
    const char *start = value->raw.ptr;
    *it = (struct json_iter){.start = start, .pos = start, .end = start};
    if (value->type != JSON_ARRAY && value->type != JSON_OBJECT)
        return;
    it->pos = start + 1;
    it->end = start + value->raw.len - 1; /* the closing bracket is left out */
    it->state = value->type == JSON_OBJECT ? AT_FIRST : AT_FIRST_ELEMENT;
    begin_blocks(it);
}

int json_child_next(struct json_iter *it, struct json_value *key, struct json_value *value)
{
    struct json_error none;
    const char *p = skip_blanks(it->pos, it->end);
    if (it->state == AT_DONE || p == it->end)
        return 0;
    bool object = it->state == AT_FIRST || it->state == AT_NEXT;
    bool first = it->state == AT_FIRST || it->state == AT_FIRST_ELEMENT;
    if ((!first && !(p = scan_comma(it, p, &none))) ||
        (object && !(p = scan_name(it, p, key, &none))) ||
        !(p = scan_value(it, p, 0, value, &none)))
        return 0; /* only if the text was not checked before */
    it->pos = p;
    it->state = object ? AT_NEXT : AT_NEXT_ELEMENT;
    return 1;
}
