#!/usr/bin/env bash
# What a decision costs from Go: the fastest of several runs on one core, in nanoseconds, beside the same
# decision in a loop of C, and beside upstream's own step of the same kind.
#
#   bench.sh [RUNS]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
go=$(tests/upstream/toolchain.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd bindings/go && GOTOOLCHAIN=local GOFLAGS=-buildvcs=false "$go" test -tags weirbench -run '^$' -bench . \
    -cpu 1 -count "${1:-100}" -benchtime 10000x .) >"$work/out"
awk '/^Benchmark/ {
    split(substr($1, 10), part, "/"); name = part[1]; side = part[2]; ns = $3
    if (!(name in seen)) { seen[name]; order[++n] = name }
    if (!((name, side) in best) || ns < best[name, side]) best[name, side] = ns
}
END {
    printf "%-20s %8s %8s %8s\n", "", "Go", "C", "more"
    for (i = 1; i <= n; i++)
        printf "%-20s %8.1f %8.1f %8.1f\n", order[i], best[order[i], "go"], best[order[i], "c"], best[order[i], "go"] - best[order[i], "c"]
    exit n == 0
}' "$work/out"
echo "upstream, ns and allocations:"
tests/upstream/bench.sh kpa '^BenchmarkDecideLinear60$|^BenchmarkScaleStep$'
tests/upstream/bench.sh hpa '^BenchmarkReconcile$'
