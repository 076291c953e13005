/*
 * policy/keda_metric.c - from what triggers say to what the HPA gets: names, formula, fallback.
 *
 * Upstream: pkg/fallback/fallback.go, pkg/scaling/modifiers/modifiers.go,
 * apis/keda/v1alpha1/scaledobject_types.go.
 */
#include "base/text.h"
#include "policy/keda_rule.h"

weir_status weir_keda_metric_name(uint32_t index, const char *name, int32_t normalize, char *text,
                                  size_t capacity, size_t *need)
{
    struct weir__text out;

    if (name == NULL || (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__text_open(&out, text, capacity);
    weir__text_char(&out, 's');
    weir__text_int(&out, index);
    weir__text_char(&out, '-');
    for (; *name != '\0'; name++) {
        int odd = *name == '/' || *name == '.' || *name == ':' || *name == '%' || *name == '(' ||
                  *name == ')';

        if (normalize && odd) {
            weir__text_char(&out, '-');
        } else {
            weir__text_char(&out, *name);
        }
    }
    return weir__text_close(&out, need);
}

/* ---- formulas ------------------------------------------------------------------------------- */

static int has_name(const weir_keda_config *config, uint32_t i)
{
    const weir_keda_trigger *t = &config->triggers[i];

    return t->type != WEIR_TRIGGER_CPU && t->type != WEIR_TRIGGER_MEMORY &&
           (i + 1 >= config->trigger_count || !config->triggers[i + 1].continues);
}

static weir_status fail_at(weir_error *err, weir_status status, const char *field)
{
    if (err != NULL) {
        struct weir__text path;

        weir__text_open(&path, err->path, sizeof err->path);
        weir__text_str(&path, "modifiers.");
        weir__text_str(&path, field);
    }
    return status;
}

weir_status weir_keda_formula_compile(const weir_keda_config *config, weir_formula *formula,
                                      size_t bytes, weir_error *err)
{
    const char *names[WEIR_KEDA_TRIGGERS_MAX];
    struct weir__modifiers m;
    size_t length = 0;
    weir_status status;

    if (config == NULL || config->trigger_count > WEIR_KEDA_TRIGGERS_MAX) {
        return weir__fail(err, WEIR_E_ARG, "", "there is no configuration");
    }
    while (length + 1 < sizeof config->modifiers.formula &&
           config->modifiers.formula[length] != '\0') {
        length++;
    }
    if (length == 0) {
        weir__fail(err, WEIR_E_RANGE, "", "expected a formula: the other modifiers need one");
        return fail_at(err, WEIR_E_RANGE, "formula");
    }
    weir__modifiers_of(&config->modifiers, config->conversion, &m);
    if (m.target <= 0.0) { /* NaN passes, as there */
        weir__fail(err, WEIR_E_RANGE, "", "expected a number above 0: a formula needs a target");
        return fail_at(err, WEIR_E_RANGE, "target");
    }
    if (m.metric_type != WEIR_HPA_AVERAGE_VALUE && m.metric_type != WEIR_HPA_VALUE) {
        weir__fail(err, WEIR_E_RANGE, "", "expected AverageValue or Value");
        return fail_at(err, WEIR_E_RANGE, "metric_type");
    }
    for (uint32_t i = 0; i < config->trigger_count; i++) {
        names[i] = has_name(config, i) ? config->triggers[i].name : "";
    }
    status = weir_formula_compile(formula, bytes, config->modifiers.formula, length, names,
                                  config->trigger_count, err);
    return status == WEIR_OK ? status : fail_at(err, status, "formula");
}

weir_status weir_keda_composite(const weir_keda_config *config, const weir_formula *formula,
                                const double *values, uint64_t nil, int64_t *milli, weir_error *err)
{
    struct weir__modifiers m;
    weir_formula_result result;
    weir_status status;

    if (config == NULL || milli == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "an argument is NULL");
    }
    status = weir_formula_eval(formula, values, nil, &result, err);
    if (status == WEIR_E_ARG) {
        return status;
    }
    weir__modifiers_of(&config->modifiers, config->conversion, &m);
    if (status != WEIR_OK ||
        !weir__composite(&result, &config->fallback, &m, config->conversion, milli)) {
        if (status == WEIR_OK) {
            weir__fail(err, WEIR_NO_DATA, "modifiers.formula",
                       result.kind == WEIR_FORMULA_NIL
                           ? "gives nil, and there is no fallback to take its place"
                           : "gives something that is no float");
        }
        return WEIR_NO_DATA;
    }
    return WEIR_OK;
}

double weir_keda_double(double value)
{
    return weir__amount_of(value).value;
}

/* ---- fallback ------------------------------------------------------------------------------- */

/* One more failure; what an int32 cannot hold wraps, as there. */
static void count_failure(weir_keda_health *health)
{
    health->failures = health->failures == INT32_MAX ? INT32_MIN : health->failures + 1;
    health->status = WEIR_HEALTH_FAILING;
}

weir_status weir__fall_back(const struct weir__fallback_input *in, const weir_keda_observation *o,
                            weir_keda_health *health, int64_t *milli, int32_t *active)
{
    int works = weir__fallback_works(in->fallback, in->modifiers);
    struct weir__fallback_input own = *in;

    *active = 0;
    if (o->status == WEIR_OK) {
        if (works) {
            health->failures = 0;
            health->status = WEIR_HEALTH_HAPPY;
        }
        *milli = o->milli;
        return WEIR_OK;
    }
    if (!works) {
        return WEIR_NO_DATA;
    }
    count_failure(health);
    if (health->failures <= in->fallback->failure_threshold) {
        return WEIR_NO_DATA;
    }
    if (in->fallback->behavior == WEIR_FALLBACK_MODIFIERS) {
        *milli = -1000; /* a place is kept; the formula sees nil */
        return WEIR_OK;
    }
    own.replicas = o->replicas;
    own.ready_pods = o->ready_pods;
    own.replicas_known = o->replicas_status == WEIR_OK;
    own.pods_known = o->pods_status == WEIR_OK;
    if (!weir__fallback_value(&own, milli)) {
        return WEIR_NO_DATA;
    }
    *active = 1;
    return WEIR_OK;
}

weir_status weir_keda_fall_back(const weir_keda_config *config, uint32_t trigger,
                                const weir_keda_observation *observation, weir_keda_health *health,
                                int64_t *milli, int32_t *active)
{
    struct weir__fallback_input in;
    struct weir__modifiers m;

    if (config == NULL || observation == NULL || health == NULL || milli == NULL ||
        active == NULL) {
        return WEIR_E_ARG;
    }
    if (trigger >= config->trigger_count || trigger >= WEIR_KEDA_TRIGGERS_MAX) {
        return WEIR_E_RANGE;
    }
    weir__modifiers_of(&config->modifiers, config->conversion, &m);
    memset(&in, 0, sizeof in);
    in.fallback = &config->fallback;
    in.modifiers = &m;
    in.metric_type = config->triggers[trigger].metric_type;
    in.target = observation->target != 0.0 ? observation->target
                                           : weir__target_of(&config->triggers[trigger]);
    in.conversion = config->conversion;
    return weir__fall_back(&in, observation, health, milli, active);
}

int32_t weir_keda_falls_back(const weir_keda_config *config, const weir_keda_health *healths,
                             size_t count)
{
    for (size_t i = 0; config != NULL && healths != NULL && i < count; i++) {
        if (healths[i].status == WEIR_HEALTH_FAILING &&
            healths[i].failures > config->fallback.failure_threshold) {
            return 1;
        }
    }
    return 0;
}
