#!/bin/sh
# Replays whose metrics are queries, over series of files and of a server that makes every mistake.
#   series.sh WEIR SOURCE
set -u
weir=$1
source=$2
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"

data=$source/examples/data
so=$work/so.yaml
hpa=$work/hpa.yaml
series=$work/series.txt

# object NAME MIN MAX TRIGGERS...: a ScaledObject without a memory of wishes.
object() {
    cat <<YAML
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: $1}
spec:
  scaleTargetRef: {name: $1}
  minReplicaCount: $2
  maxReplicaCount: $3
  pollingInterval: 30
  cooldownPeriod: 60
  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {stabilizationWindowSeconds: 0}}}}
  triggers:
YAML
    shift 3
    printf '  - %s\n' "$@"
}

# prometheus QUERY [MORE]: a trigger.
prometheus() {
    printf '{type: prometheus, metadata: {serverAddress: s, threshold: "5", query: '\''%s'\''%s}}' "$1" "${2:-}"
}

# samples NAME TIME VALUE...: a series, one sample every 15 s from 1700000000 + TIME on.
samples() {
    samples_name=$1 samples_at=$2
    shift 2
    for samples_value; do
        [ "$samples_value" = - ] || printf '%s %s %s000\n' "$samples_name" "$samples_value" $((1700000000 + samples_at))
        samples_at=$((samples_at + 15))
    done
}

# of QUERY CODE PATTERN NAME [OPTION...]: a ScaledObject with that query, over the series.
of() {
    object so 0 10 "$(prometheus "$1")" >"$so"
    of_code=$2 of_pattern=$3 of_name=$4
    shift 4
    expect "$of_name" "$of_code" "$of_pattern" "$weir" replay -f "$so" --series "$series" "$@"
}

# ---- a running cluster, from its raw samples ----
vllm=$source/examples/scaledobject-vllm.yaml
# The cluster scaled at 08:18:33.1, 08:19:55.7 and, its syncs by then at even seconds, at 08:23:42.3.
for line in '08:18:33Z +5.50 +5.50 +1 +1>2 .* s0-prometheus is at 5.501, its target is 5$' \
    '08:19:55Z +11.18 +5.59 +2 +2>3 .* s0-prometheus is at 5.589, its target is 5$' \
    '08:23:39Z +3.19 +1.06 +3 +3>2 .* s0-prometheus is at 1.062, its target is 5; 1 wanted now, up to 2 within the window$' \
    'scale-ups +2,' 'scale-downs +1$'; do
    expect "the documented object: $line" 0 "$line" "$weir" replay -f "$vllm" \
        --series "$data/keda-series.json.gz" --mark-stale --semantics 'prometheus 2.42' \
        --sync-period 2s --from 2026-11-24T08:17:00Z
done
expect 'its one decision' 0 'hpa.metric\[0\]: 1 -> 2, s0-prometheus is at 5.556, its target is 5' \
    "$weir" explain -f "$vllm" --series "$data/keda-series.json.gz" --mark-stale \
    --semantics 'prometheus 2.42' --sync-period 2s --at 2026-11-24T08:18:35Z
expect "KServe's own" 0 'sum\(rate\(vllm:generation_tokens_total\{model_name="opt-125m"\}\[2m\]\)\)$' \
    "$weir" replay -f "$source/examples/isvc-keda.yaml" --series "$data/keda-series.json.gz"
expect 'several documents' 0 '^ScaledObject default/opt-125m-predictor ' \
    "$weir" replay -f "$vllm" -f "$source/examples/isvc-keda.yaml" --series "$data/keda-series.json.gz"
expect 'the other of them' 0 '^ScaledObject default/opt-125m ' \
    "$weir" replay -f "$vllm" -f "$source/examples/isvc-keda.yaml" --series "$data/keda-series.json.gz"

# A grid as weir query has it, given as columns, decides the same.
query='sum(rate(vllm:prompt_tokens_total{model_name="my-model"}[40s]))'
object grid 1 30 "$(prometheus "$query" | sed 's/"5"/"90"/')" >"$so"
"$weir" query "$query" --series "$data/keda-series.json.gz" --from 2026-11-24T08:17:40Z \
    --to 2026-11-24T08:27:10Z --step 1s --format csv >"$work/grid.csv"
decide() {
    "$weir" replay -f "$so" --sync-period 7s --from 2026-11-24T08:17:40Z --to 2026-11-24T08:27:10Z \
        --format csv "$@" 2>"$work/err" | sed 's/,[^,]*,/,/' # the load of a row between two syncs is no decision
}
decide --load "$work/grid.csv" --time time --metric "s0-prometheus={}" >"$work/by-column"
decide --series "$data/keda-series.json.gz" >"$work/by-query"
expect 'a grid and its queries: there are decisions' 0 '^32$' sh -c "grep -c hpa.metric '$work/by-query'"
expect 'a grid and its queries decide the same' 0 '^same$' \
    sh -c "cmp '$work/by-column' '$work/by-query' && echo same"

# ---- what KEDA makes of an answer ----
{
    samples 'q{pod="a"}' 0 8 8 22 22 22 22 22 22
    samples 'q{pod="b"}' 60 1 1
    samples 'n' 0 NaN +Inf -Inf NaN 7 7 7 7
    samples 'c' 0 0 60 120 180 240 300 360 420
    samples 'later' 75 30 30 30 30
} >"$series"
of 'q{pod="a"}' 0 '^2023-11-14T22:13:21Z +8.00 +8.00 +1 +1>2 .* s0-prometheus is at 8, its target is 5$' 'one element'
of 'sum(rate(c[1m]))' 0 '^2023-11-14T22:13:50Z +2.00 +1.07 ' 'a rate'
of 'q' 0 'notice: so: s0-prometheus: 7 of 13 answers are errors, the first at 2023-11-14T22:14:20.000000Z: the answer has 2 elements, and KEDA takes one' \
    'two elements are an error'
of 'q' 0 '^2023-11-14T22:14:20Z .* s0-prometheus: failed, 0 times in a row' 'and fail the trigger'
of 'later' 0 's0-prometheus: not active: it measures 0, the activation threshold is 0' 'no element is 0'
of 'n' 0 '^2023-11-14T22:13:20Z +- +- .* s0-prometheus: not active: it measures 0' 'NaN is 0'
of 'n' 0 '^2023-11-14T22:14:20Z +7.00 .* s0-prometheus: active: it measures 7' 'and a number counts again'
of '1' 0 '13 of 13 answers are errors, .*: the query gives a scalar, whose reply KEDA cannot read' 'a scalar is an error'
of 'vector(7)' 0 's0-prometheus: active: it measures 7' 'a vector of it is not'
of '"x"' 0 '13 of 13 answers are errors, .*: the query gives a text' 'so is a text'
of 'c[1m]' 0 's0-prometheus: not active: it measures 0' 'samples have no value'
of 'q[1m]' 0 'errors, .*: the answer has several elements' 'of several series they are an error'
of 'q / on() q' 0 '7 of 13 answers are errors, .* at 2023-11-14T22:14:20.000000Z: .*(many|duplicate|matching)' \
    'where a match fails, its times do'
of 'absent(q{pod="a"})' 0 'none of the 13 answers has a value: does the query meet the series' 'a query that never answers'
object so 1 10 "$(prometheus later ', ignoreNullValues: "false"')" >"$so"
expect 'no element may be an error' 0 's0-prometheus: failed, 0 times in a row' "$weir" replay -f "$so" --series "$series"
of 'sum(q' 3 'so: s0-prometheus: the query, 1:6: ' 'a query that is none'
of 'histogram_count(q)' 3 'so: s0-prometheus: the query, 1:1: .*histogram_count' 'a query that weir does not evaluate'

# KEDA cuts the time of a query to whole seconds.
printf 'q 1 1700000000000\nq 9 1700000015900\nq 9 1700000031000\n' >"$series"
object so 1 10 "$(prometheus q)" >"$so"
expect 'not yet' 0 '^1700000015.95,1,' "$weir" replay -f "$so" --series "$series" \
    --from 1700000000.95 --sync-phase 15s --format csv
cat >"$hpa" <<'YAML'
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  maxReplicas: 10
  metrics:
  - {type: External, external: {metric: {name: queue}, target: {type: AverageValue, averageValue: "5"}}}
YAML
expect 'an HPA does not' 0 '^1700000015.95,9,' "$weir" replay -f "$hpa" --series "$series" \
    --query queue=q --from 1700000000.95 --format csv

# ---- metrics without a query ----
samples 'q{pod="a"}' 0 8 8 8 8 >"$series"
samples 'q{pod="b"}' 0 4 4 4 4 >>"$series"
expect 'an HPA has no query' 3 'web: queue \(External\) has no query of its own: give it one with --query queue=PROMQL, or a column with --load FILE.csv --metric queue=COLUMN' \
    "$weir" replay -f "$hpa" --series "$series"
expect 'an HPA with one' 0 '1>3 .* queue is at 12, its target is 5' "$weir" replay -f "$hpa" --series "$series" \
    --query queue=q
expect 'by place, of one' 0 '1>3 .* queue is at 12,' "$weir" replay -f "$hpa" --series "$series" \
    --query 'web/metrics[0]=sum(q)'
expect 'what it was given' 0 '^    queue \(External\): evaluated over .*series.txt$' "$weir" replay -f "$hpa" \
    --series "$series" --query queue=q
expect 'twice as much' 0 '1>4 .* queue is at 24,' "$weir" replay -f "$hpa" --series "$series" --query queue=q --scale 2
expect 'no such metric' 2 '--query: there is no metric qeue; did you mean queue\?' "$weir" replay -f "$hpa" \
    --series "$series" --query qeue=q
expect 'no query in it' 2 '--query takes NAME=PROMQL, not queue' "$weir" replay -f "$hpa" --series "$series" --query queue
object so 1 10 '{type: cpu, metricType: AverageValue, metadata: {value: "500m"}}' "$(prometheus 'max(q)')" >"$so"
expect 'cpu has none either' 3 'so: cpu \(Resource\) has no query of its own: .* --metric cpu=COLUMN' \
    "$weir" replay -f "$so" --series "$series"
expect 'cpu by a query' 0 '1>5 .* cpu is at 3,' "$weir" replay -f "$so" --series "$series" --query 'cpu=sum(q) / 4'
printf 'time,used\n1700000000,3\n1700000045,3\n' >"$work/cpu.csv"
expect 'cpu by a column' 0 '1>5 .* cpu is at 3,' "$weir" replay -f "$so" --series "$series" --load "$work/cpu.csv" \
    --metric cpu=used
object so 1 10 '{type: cron, metadata: {timezone: UTC, start: 0 22 * * *, end: 0 23 * * *, desiredReplicas: "4"}}' \
    "$(prometheus 'max(q)')" >"$so"
expect 'cron needs none' 0 '1>4 ' "$weir" replay -f "$so" --series "$series"

# ---- Knative ----
cat >"$work/ksvc.yaml" <<'YAML'
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: llm}
spec: {template: {metadata: {annotations: {autoscaling.knative.dev/target: "4", autoscaling.knative.dev/target-utilization-percentage: "100"}}}}
YAML
expect 'concurrency by a query' 0 '1>3 ' "$weir" replay -f "$work/ksvc.yaml" --series "$series" --query 'concurrency=sum(q)'
expect 'what was asked' 0 '^    concurrency: evaluated over .*series.txt$' "$weir" replay -f "$work/ksvc.yaml" \
    --series "$series" --query 'concurrency=sum(q)'
expect 'rps and the time of a request' 0 '1>3 ' "$weir" replay -f "$work/ksvc.yaml" --series "$series" \
    --query 'llm/rps=sum(q) * 2' --service-time 500ms
expect 'no load' 2 'llm scales on concurrency, which has no query of its own: give it one with --query concurrency=PROMQL, or rps' \
    "$weir" replay -f "$work/ksvc.yaml" --series "$series"
expect 'not a load of Knative' 2 '--query: there is no metric tokens.* concurrency rps' \
    "$weir" replay -f "$work/ksvc.yaml" --series "$series" --query tokens=q

# ---- which series ----
object so 1 10 "$(prometheus 'sum(count_over_time(q[30s]))')" >"$so"
expect 'open ranges' 0 's0-prometheus is at 4, its target is 5|,4,' "$weir" replay -f "$so" --series "$series" --format csv
expect 'closed ranges' 0 ',6,' "$weir" replay -f "$so" --series "$series" --format csv --semantics 'prometheus 2.42'
gzip -k "$series"
expect 'gzip' 0 'evaluated over .*series.txt.gz$' "$weir" replay -f "$so" --series "$series.gz"
printf '{__name__="q", pod="c"} 9 1700000000000\n' >"$work/dump.txt"
expect 'two files' 0 'evaluated over 2 files$' "$weir" replay -f "$so" --series "$series" --series "$work/dump.txt"
expect 'no file' 3 'nowhere.txt: No such file' "$weir" replay -f "$so" --series "$work/nowhere.txt"
printf 'q 1 1700000000000\nq one 1700000015000\n' >"$work/bad.txt"
expect 'a bad line' 3 'bad.txt:2:3: ' "$weir" replay -f "$so" --series "$work/bad.txt"
printf 'q 1\n' >"$work/timeless.txt"
expect 'no times' 3 'timeless.txt:1: .*no time' "$weir" replay -f "$so" --series "$work/timeless.txt"
cp "$work/out" "$work/said"
expect 'and how to have them' 0 'weir record --live' cat "$work/said"
printf '# EOF\n' >"$work/empty.txt"
expect 'no samples' 3 'empty.txt: there is no sample to evaluate queries over' "$weir" replay -f "$so" --series "$work/empty.txt"
expect 'not that late' 3 'the newest sample of the series is of 2023-11-14T22:14:05.000000Z, before the replay begins' \
    "$weir" replay -f "$so" --series "$series" --from 1800000000
expect 'not that early' 3 'the oldest sample of the series is of 2023-11-14T22:13:20.000000Z, after the replay ends' \
    "$weir" replay -f "$so" --series "$series" --from 1500000000 --to 1500000020
expect 'a time of a trace' 3 '--from is before 2001, or .*; the series begin at 2023-11-14T22:13:20.000000Z' \
    timeout 20 "$weir" replay -f "$so" --series "$series" --from 0:00:10
expect 'nor its end' 3 'the oldest sample of the series is of .*, after the replay ends' \
    "$weir" replay -f "$so" --series "$series" --to 20
for option in --metric=0=used --time=t --pod=p --concurrency=c --rps=r; do
    expect "${option%%=*} without a file of columns" 2 "^weir: ${option%%=*} names a column: of which file" \
        "$weir" replay -f "$so" --series "$series" "$option"
done
expect 'a format that there is not' 2 'there is no format prometheus.*; the formats are: .*text.* csv' \
    "$weir" replay -f "$so" --series "$series" --input prometheus
expect 'the other way round' 2 '--to is before --from' "$weir" replay -f "$so" --series "$series" --from 20 --to 10
expect 'only with series' 2 '--mark-stale goes with --series$' "$weir" replay -f "$so" --load "$work/cpu.csv" --mark-stale
expect 'their semantics, too' 2 "'prometheus ...' goes with --series" "$weir" replay -f "$so" --load "$work/cpu.csv" \
    --metric 0=used --semantics 'prometheus 3'
expect 'a query with somebody to answer it' 2 '--query goes with --series or --prometheus' "$weir" replay -f "$so" \
    --load "$work/cpu.csv" --query 0=q
expect 'rows or series' 2 'do not go with --requests' "$weir" replay -f "$work/ksvc.yaml" --series "$series" --workers 3 \
    --service-time 1s

# ---- a server ----
if ! command -v python3 >/dev/null; then
    echo "python3 is not there: no server"
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
fi
mkfifo "$work/hold"
python3 "$source/tests/support/faulty_server.py" <"$work/hold" >"$work/ports" &
exec 9>"$work/hold" # the server ends when this does
while ! [ -s "$work/ports" ]; do sleep 0.1; done
read -r port _ <"$work/ports"
server=http://127.0.0.1:$port
object so 1 3 "$(prometheus 'any query')" >"$so"

# asks NAME CODE PATTERN PATH [OPTION...]: the object's query, of the server.
asks() {
    asks_name=$1 asks_code=$2 asks_pattern=$3 asks_path=$4
    shift 4
    expect "$asks_name" "$asks_code" "$asks_pattern" "$weir" replay -f "$so" --prometheus "$server/$asks_path" \
        --from 1700000000 --to 1700000090 --tries 2 --timeout 1s "$@" 9>&-
}

asks 'a server answers' 0 '^2023-11-14T22:13:36Z +1700000016 +1700000016 ' grid
asks 'whom was asked' 0 "asked of $server/grid\$" grid
asks 'a part has a second element' 0 '2 of 10 answers are errors, the first at .*: the answer has 2 elements' grid
asks 'a server that moves times' 3 'so: s0-prometheus: the server moved the times' moved
asks 'a server with an error' 3 'so: s0-prometheus: HTTP 503|so: s0-prometheus: .*timed out|503' down
asks 'evaluation fails, as a trigger does' 0 '10 of 10 answers are errors, .*: the server says: execution: many-to-many' refused
asks 'a reply that is cut short' 3 'so: s0-prometheus: ' truncated
asks 'JSON that is cut short' 3 'so: s0-prometheus: ' cut
asks 'a proxy' 3 'so: s0-prometheus: .*JSON|HTML|reply' html
asks "a gateway's page" 3 '502' gateway
asks 'a redirect' 3 'so: s0-prometheus: .*302' redirect
asks 'no reply' 3 'so: s0-prometheus: ' silent
asks 'too slow' 3 'so: s0-prometheus: .*(time|late)' slow
asks 'an instant is no grid' 3 'expected a matrix' echo
asks 'no such path' 3 '404' nowhere
asks 'no token' 3 '401' auth
echo token-1 >"$work/token"
asks 'a token of a file' 3 'expected a matrix' auth --bearer-file "$work/token"
asks 'no token there' 3 '--bearer-file or --bearer-env: .*nowhere No such file' auth --bearer-file "$work/nowhere"
asks 'a user in the URL' 2 'prometheus must not have a user' '' --prometheus http://me:hidden@127.0.0.1:1
cp "$work/out" "$work/said"
expect 'and nothing of it is said' 0 '^0$' sh -c "grep -c hidden '$work/said' || true"
asks 'a secret on the command line' 2 '--header must not have Authorization' auth --header 'Authorization: Bearer hidden'
cp "$work/out" "$work/said"
expect 'is not said again' 0 '^0$' sh -c "grep -c hidden '$work/said' || true"
printf 'X-Scope-OrgID: team\n' >"$work/headers"
expect 'headers of a file' 0 'tenant="team"' "$weir" query up --prometheus "$server/echo" --header-file "$work/headers"
expect 'a header' 0 'tenant="team"' "$weir" query up --prometheus "$server/echo" --header X-Scope-OrgID:team
expect 'a query by GET, with more' 0 'method="GET", more="x"|method="GET".*more="x"' "$weir" query up --prometheus "$server/echo" \
    --method get --parameters more=x
expect 'at a time' 0 'time="1700000000.000"' "$weir" query up --prometheus "$server/echo" --at 1700000000
expect 'as the server says it' 0 '"status":"success","data":\{"resultType":"vector"' "$weir" query up \
    --prometheus "$server/echo" --format json
expect 'a grid' 0 '^\{a="b"\} =>' "$weir" query up --prometheus "$server/grid" --from 1700000000 --to 1700000030 --step 15s
expect 'warnings' 0 'warning: store gone' "$weir" query up --prometheus "$server/partial"
expect 'a query that is refused' 3 'the server says: execution: many-to-many' "$weir" query up --prometheus "$server/refused"
expect 'files have their own options' 2 '--lookback goes with --series' "$weir" query up --prometheus "$server/echo" \
    --lookback 1m
expect 'a server without its scheme' 2 '--prometheus must be http://HOST or https://HOST, not localhost:9090$' \
    "$weir" query up --prometheus localhost:9090
expect 'a page of the server' 3 'HTTP status 404$' "$weir" query up --prometheus "$server/nothing"
cp "$work/out" "$work/said"
expect 'is not its address' 0 'URL is what comes before /api/v1, as' cat "$work/said"
expect 'one of them' 2 'either --series or --prometheus' "$weir" query up \
    --prometheus "$server/echo" --series "$series"
expect 'a server option without one' 2 '--user is about a server; say which with --prometheus URL' "$weir" query up \
    --series "$series" --user me
expect 'from when to when' 2 '--prometheus needs --from TIME and --to TIME' "$weir" replay -f "$so" --prometheus "$server/grid"
expect 'an explanation asks up to its time' 0 '^ScaledObject default/so at 2023-11-14T22:14:20Z' "$weir" explain -f "$so" \
    --prometheus "$server/grid" --from 1700000000 --at 1700000060
expect 'times of two clocks' 2 '--from is before 2001, or counts from the start of a trace; --to does not' \
    timeout 20 "$weir" replay -f "$so" --prometheus "$server/grid" --from 0:00:10 --to 1700000090
expect 'files or a server' 2 'either --series or --prometheus' "$weir" replay -f "$so" --prometheus "$server/grid" \
    --series "$series"
exec 9>&-
wait
expect 'nobody there' 3 'so: s0-prometheus: ' "$weir" replay -f "$so" --prometheus "$server/grid" --from 1700000000 \
    --to 1700000090 --tries 1
expect 'where, and once' 3 '^weir: http://127.0.0.1:1: Could' "$weir" query up --prometheus http://127.0.0.1:1 --tries 1

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
