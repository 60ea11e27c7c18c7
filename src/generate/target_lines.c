#include "generate/target.h"

#include "base/signals.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

struct lines {
    struct target target;
    struct outlet *outlet;
};

static char *room(struct target *target, size_t bytes, int *rc, struct err *err)
{
    struct lines *lines = (struct lines *)target;
    char *at = outlet_reserve(lines->outlet, bytes + 1, err);
    target->gone = lines->outlet->closed;
    *rc = at ? 0 : -1;
    return at;
}

static int put(struct target *target, const struct made *made, struct err *err)
{
    struct lines *lines = (struct lines *)target;
    struct slice value = made->value.ptr ? made->value : SLICE_LIT("null");
    char *to = outlet_reserve(lines->outlet, value.len + 1, err);
    if (!to)
        return -1;
    if (to != value.ptr) /* it was not made there */
        memcpy(to, value.ptr, value.len);
    to[value.len] = '\n';
    outlet_commit(lines->outlet, value.len + 1);
    target->progress->own.acknowledged++;
    target->gone = lines->outlet->closed;
    return 0;
}

static int flush(struct target *target, struct err *err)
{
    struct lines *lines = (struct lines *)target;
    int rc = outlet_flush(lines->outlet, err);
    target->gone = lines->outlet->closed;
    return rc;
}

static int rest(struct target *target, int wait_ms, bool full, struct err *err)
{
    (void)full;
    if (flush(target, err) < 0)
        return -1;
    struct pollfd stop = {.fd = signals_fd(), .events = POLLIN};
    poll(&stop, 1, wait_ms);
    return 0;
}

static void lines_free(struct target *target)
{
    free(target);
}

int target_lines_new(struct target **out, struct outlet *outlet, struct progress *progress,
                     struct err *err)
{
    static const struct target_calls calls = {
        .room = room, .put = put, .rest = rest, .finish = flush, .free = lines_free};
    struct lines *lines = calloc(1, sizeof *lines);
    *out = NULL;
    if (!lines)
        return err_set(err, ERR_BUG, "out of memory");
    *lines = (struct lines){.target = {.calls = &calls, .progress = progress}, .outlet = outlet};
    *out = &lines->target;
    return 0;
}
