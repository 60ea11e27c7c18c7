/* The small modules of src/base: err, slice, arena, clock, crc32c, suggest, random, base64, file.
 */
#include "unit.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/crc32c.h"
#include "base/err.h"
#include "base/file.h"
#include "base/json.h"
#include "base/random.h"
#include "base/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

static void errors_carry_class_code_and_text(void **state)
{
    (void)state;
    struct err err;
    assert_int_equal(err_set(&err, ERR_INPUT, "row %d", 7), -1);
    assert_int_equal(err.class, ERR_INPUT);
    assert_string_equal(err.code, "");
    assert_string_equal(err.text, "row 7");
    assert_int_equal(err_set_code(&err, ERR_OUTAGE, "08006", "gone"), -1);
    assert_string_equal(err.code, "08006");
    assert_int_equal(err_prefix(&err, "%s", "orders"), -1);
    assert_string_equal(err.text, "orders: gone");
    assert_int_equal(err.class, ERR_OUTAGE);
    assert_string_equal(err.code, "08006");
    /* An error may be told again in its own words. */
    err_set_code(&err, ERR_HALT, err.code, "%s (%s)", err.text, err.code);
    assert_string_equal(err.text, "orders: gone (08006)");
    assert_string_equal(err.code, "08006");
    err_set_code(&err, ERR_OUTAGE, "_ALL_BROKERS_DOWN_AND_MORE", "x");
    assert_string_equal(err.code, "_ALL_BROKERS_DO");
    err_set_code(&err, ERR_OUTAGE, NULL, "x");
    assert_string_equal(err.code, "");
    assert_string_equal(err_class_name(ERR_USAGE), "usage");
    assert_string_equal(err_class_name(ERR_BUG), "bug");
}

static void long_errors_are_cut_between_characters(void **state)
{
    (void)state;
    char longer[5000];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(longer, 'x', shift);
        for (size_t i = shift; i + 4 < sizeof longer; i += 4)
            memcpy(longer + i, "😀", 5);
        struct err err;
        err_set(&err, ERR_INPUT, "%s", longer);
        size_t len = strlen(err.text);
        assert_in_range(len, sizeof err.text - 4, sizeof err.text - 1);
        assert_int_equal(utf8_valid_prefix((struct slice){err.text, len}), len);
        err_prefix(&err, "a place");
        len = strlen(err.text);
        assert_in_range(len, sizeof err.text - 4, sizeof err.text - 1);
        assert_int_equal(utf8_valid_prefix((struct slice){err.text, len}), len);
        assert_memory_equal(err.text, "a place: ", 9);
        err_prefix(&err, "%s", longer);
        len = strlen(err.text);
        assert_int_equal(utf8_valid_prefix((struct slice){err.text, len}), len);
    }
}

static void slices_compare(void **state)
{
    (void)state;
    assert_true(slice_eq_nocase(SLICE_LIT("Person_Name"), SLICE_LIT("person_nAME")));
    assert_false(slice_eq_nocase(SLICE_LIT("a"), SLICE_LIT("ab")));
    assert_false(slice_eq_nocase(SLICE_LIT("["), SLICE_LIT("{"))); /* 0x20 apart, no letters */
    assert_false(slice_eq_nocase(SLICE_LIT("\xC8\x98"), SLICE_LIT("\xC8\x99")));
    assert_true(slice_eq_nocase(SLICE_NONE, SLICE_LIT("")));
}

static void arenas_give_zeroed_aligned_memory(void **state)
{
    (void)state;
    struct random random = {3};
    struct arena arena;
    arena_init(&arena);
    struct {
        unsigned char *at;
        size_t bytes;
    } parts[2000];
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        size_t bytes = random_below(&random, random_below(&random, 50) ? 100 : 40000);
        unsigned char *at = arena_alloc(&arena, bytes);
        assert_int_equal((uintptr_t)at % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < bytes; j++)
            assert_int_equal(at[j], 0);
        memset(at, (int)i, bytes);
        parts[i].at = at;
        parts[i].bytes = bytes;
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        for (size_t j = 0; j < parts[i].bytes; j++)
            assert_int_equal(parts[i].at[j], (unsigned char)i);

    assert_string_equal(arena_strdup(&arena, "text"), "text");
    assert_string_equal(arena_strndup(&arena, "text", 2), "te");
    assert_string_equal(arena_strndup(&arena, "te\0xt", 5), "te");
    assert_string_equal(arena_printf(&arena, "%s-%d", "a", 5), "a-5");
    assert_true(arena.used_bytes > 0);
    arena_release(&arena);
    assert_int_equal(arena.used_bytes, 0);
    arena_release(&arena);
}

/* Or an address sanitizer would see nothing of what is written behind it. */
static void an_arena_has_borders_for_the_sanitizer(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    struct arena arena;
    arena_init(&arena);
    for (size_t bytes = 1; bytes < 100; bytes++) {
        char *at = arena_alloc(&arena, bytes);
        assert_false(__asan_address_is_poisoned(at + bytes - 1));
        assert_true(__asan_address_is_poisoned(at + bytes));
    }
    arena_release(&arena);
#else
    skip();
#endif
}

static int64_t fixed_us(void)
{
    return 1234567;
}

static void clocks_run_and_can_be_replaced(void **state)
{
    (void)state;
    int64_t start_us = clock_mono_us();
    clock_sleep_ms(20);
    int64_t slept_us = clock_mono_us() - start_us;
    assert_in_range(slept_us, 20000, 5000000);
    clock_sleep_ms(-5);
    assert_true(clock_wall_us() > INT64_C(1750000000) * 1000000);

    static const struct clock_source wall_only = {.wall_us = fixed_us};
    clock_replace(&wall_only);
    assert_int_equal(clock_wall_us(), 1234567);
    assert_true(clock_mono_us() >= start_us);
    clock_replace(NULL);
    assert_true(clock_wall_us() > 1234567);
}

static void crc32c_is_that_of_rfc_3720(void **state)
{
    (void)state;
    unsigned char zeros[32] = {0};
    unsigned char ones[32];
    unsigned char rising[32];
    memset(ones, 0xFF, sizeof ones);
    for (unsigned i = 0; i < sizeof rising; i++)
        rising[i] = (unsigned char)i;
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    assert_int_equal(crc32c(0, zeros, sizeof zeros), 0x8A9136AA);
    assert_int_equal(crc32c(0, ones, sizeof ones), 0x62A8AB43);
    assert_int_equal(crc32c(0, rising, sizeof rising), 0x46DD794E);
    assert_int_equal(crc32c(0, "", 0), 0);
    assert_int_equal(crc32c(0, NULL, 0), 0);
    static const char digits[] = "123456789";
    for (size_t cut = 0; cut <= 9; cut++)
        assert_int_equal(crc32c(crc32c(0, digits, cut), digits + cut, 9 - cut), 0xE3069283);
}

static void near_names_are_suggested(void **state)
{
    (void)state;
    static const char *const names[] = {"ingest", "dead",   "config",  "help",
                                        "topic",  "topics", "produce", "driven_data_stream"};
    static const struct {
        const char *typed, *meant;
    } cases[] = {
        {"ingst", "ingest"},   /* left out */
        {"inggest", "ingest"}, /* added */
        {"ingezt", "ingest"},  /* changed */
        {"ignest", "ingest"},  /* swapped */
        {"INGEST", "ingest"},  /* case is no distance */
        {"Ingset", "ingest"},
        {"hlep", "help"},
        {"dea", "dead"},
        {"topci", "topic"},
        {"topicz", "topic"}, /* of two that are equally near the first */
        {"topcis", "topics"},
        {"driven-data-stream", "driven_data_stream"},
        {"drivendatastream", "driven_data_stream"},
        {"driven_data", NULL},
        {"x", NULL},
        {"", NULL},
        {"zz", NULL},
        {"up", NULL},
        {"broker", NULL},
        {"hxyp", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *found = suggest_nearest(cases[i].typed, names, COUNT_OF(names));
        if (!cases[i].meant)
            assert_null(found);
        else if (!found || strcmp(found, cases[i].meant) != 0)
            fail_msg("%s: %s, meant: %s", cases[i].typed, found ? found : "-", cases[i].meant);
    }
    assert_null(suggest_nearest("ingest", NULL, 0));
    char longer[1000];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    const char *one[] = {longer};
    assert_null(suggest_nearest(longer, one, 1));
    longer[255] = '\0';
    assert_ptr_equal(suggest_nearest(longer, one, 1), longer);
}

static void uuids_are_version_4_and_differ(void **state)
{
    (void)state;
    char previous[UUID_TEXT_BYTES] = "";
    for (int i = 0; i < 1000; i++) {
        char uuid[UUID_TEXT_BYTES];
        random_uuid(uuid);
        assert_int_equal(strlen(uuid), 36);
        assert_int_equal(strspn(uuid, "0123456789abcdef-"), 36);
        for (size_t j = 0; j < 36; j++)
            assert_int_equal(uuid[j] == '-', j == 8 || j == 13 || j == 18 || j == 23);
        assert_int_equal(uuid[14], '4');
        assert_non_null(strchr("89ab", uuid[19]));
        assert_string_not_equal(uuid, previous);
        memcpy(previous, uuid, sizeof uuid);
    }
}

static void base64_is_that_of_rfc_4648(void **state)
{
    (void)state;
    static const struct {
        struct slice bytes;
        const char *text;
    } cases[] = {
        {SLICE_INIT(""), ""},
        {SLICE_INIT("f"), "Zg=="},
        {SLICE_INIT("fo"), "Zm8="},
        {SLICE_INIT("foo"), "Zm9v"},
        {SLICE_INIT("foob"), "Zm9vYg=="},
        {SLICE_INIT("fooba"), "Zm9vYmE="},
        {SLICE_INIT("foobar"), "Zm9vYmFy"},
        {SLICE_INIT("\0\xFF\xFE\xFB\xF0"), "AP/++/A="},
    };
    struct buf buf;
    buf_init(&buf, 16);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_clear(&buf);
        base64_encode(&buf, cases[i].bytes);
        assert_string_equal(buf_str(&buf), cases[i].text);
    }
    buf_clear(&buf);
    base64_encode(&buf, SLICE_LIT("twelve bytes"));
    assert_false(buf.failed);
    base64_encode(&buf, SLICE_LIT("x"));
    assert_true(buf.failed);
    buf_release(&buf);
}

static void files_are_read_whole_or_not_at_all(void **state)
{
    (void)state;
    char folder[] = "/tmp/weir-unit-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char path[64];
    snprintf(path, sizeof path, "%s/file", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 100000; i++)
        fputc('a' + i % 26, file);
    fclose(file);

    struct err err;
    struct buf buf;
    buf_init(&buf, 100005);
    buf_add_str(&buf, "head:");
    assert_int_equal(file_read(&buf, path, &err), 0); /* to the last byte of the limit */
    assert_int_equal(buf.len, 100005);
    assert_memory_equal(buf.data, "head:abc", 8);
    assert_int_equal(buf.data[100004], 'a' + 99999 % 26);
    buf_release(&buf);

    buf_init(&buf, 99999);
    assert_int_equal(file_read(&buf, path, &err), -1);
    assert_int_equal(err.class, ERR_USAGE);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "larger than 99999 bytes"));
    assert_int_equal(buf.len, 0);
    assert_false(buf.failed);

    assert_int_equal(file_read(&buf, folder, &err), -1);
    assert_non_null(strstr(err.text, "Is a directory"));
    unlink(path);
    assert_int_equal(file_read(&buf, path, &err), -1);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "No such file"));
    rmdir(folder);

    /* A pipe, as the shell's <(...) is. */
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
    assert_int_equal(file_read(&buf, path, &err), 0);
    assert_string_equal(buf_str(&buf), "piped");
    close(ends[0]);
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_carry_class_code_and_text),
        cmocka_unit_test(long_errors_are_cut_between_characters),
        cmocka_unit_test(slices_compare),
        cmocka_unit_test(arenas_give_zeroed_aligned_memory),
        cmocka_unit_test(an_arena_has_borders_for_the_sanitizer),
        cmocka_unit_test(clocks_run_and_can_be_replaced),
        cmocka_unit_test(crc32c_is_that_of_rfc_3720),
        cmocka_unit_test(near_names_are_suggested),
        cmocka_unit_test(uuids_are_version_4_and_differ),
        cmocka_unit_test(base64_is_that_of_rfc_4648),
        cmocka_unit_test(files_are_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
