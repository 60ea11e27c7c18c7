#include "base/json.h"

#include "base/json_scalar.h"

/* json_iter.state: what stands before `pos`. */
enum {
    AT_DONE,  /* nothing more will come */
    AT_FIRST, /* an object's or array's opening bracket */
    AT_NEXT,  /* a complete member or element */
    AT_FIRST_ELEMENT,
    AT_NEXT_ELEMENT,
};

/* Where a guess (a branch) is cheaper than to wait for the answer (a conditional move). */
#define LIKELY(condition) __builtin_expect(!!(condition), 1)

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* A member's name, its colon and the blanks around. Returns where the value begins. */
static inline const char *scan_name(struct json_iter *it, const char *p, struct json_value *key,
                                    struct json_error *error)
{
    if (p == it->end || *p != '"')
        return json_fail(it, p, "a member name in double quotes was expected", error);
    p = scan_string(it, p + 1, key, error);
    if (!p)
        return NULL;
    p = skip_blanks(p, it->end);
    if (p == it->end || *p != ':')
        return json_fail(it, p, "a colon was expected after a member name", error);
    return skip_blanks(p + 1, it->end);
}

/* The comma between two members or elements. Returns where the next begins. */
static inline const char *scan_comma(struct json_iter *it, const char *p, struct json_error *error)
{
    if (*p != ',')
        return json_fail(it, p, "a comma or a closing bracket was expected", error);
    const char *next = skip_blanks(p + 1, it->end);
    if (next < it->end && (*next == '}' || *next == ']'))
        return json_fail(it, p, "a comma before a closing bracket", error);
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
                return json_fail(it, p, "nested deeper than 256 levels", error);
            push(&levels, *p++ == '{');
        }
        p = skip_blanks(p, it->end);
        if (p == it->end)
            return json_fail(it, p, json_truncated, error);
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
        return json_fail(it, start, "a byte order mark before the JSON text", error);
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
        json_fail(&it, p, "not JSON", error);
        return -1;
    }
    p = scan_value(&it, p, 0, out, error);
    if (!p)
        return -1;
    p = skip_blanks(p, it.end);
    if (p < it.end) {
        json_fail(&it, p, "trailing bytes after the JSON value", error);
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
            json_fail(it, p, others[value.type], error);
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
        json_fail(it, p, "trailing bytes after the JSON value", error);
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
        json_fail(it, p, json_truncated, error);
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
