/*
 * manifest/nearest.c - the known name that a misspelled one most likely means.
 */
#include "table.h"
#include <weir/manifest.h>

#include <string.h>

enum { WORD_MAX = 96 };

static char fold(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Letters to change, add, take away or swap with their neighbour until a is b; case, and dashes for
 * it, are not counted: "minScale" is "min-scale". */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];

    for (size_t j = 0; j <= m; j++) {
        last[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t change = last[j - 1] + (a[i - 1] != b[j - 1]);

            row[j] = least(change, least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[m];
}

/* A name without case, dashes and underscores; 0 when it is too long to be a known one's. */
static size_t squeeze(const char *name, char squeezed[WORD_MAX])
{
    size_t n = 0;

    for (; *name != '\0'; name++) {
        if (*name == '-' || *name == '_') {
            continue;
        }
        if (n == WORD_MAX) {
            return 0;
        }
        squeezed[n++] = fold(*name);
    }
    return n;
}

size_t weir__distance(const char *a, const char *b)
{
    char x[WORD_MAX], y[WORD_MAX];
    size_t n = squeeze(a, x), m = squeeze(b, y);

    return n > 0 && m > 0 ? distance(x, n, y, m) : SIZE_MAX;
}

const char *weir_nearest_name(const char *word, const char *const *candidates, size_t count)
{
    size_t best = word != NULL ? strlen(word) / 2 + 1 : 0;
    const char *found = NULL;

    for (size_t i = 0; best > 0 && candidates != NULL && i < count; i++) {
        size_t d = weir__distance(word, candidates[i]);

        if (d < best) {
            best = d;
            found = candidates[i];
        }
    }
    return found;
}
