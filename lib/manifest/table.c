/*
 * manifest/table.c - texts and values to members of a configuration, by field tables; see table.h.
 */
#include "table.h"
#include "go_syntax.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <weir/manifest.h>

/* ---- reading -------------------------------------------------------------------------------- */

/* The number of a name among "a|b|c"; -1 when it is none of them. */
static int64_t enum_of(const char *values, const char *name, size_t length)
{
    for (int64_t i = 0; *values != '\0'; i++) {
        size_t n = strcspn(values, "|");

        if (n == length && memcmp(values, name, n) == 0) {
            return i;
        }
        values += n + (values[n] == '|');
    }
    return -1;
}

int weir__field_parse(const weir_field *field, const char *text, size_t length,
                      struct weir__value *value)
{
    int32_t yes = 0;
    int result;

    memset(value, 0, sizeof *value);
    switch (field->type) {
    case WEIR_FIELD_BOOL:
        result = weir__go_bool(text, length, &yes);
        value->integer = yes;
        return result;
    case WEIR_FIELD_INT:
        return weir__go_int(text, length, 10, field->size == 4 ? 32 : 64, &value->integer);
    case WEIR_FIELD_DOUBLE: return weir__go_float(text, length, &value->number);
    case WEIR_FIELD_DURATION: return weir__go_duration(text, length, &value->integer);
    case WEIR_FIELD_ENUM:
        value->integer = enum_of(field->values, text, length);
        return value->integer >= 0 ? WEIR__GO_OK : WEIR__GO_SYNTAX;
    case WEIR_FIELD_TEXT:
        value->text = text;
        value->length = length;
        return length < field->size ? WEIR__GO_OK : WEIR__GO_RANGE;
    default: return WEIR__GO_SYNTAX; /* a struct is no text */
    }
}

int weir__node_whole(const struct weir__node *node, int64_t *value)
{
    if (node->type == WEIR__NODE_INT) {
        *value = node->integer;
        return 1;
    }
    if (node->type == WEIR__NODE_FLOAT && node->number >= -0x1p63 && node->number < 0x1p63) {
        *value = (int64_t)node->number;
        return (double)*value == node->number;
    }
    return 0;
}

static int read_duration(const struct weir__node *node, int64_t *value)
{
    int64_t seconds;

    if (node->type == WEIR__NODE_STRING) {
        return weir__go_duration(node->text, node->length, value) == WEIR__GO_OK;
    }
    if (!weir__node_whole(node, &seconds) || seconds > INT64_MAX / WEIR_SECOND ||
        seconds < INT64_MIN / WEIR_SECOND) {
        return 0;
    }
    *value = seconds * WEIR_SECOND;
    return 1;
}

int weir__field_read(const weir_field *field, const struct weir__node *node,
                     struct weir__value *value)
{
    int is_text = node->type == WEIR__NODE_STRING;

    memset(value, 0, sizeof *value);
    switch (field->type) {
    case WEIR_FIELD_BOOL: value->integer = node->integer; return node->type == WEIR__NODE_BOOL;
    case WEIR_FIELD_INT:
        return weir__node_whole(node, &value->integer) &&
               (field->size == 8 || (value->integer >= INT32_MIN && value->integer <= INT32_MAX));
    case WEIR_FIELD_DOUBLE:
        value->number = node->number;
        return node->type == WEIR__NODE_INT || node->type == WEIR__NODE_FLOAT;
    case WEIR_FIELD_DURATION: return read_duration(node, &value->integer);
    case WEIR_FIELD_ENUM:
    case WEIR_FIELD_TEXT:
        return is_text && weir__field_parse(field, node->text, node->length, value) == WEIR__GO_OK;
    default: return 0;
    }
}

void weir__field_store(const weir_field *field, void *config, const struct weir__value *value)
{
    char *member = (char *)config + field->offset;
    int32_t narrow = (int32_t)value->integer;

    if (field->type == WEIR_FIELD_DOUBLE) {
        memcpy(member, &value->number, sizeof value->number);
    } else if (field->type == WEIR_FIELD_TEXT) {
        size_t length = value->length < field->size ? value->length : field->size - 1;

        memset(member, 0, field->size);
        memcpy(member, value->text, length);
    } else if (field->size == sizeof narrow) {
        memcpy(member, &narrow, sizeof narrow);
    } else {
        memcpy(member, &value->integer, sizeof value->integer);
    }
}

/* ---- bounds --------------------------------------------------------------------------------- */

void weir__bounds_of(const weir_field *field, struct weir__bounds *bounds)
{
    bounds->imin = field->imin;
    bounds->imax = field->imax;
    bounds->dmin = field->dmin;
    bounds->dmax = field->dmax;
    bounds->flags = field->flags;
}

/* Whether Go's rounding to seconds leaves a duration as it is. At the end of the range, where there
 * is no full second above, it does too. */
static int is_whole_seconds(int64_t ns)
{
    int64_t rest = ns % WEIR_SECOND;

    return rest == 0 || (rest >= WEIR_SECOND / 2 && ns > INT64_MAX - (WEIR_SECOND - rest)) ||
           (rest <= -WEIR_SECOND / 2 && ns < INT64_MIN + (WEIR_SECOND + rest));
}

int weir__field_within(const weir_field *field, const struct weir__bounds *bounds,
                       const struct weir__value *value)
{
    int above = (bounds->flags & WEIR_FIELD_ABOVE_MIN) != 0;
    int minus_one = (bounds->flags & WEIR_FIELD_OR_MINUS_ONE) != 0;

    if (field->type == WEIR_FIELD_DOUBLE) {
        double x = value->number;
        int below = above ? x <= bounds->dmin : x < bounds->dmin;

        if ((bounds->flags & WEIR_FIELD_ANY_FLOAT) == 0 && !isfinite(x)) {
            return 0;
        }
        if (bounds->dmin <= -DBL_MAX) {
            below = 0;
        }
        return (!below && !(bounds->dmax < DBL_MAX && x > bounds->dmax)) ||
               (minus_one && x == -1.0);
    }
    if (field->type == WEIR_FIELD_TEXT) {
        return 1;
    }
    if (minus_one && value->integer == -1) {
        return 1;
    }
    if (field->type == WEIR_FIELD_DURATION && (bounds->flags & WEIR_FIELD_WHOLE_SECONDS) != 0 &&
        !is_whole_seconds(value->integer)) {
        return 0;
    }
    return value->integer <= bounds->imax &&
           (above ? value->integer > bounds->imin : value->integer >= bounds->imin);
}

static void say_bound(const weir_field *field, int64_t integer, double number,
                      struct weir__message *m)
{
    if (field->type == WEIR_FIELD_DOUBLE) {
        weir__message_double(m, number);
    } else if (field->type == WEIR_FIELD_DURATION) {
        weir__message_duration(m, integer);
    } else {
        weir__message_int(m, integer);
    }
}

void weir__field_say_bounds(const weir_field *field, const struct weir__bounds *bounds,
                            struct weir__message *m)
{
    int above = (bounds->flags & WEIR_FIELD_ABOVE_MIN) != 0, open;

    if (field->type == WEIR_FIELD_DOUBLE) {
        open = bounds->dmax >= DBL_MAX;
    } else if (field->type == WEIR_FIELD_DURATION) {
        open = bounds->imax >= INT64_C(1) << 60; /* 36 years are no bound that anybody meets */
    } else {
        open = bounds->imax == INT64_MAX;
    }
    if (open) {
        weir__message_add(m, above ? "must be above " : "must be at least ");
        say_bound(field, bounds->imin, bounds->dmin, m);
    } else {
        weir__message_add(m, above ? "must be in (" : "must be in [");
        say_bound(field, bounds->imin, bounds->dmin, m);
        weir__message_add(m, ", ");
        say_bound(field, bounds->imax, bounds->dmax, m);
        weir__message_add(m, "]");
    }
    if ((bounds->flags & WEIR_FIELD_OR_MINUS_ONE) != 0) {
        weir__message_add(m, " or -1");
    }
    if ((bounds->flags & WEIR_FIELD_WHOLE_SECONDS) != 0) {
        weir__message_add(m, ", in whole seconds");
    }
}

void weir__field_say_type(const weir_field *field, struct weir__message *m)
{
    static const char *const types[] = {"must be true or false", "must be a whole number",
                                        "must be a number",      "must be a duration",
                                        "must be one of ",       "must be text",
                                        "must be a time",        "must be a mapping of its fields"};

    weir__message_add(m, field->type == WEIR_FIELD_STRUCT && field->capacity > 1
                             ? "must be a list"
                             : types[field->type]);
    if (field->type == WEIR_FIELD_DURATION) {
        weir__message_add(m, " such as 90s or 1m30s");
    }
    for (const char *p = field->values; field->type == WEIR_FIELD_ENUM && *p != '\0'; p++) {
        char letter[2] = {*p, '\0'};

        weir__message_add(m, *p == '|' ? ", " : letter);
    }
    if (field->type == WEIR_FIELD_INT && field->size == 4) {
        weir__message_add(m, " of 32 bits");
    }
}

/* ---- filling a struct ----------------------------------------------------------------------- */

struct fill {
    struct weir__path *path;
    struct weir__problems *problems;
    int unknown;
};

static void fill_struct(struct fill *f, const weir_field *fields, size_t count, void *config,
                        const struct weir__node *mapping);

static void report(struct fill *f, weir_status status, const struct weir__node *node,
                   struct weir__message *m)
{
    weir__message_add(m, ", got ");
    weir__node_describe(node, m);
    weir__problem(f->problems, WEIR_PROBLEM_ERROR, status, node->mark, f->path->text, m->text);
}

static void fill_scalar(struct fill *f, const weir_field *field, void *config,
                        const struct weir__node *node)
{
    struct weir__message m;
    struct weir__bounds bounds;
    struct weir__value value;

    weir__message_clear(&m);
    weir__bounds_of(field, &bounds);
    if (!weir__field_read(field, node, &value)) {
        weir__field_say_type(field, &m);
        report(f, WEIR_E_PARSE, node, &m);
    } else if (!weir__field_within(field, &bounds, &value)) {
        weir__field_say_bounds(field, &bounds, &m);
        report(f, WEIR_E_RANGE, node, &m);
    } else {
        weir__field_store(field, config, &value);
    }
}

/* Elements of an array are not there when a configuration gets its defaults. */
static void set_defaults(const weir_field *fields, size_t count, void *config)
{
    for (size_t i = 0; i < count; i++) {
        const weir_field *field = &fields[i];
        struct weir__value value = {field->idefault, field->ddefault, "", 0};

        if (field->type != WEIR_FIELD_STRUCT) {
            weir__field_store(field, config, &value);
        } else if (field->capacity == 1) {
            set_defaults(field->fields, field->field_count, (char *)config + field->offset);
        }
    }
}

static void fill_array(struct fill *f, const weir_field *field, void *config,
                       const struct weir__node *node)
{
    struct weir__message m;
    char *element = (char *)config + field->offset;
    uint32_t index = 0;

    weir__message_clear(&m);
    if (node->type != WEIR__NODE_SEQUENCE) {
        weir__field_say_type(field, &m);
        report(f, WEIR_E_PARSE, node, &m);
        return;
    }
    if (node->count > field->capacity) {
        weir__message_add(&m, "weir has room for ");
        weir__message_int(&m, field->capacity);
        report(f, WEIR_E_LIMIT, node, &m);
        return;
    }
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next, index++) {
        size_t length = f->path->length;

        weir__path_index(f->path, index);
        memset(element, 0, field->size);
        set_defaults(field->fields, field->field_count, element);
        fill_struct(f, field->fields, field->field_count, element, e->value);
        weir__path_cut(f->path, length);
        element += field->size;
    }
    memcpy((char *)config + field->count_offset, &index, sizeof index);
}

/* The value of "a.b.c" in a mapping; NULL where there is none. The path goes along. */
static const struct weir__node *follow(struct fill *f, const struct weir__node *node,
                                       const char *key)
{
    while (*key != '\0' && node != NULL) {
        size_t length = strcspn(key, ".");
        const struct weir__entry *e = node->type == WEIR__NODE_MAPPING ? node->first : NULL;

        while (e != NULL && (e->key_length != length || memcmp(e->key, key, length) != 0)) {
            e = e->next;
        }
        weir__path_key(f->path, key, length);
        node = e != NULL ? e->value : NULL;
        key += length + (key[length] == '.');
    }
    return node;
}

static int names_member(const weir_field *field)
{
    return field->key[0] != '\0' && strchr(field->key, '/') == NULL; /* those are annotations */
}

static void warn_unknown(struct fill *f, const weir_field *fields, size_t count,
                         const struct weir__node *mapping)
{
    enum { NAMES_MAX = 64 };
    const char *names[NAMES_MAX];
    size_t name_count = 0;

    for (size_t i = 0; i < count && name_count < NAMES_MAX; i++) {
        if (names_member(&fields[i])) {
            names[name_count++] = fields[i].key;
        }
    }
    for (const struct weir__entry *e = mapping->first; e != NULL; e = e->next) {
        struct weir__message m;
        const char *near;
        size_t i = 0, length = f->path->length;

        while (i < name_count && (strcspn(names[i], ".") != e->key_length ||
                                  memcmp(names[i], e->key, e->key_length) != 0)) {
            i++;
        }
        if (i < name_count) {
            continue;
        }
        near = weir_nearest_name(e->key, names, name_count);
        weir__message_clear(&m);
        weir__message_add(&m, "is not a field that is known here");
        if (near != NULL) {
            weir__message_add(&m, "; did you mean ");
            weir__message_quote(&m, near, strlen(near));
        }
        weir__path_key(f->path, e->key, e->key_length);
        weir__problem(f->problems, WEIR_PROBLEM_WARNING, WEIR_OK, e->mark, f->path->text, m.text);
        weir__path_cut(f->path, length);
    }
}

static void fill_struct(struct fill *f, const weir_field *fields, size_t count, void *config,
                        const struct weir__node *mapping)
{
    if (mapping->type != WEIR__NODE_MAPPING) {
        struct weir__message m;

        weir__message_clear(&m);
        weir__message_add(&m, "must be a mapping of its fields");
        report(f, WEIR_E_PARSE, mapping, &m);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const weir_field *field = &fields[i];
        size_t length = f->path->length;
        const struct weir__node *node = names_member(field) ? follow(f, mapping, field->key) : NULL;

        if (node == NULL || node->type == WEIR__NODE_NULL) {
            /* left out: the default stays */
        } else if (field->type != WEIR_FIELD_STRUCT) {
            fill_scalar(f, field, config, node);
        } else if (field->capacity > 1) {
            fill_array(f, field, config, node);
        } else {
            fill_struct(f, field->fields, field->field_count, (char *)config + field->offset, node);
        }
        weir__path_cut(f->path, length);
    }
    if (f->unknown) {
        warn_unknown(f, fields, count, mapping);
    }
}

void weir__table_fill(const weir_field *fields, size_t count, void *config,
                      const struct weir__node *mapping, struct weir__path *path, int unknown,
                      struct weir__problems *problems)
{
    struct fill f = {path, problems, unknown};

    fill_struct(&f, fields, count, config, mapping);
}
