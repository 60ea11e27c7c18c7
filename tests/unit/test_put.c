/* Numbers as text: what is found without a branch, at each length. */
#include "unit.h"

#include "generate/put.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(uint64_t number, const char *from, const char *end)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%" PRIu64, number);
    assert_int_equal(end - from, n);
    assert_memory_equal(from, text, (size_t)n);
}

static void test_small_numbers_are_all_right(void **state)
{
    (void)state;
    char out[PUT_SLACK];
    for (uint32_t v = 0; v < 10000; v++) {
        check(v, out, put_small_number(out, v));
        check(v, out, put_short_number(out, v));
        check(v, out, put_long_number(out, v));
        *put_four(out, v) = '\0';
        assert_int_equal(strtoul(out, NULL, 10), v);
    }
}

/* Each length, from either side; and eight digits whose halves are of all kinds. */
static void test_numbers_of_each_length_are_whole(void **state)
{
    (void)state;
    char out[PUT_SLACK];
    uint64_t power = 1;
    for (int digits = 1; digits <= 19; digits++, power *= 10)
        for (uint64_t v = power - 1; v <= power + 1; v++)
            check(v, out, put_u64(out, v));
    check(UINT64_MAX, out, put_u64(out, UINT64_MAX));
    for (uint32_t v = 1; v < 99989999; v += 9973) {
        check(v, out, put_short_number(out, v));
        check(v + 100000000, out, put_eight(put_bytes(out, "1", 1), v));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_numbers_are_all_right),
        cmocka_unit_test(test_numbers_of_each_length_are_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
