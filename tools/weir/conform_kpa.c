/*
 * conform_kpa.c - the operations about Knative's metrics: windows and the collector.
 */
#include "conform_kpa.h"

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

/* ---- window --------------------------------------------------------------------------------- */

static weir_status make_window(const struct scenario *s, weir_window **made)
{
    weir_window_config config;
    const cJSON *step;
    size_t bytes;
    weir_status status;

    weir_window_config_init(&config, sizeof config);
    config.algorithm = is_weighted(conform_text(s->config, "algorithm", ""));
    config.window = conform_int(s->config, "window", 0);
    config.granularity = conform_int(s->config, "granularity", 0);
    config.semantics = conform_semantics(s);
    cJSON_ArrayForEach(step, s->steps)
    {
        config.reserve = largest(config.reserve, conform_int(step, "window", 0));
    }
    *made = NULL;
    status = weir_window_bytes(&config, &bytes, NULL);
    if (status != WEIR_OK) {
        return status;
    }
    *made = conform_block(bytes);
    return *made != NULL ? weir_window_init(*made, bytes, &config, NULL) : WEIR_E_MEMORY;
}

static cJSON *window_step(struct scenario *s, weir_window *window)
{
    static const char *const actions[] = {"record", "read", "resize", "create", NULL};
    weir_time t = conform_time(s, s->step, "t");
    double value = conform_double(s->step, "value", 0.0), average = 0.0;
    weir_status status = WEIR_OK;
    cJSON *got;

    switch (conform_action(s, actions)) {
    case 0: status = weir_window_record(window, t, &value); break;
    case 2: status = weir_window_resize(window, conform_int(s->step, "window", 0), t); break;
    default: break; /* only read */
    }
    if (status == WEIR_OK) {
        status = weir_window_average(window, t, &average);
    }
    if (status != WEIR_OK) {
        return conform_failure(status);
    }
    got = cJSON_CreateObject();
    conform_put_double(got, "average", average);
    cJSON_AddBoolToObject(got, "empty", weir_window_empty(window, t));
    return got;
}

static void run_window(struct scenario *s)
{
    weir_window *window;
    weir_status status = make_window(s, &window);

    while (conform_next(s)) {
        conform_answer(s, status == WEIR_OK ? window_step(s, window) : conform_failure(status));
    }
    free(window);
}

/* ---- max_window ----------------------------------------------------------------------------- */

static weir_status make_max_window(const struct scenario *s, weir_max_window **made)
{
    weir_duration duration = conform_int(s->config, "duration", 0);
    weir_duration granularity = conform_int(s->config, "granularity", 0);
    size_t bytes;
    weir_status status = weir_max_window_bytes(duration, granularity, &bytes);

    *made = NULL;
    if (status != WEIR_OK) {
        return status;
    }
    *made = conform_block(bytes);
    return *made != NULL ? weir_max_window_init(*made, bytes, duration, granularity)
                         : WEIR_E_MEMORY;
}

static void run_max_window(struct scenario *s)
{
    static const char *const actions[] = {"record", "read", NULL};
    weir_max_window *window;
    weir_status made = make_max_window(s, &window);

    while (conform_next(s)) {
        weir_status status = made;
        cJSON *got = NULL;

        if (conform_action(s, actions) == 0 && made == WEIR_OK) {
            status = weir_max_window_record(window, conform_time(s, s->step, "t"),
                                            (int32_t)conform_int(s->step, "value", 0));
        }
        if (status == WEIR_OK) {
            got = cJSON_CreateObject();
            conform_put_int(got, "current", weir_max_window_current(window));
        }
        conform_answer(s, status == WEIR_OK ? got : conform_failure(status));
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

void conform_read_metric(const cJSON *metric, weir_kpa_collector_config *config)
{
    config->stable_window = conform_int(metric, "StableWindow", config->stable_window);
    config->panic_window = conform_int(metric, "PanicWindow", config->panic_window);
    if (conform_has(metric, "ScrapeTarget")) {
        config->scrape_target = conform_text(metric, "ScrapeTarget", "")[0] != '\0';
    }
}

void conform_collector_config(const struct scenario *s, const cJSON *metric,
                              weir_kpa_collector_config *config)
{
    const cJSON *step;

    weir_kpa_collector_config_init(config, sizeof *config);
    config->algorithm = is_weighted(conform_text(s->config, "aggregation_algorithm", ""));
    config->semantics = conform_semantics(s);
    conform_read_metric(metric, config);
    cJSON_ArrayForEach(step, s->steps)
    {
        const cJSON *update = cJSON_GetObjectItemCaseSensitive(step, "metric");

        config->stable_reserve =
            largest(config->stable_reserve, conform_int(update, "StableWindow", 0));
        config->panic_reserve =
            largest(config->panic_reserve, conform_int(update, "PanicWindow", 0));
    }
}

weir_status conform_make_collector(const weir_kpa_collector_config *config,
                                   weir_kpa_collector **made)
{
    size_t bytes;
    weir_status status = weir_kpa_collector_bytes(config, &bytes, NULL);

    *made = status == WEIR_OK ? conform_block(bytes) : NULL;
    if (status == WEIR_OK && *made == NULL) {
        return WEIR_E_MEMORY;
    }
    if (status == WEIR_OK) {
        status = weir_kpa_collector_init(*made, bytes, config, NULL);
    }
    if (status != WEIR_OK) {
        free(*made);
        *made = NULL;
    }
    return status;
}

static void put_averages(cJSON *got, const char *name, const weir_kpa_collector *collector,
                         int32_t metric, weir_time now)
{
    weir_kpa_averages averages;
    weir_status status;
    cJSON *item;

    if (collector == NULL) {
        cJSON_AddItemToObject(got, name, conform_error("not_collecting"));
        return;
    }
    status = weir_kpa_collector_read(collector, metric, now, &averages);
    if (status != WEIR_OK) {
        cJSON_AddItemToObject(got, name, conform_failure(status));
        return;
    }
    item = cJSON_AddObjectToObject(got, name);
    conform_put_double(item, "stable", averages.stable);
    conform_put_double(item, "panic", averages.panic);
}

static cJSON *read_collector(const weir_kpa_collector *collector, weir_time now)
{
    cJSON *got = cJSON_CreateObject();

    put_averages(got, "concurrency", collector, WEIR_KPA_CONCURRENCY, now);
    put_averages(got, "rps", collector, WEIR_KPA_RPS, now);
    return got;
}

static weir_status record(weir_kpa_collector *collector, weir_time at, weir_kpa_stat stat)
{
    return weir_kpa_collector_record(collector, at, &stat);
}

static cJSON *collector_step(struct scenario *s, weir_kpa_collector **collector,
                             weir_kpa_collector_config *config)
{
    static const char *const actions[] = {"create", "record", "update", "delete", "read", NULL};
    weir_time t = conform_time(s, s->step, "t");
    weir_status status = WEIR_OK;

    switch (conform_action(s, actions)) {
    case 0:
        free(*collector);
        *collector = NULL;
        status = conform_make_collector(config, collector);
        break;
    case 1:
        if (*collector != NULL) {
            status = record(*collector, t,
                            conform_stat(cJSON_GetObjectItemCaseSensitive(s->step, "stat"), 0));
        }
        break;
    case 2:
        conform_read_metric(cJSON_GetObjectItemCaseSensitive(s->step, "metric"), config);
        status = *collector != NULL ? weir_kpa_collector_update(*collector, config, t, NULL)
                                    : conform_make_collector(config, collector); /* as upstream */
        break;
    case 3:
        free(*collector);
        *collector = NULL;
        break;
    default: break; /* only read */
    }
    return status == WEIR_OK ? read_collector(*collector, t) : conform_failure(status);
}

static void run_collector(struct scenario *s)
{
    weir_kpa_collector_config config;
    weir_kpa_collector *collector = NULL;

    conform_collector_config(s, s->config, &config);
    while (conform_next(s)) {
        conform_answer(s, collector_step(s, &collector, &config));
    }
    free(collector);
}

/* ---- collector_scrape ----------------------------------------------------------------------- */

/* The collector's own scraper: an empty stat is not recorded, whether or not an error came with it.
 */
static cJSON *scrape_step(struct scenario *s, weir_kpa_collector *collector)
{
    static const char *const actions[] = {"scrape", NULL};
    const cJSON *stat = cJSON_GetObjectItemCaseSensitive(s->step, "stat"), *pushed;
    weir_time read_at = conform_time(s, s->step, "read_t");
    weir_status status = WEIR_OK;

    if (conform_action(s, actions) == 0 && cJSON_IsArray(stat)) {
        status = record(collector, conform_time(s, s->step, "t"), conform_stat(stat, 0));
    }
    cJSON_ArrayForEach(pushed, cJSON_GetObjectItemCaseSensitive(s->step, "pushed"))
    {
        if (status == WEIR_OK) {
            status = record(collector, read_at, conform_stat(pushed, 0));
        }
    }
    return status == WEIR_OK ? read_collector(collector, read_at) : conform_failure(status);
}

static void run_collector_scrape(struct scenario *s)
{
    weir_kpa_collector_config config;
    weir_kpa_collector *collector;
    weir_status status;

    conform_collector_config(s, s->config, &config);
    status = conform_make_collector(&config, &collector);
    while (conform_next(s)) {
        conform_answer(s, status == WEIR_OK ? scrape_step(s, collector) : conform_failure(status));
    }
    free(collector);
}

const struct conform_op conform_kpa_ops[] = {
    {"window", run_window},
    {"max_window", run_max_window},
    {"collector", run_collector},
    {"collector_scrape", run_collector_scrape},
    {NULL, NULL},
};
