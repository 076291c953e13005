/*
 * conform_keda_spec.c - the conformance operations about ScaledObjects as they are written:
 * what KEDA's webhook and controller refuse, and the HPA that KEDA makes.
 *
 * A scenario becomes manifests, as a cluster would have them, and goes through the loader.
 * Upstream's sentences are not weir's: that there is an error, of what kind and at which stage, is
 * compared.
 */
#include "conform_keda.h"

#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

enum { STAGES_AT_WORK = WEIR_STAGE_RECONCILE | WEIR_STAGE_BUILD };

/* ---- what was found ------------------------------------------------------------------------- */

/* The checks of upstream, each of which gives one error at most. */
enum check { BOUNDS, FALLBACK, TRIGGERS, ZERO, MODIFIERS, BEHAVIOR, NAMES, OTHERS, CHECKS };

static int begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum check check_of(const weir_problem *p)
{
    const char *path = p->error.path;

    if (begins(path, "metadata")) {
        return begins(p->error.message, "the HPA's name is taken") ? OTHERS : NAMES;
    }
    if (begins(path, "spec.scaleTargetRef") || p->error.path[0] == '\0') {
        return OTHERS;
    }
    if (begins(path, "spec.advanced.horizontal")) {
        return NAMES;
    }
    if (begins(path, "spec.advanced")) {
        return MODIFIERS;
    }
    if (strcmp(path, "spec.fallback.behavior") == 0) {
        return BEHAVIOR;
    }
    if (begins(path, "spec.fallback")) {
        return FALLBACK;
    }
    if (begins(path, "spec.triggers")) {
        return (p->stages & WEIR_STAGE_RECONCILE) != 0 ? TRIGGERS : ZERO;
    }
    return (p->stages & WEIR_STAGE_RECONCILE) != 0 ? BOUNDS : ZERO;
}

/* Which checks fail at a stage. Problems of the last document are those of the subject. */
static int failing(const weir_manifest *manifest, int32_t stages, int *failed)
{
    int count = 0;

    memset(failed, 0, CHECKS * sizeof *failed);
    for (size_t i = 0; i < weir_manifest_problem_count(manifest); i++) {
        const weir_problem *p = weir_manifest_get_problem(manifest, i);

        if (p->severity == WEIR_PROBLEM_ERROR && (p->stages & stages) != 0 &&
            !failed[check_of(p)]++) {
            count++;
        }
    }
    return count;
}

/* Which check an error of upstream's webhook comes from, by a word of it; CHECKS for none. */
static enum check check_of_text(const char *text)
{
    static const struct {
        const char *word;
        enum check check;
    } words[] = {
        {"must be less than", BOUNDS},
        {"must both be greater", FALLBACK},
        {"at least one trigger", FALLBACK},
        {"no triggers defined", TRIGGERS},
        {"useCachedMetrics", TRIGGERS},
        {"defined multiple times", TRIGGERS},
        {"only cpu/memory", ZERO},
        {"request defined", ZERO},
        {"not found", ZERO},
        {"fallback behavior requires", BEHAVIOR},
        {"in ScalingModifiers", MODIFIERS},
        {"error ScalingModifiers", MODIFIERS},
        {"characters long", NAMES},
        {"already managed by", OTHERS},
        {"must be specified by name", OTHERS},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strstr(text, words[i].word) != NULL) {
            return words[i].check;
        }
    }
    return CHECKS;
}

static int is_failed(const cJSON *text, const int *failed)
{
    enum check check = cJSON_IsString(text) ? check_of_text(text->valuestring) : CHECKS;

    return check != CHECKS && failed[check];
}

static cJSON *verdict(int failed)
{
    return failed ? conform_error("refused") : cJSON_CreateObject();
}

/* The lowest number of paused-replicas is the one that stands for none. */
static cJSON *derived(const struct scenario *s, const weir_keda_config *c)
{
    cJSON *got = cJSON_CreateObject();
    int relevant = c->min_replicas == WEIR_KEDA_UNSET || c->min_replicas == 0 ||
                   c->idle_replicas != WEIR_KEDA_UNSET,
        cached = 0;

    for (uint32_t i = 0; i < c->trigger_count; i++) {
        cached |= c->triggers[i].use_cached_metrics;
    }
    cJSON_AddBoolToObject(got, "paused", c->paused);
    cJSON_AddBoolToObject(got, "paused_scale_in", c->paused_scale_in);
    cJSON_AddBoolToObject(got, "paused_scale_out", c->paused_scale_out);
    cJSON_AddBoolToObject(got, "force_activation", c->force_activation);
    cJSON_AddBoolToObject(got, "using_modifiers", c->modifiers.enabled);
    cJSON_AddBoolToObject(got, "polling_interval_relevant", relevant || cached);
    cJSON_AddBoolToObject(got, "uses_hpa_observations",
                          !relevant && !cached && !c->modifiers.enabled);
    conform_put_int(got, "hpa_min", c->min_replicas > 0 ? c->min_replicas : 1);
    conform_put_int(got, "hpa_max", c->max_replicas != WEIR_KEDA_UNSET ? c->max_replicas : 100);
    if (c->defect == WEIR_KEDA_BAD_PAUSE) {
        cJSON_AddItemToObject(got, "paused_replicas", conform_error("not a number"));
    } else if (conform_has(keda_at(s->config, "annotations"),
                           "autoscaling.keda.sh/paused-replicas")) {
        conform_put_int(got, "paused_replicas", c->paused_replicas);
    } else {
        cJSON_AddNullToObject(got, "paused_replicas");
    }
    return got;
}

/* Upstream's warnings begin with the field that they are about. */
static void want_warnings(struct scenario *s)
{
    const cJSON *warning, *list = keda_at(keda_at(s->step, "want"), "warnings");
    cJSON *fields = cJSON_CreateArray();

    cJSON_ArrayForEach(warning, list)
    {
        const char *text = cJSON_IsString(warning) ? warning->valuestring : "";

        cJSON_AddItemToArray(
            fields, cJSON_CreateString(
                        begins(text, "PollingInterval is configured")  ? "spec.pollingInterval"
                        : begins(text, "CooldownPeriod is configured") ? "spec.cooldownPeriod"
                                                                       : text));
    }
    if (list != NULL) {
        conform_ignore(s, "warnings");
        conform_expect(s, "warnings", fields);
    } else {
        cJSON_Delete(fields);
    }
}

/* In upstream's order, whatever the order in the text. */
static cJSON *warnings_of(const weir_manifest *manifest)
{
    static const char *const fields[] = {"spec.pollingInterval", "spec.cooldownPeriod"};
    cJSON *list = cJSON_CreateArray();

    for (size_t k = 0; k < 2; k++) {
        for (size_t i = 0; i < weir_manifest_problem_count(manifest); i++) {
            const weir_problem *p = weir_manifest_get_problem(manifest, i);

            if (p->severity == WEIR_PROBLEM_WARNING && (p->stages & WEIR_STAGE_WEBHOOK) != 0 &&
                strcmp(p->error.path, fields[k]) == 0) {
                cJSON_AddItemToArray(list, cJSON_CreateString(p->error.path));
            }
        }
    }
    return list;
}

static cJSON *webhook(struct scenario *s, const weir_manifest *manifest)
{
    const cJSON *any_of = keda_at(keda_at(s->step, "want"), "any_of");
    int failed[CHECKS], count = failing(manifest, WEIR_STAGE_WEBHOOK, failed);
    cJSON *got = verdict(count > 0);
    const cJSON *error = keda_at(keda_at(s->step, "want"), "error"), *text;
    int found = error == NULL || is_failed(error, failed);

    /* Upstream may report these, one at a time; weir reports all, and what comes after them. */
    cJSON_ArrayForEach(text, any_of)
    {
        found = found && is_failed(text, failed);
    }
    conform_ignore(s, "any_of");
    conform_expect(s, "same_checks", cJSON_CreateTrue());
    cJSON_AddBoolToObject(got, "same_checks", found);
    if (count == 0) {
        cJSON_AddItemToObject(got, "warnings", warnings_of(manifest));
    }
    want_warnings(s);
    return got;
}

static void run_validate(struct scenario *s)
{
    static const char *const actions[] = {"bounds",  "fallback", "triggers",
                                          "derived", "webhook",  NULL};
    static const enum check checks[] = {BOUNDS, FALLBACK, TRIGGERS};
    weir_manifest *manifest = keda_read_scenario(s, 1);
    int failed[CHECKS];

    while (conform_next(s)) {
        int action = conform_action(s, actions);

        if (manifest == NULL) {
            conform_answer(s, conform_failure(WEIR_E_MEMORY));
        } else if (action < 0) {
            conform_answer(s, NULL);
        } else if (action < 3) {
            failing(manifest, WEIR_STAGE_WEBHOOK, failed);
            conform_answer(s, verdict(failed[checks[action]]));
        } else if (action == 3) {
            conform_answer(s, derived(s, keda_subject(manifest)->config));
        } else {
            conform_answer(s, webhook(s, manifest));
        }
    }
    weir_manifest_free(manifest);
}

/* ---- the HPA -------------------------------------------------------------------------------- */

char *keda_show(weir_manifest *manifest, int32_t how, weir_status *status)
{
    size_t index = weir_manifest_item_count(manifest) - 1, need = 0;
    char *text;

    *status = weir_manifest_show(manifest, index, how, NULL, 0, &need);
    if (*status != WEIR_E_SPACE) {
        return NULL;
    }
    text = conform_block(need);
    if (text == NULL) {
        *status = WEIR_E_MEMORY;
        return NULL;
    }
    *status = weir_manifest_show(manifest, index, how, text, need, NULL);
    return text;
}

/* A quantity of the HPA, with the thousandths that its controller reads. */
static void put_quantity(cJSON *out, const cJSON *text)
{
    const char *value = cJSON_IsString(text) ? text->valuestring : "";
    weir_quantity quantity;

    cJSON_AddStringToObject(out, "target", value);
    if (weir_quantity_parse_stored(value, strlen(value), &quantity, NULL) == WEIR_OK) {
        conform_put_int(out, "target_milli", weir_quantity_milli(&quantity));
    }
}

cJSON *keda_metric_spec(const cJSON *metric)
{
    static const char *const members[] = {"external", "resource", "containerResource", NULL};
    cJSON *out = cJSON_CreateObject();
    const cJSON *source = NULL, *target, *name;

    for (size_t i = 0; members[i] != NULL && source == NULL; i++) {
        source = keda_at(metric, members[i]);
    }
    target = keda_at(source, "target");
    name = keda_at(source, "metric") != NULL ? keda_at(keda_at(source, "metric"), "name")
                                             : keda_at(source, "name");
    cJSON_AddStringToObject(out, "type", conform_text(metric, "type", ""));
    cJSON_AddStringToObject(out, "name", cJSON_IsString(name) ? name->valuestring : "");
    cJSON_AddStringToObject(out, "target_type", conform_text(target, "type", ""));
    if (conform_has(source, "container")) {
        cJSON_AddStringToObject(out, "container", conform_text(source, "container", ""));
    }
    if (keda_at(target, "averageUtilization") != NULL) {
        conform_put_int(out, "target_utilization", conform_int(target, "averageUtilization", 0));
    } else {
        put_quantity(out, keda_at(target, "averageValue") != NULL ? keda_at(target, "averageValue")
                                                                  : keda_at(target, "value"));
    }
    return out;
}

static void put_names(cJSON *got, const char *name, const weir_keda_config *config, int resources)
{
    cJSON *list = cJSON_CreateArray();

    for (uint32_t i = 0; i < config->trigger_count; i++) {
        const weir_keda_trigger *t = &config->triggers[i];
        int resource = t->type == WEIR_TRIGGER_CPU || t->type == WEIR_TRIGGER_MEMORY;

        if (resource && resources && t->container[0] == '\0') {
            cJSON_AddItemToArray(
                list, cJSON_CreateString(t->type == WEIR_TRIGGER_CPU ? "cpu" : "memory"));
        } else if (!resource && !resources) {
            cJSON_AddItemToArray(list, cJSON_CreateString(t->metric_name));
        }
    }
    if (cJSON_GetArraySize(list) == 0) {
        cJSON_Delete(list);
        list = cJSON_CreateNull();
    }
    cJSON_AddItemToObject(got, name, list);
}

static cJSON *hpa_answer(struct scenario *s, const cJSON *hpa, const weir_keda_config *config)
{
    cJSON *got = cJSON_CreateObject(), *metrics, *labels;
    const cJSON *spec = keda_at(hpa, "spec"), *metric, *behavior = keda_at(spec, "behavior");
    const cJSON *want = keda_at(s->step, "want");

    cJSON_AddStringToObject(got, "name", conform_text(keda_at(hpa, "metadata"), "name", ""));
    conform_put_int(got, "min_replicas", conform_int(spec, "minReplicas", 0));
    conform_put_int(got, "max_replicas", conform_int(spec, "maxReplicas", 0));
    metrics = cJSON_AddArrayToObject(got, "metrics");
    cJSON_ArrayForEach(metric, keda_at(spec, "metrics"))
    {
        cJSON_AddItemToArray(metrics, keda_metric_spec(metric));
    }
    cJSON_AddItemToObject(got, "behavior",
                          behavior != NULL ? cJSON_Duplicate(behavior, 1) : cJSON_CreateNull());
    labels = cJSON_Duplicate(keda_at(keda_at(hpa, "metadata"), "labels"), 1);
    cJSON_DeleteItemFromObjectCaseSensitive(labels, "app.kubernetes.io/version");
    cJSON_AddItemToObject(got, "labels", labels);
    put_names(got, "external_metric_names", config, 0);
    put_names(got, "resource_metric_names", config, 1);
    /* the comparison does not see what is there and not wanted */
    cJSON_AddBoolToObject(got, "no_more",
                          cJSON_Compare(keda_at(want, "behavior"), keda_at(got, "behavior"), 1) &&
                              cJSON_Compare(keda_at(want, "labels"), labels, 1));
    conform_expect(s, "no_more", cJSON_CreateTrue());
    return got;
}

static cJSON *hpa_of(struct scenario *s, weir_manifest *manifest)
{
    const weir_keda_config *config = keda_subject(manifest)->config;
    int failed[CHECKS];
    weir_status status;
    cJSON *hpa, *got;
    char *text;

    if (failing(manifest, STAGES_AT_WORK, failed) > 0) {
        return conform_failure(WEIR_E_RANGE);
    }
    text = keda_show(manifest, WEIR_SHOW_JSON | WEIR_SHOW_AS_SENT, &status);
    if (status == WEIR_END) {
        got = cJSON_CreateObject();
        cJSON_AddStringToObject(got, "hpa", "none");
        return got;
    }
    hpa = text != NULL ? cJSON_Parse(text) : NULL;
    got = hpa != NULL ? hpa_answer(s, hpa, config) : conform_failure(status);
    cJSON_Delete(hpa);
    free(text);
    return got;
}

static void run_hpa_spec(struct scenario *s)
{
    weir_manifest *manifest = keda_read_scenario(s, 0);

    while (conform_next(s)) {
        conform_ignore(s, "panic"); /* an error like others, to those who only read */
        conform_answer(s, manifest != NULL ? hpa_of(s, manifest) : conform_failure(WEIR_E_MEMORY));
    }
    weir_manifest_free(manifest);
}

const struct conform_op conform_keda_spec_ops[] = {
    {"keda.validate", run_validate},
    {"keda.hpa_spec", run_hpa_spec},
    {NULL, NULL},
};
