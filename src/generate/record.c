#include "generate/record.h"

#include "base/suggest.h"
#include "generate/quote.h"
#include "generate/record_private.h"

#include <string.h>

/* ---- One record ---- */

/* Where a record's fields are drawn from. */
struct sources {
    struct rng *streams[2]; /* the record's own, and the one of a returning user */
    struct rng user;
    struct person person;
};

/* A record on its way. */
struct writing {
    struct maker *maker;
    char *hidden; /* where the next field goes that is not in the record */
    struct draw draw;
    struct sources sources;
};

static struct birth_range births_on(struct ages *ages, int64_t day)
{
    if (ages->day != day) {
        ages->day = day;
        ages->births = person_births(day, ages->min, ages->max);
    }
    return ages->births;
}

/* All of `draw`; of `sources` what is drawn from. */
static void begin(struct maker *maker, struct sources *sources, struct draw *draw, int64_t now_us)
{
    bool returning = maker->options.users > 0;
    moment_set(&maker->moment, now_us);
    draw->rng = NULL; /* each field's own */
    draw->person = NULL;
    draw->names = &maker->names;
    draw->now = &maker->moment;
    draw->number = maker->number++;
    draw->fields = maker->values;
    draw->plain = false;
    draw->today = returning ? POPULATION_DAY : maker->moment.today;
    draw->births = births_on(&maker->ages, draw->today);
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

static char *write_fields(struct writing *writing, const struct step *step, const struct step *end,
                          char *to);

/* Nothing stands at `to` if nothing of it is visible. */
static char *close_object(char *to, bool is_empty)
{
    if (is_empty)
        *to++ = '{';
    *to++ = '}';
    return to;
}

static char *write_object(struct writing *writing, const struct step *step, char *to)
{
    const struct step *first = step + 1;
    char *end = write_fields(writing, first, first + step->inner, to);
    return step->hidden ? to : close_object(end, end == to);
}

/* Elements are drawn each for itself, with a person of its own; sequences count them. */
static char *write_array(struct writing *writing, const struct step *step, char *to)
{
    const struct step *first = step + 1;
    const struct items *items = step->data;
    struct draw *draw = &writing->draw;
    const struct draw outer = *draw;
    char *const hidden = writing->hidden;
    struct rng *rng = writing->sources.streams[step->of_user];
    struct person person;
    uint64_t n = (uint64_t)rng_between(rng, items->min, items->max);
    *to++ = '[';
    draw->births = births_on(items->ages, draw->today);
    for (uint64_t i = 0; i < n; i++) {
        writing->hidden = hidden;
        draw->number = i;
        if (outer.person) {
            person_draw(&person, draw->names->locale, rng, draw->births);
            draw->person = &person;
        }
        if (i > 0)
            to = put_bytes(to, ", ", BETWEEN_BYTES);
        to = write_fields(writing, first, first + step->inner, to);
    }
    *draw = outer;
    writing->hidden = hidden;
    *to++ = ']';
    return to;
}

/* Of a null object no field has a value. */
static char *write_container(struct writing *writing, const struct step *step, struct drawn *value,
                             char *to)
{
    char *const at = step->hidden ? to : put_lead(to, step);
    bool null = step->null_share > 0 && rng_hits(&writing->maker->nulls, step->null_share);
    char *end = at;
    if (!null || step->is_drawn)
        end = step->kind == STEP_ARRAY ? write_array(writing, step, at)
                                       : write_object(writing, step, at);
    if (!null)
        return end;
    for (uint32_t i = 1; i <= step->inner; i++)
        value[i].text = SLICE_NONE;
    return step->hidden ? to : put_bytes(at, "null", 4);
}

/* One that is hidden, or null now and then. */
static char *write_special(struct writing *writing, const struct step *step, struct drawn *value,
                           char *to)
{
    if (step->kind != STEP_VALUE)
        return write_container(writing, step, value, to);
    struct draw *draw = &writing->draw;
    char *at = step->hidden ? writing->hidden + 1 : put_lead(to, step);
    bool null = step->null_share > 0 && rng_hits(&writing->maker->nulls, step->null_share);
    if (null && step->is_drawn)
        step->write(step->data, draw, at);
    char *end = null ? put_null(step, value, at) : write_field(step, draw, value, true, at);
    if (!step->hidden)
        return end;
    writing->hidden = end;
    return to;
}

/* In each of its two callers, or the record's own fields would wait for what few records have. */
static inline __attribute__((always_inline)) char *
run_steps(struct writing *writing, const struct step *step, const struct step *end, char *to)
{
    struct draw *draw = &writing->draw;
    const bool all_read = writing->maker->is_long;
    struct drawn *value = writing->maker->values + (step - writing->maker->steps);
    for (; step < end; step++, value++) {
        draw->rng = writing->sources.streams[step->of_user];
        if (!step->special) {
            to = write_field(step, draw, value, step->is_read || all_read, put_lead(to, step));
            continue;
        }
        to = write_special(writing, step, value, to);
        value += step->inner;
        step += step->inner;
    }
    return to;
}

/* Those from `step` on that stand beside each other, with all that is in them. */
static char *write_fields(struct writing *writing, const struct step *step, const struct step *end,
                          char *to)
{
    return run_steps(writing, step, end, to);
}

/* ---- A text that is too long ---- */

void maker_set_long(struct maker *maker, bool is_long, size_t spared)
{
    maker->is_long = is_long;
    maker->spared = spared;
}

/* Not what is in an array, for there may be none of it. */
static bool can_be_long(const struct maker *maker, size_t field, size_t spared)
{
    const struct step *step = &maker->steps[field];
    return field != spared && step->kind == STEP_VALUE && !step->hidden && step->quote_bytes > 0 &&
           maker->spec->fields[field].array == SPEC_NO_FIELD;
}

bool maker_can_be_long(const struct maker *maker, size_t spared)
{
    for (size_t i = 0; i < maker->spec->n_fields; i++)
        if (can_be_long(maker, i, spared))
            return true;
    return false;
}

/* The first text of the record itself, or else of its objects; MAKER_NO_FIELD: all are null. */
static size_t text_to_lengthen(const struct maker *maker)
{
    size_t inner = MAKER_NO_FIELD;
    for (size_t i = 0; i < maker->spec->n_fields; i++) {
        if (!can_be_long(maker, i, maker->spared) || !maker->values[i].text.ptr)
            continue;
        if (maker->spec->fields[i].outer == SPEC_NO_FIELD)
            return i;
        if (inner == MAKER_NO_FIELD)
            inner = i;
    }
    return inner;
}

/* Filling at the end of a text; what is behind it moves on. */
static char *lengthen(struct maker *maker, char *end)
{
    size_t field = text_to_lengthen(maker);
    if (field == MAKER_NO_FIELD)
        return end;
    const struct slice text = maker->values[field].text;
    char *at = end - (size_t)(end - (text.ptr + text.len));
    memmove(at + MAKER_LONG_BYTES, at, (size_t)(end - at));
    memset(at, 'x', MAKER_LONG_BYTES);
    for (size_t i = field + 1; i < maker->spec->n_fields; i++) {
        const struct step *step = &maker->steps[i];
        bool is_there = maker->spec->fields[i].array == SPEC_NO_FIELD && maker->values[i].text.ptr;
        if (!step->hidden && step->kind == STEP_VALUE && is_there)
            maker->values[i].text.ptr += MAKER_LONG_BYTES;
    }
    return end + MAKER_LONG_BYTES;
}

char *maker_write(struct maker *maker, int64_t now_us, char *to)
{
    struct writing writing; /* begin() fills it: to clear it first would take as long as a field */
    writing.maker = maker;
    writing.hidden = maker->hidden;
    begin(maker, &writing.sources, &writing.draw, now_us);
    char *end = run_steps(&writing, maker->steps, maker->steps + maker->spec->n_fields, to);
    bool is_empty = end == to;
    if (maker->is_long)
        end = lengthen(maker, end);
    return close_object(end, is_empty);
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
    const char *why = "";
    size_t n = 0;
    if (spec_find(spec->fields, spec->n_fields, SPEC_NO_FIELD, slice_of(name), field) ||
        spec_find_in_array(spec->fields, spec->n_fields, SPEC_NO_FIELD, slice_of(name), field)) {
        if (!spec_has_one_value(&spec->fields[*field], &why))
            return err_set(err, ERR_USAGE, "the records of \"%s\": %s %s", spec->name, name, why);
        maker->steps[*field].is_read = true;
        return 0;
    }
    for (size_t i = 0; i < spec->n_fields; i++)
        if (spec_has_one_value(&spec->fields[i], &why))
            names[n++] = spec->fields[i].name;
    const char *nearest = suggest_nearest(name, names, n);
    return err_set(err, ERR_USAGE, "the records of \"%s\" have no field \"%s\"%s%s%s", spec->name,
                   name, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                   nearest ? "\"?" : "");
}
