/*
 * weir/kpa_stats.h - where Knative's request statistics come from: requests that begin and end.
 *
 *   weir_kpa_requests   what the queue-proxy of one pod reports
 *   weir_kpa_activator  what the activator reports about a revision whose requests it holds
 *   weir_kpa_scrape     the reports of some pods, extrapolated to all of them
 *
 * Plain structs without pointers: a copy is a fork.
 */
#ifndef WEIR_KPA_STATS_H
#define WEIR_KPA_STATS_H

#include <weir/base.h>
#include <weir/kpa.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What happens to a request. */
enum {
    WEIR_KPA_REQUEST_IN = 0,
    WEIR_KPA_REQUEST_OUT = 1,
    WEIR_KPA_REQUEST_PROXIED_IN = 2, /**< it came through the activator */
    WEIR_KPA_REQUEST_PROXIED_OUT = 3
};

/** Requests in flight at a pod, and what they came to since the last report. */
typedef struct weir_kpa_requests {
    uint32_t struct_size;
    uint32_t reserved;     /**< 0 */
    weir_time last_change; /**< up to when the sums go */
    double in_flight;      /**< requests */
    double proxied;        /**< of these, through the activator */
    double count;          /**< that began since the last report */
    double proxied_count;  /**< of these, through the activator */
    double busy;           /**< request-seconds since the last report */
    double proxied_busy;   /**< of these, through the activator */
    double seconds;        /**< since the last report */
} weir_kpa_requests;

/** Begins at `start`. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_requests_init(weir_kpa_requests *requests, size_t struct_size,
                                            weir_time start);

/**
 * Takes an event in. A time before the last one adds no time, as upstream.
 * @param event  WEIR_KPA_REQUEST_*
 * @return WEIR_OK; WEIR_E_ARG
 * Upstream: knative.dev/networking pkg/http/stats/request.go HandleEvent().
 */
WEIR_API weir_status weir_kpa_requests_event(weir_kpa_requests *requests, int32_t event,
                                             weir_time at);

/**
 * Reports what happened since the last report: concurrencies averaged over the time, and counts
 * (the queue-proxy divides these by its reporting period of 1 s). Requests in flight stay in
 * flight.
 * @return WEIR_OK; WEIR_E_ARG
 */
WEIR_API weir_status weir_kpa_requests_report(weir_kpa_requests *requests, weir_time at,
                                              weir_kpa_stat *stat);

/** The activator's view of one revision. */
typedef struct weir_kpa_activator {
    uint32_t struct_size;
    int32_t known;     /**< 1: there are statistics, because requests came lately */
    int64_t in_flight; /**< requests that it holds */
    double first;      /**< 1: the first request was reported already */
    weir_kpa_requests requests;
} weir_kpa_activator;

/** A revision without requests. @return WEIR_OK; WEIR_E_ARG; WEIR_E_STRUCT */
WEIR_API weir_status weir_kpa_activator_init(weir_kpa_activator *activator, size_t struct_size);

/**
 * A request comes (WEIR_KPA_REQUEST_IN) or is done (WEIR_KPA_REQUEST_OUT).
 * @param stat  set when WEIR_OK: the report that the activator sends at once, so that a revision
 *              without pods wakes up
 * @return WEIR_OK: a report is sent; WEIR_END: none is; WEIR_E_ARG
 * Upstream: pkg/activator/handler/concurrency_reporter.go handleRequestIn(), handleRequestOut().
 */
WEIR_API weir_status weir_kpa_activator_event(weir_kpa_activator *activator, int32_t event,
                                              weir_time at, weir_kpa_stat *stat);

/**
 * The report of every second. A revision without requests is forgotten after its last report.
 * @return WEIR_OK: a report is sent; WEIR_END: none is; WEIR_E_ARG
 * Upstream: concurrency_reporter.go report(), computeReport().
 */
WEIR_API weir_status weir_kpa_activator_report(weir_kpa_activator *activator, weir_time at,
                                               weir_kpa_stat *stat);

/** One pod as a scrape finds it. */
typedef struct weir_kpa_pod {
    double age;         /**< seconds since it started, or the uptime that it reports */
    int32_t failed;     /**< 1: it does not answer */
    int32_t reserved;   /**< 0 */
    weir_kpa_stat stat; /**< what it answers */
} weir_kpa_pod;

/** How many of so many pods are asked: enough for the average, at most 16. */
WEIR_API int64_t weir_kpa_sample_size(int64_t pods);

/**
 * Asks a sample of pods, those older than the stable window first, and extrapolates to all.
 *
 * @param pods    in the order in which they are asked and summed; upstream's order is random
 * @param window  seconds of the stable window: younger pods are asked only where older ones lack
 * @param asked   set to the number of pods asked; may be NULL
 * @return WEIR_OK; WEIR_END: there are no pods, nothing is recorded; WEIR_E_IO: fewer pods answered
 *         than the sample has, nothing is recorded; WEIR_E_ARG
 * Upstream: pkg/autoscaler/metrics/stats_scraper.go scrapePods().
 */
WEIR_API weir_status weir_kpa_scrape(const weir_kpa_pod *pods, size_t count, double window,
                                     weir_kpa_stat *stat, int64_t *asked);

#ifdef __cplusplus
}
#endif
#endif
