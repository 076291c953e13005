/*
 * prometheus/api.h - a reply of the HTTP API while it is read.
 */
#ifndef WEIR_LIB_PROMETHEUS_API_H
#define WEIR_LIB_PROMETHEUS_API_H

#include "json.h"

/* A reply with what it consists of. Labels and texts point into cJSON's tree. */
struct reply {
    weir_api_reply public; /* first: what the caller has */
    weir_allocator allocator;
    cJSON *root;
    struct array label_at, labels, point_at, times, values, histogram_at, histograms, buckets;
    struct array warnings, infos;
    weir_error problem; /* of a bad response */
    bool no_memory;
};

/* Fills in a message for a bad response, and the path that it is about; gives false. */
bool weir__pm_reply_wrong(struct reply *r, const char *path, const char *message);

/* Reads the result of a type into the arrays; false: it is wrong, or there is no memory. */
bool weir__pm_result_read(struct reply *r, int32_t type, cJSON *result);

/* Reads a reply, or the list of a result alone where `lists` says so; the status of the reading,
 * not of the reply. */
weir_status weir__pm_reply_read(const char *body, size_t length, int32_t http_status, bool lists,
                                const weir_allocator *allocator, struct reply **reply);

#endif
