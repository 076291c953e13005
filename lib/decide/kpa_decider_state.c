/*
 * decide/kpa_decider_state.c - snapshots of a decider.
 */
#include "decide/kpa_state.h"

enum {
    RECORD_PANIC = 0x200,
    RECORD_TICK,
    RECORD_PODS,
    RECORD_DESIRED,
    RECORD_BURST,
    RECORD_DELAY = 0x210,
    RECORD_CONFIG = 0x220
};

void weir__decider_write(const weir_kpa_decider *d, struct weir__writer *w)
{
    weir__snapshot_i64(w, RECORD_PANIC, d->panic_since);
    weir__snapshot_i64(w, RECORD_TICK, d->next_tick);
    weir__snapshot_i64(w, RECORD_PODS, d->max_panic_pods);
    weir__snapshot_i64(w, RECORD_DESIRED, d->desired);
    weir__snapshot_i64(w, RECORD_BURST, d->excess_burst_capacity);
    if (d->delayed) {
        weir__max_window_write(weir__decider_delay_of(d), w, RECORD_DELAY);
    }
    /* The configuration in force, which an update may have changed since the decider was made. */
    weir__config_write(&weir__kpa_decider_table, &d->config, w, RECORD_CONFIG);
}

void weir__decider_read(const weir_kpa_decider *d, struct weir__reader *r,
                        struct weir__decider_image *image)
{
    memset(image, 0, sizeof *image);
    image->panic_since = weir__record_i64(r, RECORD_PANIC);
    image->next_tick = weir__record_i64(r, RECORD_TICK);
    image->max_panic_pods = (int32_t)weir__record_in(r, RECORD_PODS, INT32_MIN, INT32_MAX);
    image->desired = (int32_t)weir__record_in(r, RECORD_DESIRED, INT32_MIN, INT32_MAX);
    image->excess_burst_capacity = (int32_t)weir__record_in(r, RECORD_BURST, INT32_MIN, INT32_MAX);
    if (d->delayed) {
        weir__max_window_read(weir__decider_delay_of(d), r, RECORD_DELAY, &image->delay);
    }
    weir__config_read(&weir__kpa_decider_table, &image->config, r, RECORD_CONFIG);
    if (!r->failed &&
        weir__config_check(&weir__kpa_decider_table, &image->config, NULL) != WEIR_OK) {
        r->failed = 1;
        r->missing = RECORD_CONFIG;
    }
}

void weir__decider_commit(weir_kpa_decider *d, const struct weir__decider_image *image)
{
    d->panic_since = image->panic_since;
    d->next_tick = image->next_tick;
    d->max_panic_pods = image->max_panic_pods;
    d->desired = image->desired;
    d->excess_burst_capacity = image->excess_burst_capacity;
    d->config = image->config;
    if (d->delayed) {
        weir__max_window_commit(weir__decider_delay(d), &image->delay);
    }
}

weir_status weir_kpa_decider_save(const weir_kpa_decider *decider, uint8_t *buffer, size_t capacity,
                                  size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KPA_DECIDER, decider->digest);
    weir__decider_write(decider, &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_kpa_decider_load(weir_kpa_decider *decider, const uint8_t *buffer, size_t length,
                                  weir_error *err)
{
    struct weir__decider_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(decider, WEIR_KIND_KPA_DECIDER)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a decider");
    }
    status = weir__snapshot_read(&r, buffer, length, WEIR_KIND_KPA_DECIDER, decider->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__decider_read(decider, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__decider_commit(decider, &image);
    }
    return status;
}
