/* Numbers: integers, numeric, float and boolean columns. */
#include "row_case.h"

#include <stdio.h>

#define BOTH_DEAD(sqlstate) "!" sqlstate, "!" sqlstate

static void integers(void **state)
{
    static const struct row_case int4[] = {
        {"0", "00000000", "0"},
        {"2147483647", "7fffffff", "2147483647"},
        {"-2147483648", "80000000", "-2147483648"},
        {"2147483648", BOTH_DEAD("22003")},
        {"1.0", "00000001", "1"},
        {"1e3", "000003e8", "1000"},
        {"1200e-2", "0000000c", "12"},
        {"-0", "00000000", "0"},
        {"0e999999999999", "00000000", "0"},
        {"1.5", BOTH_DEAD("22P02")},
        {"1e-99999999999", BOTH_DEAD("22P02")},
        {"1e99999999999", BOTH_DEAD("22003")},
        {"\" 12\\t\"", "0000000c", "12"},
        {"\"+5\"", "00000005", "5"},
        {"\"\"", BOTH_DEAD("22P02")},
        {"\"+\"", BOTH_DEAD("22P02")},
        {"\"1.0\"", BOTH_DEAD("22P02")},
        {"\"1e3\"", BOTH_DEAD("22P02")},
        {"\"12abc\"", BOTH_DEAD("22P02")},
        {"\"99999999999999999999\"", BOTH_DEAD("22003")},
        {"\"0000000000000000000000001\"", "00000001", "1"},
        {"true", BOTH_DEAD("42804")},
        {"[1]", BOTH_DEAD("42804")},
        {"null", "NULL", "NULL"},
    };
    static const struct row_case int2[] = {
        {"32767", "7fff", "32767"},
        {"-32768", "8000", "-32768"},
        {"32768", BOTH_DEAD("22003")},
        {"-32769", BOTH_DEAD("22003")},
    };
    static const struct row_case int8[] = {
        {"9223372036854775807", "7fffffffffffffff", "9223372036854775807"},
        {"-9223372036854775808", "8000000000000000", "-9223372036854775808"},
        {"9223372036854775808", BOTH_DEAD("22003")},
        {"-9223372036854775809", BOTH_DEAD("22003")},
        {"\"1010704271666\"", "000000eb52ab4932", "1010704271666"},
        {"\"12345678\"", "0000000000bc614e", "12345678"},
        {"123456789012345678", "01b69b4ba630f34e", "123456789012345678"},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_INT4}, NULL, int4);
    CHECK_CASES(&(struct column){.type = TYPE_INT2}, NULL, int2);
    CHECK_CASES(&(struct column){.type = TYPE_INT8}, NULL, int8);
}

/* Every length of digits, at every distance from the record's end. */
static void digits_of_every_length(void **state)
{
    struct row_bench bench;
    struct row_policy policy = {.force_text = true};
    struct column column = {.name = "v", .type = TYPE_INT8};
    (void)state;
    bench_open(&bench, &column, 1, &policy, (size_t)1 << 20);
    for (int n = 1; n <= 18; n++) {
        for (int behind = 0; behind < 24; behind++) {
            for (int quoted = 0; quoted <= 1; quoted++) {
                char json[128];
                char found[64];
                char expected[64];
                const char *digits = "987654321987654321";
                const char *quote = quoted ? "\"" : "";
                snprintf(json, sizeof json, "{\"v\":%s%.*s%s%*s}", quote, n, digits, quote, behind,
                         "");
                snprintf(expected, sizeof expected, "%.*s\n", n, digits);
                assert_int_equal(bench_encode(&bench, json), ROW_STORED);
                assert_string_equal(bench_take_text(&bench, found, sizeof found), expected);
            }
        }
    }
    bench_close(&bench);
}

static void numeric(void **state)
{
    /* count of digits, weight, sign, scale, digits to base 10000 */
    static const struct row_case any[] = {
        {"0", "0000000000000000", "0"},
        {"1.50", "000200000000000200011388", "1.50"},
        {"-12345678.9",
         "0003000140000001"
         "04d2162e2328",
         "-12345678.9"},
        {"1e4", "00010001000000000001", "1e4"},
        {"1e-5",
         "0001fffe00000005"
         "03e8",
         "1e-5"},
        {"1e131071", "00017fff0000000003e8", "1e131071"},
        {"1e131072", BOTH_DEAD("22003")},
        {"1e-16384", BOTH_DEAD("22003")},
        {"1e1000000", BOTH_DEAD("22003")},
        {"0e1000000", "0000000000000000", "0e1000000"},
        {"0e9999999999", BOTH_DEAD("22003")}, /* the server looks at the exponent first */
        {"\" NaN \"", "00000000c0000000", "NaN"},
        {"\"-infinity\"", "00000000f0000000", "-infinity"},
        {"\"1e\"", BOTH_DEAD("22P02")},
        {"\".\"", BOTH_DEAD("22P02")},
        {"false", BOTH_DEAD("42804")},
    };
    static const struct row_case fixed[] = {
        {"999.994", "000200000000000203e726ac", "999.994"},
        {"999.995", BOTH_DEAD("22003")},
        {"9.995",
         "00010000000000020"
         "00a",
         "9.995"},
        {"-0.005", "0001ffff400000020064", "-0.005"},
        {"0.0049999", "0000000000000002", "0.0049999"},
        {"1e-1000000000", "0000000000000002", "1e-1000000000"},
        {"1000", BOTH_DEAD("22003")},
        {"\"Infinity\"", BOTH_DEAD("22003")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_NUMERIC}, NULL, any);
    CHECK_CASES((&(struct column){.type = TYPE_NUMERIC, .precision = 5, .scale = 2}), NULL, fixed);
}

static void floats(void **state)
{
    static const struct row_case float8[] = {
        {"0.1", "3fb999999999999a", "0.1"},
        {"-0.0", "8000000000000000", "-0.0"},
        {"9007199254740993", "4340000000000000", "9007199254740993"},
        {"618227913935318852e-7", "422cc9d9ddc31053", "618227913935318852e-7"},
        {"1.7976931348623157e308", "7fefffffffffffff", "1.7976931348623157e308"},
        {"1e309", BOTH_DEAD("22003")},
        {"4.9e-324", "0000000000000001", "4.9e-324"},
        {"1e-400", BOTH_DEAD("22003")},
        {"0e-400", "0000000000000000", "0e-400"},
        {"\"inf\"", "7ff0000000000000", "inf"},
        {"\"0x10\"", BOTH_DEAD("22P02")},
        {"\"1,5\"", BOTH_DEAD("22P02")},
    };
    static const struct row_case float4[] = {
        {"0.1", "3dcccccd", "0.1"},
        {"16777217", "4b800000", "16777217"},
        /* Just above the middle between two: rounded to a double first, it would go down. */
        {"1.0000000596046447753906251", "3f800001", "1.0000000596046447753906251"},
        {"3.4028236e38", BOTH_DEAD("22003")},
        {"1e-46", BOTH_DEAD("22003")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_FLOAT8}, NULL, float8);
    CHECK_CASES(&(struct column){.type = TYPE_FLOAT4}, NULL, float4);
}

static void booleans(void **state)
{
    static const struct row_case cases[] = {
        {"true", "01", "t"},        {"false", "00", "f"},           {"1", "01", "t"},
        {"0.0", "00", "f"},         {"2", BOTH_DEAD("22P02")},      {"\"Yes\"", "01", "t"},
        {"\" OFF \"", "00", "f"},   {"\"of\"", BOTH_DEAD("22P02")}, {"\"\"", BOTH_DEAD("22P02")},
        {"{}", BOTH_DEAD("42804")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_BOOL}, NULL, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers), cmocka_unit_test(digits_of_every_length),
        cmocka_unit_test(numeric),  cmocka_unit_test(floats),
        cmocka_unit_test(booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
