/*
 * bundle.h - the files of a folder, or of a tar archive, by name; gzip is seen through.
 *
 * What is damaged is read as far as it goes: the bytes before the damage are there, and the problem
 * says what is missing.
 */
#ifndef WEIR_TOOLS_BUNDLE_H
#define WEIR_TOOLS_BUNDLE_H

#include <stddef.h>

enum { BUNDLE_PROBLEM_MAX = 512 };

/* A file once it has been read. */
struct bundle_file {
    const char *name;    /* within the bundle, without .gz: "manifests/web.yaml" */
    const char *shown;   /* as messages name it: "run.tar.gz/manifests/web.yaml" */
    const char *text;    /* with a NUL after it */
    const char *problem; /* NULL, or what is wrong with the file */
    size_t length;
};

struct bundle;

/* Opens a folder or a tar archive, plain or gzip. `mark` names a file that lies in the innermost
 * folder that counts: archives often hold one folder. NULL with the problem in words, which names
 * the path; a problem of an archive that is cut short is set as well when it could be opened, else
 * it is empty. */
struct bundle *bundle_open(const char *path, const char *mark, char problem[BUNDLE_PROBLEM_MAX]);
void bundle_close(struct bundle *bundle);

/* The same of an archive in memory. */
struct bundle *bundle_open_memory(const char *name, const char *bytes, size_t length,
                                  const char *mark, char problem[BUNDLE_PROBLEM_MAX]);

/* Reads a file by name; NULL when there is none. It lives as long as the bundle. */
const struct bundle_file *bundle_find(struct bundle *bundle, const char *name);

/* Files in the order of their names; NULL past the last. */
const struct bundle_file *bundle_at(struct bundle *bundle, size_t index);
const char *bundle_name(const struct bundle *bundle, size_t index);

#endif
