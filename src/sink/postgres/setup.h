/*
 * The --setup files: SQL scripts run at every start before the checks, as the chapter's consumer
 * runs its two. Each file is one transaction under an advisory lock, so that two processes that
 * start at once do not collide in CREATE ... IF NOT EXISTS. A failing statement is named with file,
 * line and the server's message.
 */
#ifndef WEIR_SINK_POSTGRES_SETUP_H
#define WEIR_SINK_POSTGRES_SETUP_H

#include "base/err.h"
#include "sink/survey.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

int setup_run_files(PGconn *conn, const char *const *paths, size_t n, struct err *err);

/*
 * Read and check the files without running them: whether they have a CREATE TABLE of the name
 * `table` ("table" or "schema.table" as SQL writes it). What else the files do is not looked at.
 */
int setup_look(const char *const *paths, size_t n, const char *table, struct setup_effect *out,
               struct err *err);

#endif
