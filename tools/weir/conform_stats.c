/*
 * conform_stats.c - the operations about where Knative's statistics come from.
 */
#include "conform_kpa.h"

#include <stdlib.h>
#include <string.h>
#include <weir/kpa_stats.h>

static int32_t event_of(const cJSON *step)
{
    static const char *const names[] = {"in", "out", "proxied_in", "proxied_out"};

    for (int32_t i = 0; i < 4; i++) {
        if (conform_is(step, "do", names[i])) {
            return i;
        }
    }
    return -1;
}

static void run_requests(struct scenario *s)
{
    weir_kpa_requests requests;

    weir_kpa_requests_init(&requests, sizeof requests, conform_time(s, s->config, "started_at"));
    while (conform_next(s)) {
        weir_time t = conform_time(s, s->step, "t");
        weir_kpa_stat stat;
        cJSON *got = cJSON_CreateObject();

        if (conform_is(s->step, "do", "report")) {
            weir_kpa_requests_report(&requests, t, &stat);
            conform_put_double(got, "average_concurrency", stat.average_concurrent_requests);
            conform_put_double(got, "average_proxied_concurrency",
                               stat.average_proxied_concurrent_requests);
            conform_put_double(got, "request_count", stat.request_count);
            conform_put_double(got, "proxied_request_count", stat.proxied_request_count);
        } else {
            weir_kpa_requests_event(&requests, event_of(s->step), t);
        }
        conform_answer(s, got);
    }
}

static void run_activator(struct scenario *s)
{
    weir_kpa_activator activator;

    weir_kpa_activator_init(&activator, sizeof activator);
    while (conform_next(s)) {
        weir_time t = conform_time(s, s->step, "t");
        weir_kpa_stat stat;
        cJSON *got = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(got, "stats");
        weir_status status =
            conform_is(s->step, "do", "report")
                ? weir_kpa_activator_report(&activator, t, &stat)
                : weir_kpa_activator_event(&activator, event_of(s->step), t, &stat);

        if (status == WEIR_OK) {
            cJSON *pair = cJSON_CreateArray();

            cJSON_AddItemToArray(pair, cJSON_CreateNumber(stat.average_concurrent_requests));
            cJSON_AddItemToArray(pair, cJSON_CreateNumber(stat.request_count));
            cJSON_AddItemToArray(list, pair);
        }
        conform_answer(s, got);
    }
}

/* The pods of a scrape: one by one, or so many alike. NULL when there is no memory or no sense. */
static weir_kpa_pod *read_pods(const struct scenario *s, size_t *count)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(s->config, "pods"), *item;
    int64_t alike = conform_int(s->config, "identical_pods", 0);
    weir_kpa_pod *pods;
    size_t i = 0;

    *count = cJSON_IsArray(list) ? (size_t)cJSON_GetArraySize(list) : (size_t)alike;
    if (alike < 0 || *count > 10000000) {
        return NULL;
    }
    pods = calloc(*count + 1, sizeof *pods);
    cJSON_ArrayForEach(item, list)
    {
        pods[i].age = conform_number(cJSON_GetArrayItem(item, 0));
        pods[i].failed = cJSON_GetArraySize(item) < 5;
        pods[i++].stat = conform_stat(item, 1);
    }
    for (; pods != NULL && !cJSON_IsArray(list) && i < *count; i++) {
        pods[i].age = conform_double(s->config, "age_s", 0.0);
        pods[i].stat = conform_stat(cJSON_GetObjectItemCaseSensitive(s->config, "stat"), 0);
    }
    return pods;
}

static cJSON *scrape_answer(weir_status status, const weir_kpa_stat *stat, int64_t asked)
{
    cJSON *got, *list;

    if (status != WEIR_OK && status != WEIR_END) {
        return conform_error("scrape");
    }
    got = cJSON_CreateObject();
    if (status == WEIR_END) {
        cJSON_AddNullToObject(got, "stat");
    } else {
        list = cJSON_AddArrayToObject(got, "stat");
        cJSON_AddItemToArray(list, cJSON_CreateNumber(stat->average_concurrent_requests));
        cJSON_AddItemToArray(list, cJSON_CreateNumber(stat->average_proxied_concurrent_requests));
        cJSON_AddItemToArray(list, cJSON_CreateNumber(stat->request_count));
        cJSON_AddItemToArray(list, cJSON_CreateNumber(stat->proxied_request_count));
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
                         : WEIR_E_ARG;

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
