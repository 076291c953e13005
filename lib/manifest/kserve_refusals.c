/*
 * manifest/kserve_refusals.c - what the webhooks of Knative and KEDA say to the objects that KServe
 * makes, seen from inside the cluster that they are made in.
 *
 * Upstream: knative.dev/serving v0.48.1; github.com/kedacore/keda v2.18.0
 * apis/keda/v1alpha1/scaledobject_webhook.go.
 */
#include "kserve.h"

#include <string.h>
#include <weir/formula.h>

/* ---- a list of refusals --------------------------------------------------------------------- */

struct refusals {
    struct weir__kserve *k;
    struct weir__node *list;
};

static void add(struct refusals *r, const char *check, const char *message)
{
    struct weir__node *refusal = weir__grow_mapping(&r->k->g);

    weir__grow_put_text(&r->k->g, refusal, "check", check);
    weir__grow_put_text(&r->k->g, refusal, "message", message);
    weir__grow_add(&r->k->g, r->list, refusal);
}

/* ---- Knative Services ----------------------------------------------------------------------- */

static void ignore(void *user, weir_status status, const char *key, const char *message)
{
    (void)user;
    (void)status;
    (void)key;
    (void)message;
}

static int admits_annotations(struct weir__kserve *k, const struct weir__node *annotations)
{
    size_t count = annotations != NULL ? annotations->count : 0, i = 0;
    weir_pair *list = weir__arena_take(k->arena, (count + 1) * sizeof *list);
    struct weir__pairs pairs = {list, count};
    struct weir__knative_sink sink = {ignore, NULL};

    if (list == NULL) {
        k->g.failed = 1;
        return 0;
    }
    for (const struct weir__entry *e = annotations != NULL ? annotations->first : NULL; e != NULL;
         e = e->next) {
        list[i].key = e->key;
        list[i++].text = e->value->text;
    }
    return weir__knative_admit(&k->knative, &pairs, sink);
}

static void check_service(struct refusals *r, const struct weir__node *tree)
{
    const struct weir__node *template = weir__node_at(weir__node_at(tree, "spec"), "template");
    struct weir__problems problems;
    struct weir__path path;
    int64_t limit;

    if (!admits_annotations(r->k,
                            weir__node_at(weir__node_at(template, "metadata"), "annotations"))) {
        add(r, "annotations", "an annotation is refused");
    }
    if (weir__node_int(weir__node_at(template, "spec"), "containerConcurrency", &limit) &&
        (limit < 0 || limit > 1000)) {
        add(r, "containerConcurrency", "must be in [0, 1000]");
    }
    weir__path_clear(&path);
    weir__problems_open(&problems, r->k->problems->allocator);
    weir__knative_service_check(tree, &path, &problems);
    for (size_t i = 0; i < problems.count; i++) {
        add(r, problems.list[i].open.error.path, problems.list[i].open.error.message);
    }
    r->k->problems->out_of_memory |= problems.out_of_memory;
    weir__problems_close(&problems);
}

/* ---- ScaledObjects -------------------------------------------------------------------------- */

static int is_resource(const struct weir__node *trigger)
{
    return weir__is_word("cpu|memory", weir__node_text(trigger, "type"));
}

/* Utilization, and amounts as well, are asked for of containers with requests only. */
static void check_requests(struct refusals *r, const struct weir__node *triggers,
                           const struct weir__node *deployment)
{
    const struct weir__node *list = deployment, *requests;
    static const char *const steps[] = {"spec", "template", "spec", "containers"};

    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        list = weir__node_at(list, steps[i]);
    }
    requests = list != NULL && list->first != NULL
                   ? weir__node_at(weir__node_at(list->first->value, "resources"), "requests")
                   : NULL;
    for (const struct weir__entry *e = triggers->first; e != NULL; e = e->next) {
        const char *type = weir__node_text(e->value, "type");

        if (is_resource(e->value) && weir__node_at(requests, type) == NULL) {
            add(r, "verifyCPUMemoryScalers",
                "a trigger cpu or memory needs containers that request it");
            return;
        }
    }
}

static void check_triggers(struct refusals *r, const struct weir__node *spec,
                           const struct weir__node *deployment)
{
    const struct weir__node *triggers = weir__node_at(spec, "triggers");
    size_t resources = 0;
    int64_t min = 0;

    weir__node_int(spec, "minReplicaCount", &min);
    if (triggers == NULL || triggers->count == 0) {
        add(r, "verifyTriggers", "there are no triggers");
        return;
    }
    for (const struct weir__entry *e = triggers->first; e != NULL; e = e->next) {
        resources += (size_t)is_resource(e->value);
    }
    if (resources == triggers->count && min == 0) {
        add(r, "verifyCPUMemoryScalers",
            "triggers cpu and memory alone do not scale to zero: minReplicaCount must be above 0");
    } else if (deployment != NULL) {
        check_requests(r, triggers, deployment);
    }
}

/* Another HPA on the same workload. */
static void check_hpas(struct refusals *r, const struct weir__thing *scaled_object)
{
    const struct weir__node *target =
        weir__node_at(weir__node_at(scaled_object->tree, "spec"), "scaleTargetRef");
    const char *kind = weir__node_text(target, "kind");

    for (const struct weir__thing *t = r->k->things; t != NULL; t = t->next) {
        const struct weir__node *other =
            weir__node_at(weir__node_at(t->tree, "spec"), "scaleTargetRef");

        if (t->kind == WEIR__HPA && !t->refused &&
            strcmp(t->name_space, scaled_object->name_space) == 0 &&
            strcmp(weir__node_text(other, "name"), weir__node_text(target, "name")) == 0 &&
            strcmp(weir__node_text(other, "kind"), kind[0] != '\0' ? kind : "Deployment") == 0) {
            add(r, "verifyHpas", "another HPA scales the same workload");
            return;
        }
    }
}

/* Whether KEDA compiles it, for all that weir knows; names are those of triggers. */
static int is_formula(struct refusals *r, const char *text, const struct weir__node *triggers)
{
    const char *names[WEIR_FORMULA_NAMES_MAX];
    size_t length = strlen(text), bytes = weir_formula_bytes(length);
    weir_formula *formula = bytes > 0 ? weir__arena_take(r->k->arena, bytes) : NULL;
    uint32_t count = 0;
    weir_status status;

    if (formula == NULL) {
        r->k->g.failed |= bytes > 0;
        return 1;
    }
    for (const struct weir__entry *e = triggers != NULL ? triggers->first : NULL;
         e != NULL && count < WEIR_FORMULA_NAMES_MAX; e = e->next) {
        const char *name = weir__node_text(e->value, "name");

        if (name[0] != '\0' && !is_resource(e->value)) {
            names[count++] = name;
        }
    }
    status = weir_formula_compile(formula, bytes, text, length, names, count, NULL);
    return status == WEIR_OK || status == WEIR_E_UNSUPPORTED || status == WEIR_E_LIMIT;
}

static void check_modifiers(struct refusals *r, const struct weir__node *spec)
{
    const struct weir__node *modifiers =
        weir__node_at(weir__node_at(spec, "advanced"), "scalingModifiers");
    const char *formula = weir__node_text(modifiers, "formula");
    int used = 0;

    for (const struct weir__entry *e = modifiers != NULL ? modifiers->first : NULL; e != NULL;
         e = e->next) {
        used |= e->value->type == WEIR__NODE_STRING && e->value->length > 0;
    }
    if (used && formula[0] == '\0') {
        add(r, "verifyScaledObjects", "scaling modifiers need a formula");
    } else if (used && !is_formula(r, formula, weir__node_at(spec, "triggers"))) {
        add(r, "verifyScaledObjects", "the formula is none that the triggers' names fit");
    }
}

/* What KEDA's controller refuses; the webhook only logs it. */
static void check_bounds(struct refusals *r, const struct weir__node *spec)
{
    int64_t min = 0, max = 100, idle, written;

    if (weir__node_int(spec, "minReplicaCount", &written)) {
        min = written > 0 ? written : 1;
    }
    weir__node_int(spec, "maxReplicaCount", &max);
    if (min > max) {
        add(r, "bounds", "minReplicaCount must not be above maxReplicaCount");
    } else if (weir__node_int(spec, "idleReplicaCount", &idle) &&
               idle >= (weir__node_int(spec, "minReplicaCount", &written) ? written : 0)) {
        add(r, "bounds", "idleReplicaCount must be below minReplicaCount");
    }
}

struct weir__node *weir__kserve_refusals(struct weir__kserve *k, const struct weir__thing *thing)
{
    struct refusals r = {k, weir__grow_list(&k->g)};
    const struct weir__node *spec = weir__node_at(thing->tree, "spec");

    if (thing->kind == WEIR__KNATIVE_SERVICE) {
        check_service(&r, thing->tree);
    } else if (thing->kind == WEIR__SCALED_OBJECT) {
        const struct weir__node *target = weir__node_at(spec, "scaleTargetRef");
        const struct weir__thing *deployment = weir__find_thing(
            k, WEIR__DEPLOYMENT, thing->name_space, weir__node_text(target, "name"));

        check_triggers(&r, spec, deployment != NULL ? deployment->tree : NULL);
        check_hpas(&r, thing);
        check_modifiers(&r, spec);
        check_bounds(&r, spec);
    }
    return r.list;
}
