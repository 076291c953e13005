/*
 * manifest/keda_trigger.c - triggers to what they ask of the HPA: name, type and target of the
 * metric, and the value above which they are active. Here is what all types share; the types are in
 * keda_types.c and keda_others.c.
 *
 * Upstream: KEDA pkg/scalers/scaler.go; pkg/scaling/scalers_builder.go.
 */
#include "keda_trigger.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- shared --------------------------------------------------------------------------------- */

void weir__trigger_copy(struct weir__trigger_build *b, const char *key, const char *text,
                        size_t length, char *out, size_t room)
{
    if (length >= room) {
        struct weir__message m;

        weir__message_clear(&m);
        weir__message_add(&m, "is longer than weir has room for: at most ");
        weir__message_int(&m, (int64_t)room - 1);
        weir__message_add(&m, " bytes");
        weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, 0, &m);
        length = room - 1;
    }
    if (length > 0) {
        memcpy(out, text, length);
    }
    out[length] = '\0';
}

/* "s2-" and a name, which may be too long. */
void weir__trigger_name(struct weir__trigger_build *b, const char *key, const char *name,
                        int normalize)
{
    weir_keda_trigger *t = &b->out->trigger;
    size_t need = 0;

    if (weir_keda_metric_name((uint32_t)b->index, name, normalize, t->metric_name,
                              sizeof t->metric_name, &need) == WEIR_E_SPACE) {
        struct weir__message m;

        weir__message_clear(&m);
        weir__message_add(&m, "makes a metric's name of ");
        weir__message_int(&m, (int64_t)need - 1);
        weir__message_add(&m, " bytes, and weir has room for ");
        weir__message_int(&m, (int64_t)sizeof t->metric_name - 1);
        weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, 0, &m);
    }
}

int weir__keda_target(struct weir__keda_check *c, double number, struct weir__amount *out)
{
    char digits[400], text[402];
    size_t length = 0, count = 0;
    weir_error err;

    if (!(number >= 0) || isinf(number)) {
        number = 0;
    }
    snprintf(digits, sizeof digits, "%.3f", number);
    for (size_t i = 0; digits[i] != '\0'; i++) { /* whatever the locale's decimal point is */
        if (digits[i] >= '0' && digits[i] <= '9') {
            digits[count++] = digits[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (i + 3 == count) {
            text[length++] = '.';
        }
        text[length++] = digits[i];
    }
    switch (weir__amount_parse(out, text, length, c->arena, &err)) {
    case WEIR_OK: return 1;
    case WEIR_E_MEMORY: c->problems->out_of_memory = 1; return 1;
    default: return 0;
    }
}

/* The target of an External metric, which the API server wants above 0. */
void weir__trigger_target(struct weir__trigger_build *b, const char *key, double number)
{
    struct weir__message m;

    if (!weir__keda_target(b->c, number, &b->out->target)) {
        weir__metadata_error(b->c, b->in, key, 0, "is beyond what weir reads as a quantity");
        return;
    }
    b->out->trigger.target = weir_quantity_milli(&b->out->target.value);
    if (weir__keda_has_modifiers(&b->c->object->spec) || b->out->trigger.target > 0) {
        return; /* the composite metric has a target of its own */
    }
    weir__message_clear(&m);
    weir__message_add(&m, number > 1
                              ? "is more than the HPA can count: its target would be 0"
                              : "must be above 0: rounded to three decimals it is 0, a target "
                                "that the API server refuses in the HPA");
    weir__metadata_say(b->c, b->in, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_HPA, &m);
}

/* AverageValue, Value, or what no API server takes: KEDA hands on any word but Utilization. */
void weir__trigger_external_type(struct weir__trigger_build *b)
{
    const char *type = weir__keda_text(&b->in->metric_type);
    weir_keda_trigger *t = &b->out->trigger;
    struct weir__message m;

    b->out->target_type = type[0] != '\0' ? type : "AverageValue";
    t->metric_type = WEIR_HPA_AVERAGE_VALUE;
    if (strcmp(b->out->target_type, "AverageValue") == 0) {
        return;
    }
    t->metric_type = WEIR_HPA_VALUE;
    if (strcmp(type, "Value") == 0 || b->in->metric_type.state == WEIR__UNREADABLE) {
        return;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "must be AverageValue or Value, got ");
    weir__message_quote(&m, type, strlen(type));
    weir__keda_say(b->c, &b->in->is, "metricType", WEIR_PROBLEM_ERROR,
                   strcmp(type, "Utilization") == 0 ? WEIR_STAGE_BUILD : WEIR_STAGE_HPA, &m);
}

/* ---- a trigger ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int32_t type;
    void (*build)(struct weir__trigger_build *b);
} types[] = {
    {"prometheus", WEIR_TRIGGER_PROMETHEUS, weir__build_prometheus},
    {"cpu", WEIR_TRIGGER_CPU, weir__build_resource},
    {"memory", WEIR_TRIGGER_MEMORY, weir__build_resource},
    {"cron", WEIR_TRIGGER_CRON, weir__build_cron},
    {"metrics-api", WEIR_TRIGGER_METRICS_API, weir__build_metrics_api},
    {"external", WEIR_TRIGGER_EXTERNAL, weir__build_external},
    {"external-push", WEIR_TRIGGER_EXTERNAL_PUSH, weir__build_external},
    {"kubernetes-workload", WEIR_TRIGGER_KUBERNETES_WORKLOAD, weir__build_workload},
};

static void set_trigger_name(struct weir__trigger_build *b)
{
    const char *name = weir__keda_text(&b->in->name);
    weir_keda_trigger *t = &b->out->trigger;
    size_t length = strlen(name);

    if (length >= sizeof t->name) {
        weir__keda_error(b->c, &b->in->is, "name", 0, "is longer than weir has room for");
        length = sizeof t->name - 1;
    }
    memcpy(t->name, name, length);
}

void weir__keda_build_trigger(struct weir__keda_check *c, size_t index,
                              struct weir__keda_metric *out)
{
    struct weir__trigger_build b = {c, weir__keda_trigger_at(&c->object->spec, index), index, out};
    struct weir__keda_spot spot = weir__keda_enter_trigger(c, index);
    const char *type = weir__keda_text(&b.in->type);
    size_t i = 0;

    out->trigger.ignore_null_values = 1;
    out->trigger.use_cached_metrics = b.in->cached.value;
    out->target_type = "AverageValue";
    set_trigger_name(&b);
    while (i < WEIR__COUNT(types) && strcmp(types[i].name, type) != 0) {
        i++;
    }
    out->trigger.type = i < WEIR__COUNT(types) ? types[i].type : WEIR_TRIGGER_OTHER;
    if (i < WEIR__COUNT(types)) {
        types[i].build(&b);
    } else if (type[0] != '\0') {
        weir__build_other(&b);
    }
    weir__keda_leave(c, spot);
}
