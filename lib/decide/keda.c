/*
 * decide/keda.c - a ScaledObject's block, its zones, its status, and what happens to it between
 * steps.
 *
 * Upstream: controllers/keda, pkg/scaling.
 */
#include "base/num.h"
#include "base/text.h"
#include "decide/keda_state.h"

/* ---- the block ------------------------------------------------------------------------------ */

/* The parts of a block, and what was worked out on the way. */
struct layout {
    weir_hpa_config hpa;
    int32_t metric_of[WEIR_KEDA_TRIGGERS_MAX];
    const char *zones[2 * WEIR_KEDA_TRIGGERS_MAX];
    int32_t start_zone[WEIR_KEDA_TRIGGERS_MAX], end_zone[WEIR_KEDA_TRIGGERS_MAX];
    weir_cron crons[WEIR_KEDA_TRIGGERS_MAX];
    uint32_t cron_count, zone_count;
    size_t crons_at, zones_at, changes_at, names_at, hpa_at, formula_at, bytes;
    size_t formula_length;
};

/* The index of a zone; -1 for UTC. */
static int32_t zone_of(struct layout *l, const char *name)
{
    if (weir__same_text(name, "UTC")) {
        return -1;
    }
    for (uint32_t i = 0; i < l->zone_count; i++) {
        if (weir__same_text(l->zones[i], name)) {
            return (int32_t)i;
        }
    }
    l->zones[l->zone_count] = name;
    return (int32_t)l->zone_count++;
}

static void lay_out_crons(const weir_keda_config *own, struct layout *l)
{
    for (uint32_t i = 0; i < own->trigger_count; i++) {
        const weir_cron_config *c = &own->triggers[i].cron;
        weir_cron *cron = &l->crons[l->cron_count];
        uint32_t k = l->cron_count;

        if (own->triggers[i].type != WEIR_TRIGGER_CRON ||
            weir_cron_init(cron, c, NULL) != WEIR_OK) {
            continue;
        }
        l->cron_count++;
        l->start_zone[k] = zone_of(l, cron->start.zone[0] != '\0' ? cron->start.zone : c->timezone);
        l->end_zone[k] = zone_of(l, cron->end.zone[0] != '\0' ? cron->end.zone : c->timezone);
    }
}

static weir_status lay_out(const weir_keda_config *own, struct layout *l, weir_error *err)
{
    size_t hpa, names = 0;
    weir_status status;

    memset(l, 0, sizeof *l);
    weir__keda_hpa_of(own, &l->hpa, l->metric_of);
    status = weir_hpa_bytes(&l->hpa, &hpa, err);
    if (status != WEIR_OK) {
        return status;
    }
    lay_out_crons(own, l);
    for (uint32_t i = 0; i < own->trigger_count; i++) {
        char name[WEIR_KEDA_NAME_MAX];

        weir__keda_name_of(own, i, name);
        names += weir__length_within(name, sizeof name - 1) + 1;
    }
    l->formula_length =
        weir__length_within(own->modifiers.formula, sizeof own->modifiers.formula - 1);
    l->crons_at = sizeof(weir_keda) + own->trigger_count * sizeof(struct weir__keda_slot);
    l->zones_at = l->crons_at + l->cron_count * sizeof(struct weir__keda_cron);
    l->changes_at = l->zones_at + l->zone_count * sizeof(struct weir__keda_zone);
    l->hpa_at = l->changes_at +
                (size_t)l->zone_count * (size_t)own->zone_reserve * sizeof(weir_zone_change);
    l->formula_at = l->hpa_at + hpa;
    l->names_at = l->formula_at + (l->formula_length > 0 && own->modifiers.enabled
                                       ? weir_formula_bytes(l->formula_length)
                                       : 0);
    l->bytes = l->names_at + weir__round_up8(names);
    return WEIR_OK;
}

weir_status weir_keda_bytes(const weir_keda_config *config, size_t *bytes, weir_error *err)
{
    weir_keda_config own;
    struct layout l;
    weir_status status = weir__keda_config_take(&own, config, 1, err);

    if (status == WEIR_OK) {
        status = lay_out(&own, &l, err);
    }
    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
}

static void init_slots(weir_keda *k, const weir_keda_config *own, const struct layout *l)
{
    size_t name_at = l->names_at;
    int32_t cron = 0;

    for (uint32_t i = 0; i < own->trigger_count; i++) {
        const weir_keda_trigger *t = &own->triggers[i];
        struct weir__keda_slot *slot = &weir__keda_slots(k)[i];
        char name[WEIR_KEDA_NAME_MAX];
        weir_cron unused;

        slot->type = t->type;
        slot->metric_type = t->metric_type;
        slot->cached = t->use_cached_metrics;
        slot->ignore_null = t->ignore_null_values;
        slot->continues = t->continues;
        slot->resource = t->type == WEIR_TRIGGER_CPU || t->type == WEIR_TRIGGER_MEMORY;
        slot->hpa_metric = l->metric_of[i];
        slot->cron =
            t->type == WEIR_TRIGGER_CRON && weir_cron_init(&unused, &t->cron, NULL) == WEIR_OK
                ? cron++
                : -1;
        slot->activation = t->type == WEIR_TRIGGER_CRON ? 0.0 : t->activation;
        slot->target = t->type == WEIR_TRIGGER_CRON ? 1.0 : weir__target_of(t);
        slot->activity = -1;
        slot->held.status = WEIR_NO_DATA;
        slot->name_at = (uint32_t)name_at;
        weir__keda_name_of(own, i, name);
        memcpy((char *)k + name_at, name, weir__length_within(name, sizeof name - 1) + 1);
        name_at += weir__length_within(name, sizeof name - 1) + 1;
        k->resource_triggers += (uint32_t)slot->resource;
        k->trigger_groups += !t->continues;
        k->trusts_pulls &= !t->use_cached_metrics;
    }
}

static void init_crons(weir_keda *k, const struct layout *l)
{
    size_t changes_at = l->changes_at;

    for (uint32_t i = 0; i < l->cron_count; i++) {
        struct weir__keda_cron *cron = &weir__keda_crons(k)[i];

        cron->cron = l->crons[i];
        cron->start_zone = l->start_zone[i];
        cron->end_zone = l->end_zone[i];
    }
    for (uint32_t i = 0; i < l->zone_count; i++) {
        struct weir__keda_zone *zone = &weir__keda_zones(k)[i];

        memcpy(zone->name, l->zones[i],
               weir__length_within(l->zones[i], sizeof zone->name - 1) + 1);
        zone->changes_at = (uint32_t)changes_at;
        changes_at += k->zone_reserve * sizeof(weir_zone_change);
    }
}

static void init_spec(weir_keda *k, const weir_keda_config *own, weir_time now)
{
    k->polling_interval = own->polling_interval;
    k->cooldown = own->cooldown_period;
    k->initial_cooldown = own->initial_cooldown_period;
    k->sync_period = own->sync_period;
    k->poll_phase = own->poll_phase;
    k->sync_phase = own->sync_phase;
    k->created = own->created != WEIR_TIME_NONE ? own->created : now;
    k->created -= weir__floor_mod(k->created, WEIR_SECOND);
    k->trigger_count = own->trigger_count;
    k->min = own->min_replicas;
    k->idle = own->idle_replicas;
    k->paused = own->paused || own->paused_replicas != WEIR_KEDA_UNSET ||
                own->defect == WEIR_KEDA_BAD_PAUSE;
    k->paused_replicas = own->paused_replicas;
    k->in_paused = own->paused_scale_in;
    k->out_paused = own->paused_scale_out;
    k->forced = own->force_activation;
    k->restore = own->restore_original;
    k->defect = own->defect;
    k->conversion = own->conversion;
    k->fallback = own->fallback;
    weir__modifiers_of(&own->modifiers, own->conversion, &k->modifiers);
    k->trusts_pulls =
        own->min_replicas > 0 && own->idle_replicas == WEIR_KEDA_UNSET && !own->modifiers.enabled;
    k->zone_reserve = (uint32_t)own->zone_reserve;
}

static void init_status(weir_keda *k, weir_time now)
{
    k->seen = WEIR_TIME_NONE;
    k->poll_due = now;
    k->sync_due = WEIR_TIME_NEVER;
    k->original = WEIR_REPLICAS_UNKNOWN;
    k->last_active = WEIR_TIME_NONE;
    for (int32_t i = 0; i < WEIR_KEDA_CONDITIONS; i++) {
        k->stored[i].status = i == WEIR_KEDA_PAUSED ? WEIR_STATE_FALSE : WEIR_STATE_UNKNOWN;
    }
}

weir_status weir_keda_init(weir_keda *keda, size_t bytes, const weir_keda_config *config,
                           weir_time now, weir_error *err)
{
    weir_keda *k = keda;
    weir_keda_config own;
    struct layout l;
    weir_status status = weir__keda_config_take(&own, config, 1, err);

    if (status == WEIR_OK) {
        status = lay_out(&own, &l, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(k, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(k, 0, l.bytes);
    init_spec(k, &own, now);
    k->digest = weir__config_digest(&weir__keda_table, &own);
    k->generation = weir__keda_generation(&own);
    k->slots_at = sizeof *k;
    k->crons_at = (uint32_t)l.crons_at;
    k->zones_at = (uint32_t)l.zones_at;
    k->hpa_at = (uint32_t)l.hpa_at;
    k->formula_at = (uint32_t)l.formula_at;
    k->cron_count = l.cron_count;
    k->zone_count = l.zone_count;
    k->composite_metric = -1;
    if (k->modifiers.enabled && l.hpa.metric_count > 0 &&
        l.hpa.metrics[l.hpa.metric_count - 1].source == WEIR_HPA_EXTERNAL) {
        k->composite_metric = (int32_t)l.hpa.metric_count - 1;
    }
    init_slots(k, &own, &l);
    init_crons(k, &l);
    init_status(k, now);
    status = weir_hpa_init(weir__keda_hpa(k), l.formula_at - l.hpa_at, &l.hpa, now, err);
    if (status == WEIR_OK && l.formula_length > 0 && own.modifiers.enabled &&
        own.defect != WEIR_KEDA_UNBUILDABLE) {
        status =
            weir_keda_formula_compile(&own, (weir_formula *)(void *)((uint8_t *)k + l.formula_at),
                                      l.names_at - l.formula_at, err);
        k->has_formula = status == WEIR_OK;
    }
    if (status == WEIR_OK) {
        weir__block_set(&k->block, WEIR_KIND_KEDA, l.bytes);
    }
    return status;
}

/* ---- zones ---------------------------------------------------------------------------------- */

const char *weir_keda_zone_name(const weir_keda *keda, uint32_t index)
{
    const struct weir__keda_zone *zones;

    if (!weir__is_keda(keda) || index >= keda->zone_count) {
        return NULL;
    }
    zones = (const struct weir__keda_zone *)(const void *)((const uint8_t *)keda + keda->zones_at);
    return zones[index].name;
}

weir_status weir_keda_set_zone(weir_keda *keda, const char *name, const weir_zone *zone)
{
    weir_keda *k = keda;

    if (!weir__is_keda(k) || name == NULL || zone == NULL ||
        (zone->changes == NULL && zone->change_count > 0)) {
        return WEIR_E_ARG;
    }
    for (uint32_t i = 0; i < k->zone_count; i++) {
        struct weir__keda_zone *own = &weir__keda_zones(k)[i];

        if (!weir__same_text(own->name, name)) {
            continue;
        }
        if (zone->change_count > k->zone_reserve) {
            return WEIR_E_LIMIT;
        }
        own->known = 1;
        own->offset = zone->offset;
        own->count = zone->change_count;
        if (zone->change_count > 0) {
            memcpy((uint8_t *)k + own->changes_at, zone->changes,
                   zone->change_count * sizeof *zone->changes);
        }
    }
    return WEIR_OK;
}

/* ---- inputs --------------------------------------------------------------------------------- */

weir_status weir_keda_input_init(weir_keda_input *input, size_t struct_size)
{
    if (input == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *input) {
        return WEIR_E_STRUCT;
    }
    memset(input, 0, sizeof *input);
    input->struct_size = (uint32_t)sizeof *input;
    return WEIR_OK;
}

weir_status weir__keda_check(const weir_keda *k, const weir_keda_input *input, weir_time now,
                             const weir_decision *out, const weir_explain *explain)
{
    if (!weir__is_keda(k) || input == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (input->struct_size != sizeof *input || out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    if (input->reading_count != k->trigger_count ||
        (input->readings == NULL && input->reading_count > 0) ||
        (input->pods == NULL && input->pod_count > 0)) {
        return WEIR_E_RANGE;
    }
    return now < k->seen ? WEIR_E_TIME : WEIR_OK;
}

/* ---- status --------------------------------------------------------------------------------- */

const char *weir_keda_condition_name(int32_t condition)
{
    static const char *const names[] = {"Ready", "Active", "Fallback", "Paused", "HPAActive"};

    return condition >= 0 && condition < WEIR_KEDA_CONDITIONS ? names[condition] : "";
}

const char *weir_keda_reason_name(int32_t reason)
{
    static const char *const names[] = {"",
                                        "ScaledObjectReady",
                                        "ScaledObjectCheckFailed",
                                        "ErrorGettingCurrentReplicas",
                                        "TriggerError",
                                        "PartialTriggerError",
                                        "ErrorScalingTarget",
                                        "ScalerActive",
                                        "ScalerNotActive",
                                        "ScalerCooldown",
                                        "UnknownState",
                                        "FallbackExists",
                                        "NoFallbackFound",
                                        "ScaledObjectPaused",
                                        "ScaledObjectUnpaused",
                                        "HPAActive",
                                        "ScalingDisabled",
                                        "HPAMetricsUnavailable"};

    return reason >= 0 && reason < (int32_t)(sizeof names / sizeof names[0]) ? names[reason] : "";
}

weir_status weir_keda_get_status(const weir_keda *keda, weir_keda_status *status,
                                 size_t struct_size)
{
    const weir_keda *k = keda;

    if (!weir__is_keda(k) || status == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *status) {
        return WEIR_E_STRUCT;
    }
    memset(status, 0, sizeof *status);
    status->struct_size = (uint32_t)sizeof *status;
    status->running = k->running;
    status->hpa_exists = k->hpa_exists;
    status->original_replicas = k->original;
    status->built = k->built;
    status->metric_count = k->trigger_count;
    status->last_active = k->last_active;
    status->next_poll = k->running || !k->started ? k->poll_due : WEIR_TIME_NEVER;
    status->next_sync = k->hpa_exists ? k->sync_due : WEIR_TIME_NEVER;
    memcpy(status->conditions, k->stored, sizeof status->conditions);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        const struct weir__keda_slot *slot = &weir__keda_slots_of(k)[i];

        status->metrics[i].health = slot->stored;
        status->metrics[i].served = slot->served;
        status->metrics[i].activity = slot->activity;
    }
    return WEIR_OK;
}

weir_status weir_keda_set_last_active(weir_keda *keda, weir_time last_active)
{
    if (!weir__is_keda(keda)) {
        return WEIR_E_ARG;
    }
    keda->last_active = last_active == WEIR_TIME_NONE
                            ? last_active
                            : last_active - weir__floor_mod(last_active, WEIR_SECOND);
    return WEIR_OK;
}

const weir_hpa *weir_keda_get_hpa(const weir_keda *keda)
{
    return weir__is_keda(keda)
               ? (const weir_hpa *)(const void *)((const uint8_t *)keda + keda->hpa_at)
               : NULL;
}

uint32_t weir_keda_asked(const weir_keda *keda)
{
    return weir__is_keda(keda) ? keda->asked : 0;
}

/* ---- between steps -------------------------------------------------------------------------- */

weir_status weir_keda_write_failed(weir_keda *keda)
{
    weir_keda *k = keda;

    if (!weir__is_keda(k) || k->last_write == WEIR__KEDA_WRITE_NONE) {
        return WEIR_E_ARG;
    }
    if (k->last_write == WEIR__KEDA_WRITE_SYNC) {
        k->last_write = WEIR__KEDA_WRITE_NONE;
        return weir_hpa_write_failed(weir__keda_hpa(k));
    }
    k->last_write = WEIR__KEDA_WRITE_NONE;
    if (k->write_activates) {
        k->last_active = k->last_active_before;
    }
    k->stored[WEIR_KEDA_READY].status = WEIR_STATE_FALSE;
    k->stored[WEIR_KEDA_READY].reason = WEIR_KEDA_REASON_WRITE_ERROR;
    return WEIR_OK;
}

/* The loop ends, and with it all that it has built and remembers. */
static void stop(weir_keda *k)
{
    k->running = 0;
    k->built = 0;
    k->shared = 0;
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        weir__keda_slots(k)[i].cache.present = 0;
        weir__keda_slots(k)[i].observed.present = 0;
    }
}

weir_status weir_keda_restart(weir_keda *keda)
{
    if (!weir__is_keda(keda)) {
        return WEIR_E_ARG;
    }
    stop(keda);
    keda->loop_known = 0;
    keda->started = 0;
    return WEIR_OK;
}

static void set(weir_keda_condition *c, int32_t status, int32_t reason)
{
    c->status = status;
    c->reason = reason;
}

/* paused, or paused-replicas */
static weir_status pause(weir_keda *k, const weir_keda_input *input, struct weir__trace *trace,
                         uint32_t *flags)
{
    stop(k);
    k->loop_known = 0;
    k->hpa_exists = 0;
    set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
    *flags |= WEIR_FLAG_PAUSED;
    if (k->defect == WEIR_KEDA_BAD_PAUSE) {
        return WEIR_E_RANGE;
    }
    if (k->paused_replicas == WEIR_KEDA_UNSET) {
        weir__trace_step(trace, WEIR_RULE_KEDA_PAUSED, -1, trace->replicas, 0.0, 0.0);
        return WEIR_OK;
    }
    if (input->replicas_status != WEIR_OK) {
        return WEIR_E_RANGE;
    }
    weir__trace_step(trace, WEIR_RULE_KEDA_PAUSED, -1, k->paused_replicas, trace->replicas,
                     k->paused_replicas);
    return WEIR_OK;
}

/* The HPA is made or kept; the triggers are built for it. */
static weir_status ensure_hpa(weir_keda *k, const weir_keda_input *input)
{
    if (k->original == WEIR_REPLICAS_UNKNOWN) {
        if (input->replicas_status != WEIR_OK) {
            return WEIR_E_RANGE;
        }
        k->original = input->replicas;
    }
    if (k->defect == WEIR_KEDA_REFUSED || k->defect == WEIR_KEDA_UNBUILDABLE) {
        return WEIR_E_RANGE;
    }
    if (!k->built || k->built_generation != k->generation) {
        weir__keda_build(k, 0);
    }
    return WEIR_OK;
}

static weir_status reconcile_running(weir_keda *k, const weir_keda_input *input, weir_time now,
                                     int32_t *polls)
{
    int known = k->loop_known && k->loop_generation == k->generation;
    weir_status status;

    if (k->in_paused || k->out_paused) {
        set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_TRUE, WEIR_KEDA_REASON_PAUSED);
    } else if (k->stored[WEIR_KEDA_PAUSED].status == WEIR_STATE_TRUE) {
        set(&k->stored[WEIR_KEDA_PAUSED], WEIR_STATE_FALSE, WEIR_KEDA_REASON_UNPAUSED);
    }
    status = ensure_hpa(k, input);
    if (status != WEIR_OK) {
        return status;
    }
    if (!k->hpa_exists) {
        k->hpa_exists = 1;
        k->sync_due = weir__add(now, k->sync_phase);
        weir_hpa_restart(weir__keda_hpa(k));
        known = 0;
    }
    if (!known) {
        if (k->running) { /* the old loop ends first */
            stop(k);
            weir__keda_build(k, 0);
        }
        k->running = 1;
        k->loop_known = 1;
        k->loop_generation = k->generation;
        k->poll_due = weir__add(now, k->poll_phase);
        *polls = 1;
    }
    return WEIR_OK;
}

weir_status weir__keda_reconcile(weir_keda *k, const weir_keda_input *input, weir_time now,
                                 int32_t *polls, struct weir__trace *trace, uint32_t *flags)
{
    weir_status status;

    *polls = 0;
    k->started = 1;
    status = k->paused ? pause(k, input, trace, flags) : reconcile_running(k, input, now, polls);
    if (status == WEIR_OK) {
        set(&k->stored[WEIR_KEDA_READY], WEIR_STATE_TRUE, WEIR_KEDA_REASON_READY);
    } else {
        set(&k->stored[WEIR_KEDA_READY], WEIR_STATE_FALSE, WEIR_KEDA_REASON_CHECK_FAILED);
        set(&k->stored[WEIR_KEDA_ACTIVE], WEIR_STATE_UNKNOWN, WEIR_KEDA_REASON_UNKNOWN_STATE);
    }
    if (!weir__fallback_works(&k->fallback, &k->modifiers)) {
        set(&k->stored[WEIR_KEDA_FALLBACK], WEIR_STATE_FALSE, WEIR_KEDA_REASON_NO_FALLBACK);
    }
    return status;
}

/* Whose names are equal. */
static int32_t find_metric(const weir_keda *k, const char *name)
{
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        if (weir__same_text(weir__keda_name(k, i), name)) {
            return (int32_t)i;
        }
    }
    return -1;
}

weir_status weir_keda_adopt(weir_keda *keda, weir_keda *from)
{
    weir_keda *k = keda;
    weir_status status;

    if (!weir__is_keda(k) || !weir__is_keda(from)) {
        return WEIR_E_ARG;
    }
    status = weir_hpa_adopt(weir__keda_hpa(k), weir__keda_hpa(from));
    if (status != WEIR_OK) {
        return status;
    }
    k->seen = from->seen;
    k->poll_due = from->poll_due;
    k->sync_due = from->sync_due;
    k->created = from->created;
    k->loop_generation = from->loop_generation;
    k->built_generation = from->built_generation;
    k->running = from->running;
    k->started = 0; /* the controller has to look at it */
    k->loop_known = from->loop_known;
    k->built = from->built;
    k->shared = from->shared;
    k->hpa_exists = from->hpa_exists;
    k->original = from->original;
    k->last_active = from->last_active;
    memcpy(k->stored, from->stored, sizeof k->stored);
    memcpy(k->served, from->served, sizeof k->served);
    for (uint32_t i = 0; i < k->trigger_count; i++) {
        struct weir__keda_slot *to = &weir__keda_slots(k)[i];
        int32_t old = find_metric(from, weir__keda_name(k, i));

        if (old >= 0) {
            const struct weir__keda_slot *slot = &weir__keda_slots(from)[old];

            to->activity = slot->activity;
            to->stored = slot->stored;
            to->served = slot->served;
            to->cache = slot->cache;
            to->observed = slot->observed;
            to->held = slot->held;
        }
    }
    for (uint32_t i = 0; i < from->zone_count; i++) {
        const struct weir__keda_zone *zone = &weir__keda_zones(from)[i];
        weir_zone view = {
            zone->count, zone->offset,
            (const weir_zone_change *)(const void *)((const uint8_t *)from + zone->changes_at)};

        if (zone->known) {
            weir_keda_set_zone(k, zone->name, &view);
        }
    }
    return WEIR_OK;
}
