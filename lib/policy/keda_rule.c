/*
 * policy/keda_rule.c - the arithmetic of KEDA.
 *
 * Two roundings live side by side: what a trigger measures is rounded to three decimals, what a
 * formula or a fallback gives is cut off after them.
 *
 * Upstream: pkg/scalers/scaler.go (GenerateMetricInMili), pkg/fallback/fallback.go,
 * pkg/scaling/modifiers/modifiers.go, k8s.io/apimachinery pkg/api/resource.
 */
#include "policy/keda_rule.h"
#include "base/real.h"
#include "base/text.h"

/* ---- amounts -------------------------------------------------------------------------------- */

/* Whether n x 2^exponent without its factors of a thousand, of which a suffix takes up to six, has
 * at most 18 digits: longer texts are read another way. */
static int is_short(uint64_t n, int64_t exponent)
{
    for (int k = 0; k < 6 && n % 125 == 0 && exponent >= 3; k++) {
        n /= 125;
        exponent -= 3;
    }
    return exponent < 64 && n <= UINT64_C(999999999999999999) >> exponent;
}

/* Thousandths of a whole number so large that an int64 cannot hold them, by the way of its text:
 * with a suffix they become 0, and a suffix beyond E is dropped. */
static int64_t wrapped_milli(double value)
{
    uint64_t u = weir__bits(value), mantissa = (u & UINT64_C(0x000fffffffffffff)) | UINT64_C(1)
                                                                                        << 52;
    uint64_t five21 = UINT64_C(476837158203125), n = mantissa;
    int64_t exponent = (int64_t)(u >> 52 & 0x7ff) - 1075;

    for (; exponent < 0 || (n & 1) == 0; exponent++) { /* a whole number, 2^exponent taken out */
        n >>= 1;
    }
    if (exponent >= 3 && n % 125 == 0) { /* thousands: k, M, ... */
        if (exponent >= 21 && n % five21 == 0) {
            n /= five21;
            exponent -= 21;
        } else if (is_short(n, exponent)) {
            return 0;
        }
    }
    return exponent > 63 ? 0 : (int64_t)(n * 1000 << exponent);
}

struct weir__amount weir__amount_of(double value)
{
    struct weir__amount amount = {0, 0.0};

    if (!(value > 0.0) || value == WEIR__INF) {
        return amount;
    }
    if (value < 1e15) {
        return weir__amount_of_milli(weir__milli_of(value));
    }
    amount.value = value * 1e9 * 1e-9; /* more than 18 digits are kept as billionths there */
    /* The last whole number whose thousandths fit is 9223372036854775; doubles are even here. */
    amount.milli = value < 9223372036854775.0 ? weir__milli_of(value) : wrapped_milli(value);
    return amount;
}

struct weir__amount weir__amount_of_milli(int64_t milli)
{
    struct weir__amount amount = {milli, (double)milli * 0.001};

    return amount;
}

/* Whole targets of external scalers are kept whole, all others as thousandths. */
double weir__target_of(const weir_keda_trigger *trigger)
{
    int external =
        trigger->type == WEIR_TRIGGER_EXTERNAL || trigger->type == WEIR_TRIGGER_EXTERNAL_PUSH;
    int64_t whole = trigger->target / 1000;

    return external && trigger->target % 1000 == 0 ? (double)whole
                                                   : (double)trigger->target * 0.001;
}

int64_t weir_keda_milli(double value)
{
    return weir__amount_of(value).milli;
}

/* ---- scaling modifiers ---------------------------------------------------------------------- */

void weir__modifiers_of(const weir_keda_modifiers *from, int32_t conversion,
                        struct weir__modifiers *out)
{
    size_t length = weir__length_within(from->target, sizeof from->target);
    int64_t whole;

    out->enabled = from->enabled;
    out->metric_type = from->metric_type;
    out->has_target = length > 0;
    out->reserved = 0;
    if (weir__parse_real(from->target, length, &out->target) != WEIR_OK) {
        out->target = 0.0;
    }
    out->target_milli = weir__convert_i64(out->target * 1000.0, conversion);
    out->target_is_whole =
        weir__parse_whole(from->target, length, 10, &whole) == WEIR_OK && whole > 0;
    length = weir__length_within(from->activation_target, sizeof from->activation_target);
    out->activation = 0.0;
    out->activation_is_read = length == 0 || weir__parse_real(from->activation_target, length,
                                                              &out->activation) == WEIR_OK;
}

int weir__composite(const weir_formula_result *result, const weir_keda_fallback *fallback,
                    const struct weir__modifiers *m, int32_t conversion, int64_t *milli)
{
    double value = result->value;

    if (result->kind == WEIR_FORMULA_OTHER ||
        (result->kind == WEIR_FORMULA_NIL && !fallback->enabled)) {
        return 0;
    }
    if (result->kind == WEIR_FORMULA_NIL) {
        value = (double)fallback->replicas * m->target;
    }
    *milli = weir__convert_i64(value * 1000.0, conversion);
    return 1;
}

/* ---- fallback ------------------------------------------------------------------------------- */

int weir__fallback_works(const weir_keda_fallback *fallback, const struct weir__modifiers *m)
{
    return fallback->enabled && fallback->failure_threshold >= 0 && fallback->replicas >= 0 &&
           (!m->enabled || m->target_is_whole);
}

static int32_t replicas_of(const struct weir__fallback_input *in)
{
    int32_t wanted = in->fallback->replicas;

    switch (in->fallback->behavior) {
    case WEIR_FALLBACK_CURRENT: return in->replicas;
    case WEIR_FALLBACK_CURRENT_IF_HIGHER: return in->replicas > wanted ? in->replicas : wanted;
    case WEIR_FALLBACK_CURRENT_IF_LOWER: return in->replicas < wanted ? in->replicas : wanted;
    default: return wanted;
    }
}

int weir__fallback_value(const struct weir__fallback_input *in, int64_t *milli)
{
    const struct weir__modifiers *m = in->modifiers;
    int32_t type = m->enabled ? m->metric_type : in->metric_type;
    double replicas, target;

    if (in->fallback->behavior != WEIR_FALLBACK_STATIC && !in->replicas_known) {
        return 0;
    }
    replicas = (double)replicas_of(in);
    if (type == WEIR_HPA_VALUE) {
        if (!in->pods_known || in->ready_pods == 0) {
            return 0;
        }
        replicas = replicas / (double)in->ready_pods;
    }
    target = m->enabled ? m->target : in->target;
    *milli = weir__convert_i64(target * 1000.0 * replicas, in->conversion);
    return 1;
}
