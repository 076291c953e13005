/*
 * query_print.h - results of expressions as text, as the server's JSON, and as CSV.
 */
#ifndef WEIR_TOOLS_QUERY_PRINT_H
#define WEIR_TOOLS_QUERY_PRINT_H

#include <weir/promql.h>

/* One series a line, "up{job="x"} => 1 @[1700000000]", or a line a sample below its series. */
void query_print_text(const weir_promql_result *result, int64_t at_ms);

/* The envelope that the server would send, with its warnings and infos. */
void query_print_json(const weir_promql_result *result, int64_t at_ms);

/* A column a series, a row a time: `weir query --series` reads it. */
void query_print_csv(const weir_promql_result *result, int64_t at_ms);

/* Warnings and infos, on stderr. */
void query_print_notes(const weir_promql_result *result);

#endif
