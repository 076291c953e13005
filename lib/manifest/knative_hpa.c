/*
 * manifest/knative_hpa.c - the HorizontalPodAutoscaler that Knative makes for a revision of class
 * hpa.autoscaling.knative.dev.
 *
 * Upstream: knative.dev/serving pkg/reconciler/autoscaling/hpa/resources/hpa.go, MakeHPA().
 */
#include "knative_hpa.h"

#include <string.h>

#define MEBI 20 /* as a power of two */

static struct weir__text text_of(const char *text)
{
    return (struct weir__text){text, WEIR__PRESENT};
}

static struct weir__int32 int32_of(int32_t value)
{
    return (struct weir__int32){value, WEIR__PRESENT};
}

/* Go's int64(x). */
static int64_t whole(double x, int32_t conversion)
{
    if (x >= -0x1p63 && x < 0x1p63) {
        return (int64_t)x;
    }
    return x > 0 && conversion != WEIR_CONVERT_AMD64 ? INT64_MAX : INT64_MIN;
}

/* Go's math.Ceil(x), as far as an int32 reaches. */
static double round_up(double x)
{
    double t;

    if (!(x > -0x1p32 && x < 0x1p32)) {
        return x;
    }
    t = (double)(int64_t)x;
    return t < x ? t + 1.0 : t;
}

/* A number of units or of Mi as an amount, in canonical text. */
static void set_amount(struct weir__knative_hpa *made, int64_t number, int is_mebi)
{
    struct weir__amount *amount = &made->source.target.average_value;
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_int(&m, number);
    weir__message_add(&m, is_mebi ? "Mi" : "");
    weir_quantity_parse(m.text, m.length, &amount->value, NULL);
    weir_quantity_text(&amount->value, made->amount, sizeof made->amount, NULL);
    amount->text = made->amount;
    amount->state = WEIR__PRESENT;
}

/* Whole Mi of a product of int64 with 2^20, which wraps round. */
static int64_t wrapped_mebi(int64_t number)
{
    uint64_t bytes = (uint64_t)number << MEBI;

    return (int64_t)(bytes >> MEBI) - (bytes >> 63 ? INT64_C(1) << (64 - MEBI) : 0);
}

static void make_metric(struct weir__knative_hpa *made, const char *name, double target,
                        int32_t conversion)
{
    struct weir__hpa_source *source = &made->source;
    int is_cpu = strcmp(name, "cpu") == 0, is_memory = strcmp(name, "memory") == 0;
    int32_t type = is_cpu || is_memory ? WEIR_HPA_RESOURCE : WEIR_HPA_PODS;

    if (is_cpu) {
        source->target.type = text_of(weir__hpa_targets[WEIR_HPA_UTILIZATION]);
        source->target.average_utilization =
            int32_of(weir_f64_to_i32(round_up(target), conversion));
    } else {
        int64_t number = whole(target, conversion);

        source->target.type = text_of(weir__hpa_targets[WEIR_HPA_AVERAGE_VALUE]);
        set_amount(made, is_memory ? wrapped_mebi(number) : number, is_memory);
    }
    source->name = text_of(type == WEIR_HPA_RESOURCE ? name : NULL);
    source->metric.name = text_of(name);
    made->metric.type = text_of(weir__hpa_sources[type]);
    made->metric.sources[type] = source;
    made->spec.metrics.items = &made->metric;
    made->spec.metrics.count = 1;
}

/* Go's int32(d.Seconds()). */
static int32_t seconds_of(weir_duration d, int32_t conversion)
{
    int64_t seconds = d / WEIR_SECOND, rest = d % WEIR_SECOND;

    return weir_f64_to_i32((double)seconds + (double)rest / 1e9, conversion);
}

static void make_behavior(struct weir__knative_hpa *made, weir_duration window, int32_t conversion)
{
    made->up.window = int32_of(seconds_of(window, conversion));
    made->down.window = made->up.window;
    made->behavior.up = &made->up;
    made->behavior.down = &made->down;
    made->spec.behavior = &made->behavior;
}

void weir__knative_make_hpa(struct weir__knative_hpa *made, const weir_kpa_config *cluster,
                            const struct weir__pairs *annotations, const char *deployment,
                            int unreachable)
{
    weir_kpa_config own = *cluster;
    int32_t min, max;

    memset(made, 0, sizeof *made);
    own.target = WEIR_UNSET;
    own.stable_window = WEIR_TIME_NONE;
    weir__knative_use(&own, annotations);
    weir_kpa_scale_bounds(&own, unreachable, &min, &max);
    made->spec.target.api_version = text_of("apps/v1");
    made->spec.target.kind = text_of("Deployment");
    made->spec.target.name = text_of(deployment);
    made->spec.max_replicas = int32_of(max == 0 ? INT32_MAX : max);
    if (min > 0) {
        made->spec.min_replicas = int32_of(min);
    }
    if (own.target != WEIR_UNSET) {
        make_metric(made, weir_knative_metric(annotations->list, annotations->count), own.target,
                    own.conversion);
    }
    if (own.stable_window != WEIR_TIME_NONE) {
        make_behavior(made, own.stable_window, own.conversion);
    }
}

weir_status weir_knative_hpa(const weir_kpa_config *cluster, const weir_pair *annotations,
                             size_t count, const char *deployment, int32_t unreachable, char *text,
                             size_t capacity, size_t *need)
{
    struct weir__pairs pairs = {annotations, count};
    struct weir__knative_hpa made;
    size_t length;

    if (cluster == NULL || (annotations == NULL && count > 0) || deployment == NULL ||
        (text == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    if (cluster->struct_size != sizeof *cluster) {
        return WEIR_E_STRUCT;
    }
    weir__knative_make_hpa(&made, cluster, &pairs, deployment, unreachable);
    length = weir__hpa_print(&made.spec, text, capacity) + 1;
    if (need != NULL) {
        *need = length;
    }
    return length <= capacity ? WEIR_OK : WEIR_E_SPACE;
}
