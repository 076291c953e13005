/*
 * manifest/scalar.h - what a plain scalar is: null, a switch, a number or text.
 */
#ifndef WEIR_LIB_MANIFEST_SCALAR_H
#define WEIR_LIB_MANIFEST_SCALAR_H

#include "tree.h"

/* Sets type and value of a plain YAML scalar by its text. */
void weir__scalar_resolve(struct weir__node *node);

/* The same for a scalar with a tag ("!!int"). 0: the text is not of that type. */
int weir__scalar_resolve_as(struct weir__node *node, const char *tag);

/* Sets type and value of a JSON number, whose text is well-formed. 0: it is too large. */
int weir__scalar_number(struct weir__node *node);

#endif
