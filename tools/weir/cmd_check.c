/*
 * cmd_check.c - `weir check`: everything that is wrong with manifests, and everything in them that
 * will not do what it seems to.
 */
#include "check.h"
#include "manifests.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { OPTION_FILE, OPTION_FORMAT, OPTION_ALLOW, OPTION_HAZARDS };

enum { FOLDERS_MAX = 32 }; /* folders in folders */

static const struct option options[] = {
    {"--file", 'f', "FILE...", "a manifest, YAML or JSON, or a folder of them; may be given again"},
    {"--format", 0, "text|json|sarif|junit", "how to print what was found (default text)"},
    {"--allow", 0, "HAZARD", "leave out the hazard of this id; may be given again"},
    {"--hazards", 0, NULL, "print all hazards that are looked for, as Markdown"},
    {NULL, 0, NULL, NULL},
};

struct asked {
    struct words files, allowed;
    int format, hazards;
};

/* ---- files and folders ---------------------------------------------------------------------- */

static int ends_with(const char *text, const char *ending)
{
    size_t n = strlen(text), m = strlen(ending);

    return n >= m && strcmp(text + n - m, ending) == 0;
}

static int is_manifest_name(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int add_path(weir_manifest *manifest, const char *path, int depth, size_t *files);

/* Files in the order of their names, and those of folders in it. 0 after a message. */
static int add_folder(weir_manifest *manifest, const char *path, int depth, size_t *files)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_manifest_name, alphasort), fine = count >= 0;

    if (!fine) {
        complain("%s: %s", path, strerror(errno));
    }
    for (int i = 0; i < count; i++) {
        size_t length = strlen(path) + strlen(entries[i]->d_name) + 2;
        char *inner = malloc(length);
        struct stat status;

        if (inner == NULL) {
            complain("there is no memory left");
            fine = 0;
        } else {
            snprintf(inner, length, "%s/%s", path, entries[i]->d_name);
            if (fine && stat(inner, &status) == 0 &&
                (S_ISDIR(status.st_mode) || ends_with(inner, ".yaml") || ends_with(inner, ".yml") ||
                 ends_with(inner, ".json"))) {
                fine = add_path(manifest, inner, depth + 1, files);
            }
        }
        free(inner);
        free(entries[i]);
    }
    free(entries);
    return fine;
}

static int add_path(weir_manifest *manifest, const char *path, int depth, size_t *files)
{
    struct stat status;

    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        if (depth < FOLDERS_MAX) {
            return add_folder(manifest, path, depth, files);
        }
        complain("%s: folders lie in one another more than %d deep", path, FOLDERS_MAX);
        return 0;
    }
    (*files)++;
    return manifests_add(manifest, path);
}

/* ---- findings ------------------------------------------------------------------------------- */

static int is_allowed(const struct asked *asked, const weir_problem *problem)
{
    for (size_t i = 0; i < asked->allowed.count; i++) {
        if (strcmp(asked->allowed.list[i], problem->rule) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Prints them; returns the exit code. */
static int report(const struct asked *asked, const weir_manifest *manifest, size_t files)
{
    size_t count = weir_manifest_problem_count(manifest);
    struct findings found = {NULL, 0, weir_manifest_error_count(manifest), 0, 0, files};

    found.list = malloc((count + 1) * sizeof(const weir_problem *));
    if (found.list == NULL) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    for (size_t i = 0; i < count; i++) {
        const weir_problem *problem = weir_manifest_get_problem(manifest, i);

        if (!is_allowed(asked, problem)) {
            found.list[found.count++] = problem;
            found.warnings += problem->severity == WEIR_PROBLEM_WARNING;
            found.notices += problem->severity == WEIR_PROBLEM_NOTICE;
        }
    }
    check_print(stdout, &found, asked->format);
    free(found.list);
    return finish_output(found.errors + found.warnings > 0 ? EXIT_MISMATCH : EXIT_FINE);
}

static int check_all(const struct asked *asked)
{
    weir_manifest *manifest = NULL;
    size_t files = 0;
    int code = EXIT_INPUT, fine = weir_manifest_create(NULL, &manifest) == WEIR_OK;

    for (size_t i = 0; fine && i < asked->files.count; i++) {
        fine = add_path(manifest, asked->files.list[i], 0, &files);
    }
    if (fine && files == 0) {
        complain("%s: no .yaml, .yml or .json file is in it", asked->files.list[0]);
        fine = 0;
    }
    if (fine && weir_manifest_finish(manifest) == WEIR_OK &&
        weir_manifest_check(manifest) == WEIR_OK) {
        code = report(asked, manifest, files);
    } else if (fine) {
        complain("there is no memory left");
    }
    weir_manifest_free(manifest);
    return code;
}

/* ---- the command ---------------------------------------------------------------------------- */

static int keep(struct words *words, const char *word, const char *what)
{
    if (words->count == FILES_MAX) {
        complain("at most %d %s can be given", FILES_MAX, what);
        return 0;
    }
    words->list[words->count++] = word;
    return 1;
}

static int take(struct asked *asked, const struct argument *a)
{
    switch (a->option) {
    case OPTION_FORMAT:
        asked->format = choose_word("--format", options[OPTION_FORMAT].argument, a->value);
        return asked->format >= 0;
    case OPTION_ALLOW:
        if (check_hazard(a->value) == NULL) {
            complain("there is no hazard %s; see weir check --hazards", a->value);
            return 0;
        }
        return keep(&asked->allowed, a->value, "hazards");
    case OPTION_HAZARDS: asked->hazards = 1; return 1;
    default: return keep(&asked->files, a->value, "files and folders");
    }
}

static int run(int count, char **words)
{
    struct asked asked = {{{NULL}, 0}, {{NULL}, 0}, CHECK_TEXT, 0};
    struct argument a;
    int position = 0, more;

    while ((more = next_argument(&command_check, count, words, &position, &a)) > 0) {
        if (!take(&asked, &a)) {
            return EXIT_USAGE;
        }
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (asked.hazards) {
        check_print_hazards(stdout);
        return finish_output(EXIT_FINE);
    }
    if (asked.files.count == 0) {
        complain("a manifest, or a folder of them, is needed (-f FILE); see --help");
        return EXIT_USAGE;
    }
    return check_all(&asked);
}

const struct command command_check = {
    .name = "check",
    .summary = "say what is wrong with manifests, and what will surprise in them",
    .usage = "check -f FILE... [OPTION...]",
    .help =
        "Errors are what a cluster refuses, each with its stage: [api] the API server, [webhook]\n"
        "an admission webhook, [reconcile] a controller, [object] admission of an object that\n"
        "KServe makes, [build] a KEDA trigger, [hpa] the HPA that KEDA makes. Warnings with an id\n"
        "are hazards: accepted, and not what it seems; docs/hazards.md has a section for each.\n"
        "All files together are one cluster: a ScaledObject finds the InferenceService that it\n"
        "scales, and ConfigMaps hold for all. Of folders, all .yaml, .yml and .json files in them\n"
        "are read. The exit code is 1 when there is an error or a warning.\n\n"
        "Examples:\n"
        "  weir check -f isvc.yaml -f scaledobject.yaml\n"
        "  weir check -f manifests/ --format sarif > weir.sarif\n"
        "  weir check -f manifests/ --allow kserve.max-unlimited\n",
    .operands = "FILE",
    .options = options,
    .run = run,
};
