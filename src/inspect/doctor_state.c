/* What weir keeps in the database: whether it may, whether this pipeline is the one it was. */
#include "inspect/examination.h"

#include "client/admin_groups.h"
#include "sink/dead.h"
#include "sink/group.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECTION "State"
#define MAX_REASONS 3
#define MAX_MEMBERS 5

static void look_at_schema(struct examination *x)
{
    struct err err;
    const char *schema = x->config->state_schema;
    const char *subject = arena_printf(x->arena, "schema %s", schema);
    if (survey_state(x->survey, &x->state_there, x->uuid, &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, subject, &err);
        x->no_state = "weir's own schema cannot be used";
    } else if (x->state_there) {
        finding_add(x->findings, FINDING_OK, SECTION, subject, "store %s; the role may write",
                    x->uuid);
    } else {
        finding_add(x->findings, FINDING_OK, SECTION, subject,
                    "is made at the first start; the role may");
        x->may_make_state = true;
    }
}

/* The very judgement that ingest makes when it registers. */
static void look_at_registration(struct examination *x)
{
    struct err err;
    bool first = true;
    const struct pipeline_config *config = x->config;
    const struct source_identity identity = {x->cluster_id, config->topics, config->n_topics};
    const char *subject = arena_printf(x->arena, "pipeline %s", config->name);
    if (!x->state_there && x->may_make_state) {
        finding_add(x->findings, FINDING_OK, SECTION, subject, "is new");
        return;
    }
    if (x->no_state || x->no_table) {
        finding_add(x->findings, FINDING_SKIP, SECTION, subject, "%s",
                    x->no_state ? x->no_state : x->no_table);
        return;
    }
    if (survey_registration(x->survey, x->table, &identity, &first, &err) < 0)
        doctor_add_error(x, FINDING_FAIL, SECTION, subject, &err);
    else if (first)
        finding_add(x->findings, FINDING_OK, SECTION, subject, "is new");
    else
        finding_add(x->findings, FINDING_OK, SECTION, subject,
                    "is known, with the same table, topics and cluster");
}

/* ---- the consumer group ---- */

/* "weir at /127.0.0.1, ..." */
static const char *members_text(struct arena *arena, const struct group *group)
{
    const char *text = "";
    for (size_t i = 0; i < group->n_members && i < MAX_MEMBERS; i++)
        text = arena_printf(arena, "%s%s%s at %s with %zu partition%s", text, i ? ", " : "",
                            group->members[i].client_id, group->members[i].host,
                            group->members[i].n_partitions,
                            group->members[i].n_partitions == 1 ? "" : "s");
    if (group->n_members > MAX_MEMBERS)
        text = arena_printf(arena, "%s and %zu more", text, group->n_members - MAX_MEMBERS);
    return text;
}

/* The name that weir's own members have, unless the pipeline gives them another. */
static const char *own_client_id(const struct pipeline_config *config)
{
    const char *name = "weir";
    for (size_t i = 0; i < config->n_kafka; i++)
        if (!strcmp(config->kafka[i].name, "client.id"))
            name = config->kafka[i].value;
    return name;
}

static void tell_members(struct examination *x, const char *subject, const struct group *group)
{
    size_t strangers = 0;
    for (size_t i = 0; i < group->n_members; i++)
        strangers += strcmp(group->members[i].client_id, own_client_id(x->config)) != 0;
    if (!group->members_known && group->members_err.class != ERR_NONE)
        doctor_add_error(x, FINDING_FAIL, SECTION, subject, &group->members_err);
    else if (!group->members_known || group->n_members == 0)
        finding_add(x->findings, FINDING_OK, SECTION, subject, "nobody is in it now");
    else if (strangers > 0)
        finding_add(x->findings, FINDING_WARN, SECTION, subject,
                    "members that are not weir take partitions from the pipeline: %s",
                    members_text(x->arena, group))
            ->cure = "stop them, or give the pipeline a group of its own (--group)";
    else
        finding_add(x->findings, FINDING_OK, SECTION, subject, "in it now, or until 10 s ago: %s",
                    members_text(x->arena, group));
}

static void look_at_group(struct examination *x)
{
    struct err err;
    char name[512];
    bool exists;
    if (x->no_kafka || (!*x->uuid && !x->config->group))
        return;
    group_of_pipeline(x->config, x->uuid, name, sizeof name);
    const char *subject = arena_printf(x->arena, "group %s", name);
    if (admin_group_exists(x->admin, name, ASK_MS, &exists, &err) < 0) {
        doctor_add_error(x, FINDING_FAIL, SECTION, subject, &err);
        return;
    }
    struct group group = {.name = name};
    struct group_list one = {.items = &group, .n = exists ? 1 : 0};
    if (admin_groups_members(x->admin, x->arena, &one, ASK_MS, &err) < 0)
        doctor_add_error(x, FINDING_FAIL, SECTION, subject, &err);
    else
        tell_members(x, subject, &group);
}

/* ---- dead letters ---- */

struct letters {
    struct arena *arena;
    int64_t n;
    const char *reasons;
    size_t n_reasons;
};

static void add_group(void *context, const struct dead_group *group)
{
    struct letters *letters = context;
    letters->n += group->letters;
    if (letters->n_reasons++ < MAX_REASONS)
        letters->reasons = arena_printf(letters->arena, "%s%s%" PRId64 " %s%s%s", letters->reasons,
                                        letters->n_reasons > 1 ? "; " : "", group->letters,
                                        group->column_name ? group->column_name : "",
                                        group->column_name ? ": " : "", group->reason);
}

static void look_at_letters(struct examination *x)
{
    struct err err;
    struct letters letters = {.arena = x->arena, .reasons = ""};
    const struct dead_filter filter = {.which = DEAD_OPEN,
                                       .pipeline = x->config->name,
                                       .partition = -1};
    if (!x->state_there)
        return;
    if (dead_groups(x->config, &filter, add_group, &letters, &err) < 0)
        doctor_add_error(x, FINDING_WARN, SECTION, "dead letters", &err);
    else if (letters.n == 0)
        finding_add(x->findings, FINDING_OK, SECTION, "dead letters", "none");
    else
        finding_add(x->findings, FINDING_WARN, SECTION, "dead letters",
                    "%" PRId64 " not replayed: %s%s", letters.n, letters.reasons,
                    letters.n_reasons > MAX_REASONS ? " ..." : "")
            ->cure = arena_printf(x->arena, "weir dead list --by reason %s", x->config->name);
}

void doctor_state(struct examination *x)
{
    if (x->no_database) {
        finding_add(x->findings, FINDING_SKIP, SECTION, "schema", "%s", x->no_database);
        return;
    }
    look_at_schema(x);
    look_at_registration(x);
    look_at_group(x);
    look_at_letters(x);
}
