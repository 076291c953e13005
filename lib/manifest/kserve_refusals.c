/*
 * manifest/kserve_refusals.c - what the webhooks of Knative and KEDA say to the objects that KServe
 * makes, seen from inside the cluster that they are made in.
 *
 * Upstream: knative.dev/serving v0.48.1; github.com/kedacore/keda v2.18.0
 * apis/keda/v1alpha1/scaledobject_webhook.go.
 */
#include "keda_spec.h"
#include "kserve.h"

#include <string.h>

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

/* The containers' pod of the Deployment that is scaled; NULL where it is not there. */
static const struct weir__node *pod_of(struct weir__kserve *k,
                                       const struct weir__keda_object *object)
{
    const struct weir__thing *deployment = weir__find_thing(
        k, WEIR__DEPLOYMENT, object->name_space, weir__keda_text(&object->spec.target.name));
    const struct weir__node *spec =
        deployment != NULL ? weir__node_at(deployment->tree, "spec") : NULL;

    return weir__node_at(weir__node_at(spec, "template"), "spec");
}

/* What the checks of ScaledObjects find, each by its name. KEDA's controller is asked for the
 * bounds; what else only it, or weir, refuses, counts elsewhere. */
static void add_found(struct refusals *r, const struct weir__problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct weir__listed *p = &problems->list[i];

        if (p->check != NULL && p->open.severity == WEIR_PROBLEM_ERROR &&
            (p->open.stages & WEIR_STAGE_WEBHOOK) != 0) {
            add(r, p->check, p->open.error.message);
        }
    }
    r->k->problems->out_of_memory |= problems->out_of_memory;
}

static void check_scaled_object(struct refusals *r, const struct weir__thing *thing)
{
    struct weir__keda_object *object = weir__arena_take(r->k->arena, sizeof *object);
    struct weir__problems unread, found;
    struct weir__keda_check c;
    const struct weir__node *pod;

    if (object == NULL) {
        r->k->g.failed = 1;
        return;
    }
    memset(&c, 0, sizeof c);
    weir__problems_open(&unread, r->k->problems->allocator);
    weir__problems_open(&found, r->k->problems->allocator);
    object->name = thing->name;
    object->name_space = thing->name_space;
    weir__path_text(&c.path, "spec");
    weir__keda_read(&object->spec, weir__node_at(thing->tree, "spec"), &c.path, r->k->arena,
                    &unread);
    c.object = object;
    c.arena = r->k->arena;
    c.problems = &found;
    weir__keda_check_admission(&c, 0);
    pod = pod_of(r->k, object);
    for (size_t i = 0; pod != NULL && i < object->spec.triggers.count; i++) {
        if (weir__keda_is_resource(weir__keda_trigger_at(&object->spec, i))) {
            weir__keda_check_request(&c, i, pod, 0);
        }
    }
    add_found(r, &found);
    for (const struct weir__thing *t = r->k->things; t != NULL; t = t->next) {
        if (t->kind == WEIR__HPA && !t->refused && strcmp(t->name_space, thing->name_space) == 0 &&
            weir__keda_meets_hpa(object, t->tree) != WEIR__HPA_APART) {
            add(r, WEIR__KEDA_CHECK_HPAS, "another HPA scales the same workload");
        }
    }
    r->k->problems->out_of_memory |= unread.out_of_memory;
    weir__problems_close(&unread);
    weir__problems_close(&found);
}

struct weir__node *weir__kserve_refusals(struct weir__kserve *k, const struct weir__thing *thing)
{
    struct refusals r = {k, weir__grow_list(&k->g)};

    if (thing->kind == WEIR__KNATIVE_SERVICE) {
        check_service(&r, thing->tree);
    } else if (thing->kind == WEIR__SCALED_OBJECT) {
        check_scaled_object(&r, thing);
    }
    return r.list;
}
