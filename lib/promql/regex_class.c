/*
 * regex_class.c - sets of runes: building, folding of case, negation; the named classes.
 */
#include "promql/regex_class.h"

enum { KELVIN = 0x212A, LONG_S = 0x17F }; /* which fold to k and s */

bool weir__pq_class_add(struct rune_class *class, int32_t low, int32_t high)
{
    void *ranges = class->ranges;

    if (!weir__pq_arena_grow(class->arena, &ranges, class->count, &class->room,
                             sizeof *class->ranges)) {
        return false;
    }
    class->ranges = ranges;
    class->ranges[class->count++] = (struct rune_range){low, high};
    return true;
}

/* Adds the part of [low, high] that lies in [from, to], moved by `by`. */
static bool add_moved(struct rune_class *class, int32_t low, int32_t high, int32_t from, int32_t to,
                      int32_t by)
{
    low = low > from ? low : from;
    high = high < to ? high : to;
    return low > high || weir__pq_class_add(class, low + by, high + by);
}

static bool holds(int32_t low, int32_t high, int32_t rune)
{
    return low <= rune && rune <= high;
}

bool weir__pq_class_add_folded(struct rune_class *class, int32_t low, int32_t high)
{
    bool k = holds(low, high, 'k') || holds(low, high, 'K') || holds(low, high, KELVIN);
    bool s = holds(low, high, 's') || holds(low, high, 'S') || holds(low, high, LONG_S);

    if (high > 0x7F && !(low == high && (low == KELVIN || low == LONG_S))) {
        class->beyond = true;
    }
    return weir__pq_class_add(class, low, high) &&
           add_moved(class, low, high, 'a', 'z', 'A' - 'a') &&
           add_moved(class, low, high, 'A', 'Z', 'a' - 'A') &&
           (!k || (weir__pq_class_add(class, KELVIN, KELVIN) &&
                   weir__pq_class_add(class, 'k', 'k') && weir__pq_class_add(class, 'K', 'K'))) &&
           (!s || (weir__pq_class_add(class, LONG_S, LONG_S) &&
                   weir__pq_class_add(class, 's', 's') && weir__pq_class_add(class, 'S', 'S')));
}

/* Sorts the ranges and joins those that touch. */
static void tidy(struct rune_class *class)
{
    uint32_t kept = 0;

    for (uint32_t gap = class->count / 2; gap > 0; gap /= 2) { /* Shell's sort */
        for (uint32_t i = gap; i < class->count; i++) {
            struct rune_range range = class->ranges[i];
            uint32_t at = i;

            for (; at >= gap && class->ranges[at - gap].low > range.low; at -= gap) {
                class->ranges[at] = class->ranges[at - gap];
            }
            class->ranges[at] = range;
        }
    }
    for (uint32_t i = 0; i < class->count; i++) {
        struct rune_range range = class->ranges[i];

        if (kept > 0 && range.low <= class->ranges[kept - 1].high + 1) {
            if (range.high > class->ranges[kept - 1].high) {
                class->ranges[kept - 1].high = range.high;
            }
        } else {
            class->ranges[kept++] = range;
        }
    }
    class->count = kept;
}

bool weir__pq_class_close(struct rune_class *class, bool negate)
{
    struct rune_class other = {.arena = class->arena};
    int32_t next = 0;

    tidy(class);
    if (!negate) {
        return true;
    }
    for (uint32_t i = 0; i < class->count; i++) {
        if (class->ranges[i].low > next &&
            !weir__pq_class_add(&other, next, class->ranges[i].low - 1)) {
            return false;
        }
        next = class->ranges[i].high + 1;
    }
    if (next <= RUNE_MAX && !weir__pq_class_add(&other, next, RUNE_MAX)) {
        return false;
    }
    class->ranges = other.ranges;
    class->count = other.count;
    class->room = other.room;
    return true;
}

struct named_class {
    const char *name;
    const char *pairs; /* low and high, in turn */
};

static const struct named_class named[] = {
    {"d", "09"},           {"s", "\t\n\f\r  "}, {"w", "09AZ__az"},   {"alnum", "09AZaz"},
    {"alpha", "AZaz"},     {"ascii", NULL},     {"blank", "\t\t  "}, {"cntrl", NULL},
    {"digit", "09"},       {"graph", "!~"},     {"lower", "az"},     {"print", " ~"},
    {"punct", "!/:@[`{~"}, {"space", "\t\r  "}, {"upper", "AZ"},     {"word", "09AZ__az"},
    {"xdigit", "09AFaf"},
};

static bool add_either(struct rune_class *class, int32_t low, int32_t high, bool fold)
{
    return fold ? weir__pq_class_add_folded(class, low, high)
                : weir__pq_class_add(class, low, high);
}

bool weir__pq_class_add_named(struct rune_class *class, struct text name, bool negate, bool fold,
                              bool *known)
{
    struct rune_class part = {.arena = class->arena};
    size_t i = 0, count = sizeof named / sizeof named[0];

    while (i < count &&
           !text_equal(name, (struct text){named[i].name, (uint32_t)strlen(named[i].name)})) {
        i++;
    }
    *known = i < count;
    if (!*known) {
        return true;
    }
    if (named[i].pairs == NULL) { /* the two that have a NUL in them */
        if (!add_either(&part, 0, name.at[0] == 'a' ? 0x7F : 0x1F, fold) ||
            !add_either(&part, 0x7F, 0x7F, fold)) {
            return false;
        }
    } else {
        for (const char *pair = named[i].pairs; pair[0] != '\0'; pair += 2) {
            if (!add_either(&part, pair[0], pair[1], fold)) {
                return false;
            }
        }
    }
    if (!weir__pq_class_close(&part, negate)) {
        return false;
    }
    for (uint32_t r = 0; r < part.count; r++) {
        if (!weir__pq_class_add(class, part.ranges[r].low, part.ranges[r].high)) {
            return false;
        }
    }
    return true;
}
