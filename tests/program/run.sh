#!/bin/sh
# Runs the program as its users do, the likely mistakes included.
#   run.sh WEIR SOURCE_DIR
set -u
weir=$1
source=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# expect NAME CODE PATTERN COMMAND...: the exit code, and a pattern that the output has.
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$work/out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -Eq -- "$pattern" "$work/out"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name: exit $got, wanted $code and /$pattern/; it printed:"
        sed 's/^/    /' "$work/out" | head -20
    fi
}

service=$work/service.yaml
cat >"$service" <<'YAML'
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/target: "10"
YAML
csv=$work/load.csv

# replay_of NAME CODE PATTERN TEXT [OPTION...]: a replay of a load given as text.
replay_of() {
    name=$1 code=$2 pattern=$3
    printf "$4" >"$csv"
    shift 4
    expect "$name" "$code" "$pattern" "$weir" replay -f "$service" --load "$csv" "$@"
}

expect 'help' 0 'weir COMMAND --help' "$weir" --help
expect 'no command' 2 'weir COMMAND' "$weir"
expect 'version' 0 '^weir [0-9]+\.[0-9]+\.[0-9]+$' "$weir" --version
expect 'misspelled command' 2 'did you mean replay' "$weir" repaly
expect 'misspelled option' 2 'did you mean --summary' "$weir" replay --sumary
expect 'option without its value' 2 'needs a value' "$weir" replay --load
for command in replay explain fields conform; do
    expect "help of $command" 0 'Example' "$weir" "$command" --help
done
for shell in bash zsh fish; do
    expect "completions of $shell" 0 'replay' "$weir" completions "$shell"
done
expect 'completions of no shell' 2 'bash, zsh or fish' "$weir" completions
expect 'fields' 0 'autoscaling.knative.dev/target-burst-capacity' "$weir" fields kpa
expect 'fields as markdown' 0 '^\| `stable_window`' "$weir" fields kpa --format markdown
expect 'fields of nothing' 2 'there are no fields of' "$weir" fields kpq

replay_of 'a small load' 0 'scale-ups +1$' 'time,concurrency\n0,50\n1,50\n2,50\n3,50\n'
expect 'explain' 0 'kpa.stable: 1 -> 8' "$weir" explain -f "$service" --load "$csv" --at 2
expect 'explain before the first decision' 3 'no decision at or before' \
    "$weir" explain -f "$service" --load "$csv" --at 1
expect 'explain without a time' 2 'needs --at' "$weir" explain -f "$service" --load "$csv"
replay_of 'as csv' 0 '^2,50,50,50,1,1,8,1,1,' 'time,concurrency\n0,50\n2,50\n3,50\n' --format csv
replay_of 'as json with steps' 0 '"rule":"kpa.panic.enter","item":-1,"before":8,"after":8' \
    'time,concurrency\n0,50\n2,50\n3,50\n' --format json --explain
replay_of 'a chart' 0 'wanted, not ready' 'time,concurrency\n0,50\n2,50\n3,50\n' --plot
replay_of 'columns by name' 0 'scale-ups' 't,c\n0,50\n2,50\n3,50\n' --time t --concurrency c
replay_of 'concurrency from rps' 0 '^2,50,' 'time,rps\n0,100\n2,100\n3,100\n' \
    --service-time 500ms --format csv
replay_of 'times of day' 0 '^1767225602,' \
    'time,concurrency\n2026-01-01T00:00:00Z,5\n2026-01-01T01:00:03+01:00,5\n' --format csv
replay_of 'CRLF, quotes, a byte order mark' 0 'rows replayed +2' \
    '\357\273\277"time",concurrency\r\n"0","5"\r\n3,5\r\n'
gzip -c "$csv" >"$work/load.csv.gz"
expect 'gzip' 0 'rows replayed +2' "$weir" replay -f "$service" --load "$work/load.csv.gz"
head -c 40 "$work/load.csv.gz" >"$work/cut.csv.gz"
expect 'a cut gzip file' 3 'damaged or cut short' "$weir" replay -f "$service" --load "$work/cut.csv.gz"

replay_of 'an empty file' 3 'the file is empty' ''
replay_of 'only a header' 3 'there is no row' 'time,concurrency\n'
replay_of 'a missing column' 3 'no column time; did you mean tme' 'tme,concurrency\n0,5\n'
replay_of 'no load column' 2 'which column is the load' 'time,load\n0,5\n'
replay_of 'NaN' 3 'load.csv:3:3: a load of 0 or more was expected, found "NaN"' \
    'time,concurrency\n0,5\n1,NaN\n'
replay_of 'infinity' 3 ':3:3: a load of 0 or more' 'time,concurrency\n0,5\n1,inf\n'
replay_of 'a negative load' 3 ':3:3: a load of 0 or more' 'time,concurrency\n0,5\n1,-1\n'
replay_of 'no number' 3 ':3:3: .*found "5x"' 'time,concurrency\n0,5\n1,5x\n'
replay_of 'no time' 3 ':2:1: a time in seconds' 'time,concurrency\nnoon,5\n'
replay_of 'milliseconds as seconds' 3 ':2:1: a time in seconds' 'time,concurrency\n1700000000000,5\n'
replay_of 'time goes back' 3 ':4:1: time goes back' 'time,concurrency\n0,5\n2,5\n1,5\n'
replay_of 'time stands still' 3 ':3:1: time stands still' 'time,concurrency\n0,5\n0,5\n'
replay_of 'too few fields' 3 ':2:1: 2 fields were expected, .* found 1' 'time,concurrency\n0\n'
replay_of 'an open quote' 3 'the quote is never closed' 'time,concurrency\n0,"5\n'
replay_of 'rows before a bad row count' 3 'rows replayed +2' 'time,concurrency\n0,5\n1,5\n2,x\n'
replay_of 'bad rows left out' 0 'rows replayed +3 .* 1 bad' \
    'time,concurrency\n0,5\n1,5\n2,x\n3,5\n' --keep-going
replay_of 'gaps' 0 ':4:1: a gap of 14m59s without data.*5m' 'time,concurrency\n0,5\n1,5\n900,5\n'
replay_of 'an empty cell is no data' 0 'rows replayed +2' 'time,concurrency\n0,\n3,5\n'
replay_of 'a binary file' 3 'NUL byte' 'time,concurrency\n0,\000\n'
head -c 70000 /dev/zero | tr '\0' 'x' >"$csv"
expect 'an endless line' 3 'found a longer one' "$weir" replay -f "$service" --load "$csv"
replay_of 'a bad duration' 2 'takes a duration' 'time,concurrency\n0,5\n' --pod-start 5x
replay_of 'a bad format' 2 'table, csv or json' 'time,concurrency\n0,5\n' --format xml
replay_of 'an unwritable chart' 4 'No such file' 'time,concurrency\n0,5\n3,5\n' --svg "$work/no/x.svg"
replay_of 'svg' 0 'summary' 'time,concurrency\n0,5\n3,5\n6,5\n' --svg "$work/x.svg"
expect 'the chart is a chart' 0 '^</svg>' cat "$work/x.svg"

expect 'no manifest' 2 'are needed' "$weir" replay --load "$csv"
expect 'a missing manifest' 3 'No such file' "$weir" replay -f "$work/none" --load "$csv"
printf 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n' >"$work/other.yaml"
expect 'nothing to scale' 3 'describe no autoscaler' "$weir" replay -f "$work/other.yaml" --load "$csv"
sed 's/"10"/10/' "$service" >"$work/bad.yaml"
expect 'a manifest error' 3 'bad.yaml:8:41: error: .*must be text' \
    "$weir" replay -f "$work/bad.yaml" --load "$csv"
{ cat "$service"; echo ---; sed 's/hello/other/' "$service"; } >"$work/two.yaml"
printf 'time,concurrency\n0,5\n3,5\n' >"$csv"
expect 'two services' 2 'choose one with --name; the files have: hello other' \
    "$weir" replay -f "$work/two.yaml" --load "$csv"
expect 'one of two services' 0 'default/other' \
    "$weir" replay -f "$work/two.yaml" --load "$csv" --name other

printf '%s\n' '{"name":"a","upstream":"x v0.51.0","op":"max_window","config":{"duration":5000000000,"granularity":1000000000},"epoch_s":0,"steps":[{"t":0,"do":"record","value":3,"want":{"current":3}}]}' >"$work/fine.jsonl"
expect 'conform' 0 'fine: matched 1 of 1' "$weir" conform "$work/fine.jsonl"
sed 's/"current":3/"current":4/' "$work/fine.jsonl" >"$work/off.jsonl"
expect 'a mismatch' 1 'a step 0 current: wanted 4, got 3' "$weir" conform "$work/off.jsonl"
sed 's/"current":3/"current":3,"more":1/' "$work/fine.jsonl" >"$work/more.jsonl"
expect 'a member that weir does not give' 1 'more: wanted 1, got nothing' "$weir" conform "$work/more.jsonl"
sed 's/max_window/mystery/' "$work/fine.jsonl" >"$work/op.jsonl"
expect 'an unknown operation' 1 'op mystery is not known' "$weir" conform "$work/op.jsonl"
{ echo '{"name":'; cat "$work/fine.jsonl"; } >"$work/bad.jsonl"
expect 'a malformed line' 3 'bad.jsonl:1: this line is not a scenario' "$weir" conform "$work/bad.jsonl"
expect 'the other lines still count' 3 'matched 1 of 1' "$weir" conform "$work/bad.jsonl"
: >"$work/empty.jsonl"
expect 'an empty file of vectors' 3 'the file is empty' "$weir" conform "$work/empty.jsonl"
expect 'no file of vectors' 2 'at least one file' "$weir" conform
for odd in '{"op":"window","steps":[{}]}' '{"op":"decider","steps":[{"do":"scale"},1,null]}' \
    '{"op":"pipeline","steps":[{"do":"step"}],"config":7}' \
    '{"op":"multiscaler","steps":[{"do":"tick","t":"9223372036854775807"}],"epoch_s":1e300}' \
    '{"op":"collector","steps":[{"do":"create"},{"do":"record","stat":3}],"config":{"StableWindow":1e18}}'; do
    printf '%s\n' "$odd" >"$work/odd.jsonl"
    expect "odd vectors: $odd" 1 'matched [0-9]+ of' "$weir" conform "$work/odd.jsonl"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
