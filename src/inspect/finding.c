#include "inspect/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What a record or a server said may have lines; a finding is one. */
static char *in_one_line(struct arena *arena, const char *text)
{
    char *line = arena_strdup(arena, text);
    for (char *c = line; *c; c++)
        if (*c == '\n' || *c == '\r' || *c == '\t')
            *c = ' ';
    return line;
}

struct finding *finding_add(struct findings *findings, enum finding_level level,
                            const char *section, const char *subject, const char *format, ...)
{
    char *text;
    va_list args;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        abort();
    struct finding *finding = arena_alloc(findings->arena, sizeof *finding);
    *finding = (struct finding){
        .level = level,
        .section = arena_strdup(findings->arena, section),
        .subject = in_one_line(findings->arena, subject),
        .text = in_one_line(findings->arena, text),
    };
    free(text);
    if (findings->last)
        findings->last->next = finding;
    else
        findings->first = finding;
    findings->last = finding;
    findings->n[level]++;
    return finding;
}

const char *finding_level_name(enum finding_level level)
{
    static const char *const names[FINDING_LEVELS] = {"ok", "warn", "fail", "skip"};
    return names[level];
}
