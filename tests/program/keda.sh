#!/bin/sh
# ScaledObjects as users show and replay them: the published ones whole, the likely mistakes.
#   keda.sh WEIR SOURCE_DIR
set -u
weir=$1 source=$2
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"

manifests=$source/tests/conformance/kserve/manifests
load=$work/load.csv
so=$work/so.yaml

# A load that idles, rises to 8, to 22, falls to 6, to 4, to 0 for each 5 of target, over two hours;
# the cache of the second trigger with it.
awk 'BEGIN {
    print "time,tokens,many,cache"
    for (t = 0; t < 7200; t += 15) {
        n = t < 300 ? 0 : t < 600 ? 8 : t < 900 ? 22 : t < 2700 ? 6 : t < 4500 ? 4 : 0
        print t "," n "," n * 500 "," (t < 300 ? 0 : t < 900 ? 0.9 : t < 4500 ? 0.3 : 0)
    }
}' >"$load"

# timeline NAME MANIFEST MINIMUM TRIGGERS WANTED: time and pods of every change. A manifest is used
# as it is, but for its minimum.
timeline() {
    name=$1 wanted=$5
    sed "s/minReplicaCount: .*/minReplicaCount: $3/" "$manifests/$2" >"$so"
    # shellcheck disable=SC2086 # words
    got=$("$weir" replay -f "$so" --load "$load" $4 2>/dev/null |
        awk '/^[0-9]+:/ { for (i = 4; i <= 6; i++) if ($i ~ />/) print $1, $i }' | tr '\n' ';')
    if [ "$got" = "$wanted" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name: wanted"
        echo "    $wanted"
        echo "    $got"
    fi
}

timeline 'one trigger, from 1' opt-125m-scaledobject.yaml 1 '--metric s0-prometheus=tokens' \
    '0:05:01 1>2;0:10:01 2>3;0:16:46 3>2;0:46:46 2>1;'
timeline 'one trigger, from 0' opt-125m-scaledobject.yaml 0 '--metric 0=tokens' \
    '0:00:15 1>0;0:05:00 0>1;0:05:01 1>2;0:10:01 2>3;0:16:46 3>2;0:46:46 2>1;1:17:00 1>0;'
timeline 'two triggers, from 1' two-trigger-scaledobject.yaml 1 \
    '--metric s0-prometheus=many --metric s1-prometheus=cache' \
    '0:05:01 1>2;0:10:01 2>3;0:20:01 3>2;0:50:01 2>1;'
timeline 'two triggers, from 0' two-trigger-scaledobject.yaml 0 \
    '--metric 0=many --metric triggers[1]=cache' \
    '0:00:30 1>0;0:05:00 0>1;0:05:01 1>2;0:10:01 2>3;0:20:01 3>2;0:50:01 2>1;1:20:00 1>0;'
timeline 'production, from 1' production-scaledobject.yaml 1 '--metric 0=many --metric 1=cache' \
    '0:05:01 1>2;0:10:01 2>3;0:29:46 3>2;0:59:46 2>1;'
timeline 'production, from 0' production-scaledobject.yaml 0 '--metric 0=many --metric 1=cache' \
    '0:00:30 1>0;0:05:00 0>1;0:05:01 1>2;0:10:01 2>3;0:29:46 3>2;0:59:46 2>1;1:20:00 1>0;'

# ---- words --------------------------------------------------------------------------------------

cat >"$so" <<'YAML'
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: so}
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: 0
  maxReplicaCount: 9
  pollingInterval: 20
  cooldownPeriod: 60
  fallback: {failureThreshold: 3, replicas: 6}
  triggers:
  - type: prometheus
    name: queue
    metadata: {serverAddress: s, query: q, threshold: "5", ignoreNullValues: "false"}
  - type: cron
    metadata: {start: 0 1 * * *, end: 0 2 * * *, timezone: Etc/UTC, desiredReplicas: "3"}
YAML

# replay_of NAME CODE PATTERN TEXT [OPTION...]: a replay of a load given as text.
replay_of() {
    name=$1 code=$2 pattern=$3
    printf "$4" >"$load"
    shift 4
    expect "$name" "$code" "$pattern" "$weir" replay -f "$so" --load "$load" "$@"
}
good='time,q\n0,0\n20,10\n40,10\n60,10\n'
replay_of 'by the name of the trigger' 0 '0:00:20 .* 0>1 .*measures 10, the activation threshold is 0; from 0 to 1 pods' \
    "$good" --metric queue=q --initial 0
replay_of 'by index' 0 'at least 1, at most 9, 0 when idle for 1m; KEDA polls every 20s' "$good" --metric 0=q
replay_of 'by place' 0 's0-prometheus \(External\): column q' "$good" --metric 'triggers[0]=q'
replay_of 'by the name of the metric' 0 'column q' "$good" --metric s0-prometheus=q
replay_of 'with the object before it' 0 'column q' "$good" --metric so/queue=q
replay_of 'a trigger that is not there' 2 'no metric queu; did you mean|the metrics are: s0-prometheus' "$good" --metric queu=q
replay_of 'a trigger without a series' 3 'say which with --metric s0-prometheus=COLUMN' "$good"
replay_of 'an index beyond' 2 'there is no metric 2' "$good" --metric 2=q
replay_of 'phases' 0 '0:00:25 ' "$good" --metric 0=q --poll-phase 5s --sync-phase 12s
replay_of 'a phase that is none' 2 '--poll-phase takes a duration' "$good" --metric 0=q --poll-phase soon
failing='time,q\n0,10\n20,10\n40,error\n60,error\n80,error\n100,error\n120,error\n140,10\n'
replay_of 'failed polls bring the fallback' 0 '4>6 .* True ' "$failing" --metric 0=q
replay_of 'the fallback in the columns' 0 'True,True' "$failing" --metric 0=q --format csv
replay_of 'what is no number' 3 'nothing where there is none, or error' 'time,q\n0,x\n' --metric 0=q
replay_of 'cron needs no series' 0 '1:00:00 .* [0-9]>[0-9]' 'time,q\n0,0\n7200,0\n' --metric 0=q --hold 3h
replay_of 'one list of steps' 0 'hpa\.metric' "$good" --metric 0=q --explain
two='time,q,r\n0,0,0\n20,0,7\n40,error,0\n'
sed '/type: cron/,$d' "$so" >"$work/two.yaml"
printf '  - {type: prometheus, metadata: {serverAddress: s, query: r, threshold: "5"}}\n' >>"$work/two.yaml"
cp "$so" "$work/one.yaml"
cp "$work/two.yaml" "$so"
replay_of 'the trigger that is active is why' 0 '0:00:20 .* True .*s1-prometheus: active: it measures 7' "$two" \
    --metric 0=q --metric 1=r
replay_of 'the trigger that failed is why' 0 '0:00:40 .*s0-prometheus: failed, 1 times .*nothing changes' "$two" \
    --metric 0=q --metric 1=r
annotate() {
    sed "s/metadata: {name: so}/metadata: {name: so, annotations: {autoscaling.keda.sh\/$1: 'true'}}/" \
        "$work/two.yaml" >"$so"
}
annotate force-activation
replay_of 'forced' 0 '0:00:00 .* True .*activity is forced' "$two" --metric 0=q --metric 1=r
annotate paused-scale-out
replay_of 'scaling out is paused' 0 '0:00:20 .* True .*measures 7.*scaling out is paused' "$two" --metric 0=q \
    --metric 1=r --initial 0
cp "$work/one.yaml" "$so"
printf "$good" >"$load"
expect 'explain' 0 'keda.activate: 0 -> 1' "$weir" explain -f "$so" --load "$load" --metric 0=q --at 20 --initial 0
expect 'a trigger by a name that is nearly its own' 2 'no metric tokns; did you mean tokens\?' \
    "$weir" replay -f "$source/examples/isvc-tokens.yaml" --load "$source/examples/data/tokens.csv" \
    --metric tokns=tokens_per_second
expect 'show' 0 '^  name: keda-hpa-so$' "$weir" show -f "$so"
expect 'show a file without its option' 0 '^  name: keda-hpa-so$' "$weir" show "$so"
expect 'show as JSON' 0 '"averageValue":"5"' "$weir" show -f "$so" --format json
expect 'show as it is sent' 0 'minReplicas' "$weir" show -f "$so" --as-sent
expect 'show nothing' 2 'a manifest \(-f FILE\) is needed' "$weir" show
expect 'show by a name that is not there' 3 'no autoscaler has the name x.*; the files have: so' "$weir" show -f "$so" --name x
expect 'fields' 0 '^scaledobject: ' "$weir" fields scaledobject
sed 's/threshold: "5"/threshold: 5/; s/replicas: 6/replicas: -6/' "$so" >"$work/bad.yaml"
expect 'the stage of an error' 3 'threshold must be of type string, got "integer": write "5", with the quotes \[api\]' \
    "$weir" show -f "$work/bad.yaml"
expect 'all at once' 3 'the manifests have 2 errors; nothing was shown' "$weir" show -f "$work/bad.yaml"
sed 's/metadata: {name: so}/metadata: {name: so, annotations: {autoscaling.keda.sh\/paused: "true"}}/' "$so" >"$work/paused.yaml"
expect 'show a paused one' 0 'nothing is made of it while it is paused' "$weir" show -f "$work/paused.yaml"

# login PARAMETER: a trigger that logs in, with an object that gives this parameter.
login() {
    sed 's/threshold: "5"/threshold: "5", authModes: custom/; s/    name: queue/    authenticationRef: {name: l}/' \
        "$so" >"$work/login.yaml"
    printf -- '---\napiVersion: keda.sh/v1alpha1\nkind: TriggerAuthentication\nmetadata: {name: l}\nspec:\n  secretTargetRef:\n  - {parameter: customAuthHeader, name: s, key: h}\n  - {parameter: %s, name: s, key: v}\n' \
        "$1" >>"$work/login.yaml"
}
login customAuthValue
expect 'what it logs in with' 0 'name: s0-prometheus' "$weir" show -f "$work/login.yaml"
login token
expect 'what it lacks to log in' 3 \
    'authModes custom needs customAuthValue, which TriggerAuthentication l does not give \[build\]' \
    "$weir" show -f "$work/login.yaml"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
