/* What `weir produce` reads, as records: lines of text, envelopes (cmd/envelope.h), whole files. */
#ifndef WEIR_CMD_PRODUCE_INPUT_H
#define WEIR_CMD_PRODUCE_INPUT_H

#include "base/err.h"
#include "client/producer.h"

#include <stdbool.h>

struct produce_form {
    int32_t partition;         /* -1: by the key's hash, or any */
    const char *key_delimiter; /* NULL: a line is all value */
    const char *null_marker;   /* NULL: nothing is null */
    const struct producer_header *headers;
    size_t n_headers;
    bool json;           /* lines are envelopes */
    bool keep_partition; /* of the envelope */
    bool interactive;    /* a person types: show a prompt */
};

/* Takes one record; -1 and err ends the reading. The record's topic is for it to fill in. */
typedef int produce_sink(void *context, const struct producer_record *record, struct err *err);

/*
 * Each line is a record, without its line's end; a last line needs none. Reads until the end of
 * `fd` or signals_stop_requested(). ERR_INPUT names the line, by number from 1.
 */
int produce_lines(const struct produce_form *form, int fd, produce_sink *sink, void *context,
                  struct err *err);
/* The whole file is one record's value. */
int produce_file(const struct produce_form *form, const char *path, produce_sink *sink,
                 void *context, struct err *err);

#endif
