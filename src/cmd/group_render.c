#include "cmd/group_render.h"

#include "base/buf.h"
#include "cmd/columns.h"
#include "cmd/json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_TEXT_BYTES ((size_t)16 << 20)

static const char *const type_names[] = {
    [GROUP_TYPE_UNKNOWN] = NULL,
    [GROUP_CLASSIC] = "classic",
    [GROUP_CONSUMER] = "consumer",
};

static const char *type_text(const struct group *group)
{
    return group->is_simple ? "simple" : type_names[group->type];
}

static int64_t member_count(const struct group *group)
{
    return group->members_known ? (int64_t)group->n_members : GROUP_UNKNOWN;
}

/* ---- list ---- */

/* What list and describe have in common. */
static void json_facts(struct json_out *out, const struct group *group)
{
    int64_t lag = group_lag(group);
    json_out_text(out, "group", group->name);
    json_out_text(out, "state", group->state);
    json_out_text(out, "type", type_text(group));
    json_out_number(out, "lag", lag >= 0, lag);
}

static void list_json(const struct group_list *groups)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "groups", '[');
    for (size_t i = 0; i < groups->n; i++) {
        const struct group *group = &groups->items[i];
        json_out_open(&out, NULL, '{');
        json_facts(&out, group);
        json_out_number(&out, "members", group->members_known, member_count(group));
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

void group_render_list(struct arena *arena, const struct group_list *groups, bool json)
{
    static const struct column heads[] = {{"GROUP", COLUMN_LEFT},
                                          {"STATE", COLUMN_LEFT},
                                          {"TYPE", COLUMN_LEFT},
                                          {"MEMBERS", COLUMN_RIGHT},
                                          {"LAG", COLUMN_RIGHT}};
    struct columns columns;
    if (json) {
        list_json(groups);
        return;
    }
    columns_init(&columns, arena, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < groups->n; i++) {
        const struct group *group = &groups->items[i];
        columns_add(&columns, group->name);
        columns_add(&columns, group->state);
        columns_add(&columns, type_text(group));
        columns_add_number(&columns, member_count(group));
        columns_add_number(&columns, group_lag(group));
    }
    columns_print(&columns, stdout);
}

/* ---- describe ---- */

static void json_member(struct json_out *out, const struct group_member *member)
{
    json_out_open(out, NULL, '{');
    json_out_text(out, "client_id", member->client_id);
    json_out_text(out, "member_id", member->member_id);
    json_out_text(out, "host", member->host);
    json_out_text(out, "instance_id", member->instance_id);
    json_out_open(out, "partitions", '[');
    for (size_t i = 0; i < member->n_partitions; i++) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "topic", member->partitions[i].topic);
        json_out_number(out, "partition", true, member->partitions[i].partition);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
    json_out_close(out, '}');
}

static void json_partition(struct json_out *out, const struct group_partition *p)
{
    int64_t lag = group_partition_lag(p);
    json_out_open(out, NULL, '{');
    json_out_text(out, "topic", p->topic);
    json_out_number(out, "partition", true, p->partition);
    json_out_number(out, "committed", p->committed >= 0, p->committed);
    json_out_number(out, "low", p->low >= 0, p->low);
    json_out_number(out, "high", p->high >= 0, p->high);
    json_out_number(out, "lag", lag >= 0, lag);
    json_out_close(out, '}');
}

static void json_group(struct json_out *out, const struct group *group)
{
    json_out_open(out, NULL, '{');
    json_facts(out, group);
    json_out_text(out, "assignor", *group->assignor ? group->assignor : NULL);
    if (group->members_known)
        json_out_open(out, "members", '[');
    else
        json_out_text(out, "members", NULL);
    for (size_t i = 0; group->members_known && i < group->n_members; i++)
        json_member(out, &group->members[i]);
    if (group->members_known)
        json_out_close(out, ']');
    json_out_open(out, "partitions", '[');
    for (size_t i = 0; i < group->n_partitions; i++)
        json_partition(out, &group->partitions[i]);
    json_out_close(out, ']');
    json_out_close(out, '}');
}

/* "orders: 0,2; payments: 1" */
static const char *partitions_text(struct arena *arena, const struct group_member *member)
{
    struct buf text;
    buf_init(&text, MAX_TEXT_BYTES);
    for (size_t i = 0; i < member->n_partitions; i++) {
        const struct partition_ref *p = &member->partitions[i];
        if (i > 0 && !strcmp(p->topic, member->partitions[i - 1].topic))
            buf_printf(&text, ",%" PRId32, p->partition);
        else
            buf_printf(&text, "%s%s: %" PRId32, i > 0 ? "; " : "", p->topic, p->partition);
    }
    const char *out = arena_strndup(arena, text.data ? text.data : "", text.len);
    buf_release(&text);
    return out;
}

static void print_facts(struct arena *arena, const struct group *group)
{
    struct columns facts;
    columns_init_facts(&facts, arena);
    columns_add_fact(&facts, "group", group->name);
    columns_add_fact(&facts, "state", group->state);
    columns_add_fact(&facts, "type", type_text(group));
    columns_add_fact(&facts, "assignor", group->assignor);
    columns_add_fact_number(&facts, "members", member_count(group));
    columns_add_fact_number(&facts, "lag", group_lag(group));
    columns_print(&facts, stdout);
}

static void print_members(struct arena *arena, const struct group *group)
{
    static const struct column heads[] = {{"CLIENT", COLUMN_LEFT},
                                          {"HOST", COLUMN_LEFT},
                                          {"INSTANCE", COLUMN_LEFT},
                                          {"PARTITIONS", COLUMN_LEFT},
                                          {"MEMBER", COLUMN_LEFT}};
    struct columns table;
    if (group->n_members == 0)
        return;
    columns_init(&table, arena, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < group->n_members; i++) {
        const struct group_member *member = &group->members[i];
        columns_add(&table, member->client_id);
        columns_add(&table, member->host);
        columns_add(&table, member->instance_id);
        columns_add(&table, partitions_text(arena, member));
        columns_add(&table, member->member_id);
    }
    putchar('\n');
    columns_print(&table, stdout);
}

static void print_partitions(struct arena *arena, const struct group *group)
{
    static const struct column heads[] = {{"TOPIC", COLUMN_LEFT},      {"PARTITION", COLUMN_RIGHT},
                                          {"COMMITTED", COLUMN_RIGHT}, {"LOW", COLUMN_RIGHT},
                                          {"HIGH", COLUMN_RIGHT},      {"LAG", COLUMN_RIGHT}};
    struct columns table;
    if (group->n_partitions == 0)
        return;
    columns_init(&table, arena, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < group->n_partitions; i++) {
        const struct group_partition *p = &group->partitions[i];
        columns_add(&table, p->topic);
        columns_add_number(&table, p->partition);
        columns_add_number(&table, p->committed);
        columns_add_number(&table, p->low);
        columns_add_number(&table, p->high);
        columns_add_number(&table, group_partition_lag(p));
    }
    putchar('\n');
    columns_print(&table, stdout);
}

void group_render_description(struct arena *arena, const struct group *group, bool json)
{
    struct json_out out;
    if (!json) {
        print_facts(arena, group);
        print_members(arena, group);
        print_partitions(arena, group);
        return;
    }
    json_out_start(&out);
    json_group(&out, group);
    json_out_end(&out);
}

void group_render_descriptions(struct arena *arena, const struct group_list *groups, bool json)
{
    struct json_out out;
    for (size_t i = 0; !json && i < groups->n; i++) {
        if (i > 0)
            putchar('\n');
        group_render_description(arena, &groups->items[i], false);
    }
    if (!json)
        return;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_open(&out, "groups", '[');
    for (size_t i = 0; i < groups->n; i++)
        json_group(&out, &groups->items[i]);
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}

/* ---- seek and delete ---- */

void group_render_moves(struct arena *arena, const struct group_move *moves, size_t n)
{
    static const struct column heads[] = {{"TOPIC", COLUMN_LEFT},
                                          {"PARTITION", COLUMN_RIGHT},
                                          {"BEFORE", COLUMN_RIGHT},
                                          {"AFTER", COLUMN_RIGHT}};
    struct columns table;
    columns_init(&table, arena, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < n; i++) {
        columns_add(&table, moves[i].topic);
        columns_add_number(&table, moves[i].partition);
        columns_add_number(&table, moves[i].before);
        columns_add_number(&table, moves[i].after);
    }
    columns_print(&table, stdout);
}

void group_render_moves_json(const char *group, bool dry_run, const struct group_move *moves,
                             size_t n)
{
    struct json_out out;
    json_out_start(&out);
    json_out_open(&out, NULL, '{');
    json_out_text(&out, "group", group);
    json_out_bool(&out, "dry_run", dry_run);
    json_out_open(&out, "partitions", '[');
    for (size_t i = 0; i < n; i++) {
        json_out_open(&out, NULL, '{');
        json_out_text(&out, "topic", moves[i].topic);
        json_out_number(&out, "partition", true, moves[i].partition);
        json_out_number(&out, "before", moves[i].before >= 0, moves[i].before);
        json_out_number(&out, "after", true, moves[i].after);
        json_out_close(&out, '}');
    }
    json_out_close(&out, ']');
    json_out_close(&out, '}');
    json_out_end(&out);
}
