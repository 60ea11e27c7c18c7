#include "cmd/mend.h"

#include "base/signals.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_WORKERS 8
/* Once the results have so much no more are begun: they are all kept until the chunk is stored. */
#define RESULTS_MAX_BYTES ((size_t)64 << 20)

/* Status of a shell that could not run what it was given (POSIX, Shell Command Language, 2.8.2). */
#define SHELL_CANNOT_EXECUTE 126
#define SHELL_NOT_FOUND 127

/* What the workers share; a result belongs to who took its number. */
struct work {
    const struct mend *mend;
    const struct replay_letter *letters;
    size_t n;
    atomic_size_t next;
    atomic_size_t bytes;
    atomic_bool broken; /* some command could not be run: no more are begun */
    bool *ran;          /* an element is its worker's alone until all have ended */
    pthread_mutex_t lock;
    struct err err; /* of the first that could not be started */
};

static bool cannot_run(const struct command_result *result)
{
    return result->end == COMMAND_EXITED &&
           (result->status == SHELL_CANNOT_EXECUTE || result->status == SHELL_NOT_FOUND);
}

static void note_failure(struct work *work, const struct err *err)
{
    pthread_mutex_lock(&work->lock);
    if (!atomic_exchange(&work->broken, true))
        work->err = *err;
    pthread_mutex_unlock(&work->lock);
}

static void *worker(void *context)
{
    struct work *work = context;
    const struct mend *mend = work->mend;
    while (atomic_load(&work->bytes) < RESULTS_MAX_BYTES) {
        size_t i = atomic_fetch_add(&work->next, 1);
        if (i >= work->n || atomic_load(&work->broken) || signals_stop_requested())
            return NULL;
        struct command_result *result = &mend->results[i];
        struct err err;
        if (command_run(mend->command, work->letters[i].kept.value, mend->timeout_ms, result,
                        &err) < 0) {
            note_failure(work, &err);
            return NULL;
        }
        work->ran[i] = true;
        atomic_fetch_add(&work->bytes, result->out.len);
        if (cannot_run(result)) {
            err_set(&err, ERR_INPUT, "--through: the shell cannot run \"%s\": %s", mend->command,
                    *result->said ? result->said : "it says no more");
            note_failure(work, &err);
            return NULL;
        }
    }
    return NULL;
}

static void run_workers(struct work *work)
{
    pthread_t threads[MAX_WORKERS];
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = processors > 0 && processors < MAX_WORKERS ? (size_t)processors : MAX_WORKERS;
    size_t started = 0;
    if (n > work->n)
        n = work->n;
    while (started < n && pthread_create(&threads[started], NULL, worker, work) == 0)
        started++;
    if (started == 0)
        worker(work);
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

static const char *refusal_of(struct mend *mend, const struct command_result *result)
{
    const char *colon = *result->said ? ": " : "";
    switch (result->end) {
    case COMMAND_EXITED:
        if (result->status != 0)
            return arena_printf(&mend->arena, "--through: exit status %d%s%s", result->status,
                                colon, result->said);
        return result->out.len > 0 ? NULL : "--through: the command gave no output";
    case COMMAND_KILLED:
        return arena_printf(&mend->arena, "--through: ended by signal %d%s%s", result->status,
                            colon, result->said);
    case COMMAND_TIMED_OUT:
        return arena_printf(&mend->arena, "--through: it had not ended after %" PRId64 " ms%s%s",
                            mend->timeout_ms, colon, result->said);
    case COMMAND_TOO_MUCH:
        return arena_printf(&mend->arena, "--through: more than %zu bytes of output",
                            COMMAND_MAX_BYTES);
    case COMMAND_STOPPED:
        break;
    }
    return NULL;
}

static void take_result(struct mend *mend, struct command_result *result, bool ran,
                        struct replay_letter *letter)
{
    letter->left = !ran || result->end == COMMAND_STOPPED;
    if (letter->left)
        return;
    if (result->end == COMMAND_EXITED && result->status == 0 && result->out.len > 0 &&
        result->out.data[result->out.len - 1] == '\n')
        result->out.len--;
    letter->refusal = refusal_of(mend, result);
    letter->value = buf_slice(&result->out);
}

static void forget(struct mend *mend)
{
    for (size_t i = 0; i < mend->n; i++)
        command_release(&mend->results[i]);
    free(mend->results);
    mend->results = NULL;
    mend->n = 0;
    arena_release(&mend->arena);
    arena_init(&mend->arena);
}

int mend_letters(struct mend *mend, struct replay_letter *letters, size_t *n_letters,
                 struct err *err)
{
    size_t n = *n_letters;
    forget(mend);
    mend->results = calloc(n, sizeof *mend->results);
    bool *ran = calloc(n, sizeof *ran);
    if (!mend->results || !ran)
        abort();
    mend->n = n;
    struct work work = {.mend = mend, .letters = letters, .n = n, .ran = ran};
    pthread_mutex_init(&work.lock, NULL);
    run_workers(&work);
    pthread_mutex_destroy(&work.lock);
    /* They were taken in order: what was not begun is the end of them. */
    if (atomic_load(&work.next) < n)
        *n_letters = n = atomic_load(&work.next);
    for (size_t i = 0; i < n; i++)
        take_result(mend, &mend->results[i], ran[i], &letters[i]);
    free(ran);
    if (!atomic_load(&work.broken))
        return 0;
    *err = work.err;
    return -1;
}

void mend_init(struct mend *mend, const char *command, int64_t timeout_ms)
{
    *mend = (struct mend){.command = command, .timeout_ms = timeout_ms};
    arena_init(&mend->arena);
}

void mend_release(struct mend *mend)
{
    forget(mend);
    arena_release(&mend->arena);
}
