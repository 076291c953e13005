/*
 * cmd_show.c - `weir show`: the objects that controllers make of manifests, as a cluster would have
 * them.
 */
#include "manifests.h"

#include <stdlib.h>
#include <string.h>

enum { OPTION_FILE, OPTION_NAME, OPTION_FORMAT, OPTION_AS_SENT, OPTION_ORIGINS, OPTION_KEEP_GOING };

static const struct option options[] = {
    {"--file", 'f', "MANIFEST...", "a Kubernetes manifest, YAML or JSON; may be given again"},
    {"--name", 0, "NAME", "the objects of this one alone, or of what it becomes"},
    {"--format", 0, "yaml|json", "how to print them (default yaml)"},
    {"--as-sent", 0, NULL, "as the controller sends them, without the API server's defaults"},
    {"--origins", 0, NULL, "and of every number, in a comment, the layer that it comes from"},
    {"--keep-going", 0, NULL, "leave out what has errors, instead of showing nothing"},
    {NULL, 0, NULL, NULL},
};

struct asked {
    struct words files;
    const char *name;
    int32_t how;
    int origins, keep_going;
};

/* The text of one item's objects; NULL where it has none. */
static char *text_of(weir_manifest *manifest, size_t index, int32_t how, weir_status *status)
{
    size_t need = 0;
    char *text;

    *status = weir_manifest_show(manifest, index, how, NULL, 0, &need);
    if (*status != WEIR_E_SPACE) {
        return NULL;
    }
    text = malloc(need);
    *status =
        text != NULL ? weir_manifest_show(manifest, index, how, text, need, NULL) : WEIR_E_MEMORY;
    return text;
}

/* A line for every number: its layer, and the line of the file that says it. */
static void print_origins(const struct asked *asked, weir_manifest *manifest, size_t index,
                          const weir_manifest_item *item)
{
    const weir_origin *origins = NULL;
    size_t count = 0;

    if ((!asked->origins && item->maker_kind[0] == '\0') || (asked->how & WEIR_SHOW_JSON) != 0 ||
        weir_manifest_origins(manifest, index, &origins, &count) != WEIR_OK) {
        return;
    }
    printf("# Where the numbers of %s %s come from:\n", item->api_kind, item->name);
    for (size_t i = 0; i < count; i++) {
        const weir_origin *o = &origins[i];

        printf("#   %s: %s  (", o->path, o->value);
        if (o->line > 0) {
            printf("%s%s%s:%d)\n", o->layer, o->layer[0] != '\0' ? ", " : "", item->file, o->line);
        } else {
            printf("%s)\n", o->layer[0] != '\0' ? o->layer : item->file);
        }
    }
}

/* Counts what was printed; -1 after a message. */
static int show_all(const struct asked *asked, weir_manifest *manifest)
{
    int printed = 0, seen = 0;

    for (size_t i = 0; i < weir_manifest_item_count(manifest); i++) {
        const weir_manifest_item *item = weir_manifest_get_item(manifest, i);
        weir_status status;
        char *text;

        if (item->error_count > 0 ||
            (asked->name != NULL && !manifests_is_named(item, asked->name))) {
            continue;
        }
        seen++;
        text = text_of(manifest, i, asked->how, &status);
        if (status == WEIR_OK) {
            printf("%s%s", printed > 0 && (asked->how & WEIR_SHOW_JSON) == 0 ? "---\n" : "", text);
            printf("%s", asked->how & WEIR_SHOW_JSON ? "\n" : "");
            print_origins(asked, manifest, i, item);
            printed++;
        } else if (status == WEIR_END) {
            complain("%s %s: nothing is made of it while it is paused", item->api_kind, item->name);
        } else if (status != WEIR_E_UNSUPPORTED) {
            complain("%s %s: %s", item->api_kind, item->name, weir_strerror(status));
            free(text);
            return -1;
        } else {
            complain("%s %s: no other objects are made of it", item->api_kind, item->name);
            print_origins(asked, manifest, i, item);
        }
        free(text);
    }
    if (seen == 0 && asked->name != NULL) {
        manifests_complain_of_name(manifest, asked->name);
        return -1;
    }
    if (seen == 0) {
        complain("the files describe no autoscaler");
        return -1;
    }
    return printed;
}

static int take(struct asked *asked, const struct argument *a)
{
    int format;

    switch (a->option) {
    case OPTION_NAME: asked->name = a->value; return 1;
    case OPTION_FORMAT:
        format = choose_word("--format", options[OPTION_FORMAT].argument, a->value);
        asked->how |= format == 1 ? WEIR_SHOW_JSON : 0;
        return format >= 0;
    case OPTION_AS_SENT: asked->how |= WEIR_SHOW_AS_SENT; return 1;
    case OPTION_ORIGINS: asked->origins = 1; return 1;
    case OPTION_KEEP_GOING: asked->keep_going = 1; return 1;
    default: break; /* a file, with or without its option */
    }
    if (asked->files.count == FILES_MAX) {
        complain("at most %d files can be given", FILES_MAX);
        return 0;
    }
    asked->files.list[asked->files.count++] = a->value;
    return 1;
}

static int run(int count, char **words)
{
    struct asked asked = {{{NULL}, 0}, NULL, WEIR_SHOW_YAML, 0, 0};
    weir_manifest *manifest = NULL;
    struct argument a;
    int position = 0, more, code = EXIT_INPUT;

    while ((more = next_argument(&command_show, count, words, &position, &a)) > 0) {
        if (!take(&asked, &a)) {
            return EXIT_USAGE;
        }
    }
    if (more < 0) {
        return EXIT_USAGE;
    }
    if (asked.files.count == 0) {
        complain("a manifest (-f FILE) is needed; see weir show --help");
        return EXIT_USAGE;
    }
    if (weir_manifest_create(NULL, &manifest) != WEIR_OK) {
        complain("there is no memory left");
        return EXIT_INPUT;
    }
    if (manifests_read(manifest, &asked.files, asked.keep_going, "shown") &&
        show_all(&asked, manifest) >= 0) {
        code = finish_output(EXIT_FINE);
    }
    weir_manifest_free(manifest);
    return code;
}

const struct command command_show = {
    .name = "show",
    .summary = "print the objects that controllers make of manifests",
    .usage = "show -f MANIFEST... [OPTION...]",
    .help =
        "Of an InferenceService those are the Knative Service, HorizontalPodAutoscaler or\n"
        "ScaledObject that KServe makes, and what comes of these; the ConfigMap\n"
        "inferenceservice-config and ServingRuntimes count if they are among the files.\n"
        "Comments behind say which layer each number comes from (elsewhere with --origins).\n"
        "Of a KEDA ScaledObject that is the HorizontalPodAutoscaler which KEDA makes for it,\n"
        "with all defaults and canonical quantities: what kubectl get -o yaml shows, less what\n"
        "only the cluster knows. Everything that a cluster would refuse is reported first, with\n"
        "the stage: [api] the API server, [webhook] KEDA's webhook, [reconcile] KEDA's\n"
        "controller, [build] a trigger that cannot be built, [hpa] the HPA that comes of it,\n"
        "[object] an object that KServe makes.\n\n"
        "Examples:\n"
        "  weir show -f isvc.yaml\n"
        "  weir show -f scaledobject.yaml\n"
        "  weir show -f scaledobject.yaml |\n"
        "    diff - <(kubectl get hpa keda-hpa-my-model -o yaml)\n"
        "  weir show -f scaledobject.yaml --format json | jq .spec.metrics\n",
    .operands = "FILE",
    .options = options,
    .run = run,
};
