/*
 * conform.c - conformance vectors on any machine: the program's own runner over the core, and one
 * number of everything that it was answered.
 *
 *   conform FILE.jsonl...
 *
 * Linked with --wrap=conform_answer, so that every answer passes here before it is compared.
 */
#include "conform.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES = 16 << 20 };

static uint64_t digest, all;

void __real_conform_answer(struct scenario *s, cJSON *got);
void __wrap_conform_answer(struct scenario *s, cJSON *got);

/* FNV-1a. */
static void mix(uint64_t *to, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;

    while (count-- > 0) {
        *to = (*to ^ *at++) * UINT64_C(0x100000001b3);
    }
}

void __wrap_conform_answer(struct scenario *s, cJSON *got)
{
    char *text = cJSON_PrintUnformatted(got);

    if (text != NULL) {
        mix(&digest, text, strlen(text));
        free(text);
    }
    __real_conform_answer(s, got);
}

/* Stand in for the readers of YAML, which no vector has. */
void weir__yaml_read(void);
void weir__sc_read_yaml(void);

void weir__yaml_read(void)
{
    fputs("conform: there is no YAML here\n", stderr);
    exit(1);
}

void weir__sc_read_yaml(void)
{
    weir__yaml_read();
}

/* The last two parts of a path. */
static const char *short_name(const char *path)
{
    const char *name = path + strlen(path);
    int slashes = 0;

    while (name > path && (slashes += name[-1] == '/') < 2) {
        name--;
    }
    return name;
}

/* Runs a file; 1 when all of it matched. */
static int run_file(const char *path, char *line, int64_t *matched)
{
    struct conform_report r = {.limit = 5, .lines = stderr};
    weir_error err;
    FILE *file = fopen(path, "r");

    if (file == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        return 0;
    }
    digest = UINT64_C(0xcbf29ce484222325);
    while (fgets(line, LINE_BYTES, file) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (conform_line(&r, line, strlen(line), &err) != WEIR_OK) {
            fprintf(stderr, "%s: %s\n", path, err.message);
            r.steps++;
        }
    }
    fclose(file);
    cJSON_Delete(r.unknown);
    printf("%s %" PRId64 " of %" PRId64 ", %016" PRIx64 "\n", short_name(path), r.matched, r.steps,
           digest);
    for (int i = 0; i < 8; i++) {
        mix(&all, &(unsigned char){(unsigned char)(digest >> (8 * i))}, 1);
    }
    *matched += r.matched;
    return r.matched == r.steps && r.steps > 0;
}

int main(int argc, char **argv)
{
    char *line = malloc(LINE_BYTES);
    int64_t matched = 0;
    int fine = line != NULL;

    all = UINT64_C(0xcbf29ce484222325);
    for (int i = 1; line != NULL && i < argc; i++) {
        fine &= run_file(argv[i], line, &matched);
    }
    free(line);
    printf("all %" PRId64 " decisions %016" PRIx64 "\n", matched, all);
    return fine && matched > 0 ? 0 : 1;
}
