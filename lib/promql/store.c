/*
 * store.c - the series store: finding and adding series, appending samples by the rules of
 * Prometheus' storage.
 *
 * Staleness markers are kept apart from the samples: what a range reads is then one flat array, and
 * the few markers are looked up where an instant is read.
 */
#include "promql/store.h"

enum { LABELS_MAX = 4096 };

/* ---- memory --------------------------------------------------------------------------------- */

/* A block for `room` elements instead of one for `old`; NULL leaves the old one as it was. */
static void *bigger(const weir_allocator *a, void *block, size_t used, size_t old, size_t room,
                    size_t size)
{
    void *more = room <= SIZE_MAX / size ? a->alloc(a->user, room * size) : NULL;

    if (more == NULL) {
        return NULL;
    }
    if (block != NULL) {
        memcpy(more, block, used * size);
        a->free(a->user, block, old * size);
    }
    return more;
}

static void release(const weir_allocator *a, void *block, size_t bytes)
{
    if (block != NULL) {
        a->free(a->user, block, bytes);
    }
}

weir_status weir_series_store_create(const weir_allocator *allocator, weir_series_store **store)
{
    static const char *const known[] = {"", "__name__", "__type__", "__unit__", "le"};
    weir_series_store *s;
    uint32_t number;
    weir_status status = WEIR_OK;

    if (allocator == NULL || store == NULL) {
        return WEIR_E_ARG;
    }
    s = allocator->alloc(allocator->user, sizeof *s);
    if (s == NULL) {
        return WEIR_E_MEMORY;
    }
    memset(s, 0, sizeof *s);
    s->allocator = *allocator;
    weir__pq_arena_open(&s->arena, allocator, 4096);
    s->symbols.arena = &s->arena;
    for (size_t i = 0; status == WEIR_OK && i < sizeof known / sizeof known[0]; i++) {
        status = weir__pq_symbol_add(&s->symbols,
                                     (struct text){known[i], (uint32_t)strlen(known[i])}, &number);
    }
    if (status != WEIR_OK) {
        weir_series_store_free(s);
        return status;
    }
    *store = s;
    return WEIR_OK;
}

void weir_series_store_free(weir_series_store *s)
{
    weir_allocator a;

    if (s == NULL) {
        return;
    }
    a = s->allocator;
    for (uint32_t i = 0; i < s->count; i++) {
        struct series *one = &s->series[i];

        release(&a, one->times, one->room * sizeof *one->times);
        release(&a, one->values, one->room * sizeof *one->values);
        release(&a, one->stale, one->stale_room * sizeof *one->stale);
    }
    for (uint32_t i = 0; i < s->posting_count; i++) {
        release(&a, s->postings[i].series, s->postings[i].room * sizeof(uint32_t));
    }
    release(&a, s->series, s->room * sizeof *s->series);
    release(&a, s->postings, s->posting_room * sizeof *s->postings);
    weir__pq_arena_close(&s->arena);
    a.free(a.user, s, sizeof *s);
}

/* ---- postings ------------------------------------------------------------------------------- */

static uint32_t posting_slot(const weir_series_store *s, uint32_t name, uint32_t value)
{
    return (uint32_t)label_hash(name, value) & (s->posting_slot_count - 1);
}

static uint32_t find_posting(const weir_series_store *s, uint32_t name, uint32_t value)
{
    uint32_t slot, number;

    if (s->posting_slot_count == 0) {
        return SYMBOL_NONE;
    }
    for (slot = posting_slot(s, name, value);; slot = (slot + 1) & (s->posting_slot_count - 1)) {
        number = s->posting_slots[slot];
        if (number == 0) {
            return SYMBOL_NONE;
        }
        number--;
        if (s->postings[number].name == name && s->postings[number].value == value) {
            return number;
        }
    }
}

const struct posting *weir__pq_posting(const struct weir_series_store *store, uint32_t name,
                                       uint32_t value)
{
    uint32_t number = find_posting(store, name, value);

    return number != SYMBOL_NONE ? &store->postings[number] : NULL;
}

const struct posting *weir__pq_first_posting(const struct weir_series_store *store, uint32_t name)
{
    uint32_t first = name < store->first_room ? store->first_posting[name] : 0;

    return first != 0 ? &store->postings[first - 1] : NULL;
}

const struct posting *weir__pq_next_posting(const struct weir_series_store *store,
                                            const struct posting *posting)
{
    return posting->next != 0 ? &store->postings[posting->next - 1] : NULL;
}

static void place_posting(weir_series_store *s, uint32_t number)
{
    uint32_t slot = posting_slot(s, s->postings[number].name, s->postings[number].value);

    while (s->posting_slots[slot] != 0) {
        slot = (slot + 1) & (s->posting_slot_count - 1);
    }
    s->posting_slots[slot] = number + 1;
}

/* Room for one more posting of this name. */
static bool grow_postings(weir_series_store *s, uint32_t name)
{
    if (s->posting_count == s->posting_room) {
        uint32_t room = s->posting_room == 0 ? 16 : 2 * s->posting_room;
        void *more = bigger(&s->allocator, s->postings, s->posting_count, s->posting_room, room,
                            sizeof *s->postings);

        if (more == NULL) {
            return false;
        }
        s->postings = more;
        s->posting_room = room;
    }
    if (2 * (s->posting_count + 1) > s->posting_slot_count) {
        uint32_t slots = s->posting_slot_count == 0 ? 32 : 2 * s->posting_slot_count;
        uint32_t *table = weir__pq_arena_zeroed(&s->arena, slots, sizeof *table);

        if (table == NULL) {
            return false;
        }
        s->posting_slots = table;
        s->posting_slot_count = slots;
        for (uint32_t i = 0; i < s->posting_count; i++) {
            place_posting(s, i);
        }
    }
    if (name >= s->first_room) {
        uint32_t room = 2 * name + 16;
        uint32_t *table = weir__pq_arena_zeroed(&s->arena, room, sizeof *table);

        if (table == NULL) {
            return false;
        }
        if (s->first_room > 0) {
            memcpy(table, s->first_posting, s->first_room * sizeof *table);
        }
        s->first_posting = table;
        s->first_room = room;
    }
    return true;
}

/* The posting of a label, with room for one more series; SYMBOL_NONE when there is no memory. */
static uint32_t open_posting(weir_series_store *s, struct label_id label)
{
    uint32_t number = find_posting(s, label.name, label.value);
    struct posting *p;

    if (number == SYMBOL_NONE) {
        if (!grow_postings(s, label.name)) {
            return SYMBOL_NONE;
        }
        number = s->posting_count++;
        s->postings[number] =
            (struct posting){label.name, label.value, s->first_posting[label.name], 0, 0, NULL};
        s->first_posting[label.name] = number + 1;
        place_posting(s, number);
    }
    p = &s->postings[number];
    if (p->count == p->room) {
        uint32_t room = p->room == 0 ? 4 : 2 * p->room;
        void *more = bigger(&s->allocator, p->series, p->count, p->room, room, sizeof(uint32_t));

        if (more == NULL) {
            return SYMBOL_NONE;
        }
        p->series = more;
        p->room = room;
    }
    return number;
}

/* ---- series --------------------------------------------------------------------------------- */

static uint32_t find_series(const weir_series_store *s, const struct label_set *set)
{
    uint32_t slot = (uint32_t)set->hash;

    for (; s->slot_count > 0; slot++) {
        uint32_t number = s->slots[slot & (s->slot_count - 1)];
        const struct label_set *other;

        if (number == 0) {
            break;
        }
        other = s->series[number - 1].labels;
        if (other->hash == set->hash && other->count == set->count &&
            memcmp(other->labels, set->labels, set->count * sizeof set->labels[0]) == 0) {
            return number - 1;
        }
    }
    return SYMBOL_NONE;
}

static void place_series(weir_series_store *s, uint32_t number)
{
    uint32_t slot = (uint32_t)s->series[number].labels->hash;

    while (s->slots[slot & (s->slot_count - 1)] != 0) {
        slot++;
    }
    s->slots[slot & (s->slot_count - 1)] = number + 1;
}

static weir_status grow_series(weir_series_store *s)
{
    if (s->count >= SYMBOLS_MAX / 2) {
        return WEIR_E_LIMIT;
    }
    if (s->count == s->room) {
        uint32_t room = s->room == 0 ? 16 : 2 * s->room;
        void *more = bigger(&s->allocator, s->series, s->count, s->room, room, sizeof *s->series);

        if (more == NULL) {
            return WEIR_E_MEMORY;
        }
        s->series = more;
        s->room = room;
    }
    if (2 * (s->count + 1) > s->slot_count) {
        uint32_t slots = s->slot_count == 0 ? 32 : 2 * s->slot_count;
        uint32_t *table = weir__pq_arena_zeroed(&s->arena, slots, sizeof *table);

        if (table == NULL) {
            return WEIR_E_MEMORY;
        }
        s->slots = table;
        s->slot_count = slots;
        for (uint32_t i = 0; i < s->count; i++) {
            place_series(s, i);
        }
    }
    return WEIR_OK;
}

static weir_status add_series(weir_series_store *s, const struct label_set *set, uint32_t *number)
{
    size_t bytes = sizeof *set + set->count * sizeof set->labels[0];
    struct label_set *copy = arena_take(&s->arena, bytes);
    weir_status status = grow_series(s);

    if (copy == NULL || status != WEIR_OK) {
        return copy == NULL ? WEIR_E_MEMORY : status;
    }
    /* First room in all postings, then the series in all of them: nothing is left half done. */
    for (uint32_t i = 0; i < set->count; i++) {
        if (open_posting(s, set->labels[i]) == SYMBOL_NONE) {
            return WEIR_E_MEMORY;
        }
    }
    for (uint32_t i = 0; i < set->count; i++) {
        struct posting *p =
            &s->postings[find_posting(s, set->labels[i].name, set->labels[i].value)];

        p->series[p->count++] = s->count;
    }
    memcpy(copy, set, bytes);
    s->series[s->count] = (struct series){.labels = copy};
    *number = s->count++;
    place_series(s, *number);
    return WEIR_OK;
}

static weir_status refuse_label(const weir_label *label, const char *why, weir_error *err)
{
    struct text name = {label->name, label->name_length < 100 ? (uint32_t)label->name_length : 100};

    return FAIL(err, WEIR_E_RANGE, (struct text){0}, 0, {'s', "label "}, {'q', &name}, {'s', why});
}

/* The labels as a set, sorted; *set lives in the arena. */
static weir_status collect(weir_series_store *s, const weir_label *labels, size_t count,
                           struct label_set **out, weir_error *err)
{
    struct label_set *set = arena_take(&s->arena, sizeof *set + count * sizeof set->labels[0]);

    if (set == NULL) {
        return WEIR_E_MEMORY;
    }
    set->hash = 0;
    set->count = 0;
    set->metric = SYMBOL_EMPTY;
    for (size_t i = 0; i < count; i++) {
        const weir_label *label = &labels[i];
        struct text name = {label->name, (uint32_t)label->name_length};
        struct text value = {label->value, (uint32_t)label->value_length};
        struct label_id id;
        uint32_t at = set->count;
        weir_status status;

        if (label->name_length == 0 || label->name_length > INT32_MAX ||
            label->value_length > INT32_MAX) {
            return refuse_label(label, ": a name must not be empty, nor a text beyond 2 GiB", err);
        }
        if (!weir__pq_utf8_valid(name.at, name.length) ||
            !weir__pq_utf8_valid(value.at, value.length)) {
            return refuse_label(label, " is not UTF-8", err);
        }
        status = weir__pq_symbol_add(&s->symbols, name, &id.name);
        status = status == WEIR_OK ? weir__pq_symbol_add(&s->symbols, value, &id.value) : status;
        if (status != WEIR_OK) {
            return status;
        }
        while (at > 0 && text_compare(s->symbols.texts[set->labels[at - 1].name], name) > 0) {
            set->labels[at] = set->labels[at - 1];
            at--;
        }
        if (at > 0 && set->labels[at - 1].name == id.name) {
            return refuse_label(label, " is there twice", err);
        }
        set->labels[at] = id;
        set->count++;
    }
    *out = set;
    return WEIR_OK;
}

/* A label with an empty value is no label. */
static void drop_empty(struct label_set *set)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < set->count; i++) {
        struct label_id id = set->labels[i];

        if (id.value != SYMBOL_EMPTY) {
            set->labels[kept++] = id;
            set->hash += label_hash(id.name, id.value);
            set->metric = id.name == SYMBOL_NAME ? id.value : set->metric;
        }
    }
    set->count = kept;
}

weir_status weir_series_store_series(weir_series_store *store, const weir_label *labels,
                                     size_t count, uint32_t *series, weir_error *err)
{
    struct label_set *set = NULL;
    weir_status status;
    char *mark, *end;

    if (store == NULL || (labels == NULL && count > 0) || series == NULL) {
        return FAIL(err, WEIR_E_ARG, (struct text){0}, 0,
                    {'s', "store, labels and series must not be NULL"});
    }
    if (count > LABELS_MAX) {
        return FAIL(err, WEIR_E_LIMIT, (struct text){0}, 0, {'s', "more than 4096 labels"});
    }
    mark = store->arena.at;
    end = store->arena.end;
    status = collect(store, labels, count, &set, err);
    if (status == WEIR_OK) {
        drop_empty(set);
        *series = find_series(store, set);
        if (*series == SYMBOL_NONE) {
            status = add_series(store, set, series);
        } else if (store->arena.end == end && (char *)set == mark) {
            /* All was known: the set was the last thing taken, and is given back. */
            store->arena.at = mark;
        }
    }
    if (status == WEIR_E_MEMORY || status == WEIR_E_LIMIT) {
        return FAIL(err, status, (struct text){0}, 0,
                    {'s', status == WEIR_E_MEMORY ? "out of memory" : "too many series"});
    }
    return status;
}

size_t weir_series_store_count(const weir_series_store *store)
{
    return store != NULL ? store->count : 0;
}

size_t weir_series_store_labels(const weir_series_store *store, uint32_t series, weir_label *labels,
                                size_t capacity)
{
    const struct label_set *set;

    if (store == NULL || series >= store->count || (labels == NULL && capacity > 0)) {
        return 0;
    }
    set = store->series[series].labels;
    for (uint32_t i = 0; i < set->count && i < capacity; i++) {
        struct text name = store->symbols.texts[set->labels[i].name];
        struct text value = store->symbols.texts[set->labels[i].value];

        labels[i] = (weir_label){name.at, name.length, value.at, value.length};
    }
    return set->count;
}

/* ---- samples -------------------------------------------------------------------------------- */

static bool grow_samples(const weir_allocator *a, struct series *s)
{
    size_t room = s->room == 0 ? 16 : 2 * s->room;
    int64_t *times;
    double *values;

    if (s->count < s->room) {
        return true;
    }
    times = room <= SIZE_MAX / sizeof *times ? a->alloc(a->user, room * sizeof *times) : NULL;
    values = times != NULL ? a->alloc(a->user, room * sizeof *values) : NULL;
    if (values == NULL) {
        release(a, times, room * sizeof *times);
        return false;
    }
    if (s->room > 0) {
        memcpy(times, s->times, s->count * sizeof *times);
        memcpy(values, s->values, s->count * sizeof *values);
        release(a, s->times, s->room * sizeof *times);
        release(a, s->values, s->room * sizeof *values);
    }
    s->times = times;
    s->values = values;
    s->room = room;
    return true;
}

static bool append_stale(const weir_allocator *a, struct series *s, int64_t time)
{
    if (s->stale_count == s->stale_room) {
        size_t room = s->stale_room == 0 ? 4 : 2 * s->stale_room;
        void *more = bigger(a, s->stale, s->stale_count, s->stale_room, room, sizeof *s->stale);

        if (more == NULL) {
            return false;
        }
        s->stale = more;
        s->stale_room = room;
    }
    s->stale[s->stale_count++] = time;
    return true;
}

/* The newest sample, a marker included; false when there is none. */
static bool newest(const struct series *s, int64_t *time, double *value)
{
    bool marker = s->stale_count > 0 &&
                  (s->count == 0 || s->stale[s->stale_count - 1] > s->times[s->count - 1]);

    if (!marker && s->count == 0) {
        return false;
    }
    *time = marker ? s->stale[s->stale_count - 1] : s->times[s->count - 1];
    *value = marker ? from_bits(BITS_STALE) : s->values[s->count - 1];
    return true;
}

weir_status weir_series_store_append(weir_series_store *store, uint32_t series, int64_t time_ms,
                                     double value)
{
    struct series *s;
    int64_t last;
    double before;

    if (store == NULL || series >= store->count) {
        return WEIR_E_ARG;
    }
    s = &store->series[series];
    if (newest(s, &last, &before) && time_ms <= last) {
        if (time_ms < last) {
            return WEIR_E_TIME;
        }
        return to_bits(value) == to_bits(before) ? WEIR_OK : WEIR_E_MISMATCH;
    }
    if (is_stale(value)) {
        return append_stale(&store->allocator, s, time_ms) ? WEIR_OK : WEIR_E_MEMORY;
    }
    if (!grow_samples(&store->allocator, s)) {
        return WEIR_E_MEMORY;
    }
    s->times[s->count] = time_ms;
    s->values[s->count++] = value;
    return WEIR_OK;
}

weir_status weir_series_store_append_all(weir_series_store *store, uint32_t series,
                                         const int64_t *times_ms, const double *values,
                                         size_t count, size_t *refused)
{
    size_t left_out = 0;
    weir_status status = WEIR_OK;

    if (store == NULL || series >= store->count ||
        ((times_ms == NULL || values == NULL) && count > 0)) {
        return WEIR_E_ARG;
    }
    for (size_t i = 0; i < count && status != WEIR_E_MEMORY; i++) {
        status = weir_series_store_append(store, series, times_ms[i], values[i]);
        left_out += status == WEIR_E_TIME || status == WEIR_E_MISMATCH;
    }
    if (refused != NULL) {
        *refused = left_out;
    }
    return status == WEIR_E_MEMORY ? status : WEIR_OK;
}

weir_status weir_series_store_samples(const weir_series_store *store, uint32_t series,
                                      weir_samples *samples)
{
    const struct series *s;

    if (store == NULL || series >= store->count || samples == NULL) {
        return WEIR_E_ARG;
    }
    s = &store->series[series];
    *samples = (weir_samples){s->times, s->values, s->stale, s->count, s->stale_count};
    return WEIR_OK;
}

double weir_stale_marker(void)
{
    return from_bits(BITS_STALE);
}

int32_t weir_is_stale(double value)
{
    return is_stale(value);
}

int64_t weir_promql_ms(int64_t nanoseconds)
{
    return nanoseconds / 1000000;
}
