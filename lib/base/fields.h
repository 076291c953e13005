/*
 * base/fields.h - what a field table does for its configuration: reading by struct_size, defaults,
 * bounds, digest. Tables are written with the macros below, one row a field.
 */
#ifndef WEIR_LIB_BASE_FIELDS_H
#define WEIR_LIB_BASE_FIELDS_H

#include "base/bytes.h"
#include <weir/fields.h>

/* A table together with the struct that it describes. */
struct weir__table {
    const weir_field *fields;
    uint32_t count;
    uint32_t bytes; /* of the struct as this library knows it */
};

#define WEIR__TABLE(type, rows)                                                                    \
    {                                                                                              \
        rows, (uint32_t)(sizeof rows / sizeof rows[0]), (uint32_t)sizeof(type)                     \
    }

#define WEIR__MEMBER(type, member)                                                                 \
    .name = #member, .offset = (uint32_t)offsetof(type, member),                                   \
    .size = (uint32_t)sizeof(((type *)0)->member)
/* An array of structs with the member that holds its length. */
#define WEIR__LIST(type, member, length)                                                           \
    .name = #member, .offset = (uint32_t)offsetof(type, member),                                   \
    .size = (uint32_t)sizeof(((type *)0)->member[0]),                                              \
    .capacity = (uint32_t)(sizeof(((type *)0)->member) / sizeof(((type *)0)->member[0])),          \
    .count_offset = (uint32_t)offsetof(type, length)
#define WEIR__NO_KEYS .key = "", .alias = "", .global_key = ""

/* Writes the defaults of a table into a struct and sets its struct_size, which is its first member.
 * WEIR_E_ARG for NULL; WEIR_E_STRUCT for a size this library does not know. */
weir_status weir__config_init(const struct weir__table *table, void *config, size_t struct_size);

/* Copies a caller's struct, which may be of an older or newer version, into one of this version:
 * missing fields get their defaults, unknown ones must be zero. */
weir_status weir__config_take(const struct weir__table *table, void *to, const void *from,
                              weir_error *err);

/* Checks the bounds of every field of a struct of this version. */
weir_status weir__config_check(const struct weir__table *table, const void *config,
                               weir_error *err);

/* A digest of the values, independent of layout and machine. */
uint64_t weir__config_digest(const struct weir__table *table, const void *config);

/* The values of a flat configuration as records of a snapshot, one a field from `id` on. What is
 * read is not checked yet. */
void weir__config_write(const struct weir__table *table, const void *config, struct weir__writer *w,
                        uint16_t id);
void weir__config_read(const struct weir__table *table, void *config, struct weir__reader *r,
                       uint16_t id);

#endif
