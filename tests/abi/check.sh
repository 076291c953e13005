#!/usr/bin/env bash
# What a program that was built against weir relies on is as it was: the symbols that the shared
# libraries export, the layout of the public structs, the numbers of the public constants, and the
# names of rules and errors. And the libraries export what the public headers declare, no more and
# no less.
#
#   check.sh [--update]      --update writes the golden files anew
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
update=0
case ${1:-} in
'') ;;
--update) update=1 ;;
*) echo "usage: check.sh [--update]" >&2; exit 2 ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
build=build/shared
if ! { cmake --preset release -B $build -DBUILD_SHARED_LIBS=ON -DWEIR_PROGRAM=OFF -DWEIR_TESTS=OFF \
    -DWEIR_BENCH=OFF && cmake --build $build; } >"$work/build.log" 2>&1; then
    tail -n 20 "$work/build.log" >&2
    echo "abi: the shared libraries do not build" >&2
    exit 1
fi

export LC_ALL=C
for library in $build/libweir*.so; do
    echo "# $(basename "$library")"
    nm --dynamic --defined-only --format=posix "$library" | awk '{ print $1, $2 }' | sort
done >"$work/symbols"
for kind in layout status; do
    python3 "$here/describe.py" $kind >"$work/$kind.c"
    gcc -std=c11 -Wall -Werror -Iinclude -o "$work/print-$kind" "$work/$kind.c" \
        $build/libweir.so -Wl,-rpath,"$PWD/$build"
    "$work/print-$kind" >"$work/$kind"
done

status=0
python3 "$here/describe.py" functions | sort >"$work/declared"
awk '$2 == "T" { print $1 }' "$work/symbols" | sort >"$work/exported"
if [ -n "$(comm -23 "$work/declared" "$work/exported")" ]; then
    echo "abi: declared in a public header, but in no library:" \
        $(comm -23 "$work/declared" "$work/exported") >&2
    status=1
fi
if [ -n "$(comm -13 "$work/declared" "$work/exported")" ]; then
    echo "abi: exported, but declared in no public header:" \
        $(comm -13 "$work/declared" "$work/exported") >&2
    status=1
fi
if grep -v -e '^#' -e '^weir_[a-z0-9_]* T$' "$work/symbols" >"$work/odd"; then
    echo "abi: exported, but no function with the prefix weir_:" $(cat "$work/odd") >&2
    status=1
fi
[ $status -eq 0 ] || exit $status

for kind in symbols layout status; do
    if [ $update = 1 ]; then
        cp "$work/$kind" "$here/$kind.golden"
        echo "$here/$kind.golden: $(wc -l <"$work/$kind") lines"
    elif ! diff -u --label "$kind.golden" --label now "$here/$kind.golden" "$work/$kind"; then
        status=1
    fi
done
if [ $status -ne 0 ]; then
    echo "abi: a line that went or changed breaks programs that were built before; if only lines" \
        "came, write them down with tests/abi/check.sh --update" >&2
elif [ $update = 0 ]; then
    echo "$(grep -c '^weir' "$work/symbols") symbols, $(grep -c '^weir' "$work/layout") types," \
        "$(grep -c '^WEIR' "$work/status") numbers: as they were"
fi
exit $status
