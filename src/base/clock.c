#include "base/clock.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

/* Only tests write this, while they have one thread. */
static const struct clock_source *replaced;

static int64_t kernel_us(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now); /* cannot fail for the two clocks asked for here */
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
    return replaced && replaced->mono_us ? replaced->mono_us() : kernel_us(CLOCK_MONOTONIC);
}

int64_t clock_wall_us(void)
{
    return replaced && replaced->wall_us ? replaced->wall_us() : kernel_us(CLOCK_REALTIME);
}

void clock_sleep_ms(int64_t ms)
{
    if (ms <= 0)
        return;
    /* Until a point in time, so that signals met on the way do not lengthen the sleep. */
    int64_t until_us = kernel_us(CLOCK_MONOTONIC) + ms * 1000;
    struct timespec until = {until_us / 1000000, until_us % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        continue;
}

void clock_replace(const struct clock_source *source)
{
    replaced = source;
}
