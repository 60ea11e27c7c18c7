/*
 * Records onto stdout, in the form that was asked for: the value and a line's end, -f, -J or
 * --pretty. What is printed is gathered, and goes out when record_printer_flush() is called or
 * enough has come together. A reader that is slow or has gone is the outlet's affair.
 */
#ifndef WEIR_CMD_RECORD_PRINTER_H
#define WEIR_CMD_RECORD_PRINTER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/outlet.h"
#include "client/consumer.h"
#include "cmd/record_format.h"

#include <regex.h>

struct record_printer {
    const struct record_format *format; /* -f, or NULL */
    const char *key_delimiter;          /* the key before the value, or NULL: without */
    bool json;
    bool pretty;
    bool has_grep;
    regex_t grep;         /* only records whose key or value it finds something in */
    struct outlet outlet; /* its on_wait may be set; what comes of it is the reader's */
    /* Own: */
    struct buf out;
    struct buf scratch;
    bool terminal;
};

void record_printer_init(struct record_printer *printer);
void record_printer_release(struct record_printer *printer);
/* 1: printed; 0: --grep leaves it out; -1: err. */
int record_printer_add(struct record_printer *printer, const char *topic, int32_t partition,
                       const struct message *message, struct err *err);
int record_printer_flush(struct record_printer *printer, struct err *err);

#endif
