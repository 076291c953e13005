/*
 * manifest/keda_hpa.c - the HPA that KEDA makes of a ScaledObject: bounds, metrics in its order,
 * behavior, labels.
 *
 * Upstream: KEDA controllers/keda/hpa.go.
 */
#include "go_syntax.h"
#include "keda_spec.h"

#include <math.h>
#include <string.h>

enum { DEFAULT_MAX = 100 };

struct make {
    struct weir__keda_check *c;
    const struct weir__keda_metric *metrics;
    struct weir__hpa_metric *out; /* in the order of the HPA */
    size_t count;
};

static void *take(struct make *m, size_t size)
{
    void *p = weir__arena_take(m->c->arena, size);

    m->c->problems->out_of_memory |= p == NULL;
    return p;
}

static void set_text(struct weir__text *text, const char *value)
{
    text->text = value;
    text->state = WEIR__PRESENT;
}

static void set_int32(struct weir__int32 *number, int32_t value)
{
    number->value = value;
    number->state = WEIR__PRESENT;
}

/* ---- metrics -------------------------------------------------------------------------------- */

/* Of a word that is none, KEDA's answer is a value of that type. */
static void set_target(struct weir__hpa_target *target, const char *type,
                       const struct weir__amount *amount)
{
    set_text(&target->type, type);
    if (strcmp(type, "AverageValue") == 0) {
        target->average_value = *amount;
    } else {
        target->value = *amount;
    }
}

static struct weir__hpa_source *add_metric(struct make *m, int32_t source)
{
    struct weir__hpa_metric *metric = &m->out[m->count];
    struct weir__hpa_source *s = take(m, sizeof *s);

    if (s != NULL) {
        m->count++;
        set_text(&metric->type, weir__hpa_sources[source]);
        metric->sources[source] = s;
    }
    return s;
}

static void add_external(struct make *m, const char *name, const char *type,
                         const struct weir__amount *target)
{
    struct weir__hpa_source *s = add_metric(m, WEIR_HPA_EXTERNAL);
    struct weir__hpa_selector *selector = take(m, sizeof *selector);
    const char **labels = take(m, 2 * sizeof *labels);

    if (s == NULL || selector == NULL || labels == NULL) {
        return;
    }
    labels[0] = "scaledobject.keda.sh/name";
    labels[1] = m->c->object->name;
    selector->labels.items = labels;
    selector->labels.count = 2;
    set_text(&s->metric.name, name);
    s->metric.selector = selector;
    set_target(&s->target, type, target);
}

static void add_resource(struct make *m, const struct weir__keda_metric *metric, int32_t source)
{
    struct weir__hpa_source *s = add_metric(m, source);

    if (s == NULL) {
        return;
    }
    set_text(&s->name, metric->trigger.type == WEIR_TRIGGER_CPU ? "cpu" : "memory");
    if (metric->trigger.container[0] != '\0') {
        set_text(&s->container, metric->trigger.container);
    }
    if (metric->trigger.metric_type == WEIR_HPA_UTILIZATION) {
        set_text(&s->target.type, "Utilization");
        set_int32(&s->target.average_utilization, (int32_t)metric->trigger.target);
    } else {
        set_target(&s->target, "AverageValue", &metric->target);
    }
}

static int32_t source_of(const weir_keda_trigger *trigger)
{
    if (trigger->type != WEIR_TRIGGER_CPU && trigger->type != WEIR_TRIGGER_MEMORY) {
        return WEIR_HPA_EXTERNAL;
    }
    return trigger->container[0] != '\0' ? WEIR_HPA_CONTAINER_RESOURCE : WEIR_HPA_RESOURCE;
}

/* The metric of a formula: its target is cut to thousandths, not rounded. */
static void add_composite(struct make *m)
{
    const struct weir__keda_modifiers *modifiers = &m->c->object->spec.advanced.modifiers;
    const char *text = weir__keda_text(&modifiers->target);
    const char *type = weir__keda_text(&modifiers->metric_type);
    struct weir__amount target;
    double number = 0, milli;
    weir_quantity q;
    char exact[WEIR_QUANTITY_TEXT_MAX];
    weir_error err;

    if (weir__go_float(text, strlen(text), &number) != WEIR__GO_OK) {
        number = 0;
    }
    milli = number * 1000;
    weir_quantity_from_milli(milli >= -0x1p63 && milli < 0x1p63 ? (int64_t)milli : INT64_MIN,
                             WEIR_QUANTITY_DECIMAL, &q);
    weir_quantity_text(&q, exact, sizeof exact, NULL);
    memset(&target, 0, sizeof target);
    if (weir__amount_parse(&target, exact, strlen(exact), m->c->arena, &err) == WEIR_E_MEMORY) {
        m->c->problems->out_of_memory = 1;
    }
    add_external(m, "composite-metric", type[0] != '\0' ? type : "AverageValue", &target);
}

/* Metrics by the name of their type; a formula's in place of all External ones, and without those
 * of containers. */
static void add_metrics(struct make *m)
{
    static const int32_t order[] = {WEIR_HPA_CONTAINER_RESOURCE, WEIR_HPA_EXTERNAL,
                                    WEIR_HPA_RESOURCE};
    const struct weir__keda_spec *spec = &m->c->object->spec;
    int composite = weir__keda_text(&spec->advanced.modifiers.target)[0] != '\0';

    for (int k = composite ? 2 : 0; k < 3; k++) {
        for (size_t i = 0; i < spec->triggers.count; i++) {
            const struct weir__keda_metric *metric = &m->metrics[i];

            if (source_of(&metric->trigger) != order[k]) {
                continue;
            }
            if (order[k] == WEIR_HPA_EXTERNAL) {
                add_external(m, metric->trigger.metric_name, metric->target_type, &metric->target);
            } else {
                add_resource(m, metric, order[k]);
            }
        }
    }
    if (composite) {
        add_composite(m);
    }
}

/* ---- behavior ------------------------------------------------------------------------------- */

/* A paused direction is the HPA's selectPolicy. */
static void pause(struct make *m, struct weir__hpa_spec *hpa, int down)
{
    struct weir__hpa_rules *rules;

    if (!weir__keda_switch(m->c->object, down ? WEIR__KEDA_PAUSED_IN : WEIR__KEDA_PAUSED_OUT)) {
        return;
    }
    if (hpa->behavior == NULL) {
        hpa->behavior = take(m, sizeof *hpa->behavior);
    }
    if (hpa->behavior == NULL) {
        return;
    }
    rules = down ? hpa->behavior->down : hpa->behavior->up;
    rules = rules != NULL ? rules : take(m, sizeof *rules);
    if (rules != NULL) {
        set_text(&rules->select, "Disabled");
    }
    if (down) {
        hpa->behavior->down = rules;
    } else {
        hpa->behavior->up = rules;
    }
}

/* ---- the spec ------------------------------------------------------------------------------- */

static const char *or_else(const struct weir__text *text, const char *otherwise)
{
    return weir__keda_text(text)[0] != '\0' ? text->text : otherwise;
}

struct weir__hpa_spec *weir__keda_hpa(struct weir__keda_check *c,
                                      const struct weir__keda_metric *metrics)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    struct make m = {c, metrics, NULL, 0};
    struct weir__hpa_spec *hpa = take(&m, sizeof *hpa);

    m.out = take(&m, (spec->triggers.count + 1) * sizeof *m.out);
    if (hpa == NULL || m.out == NULL) {
        return NULL;
    }
    set_text(&hpa->target.kind, or_else(&spec->target.kind, "Deployment"));
    set_text(&hpa->target.name, weir__keda_text(&spec->target.name));
    set_text(&hpa->target.api_version, or_else(&spec->target.api_version, "apps/v1"));
    set_int32(&hpa->min_replicas, spec->min.value > 0 ? spec->min.value : 1);
    set_int32(&hpa->max_replicas, spec->max.state == WEIR__PRESENT ? spec->max.value : DEFAULT_MAX);
    add_metrics(&m);
    hpa->metrics.items = m.out;
    hpa->metrics.count = m.count;
    hpa->metrics.is.state = WEIR__PRESENT;
    hpa->behavior = weir__keda_copy_behavior(c);
    pause(&m, hpa, 1);
    pause(&m, hpa, 0);
    return hpa;
}
