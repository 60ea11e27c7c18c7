/* What weir group has to show: for people in columns, or as one JSON object, on stdout. */
#ifndef WEIR_CMD_GROUP_RENDER_H
#define WEIR_CMD_GROUP_RENDER_H

#include "base/arena.h"
#include "client/admin_groups.h"

#include <stdbool.h>

void group_render_list(struct arena *arena, const struct group_list *groups, bool json);

/* One group as an object, or several as an array of them. */
void group_render_description(struct arena *arena, const struct group *group, bool json);
void group_render_descriptions(struct arena *arena, const struct group_list *groups, bool json);

struct group_move {
    const char *topic;
    int32_t partition;
    int64_t before; /* GROUP_UNKNOWN: no committed offset */
    int64_t after;
};
void group_render_moves(struct arena *arena, const struct group_move *moves, size_t n);
void group_render_moves_json(const char *group, bool dry_run, const struct group_move *moves,
                             size_t n);

#endif
