/*
 * Tests of KServe's cluster by itself: what it answers to wrong calls, that it keeps what it is
 * told, and that no refused allocation crashes or leaks. What it decides is held against recorded
 * vectors elsewhere.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "short_memory.h"

#include <stdio.h>
#include <string.h>
#include <weir/kserve.h>

static const char isvc[] = "apiVersion: serving.kserve.io/v1beta1\n"
                           "kind: InferenceService\n"
                           "metadata:\n"
                           "  name: m\n"
                           "  annotations:\n"
                           "    serving.kserve.io/deploymentMode: RawDeployment\n"
                           "    serving.kserve.io/autoscalerClass: keda\n"
                           "spec:\n"
                           "  predictor:\n"
                           "    minReplicas: 1\n"
                           "    maxReplicas: 4\n"
                           "    model: {modelFormat: {name: sklearn}, storageUri: gs://b/m}\n"
                           "    autoScaling:\n"
                           "      metrics:\n"
                           "      - type: External\n"
                           "        external:\n"
                           "          metric: {backend: prometheus, serverAddress: p, query: q}\n"
                           "          target: {value: 0x10}\n";

static const char llm[] = "apiVersion: serving.kserve.io/v1alpha2\n"
                          "kind: LLMInferenceService\n"
                          "metadata: {name: llama, namespace: ml}\n"
                          "spec:\n"
                          "  model: {uri: hf://o/m}\n"
                          "  scaling: {maxReplicas: 3, wva: {hpa: {}}}\n";

static const char settings[] = "{\"kind\": \"ConfigMap\", \"metadata\": {\"name\": "
                               "\"inferenceservice-config\"}, \"data\": {\"deploy\": "
                               "\"{\\\"defaultDeploymentMode\\\": \\\"Standard\\\"}\"}}";

static const char wva_settings[] =
    "{\"kind\": \"ConfigMap\", \"metadata\": {\"name\": \"inferenceservice-config\"}, \"data\": "
    "{\"autoscaling-wva-controller-config\": "
    "\"{\\\"prometheus\\\":{\\\"url\\\":\\\"https://p\\\"}}\"}}";

/* Whether what came of the last step has a text in it. */
static int has(weir_kserve *cluster, const char *text)
{
    size_t need = 0;
    char *json;
    int found;

    assert_int_equal(weir_kserve_json(cluster, NULL, 0, &need), WEIR_E_SPACE);
    json = malloc(need);
    assert_non_null(json);
    assert_int_equal(weir_kserve_json(cluster, json, need, NULL), WEIR_OK);
    assert_int_equal(strlen(json) + 1, need);
    found = strstr(json, text) != NULL;
    free(json);
    return found;
}

static void a_service_becomes_objects(void **state)
{
    weir_kserve *cluster;

    (void)state;
    assert_int_equal(weir_kserve_create(NULL, WEIR_KSERVE_FULL, &cluster), WEIR_OK);
    assert_int_equal(weir_kserve_apply(cluster, isvc, strlen(isvc)), WEIR_OK);
    assert_int_equal(weir_kserve_problem_count(cluster), 0);
    assert_true(has(cluster, "\"accepted\":true"));
    assert_true(has(cluster, "\"kind\":\"ScaledObject\""));
    assert_true(has(cluster, "\"threshold\":\"16\""));
    assert_true(has(cluster, "\"serving.kserve.io/deploymentMode\":\"Standard\""));
    assert_int_equal(weir_kserve_reconcile(cluster), WEIR_OK);
    assert_true(has(cluster, "\"kind\":\"ScaledObject\""));
    weir_kserve_free(cluster);
}

static void settings_hold_for_what_comes_later(void **state)
{
    static const char bare[] = "{\"kind\": \"InferenceService\", \"metadata\": {\"name\": \"x\"}, "
                               "\"spec\": {\"predictor\": {\"sklearn\": {}}}}";
    weir_kserve *cluster;

    (void)state;
    assert_int_equal(weir_kserve_create(NULL, WEIR_KSERVE_FULL, &cluster), WEIR_OK);
    assert_int_equal(weir_kserve_apply(cluster, bare, strlen(bare)), WEIR_OK);
    assert_true(has(cluster, "\"mode\":\"Knative\""));
    weir_kserve_free(cluster);
    assert_int_equal(weir_kserve_create(NULL, WEIR_KSERVE_FULL, &cluster), WEIR_OK);
    assert_int_equal(weir_kserve_put(cluster, settings, strlen(settings)), WEIR_OK);
    assert_int_equal(weir_kserve_apply(cluster, bare, strlen(bare)), WEIR_OK);
    assert_true(has(cluster, "\"mode\":\"Standard\""));
    weir_kserve_free(cluster);
}

static void problems_have_places(void **state)
{
    static const char bad[] = "kind: InferenceService\nmetadata: {name: M}\nspec:\n  predictor:\n"
                              "    sklearn: {}\n    scaleMetric: qps\n    minReplica: 1\n";
    weir_kserve *cluster;
    const weir_problem *p;

    (void)state;
    assert_int_equal(weir_kserve_create(NULL, WEIR_KSERVE_FULL, &cluster), WEIR_OK);
    assert_int_equal(weir_kserve_apply(cluster, bad, strlen(bad)), WEIR_OK);
    assert_int_equal(weir_kserve_problem_count(cluster), 3);
    p = weir_kserve_get_problem(cluster, 0);
    assert_int_equal(p->error.line, 2);
    assert_int_equal(p->stages, WEIR_STAGE_WEBHOOK);
    assert_string_equal(p->error.path, "metadata.name");
    p = weir_kserve_get_problem(cluster, 1);
    assert_int_equal(p->error.line, 6);
    assert_int_equal(p->stages, WEIR_STAGE_API);
    assert_int_equal(p->cause, WEIR_CAUSE_NOT_SUPPORTED);
    p = weir_kserve_get_problem(cluster, 2);
    assert_int_equal(p->severity, WEIR_PROBLEM_WARNING);
    assert_non_null(strstr(p->error.message, "did you mean minReplicas"));
    assert_null(weir_kserve_get_problem(cluster, 3));
    assert_int_equal(weir_kserve_apply(cluster, "a: [", 4), WEIR_OK);
    assert_true(has(cluster, "\"readable\":false"));
    weir_kserve_free(cluster);
}

/* Words of the formula language are no names, nor is what stands in quotes. */
static void a_formula_is_read_as_keda_reads_it(void **state)
{
    static const struct {
        const char *formula, *target;
        int refused;
    } rows[] = {{"1 > 0 and not false ? 2 : 1", "2", 0},
                {"'a b' == 'c' ? 2 : 1", "2", 0},
                {"a + 1", "2", 1},
                {"1 +", "2", 1},
                {"1 + 1", "", 1}, /* nothing to hold it against */
                {"1 + 1", "0", 1},
                {"1 + 1", "two", 1}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir_kserve *cluster;
        char text[512];

        snprintf(text, sizeof text,
                 "apiVersion: serving.kserve.io/v1alpha2\nkind: LLMInferenceService\n"
                 "metadata: {name: llama, namespace: ml}\nspec:\n  model: {uri: hf://o/m}\n"
                 "  scaling:\n    maxReplicas: 3\n    wva: {keda: {advanced: {scalingModifiers: "
                 "{target: '%s', formula: \"%s\"}}}}\n",
                 rows[i].target, rows[i].formula);
        assert_int_equal(weir_kserve_create(NULL, WEIR_KSERVE_FULL, &cluster), WEIR_OK);
        assert_int_equal(weir_kserve_put(cluster, wva_settings, strlen(wva_settings)), WEIR_OK);
        assert_int_equal(weir_kserve_apply(cluster, text, strlen(text)), WEIR_OK);
        assert_true(has(cluster, "\"kind\":\"ScaledObject\""));
        assert_int_equal(has(cluster, "verifyScaledObjects"), rows[i].refused);
        weir_kserve_free(cluster);
    }
}

static void wrong_calls_are_refused(void **state)
{
    weir_kserve *cluster = NULL;

    (void)state;
    assert_int_equal(weir_kserve_create(NULL, 2, &cluster), WEIR_E_ARG);
    assert_int_equal(weir_kserve_create(NULL, WEIR_KSERVE_FULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_kserve_create(NULL, WEIR_KSERVE_MINIMAL, &cluster), WEIR_OK);
    assert_int_equal(weir_kserve_apply(NULL, isvc, 1), WEIR_E_ARG);
    assert_int_equal(weir_kserve_apply(cluster, NULL, 1), WEIR_E_ARG);
    assert_int_equal(weir_kserve_put(cluster, NULL, 1), WEIR_E_ARG);
    assert_int_equal(weir_kserve_put(cluster, "a: [", 4), WEIR_E_PARSE);
    assert_int_equal(weir_kserve_reconcile(NULL), WEIR_E_ARG);
    assert_int_equal(weir_kserve_json(NULL, NULL, 0, NULL), WEIR_E_ARG);
    assert_int_equal(weir_kserve_problem_count(NULL), 0);
    weir_kserve_free(cluster);
    weir_kserve_free(NULL);
}

/* ---- without memory ------------------------------------------------------------------------- */

static weir_status run_all(const weir_allocator *allocator)
{
    weir_kserve *cluster;
    weir_status status = weir_kserve_create(allocator, WEIR_KSERVE_FULL, &cluster);
    size_t need;

    if (status != WEIR_OK) {
        return status;
    }
    status = weir_kserve_put(cluster, settings, strlen(settings));
    status = status == WEIR_OK ? weir_kserve_apply(cluster, isvc, strlen(isvc)) : status;
    status = status == WEIR_OK ? weir_kserve_apply(cluster, llm, strlen(llm)) : status;
    status = status == WEIR_OK ? weir_kserve_json(cluster, NULL, 0, &need) : status;
    weir_kserve_free(cluster);
    return status == WEIR_E_SPACE ? WEIR_OK : status;
}

static void a_refused_allocation_is_an_error_and_leaks_nothing(void **state)
{
    weir_status status = WEIR_E_MEMORY;

    (void)state;
    for (size_t refuse = 1; status != WEIR_OK; refuse++) {
        struct short_memory memory = {.refuse = refuse};
        weir_allocator allocator = short_memory_allocator(&memory);

        status = run_all(&allocator);
        assert_true(status == WEIR_OK || status == WEIR_E_MEMORY);
        assert_true(status == WEIR_E_MEMORY || memory.asked < refuse);
        assert_int_equal(memory.in_use, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_service_becomes_objects),
        cmocka_unit_test(settings_hold_for_what_comes_later),
        cmocka_unit_test(problems_have_places),
        cmocka_unit_test(a_formula_is_read_as_keda_reads_it),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(a_refused_allocation_is_an_error_and_leaks_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
