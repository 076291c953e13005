/*
 * functions.h - the functions of PromQL: names, types, and how each is evaluated.
 */
#ifndef WEIR_PROMQL_FUNCTIONS_H
#define WEIR_PROMQL_FUNCTIONS_H

#include "promql/common.h"

enum function_class {
    FUNCTION_NONE,  /* parsed, not evaluated */
    FUNCTION_EACH,  /* a number for a number: abs, round, clamp, hour, ... */
    FUNCTION_RANGE, /* a number for the samples of a range: rate, sum_over_time, ... */
    FUNCTION_OWN    /* by itself: absent, histogram_quantile, label_replace, ... */
};

enum function_id {
    FN_NONE,
    /* FUNCTION_EACH */
    FN_ABS,
    FN_ACOS,
    FN_ACOSH,
    FN_ASIN,
    FN_ASINH,
    FN_ATAN,
    FN_ATANH,
    FN_CEIL,
    FN_CLAMP,
    FN_CLAMP_MAX,
    FN_CLAMP_MIN,
    FN_COS,
    FN_COSH,
    FN_DAYS_IN_MONTH,
    FN_DAY_OF_MONTH,
    FN_DAY_OF_WEEK,
    FN_DAY_OF_YEAR,
    FN_DEG,
    FN_EXP,
    FN_FLOOR,
    FN_HOUR,
    FN_LN,
    FN_LOG10,
    FN_LOG2,
    FN_MINUTE,
    FN_MONTH,
    FN_RAD,
    FN_ROUND,
    FN_SGN,
    FN_SIN,
    FN_SINH,
    FN_SQRT,
    FN_TAN,
    FN_TANH,
    FN_YEAR,
    /* FUNCTION_RANGE */
    FN_ABSENT_OVER_TIME,
    FN_AVG_OVER_TIME,
    FN_CHANGES,
    FN_COUNT_OVER_TIME,
    FN_DELTA,
    FN_DERIV,
    FN_FIRST_OVER_TIME,
    FN_IDELTA,
    FN_INCREASE,
    FN_IRATE,
    FN_LAST_OVER_TIME,
    FN_MAX_OVER_TIME,
    FN_MIN_OVER_TIME,
    FN_PREDICT_LINEAR,
    FN_PRESENT_OVER_TIME,
    FN_QUANTILE_OVER_TIME,
    FN_RATE,
    FN_RESETS,
    FN_STDDEV_OVER_TIME,
    FN_STDVAR_OVER_TIME,
    FN_SUM_OVER_TIME,
    /* FUNCTION_OWN */
    FN_ABSENT,
    FN_HISTOGRAM_QUANTILE,
    FN_LABEL_JOIN,
    FN_LABEL_REPLACE,
    FN_PI,
    FN_SCALAR,
    FN_SORT,
    FN_SORT_DESC,
    FN_TIME,
    FN_TIMESTAMP,
    FN_VECTOR
};

enum { FUNCTION_ARGS_MAX = 5 };

struct function {
    const char *name;
    uint8_t id, class;
    uint8_t type;                    /* WEIR_PROMQL_* */
    uint8_t count;                   /* of types in `args` */
    uint8_t args[FUNCTION_ARGS_MAX]; /* their types */
    int8_t variadic;   /* so many of the last type may follow `count` - 1 others; -1: any number;
                          0: exactly `count` */
    bool experimental; /* only behind a flag of the server */
};

/* The function of a name, NULL when there is none. */
const struct function *weir__pq_function(struct text name);

#endif
