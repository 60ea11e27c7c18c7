/* The one way threads talk: in order, nothing lost, a taker that sleeps elsewhere is woken. */
#include "unit.h"

#include "base/clock.h"
#include "base/queue.h"

#include <pthread.h>
#include <stdatomic.h>

#define ITEMS 20000

static void count_wake(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static void first_in_first_out_through_growth(void **state)
{
    (void)state;
    struct queue queue;
    atomic_int wakes = 0;
    int items[100];
    queue_init(&queue, count_wake, &wakes);
    assert_null(queue_try_pop(&queue));
    /* Taken and pushed in turn, so that the ring wraps while it grows. */
    int taken = 0;
    for (int i = 0; i < 100; i++) {
        queue_push(&queue, &items[i]);
        if (i % 3 == 2)
            assert_ptr_equal(queue_try_pop(&queue), &items[taken++]);
    }
    while (taken < 100)
        assert_ptr_equal(queue_pop(&queue, 0), &items[taken++]);
    assert_null(queue_try_pop(&queue));
    assert_int_equal(wakes, 100);
    queue_release(&queue);
}

static void an_empty_queue_is_waited_for(void **state)
{
    (void)state;
    struct queue queue;
    queue_init(&queue, NULL, NULL);
    int64_t before_us = clock_mono_us();
    assert_null(queue_pop(&queue, 30));
    assert_true(clock_mono_us() - before_us >= 29000);
    queue_release(&queue);
}

static void *push_all(void *context)
{
    for (uintptr_t i = 1; i <= ITEMS; i++)
        queue_push(context, (void *)i);
    return NULL;
}

static void two_pushers_one_taker(void **state)
{
    (void)state;
    struct queue queue;
    pthread_t threads[2];
    uintptr_t sum = 0;
    queue_init(&queue, NULL, NULL);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, push_all, &queue), 0);
    for (int i = 0; i < 2 * ITEMS; i++)
        sum += (uintptr_t)queue_pop(&queue, -1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sum, (uintptr_t)ITEMS * (ITEMS + 1));
    queue_release(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_in_first_out_through_growth),
        cmocka_unit_test(an_empty_queue_is_waited_for),
        cmocka_unit_test(two_pushers_one_taker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
