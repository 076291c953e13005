/*
 * manifest/knative_service.c - what Knative's admission asks of a Service beyond its annotations:
 * limits, timeouts, traffic, images.
 *
 * Upstream: knative.dev/serving pkg/apis/serving/v1 revision_validation.go, route_validation.go;
 * pkg/apis/serving/k8s_validation.go; go-containerregistry pkg/name.
 */
#include "grow.h"
#include "knative.h"

#include <string.h>

enum { TIMEOUT_MAX = 600 }; /* max-revision-timeout-seconds of config-defaults */

/* A mapping of the Service that is being looked at. */
struct looking {
    const struct weir__node *node;
    struct weir__path path;
    struct weir__problems *problems;
};

static struct looking inside(const struct looking *l, const char *key)
{
    struct looking inner = *l;

    inner.node = weir__node_at(l->node, key);
    weir__path_key(&inner.path, key, strlen(key));
    return inner;
}

static void refuse(const struct looking *l, const char *key, const struct weir__message *m)
{
    const struct weir__node *value = weir__node_at(l->node, key);
    struct weir__path path = l->path;

    weir__path_key(&path, key, strlen(key));
    weir__problem(l->problems, WEIR_PROBLEM_ERROR, WEIR_E_RANGE,
                  value != NULL ? value->mark : l->node->mark, path.text, m->text);
}

static void check_range(const struct looking *l, const char *key, int64_t most)
{
    struct weir__message m;
    int64_t value;

    if (weir__node_int(l->node, key, &value) && (value < 0 || value > most)) {
        weir__message_clear(&m);
        weir__message_add(&m, "must be in [0, ");
        weir__message_int(&m, most);
        weir__message_add(&m, "], got ");
        weir__message_int(&m, value);
        refuse(l, key, &m);
    }
}

static void check_timeouts(const struct looking *spec)
{
    int64_t whole = TIMEOUT_MAX, first;
    struct weir__message m;

    check_range(spec, "timeoutSeconds", TIMEOUT_MAX);
    weir__node_int(spec->node, "timeoutSeconds", &whole);
    if (whole > 0 && whole <= TIMEOUT_MAX &&
        weir__node_int(spec->node, "responseStartTimeoutSeconds", &first) && first > whole) {
        weir__message_clear(&m);
        weir__message_add(&m, "must not be above timeoutSeconds, which is ");
        weir__message_int(&m, whole);
        refuse(spec, "responseStartTimeoutSeconds", &m);
    }
}

/* ---- traffic -------------------------------------------------------------------------------- */

static void check_traffic(const struct looking *service)
{
    struct looking spec = inside(service, "spec"), list = inside(&spec, "traffic");
    size_t index = 0, length = list.path.length;
    int64_t sum = 0, percent;
    struct weir__message m;

    if (list.node == NULL || list.node->count == 0) {
        return;
    }
    for (const struct weir__entry *e = list.node->first; e != NULL; e = e->next) {
        struct looking target = {e->value, list.path, list.problems};

        weir__path_cut(&target.path, length);
        weir__path_index(&target.path, index++);
        check_range(&target, "percent", 100);
        sum += weir__node_int(e->value, "percent", &percent) && percent >= -1000 && percent <= 1000
                   ? percent
                   : 0;
    }
    if (sum != 100) {
        weir__message_clear(&m);
        weir__message_add(&m, "the targets' percent must add up to 100, not ");
        weir__message_int(&m, sum);
        refuse(&spec, "traffic", &m);
    }
}

/* ---- images --------------------------------------------------------------------------------- */

static int is_made_of(const char *text, size_t length, const char *set)
{
    return strspn(text, set) >= length;
}

/* [registry/]repository[:tag][@digest], the repository of two letters or more. */
static int is_reference(const char *image)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789_-./";
    static const char tags[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t length = strcspn(image, "@");
    const char *slash = memchr(image, '/', length), *colon = NULL, *from = image;
    size_t registry = slash != NULL ? (size_t)(slash - image) : 0;

    for (size_t i = slash != NULL ? registry : 0; i < length; i++) {
        colon = image[i] == ':' ? image + i : colon;
    }
    if (colon != NULL) {
        size_t tag = length - (size_t)(colon - image) - 1;

        if (tag < 1 || tag > 128 || !is_made_of(colon + 1, tag, tags)) {
            return 0;
        }
        length = (size_t)(colon - image);
    }
    /* What comes before the first slash is a registry if it looks like a host. */
    if (slash != NULL &&
        (memchr(image, '.', registry) != NULL || memchr(image, ':', registry) != NULL ||
         (registry == 9 && memcmp(image, "localhost", 9) == 0))) {
        from = slash + 1;
        length -= registry + 1;
    }
    return length >= 2 && length <= 255 && is_made_of(from, length, lower);
}

static void check_images(const struct looking *spec)
{
    struct looking list = inside(spec, "containers");
    size_t index = 0, length = list.path.length;
    struct weir__message m;

    for (const struct weir__entry *e = list.node != NULL ? list.node->first : NULL; e != NULL;
         e = e->next) {
        struct looking container = {e->value, list.path, list.problems};
        const char *image = weir__node_text(e->value, "image");

        weir__path_cut(&container.path, length);
        weir__path_index(&container.path, index++);
        if (image[0] != '\0' && !is_reference(image)) {
            weir__message_clear(&m);
            weir__message_add(&m, "is no reference of an image: ");
            weir__message_quote(&m, image, strlen(image));
            refuse(&container, "image", &m);
        }
    }
}

void weir__knative_service_check(const struct weir__node *node, const struct weir__path *object,
                                 struct weir__problems *problems)
{
    struct looking service = {node, *object, problems}, spec = inside(&service, "spec");
    struct looking template = inside(&spec, "template"), pod = inside(&template, "spec");

    if (pod.node != NULL) {
        check_timeouts(&pod);
        check_images(&pod);
    }
    if (spec.node != NULL) {
        check_traffic(&service);
    }
}
