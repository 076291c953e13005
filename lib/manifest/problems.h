/*
 * manifest/problems.h - the list of all problems, in the order of files and lines.
 */
#ifndef WEIR_LIB_MANIFEST_PROBLEMS_H
#define WEIR_LIB_MANIFEST_PROBLEMS_H

#include "message.h"
#include <weir/manifest.h>

/* A place in a text: line and column from 1, in bytes; 0 where there is none. */
struct weir__mark {
    int32_t line, column;
};

struct weir__listed {
    weir_problem open; /* what users see */
    int32_t file;      /* number of its file */
    const char *check; /* upstream's name for the check that refuses; NULL: none */
};

struct weir__problems {
    const weir_allocator *allocator;
    struct weir__listed *list;
    size_t count, capacity;
    size_t errors; /* those that found no room included */
    int out_of_memory;

    /* What the next problems are about. */
    const char *file_name;
    int32_t file;      /* its number */
    int32_t document;  /* from 1; 0: the file as a whole */
    int32_t stages;    /* WEIR_STAGE_*, of problems that do not come from the API server's checks */
    const char *about; /* what messages begin with; NULL: nothing */
    const char *rule;  /* the hazard that it is; NULL: none */
    const char *check; /* upstream's name for the check that refuses; NULL: none */
};

void weir__problems_open(struct weir__problems *problems, const weir_allocator *allocator);
void weir__problems_close(struct weir__problems *problems);

/* Adds one. `path` may be NULL; `status` is that of an error, and ignored otherwise. */
void weir__problem(struct weir__problems *problems, int32_t severity, weir_status status,
                   struct weir__mark mark, const char *path, const char *message);

/* Adds an error of a field, of a cause that the API server has (WEIR_CAUSE_*). */
void weir__field_problem(struct weir__problems *problems, int32_t cause, struct weir__mark mark,
                         const struct weir__path *path, const struct weir__message *m);

#endif
