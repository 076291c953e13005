#!/usr/bin/env bash
# Live differential test: draws random scenarios from a new seed, has the real upstream code decide
# them, and has weir decide them again. Any difference fails.
#
#   live.sh AREA WEIR_PROGRAM [--seed N] [--scale N]
#
# AREA is a folder beside this script; its file live-topics says what is recorded.
set -euo pipefail

usage() {
    echo "usage: live.sh AREA WEIR_PROGRAM [--seed N] [--scale N]" >&2
    exit 2
}

[ $# -ge 2 ] || usage
area=$1 weir=$2
shift 2
seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
scale=4
while [ $# -gt 0 ]; do
    [ $# -ge 2 ] || usage
    case $1 in
    --seed) seed=$2 ;;
    --scale) scale=$2 ;;
    *) usage ;;
    esac
    shift 2
done

# The seed comes first, so that no failure below can lose it.
repeat=$(printf '%q ' "$0" "$area" "$weir")"--seed $seed --scale $scale"
echo "live $area: seed $seed"
echo "live $area: to repeat: $repeat"

fail() {
    echo "live $area: FAILED: $1" >&2
    echo "live $area: to repeat: $repeat" >&2
    exit 1
}

command -v "$weir" >/dev/null || fail "no program $weir"
# Upstream's exp rounds otherwise on a processor without FMA, and so would the recordings.
if [ "$(uname -m)" != x86_64 ] || ! grep -qw fma /proc/cpuinfo; then
    fail "upstream decides like the vectors only on x86-64 with FMA"
fi
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

topics=$here/$area/live-topics
[ -f "$topics" ] || fail "no file $topics"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A line of live-topics: a variant of the recorder, then topics.
mapfile -t lines < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$topics")
[ ${#lines[@]} -gt 0 ] || fail "$topics lists nothing"

# Compiling the first recorder takes a minute; the modules of the others come in meanwhile.
for line in "${lines[@]:1}"; do
    go_in "${line%%[[:space:]]*}" list -deps . >/dev/null 2>&1 &
done

files=()
for line in "${lines[@]}"; do
    read -ra words <<<"$line"
    variant=${words[0]}
    echo "live $area: building and recording $variant"
    go_in "$variant" build -o "$work/recorder-$variant" . || fail "the recorder $variant does not build"
    "$work/recorder-$variant" -random -seed "$seed" -scale "$scale" -out "$work/$variant" \
        "${words[@]:1}" || fail "the recorder $variant failed"
    for topic in "${words[@]:1}"; do
        # A misspelt topic records nothing, and nothing would pass.
        [ -s "$work/$variant/$topic.jsonl" ] || fail "$variant recorded nothing for $topic"
        files+=("$work/$variant/$topic.jsonl")
    done
done
rm "$work"/recorder-*

echo "live $area: $(cat "${files[@]}" | wc -l) scenarios in ${#files[@]} files go to $weir"
status=0
"$weir" conform "${files[@]}" || status=$?
if [ "$status" -ne 0 ]; then
    trap - EXIT
    fail "$weir conform exited with status $status; the recordings stay in $work"
fi
echo "live $area: weir decided every scenario as upstream did (seed $seed, $SECONDS s)"
