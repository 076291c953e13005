/*
 * manifest/object.h - Kubernetes objects, and the manifest that collects what weir can run.
 *
 * A kind of object is one row in the table of object.c and one function that reads it. Reading
 * makes an item; when all files are in, each item is resolved to a configuration.
 */
#ifndef WEIR_LIB_MANIFEST_OBJECT_H
#define WEIR_LIB_MANIFEST_OBJECT_H

#include "manifest/knative.h"
#include "manifest/reader.h"

/* One object of a document, which may be a list of them. */
struct weir__object {
    const struct weir__document *document;
    const struct weir__node *node;
    const char *api_version, *kind, *name_space, *name; /* "" where there is none */
    struct weir__path path; /* of the object in its document: "" or "items[3]" */
};

/* A mapping of texts to texts, as annotations and the data of ConfigMaps are. */
struct weir__texts {
    struct weir__settings settings;
    const struct weir__mark *keys, *values; /* where each is written */
    struct weir__path path;                 /* of the mapping */
};

/* One autoscaler. */
struct weir__item {
    struct weir__item *next;
    struct weir__object object;
    struct weir__texts annotations;
    int64_t container_concurrency;

    /* Makes the configuration. 0: this is nothing for weir. */
    int (*resolve)(weir_manifest *manifest, struct weir__item *item);
    int32_t kind;          /* WEIR_KIND_* */
    weir_kpa_config config;

    size_t number; /* in the order of reading */
    int32_t errors;
    int dropped; /* a later object replaces it, or it is nothing for weir */
};

struct weir__file {
    struct weir__file *next;
    const char *name;
};

struct weir_manifest {
    weir_allocator allocator;
    weir_manifest_options options;
    struct weir__arena arena; /* items, and the arrays below */
    struct weir__problems problems;
    struct weir__document *documents; /* those that items are from, newest first */
    struct weir__file *files, *last_file;
    int32_t file_count;
    struct weir__item *items, *last_item;
    size_t item_count; /* read */
    struct weir__item **found; /* after finishing: those that are not dropped */
    size_t found_count;
    int finished, keep; /* keep: the document that is being read has something to keep */

    /* Knative */
    struct weir__object *configmap; /* config-autoscaler */
    struct weir__texts configmap_data;
    struct weir__knative cluster;
};

/* Takes what a document holds into the manifest. */
void weir__objects_read(weir_manifest *manifest, const struct weir__document *document);

/* Adds an item for an object; NULL when there is no memory left. */
struct weir__item *weir__item_add(weir_manifest *manifest, const struct weir__object *object);

/* Reports about a value, or a key, of an object. */
void weir__object_problem(weir_manifest *manifest, int32_t severity, weir_status status,
                          struct weir__mark mark, const struct weir__path *path,
                          const struct weir__message *m);

/* "is also in FILE, line N; this later one counts": of an object that is there twice. */
void weir__say_again(const weir_manifest *manifest, const struct weir__object *first,
                     struct weir__message *m);

/* The mapping under a key of a mapping, and the path to it. NULL where there is none; what is
 * there and no mapping is an error. */
const struct weir__node *weir__object_mapping(weir_manifest *manifest,
                                              const struct weir__node *parent, const char *key,
                                              struct weir__path *path);

/* Reads the mapping of texts under a key; empty where there is none. */
void weir__object_texts(weir_manifest *manifest, const struct weir__node *parent, const char *key,
                        struct weir__path *path, struct weir__texts *texts);

/* The place of a key of texts or of its value; `fallback` when it is not there. */
struct weir__mark weir__texts_mark(const struct weir__texts *texts, const char *key, int of_value,
                                   struct weir__mark fallback);

/* Readers of kinds, and what is done about Knative when all files are in. */
void weir__read_knative_template(weir_manifest *manifest, const struct weir__object *object);
void weir__read_knative_revision(weir_manifest *manifest, const struct weir__object *object);
void weir__read_configmap(weir_manifest *manifest, const struct weir__object *object);
void weir__resolve_cluster(weir_manifest *manifest);

#endif
