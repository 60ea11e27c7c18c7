#include "sink/row.h"

#include "base/utf8.h"
#include "sink/coder.h"
#include "sink/framing.h"

#include <stdio.h>
#include <stdlib.h>

#define NAMES_MAX_BYTES ((size_t)1 << 24)

struct row_coder *row_coder_new(const struct row_plan *plan)
{
    struct row_coder *coder = calloc(1, sizeof *coder);
    if (!coder)
        abort();
    coder->plan = plan;
    coder->serial = 2;
    struct arena *arena = &coder->arena;
    arena_init(arena);
    convert_init(&coder->convert, plan->policy, plan->tz, plan->binary ? COPY_BINARY : COPY_TEXT);
    key_tally_init(&coder->tally);
    buf_init(&coder->key_text, NAMES_MAX_BYTES);
    buf_init(&coder->single_columns, NAMES_MAX_BYTES);
    coder->slots = arena_alloc(arena, plan->n_slots * sizeof *coder->slots);
    coder->left_out = arena_alloc(arena, plan->n_fields * sizeof *coder->left_out);
    coder->stable = arena_alloc(arena, plan->n_stable * sizeof *coder->stable);
    coder->stable_bytes = arena_alloc(arena, plan->n_stable * sizeof *coder->stable_bytes);
    for (size_t i = 0; i < plan->n_stable; i++)
        buf_init(&coder->stable_bytes[i], NAMES_MAX_BYTES);
    key_order_init(&coder->order);
    shapes_init(coder);
    return coder;
}

void row_coder_free(struct row_coder *coder)
{
    if (!coder)
        return;
    for (size_t i = 0; i < coder->plan->n_stable; i++)
        buf_release(&coder->stable_bytes[i]);
    convert_release(&coder->convert);
    key_tally_release(&coder->tally);
    buf_release(&coder->key_text);
    buf_release(&coder->single_columns);
    arena_release(&coder->arena);
    free(coder);
}

size_t row_coder_stable_count(const struct row_coder *coder)
{
    return coder->plan->n_stable;
}

const struct column *row_coder_stable_column(const struct row_coder *coder, size_t i)
{
    return coder->plan->stable[i];
}

void row_coder_set_stable(struct row_coder *coder, size_t i, struct slice value)
{
    struct buf *bytes = &coder->stable_bytes[i];
    coder->stable[i] = SLICE_NONE;
    buf_clear(bytes);
    if (!value.ptr)
        return;
    buf_add_slice(bytes, value);
    if (bytes->failed)
        abort();
    coder->stable[i] = buf_slice(bytes);
}

size_t row_coder_unknown_keys(const struct row_coder *coder, const struct unknown_key **keys)
{
    *keys = coder->tally.keys;
    return coder->tally.n;
}

void row_coder_clear_unknown_keys(struct row_coder *coder)
{
    for (size_t i = 0; i < coder->tally.n; i++)
        coder->tally.keys[i].records = 0;
}

void row_coder_uncount(struct row_coder *coder)
{
    key_tally_take_back(&coder->tally, coder->serial);
}

struct slice row_copy_header(const struct row_plan *plan)
{
    /* Signature, flags, length of the header's extension (COPY, Binary Format). */
    static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
    return plan->binary ? (struct slice){header, 19} : SLICE_LIT("");
}

struct slice row_copy_trailer(const struct row_plan *plan)
{
    return plan->binary ? SLICE_LIT("\377\377") : SLICE_LIT("");
}

/* ---- Decode: the record's members into slots ---- */

static void fill(struct row_coder *coder, const struct key_slots *slots,
                 const struct json_value *value)
{
    if (slots->pointer != NO_SLOT)
        coder->slots[slots->pointer] = (struct slot){*value, coder->serial + 1};
    if (slots->column == NO_SLOT)
        return;
    struct slot *slot = &coder->slots[slots->column];
    /* The very name beats one that differs in case, wherever it stands; else the last one wins. */
    if (!slots->folded || slot->stamp != coder->serial + 1)
        *slot = (struct slot){*value, coder->serial + !slots->folded};
}

/* A member whose key is not simply the name of a column. False: dead. */
static bool take_member(struct row_coder *coder, const struct step *step, struct slice key,
                        const struct json_value *value)
{
    struct json_value name = {.type = JSON_STRING, .raw = key};
    fill(coder, &step->slots, value);
    if (step->slots.column != NO_SLOT || step->slots.pointer != NO_SLOT)
        return true;
    key_tally_count(&coder->tally, step->unknown, coder->serial);
    if (coder->plan->policy->on_unknown_key == UNKNOWN_KEY_IGNORE)
        return true;
    convert_bad(&coder->convert, "42703", &name, "is a key that no column takes");
    return false;
}

static bool dead_json(struct row_coder *coder, struct slice value, const struct json_error *error)
{
    struct row_reason *reason = coder->convert.reason;
    size_t left = value.len - error->at;
    bool foreign = value.len > 0 && value.ptr[0] != '{';
    if (foreign && framing_describe(value, reason->text, sizeof reason->text)) {
        reason->sqlstate = "0A000";
        return false;
    }
    const char *sqlstate = "22P02";
    if (left > 0 && utf8_char_bytes(value.ptr + error->at, left) == 0)
        sqlstate = "22021";
    else if (strncmp(error->reason, "nested", 6) == 0)
        sqlstate = "54001";
    convert_dead(&coder->convert, sqlstate, "%s (at byte %zu)", error->reason, error->at);
    return false;
}

/* The members, one after the other. 0: all of them are in their slots; -1: *error, or dead. */
static int decode_members(struct row_coder *coder, struct json_iter *it, struct json_error *error)
{
    struct key_order *order = &coder->order;
    struct json_value key;
    struct json_value member;
    uint16_t previous = STEP_NONE;
    uint16_t at = STEP_FIRST;
    for (;; previous = at, at = order->steps[at].next) {
        struct step *step = &order->steps[at];
        if (LIKELY(json_object_skip_name(it, &step->hint))) {
            struct slot *slot = step->slot;
            if (json_object_value(it, slot ? &slot->value : &member, error) < 0)
                return -1;
            if (LIKELY(slot != NULL)) {
                slot->stamp = coder->serial + 1;
                continue;
            }
            key.raw = step_key(step);
        } else {
            const char *before = it->pos;
            int rc = json_object_next(it, &key, &member, error);
            if (rc <= 0)
                return rc;
            at = key_order_learn(coder, previous, before, &key, &member);
            step = &order->steps[at];
        }
        if (!take_member(coder, step, key.raw, &member))
            return -1;
    }
}

static bool decode(struct row_coder *coder, struct slice value)
{
    struct json_iter it;
    struct json_error error = {NULL, 0};
    if (json_object_open(&it, value, &error) == 0 && decode_members(coder, &it, &error) == 0)
        return true;
    return error.reason ? dead_json(coder, value, &error) : false;
}

/* ---- Encode: column by column ---- */

/* The value that stands for a column in this record; NULL: there is none. */
static inline const struct json_value *value_of(struct row_coder *coder, const struct field *field,
                                                const struct record *record,
                                                struct json_value *scratch)
{
    if (field->source > FROM_POINTER)
        return meta_value(coder, field, record, scratch) ? scratch : NULL;
    const struct slot *slot = &coder->slots[field->slot];
    if (UNLIKELY(slot->stamp < coder->serial))
        return NULL;
    if (LIKELY(field->source == FROM_SLOT))
        return &slot->value;
    return pointer_follow(&field->pointer, 1, &slot->value, scratch) ? scratch : NULL;
}

bool row_coder_value(struct row_coder *coder, const struct record *record, size_t field,
                     struct json_value *out)
{
    struct json_value scratch;
    const struct json_value *value = value_of(coder, &coder->plan->fields[field], record, &scratch);
    if (value)
        *out = *value;
    return value != NULL;
}

static char *put_null(struct convert *c, char *p)
{
    if (c->format == COPY_TEXT) {
        p = convert_room(c, p, 2);
        return p ? mempcpy(p, "\\N", 2) : NULL;
    }
    p = convert_room(c, p, 4);
    return p ? put_be32(p, UINT32_MAX) : NULL;
}

static char *encode_null(struct row_coder *coder, const struct field *field, char *p,
                         const char *what)
{
    if (field->not_null)
        return convert_dead(&coder->convert, "23502", "%s, and the column is NOT NULL", what);
    return put_null(&coder->convert, p);
}

static char *encode_absent(struct row_coder *coder, const struct field *field, char *p)
{
    if (field->stable < 0)
        return encode_null(coder, field, p, "the record has no value for it");
    struct slice value = coder->stable[field->stable];
    if (!value.ptr)
        return encode_null(coder, field, p, "the record has no value for it, its default is NULL");
    return convert_put_text(&coder->convert, p, value);
}

/* Everything but the usual: NULL, nothing at all, Kafka's own bytes. */
static char *encode_unusual(struct row_coder *coder, const struct field *field,
                            const struct json_value *value, char *p)
{
    const struct target *target = &field->target;
    if (!value)
        return encode_absent(coder, field, p);
    if (value->type == JSON_NULL)
        return encode_null(coder, field, p, "the value is null");
    if (value->type == JSON_STRING && !value->ascii && target->column->type != TYPE_BYTEA &&
        utf8_valid_prefix(value->raw) < value->raw.len)
        return convert_bad(&coder->convert, "22021", value, "is not valid UTF-8");
    return target->convert(&coder->convert, target, value, p);
}

static inline char *encode_field(struct row_coder *coder, const struct field *field,
                                 const struct record *record, char *p)
{
    struct json_value scratch;
    const struct target *target = &field->target;
    const struct json_value *value = value_of(coder, field, record, &scratch);
    if (LIKELY(value && target->plain_text && convert_is_plain(target, value)))
        p = convert_put_plain(&coder->convert, value, p);
    else if (LIKELY(value && value->type != JSON_NULL && !target->verbatim))
        p = target->convert(&coder->convert, target, value, p);
    else
        p = encode_unusual(coder, field, value, p);
    if (UNLIKELY(!p))
        coder->convert.reason->column = coder->convert.full ? NULL : target->column->name;
    return p;
}

/* Both return the place behind the tuple, or NULL. */
static char *encode_binary(struct row_coder *coder, const struct record *record, char *p)
{
    const struct row_plan *plan = coder->plan;
    p = convert_room(&coder->convert, p, 2);
    if (p)
        p = put_be16(p, (uint16_t)(plan->n_fields - coder->n_left_out));
    for (size_t i = 0; p && i < plan->n_fields; i++)
        if (!coder->left_out[i])
            p = encode_field(coder, &plan->fields[i], record, p);
    return p;
}

static char *encode_text(struct row_coder *coder, const struct record *record, char *p)
{
    const struct row_plan *plan = coder->plan;
    bool first = true;
    for (size_t i = 0; p && i < plan->n_fields; i++) {
        if (coder->left_out[i])
            continue;
        if (!first && (p = convert_room(&coder->convert, p, 1)))
            *p++ = '\t';
        first = false;
        if (p)
            p = encode_field(coder, &plan->fields[i], record, p);
    }
    if (p && (p = convert_room(&coder->convert, p, 1)))
        *p++ = '\n';
    return p;
}

/* Which columns with a volatile default the record leaves out. */
static unsigned find_shape(struct row_coder *coder, const struct record *record)
{
    const struct row_plan *plan = coder->plan;
    struct json_value scratch;
    coder->n_left_out = 0;
    for (size_t i = 0; i < plan->n_fields; i++) {
        const struct field *field = &plan->fields[i];
        coder->left_out[i] = field->volatil && !value_of(coder, field, record, &scratch);
        coder->n_left_out += coder->left_out[i];
    }
    return coder->n_left_out > 0 ? shape_find(coder) : 0;
}

/* The tuple did not fit. A row that fits into no buffer would come back for ever: it is dead. */
static enum row_outcome no_room(struct row_coder *coder, const struct buf *out)
{
    if (out->len > 0 || out->failed) {
        key_tally_take_back(&coder->tally, coder->serial);
        return ROW_FULL;
    }
    convert_dead(&coder->convert, "54000", "the row is larger than a batch may be (%zu bytes)",
                 out->max);
    return ROW_DEAD;
}

enum row_outcome row_encode(struct row_coder *coder, const struct record *record,
                            struct row_sink *sink, unsigned *shape, struct row_reason *reason)
{
    if (!record->value.ptr)
        return ROW_TOMBSTONE;
    struct convert *c = &coder->convert;
    c->reason = reason;
    c->input = record->value;
    reason->column = NULL;
    coder->serial += 2;
    if (!decode(coder, record->value))
        return ROW_DEAD;

    *shape = coder->plan->n_volatile > 0 ? find_shape(coder, record) : 0;
    struct buf *out = *shape < ROW_MAX_SHAPES ? &sink->tuples[*shape] : &sink->single;
    char *p = convert_begin(c, out);
    if (LIKELY(p != NULL))
        p = coder->plan->binary ? encode_binary(coder, record, p) : encode_text(coder, record, p);
    if (LIKELY(p != NULL)) {
        out->len = (size_t)(p - out->data);
        return ROW_STORED;
    }
    return c->full ? no_room(coder, out) : ROW_DEAD;
}
