/*
 * decide/keda_check.c - what a ScaledObject's settings have to be together, and the HPA that KEDA
 * makes of them.
 *
 * Upstream: apis/keda/v1alpha1/scaledobject_types.go, controllers/keda/hpa.go.
 */
#include "base/text.h"
#include "decide/keda_state.h"

static int is_resource(const weir_keda_trigger *t)
{
    return t->type == WEIR_TRIGGER_CPU || t->type == WEIR_TRIGGER_MEMORY;
}

/* ---- names ---------------------------------------------------------------------------------- */

static const char *const type_names[] = {"value",      "prometheus", "cpu",      "memory",  "cron",
                                         "metric-api", "external",   "external", "workload"};

void weir__keda_name_of(const weir_keda_config *config, uint32_t trigger, char *name)
{
    const weir_keda_trigger *t = &config->triggers[trigger];
    char text[WEIR_KEDA_NAME_MAX];
    uint32_t index = 0;

    if (t->metric_name[0] != '\0') {
        memcpy(name, t->metric_name, WEIR_KEDA_NAME_MAX);
        return;
    }
    if (is_resource(t)) {
        memset(name, 0, WEIR_KEDA_NAME_MAX);
        memcpy(name, type_names[t->type], weir__length(type_names[t->type]));
        return;
    }
    for (uint32_t i = 1; i <= trigger; i++) {
        index += !config->triggers[i].continues;
    }
    if (t->type == WEIR_TRIGGER_CRON) {
        weir_cron_metric_name(&t->cron, text, sizeof text, NULL);
    } else {
        memcpy(text, type_names[t->type], weir__length(type_names[t->type]) + 1);
    }
    memset(name, 0, WEIR_KEDA_NAME_MAX);
    weir_keda_metric_name(index, text, 0, name, WEIR_KEDA_NAME_MAX, NULL);
}

/* ---- checks --------------------------------------------------------------------------------- */

static weir_status refuse(weir_error *err, uint32_t trigger, const char *field, const char *message)
{
    weir__fail(err, WEIR_E_RANGE, field, message);
    weir__fail_within(err, "triggers", trigger);
    return WEIR_E_RANGE;
}

static weir_status check_bounds(const weir_keda_config *c, weir_error *err)
{
    int32_t max = c->max_replicas != WEIR_KEDA_UNSET ? c->max_replicas : 100;
    int32_t min = c->min_replicas == WEIR_KEDA_UNSET ? 0
                  : c->min_replicas > 0              ? c->min_replicas
                                                     : 1;

    if (c->max_replicas != WEIR_KEDA_UNSET && c->max_replicas < 1) {
        return weir__fail(err, WEIR_E_RANGE, "max_replicas", "must be at least 1");
    }
    if (c->min_replicas != WEIR_KEDA_UNSET && c->min_replicas < 0) {
        return weir__fail(err, WEIR_E_RANGE, "min_replicas", "must be at least 0");
    }
    if (min > max) {
        return weir__fail(
            err, WEIR_E_RANGE, "min_replicas",
            "must not be above max_replicas (a minimum of 0 that is set counts as 1)");
    }
    if (c->idle_replicas == WEIR_KEDA_UNSET) {
        return WEIR_OK;
    }
    if (c->idle_replicas < 0) {
        return weir__fail(err, WEIR_E_RANGE, "idle_replicas", "must be at least 0");
    }
    return c->idle_replicas < min
               ? WEIR_OK
               : weir__fail(err, WEIR_E_RANGE, "idle_replicas",
                            "must be below min_replicas (0 where that is not set)");
}

static weir_status check_type(const weir_keda_trigger *t, uint32_t i, weir_error *err)
{
    int utilization = t->metric_type == WEIR_HPA_UTILIZATION;

    if (is_resource(t)) {
        if (!utilization && t->metric_type != WEIR_HPA_AVERAGE_VALUE) {
            return refuse(err, i, "metric_type", "must be Utilization or AverageValue");
        }
        if (t->use_cached_metrics) {
            return refuse(err, i, "use_cached_metrics", "is not for cpu and memory");
        }
    } else if (t->metric_type != WEIR_HPA_AVERAGE_VALUE && t->metric_type != WEIR_HPA_VALUE) {
        return refuse(err, i, "metric_type",
                      utilization ? "Utilization is for cpu and memory only"
                                  : "must be AverageValue or Value");
    }
    if (t->type == WEIR_TRIGGER_CRON && t->use_cached_metrics) {
        return refuse(err, i, "use_cached_metrics", "is not for cron");
    }
    if (t->type != WEIR_TRIGGER_CRON && t->target <= 0) {
        return refuse(err, i, "target", "must be above 0: the metric is divided by it");
    }
    return WEIR_OK;
}

static weir_status check_trigger(const weir_keda_config *c, uint32_t i, weir_error *err)
{
    const weir_keda_trigger *t = &c->triggers[i];
    char name[WEIR_KEDA_NAME_MAX], other[WEIR_KEDA_NAME_MAX];
    weir_status status = check_type(t, i, err);
    weir_cron cron;

    if (status != WEIR_OK) {
        return status;
    }
    if (t->continues && (i == 0 || is_resource(t) || t->type == WEIR_TRIGGER_CRON)) {
        return refuse(err, i, "continues", "there is no trigger before it that it could belong to");
    }
    if (t->type == WEIR_TRIGGER_CRON) {
        status = weir_cron_init(&cron, &t->cron, err);
        if (status != WEIR_OK) {
            weir__fail_within(err, "cron", -1);
            weir__fail_within(err, "triggers", i);
            return status;
        }
    }
    weir__keda_name_of(c, i, name);
    for (uint32_t k = 0; k < i; k++) {
        weir__keda_name_of(c, k, other);
        if (!is_resource(t) && !is_resource(&c->triggers[k]) && weir__same_text(name, other)) {
            return refuse(err, i, "metric_name", "is that of another metric too");
        }
        if (!t->continues && t->name[0] != '\0' && weir__same_text(t->name, c->triggers[k].name)) {
            return refuse(err, i, "name", "is that of another trigger too");
        }
    }
    return WEIR_OK;
}

weir_status weir__keda_config_take(weir_keda_config *to, const weir_keda_config *from, int whole,
                                   weir_error *err)
{
    weir_status status = weir__config_take(&weir__keda_table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&weir__keda_table, to, err);
    }
    if (status != WEIR_OK || !whole || to->defect != WEIR_KEDA_SOUND) {
        return status;
    }
    if (to->trigger_count == 0) {
        return weir__fail(err, WEIR_E_RANGE, "triggers", "there has to be at least one");
    }
    if (to->modifiers.enabled && to->trigger_count == WEIR_HPA_METRICS_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "triggers", "leave no room for the composite metric");
    }
    status = check_bounds(to, err);
    for (uint32_t i = 0; status == WEIR_OK && i < to->trigger_count; i++) {
        status = check_trigger(to, i, err);
    }
    return status;
}

weir_status weir_keda_config_check(const weir_keda_config *config, weir_error *err)
{
    weir_keda_config own;

    return weir__keda_config_take(&own, config, 1, err);
}

uint64_t weir__keda_generation(const weir_keda_config *config)
{
    weir_keda_config spec = *config;

    spec.paused = 0;
    spec.paused_replicas = WEIR_KEDA_UNSET;
    spec.paused_scale_in = 0;
    spec.paused_scale_out = 0;
    spec.force_activation = 0;
    spec.defect = spec.defect == WEIR_KEDA_BAD_PAUSE ? WEIR_KEDA_SOUND : spec.defect;
    return weir__config_digest(&weir__keda_table, &spec);
}

/* ---- the HPA -------------------------------------------------------------------------------- */

static void add_metric(weir_hpa_config *hpa, int32_t source, const weir_keda_trigger *t,
                       const char *name)
{
    weir_hpa_metric *m = &hpa->metrics[hpa->metric_count++];

    memset(m, 0, sizeof *m);
    m->source = source;
    /* A spec that is refused still gets an HPA that can be made. */
    m->target_type =
        source == WEIR_HPA_EXTERNAL
            ? (t->metric_type == WEIR_HPA_VALUE ? WEIR_HPA_VALUE : WEIR_HPA_AVERAGE_VALUE)
            : (t->metric_type == WEIR_HPA_UTILIZATION ? WEIR_HPA_UTILIZATION
                                                      : WEIR_HPA_AVERAGE_VALUE);
    m->target = t->type == WEIR_TRIGGER_CRON ? 1000 : t->target > 0 ? t->target : 1;
    m->request = t->request;
    m->sample_window = t->sample_window;
    memcpy(m->name, name, sizeof m->name);
    memcpy(m->container, t->container, sizeof m->container);
}

static void add_triggers(const weir_keda_config *c, weir_hpa_config *hpa, int32_t source,
                         int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX])
{
    char name[WEIR_KEDA_NAME_MAX];

    for (uint32_t i = 0; i < c->trigger_count; i++) {
        const weir_keda_trigger *t = &c->triggers[i];
        int32_t own = !is_resource(t)           ? WEIR_HPA_EXTERNAL
                      : t->container[0] != '\0' ? WEIR_HPA_CONTAINER_RESOURCE
                                                : WEIR_HPA_RESOURCE;

        if (own == source) {
            metric_of[i] = (int32_t)hpa->metric_count;
            weir__keda_name_of(c, i, name);
            add_metric(hpa, source, t, name);
        }
    }
}

static void add_composite(const weir_keda_config *c, const struct weir__modifiers *m,
                          weir_hpa_config *hpa)
{
    static const char name[WEIR_HPA_NAME_MAX] = "composite-metric";
    weir_keda_trigger t;

    memset(&t, 0, sizeof t);
    t.metric_type = c->modifiers.metric_type;
    t.target = m->target_milli;
    add_metric(hpa, WEIR_HPA_EXTERNAL, &t, name);
}

void weir__keda_hpa_of(const weir_keda_config *c, weir_hpa_config *hpa,
                       int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX])
{
    struct weir__modifiers m;

    weir_hpa_config_init(hpa, sizeof *hpa);
    hpa->min_replicas = c->min_replicas > 0 ? c->min_replicas : 1;
    hpa->max_replicas = c->max_replicas > 0 ? c->max_replicas : 100;
    hpa->min_replicas =
        hpa->min_replicas > hpa->max_replicas ? hpa->max_replicas : hpa->min_replicas;
    hpa->behavior = c->behavior || c->paused_scale_in || c->paused_scale_out;
    hpa->semantics = c->semantics;
    hpa->conversion = c->conversion;
    hpa->configurable_tolerance = c->configurable_tolerance;
    hpa->pod_reserve = c->pod_reserve;
    hpa->reserve = c->reserve;
    hpa->tolerance = c->tolerance;
    hpa->downscale_stabilization = c->downscale_stabilization;
    hpa->cpu_initialization_period = c->cpu_initialization_period;
    hpa->initial_readiness_delay = c->initial_readiness_delay;
    hpa->sync_period = c->sync_period;
    if (c->behavior) {
        hpa->scale_up = c->scale_up;
        hpa->scale_down = c->scale_down;
    }
    if (c->paused_scale_in) {
        hpa->scale_down.select_policy = WEIR_SELECT_DISABLED;
    }
    if (c->paused_scale_out) {
        hpa->scale_up.select_policy = WEIR_SELECT_DISABLED;
    }
    for (uint32_t i = 0; i < WEIR_KEDA_TRIGGERS_MAX; i++) {
        metric_of[i] = -1;
    }
    weir__modifiers_of(&c->modifiers, c->conversion, &m);
    if (m.enabled && m.target > 0.0 &&
        c->trigger_count <
            WEIR_HPA_METRICS_MAX) { /* one metric takes the place of all external ones */
        add_triggers(c, hpa, WEIR_HPA_RESOURCE, metric_of);
        add_composite(c, &m, hpa);
        return;
    }
    add_triggers(c, hpa, WEIR_HPA_CONTAINER_RESOURCE, metric_of);
    add_triggers(c, hpa, WEIR_HPA_EXTERNAL, metric_of);
    add_triggers(c, hpa, WEIR_HPA_RESOURCE, metric_of);
}

weir_status weir_keda_hpa_config(const weir_keda_config *config, weir_hpa_config *hpa,
                                 weir_error *err)
{
    int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX];
    weir_keda_config own;
    weir_status status = weir__keda_config_take(&own, config, 1, err);

    if (status == WEIR_OK && hpa == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "there is nowhere to put the configuration");
    }
    if (status == WEIR_OK) {
        weir__keda_hpa_of(&own, hpa, metric_of);
    }
    return status;
}
