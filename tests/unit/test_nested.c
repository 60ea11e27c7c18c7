/* Made-up records with objects and arrays in them, and values from a file. */
#include "unit.h"

#include "base/buf.h"
#include "base/json.h"
#include "generate/put.h"
#include "generate/record.h"
#include "generate/source.h"
#include "generate/value_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEW_YEAR_US (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */
#define RECORDS 2000

/* A spec with its maker. */
struct kit {
    struct arena arena;
    struct record_spec spec;
    struct maker *maker;
    char *bytes;
};

static int load(struct kit *kit, const char *yaml, const struct maker_options *options,
                struct err *err)
{
    struct yaml_node *root = NULL;
    arena_init(&kit->arena);
    kit->maker = NULL;
    kit->bytes = NULL;
    if (yaml_load(&kit->arena, "test", slice_of(yaml), &root, err) < 0 ||
        spec_read(&kit->spec, &kit->arena, "test", "test", root, err) < 0 ||
        maker_new(&kit->maker, &kit->spec, options, err) < 0)
        return -1;
    kit->bytes = malloc(maker_record_bytes(kit->maker));
    assert_non_null(kit->bytes);
    return 0;
}

static void open_kit(struct kit *kit, const char *yaml, const struct maker_options *options)
{
    struct err err = {0};
    if (load(kit, yaml, options, &err) < 0)
        fail_msg("%s: %s", yaml, err.text);
}

static void close_kit(struct kit *kit)
{
    maker_free(kit->maker);
    free(kit->bytes);
    arena_release(&kit->arena);
}

/* The next record, with a NUL behind it. */
static const char *make(struct kit *kit)
{
    struct json_value value;
    struct json_error error;
    char *end = maker_write(kit->maker, NEW_YEAR_US, kit->bytes);
    size_t bytes = (size_t)(end - kit->bytes);
    assert_true(bytes + PUT_SLACK <= maker_record_bytes(kit->maker));
    assert_int_equal(json_parse((struct slice){kit->bytes, bytes}, &value, &error), 0);
    *end = '\0';
    return kit->bytes;
}

static size_t place_of(struct kit *kit, const char *name)
{
    struct err err = {0};
    size_t field = 0;
    if (maker_field(kit->maker, name, &field, &err) < 0)
        fail_msg("%s", err.text);
    return field;
}

/* ---- What is written ---- */

static void test_fields_are_in_each_other(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *record;
    } cases[] = {
        {"fields: {a: {fields: {b: {value: 1}, c: {fields: {d: {value: x}}}}}, e: {value: ~}}",
         "{\"a\": {\"b\": 1, \"c\": {\"d\": \"x\"}}, \"e\": null}"},
        {"fields: {a: {fields: {h: {value: 1, hidden: true}}}, b: {value: 2}}",
         "{\"a\": {}, \"b\": 2}"},
        {"fields: {a: {null: 100%, fields: {b: {value: x}, c: {fields: {d: {value: y}}}}}, "
         "e: {template: \"{a.b}\"}, f: {template: \"{a.c.d}\"}}",
         "{\"a\": null, \"e\": null, \"f\": null}"},
        {"fields: {a: {hidden: true, fields: {b: {value: x}}}, t: {template: \"<{a.b}>\"}}",
         "{\"t\": \"<x>\"}"},
        {"fields: {a: {hidden: true, null: 100%, fields: {b: {value: x}}}, t: {template: "
         "\"{a.b}\"}}",
         "{\"t\": null}"},
        {"fields: {'q\"': {fields: {'\\': {value: 1}}}}", "{\"q\\\"\": {\"\\\\\": 1}}"},
        /* Names: of its own object first, then of what that is in; the whole name, too. */
        {"fields: {n: {value: out}, a: {fields: {t: {template: \"{n}\"}, n: {value: in}, u: "
         "{template: \"{n} {a.n} {t}\"}, o: {fields: {v: {template: \"{n}{u}\", case: upper}}}}}}",
         "{\"n\": \"out\", \"a\": {\"t\": \"out\", \"n\": \"in\", \"u\": \"in in out\", \"o\": "
         "{\"v\": \"ININ IN OUT\"}}}"},
        /* Arrays. */
        {"fields: {a: {items: {value: x}, min: 0, max: 0}, b: {items: {value: 1}, min: 3, max: 3}}",
         "{\"a\": [], \"b\": [1, 1, 1]}"},
        {"fields: {a: {items: {value: x}, min: 2, max: 2}}", "{\"a\": [\"x\", \"x\"]}"},
        {"fields: {a: {items: {value: x}, null: 100%}}", "{\"a\": null}"},
        {"fields: {a: {items: {value: x, null: 100%}, min: 2, max: 2}, b: {items: {value: 7, null: "
         "100%}, min: 1, max: 1}}",
         "{\"a\": [null, null], \"b\": [null]}"},
        {"fields: {n: {value: 3}, a: {min: 2, max: 2, items: {fields: {i: sequence, t: {template: "
         "\"{n}.{i}\"}}}}}",
         "{\"n\": 3, \"a\": [{\"i\": 1, \"t\": \"3.1\"}, {\"i\": 2, \"t\": \"3.2\"}]}"},
        {"fields: {a: {min: 2, max: 2, items: {min: 2, max: 2, items: {provider: sequence, start: "
         "0, step: -5}}}, s: sequence}",
         "{\"a\": [[0, -5], [0, -5]], \"s\": 1}"},
        {"fields: {a: {min: 1, max: 1, items: {fields: {h: {value: x, hidden: true}, b: {min: 1, "
         "max: 1, items: {template: \"{h}!\"}}, c: {template: \"{h}?\", null: 100%}}}}}",
         "{\"a\": [{\"b\": [\"x!\"], \"c\": null}]}"},
        {"fields: {a: {min: 1, max: 1, items: {fields: {h: {value: x, hidden: true}}}}}",
         "{\"a\": [{}]}"},
        {"fields: {a: {provider: object, fields: {b: {provider: array, items: bool, min: 0, max: "
         "0}}}}",
         "{\"a\": {\"b\": []}}"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        for (uint32_t users = 0; users < 2; users++) {
            struct kit kit;
            open_kit(&kit, cases[i].yaml, &(struct maker_options){.seed = 1, .users = users});
            assert_string_equal(make(&kit), cases[i].record);
            close_kit(&kit);
        }
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        n++;
    return n;
}

static void test_arrays_have_as_many_as_asked(void **state)
{
    (void)state;
    struct kit kit;
    size_t seen[7] = {0};
    open_kit(&kit,
             "fields: {a: {items: {value: x}, min: 2, max: 4}, b: {items: {value: y}}, "
             "c: {items: {value: z}, null: 50%}}",
             &(struct maker_options){.seed = 3});
    for (int i = 0; i < RECORDS; i++) {
        const char *record = make(&kit);
        assert_in_range(count(record, "\"x\""), 2, 4);
        assert_in_range(count(record, "\"y\""), 1, 5);
        seen[count(record, "\"x\"")]++;
        seen[5] += count(record, "\"y\"") == 5;
        seen[6] += count(record, "null");
    }
    assert_in_range(seen[3], RECORDS / 4, RECORDS / 2);
    assert_in_range(seen[5], RECORDS / 7, RECORDS / 4);
    assert_in_range(seen[6], RECORDS * 45 / 100, RECORDS * 55 / 100);
    close_kit(&kit);
}

/* ---- People ---- */

/* Of `"cnp": "..."` at `at`, whether it is a woman's; `at` moves behind it. */
static bool take_cnp(const char **at, char *cnp)
{
    const char *found = strstr(*at, "\"cnp\": \"");
    assert_non_null(found);
    memcpy(cnp, found + 8, 13);
    cnp[13] = '\0';
    *at = found + 8;
    return (cnp[0] - '0') % 2 == 0;
}

/* Each element is a possible person, another one than that of the record and of the others. */
static void test_an_element_is_a_person_of_its_own(void **state)
{
    (void)state;
    struct kit kit;
    int equal = 0;
    open_kit(&kit,
             "fields: {first: {fields: {cnp: cnp, sex: sex}}, family: {min: 2, max: 2, items: "
             "{fields: {sex: sex, cnp: cnp, name: name, up: {template: \"{name}\", case: upper}, "
             "born: {provider: date_of_birth, max_age: 17}}}}, after: {fields: {cnp: cnp}}, adult: "
             "{provider: date_of_birth, min_age: 18}}",
             &(struct maker_options){.seed = 3, .utc = true});
    for (int i = 0; i < RECORDS; i++) {
        char cnps[4][14];
        const char *at = make(&kit);
        bool woman = take_cnp(&at, cnps[0]);
        assert_int_equal(strstr(at, "\"sex\": \"")[8] == 'F', woman);
        for (int element = 1; element <= 2; element++) {
            bool she = strstr(at, "{\"sex\": \"")[9] == 'F';
            assert_int_equal(take_cnp(&at, cnps[element]), she);
            assert_in_range(atoi(strstr(at, "\"born\": \"") + 9), 2008, 2026);
        }
        take_cnp(&at, cnps[3]);
        assert_memory_equal(cnps[0], cnps[3], 7); /* sex and birth date */
        assert_in_range(atoi(strstr(at, "\"adult\": \"") + 10), 1909, 2008);
        equal += !memcmp(cnps[0], cnps[1], 7) + !memcmp(cnps[1], cnps[2], 7);
    }
    assert_in_range(equal, 0, 10);
    close_kit(&kit);
}

/* A name of the record's person, in other letters in an element, which has another. */
static void test_an_outer_name_stays_that_persons(void **state)
{
    (void)state;
    struct kit kit;
    open_kit(&kit,
             "fields: {n: first_name, a: {min: 1, max: 1, items: {fields: {own: first_name, up: "
             "{template: \"{n}\", case: upper}, mine: {template: \"{own}\", case: upper}}}}, same: "
             "{template: \"{n}\", case: upper}}",
             &(struct maker_options){.seed = 3, .utf8 = true});
    for (int i = 0; i < 100; i++) {
        const char *record = make(&kit);
        char lead[200] = "\"up\": \"";
        const char *same = strstr(record, "\"same\": \"") + 9;
        strncat(lead, same, strcspn(same, "\"") + 1);
        if (!strstr(record, lead))
            fail_msg("%s", record);
    }
    close_kit(&kit);
}

/* The value of "name" at the record's end, or in it. */
static struct slice value_of(const char *record, const char *name)
{
    char lead[40];
    snprintf(lead, sizeof lead, "\"%s\": ", name);
    const char *found = strstr(record, lead);
    assert_non_null(found);
    found += strlen(lead);
    return (struct slice){found, strcspn(found, *found == '[' ? "]" : ",}")};
}

/* What is a user's stays his, whatever of his is null, and however many there are of what is not.
 */
static void test_a_users_own_stays_his(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "fields: {u: user, p: {provider: phone, null: 50%}, own: iban}",
        "fields: {u: user, p: {null: 50%, fields: {p: phone, q: {fields: {m: mac}}}}, own: iban}",
        "fields: {u: user, p: {items: phone, min: 0, max: 4}, own: iban}",
        "fields: {u: user, p: {items: {fields: {n: name, i: ipv4}}, min: 0, max: 4, null: 30%}, "
        "own: iban}",
        "fields: {u: user, own: {items: iban, per: user, min: 2, max: 5}, x: ipv4}",
        "fields: {u: user, p: {items: {provider: iban, null: 50%}, per: user, null: 50%}, own: "
        "iban}",
        "fields: {u: user, p: {per: user, fields: {own: uuid}}, i: {per: user, null: 50%, fields: "
        "{d: uuid}}, own2: {template: \"{p.own}\"}}",
    };
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        struct kit kit;
        char own[3][200] = {""};
        open_kit(&kit, specs[i], &(struct maker_options){.seed = 5, .users = 3});
        for (int n = 0; n < 200; n++) {
            const char *record = make(&kit);
            struct slice value = value_of(record, "own");
            char *known = own[atoi(value_of(record, "u").ptr) - 1];
            assert_true(value.len < 200);
            if (!*known)
                memcpy(known, value.ptr, value.len);
            assert_true(slice_eq_str(value, known));
        }
        assert_string_not_equal(own[0], own[1]);
        close_kit(&kit);
    }
}

/* ---- Room ---- */

/* Everything as long as it can be, in room of exactly the size that was said: a sanitizer sees what
 * is behind it. */
static void test_the_longest_records_have_room(void **state)
{
    (void)state;
    static const char *const specs[] = {
        "fields: {a: {items: {value: x, null: 100%}, min: 5000, max: 5000}}",
        "fields: {a: {items: {value: 7}, min: 5000, max: 5000}}",
        "fields: {a: {items: {value: ''}, min: 5000, max: 5000}}",
        "fields: {a: {items: {value: 'ș\"\\\\'}, min: 5000, max: 5000}}",
        "fields: {a: {items: {items: {items: bool, min: 9, max: 9}, min: 9, max: 9}, min: 9, max: "
        "9}}",
        "fields: {a: {items: {fields: {x: {value: 1, hidden: true}}}, min: 3000, max: 3000}}",
        "fields: {a: {items: {fields: {x: {provider: sex, hidden: true, null: 100%}, l: {value: "
        "'0123456789012345678901234567890123456789', hidden: true}, y: {template: \"{l}{x}\"}, z: "
        "{template: \"{l}\", case: upper}}}, min: 3000, max: 3000}}",
        "fields: {a: {null: 100%, fields: {b: {items: address, min: 900, max: 900}}}}",
        "fields: {a: {hidden: true, null: 100%, fields: {b: address, c: address}}, b: {fields: {c: "
        "{fields: {d: {fields: {e: {fields: {f: {fields: {g: sex}}}}}}}}}}}",
    };
    for (size_t i = 0; i < COUNT_OF(specs) * 4; i++) {
        struct kit kit;
        const struct maker_options options = {.seed = 5,
                                              .users = i & 1,
                                              .utf8 = i & 2,
                                              .independent = i & 2};
        open_kit(&kit, specs[i / 4], &options);
        for (int n = 0; n < 20; n++) {
            maker_set_long(kit.maker, n % 3 == 0, MAKER_NO_FIELD);
            make(&kit);
        }
        close_kit(&kit);
    }
}

/* More than a chunk of the arena, so that a sanitizer sees its end. */
static void test_what_is_hidden_has_room(void **state)
{
    (void)state;
    static const char *const specs[][2] = {
        {"fields: {o: {fields: {a: {value: '", "', hidden: true}, b: {value: 1}}}}"},
        {"fields: {o: {hidden: true, fields: {p: {fields: {a: {value: '", "'}}}}}}"},
        {"fields: {o: {hidden: true, null: 50%, fields: {a: {value: '", "'}}}}"},
        {"fields: {o: {min: 3, max: 3, items: {fields: {a: {value: '", "', hidden: true}}}}}"},
    };
    for (size_t i = 0; i < COUNT_OF(specs) * 2; i++) {
        char yaml[41000];
        struct kit kit;
        snprintf(yaml, sizeof yaml, "%s%040000d%s", specs[i / 2][0], 0, specs[i / 2][1]);
        open_kit(&kit, yaml, &(struct maker_options){.seed = 5, .users = i % 2});
        for (int n = 0; n < 10; n++)
            make(&kit);
        close_kit(&kit);
    }
}

static void add_times(struct buf *yaml, int times, const char *text)
{
    for (int i = 0; i < times; i++)
        buf_add_str(yaml, text);
}

/* So many that what surrounds each counts, and letters that are six times as long when escaped. */
static void test_many_and_escaped_texts_have_room(void **state)
{
    (void)state;
    enum { FIELDS = 120, LETTERS = 200 };
    for (int i = 0; i < 4; i++) {
        struct buf yaml;
        struct kit kit;
        buf_init(&yaml, 1 << 20);
        buf_add_str(&yaml, "fields: {o: {fields: {");
        for (int n = 0; n < FIELDS; n++)
            buf_printf(&yaml, "u%d: {provider: uuid, hidden: true%s}, ", n,
                       i < 2 ? "" : ", null: 50%");
        for (int n = 0; n < FIELDS; n++) {
            buf_printf(&yaml, "c%d: {hidden: %s, value: \"", n, i % 2 ? "true" : "false");
            add_times(&yaml, LETTERS, "\\x01");
            buf_add_str(&yaml, "\"}, ");
        }
        buf_add_str(&yaml, "z: int}}}");
        open_kit(&kit, buf_str(&yaml), &(struct maker_options){.users = i & 1, .utf8 = i & 2});
        for (int n = 0; n < 20; n++)
            make(&kit);
        close_kit(&kit);
        buf_release(&yaml);
    }
}

/* ---- Keys, ids and faults ---- */

static void test_an_inner_field_can_be_asked_for(void **state)
{
    (void)state;
    struct kit kit;
    int nulls = 0;
    open_kit(&kit,
             "key: a.b\nid: a.c.d\nfields: {a: {null: 30%, fields: {b: {values: ['ș', x]}, c: "
             "{fields: {d: sequence, h: {value: z, hidden: true}}}}}}",
             &(struct maker_options){.seed = 5});
    assert_string_equal(kit.spec.key, "a.b");
    size_t b = place_of(&kit, kit.spec.key);
    size_t d = place_of(&kit, kit.spec.id);
    size_t h = place_of(&kit, "a.c.h");
    assert_true(maker_is_bare(kit.maker, d) && !maker_is_bare(kit.maker, b));
    for (int i = 1; i < 200; i++) {
        char number[12];
        bool is_null = !strcmp(make(&kit), "{\"a\": null}");
        snprintf(number, sizeof number, "%d", i);
        nulls += is_null;
        assert_int_equal(!maker_value(kit.maker, b).ptr, is_null);
        assert_int_equal(!maker_value(kit.maker, h).ptr, is_null);
        if (!is_null) {
            assert_true(slice_eq_str(maker_value(kit.maker, d), number));
            assert_true(slice_eq_str(maker_value(kit.maker, b), "ș") ||
                        slice_eq_str(maker_value(kit.maker, b), "x"));
        }
    }
    assert_in_range(nulls, 40, 80);
    close_kit(&kit);
}

static void test_what_has_no_one_value_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *said;
    } cases[] = {
        {"o", "the records of \"test\": o is an object: name a field that is in it, OBJECT.FIELD"},
        {"a", "the records of \"test\": a is an array, and has no one value"},
        {"o.a", "o.a is an array"},
        {"a[]", "\"test\": a[] is in an array, and so has no one value"},
        {"o.a[].n", "o.a[].n is in an array"},
        {"o.a.n", "o.a.n is in an array"},
        {"a.n", "have no field \"a.n\""},
        {"n", "have no field \"n\""},
        {"o.bb", "have no field \"o.bb\"; did you mean \"o.b\"?"},
    };
    struct kit kit;
    open_kit(&kit,
             "fields: {o: {fields: {b: int, a: {items: {fields: {n: int}}}}}, a: {items: int}}",
             &(struct maker_options){.seed = 5});
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct err err = {0};
        size_t field;
        assert_int_equal(maker_field(kit.maker, cases[i].name, &field, &err), -1);
        if (!strstr(err.text, cases[i].said))
            fail_msg("%s", err.text);
    }
    close_kit(&kit);
}

/* A text of the record itself before one of its objects; never the id, nor one of an array. What is
 * behind it stays where it is found. */
static void test_a_text_that_is_too_long(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *longer; /* what the filling stands behind; NULL: there is none */
    } cases[] = {
        {"id: o.i\nfields: {o: {fields: {a: {value: A}, i: uuid}}, b: {value: B}}", "\"b\": \"B"},
        {"id: o.i\nfields: {o: {fields: {i: uuid, a: {value: A}}}, z: uuid}", NULL},
        {"id: o.i\nfields: {n: int, o: {fields: {a: {value: A}, i: uuid}}}", "\"a\": \"A"},
        {"id: o.i\nfields: {o: {fields: {i: uuid, p: {null: 100%, fields: {t: {value: T}}}, q: "
         "{fields: {u: {value: U}}}}}}",
         "\"u\": \"U"},
        {"id: o.i\nfields: {a: {items: {value: A}}, o: {fields: {b: {value: B}, i: uuid}}}",
         "\"b\": \"B"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kit kit;
        open_kit(&kit, cases[i].yaml, &(struct maker_options){.seed = 5});
        size_t id = place_of(&kit, kit.spec.id);
        assert_true(maker_can_be_long(kit.maker, id));
        maker_set_long(kit.maker, true, id);
        const char *record = make(&kit);
        const char *filling = strstr(record, "xxxxxxxxxxxxxxxxxxxx");
        assert_non_null(filling);
        if (cases[i].longer) {
            size_t n = strlen(cases[i].longer);
            assert_memory_equal(filling - n, cases[i].longer, n);
        }
        assert_int_equal(strspn(filling, "x"), MAKER_LONG_BYTES);
        struct slice value = maker_value(kit.maker, id);
        assert_ptr_equal(value.ptr, strstr(record, "\"i\": \"") + 6);
        assert_int_equal(value.len, 36);
        close_kit(&kit);
    }
    struct kit kit;
    open_kit(&kit, "fields: {a: {items: name}}", &(struct maker_options){.seed = 5});
    assert_false(maker_can_be_long(kit.maker, MAKER_NO_FIELD));
    close_kit(&kit);
}

/* ---- Wrong specs ---- */

static void test_a_wrong_spec_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *said;
    } cases[] = {
        {"fields: {a: {fields: {}}}", "test:1:22: fields: NAME: PROVIDER is expected"},
        {"fields: {a: {fields: [b]}}", "test:1:22: fields: NAME: PROVIDER is expected"},
        {"fields: {a: {fields: {b: nmae}}}", "test:1:26: unknown provider \"nmae\"; did you mean"},
        {"fields: {a: {fields: {b: int}, min: 1}}",
         "test:1:32: unknown argument of provider object \"min\""},
        {"fields: {a: {provider: object}}", "the provider object needs fields: {NAME: PROVIDER}"},
        {"fields: {a: {provider: array}}",
         "test:1:13: a: the provider array needs items: PROVIDER"},
        {"fields: {a: {items: [b, c]}}",
         "test:1:21: items: a provider's name or a mapping is expected, not a list"},
        {"fields: {a: {items: int, min: 3, max: 2}}", "test:1:13: a: min 3 is more than max 2"},
        {"fields: {a: {items: int, min: 6}}", "a: min 6 is more than max 5 (as nothing is said)"},
        {"fields: {a: {items: int, max: 0}}", "a: min 1 (as nothing is said) is more than max 0"},
        {"fields: {a: {items: int, min: -1}}",
         "min: \"-1\" is not a whole number from 0 to 100000"},
        {"fields: {a: {items: int, max: 100001}}", "is not a whole number from 0 to 100000"},
        {"fields: {a: {items: {items: int, max: 10000}, max: 10000}}",
         "test:1:13: a: a record could have more than 16 MiB with it: lower its max"},
        {"fields: {a: {items: {provider: int, hidden: true}}}",
         "hidden: a[] is all that stands in the array: leave it out"},
        {"fields: {a: {items: int, hidden: true}}", "a: an array that is hidden serves nothing"},
        {"fields: {o: {hidden: true, fields: {a: {items: int}}}}",
         "o.a: an array that is hidden serves nothing"},
        {"fields: {a: {items: {provider: name, per: user}}}",
         "per: what is in an array is drawn with it: say it of a"},
        {"fields: {a: {fields: {b: int}}, t: {template: \"{a}\"}}",
         "t: a is an object: name a field that is in it, OBJECT.FIELD"},
        {"fields: {a: {items: int}, t: {template: \"{a}\"}}", "t: a is an array, and has no one"},
        {"fields: {a: {items: {fields: {n: {value: 1}}}}, t: {template: \"{a[].n}\"}}",
         "t: a[].n is in an array, and so has no one value"},
        {"fields: {a: {items: {fields: {n: {value: 1}}}}, t: {template: \"{a.n}\"}}",
         "t: a[].n is in an array, and so has no one value"},
        {"fields: {o: {fields: {a: {items: {items: int}}, t: {template: \"{a[]}\"}}}}",
         "o.t: o.a[] is in an array, and so has no one value"},
        {"fields: {a: {items: {fields: {n: {value: 1}}}}, t: {template: \"{n}\"}}",
         "no field before it, and no provider, is called \"n\""},
        {"fields: {t: {template: \"{a.b}\"}, a: {fields: {b: int}}}",
         "test:1:13: t: the field a.b stands behind it: move it up"},
        {"fields: {t: {template: \"{a.b.c}\"}, a: {fields: {b: {fields: {c: int}}}}}",
         "t: the field a.b.c stands behind it: move it up"},
        {"fields: {t: {template: \"{a.c}\"}, a: {fields: {b: int}}}",
         "no field before it, and no provider, is called \"a.c\""},
        {"fields: {t: {template: \"{a.c}\"}, a: {fields: [c]}}",
         "test:1:46: fields: NAME: PROVIDER is expected"},
        {"fields: {a: {fields: {t: {template: \"{a.b}\"}, b: int}}}",
         "a.t: the field a.b stands behind it: move it up"},
        {"fields: {a: {fields: {t: {template: \"{a.t}\"}}}}", "a.t: it names itself"},
        {"fields: {a: {fields: {t: {template: \"{b}\"}, b: int}}}",
         "a.t: the field b stands behind it: move it up"},
        {"fields: {a: {fields: {t: {template: \"{b}\"}}}, b: int}",
         "a.t: the field b stands behind it: move it up"},
        {"fields: {a: {fields: {city: {template: \"{city}\"}}}}", "a.city: it names itself"},
        {"fields: {a: {fields: {b: int}}, a.b: int}", "a.b is the name of two fields"},
        {"fields: {a: {items: {fields: {b.c: int, b: {fields: {c: int}}}}}}",
         "test:1:54: a[].b.c is the name of two fields"},
        {"key: a\nfields: {a: {fields: {b: int}}}", "test:1:6: key: a is an object: name a field"},
        {"id: a\nfields: {a: {items: int}}", "test:1:5: id: a is an array, and has no one value"},
        {"key: a.n\nfields: {a: {items: {fields: {n: int}}}, n: int}",
         "test:1:6: key: a.n is in an array, and so has no one value"},
        {"id: a[]\nfields: {a: {items: int}}",
         "test:1:5: id: a[] is in an array, and so has no one value"},
        {"id: a.c\nfields: {a: {fields: {b: int}}}",
         "test:1:5: unknown field \"a.c\"; did you mean \"a.b\"?"},
        {"fields: {a: {items: {provider: sequence, start: 9223372036854775806}, max: 3}}",
         "a[]: the sequence comes to the end of 64 bits with element 2 of 3"},
        {"fields: {a: {min: 1, max: 2, items: {fields: {b: {provider: date_of_birth, max_age: 5}, "
         "c: {provider: date_of_birth, max_age: 6}}}}}",
         "a[].c: a record is of one person: give it the ages of a[].b"},
        {"fields: {a: {items: {items: {items: {items: {items: {items: {items: {items: {items: "
         "{items: {items: int}}}}}}}}}}}}",
         "more than 10 objects and arrays in each other"},
        {"fields: {a: {values: [x], values_from: y}}",
         "test:1:27: values and values_from are one thing: leave one out"},
        {"fields: {a: {values_from: /nowhere}}",
         "test:1:27: values_from: cannot open /nowhere: No such file or directory"},
        {"fields: {a: {values_from: ''}}", "values_from: a file's path is expected"},
        {"fields: {a: {values_from: [x]}}", "values_from: a text is expected, not a list"},
        {"fields: {a: {values_from: /}}", "values_from: cannot read /: Is a directory"},
        {"fields: {a: {values_from: /dev/null}}", "values_from: /dev/null has no value in it"},
        {"fields: {a: {values_from: /dev/zero}}", "/dev/zero is larger than 16777216 bytes"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kit kit;
        struct err err = {0};
        int rc = load(&kit, cases[i].yaml, &(struct maker_options){.seed = 1}, &err);
        if (rc == 0 || !strstr(err.text, cases[i].said))
            fail_msg("%s: %s", cases[i].yaml, rc < 0 ? err.text : "accepted");
        assert_int_equal(err.class, ERR_USAGE);
        close_kit(&kit);
    }
}

/* What is refused because of its size takes no memory before: here it were 50 GB. */
static void test_a_template_of_templates_is_told(void **state)
{
    (void)state;
    struct buf yaml;
    struct kit kit;
    struct err err = {0};
    buf_init(&yaml, 1 << 20);
    buf_add_str(&yaml, "fields: {a: {value: \"");
    add_times(&yaml, 60000, "x");
    buf_add_str(&yaml, "\"}, b: {template: \"");
    add_times(&yaml, 40, "{a}");
    buf_add_str(&yaml, "\"}, c: {case: upper, template: \"");
    add_times(&yaml, 20000, "{b}");
    buf_add_str(&yaml, "\"}}");
    assert_int_equal(load(&kit, buf_str(&yaml), &(struct maker_options){.seed = 1}, &err), -1);
    assert_non_null(strstr(err.text, "c: a record could have more than 16 MiB with it"));
    close_kit(&kit);
    buf_release(&yaml);
}

/* All levels together have as many fields as there can be; nobody's stack ends before. */
static void test_many_fields_are_told(void **state)
{
    (void)state;
    char yaml[20000];
    struct kit kit;
    struct err err = {0};
    int n = snprintf(yaml, sizeof yaml, "fields: {o: {fields: {f: int");
    for (int i = 0; i < SPEC_MAX_FIELDS - 1; i++)
        n += snprintf(yaml + n, sizeof yaml - (size_t)n, ", f%d: int", i);
    snprintf(yaml + n, sizeof yaml - (size_t)n, "}}}");
    assert_int_equal(load(&kit, yaml, &(struct maker_options){.seed = 1}, &err), -1);
    assert_non_null(strstr(err.text, "more than 500 fields"));
    close_kit(&kit);
}

/* ---- Values from a file ---- */

static void test_a_file_has_a_value_a_line(void **state)
{
    (void)state;
    static const struct {
        struct slice text;
        bool as_text;
        const char *values; /* `value*weight`, with a # before what is bare; or the message */
    } cases[] = {
        {SLICE_INIT("a\nb\n"), false, "a*1 b*1 "},
        {SLICE_INIT("a\r\n\r\n\nb"), false, "a*1 b*1 "},
        {SLICE_INIT("\xEF\xBB\xBF\xC8\x99\t3\n"), false, "\xC8\x99*3 "},
        {SLICE_INIT("a b\t0\nc\t4294967296\r\n"), false, "a b*0 c*4294967296 "},
        {SLICE_INIT("1\n-2.5\n3e2\t7"), false, "#1*1 #-2.5*1 #3e2*7 "},
        {SLICE_INIT("1\n2"), true, "1*1 2*1 "},
        {SLICE_INIT("1\n2A\n007"), false, "1*1 2A*1 007*1 "},
        {SLICE_INIT(" 1"), false, " 1*1 "},
        {SLICE_INIT("null\ntrue\n~\n"), false, "null*1 true*1 ~*1 "},
        {SLICE_INIT(""), false, "f has no value in it: write one a line"},
        {SLICE_INIT("\xEF\xBB\xBF\r\n\n"), false, "f has no value in it"},
        {SLICE_INIT("a\t0\n"), false, "f: all weights are 0"},
        {SLICE_INIT("a\nb\tc\n"), false, "f:2: behind the tab stands \"c\", and not a weight"},
        {SLICE_INIT("a\t\n"), false, "f:1: behind the tab stands \"\", and not a weight"},
        {SLICE_INIT("a\t1\t2\n"), false, "f:1: behind the tab stands \"1\t2\""},
        {SLICE_INIT("a\t123456789012345678901234567890123456789\xC8\x99\n"), false,
         "stands \"123456789012345678901234567890123456789\", and not a weight"},
        {SLICE_INIT("a\t-1\n"), false, "f:1: behind the tab stands \"-1\""},
        {SLICE_INIT("a\t4294967297\n"), false, "a whole number from 0 to 4294967296"},
        {SLICE_INIT("a\t999999999999999999999999\n"), false, "not a weight"},
        {SLICE_INIT("\t5\n"), false, "f:1: a weight without a value"},
        {SLICE_INIT("a\n\xE9\n"), false, "f:2: not UTF-8 at byte 1 of the line: make it UTF-8"},
        {SLICE_INIT("a\0b\n"), false, "f:1: a byte that is 0: is it UTF-16?"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct value_list list;
        struct err err = {0};
        char out[200] = "";
        int n = 0;
        arena_init(&arena);
        if (value_file_parse(&list, &arena, "f", cases[i].text, cases[i].as_text, &err) < 0) {
            assert_int_equal(err.class, ERR_USAGE);
            if (!strstr(err.text, cases[i].values))
                fail_msg("%s", err.text);
        } else {
            for (size_t j = 0; j < list.n; j++)
                n += snprintf(out + n, sizeof out - (size_t)n, "%s%.*s*%llu ",
                              list.values[j].bare ? "#" : "", SLICE_ARG(list.values[j].text),
                              (unsigned long long)list.values[j].weight);
            assert_string_equal(out, cases[i].values);
        }
        arena_release(&arena);
    }
}

static void test_a_file_has_its_limits(void **state)
{
    (void)state;
    size_t n = VALUE_FILE_MAX_VALUES + 1;
    char *text = malloc(2 * n);
    struct arena arena;
    struct value_list list;
    struct err err = {0};
    assert_non_null(text);
    for (size_t i = 0; i < n; i++)
        memcpy(text + 2 * i, "a\n", 2);
    arena_init(&arena);
    assert_int_equal(value_file_parse(&list, &arena, "f", (struct slice){text, 2 * n - 2}, false,
                                      &err),
                     0);
    assert_int_equal(list.n, VALUE_FILE_MAX_VALUES);
    assert_int_equal(value_file_parse(&list, &arena, "f", (struct slice){text, 2 * n}, false, &err),
                     -1);
    assert_non_null(strstr(err.text, "f has more than 1000000 lines"));
    memset(text, 'a', SPEC_MAX_TEXT_BYTES + 1);
    assert_int_equal(value_file_parse(&list, &arena, "f", (struct slice){text, SPEC_MAX_TEXT_BYTES},
                                      false, &err),
                     0);
    assert_int_equal(value_file_parse(&list, &arena, "f",
                                      (struct slice){text, SPEC_MAX_TEXT_BYTES + 1}, false, &err),
                     -1);
    assert_non_null(strstr(err.text, "f:1: a value of more than 65536 bytes"));
    arena_release(&arena);
    free(text);
}

/* Weights count, and a null of the field's is none of the file's. */
static void test_values_of_a_file_are_drawn_by_weight(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-values-XXXXXX";
    char yaml[100];
    struct kit kit;
    size_t seen[3] = {0};
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "rare\ncommon\t9\nnever\t0\n", 22), 22);
    close(fd);
    snprintf(yaml, sizeof yaml, "fields: {a: {values_from: %s, null: 50%%}}", path);
    open_kit(&kit, yaml, &(struct maker_options){.seed = 5});
    unlink(path);
    for (int i = 0; i < RECORDS; i++) {
        const char *record = make(&kit);
        seen[strstr(record, "rare") ? 0 : strstr(record, "common") ? 1 : 2]++;
        assert_null(strstr(record, "never"));
    }
    assert_in_range(seen[0], RECORDS * 3 / 100, RECORDS * 7 / 100);
    assert_in_range(seen[2], RECORDS * 45 / 100, RECORDS * 55 / 100);
    close_kit(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_are_in_each_other),
        cmocka_unit_test(test_arrays_have_as_many_as_asked),
        cmocka_unit_test(test_an_element_is_a_person_of_its_own),
        cmocka_unit_test(test_an_outer_name_stays_that_persons),
        cmocka_unit_test(test_a_users_own_stays_his),
        cmocka_unit_test(test_the_longest_records_have_room),
        cmocka_unit_test(test_what_is_hidden_has_room),
        cmocka_unit_test(test_many_and_escaped_texts_have_room),
        cmocka_unit_test(test_an_inner_field_can_be_asked_for),
        cmocka_unit_test(test_what_has_no_one_value_is_refused),
        cmocka_unit_test(test_a_text_that_is_too_long),
        cmocka_unit_test(test_a_wrong_spec_is_told_with_its_place),
        cmocka_unit_test(test_a_template_of_templates_is_told),
        cmocka_unit_test(test_many_fields_are_told),
        cmocka_unit_test(test_a_file_has_a_value_a_line),
        cmocka_unit_test(test_a_file_has_its_limits),
        cmocka_unit_test(test_values_of_a_file_are_drawn_by_weight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
