/*
 * manifest/build.c - building a document's tree: keys, merges, anchors, limits; see tree.h.
 */
#include "tree.h"

#include <string.h>

/* ---- the hash table ------------------------------------------------------------------------- */

/* A key of the mapping `owner` and its entry, or with owner NULL an anchor and its node. */
struct weir__slot {
    const struct weir__node *owner;
    const char *key; /* NULL: the slot is free */
    size_t length;
    void *what;
};

enum { SLOTS_FIRST = 64 };

/* FNV-1a over the key, begun with the owner. Where a key lands decides nothing but the time. */
static size_t hash_of(const struct weir__node *owner, const char *key, size_t length)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ (uint64_t)(uintptr_t)owner;

    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)key[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(hash ^ hash >> 32);
}

/* The slot where a key is, or the free one where it would be. */
static struct weir__slot *probe(struct weir__slot *slots, size_t count,
                                const struct weir__node *owner, const char *key, size_t length)
{
    size_t at = hash_of(owner, key, length) & (count - 1);

    while (slots[at].key != NULL && (slots[at].owner != owner || slots[at].length != length ||
                                     memcmp(slots[at].key, key, length) != 0)) {
        at = (at + 1) & (count - 1);
    }
    return &slots[at];
}

static int grow_slots(struct weir__builder *b)
{
    size_t count = b->slot_count == 0 ? SLOTS_FIRST : b->slot_count * 2;
    struct weir__slot *slots;

    if ((b->slots_used + 1) * 4 <= b->slot_count * 3) {
        return 1;
    }
    slots = weir__take(b->arena->allocator, count * sizeof *slots);
    if (slots == NULL) {
        return 0;
    }
    memset(slots, 0, count * sizeof *slots);
    for (size_t i = 0; i < b->slot_count; i++) {
        const struct weir__slot *old = &b->slots[i];

        if (old->key != NULL) {
            *probe(slots, count, old->owner, old->key, old->length) = *old;
        }
    }
    weir__give_back(b->arena->allocator, b->slots, b->slot_count * sizeof *slots);
    b->slots = slots;
    b->slot_count = count;
    return 1;
}

static void no_memory(struct weir__builder *b)
{
    b->status = WEIR_E_MEMORY;
    b->problems->out_of_memory = 1;
}

/* The slot of a key, which may be free; NULL when there is no memory left. */
static struct weir__slot *slot_of(struct weir__builder *b, const struct weir__node *owner,
                                  const char *key, size_t length)
{
    if (!grow_slots(b)) {
        no_memory(b);
        return NULL;
    }
    return probe(b->slots, b->slot_count, owner, key, length);
}

static void use_slot(struct weir__builder *b, struct weir__slot *slot,
                     const struct weir__node *owner, const char *key, size_t length, void *what)
{
    b->slots_used += slot->key == NULL;
    slot->owner = owner;
    slot->key = key;
    slot->length = length;
    slot->what = what;
}

/* ---- building ------------------------------------------------------------------------------- */

void weir__builder_open(struct weir__builder *b, struct weir__arena *arena,
                        struct weir__problems *problems)
{
    memset(b, 0, sizeof *b);
    b->arena = arena;
    b->problems = problems;
}

void weir__builder_close(struct weir__builder *b)
{
    weir__give_back(b->arena->allocator, b->slots, b->slot_count * sizeof *b->slots);
    b->slots = NULL;
    b->slot_count = 0;
}

/* The path of the value that is being built. */
static void path_of(const struct weir__builder *b, struct weir__path *path)
{
    weir__path_clear(path);
    for (uint32_t i = 0; i < b->depth; i++) {
        const struct weir__frame *frame = &b->frames[i];

        if (frame->node->type == WEIR__NODE_SEQUENCE) {
            weir__path_index(path, frame->node->count);
        } else if (frame->entry != NULL) {
            weir__path_key(path, frame->entry->key, frame->entry->key_length);
        }
    }
}

void weir__builder_fail(struct weir__builder *b, weir_status status, struct weir__mark mark,
                        const char *message)
{
    struct weir__path path;

    if (b->status == WEIR_OK) {
        path_of(b, &path);
        weir__problem(b->problems, WEIR_PROBLEM_ERROR, status, mark, path.text, message);
        b->status = status;
    }
}

/* Counts values as written out. */
static int count_nodes(struct weir__builder *b, size_t more, struct weir__mark mark)
{
    struct weir__message m;

    b->nodes = more <= WEIR_MANIFEST_NODES_MAX ? b->nodes + more : WEIR_MANIFEST_NODES_MAX + 1;
    if (b->nodes <= WEIR_MANIFEST_NODES_MAX) {
        return 1;
    }
    weir__message_clear(&m);
    weir__message_add(&m, "the document has more than ");
    weir__message_int(&m, WEIR_MANIFEST_NODES_MAX);
    weir__message_add(&m, " values, aliases written out");
    weir__builder_fail(b, WEIR_E_LIMIT, mark, m.text);
    return 0;
}

static struct weir__node *new_node(struct weir__builder *b, int32_t type, struct weir__mark mark)
{
    struct weir__node *node;

    if (b->status != WEIR_OK || !count_nodes(b, 1, mark)) {
        return NULL;
    }
    node = weir__arena_take(b->arena, sizeof *node);
    if (node == NULL) {
        no_memory(b);
        return NULL;
    }
    node->type = type;
    node->mark = mark;
    node->size = 1;
    return node;
}

struct weir__node *weir__build_scalar(struct weir__builder *b, struct weir__mark mark,
                                      const char *text, size_t length)
{
    struct weir__node *node = new_node(b, WEIR__NODE_STRING, mark);

    if (node == NULL) {
        return NULL;
    }
    if (length > 0 && memchr(text, '\0', length) != NULL) {
        weir__builder_fail(b, WEIR_E_PARSE, mark, "a text must not hold a NUL character");
        return NULL;
    }
    node->text = weir__arena_text(b->arena, text, length);
    node->length = length;
    if (node->text == NULL) {
        no_memory(b);
        return NULL;
    }
    return node;
}

static void append(struct weir__node *parent, struct weir__entry *entry)
{
    if (parent->last != NULL) {
        parent->last->next = entry;
    } else {
        parent->first = entry;
    }
    parent->last = entry;
    parent->count++;
}

static struct weir__entry *new_entry(struct weir__builder *b)
{
    struct weir__entry *entry = weir__arena_take(b->arena, sizeof *entry);

    if (entry == NULL) {
        no_memory(b);
    }
    return entry;
}

static void report_duplicate(struct weir__builder *b, const struct weir__entry *first,
                             struct weir__mark again)
{
    struct weir__message m;
    struct weir__path path;

    path_of(b, &path);
    weir__message_clear(&m);
    weir__message_add(&m, "the key ");
    weir__message_quote(&m, first->key, first->key_length);
    weir__message_add(&m, " is here a second time; the first is on line ");
    weir__message_int(&m, first->mark.line);
    weir__problem(b->problems, WEIR_PROBLEM_ERROR, WEIR_E_PARSE, again, path.text, m.text);
}

/* The text that the decoder makes of a key: "on: 1" has the key "true". NULL: no memory. */
static const char *key_text(struct weir__builder *b, const struct weir__node *node)
{
    struct weir__message m;

    if (node->type == WEIR__NODE_BOOL) {
        return node->integer != 0 ? "true" : "false";
    }
    if (node->type != WEIR__NODE_INT) {
        return node->text;
    }
    weir__message_clear(&m);
    weir__message_int(&m, node->integer);
    return weir__arena_text(b->arena, m.text, m.length);
}

/* A key: its entry waits for the value. Of a key that is there twice the last value counts, as for
 * the API server's decoder, which does not complain. */
static void take_key(struct weir__builder *b, struct weir__frame *frame,
                     const struct weir__node *node)
{
    const char *key = key_text(b, node);
    size_t length = node->type == WEIR__NODE_STRING ? node->length : key != NULL ? strlen(key) : 0;
    struct weir__slot *slot = key != NULL ? slot_of(b, frame->node, key, length) : NULL;
    struct weir__entry *entry = slot != NULL && slot->key != NULL ? slot->what : NULL;

    if (entry != NULL && entry->merged == 0) {
        report_duplicate(b, entry, node->mark);
    } else if (slot != NULL && entry == NULL) {
        entry = new_entry(b);
        if (entry != NULL) {
            entry->key = key;
            entry->key_length = length;
            use_slot(b, slot, frame->node, key, length, entry);
            append(frame->node, entry);
        }
    }
    if (entry == NULL) {
        no_memory(b);
        return;
    }
    entry->merged = 0;
    entry->mark = node->mark;
    frame->entry = entry;
}

/* The decoder lets a merge override even a key that is written before it, unlike YAML itself. */
static void report_override(struct weir__builder *b, const struct weir__entry *entry,
                            struct weir__mark mark)
{
    struct weir__message m;

    weir__message_clear(&m);
    weir__message_add(&m, "the API server's decoder lets this merge override ");
    weir__message_quote(&m, entry->key, entry->key_length);
    weir__message_add(&m, " on line ");
    weir__message_int(&m, entry->mark.line);
    weir__message_add(&m, ": put the merge first");
    weir__problem(b->problems, WEIR_PROBLEM_WARNING, WEIR_OK, mark, NULL, m.text);
}

/* Takes the pairs of a mapping over. Of the mappings of one merge the first with a key counts. */
static void merge_mapping(struct weir__builder *b, struct weir__node *into,
                          const struct weir__node *from, struct weir__mark mark)
{
    if (!count_nodes(b, from->size, mark)) {
        return;
    }
    into->size += from->size;
    for (const struct weir__entry *e = from->first; e != NULL; e = e->next) {
        struct weir__slot *slot = slot_of(b, into, e->key, e->key_length);
        struct weir__entry *entry;

        if (slot == NULL) {
            return;
        }
        if (slot->key == NULL) {
            entry = new_entry(b);
            if (entry == NULL) {
                return;
            }
            entry->key = e->key;
            entry->key_length = e->key_length;
            entry->mark = e->mark;
            use_slot(b, slot, into, entry->key, entry->key_length, entry);
            append(into, entry);
        } else {
            entry = slot->what;
            if (entry->merged == b->merges) {
                continue;
            }
            if (entry->merged == 0) {
                report_override(b, entry, mark);
            }
        }
        entry->merged = b->merges;
        entry->value = e->value;
    }
}

static void merge(struct weir__builder *b, struct weir__node *into, const struct weir__node *from)
{
    const struct weir__entry *e = from->first;
    int fits = from->type == WEIR__NODE_MAPPING || from->type == WEIR__NODE_SEQUENCE;

    for (; from->type == WEIR__NODE_SEQUENCE && e != NULL; e = e->next) {
        fits = fits && e->value->type == WEIR__NODE_MAPPING;
    }
    if (!fits) {
        weir__builder_fail(b, WEIR_E_PARSE, from->mark,
                           "a merge key (<<) needs a mapping or a list of mappings");
        return;
    }
    b->merges++;
    if (from->type == WEIR__NODE_MAPPING) {
        merge_mapping(b, into, from, from->mark);
        return;
    }
    for (e = from->first; e != NULL && b->status == WEIR_OK; e = e->next) {
        merge_mapping(b, into, e->value, from->mark);
    }
}

int weir__build_wants_key(const struct weir__builder *b)
{
    const struct weir__frame *frame = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;

    return frame != NULL && frame->node->type == WEIR__NODE_MAPPING && frame->entry == NULL &&
           !frame->merge;
}

void weir__build_merge_key(struct weir__builder *b)
{
    if (b->status == WEIR_OK) {
        b->frames[b->depth - 1].merge = 1;
    }
}

/* A complete value in the frame that waits for it. */
static void place_value(struct weir__builder *b, struct weir__node *node)
{
    struct weir__frame *frame;
    struct weir__entry *entry;

    if (b->depth == 0) {
        b->root = node;
        return;
    }
    frame = &b->frames[b->depth - 1];
    if (frame->merge) {
        frame->merge = 0;
        merge(b, frame->node, node);
        return;
    }
    entry = frame->entry;
    if (frame->node->type == WEIR__NODE_SEQUENCE) {
        entry = new_entry(b);
        if (entry == NULL) {
            return;
        }
        entry->mark = node->mark;
        append(frame->node, entry);
    }
    entry->value = node;
    frame->node->size += node->size;
    frame->entry = NULL;
}

void weir__build_place(struct weir__builder *b, struct weir__node *node)
{
    if (b->status != WEIR_OK || node == NULL) {
        return;
    }
    if (!weir__build_wants_key(b)) {
        place_value(b, node);
    } else if (node->type == WEIR__NODE_SEQUENCE || node->type == WEIR__NODE_MAPPING) {
        weir__builder_fail(b, WEIR_E_PARSE, node->mark, "a key must be a plain text");
    } else if (node->type == WEIR__NODE_NULL) {
        weir__builder_fail(b, WEIR_E_PARSE, node->mark, "a key must be a text, got nothing");
    } else {
        take_key(b, &b->frames[b->depth - 1], node);
    }
}

struct weir__node *weir__build_begin(struct weir__builder *b, int32_t type, struct weir__mark mark)
{
    struct weir__message m;
    struct weir__node *node;

    if (b->status == WEIR_OK && weir__build_wants_key(b)) {
        weir__builder_fail(b, WEIR_E_PARSE, mark, "a key must be a plain text");
    }
    if (b->status == WEIR_OK && b->depth == WEIR_MANIFEST_DEPTH_MAX) {
        weir__message_clear(&m);
        weir__message_add(&m, "values are nested more than ");
        weir__message_int(&m, WEIR_MANIFEST_DEPTH_MAX);
        weir__message_add(&m, " deep");
        weir__builder_fail(b, WEIR_E_LIMIT, mark, m.text);
    }
    node = new_node(b, type, mark);
    if (node != NULL) {
        node->open = 1;
        memset(&b->frames[b->depth], 0, sizeof b->frames[0]);
        b->frames[b->depth++].node = node;
    }
    return node;
}

void weir__build_end(struct weir__builder *b)
{
    if (b->status == WEIR_OK && b->depth > 0) {
        struct weir__node *node = b->frames[--b->depth].node;

        node->open = 0;
        place_value(b, node);
    }
}

void weir__build_anchor(struct weir__builder *b, struct weir__node *node, const char *name,
                        size_t length)
{
    const char *copy;
    struct weir__slot *slot;

    if (b->status != WEIR_OK || node == NULL) {
        return;
    }
    copy = weir__arena_text(b->arena, name, length);
    if (copy == NULL) {
        no_memory(b);
        return;
    }
    slot = slot_of(b, NULL, copy, length);
    if (slot != NULL) {
        use_slot(b, slot, NULL, copy, length, node);
    }
}

void weir__build_alias(struct weir__builder *b, struct weir__mark mark, const char *name,
                       size_t length)
{
    struct weir__message m;
    struct weir__slot *slot;
    struct weir__node *node;

    if (b->status != WEIR_OK) {
        return;
    }
    slot = slot_of(b, NULL, name, length);
    if (slot == NULL) {
        return;
    }
    node = slot->what;
    if (slot->key == NULL || node->open) {
        weir__message_clear(&m);
        weir__message_add(&m, slot->key == NULL ? "there is no anchor for the alias "
                                                : "a value contains itself by the alias ");
        weir__message_quote(&m, name, length);
        weir__builder_fail(b, WEIR_E_PARSE, mark, m.text);
    } else if (count_nodes(b, node->size, mark)) {
        weir__build_place(b, node);
    }
}
