#include "cmd/rate_live.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "cmd/redraw.h"
#include "cmd/shown.h"

#include <string.h>

#define EVERY_MS 1000
#define MAX_SCREEN_BYTES ((size_t)64 << 20)
#define LEAST_SLOTS 3 /* beside the figures; on a smaller screen these are left out */

struct live {
    const struct cli *cli;
    const struct rate_view *view; /* without the rate, which is here */
    const struct rate_source *source;
    struct arena arena; /* of the rate */
    struct rate rate;
    bool counted; /* it is there */
    bool away;    /* and an outage was told since */
    struct redraw redraw;
    struct buf out;
};

/* ---- for a person ---- */

/* Lines of the screen that a text takes. */
static size_t screen_lines(const char *text, size_t columns)
{
    size_t lines = 0;
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        size_t width = 0;
        for (size_t i = 0; i < len; i++)
            width += ((unsigned char)line[i] & 0xC0) != 0x80;
        lines += columns > 0 && width > columns ? (width + columns - 1) / columns : 1;
        line += len + (line[len] == '\n');
    }
    return lines;
}

/* A text that shall be no longer than the screen. */
struct sheet {
    const struct rate_view *view;
    const struct screen *screen;
    struct arena *arena;
    struct buf *out;
    size_t room;  /* lines that it may take, */
    size_t lines; /* and takes */
};

static bool print_as(struct sheet *sheet, const struct rate_look *look)
{
    buf_clear(sheet->out);
    rate_render_text(sheet->view, look, sheet->arena, sheet->out);
    sheet->lines = screen_lines(buf_str(sheet->out), sheet->screen->columns);
    return sheet->lines <= sheet->room;
}

/* All slots with so much detail, or the newest of them that leave room for it, but not fewer than
 * `least`; false: there is no room. */
static bool print_newest(struct sheet *sheet, struct rate_look *look, size_t least)
{
    size_t n = sheet->view->rate->n_slots;
    look->max_slots = 0;
    if (print_as(sheet, look))
        return true;
    size_t surplus = sheet->lines - sheet->room + 1; /* and the line that tells of them */
    look->max_slots = n > surplus + least ? n - surplus : least;
    return print_as(sheet, look);
}

/* Prints what there is room for; slots count more than remarks, and more than figures. */
static size_t print_fitting(const struct live *live, const struct rate_view *view,
                            struct arena *arena, const struct screen *screen, struct buf *out)
{
    struct sheet sheet = {view, screen, arena, out, .room = screen->lines};
    struct rate_look look = {.screen_columns = screen->columns, .utf8 = shown_is_utf8()};
    size_t n = view->rate->n_slots;
    sheet.room = sheet.room > 2 ? sheet.room - 2 : 1; /* the head, and the cursor's line */
    if (!live->redraw.over)
        sheet.room = SIZE_MAX;
    for (int detail = RATE_WITH_REMARKS; detail < RATE_SLOTS_ALONE; detail++) {
        look.detail = (enum rate_detail)detail;
        if (print_newest(&sheet, &look, n < LEAST_SLOTS ? n : LEAST_SLOTS))
            return sheet.lines;
    }
    look.detail = RATE_SLOTS_ALONE;
    print_newest(&sheet, &look, 1);
    return sheet.lines;
}

static void draw(struct live *live, const struct rate_view *view, struct arena *arena)
{
    struct screen screen = screen_size();
    struct buf text;
    buf_init(&text, MAX_SCREEN_BYTES);
    redraw_begin(&live->redraw, &screen, &live->out);
    redraw_add_head(&screen, EVERY_MS, &live->out);
    live->redraw.drawn_lines = 1 + print_fitting(live, view, arena, &screen, &text);
    buf_add_slice(&live->out, buf_slice(&text));
    buf_release(&text);
}

/* ---- for a program ---- */

static void add_line(struct live *live, const struct rate_view *view, struct arena *arena)
{
    /* When it was asked: rounds begin a second apart at least, however late one's answer comes. */
    redraw_add_time(&live->out, live->rate.now_ms * 1000);
    buf_add_byte(&live->out, ' ');
    rate_render_line(view, arena, &live->out);
    buf_add_byte(&live->out, '\n');
}

/* QUERY_MORE, QUERY_ENOUGH when nobody reads, or -1. */
static int show(struct live *live, struct err *err)
{
    struct arena arena;
    struct rate_view view = *live->view;
    view.rate = &live->rate;
    arena_init(&arena);
    if (live->cli->json)
        rate_render_json(&view, &arena, &live->out);
    else if (live->redraw.terminal)
        draw(live, &view, &arena);
    else
        add_line(live, &view, &arena);
    arena_release(&arena);
    return output_write(&live->out, err);
}

/* ---- the rounds ---- */

static int count_all(struct live *live, int64_t now_ms, struct err *err)
{
    struct arena arena;
    struct rate rate;
    arena_init(&arena);
    if (live->source->count(live->source->context, &arena, now_ms, &rate, err) < 0) {
        arena_release(&arena);
        return -1;
    }
    arena_release(&live->arena);
    live->arena = arena;
    live->rate = rate;
    live->counted = true;
    return 0;
}

static int count(struct live *live, struct err *err)
{
    int64_t now_ms = clock_wall_us() / 1000;
    const struct rate *rate = &live->rate;
    if (!live->counted || live->away || now_ms >= rate->slots[rate->n_slots - 1].to_ms)
        return count_all(live, now_ms, err);
    int rc = live->source->count_last(live->source->context, now_ms, &live->rate, err);
    return rc == 1 ? count_all(live, now_ms, err) : rc;
}

static void tell_outage(struct live *live, const struct err *err)
{
    if (live->away)
        return;
    live->away = true;
    live->redraw.drawn_lines = 0;
    log_warn("", "%s; it is asked again", err->text);
}

/* QUERY_MORE, QUERY_ENOUGH: it is over, or -1. */
static int round_once(struct live *live, struct err *err)
{
    int rc = count(live, err);
    if (signals_stop_requested())
        return QUERY_ENOUGH;
    if (rc < 0) {
        if (err->class != ERR_OUTAGE || !live->counted)
            return -1;
        tell_outage(live, err);
        return QUERY_MORE;
    }
    live->away = false;
    return show(live, err);
}

int rate_live(const struct cli *cli, const struct rate_view *view, const struct rate_source *source,
              struct err *err)
{
    struct live live = {.cli = cli, .view = view, .source = source};
    int rc = QUERY_MORE;
    arena_init(&live.arena);
    buf_init(&live.out, MAX_SCREEN_BYTES);
    redraw_init(&live.redraw);
    while (rc == QUERY_MORE) {
        int64_t start_us = clock_mono_us();
        rc = round_once(&live, err);
        if (rc == QUERY_MORE && !redraw_pause(start_us + EVERY_MS * INT64_C(1000)))
            break;
    }
    arena_release(&live.arena);
    buf_release(&live.out);
    if (rc == QUERY_ENOUGH && !signals_stop_requested())
        output_forget();
    return rc < 0 && !signals_stop_requested() ? -1 : 0; /* a signal may break a question off */
}
