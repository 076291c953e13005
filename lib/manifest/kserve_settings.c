/*
 * manifest/kserve_settings.c - ConfigMap inferenceservice-config, and the words for deployment
 * modes.
 *
 * Upstream: pkg/apis/serving/v1beta1/configmap.go.
 */
#include "kserve.h"
#include "reader.h"

#include <string.h>

/* What upstream ships, as far as scaling reads it. */
static const char *const shipped[][2] = {
    {"deploy", "{\"defaultDeploymentMode\": \"Knative\"}"},
    {"autoscaler", "{\"scaleUpStabilizationWindowSeconds\": \"0\", "
                   "\"scaleDownStabilizationWindowSeconds\": \"300\"}"},
    {"inferenceService", "{\"resource\": {\"cpuLimit\": \"1\", \"memoryLimit\": \"2Gi\", "
                         "\"cpuRequest\": \"1\", \"memoryRequest\": \"2Gi\"}}"},
    {"opentelemetryCollector", "{\"scrapeInterval\": \"5s\", "
                               "\"metricReceiverEndpoint\": \"keda-otel-scaler.keda.svc:4317\", "
                               "\"metricScalerEndpoint\": \"keda-otel-scaler.keda.svc:4318\"}"},
};

const char *weir__kserve_mode(const char *word)
{
    static const char *const words[][2] = {
        {"Standard", WEIR__MODE_STANDARD},   {"RawDeployment", WEIR__MODE_STANDARD},
        {"Knative", WEIR__MODE_KNATIVE},     {"Serverless", WEIR__MODE_KNATIVE},
        {"ModelMesh", WEIR__MODE_MODELMESH},
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(words[i][0], word) == 0) {
            return words[i][1];
        }
    }
    return "";
}

/* ---- JSON in texts -------------------------------------------------------------------------- */

struct taking {
    struct weir__grower *g;
    const struct weir__node *root;
};

static void take_document(void *user, struct weir__document *document)
{
    struct taking *taking = user;

    if (taking->root == NULL) {
        taking->root = weir__grow_copy(taking->g, document->root);
    }
    weir__document_free(document->arena.allocator, document);
}

const struct weir__node *weir__json_text(struct weir__kserve *k, const char *text)
{
    struct taking taking = {&k->g, NULL};
    struct weir__problems problems;
    struct weir__reader reader;
    struct weir__chunk chunk = {0, strlen(text), strspn(text, " \t\r\n")};
    size_t offset = 0;
    int fine;

    weir__problems_open(&problems, k->problems->allocator);
    memset(&reader, 0, sizeof reader);
    reader.allocator = k->problems->allocator;
    reader.problems = &problems;
    reader.deliver = take_document;
    reader.user = &taking;
    weir__source_open(&reader.source, text, strlen(text));
    fine = weir__json_read(&reader, &chunk, &offset) && problems.errors == 0;
    k->problems->out_of_memory |= problems.out_of_memory;
    weir__problems_close(&problems);
    return fine ? taking.root : NULL;
}

const struct weir__node *weir__kserve_setting(struct weir__kserve *k, const char *key, int *bad)
{
    const struct weir__node *entry = weir__node_at(k->settings.data, key), *json = NULL;
    const char *text = entry != NULL && entry->text != NULL ? entry->text : NULL;

    *bad = 0;
    for (size_t i = 0; k->settings.data == NULL && i < sizeof shipped / sizeof shipped[0]; i++) {
        if (strcmp(shipped[i][0], key) == 0) {
            text = shipped[i][1];
        }
    }
    if (text != NULL && strcmp(text, "null") != 0) { /* which is no document, and no error */
        json = weir__json_text(k, text);
        *bad = json == NULL || json->type != WEIR__NODE_MAPPING;
    }
    return *bad ? NULL : json;
}

/* ---- the ConfigMap -------------------------------------------------------------------------- */

void weir__kserve_configure(struct weir__kserve *k, const struct weir__node *data)
{
    struct weir__kserve_settings *s = &k->settings;
    const struct weir__node *deploy;
    int bad;

    s->data = data;
    s->error = "";
    s->default_mode = "";
    deploy = weir__kserve_setting(k, "deploy", &bad);
    if (bad) {
        s->error = "its entry deploy is no JSON object";
    } else if (deploy != NULL) {
        const char *word = weir__node_text(deploy, "defaultDeploymentMode");

        s->default_mode = weir__kserve_mode(word);
        if (word[0] == '\0') {
            s->error = "its entry deploy must hold defaultDeploymentMode";
        } else if (s->default_mode[0] == '\0') {
            s->error = "defaultDeploymentMode in its entry deploy must be Knative, Standard or "
                       "ModelMesh";
        }
    }
    s->inference_service = weir__kserve_setting(k, "inferenceService", &bad);
    if (bad) {
        s->error = "its entry inferenceService is no JSON object";
    }
}

void weir__kserve_open(struct weir__kserve *k, struct weir__arena *arena,
                       struct weir__problems *problems)
{
    memset(k, 0, sizeof *k);
    k->arena = arena;
    k->problems = problems;
    k->g.arena = arena;
    k->allow_zero_initial_scale = "";
    weir_kpa_config_init(&k->knative, sizeof k->knative);
    weir__kserve_configure(k, NULL);
}
