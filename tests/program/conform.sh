#!/bin/sh
# Holds `weir conform` to what it says: what matches, what does not, what is no scenario.
#   conform.sh WEIR
set -u
weir=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"
mkdir "$work/area"
file=$work/area/topic.jsonl

# scenario OP CONFIG STEPS: one line of the file, of a Knative operation.
scenario() {
    printf '{"name":"one","upstream":"knative.dev/serving v0.51.0","op":"%s","config":%s,"epoch_s":1700000000,"steps":[%s]}\n' \
        "$1" "$2" "$3"
}

maximum='{"duration":5000000000,"granularity":1000000000}'
window='{"algorithm":"linear","window":5000000000,"granularity":1000000000}'
decider='{"ScalingMetric":"concurrency","TargetValue":10,"TotalValue":10,"TargetBurstCapacity":211,"ActivatorCapacity":100,"PanicThreshold":2,"MaxScaleUpRate":10,"MaxScaleDownRate":2,"StableWindow":60000000000,"ScaleDownDelay":0,"InitialScale":1,"ActivationScale":0,"Reachable":true}'

# largest VALUE WANT: a step of max_window; sum VALUE WANT: a step of window.
largest() {
    printf '{"t":0,"do":"record","value":%s,"want":%s}' "$1" "$2"
}
sum() {
    printf '{"t":0,"do":"record","value":%s,"want":%s}' "$1" "$2"
}

# steps NAME CODE PATTERN OP CONFIG STEPS
steps() {
    name=$1 code=$2 pattern=$3
    scenario "$4" "$5" "$6" >"$file"
    expect "$name" "$code" "$pattern" "$weir" conform "$file"
}

# ---- what is equal --------------------------------------------------------------------------
steps 'all is equal' 0 '^area/topic: matched 1 of 1$' max_window "$maximum" "$(largest 3 '{"current":3}')"
steps 'a mismatch' 1 '^  one step 0 current: wanted 4, got 3$' max_window "$maximum" "$(largest 3 '{"current":4}')"
steps 'the second of two steps' 1 '^  one step 1 current: wanted 2, got 3$' max_window "$maximum" \
    "$(largest 3 '{"current":3}'),$(largest 1 '{"current":2}')"
steps 'half of the steps' 1 'matched 1 of 2$' max_window "$maximum" \
    "$(largest 3 '{"current":3}'),$(largest 1 '{"current":2}')"
steps 'a member that weir does not give' 1 'one step 0 more: wanted null, got nothing' \
    max_window "$maximum" "$(largest 3 '{"current":3,"more":null}')"
steps 'a member that is not wanted' 0 'matched 1 of 1' window "$window" "$(sum 1 '{"average":1}')"
steps 'no want' 1 'step 0 want: wanted nothing, got' max_window "$maximum" '{"t":0,"do":"read"}'
steps 'a want that is no object' 1 'step 0 want: wanted \[3\], got' max_window "$maximum" "$(largest 3 '[3]')"
steps 'a number as a text' 1 'current: wanted "3", got 3$' max_window "$maximum" "$(largest 3 '{"current":"3"}')"
steps 'a bool for a number' 1 'empty: wanted 0, got false' window "$window" "$(sum 1 '{"empty":0}')"
steps 'the other bool' 1 'empty: wanted true, got false' window "$window" "$(sum 1 '{"empty":true}')"
steps 'the last bit' 1 'average: wanted 0.30000000000000004, got 0.3$' window "$window" \
    "$(sum 0.3 '{"average":0.30000000000000004}')"
steps 'no minus before zero' 1 'average: wanted -0, got 0$' window "$window" "$(sum 0 '{"average":-0}')"
steps 'a minus before zero' 1 'average: wanted 0, got -0$' window "$window" "$(sum -0.0000001 '{"average":0}')"
steps 'both with a minus' 0 'matched 1 of 1' window "$window" "$(sum -0.0000001 '{"average":-0}')"
steps 'NaN is NaN' 0 'matched 1 of 1' window "$window" "$(sum '"NaN"' '{"average":"NaN"}')"
steps 'NaN is no number' 1 'average: wanted 0, got "NaN"' window "$window" "$(sum '"NaN"' '{"average":0}')"
steps 'infinities' 0 'matched 1 of 1' window "$window" "$(sum '"-Inf"' '{"average":"-Inf"}')"
steps 'infinities differ' 1 'wanted "\+Inf", got "-Inf"' window "$window" "$(sum '"-Inf"' '{"average":"+Inf"}')"
steps 'a large double' 0 'matched 1 of 1' window "$window" "$(sum 1e300 '{"average":1e300}')"
# 2^53 + 1 as a number would be 2^53.
steps 'times beyond 2^53' 0 'matched 1 of 1' decider "$decider" \
    '{"t":"9007199254740993","do":"create","ready":2,"want":{"panic_since":"9007199254740993","max_panic_pods":2}}'
steps 'times beyond 2^53 differ' 1 'wanted "9007199254740995", got "9007199254740993"' decider "$decider" \
    '{"t":"9007199254740993","do":"create","ready":2,"want":{"panic_since":"9007199254740995"}}'
steps 'null is null' 0 'matched 1 of 1' decider "$decider" \
    '{"t":0,"do":"create","ready":1,"want":{"panic_since":null,"max_panic_pods":1}}'
steps 'null is no number' 1 'panic_since: wanted 0, got null' decider "$decider" \
    '{"t":0,"do":"create","ready":1,"want":{"panic_since":0}}'
steps 'lists of another length' 1 'stats: wanted \[\[1,1\],\[1,1\]\], got \[\[1,1\]\]' activator_stats '{}' \
    '{"t":0,"do":"in","want":{"stats":[[1,1],[1,1]]}}'
steps 'an item of a list' 1 'stats\[0\]\[1\]: wanted 2, got 1' activator_stats '{}' '{"t":0,"do":"in","want":{"stats":[[1,2]]}}'

# ---- errors ---------------------------------------------------------------------------------
none='{"duration":0,"granularity":1000000000}'
steps 'a wanted error, whatever its text' 0 'matched 1 of 1' max_window "$none" \
    "$(largest 3 '{"error":"makeslice","kind":"panic"}')"
steps 'a wanted error without a kind' 0 'matched 1 of 1' max_window "$none" "$(largest 3 '{"error":"any"}')"
steps 'another kind of error' 1 'kind: wanted "io", got "panic"' max_window "$none" \
    "$(largest 3 '{"error":"any","kind":"io"}')"
steps 'an error instead of an answer' 1 'step 0 error: wanted nothing, got "' max_window "$none" \
    "$(largest 3 '{"current":3}')"
steps 'an answer instead of an error' 1 'step 0 error: wanted "any", got nothing' max_window "$maximum" \
    "$(largest 3 '{"error":"any","kind":"panic"}')"
steps 'members beside an error count' 1 'accepted: wanted true, got false' validate_annotations \
    '{"autoscaler":{},"annotations":{"autoscaling.knative.dev/min-scale":"-1"}}' \
    '{"want":{"accepted":true,"error":"any","kind":"annotations"}}'
steps 'unknown members beside an error count' 1 'more: wanted 1, got nothing' max_window "$none" \
    "$(largest 3 '{"error":"any","more":1}')"
steps 'an error inside an answer' 1 'rps.error: wanted nothing, got "' collector \
    '{"StableWindow":60000000000,"PanicWindow":6000000000,"ScrapeTarget":"x"}' \
    '{"t":0,"do":"read","want":{"rps":{"stable":0,"panic":0}}}'

# ---- what is not understood -----------------------------------------------------------------
steps 'an unknown operation' 1 'op mystery is not known to weir .*: 2 steps' mystery '{}' '{"want":{}},{"want":{}}'
expect 'its steps count' 1 'matched 0 of 2$' "$weir" conform "$file"
steps 'an unknown action' 1 'step 0 do: not understood: "frob"' max_window "$maximum" '{"t":0,"do":"frob","want":{"current":0}}'
steps 'no action' 1 'step 0 do: not understood: nothing' max_window "$maximum" '{"t":0,"want":{"current":0}}'
steps 'a time that is none' 1 'step 0 t: not understood: 0.5' max_window "$maximum" '{"t":0.5,"do":"read","want":{"current":0}}'
steps 'a time beyond int64' 1 'step 0 t: not understood: "9' max_window "$maximum" \
    '{"t":"9223372036854775808","do":"read","want":{"current":0}}'
steps 'a step that is none' 1 'step 0 step: not understood: 7' max_window "$maximum" '7'
scenario reconcile '{}' '{"want":{}}' | sed 's/knative.dev.serving/example.org\/x/' >"$file"
expect "another project's operation of the same name" 1 'op reconcile is not known' "$weir" conform "$file"
scenario max_window "$maximum" "$(largest 3 '{"current":3}')" | sed 's/"upstream":"[^"]*",//' >"$file"
expect 'no upstream' 0 'matched 1 of 1' "$weir" conform "$file"
steps 'a name that would move the cursor' 1 '\?\[2J: wanted 1, got nothing' max_window "$maximum" \
    "$(largest 3 '{"\u001b[2J":1}')"

# Odd inputs may or may not be understood; none may end the program or hang it.
for odd in '{"op":"window","steps":[{}]}' '{"op":"decider","steps":[{"do":"scale"},1,null]}' \
    '{"op":"pipeline","steps":[{"do":"step"}],"config":7}' '{"op":7,"steps":[{}]}' \
    '{"op":"pipeline","steps":[{"do":"create","want":{}}],"config":{"decider":{"ScaleDownDelay":2e18}}}' \
    '{"op":"pipeline","epoch_s":9000000000,"steps":[{"do":"create"},{"do":"step","stats":[["9223372036854775807",1,1,1,1],7,null]}],"config":{}}' \
    '{"op":"multiscaler","steps":[{"do":"create","t":"-9223372036854775808"},{"do":"tick","t":"9223372036854775807"},{"do":"tick","t":"9223372036854775807"}]}' \
    '{"op":"collector","steps":[{"do":"create"},{"do":"record","stat":3}],"config":{"StableWindow":1e18}}' \
    '{"op":"window","steps":[{"do":"record"}],"config":{"window":1e18,"granularity":1000000000}}' \
    '{"op":"window","steps":[{"do":"record","t":0},{"do":"resize","window":0,"t":0}],"config":{"algorithm":"weightedExponential","window":3000000000,"granularity":1000000000}}' \
    '{"op":"scrape","steps":[{}],"config":{"identical_pods":1e18}}' \
    '{"op":"kpa","steps":[{"do":"tick"},{"do":"reconcile","sks":{"private":true}},{"do":"tick","stats":[[]]}]}'; do
    printf '%s\n' "$odd" >"$file"
    expect "odd vectors: $odd" 1 '^area/topic: matched [0-9]+ of' "$weir" conform "$file"
done

# ---- files ----------------------------------------------------------------------------------
fine=$work/area/fine.jsonl
scenario max_window "$maximum" "$(largest 3 '{"current":3}')" >"$fine"

# line NAME PATTERN TEXT: a line that is no scenario, between two that are.
line() {
    { cat "$fine"; printf '%b\n' "$3"; cat "$fine"; } >"$file"
    expect "$1" 3 "topic.jsonl:2$2" "$weir" conform "$file"
    expect "$1: the other lines run" 3 'area/topic: matched 2 of 2$' "$weir" conform "$file"
}

line 'a line that breaks off' ':9: .*breaks off here' '{"name":'
line 'a line with something behind it' ':[0-9]+: .*breaks off here' "$(cat "$fine") x"
line 'no object' ': .*a scenario is a JSON object' '[1]'
line 'no steps' ': .*has steps' '{"op":"window"}'
line 'an empty list of steps' ': .*not empty' '{"op":"window","steps":[]}'
line 'no operation' ': .*has an op' '{"steps":[{}]}'
line 'an epoch that is none' ': .*whole Unix seconds' '{"op":"window","epoch_s":"x","steps":[{}]}'
line 'an epoch far away' ': .*years 1678 to 2262' '{"op":"window","epoch_s":1e12,"steps":[{}]}'
line 'a binary line' ':3: .*breaks off here' '\000\001\377'
line 'too deep' ':[0-9]+: .*breaks off here' "$(printf '%3000s' '' | tr ' ' '[')"

: >"$file"
expect 'an empty file' 3 'topic.jsonl: the file is empty' "$weir" conform "$file"
printf '\n \t\r\n' >"$file"
expect 'a file of blank lines' 3 'topic.jsonl: the file is empty' "$weir" conform "$file"
{ echo; sed 's/$/\r/' "$fine"; echo; } >"$file"
expect 'blank lines and CRLF' 0 'matched 1 of 1' "$weir" conform "$file"
{ printf '\357\273\277'; tr -d '\n' <"$fine"; } >"$file"
expect 'a byte order mark, no newline at the end' 0 'matched 1 of 1' "$weir" conform "$file"
{ cat "$fine"; head -c 17000000 /dev/zero | tr '\0' ' '; } >"$file"
expect 'an endless line' 3 'topic.jsonl:2: this line is longer than' "$weir" conform "$file"
expect 'an endless line: those before it count' 3 'matched 1 of 1' "$weir" conform "$file"
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "%s{\"t\":%d,\"do\":\"record\",\"value\":1,\"want\":{\"current\":1}}", i ? "," : "", i }' >"$work/many"
scenario max_window "$maximum" "$(cat "$work/many")" >"$file"
expect 'a line of more than a megabyte' 0 'matched 20000 of 20000' "$weir" conform "$file"
expect 'a missing file' 3 'none.jsonl: No such file' "$weir" conform "$work/none.jsonl"
expect 'a folder' 3 'Is a directory' "$weir" conform "$work/area"

sed 's/"current":3/"current":4/' "$fine" >"$work/area/off.jsonl"
expect 'a missing file, and then others' 3 'area/off: matched 0 of 1' \
    "$weir" conform "$work/none.jsonl" "$work/area/off.jsonl"
gzip -c "$fine" >"$work/area/packed.jsonl.gz"
cat "$work/area/packed.jsonl.gz" "$work/area/packed.jsonl.gz" >"$work/area/twice.jsonl.gz"
expect 'gzip' 0 '^area/packed: matched 1 of 1$' "$weir" conform "$work/area/packed.jsonl.gz"
expect 'gzip in two members' 0 '^area/twice: matched 2 of 2$' "$weir" conform "$work/area/twice.jsonl.gz"
cat "$work/area/packed.jsonl.gz" "$fine" >"$work/area/more.jsonl.gz"
expect 'gzip with something behind' 3 'more.jsonl.gz:.*behind the end of the gzip data' "$weir" conform "$work/area/more.jsonl.gz"
seq 1000 >"$work/area/numbers.txt"
expect 'no vectors at all: ten lines are shown' 0 '^10$' sh -c '"$0" conform "$1" 2>&1 | grep -c "txt:[0-9]*:"' "$weir" "$work/area/numbers.txt"
expect 'no vectors at all: the rest is counted' 3 'numbers.txt: 1000 of 1000 lines are no scenarios' "$weir" conform "$work/area/numbers.txt"
expect 'one of two files' 1 '^area/fine: matched 1 of 1$' "$weir" conform "$fine" "$work/area/off.jsonl"
cp "$fine" "$work/area/v0.51.json"
expect 'another ending' 0 '^area/v0.51.json: matched' "$weir" conform "$work/area/v0.51.json"
expect 'from inside the folder' 0 '^area/fine: matched' sh -c 'cd "$1" && "$0" conform fine.jsonl' "$weir" "$work/area"
expect 'a path with dots' 0 '^area/fine: matched' sh -c 'cd "$1" && "$0" conform ./fine.jsonl' "$weir" "$work/area"
expect 'a full disk' 4 'writing the output failed' sh -c '"$0" conform "$1" >/dev/full' "$weir" "$fine"

# ---- how much is shown ----------------------------------------------------------------------
i=0
while [ $i -lt 12 ]; do
    cat "$work/area/off.jsonl"
    i=$((i + 1))
done >"$file"
# shown N OPTION...: how many mismatches are shown of the twelve.
shown() {
    count=$1
    shift
    expect "shown with $*" 0 "^$count\$" sh -c '"$@" | grep -c "wanted 4, got 3"' sh "$weir" conform "$@" "$file"
}
shown 10 --max=10
shown 10 --max 10
shown 12 --max 100
shown 1 --max 1
expect 'ten are shown' 0 '^10$' sh -c '"$0" conform "$1" | grep -c wanted' "$weir" "$file"
expect 'the rest is counted' 1 '^  ... and 2 more$' "$weir" conform "$file"
expect 'none is shown' 1 '^  ... and 12 more$' "$weir" conform --max 0 "$file"
for bad in -1 x 1x '' 99999999999999999999; do
    expect "a bad number: $bad" 2 'takes a whole number' "$weir" conform --max "$bad" "$file"
done
expect 'no number' 2 'needs a value' "$weir" conform --max
expect 'no file' 2 'at least one file' "$weir" conform

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
