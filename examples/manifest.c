/* A manifest: read its text, say what is wrong with it, decide by it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/manifest.h>
#include <weir/weir.h>

static const char text[] = "apiVersion: serving.knative.dev/v1\n"
                           "kind: Service\n"
                           "metadata:\n"
                           "  name: web\n"
                           "spec:\n"
                           "  template:\n"
                           "    metadata:\n"
                           "      annotations:\n"
                           "        autoscaling.knative.dev/target: '10'\n"
                           "        autoscaling.knative.dev/windw: 30s\n"
                           "    spec:\n"
                           "      containers:\n"
                           "        - image: web\n";

/* What 42 requests in flight come to after two seconds. */
static void decide(const weir_manifest_item *item)
{
    weir_decision decision;
    size_t bytes;
    weir_kpa_stat stat = {.average_concurrent_requests = 42};

    weir_kpa_bytes(item->config, &bytes, NULL);
    weir_kpa *kpa = malloc(bytes);
    weir_kpa_init(kpa, bytes, item->config, 1, 0, NULL);
    weir_decision_init(&decision, sizeof decision);
    weir_kpa_record(kpa, 0, &stat);
    weir_kpa_decide(kpa, 1, 1, 2 * WEIR_SECOND, &decision, NULL);
    printf("%s %s: %d pods\n", item->api_kind, item->name, decision.replicas);
    free(kpa);
}

int main(void)
{
    weir_manifest *manifest;

    if (weir_manifest_create(NULL, &manifest) != WEIR_OK) {
        return 1;
    }
    weir_manifest_add(manifest, "web.yaml", text, strlen(text));
    weir_manifest_finish(manifest);
    for (size_t i = 0; i < weir_manifest_problem_count(manifest); i++) {
        const weir_problem *problem = weir_manifest_get_problem(manifest, i);

        printf("%s:%d: %s: %s\n", problem->file, problem->error.line, problem->error.path,
               problem->error.message);
    }
    for (size_t i = 0; i < weir_manifest_item_count(manifest); i++) {
        const weir_manifest_item *item = weir_manifest_get_item(manifest, i);

        if (item->kind == WEIR_KIND_KPA && item->error_count == 0) {
            decide(item);
        }
    }
    weir_manifest_free(manifest);
    return 0;
}
