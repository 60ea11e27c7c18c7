/* Made-up records: what is drawn, how it is written, and that a seed is all there is to it. */
#include "unit.h"

#include "base/clock.h"
#include "base/json.h"
#include "generate/alias.h"
#include "generate/ledger_file.h"
#include "generate/moment.h"
#include "generate/person.h"
#include "generate/put.h"
#include "generate/record.h"
#include "generate/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NEW_YEAR_US (INT64_C(1767225600) * 1000000) /* 2026-01-01T00:00:00Z */
#define RECORDS 20000

/* A spec with its maker. */
struct kit {
    struct arena arena;
    struct record_spec spec;
    struct maker *maker;
    char *bytes;
    char *end; /* of the record made last */
};

static void open_kit(struct kit *kit, const char *yaml, const struct maker_options *options)
{
    struct err err = {0};
    struct yaml_node *root = NULL;
    arena_init(&kit->arena);
    int rc = yaml ? yaml_load(&kit->arena, "test", slice_of(yaml), &root, &err) < 0 ||
                        spec_read(&kit->spec, &kit->arena, "test", "test", root, &err) < 0
                  : spec_builtin(&kit->spec, &kit->arena, &err) < 0;
    if (rc != 0 || maker_new(&kit->maker, &kit->spec, options, &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < kit->spec.n_fields; i++) {
        size_t at = 0;
        assert_int_equal(maker_field(kit->maker, kit->spec.fields[i].name, &at, &err), 0);
        assert_int_equal(at, i);
    }
    kit->bytes = malloc(maker_record_bytes(kit->maker));
    assert_non_null(kit->bytes);
}

static void close_kit(struct kit *kit)
{
    maker_free(kit->maker);
    free(kit->bytes);
    arena_release(&kit->arena);
}

static struct slice make(struct kit *kit, int64_t now_us)
{
    kit->end = maker_write(kit->maker, now_us, kit->bytes);
    size_t bytes = (size_t)(kit->end - kit->bytes);
    assert_true(bytes + PUT_SLACK <= maker_record_bytes(kit->maker));
    return (struct slice){kit->bytes, bytes};
}

static struct slice field(struct kit *kit, const char *name)
{
    struct err err;
    size_t at = 0;
    assert_int_equal(maker_field(kit->maker, name, &at, &err), 0);
    return maker_value(kit->maker, at);
}

static void text_of(struct kit *kit, const char *name, char *out, size_t room)
{
    struct slice value = field(kit, name);
    assert_non_null(value.ptr);
    assert_true(value.len < room);
    memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
}

/* ---- Numbers ---- */

static void test_draws_stay_within_their_bounds(void **state)
{
    (void)state;
    struct rng rng;
    int seen[7] = {0};
    rng_seed(&rng, 1, 0);
    for (int i = 0; i < 7000; i++) {
        seen[rng_between(&rng, -3, 3) + 3]++;
        assert_true(rng_below(&rng, 1) == 0);
        rng_between(&rng, INT64_MIN, INT64_MAX);
        assert_int_equal(rng_between(&rng, INT64_MIN, INT64_MIN), INT64_MIN);
    }
    for (int i = 0; i < 7; i++)
        assert_in_range(seen[i], 850, 1150); /* 1000, and five standard deviations */
}

static void test_streams_of_one_seed_differ(void **state)
{
    (void)state;
    struct rng a;
    struct rng b;
    rng_seed(&a, 7, 0);
    rng_seed(&b, 7, 1);
    assert_true(rng_next(&a) != rng_next(&b));
}

static void test_shares_are_as_asked(void **state)
{
    (void)state;
    struct rng rng;
    int hits = 0;
    rng_seed(&rng, 2, 0);
    for (int i = 0; i < 10000; i++) {
        hits += rng_hits(&rng, RNG_SHARE_ONE / 4);
        assert_true(rng_hits(&rng, RNG_SHARE_ONE));
        assert_false(rng_hits(&rng, 0));
    }
    assert_in_range(hits, 2280, 2720);
}

static void test_weights_are_as_given(void **state)
{
    (void)state;
    static const uint64_t weights[] = {0, 1, 3, 0, 4};
    struct arena arena;
    struct alias alias;
    struct rng rng;
    int seen[5] = {0};
    arena_init(&arena);
    alias_build(&alias, &arena, weights, 5);
    rng_seed(&rng, 3, 0);
    for (int i = 0; i < 80000; i++)
        seen[alias_draw(&alias, &rng)]++;
    assert_int_equal(seen[0], 0);
    assert_int_equal(seen[3], 0);
    assert_in_range(seen[1], 9500, 10500);
    assert_in_range(seen[2], 29300, 30700);
    assert_in_range(seen[4], 39300, 40700);
    arena_release(&arena);
}

static void test_the_first_user_is_the_busiest(void **state)
{
    (void)state;
    struct arena arena;
    struct alias alias;
    struct rng rng;
    int seen[200] = {0};
    arena_init(&arena);
    alias_build_zipf(&alias, &arena, 200);
    rng_seed(&rng, 4, 0);
    for (int i = 0; i < 100000; i++)
        seen[alias_draw(&alias, &rng)]++;
    /* The 200th harmonic number is 5.878. */
    assert_in_range(seen[0], 16400, 17600);
    assert_in_range(seen[1], 8000, 9000);
    assert_in_range(seen[199], 40, 135);
    arena_release(&arena);
}

static void test_numbers_are_written_whole(void **state)
{
    (void)state;
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {{0, "0"},
                 {9, "9"},
                 {10, "10"},
                 {-1, "-1"},
                 {36000, "36000"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    char out[64];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        *put_i64(out, cases[i].number) = '\0';
        assert_string_equal(out, cases[i].text);
    }
    *put_digits(out, 7, 3) = '\0';
    assert_string_equal(out, "007");
    *put_eight(out, 12345) = '\0';
    assert_string_equal(out, "00012345");
}

/* ---- Times ---- */

static void test_times_are_as_pythons(void **state)
{
    (void)state;
    struct moment moment;
    char out[40];
    moment_init(&moment, true);
    moment_set(&moment, NEW_YEAR_US + 1);
    *moment_put(&moment, out) = '\0';
    assert_string_equal(out, "2026-01-01 00:00:00.000001");
    moment_set(&moment, NEW_YEAR_US); /* Python leaves out .000000 */
    *moment_put(&moment, out) = '\0';
    assert_string_equal(out, "2026-01-01 00:00:00");
    moment_set(&moment, -1);
    *moment_put(&moment, out) = '\0';
    assert_string_equal(out, "1969-12-31 23:59:59.999999");
    assert_int_equal(moment.today, -1);
    moment_set(&moment, INT64_MAX / 4); /* years of more than four digits have four */
    *moment_put(&moment, out) = '\0';
    assert_memory_equal(out, "9999-", 5);
    moment_set(&moment, INT64_MIN / 4);
    *moment_put(&moment, out) = '\0';
    assert_memory_equal(out, "0001-", 5);
}

/* ---- People ---- */

static void test_a_known_cnp_has_its_check_digit(void **state)
{
    (void)state;
    char out[16];
    /* The example of ro.wikipedia.org, "Cod numeric personal". */
    *person_put_cnp(out, 1, 1980, 1, 1, 42, 1) = '\0';
    assert_string_equal(out, "1800101420010");
    assert_int_equal(person_sex_digit(true, 1899), 4);
    assert_int_equal(person_sex_digit(false, 1999), 1);
    assert_int_equal(person_sex_digit(true, 2000), 6);
}

static void test_nobody_is_older_than_asked(void **state)
{
    (void)state;
    /* 2024-02-29; one who is 18 was born from 2005-03-01 (18 and a day less than a year) on. */
    int64_t today = civil_to_days((struct civil){2024, 2, 29});
    struct birth_range births = person_births(today, 18, 18);
    assert_int_equal(births.last, civil_to_days((struct civil){2006, 2, 28}));
    assert_int_equal(births.first, civil_to_days((struct civil){2005, 3, 1}));
    births = person_births(today, 0, 0);
    assert_int_equal(births.last, today);
}

static int check_digit(const char *cnp)
{
    static const char weights[] = "279146358279";
    int sum = 0;
    for (int i = 0; i < 12; i++)
        sum += (cnp[i] - '0') * (weights[i] - '0');
    return sum % 11 == 10 ? 1 : sum % 11;
}

static int county_of(const char *city)
{
    for (size_t i = 0; i < locale_ro.n_cities; i++)
        if (!strcmp(locale_ro.cities[i].name, city))
            return locale_ro.cities[i].county;
    fail_msg("no city %s", city);
    return 0;
}

static bool is_womans_name(const char *name)
{
    for (size_t i = 0; i < locale_ro.n_female; i++) {
        size_t n = strlen(locale_ro.first_names[i]);
        if (!strncmp(name, locale_ro.first_names[i], n) && name[n] == ' ')
            return true;
    }
    return false;
}

static bool is_mans_name(const char *name)
{
    for (size_t i = locale_ro.n_female; i < locale_ro.n_first_names; i++) {
        size_t n = strlen(locale_ro.first_names[i]);
        if (!strncmp(name, locale_ro.first_names[i], n) && name[n] == ' ')
            return true;
    }
    return false;
}

static void check_person(struct kit *kit)
{
    char cnp[16];
    char born[16];
    char name[80];
    char address[200];
    int century[] = {0, 1900, 1900, 1800, 1800, 2000, 2000};
    text_of(kit, "personal_number", cnp, sizeof cnp);
    text_of(kit, "birth_date", born, sizeof born);
    text_of(kit, "person_name", name, sizeof name);
    text_of(kit, "address", address, sizeof address);
    assert_int_equal(cnp[12] - '0', check_digit(cnp));
    assert_in_range(cnp[0], '1', '6');
    char digits[7];
    snprintf(digits, sizeof digits, "%.2s%.2s%.2s", born + 2, born + 5, born + 8);
    assert_memory_equal(cnp + 1, digits, 6);
    assert_int_equal(century[cnp[0] - '0'] / 100, atoi((char[]){born[0], born[1], 0}));
    bool woman = (cnp[0] - '0') % 2 == 0;
    assert_true(woman ? is_womans_name(name) : is_mans_name(name));
    char *postcode = strrchr(address, ',');
    *postcode = '\0';
    assert_int_equal(county_of(strrchr(address, ',') + 2), atoi((char[]){cnp[7], cnp[8], 0}));
}

static void test_a_record_is_one_possible_person(void **state)
{
    (void)state;
    struct kit kit;
    open_kit(&kit, NULL, &(struct maker_options){.seed = 11, .utc = true});
    for (int i = 0; i < RECORDS; i++) {
        make(&kit, NEW_YEAR_US);
        check_person(&kit);
    }
    close_kit(&kit);
}

/* The ages that a field asks for are the person's. */
static void test_ages_are_of_the_person(void **state)
{
    (void)state;
    struct kit kit;
    static const char yaml[] =
        "fields: {b: {provider: date_of_birth, min_age: 18, max_age: 20}, c: "
        "cnp}";
    open_kit(&kit, yaml, &(struct maker_options){.seed = 6, .utc = true});
    for (int i = 0; i < 1000; i++) {
        char born[16];
        char cnp[16];
        char digits[7];
        make(&kit, NEW_YEAR_US);
        text_of(&kit, "b", born, sizeof born);
        text_of(&kit, "c", cnp, sizeof cnp);
        snprintf(digits, sizeof digits, "%.2s%.2s%.2s", born + 2, born + 5, born + 8);
        assert_memory_equal(cnp + 1, digits, 6);
        assert_in_range(atoi(born), 2005, 2008);
    }
    close_kit(&kit);
}

/* Years that four digits cannot write are not reached, whatever the clock says. */
static void test_the_clock_ends_with_the_years_of_four_digits(void **state)
{
    (void)state;
    struct kit kit;
    open_kit(&kit, NULL, &(struct maker_options){.seed = 6, .utc = true});
    static const int64_t times[] = {INT64_MIN, INT64_MAX, -INT64_C(62200000000000000),
                                    INT64_C(253402300800000000)};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        struct json_value value;
        struct json_error error;
        assert_int_equal(json_parse(make(&kit, times[i]), &value, &error), 0);
    }
    close_kit(&kit);
}

/* Of 20,000 records some must disagree, or the test above could not fail. */
static void test_independent_fields_disagree(void **state)
{
    (void)state;
    struct kit kit;
    int disagree = 0;
    open_kit(&kit, NULL, &(struct maker_options){.seed = 11, .independent = true, .utc = true});
    for (int i = 0; i < RECORDS; i++) {
        char cnp[16];
        char name[80];
        make(&kit, NEW_YEAR_US);
        text_of(&kit, "personal_number", cnp, sizeof cnp);
        text_of(&kit, "person_name", name, sizeof name);
        assert_int_equal(cnp[12] - '0', check_digit(cnp));
        disagree += is_womans_name(name) != ((cnp[0] - '0') % 2 == 0);
    }
    assert_in_range(disagree, RECORDS / 3, RECORDS * 2 / 3);
    close_kit(&kit);
}

static void test_returning_users_stay_who_they_are(void **state)
{
    (void)state;
    struct kit kit;
    char names[50][80] = {{0}};
    char cnps[50][16] = {{0}};
    static const char yaml[] = "fields: {user: user, name: name, cnp: cnp, ip: ipv4}";
    open_kit(&kit, yaml, &(struct maker_options){.seed = 5, .users = 50, .utc = true});
    for (int i = 0; i < RECORDS; i++) {
        if (i == RECORDS / 2) { /* another run, whose first record is of another year */
            close_kit(&kit);
            open_kit(&kit, yaml, &(struct maker_options){.seed = 5, .users = 50, .utc = true});
        }
        char number[16];
        char name[80];
        char cnp[16];
        /* Years go by, and nobody's birth date moves. */
        make(&kit, NEW_YEAR_US + (i - 4000) * INT64_C(86400000000));
        text_of(&kit, "user", number, sizeof number);
        text_of(&kit, "name", name, sizeof name);
        text_of(&kit, "cnp", cnp, sizeof cnp);
        int user = atoi(number) - 1;
        assert_in_range(user, 0, 49);
        if (!names[user][0]) {
            memcpy(names[user], name, sizeof name);
            memcpy(cnps[user], cnp, sizeof cnp);
        }
        assert_string_equal(names[user], name);
        assert_string_equal(cnps[user], cnp);
    }
    close_kit(&kit);
}

/* ---- Networks and accounts ---- */

static int mod_97(const char *iban)
{
    int remainder = 0;
    for (int i = 0; i < 24; i++) {
        char c = iban[(i + 4) % 24];
        remainder =
            c >= 'A' ? (remainder * 100 + c - 'A' + 10) % 97 : (remainder * 10 + c - '0') % 97;
    }
    return remainder;
}

static void test_accounts_and_addresses_are_valid(void **state)
{
    (void)state;
    struct kit kit;
    open_kit(&kit, NULL, &(struct maker_options){.seed = 12, .utc = true});
    for (int i = 0; i < RECORDS; i++) {
        char iban[32];
        char uuid[40];
        char ip[20];
        char mac[20];
        int a;
        int b;
        make(&kit, NEW_YEAR_US);
        text_of(&kit, "iban", iban, sizeof iban);
        text_of(&kit, "unique_id", uuid, sizeof uuid);
        text_of(&kit, "ip_address", ip, sizeof ip);
        text_of(&kit, "mac_address", mac, sizeof mac);
        assert_int_equal(strlen(iban), 24);
        assert_int_equal(mod_97(iban), 1);
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_int_equal(sscanf(ip, "%d.%d.", &a, &b), 2);
        assert_true(a > 0 && a < 224 && a != 127);
        assert_false(a == 100 && b >= 64 && b < 128);
        assert_false(a == 169 && b == 254);
        assert_false(a == 198 && (b == 18 || b == 19));
        assert_int_equal(strtol(mac, NULL, 16) % 2, 0);
    }
    close_kit(&kit);
}

/* ---- A seed is all there is to it ---- */

static void test_a_seed_gives_these_bytes(void **state)
{
    (void)state;
    struct kit kit;
    open_kit(&kit, NULL, &(struct maker_options){.seed = 7, .utc = true});
    struct slice record = make(&kit, NEW_YEAR_US);
    /* Written down once; on another machine, or in another year, it must be the same. */
    static const char known[] =
        "{\"person_name\": \"Arian Gheorghiu\", \"user_name\": \"ariangheorghiu\", "
        "\"email\": \"ariangheorghiu@post.ro\", \"personal_number\": \"1570620361021\", "
        "\"birth_date\": \"1957-06-20\", \"address\": \"Bulevardul Ene Nr. 57 Bl. 44  Sc. 59 "
        "Ap. 922, Tulcea, 555404\", \"phone_number\": \"0244 748 745\", \"mac_address\": "
        "\"be:d8:61:a7:fb:4b\", \"ip_address\": \"55.72.231.161\", \"iban\": "
        "\"RO89MNXF7821330134520983\", \"accessed_at\": \"2026-01-01 00:00:00\", "
        "\"session_duration\": 16860, \"download_speed\": 715, \"upload_speed\": 580, "
        "\"consumed_traffic\": 1985661, \"unique_id\": "
        "\"8c3e2d80-e9f4-4978-9a7a-11d01400397b\"}";
    assert_int_equal(record.len, sizeof known - 1);
    assert_memory_equal(record.ptr, known, record.len);
    close_kit(&kit);
}

static void test_every_record_is_json(void **state)
{
    (void)state;
    static const char yaml[] = "fields: {a: {provider: name, null: 50%}, "
                               "\"b\\\"\\n\": {values: [x, \"\\\"\", ~]}, "
                               "c: {provider: float, min: -1.5, max: 1.5, decimals: 9}, "
                               "d: {provider: bool}, e: {template: \"{{{a}}}\", null: 10%}}";
    struct kit kit;
    int nulls = 0;
    open_kit(&kit, yaml, &(struct maker_options){.seed = 13, .utc = true});
    for (int i = 0; i < RECORDS; i++) {
        struct json_value value;
        struct json_error error;
        struct slice record = make(&kit, NEW_YEAR_US);
        assert_int_equal(json_parse(record, &value, &error), 0);
        assert_int_equal(value.type, JSON_OBJECT);
        bool null = !field(&kit, "a").ptr;
        nulls += null;
        if (null) /* of a null nothing can be made */
            assert_null(field(&kit, "e").ptr);
    }
    assert_in_range(nulls, RECORDS * 9 / 20, RECORDS * 11 / 20);
    close_kit(&kit);
}

static void test_values_are_as_the_spec_says(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *records[2];
    } cases[] = {
        {"fields: {n: {provider: sequence, start: 5, step: -2}}", {"{\"n\": 5}", "{\"n\": 3}"}},
        {"fields: {n: {value: 3}, t: {value: 3, as: text}, z: {value: ~}}",
         {"{\"n\": 3, \"t\": \"3\", \"z\": null}", "{\"n\": 3, \"t\": \"3\", \"z\": null}"}},
        {"fields: {h: {value: Aș, hidden: true}, u: {template: \"<{h}>\", case: upper}, "
         "l: {template: \"{h} {u}\", remove: \"<> \", case: lower}}",
         {"{\"u\": \"<A\\u0218>\", \"l\": \"a\\u0219a\\u0219\"}",
          "{\"u\": \"<A\\u0218>\", \"l\": \"a\\u0219a\\u0219\"}"}},
        {"fields: {a: {value: 'x\"y'}, b: {template: '<{a}>\\é', remove: '<>x', case: upper}, "
         "c: {template: '{b}{a}', null: 100%}, d: {template: '{c}{a}', case: lower}}",
         {"{\"a\": \"x\\\"y\", \"b\": \"\\\"Y\\\\\\u00c9\", \"c\": null, \"d\": null}",
          "{\"a\": \"x\\\"y\", \"b\": \"\\\"Y\\\\\\u00c9\", \"c\": null, \"d\": null}"}},
        {"fields: {i: {provider: int, min: -5, max: -5}, f: {provider: float, min: 2.50, max: "
         "2.50}, w: {provider: float, min: -0.5, max: -0.5, decimals: 1}}",
         {"{\"i\": -5, \"f\": 2.5, \"w\": -0.5}", "{\"i\": -5, \"f\": 2.5, \"w\": -0.5}"}},
        {"fields: {s: {provider: timestamp, form: epoch_s}, m: {provider: timestamp, form: "
         "epoch_ms}, i: {provider: timestamp, form: iso}}",
         {"{\"s\": 1767225600, \"m\": 1767225600000, \"i\": \"2026-01-01T00:00:00Z\"}",
          "{\"s\": 1767225601, \"m\": 1767225601000, \"i\": \"2026-01-01T00:00:01Z\"}"}},
        {"fields: {a: {values: {null: 1}}, b: {value: \"7\"}, c: {value: \"7\\n\"}, d: {value: 7}}",
         {"{\"a\": null, \"b\": \"7\", \"c\": \"7\\n\", \"d\": 7}",
          "{\"a\": null, \"b\": \"7\", \"c\": \"7\\n\", \"d\": 7}"}},
        {"fields: {u: user, d: {provider: date, min: 2030-01-01}}",
         {"{\"u\": 1, \"d\": \"2030-01-01\"}", "{\"u\": 2, \"d\": \"2030-01-01\"}"}},
        {"fields: {d: {provider: date, min: 2020-02-29, max: 2020-02-29}}",
         {"{\"d\": \"2020-02-29\"}", "{\"d\": \"2020-02-29\"}"}},
        {"fields: {a: {provider: name, null: 100%}, h: {value: 1, hidden: true}}",
         {"{\"a\": null}", "{\"a\": null}"}},
        {"fields: {h: {value: 1, hidden: true}}", {"{}", "{}"}},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct kit kit;
        open_kit(&kit, cases[i].yaml, &(struct maker_options){.seed = 1, .utc = true});
        for (int j = 0; j < 2; j++) {
            struct slice record = make(&kit, NEW_YEAR_US + j * INT64_C(1000000));
            *kit.end = '\0';
            assert_string_equal(record.ptr, cases[i].records[j]);
        }
        close_kit(&kit);
    }
}

/* ---- Wrong specs ---- */

static void test_a_wrong_spec_is_told_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *message;
    } cases[] = {
        {"felds: {}", "test:1:1: a record spec has fields"},
        {"fields: {}", "test:1:9: fields: NAME: PROVIDER is expected"},
        {"fields: {a: nmae}", "test:1:13: unknown provider \"nmae\"; did you mean \"name\"?"},
        {"fields: {a: [x]}", "test:1:13: a: a provider's name or a mapping is expected"},
        {"fields: {a: EUR}",
         "test:1:13: unknown provider \"EUR\"; a value that is always the same is {value: EUR}"},
        {"fields: {a: {min: 1}}", "test:1:13: a: which provider?"},
        {"fields: {a: {}}", "test:1:13: a: which provider?"},
        {"fields: {a: {feilds: {b: int}}}",
         "test:1:14: unknown key \"feilds\"; did you mean \"fields\"?"},
        {"fields: {a: {item: int}}", "test:1:14: unknown key \"item\"; did you mean \"items\"?"},
        {"fields: {a: {min: 2, values_form: x.txt}}",
         "test:1:22: unknown key \"values_form\"; did you mean \"values_from\"?"},
        {"fields: {a: {name: name, city: city}}",
         "test:1:14: unknown key \"name\"; an object's fields stand below fields: {fields: {name: "
         "...}}"},
        {"fields: {a: {items: {price: {provider: float}}}}",
         "test:1:22: unknown key \"price\"; an object's fields stand below fields"},
        {"fields: {a: {provider: int, mn: 3}}",
         "test:1:29: unknown argument of provider int \"mn\"; did you mean \"min\"?"},
        {"fields: {a: {provider: int, min: x}}", "test:1:34: min: \"x\" is not a whole number"},
        {"fields: {a: {provider: int, min: 5, max: 2}}", "test:1:13: a: min is more than max"},
        {"fields: {a: {provider: float, min: 0.123}}",
         "min: \"0.123\" is not a number with at most"},
        {"fields: {a: {provider: float, decimals: 10}}", "decimals: \"10\" is not a whole number"},
        {"fields: {a: {provider: date, min: 2020-02-30}}", "\"2020-02-30\" is not a date"},
        {"fields: {a: {provider: date_of_birth, min_age: 20, max_age: 10}}", "min_age 20 is more"},
        {"fields: {a: {template: \"{b}\"}}",
         "no field before it, and no provider, is called \"b\""},
        {"fields: {m: {template: \"{uuid}\"}, uuid: uuid}", "the field uuid stands behind it"},
        {"fields: {m: {template: \"{choice}\"}}", "the provider choice has arguments"},
        {"fields: {a: {provider: int, min: 3000000000}}", "which is not said: give max too"},
        {"fields: {a: {provider: timestamp, back: 20000000w}}", "is more than 36525 days"},
        {"fields: {a: {provider: date_of_birth, max_age: 5}, b: {provider: date_of_birth, max_age: "
         "6}}",
         "a record is of one person: give it the ages of a"},
        {"fields: {a: {template: \"x}\"}}", "a brace that stands alone"},
        {"fields: {a: {template: \"{x\"}}", "a brace that stands alone"},
        {"fields: {a: {template: x, remove: \"ș\"}}", "only ASCII characters can be removed"},
        {"fields: {a: {template: x, case: big}}", "unknown case \"big\"; there are: lower, upper"},
        {"fields: {a: {provider: template}}", "the provider template needs template: TEXT"},
        {"fields: {a: {values: {x: 0}}}", "all weights are 0"},
        {"fields: {a: {values: x}}", "expected, not a text"},
        {"fields: {a: {values: }}", "expected, not nothing"},
        {"fields: {a: {values: []}}",
         "test:1:22: values: there are none: name at least one, [a, b], or {a: 3, b: 1}"},
        {"fields: {a: {values: {}}}", "test:1:22: values: there are none"},
        {"fields: {a: {values: {x: 1, y}}}",
         "test:1:29: values: \"y\" has no weight: write y: 1, or all of them as a list, [a, b]"},
        {"fields: {a: {values: [x, [y]]}}", "test:1:26: a value is a text, a number"},
        {"fields: {a: {values: [1, x]}}", "numbers and texts in one list"},
        {"fields: {a: {values: {x: -1}}}", "the weight of \"x\" is not a whole number from 0 to "},
        {"fields: {a: {values: {x: 60%, y: 40%}}}", "for shares of 60% and 40% write 60 and 40"},
        {"fields: {a: {provider: name, null: 2}}", "null: \"2\" is not a share"},
        {"fields: {a: {provider: name, per: day}}", "unknown per \"day\""},
        {"fields: {a: {provider: timestamp, back: 36526d}}", "\"36526d\" is more than 36525 days"},
        {"fields: {a: {provider: timestamp, back: x}}", "back: \"x\" is not a duration"},
        {"fields: {a: {value: 0123456789abcdefghijklmnopqrstuvwxyz}, b: {template: "
         "\"{a}{a}{a}{a}\"}, "
         "c: {template: \"{b}{b}{b}{b}\", hidden: true}, d: {template: \"{c}{c}{c}{c}\"}, e: "
         "{template: "
         "\"{d}{d}{d}{d}\"}, f: {template: \"{e}{e}{e}{e}\"}, g: {template: \"{f}{f}{f}{f}\"}, h: "
         "{template: \"{g}{g}{g}{g}\"}, i: {template: \"{h}{h}{h}{h}\"}, j: {template: "
         "\"{i}{i}{i}{i}\", hidden: true}}",
         "i: a record could have more than 16 MiB with it"},
        {"id: b\nfields: {a: name}", "test:1:5: unknown field \"b\""},
        {"key: b\nfields: {a: name}", "test:1:6: unknown field \"b\""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct record_spec spec;
        struct yaml_node *root = NULL;
        struct maker *maker = NULL;
        struct err err = {0};
        arena_init(&arena);
        assert_int_equal(yaml_load(&arena, "test", slice_of(cases[i].yaml), &root, &err), 0);
        bool wrong = spec_read(&spec, &arena, "test", "test", root, &err) < 0 ||
                     maker_new(&maker, &spec, &(struct maker_options){.seed = 1}, &err) < 0;
        if (!wrong || !strstr(err.text, cases[i].message))
            fail_msg("%s: %s", cases[i].yaml, wrong ? err.text : "accepted");
        assert_int_equal(err.class, ERR_USAGE);
        arena_release(&arena);
    }
}

/* ---- Pace ---- */

static void test_records_are_due_at_their_pace(void **state)
{
    (void)state;
    struct pace pace;
    struct err err;
    assert_int_equal(pace_parse_rate("4/s", &pace, &err), 0);
    pace_start(&pace, 1);
    for (int i = 0; i < 9; i++)
        assert_int_equal(pace_next(&pace), i * 250000);
    assert_true(pace_per_day(&pace) == 4.0 * 86400);
    pace_chapter(&pace);
    assert_true(pace_per_day(&pace) == 10800);
    pace_start(&pace, 1);
    int64_t last_us = pace_next(&pace);
    assert_int_equal(last_us, 0); /* the first at once */
    for (int i = 0; i < 1000; i++) {
        int64_t due_us = pace_next(&pace);
        assert_in_range(due_us - last_us, 1000000, 15000000);
        last_us = due_us;
    }
    assert_in_range(last_us / 1000000, 7600, 8400);
}

static void test_wrong_paces_and_faults_are_refused(void **state)
{
    (void)state;
    static const char *const paces[] = {"",     "8",    "15s..1s", "0s",         "0s..0s",
                                        "1s..", "..1s", "x..y",    "999999999d", "1s..36526d"};
    static const char *const rates[] = {"", "5", "0/s", "-1/s", "5/y", "maximum"};
    static const char *const faults[] = {"garbage",   "garbage=1",         "garbag=1%",
                                         "null=101%", "null=60%,late=60%", "=1%",
                                         "late=1%,,", "late=1%,late=1%",   ","};
    struct pace pace;
    struct faults plan;
    struct err err;
    for (size_t i = 0; i < COUNT_OF(paces); i++)
        assert_int_equal(pace_parse_every(paces[i], &pace, &err), -1);
    for (size_t i = 0; i < COUNT_OF(rates); i++)
        assert_int_equal(pace_parse_rate(rates[i], &pace, &err), -1);
    for (size_t i = 0; i < COUNT_OF(faults); i++) {
        if (faults_parse(faults[i], &plan, &err) == 0)
            fail_msg("%s is accepted", faults[i]);
        assert_int_equal(err.class, ERR_USAGE);
    }
}

/* However slow: no time is so far away that it cannot be counted to. */
static void test_what_is_due_never_comes_before_what_was(void **state)
{
    (void)state;
    static const char *const rates[] = {"0.0000000001/d", "1/d", "3/s", "1000000/s"};
    for (size_t i = 0; i < COUNT_OF(rates); i++) {
        struct pace pace;
        struct err err;
        assert_int_equal(pace_parse_rate(rates[i], &pace, &err), 0);
        pace_start(&pace, 1);
        int64_t last_us = pace_next(&pace);
        for (int j = 0; j < 1000; j++) {
            int64_t due_us = pace_next(&pace);
            assert_true(due_us >= last_us && due_us <= INT64_MAX / 4);
            last_us = due_us;
        }
    }
}

/* ---- Faults ---- */

struct seen {
    int faults[N_FAULTS + 1];
    int again;
};

/* `due_us`: since 1970, what its time would be if it were not late. */
static void look_at(const struct made *made, int64_t due_us, struct slice before, struct seen *seen)
{
    struct json_value value;
    struct json_error error;
    bool json = made->value.ptr && json_parse(made->value, &value, &error) == 0;
    seen->faults[made->fault]++;
    seen->again += made->again;
    switch (made->fault) {
    case FAULT_GARBAGE:
    case FAULT_TRUNCATE:
        assert_false(json);
        assert_null(made->id.ptr);
        return;
    case FAULT_NULL:
        assert_null(made->value.ptr);
        assert_null(made->id.ptr);
        return;
    case FAULT_TOO_LONG:
        assert_true(json && made->value.len > MAKER_LONG_BYTES + 300);
        break;
    case FAULT_LATE: /* records are 15 s apart at most */
        assert_in_range(due_us - made->time_us, 1000, FAULT_LATE_MS * 1000);
        break;
    case FAULT_DUPLICATE:
        if (made->again)
            assert_true(slice_eq(made->value, before));
        break;
    case FAULT_NONE:
        break;
    }
    assert_true(json);
    assert_int_equal(made->id.len, 36);
}

static void test_the_last_record_is_no_duplicate(void **state)
{
    (void)state;
    struct arena arena;
    struct record_spec spec;
    struct source *source;
    struct made made;
    struct err err = {0};
    arena_init(&arena);
    struct source_options options = {.spec = &spec, .maker = {.seed = 9, .utc = true}};
    assert_int_equal(spec_builtin(&spec, &arena, &err), 0);
    assert_int_equal(faults_parse("duplicate=100%", &options.faults, &err), 0);
    assert_int_equal(source_new(&source, &options, &err), 0);
    source_make(source, NULL, true, &made);
    assert_int_equal(made.fault, FAULT_NONE);
    source_make(source, NULL, false, &made);
    assert_int_equal(made.fault, FAULT_DUPLICATE);
    source_make(source, NULL, true, &made); /* the second of it may be the last */
    assert_true(made.again && made.fault == FAULT_DUPLICATE);
    source_free(source);
    arena_release(&arena);
}

static void test_faults_are_as_many_as_asked(void **state)
{
    (void)state;
    struct arena arena;
    struct record_spec spec;
    struct source *source;
    struct err err = {0};
    struct seen seen = {{0}, 0};
    arena_init(&arena);
    struct source_options options = {.spec = &spec,
                                     .maker = {.seed = 9, .utc = true},
                                     .simulated = true,
                                     .as_of_us = NEW_YEAR_US,
                                     .id = "unique_id"};
    pace_chapter(&options.pace);
    assert_int_equal(spec_builtin(&spec, &arena, &err), 0);
    assert_int_equal(faults_parse("garbage=10%,truncate=10%,null=10%,too-long=10%,duplicate=10%,"
                                  "late=10%",
                                  &options.faults, &err),
                     0);
    assert_int_equal(source_new(&source, &options, &err), 0);
    /* Made where they are to be, and in memory of the source's own, in turns. */
    char *rooms[2] = {malloc(source_value_bytes(source)), malloc(source_value_bytes(source))};
    struct slice before = SLICE_NONE;
    for (int i = 0; i < RECORDS; i++) {
        struct made made;
        int64_t due_us = NEW_YEAR_US + source_due(source);
        source_make(source, i % 3 == 2 ? NULL : rooms[i % 2], false, &made);
        look_at(&made, due_us, before, &seen);
        memcpy(rooms[1 - i % 2], made.value.ptr ? made.value.ptr : "", made.value.len);
        before = (struct slice){rooms[1 - i % 2], made.value.len};
    }
    free(rooms[0]);
    free(rooms[1]);
    int records = RECORDS - seen.again;
    for (int i = 0; i < N_FAULTS; i++) {
        int n = seen.faults[i] - (i == FAULT_DUPLICATE ? seen.again : 0);
        assert_in_range(n, records * 9 / 100, records * 11 / 100);
    }
    source_free(source);
    arena_release(&arena);
}

/* The ledger's id stays as it is: it must be found in the table. */
static void test_what_is_too_long_is_not_the_id(void **state)
{
    (void)state;
    static const struct {
        const char *yaml;
        const char *message; /* NULL: it can be */
    } cases[] = {
        {"id: a\nfields: {a: uuid, n: int, b: city}", NULL},
        {"id: a\nfields: {b: city, a: uuid}", NULL},
        {"fields: {a: uuid}", NULL},
        {"id: a\nfields: {a: uuid, n: int, h: {value: x, hidden: true}}", "beside the id"},
        {"fields: {n: int}", "\"test\" have no field that is a text"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct record_spec spec;
        struct source *source;
        struct yaml_node *root = NULL;
        struct made made;
        struct err err = {0};
        arena_init(&arena);
        assert_int_equal(yaml_load(&arena, "test", slice_of(cases[i].yaml), &root, &err), 0);
        assert_int_equal(spec_read(&spec, &arena, "test", "test", root, &err), 0);
        struct source_options options = {.spec = &spec, .maker = {.seed = 1}, .id = spec.id};
        assert_int_equal(faults_parse("too-long=100%", &options.faults, &err), 0);
        int rc = source_new(&source, &options, &err);
        assert_int_equal(rc, cases[i].message ? -1 : 0);
        if (cases[i].message)
            assert_non_null(strstr(err.text, cases[i].message));
        else {
            source_make(source, NULL, false, &made);
            assert_true(made.value.len > MAKER_LONG_BYTES);
            assert_true(!spec.id || made.id.len == 36);
            assert_true(!spec.id ||
                        memmem(made.value.ptr, made.value.len, made.id.ptr, 36) == made.id.ptr);
            assert_true(!spec.id || made.id.ptr[36] == '"');
            source_free(source);
        }
        arena_release(&arena);
    }
}

/* ---- The ledger ---- */

static void read_back(const char *path, char *out, size_t room)
{
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t n = fread(out, 1, room - 1, file);
    out[n] = '\0';
    fclose(file);
}

/* What a run before left at the end of the file, and what stands there behind the next; NULL: what
 * is no ledger is left alone. */
static void test_a_ledger_goes_on_where_another_ended(void **state)
{
    (void)state;
#define LINE                                                                                       \
    "{\"topic\":\"t\",\"partition\":1,\"offset\":2,\"unique_id\":\"\\\"\",\"fault\":\"late\"}\n"
    static const struct {
        const char *before;
        const char *behind;
    } cases[] = {
        {"", LINE},
        {"{\"offset\":1}\n", "{\"offset\":1}\n" LINE},
        {"{\"offset\":1}", "{\"offset\":1}\n" LINE},
        {"{\"offset\":1}\n{\"topic\":\"t\",\"par", "{\"offset\":1}\n" LINE},
        {"{\"topic", LINE},
        {"{\"offset\":1}\nnot ours", "{\"offset\":1}\nnot ours\n" LINE},
        {"not ours", NULL},
        {"{\"a\":1}\n", NULL},
        {"{\"a\":1}", NULL},
        {"{\n\"offset\": 1}", NULL},
        {"[]\n", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char path[] = "/tmp/weir-ledger-XXXXXX";
        char text[512];
        struct ledger_file *ledger;
        struct err err = {0};
        const struct ledger_line line = {
            .topic = "t", .partition = 1, .offset = 2, .id = SLICE_LIT("\""), .fault = FAULT_LATE};
        int fd = mkstemp(path);
        assert_true(fd >= 0);
        assert_true(write(fd, cases[i].before, strlen(cases[i].before)) >= 0);
        close(fd);
        if (cases[i].behind) {
            assert_int_equal(ledger_file_open(&ledger, path, "--ledger", &err), 0);
            assert_int_equal(ledger_file_add(ledger, &line, &err), 0);
            assert_int_equal(ledger_file_sync(ledger, &err), 0);
            ledger_file_close(ledger);
        } else {
            assert_int_equal(ledger_file_open(&ledger, path, "--ledger", &err), -1);
            assert_non_null(strstr(err.text, "which is no ledger"));
        }
        read_back(path, text, sizeof text);
        assert_string_equal(text, cases[i].behind ? cases[i].behind : cases[i].before);
        unlink(path);
    }
}

/* An id may be longer than the buffer. */
static void test_a_ledger_takes_ids_of_any_length(void **state)
{
    (void)state;
    char path[] = "/tmp/weir-ledger-XXXXXX";
    struct ledger_file *ledger;
    struct err err = {0};
    size_t n = 200000;
    char *id = malloc(n);
    char *text = malloc(8 * n);
    assert_true(id && text);
    memset(id, 1, n);
    const struct ledger_line line = {.topic = "t", .id = {id, n}, .fault = FAULT_NONE};
    close(mkstemp(path));
    assert_int_equal(ledger_file_open(&ledger, path, "--ledger", &err), 0);
    assert_int_equal(ledger_file_add(ledger, &line, &err), 0);
    assert_int_equal(ledger_file_sync(ledger, &err), 0);
    read_back(path, text, 8 * n);
    assert_true(strlen(text) > 6 * n);
    assert_non_null(strstr(text, "\\u0001\",\"fault\":null}\n"));
    ledger_file_close(ledger);
    unlink(path);
    free(id);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws_stay_within_their_bounds),
        cmocka_unit_test(test_streams_of_one_seed_differ),
        cmocka_unit_test(test_shares_are_as_asked),
        cmocka_unit_test(test_weights_are_as_given),
        cmocka_unit_test(test_the_first_user_is_the_busiest),
        cmocka_unit_test(test_numbers_are_written_whole),
        cmocka_unit_test(test_times_are_as_pythons),
        cmocka_unit_test(test_a_known_cnp_has_its_check_digit),
        cmocka_unit_test(test_nobody_is_older_than_asked),
        cmocka_unit_test(test_a_record_is_one_possible_person),
        cmocka_unit_test(test_ages_are_of_the_person),
        cmocka_unit_test(test_the_clock_ends_with_the_years_of_four_digits),
        cmocka_unit_test(test_independent_fields_disagree),
        cmocka_unit_test(test_returning_users_stay_who_they_are),
        cmocka_unit_test(test_accounts_and_addresses_are_valid),
        cmocka_unit_test(test_a_seed_gives_these_bytes),
        cmocka_unit_test(test_every_record_is_json),
        cmocka_unit_test(test_values_are_as_the_spec_says),
        cmocka_unit_test(test_a_wrong_spec_is_told_with_its_place),
        cmocka_unit_test(test_records_are_due_at_their_pace),
        cmocka_unit_test(test_wrong_paces_and_faults_are_refused),
        cmocka_unit_test(test_the_last_record_is_no_duplicate),
        cmocka_unit_test(test_faults_are_as_many_as_asked),
        cmocka_unit_test(test_what_is_due_never_comes_before_what_was),
        cmocka_unit_test(test_what_is_too_long_is_not_the_id),
        cmocka_unit_test(test_a_ledger_goes_on_where_another_ended),
        cmocka_unit_test(test_a_ledger_takes_ids_of_any_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
