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

#ifdef __cplusplus
}
#endif
#endif
