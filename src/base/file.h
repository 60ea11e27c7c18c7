/* Whole files at once: configuration, credentials, SQL. */
#ifndef WEIR_BASE_FILE_H
#define WEIR_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Append a file's content to `out`, whose maximum is the limit. Pipes can be read too. On failure
 * `out` is as it was and the error (ERR_USAGE) names the path and what is wrong with it.
 */
int file_read(struct buf *out, const char *path, struct err *err);

#endif
