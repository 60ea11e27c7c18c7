/* Batches: what is copied, which claim it came under, and what every offset between counts as. */
#include "unit.h"

#include "client/admin.h"
#include "sink/batch.h"

#include <stdio.h>

static const char topic[] = "t";
static int owner_a;
static int owner_b;

static struct record record_at(int64_t offset, const char *value)
{
    return (struct record){.topic = topic,
                           .offset = offset,
                           .timestamp_ms = 1000 + offset,
                           .key = SLICE_LIT("k"),
                           .value = slice_of(value)};
}

static void records_come_back_byte_for_byte(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch, 1 << 20, 100);
    struct batch_claim *claim = batch_claim(&batch, &owner_a, topic, 3, 7, 10);
    struct record_header kinds[] = {{SLICE_LIT("h"), SLICE_LIT("v")},
                                    {SLICE_LIT("h"), SLICE_NONE},
                                    {SLICE_LIT(""), SLICE_LIT("")}};
    struct record_header in[1000];
    for (size_t i = 0; i < COUNT_OF(in); i++)
        in[i] = kinds[i % COUNT_OF(kinds)];
    struct record cases[] = {
        {.topic = topic, .offset = 10, .timestamp_ms = 5, .key = SLICE_NONE, .value = SLICE_NONE},
        {.topic = topic,
         .offset = 11,
         .timestamp_ms = -1,
         .key = SLICE_LIT(""),
         .value = SLICE_LIT("")},
        {.topic = topic,
         .offset = 12,
         .key = SLICE_LIT("a\0b"),
         .value = SLICE_LIT("\xff\0x"),
         .headers = in,
         .n_headers = COUNT_OF(in)},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        batch_add(&batch, claim, &cases[i]);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct record out;
        batch_record(&batch, i, &out);
        assert_int_equal(out.partition, 3);
        assert_int_equal(out.offset, cases[i].offset);
        assert_int_equal(out.timestamp_ms, cases[i].timestamp_ms);
        assert_true(slice_eq(out.key, cases[i].key));
        assert_true(slice_eq(out.value, cases[i].value));
        assert_true((out.key.ptr == NULL) == (cases[i].key.ptr == NULL));
        assert_true((out.value.ptr == NULL) == (cases[i].value.ptr == NULL));
        assert_int_equal(out.n_headers, cases[i].n_headers);
        for (size_t k = 0; k < out.n_headers; k++) {
            assert_true(slice_eq(out.headers[k].name, in[k].name));
            assert_true(slice_eq(out.headers[k].value, in[k].value));
            assert_true((out.headers[k].value.ptr == NULL) == (in[k].value.ptr == NULL));
        }
    }
    batch_release(&batch);
}

/* Offsets that hold no record are absent, wherever they stand; the sum is always next - start. */
static void every_offset_is_accounted_for(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch, 1 << 20, 100);
    struct batch_claim *claim = batch_claim(&batch, &owner_a, topic, 0, 1, 5);
    struct record first = record_at(7, "{}");
    struct record second = record_at(8, "{}");
    struct record third = record_at(11, "{}");
    batch_add(&batch, claim, &first);
    batch_add(&batch, claim, &second);
    batch_add(&batch, claim, &third);
    batch_skip_to(claim, 15);
    assert_int_equal(claim->next, 15);
    assert_int_equal(claim->records, 3);
    assert_int_equal(claim->tally.absent, 2 + 2 + 3);
    claim->tally.rows = 3;
    assert_int_equal(tally_sum(&claim->tally), claim->next - claim->expected);
    batch_release(&batch);
}

/* A claim is copied when its first record enters and never looked up again. */
static void claims_are_copied_once(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch, 1 << 20, 100);
    struct batch_claim *claim = batch_claim(&batch, &owner_a, topic, 0, 1, 5);
    assert_ptr_equal(batch_claim(&batch, &owner_a, topic, 0, 2, 99), claim);
    assert_int_equal(claim->epoch, 1);
    assert_int_equal(claim->expected, 5);

    /* Revoked and claimed again while the batch fills: another claim, the old one dropped. */
    batch_drop(&batch, &owner_a);
    struct batch_claim *again = batch_claim(&batch, &owner_a, topic, 0, 2, 5);
    assert_int_equal(batch.n_claims, 2);
    assert_true(batch.claims[0].dropped);
    assert_int_equal(again->epoch, 2);
    assert_false(again->dropped);
    batch_release(&batch);
}

static void dropping_spares_the_others(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch, 1 << 20, 100);
    batch_claim(&batch, &owner_a, topic, 0, 1, 0);
    batch_claim(&batch, &owner_b, topic, 1, 1, 0);
    batch_drop(&batch, &owner_a);
    assert_true(batch.claims[0].dropped);
    assert_false(batch.claims[1].dropped);
    batch_release(&batch);
}

/* The newest record of each claim identifies the topic later. */
static void sealing_notes_the_last_record(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch, 1 << 20, 100);
    batch_claim(&batch, &owner_a, topic, 0, 1, 0);
    batch_claim(&batch, &owner_b, topic, 1, 1, 0);
    struct record a0 = record_at(0, "a0");
    struct record a1 = record_at(1, "a1");
    struct record b0 = record_at(0, "b0");
    batch_add(&batch, &batch.claims[0], &a0);
    batch_add(&batch, &batch.claims[1], &b0);
    batch_add(&batch, &batch.claims[0], &a1);
    batch_seal(&batch);
    struct fingerprint a = fingerprint_of(a1.key, a1.value, a1.timestamp_ms);
    assert_int_equal(batch.claims[0].last.offset, 1);
    assert_int_equal(batch.claims[0].last.crc, a.crc);
    assert_int_equal(batch.claims[0].last.timestamp_ms, a.timestamp_ms);
    assert_int_equal(batch.claims[1].last.offset, 0);
    batch_release(&batch);
}

static void room_ends_at_either_limit(void **state)
{
    (void)state;
    struct batch batch;
    batch_init(&batch, 10, 2);
    struct batch_claim *claim = batch_claim(&batch, &owner_a, topic, 0, 1, 0);
    struct record small = record_at(0, "1");
    struct record large = record_at(1, "0123456789");
    assert_true(batch_has_room(&batch));
    batch_add(&batch, claim, &small);
    assert_true(batch_has_room(&batch));
    batch_add(&batch, claim, &large); /* what was read is never refused */
    assert_false(batch_has_room(&batch));
    batch_clear(&batch);
    assert_true(batch_has_room(&batch));
    assert_true(batch_is_empty(&batch));
    batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back_byte_for_byte),
        cmocka_unit_test(every_offset_is_accounted_for),
        cmocka_unit_test(claims_are_copied_once),
        cmocka_unit_test(dropping_spares_the_others),
        cmocka_unit_test(sealing_notes_the_last_record),
        cmocka_unit_test(room_ends_at_either_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
