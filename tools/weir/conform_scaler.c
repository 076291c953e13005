/*
 * conform_scaler.c - the conformance operations of KEDA's scalers: the triggers prometheus,
 * metrics-api and external, from their metadata to what they read out of an answer.
 *
 * Metadata goes through the loader, as that of a trigger of a ScaledObject.
 */
#include "conform_keda.h"

#include <stdlib.h>
#include <string.h>
#include <weir/scaler.h>

/* ---- triggers ------------------------------------------------------------------------------- */

/* The scenario's trigger, the last of the manifest's. */
struct trigger {
    weir_manifest *manifest; /* NULL: there was no memory */
    const weir_keda_trigger *config;
};

/* What authenticates the trigger, if anything does: an object that has its parameters. */
static int add_login(const struct scenario *s, weir_manifest *manifest)
{
    const cJSON *params = keda_at(s->config, "auth_params"), *param;
    cJSON *object, *list;

    if (params == NULL || params->child == NULL) {
        return 0;
    }
    object = cJSON_CreateObject();
    list = cJSON_AddArrayToObject(
        keda_begin_object(object, "keda.sh/v1alpha1", "TriggerAuthentication", "login"),
        "secretTargetRef");
    cJSON_ArrayForEach(param, params)
    {
        cJSON *reference = cJSON_CreateObject();

        cJSON_AddStringToObject(reference, "parameter", conform_key(param));
        cJSON_AddItemToArray(list, reference);
    }
    keda_add_document(manifest, object);
    cJSON_Delete(object);
    return 1;
}

/* A trigger that is only there to be counted. */
static cJSON *other_trigger(void)
{
    cJSON *trigger = cJSON_CreateObject(), *metadata;

    cJSON_AddStringToObject(trigger, "type", "prometheus");
    metadata = cJSON_AddObjectToObject(trigger, "metadata");
    cJSON_AddStringToObject(metadata, "serverAddress", "http://other");
    cJSON_AddStringToObject(metadata, "query", "other");
    cJSON_AddStringToObject(metadata, "threshold", "1");
    return trigger;
}

static cJSON *own_trigger(const struct scenario *s, const char *type, int has_login)
{
    const char *metric_type = conform_text(s->config, "metricType", "");
    cJSON *trigger = cJSON_CreateObject();

    cJSON_AddStringToObject(trigger, "type", type);
    cJSON_AddStringToObject(trigger, "name", "own");
    cJSON_AddItemToObject(trigger, "metadata", cJSON_Duplicate(keda_at(s->config, "metadata"), 1));
    if (metric_type[0] != '\0') {
        cJSON_AddStringToObject(trigger, "metricType", metric_type);
    }
    if (has_login) {
        cJSON_AddStringToObject(cJSON_AddObjectToObject(trigger, "authenticationRef"), "name",
                                "login");
    }
    return trigger;
}

static void add_scaled_object(const struct scenario *s, const char *type, weir_manifest *manifest)
{
    cJSON *object = cJSON_CreateObject(), *spec, *triggers, *modifiers;
    int64_t index = conform_int(s->config, "trigger_index", 0);
    int has_login = add_login(s, manifest);

    spec = keda_begin_object(object, "keda.sh/v1alpha1", "ScaledObject", "so");
    keda_put_target(spec, "Deployment", "target");
    triggers = cJSON_AddArrayToObject(spec, "triggers");
    for (int64_t i = 0; i < index && i < WEIR_KEDA_TRIGGERS_MAX; i++) {
        cJSON_AddItemToArray(triggers, other_trigger());
    }
    cJSON_AddItemToArray(triggers, own_trigger(s, type, has_login));
    if (cJSON_IsTrue(keda_at(s->config, "using_modifiers"))) {
        modifiers =
            cJSON_AddObjectToObject(cJSON_AddObjectToObject(spec, "advanced"), "scalingModifiers");
        cJSON_AddStringToObject(modifiers, "formula", "own");
        cJSON_AddStringToObject(modifiers, "target", "1");
    }
    keda_add_document(manifest, object);
    cJSON_Delete(object);
}

static void read_trigger(const struct scenario *s, const char *type, struct trigger *t)
{
    const weir_keda_config *config;

    memset(t, 0, sizeof *t);
    if (weir_manifest_create(NULL, &t->manifest) != WEIR_OK) {
        return;
    }
    add_scaled_object(s, type, t->manifest);
    if (weir_manifest_finish(t->manifest) == WEIR_OK && weir_manifest_item_count(t->manifest) > 0) {
        config = keda_subject(t->manifest)->config;
        t->config = config != NULL && config->trigger_count > 0
                        ? &config->triggers[config->trigger_count - 1]
                        : NULL;
    }
}

/* What KEDA makes of an answer, by the trigger's own rules. */
static cJSON *measured(const struct trigger *t, weir_status status, double value)
{
    cJSON *got;

    if (t->config == NULL) {
        return conform_failure(WEIR_E_MEMORY);
    }
    if (status == WEIR_NO_DATA && t->config->ignore_null_values) {
        status = WEIR_OK;
        value = 0.0;
    }
    if (status != WEIR_OK) {
        got = conform_failure(status);
        if (status == WEIR_E_PANIC) {
            cJSON_AddTrueToObject(got, "panic");
        }
        return got;
    }
    got = cJSON_CreateObject();
    cJSON_AddBoolToObject(got, "active", value > t->config->activation);
    keda_put_amount(got, value);
    return got;
}

/* ---- metric specs --------------------------------------------------------------------------- */

static int is_unbuildable(const weir_manifest *manifest)
{
    for (size_t i = 0; i < weir_manifest_problem_count(manifest); i++) {
        const weir_problem *p = weir_manifest_get_problem(manifest, i);

        if (p->severity == WEIR_PROBLEM_ERROR && (p->stages & WEIR_STAGE_BUILD) != 0) {
            return 1;
        }
    }
    return 0;
}

/* What the HPA says of the trigger's metric; where a formula replaces it, what it would. */
static cJSON *spec_of(const struct scenario *s, struct trigger *t)
{
    int64_t index = conform_int(s->config, "trigger_index", 0);
    weir_status status;
    char *text;
    cJSON *hpa, *spec;

    if (cJSON_IsTrue(keda_at(s->config, "using_modifiers"))) {
        spec = cJSON_CreateObject();
        cJSON_AddStringToObject(spec, "type", "External");
        cJSON_AddStringToObject(spec, "name", t->config->metric_name);
        cJSON_AddStringToObject(spec, "target_type",
                                t->config->metric_type == WEIR_HPA_VALUE ? "Value"
                                                                         : "AverageValue");
        keda_put_target_amount(spec, t->config->target);
        return spec;
    }
    text = keda_show(t->manifest, WEIR_SHOW_JSON | WEIR_SHOW_AS_SENT, &status);
    hpa = text != NULL ? cJSON_Parse(text) : NULL;
    spec =
        keda_metric_spec(cJSON_GetArrayItem(keda_at(keda_at(hpa, "spec"), "metrics"), (int)index));
    cJSON_Delete(hpa);
    free(text);
    return spec;
}

static void run_build(struct scenario *s, const char *type)
{
    struct trigger t;

    read_trigger(s, type, &t);
    while (conform_next(s)) {
        cJSON *got;

        if (t.config == NULL || is_unbuildable(t.manifest)) {
            got = conform_failure(t.config == NULL ? WEIR_E_MEMORY : WEIR_E_PARSE);
        } else {
            got = cJSON_CreateObject();
            cJSON_AddItemToArray(cJSON_AddArrayToObject(got, "metric_specs"), spec_of(s, &t));
        }
        conform_answer(s, got);
    }
    weir_manifest_free(t.manifest);
}

static void run_prometheus_build(struct scenario *s)
{
    run_build(s, "prometheus");
}

static void run_metrics_api_build(struct scenario *s)
{
    run_build(s, "metrics-api");
}

/* ---- prometheus ----------------------------------------------------------------------------- */

static void run_prometheus(struct scenario *s)
{
    struct trigger t;

    read_trigger(s, "prometheus", &t);
    while (conform_next(s)) {
        const char *body = conform_text(s->step, "body", "");
        double value = 0.0;
        weir_status status = weir_scaler_prometheus_answer(
            body, strlen(body), (int32_t)conform_int(s->step, "status", 0), &value, NULL);

        conform_answer(s, measured(&t, status, value));
    }
    weir_manifest_free(t.manifest);
}

const struct conform_op conform_scaler_ops[] = {
    {"keda.prometheus", run_prometheus},
    {"keda.prometheus.build", run_prometheus_build},
    {"keda.metrics_api.build", run_metrics_api_build},
    {NULL, NULL},
};
