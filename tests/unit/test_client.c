/* What of src/client needs no broker: fingerprints, settings, versions, classes of errors. */
#include "unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "client/admin.h"
#include "client/consumer.h"
#include "client/fault.h"
#include "client/fault_connect.h"
#include "client/library.h"
#include "client/producer.h"

#include <pthread.h>
#include <string.h>

static void fingerprints_tell_records_apart(void **state)
{
    (void)state;
    const struct slice none = SLICE_NONE;
    const struct slice empty = SLICE_LIT("");
    const struct slice ab = SLICE_LIT("ab");
    /* CRC-32C over the bytes in the comment, by another implementation. */
    const struct {
        struct slice key, value;
        uint32_t crc;
    } cases[] = {
        {none, none, 0x48674BC7},                      /* FFFFFFFF FFFFFFFF */
        {none, empty, 0xFFFFFFFF},                     /* FFFFFFFF 00000000 */
        {empty, none, 0x3BB006B2},                     /* 00000000 FFFFFFFF */
        {SLICE_LIT("k"), ab, 0x0E85CBFA},              /* 00000001 6B 00000002 6162 */
        {SLICE_LIT("ka"), SLICE_LIT("b"), 0x7EF21DE7}, /* 00000002 6B61 00000001 62 */
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fingerprint print = fingerprint_of(cases[i].key, cases[i].value, 42);
        assert_int_equal(print.timestamp_ms, 42);
        assert_int_equal(print.crc, cases[i].crc);
    }
}

static void versions_open_gates(void **state)
{
    (void)state;
    const struct {
        int version;
        bool backoff, ids;
    } cases[] = {
        {0x020002ff, false, false}, {0x020103ff, false, false}, {0x020200ff, true, false},
        {0x020201ff, true, false},  {0x020300ff, true, true},   {0x021000ff, true, true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(library_knows_queue_backoff(cases[i].version), cases[i].backoff);
        assert_int_equal(library_knows_topic_ids(cases[i].version), cases[i].ids);
    }
    assert_false(library_can_scram(0x020600ff));
    assert_true(library_can_scram(0x020601ff));
    assert_memory_equal(client_library_version(), "librdkafka 2.", 13);
}

static void queues_share_what_memory_there_is(void **state)
{
    (void)state;
    const int32_t partitions[] = {0, 1, 3, 12, 100, 10000};
    for (size_t i = 0; i < COUNT_OF(partitions); i++) {
        int64_t n = partitions[i] > 0 ? partitions[i] : 3;
        struct queue_limits newer = library_queue_limits(0x020200ff, partitions[i], true);
        assert_true(newer.backoff_ms > 0);
        assert_false(newer.nudge);
        assert_true(newer.max_kbytes * n <= INT64_C(6) * 1024 || newer.max_kbytes == 1024);
        assert_true(newer.fetch_bytes * n <= 1048576 || newer.fetch_bytes == 65536);
        assert_true(newer.fetch_bytes * n > 1048576 - n || newer.fetch_bytes == 1048576);

        struct queue_limits old = library_queue_limits(0x020002ff, partitions[i], false);
        assert_int_equal(old.backoff_ms, 0);
        assert_true(old.nudge);
        assert_int_equal(old.max_kbytes, newer.max_kbytes);

        struct queue_limits sasl = library_queue_limits(0x020002ff, partitions[i], true);
        assert_int_equal(sasl.backoff_ms, 0);
        assert_false(sasl.nudge);
        assert_true(sasl.max_kbytes * n <= INT64_C(168) * 1024 || sasl.max_kbytes == 4096);
        assert_true(sasl.max_kbytes > newer.max_kbytes);
    }
}

static void errors_have_classes_and_cures(void **state)
{
    (void)state;
    const struct {
        rd_kafka_resp_err_t code;
        const char *detail;
        enum err_class class;
        const char *contains;
    } cases[] = {
        {RD_KAFKA_RESP_ERR__TRANSPORT, "a:1/1: Connect failed (after 3ms in state CONNECT)",
         ERR_OUTAGE, "a:1/1: Connect failed"},
        {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "0/2 brokers are down", ERR_OUTAGE, "no broker"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, "SASL failed", ERR_HALT, "sasl.username"},
        {RD_KAFKA_RESP_ERR__SSL, NULL, ERR_HALT, "ssl.ca.location"},
        {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, NULL, ERR_HALT, "kafka-acls"},
        {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, NULL, ERR_HALT, "stop one of the two"},
        {RD_KAFKA_RESP_ERR__BAD_MSG, NULL, ERR_HALT, "nothing of this batch was stored"},
        {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, NULL, ERR_OUTAGE, "Unknown topic"},
        {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, NULL, ERR_OUTAGE, ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;
        assert_int_equal(fault_set(&err, cases[i].code, cases[i].detail), -1);
        assert_int_equal(err.class, cases[i].class);
        assert_int_equal(fault_class(cases[i].code), cases[i].class);
        assert_null(strstr(err.text, "after 3ms"));
        if (!strstr(err.text, cases[i].contains))
            fail_msg("%s", err.text);
    }
    struct err err;
    fault_of_topic(&err, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, "orders", NULL);
    assert_memory_equal(err.text, "topic \"orders\": ", 16);
}

/* Words of librdkafka 2.0.2 and 2.16.0, as they come from either. */
static void connections_tell_why_they_ended(void **state)
{
    (void)state;
    const struct {
        rd_kafka_resp_err_t code;
        const char *words;
        enum err_class class;
        bool is_mismatch;
        const char *text; /* how it begins */
    } cases[] = {
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "sasl_ssl://kafka:9093/bootstrap: SASL authentication error: Authentication failed during "
         "authentication due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after 8ms "
         "in state AUTH_REQ)",
         ERR_HALT, false, "kafka:9093 refuses the user or the password: check sasl.username"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "sasl_plaintext://[::1]:9093/1: SASL authentication error: Authentication failed: Invalid "
         "username or password",
         ERR_HALT, false, "[::1]:9093 refuses the user or the password: check sasl.username"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "sasl_plaintext://k:9/1: SASL PLAIN mechanism handshake failed: Local: Broker transport "
         "failure: broker's supported mechanisms: (n/a) (after 0ms in state DOWN)",
         ERR_OUTAGE, false, "k:9 went away while we logged in"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "sasl_ssl://k:9/bootstrap: SASL SCRAM-SHA-512 mechanism handshake failed: Broker: Request "
         "not valid in current SASL state: broker's supported mechanisms: ",
         ERR_HALT, false, "k:9 wants no login: security.protocol"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION,
         "sasl_ssl://k:9/bootstrap: SASL PLAIN mechanism handshake failed: Broker: Unsupported "
         "SASL "
         "mechanism: broker's supported mechanisms: SCRAM-SHA-256,SCRAM-SHA-512 (after 3ms in "
         "state AUTH_HANDSHAKE)",
         ERR_HALT, false, "k:9 has no such login; it has SCRAM-SHA-256,SCRAM-SHA-512: check"},
        {RD_KAFKA_RESP_ERR__SSL,
         "ssl://k:9/bootstrap: SSL handshake failed: error:0A000126:SSL routines::unexpected eof "
         "while reading (after 1ms in state SSL_HANDSHAKE)",
         ERR_OUTAGE, true, "k:9 ends the connection in the TLS handshake: a port without TLS?"},
        {RD_KAFKA_RESP_ERR__TRANSPORT,
         "ssl://k:9/bootstrap: SSL handshake failed: Disconnected: SSL connection closed by peer: "
         "connecting to a PLAINTEXT broker listener? (after 0ms in state SSL_HANDSHAKE)",
         ERR_OUTAGE, true, "k:9 ends the connection in the TLS handshake: a port without TLS?"},
        {RD_KAFKA_RESP_ERR__TRANSPORT,
         "k:9/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after "
         "0ms "
         "in state APIVERSION_QUERY)",
         ERR_OUTAGE, true, "k:9 closes the connection at once: a port with TLS"},
        {RD_KAFKA_RESP_ERR__TRANSPORT,
         "k:9/bootstrap: ApiVersionRequest failed: Local: Timed out: probably due to broker "
         "version < 0.10 (see api.version.request configuration) (after 10001ms in state "
         "APIVERSION_QUERY)",
         ERR_OUTAGE, false, "k:9/bootstrap: ApiVersionRequest failed"},
        {RD_KAFKA_RESP_ERR__TRANSPORT,
         "k:9/bootstrap: Disconnected: connection closed by peer: receive 0 after POLLIN (after "
         "12ms in state UP)",
         ERR_OUTAGE, true, "k:9 closes the connection at the first question: a port that wants"},
        {RD_KAFKA_RESP_ERR__TRANSPORT, "k:9/1: Disconnected (after 540000ms in state UP)",
         ERR_OUTAGE, false, "k:9/1: Disconnected"},
        {RD_KAFKA_RESP_ERR__TRANSPORT,
         "k:9/1: Connect to ipv4#127.0.0.1:9 failed: Connection refused (after 0ms in state "
         "CONNECT)",
         ERR_OUTAGE, false, "k:9/1: Connect to"},
        {RD_KAFKA_RESP_ERR__SSL,
         "ssl://k:9/bootstrap: Receive failed: error:0A000412:SSL routines::sslv3 alert bad "
         "certificate: SSL alert number 42 (after 0ms in state APIVERSION_QUERY)",
         ERR_HALT, false, "k:9 wants a certificate of ours, or refuses"},
        {RD_KAFKA_RESP_ERR__AUTHENTICATION, "Failed: SASL: bad", ERR_HALT, false, "Failed: SASL"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;
        fault_set(&err, cases[i].code, cases[i].words);
        if (err.class != cases[i].class || strncmp(err.text, cases[i].text, strlen(cases[i].text)))
            fail_msg("%s: %s", err_class_name(err.class), err.text);
        assert_int_equal(fault_connect_is_mismatch(cases[i].code, cases[i].words),
                         cases[i].is_mismatch);
    }
}

static void certificates_tell_what_is_wrong(void **state)
{
    (void)state;
    static const char words[] =
        "ssl://kafka:9093/bootstrap: SSL handshake failed: error:0A000086:SSL "
        "routines::certificate verify failed: broker certificate could not be verified";
    const struct {
        int reason;
        const char *text;
    } cases[] = {
        {10, "the certificate of kafka:9093 has expired"},
        {19, "the certificate of kafka:9093 is signed by an authority unknown here: set ssl.ca"},
        {62, "the certificate of kafka:9093 is for another host name: "},
        {9999, "the certificate of kafka:9093 cannot be verified: check ssl.ca.location"},
    };
    assert_true(fault_connect_is_certificate(RD_KAFKA_RESP_ERR__SSL, words));
    assert_false(fault_connect_is_certificate(RD_KAFKA_RESP_ERR__SSL, "unexpected eof"));
    assert_false(fault_connect_is_certificate(RD_KAFKA_RESP_ERR__SSL, NULL));
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err;
        fault_connect_set_certificate(&err, words, cases[i].reason);
        assert_int_equal(err.class, ERR_HALT);
        assert_memory_equal(err.text, cases[i].text, strlen(cases[i].text));
    }
}

static int try_property(const char *name, const char *value, struct err *err)
{
    const struct property property = {name, value, "weir.yaml:7:3"};
    const struct consumer_options options = {
        .scope = "test",
        .brokers = "127.0.0.1:1",
        .properties = &property,
        .n_properties = 1,
        .group = "weir.test",
        .instance = "i1",
    };
    struct consumer *consumer;
    struct admin *admin;
    struct err other;
    int rc = consumer_new(&consumer, &options, err);
    /* Both handles are built from the same properties. */
    assert_int_equal(admin_new(&admin, "test", "127.0.0.1:1", &property, 1, &other), rc);
    consumer_free(consumer, 0);
    admin_free(admin);
    return rc;
}

static void properties_are_checked(void **state)
{
    (void)state;
    const struct {
        const char *name, *value, *contains; /* NULL: accepted */
    } cases[] = {
        {"fetch.min.bytes", "100", NULL},
        {"queued.max.messages.kbytes", "2048", NULL},
        {"topic.metadata.refresh.interval.ms", "1000", NULL},
        {"client.id", "someone", NULL},
        {"acks", "all", NULL}, /* a producer's, harmless */
        {"fetch.min.byte", "100", "did you mean \"fetch.min.bytes\"?"},
        {"no.such.thing.at.all", "100", "has no property \"no.such.thing.at.all\""},
        {"fetch.min.bytes", "many", "fetch.min.bytes"},
        {"session.timeout.ms", "999999999", "session.timeout.ms"},
        {"group.id", "mine", "--group"},
        {"isolation.level", "read_uncommitted", "committed"},
        {"bootstrap.servers", "a:1", "-b"},
        {"enable.auto.commit", "true", "database"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        int rc = try_property(cases[i].name, cases[i].value, &err);
        if (rc != (cases[i].contains ? -1 : 0))
            fail_msg("%s=%s: %s", cases[i].name, cases[i].value, err.text);
        if (!cases[i].contains)
            continue;
        assert_int_equal(err.class, ERR_USAGE);
        assert_memory_equal(err.text, "weir.yaml:7:3: ", 15);
        if (!strstr(err.text, cases[i].contains))
            fail_msg("%s", err.text);
    }
}

/*
 * What the library finds out only while it makes the handle, after it has taken the configuration
 * over: 2.0.2 frees the interceptors then that the consumer's still names.
 */
static void a_refused_handle_is_an_error_and_no_crash(void **state)
{
    (void)state;
    const struct property cases[][2] = {
        {{"security.protocol", "ssl", "-X"}, {"ssl.cipher.suites", "nonsense", "-X"}},
        {{"security.protocol", "sasl_plaintext", "-X"}, {"sasl.mechanisms", "NONSENSE", "-X"}},
        {{"reconnect.backoff.ms", "5000", "-X"}, {"client.id", "found before", "-X"}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct consumer_options reads = {.scope = "test",
                                               .brokers = "127.0.0.1:1",
                                               .properties = cases[i],
                                               .n_properties = 2,
                                               .group = i % 2 ? "weir.test" : NULL};
        const struct producer_options writes = {.scope = "test",
                                                .brokers = "127.0.0.1:1",
                                                .properties = cases[i],
                                                .n_properties = 2,
                                                .max_bytes = 1 << 20};
        struct consumer *consumer;
        struct producer *producer;
        struct admin *admin;
        struct err errs[3];
        assert_int_equal(consumer_new(&consumer, &reads, &errs[0]), -1);
        assert_int_equal(producer_new(&producer, &writes, &errs[1]), -1);
        assert_int_equal(admin_new(&admin, "test", "127.0.0.1:1", cases[i], 2, &errs[2]), -1);
        for (size_t j = 0; j < COUNT_OF(errs); j++) {
            assert_int_equal(errs[j].class, ERR_USAGE);
            assert_non_null(strstr(errs[j].text, "refuses the configuration"));
        }
    }
}

static void no_broker_is_told_by_its_name(void **state)
{
    (void)state;
    struct admin *admin;
    struct err err;
    char id[64];
    struct topic_info topic;
    int64_t started_us = clock_mono_us();
    assert_int_equal(admin_new(&admin, "test", "127.0.0.1:1", NULL, 0, &err), 0);
    assert_int_equal(admin_cluster_id(admin, 1500, id, &err), -1);
    assert_int_equal(err.class, ERR_OUTAGE);
    assert_non_null(strstr(err.text, "127.0.0.1:1"));
    assert_non_null(strstr(err.text, "refused"));
    assert_int_equal(admin_topic(admin, "orders", 300, &topic, &err), -1);
    assert_int_equal(err.class, ERR_OUTAGE);
    assert_int_equal(admin_topic(admin, "", 300, &topic, &err), -1);
    assert_int_equal(err.class, ERR_USAGE);
    admin_free(admin);
    assert_true(clock_mono_us() - started_us < 10000000);
}

static struct consumer *lonely_consumer(void)
{
    struct consumer *consumer;
    struct err err;
    const struct consumer_options options = {.scope = "test", .brokers = "127.0.0.1:1"};
    if (consumer_new(&consumer, &options, &err) != 0)
        fail_msg("%s", err.text);
    return consumer;
}

/* A refused connection is one event, however often the library tries. */
static void one_outage_is_one_fault(void **state)
{
    (void)state;
    struct consumer *consumer = lonely_consumer();
    int faults = 0;
    int64_t until_us = clock_mono_us() + 30000000;
    while (clock_mono_us() < until_us) {
        struct consumer_event event;
        consumer_poll(consumer, &event);
        if (event.kind == CONSUMER_FAULT) {
            assert_int_equal(event.err.class, ERR_OUTAGE);
            faults++;
            until_us = clock_mono_us() + 1500000;
        }
        if (event.kind == CONSUMER_NOTHING)
            consumer_wait(consumer, 50);
    }
    assert_int_equal(faults, 1);
    consumer_free(consumer, 100);
}

static void *wake_later(void *consumer)
{
    clock_sleep_ms(50);
    consumer_wake(consumer);
    return NULL;
}

static void a_wait_ends_by_a_wake(void **state)
{
    (void)state;
    struct consumer *consumer = lonely_consumer();
    struct consumer_event event;
    /* What comes at the start: the refused connection. */
    int64_t until_us = clock_mono_us() + 500000;
    while (clock_mono_us() < until_us) {
        consumer_poll(consumer, &event);
        consumer_wait(consumer, 50);
    }
    pthread_t thread;
    int64_t started_us = clock_mono_us();
    assert_int_equal(pthread_create(&thread, NULL, wake_later, consumer), 0);
    consumer_wait(consumer, 10000);
    pthread_join(thread, NULL);
    assert_true(clock_mono_us() - started_us < 5000000);

    /* A wake before the wait is not lost. */
    consumer_wake(consumer);
    started_us = clock_mono_us();
    consumer_wait(consumer, 10000);
    assert_true(clock_mono_us() - started_us < 5000000);
    consumer_free(consumer, 100);
}

static void streams_are_found_by_name_and_number(void **state)
{
    (void)state;
    struct consumer *consumer = lonely_consumer();
    struct err err;
    const struct partition_ref two[] = {{"a", 0, 5}, {"a", 7, 5}};
    const struct partition_ref one[] = {{"b", 0, 5}};
    assert_null(consumer_stream(consumer, "a", 0));
    assert_int_equal(consumer_assign(consumer, two, 2, &err), 0);
    assert_non_null(consumer_stream(consumer, "a", 0));
    assert_non_null(consumer_stream(consumer, "a", 7));
    assert_ptr_not_equal(consumer_stream(consumer, "a", 0), consumer_stream(consumer, "a", 7));
    assert_null(consumer_stream(consumer, "a", 1));
    assert_null(consumer_stream(consumer, "b", 0));
    assert_int_equal(consumer_assign(consumer, one, 1, &err), 0);
    assert_null(consumer_stream(consumer, "a", 0));
    assert_non_null(consumer_stream(consumer, "b", 0));
    assert_int_equal(consumer_unassign(consumer, &err), 0);
    assert_null(consumer_stream(consumer, "b", 0));
    consumer_free(consumer, 100);
}

/* Whoever lets the library try for longer is not told earlier that it was in vain. */
static void a_flush_waits_as_long_as_the_library_tries(void **state)
{
    (void)state;
    const struct {
        const char *name, *value;
        int64_t patience_ms;
    } cases[] = {
        {"client.id", "x", 70000},
        {"message.timeout.ms", "180000", 190000},
        {"delivery.timeout.ms", "1000", 11000},
        {"topic.message.timeout.ms", "90000", 100000},
        {"message.timeout.ms", "0", -1},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct producer *producer;
        struct err err;
        const struct property property = {.name = cases[i].name, .value = cases[i].value};
        const struct producer_options options = {.scope = "",
                                                 .brokers = "127.0.0.1:1",
                                                 .properties = &property,
                                                 .n_properties = 1};
        assert_int_equal(producer_new(&producer, &options, &err), 0);
        assert_int_equal(producer_patience_ms(producer), cases[i].patience_ms);
        producer_free(producer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fingerprints_tell_records_apart),
        cmocka_unit_test(versions_open_gates),
        cmocka_unit_test(queues_share_what_memory_there_is),
        cmocka_unit_test(errors_have_classes_and_cures),
        cmocka_unit_test(properties_are_checked),
        cmocka_unit_test(a_refused_handle_is_an_error_and_no_crash),
        cmocka_unit_test(no_broker_is_told_by_its_name),
        cmocka_unit_test(connections_tell_why_they_ended),
        cmocka_unit_test(certificates_tell_what_is_wrong),
        cmocka_unit_test(one_outage_is_one_fault),
        cmocka_unit_test(a_wait_ends_by_a_wake),
        cmocka_unit_test(streams_are_found_by_name_and_number),
        cmocka_unit_test(a_flush_waits_as_long_as_the_library_tries),
    };
    log_init(LOG_ERROR, LOG_FORMAT_AUTO);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
