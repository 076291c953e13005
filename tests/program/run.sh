#!/bin/sh
# Runs the program as its users do, the likely mistakes included.
#   run.sh WEIR SOURCE_DIR
set -u
weir=$1
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"

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
expect 'misspelled option of the program' 2 'did you mean --version' "$weir" --versoin
expect 'misspelled option' 2 'did you mean --summary' "$weir" replay --sumary
expect 'option without its value' 2 'needs a value' "$weir" replay --load
expect 'flag with a value' 2 'takes no value' "$weir" replay --summary=1
expect 'operand after --' 3 '--summary: No such file' "$weir" conform -- --summary
expect 'help is no operand' 3 '--help: No such file' "$weir" conform -- --help
expect 'help as a value' 2 'are needed' "$weir" replay --load --help
for command in replay explain query record fields conform agree completions; do
    expect "help of $command" 0 'Example' "$weir" "$command" --help
    expect "help about $command" 0 "Usage: weir $command" "$weir" help "$command"
done
expect 'help names what a replay is of' 0 '^Usage: weir replay -f MANIFEST .*--series FILE\|--prometheus URL' "$weir" replay --help
expect 'and an explanation' 0 '^Usage: weir explain -f MANIFEST .*--series FILE\|--prometheus URL' "$weir" explain --help
expect 'help about nothing' 2 'there is no command' "$weir" help nothing
expect 'exit codes' 0 '^  3  an input file' "$weir" help
if [ -w /dev/full ]; then
    for words in --help --version 'fields' 'completions bash' 'help replay'; do
        # shellcheck disable=SC2086 # words
        expect "a full disk: $words" 4 'writing the output failed' \
            sh -c '"$0" "$@" >/dev/full' "$weir" $words
    done
fi
for shell in bash zsh fish; do
    expect "completions of $shell" 0 'replay' "$weir" completions "$shell"
    "$weir" completions "$shell" >"$work/completions.$shell"
    if command -v "$shell" >/dev/null; then
        expect "completions of $shell are $shell" 0 'fine' \
            sh -c '"$0" -n "$1" && echo fine' "$shell" "$work/completions.$shell"
    fi
done
expect 'completions of no shell' 2 'bash, zsh or fish' "$weir" completions
expect 'completions of another shell' 2 'bash, zsh or fish, not ksh' "$weir" completions ksh
# complete WORDS... CURRENT: what bash offers for the last word.
complete_bash() {
    bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); compopt() { :; }; _weir
             echo "${COMPREPLY[*]}"' "$work/completions.bash" "$@"
}
if command -v bash >/dev/null; then
    expect 'completing a command' 0 '^replay$' complete_bash weir rep
    expect 'completing an option' 0 '^--summary$' complete_bash weir replay --su
    expect 'completing a value' 0 '^text json markdown$' complete_bash weir fields --format ''
    expect 'completing a joined value' 0 '^markdown$' complete_bash weir fields --format = m
    expect 'completing a file' 0 'out$' complete_bash weir replay -f "$work/o"
    expect 'completing a word' 0 '^bash zsh fish$' complete_bash weir completions ''
    for table in $(complete_bash weir fields ''); do
        expect "fields of $table" 0 "^$table: " "$weir" fields "$table"
    done
fi
expect 'fields' 0 'autoscaling.knative.dev/target-burst-capacity' "$weir" fields kpa
expect 'fields as markdown' 0 '^\| `stable_window`' "$weir" fields kpa --format markdown
expect 'fields as JSON' 0 '"name":"stable_window","key":"autoscaling.knative.dev/window".*"default":"60s","min":"6s"' \
    "$weir" fields kpa --format json
if command -v python3 >/dev/null; then
    "$weir" fields --format json >"$work/fields.json"
    expect 'fields as JSON are JSON' 0 'kpa-collector' python3 -m json.tool "$work/fields.json"
fi
expect 'a format of no kind' 2 'text, json or markdown, not xml' "$weir" fields --format xml
expect 'fields of nothing' 2 'there are no fields of' "$weir" fields kpq

replay_of 'a small load' 0 'scale-ups +1, 0 of them from zero$' 'time,concurrency\n0,50\n1,50\n2,50\n3,50\n'
expect 'no colour and no progress in a pipe' 1 '^0$' \
    sh -c '"$@" 2>&1 | grep -c "$(printf "\033")"' sh "$weir" replay -f "$service" --load "$csv"
expect 'explain' 0 'kpa.stable: 1 -> 8' "$weir" explain -f "$service" --load "$csv" --at 2
expect 'explain at a time as the table shows it' 0 'at 0:00:02: 8 pods' \
    "$weir" explain -f "$service" --load "$csv" --at 0:00:02
expect 'explain at no time' 2 'takes seconds, 0:05:46' \
    "$weir" explain -f "$service" --load "$csv" --at 0:5:2
expect 'explain before the first row' 3 'no decision at or before' \
    "$weir" explain -f "$service" --load "$csv" --from 2 --at 1
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
head -c 10 "$csv" | gzip -c >"$work/two.csv.gz"
tail -c +11 "$csv" | gzip -c >>"$work/two.csv.gz"
expect 'gzip in two members' 0 'rows replayed +2' "$weir" replay -f "$service" --load "$work/two.csv.gz"
head -c 512 /dev/zero | cat "$work/two.csv.gz" - >"$work/padded.csv.gz"
expect 'gzip with zeros behind' 0 'rows replayed +2' "$weir" replay -f "$service" --load "$work/padded.csv.gz"
echo 'what is this' | cat "$work/two.csv.gz" - >"$work/more.csv.gz"
expect 'gzip with something else behind' 3 'more.csv.gz:.* behind the end of the gzip data' \
    "$weir" replay -f "$service" --load "$work/more.csv.gz"
expect 'gzip from a pipe' 0 'rows replayed +2' sh -c '"$0" replay -f "$1" --load - <"$2"' "$weir" "$service" "$work/two.csv.gz"
expect 'a cut gzip file' 3 'cut.csv.gz.*cut short' "$weir" replay -f "$service" --load "$work/cut.csv.gz"

replay_of 'an empty file' 3 'the file is empty' ''
replay_of 'only a header' 3 'there is no row' 'time,concurrency\n'
replay_of 'no row that late' 3 'csv: there is no row to replay in the time that is asked for; the last one is of 0:01:05$' \
    'time,concurrency\n0,1\n65,1\n' --from 1700000000
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
replay_of 'the gap is no data' 0 'no data, the last decision stays' \
    'time,concurrency\n0,5\n1,5\n900,5\n'
replay_of 'twice the load' 0 '^2,100,' 'time,concurrency\n0,50\n2,50\n3,50\n' --scale 2 --format csv
replay_of 'a bad factor' 2 '--scale takes a number' 'time,concurrency\n0,5\n' --scale -1
replay_of 'a column twice' 3 'found two, as number 2 and 3' 'time,concurrency,concurrency\n0,5,5\n'
replay_of 'semicolons' 3 'not by semicolons' 'time;concurrency\n0;5\n'
replay_of 'no header' 3 'is the header line missing' '0,5\n1,5\n'
replay_of 'an impossible date' 3 ':2:1: a time in seconds or like' \
    'time,concurrency\n2026-02-29T00:00:00Z,5\n'
replay_of 'a pod that takes a week' 2 'pod_start' 'time,concurrency\n0,5\n' --pod-start 168h
replay_of 'another column of times' 0 'rows replayed +2' 'timestamp,concurrency\n0,5\n3,5\n'
replay_of 'a chart with csv' 2 '--plot goes with the table' 'time,concurrency\n0,5\n' --plot --format csv
replay_of 'what to try next' 0 '--at 2: how the first panic' 'time,concurrency\n0,50\n2,50\n3,50\n'
replay_of 'only a part' 0 'rows replayed +2 over' 'time,concurrency\n0,5\n1,5\n2,5\n3,5\n' \
    --from 1 --to 2
expect 'explain as json' 0 '"rule":"kpa.stable","item":-1' \
    "$weir" explain -f "$service" --load "$csv" --at 2 --format json
expect 'a bad format of explain' 2 'text or json' \
    "$weir" explain -f "$service" --load "$csv" --at 2 --format csv
expect 'a load from the standard input' 0 'rows replayed +2' \
    sh -c "printf 'time,concurrency\\n0,5\\n3,5\\n' | '$weir' replay -f '$service' --load -"
replay_of 'a bad duration' 2 'takes a duration' 'time,concurrency\n0,5\n' --pod-start 5x
replay_of 'a bad format' 2 'table, csv or json' 'time,concurrency\n0,5\n' --format xml
replay_of 'an unwritable chart' 4 'No such file' 'time,concurrency\n0,5\n3,5\n' --svg "$work/no/x.svg"
replay_of 'svg' 0 'summary' 'time,concurrency\n0,5\n3,5\n6,5\n' --svg "$work/x.svg"
expect 'the chart is a chart' 0 '^</svg>' cat "$work/x.svg"

# requests_of NAME CODE PATTERN TEXT [OPTION...]: a replay of a log of requests given as text.
requests_of() {
    name=$1 code=$2 pattern=$3
    printf "$4" >"$csv"
    shift 4
    expect "$name" "$code" "$pattern" "$weir" replay -f "$service" --requests "$csv" "$@"
}
requests_of 'requests by duration' 0 'requests answered +3$' 'start,duration\n0,1\n0.5,2\n1,0\n'
requests_of 'requests by end' 0 'requests answered +2$' 'start,end\n0,1\n0.5,2.5\n'
requests_of 'requests that all take as long' 0 'requests answered +2$' 'start\n0\n0.5\n' \
    --service-time 250ms
requests_of 'requests in columns of other names' 0 'requests answered +1$' 't,d\n0,1\n' \
    --start t --duration d
requests_of 'a cold start' 0 'waited for a pod +2, the longest 8 s, 7.5 s on average' \
    'start,duration\n0,1\n1,1\n' --initial 0 --pod-start 8s
requests_of 'nobody waits' 0 'waited for a pod +0$' 'start,duration\n0,1\n'
requests_of 'requests out of order' 3 ':4:1: time goes back: requests in order of their start' \
    'start,duration\n0,1\n2,1\n1,1\n'
requests_of 'requests at once' 0 'requests answered +2$' 'start,duration\n0,1\n0,1\n'
requests_of 'a negative duration' 3 ':2:3: a duration in seconds, 0 or more' 'start,duration\n0,-1\n'
requests_of 'a duration of no number' 3 ':3:3: .*found "x"' 'start,duration\n0,1\n1,x\n'
requests_of 'what came before a bad row counts' 3 'requests answered +1$' \
    'start,duration\n0,1\n1,x\n'
requests_of 'a bad request left out' 0 'requests replayed +2 .* 1 bad' \
    'start,duration\n0,1\n1,x\n2,1\n' --keep-going
requests_of 'an end before the start' 3 'an end that is not before the start' 'start,end\n5,1\n'
requests_of 'no durations' 3 'no column duration; the columns are: start' 'start\n0\n'
requests_of 'no starts' 3 'no column start' 'begin,duration\n0,1\n'
requests_of 'multiplied requests' 2 '--scale multiplies rows' 'start,duration\n0,1\n' --scale 2
requests_of 'requests with an ending' 0 ' over 600 s' 'start,duration\n0,1\n' --to 600
expect 'workers' 0 'waited for a pod +5, the longest 18 s, 18 s on average' \
    "$weir" replay -f "$service" --workers 5 --for 30s --service-time 100ms --initial 0 --pod-start 18s
expect 'a decision on requests explained' 0 'at 0:00:02: 1 pod' \
    "$weir" explain -f "$service" --workers 5 --for 30s --service-time 100ms --at 2
expect 'workers without a service time' 2 'needs --service-time' "$weir" replay -f "$service" --workers 5
expect 'workers and a load' 2 'does not go with --load' \
    "$weir" replay -f "$service" --workers 5 --service-time 1s --load "$csv"
expect 'no workers' 2 '--workers takes a number' "$weir" replay -f "$service" --workers 0

expect 'polls of Knative' 2 '--poll-phase is for ScaledObjects' \
    "$weir" replay -f "$service" --load "$csv" --poll-phase 1s
expect 'workers without workers' 2 '--for goes with --workers' \
    "$weir" replay -f "$service" --load "$csv" --for 5s
expect 'a log column of rows' 2 '--start goes with --requests' \
    "$weir" replay -f "$service" --load "$csv" --start s
expect 'a metric of Knative' 2 "Knative's columns are --concurrency and --rps" \
    "$weir" replay -f "$service" --load "$csv" --metric a=b
expect 'a release of something else' 2 "takes 'serving 0.51' or 'serving 0.42' here" \
    "$weir" explain -f "$service" --load "$csv" --at 2 --semantics 1.37
expect 'a misspelled name' 2 'no autoscaler has the name helo; did you mean hello' \
    "$weir" replay -f "$service" --load "$csv" --name helo
replay_of 'a load beyond all bounds' 3 ':2:3: a load of at most 1e300' 'time,concurrency\n0,1e301\n'
replay_of 'a load multiplied beyond all bounds' 3 ':2:3: .* when multiplied' \
    'time,concurrency\n0,1e200\n' --scale 1e200
printf 'time,concurrency\n0,5\n2,5\n' >"$csv"
expect 'explain long after the end' 0 'the replay ends before that time' \
    "$weir" explain -f "$service" --load "$csv" --at 99999

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

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
