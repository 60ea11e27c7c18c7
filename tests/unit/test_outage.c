/* How long a replay waits for a database that is away, or that answers and refuses. */
#include "unit.h"

#include "sink/outage.h"

#define SECOND_US INT64_C(1000000)
#define BEGAN_US (5 * SECOND_US)

/* Faults and pauses from `now_us` on until there are no more; when that was. */
static int64_t bear(struct outage *outage, int64_t now_us, bool answers)
{
    int64_t pause_ms;
    while ((pause_ms = outage_pause_ms(outage, now_us)) >= 0) {
        assert_true(now_us < BEGAN_US + 3600 * SECOND_US);
        now_us += pause_ms * 1000;
        if (answers)
            outage_answered(outage);
    }
    return now_us;
}

static void pauses_grow(void **state)
{
    (void)state;
    static const int64_t pauses_ms[] = {100, 200, 400, 800, 1600, 2000, 2000};
    struct outage outage = {0};
    for (size_t i = 0; i < COUNT_OF(pauses_ms); i++)
        assert_int_equal(outage_pause_ms(&outage, BEGAN_US), pauses_ms[i]);
}

static void a_server_that_is_away_is_waited_for_a_minute(void **state)
{
    (void)state;
    struct outage outage = {0};
    int64_t ended_us = bear(&outage, BEGAN_US, false);
    assert_in_range(ended_us - BEGAN_US, 60 * SECOND_US, 63 * SECOND_US);
}

/* What came before an answer is another outage. */
static void an_answer_begins_the_minute_anew(void **state)
{
    (void)state;
    struct outage outage = {0};
    assert_true(outage_pause_ms(&outage, BEGAN_US) > 0);
    assert_true(outage_pause_ms(&outage, BEGAN_US + 59 * SECOND_US) > 0);
    outage_answered(&outage);
    int64_t again_us = BEGAN_US + 600 * SECOND_US;
    assert_in_range(bear(&outage, again_us, false) - again_us, 60 * SECOND_US, 63 * SECOND_US);
}

static void a_server_that_answers_and_refuses_is_asked_a_while(void **state)
{
    (void)state;
    struct outage outage = {0};
    int64_t ended_us = bear(&outage, BEGAN_US, true);
    assert_int_equal(outage.tries, 31);
    assert_in_range(ended_us - BEGAN_US, 50 * SECOND_US, 60 * SECOND_US);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pauses_grow),
        cmocka_unit_test(a_server_that_is_away_is_waited_for_a_minute),
        cmocka_unit_test(an_answer_begins_the_minute_anew),
        cmocka_unit_test(a_server_that_answers_and_refuses_is_asked_a_while),
    };
    return cmocka_run_group_tests_name("outage", tests, NULL, NULL);
}
