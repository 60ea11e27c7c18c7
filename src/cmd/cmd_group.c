/* weir group: what consumer groups there are and where they are, and changes to that. */
#include "base/clock.h"
#include "base/suggest.h"
#include "cmd/cluster.h"
#include "cmd/group_render.h"
#include "cmd/group_work.h"
#include "cmd/verb.h"

#include <inttypes.h>
#include <string.h>

/* For a question when others took all of the time. */
#define LEAST_MS 1000

/* ---- reading ---- */

/* What is left of the time, but never nothing: others may still answer, and at once. */
static int left_ms(const struct group_work *work)
{
    int64_t left = (work->read_until_us - clock_mono_us()) / 1000;
    return left > LEAST_MS ? (int)left : LEAST_MS;
}

/* Why there is no such consumer group. */
static int no_such_group(struct group_work *work, const struct group_list *groups, const char *name,
                         struct err *err)
{
    bool exists;
    const char *brokers = work->cli->config.common.brokers;
    if (groups->err.class != ERR_NONE) {
        *err = groups->err;
        return -1;
    }
    if (admin_group_exists(work->admin, name, left_ms(work), &exists, err) < 0)
        return -1;
    if (exists)
        return err_set(err, ERR_USAGE,
                       "\"%s\" is a group of another kind than consumers (a share group, or of "
                       "Kafka Connect or Streams): use Kafka's own tools for it",
                       name);
    const char **names = arena_alloc(&work->cli->arena, (groups->n + 1) * sizeof *names);
    for (size_t i = 0; i < groups->n; i++)
        names[i] = groups->items[i].name;
    const char *nearest = suggest_nearest(name, names, groups->n);
    if (nearest)
        return err_set(err, ERR_USAGE, "there is no group \"%s\" at %s; did you mean \"%s\"?", name,
                       brokers, nearest);
    return err_set(err, ERR_USAGE, "there is no group \"%s\" at %s; weir group list shows all",
                   name, brokers);
}

static struct group *look_for(struct group_list *groups, const char *name)
{
    for (size_t i = 0; i < groups->n; i++)
        if (!strcmp(groups->items[i].name, name))
            return &groups->items[i];
    return NULL;
}

/*
 * A broker that has just begun to coordinate lists no group until it has read its log, and says
 * nothing of that. Asked for one group it does; with an answer to that it lists them.
 */
static int list_again(struct group_work *work, const char *name, struct group_list *out,
                      struct err *err)
{
    struct group asked = {.name = name};
    struct group_list one = {.items = &asked, .n = 1};
    struct arena *arena = &work->cli->arena;
    if (admin_groups_members(work->admin, arena, &one, left_ms(work), err) < 0)
        return -1;
    /* A group of another kind is refused by the library, and looked at later. */
    if (asked.members_err.class == ERR_OUTAGE || asked.members_err.class == ERR_HALT) {
        *err = asked.members_err;
        return -1;
    }
    return admin_groups(work->admin, arena, left_ms(work), out, err);
}

int group_find(struct group_work *work, const char *name, struct group_list *out, struct err *err)
{
    struct group_list groups;
    if (admin_groups(work->admin, &work->cli->arena, left_ms(work), &groups, err) < 0)
        return -1;
    struct group *found = look_for(&groups, name);
    if (!found) {
        if (list_again(work, name, &groups, err) < 0)
            return -1;
        found = look_for(&groups, name);
    }
    *out = (struct group_list){.items = found, .n = 1};
    return found ? 0 : no_such_group(work, &groups, name, err);
}

/* The first thing that could not be read. */
static int first_fault(const struct group_list *groups, struct err *err)
{
    for (size_t i = 0; i < groups->n; i++) {
        const struct group *group = &groups->items[i];
        if (group->members_err.class == ERR_NONE && group->offsets_err.class == ERR_NONE)
            continue;
        *err = group->members_err.class != ERR_NONE ? group->members_err : group->offsets_err;
        return -1;
    }
    *err = groups->err;
    return err->class == ERR_NONE ? 0 : -1;
}

int group_fill(struct group_work *work, struct group_list *groups, struct err *err)
{
    struct err ignored;
    struct arena *arena = &work->cli->arena;
    if (admin_groups_members(work->admin, arena, groups, left_ms(work), err) < 0 ||
        admin_groups_offsets(work->admin, arena, groups, left_ms(work), err) < 0)
        return -1;
    int rc = first_fault(groups, err);
    if (admin_groups_ends(work->admin, arena, groups, left_ms(work), rc < 0 ? &ignored : err) < 0)
        rc = -1;
    return rc;
}

/* ---- list and describe: what cannot be read is shown as unknown, and reported at the end ---- */

static int list(struct group_work *work, struct err *err)
{
    struct group_list groups;
    if (admin_groups(work->admin, &work->cli->arena, left_ms(work), &groups, err) < 0)
        return -1;
    int rc = group_fill(work, &groups, err);
    group_render_list(&work->cli->arena, &groups, work->cli->json);
    return rc;
}

/* How the places of one partition do not fit together. */
static void note_place(const struct group_work *work, const char *group,
                       const struct group_partition *p)
{
    if (p->committed < 0)
        return;
    if (p->is_gone)
        cli_note(work->cli,
                 "%s: %s [%" PRId32 "] is not there any more, its committed offset still is", group,
                 p->topic, p->partition);
    else if (p->committed < p->low)
        cli_note(work->cli,
                 "%s: the committed offset %" PRId64 " of %s [%" PRId32 "] is below the first that "
                 "is still there, %" PRId64 ": a consumer goes on where its auto.offset.reset says",
                 group, p->committed, p->topic, p->partition, p->low);
    else if (p->high >= 0 && p->committed > p->high)
        cli_note(work->cli,
                 "%s: the committed offset %" PRId64 " of %s [%" PRId32 "] is above its end, "
                 "%" PRId64 " (was the topic made anew?): a consumer goes on where its "
                 "auto.offset.reset says",
                 group, p->committed, p->topic, p->partition, p->high);
}

/* What someone who looks at a group should not overlook. */
static void note_troubles(const struct group_work *work, const struct group *group)
{
    size_t without = 0;
    for (size_t i = 0; i < group->n_partitions; i++) {
        const struct group_partition *p = &group->partitions[i];
        without += p->committed < 0 && !p->is_hidden;
        note_place(work, group->name, p);
        if (p->is_hidden && (i == 0 || strcmp(group->partitions[i - 1].topic, p->topic) != 0))
            cli_note(work->cli,
                     "%s: it reads %s, which may not be seen from here: its offsets are not known "
                     "(kafka-acls grants it: Describe on the topic)",
                     group->name, p->topic);
    }
    if (without > 0 && group->offsets_known)
        cli_note(work->cli,
                 "%s: %zu of %zu partitions have no committed offset (-): a consumer begins there "
                 "where its auto.offset.reset says",
                 group->name, without, group->n_partitions);
    if (group->members_hidden)
        cli_note(
            work->cli,
            "%s: its members follow the new protocol (KIP-848); this librdkafka cannot ask for "
            "them, 2.10 or newer can",
            group->name);
}

static int describe_one(struct group_work *work, const char *name, struct err *err)
{
    struct group_list one;
    if (group_find(work, name, &one, err) < 0)
        return -1;
    int rc = group_fill(work, &one, err);
    group_render_description(&work->cli->arena, &one.items[0], work->cli->json);
    note_troubles(work, &one.items[0]);
    return rc;
}

/* Without a name: all that have members or committed offsets. */
static int describe(struct group_work *work, struct err *err)
{
    struct group_list groups;
    size_t n = 0;
    if (work->n_names > 0)
        return describe_one(work, work->names[0], err);
    if (admin_groups(work->admin, &work->cli->arena, left_ms(work), &groups, err) < 0)
        return -1;
    int rc = group_fill(work, &groups, err);
    for (size_t i = 0; i < groups.n; i++)
        if (group_has_members(&groups.items[i]) || groups.items[i].n_partitions > 0)
            groups.items[n++] = groups.items[i];
    groups.n = n;
    group_render_descriptions(&work->cli->arena, &groups, work->cli->json);
    for (size_t i = 0; i < groups.n; i++)
        note_troubles(work, &groups.items[i]);
    return rc;
}

/* ---- the command line ---- */

static const struct task tasks[] = {
    {"list", {OPTION_SETTING}, TASK_NO_NAME},
    {"describe", {OPTION_SETTING}, TASK_NAME_OR_NONE},
    {"seek",
     {OPTION_OFFSET, OPTION_TOPIC, OPTION_PARTITION, OPTION_DRY_RUN, OPTION_YES},
     TASK_ONE_NAME},
    {"delete", {OPTION_YES}, TASK_SOME_NAMES},
};
#define N_TASKS (sizeof tasks / sizeof *tasks)

/* How each is done, in their order. */
static int (*const ways[N_TASKS])(struct group_work *work, struct err *err) = {
    list,
    describe,
    group_seek,
    group_delete,
};

static const struct option own_options[] = {
    {.id = OPTION_OFFSET,
     .name = "offset",
     .letter = 'o',
     .argument = "OFFSET",
     .help = "seek: where to: beginning, end, N, -N (N records before the end), @TIME, @-10m"},
    {.id = OPTION_TOPIC,
     .name = "topic",
     .letter = 't',
     .argument = "TOPIC",
     .repeats = true,
     .help = "seek: this topic alone, or TOPIC:0,2 some of its partitions; repeat for several "
             "(default all that the group has offsets of)"},
    {.id = OPTION_PARTITION,
     .name = "partition",
     .letter = 'p',
     .argument = "N",
     .help = "seek: this partition alone, of the one topic"},
    {.id = OPTION_DRY_RUN, .name = "dry-run", .help = "seek: show what would be, change nothing"},
    {.id = OPTION_YES, .name = "yes", .help = "seek, delete: do not ask"},
};

static void options(struct option_table *table)
{
    option_table_add_group(table, "Groups", own_options, sizeof own_options / sizeof *own_options);
    option_table_add_setting(table, SETTING_BROKERS, "Kafka");
    option_table_add_setting(table, SETTING_KAFKA, "Kafka");
    option_table_add_json(table);
    option_table_add_common(table);
}

static int read_partition(struct group_work *work, const struct parsed_option *option,
                          struct err *err)
{
    int64_t number;
    if (option_read_number(option->where, option->value, 0, INT32_MAX, &number, err) < 0)
        return -1;
    work->partition = (int32_t)number;
    return 0;
}

static int read_offset(struct group_work *work, const struct parsed_option *option, struct err *err)
{
    if (parse_offset_place(option->value, &work->to, err) < 0)
        return err_prefix(err, "%s", option->where);
    if (work->to.kind == OFFSET_STORED)
        return err_set(err, ERR_USAGE,
                       "%s: the stored offsets are where the group is already; name another place",
                       option->where);
    work->to_given = true;
    return 0;
}

static int read_option(struct group_work *work, const struct parsed_option *option, struct err *err)
{
    switch (option->option->id) {
    case OPTION_OFFSET:
        return read_offset(work, option, err);
    case OPTION_TOPIC:
        work->topics[work->n_topics++] = option->value;
        return 0;
    case OPTION_PARTITION:
        return read_partition(work, option, err);
    case OPTION_DRY_RUN:
        work->dry_run = true;
        return 0;
    case OPTION_YES:
        work->yes = true;
        return 0;
    default:
        return 0;
    }
}

static int read_options(struct group_work *work, size_t task, struct err *err)
{
    const struct command_line *line = &work->cli->line;
    work->topics = arena_alloc(&work->cli->arena, (line->n_options + 1) * sizeof *work->topics);
    for (size_t i = 0; i < line->n_options; i++)
        if (read_option(work, &line->options[i], err) < 0)
            return -1;
    if (ways[task] == group_seek && !work->to_given)
        return err_set(err, ERR_USAGE,
                       "seek where to? Write -o beginning, end, N, -N, @TIME or @-10m");
    return 0;
}

static int run_task(struct group_work *work, struct err *err)
{
    struct task_names names = {.verb = "group"};
    int task = task_find(names.verb, tasks, N_TASKS, &work->cli->line, err);
    if (task < 0 || read_options(work, (size_t)task, err) < 0 ||
        cluster_begin(work->cli, &tasks[task], &names, &work->admin, err) < 0)
        return -1;
    work->read_until_us = clock_mono_us() + GROUP_READ_MS * INT64_C(1000);
    work->names = names.items;
    work->n_names = names.n;
    return ways[task](work, err);
}

static int run(struct cli *cli)
{
    struct err err;
    struct group_work work = {.cli = cli, .partition = -1};
    int rc = run_task(&work, &err);
    admin_free(work.admin);
    return rc < 0 ? cli_fail(cli, &err) : 0;
}

const struct verb verb_group = {
    .name = "group",
    .summary = "list, describe, move and delete consumer groups",
    .usage = "list\n"
             "describe [NAME]\n"
             "seek NAME -o OFFSET [-t TOPIC[:P,P]]... [-p N] [--dry-run] [--yes]\n"
             "delete NAME... [--yes]",
    .notes = "Examples:\n"
             "  weir group list\n"
             "  weir group describe billing\n"
             "  weir group seek billing -o @-1h --dry-run\n"
             "  weir group seek billing -o beginning -t orders:0,2\n"
             "  weir group delete billing --yes\n"
             "  weir group list -J | jq -r '.groups[] | select(.lag > 0) | .group'",
    .tasks = tasks,
    .n_tasks = N_TASKS,
    .options = options,
    .run = run,
};
