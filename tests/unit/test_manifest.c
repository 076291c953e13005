/* manifest: YAML and JSON to configurations, every problem with its place, hostile input. */
#include "table.h"
#include <stdio.h>
#include <weir/autoscaler.h>
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
    {"another class", ANNOTATION("class: hpa.autoscaling.knative.dev"), 0, 8, 40, AT "class]",
     "weir runs kpa.autoscaling.knative.dev only"},
    {"annotations in the wrong place",
     "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata:\n  name: s\n  annotations:\n"
     "    autoscaling.knative.dev/target: \"5\"\nspec: {template: {}}\n",
     0, 6, 5, "metadata.annotations[autoscaling.knative.dev/target]",
     "must be under spec.template.metadata.annotations"},
    {"a setting out of bounds", SETTINGS("max-scale-down-rate: \"1\""), 0, 5, 24,
     "data.max-scale-down-rate", "must be above 1"},
    {"an unknown setting", SETTINGS("stable-windoe: 60s"), 1, 5, 3, "data.stable-windoe",
     "did you mean stable-window"},
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
    SUITE_TEST(&suite, the_cluster_is_laid_under_the_object_wherever_it_stands);
    SUITE_TABLE(&suite, says_what_is_wrong_and_where, rows);
    SUITE_TEST(&suite, all_problems_are_reported_at_once);
    SUITE_TEST(&suite, a_bad_document_does_not_lose_the_others);
    SUITE_TEST(&suite, lists_anchors_and_merges_are_followed);
    SUITE_TEST(&suite, a_bomb_is_bounded);
    SUITE_TEST(&suite, depth_and_size_are_bounded);
    SUITE_TEST(&suite, a_refused_allocation_is_an_error_and_leaks_nothing);
    SUITE_TEST(&suite, nearest_names);
    return suite_run(&suite, "manifest");
}
