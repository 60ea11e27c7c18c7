/* `weir config`: the resolved configuration as YAML that weir reads again with the same result. */
#include "base/buf.h"
#include "base/config.h"
#include "base/secret.h"
#include "base/settings.h"
#include "base/yaml.h"

#include <ctype.h>
#include <string.h>

#define MAX_OUTPUT_BYTES ((size_t)16 << 20)
#define SOURCE_COLUMN 46
#define MAX_FLOW_WIDTH 72

struct printer {
    struct buf out;
    size_t line_start;
    bool sources;
};

/* Whether a text can stand without quotes, in a [list, of] them too. */
static bool is_plain(const char *text)
{
    if (!isalnum((unsigned char)*text) && !strchr("./_$", *text))
        return false;
    for (const char *pos = text; *pos; pos++) {
        if (*pos == ':' && (!pos[1] || pos[1] == ' '))
            return false;
        if (!isalnum((unsigned char)*pos) && !strchr("_./@%+=$:-", *pos))
            return false;
    }
    return strcasecmp(text, "null") != 0 && strncmp(text, "---", 3) != 0 &&
           strcmp(text, "...") != 0;
}

static void put_text(struct printer *p, const char *text)
{
    if (*text && is_plain(text))
        buf_add_str(&p->out, text);
    else
        buf_add_json(&p->out, slice_of(text));
}

/* A resolved text: what looks like a variable in it is none. */
static void put_resolved(struct printer *p, const char *text)
{
    if (!strstr(text, "${")) {
        put_text(p, text);
        return;
    }
    struct buf escaped;
    buf_init(&escaped, MAX_OUTPUT_BYTES);
    for (; *text; text++) {
        if (!strncmp(text, "${", 2))
            buf_add_byte(&escaped, '$');
        buf_add_byte(&escaped, *text);
    }
    buf_add_json(&p->out, buf_slice(&escaped));
    buf_release(&escaped);
}

/* A database's text with its passwords masked. */
static void put_database(struct printer *p, const char *text)
{
    struct buf masked;
    size_t from = 0;
    size_t done = 0;
    size_t start;
    size_t length;
    buf_init(&masked, MAX_OUTPUT_BYTES);
    while (secret_in_database(text, &from, &start, &length)) {
        buf_add(&masked, text + done, start - done);
        buf_add_str(&masked, SECRET_MASK);
        done = start + length;
    }
    buf_add_str(&masked, text + done);
    put_resolved(p, buf_str(&masked));
    buf_release(&masked);
}

static void put_indent(struct printer *p, int depth)
{
    p->line_start = p->out.len;
    for (int i = 0; i < depth; i++)
        buf_add_str(&p->out, "  ");
}

static void end_line(struct printer *p, const char *source)
{
    if (p->sources && source) {
        size_t width = p->out.len - p->line_start;
        for (; width < SOURCE_COLUMN; width++)
            buf_add_byte(&p->out, ' ');
        buf_printf(&p->out, "  # %s", source);
    }
    buf_add_byte(&p->out, '\n');
}

static void print_properties(struct printer *p, int depth, const struct pipeline_config *pipeline)
{
    put_indent(p, depth);
    buf_add_str(&p->out, pipeline->n_kafka ? "kafka:" : "kafka: {}");
    end_line(p, pipeline->n_kafka ? NULL : "default");
    for (size_t i = 0; i < pipeline->n_kafka; i++) {
        const struct property *property = &pipeline->kafka[i];
        put_indent(p, depth + 1);
        put_text(p, property->name);
        buf_add_str(&p->out, ": ");
        put_resolved(p, secret_property(property->name, property->value) ? SECRET_MASK
                                                                         : property->value);
        end_line(p, property->where);
    }
}

static void put_source(struct printer *p, const struct column_rule *rule)
{
    static const char *const names[] = {
        [COLUMN_TOPIC] = "$topic",   [COLUMN_PARTITION] = "$partition",
        [COLUMN_OFFSET] = "$offset", [COLUMN_TIMESTAMP] = "$timestamp",
        [COLUMN_KEY] = "$key",
    };
    struct buf text;
    buf_init(&text, MAX_OUTPUT_BYTES);
    if (rule->source == COLUMN_HEADER)
        buf_add_str(&text, "$headers/");
    if (rule->source == COLUMN_HEADER || rule->source == COLUMN_POINTER)
        buf_add_str(&text, rule->from);
    else
        buf_add_str(&text, names[rule->source]);
    put_resolved(p, buf_str(&text));
    buf_release(&text);
}

static void print_columns(struct printer *p, int depth, const struct pipeline_config *pipeline)
{
    static const char *const units[] = {
        [TIME_UNIT_S] = "s", [TIME_UNIT_MS] = "ms", [TIME_UNIT_US] = "us"};
    if (pipeline->n_columns == 0)
        return;
    put_indent(p, depth);
    buf_add_str(&p->out, "columns:");
    end_line(p, config_where(pipeline, "columns"));
    for (size_t i = 0; i < pipeline->n_columns; i++) {
        const struct column_rule *rule = &pipeline->columns[i];
        put_indent(p, depth + 1);
        put_text(p, rule->column);
        buf_add_str(&p->out, rule->unit ? ": {from: " : ": ");
        put_source(p, rule);
        if (rule->unit)
            buf_printf(&p->out, ", unit: %s}", units[rule->unit]);
        end_line(p, NULL);
    }
}

static void print_items(struct printer *p, int depth, const struct setting *setting,
                        const struct setting_value *value)
{
    put_indent(p, depth);
    buf_printf(&p->out, "%s: ", setting->key);
    bool list = setting->type == SETTING_TYPE_LIST && value->n != 1;
    if (list)
        buf_add_byte(&p->out, '[');
    /* Of an option that was given twice the last one counts, unless it makes a list. */
    bool many = setting->type == SETTING_TYPE_LIST;
    for (size_t i = many ? 0 : value->n - 1; i < value->n; i++) {
        if (i > 0 && many)
            buf_add_str(&p->out, ", ");
        if (setting == setting_at(SETTING_DATABASE))
            put_database(p, value->items[i].text);
        else
            put_resolved(p, value->items[i].text);
    }
    if (list)
        buf_add_byte(&p->out, ']');
    end_line(p, value->where);
}

static void print_brokers(struct printer *p, int depth, const struct pipeline_config *pipeline)
{
    put_indent(p, depth);
    buf_add_str(&p->out, "brokers: ");
    put_resolved(p, pipeline->brokers);
    end_line(p, config_where(pipeline, "brokers"));
}

static void print_setting(struct printer *p, int depth, const struct setting *setting,
                          const struct pipeline_config *pipeline)
{
    const struct setting_value *value = &pipeline->values[setting_index(setting)];
    if (setting->type == SETTING_TYPE_PROPERTIES)
        print_properties(p, depth, pipeline);
    else if (setting->type == SETTING_TYPE_COLUMNS)
        print_columns(p, depth, pipeline);
    else if (setting->type == SETTING_TYPE_JOINED)
        print_brokers(p, depth, pipeline);
    else if (value->n > 0)
        print_items(p, depth, setting, value);
}

static bool same_properties(const struct pipeline_config *a, const struct pipeline_config *b)
{
    if (a->n_kafka != b->n_kafka)
        return false;
    for (size_t i = 0; i < a->n_kafka; i++)
        if (strcmp(a->kafka[i].name, b->kafka[i].name) != 0 ||
            strcmp(a->kafka[i].value, b->kafka[i].value) != 0)
            return false;
    return true;
}

/* Whether a pipeline has the value that stands at the top already. */
static bool is_inherited(const struct setting *setting, const struct pipeline_config *pipeline,
                         const struct pipeline_config *common)
{
    if (!(setting->flags & SETTING_TOP_KEY))
        return false;
    if (setting->type == SETTING_TYPE_PROPERTIES)
        return same_properties(pipeline, common);
    if (setting->type == SETTING_TYPE_JOINED)
        return !strcmp(pipeline->brokers, common->brokers);
    return !strcmp(pipeline->database, common->database);
}

static void print_pipeline(struct printer *p, const struct pipeline_config *pipeline,
                           const struct pipeline_config *common)
{
    put_indent(p, 1);
    put_resolved(p, pipeline->name);
    buf_add_byte(&p->out, ':');
    end_line(p, NULL);
    for (size_t i = 0; i < N_SETTINGS; i++) {
        const struct setting *setting = setting_at(i);
        /* The name is the key that was just printed. */
        if (setting_is_key(setting) && i != SETTING_NAME &&
            !is_inherited(setting, pipeline, common))
            print_setting(p, 2, setting, pipeline);
    }
}

/* What was in quotes has them again: "4" can be a text where 4 is a number. */
static void put_scalar(struct printer *p, const struct yaml_node *node)
{
    if (node->key && secret_property(node->key, node->text))
        put_text(p, SECRET_MASK);
    else if (node->quoted)
        buf_add_json(&p->out, slice_of(node->text));
    else
        put_text(p, node->text);
}

/* [in, one: line] */
static void put_flow(struct printer *p, const struct yaml_node *node)
{
    if (node->kind == YAML_NULL)
        buf_add_str(&p->out, "null");
    else if (node->kind == YAML_SCALAR)
        put_scalar(p, node);
    if (node->kind == YAML_NULL || node->kind == YAML_SCALAR)
        return;
    bool mapping = node->kind == YAML_MAPPING;
    buf_add_byte(&p->out, mapping ? '{' : '[');
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        if (child != node->first)
            buf_add_str(&p->out, ", ");
        if (mapping) {
            put_text(p, child->key);
            buf_add_str(&p->out, ": ");
        }
        put_flow(p, child);
    }
    buf_add_byte(&p->out, mapping ? '}' : ']');
}

/* A text that was written as a block and can be again: whole lines, the first not indented. */
static bool is_block(const struct yaml_node *node)
{
    size_t length = node->kind == YAML_SCALAR && node->literal ? strlen(node->text) : 0;
    return length > 1 && node->text[length - 1] == '\n' && node->text[length - 2] != '\n' &&
           !isspace((unsigned char)*node->text) && !strpbrk(node->text, "\r\t") &&
           !secret_property(node->key ? node->key : "", node->text);
}

static void put_block(struct printer *p, const char *text, int depth)
{
    buf_add_str(&p->out, "|");
    end_line(p, NULL);
    for (const char *end; *text; text = end + 1) {
        end = strchr(text, '\n');
        if (end > text)
            put_indent(p, depth);
        buf_add(&p->out, text, (size_t)(end - text));
        end_line(p, NULL);
    }
}

static size_t flow_width(const struct yaml_node *node)
{
    struct printer scratch = {0};
    buf_init(&scratch.out, MAX_OUTPUT_BYTES);
    put_flow(&scratch, node);
    size_t width = scratch.out.len;
    buf_release(&scratch.out);
    return width;
}

/* A member of a mapping: on one line if it fits, else its own members below it. */
static void print_member(struct printer *p, const struct yaml_node *node, int depth)
{
    put_indent(p, depth);
    put_text(p, node->key);
    buf_add_str(&p->out, ": ");
    if (is_block(node)) {
        put_block(p, node->text, depth + 1);
        return;
    }
    bool fits = flow_width(node) <= MAX_FLOW_WIDTH;
    if (fits || node->kind == YAML_SCALAR || node->kind == YAML_NULL) {
        put_flow(p, node);
        end_line(p, NULL);
        return;
    }
    p->out.len--; /* the blank behind the colon */
    end_line(p, NULL);
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        if (node->kind == YAML_MAPPING) {
            print_member(p, child, depth + 1);
            continue;
        }
        put_indent(p, depth + 1);
        buf_add_str(&p->out, "- ");
        put_flow(p, child);
        end_line(p, NULL);
    }
}

/* The file's parts that this version leaves alone. */
static void print_rest(struct printer *p, const struct config *config)
{
    const struct yaml_node *root = config->tree;
    for (const struct yaml_node *node = root ? root->first : NULL; node; node = node->next) {
        if (setting_find(node->key) || !strcmp(node->key, "pipelines"))
            continue;
        print_member(p, node, 0);
    }
}

int config_print(const struct config *config, FILE *to, bool sources, struct err *err)
{
    struct printer p = {.sources = sources};
    buf_init(&p.out, MAX_OUTPUT_BYTES);
    if (sources)
        buf_printf(&p.out, "# %s\n",
                   config->path ? config->path
                                : "no file: options, variables, "
                                  "defaults");
    for (size_t i = 0; i < N_SETTINGS; i++)
        if (setting_at(i)->flags & SETTING_TOP_KEY)
            print_setting(&p, 0, setting_at(i), &config->common);
    print_rest(&p, config);
    buf_add_str(&p.out, config->n_pipelines ? "pipelines:\n" : "pipelines: {}\n");
    for (size_t i = 0; i < config->n_pipelines; i++)
        print_pipeline(&p, &config->pipelines[i], &config->common);

    int rc = 0;
    if (p.out.failed)
        rc = err_set(err, ERR_BUG, "the configuration is too large to be printed");
    else
        fwrite(p.out.data, 1, p.out.len, to);
    buf_release(&p.out);
    return rc;
}
