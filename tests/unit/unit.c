#include "unit.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Read by the sanitizers: a test may ask for more memory than there is. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

/* The last map that was given back: most tests want many of one size, and mapping is slow. */
static struct guarded spare;

static void take_map(struct guarded *guarded, size_t page)
{
    if (spare.map_bytes == guarded->map_bytes) {
        guarded->map = spare.map;
        spare = (struct guarded){0};
        return;
    }
    guarded->map = mmap(NULL, guarded->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_ptr_not_equal(guarded->map, MAP_FAILED);
    char *open = (char *)guarded->map + page;
    assert_int_equal(mprotect(open, guarded->map_bytes - 2 * page, PROT_READ | PROT_WRITE), 0);
}

static struct guarded guard(struct slice text, bool at_end)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t inner = (text.len / page + 1) * page;
    struct guarded guarded = {.map_bytes = inner + 2 * page};
    take_map(&guarded, page);
    char *open = (char *)guarded.map + page;
    char *copy = at_end ? open + inner - text.len : open;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    guarded.text = (struct slice){copy, text.len};
    return guarded;
}

struct guarded guard_end(struct slice text)
{
    return guard(text, true);
}

struct guarded guard_start(struct slice text)
{
    return guard(text, false);
}

void guard_release(struct guarded *guarded)
{
    if (spare.map)
        munmap(spare.map, spare.map_bytes);
    spare = *guarded;
}

uint32_t random_next(struct random *random)
{
    /* Knuth's constants (MMIX); the upper half is the good one. */
    random->state = random->state * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(random->state >> 32);
}

uint32_t random_below(struct random *random, uint32_t limit)
{
    return random_next(random) % limit;
}
