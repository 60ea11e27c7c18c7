/* What groups there are, and who is in them. */
#include "base/clock.h"
#include "client/admin_groups_private.h"
#include "client/fault.h"
#include "client/library.h"

#include <stdlib.h>
#include <string.h>

/* How long a fault of a kind that passes is waited out, and how often it is looked at. */
#define PASSING_MS 10000
#define LOOK_MS 100

/* ---- what is said of a group ---- */

static bool is_idle(const char *state)
{
    return state && (!strcmp(state, "Empty") || !strcmp(state, "Dead"));
}

bool group_has_members(const struct group *group)
{
    return group->n_members > 0 || !is_idle(group->state);
}

int64_t group_partition_lag(const struct group_partition *partition)
{
    if (partition->committed < 0 || partition->high < partition->committed)
        return GROUP_UNKNOWN;
    return partition->high - partition->committed;
}

int64_t group_lag(const struct group *group)
{
    int64_t lag = 0;
    bool any = false;
    for (size_t i = 0; i < group->n_partitions; i++) {
        const struct group_partition *p = &group->partitions[i];
        if (p->is_gone || (p->committed < 0 && !p->is_hidden))
            continue;
        if (p->high < 0)
            return GROUP_UNKNOWN;
        any = true;
        lag += p->high > p->committed ? p->high - p->committed : 0;
    }
    return any ? lag : GROUP_UNKNOWN;
}

size_t group_committed(const struct group *group)
{
    size_t n = 0;
    for (size_t i = 0; i < group->n_partitions; i++)
        n += group->partitions[i].committed >= 0;
    return n;
}

/* ---- faults ---- */

int64_t group_deadline_us(int timeout_ms)
{
    int64_t patience_ms = timeout_ms < PASSING_MS ? timeout_ms : PASSING_MS;
    return clock_mono_us() + patience_ms * 1000;
}

bool group_fault_passes(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS ||
           code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE ||
           code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
}

bool group_worth_waiting(rd_kafka_resp_err_t code, int64_t deadline_us)
{
    if (!group_fault_passes(code) || clock_mono_us() >= deadline_us)
        return false;
    clock_sleep_ms(LOOK_MS);
    return true;
}

int group_fault(struct err *err, rd_kafka_resp_err_t code, const char *group, const char *words)
{
    const char *name = rd_kafka_err2name(code);
    switch (code) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP:
        return err_set_code(err, ERR_INPUT, name,
                            "group \"%s\" has members; stop them first (weir group describe shows "
                            "who they are)",
                            group);
    case RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND:
        return err_set_code(err, ERR_USAGE, name, "there is no group \"%s\" (any more)", group);
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
        return err_set_code(err, ERR_HALT, name,
                            "group \"%s\": %s: kafka-acls grants it (Describe, Read or Delete on "
                            "the group)",
                            group, rd_kafka_err2str(code));
    default:
        break;
    }
    fault_set(err, code, words);
    return strstr(err->text, group) ? -1 : err_prefix(err, "group \"%s\"", group);
}

/* ---- list ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static const char *state_name(rd_kafka_consumer_group_state_t state)
{
    return state == RD_KAFKA_CONSUMER_GROUP_STATE_UNKNOWN
               ? NULL
               : rd_kafka_consumer_group_state_name(state);
}

static void copy_groups(struct arena *arena, const rd_kafka_ListConsumerGroups_result_t *result,
                        struct group_list *out)
{
    size_t n;
    const rd_kafka_ConsumerGroupListing_t **listed =
        rd_kafka_ListConsumerGroups_result_valid(result, &n);
    out->items = arena_alloc(arena, (n + 1) * sizeof *out->items);
    for (size_t i = 0; i < n; i++) {
        struct group *group = &out->items[i];
        group->name = arena_strdup(arena, rd_kafka_ConsumerGroupListing_group_id(listed[i]));
        group->state = state_name(rd_kafka_ConsumerGroupListing_state(listed[i]));
        group->is_simple = rd_kafka_ConsumerGroupListing_is_simple_consumer_group(listed[i]);
        group->assignor = "";
        switch (library_group_type(listed[i])) {
        case LIBRARY_GROUP_CLASSIC:
            group->type = GROUP_CLASSIC;
            break;
        case LIBRARY_GROUP_CONSUMER:
            group->type = GROUP_CONSUMER;
            break;
        default:
            break;
        }
    }
    out->n = n;
    qsort(out->items, n, sizeof *out->items, by_name);
}

/* What the brokers that gave no list say; NO_ERROR if all gave one. */
static rd_kafka_resp_err_t list_fault(const rd_kafka_ListConsumerGroups_result_t *result,
                                      struct err *err)
{
    size_t n;
    const rd_kafka_error_t **errors = rd_kafka_ListConsumerGroups_result_errors(result, &n);
    err->class = ERR_NONE;
    if (n == 0)
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    fault_set(err, rd_kafka_error_code(errors[0]), rd_kafka_error_string(errors[0]));
    err_prefix(err, "groups are missing: a broker gives no list of its groups");
    return rd_kafka_error_code(errors[0]);
}

static int list_once(struct admin *admin, struct arena *arena, int timeout_ms,
                     struct group_list *out, rd_kafka_resp_err_t *code, struct err *err)
{
    struct admin_request request;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, timeout_ms, &request);
    rd_kafka_ListConsumerGroups(admin->client.rk, request.options, request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    if (event) {
        const rd_kafka_ListConsumerGroups_result_t *result =
            rd_kafka_event_ListConsumerGroups_result(event);
        *code = list_fault(result, &out->err);
        copy_groups(arena, result, out);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    return event ? 0 : -1;
}

int admin_groups(struct admin *admin, struct arena *arena, int timeout_ms, struct group_list *out,
                 struct err *err)
{
    rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t deadline_us = group_deadline_us(timeout_ms);
    *out = (struct group_list){.n = 0};
    do
        if (list_once(admin, arena, timeout_ms, out, &code, err) != 0)
            return -1;
    while (group_worth_waiting(code, deadline_us));
    return 0;
}

int admin_group_exists(struct admin *admin, const char *name, int timeout_ms, bool *out,
                       struct err *err)
{
    /* The one call that passes over no kind of group. */
    const struct rd_kafka_group_list *list;
    rd_kafka_resp_err_t code = rd_kafka_list_groups(admin->client.rk, name, &list, timeout_ms);
    *out = false;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR__PARTIAL)
        return admin_no_answer(admin, code, timeout_ms, err);
    for (int i = 0; i < list->group_cnt; i++)
        *out |= !strcmp(list->groups[i].group, name);
    rd_kafka_group_list_destroy(list);
    return 0;
}

/* ---- members ---- */

static int by_place(const void *a, const void *b)
{
    const struct partition_ref *x = a;
    const struct partition_ref *y = b;
    int order = strcmp(x->topic, y->topic);
    return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

static void copy_member(struct arena *arena, const rd_kafka_MemberDescription_t *from,
                        struct group_member *to)
{
    const rd_kafka_MemberAssignment_t *assignment = rd_kafka_MemberDescription_assignment(from);
    const rd_kafka_topic_partition_list_t *list =
        assignment ? rd_kafka_MemberAssignment_partitions(assignment) : NULL;
    size_t n = list ? (size_t)list->cnt : 0;
    struct partition_ref *partitions = arena_alloc(arena, (n + 1) * sizeof *partitions);
    for (size_t i = 0; i < n; i++)
        partitions[i] = (struct partition_ref){arena_strdup(arena, list->elems[i].topic),
                                               list->elems[i].partition, GROUP_UNKNOWN};
    qsort(partitions, n, sizeof *partitions, by_place);
    const char *instance = rd_kafka_MemberDescription_group_instance_id(from);
    const char *host = rd_kafka_MemberDescription_host(from);
    *to = (struct group_member){
        .client_id = arena_strdup(arena, rd_kafka_MemberDescription_client_id(from)),
        .member_id = arena_strdup(arena, rd_kafka_MemberDescription_consumer_id(from)),
        /* Java prints an address without a name as "/127.0.0.1". */
        .host = arena_strdup(arena, *host == '/' ? host + 1 : host),
        .instance_id = instance ? arena_strdup(arena, instance) : NULL,
        .partitions = partitions,
        .n_partitions = n,
    };
}

static void copy_members(struct arena *arena, const rd_kafka_ConsumerGroupDescription_t *from,
                         struct group *to)
{
    rd_kafka_consumer_group_state_t state = rd_kafka_ConsumerGroupDescription_state(from);
    /*
     * A group that was listed and is "dead" to the broker's description of classic groups is none
     * of these: one of the new protocol, whose members this library cannot ask for.
     */
    if (state == RD_KAFKA_CONSUMER_GROUP_STATE_DEAD) {
        to->members_known = is_idle(to->state);
        to->members_hidden = !to->members_known;
        if (!to->state || strcmp(to->state, "Dead") != 0)
            to->type = GROUP_CONSUMER;
        return;
    }
    if (to->type == GROUP_TYPE_UNKNOWN)
        to->type = GROUP_CLASSIC;
    to->state = state_name(state);
    to->assignor = arena_strdup(arena, rd_kafka_ConsumerGroupDescription_partition_assignor(from));
    to->n_members = rd_kafka_ConsumerGroupDescription_member_count(from);
    to->members = arena_alloc(arena, (to->n_members + 1) * sizeof *to->members);
    for (size_t i = 0; i < to->n_members; i++)
        copy_member(arena, rd_kafka_ConsumerGroupDescription_member(from, i), &to->members[i]);
    to->members_known = true;
}

static struct group *find_group(const struct group_list *groups, const char *name)
{
    struct group key = {.name = name};
    return bsearch(&key, groups->items, groups->n, sizeof *groups->items, by_name);
}

/* The first fault that passes by itself, or NO_ERROR. */
static rd_kafka_resp_err_t keep_members(struct arena *arena, rd_kafka_event_t *event,
                                        struct group_list *groups)
{
    size_t n;
    rd_kafka_resp_err_t passing = RD_KAFKA_RESP_ERR_NO_ERROR;
    const rd_kafka_ConsumerGroupDescription_t **described =
        rd_kafka_DescribeConsumerGroups_result_groups(rd_kafka_event_DescribeConsumerGroups_result(
                                                          event),
                                                      &n);
    for (size_t i = 0; i < n; i++) {
        struct group *group =
            find_group(groups, rd_kafka_ConsumerGroupDescription_group_id(described[i]));
        const rd_kafka_error_t *error = rd_kafka_ConsumerGroupDescription_error(described[i]);
        rd_kafka_resp_err_t code = error ? rd_kafka_error_code(error) : RD_KAFKA_RESP_ERR_NO_ERROR;
        if (!group)
            continue;
        if (group_fault_passes(code))
            passing = code;
        group->members_err.class = ERR_NONE;
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
            group_fault(&group->members_err, code, group->name, rd_kafka_error_string(error));
        else
            copy_members(arena, described[i], group);
    }
    return passing;
}

static int describe_once(struct admin *admin, struct arena *arena, struct group_list *groups,
                         int timeout_ms, rd_kafka_resp_err_t *passing, struct err *err)
{
    struct admin_request request;
    const char **names = arena_alloc(arena, (groups->n + 1) * sizeof *names);
    for (size_t i = 0; i < groups->n; i++)
        names[i] = groups->items[i].name;
    admin_request_open(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, timeout_ms, &request);
    rd_kafka_DescribeConsumerGroups(admin->client.rk, names, groups->n, request.options,
                                    request.queue);
    rd_kafka_event_t *event = admin_request_wait(&request, err);
    if (event) {
        *passing = keep_members(arena, event, groups);
        rd_kafka_event_destroy(event);
    }
    admin_request_close(&request);
    return event ? 0 : -1;
}

int admin_groups_members(struct admin *admin, struct arena *arena, struct group_list *groups,
                         int timeout_ms, struct err *err)
{
    rd_kafka_resp_err_t passing = RD_KAFKA_RESP_ERR_NO_ERROR;
    int64_t deadline_us = group_deadline_us(timeout_ms);
    if (groups->n == 0)
        return 0;
    do
        if (describe_once(admin, arena, groups, timeout_ms, &passing, err) != 0)
            return -1;
    while (group_worth_waiting(passing, deadline_us));
    return 0;
}
