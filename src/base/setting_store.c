/* From a setting's text to the typed field of a pipeline; see setting_store() in settings.h. */
#include "base/buf.h"
#include "base/settings.h"
#include "base/suggest.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_Static_assert(sizeof(enum on_gap) == sizeof(unsigned), "a choice is stored as an unsigned");

int setting_fail(struct err *err, const struct setting *setting, enum setting_layer layer,
                 const char *where, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (layer == LAYER_FILE)
        return err_set(err, ERR_USAGE, "%s: %s: %s", where, setting->key, text);
    return err_set(err, ERR_USAGE, "%s: %s", where, text);
}

/* Put the place before what a parser or check said. */
static int fail_at_item(struct err *err, const struct setting *setting, enum setting_layer layer,
                        const struct setting_item *item)
{
    if (layer == LAYER_FILE)
        err_prefix(err, "%s: %s", item->where, setting->key);
    else
        err_prefix(err, "%s", item->where);
    return -1;
}

/* "ignore or dead", "auto, text, logfmt or json". */
static void name_choices(const struct setting *setting, struct buf *out)
{
    for (size_t i = 0; setting->choices[i]; i++) {
        if (i > 0)
            buf_add_str(out, setting->choices[i + 1] ? ", " : " or ");
        buf_add_str(out, setting->choices[i]);
    }
}

static int parse_choice(const struct setting *setting, const char *text, unsigned *out,
                        struct err *err)
{
    for (unsigned i = 0; setting->choices[i]; i++)
        if (!strcmp(text, setting->choices[i])) {
            *out = i;
            return 0;
        }
    for (size_t i = 0; setting->later && setting->later[i]; i++)
        if (!strcmp(text, setting->later[i]))
            return err_set(err, ERR_USAGE, "\"%s\" is not supported by this version yet", text);
    struct buf names;
    buf_init(&names, 200);
    name_choices(setting, &names);
    err_set(err, ERR_USAGE, "\"%.100s\" is not one of its values: write %s", text, buf_str(&names));
    buf_release(&names);
    return -1;
}

static int parse_bounded(const struct setting *setting, const char *text, int64_t *out,
                         struct err *err)
{
    int rc;
    if (setting->type == SETTING_TYPE_SIZE)
        rc = parse_size_bytes(text, out, err);
    else if (setting->type == SETTING_TYPE_DURATION)
        rc = parse_duration_ms(text, out, err);
    else if ((rc = parse_integer(text, out)) < 0)
        err_set(err, ERR_USAGE, "\"%.100s\" is not a whole number", text);
    if (rc < 0)
        return -1;
    if (*out >= setting->min && *out <= setting->max)
        return 0;
    switch (setting->type) {
    case SETTING_TYPE_SIZE:
        if (setting->max < INT64_MAX)
            return err_set(err, ERR_USAGE, "%s is not between %lldKiB and %lldMiB", text,
                           (long long)(setting->min >> 10), (long long)(setting->max >> 20));
        break;
    case SETTING_TYPE_DURATION:
        return err_set(err, ERR_USAGE, "%s is not between %lldms and %llds", text,
                       (long long)setting->min, (long long)(setting->max / 1000));
    default:
        if (setting->max < INT64_MAX)
            return err_set(err, ERR_USAGE, "%s is not between %lld and %lld", text,
                           (long long)setting->min, (long long)setting->max);
    }
    return err_set(err, ERR_USAGE, "%s is less than %lld", text, (long long)setting->min);
}

static int store_number(const struct setting *setting, const char *text, void *field,
                        struct err *err)
{
    int64_t number;
    if (parse_bounded(setting, text, &number, err) < 0)
        return -1;
    if (setting->type == SETTING_TYPE_SMALL)
        *(int *)field = (int)number;
    else
        *(int64_t *)field = number;
    return 0;
}

/* `field` is NULL for a setting that is checked here and stored elsewhere. */
static int store_one(struct arena *arena, const struct setting *setting, const char *text,
                     void *field, struct err *err)
{
    union {
        bool flag;
        unsigned choice;
        int64_t number;
        double share;
        struct offset_spec offset;
        const char *text;
    } unused;
    void *to = field ? field : &unused;
    switch (setting->type) {
    case SETTING_TYPE_FLAG:
        *(bool *)to = true;
        return 0;
    case SETTING_TYPE_INTEGER:
    case SETTING_TYPE_SMALL:
    case SETTING_TYPE_SIZE:
    case SETTING_TYPE_DURATION:
        return store_number(setting, text, to, err);
    case SETTING_TYPE_SHARE:
        return parse_share(text, to, err);
    case SETTING_TYPE_CHOICE:
        return parse_choice(setting, text, to, err);
    case SETTING_TYPE_OFFSET:
        return parse_offset_spec(text, to, err);
    default:
        if (setting->check && setting->check(text, err) < 0)
            return -1;
        *(const char **)to = arena_strdup(arena, text);
        return 0;
    }
}

/* The two lists of texts. */
static int store_list(struct arena *arena, const struct setting *setting,
                      const struct setting_value *value, struct pipeline_config *pipeline,
                      struct err *err)
{
    const char **texts = arena_alloc(arena, (value->n + 1) * sizeof *texts);
    for (size_t i = 0; i < value->n; i++) {
        const struct setting_item *item = &value->items[i];
        if (setting->check && setting->check(item->text, err) < 0)
            return fail_at_item(err, setting, value->layer, item);
        for (size_t j = 0; j < i; j++)
            if (!strcmp(texts[j], item->text))
                return setting_fail(err, setting, value->layer, item->where,
                                    "\"%s\" is named twice", item->text);
        texts[i] = arena_strdup(arena, item->text);
    }
    if (setting == setting_at(SETTING_TOPIC)) {
        pipeline->topics = texts;
        pipeline->n_topics = value->n;
    } else {
        pipeline->setup = texts;
        pipeline->n_setup = value->n;
    }
    return 0;
}

static int store_joined(struct arena *arena, const struct setting *setting,
                        const struct setting_value *value, const char **field, struct err *err)
{
    const char *joined = "";
    for (size_t i = 0; i < value->n; i++) {
        const struct setting_item *item = &value->items[i];
        if (setting->check && setting->check(item->text, err) < 0)
            return fail_at_item(err, setting, value->layer, item);
        joined = arena_printf(arena, "%s%s%s", joined, i ? "," : "", item->text);
    }
    *field = joined;
    return 0;
}

int setting_store(struct arena *arena, const struct setting *setting,
                  const struct setting_value *value, struct pipeline_config *pipeline,
                  struct err *err)
{
    void *field = setting->field == SETTING_NO_FIELD ? NULL : (char *)pipeline + setting->field;
    if (value->n == 0 && setting->type != SETTING_TYPE_LIST)
        return 0;
    switch (setting->type) {
    case SETTING_TYPE_LIST:
        return store_list(arena, setting, value, pipeline, err);
    case SETTING_TYPE_JOINED:
        assert(field);
        return store_joined(arena, setting, value, field, err);
    case SETTING_TYPE_PROPERTIES:
    case SETTING_TYPE_COLUMNS:
        return 0;
    default:
        break;
    }
    /* One: the command line has refused an option that is given twice. */
    const struct setting_item *item = &value->items[value->n - 1];
    if (store_one(arena, setting, item->text, field, err) < 0)
        return fail_at_item(err, setting, value->layer, item);
    return 0;
}
