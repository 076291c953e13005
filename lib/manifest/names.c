/*
 * manifest/names.c - which texts are names of labels, domains and resources.
 *
 * Upstream: Kubernetes apimachinery pkg/util/validation/validation.go, pkg/apis/core/helper and
 * pkg/apis/core/validation.
 */
#include "names.h"

#include <string.h>

static int is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static int is_one_of(char c, const char *list)
{
    return c != '\0' && strchr(list, c) != NULL;
}

/* Letters and digits are at both ends, only they and some more between them. */
static int name_faults(const char *text, size_t length, const char *more, int lower, size_t longest)
{
    if (length == 0) {
        return WEIR__NAME_EMPTY | WEIR__NAME_ILL_SPELLED;
    }
    if (!is_letter_or_digit(text[0]) || !is_letter_or_digit(text[length - 1])) {
        return WEIR__NAME_ILL_SPELLED | (length > longest ? WEIR__NAME_LONG : 0);
    }
    for (size_t i = 0; i < length; i++) {
        if ((!is_letter_or_digit(text[i]) && !is_one_of(text[i], more)) ||
            (lower && text[i] >= 'A' && text[i] <= 'Z')) {
            return WEIR__NAME_ILL_SPELLED | (length > longest ? WEIR__NAME_LONG : 0);
        }
    }
    return length > longest ? WEIR__NAME_LONG : 0;
}

int weir__label_faults(const char *text)
{
    return name_faults(text, strlen(text), "-", 1, 63);
}

/* Of labels of any length, with dots between them. */
static int domain_faults(const char *text, size_t length)
{
    int faults = length > 253 ? WEIR__NAME_LONG : 0;
    size_t from = 0, to;

    if (length == 0) {
        return WEIR__NAME_EMPTY;
    }
    do {
        const char *dot = memchr(text + from, '.', length - from);

        to = dot != NULL ? (size_t)(dot - text) : length;
        if (name_faults(text + from, to - from, "-", 1, 253) & WEIR__NAME_ILL_SPELLED) {
            return faults | WEIR__NAME_ILL_SPELLED;
        }
        from = to + 1;
    } while (to < length);
    return faults;
}

/* A name, perhaps behind a domain and a slash. The faults of the domain are 8 times as large. */
int weir__qualified_faults(const char *text)
{
    const char *slash = strchr(text, '/');
    const char *name = slash != NULL ? slash + 1 : text;

    if (strchr(name, '/') != NULL) {
        return WEIR__NAME_ILL_SPELLED;
    }
    return name_faults(name, strlen(name), "-_.", 0, 63) |
           (slash != NULL ? domain_faults(text, (size_t)(slash - text)) * 8 : 0);
}

static int is_huge_page(const char *name)
{
    return strncmp(name, "hugepages-", 10) == 0;
}

/* The resources that a container may have. */
int weir__is_container_resource(const char *name)
{
    return strcmp(name, "cpu") == 0 || strcmp(name, "memory") == 0 ||
           strcmp(name, "ephemeral-storage") == 0 || is_huge_page(name);
}

/* The resources that Kubernetes knows, those of quotas included. */
int weir__is_standard_resource(const char *name)
{
    static const char *const others[] = {"requests.cpu",
                                         "requests.memory",
                                         "requests.ephemeral-storage",
                                         "limits.cpu",
                                         "limits.memory",
                                         "limits.ephemeral-storage",
                                         "pods",
                                         "resourcequotas",
                                         "services",
                                         "replicationcontrollers",
                                         "secrets",
                                         "configmaps",
                                         "persistentvolumeclaims",
                                         "storage",
                                         "requests.storage",
                                         "services.nodeports",
                                         "services.loadbalancers"};

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (strcmp(name, others[i]) == 0) {
            return 1;
        }
    }
    return weir__is_container_resource(name) || strncmp(name, "requests.hugepages-", 19) == 0;
}

/* Whether a name with a domain is one that anybody may use for a resource. */
int weir__is_extended_resource(const char *name)
{
    char quota[9 + 253 + 1 + 63 + 1] = "requests.";

    if (strncmp(name, quota, 9) == 0 || strlen(name) >= sizeof quota - 9) {
        return 0;
    }
    memcpy(quota + 9, name, strlen(name) + 1);
    return weir__qualified_faults(quota) == 0;
}
