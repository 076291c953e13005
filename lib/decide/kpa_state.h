/*
 * decide/kpa_state.h - the blocks of the KPA's machines, shared by the files that run and save
 * them.
 */
#ifndef WEIR_LIB_DECIDE_KPA_STATE_H
#define WEIR_LIB_DECIDE_KPA_STATE_H

#include "base/explain.h"
#include "policy/kpa_rule.h"
#include "window/bucket_window.h"
#include "window/max_window.h"
#include <weir/autoscaler.h>
#include <weir/kpa.h>

extern const struct weir__table weir__kpa_collector_table;
extern const struct weir__table weir__kpa_decider_table;
extern const struct weir__table weir__kpa_table;

/* The lanes of a collector's windows. */
enum { WEIR__LANE_CONCURRENCY, WEIR__LANE_RPS, WEIR__LANES };

struct weir_kpa_collector {
    struct weir__block block;
    uint64_t digest;    /* of the configuration it was made with */
    uint32_t stable_at; /* bytes from here to the stable window */
    uint32_t panic_at;  /* and to the panic window */
    int32_t scrape_target;
    int32_t reserved;
    /* Followed by: the two windows. */
};

struct weir_kpa_decider {
    struct weir__block block;
    uint64_t digest; /* of the configuration it was made with */
    weir_time panic_since;
    weir_time next_tick;
    int32_t max_panic_pods;
    int32_t desired;
    int32_t excess_burst_capacity;
    int32_t delayed; /* 1: a delay window follows */
    weir_kpa_decider_config config;
    /* Followed by: the delay window, if there was a delay when it was made. */
};

struct weir_kpa {
    struct weir__block block;
    uint64_t digest;
    uint32_t decider_at; /* bytes from here to the decider; the collector is behind it */
    uint32_t collector_at;
    int32_t metric;
    int32_t poked;          /* 1: requests came while no pod was wanted */
    int32_t wish_rule;      /* that had the last word on the decider's last wish */
    int32_t ruled;          /* that had the last word on it in the last reconcile, or NONE */
    uint32_t flags;         /* WEIR_FLAG_* of the last reconcile */
    int32_t reconciled;     /* 1: there was a reconcile */
    weir_time requeue_at;   /* when to reconcile although nothing changed */
    weir_time proxied_from; /* driven by the common interface: when the activator is in the path */
    weir_kpa_reconciler_state reconciler;
    weir_kpa_reconcile_input seen; /* the cluster at the last reconcile */
    weir_kpa_reconcile last;       /* what that decided */
    weir_kpa_config config;
    /* Followed by: the decider, the collector. */
};

static inline weir_window *weir__collector_stable(weir_kpa_collector *c)
{
    return (weir_window *)(void *)((uint8_t *)c + c->stable_at);
}

static inline weir_window *weir__collector_panic(weir_kpa_collector *c)
{
    return (weir_window *)(void *)((uint8_t *)c + c->panic_at);
}

static inline const weir_window *weir__collector_stable_of(const weir_kpa_collector *c)
{
    return (const weir_window *)(const void *)((const uint8_t *)c + c->stable_at);
}

static inline const weir_window *weir__collector_panic_of(const weir_kpa_collector *c)
{
    return (const weir_window *)(const void *)((const uint8_t *)c + c->panic_at);
}

static inline weir_max_window *weir__decider_delay(weir_kpa_decider *d)
{
    return d->delayed ? (weir_max_window *)(void *)(d + 1) : NULL;
}

static inline const weir_max_window *weir__decider_delay_of(const weir_kpa_decider *d)
{
    return d->delayed ? (const weir_max_window *)(const void *)(d + 1) : NULL;
}

static inline const weir_kpa_collector *weir__kpa_collector_of(const weir_kpa *kpa)
{
    return (const weir_kpa_collector *)(const void *)((const uint8_t *)kpa + kpa->collector_at);
}

static inline weir_kpa_decider *weir__kpa_decider(weir_kpa *kpa)
{
    return (weir_kpa_decider *)(void *)((uint8_t *)kpa + kpa->decider_at);
}

static inline const weir_kpa_decider *weir__kpa_decider_of(const weir_kpa *kpa)
{
    return (const weir_kpa_decider *)(const void *)((const uint8_t *)kpa + kpa->decider_at);
}

/* The scale step of weir_kpa_decider_decide() with checked arguments. The trace stands at the
 * replicas it begins with; without data it is left alone. `current` and `step_count` of the
 * decision are the caller's. */
weir_status weir__decider_step(weir_kpa_decider *d, const weir_kpa_decider_input *input,
                               weir_time now, weir_decision *out, struct weir__trace *trace);

/* A tick was taken at `now`: late ones are not made up for. */
static inline void weir__decider_ticked(weir_kpa_decider *d, weir_time now)
{
    weir_duration late = weir__sub(now, d->next_tick);

    d->next_tick = weir__add(now, WEIR_KPA_TICK - late % WEIR_KPA_TICK);
}

weir_status weir__kpa_config_take(weir_kpa_config *to, const weir_kpa_config *from,
                                  weir_error *err);

/* Snapshots of the parts inside that of the whole: read everything, then commit. */
struct weir__collector_image {
    struct weir__window_image stable, panic;
    int32_t scrape_target;
};
struct weir__decider_image {
    weir_time panic_since, next_tick;
    int32_t max_panic_pods, desired, excess_burst_capacity;
    weir_kpa_decider_config config;
    struct weir__max_image delay;
};
void weir__collector_write(const weir_kpa_collector *c, struct weir__writer *w);
void weir__collector_read(const weir_kpa_collector *c, struct weir__reader *r,
                          struct weir__collector_image *image);
void weir__collector_commit(weir_kpa_collector *c, const struct weir__collector_image *image);
void weir__decider_write(const weir_kpa_decider *d, struct weir__writer *w);
void weir__decider_read(const weir_kpa_decider *d, struct weir__reader *r,
                        struct weir__decider_image *image);
void weir__decider_commit(weir_kpa_decider *d, const struct weir__decider_image *image);

#endif
