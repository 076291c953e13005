/*
 * manifest/object.h - Kubernetes objects, and the manifest that collects what weir can run.
 *
 * A kind of object is one row in the table of object.c and one function that reads it. Reading
 * makes an item; when all files are in, each item is resolved to a configuration.
 */
#ifndef WEIR_LIB_MANIFEST_OBJECT_H
#define WEIR_LIB_MANIFEST_OBJECT_H

#include "keda_spec.h"
#include "knative.h"
#include "kserve.h"
#include "reader.h"

/* One object of a document, which may be a list of them. */
struct weir__object {
    const struct weir__document *document;
    const struct weir__node *node;
    const char *api_version, *kind, *name_space, *name; /* "" where there is none */
    struct weir__path path; /* of the object in its document: "" or "items[3]" */
};

/* A mapping of texts to texts, as annotations and the data of ConfigMaps are. */
struct weir__texts {
    struct weir__pairs pairs;
    const struct weir__mark *keys, *values; /* where each is written */
    struct weir__path path;                 /* of the mapping */
};

/* One autoscaler. */
struct weir__item {
    struct weir__item *next;
    weir_manifest_item open; /* what users see */
    struct weir__object object;
    size_t number;     /* in the order of reading */
    int dropped;       /* a later object replaces it */
    const char *about; /* what messages about it begin with; NULL: nothing */

    /* Makes the configuration, once all files are read. */
    void (*resolve)(weir_manifest *manifest, struct weir__item *item);

    /* Knative's revisions */
    struct weir__texts annotations;
    const struct weir__node *spec;
    struct weir__path spec_path;
    weir_kpa_config kpa;
    struct weir__knative_hpa *knative_hpa; /* of class hpa */

    /* HorizontalPodAutoscalers */
    struct weir__hpa_spec *hpa_spec;
    weir_hpa_config *hpa;

    /* ScaledObjects */
    struct weir__scaled_object *keda;

    /* Writes the objects that it becomes; NULL: none ever. */
    weir_status (*show)(weir_manifest *manifest, struct weir__item *item, int32_t how, char *text,
                        size_t capacity, size_t *need);
};

/* An object that is no autoscaler, but that checks of others look at. */
struct weir__bystander {
    struct weir__bystander *next;
    struct weir__object object;
    int used;
};

/* An object that controllers make others of, once all files are in. */
struct weir__late {
    struct weir__late *next;
    struct weir__object object;
    const struct weir__service *service; /* what became of it in the cluster; NULL: nothing did */
    int32_t errors;                      /* of its document */
    int dropped;                         /* a later object replaces it */
};

struct weir__found {
    struct weir__item *item;
};

/* ConfigMaps that are read. */
enum { WEIR__CONFIG_AUTOSCALER, WEIR__CONFIG_DEPLOYMENT, WEIR__CONFIG_DEFAULTS, WEIR__CONFIGMAPS };

struct weir__configmap {
    struct weir__object object; /* node is NULL: there is none */
    struct weir__texts data;
};

struct weir_manifest {
    weir_allocator allocator;
    struct weir__arena arena; /* items, and the arrays below */
    struct weir__problems problems;
    struct weir__document *documents; /* those that something is kept from, newest first */
    int keep;                         /* the document that is being read is one of them */
    int32_t file_count;
    struct weir__item *items, *last_item;
    size_t item_count;         /* read */
    struct weir__found *found; /* after finishing: those that are not dropped */
    size_t found_count;
    int finished;

    /* Knative */
    struct weir__configmap configmaps[WEIR__CONFIGMAPS];
    weir_kpa_config kpa; /* the defaults, and after finishing the cluster's settings */
    struct weir__knative_defaults kpa_defaults;

    weir_hpa_config hpa;   /* the defaults of HorizontalPodAutoscalers */
    weir_keda_config keda; /* and of ScaledObjects */
    weir_admission admission;
    struct weir__bystander *bystanders, *last_bystander;

    /* KServe */
    struct weir__late *late, *last_late;
    struct weir__object kserve_config; /* node is NULL: there is none */
    struct weir__object *runtimes;     /* ServingRuntimes, runtime_count of them */
    size_t runtime_count;
    struct weir__kserve *kserve; /* after finishing: the cluster with the objects made */
};

/* Takes what a document holds into the manifest. */
void weir__objects_read(weir_manifest *manifest, const struct weir__document *document);

/* Adds an item for an object; NULL when there is no memory left. */
struct weir__item *weir__item_add(weir_manifest *manifest, const struct weir__object *object);

/* A revision of class hpa is run by the HorizontalPodAutoscaler that Knative makes for it. */
void weir__resolve_hpa_class(weir_manifest *manifest, struct weir__item *item);

/* Reports about a value, or a key, of an object. */
void weir__object_problem(weir_manifest *manifest, int32_t severity, weir_status status,
                          struct weir__mark mark, const struct weir__path *path,
                          const struct weir__message *m);

/* Reports that something is not there; `why` goes on from "is missing". */
void weir__object_missing(weir_manifest *manifest, const struct weir__object *object,
                          const struct weir__path *path, const char *why);

/* Reports that an object has no name. */
void weir__object_check_name(weir_manifest *manifest, const struct weir__object *object);

/* "is also in FILE, line N; this later one counts": of an object that is there twice. */
void weir__say_again(const struct weir__object *first, struct weir__message *m);

/* The mapping under a key of a mapping, and the path to it. NULL where there is none; what is
 * there and no mapping is an error. */
const struct weir__node *weir__object_mapping(weir_manifest *manifest,
                                              const struct weir__node *parent, const char *key,
                                              struct weir__path *path);

/* Reads the mapping of texts under a key; empty where there is none. */
void weir__object_texts(weir_manifest *manifest, const struct weir__node *parent, const char *key,
                        struct weir__path *path, struct weir__texts *texts);

/* The place of the text of a key; `otherwise` when it is not there. */
struct weir__mark weir__texts_mark(const struct weir__texts *texts, const char *key,
                                   struct weir__mark otherwise);

/* Says that an object is nothing for weir. The message may hold why. */
void weir__pass_over(weir_manifest *manifest, const struct weir__object *object,
                     const struct weir__message *why);

/* From here on problems are about an object. */
void weir__problems_about(weir_manifest *manifest, const struct weir__object *object);

/* Readers of kinds, and what is done about Knative when all files are in. */
void weir__read_knative_template(weir_manifest *manifest, const struct weir__object *object);
void weir__read_knative_revision(weir_manifest *manifest, const struct weir__object *object);
void weir__read_configmap(weir_manifest *manifest, const struct weir__object *object);
void weir__read_hpa(weir_manifest *manifest, const struct weir__object *object);
void weir__read_scaled_object(weir_manifest *manifest, const struct weir__object *object);
void weir__read_bystander(weir_manifest *manifest, const struct weir__object *object);

/* Says of bystanders that nothing looked at them. */
void weir__pass_over_bystanders(weir_manifest *manifest);

void weir__read_late(weir_manifest *manifest, const struct weir__object *object);
void weir__read_runtime(weir_manifest *manifest, const struct weir__object *object);
void weir__resolve_cluster(weir_manifest *manifest);

/* Reads an object that comes from no document of its own; items that it makes get `about`. */
void weir__read_made(weir_manifest *manifest, struct weir__object *object, const char *about);

/* Where the numbers of an item come from; see weir_manifest_origins(). */
weir_status weir__origins_of(weir_manifest *manifest, struct weir__item *item,
                             const weir_origin **origins, size_t *count);

/* Of a ScaledObject: its spec, and the HPA that KEDA makes, with defaults; NULL: none. */
const struct weir__keda_spec *weir__scaled_object_spec(const struct weir__item *item);
const struct weir__hpa_spec *weir__scaled_object_hpa(weir_manifest *manifest,
                                                     struct weir__item *item);

/* Lets KServe make its objects, and reads them. */
void weir__resolve_kserve(weir_manifest *manifest);

#endif
