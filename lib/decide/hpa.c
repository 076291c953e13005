/*
 * decide/hpa.c - an HPA's block, its status and what happens to it between steps.
 *
 * Upstream: pkg/controller/podautoscaler/horizontal.go.
 */
#include "base/num.h"
#include "base/text.h"
#include "decide/hpa_state.h"

static int is_hpa(const weir_hpa *h)
{
    return weir__block_is(h, WEIR_KIND_HPA);
}

/* ---- the block ------------------------------------------------------------------------------ */

struct layout {
    weir_behavior_config limits;
    size_t behavior_at, names_at, samples_at, bytes;
};

static int by_pod(const weir_hpa_metric *metric)
{
    return metric->source == WEIR_HPA_RESOURCE || metric->source == WEIR_HPA_CONTAINER_RESOURCE ||
           metric->source == WEIR_HPA_PODS;
}

static size_t name_bytes(const weir_hpa_metric *metric)
{
    return weir__length_within(metric->name, sizeof metric->name - 1) + 1;
}

static weir_status lay_out(const weir_hpa_config *own, struct layout *l, weir_error *err)
{
    size_t limits, names = 0, samples = 0;
    weir_status status;

    weir__hpa_limits_of(own, &l->limits);
    status = weir_behavior_bytes(&l->limits, &limits, err);
    if (status != WEIR_OK) {
        return status;
    }
    for (uint32_t i = 0; i < own->metric_count; i++) {
        names += name_bytes(&own->metrics[i]);
        samples += by_pod(&own->metrics[i]) ? (size_t)own->pod_reserve : 0;
    }
    l->behavior_at = sizeof(weir_hpa) + own->metric_count * sizeof(struct weir__hpa_slot);
    l->samples_at = l->behavior_at + limits;
    l->names_at = l->samples_at + samples * sizeof(weir_hpa_sample);
    l->bytes = l->names_at + weir__round_up8(names);
    return WEIR_OK;
}

weir_status weir_hpa_bytes(const weir_hpa_config *config, size_t *bytes, weir_error *err)
{
    weir_hpa_config own;
    struct layout l;
    weir_status status = weir__hpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = lay_out(&own, &l, err);
    }
    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
}

static void init_metrics(weir_hpa *h, const weir_hpa_config *own, const struct layout *l)
{
    size_t name_at = l->names_at, samples_at = l->samples_at;

    for (uint32_t i = 0; i < own->metric_count; i++) {
        const weir_hpa_metric *metric = &own->metrics[i];
        struct weir__hpa_slot *slot = &weir__hpa_slots(h)[i];

        weir__hpa_metric_of(metric, &slot->rule);
        weir_hpa_proposal_init(&slot->proposal, sizeof slot->proposal);
        slot->held.at = WEIR_TIME_NONE;
        slot->held.status = WEIR_NO_DATA;
        slot->request = metric->request > 0 ? metric->request : WEIR_HPA_NO_REQUEST;
        slot->sample_window = metric->sample_window > 0 ? metric->sample_window : 30 * WEIR_SECOND;
        slot->name_at = (uint32_t)name_at;
        memcpy((uint8_t *)h + name_at, metric->name, name_bytes(metric));
        name_at += name_bytes(metric);
        if (by_pod(metric) && own->pod_reserve > 0) {
            slot->samples_at = (uint32_t)samples_at;
            samples_at += (size_t)own->pod_reserve * sizeof(weir_hpa_sample);
        }
        h->has_outside_metric |=
            metric->source == WEIR_HPA_OBJECT || metric->source == WEIR_HPA_EXTERNAL;
    }
}

weir_status weir_hpa_init(weir_hpa *hpa, size_t bytes, const weir_hpa_config *config, weir_time now,
                          weir_error *err)
{
    weir_hpa *h = hpa;
    weir_hpa_config own;
    struct layout l;
    weir_status status = weir__hpa_config_take(&own, config, err);

    if (status == WEIR_OK) {
        status = lay_out(&own, &l, err);
    }
    if (status == WEIR_OK) {
        status = weir__block_fits(h, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(h, 0, l.bytes);
    weir__block_set(&h->block, WEIR_KIND_HPA, l.bytes);
    h->digest = weir__config_digest(&weir__hpa_table, &own);
    h->seen = WEIR_TIME_NONE;
    h->next_sync = now;
    h->sync_period = own.sync_period;
    weir__hpa_rules_of(&own, &h->rules);
    h->behavior_at = (uint32_t)l.behavior_at;
    h->metric_count = own.metric_count;
    h->pod_reserve = (uint32_t)own.pod_reserve;
    h->desired = WEIR_REPLICAS_UNKNOWN;
    h->winner = -1;
    h->last_scale = WEIR_TIME_NONE;
    init_metrics(h, &own, &l);
    return weir_behavior_init(weir__hpa_behavior(h), l.samples_at - l.behavior_at, &l.limits, err);
}

/* ---- steps ---------------------------------------------------------------------------------- */

weir_status weir_hpa_decide(weir_hpa *hpa, const weir_hpa_input *input, weir_time now,
                            weir_decision *out, weir_explain *explain)
{
    struct weir__hpa_step step;
    weir_status status = weir__hpa_input_check(input);
    int needed;

    if (!is_hpa(hpa) || out == NULL || status != WEIR_OK) {
        return status != WEIR_OK ? status : WEIR_E_ARG;
    }
    if (out->struct_size != sizeof *out ||
        (explain != NULL && explain->struct_size != sizeof *explain)) {
        return WEIR_E_STRUCT;
    }
    needed = input->scale_status == WEIR_OK && input->selector == WEIR_SELECTOR_FINE;
    if (needed && input->reading_count != hpa->metric_count) {
        return WEIR_E_RANGE;
    }
    for (uint32_t i = 0; needed && i < hpa->metric_count; i++) {
        status = weir__hpa_reading_check(&weir__hpa_slots(hpa)[i].rule, input, &input->readings[i]);
        if (status != WEIR_OK) {
            return status;
        }
    }
    step.spec_replicas = input->spec_replicas;
    step.status_replicas = input->status_replicas;
    step.scale_status = input->scale_status;
    step.selector = input->selector;
    step.now = now;
    step.input = input;
    step.target = NULL;
    return weir__hpa_reconcile(hpa, &step, out, explain);
}

weir_status weir_hpa_write_done(weir_hpa *hpa, weir_time at)
{
    if (!is_hpa(hpa) || !hpa->rescale.active) {
        return WEIR_E_ARG;
    }
    if (at < hpa->seen) {
        return WEIR_E_TIME;
    }
    hpa->rescale.at = at;
    hpa->last_scale = at;
    hpa->seen = at;
    return WEIR_OK;
}

weir_status weir_hpa_write_failed(weir_hpa *hpa)
{
    struct weir__hpa_rescale *rescale;

    if (!is_hpa(hpa) || !hpa->rescale.active) {
        return WEIR_E_ARG;
    }
    rescale = &hpa->rescale;
    rescale->active = 0;
    hpa->desired = rescale->desired_before;
    hpa->last_scale = rescale->last_scale_before;
    hpa->condition_count = rescale->condition_count;
    memcpy(hpa->conditions, rescale->conditions, sizeof hpa->conditions);
    weir__hpa_set_condition(hpa, WEIR_CONDITION_ABLE_TO_SCALE, 0, WEIR_REASON_FAILED_UPDATE_SCALE,
                            rescale->at);
    return WEIR_OK;
}

/* ---- status --------------------------------------------------------------------------------- */

/* Where a condition is or, now, comes; there are as many places as types. */
static uint32_t find_condition(weir_hpa *h, int32_t type, weir_time now)
{
    uint32_t i = h->condition_count;

    while (i > 0 && h->conditions[i - 1].type != type) {
        i--;
    }
    if (i > 0) {
        return i - 1;
    }
    h->conditions[h->condition_count] = (weir_hpa_condition){type, -1, 0, 0, now};
    return h->condition_count++;
}

void weir__hpa_set_condition(weir_hpa *h, int32_t type, int32_t status, int32_t reason,
                             weir_time now)
{
    uint32_t i = (uint32_t)type - 1; /* where it mostly is */

    if (i >= h->condition_count || h->conditions[i].type != type) {
        i = find_condition(h, type, now);
    }
    if (h->conditions[i].status != status) {
        h->conditions[i].status = status;
        h->conditions[i].since = now;
    }
    h->conditions[i].reason = reason;
}

weir_status weir_hpa_set_condition(weir_hpa *hpa, int32_t type, int32_t status)
{
    if (!is_hpa(hpa)) {
        return WEIR_E_ARG;
    }
    if (type < WEIR_CONDITION_NAMELESS || type > WEIR_CONDITION_SCALED_TO_ZERO || status < 0 ||
        status > 2) {
        return WEIR_E_RANGE;
    }
    weir__hpa_set_condition(hpa, type, status, WEIR_REASON_NONE, hpa->seen);
    return WEIR_OK;
}

weir_status weir_hpa_get_status(const weir_hpa *hpa, weir_hpa_status *status, size_t struct_size)
{
    if (!is_hpa(hpa) || status == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *status) {
        return WEIR_E_STRUCT;
    }
    memset(status, 0, sizeof *status);
    status->struct_size = (uint32_t)sizeof *status;
    status->condition_count = hpa->condition_count;
    status->current_replicas = hpa->current;
    status->desired_replicas = hpa->desired;
    status->metric = hpa->winner;
    status->rescale_reason = hpa->rescale_reason;
    status->metrics_evaluated = hpa->evaluated;
    status->metrics_failed = hpa->failed;
    status->last_scale_time = hpa->last_scale;
    status->next_sync = hpa->next_sync;
    memcpy(status->conditions, hpa->conditions, hpa->condition_count * sizeof hpa->conditions[0]);
    return WEIR_OK;
}

weir_status weir_hpa_get_proposal(const weir_hpa *hpa, uint32_t metric, weir_hpa_proposal *proposal,
                                  size_t struct_size)
{
    if (!is_hpa(hpa) || proposal == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *proposal) {
        return WEIR_E_STRUCT;
    }
    if (!hpa->evaluated || metric >= hpa->metric_count) {
        return WEIR_END;
    }
    *proposal = weir__hpa_slots_of(hpa)[metric].proposal;
    return WEIR_OK;
}

const char *weir_condition_name(int32_t type)
{
    static const char *const names[] = {"", "AbleToScale", "ScalingActive", "ScalingLimited",
                                        "ScaledToZero"};

    return type >= 0 && type < (int32_t)(sizeof names / sizeof names[0]) ? names[type] : "";
}

weir_behavior *weir_hpa_get_behavior(weir_hpa *hpa)
{
    if (!is_hpa(hpa)) {
        return NULL;
    }
    weir__hpa_settle(hpa);
    return weir__hpa_behavior(hpa);
}

/* ---- between steps -------------------------------------------------------------------------- */

weir_status weir_hpa_restart(weir_hpa *hpa)
{
    if (!is_hpa(hpa)) {
        return WEIR_E_ARG;
    }
    hpa->rescale.active = 0;
    return weir_behavior_forget(weir__hpa_behavior(hpa));
}

weir_status weir_hpa_adopt(weir_hpa *hpa, weir_hpa *from)
{
    weir_status status;

    if (!is_hpa(hpa) || !is_hpa(from)) {
        return WEIR_E_ARG;
    }
    weir__hpa_settle(from); /* by the rules that were in force */
    status = weir_behavior_adopt(weir__hpa_behavior(hpa), weir__hpa_behavior_of(from));
    if (status != WEIR_OK) {
        return status;
    }
    hpa->seen = from->seen;
    hpa->next_sync = from->next_sync;
    hpa->current = from->current;
    hpa->desired = from->desired;
    hpa->last_scale = from->last_scale;
    hpa->rescale.active = 0;
    hpa->condition_count = from->condition_count;
    memcpy(hpa->conditions, from->conditions, sizeof hpa->conditions);
    if (hpa->metric_count == from->metric_count) { /* until metrics are evaluated again */
        hpa->evaluated = from->evaluated;
        hpa->failed = from->failed;
        for (uint32_t i = 0; i < hpa->metric_count; i++) {
            weir__hpa_slots(hpa)[i].proposal = weir__hpa_slots(from)[i].proposal;
        }
    }
    return WEIR_OK;
}
