/*
 * manifest/knative_objects.c - Knative's objects: Service, Configuration, Revision, PodAutoscaler,
 * and ConfigMap config-autoscaler.
 *
 * A revision is what is scaled. A Service or a Configuration holds the template of one, whose
 * annotations are those that count.
 */
#include "manifest/go_syntax.h"
#include "manifest/object.h"

#include <string.h>

#define CONFIGMAP_NAME      "config-autoscaler"
#define CONFIGMAP_NAMESPACE "knative-serving"

enum { NAMES_MAX = 2 * WEIR__KNOBS_MAX, CONCURRENCY_USUAL_MAX = 1000 };

static void say_nearest(struct weir__message *m, const char *prefix, const char *near)
{
    if (near != NULL) {
        weir__message_add(m, "; did you mean ");
        weir__message_add(m, prefix);
        weir__message_add(m, near);
        weir__message_add(m, "?");
    }
}

/* A problem of one key of a mapping of texts. */
static void report_key(weir_manifest *manifest, int32_t severity, const struct weir__texts *texts,
                       size_t index, const struct weir__message *m)
{
    struct weir__path path = texts->path;
    const char *key = texts->settings.list[index].key;

    weir__path_key(&path, key, strlen(key));
    weir__object_problem(manifest, severity, WEIR_E_RANGE, texts->keys[index], &path, m);
}

/* ---- annotations ---------------------------------------------------------------------------- */

static int starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Knative passes over what it does not know, so a slip of the pen changes nothing, unseen. */
static void warn_unknown_annotations(weir_manifest *manifest, const struct weir__texts *texts)
{
    static const char prefix[] = WEIR__KNATIVE_PREFIX;
    const char *names[NAMES_MAX];
    size_t count = weir__knative_annotation_names(names, NAMES_MAX), known = 0;
    struct weir__message m;

    for (size_t i = 0; i < count; i++) {
        if (starts_with(names[i], prefix)) {
            names[known++] = names[i] + sizeof prefix - 1;
        }
    }
    for (size_t i = 0; i < texts->settings.count; i++) {
        const char *key = texts->settings.list[i].key;
        size_t k = 0;

        if (!starts_with(key, prefix)) {
            continue;
        }
        key += sizeof prefix - 1;
        while (k < known && strcmp(names[k], key) != 0) {
            k++;
        }
        if (k == known) {
            weir__message_clear(&m);
            weir__message_add(&m, "is no annotation of Knative's autoscaler, which passes over it");
            say_nearest(&m, prefix, weir__nearest(key, names, known));
            report_key(manifest, WEIR_SEVERITY_WARNING, texts, i, &m);
        }
    }
}

/* A Service or Configuration may not have autoscaling annotations of its own.
 * Upstream: pkg/apis/serving, ValidateHasNoAutoscalingAnnotation(). */
static void refuse_own_annotations(weir_manifest *manifest, const struct weir__texts *texts)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "autoscaling annotations must be under spec.template.metadata");
    for (size_t i = 0; i < texts->settings.count; i++) {
        if (starts_with(texts->settings.list[i].key, "autoscaling.knative.dev")) {
            report_key(manifest, WEIR_SEVERITY_ERROR, texts, i, &m);
        }
    }
}

/* ---- revisions ------------------------------------------------------------------------------ */

static int resolve_revision(weir_manifest *manifest, struct weir__item *item);

static void read_concurrency(weir_manifest *manifest, struct weir__item *item,
                             const struct weir__node *spec, const struct weir__path *spec_path)
{
    static const weir_field field = {
        .name = "container_concurrency", .key = "containerConcurrency", .alias = "",
        .global_key = "", .unit = "requests", .values = "", .doc = "", .imax = INT64_MAX,
        .size = sizeof(int64_t), .type = WEIR_FIELD_INT};
    const struct weir__entry *entry = weir__node_entry(spec, field.key);
    struct weir__path path = *spec_path;
    struct weir__message m;

    weir__table_fill(&field, 1, &item->container_concurrency, spec, &path, 0,
                     &manifest->problems);
    weir__path_key(&path, field.key, strlen(field.key));
    weir__message_clear(&m);
    if (item->container_concurrency > CONCURRENCY_USUAL_MAX) {
        weir__message_add(&m, "Knative refuses more than 1000 unless config-defaults raises its "
                              "container-concurrency-max-limit");
        weir__object_problem(manifest, WEIR_SEVERITY_WARNING, WEIR_OK, entry->value->mark, &path,
                             &m);
    }
    for (const struct weir__entry *e = spec->first; entry == NULL && e != NULL; e = e->next) {
        static const char *const name[] = {"containerConcurrency"};

        if (weir__nearest(e->key, name, 1) != NULL) {
            weir__message_add(&m, "is no field of a revision; did you mean containerConcurrency?");
            path = *spec_path;
            weir__path_key(&path, e->key, e->key_length);
            weir__object_problem(manifest, WEIR_SEVERITY_WARNING, WEIR_OK, e->mark, &path, &m);
            break;
        }
    }
}

/* `holder` has the revision's metadata and spec. */
static void read_revision(weir_manifest *manifest, const struct weir__object *object,
                          const struct weir__node *holder, const struct weir__path *holder_path)
{
    struct weir__item *item = weir__item_add(manifest, object);
    struct weir__path path = *holder_path;
    const struct weir__node *metadata, *spec;
    struct weir__message m;

    if (item == NULL) {
        return;
    }
    item->kind = WEIR_KIND_KPA;
    item->resolve = resolve_revision;
    if (object->name[0] == '\0' &&
        weir__node_get(weir__node_get(object->node, "metadata"), "generateName") == NULL) {
        path = object->path;
        weir__path_key(&path, "metadata", strlen("metadata"));
        weir__path_key(&path, "name", strlen("name"));
        weir__message_clear(&m);
        weir__message_add(&m, "is missing: every object needs a name");
        weir__object_problem(manifest, WEIR_SEVERITY_ERROR, WEIR_E_PARSE, object->node->mark, &path,
                             &m);
        path = *holder_path;
    }
    metadata = weir__object_mapping(manifest, holder, "metadata", &path);
    weir__object_texts(manifest, metadata, "annotations", &path, &item->annotations);
    path = *holder_path;
    spec = weir__object_mapping(manifest, holder, "spec", &path);
    if (spec != NULL) {
        read_concurrency(manifest, item, spec, &path);
    }
}

void weir__read_knative_revision(weir_manifest *manifest, const struct weir__object *object)
{
    read_revision(manifest, object, object->node, &object->path);
}

void weir__read_knative_template(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__path path = object->path;
    const struct weir__node *metadata, *spec, *template;
    struct weir__texts own;
    struct weir__message m;

    metadata = weir__object_mapping(manifest, object->node, "metadata", &path);
    weir__object_texts(manifest, metadata, "annotations", &path, &own);
    refuse_own_annotations(manifest, &own);

    path = object->path;
    spec = weir__object_mapping(manifest, object->node, "spec", &path);
    template = weir__object_mapping(manifest, spec, "template", &path);
    if (template == NULL && (spec == NULL || weir__node_entry(spec, "template") == NULL)) {
        weir__message_clear(&m);
        weir__message_add(&m, "is missing: it describes the revision that is scaled");
        weir__object_problem(manifest, WEIR_SEVERITY_ERROR, WEIR_E_PARSE, object->node->mark, &path,
                             &m);
    }
    read_revision(manifest, object, template, &path);
}

struct place {
    weir_manifest *manifest;
    const struct weir__texts *texts;
    struct weir__mark fallback;
};

static void report_setting(void *user, weir_status status, const char *key, const char *message)
{
    const struct place *place = user;
    struct weir__path path = place->texts->path;
    struct weir__mark mark = weir__texts_mark(place->texts, key, 1, place->fallback);

    weir__path_key(&path, key, strlen(key));
    weir__problem(&place->manifest->problems, WEIR_SEVERITY_ERROR, status, mark, path.text,
                  message);
}

/* Where admission and use do not agree, or one annotation hides another. */
static void warn_unused(weir_manifest *manifest, const struct weir__texts *texts)
{
    static const char initial[] = WEIR__KNATIVE_PREFIX "initial-scale";
    const char *text = weir__settings_get(&texts->settings, initial);
    struct weir__message m;
    int64_t value;

    weir__message_clear(&m);
    if (text != NULL && weir__go_int(text, strlen(text), 10, 64, &value) == WEIR__GO_OK &&
        value > INT32_MAX) {
        weir__message_add(&m, "is admitted, but the autoscaler cannot read a number so large and "
                              "uses the cluster's initial-scale");
        for (size_t i = 0; i < texts->settings.count; i++) {
            if (strcmp(texts->settings.list[i].key, initial) == 0) {
                report_key(manifest, WEIR_SEVERITY_WARNING, texts, i, &m);
            }
        }
    }
    for (size_t i = 0; i < texts->settings.count; i++) {
        const char *canonical = weir__knative_canonical(texts->settings.list[i].key);

        if (canonical != NULL && weir__settings_get(&texts->settings, canonical) != NULL) {
            weir__message_clear(&m);
            weir__message_add(&m, "is passed over, because ");
            weir__message_add(&m, canonical);
            weir__message_add(&m, " is there too");
            report_key(manifest, WEIR_SEVERITY_WARNING, texts, i, &m);
        }
    }
}

static int resolve_revision(weir_manifest *manifest, struct weir__item *item)
{
    const struct weir__settings *annotations = &item->annotations.settings;
    struct place place = {manifest, &item->annotations, item->object.node->mark};
    struct weir__knative_sink sink = {report_setting, &place};
    struct weir__knative revision = manifest->cluster;
    const char *class = weir__settings_get(annotations, WEIR__KNATIVE_PREFIX "class");
    struct weir__message m;
    weir_error err;

    warn_unknown_annotations(manifest, &item->annotations);
    warn_unused(manifest, &item->annotations);
    if (weir__knative_admit(&manifest->cluster, annotations, sink)) {
        weir__knative_use(&revision, annotations, item->container_concurrency);
        if (weir_kpa_config_check(&revision.kpa, &err) != WEIR_OK) {
            weir__message_clear(&m);
            weir__message_add(&m, "weir cannot run what this becomes: ");
            weir__message_add(&m, err.path);
            weir__message_add(&m, " ");
            weir__message_add(&m, err.message);
            weir__object_problem(manifest, WEIR_SEVERITY_ERROR, err.status,
                                 item->object.node->mark, &item->object.path, &m);
        }
    } else {
        weir__knative_use(&revision, annotations, item->container_concurrency);
    }
    item->config = revision.kpa;
    class = class != NULL ? class : manifest->cluster.rest.pod_autoscaler_class;
    if (strcmp(class, WEIR__KNATIVE_KPA_CLASS) == 0) {
        return 1;
    }
    weir__message_clear(&m);
    weir__message_add(&m, item->object.kind);
    weir__message_add(&m, " ");
    weir__message_quote(&m, item->object.name, strlen(item->object.name));
    weir__message_add(&m, " is passed over: its class is ");
    weir__message_quote(&m, class, strlen(class));
    weir__message_add(&m, ", and weir runs " WEIR__KNATIVE_KPA_CLASS);
    weir__object_problem(manifest, WEIR_SEVERITY_WARNING, WEIR_OK, item->object.node->mark,
                         &item->object.path, &m);
    return 0;
}

/* ---- ConfigMap ------------------------------------------------------------------------------ */

static void warn_configmap(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__message m;
    struct weir__path path = object->path;

    weir__message_clear(&m);
    if (object->name_space[0] != '\0' && strcmp(object->name_space, CONFIGMAP_NAMESPACE) != 0) {
        weir__path_key(&path, "metadata", strlen("metadata"));
        weir__path_key(&path, "namespace", strlen("namespace"));
        weir__message_add(&m, "Knative reads " CONFIGMAP_NAME " in its own namespace, which is "
                              "usually " CONFIGMAP_NAMESPACE);
        weir__object_problem(manifest, WEIR_SEVERITY_WARNING, WEIR_OK, object->node->mark, &path,
                             &m);
    }
}

void weir__read_configmap(weir_manifest *manifest, const struct weir__object *object)
{
    struct weir__path path = object->path;
    struct weir__message m;

    weir__message_clear(&m);
    if (strcmp(object->name, CONFIGMAP_NAME) != 0) {
        weir__message_add(&m, "ConfigMap ");
        weir__message_quote(&m, object->name, strlen(object->name));
        weir__message_add(&m, " is passed over: weir reads " CONFIGMAP_NAME);
        weir__object_problem(manifest, WEIR_SEVERITY_NOTICE, WEIR_OK, object->node->mark, &path,
                             &m);
        return;
    }
    if (manifest->configmap == NULL) {
        manifest->configmap = weir__arena_take(&manifest->arena, sizeof *manifest->configmap);
        if (manifest->configmap == NULL) {
            manifest->problems.out_of_memory = 1;
            return;
        }
    } else {
        weir__say_again(manifest, manifest->configmap, &m);
        weir__object_problem(manifest, WEIR_SEVERITY_WARNING, WEIR_OK, object->node->mark, &path,
                             &m);
    }
    *manifest->configmap = *object;
    manifest->keep = 1;
    warn_configmap(manifest, object);
    weir__object_texts(manifest, object->node, "data", &path, &manifest->configmap_data);
}

/* A key that begins with _ is an example or a comment by Kubernetes' custom. */
static void warn_unknown_keys(weir_manifest *manifest, const struct weir__texts *data)
{
    const char *names[NAMES_MAX];
    size_t count = weir__knative_configmap_names(names, NAMES_MAX);
    struct weir__message m;

    for (size_t i = 0; i < data->settings.count; i++) {
        const char *key = data->settings.list[i].key;
        size_t k = 0;

        while (k < count && strcmp(names[k], key) != 0) {
            k++;
        }
        if (k == count && key[0] != '_') {
            weir__message_clear(&m);
            weir__message_add(&m, "is no key of " CONFIGMAP_NAME ", and is passed over");
            say_nearest(&m, "", weir__nearest(key, names, count));
            report_key(manifest, WEIR_SEVERITY_WARNING, data, i, &m);
        }
    }
}

void weir__resolve_cluster(weir_manifest *manifest)
{
    const struct weir__object *object = manifest->configmap;
    struct weir__texts *data = &manifest->configmap_data;
    struct place place = {manifest, data, {0, 0}};
    struct weir__knative_sink sink = {report_setting, &place};
    struct weir__message m;

    weir__knative_defaults(&manifest->cluster, manifest->options.semantics);
    if (object != NULL) {
        manifest->problems.file = object->document->file;
        manifest->problems.document = object->document->index;
        place.fallback = object->node->mark;
        warn_unknown_keys(manifest, data);
        if (!weir__knative_configmap(&manifest->cluster, &data->settings, sink)) {
            weir__knative_defaults(&manifest->cluster, manifest->options.semantics);
            weir__message_clear(&m);
            weir__message_add(&m, "Knative refuses this ConfigMap as a whole; the defaults are "
                                  "used here");
            weir__object_problem(manifest, WEIR_SEVERITY_WARNING, WEIR_OK, object->node->mark,
                                 &object->path, &m);
        }
    }
    manifest->cluster.kpa.conversion = manifest->options.conversion;
}
