/*
 * replay/traffic.h - requests one by one: who holds them, who runs them, what is reported of them.
 *
 * All pods together are one server that runs as many requests at once as its ready pods take; that
 * is a perfect balance over the pods, and a scrape of every one of them.
 */
#ifndef WEIR_LIB_REPLAY_TRAFFIC_H
#define WEIR_LIB_REPLAY_TRAFFIC_H

#include "base/internal.h"
#include <weir/kpa_stats.h>
#include <weir/replay.h>

/* A request that runs: its end; and one that waits: its arrival and how long it will run. */
struct weir__running {
    weir_time end;
    int64_t proxied; /* 1: it came through the activator */
};
struct weir__waiting {
    weir_time arrival;
    weir_duration duration;
    int64_t proxied;
};

struct weir__traffic {
    int64_t max;  /* room for requests; 0: there is no traffic */
    int64_t each; /* requests that a pod takes at once, 0: any number */
    int64_t ready;
    int64_t proxied; /* 1: requests go through the activator */
    weir_time now;
    int64_t any;           /* 1: there was a request */
    weir_time origin;      /* reports come at whole seconds from here on */
    weir_time next_report; /* WEIR_TIME_NEVER: there is nobody to report */
    weir_time first_at;    /* of the activator's report at once; WEIR_TIME_NONE: none is pending */
    weir_kpa_stat first;
    weir_kpa_requests pods;
    weir_kpa_activator activator;
    int64_t running, waiting, waiting_first;
    /* Workers that send the next request when the last one was answered. */
    weir_time workers_until;
    weir_duration service_time;
    int64_t completed, held;
    weir_duration longest;
    double waited; /* seconds, of all */
    int64_t waits[WEIR_WAITS_BUCKETS];
};

/* Bytes behind the traffic: the heap of the running requests, then the ring of the waiting ones. */
size_t weir__traffic_bytes(int64_t max);

void weir__traffic_begin(struct weir__traffic *t, int64_t max, int64_t each, weir_time now,
                         int64_t ready);

/* Answers the requests that end by `now`. WEIR_OK or WEIR_E_LIMIT. */
weir_status weir__traffic_advance(struct weir__traffic *t, void *memory, weir_time now);

/* A request at the time advanced to. WEIR_OK or WEIR_E_LIMIT. */
weir_status weir__traffic_arrive(struct weir__traffic *t, void *memory, weir_duration duration);

/* The pods that are ready from the time advanced to on, and the mode. */
void weir__traffic_pods(struct weir__traffic *t, void *memory, int64_t ready, int proxied);

/* The reports of the second at the time advanced to: how many of the two there are, the pods' own
 * first. Proxied requests are in the activator's alone. */
int weir__traffic_report(struct weir__traffic *t, weir_kpa_stat stats[2]);

#endif
