#include "generate/source.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_FAULTS 102
#define GARBAGE_MIN_BYTES 8
#define GARBAGE_MAX_BYTES 200
#define US_PER_MS 1000
#define CLOCK_EACH 8 /* records, where they come as fast as they can: some two microseconds */

struct source {
    struct source_options options;
    struct maker *maker;
    struct pace pace;
    struct rng faults;
    char *bytes; /* of the record made last */
    char garbage[GARBAGE_MAX_BYTES];
    int64_t due_us;
    size_t key; /* fields, or MAKER_NO_FIELD */
    size_t id;
    struct made last;
    bool again;                    /* the next is the last once more */
    uint64_t made;                 /* records, not counting those that came again */
    uint64_t most;                 /* of them that there can be, */
    const struct field_spec *ends; /* because of this sequence */
    int64_t now_us;                /* of the clock, as it was read last */
    unsigned since_read;
    bool looked; /* at the clock, for the record that comes next */
};

static int find_field(const struct source *source, const char *name, size_t *field, struct err *err)
{
    *field = MAKER_NO_FIELD;
    return name ? maker_field(source->maker, name, field, err) : 0;
}

static bool has_arrays(const struct record_spec *spec)
{
    for (size_t i = 0; i < spec->n_fields; i++)
        if (spec->fields[i].array != SPEC_NO_FIELD)
            return true;
    return false;
}

/* Where no text could be too long the fault would be counted and not be there. */
static int check_faults(const struct source *source, struct err *err)
{
    if (!faults_has(&source->options.faults, FAULT_TOO_LONG) ||
        maker_can_be_long(source->maker, source->id))
        return 0;
    return err_set(err, ERR_USAGE,
                   "faults: too-long: the records of \"%s\" have no field that is a text%s%s",
                   source->options.spec->name, source->id == MAKER_NO_FIELD ? "" : " beside the id",
                   has_arrays(source->options.spec) ? " (what is in an array is left alone)" : "");
}

size_t source_value_bytes(const struct source *source)
{
    return maker_record_bytes(source->maker);
}

int source_new(struct source **out, const struct source_options *options, struct err *err)
{
    struct source *source = calloc(1, sizeof *source);
    *out = NULL;
    if (!source)
        return err_set(err, ERR_BUG, "out of memory");
    source->options = *options;
    source->pace = options->pace;
    pace_start(&source->pace, options->maker.seed);
    rng_seed(&source->faults, options->maker.seed, STREAM_FAULTS);
    if (maker_new(&source->maker, options->spec, &options->maker, err) < 0 ||
        find_field(source, options->key, &source->key, err) < 0 ||
        find_field(source, options->id, &source->id, err) < 0 || check_faults(source, err) < 0) {
        source_free(source);
        return -1;
    }
    source->most = spec_max_records(options->spec, &source->ends);
    source->bytes = malloc(source_value_bytes(source));
    if (!source->bytes) {
        source_free(source);
        return err_set(err, ERR_BUG, "out of memory");
    }
    *out = source;
    return 0;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    maker_free(source->maker);
    free(source->bytes);
    free(source);
}

uint64_t source_most(const struct source *source)
{
    return source->most;
}

bool source_is_at_end(const struct source *source, struct err *err)
{
    if (source->again || source->made < source->most)
        return false;
    err_set(err, ERR_HALT,
            "the sequence \"%s\" has come to the end of 64 bits with record %" PRIu64
            ": let it start or step so that there is room",
            source->ends ? source->ends->name : "", source->made);
    return true;
}

int64_t source_due(struct source *source)
{
    if (!source->again)
        source->due_us = pace_next(&source->pace);
    return source->due_us;
}

static int64_t clock_of(struct source *source)
{
    if (source->options.simulated)
        return source->options.as_of_us + source->due_us;
    if (!source->looked &&
        (source->pace.kind != PACE_MAX || source->since_read++ % CLOCK_EACH == 0))
        source->now_us = clock_wall_us();
    source->looked = false;
    return source->now_us;
}

void source_rested(struct source *source)
{
    source->since_read = 0;
}

bool source_has_ended(struct source *source)
{
    if (source->again || source->options.until_us == SOURCE_NO_END)
        return false;
    source->looked = false;
    bool ended = clock_of(source) >= source->options.until_us;
    source->looked = true;
    return ended;
}

static int64_t time_of(struct source *source, enum fault fault)
{
    int64_t now_us = clock_of(source);
    if (fault != FAULT_LATE)
        return now_us;
    return now_us - US_PER_MS * rng_between(&source->faults, 1, FAULT_LATE_MS);
}

static struct slice value_of(const struct source *source, size_t field)
{
    return field == MAKER_NO_FIELD ? SLICE_NONE : maker_value(source->maker, field);
}

/* No byte of it can begin a JSON value, or end a line. Not where the record is: its key stays. */
static struct slice make_garbage(struct source *source)
{
    size_t n = (size_t)rng_between(&source->faults, GARBAGE_MIN_BYTES, GARBAGE_MAX_BYTES);
    for (size_t i = 0; i < n; i++)
        source->garbage[i] = (char)rng_between(&source->faults, 0x80, 0xff);
    return (struct slice){source->garbage, n};
}

static void spoil(struct source *source, struct made *made)
{
    switch (made->fault) {
    case FAULT_GARBAGE:
        made->value = make_garbage(source);
        break;
    case FAULT_TRUNCATE:
        made->value.len = (size_t)rng_between(&source->faults, 1, (int64_t)made->value.len - 1);
        break;
    case FAULT_NULL:
        made->value = SLICE_NONE;
        break;
    case FAULT_TOO_LONG:
    case FAULT_DUPLICATE:
    case FAULT_LATE:
    case FAULT_NONE:
        return;
    }
    made->id = SLICE_NONE;
}

/*
 * Once more, from memory of our own, as the room of the first is its owner's by now. (Key and id
 * may point into that room; who gives one looks at neither.)
 */
static void keep(struct source *source, const char *bytes, const struct made *made)
{
    source->again = true;
    source->last = *made;
    if (bytes == source->bytes)
        return;
    if (made->value.len > 0)
        memcpy(source->bytes, made->value.ptr, made->value.len);
    source->last.value.ptr = source->bytes;
}

void source_make(struct source *source, char *room, bool is_last, struct made *made)
{
    char *bytes = room ? room : source->bytes;
    if (source->again) {
        source->again = false;
        *made = source->last;
        made->again = true;
        return;
    }
    source->made++;
    enum fault fault = faults_draw(&source->options.faults, &source->faults);
    if (fault == FAULT_DUPLICATE && is_last) /* there is no place for the second */
        fault = FAULT_NONE;
    int64_t time_us = time_of(source, fault);
    maker_set_long(source->maker, fault == FAULT_TOO_LONG, source->id);
    char *end = maker_write(source->maker, time_us, bytes);
    *made = (struct made){
        .value = {bytes, (size_t)(end - bytes)},
        .key = value_of(source, source->key),
        .id = value_of(source, source->id),
        .id_bare = source->id != MAKER_NO_FIELD && maker_is_bare(source->maker, source->id),
        .time_us = time_us,
        .fault = fault,
    };
    if (fault != FAULT_NONE)
        spoil(source, made);
    if (fault == FAULT_DUPLICATE)
        keep(source, bytes, made);
}
