/* Text of made-up records: escapes as Python's, and letters in another case. */
#include "generate/letters.h"
#include "generate/quote.h"

#include "unit.h"

static void test_json_strings_are_as_pythons(void **state)
{
    (void)state;
    /* json.dumps(text), without the quotes */
    static const struct {
        const char *text;
        const char *ascii;
        const char *utf8;
    } cases[] = {
        {"plain text", "plain text", "plain text"},
        {"a \"b\" \\ c/d", "a \\\"b\\\" \\\\ c/d", "a \\\"b\\\" \\\\ c/d"},
        {"\n\r\t\b\f\x01\x1f\x7f", "\\n\\r\\t\\b\\f\\u0001\\u001f\\u007f",
         "\\n\\r\\t\\b\\f\\u0001\\u001f\x7f"},
        {"Ancuța Ștefan", "Ancu\\u021ba \\u0218tefan", "Ancuța Ștefan"},
        {"12345678\xF0\x9F\x98\x80", "12345678\\ud83d\\ude00", "12345678\xF0\x9F\x98\x80"},
        {"", "", ""},
        {"\xff", "\\ufffd", "\\ufffd"},
    };
    char out[128];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        *quote_put(out, slice_of(cases[i].text), false) = '\0';
        assert_string_equal(out, cases[i].ascii);
        *quote_put(out, slice_of(cases[i].text), true) = '\0';
        assert_string_equal(out, cases[i].utf8);
        bool is_utf8 = cases[i].text[0] != '\xff';
        *quote_undo(out, slice_of(cases[i].ascii)) = '\0';
        assert_string_equal(out, is_utf8 ? cases[i].text : "\xEF\xBF\xBD");
        *quote_undo(out, slice_of(cases[i].utf8)) = '\0';
        assert_string_equal(out, is_utf8 ? cases[i].text : "\xEF\xBF\xBD");
    }
}

/* Each byte at each place of a stride, because eight are looked at together. */
static void test_what_is_plain_is_seen_at_each_place(void **state)
{
    (void)state;
    char text[24];
    for (int c = 1; c < 256; c++)
        for (size_t at = 0; at < sizeof text; at++) {
            memset(text, 'x', sizeof text);
            text[at] = (char)c;
            bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
            assert_int_equal(quote_is_plain((struct slice){text, sizeof text}), plain);
        }
}

static void test_letters_change_their_case(void **state)
{
    (void)state;
    static const struct {
        const char *upper;
        const char *lower;
    } cases[] = {
        {"ȘTEFAN ȚĂRÂÎ", "ștefan țărâî"},
        {"ÀÉÖ×Þ", "àéö×þ"},
        {"ŸŽĐŁ", "ÿžđł"},
        {"ΆΈΏΑΩ", "άέώαω"},
        {"ЁЖЯЂ", "ёжяђ"},
        {"123-@", "123-@"},
    };
    char out[64];
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        *letters_put(out, slice_of(cases[i].upper), CASE_LOWER) = '\0';
        assert_string_equal(out, cases[i].lower);
        *letters_put(out, slice_of(cases[i].lower), CASE_UPPER) = '\0';
        assert_string_equal(out, cases[i].upper);
    }
    *letters_put_mail(out, slice_of("Ștefan-Ţîrlă 2")) = '\0';
    assert_string_equal(out, "stefantirla2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_strings_are_as_pythons),
        cmocka_unit_test(test_what_is_plain_is_seen_at_each_place),
        cmocka_unit_test(test_letters_change_their_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
