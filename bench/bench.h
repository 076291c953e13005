/*
 * bench.h - how the benches measure: nanoseconds of an operation on one state, and on many that are
 * visited in turn, as a controller does (the states then lie outside of the processor's caches).
 *
 *   bench_X                 a table for 1, 1000 and 100000 states
 *   bench_X --plain         "name states ns bytes" lines for a program to read
 *   bench_X --count N       N runs of the last operation on one state and nothing else, for
 *                           callgrind
 */
#ifndef WEIR_BENCH_BENCH_H
#define WEIR_BENCH_BENCH_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/weir.h>

#define START (INT64_C(1700000040) * WEIR_SECOND)

struct fleet {
    uint8_t *blocks;
    size_t bytes; /* of one state */
    size_t count;
};

/* One operation on one state at `now`; the sum of results keeps the compiler from dropping it. */
typedef double operation(void *state, weir_time now);

struct bench {
    const char *name;
    size_t (*make)(void *state, size_t bytes); /* state NULL: only the bytes */
    operation *warm;                           /* before the measurement, */
    int64_t warm_steps;                        /* so often, */
    weir_duration warm_step;                   /* and so far apart */
    operation *run;
    weir_duration step; /* time between two visits of a state */
};

static inline void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "bench: %s failed\n", what);
        exit(1);
    }
}

static volatile double sink;

static inline double seconds_now(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static inline void visit(const struct fleet *fleet, operation *run, weir_time now)
{
    double sum = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        sum += run(fleet->blocks + i * fleet->bytes, now);
    }
    sink = sum;
}

/* The first state is filled, the others are copies of it: a block holds no pointers. */
static inline weir_time fill(struct fleet *fleet, const struct bench *bench, size_t count)
{
    weir_time now = START;

    fleet->bytes = (bench->make(NULL, 0) + 63) & ~(size_t)63;
    fleet->count = count;
    fleet->blocks = malloc(fleet->bytes * count);
    must(fleet->blocks != NULL, "getting memory");
    bench->make(fleet->blocks, fleet->bytes);
    for (int64_t i = 0; i < bench->warm_steps; i++, now += bench->warm_step) {
        sink = bench->warm(fleet->blocks, now);
    }
    for (size_t i = 1; i < count; i++) {
        memcpy(fleet->blocks + i * fleet->bytes, fleet->blocks, fleet->bytes);
    }
    return now;
}

/* Nanoseconds of one operation: the fastest of some rounds of at least 20 ms. */
static inline double measure(const struct bench *bench, size_t count)
{
    struct fleet fleet;
    weir_time now = fill(&fleet, bench, count);
    double best = 1e300;

    for (int round = 0; round < 7; round++) {
        double begin = seconds_now(), spent;
        int64_t visits = 0;

        do {
            for (int i = 0; i < (count < 100 ? 1000 : 2); i++, now += bench->step) {
                visit(&fleet, bench->run, now);
                visits++;
            }
            spent = seconds_now() - begin;
        } while (spent < 0.02);
        spent = spent * 1e9 / ((double)visits * (double)count);
        best = spent < best ? spent : best;
    }
    free(fleet.blocks);
    return best;
}

static inline int count_only(const struct bench *bench, long runs)
{
    struct fleet fleet;
    weir_time now = fill(&fleet, bench, 1);

    for (long i = 0; i < runs; i++, now += bench->step) {
        visit(&fleet, bench->run, now);
    }
    free(fleet.blocks);
    return 0;
}

static inline int bench_main(int argc, char **argv, const struct bench *benches, size_t count)
{
    static const size_t fleets[] = {1, 1000, 100000};
    int plain = argc == 2 && strcmp(argv[1], "--plain") == 0;

    if (argc == 3 && strcmp(argv[1], "--count") == 0) {
        return count_only(&benches[count - 1], strtol(argv[2], NULL, 10));
    }
    if (argc > 1 && !plain) {
        fprintf(stderr, "usage: %s [--plain | --count N]\n", argv[0]);
        return 2;
    }
    if (!plain) {
        printf("%-18s %8s %12s %12s %12s\n", "ns an operation", "bytes", "1 state", "1000",
               "100000");
    }
    for (size_t b = 0; b < count; b++) {
        const struct bench *bench = &benches[b];
        size_t bytes = bench->make(NULL, 0);

        if (!plain) {
            printf("%-18s %8zu", bench->name, bytes);
        }
        for (size_t f = 0; f < sizeof fleets / sizeof fleets[0]; f++) {
            if (bytes * fleets[f] > (size_t)1 << 30) {
                printf("%s", plain ? "" : "            -"); /* more than a GiB of states */
                continue;
            }
            if (plain) {
                printf("%s %zu %.1f %zu\n", bench->name, fleets[f], measure(bench, fleets[f]),
                       bytes);
            } else {
                printf(" %12.1f", measure(bench, fleets[f]));
            }
            fflush(stdout);
        }
        printf("%s", plain ? "" : "\n");
    }
    return 0;
}

#endif
