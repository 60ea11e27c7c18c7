/*
 * The levelled log, on stderr: text for people on a terminal, logfmt elsewhere, JSON on request.
 *
 * A message is a sentence; what a machine wants to select by goes into fields. A line is written
 * with one write(2), so lines of several threads never mix. log_* may be called from any thread.
 */
#ifndef WEIR_BASE_LOG_H
#define WEIR_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_LOGFMT, LOG_FORMAT_JSON };

void log_init(enum log_level level, enum log_format format);
/* The level above which nothing is written; -q lowers it to errors, -v raises it to debug. */
enum log_level log_level(void);

void log_write(enum log_level level, const char *scope, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/*
 * `scope` names what the line is about: a pipeline's name, or "" for the whole process.
 */
#define log_error(scope, ...) log_write(LOG_ERROR, scope, __VA_ARGS__)
#define log_warn(scope, ...) log_write(LOG_WARN, scope, __VA_ARGS__)
#define log_info(scope, ...) log_write(LOG_INFO, scope, __VA_ARGS__)
#define log_debug(scope, ...) log_write(LOG_DEBUG, scope, __VA_ARGS__)

/*
 * The one status line at the foot of a terminal (NULL or "" takes it away). Log lines are written
 * above it. Off a terminal this does nothing.
 */
void log_status(const char *text);
/* Whether stderr is a terminal that may be drawn on (NO_COLOR and TERM=dumb respected for colour).
 */
bool log_on_terminal(void);
bool log_colour(void);

#endif
