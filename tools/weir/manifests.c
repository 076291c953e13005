/*
 * manifests.c - files of manifests read, and what is wrong with them printed; see manifests.h.
 */
#include "manifests.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A whole file; NULL after a message. */
static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    size_t room = (size_t)1 << 16, used = 0, n;
    char *text = file != NULL ? malloc(room) : NULL, *more;

    if (file == NULL) {
        complain("%s: %s", path, strerror(errno));
        return NULL;
    }
    while (text != NULL && (n = fread(text + used, 1, room - used, file)) > 0) {
        used += n;
        if (used > (size_t)WEIR_MANIFEST_BYTES_MAX) {
            break; /* the loader says so */
        }
        if (used == room) {
            more = realloc(text, 2 * room);
            if (more == NULL) {
                free(text);
            }
            text = more;
            room *= 2;
        }
    }
    if (text == NULL || ferror(file)) {
        complain("%s: %s", path, text == NULL ? "there is no memory left" : strerror(errno));
        free(text);
        text = NULL;
    }
    fclose(file);
    *length = used;
    return text;
}

const char *problem_gap(const weir_problem *p)
{
    static const char *const subjects[] = {"this ", "the ",     "there ", "a ",
                                           "an ",   "without ", "KEDA",   "KServe"};

    if (p->error.path[0] == '\0') {
        return "";
    }
    for (size_t i = 0; i < sizeof subjects / sizeof subjects[0]; i++) {
        if (strncmp(p->error.message, subjects[i], strlen(subjects[i])) == 0) {
            return ": ";
        }
    }
    return " ";
}

static void print_problem(const weir_problem *p)
{
    static const char *const words[] = {"error", "warning", "notice"};
    const char *stage = weir_stage_name(p->stages);

    fprintf(stderr, "%s:%d:%d: %s: %s%s%s%s%s%s\n", p->file, p->error.line, p->error.column,
            words[p->severity], p->error.path, problem_gap(p), p->error.message,
            stage[0] != '\0' ? " [" : "", stage, stage[0] != '\0' ? "]" : "");
}

int manifests_add(weir_manifest *manifest, const char *path)
{
    size_t length;
    char *text = read_file(path, &length);
    weir_status status;

    if (text == NULL) {
        return 0;
    }
    status = weir_manifest_add(manifest, path, text, length);
    free(text);
    if (status != WEIR_OK) {
        complain("%s: %s", path, weir_strerror(status));
    }
    return status == WEIR_OK;
}

int manifests_is_named(const weir_manifest_item *item, const char *name)
{
    return strcmp(item->name, name) == 0 ||
           (item->maker_name[0] != '\0' && strcmp(item->maker_name, name) == 0);
}

void manifests_print_names(const weir_manifest *manifest)
{
    for (size_t i = 0; i < weir_manifest_item_count(manifest); i++) {
        fprintf(stderr, " %s", weir_manifest_get_item(manifest, i)->name);
    }
    fputc('\n', stderr);
}

void manifests_complain_of_name(const weir_manifest *manifest, const char *name)
{
    size_t items = weir_manifest_item_count(manifest), count = 0;
    const char **names = calloc(2 * items + 1, sizeof *names), *near = NULL;

    for (size_t i = 0; names != NULL && i < items; i++) {
        const weir_manifest_item *item = weir_manifest_get_item(manifest, i);

        names[count++] = item->name;
        if (item->maker_name[0] != '\0') {
            names[count++] = item->maker_name;
        }
    }
    near = names != NULL ? weir_nearest_name(name, names, count) : NULL;
    fprintf(stderr, "weir: no autoscaler has the name %s%s%s; the files have:", name,
            near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    manifests_print_names(manifest);
    free(names);
}

int manifests_read(weir_manifest *manifest, const struct words *files, int keep_going,
                   const char *undone)
{
    size_t errors;

    for (size_t i = 0; i < files->count; i++) {
        if (!manifests_add(manifest, files->list[i])) {
            return 0;
        }
    }
    weir_manifest_finish(manifest);
    for (size_t i = 0; i < weir_manifest_problem_count(manifest); i++) {
        print_problem(weir_manifest_get_problem(manifest, i));
    }
    errors = weir_manifest_error_count(manifest);
    if (errors > 0 && keep_going) {
        complain("the manifests have %zu error%s; what has one is left out", errors,
                 errors > 1 ? "s" : "");
    } else if (errors > 0) {
        complain("the manifests have %zu error%s; nothing was %s", errors, errors > 1 ? "s" : "",
                 undone);
    }
    return errors == 0 || keep_going;
}
