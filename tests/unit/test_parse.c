/* Durations, sizes, shares, rates, offsets: what is taken and what is refused. */
#include "unit.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/secret.h"
#include "base/settings.h"

#include <string.h>

static void test_durations(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {{"0", 0},           {"0ms", 0},      {"250ms", 250},    {"10s", 10000},
                {"5m", 300000},     {"1h", 3600000}, {"2d", 172800000}, {"1w", 604800000},
                {"1h30m", 5400000}, {"1s5ms", 1005}};
    static const char *const bad[] = {"",
                                      "10",
                                      "s",
                                      "1.5s",
                                      "-1s",
                                      "1 s",
                                      "1m1h",
                                      "1s1s",
                                      "1y",
                                      "99999999999999999999s",
                                      "9223372036854775807w",
                                      "1s "};
    struct err err;
    int64_t ms;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_int_equal(parse_duration_ms(good[i].text, &ms, &err), 0);
        assert_int_equal(ms, good[i].ms);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (parse_duration_ms(bad[i], &ms, &err) == 0)
            fail_msg("accepted: %s", bad[i]);
}

static void test_sizes_shares_rates(void **state)
{
    (void)state;
    static const char *const bad_sizes[] = {"", "KiB", "1KB", "1.5MiB", "-1", "9999999TiB", "1 k"};
    static const char *const bad_shares[] = {"", "50", "101%", "-1%", "%", "1.%", "nan%", "1e1%"};
    static const char *const bad_rates[] = {"", "5", "/s", "1/w", "1 /s", "inf/s"};
    struct err err;
    int64_t size;
    double number;
    assert_int_equal(parse_size_bytes("512", &size, &err), 0);
    assert_int_equal(size, 512);
    assert_int_equal(parse_size_bytes("64 KiB", &size, &err), 0);
    assert_int_equal(size, 65536);
    assert_int_equal(parse_size_bytes("10GiB", &size, &err), 0);
    assert_int_equal(size, INT64_C(10) << 30);
    assert_int_equal(parse_share("12.5%", &number, &err), 0);
    assert_true(number > 0.1249 && number < 0.1251);
    assert_int_equal(parse_rate("90/m", &number, &err), 0);
    assert_true(number > 1.49 && number < 1.51);
    for (size_t i = 0; i < COUNT_OF(bad_sizes); i++)
        if (parse_size_bytes(bad_sizes[i], &size, &err) == 0)
            fail_msg("accepted: %s", bad_sizes[i]);
    for (size_t i = 0; i < COUNT_OF(bad_shares); i++)
        if (parse_share(bad_shares[i], &number, &err) == 0)
            fail_msg("accepted: %s", bad_shares[i]);
    for (size_t i = 0; i < COUNT_OF(bad_rates); i++)
        if (parse_rate(bad_rates[i], &number, &err) == 0)
            fail_msg("accepted: %s", bad_rates[i]);
}

static int64_t fixed_wall_us(void)
{
    return INT64_C(1700000000000000);
}

static void test_offsets(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum offset_kind kind;
        int64_t value;
    } good[] = {
        {"beginning", OFFSET_BEGINNING, 0},
        {"earliest", OFFSET_BEGINNING, 0},
        {"start", OFFSET_BEGINNING, 0},
        {"end", OFFSET_END, 0},
        {"latest", OFFSET_END, 0},
        {"stored", OFFSET_STORED, 0},
        {"0", OFFSET_ABSOLUTE, 0},
        {"9223372036854775807", OFFSET_ABSOLUTE, INT64_MAX},
        {"-5", OFFSET_TAIL, 5},
        {"s@1714564800123", OFFSET_TIME, INT64_C(1714564800123)},
        {"@1970-01-01", OFFSET_TIME, 0},
        {"@2024-02-29T12:30", OFFSET_TIME, INT64_C(1709209800000)},
        {"@2024-02-29 12:30:15", OFFSET_TIME, INT64_C(1709209815000)},
        {"@2024-02-29T12:30:15.25Z", OFFSET_TIME, INT64_C(1709209815250)},
        {"@2024-02-29T12:30:15.1239+02", OFFSET_TIME, INT64_C(1709202615123)},
        {"@2024-02-29T12:30+0230", OFFSET_TIME, INT64_C(1709200800000)},
        {"@2024-02-29T12:30-02:30", OFFSET_TIME, INT64_C(1709218800000)},
        {"@now", OFFSET_TIME, INT64_C(1700000000000)},
        {"@-10m", OFFSET_TIME, INT64_C(1699999400000)},
        {"@-1h30m", OFFSET_TIME, INT64_C(1699994600000)},
    };
    static const char *const bad[] = {"",
                                      "begin",
                                      "-",
                                      "-0",
                                      "+5",
                                      "1.0",
                                      "9223372036854775808",
                                      "@",
                                      "@10",
                                      "@2023-02-29",
                                      "@2024-13-01",
                                      "@2024-02-29T24:00",
                                      "@2024-02-29T12",
                                      "@2024-02-29T12:30:60",
                                      "@2024-02-29T12:30:15.",
                                      "@2024-02-29T12:30+2",
                                      "@2024-02-29Z",
                                      "@2024-2-9",
                                      "@-10",
                                      "@Now",
                                      "@now-1h",
                                      "s@",
                                      "s@-5",
                                      "e@5",
                                      "s@2024-02-29",
                                      "@2024-02-29T12:30+02:0",
                                      "@2024-02-29T12:30+02:"};
    static const struct clock_source source = {.wall_us = fixed_wall_us};
    struct err err;
    struct offset_spec spec;
    clock_replace(&source);
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        if (parse_offset_spec(good[i].text, &spec, &err) < 0)
            fail_msg("refused: %s", good[i].text);
        assert_int_equal(spec.kind, good[i].kind);
        assert_int_equal(spec.value, good[i].value);
    }
    clock_replace(NULL);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (parse_offset_spec(bad[i], &spec, &err) == 0)
            fail_msg("accepted: %s", bad[i]);
}

static void test_database_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum database_form form;
    } cases[] = {
        {"", DATABASE_ENVIRONMENT},       {"credentials.json", DATABASE_FILE},
        {"/etc/a=b.json", DATABASE_FILE}, {"./a=b", DATABASE_FILE},
        {"postgresql://", DATABASE_URI},  {"postgres://u@h/d", DATABASE_URI},
        {"host=h", DATABASE_KEYWORDS},    {" dbname = d user=u", DATABASE_KEYWORDS},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(database_form(cases[i].text), cases[i].form);
}

/* The passwords that are found in the text of a database, joined with "|". */
static void test_secrets_in_databases(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *secrets;
    } cases[] = {
        {"", ""},
        {"credentials.json", ""},
        {"postgresql://u@h/d", ""},
        {"postgresql://u:@h/d", ""},
        {"postgresql://u:p@h/d", "p|"},
        {"postgresql://u:p:w@h1:1,h2:2/d", "p:w|"},
        {"postgresql://u:p@w@h/d", "p@w|"},
        {"postgresql://u:p/w@h/d", "p/w|"},
        {"postgresql://h/d?password=p&x=y", "p|"},
        {"postgresql://u:p@h/d?x=y&sslpassword=q#f", "p|q|"},
        {"host=h dbname=d", ""},
        {"host=h password=p", "p|"},
        {"password = p host=h", "p|"},
        {"host='a b' password='p q' sslpassword=r", "p q|r|"},
        {"password='p\\'q' user=u", "p\\'q|"},
        {"password=p\\ q user=u", "p\\ q|"},
        {"password=", ""},
        {"application_name='password=x' password=y", "y|"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char found[64] = "";
        size_t from = 0;
        size_t start;
        size_t length;
        while (secret_in_database(cases[i].text, &from, &start, &length)) {
            strncat(found, cases[i].text + start, length);
            strcat(found, "|");
        }
        assert_string_equal(found, cases[i].secrets);
    }
}

static void test_secret_names(void **state)
{
    (void)state;
    static const char *const secret[] = {"sasl.password",
                                         "ssl.key.password",
                                         "ssl.keystore.password",
                                         "ssl.key.pem",
                                         "sasl.oauthbearer.client.secret",
                                         "sasl.oauthbearer.client.credentials.client.secret",
                                         "sasl.oauthbearer.assertion.private.key.pem",
                                         "sasl.oauthbearer.assertion.private.key.passphrase",
                                         "SASL.PASSWORD"};
    static const char *const open[] = {"sasl.username",   "security.protocol",
                                       "ssl.ca.location", "ssl.key.location",
                                       "client.id",       "sasl.oauthbearer.token.endpoint.url"};
    for (size_t i = 0; i < COUNT_OF(secret); i++)
        assert_true(secret_name(secret[i]));
    for (size_t i = 0; i < COUNT_OF(open); i++)
        assert_false(secret_name(open[i]));
    static const char url[] = "sasl.oauthbearer.token.endpoint.url";
    assert_true(secret_property(url, "https://id:SECRET@idp/token"));
    assert_true(secret_property(url, "https://SECRET@idp"));
    assert_false(secret_property(url, "https://idp/token/a@b"));
    assert_false(secret_property(url, "idp"));
    assert_true(secret_property("sasl.password", "x"));
    assert_false(secret_property("client.id", "https://a@b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durations),
        cmocka_unit_test(test_sizes_shares_rates),
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_database_forms),
        cmocka_unit_test(test_secrets_in_databases),
        cmocka_unit_test(test_secret_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
