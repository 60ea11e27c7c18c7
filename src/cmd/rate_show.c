/* A rate onto stdout, once. */
#include "cmd/query_output.h"
#include "cmd/rate_render.h"
#include "cmd/shown.h"

#define MAX_OUT_BYTES ((size_t)1 << 30)

static void note_cautions(const struct cli *cli, const struct rate_view *view, struct arena *arena)
{
    const char *const *cautions;
    size_t n = rate_cautions(view, arena, &cautions);
    for (size_t i = 0; i < n; i++)
        cli_note(cli, "%s", cautions[i]);
}

int rate_render(const struct cli *cli, const struct rate_view *view, struct err *err)
{
    struct arena arena;
    struct buf out;
    const struct rate_look look = {.screen_columns = screen_size().columns,
                                   .utf8 = shown_is_utf8()};
    arena_init(&arena);
    buf_init(&out, MAX_OUT_BYTES);
    if (cli->json)
        rate_render_json(view, &arena, &out);
    else if (view->csv)
        rate_render_csv(view, &arena, &out);
    else
        rate_render_text(view, &look, &arena, &out);
    int rc = output_write(&out, err);
    if (rc == QUERY_ENOUGH)
        output_forget();
    else if (rc == QUERY_MORE && view->csv)
        note_cautions(cli, view, &arena);
    buf_release(&out);
    arena_release(&arena);
    return rc < 0 ? -1 : 0;
}
