#!/usr/bin/env bash
# The same decisions on every machine: 64 and 32 bits, either order of bytes, two C libraries, with
# fused multiply-add and without. The conformance vectors must match there, with the same bits in
# every answer, and the digest of random lives must be the golden one. The library is compiled as two
# files by cross compilers, and qemu runs what they made; tests/cross/json*.c is the JSON reader of
# machines that have none to link.
#
#   run.sh [TARGET...]
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."

# Name, compiler, what runs its programs. The first is what the others are compared with.
targets() {
    cat <<'END'
x86_64  gcc                      env
musl    musl-gcc                 env
aarch64 aarch64-linux-gnu-gcc    qemu-aarch64
riscv64 riscv64-linux-gnu-gcc    qemu-riscv64
s390x   s390x-linux-gnu-gcc      qemu-s390x
armhf   arm-linux-gnueabihf-gcc  qemu-arm
END
}

# build_and_run NAME COMPILER RUNNER: leaves what was printed in $work/NAME.*
build_and_run() {
    local name=$1 compiler=$2 runner=$3 dir=$work/$1.build vectors
    # The program that runs vectors computes nothing, so it is compiled fast.
    local program=(-std=c11 -O1 -static -ffp-contract=off -Iinclude)
    mkdir "$dir"
    # The two files get no more than an embedder would give them.
    "$compiler" -O2 -c -o "$dir/weir.o" "$work/weir.c"
    "$compiler" -O2 -c -o "$dir/weir_promql.o" "$work/weir_promql.c"
    "$compiler" "${program[@]}" -Itests/support -o "$dir/digest" tests/digest/digest.c "$dir/weir.o"
    # Of manifests and scalers all but YAML.
    # shellcheck disable=SC2046 # names without blanks
    "$compiler" "${program[@]}" -D_XOPEN_SOURCE=700 -I"$here/include" -Itools/weir \
        -ffunction-sections -fdata-sections -Wl,--gc-sections,--wrap=conform_answer \
        -o "$dir/conform" "$here"/*.c $(printf '%s\n' lib/manifest/*.c | grep -v /yaml) \
        lib/prometheus/*.c $(printf '%s\n' lib/scaler/*.c | grep -v /yaml) \
        tools/weir/{conform*,csv_value,options,series_memory,zone}.c "$dir"/weir*.o -lm
    mapfile -t vectors <"$work/vectors"
    "$runner" "$dir/digest" >"$work/$name.digest"
    "$runner" "$dir/conform" "${vectors[@]}" >"$work/$name.answers"
}

if [ "${1:-}" = --one ]; then
    work=$2
    shift 2
    exec 3>&2 2>"$work/$1.errors"
    trap '[ $? -eq 0 ] || head -n 12 "$work/$1.errors" >&3' EXIT
    build_and_run "$@"
    exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 tools/amalgamate.py "$work"
# KServe's vectors are manifests in YAML, for which there is no library either; so are some answers.
sed 's/#.*//; /^$/d; /^kserve/d' tests/conformance/matching | while read -r pattern; do
    # shellcheck disable=SC2086 # a pattern
    ls tests/conformance/$pattern
done >"$work/vectors"
mkdir "$work/keda"
grep -v '"format":"yaml"' tests/conformance/keda/metrics_api.jsonl >"$work/keda/metrics_api.jsonl"
sed -i "s|^tests/conformance/\(keda/metrics_api.jsonl\)\$|$work/\1|" "$work/vectors"

targets | while read -r name compiler runner; do
    if [ $# -eq 0 ] || [ "$name" = x86_64 ] || printf '%s\n' "$@" | grep -qx "$name"; then
        echo "$name $compiler $runner"
    fi
done >"$work/targets"
status=0
xargs -n 3 -P "$(nproc)" "$here/run.sh" --one "$work" <"$work/targets" || status=1

# differs FILE FILE: shows where, and remembers.
differs() {
    diff -u "$1" "$2" | head -n 20 >&2 || true
    cmp -s "$1" "$2" || status=1
}
while read -r name _; do
    if ! [ -s "$work/$name.answers" ]; then
        echo "cross: $name gave no answer" >&2
        status=1
        continue
    fi
    differs tests/digest/digest.golden "$work/$name.digest"
    differs "$work/x86_64.answers" "$work/$name.answers"
    printf '%-8s %s; random lives %s\n' "$name" "$(tail -n 1 "$work/$name.answers")" \
        "$(awk 'END { print $2 }' "$work/$name.digest")"
done <"$work/targets"
exit $status
