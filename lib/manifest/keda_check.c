/*
 * manifest/keda_check.c - what KEDA's webhook and its controller refuse in a ScaledObject, as far
 * as the object itself shows it; all of it at once, where upstream stops at the first.
 *
 * Upstream: KEDA apis/keda/v1alpha1, scaledobject_types.go and scaledobject_webhook.go.
 */
#include "go_syntax.h"
#include "grow.h"
#include "keda_spec.h"

#include <float.h>
#include <string.h>

enum { NAME_MAX_BYTES = 63, DEFAULT_MAX = 100 };

#define WEBHOOK WEIR_STAGE_WEBHOOK
#define BOTH    (WEIR_STAGE_WEBHOOK | WEIR_STAGE_RECONCILE)
#define BUILT   (WEIR_STAGE_WEBHOOK | WEIR_STAGE_BUILD)

/* ---- counts --------------------------------------------------------------------------------- */

/* What KEDA compares with: where a minimum is written, 0 counts as 1. */
static int32_t compared_min(const struct weir__keda_spec *spec)
{
    if (spec->min.state != WEIR__PRESENT) {
        return 0;
    }
    return spec->min.value > 0 ? spec->min.value : 1;
}

static void check_bounds(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    int32_t min = compared_min(spec);
    int32_t max = spec->max.state == WEIR__PRESENT ? spec->max.value : DEFAULT_MAX;
    struct weir__message m;

    if (min > max && spec->min.state != WEIR__UNREADABLE && spec->max.state != WEIR__UNREADABLE) {
        weir__message_clear(&m);
        weir__message_add(&m, "must not be above maxReplicaCount ");
        weir__message_int(&m, max);
        weir__message_add(&m, ", got ");
        weir__message_int(&m, min);
        weir__message_add(&m, spec->min.value == min ? ""
                              : spec->min.state == WEIR__PRESENT
                                  ? ", as which KEDA counts what is below 1 here"
                                  : "");
        weir__keda_say(c, &spec->is, "minReplicaCount", WEIR_PROBLEM_ERROR, BOTH, &m);
    } else if (spec->idle.state == WEIR__PRESENT && spec->idle.value >= min &&
               spec->min.state != WEIR__UNREADABLE) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be below minReplicaCount, which counts as ");
        weir__message_int(&m, min);
        weir__message_add(&m, " here, got ");
        weir__message_int(&m, spec->idle.value);
        weir__keda_say(c, &spec->is, "idleReplicaCount", WEIR_PROBLEM_ERROR, BOTH, &m);
    }
}

static int any_is_cached(const struct weir__keda_spec *spec)
{
    for (size_t i = 0; i < spec->triggers.count; i++) {
        if (weir__keda_trigger_at(spec, i)->cached.value) {
            return 1;
        }
    }
    return 0;
}

/* Settings that decide nothing: between 1 and the maximum the HPA alone acts. */
static void warn_irrelevant(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    struct weir__message m;

    if (spec->min.value == 0 || spec->idle.state == WEIR__PRESENT) {
        return;
    }
    if (spec->polling.state == WEIR__PRESENT && !any_is_cached(spec) &&
        !weir__keda_has_modifiers(spec)) {
        weir__message_clear(&m);
        weir__message_add(&m,
                          "decides no scaling while minReplicaCount is above 0: KEDA takes what "
                          "the HPA pulled; only status and events follow it");
        c->problems->rule = "keda.polling-without-zero";
        weir__keda_say(c, &spec->is, "pollingInterval", WEIR_PROBLEM_WARNING, WEBHOOK, &m);
    }
    if (spec->cooldown.state == WEIR__PRESENT &&
        spec->min.value > 0) { /* below 0 it says nothing */
        weir__message_clear(&m);
        weir__message_add(
            &m, "does nothing while minReplicaCount is above 0: it only delays the step "
                "to 0 or to idleReplicaCount; the HPA's scaleDown decides from n to n - 1");
        c->problems->rule = "keda.cooldown-without-zero";
        weir__keda_say(c, &spec->is, "cooldownPeriod", WEIR_PROBLEM_WARNING, WEBHOOK, &m);
    }
    c->problems->rule = NULL;
}

/* ---- triggers ------------------------------------------------------------------------------- */

static void check_name(struct weir__keda_check *c, size_t index)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    const struct weir__keda_trigger *trigger = weir__keda_trigger_at(spec, index);
    const char *name = weir__keda_text(&trigger->name);
    struct weir__message m;

    for (size_t i = 0; name[0] != '\0' && i < index; i++) {
        if (strcmp(weir__keda_text(&weir__keda_trigger_at(spec, i)->name), name) == 0) {
            weir__message_clear(&m);
            weir__message_add(&m, "must be unique: triggers[");
            weir__message_int(&m, (int64_t)i);
            weir__message_add(&m, "] is also named ");
            weir__message_quote(&m, name, strlen(name));
            weir__keda_say(c, &trigger->is, "name", WEIR_PROBLEM_ERROR, BOTH, &m);
            return;
        }
    }
}

static void check_triggers(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;

    if (spec->triggers.is.state == WEIR__PRESENT && spec->triggers.count == 0) {
        weir__keda_error(c, &spec->is, "triggers", BOTH | WEIR_STAGE_API,
                         "must have a trigger: the list is empty");
    }
    for (size_t i = 0; i < spec->triggers.count; i++) {
        const struct weir__keda_trigger *trigger = weir__keda_trigger_at(spec, i);
        struct weir__keda_spot spot = weir__keda_enter_trigger(c, i);
        const char *type = weir__keda_text(&trigger->type);

        if (trigger->cached.value &&
            (weir__keda_is_resource(trigger) || strcmp(type, "cron") == 0)) {
            weir__keda_error(c, &trigger->is, "useCachedMetrics", BOTH,
                             "must not be set on triggers of type cpu, memory or cron");
        }
        check_name(c, i);
        weir__keda_leave(c, spot);
    }
}

static int only_resources(const struct weir__keda_spec *spec)
{
    for (size_t i = 0; i < spec->triggers.count; i++) {
        if (!weir__keda_is_resource(weir__keda_trigger_at(spec, i))) {
            return 0;
        }
    }
    return 1;
}

static void check_zero(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;

    if (spec->triggers.count > 0 && only_resources(spec) && spec->min.state != WEIR__UNREADABLE &&
        spec->min.value == 0) {
        weir__keda_error(c, &spec->is, "minReplicaCount", WEBHOOK,
                         "must be above 0 while all triggers are cpu or memory: without a pod "
                         "there is nothing that they could measure");
    }
}

/* ---- requests of the workload --------------------------------------------------------------- */

int weir__keda_asks(const struct weir__node *amounts, const char *resource)
{
    const struct weir__node *value = weir__node_get(amounts, resource);
    weir_quantity quantity;

    return value != NULL && value->text != NULL &&
           weir_quantity_parse(value->text, value->length, &quantity, NULL) == WEIR_OK &&
           weir_quantity_sign(&quantity) > 0;
}

static int has_resource(const struct weir__node *container, const char *resource)
{
    const struct weir__node *resources = weir__node_get(container, "resources");

    return weir__keda_asks(weir__node_get(resources, "requests"), resource) ||
           weir__keda_asks(weir__node_get(resources, "limits"), resource);
}

void weir__keda_check_request(struct weir__keda_check *c, size_t index,
                              const struct weir__node *pod, int otherwise)
{
    const struct weir__keda_trigger *trigger = weir__keda_trigger_at(&c->object->spec, index);
    const struct weir__node *containers = weir__node_get(pod, "containers");
    const char *resource = weir__keda_text(&trigger->type), *named = "";
    const char *const *metadata = trigger->metadata.items;
    struct weir__message m;

    for (size_t i = 0; i + 1 < trigger->metadata.count; i += 2) {
        named = strcmp(metadata[i], "containerName") == 0 ? metadata[i + 1] : named;
    }
    if (containers == NULL || containers->type != WEIR__NODE_SEQUENCE ||
        (named[0] == '\0' && has_resource(pod, resource))) {
        return;
    }
    for (const struct weir__entry *e = containers->first; e != NULL; e = e->next) {
        const char *name = weir__node_text(e->value, "name");

        if ((named[0] != '\0' && strcmp(named, name) != 0) || has_resource(e->value, resource) ||
            otherwise) {
            continue;
        }
        weir__message_clear(&m);
        weir__message_add(&m, "needs a request or limit of ");
        weir__message_add(&m, resource);
        weir__message_add(&m, " above 0 in container ");
        weir__message_add(&m, name);
        c->problems->check = WEIR__KEDA_CHECK_RESOURCES;
        weir__keda_say(c, &trigger->is, "type", WEIR_PROBLEM_ERROR, WEBHOOK, &m);
        c->problems->check = NULL;
        return;
    }
}

/* ---- other HPAs ----------------------------------------------------------------------------- */

static int is_owned(const struct weir__node *metadata, const char *name)
{
    const struct weir__node *owners = weir__node_get(metadata, "ownerReferences");

    if (owners == NULL || owners->type != WEIR__NODE_SEQUENCE) {
        return 0;
    }
    for (const struct weir__entry *e = owners->first; e != NULL; e = e->next) {
        if (strcmp(weir__node_text(e->value, "kind"), "ScaledObject") == 0 &&
            strcmp(weir__node_text(e->value, "name"), name) == 0) {
            return 1;
        }
    }
    return 0;
}

int32_t weir__keda_meets_hpa(const struct weir__keda_object *object, const struct weir__node *hpa)
{
    const struct weir__node *target = weir__node_get(weir__node_get(hpa, "spec"), "scaleTargetRef");
    const struct weir__node *metadata = weir__node_get(hpa, "metadata");
    const struct weir__node *annotations = weir__node_get(metadata, "annotations");
    const char *transfer = weir__keda_annotation(object, WEIR__KEDA_TRANSFER);

    if (!weir__keda_is_target(&object->spec.target, weir__node_text(target, "apiVersion"),
                              weir__node_text(target, "kind"), weir__node_text(target, "name")) ||
        strcmp(weir__node_text(annotations, WEIR__KEDA_HPA_OWNERSHIP), "false") == 0 ||
        is_owned(metadata, object->name)) {
        return WEIR__HPA_APART;
    }
    if (transfer == NULL || strcmp(transfer, "true") != 0) {
        return WEIR__HPA_TAKES;
    }
    return strcmp(weir__keda_text(&object->spec.advanced.hpa.name),
                  weir__node_text(metadata, "name")) == 0
               ? WEIR__HPA_APART
               : WEIR__HPA_MISNAMED;
}

/* ---- fallback ------------------------------------------------------------------------------- */

static int is_below_zero(const struct weir__int32 *number)
{
    return number->state == WEIR__PRESENT && number->value < 0;
}

static void check_fallback(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    const struct weir__keda_fallback *fallback = spec->fallback;
    struct weir__keda_spot spot;
    int modifiers = weir__keda_has_modifiers(spec);

    if (fallback == NULL || fallback->is.state == WEIR__UNREADABLE) {
        return;
    }
    spot = weir__keda_enter(c, &spec->is, "fallback");
    if (is_below_zero(&fallback->failure_threshold)) {
        weir__keda_error(c, &fallback->is, "failureThreshold", WEIR_STAGE_API | WEBHOOK,
                         "must be at least 0");
    }
    if (is_below_zero(&fallback->replicas)) {
        weir__keda_error(c, &fallback->is, "replicas", WEIR_STAGE_API | WEBHOOK,
                         "must be at least 0");
    }
    if (!is_below_zero(&fallback->failure_threshold) && !is_below_zero(&fallback->replicas) &&
        !modifiers && only_resources(spec) && spec->triggers.is.state != WEIR__UNREADABLE) {
        weir__keda_error(
            c, NULL, NULL, WEBHOOK,
            "needs a trigger that is neither cpu nor memory: those are never replaced");
    }
    if (strcmp(weir__keda_text(&fallback->behavior), "scalingModifiers") == 0 &&
        weir__keda_text(&spec->advanced.modifiers.formula)[0] == '\0') {
        weir__keda_error(c, &fallback->is, "behavior", WEBHOOK,
                         "scalingModifiers needs advanced.scalingModifiers.formula");
    }
    weir__keda_leave(c, spot);
}

/* ---- scaling modifiers ---------------------------------------------------------------------- */

/* Names that a formula knows, in the order of the triggers. */
struct names {
    const char *list[WEIR_FORMULA_NAMES_MAX];
    uint32_t count;
};

static void collect_names(const struct weir__keda_spec *spec, struct names *names)
{
    names->count = 0;
    for (size_t i = 0; i < spec->triggers.count && names->count < WEIR_FORMULA_NAMES_MAX; i++) {
        const struct weir__keda_trigger *trigger = weir__keda_trigger_at(spec, i);
        const char *name = weir__keda_text(&trigger->name);

        if (name[0] != '\0' && !weir__keda_is_resource(trigger)) {
            names->list[names->count++] = name;
        }
    }
}

static void say_formula(struct weir__keda_check *c, const struct weir__keda_modifiers *modifiers,
                        const weir_error *err)
{
    struct weir__message m;

    weir__message_clear(&m);
    if (err->column > 0) {
        weir__message_add(&m, "at column ");
        weir__message_int(&m, err->column);
        weir__message_add(&m, ": ");
    }
    weir__message_add(&m, err->message);
    if (err->status == WEIR_E_UNSUPPORTED) { /* KEDA would take it */
        struct weir__keda_spot spot = weir__keda_enter(c, &modifiers->is, "formula");

        weir__problem(c->problems, WEIR_PROBLEM_ERROR, WEIR_E_UNSUPPORTED, c->mark, c->path.text,
                      m.text);
        weir__keda_leave(c, spot);
        return;
    }
    weir__keda_say(c, &modifiers->is, "formula", WEIR_PROBLEM_ERROR,
                   err->status == WEIR_E_LIMIT ? 0 : BUILT, &m);
}

/* KEDA compiles it, and runs it once with -1 for each trigger. */
static void check_formula(struct weir__keda_check *c, const struct weir__keda_modifiers *modifiers)
{
    const char *text = weir__keda_text(&modifiers->formula);
    size_t length = strlen(text), bytes = weir_formula_bytes(length);
    struct names names;
    weir_formula *formula;
    weir_error err;

    memset(&err, 0, sizeof err);
    if (bytes == 0) {
        struct weir__message m;

        weir__message_clear(&m);
        weir__message_add(&m, "is longer than weir has room for: at most ");
        weir__message_int(&m, WEIR_FORMULA_TEXT_MAX - 1);
        weir__message_add(&m, " bytes");
        weir__keda_say(c, &modifiers->is, "formula", WEIR_PROBLEM_ERROR, 0, &m);
        return;
    }
    formula = weir__arena_take(c->arena, bytes);
    if (formula == NULL) {
        c->problems->out_of_memory = 1;
        return;
    }
    collect_names(&c->object->spec, &names);
    if (weir_formula_compile(formula, bytes, text, length, names.list, names.count, &err) !=
        WEIR_OK) {
        say_formula(c, modifiers, &err);
    }
}

static void check_formula_target(struct weir__keda_check *c,
                                 const struct weir__keda_modifiers *modifiers)
{
    const char *text = weir__keda_text(&modifiers->target);
    struct weir__message m;
    double target = 0;

    if (text[0] == '\0') {
        weir__keda_error(c, &modifiers->is, "target", BUILT,
                         "is missing: a formula's value is held against it");
        return;
    }
    if (weir__go_float(text, strlen(text), &target) != WEIR__GO_OK || target <= 0) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be a number above 0, got ");
        weir__message_quote(&m, text, strlen(text));
        weir__keda_say(c, &modifiers->is, "target", WEIR_PROBLEM_ERROR, BUILT, &m);
    }
}

static void check_metric_type(struct weir__keda_check *c,
                              const struct weir__keda_modifiers *modifiers)
{
    if (strcmp(weir__keda_text(&modifiers->metric_type), "Utilization") == 0) {
        weir__keda_error(c, &modifiers->is, "metricType",
                         weir__keda_text(&modifiers->formula)[0] != '\0' ? BUILT | WEIR_STAGE_API
                                                                         : WEIR_STAGE_API,
                         "must be AverageValue or Value, not Utilization");
    }
}

/* KEDA reads it at every poll, and breaks off where it cannot. */
static void check_activation(struct weir__keda_check *c,
                             const struct weir__keda_modifiers *modifiers)
{
    const char *text = weir__keda_text(&modifiers->activation_target);
    struct weir__message m;
    double value;

    if (text[0] != '\0' && weir__go_float(text, strlen(text), &value) != WEIR__GO_OK) {
        weir__message_clear(&m);
        weir__message_add(&m,
                          "is no number, which KEDA only notices at each poll, and then gives up "
                          "the poll: got ");
        weir__message_quote(&m, text, strlen(text));
        weir__keda_say(c, &modifiers->is, "activationTarget", WEIR_PROBLEM_WARNING, 0, &m);
    }
}

static void check_modifiers(struct weir__keda_check *c)
{
    const struct weir__keda_advanced *advanced = &c->object->spec.advanced;
    const struct weir__keda_modifiers *modifiers = &advanced->modifiers;
    struct weir__keda_spot spot, inner;

    if (!weir__keda_has_modifiers(&c->object->spec)) {
        return;
    }
    spot = weir__keda_enter(c, &c->object->spec.is, "advanced");
    inner = weir__keda_enter(c, &advanced->is, "scalingModifiers");
    if (weir__keda_text(&modifiers->formula)[0] == '\0') {
        if (modifiers->formula.state != WEIR__UNREADABLE) {
            weir__keda_error(c, &modifiers->is, "formula", WEBHOOK,
                             "is missing: the other fields are about it");
        }
    } else {
        check_formula(c, modifiers);
        check_formula_target(c, modifiers);
        check_activation(c, modifiers);
    }
    check_metric_type(c, modifiers);
    weir__keda_leave(c, inner);
    weir__keda_leave(c, spot);
}

/* ---- names and annotations ------------------------------------------------------------------ */

static void check_length(struct weir__keda_check *c, const char *name, int own, const char *path,
                         const char *text)
{
    struct weir__mark mark = c->mark;
    struct weir__message m;

    if (name != NULL && strlen(name) > NAME_MAX_BYTES) {
        weir__message_clear(&m);
        weir__message_add(&m, text);
        weir__message_add(&m, " must have at most 63 bytes, got ");
        weir__message_int(&m, (int64_t)strlen(name));
        c->mark = own ? mark : c->name_mark;
        weir__keda_report(c, WEIR_PROBLEM_ERROR, WEBHOOK, path, m.text);
        c->mark = mark;
    }
}

static void check_names(struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    int own = weir__keda_text(&spec->advanced.hpa.name)[0] != '\0';

    check_length(c, c->object->name, 0, "metadata.name", "the name, which becomes a label,");
    check_length(c, weir__keda_hpa_name(c->object, c->arena), own,
                 own ? "spec.advanced.horizontalPodAutoscalerConfig.name" : "metadata.name",
                 own ? "the HPA's name"
                     : "the HPA's name, keda-hpa- and this one (or "
                       "advanced.horizontalPodAutoscalerConfig.name),");
}

static void check_annotations(struct weir__keda_check *c)
{
    const char *text = weir__keda_annotation(c->object, WEIR__KEDA_PAUSED_REPLICAS);
    struct weir__path path = c->annotations;
    struct weir__mark mark = c->mark;
    struct weir__message m;
    int32_t replicas;

    if (weir__keda_paused_replicas(c->object, &replicas) < 0) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be a whole number of 32 bits, got ");
        weir__message_quote(&m, text, strlen(text));
        weir__message_add(&m, ": KEDA stops its loop, deletes the HPA and leaves the size alone");
        weir__path_key(&path, WEIR__KEDA_PAUSED_REPLICAS, strlen(WEIR__KEDA_PAUSED_REPLICAS));
        c->mark = c->pause_mark;
        weir__keda_report(c, WEIR_PROBLEM_ERROR, WEIR_STAGE_RECONCILE, path.text, m.text);
        c->mark = mark;
    }
}

void weir__keda_check_admission(struct weir__keda_check *c, int dry_run)
{
    const struct {
        const char *name;
        void (*look)(struct weir__keda_check *c);
    } checks[] = {
        {WEIR__KEDA_CHECK_BOUNDS, check_bounds},
        {WEIR__KEDA_CHECK_TRIGGERS, check_triggers},
        {WEIR__KEDA_CHECK_RESOURCES, dry_run ? NULL : check_zero},
        {WEIR__KEDA_CHECK_FALLBACK, check_fallback},
        {WEIR__KEDA_CHECK_OBJECTS, check_modifiers},
        {NULL, warn_irrelevant},
    };

    check_names(c);
    check_annotations(c);
    for (size_t i = 0;
         i < sizeof checks / sizeof checks[0] && c->object->spec.is.state != WEIR__UNREADABLE;
         i++) {
        if (checks[i].look != NULL) {
            c->problems->check = checks[i].name;
            checks[i].look(c);
        }
    }
    c->problems->check = NULL;
}
