/*
 * manifests.h - files of manifests read, and what is wrong with them printed.
 */
#ifndef WEIR_TOOLS_MANIFESTS_H
#define WEIR_TOOLS_MANIFESTS_H

#include "program.h"

#include <weir/manifest.h>

enum { FILES_MAX = 64 };

/* Words of an option that may be given again. */
struct words {
    const char *list[FILES_MAX];
    size_t count;
};

/* Reads one file into a manifest. 0 after a message. */
int manifests_add(weir_manifest *manifest, const char *path);

/* Reads all files into a manifest and finishes it; problems go to stderr, each with the stage at
 * which a cluster refuses it. 1, or 0 after "nothing was UNDONE"; with keep_going 1 in any case,
 * and items with errors are to be left out. */
int manifests_read(weir_manifest *manifest, const struct words *files, int keep_going,
                   const char *undone);

/* Whether a name means an item: its own, or that of the object that a controller makes it of. */
int manifests_is_named(const weir_manifest_item *item, const char *name);

/* On stderr: the names of all items, to the end of the line. */
void manifests_print_names(const weir_manifest *manifest);

/* "weir: no autoscaler has the name x; did you mean y; the files have: y z" */
void manifests_complain_of_name(const weir_manifest *manifest, const char *name);

/* What stands between a problem's path and its message: most messages go on from the path. */
const char *problem_gap(const weir_problem *p);

#endif
