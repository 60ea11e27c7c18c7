/* The arguments of a field, each read from its node. */
#include "base/config.h"
#include "base/settings.h"
#include "base/suggest.h"
#include "generate/provider.h"
#include "generate/spec_private.h"

#include <ctype.h>

#define MS_PER_DAY 86400000
#define MAX_BACK_MS (INT64_C(36525) * MS_PER_DAY)

int spec_fail_name(const struct spec_reading *reading, const struct yaml_node *node, bool at_key,
                   const char *what, const char *name, const char *const *known, size_t n)
{
    const char *nearest = suggest_nearest(name, known, n);
    const char *names = "";
    for (size_t i = 0; i < n && !nearest; i++)
        names = arena_printf(reading->arena, "%s%s%s", names, i ? ", " : "", known[i]);
    const char *cure = nearest ? arena_printf(reading->arena, "did you mean \"%s\"?", nearest)
                               : arena_printf(reading->arena, "there are: %s", names);
    if (at_key)
        return yaml_fail_key(reading->err, reading->file, node, "unknown %s \"%s\"; %s", what, name,
                             cure);
    return yaml_fail(reading->err, reading->file, node, "unknown %s \"%s\"; %s", what, name, cure);
}

const char *spec_path(const struct spec_reading *reading, const char *path)
{
    const char *slash = strrchr(reading->file, '/');
    if (!slash || *path == '/')
        return path;
    return arena_printf(reading->arena, "%.*s%s", (int)(slash + 1 - reading->file), reading->file,
                        path);
}

/* ---- Texts and numbers ---- */

int spec_read_text(const struct spec_reading *reading, const struct yaml_node *node,
                   const char **text)
{
    if (node->kind != YAML_SCALAR)
        return yaml_fail(reading->err, reading->file, node, "%s: a text is expected, not %s",
                         node->key, yaml_kind_name(node->kind));
    if (strlen(node->text) > SPEC_MAX_TEXT_BYTES)
        return yaml_fail(reading->err, reading->file, node, "%s: longer than %d bytes", node->key,
                         SPEC_MAX_TEXT_BYTES);
    *text = node->text;
    return 0;
}

/* [-]digits[.digits], at most SPEC_MAX_DECIMALS of them, times 10^SPEC_MAX_DECIMALS. */
static bool parse_fixed(const char *text, int64_t *out, int *decimals)
{
    bool negative = *text == '-';
    int64_t value = 0;
    int seen = -1; /* digits behind the point; -1 before it */
    const char *at = text + (negative ? 1 : 0);
    if (!isdigit((unsigned char)*at))
        return false;
    for (; *at; at++) {
        if (*at == '.' && seen < 0) {
            seen = 0;
            continue;
        }
        if (!isdigit((unsigned char)*at) || seen == SPEC_MAX_DECIMALS ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, *at - '0', &value))
            return false;
        seen += seen >= 0;
    }
    *decimals = seen < 0 ? 0 : seen;
    *out = negative ? -value : value;
    return true;
}

int spec_read_integer(const struct spec_reading *reading, const struct yaml_node *node, int64_t min,
                      int64_t max, int64_t *out)
{
    const char *text = "";
    if (spec_read_text(reading, node, &text) < 0)
        return -1;
    if (parse_integer(text, out) < 0 || *out < min || *out > max)
        return yaml_fail(reading->err, reading->file, node,
                         "%s: \"%s\" is not a whole number from %lld to %lld", node->key, text,
                         (long long)min, (long long)max);
    return 0;
}

static int read_decimals(const struct spec_reading *reading, const struct yaml_node *node,
                         struct field_spec *field)
{
    int64_t decimals = 0;
    if (spec_read_integer(reading, node, 0, SPEC_MAX_DECIMALS, &decimals) < 0)
        return -1;
    field->decimals = (int)decimals;
    return 0;
}

static int read_date(const struct spec_reading *reading, const struct yaml_node *node,
                     int64_t *days)
{
    const char *text = "";
    int64_t ms = 0;
    if (spec_read_text(reading, node, &text) < 0)
        return -1;
    if (strlen(text) != 10 || parse_time_ms(text, &ms, reading->err) < 0 || ms % MS_PER_DAY != 0)
        return yaml_fail(reading->err, reading->file, node,
                         "%s: \"%s\" is not a date: write 2024-05-01", node->key, text);
    *days = ms / MS_PER_DAY;
    return 0;
}

/* As the provider has it: a whole number, a fraction of `decimals`, a date, how many elements. */
static int read_bound(const struct spec_reading *reading, const struct yaml_node *node,
                      const struct field_spec *field, int64_t *out)
{
    const char *text = "";
    int decimals = 0;
    if (field->provider->arguments & ARGUMENT_DATES)
        return read_date(reading, node, out);
    if (field->provider->arguments & ARGUMENT_ITEMS)
        return spec_read_integer(reading, node, 0, SPEC_MAX_ITEMS, out);
    if (!(field->provider->arguments & ARGUMENT_DECIMALS))
        return spec_read_integer(reading, node, -INT64_MAX, INT64_MAX, out);
    if (spec_read_text(reading, node, &text) < 0)
        return -1;
    if (!parse_fixed(text, out, &decimals) || decimals > field->decimals)
        return yaml_fail(reading->err, reading->file, node,
                         "%s: \"%s\" is not a number with at most %d decimals (decimals: N for "
                         "more)",
                         node->key, text, field->decimals);
    for (; decimals < field->decimals; decimals++)
        if (__builtin_mul_overflow(*out, 10, out))
            return yaml_fail(reading->err, reading->file, node,
                             "%s: %s is too large for %d decimals", node->key, text,
                             field->decimals);
    return 0;
}

static int read_min(const struct spec_reading *reading, const struct yaml_node *node,
                    struct field_spec *field)
{
    field->has_min = true;
    return read_bound(reading, node, field, &field->min);
}

static int read_max(const struct spec_reading *reading, const struct yaml_node *node,
                    struct field_spec *field)
{
    field->has_max = true;
    return read_bound(reading, node, field, &field->max);
}

static int read_min_age(const struct spec_reading *reading, const struct yaml_node *node,
                        struct field_spec *field)
{
    field->has_min = true;
    return spec_read_integer(reading, node, 0, PERSON_MAX_AGE, &field->min);
}

static int read_max_age(const struct spec_reading *reading, const struct yaml_node *node,
                        struct field_spec *field)
{
    field->has_max = true;
    return spec_read_integer(reading, node, 0, PERSON_MAX_AGE, &field->max);
}

static int read_start(const struct spec_reading *reading, const struct yaml_node *node,
                      struct field_spec *field)
{
    field->has_min = true;
    return spec_read_integer(reading, node, -INT64_MAX, INT64_MAX, &field->min);
}

static int read_step(const struct spec_reading *reading, const struct yaml_node *node,
                     struct field_spec *field)
{
    return spec_read_integer(reading, node, -INT64_MAX, INT64_MAX, &field->step);
}

int spec_read_share(const struct spec_reading *reading, const struct yaml_node *node,
                    uint64_t *share)
{
    const char *text = "";
    double part = 0;
    if (spec_read_text(reading, node, &text) < 0)
        return -1;
    if (parse_share(text, &part, reading->err) < 0)
        return yaml_fail(reading->err, reading->file, node,
                         "%s: \"%s\" is not a share: write 0%% to 100%%, such as 2%%", node->key,
                         text);
    *share = (uint64_t)(part * (double)RNG_SHARE_ONE + 0.5);
    return 0;
}

static int read_true(const struct spec_reading *reading, const struct yaml_node *node,
                     struct field_spec *field)
{
    return spec_read_share(reading, node, &field->true_share);
}

static int read_null(const struct spec_reading *reading, const struct yaml_node *node,
                     struct field_spec *field)
{
    return spec_read_share(reading, node, &field->null_share);
}

/* ---- Words ---- */

int spec_read_word(const struct spec_reading *reading, const struct yaml_node *node,
                   const char *const *words, size_t n, int *out)
{
    const char *text = "";
    if (spec_read_text(reading, node, &text) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(text, words[i])) {
            *out = (int)i;
            return 0;
        }
    return spec_fail_name(reading, node, false, node->key, text, words, n);
}

static int read_hidden(const struct spec_reading *reading, const struct yaml_node *node,
                       struct field_spec *field)
{
    static const char *const words[] = {"false", "true"};
    int word = 0;
    int rc = spec_read_word(reading, node, words, 2, &word);
    field->hidden = word == 1;
    return rc;
}

static int read_per(const struct spec_reading *reading, const struct yaml_node *node,
                    struct field_spec *field)
{
    static const char *const words[] = {"record", "user"};
    int word = 0;
    int rc = spec_read_word(reading, node, words, 2, &word);
    field->per = word == 1 ? PER_USER : PER_RECORD;
    return rc;
}

static int read_case(const struct spec_reading *reading, const struct yaml_node *node,
                     struct field_spec *field)
{
    static const char *const words[] = {"lower", "upper"};
    int word = 0;
    int rc = spec_read_word(reading, node, words, 2, &word);
    field->letters = word == 1 ? CASE_UPPER : CASE_LOWER;
    return rc;
}

static int read_form(const struct spec_reading *reading, const struct yaml_node *node,
                     struct field_spec *field)
{
    static const char *const words[] = {"python", "iso", "epoch_s", "epoch_ms", "epoch_us"};
    int word = 0;
    int rc = spec_read_word(reading, node, words, sizeof words / sizeof *words, &word);
    field->form = (enum time_form)word;
    return rc;
}

static int read_back(const struct spec_reading *reading, const struct yaml_node *node,
                     struct field_spec *field)
{
    const char *text = "";
    if (spec_read_text(reading, node, &text) < 0)
        return -1;
    if (parse_duration_ms(text, &field->back_ms, reading->err) < 0)
        return yaml_fail(reading->err, reading->file, node,
                         "back: \"%s\" is not a duration: write 10s, 5m or 1h30m", text);
    if (field->back_ms > MAX_BACK_MS)
        return yaml_fail(reading->err, reading->file, node, "back: \"%s\" is more than 36525 days",
                         text);
    return 0;
}

static int read_template(const struct spec_reading *reading, const struct yaml_node *node,
                         struct field_spec *field)
{
    return spec_read_text(reading, node, &field->template_text);
}

static int read_remove(const struct spec_reading *reading, const struct yaml_node *node,
                       struct field_spec *field)
{
    if (spec_read_text(reading, node, &field->remove) < 0)
        return -1;
    for (const char *at = field->remove; *at; at++)
        if (*at & 0x80)
            return yaml_fail(reading->err, reading->file, node,
                             "remove: only ASCII characters can be removed");
    return 0;
}

/* In the order in which they are read: what others depend on comes first. */
const struct spec_key spec_keys[] = {
    {"null", 0, read_null},
    {"hidden", 0, read_hidden},
    {"per", 0, read_per},
    {"decimals", ARGUMENT_DECIMALS, read_decimals},
    {"as", ARGUMENT_VALUES | ARGUMENT_VALUE, spec_read_as},
    {"min", ARGUMENT_MIN | ARGUMENT_DATES | ARGUMENT_ITEMS, read_min},
    {"max", ARGUMENT_MIN | ARGUMENT_DATES | ARGUMENT_ITEMS, read_max},
    {"min_age", ARGUMENT_AGES, read_min_age},
    {"max_age", ARGUMENT_AGES, read_max_age},
    {"start", ARGUMENT_SEQUENCE, read_start},
    {"step", ARGUMENT_SEQUENCE, read_step},
    {"form", ARGUMENT_TIME, read_form},
    {"back", ARGUMENT_TIME, read_back},
    {"true", ARGUMENT_SHARE, read_true},
    {"template", ARGUMENT_TEMPLATE, read_template},
    {"remove", ARGUMENT_TEMPLATE, read_remove},
    {"case", ARGUMENT_TEMPLATE, read_case},
    {"values", ARGUMENT_VALUES, spec_read_values},
    {"values_from", ARGUMENT_VALUES, spec_read_values_from},
    {"value", ARGUMENT_VALUE, spec_read_value},
    {"fields", ARGUMENT_FIELDS, NULL},
    {"items", ARGUMENT_ITEMS, NULL},
};
const size_t spec_key_count = sizeof spec_keys / sizeof *spec_keys;
