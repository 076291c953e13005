#!/bin/sh
# Queries over files of series as users run them, the likely mistakes included.
#   query.sh WEIR SOURCE_DIR
set -u
weir=$1
source_dir=$2
# shellcheck source-path=SCRIPTDIR source=expect.sh
. "$(dirname "$0")/expect.sh"

text=$work/text.prom
printf '# TYPE x counter\nx_total{pod="a"} 1 1700000000000\nx_total{pod="a"} 31 1700000015000\nx_total{pod="b"} 5 1700000015000\n' >"$text"
keda=$source_dir/examples/data/keda-series.json.gz

# query_of NAME CODE PATTERN EXPR [OPTION...]: over the text above.
query_of() {
    name=$1 code=$2 pattern=$3 expr=$4
    shift 4
    expect "$name" "$code" "$pattern" "$weir" query "$expr" --series "$text" "$@"
}

query_of 'a selector at the newest sample' 0 '^x_total\{pod="a"\} => 31 @\[1700000015\]$' x_total
query_of 'at a time' 0 '^x_total\{pod="a"\} => 1 @\[1700000003.500\]$' x_total --at 1700000003.5
query_of 'RFC 3339' 0 '^x_total\{pod="a"\} => 1 @' x_total --at 2023-11-14T22:13:21Z
query_of 'a scalar' 0 '^scalar: 0.3333333333333333 @' '1 / 3' --at 5
query_of 'a string' 0 '^hi$' '"hi"' --at 5
query_of 'a sum has no labels' 0 '^\{\} => 36 @' 'sum(x_total)'
query_of 'raw samples' 0 '^1 @\[1700000000\]$' 'x_total[1m]'
query_of 'the reply of a server' 0 \
    '^\{"status":"success","data":\{"resultType":"vector","result":\[\{"metric":\{\},"value":\[1700000015,"2"\]\}\]\}\}$' \
    'count(x_total)' --format json
query_of 'its matrix' 0 '"values":\[\[1700000000,"1"\],\[1700000007.500,"1"\],\[1700000015,"36"\]\]' \
    'sum(x_total)' --from 1700000000 --to 1700000015 --step 7500ms --format json
query_of 'its scalar' 0 '"result":\[1700000015.5,"0.0000001"\]' '1e-7' --at 1700000015.5 --format json
query_of 'its warnings' 0 '"warnings":\["PromQL warning: .*\(1:10\)"\]' 'quantile(2, x_total)' \
    --format json
query_of 'warnings besides' 0 '^weir: warning: ' 'quantile(2, x_total)'
query_of 'rules of 2.42' 0 '=> 2 @' 'sum(count_over_time(x_total{pod="a"}[15s]))' --semantics 2.42
query_of 'rules of 3' 0 '=> 1 @' 'sum(count_over_time(x_total{pod="a"}[15s]))'
query_of 'lookback' 0 '=> 2 @' 'count(x_total) or vector(0)' --at 1700000099
query_of 'a shorter one' 0 '=> 0 @' 'count(x_total) or vector(0)' --at 1700000099 --lookback 1s
"$weir" query x_total --series "$text" --from 1700000000 --to 1700000015 --step 15s --format csv \
    >"$work/table.csv"
expect 'a table' 0 '^1700000000,1,$' cat "$work/table.csv"
expect 'which can be read' 0 '^x_total\{pod="b"\} => 5 @' "$weir" query x_total \
    --series "$work/table.csv"
gzip -c "$text" >"$work/text.gz"
expect 'gzip' 0 '=> 31 @' "$weir" query x_total --series "$work/text.gz"
expect 'standard input' 0 '=> 31 @' sh -c '"$0" query x_total --series - <"$1"' "$weir" "$text"
expect 'a recorded server' 0 '^up\{instance="127.0.0.1:13105", job="vllm"\} => 0 @' "$weir" query up \
    --series "$keda"
flaky='count(vllm:prompt_tokens_total{model_name="flaky"}) or vector(0)'
expect 'series that go on' 0 '=> 2 @' "$weir" query "$flaky" --series "$keda" --at 1795508846
expect 'series that end' 0 '=> 0 @' "$weir" query "$flaky" --series "$keda" --at 1795508846 \
    --mark-stale

printf 'x 1\n' >"$work/untimed.prom"
expect 'no time' 3 'untimed.prom:1: the sample has no time' "$weir" query x \
    --series "$work/untimed.prom"
expect 'what helps' 3 '--time TIME' "$weir" query x --series "$work/untimed.prom"
expect 'a time for all' 0 '=> 1 @\[5\]' "$weir" query x --series "$work/untimed.prom" --time 5
printf 'x 1 1700000000000\nx 2 1700000000000\nx{a=} 3\n' >"$work/bad.prom"
expect 'a bad line' 3 'bad.prom:3:5: expected a label.s value in double quotes, got "}"' \
    "$weir" query x --series "$work/bad.prom"
printf 'x 2 1700000000000\nx 1 1700000000000\n' >"$work/twice.prom"
expect 'samples left out' 0 'notice: .*twice.prom:2: 1 samples are left out' "$weir" query x \
    --series "$work/twice.prom"
printf '<html>\n' >"$work/page.html"
expect 'HTML' 3 'looks like HTML' "$weir" query x --series "$work/page.html"
head -c 3000 "$keda" >"$work/cut.gz"
expect 'gzip that is cut off' 3 'cut.gz: the gzip file is cut short' "$weir" query x \
    --series "$work/cut.gz"
echo 'x 3' | cat "$keda" - >"$work/more.gz"
expect 'gzip with something behind' 3 'more.gz: behind the end of the gzip data' "$weir" query x \
    --series "$work/more.gz"
expect 'no such file' 3 'none: No such file' "$weir" query x --series "$work/none"
expect 'a folder' 3 'directory' "$weir" query x --series "$work"
expect 'no expression' 2 'an expression and --series, or --prometheus, are needed' "$weir" query --series "$text"
query_of 'a half grid' 2 'either --at, or all of --from, --to and --step' x --from 1
query_of 'both' 2 'either --at, or all of' x --at 1 --from 1 --to 2 --step 1s
query_of 'backwards' 2 'before --from' x --from 2 --to 1 --step 1s
query_of 'no time at all' 2 '--at: .*not soon' x --at soon
query_of 'no duration' 2 'a duration of at least 1ms' x --from 1 --to 2 --step 0
query_of 'two expressions' 2 'quote the expression' sum '(x)'
query_of 'a bad expression' 2 'the expression, 1:5: ' 'sum('
query_of 'another language' 2 'the expression, 1:15: ' 'SELECT * FROM x'
query_of 'what fails' 3 '1:[0-9]+: ' 'x_total / on() x_total'
query_of 'an unknown format' 2 'did you mean openmetrics' x --input openmetric
query_of 'the wrong format' 3 'text.prom:1:1: expected ' x --input tsdb-dump

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
