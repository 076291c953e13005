/*
 * conform_stats.c - the operations about where Knative's statistics come from.
 */
#include "conform_kpa.h"

#include <stdlib.h>
#include <string.h>
#include <weir/kpa_stats.h>

/* What happens to a request, in the order of WEIR_KPA_REQUEST_IN, ...; then the report. */
static const char *const actions[] = {"in", "out", "proxied_in", "proxied_out", "report", NULL};

enum { REPORT = 4 };

static void run_requests(struct scenario *s)
{
    weir_kpa_requests requests;

    weir_kpa_requests_init(&requests, sizeof requests, conform_time(s, s->config, "started_at"));
    while (conform_next(s)) {
        int32_t action = conform_action(s, actions);
        weir_time t = conform_time(s, s->step, "t");
        weir_kpa_stat stat;
        cJSON *got = cJSON_CreateObject();

        if (action == REPORT) {
            weir_kpa_requests_report(&requests, t, &stat);
            conform_put_double(got, "average_concurrency", stat.average_concurrent_requests);
            conform_put_double(got, "average_proxied_concurrency",
                               stat.average_proxied_concurrent_requests);
            conform_put_double(got, "request_count", stat.request_count);
            conform_put_double(got, "proxied_request_count", stat.proxied_request_count);
        } else if (action >= 0) {
            weir_kpa_requests_event(&requests, action, t);
        }
        conform_answer(s, got);
    }
}

static void run_activator(struct scenario *s)
{
    weir_kpa_activator activator;

    weir_kpa_activator_init(&activator, sizeof activator);
    while (conform_next(s)) {
        int32_t action = conform_action(s, actions);
        weir_time t = conform_time(s, s->step, "t");
        weir_kpa_stat stat;
        cJSON *got = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(got, "stats");
        weir_status status = action == REPORT
                                 ? weir_kpa_activator_report(&activator, t, &stat)
                                 : weir_kpa_activator_event(&activator, action, t, &stat);

        if (status == WEIR_OK) {
            cJSON *pair = cJSON_CreateArray();

            conform_add_double(pair, stat.average_concurrent_requests);
            conform_add_double(pair, stat.request_count);
            cJSON_AddItemToArray(list, pair);
        }
        conform_answer(s, got);
    }
}

/* The pods of a scrape: one by one, or so many alike. NULL when they are too many. */
static weir_kpa_pod *read_pods(const struct scenario *s, size_t *count)
{
    const cJSON *given = cJSON_GetObjectItemCaseSensitive(s->config, "pods"), *item;
    const cJSON *list = cJSON_IsArray(given) ? given : NULL;
    int64_t alike = conform_int(s->config, "identical_pods", 0);
    size_t i = 0, most = SIZE_MAX / sizeof(weir_kpa_pod) - 1;
    weir_kpa_pod *pods;

    *count = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : alike > 0 ? (size_t)alike : 0;
    pods = *count < most ? conform_block((*count + 1) * sizeof *pods) : NULL;
    if (pods == NULL) {
        return NULL;
    }
    memset(pods, 0, (*count + 1) * sizeof *pods);
    cJSON_ArrayForEach(item, list)
    {
        pods[i].age = conform_number(cJSON_GetArrayItem(item, 0));
        pods[i].failed = cJSON_GetArraySize(item) < 5;
        pods[i++].stat = conform_stat(item, 1);
    }
    for (; i < *count; i++) {
        pods[i].age = conform_double(s->config, "age_s", 0.0);
        pods[i].stat = conform_stat(cJSON_GetObjectItemCaseSensitive(s->config, "stat"), 0);
    }
    return pods;
}

static cJSON *scrape_answer(weir_status status, const weir_kpa_stat *stat, int64_t asked)
{
    cJSON *got, *list;

    if (status != WEIR_OK && status != WEIR_END) {
        return status == WEIR_E_IO ? conform_error("scrape") : conform_failure(status);
    }
    got = cJSON_CreateObject();
    if (status == WEIR_END) {
        cJSON_AddNullToObject(got, "stat");
    } else {
        list = cJSON_AddArrayToObject(got, "stat");
        conform_add_double(list, stat->average_concurrent_requests);
        conform_add_double(list, stat->average_proxied_concurrent_requests);
        conform_add_double(list, stat->request_count);
        conform_add_double(list, stat->proxied_request_count);
    }
    conform_put_int(got, "requests", asked);
    return got;
}

static void run_scrape(struct scenario *s)
{
    while (conform_next(s)) {
        weir_kpa_stat stat;
        int64_t asked = 0;
        size_t count;
        weir_kpa_pod *pods = read_pods(s, &count);
        weir_status status =
            pods != NULL ? weir_kpa_scrape(pods, count, conform_double(s->config, "window_s", 0.0),
                                           &stat, &asked)
                         : WEIR_E_MEMORY;

        conform_answer(s, scrape_answer(status, &stat, asked));
        free(pods);
    }
}

const struct conform_op conform_stats_ops[] = {
    {"request_stats", run_requests},
    {"activator_stats", run_activator},
    {"scrape", run_scrape},
    {NULL, NULL},
};
