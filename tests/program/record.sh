#!/bin/sh
# Recordings of a server and of pages with every fault that there is, cut off, continued, replayed.
#   record.sh WEIR SOURCE_DIR
set -u
weir=$1
source_dir=$2
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"
if ! command -v python3 >/dev/null; then
    echo "skipped: there is no python3 to be the server"
    exit 77
fi

# Half an hour of two pods and a queue, every 15 s; pod b ends after 20 minutes, the queue is empty
# for a while, and has samples at times only.
series=$work/series.jsonl
python3 - "$series" <<'PYTHON'
import json, sys
start, lines = 1700000000, []
def add(labels, values):
    times = [1000 * (start + 15 * i) for i, v in enumerate(values) if v is not None]
    lines.append(json.dumps({"metric": {"job": "web", **labels}, "timestamps": times,
                             "values": [None if v == "stale" else v for v in values if v is not None]}))
add({"__name__": "x_total", "instance": "a"}, [40 * i + (i % 7) for i in range(121)])
add({"__name__": "x_total", "instance": "b"}, [30 * i for i in range(80)] + ["stale"])
add({"__name__": "wait", "instance": "a"}, [(i * 5) % 60 if i % 40 < 25 else 0 for i in range(121)])
for instance in "ab":
    add({"__name__": "up", "instance": instance}, [int(instance == "a" or i < 80) for i in range(121)])
open(sys.argv[1], "w").write("\n".join(lines) + "\n")
PYTHON
so=$work/so.yaml
cat >"$so" <<'YAML'
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: shop}
spec:
  scaleTargetRef: {name: web}
  pollingInterval: 15
  cooldownPeriod: 60
  minReplicaCount: 0
  maxReplicaCount: 30
  triggers:
  - type: prometheus
    metadata: {serverAddress: "http://p", threshold: "2", query: 'sum(rate(x_total{job="web"}[1m]))'}
  - type: prometheus
    metadata: {serverAddress: "http://p", threshold: "7", activationThreshold: "3", query: sum(wait)}
YAML
from=1700000600 to=1700001800

mkfifo "$work/stdin"
python3 "$source_dir/tests/support/recording_server.py" "$weir" "$series" <"$work/stdin" >"$work/port" &
server=$!
exec 9>"$work/stdin"
trap 'exec 9>&-; wait $server; rm -rf "$work"' EXIT
while [ ! -s "$work/port" ]; do sleep 0.05; done
url=http://127.0.0.1:$(cat "$work/port")

# of NAME CODE PATTERN PART FILE [OPTION...]: records that ScaledObject from the server's part.
of() {
    rm -f "$work/said"
    of_name=$1 of_code=$2 of_pattern=$3 of_part=$4 of_file=$5
    shift 5
    expect "$of_name" "$of_code" "$of_pattern" "$weir" record -f "$so" --prometheus "$url/$of_part" \
        --from $from --to $to -o "$work/$of_file" "$@"
}

# said NAME PATTERN: what the command before said, too.
said() {
    [ -f "$work/said" ] || cp "$work/out" "$work/said"
    expect "$1" 0 "$2" cat "$work/said"
}

lines() {
    case $1 in *.gz) gzip -dc "$1" ;; *) cat "$1" ;; esac
}

# ---- the same decisions, whichever way ----
of 'answers' 0 'answers.gz has all that 2 queries gave' plain answers.gz --step 1s
of 'samples' 0 'raw.gz has all that 2 selectors gave' plain raw.gz --raw
of 'nothing is missing' 0 '^weir: .*/raw.json has' plain raw.json --raw
cp "$work/out" "$work/all.txt"
expect 'and nothing else is said' 0 '^ *1 ' wc -l "$work/all.txt"
"$weir" replay -f "$so" --prometheus "$url/plain" --from $from --to $to --format csv >"$work/asked.csv"
for kind in answers.gz raw.gz raw.json; do
    "$weir" replay -f "$so" --series "$work/$kind" --from $from --to $to --format csv >"$work/$kind.csv"
    expect "the decisions of $kind" 0 'same' sh -c 'cmp "$0" "$1" && echo same' "$work/asked.csv" \
        "$work/$kind.csv"
done
for kind in answers.gz raw.gz; do
    "$weir" replay -f "$so" --series "$work/$kind" --format csv >"$work/whole.csv"
    expect "the times of $kind are its own" 0 'same' sh -c 'cmp "$0" "$1" && echo same' "$work/asked.csv" \
        "$work/whole.csv"
done
expect 'there are some' 0 '^ *[1-9][0-9]+ ' wc -l "$work/asked.csv"
expect 'which go up and down' 0 '^[2-9]$|^[1-9][0-9]$' \
    sh -c 'cut -d, -f7 "$0" | sort -u | wc -l | tr -d " "' "$work/asked.csv"
of 'the polling interval is the step' 0 'has all' plain polled
expect 'of answers' 0 '"__step__":"15000"' cat "$work/polled"
expect 'samples begin early enough' 0 '"selector":"wait","from":1700000300000,"to":1700001800000' \
    cat "$work/raw.json"
expect 'and with the range' 0 '"from":1700000540000,"to":1700001800000,"of":"ScaledObject shop/web, trigger 0"' \
    cat "$work/raw.json"
expect 'an end survives' 0 '"instance":"b".*,null\],"timestamps":.*,1700001200000\]' cat "$work/raw.json"
expect 'a recording is a format' 0 '^\{\} => ' "$weir" query 'sum(wait)' --series "$work/raw.gz" --at $to
expect 'whose answers have their query' 0 '__query__="sum\(wait\)"' "$weir" query \
    '{__query__!="",__step__=""}' --series "$work/answers.gz" --at $to
sed 's/sum(wait)/max(wait)/' "$so" >"$work/other.yaml"
expect 'answers to another query' 3 'no answers to its query, but to others, as ' "$weir" replay \
    -f "$work/other.yaml" --series "$work/answers.gz" --from $from --to $to
sed 's/sum(wait)/sum( wait )/' "$so" >"$work/spaced.yaml"
expect 'the same query in other words' 0 'rows replayed|replica-seconds' "$weir" replay \
    -f "$work/spaced.yaml" --series "$work/answers.gz" --from $from --to $to
of 'a recording that is whole' 0 'has all that' plain raw.gz --raw
expect 'a query of no manifest' 0 'has all that 1 query gave' "$weir" record --query 'sum(wait)' \
    --prometheus "$url/plain" --from $from --to $to -o "$work/query.gz"

# ---- an InferenceService, and several documents ----
cat >"$work/isvc.yaml" <<'YAML'
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: llm
  annotations: {serving.kserve.io/deploymentMode: RawDeployment, serving.kserve.io/autoscalerClass: keda}
spec:
  predictor:
    minReplicas: 1
    maxReplicas: 5
    autoScaling:
      metrics:
      - type: External
        external:
          metric: {backend: prometheus, serverAddress: "http://p", query: sum(wait)}
          target: {type: Value, value: "5"}
    model: {modelFormat: {name: huggingface}, storageUri: "hf://x/y"}
YAML
{ cat "$so"; echo ---; cat "$work/isvc.yaml"; } >"$work/both.yaml"
expect 'an InferenceService' 0 'has all that 1 query gave' "$weir" record -f "$work/isvc.yaml" \
    --prometheus "$url/plain" --from $from --to $to -o "$work/isvc.gz"
expect 'which says so' 0 'InferenceService default/llm, trigger 0' gzip -dc "$work/isvc.gz"
expect 'several documents' 0 'has all that 2 selectors gave' "$weir" record -f "$work/both.yaml" --raw \
    --prometheus "$url/plain" --from $from --to $to -o "$work/both.gz"
expect 'a selector of two' 0 'ScaledObject shop/web, trigger 1; InferenceService default/llm, trigger 0' \
    gzip -dc "$work/both.gz"
expect 'one of them' 0 'has all that 1 query gave' "$weir" record -f "$work/both.yaml" --name llm \
    --prometheus "$url/plain" --from $from --to $to -o "$work/one.gz"
expect 'none of them' 2 'no autoscaler has the name lm; did you mean llm; the files have: web llm-predictor$' "$weir" record -f "$work/both.yaml" \
    --name lm --prometheus "$url/plain" --from $from --to $to -o "$work/none.gz"

# ---- faults ----
of '500, then an answer' 0 'has all that' flaky flaky.json
expect 'is the same' 0 'same' sh -c 'tail -n +2 "$0" >"$0.a"; tail -n +2 "$1" | cmp - "$0.a" && echo same' \
    "$work/polled" "$work/flaky.json"
of 'a slow server' 0 'has all that' slow slow.gz
of 'one that is too slow' 3 'Timeout was reached' slow late.gz --timeout 100ms --tries 1
of 'down' 3 'HTTP status 503' down down.gz --tries 1
expect 'nobody there' 3 'Couldn.t connect|refused' "$weir" record -f "$so" --prometheus http://127.0.0.1:1 \
    --from $from --to $to -o "$work/nobody.gz" --tries 1
of 'HTML' 3 'got "<"' html html.gz
of 'a body that breaks off' 3 'tried 1 time' truncated truncated.gz --tries 1
of 'a redirect' 3 'status 302' redirect redirect.gz
of 'another content type' 0 'has all that' type type.gz
of 'partial data' 0 'warning: .*store east is gone; data may be incomplete' partial partial.json
said 'an info' 'notice: .*PromQL info: metric might not'
expect 'once' 0 '^1$' grep -c 'data may be incomplete$' "$work/said"
expect 'in the recording, too' 0 '^\{"warning":"store east is gone","of":"sum' cat "$work/partial.json"
of 'errors at some times' 0 'warning: .*the server gives errors, and they are recorded: execution: many-to-many' \
    match match.json
said 'how many' 'trigger 0: 1 of 81 answers are errors'
expect 'are recorded as such' 0 \
    '"__error__":"execution: many-to-many matching not allowed".*"values":\[1\],"timestamps":\[1700000660000\]' \
    cat "$work/match.json"
expect 'a replay has them' 0 'notice: .*answers are errors, the first at 2023-11-14T22:24:20.*many-to-many' \
    "$weir" replay -f "$so" --series "$work/match.json" --from $from --to $to --sync-phase 15s
of 'too many samples at once' 0 'has all that' full full.json --raw
expect 'are the same in parts' 0 'same' sh -c 'tail -n +2 "$0" >"$0.a"; tail -n +2 "$1" | cmp - "$0.a" && echo same' \
    "$work/raw.json" "$work/full.json"
expect 'no such series' 0 'warning: --query number 1: all answers are empty' "$weir" record --query nothing \
    --prometheus "$url/plain" --from $from --to $to -o "$work/nothing.gz"
expect 'no samples' 0 'warning: --query number 1: there are no samples of nothing' "$weir" record --raw \
    --query 'rate(nothing[5m])' --prometheus "$url/plain" --from $from --to $to -o "$work/nothing-raw.gz"
expect 'samples that stop' 0 'there are no samples after 2023-11-14T22:33:05Z' "$weir" record --raw \
    --query 'x_total{instance="b"}' --prometheus "$url/plain" --from $from --to $to -o "$work/stop.gz"
expect 'answers that begin late' 0 'there are no answers before 2023-11-14T22:13:40Z' "$weir" record \
    --query 'wait' --prometheus "$url/plain" --from 1699999000 --to $to -o "$work/begin.gz"
expect 'a query that is none' 0 'the server gives errors.*bad_data' "$weir" record --query 'sum(' \
    --prometheus "$url/plain" --from $from --to $to -o "$work/bad.gz"
cp "$work/out" "$work/said"
expect 'is not said to have none besides' 0 '^0$' sh -c 'grep -c "are empty" "$0" || true' "$work/said"
expect 'which has no samples' 2 'its query, 1:5: ' "$weir" record --query 'sum(' --raw \
    --prometheus "$url/plain" --from $from --to $to -o "$work/bad-raw.gz"
expect 'a range has no answers' 2 '--raw records what it looks at' "$weir" record --query 'wait[5m]' \
    --prometheus "$url/plain" --from $from --to $to -o "$work/range.gz"
expect 'nor has end()' 2 '@ start\(\) or @ end\(\)' "$weir" record --query 'wait @ end()' \
    --prometheus "$url/plain" --from $from --to $to -o "$work/end.gz"
if [ -w /dev/full ]; then
    expect 'a full disk' 4 '/dev/full: No space left on device' "$weir" record -f "$so" \
        --prometheus "$url/plain" --from $from --to $to -o /dev/full
fi
expect 'no folder' 4 'none/x.gz: No such file' "$weir" record -f "$so" --prometheus "$url/plain" \
    --from $from --to $to -o "$work/none/x.gz"

# ---- cut off, and continued ----
# long NAME CODE PATTERN PART FILE [OPTION...]: in several blocks, as there are many steps.
long() {
    long_name=$1 long_code=$2 long_pattern=$3 long_part=$4 long_file=$5
    shift 5
    expect "$long_name" "$long_code" "$long_pattern" "$weir" record --query 'sum(wait)' --prometheus \
        "$url/$long_part" --from $from --to $to --step 250ms --tries 1 -o "$work/$long_file" "$@"
}
long 'in several blocks' 0 'has all' plain long.json
expect 'there are five' 0 '^5$' grep -c '^{"done"' "$work/long.json"
for file in cut.json cut.gz; do
    "$weir" record --query 'sum(wait)' --prometheus "$url/late-$file" --from $from --to $to --step 250ms --tries 1 \
        -o "$work/$file" >"$work/first" 2>&1
    expect "$file: the server breaks down" 0 'the same command goes on from there' cat "$work/first"
    lines "$work/$file" >"$work/part"
    expect "$file: what came is kept" 0 '^[12]$' grep -c '^{"done"' "$work/part"
    expect "$file: it can be read" 0 'sum\(wait\)' "$weir" query '{__query__!=""}' --series "$work/$file" \
        --at $((from + 100))
    # What a crash leaves of a block that was being written.
    case $file in
    *.gz) printf '{"metric":{"__query__":"sum(wait)"},"values":[7,7' | gzip -c | head -c 40 >>"$work/$file" ;;
    *) printf '{"metric":{"__query__":"sum(wait)"},"values":[7,7' >>"$work/$file" ;;
    esac
    expect "$file: with its last line cut off" 0 'sum\(wait\)' "$weir" query '{__query__!=""}' --series \
        "$work/$file" --at $((from + 100))
    expect "$file: which is said" 0 'notice: .*the recording was cut off' "$weir" query '{__query__!=""}' --series \
        "$work/$file" --at $((from + 100))
    expect "$file: another request" 2 'another request: its server is "http' "$weir" record --query 'sum(wait)' \
        --prometheus "$url/plain" --from $from --to $to --step 250ms -o "$work/$file"
    lines "$work/$file" 2>/dev/null | sed "s|/late-$file\"|/plain\"|" >"$work/moved"
    cp "$work/moved" "$work/moved.json"
    long "$file: it goes on" 0 'is continued' plain moved.json
    expect "$file: as if nothing had been" 0 'same' sh -c \
        'tail -n +2 "$0" >"$0.a"; tail -n +2 "$1" | cmp - "$0.a" && echo same' "$work/long.json" "$work/moved.json"
    cp "$work/moved.json" "$work/copy.json"
    long 'another step' 2 'another request: its queries is .*"step":250' plain moved.json --step 500ms
    expect 'changes nothing' 0 'same' sh -c 'cmp "$0" "$1" && echo same' "$work/moved.json" "$work/copy.json"
done
# Killed at any moment: from every one of them it goes on to the same end.
for after in 0.05 0.1 0.2 0.3 0.45; do
    "$weir" record --query 'sum(wait)' --prometheus "$url/plain" --from $from --to $to --step 250ms \
        -o "$work/killed.gz" 2>/dev/null &
    killed=$!
    sleep "$after"
    kill -9 $killed 2>/dev/null
    wait $killed 2>/dev/null
done
long 'killed, and continued' 0 'has all' plain killed.gz
expect 'it is whole' 0 'same' sh -c \
    'gzip -dc "$1" | tail -n +2 >"$1.a"; tail -n +2 "$0" | cmp - "$1.a" && echo same' "$work/long.json" "$work/killed.gz"
# A raw recording in two parts has the same ends of series.
head -n 1 "$work/raw.json" >"$work/head.json"
: >"$work/empty.json"
of 'an empty file' 0 'has all' plain empty.json
cp "$work/head.json" "$work/torn.json"
printf '{"weir_reco' >"$work/torn2.json"
of 'only a head' 0 'is continued' plain torn.json --raw
of 'a torn head' 0 'has all' plain torn2.json --raw
echo 'my notes' >"$work/notes.txt"
of 'a file that is no recording' 2 'is there and no recording; weir does not write over it' plain notes.txt
expect 'is as it was' 0 '^my notes$' cat "$work/notes.txt"
cp "$work/notes.txt" "$work/notes.gz"
of 'text for gzip' 2 'no recording in gzip' plain notes.gz

# ---- secrets ----
printf 'hush-token\n' >"$work/token"
of 'a token in a file' 0 'has all that' secret secret.gz --bearer-file "$work/token"
WEIR_HUSH=hush-token
export WEIR_HUSH
of 'a token in the environment' 0 'has all that' secret secret-env.json --bearer-env WEIR_HUSH
printf 'wrong-hush-token\n' >"$work/wrong"
of 'a wrong token' 3 'HTTP status 401' secret secret-wrong.json --bearer-file "$work/wrong"
cp "$work/out" "$work/wrong.txt"
expect 'a password in the URL' 2 'must not have a user or a password' "$weir" record -f "$so" \
    --prometheus 'http://me:hush-token@127.0.0.1:1' --from $from --to $to -o "$work/secret-url.json"
cp "$work/out" "$work/url.txt"
expect 'which is not shown' 1 '^$' sh -c 'grep hush-token "$0" || { echo; exit 1; }' "$work/url.txt"
# shellcheck disable=SC2016
expect 'no secret anywhere' 1 '^$' sh -c \
    'gzip -dc "$0/secret.gz" | cat - "$0"/secret-*.json "$0/wrong.txt" | grep hush || { echo; exit 1; }' "$work"

# ---- pages ----
page=${url#http://}
rm -f "$work/said"
expect 'pages' 0 '3 scrapes of http://.*/page/metrics, 0 of them failed' "$weir" record --live "a=$page/page/metrics" \
    --live "$url/gone/metrics" --interval 1s --for 3s -o "$work/live.json"
said 'a target that fails' 'warning: .*/gone/metrics: HTTP status 503'
expect 'labels' 0 '"exported_job":"own","instance":"127.0.0.1:[0-9]*","job":"a","pod":"a"' cat "$work/live.json"
expect 'times of the page' 0 '"stamped".*"values":\[5.*"timestamps":\[1700000000000' cat "$work/live.json"
expect 'a series that vanishes' 0 '"sometimes".*"values":\[1,null\]' cat "$work/live.json"
expect 'a target that vanishes' 0 '"__name__":"x_total".*"job":"live","pod":"a"\},"values":\[1,null\]' \
    cat "$work/live.json"
expect 'up' 0 '"__name__":"up".*"job":"live"\},"values":\[1,0,0\]' cat "$work/live.json"
expect 'the report' 0 '"scrape_samples_scraped".*"job":"a"\},"values":\[3,2,2\]' cat "$work/live.json"
"$weir" record --live "gone=$page/gone" --interval 3s --for 100ms -o "$work/back.json" 2>/dev/null
expect 'what came back' 0 '"values":\[4\]' cat "$work/back.json"
expect 'another interval' 2 'another request: its interval is 3000, not 200' "$weir" record --live "gone=$page/gone" \
    --interval 200ms --for 1s -o "$work/back.json"
expect 'a page that is none' 0 'broken/metrics: line 4, column 7: expected' "$weir" record \
    --live "$page/broken/metrics" --interval 3s --for 100ms -o "$work/broken.json"
expect 'is down' 0 '"__name__":"up".*"values":\[0\]' cat "$work/broken.json"
expect 'a type that is none' 0 'its Content-Type is "application/json": expected text/plain' "$weir" record \
    --live "$page/typeless/metrics" --interval 3s --for 100ms -o "$work/typeless.json"
expect 'a redirect' 0 'HTTP status 302: redirects are not followed' "$weir" record --live "$page/moved/metrics" \
    --interval 3s --for 100ms -o "$work/moved-live.json"
expect 'a slow page' 0 'Timeout was reached' "$weir" record --live "$page/sleepy/metrics" \
    --interval 200ms --for 200ms -o "$work/sleepy.json"
expect 'no page' 0 'connect|refused' "$weir" record --live 127.0.0.1:1 --interval 3s --for 100ms \
    -o "$work/nowhere.json"
expect 'OpenMetrics is asked for' 0 'has|scrapes' "$weir" record --live "$page/open/metrics" --interval 3s \
    --for 100ms -o "$work/open.json"
expect 'and read' 0 '"y_total".*"values":\[3\]' cat "$work/open.json"
expect 'a token for pages' 0 ' 0 of them failed' "$weir" record --live "$page/hush/metrics?x=hush" --interval 3s \
    --for 100ms --bearer-file "$work/token" -o "$work/hush.json"
expect 'is not in the file, nor are parameters' 1 '^$' sh -c 'grep "hush-token\|?x" "$0" || { echo; exit 1; }' \
    "$work/hush.json"
"$weir" record --live "$page/page/metrics" --interval 100ms -o "$work/endless.gz" 2>"$work/endless.out" &
endless=$!
sleep 0.7
kill -INT $endless
wait $endless
expect 'Ctrl-C ends it' 0 '^0$' echo $?
expect 'in good order' 0 '[1-9][0-9]* scrapes of' cat "$work/endless.out"
expect 'with what there was' 0 'up\{' "$weir" query up --series "$work/endless.gz"

# ---- usage ----
expect 'no file' 2 '-o FILE is needed' "$weir" record -f "$so" --prometheus "$url" --from 1 --to 2
expect 'no server' 2 'or --live TARGET' "$weir" record -f "$so" --from 1 --to 2 -o "$work/x"
expect 'backwards' 2 '--to is before --from' "$weir" record -f "$so" --prometheus "$url" --from 2 --to 1 -o "$work/x"
expect 'times of two clocks' 2 '--from is before 2001 and --to is not' "$weir" record -f "$so" --prometheus "$url" \
    --from 60 --to $to -o "$work/x"
expect 'a step of samples' 2 'about answers' "$weir" record -f "$so" --prometheus "$url" --from 1 --to 2 --raw \
    --step 5s -o "$work/x"
expect 'live and past' 2 '--live scrapes pages' "$weir" record --live a:1 --from 1 -o "$work/x"
expect 'an interval of nothing' 2 'go with --live' "$weir" record -f "$so" --prometheus "$url" --from 1 --to 2 \
    --interval 5s -o "$work/x"
expect 'scrapes that overlap' 2 'longer than --interval' "$weir" record --live a:1 --interval 1s --timeout 2s -o "$work/x"
expect 'a scheme of its own' 2 'http or https' "$weir" record --live ftp://a/b -o "$work/x"
expect 'a password in a target' 2 'not in a URL' "$weir" record --live http://u:p@a/b -o "$work/x"
expect 'a target twice' 2 'two targets have job live and instance a:1' "$weir" record --live a:1 --live a:1/x -o "$work/x"
expect 'an operand' 2 'what to do with x' "$weir" record x
printf 'apiVersion: v1\nkind: Service\nmetadata: {name: x}\n' >"$work/service.yaml"
expect 'no trigger' 3 'no prometheus trigger' "$weir" record -f "$work/service.yaml" --prometheus "$url" --from 1 \
    --to 2 -o "$work/x"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
