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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hidden_nulls_have_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
