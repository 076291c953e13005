/*
 * csv_input.c - plain and gzip files through zlib, which tells them apart by their first bytes.
 */
#include "csv_input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct csv_input {
    gzFile file;
};

struct csv_input *csv_input_open(const char *path, unsigned step, char *problem, size_t size)
{
    struct csv_input *input = malloc(sizeof *input);

    if (input == NULL) {
        snprintf(problem, size, "there is no memory left");
        return NULL;
    }
    errno = 0;
    input->file = strcmp(path, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
    if (input->file == NULL) {
        snprintf(problem, size, "%s", errno != 0 ? strerror(errno) : "there is no memory left");
        free(input);
        return NULL;
    }
    gzbuffer(input->file, step);
    return input;
}

long csv_input_read(struct csv_input *input, char *bytes, unsigned step, char *problem, size_t size)
{
    int code = Z_OK, n = gzread(input->file, bytes, step);

    if (n > 0) {
        return n;
    }
    gzerror(input->file, &code);
    if (code == Z_ERRNO) {
        snprintf(problem, size, "reading failed: %s", strerror(errno));
        return -1;
    }
    if (n < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        snprintf(problem, size, "the gzip file is damaged or cut short (%s)",
                 code == Z_BUF_ERROR ? "its end is missing" : "its data are not what gzip writes");
        return -1;
    }
    return 0;
}

void csv_input_close(struct csv_input *input)
{
    if (input != NULL) {
        gzclose(input->file);
        free(input);
    }
}
