/*
 * Where passwords can stand: in librdkafka properties, in a database's URI or keywords. So that
 * they are refused on the command line, wiped from it, and never printed.
 */
#ifndef WEIR_BASE_SECRET_H
#define WEIR_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/* What is shown instead. */
#define SECRET_MASK "********"

/* Whether the name of a property or key says that its value is a password or a private key. */
bool secret_name(const char *name);

/* Whether the value is not to be shown: by the name, or as a URL with "user:password@" in it. */
bool secret_property(const char *name, const char *value);
/* Whether the value is a URL with a login in it, for a property that takes its URL elsewhere. */
bool secret_in_url(const char *name, const char *value);

/*
 * The next password in the text of a `database` (URI or keywords) at or after `*from`. True: it
 * stands in text[*start .. *start + *length), and *from is moved behind it.
 */
bool secret_in_database(const char *text, size_t *from, size_t *start, size_t *length);

#endif
