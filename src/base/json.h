/*
 * A JSON scanner (RFC 8259) that finds values without building a tree.
 *
 * A record is scanned once, from left to right, in strict conformance: UTF-8 is checked, lone
 * surrogates, a BOM, control characters in strings, trailing bytes and nesting deeper than 256 are
 * errors. What comes out are slices of the input: member names and values with the flags that a
 * later step needs (does the string hold an escape, is it plain ASCII). Nothing is copied or
 * allocated; a string is unescaped only by whoever needs its bytes.
 *
 *     struct json_iter it;
 *     struct json_value record, key, value;
 *     if (json_parse(input, &record, &error) < 0) ...       whole input checked
 * or, in one pass over an object (what ingest does):
 *     if (json_object_open(&it, input, &error) < 0) ...
 *     while ((rc = json_object_next(&it, &key, &value, &error)) > 0) ...
 *     rc == 0: the object was closed and only blanks follow; rc < 0: error
 *
 * All functions are pure; any thread may call them. Reads never pass input.ptr + input.len.
 */
#ifndef WEIR_BASE_JSON_H
#define WEIR_BASE_JSON_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 256

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
};

struct json_value {
    enum json_type type;
    struct slice raw; /* of the input; a string's without its quotes, all else as it stands */
    /* Strings only: */
    bool escaped; /* holds a backslash: json_unescape() before use */
    bool ascii;   /* every byte of raw is below 0x80 */
    bool nul;     /* holds \u0000 */
};

struct json_error {
    const char *reason; /* a static sentence, e.g. "a lone surrogate in a string" */
    size_t at;          /* byte offset in the input */
};

struct json_iter {
    const char *start;
    const char *pos;
    const char *end;
    /* Private: */
    int state;
    const char *block; /* 64 bytes of the input, less if it is shorter */
    uint64_t special;  /* which of them end a run of plain ASCII in a string, a bit each */
};

/* Scan a whole text that holds one value of any type. 0 or -1. */
int json_parse(struct slice input, struct json_value *out, struct json_error *error);

/*
 * Start on an object that is the whole input. -1 and an error if the text does not begin with '{'
 * (the error then tells what it is: "an array, not an object", "a number, not an object", or why it
 * is no JSON at all: "not JSON", "an empty value", "a byte order mark before the JSON text").
 */
int json_object_open(struct json_iter *it, struct slice input, struct json_error *error);
/* 1: a member; 0: the object ended and nothing but blanks follows; -1: error. */
int json_object_next(struct json_iter *it, struct json_value *key, struct json_value *value,
                     struct json_error *error);

/*
 * A guess for members that come in the same order in every text, as one program writes them: what
 * stands between the end of one value and the beginning of the next is then the same as last time,
 * and one comparison does for blanks, comma, name and colon together.
 *
 *     before = it.pos; json_object_next(&it, &key, &value, ...); json_hint_set(&hint, before,
 * &value) and for a later text, where a member began likewise (as the first one, or behind
 * another): if (json_object_skip_name(&it, &hint)) json_object_value(&it, &value, ...) else
 * json_object_next(...)
 */
#define JSON_HINT_BYTES 32
struct json_hint {
    uint64_t text[JSON_HINT_BYTES / 8];
    uint64_t mask[JSON_HINT_BYTES / 8]; /* ones over the bytes that count */
    size_t len;                         /* 0: no guess */
};
void json_hint_set(struct json_hint *hint, const char *before, const struct json_value *value);

/* The same for the last bytes of a text. */
bool json_object_skip_last_name(struct json_iter *it, const struct json_hint *hint);
static inline bool json_object_skip_name(struct json_iter *it, const struct json_hint *hint)
{
    if (it->end - it->pos < JSON_HINT_BYTES)
        return json_object_skip_last_name(it, hint);
    uint64_t other = 0;
    for (int i = 0; i < JSON_HINT_BYTES / 8; i++) {
        uint64_t here;
        memcpy(&here, it->pos + (ptrdiff_t)8 * i, sizeof here);
        other |= (here ^ hint->text[i]) & hint->mask[i];
    }
    if (other != 0 || hint->len == 0)
        return false;
    it->pos += hint->len;
    return true;
}
/* The value of the member whose name was skipped: 1, or -1: error. */
int json_object_value(struct json_iter *it, struct json_value *value, struct json_error *error);

/* The elements of an array or the members of an object value that was scanned before. */
void json_children(struct json_iter *it, const struct json_value *value);
/* 1: a child (key untouched for arrays); 0: no more. Cannot fail: the text was checked. */
int json_child_next(struct json_iter *it, struct json_value *key, struct json_value *value);

/*
 * Write the bytes of a string value, escapes resolved, to `out`, which has room for
 * value->raw.len bytes (the result is never longer). Returns the length.
 */
size_t json_unescape(const struct json_value *value, char *out);

/* Whether a string value's unescaped bytes equal `text`. */
bool json_string_eq(const struct json_value *value, struct slice text);

/* Number of Unicode characters of valid UTF-8. */
size_t utf8_length(struct slice text);
/* Length of the longest valid UTF-8 prefix (== text.len if all of it is valid). */
size_t utf8_valid_prefix(struct slice text);

#endif
