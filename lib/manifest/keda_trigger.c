/*
 * manifest/keda_trigger.c - triggers to what they ask of the HPA: name, type and target of the
 * metric, and the value above which they are active.
 *
 * Upstream: KEDA pkg/scalers, prometheus_scaler.go, cron_scaler.go, cpu_memory_scaler.go,
 * metrics_api_scaler.go, kubernetes_workload_scaler.go; pkg/scaling/scalers_builder.go.
 */
#include "go_syntax.h"
#include "keda_metadata.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct build {
    struct weir__keda_check *c;
    const struct weir__keda_trigger *in;
    size_t index;
    struct weir__keda_metric *out;
};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- shared --------------------------------------------------------------------------------- */

static void copy_text(struct build *b, const char *key, const char *text, size_t length, char *out,
                      size_t room)
{
    if (length >= room) {
        struct weir__message m;

        weir__message_clear(&m);
        weir__message_add(&m, "is longer than weir has room for: at most ");
        weir__message_int(&m, (int64_t)room - 1);
        weir__message_add(&m, " bytes");
        weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, 0, &m);
        length = room - 1;
    }
    if (length > 0) {
        memcpy(out, text, length);
    }
    out[length] = '\0';
}

/* "s2-" and a name, which may be too long. */
static void set_name(struct build *b, const char *key, const char *name, int normalize)
{
    weir_keda_trigger *t = &b->out->trigger;
    size_t need = 0;

    if (weir_keda_metric_name((uint32_t)b->index, name, normalize, t->metric_name,
                              sizeof t->metric_name, &need) == WEIR_E_SPACE) {
        struct weir__message m;

        weir__message_clear(&m);
        weir__message_add(&m, "makes a metric's name of ");
        weir__message_int(&m, (int64_t)need - 1);
        weir__message_add(&m, " bytes, and weir has room for ");
        weir__message_int(&m, (int64_t)sizeof t->metric_name - 1);
        weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, 0, &m);
    }
}

int weir__keda_target(struct weir__keda_check *c, double number, struct weir__amount *out)
{
    char digits[400], text[402];
    size_t length = 0, count = 0;
    weir_error err;

    if (!(number >= 0) || isinf(number)) {
        number = 0;
    }
    snprintf(digits, sizeof digits, "%.3f", number);
    for (size_t i = 0; digits[i] != '\0'; i++) { /* whatever the locale's decimal point is */
        if (digits[i] >= '0' && digits[i] <= '9') {
            digits[count++] = digits[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (i + 3 == count) {
            text[length++] = '.';
        }
        text[length++] = digits[i];
    }
    switch (weir__amount_parse(out, text, length, c->arena, &err)) {
    case WEIR_OK: return 1;
    case WEIR_E_MEMORY: c->problems->out_of_memory = 1; return 1;
    default: return 0;
    }
}

/* The target of an External metric, which the API server wants above 0. */
static void set_target(struct build *b, const char *key, double number)
{
    struct weir__message m;

    if (!weir__keda_target(b->c, number, &b->out->target)) {
        weir__metadata_error(b->c, b->in, key, 0, "is beyond what weir reads as a quantity");
        return;
    }
    b->out->trigger.target = weir_quantity_milli(&b->out->target.value);
    if (weir__keda_has_modifiers(&b->c->object->spec) || b->out->trigger.target > 0) {
        return; /* the composite metric has a target of its own */
    }
    weir__message_clear(&m);
    weir__message_add(&m, number > 1
                              ? "is more than the HPA can count: its target would be 0"
                              : "must be above 0: rounded to three decimals it is 0, a target "
                                "that the API server refuses in the HPA");
    weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_HPA, &m);
}

/* AverageValue, Value, or what no API server takes: KEDA hands on any word but Utilization. */
static void set_external_type(struct build *b)
{
    const char *type = weir__keda_text(&b->in->metric_type);
    weir_keda_trigger *t = &b->out->trigger;
    struct weir__message m;

    b->out->target_type = type[0] != '\0' ? type : "AverageValue";
    t->metric_type = WEIR_HPA_AVERAGE_VALUE;
    if (strcmp(b->out->target_type, "AverageValue") == 0) {
        return;
    }
    t->metric_type = WEIR_HPA_VALUE;
    if (strcmp(type, "Value") == 0 || b->in->metric_type.state == WEIR__UNREADABLE) {
        return;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "must be AverageValue or Value, got ");
    weir__message_quote(&m, type, strlen(type));
    weir__keda_say(b->c, &b->in->is, "metricType", WEIR_PROBLEM_ERROR,
                   strcmp(type, "Utilization") == 0 ? WEIR_STAGE_BUILD : WEIR_STAGE_HPA, &m);
}

/* ---- authentication ------------------------------------------------------------------------- */

struct mode {
    const char *name, *needs;
    int exclusive;
};

static const struct mode modes[] = {
    {"apiKey", "apiKey", 0},
    {"basic", "username", 1},
    {"tls", "cert and key", 0},
    {"bearer", "bearerToken", 1},
    {"custom", "customAuthHeader and customAuthValue", 0},
    {"oauth", "oauthTokenURI, clientID and clientSecret", 1},
};

#define MODES "apiKey|basic|tls|bearer|custom|oauth"

static int names_mode(const struct weir__argument *words, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; i + n <= words->length; i++) {
        if (memcmp(words->text + i, name, n) == 0) {
            return 1; /* they are known words, and none is part of another */
        }
    }
    return 0;
}

/* What a mode needs comes from the object that authenticationRef names. */
static void check_authentication(struct build *b, const char *key,
                                 const struct weir__argument *words)
{
    struct weir__message m;
    int exclusive = 0;

    for (size_t i = 0; words->is_set && i < COUNT(modes); i++) {
        if (!names_mode(words, modes[i].name)) {
            continue;
        }
        exclusive += modes[i].exclusive;
        if (b->in->authentication == NULL) {
            weir__message_clear(&m);
            weir__message_add(&m, modes[i].name);
            weir__message_add(&m, " needs ");
            weir__message_add(&m, modes[i].needs);
            weir__message_add(&m, " from an authenticationRef, and there is none");
            weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_BUILD, &m);
        }
    }
    if (exclusive > 1) {
        weir__metadata_error(b->c, b->in, key, WEIR_STAGE_BUILD,
                             "must name only one of basic, bearer and oauth");
    }
}

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
    {"authModes", WEIR__PARAM_WORDS, 0, MODES},
    {"authMode", WEIR__PARAM_WORDS, 0, MODES},
    {"namespace", WEIR__PARAM_TEXT, 0, NULL},
    {"queryParameters", WEIR__PARAM_MAP, 0, NULL},
    {"customHeaders", WEIR__PARAM_MAP, 0, NULL},
    {"unsafeSsl", WEIR__PARAM_BOOL, 0, NULL},
    {"timeout", WEIR__PARAM_DURATION, 0, NULL},
    {"awsRegion", WEIR__PARAM_TEXT, 0, NULL},
    {"identityOwner", WEIR__PARAM_IGNORED, 0, NULL},
    {"cortexOrgID", WEIR__PARAM_IGNORED, 0, NULL},
    {"metricName", WEIR__PARAM_IGNORED, 0, NULL},
};

static void build_prometheus(struct build *b)
{
    struct weir__argument v[COUNT(prometheus_params)];
    weir_keda_trigger *t = &b->out->trigger;

    weir__metadata_read(b->c, b->in, prometheus_params, COUNT(prometheus_params), v);
    t->ignore_null_values =
        v[PROMETHEUS_IGNORE_NULL].is_set ? (int32_t)v[PROMETHEUS_IGNORE_NULL].integer : 1;
    t->activation = v[PROMETHEUS_ACTIVATION].number;
    set_name(b, NULL, "prometheus", 0);
    set_external_type(b);
    check_authentication(b, "authModes", &v[PROMETHEUS_MODES]);
    check_authentication(b, "authMode", &v[PROMETHEUS_MODE]);
    if (v[PROMETHEUS_THRESHOLD].is_set) {
        set_target(b, "threshold", v[PROMETHEUS_THRESHOLD].number);
    }
}

/* ---- cpu and memory ------------------------------------------------------------------------- */

enum { RESOURCE_VALUE, RESOURCE_CONTAINER };

static const struct weir__param resource_params[] = {
    {"value", WEIR__PARAM_TEXT, 1, NULL},
    {"containerName", WEIR__PARAM_TEXT, 0, NULL},
    {"type", WEIR__PARAM_IGNORED, 0, NULL},
};

static void set_utilization(struct build *b, const struct weir__argument *value)
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

static void set_average(struct build *b, const struct weir__argument *value)
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

static void build_resource(struct build *b)
{
    struct weir__argument v[COUNT(resource_params)];
    const char *type = weir__keda_text(&b->in->metric_type);
    weir_keda_trigger *t = &b->out->trigger;
    int utilization = strcmp(type, "Utilization") == 0;

    weir__metadata_read(b->c, b->in, resource_params, COUNT(resource_params), v);
    t->metric_type = utilization ? WEIR_HPA_UTILIZATION : WEIR_HPA_AVERAGE_VALUE;
    b->out->target_type = utilization ? "Utilization" : "AverageValue";
    copy_text(b, "containerName", v[RESOURCE_CONTAINER].text, v[RESOURCE_CONTAINER].length,
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

static void check_cron(struct build *b)
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

static void build_cron(struct build *b)
{
    struct weir__argument v[COUNT(cron_params)];
    weir_keda_trigger *t = &b->out->trigger;
    weir_cron_config *cron = &t->cron;
    char name[2 * WEIR_CRON_TEXT_MAX + WEIR_ZONE_NAME_MAX + 16];

    weir__metadata_read(b->c, b->in, cron_params, COUNT(cron_params), v);
    copy_text(b, "start", v[CRON_START].text, v[CRON_START].length, cron->start,
              sizeof cron->start);
    copy_text(b, "end", v[CRON_END].text, v[CRON_END].length, cron->end, sizeof cron->end);
    copy_text(b, "timezone", v[CRON_TIMEZONE].text, v[CRON_TIMEZONE].length, cron->timezone,
              sizeof cron->timezone);
    cron->desired_replicas = v[CRON_REPLICAS].integer;
    if (v[CRON_START].is_set && v[CRON_END].is_set && v[CRON_TIMEZONE].is_set &&
        v[CRON_REPLICAS].is_set) {
        check_cron(b);
    }
    weir_cron_metric_name(cron, name, sizeof name, NULL);
    set_name(b, "start", name, 1);
    set_external_type(b);
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
    {"authModes", WEIR__PARAM_WORDS, 0, MODES},
    {"authMode", WEIR__PARAM_WORDS, 0, MODES},
    {"format", WEIR__PARAM_WORD, 0, "prometheus|json|xml|yaml"},
    {"aggregationType", WEIR__PARAM_WORD, 0, "average|sum|max|min"},
    {"aggregateFromKubeServiceEndpoints", WEIR__PARAM_BOOL, 0, NULL},
    {"unsafeSsl", WEIR__PARAM_BOOL, 0, NULL},
    {"timeout", WEIR__PARAM_DURATION, 0, NULL},
    {"method", WEIR__PARAM_IGNORED, 0, NULL},
    {"keyParamName", WEIR__PARAM_IGNORED, 0, NULL},
};

static void build_metrics_api(struct build *b)
{
    struct weir__argument v[COUNT(api_params)];
    weir_keda_trigger *t = &b->out->trigger;
    char name[sizeof t->metric_name + 16];

    weir__metadata_read(b->c, b->in, api_params, COUNT(api_params), v);
    t->activation = v[API_ACTIVATION].number;
    snprintf(name, sizeof name, "metric-api-%.*s", (int)v[API_LOCATION].length,
             v[API_LOCATION].text != NULL ? v[API_LOCATION].text : "");
    set_name(b, "valueLocation", name, 1);
    set_external_type(b);
    check_authentication(b, "authModes", &v[API_MODES]);
    check_authentication(b, "authMode", &v[API_MODE]);
    if (v[API_TARGET].number != 0) {
        set_target(b, "targetValue", v[API_TARGET].number);
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

static void build_workload(struct build *b)
{
    struct weir__argument v[COUNT(workload_params)];
    weir_keda_trigger *t = &b->out->trigger;
    char name[sizeof t->metric_name + 16];

    weir__metadata_read(b->c, b->in, workload_params, COUNT(workload_params), v);
    t->activation = v[WORKLOAD_ACTIVATION].number;
    snprintf(name, sizeof name, "workload-%s", b->c->object->name_space);
    set_name(b, "podSelector", name, 1);
    set_external_type(b);
    if (v[WORKLOAD_VALUE].number > 0) {
        set_target(b, "value", v[WORKLOAD_VALUE].number);
    } else if (weir__keda_has_modifiers(&b->c->object->spec)) {
        weir__keda_target(b->c, 0, &b->out->target);
    } else if (!v[WORKLOAD_VALUE].is_wrong) {
        weir__metadata_error(b->c, b->in, "value", WEIR_STAGE_BUILD,
                             "must be there and above 0, unless there are scalingModifiers");
    }
}

/* ---- all others ----------------------------------------------------------------------------- */

/* Where types that weir knows nothing else about have their target. */
static const struct {
    const char *type, *target, *activation;
    double otherwise; /* 0: it has to be there */
} others[] = {
    {"activemq", "targetQueueSize", "activationTargetQueueSize", 10},
    {"apache-kafka", "lagThreshold", "activationLagThreshold", 10},
    {"aws-cloudwatch", "targetMetricValue", "activationTargetMetricValue", 0},
    {"aws-sqs-queue", "queueLength", "activationQueueLength", 5},
    {"azure-queue", "queueLength", "activationQueueLength", 5},
    {"azure-servicebus", "messageCount", "activationMessageCount", 5},
    {"datadog", "queryValue", "activationQueryValue", 0},
    {"elasticsearch", "targetValue", "activationTargetValue", 0},
    {"gcp-pubsub", "value", "activationValue", 10},
    {"graphite", "threshold", "activationThreshold", 0},
    {"influxdb", "thresholdValue", "activationThresholdValue", 0},
    {"kafka", "lagThreshold", "activationLagThreshold", 10},
    {"loki", "threshold", "activationThreshold", 0},
    {"mongodb", "queryValue", "activationQueryValue", 0},
    {"mssql", "targetValue", "activationTargetValue", 0},
    {"mysql", "queryValue", "activationQueryValue", 0},
    {"nats-jetstream", "lagThreshold", "activationLagThreshold", 10},
    {"new-relic", "threshold", "activationThreshold", 0},
    {"postgresql", "targetQueryValue", "activationTargetQueryValue", 0},
    {"rabbitmq", "value", "activationValue", 0},
    {"redis", "listLength", "activationListLength", 5},
    {"redis-cluster", "listLength", "activationListLength", 5},
    {"redis-sentinel", "listLength", "activationListLength", 5},
    {"temporal", "targetQueueSize", "activationTargetQueueSize", 5},
};

static const char *const more_types[] = {
    "arangodb",
    "artemis-queue",
    "aws-dynamodb",
    "aws-dynamodb-streams",
    "aws-kinesis-stream",
    "azure-app-insights",
    "azure-blob",
    "azure-data-explorer",
    "azure-eventhub",
    "azure-log-analytics",
    "azure-monitor",
    "azure-pipelines",
    "beanstalkd",
    "cassandra",
    "couchdb",
    "dynatrace",
    "etcd",
    "external",
    "external-push",
    "forgejo-runner",
    "gcp-cloudtasks",
    "gcp-stackdriver",
    "gcp-storage",
    "github-runner",
    "huawei-cloudeye",
    "ibmmq",
    "liiklus",
    "nsq",
    "openstack-metric",
    "openstack-swift",
    "predictkube",
    "pulsar",
    "redis-cluster-streams",
    "redis-sentinel-streams",
    "redis-streams",
    "selenium-grid",
    "solace-direct-messaging",
    "solace-event-queue",
    "solarwinds",
    "solr",
    "splunk",
    "splunk-observability",
    "stan",
    "sumologic",
};

static const char *const read_types[] = {"prometheus", "cpu",         "memory",
                                         "cron",       "metrics-api", "kubernetes-workload"};

/* Returns whether KEDA has such a type. */
static int say_series(struct build *b, const char *name)
{
    const char *names[COUNT(others) + COUNT(more_types) + COUNT(read_types)], *near = NULL;
    size_t count = 0;
    int known = 0;
    struct weir__message m;

    for (size_t i = 0; i < COUNT(others); i++) {
        names[count++] = others[i].type;
    }
    for (size_t i = 0; i < COUNT(more_types); i++) {
        names[count++] = more_types[i];
    }
    for (size_t i = 0; i < COUNT(read_types); i++) {
        names[count++] = read_types[i];
    }
    for (size_t i = 0; i < count; i++) {
        known |= strcmp(names[i], name) == 0;
    }
    weir__message_clear(&m);
    if (known) {
        weir__message_add(&m,
                          "weir knows nothing of this type but the value that it gives: it needs "
                          "a series");
    } else {
        near = weir_nearest_name(name, names, count);
        weir__message_quote(&m, name, strlen(name));
        weir__message_add(&m, " is no type of KEDA 2.21, which could not build it");
        if (near != NULL) {
            weir__message_add(&m, "; did you mean ");
            weir__message_add(&m, near);
        }
        weir__message_add(&m, "; weir keeps it, needs a series for it and takes 1 as its "
                              "target");
    }
    weir__keda_say(b->c, &b->in->is, "type", known ? WEIR_PROBLEM_NOTICE : WEIR_PROBLEM_WARNING,
                   known ? 0 : WEIR_STAGE_BUILD, &m);
    return known;
}

static double number_of(struct build *b, const char *key, double otherwise)
{
    size_t length;
    const char *text = key != NULL ? weir__metadata_get(b->in, key, &length) : NULL;
    double value;

    return text != NULL && weir__json_number(text, length, &value) ? value : otherwise;
}

static void guess_target(struct build *b, const char *key, double number, int silent)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m,
                      "weir does not know where this type has its target, and takes 1: the number "
                      "of replicas is the value itself");
    if (number > 0) {
        set_target(b, key, number);
        return;
    }
    if (!silent) {
        weir__keda_say(b->c, &b->in->is, "metadata", WEIR_PROBLEM_WARNING, 0, &m);
    }
    set_target(b, "metadata", 1);
}

static void build_other(struct build *b)
{
    const char *type = weir__keda_text(&b->in->type);
    size_t row = 0;
    int known;

    while (row < COUNT(others) && strcmp(others[row].type, type) != 0) {
        row++;
    }
    known = say_series(b, type);
    set_name(b, NULL, type, 1);
    set_external_type(b);
    if (row < COUNT(others)) {
        b->out->trigger.activation = number_of(b, others[row].activation, 0);
        guess_target(b, others[row].target, number_of(b, others[row].target, others[row].otherwise),
                     0);
    } else {
        guess_target(b, "threshold", 0, !known);
    }
}

/* What an external scaler wants as target it says itself, when it is asked. */
static void build_external(struct build *b)
{
    size_t length;
    struct weir__message m;

    if (weir__metadata_get(b->in, "scalerAddress", &length) == NULL &&
        b->in->metadata.is.state == WEIR__PRESENT) {
        weir__metadata_error(b->c, b->in, "scalerAddress", WEIR_STAGE_BUILD, "is missing");
    }
    weir__message_clear(&m);
    weir__message_add(&m, "the scaler itself names metric and target when KEDA asks it; weir takes "
                          "one metric with target 1, and needs a series for it");
    weir__keda_say(b->c, &b->in->is, "type", WEIR_PROBLEM_NOTICE, 0, &m);
    set_name(b, NULL, "external", 0);
    set_external_type(b);
    set_target(b, "scalerAddress", 1);
}

/* ---- a trigger ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int32_t type;
    void (*build)(struct build *b);
} types[] = {
    {"prometheus", WEIR_TRIGGER_PROMETHEUS, build_prometheus},
    {"cpu", WEIR_TRIGGER_CPU, build_resource},
    {"memory", WEIR_TRIGGER_MEMORY, build_resource},
    {"cron", WEIR_TRIGGER_CRON, build_cron},
    {"metrics-api", WEIR_TRIGGER_METRICS_API, build_metrics_api},
    {"external", WEIR_TRIGGER_EXTERNAL, build_external},
    {"external-push", WEIR_TRIGGER_EXTERNAL_PUSH, build_external},
    {"kubernetes-workload", WEIR_TRIGGER_KUBERNETES_WORKLOAD, build_workload},
};

static void set_trigger_name(struct build *b)
{
    const char *name = weir__keda_text(&b->in->name);
    weir_keda_trigger *t = &b->out->trigger;
    size_t length = strlen(name);

    if (length >= sizeof t->name) {
        weir__keda_error(b->c, &b->in->is, "name", 0, "is longer than weir has room for");
        length = sizeof t->name - 1;
    }
    memcpy(t->name, name, length);
}

void weir__keda_build_trigger(struct weir__keda_check *c, size_t index,
                              struct weir__keda_metric *out)
{
    struct build b = {c, weir__keda_trigger_at(&c->object->spec, index), index, out};
    struct weir__keda_spot spot = weir__keda_enter_trigger(c, index);
    const char *type = weir__keda_text(&b.in->type);
    size_t i = 0;

    out->trigger.ignore_null_values = 1;
    out->trigger.use_cached_metrics = b.in->cached.value;
    out->target_type = "AverageValue";
    set_trigger_name(&b);
    while (i < COUNT(types) && strcmp(types[i].name, type) != 0) {
        i++;
    }
    out->trigger.type = i < COUNT(types) ? types[i].type : WEIR_TRIGGER_OTHER;
    if (i < COUNT(types)) {
        types[i].build(&b);
    } else if (type[0] != '\0') {
        build_other(&b);
    }
    weir__keda_leave(c, spot);
}
