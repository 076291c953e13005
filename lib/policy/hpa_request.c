/*
 * policy/hpa_request.c - what a pod requests of one resource.
 *
 *   by containers  the sum over containers and sidecars; one without a request leaves none
 *   by pod         the pod's own request, or else the larger of the containers' sum and the peak
 *                  while init containers run; then the pod's overhead is added
 *
 * Upstream: replica_calculator.go, calculateRequests(); component-helpers resource/helpers.go,
 * PodRequests().
 */
#include "base/internal.h"
#include <weir/hpa.h>

/* A sum to which parts may add nothing at all. */
struct sum {
    uint64_t milli;
    int32_t any;
};

static void add(struct sum *sum, int64_t request)
{
    if (request != WEIR_HPA_NO_REQUEST) {
        sum->milli += (uint64_t)request;
        sum->any = 1;
    }
}

static void raise(struct sum *sum, struct sum other)
{
    if (other.any && (!sum->any || (int64_t)other.milli > (int64_t)sum->milli)) {
        *sum = other;
    }
}

static int64_t by_containers(const weir_hpa_requests *r)
{
    struct sum sum = {0, 0};
    int found = 0;

    for (uint32_t i = 0; i < r->container_count; i++) {
        const weir_hpa_container *c = &r->containers[i];
        int counts = c->kind == WEIR_CONTAINER_MAIN ||
                     (c->kind == WEIR_CONTAINER_SIDECAR && r->semantics < WEIR_HPA_1_28);

        if (!counts || (r->one_container && !c->named)) {
            continue;
        }
        if (c->request == WEIR_HPA_NO_REQUEST) {
            return WEIR_HPA_NO_REQUEST;
        }
        add(&sum, c->request);
        found = 1;
        if (r->one_container && r->semantics < WEIR_HPA_1_34) {
            break; /* names are unique */
        }
    }
    if (r->one_container && !found && r->semantics < WEIR_HPA_1_34) {
        return WEIR_HPA_NO_REQUEST;
    }
    return (int64_t)sum.milli;
}

static int64_t by_pod(const weir_hpa_requests *r)
{
    struct sum all = {0, 0}, sidecars = {0, 0}, peak = {0, 0};

    for (uint32_t i = 0; i < r->container_count; i++) {
        const weir_hpa_container *c = &r->containers[i];

        if (c->kind != WEIR_CONTAINER_INIT) {
            add(&all, c->request);
        }
        if (c->kind == WEIR_CONTAINER_SIDECAR) {
            add(&sidecars, c->request);
            raise(&peak, sidecars);
        } else if (c->kind == WEIR_CONTAINER_INIT) { /* it runs beside the sidecars before it */
            struct sum while_it_runs = sidecars;

            add(&while_it_runs, c->request);
            raise(&peak, while_it_runs);
        }
    }
    raise(&all, peak);
    if (r->pod_request != WEIR_HPA_NO_REQUEST) {
        all = (struct sum){(uint64_t)r->pod_request, 1};
    }
    add(&all, r->overhead);
    return all.any ? (int64_t)all.milli : WEIR_HPA_NO_REQUEST;
}

int64_t weir_hpa_pod_request(const weir_hpa_requests *requests)
{
    if (requests == NULL || (requests->containers == NULL && requests->container_count > 0)) {
        return WEIR_HPA_NO_REQUEST;
    }
    return requests->pod_level && !requests->one_container ? by_pod(requests)
                                                           : by_containers(requests);
}
