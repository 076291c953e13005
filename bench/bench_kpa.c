/*
 * What the KPA costs: nanoseconds of each operation and bytes of each state, for one revision and
 * for many that are visited in turn, as a controller does (their states then lie outside of the
 * processor's caches).
 *
 *   bench_kpa                 a table for 1, 1000 and 100000 revisions
 *   bench_kpa --plain         "name revisions ns bytes" lines for a program to read
 *   bench_kpa --count N       N revision-seconds of one revision and nothing else, for callgrind
 *
 * A revision-second is one report recorded each second and a decision every two.
 */
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
    operation *warm;                           /* each second before the measurement */
    operation *run;
    weir_duration step; /* time between two visits of a state */
};

static void must(int condition, const char *what)
{
    if (!condition) {
        fprintf(stderr, "bench_kpa: %s failed\n", what);
        exit(1);
    }
}

static double load_at(weir_time now)
{
    return (double)(now / WEIR_SECOND % 97) * 0.5;
}

/* ---- states --------------------------------------------------------------------------------- */

static size_t make_window(void *state, size_t bytes, int32_t algorithm, int64_t seconds)
{
    weir_window_config config;

    weir_window_config_init(&config, sizeof config);
    config.algorithm = algorithm;
    config.window = seconds * WEIR_SECOND;
    if (state != NULL) {
        must(weir_window_init(state, bytes, &config, NULL) == WEIR_OK, "making a window");
    } else {
        must(weir_window_bytes(&config, &bytes, NULL) == WEIR_OK, "sizing a window");
    }
    return bytes;
}

static size_t make_linear_60s(void *state, size_t bytes)
{
    return make_window(state, bytes, WEIR_WINDOW_LINEAR, 60);
}

static size_t make_weighted_60s(void *state, size_t bytes)
{
    return make_window(state, bytes, WEIR_WINDOW_WEIGHTED, 60);
}

static size_t make_weighted_1h(void *state, size_t bytes)
{
    return make_window(state, bytes, WEIR_WINDOW_WEIGHTED, 3600);
}

static size_t make_decider(void *state, size_t bytes)
{
    weir_kpa_decider_config config;

    weir_kpa_decider_config_init(&config, sizeof config);
    if (state != NULL) {
        must(weir_kpa_decider_init(state, bytes, &config, 1, START, NULL) == WEIR_OK,
             "making a decider");
    } else {
        must(weir_kpa_decider_bytes(&config, &bytes, NULL) == WEIR_OK, "sizing a decider");
    }
    return bytes;
}

static size_t make_kpa(void *state, size_t bytes)
{
    weir_kpa_config config;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10;
    if (state != NULL) {
        must(weir_kpa_init(state, bytes, &config, 1, START, NULL) == WEIR_OK, "making a revision");
    } else {
        must(weir_kpa_bytes(&config, &bytes, NULL) == WEIR_OK, "sizing a revision");
    }
    return bytes;
}

/* ---- operations ----------------------------------------------------------------------------- */

static double window_record(void *state, weir_time now)
{
    double value = load_at(now);

    return weir_window_record(state, now, &value);
}

static double window_read(void *state, weir_time now)
{
    double average;

    weir_window_average(state, now, &average);
    return average;
}

static double decide(void *state, weir_time now)
{
    weir_kpa_decider_input input;
    weir_decision decision;

    weir_kpa_decider_input_init(&input, sizeof input);
    weir_decision_init(&decision, sizeof decision);
    input.ready = 4;
    input.stable = load_at(now);
    input.panic = input.stable;
    weir_kpa_decider_decide(state, &input, now, &decision, NULL);
    return decision.replicas;
}

static double revision_second(void *state, weir_time now)
{
    weir_kpa_stat stat = {load_at(now), 0, 20, 0};
    weir_decision decision;

    weir_kpa_record(state, now, &stat);
    if (now / WEIR_SECOND % 2 != 0) {
        return 0;
    }
    weir_decision_init(&decision, sizeof decision);
    weir_kpa_decide(state, 4, 1, now, &decision, NULL);
    return decision.replicas;
}

static const struct bench benches[] = {
    {"window-record", make_linear_60s, window_record, window_record, WEIR_SECOND},
    {"read-linear-60s", make_linear_60s, window_record, window_read, 0},
    {"read-weighted-60s", make_weighted_60s, window_record, window_read, 0},
    {"read-weighted-1h", make_weighted_1h, window_record, window_read, 0},
    {"decide", make_decider, decide, decide, 2 * WEIR_SECOND},
    {"revision-second", make_kpa, revision_second, revision_second, WEIR_SECOND},
};

/* ---- measuring ------------------------------------------------------------------------------ */

static volatile double sink;

static double seconds_now(void)
{
    struct timespec now;

    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void visit(const struct fleet *fleet, operation *run, weir_time now)
{
    double sum = 0;

    for (size_t i = 0; i < fleet->count; i++) {
        sum += run(fleet->blocks + i * fleet->bytes, now);
    }
    sink = sum;
}

/* The first state is filled, the others are copies of it: a block holds no pointers. */
static weir_time fill(struct fleet *fleet, const struct bench *bench, size_t count)
{
    weir_time now = START;
    int64_t seconds = bench->make == make_weighted_1h ? 3700 : 200;

    fleet->bytes = (bench->make(NULL, 0) + 63) & ~(size_t)63;
    fleet->count = count;
    fleet->blocks = malloc(fleet->bytes * count);
    must(fleet->blocks != NULL, "getting memory");
    bench->make(fleet->blocks, fleet->bytes);
    for (int64_t i = 0; i < seconds; i++, now += WEIR_SECOND) {
        sink = bench->warm(fleet->blocks, now);
    }
    for (size_t i = 1; i < count; i++) {
        memcpy(fleet->blocks + i * fleet->bytes, fleet->blocks, fleet->bytes);
    }
    return now;
}

/* Nanoseconds of one operation: the fastest of some rounds of at least 20 ms. */
static double measure(const struct bench *bench, size_t count)
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

static int count_only(long seconds)
{
    struct fleet fleet;
    weir_time now = fill(&fleet, &benches[sizeof benches / sizeof benches[0] - 1], 1);

    for (long i = 0; i < seconds; i++, now += WEIR_SECOND) {
        visit(&fleet, revision_second, now);
    }
    free(fleet.blocks);
    return 0;
}

int main(int argc, char **argv)
{
    static const size_t fleets[] = {1, 1000, 100000};
    int plain = argc == 2 && strcmp(argv[1], "--plain") == 0;

    if (argc == 3 && strcmp(argv[1], "--count") == 0) {
        return count_only(strtol(argv[2], NULL, 10));
    }
    if (argc > 1 && !plain) {
        fputs("usage: bench_kpa [--plain | --count N]\n", stderr);
        return 2;
    }
    if (!plain) {
        printf("%-18s %8s %12s %12s %12s\n", "ns an operation", "bytes", "1 revision", "1000",
               "100000");
    }
    for (size_t b = 0; b < sizeof benches / sizeof benches[0]; b++) {
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
