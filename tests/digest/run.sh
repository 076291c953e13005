#!/usr/bin/env bash
# The digest of all decisions is the same from both compilers without optimization and with most of it
# for processors with fused multiply-add, with optimizing across files, from memory that nobody has
# written, and from the library as two files at -O2; and it is the same as it was: digest.golden. So
# is that of queries, digest_promql.golden.
#
#   run.sh [--update]      --update writes the golden files, from gcc -O2
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

# As the build has it: without it, the digests of processors with fused multiply-add differ.
contract=$(grep -o -m 1 -e '-ffp-contract=[a-z]*' cmake/options.cmake || true)

# sources_of PROGRAM: what it is compiled from; the program NAME.c has its digest in NAME.golden.
sources_of() {
    case $1 in
    digest) find lib/{base,window,limits,policy,decide,replay} -name '*.c' | sort ;;
    digest_promql) find lib/promql -name '*.c' | sort ;;
    esac
    echo "$here/$1.c"
}

# digest_of PROGRAM COMPILER OPTION...: prints it
digest_of() {
    local program=$1 binary status=0
    shift
    binary=$(mktemp)
    # shellcheck disable=SC2046,SC2086 # names without blanks; an option or none
    "$@" -std=c11 $contract -Iinclude -Ilib -Itests/support -o "$binary" $(sources_of "$program") &&
        "$binary" || status=1
    rm -f "$binary"
    return $status
}

# compare TITLE GOLDEN COMMAND...: what the command prints with what is golden, told in one piece
compare() {
    local title=$1 golden=$2 now status=0
    shift 2
    now=$(mktemp)
    if ! "$@" >"$now"; then
        echo "digest: no digest from $title" >&2
        status=1
    elif diff -u --label "$(basename "$golden")" --label "$title" "$golden" "$now"; then
        echo "$title: $(tail -n 1 "$now")"
    else
        status=1
    fi
    rm -f "$now"
    return $status
}

# two_files COMPILER DIR: they say themselves what they need of the compiler and get no option for it
two_files() {
    local dir=$2/$1
    mkdir "$dir"
    "$1" -O2 -march=native -c -o "$dir/weir.o" "$2/weir.c"
    "$1" -O2 -march=native -std=c11 $contract -Iinclude -Ilib -Itests/support -o "$dir/digest" \
        "$here/digest.c" "$dir/weir.o"
    "$dir/digest"
}

# A line for each run: the program and its compiler with options.
runs() {
    local program compiler level
    for program in digest_promql digest; do
        # The slowest first, so that no processor waits for it at the end.
        echo "$program clang -O1 -g -fsanitize=memory -fsanitize-memory-track-origins -fno-sanitize-recover=all"
        echo "$program gcc -O3 -flto=1"
        for compiler in gcc clang; do
            for level in -O0 "-O3 $haswell"; do
                echo "$program $compiler $level"
            done
        done
    done
}

case ${1:-} in
'') ;;
--update)
    for program in digest digest_promql; do
        digest_of $program gcc -O2 >"$here/$program.golden"
        cat "$here/$program.golden"
    done
    exit
    ;;
--one)
    shift
    compare "$*" "$here/$1.golden" digest_of "$@"
    exit
    ;;
--two-files)
    compare "digest of two files, $2 -O2 -march=native" "$here/digest.golden" two_files "$2" "$3"
    exit
    ;;
*)
    echo "usage: run.sh [--update]" >&2
    exit 2
    ;;
esac

haswell=
if grep -qw fma /proc/cpuinfo && grep -qw avx2 /proc/cpuinfo; then
    haswell=-march=haswell
else
    echo "not compared: -march=haswell, which this processor cannot run"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 tools/amalgamate.py "$work"
{
    runs | sed 's/^/--one /'
    printf -- '--two-files %s '"$work"'\n' gcc clang
} | xargs -L 1 -P "$(nproc)" "$here/run.sh"
