/*
 * Between verify.c (the order of things), verify_books.c (counters, table, letters),
 * verify_topic.c (brokers), verify_ledger.c (the ledger against the table) and verify_suspects.c
 * (what was not found, looked for once more).
 */
#ifndef WEIR_INSPECT_VERIFY_PRIVATE_H
#define WEIR_INSPECT_VERIFY_PRIVATE_H

#include "client/admin.h"
#include "inspect/id_form.h"
#include "inspect/id_table.h"
#include "inspect/ledger.h"
#include "inspect/verify.h"

#define VERIFY_ASK_MS 10000
#define VERIFY_MAX_PARTITION 1000000

/* What became of a place that the ledger names and the table does not show. */
enum suspicion {
    SUSPECT_UNREAD,     /* the topic could not be asked */
    SUSPECT_HELD,       /* the topic holds the record, with this id */
    SUSPECT_GONE,       /* below the log's start */
    SUSPECT_BEYOND,     /* above its end */
    SUSPECT_ABSENT,     /* the log has no record at that place */
    SUSPECT_OTHER,      /* a record with another id */
    SUSPECT_UNREADABLE, /* a record in which no id can be read */
    SUSPECT_NULL,       /* a null value */
    SUSPECT_TWICE,      /* the ledger names this very place once more */
};
struct suspect {
    int64_t offset;
    struct digest digest; /* of its id; all zero: none */
    const char *id;       /* NULL: none, or too many to keep */
    const char *found;    /* of SUSPECT_OTHER: the id that is there; NULL: not kept */
    enum suspicion what;
    bool replayed;    /* it was a dead letter, and became a row */
    bool cleared;     /* it is no fault after all */
    bool missing;     /* or it is */
    int64_t short_by; /* so many of these places of its id are missing */
    size_t among;
};

struct part {
    struct verify_partition *shown;
    int64_t *letters; /* offset * 2, + 1 if it was replayed; rising */
    size_t n_letters;
    size_t letters_room;
    int64_t nulls;        /* entries of null values without a letter, of [start, next) */
    int64_t last_pending; /* the highest offset that a ledger names and that waits; -1: none */
    struct suspect *suspects;
    size_t n_suspects;
    size_t suspects_room;
};

/* A partition without a row. */
struct unbegun {
    int64_t low; /* of the log; -1: not asked, or no answer */
    int64_t high;
    int64_t first; /* the lowest offset that a ledger names, and the highest; -1: none */
    int64_t last;
};

/* A topic's partitions by number; NULL where there is no row. */
struct topic_parts {
    const char *name;
    int32_t n_there;         /* partitions that the brokers know; -1: not asked, or no answer */
    struct unbegun *unbegun; /* by number */
    size_t n_unbegun;
    struct part **by_number;
    size_t n;
    bool gone; /* no brokers know it */
};

struct verify {
    const struct verify_request *request;
    struct verify_report *report;
    struct arena *arena; /* the report's */
    struct state_view *view;
    struct view_table table;
    const struct view_pipeline *pipelines; /* all of the database */
    size_t n_pipelines;
    struct part *parts; /* as the report's partitions */
    size_t n_parts;
    struct topic_parts *topics;
    size_t n_topics;
    struct admin *admin; /* NULL: no brokers are asked, or none answers */

    const struct verify_finding **last_finding;
    const struct verify_item **last_item[VERIFY_LISTS];
    int64_t n_items[VERIFY_LISTS];

    /* With a ledger: */
    struct ledger *ledger;
    struct id_table ids;
    enum id_form form;
    int64_t null_rows; /* rows whose id is NULL */
    int64_t n_suspects;
    int64_t n_unreadable;  /* entries without an id, a letter or a null value */
    const char *elsewhere; /* a topic of the ledger that this pipeline does not read */
};

/* verify.c */
void verify_find(struct verify *v, enum verify_kind kind, const char *about, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));
/* An item for a list, unless it is full; totals are the caller's. */
void verify_list_item(struct verify *v, enum verify_list list, const struct verify_item *item);
bool verify_list_full(const struct verify *v, enum verify_list list);
/* The partition, or NULL; *known says whether the pipeline reads the topic at all. */
struct part *verify_part(struct verify *v, struct slice topic, int32_t partition, bool *known);

/* A partition of a topic that the pipeline reads, and that has no row. */
struct unbegun *verify_unbegun(struct verify *v, struct slice topic, int32_t partition);

/* verify_books.c: all within the snapshot. */
void verify_books(struct verify *v);
int verify_letters(struct verify *v, struct err *err);
int verify_table(struct verify *v, struct err *err);
/* 1: a letter; 2: one that was replayed; 0: none. */
int verify_letter_at(const struct part *part, int64_t offset);

/* verify_topic.c: brokers. What they do not answer becomes a finding. */
void verify_topics(struct verify *v);

/* verify_ledger.c: the first half within the snapshot, the second behind it. */
int verify_ledger_read(struct verify *v, struct err *err);
int verify_ledger_judge(struct verify *v, struct err *err);
/* The id's digest in the column's form. */
struct digest verify_digest(const struct verify *v, struct slice id);

/* Whether the ledger gave it an id. */
static inline bool suspect_has_id(const struct suspect *suspect)
{
    return suspect->digest.h[0] != 0 || suspect->digest.h[1] != 0;
}

/* verify_suspects.c: look for each in the topic again. */
void verify_suspects_read(struct verify *v);
/* verify_judge.c: which of them are missing. */
void verify_suspects_judge(struct verify *v);

#endif
