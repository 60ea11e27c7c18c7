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
static void note(struct dead_share *share, int64_t dead)
{
    int64_t at = share->seen % DEAD_SHARE_WINDOW;
    int64_t *slot = &share->dead[at / SLOT_RECORDS];
    if (at % SLOT_RECORDS == 0) {
        share->window_dead -= *slot;
        *slot = 0;
    }
    *slot += dead;
    share->window_dead += dead;
    share->seen++;
}

bool dead_share_exceeds(struct dead_share *share, int64_t records, int64_t dead)
{
    pthread_mutex_lock(&share->lock);
    /* Of a batch larger than the window only the share matters. */
    int64_t n = records;
    if (n > 2 * DEAD_SHARE_WINDOW)
        n = 2 * DEAD_SHARE_WINDOW;
    double each = records > 0 ? (double)dead / (double)records : 0;
    for (int64_t i = 0; i < n; i++)
        note(share, (int64_t)(each * (double)(i + 1) + 0.5) - (int64_t)(each * (double)i + 0.5));
    bool over = share->max < 1 && share->seen >= DEAD_SHARE_WINDOW
                && (double)share->window_dead > share->max * DEAD_SHARE_WINDOW;
    pthread_mutex_unlock(&share->lock);
    return over;
}
