/*
 * Feeds a fuzz target without a fuzzer: every file of the folders given, each also cut short and
 * with bytes changed, the same ones every time. "replay_fuzz_X FOLDER-OR-FILE..."
 */
#include "fuzz.h"
#include "random.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX = 1 << 20, CUTS = 64, CHANGES = 200 };

static int files;

/* The target gets a block of its own, so that a sanitizer sees a read past the end. */
static void feed(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    must(copy != NULL);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void feed_variants(uint8_t *bytes, size_t size)
{
    struct rng r = {size};

    feed(bytes, size);
    for (size_t i = 0; i < CUTS && i < size; i++) {
        feed(bytes, size < CUTS ? i : (size_t)rng_int(&r, 0, (int64_t)size - 1));
    }
    for (int i = 0; i < CHANGES && size > 0; i++) {
        size_t at = (size_t)rng_int(&r, 0, (int64_t)size - 1);
        uint8_t kept = bytes[at];

        bytes[at] =
            (uint8_t)(rng_one_in(&r, 2) ? kept ^ (1 << rng_int(&r, 0, 7)) : rng_int(&r, 0, 255));
        feed(bytes, size);
        /* Every other change stays, so that they add up. */
        bytes[at] = i % 2 ? kept : bytes[at];
    }
}

static int feed_file(const char *path)
{
    static uint8_t bytes[INPUT_MAX];
    FILE *file = fopen(path, "rb");
    size_t size;

    if (file == NULL) {
        perror(path);
        return 0;
    }
    size = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    feed_variants(bytes, size);
    files++;
    return 1;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int feed_path(const char *path)
{
    struct stat about;
    struct dirent **entries;
    int count, good = 1;

    if (stat(path, &about) != 0) {
        perror(path);
        return 0;
    }
    if (!S_ISDIR(about.st_mode)) {
        return feed_file(path);
    }
    count = scandir(path, &entries, NULL, by_name);
    for (int i = 0; i < count; i++) {
        char file[4096];

        if (entries[i]->d_name[0] != '.') {
            snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
            good &= feed_file(file);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
    return good && count >= 0;
}

int main(int count, char **words)
{
    int good = 1;

    for (int i = 1; i < count; i++) {
        good &= feed_path(words[i]);
    }
    printf("%d files, each whole, cut and changed\n", files);
    return good && files > 0 ? 0 : 1;
}
