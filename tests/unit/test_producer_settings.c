/* What a producer asks of the library, by what its user says. */
#include "client/producer_settings.h"

#include "unit.h"

/* The last one counts, as in the library. */
static const char *default_of(const struct producer_options *options, const char *name)
{
    static struct producer_settings settings; /* its texts are in it */
    const char *value = NULL;
    producer_settings_init(&settings, options);
    for (size_t i = 0; i < settings.n_defaults; i++)
        if (!strcmp(settings.defaults[i].name, name))
            value = settings.defaults[i].value;
    return value;
}

static void test_lingering_is_short_or_leaves_batches_to_fill(void **state)
{
    (void)state;
    static const struct {
        bool bulk;
        struct property given;
        const char *linger_ms;
    } cases[] = {
        {false, {0}, "5"},
        {true, {0}, "10000"},
        {true, {"message.timeout.ms", "600", ""}, "300"},
        {false, {"message.timeout.ms", "8", ""}, "4"},
        {true, {"topic.delivery.timeout.ms", "0", ""}, "10000"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct producer_options options = {.bulk = cases[i].bulk,
                                                 .properties = &cases[i].given,
                                                 .n_properties = cases[i].given.name != NULL};
        assert_string_equal(default_of(&options, "linger.ms"), cases[i].linger_ms);
    }
}

/* A record that is larger than the queue would be waited for without end. */
static void test_the_queue_has_room_for_the_largest_record(void **state)
{
    (void)state;
    static const struct {
        int64_t max_bytes;
        const char *queue_kib;
    } cases[] = {{1048588, "65536"}, {100000000, "97657"}, {INT32_MAX, "976563"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct producer_options options = {.bulk = true, .max_bytes = cases[i].max_bytes};
        assert_string_equal(default_of(&options, "queue.buffering.max.kbytes"), cases[i].queue_kib);
    }
}

/* Else a small request waits in the socket for the answer to the one before it. */
static void test_requests_leave_at_once(void **state)
{
    (void)state;
    const struct producer_options options = {.bulk = true};
    assert_string_equal(default_of(&options, "socket.nagle.disable"), "true");
    assert_string_equal(default_of(&options, "enable.idempotence"), "true");
}

static void test_how_long_a_record_is_waited_for(void **state)
{
    (void)state;
    static const struct {
        bool patient;
        struct property given;
        const char *timeout_ms; /* the default */
        int64_t patience_ms;
    } cases[] = {
        {false, {0}, "60000", 70000},
        {true, {0}, "0", -1},
        {true, {"message.timeout.ms", "5000", ""}, "0", 15000},
        {false, {"delivery.timeout.ms", "0", ""}, "60000", -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct producer_settings settings;
        const struct producer_options options = {.patient = cases[i].patient,
                                                 .properties = &cases[i].given,
                                                 .n_properties = cases[i].given.name != NULL};
        producer_settings_init(&settings, &options);
        assert_string_equal(default_of(&options, "message.timeout.ms"), cases[i].timeout_ms);
        assert_int_equal(settings.patience_ms, cases[i].patience_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lingering_is_short_or_leaves_batches_to_fill),
        cmocka_unit_test(test_the_queue_has_room_for_the_largest_record),
        cmocka_unit_test(test_requests_leave_at_once),
        cmocka_unit_test(test_how_long_a_record_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
