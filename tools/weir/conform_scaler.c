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
    keda_put_scale_target(spec, "Deployment", "target");
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
        keda_put_target(spec, (double)t->config->target / 1000.0, t->config->target);
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

/* ---- requests ------------------------------------------------------------------------------- */

/* The texts from one byte to the next one of some, which is left out. */
static void put_part(cJSON *got, const char *name, const char *from, const char *to)
{
    char text[1024];

    snprintf(text, sizeof text, "%.*s", (int)(to - from), from);
    cJSON_AddStringToObject(got, name, text);
}

static int compare_texts(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;

    return strcmp(*x, *y);
}

/* queryParameters in the order of their keys, as upstream has none and the vectors have this. */
static void sorted_parameters(const char *text, char *out, size_t size)
{
    char copy[512], *parts[32];
    size_t count = 0, length = 0;

    snprintf(copy, sizeof copy, "%s", text);
    for (char *part = strtok(copy, ","); part != NULL && count < 32; part = strtok(NULL, ",")) {
        parts[count++] = part;
    }
    qsort(parts, count, sizeof parts[0], compare_texts);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        length += (size_t)snprintf(out + length, size - length, "%s%s", i > 0 ? "," : "", parts[i]);
    }
}

static void run_prometheus_request(struct scenario *s)
{
    const cJSON *metadata = keda_at(s->config, "metadata");

    while (conform_next(s)) {
        char url[2048], parameters[512];
        const char *host, *path, *query;
        cJSON *got = cJSON_CreateObject();

        sorted_parameters(conform_text(metadata, "queryParameters", ""), parameters,
                          sizeof parameters);
        weir_scaler_prometheus_url(conform_text(metadata, "serverAddress", ""),
                                   conform_text(metadata, "query", ""),
                                   conform_text(metadata, "namespace", NULL), parameters,
                                   conform_time(s, s->step, "t"), url, sizeof url, NULL, NULL);
        host = strstr(url, "://");
        host = host != NULL ? host + 3 : url;
        path = host + strcspn(host, "/");
        query = path + strcspn(path, "?");
        put_part(got, "host", host, path);
        put_part(got, "path", path, query);
        put_part(got, "query", query + (*query == '?'), query + strlen(query));
        cJSON_AddStringToObject(got, "method", "GET");
        conform_ignore(s, "headers"); /* what is sent is no part of the library */
        conform_answer(s, got);
    }
}

/* ---- metrics-api ---------------------------------------------------------------------------- */

static void run_metrics_api(struct scenario *s)
{
    const cJSON *metadata = keda_at(s->config, "metadata");
    const char *location = conform_text(metadata, "valueLocation", "");
    int32_t format = weir_scaler_format_of(conform_text(metadata, "format", "json"));
    struct trigger t;

    read_trigger(s, "metrics-api", &t);
    while (conform_next(s)) {
        const char *body = conform_text(s->step, "body", "");
        double value = 0.0;
        weir_status status =
            weir_scaler_api_answer(format, location, body, strlen(body),
                                   (int32_t)conform_int(s->step, "status", 0), &value, NULL);

        conform_answer(s, measured(&t, status, value));
    }
    weir_manifest_free(t.manifest);
}

/* ---- external ------------------------------------------------------------------------------- */

static void put_specs(const struct scenario *s, cJSON *got)
{
    const char *metric_type = conform_text(s->config, "metricType", "");
    cJSON *list = cJSON_AddArrayToObject(got, "metric_specs");
    const cJSON *spec;

    if (cJSON_IsTrue(keda_at(s->step, "spec_error"))) {
        return;
    }
    cJSON_ArrayForEach(spec, keda_at(s->step, "specs"))
    {
        int64_t whole = conform_int(spec, "targetSize", 0);
        double number = conform_double(spec, "targetSizeFloat", 0.0);
        int64_t milli = weir_scaler_external_target(whole, number);
        char name[256];
        cJSON *out = cJSON_CreateObject();

        snprintf(name, sizeof name, "s%lld-%s",
                 (long long)conform_int(s->config, "trigger_index", 0),
                 conform_text(spec, "metricName", ""));
        cJSON_AddItemToArray(list, out);
        cJSON_AddStringToObject(out, "type", "External");
        cJSON_AddStringToObject(out, "name", name);
        cJSON_AddStringToObject(out, "target_type",
                                metric_type[0] != '\0' ? metric_type : "AverageValue");
        if (number > 0.0) {
            keda_put_target(out, number, milli);
        } else {
            keda_put_whole_target(out, whole, milli);
        }
    }
}

static void put_metadata(const struct scenario *s, cJSON *got)
{
    cJSON *sent = cJSON_AddObjectToObject(got, "sent_metadata");
    const cJSON *entry;

    cJSON_ArrayForEach(entry, keda_at(s->config, "metadata"))
    {
        if (weir_scaler_external_sends(conform_key(entry))) {
            cJSON_AddItemToObject(sent, conform_key(entry), cJSON_Duplicate(entry, 1));
        }
    }
}

static cJSON *ask_external(const struct scenario *s)
{
    const char *metric = conform_text(s->step, "ask", "");
    const char *asked =
        weir_scaler_external_name((uint32_t)conform_int(s->config, "trigger_index", 0), metric);
    cJSON *got = cJSON_CreateObject(), *values;
    const cJSON *value;

    put_specs(s, got);
    put_metadata(s, got);
    if (asked == NULL || cJSON_IsTrue(keda_at(s->step, "values_error")) ||
        cJSON_IsTrue(keda_at(s->step, "active_error"))) {
        cJSON_AddStringToObject(got, "error", "the query fails");
        return got;
    }
    values = cJSON_AddArrayToObject(got, "values");
    cJSON_ArrayForEach(value, keda_at(s->step, "values"))
    {
        cJSON *out = cJSON_CreateObject();

        cJSON_AddItemToArray(values, out);
        cJSON_AddStringToObject(out, "metric", metric);
        keda_put_amount(out,
                        weir_scaler_external_value(conform_int(value, "metricValue", 0),
                                                   conform_double(value, "metricValueFloat", 0.0)));
    }
    cJSON_AddStringToObject(got, "asked", asked);
    cJSON_AddBoolToObject(got, "active", cJSON_IsTrue(keda_at(s->step, "active")));
    return got;
}

static void run_external(struct scenario *s)
{
    struct trigger t;

    read_trigger(s, "external", &t);
    while (conform_next(s)) {
        int fails = t.manifest == NULL || keda_at(s->step, "ask") == NULL;

        conform_answer(s, fails && is_unbuildable(t.manifest) ? conform_failure(WEIR_E_PARSE)
                                                              : ask_external(s));
    }
    weir_manifest_free(t.manifest);
}

const struct conform_op conform_scaler_ops[] = {
    {"keda.prometheus", run_prometheus},
    {"keda.prometheus.build", run_prometheus_build},
    {"keda.prometheus.request", run_prometheus_request},
    {"keda.metrics_api", run_metrics_api},
    {"keda.metrics_api.build", run_metrics_api_build},
    {"keda.external", run_external},
    {NULL, NULL},
};
