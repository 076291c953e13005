/*
 * manifest/keda_others.c - the types of triggers of which weir knows nothing but the value: where
 * they have their target, if that is known, and that they need a series.
 *
 * Upstream: KEDA pkg/scaling/scalers_builder.go, and the scalers that it builds.
 */
#include "keda_trigger.h"

#include <string.h>

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
static int say_series(struct weir__trigger_build *b, const char *name)
{
    const char *names[WEIR__COUNT(others) + WEIR__COUNT(more_types) + WEIR__COUNT(read_types)],
        *near = NULL;
    size_t count = 0;
    int known = 0;
    struct weir__message m;

    for (size_t i = 0; i < WEIR__COUNT(others); i++) {
        names[count++] = others[i].type;
    }
    for (size_t i = 0; i < WEIR__COUNT(more_types); i++) {
        names[count++] = more_types[i];
    }
    for (size_t i = 0; i < WEIR__COUNT(read_types); i++) {
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

static double number_of(struct weir__trigger_build *b, const char *key, double otherwise)
{
    size_t length;
    const char *text = key != NULL ? weir__metadata_get(b->in, key, &length) : NULL;
    double value;

    return text != NULL && weir__json_number(text, length, &value) ? value : otherwise;
}

static void guess_target(struct weir__trigger_build *b, const char *key, double number, int silent)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m,
                      "weir does not know where this type has its target, and takes 1: the number "
                      "of replicas is the value itself");
    if (number > 0) {
        weir__trigger_target(b, key, number);
        return;
    }
    if (!silent) {
        weir__keda_say(b->c, &b->in->is, "metadata", WEIR_PROBLEM_WARNING, 0, &m);
    }
    weir__trigger_target(b, "metadata", 1);
}

void weir__build_other(struct weir__trigger_build *b)
{
    const char *type = weir__keda_text(&b->in->type);
    size_t row = 0;
    int known;

    while (row < WEIR__COUNT(others) && strcmp(others[row].type, type) != 0) {
        row++;
    }
    known = say_series(b, type);
    weir__trigger_name(b, NULL, type, 1);
    weir__trigger_external_type(b);
    if (row < WEIR__COUNT(others)) {
        b->out->trigger.activation = number_of(b, others[row].activation, 0);
        guess_target(b, others[row].target, number_of(b, others[row].target, others[row].otherwise),
                     0);
    } else {
        guess_target(b, "threshold", 0, !known);
    }
}

/* What an external scaler wants as target it says itself, when it is asked. */
void weir__build_external(struct weir__trigger_build *b)
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
    weir__trigger_name(b, NULL, "external", 0);
    weir__trigger_external_type(b);
    weir__trigger_target(b, "scalerAddress", 1);
}
