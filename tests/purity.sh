#!/usr/bin/env bash
# The core needs nothing but four memory functions of the C library, and has no variables.
#
#   purity.sh [libweir.a [FUNCTION...]]
#
# Further functions of the C library that the library may need can be named.
# Looked up in the optimized objects as they are shipped: what they leave undefined, and the size
# of every section that a program could write to. Read from the machine code: nm would read what
# gcc keeps beside it for optimizing across files, which knows neither malloc nor memset.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
library=${1:-build/release/libweir.a}
[ $# -eq 0 ] || shift
[ -f "$library" ] || { echo "purity: no library $library; build it first" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Compilers may call these four for plain C too. The table of offsets belongs to the linker.
printf '%s\n' memcmp memcpy memmove memset _GLOBAL_OFFSET_TABLE_ "$@" >"$work/allowed"
# Number, value, size, type, binding, visibility, section, name.
readelf --symbols --wide "$library" |
    awk '$1 ~ /^[0-9]+:$/ && $5 != "LOCAL" { print $7, $8 }' >"$work/symbols"
awk '$1 != "UND" { print $2 }' "$work/symbols" >"$work/own"
awk '$1 == "UND" { print $2 }' "$work/symbols" | sort -u >"$work/undefined"
[ -s "$work/own" ] || { echo "purity: no symbol was found in $library" >&2; exit 1; }
sort -u "$work/allowed" "$work/own" >"$work/known"
status=0

comm -23 "$work/undefined" "$work/known" >"$work/foreign"
if [ -s "$work/foreign" ]; then
    echo "purity: the core needs symbols from outside:" $(cat "$work/foreign")
    status=1
fi

if grep -v '^weir_' "$work/own" >"$work/unnamed"; then
    echo "purity: external symbols without the prefix weir_:" $(cat "$work/unnamed")
    status=1
fi

# .data.rel.ro holds constants with addresses in them: read-only once the program has started.
size --format=sysv "$library" | awk '
    / :/ || /ex / { object = $1 }
    $1 ~ /^\.(data|bss|tdata|tbss)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0 {
        printf "purity: %s has %d bytes of variables in %s\n", object, $2, $1
        bad = 1
    }
    END { exit bad }' || status=1
# A variable without a section yet.
if grep '^COM ' "$work/symbols" >"$work/common"; then
    echo "purity: the core has common variables:" $(cut -d' ' -f2 "$work/common")
    status=1
fi

objects=$(ar t "$library" | wc -l)
[ "$objects" -gt 0 ] || { echo "purity: $library is empty" >&2; exit 1; }
[ $status -ne 0 ] || echo "$objects objects, $(wc -l <"$work/own") external symbols; from outside:" \
    $(sort -u "$work/allowed" | comm -12 "$work/undefined" -)
exit $status
