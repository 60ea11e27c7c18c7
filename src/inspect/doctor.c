#include "inspect/doctor.h"

#include "inspect/examination.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct row_policy doctor_policy(const struct pipeline_config *config)
{
    return (struct row_policy){
        .on_unknown_key = config->on_unknown_key,
        .on_nul = config->on_nul,
        .on_too_long = config->on_too_long,
        .timezone = config->timezone,
        .rules = config->columns,
        .n_rules = config->n_columns,
    };
}

const char *doctor_time_text(struct arena *arena, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *unit;
    } UNITS[] = {{86400000, "d"}, {3600000, "h"}, {60000, "min"}, {1000, "s"}};
    for (size_t i = 0; i < sizeof UNITS / sizeof *UNITS; i++)
        if (ms >= 2 * UNITS[i].ms)
            return arena_printf(arena, "%" PRId64 " %s", ms / UNITS[i].ms, UNITS[i].unit);
    return arena_printf(arena, "%" PRId64 " ms", ms);
}

/* Whether a cure is SQL alone, to be run as it stands. */
static bool is_sql(const char *cure)
{
    static const char *const VERBS[] = {"ALTER ", "GRANT "};
    size_t len = strlen(cure);
    for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++)
        if (!strncmp(cure, VERBS[i], strlen(VERBS[i])))
            return len > 0 && cure[len - 1] == ';';
    return false;
}

/* Where ingest's messages begin to say what to do; some begin with what is itself the cure. */
static const char *find_cure(const char *text, const char **cure)
{
    static const struct {
        const char *text;
        bool is_cure;
    } MARKS[] = {
        {"; cures: ", false},
        {"; cure: ", false},
        {"; cure, as the owner: ", false},
        {"; create it with: ", false},
        {"; create it anew with: ", false},
        {"; correct it in ", true},
        {"; check that the role ", true},
        {"; put it into ", true},
        {"; leave it out ", true},
        {"; --database takes ", true},
    };
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++) {
        const char *mark = strstr(text, MARKS[i].text);
        if (mark) {
            *cure = mark + (MARKS[i].is_cure ? strlen("; ") : strlen(MARKS[i].text));
            return mark;
        }
    }
    return NULL;
}

struct finding *doctor_add_error(struct examination *x, enum finding_level level,
                                 const char *section, const char *subject, const struct err *err)
{
    const char *cure = NULL;
    const char *end = find_cure(err->text, &cure);
    int len = end ? (int)(end - err->text) : (int)strlen(err->text);
    struct finding *finding =
        finding_add(x->findings, level, section, subject, "%.*s", len, err->text);
    if (!cure)
        return finding;
    if (is_sql(cure))
        finding->sql = arena_strdup(x->arena, cure);
    else
        finding->cure = arena_strdup(x->arena, cure);
    return finding;
}

const char *doctor_near(struct arena *arena, const char *text)
{
    static const char mark[] = "did you mean ";
    const char *name = strstr(text, mark);
    const char *end = name ? strrchr(name, '?') : NULL;
    if (!end)
        return NULL;
    name += strlen(mark);
    return arena_strndup(arena, name, (size_t)(end - name));
}

void doctor_examine(const struct pipeline_config *config, size_t sample_records,
                    struct findings *findings)
{
    struct examination x = {
        .config = config,
        .arena = findings->arena,
        .findings = findings,
        .sample_records = sample_records,
    };
    doctor_brokers(&x);
    doctor_topics(&x);
    doctor_records(&x);
    doctor_database(&x);
    doctor_columns(&x);
    doctor_state(&x);
    doctor_position(&x);
    table_free(x.table);
    survey_close(x.survey);
    admin_free(x.admin);
}
