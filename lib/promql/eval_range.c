/*
 * eval_range.c - range selectors, subqueries, and calls of functions over them.
 *
 * Series by series the window slides over all steps: positions only go up, so that a step costs the
 * samples that came and went since the step before.
 *
 * Upstream: promql/engine.go, eval() of calls, matrixSelector() and runSubquery().
 */
#include "promql/range.h"

/* Series to read by time: of the store, or the rows of a subquery. */
static weir_status store_rows(struct eval *ev, const struct node *selector, struct range_rows *out)
{
    const uint32_t *series;
    weir_status status;

    if (selector->selector.anchored || selector->selector.smoothed) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, selector,
                         {'s', "weir does not evaluate anchored or smoothed selectors"});
    }
    status = weir__pq_select(ev, selector, &series, &out->count);
    if (status != WEIR_OK) {
        return status;
    }
    out->rows = arena_array(&ev->arena, out->count, sizeof *out->rows);
    if (out->rows == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t i = 0; i < out->count; i++) {
        const struct series *s = &ev->store->series[series[i]];

        out->rows[i] = (struct range_row){{s->labels, false}, s->times, s->values, s->count};
    }
    return WEIR_OK;
}

/* Rows over a grid as series: only the steps that have a value. */
static weir_status rows_as_series(struct eval *ev, const struct grid *grid,
                                  const struct matrix *matrix, struct range_rows *out)
{
    out->rows = arena_array(&ev->arena, matrix->count, sizeof *out->rows);
    out->count = 0;
    for (uint32_t i = 0; out->rows != NULL && i < matrix->count; i++) {
        const struct row *row = &matrix->rows[i];
        int64_t *times = arena_array(&ev->arena, row->count, sizeof *times);
        double *values = arena_array(&ev->arena, row->count, sizeof *values);
        size_t n = 0;

        if (times == NULL || values == NULL) {
            return eval_memory(ev);
        }
        for (uint32_t k = 0; k < grid->count; k++) {
            if (row->has[k]) {
                times[n] = grid_time(grid, k);
                values[n++] = row->values[k];
            }
        }
        if (n > 0) {
            out->rows[out->count++] = (struct range_row){row->labels, times, values, n};
        }
    }
    return out->rows != NULL ? WEIR_OK : eval_memory(ev);
}

/* How far a range reaches, in ms and as upstream has it in seconds. */
static weir_status range_length(struct eval *ev, const struct node *node, int64_t *ms, double *s)
{
    int64_t ns = node->range.range_ns, whole;
    weir_status status = WEIR_OK;

    *ms = weir_promql_ms(ns);
    if (node->range.range != NULL) {
        status = weir__pq_eval_duration(ev, node->range.range, false, ms);
        ns = *ms * 1000000;
    }
    whole = ns / WEIR_SECOND;
    *s = (double)whole + (double)(ns - whole * WEIR_SECOND) / 1e9;
    return status;
}

/* The steps of a subquery: multiples of its own step, from first to last window. */
static weir_status subquery_grid(struct eval *ev, const struct node *node, int64_t first,
                                 int64_t last, int64_t range_ms, struct grid *out)
{
    int64_t step = node->range.step_ns != 0 ? weir_promql_ms(node->range.step_ns)
                                            : ev->options.subquery_step_ms;
    int64_t from = first - range_ms, start;
    weir_status status = WEIR_OK;

    if (node->range.step != NULL) {
        status = weir__pq_eval_duration(ev, node->range.step, false, &step);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (step < 1) {
        return EVAL_FAIL(ev, WEIR_E_RANGE, node, {'s', "the step of a subquery is below 1 ms"});
    }
    start = from / step * step;
    if (is_2_42(ev) ? start < from : start <= from) {
        start += step;
    }
    *out = (struct grid){start, last, step, 0};
    if (last >= start) {
        uint64_t steps = (uint64_t)(last - start) / (uint64_t)step + 1;

        status = weir__pq_eval_hold(ev, node, steps > INT32_MAX ? UINT64_MAX : steps);
        out->count = status == WEIR_OK ? (uint32_t)steps : 0;
    }
    return status;
}

/* What a range or a subquery selects for the times from `first` to `last`. */
static weir_status source_rows(struct eval *ev, const struct node *node, int64_t first,
                               int64_t last, int64_t range_ms, struct range_rows *out)
{
    struct grid grid;
    struct value inner;
    weir_status status;

    if (node->kind == NODE_RANGE) {
        return store_rows(ev, node->range.inner, out);
    }
    status = subquery_grid(ev, node, first, last, range_ms, &grid);
    status = status == WEIR_OK ? weir__pq_eval(ev, &grid, node->range.inner, &inner) : status;
    return status == WEIR_OK ? rows_as_series(ev, &grid, &inner.matrix, out) : status;
}

static const struct modifiers *modifiers_of(const struct node *node)
{
    return node->kind == NODE_RANGE ? &node->range.inner->selector.modifiers
                                    : &node->range.modifiers;
}

/* ---- windows -------------------------------------------------------------------------------- */

/* How many of the times are below `time`, or at it if `also`. */
static size_t count_below(const int64_t *times, size_t count, int64_t time, bool also)
{
    size_t low = 0, high = count;

    /* Most look at the newest samples: gallop back from the end first. */
    for (size_t step = 8; step < high; step *= 2) {
        if (also ? times[high - step] <= time : times[high - step] < time) {
            low = high - step;
            break;
        }
        high -= step;
    }
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (also ? times[middle] <= time : times[middle] < time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int64_t weir__pq_window_end(const struct range_call *c, uint32_t step)
{
    return (c->fixed ? c->at : grid_time(c->grid, step)) - c->offset;
}

size_t weir__pq_window_limit(const struct range_call *c)
{
    return count_below(c->times, c->count, weir__pq_window_end(c, c->grid->count - 1), true);
}

void weir__pq_window_open(struct range_call *c)
{
    int64_t to = weir__pq_window_end(c, 0);

    c->low = count_below(c->times, c->count, to - c->range_ms, !c->closed);
    c->high = c->low;
    c->seen = c->left = c->low;
    c->events = 0;
    c->queue_first = c->queue_end = 0;
    c->sorted_count = 0;
    c->total = c->weight = 0;
    c->fractions = 0;
}

bool weir__pq_range_queue(struct range_call *c, size_t count)
{
    size_t *bigger;
    size_t room = c->queue_room == 0 ? 64 : c->queue_room;

    if (count <= c->queue_room) {
        return true;
    }
    while (room < count) {
        room *= 2;
    }
    bigger = arena_array(&c->ev->arena, room, sizeof *bigger);
    if (bigger == NULL) {
        c->failed = true;
        return false;
    }
    if (c->queue_end > 0) {
        memcpy(bigger, c->queue, c->queue_end * sizeof *bigger);
    }
    c->queue = bigger;
    c->queue_room = room;
    return true;
}

/* ---- calls ---------------------------------------------------------------------------------- */

static void run_steps(struct range_call *c, range_function *function, struct row *row)
{
    for (uint32_t k = 0; k < c->grid->count; k++) {
        double value;

        window_move(c, k);
        c->parameter = c->parameters != NULL ? c->parameters[k] : 0;
        if (c->low < c->high && function(c, &value)) {
            row_put(row, k, value);
        }
    }
}

/* Counters are said to be such by their names. */
static void note_counter(struct range_call *c, struct labels labels)
{
    static const char *const suffixes[] = {"_total", "_sum", "_count", "_bucket"};
    struct text name = weir__pq_eval_text(c->ev, weir__pq_label_get(labels, SYMBOL_NAME));

    if (name.length == 0) {
        return;
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        uint32_t length = (uint32_t)strlen(suffixes[i]);

        if (name.length >= length &&
            memcmp(name.at + name.length - length, suffixes[i], length) == 0) {
            return;
        }
    }
    weir__pq_note(c->ev, WEIR_PROMQL_INFO, c->argument,
                  "metric might not be a counter, its name does not end in _total, _sum, _count or "
                  "_bucket",
                  name);
}

static weir_status run_series(struct range_call *c, const struct range_row *source,
                              struct matrix *out)
{
    bool rates = c->id == FN_RATE || c->id == FN_INCREASE || c->id == FN_DELTA;
    struct row *row;

    c->times = source->times;
    c->values = source->values;
    c->count = source->count;
    weir__pq_window_open(c);
    if (c->low == c->count) {
        return WEIR_OK;
    }
    row = weir__pq_row_add(c->ev, out, c->grid, source->labels);
    if (row == NULL) {
        return eval_memory(c->ev);
    }
    if (rates) {
        weir__pq_range_rate(c, row);
    } else {
        run_steps(c, weir__pq_range_function(c->id), row);
    }
    if (c->failed) {
        return eval_memory(c->ev);
    }
    if (row->count == 0) {
        out->count--;
    } else if (c->id == FN_RATE || c->id == FN_INCREASE) {
        note_counter(c, source->labels);
    }
    return WEIR_OK;
}

/* Prepares a call: its range, its parameter. */
static weir_status open_call(struct range_call *c)
{
    const struct node *call = c->call;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && i < call->call.count; i++) {
        const struct node *argument = unwrap(call->call.args[i]);
        struct value value;

        if (argument->kind == NODE_RANGE || argument->kind == NODE_SUBQUERY) {
            c->argument = argument;
        } else {
            status = weir__pq_eval(c->ev, c->grid, argument, &value);
            c->parameters = value.scalar;
        }
    }
    if (status == WEIR_OK && c->argument == NULL) {
        return EVAL_FAIL(c->ev, WEIR_E_UNSUPPORTED, call, {'s', "a range vector was expected"});
    }
    if (status != WEIR_OK) {
        return status;
    }
    status = range_length(c->ev, c->argument, &c->range_ms, &c->range_s);
    return status == WEIR_OK ? weir__pq_eval_modifiers(c->ev, modifiers_of(c->argument), &c->offset,
                                                       &c->fixed, &c->at)
                             : status;
}

weir_status weir__pq_eval_range_call(struct eval *ev, const struct grid *grid,
                                     const struct node *call, struct value *out)
{
    struct range_call c = {
        .ev = ev, .call = call, .id = call->call.function->id, .grid = grid, .closed = is_2_42(ev)};
    struct range_rows source;
    weir_status status = open_call(&c);

    if (status == WEIR_OK) {
        int64_t first = (c.fixed ? c.at : grid->start) - c.offset;
        int64_t last = (c.fixed ? c.at : grid_time(grid, grid->count - 1)) - c.offset;

        status = source_rows(ev, c.argument, first, last, c.range_ms, &source);
    }
    status = status == WEIR_OK ? weir__pq_eval_hold(ev, call, (uint64_t)source.count * grid->count)
                               : status;
    for (uint32_t i = 0; status == WEIR_OK && i < source.count; i++) {
        status = run_series(&c, &source.rows[i], &out->matrix);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (c.id == FN_ABSENT_OVER_TIME) {
        struct matrix found = out->matrix;

        out->matrix = (struct matrix){0};
        return weir__pq_absent(ev, grid, c.argument, &found, &out->matrix);
    }
    return c.id == FN_LAST_OVER_TIME || c.id == FN_FIRST_OVER_TIME
               ? weir__pq_rows_unite(ev, grid, call, &out->matrix)
               : weir__pq_rows_drop_names(ev, grid, call, &out->matrix);
}

/* ---- a range by itself ---------------------------------------------------------------------- */

weir_status weir__pq_eval_range_rows(struct eval *ev, int64_t at, const struct node *node,
                                     struct range_rows *out)
{
    int64_t range_ms, offset, fixed_at, last;
    bool fixed, closed = is_2_42(ev);
    double seconds;
    weir_status status = range_length(ev, node, &range_ms, &seconds);

    status = status == WEIR_OK
                 ? weir__pq_eval_modifiers(ev, modifiers_of(node), &offset, &fixed, &fixed_at)
                 : status;
    if (status != WEIR_OK) {
        return status;
    }
    last = (fixed ? fixed_at : at) - offset;
    status = source_rows(ev, node, last, last, range_ms, out);
    for (uint32_t i = 0; status == WEIR_OK && node->kind == NODE_RANGE && i < out->count; i++) {
        struct range_row *row = &out->rows[i];
        size_t low = count_below(row->times, row->count, last - range_ms, !closed);

        row->count = count_below(row->times, row->count, last, true) - low;
        row->times += low;
        row->values += low;
        status = weir__pq_eval_hold(ev, node, row->count);
    }
    return status;
}
