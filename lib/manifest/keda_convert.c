/*
 * manifest/keda_convert.c - a ScaledObject to the configuration of weir's machine.
 */
#include "go_syntax.h"
#include "keda_spec.h"

#include <string.h>

static void say_room(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                     int64_t most, const char *of)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "weir has room for ");
    weir__message_int(&m, most);
    weir__message_add(&m, of);
    weir__keda_say(c, in, key, WEIR_PROBLEM_ERROR, 0, &m);
}

static void copy_text(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                      const struct weir__text *text, char *out, size_t room)
{
    const char *from = weir__keda_text(text);
    size_t length = strlen(from);

    if (length >= room) {
        say_room(c, in, key, (int64_t)room - 1, " bytes");
        length = room - 1;
    }
    memcpy(out, from, length);
    out[length] = '\0';
}

static void set_count(const struct weir__int32 *number, int32_t *out)
{
    if (number->state == WEIR__PRESENT) {
        *out = number->value;
    }
}

static void set_period(const struct weir__int32 *number, weir_duration *out)
{
    if (number->state == WEIR__PRESENT) {
        *out = number->value * WEIR_SECOND;
    }
}

static void convert_annotations(const struct weir__keda_object *object, weir_keda_config *config)
{
    int state = weir__keda_paused_replicas(object, &config->paused_replicas);

    config->paused = state != 0 || weir__keda_switch(object, WEIR__KEDA_PAUSED);
    config->paused_scale_in = weir__keda_switch(object, WEIR__KEDA_PAUSED_IN);
    config->paused_scale_out = weir__keda_switch(object, WEIR__KEDA_PAUSED_OUT);
    config->force_activation = weir__keda_switch(object, WEIR__KEDA_FORCE_ACTIVATION);
}

static void convert_fallback(const struct weir__keda_fallback *from, weir_keda_fallback *fallback)
{
    static const char *const words[] = {"static", "currentReplicas", "currentReplicasIfHigher",
                                        "currentReplicasIfLower", "scalingModifiers"};
    const char *behavior = weir__keda_text(&from->behavior);

    fallback->enabled = 1;
    fallback->failure_threshold = from->failure_threshold.value;
    fallback->replicas = from->replicas.value;
    fallback->behavior = WEIR_FALLBACK_UNNAMED;
    if (from->behavior.state == WEIR__ABSENT) {
        fallback->behavior = WEIR_FALLBACK_STATIC; /* the schema's default */
    }
    for (int32_t i = 0; i < 5; i++) {
        if (strcmp(behavior, words[i]) == 0) {
            fallback->behavior = i;
        }
    }
}

static void convert_modifiers(struct weir__keda_check *c, weir_keda_modifiers *modifiers)
{
    const struct weir__keda_advanced *advanced = &c->object->spec.advanced;
    const struct weir__keda_modifiers *from = &advanced->modifiers;
    struct weir__keda_spot spot = weir__keda_enter(c, &c->object->spec.is, "advanced");
    struct weir__keda_spot inner = weir__keda_enter(c, &advanced->is, "scalingModifiers");
    const char *formula = weir__keda_text(&from->formula);
    size_t length = strlen(formula);

    modifiers->enabled = weir__keda_has_modifiers(&c->object->spec);
    modifiers->metric_type = strcmp(weir__keda_text(&from->metric_type), "Value") == 0
                                 ? WEIR_HPA_VALUE
                                 : WEIR_HPA_AVERAGE_VALUE;
    copy_text(c, &from->is, "target", &from->target, modifiers->target, sizeof modifiers->target);
    copy_text(c, &from->is, "activationTarget", &from->activation_target,
              modifiers->activation_target, sizeof modifiers->activation_target);
    if (length < sizeof modifiers->formula) { /* one that is too long has been reported */
        memcpy(modifiers->formula, formula, length + 1);
    }
    weir__keda_leave(c, inner);
    weir__keda_leave(c, spot);
}

/* ---- behavior ------------------------------------------------------------------------------- */

static struct weir__hpa_rules *copy_rules(struct weir__keda_check *c,
                                          const struct weir__hpa_rules *rules)
{
    struct weir__hpa_rules *copy = NULL;

    if (rules != NULL) {
        copy = weir__arena_take(c->arena, sizeof *copy);
        c->problems->out_of_memory |= copy == NULL;
        if (copy != NULL) {
            *copy = *rules;
        }
    }
    return copy;
}

struct weir__hpa_behavior *weir__keda_copy_behavior(struct weir__keda_check *c)
{
    const struct weir__hpa_behavior *from = c->object->spec.advanced.hpa.behavior;
    struct weir__hpa_behavior *copy = NULL;

    if (from != NULL) {
        copy = weir__arena_take(c->arena, sizeof *copy);
        c->problems->out_of_memory |= copy == NULL;
        if (copy != NULL) {
            *copy = *from;
            copy->up = copy_rules(c, from->up);
            copy->down = copy_rules(c, from->down);
        }
    }
    return copy;
}

/* A spec of nothing but behavior, so that what is reported is about it alone. */
static void convert_behavior(struct weir__keda_check *c, weir_keda_config *config)
{
    const struct weir__keda_advanced *advanced = &c->object->spec.advanced;
    const char *const members[] = {"advanced", "horizontalPodAutoscalerConfig"};
    struct weir__path path = c->path;
    struct weir__hpa_spec spec;
    weir_hpa_config hpa;

    memset(&spec, 0, sizeof spec);
    weir_hpa_config_init(&hpa, sizeof hpa);
    hpa.semantics = config->semantics;
    hpa.configurable_tolerance = config->configurable_tolerance;
    spec.behavior = weir__keda_copy_behavior(c);
    if (spec.behavior == NULL || c->problems->out_of_memory) {
        return;
    }
    spec.is.node = advanced->hpa.is.node;
    spec.target.is.state = WEIR__UNREADABLE;
    spec.metrics.is.state = WEIR__UNREADABLE;
    spec.min_replicas.state = spec.max_replicas.state = WEIR__PRESENT;
    spec.min_replicas.value = spec.max_replicas.value = 1;
    weir__hpa_default(&spec, c->arena, c->problems);
    weir__hpa_drop(&spec, &hpa, NULL);
    for (size_t i = 0; i < 2; i++) {
        weir__path_key(&path, members[i], strlen(members[i]));
    }
    if (!c->behavior_is_wrong) {
        c->problems->stages = WEIR_STAGE_HPA;
        weir__hpa_check(&spec, &hpa, NULL, &path, c->mark, c->problems);
        c->problems->stages = 0;
    }
    weir__hpa_convert(&spec, &hpa, &path, c->mark, c->problems);
    config->behavior = 1;
    config->scale_up = hpa.scale_up;
    config->scale_down = hpa.scale_down;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static struct weir__keda_metric *convert_triggers(struct weir__keda_check *c,
                                                  weir_keda_config *config)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    struct weir__keda_metric *metrics =
        weir__arena_take(c->arena, spec->triggers.count * sizeof *metrics);

    if (metrics == NULL) {
        c->problems->out_of_memory = 1;
        return NULL;
    }
    if (spec->triggers.count > WEIR_KEDA_TRIGGERS_MAX) {
        say_room(c, &spec->is, "triggers", WEIR_KEDA_TRIGGERS_MAX, " triggers");
    }
    config->trigger_count = 0;
    for (size_t i = 0; i < spec->triggers.count; i++) {
        weir__keda_build_trigger(c, i, &metrics[i]);
        if (i < WEIR_KEDA_TRIGGERS_MAX) {
            config->triggers[config->trigger_count++] = metrics[i].trigger;
        }
    }
    return metrics;
}

struct weir__keda_metric *weir__keda_convert(struct weir__keda_check *c, weir_keda_config *config)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    struct weir__keda_metric *metrics;
    int32_t replicas;

    set_count(&spec->min, &config->min_replicas);
    set_count(&spec->max, &config->max_replicas);
    set_count(&spec->idle, &config->idle_replicas);
    set_period(&spec->polling, &config->polling_interval);
    set_period(&spec->cooldown, &config->cooldown_period);
    set_period(&spec->initial_cooldown, &config->initial_cooldown_period);
    config->restore_original = spec->advanced.restore.value;
    convert_annotations(c->object, config);
    if (spec->fallback != NULL && spec->fallback->is.state == WEIR__PRESENT) {
        convert_fallback(spec->fallback, &config->fallback);
    }
    convert_modifiers(c, &config->modifiers);
    convert_behavior(c, config);
    metrics = convert_triggers(c, config);
    if (weir__keda_paused_replicas(c->object, &replicas) < 0) {
        config->defect = WEIR_KEDA_BAD_PAUSE;
    } else if (c->stages & WEIR_STAGE_RECONCILE) {
        config->defect = WEIR_KEDA_REFUSED;
    } else if (c->stages & WEIR_STAGE_BUILD) {
        config->defect = WEIR_KEDA_UNBUILDABLE;
    }
    return metrics;
}
