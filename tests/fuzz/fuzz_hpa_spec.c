/*
 * Specs of HorizontalPodAutoscalers from anywhere. The first byte says after how many allocations
 * there are no more (0: never), the second chooses release and gates; a NUL byte ends the spec, and
 * begins the one that it updates. What is let in and stored is let in again, and stored the same;
 * what it comes to runs.
 */
#include "fuzz.h"

#include <string.h>
#include <weir/hpa_spec.h>

/* As in fuzz_manifest.c. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libfyaml.so\n";
}

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

static char *json_of(const weir_hpa_spec *spec)
{
    size_t need = 0;
    char *text;

    if (weir_hpa_spec_json(spec, NULL, 0, &need) == WEIR_E_PARSE) {
        return NULL;
    }
    text = malloc(need);
    must(text != NULL && weir_hpa_spec_json(spec, text, need, NULL) == WEIR_OK);
    must(strlen(text) + 1 == need);
    return text;
}

static void look_at(const weir_hpa_spec *spec)
{
    size_t errors = 0;

    for (size_t i = 0; i < weir_hpa_spec_problem_count(spec); i++) {
        const weir_problem *p = weir_hpa_spec_get_problem(spec, i);

        must(p->error.message[0] != '\0');
        must(memchr(p->error.path, '\0', sizeof p->error.path) != NULL);
        errors += p->severity == WEIR_PROBLEM_ERROR;
    }
    must(errors <= weir_hpa_spec_error_count(spec));
    must((weir_hpa_spec_config(spec) == NULL) == (weir_hpa_spec_error_count(spec) > 0));
    if (weir_hpa_spec_config(spec) != NULL) {
        must(weir_hpa_config_check(weir_hpa_spec_config(spec), NULL) == WEIR_OK);
    }
}

/* What is stored reads as what was written. Of one with errors only that nothing breaks counts: its
 * bad quantities may not have survived. */
static void read_again(const weir_hpa_config *cluster, const weir_hpa_spec *spec)
{
    char *one = json_of(spec), *two;
    weir_hpa_spec *again;

    if (one == NULL) {
        return;
    }
    must(weir_hpa_spec_create(NULL, cluster, one, strlen(one), spec, &again) == WEIR_OK);
    if (weir_hpa_spec_error_count(spec) == 0) {
        two = json_of(again);
        must(weir_hpa_spec_error_count(again) == 0);
        must(two != NULL && strcmp(one, two) == 0);
        must(memcmp(weir_hpa_spec_config(spec), weir_hpa_spec_config(again),
                    sizeof(weir_hpa_config)) == 0);
        free(two);
    }
    weir_hpa_spec_free(again);
    free(one);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct memory memory = {size > 0 && data[0] > 0 ? data[0] : -1, 0};
    const weir_allocator allocator = {take, give_back, &memory};
    weir_hpa_spec *old = NULL, *spec = NULL;
    weir_hpa_config cluster;
    const char *text, *end;
    size_t length;

    if (size < 2) {
        return 0;
    }
    text = (const char *)data + 2;
    end = memchr(text, '\0', size - 2);
    length = end != NULL ? (size_t)(end - text) : size - 2;
    weir_hpa_config_init(&cluster, sizeof cluster);
    cluster.semantics = data[1] % 11;
    cluster.scale_to_zero = data[1] / 11 % 3;
    cluster.configurable_tolerance = data[1] / 33 % 3;
    if (end != NULL) {
        must(weir_hpa_spec_create(NULL, &cluster, end + 1, size - 3 - length, NULL, &old) ==
             WEIR_OK);
    }
    if (weir_hpa_spec_create(&allocator, &cluster, text, length, old, &spec) == WEIR_OK) {
        look_at(spec);
        read_again(&cluster, spec);
    } else {
        must(spec == NULL && memory.left == 0);
    }
    weir_hpa_spec_free(spec);
    weir_hpa_spec_free(old);
    must(memory.in_use == 0);
    return 0;
}
