/*
 * manifest/kserve_things.c - what there is in the model of a cluster: services that were applied,
 * and the objects that were made of them.
 */
#include "kserve.h"

#include <string.h>

/* ---- things --------------------------------------------------------------------------------- */

struct weir__thing *weir__find_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                                     const char *name)
{
    for (struct weir__thing *t = k->things; t != NULL; t = t->next) {
        if (t->kind == kind && !t->refused && strcmp(t->name_space, name_space) == 0 &&
            strcmp(t->name, name) == 0) {
            return t;
        }
    }
    return NULL;
}

static struct weir__thing *add_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                                     const char *name)
{
    struct weir__thing *thing = weir__arena_take(k->arena, sizeof *thing), **link = &k->things;

    if (thing == NULL) {
        k->g.failed = 1;
        return NULL;
    }
    while (*link != NULL) {
        link = &(*link)->next;
    }
    *link = thing;
    thing->kind = kind;
    thing->name_space = name_space;
    thing->name = name;
    return thing;
}

struct weir__thing *weir__put_thing(struct weir__kserve *k, int32_t kind,
                                    const struct weir__service *service, const char *name,
                                    struct weir__node *tree)
{
    struct weir__thing *thing = weir__find_thing(k, kind, service->name_space, name);

    if (thing == NULL) {
        thing = add_thing(k, kind, service->name_space, name);
    }
    if (thing != NULL) {
        thing->tree = tree;
        thing->by_kserve = 1;
        thing->is_new = 1;
        thing->source = service;
    }
    return thing;
}

struct weir__thing *weir__refuse_thing(struct weir__kserve *k, int32_t kind,
                                       const struct weir__service *service, const char *name,
                                       struct weir__node *tree)
{
    struct weir__thing *thing = add_thing(k, kind, service->name_space, name);

    if (thing != NULL) {
        thing->tree = tree;
        thing->refused = thing->is_new = 1;
        thing->source = service;
    }
    return thing;
}

void weir__begin_round(struct weir__kserve *k)
{
    struct weir__thing **link = &k->things;

    while (*link != NULL) {
        (*link)->is_new = 0;
        if ((*link)->refused) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}

void weir__drop_thing(struct weir__kserve *k, int32_t kind, const char *name_space,
                      const char *name)
{
    struct weir__thing **link = &k->things;

    while (*link != NULL) {
        struct weir__thing *t = *link;

        if (t->kind == kind && strcmp(t->name_space, name_space) == 0 &&
            strcmp(t->name, name) == 0) {
            *link = t->next;
        } else {
            link = &t->next;
        }
    }
}

/* ---- services ------------------------------------------------------------------------------- */

static struct weir__service *find_service(struct weir__kserve *k, const char *kind,
                                          const char *name_space, const char *name)
{
    for (struct weir__service *s = k->services; s != NULL; s = s->next) {
        if (strcmp(s->kind, kind) == 0 && strcmp(s->name_space, name_space) == 0 &&
            strcmp(s->name, name) == 0) {
            return s;
        }
    }
    return NULL;
}

struct weir__service *weir__kserve_service(struct weir__kserve *k, const struct weir__node *node,
                                           int make)
{
    const struct weir__node *metadata = weir__node_at(node, "metadata");
    const char *kind = weir__node_text(node, "kind");
    const char *name = weir__node_text(metadata, "name");
    const char *name_space = weir__node_text(metadata, "namespace");
    struct weir__service *service;

    name_space = name_space[0] != '\0' ? name_space : "default";
    service = find_service(k, kind, name_space, name);
    if (service == NULL && make) {
        service = weir__arena_take(k->arena, sizeof *service);
        if (service == NULL) {
            k->g.failed = 1;
            return NULL;
        }
        service->kind = kind;
        service->name = name;
        service->name_space = name_space;
        service->mode = "";
        service->next = k->services;
        k->services = service;
    }
    return service;
}

void weir__kserve_forget(struct weir__kserve *k, const struct weir__service *service)
{
    struct weir__thing **thing = &k->things;
    struct weir__service **link = &k->services;

    while (*thing != NULL) {
        if ((*thing)->source == service) {
            *thing = (*thing)->next;
        } else {
            thing = &(*thing)->next;
        }
    }
    while (*link != NULL) {
        if (*link == service) {
            *link = (*link)->next;
        } else {
            link = &(*link)->next;
        }
    }
}
