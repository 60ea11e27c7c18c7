/* An option table as help text. */
#include "cmd/options.h"

#include <string.h>

#define HELP_COLUMN 30
#define HELP_WIDTH 100

/* "  -o, --offset OFFSET"; returns its width. */
static int print_left(const struct option *option, FILE *to)
{
    int width = 2;
    if (option->letter)
        width += fprintf(to, "  -%c%s", option->letter, *option->name ? ", " : "") - 2;
    else
        width += fprintf(to, "      ") - 2;
    if (*option->name)
        width += fprintf(to, "--%s", option->name);
    if (option->argument)
        width += fprintf(to, " %s", option->argument);
    return width;
}

/* Words up to the width, the following lines indented. */
static void print_wrapped(const char *text, FILE *to)
{
    int at = HELP_COLUMN;
    for (bool first = true; *text; first = false) {
        int length = (int)strcspn(text, " ");
        if (!first && at + 1 + length > HELP_WIDTH) {
            fprintf(to, "\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        } else if (!first) {
            fputc(' ', to);
            at++;
        }
        fprintf(to, "%.*s", length, text);
        at += length;
        text += length;
        text += *text == ' ';
    }
    fputc('\n', to);
}

static void print_option(const struct option *option, FILE *to)
{
    char help[512];
    const char *fallback = option->setting ? setting_default(option->setting) : NULL;
    int width = print_left(option, to);
    if (width >= HELP_COLUMN - 1) {
        fputc('\n', to);
        width = 0;
    }
    fprintf(to, "%*s", HELP_COLUMN - width, "");
    if (fallback && *fallback)
        snprintf(help, sizeof help, "%s (default %s)", option->help, fallback);
    else
        snprintf(help, sizeof help, "%s", option->help);
    print_wrapped(help, to);
}

void option_table_print(const struct option_table *table, FILE *to)
{
    const char *group = "";
    for (size_t i = 0; i < table->n; i++) {
        const struct option *option = &table->items[i];
        if (strcmp(group, option->group) != 0)
            fprintf(to, "\n%s:\n", option->group);
        group = option->group;
        print_option(option, to);
    }
}
