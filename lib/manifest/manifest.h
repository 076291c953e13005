/*
 * manifest/manifest.h - what the loaders of single kinds share: problems, items, settings.
 */
#ifndef WEIR_LIB_MANIFEST_MANIFEST_H
#define WEIR_LIB_MANIFEST_MANIFEST_H

#include "tree.h"
#include <weir/kpa.h>
#include <weir/manifest.h>

/* An autoscaler found, waiting for the cluster's settings. */
struct item {
    weir_manifest_item open; /* what users see */
    const struct node *root; /* the object */
    int32_t document;
    struct item *next;
};

struct problem {
    weir_problem open;
    struct problem *next;
};

struct weir_manifest {
    struct arena arena;
    struct item *first_item, *last_item;
    struct problem *first_problem, *last_problem;
    size_t items, problems, errors;
    const char *file; /* being read */
    int32_t document;
    const struct node *autoscaler_settings; /* data of ConfigMap config-autoscaler, or NULL */
    const char *settings_file;
    int32_t settings_document;
    weir_kpa_config settings; /* the defaults with those settings laid over them */
};

/* Reports a problem at a place, or at a node's value. */
void manifest_report(weir_manifest *m, int32_t severity, weir_status status, int32_t line,
                     int32_t column, const char *path, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* Adds an autoscaler whose configuration is filled when all files are read. */
struct item *manifest_add_item(weir_manifest *m, const struct node *root, const char *api_kind,
                               int32_t kind);

/* The loaders: one per file. `read` takes an object of its kinds and says 1, or 0 for another's. */
int knative_read(weir_manifest *m, const struct node *root, const char *api, const char *kind);
/* Reads the cluster's settings, once all files are read. */
void knative_begin(weir_manifest *m);
/* Fills the configuration of an item that knative_read() added. */
void knative_finish(weir_manifest *m, struct item *item);

#endif
