#include "generate/record.h"

#include "base/suggest.h"
#include "generate/alias.h"
#include "generate/names.h"
#include "generate/provider.h"
#include "generate/quote.h"

#include <stdlib.h>
#include <string.h>

/* What is drawn for different ends comes from streams of its own. */
enum stream { STREAM_RECORDS, STREAM_USERS, STREAM_NULLS };

/* A field, ready to run. */
struct step {
    char *(*write)(const void *data, struct draw *draw, char *to);
    const void *data;
    const char *lead; /* `, "name": "` or `{"name": "`, in room to be copied in strides */
    uint32_t lead_bytes;
    uint8_t quote_bytes; /* 1: a text; 0: bare */
    bool of_user;
    bool is_read; /* its value is looked at later: by a template, or from outside */
    bool special; /* it is hidden, or a share of it null */
    bool plain;
    bool hidden;
    uint64_t null_share;
    char *raw; /* room for the raw text, where what stands in the record is not always it */
};

#define LEAD_STRIDE ((size_t)32)
/* A field's quotes, or the null that stands in place of a shorter text. */
#define AROUND_BYTES 5

/*
 * Returning users have the ages that they are drawn to have on 2026-01-01, whenever their records
 * are made, or they would be born on another day each day. The youngest are not children, so that
 * history of ten years has no one in it who was not born yet.
 */
#define POPULATION_MIN_AGE 16
#define POPULATION_DAY 20454

struct maker {
    struct arena arena;
    const struct record_spec *spec;
    struct maker_options options;
    struct names names;
    struct respelled_names *respelled;
    struct step *steps;
    struct drawn *values; /* of the fields that are read */
    bool *is_read;
    char *hidden; /* room for the fields that are not in the record */
    size_t record_bytes;
    struct moment moment;
    struct rng records;
    struct rng nulls;
    uint64_t user_seed;
    struct alias activity;
    uint64_t number;
    bool is_long;     /* the next record is to have a text that is too long */
    size_t spared;    /* the field that stays as it is then */
    int64_t ages_day; /* the day that `births` are for; INT64_MIN before the first */
    struct birth_range births;
    int min_age;
    int max_age;
};

static void make_lead(struct step *step, struct arena *arena, const char *name, bool first,
                      bool utf8)
{
    struct slice text = slice_of(name);
    char *lead = arena_alloc(arena, 6 * text.len + 2 * LEAD_STRIDE);
    char *at = put_bytes(lead, first ? "{\"" : ", \"", first ? 2 : 3);
    at = quote_put(at, text, utf8);
    at = put_bytes(at, "\": \"", 3u + step->quote_bytes);
    step->lead = lead;
    step->lead_bytes = (uint32_t)(at - lead);
}

/* Fields of a person belong to the user; what is derived from fields alone does too. */
static bool belongs_to_user(const struct field_spec *field)
{
    return field->per == PER_USER || (field->per == PER_DEFAULT && field->provider->per_user);
}

/* Templates of templates grow without bounds. */
static int check_size(const struct maker *maker, const struct field_spec *field, size_t bytes,
                      struct err *err)
{
    if (bytes <= MAKER_MAX_BYTES)
        return 0;
    return yaml_fail(err, maker->spec->file, field->node,
                     "%s: a record could have more than %zu MiB with it", field->name,
                     MAKER_MAX_BYTES >> 20);
}

/* Ages that a field asks for are the person's, so that all of him agrees; one pair a spec. */
static int read_ages(struct maker *maker, struct err *err)
{
    const struct record_spec *spec = maker->spec;
    const struct field_spec *first = NULL;
    maker->min_age = maker->options.users > 0 ? POPULATION_MIN_AGE : 0;
    maker->max_age = PERSON_MAX_AGE;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const struct field_spec *field = &spec->fields[i];
        bool given = field->has_min || field->has_max;
        if (!(field->provider->arguments & ARGUMENT_AGES) || !given)
            continue;
        int min_age = field->has_min ? (int)field->min : 0;
        int max_age = field->has_max ? (int)field->max : PERSON_MAX_AGE;
        if (min_age > max_age)
            return yaml_fail(err, spec->file, field->node, "%s: min_age %d is more than max_age %d",
                             field->name, min_age, max_age);
        if (first && (min_age != maker->min_age || max_age != maker->max_age))
            return yaml_fail(err, spec->file, field->node,
                             "%s: a record is of one person: give it the ages of %s", field->name,
                             first->name);
        first = field;
        maker->min_age = min_age;
        maker->max_age = max_age;
    }
    return 0;
}

static int prepare_field(struct maker *maker, size_t i, size_t *max_bytes, struct err *err)
{
    const struct field_spec *field = &maker->spec->fields[i];
    struct step *step = &maker->steps[i];
    struct prepared prepared = {.data = NULL};
    const struct preparing preparing = {
        .arena = &maker->arena,
        .locale = maker->names.locale,
        .respelled = &maker->respelled,
        .utf8 = maker->options.utf8,
        .spec = maker->spec,
        .field = field,
        .n_before = i,
        .max_bytes = max_bytes,
        .is_read = maker->is_read,
    };
    if (field->provider->prepare(&preparing, &prepared, err) < 0 ||
        check_size(maker, field, prepared.max_bytes, err) < 0)
        return -1;
    max_bytes[i] = prepared.max_bytes;
    *step = (struct step){
        .write = prepared.write ? prepared.write : field->provider->write,
        .data = prepared.data,
        .null_share = field->null_share,
        .quote_bytes = prepared.bare ? 0 : 1,
        .of_user = belongs_to_user(field) && maker->options.users > 0,
        .plain = prepared.plain,
        .hidden = field->hidden,
        .special = field->hidden || field->null_share > 0,
    };
    if (!prepared.plain)
        step->raw = arena_alloc(&maker->arena, prepared.max_bytes + PUT_SLACK);
    return 0;
}

static int prepare(struct maker *maker, struct err *err)
{
    const struct record_spec *spec = maker->spec;
    size_t *max_bytes = arena_alloc(&maker->arena, spec->n_fields * sizeof *max_bytes);
    size_t hidden_bytes = PUT_SLACK;
    bool first = true;
    maker->record_bytes = PUT_SLACK + MAKER_LONG_BYTES + 2;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const struct field_spec *field = &spec->fields[i];
        struct step *step = &maker->steps[i];
        if (prepare_field(maker, i, max_bytes, err) < 0)
            return -1;
        size_t bytes = (step->plain ? 1 : 6) * max_bytes[i] + AROUND_BYTES;
        if (field->hidden)
            hidden_bytes += bytes;
        else {
            make_lead(step, &maker->arena, field->name, first, maker->options.utf8);
            maker->record_bytes += step->lead_bytes + LEAD_STRIDE + bytes;
            first = false;
        }
        if (check_size(maker, field, maker->record_bytes, err) < 0 ||
            check_size(maker, field, hidden_bytes, err) < 0)
            return -1;
    }
    for (size_t i = 0; i < spec->n_fields; i++)
        maker->steps[i].is_read = maker->is_read[i];
    maker->hidden = arena_alloc(&maker->arena, hidden_bytes);
    return 0;
}

int maker_new(struct maker **out, const struct record_spec *spec,
              const struct maker_options *options, struct err *err)
{
    struct maker *maker = calloc(1, sizeof *maker);
    *out = NULL;
    if (!maker)
        return err_set(err, ERR_BUG, "out of memory");
    arena_init(&maker->arena);
    maker->spec = spec;
    maker->options = *options;
    const struct names_form form = {.utf8 = options->utf8};
    names_init(&maker->names, &maker->arena, &locale_ro, &form);
    maker->steps = arena_alloc(&maker->arena, spec->n_fields * sizeof *maker->steps);
    maker->values = arena_alloc(&maker->arena, spec->n_fields * sizeof *maker->values);
    maker->is_read = arena_alloc(&maker->arena, spec->n_fields * sizeof *maker->is_read);
    moment_init(&maker->moment, options->utc);
    rng_seed(&maker->records, options->seed, STREAM_RECORDS);
    rng_seed(&maker->nulls, options->seed, STREAM_NULLS);
    struct rng users;
    rng_seed(&users, options->seed, STREAM_USERS);
    maker->user_seed = rng_next(&users);
    maker->ages_day = INT64_MIN;
    if (options->users > 0)
        alias_build_zipf(&maker->activity, &maker->arena, options->users);
    if (read_ages(maker, err) < 0 || prepare(maker, err) < 0) {
        maker_free(maker);
        return -1;
    }
    *out = maker;
    return 0;
}

void maker_free(struct maker *maker)
{
    if (!maker)
        return;
    arena_release(&maker->arena);
    free(maker);
}

size_t maker_record_bytes(const struct maker *maker)
{
    return maker->record_bytes;
}

/* ---- One record ---- */

/* Where a record's fields are drawn from. */
struct sources {
    struct rng *streams[2]; /* the record's own, and the one of a returning user */
    struct rng user;
    struct person person;
};

static struct birth_range births_on(struct maker *maker, int64_t day)
{
    if (maker->ages_day != day) {
        maker->ages_day = day;
        maker->births = person_births(day, maker->min_age, maker->max_age);
    }
    return maker->births;
}

static void begin(struct maker *maker, struct sources *sources, struct draw *draw, int64_t now_us)
{
    bool returning = maker->options.users > 0;
    moment_set(&maker->moment, now_us);
    draw->names = &maker->names;
    draw->now = &maker->moment;
    draw->number = maker->number++;
    draw->fields = maker->values;
    draw->today = returning ? POPULATION_DAY : maker->moment.today;
    draw->births = births_on(maker, draw->today);
    draw->user = draw->number;
    sources->streams[0] = sources->streams[1] = &maker->records;
    if (returning) {
        draw->user = alias_draw(&maker->activity, &maker->records);
        rng_seed(&sources->user, maker->user_seed, draw->user);
        sources->streams[1] = &sources->user;
    }
    if (!maker->options.independent) {
        person_draw(&sources->person, maker->names.locale, sources->streams[1], draw->births);
        draw->person = &sources->person;
    }
}

static inline char *put_lead(char *to, const struct step *step)
{
    memcpy(to, step->lead, LEAD_STRIDE);
    if (step->lead_bytes > LEAD_STRIDE)
        memcpy(to, step->lead, step->lead_bytes);
    return to + step->lead_bytes;
}

static inline char *put_null(const struct step *step, struct drawn *value, char *to)
{
    value->text = SLICE_NONE;
    return put_bytes(to - step->quote_bytes, "null", 4);
}

/* The field at `to`, where the quote before it stands already if it is a text. */
static inline char *write_field(const struct step *step, struct draw *draw, struct drawn *value,
                                bool is_read, char *to)
{
    if (is_read) {
        draw->plain = step->plain;
        value->before = *draw->rng;
    }
    char *end = step->write(step->data, draw, to);
    if (!end)
        return put_null(step, value, to);
    if (is_read) {
        value->text = (struct slice){to, (size_t)(end - to)};
        value->plain = draw->plain;
    }
    *end = '"';
    return end + step->quote_bytes;
}

/* One that is hidden, or null now and then. */
static char *write_special(struct maker *maker, const struct step *step, struct draw *draw,
                           struct drawn *value, char **hidden, char *to)
{
    char *at = step->hidden ? *hidden + 1 : put_lead(to, step);
    bool null = step->null_share > 0 && rng_hits(&maker->nulls, step->null_share);
    char *end = null ? put_null(step, value, at) : write_field(step, draw, value, true, at);
    if (!step->hidden)
        return end;
    *hidden = end;
    return to;
}

void maker_set_long(struct maker *maker, bool is_long, size_t spared)
{
    maker->is_long = is_long;
    maker->spared = spared;
}

bool maker_can_be_long(const struct maker *maker, size_t spared)
{
    for (size_t i = 0; i < maker->spec->n_fields; i++)
        if (i != spared && !maker->steps[i].hidden && !maker_is_bare(maker, i))
            return true;
    return false;
}

/* Filling at the end of the first text; what is behind it moves on. */
static char *lengthen(struct maker *maker, char *end)
{
    size_t moved = 0;
    for (size_t i = 0; i < maker->spec->n_fields; i++) {
        const struct step *step = &maker->steps[i];
        struct slice *text = &maker->values[i].text;
        if (step->hidden || !text->ptr)
            continue;
        text->ptr += moved;
        if (moved > 0 || step->quote_bytes == 0 || i == maker->spared)
            continue;
        moved = MAKER_LONG_BYTES;
        size_t behind = (size_t)(end - (text->ptr + text->len));
        char *at = end - behind;
        memmove(at + moved, at, behind);
        memset(at, 'x', moved);
    }
    return end + moved;
}

char *maker_write(struct maker *maker, int64_t now_us, char *to)
{
    struct sources sources;
    struct draw draw = {.number = 0};
    struct drawn *value = maker->values;
    const struct step *const end = maker->steps + maker->spec->n_fields;
    char *const first = to;
    char *hidden = maker->hidden;
    const bool all_read = maker->is_long;
    begin(maker, &sources, &draw, now_us);
    for (const struct step *step = maker->steps; step < end; step++, value++) {
        draw.rng = sources.streams[step->of_user];
        if (step->special)
            to = write_special(maker, step, &draw, value, &hidden, to);
        else
            to = write_field(step, &draw, value, step->is_read || all_read, put_lead(to, step));
    }
    if (to == first)
        *to++ = '{';
    if (maker->is_long)
        to = lengthen(maker, to);
    *to++ = '}';
    return to;
}

struct slice maker_value(const struct maker *maker, size_t field)
{
    const struct drawn *value = &maker->values[field];
    char *raw = maker->steps[field].raw;
    if (!value->text.ptr || value->plain)
        return value->text;
    return (struct slice){raw, (size_t)(quote_undo(raw, value->text) - raw)};
}

bool maker_is_bare(const struct maker *maker, size_t field)
{
    return maker->steps[field].quote_bytes == 0;
}

int maker_field(struct maker *maker, const char *name, size_t *field, struct err *err)
{
    const char *names[SPEC_MAX_FIELDS];
    const struct record_spec *spec = maker->spec;
    for (size_t i = 0; i < spec->n_fields; i++) {
        names[i] = spec->fields[i].name;
        if (!strcmp(names[i], name)) {
            *field = i;
            maker->steps[i].is_read = true;
            return 0;
        }
    }
    const char *nearest = suggest_nearest(name, names, spec->n_fields);
    return err_set(err, ERR_USAGE, "the records of \"%s\" have no field \"%s\"%s%s%s", spec->name,
                   name, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                   nearest ? "\"?" : "");
}
