#include "cmd/verify_render.h"

#include "base/buf.h"
#include "cmd/columns.h"
#include "cmd/shown.h"

#include <inttypes.h>
#include <stdio.h>

#define MAX_LINE_BYTES ((size_t)16 << 20)

static const char *const list_names[VERIFY_LISTS] = {
    [VERIFY_MISSING] = "missing",
    [VERIFY_DOUBLED] = "doubled",
    [VERIFY_AHEAD] = "ahead",
    [VERIFY_UNNAMED] = "unnamed",
};

const char *verify_word(enum verify_kind kind)
{
    static const char *const words[] = {
        [VERIFY_YES] = "yes", [VERIFY_NO] = "no", [VERIFY_OPEN] = "open", [VERIFY_NOTE] = "note"};
    return words[kind];
}

/* ---- for people ---- */

static int64_t behind(const struct verify_partition *p)
{
    return p->high < 0 ? -1 : p->high - p->row.next_offset;
}

static void print_partitions(const struct verify_report *report, struct arena *arena)
{
    static const struct column heads[] = {
        {"PARTITION", COLUMN_LEFT},   {"START", COLUMN_RIGHT},      {"NEXT", COLUMN_RIGHT},
        {"ROWS", COLUMN_RIGHT},       {"DEAD", COLUMN_RIGHT},       {"FILTERED", COLUMN_RIGHT},
        {"TOMBSTONES", COLUMN_RIGHT}, {"SUPPRESSED", COLUMN_RIGHT}, {"ABSENT", COLUMN_RIGHT},
        {"BEHIND", COLUMN_RIGHT},
    };
    struct columns table;
    columns_init(&table, arena, heads, sizeof heads / sizeof *heads);
    for (size_t i = 0; i < report->n_partitions; i++) {
        const struct verify_partition *p = &report->partitions[i];
        const struct tally *t = &p->row.tally;
        const int64_t numbers[] = {
            p->row.start_offset, p->row.next_offset, t->rows,   t->dead,  t->filtered,
            t->tombstones,       t->suppressed,      t->absent, behind(p)};
        columns_add(&table, arena_printf(arena, "%s[%" PRId32 "]", p->row.topic, p->row.partition));
        for (size_t j = 0; j < sizeof numbers / sizeof *numbers; j++)
            columns_add_number(&table, numbers[j]);
    }
    if (report->n_partitions > 0)
        columns_print(&table, stdout);
}

/* Ids and texts came from anyone: nothing in them may command a terminal. */
static void print_shown(struct buf *line)
{
    struct buf shown;
    buf_init(&shown, MAX_LINE_BYTES);
    shown_add_cell(&shown, buf_slice(line));
    printf("%s\n", buf_str(&shown));
    buf_release(&shown);
    buf_clear(line);
}

static void print_item(struct buf *line, const char *list, const struct verify_item *item)
{
    buf_printf(line, "  %-8s ", list);
    if (item->topic)
        buf_printf(line, "%s/%" PRId32 "@%" PRId64 " ", item->topic, item->partition, item->offset);
    if (item->id)
        buf_printf(line, "\"%s\"", item->id);
    else
        buf_add_str(line, "(no id)");
    buf_printf(line, ": %s", item->text);
    print_shown(line);
}

static void print_lists(const struct verify_report *report, struct buf *line)
{
    for (size_t i = 0; i < VERIFY_LISTS; i++) {
        int64_t shown = 0;
        for (const struct verify_item *item = report->items[i]; item; item = item->next, shown++)
            print_item(line, list_names[i], item);
        if (shown > 0 && shown < report->totals[i])
            printf("  %-8s ... of %" PRId64 "; --all lists all\n", list_names[i],
                   report->totals[i]);
    }
}

static const char *answer(const struct verify_report *report, const char *ledger,
                          struct arena *arena)
{
    const struct verify_ledger *l = &report->ledger;
    switch (report->verdict) {
    case VERIFY_YES:
        if (!ledger)
            return "yes: every record that was read is accounted for";
        return arena_printf(arena, "yes: every record of %s%s arrived", ledger,
                            l->pending + l->before + l->elsewhere > 0
                                ? " that this pipeline has read"
                                : "");
    case VERIFY_NO:
        return "no: what is wrong stands in the lines that begin with no";
    case VERIFY_OPEN:
    case VERIFY_NOTE:
        break;
    }
    return "open: nothing is wrong so far, and what the lines say that begin with open is not "
           "proven";
}

void verify_render_text(const struct verify_report *report, const char *ledger)
{
    struct arena arena;
    struct buf line;
    arena_init(&arena);
    buf_init(&line, MAX_LINE_BYTES);
    buf_printf(&line, "%s -> %s (%s)", report->name, report->table, report->database);
    print_shown(&line);
    print_partitions(report, &arena);
    for (const struct verify_finding *f = report->findings; f; f = f->next) {
        buf_printf(&line, "%-5s %-8s %s", verify_word(f->kind), f->about, f->text);
        print_shown(&line);
    }
    print_lists(report, &line);
    buf_printf(&line, "%s", answer(report, ledger, &arena));
    print_shown(&line);
    buf_release(&line);
    arena_release(&arena);
}

/* ---- for programs ---- */

static void add_partition(struct json_out *out, const struct verify_partition *p)
{
    const struct tally *t = &p->row.tally;
    json_out_open(out, NULL, '{');
    json_out_text(out, "topic", p->row.topic);
    json_out_number(out, "partition", true, p->row.partition);
    json_out_number(out, "start_offset", true, p->row.start_offset);
    json_out_number(out, "next_offset", true, p->row.next_offset);
    json_out_number(out, "rows", true, t->rows);
    json_out_number(out, "dead", true, t->dead);
    json_out_number(out, "filtered", true, t->filtered);
    json_out_number(out, "tombstones", true, t->tombstones);
    json_out_number(out, "suppressed", true, t->suppressed);
    json_out_number(out, "absent", true, t->absent);
    json_out_number(out, "letters", true, p->letters);
    json_out_number(out, "replayed", true, p->replayed);
    json_out_number(out, "low", p->low >= 0, p->low);
    json_out_number(out, "high", p->high >= 0, p->high);
    json_out_number(out, "behind", p->high >= 0, behind(p));
    json_out_number(out, "counted", p->counted >= 0, p->counted);
    json_out_close(out, '}');
}

static void add_findings(struct json_out *out, const struct verify_report *report)
{
    json_out_open(out, "findings", '[');
    for (const struct verify_finding *f = report->findings; f; f = f->next) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "verdict", verify_word(f->kind));
        json_out_text(out, "about", f->about);
        json_out_text(out, "text", f->text);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

static void add_list(struct json_out *out, const char *name, const struct verify_item *item)
{
    json_out_open(out, name, '[');
    for (; item; item = item->next) {
        json_out_open(out, NULL, '{');
        json_out_text(out, "topic", item->topic);
        json_out_number(out, "partition", item->topic != NULL, item->partition);
        json_out_number(out, "offset", item->topic != NULL, item->offset);
        json_out_text(out, "unique_id", item->id);
        json_out_text(out, "text", item->text);
        json_out_close(out, '}');
    }
    json_out_close(out, ']');
}

static void add_ledger(struct json_out *out, const struct verify_report *report)
{
    const struct verify_ledger *l = &report->ledger;
    const struct {
        const char *name;
        int64_t number;
    } members[] = {
        {"entries", l->entries},
        {"rows", l->rows},
        {"letters", l->letters},
        {"replayed", l->replayed},
        {"tombstones", l->nulls},
        {"pending", l->pending},
        {"before_start", l->before},
        {"other_topics", l->elsewhere},
        {"explained", l->explained},
        {"missing", report->totals[VERIFY_MISSING]},
        {"doubled", report->totals[VERIFY_DOUBLED]},
        {"ahead", report->totals[VERIFY_AHEAD]},
        {"unnamed", report->totals[VERIFY_UNNAMED]},
    };
    json_out_open(out, "ledger", '{');
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        json_out_number(out, members[i].name, true, members[i].number);
    json_out_close(out, '}');
    for (size_t i = 0; i < VERIFY_LISTS; i++)
        add_list(out, list_names[i], report->items[i]);
}

void verify_render_json(const struct verify_report *report, struct json_out *out)
{
    json_out_open(out, NULL, '{');
    json_out_text(out, "pipeline", report->name);
    json_out_text(out, "verdict", verify_word(report->verdict));
    json_out_text(out, "table", report->table);
    json_out_text(out, "database", report->database);
    json_out_number(out, "table_rows", report->table_rows >= 0, report->table_rows);
    json_out_open(out, "partitions", '[');
    for (size_t i = 0; i < report->n_partitions; i++)
        add_partition(out, &report->partitions[i]);
    json_out_close(out, ']');
    add_findings(out, report);
    if (report->has_ledger)
        add_ledger(out, report);
    json_out_close(out, '}');
}
