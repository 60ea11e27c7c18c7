#include "cmd/doctor_render.h"

#include "base/buf.h"
#include "base/json.h"
#include "cmd/json_out.h"
#include "cmd/shown.h"

#include <stdio.h>
#include <string.h>

#define MAX_TEXT_BYTES ((size_t)64 << 20)
#define MAX_SUBJECT_WIDTH 32

/* ---- text ---- */

static bool is_told(const struct finding *finding, const struct doctor_text *how)
{
    bool trouble = finding->level == FINDING_WARN || finding->level == FINDING_FAIL;
    return trouble || !how->only_troubles;
}

static const char *colour_of(enum finding_level level)
{
    static const char *const colours[FINDING_LEVELS] = {[FINDING_OK] = "\x1b[32m",
                                                        [FINDING_WARN] = "\x1b[33m",
                                                        [FINDING_FAIL] = "\x1b[31m",
                                                        [FINDING_SKIP] = "\x1b[2m"};
    return colours[level];
}

/* What came from elsewhere, harmless on a terminal; one line unless it is SQL of several. */
static void add_text(struct buf *out, const char *text, const struct doctor_text *how)
{
    if (how->shown)
        shown_add(out, slice_of(text));
    else
        buf_add_str(out, text);
}

/* "    cure: ..." ; the lines of a longer text below each other. */
static void add_advice(struct buf *out, const char *lead, const char *text,
                       const struct doctor_text *how)
{
    struct arena arena;
    arena_init(&arena);
    for (bool first = true; *text; first = false) {
        size_t len = strcspn(text, "\n");
        buf_printf(out, "          %*s", (int)strlen(lead), first ? lead : "");
        add_text(out, arena_strndup(&arena, text, len), how);
        buf_add_byte(out, '\n');
        text += len + (text[len] == '\n');
    }
    arena_release(&arena);
}

static void add_finding(struct buf *out, const struct finding *finding, size_t width,
                        const struct doctor_text *how)
{
    const char *name = finding_level_name(finding->level);
    size_t length = utf8_length(slice_of(finding->subject));
    size_t blanks = length < width ? width - length : 0;
    if (how->colour)
        buf_printf(out, "  %s%-4s\x1b[0m  ", colour_of(finding->level), name);
    else
        buf_printf(out, "  %-4s  ", name);
    add_text(out, finding->subject, how);
    buf_printf(out, "%*s  ", (int)blanks, "");
    add_text(out, finding->text, how);
    buf_add_byte(out, '\n');
    if (finding->cure)
        add_advice(out, "cure: ", finding->cure, how);
    if (finding->sql)
        add_advice(out, finding->cure ? "" : "cure: ", finding->sql, how);
    if (finding->instead)
        add_advice(out, "or: ", finding->instead, how);
}

/* The width of the subjects of a section that begins with this finding. */
static size_t width_of(const struct finding *first, const struct doctor_text *how)
{
    size_t width = 0;
    for (const struct finding *f = first; f && !strcmp(f->section, first->section); f = f->next) {
        size_t length = utf8_length(slice_of(f->subject));
        if (is_told(f, how) && length <= MAX_SUBJECT_WIDTH && length > width)
            width = length;
    }
    return width;
}

static void add_sum(struct buf *out, const struct findings *findings)
{
    buf_printf(out, "%zu fail, %zu warn, %zu ok", findings->n[FINDING_FAIL],
               findings->n[FINDING_WARN], findings->n[FINDING_OK]);
    if (findings->n[FINDING_SKIP] > 0)
        buf_printf(out, ", %zu not checked", findings->n[FINDING_SKIP]);
    buf_add_byte(out, '\n');
}

static void add_title(struct buf *out, const struct pipeline_config *config,
                      const struct doctor_text *how)
{
    buf_printf(out, "%s: ", config->name);
    for (size_t i = 0; i < config->n_topics; i++) {
        buf_add_str(out, i ? ", " : "");
        add_text(out, config->topics[i], how);
    }
    buf_printf(out, " -> %s\n", config->table);
}

void doctor_render_text(const struct examined *examined, const struct doctor_text *how)
{
    struct buf out;
    const char *section = "";
    size_t width = 0;
    buf_init(&out, MAX_TEXT_BYTES);
    add_title(&out, examined->config, how);
    for (const struct finding *f = examined->findings.first; f; f = f->next) {
        if (!is_told(f, how))
            continue;
        if (strcmp(section, f->section) != 0) {
            section = f->section;
            width = width_of(f, how);
            buf_printf(&out, "%s\n", section);
        }
        add_finding(&out, f, width, how);
    }
    add_sum(&out, &examined->findings);
    fputs(buf_str(&out), stdout);
    buf_release(&out);
}

/* ---- JSON ---- */

static void add_counts(struct json_out *out, const struct findings *findings)
{
    for (int level = 0; level < FINDING_LEVELS; level++)
        json_out_number(out, finding_level_name((enum finding_level)level), true,
                        (int64_t)findings->n[level]);
}

static void add_findings(struct json_out *out, const struct findings *findings)
{
    json_out_open(out, "findings", '[');
    for (const struct finding *f = findings->first; f; f = f->next) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "level", finding_level_name(f->level));
        json_out_text(out, "section", f->section);
        json_out_text(out, "subject", f->subject);
        json_out_text(out, "text", f->text);
        json_out_text(out, "cure", f->cure);
        json_out_text(out, "sql", f->sql);
        json_out_text(out, "instead", f->instead);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

void doctor_render_json(const struct examined *examined, size_t n)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "pipelines", '[');
    for (size_t i = 0; i < n; i++) {
        const struct pipeline_config *config = examined[i].config;
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "pipeline", config->name);
        json_out_open(&out, "topics", '[');
        for (size_t j = 0; j < config->n_topics; j++)
            json_out_text(&out, NULL, config->topics[j]);
        json_out_close(&out, ']');
        json_out_text(&out, "table", config->table);
        add_counts(&out, &examined[i].findings);
        add_findings(&out, &examined[i].findings);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}
