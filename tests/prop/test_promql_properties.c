/*
 * What must hold for every query: over a grid of times, where windows slide and steps are done
 * together, it gives to the bit what it gives at each time alone; a grid in parts is the grid; and
 * a query that is printed means the same.
 */
#include "random_promql.h"
#include "table.h"

enum { SEEDS = 1000, QUERIES = 8 };

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

/* ---- comparing results ---------------------------------------------------------------------- */

static int same_label(const weir_label *a, const weir_label *b)
{
    return a->name_length == b->name_length && a->value_length == b->value_length &&
           memcmp(a->name, b->name, a->name_length) == 0 &&
           memcmp(a->value, b->value, a->value_length) == 0;
}

static int same_labels(const weir_promql_result *a, uint32_t i, const weir_promql_result *b,
                       uint32_t j)
{
    size_t count = a->label_at[i + 1] - a->label_at[i];
    int same = count == b->label_at[j + 1] - b->label_at[j];

    for (size_t k = 0; same && k < count; k++) {
        same = same_label(&a->labels[a->label_at[i] + k], &b->labels[b->label_at[j] + k]);
    }
    return same;
}

/* The series of `in` with the labels of series i; series_count: none. */
static uint32_t find_series(const weir_promql_result *in, const weir_promql_result *of, uint32_t i)
{
    uint32_t j = 0;

    while (j < in->series_count && !same_labels(in, j, of, i)) {
        j++;
    }
    return j;
}

static const double *value_at(const weir_promql_result *r, uint32_t i, int64_t time)
{
    for (size_t p = r->point_at[i]; p < r->point_at[i + 1]; p++) {
        if (r->times_ms[p] == time) {
            return &r->values[p];
        }
    }
    return NULL;
}

static uint32_t series_at(const weir_promql_result *r, int64_t time)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < r->series_count; i++) {
        count += value_at(r, i, time) != NULL;
    }
    return count;
}

/* Whether what `part` has at a time is what `whole` has at it, in any order. */
static int same_at(const weir_promql_result *whole, const weir_promql_result *part, int64_t time)
{
    if (series_at(whole, time) != series_at(part, time)) {
        return 0;
    }
    for (uint32_t i = 0; i < part->series_count; i++) {
        const double *value = value_at(part, i, time), *other;
        uint32_t j = find_series(whole, part, i);

        if (value == NULL) {
            continue;
        }
        other = j < whole->series_count ? value_at(whole, j, time) : NULL;
        if (other == NULL ||
            !((*value != *value && *other != *other) || bits_of(*value) == bits_of(*other))) {
            return 0;
        }
    }
    return 1;
}

/* ---- one query ------------------------------------------------------------------------------ */

struct asked {
    const weir_series_store *store;
    const weir_promql_expr *expr;
    weir_promql_options options;
    int64_t start, step;
    int32_t steps;
    weir_promql_result *grid;
};

static weir_status ask(const struct asked *a, int32_t from, int32_t to, weir_promql_result **result)
{
    return weir_promql_range(a->store, a->expr, a->start + from * a->step, a->start + to * a->step,
                             a->step, &a->options, &memory, result, NULL);
}

/* The first step at which an instant differs from the grid, or -1. */
static int32_t differs_at(const struct asked *a)
{
    for (int32_t k = 0; k < a->steps; k++) {
        weir_promql_result *instant;
        int64_t time = a->start + k * a->step;
        int same;

        if (weir_promql_instant(a->store, a->expr, time, &a->options, &memory, &instant, NULL) !=
            WEIR_OK) {
            return k;
        }
        same = same_at(a->grid, instant, time);
        weir_promql_result_free(instant);
        if (!same) {
            return k;
        }
    }
    return -1;
}

/* The same for the grid in two parts. */
static int32_t differs_in_parts(const struct asked *a, int32_t half)
{
    weir_promql_result *parts[2];
    int32_t at = -1;

    assert_int_equal(ask(a, 0, half - 1, &parts[0]), WEIR_OK);
    assert_int_equal(ask(a, half, a->steps - 1, &parts[1]), WEIR_OK);
    for (int32_t k = 0; k < a->steps && at < 0; k++) {
        at = same_at(a->grid, parts[k >= half], a->start + k * a->step) ? -1 : k;
    }
    weir_promql_result_free(parts[0]);
    weir_promql_result_free(parts[1]);
    return at;
}

static weir_promql_expr *parsed(const char *text)
{
    weir_promql_expr *expr;
    weir_error err;

    if (weir_promql_parse(text, strlen(text), &memory, &expr, &err) != WEIR_OK) {
        fail_msg("%s: %d %s", text, (int)err.column, err.message);
    }
    return expr;
}

static void random_grid(struct promql_world *w, struct asked *a)
{
    static const int64_t odd[] = {1, 777, 60000};

    a->step =
        rng_one_in(&w->rng, 4) ? odd[rng_int(&w->rng, 0, 2)] : w->interval * rng_int(&w->rng, 1, 3);
    a->start = rng_int(&w->rng, -w->interval, w->last);
    a->start -= rng_one_in(&w->rng, 2) ? a->start % w->interval : 0;
    a->steps = (int32_t)rng_int(&w->rng, 2, rng_one_in(&w->rng, 3) ? 120 : 30);
    weir_promql_options_init(&a->options, sizeof a->options);
    a->options.semantics = rng_one_in(&w->rng, 3) ? WEIR_PROMETHEUS_2_42 : WEIR_PROMETHEUS_3;
}

/* A query over a grid, in whatever way it is asked. Gives how many points it had. */
static size_t check_query(struct promql_world *w, struct random_query *q, int seed)
{
    struct asked a = {.store = w->store};
    weir_promql_expr *expr;
    size_t points = 0;

    random_promql_query(w, q);
    random_grid(w, &a);
    a.expr = expr = parsed(q->text);
    if (ask(&a, 0, a.steps - 1, &a.grid) == WEIR_OK) {
        int32_t at = differs_at(&a);

        if (at < 0) {
            at = differs_in_parts(&a, a.steps / 2);
        }
        if (at >= 0) {
            fail_msg("seed %d, semantics %d, start %" PRId64 " step %" PRId64 " at step %d: %s",
                     seed, (int)a.options.semantics, a.start, a.step, (int)at, q->text);
        }
        points = a.grid->point_at[a.grid->series_count];
        weir_promql_result_free(a.grid);
    }
    weir_promql_expr_free(expr);
    return points;
}

static void a_grid_is_its_instants(void **state)
{
    struct random_query *q = block_of(sizeof *q);
    size_t some = 0;

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct promql_world w;

        random_world(&w, (uint64_t)seed, &memory);
        for (int i = 0; i < QUERIES; i++) {
            some += check_query(&w, q, seed) > 0;
        }
        weir_series_store_free(w.store);
    }
    assert_true(some > (size_t)SEEDS * QUERIES / 3); /* most have something to compare */
    free(q);
}

/* What is printed, on one line or on many, has the same results. */
static void what_is_printed_means_the_same(void **state)
{
    struct random_query *q = block_of(sizeof *q);
    char text[2 * RANDOM_QUERY_MAX];

    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        struct promql_world w;
        struct asked a = {0};
        weir_promql_expr *expr, *again;
        weir_promql_result *result;

        random_world(&w, (uint64_t)seed, &memory);
        random_promql_query(&w, q);
        random_grid(&w, &a);
        a.store = w.store;
        a.expr = expr = parsed(q->text);
        assert_int_equal(
            (seed % 2 ? weir_promql_print : weir_promql_format)(expr, text, sizeof text, NULL),
            WEIR_OK);
        again = parsed(text);
        if (ask(&a, 0, a.steps - 1, &a.grid) == WEIR_OK) {
            a.expr = again;
            assert_int_equal(ask(&a, 0, a.steps - 1, &result), WEIR_OK);
            for (int32_t k = 0; k < a.steps; k++) {
                if (!same_at(a.grid, result, a.start + k * a.step)) {
                    fail_msg("seed %d: %s is not %s", seed, text, q->text);
                }
            }
            weir_promql_result_free(result);
            weir_promql_result_free(a.grid);
        }
        weir_promql_expr_free(expr);
        weir_promql_expr_free(again);
        weir_series_store_free(w.store);
    }
    free(q);
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, a_grid_is_its_instants);
    SUITE_TEST(&suite, what_is_printed_means_the_same);
    return suite_run(&suite, "promql_properties");
}
