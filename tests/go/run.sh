#!/usr/bin/env bash
# The binding for Go: that its two files are still those of the library, its sources laid out and sound,
# its tests under the race detector, its examples, and a program of somebody else's that uses it.
#
#   run.sh            all but what takes a cluster's own code: see tests/go/cluster.sh
#   run.sh --strict   and what cgo checks of pointers only when it is asked to
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
root=$PWD
go=$(tests/upstream/toolchain.sh)
gofmt=$(dirname "$go")/gofmt
export GOTOOLCHAIN=local GOWORK=off GOFLAGS=-buildvcs=false CGO_ENABLED=1
unset GOEXPERIMENT

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 tools/amalgamate.py --check bindings/go

unformatted=$("$gofmt" -l bindings/go examples/go examples/go-controller)
if [ -n "$unformatted" ]; then
    printf 'go: not as gofmt lays it out: %s\n' "${unformatted//$'\n'/, }" >&2
    exit 1
fi

# gcc hurries, as what is decided is the same at every level. The race detector is where the threads are:
# Kubernetes' packages take minutes to compile for it.
export CGO_CFLAGS=-O0
(cd bindings/go && "$go" vet -race ./... && "$go" test -race ./...)
(cd bindings/go/k8s && "$go" vet ./... && "$go" test ./...)
if [ "${1:-}" = --strict ]; then
    (cd bindings/go && GOEXPERIMENT=cgocheck2 "$go" test .)
fi

(cd examples/go && "$go" vet ./... && "$go" build -o "$work/" ./...)
for source in examples/go/*/main.go; do
    name=$(basename "$(dirname "$source")")
    "$work/$name" | diff -u "examples/go/$name/output.txt" - >&2 || {
        echo "go: the example $name prints something else" >&2
        exit 1
    }
done

# As a user has it: a module elsewhere, weir by its folder, nothing else in reach.
mkdir "$work/user"
cp examples/go/kpa/main.go "$work/user"
(
    cd "$work/user"
    "$go" mod init user
    "$go" mod edit -require weir/bindings/go@v0.0.0 -replace weir/bindings/go="$root/bindings/go"
    unset CGO_CFLAGS
    GOPROXY=off "$go" build -o user .
) >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    exit 1
}
"$work/user/user" | diff -u examples/go/kpa/output.txt - >&2
echo "go: the binding, its adapter, and $(find examples/go -name main.go | wc -l) examples"
