#!/bin/sh
# Runs `weir agree` as its users do: the recording that comes with the project in every form, and
# what one is likely to get wrong.
#   agree.sh WEIR SOURCE_DIR
set -u
weir=$(command -v "$1")
case $weir in /*) ;; *) weir=$PWD/$weir ;; esac
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"
recording=$2/examples/data/hpa-defaults.tar.gz

expect 'the recording agrees' 0 '^3395 of 3395 steps agree\.$' "$weir" agree "$recording"
expect 'as JSON' 0 '"of":"all","steps":3395,"rescales":569,"compared":3395,"agree":3395' \
    "$weir" agree --format json "$recording"
expect 'one autoscaler' 0 '^hand-limits +88 +16 +88 +88 +88 +88$' \
    "$weir" agree --name hand-limits "$recording"
if command -v python3 >/dev/null; then
    "$weir" agree --format json "$recording" >"$work/lines.json"
    expect 'as JSON it is JSON' 0 '^43$' python3 -c '
import json, sys
print(len([json.loads(line) for line in open(sys.argv[1])]))' "$work/lines.json"
fi

# Other forms of the same.
tar -xzf "$recording" -C "$work"
here=$work/hpa-defaults
expect 'as a folder' 0 '^3395 of 3395' "$weir" agree "$here"
expect 'as a folder with a slash' 0 '^hpa-defaults: upstream' "$weir" agree "$here/"
expect 'within a folder' 0 '^3395 of 3395' sh -c 'cd "$1" && "$2" agree .' sh "$here" \
    "$weir"
for format in ustar gnu pax; do
    tar -cf "$work/$format.tar" --format "$format" -C "$work" hpa-defaults
    expect "as a tar of the form $format" 0 '^3395 of 3395' "$weir" agree "$work/$format.tar"
done
deep=$(printf 'a%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28)
deep=$deep/$deep/$deep/$deep/$deep
mkdir -p "$work/deep/$deep"
cp -r "$here" "$work/deep/$deep/"
for format in gnu pax; do
    tar -czf "$work/deep.tgz" --format "$format" -C "$work/deep" .
    expect "deep in a tar of the form $format" 0 '^3395 of 3395' "$weir" agree "$work/deep.tgz"
done
rm -r "$work/deep"
gzip "$here/metrics.csv" "$here/decisions.csv" "$here/pods.csv"
expect 'with gzip files in it' 0 '^3395 of 3395' "$weir" agree "$here"
tar -czf "$work/gz.tar.gz" -C "$here" .
expect 'with gzip files in an archive' 0 '^gz: upstream' "$weir" agree "$work/gz.tar.gz"

# A difference.
zcat "$here/decisions.csv.gz" | sed '/,plain-web,7,/s/,held,\([0-9]*\),/,held,99,/' |
    gzip >"$work/changed.gz"
cp -r "$here" "$work/changed"
mv "$work/changed.gz" "$work/changed/decisions.csv.gz"
expect 'another outcome' 1 '^plain-web, step 7 at .* \(decisions.csv:[0-9]+\): different outcome$' \
    "$weir" agree "$work/changed"
expect 'what was recorded stands there' 1 '^    outcome     held at 99$' \
    "$weir" agree "$work/changed"
expect 'and what weir makes of it' 1 '^    why +hpa\.' "$weir" agree "$work/changed"
expect 'and as JSON' 1 '"autoscaler":"plain-web","step":7,.*"different":\["outcome"\],.*"weir":\{.*"rule":"hpa' \
    "$weir" agree --format json "$work/changed"
expect 'none shown' 1 '^3394 of 3395 steps agree' "$weir" agree --max 0 "$work/changed"
expect 'of two recordings' 1 '^3395 of 3395' "$weir" agree "$work/changed" "$recording"
sed -i 's/"HPAConfigurableTolerance": true/"HPAConfigurableTolerance": false/' "$work/changed/run.json"
expect 'under another gate' 1 '^noise-1, step' "$weir" agree --name noise-1 "$work/changed"

# Mistakes.
expect 'no recording' 2 'agree needs a recording' "$weir" agree
expect 'nothing there' 3 'nowhere: No such file' "$weir" agree "$work/nowhere"
expect 'a folder of something else' 3 'there is no file decisions.csv' "$weir" agree "$2/examples"
expect 'the file instead of the folder' 3 'neither a folder nor a tar archive' \
    "$weir" agree "$here/run.json"
expect 'no such autoscaler' 3 'no autoscaler plain-wep; did you mean plain-web' \
    "$weir" agree --name plain-wep "$recording"
expect 'a number that is none' 2 '.-max takes a whole number' "$weir" agree --max few "$recording"
expect 'a format of no kind' 2 'text or json, not xml' "$weir" agree --format xml "$recording"
head -c 150000 "$recording" >"$work/cut.tar.gz"
expect 'a cut archive' 3 'cut.tar.gz: the gzip file is cut short' "$weir" agree "$work/cut.tar.gz"
head -c 40000 "$here/decisions.csv.gz" >"$work/cut.gz"
cp -r "$here" "$work/half"
mv "$work/cut.gz" "$work/half/decisions.csv.gz"
expect 'a cut file' 3 'half/decisions.csv.gz: the gzip file is cut short: .*; what comes before that is read' \
    "$weir" agree "$work/half"
expect 'what comes before the cut agrees' 3 '^([0-9]+) of \1 steps agree' "$weir" agree "$work/half"
rm "$work/half/pods.csv.gz" "$work/half/metrics.csv.gz"
expect 'a file that is missing' 3 'half: there is no file metrics.csv: every metric is taken' \
    "$weir" agree "$work/half"
printf 'not a gzip file' >"$work/half/decisions.csv.gz"
expect 'a file that is not gzip' 3 'decisions.csv.gz:1: there is no column time_ns' \
    "$weir" agree "$work/half"

# KEDA: what its polls wrote, what it served, the HPAs that it made.
keda=$2/examples/data/keda-prometheus.tar.gz
sum='595 of 595 polls, 5300 of 5300 answers and 20 of 20 HPAs of KEDA agree'
expect 'KEDA agrees' 0 "^$sum, 2 of the answers" "$weir" agree "$keda"
expect 'its HPAs agree' 0 '^4637 of 4637 steps agree\.$' "$weir" agree "$keda"
expect 'the writes are among it' 0 '^zero-idle +120 +7 +120 +220 +220 +1 +1$' "$weir" agree "$keda"
expect 'KEDA as JSON' 0 '"of":"all ScaledObjects","polls":595,"writes":18,"polls_agree":595,"served":5300,"served_agree":5300' \
    "$weir" agree --format json "$keda"
expect 'one ScaledObject' 0 '^120 of 120 polls, 151 of 151 answers and 1 of 1 HPAs' \
    "$weir" agree --name zero-activation "$keda"

# altered NAME FILE SED CODE PATTERN SCALEDOBJECT: one file of the recording changed.
altered() {
    rm -rf "$work/keda-prometheus"
    tar -xzf "$keda" -C "$work"
    sed -i "$3" "$work/keda-prometheus/$2"
    expect "$1" "$4" "$5" "$weir" agree --name "$6" "$work/keda-prometheus"
}
altered 'another size was written' keda_writes.csv '3s/0}/1}/;3s/""replicas"":0/""replicas"":1/' 1 \
    '^    recorded    writes 1 replicas$' zero-activation
altered 'a write was not made' keda_writes.csv 3d 1 '^    recorded    writes nothing$' zero-activation
altered 'the reasons stand there' keda_writes.csv 3d 1 '^    why +keda\.' zero-activation
altered 'another activation' manifests/zero-activation.yaml \
    "s/activationThreshold: .*/activationThreshold: '9999'/" 1 \
    '^zero-activation, poll at .* \(queries.csv:[0-9]+\)$' zero-activation
altered 'another fallback' manifests/fallback-static.yaml 's/replicas: 7/replicas: 6/' 1 \
    '^    weir        s0-prometheus = 150000m$' fallback-static
altered 'another bound' manifests/value-type.yaml 's/maxReplicaCount: 8/maxReplicaCount: 9/' 1 \
    '^    weir        1 to 9 replicas, 1 metrics$' value-type
altered 'an answer that was not given' queries.csv '/,cached,/s/,200,.*/,500,!500/' 1 \
    '^    weir        s0-prometheus fails$' cached
altered 'a query of no trigger' queries.csv '2s/sum/avg/' 3 \
    'queries.csv:2:[0-9]+: query: the query of one of its triggers was expected' cached
altered 'a misspelled column' queries.csv '1s/eval_time/evil_time/' 0 \
    'queries.csv:1: the column evil_time is not known' cached
altered 'a column that is missing' keda_writes.csv '1s/resource/ressource/' 3 \
    'keda_writes.csv:1: there is no column resource; did you mean ressource' cached
altered 'a ScaledObject that cannot be built' manifests/cached.yaml "s/threshold: '4'/threshold: x/" 3 \
    'ScaledObject cached: spec.triggers\[0\].metadata.threshold' cached
rm "$work/keda-prometheus/queries.csv"
expect 'no queries' 3 'no file queries.csv: what KEDA served is not compared' \
    "$weir" agree "$work/keda-prometheus"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
