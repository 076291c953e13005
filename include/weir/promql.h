/*
 * weir/promql.h - time series in memory, and PromQL over them.
 *
 * A store holds series as a Prometheus server's storage does; an expression is parsed once and
 * evaluated at an instant or over a grid of times. Results equal those of the server's engine to
 * the bit, order and compensation of sums included. What weir parses but does not evaluate is
 * refused with the function's name and its place, never answered wrongly.
 *
 * The library is weir_promql (weir::promql). It does no I/O, and allocates only through the
 * allocator that it is given. Times are Prometheus' own, integer milliseconds since the Unix epoch,
 * in names that end in _ms; weir_promql_ms() makes one of a weir_time as the server does.
 *
 * Upstream: github.com/prometheus/prometheus, promql/, promql/parser/ and tsdb/ of v0.316.0 (server
 * 3.16), and of v0.42.0 (server 2.42) where options ask for its semantics.
 */
#ifndef WEIR_PROMQL_H
#define WEIR_PROMQL_H

#include <weir/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** One label of a series. Texts are UTF-8 with a length, and need no NUL. */
typedef struct weir_label {
    const char *name;
    size_t name_length;
    const char *value;
    size_t value_length;
} weir_label;

/** @return milliseconds of a time or a duration, cut toward zero as the server does */
WEIR_API int64_t weir_promql_ms(int64_t nanoseconds);

/* ---- series store --------------------------------------------------------------------------- */

/** Series with their samples. Evaluation only reads it, and may run in several threads at once. */
typedef struct weir_series_store weir_series_store;

/** What a store has of one series, read-only; valid until the store changes. */
typedef struct weir_samples {
    const int64_t *times_ms; /**< rising, without those of staleness markers */
    const double *values;    /**< one per time */
    const int64_t *stale_ms; /**< times of the staleness markers, rising */
    size_t count;            /**< samples */
    size_t stale_count;      /**< staleness markers */
} weir_samples;

/**
 * Makes an empty store.
 * @param allocator  used until the store is freed; copied
 * @return WEIR_OK; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_series_store_create(const weir_allocator *allocator,
                                              weir_series_store **store);

/** Frees a store; NULL is allowed. Results point into the store: free them first. */
WEIR_API void weir_series_store_free(weir_series_store *store);

/**
 * Finds the series with these labels, or adds it. A label with an empty value is no label; the
 * metric's name is the label __name__.
 *
 * Series are numbered from 0 in the order of their first appearance, which is also the order in
 * which sums add them up: add them in label order to be as a server that reads its blocks.
 *
 * @param labels  in any order; copied
 * @param series  set to the number of the series
 * @return WEIR_OK; WEIR_E_RANGE for a name that is empty or there twice, or for text that is not
 *         UTF-8; WEIR_E_LIMIT beyond 2^31 series or texts; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_series_store_series(weir_series_store *store, const weir_label *labels,
                                              size_t count, uint32_t *series, weir_error *err);

/**
 * Appends one sample; the value may be any double, weir_stale_marker() included. A sample with the
 * time and the bits of the newest one is taken silently.
 *
 * @return WEIR_OK; WEIR_E_TIME when it is older than the newest sample; WEIR_E_MISMATCH when that
 *         has the same time and another value; WEIR_E_MEMORY; WEIR_E_ARG. Then nothing changes.
 * Upstream: tsdb/head_append.go, appendable() ("out of order sample", "duplicate sample for
 * timestamp").
 */
WEIR_API weir_status weir_series_store_append(weir_series_store *store, uint32_t series,
                                              int64_t time_ms, double value);

/**
 * Appends many samples of one series; one that is refused is left out and does not stop the rest.
 * @param refused  set to the number left out; may be NULL
 * @return WEIR_OK also when some were left out; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_series_store_append_all(weir_series_store *store, uint32_t series,
                                                  const int64_t *times_ms, const double *values,
                                                  size_t count, size_t *refused);

/** The number of series; they are numbered from 0. */
WEIR_API size_t weir_series_store_count(const weir_series_store *store);

/**
 * The labels of a series, sorted by name; their texts live as long as the store.
 * @param labels  filled with at most `capacity`; may be NULL when that is 0
 * @return how many the series has; 0 for a series that is none
 */
WEIR_API size_t weir_series_store_labels(const weir_series_store *store, uint32_t series,
                                         weir_label *labels, size_t capacity);

/** The samples of a series. @return WEIR_OK; WEIR_E_ARG */
WEIR_API weir_status weir_series_store_samples(const weir_series_store *store, uint32_t series,
                                               weir_samples *samples);

/** The NaN that marks the end of a series: bits 0x7ff0000000000002. */
WEIR_API double weir_stale_marker(void);

/** 1 when the value has the bits of the staleness marker, else 0. */
WEIR_API int32_t weir_is_stale(double value);

/* ---- expressions ---------------------------------------------------------------------------- */

/** A parsed expression; it never changes, and may be evaluated in several threads at once. */
typedef struct weir_promql_expr weir_promql_expr;

/** What an expression gives. */
enum {
    WEIR_PROMQL_SCALAR = 1,
    WEIR_PROMQL_VECTOR = 2, /**< an instant vector; over a grid of times: a matrix */
    WEIR_PROMQL_MATRIX = 3, /**< a range vector */
    WEIR_PROMQL_STRING = 4
};

/** Levels that an expression may be nested, and links that a chain of operators may have. */
#define WEIR_PROMQL_DEPTH_MAX 256

/**
 * Parses PromQL with the grammar and the type rules of a 3.16 server without feature flags.
 *
 * @param allocator  used until the expression is freed; copied
 * @return WEIR_OK; WEIR_E_PARSE with line, column and what was expected; WEIR_E_UNSUPPORTED for a
 *         regular expression beyond weir's; WEIR_E_LIMIT; WEIR_E_MEMORY; WEIR_E_ARG
 */
WEIR_API weir_status weir_promql_parse(const char *text, size_t length,
                                       const weir_allocator *allocator, weir_promql_expr **expr,
                                       weir_error *err);

/** Frees an expression; NULL is allowed. */
WEIR_API void weir_promql_expr_free(weir_promql_expr *expr);

/** The type of an expression: WEIR_PROMQL_SCALAR, ...; 0 for NULL. */
WEIR_API int32_t weir_promql_type(const weir_promql_expr *expr);

/**
 * Writes an expression in its canonical form, on one line.
 * @param text      NUL-terminated; may be NULL when capacity is 0
 * @param need      set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut (it is still terminated); WEIR_E_ARG
 */
WEIR_API weir_status weir_promql_print(const weir_promql_expr *expr, char *text, size_t capacity,
                                       size_t *need);

/** As weir_promql_print(), on as many lines as it needs (`promtool promql format`). */
WEIR_API weir_status weir_promql_format(const weir_promql_expr *expr, char *text, size_t capacity,
                                        size_t *need);

/**
 * Finds what weir does not evaluate: functions on native histograms and what is behind feature
 * flags.
 * @return WEIR_OK when all of it can be evaluated; WEIR_E_UNSUPPORTED with the place; WEIR_E_ARG
 */
WEIR_API weir_status weir_promql_supported(const weir_promql_expr *expr, weir_error *err);

/** The number of series selectors in an expression. */
WEIR_API size_t weir_promql_selector_count(const weir_promql_expr *expr);

/**
 * Writes a selector without range, offset and @: what to ask a server for to have its series.
 * @return as weir_promql_print(); WEIR_E_ARG for a selector that is none
 */
WEIR_API weir_status weir_promql_selector(const weir_promql_expr *expr, size_t selector, char *text,
                                          size_t capacity, size_t *need);

/* ---- evaluation ----------------------------------------------------------------------------- */

/** Whose rules. */
enum {
    WEIR_PROMETHEUS_3 = 0,   /**< 3.0 and later: ranges and lookback are open on the left */
    WEIR_PROMETHEUS_2_42 = 1 /**< 2.42: closed on the left, its sums, averages and rates */
};

/** How to evaluate. Start from weir_promql_options_init(). */
typedef struct weir_promql_options {
    uint32_t struct_size;
    int32_t semantics;        /**< WEIR_PROMETHEUS_*, 3 */
    int64_t lookback_ms;      /**< > 0, 300000: how old an instant selector's sample may be */
    int64_t subquery_step_ms; /**< > 0, 60000: the step of a subquery written without one */
    uint64_t max_samples;     /**< > 0, 50000000: samples and points that one evaluation may hold */
} weir_promql_options;

/** Writes the defaults, those of the server. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_promql_options_init(weir_promql_options *options, size_t struct_size);

/**
 * The times of the samples that a selector of an expression looks at when that is evaluated at
 * some times, each by itself: with its offset, @, range and those of the subqueries around it, and
 * for an instant selector the lookback.
 *
 * @param from_ms   the first time of evaluation; start() and end() are the time itself
 * @param to_ms     the last one
 * @param options   NULL: the defaults; lookback_ms counts
 * @param first_ms  set to the time of the oldest sample that may count
 * @param last_ms   set to that of the newest
 * @return WEIR_OK; WEIR_E_UNSUPPORTED for a duration that is an expression; WEIR_E_RANGE for times
 *         that are none; WEIR_E_ARG, also for a selector that is none
 */
WEIR_API weir_status weir_promql_selector_window(const weir_promql_expr *expr, size_t selector,
                                                 int64_t from_ms, int64_t to_ms,
                                                 const weir_promql_options *options,
                                                 int64_t *first_ms, int64_t *last_ms);

/** What a server would report beside a result. */
enum {
    WEIR_PROMQL_WARNING = 1, /**< the result may be wrong */
    WEIR_PROMQL_INFO = 2     /**< the query may not be what was meant */
};

typedef struct weir_promql_note {
    int32_t level;  /**< WEIR_PROMQL_WARNING or WEIR_PROMQL_INFO */
    int32_t line;   /**< 1-based, of the expression it is about */
    int32_t column; /**< 1-based, in bytes */
    int32_t times;  /**< how often it was met */
    const char *message;
    size_t message_length;
} weir_promql_note;

/**
 * The result of an evaluation: flat arrays, read-only. Series i has the labels
 * [label_at[i], label_at[i + 1]), sorted by name, and the points [point_at[i], point_at[i + 1]).
 * A scalar is one series without labels; a string has no series.
 */
typedef struct weir_promql_result {
    int32_t type;           /**< WEIR_PROMQL_*; over a grid of times always a matrix */
    uint32_t series_count;  /**< series, or elements of a vector */
    const size_t *label_at; /**< series_count + 1 positions in labels */
    const weir_label *labels;
    const size_t *point_at;  /**< series_count + 1 positions in times_ms and values */
    const int64_t *times_ms; /**< rising within a series */
    const double *values;
    const char *text; /**< of a string, else "" */
    size_t text_length;
    const weir_promql_note *notes;
    size_t note_count;
    uint64_t samples; /**< samples and points that the evaluation held */
} weir_promql_result;

/**
 * Evaluates at one instant. The elements of a vector are in the engine's order: storage order, or
 * that of sort(), sort_desc(), topk() and bottomk(). A matrix (a range selector by itself) is
 * sorted by labels, its points have their samples' own times.
 *
 * @param options    NULL: the defaults
 * @param allocator  used until the result is freed; copied
 * @param result     set to a result that points into the store: free it before the store
 * @return WEIR_OK; WEIR_E_UNSUPPORTED with the place of what weir does not evaluate; WEIR_E_RANGE
 *         with the place of what failed (series that do not match one to one, a parameter that is
 * no number of elements, ...); WEIR_E_LIMIT above max_samples; WEIR_E_STRUCT; WEIR_E_MEMORY;
 *         WEIR_E_ARG
 */
WEIR_API weir_status weir_promql_instant(const weir_series_store *store,
                                         const weir_promql_expr *expr, int64_t at_ms,
                                         const weir_promql_options *options,
                                         const weir_allocator *allocator,
                                         weir_promql_result **result, weir_error *err);

/**
 * Evaluates at start, start + step, ... up to end, which is evaluated if it is on the grid. The
 * result is a matrix sorted by labels, empty when end is before start. A step of a range function
 * costs the samples that came since the one before where the bits allow it (rate, increase, delta,
 * counts, extremes, sums of whole numbers), and the whole range where not (compensated sums of
 * fractions, regressions).
 *
 * @param step_ms  > 0
 * @return as weir_promql_instant(); WEIR_E_RANGE also for an expression that is neither scalar nor
 *         instant vector, or a step below 1
 */
WEIR_API weir_status weir_promql_range(const weir_series_store *store, const weir_promql_expr *expr,
                                       int64_t start_ms, int64_t end_ms, int64_t step_ms,
                                       const weir_promql_options *options,
                                       const weir_allocator *allocator, weir_promql_result **result,
                                       weir_error *err);

/** Frees a result; NULL is allowed. */
WEIR_API void weir_promql_result_free(weir_promql_result *result);

#ifdef __cplusplus
}
#endif
#endif
