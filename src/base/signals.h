/*
 * SIGINT, SIGTERM and SIGHUP (the terminal is gone): the first asks the process to drain and leave,
 * the second ends it at once with exit code 130. A second SIGHUP does not, because the kernel and
 * the shell send one each; one that is ignored from the start (nohup) stays so. SIGPIPE is ignored:
 * a closed socket or pipe is an error of the write.
 *
 * The same signal again within 50 ms counts as one: timeout(1) and shells send it to the process
 * and to its group.
 */
#ifndef WEIR_BASE_SIGNALS_H
#define WEIR_BASE_SIGNALS_H

#include "base/err.h"

#include <stdbool.h>

/* Once, by main() before any thread is started. */
int signals_init(struct err *err);

/*
 * While `on`, the first signal ends the process like the second: for a call that cannot be
 * interrupted, when there is nothing yet to drain or to clear away.
 */
void signals_end_at_once(bool on);
/*
 * What that first signal does then: the exit code, 130 unless told otherwise, and a line for stderr
 * with its end, which must stay where it is (NULL: none).
 */
void signals_end_with(int code, const char *line);

/* Whether a signal has asked to stop. Any thread. */
bool signals_stop_requested(void);
/*
 * A descriptor that becomes readable with that request and stays so: watch it with poll(2), never
 * read it. -1 before signals_init().
 */
int signals_fd(void);

#endif
