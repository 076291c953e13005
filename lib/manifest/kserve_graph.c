/*
 * manifest/kserve_graph.c - InferenceGraphs: the router that leads requests through services, which
 * scales as a component does, by fewer fields.
 *
 * Upstream: pkg/controller/v1alpha1/inferencegraph. No webhook looks at these fields.
 */
#include "kserve.h"

#include <string.h>

/* In Knative mode annotations go on unfiltered, but an initial-scale that would not do. */
static struct weir__node *graph_annotations(struct weir__kserve *k, struct weir__service *service)
{
    const struct weir__node *written =
        weir__node_at(weir__node_at(service->node, "metadata"), "annotations");
    struct weir__node *annotations = weir__grow_mapping(&k->g);

    for (const struct weir__entry *e = written != NULL ? written->first : NULL; e != NULL;
         e = e->next) {
        const char *text = e->value->text != NULL ? e->value->text : "";

        weir__grow_put(&k->g, annotations, e->key,
                       weir__grow_from(weir__grow_text(&k->g, text), NULL, e->value));
    }
    service->annotations = annotations;
    return weir__own_annotations(k, service);
}

void weir__graph_apply(struct weir__kserve *k, const struct weir__node *node,
                       const struct weir__path *object)
{
    struct weir__service *service = weir__kserve_service(k, node, 1);
    const struct weir__node *written =
        weir__node_at(weir__node_at(node, "metadata"), "annotations");
    const char *mode = weir__kserve_mode(weir__node_text(written, WEIR__DEPLOYMENT_MODE));
    struct weir__path path = *object;
    struct weir__workload w;

    memset(&k->result, 0, sizeof k->result);
    k->result.mode = mode[0] != '\0' ? mode : k->settings.default_mode;
    if (service == NULL || !weir__metadata_check(k, node, &path)) {
        return;
    }
    k->problems->stages = WEIR_STAGE_API;
    weir__schema_check(weir__graph_rules, k->definition, node, &path, k->arena, k->problems,
                       &k->result.schema);
    if (k->result.schema.undecoded > 0) {
        return;
    }
    k->result.accepted = k->result.schema.refused == 0;
    service->node = node;
    service->mode = k->result.mode;
    weir__path_key(&path, "spec", 4);
    memset(&w, 0, sizeof w);
    w.k = k;
    w.service = service;
    w.path = &path;
    w.role = "";
    w.name = service->name;
    w.extension = weir__node_at(node, "spec");
    w.min = weir__node_at(w.extension, "minReplicas");
    w.annotations = graph_annotations(k, service);
    w.container = service->name;
    if (w.extension != NULL) {
        weir__workload_reconcile(k, service, &w);
    }
}
