/* The share of dead letters in the last 10,000 records: judged late, forgotten in time. */
#include "unit.h"

#include "sink/share.h"

struct step {
    int64_t records;
    int64_t dead;
    bool over;
};

static void walk(double max, const struct step *steps, size_t n)
{
    struct dead_share share;
    dead_share_init(&share, max);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(dead_share_exceeds(&share, steps[i].records, steps[i].dead),
                         steps[i].over);
        dead_share_add(&share, steps[i].records, steps[i].dead);
    }
    dead_share_release(&share);
}

static void not_judged_before_the_window_is_full(void **state)
{
    (void)state;
    static const struct step steps[] = {{5000, 5000, false}, {4999, 4999, false}, {1, 1, true}};
    walk(0.5, steps, COUNT_OF(steps));
}

static void half_is_not_above_half(void **state)
{
    (void)state;
    static const struct step steps[] = {{10000, 5000, false}, {100, 100, true}};
    walk(0.5, steps, COUNT_OF(steps));
}

static void old_letters_leave_the_window(void **state)
{
    (void)state;
    static const struct step steps[] = {{10000, 10000, true},
                                        {5000, 0, false},
                                        {5000, 0, false},
                                        {10000, 4000, false}};
    walk(0.5, steps, COUNT_OF(steps));
}

static void a_batch_larger_than_the_window_counts_by_its_share(void **state)
{
    (void)state;
    static const struct step steps[] = {{1000000, 400000, false}, {1000000, 600000, true}};
    walk(0.5, steps, COUNT_OF(steps));
}

static void all_is_never(void **state)
{
    (void)state;
    static const struct step steps[] = {{20000, 20000, false}};
    walk(1.0, steps, COUNT_OF(steps));
}

static void a_batch_that_did_not_commit_does_not_count(void **state)
{
    (void)state;
    struct dead_share share;
    dead_share_init(&share, 0.5);
    for (int tries = 0; tries < 10; tries++)
        assert_false(dead_share_exceeds(&share, 6000, 6000));
    dead_share_release(&share);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(not_judged_before_the_window_is_full),
        cmocka_unit_test(half_is_not_above_half),
        cmocka_unit_test(old_letters_leave_the_window),
        cmocka_unit_test(a_batch_larger_than_the_window_counts_by_its_share),
        cmocka_unit_test(all_is_never),
        cmocka_unit_test(a_batch_that_did_not_commit_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
