/*
 * csv_input.h - the bytes of a plain or gzip file.
 */
#ifndef WEIR_TOOLS_CSV_INPUT_H
#define WEIR_TOOLS_CSV_INPUT_H

#include <stddef.h>

struct csv_input;

/* Opens a file, "-" for the standard input, to be read in steps of so many bytes. NULL with the
 * problem in words. */
struct csv_input *csv_input_open(const char *path, unsigned step, char *problem, size_t size);

/* Reads up to `step` bytes: how many, 0 at the end, -1 with the problem in words. */
long csv_input_read(struct csv_input *input, char *bytes, unsigned step, char *problem,
                    size_t size);

/* NULL is fine. */
void csv_input_close(struct csv_input *input);

#endif
