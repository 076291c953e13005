/*
 * The replica rules: upstream's own test cases for each kind of metric, pods by group, requests,
 * and what differs between releases.
 */
#include "hpa_world.h"

#include <weir/weir.h>

static void configure(weir_hpa_config *config, double down, double up)
{
    weir_hpa_config_init(config, sizeof *config);
    config->conversion = WEIR_CONVERT_AMD64;
    config->cpu_initialization_period = 120 * WEIR_SECOND;
    config->initial_readiness_delay = 10 * WEIR_SECOND;
    config->behavior = 1;
    config->scale_down.tolerance = down;
    config->scale_up.tolerance = up;
}

static weir_status propose(const weir_hpa_config *config, const struct hpa_world *w,
                           weir_hpa_proposal *p)
{
    weir_hpa_proposal_init(p, sizeof *p);
    return weir_hpa_propose(config, 0, &w->input, HPA_NOW, p);
}

/* ---- utilization ---------------------------------------------------------------------------- */

/* replicas -1: the metric fails */
struct utilization {
    const char *name;
    int32_t current;
    const char *pods, *requests, *samples;
    int64_t target;
    double down, up;
    int32_t replicas, utilization;
    int64_t raw;
};

static const struct utilization utilizations[] = {
    {"R1 scale up", 3, "RRR", "3x2000", "600,1000,1400", 30, 0.1, 0.1, 5, 50, 1000},
    {"R2 scale up, one container counted", 3, "RRR", "3x1000", "300,500,700", 30, 0.1, 0.1, 5, 50,
     500},
    {"R3 unready pod damps", 3, "uRR", "3x2000", "600,1000,1400", 30, 0.1, 0.1, 4, 60, 1200},
    {"R4 hot pod damps (container)", 3, "haa", "3x1000", "300,500,700", 30, 0.1, 0.1, 4, 60, 600},
    {"R5 hot pod damps", 3, "haa", "3x2000", "600,1000,1400", 30, 0.1, 0.1, 4, 60, 1200},
    {"R6 no scale, unready pods", 3, "Ruu", "3x2000", "800,1000,1400", 30, 0.1, 0.1, 3, 40, 800},
    {"R7 no scale, hot+unready pods", 3, "aHH", "3x2000", "800,1000,1400", 30, 0.1, 0.1, 3, 40,
     800},
    {"R8 failed pods ignored", 2, "RRff", "4x2000", "1000,1400", 30, 0.1, 0.1, 4, 60, 1200},
    {"R9 failed pods ignored (container)", 2, "RRff", "4x1000", "500,700", 30, 0.1, 0.1, 4, 60,
     600},
    {"R10 succeeded pods ignored", 2, "RRss", "4x2000", "1000,1400", 30, 0.1, 0.1, 2, 60, 1200},
    {"R11 succeeded pods ignored (container)", 2, "RRss", "4x1000", "500,700", 30, 0.1, 0.1, 2, 60,
     600},
    {"R12 deleted pods ignored", 2, "RRdd", "4x2000", "1000,1400", 30, 0.1, 0.1, 4, 60, 1200},
    {"R13 deleted pods ignored (container)", 2, "RRdd", "4x1000", "500,700", 30, 0.1, 0.1, 4, 60,
     600},
    {"R14 scale down", 5, "RRRRR", "5x2000", "200,600,1000,500,500", 50, 0.1, 0.1, 3, 28, 560},
    {"R15 scale down (container)", 5, "RRRRR", "5x1000", "100,300,500,250,250", 50, 0.1, 0.1, 3, 28,
     280},
    {"R16 scale down, unready excluded", 5, "RRRuu", "5x2000", "200,600,1000,500,500", 50, 0.1, 0.1,
     2, 30, 600},
    {"R17 same (container)", 5, "RRRuu", "5x1000", "100,300,500,250,250", 50, 0.1, 0.1, 2, 30, 300},
    {"R18 scale down, pending excluded", 5, "Rpppp", "5x2000", "200", 50, 0.1, 0.1, 1, 10, 200},
    {"R19 same (container, pending pods have samples)", 5, "Rpppp", "5x1000", "100,300,500,250,250",
     50, 0.1, 0.1, 1, 10, 100},
    {"R20 scale down, hot excluded", 5, "aaahh", "5x2000", "200,600,1000,500,500", 50, 0.1, 0.1, 2,
     30, 600},
    {"R21 same (container)", 5, "aaahh", "5x1000", "100,300,500,1000,1000", 50, 0.1, 0.1, 2, 30,
     300},
    {"R22 scale down, failed ignored", 5, "RRRRRff", "7x2000", "200,600,1000,500,500", 50, 0.1, 0.1,
     3, 28, 560},
    {"R23 scale down, succeeded ignored", 5, "RRRRRss", "7x2000", "200,600,1000,500,500", 50, 0.1,
     0.1, 5, 28, 560},
    {"R24 scale down, deleted ignored", 5, "RRRRRdd", "7x2000", "200,600,1000,500,500", 50, 0.1,
     0.1, 3, 28, 560},
    {"R25 scale down, deleted ignored (container)", 5, "RRRRRdd", "7x1000", "100,300,500,250,250",
     50, 0.1, 0.1, 3, 28, 280},
    {"R26 within 10%", 3, "RRR", "1800,2000,2200", "2020,2060,2040", 100, 0.1, 0.1, 3, 102, 2040},
    {"R27 tol 0/0", 3, "RRR", "1800,2000,2200", "1818,2020,2222", 100, 0, 0, 4, 101, 2020},
    {"R28 tol down .1 up 2.0", 3, "RRR", "1800,2000,2200", "3780,3820,3800", 100, 0.1, 2, 3, 190,
     3800},
    {"R29 tol down 2.0 up .08", 3, "RRR", "1800,2000,2200", "2200,2160,2180", 100, 2, 0.08, 4, 109,
     2180},
    {"R30 tol down .36", 3, "RRR", "1800,2000,2200", "1320,1280,1300", 100, 0.36, 0.1, 3, 65, 1300},
    {"R31 tol down .34", 3, "RRR", "1800,2000,2200", "1320,1280,1300", 100, 0.34, 0.1, 2, 65, 1300},
    {"R32 superfluous samples (6 samples, 4 pods)", 4, "RRRR", "4x2000",
     "8000,19000,6000,14000,6400,4000", 100, 0.1, 0.1, 24, 587, 11750},
    {"R33 2 of 4 missing, scale down", 4, "RRRR", "4x2000", "800,190", 100, 0.1, 0.1, 3, 24, 495},
    {"R34 1 of 2 missing, at target", 2, "RR", "2x2000", "2000", 100, 0.1, 0.1, 2, 100, 2000},
    {"R35 1 of 2 missing, above", 2, "RR", "2x2000", "3800", 100, 0.1, 0.1, 2, 190, 3800},
    {"R36 1 of 2 missing, below", 2, "RR", "2x2000", "1200", 100, 0.1, 0.1, 2, 60, 1200},
    {"R37 unready + missing, no change", 3, "uRR", "3x2000", "200,900", 50, 0.1, 0.1, 3, 45, 900},
    {"R38 hot + missing, no change", 3, "haa", "3x2000", "200,900", 50, 0.1, 0.1, 3, 45, 900},
    {"R39 unready + missing, scale up", 3, "uRR", "3x2000", "200,4000", 50, 0.1, 0.1, 4, 200, 4000},
    {"R40 hot/unready + missing, scale up", 3, "Haa", "3x2000", "200,4000", 50, 0.1, 0.1, 4, 200,
     4000},
    {"R41 unready + missing, scale down", 4, "uRRR", "4x2000", "200,200,200", 50, 0.1, 0.1, 3, 10,
     200},
    {"R42 target 300, missing pod filled at 300%", 4, "uRRR", "2000,2000,4000,4000", "400,200,200",
     300, 0.1, 0.1, 2, 6, 200},
    {"R43 surge pod missing: no scale up", 2, "RRR", "3x2000", "200,200", 50, 0.1, 0.1, 2, 10, 200},
    {"R44 no request on a container", 1, "R", "-", "400", 100, 0.1, 0.1, -1, 0, 0},
    {"R45 10 pods, target 56", 10, "RRRRRRRRRR", "800,400,620,580,604,596,602,598,600,600",
     "10x300", 56, 0.1, 0.1, 9, 50, 300},
    {"R46 same, target 55", 10, "RRRRRRRRRR", "800,400,620,580,604,596,602,598,600,600", "10x300",
     55, 0.1, 0.1, 10, 50, 300},
    {"R47 sample names disjoint from the pod list", 1, "R", "2000", "-,200", 100, 0.1, 0.1, -1, 0,
     0},
    {"R48 metrics API returns an empty list", 4, "RRRR", "3x2000,-", "", 100, 0.1, 0.1, -1, 0, 0},
};

static void utilization_as_upstream(void **state)
{
    const struct utilization *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, row->down, row->up);
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, row->target, "cpu");
    world_begin(&w, row->current, row->current, row->pods);
    world_samples(&w, row->samples, row->requests, HPA_PAST);
    if (row->replicas < 0) {
        assert_int_equal(propose(&config, &w, &p), WEIR_NO_DATA);
        assert_int_equal(p.status, WEIR_NO_DATA);
        return;
    }
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.replicas, row->replicas);
    assert_int_equal(p.utilization, row->utilization);
    assert_true(p.usage == row->raw);
    assert_int_equal(p.ready + p.unready + p.missing + p.ignored, strlen(row->pods));
}

/* ---- averages over pods --------------------------------------------------------------------- */

struct average {
    const char *name;
    int32_t current;
    const char *pods, *samples;
    int64_t target;
    double down, up;
    int32_t replicas;
    int64_t usage;
};

static const struct average averages[] = {
    {"P1 scale up", 3, "RRR", "20000,10000,30000", 15000, 0.1, 0.1, 4, 20000},
    {"P2 NotReady pod counts fully", 3, "aaH", "50000,10000,30000", 15000, 0.1, 0.1, 6, 30000},
    {"P3 NotReady pods count fully", 3, "HaH", "50000,15000,30000", 15000, 0.1, 0.1, 7, 31666},
    {"P4 scale down", 5, "RRRRR", "12000,12000,12000,12000,12000", 20000, 0.1, 0.1, 3, 12000},
    {"P5 within 10%", 3, "RRR", "20000,21000,21000", 20000, 0.1, 0.1, 3, 20666},
    {"P6 tol up .01", 3, "RRR", "20000,21000,21000", 20000, 0.1, 0.01, 4, 20666},
    {"P7 2 of 5 missing, at target", 5, "RRRRR", "20000,19000,21000", 20000, 0.1, 0.1, 5, 20000},
    {"P8 surge pod missing", 2, "RRR", "10000,10000", 17000, 0.1, 0.1, 2, 10000},
};

static void averages_as_upstream(void **state)
{
    const struct average *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, row->down, row->up);
    add_metric(&config, WEIR_HPA_PODS, WEIR_HPA_AVERAGE_VALUE, row->target, "qps");
    world_begin(&w, row->current, row->current, row->pods);
    world_samples(&w, row->samples, "", HPA_PAST);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.replicas, row->replicas);
    assert_true(p.usage == row->usage);
}

/* ---- values --------------------------------------------------------------------------------- */

struct value {
    const char *name;
    int32_t source, current;
    const char *pods, *values;
    int64_t target;
    double down, up;
    int32_t replicas;
    int64_t usage;
};

static const struct value values[] = {
    {"V1 Object, scale up", WEIR_HPA_OBJECT, 3, "RRR", "20000", 15000, 0.1, 0.1, 4, 20000},
    {"V2 Object, saturates", WEIR_HPA_OBJECT, 3, "RRR", "9223372036854775807", 1, 0.1, 0.1,
     2147483647, INT64_MAX},
    {"V3 Object, only ready pods multiply", WEIR_HPA_OBJECT, 3, "uRu", "50000", 10000, 0.1, 0.1, 5,
     50000},
    {"V4 Object, scale down", WEIR_HPA_OBJECT, 5, "RRRRR", "12000", 20000, 0.1, 0.1, 3, 12000},
    {"V5 Object, within 10%", WEIR_HPA_OBJECT, 3, "RRR", "20666", 20000, 0.1, 0.1, 3, 20666},
    {"V6 Object, tol up .01", WEIR_HPA_OBJECT, 3, "RRR", "20666", 20000, 0.1, 0.01, 4, 20666},
    {"V7 External, ready pods only", WEIR_HPA_EXTERNAL, 3, "uRu", "8600", 4400, 0.1, 0.1, 2, 8600},
    {"V8 External, scale down", WEIR_HPA_EXTERNAL, 5, "RRRRR", "8600", 14334, 0.1, 0.1, 3, 8600},
    {"V9 External, within 10%", WEIR_HPA_EXTERNAL, 3, "RRR", "8600", 8888, 0.1, 0.1, 3, 8600},
    {"V10 External, tol up .01", WEIR_HPA_EXTERNAL, 3, "RRR", "8900", 8800, 0.1, 0.01, 4, 8900},
    {"V11 External, sum caps", WEIR_HPA_EXTERNAL, 3, "RRR",
     "4611686018427387904,4611686018427387904", INT64_MAX, 0.1, 0.1, 3, INT64_MAX},
    {"V12 External, (controller test)", WEIR_HPA_EXTERNAL, 3, "RRR", "8600", 6666, 0.1, 0.1, 4,
     8600},
    {"V13 External, (controller test)", WEIR_HPA_EXTERNAL, 5, "RRRRR", "8600", 14400, 0.1, 0.1, 3,
     8600},
    {"V14 External, (controller test) to zero", WEIR_HPA_EXTERNAL, 5, "RRRRR", "0", 14400, 0.1, 0.1,
     0, 0},
    {"V15 Object, from zero: ceil(ratio), no tolerance", WEIR_HPA_OBJECT, 0, "", "20000", 15000,
     0.1, 0.1, 2, 20000},
    {"V16 Object, from zero at exactly target", WEIR_HPA_OBJECT, 0, "", "1000", 1000, 0.1, 0.1, 1,
     1000},
    {"V17 Object, from zero below target", WEIR_HPA_OBJECT, 0, "", "10000", 15000, 0.1, 0.1, 1,
     10000},
};

static void values_as_upstream(void **state)
{
    const struct value *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, row->down, row->up);
    add_metric(&config, row->source, WEIR_HPA_VALUE, row->target, "queue");
    world_begin(&w, row->current, 0, row->pods);
    world_values(&w, row->values);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.replicas, row->replicas);
    assert_true(p.usage == row->usage);
}

struct per_pod {
    const char *name;
    int32_t source, existing;
    const char *values;
    int64_t target;
    double down, up;
    int32_t replicas;
    int64_t usage;
};

static const struct per_pod per_pods[] = {
    {"A1 External, replicas saturate", WEIR_HPA_EXTERNAL, 1, "9223372036854775807", 1, 0.1, 0.1,
     2147483647, INT64_MAX},
    {"A2 External, huge target", WEIR_HPA_EXTERNAL, 1, "9223372036854775807", INT64_MAX, 0.1, 0.1,
     1, INT64_MAX},
    {"A3 External, status 0", WEIR_HPA_EXTERNAL, 0, "20000", 5000, 0.1, 0.1, 4, INT64_MIN},
    {"A4 External, status 0, metric 0 (NaN ratio)", WEIR_HPA_EXTERNAL, 0, "0", 5000, 0.1, 0.1, 0,
     INT64_MIN},
    {"A5 External, scale up", WEIR_HPA_EXTERNAL, 3, "8600", 2150, 0.1, 0.1, 4, 2867},
    {"A6 External, scale down", WEIR_HPA_EXTERNAL, 5, "8600", 2867, 0.1, 0.1, 3, 1720},
    {"A7 External, within 10%", WEIR_HPA_EXTERNAL, 3, "8600", 2900, 0.1, 0.1, 3, 2867},
    {"A8 External, tol up .01", WEIR_HPA_EXTERNAL, 3, "8600", 2800, 0.1, 0.01, 4, 2867},
    {"A9 Object, huge target", WEIR_HPA_OBJECT, 1, "9223372036854775807", INT64_MAX, 0.1, 0.1, 1,
     INT64_MIN},
    {"A10 Object, scale up", WEIR_HPA_OBJECT, 3, "20000", 5000, 0.1, 0.1, 4, 6667},
    {"A11 Object, scale down", WEIR_HPA_OBJECT, 5, "6000", 2000, 0.1, 0.1, 3, 1200},
    {"A12 Object, within 10%", WEIR_HPA_OBJECT, 4, "20166", 5000, 0.1, 0.1, 4, 5042},
    {"A13 Object, tol up .01", WEIR_HPA_OBJECT, 4, "20208", 5000, 0.1, 0.01, 5, 5052},
    {"A14 Object, status 0", WEIR_HPA_OBJECT, 0, "20000", 5000, 0.1, 0.1, 4, INT64_MIN},
    {"A15 Object, status 0, metric 0", WEIR_HPA_OBJECT, 0, "0", 5000, 0.1, 0.1, 0, INT64_MIN},
    {"A16 External, (controller test)", WEIR_HPA_EXTERNAL, 3, "8600", 2222, 0.1, 0.1, 4, 2867},
    {"A17 External, (controller test)", WEIR_HPA_EXTERNAL, 5, "8600", 3000, 0.1, 0.1, 3, 1720},
    {"A18 Object, (controller test)", WEIR_HPA_OBJECT, 3, "40000", 10000, 0.1, 0.1, 4, 13334},
    {"A19 Object, (controller test)", WEIR_HPA_OBJECT, 5, "60000", 20000, 0.1, 0.1, 3, 12000},
    {"A20 Object, (controller test) within", WEIR_HPA_OBJECT, 4, "8600", 2200, 0.1, 0.1, 4, 2150},
    {"A20 External, (controller test) within", WEIR_HPA_EXTERNAL, 4, "8600", 2200, 0.1, 0.1, 4,
     2150},
};

static void values_per_pod_as_upstream(void **state)
{
    const struct per_pod *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, row->down, row->up);
    add_metric(&config, row->source, WEIR_HPA_AVERAGE_VALUE, row->target, "queue");
    world_begin(&w, 0, row->existing, "");
    world_values(&w, row->values);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.replicas, row->replicas);
    assert_true(p.usage == row->usage);
}

/* ---- groups of pods ------------------------------------------------------------------------- */

#define S(seconds) (HPA_NOW + (seconds)*WEIR_SECOND)
#define NEVER      WEIR_TIME_NONE

/* Times in seconds from now; a sample of window 0 is none. */
struct group {
    const char *name;
    const char *resource;
    weir_pod pod;
    weir_time sampled;
    int64_t window;
    char group; /* r ready, u unready, m missing, i ignored */
};

static const struct group groups[] = {
    {"memory looks at no condition",
     "memory",
     {NEVER, NEVER, WEIR_READY_NONE, 0, 0, 0},
     S(0),
     60,
     'r'},
    {"no condition", "cpu", {S(0), NEVER, WEIR_READY_NONE, 0, 0, 0}, S(0), 60, 'u'},
    {"no start", "cpu", {NEVER, S(-60), WEIR_READY_TRUE, 0, 0, 0}, S(0), 60, 'u'},
    {"a window of being ready", "cpu", {S(-60), S(-30), WEIR_READY_TRUE, 0, 0, 0}, S(0), 30, 'r'},
    {"less than a window of it", "cpu", {S(-60), S(-30), WEIR_READY_TRUE, 0, 0, 0}, S(0), 60, 'u'},
    {"never ready", "cpu", {S(-600), S(-594), WEIR_READY_FALSE, 0, 0, 0}, S(0), 60, 'u'},
    {"a window in the past", "cpu", {S(-180), S(-180), WEIR_READY_TRUE, 0, 0, 0}, S(-120), 60, 'r'},
    {"ready once", "cpu", {S(-600), S(-540), WEIR_READY_FALSE, 0, 0, 0}, S(0), 60, 'r'},
    {"exactly at the delay", "cpu", {S(-600), S(-590), WEIR_READY_FALSE, 0, 0, 0}, S(0), 60, 'r'},
    {"exactly initialized", "cpu", {S(-120), S(-100), WEIR_READY_FALSE, 0, 0, 0}, S(0), 60, 'r'},
    {"one ns before", "cpu", {S(-120) + 1, S(-100), WEIR_READY_FALSE, 0, 0, 0}, S(0), 60, 'u'},
    {"unknown is not false", "cpu", {S(-600), S(-594), WEIR_READY_UNKNOWN, 0, 0, 0}, S(0), 60, 'r'},
    {"no sample", "cpu", {S(-180), NEVER, WEIR_READY_NONE, 0, 0, 0}, 0, 0, 'm'},
    {"pending", "cpu", {NEVER, NEVER, WEIR_READY_NONE, 0, WEIR_PHASE_PENDING, 0}, 0, 0, 'u'},
    {"pending with a sample", "memory", {S(-9), S(-9), 1, 0, WEIR_PHASE_PENDING, 0}, S(0), 9, 'u'},
    {"deleted and pending", "cpu", {NEVER, NEVER, 3, 1, WEIR_PHASE_PENDING, 0}, S(0), 60, 'i'},
    {"failed", "cpu", {S(-600), S(-500), 1, 0, WEIR_PHASE_FAILED, 0}, S(0), 60, 'i'},
    {"succeeded counts as running",
     "cpu",
     {S(-600), S(-500), 1, 0, WEIR_PHASE_SUCCEEDED, 0},
     S(0),
     60,
     'r'},
    {"no phase", "cpu", {S(-600), S(-500), 1, 0, WEIR_PHASE_UNKNOWN, 0}, S(0), 60, 'r'},
};

static void pods_are_grouped(void **state)
{
    const struct group *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, 0.1, 0.1);
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_AVERAGE_VALUE, 1000, row->resource);
    world_begin(&w, 1, 1, "R");
    world_samples(&w, row->window > 0 ? "500" : "-", "", row->sampled);
    w.pods[0] = row->pod;
    w.samples[0].window = row->window * WEIR_SECOND;
    propose(&config, &w, &p);
    assert_int_equal(p.ready, row->group == 'r');
    assert_int_equal(p.unready, row->group == 'u');
    assert_int_equal(p.missing, row->group == 'm');
    assert_int_equal(p.ignored, row->group == 'i');
}

static void says_when_a_pod_begins_to_count(void **state)
{
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    (void)state;
    configure(&config, 0.1, 0.1);
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_AVERAGE_VALUE, 1000, "cpu");
    world_begin(&w, 3, 3, "RHh");
    w.pods[2].started -= 7 * WEIR_SECOND;
    world_samples(&w, "500,500,500", "", HPA_NOW);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.unready, 2);
    assert_true(p.next == HPA_NOW + 113 * WEIR_SECOND);
}

static void unready_and_missing_pods_are_reasons(void **state)
{
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    (void)state;
    configure(&config, 0.1, 0.1);
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_AVERAGE_VALUE, 1000, "cpu");
    world_begin(&w, 4, 4, "RRRR"); /* 2 of 4 missing: from 1.2 down to 0.6 of the target */
    world_samples(&w, "1200,1200", "", HPA_NOW);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.rule, WEIR_RULE_HPA_DIRECTION);
    assert_int_equal(p.replicas, 4);
    assert_true(p.ratio == 1.2 && p.filled_ratio == 0.6);
    world_begin(&w, 2, 2, "RRR"); /* a third pod, missing: it would not shrink but grow */
    world_samples(&w, "700,700", "", HPA_NOW);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.rule, WEIR_RULE_HPA_SIZE);
    assert_int_equal(p.replicas, 2);
}

/* ---- failures ------------------------------------------------------------------------------- */

struct failure {
    const char *name;
    int32_t source, target_type;
    const char *pods, *samples, *requests;
    int32_t rule;
};

static const struct failure failures[] = {
    {"no pods", WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, "", "", "", WEIR_RULE_HPA_NO_PODS},
    {"pods pending", WEIR_HPA_PODS, WEIR_HPA_AVERAGE_VALUE, "pp", "1,1", "",
     WEIR_RULE_HPA_NO_SAMPLES},
    {"a dead pod requests nothing", WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, "Rf", "500,500",
     "1000,-", WEIR_RULE_HPA_NO_REQUEST},
    {"requests add up to nothing", WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, "RR", "500,500", "0,0",
     WEIR_RULE_HPA_NO_REQUEST},
    {"no target", WEIR_HPA_RESOURCE, WEIR_HPA_TARGET_NONE, "R", "500", "1000",
     WEIR_RULE_HPA_NO_TARGET},
    {"unknown type", WEIR_HPA_SOURCE_UNKNOWN, WEIR_HPA_TARGET_NONE, "R", "500", "1000",
     WEIR_RULE_HPA_NO_TARGET},
};

static void failures_have_reasons(void **state)
{
    const struct failure *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, 0.1, 0.1);
    add_metric(&config, row->source, row->target_type, 50, "cpu");
    world_begin(&w, 2, 2, row->pods);
    world_samples(&w, row->samples, row->requests, HPA_PAST);
    assert_int_equal(propose(&config, &w, &p), WEIR_NO_DATA);
    assert_int_equal(p.rule, row->rule);
    assert_int_equal(p.replicas, 0);
    w.readings[0].status = WEIR_E_IO;
    assert_int_equal(propose(&config, &w, &p), WEIR_NO_DATA);
    assert_int_equal(p.rule,
                     row->rule == WEIR_RULE_HPA_NO_TARGET ? row->rule : WEIR_RULE_HPA_NO_SOURCE);
}

static void inputs_must_fit_together(void **state)
{
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    (void)state;
    configure(&config, 0.1, 0.1);
    add_metric(&config, WEIR_HPA_OBJECT, WEIR_HPA_VALUE, 1000, "queue");
    world_begin(&w, 1, 1, "R");
    world_values(&w, "1,2");
    assert_int_equal(propose(&config, &w, &p), WEIR_E_RANGE); /* an object has one value */
    w.readings[0].count = 1;
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    w.readings[0].first = 2;
    assert_int_equal(propose(&config, &w, &p), WEIR_E_RANGE);
    w.readings[0].first = UINT32_MAX;
    w.readings[0].count = 2;
    assert_int_equal(propose(&config, &w, &p), WEIR_E_RANGE);
    config.metrics[0].source = WEIR_HPA_PODS;
    w.readings[0].first = w.readings[0].count = 0; /* fewer samples than pods */
    assert_int_equal(propose(&config, &w, &p), WEIR_E_RANGE);
    w.input.pods = NULL;
    assert_int_equal(propose(&config, &w, &p), WEIR_E_ARG);
    w.input.struct_size = 4;
    assert_int_equal(propose(&config, &w, &p), WEIR_E_STRUCT);
    assert_int_equal(weir_hpa_propose(&config, 0, NULL, HPA_NOW, &p), WEIR_E_ARG);
    world_begin(&w, 1, 1, "R");
    assert_int_equal(weir_hpa_propose(&config, 1, &w.input, HPA_NOW, &p), WEIR_E_RANGE);
    assert_int_equal(weir_hpa_propose(&config, 0, &w.input, HPA_NOW, &p), WEIR_E_RANGE);
}

/* ---- overflow ------------------------------------------------------------------------------- */

static void sums_wrap_as_upstream(void **state)
{
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    (void)state;
    configure(&config, 0.1, 0.1);
    add_metric(&config, WEIR_HPA_RESOURCE, WEIR_HPA_UTILIZATION, 50, "memory");
    world_begin(&w, 2, 2, "RR"); /* usage x 100 leaves int64: the percentage wraps */
    world_samples(&w, "92233720368547758,92233720368547759", "2x1000", HPA_PAST);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.utilization, 0);
    world_begin(&w, 1, 1, "R"); /* INT64_MIN / -1 is INT64_MIN, of whose low half nothing is left */
    world_samples(&w, "0", "0", HPA_PAST);
    w.samples[0].value = INT64_MIN;
    w.samples[0].request = -1;
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.utilization, 0);
}

struct conversion {
    const char *name;
    int32_t conversion, replicas;
    int64_t usage;
};

static const struct conversion conversions[] = {
    {"saturate", WEIR_CONVERT_SATURATE, INT32_MAX, INT64_MAX},
    {"amd64", WEIR_CONVERT_AMD64, INT32_MIN, INT64_MIN},
};

static void conversions_follow_the_switch(void **state)
{
    const struct conversion *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, 0.1, 0.1);
    config.conversion = row->conversion;
    add_metric(&config, WEIR_HPA_OBJECT, WEIR_HPA_AVERAGE_VALUE, 1, "queue");
    world_begin(&w, 1, 0, ""); /* no pod exists: the value per pod is infinite */
    world_values(&w, "3000000000");
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.replicas, row->replicas);
    assert_true(p.usage == row->usage);
}

/* ---- tolerance ------------------------------------------------------------------------------ */

struct edge {
    const char *name;
    double down, up;
    const char *value; /* of a target of 1000, with 10 pods */
    int32_t semantics;
    int32_t replicas;
};

static const struct edge edges[] = {
    {"exactly 1.1 holds", 0.1, 0.1, "1100", WEIR_HPA_1_37, 10},
    {"a milli more does not", 0.1, 0.1, "1101", WEIR_HPA_1_37, 12},
    {"exactly 0.9 holds", 0.1, 0.1, "900", WEIR_HPA_1_37, 10},
    {"before 1.33 exactly 1.1 did not", 0.1, 0.1, "1100", WEIR_HPA_1_32, 11},
    {"before 1.33 exactly 0.9 did", 0.1, 0.1, "900", WEIR_HPA_1_32, 10},
    {"1.36 is outside of 0.36", 0.1, 0.36, "1360", WEIR_HPA_1_37, 14},
    {"one direction", 0.5, 0.01, "600", WEIR_HPA_1_37, 10},
    {"the other", 0.5, 0.01, "1020", WEIR_HPA_1_37, 11},
    {"no tolerance", 0, 0, "1001", WEIR_HPA_1_37, 11},
    {"before 1.33 there was one for both", 0.5, 0.01, "600", WEIR_HPA_1_32, 6},
    {"in 1.34 the gate is off", 0.5, 0.01, "600", WEIR_HPA_1_34, 6},
    {"in 1.35 it is on", 0.5, 0.01, "600", WEIR_HPA_1_35, 10},
};

static void tolerance_has_exact_edges(void **state)
{
    const struct edge *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, row->down, row->up);
    config.semantics = row->semantics;
    add_metric(&config, WEIR_HPA_OBJECT, WEIR_HPA_VALUE, 1000, "load");
    world_begin(&w, 10, 10, "RRRRRRRRRR");
    world_values(&w, row->value);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.replicas, row->replicas);
    assert_int_equal(p.rule, row->replicas == 10 ? WEIR_RULE_HPA_TOLERANCE : WEIR_RULE_HPA_METRIC);
}

/* ---- releases ------------------------------------------------------------------------------- */

struct release {
    const char *name;
    int32_t source, target_type;
    int64_t target;
    const char *values;
    int32_t semantics;
    int32_t replicas;
};

static const struct release releases[] = {
    {"a negative external sum is an overflow", WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 1000,
     "-3,10", WEIR_HPA_1_34, INT32_MAX},
    {"in 1.33 it was a sum", WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 1, "-3,10", WEIR_HPA_1_33,
     7},
    {"a large proposal", WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 1, "3000000000", WEIR_HPA_1_34,
     INT32_MAX},
    {"in 1.33 it wrapped", WEIR_HPA_EXTERNAL, WEIR_HPA_AVERAGE_VALUE, 1, "3000000000",
     WEIR_HPA_1_33, INT32_MIN},
    {"a large value", WEIR_HPA_EXTERNAL, WEIR_HPA_VALUE, 1, "3000000000", WEIR_HPA_1_35, INT32_MAX},
    {"in 1.34 it wrapped", WEIR_HPA_EXTERNAL, WEIR_HPA_VALUE, 1, "3000000000", WEIR_HPA_1_34,
     INT32_MIN},
    {"an object's likewise", WEIR_HPA_OBJECT, WEIR_HPA_VALUE, 1, "3000000000", WEIR_HPA_1_34,
     INT32_MIN},
    {"a sum of values", WEIR_HPA_EXTERNAL, WEIR_HPA_VALUE, 4611686018427387904,
     "4611686018427387904,4611686018427387904", WEIR_HPA_1_35, 2},
    {"in 1.34 the sum wrapped", WEIR_HPA_EXTERNAL, WEIR_HPA_VALUE, 4611686018427387904,
     "4611686018427387904,4611686018427387904", WEIR_HPA_1_34, -2},
};

static void releases_differ(void **state)
{
    const struct release *row = *state;
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    configure(&config, 0.1, 0.1);
    config.semantics = row->semantics;
    add_metric(&config, row->source, row->target_type, row->target, "load");
    world_begin(&w, 1, 1, "R");
    world_values(&w, row->values);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.replicas, row->replicas);
}

static void a_pod_without_the_container_once_failed_the_metric(void **state)
{
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    (void)state;
    configure(&config, 0.1, 0.1);
    add_metric(&config, WEIR_HPA_CONTAINER_RESOURCE, WEIR_HPA_UTILIZATION, 50, "cpu");
    world_begin(&w, 2, 2, "RR");
    world_samples(&w, "100,-", "2x1000", HPA_PAST);
    w.samples[1].present = WEIR_SAMPLE_NO_CONTAINER;
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_int_equal(p.missing, 1);
    config.semantics = WEIR_HPA_1_33;
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    config.semantics = WEIR_HPA_1_32;
    assert_int_equal(propose(&config, &w, &p), WEIR_NO_DATA);
    assert_int_equal(p.rule, WEIR_RULE_HPA_NO_SOURCE);
}

static void a_missing_pod_exactly_at_target(void **state)
{
    weir_hpa_config config;
    struct hpa_world w;
    weir_hpa_proposal p;

    (void)state;
    configure(&config, 0.1, 0.1);
    add_metric(&config, WEIR_HPA_PODS, WEIR_HPA_AVERAGE_VALUE, 1000, "qps");
    world_begin(&w, 2, 2, "RRR");
    world_samples(&w, "1000,1000,-", "", HPA_PAST);
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_true(p.filled_ratio == 1.0); /* adds nothing */
    config.semantics = WEIR_HPA_1_27;
    assert_int_equal(propose(&config, &w, &p), WEIR_OK);
    assert_true(p.filled_ratio == 0.666); /* counted as idle */
}

/* ---- requests ------------------------------------------------------------------------------- */

/* Containers: "m100 m- s50 i20", with * after the one that is named. */
struct request {
    const char *name;
    const char *containers;
    int32_t one, pod_level, semantics;
    int64_t pod, overhead, request;
};

#define NONE WEIR_HPA_NO_REQUEST

static const struct request requests[] = {
    {"two containers", "m100 m50", 0, 0, 0, NONE, NONE, 150},
    {"pod level wins", "m100 m50", 0, 1, 0, 800, NONE, 800},
    {"one without", "m- m50", 0, 0, 0, NONE, NONE, NONE},
    {"one without, pod level", "m- m50", 0, 1, 0, 800, NONE, 800},
    {"one container", "m100* m50", 1, 0, 0, NONE, NONE, 100},
    {"one container in spite of pod level", "m100* m50", 1, 1, 0, 800, NONE, 100},
    {"a sidecar counts, an init container does not", "m100 i20 s50", 0, 0, 0, NONE, NONE, 150},
    {"before 1.29 sidecars did not", "m100 i20 s50", 0, 0, WEIR_HPA_1_28, NONE, NONE, 100},
    {"no such container", "m100", 1, 0, 0, NONE, NONE, NONE},
    {"before 1.35 it requested nothing", "m100", 1, 0, WEIR_HPA_1_34, NONE, NONE, 0},
    {"no containers", "", 0, 0, 0, NONE, NONE, 0},
    {"pod level for another resource", "m100 m-", 0, 1, 0, NONE, NONE, 100},
    {"with overhead", "m100", 0, 1, 0, 800, 10, 810},
    {"overhead alone", "m-", 0, 1, 0, NONE, 10, 10},
    {"nothing anywhere", "m- i-", 0, 1, 0, NONE, NONE, NONE},
    {"the peak of an init container", "m100 i300", 0, 1, 0, NONE, NONE, 300},
    {"beside the sidecars before it", "m100 s50 i300 s20", 0, 1, 0, NONE, NONE, 350},
    {"the sum is more", "m100 s50 i40 s20", 0, 1, 0, NONE, NONE, 170},
};

static void requests_as_upstream(void **state)
{
    const struct request *row = *state;
    weir_hpa_container containers[8];
    weir_hpa_requests r;
    const char *at = row->containers;

    memset(containers, 0, sizeof containers);
    memset(&r, 0, sizeof r);
    while (*at != '\0') {
        weir_hpa_container *c = &containers[r.container_count++];
        char *end;

        c->kind = *at == 'm'   ? WEIR_CONTAINER_MAIN
                  : *at == 'i' ? WEIR_CONTAINER_INIT
                               : WEIR_CONTAINER_SIDECAR;
        c->request = strtoll(at + 1, &end, 10);
        if (at[1] == '-') {
            c->request = NONE;
            end = strchr(at, '-') + 1;
        }
        c->named = *end == '*';
        at = end + (*end == '*');
        at += *at == ' ';
    }
    r.containers = containers;
    r.one_container = row->one;
    r.pod_level = row->pod_level;
    r.semantics = row->semantics;
    r.pod_request = row->pod;
    r.overhead = row->overhead;
    assert_true(weir_hpa_pod_request(&r) == row->request);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, utilization_as_upstream, utilizations);
    SUITE_TABLE(&suite, averages_as_upstream, averages);
    SUITE_TABLE(&suite, values_as_upstream, values);
    SUITE_TABLE(&suite, values_per_pod_as_upstream, per_pods);
    SUITE_TABLE(&suite, pods_are_grouped, groups);
    SUITE_TEST(&suite, says_when_a_pod_begins_to_count);
    SUITE_TEST(&suite, unready_and_missing_pods_are_reasons);
    SUITE_TABLE(&suite, failures_have_reasons, failures);
    SUITE_TEST(&suite, inputs_must_fit_together);
    SUITE_TEST(&suite, sums_wrap_as_upstream);
    SUITE_TABLE(&suite, conversions_follow_the_switch, conversions);
    SUITE_TABLE(&suite, tolerance_has_exact_edges, edges);
    SUITE_TABLE(&suite, releases_differ, releases);
    SUITE_TEST(&suite, a_pod_without_the_container_once_failed_the_metric);
    SUITE_TEST(&suite, a_missing_pod_exactly_at_target);
    SUITE_TABLE(&suite, requests_as_upstream, requests);
    return suite_run(&suite, "hpa_rule");
}
