/*
 * `weir consume -f FORMAT`: kcat's letters.
 *
 *     %t topic   %p partition   %o offset   %k key   %s value   %h headers as NAME=value,NAME=value
 *     %T time in milliseconds since 1970 (-1: none)   %T{iso} as 2024-05-01T12:30:00.250Z
 *     %K %S length of key and value (-1: null)   %R length of the value as 4 bytes, big-endian
 *     %% a percent sign   \n \r \t \\ \xNN
 *
 * Nothing is added behind it. A null key or value is nothing; a header's is NULL, as kcat has it.
 */
#ifndef WEIR_CMD_RECORD_FORMAT_H
#define WEIR_CMD_RECORD_FORMAT_H

#include "base/buf.h"
#include "base/err.h"
#include "client/consumer.h"

struct record_format;

/* ERR_USAGE names the letter that is not known and where it stands. */
int record_format_new(struct record_format **out, const char *text, struct err *err);
void record_format_free(struct record_format *format);
/* `shown`: on a terminal, which no byte of a record may command (cmd/shown.h). */
void record_format_add(const struct record_format *format, struct buf *out, bool shown,
                       const char *topic, int32_t partition, const struct message *message);

#endif
