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

/* A trigger of whatever kind, with what authenticates it in an object of its own. */
static cJSON *trigger_of(const struct scenario *s, const char *type, int is_other)
{
    const char *metric_type = conform_text(s->config, "metricType", "");
    cJSON *trigger = cJSON_CreateObject(), *metadata;

    cJSON_AddStringToObject(trigger, "type", type);
    if (is_other) {
        metadata = cJSON_AddObjectToObject(trigger, "metadata");
        cJSON_AddStringToObject(metadata, "serverAddress", "http://other");
        cJSON_AddStringToObject(metadata, "query", "other");
        cJSON_AddStringToObject(metadata, "threshold", "1");
        return trigger;
    }
    cJSON_AddItemToObject(trigger, "metadata", cJSON_Duplicate(keda_at(s->config, "metadata"), 1));
    if (metric_type[0] != '\0') {
        cJSON_AddStringToObject(trigger, "metricType", metric_type);
    }
    return trigger;
}

static void add_scaled_object(const struct scenario *s, const char *type, weir_manifest *manifest)
{
    cJSON *object = cJSON_CreateObject(), *spec, *triggers;
    int64_t index = conform_int(s->config, "trigger_index", 0);

    spec = keda_begin_object(object, "keda.sh/v1alpha1", "ScaledObject", "so");
    keda_put_target(spec, "Deployment", "target");
    triggers = cJSON_AddArrayToObject(spec, "triggers");
    for (int64_t i = 0; i < index && i < WEIR_KEDA_TRIGGERS_MAX; i++) {
        cJSON_AddItemToArray(triggers, trigger_of(s, "prometheus", 1));
    }
    cJSON_AddItemToArray(triggers, trigger_of(s, type, 0));
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
    {NULL, NULL},
};
