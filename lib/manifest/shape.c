/*
 * manifest/shape.c - documents to structs and structs to JSON, member by member; see shape.h.
 */
#include "shape.h"
#include "print.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

struct reading {
    struct weir__path *path;
    struct weir__arena *arena;
    struct weir__problems *problems;
};

static void *take(struct reading *r, size_t size)
{
    void *p = weir__arena_take(r->arena, size);

    if (p == NULL) {
        r->problems->out_of_memory = 1;
    }
    return p;
}

static void refuse(struct reading *r, const char *wanted, const struct weir__node *node)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, wanted);
    weir__message_add(&m, ", got ");
    weir__node_describe(node, &m);
    weir__field_problem(r->problems, WEIR_CAUSE_TYPE, node->mark, r->path, &m);
}

static void refuse_text(struct reading *r, const struct weir__node *node)
{
    struct weir__message m;

    if (node->text == NULL) {
        refuse(r, "must be text", node);
        return;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "must be text: write ");
    weir__message_quote(&m, node->text, node->length);
    weir__message_add(&m, " in quotes");
    weir__field_problem(r->problems, WEIR_CAUSE_TYPE, node->mark, r->path, &m);
}

static void read_text(struct reading *r, struct weir__text *out, const struct weir__node *node)
{
    out->state = WEIR__PRESENT;
    out->text = node->text != NULL ? node->text : "";
    if (node->type != WEIR__NODE_STRING) {
        out->state = WEIR__UNREADABLE;
        refuse_text(r, node);
    }
}

static void read_int32(struct reading *r, struct weir__int32 *out, const struct weir__node *node)
{
    int64_t value;

    if (weir__node_whole(node, &value) && value >= INT32_MIN && value <= INT32_MAX) {
        out->value = (int32_t)value;
        out->state = WEIR__PRESENT;
    } else {
        out->state = WEIR__UNREADABLE;
        refuse(r, "must be a whole number of 32 bits", node);
    }
}

static void read_bool(struct reading *r, struct weir__int32 *out, const struct weir__node *node)
{
    out->state = WEIR__UNREADABLE;
    if (node->type == WEIR__NODE_BOOL) {
        out->value = (int32_t)node->integer;
        out->state = WEIR__PRESENT;
    } else {
        refuse(r, "must be true or false", node);
    }
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void say_quantity(struct reading *r, const struct weir__node *node, const weir_error *err)
{
    struct weir__message m;

    weir__message_clear(&m);
    if (err->status == WEIR_E_LIMIT) {
        weir__message_add(&m, err->message);
        weir__problem(r->problems, WEIR_PROBLEM_ERROR, WEIR_E_LIMIT, node->mark, r->path->text,
                      m.text);
        return;
    }
    weir__message_add(&m, "must be a quantity such as 5, 0.5, 500m or 2Gi");
    refuse(r, m.text, node);
}

/* It comes out of the store in its canonical form. */
weir_status weir__amount_parse(struct weir__amount *out, const char *text, size_t length,
                               struct weir__arena *arena, weir_error *err)
{
    size_t need = 0;
    weir_quantity q;
    char *stored;

    out->state = WEIR__UNREADABLE;
    for (; length > 0 && is_space(text[0]); length--) {
        text++;
    }
    while (length > 0 && is_space(text[length - 1])) {
        length--;
    }
    if (weir_quantity_parse(text, length, &q, err) != WEIR_OK ||
        weir_quantity_parse_stored(text, length, &out->value, err) != WEIR_OK) {
        return err->status;
    }
    if (q.verbatim) {
        stored = weir__arena_text(arena, text, length);
    } else {
        weir_quantity_text(&q, NULL, 0, &need);
        stored = weir__arena_take(arena, need);
    }
    if (stored == NULL) {
        return WEIR_E_MEMORY;
    }
    if (!q.verbatim) {
        weir_quantity_text(&q, stored, need, NULL);
    }
    out->text = stored;
    out->state = WEIR__PRESENT;
    return WEIR_OK;
}

/* A quantity is text or a number. */
static void read_amount(struct reading *r, struct weir__amount *out, const struct weir__node *node)
{
    weir_error err;
    weir_status status;

    out->state = WEIR__UNREADABLE;
    if (node->type != WEIR__NODE_STRING && node->type != WEIR__NODE_INT &&
        node->type != WEIR__NODE_FLOAT) {
        refuse(r, "must be a quantity such as 5, 0.5, 500m or 2Gi", node);
        return;
    }
    status = weir__amount_parse(out, node->text, node->length, r->arena, &err);
    if (status == WEIR_E_MEMORY) {
        r->problems->out_of_memory = 1;
    } else if (status != WEIR_OK) {
        say_quantity(r, node, &err);
    }
}

static void read_shape(struct reading *r, const struct weir__shape *shape, void *out,
                       const struct weir__node *node);

static void *read_pointer(struct reading *r, const struct weir__shape *shape,
                          const struct weir__node *node)
{
    void *p = take(r, shape->size);

    if (p != NULL) {
        read_shape(r, shape, p, node);
    }
    return p;
}

static void read_list(struct reading *r, const struct weir__shape *shape, struct weir__list *out,
                      const struct weir__node *node)
{
    char *item;

    out->is.node = node;
    out->is.state = WEIR__UNREADABLE;
    if (node->type != WEIR__NODE_SEQUENCE) {
        refuse(r, "must be a list", node);
        return;
    }
    item = take(r, node->count * shape->size);
    if (item == NULL) {
        return;
    }
    out->items = item;
    out->is.state = WEIR__PRESENT;
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        size_t length = r->path->length;

        weir__path_index(r->path, out->count++);
        if (e->value->type != WEIR__NODE_NULL) {
            read_shape(r, shape, item, e->value);
        }
        weir__path_cut(r->path, length);
        item += shape->size;
    }
}

/* What the schema of a custom resource says of a value that is no string. */
static void refuse_string(struct reading *r, const struct weir__node *node)
{
    static const char *const types[] = {"null",   "boolean", "integer", "number",
                                        "string", "array",   "object"};
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "must be of type string, got ");
    weir__message_quote(&m, types[node->type], strlen(types[node->type]));
    if (node->text != NULL) {
        weir__message_add(&m, ": write ");
        weir__message_quote(&m, node->text, node->length);
        weir__message_add(&m, ", with the quotes");
    }
    weir__field_problem(r->problems, WEIR_CAUSE_TYPE, node->mark, r->path, &m);
}

/* The keys and strings of a mapping. */
static void read_strings(struct reading *r, struct weir__list *out, const struct weir__node *node)
{
    const char **text;

    out->is.node = node;
    out->is.state = WEIR__UNREADABLE;
    if (node->type != WEIR__NODE_MAPPING) {
        refuse(r, "must be a mapping", node);
        return;
    }
    text = take(r, node->count * 2 * sizeof *text);
    if (text == NULL) {
        return;
    }
    out->items = text;
    out->is.state = WEIR__PRESENT;
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        size_t length = r->path->length;

        weir__path_key(r->path, e->key, e->key_length);
        if (e->value->type != WEIR__NODE_NULL && e->value->type != WEIR__NODE_STRING) {
            refuse_string(r, e->value);
        }
        if (e->value->type != WEIR__NODE_NULL && e->value->text != NULL) {
            text[out->count++] = e->key;
            text[out->count++] = e->value->text; /* a number as it is written */
        }
        weir__path_cut(r->path, length);
    }
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Texts in a list, or the keys and texts of a mapping. */
static void read_texts(struct reading *r, int32_t node_type, struct weir__list *out,
                       const struct weir__node *node)
{
    const char **text;
    size_t index = 0, each = node_type == WEIR__NODE_MAPPING ? 2 : 1;

    out->is.node = node;
    out->is.state = WEIR__UNREADABLE;
    if (node->type != node_type) {
        refuse(r, each == 2 ? "must be a mapping" : "must be a list", node);
        return;
    }
    text = take(r, node->count * each * sizeof *text);
    if (text == NULL) {
        return;
    }
    out->items = text;
    out->is.state = WEIR__PRESENT;
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next, index++) {
        struct weir__text value = {"", WEIR__ABSENT};
        size_t length = r->path->length;

        if (each == 2) {
            weir__path_key(r->path, e->key, e->key_length);
            text[index * 2] = e->key;
        } else {
            weir__path_index(r->path, index);
        }
        if (e->value->type != WEIR__NODE_NULL) {
            read_text(r, &value, e->value);
        }
        weir__path_cut(r->path, length);
        text[index * each + each - 1] = value.text;
    }
    out->count = index * each;
    if (each == 2) {
        qsort(text, index, 2 * sizeof *text, compare_keys);
    }
}

static void read_member(struct reading *r, const struct weir__member *member, char *out,
                        const struct weir__node *node)
{
    void *p = out + member->offset, *pointer;

    switch (member->type) {
    case WEIR__TEXT: read_text(r, p, node); break;
    case WEIR__INT32: read_int32(r, p, node); break;
    case WEIR__BOOL: read_bool(r, p, node); break;
    case WEIR__STRINGS: read_strings(r, p, node); break;
    case WEIR__AMOUNT: read_amount(r, p, node); break;
    case WEIR__STRUCT: read_shape(r, member->shape, p, node); break;
    case WEIR__LIST: read_list(r, member->shape, p, node); break;
    case WEIR__TEXTS: read_texts(r, WEIR__NODE_SEQUENCE, p, node); break;
    case WEIR__PAIRS: read_texts(r, WEIR__NODE_MAPPING, p, node); break;
    default: pointer = read_pointer(r, member->shape, node); memcpy(p, &pointer, sizeof pointer);
    }
}

static void warn_unknown(struct reading *r, const struct weir__shape *shape,
                         const struct weir__entry *e)
{
    enum { NAMES_MAX = 16 };
    const char *names[NAMES_MAX], *near;
    size_t length = r->path->length, count = 0;
    struct weir__message m;

    for (size_t i = 0; i < shape->count && i < NAMES_MAX; i++) {
        names[count++] = shape->members[i].key;
    }
    near = weir_nearest_name(e->key, names, count);
    weir__message_clear(&m);
    weir__message_add(&m, "is no field of this object, and ignored");
    if (near != NULL) {
        weir__message_add(&m, "; did you mean ");
        weir__message_add(&m, near);
    }
    weir__path_key(r->path, e->key, e->key_length);
    weir__problem(r->problems, WEIR_PROBLEM_WARNING, WEIR_OK, e->mark, r->path->text, m.text);
    weir__path_cut(r->path, length);
}

static void read_shape(struct reading *r, const struct weir__shape *shape, void *out,
                       const struct weir__node *node)
{
    struct weir__shaped *is = out;

    is->node = node;
    is->state = WEIR__PRESENT;
    if (node->type != WEIR__NODE_MAPPING) {
        is->state = WEIR__UNREADABLE;
        refuse(r, "must be a mapping", node);
        return;
    }
    for (const struct weir__entry *e = node->first; e != NULL; e = e->next) {
        const struct weir__member *member = shape->members, *end = member + shape->count;
        size_t length = r->path->length;

        while (member < end && strcmp(member->key, e->key) != 0) {
            member++;
        }
        if (member == end) {
            warn_unknown(r, shape, e);
        } else if (e->value->type != WEIR__NODE_NULL) {
            weir__path_key(r->path, e->key, e->key_length);
            read_member(r, member, out, e->value);
            weir__path_cut(r->path, length);
        }
    }
}

void weir__shape_read(const struct weir__shape *shape, void *out, const struct weir__node *node,
                      struct weir__path *path, struct weir__arena *arena,
                      struct weir__problems *problems)
{
    struct reading r = {path, arena, problems};

    read_shape(&r, shape, out, node);
}

/* ---- printing ------------------------------------------------------------------------------- */

static void print_shape(struct weir__printing *p, const struct weir__shape *shape, const void *in);

static void print_list(struct weir__printing *p, const struct weir__member *member,
                       const struct weir__list *list)
{
    int pairs = member->type == WEIR__PAIRS || member->type == WEIR__STRINGS;

    weir__print_char(p, pairs ? '{' : '[');
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0) {
            weir__print_char(p, pairs && i % 2 == 1 ? ':' : ',');
        }
        if (member->type == WEIR__LIST) {
            print_shape(p, member->shape, (const char *)list->items + i * member->shape->size);
        } else {
            weir__print_quoted(p, ((const char *const *)list->items)[i]);
        }
    }
    weir__print_char(p, pairs ? '}' : ']');
}

static const void *pointer_in(const void *in)
{
    const void *pointer;

    memcpy(&pointer, in, sizeof pointer);
    return pointer;
}

int weir__member_is_printed(const struct weir__member *member, const void *in)
{
    const struct weir__text *text = in;

    if (member->printed == WEIR__ALWAYS) {
        return 1;
    }
    switch (member->type) {
    case WEIR__TEXT:
        return text->state != WEIR__ABSENT &&
               (member->printed != WEIR__IF_NOT_EMPTY || text->text[0] != '\0');
    case WEIR__INT32:
    case WEIR__BOOL: return ((const struct weir__int32 *)in)->state != WEIR__ABSENT;
    case WEIR__AMOUNT: return ((const struct weir__amount *)in)->state == WEIR__PRESENT;
    case WEIR__POINTER: return pointer_in(in) != NULL;
    case WEIR__STRUCT: return 1;
    default: return ((const struct weir__list *)in)->count > 0;
    }
}

static void print_member(struct weir__printing *p, const struct weir__member *member,
                         const void *in)
{
    switch (member->type) {
    case WEIR__TEXT: weir__print_quoted(p, ((const struct weir__text *)in)->text); break;
    case WEIR__INT32: weir__print_int(p, ((const struct weir__int32 *)in)->value); break;
    case WEIR__BOOL:
        weir__print_text(p, ((const struct weir__int32 *)in)->value ? "true" : "false");
        break;
    case WEIR__AMOUNT: weir__print_quoted(p, ((const struct weir__amount *)in)->text); break;
    case WEIR__STRUCT: print_shape(p, member->shape, in); break;
    case WEIR__POINTER: print_shape(p, member->shape, pointer_in(in)); break;
    default: print_list(p, member, in);
    }
}

static void print_shape(struct weir__printing *p, const struct weir__shape *shape, const void *in)
{
    int more = 0;

    weir__print_char(p, '{');
    for (size_t i = 0; i < shape->count; i++) {
        const struct weir__member *member = &shape->members[i];
        const void *value = (const char *)in + member->offset;

        if (weir__member_is_printed(member, value)) {
            if (more++) {
                weir__print_char(p, ',');
            }
            weir__print_quoted(p, member->key);
            weir__print_char(p, ':');
            print_member(p, member, value);
        }
    }
    weir__print_char(p, '}');
}

size_t weir__shape_print(const struct weir__shape *shape, const void *in, char *text,
                         size_t capacity)
{
    struct weir__printing p;

    weir__print_open(&p, text, capacity);
    print_shape(&p, shape, in);
    return p.length;
}
