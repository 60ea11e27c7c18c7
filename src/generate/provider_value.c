/* Providers of plain values: numbers, booleans, dates, times, choices, constants, sequences. */
#include "base/civil.h"
#include "generate/alias.h"
#include "generate/provider_list.h"
#include "generate/quote.h"

#define NUMBER_BYTES 24

static void *new_data(const struct preparing *preparing, struct prepared *out, size_t bytes)
{
    void *data = arena_alloc(preparing->arena, bytes);
    *out = (struct prepared){.data = data, .max_bytes = NUMBER_BYTES, .bare = true, .plain = true};
    return data;
}

static int check_range(const struct preparing *preparing, int64_t min, int64_t max, struct err *err)
{
    const struct field_spec *field = preparing->field;
    const char *cure = !field->has_max   ? ", which is not said: give max too"
                       : !field->has_min ? "; min is not said: give it too"
                                         : "";
    if (min <= max)
        return 0;
    return yaml_fail(err, preparing->spec->file, field->node, "%s: min is more than max%s",
                     field->name, cure);
}

/* ---- int, float ---- */

struct range {
    int64_t min;
    int64_t max;
    uint64_t numbers; /* how many there are; 0: 2^64 */
    int decimals;
    int64_t scale; /* 10^decimals */
};

static int prepare_range(const struct preparing *preparing, struct prepared *out, int64_t unit,
                         struct err *err)
{
    const struct field_spec *field = preparing->field;
    struct range *range = new_data(preparing, out, sizeof *range);
    range->min = field->has_min ? field->min : 0;
    range->max = field->has_max ? field->max : unit;
    range->numbers = (uint64_t)range->max - (uint64_t)range->min + 1;
    range->decimals = field->decimals;
    range->scale = 1;
    for (int i = 0; i < field->decimals; i++)
        range->scale *= 10;
    return check_range(preparing, range->min, range->max, err);
}

static char *write_small_int(const void *data, struct draw *draw, char *to)
{
    const struct range *range = data;
    uint64_t v = (uint64_t)range->min + rng_below(draw->rng, range->numbers);
    return put_small_number(to, (uint32_t)v);
}

static char *write_short_int(const void *data, struct draw *draw, char *to)
{
    const struct range *range = data;
    uint64_t v = (uint64_t)range->min + rng_below(draw->rng, range->numbers);
    return put_short_number(to, (uint32_t)v);
}

int prepare_int(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    if (prepare_range(preparing, out, INT32_MAX, err) < 0)
        return -1;
    const struct range *range = out->data;
    if (range->min >= 0 && range->max < 10000)
        out->write = write_small_int;
    else if (range->min >= 0 && range->max < 100000000)
        out->write = write_short_int;
    return 0;
}

char *write_int(const void *data, struct draw *draw, char *to)
{
    const struct range *range = data;
    return put_i64(to, rng_between(draw->rng, range->min, range->max));
}

/* 0 to 1 where nothing is said. */
int prepare_float(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    int64_t one = 1;
    for (int i = 0; i < preparing->field->decimals; i++)
        one *= 10;
    return prepare_range(preparing, out, one, err);
}

/* As Python shows a float: no zeros at the end, but one digit behind the point. */
char *write_float(const void *data, struct draw *draw, char *to)
{
    const struct range *range = data;
    int64_t scaled = rng_between(draw->rng, range->min, range->max);
    uint64_t size = scaled < 0 ? 0 - (uint64_t)scaled : (uint64_t)scaled;
    uint64_t scale = (uint64_t)range->scale;
    if (scaled < 0)
        *to++ = '-';
    to = put_u64(to, size / scale);
    *to++ = '.';
    if (range->decimals == 0) {
        *to++ = '0';
        return to;
    }
    char *first = to + 1;
    to = put_digits(to, size % scale, range->decimals);
    while (to > first && to[-1] == '0')
        to--;
    return to;
}

/* ---- bool ---- */

int prepare_bool(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)err;
    uint64_t *share = new_data(preparing, out, sizeof *share);
    *share = preparing->field->true_share;
    return 0;
}

char *write_bool(const void *data, struct draw *draw, char *to)
{
    return rng_hits(draw->rng, *(const uint64_t *)data) ? put_bytes(to, "true", 4)
                                                        : put_bytes(to, "false", 5);
}

/* ---- sequence, user ---- */

struct sequence {
    int64_t start;
    int64_t step;
};

int prepare_sequence(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)err;
    const struct field_spec *field = preparing->field;
    struct sequence *sequence = new_data(preparing, out, sizeof *sequence);
    *sequence = (struct sequence){.start = field->has_min ? field->min : SPEC_SEQUENCE_START,
                                  .step = field->step};
    return 0;
}

/* No record is made behind the last that has room in 64 bits: spec_max_records(). */
char *write_sequence(const void *data, struct draw *draw, char *to)
{
    const struct sequence *sequence = data;
    uint64_t steps = draw->number * (uint64_t)sequence->step;
    return put_i64(to, (int64_t)((uint64_t)sequence->start + steps));
}

int prepare_user(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)preparing, (void)err;
    *out = (struct prepared){.max_bytes = NUMBER_BYTES, .bare = true, .plain = true};
    return 0;
}

char *write_user(const void *data, struct draw *draw, char *to)
{
    (void)data;
    return put_u64(to, draw->user + 1);
}

/* ---- date, timestamp ---- */

int prepare_date(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    const struct field_spec *field = preparing->field;
    struct range *range = new_data(preparing, out, sizeof *range);
    out->bare = false;
    out->max_bytes = DATE_BYTES;
    range->min = field->has_min ? field->min : 0;
    range->max = field->has_max ? field->max : INT64_MAX; /* today */
    return check_range(preparing, range->min, range->max, err);
}

char *write_date(const void *data, struct draw *draw, char *to)
{
    const struct range *range = data;
    int64_t max = range->max == INT64_MAX ? draw->now->today : range->max;
    if (max < range->min)
        max = range->min;
    return put_date(to, civil_from_days(rng_between(draw->rng, range->min, max)));
}

struct timestamp {
    enum time_form form;
    int64_t back_us;
};

#define ISO_BYTES 32

int prepare_timestamp(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)err;
    const struct field_spec *field = preparing->field;
    struct timestamp *timestamp = new_data(preparing, out, sizeof *timestamp);
    *timestamp = (struct timestamp){.form = field->form, .back_us = field->back_ms * 1000};
    out->bare = field->form != TIME_PYTHON && field->form != TIME_ISO;
    if (!out->bare)
        out->max_bytes = ISO_BYTES;
    return 0;
}

static char *put_offset(char *to, int32_t offset_s)
{
    unsigned minutes = (unsigned)(offset_s < 0 ? -offset_s : offset_s) / 60;
    *to++ = offset_s < 0 ? '-' : '+';
    to = put_two(to, minutes / 60);
    *to++ = ':';
    return put_two(to, minutes % 60);
}

static char *put_iso(const struct moment *moment, char *to)
{
    char *end = moment_put(moment, to);
    to[10] = 'T';
    if (!moment->utc)
        return put_offset(end, moment->offset_s);
    *end++ = 'Z';
    return end;
}

static char *put_time(const struct moment *moment, enum time_form form, char *to)
{
    switch (form) {
    case TIME_PYTHON:
        return moment_put(moment, to);
    case TIME_ISO:
        return put_iso(moment, to);
    case TIME_EPOCH_S:
        return put_i64(to, floor_div(moment->now_us, 1000000));
    case TIME_EPOCH_MS:
        return put_i64(to, floor_div(moment->now_us, 1000));
    case TIME_EPOCH_US:
        break;
    }
    return put_i64(to, moment->now_us);
}

char *write_timestamp(const void *data, struct draw *draw, char *to)
{
    const struct timestamp *timestamp = data;
    if (timestamp->back_us == 0)
        return put_time(draw->now, timestamp->form, to);
    struct moment then = *draw->now;
    moment_set(&then, then.now_us - (int64_t)rng_below(draw->rng, (uint64_t)timestamp->back_us));
    return put_time(&then, timestamp->form, to);
}

/* ---- choice, constant ---- */

struct choice {
    const struct slice *texts; /* as they stand in the record; ptr NULL: null */
    struct alias alias;
};

/* As it stands in the record, by way of `room`, six times as long; mostly it is the same. */
static struct slice quoted(const struct preparing *preparing, struct slice raw, char *room)
{
    if (!raw.ptr || quote_is_plain(raw))
        return raw;
    size_t bytes = (size_t)(quote_put(room, raw, preparing->utf8) - room);
    return (struct slice){arena_strndup(preparing->arena, room, bytes), bytes};
}

static size_t longest_of(const struct field_spec *field)
{
    size_t bytes = 0;
    for (size_t i = 0; i < field->n_values; i++)
        if (field->values[i].text.len > bytes)
            bytes = field->values[i].text.len;
    return bytes;
}

/* Quoted texts and bare values do not mix, because a field's form is fixed before it is drawn. */
int prepare_choice(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    const struct field_spec *field = preparing->field;
    struct choice *choice = new_data(preparing, out, sizeof *choice);
    uint64_t *weights = arena_alloc(preparing->arena, field->n_values * sizeof *weights);
    struct slice *said = arena_alloc(preparing->arena, field->n_values * sizeof *said);
    bool texts = false;
    bool bare = false;
    out->max_bytes = longest_of(field);
    char *room = arena_alloc(preparing->arena, 6 * out->max_bytes);
    for (size_t i = 0; i < field->n_values; i++) {
        const struct spec_value *value = &field->values[i];
        weights[i] = value->weight;
        said[i] = quoted(preparing, value->text, room);
        out->plain = out->plain && quote_is_plain(value->text);
        texts = texts || (value->text.ptr && !value->bare);
        bare = bare || (value->text.ptr && value->bare);
    }
    if (texts && bare)
        return yaml_fail(err, preparing->spec->file, field->node,
                         "%s: numbers and texts in one list: write as: text for texts alone",
                         field->name);
    out->bare = !texts;
    out->max_bytes += sizeof "null";
    choice->texts = said;
    alias_build(&choice->alias, preparing->arena, weights, (uint32_t)field->n_values);
    return 0;
}

char *write_choice(const void *data, struct draw *draw, char *to)
{
    const struct choice *choice = data;
    struct slice text = choice->texts[alias_draw(&choice->alias, draw->rng)];
    return text.ptr ? put_bytes(to, text.ptr, text.len) : NULL;
}

int prepare_constant(const struct preparing *preparing, struct prepared *out, struct err *err)
{
    (void)err;
    const struct spec_value *value = preparing->field->values;
    struct slice *text = arena_alloc(preparing->arena, sizeof *text);
    *text = quoted(preparing, value->text, arena_alloc(preparing->arena, 6 * value->text.len));
    *out = (struct prepared){
        .data = text,
        .max_bytes = value->text.len + sizeof "null",
        .bare = value->bare,
        .plain = quote_is_plain(value->text),
    };
    return 0;
}

char *write_constant(const void *data, struct draw *draw, char *to)
{
    (void)draw;
    const struct slice *text = data;
    return text->ptr ? put_bytes(to, text->ptr, text->len) : NULL;
}
