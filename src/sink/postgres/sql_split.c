#include "sink/postgres/sql_split.h"

#include <ctype.h>
#include <stdio.h>

/* What the reading of one statement has come to. */
struct reading {
    struct sql_splitter *in;
    struct sql_statement *out;
    size_t n_words;
    int parentheses;
    int blocks; /* BEGIN ATOMIC and CASE that have no END yet */
};

static bool is_word_start(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word_part(char c)
{
    return is_word_start(c) || isdigit((unsigned char)c) || c == '$';
}

static char peek(const struct sql_splitter *in, size_t ahead)
{
    return ahead < in->text.len - in->pos ? in->text.ptr[in->pos + ahead] : '\0';
}

static bool at_end(const struct sql_splitter *in)
{
    return in->pos >= in->text.len;
}

static void skip(struct sql_splitter *in, size_t n)
{
    for (; n > 0 && !at_end(in); n--, in->pos++)
        in->line += in->text.ptr[in->pos] == '\n';
}

static void skip_line_comment(struct sql_splitter *in)
{
    while (!at_end(in) && peek(in, 0) != '\n')
        skip(in, 1);
}

/* Comments of this form nest in SQL. */
static void skip_block_comment(struct sql_splitter *in)
{
    int depth = 0;
    do {
        bool opens = peek(in, 0) == '/' && peek(in, 1) == '*';
        bool closes = peek(in, 0) == '*' && peek(in, 1) == '/';
        depth += opens - closes;
        skip(in, opens || closes ? 2 : 1);
    } while (depth > 0 && !at_end(in));
}

/* A doubled quote stays inside: it ends one text and begins the next. */
static void skip_quoted(struct sql_splitter *in, char quote, bool backslashes)
{
    skip(in, 1);
    while (!at_end(in) && peek(in, 0) != quote)
        skip(in, backslashes && peek(in, 0) == '\\' ? 2 : 1);
    skip(in, 1);
}

/* At `$`: the length of an opening $tag$, or 0 (a parameter, or a lone sign). */
static size_t dollar_tag(const struct sql_splitter *in)
{
    size_t n = 1;
    if (is_word_start(peek(in, n)))
        while (is_word_start(peek(in, n)) || isdigit((unsigned char)peek(in, n)))
            n++;
    return peek(in, n) == '$' ? n + 1 : 0;
}

static void skip_dollar_quoted(struct sql_splitter *in, size_t tag_len)
{
    const char *tag = in->text.ptr + in->pos;
    skip(in, tag_len);
    while (!at_end(in)) {
        if (in->text.len - in->pos >= tag_len && !memcmp(in->text.ptr + in->pos, tag, tag_len)) {
            skip(in, tag_len);
            return;
        }
        skip(in, 1);
    }
}

static bool makes_routine(const struct reading *r)
{
    const char(*w)[24] = (const char(*)[24])r->out->words;
    size_t at = !strcmp(w[1], "OR") && !strcmp(w[2], "REPLACE") ? 3 : 1;
    return !strcmp(w[0], "CREATE") && (!strcmp(w[at], "FUNCTION") || !strcmp(w[at], "PROCEDURE"));
}

static void count_block(struct reading *r, const char *word)
{
    if (r->parentheses > 0 || !makes_routine(r))
        return;
    if (!strcmp(word, "BEGIN") || (!strcmp(word, "CASE") && r->blocks > 0))
        r->blocks++;
    else if (!strcmp(word, "END") && r->blocks > 0)
        r->blocks--;
}

static void read_word(struct reading *r)
{
    char word[sizeof r->out->words[0]];
    size_t len = 0;
    for (; is_word_part(peek(r->in, 0)) && !at_end(r->in); skip(r->in, 1))
        if (len + 1 < sizeof word)
            word[len++] = (char)toupper((unsigned char)peek(r->in, 0));
    word[len] = '\0';
    if (!strcmp(word, "E") && peek(r->in, 0) == '\'') {
        skip_quoted(r->in, '\'', true);
        return;
    }
    if (r->n_words < SQL_WORDS)
        memcpy(r->out->words[r->n_words++], word, len + 1);
    count_block(r, word);
}

/* One token that is no blank and no comment; false at the statement's semicolon. */
static bool read_token(struct reading *r)
{
    struct sql_splitter *in = r->in;
    char c = peek(in, 0);
    size_t tag = c == '$' ? dollar_tag(in) : 0;
    if (c == ';' && r->parentheses <= 0 && r->blocks == 0)
        return false;
    if (is_word_start(c)) {
        read_word(r);
    } else if (c == '\'' || c == '"') {
        skip_quoted(in, c, false);
    } else if (tag > 0) {
        skip_dollar_quoted(in, tag);
    } else if (isdigit((unsigned char)c)) {
        while (is_word_part(peek(in, 0)) && !at_end(in)) /* no letter of 1e5 starts a word */
            skip(in, 1);
    } else {
        r->parentheses += (c == '(') - (c == ')');
        if (c == '\\' && r->out->psql_line == 0)
            r->out->psql_line = in->line;
        skip(in, 1);
    }
    return true;
}

/* True when something was passed over. */
static bool skip_blank(struct sql_splitter *in)
{
    if (isspace((unsigned char)peek(in, 0)))
        skip(in, 1);
    else if (peek(in, 0) == '-' && peek(in, 1) == '-')
        skip_line_comment(in);
    else if (peek(in, 0) == '/' && peek(in, 1) == '*')
        skip_block_comment(in);
    else
        return false;
    return true;
}

void sql_split(struct sql_splitter *splitter, struct slice text)
{
    *splitter = (struct sql_splitter){.text = text, .line = 1};
}

bool sql_next(struct sql_splitter *in, struct sql_statement *statement)
{
    *statement = (struct sql_statement){.line = 0};
    while (!at_end(in) && (peek(in, 0) == ';' || skip_blank(in)))
        if (peek(in, 0) == ';' && !at_end(in))
            skip(in, 1);
    if (at_end(in))
        return false;

    struct reading reading = {.in = in, .out = statement};
    statement->line = in->line;
    size_t start = in->pos;
    size_t end = start;
    while (!at_end(in)) {
        if (skip_blank(in))
            continue;
        if (!read_token(&reading))
            break;
        end = in->pos;
    }
    statement->text = (struct slice){in->text.ptr + start, end - start};
    return true;
}

bool sql_controls_transaction(const struct sql_statement *statement)
{
    const char(*w)[24] = (const char(*)[24])statement->words;
    if (!strcmp(w[0], "ROLLBACK"))
        return strcmp(w[1], "TO") != 0 && strcmp(w[2], "TO") != 0;
    if (!strcmp(w[0], "START") || !strcmp(w[0], "PREPARE"))
        return !strcmp(w[1], "TRANSACTION");
    return !strcmp(w[0], "BEGIN") || !strcmp(w[0], "COMMIT") || !strcmp(w[0], "END") ||
           !strcmp(w[0], "ABORT");
}

int sql_line_at(const struct sql_statement *statement, int position)
{
    int line = statement->line;
    size_t i = 0;
    for (int character = 1; character < position && i < statement->text.len; character++) {
        line += statement->text.ptr[i] == '\n';
        i++;
        while (i < statement->text.len && ((unsigned char)statement->text.ptr[i] & 0xC0) == 0x80)
            i++;
    }
    return line;
}
