#include "sink/plan.h"

#include <stdlib.h>
#include <string.h>

uint32_t plan_hash(struct slice name)
{
    uint32_t hash = 2166136261U; /* FNV-1a over ASCII lower case */
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c >= 'A' && c <= 'Z')
            c |= 0x20;
        hash = (hash ^ c) * 16777619U;
    }
    return hash;
}

static void index_init(struct name_index *index, size_t capacity, struct arena *arena)
{
    uint32_t buckets = 8;
    while (buckets < capacity * 2)
        buckets *= 2;
    index->entries = arena_alloc(arena, capacity * sizeof *index->entries);
    index->buckets = arena_alloc(arena, buckets * sizeof *index->buckets);
    index->mask = buckets - 1;
}

static void index_add(struct name_index *index, struct slice name, int slot)
{
    index->entries[index->n] = (struct name_entry){name, slot};
    uint32_t at = plan_hash(name) & index->mask;
    while (index->buckets[at] != 0)
        at = (at + 1) & index->mask;
    index->buckets[at] = (uint32_t)++index->n;
}

/* The entry of exactly this name; else, with `folded`, the only one that differs just in case. */
static const struct name_entry *index_find(const struct name_index *index, struct slice name,
                                           bool *folded)
{
    const struct name_entry *near = NULL;
    size_t n_near = 0;
    uint32_t at = plan_hash(name) & index->mask;
    for (; index->buckets[at] != 0; at = (at + 1) & index->mask) {
        const struct name_entry *entry = &index->entries[index->buckets[at] - 1];
        if (slice_eq(entry->name, name))
            return entry;
        if (folded && slice_eq_nocase(entry->name, name)) {
            near = entry;
            n_near++;
        }
    }
    if (n_near != 1)
        return NULL;
    *folded = true;
    return near;
}

struct key_slots plan_find_key(const struct row_plan *plan, struct slice key)
{
    struct key_slots slots = {NO_SLOT, NO_SLOT, false};
    const struct name_entry *column = index_find(&plan->columns, key, &slots.folded);
    const struct name_entry *pointer = index_find(&plan->pointers, key, NULL);
    if (column)
        slots.column = column->slot;
    if (pointer)
        slots.pointer = pointer->slot;
    return slots;
}

static const struct column_rule *rule_of(const struct row_policy *policy, const char *column)
{
    for (size_t i = 0; i < policy->n_rules; i++)
        if (strcmp(policy->rules[i].column, column) == 0)
            return &policy->rules[i];
    return NULL;
}

/* "line 12: columns: city: ", so that every message about a rule begins with its place. */
static int rule_error(struct err *err, const struct column_rule *rule, const char *what,
                      const char *detail)
{
    err_set(err, ERR_USAGE, "columns: %s: %s%s", rule->column, what, detail);
    return rule->line > 0 ? err_prefix(err, "line %d", rule->line) : -1;
}

static bool is_text(enum column_type type)
{
    return type == TYPE_TEXT || type == TYPE_VARCHAR || type == TYPE_BPCHAR;
}

static bool is_json(enum column_type type)
{
    return type == TYPE_JSON || type == TYPE_JSONB;
}

static bool takes_unit(enum column_type type)
{
    return type == TYPE_TIMESTAMP || type == TYPE_TIMESTAMPTZ || type == TYPE_DATE;
}

/* Types that hold every value of a 32-bit (partition) or 64-bit (offset) number. */
static bool takes_number(enum column_type type, bool wide)
{
    if (type == TYPE_INT8 || type == TYPE_NUMERIC || is_text(type) || is_json(type))
        return true;
    return !wide && (type == TYPE_INT4 || type == TYPE_FLOAT8);
}

static bool source_fits(enum column_source source, enum column_type type)
{
    switch (source) {
    case COLUMN_PARTITION:
        return takes_number(type, false);
    case COLUMN_OFFSET:
        return takes_number(type, true);
    case COLUMN_TIMESTAMP:
        return takes_unit(type) || type == TYPE_INT8 || type == TYPE_NUMERIC || is_text(type);
    case COLUMN_TOPIC:
        return is_text(type) || is_json(type) || type == TYPE_ENUM;
    case COLUMN_KEY:
    case COLUMN_HEADER:
        return type != TYPE_ARRAY;
    case COLUMN_POINTER:
        break;
    }
    return true;
}

/* "line 12: columns: citty: there is no such column in "s"."t"; did you mean city?" */
static int fail_no_column(const struct row_plan *plan, const struct column_rule *rule,
                          struct err *err)
{
    const char *nearest = table_column_near(plan->table, rule->column);
    rule_error(err, rule, "there is no such column in ", plan->table->quoted);
    if (nearest)
        err_set(err, ERR_USAGE, "%s; did you mean %s?", err->text, nearest);
    return -1;
}

static int check_rule(const struct row_plan *plan, const struct column_rule *rule, struct err *err)
{
    const struct column *column = table_column(plan->table, rule->column);
    if (!column)
        return fail_no_column(plan, rule, err);
    if (column->generated)
        return rule_error(err, rule, "the server generates this column; take the rule out", "");
    if (rule_of(plan->policy, rule->column) != rule)
        return rule_error(err, rule, "the column has a rule already", "");
    if (rule->unit != TIME_UNIT_NONE && !takes_unit(column->type))
        return rule_error(err, rule, "unit is for date, timestamp and timestamptz, not for ",
                          column->type_name);
    if (rule->unit != TIME_UNIT_NONE && rule->source != COLUMN_POINTER)
        return rule_error(err, rule, "unit has a meaning only for a value of the record", "");
    if (!source_fits(rule->source, column->type))
        return rule_error(err, rule, "this source does not fit type ", column->type_name);
    return 0;
}

/* The slot of the pointers whose first token this is, made on first sight. */
static int pointer_slot(struct row_plan *plan, struct slice token)
{
    const struct name_entry *entry = index_find(&plan->pointers, token, NULL);
    if (entry)
        return entry->slot;
    int slot = (int)plan->n_slots++;
    index_add(&plan->pointers, token, slot);
    return slot;
}

static int compile_pointer(struct row_plan *plan, struct field *field,
                           const struct column_rule *rule, struct err *err)
{
    if (!rule->from || !pointer_compile(&field->pointer, rule->from, &plan->arena))
        return rule_error(err, rule, "not a JSON Pointer (as in /address/city): ",
                          rule->from ? rule->from : "");
    if (field->pointer.n_tokens == 0) {
        field->source = FROM_DOCUMENT;
        return 0;
    }
    field->source = field->pointer.n_tokens == 1 ? FROM_SLOT : FROM_POINTER;
    field->slot = pointer_slot(plan, field->pointer.tokens[0]);
    return 0;
}

static int compile_source(struct row_plan *plan, struct field *field,
                          const struct column_rule *rule, struct err *err)
{
    static const enum field_source sources[] = {
        [COLUMN_TOPIC] = FROM_TOPIC,   [COLUMN_PARTITION] = FROM_PARTITION,
        [COLUMN_OFFSET] = FROM_OFFSET, [COLUMN_TIMESTAMP] = FROM_TIMESTAMP,
        [COLUMN_KEY] = FROM_KEY,       [COLUMN_HEADER] = FROM_HEADER,
    };
    field->target.unit = rule->unit;
    if (rule->source == COLUMN_POINTER)
        return compile_pointer(plan, field, rule, err);
    field->source = sources[rule->source];
    field->target.verbatim = true;
    if (rule->source == COLUMN_TIMESTAMP && takes_unit(field->target.column->type))
        field->target.unit = TIME_UNIT_MS;
    if (rule->source == COLUMN_HEADER)
        field->header = slice_of(rule->from);
    return 0;
}

static size_t max_chars_of(const struct column *column)
{
    return is_text(column->type) && column->max_chars > 0 ? (size_t)column->max_chars : SIZE_MAX;
}

/* An array's elements are converted like a column of their type. */
static const struct target *element_target(struct row_plan *plan, const struct column *column)
{
    struct column *element = arena_alloc(&plan->arena, sizeof *element);
    struct target *target = arena_alloc(&plan->arena, sizeof *target);
    *element = *column;
    element->type = column->element;
    *target = (struct target){.column = element,
                              .convert = convert_for(element->type),
                              .max_chars = max_chars_of(element)};
    return target;
}

static int compile_field(struct row_plan *plan, struct field *field, const struct column *column,
                         struct err *err)
{
    *field = (struct field){
        .target = {.column = column,
                   .convert = convert_for(column->type),
                   .max_chars = max_chars_of(column)},
        .slot = NO_SLOT,
        .stable = -1,
        /* A BEFORE ROW trigger may still fill it in: then only the server can tell. */
        .not_null = column->not_null && !plan->table->before_row_triggers,
        .volatil =
            column->default_kind == DEFAULT_VOLATILE || column->default_kind == DEFAULT_IDENTITY,
    };
    if (column->type == TYPE_ARRAY)
        field->target.element = element_target(plan, column);
    plan->n_volatile += field->volatil;
    if (column->default_kind == DEFAULT_STABLE) {
        field->stable = (int)plan->n_stable;
        plan->stable[plan->n_stable++] = column;
    }
    const struct column_rule *rule = rule_of(plan->policy, column->name);
    field->target.plain_text = is_text(column->type) && (!rule || rule->source == COLUMN_POINTER);
    if (rule)
        return compile_source(plan, field, rule, err);
    field->source = FROM_SLOT;
    field->slot = (int)plan->n_slots++;
    return 0;
}

static int compile(struct row_plan *plan, struct err *err)
{
    const struct table *table = plan->table;
    const struct row_policy *policy = plan->policy;
    for (size_t i = 0; i < policy->n_rules; i++)
        if (check_rule(plan, &policy->rules[i], err) < 0)
            return -1;

    plan->binary = table_is_binary(table) && !policy->force_text;
    plan->fields = arena_alloc(&plan->arena, table->n_columns * sizeof *plan->fields);
    plan->stable = arena_alloc(&plan->arena, table->n_columns * sizeof *plan->stable);
    index_init(&plan->columns, table->n_columns, &plan->arena);
    index_init(&plan->pointers, policy->n_rules, &plan->arena);
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct column *column = &table->columns[i];
        int slot = NO_SLOT;
        if (!column->generated) {
            struct field *field = &plan->fields[plan->n_fields++];
            if (compile_field(plan, field, column, err) < 0)
                return -1;
            if (!rule_of(policy, column->name))
                slot = field->slot;
        }
        index_add(&plan->columns, slice_of(column->name), slot);
    }
    return 0;
}

int row_plan_new(struct row_plan **plan, const struct table *table, const struct row_policy *policy,
                 struct err *err)
{
    struct row_plan *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, ERR_BUG, "out of memory");
    arena_init(&made->arena);
    made->table = table;
    made->policy = policy;
    if (tz_open(&made->tz, policy->timezone ? policy->timezone : "UTC", err) < 0 ||
        compile(made, err) < 0) {
        row_plan_free(made);
        return -1;
    }
    *plan = made;
    return 0;
}

void row_plan_free(struct row_plan *plan)
{
    if (!plan)
        return;
    tz_free(plan->tz);
    arena_release(&plan->arena);
    free(plan);
}

bool row_plan_is_binary(const struct row_plan *plan)
{
    return plan->binary;
}
