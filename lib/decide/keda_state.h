/*
 * decide/keda_state.h - the block of a ScaledObject, shared by the files that run and save it.
 *
 * KEDA works on copies of an object: the stored one; the one that was read when the triggers were
 * built, on which the HPA's pulls work; and the loop's, read afresh at each poll. Who writes what
 * back to which copy can be seen from outside, so the copies are here too.
 */
#ifndef WEIR_LIB_DECIDE_KEDA_STATE_H
#define WEIR_LIB_DECIDE_KEDA_STATE_H

#include "base/explain.h"
#include "decide/hpa_state.h"
#include "limits/behavior.h"
#include "policy/keda_rule.h"
#include <weir/autoscaler.h>
#include <weir/keda.h>

extern const struct weir__table weir__keda_table;

/* Takes a caller's configuration over and checks its fields; `whole`: and what belongs together. */
weir_status weir__keda_config_take(weir_keda_config *to, const weir_keda_config *from, int whole,
                                   weir_error *err);

/* The HPA's configuration, and for each trigger which of its metrics it feeds; -1: none. */
void weir__keda_hpa_of(const weir_keda_config *config, weir_hpa_config *hpa,
                       int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX]);

/* The name of a trigger's metric, into room for WEIR_KEDA_NAME_MAX. */
void weir__keda_name_of(const weir_keda_config *config, uint32_t trigger, char *name);

/* A digest of what the API server counts as the spec: annotations are left out. */
uint64_t weir__keda_generation(const weir_keda_config *config);

/* What one metric was found to be, after fallback. */
struct weir__keda_outcome {
    int32_t present;  /* 0: there is no such record */
    int32_t failed;   /* 1: an error, and no value */
    int32_t active;   /* by itself or by fallback */
    int32_t fallback; /* 1: the value is the fallback's */
    int32_t empty;    /* 1: no error, and no value either */
    int32_t
        unnamed; /* 1: under another metric's name, so that a formula finds nothing; in a pull */
    struct weir__amount amount;
};

/* One metric of one trigger. */
struct weir__keda_slot {
    int32_t type, metric_type;
    int32_t cached, ignore_null, continues, resource;
    int32_t hpa_metric; /* -1: none of its own */
    int32_t cron;       /* index of its schedule; -1: none */
    double activation, target;
    uint32_t name_at; /* bytes from the block to the metric's name */
    int32_t activity; /* as stored; -1: none yet */
    weir_keda_health stored, served;
    struct weir__keda_outcome cache;    /* of the last poll, for useCachedMetrics */
    struct weir__keda_outcome observed; /* of the last pull */
    weir_keda_reading held;             /* for the common interface */
};

/* A cron trigger's schedules and their zones. */
struct weir__keda_cron {
    weir_cron cron;
    int32_t start_zone, end_zone; /* indexes; -1: UTC */
};

struct weir__keda_zone {
    char name[WEIR_ZONE_NAME_MAX];
    int32_t known; /* 1: it was given */
    int32_t offset;
    uint32_t count;
    uint32_t changes_at; /* bytes from the block */
};

enum { WEIR__KEDA_WRITE_NONE, WEIR__KEDA_WRITE_POLL, WEIR__KEDA_WRITE_SYNC };

struct weir_keda {
    struct weir__block block;
    uint64_t digest, generation; /* of the configuration; of its spec alone */
    weir_time seen, poll_due, sync_due;
    weir_duration polling_interval, cooldown, initial_cooldown, sync_period;
    weir_duration poll_phase, sync_phase;
    weir_time created; /* whole seconds */
    /* spec */
    uint32_t trigger_count, cron_count, zone_count, zone_reserve;
    uint32_t resource_triggers, trigger_groups; /* triggers of cpu and memory; triggers at all */
    int32_t min, idle;                          /* WEIR_KEDA_UNSET */
    int32_t paused, paused_replicas, in_paused, out_paused;
    int32_t forced, restore, defect, conversion;
    int32_t trusts_pulls; /* 1: a poll may take what the HPA's pulls found */
    int32_t has_formula;
    weir_keda_fallback fallback;
    struct weir__modifiers modifiers;
    /* where the parts lie, in bytes from here */
    uint32_t slots_at, crons_at, zones_at, hpa_at, formula_at;
    int32_t composite_metric; /* index in the HPA; -1 */
    /* the operator */
    uint64_t loop_generation, built_generation;
    int32_t running, started; /* started: it was reconciled at least once */
    int32_t loop_known;       /* 1: the loop's generation is remembered */
    int32_t built;            /* there is a copy that pulls work on */
    int32_t shared;           /* 1: it is the loop's own */
    int32_t hpa_exists;
    uint32_t asked; /* triggers whose sources the last step asked */
    int32_t last_write;
    int32_t write_activates; /* 1: the write renewed the last activity */
    int32_t original;        /* replicas before KEDA */
    weir_time last_active, last_active_before;
    weir_keda_condition stored[WEIR_KEDA_CONDITIONS];
    weir_keda_condition served[WEIR_KEDA_CONDITIONS];
    /* Followed by: slots, schedules, zones, changes, names, the HPA, the formula. */
};

static inline struct weir__keda_slot *weir__keda_slots(weir_keda *k)
{
    return (struct weir__keda_slot *)(void *)((uint8_t *)k + k->slots_at);
}

static inline const struct weir__keda_slot *weir__keda_slots_of(const weir_keda *k)
{
    return (const struct weir__keda_slot *)(const void *)((const uint8_t *)k + k->slots_at);
}

static inline struct weir__keda_cron *weir__keda_crons(weir_keda *k)
{
    return (struct weir__keda_cron *)(void *)((uint8_t *)k + k->crons_at);
}

static inline struct weir__keda_zone *weir__keda_zones(weir_keda *k)
{
    return (struct weir__keda_zone *)(void *)((uint8_t *)k + k->zones_at);
}

static inline weir_hpa *weir__keda_hpa(weir_keda *k)
{
    return (weir_hpa *)(void *)((uint8_t *)k + k->hpa_at);
}

static inline const weir_formula *weir__keda_formula(const weir_keda *k)
{
    return (const weir_formula *)(const void *)((const uint8_t *)k + k->formula_at);
}

static inline const char *weir__keda_name(const weir_keda *k, uint32_t trigger)
{
    return (const char *)k + weir__keda_slots_of(k)[trigger].name_at;
}

static inline int weir__is_keda(const weir_keda *k)
{
    return weir__block_is(k, WEIR_KIND_KEDA);
}

/* A copy of the object that some part of KEDA works on. */
struct weir__keda_copy {
    int32_t on_served; /* 1: it is the copy in the block that pulls work on */
    int32_t reserved;
    weir_keda_health health[WEIR_KEDA_TRIGGERS_MAX];
    weir_keda_condition conditions[WEIR_KEDA_CONDITIONS];
};

/* Checks what a step is given. */
weir_status weir__keda_check(const weir_keda *k, const weir_keda_input *input, weir_time now,
                             const weir_decision *out, const weir_explain *explain);

/* Reads the object afresh into the copy that pulls work on. `shared`: it is the loop's. */
void weir__keda_build(weir_keda *k, int shared);

/* Asks one metric's source and falls back; health is written through `copy`. */
void weir__keda_observe(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                        const weir_keda_input *input, weir_time now,
                        struct weir__keda_outcome *outcome);

/* Falls back for what was found already. */
void weir__keda_fall_back(weir_keda *k, struct weir__keda_copy *copy, uint32_t trigger,
                          const weir_keda_input *input, struct weir__keda_outcome *outcome);

/* The formula over all triggers' outcomes. 0: it gives no metric. */
int weir__keda_compose(const weir_keda *k, const struct weir__keda_copy *copy,
                       const struct weir__keda_outcome *outcomes, int64_t *milli);

/* The copy that pulls work on, in hand. */
void weir__keda_take_served(const weir_keda *k, struct weir__keda_copy *copy);
void weir__keda_put_served(weir_keda *k, const struct weir__keda_copy *copy);

/* The parts of a step, without the checks. */
weir_status weir__keda_poll(weir_keda *k, const weir_keda_input *input, weir_time now,
                            struct weir__trace *trace, uint32_t *flags, weir_time *next);
void weir__keda_act(weir_keda *k, int active, int is_error, uint32_t active_metrics,
                    const weir_keda_input *input, weir_time now, struct weir__trace *trace,
                    uint32_t *flags, weir_time *next);
weir_status weir__keda_reconcile(weir_keda *k, const weir_keda_input *input, weir_time now,
                                 int32_t *polls, struct weir__trace *trace, uint32_t *flags);
weir_status weir__keda_sync(weir_keda *k, const weir_keda_input *input, weir_time now,
                            weir_decision *out, struct weir__trace *trace);

#endif
