/* PromQL over series in memory: append samples, ask as a Prometheus server would be asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/promql.h>

static void *take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give_back(void *user, void *ptr, size_t size)
{
    (void)user;
    (void)size;
    free(ptr);
}

static const weir_allocator heap = {take, give_back, NULL};

static weir_label label(const char *name, const char *value)
{
    weir_label l = {name, strlen(name), value, strlen(value)};

    return l;
}

/* A counter that is scraped every 15 s for five minutes. */
static void add_counter(weir_series_store *store, const char *pod, double per_second)
{
    weir_label labels[] = {label("__name__", "http_requests_total"), label("app", "web"),
                           label("pod", pod)};
    uint32_t series;

    if (weir_series_store_series(store, labels, 3, &series, NULL) != WEIR_OK) {
        return;
    }
    for (int64_t ms = 0; ms <= 300000; ms += 15000) {
        weir_series_store_append(store, series, ms, per_second * (double)ms / 1000);
    }
}

/* What a query gives at one time, or what is wrong with it, where. */
static void ask(const weir_series_store *store, const char *query, int64_t at_ms)
{
    weir_promql_expr *expr = NULL;
    weir_promql_result *result = NULL;
    weir_error err;

    puts(query);
    if (weir_promql_parse(query, strlen(query), &heap, &expr, &err) != WEIR_OK ||
        weir_promql_instant(store, expr, at_ms, NULL, &heap, &result, &err) != WEIR_OK) {
        printf("  %d:%d: %s\n", err.line, err.column, err.message);
    } else {
        for (uint32_t i = 0; i < result->series_count; i++) {
            fputs("  {", stdout);
            for (size_t l = result->label_at[i]; l < result->label_at[i + 1]; l++) {
                const weir_label *one = &result->labels[l];

                printf(" %.*s=%.*s", (int)one->name_length, one->name, (int)one->value_length,
                       one->value);
            }
            printf(" } %g\n", result->values[result->point_at[i]]);
        }
    }
    weir_promql_result_free(result);
    weir_promql_expr_free(expr);
}

int main(void)
{
    weir_series_store *store;

    if (weir_series_store_create(&heap, &store) != WEIR_OK) {
        return 1;
    }
    add_counter(store, "web-1", 12);
    add_counter(store, "web-2", 30);
    ask(store, "rate(http_requests_total{app=\"web\"}[1m])", 300000);
    ask(store, "sum(rate(http_requests_total[1m])) / 10", 300000);
    ask(store, "topk(1, rate(http_requests_total[1m])) > 20", 300000);
    ask(store, "sum(rate(http_requests_total)", 300000);
    weir_series_store_free(store);
    return 0;
}
