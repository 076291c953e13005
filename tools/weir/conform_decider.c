/*
 * conform_decider.c - the operations about Knative's decisions: the decider alone, on the ticks and
 * pokes of its multi-scaler, and behind a collector.
 *
 * The recordings were made on amd64, so conversions out of range are those of Go on amd64.
 */
#include "conform_kpa.h"

#include <stdlib.h>
#include <string.h>
#include <weir/kpa.h>

/* ---- decider -------------------------------------------------------------------------------- */

/* The fields of a DeciderSpec; what is not in it stays. */
static void read_decider(const cJSON *spec, weir_kpa_decider_config *c)
{
    const char *metric = conform_text(spec, "ScalingMetric", NULL);

    if (metric != NULL) {
        c->scaling_metric = strcmp(metric, "concurrency") == 0 ? WEIR_KPA_CONCURRENCY
                            : strcmp(metric, "rps") == 0       ? WEIR_KPA_RPS
                                                               : WEIR_KPA_OTHER;
    }
    c->target_value = conform_double(spec, "TargetValue", c->target_value);
    c->total_value = conform_double(spec, "TotalValue", c->total_value);
    c->target_burst_capacity =
        conform_double(spec, "TargetBurstCapacity", c->target_burst_capacity);
    c->activator_capacity = conform_double(spec, "ActivatorCapacity", c->activator_capacity);
    c->panic_threshold = conform_double(spec, "PanicThreshold", c->panic_threshold);
    c->max_scale_up_rate = conform_double(spec, "MaxScaleUpRate", c->max_scale_up_rate);
    c->max_scale_down_rate = conform_double(spec, "MaxScaleDownRate", c->max_scale_down_rate);
    c->stable_window = conform_int(spec, "StableWindow", c->stable_window);
    c->scale_down_delay = conform_int(spec, "ScaleDownDelay", c->scale_down_delay);
    c->initial_scale = (int32_t)conform_int(spec, "InitialScale", c->initial_scale);
    c->activation_scale = (int32_t)conform_int(spec, "ActivationScale", c->activation_scale);
    c->reachable = conform_int(spec, "Reachable", c->reachable) != 0;
}

static void decider_config(const struct scenario *s, const cJSON *spec, weir_kpa_decider_config *c)
{
    weir_kpa_decider_config_init(c, sizeof *c);
    c->semantics = conform_semantics(s);
    c->conversion = WEIR_CONVERT_AMD64;
    read_decider(spec, c);
}

weir_status conform_make_decider(const weir_kpa_decider_config *config, int64_t ready,
                                 weir_time now, weir_kpa_decider **made)
{
    size_t bytes;
    weir_status status = weir_kpa_decider_bytes(config, &bytes, NULL);

    *made = status == WEIR_OK ? conform_block(bytes) : NULL;
    if (status == WEIR_OK && *made == NULL) {
        return WEIR_E_MEMORY;
    }
    if (status == WEIR_OK) {
        status = weir_kpa_decider_init(*made, bytes, config, ready, now, NULL);
    }
    if (status != WEIR_OK) {
        free(*made);
        *made = NULL;
    }
    return status;
}

/* The `create` of all three operations. */
static weir_status create(const struct scenario *s, const weir_kpa_decider_config *config,
                          weir_kpa_decider **decider)
{
    const cJSON *ready = cJSON_GetObjectItemCaseSensitive(s->step, "ready");

    free(*decider);
    *decider = NULL;
    return conform_make_decider(config, cJSON_IsObject(ready) ? -1 : conform_integer(ready),
                                conform_time(s, s->step, "t"), decider);
}

/* The `update` of a step, if it has one. */
static weir_status update(const struct scenario *s, weir_kpa_decider_config *config,
                          weir_kpa_decider *decider)
{
    if (!conform_has(s->step, "update")) {
        return WEIR_OK;
    }
    read_decider(cJSON_GetObjectItemCaseSensitive(s->step, "update"), config);
    return decider != NULL ? weir_kpa_decider_update(decider, config, NULL) : WEIR_OK;
}

/* Pods and averages of a step, any of which may be an error. */
static void read_input(const cJSON *step, weir_kpa_decider_input *input)
{
    const cJSON *ready = cJSON_GetObjectItemCaseSensitive(step, "ready");

    weir_kpa_decider_input_init(input, sizeof *input);
    if (cJSON_IsObject(ready)) {
        input->ready_status = conform_is(ready, "error", "not_found") ? WEIR_NO_DATA : WEIR_E_IO;
    } else {
        input->ready = conform_integer(ready);
    }
    input->metric_status = conform_has(step, "metrics") ? WEIR_NO_DATA : WEIR_OK;
    input->stable = conform_double(step, "stable", 0.0);
    input->panic = conform_double(step, "panic", 0.0);
}

static void put_panic(cJSON *got, const struct scenario *s, const weir_kpa_decider *decider)
{
    weir_kpa_status status;

    weir_kpa_decider_status(decider, &status, sizeof status);
    conform_put_time(got, "panic_since", s, status.panic_since);
    conform_put_int(got, "max_panic_pods", status.max_panic_pods);
}

static void put_decision(cJSON *got, const weir_decision *decision)
{
    conform_put_int(got, "desired", decision->valid ? decision->replicas : 0);
    conform_put_int(got, "ebc", decision->excess_burst_capacity);
    cJSON_AddBoolToObject(got, "valid", decision->valid);
}

static weir_status decide(const struct scenario *s, weir_kpa_decider *decider,
                          const weir_kpa_decider_input *input, weir_decision *decision)
{
    weir_decision_init(decision, sizeof *decision);
    return weir_kpa_decider_decide(decider, input, conform_time(s, s->step, "t"), decision, NULL);
}

static cJSON *decider_step(struct scenario *s, weir_kpa_decider **decider,
                           weir_kpa_decider_config *config)
{
    static const char *const actions[] = {"create", "scale", NULL};
    weir_kpa_decider_input input;
    weir_decision decision = {.valid = 0};
    int scales = conform_action(s, actions) == 1;
    weir_status status = scales ? update(s, config, *decider) : create(s, config, decider);
    cJSON *got;

    if (*decider == NULL) {
        return scales ? conform_error("not_found") : conform_failure(status);
    }
    if (scales && status == WEIR_OK) {
        read_input(s->step, &input);
        status = decide(s, *decider, &input, &decision);
    }
    if (status < WEIR_OK) {
        return conform_failure(status);
    }
    got = cJSON_CreateObject();
    if (scales) {
        put_decision(got, &decision);
    }
    put_panic(got, s, *decider);
    return got;
}

static void run_decider(struct scenario *s)
{
    weir_kpa_decider_config config;
    weir_kpa_decider *decider = NULL;

    decider_config(s, s->config, &config);
    while (conform_next(s)) {
        conform_answer(s, decider_step(s, &decider, &config));
    }
    free(decider);
}

/* ---- multiscaler ---------------------------------------------------------------------------- */

/* Ticks between two steps that are run, nearly two weeks: a wrong time must not hang the program.
 */
enum { TICKS_MAX = 600000 };

struct scaler {
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_kpa_decider_input input; /* what holds since the last step */
    int64_t scaled, informed;     /* since the last step */
    int64_t ticks;                /* since the scenario began */
};

/* Counts a scale step that was run. */
static weir_status count(struct scaler *m, weir_status status, const weir_decision *decision)
{
    if (status >= WEIR_OK && status != WEIR_NOT_DUE) {
        m->scaled++;
        m->informed += status == WEIR_OK && (decision->flags & WEIR_FLAG_CHANGED) != 0;
    }
    return status;
}

/* Runs the ticks up to a time. */
static weir_status run_ticks(struct scaler *m, weir_time until, int inclusive)
{
    weir_kpa_status now;
    weir_decision decision;
    weir_status status = WEIR_OK;

    weir_decision_init(&decision, sizeof decision);
    while (m->decider != NULL && status >= WEIR_OK) {
        weir_kpa_decider_status(m->decider, &now, sizeof now);
        if (now.next_tick > until || (now.next_tick == until && !inclusive)) {
            return WEIR_OK;
        }
        if (++m->ticks > TICKS_MAX) {
            return WEIR_E_LIMIT;
        }
        status =
            count(m, weir_kpa_decider_tick(m->decider, &m->input, now.next_tick, &decision, NULL),
                  &decision);
    }
    return status;
}

static cJSON *scaler_answer(const struct scaler *m)
{
    weir_kpa_status status;
    cJSON *got;

    if (m->decider == NULL) {
        return conform_error("not_found");
    }
    got = cJSON_CreateObject();
    weir_kpa_decider_status(m->decider, &status, sizeof status);
    conform_put_int(got, "desired", status.desired);
    conform_put_int(got, "ebc", status.excess_burst_capacity);
    conform_put_int(got, "scaled", m->scaled);
    conform_put_int(got, "informed", m->informed);
    return got;
}

static weir_status poke(const struct scenario *s, struct scaler *m)
{
    double requests = conform_double(s->step, "average_concurrent_requests", 0.0);
    weir_decision decision;

    weir_decision_init(&decision, sizeof decision);
    return m->decider == NULL
               ? WEIR_OK
               : count(m,
                       weir_kpa_decider_poke(m->decider, &m->input, requests,
                                             conform_time(s, s->step, "t"), &decision, NULL),
                       &decision);
}

/* The ticks before the step, on what held until then; the step; a tick at its time. */
static cJSON *scaler_step(struct scenario *s, struct scaler *m)
{
    static const char *const actions[] = {"create", "tick", "poke", "update", "delete", NULL};
    weir_time t = conform_time(s, s->step, "t");
    int action = conform_action(s, actions);
    weir_status status;

    m->scaled = m->informed = 0;
    status = run_ticks(m, t, 0);
    read_input(s->step, &m->input);
    if (action == 0) {
        status = create(s, &m->config, &m->decider);
    } else if (action == 2 && status >= WEIR_OK) {
        status = poke(s, m);
    } else if (action == 3 && status >= WEIR_OK) {
        status = update(s, &m->config, m->decider);
    } else if (action == 4) {
        free(m->decider);
        m->decider = NULL;
    }
    if (status >= WEIR_OK) {
        status = run_ticks(m, t, 1);
    }
    return status >= WEIR_OK ? scaler_answer(m) : conform_failure(status);
}

static void run_multiscaler(struct scenario *s)
{
    struct scaler m = {.decider = NULL};

    decider_config(s, s->config, &m.config);
    while (conform_next(s)) {
        conform_answer(s, scaler_step(s, &m));
    }
    free(m.decider);
}

/* ---- pipeline ------------------------------------------------------------------------------- */

struct pipe {
    weir_kpa_collector_config metric;
    weir_kpa_decider_config spec;
    weir_kpa_collector *collector;
    weir_kpa_decider *decider;
};

/* Updates and reports of a step, in upstream's order. */
static weir_status feed(const struct scenario *s, struct pipe *p)
{
    weir_status status = WEIR_OK;
    const cJSON *row;

    if (conform_has(s->step, "metric")) {
        conform_read_metric(cJSON_GetObjectItemCaseSensitive(s->step, "metric"), &p->metric);
        status = weir_kpa_collector_update(p->collector, &p->metric, conform_time(s, s->step, "t"),
                                           NULL);
    }
    if (status == WEIR_OK) {
        status = update(s, &p->spec, p->decider);
    }
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(s->step, "stats"))
    {
        weir_kpa_stat stat = conform_stat(row, 1);

        if (status == WEIR_OK) {
            status = weir_kpa_collector_record(p->collector, conform_time_of(s, row->child), &stat);
        }
    }
    return status;
}

static cJSON *scale(const struct scenario *s, struct pipe *p)
{
    weir_kpa_decider_input input;
    weir_kpa_averages averages = {0.0, 0.0};
    weir_decision decision;
    weir_status status = feed(s, p);
    cJSON *got;

    if (status != WEIR_OK) {
        return conform_failure(status);
    }
    read_input(s->step, &input);
    input.metric_status = weir_kpa_collector_read(p->collector, p->spec.scaling_metric,
                                                  conform_time(s, s->step, "t"), &averages);
    input.stable = averages.stable;
    input.panic = averages.panic;
    status = decide(s, p->decider, &input, &decision);
    if (status < WEIR_OK) {
        return conform_failure(status);
    }
    got = cJSON_CreateObject();
    if (input.metric_status == WEIR_OK) {
        conform_put_double(got, "stable", averages.stable);
        conform_put_double(got, "panic", averages.panic);
    } else {
        cJSON_AddItemToObject(got, "metrics", conform_failure(input.metric_status));
    }
    put_decision(got, &decision);
    put_panic(got, s, p->decider);
    return got;
}

static cJSON *pipe_step(struct scenario *s, struct pipe *p)
{
    static const char *const actions[] = {"create", "step", NULL};
    weir_status status;
    cJSON *got;

    if (conform_action(s, actions) != 0) {
        return p->collector != NULL && p->decider != NULL ? scale(s, p)
                                                          : conform_error("not_found");
    }
    free(p->collector);
    p->collector = NULL;
    status = conform_make_collector(&p->metric, &p->collector);
    if (status == WEIR_OK) {
        status = create(s, &p->spec, &p->decider);
    }
    if (status != WEIR_OK) {
        return conform_failure(status);
    }
    got = cJSON_CreateObject();
    put_panic(got, s, p->decider);
    return got;
}

static void run_pipeline(struct scenario *s)
{
    struct pipe p = {.collector = NULL};

    conform_collector_config(s, cJSON_GetObjectItemCaseSensitive(s->config, "metric"), &p.metric);
    decider_config(s, cJSON_GetObjectItemCaseSensitive(s->config, "decider"), &p.spec);
    while (conform_next(s)) {
        conform_answer(s, pipe_step(s, &p));
    }
    free(p.collector);
    free(p.decider);
}

const struct conform_op conform_decider_ops[] = {
    {"decider", run_decider},
    {"multiscaler", run_multiscaler},
    {"pipeline", run_pipeline},
    {NULL, NULL},
};
