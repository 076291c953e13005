/*
 * Random series and random queries over them, from a seed: counters that restart, gauges with odd
 * values, histograms, staleness markers, gaps and uneven scrapes; queries of everything that is
 * evaluated, mostly of sorts that go together.
 */
#ifndef WEIR_TESTS_SUPPORT_RANDOM_PROMQL_H
#define WEIR_TESTS_SUPPORT_RANDOM_PROMQL_H

#include "random.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/promql.h>

enum { RANDOM_QUERY_MAX = 4096 };

/* ---- series --------------------------------------------------------------------------------- */

struct promql_world {
    struct rng rng;
    weir_series_store *store;
    int64_t interval, last; /* ms */
};

static inline double random_value(struct rng *r, int kind, double before)
{
    static const double odd[] = {1e308, -1e308, 5e-324, -0.0, 1e15, 0.1};

    switch (kind) {
    case 0: return rng_one_in(r, 15) ? 0 : before + (double)rng_int(r, 0, 40);
    case 1: return rng_one_in(r, 20) ? rng_real(r, 0, 3) : before + rng_real(r, 0, 5);
    case 2: return (double)rng_int(r, -3, 30);
    case 3: return rng_real(r, -1, 1) * (rng_one_in(r, 5) ? 1e12 : 1);
    case 4: return before;
    default:
        if (rng_one_in(r, 3)) {
            double zero = 0;

            return rng_one_in(r, 2) ? zero / zero : (rng_one_in(r, 2) ? 1 : -1) / zero;
        }
        return odd[rng_int(r, 0, 5)];
    }
}

/* Scrapes at even or uneven times, some missing, a few ended by a marker. */
static inline void random_samples(struct promql_world *w, uint32_t series, int kind, int64_t count)
{
    struct rng *r = &w->rng;
    int64_t now = rng_int(r, 0, w->interval), jitter = rng_one_in(r, 2) ? 0 : w->interval / 3;
    int64_t gaps = rng_one_in(r, 3) ? 12 : 1000000, markers = rng_one_in(r, 3) ? 15 : 1000000;
    double value = (double)rng_int(r, 0, 1000);

    for (int64_t i = 0; i < count; i++) {
        value = random_value(r, kind, value);
        weir_series_store_append(w->store, series, now,
                                 rng_one_in(r, markers) ? weir_stale_marker() : value);
        now += w->interval * (rng_one_in(r, gaps) ? rng_int(r, 2, 9) : 1);
        now += jitter > 0 ? rng_int(r, -jitter, jitter) : 0;
    }
    w->last = now > w->last ? now : w->last;
}

static inline void random_series(struct promql_world *w, const char *name, const char *a,
                                 const char *b, int kind, int64_t count)
{
    weir_label labels[3] = {{"__name__", 8, name, strlen(name)},
                            {"a", 1, a, strlen(a)},
                            {*name == 'h' ? "le" : "b", *name == 'h' ? 2 : 1, b, strlen(b)}};
    uint32_t series;

    if (weir_series_store_series(w->store, labels, 3, &series, NULL) == WEIR_OK) {
        random_samples(w, series, kind, count);
    }
}

static inline void random_world(struct promql_world *w, uint64_t seed,
                                const weir_allocator *allocator)
{
    static const int64_t intervals[] = {1000, 5000, 15000, 15000, 30000, 7300};
    static const char *const values[] = {"1", "2", "", "x\nz"};
    static const char *const bounds[] = {"0.1", "1", "2.5e0", "+Inf"};

    memset(w, 0, sizeof *w);
    w->rng.state = seed;
    w->interval = intervals[rng_int(&w->rng, 0, 5)];
    if (weir_series_store_create(allocator, &w->store) != WEIR_OK) {
        abort();
    }
    for (int i = 0; i < 4; i++) {
        int64_t count = rng_int(&w->rng, 2, rng_one_in(&w->rng, 4) ? 200 : 40);

        random_series(w, "c_total", values[i], values[rng_int(&w->rng, 0, 3)],
                      (int)rng_int(&w->rng, 0, 1), count);
        random_series(w, "g", values[i], values[rng_int(&w->rng, 0, 3)],
                      (int)rng_int(&w->rng, 0, 5), count);
        random_series(w, "h_bucket", values[rng_int(&w->rng, 0, 1)], bounds[i], 0, count);
    }
}

/* ---- queries -------------------------------------------------------------------------------- */

struct random_query {
    struct promql_world *world;
    size_t length;
    char text[RANDOM_QUERY_MAX];
};

static inline void query_put(struct random_query *q, const char *text)
{
    size_t length = strlen(text);

    if (q->length + length < sizeof q->text) {
        memcpy(q->text + q->length, text, length + 1);
        q->length += length;
    }
}

#define QUERY_PICK(q, ...)                                                                         \
    query_put(q, ((const char *const[]){__VA_ARGS__})[rng_int(                                     \
                     &(q)->world->rng, 0,                                                          \
                     (int64_t)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)) - 1)])

static inline void query_duration(struct random_query *q, int64_t ms)
{
    char text[32];

    snprintf(text, sizeof text, "%" PRId64 "ms", ms);
    query_put(q, text);
}

static inline int64_t query_window(struct random_query *q)
{
    struct rng *r = &q->world->rng;
    int64_t interval = q->world->interval;

    switch (rng_int(r, 0, 5)) {
    case 0: return 60000;
    case 1: return rng_int(r, 1, 5) * interval + rng_int(r, -1, 1);
    case 2: return rng_one_in(r, 4) ? 1 : interval - 1;
    case 3: return rng_int(r, 10, 60) * interval;
    default: return rng_int(r, 2, 12) * interval;
    }
}

static inline void query_modifiers(struct random_query *q)
{
    struct rng *r = &q->world->rng;
    char text[48];

    if (rng_one_in(r, 12)) {
        query_put(q, rng_one_in(r, 2) ? " offset " : " offset -");
        query_duration(q, rng_int(r, 1, 6 * q->world->interval));
    }
    if (rng_one_in(r, 25)) {
        snprintf(text, sizeof text, " @ %.3f",
                 (double)rng_int(r, -1000, q->world->last + 1000) / 1000);
        query_put(q, text);
    }
}

static inline void query_selector(struct random_query *q)
{
    QUERY_PICK(q, "c_total", "c_total", "g", "g", "h_bucket");
    if (rng_one_in(&q->world->rng, 3)) {
        QUERY_PICK(q, "{a=\"1\"}", "{a!=\"1\"}", "{a=~\"1|2\"}", "{a!~\"[12]\"}", "{b=\"\"}",
                   "{a=~\".+\",b!=\"1\"}", "{none=\"\"}", "{none=\"1\"}");
    }
}

static void query_vector(struct random_query *q, int depth);

static inline void query_range_function(struct random_query *q, int depth)
{
    struct rng *r = &q->world->rng;

    QUERY_PICK(q, "rate(", "rate(", "rate(", "increase(", "delta(", "irate(", "idelta(", "deriv(",
               "changes(", "resets(", "avg_over_time(", "sum_over_time(", "min_over_time(",
               "max_over_time(", "count_over_time(", "stddev_over_time(", "stdvar_over_time(",
               "last_over_time(", "first_over_time(", "present_over_time(", "absent_over_time(",
               "quantile_over_time(0.3,", "quantile_over_time(0.99,", "quantile_over_time(1.5,");
    if (depth > 0 && rng_one_in(r, 6)) {
        query_put(q, "(");
        query_vector(q, depth - 1);
        query_put(q, ")[");
        query_duration(q, 2 * query_window(q));
        query_put(q, ":");
        if (!rng_one_in(r, 3)) {
            query_duration(q, rng_int(r, 1, 3) * q->world->interval / 2 + 1);
        }
    } else {
        query_selector(q);
        query_put(q, "[");
        query_duration(q, query_window(q));
    }
    query_put(q, "]");
    query_modifiers(q);
    query_put(q, ")");
}

static inline void query_aggregation(struct random_query *q, int depth)
{
    static const char *const operators[][2] = {{"sum", ""},       {"sum", ""},
                                               {"avg", ""},       {"min", ""},
                                               {"max", ""},       {"count", ""},
                                               {"group", ""},     {"stddev", ""},
                                               {"stdvar", ""},    {"quantile", "0.4, "},
                                               {"topk", "2,"},    {"bottomk", "1, "},
                                               {"topk", "0.5, "}, {"count_values", "\"v\", "}};
    /* The last only outermost: in which order it gives its elements is defined nowhere. */
    int64_t i =
        rng_int(&q->world->rng, 0,
                (int64_t)(sizeof operators / sizeof operators[0]) - (q->length > 0 ? 2 : 1));

    query_put(q, operators[i][0]);
    QUERY_PICK(q, "", "", " by (a)", " by (a, b)", " without (b)", " by (none)", " without ()");
    query_put(q, "(");
    query_put(q, operators[i][1]);
    query_vector(q, depth - 1);
    query_put(q, ")");
}

static inline void query_scalar(struct random_query *q, int depth)
{
    if (depth > 0 && rng_one_in(&q->world->rng, 6)) {
        query_put(q, "scalar(");
        query_vector(q, depth - 1);
        query_put(q, ")");
    } else {
        QUERY_PICK(q, "0", "1", "2.5", "-3", "time()", "1e300", "NaN", "Inf");
    }
}

static inline void query_binary(struct random_query *q, int depth)
{
    int sets = rng_one_in(&q->world->rng, 4), scalar = !sets && rng_one_in(&q->world->rng, 2);

    query_put(q, "(");
    query_vector(q, depth - 1);
    if (sets) {
        QUERY_PICK(q, " and ", " or ", " unless ", " and on (a) ", " unless ignoring (b) ");
    } else {
        QUERY_PICK(q, " + ", " - ", " * ", " / ", " % ", " ^ ", " atan2 ", " > ",
                   " <= ", " == ", " != ", " < bool ", " == bool ");
    }
    if (scalar) {
        query_scalar(q, depth - 1);
    } else {
        if (!sets) {
            QUERY_PICK(q, "", "", "on (a, b) ", "ignoring (le) ", "on (a) group_left () ",
                       "ignoring (b) group_right (b) ");
        }
        query_vector(q, depth - 1);
    }
    query_put(q, ")");
}

static inline void query_function(struct random_query *q, int depth)
{
    static const char *const functions[][2] = {
        {"abs(", ")"},
        {"ceil(", ")"},
        {"round(", ", 0.3)"},
        {"clamp(", ", -1, 10)"},
        {"clamp_min(", ", 2)"},
        {"sgn(", ")"},
        {"sqrt(", ")"},
        {"exp(", ")"},
        {"ln(", ")"},
        {"sin(", ")"},
        {"hour(", ")"},
        {"timestamp(", ")"},
        {"absent(", ")"},
        {"-", ""},
        {"vector(scalar(", "))"},
        {"histogram_quantile(0.8, ", ")"},
        {"histogram_quantile(0.5, sum by (le) (", "))"},
        {"label_replace(", ", \"b\", \"$1\", \"a\", \"(.).*\")"},
        {"label_join(", ", \"c\", \"-\", \"a\", \"b\")"},
    };
    int64_t i = rng_int(&q->world->rng, 0, sizeof functions / sizeof functions[0] - 1);

    query_put(q, functions[i][0]);
    query_vector(q, depth - 1);
    query_put(q, functions[i][1]);
}

static void query_vector(struct random_query *q, int depth)
{
    int64_t choice = depth > 0 ? rng_int(&q->world->rng, 0, 9) : 9;

    if (choice < 3) {
        query_range_function(q, depth);
    } else if (choice < 5) {
        query_aggregation(q, depth);
    } else if (choice < 7) {
        query_binary(q, depth);
    } else if (choice < 8) {
        query_function(q, depth);
    } else if (choice < 9 || rng_one_in(&q->world->rng, 2)) {
        query_range_function(q, 0);
    } else {
        query_selector(q);
        query_modifiers(q);
    }
}

/* A query that is an instant vector. */
static inline void random_promql_query(struct promql_world *w, struct random_query *q)
{
    q->world = w;
    q->length = 0;
    q->text[0] = '\0';
    query_vector(q, (int)rng_int(&w->rng, 1, 3));
}

#endif
