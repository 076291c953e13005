/*
 * regex_match.c - running a regular expression over a text: all threads of the automaton at once,
 * in order of priority (Pike's machine). The time is the length of the text times the steps.
 */
#include "promql/regex.h"

/* What one run needs at hand. */
struct run {
    const struct regex *regex;
    struct regex_scratch *scratch;
    struct text text;
    bool dot_newline;
    uint32_t slots;    /* capture slots of a thread; 0: only whether it matches */
    uint32_t count[2]; /* threads of the two lists */
};

/* An entry of the stack: a step to visit, or a slot to restore. */
#define RESTORE UINT32_C(0x80000000)

static bool prepare(struct run *run)
{
    struct regex_scratch *s = run->scratch;
    uint32_t room = run->regex->count;

    if (s->room < room) {
        for (int i = 0; i < 2; i++) {
            s->sparse[i] = weir__pq_arena_zeroed(s->arena, room, sizeof *s->sparse[i]);
            s->dense[i] = arena_array(s->arena, room, sizeof *s->dense[i]);
        }
        s->stack = arena_array(s->arena, 3 * (size_t)room + 8, sizeof *s->stack);
        s->room = s->sparse[0] && s->sparse[1] && s->dense[0] && s->dense[1] && s->stack ? room : 0;
        s->slots = 0;
    }
    if (s->room >= room && s->slots < run->slots) {
        for (int i = 0; i < 2; i++) {
            s->captures[i] =
                arena_array(s->arena, (size_t)s->room * run->slots, sizeof *s->captures[i]);
        }
        /* the current ones, those of the best match, the values to restore */
        s->current = arena_array(s->arena, 2 * (size_t)run->slots + s->room, sizeof *s->current);
        s->slots = s->captures[0] && s->captures[1] && s->current ? run->slots : 0;
    }
    return s->room >= room && s->slots >= run->slots;
}

static bool is_word(const struct run *run, size_t at)
{
    unsigned char c = at < run->text.length ? (unsigned char)run->text.at[at] : 0;

    return c == '_' || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static bool holds(const struct run *run, int32_t assertion, size_t at)
{
    bool before = at > 0 && is_word(run, at - 1), after = is_word(run, at);

    switch (assertion) {
    case REGEX_BEGIN_TEXT: return at == 0;
    case REGEX_END_TEXT: return at == run->text.length;
    case REGEX_BEGIN_LINE: return at == 0 || run->text.at[at - 1] == '\n';
    case REGEX_END_LINE: return at == run->text.length || run->text.at[at] == '\n';
    case REGEX_WORD_BOUNDARY: return before != after;
    default: return before == after;
    }
}

/* Adds the threads that a step leads to without taking a rune. */
static void follow(struct run *run, int list, uint32_t start, size_t at)
{
    struct regex_scratch *s = run->scratch;
    uint32_t depth = 0, kept = 0;

    s->stack[depth++] = start;
    while (depth > 0) {
        uint32_t i = s->stack[--depth], place;
        const struct regex_step *step;

        if ((i & RESTORE) != 0) {
            s->current[i & ~RESTORE] = s->current[2 * (size_t)run->slots + --kept];
            continue;
        }
        place = s->sparse[list][i];
        if (place < run->count[list] && s->dense[list][place] == i) {
            continue;
        }
        s->sparse[list][i] = run->count[list];
        s->dense[list][run->count[list]] = i;
        step = &run->regex->steps[i];
        switch (step->op) {
        case REGEX_JUMP: s->stack[depth++] = step->next; break;
        case REGEX_SPLIT:
            s->stack[depth++] = step->other;
            s->stack[depth++] = step->next;
            break;
        case REGEX_ASSERT:
            if (holds(run, step->value, at)) {
                s->stack[depth++] = step->next;
            }
            break;
        case REGEX_SAVE:
            if ((uint32_t)step->value < run->slots) {
                s->current[2 * (size_t)run->slots + kept++] = s->current[step->value];
                s->current[step->value] = (int64_t)at;
                s->stack[depth++] = (uint32_t)step->value | RESTORE;
            }
            s->stack[depth++] = step->next;
            break;
        default: break;
        }
        if (run->slots > 0) {
            memcpy(s->captures[list] + (size_t)run->count[list] * run->slots, s->current,
                   run->slots * sizeof *s->current);
        }
        run->count[list]++;
    }
}

static bool in_class(const struct regex_step *step, int32_t rune)
{
    uint32_t low = 0, high = step->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (rune > step->ranges[middle].high) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < step->count && rune >= step->ranges[low].low;
}

static bool takes(const struct run *run, const struct regex_step *step, int32_t rune)
{
    switch (step->op) {
    case REGEX_RUNE: return step->value == rune;
    case REGEX_CLASS: return in_class(step, rune);
    case REGEX_ANY:
        return rune != '\n' || step->value == REGEX_DOT_ALL ||
               (step->value == REGEX_DOT_DEFAULT && run->dot_newline);
    default: return false;
    }
}

/* Runs all threads; the slots of the preferred match are left behind the current ones. */
static bool run_threads(struct run *run)
{
    struct regex_scratch *s = run->scratch;
    int list = 0;
    size_t at = 0;
    bool matched = false;

    run->count[0] = run->count[1] = 0;
    for (uint32_t i = 0; i < run->slots; i++) {
        s->current[i] = -1;
    }
    follow(run, list, 0, 0);
    for (;;) {
        int width = 1;
        int32_t rune = at < run->text.length
                           ? weir__pq_rune_read(run->text.at + at, run->text.length - at, &width)
                           : -1;

        run->count[1 - list] = 0;
        for (uint32_t t = 0; t < run->count[list]; t++) {
            const struct regex_step *step = &run->regex->steps[s->dense[list][t]];
            const int64_t *mine =
                run->slots > 0 ? s->captures[list] + (size_t)t * run->slots : NULL;

            if (step->op == REGEX_MATCH) {
                matched = true;
                if (run->slots == 0) {
                    return true;
                }
                memcpy(s->current + run->slots, mine, run->slots * sizeof *mine);
                break; /* threads behind it have lower priority */
            }
            if (rune >= 0 && takes(run, step, rune)) {
                if (run->slots > 0) {
                    memcpy(s->current, mine, run->slots * sizeof *mine);
                }
                follow(run, 1 - list, step->next, at + (size_t)width);
            }
        }
        list = 1 - list;
        if (rune < 0 || run->count[list] == 0) {
            return matched;
        }
        at += (size_t)width;
    }
}

/* Matches where no automaton is needed. -1: one is. */
static int quick(const struct regex *regex, struct text value, bool dot_newline)
{
    if (regex->literals != NULL) {
        for (uint32_t i = 0; i < regex->literal_count; i++) {
            if (text_equal(regex->literals[i], value)) {
                return 1;
            }
        }
        return 0;
    }
    if (value.length < regex->prefix.length ||
        memcmp(value.at, regex->prefix.at, regex->prefix.length) != 0) {
        return 0;
    }
    if (regex->tail < 0) {
        return -1;
    }
    if (value.length - regex->prefix.length < (uint32_t)regex->tail) {
        return 0;
    }
    return regex->tail_dot == REGEX_DOT_ALL ||
           (regex->tail_dot == REGEX_DOT_DEFAULT && dot_newline) ||
           value.length == regex->prefix.length ||
           memchr(value.at + regex->prefix.length, '\n', value.length - regex->prefix.length) ==
               NULL;
}

weir_status weir__pq_regex_matches(const struct regex *regex, struct text value, bool dot_newline,
                                   struct regex_scratch *scratch, bool *matches)
{
    struct run run = {
        .regex = regex, .scratch = scratch, .text = value, .dot_newline = dot_newline};
    int known = quick(regex, value, dot_newline);

    if (known >= 0) {
        *matches = known != 0;
        return WEIR_OK;
    }
    if (!prepare(&run)) {
        return WEIR_E_MEMORY;
    }
    *matches = run_threads(&run);
    return WEIR_OK;
}

weir_status weir__pq_regex_find(const struct regex *regex, struct text value, bool dot_newline,
                                struct regex_scratch *scratch, const int64_t **slots)
{
    struct run run = {.regex = regex,
                      .scratch = scratch,
                      .text = value,
                      .dot_newline = dot_newline,
                      .slots = 2 * regex->groups};

    *slots = NULL;
    if (!prepare(&run)) {
        return WEIR_E_MEMORY;
    }
    if (run_threads(&run)) {
        *slots = scratch->current + run.slots;
    }
    return WEIR_OK;
}
