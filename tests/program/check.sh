#!/bin/sh
# Holds `weir check` to account: every hazard has a manifest that it is in and one that it is not in.
#   check.sh WEIR SOURCE
set -u
weir=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
source=$2
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"

# ---- hazards --------------------------------------------------------------------------------
"$weir" check --hazards | sed -n 's/^## //p' >"$work/ids"
while read -r id; do
    expect "$id: bad" 1 "\\[$id\\]\$" "$weir" check -f "$source/tests/check/$id/bad.yaml"
    expect "$id: good" 0 ' 0 errors, 0 warnings' "$weir" check -f "$source/tests/check/$id/good.yaml"
    # shellcheck disable=SC2016
    expect "$id: allowed" 0 'left out' sh -c '! "$0" check -f "$1" --allow "$2" | grep -F "[$2]" && echo left out' \
        "$weir" "$source/tests/check/$id/bad.yaml" "$id"
done <"$work/ids"
ls "$source/tests/check" >"$work/folders"
sort "$work/ids" >"$work/sorted"
expect 'a folder for each hazard, and none besides' 0 'are identical' diff -s "$work/folders" "$work/sorted"

# ---- forms ----------------------------------------------------------------------------------
bad=$source/tests/check/kserve.qps/bad.yaml
expect 'errors have a stage' 1 'bad.yaml:9:18: error: spec.predictor.scaleMetric .*\[webhook\]' "$weir" check -f "$bad"
expect 'JSON' 1 '"hazard":[[:space:]]*"kserve.qps"' "$weir" check -f "$bad" --format json
expect 'JSON counts' 1 '"files":[[:space:]]*1' "$weir" check -f "$bad" --format json
expect 'SARIF' 1 '"ruleId":[[:space:]]*"kserve.qps"' "$weir" check -f "$bad" --format sarif
expect 'SARIF, its version' 1 '"version":[[:space:]]*"2.1.0"' "$weir" check -f "$bad" --format sarif
expect 'JUnit' 1 '<failure type="kserve.qps"' "$weir" check -f "$bad" --format junit
expect 'JUnit of nothing' 0 'failures="0" errors="0"' "$weir" check -f "${bad%bad.yaml}good.yaml" --format junit
expect 'another form' 2 'text, json, sarif or junit' "$weir" check -f "$bad" --format xml
expect 'a hazard that is none' 2 'there is no hazard x' "$weir" check -f "$bad" --allow x
expect 'no file' 2 'a manifest, or a folder' "$weir" check
expect 'a missing file' 3 'No such file' "$weir" check -f "$work/none.yaml"

# What others read is read: all bad manifests at once, and names that have to be escaped.
mkdir "$work/odd & <\"names'>"
for odd in 'a b%.yaml' 'ü.yaml' "$(printf 'tab\there.yaml')" "$(printf 'latin\351.yaml')"; do
    cp "$bad" "$work/odd & <\"names'>/$odd"
done
{ printf 'metadata: {name: "a\001b<&\\"]]>"}\nkind: InferenceService\n'; } >"$work/odd & <\"names'>/text.yaml"
for form in json sarif junit; do
    expect "$form of all hazards" 0 "^$form: [0-9]{3} findings" sh -c \
        '"$0" check "$1/tests/check" --format "$2" >"$3/$2"; python3 "$1/tests/program/forms.py" "$2" "$3/$2"' \
        "$weir" "$source" "$form" "$work"
    expect "$form of odd names" 0 "^$form: [0-9]+ findings" sh -c \
        '"$0" check "$3" --format "$2" >"$3.$2"; python3 "$1/tests/program/forms.py" "$2" "$3.$2"' \
        "$weir" "$source" "$form" "$work/odd & <\"names'>"
    expect "$form of nothing" 0 "^$form: 0 findings" sh -c \
        '"$0" check "$4" --format "$2" >"$3/$2"; python3 "$1/tests/program/forms.py" "$2" "$3/$2"' \
        "$weir" "$source" "$form" "$work" "${bad%bad.yaml}good.yaml"
done

# ---- replaced objects -----------------------------------------------------------------------
# Two of one name, as base and overlay have them: each is looked at as if it were alone.
two() {
    sed 's/^  name: .*/  name: m/' "$source/tests/check/$1/bad.yaml" >"$work/two.yaml"
    echo --- >>"$work/two.yaml"
    sed 's/^  name: .*/  name: m/' "$source/tests/check/$1/good.yaml" >>"$work/two.yaml"
    expect "$1: of one that is replaced" 1 "\\[$1\\]" "$weir" check "$work/two.yaml"
    expect "$1: the later one counts" 1 'is also in .*; this later one counts' "$weir" check "$work/two.yaml"
}
two kserve.policies-dropped
two knative.utilization-forgotten
two hpa.slow-scale-down
two keda.cooldown-without-zero
expect 'what is replaced is in no one'"'"'s way' 1 '^1 file: 0 errors' "$weir" check "$work/two.yaml"

# ---- InferenceGraphs ------------------------------------------------------------------------
graph() {
    cat <<EOF
apiVersion: serving.kserve.io/v1alpha1
kind: InferenceGraph
metadata:
  name: g
  annotations: {serving.kserve.io/deploymentMode: Standard$1}
spec:
  $2
  nodes: {root: {routerType: Sequence, steps: [{serviceName: m}]}}
EOF
}
graph '' 'minReplicas: 0' >"$work/graph.yaml"
expect 'a graph: minReplicas 0' 1 'graph.yaml:7:16: warning: spec.minReplicas .*kserve.min-zero-on-hpa' "$weir" check "$work/graph.yaml"
expect 'a graph: no maxReplicas' 1 'spec.maxReplicas: .*kserve.max-absent' "$weir" check "$work/graph.yaml"
graph ', serving.kserve.io/metric: cpu' 'scaleMetric: rps' >"$work/graph.yaml"
expect 'a graph: a metric that is dropped' 1 'spec.scaleMetric: .*kserve.metric-dropped' "$weir" check "$work/graph.yaml"
expect 'a graph: a dead annotation' 1 'serving.kserve.io/metric\] .*kserve.dead-annotation' "$weir" check "$work/graph.yaml"
graph ', serving.kserve.io/autoscalerClass: keda' 'maxReplicas: 2' >"$work/graph.yaml"
expect 'a graph: no triggers' 1 'graph.yaml:7:3: error: spec.triggers ScaledObject g' "$weir" check "$work/graph.yaml"
graph '' 'maxReplicas: 2' >"$work/graph.yaml"
expect 'a graph: nothing' 0 '0 errors, 0 warnings' "$weir" check "$work/graph.yaml"

# ---- folders --------------------------------------------------------------------------------
mkdir -p "$work/folder/inner"
cp "$bad" "$work/folder/inner/a.yaml"
cp "${bad%bad.yaml}good.yaml" "$work/folder/b.yml"
echo 'no manifest' >"$work/folder/README"
expect 'folders in folders' 1 '^2 files: 3 errors' "$weir" check "$work/folder"
mkdir "$work/bare"
expect 'a folder without manifests' 3 'bare: no .yaml, .yml or .json file is in it' "$weir" check "$work/bare"
mkdir "$work/many"
i=0
while [ $i -lt 1000 ]; do
    sed "s/name: m$/name: m$i/" "$source/tests/check/kserve.policies-dropped/bad.yaml" >"$work/many/$i.yaml"
    i=$((i + 1))
done
# Of processor time, and with room for sanitizers; it takes 0.4 s.
expect 'a thousand manifests in two seconds' 1 '^1000 files: 0 errors, 1000 warnings' \
    sh -c 'ulimit -t 2 && "$0" check -f "$1"' "$weir" "$work/many"

# ---- bad input ------------------------------------------------------------------------------
# broken NAME PATTERN TEXT: a document that cannot be read; the one behind it counts all the same.
broken() {
    { printf '%b\n---\n' "$3"; cat "$bad"; } >"$work/broken.yaml"
    expect "$1" 1 "$2" "$weir" check -f "$work/broken.yaml"
    expect "$1: the next document is read" 1 '\[kserve.qps\]' "$weir" check -f "$work/broken.yaml"
}

broken 'no apiVersion' 'broken.yaml:1:1: error: apiVersion is missing' 'kind: InferenceService'
broken 'no kind' 'error: kind is missing' 'apiVersion: serving.kserve.io/v1beta1'
broken 'a tab' 'broken.yaml:2:[0-9]+: error' 'metadata:\n\tname: m'
broken 'not UTF-8' 'error: .*UTF-8' 'kind: \0377\0376'
broken 'a NUL' 'error' 'kind: a\0000b'
broken 'an unknown anchor' 'error' 'kind: *none'
broken 'a list' 'must be a mapping' '- a\n- b'
broken 'unquoted numbers among annotations' 'must be text: write "10" in quotes' \
    'apiVersion: serving.kserve.io/v1beta1\nkind: InferenceService\nmetadata:\n  name: x\n  annotations:\n    a: 10'
bomb='a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\ng: [*f, *f, *f, *f, *f, *f, *f, *f, *f, *f]'
broken 'a bomb of aliases' 'error: .*values' "$bomb"
broken 'too deep' 'error: .*100' "a: $(printf '%200s' '' | tr ' ' '[')"
head -c 104857600 /dev/zero | tr '\0' '#' >"$work/large.yaml"
expect 'a hundred megabytes' 1 'error: the file has .* bytes' timeout 10 "$weir" check -f "$work/large.yaml"
rm "$work/large.yaml"

# With --keep-going the good ones run all the same.
{ cat "$bad"; printf '%s\n' --- 'foo: [' ---; sed 's/^  name: m/  name: fine/' "${bad%bad.yaml}good.yaml"; } >"$work/mixed.yaml"
expect 'one bad document of three: nothing' 3 'the manifests have 4 errors; nothing was shown' "$weir" show "$work/mixed.yaml"
expect 'a place within what is no YAML' 3 'error: foo\[0\]: this is not YAML' "$weir" show "$work/mixed.yaml"
expect 'one bad document of three: the good one' 0 'what has one is left out' "$weir" show "$work/mixed.yaml" --keep-going
expect 'one bad document of three: shown' 0 '^  name: fine-predictor' "$weir" show "$work/mixed.yaml" --keep-going
expect 'one bad document of three: replayed' 0 '^Service default/fine-predictor' \
    "$weir" replay -f "$work/mixed.yaml" --load "$source/examples/data/traffic.csv" --summary --keep-going
expect 'one bad document of three: by the name of its service' 0 '^Service default/fine-predictor' \
    "$weir" replay -f "$work/mixed.yaml" --name fine --load "$source/examples/data/traffic.csv" --summary --keep-going
expect 'one bad document of three: that one' 2 'choose|no autoscaler has the name m' \
    "$weir" replay -f "$work/mixed.yaml" --name m --load "$source/examples/data/traffic.csv" --summary --keep-going
expect 'a manifest without its option' 2 'a manifest is given with -f' "$weir" replay "$bad"

# spelled NAME VALUE PATTERN: scalars of YAML 1.1, as the API server reads them.
spelled() {
    sed "s/scaleTarget: 50/scaleTarget: $2/; s/qps/rps/" "$bad" >"$work/spelled.yaml"
    expect "$1" "$4" "$3" "$weir" check -f "$work/spelled.yaml"
}
spelled 'on is a switch' on 'must be a whole number of 32 bits, got the switch' 1
spelled '1e2 is 100' 1e2 ' 0 errors' 0
spelled '0o7 is 7' 0o7 ' 0 errors' 0
spelled '010 is 8' 010 ' 0 errors' 0
spelled 'a half' 0.5 'must be a whole number' 1
printf 'spec: {a: 1}\n' | cat "$bad" - | sed 's/qps/rps/' >"$work/twice.yaml"
expect 'a key that is there twice' 1 'spec' "$weir" check -f "$work/twice.yaml"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
