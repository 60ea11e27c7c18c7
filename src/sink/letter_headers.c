#include "sink/letter_headers.h"

#include "base/base64.h"
#include "base/json.h"

#include <stdlib.h>

#define MAX_BYTES ((size_t)1 << 30)

/* jsonb refuses \u0000 and weir must not. */
static void add_header_name(struct buf *json, struct slice name)
{
    struct buf clean;
    buf_init(&clean, 1 << 20);
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i])
            buf_add_byte(&clean, name.ptr[i]);
        else
            buf_add_str(&clean, "\xEF\xBF\xBD");
    }
    buf_add_json(json, buf_slice(&clean));
    buf_release(&clean);
}

void letter_headers_write(struct buf *json, const struct record *record)
{
    buf_clear(json);
    buf_add_byte(json, '[');
    for (size_t i = 0; i < record->n_headers; i++) {
        buf_add_str(json, i ? ",{\"key\":" : "{\"key\":");
        add_header_name(json, record->headers[i].name);
        buf_add_str(json, ",\"value\":");
        if (record->headers[i].value.ptr) {
            buf_add_byte(json, '"');
            base64_encode(json, record->headers[i].value);
            buf_add_byte(json, '"');
        } else {
            buf_add_str(json, "null");
        }
        buf_add_byte(json, '}');
    }
    buf_add_byte(json, ']');
}

void letter_headers_init(struct letter_headers *headers)
{
    *headers = (struct letter_headers){.n = 0};
    buf_init(&headers->bytes, MAX_BYTES);
}

void letter_headers_release(struct letter_headers *headers)
{
    buf_release(&headers->bytes);
    free(headers->items);
}

static struct record_header *next_item(struct letter_headers *headers)
{
    if (headers->n == headers->cap) {
        size_t cap = headers->cap ? 2 * headers->cap : 8;
        struct record_header *more = realloc(headers->items, cap * sizeof *more);
        if (!more)
            abort();
        headers->items = more;
        headers->cap = cap;
    }
    headers->items[headers->n] = (struct record_header){SLICE_NONE, SLICE_NONE};
    return &headers->items[headers->n++];
}

/* A string's bytes behind those that are there; there is room, they only become fewer. */
static struct slice add_text(struct buf *bytes, const struct json_value *text)
{
    char *to = bytes->data + bytes->len;
    size_t len = json_unescape(text, to);
    buf_commit(bytes, len);
    return (struct slice){to, len};
}

static int add_value(struct buf *bytes, const struct json_value *value, struct slice *out)
{
    size_t before = bytes->len;
    if (value->type == JSON_NULL)
        return 0;
    if (value->type != JSON_STRING || value->escaped || base64_decode(bytes, value->raw) < 0)
        return -1;
    *out = (struct slice){bytes->data + before, bytes->len - before};
    return 0;
}

static int read_header(struct letter_headers *headers, const struct json_value *object)
{
    struct record_header *header = next_item(headers);
    struct json_iter it;
    struct json_value key;
    struct json_value value;
    if (object->type != JSON_OBJECT)
        return -1;
    json_children(&it, object);
    while (json_child_next(&it, &key, &value)) {
        if (json_string_eq(&key, SLICE_LIT("key")) && value.type == JSON_STRING)
            header->name = add_text(&headers->bytes, &value);
        else if (!json_string_eq(&key, SLICE_LIT("value")) ||
                 add_value(&headers->bytes, &value, &header->value) < 0)
            return -1;
    }
    return header->name.ptr ? 0 : -1;
}

static int read_all(struct letter_headers *headers, struct slice json)
{
    struct json_iter it;
    struct json_value array;
    struct json_value key;
    struct json_value value;
    struct json_error error;
    if (json_parse(json, &array, &error) < 0 || array.type != JSON_ARRAY)
        return -1;
    json_children(&it, &array);
    while (json_child_next(&it, &key, &value))
        if (read_header(headers, &value) < 0)
            return -1;
    return 0;
}

int letter_headers_read(struct letter_headers *headers, struct slice json, struct err *err)
{
    headers->n = 0;
    buf_clear(&headers->bytes);
    if (!json.ptr)
        return 0;
    /* Room for all of it at once: what was given stays where it is. */
    if (buf_reserve(&headers->bytes, json.len + 1) && read_all(headers, json) == 0)
        return 0;
    return err_set(err, ERR_INPUT, "its headers are not in the form that weir writes");
}
