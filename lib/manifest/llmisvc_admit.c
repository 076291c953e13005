/*
 * manifest/llmisvc_admit.c - the scaling of LLMInferenceServices through the API server and the
 * webhook: defaults, the schema's rules between fields, and the webhook's own.
 *
 * Upstream: pkg/apis/serving/v1alpha2/llm_inference_service_validation.go, and the CEL rules of
 * config/crd/full/llmisvc.
 */
#include "llmisvc.h"

#include <string.h>

/* ---- defaults ------------------------------------------------------------------------------- */

/* Takes what is null out of a tree: the API server drops it before it fills in defaults. */
static void drop_nulls(struct weir__node *node)
{
    struct weir__entry *e = node->first, *next;

    for (; e != NULL; e = next) {
        next = e->next;
        if (e->value->type == WEIR__NODE_NULL && node->type == WEIR__NODE_MAPPING) {
            weir__grow_drop(node, e->key);
        } else {
            drop_nulls(e->value);
        }
    }
}

static struct weir__node *child(struct weir__node *node, const char *key)
{
    for (struct weir__entry *e = node != NULL ? node->first : NULL; e != NULL; e = e->next) {
        if (strcmp(e->key, key) == 0) {
            return e->value->type == WEIR__NODE_MAPPING ? e->value : NULL;
        }
    }
    return NULL;
}

static void put_default(struct weir__kserve *k, struct weir__node *node, const char *key,
                        struct weir__node *value)
{
    if (node != NULL && weir__node_at(node, key) == NULL) {
        weir__grow_put(&k->g, node, key, weir__grow_from(value, WEIR__KSERVE_DEFAULT, NULL));
    }
}

struct weir__node *weir__llm_scaling(struct weir__kserve *k, const struct weir__node *workload)
{
    const struct weir__node *written = weir__node_at(workload, "scaling");
    struct weir__node *scaling = weir__grow_copy(&k->g, written), *wva;

    if (scaling == NULL || scaling->type != WEIR__NODE_MAPPING) {
        return NULL;
    }
    drop_nulls(scaling);
    put_default(k, scaling, "minReplicas", weir__grow_int(&k->g, 1));
    wva = child(scaling, "wva");
    put_default(k, wva, "variantCost", weir__grow_text(&k->g, "10.0"));
    put_default(k, child(child(wva, "keda"), "fallback"), "behavior",
                weir__grow_text(&k->g, "static"));
    put_default(k, child(child(scaling, "keda"), "fallback"), "behavior",
                weir__grow_text(&k->g, "static"));
    return scaling;
}

/* ---- a workload being checked --------------------------------------------------------------- */

struct checking {
    struct weir__kserve *k;
    const struct weir__node *scaling;
    struct weir__path path; /* of the scaling block */
    int by_webhook;         /* 0: by the schema's rules */
};

static const char *const cause_names[] = {"",
                                          "FieldValueTypeInvalid",
                                          "FieldValueRequired",
                                          "FieldValueInvalid",
                                          "FieldValueNotSupported",
                                          "FieldValueForbidden"};

static void refuse(const struct checking *c, const struct weir__node *at, int32_t cause,
                   const char *field, const char *message)
{
    struct weir__grower *g = &c->k->g;
    struct weir__path path = c->path;
    struct weir__node *said;

    if (field[0] != '\0') {
        weir__path_text(&path, ".");
        weir__path_text(&path, field);
    }
    c->k->problems->stages = c->by_webhook ? WEIR_STAGE_WEBHOOK : WEIR_STAGE_API;
    weir__problem(c->k->problems, WEIR_PROBLEM_ERROR, WEIR_E_RANGE,
                  (at != NULL ? at : c->scaling)->mark, path.text, message);
    if (!c->by_webhook) {
        c->k->result.rules++;
        return;
    }
    if (c->k->result.causes == NULL) {
        c->k->result.causes = weir__grow_list(g);
        c->k->result.webhook = "invalid";
    }
    said = weir__grow_mapping(g);
    weir__grow_put_text(g, said, "type", cause_names[cause]);
    weir__grow_put_text(g, said, "field", path.text);
    weir__grow_put_text(g, said, "message", message);
    weir__grow_add(g, c->k->result.causes, said);
}

static void check_bounds(const struct checking *c)
{
    const struct weir__node *written = weir__node_at(c->scaling, "maxReplicas");
    int64_t min = 1, max = 0;

    weir__node_int(c->scaling, "minReplicas", &min);
    /* Go's zero value where there is none; the schema's rule does not look then. */
    if ((weir__node_int(c->scaling, "maxReplicas", &max) || c->by_webhook) && min > max) {
        refuse(c, written, WEIR_CAUSE_INVALID, "minReplicas",
               "minReplicas must not be above maxReplicas");
    }
}

static void check_mechanism(const struct checking *c)
{
    const struct weir__node *wva = weir__node_at(c->scaling, "wva");
    const struct weir__node *keda = weir__node_at(c->scaling, "keda");
    const struct weir__node *hpa = weir__node_at(wva, "hpa");
    const struct weir__node *wva_keda = weir__node_at(wva, "keda");

    if (wva != NULL && keda != NULL) {
        refuse(c, keda, WEIR_CAUSE_INVALID, "", "must have wva or keda, not both");
    } else if (wva == NULL && keda == NULL) {
        refuse(c, NULL, WEIR_CAUSE_REQUIRED, "", "must have wva or keda: who scales?");
    }
    if (wva != NULL && hpa != NULL && wva_keda != NULL) {
        refuse(c, wva, WEIR_CAUSE_INVALID, "wva", "must have hpa or keda, not both");
    } else if (wva != NULL && hpa == NULL && wva_keda == NULL) {
        refuse(c, wva, WEIR_CAUSE_REQUIRED, "wva", "must have hpa or keda: who acts on it?");
    }
}

/* What the webhook takes for a cost: digits with at most one point. */
static int is_cost(const char *text)
{
    size_t n = strspn(text, "0123456789");

    if (n > 0 && text[n] == '.') {
        size_t more = strspn(text + n + 1, "0123456789");

        return more > 0 && text[n + 1 + more] == '\0';
    }
    return n > 0 && text[n] == '\0';
}

static void check_cost(const struct checking *c)
{
    const struct weir__node *cost = weir__node_at(weir__node_at(c->scaling, "wva"), "variantCost");

    if (c->by_webhook && cost != NULL && cost->length > 0 && !is_cost(cost->text)) {
        refuse(c, cost, WEIR_CAUSE_INVALID, "wva.variantCost",
               "must be a plain number such as \"10\" or \"0.5\"");
    }
}

/* ---- KEDA's knobs --------------------------------------------------------------------------- */

static void check_idle(const struct checking *c, const struct weir__node *keda, const char *field)
{
    int64_t idle, min = 1;

    weir__node_int(c->scaling, "minReplicas", &min);
    if (weir__node_int(keda, "idleReplicaCount", &idle) && idle >= min) {
        refuse(c, weir__node_at(keda, "idleReplicaCount"), WEIR_CAUSE_INVALID, field,
               "must be below minReplicas: it is the floor while no trigger is active");
    }
}

static int has_texts(const struct weir__node *mapping)
{
    for (const struct weir__entry *e = mapping != NULL ? mapping->first : NULL; e != NULL;
         e = e->next) {
        if (e->value->type == WEIR__NODE_STRING && e->value->length > 0) {
            return 1;
        }
    }
    return 0;
}

/* The HPA's name is the controller's. The schema's rule asks for the name without asking whether
 * there is one, and so refuses every block in which it is not spelled out and empty. */
static void check_hpa_name(const struct checking *c, const struct weir__node *advanced,
                           const char *field)
{
    const struct weir__node *config = weir__node_at(advanced, "horizontalPodAutoscalerConfig");
    const struct weir__node *name = weir__node_at(config, "name");

    if (c->by_webhook ? name != NULL && name->length > 0
                      : config != NULL && (name == NULL || name->length > 0)) {
        refuse(c, name != NULL ? name : config, WEIR_CAUSE_FORBIDDEN, field,
               c->by_webhook || name != NULL
                   ? "must not be set: the controller names the HPA"
                   : "a rule of the schema fails without it: write name: '' beside behavior");
    }
}

/* Under wva the same slip refuses every `advanced`. */
static void check_modifiers(const struct checking *c, const struct weir__node *advanced)
{
    const struct weir__node *modifiers = weir__node_at(advanced, "scalingModifiers");

    if (c->by_webhook ? has_texts(modifiers) : advanced != NULL) {
        refuse(c, modifiers != NULL ? modifiers : advanced, WEIR_CAUSE_FORBIDDEN,
               "wva.keda.advanced.scalingModifiers",
               c->by_webhook || modifiers != NULL
                   ? "must not be set: wva decides on its own"
                   : "a rule of the schema fails without them: under wva.keda no advanced is "
                     "accepted");
    }
}

static void check_knobs(const struct checking *c)
{
    const struct weir__node *direct = weir__node_at(c->scaling, "keda");
    const struct weir__node *wva = weir__node_at(weir__node_at(c->scaling, "wva"), "keda");
    const struct weir__node *triggers = weir__node_at(direct, "triggers");

    if (wva != NULL) {
        check_modifiers(c, weir__node_at(wva, "advanced"));
        check_hpa_name(c, weir__node_at(wva, "advanced"),
                       "wva.keda.advanced.horizontalPodAutoscalerConfig.name");
        check_idle(c, wva, "wva.keda.idleReplicaCount");
    }
    if (direct != NULL) {
        check_hpa_name(c, weir__node_at(direct, "advanced"),
                       "keda.advanced.horizontalPodAutoscalerConfig.name");
        check_idle(c, direct, "keda.idleReplicaCount");
        if (c->by_webhook && (triggers == NULL || triggers->count == 0)) {
            refuse(c, direct, WEIR_CAUSE_REQUIRED, "keda.triggers", "must have a trigger");
        }
    }
}

/* ---- both workloads ------------------------------------------------------------------------- */

static void check_workload(const struct checking *c, const struct weir__node *workload)
{
    if (c->scaling == NULL) {
        return;
    }
    if (weir__node_at(workload, "replicas") != NULL) {
        refuse(c, weir__node_at(workload, "replicas"), WEIR_CAUSE_INVALID, "",
               "must not stand beside replicas: one is for a fixed number of pods, the other for "
               "one that changes");
    }
    check_bounds(c);
    check_mechanism(c);
    check_cost(c);
    check_knobs(c);
}

/* Decode and prefill, where both are scaled, are scaled the same way. */
static void check_both(const struct checking *main, const struct checking *prefill)
{
    const struct weir__node *a = weir__node_at(main->scaling, "wva");
    const struct weir__node *b = weir__node_at(prefill->scaling, "wva");

    if (main->scaling == NULL || prefill->scaling == NULL) {
        return;
    }
    if ((a == NULL && weir__node_at(main->scaling, "keda") == NULL) ||
        (b == NULL && weir__node_at(prefill->scaling, "keda") == NULL)) {
        return;
    }
    if ((a != NULL) != (b != NULL)) {
        refuse(prefill, NULL, WEIR_CAUSE_INVALID, "",
               "decode and prefill must be scaled the same way: both by wva or both by keda");
    } else if (a != NULL &&
               (weir__node_at(a, "hpa") != NULL) != (weir__node_at(b, "hpa") != NULL)) {
        refuse(prefill, b, WEIR_CAUSE_INVALID, "wva",
               "decode and prefill must have the same actuator: both hpa or both keda");
    }
}

void weir__llmisvc_validate(struct weir__kserve *k, const struct weir__node *spec,
                            const struct weir__node *scaling, const struct weir__node *prefill,
                            const struct weir__path *object)
{
    int last = k->result.schema.undecoded > 0 ? 0 : 1; /* the webhook has to decode it first */

    for (int by_webhook = k->result.schema.refused > 0; by_webhook <= last; by_webhook++) {
        struct checking a = {k, scaling, *object, by_webhook},
                        b = {k, prefill, *object, by_webhook};

        weir__path_key(&a.path, "spec", 4);
        b.path = a.path;
        weir__path_key(&a.path, "scaling", strlen("scaling"));
        weir__path_key(&b.path, "prefill", strlen("prefill"));
        weir__path_key(&b.path, "scaling", strlen("scaling"));
        check_workload(&a, spec);
        check_workload(&b, weir__node_at(spec, "prefill"));
        if (by_webhook) {
            check_both(&a, &b);
        }
    }
}
