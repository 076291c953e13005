/*
 * manifest/keda_schema.c - what the API server refuses in a ScaledObject by the schema of the
 * custom resource.
 *
 * Upstream: KEDA config/crd/bases/keda.sh_scaledobjects.yaml.
 */
#include "keda_spec.h"

#include <string.h>

enum { WINDOW_MAX = 3600, DEFAULT_MAX = 100 };

static void require(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                    const struct weir__text *text)
{
    if (text->state == WEIR__ABSENT || (text->state == WEIR__PRESENT && text->text[0] == '\0')) {
        weir__keda_error(c, in, key, WEIR_STAGE_API,
                         text->state == WEIR__ABSENT ? "is missing" : "must not be empty");
    }
}

static void require_number(struct weir__keda_check *c, const struct weir__shaped *in,
                           const char *key, const struct weir__int32 *number)
{
    if (number->state == WEIR__ABSENT) {
        weir__keda_error(c, in, key, WEIR_STAGE_API, "is missing");
    }
}

static void at_least(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                     const struct weir__int32 *number, int32_t least)
{
    struct weir__message m;

    if (number->state == WEIR__PRESENT && number->value < least) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be at least ");
        weir__message_int(&m, least);
        weir__message_add(&m, ", got ");
        weir__message_int(&m, number->value);
        weir__keda_say(c, in, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_API, &m);
    }
}

/* `words` ends with NULL. */
static void one_of(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                   const struct weir__text *text, const char *const *words)
{
    struct weir__message m;

    if (text->state != WEIR__PRESENT) {
        return;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "must be one of ");
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text->text, words[i]) == 0) {
            return;
        }
        weir__message_add(&m, i > 0 ? ", " : "");
        weir__message_add(&m, words[i]);
    }
    weir__message_add(&m, ", got ");
    weir__message_quote(&m, text->text, strlen(text->text));
    weir__keda_say(c, in, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_API, &m);
}

static void check_target(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    struct weir__keda_spot spot;

    if (spec->target.is.state == WEIR__ABSENT) {
        weir__keda_error(c, &spec->is, "scaleTargetRef", WEIR_STAGE_API,
                         "is missing: it names what is scaled");
    } else if (spec->target.is.state == WEIR__PRESENT) {
        spot = weir__keda_enter(c, &spec->is, "scaleTargetRef");
        require(c, &spec->target.is, "name", &spec->target.name);
        weir__keda_leave(c, spot);
    }
}

/* The schema knows nothing of the 0 that KEDA counts as 1; see weir__keda_check_admission(). */
static void check_counts(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    const struct weir__int32 *min = &spec->min, *max = &spec->max;

    at_least(c, &spec->is, "pollingInterval", &spec->polling, 1);
    at_least(c, &spec->is, "initialCooldownPeriod", &spec->initial_cooldown, 0);
    at_least(c, &spec->is, "cooldownPeriod", &spec->cooldown, 0);
    at_least(c, &spec->is, "idleReplicaCount", &spec->idle, 0);
    at_least(c, &spec->is, "minReplicaCount", min, 0);
    at_least(c, &spec->is, "maxReplicaCount", max, 1);
    if (min->state == WEIR__PRESENT && max->state != WEIR__UNREADABLE &&
        min->value > (max->state == WEIR__PRESENT ? max->value : DEFAULT_MAX) && min->value < 1) {
        /* From 1 on the webhook's bounds are the same, and say it with KEDA's numbers. */
        weir__keda_error(c, &spec->is, "minReplicaCount", WEIR_STAGE_API,
                         "must not be above maxReplicaCount");
    }
}

static void check_trigger(struct weir__keda_check *c, const struct weir__keda_trigger *trigger)
{
    static const char *const kinds[] = {"TriggerAuthentication", "ClusterTriggerAuthentication",
                                        NULL};
    struct weir__keda_spot spot;

    if (trigger->is.state == WEIR__UNREADABLE) {
        return;
    }
    require(c, &trigger->is, "type", &trigger->type);
    if (trigger->metadata.is.state == WEIR__ABSENT) {
        weir__keda_error(c, &trigger->is, "metadata", WEIR_STAGE_API,
                         "is missing: it says what the trigger asks for");
    }
    if (trigger->authentication != NULL && trigger->authentication->is.state == WEIR__PRESENT) {
        spot = weir__keda_enter(c, &trigger->is, "authenticationRef");
        require(c, &trigger->authentication->is, "name", &trigger->authentication->name);
        one_of(c, &trigger->authentication->is, "kind", &trigger->authentication->kind, kinds);
        weir__keda_leave(c, spot);
    }
}

static void check_triggers(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;

    if (spec->triggers.is.state == WEIR__ABSENT) {
        weir__keda_error(c, &spec->is, "triggers",
                         WEIR_STAGE_API | WEIR_STAGE_WEBHOOK | WEIR_STAGE_RECONCILE,
                         "is missing: a ScaledObject needs a trigger");
    }
    for (size_t i = 0; i < spec->triggers.count; i++) {
        struct weir__keda_spot spot = weir__keda_enter_trigger(c, i);

        check_trigger(c, weir__keda_trigger_at(spec, i));
        weir__keda_leave(c, spot);
    }
}

static void check_fallback(struct weir__keda_check *c)
{
    static const char *const behaviors[] = {"static",
                                            "currentReplicas",
                                            "currentReplicasIfHigher",
                                            "currentReplicasIfLower",
                                            "scalingModifiers",
                                            NULL};
    const struct weir__keda_spec *spec = &c->object->spec;
    const struct weir__keda_fallback *fallback = spec->fallback;
    struct weir__keda_spot spot;

    if (fallback == NULL || fallback->is.state != WEIR__PRESENT) {
        return;
    }
    spot = weir__keda_enter(c, &spec->is, "fallback");
    require_number(c, &fallback->is, "failureThreshold", &fallback->failure_threshold);
    require_number(c, &fallback->is, "replicas", &fallback->replicas);
    one_of(c, &fallback->is, "behavior", &fallback->behavior, behaviors);
    weir__keda_leave(c, spot);
}

static void check_policies(struct weir__keda_check *c, const struct weir__hpa_rules *rules)
{
    const struct weir__hpa_policy *policy = rules->policies.items;

    for (size_t i = 0; i < rules->policies.count; i++, policy++) {
        struct weir__keda_spot spot = weir__keda_enter(c, &rules->is, "policies");

        weir__path_index(&c->path, i);
        if (policy->is.node != NULL) {
            c->mark = policy->is.node->mark;
        }
        if (policy->is.state != WEIR__UNREADABLE) {
            c->behavior_is_wrong |= policy->type.state == WEIR__ABSENT ||
                                    policy->value.state == WEIR__ABSENT ||
                                    policy->period.state == WEIR__ABSENT;
            if (policy->type.state == WEIR__ABSENT) {
                weir__keda_error(c, &policy->is, "type", WEIR_STAGE_API, "is missing");
            }
            require_number(c, &policy->is, "value", &policy->value);
            require_number(c, &policy->is, "periodSeconds", &policy->period);
        }
        weir__keda_leave(c, spot);
    }
}

static void check_rules(struct weir__keda_check *c, const struct weir__hpa_rules *rules)
{
    struct weir__message m;

    if (rules->window.state == WEIR__PRESENT &&
        (rules->window.value < 0 || rules->window.value > WINDOW_MAX)) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be in [0, 3600], got ");
        weir__message_int(&m, rules->window.value);
        weir__keda_say(c, &rules->is, "stabilizationWindowSeconds", WEIR_PROBLEM_ERROR,
                       WEIR_STAGE_API, &m);
        c->behavior_is_wrong = 1;
    }
    check_policies(c, rules);
}

static void check_advanced(struct weir__keda_check *c)
{
    static const char *const types[] = {"AverageValue", "Value", NULL};
    const struct weir__keda_advanced *advanced = &c->object->spec.advanced;
    const struct weir__hpa_behavior *behavior = advanced->hpa.behavior;
    struct weir__keda_spot spot = weir__keda_enter(c, &c->object->spec.is, "advanced"), inner;

    inner = weir__keda_enter(c, &advanced->is, "scalingModifiers");
    if (strcmp(weir__keda_text(&advanced->modifiers.metric_type), "Utilization") != 0) {
        one_of(c, &advanced->modifiers.is, "metricType", &advanced->modifiers.metric_type, types);
    } /* which the webhook refuses too */
    weir__keda_leave(c, inner);
    inner = weir__keda_enter(c, &advanced->is, "horizontalPodAutoscalerConfig");
    for (int down = 0; behavior != NULL && down < 2; down++) {
        const struct weir__hpa_rules *rules = down ? behavior->down : behavior->up;
        size_t length = c->path.length;

        if (rules != NULL && rules->is.state == WEIR__PRESENT) {
            weir__path_text(&c->path, down ? ".behavior.scaleDown" : ".behavior.scaleUp");
            check_rules(c, rules);
            weir__path_cut(&c->path, length);
        }
    }
    weir__keda_leave(c, inner);
    weir__keda_leave(c, spot);
}

void weir__keda_check_schema(struct weir__keda_check *c)
{
    if (c->object->spec.is.state != WEIR__PRESENT) {
        return;
    }
    check_target(c);
    check_counts(c);
    check_triggers(c);
    check_fallback(c);
    check_advanced(c);
}
