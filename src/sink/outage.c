#include "sink/outage.h"

#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 2000
#define AWAY_MAX_US (60 * INT64_C(1000000))
#define TRIES_MAX 30

int64_t outage_pause_ms(struct outage *outage, int64_t now_us)
{
    if (outage->tries > TRIES_MAX)
        return -1;
    if (outage->since_us == 0)
        outage->since_us = now_us;
    else if (now_us - outage->since_us > AWAY_MAX_US)
        return -1;
    int64_t pause_ms = outage->pause_ms > 0 ? outage->pause_ms : PAUSE_MIN_MS;
    outage->pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 : PAUSE_MAX_MS;
    return pause_ms;
}

void outage_answered(struct outage *outage)
{
    outage->since_us = 0;
    outage->tries++;
}
