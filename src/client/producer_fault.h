/* Why a record was not taken, as who writes needs to know it. */
#ifndef WEIR_CLIENT_PRODUCER_FAULT_H
#define WEIR_CLIENT_PRODUCER_FAULT_H

#include "base/err.h"

#include <librdkafka/rdkafka.h>

/*
 * "Too large" and "not allowed" mean something else to who reads; and the topic was there when the
 * producer was opened. -1.
 */
int producer_fault(struct err *err, rd_kafka_resp_err_t code, const char *topic);

#endif
