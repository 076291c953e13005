/*
 * weir/scaler.h - what KEDA's scalers ask, and what they make of the answers.
 *
 * For who feeds a ScaledObject (weir/keda.h) from real sources, or from what these once answered:
 * the request of the prometheus trigger, and the value that the triggers prometheus, metrics-api
 * and external read out of an answer. weir sends nothing itself.
 *
 * A reader gives a value, or a status that goes into a weir_keda_reading as it is: WEIR_NO_DATA for
 * an answer without a value, which `ignore_null_values` decides about, and errors, which count
 * towards the fallback.
 *
 * An adapter, in a library of its own (weir_scaler, weir::scaler): it does no I/O. YAML is read
 * with libfyaml, which takes its memory from malloc.
 *
 * Upstream: KEDA v2.21 pkg/scalers, prometheus_scaler.go, metrics_api_scaler.go,
 * external_scaler.go.
 */
#ifndef WEIR_SCALER_H
#define WEIR_SCALER_H

#include <weir/base.h>
#include <weir/keda.h>
#include <weir/promql.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- prometheus ----------------------------------------------------------------------------- */

/**
 * The value that a prometheus trigger reads out of an answer to its query: that of the one element
 * of a vector. Only where the JSON is not what Go's decoder takes, or not of this shape, is it an
 * error; what the server says of status and type is not looked at.
 *
 * @param body         need not be terminated; may be NULL when length is 0
 * @param http_status  200 to 299 is success; 0 when there was none (a file), which reads as 200
 * @param value        set when WEIR_OK is returned; -1 for a sample that is JSON's null
 * @param err          says why for all others, with the place in the body
 * @return WEIR_OK; WEIR_NO_DATA: no element, one without a value, NaN or an infinity; WEIR_E_IO:
 * the HTTP status; WEIR_E_PARSE: malformed, or of another shape, as scalars and strings are;
 *         WEIR_E_RANGE: more than one element, or half a sample; WEIR_E_PANIC: the sample is no
 *         text; WEIR_E_LIMIT: a number beyond the largest; WEIR_E_ARG
 * Upstream: prometheus_scaler.go, ExecutePromQuery().
 */
WEIR_API weir_status weir_scaler_prometheus_answer(const char *body, size_t length,
                                                   int32_t http_status, double *value,
                                                   weir_error *err);

/**
 * The same for what weir_promql_instant() evaluated in place of a server.
 * @return as above: WEIR_E_PARSE for a scalar or a string, which KEDA does not read; WEIR_E_RANGE;
 *         WEIR_NO_DATA; WEIR_E_ARG
 */
WEIR_API weir_status weir_scaler_prometheus_result(const weir_promql_result *result, double *value,
                                                   weir_error *err);

/**
 * Writes the URL that a prometheus trigger asks: the query and the time in whole seconds, then
 * `namespace` as it is written, then the parameters in their order (KEDA has no order).
 *
 * @param server_address    as in the metadata; a slash at its end stays
 * @param query             need not be escaped
 * @param name_space        of the metadata, or NULL
 * @param query_parameters  "key=value,key=value" of the metadata, or NULL
 * @param now               the time of the query
 * @param text              NUL-terminated result; may be NULL when capacity is 0
 * @param need              set to the bytes wanted, the NUL included; may be NULL
 * @return WEIR_OK; WEIR_E_SPACE when it was cut (it is still terminated); WEIR_E_PARSE: parameters
 *         that are no pairs; WEIR_E_ARG
 * Upstream: prometheus_scaler.go, ExecutePromQuery().
 */
WEIR_API weir_status weir_scaler_prometheus_url(const char *server_address, const char *query,
                                                const char *name_space,
                                                const char *query_parameters, weir_time now,
                                                char *text, size_t capacity, size_t *need,
                                                weir_error *err);

/* ---- metrics-api ---------------------------------------------------------------------------- */

/** What a metrics-api trigger's answer is written in (upstream: format). */
enum {
    WEIR_ANSWER_JSON = 0,
    WEIR_ANSWER_XML = 1, /**< which KEDA cannot read: always an error */
    WEIR_ANSWER_YAML = 2,
    WEIR_ANSWER_PROMETHEUS = 3 /**< the exposition text format */
};

/** The longest location, in bytes. */
#define WEIR_SCALER_LOCATION_MAX 1024

/** "json", "xml", "yaml", "prometheus" to WEIR_ANSWER_*; -1 for anything else. */
WEIR_API int32_t weir_scaler_format_of(const char *name);

/**
 * The value that a metrics-api trigger reads out of an answer, at its valueLocation: a number, or a
 * text that is a quantity of Kubernetes ("100m").
 *
 *   JSON        a path of GJSON: a.b, list.0.x, list.#, list.#(id==1).x, wildcards, pipes. The
 *               document is not checked, as GJSON does not: what a cut one has is found. Not done:
 *               modifiers beside @this, @pretty, @ugly and @valid, and paths in [] or {}.
 *   YAML        names with dots between them, indexes for lists
 *   Prometheus  a selector; its operators are not looked at, all are equality
 *
 * @param format       WEIR_ANSWER_*
 * @param body         need not be terminated; may be NULL when length is 0
 * @param http_status  200 is success; 0 when there was none (a file), which reads as 200
 * @param value        set when WEIR_OK is returned; NaN and the infinities are values
 * @return WEIR_OK; WEIR_E_IO: the HTTP status; WEIR_E_PARSE: malformed, nothing at the location, or
 *         no number; WEIR_E_UNSUPPORTED: a location that weir does not do, XML; WEIR_E_LIMIT;
 *         WEIR_E_MEMORY; WEIR_E_ARG
 * Upstream: metrics_api_scaler.go, GetValueFromResponse().
 */
WEIR_API weir_status weir_scaler_api_answer(int32_t format, const char *location, const char *body,
                                            size_t length, int32_t http_status, double *value,
                                            weir_error *err);

/** How the values of several endpoints become one (upstream: aggregationType). */
enum {
    WEIR_AGGREGATE_AVERAGE = 0,
    WEIR_AGGREGATE_SUM = 1,
    WEIR_AGGREGATE_MAX = 2,
    WEIR_AGGREGATE_MIN = 3
};

/**
 * The value of several endpoints (aggregateFromKubeServiceEndpoints): those that failed are left
 * out.
 *
 * @param statuses  count of them, as weir_scaler_api_answer() returned them
 * @return WEIR_OK; WEIR_E_IO: all failed, or there is none; WEIR_E_ARG
 * Upstream: metrics_api_scaler.go, aggregateMetricsFromMultipleEndpoints().
 */
WEIR_API weir_status weir_scaler_api_aggregate(int32_t aggregation, const double *values,
                                               const weir_status *statuses, size_t count,
                                               double *value);

/* ---- external ------------------------------------------------------------------------------- */

/** The value of a MetricValue: the double when it is above 0, else the whole number. */
WEIR_API double weir_scaler_external_value(int64_t value, double value_float);

/**
 * The target of a MetricSpec in thousandths: the double when it is above 0, rounded to three
 * decimals, else the whole number. Only a target above 0 makes an HPA.
 * @return it; a whole number whose thousandths do not fit gives what the HPA reads
 */
WEIR_API int64_t weir_scaler_external_target(int64_t target, double target_float);

/**
 * The name that KEDA asks an external scaler for, when the HPA asks for `metric`: without "s2-" of
 * the trigger's index.
 * @return a part of `metric`; NULL when it does not begin so, which fails the query
 * Upstream: external_scaler.go, GetMetricsAndActivity(); scaler.go, RemoveIndexFromMetricName().
 */
WEIR_API const char *weir_scaler_external_name(uint32_t index, const char *metric);

/**
 * Whether KEDA sends a key of the trigger's metadata to the scaler: all but those that name a
 * variable of the workload's environment (passwordFromEnv), in whose place it sends the variable.
 */
WEIR_API int32_t weir_scaler_external_sends(const char *key);

#ifdef __cplusplus
}
#endif
#endif
