/* ScaledObjects of manifests: every problem with its place and the stage at which a cluster refuses
 * it, what they come to, the HPA that KEDA makes. Upstream's own verdicts are in the conformance
 * vectors. */
#include "short_memory.h"
#include "table.h"
#include <stdio.h>
#include <weir/autoscaler.h>
#include <weir/keda.h>
#include <weir/manifest.h>

#define HEAD                                                                                       \
    "apiVersion: keda.sh/v1alpha1\n"                                                               \
    "kind: ScaledObject\n"
#define PROMETHEUS "{type: prometheus, metadata: {serverAddress: s, query: q, threshold: \"5\"}}"
/* Lines 1 to 6; what is under test begins at line 7. */
#define SPEC(rest)                                                                                 \
    HEAD "metadata: {name: so}\nspec:\n  scaleTargetRef: {name: web}\n"                            \
         "  triggers: [" PROMETHEUS "]\n" rest
#define TRIGGER(trigger)                                                                           \
    HEAD "metadata: {name: so}\nspec:\n  scaleTargetRef: {name: web}\n  triggers:\n  - " trigger   \
         "\n"
#define PROMETHEUS_WITH(more)                                                                      \
    TRIGGER("{type: prometheus, metadata: {serverAddress: s, query: q, " more "}}")
#define ANNOTATED(annotations)                                                                     \
    HEAD "metadata: {name: so, annotations: {" annotations "}}\n"                                  \
         "spec: {scaleTargetRef: {name: web}, triggers: [" PROMETHEUS "]}\n"
#define FORMULA(modifiers)                                                                         \
    HEAD "metadata: {name: so}\nspec:\n  scaleTargetRef: {name: web}\n"                            \
         "  triggers: [{name: a, type: prometheus, metadata: {serverAddress: s, query: q, "        \
         "threshold: \"5\"}}]\n"                                                                   \
         "  advanced: {scalingModifiers: {" modifiers "}}\n"

static weir_manifest *load(const char *text)
{
    weir_manifest *m;

    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    assert_int_equal(weir_manifest_add(m, "so.yaml", text, strlen(text)), WEIR_OK);
    assert_int_equal(weir_manifest_finish(m), WEIR_OK);
    return m;
}

static const weir_keda_config *config_of(const weir_manifest *m)
{
    const weir_manifest_item *item = weir_manifest_get_item(m, 0);

    assert_non_null(item);
    assert_int_equal(item->kind, WEIR_KIND_KEDA);
    return item->config;
}

/* ---- one problem each ----------------------------------------------------------------------- */

#define API       WEIR_STAGE_API
#define WEBHOOK   WEIR_STAGE_WEBHOOK
#define RECONCILE WEIR_STAGE_RECONCILE
#define BUILD     WEIR_STAGE_BUILD
#define HPA       WEIR_STAGE_HPA

struct row {
    const char *name, *text;
    int32_t severity, stages, line, column;
    const char *path, *message;
};

static const struct row rows[] = {
    {"no target", HEAD "metadata: {name: so}\nspec: {triggers: [" PROMETHEUS "]}\n", 0, API, 4, 7,
     "spec.scaleTargetRef", "is missing"},
    {"a target without a name",
     HEAD "metadata: {name: so}\nspec: {scaleTargetRef: {kind: Deployment}, triggers: [" PROMETHEUS
          "]}\n",
     0, API, 4, 24, "spec.scaleTargetRef.name", "is missing"},
    {"no triggers", HEAD "metadata: {name: so}\nspec: {scaleTargetRef: {name: web}}\n", 0,
     API | WEBHOOK | RECONCILE, 4, 7, "spec.triggers", "is missing"},
    {"an empty list of triggers",
     HEAD "metadata: {name: so}\nspec: {scaleTargetRef: {name: web}, triggers: []}\n", 0,
     API | WEBHOOK | RECONCILE, 4, 47, "spec.triggers", "the list is empty"},
    {"no spec", HEAD "metadata: {name: so}\n", 0, 0, 1, 1, "spec", "is missing"},
    {"a count that is text", SPEC("  minReplicaCount: \"1\"\n"), 0, API, 7, 20,
     "spec.minReplicaCount", "must be a whole number of 32 bits, got the text \"1\""},
    {"a count below zero", SPEC("  minReplicaCount: -1\n"), 0, API, 7, 20, "spec.minReplicaCount",
     "must be at least 0, got -1"},
    {"a maximum of zero", SPEC("  maxReplicaCount: 0\n"), 0, API, 7, 20, "spec.maxReplicaCount",
     "must be at least 1, got 0"},
    {"no polling", SPEC("  pollingInterval: 0\n"), 0, API, 7, 20, "spec.pollingInterval",
     "must be at least 1"},
    {"crossed bounds", SPEC("  minReplicaCount: 4\n  maxReplicaCount: 3\n"), 0, WEBHOOK | RECONCILE,
     7, 20, "spec.minReplicaCount", "must not be above maxReplicaCount 3, got 4"},
    {"idle at the minimum", SPEC("  minReplicaCount: 2\n  idleReplicaCount: 2\n"), 0,
     WEBHOOK | RECONCILE, 8, 21, "spec.idleReplicaCount",
     "must be below minReplicaCount, which counts as 2 here, got 2"},
    {"idle without a minimum", SPEC("  idleReplicaCount: 0\n"), 0, WEBHOOK | RECONCILE, 7, 21,
     "spec.idleReplicaCount", "counts as 0 here, got 0"},
    {"an unquoted number", PROMETHEUS_WITH("threshold: 5"), 0, API, 7, 74,
     "spec.triggers[0].metadata.threshold",
     "must be of type string, got \"integer\": write \"5\", with the quotes"},
    {"an unquoted fraction", PROMETHEUS_WITH("threshold: 0.75"), 0, API, 7, 74,
     "spec.triggers[0].metadata.threshold", "got \"number\": write \"0.75\", with the quotes"},
    {"an unquoted switch", PROMETHEUS_WITH("threshold: '5', ignoreNullValues: false"), 0, API, 7,
     97, "spec.triggers[0].metadata.ignoreNullValues", "got \"boolean\": write \"false\""},
    {"a list for a text", PROMETHEUS_WITH("threshold: '5', namespace: []"), 0, API, 7, 90,
     "spec.triggers[0].metadata.namespace", "must be of type string, got \"array\""},
    {"no metadata", TRIGGER("type: prometheus\n    metadata: null"), 0, API, 8, 15,
     "spec.triggers[0].metadata", "is missing"},
    {"no type", TRIGGER("metadata: {}"), 0, API, 7, 5, "spec.triggers[0].type", "is missing"},
    {"an authentication of no kind",
     TRIGGER("{type: prometheus, metadata: {serverAddress: s, query: q, threshold: '5'}, "
             "authenticationRef: {name: a, kind: Secret}}"),
     0, API, 7, 115, "spec.triggers[0].authenticationRef.kind",
     "must be one of TriggerAuthentication, ClusterTriggerAuthentication, got \"Secret\""},
    {"cached cron",
     TRIGGER("{type: cron, useCachedMetrics: true, metadata: {start: 0 8 * * *, end: 0 9 * * *, "
             "timezone: UTC, desiredReplicas: '3'}}"),
     0, WEBHOOK | RECONCILE, 7, 36, "spec.triggers[0].useCachedMetrics", "must not be set"},
    {"a name twice",
     TRIGGER("{name: a, type: prometheus, metadata: &m {serverAddress: s, query: q, threshold: "
             "'5'}}\n  - {name: a, type: prometheus, metadata: *m}"),
     0, WEBHOOK | RECONCILE, 8, 12, "spec.triggers[1].name",
     "must be unique: triggers[0] is also named \"a\""},
    {"cpu alone at zero", TRIGGER("{type: cpu, metricType: Utilization, metadata: {value: '50'}}"),
     0, WEBHOOK, 5, 3, "spec.minReplicaCount",
     "must be above 0 while all triggers are cpu or memory"},
    {"cpu of no type", TRIGGER("{type: cpu, metadata: {value: '50'}}") "  minReplicaCount: 1\n", 0,
     BUILD, 7, 5, "spec.triggers[0].metricType",
     "is missing: cpu and memory need Utilization or AverageValue"},
    {"cpu by the old key",
     TRIGGER(
         "{type: cpu, metricType: Utilization, metadata: {type: Utilization, value: '50'}}") "  "
                                                                                             "minRe"
                                                                                             "plica"
                                                                                             "Count"
                                                                                             ": "
                                                                                             "1\n",
     0, BUILD, 7, 59, "spec.triggers[0].metadata.type", "must not be here since KEDA 2.18"},
    {"a quantity that crashes KEDA",
     TRIGGER(
         "{type: cpu, metricType: AverageValue, metadata: {value: half}}") "  "
                                                                           "minReplicaCount: 1\n",
     0, BUILD, 7, 61, "spec.triggers[0].metadata.value", "KEDA crashes on this one"},
    {"no threshold", PROMETHEUS_WITH("namespace: ns"), 0, BUILD, 7, 34,
     "spec.triggers[0].metadata.threshold", "is missing"},
    {"a blank threshold", PROMETHEUS_WITH("threshold: ' '"), 0, BUILD, 7, 74,
     "spec.triggers[0].metadata.threshold", "must not be empty"},
    {"a threshold that is no number of JSON", PROMETHEUS_WITH("threshold: '.5'"), 0, BUILD, 7, 74,
     "spec.triggers[0].metadata.threshold",
     "must be a number as JSON has it, such as 5, 0.5 or 1e3, got \".5\""},
    {"a threshold of nothing", PROMETHEUS_WITH("threshold: '0.0004'"), 0, HPA, 7, 74,
     "spec.triggers[0].metadata.threshold", "rounded to three decimals it is 0"},
    {"a threshold beyond all", PROMETHEUS_WITH("threshold: '9.3e15'"), 0, HPA, 7, 74,
     "spec.triggers[0].metadata.threshold", "is more than the HPA can count"},
    {"a switch that is none", PROMETHEUS_WITH("threshold: '5', ignoreNullValues: 'yes'"), 0, BUILD,
     7, 97, "spec.triggers[0].metadata.ignoreNullValues", "must be true or false, got \"yes\""},
    {"a time of less than none", PROMETHEUS_WITH("threshold: '5', timeout: -1s"), 0, BUILD, 7, 88,
     "spec.triggers[0].metadata.timeout", "must be a duration of 0 or more"},
    {"headers without values", PROMETHEUS_WITH("threshold: '5', customHeaders: 'a=b,c'"), 0, BUILD,
     7, 94, "spec.triggers[0].metadata.customHeaders", "must be key=value pairs"},
    {"an unknown mode", PROMETHEUS_WITH("threshold: '5', authModes: 'tls, magic'"), 0, BUILD, 7, 90,
     "spec.triggers[0].metadata.authModes",
     "must be one of apiKey, basic, tls, bearer, custom, oauth, got \"tls, magic\""},
    {"a mode that lacks its secret", PROMETHEUS_WITH("threshold: '5', authModes: bearer"), 0, BUILD,
     7, 90, "spec.triggers[0].metadata.authModes",
     "bearer needs bearerToken from an authenticationRef, and there is none"},
    {"utilization of something else",
     TRIGGER("{type: prometheus, metricType: Utilization, metadata: {serverAddress: s, query: q, "
             "threshold: '5'}}"),
     0, BUILD, 7, 36, "spec.triggers[0].metricType",
     "must be AverageValue or Value, got \"Utilization\""},
    {"a type that only the HPA refuses",
     TRIGGER("{type: prometheus, metricType: Average, metadata: {serverAddress: s, query: q, "
             "threshold: '5'}}"),
     0, HPA, 7, 36, "spec.triggers[0].metricType", "got \"Average\""},
    {"metricType in metadata", PROMETHEUS_WITH("threshold: '5', metricType: Value"), 1, 0, 7, 91,
     "spec.triggers[0].metadata.metricType",
     "is ignored here: KEDA reads metricType beside type, not in metadata; what counts is the "
     "default, AverageValue"},
    {"a misspelled parameter", PROMETHEUS_WITH("threshold: '5', treshold: '6'"), 1, 0, 7, 89,
     "spec.triggers[0].metadata.treshold", "did you mean threshold"},
    {"a schedule that is none",
     TRIGGER("{type: cron, metadata: {start: 0 8 * * 7, end: 0 9 * * *, timezone: UTC, "
             "desiredReplicas: '3'}}"),
     0, BUILD, 7, 36, "spec.triggers[0].metadata.start", ""},
    {"a schedule that ends as it starts",
     TRIGGER("{type: cron, metadata: {start: 0 8 * * *, end: 0 8 * * *, timezone: UTC, "
             "desiredReplicas: '3'}}"),
     0, BUILD, 7, 52, "spec.triggers[0].metadata.end", ""},
    {"no replicas by cron",
     TRIGGER("{type: cron, metadata: {start: 0 8 * * *, end: 0 9 * * *, timezone: UTC, "
             "desiredReplicas: '0'}}"),
     0, BUILD, 7, 95, "spec.triggers[0].metadata.desiredReplicas", ""},
    {"an answer without a target",
     TRIGGER("{type: metrics-api, metadata: {url: u, valueLocation: v}}"), 0, BUILD, 7, 35,
     "spec.triggers[0].metadata.targetValue", "must be there and not 0"},
    {"a workload without a value",
     TRIGGER("{type: kubernetes-workload, metadata: {podSelector: app=x}}"), 0, BUILD, 7, 43,
     "spec.triggers[0].metadata.value", "must be there and above 0"},
    {"a type of KEDA",
     TRIGGER("{type: rabbitmq, metadata: {value: '20', queueName: q, mode: QueueLength}}"), 2, 0, 7,
     12, "spec.triggers[0].type", "it needs a series"},
    {"a type that KEDA does not have", TRIGGER("{type: promethius, metadata: {value: '20'}}"), 1,
     BUILD, 7, 12, "spec.triggers[0].type",
     "is no type of KEDA 2.21, which could not build it; did you mean prometheus; weir keeps it"},
    {"fallback below zero", SPEC("  fallback: {failureThreshold: 3, replicas: -1}\n"), 0,
     API | WEBHOOK, 7, 45, "spec.fallback.replicas", "must be at least 0"},
    {"half a fallback", SPEC("  fallback: {replicas: 1}\n"), 0, API, 7, 13,
     "spec.fallback.failureThreshold", "is missing"},
    {"a fallback of no kind",
     SPEC("  fallback: {failureThreshold: 3, replicas: 1, behavior: odd}\n"), 0, API, 7, 58,
     "spec.fallback.behavior", "must be one of static, currentReplicas"},
    {"a fallback for cpu",
     TRIGGER("{type: cpu, metricType: Utilization, metadata: {value: '50'}}") "  minReplicaCount: "
                                                                              "1\n  fallback: "
                                                                              "{failureThreshold: "
                                                                              "3, replicas: 1}\n",
     0, WEBHOOK, 9, 13, "spec.fallback", "needs a trigger that is neither cpu nor memory"},
    {"a fallback into no formula",
     SPEC("  fallback: {failureThreshold: 3, replicas: 1, behavior: scalingModifiers}\n"), 0,
     WEBHOOK, 7, 58, "spec.fallback.behavior", "needs advanced.scalingModifiers.formula"},
    {"a target without a formula", FORMULA("target: '2'"), 0, WEBHOOK, 7, 32,
     "spec.advanced.scalingModifiers.formula", "is missing"},
    {"a formula without a target", FORMULA("formula: a"), 0, WEBHOOK | BUILD, 7, 32,
     "spec.advanced.scalingModifiers.target", "is missing"},
    {"a target of nothing", FORMULA("formula: a, target: '0'"), 0, WEBHOOK | BUILD, 7, 53,
     "spec.advanced.scalingModifiers.target", "must be a number above 0, got \"0\""},
    {"a formula with an unknown name", FORMULA("formula: b + 1, target: '2'"), 0, WEBHOOK | BUILD,
     7, 42, "spec.advanced.scalingModifiers.formula", "at column 1: "},
    {"a formula that fails at -1", FORMULA("formula: '[1.0][int(a) + 3]', target: '2'"), 0,
     WEBHOOK | BUILD, 7, 42, "spec.advanced.scalingModifiers.formula", "with every trigger at -1"},
    {"an activation that is no number", FORMULA("formula: a, target: '2', activationTarget: x"), 1,
     0, 7, 76, "spec.advanced.scalingModifiers.activationTarget", "is no number"},
    {"a window too long",
     SPEC("  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: "
          "{stabilizationWindowSeconds: 3700}}}}\n"),
     0, API, 7, 97,
     "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds",
     "must be in [0, 3600], got 3700"},
    {"a policy that only the HPA refuses",
     SPEC("  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {policies: [{type: "
          "Pods, value: 0, periodSeconds: 60}]}}}}\n"),
     0, HPA, 7, 100,
     "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.policies[0].value",
     "must be above 0, got 0"},
    {"a policy without a period",
     SPEC("  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {policies: [{type: "
          "Pods, value: 1}]}}}}\n"),
     0, API, 7, 80,
     "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.policies[0].periodSeconds",
     "is missing"},
    {"polling that decides nothing", SPEC("  minReplicaCount: 1\n  pollingInterval: 15\n"), 1,
     WEBHOOK, 8, 20, "spec.pollingInterval", "decides no scaling"},
    {"a cooldown that does nothing", SPEC("  minReplicaCount: 1\n  cooldownPeriod: 120\n"), 1,
     WEBHOOK, 8, 19, "spec.cooldownPeriod", "does nothing while minReplicaCount is above 0"},
    {"an unknown field", SPEC("  minReplicas: 1\n"), 1, 0, 7, 3, "spec.minReplicas",
     "did you mean minReplicaCount"},
    {"a pause of no size", ANNOTATED("autoscaling.keda.sh/paused-replicas: '5.0'"), 0, RECONCILE, 3,
     73, "metadata.annotations[autoscaling.keda.sh/paused-replicas]",
     "must be a whole number of 32 bits, got \"5.0\""},
    {"a name too long",
     HEAD "metadata: {name: abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcde}\n"
          "spec: {scaleTargetRef: {name: web}, triggers: [" PROMETHEUS "]}\n",
     0, WEBHOOK, 3, 18, "metadata.name", "the HPA's name, keda-hpa- and this one"},
};

static void says_what_is_wrong_and_at_which_stage(void **state)
{
    const struct row *row = *state;
    weir_manifest *m = load(row->text);
    const weir_problem *p = weir_manifest_get_problem(m, 0);

    assert_int_equal(weir_manifest_problem_count(m), 1);
    assert_string_equal(p->error.path, row->path);
    if (strstr(p->error.message, row->message) == NULL) {
        assert_string_equal(p->error.message, row->message);
    }
    assert_int_equal(p->severity, row->severity);
    assert_int_equal(p->stages, row->stages);
    assert_int_equal(p->error.line, row->line);
    assert_int_equal(p->error.column, row->column);
    assert_int_equal(weir_manifest_get_item(m, 0)->error_count, row->severity == 0);
    weir_manifest_free(m);
}

static void everything_is_said_at_once(void **state)
{
    static const char *const paths[] = {
        "spec.minReplicaCount",
        "spec.idleReplicaCount",
        "spec.fallback.replicas",
        "spec.advanced.scalingModifiers.formula",
        "spec.triggers[0].metadata.threshold",
        "spec.triggers[0].metadata.query",
        "spec.triggers[1].type",
    };
    weir_manifest *m = load(HEAD "metadata: {name: so}\n"
                                 "spec:\n"
                                 "  scaleTargetRef: {name: web}\n"
                                 "  minReplicaCount: 5\n"
                                 "  maxReplicaCount: 3\n"
                                 "  idleReplicaCount: -1\n"
                                 "  fallback: {failureThreshold: 1, replicas: -2}\n"
                                 "  advanced: {scalingModifiers: {target: '2'}}\n"
                                 "  triggers:\n"
                                 "  - {type: prometheus, metadata: {serverAddress: s, threshold: "
                                 "five}}\n"
                                 "  - {metadata: {}}\n");

    (void)state;
    for (size_t k = 0; k < sizeof paths / sizeof paths[0]; k++) {
        int found = 0;

        for (size_t i = 0; i < weir_manifest_problem_count(m); i++) {
            found |= strcmp(weir_manifest_get_problem(m, i)->error.path, paths[k]) == 0;
        }
        if (!found) {
            fail_msg("nothing was said about %s", paths[k]);
        }
    }
    assert_int_equal(weir_manifest_error_count(m), sizeof paths / sizeof paths[0]);
    assert_int_equal(config_of(m)->defect, WEIR_KEDA_REFUSED);
    weir_manifest_free(m);
}

/* ---- what it comes to ----------------------------------------------------------------------- */

static void a_scaled_object_becomes_a_configuration(void **state)
{
    weir_manifest *m = load(HEAD "metadata:\n"
                                 "  name: so\n"
                                 "  annotations:\n"
                                 "    autoscaling.keda.sh/paused-scale-in: 'no'\n"
                                 "    autoscaling.keda.sh/paused-scale-out: 'false'\n"
                                 "    autoscaling.keda.sh/force-activation: 't'\n"
                                 "spec:\n"
                                 "  scaleTargetRef: {name: web}\n"
                                 "  pollingInterval: 15\n"
                                 "  cooldownPeriod: 120\n"
                                 "  initialCooldownPeriod: 60\n"
                                 "  minReplicaCount: 2\n"
                                 "  idleReplicaCount: 0\n"
                                 "  maxReplicaCount: 7\n"
                                 "  fallback: {failureThreshold: 3, replicas: 4, behavior: "
                                 "currentReplicasIfLower}\n"
                                 "  advanced:\n"
                                 "    restoreToOriginalReplicaCount: true\n"
                                 "    horizontalPodAutoscalerConfig:\n"
                                 "      behavior: {scaleDown: {stabilizationWindowSeconds: 90}}\n"
                                 "    scalingModifiers: {formula: a * 2, target: '3', "
                                 "activationTarget: '1', metricType: Value}\n"
                                 "  triggers:\n"
                                 "  - type: prometheus\n"
                                 "    name: a\n"
                                 "    metricType: Value\n"
                                 "    useCachedMetrics: true\n"
                                 "    metadata: {serverAddress: s, query: q, threshold: ' 1e3 ', "
                                 "activationThreshold: '-2.5', ignoreNullValues: F}\n"
                                 "  - type: memory\n"
                                 "    metricType: AverageValue\n"
                                 "    metadata: {value: 1.5Gi, containerName: main}\n");
    const weir_keda_config *c = config_of(m);

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_true(c->polling_interval == 15 * WEIR_SECOND);
    assert_true(c->cooldown_period == 120 * WEIR_SECOND);
    assert_true(c->initial_cooldown_period == 60 * WEIR_SECOND);
    assert_int_equal(c->min_replicas, 2);
    assert_int_equal(c->idle_replicas, 0);
    assert_int_equal(c->max_replicas, 7);
    assert_int_equal(c->paused, 0);
    assert_int_equal(c->paused_scale_in, 1);
    assert_int_equal(c->paused_scale_out, 0);
    assert_int_equal(c->force_activation, 1);
    assert_int_equal(c->restore_original, 1);
    assert_int_equal(c->defect, WEIR_KEDA_SOUND);
    assert_int_equal(c->fallback.enabled, 1);
    assert_int_equal(c->fallback.failure_threshold, 3);
    assert_int_equal(c->fallback.replicas, 4);
    assert_int_equal(c->fallback.behavior, WEIR_FALLBACK_CURRENT_IF_LOWER);
    assert_int_equal(c->modifiers.enabled, 1);
    assert_int_equal(c->modifiers.metric_type, WEIR_HPA_VALUE);
    assert_string_equal(c->modifiers.formula, "a * 2");
    assert_string_equal(c->modifiers.target, "3");
    assert_string_equal(c->modifiers.activation_target, "1");
    assert_int_equal(c->behavior, 1);
    assert_true(c->scale_down.stabilization_window == 90 * WEIR_SECOND);
    assert_int_equal(c->scale_up.policy_count, 2);
    assert_int_equal(c->trigger_count, 2);
    assert_int_equal(c->triggers[0].type, WEIR_TRIGGER_PROMETHEUS);
    assert_int_equal(c->triggers[0].metric_type, WEIR_HPA_VALUE);
    assert_int_equal(c->triggers[0].use_cached_metrics, 1);
    assert_int_equal(c->triggers[0].ignore_null_values, 0);
    assert_int_equal(c->triggers[0].target, 1000000);
    assert_bits_equal(c->triggers[0].activation, -2.5);
    assert_string_equal(c->triggers[0].name, "a");
    assert_string_equal(c->triggers[0].metric_name, "s0-prometheus");
    assert_int_equal(c->triggers[1].type, WEIR_TRIGGER_MEMORY);
    assert_int_equal(c->triggers[1].metric_type, WEIR_HPA_AVERAGE_VALUE);
    assert_true(c->triggers[1].target == INT64_C(1610612736000));
    assert_string_equal(c->triggers[1].container, "main");
    weir_manifest_free(m);
}

static void what_is_left_out_is_upstreams_default(void **state)
{
    weir_manifest *m = load(SPEC(""));
    const weir_keda_config *c = config_of(m);

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_int_equal(c->min_replicas, WEIR_KEDA_UNSET);
    assert_int_equal(c->max_replicas, WEIR_KEDA_UNSET);
    assert_int_equal(c->idle_replicas, WEIR_KEDA_UNSET);
    assert_true(c->polling_interval == 30 * WEIR_SECOND);
    assert_true(c->cooldown_period == 300 * WEIR_SECOND);
    assert_int_equal(c->fallback.enabled, 0);
    assert_int_equal(c->modifiers.enabled, 0);
    assert_int_equal(c->behavior, 0);
    assert_int_equal(c->triggers[0].ignore_null_values, 1);
    weir_manifest_free(m);
}

struct defect_row {
    const char *name, *text;
    int32_t defect;
};

static const struct defect_row defects[] = {
    {"sound", SPEC(""), WEIR_KEDA_SOUND},
    {"unbuildable", PROMETHEUS_WITH("namespace: ns"), WEIR_KEDA_UNBUILDABLE},
    {"refused", SPEC("  minReplicaCount: 4\n  maxReplicaCount: 3\n"), WEIR_KEDA_REFUSED},
    {"refused by the webhook alone", SPEC("  fallback: {failureThreshold: 0, replicas: -1}\n"),
     WEIR_KEDA_SOUND},
    {"bad pause", ANNOTATED("autoscaling.keda.sh/paused-replicas: x"), WEIR_KEDA_BAD_PAUSE},
};

static void a_spec_that_is_in_force_all_the_same_has_a_defect(void **state)
{
    const struct defect_row *row = *state;
    weir_manifest *m = load(row->text);

    assert_int_equal(config_of(m)->defect, row->defect);
    weir_manifest_free(m);
}

struct guess_row {
    const char *name, *trigger, *metric_name;
    int64_t target;
    double activation;
};

static const struct guess_row guesses[] = {
    {"rabbitmq", "{type: rabbitmq, metadata: {value: '20', activationValue: '3'}}", "s0-rabbitmq",
     20000, 3},
    {"kafka by its default", "{type: kafka, metadata: {topic: t}}", "s0-kafka", 10000, 0},
    {"redis-streams, of which nothing is known", "{type: redis-streams, metadata: {stream: t}}",
     "s0-redis-streams", 1000, 0},
    {"external", "{type: external, metadata: {scalerAddress: s}}", "s0-external", 1000, 0},
    {"metrics-api",
     "{type: metrics-api, metadata: {url: u, valueLocation: 'a.b/c', targetValue: '0.5', "
     "activationTargetValue: '2'}}",
     "s0-metric-api-a-b-c", 500, 2},
    {"kubernetes-workload",
     "{type: kubernetes-workload, metadata: {podSelector: a=b, value: '2', activationValue: '1'}}",
     "s0-workload-default", 2000, 1},
    {"cron",
     "{type: cron, metadata: {start: 0 8 * * *, end: 0 20 * * *, timezone: Etc/UTC, "
     "desiredReplicas: '4'}}",
     "s0-cron-Etc-UTC-08xxx-020xxx", 1000, 0},
};

static void a_trigger_of_any_type_has_a_name_and_a_target(void **state)
{
    const struct guess_row *row = *state;
    char text[600];
    weir_manifest *m;
    const weir_keda_trigger *t;

    snprintf(text, sizeof text, TRIGGER("%s"), row->trigger);
    m = load(text);
    t = &config_of(m)->triggers[0];
    assert_int_equal(weir_manifest_error_count(m), 0);
    assert_string_equal(t->metric_name, row->metric_name);
    assert_true(t->target == row->target);
    assert_bits_equal(t->activation, row->activation);
    weir_manifest_free(m);
}

/* ---- other objects in the files ------------------------------------------------------------- */

#define DEPLOYMENT(resources)                                                                      \
    "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"                          \
    "spec: {template: {spec: {containers: [{name: main, resources: " resources "}]}}}\n"
#define LIMIT_RANGE                                                                                \
    "---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\n"                                 \
    "spec: {limits: [{type: Container, default: {cpu: 1}}]}\n"
#define CPU                                                                                        \
    TRIGGER("{type: cpu, metricType: Utilization, metadata: {value: '50'}}")                       \
    "  minReplicaCount: 1\n"
#define FOREIGN(annotations)                                                                       \
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n"                                  \
    "metadata: {name: theirs, annotations: {" annotations "}}\n"                                   \
    "spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}}\n" \
    "---\n"

struct other_row {
    const char *name, *text;
    size_t problems;
    const char *path, *message;
};

static const struct other_row others[] = {
    {"a request", CPU DEPLOYMENT("{requests: {cpu: 100m}}"), 0, "", ""},
    {"no request", CPU DEPLOYMENT("{requests: {memory: 1Gi}}"), 1, "spec.triggers[0].type",
     "needs a request or limit of cpu above 0 in container main"},
    {"no request, and a default", CPU DEPLOYMENT("{}") LIMIT_RANGE, 0, "", ""},
    {"a workload that nothing looks at",
     SPEC("") "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: other}\n", 1, "kind",
     "is passed over"},
    {"two on one workload",
     SPEC("") "---\n" HEAD "metadata: {name: so2}\nspec: {scaleTargetRef: "
              "{name: web}, triggers: [" PROMETHEUS "]}\n",
     1, "spec.scaleTargetRef", "is scaled already by the ScaledObject so (so.yaml, line 1)"},
    {"two in two namespaces",
     SPEC("") "---\n" HEAD "metadata: {name: so2, namespace: ns}\nspec: {scaleTargetRef: {name: "
              "web}, triggers: [" PROMETHEUS "]}\n",
     0, "", ""},
    {"two with one HPA",
     SPEC("") "---\n" HEAD "metadata: {name: so2}\nspec: {scaleTargetRef: {name: other}, advanced: "
              "{horizontalPodAutoscalerConfig: {name: keda-hpa-so}}, triggers: "
              "[" PROMETHEUS "]}\n",
     1, "metadata.name", "the HPA's name is taken by the ScaledObject so"},
    {"somebody else's HPA", FOREIGN("") SPEC(""), 1, "spec.scaleTargetRef",
     "is scaled already by the HorizontalPodAutoscaler theirs (so.yaml, line 1)"},
    {"an HPA that gives way", FOREIGN("validations.keda.sh/hpa-ownership: 'false'") SPEC(""), 0, "",
     ""},
};

static void other_objects_in_the_files_are_looked_at(void **state)
{
    const struct other_row *row = *state;
    weir_manifest *m = load(row->text);

    assert_int_equal(weir_manifest_problem_count(m), row->problems);
    if (row->problems > 0) {
        const weir_problem *p = weir_manifest_get_problem(m, 0);

        assert_string_equal(p->error.path, row->path);
        if (strstr(p->error.message, row->message) == NULL) {
            assert_string_equal(p->error.message, row->message);
        }
        assert_int_equal(p->stages, p->severity == WEIR_PROBLEM_ERROR ? WEBHOOK : 0);
    }
    weir_manifest_free(m);
}

/* ---- the HPA -------------------------------------------------------------------------------- */

static void assert_shown(const char *text, int32_t how, const char *wanted)
{
    weir_manifest *m = load(text);
    char got[4000], cut[20];
    size_t need;

    assert_int_equal(weir_manifest_show(m, 0, how, got, sizeof got, &need), WEIR_OK);
    assert_string_equal(got, wanted);
    assert_int_equal(need, strlen(wanted) + 1);
    assert_int_equal(weir_manifest_show(m, 0, how, NULL, 0, &need), WEIR_E_SPACE);
    assert_int_equal(weir_manifest_show(m, 0, how, cut, sizeof cut, NULL), WEIR_E_SPACE);
    assert_memory_equal(cut, wanted, sizeof cut - 1);
    assert_int_equal(weir_manifest_show(m, 1, how, got, sizeof got, NULL), WEIR_E_ARG);
    assert_int_equal(weir_manifest_show(m, 0, 4, got, sizeof got, NULL), WEIR_E_ARG);
    weir_manifest_free(m);
}

#define BASE                                                                                       \
    HEAD "metadata: {name: so, namespace: n, labels: {a: \"5\", b: x}, annotations: "              \
         "{scaledobject.keda.sh/hpa-excluded-labels: b}}\nspec:\n"                                 \
         "  scaleTargetRef: {name: web, kind: StatefulSet}\n"                                      \
         "  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleUp: {policies: [{type: "    \
         "Percent, value: 10, periodSeconds: 60}]}}}}\n"                                           \
         "  triggers: [" PROMETHEUS ", {type: cpu, metricType: Utilization, metadata: {value: "    \
         "'60'}}]\n"

static void the_hpa_is_shown_as_the_cluster_has_it(void **state)
{
    (void)state;
    assert_shown(BASE, WEIR_SHOW_YAML,
                 "apiVersion: autoscaling/v2\n"
                 "kind: HorizontalPodAutoscaler\n"
                 "metadata:\n"
                 "  labels:\n"
                 "    a: \"5\"\n"
                 "    app.kubernetes.io/managed-by: keda-operator\n"
                 "    app.kubernetes.io/name: keda-hpa-so\n"
                 "    app.kubernetes.io/part-of: so\n"
                 "    app.kubernetes.io/version: 2.21.0\n"
                 "    scaledobject.keda.sh/name: so\n"
                 "  name: keda-hpa-so\n"
                 "  namespace: \"n\"\n"
                 "spec:\n"
                 "  behavior:\n"
                 "    scaleDown:\n"
                 "      policies:\n"
                 "      - periodSeconds: 15\n"
                 "        type: Percent\n"
                 "        value: 100\n"
                 "      selectPolicy: Max\n"
                 "    scaleUp:\n"
                 "      policies:\n"
                 "      - periodSeconds: 60\n"
                 "        type: Percent\n"
                 "        value: 10\n"
                 "      selectPolicy: Max\n"
                 "      stabilizationWindowSeconds: 0\n"
                 "  maxReplicas: 100\n"
                 "  metrics:\n"
                 "  - external:\n"
                 "      metric:\n"
                 "        name: s0-prometheus\n"
                 "        selector:\n"
                 "          matchLabels:\n"
                 "            scaledobject.keda.sh/name: so\n"
                 "      target:\n"
                 "        averageValue: \"5\"\n"
                 "        type: AverageValue\n"
                 "    type: External\n"
                 "  - resource:\n"
                 "      name: cpu\n"
                 "      target:\n"
                 "        averageUtilization: 60\n"
                 "        type: Utilization\n"
                 "    type: Resource\n"
                 "  minReplicas: 1\n"
                 "  scaleTargetRef:\n"
                 "    apiVersion: apps/v1\n"
                 "    kind: StatefulSet\n"
                 "    name: web\n");
}

static void the_hpa_is_shown_as_it_is_sent(void **state)
{
    (void)state;
    assert_shown(
        SPEC(""), WEIR_SHOW_JSON | WEIR_SHOW_AS_SENT,
        "{\"apiVersion\":\"autoscaling/v2\",\"kind\":\"HorizontalPodAutoscaler\",\"metadata\":{"
        "\"labels\":{\"app.kubernetes.io/managed-by\":\"keda-operator\",\"app.kubernetes.io/"
        "name\":\"keda-hpa-so\",\"app.kubernetes.io/part-of\":\"so\",\"app.kubernetes.io/"
        "version\":\"2.21.0\",\"scaledobject.keda.sh/name\":\"so\"},\"name\":\"keda-hpa-so\","
        "\"namespace\":\"default\"},\"spec\":{\"maxReplicas\":100,\"metrics\":[{\"external\":{"
        "\"metric\":{\"name\":\"s0-prometheus\",\"selector\":{\"matchLabels\":{\"scaledobject."
        "keda.sh/name\":\"so\"}}},\"target\":{\"averageValue\":\"5\",\"type\":\"AverageValue\"}}"
        ",\"type\":\"External\"}],\"minReplicas\":1,\"scaleTargetRef\":{\"apiVersion\":\"apps/"
        "v1\",\"kind\":\"Deployment\",\"name\":\"web\"}}}");
}

static void what_has_no_hpa_says_so(void **state)
{
    weir_manifest *m = load(ANNOTATED("autoscaling.keda.sh/paused: 'true'"));
    char text[10] = "x";

    (void)state;
    assert_int_equal(weir_manifest_show(m, 0, 0, text, sizeof text, NULL), WEIR_END);
    assert_string_equal(text, "");
    weir_manifest_free(m);
    m = load(HEAD "metadata: {name: so}\nspec: 5\n");
    assert_int_equal(weir_manifest_show(m, 0, 0, text, sizeof text, NULL), WEIR_E_PARSE);
    weir_manifest_free(m);
    m = load("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\nspec: "
             "{template: {}}\n");
    assert_int_equal(weir_manifest_show(m, 0, 0, text, sizeof text, NULL), WEIR_E_UNSUPPORTED);
    weir_manifest_free(m);
}

/* ---- metadata ------------------------------------------------------------------------------- */

static const struct metadata_row {
    const char *name;
    size_t item;
    uint32_t trigger;
    const char *key, *text; /* NULL: there is none */
} metadata[] = {
    {"a query without the spaces around it", 0, 0, "query", "sum(a) + b"},
    {"another trigger's", 0, 1, "query", "up"},
    {"a text that spaces end", 0, 0, "namespace", "x y"},
    {"a blank one is none", 0, 1, "namespace", NULL},
    {"a key that is missing", 0, 0, "timeout", NULL},
    {"keys have case", 0, 0, "Query", NULL},
    {"a trigger that is none", 0, 2, "query", NULL},
    {"of no ScaledObject", 1, 0, "query", NULL},
    {"an item that is none", 2, 0, "query", NULL},
};

static void a_trigger_says_what_it_is_given(void **state)
{
    const struct metadata_row *row = *state;
    weir_manifest *m = load(
        HEAD "metadata: {name: so}\nspec:\n  scaleTargetRef: {name: web}\n  triggers:\n"
             "  - {type: prometheus, metadata: {serverAddress: s, threshold: \"5\",\n"
             "     query: \"\\n sum(a) + b \\n\", namespace: \"x y \"}}\n"
             "  - {type: prometheus, metadata: {serverAddress: s, threshold: \"5\", query: up,\n"
             "     namespace: \" \"}}\n"
             "---\n{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h},"
             " spec: {maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: web2}}}\n");
    const char *text = weir_manifest_trigger_metadata(m, row->item, row->trigger, row->key);

    assert_int_equal(weir_manifest_item_count(m), 2);
    if (row->text == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, row->text);
    }
    assert_null(weir_manifest_trigger_metadata(m, 0, 0, NULL));
    weir_manifest_free(m);
}

/* ---- memory --------------------------------------------------------------------------------- */

static void memory_may_run_out_anywhere(void **state)
{
    static const char text[] = BASE DEPLOYMENT("{}");
    weir_status status = WEIR_E_MEMORY;

    (void)state;
    for (size_t refuse = 1; status == WEIR_E_MEMORY; refuse++) {
        struct short_memory memory = {.refuse = refuse};
        const weir_allocator allocator = short_memory_allocator(&memory);
        weir_manifest *m = NULL;

        status = weir_manifest_create(&allocator, &m);
        if (status == WEIR_OK) {
            status = weir_manifest_add(m, "so.yaml", text, strlen(text));
        }
        if (status == WEIR_OK) {
            status = weir_manifest_finish(m);
        }
        if (status == WEIR_OK) {
            status = weir_manifest_show(m, 0, 0, NULL, 0, NULL);
        }
        weir_manifest_free(m);
        assert_int_equal(memory.in_use, 0);
        assert_true(refuse < 1000);
    }
    assert_int_equal(status, WEIR_E_SPACE);
}

int main(void)
{
    static struct suite s;

    SUITE_TABLE(&s, says_what_is_wrong_and_at_which_stage, rows);
    SUITE_TEST(&s, everything_is_said_at_once);
    SUITE_TEST(&s, a_scaled_object_becomes_a_configuration);
    SUITE_TEST(&s, what_is_left_out_is_upstreams_default);
    SUITE_TABLE(&s, a_spec_that_is_in_force_all_the_same_has_a_defect, defects);
    SUITE_TABLE(&s, a_trigger_of_any_type_has_a_name_and_a_target, guesses);
    SUITE_TABLE(&s, other_objects_in_the_files_are_looked_at, others);
    SUITE_TEST(&s, the_hpa_is_shown_as_the_cluster_has_it);
    SUITE_TEST(&s, the_hpa_is_shown_as_it_is_sent);
    SUITE_TEST(&s, what_has_no_hpa_says_so);
    SUITE_TABLE(&s, a_trigger_says_what_it_is_given, metadata);
    SUITE_TEST(&s, memory_may_run_out_anywhere);
    return suite_run(&s, "scaled_object");
}
