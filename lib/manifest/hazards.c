/*
 * manifest/hazards.c - walks what the files describe, and lets every hazard look at what it is for.
 */
#include "hazards.h"

#include <string.h>

static const struct weir__hazard *const tables[] = {weir__kserve_hazards, weir__knative_hazards,
                                                    weir__hpa_hazards, weir__keda_hazards};

static const struct weir__hazard *hazard_at(size_t index)
{
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        for (const struct weir__hazard *h = tables[i]; h->open.id != NULL; h++) {
            if (index-- == 0) {
                return h;
            }
        }
    }
    return NULL;
}

size_t weir_hazard_count(void)
{
    size_t count = 0;

    while (hazard_at(count) != NULL) {
        count++;
    }
    return count;
}

const weir_hazard *weir_get_hazard(size_t index)
{
    const struct weir__hazard *hazard = hazard_at(index);

    return hazard != NULL ? &hazard->open : NULL;
}

/* ---- for the functions ---------------------------------------------------------------------- */

void weir__hazard_say(struct weir__look *l, const struct weir__node *at, const char *under,
                      const char *message)
{
    struct weir__problems *problems = &l->manifest->problems;
    struct weir__mark mark = at != NULL ? at->mark : l->object->node->mark;
    struct weir__path path = l->path;

    if (under[0] != '\0') {
        weir__path_text(&path, path.length > 0 ? "." : "");
        weir__path_text(&path, under);
    }
    weir__problems_about(l->manifest, l->object);
    problems->rule = l->id;
    problems->stages = WEIR_STAGE_HAZARD;
    weir__problem(problems, WEIR_PROBLEM_WARNING, WEIR_OK, mark, path.text, message);
    problems->rule = NULL;
    problems->stages = 0;
}

const struct weir__node *weir__look_annotation(const struct weir__look *l, const char *key)
{
    const struct weir__node *own = weir__node_at(l->own, key);

    return own != NULL ? own : weir__node_at(l->top, key);
}

int weir__look_is(const struct weir__look *l, const char *classes)
{
    return strcmp(l->mode, WEIR__MODE_STANDARD) == 0 && weir__is_word(classes, l->class_name);
}

/* ---- walking -------------------------------------------------------------------------------- */

static void look_at(struct weir__look *l, int32_t what)
{
    const struct weir__hazard *h;

    for (size_t i = 0; (h = hazard_at(i)) != NULL; i++) {
        if (h->at == what && h->look != NULL) {
            l->id = h->open.id;
            h->look(l);
        }
    }
}

/* A component of an InferenceService, or (role "") an InferenceGraph, which scales as a whole. */
static void look_at_component(struct weir__look *l, const struct weir__service *service,
                              const char *role)
{
    const struct weir__node *spec = weir__node_at(l->object->node, "spec"), *class_name;
    int is_graph = role[0] == '\0';
    const struct weir__node *component = is_graph ? spec : weir__node_at(spec, role);
    const char *own = is_graph ? "" : weir__node_text(component, "name");
    const char *const parts[] = {
        service->name, own[0] != '\0' ? "-" : "", own, is_graph ? "" : "-", role, NULL};

    if (component == NULL || component->type != WEIR__NODE_MAPPING) {
        return;
    }
    l->component = component;
    l->role = role;
    l->name = weir__grow_join(&l->manifest->kserve->g, parts);
    l->own = is_graph ? NULL : weir__node_at(component, "annotations");
    l->top = service->annotations;
    l->mode = service->mode;
    class_name = weir__look_annotation(l, WEIR__AUTOSCALER_CLASS);
    l->class_name = class_name != NULL && class_name->text != NULL ? class_name->text : "hpa";
    l->path = l->object->path;
    weir__path_key(&l->path, "spec", 4);
    if (!is_graph) {
        weir__path_key(&l->path, role, strlen(role));
    }
    look_at(l, WEIR__LOOK_COMPONENT);
}

static void look_at_services(weir_manifest *manifest)
{
    static const char *const roles[] = {"predictor", "transformer", "explainer", ""};

    for (const struct weir__late *late = manifest->late; late != NULL; late = late->next) {
        const struct weir__service *service = late->service;

        int is_graph = strcmp(late->object.kind, "InferenceGraph") == 0;

        if (!is_graph && strcmp(late->object.kind, "InferenceService") != 0) {
            continue;
        }
        for (size_t i = 0; service != NULL && i < sizeof roles / sizeof roles[0]; i++) {
            struct weir__look l;

            memset(&l, 0, sizeof l);
            l.manifest = manifest;
            l.object = &late->object;
            if (is_graph == (roles[i][0] == '\0')) {
                look_at_component(&l, service, roles[i]);
            }
        }
    }
}

static void look_at_item(weir_manifest *manifest, struct weir__item *item)
{
    struct weir__look l;

    memset(&l, 0, sizeof l);
    l.manifest = manifest;
    l.object = &item->object;
    l.item = item;
    l.path = item->object.path;
    l.component = weir__node_at(item->object.node, "spec");
    l.mode = l.class_name = "";
    manifest->problems.about = item->about;
    if (item->keda != NULL) {
        l.hpa = weir__scaled_object_hpa(manifest, item);
        look_at(&l, WEIR__LOOK_SCALED_OBJECT);
    }
    if (item->hpa_spec != NULL) {
        l.hpa = item->hpa_spec;
    }
    if (l.hpa != NULL) {
        look_at(&l, WEIR__LOOK_HPA);
    } else if (item->keda == NULL) {
        look_at(&l, WEIR__LOOK_REVISION);
    }
    manifest->problems.about = NULL;
}

weir_status weir_manifest_check(weir_manifest *manifest)
{
    if (manifest == NULL || !manifest->finished) {
        return WEIR_E_ARG;
    }
    look_at_services(manifest);
    for (struct weir__item *item = manifest->items; item != NULL; item = item->next) {
        look_at_item(manifest, item);
    }
    return manifest->problems.out_of_memory ? WEIR_E_MEMORY : WEIR_OK;
}
