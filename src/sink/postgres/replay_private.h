/* What a replay is made of: replay.c has its life, replay_transaction.c what is inside a chunk's.
 */
#ifndef WEIR_SINK_POSTGRES_REPLAY_PRIVATE_H
#define WEIR_SINK_POSTGRES_REPLAY_PRIVATE_H

#include "sink/letter_headers.h"
#include "sink/postgres/store.h"
#include "sink/replay.h"

#define NO_ENTRY UINT32_MAX

/* Of a letter of the chunk, what its owner need not know. */
struct chunk_letter {
    const char *version;        /* xmin as it was fetched */
    size_t claim;               /* of the batch */
    uint32_t entry;             /* of the batch, or NO_ENTRY: it is not to be tried */
    enum replay_fate lock_says; /* REPLAY_NOT_TRIED: it is ours to try */
};

struct replay {
    struct arena arena;
    struct pipeline_config config;
    struct dead_filter filter;
    struct store *store;
    struct lane *lane;

    /* The chunk. */
    PGresult *rows; /* that `letters` borrow from */
    struct replay_letter *letters;
    struct chunk_letter *chunk;
    size_t n;
    size_t cap;
    struct batch batch;  /* a claim for each partition; its offsets count letters from 0 on */
    uint32_t *letter_of; /* of an entry */
    struct letter_headers headers;
    char xid[24]; /* of the last transaction that came as far as its locks */

    const char *after; /* SQL: behind the last letter that was fetched */
    int64_t fetched;
    int64_t suppressed;
};

extern const struct protocol replay_protocol;

#endif
