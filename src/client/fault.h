/*
 * librdkafka's errors in weir's classes, and the next step for those a person must cure.
 * One table decides; see fault.c.
 */
#ifndef WEIR_CLIENT_FAULT_H
#define WEIR_CLIENT_FAULT_H

#include "base/err.h"

#include <librdkafka/rdkafka.h>
#include <stdbool.h>

/*
 * Fill `err` from a code and the library's own words (NULL: the code's description). Of those
 * words the changing end, "(after 3ms in state CONNECT, 2 identical error(s) suppressed)", is cut;
 * what is known of connections (fault_connect.h) is told in ours.
 * Returns -1.
 */
int fault_set(struct err *err, rd_kafka_resp_err_t code, const char *detail);
/* The same about a topic, whose name is put before it unless the words have it. */
int fault_of_topic(struct err *err, rd_kafka_resp_err_t code, const char *topic,
                   const char *detail);

enum err_class fault_class(rd_kafka_resp_err_t code);
/* A connection that is away or did not come to be; the library keeps trying. */
bool fault_is_connection(rd_kafka_resp_err_t code);
/* The cluster says that a topic we read is not there, or is another than before. */
bool fault_is_topic_gone(rd_kafka_resp_err_t code);

#endif
