/*
 * conform_knative.c - the operations about Knative's texts: ConfigMap, admission, and what both
 * mean for a revision.
 */
#include "conform.h"
#include "conform_kpa.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* The texts of a ConfigMap or of annotations. */
struct pairs {
    weir_pair *all;
    size_t count;
};

static struct pairs read_pairs(const cJSON *object)
{
    struct pairs pairs = {NULL, 0};
    const cJSON *item;

    pairs.all = conform_block(((size_t)cJSON_GetArraySize(object) + 1) * sizeof *pairs.all);
    cJSON_ArrayForEach(item, object)
    {
        if (pairs.all != NULL && cJSON_IsString(item) && item->string != NULL) {
            pairs.all[pairs.count].key = item->string;
            pairs.all[pairs.count++].text = item->valuestring;
        }
    }
    return pairs;
}

weir_status conform_cluster(const struct scenario *s, const cJSON *data, weir_kpa_config *config)
{
    struct pairs pairs = read_pairs(data);
    weir_status status;

    weir_kpa_config_init(config, sizeof *config);
    config->semantics = conform_semantics(s);
    config->conversion = WEIR_CONVERT_AMD64;
    status = weir_knative_settings(pairs.all, pairs.count, config, NULL);
    free(pairs.all);
    return status;
}

void conform_revision(const struct scenario *s, const cJSON *data, const cJSON *annotations,
                      weir_kpa_config *config)
{
    struct pairs deployment = read_pairs(cJSON_GetObjectItemCaseSensitive(s->config, "deployment"));
    struct pairs own = read_pairs(annotations);

    conform_cluster(s, data, config);
    weir_knative_deployment(deployment.all, deployment.count, config, NULL);
    config->container_concurrency = conform_int(s->config, "containerConcurrency", 0);
    weir_knative_use(own.all, own.count, config);
    free(deployment.all);
    free(own.all);
}

static const cJSON *of_config(const struct scenario *s, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(s->config, name);
}

static cJSON *config_answer(const weir_kpa_config *c)
{
    cJSON *got = cJSON_CreateObject();

    cJSON_AddBoolToObject(got, "EnableScaleToZero", c->enable_scale_to_zero);
    conform_put_double(got, "ContainerConcurrencyTargetFraction",
                       c->container_concurrency_target_percentage);
    conform_put_double(got, "ContainerConcurrencyTargetDefault",
                       c->container_concurrency_target_default);
    conform_put_double(got, "TargetUtilization", WEIR_KPA_OTHER_UTILIZATION);
    conform_put_double(got, "RPSTargetDefault", c->requests_per_second_target_default);
    conform_put_double(got, "TargetBurstCapacity", c->target_burst_capacity);
    conform_put_double(got, "ActivatorCapacity", c->activator_capacity);
    cJSON_AddBoolToObject(got, "AllowZeroInitialScale", c->allow_zero_initial_scale);
    conform_put_int(got, "InitialScale", c->initial_scale);
    conform_put_int(got, "MinScale", c->min_scale);
    conform_put_int(got, "MaxScale", c->max_scale);
    conform_put_int(got, "MaxScaleLimit", c->max_scale_limit);
    conform_put_double(got, "MaxScaleUpRate", c->max_scale_up_rate);
    conform_put_double(got, "MaxScaleDownRate", c->max_scale_down_rate);
    conform_put_int(got, "StableWindow", c->stable_window);
    conform_put_double(got, "PanicWindowPercentage", c->panic_window_percentage);
    conform_put_double(got, "PanicThresholdPercentage", c->panic_threshold_percentage);
    conform_put_int(got, "ScaleToZeroGracePeriod", c->scale_to_zero_grace_period);
    conform_put_int(got, "ScaleToZeroPodRetentionPeriod", c->scale_to_zero_pod_retention_period);
    conform_put_int(got, "ScaleDownDelay", c->scale_down_delay);
    cJSON_AddStringToObject(got, "PodAutoscalerClass", c->pod_autoscaler_class);
    return got;
}

static void run_config(struct scenario *s)
{
    while (conform_next(s)) {
        weir_kpa_config config;
        weir_status status = conform_cluster(s, of_config(s, "data"), &config);

        conform_answer(s, status == WEIR_OK ? config_answer(&config) : conform_error("config"));
    }
}

static void run_admission(struct scenario *s)
{
    while (conform_next(s)) {
        weir_kpa_config config;
        struct pairs annotations = read_pairs(of_config(s, "annotations"));
        cJSON *got = cJSON_CreateObject();
        int accepted;

        conform_cluster(s, of_config(s, "autoscaler"), &config);
        accepted = weir_knative_admit(&config, annotations.all, annotations.count, NULL) == WEIR_OK;
        free(annotations.all);
        cJSON_AddBoolToObject(got, "accepted", accepted);
        if (!accepted) {
            cJSON_AddStringToObject(got, "error", "refused");
            cJSON_AddStringToObject(got, "kind", "annotations");
        }
        conform_answer(s, got);
    }
}

static void put_spec(cJSON *got, const weir_kpa_decider_config *d, const char *metric)
{
    cJSON *spec = cJSON_AddObjectToObject(got, "decider");

    conform_put_double(spec, "MaxScaleUpRate", d->max_scale_up_rate);
    conform_put_double(spec, "MaxScaleDownRate", d->max_scale_down_rate);
    cJSON_AddStringToObject(spec, "ScalingMetric", metric);
    conform_put_double(spec, "TargetValue", d->target_value);
    conform_put_double(spec, "TotalValue", d->total_value);
    conform_put_double(spec, "TargetBurstCapacity", d->target_burst_capacity);
    conform_put_double(spec, "ActivatorCapacity", d->activator_capacity);
    conform_put_double(spec, "PanicThreshold", d->panic_threshold);
    conform_put_int(spec, "StableWindow", d->stable_window);
    conform_put_int(spec, "ScaleDownDelay", d->scale_down_delay);
    conform_put_int(spec, "InitialScale", d->initial_scale);
    cJSON_AddBoolToObject(spec, "Reachable", d->reachable);
    conform_put_int(spec, "ActivationScale", d->activation_scale);
}

/* An annotation that has no default of its own: null unless it is there and parses. */
static void put_annotation(cJSON *got, const char *name, weir_duration value)
{
    if (value == WEIR_TIME_NONE) {
        cJSON_AddNullToObject(got, name);
    } else {
        conform_put_int(got, name, value);
    }
}

static cJSON *resolve_answer(const struct scenario *s)
{
    weir_kpa_config config, own;
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    struct pairs a = read_pairs(of_config(s, "annotations"));
    cJSON *got = cJSON_CreateObject(), *metric;
    int32_t min, max;
    int unreachable = conform_is(s->config, "reachability", "Unreachable");

    conform_cluster(s, of_config(s, "autoscaler"), &config);
    config.container_concurrency = conform_int(s->config, "containerConcurrency", 0);
    own = config;
    own.scale_to_zero_pod_retention_period = own.progress_deadline = WEIR_TIME_NONE;
    weir_knative_use(a.all, a.count, &own);
    weir_knative_use(a.all, a.count, &config);
    weir_kpa_resolve(&config, &collector, &decider);
    decider.reachable = !unreachable;
    weir_kpa_scale_bounds(&config, unreachable, &min, &max);
    conform_put_double(got, "target", decider.target_value);
    conform_put_double(got, "total", decider.total_value);
    put_spec(got, &decider, weir_knative_metric(a.all, a.count));
    metric = cJSON_AddObjectToObject(got, "metric");
    conform_put_int(metric, "StableWindow", collector.stable_window);
    conform_put_int(metric, "PanicWindow", collector.panic_window);
    cJSON_AddStringToObject(metric, "ScrapeTarget", collector.scrape_target ? "metrics-svc" : "");
    cJSON_AddBoolToObject(got, "weighted", collector.algorithm == WEIR_WINDOW_WEIGHTED);
    conform_put_int(got, "min_scale", min);
    conform_put_int(got, "max_scale", max);
    put_annotation(got, "retention_annotation", own.scale_to_zero_pod_retention_period);
    put_annotation(got, "progress_deadline_annotation", own.progress_deadline);
    free(a.all);
    return got;
}

static void run_resolve(struct scenario *s)
{
    while (conform_next(s)) {
        conform_answer(s, resolve_answer(s));
    }
}

/* Knative's spec as the vectors have it. */
static cJSON *hpa_metric(const cJSON *metric)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(metric, "type"));
    int is_resource = type != NULL && strcmp(type, "Resource") == 0;
    const cJSON *source =
        cJSON_GetObjectItemCaseSensitive(metric, is_resource ? "resource" : "pods");
    const cJSON *target = cJSON_GetObjectItemCaseSensitive(source, "target");
    const cJSON *named = is_resource ? source : cJSON_GetObjectItemCaseSensitive(source, "metric");
    const cJSON *utilization = cJSON_GetObjectItemCaseSensitive(target, "averageUtilization");
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(target, "averageValue");
    cJSON *got = cJSON_CreateObject();
    weir_quantity quantity;

    cJSON_AddItemToObject(got, "type",
                          cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(metric, "type"), 1));
    cJSON_AddItemToObject(got, "name",
                          cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(named, "name"), 1));
    cJSON_AddItemToObject(got, "target",
                          cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(target, "type"), 1));
    if (utilization != NULL) {
        cJSON_AddItemToObject(got, "average_utilization", cJSON_Duplicate(utilization, 1));
    }
    if (cJSON_IsString(value) && weir_quantity_parse(value->valuestring, strlen(value->valuestring),
                                                     &quantity, NULL) == WEIR_OK) {
        char decimal[32];

        if (strspn(value->valuestring, "-0123456789") == strlen(value->valuestring)) {
            snprintf(decimal, sizeof decimal, "%s", value->valuestring);
        } else {
            snprintf(decimal, sizeof decimal, "%" PRId64, weir_quantity_value(&quantity));
        }
        cJSON_AddItemToObject(got, "average_value", cJSON_Duplicate(value, 1));
        cJSON_AddStringToObject(got, "average_value_decimal", decimal);
    }
    return got;
}

static void put_window(cJSON *got, const char *name, const cJSON *spec, const char *direction)
{
    const cJSON *behavior = cJSON_GetObjectItemCaseSensitive(spec, "behavior");
    const cJSON *window = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(behavior, direction), "stabilizationWindowSeconds");

    cJSON_AddItemToObject(got, name,
                          window != NULL ? cJSON_Duplicate(window, 1) : cJSON_CreateNull());
}

static cJSON *hpa_answer(const struct scenario *s)
{
    struct pairs a = read_pairs(of_config(s, "annotations"));
    cJSON *got = cJSON_CreateObject(), *spec, *list;
    const cJSON *metric, *min;
    weir_kpa_config cluster;
    char *text;
    size_t need = 0;
    int unreachable = conform_is(s->config, "reachability", "Unreachable");

    conform_cluster(s, of_config(s, "autoscaler"), &cluster);
    if (a.all != NULL) { /* there is room for it */
        a.all[a.count++] =
            (weir_pair){"autoscaling.knative.dev/class", "hpa.autoscaling.knative.dev"};
    }
    weir_knative_hpa(&cluster, a.all, a.count, "d", unreachable, NULL, 0, &need);
    text = conform_block(need);
    weir_knative_hpa(&cluster, a.all, a.count, "d", unreachable, text, need, NULL);
    spec = cJSON_Parse(text);
    min = cJSON_GetObjectItemCaseSensitive(spec, "minReplicas");
    cJSON_AddItemToObject(got, "min_replicas",
                          min != NULL ? cJSON_Duplicate(min, 1) : cJSON_CreateNull());
    cJSON_AddItemToObject(
        got, "max_replicas",
        cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(spec, "maxReplicas"), 1));
    list = cJSON_AddArrayToObject(got, "metrics");
    cJSON_ArrayForEach(metric, cJSON_GetObjectItemCaseSensitive(spec, "metrics"))
    {
        cJSON_AddItemToArray(list, hpa_metric(metric));
    }
    put_window(got, "scale_up_stabilization_s", spec, "scaleUp");
    put_window(got, "scale_down_stabilization_s", spec, "scaleDown");
    cJSON_Delete(spec);
    free(text);
    free(a.all);
    return got;
}

static void run_hpa(struct scenario *s)
{
    while (conform_next(s)) {
        conform_answer(s, hpa_answer(s));
    }
}

const struct conform_op conform_knative_ops[] = {
    {"config_autoscaler", run_config},
    {"validate_annotations", run_admission},
    {"resolve", run_resolve},
    {"make_hpa", run_hpa},
    {NULL, NULL},
};
