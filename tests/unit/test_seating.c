/* Which seat a partition has: together while there is little, apart under load, never with
 * something pending. */
#include "unit.h"

#include "base/clock.h"
#include "ingest/pipeline.h"

#include <string.h>

#define PARTITIONS 3
#define SEATS 2
#define MAX_BYTES 1000000
#define MAX_ENTRIES 1000

struct house {
    struct pipeline pipeline;
    struct seat seats[SEATS];
    struct partition partitions[PARTITIONS];
};

static int64_t now_us;

static int64_t fixed_us(void)
{
    return now_us;
}

static void enter(struct house *house)
{
    static const struct clock_source fixed = {.mono_us = fixed_us};
    memset(house, 0, sizeof(*house));
    now_us = 1000000;
    clock_replace(&fixed);
    house->pipeline.seats = house->seats;
    house->pipeline.n_seats = SEATS;
    for (size_t i = 0; i < SEATS; i++) {
        for (size_t j = 0; j < 2; j++)
            batch_init(&house->seats[i].batches[j], MAX_BYTES, MAX_ENTRIES);
        house->seats[i].filling = &house->seats[i].batches[0];
    }
    for (int i = PARTITIONS - 1; i >= 0; i--) {
        struct partition *p = &house->partitions[i];
        *p = (struct partition){.topic = "t", .partition = i, .state = PARTITION_READING};
        p->next = house->pipeline.partitions;
        house->pipeline.partitions = p;
    }
    for (int i = 0; i < PARTITIONS; i++)
        partition_seat(&house->pipeline, &house->partitions[i]);
}

static void leave(struct house *house)
{
    for (size_t i = 0; i < SEATS; i++)
        for (size_t j = 0; j < 2; j++)
            batch_release(&house->seats[i].batches[j]);
    clock_replace(NULL);
}

/* A record of this size into the partition's seat. */
static void put(struct partition *p, size_t bytes)
{
    static char value[MAX_BYTES];
    struct batch *batch = p->seat->filling;
    struct record record = {.topic = p->topic,
                            .partition = p->partition,
                            .offset = p->queued,
                            .value = {value, bytes}};
    batch_add(batch, batch_claim(batch, p, p->topic, p->partition, 1, p->queued), &record);
    p->position = ++p->queued;
}

/* As seat_hand_over() does, without a lane. */
static void hand_over(struct seat *seat)
{
    seat->was_laden = seating_is_laden(seat->filling);
    seat->busy = true;
    seat->handed_us = now_us;
    seat->filling = &seat->batches[seat->filling == &seat->batches[0]];
}

static void settle(struct seat *seat)
{
    struct batch *batch = &seat->batches[seat->filling == &seat->batches[0]];
    for (size_t i = 0; i < batch->n_claims; i++) {
        struct partition *p = batch->claims[i].owner;
        p->stored = batch->claims[i].next;
    }
    batch_clear(batch);
    seat->busy = false;
    seat->settled_us = now_us;
}

static long seat_of(const struct house *house, int partition)
{
    return house->partitions[partition].seat - house->seats;
}

static void with_little_to_do_they_share_the_first(void **state)
{
    (void)state;
    struct house house;
    enter(&house);
    assert_int_equal(seat_of(&house, 0), 0);
    assert_int_equal(seat_of(&house, 1), 1);
    assert_int_equal(seat_of(&house, 2), 0);
    seating_review(&house.pipeline);
    for (int i = 0; i < PARTITIONS; i++)
        assert_int_equal(seat_of(&house, i), 0);
    assert_int_equal(house.seats[0].n_partitions, 3);
    assert_int_equal(house.seats[1].n_partitions, 0);
    leave(&house);
}

static void what_has_something_pending_stays(void **state)
{
    (void)state;
    struct house house;
    enter(&house);
    put(&house.partitions[1], 100);
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 1), 1);
    hand_over(&house.seats[1]);
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 1), 1);
    settle(&house.seats[1]);
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 1), 0);
    leave(&house);
}

static void nobody_new_waits_behind_a_stuck_lane(void **state)
{
    (void)state;
    struct house house;
    enter(&house);
    seating_review(&house.pipeline);
    put(&house.partitions[0], 100);
    hand_over(&house.seats[0]);
    now_us += 40000;
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 2), 0);
    now_us += 20000;
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 0), 0);
    assert_int_equal(seat_of(&house, 1), 1);
    assert_int_equal(seat_of(&house, 2), 1);
    leave(&house);
}

static void an_overloaded_lane_gives_one_partition_after_the_other(void **state)
{
    (void)state;
    struct house house;
    enter(&house);
    seating_review(&house.pipeline);
    for (int i = 0; i < PARTITIONS; i++)
        put(&house.partitions[i], MAX_BYTES / 5);
    hand_over(&house.seats[0]);
    for (int i = 0; i < PARTITIONS; i++)
        put(&house.partitions[i], MAX_BYTES / 5);
    now_us += 1000;
    seating_review(&house.pipeline);
    assert_false(house.partitions[0].is_moving);
    assert_false(house.partitions[1].is_moving);
    assert_true(house.partitions[2].is_moving);
    seating_review(&house.pipeline);
    assert_false(house.partitions[1].is_moving);

    settle(&house.seats[0]);
    hand_over(&house.seats[0]);
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 2), 0);
    put(&house.partitions[0], MAX_BYTES / 5);
    put(&house.partitions[1], MAX_BYTES / 5);
    settle(&house.seats[0]);
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 0), 0);
    assert_int_equal(seat_of(&house, 1), 0);
    assert_int_equal(seat_of(&house, 2), 1);
    assert_false(house.partitions[2].is_moving);
    leave(&house);
}

static void a_partition_alone_stays_where_it_is(void **state)
{
    (void)state;
    struct house house;
    enter(&house);
    seating_review(&house.pipeline);
    put(&house.partitions[0], MAX_BYTES / 2);
    hand_over(&house.seats[0]);
    put(&house.partitions[0], MAX_BYTES / 2);
    now_us += 1000;
    seating_review(&house.pipeline);
    assert_false(house.partitions[0].is_moving);
    assert_int_equal(seat_of(&house, 0), 0);
    assert_int_equal(seat_of(&house, 1), 1);
    leave(&house);
}

static void after_a_load_they_come_together_again(void **state)
{
    (void)state;
    struct house house;
    enter(&house);
    put(&house.partitions[1], MAX_BYTES / 2);
    hand_over(&house.seats[1]);
    now_us += 1000;
    settle(&house.seats[1]);
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 1), 1);
    now_us += 99999;
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 1), 1);
    now_us += 1;
    seating_review(&house.pipeline);
    assert_int_equal(seat_of(&house, 1), 0);
    leave(&house);
}

static void little_is_less_in_small_batches(void **state)
{
    (void)state;
    struct batch batch;
    struct record record = {.topic = "t", .value = SLICE_LIT("0123456789")};
    batch_init(&batch, 1 << 20, 4);
    assert_false(seating_is_laden(&batch));
    for (record.offset = 0; record.offset < 2; record.offset++) {
        assert_false(seating_is_laden(&batch));
        batch_add(&batch, batch_claim(&batch, &batch, "t", 0, 1, 0), &record);
    }
    assert_true(seating_is_laden(&batch));
    batch_release(&batch);
    batch_init(&batch, 10, 1000);
    record.offset = 0;
    batch_add(&batch, batch_claim(&batch, &batch, "t", 0, 1, 0), &record);
    assert_true(seating_is_laden(&batch));
    batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(with_little_to_do_they_share_the_first),
        cmocka_unit_test(what_has_something_pending_stays),
        cmocka_unit_test(nobody_new_waits_behind_a_stuck_lane),
        cmocka_unit_test(an_overloaded_lane_gives_one_partition_after_the_other),
        cmocka_unit_test(a_partition_alone_stays_where_it_is),
        cmocka_unit_test(after_a_load_they_come_together_again),
        cmocka_unit_test(little_is_less_in_small_batches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
