/* weir group seek and delete: what changes a group. */
#include "cmd/group_work.h"

#include "base/buf.h"
#include "cmd/group_plan.h"
#include "cmd/group_render.h"
#include "cmd/names_deleted.h"
#include "cmd/pipeline_group.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* For the brokers that lead the partitions. */
#define OFFSETS_MS 10000
#define SHOWN_MEMBERS 3
#define MAX_TEXT_BYTES 1500

/* ---- who is in it ---- */

/* "weir@10.0.0.1 (orders: 0,1)", and how many more. */
static void list_members(const struct group *group, struct buf *out)
{
    for (size_t i = 0; i < group->n_members && i < SHOWN_MEMBERS; i++) {
        const struct group_member *member = &group->members[i];
        buf_printf(out, "%s%s@%s", i > 0 ? ", " : "", member->client_id, member->host);
        if (member->n_partitions > 0)
            buf_printf(out, " (%zu partition%s of %s%s)", member->n_partitions,
                       member->n_partitions == 1 ? "" : "s", member->partitions[0].topic,
                       strcmp(member->partitions[0].topic,
                              member->partitions[member->n_partitions - 1].topic) != 0
                           ? " and other topics"
                           : "");
    }
    if (group->n_members > SHOWN_MEMBERS)
        buf_printf(out, " and %zu more", group->n_members - SHOWN_MEMBERS);
}

/* Members hold on to their own positions, and the broker would refuse. */
static int refuse_members(const struct group *group, struct err *err)
{
    struct buf who;
    if (!group_has_members(group))
        return 0;
    buf_init(&who, MAX_TEXT_BYTES);
    if (group->n_members > 0)
        list_members(group, &who);
    else
        buf_printf(&who, "its state is %s",
                   group->state ? group->state : "one without a name here");
    err_set(err, ERR_INPUT,
            "group \"%s\" has members (%.*s): stop them first (one that has just ended counts for "
            "up to 10 s)",
            group->name, (int)who.len, who.data);
    buf_release(&who);
    return -1;
}

/* ---- seek ---- */

struct plan {
    struct group_move *moves;
    size_t n;
};

static int64_t committed_of(const struct group *group, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < group->n_partitions; i++)
        if (group->partitions[i].partition == partition &&
            !strcmp(group->partitions[i].topic, topic))
            return group->partitions[i].committed;
    return GROUP_UNKNOWN;
}

static void add_move(struct arena *arena, struct plan *plan, const struct group_move *move)
{
    /* A power of two: full. */
    if ((plan->n & (plan->n - 1)) == 0) {
        struct group_move *grown = arena_alloc(arena, (2 * plan->n + 1) * sizeof *grown);
        if (plan->n > 0)
            memcpy(grown, plan->moves, plan->n * sizeof *grown);
        plan->moves = grown;
    }
    plan->moves[plan->n++] = *move;
}

/* The topic as it is now, with its ends and the offsets of the time. */
static int read_topic(struct group_work *work, const char *name, struct topic_list *out,
                      struct err *err)
{
    struct topic_info info;
    if (admin_topic(work->admin, name, GROUP_WORK_MS, &info, err) < 0 ||
        admin_topics(work->admin, &work->cli->arena, name, GROUP_WORK_MS, out, err) < 0)
        return -1;
    if (out->n != 1)
        return err_set(err, ERR_OUTAGE, "topic \"%s\" is just being deleted", name);
    if (admin_topics_offsets(work->admin, out, OFFSETS_MS, err) < 0)
        return -1;
    return work->to.kind == OFFSET_TIME
               ? admin_topics_at(work->admin, out, work->to.value, OFFSETS_MS, err)
               : 0;
}

static int check_numbers(const struct group_topic *wanted, size_t n, struct err *err)
{
    if (wanted->n_partitions == 0 || (size_t)wanted->partitions[wanted->n_partitions - 1] < n)
        return 0;
    return err_set(err, ERR_USAGE, "%s has no partition %" PRId32 ": its partitions are 0 to %zu",
                   wanted->name, wanted->partitions[wanted->n_partitions - 1], n - 1);
}

static int plan_topic(struct group_work *work, const struct group *group,
                      const struct group_topic *wanted, struct plan *plan, struct err *err)
{
    struct topic_list list;
    if (read_topic(work, wanted->name, &list, err) < 0 ||
        check_numbers(wanted, list.items[0].n_partitions, err) < 0)
        return -1;
    for (size_t i = 0; i < list.items[0].n_partitions; i++) {
        const struct topic_partition *p = &list.items[0].partitions[i];
        struct group_move move = {wanted->name, p->partition,
                                  committed_of(group, wanted->name, p->partition), 0};
        if (!group_plan_wants(wanted, p->partition))
            continue;
        if (group_plan_offset(work->to, wanted->name, p, &move.after, err) < 0)
            return -1;
        add_move(&work->cli->arena, plan, &move);
    }
    return 0;
}

/* Without -t: the topics it has offsets of, without those that are not there any more. */
static size_t topics_of(const struct group *group, struct group_topic *out)
{
    size_t n = 0;
    for (size_t i = 0; i < group->n_partitions; i++) {
        const struct group_partition *p = &group->partitions[i];
        if (!p->is_gone && (n == 0 || strcmp(out[n - 1].name, p->topic) != 0))
            out[n++] = (struct group_topic){.name = p->topic};
    }
    return n;
}

static int named_topics(struct group_work *work, struct group_topic *out, struct err *err)
{
    for (size_t i = 0; i < work->n_topics; i++) {
        if (group_plan_topic(&work->cli->arena, work->topics[i], &out[i], err) < 0)
            return err_prefix(err, "-t");
        for (size_t j = 0; j < i; j++)
            if (!strcmp(out[j].name, out[i].name))
                return err_set(err, ERR_USAGE, "-t: topic \"%s\" is named twice", out[i].name);
    }
    return 0;
}

static int choose_topics(struct group_work *work, const struct group *group,
                         struct group_topic **out, size_t *n, struct err *err)
{
    struct arena *arena = &work->cli->arena;
    *out = arena_alloc(arena, (group->n_partitions + work->n_topics + 1) * sizeof **out);
    *n = work->n_topics > 0 ? work->n_topics : topics_of(group, *out);
    if (named_topics(work, *out, err) < 0)
        return -1;
    if (*n == 0)
        return err_set(err, ERR_USAGE,
                       "group \"%s\" has no committed offsets: name the topic by -t", group->name);
    if (work->partition < 0)
        return 0;
    if (*n != 1 || (*out)[0].n_partitions > 0)
        return err_set(err, ERR_USAGE, "-p goes with one topic: name it by -t TOPIC");
    (*out)[0].partitions = &work->partition;
    (*out)[0].n_partitions = 1;
    return 0;
}

static int make_plan(struct group_work *work, const struct group *group, struct plan *plan,
                     struct err *err)
{
    struct group_topic *topics;
    size_t n;
    if (choose_topics(work, group, &topics, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (plan_topic(work, group, &topics[i], plan, err) < 0)
            return -1;
    return 0;
}

/* On a terminal the table comes before the question; elsewhere it is the result. */
static int ask_to_seek(struct group_work *work, const struct group *group, const struct plan *plan,
                       bool *shown, struct err *err)
{
    struct arena *arena = &work->cli->arena;
    if (work->yes)
        return 0;
    if (!work->cli->json && cli_can_ask()) {
        group_render_moves(arena, plan->moves, plan->n);
        fflush(stdout);
        *shown = true;
    }
    if (cli_ask(arena_printf(arena, "Move group \"%s\" in %zu partition%s?", group->name, plan->n,
                             plan->n == 1 ? "" : "s")))
        return 0;
    return err_set(
        err, ERR_USAGE,
        "nothing was changed; --yes moves without asking, --dry-run shows what would be");
}

static int commit_plan(struct group_work *work, const struct group *group, const struct plan *plan,
                       struct err *err)
{
    size_t done;
    struct partition_ref *refs = arena_alloc(&work->cli->arena, plan->n * sizeof *refs);
    for (size_t i = 0; i < plan->n; i++)
        refs[i] = (struct partition_ref){plan->moves[i].topic, plan->moves[i].partition,
                                         plan->moves[i].after};
    if (admin_group_commit(work->admin, group->name, refs, plan->n, GROUP_WORK_MS, &done, err) == 0)
        return 0;
    return done > 0 ? err_prefix(err, "%zu of %zu partitions were moved", done, plan->n) : -1;
}

static int refuse_pipeline(struct group_work *work, const char *name, struct err *err)
{
    const char *pipeline = pipeline_of_group(&work->cli->arena, &work->cli->config, name);
    if (!pipeline)
        return 0;
    return err_set(err, ERR_USAGE,
                   "group \"%s\" is the weir pipeline %s, whose place is in its database and not "
                   "here: weir ingest --reset -o OFFSET moves it",
                   name, pipeline);
}

int group_seek(struct group_work *work, struct err *err)
{
    struct group_list one;
    struct plan plan = {0};
    bool shown = false;
    const char *name = work->names[0];
    if (refuse_pipeline(work, name, err) < 0 || group_find(work, name, &one, err) < 0 ||
        group_fill(work, &one, err) < 0 || make_plan(work, &one.items[0], &plan, err) < 0)
        return -1;
    if (!work->dry_run && (refuse_members(&one.items[0], err) < 0 ||
                           ask_to_seek(work, &one.items[0], &plan, &shown, err) < 0 ||
                           commit_plan(work, &one.items[0], &plan, err) < 0))
        return -1;
    if (work->cli->json)
        group_render_moves_json(name, work->dry_run, plan.moves, plan.n);
    else if (!shown)
        group_render_moves(&work->cli->arena, plan.moves, plan.n);
    if (work->dry_run)
        cli_note(work->cli, "nothing was changed (--dry-run)%s",
                 group_has_members(&one.items[0]) ? "; while it has members it cannot be" : "");
    return 0;
}

/* ---- delete ---- */

/* Each must be there and empty; how many partitions they have offsets of together. */
static int check_deletion(struct group_work *work, size_t *partitions, struct err *err)
{
    *partitions = 0;
    for (size_t i = 0; i < work->n_names; i++) {
        struct group_list one;
        struct err ignored;
        struct arena *arena = &work->cli->arena;
        if (group_find(work, work->names[i], &one, err) < 0 ||
            admin_groups_members(work->admin, arena, &one, GROUP_WORK_MS, err) < 0 ||
            refuse_members(&one.items[0], err) < 0)
            return -1;
        /* To say how many is a courtesy. */
        if (!work->yes &&
            admin_groups_offsets(work->admin, arena, &one, GROUP_WORK_MS, &ignored) == 0)
            *partitions += group_committed(&one.items[0]);
    }
    return 0;
}

static int ask_to_delete(struct group_work *work, size_t partitions, struct err *err)
{
    struct arena *arena = &work->cli->arena;
    if (work->yes)
        return 0;
    const char *what = work->n_names == 1 ? arena_printf(arena, "group \"%s\"", work->names[0])
                                          : arena_printf(arena, "%zu groups", work->n_names);
    if (cli_ask(arena_printf(arena, "Delete %s with its offsets in %zu partition%s for good?", what,
                             partitions, partitions == 1 ? "" : "s")))
        return 0;
    return err_set(err, ERR_USAGE, "nothing was deleted; --yes deletes without asking");
}

/* All failures but the last go to stderr, that one into `err`. */
static int report_failures(const struct group_work *work, const struct group_result *results,
                           struct err *err)
{
    const struct err *last = NULL;
    for (size_t i = 0; i < work->n_names; i++) {
        if (results[i].err.class == ERR_NONE)
            continue;
        if (last)
            cli_fail(work->cli, last);
        last = &results[i].err;
    }
    if (last)
        *err = *last;
    return last ? -1 : 0;
}

int group_delete(struct group_work *work, struct err *err)
{
    size_t partitions;
    size_t n = 0;
    struct arena *arena = &work->cli->arena;
    struct group_result *results = arena_alloc(arena, work->n_names * sizeof *results);
    const char **deleted = arena_alloc(arena, work->n_names * sizeof *deleted);
    if (check_deletion(work, &partitions, err) < 0 || ask_to_delete(work, partitions, err) < 0 ||
        admin_delete_groups(work->admin, work->names, work->n_names, GROUP_WORK_MS, results, err) <
            0)
        return -1;
    for (size_t i = 0; i < work->n_names; i++) {
        if (results[i].err.class != ERR_NONE)
            continue;
        deleted[n++] = results[i].name;
        if (pipeline_of_group(arena, &work->cli->config, results[i].name))
            cli_note(work->cli,
                     "%s was a weir pipeline's: no harm, its place is in its database, and what "
                     "it commits next is here again",
                     results[i].name);
    }
    if (n > 0)
        names_deleted(deleted, n, work->cli->json);
    return report_failures(work, results, err);
}
