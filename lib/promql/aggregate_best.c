/*
 * aggregate_best.c - topk and bottomk.
 *
 * Upstream: promql/engine.go, aggregationK().
 */
#include "promql/aggregate.h"
#include "promql/gomath.h"

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

weir_status weir__pq_aggregate_best(struct aggregation *a, struct matrix *out)
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
