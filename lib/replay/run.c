/*
 * replay/run.c - a trace that lies in memory, replayed at once.
 */
#include "base/num.h"
#include "replay/state.h"

weir_status weir_rows_init(weir_rows *rows, size_t struct_size)
{
    if (rows == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *rows) {
        return WEIR_E_STRUCT;
    }
    memset(rows, 0, sizeof *rows);
    rows->struct_size = (uint32_t)sizeof *rows;
    rows->step = WEIR_SECOND;
    return WEIR_OK;
}

static weir_status check(const weir_rows *rows, const size_t *next, const weir_decision *decisions,
                         size_t capacity, const size_t *count)
{
    if (rows == NULL || next == NULL || count == NULL || (decisions == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    if (rows->struct_size != sizeof *rows) {
        return WEIR_E_STRUCT;
    }
    if (rows->count > 0 && (rows->values == NULL || rows->series_count == 0 ||
                            (rows->times == NULL && rows->step <= 0))) {
        return WEIR_E_ARG;
    }
    if (rows->count > 0 && rows->times == NULL &&
        (uint64_t)rows->step > (uint64_t)INT64_MAX / rows->count) {
        return WEIR_E_TIME;
    }
    return rows->series_count > WEIR_REPLAY_SERIES_MAX ? WEIR_E_LIMIT : WEIR_OK;
}

static weir_time time_of(const weir_rows *rows, size_t row)
{
    return rows->times != NULL ? rows->times[row]
                               : weir__add(rows->start, (weir_time)row * rows->step);
}

/* The readings of a row. */
static inline void read_row(const weir_rows *rows, size_t row, weir_time at, weir_reading *readings)
{
    const double *values = rows->values + row * rows->series_count;

    for (uint32_t i = 0; i < rows->series_count; i++) {
        int is_value = !weir__is_nan(values[i]);

        readings[i] = (weir_reading){
            at, (int32_t)i, -1, is_value ? WEIR_OK : WEIR_NO_DATA, 0, is_value ? values[i] : 0.0};
    }
}

/* What a run works with. */
struct run {
    weir_replay *r;
    void *autoscaler;
    const weir_rows *rows;
    size_t *next;
    weir_time end;
    const struct weir__autoscaler_ops *ops; /* NULL: rows are taken one by one */
};

/* Where decisions go. */
struct decisions {
    weir_decision *list; /* NULL: nobody wants them, and each goes over the one before */
    size_t capacity, count;
    weir_decision own;
};

static inline int has_room(const struct decisions *d)
{
    return d->list == NULL || d->count < d->capacity;
}

/* Where the next one goes; there is room. */
static inline weir_decision *place_of(struct decisions *d)
{
    if (d->list == NULL) {
        return &d->own;
    }
    weir_decision_init(&d->list[d->count], sizeof d->list[0]);
    return &d->list[d->count];
}

/* Takes the next row. Once that is known to fit, the others need less looking at. */
static weir_status take_row(struct run *run)
{
    weir_reading readings[WEIR_REPLAY_SERIES_MAX];
    const struct weir__autoscaler_ops *ops = weir__autoscaler_ops_of(run->autoscaler);
    weir_status status;

    read_row(run->rows, *run->next, time_of(run->rows, *run->next), readings);
    status = weir_replay_record(run->r, run->autoscaler, readings, run->rows->series_count);
    if (status == WEIR_OK) {
        (*run->next)++;
        run->ops = weir__replay_is_simple(run->r, ops) ? ops : NULL;
    }
    return status;
}

/* Takes rows with the decision that is due at the time of each, as long as there is just that to do
 * and room for the decisions. WEIR_OK, or the error of a decision. */
static weir_status take_regular(struct run *run, struct decisions *d)
{
    const weir_rows *rows = run->rows;
    size_t row = *run->next;
    weir_status status = WEIR_OK;
    weir_time at, until = row < rows->count ? time_of(rows, row) : run->end;

    while (row < rows->count && status >= WEIR_OK && has_room(d)) {
        weir_reading readings[WEIR_REPLAY_SERIES_MAX];

        at = until;
        until = row + 1 < rows->count ? time_of(rows, row + 1) : run->end;
        read_row(rows, row, at, readings);
        if (!weir__replay_regular(run->r, run->autoscaler, run->ops, readings, rows->series_count,
                                  until, place_of(d), &status)) {
            break;
        }
        row++;
        d->count += status >= WEIR_OK && d->list != NULL;
    }
    *run->next = row;
    return status >= WEIR_OK ? WEIR_OK : status;
}

weir_status weir_replay_run(weir_replay *replay, void *autoscaler, const weir_rows *rows,
                            size_t *next, weir_time end, weir_decision *decisions, size_t capacity,
                            size_t *count)
{
    weir_status status = check(rows, next, decisions, capacity, count);
    struct run run = {replay, autoscaler, rows, next, end, NULL};
    struct decisions d = {decisions, capacity, 0, {0}};

    if (status != WEIR_OK) {
        return status;
    }
    weir_decision_init(&d.own, sizeof d.own);
    do {
        int has_row = *next < rows->count;

        status = has_row && run.ops != NULL ? take_regular(&run, &d) : WEIR_OK;
        has_row = *next < rows->count;
        if (status != WEIR_OK || !has_room(&d)) {
            break;
        }
        status = weir_replay_next(replay, autoscaler, has_row ? time_of(rows, *next) : end,
                                  place_of(&d), NULL, NULL);
        if (status == WEIR_OK || status == WEIR_NO_DATA) {
            d.count += d.list != NULL;
            status = WEIR_OK;
        } else if (status == WEIR_END && has_row) {
            status = take_row(&run);
        }
    } while (status == WEIR_OK);
    *count = d.count;
    return status;
}
