# shellcheck shell=bash
# What ./check and tests/chaos/sanitizers are made of: sections, each with its log, count and time in $out, and the
# builds that they run. Sourced, after tools/deps.sh and with out=FOLDER set:
#     . tools/sections.sh

# section NAME COMMAND...: runs the command, notes and prints what came of it. The command may leave counts of its own
# in $out/NAME.count; otherwise the section counts as one.
section() {
    local name=$1 started=$SECONDS status=0 passed failed
    shift
    rm -f "$out/$name".*
    ("$@") >"$out/$name.log" 2>&1 </dev/null || status=$?
    if [ -e "$out/$name.count" ]; then
        read -r passed failed <"$out/$name.count"
        if [ "$status" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi
    else
        passed=$((status == 0)) failed=$((status != 0))
    fi
    printf '%-14s %4d passed %3d failed %5d s\n' "$name" "$passed" "$failed" $((SECONDS - started))
    if [ "$failed" -ne 0 ]; then
        tail -40 "$out/$name.log" | sed 's/^/    /'
        echo "    (all of it: ${out#"$PWD/"}/$name.log)"
    fi
    echo "$passed $failed" >"$out/$name.result"
}

# build DIR OPTION...: compiles everything. The options of a folder that exists are not looked at again.
build() {
    local folder=$1
    shift
    [ -e "$folder/build.ninja" ] || run meson setup "$folder" "$@" || return
    run ninja -C "$folder"
}

# unit NAME DIR [OPTION...]: the unit tests of a build.
unit() {
    local name=$1 folder=$2 status=0
    shift 2
    # A wrapper's name becomes part of the log's.
    rm -f "$folder"/meson-logs/testlog*.junit.xml
    run meson test -C "$folder" --no-rebuild --print-errorlogs "$@" || status=$?
    tools/count-junit "$folder"/meson-logs/testlog*.junit.xml >"$out/$name.count"
    return "$status"
}

# Two halves of the end-to-end tests side by side, a file going to whoever is free, each half with servers of its own:
# most of their time they wait for something.
halves=(-n 2 --dist loadfile --no-loadscope-reorder)

# e2e NAME DIR [OPTION...]: the end-to-end tests with the program of a build.
e2e() {
    local name=$1 folder=$2 status=0
    shift 2
    WEIR_BINARY=$PWD/$folder/weir run "$PYTHON" -m pytest -c tests/pytest.ini --junitxml "$out/$name.xml" "$@" || status=$?
    tools/count-junit "$out/$name.xml" >"$out/$name.count"
    return "$status"
}

# Debian's librdkafka makes its threads and locks by C11's calls, which the thread sanitizer does not know; a shim turns
# them into those it knows. Races inside the library itself are not ours to judge (tests/tsan.supp).
thread_shim() {
    run cc -O1 -Wall -Werror -shared -fPIC -o build-tsan/threads.so tests/e2e/shims/threads.c
}

# with_threads COMMAND...: with the shim in front of every program under test.
with_threads() {
    section tsan-shim thread_shim
    export WEIR_PRELOAD=$PWD/build-tsan/threads.so
    "$@"
    unset WEIR_PRELOAD
}

# Compilers see faults that are not there in what sanitizers add: their warnings are left to the release build.
build_asan() {
    section build-asan build build-asan -Dbuildtype=debugoptimized -Dwerror=false -Db_sanitize=address,undefined
}

build_tsan() {
    section build-tsan build build-tsan -Dbuildtype=debugoptimized -Dwerror=false -Db_sanitize=thread
}

# fuzz TARGET: $FUZZ_SECONDS (30) of it.
fuzz() {
    local target=$1 name
    name=$(basename "$target")
    mkdir -p "$out/corpus/$name"
    run "$target" -max_total_time="${FUZZ_SECONDS:-30}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$out/$name-" \
        "$out/corpus/$name" $(compgen -G "tests/fuzz/corpus/${name#fuzz_}" || true)
}

fuzz_all() {
    local target
    grep -qs "'fuzz'" meson_options.txt meson.options || { echo "no fuzz targets in this tree: section left out"; return; }
    CC=clang section build-fuzz build build-fuzz -Dfuzz=true -Dwerror=false -Dbuildtype=debugoptimized \
        -Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fsanitize=fuzzer-no-link
    passed build-fuzz || return 0
    for target in build-fuzz/tests/fuzz/fuzz_*; do
        if [ -f "$target" ] && [ -x "$target" ]; then section "$(basename "$target")" fuzz "$target"; fi
    done
}

# passed NAME: whether the section has passed; waits for its end if the other lane runs it.
passed() {
    until [ -e "$out/$1.result" ]; do sleep 1; done
    grep -q ' 0$' "$out/$1.result"
}

# sum_up: all sections' counts as the last line; 1 if anything failed.
sum_up() {
    local passed failed
    read -r passed failed <<<"$(cat "$out"/*.result | awk '{ p += $1; f += $2 } END { print p + 0, f + 0 }')"
    echo "took $((SECONDS / 60)) min $((SECONDS % 60)) s"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}

export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export LSAN_OPTIONS=suppressions=$PWD/tests/lsan.supp:print_suppressions=0
export TSAN_OPTIONS=suppressions=$PWD/tests/tsan.supp:second_deadlock_stack=1
