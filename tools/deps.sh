# shellcheck shell=bash
# What weir's scripts need and a bare Debian 12 lacks. Sourced by ./demo and ./check:
#     . tools/deps.sh
#     need build demo          # or: need build demo check
# Each need is listed, then only what is missing is installed. A second run finds everything and does nothing.
# Debian packages come through apt-get (as root, or with sudo); the rest goes below .deps in the checkout.

WEIR_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
DEPS=$WEIR_ROOT/.deps
KAFKA_VERSION=${KAFKA_VERSION:-4.1.1}
VENV=$DEPS/venv
PYTHON=$VENV/bin/python

packages_build="gcc libc6-dev pkg-config meson ninja-build librdkafka-dev libpq-dev libfyaml-dev libmicrohttpd-dev libisal-dev libssl-dev"
packages_demo="openjdk-17-jre-headless maven postgresql-15 postgresql-client-15 util-linux"
packages_check="python3 python3-venv clang clang-tidy clang-format llvm libclang-rt-14-dev cppcheck libcmocka-dev openjdk-17-jdk-headless kcat pgbouncer docker-compose jq openssl"

# Every command that a script runs for the user is said first, in words that a shell would take again.
say_command() {
    local word
    printf +
    for word in "$@"; do
        case $word in
        '' | *[!A-Za-z0-9_./:=,@%+-]*) printf ' %s' "${word@Q}" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
}

run() {
    say_command "$@"
    "$@"
}

# logged FILE COMMAND...: the same for a talkative command, whose last words are shown only when it fails.
logged() {
    local log=$1
    shift
    say_command "$@"
    "$@" >"$log" 2>&1 || {
        tail -20 "$log" >&2
        echo "weir: failed: $* (all it said: $log)" >&2
        return 1
    }
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "weir: this needs root, and there is no sudo; as root, run: $*" >&2
        return 1
    fi
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# A PostgreSQL that came from elsewhere, of any version, serves as well.
have_package() {
    installed "$1" && return
    case $1 in
    postgresql-15) compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ;;
    postgresql-client-15) command -v psql >/dev/null ;;
    *) false ;;
    esac
}

# Installing the server must not create or start a cluster on 5432. Where postgresql-common is there already, its
# configuration is the administrator's and stays as it is.
keep_postgresql_quiet() {
    local conf=/etc/postgresql-common/createcluster.conf
    installed postgresql-common && return
    [ -e "$conf" ] && return
    run as_root mkdir -p "$(dirname "$conf")"
    run as_root sh -c "echo 'create_main_cluster = false' >$conf"
}

# No service starts because we installed it (pgbouncer's package would). A policy that is there already is kept.
quiet_apt_install() {
    local policy=/usr/sbin/policy-rc.d ours="" status=0
    if [ ! -e "$policy" ]; then
        run as_root sh -c "printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy"
        ours=1
    fi
    logged "$DEPS/apt.log" as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends \
        -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" || status=$?
    if [ -n "$ours" ]; then run as_root rm -f "$policy"; fi
    return "$status"
}

need_packages() {
    local package missing=()
    for package in "$@"; do
        have_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    echo "Debian packages to install: ${missing[*]}"
    logged "$DEPS/apt.log" as_root apt-get update -q || echo "weir: going on with the package lists there are" >&2
    case " ${missing[*]} " in *" postgresql"*) keep_postgresql_quiet ;; esac
    quiet_apt_install "${missing[@]}"
}

# need_python FILE: a virtual environment that holds what FILE lists.
need_python() {
    local file=$1 stamp
    stamp=$VENV/.has-$(sha256sum <"$file" | cut -c1-16)
    [ -e "$stamp" ] && return
    echo "Python packages to install into .deps/venv: $(grep -hv '^-' "$file" | tr '\n' ' ')"
    [ -x "$PYTHON" ] || run /usr/bin/python3 -m venv "$VENV"
    run "$PYTHON" -m pip install -q --disable-pip-version-check -r "$file"
    touch "$stamp"
}

need_kafka() {
    local lib=$DEPS/kafka-$KAFKA_VERSION
    [ -e "$lib/.complete" ] && return
    echo "Java archives to install into .deps: Apache Kafka $KAFKA_VERSION"
    logged "$DEPS/maven.log" mvn -q -B -f "$WEIR_ROOT/tools/kafka-pom.xml" "-Dkafka.version=$KAFKA_VERSION" \
        dependency:copy-dependencies -DincludeScope=runtime "-DoutputDirectory=$lib"
    touch "$lib/.complete"
}

# need GROUP...: build, demo, check.
need() {
    local group packages=()
    mkdir -p "$DEPS"
    for group in "$@"; do
        local list="packages_$group"
        echo "$group needs: ${!list}"
        # shellcheck disable=SC2206
        packages+=(${!list})
    done
    need_packages "${packages[@]}"
    case " $* " in
    *" check "*)
        echo "check needs, in .deps: Apache Kafka $KAFKA_VERSION, tests/requirements.txt"
        need_kafka
        need_python "$WEIR_ROOT/tests/requirements.txt"
        ;;
    *" demo "*)
        echo "demo needs, in .deps: Apache Kafka $KAFKA_VERSION"
        need_kafka
        ;;
    esac
}
