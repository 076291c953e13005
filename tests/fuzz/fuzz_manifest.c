/*
 * Manifests from anywhere: any text is read to items and problems, never to a crash, also when
 * memory runs out on the way. The first byte says after how many allocations it does (0: never);
 * a NUL byte ends one file and begins the next.
 */
#include "fuzz.h"

#include <string.h>
#include <weir/autoscaler.h>
#include <weir/hpa.h>
#include <weir/keda.h>
#include <weir/kpa.h>
#include <weir/manifest.h>

struct memory {
    int left;      /* allocations until one fails; below 0: none fails */
    size_t in_use; /* bytes */
};

static void *take(void *user, size_t size)
{
    struct memory *memory = user;
    void *block;

    if (memory->left == 0) {
        return NULL;
    }
    memory->left -= memory->left > 0;
    block = malloc(size);
    must(block != NULL);
    memory->in_use += size;
    return block;
}

static void give_back(void *user, void *block, size_t size)
{
    struct memory *memory = user;

    must(block != NULL && memory->in_use >= size);
    memory->in_use -= size;
    free(block);
}

static void look_at(const weir_manifest *manifest, int short_of_memory)
{
    size_t errors = 0;

    for (size_t i = 0; i < weir_manifest_problem_count(manifest); i++) {
        const weir_problem *p = weir_manifest_get_problem(manifest, i);

        must(p != NULL && p->file != NULL && p->error.line >= 0 && p->error.column >= 0);
        must(memchr(p->error.path, '\0', sizeof p->error.path) != NULL);
        must(memchr(p->error.message, '\0', sizeof p->error.message) != NULL);
        must(p->error.message[0] != '\0');
        errors += p->severity == WEIR_PROBLEM_ERROR;
    }
    /* An error that found no memory, or no room, is counted all the same. */
    must(
        errors == weir_manifest_error_count(manifest) ||
        ((short_of_memory || weir_manifest_problem_count(manifest) == WEIR_MANIFEST_PROBLEMS_MAX) &&
         errors < weir_manifest_error_count(manifest)));
    must(weir_manifest_get_problem(manifest, weir_manifest_problem_count(manifest)) == NULL);
    for (size_t i = 0; i < weir_manifest_item_count(manifest); i++) {
        const weir_manifest_item *item = weir_manifest_get_item(manifest, i);

        must(item != NULL && item->name != NULL && item->name_space != NULL && item->file != NULL);
        must(item->api_kind != NULL);
        if (item->kind == WEIR_KIND_KPA && item->error_count == 0 && errors == 0) {
            must(weir_kpa_config_check(item->config, NULL) == WEIR_OK);
        }
        if (item->kind == WEIR_KIND_HPA && item->error_count == 0) {
            must(weir_hpa_config_check(item->config, NULL) == WEIR_OK);
        }
    }
    must(weir_manifest_get_item(manifest, weir_manifest_item_count(manifest)) == NULL);
}

/* What is shown fits in what was asked for, and reads back without an error of its text. */
static void show_all(weir_manifest *manifest)
{
    for (size_t i = 0; i < weir_manifest_item_count(manifest); i++) {
        for (int32_t how = 0; how < 4; how++) {
            size_t need = 0;
            weir_status status = weir_manifest_show(manifest, i, how, NULL, 0, &need);
            char *text = status == WEIR_E_SPACE ? malloc(need) : NULL;

            must(status != WEIR_OK);
            if (text != NULL) {
                status = weir_manifest_show(manifest, i, how, text, need, NULL);
                must(status == WEIR_E_MEMORY || (status == WEIR_OK && strlen(text) == need - 1));
            }
            free(text);
        }
    }
}

static weir_status read_files(weir_manifest *manifest, const char *text, size_t size)
{
    while (size > 0) {
        const char *end = memchr(text, '\0', size);
        size_t length = end != NULL ? (size_t)(end - text) : size;
        weir_status status = weir_manifest_add(manifest, "input.yaml", text, length);

        if (status != WEIR_OK) {
            return status;
        }
        length += end != NULL;
        text += length;
        size -= length;
    }
    return weir_manifest_finish(manifest);
}

/* What is made of the items is written, with where it comes from; hazards are looked for. */
static weir_status look_closer(weir_manifest *manifest)
{
    weir_status status = weir_manifest_check(manifest);

    for (size_t i = 0; i < weir_manifest_item_count(manifest) && status == WEIR_OK; i++) {
        const weir_origin *origins;
        size_t count, need = 0;
        char text[256];

        status = weir_manifest_show(manifest, i, WEIR_SHOW_YAML, text, sizeof text, &need);
        must(memchr(text, '\0', sizeof text) != NULL);
        must(status != WEIR_E_SPACE || need > sizeof text);
        status = status == WEIR_E_MEMORY ? status : WEIR_OK;
        if (status == WEIR_OK) {
            status = weir_manifest_origins(manifest, i, &origins, &count);
        }
    }
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = {size > 0 && data[0] > 0 ? data[0] : -1, 0};
    const weir_allocator allocator = {take, give_back, &memory};
    weir_manifest *manifest;

    if (size > 0 && weir_manifest_create(&allocator, &manifest) == WEIR_OK) {
        weir_status status = read_files(manifest, (const char *)data + 1, size - 1);

        status = status == WEIR_OK ? look_closer(manifest) : status;
        must(status == WEIR_OK || (status == WEIR_E_MEMORY && memory.left == 0));
        look_at(manifest, memory.left == 0);
        if (status == WEIR_OK) {
            show_all(manifest);
        }
        weir_manifest_free(manifest);
    }
    must(memory.in_use == 0);
    return 0;
}
