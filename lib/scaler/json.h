/*
 * scaler/json.h - JSON as Go's encoding/json reads it, in place and without memory: checked first
 * as a whole, then walked.
 */
#ifndef WEIR_LIB_SCALER_JSON_H
#define WEIR_LIB_SCALER_JSON_H

#include "common.h"

/* Whether a text is one value with nothing behind it; NULL when it is, else what was expected at
 * *at. */
const char *weir__sc_json_check(struct text text, const char **at);

/* A walk over a text that was checked. */
struct json {
    const char *at, *end;
};

/* The first byte of the value that comes next, past white space: { [ " t f n - or a digit. */
char weir__sc_json_kind(struct json *j);

/* Past a value. */
void weir__sc_json_skip(struct json *j);

/* Past the bracket that opens an object or a list. */
void weir__sc_json_enter(struct json *j);

/* Whether there is one more item, whose value then comes next; at the end past the bracket. */
bool weir__sc_json_item(struct json *j);

/* The same for the members of an object, with the name as it is written, without its quotes. */
bool weir__sc_json_member(struct json *j, struct text *name);

/* A text as it is written, without its quotes. */
struct text weir__sc_json_text(struct json *j);

/* A character of a text as it is written, its escapes resolved as Go does. */
uint32_t weir__sc_json_character(const char **at, const char *end);

/* Whether a name as it is written is that of a field, in any case; `field` is lower case. */
bool weir__sc_json_names(struct text name, const char *field);

#endif
