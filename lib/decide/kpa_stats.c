/*
 * decide/kpa_stats.c - requests to reports: queue-proxy, activator, and the scraper's
 * extrapolation.
 *
 *   average concurrency = sum of (requests in flight * seconds) / seconds
 *   sample size = ceil(n * S / (n + S - 1)), S = 1.96^2 * 100 / 25
 *
 * Upstream: knative.dev/networking pkg/http/stats/request.go; knative.dev/serving pkg/activator/
 * handler/concurrency_reporter.go, pkg/autoscaler/metrics/stats_scraper.go.
 */
#include "base/num.h"
#include <weir/kpa_stats.h>

/* ---- queue-proxy ---------------------------------------------------------------------------- */

static int is_requests(const weir_kpa_requests *r)
{
    return r != NULL && r->struct_size == sizeof *r;
}

weir_status weir_kpa_requests_init(weir_kpa_requests *requests, size_t struct_size, weir_time start)
{
    if (requests == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *requests) {
        return WEIR_E_STRUCT;
    }
    memset(requests, 0, sizeof *requests);
    requests->struct_size = (uint32_t)sizeof *requests;
    requests->last_change = start;
    return WEIR_OK;
}

static void advance(weir_kpa_requests *r, weir_time at)
{
    weir_duration passed = weir__sub(at, r->last_change);

    if (passed > 0) {
        double seconds = weir__seconds(passed);

        r->seconds += seconds;
        r->busy += r->in_flight * seconds;
        r->proxied_busy += r->proxied * seconds;
        r->last_change = at;
    }
}

weir_status weir_kpa_requests_event(weir_kpa_requests *requests, int32_t event, weir_time at)
{
    weir_kpa_requests *r = requests;

    if (!is_requests(r) || event < WEIR_KPA_REQUEST_IN || event > WEIR_KPA_REQUEST_PROXIED_OUT) {
        return WEIR_E_ARG;
    }
    advance(r, at);
    switch (event) {
    case WEIR_KPA_REQUEST_PROXIED_IN:
        r->proxied += 1.0;
        r->proxied_count += 1.0;
        r->in_flight += 1.0;
        r->count += 1.0;
        break;
    case WEIR_KPA_REQUEST_IN:
        r->in_flight += 1.0;
        r->count += 1.0;
        break;
    case WEIR_KPA_REQUEST_PROXIED_OUT:
        r->proxied -= 1.0;
        r->in_flight -= 1.0;
        break;
    default: r->in_flight -= 1.0; break;
    }
    return WEIR_OK;
}

weir_status weir_kpa_requests_report(weir_kpa_requests *requests, weir_time at, weir_kpa_stat *stat)
{
    weir_kpa_requests *r = requests;

    if (!is_requests(r) || stat == NULL) {
        return WEIR_E_ARG;
    }
    advance(r, at);
    stat->average_concurrent_requests = r->seconds > 0.0 ? r->busy / r->seconds : 0.0;
    stat->average_proxied_concurrent_requests =
        r->seconds > 0.0 ? r->proxied_busy / r->seconds : 0.0;
    stat->request_count = r->count;
    stat->proxied_request_count = r->proxied_count;
    r->count = r->proxied_count = r->busy = r->proxied_busy = r->seconds = 0.0;
    return WEIR_OK;
}

/* ---- activator ------------------------------------------------------------------------------ */

weir_status weir_kpa_activator_init(weir_kpa_activator *activator, size_t struct_size)
{
    if (activator == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *activator) {
        return WEIR_E_STRUCT;
    }
    memset(activator, 0, sizeof *activator);
    activator->struct_size = (uint32_t)sizeof *activator;
    return WEIR_OK;
}

static int is_activator(const weir_kpa_activator *a)
{
    return a != NULL && a->struct_size == sizeof *a;
}

weir_status weir_kpa_activator_event(weir_kpa_activator *activator, int32_t event, weir_time at,
                                     weir_kpa_stat *stat)
{
    weir_kpa_activator *a = activator;
    int is_new;

    if (!is_activator(a) || stat == NULL ||
        (event != WEIR_KPA_REQUEST_IN && event != WEIR_KPA_REQUEST_OUT)) {
        return WEIR_E_ARG;
    }
    is_new = event == WEIR_KPA_REQUEST_IN && !a->known;
    if (is_new) {
        a->known = 1;
        a->first = 1.0;
        weir_kpa_requests_init(&a->requests, sizeof a->requests, at);
    }
    a->in_flight += event == WEIR_KPA_REQUEST_IN ? 1 : -1;
    if (a->known) {
        weir_kpa_requests_event(&a->requests, event, at);
    }
    if (!is_new) {
        return WEIR_END;
    }
    *stat = (weir_kpa_stat){1.0, 0.0, 1.0, 0.0};
    return WEIR_OK;
}

weir_status weir_kpa_activator_report(weir_kpa_activator *activator, weir_time at,
                                      weir_kpa_stat *stat)
{
    weir_kpa_activator *a = activator;

    if (!is_activator(a) || stat == NULL) {
        return WEIR_E_ARG;
    }
    if (!a->known) {
        return WEIR_END;
    }
    weir_kpa_requests_report(&a->requests, at, stat);
    if (stat->average_concurrent_requests == 0.0 && a->in_flight == 0) {
        a->known = 0;
    }
    stat->average_concurrent_requests =
        weir__max(stat->average_concurrent_requests - a->first, 0.0);
    stat->request_count -= a->first;
    a->first = 0.0;
    return WEIR_OK;
}

/* ---- scraper -------------------------------------------------------------------------------- */

int64_t weir_kpa_sample_size(int64_t pods)
{
    const double s = 15.3664; /* 95 % confidence: 1.96^2 * 100 / 25 */
    double n = (double)pods;

    if (pods <= 3) {
        return pods > 0 ? pods : 0;
    }
    return weir__f64_to_i64(weir__ceil(n * s / (n + s - 1.0)));
}

/* Asks the pods of one age in order, until the sample is full. */
static void ask(const weir_kpa_pod *pods, size_t count, double window, int old, int64_t sample,
                weir_kpa_stat *sum, int64_t *answered, int64_t *asked)
{
    for (size_t i = 0; i < count && *answered < sample; i++) {
        const weir_kpa_stat *stat = &pods[i].stat;

        if ((pods[i].age >= window) != old) {
            continue;
        }
        (*asked)++;
        if (pods[i].failed) {
            continue;
        }
        (*answered)++;
        sum->average_concurrent_requests += stat->average_concurrent_requests;
        sum->average_proxied_concurrent_requests += stat->average_proxied_concurrent_requests;
        sum->request_count += stat->request_count;
        sum->proxied_request_count += stat->proxied_request_count;
    }
}

weir_status weir_kpa_scrape(const weir_kpa_pod *pods, size_t count, double window,
                            weir_kpa_stat *stat, int64_t *asked)
{
    int64_t sample = weir_kpa_sample_size((int64_t)count), answered = 0, tried = 0;
    weir_kpa_stat sum = {0.0, 0.0, 0.0, 0.0};
    double part = (double)sample, all = (double)count;

    if ((pods == NULL && count > 0) || stat == NULL) {
        return WEIR_E_ARG;
    }
    ask(pods, count, window, 1, sample, &sum, &answered, &tried);
    ask(pods, count, window, 0, sample, &sum, &answered, &tried);
    if (asked != NULL) {
        *asked = tried;
    }
    if (count == 0) {
        return WEIR_END;
    }
    if (answered < sample) {
        return WEIR_E_IO;
    }
    stat->average_concurrent_requests = sum.average_concurrent_requests / part * all;
    stat->average_proxied_concurrent_requests =
        sum.average_proxied_concurrent_requests / part * all;
    stat->request_count = sum.request_count / part * all;
    stat->proxied_request_count = sum.proxied_request_count / part * all;
    return WEIR_OK;
}
