/*
 * manifest/keda.c - ScaledObjects of manifests: read, held against the other objects in the files
 * as KEDA's webhook does, resolved, and shown as the HPA that KEDA makes.
 */
#include "object.h"
#include "write.h"

#include <string.h>
#include <weir/autoscaler.h>

/* What an item of this kind has. */
struct weir__scaled_object {
    struct weir__keda_object object;
    struct weir__texts annotations, labels;
    struct weir__keda_metric *metrics; /* after resolving */
    int32_t stages;                    /* at which errors were found */
    weir_keda_config config;
};

/* ---- other objects -------------------------------------------------------------------------- */

static const char *name_space_of(const struct weir__object *object)
{
    return object->name_space[0] != '\0' ? object->name_space : "default";
}

static void say_taken(struct weir__keda_check *c, const char *key, const char *what,
                      const struct weir__item *other)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, what);
    weir__message_add(&m, other->open.api_kind);
    weir__message_add(&m, " ");
    weir__message_add(&m, other->open.name);
    weir__message_add(&m, " (");
    weir__message_add(&m, other->open.file);
    weir__message_add(&m, ", line ");
    weir__message_int(&m, other->open.line);
    weir__message_add(&m, ")");
    if (key == NULL) {
        struct weir__mark mark = c->mark;

        c->mark = c->name_mark;
        weir__keda_report(c, WEIR_PROBLEM_ERROR, WEIR_STAGE_WEBHOOK, "metadata.name", m.text);
        c->mark = mark;
    } else {
        weir__keda_say(c, &spec->is, key, WEIR_PROBLEM_ERROR, WEIR_STAGE_WEBHOOK, &m);
    }
}

/* The later one of two is refused, as when they are applied in the order of the files. */
static void check_other(struct weir__keda_check *c, const struct weir__item *item,
                        const struct weir__item *other)
{
    const struct weir__keda_object *theirs = &other->keda->object;
    const struct weir__keda_target *target = &theirs->spec.target;
    const char *ours, *name;

    if (other->number >= item->number || strcmp(item->open.name, other->open.name) == 0) {
        return;
    }
    if (weir__keda_is_target(
            &c->object->spec.target, weir__keda_text_or(&target->api_version, "apps/v1"),
            weir__keda_text_or(&target->kind, "Deployment"), weir__keda_text(&target->name))) {
        say_taken(c, "scaleTargetRef", "is scaled already by the ", other);
    }
    ours = weir__keda_hpa_name(c->object, c->arena);
    name = weir__keda_hpa_name(theirs, c->arena);
    if (ours != NULL && name != NULL && strcmp(ours, name) == 0) {
        say_taken(c, NULL, "the HPA's name is taken by the ", other);
    }
}

static void check_hpa(struct weir__keda_check *c, const struct weir__item *other)
{
    int32_t meets = weir__keda_meets_hpa(c->object, other->object.node);

    if (meets == WEIR__HPA_TAKES) {
        say_taken(c, "scaleTargetRef", "is scaled already by the ", other);
    } else if (meets == WEIR__HPA_MISNAMED) {
        say_taken(c, "scaleTargetRef",
                  "can be taken over only when advanced.horizontalPodAutoscalerConfig.name names "
                  "the ",
                  other);
    }
}

static void check_others(weir_manifest *manifest, struct weir__keda_check *c,
                         const struct weir__item *item)
{
    for (const struct weir__item *other = manifest->items; other != NULL; other = other->next) {
        if (other == item || other->dropped ||
            strcmp(other->open.name_space, item->open.name_space) != 0) {
            continue;
        }
        if (other->keda != NULL) {
            check_other(c, item, other);
        } else if (other->hpa_spec != NULL) {
            check_hpa(c, other);
        }
    }
}

/* ---- requests of the workload --------------------------------------------------------------- */

/* A LimitRange gives containers what they do not ask for. */
static int has_default(weir_manifest *manifest, const char *name_space, const char *resource)
{
    for (struct weir__bystander *b = manifest->bystanders; b != NULL; b = b->next) {
        const struct weir__node *limits =
            weir__node_get(weir__node_get(b->object.node, "spec"), "limits");

        if (strcmp(b->object.kind, "LimitRange") != 0 || limits == NULL ||
            limits->type != WEIR__NODE_SEQUENCE ||
            strcmp(name_space_of(&b->object), name_space) != 0) {
            continue;
        }
        b->used = 1;
        for (const struct weir__entry *e = limits->first; e != NULL; e = e->next) {
            if (strcmp(weir__node_text(e->value, "type"), "Container") == 0 &&
                (weir__keda_asks(weir__node_get(e->value, "default"), resource) ||
                 weir__keda_asks(weir__node_get(e->value, "defaultRequest"), resource))) {
                return 1;
            }
        }
    }
    return 0;
}

/* `name_space` NULL: an object of the whole cluster. */
static struct weir__bystander *find_bystander(weir_manifest *manifest, const char *kind,
                                              const char *name_space, const char *name)
{
    struct weir__bystander *found = NULL;

    for (struct weir__bystander *b = manifest->bystanders; b != NULL; b = b->next) {
        if (strcmp(b->object.kind, kind) == 0 && strcmp(b->object.name, name) == 0 &&
            (name_space == NULL || strcmp(name_space_of(&b->object), name_space) == 0)) {
            found = b; /* the last one counts */
        }
    }
    return found;
}

static void check_requests(weir_manifest *manifest, struct weir__keda_check *c)
{
    const struct weir__keda_spec *spec = &c->object->spec;
    const char *kind = weir__keda_text_or(&spec->target.kind, "Deployment");
    struct weir__bystander *workload;

    if (manifest->admission.dry_run ||
        strcmp(weir__keda_text_or(&spec->target.api_version, "apps/v1"), "apps/v1") != 0 ||
        (strcmp(kind, "Deployment") != 0 && strcmp(kind, "StatefulSet") != 0)) {
        return;
    }
    workload =
        find_bystander(manifest, kind, c->object->name_space, weir__keda_text(&spec->target.name));
    if (workload != NULL) {
        workload->used = 1;
    }
    for (size_t i = 0; i < spec->triggers.count; i++) {
        struct weir__keda_spot spot = weir__keda_enter_trigger(c, i);

        const char *resource = weir__keda_text(&weir__keda_trigger_at(spec, i)->type);

        if (!weir__keda_is_resource(weir__keda_trigger_at(spec, i))) {
            /* nothing of the pods counts */
        } else if (workload != NULL) {
            weir__keda_check_request(
                c, i,
                weir__node_get(
                    weir__node_get(weir__node_get(workload->object.node, "spec"), "template"),
                    "spec"),
                has_default(manifest, c->object->name_space, resource));
        } else if (manifest->admission.whole_cluster) {
            weir__keda_error(c, NULL, NULL, WEIR_STAGE_WEBHOOK,
                             "needs the workload that scaleTargetRef names, which is not there");
        }
        weir__keda_leave(c, spot);
    }
}

/* The objects that triggers log in with. */
static void find_logins(weir_manifest *manifest, struct weir__keda_object *object)
{
    for (size_t i = 0; i < object->spec.triggers.count; i++) {
        struct weir__keda_authentication *a =
            weir__keda_trigger_at(&object->spec, i)->authentication;
        struct weir__bystander *found;
        const char *kind;

        if (a == NULL) {
            continue;
        }
        kind = weir__keda_text(&a->kind);
        found = strcmp(kind, "ClusterTriggerAuthentication") == 0
                    ? find_bystander(manifest, kind, NULL, weir__keda_text(&a->name))
                    : find_bystander(manifest, "TriggerAuthentication", object->name_space,
                                     weir__keda_text(&a->name));
        if (found != NULL) {
            found->used = 1;
            a->spec = weir__node_get(found->object.node, "spec");
        }
    }
}

/* ---- resolving ------------------------------------------------------------------------------ */

static struct weir__keda_check begin_check(weir_manifest *manifest, const struct weir__item *item)
{
    const struct weir__node *metadata = weir__node_get(item->object.node, "metadata");
    const struct weir__node *name = weir__node_get(metadata, "name");
    struct weir__keda_check c;

    memset(&c, 0, sizeof c);
    c.object = &item->keda->object;
    c.path = item->spec_path;
    c.annotations = item->keda->annotations.path;
    c.mark = item->object.node->mark;
    c.name_mark = name != NULL ? name->mark : c.mark;
    c.pause_mark = weir__texts_mark(&item->keda->annotations, WEIR__KEDA_PAUSED_REPLICAS, c.mark);
    if (item->keda->object.spec.is.node != NULL) {
        c.mark = item->keda->object.spec.is.node->mark;
    }
    c.arena = &manifest->arena;
    c.problems = &manifest->problems;
    return c;
}

/* Whether the machine runs a configuration in which nothing was found. */
static void check_runs(struct weir__keda_check *c, const weir_keda_config *config)
{
    struct weir__message m;
    weir_error err;

    if (weir_keda_config_check(config, &err) != WEIR_OK) {
        weir__message_clear(&m);
        weir__message_add(&m, "weir cannot run what this becomes: ");
        weir__message_add(&m, err.path);
        weir__message_add(&m, " ");
        weir__message_add(&m, err.message);
        weir__problem(c->problems, WEIR_PROBLEM_ERROR, err.status, c->mark, c->path.text, m.text);
    }
}

static void resolve_item(weir_manifest *manifest, struct weir__item *item)
{
    struct weir__keda_check c = begin_check(manifest, item);
    struct weir__scaled_object *so = item->keda;
    size_t errors = manifest->problems.errors;

    so->config = manifest->keda;
    weir__keda_check_schema(&c);
    weir__keda_check_admission(&c, manifest->admission.dry_run);
    check_requests(manifest, &c);
    check_others(manifest, &c, item);
    find_logins(manifest, &so->object);
    so->metrics = weir__keda_convert(&c, &so->config);
    so->stages = c.stages;
    if (manifest->problems.errors == errors && item->open.error_count == 0) {
        check_runs(&c, &so->config);
    }
}

/* ---- showing -------------------------------------------------------------------------------- */

/* KEDA does not take spaces off the names of the list. */
static int is_excluded(const struct weir__keda_object *object, const char *label)
{
    const char *list = weir__keda_annotation(object, WEIR__KEDA_EXCLUDED_LABELS);
    size_t length = strlen(label);

    while (list != NULL && *list != '\0') {
        size_t n = strcspn(list, ",");

        if (n == length && memcmp(list, label, length) == 0) {
            return 1;
        }
        list += n + (list[n] == ',');
    }
    return 0;
}

/* The object's own labels come over KEDA's. */
static void put_labels(struct weir__grower *g, const struct weir__keda_object *object,
                       const char *hpa_name, struct weir__node *labels)
{
    const weir_pair own[] = {
        {"app.kubernetes.io/managed-by", "keda-operator"}, {"app.kubernetes.io/name", hpa_name},
        {"app.kubernetes.io/part-of", object->name},       {"app.kubernetes.io/version", "2.21.0"},
        {"scaledobject.keda.sh/name", object->name},
    };

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        size_t k = 0;

        while (k < object->label_count && strcmp(object->labels[k].key, own[i].key) != 0) {
            k++;
        }
        if (k == object->label_count) {
            weir__grow_put_text(g, labels, own[i].key, own[i].text);
        }
    }
    for (size_t i = 0; i < object->label_count; i++) {
        if (!is_excluded(object, object->labels[i].key)) {
            weir__grow_put_text(g, labels, object->labels[i].key, object->labels[i].text);
        }
    }
}

static struct weir__node *make_hpa(struct weir__keda_check *c, struct weir__grower *g,
                                   const struct weir__hpa_spec *hpa)
{
    const char *name = weir__keda_hpa_name(c->object, c->arena);
    struct weir__node *object = weir__grow_mapping(g), *metadata;

    weir__grow_put_text(g, object, "apiVersion", "autoscaling/v2");
    weir__grow_put_text(g, object, "kind", "HorizontalPodAutoscaler");
    metadata = weir__grow_under(g, object, "metadata");
    put_labels(g, c->object, name, weir__grow_under(g, metadata, "labels"));
    weir__grow_put_text(g, metadata, "name", name);
    weir__grow_put_text(g, metadata, "namespace", c->object->name_space);
    weir__grow_put(g, object, "spec", weir__hpa_tree(g, hpa));
    return object;
}

static weir_status show_item(weir_manifest *manifest, struct weir__item *item, int32_t how,
                             char *text, size_t capacity, size_t *need)
{
    struct weir__keda_check c = begin_check(manifest, item);
    const struct weir__scaled_object *so = item->keda;
    struct weir__grower g = {&manifest->arena, 0};
    struct weir__hpa_spec *hpa;
    struct weir__node *object;

    if (so->object.spec.is.state != WEIR__PRESENT || so->metrics == NULL) {
        return WEIR_E_PARSE;
    }
    if (need != NULL) {
        *need = 1;
    }
    if (so->config.paused) {
        return WEIR_END;
    }
    hpa = weir__keda_hpa(&c, so->metrics);
    if (hpa == NULL) {
        return WEIR_E_MEMORY;
    }
    if ((how & WEIR_SHOW_AS_SENT) == 0) {
        weir__hpa_default(hpa, c.arena, c.problems);
    }
    object = make_hpa(&c, &g, hpa);
    if (object == NULL || g.failed || manifest->problems.out_of_memory) {
        return WEIR_E_MEMORY;
    }
    return weir__write_shown(object, how, text, capacity, need);
}

const struct weir__keda_spec *weir__scaled_object_spec(const struct weir__item *item)
{
    return item->keda != NULL ? &item->keda->object.spec : NULL;
}

const struct weir__hpa_spec *weir__scaled_object_hpa(weir_manifest *manifest,
                                                     struct weir__item *item)
{
    struct weir__keda_check c = begin_check(manifest, item);
    struct weir__hpa_spec *hpa = NULL;

    if (item->keda->object.spec.is.state == WEIR__PRESENT && item->keda->metrics != NULL) {
        hpa = weir__keda_hpa(&c, item->keda->metrics);
    }
    if (hpa != NULL) {
        weir__hpa_default(hpa, c.arena, c.problems);
    }
    return hpa;
}

/* ---- reading -------------------------------------------------------------------------------- */

static struct weir__scaled_object *begin_item(weir_manifest *manifest, struct weir__item *item)
{
    struct weir__scaled_object *so = weir__arena_take(&manifest->arena, sizeof *so);

    if (so == NULL) {
        manifest->problems.out_of_memory = 1;
        item->resolve = NULL;
        return NULL;
    }
    item->keda = so;
    item->open.kind = WEIR_KIND_KEDA;
    item->open.config = &so->config;
    item->resolve = resolve_item;
    item->show = show_item;
    return so;
}

void weir__read_scaled_object(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__item *item = weir__item_add(manifest, object);
    struct weir__scaled_object *so = item != NULL ? begin_item(manifest, item) : NULL;
    struct weir__path path = object->path;
    const struct weir__node *metadata, *spec;

    if (so == NULL) {
        return;
    }
    weir__object_check_name(manifest, object);
    metadata = weir__node_get(object->node, "metadata");
    weir__path_key(&path, "metadata", strlen("metadata"));
    item->spec_path = path;
    weir__object_texts(manifest, metadata, "annotations", &path, &so->annotations);
    weir__object_texts(manifest, metadata, "labels", &item->spec_path, &so->labels);
    so->object.name = object->name;
    so->object.name_space = item->open.name_space;
    so->object.annotations = so->annotations.pairs.list;
    so->object.annotation_count = so->annotations.pairs.count;
    so->object.labels = so->labels.pairs.list;
    so->object.label_count = so->labels.pairs.count;
    item->spec_path = object->path;
    weir__path_key(&item->spec_path, "spec", strlen("spec"));
    spec = weir__node_get(object->node, "spec");
    if (spec == NULL || spec->type == WEIR__NODE_NULL) {
        weir__object_missing(manifest, object, &item->spec_path, "");
    }
    weir__keda_read(&so->object.spec, spec, &item->spec_path, &manifest->arena,
                    &manifest->problems);
}
