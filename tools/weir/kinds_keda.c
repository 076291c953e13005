/*
 * kinds_keda.c - ScaledObjects for `weir replay` and `weir explain`; see kinds.h.
 */
#include "kinds_keda.h"
#include "kinds_hpa.h"
#include "replaying.h"
#include "zone.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ---------------------------------------------------------------------------------- */

static int is_resource(const weir_keda_trigger *t)
{
    return t->type == WEIR_TRIGGER_CPU || t->type == WEIR_TRIGGER_MEMORY;
}

void keda_put_name(const weir_keda_config *config, uint32_t trigger, char *text)
{
    static const char *const types[] = {"value",      "prometheus", "cpu",      "memory",  "cron",
                                        "metric-api", "external",   "external", "workload"};
    const weir_keda_trigger *t = &config->triggers[trigger];
    char name[WEIR_HPA_NAME_MAX];

    if (t->metric_name[0] != '\0' || is_resource(t)) {
        snprintf(text, WEIR_HPA_NAME_MAX, "%s",
                 t->metric_name[0] != '\0' ? t->metric_name : types[t->type]);
        return;
    }
    if (t->type == WEIR_TRIGGER_CRON) {
        weir_cron_metric_name(&t->cron, name, sizeof name, NULL);
    } else {
        snprintf(name, sizeof name, "%s", types[t->type]);
    }
    weir_keda_metric_name(trigger, name, 0, text, WEIR_HPA_NAME_MAX, NULL);
}

static int is_word(const char *text, const char *word, size_t length)
{
    return strlen(text) == length && strncmp(text, word, length) == 0;
}

int keda_is_named(const weir_keda_config *config, uint32_t trigger, const char *autoscaler,
                  const char *word, size_t length)
{
    const weir_keda_trigger *t = &config->triggers[trigger];
    size_t own = strlen(autoscaler);
    char name[WEIR_HPA_NAME_MAX], place[32], number[16];

    if (own > 0 && length > own && strncmp(word, autoscaler, own) == 0 && word[own] == '/') {
        word += own + 1;
        length -= own + 1;
    }
    keda_put_name(config, trigger, name);
    snprintf(place, sizeof place, "triggers[%u]", trigger);
    snprintf(number, sizeof number, "%u", trigger);
    return is_word(name, word, length) || is_word(place, word, length) ||
           is_word(number, word, length) || (t->name[0] != '\0' && is_word(t->name, word, length));
}

void keda_series_of(const weir_keda_config *config, weir_hpa_config *series, uint32_t *triggers)
{
    weir_hpa_config_init(series, sizeof *series);
    for (uint32_t i = 0; i < config->trigger_count; i++) {
        const weir_keda_trigger *t = &config->triggers[i];
        weir_hpa_metric *m = &series->metrics[series->metric_count];

        if (t->type == WEIR_TRIGGER_CRON) {
            continue;
        }
        triggers[series->metric_count++] = i;
        m->source = !is_resource(t)           ? WEIR_HPA_EXTERNAL
                    : t->container[0] != '\0' ? WEIR_HPA_CONTAINER_RESOURCE
                                              : WEIR_HPA_RESOURCE;
        m->target_type = t->metric_type;
        m->target = t->target;
        m->request = t->request;
        keda_put_name(config, i, m->name);
    }
}

/* ---- the request ---------------------------------------------------------------------------- */

static int prepare(void *config, const struct request *request, const char *name)
{
    weir_keda_config *own = config;
    weir_hpa_config series;
    uint32_t triggers[WEIR_KEDA_TRIGGERS_MAX] = {0};

    keda_series_of(own, &series, triggers);
    series.sync_period = own->sync_period;
    if (!hpa_kind.prepare(&series, request, name)) {
        return 0;
    }
    own->sync_period = series.sync_period;
    own->zone_reserve = 1024;
    if (own->sync_phase == own->poll_phase) { /* pods of a poll's write exist when the HPA looks */
        own->sync_phase += WEIR_SECOND;
    }
    for (uint32_t i = 0; i < series.metric_count; i++) {
        own->triggers[triggers[i]].request = series.metrics[i].request;
    }
    return 1;
}

/* ---- the machine ---------------------------------------------------------------------------- */

static weir_status bytes_of(const void *config, size_t *bytes, weir_error *err)
{
    return weir_keda_bytes(config, bytes, err);
}

static weir_status make(void *state, size_t bytes, const void *config, int32_t ready,
                        weir_time start, weir_error *err)
{
    weir_status status = weir_keda_init(state, bytes, config, start, err);

    (void)ready;
    for (uint32_t i = 0; status == WEIR_OK && weir_keda_zone_name(state, i) != NULL; i++) {
        weir_zone zone;

        if (zone_load(weir_keda_zone_name(state, i), &zone) == WEIR_OK) {
            status = weir_keda_set_zone(state, weir_keda_zone_name(state, i), &zone);
        } /* else its trigger fails, as in a cluster */
        zone_free(&zone);
    }
    return status;
}

static double at_target(const weir_keda_config *c)
{
    for (uint32_t i = 0; i < c->trigger_count; i++) {
        const weir_keda_trigger *t = &c->triggers[i];

        if (t->type == WEIR_TRIGGER_CRON) {
            continue;
        }
        if (c->modifiers.enabled || t->metric_type == WEIR_HPA_VALUE) {
            return 0.0;
        }
        return t->metric_type == WEIR_HPA_UTILIZATION
                   ? (double)t->target / 100 * ((double)t->request / 1000)
                   : (double)t->target / 1000;
    }
    return 0.0;
}

static void set_replay(const void *config, int has_initial, weir_replay_config *replay)
{
    const weir_keda_config *c = config;

    replay->sampling = WEIR_SAMPLING_NEWEST;
    replay->sample_interval =
        c->sync_period < c->polling_interval ? c->sync_period : c->polling_interval;
    replay->pod_capacity = at_target(c);
    if (!has_initial) {
        replay->initial_replicas = c->min_replicas > 0 ? c->min_replicas : 0;
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static void describe(char *text, size_t size, const void *config)
{
    const weir_keda_config *c = config;
    size_t used = 0;

    snprintf(text, size, "nothing");
    if (c->modifiers.enabled && c->modifiers.formula[0] != '\0') {
        int n = snprintf(text, size, "%s at %s%s; of ", c->modifiers.formula, c->modifiers.target,
                         c->modifiers.metric_type == WEIR_HPA_VALUE ? " in all" : " a pod");

        used += n > 0 ? (size_t)n : 0;
    }
    for (uint32_t i = 0; i < c->trigger_count && used < size; i++) {
        const weir_keda_trigger *t = &c->triggers[i];
        char name[WEIR_HPA_NAME_MAX];
        int n;

        keda_put_name(c, i, name);
        n = t->type == WEIR_TRIGGER_CRON
                ? snprintf(text + used, size - used, "%s%s for %lld pods", i > 0 ? "; " : "", name,
                           (long long)t->cron.desired_replicas)
                : snprintf(text + used, size - used, "%s%s at %.6g%s", i > 0 ? "; " : "", name,
                           t->metric_type == WEIR_HPA_UTILIZATION ? (double)t->target
                                                                  : (double)t->target / 1000,
                           t->metric_type == WEIR_HPA_UTILIZATION ? "% of what pods request"
                           : t->metric_type == WEIR_HPA_VALUE     ? " in all"
                                                                  : " a pod");
        used += n > 0 ? (size_t)n : 0;
    }
}

static void bounds(char *text, size_t size, const void *config)
{
    const weir_keda_config *c = config;
    char poll[32], sync[32], cooldown[32], idle[48] = "";

    put_duration(poll, sizeof poll, c->polling_interval);
    put_duration(sync, sizeof sync, c->sync_period);
    put_duration(cooldown, sizeof cooldown, c->cooldown_period);
    if (c->idle_replicas != WEIR_KEDA_UNSET) {
        snprintf(idle, sizeof idle, ", %d when idle", c->idle_replicas);
    }
    snprintf(text, size, "at least %d, at most %d%s; polled every %s, synced every %s, cooldown %s",
             c->min_replicas > 0 ? c->min_replicas : 0,
             c->max_replicas != WEIR_KEDA_UNSET ? c->max_replicas : 100, idle, poll, sync,
             cooldown);
}

static size_t name_measures(const void *config, struct measure *measures)
{
    weir_hpa_config hpa;

    return weir_keda_hpa_config(config, &hpa, NULL) == WEIR_OK ? hpa_kind.measures(&hpa, measures)
                                                               : 0;
}

static void measure(void *state, const void *config, weir_time now, double *values)
{
    weir_hpa_config hpa;

    (void)now;
    if (weir_keda_hpa_config(config, &hpa, NULL) != WEIR_OK) {
        return;
    }
    for (uint32_t i = 0; i < hpa.metric_count; i++) {
        weir_hpa_proposal p;

        values[i] = (double)NAN;
        if (weir_hpa_get_proposal(weir_keda_get_hpa(state), i, &p, sizeof p) == WEIR_OK &&
            p.status == WEIR_OK) {
            values[i] = hpa.metrics[i].target_type == WEIR_HPA_UTILIZATION ? (double)p.utilization
                                                                           : (double)p.usage / 1000;
        }
    }
}

static void name_item(const void *config, int32_t item, char *text, size_t size)
{
    const weir_keda_config *c = config;
    char name[WEIR_HPA_NAME_MAX] = "composite-metric";

    if (item >= 0 && (uint32_t)item < c->trigger_count) {
        keda_put_name(c, (uint32_t)item, name);
    }
    snprintf(text, size, "%s", name);
}

static void label(void *state, char (*values)[LABEL_SIZE])
{
    static const char *const states[] = {"False", "True", "Unknown"};
    weir_keda_status status;

    memset(&status, 0, sizeof status);
    weir_keda_get_status(state, &status, sizeof status);
    snprintf(values[0], LABEL_SIZE, "%s", states[status.conditions[WEIR_KEDA_ACTIVE].status]);
    snprintf(values[1], LABEL_SIZE, "%s",
             weir_keda_reason_name(status.conditions[WEIR_KEDA_ACTIVE].reason));
    snprintf(values[2], LABEL_SIZE, "%s",
             weir_keda_reason_name(status.conditions[WEIR_KEDA_READY].reason));
    snprintf(values[3], LABEL_SIZE, "%s", states[status.conditions[WEIR_KEDA_FALLBACK].status]);
}

const struct kind keda_kind = {
    .kind = WEIR_KIND_KEDA,
    .config_bytes = sizeof(weir_keda_config),
    .prepare = prepare,
    .bytes = bytes_of,
    .make = make,
    .replay = set_replay,
    .describe = describe,
    .bounds = bounds,
    .overload = "above target",
    .measures = name_measures,
    .measure = measure,
    .item = name_item,
    .labels = {"active", "reason", "ready", "fallback", NULL},
    .news = 1,
    .label = label,
};
