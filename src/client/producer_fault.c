#include "client/producer_fault.h"

#include "client/fault.h"

int producer_fault(struct err *err, rd_kafka_resp_err_t code, const char *topic)
{
    if (fault_is_topic_gone(code))
        return err_set_code(
            err, ERR_HALT, rd_kafka_err2name(code),
            "there is no topic \"%s\" any more, or not this partition of it: was it "
            "deleted?",
            topic);
    if (code == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP)
        return err_set_code(
            err, ERR_INPUT, rd_kafka_err2name(code),
            "topic \"%s\" refuses a record's time, and with it all of its batch: it takes none "
            "that is further ahead or back than its message.timestamp.after.max.ms (an hour, "
            "unless set) and message.timestamp.before.max.ms",
            topic);
    if (code == RD_KAFKA_RESP_ERR_INVALID_RECORD)
        return err_set_code(err, ERR_INPUT, rd_kafka_err2name(code),
                            "topic \"%s\" refuses a record: where its cleanup.policy is compact "
                            "each needs a key (generate --key FIELD, produce -K DELIMITER)",
                            topic);
    if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
        return err_set_code(err, ERR_HALT, rd_kafka_err2name(code),
                            "topic \"%s\" may be seen and not be written to: kafka-acls grants it "
                            "(Write on the topic)",
                            topic);
    if (code != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
        return fault_of_topic(err, code, topic, NULL);
    return err_set_code(err, ERR_INPUT, rd_kafka_err2name(code),
                        "the record is larger than topic \"%s\" takes: raise its max.message.bytes",
                        topic);
}
