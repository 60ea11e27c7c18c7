/*
 * A record spec that runs: fields drawn and written as one JSON object, hundreds of nanoseconds a
 * record. One thread owns a maker; nothing is allocated once it is made.
 *
 * Everything in a record comes from the seed, the record's number and the time that it is made at:
 * the same seed, spec and times give the same bytes on every machine. The form is that of Python's
 * json.dumps: ", " and ": " between, and \uXXXX for what is not ASCII unless `utf8`.
 */
#ifndef WEIR_GENERATE_RECORD_H
#define WEIR_GENERATE_RECORD_H

#include "base/arena.h"
#include "base/err.h"
#include "base/slice.h"
#include "generate/spec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maker;

#define MAKER_MAX_USERS 10000000
#define MAKER_MAX_BYTES ((size_t)16 << 20) /* of a record */

struct maker_options {
    uint64_t seed;
    bool independent; /* each field for itself; else each record is one possible person */
    bool utf8;
    bool utc;       /* the time's texts in UTC, else in the machine's time zone */
    uint32_t users; /* returning users; 0: every record is someone new */
};

/* ERR_USAGE at the place of a field of the spec, which must live as long as the maker. */
int maker_new(struct maker **out, const struct record_spec *spec,
              const struct maker_options *options, struct err *err);
void maker_free(struct maker *maker);

/* The most bytes that a record can have, with room for writing in strides. */
size_t maker_record_bytes(const struct maker *maker);

/*
 * Write the next record to `to`, where maker_record_bytes() are free; returns behind it. No newline
 * follows. `now_us`: microseconds since 1970-01-01T00:00:00Z.
 */
char *maker_write(struct maker *maker, int64_t now_us, char *to);

/*
 * The next record has a text that is MAKER_LONG_BYTES too long, in the first field that is one and
 * is not `spared` (MAKER_NO_FIELD: none is): what a ledger names stays as it is. One of the record
 * itself comes before one in an object; those of an array, which can be empty, are left alone.
 */
#define MAKER_LONG_BYTES 300
#define MAKER_NO_FIELD SIZE_MAX
void maker_set_long(struct maker *maker, bool is_long, size_t spared);
/* Whether there is such a field. */
bool maker_can_be_long(const struct maker *maker, size_t spared);

/*
 * Of the record written last: a field's raw text (ptr NULL: null), until the next is written or its
 * bytes are moved. `field`: its place in the spec, from maker_field().
 */
struct slice maker_value(const struct maker *maker, size_t field);
/* Whether it is written without quotes: a number, true or false. */
bool maker_is_bare(const struct maker *maker, size_t field);
/* A field by name (in an object OBJECT.FIELD), hidden ones too, whose values are kept from now on;
 * ERR_USAGE if it has no one value, and with the nearest name if there is none. */
int maker_field(struct maker *maker, const char *name, size_t *field, struct err *err);

#endif
