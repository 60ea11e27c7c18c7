/* What a producer says of a record before any broker has seen it. */
#include "client/producer.h"

#include "unit.h"

/* It would be offered again and again, and an empty queue has nothing to wait for. */
static void test_a_record_larger_than_the_queue_is_refused(void **state)
{
    (void)state;
    static const struct property small = {"queue.buffering.max.kbytes", "1", ""};
    static const char bytes[2000];
    struct producer *producer;
    struct err err = {0};
    struct producer_record record = {.topic = "t", .partition = -1, .timestamp_ms = -1};
    const struct producer_options options = {.scope = "",
                                             .brokers = "127.0.0.1:1",
                                             .properties = &small,
                                             .n_properties = 1,
                                             .bulk = true};
    if (producer_new(&producer, &options, &err) < 0)
        fail_msg("%s", err.text);
    record.value = (struct slice){bytes, sizeof bytes};
    assert_int_equal(producer_offer(producer, &record, &err), -1);
    assert_int_equal(err.class, ERR_INPUT);
    assert_non_null(strstr(err.text, "raise queue.buffering.max.kbytes"));
    record.value.len = 600;
    assert_int_equal(producer_offer(producer, &record, &err), 0);
    assert_int_equal(producer_offer(producer, &record, &err), 1);
    producer_free(producer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_record_larger_than_the_queue_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
