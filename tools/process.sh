# shellcheck shell=bash
# Ports and processes, for tools/kafka and tools/postgres.
# free_port [HOW_MANY]: the first of HOW_MANY neighbouring ports of 127.0.0.1 on which nobody listens. Taken from below
# the range the kernel gives to outgoing connections, so none of those can snatch it.

free_port() {
    local many=${1:-1} port next
    while :; do
        port=$((15000 + (RANDOM * 32768 + RANDOM) % 17000))
        for ((next = port; next < port + many; next++)); do
            if (exec 3<>"/dev/tcp/127.0.0.1/$next") 2>/dev/null; then continue 2; fi
        done
        echo "$port"
        return
    done
}

# A process that has ended but was not yet reaped by its parent does not count.
running() {
    grep -qs '^State:[[:space:]]*[^Z[:space:]]' "/proc/$1/status"
}

# keep PIDFILE LOG COMMAND...: runs COMMAND behind this script, its words into LOG, and notes its process id. A keeper
# stays as its parent, so that it is reaped at once when it ends, and ends it when process OWNER_PID has gone: a killed
# test leaves nothing. The keeper has a session of its own: what ends the test's process group must not end it.
keep() {
    rm -f "$1"
    : >"$2"
    # Appended to: what is left of one that was killed would write far behind the new one's words.
    setsid bash "${BASH_SOURCE[0]}" "$@" </dev/null >>"$2" 2>&1 &
    until [ -e "$1" ]; do sleep 0.01; done
}

keeper() {
    local pidfile=$1
    shift 2
    setsid "$@" &
    echo $! >"$pidfile.new"
    mv "$pidfile.new" "$pidfile"
    while running $!; do
        [ -z "${OWNER_PID:-}" ] || running "$OWNER_PID" || kill -KILL $!
        sleep 0.5
    done
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then keeper "$@"; fi
