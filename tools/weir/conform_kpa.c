/*
 * conform_kpa.c - the Knative operations of the conformance vectors: windows, collector, decider.
 *
 * The recordings were made on amd64, so conversions out of range are those of Go on amd64.
 */
#include "conform_kpa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/kpa.h>

/* Releases before 0.43 decide as 0.42.2. */
int32_t conform_semantics(const struct scenario *s)
{
    const char *v = strstr(s->upstream, " v0.");

    return v != NULL && strtol(v + 4, NULL, 10) < 43 ? WEIR_SERVING_0_42 : WEIR_SERVING_0_51;
}

static int is_weighted(const char *algorithm)
{
    return strcmp(algorithm, "weighted-exponential") == 0 ||
           strcmp(algorithm, "weightedExponential") == 0;
}

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- window, max_window --------------------------------------------------------------------- */

static weir_window *make_window(const struct scenario *s)
{
    weir_window_config config;
    weir_window *window;
    const cJSON *step;
    size_t bytes;

    weir_window_config_init(&config, sizeof config);
    config.algorithm = is_weighted(conform_text(s->config, "algorithm", ""));
    config.window = conform_int(s->config, "window", 0);
    config.granularity = conform_int(s->config, "granularity", 0);
    config.semantics = conform_semantics(s);
    for (step = s->steps->child; step != NULL; step = step->next) {
        config.reserve = largest(config.reserve, conform_int(step, "window", 0));
    }
    if (weir_window_bytes(&config, &bytes, NULL) != WEIR_OK) {
        return NULL;
    }
    window = malloc(bytes);
    if (window != NULL && weir_window_init(window, bytes, &config, NULL) != WEIR_OK) {
        free(window);
        return NULL;
    }
    return window;
}

static cJSON *window_step(const struct scenario *s, weir_window *window)
{
    weir_time t = conform_time(s, s->step, "t");
    double value = conform_double(s->step, "value", 0.0), average;
    weir_status status = WEIR_OK;
    cJSON *got;

    if (conform_is(s->step, "do", "record")) {
        status = weir_window_record(window, t, &value);
    } else if (conform_is(s->step, "do", "resize")) {
        status = weir_window_resize(window, conform_int(s->step, "window", 0), t);
    }
    if (status == WEIR_OK) {
        status = weir_window_average(window, t, &average);
    }
    if (status != WEIR_OK) {
        return conform_error("panic");
    }
    got = cJSON_CreateObject();
    conform_put_double(got, "average", average);
    cJSON_AddBoolToObject(got, "empty", weir_window_empty(window, t));
    return got;
}

static void run_window(struct scenario *s)
{
    weir_window *window = make_window(s);

    while (conform_next(s)) {
        conform_answer(s, window != NULL ? window_step(s, window) : conform_error("panic"));
    }
    free(window);
}

static void run_max_window(struct scenario *s)
{
    weir_duration duration = conform_int(s->config, "duration", 0);
    weir_duration granularity = conform_int(s->config, "granularity", 0);
    weir_max_window *window = NULL;
    size_t bytes;

    if (weir_max_window_bytes(duration, granularity, &bytes) == WEIR_OK) {
        window = malloc(bytes);
    }
    if (window != NULL) {
        weir_max_window_init(window, bytes, duration, granularity);
    }
    while (conform_next(s)) {
        cJSON *got = NULL;
        weir_status status = window != NULL ? WEIR_OK : WEIR_E_RANGE;

        if (status == WEIR_OK && conform_is(s->step, "do", "record")) {
            status = weir_max_window_record(window, conform_time(s, s->step, "t"),
                                            (int32_t)conform_int(s->step, "value", 0));
        }
        if (status == WEIR_OK) {
            got = cJSON_CreateObject();
            conform_put_int(got, "current", weir_max_window_current(window));
        }
        conform_answer(s, got != NULL ? got : conform_error("panic"));
    }
    free(window);
}

/* ---- collector ------------------------------------------------------------------------------ */

weir_kpa_stat conform_stat(const cJSON *array, int first)
{
    weir_kpa_stat stat;

    stat.average_concurrent_requests = conform_number(cJSON_GetArrayItem(array, first));
    stat.average_proxied_concurrent_requests = conform_number(cJSON_GetArrayItem(array, first + 1));
    stat.request_count = conform_number(cJSON_GetArrayItem(array, first + 2));
    stat.proxied_request_count = conform_number(cJSON_GetArrayItem(array, first + 3));
    return stat;
}

/* Windows and scrape target of a MetricSpec; what is not in it stays. */
static void read_metric(const cJSON *metric, weir_kpa_collector_config *config)
{
    config->stable_window = conform_int(metric, "StableWindow", config->stable_window);
    config->panic_window = conform_int(metric, "PanicWindow", config->panic_window);
    if (conform_has(metric, "ScrapeTarget")) {
        config->scrape_target = conform_text(metric, "ScrapeTarget", "")[0] != '\0';
    }
}

/* A configuration with room for every window that the scenario will ask for. */
static void collector_config(const struct scenario *s, const cJSON *metric,
                             weir_kpa_collector_config *config)
{
    const cJSON *step;

    weir_kpa_collector_config_init(config, sizeof *config);
    config->algorithm = is_weighted(conform_text(s->config, "aggregation_algorithm", ""));
    config->semantics = conform_semantics(s);
    read_metric(metric, config);
    for (step = s->steps->child; step != NULL; step = step->next) {
        const cJSON *update = cJSON_GetObjectItemCaseSensitive(step, "metric");

        config->stable_reserve =
            largest(config->stable_reserve, conform_int(update, "StableWindow", 0));
        config->panic_reserve =
            largest(config->panic_reserve, conform_int(update, "PanicWindow", 0));
    }
}

static weir_kpa_collector *make_collector(const weir_kpa_collector_config *config)
{
    weir_kpa_collector *collector;
    size_t bytes;

    if (weir_kpa_collector_bytes(config, &bytes, NULL) != WEIR_OK) {
        return NULL;
    }
    collector = malloc(bytes);
    if (collector != NULL && weir_kpa_collector_init(collector, bytes, config, NULL) != WEIR_OK) {
        free(collector);
        return NULL;
    }
    return collector;
}

static void put_averages(cJSON *got, const char *name, const weir_kpa_collector *collector,
                         int32_t metric, weir_time now)
{
    weir_kpa_averages averages;
    weir_status status = weir_kpa_collector_read(collector, metric, now, &averages);
    cJSON *item;

    if (status == WEIR_OK) {
        item = cJSON_AddObjectToObject(got, name);
        conform_put_double(item, "stable", averages.stable);
        conform_put_double(item, "panic", averages.panic);
    } else {
        cJSON_AddItemToObject(got, name,
                              conform_error(status == WEIR_NO_DATA   ? "no_data"
                                            : collector == NULL      ? "not_collecting"
                                            : status == WEIR_E_PANIC ? "panic"
                                                                     : "other"));
    }
}

static cJSON *read_collector(const weir_kpa_collector *collector, weir_time now)
{
    cJSON *got = cJSON_CreateObject();

    put_averages(got, "concurrency", collector, WEIR_KPA_CONCURRENCY, now);
    put_averages(got, "rps", collector, WEIR_KPA_RPS, now);
    return got;
}

static cJSON *collector_step(const struct scenario *s, weir_kpa_collector **collector,
                             weir_kpa_collector_config *config)
{
    weir_time t = conform_time(s, s->step, "t");
    weir_status status = WEIR_OK;

    if (conform_is(s->step, "do", "create")) {
        free(*collector);
        *collector = make_collector(config);
        status = *collector != NULL ? WEIR_OK : WEIR_E_RANGE;
    } else if (conform_is(s->step, "do", "delete")) {
        free(*collector);
        *collector = NULL;
    } else if (*collector != NULL && conform_is(s->step, "do", "record")) {
        weir_kpa_stat stat = conform_stat(cJSON_GetObjectItemCaseSensitive(s->step, "stat"), 0);

        status = weir_kpa_collector_record(*collector, t, &stat);
    } else if (conform_is(s->step, "do", "update")) {
        read_metric(cJSON_GetObjectItemCaseSensitive(s->step, "metric"), config);
        if (*collector != NULL) {
            status = weir_kpa_collector_update(*collector, config, t, NULL);
        } else { /* upstream creates what is not there */
            *collector = make_collector(config);
        }
    }
    return status == WEIR_OK ? read_collector(*collector, t) : conform_error("panic");
}

static void run_collector(struct scenario *s)
{
    weir_kpa_collector_config config;
    weir_kpa_collector *collector = NULL;

    collector_config(s, s->config, &config);
    while (conform_next(s)) {
        conform_answer(s, collector_step(s, &collector, &config));
    }
    free(collector);
}

/* The collector's own scraper: an empty stat is not recorded, whether or not an error came with it.
 */
static cJSON *scrape_step(const struct scenario *s, weir_kpa_collector *collector)
{
    const cJSON *stat = cJSON_GetObjectItemCaseSensitive(s->step, "stat"), *pushed;
    weir_time t = conform_time(s, s->step, "t"), read = conform_time(s, s->step, "read_t");
    weir_status status = WEIR_OK;

    if (cJSON_IsArray(stat)) {
        weir_kpa_stat report = conform_stat(stat, 0);

        status = weir_kpa_collector_record(collector, t, &report);
    }
    cJSON_ArrayForEach(pushed, cJSON_GetObjectItemCaseSensitive(s->step, "pushed"))
    {
        int timed = cJSON_GetArraySize(pushed) == 5;
        weir_kpa_stat report = conform_stat(pushed, timed);
        weir_time at = timed ? s->epoch + conform_integer(pushed->child) : read;

        if (status == WEIR_OK) {
            status = weir_kpa_collector_record(collector, at, &report);
        }
    }
    return status == WEIR_OK ? read_collector(collector, read) : conform_error("panic");
}

static void run_collector_scrape(struct scenario *s)
{
    weir_kpa_collector_config config;
    weir_kpa_collector *collector;

    collector_config(s, s->config, &config);
    collector = make_collector(&config);
    while (conform_next(s)) {
        conform_answer(s, collector != NULL ? scrape_step(s, collector) : conform_error("panic"));
    }
    free(collector);
}

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

static weir_kpa_decider *make_decider(const struct scenario *s, const weir_kpa_decider_config *c)
{
    const cJSON *ready = cJSON_GetObjectItemCaseSensitive(s->step, "ready");
    weir_kpa_decider *decider;
    size_t bytes;

    if (weir_kpa_decider_bytes(c, &bytes, NULL) != WEIR_OK) {
        return NULL;
    }
    decider = malloc(bytes);
    if (decider != NULL &&
        weir_kpa_decider_init(decider, bytes, c,
                              cJSON_IsObject(ready) ? -1 : conform_integer(ready),
                              conform_time(s, s->step, "t"), NULL) != WEIR_OK) {
        free(decider);
        return NULL;
    }
    return decider;
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

static cJSON *decider_step(const struct scenario *s, weir_kpa_decider **decider,
                           weir_kpa_decider_config *config)
{
    weir_kpa_decider_input input;
    weir_decision decision;
    cJSON *got = cJSON_CreateObject();
    weir_status status = WEIR_OK;

    if (conform_is(s->step, "do", "create")) {
        free(*decider);
        *decider = make_decider(s, config);
    } else if (*decider != NULL) {
        if (conform_has(s->step, "update")) {
            read_decider(cJSON_GetObjectItemCaseSensitive(s->step, "update"), config);
            weir_kpa_decider_update(*decider, config, NULL);
        }
        read_input(s->step, &input);
        status = decide(s, *decider, &input, &decision);
        if (status >= WEIR_OK) {
            put_decision(got, &decision);
        }
    }
    if (*decider == NULL || status < WEIR_OK) {
        cJSON_Delete(got);
        return conform_error("panic");
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

struct scaler {
    weir_kpa_decider_config config;
    weir_kpa_decider *decider;
    weir_kpa_decider_input input; /* what holds since the last step */
    int64_t scaled, informed;     /* since the last step */
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
    weir_kpa_status status;
    weir_decision decision;
    weir_status result = WEIR_OK;

    weir_decision_init(&decision, sizeof decision);
    while (m->decider != NULL && result >= WEIR_OK) {
        weir_kpa_decider_status(m->decider, &status, sizeof status);
        if (status.next_tick > until || (status.next_tick == until && !inclusive)) {
            return WEIR_OK;
        }
        result = count(
            m, weir_kpa_decider_tick(m->decider, &m->input, status.next_tick, &decision, NULL),
            &decision);
    }
    return result;
}

static cJSON *scaler_answer(struct scaler *m)
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
    m->scaled = 0;
    m->informed = 0;
    return got;
}

static cJSON *scaler_step(const struct scenario *s, struct scaler *m)
{
    weir_time t = conform_time(s, s->step, "t");
    weir_status status = run_ticks(m, t, 0);
    weir_decision decision;

    weir_decision_init(&decision, sizeof decision);
    read_input(s->step, &m->input);
    if (conform_is(s->step, "do", "create")) {
        free(m->decider);
        m->decider = make_decider(s, &m->config);
    } else if (conform_is(s->step, "do", "delete")) {
        free(m->decider);
        m->decider = NULL;
    } else if (conform_is(s->step, "do", "update") && m->decider != NULL) {
        read_decider(cJSON_GetObjectItemCaseSensitive(s->step, "update"), &m->config);
        weir_kpa_decider_update(m->decider, &m->config, NULL);
    } else if (conform_is(s->step, "do", "poke") && m->decider != NULL && status >= WEIR_OK) {
        double ac = conform_double(s->step, "average_concurrent_requests", 0.0);

        status = count(m, weir_kpa_decider_poke(m->decider, &m->input, ac, t, &decision, NULL),
                       &decision);
    }
    if (status >= WEIR_OK) {
        status = run_ticks(m, t, 1);
    }
    return status >= WEIR_OK ? scaler_answer(m) : conform_error("panic");
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
    weir_time t = conform_time(s, s->step, "t");
    weir_status status = WEIR_OK;
    const cJSON *row;

    if (conform_has(s->step, "metric")) {
        read_metric(cJSON_GetObjectItemCaseSensitive(s->step, "metric"), &p->metric);
        status = weir_kpa_collector_update(p->collector, &p->metric, t, NULL);
    }
    if (conform_has(s->step, "update")) {
        read_decider(cJSON_GetObjectItemCaseSensitive(s->step, "update"), &p->spec);
        weir_kpa_decider_update(p->decider, &p->spec, NULL);
    }
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(s->step, "stats"))
    {
        weir_kpa_stat stat = conform_stat(row, 1);

        if (status == WEIR_OK) {
            status = weir_kpa_collector_record(p->collector, s->epoch + conform_integer(row->child),
                                               &stat);
        }
    }
    return status;
}

static cJSON *pipe_step(const struct scenario *s, struct pipe *p)
{
    weir_kpa_decider_input input;
    weir_kpa_averages averages = {0.0, 0.0};
    weir_decision decision;
    cJSON *got;

    if (feed(s, p) != WEIR_OK) {
        return conform_error("panic");
    }
    read_input(s->step, &input);
    input.metric_status = weir_kpa_collector_read(p->collector, p->spec.scaling_metric,
                                                  conform_time(s, s->step, "t"), &averages);
    input.stable = averages.stable;
    input.panic = averages.panic;
    if (decide(s, p->decider, &input, &decision) < WEIR_OK) {
        return conform_error("panic");
    }
    got = cJSON_CreateObject();
    if (input.metric_status == WEIR_OK) {
        conform_put_double(got, "stable", averages.stable);
        conform_put_double(got, "panic", averages.panic);
    } else {
        cJSON_AddItemToObject(got, "metrics", conform_error("no_data"));
    }
    put_decision(got, &decision);
    put_panic(got, s, p->decider);
    return got;
}

static void run_pipeline(struct scenario *s)
{
    struct pipe p = {.collector = NULL};

    collector_config(s, cJSON_GetObjectItemCaseSensitive(s->config, "metric"), &p.metric);
    decider_config(s, cJSON_GetObjectItemCaseSensitive(s->config, "decider"), &p.spec);
    p.collector = make_collector(&p.metric);
    while (conform_next(s)) {
        cJSON *got = NULL;

        if (conform_is(s->step, "do", "create")) {
            free(p.decider);
            p.decider = make_decider(s, &p.spec);
            got = cJSON_CreateObject();
            put_panic(got, s, p.decider);
        } else if (p.collector != NULL && p.decider != NULL) {
            got = pipe_step(s, &p);
        }
        conform_answer(s, got != NULL ? got : conform_error("panic"));
    }
    free(p.collector);
    free(p.decider);
}

const struct conform_op conform_kpa_ops[] = {
    {"window", run_window},       {"max_window", run_max_window},
    {"collector", run_collector}, {"collector_scrape", run_collector_scrape},
    {"decider", run_decider},     {"multiscaler", run_multiscaler},
    {"pipeline", run_pipeline},   {NULL, NULL},
};
