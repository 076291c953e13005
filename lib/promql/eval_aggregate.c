/*
 * eval_aggregate.c - aggregation operators: members of a group are taken in the order of the rows,
 * which is that of the store for a selector.
 *
 * Upstream: promql/engine.go, aggregation(), aggregationK() and aggregationCountValues().
 */
#include "promql/eval.h"
#include "promql/gomath.h"
#include "promql/number.h"

/* An aggregation under way: which group each row belongs to, and what the parameter is. */
struct aggregation {
    struct eval *ev;
    const struct grid *grid;
    const struct node *node;
    struct matrix in;
    struct projection projection;
    uint32_t *group; /* of each row */
    uint32_t group_count;
    uint32_t *members, *first; /* rows by group; where each group begins, and the end */
    struct labels *labels;     /* of each group: those of its first member, not projected */
    const double *parameter;   /* one a step, or NULL */
};

/* What one group has gathered at one step. */
struct gathered {
    double value, c; /* a sum with its compensation; or the extreme, or the mean */
    double mean;
    double count;
    bool incremental; /* avg: the sum overflowed, value is the mean */
};

/* ---- groups --------------------------------------------------------------------------------- */

static weir_status open_groups(struct aggregation *a)
{
    struct label_index index;
    const struct node *node = a->node;
    weir_status status = weir__pq_projection(a->ev, &node->aggregate.grouping,
                                             !node->aggregate.without, &a->projection);

    if (status != WEIR_OK) {
        return status;
    }
    a->group = arena_array(&a->ev->arena, a->in.count, sizeof *a->group);
    a->labels = arena_array(&a->ev->arena, a->in.count, sizeof *a->labels);
    if (a->group == NULL || a->labels == NULL) {
        return eval_memory(a->ev);
    }
    a->group_count = 0;
    weir__pq_index_open(&index, a->ev, a->projection);
    for (uint32_t i = 0; i < a->in.count; i++) {
        uint32_t group = weir__pq_index_of(&index, a->in.rows[i].labels);

        if (group == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
        if (group == a->group_count) {
            a->labels[a->group_count++] = a->in.rows[i].labels;
        }
        a->group[i] = group;
    }
    return WEIR_OK;
}

/* Lists the rows of each group, in their order. */
static weir_status list_members(struct aggregation *a)
{
    a->members = arena_array(&a->ev->arena, a->in.count, sizeof *a->members);
    a->first = weir__pq_arena_zeroed(&a->ev->arena, (size_t)a->group_count + 2, sizeof *a->first);
    if (a->members == NULL || a->first == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        a->first[a->group[i] + 2]++;
    }
    for (uint32_t g = 2; g < a->group_count + 2; g++) {
        a->first[g] += a->first[g - 1];
    }
    for (uint32_t i = 0; i < a->in.count; i++) { /* leaves each at the beginning of its group */
        a->members[a->first[a->group[i] + 1]++] = i;
    }
    return WEIR_OK;
}

/* ---- sums and the like: one number a group and step ------------------------------------------ */

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

/* A sum over a grid, where most of the time goes: the same steps without a choice in each. */
static void add_sum_row(const struct row *row, uint32_t count, struct gathered *g)
{
    for (uint32_t k = 0; k < count; k++) {
        if (!row->has[k]) {
            continue;
        }
        if (g[k].count == 0) {
            g[k].value = row->values[k];
            g[k].count = 1;
        } else {
            struct compensated sum =
                add_compensated(row->values[k], (struct compensated){g[k].value, g[k].c});

            g[k].value = sum.sum;
            g[k].c = sum.c;
        }
    }
}

static void add_row(const struct aggregation *a, const struct row *row, struct gathered *g)
{
    uint8_t token = a->node->token;
    bool old = is_2_42(a->ev);

    if (token == TOKEN_SUM && !old) {
        add_sum_row(row, a->grid->count, g);
        return;
    }
    for (uint32_t k = 0; k < a->grid->count; k++) {
        if (row->has[k] && g[k].count == 0) {
            first_member(token, row->values[k], old, &g[k]);
        } else if (row->has[k]) {
            add_member(token, row->values[k], old, &g[k]);
        }
    }
}

static weir_status aggregate_numbers(struct aggregation *a, struct matrix *out)
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

/* ---- quantile ------------------------------------------------------------------------------- */

static weir_status aggregate_quantile(struct aggregation *a, struct matrix *out)
{
    double *values = arena_array(&a->ev->arena, a->in.count, sizeof *values);
    uint32_t wrong = 0;

    if (values == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t k = 0; k < a->grid->count; k++) {
        wrong += !(a->parameter[k] >= 0 && a->parameter[k] <= 1);
    }
    if (wrong > 0) {
        weir__pq_note(a->ev, WEIR_PROMQL_WARNING, a->node->aggregate.parameter,
                      "quantile value should be between 0 and 1", TEXT(""));
    }
    for (uint32_t i = 0; i < a->group_count; i++) {
        struct labels labels = weir__pq_labels_project(a->ev, &a->projection, a->labels[i]);
        struct row *row = labels.set != NULL ? weir__pq_row_add(a->ev, out, a->grid, labels) : NULL;

        if (row == NULL) {
            return eval_memory(a->ev);
        }
        for (uint32_t k = 0; k < a->grid->count; k++) {
            size_t count = 0;

            for (uint32_t m = a->first[i]; m < a->first[i + 1]; m++) {
                const struct row *member = &a->in.rows[a->members[m]];

                if (member->has[k]) {
                    values[count++] = member->values[k];
                }
            }
            if (count > 0) {
                weir__pq_sort_values(values, count);
                row_put(row, k, weir__pq_quantile(a->parameter[k], values, count, !is_2_42(a->ev)));
            }
        }
        out->count -= row->count == 0;
    }
    return WEIR_OK;
}

/* ---- topk, bottomk -------------------------------------------------------------------------- */

/*
 * The k best of a group, in a heap with the worst on top, as upstream's container/heap keeps it:
 * which of several equal ones stay depends on how that moves them.
 */
struct heap {
    struct ranked *items;
    uint32_t count;
    bool top; /* topk: the smallest is on top */
};

/* Whether i stands above j: NaN above all. */
static bool above(const struct heap *h, uint32_t i, uint32_t j)
{
    double a = h->items[i].value, b = h->items[j].value;

    return is_nan(a) || (h->top ? a < b : a > b);
}

static void swap(struct heap *h, uint32_t i, uint32_t j)
{
    struct ranked item = h->items[i];

    h->items[i] = h->items[j];
    h->items[j] = item;
}

static void heap_up(struct heap *h, uint32_t j)
{
    while (j > 0) {
        uint32_t parent = (j - 1) / 2;

        if (!above(h, j, parent)) {
            break;
        }
        swap(h, parent, j);
        j = parent;
    }
}

static void heap_down(struct heap *h, uint32_t count)
{
    uint32_t i = 0;

    for (;;) {
        uint32_t child = 2 * i + 1;

        if (child >= count) {
            break;
        }
        if (child + 1 < count && above(h, child + 1, child)) {
            child++;
        }
        if (!above(h, child, i)) {
            break;
        }
        swap(h, i, child);
        i = child;
    }
}

static void heap_push(struct heap *h, double value, uint32_t row)
{
    h->items[h->count++] = (struct ranked){value, row};
    heap_up(h, h->count - 1);
}

static void heap_offer(struct heap *h, double value, uint32_t row, uint32_t k, bool old)
{
    double worst = h->count > 0 ? h->items[0].value : 0;
    bool better = h->top ? worst < value : worst > value;

    if (h->count < k) {
        heap_push(h, value, row);
        return;
    }
    if (!better && !(is_nan(worst) && (old || !is_nan(value)))) {
        return;
    }
    if (old && k > 1) { /* takes the worst out, then puts the new one in */
        h->count--;
        swap(h, 0, h->count);
        heap_down(h, h->count);
        heap_push(h, value, row);
        return;
    }
    h->items[0] = (struct ranked){value, row};
    heap_down(h, h->count);
}

/* The parameter must be a number that int64 holds, at all steps; *skip: it is below 1 at all. */
static weir_status check_k(struct aggregation *a, bool *skip)
{
    double most = -DOUBLE_MAX, least = DOUBLE_MAX, bad = 0;
    bool nan = false;

    for (uint32_t k = 0; k < a->grid->count; k++) {
        nan = nan || is_nan(a->parameter[k]);
        most = a->parameter[k] > most ? a->parameter[k] : most;
        least = a->parameter[k] < least ? a->parameter[k] : least;
    }
    *skip = !nan && most < 1;
    if (*skip && (!is_2_42(a->ev) || least >= -9223372036854775808.0)) {
        return WEIR_OK;
    }
    if (nan) {
        return EVAL_FAIL(a->ev, WEIR_E_RANGE, a->node->aggregate.parameter,
                         {'s', "the parameter of topk or bottomk is NaN"});
    }
    bad = least <= -9223372036854775808.0 ? least : most;
    if (bad <= -9223372036854775808.0 || bad >= 9223372036854775808.0) {
        return EVAL_FAIL(a->ev, WEIR_E_RANGE, a->node->aggregate.parameter,
                         {'s', "the parameter of topk or bottomk is beyond int64: "}, {'d', &bad});
    }
    return WEIR_OK;
}

static weir_status emit_ranked(struct aggregation *a, const struct heap *h, uint32_t step,
                               uint32_t *made, struct matrix *out)
{
    for (uint32_t i = 0; i < h->count; i++) {
        uint32_t from = h->items[i].row;

        if (made[from] == SYMBOL_NONE) {
            if (weir__pq_row_add(a->ev, out, a->grid, a->in.rows[from].labels) == NULL) {
                return eval_memory(a->ev);
            }
            made[from] = out->count - 1;
        }
        row_put(&out->rows[made[from]], step, h->items[i].value);
    }
    return WEIR_OK;
}

static weir_status aggregate_best(struct aggregation *a, struct matrix *out)
{
    struct heap heap = {.top = a->node->token == TOKEN_TOPK};
    uint32_t *made = arena_array(&a->ev->arena, a->in.count, sizeof *made);
    struct ranked *scratch = arena_array(&a->ev->arena, a->in.count, sizeof *scratch);
    bool skip, old = is_2_42(a->ev);
    weir_status status = check_k(a, &skip);

    heap.items = arena_array(&a->ev->arena, a->in.count, sizeof *heap.items);
    if (status != WEIR_OK || skip) {
        return status;
    }
    if (made == NULL || scratch == NULL || heap.items == NULL) {
        return eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        made[i] = SYMBOL_NONE;
    }
    for (uint32_t k = 0; k < a->grid->count; k++) {
        double wanted = a->parameter[k];
        uint32_t most = wanted < a->in.count ? (wanted >= 1 ? (uint32_t)wanted : 0) : a->in.count;

        for (uint32_t g = 0; most > 0 && g < a->group_count && status == WEIR_OK; g++) {
            heap.count = 0;
            for (uint32_t m = a->first[g]; m < a->first[g + 1]; m++) {
                uint32_t i = a->members[m];

                if (a->in.rows[i].has[k]) {
                    heap_offer(&heap, a->in.rows[i].values[k], i, most, old);
                }
            }
            weir__pq_sort_ranked(heap.items, scratch, heap.count, heap.top);
            status = emit_ranked(a, &heap, k, made, out);
        }
    }
    return status;
}

/* ---- count_values --------------------------------------------------------------------------- */

/* What a row had at the step before, which it often has again. */
struct valued {
    uint64_t bits;
    uint32_t group; /* SYMBOL_NONE: it had nothing */
};

/* The group of a row with its value as a label; SYMBOL_NONE: no memory. */
static uint32_t valued_group(struct aggregation *a, struct label_index *index, uint32_t name,
                             struct labels labels, double value, struct matrix *out)
{
    char text[NUMBER_TEXT_MAX];
    uint32_t symbol, group, length = (uint32_t)weir__pq_number_print(value, 'f', text);

    if (weir__pq_eval_symbol(a->ev, (struct text){text, length}, &symbol) != WEIR_OK) {
        return SYMBOL_NONE;
    }
    labels = weir__pq_labels_with(a->ev, labels, name, symbol);
    group = labels.set != NULL ? weir__pq_index_of(index, labels) : SYMBOL_NONE;
    if (group != SYMBOL_NONE && group == out->count) {
        labels = weir__pq_labels_project(a->ev, &a->projection, labels);
        if (labels.set == NULL || weir__pq_row_add(a->ev, out, a->grid, labels) == NULL) {
            return SYMBOL_NONE;
        }
    }
    return group;
}

/* Groups by the labels asked for, and by the value, unless `without` takes that away too. */
static weir_status open_valued(struct aggregation *a, struct text label, uint32_t *name)
{
    struct labels_list grouping = a->node->aggregate.grouping;
    weir_status status = WEIR_OK;

    if (!weir__pq_label_name_valid(a->ev, label)) {
        return EVAL_FAIL(a->ev, WEIR_E_RANGE, a->node->aggregate.parameter,
                         {'s', "invalid label name "}, {'q', &label});
    }
    status = weir__pq_eval_symbol(a->ev, label, name);
    if (status != WEIR_OK) {
        return status;
    }
    if (!a->node->aggregate.without) {
        struct text *items = arena_array(&a->ev->arena, grouping.count + 1, sizeof *items);

        if (items == NULL) {
            return eval_memory(a->ev);
        }
        if (grouping.count > 0) {
            memcpy(items, grouping.items, grouping.count * sizeof *items);
        }
        items[grouping.count] = label;
        grouping.items = items;
        grouping.count++;
    }
    return weir__pq_projection(a->ev, &grouping, !a->node->aggregate.without, &a->projection);
}

static weir_status aggregate_values(struct aggregation *a, struct matrix *out)
{
    struct valued *before = arena_array(&a->ev->arena, a->in.count, sizeof *before);
    struct label_index index;
    uint32_t name;
    weir_status status = open_valued(a, unwrap(a->node->aggregate.parameter)->string, &name);

    if (status != WEIR_OK || before == NULL) {
        return status != WEIR_OK ? status : eval_memory(a->ev);
    }
    for (uint32_t i = 0; i < a->in.count; i++) {
        before[i].group = SYMBOL_NONE;
    }
    weir__pq_index_open(&index, a->ev, a->projection);
    for (uint32_t k = 0; k < a->grid->count; k++) {
        for (uint32_t i = 0; i < a->in.count; i++) {
            const struct row *row = &a->in.rows[i];
            struct row *group;

            if (!row->has[k]) {
                continue;
            }
            if (before[i].group == SYMBOL_NONE || before[i].bits != to_bits(row->values[k])) {
                before[i].bits = to_bits(row->values[k]);
                before[i].group = valued_group(a, &index, name, row->labels, row->values[k], out);
                if (before[i].group == SYMBOL_NONE) {
                    return eval_memory(a->ev);
                }
            }
            group = &out->rows[before[i].group];
            row_put(group, k, group->has[k] ? group->values[k] + 1 : 1);
        }
    }
    return WEIR_OK;
}

/* ---- the operator --------------------------------------------------------------------------- */

weir_status weir__pq_eval_aggregate(struct eval *ev, const struct grid *grid,
                                    const struct node *node, struct value *out)
{
    struct aggregation a = {.ev = ev, .grid = grid, .node = node};
    const struct node *parameter = node->aggregate.parameter;
    struct value in, k;
    weir_status status = WEIR_OK;

    if (parameter != NULL && parameter->type == WEIR_PROMQL_SCALAR) {
        status = weir__pq_eval(ev, grid, parameter, &k);
        a.parameter = k.scalar;
    }
    status = status == WEIR_OK ? weir__pq_eval(ev, grid, node->aggregate.inner, &in) : status;
    if (status != WEIR_OK) {
        return status;
    }
    a.in = in.matrix;
    if (node->token == TOKEN_COUNT_VALUES) {
        return aggregate_values(&a, &out->matrix);
    }
    status = open_groups(&a);
    if (status != WEIR_OK) {
        return status;
    }
    if (a.parameter == NULL) {
        return aggregate_numbers(&a, &out->matrix);
    }
    status = list_members(&a);
    if (status != WEIR_OK) {
        return status;
    }
    return node->token == TOKEN_QUANTILE ? aggregate_quantile(&a, &out->matrix)
                                         : aggregate_best(&a, &out->matrix);
}
