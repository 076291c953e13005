#!/usr/bin/env bash
# The digest of all decisions is the same from both compilers at three levels of optimization, for
# processors with fused multiply-add, with optimizing across files, and from memory that nobody has
# written, and from the library as two files; and it is the same as it was: digest.golden. So is
# that of queries, digest_promql.golden.
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
# use PROGRAM LAYER...: the program NAME.c, whose digest is in NAME.golden, and what it is linked to.
use() {
    program=$1
    shift
    sources=()
    for layer in "$@"; do
        for source in lib/$layer/*.c; do
            [ ! -f "$source" ] || sources+=("$source")
        done
    done
}
use_core() { use digest base window limits policy decide replay; }
use_promql() { use digest_promql promql; }
# As the build has it: without it, the digests of processors with fused multiply-add differ.
contract=$(grep -o -m 1 -e '-ffp-contract=[a-z]*' cmake/options.cmake || true)

# digest_of FILE COMPILER OPTION...
digest_of() {
    local file=$1
    shift
    "$@" -std=c11 $contract -Iinclude -Ilib -Itests/support -o "$work/digest" "$here/$program.c" \
        "${sources[@]}" && "$work/digest" >"$file"
}

if [ "${1:-}" = --update ]; then
    for part in use_core use_promql; do
        $part
        digest_of "$here/$program.golden" gcc -O2
        cat "$here/$program.golden"
    done
    exit
fi

status=0
# compare COMPILER OPTION...
compare() {
    if ! digest_of "$work/now" "$@"; then
        echo "digest: no digest from $*" >&2
        status=1
    elif diff -u --label "$program.golden" --label "$*" "$here/$program.golden" "$work/now"; then
        echo "$*: $(tail -n 1 "$work/now")"
    else
        status=1
    fi
}
compare_all() {
    for compiler in gcc clang; do
        for level in -O0 -O2 -O3; do
            compare $compiler $level
        done
    done
    compare gcc -O3 -flto
    if grep -qw fma /proc/cpuinfo && grep -qw avx2 /proc/cpuinfo; then
        for compiler in gcc clang; do
            compare $compiler -O3 -march=haswell
        done
    else
        echo "not compared: -march=haswell, which this processor cannot run"
    fi
    compare clang -O1 -g -fsanitize=memory -fsanitize-memory-track-origins -fno-sanitize-recover=all
}
for part in use_core use_promql; do
    $part
    compare_all
done

# The two files say themselves what they need of the compiler: here they get no option for it.
python3 tools/amalgamate.py "$work"
program=digest
sources=("$work/weir.o")
echo "as two files:"
for compiler in gcc clang; do
    $compiler -O2 -march=native -c -o "$work/weir.o" "$work/weir.c"
    compare $compiler -O2 -march=native
done
exit $status
