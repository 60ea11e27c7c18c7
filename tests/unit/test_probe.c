/* What of a probe needs no broker: addresses, what the properties say of a connection, levels. */
#include "unit.h"

#include "client/kafka_release.h"
#include "client/probe.h"
#include "client/security.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* "HOST|PORT HOST|PORT", or the error. */
static void read_list(const char *list, char *out, size_t size)
{
    struct arena arena;
    struct err err;
    const struct broker_address *brokers;
    size_t n;
    size_t used = 0;
    arena_init(&arena);
    *out = '\0';
    if (broker_addresses(&arena, list, &brokers, &n, &err) < 0) {
        assert_int_equal(err.class, ERR_USAGE);
        snprintf(out, size, "%s", err.text);
        n = 0;
    }
    for (size_t i = 0; i < n; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s|%d", i ? " " : "", brokers[i].host,
                                 brokers[i].port);
    arena_release(&arena);
}

static void lists_of_brokers(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        const char *read; /* or words of the error */
    } cases[] = {
        {"localhost", "localhost|9092"},
        {"a:1,b:65535", "a|1 b|65535"},
        {" a:1 , b ,,", "a|1 b|9092"},
        {"[::1]:2", "::1|2"},
        {"[::1]", "::1|9092"},
        {"::1", "::1|9092"},
        {"SSL://[fe80::1]:93,PLAINTEXT://h", "fe80::1|93 h|9092"},
        {"", "is empty"},
        {" , ", "is empty"},
        {"h:0", "\"h:0\" is not HOST or HOST:PORT"},
        {"a,h:65536", "\"h:65536\" is not"},
        {"h:x", "\"h:x\" is not"},
        {"h:", "\"h:\" is not"},
        {":9092", "\":9092\" is not"},
        {"[::1", "\"[::1\" is not"},
        {"[::1]9092", "\"[::1]9092\" is not"},
        {"SSL://", "\"SSL://\" is not"},
    };
    char out[sizeof((struct err *)NULL)->text];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        read_list(cases[i].list, out, sizeof out);
        if (!strstr(out, cases[i].read))
            fail_msg("%s: %s", cases[i].list, out);
    }
}

static void properties_say_how(void **state)
{
    (void)state;
    static const struct {
        struct property properties[3];
        bool tls, sasl, verify, verify_host;
        int family;
        const char *beyond;
    } cases[] = {
        {{{0}}, false, false, true, true, AF_UNSPEC, NULL},
        {{{"security.protocol", "SSL", ""}}, true, false, true, true, AF_UNSPEC, NULL},
        {{{"security.protocol", "sasl_plaintext", ""}}, false, true, true, true, AF_UNSPEC, NULL},
        {{{"security.protocol", "Sasl_SSL", ""},
          {"ssl.endpoint.identification.algorithm", "none", ""}},
         true,
         true,
         true,
         false,
         AF_UNSPEC,
         NULL},
        /* The last one holds. */
        {{{"security.protocol", "ssl", ""}, {"security.protocol", "plaintext", ""}},
         false,
         false,
         true,
         true,
         AF_UNSPEC,
         NULL},
        {{{"enable.ssl.certificate.verification", "false", ""},
          {"broker.address.family", "v6", ""}},
         false,
         false,
         false,
         true,
         AF_INET6,
         NULL},
        {{{"ssl.cipher.suites", "X", ""}, {"ssl.crl.location", "", ""}},
         false,
         false,
         true,
         true,
         AF_UNSPEC,
         "ssl.cipher.suites"},
        {{{"ssl.ca.location", "/x", ""}, {"ssl.key.password", "p", ""}, {"sasl.password", "p", ""}},
         false,
         false,
         true,
         true,
         AF_UNSPEC,
         NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct security security;
        size_t n = 0;
        while (n < 3 && cases[i].properties[n].name)
            n++;
        security_read(cases[i].properties, n, &security);
        assert_int_equal(security.tls, cases[i].tls);
        assert_int_equal(security.sasl, cases[i].sasl);
        assert_int_equal(security.verify, cases[i].verify);
        assert_int_equal(security.verify_host, cases[i].verify_host);
        assert_int_equal(security.family, cases[i].family);
        assert_string_equal(security.beyond ? security.beyond : "none",
                            cases[i].beyond ? cases[i].beyond : "none");
    }
}

static void texts_of_properties(void **state)
{
    (void)state;
    static const struct property properties[] = {{"ssl.ca.location", "probe", ""},
                                                 {"ssl.key.location", "/key", ""},
                                                 {"ssl.key.password", "", ""},
                                                 {"sasl.mechanism", "PLAIN", ""}};
    struct security security;
    security_read(properties, COUNT_OF(properties), &security);
    assert_null(security.ca_location); /* librdkafka's word for the system's */
    assert_string_equal(security.key_location, "/key");
    assert_null(security.key_password);
    assert_string_equal(security.mechanism, "PLAIN");
}

static void levels_have_names(void **state)
{
    (void)state;
    assert_string_equal(kafka_metadata_release(1), "3.0-IV1");
    assert_string_equal(kafka_metadata_release(7), "3.3-IV3");
    assert_string_equal(kafka_metadata_release(27), "4.1-IV1");
    assert_null(kafka_metadata_release(0));
    assert_null(kafka_metadata_release(-1));
    assert_null(kafka_metadata_release(9999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_brokers),
        cmocka_unit_test(properties_say_how),
        cmocka_unit_test(texts_of_properties),
        cmocka_unit_test(levels_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
