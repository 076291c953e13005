/*
 * manifest/table.h - what field tables (weir/fields.h) mean for a loader: texts and values of a
 * document become members of a configuration, within the bounds that the table names.
 */
#ifndef WEIR_LIB_MANIFEST_TABLE_H
#define WEIR_LIB_MANIFEST_TABLE_H

#include "tree.h"
#include <weir/fields.h>

/* A value on its way into a member. */
struct weir__value {
    int64_t integer;  /* BOOL, INT, ENUM, DURATION */
    double number;    /* DOUBLE */
    const char *text; /* TEXT */
    size_t length;
};

/* Bounds of a field: the table's, or narrower or wider ones of one way to set it. */
struct weir__bounds {
    int64_t imin, imax;
    double dmin, dmax;
    uint32_t flags;
};

void weir__bounds_of(const weir_field *field, struct weir__bounds *bounds);

/* A text by the rules of Go, as annotations and ConfigMaps hold it. Returns WEIR__GO_*. */
int weir__field_parse(const weir_field *field, const char *text, size_t length,
                      struct weir__value *value);

/* A value of a document. 0: it is of another type, or an integer that is too large. Durations are
 * seconds as numbers, Go's durations as texts. */
int weir__field_read(const weir_field *field, const struct weir__node *node,
                     struct weir__value *value);

/* A whole number, however it is written: Kubernetes takes 10.0 and 1e1 for the integer 10, since
 * they travel as JSON. 0: it is none. */
int weir__node_whole(const struct weir__node *node, int64_t *value);

/* Whether a value is within bounds. Where the table lets any float in, NaN passes, as it passes
 * upstream's checks, each of which asks whether a number is too small or too large. */
int weir__field_within(const weir_field *field, const struct weir__bounds *bounds,
                       const struct weir__value *value);

/* "must be in [6s, 1h]", "must be a number": what a text or value should have been. */
void weir__field_say_bounds(const weir_field *field, const struct weir__bounds *bounds,
                            struct weir__message *m);
void weir__field_say_type(const weir_field *field, struct weir__message *m);

void weir__field_store(const weir_field *field, void *config, const struct weir__value *value);

/*
 * Fills a struct from a mapping: every field with a key whose value is there. Keys name members of
 * the mapping, with dots for mappings within it; a nested struct is a mapping, an array of them a
 * list. Everything that is wrong is reported, each with its path after `path`; a wrong value leaves
 * its member as it is. With `unknown` set, a key that no field names is a warning.
 */
void weir__table_fill(const weir_field *fields, size_t count, void *config,
                      const struct weir__node *mapping, struct weir__path *path, int unknown,
                      struct weir__problems *problems);

/* How many letters of a word are to be changed until it is another one, as weir_nearest_name()
 * counts. */
size_t weir__distance(const char *a, const char *b);

#endif
