/* Made-up records from outside: their room, and what stays of one that is spoiled. */
#include "unit.h"

#include "generate/record.h"
#include "generate/source.h"

#include <stdio.h>
#include <stdlib.h>

#define NEW_YEAR_US (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */

static void read_spec(struct record_spec *spec, struct arena *arena, struct slice yaml)
{
    struct yaml_node *root = NULL;
    struct err err = {0};
    arena_init(arena);
    if (yaml_load(arena, "test", yaml, &root, &err) < 0 ||
        spec_read(spec, arena, "test", "test", root, &err) < 0)
        fail_msg("%s", err.text);
}

/* More hidden nulls than PUT_SLACK can hide, of the shortest texts; a sanitizer sees the rest. */
static void test_hidden_nulls_have_room(void **state)
{
    (void)state;
    static const char *const shortest[] = {"provider: sex", "template: ''", "value: ''"};
    for (size_t i = 0; i < COUNT_OF(shortest); i++) {
        struct arena arena;
        struct record_spec spec;
        struct maker *maker;
        struct err err = {0};
        char yaml[65536];
        /* What is long has memory of its own, whose end is known. */
        int n = snprintf(yaml, sizeof yaml,
                         "fields: {v: uuid, long: {value: '%020000d', hidden: true}", 0);
        for (int field = 0; field < SPEC_MAX_FIELDS - 2; field++)
            n += snprintf(yaml + n, sizeof yaml - (size_t)n,
                          ", f%d: {%s, hidden: true, null: 100%%}", field, shortest[i]);
        n += snprintf(yaml + n, sizeof yaml - (size_t)n, "}");
        read_spec(&spec, &arena, (struct slice){yaml, (size_t)n});
        assert_int_equal(maker_new(&maker, &spec, &(struct maker_options){.seed = 1}, &err), 0);
        char *bytes = malloc(maker_record_bytes(maker));
        assert_non_null(bytes);
        assert_int_equal(maker_write(maker, NEW_YEAR_US, bytes) - bytes, 45);
        free(bytes);
        maker_free(maker);
        arena_release(&arena);
    }
}

/* Of records as the spec says, with these faults or none. */
static struct source *open_source(const struct record_spec *spec, const char *faults)
{
    struct source *source;
    struct err err = {0};
    struct source_options options = {.spec = spec, .maker = {.seed = 5}, .key = spec->key};
    if (faults_parse(faults, &options.faults, &err) < 0 || source_new(&source, &options, &err) < 0)
        fail_msg("%s", err.text);
    return source;
}

/* A record that is garbage goes where its key says, as if it were none. */
static void test_a_spoiled_record_keeps_its_key(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "key: k\nfields: {k: uuid}",
        "key: k\nfields: {k: name}",
        "key: k\nfields: {k: int, s: uuid}",
        "key: k\nfields: {s: uuid, k: {provider: name, hidden: true}}",
    };
    static const char *const faults[] = {"garbage=100%", "truncate=100%", "null=100%",
                                         "too-long=100%", "late=100%"};
    for (size_t i = 0; i < COUNT_OF(specs) * COUNT_OF(faults); i++) {
        struct arena arena;
        struct record_spec spec;
        read_spec(&spec, &arena, slice_of(specs[i % COUNT_OF(specs)]));
        struct source *whole = open_source(&spec, "");
        struct source *spoiled = open_source(&spec, faults[i / COUNT_OF(specs)]);
        for (int n = 0; n < 10; n++) {
            struct made made;
            struct made other;
            source_make(whole, NULL, false, &made);
            source_make(spoiled, NULL, false, &other);
            assert_true(other.fault != FAULT_NONE && made.fault == FAULT_NONE);
            assert_true(slice_eq(made.key, other.key));
        }
        source_free(whole);
        source_free(spoiled);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden_nulls_have_room),
        cmocka_unit_test(test_a_spoiled_record_keeps_its_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
