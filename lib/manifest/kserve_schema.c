/*
 * manifest/kserve_schema.c - members of InferenceServices and LLMInferenceServices, as far as
 * scaling is concerned; of pods only which members there are.
 *
 * Upstream: config/crd/full/serving.kserve.io_inferenceservices.yaml and
 * serving.kserve.io_llminferenceservices.yaml.
 */
#include "kserve.h"

#define ANY(key)                                                                                   \
    {                                                                                              \
        key, WEIR__RULE_ANY, 0, NULL, NULL, 0, 0                                                   \
    }
#define PLAIN(key, type)                                                                           \
    {                                                                                              \
        key, WEIR__RULE_##type, 0, NULL, NULL, 0, 0                                                \
    }
#define NEEDED(key, type)                                                                          \
    {                                                                                              \
        key, WEIR__RULE_##type, WEIR__RULE_REQUIRED, NULL, NULL, 0, 0                              \
    }
#define WORD(key, words)                                                                           \
    {                                                                                              \
        key, WEIR__RULE_TEXT, 0, words, NULL, 0, 0                                                 \
    }
#define NEEDED_WORD(key, words)                                                                    \
    {                                                                                              \
        key, WEIR__RULE_TEXT, WEIR__RULE_REQUIRED, words, NULL, 0, 0                               \
    }
#define MAPPING(key, members)                                                                      \
    {                                                                                              \
        key, WEIR__RULE_MAPPING, 0, NULL, members, 0, 0                                            \
    }
#define NEEDED_MAPPING(key, members)                                                               \
    {                                                                                              \
        key, WEIR__RULE_MAPPING, WEIR__RULE_REQUIRED, NULL, members, 0, 0                          \
    }
#define LIST(key, members)                                                                         \
    {                                                                                              \
        key, WEIR__RULE_LIST, 0, NULL, members, 0, 0                                               \
    }
#define AT_LEAST(key, type, least)                                                                 \
    {                                                                                              \
        key, WEIR__RULE_##type, WEIR__RULE_AT_LEAST, NULL, NULL, least, 0                          \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, 0, 0, NULL, NULL, 0, 0                                                               \
    }

/* ---- behavior of HorizontalPodAutoscalers --------------------------------------------------- */

static const struct weir__rule policy_rules[] = {
    NEEDED("type", TEXT),
    NEEDED("value", INT32),
    NEEDED("periodSeconds", INT32),
    END,
};

static const struct weir__rule scaling_rules[] = {
    PLAIN("stabilizationWindowSeconds", INT32),
    PLAIN("selectPolicy", TEXT),
    LIST("policies", policy_rules),
    PLAIN("tolerance", QUANTITY),
    END,
};

static const struct weir__rule behavior_rules[] = {
    MAPPING("scaleUp", scaling_rules),
    MAPPING("scaleDown", scaling_rules),
    END,
};

/* ---- autoScaling ---------------------------------------------------------------------------- */

static const struct weir__rule target_rules[] = {
    WORD("type", "Utilization|Value|AverageValue"),
    PLAIN("value", QUANTITY),
    PLAIN("averageValue", QUANTITY),
    PLAIN("averageUtilization", INT32),
    END,
};

static const struct weir__rule resource_rules[] = {
    NEEDED_WORD("name", "cpu|memory"),
    NEEDED_MAPPING("target", target_rules),
    END,
};

static const struct weir__rule external_metric_rules[] = {
    WORD("backend", "prometheus|graphite"),
    PLAIN("serverAddress", TEXT),
    PLAIN("query", TEXT),
    PLAIN("namespace", TEXT),
    END,
};

static const struct weir__rule authentication_name_rules[] = {
    PLAIN("name", TEXT),
    END,
};

static const struct weir__rule authentication_rules[] = {
    NEEDED_MAPPING("authenticationRef", authentication_name_rules),
    PLAIN("authModes", TEXT),
    END,
};

static const struct weir__rule external_rules[] = {
    NEEDED_MAPPING("metric", external_metric_rules),
    MAPPING("authenticationRef", authentication_rules),
    NEEDED_MAPPING("target", target_rules),
    END,
};

static const struct weir__rule pod_metric_rules[] = {
    WORD("backend", "opentelemetry"), PLAIN("serverAddress", TEXT),
    PLAIN("metricNames", TEXTS),      PLAIN("query", TEXT),
    PLAIN("operationOverTime", TEXT), END,
};

static const struct weir__rule podmetric_rules[] = {
    NEEDED_MAPPING("metric", pod_metric_rules),
    NEEDED_MAPPING("target", target_rules),
    END,
};

static const struct weir__rule metric_rules[] = {
    NEEDED_WORD("type", "Resource|External|PodMetric"),
    MAPPING("resource", resource_rules),
    MAPPING("external", external_rules),
    MAPPING("podmetric", podmetric_rules),
    END,
};

static const struct weir__rule auto_scaling_rules[] = {
    MAPPING("behavior", behavior_rules),
    LIST("metrics", metric_rules),
    END,
};

/* ---- components ----------------------------------------------------------------------------- */

/* What predictors, transformers and explainers have in common. */
#define EXTENSION                                                                                  \
    PLAIN("minReplicas", INT32), PLAIN("maxReplicas", INT32), PLAIN("scaleTarget", INT32),         \
        WORD("scaleMetric", "cpu|memory|concurrency|rps"),                                         \
        WORD("scaleMetricType", "Utilization|Value|AverageValue"),                                 \
        MAPPING("autoScaling", auto_scaling_rules), PLAIN("containerConcurrency", INT64),          \
        PLAIN("timeout", INT64), PLAIN("canaryTrafficPercent", INT64), ANY("logger"),              \
        ANY("batcher"), PLAIN("labels", PAIRS), PLAIN("annotations", PAIRS),                       \
        ANY("deploymentStrategy")

#define POD                                                                                        \
    ANY("volumes"), ANY("initContainers"), ANY("containers"), ANY("ephemeralContainers"),          \
        ANY("restartPolicy"), ANY("terminationGracePeriodSeconds"), ANY("activeDeadlineSeconds"),  \
        ANY("dnsPolicy"), ANY("nodeSelector"), ANY("serviceAccountName"), ANY("serviceAccount"),   \
        ANY("automountServiceAccountToken"), ANY("nodeName"), ANY("hostNetwork"), ANY("hostPID"),  \
        ANY("hostIPC"), ANY("shareProcessNamespace"), ANY("securityContext"),                      \
        ANY("imagePullSecrets"), ANY("hostname"), ANY("hostnameOverride"), ANY("subdomain"),       \
        ANY("affinity"), ANY("schedulerName"), ANY("tolerations"), ANY("hostAliases"),             \
        ANY("priorityClassName"), ANY("priority"), ANY("dnsConfig"), ANY("readinessGates"),        \
        ANY("runtimeClassName"), ANY("enableServiceLinks"), ANY("preemptionPolicy"),               \
        ANY("overhead"), ANY("topologySpreadConstraints"), ANY("setHostnameAsFQDN"), ANY("os"),    \
        ANY("hostUsers"), ANY("schedulingGates"), ANY("resourceClaims"), ANY("resources")

#define CONTAINER                                                                                  \
    ANY("image"), ANY("command"), ANY("args"), ANY("workingDir"), ANY("ports"), ANY("envFrom"),    \
        ANY("env"), ANY("resources"), ANY("resizePolicy"), ANY("restartPolicy"),                   \
        ANY("restartPolicyRules"), ANY("volumeMounts"), ANY("volumeDevices"),                      \
        ANY("livenessProbe"), ANY("readinessProbe"), ANY("startupProbe"), ANY("lifecycle"),        \
        ANY("terminationMessagePath"), ANY("terminationMessagePolicy"), ANY("imagePullPolicy"),    \
        ANY("securityContext"), ANY("stdin"), ANY("stdinOnce"), ANY("tty")

#define MODEL                                                                                      \
    ANY("storageUri"), ANY("runtimeVersion"), ANY("protocolVersion"), ANY("storage"), CONTAINER

static const struct weir__rule model_rules[] = {
    ANY("name"), ANY("modelFormat"), ANY("runtime"), MODEL, END,
};

/* Of canaries the full definition asks for a name of the container. */
static const struct weir__rule canary_model_rules[] = {
    NEEDED("name", TEXT), ANY("modelFormat"), ANY("runtime"), MODEL, END,
};

static const struct weir__rule framework_rules[] = {ANY("name"), MODEL, END};

#define FRAMEWORKS                                                                                 \
    MAPPING("sklearn", framework_rules), MAPPING("xgboost", framework_rules),                      \
        MAPPING("tensorflow", framework_rules), MAPPING("pytorch", framework_rules),               \
        MAPPING("triton", framework_rules), MAPPING("onnx", framework_rules),                      \
        MAPPING("huggingface", framework_rules), MAPPING("pmml", framework_rules),                 \
        MAPPING("lightgbm", framework_rules), MAPPING("paddle", framework_rules)

static const struct weir__rule predictor_rules[] = {
    EXTENSION,
    PLAIN("name", TEXT),
    MAPPING("model", model_rules),
    FRAMEWORKS,
    ANY("workerSpec"),
    ANY("storageUris"),
    POD,
    END,
};

static const struct weir__rule canary_predictor_rules[] = {
    EXTENSION,
    PLAIN("name", TEXT),
    MAPPING("model", canary_model_rules),
    FRAMEWORKS,
    ANY("workerSpec"),
    ANY("storageUris"),
    POD,
    END,
};

static const struct weir__rule transformer_rules[] = {EXTENSION, ANY("storageUris"), POD, END};

static const struct weir__rule explainer_rules[] = {
    EXTENSION, ANY("art"), ANY("storageUris"), POD, END,
};

static const struct weir__rule canary_rules[] = {
    NEEDED_MAPPING("predictor", canary_predictor_rules),
    {"trafficPercent", WEIR__RULE_INT64, WEIR__RULE_AT_LEAST | WEIR__RULE_AT_MOST, NULL, NULL, 0,
     100},
    END,
};

static const struct weir__rule isvc_spec_rules[] = {
    NEEDED_MAPPING("predictor", predictor_rules),
    MAPPING("transformer", transformer_rules),
    MAPPING("explainer", explainer_rules),
    LIST("canary", canary_rules),
    END,
};

const struct weir__rule weir__isvc_rules[] = {
    ANY("apiVersion"),
    ANY("kind"),
    ANY("metadata"),
    ANY("status"),
    MAPPING("spec", isvc_spec_rules),
    END,
};

/* ---- LLMInferenceServices ------------------------------------------------------------------- */

static const struct weir__rule fallback_rules[] = {
    {"failureThreshold", WEIR__RULE_INT32, WEIR__RULE_REQUIRED, NULL, NULL, 0, 0},
    {"replicas", WEIR__RULE_INT32, WEIR__RULE_REQUIRED, NULL, NULL, 0, 0},
    WORD("behavior", "static|currentReplicas|currentReplicasIfHigher|currentReplicasIfLower"),
    END,
};

static const struct weir__rule hpa_config_rules[] = {
    PLAIN("name", TEXT),
    MAPPING("behavior", behavior_rules),
    END,
};

static const struct weir__rule modifiers_rules[] = {
    PLAIN("formula", TEXT),
    PLAIN("target", TEXT),
    PLAIN("activationTarget", TEXT),
    WORD("metricType", "AverageValue|Value"),
    END,
};

static const struct weir__rule advanced_rules[] = {
    MAPPING("horizontalPodAutoscalerConfig", hpa_config_rules),
    PLAIN("restoreToOriginalReplicaCount", BOOL),
    MAPPING("scalingModifiers", modifiers_rules),
    END,
};

static const struct weir__rule trigger_authentication_rules[] = {
    NEEDED("name", TEXT),
    PLAIN("kind", TEXT),
    END,
};

static const struct weir__rule trigger_rules[] = {
    NEEDED("type", TEXT),
    PLAIN("name", TEXT),
    PLAIN("useCachedMetrics", BOOL),
    NEEDED("metadata", PAIRS),
    MAPPING("authenticationRef", trigger_authentication_rules),
    PLAIN("metricType", TEXT),
    END,
};

#define KEDA                                                                                       \
    AT_LEAST("pollingInterval", INT32, 1), AT_LEAST("cooldownPeriod", INT32, 0),                   \
        AT_LEAST("initialCooldownPeriod", INT32, 0), AT_LEAST("idleReplicaCount", INT32, 0),       \
        MAPPING("fallback", fallback_rules), MAPPING("advanced", advanced_rules)

static const struct weir__rule wva_keda_rules[] = {KEDA, END};

static const struct weir__rule keda_rules[] = {
    KEDA,
    {"triggers", WEIR__RULE_LIST, WEIR__RULE_REQUIRED | WEIR__RULE_AT_LEAST, NULL, trigger_rules, 1,
     0},
    END,
};

static const struct weir__rule wva_hpa_rules[] = {MAPPING("behavior", behavior_rules), END};

static const struct weir__rule wva_rules[] = {
    {"variantCost", WEIR__RULE_TEXT, WEIR__RULE_DECIMAL, NULL, NULL, 0, 0},
    MAPPING("hpa", wva_hpa_rules),
    MAPPING("keda", wva_keda_rules),
    END,
};

static const struct weir__rule llm_scaling_rules[] = {
    AT_LEAST("minReplicas", INT32, 1),
    {"maxReplicas", WEIR__RULE_INT32, WEIR__RULE_REQUIRED | WEIR__RULE_AT_LEAST, NULL, NULL, 1, 0},
    MAPPING("wva", wva_rules),
    MAPPING("keda", keda_rules),
    END,
};

#define LLM_WORKLOAD AT_LEAST("replicas", INT32, 0), MAPPING("scaling", llm_scaling_rules)

static const struct weir__rule prefill_rules[] = {
    LLM_WORKLOAD,
    PLAIN("labels", PAIRS),
    PLAIN("annotations", PAIRS),
    ANY("parallelism"),
    ANY("template"),
    ANY("worker"),
    END,
};

static const struct weir__rule llm_spec_rules[] = {
    LLM_WORKLOAD,
    PLAIN("labels", PAIRS),
    PLAIN("annotations", PAIRS),
    {"prefill", WEIR__RULE_MAPPING, WEIR__RULE_OPEN, NULL, prefill_rules, 0, 0},
    ANY("model"),
    ANY("parallelism"),
    ANY("template"),
    ANY("worker"),
    ANY("router"),
    ANY("baseRefs"),
    ANY("tracing"),
    ANY("storageInitializer"),
    END,
};

const struct weir__rule weir__llmisvc_rules[] = {
    ANY("apiVersion"),
    ANY("kind"),
    ANY("metadata"),
    ANY("status"),
    {"spec", WEIR__RULE_MAPPING, WEIR__RULE_OPEN, NULL, llm_spec_rules, 0, 0},
    END,
};

/* ---- ScaledObjects -------------------------------------------------------------------------- */

static const struct weir__rule target_reference_rules[] = {
    NEEDED("name", TEXT),
    PLAIN("apiVersion", TEXT),
    PLAIN("kind", TEXT),
    PLAIN("envSourceContainerName", TEXT),
    END,
};

static const struct weir__rule scaled_object_spec_rules[] = {
    NEEDED_MAPPING("scaleTargetRef", target_reference_rules),
    PLAIN("pollingInterval", INT32),
    PLAIN("cooldownPeriod", INT32),
    PLAIN("initialCooldownPeriod", INT32),
    PLAIN("idleReplicaCount", INT32),
    PLAIN("minReplicaCount", INT32),
    PLAIN("maxReplicaCount", INT32),
    MAPPING("fallback", fallback_rules),
    MAPPING("advanced", advanced_rules),
    {"triggers", WEIR__RULE_LIST, WEIR__RULE_REQUIRED, NULL, trigger_rules, 0, 0},
    END,
};

const struct weir__rule weir__scaled_object_rules[] = {
    ANY("apiVersion"),
    ANY("kind"),
    ANY("metadata"),
    ANY("status"),
    {"spec", WEIR__RULE_MAPPING, WEIR__RULE_REQUIRED, NULL, scaled_object_spec_rules, 0, 0},
    END,
};

/* ---- InferenceGraphs ------------------------------------------------------------------------ */

static const struct weir__rule graph_spec_rules[] = {
    PLAIN("minReplicas", INT32),
    PLAIN("maxReplicas", INT32),
    PLAIN("scaleTarget", INT32),
    WORD("scaleMetric", "cpu|memory|concurrency|rps"),
    PLAIN("timeout", INT64),
    ANY("nodes"),
    ANY("resources"),
    ANY("affinity"),
    ANY("routerTimeouts"),
    ANY("tolerations"),
    ANY("nodeSelector"),
    ANY("nodeName"),
    ANY("serviceAccountName"),
    END,
};

const struct weir__rule weir__graph_rules[] = {
    ANY("apiVersion"),
    ANY("kind"),
    ANY("metadata"),
    ANY("status"),
    MAPPING("spec", graph_spec_rules),
    END,
};
