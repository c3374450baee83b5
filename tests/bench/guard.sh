#!/usr/bin/env bash
# guard.sh - instructions that runs take, against those in guard.txt.
#
# usage: [UPDATE=1] tests/bench/guard.sh BUILD
#
# Counted under valgrind, so a busy machine does not matter; another libc or
# processor moves them by a few per cent, more than 5 % up fails.
set -u
build=$1 file=tests/bench/guard.txt failed=0
command -v valgrind >/dev/null || { echo 'SKIPPED bench-guard: valgrind is not there'; exit 0; }

count() {                       # NAME COMMAND...
    local name=$1 out n old
    shift
    out=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null "$@" 2>&1 >/dev/null) ||
        { echo "$name: $* fails"; failed=1; return; }
    n=$(awk '/Collected/ { print $NF }' <<<"$out")
    old=$(awk -v name="$name" '$1 == name { print $2 }' "$file" 2>/dev/null)
    if [ -n "${UPDATE:-}" ]; then
        echo "$name $n" >>"$file.new"
    elif [ -z "$old" ]; then
        echo "$name: $n, and no count to compare it with"; failed=1
    else
        awk -v name="$name" -v n="$n" -v old="$old" 'BEGIN {
            change = 100 * (n - old) / old
            printf "%-12s %12d %+7.2f %%%s\n", name, n, change, (change > 5) ? "  MORE" : ""
            exit (change > 5) }' || failed=1
    fi
}

run="$build/rollsim run -q -j 1 -n 1"
rm -f "$file.new"
count requests $run tests/bench/requests.yaml
count events $run tests/bench/requests.yaml --set 'images.*.departures=events'
count rollout $run tests/bench/rollout.yaml
count sample $run scenarios/sample.yaml --strategy rolling
count mm1 "$build/tests/bench/bench" -r 1 mm1
[ -z "${UPDATE:-}" ] || mv "$file.new" "$file"
exit $failed
