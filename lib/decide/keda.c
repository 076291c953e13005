/*
 * decide/keda.c - a ScaledObject's block, its zones, and what a step is given.
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
