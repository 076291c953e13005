/*
 * decide/autoscaler.c - the registry of kinds, and the common interface that dispatches on it.
 *
 * A new kind of autoscaler is one row in `kinds` and one row in `tables`.
 */
#include "decide/hpa_state.h"
#include "decide/keda_state.h"
#include "decide/kpa_state.h"
#include "decide/registry.h"

struct kind_row {
    const char *name;                       /* NULL: there is no such kind */
    const struct weir__autoscaler_ops *ops; /* NULL: a part that does not decide by itself */
};

/* By WEIR_KIND_*. */
static const struct kind_row kinds[] = {
    [WEIR_KIND_WINDOW] = {"window", NULL},
    [WEIR_KIND_MAX_WINDOW] = {"max-window", NULL},
    [WEIR_KIND_KPA_COLLECTOR] = {"kpa-collector", NULL},
    [WEIR_KIND_KPA_DECIDER] = {"kpa-decider", NULL},
    [WEIR_KIND_KPA] = {"kpa", &weir__kpa_ops},
    [WEIR_KIND_HPA] = {"hpa", &weir__hpa_ops},
    [WEIR_KIND_BEHAVIOR] = {"behavior", NULL},
    [WEIR_KIND_KEDA] = {"keda", &weir__keda_ops},
    [WEIR_KIND_FORMULA] = {"formula", NULL},
};

enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

struct table_row {
    int32_t config;
    const struct weir__table *table;
};

static const struct table_row tables[] = {
    {WEIR_CONFIG_WINDOW, &weir__window_table},
    {WEIR_CONFIG_KPA_COLLECTOR, &weir__kpa_collector_table},
    {WEIR_CONFIG_KPA_DECIDER, &weir__kpa_decider_table},
    {WEIR_CONFIG_KPA, &weir__kpa_table},
    {WEIR_CONFIG_HPA, &weir__hpa_table},
    {WEIR_CONFIG_BEHAVIOR, &weir__behavior_table},
    {WEIR_CONFIG_KEDA, &weir__keda_table},
};

weir_status weir_fields(int32_t config, const weir_field **fields, size_t *count)
{
    for (size_t i = 0; fields != NULL && count != NULL && i < sizeof tables / sizeof tables[0];
         i++) {
        if (tables[i].config == config) {
            *fields = tables[i].table->fields;
            *count = tables[i].table->count;
            return WEIR_OK;
        }
    }
    return WEIR_E_ARG;
}

static const struct kind_row *row_of(int32_t kind)
{
    return kind > 0 && kind < KIND_COUNT && kinds[kind].name != NULL ? &kinds[kind] : NULL;
}

const char *weir_kind_name(int32_t kind)
{
    const struct kind_row *row = row_of(kind);

    return row != NULL ? row->name : "unknown";
}

/* The row of a state block's kind; NULL for a pointer to anything else. */
static const struct kind_row *row_of_block(const void *autoscaler)
{
    const struct weir__block *block = autoscaler;

    return weir__aligned(block) && block->magic == WEIR__MAGIC ? row_of(block->kind) : NULL;
}

int32_t weir_autoscaler_kind(const void *autoscaler)
{
    const struct weir__block *block = autoscaler;

    return row_of_block(autoscaler) != NULL ? block->kind : 0;
}

size_t weir_autoscaler_bytes(const void *autoscaler)
{
    const struct weir__block *block = autoscaler;

    return row_of_block(autoscaler) != NULL ? (size_t)block->bytes : 0;
}

static const struct weir__autoscaler_ops *ops_of(const void *autoscaler)
{
    const struct kind_row *row = row_of_block(autoscaler);

    return row != NULL ? row->ops : NULL;
}

weir_status weir_target_init(weir_target *target, size_t struct_size)
{
    if (target == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != sizeof *target) {
        return WEIR_E_STRUCT;
    }
    memset(target, 0, sizeof *target);
    target->struct_size = (uint32_t)sizeof *target;
    return WEIR_OK;
}

static const char *name_of(const struct weir__autoscaler_ops *ops, const void *autoscaler,
                           int32_t series)
{
    if (series < 0) {
        return NULL;
    }
    if (ops->series_name != NULL) {
        return ops->series_name(autoscaler, series);
    }
    return series < ops->series_count ? ops->series[series] : NULL;
}

const struct weir__autoscaler_ops *weir__autoscaler_ops_of(const void *autoscaler)
{
    return ops_of(autoscaler);
}

const char *weir_autoscaler_series_name(const void *autoscaler, int32_t series)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? name_of(ops, autoscaler, series) : NULL;
}

int32_t weir_autoscaler_series_count(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);
    int32_t count = 0;

    if (ops == NULL) {
        return 0;
    }
    if (ops->series_name == NULL) {
        return ops->series_count;
    }
    while (ops->series_name(autoscaler, count) != NULL) {
        count++;
    }
    return count;
}

int32_t weir_autoscaler_main_series(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->main_series(autoscaler) : 0;
}

int32_t weir_autoscaler_zero(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL && ops->zero != NULL ? ops->zero(autoscaler) : WEIR_ZERO_ALWAYS;
}

weir_status weir_autoscaler_record(void *autoscaler, const weir_reading *readings, size_t count)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    if (ops == NULL || (readings == NULL && count > 0)) {
        return WEIR_E_ARG;
    }
    for (size_t i = 0; i < count; i++) {
        if (name_of(ops, autoscaler, readings[i].series) == NULL) {
            return WEIR_E_RANGE;
        }
        if (readings[i].at < 0) {
            return WEIR_E_TIME;
        }
    }
    return ops->record(autoscaler, readings, count);
}

weir_time weir_autoscaler_due(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->due(autoscaler) : WEIR_TIME_NEVER;
}

int32_t weir_autoscaler_poked(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->poked(autoscaler) : 0;
}

int32_t weir_autoscaler_watches_pods(const void *autoscaler)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->watches_pods : 0;
}

weir_status weir_autoscaler_decide(void *autoscaler, const weir_target *target, weir_time now,
                                   weir_decision *out, weir_explain *explain)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    if (ops == NULL || target == NULL || out == NULL) {
        return WEIR_E_ARG;
    }
    if (target->struct_size != sizeof *target || out->struct_size != sizeof *out) {
        return WEIR_E_STRUCT;
    }
    return ops->decide(autoscaler, target, now, out, explain);
}

int64_t weir_autoscaler_skip(void *autoscaler, weir_time until)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL && ops->skip != NULL ? ops->skip(autoscaler, until) : 0;
}

weir_status weir_autoscaler_save(const void *autoscaler, uint8_t *buffer, size_t capacity,
                                 size_t *need)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->save(autoscaler, buffer, capacity, need) : WEIR_E_ARG;
}

weir_status weir_autoscaler_load(void *autoscaler, const uint8_t *buffer, size_t length,
                                 weir_error *err)
{
    const struct weir__autoscaler_ops *ops = ops_of(autoscaler);

    return ops != NULL ? ops->load(autoscaler, buffer, length, err)
                       : weir__fail(err, WEIR_E_ARG, "", "this is not an autoscaler");
}
