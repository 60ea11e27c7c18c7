/* $topic, $partition, $offset, $timestamp, $key and $headers/NAME as values for a column. */
#include "sink/coder.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

static bool is_ascii(struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if ((unsigned char)bytes.ptr[i] >= 0x80)
            return false;
    return true;
}

static bool bytes_value(struct slice bytes, struct json_value *out)
{
    *out = (struct json_value){.type = JSON_STRING,
                               .raw = bytes,
                               .ascii = is_ascii(bytes),
                               .nul = bytes.len > 0 && memchr(bytes.ptr, '\0', bytes.len)};
    return bytes.ptr != NULL;
}

static bool number_value(struct row_coder *coder, int64_t number, struct json_value *out)
{
    int n = snprintf(coder->meta_text, sizeof coder->meta_text, "%" PRId64, number);
    *out = (struct json_value){.type = JSON_NUMBER, .raw = {coder->meta_text, (size_t)n}};
    return true;
}

/* 2024-05-01T10:00:00.123Z */
static bool timestamp_text(struct row_coder *coder, int64_t timestamp_ms, struct json_value *out)
{
    time_t seconds = (time_t)(timestamp_ms / 1000);
    struct tm tm;
    if (!gmtime_r(&seconds, &tm))
        return false;
    int n = snprintf(coder->meta_text, sizeof coder->meta_text,
                     "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900LL, tm.tm_mon + 1,
                     tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, (int)(timestamp_ms % 1000));
    return bytes_value((struct slice){coder->meta_text, (size_t)n}, out);
}

static bool timestamp_value(struct row_coder *coder, const struct field *field,
                            int64_t timestamp_ms, struct json_value *out)
{
    if (timestamp_ms < 0)
        return false;
    switch (field->target.column->type) {
    case TYPE_TEXT:
    case TYPE_VARCHAR:
    case TYPE_BPCHAR:
        return timestamp_text(coder, timestamp_ms, out);
    default:
        return number_value(coder, timestamp_ms, out);
    }
}

static bool header_value(const struct record *record, struct slice name, struct json_value *out)
{
    for (size_t i = record->n_headers; i > 0; i--)
        if (slice_eq(record->headers[i - 1].name, name))
            return bytes_value(record->headers[i - 1].value, out);
    return false;
}

bool meta_value(struct row_coder *coder, const struct field *field, const struct record *record,
                struct json_value *out)
{
    switch (field->source) {
    case FROM_TOPIC:
        return bytes_value(slice_of(record->topic), out);
    case FROM_PARTITION:
        return number_value(coder, record->partition, out);
    case FROM_OFFSET:
        return number_value(coder, record->offset, out);
    case FROM_TIMESTAMP:
        return timestamp_value(coder, field, record->timestamp_ms, out);
    case FROM_KEY:
        return bytes_value(record->key, out);
    case FROM_HEADER:
        return header_value(record, field->header, out);
    case FROM_DOCUMENT:
        *out = (struct json_value){.type = JSON_OBJECT, .raw = record->value};
        return true;
    case FROM_SLOT:
    case FROM_POINTER:
        break;
    }
    return false;
}
