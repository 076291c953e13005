#!/usr/bin/env bash
# The digest of all decisions is the same from both compilers at three levels of optimization, and
# the same as it was: digest.golden.
#
#   run.sh [--update]      --update writes the golden file, from gcc -O2
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
case ${1:-} in
'' | --update) ;;
*) echo "usage: run.sh [--update]" >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sources=()
for layer in base window limits policy decide replay; do
    for source in lib/$layer/*.c; do
        [ ! -f "$source" ] || sources+=("$source")
    done
done

# digest_of COMPILER LEVEL FILE
digest_of() {
    "$1" -std=c11 "$2" -ffp-contract=off -Iinclude -Ilib -Itests/support -o "$work/digest" \
        "$here/digest.c" "${sources[@]}"
    "$work/digest" >"$3"
}

if [ "${1:-}" = --update ]; then
    digest_of gcc -O2 "$here/digest.golden"
    cat "$here/digest.golden"
    exit
fi
status=0
for compiler in gcc clang; do
    for level in -O0 -O2 -O3; do
        digest_of $compiler $level "$work/now"
        if diff -u --label digest.golden --label "$compiler $level" "$here/digest.golden" "$work/now"; then
            echo "$compiler $level: $(tail -n 1 "$work/now")"
        else
            status=1
        fi
    done
done
exit $status
