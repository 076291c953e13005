/*
 * manifest/message.h - sentences and field paths in buffers of fixed size, without the locale.
 *
 * A message that is too long is cut; it is always NUL-terminated. Text that comes from a manifest
 * is quoted, shortened, and shown without control characters.
 */
#ifndef WEIR_LIB_MANIFEST_MESSAGE_H
#define WEIR_LIB_MANIFEST_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

struct weir__message {
    char text[240]; /* as weir_error.message */
    size_t length;
};

void weir__message_clear(struct weir__message *m);
void weir__message_add(struct weir__message *m, const char *text);
void weir__message_int(struct weir__message *m, int64_t value);

/* A bound or default: up to six decimals, none that are not needed. */
void weir__message_double(struct weir__message *m, double value);

/* "1h", "1m30s", "1.5s", "250ms": as Go prints it, less the zeros at the end. */
void weir__message_duration(struct weir__message *m, int64_t ns);

/* Text of a user, in quotes. */
void weir__message_quote(struct weir__message *m, const char *text, size_t length);

/* Where in a document something is: "spec.template", "items[2].spec", "annotations[a.b/c]". */
struct weir__path {
    char text[128]; /* as weir_error.path */
    size_t length;  /* what the path would need; what is beyond the room is cut */
};

void weir__path_clear(struct weir__path *path);
void weir__path_key(struct weir__path *path, const char *key, size_t length);
void weir__path_text(struct weir__path *path, const char *text); /* as it is */
void weir__path_index(struct weir__path *path, size_t index);

/* Takes a path back to an earlier length. */
void weir__path_cut(struct weir__path *path, size_t length);

#endif
