/*
 * regex_class.h - sets of runes that regular expressions name.
 */
#ifndef WEIR_PROMQL_REGEX_CLASS_H
#define WEIR_PROMQL_REGEX_CLASS_H

#include "promql/regex.h"

struct rune_class {
    struct arena *arena;
    struct rune_range *ranges;
    uint32_t count, room;
    bool beyond; /* folded runes beyond ASCII are in it, whose other cases are not known here */
};

/* All give false when there is no memory. */
bool weir__pq_class_add(struct rune_class *class, int32_t low, int32_t high);
bool weir__pq_class_add_folded(struct rune_class *class, int32_t low, int32_t high);

/* Adds a class by its name (d, s, w, or that of POSIX); *known is set to whether there is one. */
bool weir__pq_class_add_named(struct rune_class *class, struct text name, bool negate, bool fold,
                              bool *known);

/* Sorts and joins; with `negate`, makes it the rest of all runes. */
bool weir__pq_class_close(struct rune_class *class, bool negate);

#endif
