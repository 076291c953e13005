/* hpa_spec: specs of HorizontalPodAutoscalers, alone and in manifests: defaults, errors with their
 * places and causes, what they come to. Upstream's own decisions are in the conformance vectors. */
#include "short_memory.h"
#include "table.h"
#include <stdio.h>
#include <weir/autoscaler.h>
#include <weir/hpa_spec.h>

#define TARGET "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n"
/* A spec of three lines before the one under test. */
#define SPEC(rest)     TARGET "minReplicas: 1\nmaxReplicas: 5\n" rest "\n"
#define METRIC(rest)   SPEC("metrics: [" rest "]")
#define EXTERNAL(rest) METRIC("{type: External, external: {metric: {name: m}, target: {" rest "}}}")
#define BEHAVIOR(rest) SPEC("behavior: {" rest "}")

static weir_hpa_spec *read_as(const weir_hpa_config *cluster, const char *text,
                              const weir_hpa_spec *old)
{
    weir_hpa_spec *spec;

    assert_int_equal(weir_hpa_spec_create(NULL, cluster, text, strlen(text), old, &spec), WEIR_OK);
    return spec;
}

static weir_hpa_config cluster_of(int32_t release)
{
    weir_hpa_config cluster;

    weir_hpa_config_init(&cluster, sizeof cluster);
    cluster.semantics = release;
    return cluster;
}

static int has_problem(const weir_hpa_spec *spec, int32_t cause, const char *path)
{
    int found = 0;

    for (size_t i = 0; i < weir_hpa_spec_problem_count(spec); i++) {
        const weir_problem *p = weir_hpa_spec_get_problem(spec, i);

        found |= p->cause == cause && strcmp(p->error.path, path) == 0;
    }
    return found;
}

/* ---- one problem each ----------------------------------------------------------------------- */

struct row {
    const char *name, *text;
    int32_t cause, line, column;
    const char *path, *message;
};

static const struct row rows[] = {
    {"no number", TARGET "maxReplicas: \"3\"\n", WEIR_CAUSE_TYPE, 2, 14, "spec.maxReplicas",
     "must be a whole number of 32 bits, got the text \"3\""},
    {"a fraction", TARGET "maxReplicas: 3.5\n", WEIR_CAUSE_TYPE, 2, 14, "spec.maxReplicas",
     "must be a whole number of 32 bits, got the number 3.5"},
    {"too many bits", TARGET "maxReplicas: 2147483648\n", WEIR_CAUSE_TYPE, 2, 14,
     "spec.maxReplicas", "32 bits"},
    {"no text", "scaleTargetRef: {apiVersion: apps/v1, kind: D, name: 5}\nmaxReplicas: 3\n",
     WEIR_CAUSE_TYPE, 1, 54, "spec.scaleTargetRef.name", "must be text: write \"5\" in quotes"},
    {"no mapping", SPEC("behavior: []"), WEIR_CAUSE_TYPE, 4, 11, "spec.behavior",
     "must be a mapping, got a list"},
    {"no list", SPEC("metrics: {}"), WEIR_CAUSE_TYPE, 4, 10, "spec.metrics",
     "must be a list, got a mapping"},
    {"no quantity", EXTERNAL("type: Value, value: 5x"), WEIR_CAUSE_TYPE, 4, 87,
     "spec.metrics[0].external.target.value", "must be a quantity such as 5, 0.5, 500m or 2Gi"},
    {"a switch for a quantity", EXTERNAL("type: Value, value: true"), WEIR_CAUSE_TYPE, 4, 87,
     "spec.metrics[0].external.target.value", "got the switch true"},
    {"a label that is no text",
     METRIC("{type: External, external: {metric: {name: m, selector: {matchLabels: {v: 1}}}, "
            "target: {type: Value, value: 5}}}"),
     WEIR_CAUSE_TYPE, 4, 85, "spec.metrics[0].external.metric.selector.matchLabels.v",
     "must be text: write \"1\" in quotes"},
    {"a value of a list that is no text",
     METRIC("{type: External, external: {metric: {name: m, selector: {matchExpressions: [{key: k, "
            "operator: In, values: [a, 1]}]}}, target: {type: Value, value: 5}}}"),
     WEIR_CAUSE_TYPE, 4, 122,
     "spec.metrics[0].external.metric.selector.matchExpressions[0].values[1]", "must be text"},
    {"no bounds", TARGET, WEIR_CAUSE_REQUIRED, 1, 1, "spec.maxReplicas", "must be there"},
    {"below zero", TARGET "maxReplicas: -1\nminReplicas: null\n", WEIR_CAUSE_INVALID, 2, 14,
     "spec.maxReplicas", "must be above 0, got -1"},
    {"crossed bounds", TARGET "maxReplicas: 3\nminReplicas: 4\n", WEIR_CAUSE_INVALID, 2, 14,
     "spec.maxReplicas", "must not be below minReplicas, got 3"},
    {"zero with cpu", TARGET "maxReplicas: 3\nminReplicas: 0\n", WEIR_CAUSE_FORBIDDEN, 1, 1,
     "spec.metrics", "must have an Object or External metric"},
    {"a target without a group",
     "scaleTargetRef: {apiVersion: v1, kind: Deployment, name: d}\nmaxReplicas: 3\n",
     WEIR_CAUSE_INVALID, 1, 30, "spec.scaleTargetRef.apiVersion",
     "must be group/version, as apps/v1, got \"v1\""},
    {"a name that is no part of a URL",
     "scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ..}\nmaxReplicas: 3\n",
     WEIR_CAUSE_INVALID, 1, 63, "spec.scaleTargetRef.name", "must not be . or .."},
    {"a metric of no type",
     METRIC("{type: Cpu, resource: {name: cpu, target: {type: Utilization, averageUtilization: "
            "50}}}"),
     WEIR_CAUSE_NOT_SUPPORTED, 4, 18, "spec.metrics[0].type",
     "must be Resource, ContainerResource, Pods, Object or External, got \"Cpu\""},
    {"a metric of another type",
     METRIC("{type: Pods, resource: {name: cpu, target: {type: Utilization, averageUtilization: "
            "50}}}"),
     WEIR_CAUSE_REQUIRED, 4, 11, "spec.metrics[0].pods", "is missing"},
    {"two of one", EXTERNAL("type: Value, value: 5, averageValue: 5"), WEIR_CAUSE_FORBIDDEN, 4, 87,
     "spec.metrics[0].external.target.value", "must not be there with averageValue"},
    {"a target of no type", EXTERNAL("type: Average, value: 5"), WEIR_CAUSE_INVALID, 4, 73,
     "spec.metrics[0].external.target.type", "must be Utilization, Value or AverageValue"},
    {"a quantity of nothing", EXTERNAL("type: Value, value: 0"), WEIR_CAUSE_INVALID, 4, 87,
     "spec.metrics[0].external.target.value", "must be above 0, got \"0\""},
    {"a target that cannot be divided by", EXTERNAL("type: Value, value: 1e30"), WEIR_CAUSE_OTHER,
     4, 87, "spec.metrics[0].external.target.value", "too large for the controller"},
    {"a container in capitals",
     METRIC("{type: ContainerResource, containerResource: {name: cpu, container: Web, target: "
            "{type: Utilization, averageUtilization: 50}}}"),
     WEIR_CAUSE_INVALID, 4, 79, "spec.metrics[0].containerResource.container",
     "must begin and end with a letter or digit"},
    {"a window too long", BEHAVIOR("scaleDown: {stabilizationWindowSeconds: 3601}"),
     WEIR_CAUSE_INVALID, 4, 52, "spec.behavior.scaleDown.stabilizationWindowSeconds",
     "must be in [0, 3600], got 3601"},
    {"an unknown choice", BEHAVIOR("scaleUp: {selectPolicy: max}"), WEIR_CAUSE_NOT_SUPPORTED, 4, 36,
     "spec.behavior.scaleUp.selectPolicy", "must be Max, Min or Disabled, got \"max\""},
    {"an empty list of policies", BEHAVIOR("scaleUp: {policies: []}"), WEIR_CAUSE_REQUIRED, 4, 32,
     "spec.behavior.scaleUp.policies", "must have a policy"},
    {"a period too long",
     BEHAVIOR("scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 1801}]}"),
     WEIR_CAUSE_INVALID, 4, 71, "spec.behavior.scaleUp.policies[0].periodSeconds",
     "must be in [1, 1800], got 1801"},
    {"a policy of nothing", BEHAVIOR("scaleUp: {policies: [null, {type: Pods, value: 1}]}"),
     WEIR_CAUSE_INVALID, 4, 39, "spec.behavior.scaleUp.policies[1].periodSeconds", "got 0"},
    {"a tolerance below zero", BEHAVIOR("scaleUp: {tolerance: -0.1}"), WEIR_CAUSE_INVALID, 4, 33,
     "spec.behavior.scaleUp.tolerance", "must be at least 0, got \"-100m\""},
    {"an unknown field", SPEC("behaviour: {}"), WEIR_CAUSE_OTHER, 4, 1, "spec.behaviour",
     "did you mean behavior"},
    {"the type that does not count", EXTERNAL("type: Value, averageValue: 5"), WEIR_CAUSE_OTHER, 4,
     73, "spec.metrics[0].external.target.type", "does not go with the value that is set"},
    {"an object that always fails",
     METRIC("{type: Object, object: {describedObject: {kind: S, name: s}, metric: {name: m}, "
            "target: {type: Utilization, value: 5}}}"),
     WEIR_CAUSE_OTHER, 4, 106, "spec.metrics[0].object.target.type",
     "the controller would always fail"},
    {"more policies than there is room for",
     BEHAVIOR("scaleUp: {policies: [&p {type: Pods, value: 1, periodSeconds: 1}, *p, *p, *p, *p, "
              "*p, *p, *p, *p]}"),
     WEIR_CAUSE_OTHER, 4, 32, "spec.behavior.scaleUp.policies", "weir has room for 8 policies"},
    {"a quantity beyond all", EXTERNAL("type: Value, value: 1000000000000000000000e20000"),
     WEIR_CAUSE_OTHER, 4, 87, "spec.metrics[0].external.target.value", ""},
};

static void says_what_is_wrong_and_where(void **state)
{
    const struct row *row = *state;
    weir_hpa_spec *spec = read_as(NULL, row->text, NULL);
    const weir_problem *found = NULL;

    for (size_t i = 0; i < weir_hpa_spec_problem_count(spec); i++) {
        const weir_problem *p = weir_hpa_spec_get_problem(spec, i);

        if (found == NULL && p->cause == row->cause && strcmp(p->error.path, row->path) == 0) {
            found = p;
        } else {
            printf("%d:%d %s %s\n", p->error.line, p->error.column, p->error.path,
                   p->error.message);
        }
    }
    assert_non_null(found);
    if (found->error.line != row->line || found->error.column != row->column) {
        printf("at %d:%d\n", found->error.line, found->error.column);
    }
    if (strstr(found->error.message, row->message) == NULL) {
        printf("%s\n", found->error.message);
    }
    assert_int_equal(found->error.line, row->line);
    assert_int_equal(found->error.column, row->column);
    assert_non_null(strstr(found->error.message, row->message));
    assert_int_equal(weir_hpa_spec_config(spec) == NULL, found->severity == WEIR_PROBLEM_ERROR);
    weir_hpa_spec_free(spec);
}

/* ---- what a spec comes to ------------------------------------------------------------------- */

static void everything_goes_into_the_configuration(void **state)
{
    weir_hpa_spec *spec = read_as(
        NULL,
        TARGET
        "minReplicas: 2\n"
        "maxReplicas: 40\n"
        "metrics:\n"
        "- {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: "
        "70}}}\n"
        "- type: ContainerResource\n"
        "  containerResource: {name: memory, container: web, target: {type: AverageValue, "
        "averageValue: 1Gi}}\n"
        "- {type: Pods, pods: {metric: {name: rps}, target: {type: AverageValue, averageValue: "
        "0.5}}}\n"
        "- type: Object\n"
        "  object:\n"
        "    describedObject: {kind: Ingress, name: main, apiVersion: networking.k8s.io/v1}\n"
        "    metric: {name: requests}\n"
        "    target: {type: Value, value: 2k, averageValue: 5}\n"
        "- {type: External, external: {metric: {name: queue}, target: {type: AverageValue, "
        "averageValue: \"30\"}}}\n"
        "behavior:\n"
        "  scaleUp:\n"
        "    stabilizationWindowSeconds: 30\n"
        "    selectPolicy: Min\n"
        "    tolerance: 50m\n"
        "    policies:\n"
        "    - {type: Pods, value: 3, periodSeconds: 60}\n"
        "    - {type: Percent, value: 10, periodSeconds: 120}\n"
        "  scaleDown: {selectPolicy: Disabled}\n",
        NULL);
    const weir_hpa_config *c = weir_hpa_spec_config(spec);
    static const struct {
        int32_t source, target_type;
        int64_t target;
        const char *name, *container;
    } metrics[] = {
        {WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, 70, "cpu", ""},
        {WEIR_HPA_CONTAINER_RESOURCE, WEIR_HPA_AVERAGE_VALUE, INT64_C(1073741824000), "memory",
         "web"},
        {WEIR_HPA_PODS, WEIR_HPA_AVERAGE_VALUE, 500, "rps", ""},
        {WEIR_HPA_OBJECT, WEIR_HPA_VALUE, 2000000, "requests", ""},
        {WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 30000, "queue", ""},
    };

    (void)state;
    assert_int_equal(weir_hpa_spec_problem_count(spec), 0);
    assert_non_null(c);
    assert_int_equal(c->min_replicas, 2);
    assert_int_equal(c->max_replicas, 40);
    assert_int_equal(c->metric_count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(c->metrics[i].source, metrics[i].source);
        assert_int_equal(c->metrics[i].target_type, metrics[i].target_type);
        assert_true(c->metrics[i].target == metrics[i].target);
        assert_string_equal(c->metrics[i].name, metrics[i].name);
        assert_string_equal(c->metrics[i].container, metrics[i].container);
    }
    assert_int_equal(c->behavior, 1);
    assert_true(c->scale_up.stabilization_window == 30 * WEIR_SECOND);
    assert_int_equal(c->scale_up.select_policy, WEIR_SELECT_MIN);
    assert_bits_equal(c->scale_up.tolerance, 0.05);
    assert_int_equal(c->scale_up.policy_count, 2);
    assert_int_equal(c->scale_up.policies[1].type, WEIR_POLICY_PERCENT);
    assert_int_equal(c->scale_up.policies[1].value, 10);
    assert_true(c->scale_up.policies[1].period == 120 * WEIR_SECOND);
    assert_int_equal(c->scale_down.select_policy, WEIR_SELECT_DISABLED);
    assert_true(c->scale_down.stabilization_window == WEIR_STABILIZATION_UNSET);
    assert_bits_equal(c->scale_down.tolerance, WEIR_UNSET);
    assert_int_equal(c->scale_down.policy_count, 1);
    weir_hpa_spec_free(spec);
}

static void assert_json(const char *text, const char *json)
{
    weir_hpa_spec *spec = read_as(NULL, text, NULL);
    char got[2048], cut[16];
    size_t need;

    assert_int_equal(weir_hpa_spec_json(spec, got, sizeof got, &need), WEIR_OK);
    assert_string_equal(got, json);
    assert_int_equal(need, strlen(json) + 1);
    assert_int_equal(weir_hpa_spec_json(spec, NULL, 0, &need), WEIR_E_SPACE);
    assert_int_equal(weir_hpa_spec_json(spec, cut, sizeof cut, NULL), WEIR_E_SPACE);
    assert_int_equal(strlen(cut), sizeof cut - 1);
    assert_memory_equal(cut, json, sizeof cut - 1);
    weir_hpa_spec_free(spec);
}

static void a_spec_is_stored_with_its_defaults(void **state)
{
    (void)state;
    assert_json("maxReplicas: 3\nscaleTargetRef: {name: \"a\\\"b\\n\", kind: D, apiVersion: a/b}",
                "{\"scaleTargetRef\":{\"kind\":\"D\",\"name\":\"a\\\"b\\n\",\"apiVersion\":"
                "\"a/b\"},\"minReplicas\":1,\"maxReplicas\":3,\"metrics\":[{\"type\":\"Resource\","
                "\"resource\":{\"name\":\"cpu\",\"target\":{\"type\":\"Utilization\","
                "\"averageUtilization\":80}}}]}");
    assert_json("maxReplicas: 3.0\n"
                "metrics: [{type: Pods, pods: {metric: {name: m, selector: {matchExpressions: "
                "[{key: k, operator: In, values: [a, null]}], matchLabels: {b: z, a: x}}}, target: "
                "{type: AverageValue, averageValue: ' 1500m '}}}]\n"
                "behavior: {scaleUp: {policies: []}, scaleDown: {tolerance: 0.10}}",
                "{\"scaleTargetRef\":{\"kind\":\"\",\"name\":\"\"},\"minReplicas\":1,"
                "\"maxReplicas\":3,\"metrics\":[{\"type\":\"Pods\",\"pods\":{\"metric\":{\"name\":"
                "\"m\",\"selector\":{\"matchLabels\":{\"a\":\"x\",\"b\":\"z\"},"
                "\"matchExpressions\":[{\"key\":\"k\",\"operator\":\"In\",\"values\":[\"a\",\"\"]}"
                "]}},\"target\":{\"type\":\"AverageValue\",\"averageValue\":\"1500m\"}}}],"
                "\"behavior\":{\"scaleUp\":{\"stabilizationWindowSeconds\":0,\"selectPolicy\":"
                "\"Max\"},\"scaleDown\":{\"selectPolicy\":\"Max\",\"policies\":[{\"type\":"
                "\"Percent\",\"value\":100,\"periodSeconds\":15}],\"tolerance\":\"100m\"}}}");
}

/* What could not be read is not complained about again, and keeps the rest from nothing. */
static void all_is_said_at_once_and_nothing_twice(void **state)
{
    weir_hpa_spec *spec =
        read_as(NULL,
                "scaleTargetRef: 5\nminReplicas: x\nmaxReplicas: z\n"
                "metrics:\n"
                "- 7\n"
                "- {type: External, external: {metric: 1, target: 2}}\n"
                "- {type: [], pods: {metric: {name: []}, target: {type: [], averageValue: []}}}\n"
                "behavior: {scaleUp: 1, scaleDown: {policies: 2, selectPolicy: 3, tolerance: [], "
                "stabilizationWindowSeconds: z}}\n",
                NULL);

    (void)state;
    assert_int_equal(weir_hpa_spec_error_count(spec), 15);
    for (size_t i = 0; i < weir_hpa_spec_problem_count(spec); i++) {
        assert_int_equal(weir_hpa_spec_get_problem(spec, i)->cause, WEIR_CAUSE_TYPE);
        assert_int_equal(weir_hpa_spec_get_problem(spec, i)->error.status, WEIR_E_PARSE);
    }
    assert_int_equal(weir_hpa_spec_json(spec, NULL, 0, NULL), WEIR_E_PARSE);
    assert_null(weir_hpa_spec_get_problem(spec, 15));
    weir_hpa_spec_free(spec);
}

static void the_text_is_one_document(void **state)
{
    weir_hpa_spec *spec = read_as(NULL, "", NULL);

    (void)state;
    assert_true(weir_hpa_spec_error_count(spec) > 0);
    assert_null(weir_hpa_spec_config(spec));
    weir_hpa_spec_free(spec);
    spec = read_as(NULL, SPEC("") "---\n" SPEC(""), NULL);
    assert_int_equal(weir_hpa_spec_error_count(spec), 1);
    assert_int_equal(weir_hpa_spec_get_problem(spec, 0)->error.line, 6);
    weir_hpa_spec_free(spec);
    spec = read_as(NULL, "maxReplicas: [", NULL);
    assert_true(weir_hpa_spec_error_count(spec) > 0);
    weir_hpa_spec_free(spec);
    spec = read_as(NULL, "7", NULL);
    assert_true(has_problem(spec, WEIR_CAUSE_TYPE, "spec"));
    assert_int_equal(weir_hpa_spec_error_count(spec), 1);
    weir_hpa_spec_free(spec);
}

/* ---- names ---------------------------------------------------------------------------------- */

struct name_row {
    const char *text;
    int32_t errors;
};

/* Upstream counts each fault, and asks again whether a container may have the resource. */
static const struct name_row resource_names[] = {
    {"cpu", 0},
    {"memory", 0},
    {"ephemeral-storage", 0},
    {"hugepages-2Mi", 0},
    {"requests.cpu", 1},
    {"requests.hugepages-2Mi", 1},
    {"services.nodeports", 1},
    {"gpu", 2},
    {"example.com/gpu", 0},
    {"nvidia.com/GPU_1.x", 0},
    {"kubernetes.io/anything", 0},
    {"requests.example.com/gpu", 1},
    {"Example.com/gpu", 2},
    {"example..com/gpu", 2},
    {"/gpu", 2},
    {"example.com/", 3},
    {"a/b/c", 2},
    {"-cpu", 2},
    {"c pu", 2},
    {"example.com/abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl", 2},
    {"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl_", 3},
};

static void a_container_has_only_some_resources(void **state)
{
    const struct name_row *row = *state;
    weir_hpa_spec *spec;
    char text[600];

    snprintf(text, sizeof text,
             METRIC("{type: ContainerResource, containerResource: {name: \"%s\", container: web, "
                    "target: {type: Utilization, averageUtilization: 50}}}"),
             row->text);
    spec = read_as(NULL, text, NULL);
    assert_int_equal(weir_hpa_spec_error_count(spec), row->errors);
    for (int32_t i = 0; i < row->errors; i++) {
        assert_string_equal(weir_hpa_spec_get_problem(spec, (size_t)i)->error.path,
                            "spec.metrics[0].containerResource.name");
        assert_int_equal(weir_hpa_spec_get_problem(spec, (size_t)i)->cause, WEIR_CAUSE_INVALID);
    }
    weir_hpa_spec_free(spec);
}

static const struct name_row versions[] = {
    {"apps/v1", 0}, {"apps/", 0}, {"a/b/c", 1}, {"", 1}, {"/", 1}, {"v1", 1}, {"/v1", 1},
};

static void a_scale_target_has_a_group(void **state)
{
    const struct name_row *row = *state;
    weir_hpa_spec *spec;
    char text[200];

    for (int controller = 0; controller < 2; controller++) {
        int several = strcmp(row->text, "a/b/c") == 0;

        snprintf(text, sizeof text,
                 "scaleTargetRef: {kind: %s, name: d, apiVersion: \"%s\"}\nmaxReplicas: 3\n",
                 controller ? "ReplicationController" : "Deployment", row->text);
        spec = read_as(NULL, text, NULL);
        assert_int_equal(weir_hpa_spec_error_count(spec), controller ? several : row->errors);
        weir_hpa_spec_free(spec);
    }
}

/* ---- releases, gates and updates ------------------------------------------------------------ */

static void releases_ask_for_different_things(void **state)
{
    static const char no_group[] = "scaleTargetRef: {kind: D, name: d, apiVersion: v1}\n"
                                   "minReplicas: 1\nmaxReplicas: 0\n";
    weir_hpa_config cluster = cluster_of(WEIR_HPA_1_33);
    weir_hpa_spec *spec = read_as(&cluster, no_group, NULL);

    (void)state;
    assert_true(has_problem(spec, WEIR_CAUSE_INVALID, "spec.maxReplicas"));
    assert_false(has_problem(spec, WEIR_CAUSE_REQUIRED, "spec.maxReplicas"));
    assert_false(has_problem(spec, WEIR_CAUSE_INVALID, "spec.scaleTargetRef.apiVersion"));
    weir_hpa_spec_free(spec);
    cluster.semantics = WEIR_HPA_1_34;
    spec = read_as(&cluster, no_group, NULL);
    assert_true(has_problem(spec, WEIR_CAUSE_INVALID, "spec.scaleTargetRef.apiVersion"));
    weir_hpa_spec_free(spec);
    cluster.semantics = WEIR_HPA_1_36;
    spec = read_as(&cluster, no_group, NULL);
    assert_true(has_problem(spec, WEIR_CAUSE_REQUIRED, "spec.maxReplicas"));
    weir_hpa_spec_free(spec);
}

#define AT_ZERO                                                                                    \
    TARGET "minReplicas: 0\nmaxReplicas: 3\nmetrics: [{type: External, external: "                 \
           "{metric: {name: m}, target: {type: Value, value: 5}}}]\n"

static void zero_needs_its_gate_or_an_older_zero(void **state)
{
    weir_hpa_config cluster = cluster_of(WEIR_HPA_1_37);
    weir_hpa_spec *spec = read_as(&cluster, AT_ZERO, NULL), *update;

    (void)state;
    assert_int_equal(weir_hpa_spec_error_count(spec), 0);
    cluster.semantics = WEIR_HPA_1_36;
    update = read_as(&cluster, AT_ZERO, spec);
    assert_int_equal(weir_hpa_spec_error_count(update), 0);
    weir_hpa_spec_free(update);
    update = read_as(&cluster, AT_ZERO, NULL);
    assert_true(has_problem(update, WEIR_CAUSE_INVALID, "spec.minReplicas"));
    weir_hpa_spec_free(update);
    cluster.scale_to_zero = WEIR_GATE_ON;
    update = read_as(&cluster, AT_ZERO, NULL);
    assert_int_equal(weir_hpa_spec_error_count(update), 0);
    weir_hpa_spec_free(update);
    weir_hpa_spec_free(spec);
}

static void tolerances_are_dropped_without_their_gate(void **state)
{
    static const char text[] = BEHAVIOR("scaleUp: {tolerance: 0.2}, scaleDown: {tolerance: 0.3}");
    static const char without[] = BEHAVIOR("scaleUp: {}");
    static const struct {
        int32_t release, gate, kept;
    } cases[] = {
        {WEIR_HPA_1_37, WEIR_GATE_RELEASE, 1}, {WEIR_HPA_1_35, WEIR_GATE_RELEASE, 1},
        {WEIR_HPA_1_34, WEIR_GATE_RELEASE, 0}, {WEIR_HPA_1_33, WEIR_GATE_ON, 1},
        {WEIR_HPA_1_32, WEIR_GATE_ON, 0},      {WEIR_HPA_1_37, WEIR_GATE_OFF, 0},
    };
    weir_hpa_spec *spec, *old;
    weir_hpa_config cluster;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cluster = cluster_of(cases[i].release);
        cluster.configurable_tolerance = cases[i].gate;
        spec = read_as(&cluster, text, NULL);
        assert_bits_equal(weir_hpa_spec_config(spec)->scale_up.tolerance,
                          cases[i].kept ? 0.2 : WEIR_UNSET);
        assert_bits_equal(weir_hpa_spec_config(spec)->scale_down.tolerance,
                          cases[i].kept ? 0.3 : WEIR_UNSET);
        weir_hpa_spec_free(spec);
    }
    old = read_as(&cluster, text, NULL); /* the gate is off, and it is there all the same */
    spec = read_as(&cluster, text, old);
    assert_bits_equal(weir_hpa_spec_config(spec)->scale_up.tolerance, 0.2);
    weir_hpa_spec_free(spec);
    weir_hpa_spec_free(old);
    old = read_as(&cluster, without, NULL);
    spec = read_as(&cluster, text, old);
    assert_bits_equal(weir_hpa_spec_config(spec)->scale_up.tolerance, WEIR_UNSET);
    weir_hpa_spec_free(spec);
    weir_hpa_spec_free(old);
}

#define DESCRIBED(version)                                                                         \
    "scaleTargetRef: {kind: D, name: d, apiVersion: v1}\nmaxReplicas: 3\n"                         \
    "metrics: [{type: Object, object: {describedObject: {kind: S, name: s, apiVersion: " version   \
    "}, metric: {name: m}, target: {type: Value, value: 5}}}]\n"

static void what_was_let_in_may_stay(void **state)
{
    static const char described[] = "spec.metrics[0].object.describedObject.apiVersion";
    weir_hpa_spec *old = read_as(NULL, DESCRIBED("a/b/c"), NULL);
    weir_hpa_spec *spec = read_as(NULL, DESCRIBED("a/b/c/d"), old);

    (void)state;
    assert_int_equal(weir_hpa_spec_error_count(old), 2);
    assert_true(has_problem(old, WEIR_CAUSE_INVALID, described));
    assert_true(has_problem(old, WEIR_CAUSE_INVALID, "spec.scaleTargetRef.apiVersion"));
    assert_int_equal(weir_hpa_spec_error_count(spec), 0);
    weir_hpa_spec_free(spec);
    weir_hpa_spec_free(old);
    old = read_as(NULL, DESCRIBED("v1"), NULL);
    spec = read_as(NULL, DESCRIBED("a/b/c"), old);
    assert_int_equal(weir_hpa_spec_error_count(spec), 1);
    weir_hpa_spec_free(spec);
    weir_hpa_spec_free(old);
}

/* ---- manifests ------------------------------------------------------------------------------ */

#define HPA(name, spec)                                                                            \
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: " name "}\n"      \
    "spec:\n" spec

static weir_manifest *load(const weir_hpa_config *defaults, const char *text)
{
    weir_manifest *m;

    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    if (defaults != NULL) {
        assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_HPA, defaults), WEIR_OK);
    }
    assert_int_equal(weir_manifest_add(m, "a.yaml", text, strlen(text)), WEIR_OK);
    assert_int_equal(weir_manifest_finish(m), WEIR_OK);
    return m;
}

static void manifests_have_autoscalers_of_both_kinds(void **state)
{
    weir_hpa_config defaults = cluster_of(WEIR_HPA_1_33);
    weir_manifest *m;
    const weir_manifest_item *item;
    const weir_hpa_config *config;

    (void)state;
    defaults.tolerance = 0.25;
    m = load(&defaults,
             "apiVersion: v1\nkind: List\nitems:\n"
             "- apiVersion: serving.knative.dev/v1\n  kind: Service\n  metadata: {name: s}\n"
             "  spec: {template: {}}\n"
             "- apiVersion: autoscaling/v2\n  kind: HorizontalPodAutoscaler\n"
             "  metadata: {name: h, namespace: ns}\n"
             "  spec: {scaleTargetRef: {kind: D, name: d}, maxReplicas: 7}\n");
    for (size_t i = 0; i < weir_manifest_problem_count(m); i++) {
        print_error("%s %s\n", weir_manifest_get_problem(m, i)->error.path,
                    weir_manifest_get_problem(m, i)->error.message);
    }
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_int_equal(weir_manifest_item_count(m), 2);
    assert_int_equal(weir_manifest_get_item(m, 0)->kind, WEIR_KIND_KPA);
    item = weir_manifest_get_item(m, 1);
    assert_int_equal(item->kind, WEIR_KIND_HPA);
    assert_string_equal(item->api_kind, "HorizontalPodAutoscaler");
    assert_string_equal(item->name, "h");
    assert_string_equal(item->name_space, "ns");
    assert_int_equal(item->error_count, 0);
    config = item->config;
    assert_int_equal(config->max_replicas, 7);
    assert_int_equal(config->semantics, WEIR_HPA_1_33);
    assert_bits_equal(config->tolerance, 0.25);
    assert_int_equal(config->metric_count, 1);
    assert_string_equal(config->metrics[0].name, "cpu");
    weir_manifest_free(m);
}

static void errors_count_for_their_object(void **state)
{
    weir_manifest *m = load(
        NULL,
        HPA("good",
            "  scaleTargetRef: {apiVersion: a/b, kind: D, name: d}\n"
            "  maxReplicas: 7\n") "---\n" HPA("bad",
                                              "  scaleTargetRef: {apiVersion: a/b, kind: D, name: "
                                              "d}\n"
                                              "  maxReplicas: \"7\"\n"
                                              "  minReplicas: -1\n") "---\n"
                                                                     "apiVersion: "
                                                                     "autoscaling/v2\nkind: "
                                                                     "HorizontalPodAutoscaler\n");
    const weir_problem *p;

    (void)state;
    assert_int_equal(weir_manifest_item_count(m), 3);
    assert_int_equal(weir_manifest_get_item(m, 0)->error_count, 0);
    assert_int_equal(weir_manifest_get_item(m, 1)->error_count, 2);
    /* a name, the target's kind, name and group, and two about maxReplicas */
    assert_int_equal(weir_manifest_get_item(m, 2)->error_count, 6);
    assert_int_equal(weir_manifest_error_count(m), 8);
    p = weir_manifest_get_problem(m, 0);
    assert_int_equal(p->document, 2);
    assert_int_equal(p->error.line, 13);
    assert_int_equal(p->error.column, 16);
    assert_int_equal(p->cause, WEIR_CAUSE_TYPE);
    assert_string_equal(p->error.path, "spec.maxReplicas");
    p = weir_manifest_get_problem(m, 1);
    assert_int_equal(p->cause, WEIR_CAUSE_INVALID);
    assert_string_equal(p->error.path, "spec.minReplicas");
    weir_manifest_free(m);
}

static void other_versions_are_pointed_out(void **state)
{
    weir_manifest *m = load(NULL, "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\n"
                                  "metadata: {name: h}\n");

    (void)state;
    assert_int_equal(weir_manifest_item_count(m), 0);
    assert_non_null(
        strstr(weir_manifest_get_problem(m, 0)->error.message, "weir reads version v2"));
    weir_manifest_free(m);
}

static void defaults_are_checked(void **state)
{
    weir_hpa_config config = cluster_of(WEIR_HPA_1_37);
    weir_manifest *m;

    (void)state;
    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_HPA, &config), WEIR_OK);
    config.tolerance = -1;
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_HPA, &config), WEIR_E_RANGE);
    config.struct_size -= 8;
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_HPA, &config), WEIR_E_STRUCT);
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_BEHAVIOR, &config),
                     WEIR_E_UNSUPPORTED);
    weir_manifest_free(m);
}

/* ---- memory, arguments ---------------------------------------------------------------------- */

static void a_refused_allocation_is_an_error_and_leaks_nothing(void **state)
{
    static const char text[] =
        BEHAVIOR("scaleUp: {tolerance: 0.1}") "metrics: [{type: Pods, pods: {metric: {name: m, "
                                              "selector: {matchLabels: {a: b}}}, target: "
                                              "{type: AverageValue, averageValue: 0}}}]\n";
    weir_status status = WEIR_E_MEMORY;
    size_t n;

    (void)state;
    for (n = 1; status == WEIR_E_MEMORY; n++) {
        struct short_memory memory = {n, 0, 0, 0};
        weir_allocator allocator = short_memory_allocator(&memory);
        weir_hpa_spec *spec = NULL;

        status = weir_hpa_spec_create(&allocator, NULL, text, sizeof text - 1, NULL, &spec);
        assert_int_equal(spec == NULL, status != WEIR_OK);
        weir_hpa_spec_free(spec);
        assert_int_equal(memory.in_use, 0);
    }
    assert_int_equal(status, WEIR_OK);
    assert_true(n > 4);
}

static void arguments_are_checked(void **state)
{
    weir_hpa_config cluster = cluster_of(WEIR_HPA_1_37);
    weir_hpa_spec *spec = NULL;

    (void)state;
    assert_int_equal(weir_hpa_spec_create(NULL, NULL, "", 0, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_hpa_spec_create(NULL, NULL, NULL, 1, NULL, &spec), WEIR_E_ARG);
    cluster.struct_size = 8;
    assert_int_equal(weir_hpa_spec_create(NULL, &cluster, "", 0, NULL, &spec), WEIR_E_STRUCT);
    assert_int_equal(weir_hpa_spec_json(NULL, NULL, 0, NULL), WEIR_E_ARG);
    assert_int_equal(weir_hpa_spec_problem_count(NULL), 0);
    assert_int_equal(weir_hpa_spec_error_count(NULL), 0);
    assert_null(weir_hpa_spec_get_problem(NULL, 0));
    assert_null(weir_hpa_spec_config(NULL));
    weir_hpa_spec_free(NULL);
    assert_string_equal(weir_cause_name(WEIR_CAUSE_FORBIDDEN), "FieldValueForbidden");
    assert_string_equal(weir_cause_name(WEIR_CAUSE_OTHER), "");
    assert_string_equal(weir_cause_name(99), "");
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, says_what_is_wrong_and_where, rows);
    SUITE_TEST(&suite, everything_goes_into_the_configuration);
    SUITE_TEST(&suite, a_spec_is_stored_with_its_defaults);
    SUITE_TEST(&suite, all_is_said_at_once_and_nothing_twice);
    SUITE_TEST(&suite, the_text_is_one_document);
    SUITE_TABLE(&suite, a_container_has_only_some_resources, resource_names);
    SUITE_TABLE(&suite, a_scale_target_has_a_group, versions);
    SUITE_TEST(&suite, releases_ask_for_different_things);
    SUITE_TEST(&suite, zero_needs_its_gate_or_an_older_zero);
    SUITE_TEST(&suite, tolerances_are_dropped_without_their_gate);
    SUITE_TEST(&suite, what_was_let_in_may_stay);
    SUITE_TEST(&suite, manifests_have_autoscalers_of_both_kinds);
    SUITE_TEST(&suite, errors_count_for_their_object);
    SUITE_TEST(&suite, other_versions_are_pointed_out);
    SUITE_TEST(&suite, defaults_are_checked);
    SUITE_TEST(&suite, a_refused_allocation_is_an_error_and_leaks_nothing);
    SUITE_TEST(&suite, arguments_are_checked);
    return suite_run(&suite, "hpa_spec");
}
