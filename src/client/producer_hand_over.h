/* Private to producer: one record given to the library, which copies its bytes. */
#ifndef WEIR_CLIENT_PRODUCER_HAND_OVER_H
#define WEIR_CLIENT_PRODUCER_HAND_OVER_H

#include "client/producer.h"

#include <librdkafka/rdkafka.h>

/* `opaque` comes back with the delivery report. RD_KAFKA_RESP_ERR__QUEUE_FULL: not now. */
rd_kafka_resp_err_t producer_hand_over(rd_kafka_t *rk, rd_kafka_topic_t *topic,
                                       const struct producer_record *record, void *opaque);

#endif
