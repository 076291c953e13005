/*
 * replaying_rows.c - a load of rows: columns to series, rows to readings.
 */
#include "replaying_state.h"

#include <float.h>

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
    int code;

    if (q->loads.count > 1) {
        complain("%s reads one load; only HorizontalPodAutoscalers and ScaledObjects read several",
                 r->outcome.item->name);
        return EXIT_USAGE;
    }
    code = open_csv(r, q->load, &r->time_column);
    if (code != EXIT_FINE) {
        return code;
    }
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

/* Reads the next row into the readings. */
static int next(struct replaying *r, weir_time *at)
{
    int more = csv_next(r->csv);
    const struct csv_field *field;
    const char *expected;

    if (more != 1) {
        return more;
    }
    field = csv_get(r->csv, r->time_column);
    expected = read_time(field, at, r->outcome.started, r->outcome.last, 0);
    if (expected != NULL) {
        csv_complain(r->csv, field, expected);
        return -1;
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
            csv_complain(r->csv, field,
                         reading->value > 1e300 && reading->value <= DBL_MAX
                             ? "a load of at most 1e300 was expected"
                             : "a load of 0 or more was expected");
            return -1;
        }
        reading->value *= r->bindings[i].factor;
        if (reading->value > 1e300) {
            csv_complain(r->csv, field,
                         "a load that is at most 1e300 when multiplied was expected");
            return -1;
        }
    }
    return 1;
}

static weir_status take(struct replaying *r, weir_time at)
{
    struct outcome *o = &r->outcome;
    weir_status status;

    if (at - o->last > r->request.replay.hold) {
        note_gap(r, csv_get(r->csv, r->time_column), at - o->last);
    }
    status = weir_replay_record(r->replay, r->autoscaler, r->readings, r->binding_count);
    if (status == WEIR_OK) {
        r->moment.load = r->readings[r->main].value;
        r->has_load = r->readings[r->main].status == WEIR_OK;
        if (at > o->last && (r->step == 0 || at - o->last < r->step)) {
            r->step = at - o->last;
        }
    }
    return status;
}

static void describe(const struct replaying *r)
{
    printf("  load: %s of %s", r->outcome.series, r->request.load);
    if (r->request.scale != 1.0) {
        printf(", times %.6g", r->request.scale);
    }
    printf("; as recorded, whatever is decided\n");
}

const struct source rows_source = {
    .open = bind_all, .next = next, .take = take, .finish = let_stand, .describe = describe};
