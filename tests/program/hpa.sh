#!/bin/sh
# Replays of HorizontalPodAutoscalers as users run them, the likely mistakes included.
#   hpa.sh WEIR
set -u
weir=$1
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"

load=$work/load.csv
hpa=$work/hpa.yaml

# manifest NAME METRICS...: an HPA from 1 to 10 pods, without a memory of wishes.
manifest() {
    cat <<YAML
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: $1}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: $1}
  minReplicas: 1
  maxReplicas: 10
  behavior: {scaleDown: {stabilizationWindowSeconds: 0}}
  metrics:
YAML
    shift
    printf '  - %s\n' "$@"
}
queue='{type: External, external: {metric: {name: queue}, target: {type: AverageValue, averageValue: "5"}}}'
cpu='{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}'
memory='{type: Resource, resource: {name: memory, target: {type: AverageValue, averageValue: 1Gi}}}'
rate='{type: Pods, pods: {metric: {name: rate}, target: {type: AverageValue, averageValue: "10"}}}'
hits='{type: Object, object: {metric: {name: hits}, describedObject: {kind: Ingress, name: i}, target: {type: Value, value: "20"}}}'

# replay_of NAME CODE PATTERN TEXT [OPTION...]: a replay of a load given as text.
replay_of() {
    name=$1 code=$2 pattern=$3
    printf "$4" >"$load"
    shift 4
    expect "$name" "$code" "$pattern" "$weir" replay -f "$hpa" --load "$load" "$@"
}

# ---- metrics of all pods together ----
manifest web "$queue" >"$hpa"
replay_of 'a queue' 0 '^0:00:15 .* 2>5 .* queue is at 11, its target is 5$' \
    'time,queue\n0,8\n15,22\n30,22\n'
replay_of 'what a queue is' 0 '^    queue \(External\): column queue of .*load.csv$' \
    'time,queue\n0,8\n15,22\n'
expect 'its load is not changed by what is decided' 0 'as recorded whatever is decided' \
    "$weir" replay -f "$hpa" --load "$load"
replay_of 'a column by name' 0 '1>2 ' 'time,depth\n0,8\n15,8\n' --metric queue=depth
replay_of 'a column by its place' 0 '1>2 ' 'time,depth\n0,8\n15,8\n' --metric 'metrics[0]=depth'
replay_of 'a column of one autoscaler' 0 '1>2 ' 'time,depth\n0,8\n15,8\n' --metric web/queue=depth
replay_of 'several series' 0 '1>3 .* queue is at 12,' 'time,a,b\n0,8,4\n15,8,4\n' --metric queue=a,b
replay_of 'every series of a prefix' 0 '1>3 .* queue is at 12,' 'time,q_a,q_b\n0,8,4\n15,8,4\n' \
    --metric 'queue=q_*'
replay_of 'decisions as csv' 0 '^15,22,11,2,2,5,1,hpa.metric,True,ValidMetricFound,SucceededRescale,queue$' \
    'time,queue\n0,8\n15,22\n' --format csv
replay_of 'decisions as json' 0 '"time":15,"load":22,"usage_queue":11,"ready":2,"replicas":2,"wanted":5,"valid":true,"rule":"hpa.metric","active":"True"' \
    'time,queue\n0,8\n15,22\n' --format json
expect 'explain' 0 'hpa.metric\[0\]: 2 -> 5, queue is at 11, its target is 5' \
    "$weir" explain -f "$hpa" --load "$load" --at 15
expect 'explain a condition' 0 'active True, reason ValidMetricFound, scale SucceededRescale, metric queue' \
    "$weir" explain -f "$hpa" --load "$load" --at 15
expect 'explain as json' 0 '"rule":"hpa.metric","item":0,"before":2,"after":5,"measured":11,"limit":5' \
    "$weir" explain -f "$hpa" --load "$load" --at 15 --format json
replay_of 'a chart' 0 'wanted, not ready' 'time,queue\n0,8\n15,22\n30,22\n' --plot
replay_of 'svg' 0 'summary' 'time,queue\n0,8\n15,22\n30,22\n' --svg "$work/x.svg"
expect 'the chart is a chart' 0 '^</svg>' cat "$work/x.svg"
replay_of 'twice the load' 0 '1>4 ' 'time,queue\n0,8\n15,8\n' --scale 2
replay_of 'pods that take time' 0 '^0:00:30 .* 1  ' 'time,queue\n0,8\n15,8\n30,40\n45,40\n' --pod-start 40s
replay_of 'pods to begin with' 0 '4>2 ' 'time,queue\n0,8\n15,8\n' --initial 4
replay_of 'the sync period' 0 'decisions +4,' 'time,queue\n0,8\n15,8\n30,8\n45,8\n'
replay_of 'another sync period' 0 'decisions +2,' 'time,queue\n0,8\n15,8\n30,8\n45,8\n' --sync-period 30s
replay_of 'the sync period of one' 0 'decided every 1m$' 'time,queue\n0,8\n' --sync-period web=1m
replay_of 'a sync period of nothing' 2 'there is no autoscaler wen' 'time,queue\n0,8\n' --sync-period wen=1m
replay_of 'a bad sync period' 2 '--sync-period takes' 'time,queue\n0,8\n' --sync-period 5x
replay_of 'a sync period out of bounds' 3 'sync_period' 'time,queue\n0,8\n' --sync-period 2h
replay_of 'tolerance' 0 ' 1  .* within tolerance' 'time,queue\n0,5.4\n15,5.4\n'
replay_of 'another tolerance' 0 '1>2 ' 'time,queue\n0,5.4\n15,5.4\n' \
    --flag horizontal-pod-autoscaler-tolerance=0.05
replay_of 'another release' 0 ' 11>' 'time,queue\n0,8\n' --initial 11 --semantics 1.27
replay_of 'no release' 2 "for HPAs '1.37' to '1.27', not 1.26" 'time,queue\n0,8\n' --semantics 1.26
replay_of 'a flag of nothing' 2 'did you mean horizontal-pod-autoscaler-tolerance' 'time,queue\n0,8\n' \
    --flag horizontal-pod-autoscaler-tolerancy=1
replay_of 'a flag of a bad value' 2 'takes a fraction like 0.1, not x' 'time,queue\n0,8\n' \
    --flag horizontal-pod-autoscaler-tolerance=x
replay_of 'a gate of a bad value' 2 'true or false, not 1' 'time,queue\n0,8\n' --flag HPAScaleToZero=1

# ---- holes ----
replay_of 'an empty cell is a metric that fails' 0 \
    '^30,,,2,2,2,0,hpa.blocked,False,FailedGetExternalMetric,SucceededGetScale,$' \
    'time,queue\n0,8\n15,8\n30,\n45,8\n' --format csv
replay_of 'why a metric fails' 0 '^0:00:30 .* False +queue has no value$' \
    'time,queue\n0,8\n15,8\n30,\n45,8\n'
replay_of 'a gap is a metric that fails' 0 ':4:1: a gap of 14m45s without data' \
    'time,queue\n0,8\n15,8\n900,8\n915,8\n'
replay_of 'a gap as csv' 0 '^315,,,2,2,2,0,hpa.blocked,False' 'time,queue\n0,8\n15,8\n900,8\n' --format csv
replay_of 'a shorter hold' 0 '^75,,,2,2,2,0,hpa.blocked' 'time,queue\n0,8\n15,8\n900,8\n' \
    --hold 1m --format csv
replay_of 'NaN' 3 ':3:4: a number was expected' 'time,queue\n0,5\n15,NaN\n'
replay_of 'no number' 3 ':3:4: .*found "5x"' 'time,queue\n0,5\n15,5x\n'
replay_of 'a bad row left out' 0 '1 bad' 'time,queue\n0,5\n15,5x\n30,5\n' --keep-going
replay_of 'time goes back' 3 ':4:1: time goes back' 'time,queue\n0,5\n15,5\n10,5\n'
replay_of 'time stands still' 3 ':3:1: time stands still' 'time,queue\n0,5\n0,5\n'
replay_of 'no rows' 3 'there is no row' 'time,queue\n'

# ---- a metric without a series ----
replay_of 'no series' 3 'web: there is no series for its metric queue \(External\); .* --metric queue=COLUMN' \
    'time,quue,other\n0,8,9\n'
replay_of 'what series there are' 3 'no column queue; did you mean quue.*' 'time,quue,other\n0,8,9\n'
replay_of 'what series there are, all of them' 3 'the columns are: time quue other' 'time,quue,other\n0,8,9\n'
replay_of 'no such column' 3 'no column dept; did you mean depth' 'time,depth\n0,8\n' --metric queue=dept
replay_of 'no such metric' 2 '--metric: there is no metric queeu; did you mean queue' 'time,queue\n0,8\n' \
    --metric queeu=queue
replay_of 'no column at all' 2 '--metric takes NAME=COLUMN, not queue' 'time,queue\n0,8\n' --metric queue
expect 'requests' 2 'is not replayed with requests' \
    "$weir" replay -f "$hpa" --workers 3 --service-time 1s

# ---- metrics of pods ----
manifest web "$cpu" >"$hpa"
replay_of 'percent of all pods' 0 '1>2 .* cpu is at 120, its target is 80' 'time,cpu\n0,120\n15,120\n'
replay_of 'the model' 0 'usage of a pod = recorded usage x recorded pods / ready pods' 'time,cpu\n0,120\n'
replay_of 'averages over recorded pods' 0 '3>4 .* cpu is at 100, its target is 80' \
    'time,cpu,n\n0,100,3\n15,100,3\n' --replicas n
expect 'they answer to the pods there are' 0 '^15,300,75,4,4,4,1,hpa.tolerance' \
    "$weir" replay -f "$hpa" --load "$load" --replicas n --format csv
replay_of 'averages over a declared number' 0 '3>4 .* cpu is at 100, its target is 80' \
    'time,cpu\n0,100\n15,100\n' --replicas 3
replay_of 'a column of pods that is not used' 0 'with --replicas replicas' 'time,cpu,replicas\n0,100,3\n'
replay_of 'a bad number of pods' 2 '--replicas takes a column, or a number of at least 1, not 0' \
    'time,cpu\n0,100\n' --replicas 0
replay_of 'a bad recorded number of pods' 3 ':2:7: a number of pods was expected' 'time,cpu,n\n0,100,-1\n' \
    --replicas n
replay_of 'in cores' 0 '1>3 .* cpu is at 240, its target is 80' 'time,cpu\n0,1.2\n15,1.2\n' \
    --pod-request cpu=500m
replay_of 'a bad request' 2 '--pod-request takes NAME=QUANTITY' 'time,cpu\n0,1\n' --pod-request cpu=0
replay_of 'rows of single pods' 0 '1>2 .* cpu is at 150, its target is 80' \
    'time,pod,value\n0,a,100\n0,b,50\n15,a,100\n15,b,50\n' --metric cpu=value
replay_of 'a single pod misses' 0 '3>4 .* cpu is at 100,' 'time,pod,value\n0,a,90\n0,b,110\n0,c,\n15,a,90\n' \
    --metric cpu=value --replicas 3
replay_of 'no single pod has a value' 0 '^0,,,1,1,-1,0,hpa.blocked' 'time,pod,value\n0,a,\n0,b,\n15,a,50\n' \
    --metric cpu=value --format csv
replay_of 'a single pod twice' 3 ':3:3: one row of each pod at a time was expected, found "a"' \
    'time,pod,value\n0,a,90\n0,a,110\n' --metric cpu=value
replay_of 'single pods under another name' 0 '1>2 ' 'time,container,value\n0,a,100\n0,b,50\n' \
    --metric cpu=value --pod container
replay_of 'no such column of pods' 3 'no column contaner; did you mean container' \
    'time,container,value\n0,a,100\n' --metric cpu=value --pod contaner
replay_of 'columns of single pods' 0 '2>3 .* cpu is at 105,' 'time,a,b\n0,90,120\n15,90,120\n' \
    --metric cpu=a,b --initial 2
manifest web "$memory" "$rate" >"$hpa"
replay_of 'memory and a rate' 0 '1>3 .* memory is at 3221225472, its target is 1073741824' \
    'time,memory,rate\n0,3221225472,15\n15,3221225472,15\n'
replay_of 'a request for nothing' 2 'is not held against what pods request' \
    'time,memory,rate\n0,1,1\n' --pod-request memory=1Gi

# ---- several metrics, files and autoscalers ----
manifest web "$queue" "$hits" >"$hpa"
replay_of 'the larger wish' 0 '1>3 .* hits is at 60, its target is 20' 'time,queue,hits\n0,8,60\n15,8,60\n'
replay_of 'one of two fails, the other says up' 0 '1>3 .* hits is at 60' 'time,queue,hits\n0,,60\n15,,60\n'
replay_of 'one of two fails, the other says down' 0 '^0,,,1,3,3,-1,0,hpa.blocked,False,FailedGetExternalMetric' \
    'time,queue,hits\n0,,1\n' --initial 3 --format csv --metric hits=hits
printf 'time,queue\n0,8\n20,8\n' >"$work/queue.csv"
printf 'time,hits\n5,60\n15,60\n' >"$work/hits.csv"
expect 'two files' 0 '^0:00:15 .* 2>6 .* hits is at 60' \
    "$weir" replay -f "$hpa" --load "$work/queue.csv" --load "$work/hits.csv"
cp "$work/queue.csv" "$work/other.csv"
expect 'one column in two files' 3 'several files have a column queue; write FILE:queue' \
    "$weir" replay -f "$hpa" --load "$work/queue.csv" --load "$work/other.csv" --load "$work/hits.csv"
expect 'one column of two files' 0 '1>2 ' "$weir" replay -f "$hpa" --load "$work/queue.csv" \
    --load "$work/other.csv" --load "$work/hits.csv" --metric "queue=$work/other.csv:queue"
cat >"$work/list.yaml" <<'YAML'
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
---
apiVersion: example.com/v1
kind: Thing
metadata: {name: thing}
---
apiVersion: v1
kind: List
items:
YAML
for name in web api; do
    manifest $name "$queue" | sed -e 's/^/  /' -e '1s/^  /- /' >>"$work/list.yaml"
done
printf 'time,queue\n0,8\n15,8\n' >"$load"
expect 'a Deployment is passed over' 0 'notice: .*Deployment web is passed over' \
    "$weir" replay -f "$work/list.yaml" --load "$load"
expect 'an unknown kind is passed over' 0 'Thing thing is passed over' \
    "$weir" replay -f "$work/list.yaml" --load "$load"
expect 'all of a list' 0 '^default/api +0.02 +2 +1 +0 +0$' "$weir" replay -f "$work/list.yaml" --load "$load"
expect 'all of a list as csv' 0 '^default/api,15,8,2,2,2,1,' \
    "$weir" replay -f "$work/list.yaml" --load "$load" --format csv
expect 'with one header' 0 '^1$' \
    sh -c '"$0" replay -f "$1" --load "$2" --format csv 2>/dev/null | grep -c ^autoscaler' \
    "$weir" "$work/list.yaml" "$load"
expect 'all of a list as json' 0 '^."autoscaler":"default/web","time":15' \
    "$weir" replay -f "$work/list.yaml" --load "$load" --format json
expect 'one of a list' 0 '^HorizontalPodAutoscaler default/api' \
    "$weir" replay -f "$work/list.yaml" --load "$load" --name api
expect 'explain one of several' 2 'choose one with --name; the files have: web api' \
    "$weir" explain -f "$work/list.yaml" --load "$load" --at 15
expect 'a chart of several' 2 '--svg draws one autoscaler' \
    "$weir" replay -f "$work/list.yaml" --load "$load" --svg "$work/x.svg"
expect 'several from the standard input' 2 'can be read once only' \
    "$weir" replay -f "$work/list.yaml" --load -
expect 'a bad spec' 3 'hpa.yaml:.*: error: spec.maxReplicas' \
    sh -c 'sed -i "s/maxReplicas: 10/maxReplicas: 0/" "$1"; "$0" replay -f "$1" --load "$2"' \
    "$weir" "$hpa" "$load"
# ---- Knative's revisions of class hpa ----
cat >"$work/ksvc.yaml" <<'YAML'
apiVersion: serving.knative.dev/v1
kind: Service
metadata: {name: hello}
spec:
  template:
    metadata:
      annotations:
        autoscaling.knative.dev/class: hpa.autoscaling.knative.dev
        autoscaling.knative.dev/metric: rps
        autoscaling.knative.dev/target: "10"
        autoscaling.knative.dev/window: 30s
YAML
printf 'time,rps\n0,35\n15,35\n30,35\n45,35\n' >"$load"
expect 'a revision of class hpa' 0 'scales on: rps at 10 a pod' \
    "$weir" replay -f "$work/ksvc.yaml" --load "$load"
expect 'its window holds for both directions' 0 '^0:00:30 .* 1>4 .* rps is at 35, its target is 10' \
    "$weir" replay -f "$work/ksvc.yaml" --load "$load"
expect 'its only pods are no requests' 2 'is not replayed with requests' \
    "$weir" replay -f "$work/ksvc.yaml" --workers 3 --service-time 1s
for table in hpa behavior; do
    expect "fields of $table" 0 "^$table: " "$weir" fields $table
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
