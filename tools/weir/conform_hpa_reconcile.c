/*
 * conform_hpa_reconcile.c - the operation `reconcile`: whole steps of the HPA's controller.
 *
 * The runner plays what stands around the controller: the API server that holds the spec and the
 * status, selectors, restarts, and writes that fail.
 */
#include "conform_hpa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

enum { RETRIES = 4, LIST_MAX = 4096 };

/* One scenario under way. */
struct run {
    struct scenario *s;
    weir_hpa_config config;
    weir_hpa *hpa;        /* NULL: deleted, or not made yet */
    const cJSON *spec;    /* in force */
    const cJSON *pods;    /* of the namespace */
    const cJSON *lately;  /* conditions that the vectors gave last */
    struct hpa_pods seen; /* of these, what the selector matches */
    struct hpa_input input;
};

static const cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int gate(const struct run *run, const char *name)
{
    return cJSON_IsTrue(at(at(run->s->config, "featureGates"), name));
}

/* ---- the autoscaler ------------------------------------------------------------------------- */

static weir_hpa *make(const weir_hpa_config *config, weir_time now)
{
    weir_hpa *hpa;
    size_t bytes;
    weir_error err;

    if (weir_hpa_bytes(config, &bytes, &err) != WEIR_OK) {
        return NULL;
    }
    hpa = malloc(bytes);
    if (hpa != NULL && weir_hpa_init(hpa, bytes, config, now, NULL) != WEIR_OK) {
        free(hpa);
        return NULL;
    }
    return hpa;
}

static void begin(struct run *run)
{
    const cJSON *config = run->s->config;
    weir_hpa_config *c = &run->config;

    weir_hpa_config_init(c, sizeof *c);
    c->tolerance = conform_double(config, "tolerance", 0.1);
    c->downscale_stabilization = conform_int(config, "downscaleStabilisationWindow", 0);
    c->cpu_initialization_period = conform_int(config, "cpuInitializationPeriod", 0);
    c->initial_readiness_delay = conform_int(config, "delayOfInitialReadinessStatus", 0);
    c->scale_to_zero = gate(run, "HPAScaleToZero") ? WEIR_GATE_ON : WEIR_GATE_OFF;
    c->configurable_tolerance =
        gate(run, "HPAConfigurableTolerance") ? WEIR_GATE_ON : WEIR_GATE_OFF;
    c->conversion = WEIR_CONVERT_AMD64;
    c->reserve = 512; /* steps come in any number and order of time */
    run->spec = at(config, "spec");
    hpa_read_spec(run->spec, c);
}

/* Brings the autoscaler to where the step begins. 0 when it cannot be made. */
static int prepare(struct run *run)
{
    const struct scenario *s = run->s;
    weir_time now = conform_time(s, s->step, "t");

    if (conform_has(s->step, "spec")) {
        weir_hpa *next;

        run->spec = at(s->step, "spec");
        hpa_read_spec(run->spec, &run->config);
        next = make(&run->config, now);
        if (run->hpa != NULL && (next == NULL || weir_hpa_adopt(next, run->hpa) != WEIR_OK)) {
            free(next);
            return 0;
        }
        free(run->hpa);
        run->hpa = next;
    } else if (run->hpa == NULL) {
        run->hpa = make(&run->config, now);
    }
    if (run->hpa == NULL) {
        return 0;
    }
    if (s->index == 0 && conform_has(s->config, "scaledToZero")) {
        weir_hpa_set_condition(run->hpa, WEIR_CONDITION_SCALED_TO_ZERO,
                               conform_is(s->config, "scaledToZero", "True")    ? 1
                               : conform_is(s->config, "scaledToZero", "False") ? 0
                                                                                : 2);
    }
    if (cJSON_IsTrue(at(s->step, "restart"))) {
        weir_hpa_restart(run->hpa);
    }
    return 1;
}

/* ---- the input ------------------------------------------------------------------------------ */

static int32_t selector_state(const struct run *run, const char *selector)
{
    const cJSON *other;

    if (selector[0] == '\0') {
        return WEIR_SELECTOR_MISSING;
    }
    if (hpa_selects(selector, NULL) < 0) {
        return WEIR_SELECTOR_INVALID;
    }
    cJSON_ArrayForEach(other, at(run->s->config, "otherAutoscalers"))
    {
        for (uint32_t i = 0; i < run->seen.count; i++) {
            if (hpa_selects(conform_text(other, "selector", ""), at(run->seen.json[i], "labels")) ==
                1) {
                return WEIR_SELECTOR_AMBIGUOUS;
            }
        }
    }
    return WEIR_SELECTOR_FINE;
}

/* The spec's entry for a metric's source. */
static const cJSON *source_of(const cJSON *metric)
{
    static const char *const members[] = {"resource", "containerResource", "pods", "object",
                                          "external"};
    const cJSON *source = NULL;

    for (size_t i = 0; i < sizeof members / sizeof members[0] && source == NULL; i++) {
        source = at(metric, members[i]);
    }
    return source;
}

/* A metric whose own selector no API can read: the source cannot be asked. */
static int selector_is_bad(const cJSON *metric)
{
    const cJSON *item,
        *list = at(at(at(source_of(metric), "metric"), "selector"), "matchExpressions");

    cJSON_ArrayForEach(item, list)
    {
        const char *relation = conform_text(item, "operator", "");

        if (strcmp(relation, "In") != 0 && strcmp(relation, "NotIn") != 0 &&
            strcmp(relation, "Exists") != 0 && strcmp(relation, "DoesNotExist") != 0) {
            return 1;
        }
    }
    return 0;
}

static void read_input(struct run *run)
{
    const struct scenario *s = run->s;
    const cJSON *scale = at(s->step, "scale"), *answers = at(s->step, "metrics");
    const char *selector = conform_text(s->step, "selector", "app=x");
    weir_hpa_input *in = &run->input.open;

    memset(&run->input, 0, sizeof run->input);
    weir_hpa_input_init(in, sizeof *in);
    in->spec_replicas = (int32_t)conform_integer(cJSON_GetArrayItem(scale, 0));
    in->status_replicas = (int32_t)conform_integer(cJSON_GetArrayItem(scale, 1));
    in->scale_status = cJSON_IsTrue(at(s->step, "scaleGetFails")) ? WEIR_E_IO : WEIR_OK;
    if (conform_has(s->step, "pods") || cJSON_IsArray(at(s->step, "pods"))) {
        run->pods = at(s->step, "pods");
    }
    hpa_read_pods(s, run->pods, selector, &run->seen);
    in->selector = selector_state(run, selector);
    for (uint32_t i = 0; i < run->config.metric_count; i++) {
        const cJSON *metric = cJSON_GetArrayItem(at(run->spec, "metrics"), (int)i);
        const cJSON *answer = cJSON_GetArrayItem(answers, (int)i);

        hpa_add_metric(s, &run->input, &run->seen, &run->config.metrics[i],
                       gate(run, "PodLevelResources"), selector_is_bad(metric) ? NULL : answer);
    }
}

/* ---- the answer ----------------------------------------------------------------------------- */

static void put_text(cJSON *object, const char *name, int64_t milli, int32_t format)
{
    char text[WEIR_QUANTITY_TEXT_MAX];
    weir_quantity q;

    weir_quantity_from_milli(milli, format, &q);
    weir_quantity_text(&q, text, sizeof text, NULL);
    cJSON_AddStringToObject(object, name, text);
}

static cJSON *current_metric(const weir_hpa_metric *metric, const weir_hpa_proposal *p)
{
    int is_resource =
        metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE;
    int32_t format = is_resource && strcmp(metric->name, "memory") == 0 ? WEIR_QUANTITY_BINARY
                                                                        : WEIR_QUANTITY_DECIMAL;
    cJSON *got;

    if (p->status != WEIR_OK) {
        return cJSON_CreateNull();
    }
    got = cJSON_CreateObject();
    if (metric->target_type == WEIR_HPA_UTILIZATION) {
        conform_put_int(got, "averageUtilization", p->utilization);
    }
    put_text(got, metric->target_type == WEIR_HPA_VALUE ? "value" : "averageValue", p->usage,
             format);
    return got;
}

static void put_metrics(const struct run *run, cJSON *got, const weir_hpa_status *status)
{
    cJSON *list;

    if (!status->metrics_evaluated || run->config.metric_count == 0) {
        cJSON_AddNullToObject(got, "currentMetrics");
        return;
    }
    list = cJSON_AddArrayToObject(got, "currentMetrics");
    for (uint32_t i = 0; i < run->config.metric_count; i++) {
        weir_hpa_proposal p;

        weir_hpa_get_proposal(run->hpa, i, &p, sizeof p);
        cJSON_AddItemToArray(list, current_metric(&run->config.metrics[i], &p));
    }
}

static void put_conditions(cJSON *got, const weir_hpa_status *status)
{
    static const char *const states[] = {"False", "True", "Unknown"};
    cJSON *list = cJSON_AddArrayToObject(got, "conditions");

    for (uint32_t i = 0; i < status->condition_count; i++) {
        const weir_hpa_condition *c = &status->conditions[i];
        const char *reason = weir_reason_name(c->reason);
        char text[128] = "";

        if (c->type != WEIR_CONDITION_NAMELESS) {
            snprintf(text, sizeof text, "%s %s%s%s", weir_condition_name(c->type),
                     states[c->status], reason[0] != '\0' ? " " : "", reason);
        }
        cJSON_AddItemToArray(list, cJSON_CreateString(text));
    }
}

/* ---- events --------------------------------------------------------------------------------- */

static void add(cJSON *list, const char *text)
{
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
}

/* A label selector as Go prints a pointer to one. */
static void selector_text(const cJSON *selector, char *text, size_t size)
{
    const cJSON *item;
    size_t used;

    if (selector == NULL) {
        snprintf(text, size, "nil");
        return;
    }
    used = (size_t)snprintf(text, size, "&LabelSelector{MatchLabels:map[string]string{");
    cJSON_ArrayForEach(item, at(selector, "matchLabels"))
    {
        if (used < size) {
            used += (size_t)snprintf(text + used, size - used, "%s: %s,", conform_key(item),
                                     item->valuestring);
        }
    }
    if (used < size) {
        snprintf(text + used, size - used, "},MatchExpressions:[]LabelSelectorRequirement{},}");
    }
}

/* How upstream calls a metric. */
static void metric_text(const struct run *run, int32_t index, char *text, size_t size)
{
    const cJSON *source = source_of(cJSON_GetArrayItem(at(run->spec, "metrics"), index));
    const weir_hpa_metric *m = &run->config.metrics[index];
    char selector[256];

    if (m->source == WEIR_HPA_PODS) {
        snprintf(text, size, "pods metric %s", m->name);
    } else if (m->source == WEIR_HPA_OBJECT && m->target_type == WEIR_HPA_VALUE) {
        snprintf(text, size, "%s metric %s",
                 conform_text(at(source, "describedObject"), "kind", ""), m->name);
    } else if (m->source == WEIR_HPA_OBJECT || m->source == WEIR_HPA_EXTERNAL) {
        selector_text(at(at(source, "metric"), "selector"), selector, sizeof selector);
        snprintf(text, size, "external metric %s(%s)", m->name, selector);
    } else {
        snprintf(text, size, "%s %sresource%s", m->name,
                 m->target_type == WEIR_HPA_UTILIZATION && m->source == WEIR_HPA_CONTAINER_RESOURCE
                     ? "container "
                     : "",
                 m->target_type == WEIR_HPA_UTILIZATION ? " utilization (percentage of request)"
                                                        : "");
    }
}

static void rescale_event(const struct run *run, const weir_hpa_status *status,
                          const weir_decision *decision, cJSON *list)
{
    static const char *const reasons[] = {"", "%s above target", "All metrics below target",
                                          "Current number of replicas above Spec.MaxReplicas",
                                          "Current number of replicas below Spec.MinReplicas"};
    char name[512] = "", text[768];

    if (status->rescale_reason == WEIR_RESCALE_ABOVE_TARGET && status->metric >= 0) {
        metric_text(run, status->metric, name, sizeof name);
    }
    snprintf(text, sizeof text, "SuccessfulRescale: New size: %d; reason: %s%s",
             (int)decision->replicas, name,
             status->rescale_reason == WEIR_RESCALE_ABOVE_TARGET ? " above target"
                                                                 : reasons[status->rescale_reason]);
    add(list, text);
}

static void put_events(const struct run *run, cJSON *got, const weir_hpa_status *status,
                       const weir_decision *decision, int write_failed)
{
    cJSON *list = cJSON_AddArrayToObject(got, "events");
    const weir_hpa_input *in = &run->input.open;
    static const char *const failures[] = {
        "InvalidMetricSourceType", "FailedGetResourceMetric", "FailedGetContainerResourceMetric",
        "FailedGetPodsMetric",     "FailedGetObjectMetric",   "FailedGetExternalMetric"};

    if (in->scale_status != WEIR_OK) {
        add(list, "FailedGetScale");
        return;
    }
    for (uint32_t i = 0; status->metrics_evaluated && i < run->config.metric_count; i++) {
        weir_hpa_proposal p;

        weir_hpa_get_proposal(run->hpa, i, &p, sizeof p);
        if (p.status != WEIR_OK) {
            add(list, failures[run->config.metrics[i].source]);
        }
    }
    if (decision->rule == WEIR_RULE_HPA_SELECTOR) {
        add(list, in->selector == WEIR_SELECTOR_MISSING   ? "SelectorRequired"
                  : in->selector == WEIR_SELECTOR_INVALID ? "InvalidSelector"
                                                          : "AmbiguousSelector");
    }
    if (!decision->valid) {
        add(list, "FailedComputeMetricsReplicas");
    } else if (write_failed) {
        add(list, "FailedRescale");
    } else if (decision->flags & WEIR_FLAG_APPLY) {
        rescale_event(run, status, decision, list);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

static void put_memory(const struct run *run, cJSON *got)
{
    static const char *const names[] = {"scaleUpEvents", "scaleDownEvents"};
    static weir_recommendation wishes[LIST_MAX];
    static weir_scale_event events[LIST_MAX];
    weir_behavior *behavior = weir_hpa_get_behavior(run->hpa);
    cJSON *memory = cJSON_AddObjectToObject(got, "memory");
    cJSON *list = cJSON_AddArrayToObject(memory, "recommendations");
    size_t count;

    weir_behavior_recommendations(behavior, wishes, LIST_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        cJSON *pair = cJSON_CreateArray();

        conform_add_int(pair, wishes[i].replicas);
        conform_add_int(pair, conform_since(run->s, wishes[i].at));
        cJSON_AddItemToArray(list, pair);
    }
    for (int32_t d = 0; d < 2; d++) {
        list = cJSON_AddArrayToObject(memory, names[d]);
        weir_behavior_events(behavior, d, events, LIST_MAX, &count);
        for (size_t i = 0; i < count; i++) {
            cJSON *event = cJSON_CreateArray();

            conform_add_int(event, events[i].change);
            conform_add_int(event, conform_since(run->s, events[i].at));
            cJSON_AddItemToArray(event, cJSON_CreateBool(events[i].outdated));
            cJSON_AddItemToArray(list, event);
        }
    }
}

/* ---- steps ---------------------------------------------------------------------------------- */

static cJSON *answer(struct run *run, const weir_decision *decision)
{
    const cJSON *step = run->s->step;
    int write_failed = (decision->flags & WEIR_FLAG_APPLY) != 0 &&
                       (cJSON_IsTrue(at(step, "scaleUpdateFails")) ||
                        conform_int(step, "scaleUpdateConflicts", 0) > RETRIES);
    cJSON *got = cJSON_CreateObject();
    weir_hpa_status status;

    if (write_failed) {
        weir_hpa_write_failed(run->hpa);
    }
    weir_hpa_get_status(run->hpa, &status, sizeof status);
    if ((decision->flags & WEIR_FLAG_APPLY) != 0 && !write_failed) {
        conform_put_int(got, "scale", decision->replicas);
    } else {
        cJSON_AddNullToObject(got, "scale");
    }
    conform_put_int(got, "currentReplicas", status.current_replicas);
    conform_put_int(got, "desiredReplicas",
                    status.desired_replicas != WEIR_REPLICAS_UNKNOWN ? status.desired_replicas : 0);
    put_conditions(got, &status);
    put_metrics(run, got, &status);
    put_events(run, got, &status, decision, write_failed);
    if (!decision->valid || write_failed || status.metrics_failed > 0) {
        cJSON_AddStringToObject(got, "error", "the step failed, in part at least");
    }
    if (at(at(step, "want"), "memory") != NULL) {
        put_memory(run, got);
    }
    return got;
}

static cJSON *run_step(struct run *run)
{
    weir_decision decision;
    weir_status status;
    cJSON *got;

    if (cJSON_IsTrue(at(run->s->step, "deleted"))) {
        free(run->hpa);
        run->hpa = NULL;
        run->lately = NULL;
        got = cJSON_CreateObject();
        cJSON_AddTrueToObject(got, "deleted");
        return got;
    }
    if (!prepare(run)) {
        return conform_error("config");
    }
    read_input(run);
    weir_decision_init(&decision, sizeof decision);
    status = weir_hpa_decide(run->hpa, &run->input.open, conform_time(run->s, run->s->step, "t"),
                             &decision, NULL);
    got = status >= WEIR_OK ? answer(run, &decision) : conform_error(weir_status_name(status));
    hpa_free_input(&run->input);
    hpa_free_pods(&run->seen);
    /* What the vectors leave out. */
    if (run->lately != NULL) {
        conform_expect(run->s, "conditions", cJSON_Duplicate(run->lately, 1));
    }
    conform_expect(run->s, "events", cJSON_CreateArray());
    run->lately = at(at(run->s->step, "want"), "conditions");
    return got;
}

static void run_reconcile(struct scenario *s)
{
    struct run *run = calloc(1, sizeof *run);

    if (run == NULL) {
        return;
    }
    run->s = s;
    begin(run);
    while (conform_next(s)) {
        conform_answer(s, run_step(run));
    }
    free(run->hpa);
    free(run);
}

const struct conform_op conform_hpa_reconcile_ops[] = {
    {"reconcile", run_reconcile},
    {NULL, NULL},
};
