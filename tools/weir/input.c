/*
 * input.c - the bytes of plain and gzip files; see input.h.
 */
#include "input.h"
#include "gunzip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct input {
    FILE *file;
    int is_gzip, has_ended; /* the file has */
    struct gunzip gunzip;
    unsigned step;
    size_t begin, end; /* of the bytes that were read and not yet used */
    unsigned char bytes[];
};

/* Reads a step of the file. 0 after a problem. */
static int refill(struct input *input, char *problem, size_t size)
{
    input->begin = 0;
    input->end = fread(input->bytes, 1, input->step, input->file);
    input->has_ended = input->end < input->step;
    if (ferror(input->file)) {
        snprintf(problem, size, "reading failed: %s", strerror(errno));
        return 0;
    }
    return 1;
}

static FILE *open_file(const char *path)
{
    int copy;
    FILE *file;

    if (strcmp(path, "-") != 0) {
        return fopen(path, "rb");
    }
    copy = dup(STDIN_FILENO);
    file = copy >= 0 ? fdopen(copy, "rb") : NULL;
    if (file == NULL && copy >= 0) {
        close(copy);
    }
    return file;
}

struct input *input_open(const char *path, unsigned step, char *problem, size_t size)
{
    struct input *input = calloc(1, sizeof *input + step);

    if (input == NULL) {
        snprintf(problem, size, "there is no memory left");
        return NULL;
    }
    input->step = step;
    errno = 0;
    input->file = open_file(path);
    if (input->file == NULL) {
        snprintf(problem, size, "%s", errno != 0 ? strerror(errno) : "there is no memory left");
        free(input);
        return NULL;
    }
    if (!refill(input, problem, size)) {
        input_close(input);
        return NULL;
    }
    input->is_gzip = gunzip_begins((const char *)input->bytes, input->end);
    if (input->is_gzip && !gunzip_open(&input->gunzip)) {
        snprintf(problem, size, "there is no memory left");
        input->is_gzip = 0;
        input_close(input);
        return NULL;
    }
    return input;
}

/* What is wrong with the data, or NULL. */
static const char *inflate_step(struct input *input)
{
    z_stream *z = &input->gunzip.z;
    const char *problem;

    z->next_in = input->bytes + input->begin;
    z->avail_in = (unsigned)(input->end - input->begin);
    problem = gunzip_step(&input->gunzip);
    input->begin = input->end - z->avail_in;
    return problem;
}

static long read_gzip(struct input *input, char *bytes, unsigned step, char *problem, size_t size)
{
    z_stream *z = &input->gunzip.z;
    const char *wrong = NULL;

    z->next_out = (unsigned char *)bytes;
    z->avail_out = step;
    while (wrong == NULL && z->avail_out == step) {
        if (input->begin == input->end && !input->has_ended && !refill(input, problem, size)) {
            return -1;
        }
        if (input->begin == input->end) {
            wrong = gunzip_finish(&input->gunzip);
            break;
        }
        wrong = inflate_step(input);
    }
    if (z->avail_out < step) { /* what came before a problem counts; it shows again */
        return (long)(step - z->avail_out);
    }
    if (wrong != NULL) {
        snprintf(problem, size, "%s", wrong);
        return -1;
    }
    return 0;
}

long input_read(struct input *input, char *bytes, unsigned step, char *problem, size_t size)
{
    size_t n;

    if (input->is_gzip) {
        return read_gzip(input, bytes, step, problem, size);
    }
    if (input->begin == input->end && !input->has_ended && !refill(input, problem, size)) {
        return -1;
    }
    n = input->end - input->begin < step ? input->end - input->begin : step;
    memcpy(bytes, input->bytes + input->begin, n);
    input->begin += n;
    return (long)n;
}

int input_is_cut_off(const struct input *input)
{
    return input->is_gzip && input->has_ended && input->begin == input->end &&
           gunzip_finish(&input->gunzip) != NULL;
}

void input_close(struct input *input)
{
    if (input == NULL) {
        return;
    }
    if (input->is_gzip) {
        gunzip_close(&input->gunzip);
    }
    fclose(input->file);
    free(input);
}
