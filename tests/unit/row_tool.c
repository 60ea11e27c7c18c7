/*
 * A filter for tests: a table's description and records in, COPY bytes and dead letters out.
 *
 *     row_tool DESCRIPTION < records > copy 2> dead
 *
 * DESCRIPTION has one thing a line: `column NAME TYPE [max_chars=N] [precision=N] [scale=N]
 * [element=TYPE] [labels=a|b] [not_null] [generated] [default=stable|volatile|identity]`,
 * `rule COLUMN pointer|topic|partition|offset|timestamp|key|header [from=TEXT] [unit=s|ms|us]`,
 * `policy [on_nul=strip] [on_too_long=truncate] [on_unknown_key=dead] [force_text]
 * [timezone=NAME]`, and `stable COLUMN TEXT`. In a word \\s is a blank. Records come one a line, or
 * with `framed` in the description each behind its length in four bytes, most significant first. A
 * dead letter is a line with the record's number, SQLSTATE, column and reason between tabs.
 */
#include "base/arena.h"
#include "sink/row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS 64
#define MAX_RECORD_BYTES ((size_t)64 << 20)

struct tool {
    struct arena arena;
    struct table table;
    struct column columns[MAX_COLUMNS];
    struct column_rule rules[MAX_COLUMNS];
    struct row_policy policy;
    const char *stable_names[MAX_COLUMNS];
    const char *stable_values[MAX_COLUMNS];
    size_t n_stable;
    bool framed;
};

static const char *const type_names[] = {
    [TYPE_TEXT] = "text",           [TYPE_VARCHAR] = "varchar",
    [TYPE_BPCHAR] = "bpchar",       [TYPE_INT2] = "int2",
    [TYPE_INT4] = "int4",           [TYPE_INT8] = "int8",
    [TYPE_FLOAT4] = "float4",       [TYPE_FLOAT8] = "float8",
    [TYPE_NUMERIC] = "numeric",     [TYPE_BOOL] = "bool",
    [TYPE_DATE] = "date",           [TYPE_TIME] = "time",
    [TYPE_TIMESTAMP] = "timestamp", [TYPE_TIMESTAMPTZ] = "timestamptz",
    [TYPE_UUID] = "uuid",           [TYPE_INET] = "inet",
    [TYPE_CIDR] = "cidr",           [TYPE_MACADDR] = "macaddr",
    [TYPE_JSON] = "json",           [TYPE_JSONB] = "jsonb",
    [TYPE_BYTEA] = "bytea",         [TYPE_ENUM] = "enum",
    [TYPE_ARRAY] = "array",         [TYPE_OTHER] = "other",
};
static const char *const source_names[] = {
    [COLUMN_POINTER] = "pointer",     [COLUMN_TOPIC] = "topic",
    [COLUMN_PARTITION] = "partition", [COLUMN_OFFSET] = "offset",
    [COLUMN_TIMESTAMP] = "timestamp", [COLUMN_KEY] = "key",
    [COLUMN_HEADER] = "header",
};
static const char *const unit_names[] = {"none", "s", "ms", "us"};
static const char *const default_names[] = {"none", "stable", "volatile", "identity"};

static _Noreturn void stop(const char *what, const char *detail)
{
    fprintf(stderr, "row_tool: %s%s\n", what, detail);
    exit(2);
}

static int index_of(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return (int)i;
    stop("unknown word ", name);
}
#define INDEX_OF(names, name) index_of(names, sizeof(names) / sizeof *(names), name)

static const char *value_after(const char *word, const char *key)
{
    size_t n = strlen(key);
    return strncmp(word, key, n) == 0 ? word + n : NULL;
}

static void add_labels(struct tool *tool, struct column *column, const char *list)
{
    const char **labels = arena_alloc(&tool->arena, MAX_COLUMNS * sizeof *labels);
    char *rest = arena_strdup(&tool->arena, list);
    for (char *label; (label = strsep(&rest, "|"));)
        labels[column->n_labels++] = label;
    column->labels = labels;
}

static void column_word(struct tool *tool, struct column *column, const char *word)
{
    const char *value;
    if ((value = value_after(word, "max_chars=")))
        column->max_chars = atoi(value);
    else if ((value = value_after(word, "precision=")))
        column->precision = atoi(value);
    else if ((value = value_after(word, "scale=")))
        column->scale = atoi(value);
    else if ((value = value_after(word, "element=")))
        column->element = (enum column_type)INDEX_OF(type_names, value);
    else if ((value = value_after(word, "labels=")))
        add_labels(tool, column, value);
    else if ((value = value_after(word, "default=")))
        column->default_kind = (enum default_kind)INDEX_OF(default_names, value);
    else if (strcmp(word, "not_null") == 0)
        column->not_null = true;
    else if (strcmp(word, "generated") == 0)
        column->generated = true;
    else
        stop("unknown word ", word);
}

static void rule_word(struct tool *tool, struct column_rule *rule, const char *word)
{
    const char *value;
    if ((value = value_after(word, "from=")))
        rule->from = arena_strdup(&tool->arena, value);
    else if ((value = value_after(word, "unit=")))
        rule->unit = (enum time_unit)INDEX_OF(unit_names, value);
    else
        stop("unknown word ", word);
}

static void policy_word(struct tool *tool, const char *word)
{
    const char *value;
    if (strcmp(word, "on_nul=strip") == 0)
        tool->policy.on_nul = NUL_STRIP;
    else if (strcmp(word, "on_too_long=truncate") == 0)
        tool->policy.on_too_long = TOO_LONG_TRUNCATE;
    else if (strcmp(word, "on_unknown_key=dead") == 0)
        tool->policy.on_unknown_key = UNKNOWN_KEY_DEAD;
    else if (strcmp(word, "force_text") == 0)
        tool->policy.force_text = true;
    else if ((value = value_after(word, "timezone=")))
        tool->policy.timezone = arena_strdup(&tool->arena, value);
    else
        stop("unknown word ", word);
}

static const char *next_word(char **rest)
{
    char *word = strsep(rest, " ");
    if (!word)
        stop("a word is missing", "");
    for (char *blank; (blank = strstr(word, "\\s"));) {
        *blank = ' ';
        memmove(blank + 1, blank + 2, strlen(blank + 2) + 1);
    }
    return word;
}

static void describe(struct tool *tool, char *line)
{
    char *rest = line;
    const char *what = next_word(&rest);
    if (strcmp(what, "column") == 0) {
        struct column *column = &tool->columns[tool->table.n_columns++];
        column->name = arena_strdup(&tool->arena, next_word(&rest));
        column->type_name = arena_strdup(&tool->arena, next_word(&rest));
        column->type = (enum column_type)INDEX_OF(type_names, column->type_name);
        while (rest && *rest)
            column_word(tool, column, next_word(&rest));
    } else if (strcmp(what, "rule") == 0) {
        struct column_rule *rule = &tool->rules[tool->policy.n_rules++];
        rule->column = arena_strdup(&tool->arena, next_word(&rest));
        rule->source = (enum column_source)INDEX_OF(source_names, next_word(&rest));
        while (rest && *rest)
            rule_word(tool, rule, next_word(&rest));
    } else if (strcmp(what, "policy") == 0) {
        while (rest && *rest)
            policy_word(tool, next_word(&rest));
    } else if (strcmp(what, "stable") == 0) {
        tool->stable_names[tool->n_stable] = arena_strdup(&tool->arena, next_word(&rest));
        tool->stable_values[tool->n_stable++] = arena_strdup(&tool->arena, rest ? rest : "");
    } else if (strcmp(what, "framed") == 0) {
        tool->framed = true;
    } else if (*what) {
        stop("unknown line ", what);
    }
}

static void read_description(struct tool *tool, const char *path)
{
    char line[4096];
    FILE *file = fopen(path, "re");
    if (!file)
        stop("cannot open ", path);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (tool->table.n_columns < MAX_COLUMNS && tool->policy.n_rules < MAX_COLUMNS)
            describe(tool, line);
    }
    fclose(file);
    tool->table.columns = tool->columns;
    tool->table.quoted = "\"t\"";
    tool->policy.rules = tool->rules;
}

/* The next record into `bytes`, with its length; false at the end of the input. */
static bool next_record(const struct tool *tool, char *bytes, size_t *len)
{
    if (tool->framed) {
        unsigned char n[4];
        if (fread(n, 1, 4, stdin) != 4)
            return false;
        *len = (size_t)n[0] << 24 | (size_t)n[1] << 16 | (size_t)n[2] << 8 | n[3];
        return *len <= MAX_RECORD_BYTES && fread(bytes, 1, *len, stdin) == *len;
    }
    int c = getchar();
    for (*len = 0; c != EOF && c != '\n' && *len < MAX_RECORD_BYTES; c = getchar())
        bytes[(*len)++] = (char)c;
    return c != EOF || *len > 0;
}

static void set_stable(const struct tool *tool, struct row_coder *coder)
{
    for (size_t i = 0; i < row_coder_stable_count(coder); i++)
        for (size_t j = 0; j < tool->n_stable; j++)
            if (strcmp(row_coder_stable_column(coder, i)->name, tool->stable_names[j]) == 0)
                row_coder_set_stable(coder, i, slice_of(tool->stable_values[j]));
}

static void put(struct slice bytes)
{
    if (fwrite(bytes.ptr, 1, bytes.len, stdout) != bytes.len)
        stop("cannot write", "");
}

static void encode_all(const struct tool *tool, const struct row_plan *plan)
{
    char *bytes = malloc(MAX_RECORD_BYTES);
    struct row_coder *coder = row_coder_new(plan);
    struct row_sink sink;
    struct row_reason reason;
    unsigned shape;
    struct record record = {.topic = "tool",
                            .partition = 3,
                            .timestamp_ms = 1714557600123,
                            .key = SLICE_LIT("the key")};
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_init(&sink.tuples[i], (size_t)256 << 20);
    buf_init(&sink.single, (size_t)256 << 20);
    set_stable(tool, coder);
    put(row_copy_header(plan));
    for (; next_record(tool, bytes, &record.value.len); record.offset++) {
        record.value.ptr = bytes;
        if (row_encode(coder, &record, &sink, &shape, &reason) == ROW_DEAD)
            fprintf(stderr, "%lld\t%s\t%s\t%s\n", (long long)record.offset, reason.sqlstate,
                    reason.column ? reason.column : "", reason.text);
        if (shape == 0)
            put(buf_slice(&sink.tuples[0]));
        buf_clear(&sink.tuples[0]);
    }
    put(row_copy_trailer(plan));
    for (int i = 0; i < ROW_MAX_SHAPES; i++)
        buf_release(&sink.tuples[i]);
    buf_release(&sink.single);
    row_coder_free(coder);
    free(bytes);
}

int main(int argc, char **argv)
{
    static struct tool tool;
    struct row_plan *plan;
    struct err err;
    if (argc != 2)
        stop("usage: row_tool DESCRIPTION", "");
    arena_init(&tool.arena);
    read_description(&tool, argv[1]);
    if (row_plan_new(&plan, &tool.table, &tool.policy, &err) < 0)
        stop("", err.text);
    encode_all(&tool, plan);
    row_plan_free(plan);
    arena_release(&tool.arena);
    return 0;
}
