/* From a spec to steps, with the room that a record can need. */
#include "generate/quote.h"
#include "generate/record_private.h"

#include <stdlib.h>
#include <string.h>

/* What is drawn for different ends comes from streams of its own. */
enum stream { STREAM_RECORDS, STREAM_USERS, STREAM_NULLS };

/* What stands before it; before an array's element that is its quote alone. */
static void make_lead(struct step *step, struct arena *arena, const char *label, bool first,
                      bool utf8)
{
    struct slice text = slice_of(label);
    char *lead = arena_alloc(arena, 6 * text.len + 2 * LEAD_STRIDE);
    char *at = lead;
    if (label) {
        at = put_bytes(at, first ? "{\"" : ", \"", first ? 2 : 3);
        at = quote_put(at, text, utf8);
        at = put_bytes(at, "\": ", 3);
    }
    at = put_bytes(at, "\"", step->quote_bytes);
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
                     "%s: a record could have more than %zu MiB with it%s", field->name,
                     MAKER_MAX_BYTES >> 20,
                     field->provider->arguments & ARGUMENT_ITEMS ? ": lower its max" : "");
}

/* Ages that a field asks for are the person's, so that all of him agrees: one pair for the record
 * (`array`: SPEC_NO_FIELD), and one for each array's elements. */
static int read_ages(const struct maker *maker, size_t array, struct ages *ages, struct err *err)
{
    const struct record_spec *spec = maker->spec;
    const struct field_spec *first = NULL;
    *ages = (struct ages){
        .min = maker->options.users > 0 ? POPULATION_MIN_AGE : 0,
        .max = PERSON_MAX_AGE,
        .day = INT64_MIN,
    };
    for (size_t i = 0; i < spec->n_fields; i++) {
        const struct field_spec *field = &spec->fields[i];
        bool given = field->has_min || field->has_max;
        if (!(field->provider->arguments & ARGUMENT_AGES) || !given || field->array != array)
            continue;
        int min_age = field->has_min ? (int)field->min : 0;
        int max_age = field->has_max ? (int)field->max : PERSON_MAX_AGE;
        if (min_age > max_age)
            return yaml_fail(err, spec->file, field->node, "%s: min_age %d is more than max_age %d",
                             field->name, min_age, max_age);
        if (first && (min_age != ages->min || max_age != ages->max))
            return yaml_fail(err, spec->file, field->node,
                             "%s: a record is of one person: give it the ages of %s", field->name,
                             first->name);
        first = field;
        ages->min = min_age;
        ages->max = max_age;
    }
    return 0;
}

/* ---- One field ---- */

/* How many bytes it can take, at most. */
struct room {
    size_t record;
    size_t hidden;
};

/* What the preparation goes along with. */
struct preparation {
    struct maker *maker;
    size_t *max_bytes; /* of each field's raw text */
    struct err *err;
};

static int prepare_value(const struct preparation *preparation, size_t i, struct step *step,
                         size_t *bytes)
{
    struct maker *maker = preparation->maker;
    const struct field_spec *field = &maker->spec->fields[i];
    struct prepared prepared = {.data = NULL};
    const struct preparing preparing = {
        .arena = &maker->arena,
        .locale = maker->names.locale,
        .respelled = &maker->respelled,
        .utf8 = maker->options.utf8,
        .spec = maker->spec,
        .field = field,
        .n_before = i,
        .max_bytes = preparation->max_bytes,
        .is_read = maker->is_read,
    };
    if (field->provider->prepare(&preparing, &prepared, preparation->err) < 0 ||
        check_size(maker, field, prepared.max_bytes, preparation->err) < 0)
        return -1;
    preparation->max_bytes[i] = prepared.max_bytes;
    step->write = prepared.write ? prepared.write : field->provider->write;
    step->data = prepared.data;
    step->quote_bytes = prepared.bare ? 0 : 1;
    step->plain = prepared.plain;
    if (!prepared.plain && field->array == SPEC_NO_FIELD) /* of an array's nobody asks for it */
        step->raw = arena_alloc(&maker->arena, prepared.max_bytes + PUT_SLACK);
    *bytes = (prepared.plain ? 1 : 6) * prepared.max_bytes;
    return 0;
}

static int prepare_range(const struct preparation *preparation, size_t first, size_t end,
                         struct room *room);

static int prepare_container(const struct preparation *preparation, size_t i, struct step *step,
                             struct room *room)
{
    struct maker *maker = preparation->maker;
    const struct field_spec *field = &maker->spec->fields[i];
    step->kind = STEP_OBJECT;
    step->inner = (uint32_t)field->inner;
    if (field->provider->arguments & ARGUMENT_ITEMS) {
        struct items *items = arena_alloc(&maker->arena, sizeof *items);
        items->min = field->min;
        items->max = field->max;
        items->ages = arena_alloc(&maker->arena, sizeof *items->ages);
        if (read_ages(maker, i, items->ages, preparation->err) < 0)
            return -1;
        step->kind = STEP_ARRAY;
        step->data = items;
    }
    if (prepare_range(preparation, i + 1, i + 1 + field->inner, room) < 0)
        return -1;
    /* What is hidden in an element has the place of what was hidden in the one before. */
    if (step->kind == STEP_ARRAY)
        room->record = (size_t)field->max * (room->record + BETWEEN_BYTES);
    return 0;
}

static int prepare_field(const struct preparation *preparation, size_t i, bool first,
                         struct room *room)
{
    struct maker *maker = preparation->maker;
    const struct field_spec *field = &maker->spec->fields[i];
    struct step *step = &maker->steps[i];
    bool is_container = provider_is_container(field->provider);
    struct room inner = {0, 0};
    size_t bytes = 0;
    *step = (struct step){
        .null_share = field->null_share,
        .of_user = belongs_to_user(field) && maker->options.users > 0,
        .hidden = field->hidden,
        .special = field->hidden || field->null_share > 0 || is_container,
    };
    /* Of an object anything may be the user's. */
    step->is_drawn = step->of_user || (is_container && maker->options.users > 0);
    if ((is_container ? prepare_container(preparation, i, step, &inner)
                      : prepare_value(preparation, i, step, &bytes)) < 0)
        return -1;
    room->hidden += inner.hidden;
    if (field->hidden)
        room->hidden += bytes + AROUND_BYTES;
    else {
        make_lead(step, &maker->arena, field->label, first, maker->options.utf8);
        room->record += step->lead_bytes + LEAD_STRIDE + AROUND_BYTES + bytes + inner.record;
    }
    if (check_size(maker, field, room->record, preparation->err) < 0)
        return -1;
    return check_size(maker, field, room->hidden, preparation->err);
}

/* The fields from `first` on that stand beside each other, with all that is in them. */
static int prepare_range(const struct preparation *preparation, size_t first, size_t end,
                         struct room *room)
{
    const struct field_spec *fields = preparation->maker->spec->fields;
    bool is_first = true;
    for (size_t i = first; i < end; i += 1 + fields[i].inner) {
        if (prepare_field(preparation, i, is_first, room) < 0)
            return -1;
        is_first = is_first && fields[i].hidden;
    }
    return 0;
}

static int prepare(struct maker *maker, struct err *err)
{
    const struct record_spec *spec = maker->spec;
    /* The brackets around, and what is written in strides behind the end. */
    struct room room = {.record = PUT_SLACK + MAKER_LONG_BYTES + 2, .hidden = PUT_SLACK};
    const struct preparation preparation = {
        .maker = maker,
        .max_bytes = arena_alloc(&maker->arena, spec->n_fields * sizeof(size_t)),
        .err = err,
    };
    if (prepare_range(&preparation, 0, spec->n_fields, &room) < 0)
        return -1;
    for (size_t i = 0; i < spec->n_fields; i++)
        maker->steps[i].is_read = maker->is_read[i];
    maker->record_bytes = room.record;
    maker->hidden = arena_alloc(&maker->arena, room.hidden);
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
    if (options->users > 0)
        alias_build_zipf(&maker->activity, &maker->arena, options->users);
    if (read_ages(maker, SPEC_NO_FIELD, &maker->ages, err) < 0 || prepare(maker, err) < 0) {
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
