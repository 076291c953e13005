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

/* Reads all files into a manifest and finishes it; problems go to stderr, each with the stage at
 * which a cluster refuses it. 1, or 0 after "nothing was UNDONE". */
int manifests_read(weir_manifest *manifest, const struct words *files, const char *undone);

#endif
