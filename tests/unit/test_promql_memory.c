/*
 * Memory: an allocator that refuses its n-th request, for every n. Nothing leaks, the status says
 * so, and what was there before still is.
 */
#include "promql_world.h"
#include "short_memory.h"

#include <stdbool.h>

static const char *const queries[] = {
    "x",
    "x[5m]",
    "'text'",
    "1 + time()",
    "{__name__=~\"x|y.*\", a!~\"b+\", c=\"\"}",
    "sum by (a) (rate(x[5m] offset 1m)) / ignoring (b) group_left () sum(y) or vector(0)",
    "histogram_quantile(0.5, sum by (le) (rate(x[2m])))",
    "max_over_time(sum(x)[5m:30s]) > bool 3 and on () absent(z{a=\"1\"})",
    "topk(2, x) unless sort_desc(quantile(0.9, x))",
    "label_replace(label_join(x, \"c\", \"-\", \"a\", \"b\"), \"d\", \"$1\", \"c\", \"(.*)-.*\")",
    "count_values(\"v\", quantile_over_time(2, x[3m]) + min_over_time(x[4m]))",
    "predict_linear(x[5m] @ end(), 60)",
};

static weir_status evaluate(const weir_series_store *store, const weir_allocator *allocator,
                            const char *query, bool ranged)
{
    weir_promql_expr *expr = NULL;
    weir_promql_result *result = NULL;
    weir_error err;
    weir_status status = weir_promql_parse(query, strlen(query), allocator, &expr, &err);

    if (status == WEIR_OK && ranged) {
        status = weir_promql_range(store, expr, 0, 600000, 20000, NULL, allocator, &result, &err);
    } else if (status == WEIR_OK) {
        status = weir_promql_instant(store, expr, 600000, NULL, allocator, &result, &err);
    }
    weir_promql_result_free(result);
    weir_promql_expr_free(expr);
    return status;
}

static void queries_run_out_of_memory(void **state)
{
    weir_series_store *store =
        world_store(15000, "x{a='1',le='1'} 0+1x40\nx{a='2',le='+Inf'} 0+2x40\ny{b='3'} 7-1x40");
    struct short_memory memory = {0};
    weir_allocator allocator = short_memory_allocator(&memory);
    size_t runs = 0;

    (void)state;
    for (size_t i = 0; i < 2 * sizeof queries / sizeof queries[0]; i++) {
        const char *query = queries[i / 2];
        bool ranged = i % 2 == 1;
        weir_status status;

        memory.refuse = 0;
        status = evaluate(store, &allocator, query, ranged);
        assert_int_equal(memory.in_use, 0);
        if (status != WEIR_OK) { /* strings and ranges have no grid */
            if (!ranged || status != WEIR_E_RANGE) {
                fail_msg("%s: %s", query, weir_status_name(status));
            }
            continue;
        }
        do {
            memory.asked = 0;
            memory.refuse++;
            status = evaluate(store, &allocator, query, ranged);
            assert_int_equal(memory.in_use, 0);
            assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
            runs++;
        } while (status != WEIR_OK);
    }
    assert_true(runs > 60);
    weir_series_store_free(store);
}

static void stores_run_out_of_memory(void **state)
{
    struct short_memory memory = {0};
    weir_allocator allocator = short_memory_allocator(&memory);
    bool failed = true;

    (void)state;
    for (memory.refuse = 1; failed; memory.refuse++) {
        weir_series_store *store = NULL;
        size_t refused = 0;

        memory.asked = 0;
        failed = weir_series_store_create(&allocator, &store) != WEIR_OK;
        for (int i = 0; store != NULL && i < 200; i++) {
            weir_label labels[2] = {{"__name__", 8, "x", 1}, {"a", 1, NULL, 0}};
            char value[16];
            uint32_t series;
            size_t before = weir_series_store_count(store);

            labels[1].value = value;
            labels[1].value_length = (size_t)snprintf(value, sizeof value, "%d", i);
            if (weir_series_store_series(store, labels, 2, &series, NULL) != WEIR_OK) {
                assert_int_equal(weir_series_store_count(store), before);
                refused++;
                continue;
            }
            for (int k = 0; k < 20; k++) {
                double sample = k % 5 == 4 ? weir_stale_marker() : k;
                weir_status status = weir_series_store_append(store, series, k, sample);

                assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
                refused += status != WEIR_OK;
            }
        }
        failed |= refused > 0;
        assert_true(refused <= 1); /* the next try succeeds */
        weir_series_store_free(store);
        assert_int_equal(memory.in_use, 0);
    }
    assert_true(memory.refuse > 100);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, queries_run_out_of_memory);
    SUITE_TEST(&suite, stores_run_out_of_memory);
    return suite_run(&suite, "promql_memory");
}
