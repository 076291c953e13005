/*
 * replaying_rows.c - a load of rows: columns to series, rows to readings.
 */
#include "replaying_state.h"

#include <string.h>

/* ---- columns to series ---------------------------------------------------------------------- */

static int bind(struct replaying *r, const char *series, const char *column, double factor)
{
    struct binding *b = &r->bindings[r->binding_count];
    weir_reading *reading = &r->readings[r->binding_count];
    const char *name;

    b->column = csv_column(r->csv, column);
    if (b->column < 0) {
        complain("%s", csv_message(r->csv));
        return EXIT_INPUT;
    }
    b->factor = factor * r->request.scale;
    reading->pod = -1;
    for (reading->series = 0;
         (name = weir_autoscaler_series_name(r->autoscaler, reading->series)) != NULL;
         reading->series++) {
        if (strcmp(name, series) == 0) {
            r->binding_count++;
            return EXIT_FINE;
        }
    }
    complain("%s has no series %s", r->outcome.item->name, series);
    return EXIT_USAGE;
}

/* The main series must have a column; remembers which. */
static int find_main(struct replaying *r)
{
    int32_t series = weir_autoscaler_main_series(r->autoscaler);

    r->outcome.series = weir_autoscaler_series_name(r->autoscaler, series);
    for (r->main = 0; r->main < r->binding_count; r->main++) {
        if (r->readings[r->main].series == series) {
            return EXIT_FINE;
        }
    }
    complain("%s scales on %s; give its column with --%s%s", r->outcome.item->name,
             r->outcome.series, r->outcome.series,
             strcmp(r->outcome.series, "concurrency") == 0 ? ", or --service-time" : "");
    return EXIT_USAGE;
}

/* Columns named in the request, else those with the names of the series. */
static int bind_all(struct replaying *r)
{
    const struct request *q = &r->request;
    const char *concurrency = q->concurrency, *rps = q->rps;
    int code = EXIT_FINE;

    if (concurrency == NULL && !q->has_service_time && csv_find(r->csv, "concurrency") != -1) {
        concurrency = "concurrency";
    }
    if (rps == NULL && (csv_find(r->csv, "rps") != -1 || q->has_service_time)) {
        rps = "rps";
    }
    if (concurrency == NULL && rps == NULL) {
        csv_column(r->csv, "concurrency");
        complain("%s", csv_message(r->csv));
        complain("say which column is the load: --concurrency COLUMN or --rps COLUMN");
        return EXIT_USAGE;
    }
    if (rps != NULL) {
        code = bind(r, "rps", rps, 1.0);
    }
    if (code == EXIT_FINE && concurrency != NULL) {
        code = bind(r, "concurrency", concurrency, 1.0);
    } else if (code == EXIT_FINE && q->has_service_time) {
        code = bind(r, "concurrency", rps, (double)q->service_time / 1e9);
    }
    return code == EXIT_FINE ? find_main(r) : code;
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* Reads the row at hand into the readings. 0 when it is bad, with csv_message(). */
static int read_row(struct replaying *r, weir_time *at)
{
    const struct csv_field *field = csv_get(r->csv, r->time_column);
    const char *expected = csv_time(field, at);

    if (expected == NULL && r->outcome.started && *at <= r->outcome.last) {
        expected = *at < r->outcome.last
                       ? "time goes back: a later time than in the row before was expected"
                       : "time stands still: a later time than in the row before was expected";
    }
    if (expected != NULL) {
        csv_complain(r->csv, field, expected);
        return 0;
    }
    for (size_t i = 0; i < r->binding_count; i++) {
        weir_reading *reading = &r->readings[i];

        field = csv_get(r->csv, r->bindings[i].column);
        reading->at = *at;
        reading->status = WEIR_OK;
        if (field->length == 0) { /* an empty cell */
            reading->status = WEIR_NO_DATA;
            reading->value = 0.0;
        } else if (!csv_number(field, &reading->value) || !(reading->value >= 0.0) ||
                   reading->value > 1e300) {
            csv_complain(r->csv, field, "a load of 0 or more was expected");
            return 0;
        }
        reading->value *= r->bindings[i].factor;
    }
    return 1;
}

/* Says so at the first gap, and counts. */
static void note_gap(struct replaying *r, weir_time at)
{
    char hold[32], gap[32], expected[160];

    if (++r->outcome.gaps > 1) {
        return;
    }
    put_duration(hold, sizeof hold, r->request.replay.hold);
    put_duration(gap, sizeof gap, at - r->outcome.last);
    snprintf(expected, sizeof expected,
             "a gap of %s without data: a row at most %s after the one before was expected (see "
             "--hold)",
             gap, hold);
    csv_complain(r->csv, csv_get(r->csv, r->time_column), expected);
    complain("%s", csv_message(r->csv));
}

static weir_status take(struct replaying *r, weir_time at)
{
    struct outcome *o = &r->outcome;
    weir_status status;

    if (at - o->last > r->request.replay.hold) {
        note_gap(r, at);
    }
    status = weir_replay_record(r->replay, r->autoscaler, r->readings, r->binding_count);
    if (status == WEIR_OK) {
        r->moment.load = r->readings[r->main].value;
        if (at > o->last && (r->step == 0 || at - o->last < r->step)) {
            r->step = at - o->last;
        }
    }
    return status;
}

/* The last row stands for as long as rows are apart. */
static int finish(struct replaying *r, witness see, void *user, weir_time *end)
{
    weir_duration step = r->step > 0 ? r->step : WEIR_SECOND;

    *end += step < r->request.replay.hold ? step : r->request.replay.hold;
    return decide_until(r, *end, see, user);
}

const struct source rows_source = {bind_all, read_row, take, finish};
