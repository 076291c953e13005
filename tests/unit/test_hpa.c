/*
 * The HPA's whole step: upstream's own controller cases, the documented example, failures, scaling
 * to zero, releases, memory across edits, restarts and snapshots, and the common interface.
 */
#include "hpa_world.h"
#include "random.h"

#include <weir/weir.h>

#define SYNC (15 * WEIR_SECOND)

/* ---- upstream's cases ----------------------------------------------------------------------- */

/* Metrics are "res:30+pods:15000": percent of cpu, or milli. Conditions are reasons, False with F/.
 */
struct whole {
    const char *name;
    int32_t min, max, spec, status;
    const char *metrics, *pods, *requests, *samples, *extra;
    int32_t replicas, rescaled;
    const char *conditions;
};

static const struct whole wholes[] = {
    {"C1 scale up", 2, 6, 3, 3, "res:30", "RRR", "3x1000", "300,500,700", "", 5, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C2 unready damps", 2, 6, 3, 3, "res:30", "uRR", "3x1000", "300,500,700", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C3 hot damps", 2, 6, 3, 3, "res:30", "haa", "3x1000", "300,500,700", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C4 failed ignored", 2, 6, 2, 2, "res:30", "RRff", "4x1000", "500,700", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C5 deleted ignored", 2, 6, 2, 2, "res:30", "RRdd", "4x1000", "500,700", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C6 unready bring to tolerance", 2, 6, 3, 3, "res:30", "Ruu", "3x1000", "400,500,700", "", 3,
     0, "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C7 scale down", 2, 6, 5, 5, "res:50", "RRRRR", "5x1000", "100,300,500,250,250",
     "empty history", 3, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C8 scale down, 2 unready", 2, 6, 5, 5, "res:50", "RRRuu", "5x1000", "100,300,500,250,250",
     "empty history", 2, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C9 scale down, 2 hot", 2, 6, 5, 5, "res:50", "aaahh", "5x1000", "100,300,500,250,250",
     "empty history", 2, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C10 first reconcile stabilises at initial size", 2, 6, 5, 5, "res:50", "RRRRR", "5x1000",
     "100,300,500,250,250", "", 5, 0,
     "A=ScaleDownStabilized S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C11 stabilize downscale", 1, 5, 4, 4, "res:100", "RRR", "3x100", "50,50,50",
     "history 10@-10min,4@-1min", 4, 0,
     "A=ScaleDownStabilized S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C12 pods metric", 2, 6, 3, 3, "pods:15000", "RRR", "3x1000", "20000,10000,30000", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C13 pods metric capped by max", 2, 6, 3, 3, "pods:15000", "HaH", "3x1000",
     "50000,15000,30000", "", 6, 1, "A=SucceededRescale S=ValidMetricFound L=T/TooManyReplicas"},
    {"C14 external Value", 2, 6, 3, 3, "extV:6666", "RRR", "3x1000", "8600", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C15 external AverageValue", 2, 6, 3, 3, "extA:2222", "RRR", "3x1000", "8600", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C16 object Value", 2, 6, 3, 3, "objV:15000", "RRR", "3x1000", "20000", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C17 object AverageValue", 2, 6, 3, 3, "objA:10000", "RRR", "3x1000", "40000", "", 4, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C18 from zero, gate on, condition True", 0, 6, 0, 0, "objV:15000", "", "", "20000",
     "ScaledToZero=True", 2, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C19 from zero, gate off", 0, 6, 0, 0, "objV:15000", "", "", "20000",
     "gate off; ScaledToZero=True", 0, 0, "A=SucceededGetScale S=F/ScalingDisabled"},
    {"C20 from zero ignores tolerance", 0, 6, 0, 0, "objV:1000", "", "", "1000",
     "ScaledToZero=True", 1, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C21 from zero, no condition", 0, 6, 0, 0, "objV:15000", "", "", "20000", "", 0, 0,
     "A=SucceededGetScale S=F/ScalingDisabled"},
    {"C22 min raised to 2 while at zero, condition True", 2, 6, 0, 0, "objV:15000", "", "", "10000",
     "ScaledToZero=True", 2, 1, "A=SucceededRescale S=ValidMetricFound L=T/TooFewReplicas"},
    {"C23 same, gate off", 2, 6, 0, 0, "objV:15000", "", "", "10000", "gate off; ScaledToZero=True",
     0, 0, "A=SucceededGetScale S=F/ScalingDisabled"},
    {"C24 manual zero", 1, 6, 0, 0, "res:50", "", "", "", "", 0, 0,
     "A=SucceededGetScale S=F/ScalingDisabled"},
    {"C25 one bad metric, other says up", 2, 6, 3, 3, "res:30+bad:0", "RRR", "3x1000",
     "300,400,500", "error", 4, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C26 one bad metric, other says down", 2, 6, 5, 5, "res:50+bad:0", "RRRRR", "5x1000",
     "100,300,500,250,250", "empty history; error", 5, 0,
     "A=SucceededGetScale S=F/InvalidMetricSourceType"},
    {"C27 scale down pods metric", 2, 6, 5, 5, "pods:20000", "RRRRR", "5x1000",
     "12000,12000,12000,12000,12000", "empty history", 3, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C28 scale down object Value", 2, 6, 5, 5, "objV:20000", "RRRRR", "5x1000", "12000",
     "empty history", 3, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C29 object Value to zero", 0, 6, 5, 5, "objV:20000", "RRRRR", "5x1000", "0", "empty history",
     0, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C30 scale down object AverageValue", 2, 6, 5, 5, "objA:20000", "RRRRR", "5x1000", "60000",
     "empty history", 3, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C31 scale down external Value", 2, 6, 5, 5, "extV:14400", "RRRRR", "5x1000", "8600",
     "empty history", 3, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C32 external Value to zero", 0, 6, 5, 5, "extV:14400", "RRRRR", "5x1000", "0",
     "empty history", 0, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C33 scale down external AverageValue", 2, 6, 5, 5, "extA:3000", "RRRRR", "5x1000", "8600",
     "empty history", 3, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C34 tolerance cpu", 1, 5, 3, 3, "res:100", "RRR", "900,1000,1100", "1010,1030,1020", "", 3, 0,
     "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C35 tolerance pods", 1, 5, 3, 3, "pods:20000", "RRR", "900,1000,1100", "20000,20001,21000",
     "", 3, 0, "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C36 tolerance object", 1, 5, 3, 3, "objV:20000", "RRR", "900,1000,1100", "20050", "", 3, 0,
     "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C37 tolerance external", 2, 6, 4, 4, "extV:8666", "RRRR", "4x1000", "8600", "", 4, 0,
     "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C38 tolerance per-pod", 2, 6, 4, 4, "extA:2200", "RRRR", "4x1000", "8600", "", 4, 0,
     "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C39 scaleUp.tolerance 0.01", 1, 5, 3, 3, "res:100", "RRR", "900,1000,1100", "1010,1030,1020",
     "tol d0.1/u0.01", 4, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C40 scaleDown.tolerance 0.9", 1, 5, 3, 3, "res:100", "RRR", "3x1000", "300,300,300",
     "tol d0.9/u0.1", 3, 0, "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C41 min clamp", 2, 5, 3, 3, "res:90", "RRR", "900,1000,1100", "10,95,10", "empty history", 2,
     1, "A=SucceededRescale S=ValidMetricFound L=T/TooFewReplicas"},
    {"C42 min 0, cpu 0", 0, 5, 3, 3, "res:90", "RRR", "900,1000,1100", "0,0,0", "empty history", 0,
     1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C43 min 2, cpu 0", 2, 5, 3, 3, "res:90", "RRR", "900,1000,1100", "0,0,0", "empty history", 2,
     1, "A=SucceededRescale S=ValidMetricFound L=T/TooFewReplicas"},
    {"C44 below min", 3, 5, 2, 2, "res:90", "RR", "", "", "", 3, 1, "A=SucceededRescale"},
    {"C45 above max", 3, 5, 10, 10, "res:90", "", "", "", "", 5, 1, "A=SucceededRescale"},
    {"C46 max clamp", 2, 5, 3, 3, "res:90", "RRR", "900,1000,1100", "8000,9500,1000", "", 5, 1,
     "A=SucceededRescale S=ValidMetricFound L=T/TooManyReplicas"},
    {"C47 percent policy 700", 1, 100, 3, 3, "res:10", "RRR", "3x100", "100,200,300",
     "scaleUp 700%/60s", 24, 1, "A=SucceededRescale S=ValidMetricFound L=T/ScaleUpLimit"},
    {"C48 percent policy 700, max 20", 1, 20, 3, 3, "res:10", "RRR", "3x100", "100,200,300",
     "scaleUp 700%/60s", 20, 1, "A=SucceededRescale S=ValidMetricFound L=T/TooManyReplicas"},
    {"C49 superfluous samples", 2, 6, 4, 4, "res:100", "RRRR", "4x1000",
     "4000,9500,3000,7000,3200,2000", "", 6, 1,
     "A=SucceededRescale S=ValidMetricFound L=T/TooManyReplicas"},
    {"C50 missing samples", 2, 6, 4, 4, "res:100", "RRRR", "4x1000", "400,95", "empty history", 3,
     1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C51 1 pod of 4 exists", 1, 5, 4, 4, "res:50", "R", "200", "200", "empty history", 2, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C52 status 5 > spec 4, at target", 1, 8, 4, 5, "res:50", "RRRRR", "5x1000",
     "500,500,500,500,500", "", 4, 0,
     "A=ReadyForNewScale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C53 1 -> 2", 1, 5, 1, 1, "res:50", "R", "200", "200", "", 2, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C54 two metrics, max wins", 1, 5, 3, 3, "res:10+pods:15000", "RRR", "3x1000",
     "20000,10000,30000", "", 5, 1, "A=SucceededRescale S=ValidMetricFound L=T/TooManyReplicas"},
    {"C55 conflict retry test", 2, 6, 3, 3, "res:50", "RRR", "3x1000", "600,700,800", "", 5, 1,
     "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
    {"C56 update scale fails (decision)", 1, 5, 3, 3, "res:100", "RRR", "3x100", "150,150,150", "",
     5, 1, "A=SucceededRescale S=ValidMetricFound L=F/DesiredWithinRange"},
};

struct kind {
    const char *name;
    int32_t source, target_type;
};

static const struct kind kinds[] = {
    {"res:", WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION},
    {"pods:", WEIR_HPA_PODS, WEIR_HPA_AVERAGE_VALUE},
    {"objV:", WEIR_HPA_OBJECT, WEIR_HPA_VALUE},
    {"objA:", WEIR_HPA_OBJECT, WEIR_HPA_AVERAGE_VALUE},
    {"extV:", WEIR_HPA_EXTERNAL, WEIR_HPA_VALUE},
    {"extA:", WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE},
    {"bad:", WEIR_HPA_SOURCE_UNKNOWN, WEIR_HPA_TARGET_NONE},
};

static void read_metrics(const struct whole *row, weir_hpa_config *config, struct hpa_world *w)
{
    const char *at = row->metrics;

    while (*at != '\0') {
        size_t k = 0;
        char *end;
        int64_t target;

        while (strncmp(at, kinds[k].name, strlen(kinds[k].name)) != 0) {
            k++;
        }
        target = strtoll(at + strlen(kinds[k].name), &end, 10);
        add_metric(config, kinds[k].source, kinds[k].target_type, target, "cpu");
        if (kinds[k].source == WEIR_HPA_OBJECT || kinds[k].source == WEIR_HPA_EXTERNAL) {
            world_values(w, row->samples);
        } else {
            world_samples(w, row->samples, row->requests, HPA_NOW);
        }
        at = end + (*end == '+');
    }
}

static void read_extra(const char *extra, weir_hpa_config *config)
{
    if (strstr(extra, "gate off") != NULL) {
        config->scale_to_zero = WEIR_GATE_OFF;
    }
    if (strncmp(extra, "tol ", 4) == 0) {
        char *end;

        config->behavior = 1;
        config->scale_down.tolerance = strtod(extra + 5, &end);
        config->scale_up.tolerance = strtod(end + 2, NULL);
    }
    if (strstr(extra, "700%") != NULL) {
        config->behavior = 1;
        config->scale_up.policy_count = 1;
        config->scale_up.policies[0] = (weir_policy){WEIR_POLICY_PERCENT, 700, 60 * WEIR_SECOND};
    }
}

static void set_history(const char *extra, weir_hpa *hpa)
{
    weir_recommendation list[2] = {{HPA_NOW - 600 * WEIR_SECOND, 10, 0},
                                   {HPA_NOW - 60 * WEIR_SECOND, 4, 0}};

    if (strstr(extra, "empty history") != NULL) {
        weir_behavior_set_recommendations(weir_hpa_get_behavior(hpa), NULL, 0);
    } else if (strstr(extra, "history 10@-10min,4@-1min") != NULL) {
        weir_behavior_set_recommendations(weir_hpa_get_behavior(hpa), list, 2);
    }
    if (strstr(extra, "ScaledToZero=True") != NULL) {
        weir_hpa_set_condition(hpa, WEIR_CONDITION_SCALED_TO_ZERO, 1);
    }
}

static const weir_hpa_condition *find_condition(const weir_hpa_status *status, int32_t type)
{
    for (uint32_t i = 0; i < status->condition_count; i++) {
        if (status->conditions[i].type == type) {
            return &status->conditions[i];
        }
    }
    return NULL;
}

/* "F/TooFewReplicas" of one condition; the default status is True, of ScalingLimited it is given.
 */
static void assert_condition(const weir_hpa_status *status, int32_t type, const char *conditions,
                             const char *letter)
{
    const char *at = strstr(conditions, letter);
    const weir_hpa_condition *c = find_condition(status, type);
    int32_t is_true = 1;
    size_t length;

    if (at == NULL) {
        assert_null(c);
        return;
    }
    assert_non_null(c);
    at += 2;
    if (at[1] == '/') {
        is_true = at[0] == 'T';
        at += 2;
    }
    length = strcspn(at, " ");
    assert_int_equal(c->status, is_true);
    assert_int_equal(strlen(weir_reason_name(c->reason)), length);
    assert_memory_equal(weir_reason_name(c->reason), at, length);
}

static weir_status decide(weir_hpa *hpa, const struct hpa_world *w, weir_time now, weir_decision *d)
{
    weir_explain explain;
    weir_status status;

    weir_decision_init(d, sizeof *d);
    weir_explain_init(&explain, sizeof explain);
    status = weir_hpa_decide(hpa, &w->input, now, d, &explain);
    if (status >= WEIR_OK) {
        assert_chain(d, &explain);
        assert_int_equal(d->valid, status == WEIR_OK);
    }
    return status;
}

static void reconciles_as_upstream(void **state)
{
    const struct whole *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa *hpa;
    weir_decision d;
    weir_hpa_status status;
    int32_t failed = strstr(row->metrics, "bad") != NULL;

    weir_hpa_config_init(&config, sizeof config);
    config.min_replicas = row->min;
    config.max_replicas = row->max;
    config.cpu_initialization_period = 120 * WEIR_SECOND;
    config.initial_readiness_delay = 10 * WEIR_SECOND;
    world_begin(&w, row->spec, row->status, row->pods);
    read_metrics(row, &config, &w);
    read_extra(row->extra, &config);
    hpa = hpa_of(&config, HPA_NOW);
    set_history(row->extra, hpa);
    assert_int_equal(decide(hpa, &w, HPA_NOW, &d),
                     failed && !row->rescaled ? WEIR_NO_DATA : WEIR_OK);
    assert_int_equal((d.flags & WEIR_FLAG_APPLY) != 0, row->rescaled);
    if (d.valid) {
        assert_int_equal(d.replicas, row->replicas);
    }
    weir_hpa_get_status(hpa, &status, sizeof status);
    assert_int_equal(status.metrics_failed, failed);
    assert_condition(&status, WEIR_CONDITION_ABLE_TO_SCALE, row->conditions, "A=");
    assert_condition(&status, WEIR_CONDITION_SCALING_ACTIVE, row->conditions, "S=");
    assert_condition(&status, WEIR_CONDITION_SCALING_LIMITED, row->conditions, "L=");
    assert_int_equal(status.last_scale_time != WEIR_TIME_NONE, row->rescaled);
    free(hpa);
}

/* ---- one external metric -------------------------------------------------------------------- */

/* An HPA on tokens per second, at the scale that it last asked for. */
struct life {
    weir_hpa_config config;
    weir_hpa *hpa;
    struct hpa_world world;
    weir_decision decision;
    weir_hpa_status status;
    weir_time now;
    int32_t size;
};

static void begin_life(struct life *l, int32_t size)
{
    free(l->hpa);
    l->hpa = hpa_of(&l->config, HPA_NOW);
    l->now = HPA_NOW;
    l->size = size;
}

static void external_config(struct life *l, int64_t target, int32_t max)
{
    memset(l, 0, sizeof *l);
    weir_hpa_config_init(&l->config, sizeof l->config);
    l->config.max_replicas = max;
    add_metric(&l->config, WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, target, "tokens");
}

/* One step of the load, in milli; "" fails. Gives the size afterwards, and goes on to the next
 * sync. */
static int32_t live(struct life *l, const char *load, const char *second)
{
    const char *loads[2] = {load, second};

    world_begin(&l->world, l->size, l->size, "");
    for (uint32_t i = 0; i < l->config.metric_count; i++) {
        if (loads[i][0] == '\0') {
            world_failure(&l->world);
        } else {
            world_values(&l->world, loads[i]);
        }
    }
    decide(l->hpa, &l->world, l->now, &l->decision);
    weir_hpa_get_status(l->hpa, &l->status, sizeof l->status);
    if (l->decision.flags & WEIR_FLAG_APPLY) {
        l->size = l->decision.replicas;
    }
    l->now += SYNC;
    return l->size;
}

/* The documented example: 5 tokens a second a replica, 1 to 3 replicas, down by one a minute after
 * two minutes. */
static void example_config(struct life *l)
{
    external_config(l, 5000, 3);
    l->config.behavior = 1;
    l->config.scale_down.stabilization_window = 120 * WEIR_SECOND;
    l->config.scale_down.policies[0] = (weir_policy){WEIR_POLICY_PODS, 1, 60 * WEIR_SECOND};
}

static void eight_tokens_are_two_replicas(void **state)
{
    struct life l;

    (void)state;
    example_config(&l);
    begin_life(&l, 1);
    assert_int_equal(live(&l, "8000", ""), 2);
    assert_int_equal(l.status.rescale_reason, WEIR_RESCALE_ABOVE_TARGET);
    assert_int_equal(l.status.metric, 0);
    free(l.hpa);
}

static void twenty_two_tokens_are_five_capped_at_three(void **state)
{
    struct life l;
    weir_hpa_proposal p;

    (void)state;
    example_config(&l);
    begin_life(&l, 1);
    assert_int_equal(live(&l, "22000", ""), 3);
    weir_hpa_get_proposal(l.hpa, 0, &p, sizeof p);
    assert_int_equal(p.replicas, 5);
    assert_true((l.decision.flags & WEIR_FLAG_AT_MAX) != 0);
    assert_int_equal(l.decision.rule, WEIR_RULE_BOUNDS_MAX);
    free(l.hpa);
}

static void two_become_one_only_at_a_total_of_five(void **state)
{
    static const struct {
        const char *load;
        int32_t size;
    } rows[] = {{"9000", 2}, {"8000", 2}, {"5001", 2}, {"5000", 1}, {"4000", 1}, {"0", 1}};

    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct life l;

        example_config(&l);
        begin_life(&l, 2);
        for (int tick = 0; tick < 40; tick++) {
            live(&l, rows[r].load, "");
        }
        assert_int_equal(l.size, rows[r].size);
        free(l.hpa);
    }
}

static void one_pod_a_minute_after_two_minutes(void **state)
{
    struct life l;

    (void)state;
    example_config(&l);
    begin_life(&l, 3);
    for (int second = 0; second <= 300; second += 15) {
        int32_t wanted = second < 120 ? 3 : second < 180 ? 2 : 1;

        if (live(&l, "1000", "") != wanted) {
            fail_msg("after %d s: %d, not %d", second, (int)l.size, (int)wanted);
        }
        if (second == 105) {
            assert_int_equal(l.decision.rule, WEIR_RULE_BEHAVIOR_WINDOW_DOWN);
            assert_true(l.decision.next == HPA_NOW + 120 * WEIR_SECOND - 1);
        }
        if (second == 165) {
            assert_int_equal(l.decision.rule, WEIR_RULE_BEHAVIOR_POLICY_DOWN);
            assert_true(l.decision.next == HPA_NOW + 180 * WEIR_SECOND);
        }
    }
    free(l.hpa);
}

/* Its production variant: 15 minutes, one pod in 5, and a second metric that counts as well. */
static void either_metric_holds_production_up(void **state)
{
    struct life l;
    int32_t second, size = 4;

    (void)state;
    external_config(&l, 2500000, 4);
    add_metric(&l.config, WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 750, "cache");
    l.config.behavior = 1;
    l.config.scale_down.stabilization_window = 900 * WEIR_SECOND;
    l.config.scale_down.policies[0] = (weir_policy){WEIR_POLICY_PODS, 1, 300 * WEIR_SECOND};
    begin_life(&l, 1);
    assert_int_equal(live(&l, "4000000", "100"), 2); /* tokens want 2 */
    assert_int_equal(l.status.metric, 0);
    assert_int_equal(live(&l, "4000000", "2900"), 4); /* the cache wants 4 */
    assert_int_equal(l.status.metric, 1);
    for (second = 30; second < 3000; second += 15) {
        live(&l, "0", "0");
        if (l.size != size) { /* 900 s after the wish for 4, then every 300 s */
            assert_int_equal(second, 15 + 900 + (4 - size) * 300);
            assert_int_equal(l.size, size - 1);
            size = l.size;
        }
    }
    assert_int_equal(size, 1);
    free(l.hpa);
}

/* The time to the first token falls with every replica that is added, which takes them away again;
 * tokens a second do not depend on the replicas. */
static void latency_feeds_back_and_throughput_does_not(void **state)
{
    int32_t turns[2] = {0, 0};

    (void)state;
    for (int by_latency = 0; by_latency < 2; by_latency++) {
        struct life l;
        int32_t direction = 0;

        external_config(&l, by_latency ? 1000 : 5000, 6);
        l.config.behavior = 1;
        l.config.scale_down.stabilization_window = 0;
        begin_life(&l, 1);
        for (int tick = 0; tick < 100; tick++) {
            int32_t before = l.size, change;
            char load[32];

            snprintf(load, sizeof load, "%d", by_latency ? 4000 / before : 18000);
            change = live(&l, load, "") - before;
            if (change != 0 && direction != 0 && (change > 0) != (direction > 0)) {
                turns[by_latency]++;
            }
            direction = change != 0 ? change : direction;
        }
        free(l.hpa);
    }
    assert_int_equal(turns[0], 0);
    assert_true(turns[1] > 90);
}

/* ---- failures ------------------------------------------------------------------------------- */

static void a_failing_metric_only_stops_the_way_down(void **state)
{
    struct life l;

    (void)state;
    external_config(&l, 1000, 10);
    add_metric(&l.config, WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 1000, "other");
    l.config.behavior = 1;
    l.config.scale_down.stabilization_window = 0;
    begin_life(&l, 4);
    assert_int_equal(live(&l, "6000", ""), 6); /* up, on the one that works */
    assert_true((l.decision.flags & WEIR_FLAG_METRIC_FAILED) != 0);
    assert_int_equal(live(&l, "6000", ""), 6); /* just as much: it holds, and is valid */
    assert_int_equal(l.decision.valid, 1);
    assert_int_equal(live(&l, "2000", ""), 6);
    assert_int_equal(l.decision.valid, 0);
    assert_int_equal(l.decision.rule, WEIR_RULE_HPA_BLOCKED);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_SCALING_ACTIVE)->reason,
                     WEIR_REASON_FAILED_GET_EXTERNAL_METRIC);
    assert_int_equal(live(&l, "2000", "1000"), 2);
    assert_int_equal(live(&l, "", ""), 2);
    assert_int_equal(l.decision.valid, 0);
    assert_int_equal(l.status.metrics_failed, 2);
    free(l.hpa);
}

static void nothing_is_remembered_of_an_outage(void **state)
{
    struct life l;

    (void)state;
    external_config(&l, 1000, 10);
    begin_life(&l, 8);
    assert_int_equal(live(&l, "8000", ""), 8);
    for (int tick = 0; tick < 20; tick++) {
        live(&l, "", "");
    }
    l.now += 1; /* five minutes and more after the last wish that was remembered */
    assert_int_equal(live(&l, "1000", ""), 1);
    free(l.hpa);
}

static void a_write_that_fails_changes_no_history(void **state)
{
    struct life l;
    weir_scale_event events[4];
    size_t count;
    int32_t size;

    (void)state;
    external_config(&l, 1000, 100);
    l.config.behavior = 1;
    begin_life(&l, 10);
    assert_int_equal(live(&l, "10000", ""), 10);
    assert_int_equal(live(&l, "100000", ""), 20);
    assert_true(l.status.last_scale_time == HPA_NOW + SYNC);
    assert_int_equal(weir_hpa_write_failed(l.hpa), WEIR_OK);
    weir_hpa_get_status(l.hpa, &l.status, sizeof l.status);
    assert_int_equal(l.status.desired_replicas, 10);
    assert_true(l.status.last_scale_time == WEIR_TIME_NONE);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_ABLE_TO_SCALE)->status, 0);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_ABLE_TO_SCALE)->reason,
                     WEIR_REASON_FAILED_UPDATE_SCALE);
    assert_null(find_condition(&l.status, WEIR_CONDITION_SCALED_TO_ZERO));
    assert_int_equal(weir_hpa_write_failed(l.hpa), WEIR_E_ARG); /* once is enough */
    l.size = 10;
    l.now -= SYNC;
    assert_int_equal(live(&l, "100000", ""), 20); /* the policy counts no change yet */
    assert_int_equal(
        weir_behavior_events(weir_hpa_get_behavior(l.hpa), WEIR_SCALE_UP, events, 4, &count),
        WEIR_OK);
    assert_int_equal(count, 1);
    assert_int_equal(events[0].change, 10);
    l.now -= SYNC;
    size = live(&l, "100000", "");
    assert_int_equal(size, 20); /* and now it does */
    free(l.hpa);
}

static void a_write_that_takes_a_while(void **state)
{
    struct life l;
    weir_scale_event events[4];
    size_t count;

    (void)state;
    external_config(&l, 1000, 40);
    l.config.behavior = 1;
    begin_life(&l, 10);
    assert_int_equal(live(&l, "10000", ""), 10);
    assert_int_equal(weir_hpa_write_done(l.hpa, l.now), WEIR_E_ARG); /* nothing was written */
    assert_int_equal(live(&l, "100000", ""), 20);
    assert_int_equal(weir_hpa_write_done(l.hpa, l.now - SYNC - 1), WEIR_E_TIME);
    assert_int_equal(weir_hpa_write_done(l.hpa, l.now - SYNC + 7), WEIR_OK);
    weir_hpa_get_status(l.hpa, &l.status, sizeof l.status);
    assert_true(l.status.last_scale_time == l.now - SYNC + 7);
    assert_int_equal(
        weir_behavior_events(weir_hpa_get_behavior(l.hpa), WEIR_SCALE_UP, events, 4, &count),
        WEIR_OK);
    assert_int_equal(count, 1);
    assert_true(events[0].at == l.now - SYNC + 7);
    assert_int_equal(decide(l.hpa, &l.world, l.now - SYNC + 6, &l.decision), WEIR_E_TIME);
    assert_int_equal(weir_hpa_write_done(l.hpa, l.now), WEIR_E_ARG); /* it counts for good */
    free(l.hpa);
}

static void a_scale_that_cannot_be_read(void **state)
{
    struct life l;

    (void)state;
    external_config(&l, 1000, 10);
    begin_life(&l, 3);
    live(&l, "3000", "");
    world_begin(&l.world, 0, 0, "");
    l.world.input.scale_status = WEIR_E_IO;
    assert_int_equal(decide(l.hpa, &l.world, l.now, &l.decision), WEIR_NO_DATA);
    assert_int_equal(l.decision.rule, WEIR_RULE_HPA_NO_SCALE);
    assert_int_equal(l.decision.replicas, 3);
    weir_hpa_get_status(l.hpa, &l.status, sizeof l.status);
    assert_int_equal(l.status.metrics_evaluated, 1); /* the status stays otherwise */
    assert_int_equal(l.status.current_replicas, 3);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_ABLE_TO_SCALE)->reason,
                     WEIR_REASON_FAILED_GET_SCALE);
    world_begin(&l.world, 3, 3, "");
    l.world.input.selector = WEIR_SELECTOR_AMBIGUOUS;
    assert_int_equal(decide(l.hpa, &l.world, l.now, &l.decision), WEIR_NO_DATA);
    assert_int_equal(l.decision.rule, WEIR_RULE_HPA_SELECTOR);
    weir_hpa_get_status(l.hpa, &l.status, sizeof l.status);
    assert_int_equal(l.status.metrics_evaluated, 0);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_SCALING_ACTIVE)->reason,
                     WEIR_REASON_AMBIGUOUS_SELECTOR);
    free(l.hpa);
}

/* ---- zero ----------------------------------------------------------------------------------- */

static void to_zero_and_back(void **state)
{
    struct life l;

    (void)state;
    external_config(&l, 1000, 10);
    l.config.min_replicas = 0;
    l.config.behavior = 1;
    l.config.scale_down.stabilization_window = 0;
    begin_life(&l, 2);
    assert_int_equal(live(&l, "0", ""), 0);
    assert_true((l.decision.flags & WEIR_FLAG_TO_ZERO) != 0);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_SCALED_TO_ZERO)->status, 1);
    assert_int_equal(live(&l, "0", ""), 0);
    assert_int_equal(live(&l, "1", ""), 1); /* at zero there is no tolerance */
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_SCALED_TO_ZERO)->status, 0);
    l.size = 0; /* by hand: that is left alone */
    assert_int_equal(live(&l, "5000", ""), 0);
    assert_int_equal(l.decision.rule, WEIR_RULE_HPA_DISABLED);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_SCALING_ACTIVE)->reason,
                     WEIR_REASON_SCALING_DISABLED);
    free(l.hpa);
}

struct zero {
    const char *name;
    int32_t semantics, gate, min;
    int32_t size; /* what 5 pods' worth of load makes of a target at zero */
};

static const struct zero zeros[] = {
    {"1.37 asks for the condition", WEIR_HPA_1_37, WEIR_GATE_RELEASE, 0, 0},
    {"1.36 too", WEIR_HPA_1_36, WEIR_GATE_ON, 0, 0},
    {"1.35 asks for a minimum of zero", WEIR_HPA_1_35, WEIR_GATE_RELEASE, 0, 5},
    {"1.35 with a minimum is disabled", WEIR_HPA_1_35, WEIR_GATE_RELEASE, 1, 0},
    {"1.27 likewise", WEIR_HPA_1_27, WEIR_GATE_RELEASE, 0, 5},
};

static void zero_depends_on_the_release(void **state)
{
    const struct zero *row = *state;
    struct life l;

    external_config(&l, 1000, 10);
    l.config.semantics = row->semantics;
    l.config.scale_to_zero = row->gate;
    l.config.min_replicas = row->min;
    l.config.behavior = 1;
    l.config.scale_up.policies[0].value = 5;
    begin_life(&l, 0);
    assert_int_equal(live(&l, "5000", ""), row->size);
    assert_int_equal(find_condition(&l.status, WEIR_CONDITION_SCALED_TO_ZERO) != NULL, 0);
    free(l.hpa);
}

/* ---- conditions, explain, next -------------------------------------------------------------- */

static void conditions_remember_when_they_turned(void **state)
{
    struct life l;
    const weir_hpa_condition *active;

    (void)state;
    external_config(&l, 1000, 10);
    begin_life(&l, 3);
    live(&l, "3000", "");
    live(&l, "3000", "");
    active = find_condition(&l.status, WEIR_CONDITION_SCALING_ACTIVE);
    assert_true(active->since == HPA_NOW);
    live(&l, "", "");
    active = find_condition(&l.status, WEIR_CONDITION_SCALING_ACTIVE);
    assert_true(active->since == HPA_NOW + 2 * SYNC);
    assert_int_equal(active->status, 0);
    free(l.hpa);
}

static void explains_each_rule(void **state)
{
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa *hpa;
    weir_decision d;
    weir_explain e;
    char text[200];
    static const char *const lines[] = {
        "hpa.pods.unready[0]: 3, 1 pods are not ready yet, 2 count",
        "hpa.metric[0]: 3 -> 8, the metric is at 200, its target is 50",
        "hpa.metric[1]: 8 -> 2, the metric is at 20, its target is 10",
        "hpa.largest[0]: 2 -> 8, 2 pods wanted, but 8 by this metric",
        "behavior.policy.up[0]: 8 -> 7, its period began with 3 pods, so it allows 7",
    };

    (void)state;
    weir_hpa_config_init(&config, sizeof config);
    config.max_replicas = 10;
    config.behavior = 1;
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, 50, "cpu");
    add_metric(&config, WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 10000, "queue");
    hpa = hpa_of(&config, HPA_NOW);
    world_begin(&w, 3, 1, "RRu");
    world_samples(&w, "2000,2000,0", "3x1000", HPA_NOW);
    world_values(&w, "20000");
    weir_decision_init(&d, sizeof d);
    weir_explain_init(&e, sizeof e);
    assert_int_equal(weir_hpa_decide(hpa, &w.input, HPA_NOW, &d, &e), WEIR_OK);
    assert_int_equal(e.count, sizeof lines / sizeof lines[0]);
    for (uint32_t i = 0; i < e.count; i++) {
        weir_step_text(&e.steps[i], text, sizeof text, NULL);
        assert_string_equal(text, lines[i]);
    }
    free(hpa);
}

static void asking_why_changes_nothing(void **state)
{
    struct life a, b;
    struct rng rng = {3};

    (void)state;
    example_config(&a);
    example_config(&b);
    begin_life(&a, 1);
    begin_life(&b, 1);
    for (int i = 0; i < 200; i++) {
        char load[32];
        weir_decision d;

        snprintf(load, sizeof load, "%d", (int)rng_int(&rng, 0, 30000));
        world_begin(&b.world, b.size, b.size, "");
        world_values(&b.world, load);
        weir_decision_init(&d, sizeof d);
        assert_int_equal(weir_hpa_decide(b.hpa, &b.world.input, b.now, &d, NULL), WEIR_OK);
        b.size = d.replicas;
        b.now += SYNC;
        live(&a, load, "");
        assert_memory_equal(&d, &a.decision, sizeof d);
        assert_memory_equal(a.hpa, b.hpa, weir_autoscaler_bytes(a.hpa));
    }
    free(a.hpa);
    free(b.hpa);
}

/* With the same input the answer stays as it is until `next`. */
static void nothing_changes_before_next(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 40; seed++) {
        struct rng rng = {(uint64_t)seed};
        struct life l;

        example_config(&l);
        l.config.max_replicas = 20;
        l.config.scale_up.stabilization_window = rng_one_in(&rng, 2) ? 60 * WEIR_SECOND : 0;
        l.config.behavior = !rng_one_in(&rng, 3);
        begin_life(&l, 1);
        for (int i = 0; i < 60; i++) {
            char load[32];
            weir_decision d;
            weir_hpa *fork;
            size_t bytes = weir_autoscaler_bytes(l.hpa);
            int32_t size = l.size, replicas;

            snprintf(load, sizeof load, "%d", (int)rng_int(&rng, 0, 60000));
            live(&l, load, "");
            if (l.decision.flags & WEIR_FLAG_APPLY) {
                continue; /* the target is another one now */
            }
            replicas = l.decision.replicas;
            fork = block_of(bytes);
            memcpy(fork, l.hpa, bytes);
            for (weir_time t = l.now - SYNC; t < l.now + 400 * WEIR_SECOND; t += 7 * WEIR_SECOND) {
                if (t >= l.decision.next) {
                    break;
                }
                world_begin(&l.world, size, size, "");
                world_values(&l.world, load);
                weir_decision_init(&d, sizeof d);
                memcpy(fork, l.hpa, bytes);
                assert_int_equal(weir_hpa_decide(fork, &l.world.input, t, &d, NULL), WEIR_OK);
                if (d.replicas != replicas) {
                    fail_msg("seed %d, step %d: %d instead of %d", seed, i, (int)d.replicas,
                             (int)replicas);
                }
            }
            free(fork);
        }
        free(l.hpa);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

static void a_typical_hpa_is_small(void **state)
{
    struct life l;
    size_t bytes;

    (void)state;
    example_config(&l);
    l.config.scale_down.stabilization_window = 300 * WEIR_SECOND;
    assert_int_equal(weir_hpa_bytes(&l.config, &bytes, NULL), WEIR_OK);
    assert_true(bytes <= 2048);
}

static void an_edited_spec_goes_on(void **state)
{
    struct life l;
    weir_hpa *edited;

    (void)state;
    external_config(&l, 1000, 10);
    begin_life(&l, 8);
    live(&l, "8000", "");
    l.config.max_replicas = 20;
    edited = hpa_of(&l.config, l.now);
    assert_int_equal(weir_hpa_adopt(edited, l.hpa), WEIR_OK);
    free(l.hpa);
    l.hpa = edited;
    assert_int_equal(live(&l, "2000", ""), 8); /* the wish for 8 is remembered */
    assert_int_equal(l.status.condition_count, 3);
    weir_hpa_restart(l.hpa);
    assert_int_equal(live(&l, "2000", ""), 8); /* now by the size at the restart */
    free(l.hpa);
}

static void snapshots_go_on_as_if_nothing_had_been(void **state)
{
    static uint8_t image[65536];
    struct rng rng = {11};
    struct life l;

    (void)state;
    example_config(&l);
    l.config.max_replicas = 30;
    add_metric(&l.config, WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 750, "cache");
    begin_life(&l, 1);
    for (int i = 0; i < 300; i++) {
        char load[32], other[32] = "";
        weir_hpa *copy = hpa_of(&l.config, HPA_NOW);
        weir_decision d;
        size_t need, again;

        assert_int_equal(weir_hpa_save(l.hpa, NULL, 0, &need), WEIR_E_SPACE);
        assert_int_equal(weir_hpa_save(l.hpa, image, sizeof image, &need), WEIR_OK);
        assert_int_equal(weir_hpa_load(copy, image, need, NULL), WEIR_OK);
        snprintf(load, sizeof load, "%d", (int)rng_int(&rng, 0, 100000));
        if (!rng_one_in(&rng, 5)) {
            snprintf(other, sizeof other, "%d", (int)rng_int(&rng, 0, 20000));
        }
        live(&l, load, other);
        weir_decision_init(&d, sizeof d);
        weir_hpa_decide(copy, &l.world.input, l.now - SYNC, &d, NULL);
        assert_memory_equal(&d, &l.decision, sizeof d);
        if ((d.flags & WEIR_FLAG_APPLY) && rng_one_in(&rng, 4)) {
            assert_int_equal(weir_hpa_write_failed(l.hpa), WEIR_OK);
            assert_int_equal(weir_hpa_write_failed(copy), WEIR_OK);
            l.size = d.current;
        }
        assert_int_equal(weir_hpa_save(l.hpa, image, sizeof image, &need), WEIR_OK);
        assert_int_equal(weir_hpa_save(copy, image + need, sizeof image - need, &again), WEIR_OK);
        assert_int_equal(need, again);
        assert_memory_equal(image, image + need, need);
        free(copy);
    }
    {
        size_t need;
        weir_error err;
        weir_hpa *copy = hpa_of(&l.config, HPA_NOW), *before = hpa_of(&l.config, HPA_NOW);

        weir_hpa_save(l.hpa, image, sizeof image, &need);
        for (size_t at = 0; at < need; at += 11) {
            image[at] ^= 0x10;
            assert_true(weir_hpa_load(copy, image, need, &err) < 0);
            assert_true(err.message[0] != '\0');
            image[at] ^= 0x10;
        }
        assert_memory_equal(copy, before, weir_autoscaler_bytes(copy));
        free(copy);
        free(before);
    }
    free(l.hpa);
}

static void errors_change_nothing(void **state)
{
    struct life l;
    uint8_t *before;
    size_t bytes;

    (void)state;
    example_config(&l);
    begin_life(&l, 1);
    live(&l, "8000", "");
    bytes = weir_autoscaler_bytes(l.hpa);
    before = block_of(bytes);
    memcpy(before, l.hpa, bytes);
    world_begin(&l.world, 2, 2, "");
    assert_int_equal(decide(l.hpa, &l.world, l.now, &l.decision), WEIR_E_RANGE); /* no reading */
    world_values(&l.world, "8000");
    assert_int_equal(decide(l.hpa, &l.world, HPA_NOW - 1, &l.decision), WEIR_E_TIME);
    l.world.readings[0].count = 2;
    assert_int_equal(decide(l.hpa, &l.world, l.now, &l.decision), WEIR_E_RANGE);
    assert_int_equal(weir_hpa_decide(l.hpa, &l.world.input, l.now, NULL, NULL), WEIR_E_ARG);
    assert_int_equal(weir_hpa_decide(NULL, &l.world.input, l.now, &l.decision, NULL), WEIR_E_ARG);
    l.decision.struct_size = 0;
    assert_int_equal(weir_hpa_decide(l.hpa, &l.world.input, l.now, &l.decision, NULL),
                     WEIR_E_STRUCT);
    assert_memory_equal(before, l.hpa, bytes);
    free(before);
    free(l.hpa);
}

struct refusal {
    const char *path;
    int32_t what;
};

static const struct refusal refusals[] = {
    {"max_replicas", 0},
    {"max_replicas", 1},
    {"metrics[1].target", 2},
    {"metrics[1].target_type", 3},
    {"metrics", 4},
    {"tolerance", 5},
    {"scale_up.policies[0].period", 6},
    {"min_replicas", 7},
    {"metrics[0].name", 8},
};

static void refuses_what_breaks_it(void **state)
{
    const struct refusal *row = *state;
    weir_hpa_config c;
    weir_error err;
    size_t bytes;

    weir_hpa_config_init(&c, sizeof c);
    c.max_replicas = 5;
    add_metric(&c, WEIR_HPA_EXTERNAL, WEIR_HPA_VALUE, 1000, "a");
    add_metric(&c, WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, 80, "cpu");
    assert_int_equal(weir_hpa_config_check(&c, &err), WEIR_OK);
    switch (row->what) {
    case 0: c.max_replicas = 0; break;
    case 1: c.min_replicas = 6; break;
    case 2: c.metrics[1].target = 0; break;
    case 3: c.metrics[1].target_type = WEIR_HPA_VALUE; break;
    case 4: c.metric_count = WEIR_HPA_METRICS_MAX + 1; break;
    case 5: c.tolerance = -0.1; break;
    case 6: c.scale_up.policies[0].period = 0; break;
    case 7: c.min_replicas = -1; break;
    default: memset(c.metrics[0].name, 'x', sizeof c.metrics[0].name); break;
    }
    assert_true(weir_hpa_bytes(&c, &bytes, &err) < 0);
    assert_string_equal(err.path, row->path);
    assert_true(err.message[0] != '\0');
}

/* ---- the common interface ------------------------------------------------------------------- */

static weir_status tell(weir_hpa *hpa, int32_t series, int32_t pod, weir_time at, double value)
{
    weir_reading reading = {at, series, pod, WEIR_OK, 0, value};

    return weir_autoscaler_record(hpa, &reading, 1);
}

static void is_an_autoscaler(void **state)
{
    weir_hpa_config config;
    weir_hpa *hpa;
    weir_target target;
    weir_decision d;
    weir_reading none = {HPA_NOW, 0, -1, WEIR_NO_DATA, 0, 0.0};

    (void)state;
    weir_hpa_config_init(&config, sizeof config);
    config.max_replicas = 10;
    config.behavior = 1;
    config.scale_down.stabilization_window = 0;
    add_metric(&config, WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 5000, "queue");
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, 50, "cpu")->request = 1000;
    hpa = hpa_of(&config, HPA_NOW);
    assert_string_equal(weir_kind_name(weir_autoscaler_kind(hpa)), "hpa");
    assert_int_equal(weir_autoscaler_series_count(hpa), 2);
    assert_string_equal(weir_autoscaler_series_name(hpa, 1), "cpu");
    assert_true(weir_autoscaler_due(hpa) == HPA_NOW);
    weir_decision_init(&d, sizeof d);
    weir_target_init(&target, sizeof target);
    target.spec_replicas = target.status_replicas = target.ready_replicas = 2;
    assert_int_equal(weir_autoscaler_decide(hpa, &target, HPA_NOW, &d, NULL), WEIR_NO_DATA);
    assert_true(weir_autoscaler_due(hpa) == HPA_NOW + SYNC);
    /* 2.2 of 2 pods' 1 core each is 110 %; 17.0009 is 17000 milli */
    assert_int_equal(tell(hpa, 0, -1, HPA_NOW, 17.0009), WEIR_OK);
    assert_int_equal(tell(hpa, 1, -1, HPA_NOW, 2.2), WEIR_OK);
    assert_int_equal(weir_autoscaler_decide(hpa, &target, HPA_NOW + SYNC, &d, NULL), WEIR_OK);
    assert_int_equal(d.replicas, 5);
    tell(hpa, 1, -1, HPA_NOW, 0.5);
    target.spec_replicas = target.status_replicas = target.ready_replicas = 5;
    assert_int_equal(weir_autoscaler_decide(hpa, &target, HPA_NOW + 2 * SYNC, &d, NULL), WEIR_OK);
    assert_int_equal(d.replicas, 4); /* the queue's wish */
    weir_autoscaler_record(hpa, &none, 1);
    target.spec_replicas = target.status_replicas = target.ready_replicas = 4;
    assert_int_equal(weir_autoscaler_decide(hpa, &target, HPA_NOW + 3 * SYNC, &d, NULL),
                     WEIR_NO_DATA);
    assert_int_equal(tell(hpa, 0, 0, HPA_NOW, 1), WEIR_E_RANGE);
    assert_int_equal(tell(hpa, 1, 0, HPA_NOW, 1), WEIR_E_LIMIT);
    assert_int_equal(tell(hpa, 2, -1, HPA_NOW, 1), WEIR_E_RANGE);
    free(hpa);
}

static void takes_readings_of_single_pods(void **state)
{
    weir_hpa_config config;
    weir_hpa *hpa, *copy;
    weir_target target;
    weir_decision d, e;
    weir_pod pods[4];
    uint8_t image[8192];
    size_t need;

    (void)state;
    weir_hpa_config_init(&config, sizeof config);
    config.max_replicas = 10;
    config.behavior = 1;
    config.pod_reserve = 4;
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, 50, "cpu")->request = 1000;
    hpa = hpa_of(&config, HPA_NOW);
    weir_decision_init(&d, sizeof d);
    weir_decision_init(&e, sizeof e);
    weir_target_init(&target, sizeof target);
    for (int i = 0; i < 4; i++) {
        pods[i] = pod_of(i < 3 ? 'R' : 'h');
    }
    target.spec_replicas = target.status_replicas = 4;
    target.ready_replicas = 3;
    target.pod_count = 4;
    target.pods = pods;
    for (int i = 0; i < 4; i++) { /* the fourth has just started: its sample does not count */
        assert_int_equal(tell(hpa, 0, i, HPA_NOW, i < 3 ? 1.0 : 0.0), WEIR_OK);
    }
    copy = hpa_of(&config, HPA_NOW);
    assert_int_equal(weir_autoscaler_save(hpa, image, sizeof image, &need), WEIR_OK);
    assert_int_equal(weir_autoscaler_load(copy, image, need, NULL), WEIR_OK);
    assert_int_equal(weir_autoscaler_decide(hpa, &target, HPA_NOW, &d, NULL), WEIR_OK);
    assert_int_equal(d.replicas, 6); /* 300 of 400 % / 50 % = 1.5, of 4 pods */
    assert_true(d.next == HPA_NOW + 300 * WEIR_SECOND);
    assert_int_equal(weir_autoscaler_decide(copy, &target, HPA_NOW, &e, NULL), WEIR_OK);
    assert_memory_equal(&d, &e, sizeof d);
    /* A new round: pods without a reading have no sample. */
    tell(hpa, 0, 0, HPA_NOW + SYNC, 0.1);
    tell(hpa, 0, 1, HPA_NOW + SYNC, 0.1);
    pods[3] = pod_of('R');
    assert_int_equal(weir_autoscaler_decide(hpa, &target, HPA_NOW + SYNC, &d, NULL), WEIR_OK);
    assert_int_equal(d.replicas, 4); /* 0.2 + 2 missing at 100 % each: 55 % is within tolerance */
    assert_int_equal(tell(hpa, 0, 4, HPA_NOW, 1), WEIR_E_LIMIT);
    target.pods = NULL;
    assert_int_equal(weir_autoscaler_decide(hpa, &target, HPA_NOW + SYNC, &d, NULL), WEIR_NO_DATA);
    free(hpa);
    free(copy);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, reconciles_as_upstream, wholes);
    SUITE_TEST(&suite, eight_tokens_are_two_replicas);
    SUITE_TEST(&suite, twenty_two_tokens_are_five_capped_at_three);
    SUITE_TEST(&suite, two_become_one_only_at_a_total_of_five);
    SUITE_TEST(&suite, one_pod_a_minute_after_two_minutes);
    SUITE_TEST(&suite, either_metric_holds_production_up);
    SUITE_TEST(&suite, latency_feeds_back_and_throughput_does_not);
    SUITE_TEST(&suite, a_failing_metric_only_stops_the_way_down);
    SUITE_TEST(&suite, nothing_is_remembered_of_an_outage);
    SUITE_TEST(&suite, a_write_that_fails_changes_no_history);
    SUITE_TEST(&suite, a_write_that_takes_a_while);
    SUITE_TEST(&suite, a_scale_that_cannot_be_read);
    SUITE_TEST(&suite, to_zero_and_back);
    SUITE_TABLE(&suite, zero_depends_on_the_release, zeros);
    SUITE_TEST(&suite, conditions_remember_when_they_turned);
    SUITE_TEST(&suite, explains_each_rule);
    SUITE_TEST(&suite, asking_why_changes_nothing);
    SUITE_TEST(&suite, nothing_changes_before_next);
    SUITE_TEST(&suite, a_typical_hpa_is_small);
    SUITE_TEST(&suite, an_edited_spec_goes_on);
    SUITE_TEST(&suite, snapshots_go_on_as_if_nothing_had_been);
    SUITE_TEST(&suite, errors_change_nothing);
    SUITE_TABLE(&suite, refuses_what_breaks_it, refusals);
    SUITE_TEST(&suite, is_an_autoscaler);
    SUITE_TEST(&suite, takes_readings_of_single_pods);
    return suite_run(&suite, "hpa");
}
