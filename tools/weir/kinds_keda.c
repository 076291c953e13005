/*
 * kinds_keda.c - ScaledObjects for `weir replay` and `weir explain`; see kinds.h.
 */
#include "kinds_hpa.h"
#include "zone.h"

#include <math.h>
#include <string.h>
#include <weir/keda.h>

/* Room for all changes of a zone that zone_load() gives. */
enum { ZONE_CHANGES = 1024 };

/* ---- series --------------------------------------------------------------------------------- */

/* The trigger of a series: cron triggers have none, they are computed. */
static uint32_t trigger_of(const weir_keda_config *c, uint32_t series)
{
    uint32_t i = 0;

    for (; i < c->trigger_count; i++) {
        if (c->triggers[i].type != WEIR_TRIGGER_CRON && series-- == 0) {
            break;
        }
    }
    return i;
}

static int is_resource(const weir_keda_trigger *t)
{
    return t->type == WEIR_TRIGGER_CPU || t->type == WEIR_TRIGGER_MEMORY;
}

static const char *name_of(const weir_keda_trigger *t)
{
    static const char *const names[] = {"cpu", "memory"};

    return is_resource(t) ? names[t->type - WEIR_TRIGGER_CPU] : t->metric_name;
}

static void as_metric(const weir_keda_trigger *t, weir_hpa_metric *m)
{
    memset(m, 0, sizeof *m);
    m->source = !is_resource(t)           ? WEIR_HPA_EXTERNAL
                : t->container[0] == '\0' ? WEIR_HPA_RESOURCE
                                          : WEIR_HPA_CONTAINER_RESOURCE;
    m->target_type = t->metric_type;
    m->target = t->target;
    m->request = t->request;
    m->sample_window = t->sample_window;
    snprintf(m->name, sizeof m->name, "%s", name_of(t));
    snprintf(m->container, sizeof m->container, "%s", t->container);
}

static uint32_t list_series(const void *config, weir_hpa_config *as_hpa)
{
    const weir_keda_config *c = config;

    weir_hpa_config_init(as_hpa, sizeof *as_hpa);
    for (uint32_t i = 0; i < c->trigger_count; i++) {
        if (c->triggers[i].type != WEIR_TRIGGER_CRON) {
            as_metric(&c->triggers[i], &as_hpa->metrics[as_hpa->metric_count++]);
        }
    }
    return as_hpa->metric_count;
}

/* A trigger's index, "triggers[2]", its name, or that of its metric. */
static int is_named(const void *config, uint32_t series, const char *autoscaler, const char *word,
                    size_t length)
{
    const weir_keda_config *c = config;
    uint32_t index = trigger_of(c, series);
    const weir_keda_trigger *t = &c->triggers[index];
    char place[32];

    skip_autoscaler(autoscaler, &word, &length);
    snprintf(place, sizeof place, "triggers[%u]", index);
    return is_word(name_of(t), word, length) || is_word(place, word, length) ||
           is_word(t->metric_name, word, length) ||
           (t->name[0] != '\0' && is_word(t->name, word, length)) ||
           (length < strlen(place) - 9 && is_word(place + 9, word, length)) ||
           (strncmp(place + 9, word, length) == 0 && place[9 + length] == ']');
}

static const char *own_name(const void *config, uint32_t series)
{
    const weir_keda_config *c = config;
    const weir_keda_trigger *t = &c->triggers[trigger_of(c, series)];

    return t->name[0] != '\0' ? t->name : name_of(t);
}

/* A prometheus trigger's own. */
static const char *find_query(const struct request *request, const weir_manifest_item *item,
                              const void *config, uint32_t series, int *single)
{
    const weir_keda_config *c = config;
    uint32_t trigger = trigger_of(c, series);
    size_t index = 0;

    *single = c->triggers[trigger].type == WEIR_TRIGGER_PROMETHEUS;
    if (!*single) {
        return NULL;
    }
    while (index < weir_manifest_item_count(request->manifest) &&
           weir_manifest_get_item(request->manifest, index) != item) {
        index++;
    }
    return weir_manifest_trigger_metadata(request->manifest, index, trigger, "query");
}

/* Polls ask, and so does the HPA at its syncs. */
static size_t list_clocks(const void *config, struct clock *clocks)
{
    const weir_keda_config *c = config;

    clocks[0] = (struct clock){c->poll_phase, c->polling_interval};
    clocks[1] = (struct clock){c->sync_phase, c->sync_period};
    return 2;
}

/* ---- the request ---------------------------------------------------------------------------- */

/* What the HPA's controller has been told. */
static void take_flags(const weir_hpa_config *hpa, weir_keda_config *c)
{
    c->semantics = hpa->semantics;
    c->conversion = hpa->conversion;
    c->configurable_tolerance = hpa->configurable_tolerance;
    c->tolerance = hpa->tolerance;
    c->downscale_stabilization = hpa->downscale_stabilization;
    c->cpu_initialization_period = hpa->cpu_initialization_period;
    c->initial_readiness_delay = hpa->initial_readiness_delay;
    c->sync_period = hpa->sync_period;
}

static int prepare(void *config, const struct request *request, const char *name)
{
    weir_keda_config *c = config;
    weir_hpa_config series;
    uint32_t count = list_series(config, &series);

    take_flags(&request->hpa, c);
    c->poll_phase = request->poll_phase;
    c->sync_phase = request->sync_phase;
    c->zone_reserve = ZONE_CHANGES;
    if (!take_sync_periods(request, name, &c->sync_period)) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        const struct asked_series asked = {request, &keda_kind, config, name, i};

        if (!take_pod_request(&asked, &series.metrics[i])) {
            return 0;
        }
        c->triggers[trigger_of(c, i)].request = series.metrics[i].request;
    }
    return 1;
}

/* ---- the machine ---------------------------------------------------------------------------- */

static weir_status bytes_of(const void *config, size_t *bytes, weir_error *err)
{
    return weir_keda_bytes(config, bytes, err);
}

/* A zone that there is not fails its trigger, as in a cluster. */
static weir_status set_zones(weir_keda *keda)
{
    const char *name;

    for (uint32_t i = 0; (name = weir_keda_zone_name(keda, i)) != NULL; i++) {
        weir_zone zone;
        weir_status status = zone_load(name, &zone);

        if (status == WEIR_OK) {
            status = weir_keda_set_zone(keda, name, &zone);
        } else if (status == WEIR_E_RANGE || status == WEIR_E_PARSE) {
            status = WEIR_OK;
        }
        zone_free(&zone);
        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_OK;
}

static weir_status make(void *state, size_t bytes, const void *config, int32_t ready,
                        weir_time start, weir_error *err)
{
    weir_status status = weir_keda_init(state, bytes, config, start, err);

    (void)ready;
    if (status == WEIR_OK) {
        status = set_zones(state);
        if (status != WEIR_OK && err != NULL) {
            snprintf(err->message, sizeof err->message, "its time zones: %s",
                     weir_strerror(status));
        }
    }
    return status;
}

/* The longest step that meets all of some times: samples are taken when something decides. */
static weir_duration common_step(weir_duration a, weir_duration b)
{
    while (b != 0) {
        weir_duration rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

static void set_replay(const void *config, int has_initial, weir_replay_config *replay)
{
    const weir_keda_config *c = config;
    weir_duration step = common_step(c->polling_interval, c->sync_period);
    weir_hpa_config series;

    step = common_step(step, c->poll_phase);
    step = common_step(step, c->sync_phase);
    list_series(config, &series);
    replay->sampling = WEIR_SAMPLING_NEWEST;
    replay->sample_interval = step >= WEIR_SECOND / 100 ? step : 0;
    replay->pod_capacity = hpa_at_target(&series);
    if (!has_initial) {
        replay->initial_replicas = c->min_replicas > 0 ? c->min_replicas : 1;
    }
}

/* ---- words ---------------------------------------------------------------------------------- */

static void describe(char *text, size_t size, const void *config)
{
    const weir_keda_config *c = config;
    size_t used = 0;

    snprintf(text, size, "nothing");
    for (uint32_t i = 0; i < c->trigger_count && used < size; i++) {
        const weir_keda_trigger *t = &c->triggers[i];
        weir_hpa_metric m;
        char target[64];
        int n;

        as_metric(t, &m);
        hpa_put_target(&m, target, sizeof target);
        if (t->type == WEIR_TRIGGER_CRON) {
            snprintf(target, sizeof target, "%lld pods", (long long)t->cron.desired_replicas);
        } else if (c->modifiers.enabled && !is_resource(t)) {
            snprintf(target, sizeof target, "the formula");
        }
        n = snprintf(text + used, size - used, "%s%s%s %s", i > 0 ? "; " : "", name_of(t),
                     c->modifiers.enabled && !is_resource(t) ? " in" : " at", target);
        used += n > 0 ? (size_t)n : 0;
    }
}

static void bounds(char *text, size_t size, const void *config)
{
    const weir_keda_config *c = config;
    char poll[32], sync[32], cooldown[32], idle[64] = "";

    put_duration(poll, sizeof poll, c->polling_interval);
    put_duration(sync, sizeof sync, c->sync_period);
    put_duration(cooldown, sizeof cooldown, c->cooldown_period);
    if (c->idle_replicas != WEIR_KEDA_UNSET) {
        snprintf(idle, sizeof idle, ", %d when idle for %s", c->idle_replicas, cooldown);
    } else if (c->min_replicas <= 0) {
        snprintf(idle, sizeof idle, ", 0 when idle for %s", cooldown);
    }
    snprintf(text, size, "at least %d, at most %d%s; KEDA polls every %s, its HPA decides every %s",
             c->min_replicas > 0 ? c->min_replicas : 1,
             c->max_replicas != WEIR_KEDA_UNSET ? c->max_replicas : 100, idle, poll, sync);
}

static void hpa_of(const void *config, weir_hpa_config *hpa)
{
    if (weir_keda_hpa_config(config, hpa, NULL) != WEIR_OK) {
        weir_hpa_config_init(hpa, sizeof *hpa);
    }
}

/* The names of metrics are too long for the table: triggers' names or places have to do. */
static size_t name_measures(const void *config, struct measure *measures)
{
    const weir_keda_config *c = config;
    char headings[WEIR_KEDA_TRIGGERS_MAX][HEADING_SIZE];
    weir_hpa_config hpa;
    size_t count;

    hpa_of(config, &hpa);
    for (uint32_t i = 0; i < c->trigger_count; i++) {
        const weir_keda_trigger *t = &c->triggers[i];

        snprintf(headings[i], HEADING_SIZE, "%.*s", HEADING_SIZE - 1, t->name);
        if (t->name[0] == '\0' && !is_resource(t)) {
            snprintf(headings[i], HEADING_SIZE, "s%u", i % 1000);
        }
    }
    count = hpa_name_measures(&hpa, measures);
    for (size_t m = 0; m < count && measures[m].heading[0] != '\0'; m++) {
        for (uint32_t i = 0; i < c->trigger_count; i++) {
            if (headings[i][0] != '\0' &&
                strcmp(hpa.metrics[m].name, name_of(&c->triggers[i])) == 0) {
                memcpy(measures[m].heading, headings[i], HEADING_SIZE);
            }
        }
    }
    return count;
}

static void measure(void *state, const void *config, weir_time now, double *values)
{
    const weir_hpa *inner = weir_keda_get_hpa(state);
    weir_hpa_config hpa;

    (void)now;
    hpa_of(config, &hpa);
    if (inner != NULL) {
        hpa_measure(inner, &hpa, values);
    }
}

/* Steps are about triggers, and the one behind the last is the composite metric. */
static void name_item(const void *config, int32_t rule, int32_t item, char *text, size_t size)
{
    const weir_keda_config *c = config;

    (void)rule;
    snprintf(text, size, "%s",
             (uint32_t)item < c->trigger_count ? name_of(&c->triggers[item]) : "composite-metric");
}

static void label(void *state, char (*values)[LABEL_SIZE])
{
    static const char *const states[] = {"False", "True", "Unknown"};
    static const int32_t conditions[] = {WEIR_KEDA_ACTIVE, WEIR_KEDA_FALLBACK, WEIR_KEDA_READY};
    weir_keda_status status;

    if (weir_keda_get_status(state, &status, sizeof status) != WEIR_OK) {
        memset(&status, 0, sizeof status);
    }
    for (size_t i = 0; i < 3; i++) {
        snprintf(values[i], LABEL_SIZE, "%s", states[status.conditions[conditions[i]].status]);
    }
    snprintf(values[3], LABEL_SIZE, "%s",
             weir_keda_reason_name(status.conditions[WEIR_KEDA_ACTIVE].reason));
}

const struct kind keda_kind = {
    .kind = WEIR_KIND_KEDA,
    .config_bytes = sizeof(weir_keda_config),
    .prepare = prepare,
    .bytes = bytes_of,
    .make = make,
    .replay = set_replay,
    .series = list_series,
    .is_named = is_named,
    .own_name = own_name,
    .query = find_query,
    .clocks = list_clocks,
    .query_unit = WEIR_SECOND,
    .describe = describe,
    .bounds = bounds,
    .overload = "above target",
    .measures = name_measures,
    .measure = measure,
    .item = name_item,
    .labels = {"active", "fallback", "ready", "reason", NULL},
    .news = 2,
    .label = label,
};
