#include "cmd/json_out.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define MAX_JSON_BYTES ((size_t)1 << 31)

void json_out_start(struct json_out *out)
{
    buf_init(&out->buf, MAX_JSON_BYTES);
    out->first = true;
}

void json_out_end(struct json_out *out)
{
    buf_add_byte(&out->buf, '\n');
    fwrite(out->buf.data, 1, out->buf.failed ? 0 : out->buf.len, stdout);
    buf_release(&out->buf);
}

/* The comma, and the name unless it is an element. */
static void begin(struct json_out *out, const char *name)
{
    if (!out->first)
        buf_add_byte(&out->buf, ',');
    out->first = false;
    if (name)
        buf_printf(&out->buf, "\"%s\":", name);
}

void json_out_open(struct json_out *out, const char *name, char bracket)
{
    begin(out, name);
    buf_add_byte(&out->buf, bracket);
    out->first = true;
}

void json_out_close(struct json_out *out, char bracket)
{
    buf_add_byte(&out->buf, bracket);
    out->first = false;
}

void json_out_text(struct json_out *out, const char *name, const char *text)
{
    begin(out, name);
    if (text)
        buf_add_json(&out->buf, slice_of(text));
    else
        buf_add_str(&out->buf, "null");
}

void json_out_number(struct json_out *out, const char *name, bool known, int64_t number)
{
    begin(out, name);
    if (known)
        buf_printf(&out->buf, "%" PRId64, number);
    else
        buf_add_str(&out->buf, "null");
}

void json_out_real(struct json_out *out, const char *name, bool known, double number)
{
    begin(out, name);
    if (known && isfinite(number))
        buf_printf(&out->buf, "%.12g", number);
    else
        buf_add_str(&out->buf, "null");
}

void json_out_bool(struct json_out *out, const char *name, bool value)
{
    begin(out, name);
    buf_add_str(&out->buf, value ? "true" : "false");
}
