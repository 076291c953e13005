/*
 * conform_keda_config.c - the specs of KEDA's vectors, as far as its loop looks at them.
 */
#include "conform_keda.h"

#include <stdlib.h>
#include <string.h>

/* ---- annotations ---------------------------------------------------------------------------- */

/* Anything but Go's false is true. */
static int32_t is_on(const cJSON *annotations, const char *name)
{
    static const char *const no[] = {"0", "f", "F", "FALSE", "false", "False"};
    char key[100];
    const char *value;

    snprintf(key, sizeof key, "autoscaling.keda.sh/%s", name);
    value = conform_text(annotations, key, NULL);
    for (size_t i = 0; value != NULL && i < sizeof no / sizeof no[0]; i++) {
        if (strcmp(value, no[i]) == 0) {
            return 0;
        }
    }
    return value != NULL;
}

/* A 32-bit integer as Go reads it. */
static int read_int32(const char *text, int32_t *value)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    long long n = strtoll(text, NULL, 10);

    if (digits[0] == '\0' || strspn(digits, "0123456789") != strlen(digits) ||
        strlen(digits) > 18 || n < INT32_MIN || n > INT32_MAX) {
        return 0;
    }
    *value = (int32_t)n;
    return 1;
}

void keda_read_annotations(const cJSON *annotations, weir_keda_config *out)
{
    const char *count = conform_text(annotations, "autoscaling.keda.sh/paused-replicas", NULL);

    out->paused = is_on(annotations, "paused") || count != NULL;
    out->paused_scale_in = is_on(annotations, "paused-scale-in");
    out->paused_scale_out = is_on(annotations, "paused-scale-out");
    out->force_activation = is_on(annotations, "force-activation");
    out->paused_replicas = WEIR_KEDA_UNSET;
    if (count != NULL && !read_int32(count, &out->paused_replicas)) {
        out->defect = WEIR_KEDA_BAD_PAUSE;
    }
}

/* ---- triggers ------------------------------------------------------------------------------- */

/* A number of metadata, as JSON has it. 0: it is there and is none. */
static int read_number(const cJSON *metadata, const char *name, double *value)
{
    const char *text = conform_text(metadata, name, "");
    const char *end = NULL;
    cJSON *number = text[0] != '\0' ? cJSON_ParseWithOpts(text, &end, 1) : NULL;
    int fine = text[0] == '\0' || cJSON_IsNumber(number);

    if (cJSON_IsNumber(number)) {
        *value = strtod(text, NULL);
    }
    cJSON_Delete(number);
    return fine;
}

static int read_prometheus(const cJSON *metadata, weir_keda_trigger *t)
{
    double threshold = 0.0;
    const char *ignore = conform_text(metadata, "ignoreNullValues", "true");

    t->ignore_null_values = strcmp(ignore, "false") != 0;
    if (!conform_has(metadata, "threshold") || !read_number(metadata, "threshold", &threshold) ||
        !read_number(metadata, "activationThreshold", &t->activation) ||
        conform_text(metadata, "serverAddress", "")[0] == '\0' ||
        conform_text(metadata, "query", "")[0] == '\0') {
        return 0;
    }
    t->target = weir_keda_milli(threshold);
    return 1;
}

static int read_trigger(const cJSON *trigger, weir_keda_trigger *t)
{
    const cJSON *metadata = keda_at(trigger, "metadata");
    const char *type = conform_text(trigger, "type", "");

    weir_keda_trigger_init(t, WEIR_TRIGGER_OTHER);
    t->metric_type = keda_metric_type(conform_text(trigger, "metricType", ""));
    t->use_cached_metrics = cJSON_IsTrue(keda_at(trigger, "useCachedMetrics"));
    keda_copy(t->name, sizeof t->name, conform_text(trigger, "name", ""));
    if (strcmp(type, "prometheus") == 0) {
        t->type = WEIR_TRIGGER_PROMETHEUS;
        return read_prometheus(metadata, t);
    }
    if (strcmp(type, "cpu") == 0 || strcmp(type, "memory") == 0) {
        t->type = type[0] == 'c' ? WEIR_TRIGGER_CPU : WEIR_TRIGGER_MEMORY;
        t->target = conform_int(metadata, "value", 0);
        return 1;
    }
    if (strcmp(type, "cron") == 0) {
        t->type = WEIR_TRIGGER_CRON;
        t->cron.desired_replicas = conform_int(metadata, "desiredReplicas", 0);
        keda_copy(t->cron.start, sizeof t->cron.start, conform_text(metadata, "start", ""));
        keda_copy(t->cron.end, sizeof t->cron.end, conform_text(metadata, "end", ""));
        keda_copy(t->cron.timezone, sizeof t->cron.timezone,
                  conform_text(metadata, "timezone", ""));
        return 1;
    }
    return 0;
}

/* ---- specs ---------------------------------------------------------------------------------- */

static int32_t count_of(const cJSON *spec, const char *name)
{
    return conform_has(spec, name) ? (int32_t)conform_int(spec, name, 0) : WEIR_KEDA_UNSET;
}

/* At which stage a cluster would refuse the spec. */
static int32_t defect_of(const weir_keda_config *config)
{
    weir_error err;
    int32_t defect = WEIR_KEDA_SOUND;
    weir_keda_config own = *config;

    own.defect = WEIR_KEDA_SOUND;
    if (weir_keda_config_check(&own, &err) != WEIR_OK) {
        defect = strncmp(err.path, "triggers[", 9) == 0 && strstr(err.path, ".name") == NULL &&
                         strstr(err.path, "use_cached") == NULL
                     ? WEIR_KEDA_UNBUILDABLE
                     : WEIR_KEDA_REFUSED;
    }
    if (own.modifiers.formula[0] != '\0') {
        size_t bytes = weir_formula_bytes(strlen(own.modifiers.formula));
        weir_formula *formula = malloc(bytes);

        if (weir_keda_formula_compile(&own, formula, bytes, NULL) != WEIR_OK) {
            defect = WEIR_KEDA_UNBUILDABLE;
        }
        free(formula);
    }
    return defect;
}

void keda_read_spec(const cJSON *spec, const cJSON *annotations, weir_keda_config *out)
{
    const cJSON *advanced = keda_at(spec, "advanced"), *trigger;
    int buildable = 1;

    weir_keda_config_init(out, sizeof *out);
    out->conversion = WEIR_CONVERT_AMD64;
    out->min_replicas = count_of(spec, "minReplicaCount");
    out->max_replicas = count_of(spec, "maxReplicaCount");
    out->idle_replicas = count_of(spec, "idleReplicaCount");
    out->polling_interval = conform_seconds(spec, "pollingInterval", 30);
    out->cooldown_period = conform_seconds(spec, "cooldownPeriod", 300);
    out->initial_cooldown_period = conform_seconds(spec, "initialCooldownPeriod", 0);
    out->restore_original = cJSON_IsTrue(keda_at(advanced, "restoreToOriginalReplicaCount"));
    keda_read_fallback(keda_at(spec, "fallback"), &out->fallback);
    keda_read_modifiers(keda_at(advanced, "scalingModifiers"), &out->modifiers);
    cJSON_ArrayForEach(trigger, keda_at(spec, "triggers"))
    {
        if (out->trigger_count == WEIR_KEDA_TRIGGERS_MAX) {
            break;
        }
        buildable &= read_trigger(trigger, &out->triggers[out->trigger_count++]);
    }
    out->defect = buildable ? defect_of(out) : WEIR_KEDA_UNBUILDABLE;
    keda_read_annotations(annotations, out);
}
