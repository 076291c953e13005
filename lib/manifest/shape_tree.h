/*
 * manifest/shape_tree.h - structs of a shape as trees, for objects that other controllers make.
 */
#ifndef WEIR_LIB_MANIFEST_SHAPE_TREE_H
#define WEIR_LIB_MANIFEST_SHAPE_TREE_H

#include "grow.h"
#include "shape.h"

/* A struct of a shape, with the members that weir__shape_print() would write. */
struct weir__node *weir__shape_tree(struct weir__grower *g, const struct weir__shape *shape,
                                    const void *in);

#endif
