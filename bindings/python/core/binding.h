/*
 * binding.h - what the Python package needs beside the library's own functions: states that two
 * threads cannot be in at once, a decision in one call, and batches.
 *
 * cffi gives the interpreter lock back around every call, so that two Python threads could be in
 * one state. A state therefore lies behind a header with a flag that each call takes; who finds it
 * taken gets WEIR_PY_BUSY, and nothing happens.
 */
#ifndef WEIR_PYTHON_BINDING_H
#define WEIR_PYTHON_BINDING_H

#include <weir/manifest.h>
#include <weir/promql.h>
#include <weir/weir.h>

enum {
    WEIR_PY_BUSY = 1001,   /* another thread is in this state */
    WEIR_PY_UNMADE = 1002, /* the state has not been made: it is when its first time is known */
    WEIR_PY_HEADER = 2     /* 8-byte words before a state */
};

/* The words of a block: its header, then the state. */
typedef struct weir_py_block {
    uint32_t busy;
    int32_t made;
    uint64_t state_bytes;
    uint64_t state[1];
} weir_py_block;

/* A decision with the status that came with it. Begins as weir_decision does. */
typedef struct weir_py_decision {
    uint32_t struct_size;
    int32_t replicas;
    int32_t current;
    int32_t valid;
    uint32_t flags;
    int32_t rule;
    int32_t excess_burst_capacity;
    uint32_t step_count;
    weir_time at;
    weir_time next;
    weir_status status;
    int32_t reserved;
} weir_py_decision;

/* Takes a state for one thread: its address, or NULL when another one has it. */
void *weir_py_enter(weir_py_block *block);
void weir_py_leave(weir_py_block *block);

/* Bytes of a state and making one, by the kind (WEIR_KIND_*) of its configuration. */
weir_status weir_py_bytes(int32_t kind, const void *config, size_t *bytes, weir_error *err);
weir_status weir_py_make(int32_t kind, void *state, size_t bytes, const void *config, int64_t ready,
                         weir_time now, weir_error *err);

/* A replay that begins with no pods has an autoscaler that scaled to zero itself. */
weir_status weir_py_begin_idle(int32_t kind, void *state, int32_t replicas, weir_time now);

/* What a call on a state comes to, with the flag taken around it. */
weir_py_decision weir_py_kpa_decide(weir_py_block *block, int64_t ready, int32_t reachable,
                                    weir_time now, weir_explain *explain);
weir_py_decision weir_py_decider_decide(weir_py_block *block, int64_t ready, double stable,
                                        double panic, weir_time now, weir_explain *explain);
weir_py_decision weir_py_hpa_decide(weir_py_block *block, const weir_hpa_input *input,
                                    weir_time now, weir_explain *explain);
weir_py_decision weir_py_keda_decide(weir_py_block *block, const weir_keda_input *input,
                                     weir_time now, weir_explain *explain);
weir_py_decision weir_py_behavior_apply(weir_py_block *block, int32_t current, int32_t desired,
                                        weir_time now, weir_explain *explain);
weir_py_decision weir_py_step(weir_py_block *block, int32_t spec, int32_t status, int32_t ready,
                              int32_t unreachable, const weir_pod *pods, uint32_t pod_count,
                              weir_time now, weir_explain *explain);
weir_status weir_py_kpa_record(weir_py_block *block, weir_time at, double concurrency,
                               double proxied_concurrency, double rps, double proxied_rps);

/* Sorted and without doubles: 1; else 0 and the first place that is not. */
int32_t weir_py_rising(const weir_time *times, size_t count, size_t *where);

/* Many configurations of one kind through one trace. */
typedef struct weir_py_batch {
    int32_t kind;
    int32_t one_world;   /* 1: `worlds` has one for all, else one each */
    const void *configs; /* one after the other */
    size_t config_bytes;
    size_t count;
    const weir_replay_config *worlds;
    const weir_rows *rows;
    weir_time start, end;
    weir_report *reports;    /* one each */
    char *const *zone_names; /* the zones that cron triggers may ask for */
    const weir_zone *zones;
    size_t zone_count;
} weir_py_batch;

/*
 * Replays them one after the other.
 * @param failed  set to the one that failed; what came before it is in the reports
 * @return WEIR_OK; WEIR_E_MEMORY; otherwise the error of the one that failed
 */
weir_status weir_py_replay_batch(const weir_py_batch *batch, size_t *failed, weir_error *err);

/*
 * Decision number `index` of a replay from its beginning, with its steps.
 * @return as weir_replay_next(); WEIR_END: there are not so many
 */
weir_status weir_py_replay_explain(weir_replay *replay, void *autoscaler, const weir_rows *rows,
                                   weir_time end, uint64_t index, weir_decision *decision,
                                   weir_explain *explain, weir_target *target);

/* A store of series in malloc's memory, and the same for expressions. */
weir_status weir_py_store_create(weir_series_store **store);
weir_status weir_py_promql_parse(const char *text, size_t length, weir_promql_expr **expr,
                                 weir_error *err);
weir_status weir_py_promql_instant(const weir_series_store *store, const weir_promql_expr *expr,
                                   int64_t at_ms, const weir_promql_options *options,
                                   weir_promql_result **result, weir_error *err);
weir_status weir_py_promql_range(const weir_series_store *store, const weir_promql_expr *expr,
                                 int64_t start_ms, int64_t end_ms, int64_t step_ms,
                                 const weir_promql_options *options, weir_promql_result **result,
                                 weir_error *err);

/* Bytes that PromQL has taken and not given back. */
int64_t weir_py_promql_bytes(void);

#endif
