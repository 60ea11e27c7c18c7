#include "client/producer_hand_over.h"

static rd_kafka_headers_t *headers_of(const struct producer_record *record)
{
    if (record->n_headers == 0)
        return NULL;
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->n_headers);
    for (size_t i = 0; i < record->n_headers; i++) {
        const struct producer_header *header = &record->headers[i];
        rd_kafka_header_add(headers, header->name.ptr, (ssize_t)header->name.len, header->value.ptr,
                            header->value.ptr ? (ssize_t)header->value.len : 0);
    }
    return headers;
}

/* What has no headers and the time of now goes by the call that costs the library least. */
static rd_kafka_resp_err_t hand_over_plain(rd_kafka_topic_t *topic,
                                           const struct producer_record *record, void *opaque)
{
    void *value = (void *)(uintptr_t)record->value.ptr;
    if (rd_kafka_produce(topic, record->partition, RD_KAFKA_MSG_F_COPY, value, record->value.len,
                         record->key.ptr, record->key.len, opaque) == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    return rd_kafka_last_error();
}

rd_kafka_resp_err_t producer_hand_over(rd_kafka_t *rk, rd_kafka_topic_t *topic,
                                       const struct producer_record *record, void *opaque)
{
    if (record->n_headers == 0 && record->timestamp_ms < 0)
        return hand_over_plain(topic, record, opaque);
    rd_kafka_headers_t *headers = headers_of(record);
    rd_kafka_vu_t parts[8] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_PARTITION, .u.i32 = record->partition},
        {.vtype = RD_KAFKA_VTYPE_KEY,
         .u.mem = {(void *)(uintptr_t)record->key.ptr, record->key.len}},
        {.vtype = RD_KAFKA_VTYPE_VALUE,
         .u.mem = {(void *)(uintptr_t)record->value.ptr, record->value.len}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP,
         .u.i64 = record->timestamp_ms >= 0 ? record->timestamp_ms : 0},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = opaque},
    };
    size_t n = 7;
    if (headers)
        parts[n++] = (rd_kafka_vu_t){.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers};
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_error_t *error = rd_kafka_produceva(rk, parts, n);
    if (error) {
        code = rd_kafka_error_code(error);
        rd_kafka_error_destroy(error);
        if (headers)
            rd_kafka_headers_destroy(headers);
    }
    return code;
}
