/*
 * labels.c - label sets while evaluating: projections of them, and numbering those that are equal.
 */
#include "promql/eval.h"

/* ---- texts ---------------------------------------------------------------------------------- */

struct text weir__pq_eval_text(const struct eval *ev, uint32_t symbol)
{
    return (symbol & SYMBOL_OWN) != 0 ? ev->own.texts[symbol & ~SYMBOL_OWN]
                                      : ev->store->symbols.texts[symbol];
}

uint32_t weir__pq_eval_find(const struct eval *ev, struct text text)
{
    uint32_t hash = weir__pq_text_hash(text);
    uint32_t found = weir__pq_symbol_find(&ev->store->symbols, text, hash);

    if (found == SYMBOL_NONE) {
        found = weir__pq_symbol_find(&ev->own, text, hash);
        found = found != SYMBOL_NONE ? found | SYMBOL_OWN : found;
    }
    return found;
}

weir_status weir__pq_eval_symbol(struct eval *ev, struct text text, uint32_t *symbol)
{
    weir_status status;

    *symbol = weir__pq_eval_find(ev, text);
    if (*symbol != SYMBOL_NONE) {
        return WEIR_OK;
    }
    status = weir__pq_symbol_add(&ev->own, text, symbol);
    if (status != WEIR_OK) {
        return eval_memory(ev);
    }
    *symbol |= SYMBOL_OWN;
    return WEIR_OK;
}

bool weir__pq_label_name_valid(const struct eval *ev, struct text name)
{
    return is_2_42(ev) ? weir__pq_is_plain_name(name)
                       : name.length > 0 && weir__pq_utf8_valid(name.at, name.length);
}

/* ---- label sets ----------------------------------------------------------------------------- */

static const struct label_set no_labels = {0, 0, SYMBOL_EMPTY};

struct labels weir__pq_labels_none(void)
{
    return (struct labels){&no_labels, false};
}

/* Whether the label at `i` is one of the view's. */
static bool shows(struct labels labels, uint32_t i)
{
    return !labels.nameless || labels.set->labels[i].name != SYMBOL_NAME;
}

uint32_t weir__pq_label_get(struct labels labels, uint32_t name)
{
    return labels.nameless && name == SYMBOL_NAME ? SYMBOL_EMPTY : label_value(labels.set, name);
}

uint64_t weir__pq_labels_hash(struct labels labels)
{
    uint64_t hash = labels.set->hash;

    if (labels.nameless && labels.set->metric != SYMBOL_EMPTY) {
        hash -= label_hash(SYMBOL_NAME, labels.set->metric);
    }
    return hash;
}

bool weir__pq_labels_equal(struct labels a, struct labels b)
{
    uint32_t i = 0, j = 0;

    if (a.set == b.set && a.nameless == b.nameless) {
        return true;
    }
    for (;;) {
        while (i < a.set->count && !shows(a, i)) {
            i++;
        }
        while (j < b.set->count && !shows(b, j)) {
            j++;
        }
        if (i == a.set->count || j == b.set->count) {
            return i == a.set->count && j == b.set->count;
        }
        if (a.set->labels[i].name != b.set->labels[j].name ||
            a.set->labels[i].value != b.set->labels[j].value) {
            return false;
        }
        i++;
        j++;
    }
}

int weir__pq_labels_compare(const struct eval *ev, struct labels a, struct labels b)
{
    uint32_t i = 0, j = 0;

    for (;; i++, j++) {
        int order;

        while (i < a.set->count && !shows(a, i)) {
            i++;
        }
        while (j < b.set->count && !shows(b, j)) {
            j++;
        }
        if (i == a.set->count || j == b.set->count) {
            return (i < a.set->count) - (j < b.set->count);
        }
        order = text_compare(weir__pq_eval_text(ev, a.set->labels[i].name),
                             weir__pq_eval_text(ev, b.set->labels[j].name));
        if (order == 0) {
            order = text_compare(weir__pq_eval_text(ev, a.set->labels[i].value),
                                 weir__pq_eval_text(ev, b.set->labels[j].value));
        }
        if (order != 0) {
            return order;
        }
    }
}

static struct label_set *new_set(struct eval *ev, uint32_t room)
{
    struct label_set *set = arena_take(&ev->arena, sizeof *set + room * sizeof set->labels[0]);

    if (set != NULL) {
        *set = (struct label_set){0, 0, SYMBOL_EMPTY};
    }
    return set;
}

static void push(struct label_set *set, struct label_id id)
{
    set->labels[set->count++] = id;
    set->hash += label_hash(id.name, id.value);
    if (id.name == SYMBOL_NAME) {
        set->metric = id.value;
    }
}

struct labels weir__pq_labels_with(struct eval *ev, struct labels labels, uint32_t name,
                                   uint32_t value)
{
    struct label_set *set = new_set(ev, labels.set->count + 1);
    struct text text = weir__pq_eval_text(ev, name);
    bool placed = value == SYMBOL_EMPTY;

    for (uint32_t i = 0; set != NULL && i < labels.set->count; i++) {
        struct label_id id = labels.set->labels[i];

        if (!shows(labels, i) || id.name == name) {
            continue;
        }
        if (!placed && text_compare(weir__pq_eval_text(ev, id.name), text) > 0) {
            push(set, (struct label_id){name, value});
            placed = true;
        }
        push(set, id);
    }
    if (set != NULL && !placed) {
        push(set, (struct label_id){name, value});
    }
    ev->metadata = ev->metadata || name == SYMBOL_TYPE || name == SYMBOL_UNIT;
    return (struct labels){set, false};
}

weir_status weir__pq_labels_drop_name(struct eval *ev, struct labels *labels)
{
    labels->nameless = true;
    if (ev->metadata && !is_2_42(ev) &&
        (label_value(labels->set, SYMBOL_TYPE) != SYMBOL_EMPTY ||
         label_value(labels->set, SYMBOL_UNIT) != SYMBOL_EMPTY)) {
        *labels = weir__pq_labels_with(ev, *labels, SYMBOL_TYPE, SYMBOL_EMPTY);
        if (labels->set != NULL) {
            *labels = weir__pq_labels_with(ev, *labels, SYMBOL_UNIT, SYMBOL_EMPTY);
        }
        return labels->set != NULL ? WEIR_OK : eval_memory(ev);
    }
    return WEIR_OK;
}

/* ---- projections ---------------------------------------------------------------------------- */

weir_status weir__pq_projection(struct eval *ev, const struct labels_list *list, bool keep,
                                struct projection *projection)
{
    static const uint32_t reserved[] = {SYMBOL_NAME, SYMBOL_TYPE, SYMBOL_UNIT};
    uint32_t more = keep ? 0 : is_2_42(ev) ? 1 : 3, count = 0;
    uint32_t *names = arena_array(&ev->arena, list->count + more, sizeof *names);

    if (names == NULL) {
        return eval_memory(ev);
    }
    for (uint32_t i = 0; i < list->count; i++) {
        uint32_t name = weir__pq_eval_find(ev, list->items[i]);

        if (name != SYMBOL_NONE) { /* else nobody has it */
            names[count++] = name;
        }
    }
    for (uint32_t i = 0; i < more; i++) {
        names[count++] = reserved[i];
    }
    *projection = (struct projection){keep, count, names};
    return WEIR_OK;
}

static bool stays(const struct projection *p, struct labels labels, uint32_t i)
{
    uint32_t name = labels.set->labels[i].name;
    bool listed = false;

    for (uint32_t n = 0; n < p->count && !listed; n++) {
        listed = p->names[n] == name;
    }
    return listed == p->keep && shows(labels, i);
}

static uint64_t projected_hash(const struct projection *p, struct labels labels)
{
    uint64_t hash = 0;

    if (p->keep && p->count == 0) {
        return 0;
    }
    if (!p->keep && p->count == 0) {
        return weir__pq_labels_hash(labels);
    }
    for (uint32_t i = 0; i < labels.set->count; i++) {
        if (stays(p, labels, i)) {
            hash += label_hash(labels.set->labels[i].name, labels.set->labels[i].value);
        }
    }
    return hash;
}

static bool projected_equal(const struct projection *p, struct labels a, struct labels b)
{
    uint32_t i = 0, j = 0;

    if (p->count == 0) {
        return p->keep || weir__pq_labels_equal(a, b);
    }
    for (;; i++, j++) {
        while (i < a.set->count && !stays(p, a, i)) {
            i++;
        }
        while (j < b.set->count && !stays(p, b, j)) {
            j++;
        }
        if (i == a.set->count || j == b.set->count) {
            return i == a.set->count && j == b.set->count;
        }
        if (a.set->labels[i].name != b.set->labels[j].name ||
            a.set->labels[i].value != b.set->labels[j].value) {
            return false;
        }
    }
}

struct labels weir__pq_labels_project(struct eval *ev, const struct projection *projection,
                                      struct labels labels)
{
    struct label_set *set;

    if (projection->keep && projection->count == 0) {
        return weir__pq_labels_none();
    }
    set = new_set(ev, labels.set->count);
    for (uint32_t i = 0; set != NULL && i < labels.set->count; i++) {
        if (stays(projection, labels, i)) {
            push(set, labels.set->labels[i]);
        }
    }
    return (struct labels){set, false};
}

/* ---- numbering ------------------------------------------------------------------------------ */

void weir__pq_index_open(struct label_index *index, struct eval *ev, struct projection projection)
{
    memset(index, 0, sizeof *index);
    index->ev = ev;
    index->projection = projection;
}

static void place(struct label_index *index, uint32_t entry)
{
    uint32_t slot = (uint32_t)index->entries[entry].hash;

    while (index->slots[slot & (index->slot_count - 1)] != 0) {
        slot++;
    }
    index->slots[slot & (index->slot_count - 1)] = entry + 1;
}

static bool grow(struct label_index *index)
{
    void *entries = index->entries;
    uint32_t slots = index->slot_count == 0 ? 16 : 4 * index->slot_count, *table;

    if (!weir__pq_arena_grow(&index->ev->arena, &entries, index->count, &index->room,
                             sizeof *index->entries)) {
        return false;
    }
    index->entries = entries;
    if (2 * (index->count + 1) <= index->slot_count) {
        return true;
    }
    table = weir__pq_arena_zeroed(&index->ev->arena, slots, sizeof *table);
    if (table == NULL) {
        return false;
    }
    index->slots = table;
    index->slot_count = slots;
    for (uint32_t i = 0; i < index->count; i++) {
        place(index, i);
    }
    return true;
}

uint32_t weir__pq_index_of(struct label_index *index, struct labels labels)
{
    uint64_t hash = projected_hash(&index->projection, labels);

    for (uint32_t slot = (uint32_t)hash; index->slot_count > 0; slot++) {
        uint32_t entry = index->slots[slot & (index->slot_count - 1)];

        if (entry == 0) {
            break;
        }
        if (index->entries[entry - 1].hash == hash &&
            projected_equal(&index->projection, index->entries[entry - 1].labels, labels)) {
            return entry - 1;
        }
    }
    if (!grow(index)) {
        eval_memory(index->ev);
        return SYMBOL_NONE;
    }
    index->entries[index->count] = (struct index_entry){hash, labels};
    place(index, index->count);
    return index->count++;
}
