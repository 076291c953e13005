/*
 * bench_promql.c - what queries cost: over an hour of scrapes, 15 s apart, of some pods with two
 * counters, a gauge and a histogram of twelve buckets each. The data and the queries are those that
 * the real engine is measured with.
 *
 *   bench_promql                 a table
 *   bench_promql --plain         "name pods ns" lines for a program to read
 *   bench_promql --count N NAME  N runs of an operation over 10 pods and nothing else, for
 * callgrind
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/promql.h>

enum { SAMPLES = 240, STEP_MS = 15000 };

#define START_MS INT64_C(1700000000000)

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "bench: %s failed\n", what);
        exit(1);
    }
}

static void *take(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void give(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static const weir_allocator memory = {take, give, NULL};

/* ---- data ----------------------------------------------------------------------------------- */

struct labels {
    weir_label list[4];
    size_t count;
};

static void put_label(struct labels *labels, const char *name, const char *value)
{
    labels->list[labels->count++] = (weir_label){name, strlen(name), value, strlen(value)};
}

typedef double series_value(int i, int pod, int k);

static double counter_value(int i, int pod, int k)
{
    return (double)((i * 17 + i % 7 * pod) * (k + 1));
}

static double gauge_value(int i, int pod, int k)
{
    return (double)((i * 7 + pod) % 23 + k);
}

static double bucket_value(int i, int pod, int k)
{
    (void)pod;
    return (double)(i * (k + 1) * 3);
}

static void add_series(weir_series_store *store, const struct labels *labels, series_value *value,
                       int pod, int k)
{
    uint32_t series;

    must(weir_series_store_series(store, labels->list, labels->count, &series, NULL) == WEIR_OK,
         "making a series");
    for (int i = 0; i < SAMPLES; i++) {
        must(weir_series_store_append(store, series, START_MS + (int64_t)i * STEP_MS,
                                      value(i, pod, k)) == WEIR_OK,
             "appending a sample");
    }
}

static void add_pod(weir_series_store *store, int pod)
{
    static const char *const codes[] = {"200", "500"};
    static const char *const bounds[] = {"0.05", "0.1", "0.25", "0.5", "1",  "2.5",
                                         "5",    "10",  "20",   "40",  "80", "+Inf"};
    char name[16];

    snprintf(name, sizeof name, "p-%02d", pod);
    for (int k = 0; k < 2; k++) {
        struct labels labels = {.count = 0};

        put_label(&labels, "__name__", "http_requests_total");
        put_label(&labels, "job", "api");
        put_label(&labels, "code", codes[k]);
        put_label(&labels, "pod", name);
        add_series(store, &labels, counter_value, pod, k);
    }
    for (int k = 0; k < 1; k++) {
        struct labels labels = {.count = 0};

        put_label(&labels, "__name__", "vllm:num_requests_waiting");
        put_label(&labels, "pod", name);
        add_series(store, &labels, gauge_value, pod, k);
    }
    for (int k = 0; k < 12; k++) {
        struct labels labels = {.count = 0};

        put_label(&labels, "__name__", "latency_seconds_bucket");
        put_label(&labels, "pod", name);
        put_label(&labels, "le", bounds[k]);
        add_series(store, &labels, bucket_value, pod, k);
    }
}

static weir_series_store *make_store(int pods)
{
    weir_series_store *store = NULL;

    must(weir_series_store_create(&memory, &store) == WEIR_OK, "making a store");
    for (int pod = 0; pod < pods; pod++) {
        add_pod(store, pod);
    }
    return store;
}

/* ---- operations ----------------------------------------------------------------------------- */

enum operation { PARSE, INSTANT, RANGE };

/* Instants parse each time, as a server does. */
static const struct bench {
    const char *name;
    enum operation operation;
    const char *query;
} benches[] = {
    {"parse-gauge-sum", PARSE, "sum(vllm:num_requests_waiting)"},
    {"parse-rate-sum", PARSE, "sum(rate(http_requests_total{job=\"api\"}[2m]))"},
    {"parse-quantile", PARSE,
     "histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket[5m]))) or vector(0)"},
    {"gauge-sum", INSTANT, "sum(vllm:num_requests_waiting)"},
    {"rate-sum", INSTANT, "sum(rate(http_requests_total{job=\"api\"}[2m]))"},
    {"ratio", INSTANT,
     "sum(rate(http_requests_total{code=~\"5..\"}[5m])) / sum(rate(http_requests_total[5m]))"},
    {"quantile", INSTANT,
     "histogram_quantile(0.95, sum by (le) (rate(latency_seconds_bucket[5m])))"},
    {"subquery", INSTANT, "max_over_time(sum(rate(http_requests_total[5m]))[15m:])"},
    {"range-hour", RANGE, "sum(rate(http_requests_total[2m]))"},
};

static volatile double sink;

static void run(const struct bench *bench, const weir_series_store *store)
{
    weir_promql_expr *expr = NULL;
    weir_promql_result *result = NULL;
    int64_t end = START_MS + (SAMPLES - 1) * STEP_MS;

    must(weir_promql_parse(bench->query, strlen(bench->query), &memory, &expr, NULL) == WEIR_OK,
         "parsing");
    if (bench->operation == INSTANT) {
        must(weir_promql_instant(store, expr, end, NULL, &memory, &result, NULL) == WEIR_OK,
             "evaluating");
    } else if (bench->operation == RANGE) {
        must(weir_promql_range(store, expr, START_MS, end, STEP_MS, NULL, &memory, &result, NULL) ==
                 WEIR_OK,
             "evaluating");
    }
    if (result != NULL) {
        must(result->series_count == 1, "having a result");
        sink = result->values[0];
    }
    weir_promql_result_free(result);
    weir_promql_expr_free(expr);
}

/* Time of the processor, which other work on the machine disturbs less than the clock. */
static double seconds_now(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* Nanoseconds of one operation: the fastest of some rounds of at least 20 ms. */
static double measure(const struct bench *bench, const weir_series_store *store)
{
    double best = 1e300;

    for (int round = 0; round < 7; round++) {
        double begin = seconds_now(), spent;
        int64_t runs = 0;

        do {
            for (int i = 0; i < 16; i++) {
                run(bench, store);
            }
            runs += 16;
            spent = seconds_now() - begin;
        } while (spent < 0.02);
        spent = spent * 1e9 / (double)runs;
        best = spent < best ? spent : best;
    }
    return best;
}

static int count_only(const char *name, long runs)
{
    weir_series_store *store = make_store(10);
    int found = 0;

    for (size_t b = 0; b < sizeof benches / sizeof benches[0]; b++) {
        found += strcmp(benches[b].name, name) == 0;
        for (long i = 0; strcmp(benches[b].name, name) == 0 && i < runs; i++) {
            run(&benches[b], store);
        }
    }
    weir_series_store_free(store);
    return found > 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    static const int pods[] = {1, 10, 100};
    enum { SIZES = sizeof pods / sizeof pods[0] };
    int plain = argc == 2 && strcmp(argv[1], "--plain") == 0;
    weir_series_store *stores[SIZES];

    if (argc == 4 && strcmp(argv[1], "--count") == 0) {
        return count_only(argv[3], strtol(argv[2], NULL, 10));
    }
    if (argc > 1 && !plain) {
        fprintf(stderr, "usage: %s [--plain | --count N NAME]\n", argv[0]);
        return 2;
    }
    if (!plain) {
        printf("%-18s %12s %12s %12s\n", "ns an operation", "1 pod", "10 pods", "100 pods");
    }
    for (int s = 0; s < SIZES; s++) {
        stores[s] = make_store(pods[s]);
    }
    for (size_t b = 0; b < sizeof benches / sizeof benches[0]; b++) {
        if (!plain) {
            printf("%-18s", benches[b].name);
        }
        for (int s = 0; s < (benches[b].operation == PARSE ? 1 : SIZES); s++) {
            double ns = measure(&benches[b], stores[s]);

            if (plain) {
                printf("%s %d %.0f\n", benches[b].name, pods[s], ns);
            } else {
                printf(" %12.0f", ns);
            }
            fflush(stdout);
        }
        printf("%s", plain ? "" : "\n");
    }
    for (int s = 0; s < SIZES; s++) {
        weir_series_store_free(stores[s]);
    }
    return 0;
}
