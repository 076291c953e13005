/*
 * conform_hpa.c - the HorizontalPodAutoscaler operations of the conformance vectors: quantities,
 * samples, replica rules, limits.
 *
 * The recordings were made on amd64, so conversions out of range are those of Go on amd64.
 */
#include "conform_hpa.h"
#include "csv.h"
#include "program.h"

#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* ---- quantity, milli_quantity --------------------------------------------------------------- */

static cJSON *quantity_step(const char *text)
{
    weir_quantity q, stored;
    char canonical[WEIR_QUANTITY_TEXT_MAX];
    cJSON *got;

    if (weir_quantity_parse(text, strlen(text), &q, NULL) != WEIR_OK ||
        weir_quantity_parse_stored(text, strlen(text), &stored, NULL) != WEIR_OK) {
        return conform_error("quantity");
    }
    got = cJSON_CreateObject();
    weir_quantity_text(&q, canonical, sizeof canonical, NULL);
    conform_put_int(got, "milli", weir_quantity_milli(&q));
    conform_put_int(got, "value", weir_quantity_value(&q));
    conform_put_int(got, "sign", weir_quantity_sign(&q));
    conform_put_double(got, "float64", weir_quantity_double(&q));
    cJSON_AddStringToObject(got, "string", q.verbatim ? text : canonical);
    conform_put_int(got, "storedMilli", weir_quantity_milli(&stored));
    conform_put_double(got, "storedFloat64", weir_quantity_double(&stored));
    return got;
}

static void run_quantity(struct scenario *s)
{
    while (conform_next(s)) {
        conform_answer(s, quantity_step(conform_text(s->step, "text", "")));
    }
}

static void put_milli(cJSON *got, const char *name, int64_t milli, int32_t format)
{
    char text[WEIR_QUANTITY_TEXT_MAX];
    weir_quantity q;

    weir_quantity_from_milli(milli, format, &q);
    weir_quantity_text(&q, text, sizeof text, NULL);
    cJSON_AddStringToObject(got, name, text);
}

static void run_milli_quantity(struct scenario *s)
{
    while (conform_next(s)) {
        int64_t milli = conform_int(s->step, "milli", 0);
        cJSON *got = cJSON_CreateObject();

        put_milli(got, "decimalSI", milli, WEIR_QUANTITY_DECIMAL);
        put_milli(got, "binarySI", milli, WEIR_QUANTITY_BINARY);
        conform_answer(s, got);
    }
}

/* ---- samples -------------------------------------------------------------------------------- */

static const cJSON *at(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* [milli, time, window] of one pod; a later one replaces it. */
static void put_sample(const struct scenario *s, cJSON *pods, const char *name, int64_t milli,
                       const char *timestamp, int64_t window)
{
    struct csv_field field = {timestamp, strlen(timestamp), 1};
    cJSON *triple = cJSON_CreateObject();
    cJSON *array = cJSON_CreateArray();
    int64_t time = 0;

    csv_time(&field, &time);
    conform_put_int(triple, "milli", milli);
    conform_put_int(triple, "time", conform_since(s, time));
    conform_put_int(triple, "window", window);
    while (triple->child != NULL) {
        cJSON *item = cJSON_DetachItemViaPointer(triple, triple->child);

        cJSON_free(item->string);
        item->string = NULL;
        cJSON_AddItemToArray(array, item);
    }
    cJSON_Delete(triple);
    cJSON_DeleteItemFromObjectCaseSensitive(pods, name);
    cJSON_AddItemToObject(pods, name, array);
}

/* The sum over a pod's containers, or the named one's: 1, or 0 when there is no sample. */
static int container_usage(const cJSON *pod, const char *resource, const char *container,
                           int64_t *milli)
{
    const cJSON *c, *containers = at(pod, "containers");
    uint64_t sum = 0;

    cJSON_ArrayForEach(c, containers)
    {
        const cJSON *usage = at(at(c, "usage"), resource);

        if (container[0] != '\0' && !conform_is(c, "name", container)) {
            continue;
        }
        if (usage == NULL) {
            return 0;
        }
        sum += (uint64_t)hpa_milli(usage, 0);
        *milli = (int64_t)sum;
        if (container[0] != '\0') {
            return 1;
        }
    }
    return container[0] == '\0' && cJSON_GetArraySize(containers) > 0;
}

static cJSON *resource_samples(const struct scenario *s, const cJSON *items)
{
    cJSON *got = cJSON_CreateObject(), *pods = cJSON_AddObjectToObject(got, "pods");
    const cJSON *pod;

    cJSON_ArrayForEach(pod, items)
    {
        int64_t milli = 0, window = 0;

        parse_duration(conform_text(pod, "window", "0"), &window);
        if (container_usage(pod, conform_text(s->step, "resource", ""),
                            conform_text(s->step, "container", ""), &milli)) {
            put_sample(s, pods, conform_text(at(pod, "metadata"), "name", ""), milli,
                       conform_text(pod, "timestamp", ""), window);
        }
    }
    return got;
}

static cJSON *custom_samples(const struct scenario *s, const cJSON *items)
{
    cJSON *got = cJSON_CreateObject(), *pods = cJSON_AddObjectToObject(got, "pods");
    const cJSON *item;

    cJSON_ArrayForEach(item, items)
    {
        put_sample(s, pods, conform_text(at(item, "describedObject"), "name", ""),
                   hpa_milli(at(item, "value"), 0), conform_text(item, "timestamp", ""),
                   conform_seconds(item, "windowSeconds", 60));
    }
    return got;
}

static cJSON *external_samples(const cJSON *items)
{
    cJSON *got = cJSON_CreateObject(), *values = cJSON_AddArrayToObject(got, "external");
    const cJSON *item;

    cJSON_ArrayForEach(item, items)
    {
        cJSON *one = cJSON_CreateObject();

        conform_put_int(one, "value", hpa_milli(at(item, "value"), 0));
        cJSON_AddItemToArray(values, cJSON_DetachItemFromObject(one, "value"));
        cJSON_Delete(one);
    }
    return got;
}

static cJSON *samples_step(const struct scenario *s)
{
    const cJSON *items = at(at(s->step, "response"), "items");

    if (cJSON_GetArraySize(items) == 0) {
        return conform_error("no_data");
    }
    if (conform_is(s->step, "function", "GetResourceMetric")) {
        return resource_samples(s, items);
    }
    if (conform_is(s->step, "function", "GetRawMetric")) {
        return custom_samples(s, items);
    }
    if (conform_is(s->step, "function", "GetObjectMetric")) {
        cJSON *got = cJSON_CreateObject();

        conform_put_int(got, "object", hpa_milli(at(items->child, "value"), 0));
        return got;
    }
    return external_samples(items);
}

static void run_samples(struct scenario *s)
{
    while (conform_next(s)) {
        conform_answer(s, samples_step(s));
    }
}

/* ---- replicas ------------------------------------------------------------------------------- */

struct function {
    const char *name;
    int32_t source, target_type;
};

static const struct function functions[] = {
    {"GetResourceReplicas", WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION},
    {"GetRawResourceReplicas", WEIR_HPA_RESOURCE, WEIR_HPA_AVERAGE_VALUE},
    {"GetMetricReplicas", WEIR_HPA_PODS, WEIR_HPA_AVERAGE_VALUE},
    {"GetObjectMetricReplicas", WEIR_HPA_OBJECT, WEIR_HPA_VALUE},
    {"GetObjectPerPodMetricReplicas", WEIR_HPA_OBJECT, WEIR_HPA_AVERAGE_VALUE},
    {"GetExternalMetricReplicas", WEIR_HPA_EXTERNAL, WEIR_HPA_VALUE},
    {"GetExternalPerPodMetricReplicas", WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE},
};

static void read_function(const struct scenario *s, weir_hpa_config *config)
{
    const cJSON *tolerance = at(s->config, "tolerance");
    weir_hpa_metric *metric = &config->metrics[0];

    weir_hpa_config_init(config, sizeof *config);
    config->metric_count = 1;
    config->conversion = WEIR_CONVERT_AMD64;
    config->behavior = 1;
    config->scale_down.tolerance = conform_double(tolerance, "scaleDown", 0.0);
    config->scale_up.tolerance = conform_double(tolerance, "scaleUp", 0.0);
    config->cpu_initialization_period = conform_int(s->config, "cpuInitializationPeriod", 0);
    config->initial_readiness_delay = conform_int(s->config, "delayOfInitialReadinessStatus", 0);
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (conform_is(s->config, "function", functions[i].name)) {
            metric->source = functions[i].source;
            metric->target_type = functions[i].target_type;
        }
    }
    strncpy(metric->name, conform_text(s->config, "resource", ""), sizeof metric->name - 1);
    strncpy(metric->container, conform_text(s->config, "container", ""),
            sizeof metric->container - 1);
}

static cJSON *replicas_step(const struct scenario *s, weir_hpa_config *config)
{
    weir_hpa_metric *metric = &config->metrics[0];
    struct hpa_input input = {.values = NULL};
    struct hpa_pods pods;
    weir_hpa_proposal p;
    weir_status status;
    cJSON *got;

    metric->target = conform_int(s->step, "target", conform_int(s->step, "targetUtilization", 0));
    weir_hpa_input_init(&input.open, sizeof input.open);
    weir_hpa_proposal_init(&p, sizeof p);
    input.open.spec_replicas = (int32_t)conform_int(s->step, "currentReplicas", 0);
    input.open.status_replicas = (int32_t)conform_int(s->step, "statusReplicas", 0);
    hpa_read_pods(s, at(s->step, "pods"), NULL, &pods);
    hpa_add_metric(s, &input, &pods, metric, (int)conform_int(s->config, "PodLevelResources", 0),
                   at(s->step, "metric"));
    status = weir_hpa_propose(config, 0, &input.open, conform_time(s, s->step, "t"), &p);
    hpa_free_input(&input);
    hpa_free_pods(&pods);
    if (status != WEIR_OK) {
        return conform_error(weir_status_name(status));
    }
    got = cJSON_CreateObject();
    conform_put_int(got, "replicas", p.replicas);
    conform_put_int(got, "utilization", p.utilization);
    conform_put_int(got, "rawUtilization", p.usage);
    conform_put_int(got, "usage", p.usage);
    return got;
}

static void run_replicas(struct scenario *s)
{
    weir_hpa_config config;

    read_function(s, &config);
    while (conform_next(s)) {
        conform_answer(s, replicas_step(s, &config));
    }
}

/* ---- limits, stabilize, scale_events -------------------------------------------------------- */

enum { LIST_MAX = 256 };

static weir_behavior *make_behavior(const weir_behavior_config *config)
{
    weir_behavior *behavior;
    size_t bytes;

    if (weir_behavior_bytes(config, &bytes, NULL) != WEIR_OK) {
        return NULL;
    }
    behavior = malloc(bytes);
    if (behavior != NULL && weir_behavior_init(behavior, bytes, config, NULL) != WEIR_OK) {
        free(behavior);
        return NULL;
    }
    return behavior;
}

/* [[change, time, outdated], ...] or [[replicas, time], ...] */
static size_t read_events(const struct scenario *s, const char *name, weir_scale_event *list)
{
    size_t count = 0;
    const cJSON *item;

    cJSON_ArrayForEach(item, at(s->step, name))
    {
        if (count < LIST_MAX) {
            list[count].change = (int32_t)conform_integer(cJSON_GetArrayItem(item, 0));
            list[count].at = conform_time_of(s, cJSON_GetArrayItem(item, 1));
            list[count].outdated = cJSON_IsTrue(cJSON_GetArrayItem(item, 2));
            count++;
        }
    }
    return count;
}

static void put_events(const struct scenario *s, cJSON *got, const char *name,
                       const weir_behavior *behavior, int32_t direction)
{
    weir_scale_event list[LIST_MAX];
    size_t count;
    cJSON *events = cJSON_AddArrayToObject(got, name);

    weir_behavior_events(behavior, direction, list, LIST_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        cJSON *event = cJSON_CreateArray();

        conform_add_int(event, list[i].change);
        conform_add_int(event, conform_since(s, list[i].at));
        cJSON_AddItemToArray(event, cJSON_CreateBool(list[i].outdated));
        cJSON_AddItemToArray(events, event);
    }
}

/* A behavior with the changes of the step, and room for all lists that there are. */
static weir_behavior *behavior_of(const struct scenario *s, weir_behavior_config *config)
{
    static const char *const names[] = {"scaleUpEvents", "scaleDownEvents"};
    weir_behavior *behavior;

    config->reserve = LIST_MAX;
    config->conversion = WEIR_CONVERT_AMD64;
    behavior = make_behavior(config);
    for (int32_t i = 0; behavior != NULL && i < 2; i++) {
        weir_scale_event list[LIST_MAX];

        weir_behavior_set_events(behavior, i, list, read_events(s, names[i], list));
    }
    return behavior;
}

static void read_limits(const struct scenario *s, weir_behavior_config *config)
{
    weir_behavior_config_init(config, sizeof *config);
    hpa_read_behavior(at(s->config, "behavior"), &config->behavior, &config->scale_up,
                      &config->scale_down);
}

static cJSON *limits_step(const struct scenario *s, weir_behavior_config *config)
{
    weir_behavior *behavior;
    int32_t allowed, reason;
    cJSON *got = NULL;

    config->min_replicas = (int32_t)conform_int(s->step, "minReplicas", 0);
    config->max_replicas = (int32_t)conform_int(s->step, "maxReplicas", 0);
    behavior = behavior_of(s, config);
    if (behavior != NULL &&
        weir_behavior_limit(behavior, (int32_t)conform_int(s->step, "currentReplicas", 0),
                            (int32_t)conform_int(s->step, "desiredReplicas", 0),
                            conform_time(s, s->step, "t"), &allowed, &reason) == WEIR_OK) {
        got = cJSON_CreateObject();
        conform_put_int(got, "replicas", allowed);
        cJSON_AddStringToObject(got, "reason", weir_reason_name(reason));
    }
    free(behavior);
    return got != NULL ? got : conform_error("behavior");
}

static void run_limits(struct scenario *s)
{
    weir_behavior_config config;

    read_limits(s, &config);
    while (conform_next(s)) {
        conform_answer(s, limits_step(s, &config));
    }
}

static void read_windows(const struct scenario *s, weir_behavior_config *config)
{
    weir_behavior_config_init(config, sizeof *config);
    config->behavior = at(s->config, "scaleUp") != NULL;
    if (config->behavior) {
        config->scale_up.stabilization_window =
            conform_seconds(at(s->config, "scaleUp"), "stabilizationWindowSeconds", 0);
        config->scale_down.stabilization_window =
            conform_seconds(at(s->config, "scaleDown"), "stabilizationWindowSeconds", 0);
    } else {
        config->downscale_stabilization = conform_int(s->config, "downscaleStabilisationWindow", 0);
    }
}

static void put_recommendations(const struct scenario *s, cJSON *got, const weir_behavior *behavior)
{
    weir_recommendation list[LIST_MAX];
    cJSON *recommendations = cJSON_AddArrayToObject(got, "recommendations");
    size_t count;

    weir_behavior_recommendations(behavior, list, LIST_MAX, &count);
    for (size_t i = 0; i < count; i++) {
        cJSON *pair = cJSON_CreateArray();

        conform_add_int(pair, list[i].replicas);
        conform_add_int(pair, conform_since(s, list[i].at));
        cJSON_AddItemToArray(recommendations, pair);
    }
}

static cJSON *stabilize_step(struct scenario *s, weir_behavior_config *config)
{
    weir_behavior *behavior = behavior_of(s, config);
    int32_t desired = (int32_t)conform_int(s->step, "desiredReplicas", 0), stabilized, reason;
    weir_recommendation list[LIST_MAX];
    size_t count = 0;
    const cJSON *item;
    cJSON *got = NULL;

    cJSON_ArrayForEach(item, at(s->step, "recommendations"))
    {
        if (count < LIST_MAX) {
            list[count].replicas = (int32_t)conform_integer(cJSON_GetArrayItem(item, 0));
            list[count].at = conform_time_of(s, cJSON_GetArrayItem(item, 1));
            count++;
        }
    }
    if (behavior != NULL && weir_behavior_set_recommendations(behavior, list, count) == WEIR_OK &&
        weir_behavior_stabilize(behavior, (int32_t)conform_int(s->step, "currentReplicas", 0),
                                desired, conform_time(s, s->step, "t"), &stabilized,
                                &reason) == WEIR_OK) {
        got = cJSON_CreateObject();
        conform_put_int(got, "replicas", stabilized);
        if (stabilized != desired) { /* otherwise upstream does not use the reason */
            cJSON_AddStringToObject(got, "reason", weir_reason_name(reason));
        } else {
            conform_ignore(s, "reason");
        }
        put_recommendations(s, got, behavior);
    }
    free(behavior);
    return got != NULL ? got : conform_error("behavior");
}

static void run_stabilize(struct scenario *s)
{
    weir_behavior_config config;

    read_windows(s, &config);
    while (conform_next(s)) {
        conform_answer(s, stabilize_step(s, &config));
    }
}

static cJSON *scale_events_step(const struct scenario *s, weir_behavior_config *config)
{
    weir_behavior *behavior = behavior_of(s, config);
    cJSON *got = NULL;

    if (behavior != NULL &&
        weir_behavior_scaled(behavior, (int32_t)conform_int(s->step, "previousReplicas", 0),
                             (int32_t)conform_int(s->step, "newReplicas", 0),
                             conform_time(s, s->step, "t")) == WEIR_OK) {
        got = cJSON_CreateObject();
        put_events(s, got, "scaleUpEvents", behavior, WEIR_SCALE_UP);
        put_events(s, got, "scaleDownEvents", behavior, WEIR_SCALE_DOWN);
    }
    free(behavior);
    return got != NULL ? got : conform_error("behavior");
}

static void run_scale_events(struct scenario *s)
{
    weir_behavior_config config;

    read_limits(s, &config);
    while (conform_next(s)) {
        conform_answer(s, scale_events_step(s, &config));
    }
}

const struct conform_op conform_hpa_ops[] = {
    {"quantity", run_quantity},
    {"milli_quantity", run_milli_quantity},
    {"samples", run_samples},
    {"replicas", run_replicas},
    {"limits", run_limits},
    {"stabilize", run_stabilize},
    {"scale_events", run_scale_events},
    {NULL, NULL},
};
