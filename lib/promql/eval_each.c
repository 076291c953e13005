/*
 * eval_each.c - functions that make a number of a number, element by element: arithmetic, clamping,
 * rounding, the calendar.
 *
 * Upstream: promql/functions.go.
 */
#include "promql/calendar.h"
#include "promql/eval.h"
#include "promql/gomath.h"

#define PI 3.14159265358979323846

static double sign_of(double x)
{
    return x < 0 ? -1 : x > 0 ? 1 : x;
}

/* Halves are rounded up; the inverse of the unit is less prone to inexactness. */
static double round_to(double x, double unit)
{
    double inverse = 1 / unit;

    return weir__pq_go_floor(x * inverse + 0.5) / inverse;
}

/* Seconds as Go's amd64 converts them: what does not fit becomes the lowest number. */
static int64_t whole_seconds(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0 ? (int64_t)x : INT64_MIN;
}

static double calendar(uint8_t id, int64_t seconds)
{
    struct date date;

    weir__pq_date_of(seconds, &date);
    switch (id) {
    case FN_DAY_OF_MONTH: return date.day;
    case FN_DAY_OF_WEEK: return date.weekday;
    case FN_DAY_OF_YEAR: return date.year_day;
    case FN_DAYS_IN_MONTH: return date.month_days;
    case FN_HOUR: return date.hour;
    case FN_MINUTE: return date.minute;
    case FN_MONTH: return date.month;
    default: return (double)date.year;
    }
}

static bool is_calendar(uint8_t id)
{
    return (id >= FN_DAYS_IN_MONTH && id <= FN_DAY_OF_YEAR) || id == FN_HOUR || id == FN_MINUTE ||
           id == FN_MONTH || id == FN_YEAR;
}

/* Circular and hyperbolic functions; false when it is none of them. */
static bool trigonometry(uint8_t id, double x, double *result)
{
    switch (id) {
    case FN_ACOS: *result = weir__pq_go_acos(x); return true;
    case FN_ACOSH: *result = weir__pq_go_acosh(x); return true;
    case FN_ASIN: *result = weir__pq_go_asin(x); return true;
    case FN_ASINH: *result = weir__pq_go_asinh(x); return true;
    case FN_ATAN: *result = weir__pq_go_atan(x); return true;
    case FN_ATANH: *result = weir__pq_go_atanh(x); return true;
    case FN_COS: *result = weir__pq_go_cos(x); return true;
    case FN_COSH: *result = weir__pq_go_cosh(x); return true;
    case FN_SIN: *result = weir__pq_go_sin(x); return true;
    case FN_SINH: *result = weir__pq_go_sinh(x); return true;
    case FN_TAN: *result = weir__pq_go_tan(x); return true;
    case FN_TANH: *result = weir__pq_go_tanh(x); return true;
    default: return false;
    }
}

/* A function of x and its parameters. */
static double apply(const struct eval *ev, uint8_t id, double x, double a, double b)
{
    switch (id) {
    case FN_ABS: return magnitude(x);
    case FN_CEIL: return weir__pq_go_ceil(x);
    case FN_CLAMP: return weir__pq_go_max(a, weir__pq_go_min(b, x));
    case FN_CLAMP_MAX: return weir__pq_go_max(-INFINITE, weir__pq_go_min(a, x));
    case FN_CLAMP_MIN: return weir__pq_go_max(a, weir__pq_go_min(INFINITE, x));
    case FN_DEG: return is_2_42(ev) ? x * 180 / PI : x * (180 / PI);
    case FN_EXP: return weir__pq_go_exp(x);
    case FN_FLOOR: return weir__pq_go_floor(x);
    case FN_LN: return weir__pq_go_log(x);
    case FN_LOG10: return weir__pq_go_log10(x);
    case FN_LOG2: return weir__pq_go_log2(x);
    case FN_RAD: return is_2_42(ev) ? x * PI / 180 : x * (PI / 180);
    case FN_ROUND: return round_to(x, a);
    case FN_SGN: return sign_of(x);
    case FN_SQRT: return weir__pq_go_sqrt(x);
    default: return trigonometry(id, x, &a) ? a : calendar(id, whole_seconds(x));
    }
}

/* hour() and its like without an argument: of the time of each step. */
static weir_status calendar_now(struct eval *ev, const struct grid *grid, const struct node *call,
                                struct value *out)
{
    struct row *row = weir__pq_row_add(ev, &out->matrix, grid, weir__pq_labels_none());

    if (row == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t k = 0; k < grid->count; k++) {
        row_put(row, k, calendar(call->call.function->id, grid_time(grid, k) / 1000));
    }
    return WEIR_OK;
}

/* Parameters at each step; where clamp()'s are crossed there is no result. */
struct parameters {
    const double *a, *b;
};

static weir_status eval_parameters(struct eval *ev, const struct grid *grid,
                                   const struct node *call, struct parameters *p)
{
    p->a = p->b = NULL;
    for (uint32_t i = 1; i < call->call.count; i++) {
        struct value value;
        weir_status status = weir__pq_eval(ev, grid, call->call.args[i], &value);

        if (status != WEIR_OK) {
            return status;
        }
        if (i == 1) {
            p->a = value.scalar;
        } else {
            p->b = value.scalar;
        }
    }
    return WEIR_OK;
}

static bool is_crossed(uint8_t id, double a, double b)
{
    return id == FN_CLAMP && b < a;
}

static void apply_row(const struct eval *ev, const struct grid *grid, uint8_t id,
                      const struct parameters *p, struct row *row)
{
    for (uint32_t k = 0; k < grid->count; k++) {
        double a = p->a != NULL ? p->a[k] : 1, b = p->b != NULL ? p->b[k] : 0;

        if (!row->has[k]) {
            continue;
        }
        if (is_crossed(id, a, b)) {
            row->has[k] = 0;
            row->count--;
        } else {
            row->values[k] = apply(ev, id, row->values[k], a, b);
        }
    }
}

weir_status weir__pq_eval_each(struct eval *ev, const struct grid *grid, const struct node *call,
                               struct value *out)
{
    uint8_t id = call->call.function->id;
    struct parameters parameters;
    weir_status status;

    if (call->call.count == 0 && is_calendar(id)) {
        return calendar_now(ev, grid, call, out);
    }
    status = weir__pq_eval(ev, grid, call->call.args[0], out);
    status = status == WEIR_OK ? eval_parameters(ev, grid, call, &parameters) : status;
    if (status != WEIR_OK) {
        return status;
    }
    for (uint32_t i = 0; i < out->matrix.count; i++) {
        apply_row(ev, grid, id, &parameters, &out->matrix.rows[i]);
    }
    return weir__pq_rows_drop_names(ev, grid, call, &out->matrix);
}
