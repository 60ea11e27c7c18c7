#include "cmd/rate_render.h"

#include "cmd/columns.h"
#include "cmd/figure_text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_SO_FAR " so far"
#define NOTE_PART " in part"
#define MIN_BAR_COLUMNS 4
#define DAY_S 86400
#define FEW_MS 60000
#define N_COUNTED 2 /* columns that are always there, */
#define N_READ 4    /* and those of --exact */
#define MAX_BAR_BYTES ((size_t)64 * 1024)

/* ---- what is known ---- */

static int64_t all_records(const struct rate *rate)
{
    int64_t records = 0;
    for (size_t i = 0; i < rate->n_slots; i++)
        records += rate->slots[i].records;
    return records;
}

static bool is_running(const struct rate *rate, const struct rate_slot *slot)
{
    return !slot->whole && slot->from_ms <= rate->now_ms && rate->now_ms < slot->to_ms;
}

/* Whether records were read, so that their bytes and keys are known. */
static bool was_read(const struct rate_view *view)
{
    return view->rate->exact && view->topic;
}

/* ---- the slots ---- */

/* The first slot that is shown. */
static size_t first_shown(const struct rate *rate, const struct rate_look *look)
{
    return look->max_slots > 0 && rate->n_slots > look->max_slots ? rate->n_slots - look->max_slots
                                                                  : 0;
}

/* What lies before or behind the slots of all there is has a row of its own. */
static int64_t outside(const struct rate *rate, int64_t records)
{
    return rate->everything && records > 0 ? records : 0;
}

static int64_t most_records(const struct rate *rate, size_t from)
{
    int64_t earlier = outside(rate, rate->earlier);
    int64_t later = outside(rate, rate->later);
    int64_t most = earlier > later ? earlier : later;
    for (size_t i = from; i < rate->n_slots; i++)
        if (rate->slots[i].records > most)
            most = rate->slots[i].records;
    return most;
}

/* A bar of `columns` for the most; what is not nothing shows. */
static void add_bar(struct buf *out, int64_t records, int64_t most, size_t columns, bool utf8)
{
    static const char *const eighths[] = {"",       "\u258F", "\u258E", "\u258D",
                                          "\u258C", "\u258B", "\u258A", "\u2589"};
    size_t parts = utf8 ? 8 : 1;
    if (records <= 0 || most <= 0)
        return;
    double share = (double)records / (double)most;
    size_t n = (size_t)(share * (double)(columns * parts) + 0.5);
    n = n > 0 ? n : 1;
    for (size_t i = 0; i < n / parts; i++)
        buf_add_str(out, utf8 ? "\u2588" : "#");
    if (utf8)
        buf_add_str(out, eighths[n % parts]);
}

/* Before the first record, or in the future: there is nothing of which a part could be missing. */
static bool is_nothing(const struct rate *rate, const struct rate_slot *slot)
{
    bool before = !rate->has_first || slot->to_ms <= rate->first_ms;
    return slot->records == 0 && (before || slot->from_ms > rate->now_ms);
}

static const char *note_of(const struct rate *rate, const struct rate_slot *slot)
{
    if (slot->whole || (is_nothing(rate, slot) && !is_running(rate, slot)))
        return "";
    return is_running(rate, slot) ? NOTE_SO_FAR : NOTE_PART;
}

/* How wide they may be: 0, there is no room for any. */
struct bars {
    size_t columns;
    bool utf8;
};

static void add_bar_cell(struct columns *table, const struct rate_view *view,
                         const struct rate_slot *slot, int64_t most, const struct bars *bars)
{
    struct buf bar;
    buf_init(&bar, MAX_BAR_BYTES);
    if (bars->columns > 0)
        add_bar(&bar, slot->records, most, bars->columns, bars->utf8);
    const char *note = note_of(view->rate, slot);
    buf_add_str(&bar, bar.len == 0 && *note ? note + 1 : note);
    if (bar.len > 0)
        columns_add(table, buf_str(&bar));
    else
        columns_add_empty(table);
    buf_release(&bar);
}

static void add_figures_read(struct columns *table, struct arena *arena,
                             const struct rate_slot *slot)
{
    columns_add(table, slot->bytes < 0 ? NULL : size_text(arena, slot->bytes));
    columns_add(table, slot->smallest < 0 ? NULL : grouped_text(arena, slot->smallest));
    columns_add(table, slot->largest < 0 ? NULL : grouped_text(arena, slot->largest));
    columns_add(table, slot->distinct_keys < 0 ? NULL : grouped_text(arena, slot->distinct_keys));
}

static void add_outside(struct columns *table, const struct rate_view *view, const char *when,
                        int64_t records, int64_t most, const struct bars *bars)
{
    const struct rate_slot slot = {.whole = true, .records = outside(view->rate, records)};
    if (slot.records == 0)
        return;
    columns_add(table, when);
    columns_add(table, grouped_text(table->arena, slot.records));
    for (int i = 0; was_read(view) && i < N_READ; i++)
        columns_add(table, NULL);
    if (bars)
        add_bar_cell(table, view, &slot, most, bars);
}

/* `bars` NULL: how wide the rest is. */
static void fill(struct columns *table, const struct rate_view *view, const struct rate_look *look,
                 struct arena *arena, const struct bars *bars)
{
    const struct rate *rate = view->rate;
    const struct column all[] = {{"TIME", COLUMN_LEFT},
                                 {view->topic ? "RECORDS" : "ROWS", COLUMN_RIGHT},
                                 {"BYTES", COLUMN_RIGHT},
                                 {"SMALLEST", COLUMN_RIGHT},
                                 {"LARGEST", COLUMN_RIGHT},
                                 {"KEYS", COLUMN_RIGHT},
                                 {"", COLUMN_LEFT}};
    struct column *heads = arena_alloc(arena, sizeof all);
    size_t n = was_read(view) ? N_COUNTED + N_READ : N_COUNTED;
    size_t first = first_shown(rate, look);
    int64_t most = most_records(rate, first);
    memcpy(heads, all, n * sizeof *heads);
    heads[n] = (struct column){"", COLUMN_LEFT};
    columns_init(table, arena, heads, bars ? n + 1 : n);
    add_outside(table, view, "earlier", rate->earlier, most, bars);
    for (size_t i = first; i < rate->n_slots; i++) {
        const struct rate_slot *slot = &rate->slots[i];
        columns_add(table, rate_time_text(view, arena, slot->from_ms));
        columns_add(table, grouped_text(arena, slot->records));
        if (was_read(view))
            add_figures_read(table, arena, slot);
        if (bars)
            add_bar_cell(table, view, slot, most, bars);
    }
    add_outside(table, view, "later", rate->later, most, bars);
}

static size_t note_columns(const struct rate *rate)
{
    size_t columns = 0;
    for (size_t i = 0; i < rate->n_slots; i++) {
        size_t len = strlen(note_of(rate, &rate->slots[i]));
        columns = len > columns ? len : columns;
    }
    return columns;
}

static void print_slots(const struct rate_view *view, const struct rate_look *look,
                        struct arena *arena, FILE *to)
{
    struct columns table;
    fill(&table, view, look, arena, NULL);
    size_t taken = columns_width(&table) + 2 + note_columns(view->rate);
    bool narrow = look->screen_columns < taken + MIN_BAR_COLUMNS;
    const struct bars bars = {narrow ? 0 : look->screen_columns - taken, look->utf8};
    fill(&table, view, look, arena, &bars);
    columns_print(&table, to);
}

/* ---- the figures ---- */

static const char *per(const struct rate_view *view, struct arena *arena, double value)
{
    return arena_printf(arena, "%s/%s", measure_text(arena, value), unit_name(view->rate->unit));
}

static void add_fact(struct columns *facts, const char *name, const char *text)
{
    columns_add(facts, name);
    columns_add(facts, text);
}

static const char *total_text(const struct rate_view *view, struct arena *arena)
{
    const struct rate *rate = view->rate;
    const char *text = grouped_text(arena, all_records(rate));
    if (rate->earlier > 0)
        text = arena_printf(arena, "%s, and %s before these", text,
                            grouped_text(arena, rate->earlier));
    if (rate->later > 0 && !rate->everything)
        text = arena_printf(arena, "%s%s%s after", text, rate->earlier > 0 ? ", " : ", and ",
                            grouped_text(arena, rate->later));
    return text;
}

/* How long a time figures are drawn from. */
static const char *basis_duration(struct arena *arena, const struct rate_figures *figures)
{
    return duration_text(arena, figures->measured_ms / 1000 * 1000);
}

/* The last slot that is whole; else the first. */
static const struct rate_slot *last_whole(const struct rate *rate)
{
    size_t last = rate->n_slots - 1;
    while (last > 0 && !rate->slots[last].whole)
        last--;
    return &rate->slots[last];
}

static const char *now_text(const struct rate_view *view, struct arena *arena,
                            const struct rate_figures *figures)
{
    const char *unit = unit_name(view->rate->unit);
    const char *rated = per(view, arena, figures->now_per_unit);
    if (figures->of_whole)
        return arena_printf(arena, "%s, in the %s from %s", rated, unit,
                            rate_time_text(view, arena, last_whole(view->rate)->from_ms));
    if (figures->now_per_unit > 0)
        return arena_printf(arena, "%s, drawn from %s", rated, basis_duration(arena, figures));
    if (figures->average_per_unit > 0)
        return arena_printf(arena, "%s, nothing came for a whole %s", rated, unit);
    return rated;
}

static const char *peak_text(const struct rate_view *view, struct arena *arena,
                             const struct rate_figures *figures)
{
    const char *peak = per(view, arena, figures->peak);
    if (figures->peak <= 0)
        return peak;
    if (figures->peak_drawn)
        return arena_printf(arena, "%s, drawn from %s", peak, basis_duration(arena, figures));
    peak = arena_printf(arena, "%s at %s", peak, rate_time_text(view, arena, figures->peak_ms));
    return figures->peak_whole ? peak : arena_printf(arena, "at least %s", peak);
}

/* What came in a few seconds, or in parts of units, tells little of a day. */
static const char *basis_text(const struct rate_view *view, struct arena *arena,
                              const struct rate_figures *figures)
{
    bool any = figures->per_day > 0;
    int64_t enough_ms = figures->of_whole ? FEW_MS : any ? INT64_MAX : unit_ms(view->rate->unit);
    if (figures->measured_ms >= enough_ms || (figures->of_whole && !any))
        return "";
    return arena_printf(arena, " (from %s)", basis_duration(arena, figures));
}

const char *rate_day_text(const struct rate_view *view, struct arena *arena)
{
    struct rate_figures figures = rate_figures(view->rate);
    double per_day = figures.per_day;
    double expected = view->expect_per_s * DAY_S;
    if (figures.measured_ms <= 0)
        return expected > 0
                   ? arena_printf(arena, "not known, %s expected", measure_text(arena, expected))
                   : "not known";
    const char *text = arena_printf(arena, "%s/day at this rate%s", measure_text(arena, per_day),
                                    basis_text(view, arena, &figures));
    if (expected <= 0)
        return text;
    double over = per_day - expected;
    text = arena_printf(arena, "%s, %s expected", text, measure_text(arena, expected));
    if (fabs(over) < 0.5)
        return arena_printf(arena, "%s: as many", text);
    return arena_printf(arena, "%s: %s %s (%s%%)", text, measure_text(arena, fabs(over)),
                        over < 0 ? "under" : "over",
                        measure_text(arena, 100 * fabs(over) / expected));
}

/* NULL: there is one partition, or nothing to compare. */
static const char *partitions_text(const struct rate_view *view, struct arena *arena, double skew)
{
    const struct rate *rate = view->rate;
    const struct rate_partition *fullest = NULL;
    for (size_t i = 0; i < rate->n_partitions; i++)
        if (!fullest || rate->partitions[i].records > fullest->records)
            fullest = &rate->partitions[i];
    if (!fullest || rate->n_partitions < 2 || skew <= 0)
        return NULL;
    return arena_printf(arena, "%zu, of which %" PRId32 " has %s: %s times an even share",
                        rate->n_partitions, fullest->partition,
                        grouped_text(arena, fullest->records), measure_text(arena, skew));
}

static void fill_facts(struct columns *facts, const struct rate_view *view, struct arena *arena)
{
    static const struct column heads[] = {{NULL, COLUMN_LEFT}, {NULL, COLUMN_LEFT}};
    const struct rate *rate = view->rate;
    struct rate_figures figures = rate_figures(rate);
    const char *partitions = partitions_text(view, arena, figures.skew);
    columns_init(facts, arena, heads, 2);
    add_fact(facts, view->topic ? "records" : "rows", total_text(view, arena));
    if (figures.measured_ms > 0) {
        add_fact(facts, "now", now_text(view, arena, &figures));
        add_fact(facts, "average", per(view, arena, figures.average_per_unit));
        add_fact(facts, "peak", peak_text(view, arena, &figures));
    }
    if (figures.measured_ms > 0 || view->expect_per_s > 0)
        add_fact(facts, "a day", rate_day_text(view, arena));
    if (partitions)
        add_fact(facts, "partitions", partitions);
    if (rate->distinct_keys >= 0 && was_read(view))
        add_fact(facts, "keys", grouped_text(arena, rate->distinct_keys));
}

static void print_figures(const struct rate_view *view, struct arena *arena, FILE *to)
{
    struct columns facts;
    fputc('\n', to);
    fill_facts(&facts, view, arena);
    columns_print(&facts, to);
}

static void print_remarks(const struct rate_view *view, struct arena *arena, FILE *to)
{
    const char *const *remarks;
    size_t n = rate_remarks(view, arena, &remarks);
    for (size_t i = 0; i < n; i++) {
        fputs(i == 0 ? "\n" : "", to);
        fprintf(to, "%s.\n", remarks[i]);
    }
}

static void print(const struct rate_view *view, const struct rate_look *look, struct arena *arena,
                  FILE *to)
{
    size_t hidden = first_shown(view->rate, look);
    if (hidden > 0)
        fprintf(to, "(%zu earlier slot%s not shown)\n", hidden, hidden == 1 ? " is" : "s are");
    print_slots(view, look, arena, to);
    if (look->detail <= RATE_WITH_FIGURES)
        print_figures(view, arena, to);
    if (look->detail <= RATE_WITH_REMARKS)
        print_remarks(view, arena, to);
}

void rate_render_text(const struct rate_view *view, const struct rate_look *look,
                      struct arena *arena, struct buf *out)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);
    if (to) {
        print(view, look, arena, to);
        fclose(to);
        buf_add(out, text, len);
    }
    free(text);
}

void rate_render_line(const struct rate_view *view, struct arena *arena, struct buf *out)
{
    const struct rate *rate = view->rate;
    struct rate_figures figures = rate_figures(rate);
    const char *unit = unit_name(rate->unit);
    const struct rate_slot *last = &rate->slots[rate->n_slots - 1];
    const struct rate_slot *told = rate->n_slots > 1 ? last - 1 : last;
    buf_printf(out, "%s in the %s from %s", grouped_text(arena, told->records), unit,
               rate_time_text(view, arena, told->from_ms));
    if (told == last)
        buf_add_str(out, NOTE_SO_FAR);
    else
        buf_printf(out, ", %s so far in this one", grouped_text(arena, last->records));
    if (figures.measured_ms > 0)
        buf_printf(out, ", average %s, %s", per(view, arena, figures.average_per_unit),
                   rate_day_text(view, arena));
    else
        buf_printf(out, ", a day %s", rate_day_text(view, arena));
}
