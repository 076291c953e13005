/*
 * scaler/readers.h - the readers of a metrics-api trigger's answers, by format.
 */
#ifndef WEIR_LIB_SCALER_READERS_H
#define WEIR_LIB_SCALER_READERS_H

#include "common.h"

/* What is asked: where in what. */
struct question {
    struct text location, body;
    weir_error *err;
};

weir_status weir__sc_read_json(const struct question *q, double *value);
weir_status weir__sc_read_yaml(const struct question *q, double *value);
weir_status weir__sc_read_exposition(const struct question *q, double *value);

/* "at `location`: " and what is wrong. */
weir_status weir__sc_refuse(const struct question *q, weir_status status, const char *what);

/* A text that is a quantity. */
weir_status weir__sc_quantity(const struct question *q, struct text text, double *value);

#endif
