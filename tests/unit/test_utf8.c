/* UTF-8 by RFC 3629, against a second opinion that decodes and compares. */
#include "unit.h"

#include "base/json.h"
#include "base/utf8.h"

#include <string.h>

/* What the bytes say, without any table of ranges: the length, or 0 if they are not valid. */
static size_t reference_char_bytes(const unsigned char *c, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = c[0] < 0x80             ? 1
               : (c[0] & 0xE0) == 0xC0 ? 2
               : (c[0] & 0xF0) == 0xE0 ? 3
               : (c[0] & 0xF8) == 0xF0 ? 4
                                       : 0;
    if (n < 2)
        return n;
    if (left < n)
        return 0;
    uint32_t code = c[0] & (0x7FU >> n);
    for (size_t i = 1; i < n; i++) {
        if ((c[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (c[i] & 0x3FU);
    }
    bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    return code < least[n] || surrogate || code > 0x10FFFF ? 0 : n;
}

static void compare(const unsigned char *bytes, size_t len)
{
    if (utf8_char_bytes((const char *)bytes, len) != reference_char_bytes(bytes, len))
        fail_msg("%02x %02x %02x %02x (%zu bytes)", bytes[0], bytes[1], bytes[2], bytes[3], len);
}

static void every_short_sequence_is_judged_right(void **state)
{
    (void)state;
    static const unsigned char edges[] = {0x00, 0x22, 0x7F, 0x80, 0x8F, 0x90,
                                          0x9F, 0xA0, 0xBF, 0xC0, 0xFF};
    unsigned char c[4] = {0};
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++)
            for (size_t i = 0; i < COUNT_OF(edges) * COUNT_OF(edges); i++) {
                c[0] = (unsigned char)a;
                c[1] = (unsigned char)b;
                c[2] = edges[i / COUNT_OF(edges)];
                c[3] = edges[i % COUNT_OF(edges)];
                for (size_t len = 1; len <= 4; len++)
                    compare(c, len);
            }
}

static void every_character_is_encoded_and_accepted(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        char c[4];
        size_t n = utf8_encode(code, c);
        assert_int_equal(reference_char_bytes((const unsigned char *)c, n), n);
        assert_int_equal(utf8_length((struct slice){c, n}), 1);
        assert_int_equal(utf8_valid_prefix((struct slice){c, n}), n);
        assert_int_equal(utf8_valid_prefix((struct slice){c, n - 1}), 0);
    }
}

static void length_counts_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t length;
    } cases[] = {
        {"", 0},
        {"abc", 3},
        {"Iași", 4},
        {"ștefan țară", 11},
        {"日本語", 3},
        {"a😀b", 3},
        {"e\xCC\x81", 2}, /* e and a combining accent: two characters, as PostgreSQL counts */
        {"a long line of plain text beyond any block size, then ș, and more of it behind", 78},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(utf8_length(slice_of(cases[i].text)), cases[i].length);
}

static void valid_prefix_ends_at_the_first_fault(void **state)
{
    (void)state;
    static const struct {
        const char *bad;
        size_t len;
    } faults[] = {
        {"\x80", 1},         /* a continuation on its own */
        {"\xC0\xAF", 2},     /* overlong */
        {"\xC1\xBF", 2},     /* overlong */
        {"\xE0\x80\xAF", 3}, /* overlong */
        {"\xED\xA0\x80", 3}, /* a surrogate */
        {"\xED\xBF\xBF", 3},
        {"\xF0\x80\x80\xAF", 4}, /* overlong */
        {"\xF4\x90\x80\x80", 4}, /* U+110000 */
        {"\xF5\x80\x80\x80", 4},
        {"\xFF", 1},
        {"\xC3", 1}, /* cut short */
        {"\xE2\x82", 2},
        {"\xF0\x9F\x98", 3},
        {"\xC3(", 2},
        {"\xE2\x82(", 3},
    };
    /* At every place in and around the blocks that are skipped at a time. */
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (size_t before = 0; before < 40; before++) {
            char text[80];
            memset(text, 'a', sizeof text);
            memcpy(text + before, faults[i].bad, faults[i].len);
            struct guarded cut = guard_end((struct slice){text, before + faults[i].len});
            assert_int_equal(utf8_valid_prefix(cut.text), before);
            guard_release(&cut);
            assert_int_equal(utf8_valid_prefix((struct slice){text, sizeof text}), before);
        }
    assert_int_equal(utf8_valid_prefix(SLICE_LIT("ș\0😀")), 7);
    assert_int_equal(utf8_valid_prefix(SLICE_NONE), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_short_sequence_is_judged_right),
        cmocka_unit_test(every_character_is_encoded_and_accepted),
        cmocka_unit_test(length_counts_characters),
        cmocka_unit_test(valid_prefix_ends_at_the_first_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
