#include "sink/share.h"

#include <string.h>

#define SLOT_RECORDS (DEAD_SHARE_WINDOW / DEAD_SHARE_SLOTS)

void dead_share_init(struct dead_share *share, double max)
{
    memset(share, 0, sizeof(*share));
    pthread_mutex_init(&share->lock, NULL);
    share->max = max;
}

void dead_share_release(struct dead_share *share)
{
    pthread_mutex_destroy(&share->lock);
}

/* One more record; the slot it falls into starts anew when the window has gone round. */
static void note(struct dead_window *window, int64_t dead)
{
    int64_t at = window->seen % DEAD_SHARE_WINDOW;
    int64_t *slot = &window->dead[at / SLOT_RECORDS];
    if (at % SLOT_RECORDS == 0) {
        window->all_dead -= *slot;
        *slot = 0;
    }
    *slot += dead;
    window->all_dead += dead;
    window->seen++;
}

static void note_batch(struct dead_window *window, int64_t records, int64_t dead)
{
    /* Of a batch larger than the window only the share matters. */
    const int64_t most = INT64_C(2) * DEAD_SHARE_WINDOW;
    int64_t n = records > most ? most : records;
    double each = records > 0 ? (double)dead / (double)records : 0;
    for (int64_t i = 0; i < n; i++)
        note(window, (int64_t)(each * (double)(i + 1) + 0.5) - (int64_t)(each * (double)i + 0.5));
}

bool dead_share_exceeds(struct dead_share *share, int64_t records, int64_t dead)
{
    pthread_mutex_lock(&share->lock);
    struct dead_window with = share->window;
    pthread_mutex_unlock(&share->lock);
    note_batch(&with, records, dead);
    return share->max < 1 && with.seen >= DEAD_SHARE_WINDOW &&
           (double)with.all_dead > share->max * DEAD_SHARE_WINDOW;
}

void dead_share_add(struct dead_share *share, int64_t records, int64_t dead)
{
    pthread_mutex_lock(&share->lock);
    note_batch(&share->window, records, dead);
    pthread_mutex_unlock(&share->lock);
}
