/*
 * manifest/md5.h - the digest that Kubernetes controllers shorten names with (RFC 1321). Not for
 * anything that has to be safe.
 */
#ifndef WEIR_LIB_MANIFEST_MD5_H
#define WEIR_LIB_MANIFEST_MD5_H

#include <stddef.h>

/* The digest in 32 hexadecimal digits, and a NUL. */
void weir__md5(const char *text, size_t length, char *hex);

#endif
