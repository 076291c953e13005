/*
 * manifest/knative_api.c - Knative's settings without a manifest: the public functions.
 */
#include "manifest/knative.h"

#include <string.h>

/* The caller's array of errors. */
struct errors {
    weir_error *list;
    size_t capacity, count;
    weir_status first;
};

static void collect(void *user, weir_status status, const char *key, const char *message)
{
    struct errors *errors = user;
    struct weir__path path;
    struct weir__message m;

    if (errors->count < errors->capacity) {
        weir_error *err = &errors->list[errors->count];

        weir__path_clear(&path);
        weir__path_text(&path, key);
        weir__message_clear(&m);
        weir__message_add(&m, message);
        memset(err, 0, sizeof *err);
        err->status = status;
        memcpy(err->path, path.text, strlen(path.text) + 1);
        memcpy(err->message, m.text, strlen(m.text) + 1);
    }
    errors->first = errors->count == 0 ? status : errors->first;
    errors->count++;
}

static void ignore(void *user, weir_status status, const char *key, const char *message)
{
    (void)user;
    (void)status;
    (void)key;
    (void)message;
}

static int are_settings(const weir_setting *list, size_t count)
{
    for (size_t i = 0; list != NULL && i < count; i++) {
        if (list[i].key == NULL || list[i].value == NULL) {
            return 0;
        }
    }
    return list != NULL || count == 0;
}

static int is_semantics(int32_t semantics)
{
    return semantics == WEIR_SERVING_0_51 || semantics == WEIR_SERVING_0_42;
}

/* The cluster as its ConfigMap makes it, or as it is without one when that is refused. */
static void read_cluster(struct weir__knative *cluster, const weir_setting *data, size_t count,
                         int32_t semantics)
{
    struct weir__settings settings = {data, count};
    struct weir__knative_sink nowhere = {ignore, NULL};

    weir__knative_defaults(cluster, semantics);
    if (!weir__knative_configmap(cluster, &settings, nowhere)) {
        weir__knative_defaults(cluster, semantics);
    }
}

weir_status weir_knative_configmap(const weir_setting *data, size_t data_count, int32_t semantics,
                                   weir_kpa_config *config, weir_error *errors, size_t capacity,
                                   size_t *count)
{
    struct errors list = {errors, capacity, 0, WEIR_OK};
    struct weir__knative_sink sink = {collect, &list};
    struct weir__settings settings = {data, data_count};
    struct weir__knative cluster;

    if (!are_settings(data, data_count) || config == NULL || !is_semantics(semantics) ||
        (errors == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__knative_defaults(&cluster, semantics);
    if (!weir__knative_configmap(&cluster, &settings, sink)) {
        weir__knative_defaults(&cluster, semantics);
    }
    *config = cluster.kpa;
    if (count != NULL) {
        *count = list.count;
    }
    return list.first;
}

weir_status weir_knative_admit(const weir_setting *data, size_t data_count,
                               const weir_setting *annotations, size_t annotation_count,
                               int32_t semantics, weir_error *errors, size_t capacity,
                               size_t *count)
{
    struct errors list = {errors, capacity, 0, WEIR_OK};
    struct weir__knative_sink sink = {collect, &list};
    struct weir__settings settings = {annotations, annotation_count};
    struct weir__knative cluster;

    if (!are_settings(data, data_count) || !are_settings(annotations, annotation_count) ||
        !is_semantics(semantics) || (errors == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    read_cluster(&cluster, data, data_count, semantics);
    weir__knative_admit(&cluster, &settings, sink);
    if (count != NULL) {
        *count = list.count;
    }
    return list.first;
}

weir_status weir_knative_use(const weir_setting *data, size_t data_count,
                             const weir_setting *annotations, size_t annotation_count,
                             int64_t container_concurrency, int32_t semantics,
                             weir_kpa_config *config)
{
    struct weir__settings settings = {annotations, annotation_count};
    struct weir__knative revision;

    if (!are_settings(data, data_count) || !are_settings(annotations, annotation_count) ||
        !is_semantics(semantics) || config == NULL) {
        return WEIR_E_ARG;
    }
    read_cluster(&revision, data, data_count, semantics);
    weir__knative_use(&revision, &settings, container_concurrency);
    *config = revision.kpa;
    return WEIR_OK;
}
