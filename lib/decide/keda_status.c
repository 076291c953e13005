/*
 * decide/keda_status.c - what a ScaledObject says of itself.
 *
 * Upstream: apis/keda/v1alpha1/condition_types.go, pkg/scaling/executor.
 */
#include "decide/keda_state.h"

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
