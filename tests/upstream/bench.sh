#!/usr/bin/env bash
# Upstream's own speed, for a program to read: a line "name ns_per_op allocs" for each benchmark of
# the recorder of AREA (whose names match PATTERN), the fastest of five runs on one core.
#
#   bench.sh AREA [PATTERN]
set -euo pipefail

if [ $# -lt 1 ]; then
    echo "usage: bench.sh AREA [PATTERN]" >&2
    exit 2
fi
area=$1
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go_in main test -c -o "$work/bench" . >&2

cd "$here/$area"
if ! "$work/bench" -test.run '^$' -test.bench "${2:-.}" -test.benchmem -test.cpu 1 \
    -test.count 5 -test.benchtime 100ms >"$work/out"; then
    cat "$work/out" >&2
    exit 1
fi
awk '
/^Benchmark/ {
    name = substr($1, 10)
    cpu = 0
    for (i = 3; i < NF; i += 2) {
        if ($(i + 1) == "ns/op") ns = $i + 0
        if ($(i + 1) == "cpu-ns/op") cpu = $i + 0
        if ($(i + 1) == "allocs/op") allocs = $i
    }
    if (cpu > 0) ns = cpu # where the benchmark itself counts the time of the processor
    if (!(name in best)) { order[++n] = name; best[name] = ns }
    if (ns <= best[name]) { best[name] = ns; count[name] = allocs }
}
END {
    for (i = 1; i <= n; i++) print order[i], best[order[i]], count[order[i]]
    exit n == 0
}' "$work/out"
