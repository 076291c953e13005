/*
 * query_server.h - a query asked of a server instead of evaluated.
 */
#ifndef WEIR_TOOLS_QUERY_SERVER_H
#define WEIR_TOOLS_QUERY_SERVER_H

#include "server.h"

#include <weir/promql.h>

typedef void (*query_printer)(const weir_promql_result *result, int64_t at_ms);

/* Asks an open server at an instant (INT64_MIN: its now), prints what it answers and its notes. The
 * exit code. */
int query_instant(const struct server *server, const char *expression, int64_t at_ms,
                  query_printer print);

/* The same over a grid: from, to, step. */
int query_grid(const struct server *server, const char *expression, const int64_t times_ms[3],
               query_printer print);

#endif
