/*
 * Snapshots from anywhere. The first byte chooses the state and whether the rest is a whole
 * snapshot or only its records, which then get the envelope (lib/base/bytes.h) that makes them pass
 * for whole: so a fuzzer gets behind the checksum. What is refused changes nothing; what is taken
 * can be saved, loaded again to the same, and used.
 */
#include "fuzz.h"

#include <string.h>
#include <weir/weir.h>

#define START (INT64_C(1700000040) * WEIR_SECOND)
enum { BLOCK_BYTES = 1 << 16, HEADER_BYTES = 24, KINDS = 8 };

struct block {
    _Alignas(8) uint8_t bytes[BLOCK_BYTES];
};

static void make(int kind, void *state)
{
    weir_window_config window;
    weir_kpa_config config;
    weir_kpa_collector_config collector;
    weir_kpa_decider_config decider;
    weir_behavior_config behavior;
    weir_hpa_config hpa;
    weir_status status;

    weir_behavior_config_init(&behavior, sizeof behavior);
    behavior.scale_up.stabilization_window = 30 * WEIR_SECOND;
    behavior.scale_down.stabilization_window = 60 * WEIR_SECOND;
    weir_hpa_config_init(&hpa, sizeof hpa);
    hpa.max_replicas = 9;
    hpa.downscale_stabilization = 60 * WEIR_SECOND;
    hpa.pod_reserve = 2;
    hpa.metric_count = 2;
    hpa.metrics[0] =
        (weir_hpa_metric){.source = WEIR_HPA_EXTERNAL, .target_type = WEIR_HPA_VALUE, .target = 5};
    hpa.metrics[1] = (weir_hpa_metric){
        .source = WEIR_HPA_PODS, .target_type = WEIR_HPA_AVERAGE_VALUE, .target = 3};
    weir_window_config_init(&window, sizeof window);
    window.window = 10 * WEIR_SECOND;
    window.reserve = 20 * WEIR_SECOND;
    window.lanes = 2;
    weir_kpa_config_init(&config, sizeof config);
    config.stable_window = 12 * WEIR_SECOND;
    config.scale_down_delay = 5 * WEIR_SECOND;
    weir_kpa_resolve(&config, &collector, &decider);
    switch (kind) {
    case 0:
    case 1:
        window.algorithm = kind == 1 ? WEIR_WINDOW_WEIGHTED : WEIR_WINDOW_LINEAR;
        status = weir_window_init(state, BLOCK_BYTES, &window, NULL);
        break;
    case 2: status = weir_max_window_init(state, BLOCK_BYTES, 10 * WEIR_SECOND, WEIR_SECOND); break;
    case 3: status = weir_kpa_collector_init(state, BLOCK_BYTES, &collector, NULL); break;
    case 4: status = weir_kpa_decider_init(state, BLOCK_BYTES, &decider, 1, START, NULL); break;
    case 5: status = weir_kpa_init(state, BLOCK_BYTES, &config, 1, START, NULL); break;
    case 6: status = weir_behavior_init(state, BLOCK_BYTES, &behavior, NULL); break;
    default: status = weir_hpa_init(state, BLOCK_BYTES, &hpa, START, NULL); break;
    }
    must(status == WEIR_OK);
}

static weir_status save(int kind, const void *state, uint8_t *buffer, size_t capacity, size_t *need)
{
    switch (kind) {
    case 0:
    case 1: return weir_window_save(state, buffer, capacity, need);
    case 2: return weir_max_window_save(state, buffer, capacity, need);
    case 3: return weir_kpa_collector_save(state, buffer, capacity, need);
    case 4: return weir_kpa_decider_save(state, buffer, capacity, need);
    case 5: return weir_kpa_save(state, buffer, capacity, need);
    case 6: return weir_behavior_save(state, buffer, capacity, need);
    default: return weir_hpa_save(state, buffer, capacity, need);
    }
}

static weir_status load(int kind, void *state, const uint8_t *bytes, size_t length, weir_error *err)
{
    switch (kind) {
    case 0:
    case 1: return weir_window_load(state, bytes, length, err);
    case 2: return weir_max_window_load(state, bytes, length, err);
    case 3: return weir_kpa_collector_load(state, bytes, length, err);
    case 4: return weir_kpa_decider_load(state, bytes, length, err);
    case 5: return weir_kpa_load(state, bytes, length, err);
    case 6: return weir_behavior_load(state, bytes, length, err);
    default: return weir_hpa_load(state, bytes, length, err);
    }
}

/* Readings of single pods, then a step as any autoscaler's. */
static void use_hpa(weir_hpa *hpa, weir_time at, weir_decision *decision, weir_explain *explain)
{
    const weir_pod pods[2] = {{START, START, WEIR_READY_TRUE, 0, WEIR_PHASE_RUNNING, 0},
                              {at, at, WEIR_READY_FALSE, 0, WEIR_PHASE_PENDING, 0}};
    weir_target target = {.struct_size = sizeof target,
                          .spec_replicas = (int32_t)(at / WEIR_SECOND % 5),
                          .status_replicas = 2,
                          .ready_replicas = 1,
                          .pods = pods,
                          .pod_count = 2};
    weir_reading readings[2] = {{.at = at, .pod = -1, .value = (double)(at / WEIR_SECOND % 40)},
                                {.at = at, .series = 1, .pod = 1, .value = 3}};

    weir_autoscaler_record(hpa, readings, 2);
    weir_autoscaler_decide(hpa, &target, at, decision, explain);
    weir_hpa_write_failed(hpa);
}

/* Uses a state as its owner would; only that nothing breaks is looked at. */
static void use(int kind, void *state)
{
    const double values[2] = {3, 4};
    const weir_kpa_stat stat = {5, 1, 10, 2};
    weir_kpa_averages averages;
    weir_kpa_reconcile_input cluster;
    weir_kpa_decider_input input;
    weir_decision decision;
    weir_explain explain;
    double read[2];

    weir_kpa_decider_input_init(&input, sizeof input);
    weir_decision_init(&decision, sizeof decision);
    weir_explain_init(&explain, sizeof explain);
    input.ready = 2;
    weir_kpa_reconcile_input_init(&cluster, sizeof cluster);
    cluster.ready = 2;
    cluster.has_private_service = 1;
    for (weir_time at = START; at < START + 40 * WEIR_SECOND; at += 3 * WEIR_SECOND) {
        switch (kind) {
        case 0:
        case 1:
            weir_window_average(state, at, read);
            weir_window_record(state, at, values);
            weir_window_average(state, at, read);
            weir_window_resize(state, (at % 20 + 1) * WEIR_SECOND, at);
            break;
        case 2: weir_max_window_record(state, at, (int32_t)(at % 7)); break;
        case 3:
            weir_kpa_collector_record(state, at, &stat);
            weir_kpa_collector_read(state, WEIR_KPA_RPS, at, &averages);
            break;
        case 4: weir_kpa_decider_decide(state, &input, at, &decision, &explain); break;
        case 5:
            weir_kpa_record(state, at, &stat);
            weir_kpa_decide(state, 2, 1, at, &decision, &explain);
            weir_kpa_step(state, &cluster, at, &decision, &explain);
            break;
        case 6:
            weir_behavior_apply(state, 3, (int32_t)(at / WEIR_SECOND % 11), at, &decision,
                                &explain);
            weir_behavior_scaled(state, 3, decision.replicas, at);
            break;
        default: use_hpa(state, at, &decision, &explain); break;
        }
    }
}

static uint32_t crc32_of(const uint8_t *bytes, size_t count)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ (UINT32_C(0xedb88320) & (0U - (crc & 1U)));
        }
    }
    return ~crc;
}

static void store32(uint8_t *at, size_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* The records in the envelope of a snapshot of `state`. Returns its length. */
static size_t wrap(int kind, const void *state, const uint8_t *records, size_t count,
                   uint8_t *snapshot, size_t capacity)
{
    size_t need;

    must(save(kind, state, snapshot, capacity, &need) == WEIR_OK);
    memcpy(snapshot + HEADER_BYTES, records, count);
    store32(snapshot + 12, count);
    store32(snapshot + HEADER_BYTES + count, crc32_of(snapshot, HEADER_BYTES + count));
    return HEADER_BYTES + count + 4;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct block state, before;
    static uint8_t given[BLOCK_BYTES], one[BLOCK_BYTES], two[BLOCK_BYTES];
    size_t length, first, second;
    weir_error error = {0};
    int kind;

    if (size < 1 || size > BLOCK_BYTES - HEADER_BYTES - 4) {
        return 0;
    }
    kind = (data[0] & 0x7f) % KINDS;
    memset(&state, 0, sizeof state);
    make(kind, state.bytes);
    before = state;
    if (data[0] & 0x80) {
        length = size - 1;
        memcpy(given, data + 1, length);
    } else {
        length = wrap(kind, state.bytes, data + 1, size - 1, given, sizeof given);
    }
    if (load(kind, state.bytes, given, length, &error) != WEIR_OK) {
        must(error.status < 0 && error.message[0] != '\0');
        must(memcmp(&state, &before, sizeof state) == 0);
        return 0;
    }
    must(save(kind, state.bytes, one, sizeof one, &first) == WEIR_OK);
    must(load(kind, before.bytes, one, first, NULL) == WEIR_OK);
    must(save(kind, before.bytes, two, sizeof two, &second) == WEIR_OK);
    must(first == second && memcmp(one, two, first) == 0);
    use(kind, state.bytes);
    return 0;
}
