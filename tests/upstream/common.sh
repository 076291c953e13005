# shellcheck shell=bash
# For live.sh and bench.sh, which source it with area set: where the recorder is, and how to run Go.
# One set of flags for both, so that neither compiles the dependencies of the other again.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ ! -f "$here/${area:?}/go.mod" ]; then
    echo "no recorder $here/$area" >&2
    exit 2
fi
go=$("$here/toolchain.sh")

# The reference build, whatever the user's own settings are: upstream's numbers are those of
# linux/amd64 without fused multiply and add. No debugging data, for a shorter cold build.
unset GOEXPERIMENT
export GOTOOLCHAIN=local GOWORK=off GOOS=linux GOARCH=amd64 GOAMD64=v1 CGO_ENABLED=0
export GOFLAGS="-buildvcs=false -gcflags=all=-dwarf=false -ldflags=-w"

# go_in VARIANT COMMAND ARG...: runs go in the recorder's folder. The variant "main" is its go.mod;
# any other NAME is NAME.mod, built with the tag NAME.
go_in() {
    local variant=$1 command=$2 flags=()
    shift 2
    [ "$variant" = main ] || flags=("-modfile=$variant.mod" "-tags=$variant")
    (cd "$here/$area" && "$go" "$command" "${flags[@]}" "$@")
}
