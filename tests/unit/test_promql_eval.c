/*
 * Evaluation over series written as short texts: functions, aggregations, operators, staleness,
 * what fails and where. The rows are upstream's documented rules and examples.
 */
#include "promql_world.h"

struct query {
    const char *query;
    const char *series; /* a step apart from time 0 on */
    int64_t step, at;   /* seconds */
    const char *want;
};

#define T_5M_COUNTERS                                                                              \
    "foo 0+10x10\nbar 0+18x5 0+18x5\ndings 10+10x10\nbumms 1+10x10\n"                              \
    "mid 0+27x4 0+27x5\nend 0+10x9 0 10"

/* ---- selection ------------------------------------------------------------------------------ */

static const struct query selections[] = {
    {"x", "x 1", 10, 0, "x 1"},
    {"x", "x 1", 10, 299, "x 1"},
    {"x", "x 1", 10, 300, "nothing"},
    {"x", "x 1", 10, -1, "nothing"},
    {"x", "x 0 1 stale 2", 10, 10, "x 1"},
    {"x", "x 0 1 stale 2", 10, 20, "nothing"},
    {"x", "x 0 1 stale 2", 10, 329, "x 2"},
    {"x", "x 0 1 stale 2", 10, 330, "nothing"},
    {"count_over_time(x[1m])", "x 0 1 stale 2", 10, 30, "{} 3"},
    {"count_over_time(x[1s])", "x 0 1 stale 2", 10, 20, "nothing"},
    {"count_over_time(x[20s])", "x 0 1 stale 2", 10, 20, "{} 1"},
    {"x offset 10s", "x 0 1 2 3", 10, 20, "x 1"},
    {"x offset -10s", "x 0 1 2 3", 10, 20, "x 3"},
    {"x @ 10", "x 0 1 2 3", 10, 500, "x 1"},
    {"x @ end() offset 10s", "x 0 1 2 3", 10, 30, "x 2"},
    {"x[20s]", "x 0 1 2 3", 10, 30, "x 2@20 3@30"},
    {"x[20s] offset 5s", "x 0 1 2 3", 10, 30, "x 1@10 2@20"},
    {"x[30s] @ 25", "x 0 1 stale 3", 10, 90, "x 0@0 1@10"},
    {"x{a='1'}", "x{a='1'} 1\nx{a='2'} 2\nx 3", 10, 0, "x{a='1'} 1"},
    {"x{a!='1'}", "x{a='1'} 1\nx{a='2'} 2\nx 3", 10, 0, "x{a='2'} 2; x 3"},
    {"x{a=~'1|2'}", "x{a='1'} 1\nx{a='2'} 2\nx 3", 10, 0, "x{a='1'} 1; x{a='2'} 2"},
    {"x{a!~'1|2'}", "x{a='1'} 1\nx{a='2'} 2\nx 3", 10, 0, "x 3"},
    {"x{a=''}", "x{a='1'} 1\nx 3", 10, 0, "x 3"},
    {"x{a=~'.*'}", "x{a='1'} 1\nx 3", 10, 0, "x{a='1'} 1; x 3"},
    {"x{a=~'.+'}", "x{a='1'} 1\nx 3", 10, 0, "x{a='1'} 1"},
    {"{a='1'}", "x{a='1'} 1\ny{a='1'} 2", 10, 0, "x{a='1'} 1; y{a='1'} 2"},
    {"{__name__=~'x|y'}", "x 1\nz 2\ny 3", 10, 0, "x 1; y 3"},
    {"nothing_here", "x 1", 10, 0, "nothing"},
    {"timestamp(x)", "x 1 2", 10, 25, "{} 10"},
    {"timestamp(-x)", "x 1 2", 10, 25, "{} 25"},
    {"time()", "x 1", 10, 25, "25"},
    {"'a string'", "x 1", 10, 0, "'a string'"},
};

/* ---- rates ---------------------------------------------------------------------------------- */

static const struct query rates[] = {
    {"increase(foo[50m])", T_5M_COUNTERS, 300, 3000, "{} 100"},
    {"increase(bar[50m])", T_5M_COUNTERS, 300, 3000, "{} 160"},
    {"increase(bar[100m])", T_5M_COUNTERS, 300, 3000, "{} 162"},
    {"increase(dings[100m])", T_5M_COUNTERS, 300, 3000, "{} 105"},
    {"increase(bumms[100m])", T_5M_COUNTERS, 300, 3000, "{} 101"},
    {"rate(mid[50m])", T_5M_COUNTERS, 300, 3000, "{} 0.08"},
    {"rate(end[5m])", T_5M_COUNTERS, 300, 3000, "nothing"},
    {"rate(foo[10m] offset 5m)", T_5M_COUNTERS, 300, 3000, "{} 0.03333333333333333"},
    {"rate(x[50m])", "x 0+80x10", 300, 3000, "{} 0.2666666666666667"},
    {"increase(x[30m])", "x 0 1 2 3 2 3 4", 300, 1800, "{} 7"},
    {"rate(x[20m])", "x 60+240x10", 240, 600, "{} 0.55"},
    {"increase(x[1m])", "x 1+1x4 9+1x4", 15, 20, "{} 1.8333333333333333"},
    {"increase(x[1m])", "x 1+1x4 9+1x4", 15, 5, "nothing"},
    {"increase(x[1m])", "x 1+1x4 9+1x4", 15, 95, "{} 8"},
    {"irate(x[50m])", "x 0+10x10", 300, 3000, "{} 0.03333333333333333"},
    {"irate(x[50m])", "x 0+10x5 0+10x5", 300, 1800, "{} 0"},
    {"irate(x[15m1s])", "x 1 NaN NaN 5 11", 300, 900, "{} NaN"},
    {"irate(x[15m1s])", "x 1 NaN NaN 5 11", 300, 1200, "{} 0.02"},
    {"delta(x[20m])", "x 0 50 100 150 200", 300, 1200, "{} 200"},
    {"delta(x[20m])", "x 200 150 100 50 0", 300, 1200, "{} -200"},
    {"idelta(x[20m])", "x 0 50 100 50", 300, 1200, "{} -50"},
    {"resets(x[50m])", "x 1 2 3 0 1 0 0 1 2 0", 300, 3000, "{} 3"},
    {"resets(x[32m])", "x 1 2 3 0 1 0 0 1 2 0", 300, 3000, "{} 2"},
    {"resets(x[5m])", "x 1 2 3 0 1 0 0 1 2 0", 300, 3000, "nothing"},
    {"changes(x[50m])", "x 1 2 3 0 1 0 0 1 2 0", 300, 3000, "{} 7"},
    {"changes(x[20m])", "x NaN NaN NaN", 300, 600, "{} 0"},
    {"changes(x[20m])", "x 0 NaN 0", 300, 600, "{} 2"},
    {"deriv(x[10m])", "x 0+10x10", 60, 600, "{} 0.16666666666666666"},
    {"predict_linear(x[10m], 60)", "x 0+10x10", 60, 600, "{} 110"},
    {"rate(x[1m])", "x{a='1'} 1 2\nx{a='2'} 1 3", 30, 30,
     "{a='1'} 0.03333333333333333; {a='2'} 0.05"},
};

/* ---- over time ------------------------------------------------------------------------------ */

static const struct query over_time[] = {
    {"avg_over_time(x[10s])", "x 1 2 3 4 5", 10, 55, "nothing"},
    {"avg_over_time(x[20s])", "x 1 2 3 4 5", 10, 55, "{} 5"},
    {"avg_over_time(x[1m])", "x 1 2 3 4 5", 10, 55, "{} 3"},
    {"avg_over_time(x[1m])", "x 1 2 3 NaN NaN", 10, 30, "{} NaN"},
    {"avg_over_time(x[1m])", "x 1 2 3 4 +Inf", 10, 40, "{} +Inf"},
    {"avg_over_time(x[1m])", "x +Inf -Inf", 10, 40, "{} NaN"},
    {"avg_over_time(x[1m])", "x 1.7e308 1.7e308", 10, 40, "{} 1.7e+308"},
    {"sum_over_time(x[1m])", "x 1 2 3 4 5", 10, 40, "{} 15"},
    {"sum_over_time(x[1m])", "x 1e100 1 -1e100", 10, 40, "{} 1"},
    {"min_over_time(x[1m])", "x 2 0 NaN", 10, 40, "{} 0"},
    {"min_over_time(x[1m])", "x NaN 0 1", 10, 40, "{} 0"},
    {"max_over_time(x[1m])", "x 2 NaN 1", 10, 40, "{} 2"},
    {"max_over_time(x[1m])", "x NaN NaN", 10, 40, "{} NaN"},
    {"last_over_time(x[1m])", "x 1 2 _", 10, 40, "x 2"},
    {"present_over_time(x[1m])", "x 1 2 _", 10, 40, "{} 1"},
    {"quantile_over_time(0.75, x[1m])", "x 0 1 4", 10, 40, "{} 2.5"},
    {"quantile_over_time(-1, x[1m])", "x 0 1 4", 10, 40, "{} -Inf"},
    {"quantile_over_time(2, x[1m])", "x 0 1 4", 10, 40, "{} +Inf"},
    {"stdvar_over_time(x[1m])", "x 0 8 8 2 3", 10, 40, "{} 10.559999999999999"},
    {"stddev_over_time(x[1m])", "x 1 1 3 3", 10, 40, "{} 1"},
    {"absent_over_time(x{a='1',b=~'.+'}[1m])", "x 1", 10, 40, "{a='1'} 1"},
    {"absent_over_time(x[1m])", "x 1", 10, 40, "nothing"},
    {"sum_over_time(x[1m:10s])", "x 1 2 3", 30, 60, "{} 11"},
    {"max_over_time(sum(x)[1m:])", "x{a='1'} 1 5 3\nx{a='2'} 1 1 2", 30, 60, "{} 5"},
    {"max_over_time(time()[1m:10s])", "x 1", 10, 0,
     "WEIR_E_PARSE 1:15 subquery is only allowed on instant vector"},
};

/* ---- aggregations --------------------------------------------------------------------------- */

#define SERVERS                                                                                    \
    "r{job='api',g='prod',i='0'} 100\nr{job='api',g='prod',i='1'} 200\n"                           \
    "r{job='api',g='can',i='0'} 300\nr{job='app',g='prod',i='0'} 500\n"                            \
    "r{job='app',g='can',i='0'} NaN"

static const struct query aggregations[] = {
    {"sum(r{g='prod'})", SERVERS, 10, 0, "{} 800"},
    {"sum by (job) (r{g='prod'})", SERVERS, 10, 0, "{job='api'} 300; {job='app'} 500"},
    {"sum without (i, g) (r{g='prod'})", SERVERS, 10, 0, "{job='api'} 300; {job='app'} 500"},
    {"avg by (job) (r)", SERVERS, 10, 0, "{job='api'} 200; {job='app'} NaN"},
    {"min(r)", SERVERS, 10, 0, "{} 100"},
    {"max(r)", SERVERS, 10, 0, "{} 500"},
    {"count by (g) (r)", SERVERS, 10, 0, "{g='prod'} 3; {g='can'} 2"},
    {"group(r)", SERVERS, 10, 0, "{} 1"},
    {"count(nothing_here)", SERVERS, 10, 0, "nothing"},
    {"sum(nothing_here) or vector(0)", SERVERS, 10, 0, "{} 0"},
    {"topk(2, r)", SERVERS, 10, 0,
     "r{g='prod',i='0',job='app'} 500; r{g='can',i='0',job='api'} 300"},
    {"bottomk(1, r)", SERVERS, 10, 0, "r{g='prod',i='0',job='api'} 100"},
    {"topk(0.9, r)", SERVERS, 10, 0, "nothing"},
    /* groups come in the order of their first members that are there */
    {"bottomk by (g) (1, r > 250)", SERVERS, 10, 0,
     "r{g='can',i='0',job='api'} 300; r{g='prod',i='0',job='app'} 500"},
    {"quantile(0.5, r{job='api'})", SERVERS, 10, 0, "{} 200"},
    {"stddev(r{job='api'})", SERVERS, 10, 0, "{} 81.64965809277261"},
    {"count_values('v', r{job='api'})", SERVERS, 10, 0, "{v='100'} 1; {v='200'} 1; {v='300'} 1"},
    {"sum by (none) (r{g='prod'})", SERVERS, 10, 0, "{} 800"},
    {"topk(scalar(nothing_here), r)", SERVERS, 10, 0,
     "WEIR_E_RANGE 1:6 the parameter of topk or bottomk is NaN"},
};

/* ---- operators ------------------------------------------------------------------------------ */

#define ERRORS                                                                                     \
    "err{code='500',m='get'} 24\nerr{code='404',m='get'} 30\nerr{code='500',m='put'} 6\n"          \
    "all{m='get'} 600\nall{m='put'} 120\nall{m='del'} 34"

static const struct query operators[] = {
    {"1 + 2 * 3 ^ 2 % 5", "x 1", 10, 0, "4"},
    {"-2 ^ 2", "x 1", 10, 0, "-4"},
    {"2 ^ 3 ^ 2", "x 1", 10, 0, "512"},
    {"-7 % 3", "x 1", 10, 0, "-1"},
    {"1 / 0", "x 1", 10, 0, "+Inf"},
    {"1 > bool 2", "x 1", 10, 0, "0"},
    {"x > 1", "x 1 2", 10, 0, "nothing"},
    {"x > 1", "x 1 2", 10, 10, "x 2"},
    {"1 < x", "x 1 2", 10, 10, "x 2"},
    {"x >= bool 1", "x 1 2", 10, 0, "{} 1"},
    {"-x", "x 1 2", 10, 0, "{} -1"},
    {"+x", "x 1 2", 10, 0, "x 1"},
    {"x + 1", "x{a='1'} 1", 10, 0, "{a='1'} 2"},
    {"x / y", "x{a='1'} 1\ny{a='1'} 0\ny{a='2'} 5", 10, 0, "{a='1'} +Inf"},
    {"x != x", "x NaN", 10, 0, "x NaN"},
    {"err{code='500'} / ignoring(code) all", ERRORS, 10, 0, "{m='get'} 0.04; {m='put'} 0.05"},
    {"err / ignoring(code) group_left all", ERRORS, 10, 0,
     "{code='500',m='get'} 0.04; {code='404',m='get'} 0.05; {code='500',m='put'} 0.05"},
    {"all * on(m) group_right err", ERRORS, 10, 0,
     "{code='500',m='get'} 14400; {code='404',m='get'} 18000; {code='500',m='put'} 720"},
    {"err{code='500'} * on(m) all", ERRORS, 10, 0, "{m='get'} 14400; {m='put'} 720"},
    {"all and on(m) err", ERRORS, 10, 0, "all{m='get'} 600; all{m='put'} 120"},
    {"all unless on(m) err", ERRORS, 10, 0, "all{m='del'} 34"},
    {"all{m='del'} or err{m='put'}", ERRORS, 10, 0, "all{m='del'} 34; err{code='500',m='put'} 6"},
    {"err / on(m) all", ERRORS, 10, 0,
     "WEIR_E_RANGE 1:1 multiple matches for labels: many-to-one matching must be explicit "
     "(group_left/group_right)"},
    {"x atan2 y", "x 1\ny 1", 10, 0, "{} 0.7853981633974483"},
};

/* ---- functions ------------------------------------------------------------------------------ */

#define BUCKETS "b{le='.1'} 50\nb{le='.2'} 70\nb{le='1e0'} 110\nb{le='+Inf'} 120"

static const struct query functions[] = {
    {"histogram_quantile(0, b)", BUCKETS, 10, 0, "{} 0"},
    {"histogram_quantile(0.5, b)", BUCKETS, 10, 0, "{} 0.15000000000000002"},
    {"histogram_quantile(0.8, b)", BUCKETS, 10, 0, "{} 0.72"},
    {"histogram_quantile(1, b)", BUCKETS, 10, 0, "{} 1"},
    {"histogram_quantile(1.01, b)", BUCKETS, 10, 0, "{} +Inf"},
    {"histogram_quantile(-0.1, b)", BUCKETS, 10, 0, "{} -Inf"},
    {"histogram_quantile(NaN, b)", BUCKETS, 10, 0, "{} NaN"},
    {"histogram_quantile(0.5, b{le!='+Inf'})", BUCKETS, 10, 0, "{} NaN"},
    {"histogram_quantile(0.5, b - b)", BUCKETS, 10, 0, "{} NaN"},
    {"histogram_quantile(0.99, b)",
     "b{le='.1'} 20\nb{le='1'} 10\nb{le='10'} 50\nb{le='100'} 40\nb{le='1000'} 90\nb{le='+Inf'} 80",
     10, 0, "{} 979.7499999999999"},
    {"clamp(x, 2, 3)", "x{a='1'} 1\nx{a='2'} 2.5\nx{a='3'} 9", 10, 0,
     "{a='1'} 2; {a='2'} 2.5; {a='3'} 3"},
    {"clamp(x, 3, 2)", "x 1", 10, 0, "nothing"},
    {"clamp_min(x, 2)", "x NaN", 10, 0, "{} NaN"},
    {"clamp_max(x, 2)", "x 3", 10, 0, "{} 2"},
    {"round(x)", "x -2.5", 10, 0, "{} -2"},
    {"round(x, 0.5)", "x 1.3", 10, 0, "{} 1.5"},
    {"ceil(x) + floor(x)", "x 1.3", 10, 0, "{} 3"},
    {"abs(x) * sgn(x)", "x -4", 10, 0, "{} -4"},
    {"sqrt(x)", "x 2", 10, 0, "{} 1.4142135623730951"},
    {"exp(ln(x))", "x 1", 10, 0, "{} 1"},
    {"absent(x)", "x 1", 10, 0, "nothing"},
    {"absent(x{a='1',b!='2'})", "x 1", 10, 0, "{a='1'} 1"},
    {"absent(sum(x{a='1'}))", "x 1", 10, 0, "{} 1"},
    /* the storage, when it is asked, puts what only takes away behind */
    {"absent(x{a!='1',a='1'})", "x 1", 10, 0, "{} 1"},
    {"absent(x{a!='1',a='1'})", "x 1", 10, -10, "{a='1'} 1"},
    {"absent(x{a='1',a!='1'})", "x 1", 10, -10, "{} 1"},
    {"absent(x{a!='1',a='1'}) or (x offset -20s)", "x 1", 10, -10, "{} 1"},
    {"scalar(x)", "x 1", 10, 0, "1"},
    {"scalar(x)", "x{a='1'} 1\nx{a='2'} 2", 10, 0, "NaN"},
    {"vector(time())", "x 1", 10, 7, "{} 7"},
    {"sort_desc(x)", "x{a='1'} 1\nx{a='2'} NaN\nx{a='3'} 3", 10, 0,
     "x{a='3'} 3; x{a='1'} 1; x{a='2'} NaN"},
    {"label_replace(x, 'b', '$1-$2', 'a', '(.)(.*)')", "x{a='123'} 1", 10, 0,
     "x{a='123',b='1-23'} 1"},
    {"label_join(x, 'c', '+', 'a', 'b')", "x{a='1',b='2'} 1", 10, 0, "x{a='1',b='2',c='1+2'} 1"},
    {"hour(x) + minute(x)", "x 3661", 10, 0, "{} 2"},
    {"histogram_count(x)", "x 1", 10, 0,
     "WEIR_E_UNSUPPORTED 1:1 weir does not evaluate histogram_count()"},
    {"rate({__name__=~'x|y'}[1m])", "x 1 2\ny 1 2", 30, 30,
     "WEIR_E_RANGE 1:1 vector cannot contain metrics with the same labelset"},
    {"label_replace(x, '', '', 'a', '')", "x 1", 10, 0,
     "WEIR_E_RANGE 1:18 invalid destination label name in label_replace(): \"\""},
    {"label_replace(x, 'b', '', 'a', '(')", "x{a='1'} 1", 10, 0,
     "WEIR_E_RANGE 1:32 invalid regular expression in label_replace(): missing closing ): "
     "\"^(?s:()$\""},
};

static void answers(void **state)
{
    const struct query *row = *state;
    weir_series_store *store = world_store(row->step * 1000, row->series);
    struct world_text *text = block_of(sizeof *text);

    world_query(text, store, row->query, (struct world_grid){row->at * 1000, 0, 0}, NULL);
    assert_string_equal(text->text, row->want);
    free(text);
    weir_series_store_free(store);
}

/* ---- grids ---------------------------------------------------------------------------------- */

struct range {
    const char *query;
    const char *series; /* 15 s apart */
    int64_t start, end, step;
    const char *want;
};

static const struct range ranges[] = {
    {"x", "x 1 2 3", 0, 30, 15, "x 1@0 2@15 3@30"},
    {"x", "x 1 2 3", 0, 44, 15, "x 1@0 2@15 3@30"},
    {"x", "x 1 2 3", 30, 0, 15, "nothing"},
    {"x", "x 1 stale 3", 0, 30, 15, "x 1@0 3@30"},
    {"x", "x{a='2'} 1\nx{a='1'} 2", 0, 0, 15, "x{a='1'} 2@0; x{a='2'} 1@0"},
    {"1", "x 1", 0, 30, 15, "{} 1@0 1@15 1@30"},
    {"time()", "x 1", 1, 3, 1, "{} 1@1 2@2 3@3"},
    {"sum_over_time(x[30s])", "x 0 1 10 100 1000", 0, 60, 30, "{} 0@0 11@30 1100@60"},
    {"rate(x[30s])", "x 0 15 30 0 15", 0, 60, 15, "{} 0.5@15 1@30 0@45 0.5@60"},
    {"x @ start() + x @ end()", "x 1 2 4", 0, 30, 15, "{} 5@0 5@15 5@30"},
    {"sum(x) > 1", "x{a='1'} 1 2\nx{a='2'} 0 0", 0, 15, 15, "{} 2@15"},
    {"topk(1, x)", "x{a='1'} 1 4\nx{a='2'} 2 3", 0, 15, 15, "x{a='1'} 4@15; x{a='2'} 2@0"},
    {"x or y", "x 1 stale 3\ny 5 6 7", 0, 30, 15, "x 1@0 3@30; y 6@15"},
    {"absent(x)", "x 1 stale 3", 0, 30, 15, "{} 1@15"},
    {"x[1m]", "x 1", 0, 30, 15,
     "WEIR_E_RANGE invalid expression type for range query, must be scalar or instant vector"},
    {"x", "x 1", 0, 30, 0,
     "WEIR_E_RANGE zero or negative query resolution step widths are not accepted"},
};

static void answers_over_grids(void **state)
{
    const struct range *row = *state;
    weir_series_store *store = world_store(15000, row->series);
    struct world_text *text = block_of(sizeof *text);
    struct world_grid grid = {row->start * 1000, row->end * 1000,
                              row->step == 0 ? -1 : row->step * 1000};

    world_query(text, store, row->query, grid, NULL);
    assert_string_equal(text->text, row->want);
    free(text);
    weir_series_store_free(store);
}

/* ---- 2.42 ----------------------------------------------------------------------------------- */

struct version {
    const char *query;
    const char *series; /* 5 minutes apart */
    int64_t at;
    const char *now, *before; /* 3.16, 2.42 */
};

static const struct version versions[] = {
    {"x", "x 1", 300, "nothing", "x 1"},
    {"x", "x 1", 301, "nothing", "nothing"},
    {"count_over_time(x[10m])", "x 1 1 1 1", 900, "{} 2", "{} 3"},
    {"count_over_time(x[5m:1m])", "x 1 1 1 1", 900, "{} 5", "{} 6"},
    {"increase(x[50m])", "x 0+18x5 0+18x5", 3000, "{} 160", "{} 162"},
    {"rate(x[5m])", "x 0+10x9 0 10", 3000, "nothing", "{} 0"},
    {"resets(x[5m])", "x 1 2 3 0 1 0 0 1 2 0", 3000, "nothing", "{} 0"},
    {"increase(x[30m])", "x 0 1 2 3 2 3 4", 1800, "{} 7", "{} 7"},
    {"sum_over_time(x[5m])", "x 1 2", 300, "{} 2", "{} 3"},
    {"x[5m]", "x 1 2", 300, "x 2@300", "x 1@0 2@300"},
};

static void versions_differ(void **state)
{
    const struct version *row = *state;
    weir_series_store *store = world_store(300000, row->series);
    struct world_text *text = block_of(sizeof *text);
    struct world_grid grid = {row->at * 1000, 0, 0};
    weir_promql_options options;

    weir_promql_options_init(&options, sizeof options);
    world_query(text, store, row->query, grid, &options);
    assert_string_equal(text->text, row->now);
    options.semantics = WEIR_PROMETHEUS_2_42;
    world_query(text, store, row->query, grid, &options);
    assert_string_equal(text->text, row->before);
    free(text);
    weir_series_store_free(store);
}

/* ---- options, notes, memory ----------------------------------------------------------------- */

static void options_are_checked(void **state)
{
    weir_series_store *store = world_store(10000, "x 0+1x10");
    struct world_text *text = block_of(sizeof *text);
    struct world_grid now = {100000, 0, 0};
    weir_promql_options options;

    (void)state;
    assert_int_equal(weir_promql_options_init(NULL, 8), WEIR_E_ARG);
    assert_int_equal(weir_promql_options_init(&options, 8), WEIR_E_STRUCT);
    assert_int_equal(weir_promql_options_init(&options, sizeof options), WEIR_OK);
    options.lookback_ms = 5000;
    world_query(text, store, "x", (struct world_grid){104999, 0, 0}, &options);
    assert_string_equal(text->text, "x 10");
    world_query(text, store, "x", (struct world_grid){105000, 0, 0}, &options);
    assert_string_equal(text->text, "nothing");
    options.subquery_step_ms = 10000;
    world_query(text, store, "count_over_time(x[1m:])", now, &options);
    assert_string_equal(text->text, "{} 6");
    options.max_samples = 5;
    world_query(text, store, "sum(x) + count_over_time(x[1m:])", now, &options);
    assert_memory_equal(text->text, "WEIR_E_LIMIT", 12);
    options.max_samples = 0;
    world_query(text, store, "x", now, &options);
    assert_memory_equal(text->text, "WEIR_E_RANGE", 12);
    options.max_samples = 1000;
    options.lookback_ms = 0;
    world_query(text, store, "x", now, &options);
    assert_memory_equal(text->text, "WEIR_E_RANGE", 12);
    options.lookback_ms = 1;
    options.semantics = 9;
    world_query(text, store, "x", now, &options);
    assert_memory_equal(text->text, "WEIR_E_RANGE", 12);
    options.struct_size = 8;
    world_query(text, store, "x", now, &options);
    assert_memory_equal(text->text, "WEIR_E_STRUCT", 13);
    free(text);
    weir_series_store_free(store);
}

static void notes_have_places(void **state)
{
    static const char query[] = "1 +\n rate(x[1m]) + quantile(2, x)";
    weir_series_store *store = world_store(10000, "x 0+1x10");
    weir_promql_expr *expr;
    weir_promql_result *result;

    (void)state;
    assert_int_equal(weir_promql_parse(query, strlen(query), &world_memory, &expr, NULL), WEIR_OK);
    assert_int_equal(weir_promql_instant(store, expr, 100000, NULL, &world_memory, &result, NULL),
                     WEIR_OK);
    assert_int_equal(result->note_count, 2);
    for (size_t i = 0; i < 2; i++) {
        const weir_promql_note *note = &result->notes[i];

        assert_int_equal(note->line, 2);
        assert_int_equal(note->column, note->level == WEIR_PROMQL_INFO ? 7 : 25);
        assert_int_equal(note->times, 1);
        assert_true(note->message_length > 20);
    }
    weir_promql_result_free(result);
    weir_promql_expr_free(expr);
    weir_series_store_free(store);
}

static void all_samples_are_counted(void **state)
{
    weir_series_store *store = world_store(10000, "x 0+1x10");
    weir_promql_expr *expr;
    weir_promql_result *result;

    (void)state;
    assert_int_equal(weir_promql_parse("x", 1, &world_memory, &expr, NULL), WEIR_OK);
    assert_int_equal(
        weir_promql_range(store, expr, 0, 90000, 10000, NULL, &world_memory, &result, NULL),
        WEIR_OK);
    assert_true(result->samples >= 10);
    weir_promql_result_free(result);
    weir_promql_expr_free(expr);
    weir_series_store_free(store);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, answers, selections);
    SUITE_TABLE(&suite, answers, rates);
    SUITE_TABLE(&suite, answers, over_time);
    SUITE_TABLE(&suite, answers, aggregations);
    SUITE_TABLE(&suite, answers, operators);
    SUITE_TABLE(&suite, answers, functions);
    SUITE_TABLE(&suite, answers_over_grids, ranges);
    SUITE_TABLE(&suite, versions_differ, versions);
    SUITE_TEST(&suite, options_are_checked);
    SUITE_TEST(&suite, notes_have_places);
    SUITE_TEST(&suite, all_samples_are_counted);
    return suite_run(&suite, "promql_eval");
}
