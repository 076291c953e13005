/*
 * manifest/yaml_text.h - what YAML's quoted and block scalars say.
 *
 * libfyaml tells where a scalar is, and has checked that it is well-formed. The text itself is
 * taken from the source here: version 0.7.12 gives wrong bytes, some of them never written, for
 * scalars that fold lines beside escapes, and for some block scalars.
 */
#ifndef WEIR_LIB_MANIFEST_YAML_TEXT_H
#define WEIR_LIB_MANIFEST_YAML_TEXT_H

#include <stddef.h>

/* Bytes that a text takes at most, of a source of so many. */
#define WEIR__YAML_ROOM(length) (2 * (length) + 1)

/* The text between single or double quotes. Both return its length. */
size_t weir__yaml_single(const char *from, size_t length, char *to);
size_t weir__yaml_double(const char *from, size_t length, char *to);

/*
 * The text of the lines of a block scalar.
 *
 * @param header  the line before them, up to `from`
 * @param parent  columns that the collection is indented by in which the scalar is; 0 at the root
 */
size_t weir__yaml_block(const char *header, const char *from, size_t length, size_t parent,
                        char *to);

#endif
