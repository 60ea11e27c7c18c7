/* Findings as text for people and as JSON for programs. */
#ifndef WEIR_CMD_DOCTOR_RENDER_H
#define WEIR_CMD_DOCTOR_RENDER_H

#include "base/config.h"
#include "inspect/finding.h"

#include <stdbool.h>
#include <stddef.h>

struct examined {
    const struct pipeline_config *config;
    struct findings findings;
};

struct doctor_text {
    bool colour;
    bool shown; /* on a terminal: what a record holds must not command it */
    bool only_troubles;
};

/* One pipeline with its sections, aligned, and its sum. */
void doctor_render_text(const struct examined *examined, const struct doctor_text *how);
/* All of them as one object. */
void doctor_render_json(const struct examined *examined, size_t n);

#endif
