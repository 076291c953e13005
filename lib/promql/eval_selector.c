/*
 * eval_selector.c - instant selectors: of each series the newest sample that is not too old, unless
 * a staleness marker came after it.
 *
 * Upstream: promql/engine.go, evalSeries() and vectorSelectorSingle().
 */
#include "promql/eval.h"

/* A position among samples and one among markers: how many are not after the time looked at. */
struct cursor {
    const struct series *series;
    size_t sample, marker;
};

/* How many of `times` are at or before `time`; newer ones are looked at first. */
static size_t count_until(const int64_t *times, size_t count, int64_t time)
{
    size_t step = 1, low, high = count;

    if (count == 0 || times[count - 1] <= time) {
        return count;
    }
    while (step < high && times[high - step] > time) { /* gallop back */
        high -= step;
        step *= 2;
    }
    low = step < high ? high - step : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (times[middle] <= time) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void cursor_seek(struct cursor *c, int64_t time)
{
    c->sample = count_until(c->series->times, c->series->count, time);
    c->marker = count_until(c->series->stale, c->series->stale_count, time);
}

static void cursor_advance(struct cursor *c, int64_t time)
{
    while (c->sample < c->series->count && c->series->times[c->sample] <= time) {
        c->sample++;
    }
    while (c->marker < c->series->stale_count && c->series->stale[c->marker] <= time) {
        c->marker++;
    }
}

/* Whether there is a sample at this time; it is then the one before the cursor. */
static bool cursor_valid(const struct cursor *c, int64_t time, int64_t lookback, bool closed)
{
    int64_t newest;

    if (c->sample == 0) {
        return false;
    }
    newest = c->series->times[c->sample - 1];
    if (closed ? newest < time - lookback : newest <= time - lookback) {
        return false;
    }
    return c->marker == 0 || c->series->stale[c->marker - 1] < newest;
}

/* What a selector looks at, on a grid. */
struct look {
    int64_t offset, at;
    bool fixed, closed;
    const uint32_t *series;
    uint32_t count;
};

static weir_status open_look(struct eval *ev, const struct grid *grid, const struct node *node,
                             struct look *look)
{
    weir_status status = weir__pq_eval_modifiers(ev, &node->selector.modifiers, &look->offset,
                                                 &look->fixed, &look->at);

    if (node->selector.anchored || node->selector.smoothed) {
        return EVAL_FAIL(ev, WEIR_E_UNSUPPORTED, node,
                         {'s', "weir does not evaluate anchored or smoothed selectors"});
    }
    look->closed = is_2_42(ev);
    status = status == WEIR_OK ? weir__pq_select(ev, node, &look->series, &look->count) : status;
    return status == WEIR_OK ? weir__pq_eval_hold(ev, node, (uint64_t)look->count * grid->count)
                             : status;
}

static int64_t look_time(const struct look *look, const struct grid *grid, uint32_t step)
{
    return (look->fixed ? look->at : grid_time(grid, step)) - look->offset;
}

/* Fills a row with the values of a series, or with their times; false when there are none. */
static bool look_up(const struct eval *ev, const struct grid *grid, const struct look *look,
                    const struct series *series, bool times, struct row *row)
{
    struct cursor cursor = {series, 0, 0};

    cursor_seek(&cursor, look_time(look, grid, 0));
    for (uint32_t k = 0; k < grid->count; k++) {
        int64_t time = look_time(look, grid, k);

        cursor_advance(&cursor, time);
        if (cursor_valid(&cursor, time, ev->options.lookback_ms, look->closed)) {
            size_t at = cursor.sample - 1;

            row->values[k] = times ? (double)series->times[at] / 1000 : series->values[at];
            row->has[k] = 1;
            row->count++;
        }
    }
    return row->count > 0;
}

static weir_status eval_look(struct eval *ev, const struct grid *grid, const struct node *node,
                             bool times, struct matrix *out)
{
    struct look look;
    weir_status status = open_look(ev, grid, node, &look);

    for (uint32_t i = 0; status == WEIR_OK && i < look.count; i++) {
        const struct series *series = &ev->store->series[look.series[i]];
        struct row *row = weir__pq_row_add(ev, out, grid, (struct labels){series->labels, false});

        if (row == NULL) {
            return eval_memory(ev);
        }
        if (!look_up(ev, grid, &look, series, times, row)) {
            out->count--; /* its memory stays, for what is evaluated is soon freed */
        }
    }
    return status;
}

weir_status weir__pq_eval_selector(struct eval *ev, const struct grid *grid,
                                   const struct node *node, struct value *out)
{
    return eval_look(ev, grid, node, false, &out->matrix);
}

weir_status weir__pq_eval_timestamp(struct eval *ev, const struct grid *grid,
                                    const struct node *call, struct value *out)
{
    const struct node *argument = unwrap(call->call.args[0]);
    weir_status status;

    if (argument->kind == NODE_SELECTOR) { /* of its samples */
        status = eval_look(ev, grid, argument, true, &out->matrix);
    } else { /* anything else is of the time it is computed for */
        status = weir__pq_eval(ev, grid, argument, out);
        for (uint32_t i = 0; status == WEIR_OK && i < out->matrix.count; i++) {
            struct row *row = &out->matrix.rows[i];

            for (uint32_t k = 0; k < grid->count; k++) {
                row->values[k] = row->has[k] ? (double)grid_time(grid, k) / 1000 : 0;
            }
        }
    }
    return status == WEIR_OK ? weir__pq_rows_drop_names(ev, grid, call, &out->matrix) : status;
}
