/*
 * manifest/knative.c - Knative Services, Configurations, Revisions and ConfigMap config-autoscaler
 * to the configuration of a KPA.
 *
 * The ConfigMap is laid down first, the annotations over it; knative_text.c reads the texts, here
 * they get their places in the files.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/config/config.go and pkg/apis/autoscaling/
 * annotation_validation.go.
 */
#include "go_syntax.h"
#include "knative_text.h"
#include "manifest.h"

#include <stdio.h>
#include <string.h>
#include <weir/autoscaler.h>
#include <weir/kpa.h>

#define PREFIX    "autoscaling.knative.dev/"
#define KPA_CLASS "kpa.autoscaling.knative.dev"

enum { PAIRS_MAX = 256 };

/* The texts of a mapping, and where they stand. */
struct texts {
    weir_manifest *m;
    const struct node *map;
    const char *path;
    weir_pair pairs[PAIRS_MAX];
    const struct node *nodes[PAIRS_MAX];
    size_t count;
};

static void path_of(char *path, size_t size, const char *parent, const char *key)
{
    snprintf(path, size, "%s[%.90s]", parent, key);
}

/* Values of annotations and ConfigMaps are strings; a bare number is refused by the API server. */
static void gather(struct texts *t, weir_manifest *m, const struct node *map, const char *path,
                   const char *prefix)
{
    char full[128];

    t->m = m;
    t->map = map;
    t->path = path;
    t->count = 0;
    for (const struct node *node = map != NULL ? map->first : NULL; node != NULL;
         node = node->next) {
        if (strncmp(node->key, prefix, strlen(prefix)) != 0 &&
            strcmp(node->key, "serving.knative.dev/progress-deadline") != 0) {
            continue;
        }
        path_of(full, sizeof full, path, node->key);
        if (node->type != NODE_STRING) {
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, node->line, node->column, full,
                            "must be text, got %s; write \"%.40s\" in quotes", node_type_name(node),
                            node->text != NULL ? node->text : "...");
        } else if (t->count < PAIRS_MAX) {
            t->pairs[t->count].key = node->key;
            t->pairs[t->count].text = node->text;
            t->nodes[t->count++] = node;
        }
    }
}

/* A problem with a text, at its place; or at the mapping, when it is about several. */
static void tell_place(void *user, int pair, const char *key, const char *message)
{
    const struct texts *t = user;
    const struct node *node = pair >= 0 ? t->nodes[pair] : t->map;
    char full[128];

    path_of(full, sizeof full, t->path, key);
    manifest_report(t->m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, node != NULL ? node->line : 0,
                    node != NULL ? node->column : 0, full, "%s", message);
}

static void warn_unknown(const struct texts *t, const struct node *node, const char *what,
                         const char *near)
{
    char full[128];

    path_of(full, sizeof full, t->path, node->key);
    manifest_report(t->m, WEIR_PROBLEM_WARNING, WEIR_E_PARSE, node->key_line, node->key_column,
                    full, "is no %s of Knative, which ignores it%s%s", what,
                    near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

void knative_begin(weir_manifest *m)
{
    struct texts t;
    struct teller teller = {tell_place, &t, 0};

    weir_kpa_config_init(&m->settings, sizeof m->settings);
    if (m->autoscaler_settings == NULL) {
        return;
    }
    m->file = m->settings_file;
    m->document = m->settings_document;
    gather(&t, m, m->autoscaler_settings, "data", "");
    for (size_t i = 0; i < t.count; i++) {
        if (!knative_knows_setting(t.pairs[i].key)) {
            warn_unknown(&t, t.nodes[i], "setting", knative_nearest_setting(t.pairs[i].key));
        }
    }
    knative_read_settings(t.pairs, t.count, &m->settings, &teller);
}

/* A key that is unknown, or an older spelling beside the newer one. */
static void warn_annotations(const struct texts *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const char *key = t->pairs[i].key, *newer = knative_newer_spelling(key);
        const struct node *node = t->nodes[i];

        if (newer != NULL && node_get(t->map, newer) != NULL) {
            char full[128];

            path_of(full, sizeof full, t->path, key);
            manifest_report(t->m, WEIR_PROBLEM_WARNING, WEIR_E_PARSE, node->key_line,
                            node->key_column, full, "is ignored beside %s", newer);
        }
        if (!knative_knows_annotation(key)) {
            warn_unknown(t, t->nodes[i], "annotation", knative_nearest_annotation(key));
        }
    }
}

static void read_annotations(weir_manifest *m, const struct node *annotations, const char *path,
                             weir_kpa_config *config)
{
    struct texts t;
    struct teller teller = {tell_place, &t, 0};

    gather(&t, m, annotations, path, PREFIX);
    warn_annotations(&t);
    knative_admit(config, t.pairs, t.count, &teller);
    weir_knative_use(t.pairs, t.count, config);
    if (strcmp(config->pod_autoscaler_class, KPA_CLASS) != 0) {
        const struct node *node = node_get(annotations, PREFIX "class");
        char full[128];

        path_of(full, sizeof full, path, PREFIX "class");
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_UNSUPPORTED, node != NULL ? node->line : 0,
                        node != NULL ? node->column : 0, full, "is %.60s; weir runs %s only",
                        config->pod_autoscaler_class, KPA_CLASS);
    }
}

/* Autoscaling annotations on the Service itself are refused: they must be on the template. */
static void check_misplaced(weir_manifest *m, const struct node *annotations)
{
    char path[128];

    for (const struct node *node = annotations != NULL ? annotations->first : NULL; node != NULL;
         node = node->next) {
        if (strncmp(node->key, PREFIX, sizeof PREFIX - 1) == 0) {
            path_of(path, sizeof path, "metadata.annotations", node->key);
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, node->key_line, node->key_column,
                            path, "must be under spec.template.metadata.annotations");
        }
    }
}

static void read_concurrency(weir_manifest *m, const struct node *spec, const char *path,
                             weir_kpa_config *config)
{
    const struct node *node = node_get(spec, "containerConcurrency");
    int64_t n = 0;

    if (node == NULL) {
        return;
    }
    if (node->type != NODE_INT || !go_parse_int(node->text, 64, &n) || n < 0 || n > 1000) {
        manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_RANGE, node->line, node->column, path,
                        "must be a whole number in [0, 1000], got %.60s",
                        node->text != NULL ? node->text : node_type_name(node));
        return;
    }
    config->container_concurrency = n;
}

/* ---- objects -------------------------------------------------------------------------------- */

int knative_read(weir_manifest *m, const struct node *root, const char *api, const char *kind)
{
    const struct node *metadata = node_get(root, "metadata"), *name = node_get(metadata, "name");

    if (strcmp(api, "v1") == 0 && strcmp(kind, "ConfigMap") == 0 && name != NULL &&
        name->text != NULL && strcmp(name->text, "config-autoscaler") == 0) {
        const struct node *data = node_get(root, "data");

        if (m->autoscaler_settings != NULL) {
            manifest_report(m, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, root->line, root->column,
                            "metadata.name", "there is a second ConfigMap config-autoscaler");
        } else if (data != NULL && data->type == NODE_MAP) {
            m->autoscaler_settings = data;
            m->settings_file = m->file;
            m->settings_document = m->document;
        }
        return 1;
    }
    if (strncmp(api, "serving.knative.dev/", 20) != 0 ||
        (strcmp(kind, "Service") != 0 && strcmp(kind, "Configuration") != 0 &&
         strcmp(kind, "Revision") != 0)) {
        return 0;
    }
    manifest_add_item(m, root, kind, WEIR_KIND_KPA);
    return 1;
}

void knative_finish(weir_manifest *m, struct item *item)
{
    weir_kpa_config *config = arena_take(&m->arena, sizeof *config);
    const struct node *object = item->root, *metadata;
    int is_revision = strcmp(item->open.api_kind, "Revision") == 0;

    if (config == NULL) {
        return;
    }
    *config = m->settings;
    if (!is_revision) {
        check_misplaced(m, node_get(node_get(object, "metadata"), "annotations"));
        object = node_get(node_get(object, "spec"), "template");
    }
    metadata = node_get(object, "metadata");
    read_annotations(m, node_get(metadata, "annotations"),
                     is_revision ? "metadata.annotations" : "spec.template.metadata.annotations",
                     config);
    read_concurrency(m, node_get(object, "spec"),
                     is_revision ? "spec.containerConcurrency"
                                 : "spec.template.spec.containerConcurrency",
                     config);
    item->open.config = config;
}
