/*
 * One number for the answers to many queries over random series. Compilers, optimization levels and
 * machines must agree on it.
 */
#include "mix.h"
#include "random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <weir/promql.h>

enum { SEEDS = 40 };

static void must(int condition, const char *what, int seed)
{
    if (!condition) {
        fprintf(stderr, "digest: %s failed with seed %d\n", what, seed);
        exit(1);
    }
}

static void *take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give(void *user, void *memory, size_t size)
{
    (void)user;
    (void)size;
    free(memory);
}

static const weir_allocator allocator = {take, give, NULL};

/* Counters that restart, gauges, fractions and odd values, at uneven times. */
static void fill_store(weir_series_store *store, int seed)
{
    static const char *const values[] = {"0.1", "1", "+Inf"};
    struct rng r = {(uint64_t)seed};

    for (int i = 0; i < 6; i++) {
        weir_label labels[2] = {{"__name__", 8, i < 3 ? "x" : "y", 1}, {"le", 2, NULL, 0}};
        double value = rng_real(&r, 0, 10);
        int64_t now = rng_int(&r, 0, 20000);
        uint32_t series;

        labels[1].value = values[i % 3];
        labels[1].value_length = strlen(values[i % 3]);
        must(weir_series_store_series(store, labels, 2, &series, NULL) == WEIR_OK, "a series",
             seed);
        for (int k = 0; k < 150; k++) {
            now += rng_int(&r, 1, 20000);
            value += rng_one_in(&r, 2) ? rng_real(&r, -0.3, 3) : (double)rng_int(&r, 0, 9);
            value = rng_one_in(&r, 30) ? 0 : value;
            must(weir_series_store_append(store, series, now,
                                          rng_one_in(&r, 50) ? weir_stale_marker() : value) ==
                     WEIR_OK,
                 "a sample", seed);
        }
    }
}

static void mix_result(uint64_t *digest, const weir_promql_result *result)
{
    for (uint32_t i = 0; i < result->series_count; i++) {
        mix(digest, result->label_at[i + 1] - result->label_at[i]);
        for (size_t p = result->point_at[i]; p < result->point_at[i + 1]; p++) {
            mix(digest, (uint64_t)result->times_ms[p]);
            mix_double(digest, result->values[p]);
        }
    }
}

static void queries(uint64_t *digest, int seed)
{
    static const char *const texts[] = {
        "sum(rate(x[1m])) / ignoring (le) y",
        "histogram_quantile(0.9, sum by (le) (increase(y[3m])))",
        "avg_over_time(x[2m]) + stddev_over_time(y[5m])",
        "predict_linear(x[3m], 600) - deriv(y[1m] offset 10s)",
        "quantile(0.3, y) + on () group_right () sum_over_time(x[7m:11s])",
        "exp(ln(x) / 3) ^ 1.7 + sin(y) * tanh(x) + log2(y) % 0.7",
        "count_values(\"v\", changes(x[4m])) or stdvar(y) or topk(2, max_over_time(y[90s]))",
        "label_replace(x, \"le\", \"$1\", \"le\", \"(.).*\") unless y",
    };
    weir_series_store *store;
    weir_promql_options options;

    must(weir_series_store_create(&allocator, &store) == WEIR_OK, "a store", seed);
    fill_store(store, seed);
    must(weir_promql_options_init(&options, sizeof options) == WEIR_OK, "options", seed);
    options.semantics = seed % 3 == 0 ? WEIR_PROMETHEUS_2_42 : WEIR_PROMETHEUS_3;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        weir_promql_expr *expr;
        weir_promql_result *result;
        weir_status status;

        must(weir_promql_parse(texts[i], strlen(texts[i]), &allocator, &expr, NULL) == WEIR_OK,
             texts[i], seed);
        status =
            weir_promql_range(store, expr, 0, 1500000, 17000, &options, &allocator, &result, NULL);
        mix(digest, (uint64_t)status);
        if (status == WEIR_OK) {
            mix_result(digest, result);
            weir_promql_result_free(result);
        }
        weir_promql_expr_free(expr);
    }
    weir_series_store_free(store);
}

int main(void)
{
    uint64_t digest = DIGEST_EMPTY;

    for (int seed = 1; seed <= SEEDS; seed++) {
        queries(&digest, seed);
    }
    /* A branch on the number, since that is what the memory sanitizer reports. */
    must(digest != 0, "the digest", 0);
    printf("queries   %016" PRIx64 "\n", digest);
    return 0;
}
