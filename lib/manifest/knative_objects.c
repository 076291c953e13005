/*
 * manifest/knative_objects.c - Knative's objects: Service, Configuration, Revision, PodAutoscaler,
 * and the ConfigMaps of its autoscaler.
 *
 * A revision is what is scaled. A Service or a Configuration holds the template of one, whose
 * annotations are those that count.
 */
#include "go_syntax.h"
#include "object.h"

#include <string.h>
#include <weir/autoscaler.h>

#define PREFIX    WEIR__KNATIVE_PREFIX
#define NAMESPACE "knative-serving"

enum { NAMES_MAX = 64 };

/* A problem of a key of a mapping of texts. */
static void report_key(weir_manifest *manifest, int32_t severity, const struct weir__texts *texts,
                       size_t index, const struct weir__message *m)
{
    struct weir__path path = texts->path;
    const char *key = texts->pairs.list[index].key;

    weir__path_key(&path, key, strlen(key));
    weir__object_problem(manifest, severity, WEIR_E_PARSE, texts->keys[index], &path, m);
}

static void warn_unknown(weir_manifest *manifest, const struct weir__texts *texts, size_t index,
                         const char *what, const char *const names[], size_t count)
{
    const char *near = weir_nearest_name(texts->pairs.list[index].key, names, count);
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "is no ");
    weir__message_add(&m, what);
    weir__message_add(&m, " of Knative, which ignores it");
    if (near != NULL) {
        weir__message_add(&m, "; did you mean ");
        weir__message_add(&m, near);
    }
    report_key(manifest, WEIR_PROBLEM_WARNING, texts, index, &m);
}

/* An error of a text, where it is written. */
struct place {
    weir_manifest *manifest;
    const struct weir__texts *texts;
    struct weir__mark object;
};

static void report_text(void *user, weir_status status, const char *key, const char *message)
{
    const struct place *place = user;
    struct weir__path path = place->texts->path;
    struct weir__mark mark = weir__texts_mark(place->texts, key, place->object);

    weir__path_key(&path, key, strlen(key));
    weir__problem(&place->manifest->problems, WEIR_PROBLEM_ERROR, status, mark, path.text, message);
}

static struct weir__knative_sink sink_of(struct place *place, weir_manifest *manifest,
                                         const struct weir__texts *texts,
                                         const struct weir__object *object)
{
    struct weir__knative_sink sink = {report_text, place};

    place->manifest = manifest;
    place->texts = texts;
    place->object = object->node->mark;
    return sink;
}

/* ---- reading -------------------------------------------------------------------------------- */

static void resolve_revision(weir_manifest *manifest, struct weir__item *item);

/* `holder` has the revision's metadata and spec. */
static void read_revision(weir_manifest *manifest, const struct weir__object *object,
                          const struct weir__node *holder, const struct weir__path *holder_path)
{
    struct weir__item *item = weir__item_add(manifest, object);
    struct weir__path path = *holder_path;
    const struct weir__node *metadata;

    if (item == NULL) {
        return;
    }
    item->open.kind = WEIR_KIND_KPA;
    item->open.config = &item->kpa;
    item->resolve = resolve_revision;
    weir__object_check_name(manifest, object);
    metadata = weir__object_mapping(manifest, holder, "metadata", &path);
    weir__object_texts(manifest, metadata, "annotations", &path, &item->annotations);
    item->spec_path = *holder_path;
    item->spec = weir__object_mapping(manifest, holder, "spec", &item->spec_path);
}

void weir__read_knative_revision(weir_manifest *manifest, const struct weir__object *object)
{
    read_revision(manifest, object, object->node, &object->path);
}

/* Autoscaling annotations on the Service or Configuration itself are refused.
 * Upstream: pkg/apis/serving, ValidateHasNoAutoscalingAnnotation(). */
static void refuse_misplaced(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__path path = object->path;
    const struct weir__node *metadata;
    struct weir__texts own;
    struct weir__message m;

    metadata = weir__object_mapping(manifest, object->node, "metadata", &path);
    weir__object_texts(manifest, metadata, "annotations", &path, &own);
    weir__message_clear(&m);
    weir__message_add(&m, "must be under spec.template.metadata.annotations");
    for (size_t i = 0; i < own.pairs.count; i++) {
        static const char group[] = "autoscaling.knative.dev";

        if (strncmp(own.pairs.list[i].key, group, sizeof group - 1) == 0) {
            report_key(manifest, WEIR_PROBLEM_ERROR, &own, i, &m);
        }
    }
}

void weir__read_knative_template(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__path path = object->path;
    const struct weir__node *spec, *template;

    refuse_misplaced(manifest, object);
    spec = weir__object_mapping(manifest, object->node, "spec", &path);
    template = weir__object_mapping(manifest, spec, "template", &path);
    if (template == NULL && weir__node_get(spec, "template") == NULL) {
        weir__object_missing(manifest, object, &path, ": it describes the revision that is scaled");
    }
    read_revision(manifest, object, template, &path);
}

/* ---- revisions ------------------------------------------------------------------------------ */

/* Knative ignores annotations that it does not know, so a slip of the pen changes nothing, unseen;
 * and an older spelling counts for nothing beside the newer one. */
static void warn_annotations(weir_manifest *manifest, const struct weir__texts *texts)
{
    const char *names[NAMES_MAX];
    size_t count, known = 0;
    const weir_field *fields = weir__kpa_fields(&count);

    for (size_t i = 0; i < count && known < NAMES_MAX; i++) {
        if (strncmp(fields[i].key, PREFIX, sizeof PREFIX - 1) == 0) {
            names[known++] = fields[i].key;
        }
    }
    for (size_t i = 0; i < texts->pairs.count; i++) {
        const char *key = texts->pairs.list[i].key;
        const weir_field *field = fields;
        struct weir__message m;

        while (field < fields + count && strcmp(field->key, key) != 0 &&
               (field->alias[0] == '\0' || strcmp(field->alias, key) != 0)) {
            field++;
        }
        if (field == fields + count) {
            if (strncmp(key, PREFIX, sizeof PREFIX - 1) == 0) {
                warn_unknown(manifest, texts, i, "annotation", names, known);
            }
        } else if (strcmp(field->key, key) != 0 &&
                   weir__pairs_get(&texts->pairs, field->key) != NULL) {
            weir__message_clear(&m);
            weir__message_add(&m, "is ignored beside ");
            weir__message_add(&m, field->key);
            report_key(manifest, WEIR_PROBLEM_WARNING, texts, i, &m);
        }
    }
}

/* The one number that admission can read and use cannot. */
static void warn_initial_scale(weir_manifest *manifest, const struct weir__texts *texts)
{
    for (size_t i = 0; i < texts->pairs.count; i++) {
        const weir_pair *pair = &texts->pairs.list[i];
        struct weir__message m;
        int64_t value;

        if (strcmp(pair->key, PREFIX "initial-scale") == 0 &&
            weir__go_int(pair->text, strlen(pair->text), 10, 64, &value) == WEIR__GO_OK &&
            value > INT32_MAX) {
            weir__message_clear(&m);
            weir__message_add(&m, "is admitted, but more than 32 bits are not read at use: the "
                                  "cluster's initial-scale counts");
            report_key(manifest, WEIR_PROBLEM_WARNING, texts, i, &m);
        }
    }
}

static void read_concurrency(weir_manifest *manifest, struct weir__item *item)
{
    const struct weir__knative_defaults *defaults = &manifest->kpa_defaults;
    weir_field field = *weir__kpa_field("container_concurrency");
    struct weir__path path = item->spec_path;

    if (weir__node_get(item->spec, field.key) == NULL) {
        item->kpa.container_concurrency = defaults->container_concurrency;
    }
    for (const struct weir__entry *e = item->spec != NULL ? item->spec->first : NULL; e != NULL;
         e = e->next) {
        const char *const name = field.key;
        struct weir__message m;

        if (strcmp(e->key, name) != 0 && weir__node_get(item->spec, name) == NULL &&
            weir__distance(e->key, name) <= 2) { /* a PodSpec has no other field that is so near */
            weir__message_clear(&m);
            weir__message_add(&m, "is no field of a revision; did you mean containerConcurrency");
            weir__path_key(&path, e->key, e->key_length);
            weir__object_problem(manifest, WEIR_PROBLEM_WARNING, WEIR_OK, e->mark, &path, &m);
            path = item->spec_path;
        }
    }
    field.imin = defaults->allow_container_concurrency_zero ? 0 : 1;
    field.imax = defaults->container_concurrency_max_limit;
    if (item->spec != NULL) {
        weir__table_fill(&field, 1, &item->kpa, item->spec, &path, 0, &manifest->problems);
    }
}

static void check_runs(weir_manifest *manifest, const struct weir__item *item)
{
    struct weir__message m;
    weir_error err;

    if (weir_kpa_config_check(&item->kpa, &err) != WEIR_OK) {
        weir__message_clear(&m);
        weir__message_add(&m, "weir cannot run what this becomes: ");
        weir__message_add(&m, err.path);
        weir__message_add(&m, " ");
        weir__message_add(&m, err.message);
        weir__object_problem(manifest, WEIR_PROBLEM_ERROR, err.status, item->object.node->mark,
                             &item->object.path, &m);
    }
}

static void report_class(weir_manifest *manifest, const struct weir__item *item)
{
    static const char key[] = PREFIX "class";
    struct weir__path path = item->annotations.path;
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "is ");
    weir__message_quote(&m, item->kpa.pod_autoscaler_class, strlen(item->kpa.pod_autoscaler_class));
    weir__message_add(
        &m,
        ", which Knative accepts and leaves to others to scale; weir runs " WEIR__KNATIVE_KPA_CLASS
        " and " WEIR__KNATIVE_HPA_CLASS " only");
    weir__path_key(&path, key, sizeof key - 1);
    weir__object_problem(manifest, WEIR_PROBLEM_ERROR, WEIR_E_UNSUPPORTED,
                         weir__texts_mark(&item->annotations, key, item->object.node->mark), &path,
                         &m);
}

static void resolve_revision(weir_manifest *manifest, struct weir__item *item)
{
    const struct weir__pairs *annotations = &item->annotations.pairs;
    size_t errors = manifest->problems.errors;
    struct place place;

    item->kpa = manifest->kpa;
    warn_annotations(manifest, &item->annotations);
    warn_initial_scale(manifest, &item->annotations);
    weir__knative_admit(&manifest->kpa, annotations,
                        sink_of(&place, manifest, &item->annotations, &item->object));
    weir__knative_use(&item->kpa, annotations);
    read_concurrency(manifest, item);
    if (strcmp(item->kpa.pod_autoscaler_class, WEIR__KNATIVE_HPA_CLASS) == 0) {
        weir__resolve_hpa_class(manifest, item);
        return;
    }
    if (strcmp(item->kpa.pod_autoscaler_class, WEIR__KNATIVE_KPA_CLASS) != 0) {
        report_class(manifest, item);
    }
    if (manifest->problems.errors == errors) {
        check_runs(manifest, item);
    }
}

/* ---- ConfigMaps ----------------------------------------------------------------------------- */

static const char *const configmap_names[WEIR__CONFIGMAPS] = {
    "config-autoscaler", "config-deployment", "config-defaults"};

void weir__read_configmap(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__path path = object->path;
    struct weir__configmap *map = manifest->configmaps;
    struct weir__message m;
    size_t i = 0;

    while (i < WEIR__CONFIGMAPS && strcmp(configmap_names[i], object->name) != 0) {
        i++;
    }
    weir__message_clear(&m);
    if (strcmp(object->name, "inferenceservice-config") == 0) { /* KServe's */
        manifest->kserve_config = *object;
        manifest->keep = 1;
        return;
    }
    if (i == WEIR__CONFIGMAPS) {
        weir__pass_over(manifest, object, &m);
        return;
    }
    map += i;
    if (map->object.node != NULL) {
        weir__say_again(&map->object, &m);
        weir__object_problem(manifest, WEIR_PROBLEM_WARNING, WEIR_OK, object->node->mark, &path,
                             &m);
    }
    if (object->name_space[0] != '\0' && strcmp(object->name_space, NAMESPACE) != 0) {
        weir__path_key(&path, "metadata", strlen("metadata"));
        weir__path_key(&path, "namespace", strlen("namespace"));
        weir__message_clear(&m);
        weir__message_add(&m,
                          "Knative reads its ConfigMaps in its own namespace, usually " NAMESPACE);
        weir__object_problem(manifest, WEIR_PROBLEM_WARNING, WEIR_OK, object->node->mark, &path,
                             &m);
        path = object->path;
    }
    map->object = *object;
    weir__object_texts(manifest, object->node, "data", &path, &map->data);
    manifest->keep = 1;
}

/* A key that begins with _ is an example or a comment by Kubernetes' custom. tick-interval was
 * one of Knative's, and still stands in many files. */
static void warn_settings(weir_manifest *manifest, const struct weir__texts *data)
{
    const char *names[NAMES_MAX];
    size_t count, known = 0;
    const weir_field *fields = weir__kpa_fields(&count);

    for (size_t i = 0; i < count && known < NAMES_MAX; i++) {
        if (fields[i].global_key[0] != '\0' && !weir__is_deployment_setting(&fields[i])) {
            names[known++] = fields[i].global_key;
        }
    }
    for (size_t i = 0; i < data->pairs.count; i++) {
        const char *key = data->pairs.list[i].key;
        size_t k = 0;

        while (k < known && strcmp(names[k], key) != 0) {
            k++;
        }
        if (k == known && key[0] != '_' && strcmp(key, "tick-interval") != 0) {
            warn_unknown(manifest, data, i, "setting", names, known);
        }
    }
}

void weir__resolve_cluster(weir_manifest *manifest)
{
    weir__knative_defaults_init(&manifest->kpa_defaults);
    for (int i = 0; i < WEIR__CONFIGMAPS; i++) {
        const struct weir__configmap *map = &manifest->configmaps[i];
        struct weir__knative_sink sink;
        struct weir__message m;
        struct place place;
        int fine;

        if (map->object.node == NULL) {
            continue;
        }
        weir__problems_about(manifest, &map->object);
        sink = sink_of(&place, manifest, &map->data, &map->object);
        if (i == WEIR__CONFIG_AUTOSCALER) {
            warn_settings(manifest, &map->data);
            fine = weir__knative_settings(&manifest->kpa, &map->data.pairs, sink);
        } else if (i == WEIR__CONFIG_DEPLOYMENT) {
            fine = weir__knative_deployment(&manifest->kpa, &map->data.pairs, sink);
        } else {
            fine = weir__knative_defaults_read(&manifest->kpa_defaults, &map->data.pairs, sink);
        }
        if (!fine) {
            weir__message_clear(&m);
            weir__message_add(&m, "Knative refuses this ConfigMap as a whole; without it the "
                                  "defaults hold");
            weir__object_problem(manifest, WEIR_PROBLEM_WARNING, WEIR_OK, map->object.node->mark,
                                 &map->object.path, &m);
        }
    }
}
