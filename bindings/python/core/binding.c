/*
 * binding.c - what the Python package needs beside the library's own functions; see binding.h.
 */
#include "binding.h"

#include <stdlib.h>
#include <string.h>

/* ---- one thread at a time ------------------------------------------------------------------- */

/* The flag is a plain word, so that the block's layout is the same to every compiler. */
static inline int take(weir_py_block *block)
{
    return __atomic_exchange_n(&block->busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static inline void give(weir_py_block *block)
{
    __atomic_store_n(&block->busy, 0, __ATOMIC_RELEASE);
}

void *weir_py_enter(weir_py_block *block)
{
    return take(block) ? block->state : NULL;
}

void weir_py_leave(weir_py_block *block)
{
    give(block);
}

/* Takes the state for a call: WEIR_OK, and then it has to be given back. */
static inline weir_status begin(weir_py_block *block)
{
    if (!take(block)) {
        return WEIR_PY_BUSY;
    }
    if (block->made) {
        return WEIR_OK;
    }
    give(block);
    return WEIR_PY_UNMADE;
}

/* ---- states --------------------------------------------------------------------------------- */

weir_status weir_py_bytes(int32_t kind, const void *config, size_t *bytes, weir_error *err)
{
    switch (kind) {
    case WEIR_KIND_WINDOW: return weir_window_bytes(config, bytes, err);
    case WEIR_KIND_KPA_COLLECTOR: return weir_kpa_collector_bytes(config, bytes, err);
    case WEIR_KIND_KPA_DECIDER: return weir_kpa_decider_bytes(config, bytes, err);
    case WEIR_KIND_KPA: return weir_kpa_bytes(config, bytes, err);
    case WEIR_KIND_HPA: return weir_hpa_bytes(config, bytes, err);
    case WEIR_KIND_BEHAVIOR: return weir_behavior_bytes(config, bytes, err);
    case WEIR_KIND_KEDA: return weir_keda_bytes(config, bytes, err);
    default: return WEIR_E_ARG;
    }
}

weir_status weir_py_make(int32_t kind, void *state, size_t bytes, const void *config, int64_t ready,
                         weir_time now, weir_error *err)
{
    switch (kind) {
    case WEIR_KIND_WINDOW: return weir_window_init(state, bytes, config, err);
    case WEIR_KIND_KPA_COLLECTOR: return weir_kpa_collector_init(state, bytes, config, err);
    case WEIR_KIND_KPA_DECIDER: return weir_kpa_decider_init(state, bytes, config, ready, now, err);
    case WEIR_KIND_KPA: return weir_kpa_init(state, bytes, config, ready, now, err);
    case WEIR_KIND_HPA: return weir_hpa_init(state, bytes, config, now, err);
    case WEIR_KIND_BEHAVIOR: return weir_behavior_init(state, bytes, config, err);
    case WEIR_KIND_KEDA: return weir_keda_init(state, bytes, config, now, err);
    default: return WEIR_E_ARG;
    }
}

weir_status weir_py_begin_idle(int32_t kind, void *state, int32_t replicas, weir_time now)
{
    if (replicas != 0) {
        return WEIR_OK;
    }
    return kind == WEIR_KIND_KPA   ? weir_kpa_set_idle(state, now)
           : kind == WEIR_KIND_HPA ? weir_hpa_set_condition(state, WEIR_CONDITION_SCALED_TO_ZERO, 1)
                                   : WEIR_OK;
}

/* ---- decisions ------------------------------------------------------------------------------ */

_Static_assert(offsetof(weir_py_decision, status) == sizeof(weir_decision),
               "a decision with its status begins as a decision");

static inline void *start(weir_py_block *block, weir_py_decision *out, weir_explain *explain)
{
    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof(weir_decision);
    out->status = begin(block);
    if (out->status == WEIR_OK && explain != NULL) {
        weir_explain_init(explain, sizeof *explain);
    }
    return out->status == WEIR_OK ? block->state : NULL;
}

weir_py_decision weir_py_kpa_decide(weir_py_block *block, int64_t ready, int32_t reachable,
                                    weir_time now, weir_explain *explain)
{
    weir_py_decision out;
    void *state = start(block, &out, explain);

    if (state != NULL) {
        out.status =
            weir_kpa_decide(state, ready, reachable, now, (weir_decision *)(void *)&out, explain);
        give(block);
    }
    return out;
}

weir_py_decision weir_py_decider_decide(weir_py_block *block, int64_t ready, double stable,
                                        double panic, weir_time now, weir_explain *explain)
{
    weir_py_decision out;
    void *state = start(block, &out, explain);

    if (state != NULL) {
        weir_kpa_decider_input input;

        weir_kpa_decider_input_init(&input, sizeof input);
        input.ready = ready;
        input.stable = stable;
        input.panic = panic;
        out.status =
            weir_kpa_decider_decide(state, &input, now, (weir_decision *)(void *)&out, explain);
        give(block);
    }
    return out;
}

weir_py_decision weir_py_hpa_decide(weir_py_block *block, const weir_hpa_input *input,
                                    weir_time now, weir_explain *explain)
{
    weir_py_decision out;
    void *state = start(block, &out, explain);

    if (state != NULL) {
        out.status = weir_hpa_decide(state, input, now, (weir_decision *)(void *)&out, explain);
        give(block);
    }
    return out;
}

weir_py_decision weir_py_keda_decide(weir_py_block *block, const weir_keda_input *input,
                                     weir_time now, weir_explain *explain)
{
    weir_py_decision out;
    void *state = start(block, &out, explain);

    if (state != NULL) {
        out.status = weir_keda_decide(state, input, now, (weir_decision *)(void *)&out, explain);
        give(block);
    }
    return out;
}

weir_py_decision weir_py_behavior_apply(weir_py_block *block, int32_t current, int32_t desired,
                                        weir_time now, weir_explain *explain)
{
    weir_py_decision out;
    void *state = start(block, &out, explain);

    if (state != NULL) {
        out.status = weir_behavior_apply(state, current, desired, now,
                                         (weir_decision *)(void *)&out, explain);
        give(block);
    }
    return out;
}

weir_py_decision weir_py_step(weir_py_block *block, int32_t spec, int32_t status, int32_t ready,
                              int32_t unreachable, const weir_pod *pods, uint32_t pod_count,
                              weir_time now, weir_explain *explain)
{
    weir_py_decision out;
    void *state = start(block, &out, explain);

    if (state != NULL) {
        weir_target target;

        weir_target_init(&target, sizeof target);
        target.spec_replicas = spec;
        target.status_replicas = status;
        target.ready_replicas = ready;
        target.unreachable = unreachable;
        target.pods = pods;
        target.pod_count = pod_count;
        out.status =
            weir_autoscaler_decide(state, &target, now, (weir_decision *)(void *)&out, explain);
        give(block);
    }
    return out;
}

weir_status weir_py_kpa_record(weir_py_block *block, weir_time at, double concurrency,
                               double proxied_concurrency, double rps, double proxied_rps)
{
    const weir_kpa_stat stat = {concurrency, proxied_concurrency, rps, proxied_rps};
    weir_status status = begin(block);

    if (status == WEIR_OK) {
        status = weir_kpa_record((weir_kpa *)(void *)block->state, at, &stat);
        give(block);
    }
    return status;
}

/* ---- replays -------------------------------------------------------------------------------- */

int32_t weir_py_rising(const weir_time *times, size_t count, size_t *where)
{
    for (size_t i = 1; i < count; i++) {
        if (times[i] <= times[i - 1]) {
            *where = i;
            return 0;
        }
    }
    return 1;
}

/* Memory that grows with the largest state of a batch. */
struct scratch {
    void *block;
    size_t bytes;
};

static int reserve(struct scratch *s, size_t bytes)
{
    void *grown;

    if (bytes <= s->bytes) {
        return 1;
    }
    grown = realloc(s->block, bytes);
    if (grown == NULL) {
        return 0;
    }
    s->block = grown;
    s->bytes = bytes;
    return 1;
}

/* A zone that is not among those given fails its trigger, as one that there is not. */
static weir_status set_zones(const weir_py_batch *batch, weir_keda *keda)
{
    const char *name;
    weir_status status = WEIR_OK;

    for (uint32_t i = 0; status == WEIR_OK && (name = weir_keda_zone_name(keda, i)) != NULL; i++) {
        for (size_t k = 0; k < batch->zone_count; k++) {
            if (strcmp(name, batch->zone_names[k]) == 0) {
                status = weir_keda_set_zone(keda, name, &batch->zones[k]);
            }
        }
    }
    return status;
}

static weir_status replay_one(const weir_py_batch *batch, size_t index, struct scratch *state,
                              struct scratch *replay, weir_error *err)
{
    const void *config = (const char *)batch->configs + index * batch->config_bytes;
    const weir_replay_config *world = &batch->worlds[batch->one_world ? 0 : index];
    size_t state_bytes, replay_bytes, next = 0, count;
    weir_status status = weir_py_bytes(batch->kind, config, &state_bytes, err);

    if (status == WEIR_OK) {
        status = weir_replay_bytes(world, &replay_bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (!reserve(state, state_bytes) || !reserve(replay, replay_bytes)) {
        return WEIR_E_MEMORY;
    }
    status = weir_py_make(batch->kind, state->block, state_bytes, config, world->initial_replicas,
                          batch->start, err);
    if (status == WEIR_OK) {
        status =
            weir_py_begin_idle(batch->kind, state->block, world->initial_replicas, batch->start);
    }
    if (status == WEIR_OK && batch->kind == WEIR_KIND_KEDA) {
        status = set_zones(batch, state->block);
    }
    if (status == WEIR_OK) {
        status = weir_replay_init(replay->block, replay_bytes, world, batch->start, err);
    }
    if (status == WEIR_OK) {
        status = weir_replay_run(replay->block, state->block, batch->rows, &next, batch->end, NULL,
                                 0, &count);
    }
    return status == WEIR_END ? weir_replay_report(replay->block, batch->end,
                                                   &batch->reports[index], sizeof(weir_report))
                              : status;
}

weir_status weir_py_replay_batch(const weir_py_batch *batch, size_t *failed, weir_error *err)
{
    struct scratch state = {NULL, 0}, replay = {NULL, 0};
    weir_status status = WEIR_OK;
    size_t i = 0;

    for (; i < batch->count && status == WEIR_OK; i++) {
        status = replay_one(batch, i, &state, &replay, err);
    }
    *failed = status == WEIR_OK ? batch->count : i - 1;
    free(state.block);
    free(replay.block);
    return status;
}

/* Makes decisions before `until`, up to number `index`: 1 when it was reached. */
static int decide_until(weir_replay *replay, void *autoscaler, weir_time until, uint64_t index,
                        uint64_t *made, weir_decision *decision, weir_explain *explain,
                        weir_target *target, weir_status *status)
{
    for (;;) {
        weir_decision_init(decision, sizeof *decision);
        weir_explain_init(explain, sizeof *explain);
        *status = weir_replay_next(replay, autoscaler, until, decision, explain, target);
        if (*status != WEIR_OK && *status != WEIR_NO_DATA) {
            return 0;
        }
        if ((*made)++ == index) {
            return 1;
        }
    }
}

weir_status weir_py_replay_explain(weir_replay *replay, void *autoscaler, const weir_rows *rows,
                                   weir_time end, uint64_t index, weir_decision *decision,
                                   weir_explain *explain, weir_target *target)
{
    weir_reading readings[WEIR_REPLAY_SERIES_MAX];
    uint64_t made = 0;
    weir_status status = WEIR_OK;

    weir_target_init(target, sizeof *target);
    for (size_t row = 0; row <= rows->count; row++) {
        weir_time at = row == rows->count    ? end
                       : rows->times != NULL ? rows->times[row]
                                             : rows->start + (weir_time)row * rows->step;

        if (decide_until(replay, autoscaler, at, index, &made, decision, explain, target,
                         &status)) {
            return status;
        }
        if (status != WEIR_END || row == rows->count) {
            return status;
        }
        for (uint32_t i = 0; i < rows->series_count; i++) {
            double value = rows->values[row * rows->series_count + i];
            int is_value = value == value;

            readings[i] = (weir_reading){
                at, (int32_t)i, -1, is_value ? WEIR_OK : WEIR_NO_DATA, 0, is_value ? value : 0.0};
        }
        status = weir_replay_record(replay, autoscaler, readings, rows->series_count);
        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_END;
}

/* ---- PromQL --------------------------------------------------------------------------------- */

static int64_t promql_bytes; /* changed and read atomically */

static void *get(void *user, size_t size)
{
    void *block = malloc(size);

    (void)user;
    if (block != NULL) {
        __atomic_add_fetch(&promql_bytes, (int64_t)size, __ATOMIC_RELAXED);
    }
    return block;
}

static void put(void *user, void *block, size_t size)
{
    (void)user;
    __atomic_sub_fetch(&promql_bytes, (int64_t)size, __ATOMIC_RELAXED);
    free(block);
}

static const weir_allocator heap = {get, put, NULL};

int64_t weir_py_promql_bytes(void)
{
    return __atomic_load_n(&promql_bytes, __ATOMIC_RELAXED);
}

weir_status weir_py_store_create(weir_series_store **store)
{
    return weir_series_store_create(&heap, store);
}

weir_status weir_py_promql_parse(const char *text, size_t length, weir_promql_expr **expr,
                                 weir_error *err)
{
    return weir_promql_parse(text, length, &heap, expr, err);
}

weir_status weir_py_promql_instant(const weir_series_store *store, const weir_promql_expr *expr,
                                   int64_t at_ms, const weir_promql_options *options,
                                   weir_promql_result **result, weir_error *err)
{
    return weir_promql_instant(store, expr, at_ms, options, &heap, result, err);
}

weir_status weir_py_promql_range(const weir_series_store *store, const weir_promql_expr *expr,
                                 int64_t start_ms, int64_t end_ms, int64_t step_ms,
                                 const weir_promql_options *options, weir_promql_result **result,
                                 weir_error *err)
{
    return weir_promql_range(store, expr, start_ms, end_ms, step_ms, options, &heap, result, err);
}
