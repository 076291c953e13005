/*
 * select.c - the series that matchers select.
 *
 * An equality with a text that some series has narrows the search to that label's series; else a
 * regular expression or inequality that does not match the empty text, to those of its values that
 * match; else all series are looked at. A regular expression runs once a value, not once a series.
 */
#include "promql/eval.h"

/* A matcher, prepared for one evaluation. */
struct test {
    const struct matcher *matcher;
    uint32_t name, value; /* SYMBOL_NONE: the store does not have it */
    uint8_t *known;       /* of a regex, by value: 0 unknown, 1 no, 2 yes */
    struct regex_scratch scratch;
};

static weir_status prepare(struct eval *ev, const struct matcher *m, struct test *test)
{
    const struct symbols *symbols = &ev->store->symbols;

    memset(test, 0, sizeof *test);
    test->matcher = m;
    test->name = weir__pq_symbol_find(symbols, m->name, weir__pq_text_hash(m->name));
    if (m->kind == MATCH_EQUAL || m->kind == MATCH_NOT_EQUAL) {
        test->value = weir__pq_symbol_find(symbols, m->value, weir__pq_text_hash(m->value));
        return WEIR_OK;
    }
    test->scratch.arena = &ev->arena;
    test->known = weir__pq_arena_zeroed(&ev->arena, symbols->count, 1);
    return test->known != NULL ? WEIR_OK : eval_memory(ev);
}

static weir_status test_value(struct eval *ev, struct test *test, uint32_t value, bool *holds)
{
    const struct matcher *m = test->matcher;
    bool matches;

    switch (m->kind) {
    case MATCH_EQUAL: *holds = value == test->value; return WEIR_OK;
    case MATCH_NOT_EQUAL: *holds = value != test->value; return WEIR_OK;
    default: break;
    }
    if (test->known[value] == 0) {
        if (weir__pq_regex_matches(m->regex, ev->store->symbols.texts[value], !is_2_42(ev),
                                   &test->scratch, &matches) != WEIR_OK) {
            return eval_memory(ev);
        }
        test->known[value] = matches == (m->kind == MATCH_REGEX) ? 2 : 1;
    }
    *holds = test->known[value] == 2;
    return WEIR_OK;
}

/* Series that may match; more may be left out later. */
struct candidates {
    const uint32_t *series; /* NULL: all up to count */
    uint32_t count;
};

static uint32_t *sorted_union(struct eval *ev, const struct posting *const *postings,
                              uint32_t count, uint32_t *total)
{
    uint8_t *marked = weir__pq_arena_zeroed(&ev->arena, ev->store->count, 1);
    uint32_t *series, n = 0;

    *total = 0;
    for (uint32_t i = 0; marked != NULL && i < count; i++) {
        for (uint32_t j = 0; j < postings[i]->count; j++) {
            *total += !marked[postings[i]->series[j]];
            marked[postings[i]->series[j]] = 1;
        }
    }
    series = marked != NULL ? arena_array(&ev->arena, *total + 1, sizeof *series) : NULL;
    for (uint32_t i = 0; series != NULL && i < ev->store->count; i++) {
        if (marked[i]) {
            series[n++] = i;
        }
    }
    return series;
}

/* The series of the values that a test lets through; it does not let the empty one. */
static weir_status narrow_by_values(struct eval *ev, struct test *test,
                                    struct candidates *candidates)
{
    const struct posting **found = NULL, *posting;
    uint32_t count = 0, room = 0;

    posting = test->name != SYMBOL_NONE ? weir__pq_first_posting(ev->store, test->name) : NULL;
    for (; posting != NULL; posting = weir__pq_next_posting(ev->store, posting)) {
        void *items = found;
        bool holds = false;
        weir_status status = test_value(ev, test, posting->value, &holds);

        if (status != WEIR_OK) {
            return status;
        }
        if (holds) {
            if (!weir__pq_arena_grow(&ev->arena, &items, count, &room,
                                     sizeof(const struct posting *))) {
                return eval_memory(ev);
            }
            found = items;
            found[count++] = posting;
        }
    }
    candidates->series = sorted_union(ev, found, count, &candidates->count);
    return candidates->series != NULL ? WEIR_OK : eval_memory(ev);
}

/* Starts from the shortest list of series that must hold all. */
static weir_status narrow(struct eval *ev, struct test *tests, uint32_t count,
                          struct candidates *candidates)
{
    static const uint32_t nobody;
    struct test *values = NULL;

    *candidates = (struct candidates){NULL, ev->store->count};
    for (uint32_t i = 0; i < count; i++) {
        const struct matcher *m = tests[i].matcher;
        const struct posting *posting;

        if (m->empty) {
            continue;
        }
        if (m->kind != MATCH_EQUAL) {
            values = &tests[i];
            continue;
        }
        posting = tests[i].name != SYMBOL_NONE && tests[i].value != SYMBOL_NONE
                      ? weir__pq_posting(ev->store, tests[i].name, tests[i].value)
                      : NULL;
        if (posting == NULL || posting->count == 0) {
            *candidates = (struct candidates){&nobody, 0};
            return WEIR_OK;
        }
        if (candidates->series == NULL || posting->count < candidates->count) {
            *candidates = (struct candidates){posting->series, posting->count};
        }
    }
    return candidates->series == NULL && values != NULL ? narrow_by_values(ev, values, candidates)
                                                        : WEIR_OK;
}

static weir_status passes_all(struct eval *ev, struct test *tests, uint32_t count,
                              const struct label_set *labels, bool *passes)
{
    *passes = true;
    for (uint32_t i = 0; *passes && i < count; i++) {
        uint32_t value =
            tests[i].name != SYMBOL_NONE ? label_value(labels, tests[i].name) : SYMBOL_EMPTY;
        weir_status status = test_value(ev, &tests[i], value, passes);

        if (status != WEIR_OK) {
            return status;
        }
    }
    return WEIR_OK;
}

weir_status weir__pq_select(struct eval *ev, const struct node *selector, const uint32_t **series,
                            uint32_t *count)
{
    uint32_t matchers = selector->selector.count, *found;
    struct test *tests = arena_array(&ev->arena, matchers, sizeof *tests);
    struct candidates candidates;
    weir_status status = tests != NULL ? WEIR_OK : eval_memory(ev);

    for (uint32_t i = 0; status == WEIR_OK && i < matchers; i++) {
        status = prepare(ev, &selector->selector.matchers[i], &tests[i]);
    }
    status = status == WEIR_OK ? narrow(ev, tests, matchers, &candidates) : status;
    if (status != WEIR_OK) {
        return status;
    }
    *series = candidates.series;
    *count = candidates.count;
    if (matchers == 1 && candidates.series != NULL) { /* it is what narrowed the search */
        return WEIR_OK;
    }
    found = arena_array(&ev->arena, candidates.count + 1, sizeof *found);
    if (found == NULL) {
        return eval_memory(ev);
    }
    *series = found;
    *count = 0;
    for (uint32_t i = 0; i < candidates.count; i++) {
        uint32_t number = candidates.series != NULL ? candidates.series[i] : i;
        bool passes;

        status = passes_all(ev, tests, matchers, ev->store->series[number].labels, &passes);
        if (status != WEIR_OK) {
            return status;
        }
        if (passes) {
            found[(*count)++] = number;
        }
    }
    return WEIR_OK;
}
