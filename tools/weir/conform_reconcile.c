/*
 * conform_reconcile.c - the operations that run Knative's reconciler: alone, and around a live
 * revision.
 */
#include "conform_kpa.h"

#include <stdlib.h>
#include <string.h>

static const char *const conditions[] = {"Unknown", "True", "False"};
static const char *const reasons[] = {"", "Queued", "NoTraffic", "TimedOut"};

static int32_t number_of(const char *text, const char *const *names, int32_t count)
{
    int32_t i = 0;

    while (i < count && strcmp(names[i], text) != 0) {
        i++;
    }
    return i < count ? i : 0;
}

/* A revision and the cluster around it. */
struct revision {
    weir_kpa_config config;
    weir_kpa_reconciler_state state;
    int32_t replicas; /* of the deployment, or WEIR_KPA_ABSENT */
    int32_t desired, burst;
    const cJSON *autoscaler, *annotations;
    /* of a live revision */
    weir_kpa_collector *collector;
    weir_kpa_decider *decider;
    int64_t ready; /* as the last reconcile saw it */
};

/* The status before the first step, where the scenario has one. */
static void read_status(const struct scenario *s, weir_kpa_reconciler_state *state)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(s->config, "status");
    weir_time since = conform_time(s, status, "since"), part = since % WEIR_SECOND;

    weir_kpa_reconciler_init(state, sizeof *state);
    if (!cJSON_IsObject(status)) {
        return;
    }
    state->active = number_of(conform_text(status, "active", ""), conditions, 3);
    state->reason = number_of(conform_text(status, "reason", ""), reasons, 4);
    part += part < 0 ? WEIR_SECOND : 0;
    state->active_since = since >= INT64_MIN + part ? since - part : since; /* whole seconds */
    state->initialized = conform_int(status, "initialized", 0) != 0;
    state->desired_scale = (int32_t)conform_int(status, "desired_scale", WEIR_REPLICAS_UNKNOWN);
    state->has_service = 1;
}

static void open_revision(const struct scenario *s, struct revision *r)
{
    memset(r, 0, sizeof *r);
    r->autoscaler = cJSON_GetObjectItemCaseSensitive(s->config, "autoscaler");
    r->annotations = cJSON_GetObjectItemCaseSensitive(s->config, "annotations");
    conform_revision(s, r->autoscaler, r->annotations, &r->config);
    r->replicas = (int32_t)conform_int(s->config, "replicas", WEIR_KPA_ABSENT);
    read_status(s, &r->state);
}

static void read_input(const struct scenario *s, struct revision *r, weir_kpa_reconcile_input *in)
{
    const cJSON *sks = cJSON_GetObjectItemCaseSensitive(s->step, "sks");
    const cJSON *pods = cJSON_GetObjectItemCaseSensitive(s->step, "pods");

    weir_kpa_reconcile_input_init(in, sizeof *in);
    in->desired = r->desired;
    in->excess_burst_capacity = r->burst;
    in->replicas = r->replicas;
    in->ready = conform_integer(cJSON_GetArrayItem(pods, 0));
    in->unreachable = conform_is(s->step, "reachability", "Unreachable");
    in->has_private_service = conform_int(sks, "private", 0) != 0;
    in->has_service = conform_int(sks, "service", 0) != 0;
    in->network_ready = conform_int(sks, "ready", 0) != 0;
    in->system_internal_tls = conform_int(s->config, "system_internal_tls", 0) != 0;
    in->probe = conform_is(s->step, "probe", "ok")      ? WEIR_KPA_PROBE_OK
                : conform_is(s->step, "probe", "error") ? WEIR_KPA_PROBE_ERROR
                                                        : WEIR_KPA_PROBE_NO;
    if (conform_has(sks, "proxy_since")) {
        in->proxy_since = conform_time(s, sks, "proxy_since");
    }
}

static void put_or_null(cJSON *got, const char *name, int present, int64_t value)
{
    if (present) {
        conform_put_int(got, name, value);
    } else {
        cJSON_AddNullToObject(got, name);
    }
}

static cJSON *answer(const struct scenario *s, const weir_kpa_reconcile *out, int32_t replicas)
{
    cJSON *got = cJSON_CreateObject(), *list;

    put_or_null(got, "want", out->decided, out->want);
    put_or_null(got, "patch", out->patch != WEIR_KPA_ABSENT, out->patch);
    put_or_null(got, "replicas", replicas != WEIR_KPA_ABSENT, replicas);
    list = cJSON_AddArrayToObject(got, "requeue_after");
    for (int32_t i = 0; i < out->requeue_count; i++) {
        conform_add_int(list, out->requeue_after[i]);
    }
    cJSON_AddBoolToObject(got, "probed", out->probed);
    cJSON_AddBoolToObject(got, "async_probe", out->async_probe);
    cJSON_AddStringToObject(got, "mode", out->mode == WEIR_KPA_SERVE ? "Serve" : "Proxy");
    conform_put_int(got, "activators", out->activators);
    cJSON_AddStringToObject(got, "active", conditions[out->active]);
    cJSON_AddStringToObject(got, "reason", reasons[out->reason]);
    conform_put_time(got, "active_since", s, out->active_since);
    cJSON_AddBoolToObject(got, "initialized", out->initialized);
    cJSON_AddStringToObject(got, "pa_ready", conditions[out->ready]);
    conform_put_int(got, "desired_scale", out->desired_scale);
    conform_put_int(got, "actual_scale", out->actual_scale);
    return got;
}

/* One reconcile of the step at hand; what it sets is kept. */
static cJSON *reconcile(const struct scenario *s, struct revision *r)
{
    weir_kpa_reconcile_input in;
    weir_kpa_reconcile out;

    if (conform_has(s->step, "replicas")) {
        r->replicas = (int32_t)conform_int(s->step, "replicas", WEIR_KPA_ABSENT);
    }
    read_input(s, r, &in);
    r->ready = in.ready;
    if (weir_kpa_reconcile_step(&r->config, &r->state, &in, conform_time(s, s->step, "t"), &out,
                                NULL) != WEIR_OK) {
        return conform_error("refused"); /* upstream never fails on these inputs */
    }
    r->replicas = out.patch != WEIR_KPA_ABSENT ? out.patch : r->replicas;
    return answer(s, &out, r->replicas);
}

static void run_reconcile(struct scenario *s)
{
    struct revision r;

    open_revision(s, &r);
    while (conform_next(s)) {
        const cJSON *decider = cJSON_GetObjectItemCaseSensitive(s->step, "decider");

        if (conform_has(s->step, "annotations")) {
            r.annotations = cJSON_GetObjectItemCaseSensitive(s->step, "annotations");
            conform_revision(s, r.autoscaler, r.annotations, &r.config);
        }
        r.desired = (int32_t)conform_integer(cJSON_GetArrayItem(decider, 0));
        r.burst = (int32_t)conform_integer(cJSON_GetArrayItem(decider, 1));
        conform_answer(s, reconcile(s, &r));
    }
}

/* ---- a live revision ------------------------------------------------------------------------ */

/* The windows of every ConfigMap of the scenario must fit. */
static void reserve(const struct scenario *s, struct revision *r, weir_kpa_collector_config *config)
{
    const cJSON *step;

    for (step = s->steps->child; step != NULL; step = step->next) {
        weir_kpa_config other;
        weir_kpa_collector_config windows;

        if (conform_has(step, "autoscaler")) {
            conform_revision(s, cJSON_GetObjectItemCaseSensitive(step, "autoscaler"),
                             r->annotations, &other);
            weir_kpa_resolve(&other, &windows, NULL);
            if (windows.stable_window > config->stable_reserve) {
                config->stable_reserve = windows.stable_window;
            }
            if (windows.panic_window > config->panic_reserve) {
                config->panic_reserve = windows.panic_window;
            }
        }
    }
}

/* Makes decider and collector, or brings them up to the configuration. */
static weir_status bring_up(const struct scenario *s, struct revision *r, int unreachable)
{
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    weir_status status;

    weir_kpa_resolve(&r->config, &collector, &decider);
    decider.reachable = !unreachable;
    if (r->decider != NULL) {
        return weir_kpa_decider_update(r->decider, &decider, NULL);
    }
    reserve(s, r, &collector);
    status = conform_make_decider(&decider, r->ready, conform_time(s, s->step, "t"), &r->decider);
    return status == WEIR_OK ? conform_make_collector(&collector, &r->collector) : status;
}

static cJSON *live_reconcile(const struct scenario *s, struct revision *r)
{
    const cJSON *sks = cJSON_GetObjectItemCaseSensitive(s->step, "sks");
    weir_kpa_collector_config collector;
    weir_kpa_status now;
    weir_status status = WEIR_OK;
    cJSON *got;

    if (conform_has(s->step, "autoscaler")) {
        r->autoscaler = cJSON_GetObjectItemCaseSensitive(s->step, "autoscaler");
        conform_revision(s, r->autoscaler, r->annotations, &r->config);
    }
    r->ready =
        conform_integer(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(s->step, "pods"), 0));
    if (conform_int(sks, "private", 0) != 0) {
        status = bring_up(s, r, conform_is(s->step, "reachability", "Unreachable"));
    }
    if (status != WEIR_OK) {
        return conform_failure(status);
    }
    if (r->decider != NULL) {
        weir_kpa_decider_status(r->decider, &now, sizeof now);
        r->desired = now.desired;
        r->burst = now.excess_burst_capacity;
    }
    got = reconcile(s, r);
    if (r->collector != NULL) {
        weir_kpa_resolve(&r->config, &collector, NULL);
        weir_kpa_collector_update(r->collector, &collector, conform_time(s, s->step, "t"), NULL);
    }
    return got;
}

/* One scale step on what the collector holds. */
static int32_t scale(const struct scenario *s, struct revision *r, weir_time t, int64_t ready,
                     const double *poke)
{
    weir_kpa_decider_input in;
    weir_kpa_averages averages = {0.0, 0.0};
    weir_decision d;
    weir_status status;

    (void)s;
    weir_decision_init(&d, sizeof d);
    weir_kpa_decider_input_init(&in, sizeof in);
    in.ready = ready;
    in.metric_status = weir_kpa_collector_read(r->collector, r->config.metric, t, &averages);
    in.stable = averages.stable;
    in.panic = averages.panic;
    status = poke != NULL ? weir_kpa_decider_poke(r->decider, &in, *poke, t, &d, NULL)
                          : weir_kpa_decider_decide(r->decider, &in, t, &d, NULL);
    return status == WEIR_OK && (d.flags & WEIR_FLAG_CHANGED) != 0;
}

static cJSON *live_tick(const struct scenario *s, struct revision *r)
{
    const cJSON *row;
    weir_kpa_status status;
    int64_t ready = conform_int(s->step, "ready", 0);
    int32_t informed = 0;
    cJSON *got;

    if (r->decider == NULL || r->collector == NULL) {
        return conform_error("not_found");
    }
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(s->step, "stats"))
    {
        const cJSON *from = cJSON_GetArrayItem(row, 0);
        weir_time at = conform_time_of(s, cJSON_GetArrayItem(row, 1));
        weir_kpa_stat stat = conform_stat(row, 2);

        weir_kpa_collector_record(r->collector, at, &stat);
        if (cJSON_IsString(from) && strcmp(from->valuestring, "push") == 0) {
            informed |= scale(s, r, at, ready, &stat.average_concurrent_requests);
        }
    }
    informed |= scale(s, r, conform_time(s, s->step, "t"), ready, NULL);
    weir_kpa_decider_status(r->decider, &status, sizeof status);
    got = cJSON_CreateObject();
    conform_put_int(got, "desired", status.desired);
    conform_put_int(got, "ebc", status.excess_burst_capacity);
    cJSON_AddBoolToObject(got, "informed", informed);
    return got;
}

static void run_live(struct scenario *s)
{
    static const char *const actions[] = {"reconcile", "tick", NULL};
    struct revision r;

    open_revision(s, &r);
    r.desired = WEIR_REPLICAS_UNKNOWN;
    while (conform_next(s)) {
        int tick = conform_action(s, actions) == 1;

        conform_answer(s, tick ? live_tick(s, &r) : live_reconcile(s, &r));
    }
    free(r.collector);
    free(r.decider);
}

const struct conform_op conform_reconcile_ops[] = {
    {"reconcile", run_reconcile},
    {"kpa", run_live},
    {NULL, NULL},
};
