/*
 * How fast the scanner goes over records like the chapter's: 16 flat fields, json.dumps' style.
 * Prints GB/s of the best of several runs, for one pass of json_object_open/next over each record.
 *
 *     cd src && cc -O3 -D_GNU_SOURCE -I. ../tests/bench/json.c base/json.c base/json_scalar.c
 * base/utf8.c base/buf.c \ base/slice.c base/clock.c -o /tmp/bench-json && /tmp/bench-json
 */
#include "base/json.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define RECORDS 20000
#define ROUNDS 25

static uint64_t random_state = 7;

static unsigned random_below(unsigned limit)
{
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(random_state >> 33) % limit;
}

/* Lower-case letters, sometimes one that json.dumps escapes. */
static void add_word(struct buf *out, unsigned shortest, unsigned longest, bool escapes)
{
    unsigned n = shortest + random_below(longest - shortest + 1);
    for (unsigned i = 0; i < n; i++) {
        if (escapes && random_below(40) == 0)
            buf_add_str(out, "\\u0219");
        else
            buf_add_byte(out, (char)('a' + random_below(26)));
    }
}

static void add_record(struct buf *out, bool escapes)
{
    buf_add_str(out, "{\"person_name\": \"");
    add_word(out, 4, 10, escapes);
    buf_add_byte(out, ' ');
    add_word(out, 4, 12, escapes);
    buf_add_str(out, "\", \"user_name\": \"");
    add_word(out, 8, 20, escapes);
    buf_add_str(out, "\", \"email\": \"");
    add_word(out, 8, 20, escapes);
    buf_printf(out, "@hotmail.com\", \"personal_number\": \"%03u-%02u-%04u\"", random_below(1000),
               random_below(100), random_below(10000));
    buf_printf(out, ", \"birth_date\": \"19%02u-0%u-1%u\", \"address\": \"%u ", random_below(100),
               1 + random_below(9), random_below(10), random_below(100000));
    add_word(out, 10, 30, escapes);
    buf_printf(out, ", NY %05u\", \"phone_number\": \"", random_below(100000));
    buf_printf(out, random_below(2) ? "001-%03u-555-%04u" : "(%03u)555-%04ux21", random_below(1000),
               random_below(10000));
    buf_printf(out, "\", \"mac_address\": \"%02x:%02x:5e:20:5a:9e\"", random_below(256),
               random_below(256));
    buf_printf(out, ", \"ip_address\": \"%u.%u.%u.%u\"", random_below(256), random_below(256),
               random_below(256), random_below(256));
    buf_printf(out, ", \"iban\": \"GB%02uABCD%08u%06u\"", random_below(100),
               random_below(100000000), random_below(1000000));
    buf_printf(out, ", \"accessed_at\": \"2026-05-%02u %02u:%02u:%02u.%06u\"", 1 + random_below(28),
               random_below(24), random_below(60), random_below(60), random_below(1000000));
    buf_printf(out, ", \"session_duration\": %u, \"download_speed\": %u", random_below(36000),
               random_below(1000));
    buf_printf(out, ", \"upload_speed\": %u, \"consumed_traffic\": %u", random_below(800),
               random_below(2000000));
    buf_printf(out, ", \"unique_id\": \"%08x-36b5-4d1c-9a3e-%012u\"}", random_below(1U << 31),
               random_below(1U << 30));
}

static size_t scan_all(const struct slice *records)
{
    size_t bytes = 0;
    for (size_t i = 0; i < RECORDS; i++) {
        struct json_iter it;
        struct json_value key, value;
        struct json_error error;
        int rc = json_object_open(&it, records[i], &error);
        while (rc == 0 && (rc = json_object_next(&it, &key, &value, &error)) > 0) {
            bytes += value.raw.len;
            rc = 0;
        }
        if (rc < 0) {
            fprintf(stderr, "record %zu: %s at byte %zu\n", i, error.reason, error.at);
            exit(1);
        }
    }
    return bytes;
}

static void measure(const char *name, bool escapes)
{
    struct buf text;
    buf_init(&text, (size_t)64 << 20);
    size_t *ends = calloc(RECORDS, sizeof *ends);
    struct slice *records = calloc(RECORDS, sizeof *records);
    if (!ends || !records)
        exit(1);
    for (size_t i = 0; i < RECORDS; i++) {
        add_record(&text, escapes);
        ends[i] = text.len;
    }
    for (size_t i = 0, at = 0; i < RECORDS; at = ends[i++])
        records[i] = (struct slice){text.data + at, ends[i] - at};

    int64_t best_us = INT64_MAX;
    size_t value_bytes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        int64_t start_us = clock_mono_us();
        value_bytes = scan_all(records);
        int64_t took_us = clock_mono_us() - start_us;
        best_us = took_us < best_us ? took_us : best_us;
    }
    printf("%-14s %5.2f GB/s  %4.0f ns a record of %zu bytes, %zu of them values\n", name,
           (double)text.len / (double)best_us / 1e3, (double)best_us * 1e3 / RECORDS,
           text.len / RECORDS, value_bytes / RECORDS);
    buf_release(&text);
    free(records);
    free(ends);
}

int main(void)
{
    measure("plain ASCII", false);
    measure("with \\u....", true);
    return 0;
}
