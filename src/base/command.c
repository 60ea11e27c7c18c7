#include "base/command.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/signals.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 << 10)
#define WAIT_MS 2 /* between two looks whether it has ended, once it has closed its ends */

/* Our ends of its pipes (-1: closed), and what goes through them. */
struct run {
    pid_t pid;
    int in;
    int out;
    int err;
    struct slice left; /* of the input */
    int64_t deadline_us;
    struct command_result *result;
    size_t said;
    bool line_ended; /* of stderr: more than the first is not kept */
};

static void shut(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- Start ---- */

/* Pipes for its three ends: [0] is read from, [1] written to. */
static int make_pipes(int pipes[3][2])
{
    for (int i = 0; i < 3; i++)
        if (pipe2(pipes[i], O_CLOEXEC) < 0)
            return -1;
    return 0;
}

/* Its ends in place, default signals and a group of its own. Returns an errno. */
static int spawn(const char *command, int pipes[3][2], pid_t *pid)
{
    char *const argv[] = {strdup("sh"), strdup("-c"), strdup(command), NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;

    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, pipes[0][0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipes[1][1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipes[2][1], STDERR_FILENO);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigaddset(&signals, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                              POSIX_SPAWN_SETPGROUP);
    int rc = argv[0] && argv[1] && argv[2]
                 ? posix_spawn(pid, "/bin/sh", &actions, &attributes, argv, environ)
                 : ENOMEM;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    for (int i = 0; i < 3; i++)
        free(argv[i]);
    return rc;
}

static int start(struct run *run, const char *command, struct err *err)
{
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int rc = make_pipes(pipes) < 0 ? errno : spawn(command, pipes, &run->pid);
    shut(&pipes[0][0]);
    shut(&pipes[1][1]);
    shut(&pipes[2][1]);
    run->in = pipes[0][1];
    run->out = pipes[1][0];
    run->err = pipes[2][0];
    if (rc == 0 && fcntl(run->in, F_SETFL, O_NONBLOCK) == 0)
        return 0;
    return err_set(err, ERR_OUTAGE, "cannot start \"sh\": %s", strerror(rc ? rc : errno));
}

/* ---- Meanwhile ---- */

static void write_some(struct run *run)
{
    ssize_t n = write(run->in, run->left.ptr, run->left.len);
    if (n > 0) {
        run->left.ptr += n;
        run->left.len -= (size_t)n;
    }
    if (run->left.len == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        shut(&run->in);
}

/* -1: too much. */
static int read_out(struct run *run)
{
    struct buf *out = &run->result->out;
    char *to = buf_reserve(out, READ_BYTES);
    if (!to)
        return -1;
    ssize_t n = read(run->out, to, READ_BYTES);
    if (n > 0)
        buf_commit(out, (size_t)n);
    else if (n == 0 || errno != EINTR)
        shut(&run->out);
    return out->len > COMMAND_MAX_BYTES ? -1 : 0;
}

static void read_err(struct run *run)
{
    char bytes[4096];
    ssize_t n = read(run->err, bytes, sizeof bytes);
    if (n == 0 || (n < 0 && errno != EINTR))
        shut(&run->err);
    for (ssize_t i = 0; i < n && !run->line_ended; i++) {
        run->line_ended = bytes[i] == '\n' && run->said > 0;
        if (run->said + 1 < sizeof run->result->said && (bytes[i] != '\n'))
            run->result->said[run->said++] = bytes[i];
    }
}

/* Serve its pipes until both that it writes to are closed. */
static enum command_end serve(struct run *run)
{
    while (run->out >= 0 || run->err >= 0) {
        int64_t left_us = run->deadline_us - clock_mono_us();
        if (left_us <= 0)
            return COMMAND_TIMED_OUT;
        if (signals_stop_requested())
            return COMMAND_STOPPED;
        struct pollfd fds[] = {{run->in, POLLOUT, 0},
                               {run->out, POLLIN, 0},
                               {run->err, POLLIN, 0},
                               {signals_fd(), POLLIN, 0}};
        if (poll(fds, 4, (int)(left_us / 1000) + 1) < 0 && errno != EINTR)
            return COMMAND_KILLED;
        if (fds[0].revents)
            write_some(run);
        if (fds[1].revents && read_out(run) < 0)
            return COMMAND_TOO_MUCH;
        if (fds[2].revents)
            read_err(run);
    }
    return COMMAND_EXITED;
}

/* It has closed its ends; true when it has ended too. */
static bool has_ended(struct run *run, int *status)
{
    while (clock_mono_us() < run->deadline_us && !signals_stop_requested()) {
        if (waitpid(run->pid, status, WNOHANG) == run->pid)
            return true;
        clock_sleep_ms(WAIT_MS);
    }
    return false;
}

static void finish(struct run *run, enum command_end end)
{
    struct command_result *result = run->result;
    int status = 0;
    shut(&run->in);
    if (end == COMMAND_EXITED && !has_ended(run, &status))
        end = signals_stop_requested() ? COMMAND_STOPPED : COMMAND_TIMED_OUT;
    if (end != COMMAND_EXITED) {
        kill(-run->pid, SIGKILL);
        while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
            ;
    } else if (WIFSIGNALED(status)) {
        end = COMMAND_KILLED;
    }
    result->end = end;
    result->status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

/* What goes into messages: one line of valid UTF-8 without control characters. */
static void clean(char *said, size_t len)
{
    len = utf8_valid_prefix((struct slice){said, len});
    said[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (iscntrl((unsigned char)said[i]))
            said[i] = ' ';
}

int command_run(const char *command, struct slice input, int64_t timeout_ms,
                struct command_result *result, struct err *err)
{
    struct run run = {.in = -1,
                      .out = -1,
                      .err = -1,
                      .left = input,
                      .deadline_us = clock_mono_us() + timeout_ms * 1000,
                      .result = result};
    *result = (struct command_result){.end = COMMAND_EXITED};
    buf_init(&result->out, COMMAND_MAX_BYTES + READ_BYTES); /* one look beyond */
    int rc = start(&run, command, err);
    if (rc == 0)
        finish(&run, serve(&run));
    clean(result->said, run.said);
    shut(&run.in);
    shut(&run.out);
    shut(&run.err);
    return rc;
}

void command_release(struct command_result *result)
{
    buf_release(&result->out);
}

const char *command_word(struct arena *arena, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:-";
    if (*word && !word[strspn(word, plain)])
        return word;
    char *quoted = arena_alloc(arena, 4 * strlen(word) + sizeof "''"); /* zeroed */
    char *to = quoted;
    *to++ = '\'';
    for (; *word; word++) {
        if (*word == '\'')
            to = stpcpy(to, "'\\'");
        *to++ = *word;
    }
    *to = '\'';
    return quoted;
}
