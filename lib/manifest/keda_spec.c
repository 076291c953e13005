/*
 * manifest/keda_spec.c - the shape of a ScaledObject's spec, and what its annotations say.
 *
 * Upstream: KEDA apis/keda/v1alpha1, scaledobject_types.go and scaletriggers_types.go.
 */
#include "keda_spec.h"
#include "go_syntax.h"

#include <string.h>

/* ---- shapes, in upstream's order ------------------------------------------------------------ */

#define COUNT(list) (sizeof(list) / sizeof(list)[0])
#define SHAPE(list, type)                                                                          \
    {                                                                                              \
        list, COUNT(list), sizeof(type)                                                            \
    }
#define AT(type, member) offsetof(struct weir__keda_##type, member)
#define TEXT(key, type, member)                                                                    \
    {                                                                                              \
        key, WEIR__TEXT, WEIR__IF_PRESENT, AT(type, member), NULL                                  \
    }
#define INT32(key, type, member)                                                                   \
    {                                                                                              \
        key, WEIR__INT32, WEIR__IF_PRESENT, AT(type, member), NULL                                 \
    }
#define BOOL(key, type, member)                                                                    \
    {                                                                                              \
        key, WEIR__BOOL, WEIR__IF_PRESENT, AT(type, member), NULL                                  \
    }
#define STRUCT(key, type, member, of)                                                              \
    {                                                                                              \
        key, WEIR__STRUCT, WEIR__IF_PRESENT, AT(type, member), of                                  \
    }
#define POINTER(key, type, member, of)                                                             \
    {                                                                                              \
        key, WEIR__POINTER, WEIR__IF_PRESENT, AT(type, member), of                                 \
    }

static const struct weir__member target_members[] = {
    TEXT("name", target, name),
    TEXT("apiVersion", target, api_version),
    TEXT("kind", target, kind),
    TEXT("envSourceContainerName", target, container),
};
static const struct weir__shape target_shape = SHAPE(target_members, struct weir__keda_target);

static const struct weir__member hpa_members[] = {
    POINTER("behavior", hpa, behavior, &weir__hpa_behavior_shape),
    TEXT("name", hpa, name),
};
static const struct weir__shape hpa_shape = SHAPE(hpa_members, struct weir__keda_hpa);

static const struct weir__member modifiers_members[] = {
    TEXT("formula", modifiers, formula),
    TEXT("target", modifiers, target),
    TEXT("activationTarget", modifiers, activation_target),
    TEXT("metricType", modifiers, metric_type),
};
static const struct weir__shape modifiers_shape =
    SHAPE(modifiers_members, struct weir__keda_modifiers);

static const struct weir__member advanced_members[] = {
    STRUCT("horizontalPodAutoscalerConfig", advanced, hpa, &hpa_shape),
    BOOL("restoreToOriginalReplicaCount", advanced, restore),
    STRUCT("scalingModifiers", advanced, modifiers, &modifiers_shape),
};
static const struct weir__shape advanced_shape =
    SHAPE(advanced_members, struct weir__keda_advanced);

static const struct weir__member fallback_members[] = {
    INT32("failureThreshold", fallback, failure_threshold),
    INT32("replicas", fallback, replicas),
    TEXT("behavior", fallback, behavior),
};
static const struct weir__shape fallback_shape =
    SHAPE(fallback_members, struct weir__keda_fallback);

static const struct weir__member authentication_members[] = {
    TEXT("name", authentication, name),
    TEXT("kind", authentication, kind),
};
static const struct weir__shape authentication_shape =
    SHAPE(authentication_members, struct weir__keda_authentication);

static const struct weir__member trigger_members[] = {
    TEXT("type", trigger, type),
    TEXT("name", trigger, name),
    BOOL("useCachedMetrics", trigger, cached),
    {"metadata", WEIR__STRINGS, WEIR__IF_PRESENT, AT(trigger, metadata), NULL},
    POINTER("authenticationRef", trigger, authentication, &authentication_shape),
    TEXT("metricType", trigger, metric_type),
};
static const struct weir__shape trigger_shape = SHAPE(trigger_members, struct weir__keda_trigger);

static const struct weir__member spec_members[] = {
    STRUCT("scaleTargetRef", spec, target, &target_shape),
    INT32("pollingInterval", spec, polling),
    INT32("initialCooldownPeriod", spec, initial_cooldown),
    INT32("cooldownPeriod", spec, cooldown),
    INT32("idleReplicaCount", spec, idle),
    INT32("minReplicaCount", spec, min),
    INT32("maxReplicaCount", spec, max),
    STRUCT("advanced", spec, advanced, &advanced_shape),
    {"triggers", WEIR__LIST, WEIR__IF_PRESENT, AT(spec, triggers), &trigger_shape},
    POINTER("fallback", spec, fallback, &fallback_shape),
};
static const struct weir__shape spec_shape = SHAPE(spec_members, struct weir__keda_spec);

void weir__keda_read(struct weir__keda_spec *spec, const struct weir__node *node,
                     struct weir__path *path, struct weir__arena *arena,
                     struct weir__problems *problems)
{
    memset(spec, 0, sizeof *spec);
    if (node != NULL && node->type != WEIR__NODE_NULL) {
        weir__shape_read(&spec_shape, spec, node, path, arena, problems);
    }
}

/* ---- what it says --------------------------------------------------------------------------- */

const struct weir__keda_trigger *weir__keda_trigger_at(const struct weir__keda_spec *spec,
                                                       size_t index)
{
    return (const struct weir__keda_trigger *)spec->triggers.items + index;
}

const char *weir__keda_text(const struct weir__text *text)
{
    return text->text != NULL ? text->text : "";
}

int weir__keda_is_resource(const struct weir__keda_trigger *trigger)
{
    const char *type = weir__keda_text(&trigger->type);

    return strcmp(type, "cpu") == 0 || strcmp(type, "memory") == 0;
}

int weir__keda_has_modifiers(const struct weir__keda_spec *spec)
{
    const struct weir__keda_modifiers *m = &spec->advanced.modifiers;

    return weir__keda_text(&m->formula)[0] != '\0' || weir__keda_text(&m->target)[0] != '\0' ||
           weir__keda_text(&m->activation_target)[0] != '\0' ||
           weir__keda_text(&m->metric_type)[0] != '\0';
}

const char *weir__keda_hpa_name(const struct weir__keda_object *object, struct weir__arena *arena)
{
    static const char prefix[] = "keda-hpa-";
    const char *own = weir__keda_text(&object->spec.advanced.hpa.name);
    size_t length = strlen(object->name);
    char *name;

    if (own[0] != '\0') {
        return own;
    }
    name = weir__arena_take(arena, sizeof prefix + length);
    if (name != NULL) {
        memcpy(name, prefix, sizeof prefix - 1);
        memcpy(name + sizeof prefix - 1, object->name, length + 1);
    }
    return name;
}

const char *weir__keda_annotation(const struct weir__keda_object *object, const char *key)
{
    for (size_t i = 0; i < object->annotation_count; i++) {
        if (strcmp(object->annotations[i].key, key) == 0) {
            return object->annotations[i].text;
        }
    }
    return NULL;
}

int weir__keda_switch(const struct weir__keda_object *object, const char *key)
{
    const char *text = weir__keda_annotation(object, key);
    int32_t value = 1;

    return text != NULL && (weir__go_bool(text, strlen(text), &value) != WEIR__GO_OK || value);
}

int weir__keda_paused_replicas(const struct weir__keda_object *object, int32_t *replicas)
{
    const char *text = weir__keda_annotation(object, WEIR__KEDA_PAUSED_REPLICAS);
    int64_t value;

    if (text == NULL) {
        return 0;
    }
    if (weir__go_int(text, strlen(text), 10, 32, &value) != WEIR__GO_OK) {
        return -1;
    }
    *replicas = (int32_t)value;
    return 1;
}

const char *weir__keda_text_or(const struct weir__text *text, const char *otherwise)
{
    return weir__keda_text(text)[0] != '\0' ? text->text : otherwise;
}

int weir__keda_is_target(const struct weir__keda_target *target, const char *api_version,
                         const char *kind, const char *name)
{
    return strcmp(weir__keda_text_or(&target->api_version, "apps/v1"), api_version) == 0 &&
           strcmp(weir__keda_text_or(&target->kind, "Deployment"), kind) == 0 &&
           strcmp(weir__keda_text(&target->name), name) == 0;
}

/* ---- reporting ------------------------------------------------------------------------------ */

struct weir__keda_spot weir__keda_enter(struct weir__keda_check *c, const struct weir__shaped *in,
                                        const char *key)
{
    struct weir__keda_spot spot = {c->path.length, c->mark};
    const struct weir__node *node = weir__node_get(in->node, key);

    weir__path_key(&c->path, key, strlen(key));
    if (node != NULL) {
        c->mark = node->mark;
    }
    return spot;
}

struct weir__keda_spot weir__keda_enter_trigger(struct weir__keda_check *c, size_t index)
{
    const struct weir__keda_trigger *trigger = weir__keda_trigger_at(&c->object->spec, index);
    struct weir__keda_spot spot = weir__keda_enter(c, &c->object->spec.is, "triggers");

    weir__path_index(&c->path, index);
    if (trigger->is.node != NULL) {
        c->mark = trigger->is.node->mark;
    }
    return spot;
}

void weir__keda_leave(struct weir__keda_check *c, struct weir__keda_spot spot)
{
    weir__path_cut(&c->path, spot.length);
    c->mark = spot.mark;
}

void weir__keda_report(struct weir__keda_check *c, int32_t severity, int32_t stages,
                       const char *path, const char *text)
{
    c->problems->stages = stages;
    weir__problem(c->problems, severity, stages != 0 ? WEIR_E_RANGE : WEIR_E_LIMIT, c->mark, path,
                  text);
    c->problems->stages = 0;
    c->stages |= severity == WEIR_PROBLEM_ERROR ? stages : 0;
}

void weir__keda_say(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                    int32_t severity, int32_t stages, const struct weir__message *m)
{
    struct weir__keda_spot spot = {c->path.length, c->mark};

    if (key != NULL) {
        spot = weir__keda_enter(c, in, key);
    }
    weir__keda_report(c, severity, stages, c->path.text, m->text);
    weir__keda_leave(c, spot);
}

void weir__keda_error(struct weir__keda_check *c, const struct weir__shaped *in, const char *key,
                      int32_t stages, const char *text)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, text);
    weir__keda_say(c, in, key, WEIR_PROBLEM_ERROR, stages, &m);
}
