/*
 * common.h - what all of lib/promql uses: texts with a length, memory that is freed at once, the
 * bits of doubles, and errors built without stdio.
 */
#ifndef WEIR_PROMQL_COMMON_H
#define WEIR_PROMQL_COMMON_H

#include "base/double.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <weir/promql.h>

/* ---- texts ---------------------------------------------------------------------------------- */

/* Bytes that belong to somebody else. */
struct text {
    const char *at;
    uint32_t length;
};

#define TEXT(literal) ((struct text){literal, sizeof(literal) - 1})

static inline bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

/* Below, at or above 0 as a comes before, with or after b, byte by byte. */
static inline int text_compare(struct text a, struct text b)
{
    uint32_t shared = a.length < b.length ? a.length : b.length;
    int order = shared > 0 ? memcmp(a.at, b.at, shared) : 0;

    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

enum { RUNE_ERROR = 0xFFFD, RUNE_MAX = 0x10FFFF };

/* The rune at `at`; *width is set to its bytes, 1 with RUNE_ERROR for a byte that starts none. */
int32_t weir__pq_rune_read(const char *at, size_t left, int *width);

/* Writes a rune, RUNE_ERROR for what is none; gives the bytes, at most 4. */
int weir__pq_rune_write(int32_t rune, char *to);

/* Whether all of it is UTF-8. */
bool weir__pq_utf8_valid(const char *at, size_t length);

/* Whether strconv.Quote would write the rune itself. */
bool weir__pq_rune_printable(int32_t rune);

/* ---- doubles -------------------------------------------------------------------------------- */

#define BITS_STALE    UINT64_C(0x7ff0000000000002)
#define BITS_NAN      UINT64_C(0x7ff8000000000001)
#define BITS_INFINITY UINT64_C(0x7ff0000000000000)
#define BITS_SIGN     UINT64_C(0x8000000000000000)
#define DOUBLE_MAX    1.7976931348623157e308

static inline uint64_t to_bits(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double from_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline bool is_nan(double x)
{
    return x != x;
}

static inline bool is_inf(double x)
{
    return x > DOUBLE_MAX || x < -DOUBLE_MAX;
}

static inline bool is_stale(double x)
{
    return to_bits(x) == BITS_STALE;
}

static inline double magnitude(double x)
{
    return from_bits(to_bits(x) & ~BITS_SIGN);
}

static inline bool is_negative(double x) /* -0 too */
{
    return (to_bits(x) & BITS_SIGN) != 0;
}

#define NOT_A_NUMBER (from_bits(BITS_NAN))
#define INFINITE     (from_bits(BITS_INFINITY))

/* ---- memory --------------------------------------------------------------------------------- */

/* Memory that grows in chunks and is freed at once. */
struct arena {
    weir_allocator allocator;
    struct chunk *chunks; /* newest first */
    char *at, *end;       /* what is free of the newest */
    size_t next;          /* bytes of the next chunk */
};

void weir__pq_arena_open(struct arena *arena, const weir_allocator *allocator, size_t first);
void weir__pq_arena_close(struct arena *arena);
void *weir__pq_arena_more(struct arena *arena, size_t bytes);

/* Bytes aligned to 8, NULL when there are none left. */
static inline void *arena_take(struct arena *arena, size_t bytes)
{
    size_t rounded = (bytes + (bytes == 0) + 7) & ~(size_t)7; /* of nothing too: NULL is failure */
    char *at = arena->at;

    if (rounded < bytes || rounded > (size_t)(arena->end - at)) {
        return weir__pq_arena_more(arena, bytes);
    }
    arena->at = at + rounded;
    return at;
}

/* As arena_take(), for `count` elements of `size` bytes. */
static inline void *arena_array(struct arena *arena, size_t count, size_t size)
{
    return size != 0 && count > SIZE_MAX / 2 / size ? NULL : arena_take(arena, count * size);
}

/* As arena_array(), zeroed. */
void *weir__pq_arena_zeroed(struct arena *arena, size_t count, size_t size);

/* A copy of a text in an arena; at is NULL when there is no memory. */
struct text weir__pq_arena_text(struct arena *arena, struct text text);

/*
 * Room for one more element at the end of a growing array in an arena: *items has *room elements of
 * which `used` are in use. false when there is no memory.
 */
bool weir__pq_arena_grow(struct arena *arena, void **items, uint32_t used, uint32_t *room,
                         size_t size);

/* ---- messages ------------------------------------------------------------------------------- */

/* Text being written into a buffer; what does not fit is counted. */
struct sink {
    char *text;
    size_t capacity, length; /* length as if there were room */
};

void weir__pq_sink_bytes(struct sink *sink, const char *bytes, size_t length);
void weir__pq_sink_int(struct sink *sink, int64_t value);
void weir__pq_sink_double(struct sink *sink, double value);     /* as Go's %g */
void weir__pq_sink_quoted(struct sink *sink, struct text text); /* as strconv.Quote */
void weir__pq_sink_close(struct sink *sink);                    /* terminates it */

static inline void sink_text(struct sink *sink, struct text text)
{
    weir__pq_sink_bytes(sink, text.at, text.length);
}

static inline void sink_string(struct sink *sink, const char *string)
{
    weir__pq_sink_bytes(sink, string, strlen(string));
}

/*
 * Fills an error with a place and a message of parts: 's' a C string, 't' a struct text *, 'q' the
 * same quoted, 'i' an int64_t *, 'd' a double *. FAIL() is the status, so that it can be returned.
 */
struct part {
    char kind;
    const void *what;
};

void weir__pq_error(weir_error *err, weir_status status, struct text source, uint32_t position,
                    const struct part *parts, size_t count);

#define FAIL(err, status, source, position, ...)                                                   \
    (weir__pq_error(err, status, source, position, (const struct part[]){__VA_ARGS__},             \
                    sizeof((const struct part[]){__VA_ARGS__}) / sizeof(struct part)),             \
     (weir_status)(status))

/* Line and column, both from 1, of a byte of a text. */
void weir__pq_position(struct text source, uint32_t position, int32_t *line, int32_t *column);

#endif
