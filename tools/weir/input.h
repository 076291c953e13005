/*
 * input.h - the bytes of a file, plain or gzip, which its first bytes tell apart.
 */
#ifndef WEIR_TOOLS_INPUT_H
#define WEIR_TOOLS_INPUT_H

#include <stddef.h>

struct input;

/* Opens a file, "-" for the standard input, to be read in steps of so many bytes. NULL with the
 * problem in words. */
struct input *input_open(const char *path, unsigned step, char *problem, size_t size);

/* Reads up to `step` bytes: how many, 0 at the end, -1 with the problem in words. */
long input_read(struct input *input, char *bytes, unsigned step, char *problem, size_t size);

/* Whether all of it was read and it was gzip data without its end. */
int input_is_cut_off(const struct input *input);

/* NULL is fine. */
void input_close(struct input *input);

#endif
