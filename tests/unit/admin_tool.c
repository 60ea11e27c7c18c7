/*
 * client/admin_groups.h for tests, with a time of theirs: lists the groups and reads where they
 * are, and prints what came of each step.
 *
 *     admin_tool BROKERS TIMEOUT_MS [PROPERTY=VALUE]...
 */
#include "client/admin_groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PROPERTIES 16

static size_t read_properties(char **arguments, size_t n, struct property *properties)
{
    size_t taken = 0;
    for (; taken < n && taken < MAX_PROPERTIES; taken++) {
        char *equals = strchr(arguments[taken], '=');
        if (!equals)
            break;
        *equals = '\0';
        properties[taken] = (struct property){arguments[taken], equals + 1, "here"};
    }
    return taken;
}

static int show_groups(struct admin *admin, struct arena *arena, int timeout_ms, struct err *err)
{
    struct group_list groups;
    if (admin_groups(admin, arena, timeout_ms, &groups, err) != 0)
        return -1;
    printf("%zu groups: %s\n", groups.n, groups.err.class == ERR_NONE ? "all" : groups.err.text);
    if (admin_groups_offsets(admin, arena, &groups, timeout_ms, err) != 0)
        return -1;
    for (size_t i = 0; i < groups.n; i++)
        printf("%s: %s\n", groups.items[i].name,
               groups.items[i].offsets_known ? "known" : groups.items[i].offsets_err.text);
    return 0;
}

int main(int argc, char **argv)
{
    struct property properties[MAX_PROPERTIES];
    struct admin *admin;
    struct arena arena;
    struct err err = {0};

    if (argc < 3)
        return 2;
    size_t n = read_properties(argv + 3, (size_t)argc - 3, properties);
    if (admin_new(&admin, "", argv[1], properties, n, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 2;
    }
    arena_init(&arena);
    int rc = show_groups(admin, &arena, atoi(argv[2]), &err);
    if (rc != 0)
        fprintf(stderr, "%s\n", err.text);
    arena_release(&arena);
    admin_free(admin);
    return rc != 0;
}
