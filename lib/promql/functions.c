/*
 * functions.c - the table of all functions.
 *
 * Upstream: promql/parser/functions.go.
 */
#include "promql/functions.h"

enum {
    S = WEIR_PROMQL_SCALAR,
    V = WEIR_PROMQL_VECTOR,
    M = WEIR_PROMQL_MATRIX,
    T = WEIR_PROMQL_STRING
};

#define EACH(id, name)                                                                             \
    {                                                                                              \
        name, id, FUNCTION_EACH, V, 1, {V}, 0, false                                               \
    }
#define RANGE(id, name)                                                                            \
    {                                                                                              \
        name, id, FUNCTION_RANGE, V, 1, {M}, 0, false                                              \
    }
#define CALENDAR(id, name)                                                                         \
    {                                                                                              \
        name, id, FUNCTION_EACH, V, 1, {V}, 1, false                                               \
    }

/* Sorted by name. */
static const struct function functions[] = {
    EACH(FN_ABS, "abs"),
    {"absent", FN_ABSENT, FUNCTION_OWN, V, 1, {V}, 0, false},
    RANGE(FN_ABSENT_OVER_TIME, "absent_over_time"),
    EACH(FN_ACOS, "acos"),
    EACH(FN_ACOSH, "acosh"),
    EACH(FN_ASIN, "asin"),
    EACH(FN_ASINH, "asinh"),
    EACH(FN_ATAN, "atan"),
    EACH(FN_ATANH, "atanh"),
    RANGE(FN_AVG_OVER_TIME, "avg_over_time"),
    EACH(FN_CEIL, "ceil"),
    RANGE(FN_CHANGES, "changes"),
    {"clamp", FN_CLAMP, FUNCTION_EACH, V, 3, {V, S, S}, 0, false},
    {"clamp_max", FN_CLAMP_MAX, FUNCTION_EACH, V, 2, {V, S}, 0, false},
    {"clamp_min", FN_CLAMP_MIN, FUNCTION_EACH, V, 2, {V, S}, 0, false},
    EACH(FN_COS, "cos"),
    EACH(FN_COSH, "cosh"),
    RANGE(FN_COUNT_OVER_TIME, "count_over_time"),
    CALENDAR(FN_DAY_OF_MONTH, "day_of_month"),
    CALENDAR(FN_DAY_OF_WEEK, "day_of_week"),
    CALENDAR(FN_DAY_OF_YEAR, "day_of_year"),
    CALENDAR(FN_DAYS_IN_MONTH, "days_in_month"),
    EACH(FN_DEG, "deg"),
    RANGE(FN_DELTA, "delta"),
    RANGE(FN_DERIV, "deriv"),
    {"double_exponential_smoothing", FN_NONE, FUNCTION_NONE, V, 3, {M, S, S}, 0, true},
    {"end", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    EACH(FN_EXP, "exp"),
    RANGE(FN_FIRST_OVER_TIME, "first_over_time"),
    EACH(FN_FLOOR, "floor"),
    {"histogram_avg", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_count", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_fraction", FN_NONE, FUNCTION_NONE, V, 3, {S, S, V}, 0, false},
    {"histogram_quantile", FN_HISTOGRAM_QUANTILE, FUNCTION_OWN, V, 2, {S, V}, 0, false},
    {"histogram_quantiles", FN_NONE, FUNCTION_NONE, V, 4, {V, T, S, S}, 9, true},
    {"histogram_stddev", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_stdvar", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    {"histogram_sum", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, false},
    CALENDAR(FN_HOUR, "hour"),
    RANGE(FN_IDELTA, "idelta"),
    RANGE(FN_INCREASE, "increase"),
    {"info", FN_NONE, FUNCTION_NONE, V, 2, {V, V}, 1, true},
    {"integral", FN_NONE, FUNCTION_NONE, V, 2, {M, S}, 1, true},
    RANGE(FN_IRATE, "irate"),
    {"label_join", FN_LABEL_JOIN, FUNCTION_OWN, V, 4, {V, T, T, T}, -1, false},
    {"label_replace", FN_LABEL_REPLACE, FUNCTION_OWN, V, 5, {V, T, T, T, T}, 0, false},
    RANGE(FN_LAST_OVER_TIME, "last_over_time"),
    EACH(FN_LN, "ln"),
    EACH(FN_LOG10, "log10"),
    EACH(FN_LOG2, "log2"),
    {"mad_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"max_of", FN_NONE, FUNCTION_NONE, S, 2, {S, S}, 0, true},
    RANGE(FN_MAX_OVER_TIME, "max_over_time"),
    {"min_of", FN_NONE, FUNCTION_NONE, S, 2, {S, S}, 0, true},
    RANGE(FN_MIN_OVER_TIME, "min_over_time"),
    CALENDAR(FN_MINUTE, "minute"),
    CALENDAR(FN_MONTH, "month"),
    {"pi", FN_PI, FUNCTION_OWN, S, 0, {0}, 0, false},
    {"predict_linear", FN_PREDICT_LINEAR, FUNCTION_RANGE, V, 2, {M, S}, 0, false},
    RANGE(FN_PRESENT_OVER_TIME, "present_over_time"),
    {"quantile_over_time", FN_QUANTILE_OVER_TIME, FUNCTION_RANGE, V, 2, {S, M}, 0, false},
    EACH(FN_RAD, "rad"),
    {"range", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    RANGE(FN_RATE, "rate"),
    RANGE(FN_RESETS, "resets"),
    {"round", FN_ROUND, FUNCTION_EACH, V, 2, {V, S}, 1, false},
    {"scalar", FN_SCALAR, FUNCTION_OWN, S, 1, {V}, 0, false},
    EACH(FN_SGN, "sgn"),
    EACH(FN_SIN, "sin"),
    EACH(FN_SINH, "sinh"),
    {"sort", FN_SORT, FUNCTION_OWN, V, 1, {V}, 0, false},
    {"sort_by_label", FN_NONE, FUNCTION_NONE, V, 2, {V, T}, -1, true},
    {"sort_by_label_desc", FN_NONE, FUNCTION_NONE, V, 2, {V, T}, -1, true},
    {"sort_desc", FN_SORT_DESC, FUNCTION_OWN, V, 1, {V}, 0, false},
    EACH(FN_SQRT, "sqrt"),
    {"start", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    {"start_timestamp", FN_NONE, FUNCTION_NONE, V, 1, {V}, 0, true},
    RANGE(FN_STDDEV_OVER_TIME, "stddev_over_time"),
    RANGE(FN_STDVAR_OVER_TIME, "stdvar_over_time"),
    {"step", FN_NONE, FUNCTION_NONE, S, 0, {0}, 0, true},
    RANGE(FN_SUM_OVER_TIME, "sum_over_time"),
    EACH(FN_TAN, "tan"),
    EACH(FN_TANH, "tanh"),
    {"time", FN_TIME, FUNCTION_OWN, S, 0, {0}, 0, false},
    {"timestamp", FN_TIMESTAMP, FUNCTION_OWN, V, 1, {V}, 0, false},
    {"ts_of_first_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"ts_of_last_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"ts_of_max_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"ts_of_min_over_time", FN_NONE, FUNCTION_NONE, V, 1, {M}, 0, true},
    {"vector", FN_VECTOR, FUNCTION_OWN, V, 1, {S}, 0, false},
    CALENDAR(FN_YEAR, "year"),
};

const struct function *weir__pq_function(struct text name)
{
    size_t low = 0, high = sizeof functions / sizeof functions[0];

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const char *other = functions[middle].name;
        int order = text_compare(name, (struct text){other, (uint32_t)strlen(other)});

        if (order == 0) {
            return &functions[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}
