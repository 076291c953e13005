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

static weir_status record(weir_replay *r, void *autoscaler, const weir_rows *rows, size_t row)
{
    weir_reading readings[WEIR_REPLAY_SERIES_MAX];
    const double *values = rows->values + row * rows->series_count;
    weir_time at = time_of(rows, row);

    for (uint32_t i = 0; i < rows->series_count; i++) {
        int is_value = !weir__is_nan(values[i]);

        readings[i] = (weir_reading){
            at, (int32_t)i, -1, is_value ? WEIR_OK : WEIR_NO_DATA, 0, is_value ? values[i] : 0.0};
    }
    return weir_replay_record(r, autoscaler, readings, rows->series_count);
}

weir_status weir_replay_run(weir_replay *replay, void *autoscaler, const weir_rows *rows,
                            size_t *next, weir_time end, weir_decision *decisions, size_t capacity,
                            size_t *count)
{
    weir_status status = check(rows, next, decisions, capacity, count);
    weir_decision own, *out = &own;

    if (status != WEIR_OK) {
        return status;
    }
    weir_decision_init(&own, sizeof own);
    *count = 0;
    for (;;) {
        weir_time until = *next < rows->count ? time_of(rows, *next) : end;

        if (decisions != NULL) {
            if (*count == capacity) {
                return WEIR_OK;
            }
            out = &decisions[*count];
            weir_decision_init(out, sizeof *out);
        }
        status = weir_replay_next(replay, autoscaler, until, out, NULL, NULL);
        if (status == WEIR_OK || status == WEIR_NO_DATA) {
            *count += decisions != NULL;
            continue;
        }
        if (status != WEIR_END || *next >= rows->count) {
            return status;
        }
        status = record(replay, autoscaler, rows, *next);
        if (status != WEIR_OK) {
            return status;
        }
        (*next)++;
    }
}
