/*
 * scaler/gjson.h - one value out of JSON that nobody checked, at a location as GJSON writes it.
 */
#ifndef WEIR_LIB_SCALER_GJSON_H
#define WEIR_LIB_SCALER_GJSON_H

#include "common.h"

enum gjson_type { GJSON_NULL, GJSON_FALSE, GJSON_TRUE, GJSON_NUMBER, GJSON_TEXT, GJSON_OTHER };

struct gjson {
    enum gjson_type type;
    struct text raw; /* as it is written; empty when there is no value */
    double number;
};

/* What one query needs. */
struct gjson_query {
    weir_status status;  /* WEIR_OK until the first error */
    const char *problem; /* of the location */
    void *memory;        /* lists that were put together */
};

/* The value at a path; one without `raw` when there is none. Frees nothing. */
struct gjson weir__sc_gjson_get(struct gjson_query *q, struct text json, struct text path);

/* Frees what a query put together; the values that it gave may point into that. */
void weir__sc_gjson_free(struct gjson_query *q);

/* ---- paths (gjson_path.c) ------------------------------------------------------------------- */

enum { GJSON_PATH_MAX = WEIR_SCALER_LOCATION_MAX };

/* The first part of a path through objects. */
struct gjson_name {
    char part[GJSON_PATH_MAX]; /* its escapes resolved */
    size_t length;
    int wild;         /* * and ? stand for others */
    int more, piped;  /* what comes behind a dot, and behind a pipe */
    struct text rest; /* of either */
};

/* The first part of a path through lists. */
struct gjson_place {
    struct text part;
    int counts; /* there is a # in it */
    int each;   /* "#." */
    int more, piped;
    struct text rest;
    int queries, all; /* #(...), #(...)# */
    struct text query_path, op, value;
};

void weir__sc_gjson_name(struct text path, struct gjson_name *out);
void weir__sc_gjson_place(struct text path, struct gjson_place *out);

/* Parts a path before a pipe that stands behind other parts; 0: there is none. */
int weir__sc_gjson_split(struct text path, struct text *left, struct text *right);

/* The length of a modifier's name behind its @; 0: it is none. *does is set to whether weir does
 * it: those that leave a document what it is. */
size_t weir__sc_gjson_modifier(struct text path, int *does);

/* Whether a text matches a pattern with * and ?. */
int weir__sc_gjson_matches(struct text text, struct text pattern);

/* The end of a text whose opening quote is at `at`, behind its closing one; 0: it has none. */
size_t weir__sc_gjson_text_end(struct text json, size_t at);

/* The end of what is opened at `at`, by brackets of any kind. */
size_t weir__sc_gjson_squash(struct text json, size_t at);

/* The characters of a text as it is written in quotes; gives the bytes, at most `room`. */
size_t weir__sc_gjson_unescape(struct text raw, char *out, size_t room);

#endif
