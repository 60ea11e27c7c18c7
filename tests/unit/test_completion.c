/* A command line taken apart at the cursor, and what is offered there; verbs of the test's own. */
#include "unit.h"

#include "base/buf.h"
#include "cmd/completion.h"

#include <string.h>

#define BREAKS " \t\n\"'@><;|&=(:"

static void options(struct option_table *table)
{
    static const struct option own[] = {
        {.id = OPTION_TOPIC, .name = "topic", .letter = 't', .argument = "TOPIC", .help = "x"},
        {.id = OPTION_BY, .name = "by", .argument = "reason|column", .help = "x"},
        {.id = OPTION_ALL, .name = "all", .letter = 'a', .help = "x"},
        {.id = OPTION_VALUE, .name = "value", .help = "x"},
        {.id = OPTION_PROPERTIES_FILE, .letter = 'F', .argument = "FILE", .help = "x"},
    };
    option_table_add_group(table, "Own", own, sizeof own / sizeof *own);
}

static const struct task tasks[] = {
    {.name = "list", .options = {OPTION_TOPIC, OPTION_BY}},
    {.name = "show", .options = {OPTION_VALUE}},
};

static const struct verb tasked = {
    .name = "dead",
    .usage = "list [PIPELINE] [--by reason]\n"
             "show PLACE [PIPELINE]\n",
    .tasks = tasks,
    .n_tasks = 2,
    .options = options,
};
static const struct verb plain = {
    .name = "produce",
    .usage = "TOPIC [OPTION...]           each line of a FILE\n"
             "TOPIC FILE... [OPTION...]   each file",
    .options = options,
};
static const struct verb *const verbs[] = {&tasked, &plain};

static const char *const thing_names[] = {"", "FILE ", "TOPIC ", "PIPELINE "};

/* "TOPIC word word" */
static void describe(const struct completion *c, struct buf *out)
{
    buf_add_str(out, thing_names[c->things]);
    for (size_t i = 0; i < c->n_offers; i++)
        buf_printf(out, "%s ", c->offers[i]);
    if (out->len > 0)
        out->len--;
}

static void test_offers(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *offers;
    } cases[] = {
        {"weir ", "dead produce help"},
        {"weir d", "dead"},
        {"weir -", "--help --version"},
        {"./weir he", "help"},
        {"weir help ", "dead produce"},
        {"weir help dead ", ""},
        {"weir deat ", ""},
        {"", ""},
        /* tasks, and words behind them as the usage has them */
        {"weir dead ", "list show"},
        {"weir dead s", "show"},
        {"weir dead -a ", "list show"},
        {"weir dead list ", "PIPELINE"},
        {"weir dead list p ", ""},
        {"weir dead show ", ""},
        {"weir dead show t/0@1 ", "PIPELINE"},
        {"weir dead none ", ""},
        {"weir produce ", "TOPIC"},
        {"weir produce t ", "FILE"},
        {"weir produce t a b ", "FILE"},
        {"weir produce -- -x", "TOPIC"},
        /* options: those of the task, once it is known */
        {"weir dead -", "--topic --by --all --value -F"},
        {"weir dead list -", "--topic --by --all -F"},
        {"weir dead show --", "--all --value"},
        {"weir dead --none show --v", "--value"},
        {"weir dead show --topi", ""},
        {"weir produce --all", "--all"},
        /* their values */
        {"weir dead list --by ", "reason column"},
        {"weir dead list --by c", "column"},
        {"weir dead list --by=", "reason column"},
        {"weir dead list --by=r", "reason"},
        {"weir produce -t ", "TOPIC"},
        {"weir produce -atab", "TOPIC"},
        {"weir produce --topic=a", "TOPIC"},
        {"weir produce -F ", "FILE"},
        {"weir produce -t --", "--topic --by --all --value"},
        /* redirections */
        {"weir produce t < ", "FILE"},
        {"weir produce <in t ", "FILE"},
        {"weir dead list 2>/dev/null --", "--topic --by --all"},
        {"weir dead list >> o", "FILE"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct completion completion;
        struct buf found;
        arena_init(&arena);
        buf_init(&found, 4096);
        completion_read(&completion, &arena, verbs, 2, cases[i].line, BREAKS);
        describe(&completion, &found);
        if (strcmp(buf_str(&found), cases[i].offers) != 0)
            fail_msg("%s: %s", cases[i].line, buf_str(&found));
        buf_release(&found);
        arena_release(&arena);
    }
}

static void test_names_of_things(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *prefix;
        const char *offer;
        const char *written; /* what bash gets */
    } cases[] = {
        {"weir produce or", "or", "orders", "orders"},
        {"weir produce or", "or", "visits", ""},
        {"weir produce -tor", "or", "orders", "-torders"},
        {"weir produce --topic=or", "or", "orders", "orders"},
        {"weir produce a:b:c", "a:b:c", "a:b:cd", "cd"},
        {"weir produce 'a", "a", "a b", "a b"},
        {"weir produce a\\ ", "a ", "a b", "a\\ b"},
        {"weir produce \"a", "a", "a$b", ""},
        {"weir produce a", "a", "a\nb", ""},
        {"weir produce a", "a", "a\u00fc", "a\u00fc"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct completion completion;
        arena_init(&arena);
        completion_read(&completion, &arena, verbs, 2, cases[i].line, BREAKS);
        assert_string_equal(completion_prefix(&completion), cases[i].prefix);
        completion_offer(&completion, cases[i].offer);
        const char *written = completion.n_offers > 0 ? completion.offers[0] : "";
        if (strcmp(written, cases[i].written) != 0)
            fail_msg("%s: %s", cases[i].line, written);
        arena_release(&arena);
    }
}

static void test_words_of_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *words; /* each with | behind it, then the cursor's word */
        size_t kept;
    } cases[] = {
        {"a b c", "a|b|c", 0},
        {"  a  b  ", "a|b|", 0},
        {"a 'b c' \"d 'e\"f ", "a|b c|d 'ef|", 0},
        {"a '' x", "a||x", 0},
        {"a b\\ c\\", "a|b c\\", 0},
        {"a \"\\\"\\x\" ", "a|\"\\x|", 0},
        {"a h:1,i:2", "a|h:1,i:2", 6},
        {"a 'h:1'", "a|h:1", 0},
        {"a --b=", "a|--b=", 4},
        {"a 2>x b", "a|b", 0},
        {"a b2>x c", "a|b2|c", 0},
        {"a >'x y' c", "a|c", 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena;
        struct shell_line line;
        struct buf found;
        arena_init(&arena);
        buf_init(&found, 4096);
        shell_line_read(&arena, cases[i].line, BREAKS, &line);
        for (size_t j = 0; j < line.n_words; j++)
            buf_printf(&found, "%s|", line.words[j]);
        buf_add_str(&found, line.word);
        if (strcmp(buf_str(&found), cases[i].words) != 0 || line.kept != cases[i].kept)
            fail_msg("%s: %s, %zu kept", cases[i].line, buf_str(&found), line.kept);
        buf_release(&found);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_names_of_things),
        cmocka_unit_test(test_words_of_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
