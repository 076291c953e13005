/* manifest: YAML and JSON to configurations, every problem with its place, hostile input. */
#include "table.h"
#include <stdio.h>
#include <weir/autoscaler.h>
#include <weir/hpa.h>
#include <weir/knative.h>
#include <weir/kpa.h>
#include <weir/manifest.h>

static weir_manifest *load(const char *text)
{
    weir_manifest *m;

    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    assert_int_equal(weir_manifest_add(m, "a.yaml", text, strlen(text)), WEIR_OK);
    assert_int_equal(weir_manifest_finish(m), WEIR_OK);
    return m;
}

#define SERVICE(annotations)                                                                       \
    "apiVersion: serving.knative.dev/v1\n"                                                         \
    "kind: Service\n"                                                                              \
    "metadata: {name: s}\n"                                                                        \
    "spec:\n"                                                                                      \
    "  template:\n"                                                                                \
    "    metadata:\n"                                                                              \
    "      annotations:\n" annotations

static void a_service_becomes_a_configuration(void **state)
{
    weir_manifest *m =
        load(SERVICE("        autoscaling.knative.dev/target: \"12.5\"\n"
                     "        autoscaling.knative.dev/window: \"2m\"\n"
                     "        autoscaling.knative.dev/metric: rps\n"
                     "        autoscaling.knative.dev/panicThresholdPercentage: \"150\"\n"
                     "    spec:\n"
                     "      containerConcurrency: 20\n"));
    const weir_manifest_item *item = weir_manifest_get_item(m, 0);
    const weir_kpa_config *config;

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_int_equal(weir_manifest_item_count(m), 1);
    assert_string_equal(item->name, "s");
    assert_string_equal(item->name_space, "default");
    assert_int_equal(item->kind, WEIR_KIND_KPA);
    config = item->config;
    assert_bits_equal(config->target, 12.5);
    assert_true(config->stable_window == 120 * WEIR_SECOND);
    assert_int_equal(config->metric, WEIR_KPA_RPS);
    assert_bits_equal(config->panic_threshold_percentage, 150);
    assert_true(config->container_concurrency == 20);
    assert_null(weir_manifest_get_item(m, 1));
    weir_manifest_free(m);
}

#define HPA_CLASS "        autoscaling.knative.dev/class: hpa.autoscaling.knative.dev\n"

static void class_hpa_becomes_the_autoscaler_that_knative_makes(void **state)
{
    weir_manifest *m = load(SERVICE(HPA_CLASS "        autoscaling.knative.dev/metric: memory\n"
                                              "        autoscaling.knative.dev/target: \"75\"\n"
                                              "        autoscaling.knative.dev/min-scale: \"2\"\n"
                                              "        autoscaling.knative.dev/window: \"90s\"\n"));
    const weir_manifest_item *item = weir_manifest_get_item(m, 0);
    const weir_hpa_config *config;

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_int_equal(item->kind, WEIR_KIND_HPA);
    assert_string_equal(item->api_kind, "Service");
    config = item->config;
    assert_int_equal(config->min_replicas, 2);
    assert_int_equal(config->max_replicas, INT32_MAX);
    assert_int_equal(config->metric_count, 1);
    assert_int_equal(config->metrics[0].source, WEIR_HPA_RESOURCE);
    assert_int_equal(config->metrics[0].target_type, WEIR_HPA_AVERAGE_VALUE);
    assert_true(config->metrics[0].target == INT64_C(75) * 1024 * 1024 * 1000);
    assert_int_equal(config->behavior, 1);
    assert_true(config->scale_up.stabilization_window == 90 * WEIR_SECOND);
    assert_true(config->scale_down.stabilization_window == 90 * WEIR_SECOND);
    assert_int_equal(config->scale_up.policy_count, 2); /* as the API server fills them in */
    weir_manifest_free(m);
}

static void class_hpa_without_a_target_is_given_one(void **state)
{
    weir_manifest *m = load(SERVICE(HPA_CLASS));
    const weir_hpa_config *config = weir_manifest_get_item(m, 0)->config;

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_string_equal(config->metrics[0].name, "cpu");
    assert_true(config->metrics[0].target == 80);
    assert_int_equal(config->behavior, 0);
    weir_manifest_free(m);
}

static void the_spec_that_knative_makes(void **state)
{
    static const weir_pair annotations[] = {
        {"autoscaling.knative.dev/class", "hpa.autoscaling.knative.dev"},
        {"autoscaling.knative.dev/target", "1.5"},
        {"autoscaling.knative.dev/metric", "a\"b"},
    };
    static const char wanted[] =
        "{\"scaleTargetRef\":{\"kind\":\"Deployment\",\"name\":\"d\",\"apiVersion\":\"apps/v1\"},"
        "\"maxReplicas\":2147483647,\"metrics\":[{\"type\":\"Pods\",\"pods\":{\"metric\":{\"name\":"
        "\"a\\\"b\"},\"target\":{\"type\":\"AverageValue\",\"averageValue\":\"1\"}}}]}";
    weir_kpa_config cluster;
    char text[512];
    size_t need = 0;

    (void)state;
    weir_kpa_config_init(&cluster, sizeof cluster);
    assert_int_equal(weir_knative_hpa(&cluster, annotations, 3, "d", 0, NULL, 0, &need),
                     WEIR_E_SPACE);
    assert_int_equal(need, sizeof wanted);
    assert_int_equal(weir_knative_hpa(&cluster, annotations, 3, "d", 0, text, need, NULL), WEIR_OK);
    assert_string_equal(text, wanted);
    assert_int_equal(weir_knative_hpa(&cluster, annotations, 3, "d", 0, text, 9, &need),
                     WEIR_E_SPACE);
    assert_string_equal(text, "{\"scaleT");
    assert_int_equal(weir_knative_hpa(NULL, annotations, 3, "d", 0, text, 9, NULL), WEIR_E_ARG);
    assert_int_equal(weir_knative_hpa(&cluster, NULL, 3, "d", 0, text, 9, NULL), WEIR_E_ARG);
    assert_int_equal(weir_knative_hpa(&cluster, annotations, 3, NULL, 0, text, 9, NULL),
                     WEIR_E_ARG);
    assert_int_equal(weir_knative_hpa(&cluster, annotations, 3, "d", 0, NULL, 9, NULL), WEIR_E_ARG);
    cluster.struct_size = 4;
    assert_int_equal(weir_knative_hpa(&cluster, annotations, 3, "d", 0, text, 9, NULL),
                     WEIR_E_STRUCT);
}

static void the_cluster_is_laid_under_the_object_wherever_it_stands(void **state)
{
    weir_manifest *m = load(SERVICE(
        "        autoscaling.knative.dev/window: \"30s\"\n") "---\n"
                                                             "{\"apiVersion\": \"v1\", \"kind\": "
                                                             "\"ConfigMap\",\n"
                                                             " \"metadata\": {\"name\": "
                                                             "\"config-autoscaler\"},\n"
                                                             " \"data\": {\"stable-window\": "
                                                             "\"90s\", \"max-scale-up-rate\": "
                                                             "\"5\",\n"
                                                             "  "
                                                             "\"container-concurrency-target-"
                                                             "percentage\": \"55\"}}\n");
    const weir_kpa_config *config = weir_manifest_get_item(m, 0)->config;

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_true(config->stable_window == 30 * WEIR_SECOND);
    assert_bits_equal(config->max_scale_up_rate, 5);
    assert_bits_equal(config->container_concurrency_target_percentage, 0.55);
    weir_manifest_free(m);
}

/* One problem of a text: its place, path, and a part of its message. */
struct row {
    const char *name, *text;
    int32_t severity, line, column;
    const char *path, *message;
};

#define ANNOTATION(rest) SERVICE("        autoscaling.knative.dev/" rest "\n")
#define AT               "spec.template.metadata.annotations[autoscaling.knative.dev/"
#define SETTINGS(rest)                                                                             \
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-autoscaler}\ndata:\n  " rest "\n"

static const struct row rows[] = {
    {"a value out of bounds", ANNOTATION("window: \"5s\""), 0, 8, 41, AT "window]",
     "must be in [6s, 1h], in whole seconds, got \"5s\""},
    {"half a second", ANNOTATION("window: \"7.5s\""), 0, 8, 41, AT "window]", "whole seconds"},
    {"no number", ANNOTATION("target: ten"), 0, 8, 41, AT "target]",
     "must be a number, got \"ten\""},
    {"a number that should be text", ANNOTATION("target: 10"), 0, 8, 41, AT "target]",
     "must be text: write \"10\" in quotes"},
    {"a boolean by YAML 1.1", ANNOTATION("metric: on"), 0, 8, 41, AT "metric]", "must be text"},
    {"stricter as an annotation", ANNOTATION("panic-threshold-percentage: \"50\""), 0, 8, 61,
     AT "panic-threshold-percentage]", "must be in [110, 1000]"},
    {"a metric of another class", ANNOTATION("metric: cpu"), 0, 8, 41, AT "metric]",
     "concurrency or rps"},
    {"a misspelled key", ANNOTATION("target-utilisation-percentage: \"70\""), 1, 8, 9,
     AT "target-utilisation-percentage]",
     "did you mean autoscaling.knative.dev/target-utilization-percentage"},
    {"an alias beside its key",
     SERVICE("        autoscaling.knative.dev/initial-scale: \"2\"\n"
             "        autoscaling.knative.dev/initialScale: \"3\"\n"),
     1, 9, 9, AT "initialScale]", "is ignored beside"},
    {"initial scale zero without leave", ANNOTATION("initial-scale: \"0\""), 0, 8, 48,
     AT "initial-scale]", "not allowed by the cluster"},
    {"another class", ANNOTATION("class: other.example.com"), 0, 8, 40, AT "class]",
     "weir runs kpa.autoscaling.knative.dev and hpa.autoscaling.knative.dev only"},
    {"class hpa with a target of less than one",
     SERVICE("        autoscaling.knative.dev/class: hpa.autoscaling.knative.dev\n"
             "        autoscaling.knative.dev/metric: rps\n"
             "        autoscaling.knative.dev/target: \"0.5\"\n"),
     0, 10, 41, AT "target]",
     "makes a HorizontalPodAutoscaler that the API server refuses: "
     "spec.metrics[0].pods.target.averageValue must be above 0"},
    {"annotations in the wrong place",
     "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: s\n  annotations:\n"
     "    autoscaling.knative.dev/target: \"5\"\nspec: {template: {}}\n",
     0, 6, 5, "metadata.annotations[autoscaling.knative.dev/target]",
     "must be under spec.template.metadata.annotations"},
    {"a setting out of bounds", SETTINGS("max-scale-down-rate: \"1\""), 0, 5, 24,
     "data.max-scale-down-rate", "must be above 1"},
    {"an unknown setting", SETTINGS("stable-windoe: 60s"), 1, 5, 3, "data.stable-windoe",
     "did you mean stable-window"},
    {"another version",
     "apiVersion: serving.knative.dev/v1alpha1\nkind: Service\n"
     "metadata: {name: s}\n",
     1, 1, 1, "kind", "is passed over: weir reads version v1"},
    {"a misspelled kind", "apiVersion: serving.knative.dev/v1\nkind: Sevice\nmetadata: {name: s}\n",
     1, 1, 1, "kind", "did you mean Service"},
    {"another kind of Knative",
     "apiVersion: serving.knative.dev/v1\nkind: Route\n"
     "metadata: {name: r}\n",
     2, 1, 1, "kind", "serving.knative.dev/v1 Route r is passed over: weir has no use for it"},
    {"another ConfigMap", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n", 2, 1, 1,
     "kind", "v1 ConfigMap other is passed over"},
    {"an annotation of somebody else that is no text", SERVICE("        port: 8080\n"), 0, 8, 15,
     "spec.template.metadata.annotations.port", "must be text: write \"8080\" in quotes"},
    {"an annotation that is a list", SERVICE("        a.b/c: [1]\n"), 0, 8, 16,
     "spec.template.metadata.annotations[a.b/c]", "must be text, got a list"},
    {"no name", "apiVersion: serving.knative.dev/v1\nkind: Service\nspec: {template: {}}\n", 0, 1,
     1, "metadata.name", "is missing"},
    {"no template", "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\n", 0,
     1, 1, "spec.template", "is missing"},
    {"a template that is a list",
     "apiVersion: serving.knative.dev/v1\nkind: Service\n"
     "metadata: {name: s}\nspec: {template: []}\n",
     0, 4, 18, "spec.template", "must be a mapping, got a list"},
    {"a misspelled containerConcurrency",
     SERVICE("        x: z\n    spec: {containerConcurency: 5, containers: []}\n"), 1, 9, 12,
     "spec.template.spec.containerConcurency", "did you mean containerConcurrency"},
    {"a limit that is a text", SERVICE("        x: z\n    spec: {containerConcurrency: \"5\"}\n"),
     0, 9, 34, "spec.template.spec.containerConcurrency",
     "must be a whole number, got the text \"5\""},
    {"a limit above the cluster's",
     SERVICE("        x: z\n    spec: {containerConcurrency: 1001}\n"), 0, 9, 34,
     "spec.template.spec.containerConcurrency", "must be in [0, 1000], got"},
    {"a scale below the other",
     SERVICE("        autoscaling.knative.dev/min-scale: '5'\n"
             "        autoscaling.knative.dev/maxScale: '2'\n"),
     0, 9, 43, AT "maxScale]", "max-scale 2 is below min-scale 5"},
    {"an activation scale of one", ANNOTATION("activation-scale: '1'"), 0, 8, 51,
     AT "activation-scale]", "must be at least 2, got 1"},
    {"an initial scale that use cannot read", ANNOTATION("initial-scale: '3000000000'"), 1, 8, 9,
     AT "initial-scale]", "is admitted, but"},
    {"a deadline", SERVICE("        serving.knative.dev/progress-deadline: 1.5s\n"), 0, 8, 48,
     "spec.template.metadata.annotations[serving.knative.dev/progress-deadline]",
     "in whole seconds"},
    {"a list of nothing", "apiVersion: v1\nkind: List\nitems: 5\n", 0, 3, 8, "items",
     "must be a list, got the number 5"},
    {"an item of a list", "apiVersion: v1\nkind: List\nitems:\n- a: 1\n", 0, 4, 3,
     "items[0].apiVersion", "is missing"},
    {"another kind", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\n", 2, 1, 1,
     "kind", "apps/v1 Deployment d is passed over"},
    {"no kind", "apiVersion: v1\n", 0, 1, 1, "kind", "is missing"},
    {"no mapping", "- 1\n- 2\n", 0, 1, 1, "", "must be a mapping, got a list"},
    {"an empty file", "", 0, 1, 1, "", "the file is empty"},
    {"only comments", "# nothing\n---\n# more\n", 0, 1, 1, "", "the file is empty"},
    {"a tab", "a:\n\t- 1\n", 0, 2, 1, "a", "not YAML: tab character"},
    {"a key twice", "apiVersion: v1\nkind: X\nkind: Y\n", 0, 3, 1, "",
     "the key \"kind\" is here a second time; the first is on line 2"},
    {"bad JSON", "{\"a\": 1,\n \"b\" 2}", 0, 2, 6, "", "not JSON from here on"},
    {"cut off JSON", "{\"a\": [1, 2", 0, 1, 12, "a[2]", "ends before it is complete"},
    {"an unknown alias", "a: *nowhere\n", 0, 1, 4, "a", "no anchor for the alias"},
    {"not UTF-8", "a: b\nc: \xff\n", 0, 2, 4, "", "the byte 0xff at offset 8 is not UTF-8"},
};

/* The problem with such a message. */
static const weir_problem *problem_with(const weir_manifest *m, const char *message)
{
    for (size_t i = 0; i < weir_manifest_problem_count(m); i++) {
        if (strstr(weir_manifest_get_problem(m, i)->error.message, message) != NULL) {
            return weir_manifest_get_problem(m, i);
        }
    }
    for (size_t i = 0; i < weir_manifest_problem_count(m); i++) {
        print_error("message: %s\n", weir_manifest_get_problem(m, i)->error.message);
    }
    fail_msg("no problem says: %s", message);
    return NULL;
}

static void says_what_is_wrong_and_where(void **state)
{
    const struct row *row = *state;
    weir_manifest *m = load(row->text);
    const weir_problem *p = problem_with(m, row->message);

    assert_string_equal(p->error.path, row->path);
    assert_int_equal(p->severity, row->severity);
    assert_int_equal(p->error.line, row->line);
    if (row->column > 0) {
        assert_int_equal(p->error.column, row->column);
    }
    assert_string_equal(p->file, "a.yaml");
    weir_manifest_free(m);
}

static void all_problems_are_reported_at_once(void **state)
{
    weir_manifest *m = load(SERVICE("        autoscaling.knative.dev/target: \"0\"\n"
                                    "        autoscaling.knative.dev/window: \"5s\"\n"
                                    "        autoscaling.knative.dev/initial-scale: x\n"
                                    "    spec: {containerConcurrency: -1}\n"));

    (void)state;
    assert_int_equal(weir_manifest_error_count(m), 4);
    assert_int_equal(weir_manifest_get_item(m, 0)->error_count, 4);
    weir_manifest_free(m);
}

static void a_bad_document_does_not_lose_the_others(void **state)
{
    weir_manifest *m = load(
        "a: [1\n---\n" SERVICE("        autoscaling.knative.dev/target: \"5\"\n") "---\nb: }\n");

    (void)state;
    assert_int_equal(weir_manifest_error_count(m), 2);
    assert_int_equal(weir_manifest_item_count(m), 1);
    assert_int_equal(weir_manifest_get_problem(m, 1)->error.line, 12);
    assert_int_equal(weir_manifest_get_problem(m, 1)->document, 3);
    weir_manifest_free(m);
}

static void lists_anchors_and_merges_are_followed(void **state)
{
    weir_manifest *m =
        load("apiVersion: v1\nkind: List\nitems:\n"
             "- apiVersion: serving.knative.dev/v1\n  kind: Service\n  metadata: {name: one}\n"
             "  spec: &spec\n    template:\n      metadata:\n        annotations: &notes\n"
             "          autoscaling.knative.dev/target: '5'\n"
             "- apiVersion: serving.knative.dev/v1\n  kind: Revision\n"
             "  metadata:\n    name: two\n    annotations:\n      <<: *notes\n"
             "      autoscaling.knative.dev/window: 10s\n"
             "- {apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: three}, spec: "
             "*spec}\n");

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_int_equal(weir_manifest_item_count(m), 3);
    for (size_t i = 0; i < 3; i++) {
        const weir_kpa_config *config = weir_manifest_get_item(m, i)->config;

        assert_bits_equal(config->target, 5);
    }
    weir_manifest_free(m);
}

static void what_the_decoder_takes_is_taken(void **state)
{
    weir_manifest *m = load(SERVICE("        autoscaling.knative.dev/target: !!str 10\n"
                                    "        autoscaling.knative.dev/class:\n"
                                    "    spec: {containerConcurrency: 017}\n"));
    const weir_kpa_config *config = weir_manifest_get_item(m, 0)->config;

    (void)state;
    assert_bits_equal(config->target, 10);
    assert_true(config->container_concurrency == 15);  /* octal in YAML 1.1 */
    assert_int_equal(weir_manifest_error_count(m), 1); /* nothing as a class is another class */
    weir_manifest_free(m);
}

static void a_pod_autoscaler_and_a_revision_have_their_own_annotations(void **state)
{
    weir_manifest *m =
        load("apiVersion: autoscaling.internal.knative.dev/v1alpha1\nkind: PodAutoscaler\n"
             "metadata:\n  name: a\n  annotations:\n    autoscaling.knative.dev/target: '3'\n"
             "spec: {containerConcurrency: 5}\n---\n"
             "apiVersion: serving.knative.dev/v1\nkind: RevisionList\nitems:\n- metadata:\n"
             "    name: b\n    namespace: ns\n    annotations:\n"
             "      autoscaling.knative.dev/target: '4'\n");
    const weir_manifest_item *a = weir_manifest_get_item(m, 0), *b = weir_manifest_get_item(m, 1);

    (void)state;
    assert_int_equal(weir_manifest_problem_count(m), 0);
    assert_int_equal(weir_manifest_item_count(m), 2);
    assert_string_equal(a->api_kind, "PodAutoscaler");
    assert_string_equal(b->api_kind, "Revision");
    assert_string_equal(b->name_space, "ns");
    assert_int_equal(b->line, 12);
    assert_bits_equal(((const weir_kpa_config *)a->config)->target, 3);
    assert_true(((const weir_kpa_config *)a->config)->container_concurrency == 5);
    assert_bits_equal(((const weir_kpa_config *)b->config)->target, 4);
    weir_manifest_free(m);
}

static void an_object_that_is_there_twice_counts_as_written_last(void **state)
{
    static const char again[] = SERVICE("        autoscaling.knative.dev/target: '7'\n");
    weir_manifest *m;
    const weir_problem *p;

    (void)state;
    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    assert_int_equal(weir_manifest_add(m, "one", again, sizeof again - 1), WEIR_OK);
    assert_int_equal(weir_manifest_add(m, "two", again, sizeof again - 1), WEIR_OK);
    assert_int_equal(weir_manifest_finish(m), WEIR_OK);
    assert_int_equal(weir_manifest_item_count(m), 1);
    assert_string_equal(weir_manifest_get_item(m, 0)->file, "two");
    assert_int_equal(weir_manifest_problem_count(m), 1);
    p = weir_manifest_get_problem(m, 0);
    assert_int_equal(p->severity, WEIR_PROBLEM_WARNING);
    assert_string_equal(p->file, "two");
    assert_non_null(strstr(p->error.message, "is also in one, line 1"));
    weir_manifest_free(m);
}

static void all_three_configmaps_are_read_and_the_last_of_one_name_counts(void **state)
{
    weir_manifest *m = load(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-deployment}\n"
        "data: {progress-deadline: 2m}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-defaults}\n"
        "data: {container-concurrency: \"7\", container-concurrency-max-limit: \"2000\"}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-autoscaler}\n"
        "data: {stable-window: 90s}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-autoscaler}\n"
        "data: {stable-window: 120s, max-scale: \"9\"}\n---\n" SERVICE(
            "        x: z\n") "---\n"
                              "apiVersion: serving.knative.dev/v1\nkind: Revision\n"
                              "metadata: {name: r}\nspec: {containerConcurrency: 1500}\n");
    const weir_kpa_config *a = weir_manifest_get_item(m, 0)->config;
    const weir_kpa_config *b = weir_manifest_get_item(m, 1)->config;

    (void)state;
    assert_int_equal(weir_manifest_error_count(m), 0);
    assert_int_equal(weir_manifest_problem_count(m), 1);
    assert_non_null(problem_with(m, "this later one counts"));
    assert_true(a->progress_deadline == 120 * WEIR_SECOND);
    assert_true(a->container_concurrency == 7);
    assert_true(a->stable_window == 120 * WEIR_SECOND);
    assert_int_equal(a->max_scale, 9);
    assert_true(b->container_concurrency == 1500);
    weir_manifest_free(m);
}

static void a_refused_configmap_leaves_the_defaults(void **state)
{
    weir_manifest *m = load(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config-autoscaler, namespace: mine}\n"
        "data: {stable-window: 90s, max-scale-limit: \"x\", min-scale: \"4\", max-scale: \"3\",\n"
        "  initial-scale: \"0\", container-concurrency-target-default: \"0.001\"}\n---\n" SERVICE(
            "        x: z\n"));
    const weir_kpa_config *config = weir_manifest_get_item(m, 0)->config;

    (void)state;
    assert_int_equal(weir_manifest_error_count(m), 4);
    problem_with(m, "min-scale 4 is above max-scale 3");
    problem_with(m, "unless allow-zero-initial-scale is true");
    problem_with(m, "must be at least 0.01, but is 0.0007");
    problem_with(m, "Knative refuses this ConfigMap as a whole");
    problem_with(m, "usually knative-serving");
    assert_true(config->stable_window == 60 * WEIR_SECOND);
    assert_int_equal(weir_manifest_get_item(m, 0)->error_count, 0);
    weir_manifest_free(m);
}

static void the_callers_defaults_lie_under_all(void **state)
{
    weir_manifest *m;
    weir_kpa_config config;
    const weir_kpa_config *got;
    static const char text[] = SERVICE("        autoscaling.knative.dev/window: 10s\n");

    (void)state;
    assert_int_equal(weir_kpa_config_init(&config, sizeof config), WEIR_OK);
    config.semantics = WEIR_SERVING_0_42;
    config.max_scale_up_rate = 3;
    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_WINDOW, &config), WEIR_E_UNSUPPORTED);
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_KPA, NULL), WEIR_E_ARG);
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_KPA, &config), WEIR_OK);
    config.stable_window = 1;
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_KPA, &config), WEIR_E_RANGE);
    assert_int_equal(weir_manifest_add(m, "a", text, sizeof text - 1), WEIR_OK);
    assert_int_equal(weir_manifest_finish(m), WEIR_OK);
    got = weir_manifest_get_item(m, 0)->config;
    assert_int_equal(got->semantics, WEIR_SERVING_0_42);
    assert_bits_equal(got->max_scale_up_rate, 3);
    assert_true(got->stable_window == 10 * WEIR_SECOND);
    assert_int_equal(weir_manifest_set_defaults(m, WEIR_KIND_KPA, &config), WEIR_E_ARG);
    assert_int_equal(weir_manifest_add(m, "b", text, 1), WEIR_E_ARG);
    assert_int_equal(weir_manifest_finish(m), WEIR_E_ARG);
    weir_manifest_free(m);
}

static void problems_stand_in_the_order_of_files_and_lines(void **state)
{
    static const char one[] = SERVICE("        autoscaling.knative.dev/window: 5s\n"
                                      "        autoscaling.knative.dev/targt: '5'\n");
    static const char two[] = "apiVersion: v1\nkind: Pod\n";
    weir_manifest *m;

    (void)state;
    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    assert_int_equal(weir_manifest_add(m, "one", one, sizeof one - 1), WEIR_OK);
    assert_int_equal(weir_manifest_add(m, "two", two, sizeof two - 1), WEIR_OK);
    assert_int_equal(weir_manifest_finish(m), WEIR_OK);
    assert_int_equal(weir_manifest_problem_count(m), 3);
    assert_int_equal(weir_manifest_get_problem(m, 0)->error.line, 8);
    assert_int_equal(weir_manifest_get_problem(m, 1)->error.line, 9);
    assert_string_equal(weir_manifest_get_problem(m, 2)->file, "two");
    weir_manifest_free(m);
}

static void problems_beyond_the_limit_are_counted(void **state)
{
    static char text[3 * WEIR_MANIFEST_PROBLEMS_MAX * 6 + 1];
    weir_manifest *m;

    (void)state;
    for (size_t i = 0; i < 3 * WEIR_MANIFEST_PROBLEMS_MAX; i++) {
        memcpy(text + i * 6, "a\n---\n", 6);
    }
    m = load(text);
    assert_int_equal(weir_manifest_problem_count(m), WEIR_MANIFEST_PROBLEMS_MAX);
    assert_int_equal(weir_manifest_error_count(m), 3 * WEIR_MANIFEST_PROBLEMS_MAX);
    weir_manifest_free(m);
}

static void a_bomb_is_bounded(void **state)
{
    char text[4096] = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    weir_manifest *m;

    (void)state;
    for (int i = 1; i < 12; i++) {
        char line[160];

        snprintf(line, sizeof line,
                 "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        strcat(text, line);
    }
    m = load(text);
    assert_int_equal(weir_manifest_error_count(m), 1);
    assert_non_null(strstr(weir_manifest_get_problem(m, 0)->error.message, "aliases written out"));
    weir_manifest_free(m);
}

static void depth_and_size_are_bounded(void **state)
{
    static char text[3000];
    weir_manifest *m;

    (void)state;
    memset(text, '[', 1400);
    memset(text + 1400, ']', 1400);
    text[2800] = '\0';
    m = load(text);
    assert_int_equal(weir_manifest_error_count(m), 1);
    weir_manifest_free(m);
    assert_int_equal(weir_manifest_create(NULL, &m), WEIR_OK);
    assert_int_equal(weir_manifest_add(m, "big", "x", (size_t)WEIR_MANIFEST_BYTES_MAX + 1),
                     WEIR_OK);
    assert_int_equal(weir_manifest_get_problem(m, 0)->error.status, WEIR_E_LIMIT);
    assert_int_equal(weir_manifest_add(m, "nul", "a\0b", 3), WEIR_OK);
    assert_non_null(strstr(weir_manifest_get_problem(m, 1)->error.message, "binary"));
    weir_manifest_free(m);
}

/* An allocator that refuses the n-th request. */
struct short_memory {
    size_t asked, refuse, given;
};

static void *refusing_alloc(void *user, size_t size)
{
    struct short_memory *s = user;

    if (++s->asked == s->refuse) {
        return NULL;
    }
    s->given++;
    return malloc(size);
}

static void counting_free(void *user, void *ptr, size_t size)
{
    struct short_memory *s = user;

    (void)size;
    s->given--;
    free(ptr);
}

static void a_refused_allocation_is_an_error_and_leaks_nothing(void **state)
{
    static const char text[] = SERVICE("        autoscaling.knative.dev/target: \"5\"\n"
                                       "        autoscaling.knative.dev/window: \"5s\"\n");
    weir_status status = WEIR_E_MEMORY;

    (void)state;
    for (size_t n = 1; status == WEIR_E_MEMORY; n++) {
        struct short_memory memory = {0, n, 0};
        weir_allocator allocator = {refusing_alloc, counting_free, &memory};
        weir_manifest *m = NULL;

        status = weir_manifest_create(&allocator, &m);
        for (int i = 0; status == WEIR_OK && i < 20; i++) {
            status = weir_manifest_add(m, "a.yaml", text, sizeof text - 1);
        }
        if (status == WEIR_OK) {
            status = weir_manifest_finish(m);
        }
        weir_manifest_free(m);
        assert_int_equal(memory.given, 0);
        assert_true(n < 1000);
    }
    assert_int_equal(status, WEIR_OK);
}

static void nearest_names(void **state)
{
    static const char *const names[] = {"replay", "explain", "conform"};

    (void)state;
    assert_string_equal(weir_nearest_name("repaly", names, 3), "replay");
    assert_null(weir_nearest_name("xyz", names, 3));
    assert_null(weir_nearest_name(NULL, names, 3));
}

int main(void)
{
    static struct suite suite;

    SUITE_TEST(&suite, a_service_becomes_a_configuration);
    SUITE_TEST(&suite, class_hpa_becomes_the_autoscaler_that_knative_makes);
    SUITE_TEST(&suite, class_hpa_without_a_target_is_given_one);
    SUITE_TEST(&suite, the_spec_that_knative_makes);
    SUITE_TEST(&suite, the_cluster_is_laid_under_the_object_wherever_it_stands);
    SUITE_TABLE(&suite, says_what_is_wrong_and_where, rows);
    SUITE_TEST(&suite, all_problems_are_reported_at_once);
    SUITE_TEST(&suite, a_bad_document_does_not_lose_the_others);
    SUITE_TEST(&suite, lists_anchors_and_merges_are_followed);
    SUITE_TEST(&suite, what_the_decoder_takes_is_taken);
    SUITE_TEST(&suite, a_pod_autoscaler_and_a_revision_have_their_own_annotations);
    SUITE_TEST(&suite, an_object_that_is_there_twice_counts_as_written_last);
    SUITE_TEST(&suite, all_three_configmaps_are_read_and_the_last_of_one_name_counts);
    SUITE_TEST(&suite, a_refused_configmap_leaves_the_defaults);
    SUITE_TEST(&suite, the_callers_defaults_lie_under_all);
    SUITE_TEST(&suite, problems_stand_in_the_order_of_files_and_lines);
    SUITE_TEST(&suite, problems_beyond_the_limit_are_counted);
    SUITE_TEST(&suite, a_bomb_is_bounded);
    SUITE_TEST(&suite, depth_and_size_are_bounded);
    SUITE_TEST(&suite, a_refused_allocation_is_an_error_and_leaks_nothing);
    SUITE_TEST(&suite, nearest_names);
    return suite_run(&suite, "manifest");
}
