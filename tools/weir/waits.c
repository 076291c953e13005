/*
 * waits.c - what requests waited for: percentiles and a histogram, as load generators print them.
 */
#include "replaying.h"

#include <inttypes.h>

enum { ROWS = 10 };

/* The end of the bucket in which the request lies that so many others did not wait longer than. */
static double percentile(const weir_waits *w, int64_t all, double part)
{
    int64_t rank = (int64_t)((double)all * part), seen = 0;

    for (int32_t i = 0; i < WEIR_WAITS_BUCKETS; i++) {
        seen += w->buckets[i];
        if (seen > rank || seen == all) {
            weir_duration bound = weir_waits_bound(i);

            return (double)(bound < w->longest ? bound : w->longest) / 1e9;
        }
    }
    return 0.0;
}

static void print_histogram(const weir_waits *w, int64_t all)
{
    static const char full[] = "########################################";
    int64_t rows[ROWS + 1] = {w->buckets[0]}, most = 1;

    for (int32_t i = 1; i < WEIR_WAITS_BUCKETS; i++) {
        /* A bucket goes where its middle does. */
        double middle = ((double)weir_waits_bound(i - 1) + (double)weir_waits_bound(i)) / 2;
        int row = 1 + (int)(middle / (double)w->longest * ROWS);

        rows[row > ROWS ? ROWS : row] += w->buckets[i];
    }
    for (int row = 0; row <= ROWS; row++) {
        most = rows[row] > most ? rows[row] : most;
    }
    printf("\nwaiting for a pod\n");
    for (int row = 0; row <= ROWS; row++) {
        int bar =
            rows[row] == 0 ? 0 : 1 + (int)((double)rows[row] / (double)most * (sizeof full - 2));

        if (row == 0) {
            printf("  not at all   ");
        } else {
            printf("  to %8.4g s", (double)w->longest / 1e9 * row / ROWS);
        }
        printf(" %9" PRId64 "%s%.*s\n", rows[row], bar > 0 ? " " : "", bar, full);
    }
    printf("  of %" PRId64 " requests: half %.4g s, 90%% %.4g s, 99%% %.4g s, 99.9%% %.4g s\n", all,
           percentile(w, all, 0.5), percentile(w, all, 0.9), percentile(w, all, 0.99),
           percentile(w, all, 0.999));
}

void print_waits(const weir_waits *w)
{
    int64_t all = w->completed + w->running;

    printf("  requests answered    %" PRId64, w->completed);
    if (w->running + w->waiting > 0) {
        printf(", %" PRId64 " still running, %" PRId64 " waiting", w->running, w->waiting);
    }
    printf("\n  waited for a pod     %" PRId64, w->held);
    if (w->held > 0) {
        printf(", the longest %.4g s, %.4g s on average", (double)w->longest / 1e9,
               w->waited / (double)w->held);
    }
    printf("\n");
    if (w->held > 0) {
        print_histogram(w, all);
    }
}
