/* inet, cidr and macaddr columns. */
#include "row_case.h"

#define BOTH_DEAD(sqlstate) "!" sqlstate, "!" sqlstate

static void inet(void **state)
{
    /* family, bits, is it a cidr, length, address */
    static const struct row_case cases[] = {
        {"\"10.0.0.1\"", "022000040a000001", "10.0.0.1"},
        {"\"10.0.0.1/0\"", "020000040a000001", "10.0.0.1/0"},
        {"\"010.1/16\"", "021000040a010000", "010.1/16"},
        {"\"10.1/17\"", BOTH_DEAD("22P02")},
        {"\"10.1\"", BOTH_DEAD("22P02")},
        {"\"10.0.0.1/33\"", BOTH_DEAD("22P02")},
        {"\"10.0.0.256\"", BOTH_DEAD("22P02")},
        {"\"1.2.3.4.5\"", BOTH_DEAD("22P02")},
        {"\"\"", BOTH_DEAD("22P02")},
        {"\"::\"", "0380001000000000000000000000000000000000", "::"},
        {"\"1::8/64\"", "0340001000010000000000000000000000000008", "1::8/64"},
        {"\"1:2:3:4:5:6:7:8\"", "0380001000010002000300040005000600070008", "1:2:3:4:5:6:7:8"},
        {"\"::ffff:1.2.3.4\"", "0380001000000000000000000000ffff01020304", "::ffff:1.2.3.4"},
        {"\"1:2:3:4:5:6:7\"", BOTH_DEAD("22P02")},
        {"\"1:2:3:4:5:6:7:8:9\"", BOTH_DEAD("22P02")},
        {"\"1:2:3:4:5:6:7::8\"", BOTH_DEAD("22P02")},
        {"\"1::2::3\"", BOTH_DEAD("22P02")},
        {"\":1\"", BOTH_DEAD("22P02")},
        {"\"1:\"", BOTH_DEAD("22P02")},
        {"\":\"", BOTH_DEAD("22P02")},
        {"\":::\"", BOTH_DEAD("22P02")},
        {"\"::1/129\"", BOTH_DEAD("22P02")},
        {"\"::1/064\"", BOTH_DEAD("22P02")},
        {"\"::1/\"", BOTH_DEAD("22P02")},
        {"\"::12345\"", BOTH_DEAD("22P02")},
        {"\"1:2:3:4:5:6:7:1.2.3.4\"", BOTH_DEAD("22P02")},
        {"1", BOTH_DEAD("42804")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_INET}, NULL, cases);
}

static void cidr(void **state)
{
    static const struct row_case cases[] = {
        {"\"10/8\"", "020801040a000000", "10/8"},
        {"\"10.0.0.1\"", "022001040a000001", "10.0.0.1"},
        {"\"10.0.0.1/31\"", BOTH_DEAD("22P02")},
        {"\"10.0.0.128/25\"", "021901040a000080", "10.0.0.128/25"},
        {"\"fe80::/10\"", "030a0110fe800000000000000000000000000000", "fe80::/10"},
        {"\"fe80::1/10\"", BOTH_DEAD("22P02")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_CIDR}, NULL, cases);
}

static void macaddr(void **state)
{
    static const struct row_case cases[] = {
        {"\"08:00:2b:01:02:03\"", "08002b010203", "08:00:2b:01:02:03"},
        {"\"08-00-2B-01-02-03\"", "08002b010203", "08-00-2B-01-02-03"},
        {"\"08002b:010203\"", "08002b010203", "08002b:010203"},
        {"\"0800.2b01.0203\"", "08002b010203", "0800.2b01.0203"},
        {"\"08002b010203\"", "08002b010203", "08002b010203"},
        {"\" 8:0:2b:1:2:3 \"", "08002b010203", "8:0:2b:1:2:3"},
        {"\"08:00-2b:01:02:03\"", BOTH_DEAD("22P02")},
        {"\"08:00:2b:01:02\"", BOTH_DEAD("22P02")},
        {"\"08:00:2b:01:02:03:04\"", BOTH_DEAD("22P02")},
        {"\"08:00:2b:01:02:0g\"", BOTH_DEAD("22P02")},
        {"\"\"", BOTH_DEAD("22P02")},
    };
    (void)state;
    CHECK_CASES(&(struct column){.type = TYPE_MACADDR}, NULL, cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inet),
        cmocka_unit_test(cidr),
        cmocka_unit_test(macaddr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
