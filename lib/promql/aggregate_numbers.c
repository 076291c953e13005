/*
 * aggregate_numbers.c - aggregations to one number a group and step, gathered member by member.
 *
 * Upstream: promql/engine.go, aggregation().
 */
#include "promql/aggregate.h"
#include "promql/gomath.h"

/* What one group has gathered at one step. */
struct gathered {
    double value, c; /* a sum with its compensation; or the extreme, or the mean */
    double mean;
    double count;
    bool incremental; /* avg: the sum overflowed, value is the mean */
};

static void first_member(uint8_t token, double x, bool old, struct gathered *g)
{
    *g = (struct gathered){x, 0, x, 1, false};
    if (token == TOKEN_GROUP) {
        g->value = 1;
    } else if (token == TOKEN_STDDEV || token == TOKEN_STDVAR) {
        g->value = !old && (is_nan(x) || is_inf(x)) ? NOT_A_NUMBER : 0;
    }
}

static void add_average(double x, struct gathered *g)
{
    struct compensated next;
    double q;

    g->count++;
    if (!g->incremental) {
        next = add_compensated(x, (struct compensated){g->value, g->c});
        if (!is_inf(next.sum)) {
            g->value = next.sum;
            g->c = next.c;
            return;
        }
        g->incremental = true; /* the sum would overflow: from here on correct the mean */
        g->mean = g->value / (g->count - 1);
        g->c /= g->count - 1;
    }
    q = (g->count - 1) / g->count;
    next = add_compensated(x / g->count, (struct compensated){q * g->mean, q * g->c});
    g->mean = next.sum;
    g->c = next.c;
}

static void add_average_2_42(double x, struct gathered *g)
{
    g->count++;
    if (is_inf(g->mean) && (is_inf(x) ? (g->mean > 0) == (x > 0) : !is_nan(x))) {
        return;
    }
    g->mean += x / g->count - g->mean / g->count;
}

static void add_member(uint8_t token, double x, bool old, struct gathered *g)
{
    struct compensated sum;
    double delta;

    switch (token) {
    case TOKEN_SUM:
        if (old) {
            g->value += x;
        } else {
            sum = add_compensated(x, (struct compensated){g->value, g->c});
            g->value = sum.sum;
            g->c = sum.c;
        }
        break;
    case TOKEN_AVG:
        if (old) {
            add_average_2_42(x, g);
        } else {
            add_average(x, g);
        }
        break;
    case TOKEN_MAX: g->value = g->value < x || is_nan(g->value) ? x : g->value; break;
    case TOKEN_MIN: g->value = g->value > x || is_nan(g->value) ? x : g->value; break;
    case TOKEN_COUNT: g->count++; break;
    case TOKEN_STDDEV:
    case TOKEN_STDVAR:
        g->count++;
        delta = x - g->mean;
        g->mean += delta / g->count;
        g->value += delta * (x - g->mean);
        break;
    default: break;
    }
}

static double finish(uint8_t token, bool old, const struct gathered *g)
{
    switch (token) {
    case TOKEN_SUM: return old ? g->value : g->value + g->c;
    case TOKEN_AVG:
        return old              ? g->mean
               : g->incremental ? g->mean + g->c
                                : g->value / g->count + g->c / g->count;
    case TOKEN_COUNT: return g->count;
    case TOKEN_STDVAR: return g->value / g->count;
    case TOKEN_STDDEV: return weir__pq_go_sqrt(g->value / g->count);
    default: return g->value;
    }
}

static void add_row(const struct aggregation *a, const struct row *row, struct gathered *g)
{
    uint8_t token = a->node->token;
    bool old = is_2_42(a->ev);

    for (uint32_t k = 0; k < a->grid->count; k++) {
        if (row->has[k] && g[k].count == 0) {
            first_member(token, row->values[k], old, &g[k]);
        } else if (row->has[k]) {
            add_member(token, row->values[k], old, &g[k]);
        }
    }
}

weir_status weir__pq_aggregate_numbers(struct aggregation *a, struct matrix *out)
{
    uint32_t steps = a->grid->count;
    struct gathered *g =
        weir__pq_arena_zeroed(&a->ev->arena, (size_t)a->group_count * steps, sizeof *g);

    if (g == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        add_row(a, &a->in.rows[i], g + (size_t)a->group[i] * steps);
    }
    for (uint32_t i = 0; i < a->group_count; i++) {
        const struct gathered *of = g + (size_t)i * steps;
        struct labels labels = weir__pq_labels_project(a->ev, &a->projection, a->labels[i]);
        struct row *row = labels.set != NULL ? weir__pq_row_add(a->ev, out, a->grid, labels) : NULL;

        if (row == NULL) {
            return eval_memory(a->ev);
        }
        for (uint32_t k = 0; k < steps; k++) {
            if (of[k].count > 0) {
                row_put(row, k, finish(a->node->token, is_2_42(a->ev), &of[k]));
            }
        }
        out->count -= row->count == 0;
    }
    return WEIR_OK;
}

/* ---- sums over a grid, where most of the time goes --------------------------------------------
 */

/* Adds values that are all there to sums that are all there: add_compensated() without branches. */
static void add_dense(const double *restrict values, uint32_t count, double *restrict sums,
                      double *restrict cs)
{
    for (uint32_t k = 0; k < count; k++) {
        double x = values[k], sum = sums[k], t = sum + x;
        bool larger = magnitude(sum) >= magnitude(x);
        double c = cs[k] + (((larger ? sum : x) - t) + (larger ? x : sum));

        cs[k] = is_inf(t) ? 0 : c;
        sums[k] = t;
    }
}

/* How many steps in a row have a value. */
static uint32_t steps_there(const uint8_t *has, uint32_t count)
{
    const uint8_t *gap = memchr(has, 0, count);

    return gap != NULL ? (uint32_t)(gap - has) : count;
}

static void add_to_sums(const struct row *row, uint32_t count, struct row *sum, double *cs)
{
    for (uint32_t k = 0, there; k < count; k += there) {
        uint32_t left = count - k;

        there = 1;
        if (row->has[k] && !sum->has[k]) {
            row_put(sum, k, row->values[k]);
        } else if (row->has[k]) {
            there = steps_there(sum->has + k, steps_there(row->has + k, left));
            add_dense(row->values + k, there, sum->values + k, cs + k);
        }
    }
}

weir_status weir__pq_aggregate_sums(struct aggregation *a, struct matrix *out)
{
    uint32_t steps = a->grid->count, kept = 0;
    double *cs = weir__pq_arena_zeroed(&a->ev->arena, (size_t)a->group_count * steps, sizeof *cs);

    for (uint32_t i = 0; cs != NULL && i < a->group_count; i++) {
        struct labels labels = weir__pq_labels_project(a->ev, &a->projection, a->labels[i]);

        if (labels.set == NULL || weir__pq_row_add(a->ev, out, a->grid, labels) == NULL) {
            return eval_memory(a->ev);
        }
    }
    if (cs == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        add_to_sums(&a->in.rows[i], steps, &out->rows[a->group[i]],
                    cs + (size_t)a->group[i] * steps);
    }
    for (uint32_t i = 0; i < a->group_count; i++) {
        struct row *row = &out->rows[i];

        for (uint32_t k = 0; row->count > 0 && k < steps; k++) {
            row->values[k] = row->has[k] ? row->values[k] + cs[(size_t)i * steps + k] : 0;
        }
        out->rows[kept] = *row;
        kept += row->count > 0;
    }
    out->count = kept;
    return WEIR_OK;
}
