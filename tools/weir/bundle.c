/*
 * bundle.c - the files of a folder or a tar archive; see bundle.h.
 *
 * Archives are ustar with the long names of pax and GNU, which is what tar programs write.
 */
#include "bundle.h"
#include "bytes.h"
#include "gunzip.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 8, TAR_BLOCK = 512 };

struct entry {
    char *path;         /* where it lies, from the bundle's path on, .gz included */
    const char *packed; /* archive: its bytes; NULL: to be read from the folder */
    size_t packed_length;
    int loaded;
    struct bundle_file open;
    char *text; /* what was allocated for open.text; NULL: none */
    char problem[160];
};

struct bundle {
    char *path;
    char *archive; /* the whole archive, unzipped */
    struct entry *entries;
    size_t count, room;
};

/* ---- entries -------------------------------------------------------------------------------- */

static char *join(const char *a, const char *b)
{
    size_t size = strlen(a) + strlen(b) + 2;
    char *joined = malloc(size);

    if (joined != NULL) {
        snprintf(joined, size, "%s%s%s", a, a[0] != '\0' ? "/" : "", b);
    }
    return joined;
}

/* Takes the path over. 0 when there is no memory left. */
static int add_entry(struct bundle *b, char *path, const char *packed, size_t length)
{
    if (path != NULL && b->count == b->room) {
        size_t room = b->room > 0 ? 2 * b->room : 64;
        struct entry *entries = realloc(b->entries, room * sizeof *entries);

        if (entries == NULL) {
            free(path);
            return 0;
        }
        b->entries = entries;
        b->room = room;
    }
    if (path == NULL) {
        return 0;
    }
    memset(&b->entries[b->count], 0, sizeof b->entries[0]);
    b->entries[b->count].path = path;
    b->entries[b->count].packed = packed;
    b->entries[b->count++].packed_length = length;
    return 1;
}

/* Files below a folder; 0 with errno. */
static int list_folder(struct bundle *b, const char *below, int depth)
{
    char *path = join(b->path, below);
    DIR *folder = path != NULL ? opendir(path) : NULL;
    struct dirent *item;
    int fine = folder != NULL;

    while (fine && (item = readdir(folder)) != NULL) {
        char *inner = item->d_name[0] != '.' ? join(below, item->d_name) : NULL;
        char *whole = inner != NULL ? join(b->path, inner) : NULL;
        struct stat st;

        if (whole != NULL && stat(whole, &st) == 0 && S_ISDIR(st.st_mode)) {
            fine = depth >= DEPTH_MAX || list_folder(b, inner, depth + 1);
        } else if (whole != NULL && S_ISREG(st.st_mode)) {
            fine = add_entry(b, inner, NULL, 0);
            inner = NULL;
        }
        free(inner);
        free(whole);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    free(path);
    return fine;
}

/* ---- tar ------------------------------------------------------------------------------------ */

static size_t octal(const char *text, size_t digits)
{
    size_t n = 0;

    for (size_t i = 0; i < digits && text[i] != '\0'; i++) {
        if (text[i] >= '0' && text[i] <= '7' && n < BYTES_MOST) {
            n = n * 8 + (size_t)(text[i] - '0');
        }
    }
    return n;
}

/* The sum over a header, its own place taken for blanks. */
static int is_header(const char *block)
{
    size_t sum = 0;

    for (size_t i = 0; i < TAR_BLOCK; i++) {
        sum += i >= 148 && i < 156 ? ' ' : (unsigned char)block[i];
    }
    return sum == octal(block + 148, 8);
}

/* The value of "LENGTH path=VALUE\n" among pax records; NULL when there is none. */
static char *pax_path(const char *records, size_t length)
{
    size_t at = 0;

    while (at < length) {
        size_t size = 0, i = at;

        for (; i < length && records[i] >= '0' && records[i] <= '9' && size < length; i++) {
            size = size * 10 + (size_t)(records[i] - '0');
        }
        if (size <= i - at || size > length - at) {
            return NULL;
        }
        if (size > i - at + 7 && strncmp(records + i, " path=", 6) == 0) {
            return strndup(records + i + 6, size - (i - at) - 7);
        }
        at += size;
    }
    return NULL;
}

static char *tar_name(const char *header)
{
    char prefix[156] = "", name[101];

    memcpy(name, header, 100);
    name[100] = '\0';
    if (memcmp(header + 257, "ustar\0", 6) == 0) { /* GNU's own form has times there */
        memcpy(prefix, header + 345, 155);
        prefix[155] = '\0';
    }
    return join(prefix, name);
}

/* Files of an archive; NULL, or what is wrong with it. */
static const char *list_archive(struct bundle *b, const char *tar, size_t length)
{
    char *long_name = NULL;
    size_t at = 0;

    while (at + TAR_BLOCK <= length && tar[at] != '\0') {
        const char *header = tar + at, *data = header + TAR_BLOCK;
        size_t size = octal(header + 124, 12);
        char type = header[156];

        if (!is_header(header)) {
            free(long_name);
            return at == 0 ? "this is neither a folder nor a tar archive"
                           : "the archive is damaged: a header is not what tar writes";
        }
        if (size > length - at - TAR_BLOCK) {
            free(long_name);
            return "the archive is cut short: its end is missing";
        }
        if (type == 'x' || type == 'L') {
            free(long_name);
            long_name = type == 'x' ? pax_path(data, size) : strndup(data, size);
        } else if (type != 'g') {
            char *name = long_name != NULL ? long_name : tar_name(header);

            long_name = NULL;
            if (name != NULL && strncmp(name, "./", 2) == 0) {
                memmove(name, name + 2, strlen(name + 2) + 1);
            }
            if (type != '0' && type != '\0') {
                free(name);
            } else if (!add_entry(b, name, data, size)) {
                return "there is no memory left";
            }
        }
        at += TAR_BLOCK + (size + TAR_BLOCK - 1) / TAR_BLOCK * TAR_BLOCK;
    }
    free(long_name);
    return length == 0          ? "the file is empty"
           : length < TAR_BLOCK ? "this is neither a folder nor a tar archive"
                                : NULL;
}

/* Lists an archive, whose bytes are given up. NULL, or what is wrong. */
static const char *open_archive(struct bundle *b, char *bytes, size_t length)
{
    const char *problem = NULL, *damage;
    char *plain;

    if (gunzip_begins(bytes, length)) {
        plain = bytes_gunzip(bytes, length, &length, &problem);
        free(bytes);
        bytes = plain;
    }
    if (bytes == NULL) {
        return "there is no memory left";
    }
    b->archive = bytes;
    damage = list_archive(b, bytes, length);
    return problem != NULL ? problem : damage;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Whether a path is that of a name, .gz or not. */
static int is_named(const char *path, const char *name)
{
    size_t length = strlen(name);

    return strncmp(path, name, length) == 0 &&
           (path[length] == '\0' || strcmp(path + length, ".gz") == 0);
}

/* The outermost folder that the mark lies in, with its slash; "" when there is no mark. NULL: no
 * memory is left. */
static char *folder_of(const struct bundle *b, const char *mark)
{
    const char *found = "";
    size_t shortest = SIZE_MAX;

    for (size_t i = 0; i < b->count; i++) {
        const char *path = b->entries[i].path, *slash = strrchr(path, '/');
        const char *last = slash != NULL ? slash + 1 : path;

        if (is_named(last, mark) && (size_t)(last - path) < shortest) {
            shortest = (size_t)(last - path);
            found = path;
        }
    }
    return strndup(found, shortest == SIZE_MAX ? 0 : shortest);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

/* Names within the folder of the mark; what lies outside of it goes. 0: no memory is left. */
static int name_entries(struct bundle *b, const char *mark)
{
    size_t kept = 0;
    char *folder = folder_of(b, mark);
    size_t cut = folder != NULL ? strlen(folder) : 0;
    int fine = folder != NULL;

    for (size_t i = 0; i < b->count; i++) {
        struct entry *e = &b->entries[i];
        char *shown = join(b->path, e->path), *name;
        size_t length;

        if (shown == NULL || folder == NULL || strncmp(e->path, folder, cut) != 0) {
            fine = fine && shown != NULL;
            free(shown);
            free(e->path);
            continue;
        }
        name = strdup(e->path + cut);
        length = name != NULL ? strlen(name) : 0;
        if (length > 3 && strcmp(name + length - 3, ".gz") == 0) {
            name[length - 3] = '\0';
        }
        fine = fine && name != NULL;
        e->open.shown = shown;
        e->open.name = name;
        b->entries[kept++] = *e;
    }
    b->count = kept;
    free(folder);
    return fine;
}

static struct bundle *make(const char *path)
{
    struct bundle *b = calloc(1, sizeof *b);
    size_t length = strlen(path);

    while (length > 1 && path[length - 1] == '/') {
        length--;
    }
    if (b != NULL && (b->path = strndup(path, length)) == NULL) {
        free(b);
        b = NULL;
    }
    return b;
}

/* Names the files of a bundle that was listed, or gives it up; `wrong`: what listing it said. */
static struct bundle *finish(struct bundle *b, const char *path, const char *mark,
                             const char *wrong, char problem[BUNDLE_PROBLEM_MAX])
{
    problem[0] = '\0';
    if (wrong != NULL) {
        snprintf(problem, BUNDLE_PROBLEM_MAX, "%.300s: %s", path, wrong);
    }
    if (b != NULL && b->count > 0) {
        qsort(b->entries, b->count, sizeof b->entries[0], compare_names);
        if (name_entries(b, mark)) {
            return b;
        }
        snprintf(problem, BUNDLE_PROBLEM_MAX, "%.300s: there is no memory left", path);
    } else if (wrong == NULL) {
        snprintf(problem, BUNDLE_PROBLEM_MAX, "%.300s: there is no file in it", path);
    }
    bundle_close(b);
    return NULL;
}

void bundle_close(struct bundle *bundle)
{
    if (bundle == NULL) {
        return;
    }
    for (size_t i = 0; i < bundle->count; i++) {
        union {
            const char *in;
            char *out;
        } name = {bundle->entries[i].open.name}, shown = {bundle->entries[i].open.shown};

        free(name.out);
        free(shown.out);
        free(bundle->entries[i].path);
        free(bundle->entries[i].text);
    }
    free(bundle->entries);
    free(bundle->archive);
    free(bundle->path);
    free(bundle);
}

struct bundle *bundle_open(const char *path, const char *mark, char problem[BUNDLE_PROBLEM_MAX])
{
    struct bundle *b = make(path);
    struct stat st;
    const char *wrong = NULL;
    size_t length = 0;
    char *bytes;

    if (b == NULL) {
        wrong = "there is no memory left";
    } else if (stat(b->path, &st) != 0) {
        wrong = strerror(errno);
    } else if (S_ISDIR(st.st_mode)) {
        wrong = list_folder(b, "", 0) ? NULL : strerror(errno);
    } else {
        bytes = bytes_read(b->path, &length);
        wrong = bytes != NULL ? open_archive(b, bytes, length) : strerror(errno);
    }
    return finish(b, path, mark, wrong, problem);
}

struct bundle *bundle_open_memory(const char *name, const char *bytes, size_t length,
                                  const char *mark, char problem[BUNDLE_PROBLEM_MAX])
{
    struct bundle *b = make(name);
    char *copy = malloc(length + 1);

    if (b == NULL || copy == NULL) {
        free(copy);
        return finish(b, name, mark, "there is no memory left", problem);
    }
    memcpy(copy, bytes, length);
    copy[length] = '\0';
    return finish(b, name, mark, open_archive(b, copy, length), problem);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void load(struct entry *e)
{
    const char *packed = e->packed, *wrong = NULL;
    size_t length = e->packed_length;
    char *own = NULL;

    e->loaded = 1;
    e->open.text = "";
    if (packed == NULL) {
        packed = own = bytes_read(e->open.shown, &length);
        wrong = own == NULL ? strerror(errno) : NULL;
    }
    if (packed != NULL && gunzip_begins(packed, length)) {
        e->text = bytes_gunzip(packed, length, &length, &wrong);
        free(own);
        wrong = e->text == NULL ? "there is no memory left" : wrong;
    } else if (own != NULL) {
        e->text = own;
    } else if (packed != NULL) {
        e->text = malloc(length + 1);
        if (e->text != NULL) {
            memcpy(e->text, packed, length);
            e->text[length] = '\0';
        }
        wrong = e->text == NULL ? "there is no memory left" : NULL;
    }
    if (e->text != NULL) {
        e->open.text = e->text;
        e->open.length = length;
    }
    if (wrong != NULL) {
        snprintf(e->problem, sizeof e->problem, "%s", wrong);
        e->open.problem = e->problem;
    }
}

const struct bundle_file *bundle_at(struct bundle *bundle, size_t index)
{
    if (index >= bundle->count) {
        return NULL;
    }
    if (!bundle->entries[index].loaded) {
        load(&bundle->entries[index]);
    }
    return &bundle->entries[index].open;
}

const char *bundle_name(const struct bundle *bundle, size_t index)
{
    return index < bundle->count ? bundle->entries[index].open.name : NULL;
}

const struct bundle_file *bundle_find(struct bundle *bundle, const char *name)
{
    for (size_t i = 0; i < bundle->count; i++) {
        if (strcmp(bundle->entries[i].open.name, name) == 0) {
            return bundle_at(bundle, i);
        }
    }
    return NULL;
}
