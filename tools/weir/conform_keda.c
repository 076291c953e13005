/*
 * conform_keda.c - KEDA's rules alone: quantities, formulas, the fallback of one metric.
 */
#include "conform_keda.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>
#include <weir/quantity.h>

/* ---- shared --------------------------------------------------------------------------------- */

void keda_copy(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
}

int32_t keda_metric_type(const char *name)
{
    return strcmp(name, "Value") == 0         ? WEIR_HPA_VALUE
           : strcmp(name, "Utilization") == 0 ? WEIR_HPA_UTILIZATION
                                              : WEIR_HPA_AVERAGE_VALUE;
}

void keda_read_fallback(const cJSON *fallback, weir_keda_fallback *out)
{
    static const char *const names[] = {"static", "currentReplicas", "currentReplicasIfHigher",
                                        "currentReplicasIfLower", "scalingModifiers"};
    const char *behavior = conform_text(fallback, "behavior", "");

    memset(out, 0, sizeof *out);
    if (!cJSON_IsObject(fallback)) {
        return;
    }
    out->enabled = 1;
    out->failure_threshold = (int32_t)conform_int(fallback, "failureThreshold", 0);
    out->replicas = (int32_t)conform_int(fallback, "replicas", 0);
    out->behavior = WEIR_FALLBACK_UNNAMED;
    for (int32_t i = 0; i < (int32_t)(sizeof names / sizeof names[0]); i++) {
        out->behavior = strcmp(names[i], behavior) == 0 ? i : out->behavior;
    }
}

void keda_read_modifiers(const cJSON *modifiers, weir_keda_modifiers *out)
{
    const char *type = conform_text(modifiers, "metricType", "");

    memset(out, 0, sizeof *out);
    out->metric_type = keda_metric_type(type);
    keda_copy(out->formula, sizeof out->formula, conform_text(modifiers, "formula", ""));
    keda_copy(out->target, sizeof out->target, conform_text(modifiers, "target", ""));
    keda_copy(out->activation_target, sizeof out->activation_target,
              conform_text(modifiers, "activationTarget", ""));
    out->enabled = type[0] != '\0' || out->formula[0] != '\0' || out->target[0] != '\0' ||
                   out->activation_target[0] != '\0';
}

/* Thousands cut off a whole number as long as they come out even, and their suffix put behind, as
 * a quantity is written. */
static void put_suffix(char *digits)
{
    static const char suffixes[] = "kMGTPE";
    size_t length = strlen(digits), thousands = 0;

    while (thousands < sizeof suffixes - 1 && length > 3 &&
           memcmp(digits + length - 3, "000", 3) == 0) {
        length -= 3;
        thousands++;
    }
    if (thousands > 0) {
        digits[length++] = suffixes[thousands - 1];
        digits[length] = '\0';
    }
}

/* The text of what was printed with three decimals. */
static void put_quantity(cJSON *got, const char *name, char *digits)
{
    char text[WEIR_QUANTITY_TEXT_MAX];
    const char *shown = digits;
    weir_quantity q;

    if (weir_quantity_parse(digits, strlen(digits), &q, NULL) == WEIR_OK) {
        weir_quantity_text(&q, text, sizeof text, NULL);
        shown = q.verbatim ? digits : text;
    } else { /* more digits than weir reads: a whole number, as doubles of that size are */
        *strchr(digits, '.') = '\0';
        put_suffix(digits);
    }
    cJSON_AddStringToObject(got, name, shown);
}

void keda_put_amount(cJSON *got, double value)
{
    char digits[400];

    snprintf(digits, sizeof digits, "%.3f", value > 0.0 && value <= DBL_MAX ? value : 0.0);
    conform_put_int(got, "milli", weir_keda_milli(value));
    put_quantity(got, "quantity", digits);
}

void keda_put_target(cJSON *got, double target, int64_t milli)
{
    char digits[400];

    snprintf(digits, sizeof digits, "%.3f", target);
    conform_put_int(got, "target_milli", milli);
    put_quantity(got, "target", digits);
}

void keda_put_whole_target(cJSON *got, int64_t target, int64_t milli)
{
    char digits[40];

    snprintf(digits, sizeof digits, "%lld", (long long)target);
    conform_put_int(got, "target_milli", milli);
    cJSON_AddStringToObject(got, "target", digits);
}

/* ---- quantities ----------------------------------------------------------------------------- */

static void run_quantity(struct scenario *s)
{
    while (conform_next(s)) {
        double value = conform_double(s->step, "value", 0.0);
        cJSON *got = cJSON_CreateObject();

        keda_put_amount(got, value);
        conform_put_double(got, "double", weir_keda_double(value));
        conform_answer(s, got);
    }
}

/* ---- formulas ------------------------------------------------------------------------------- */

struct formula_run {
    weir_keda_config config;
    weir_formula *formula;
    size_t bytes;
};

static void read_formula(const struct scenario *s, struct formula_run *run)
{
    const cJSON *trigger;

    weir_keda_config_init(&run->config, sizeof run->config);
    run->config.conversion = WEIR_CONVERT_AMD64;
    keda_read_modifiers(s->config, &run->config.modifiers);
    keda_read_fallback(keda_at(s->config, "fallback"), &run->config.fallback);
    cJSON_ArrayForEach(trigger, keda_at(s->config, "triggers"))
    {
        weir_keda_trigger *t = &run->config.triggers[run->config.trigger_count];

        if (run->config.trigger_count == WEIR_KEDA_TRIGGERS_MAX) {
            break;
        }
        run->config.trigger_count++;
        t->type = conform_is(trigger, "type", "cpu") ? WEIR_TRIGGER_CPU : WEIR_TRIGGER_PROMETHEUS;
        keda_copy(t->name, sizeof t->name, conform_text(trigger, "name", ""));
    }
    run->bytes = weir_formula_bytes(strlen(run->config.modifiers.formula));
    run->formula = conform_block(run->bytes);
}

static cJSON *validate_formula(struct formula_run *run)
{
    const char *formula = run->config.modifiers.formula;
    char wrapped[WEIR_FORMULA_TEXT_MAX + 200];
    weir_status status = weir_keda_formula_compile(&run->config, run->formula, run->bytes, NULL);
    cJSON *got;

    if (status != WEIR_OK) {
        return conform_failure(status);
    }
    weir_formula_wrap(formula, strlen(formula), wrapped, sizeof wrapped, NULL);
    got = cJSON_CreateObject();
    cJSON_AddStringToObject(got, "wrapped", wrapped);
    return got;
}

static cJSON *run_formula(const struct scenario *s, const struct formula_run *run)
{
    const cJSON *values = keda_at(s->step, "values_milli"),
                *failures = keda_at(s->step, "failures");
    double doubles[WEIR_KEDA_TRIGGERS_MAX];
    uint64_t nil = 0;
    int64_t milli;
    cJSON *got;
    weir_status status;

    for (uint32_t i = 0; i < run->config.trigger_count; i++) {
        const char *name = run->config.triggers[i].name;

        doubles[i] = (double)conform_int(values, name, 0) * 0.001;
        if (!conform_has(values, name) ||
            (run->config.fallback.enabled &&
             run->config.fallback.behavior == WEIR_FALLBACK_MODIFIERS &&
             conform_int(failures, name, 0) > run->config.fallback.failure_threshold)) {
            nil |= UINT64_C(1) << i;
        }
    }
    status = weir_keda_composite(&run->config, run->formula, doubles, nil, &milli, NULL);
    if (status != WEIR_OK) {
        return conform_failure(status);
    }
    got = cJSON_CreateObject();
    conform_put_int(got, "milli", milli);
    return got;
}

static void run_modifiers(struct scenario *s)
{
    static const char *const actions[] = {"validate", "eval", NULL};
    struct formula_run *run = calloc(1, sizeof *run);

    if (run == NULL) {
        return;
    }
    read_formula(s, run);
    while (run->formula != NULL && conform_next(s)) {
        conform_answer(s, conform_action(s, actions) == 0 ? validate_formula(run)
                                                          : run_formula(s, run));
    }
    free(run->formula);
    free(run);
}

/* ---- fallback ------------------------------------------------------------------------------- */

enum { METRICS_MAX = 16 };

/* The healths by metric, as the status has them. */
struct healths {
    uint32_t count;
    const char *names[METRICS_MAX];
    weir_keda_health list[METRICS_MAX];
};

static weir_keda_health *health_of(struct healths *healths, const char *name)
{
    static weir_keda_health nobody;

    for (uint32_t i = 0; i < healths->count; i++) {
        if (strcmp(healths->names[i], name) == 0) {
            return &healths->list[i];
        }
    }
    if (healths->count == METRICS_MAX) {
        nobody = (weir_keda_health){0, 0};
        return &nobody;
    }
    healths->names[healths->count] = name;
    healths->list[healths->count] = (weir_keda_health){WEIR_HEALTH_NONE, 0};
    return &healths->list[healths->count++];
}

static void read_healths(const cJSON *health, struct healths *out)
{
    const cJSON *entry;

    cJSON_ArrayForEach(entry, health)
    {
        weir_keda_health *h = health_of(out, conform_key(entry));

        h->status = conform_is(entry, "status", "Happy") ? WEIR_HEALTH_HAPPY : WEIR_HEALTH_FAILING;
        h->failures = (int32_t)conform_int(entry, "failures", 0);
    }
}

static void put_healths(cJSON *got, const struct healths *healths)
{
    cJSON *all = cJSON_AddObjectToObject(got, "health");

    for (uint32_t i = 0; i < healths->count; i++) {
        if (healths->list[i].status != WEIR_HEALTH_NONE) {
            cJSON *entry = cJSON_AddObjectToObject(all, healths->names[i]);

            conform_put_int(entry, "failures", healths->list[i].failures);
            cJSON_AddStringToObject(entry, "status",
                                    healths->list[i].status == WEIR_HEALTH_HAPPY ? "Happy"
                                                                                 : "Failing");
        }
    }
}

static double target_of(const char *text)
{
    weir_quantity q;

    return weir_quantity_parse(text, strlen(text), &q, NULL) == WEIR_OK ? weir_quantity_double(&q)
                                                                        : 0.0;
}

static void run_fallback(struct scenario *s)
{
    weir_keda_config config;
    struct healths healths;
    const char *condition = "Unknown";

    memset(&healths, 0, sizeof healths);
    weir_keda_config_init(&config, sizeof config);
    config.conversion = WEIR_CONVERT_AMD64;
    keda_read_fallback(keda_at(s->config, "fallback"), &config.fallback);
    keda_read_modifiers(keda_at(s->config, "scalingModifiers"), &config.modifiers);
    config.trigger_count = 1;
    config.triggers[0].metric_type = keda_metric_type(conform_text(s->config, "metric_type", ""));
    read_healths(keda_at(s->config, "health"), &healths);
    while (conform_next(s)) {
        const char *metric = conform_text(s->step, "metric", "");
        weir_keda_health *health = health_of(&healths, metric), before = *health;
        weir_keda_observation o = {.target = target_of(conform_text(s->config, "target", "0"))};
        cJSON *got = cJSON_CreateObject();
        int32_t active;
        int64_t milli = 0;
        weir_status status;

        o.status = cJSON_IsTrue(keda_at(s->step, "is_error")) ? WEIR_E_IO : WEIR_OK;
        o.milli = conform_int(s->step, "value_milli", 0);
        o.replicas_status = conform_has(s->step, "current_replicas") ? WEIR_OK : WEIR_E_IO;
        o.replicas = (int32_t)conform_int(s->step, "current_replicas", 0);
        o.pods_status = o.replicas_status == WEIR_OK && conform_has(s->step, "ready_pods")
                            ? WEIR_OK
                            : WEIR_E_IO;
        o.ready_pods = (int32_t)conform_int(s->step, "ready_pods", 0);
        status = weir_keda_fall_back(&config, 0, &o, health, &milli, &active);
        if (memcmp(health, &before, sizeof before) != 0 || health->status == WEIR_HEALTH_HAPPY) {
            condition =
                weir_keda_falls_back(&config, healths.list, healths.count) ? "True" : "False";
        }
        if (status == WEIR_OK) {
            conform_put_int(got, "milli", milli);
            cJSON_AddStringToObject(
                got, "metric", active && config.modifiers.enabled ? "composite-metric" : metric);
        } else {
            cJSON_AddStringToObject(got, "error", "the failure stays");
        }
        cJSON_AddBoolToObject(got, "fallback_active", active);
        cJSON_AddStringToObject(got, "fallback_condition", condition);
        put_healths(got, &healths);
        conform_answer(s, got);
    }
}

const struct conform_op conform_keda_ops[] = {
    {"keda.quantity", run_quantity},
    {"keda.modifiers", run_modifiers},
    {"keda.fallback", run_fallback},
    {NULL, NULL},
};
