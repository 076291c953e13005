/*
 * policy/hpa_rule.c - one metric of the HPA to one proposal.
 *
 *   utilization   ratio = (percent of the requests, truncated) / target
 *   averageValue  ratio = (usage / samples, truncated) / target   Resource, Pods
 *   value         ratio = total / target                          Object, External
 *   within tolerance: the size stays; else ceil(ratio x pods)
 *
 * Where pods were set aside, the ratio is formed a second time with what is assumed for them: a
 * missing pod uses its whole target when the load is low and nothing when it is high, an unready
 * one nothing when the load is high. A second ratio that turns the direction round keeps the size.
 *
 *   averageValue  wanted = ceil(total / target), unless total / (target x status.replicas) is
 *                 within tolerance                                Object, External
 *
 * Upstream: pkg/controller/podautoscaler/replica_calculator.go, metrics/utilization.go.
 */
#include "policy/hpa_rule.h"

/* Go's division of int64, which for INT64_MIN / -1 is INT64_MIN. */
static int64_t divide(int64_t a, int64_t b)
{
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

static int32_t ceil_to_i32(const struct weir__hpa_rules *rules, double x)
{
    return weir_f64_to_i32(weir__ceil_unsigned_zero(x), rules->conversion);
}

static int within(const struct weir__hpa_rules *rules, double ratio)
{
    if (rules->release & WEIR__HPA_ONE_TOLERANCE) {
        return weir__abs(1.0 - ratio) <= rules->up;
    }
    return 1.0 - rules->down <= ratio && ratio <= 1.0 + rules->up;
}

static void fail(weir_hpa_proposal *out, int32_t rule)
{
    out->status = WEIR_NO_DATA;
    out->rule = rule;
    out->replicas = 0;
    out->usage = 0;
    out->utilization = 0;
}

static void settle(weir_hpa_proposal *out, int32_t rule, int32_t replicas)
{
    out->rule = rule;
    out->replicas = replicas;
}

/* ---- pods and samples ----------------------------------------------------------------------- */

/* Whether a pod's cpu sample does not count: it is starting, or has never been ready. */
static int is_unready(const struct weir__hpa_rules *rules, const weir_pod *pod,
                      const weir_hpa_sample *sample, weir_time now, weir_time *next)
{
    weir_time settled;

    if (pod->ready == WEIR_READY_NONE || pod->started == WEIR_TIME_NONE) {
        return 1;
    }
    settled = weir__add(pod->started, rules->cpu_initialization_period);
    if (settled > now) {
        *next = settled < *next ? settled : *next;
        return pod->ready == WEIR_READY_FALSE ||
               sample->at < weir__add(pod->ready_since, sample->window);
    }
    return pod->ready == WEIR_READY_FALSE &&
           weir__add(pod->started, rules->initial_readiness_delay) > pod->ready_since;
}

void weir__hpa_group(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                     const weir_pod *pods, uint32_t pod_count, const weir_hpa_sample *samples,
                     uint32_t count, weir_time now, struct weir__hpa_pods *out)
{
    int64_t fill = metric->target > 100 ? metric->target : 100;

    memset(out, 0, sizeof *out);
    out->pods = pod_count;
    out->next = WEIR_TIME_NEVER;
    for (uint32_t i = 0; i < pod_count; i++) {
        const weir_pod *pod = &pods[i];
        const weir_hpa_sample *sample = &samples[i];
        uint64_t request = (uint64_t)sample->request;

        out->no_request |= sample->request == WEIR_HPA_NO_REQUEST;
        out->no_container |= sample->present == WEIR_SAMPLE_NO_CONTAINER;
        if (pod->deleted || pod->phase == WEIR_PHASE_FAILED) {
            out->ignored++;
        } else if (pod->phase == WEIR_PHASE_PENDING ||
                   (sample->present == WEIR_SAMPLE_PRESENT && metric->is_cpu &&
                    is_unready(rules, pod, sample, now, &out->next))) {
            out->unready++;
            out->unready_request += request;
        } else if (sample->present != WEIR_SAMPLE_PRESENT) {
            out->missing++;
            out->missing_request += request;
            out->missing_fill += (uint64_t)divide((int64_t)(request * (uint64_t)fill), 100);
        } else {
            out->ready++;
            out->request += request;
            out->usage += (uint64_t)sample->value;
        }
    }
    for (uint32_t i = pod_count; i < count; i++) {
        if (samples[i].present == WEIR_SAMPLE_PRESENT) {
            out->strangers++;
            out->stranger_usage += (uint64_t)samples[i].value;
        }
        out->no_container |= samples[i].present == WEIR_SAMPLE_NO_CONTAINER;
    }
}

void weir__hpa_count_ready(const weir_pod *pods, uint32_t pod_count, struct weir__hpa_pods *out)
{
    memset(out, 0, sizeof *out);
    out->pods = pod_count;
    out->next = WEIR_TIME_NEVER;
    for (uint32_t i = 0; i < pod_count; i++) {
        out->running_ready +=
            pods[i].phase == WEIR_PHASE_RUNNING && pods[i].ready == WEIR_READY_TRUE;
    }
}

/* What the two passes over the samples differ in. */
struct pass {
    uint64_t usage, request;
    int64_t samples;
};

/* The samples there are: of unknown pods too, though utilization has no request for those. */
static struct pass first_pass(const struct weir__hpa_metric *metric,
                              const struct weir__hpa_pods *pods)
{
    struct pass p = {pods->usage, pods->request, pods->ready + pods->strangers};

    if (metric->target_type != WEIR_HPA_UTILIZATION) {
        p.usage += pods->stranger_usage;
    }
    return p;
}

/* With what is assumed for missing and unready pods. */
static struct pass second_pass(const struct weir__hpa_rules *rules,
                               const struct weir__hpa_metric *metric,
                               const struct weir__hpa_pods *pods, double ratio, int with_unready)
{
    struct pass p = first_pass(metric, pods);
    int at_target = (rules->release & WEIR__HPA_MISSING_AT_TARGET) != 0 &&
                    metric->target_type != WEIR_HPA_UTILIZATION;

    if (ratio < 1.0 || ratio > 1.0 || at_target) {
        p.samples += pods->missing;
        p.request += pods->missing_request;
    }
    if (ratio < 1.0) {
        p.usage += metric->target_type == WEIR_HPA_UTILIZATION
                       ? pods->missing_fill
                       : (uint64_t)pods->missing * (uint64_t)metric->target;
    }
    if (with_unready) {
        p.samples += pods->unready;
        p.request += pods->unready_request;
    }
    return p;
}

/* The ratio of a pass. 0 when there is none: the requests add up to nothing. */
static int ratio_of(const struct weir__hpa_metric *metric, const struct pass *p, double *ratio,
                    int32_t *utilization)
{
    if (metric->target_type == WEIR_HPA_UTILIZATION) {
        if (p->request == 0) {
            return 0;
        }
        *utilization = (int32_t)(uint32_t)divide((int64_t)(p->usage * 100), (int64_t)p->request);
        *ratio = (double)*utilization / (double)(int32_t)metric->target;
    } else {
        int64_t average = (int64_t)p->usage / p->samples; /* whole milli-units, as upstream */

        *ratio = (double)average / (double)metric->target;
    }
    return 1;
}

/* ---- Resource, ContainerResource, Pods ------------------------------------------------------ */

/* With pods set aside: the second ratio decides, and never against the first. */
static void propose_filled(const struct weir__hpa_rules *rules,
                           const struct weir__hpa_metric *metric, int32_t current,
                           const struct weir__hpa_pods *pods, int with_unready,
                           weir_hpa_proposal *out)
{
    struct pass p = second_pass(rules, metric, pods, out->ratio, with_unready);
    double first = out->ratio, second;
    int32_t utilization, replicas;

    if (!ratio_of(metric, &p, &second, &utilization)) {
        fail(out, WEIR_RULE_HPA_NO_REQUEST);
        return;
    }
    out->filled_ratio = second;
    if (within(rules, second)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, current);
        return;
    }
    if ((first < 1.0 && second > 1.0) || (first > 1.0 && second < 1.0)) {
        settle(out, WEIR_RULE_HPA_DIRECTION, current);
        return;
    }
    replicas = ceil_to_i32(rules, second * (double)p.samples);
    if ((second < 1.0 && replicas > current) || (second > 1.0 && replicas < current)) {
        settle(out, WEIR_RULE_HPA_SIZE, current);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, replicas);
    }
}

static void propose_pods(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                         int32_t current, const struct weir__hpa_pods *pods, weir_hpa_proposal *out)
{
    struct pass p = first_pass(metric, pods);
    int with_unready;

    out->ready = pods->ready;
    out->unready = pods->unready;
    out->missing = pods->missing;
    out->ignored = pods->ignored;
    out->next = pods->next;
    if (pods->pods == 0) {
        fail(out, WEIR_RULE_HPA_NO_PODS);
        return;
    }
    if (p.samples == 0) {
        fail(out, WEIR_RULE_HPA_NO_SAMPLES);
        return;
    }
    if ((metric->target_type == WEIR_HPA_UTILIZATION && pods->no_request) ||
        !ratio_of(metric, &p, &out->ratio, &out->utilization)) {
        fail(out, WEIR_RULE_HPA_NO_REQUEST);
        return;
    }
    out->filled_ratio = out->ratio;
    out->usage =
        (int64_t)p.usage / (metric->target_type == WEIR_HPA_UTILIZATION ? pods->ready : p.samples);
    with_unready = pods->unready > 0 && out->ratio > 1.0;
    if (with_unready || pods->missing > 0) {
        propose_filled(rules, metric, current, pods, with_unready, out);
    } else if (within(rules, out->ratio)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, current);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, ceil_to_i32(rules, out->ratio * (double)pods->ready));
    }
}

/* ---- Object, External ----------------------------------------------------------------------- */

int64_t weir__hpa_external_sum(const struct weir__hpa_rules *rules,
                               const struct weir__hpa_metric *metric, const int64_t *values,
                               uint32_t count)
{
    int is_value = metric->target_type == WEIR_HPA_VALUE;
    uint32_t wraps = is_value ? WEIR__HPA_VALUES_WRAP : WEIR__HPA_AVERAGES_WRAP;
    int clamps = !(rules->release & wraps);
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        if (clamps && is_value && values[i] > 0 && (int64_t)sum > INT64_MAX - values[i]) {
            return INT64_MAX;
        }
        sum += (uint64_t)values[i];
        if (clamps && !is_value && (int64_t)sum < 0) {
            return INT64_MAX; /* a negative total is taken for an overflow */
        }
    }
    return (int64_t)sum;
}

/* total / target times the pods that are running and ready; at zero pods, rounded up by itself. */
static void propose_value(const struct weir__hpa_rules *rules,
                          const struct weir__hpa_metric *metric, int32_t current,
                          const struct weir__hpa_measure *measure, weir_hpa_proposal *out)
{
    double replicas;

    out->usage = measure->total;
    out->ratio = (double)measure->total / (double)metric->target;
    out->filled_ratio = out->ratio;
    if (current == 0) {
        settle(out, WEIR_RULE_HPA_METRIC, ceil_to_i32(rules, out->ratio));
        return;
    }
    if (within(rules, out->ratio)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, current);
        return;
    }
    if (measure->pods.pods == 0) {
        fail(out, WEIR_RULE_HPA_NO_PODS);
        return;
    }
    out->ready = measure->pods.running_ready;
    replicas = out->ratio * (double)measure->pods.running_ready;
    if (!(rules->release & WEIR__HPA_VALUES_WRAP) && replicas > 2147483647.0) {
        settle(out, WEIR_RULE_HPA_METRIC, INT32_MAX);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, ceil_to_i32(rules, replicas));
    }
}

/* The value per pod that the status shows. */
static int64_t shown_per_pod(const struct weir__hpa_rules *rules, int32_t clamps, int64_t total,
                             int32_t pods)
{
    if (clamps && (double)total >= 9223372036854775808.0) {
        return INT64_MAX;
    }
    return weir__convert_i64(weir__ceil_unsigned_zero((double)total / (double)pods),
                             rules->conversion);
}

/* total / target, whatever the size, unless the size in existence is within tolerance of it. */
static void propose_per_pod(const struct weir__hpa_rules *rules,
                            const struct weir__hpa_metric *metric, int32_t existing, int64_t total,
                            weir_hpa_proposal *out)
{
    int clamps = metric->source == WEIR_HPA_EXTERNAL && !(rules->release & WEIR__HPA_AVERAGES_WRAP);
    double wanted;

    out->ratio = (double)total / ((double)metric->target * (double)existing);
    out->filled_ratio = out->ratio;
    out->usage = shown_per_pod(rules, clamps, total, existing);
    if (within(rules, out->ratio)) {
        settle(out, WEIR_RULE_HPA_TOLERANCE, existing);
        return;
    }
    wanted = weir__ceil_unsigned_zero((double)total / (double)metric->target);
    if (clamps && wanted > 2147483647.0) {
        settle(out, WEIR_RULE_HPA_METRIC, INT32_MAX);
    } else {
        settle(out, WEIR_RULE_HPA_METRIC, weir_f64_to_i32(wanted, rules->conversion));
    }
}

/* ---- any metric ----------------------------------------------------------------------------- */

void weir__hpa_propose(const struct weir__hpa_rules *rules, const struct weir__hpa_metric *metric,
                       int32_t spec_replicas, int32_t status_replicas,
                       const struct weir__hpa_measure *measure, weir_hpa_proposal *out)
{
    int per_pod = metric->source == WEIR_HPA_OBJECT || metric->source == WEIR_HPA_EXTERNAL;

    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
    out->next = WEIR_TIME_NEVER;
    if (metric->source == WEIR_HPA_SOURCE_UNKNOWN || metric->target_type == WEIR_HPA_TARGET_NONE) {
        fail(out, WEIR_RULE_HPA_NO_TARGET);
    } else if (measure->status != WEIR_OK ||
               (measure->pods.no_container && (rules->release & WEIR__HPA_EVERY_CONTAINER))) {
        fail(out, WEIR_RULE_HPA_NO_SOURCE);
    } else if (!per_pod) {
        propose_pods(rules, metric, spec_replicas, &measure->pods, out);
    } else if (metric->target_type == WEIR_HPA_VALUE) {
        propose_value(rules, metric, spec_replicas, measure, out);
    } else {
        propose_per_pod(rules, metric, status_replicas, measure->total, out);
    }
}

/* ---- configuration -------------------------------------------------------------------------- */

static int gate(int32_t setting, int on)
{
    return setting == WEIR_GATE_RELEASE ? on : setting == WEIR_GATE_ON;
}

void weir__hpa_rules_of(const weir_hpa_config *config, struct weir__hpa_rules *rules)
{
    int32_t release = config->semantics; /* rises as releases get older */
    uint32_t bits = 0;

    bits |= release >= WEIR_HPA_1_32 ? WEIR__HPA_ONE_TOLERANCE : 0U;
    bits |= release >= WEIR_HPA_1_33 ? WEIR__HPA_AVERAGES_WRAP : 0U;
    bits |= release >= WEIR_HPA_1_34 ? WEIR__HPA_VALUES_WRAP : 0U;
    bits |= release >= WEIR_HPA_1_32 ? WEIR__HPA_EVERY_CONTAINER : 0U;
    bits |= release >= WEIR_HPA_1_27 ? WEIR__HPA_MISSING_AT_TARGET : 0U;
    bits |= release <= WEIR_HPA_1_36 ? WEIR__HPA_ZERO_BY_CONDITION : 0U;
    bits |= gate(config->scale_to_zero, release <= WEIR_HPA_1_37) ? WEIR__HPA_SCALE_TO_ZERO : 0U;
    rules->release = bits;
    rules->conversion = config->conversion;
    rules->cpu_initialization_period = config->cpu_initialization_period;
    rules->initial_readiness_delay = config->initial_readiness_delay;
    rules->down = config->tolerance;
    rules->up = config->tolerance;
    if (config->behavior && release <= WEIR_HPA_1_33 &&
        gate(config->configurable_tolerance, release <= WEIR_HPA_1_35)) {
        rules->down =
            config->scale_down.tolerance != WEIR_UNSET ? config->scale_down.tolerance : rules->down;
        rules->up =
            config->scale_up.tolerance != WEIR_UNSET ? config->scale_up.tolerance : rules->up;
    }
}

void weir__hpa_metric_of(const weir_hpa_metric *metric, struct weir__hpa_metric *out)
{
    memset(out, 0, sizeof *out);
    out->source = metric->source;
    out->target_type = metric->target_type;
    out->target = metric->target;
    out->is_cpu =
        (metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE) &&
        memcmp(metric->name, "cpu", sizeof "cpu") == 0;
}
