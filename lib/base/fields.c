/*
 * base/fields.c - defaults, struct_size rules, bounds and digests, all driven by field tables.
 */
#include "base/fields.h"
#include "base/bytes.h"
#include "base/num.h"
#include "base/text.h"

static uint8_t *member(void *config, const weir_field *field)
{
    return (uint8_t *)config + field->offset;
}

static const uint8_t *member_of(const void *config, const weir_field *field)
{
    return (const uint8_t *)config + field->offset;
}

static int64_t get_int(const void *config, const weir_field *field)
{
    int64_t wide = 0;
    int32_t narrow = 0;

    if (field->size == sizeof wide) {
        memcpy(&wide, member_of(config, field), sizeof wide);
        return wide;
    }
    memcpy(&narrow, member_of(config, field), sizeof narrow);
    return narrow;
}

static double get_double(const void *config, const weir_field *field)
{
    double value;

    memcpy(&value, member_of(config, field), sizeof value);
    return value;
}

static void set_int(void *config, const weir_field *field, int64_t value)
{
    int32_t narrow = (int32_t)value;

    if (field->size == sizeof value) {
        memcpy(member(config, field), &value, sizeof value);
    } else {
        memcpy(member(config, field), &narrow, sizeof narrow);
    }
}

static void set_default(void *config, const weir_field *field)
{
    switch (field->type) {
    case WEIR_FIELD_DOUBLE: memcpy(member(config, field), &field->ddefault, 8); break;
    case WEIR_FIELD_TEXT: /* `values` holds the default */
        for (uint32_t i = 0; i + 1 < field->size && field->values[i] != '\0'; i++) {
            member(config, field)[i] = (uint8_t)field->values[i];
        }
        break;
    case WEIR_FIELD_STRUCT:
        for (uint32_t i = 0; field->capacity == 1 && i < field->field_count; i++) {
            set_default(member(config, field), &field->fields[i]);
        }
        break;
    default: set_int(config, field, field->idefault); break;
    }
}

static void set_defaults(const struct weir__table *table, void *config)
{
    memset(config, 0, table->bytes);
    memcpy(config, &table->bytes, sizeof table->bytes); /* struct_size */
    for (uint32_t i = 0; i < table->count; i++) {
        set_default(config, &table->fields[i]);
    }
}

weir_status weir__config_init(const struct weir__table *table, void *config, size_t struct_size)
{
    if (config == NULL) {
        return WEIR_E_ARG;
    }
    if (struct_size != table->bytes) {
        return WEIR_E_STRUCT;
    }
    set_defaults(table, config);
    return WEIR_OK;
}

weir_status weir__config_take(const struct weir__table *table, void *to, const void *from,
                              weir_error *err)
{
    uint32_t size;
    const uint8_t *bytes = from;

    if (from == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "no configuration was given");
    }
    memcpy(&size, from, sizeof size);
    if (size < sizeof size || size % 4 != 0) {
        return weir__fail(err, WEIR_E_STRUCT, "struct_size", "is not that of a configuration");
    }
    for (uint32_t i = table->bytes; i < size; i++) {
        if (bytes[i] != 0) {
            return weir__fail(err, WEIR_E_STRUCT, "struct_size",
                              "a field that this version does not know is set");
        }
    }
    set_defaults(table, to);
    memcpy(to, from, size < table->bytes ? size : table->bytes);
    memcpy(to, &table->bytes, sizeof table->bytes);
    return WEIR_OK;
}

static void put_bound(struct weir__text *text, const weir_field *field, int64_t value)
{
    if (field->type == WEIR_FIELD_DURATION) {
        weir__text_duration(text, value);
    } else {
        weir__text_int(text, value);
    }
}

/* "must be in [6s, 1h0m0s], got 5s", "must be above 1, got 0.5" */
static weir_status out_of_bounds(const void *config, const weir_field *field, weir_error *err)
{
    int is_double = field->type == WEIR_FIELD_DOUBLE;
    int open = is_double ? field->dmax >= DBL_MAX : field->imax == INT64_MAX;
    int above = (field->flags & WEIR_FIELD_ABOVE_MIN) != 0;
    struct weir__text text;

    weir__fail(err, WEIR_E_RANGE, field->name, "");
    if (err == NULL) {
        return WEIR_E_RANGE;
    }
    weir__text_open(&text, err->message, sizeof err->message);
    weir__text_str(&text, open ? (above ? "must be above " : "must be at least ")
                               : (above ? "must be in (" : "must be in ["));
    if (is_double) {
        weir__text_double(&text, field->dmin);
    } else {
        put_bound(&text, field, field->imin);
    }
    if (!open) {
        weir__text_str(&text, ", ");
        if (is_double) {
            weir__text_double(&text, field->dmax);
        } else {
            put_bound(&text, field, field->imax);
        }
        weir__text_char(&text, ']');
    }
    if ((field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0) {
        weir__text_str(&text, " or -1");
    }
    weir__text_str(&text, ", got ");
    if (is_double) {
        weir__text_double(&text, get_double(config, field));
    } else {
        put_bound(&text, field, get_int(config, field));
    }
    return WEIR_E_RANGE;
}

static int double_is_fine(const weir_field *field, double value)
{
    if (!weir__is_finite(value)) {
        return (field->flags & WEIR_FIELD_ANY_FLOAT) != 0;
    }
    if ((field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 && value == -1.0) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_OPTIONAL) != 0 && value == field->ddefault) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_ABOVE_MIN) != 0 && value == field->dmin) {
        return 0;
    }
    return value >= field->dmin && value <= field->dmax;
}

static int int_is_fine(const weir_field *field, int64_t value)
{
    if ((field->flags & WEIR_FIELD_OR_MINUS_ONE) != 0 && value == -1) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_OPTIONAL) != 0 && value == field->idefault) {
        return 1;
    }
    if ((field->flags & WEIR_FIELD_ABOVE_MIN) != 0 && value == field->imin) {
        return 0;
    }
    return value >= field->imin && value <= field->imax;
}

static weir_status check_fields(const weir_field *fields, uint32_t count, const void *config,
                                weir_error *err);

static weir_status check_struct(const weir_field *field, const void *config, weir_error *err)
{
    const uint8_t *element = member_of(config, field);
    uint32_t count = 1;

    if (field->capacity > 1) {
        memcpy(&count, (const uint8_t *)config + field->count_offset, sizeof count);
        if (count > field->capacity) {
            return weir__fail(err, WEIR_E_LIMIT, field->name, "holds more than weir has room for");
        }
    }
    for (uint32_t i = 0; i < count; i++, element += field->size) {
        weir_status status = check_fields(field->fields, field->field_count, element, err);

        if (status != WEIR_OK) {
            weir__fail_within(err, field->name, field->capacity > 1 ? (int64_t)i : -1);
            return status;
        }
    }
    return WEIR_OK;
}

static weir_status check_field(const weir_field *field, const void *config, weir_error *err)
{
    switch (field->type) {
    case WEIR_FIELD_DOUBLE:
        return double_is_fine(field, get_double(config, field)) ? WEIR_OK
                                                                : out_of_bounds(config, field, err);
    case WEIR_FIELD_TEXT:
        for (uint32_t i = 0; i < field->size; i++) {
            if (member_of(config, field)[i] == '\0') {
                return WEIR_OK;
            }
        }
        return weir__fail(err, WEIR_E_RANGE, field->name, "is not terminated");
    case WEIR_FIELD_STRUCT: return check_struct(field, config, err);
    default: break;
    }
    if (!int_is_fine(field, get_int(config, field))) {
        return out_of_bounds(config, field, err);
    }
    if ((field->flags & WEIR_FIELD_WHOLE_SECONDS) != 0 &&
        get_int(config, field) % WEIR_SECOND != 0 &&
        ((field->flags & WEIR_FIELD_OPTIONAL) == 0 || get_int(config, field) != field->idefault)) {
        return weir__fail(err, WEIR_E_RANGE, field->name, "must be whole seconds");
    }
    return WEIR_OK;
}

static weir_status check_fields(const weir_field *fields, uint32_t count, const void *config,
                                weir_error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        weir_status status = check_field(&fields[i], config, err);

        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_OK;
}

weir_status weir__config_check(const struct weir__table *table, const void *config, weir_error *err)
{
    return check_fields(table->fields, table->count, config, err);
}

static uint64_t digest_text(uint64_t hash, const char *text, size_t capacity)
{
    for (size_t i = 0; i < capacity && text[i] != '\0'; i++) {
        hash = weir__fnv_bytes(hash, text + i, 1);
    }
    return hash;
}

/* A field at its default does not count, so that a field that comes later changes no digest. */
static uint64_t digest_fields(uint64_t hash, const weir_field *fields, uint32_t count,
                              const void *config);

static uint64_t digest_struct(uint64_t hash, const weir_field *field, const void *config)
{
    uint32_t elements = 1;

    hash = digest_text(hash, field->name, SIZE_MAX);
    if (field->capacity > 1) {
        memcpy(&elements, (const uint8_t *)config + field->count_offset, sizeof elements);
        hash = weir__fnv_u64(hash, elements);
    }
    for (uint32_t k = 0; k < elements && k < field->capacity; k++) {
        hash = digest_fields(hash, field->fields, field->field_count,
                             member_of(config, field) + (size_t)k * field->size);
    }
    return hash;
}

static uint64_t digest_value(uint64_t hash, const weir_field *field, uint64_t value,
                             uint64_t normal)
{
    return value == normal ? hash : weir__fnv_u64(digest_text(hash, field->name, SIZE_MAX), value);
}

static uint64_t digest_fields(uint64_t hash, const weir_field *fields, uint32_t count,
                              const void *config)
{
    for (uint32_t i = 0; i < count; i++) {
        const weir_field *field = &fields[i];

        if (field->type == WEIR_FIELD_DOUBLE) {
            hash = digest_value(hash, field, weir__bits(get_double(config, field)),
                                weir__bits(field->ddefault));
        } else if (field->type == WEIR_FIELD_TEXT) {
            hash = digest_text(hash, (const char *)member_of(config, field), field->size);
        } else if (field->type == WEIR_FIELD_STRUCT) {
            hash = digest_struct(hash, field, config);
        } else {
            hash = digest_value(hash, field, (uint64_t)get_int(config, field),
                                (uint64_t)field->idefault);
        }
    }
    return hash;
}

uint64_t weir__config_digest(const struct weir__table *table, const void *config)
{
    return digest_fields(WEIR__FNV_START, table->fields, table->count, config);
}

void weir__config_write(const struct weir__table *table, const void *config, struct weir__writer *w,
                        uint16_t id)
{
    for (uint32_t i = 0; i < table->count; i++) {
        const weir_field *field = &table->fields[i];

        if (field->type == WEIR_FIELD_DOUBLE) {
            weir__snapshot_f64(w, (uint16_t)(id + i), get_double(config, field));
        } else {
            weir__snapshot_i64(w, (uint16_t)(id + i), get_int(config, field));
        }
    }
}

void weir__config_read(const struct weir__table *table, void *config, struct weir__reader *r,
                       uint16_t id)
{
    set_defaults(table, config);
    for (uint32_t i = 0; i < table->count; i++) {
        const weir_field *field = &table->fields[i];

        if (field->type == WEIR_FIELD_DOUBLE) {
            double value = weir__record_f64(r, (uint16_t)(id + i));

            memcpy(member(config, field), &value, sizeof value);
        } else {
            set_int(config, field, weir__record_i64(r, (uint16_t)(id + i)));
        }
    }
}
