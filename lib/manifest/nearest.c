/*
 * manifest/nearest.c - which known word a misspelled one was meant to be.
 */
#include <string.h>
#include <weir/manifest.h>

enum { LETTERS_MAX = 96 };

/* The least number of single-letter changes that make `a` into `b` (Levenshtein). */
static size_t changes(const char *a, const char *b)
{
    size_t row[LETTERS_MAX + 1], n = strlen(a), m = strlen(b);

    if (n > LETTERS_MAX || m > LETTERS_MAX) {
        return LETTERS_MAX;
    }
    for (size_t j = 0; j <= m; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= n; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t swap = corner + (a[i - 1] != b[j - 1]);
            size_t least = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;

            corner = row[j];
            row[j] = swap < least ? swap : least;
        }
    }
    return row[m];
}

const char *weir_nearest_name(const char *word, const char *const *candidates, size_t count)
{
    const char *found = NULL;
    size_t best;

    if (word == NULL || candidates == NULL) {
        return NULL;
    }
    best = strlen(word) / 2 + 1;
    for (size_t i = 0; i < count; i++) {
        size_t n = changes(word, candidates[i]);

        if (n < best) {
            best = n;
            found = candidates[i];
        }
    }
    return found;
}
