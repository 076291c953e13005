/*
 * manifest/keda_types.c - the types of triggers whose metadata weir reads as KEDA does.
 *
 * Upstream: KEDA pkg/scalers, prometheus_scaler.go, cron_scaler.go, cpu_memory_scaler.go,
 * metrics_api_scaler.go, kubernetes_workload_scaler.go.
 */
#include "go_syntax.h"
#include "keda_trigger.h"

#include <stdio.h>
#include <string.h>

/* ---- prometheus ----------------------------------------------------------------------------- */

enum {
    PROMETHEUS_SERVER,
    PROMETHEUS_QUERY,
    PROMETHEUS_THRESHOLD,
    PROMETHEUS_ACTIVATION,
    PROMETHEUS_IGNORE_NULL,
    PROMETHEUS_MODES,
    PROMETHEUS_MODE
};

static const struct weir__param prometheus_params[] = {
    {"serverAddress", WEIR__PARAM_TEXT, 1, NULL},
    {"query", WEIR__PARAM_TEXT, 1, NULL},
    {"threshold", WEIR__PARAM_FLOAT, 1, NULL},
    {"activationThreshold", WEIR__PARAM_FLOAT, 0, NULL},
    {"ignoreNullValues", WEIR__PARAM_BOOL, 0, NULL},
    {"authModes", WEIR__PARAM_WORDS, 0, WEIR__LOGIN_MODES},
    {"authMode", WEIR__PARAM_WORDS, 0, WEIR__LOGIN_MODES},
    {"namespace", WEIR__PARAM_TEXT, 0, NULL},
    {"queryParameters", WEIR__PARAM_MAP, 0, NULL},
    {"customHeaders", WEIR__PARAM_MAP, 0, NULL},
    {"unsafeSsl", WEIR__PARAM_BOOL, 0, NULL},
    {"timeout", WEIR__PARAM_DURATION, 0, NULL},
    {"awsRegion", WEIR__PARAM_TEXT, 0, NULL},
    {"identityOwner", WEIR__PARAM_IGNORED, 0, NULL},
    {"apiKey", WEIR__PARAM_TEXT, 0, NULL},
    {"method", WEIR__PARAM_WORD, 0, "header|query"},
    {"keyParamName", WEIR__PARAM_TEXT, 0, NULL},
    {"cortexOrgID", WEIR__PARAM_IGNORED, 0, NULL},
    {"metricName", WEIR__PARAM_IGNORED, 0, NULL},
};

void weir__build_prometheus(struct weir__trigger_build *b)
{
    struct weir__argument v[WEIR__COUNT(prometheus_params)];
    weir_keda_trigger *t = &b->out->trigger;

    weir__metadata_read(b->c, b->in, prometheus_params, WEIR__COUNT(prometheus_params), v);
    t->ignore_null_values =
        v[PROMETHEUS_IGNORE_NULL].is_set ? (int32_t)v[PROMETHEUS_IGNORE_NULL].integer : 1;
    t->activation = v[PROMETHEUS_ACTIVATION].number;
    weir__trigger_name(b, NULL, "prometheus", 0);
    weir__trigger_external_type(b);
    weir__login_check(b, &v[PROMETHEUS_MODES], &v[PROMETHEUS_MODE], NULL);
    if (v[PROMETHEUS_THRESHOLD].is_set) {
        weir__trigger_target(b, "threshold", v[PROMETHEUS_THRESHOLD].number);
    }
}

/* ---- cpu and memory ------------------------------------------------------------------------- */

enum { RESOURCE_VALUE, RESOURCE_CONTAINER };

static const struct weir__param resource_params[] = {
    {"value", WEIR__PARAM_TEXT, 1, NULL},
    {"containerName", WEIR__PARAM_TEXT, 0, NULL},
    {"type", WEIR__PARAM_IGNORED, 0, NULL},
};

static void set_utilization(struct weir__trigger_build *b, const struct weir__argument *value)
{
    int64_t percent;

    if (weir__go_int(value->text, value->length, 10, 32, &percent) != WEIR__GO_OK) {
        weir__metadata_error(b->c, b->in, "value", WEIR_STAGE_BUILD,
                             "must be a whole number of percent");
        return;
    }
    b->out->trigger.target = percent;
    if (percent <= 0) {
        weir__metadata_error(b->c, b->in, "value", WEIR_STAGE_HPA,
                             "must be above 0: the API server refuses the HPA otherwise");
    }
}

static void set_average(struct weir__trigger_build *b, const struct weir__argument *value)
{
    weir_error err;
    weir_status status =
        weir__amount_parse(&b->out->target, value->text, value->length, b->c->arena, &err);

    if (status == WEIR_E_MEMORY) {
        b->c->problems->out_of_memory = 1;
    } else if (status != WEIR_OK) {
        weir__metadata_error(b->c, b->in, "value", WEIR_STAGE_BUILD,
                             "must be a quantity such as 500m or 2Gi: KEDA crashes on this one");
    } else {
        b->out->trigger.target = weir_quantity_milli(&b->out->target.value);
        if (b->out->trigger.target <= 0) {
            weir__metadata_error(b->c, b->in, "value", WEIR_STAGE_HPA,
                                 "must be above 0: the API server refuses the HPA otherwise");
        }
    }
}

void weir__build_resource(struct weir__trigger_build *b)
{
    struct weir__argument v[WEIR__COUNT(resource_params)];
    const char *type = weir__keda_text(&b->in->metric_type);
    weir_keda_trigger *t = &b->out->trigger;
    int utilization = strcmp(type, "Utilization") == 0;

    weir__metadata_read(b->c, b->in, resource_params, WEIR__COUNT(resource_params), v);
    t->metric_type = utilization ? WEIR_HPA_UTILIZATION : WEIR_HPA_AVERAGE_VALUE;
    b->out->target_type = utilization ? "Utilization" : "AverageValue";
    weir__trigger_copy(b, "containerName", v[RESOURCE_CONTAINER].text, v[RESOURCE_CONTAINER].length,
                       t->container, sizeof t->container);
    if (v[2].is_set) {
        weir__metadata_error(b->c, b->in, "type", WEIR_STAGE_BUILD,
                             "must not be here since KEDA 2.18: write metricType beside the "
                             "trigger's type");
    }
    if (!utilization && strcmp(type, "AverageValue") != 0) {
        weir__keda_error(b->c, &b->in->is, "metricType", WEIR_STAGE_BUILD,
                         type[0] == '\0'
                             ? "is missing: cpu and memory need Utilization or AverageValue"
                             : "must be Utilization or AverageValue");
    } else if (v[RESOURCE_VALUE].is_set && utilization) {
        set_utilization(b, &v[RESOURCE_VALUE]);
    } else if (v[RESOURCE_VALUE].is_set) {
        set_average(b, &v[RESOURCE_VALUE]);
    }
}

/* ---- cron ----------------------------------------------------------------------------------- */

enum { CRON_START, CRON_END, CRON_TIMEZONE, CRON_REPLICAS };

static const struct weir__param cron_params[] = {
    {"start", WEIR__PARAM_TEXT, 1, NULL},
    {"end", WEIR__PARAM_TEXT, 1, NULL},
    {"timezone", WEIR__PARAM_TEXT, 1, NULL},
    {"desiredReplicas", WEIR__PARAM_INT, 1, NULL},
};

static const char *cron_key(const char *path)
{
    if (strncmp(path, "desired", 7) == 0) {
        return "desiredReplicas";
    }
    return strcmp(path, "end") == 0 || strcmp(path, "timezone") == 0 ? path : "start";
}

static void check_cron(struct weir__trigger_build *b)
{
    struct weir__message m;
    weir_cron cron;
    weir_error err;

    if (weir_cron_init(&cron, &b->out->trigger.cron, &err) != WEIR_OK) {
        weir__message_clear(&m);
        weir__message_add(&m, err.message);
        weir__metadata_say(b->c, b->in, cron_key(err.path), WEIR_PROBLEM_ERROR, WEIR_STAGE_BUILD,
                           &m);
    }
}

void weir__build_cron(struct weir__trigger_build *b)
{
    struct weir__argument v[WEIR__COUNT(cron_params)];
    weir_keda_trigger *t = &b->out->trigger;
    weir_cron_config *cron = &t->cron;
    char name[2 * WEIR_CRON_TEXT_MAX + WEIR_ZONE_NAME_MAX + 16];

    weir__metadata_read(b->c, b->in, cron_params, WEIR__COUNT(cron_params), v);
    weir__trigger_copy(b, "start", v[CRON_START].text, v[CRON_START].length, cron->start,
                       sizeof cron->start);
    weir__trigger_copy(b, "end", v[CRON_END].text, v[CRON_END].length, cron->end, sizeof cron->end);
    weir__trigger_copy(b, "timezone", v[CRON_TIMEZONE].text, v[CRON_TIMEZONE].length,
                       cron->timezone, sizeof cron->timezone);
    cron->desired_replicas = v[CRON_REPLICAS].integer;
    if (v[CRON_START].is_set && v[CRON_END].is_set && v[CRON_TIMEZONE].is_set &&
        v[CRON_REPLICAS].is_set) {
        check_cron(b);
    }
    weir_cron_metric_name(cron, name, sizeof name, NULL);
    weir__trigger_name(b, "start", name, 1);
    weir__trigger_external_type(b);
    weir__keda_target(b->c, 1, &b->out->target);
    t->target = 1000;
}

/* ---- metrics-api ---------------------------------------------------------------------------- */

enum { API_URL, API_LOCATION, API_TARGET, API_ACTIVATION, API_MODES, API_MODE };

static const struct weir__param api_params[] = {
    {"url", WEIR__PARAM_TEXT, 1, NULL},
    {"valueLocation", WEIR__PARAM_TEXT, 1, NULL},
    {"targetValue", WEIR__PARAM_FLOAT, 0, NULL},
    {"activationTargetValue", WEIR__PARAM_FLOAT, 0, NULL},
    {"authModes", WEIR__PARAM_WORDS, 0, WEIR__LOGIN_MODES},
    {"authMode", WEIR__PARAM_WORDS, 0, WEIR__LOGIN_MODES},
    {"format", WEIR__PARAM_WORD, 0, "prometheus|json|xml|yaml"},
    {"aggregationType", WEIR__PARAM_WORD, 0, "average|sum|max|min"},
    {"aggregateFromKubeServiceEndpoints", WEIR__PARAM_BOOL, 0, NULL},
    {"unsafeSsl", WEIR__PARAM_BOOL, 0, NULL},
    {"timeout", WEIR__PARAM_DURATION, 0, NULL},
    {"apiKey", WEIR__PARAM_TEXT, 0, NULL},
    {"method", WEIR__PARAM_WORD, 0, "header|query"},
    {"keyParamName", WEIR__PARAM_TEXT, 0, NULL},
};

void weir__build_metrics_api(struct weir__trigger_build *b)
{
    struct weir__argument v[WEIR__COUNT(api_params)];
    weir_keda_trigger *t = &b->out->trigger;
    char name[sizeof t->metric_name + 16];

    weir__metadata_read(b->c, b->in, api_params, WEIR__COUNT(api_params), v);
    t->activation = v[API_ACTIVATION].number;
    snprintf(name, sizeof name, "metric-api-%.*s", (int)v[API_LOCATION].length,
             v[API_LOCATION].text != NULL ? v[API_LOCATION].text : "");
    weir__trigger_name(b, "valueLocation", name, 1);
    weir__trigger_external_type(b);
    weir__login_check(b, &v[API_MODES], &v[API_MODE], "apiKey|basic|tls|bearer");
    if (v[API_TARGET].number != 0) {
        weir__trigger_target(b, "targetValue", v[API_TARGET].number);
    } else if (weir__keda_has_modifiers(&b->c->object->spec)) {
        weir__keda_target(b->c, 0, &b->out->target);
    } else if (!v[API_TARGET].is_wrong) {
        weir__metadata_error(b->c, b->in, "targetValue", WEIR_STAGE_BUILD,
                             "must be there and not 0, unless there are scalingModifiers");
    }
}

/* ---- kubernetes-workload -------------------------------------------------------------------- */

enum { WORKLOAD_SELECTOR, WORKLOAD_VALUE, WORKLOAD_ACTIVATION };

static const struct weir__param workload_params[] = {
    {"podSelector", WEIR__PARAM_TEXT, 1, NULL},
    {"value", WEIR__PARAM_FLOAT, 0, NULL},
    {"activationValue", WEIR__PARAM_FLOAT, 0, NULL},
    {"groupByNode", WEIR__PARAM_BOOL, 0, NULL},
};

void weir__build_workload(struct weir__trigger_build *b)
{
    struct weir__argument v[WEIR__COUNT(workload_params)];
    weir_keda_trigger *t = &b->out->trigger;
    char name[sizeof t->metric_name + 16];

    weir__metadata_read(b->c, b->in, workload_params, WEIR__COUNT(workload_params), v);
    t->activation = v[WORKLOAD_ACTIVATION].number;
    snprintf(name, sizeof name, "workload-%s", b->c->object->name_space);
    weir__trigger_name(b, "podSelector", name, 1);
    weir__trigger_external_type(b);
    if (v[WORKLOAD_VALUE].number > 0) {
        weir__trigger_target(b, "value", v[WORKLOAD_VALUE].number);
    } else if (weir__keda_has_modifiers(&b->c->object->spec)) {
        weir__keda_target(b->c, 0, &b->out->target);
    } else if (!v[WORKLOAD_VALUE].is_wrong) {
        weir__metadata_error(b->c, b->in, "value", WEIR_STAGE_BUILD,
                             "must be there and above 0, unless there are scalingModifiers");
    }
}
