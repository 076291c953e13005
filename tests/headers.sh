#!/usr/bin/env bash
# Every public header compiles by itself and when it is included twice, in every version of C and
# C++ that a user may have, with both compilers, without a warning or padding in any struct.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
warnings=(-Wall -Wextra -Wpedantic -Wpadded -Werror)
count=0 failed=0

# check COMPILER STANDARD FILE
check() {
    count=$((count + 1))
    if ! "$1" "-std=$2" "${warnings[@]}" -Iinclude -fsyntax-only "$3" 2>"$work/errors"; then
        echo "headers: $1 -std=$2 fails on:" $(grep include "$3")
        head -n 8 "$work/errors"
        failed=$((failed + 1))
    fi
}

for header in include/weir/*.h include/weir/*.hpp; do
    [ -f "$header" ] || continue
    name=weir/${header##*/}
    # A declaration of its own, since a pedantic compiler refuses an empty file.
    printf '#include <%s>\nextern int nothing;\n' "$name" >"$work/once.c"
    printf '#include <%s>\n#include <%s>\nextern int nothing;\n' "$name" "$name" >"$work/twice.c"
    cp "$work/once.c" "$work/once.cc"
    cp "$work/twice.c" "$work/twice.cc"
    for times in once twice; do
        if [ "${header##*.}" = h ]; then
            for standard in c99 c11; do
                check gcc $standard "$work/$times.c"
                check clang $standard "$work/$times.c"
            done
        fi
        for standard in c++11 c++14 c++17 c++20; do
            check g++ $standard "$work/$times.cc"
            check clang++ $standard "$work/$times.cc"
        done
    done
done
echo "$count compilations, $failed failed"
[ "$count" -gt 0 ] && [ "$failed" -eq 0 ]
