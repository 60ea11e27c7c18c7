#include "cmd/shell_line.h"

#include <ctype.h>
#include <string.h>

/* What the taking apart carries along. */
struct reader {
    struct shell_line *out;
    char *room; /* where the words' bytes go, each with a NUL */
    bool begun; /* a word has, if only with a quote */
};

static void end_word(struct reader *r)
{
    if (!r->begun)
        return;
    *r->room++ = '\0';
    if (!r->out->redirect)
        r->out->words[r->out->n_words++] = r->out->word;
    r->out->redirect = false;
    r->out->word = r->room;
    r->out->kept = 0;
    r->begun = false;
}

static void add(struct reader *r, char c)
{
    *r->room++ = c;
    r->begun = true;
}

/* "2>" and ">>": a number in front of it belongs to it. */
static void begin_redirect(struct reader *r)
{
    *r->room = '\0';
    if (r->begun && strspn(r->out->word, "0123456789") == strlen(r->out->word)) {
        r->room = r->out->word;
        r->begun = false;
    }
    end_word(r);
    r->out->redirect = true;
}

/* One character outside of quotes; how many were taken. */
static size_t read_plain(struct reader *r, const char *text, const char *breaks)
{
    if (isspace((unsigned char)*text)) {
        end_word(r);
    } else if (*text == '\'' || *text == '"') {
        r->out->quote = *text;
        r->begun = true;
    } else if (*text == '\\' && text[1]) {
        add(r, text[1]);
        return 2;
    } else if (*text == '<' || *text == '>') {
        begin_redirect(r);
    } else {
        add(r, *text);
        if (strchr(breaks, *text))
            r->out->kept = (size_t)(r->room - r->out->word);
    }
    return 1;
}

static size_t read_quoted(struct reader *r, const char *text)
{
    if (*text == r->out->quote) {
        r->out->quote = '\0';
    } else if (r->out->quote == '"' && *text == '\\' && text[1] && strchr("\"\\$`", text[1])) {
        add(r, text[1]);
        return 2;
    } else {
        add(r, *text);
    }
    return 1;
}

void shell_line_read(struct arena *arena, const char *line, const char *breaks,
                     struct shell_line *out)
{
    size_t length = strlen(line);
    /* Each word takes its bytes, a NUL, and a byte or more of the line. */
    char *bytes = arena_alloc(arena, 2 * length + 2);
    *out = (struct shell_line){.words = arena_alloc(arena, (length + 2) * sizeof *out->words),
                               .word = bytes};
    struct reader r = {.out = out, .room = bytes};
    while (*line)
        line += out->quote ? read_quoted(&r, line) : read_plain(&r, line, breaks);
    *r.room = '\0';
}

const char *shell_line_quote(struct arena *arena, const struct shell_line *line, const char *text)
{
    char *quoted = arena_alloc(arena, 2 * strlen(text) + 1);
    char *to = quoted;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (iscntrl(c) || (line->quote && (c == (unsigned char)line->quote || strchr("\\$`", c))))
            return NULL;
        if (!line->quote && c < 0x80 && !isalnum(c) && !strchr("%+,-./:=@^_", c))
            *to++ = '\\';
        *to++ = *text;
    }
    return quoted;
}
