/*
 * window/bucket_window.c - bucketed averages over a sliding window of time.
 *
 * A sample at time t goes into bucket floor(t / granularity); a ring holds one bucket per granule.
 *   linear   (sum of the buckets in use) / (their number), rounded to six decimals
 *   weighted sum of bucket[i] * c * (1 - c)^i, newest first, c = max(1 - 0.0001^(1/n), 0.2)
 * The sum is a running total: values are added when recorded and subtracted when they expire, in
 * upstream's order, because that order decides the last bits.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/aggregation/bucketing.go.
 */
#include "window/bucket_window.h"

/* Years 1 to 1970, the offset of Go's zero time, from which Truncate counts. */
#define YEAR_ONE_SECONDS INT64_C(62135596800)

/* A bucket count that keeps the size of a block far from overflow: 34 years of seconds. */
#define BUCKETS_MAX (INT64_C(1) << 30)

#define ROW(m) WEIR__MEMBER(weir_window_config, m), WEIR__NO_KEYS
static const weir_field fields[] = {
    {ROW(algorithm), .unit = "", .values = "linear|weighted-exponential", .type = WEIR_FIELD_ENUM,
     .imax = 1, .doc = "How the buckets are averaged."},
    {ROW(window), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = INT64_C(1) << 60,
     .idefault = 60 * WEIR_SECOND, .doc = "Length of the window, rounded up to whole buckets."},
    {ROW(granularity), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imin = 1,
     .imax = INT64_C(1) << 60, .idefault = WEIR_SECOND, .doc = "Width of a bucket."},
    {ROW(reserve), .unit = "s", .values = "", .type = WEIR_FIELD_DURATION, .imax = INT64_C(1) << 60,
     .doc = "Longest window that a later resize may ask for; 0 is the window itself."},
    {ROW(lanes), .unit = "", .values = "", .type = WEIR_FIELD_INT, .imin = 1,
     .imax = WEIR_WINDOW_LANES_MAX, .idefault = 1,
     .doc = "Series that are recorded at the same times."},
    {ROW(semantics), .unit = "", .values = "serving 0.51|serving 0.42", .type = WEIR_FIELD_ENUM,
     .imax = 1, .doc = "Release of Knative serving whose arithmetic is used."},
};
#undef ROW

const struct weir__table weir__window_table = WEIR__TABLE(weir_window_config, fields);

/* 1 - 0.0001^(1/n) for n = 1 ... 41 as Go's math.Pow gives it on amd64 with FMA; from 42 on it is
 * below the floor of 0.2. A table, because exp and log differ between C libraries. */
static const uint64_t coefficients[41] = {
    UINT64_C(0x3fefff2e48e8a71e), UINT64_C(0x3fefae147ae147ae), UINT64_C(0x3fee83c2d3b29c00),
    UINT64_C(0x3feccccccccccccd), UINT64_C(0x3feaeda7cea25322), UINT64_C(0x3fe91b164c4fd313),
    UINT64_C(0x3fe76a55ea2d4d4e), UINT64_C(0x3fe5e1764edbdb78), UINT64_C(0x3fe47ff2a61354f0),
    UINT64_C(0x3fe342b4c0456da6), UINT64_C(0x3fe225e0f651c875), UINT64_C(0x3fe1259c44fa1806),
    UINT64_C(0x3fe03e5af817ed46), UINT64_C(0x3fded9f2dd0e590e), UINT64_C(0x3fdd5d7a7d79085a),
    UINT64_C(0x3fdc029987c78fc4), UINT64_C(0x3fdac5470e8ff2d6), UINT64_C(0x3fd9a20ccf9a6fc0),
    UINT64_C(0x3fd895f1628af6c4), UINT64_C(0x3fd79e6516125710), UINT64_C(0x3fd6b931928b3ae0),
    UINT64_C(0x3fd5e46c0b493610), UINT64_C(0x3fd51e69ace24b40), UINT64_C(0x3fd465b5f317ccee),
    UINT64_C(0x3fd3b90a9762c476), UINT64_C(0x3fd31748d3187e76), UINT64_C(0x3fd27f73ba9a9826),
    UINT64_C(0x3fd1f0ab80c3dbfc), UINT64_C(0x3fd16a297a466490), UINT64_C(0x3fd0eb3cbfe2917e),
    UINT64_C(0x3fd0734754586290), UINT64_C(0x3fd001bbb7dd44cc), UINT64_C(0x3fcf2c35adc3c7c0),
    UINT64_C(0x3fce5fe48a6c07a8), UINT64_C(0x3fcd9db5727d3cc8), UINT64_C(0x3fcce4ed7a33b780),
    UINT64_C(0x3fcc34e31a9a8300), UINT64_C(0x3fcb8cfc3c10b5ac), UINT64_C(0x3fcaecac826245d8),
    UINT64_C(0x3fca5373d0c8ef30), UINT64_C(0x3fc9c0dcfdbc3fbc),
};

double weir__window_coefficient(int32_t buckets)
{
    return weir__from_bits(buckets >= 1 && buckets <= 41 ? coefficients[buckets - 1]
                                                         : UINT64_C(0x3fc999999999999a));
}

/* (2^k * a) mod m without overflow, for 0 <= a < m <= 2^62. */
static int64_t double_mod(int64_t a, int32_t k, int64_t m)
{
    for (; k > 0; k--) {
        a += a;
        a = a >= m ? a - m : a;
    }
    return a;
}

/* YEAR_ONE_SECONDS * 1e9 mod granularity, by schoolbook multiplication. */
static int64_t phase_of(weir_duration granularity)
{
    int64_t phase = 0, power = WEIR_SECOND % granularity;

    for (int32_t bit = 0; bit < 36; bit++) {
        if ((YEAR_ONE_SECONDS >> bit & 1) != 0) {
            phase = (phase + power) % granularity;
        }
        power = double_mod(power, 1, granularity);
    }
    return phase;
}

/* ---- making --------------------------------------------------------------------------------- */

weir_status weir_window_config_init(weir_window_config *config, size_t struct_size)
{
    return weir__config_init(&weir__window_table, config, struct_size);
}

/* The configuration in this version's struct, checked; the longest window in *reserve. */
static weir_status take(weir_window_config *to, const weir_window_config *from,
                        weir_duration *reserve, weir_error *err)
{
    weir_status status = weir__config_take(&weir__window_table, to, from, err);

    if (status == WEIR_OK) {
        status = weir__config_check(&weir__window_table, to, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    *reserve = to->reserve > to->window ? to->reserve : to->window;
    if (weir__bucket_count(*reserve, to->granularity) > BUCKETS_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "window", "has more than 2^30 buckets");
    }
    return WEIR_OK;
}

weir_status weir_window_config_check(const weir_window_config *config, weir_error *err)
{
    weir_window_config own;
    weir_duration reserve;

    return take(&own, config, &reserve, err);
}

static size_t bytes_of(int64_t buckets, int32_t lanes)
{
    return sizeof(weir_window) + sizeof(double) * (size_t)lanes * (2 + (size_t)buckets);
}

weir_status weir_window_bytes(const weir_window_config *config, size_t *bytes, weir_error *err)
{
    weir_window_config own;
    weir_duration reserve;
    weir_status status = take(&own, config, &reserve, err);

    return status == WEIR_OK
               ? weir__give_bytes(
                     bytes, bytes_of(weir__bucket_count(reserve, own.granularity), own.lanes), err)
               : status;
}

weir_status weir_window_init(weir_window *window, size_t bytes, const weir_window_config *config,
                             weir_error *err)
{
    weir_window_config own;
    weir_duration reserve;
    weir_status status = take(&own, config, &reserve, err);
    size_t need;

    if (status != WEIR_OK) {
        return status;
    }
    need = bytes_of(weir__bucket_count(reserve, own.granularity), own.lanes);
    status = weir__block_fits(window, bytes, need, err);
    if (status != WEIR_OK) {
        return status;
    }
    memset(window, 0, need);
    weir__block_set(&window->block, WEIR_KIND_WINDOW, need);
    window->window = own.window;
    window->granularity = own.granularity;
    window->granularity_s = own.granularity / WEIR_SECOND;
    window->phase = phase_of(own.granularity);
    window->first_write = WEIR_TIME_NONE;
    window->last_write = WEIR_TIME_NONE;
    window->buckets = (int32_t)weir__bucket_count(own.window, own.granularity);
    window->capacity = (int32_t)weir__bucket_count(reserve, own.granularity);
    window->lanes = own.lanes;
    window->algorithm = own.algorithm;
    window->semantics = own.semantics;
    window->coefficient = weir__window_coefficient(window->buckets);
    window->digest = weir__config_digest(&weir__window_table, &own);
    return WEIR_OK;
}

/* ---- recording ------------------------------------------------------------------------------ */

/* `lanes` is a constant where these are used, so that their loops unroll. */
static inline void add_lanes(double *bucket, double *total, const double *values, int32_t lanes)
{
    for (int32_t lane = 0; lane < lanes; lane++) {
        bucket[lane] += values[lane];
        total[lane] += values[lane];
    }
}

static inline void expire_lanes(double *bucket, double *total, int32_t lanes)
{
    for (int32_t lane = 0; lane < lanes; lane++) {
        total[lane] -= bucket[lane];
        bucket[lane] = 0.0;
    }
}

/* Keeps each bound at least as large as what its lane's ring holds. */
static void raise_bounds(weir_window *w, const double *bucket)
{
    double *bound = weir__bounds(w);

    for (int32_t lane = 0; lane < w->lanes; lane++) {
        double a = weir__abs(bucket[lane]);

        bound[lane] =
            a > bound[lane] || a != a ? a : bound[lane]; /* NaN stays: no cut from then on */
    }
}

static void add(weir_window *w, int64_t index, const double *values)
{
    double *bucket = weir__ring(w) + (ptrdiff_t)weir__slot_of(w, index) * w->lanes;

    switch (w->lanes) {
    case 1: add_lanes(bucket, weir__totals(w), values, 1); break;
    case 2: add_lanes(bucket, weir__totals(w), values, 2); break;
    default: add_lanes(bucket, weir__totals(w), values, w->lanes); break;
    }
    if (w->algorithm == WEIR_WINDOW_WEIGHTED) {
        raise_bounds(w, bucket);
    }
}

static void empty_all(weir_window *w)
{
    memset(weir__totals(w), 0, sizeof(double) * (size_t)w->lanes * (2 + (size_t)w->buckets));
}

/* Takes the buckets after the newest one up to `index` out of the total and empties them. */
static void expire_to(weir_window *w, int64_t index)
{
    double *total = weir__totals(w), *values = weir__ring(w);
    int64_t i = w->last_index + 1;
    int32_t slot = weir__slot_of(w, i), lanes = w->lanes;

    for (; i <= index; i++) {
        double *bucket = values + (ptrdiff_t)slot * lanes;

        if (lanes == 2) {
            expire_lanes(bucket, total, 2);
        } else {
            expire_lanes(bucket, total, lanes);
        }
        slot = slot + 1 < w->buckets ? slot + 1 : 0;
    }
}

/* Moves the window on to a bucket that is newer than all before it. */
static void advance(weir_window *w, struct weir__bucket b, weir_duration gap)
{
    int64_t newest;

    if (gap >= w->window) {
        w->first_write = b.start;
        empty_all(w);
    } else {
        expire_to(w, b.index);
    }
    newest = w->granularity == WEIR_SECOND ? b.index : weir__bucket_of(w, b.start).index;
    w->last_slot = weir__slot_of(w, newest);
    w->last_index = newest;
    w->last_write = b.start;
}

/* The common case, by itself because it is all that a fleet does all day: one-second buckets, and a
 * record in the newest bucket or the one after it. 0 when it is another case. */
static inline int record_in_sequence(weir_window *w, weir_time at, const double *values)
{
    double *total = weir__totals(w), *bucket;
    int64_t index, ahead;
    int32_t slot, lanes = w->lanes;

    if (w->granularity != WEIR_SECOND || at < 0 || w->buckets < 2 ||
        w->first_write == WEIR_TIME_NONE || w->algorithm != WEIR_WINDOW_LINEAR) {
        return 0;
    }
    index = (int64_t)((uint64_t)at / (uint64_t)WEIR_SECOND);
    ahead = index - w->last_index;
    if (ahead != 0 && ahead != 1) {
        return 0;
    }
    slot = w->last_slot + (int32_t)ahead;
    slot = slot < w->buckets ? slot : 0;
    bucket = weir__ring(w) + (ptrdiff_t)slot * lanes;
    if (ahead == 1) {
        if (lanes == 2) {
            expire_lanes(bucket, total, 2);
        } else {
            expire_lanes(bucket, total, lanes);
        }
        w->last_index = index;
        w->last_slot = slot;
        w->last_write += WEIR_SECOND;
    }
    if (lanes == 2) {
        add_lanes(bucket, total, values, 2);
    } else {
        add_lanes(bucket, total, values, lanes);
    }
    return 1;
}

weir_status weir__window_would_take(const weir_window *w, weir_time at)
{
    struct weir__bucket b;
    weir_duration gap;
    int64_t from;

    if (w->buckets == 0 || w->granularity_s == 0) {
        return WEIR_E_PANIC;
    }
    b = weir__bucket_of(w, at);
    gap = weir__age(w, b.start);
    if (gap <= -w->window || (gap == 0 && b.index >= 0)) {
        return WEIR_OK;
    }
    from = gap > 0 && gap < w->window ? w->last_index + 1 : b.index;
    return weir__slots_exist(w, from < b.index ? from : b.index, b.index) ? WEIR_OK : WEIR_E_PANIC;
}

weir_status weir_window_record(weir_window *window, weir_time at, const double *values)
{
    weir_window *w = window;
    struct weir__bucket b;
    weir_duration gap;
    weir_status status;

    if (!weir__block_is(w, WEIR_KIND_WINDOW) || values == NULL) {
        return WEIR_E_ARG;
    }
    if (record_in_sequence(w, at, values)) {
        return WEIR_OK;
    }
    status = weir__window_would_take(w, at);
    if (status != WEIR_OK) {
        return status;
    }
    b = weir__bucket_of(w, at);
    gap = weir__age(w, b.start);
    if (gap <= -w->window) {
        return WEIR_OK; /* older than the window: dropped */
    }
    if (gap != 0 && (w->first_write == WEIR_TIME_NONE || w->first_write > b.start)) {
        w->first_write = b.start;
    }
    if (gap > 0) {
        advance(w, b, gap);
    }
    add(w, b.index, values);
    return WEIR_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

int32_t weir_window_empty(const weir_window *window, weir_time now)
{
    return !weir__block_is(window, WEIR_KIND_WINDOW) ||
           weir__age(window, weir__bucket_of(window, now).start) > window->window;
}

/* Six decimals: kills the drift of the running total. */
static double six_decimals(double x, int32_t semantics)
{
    double millionths = x * 1e6;

    return (semantics == WEIR_SERVING_0_42 ? weir__floor(millionths) : weir__round(millionths)) /
           1e6;
}

static weir_status linear_average(const weir_window *w, struct weir__bucket b, int32_t lane,
                                  double *average)
{
    weir_duration age = weir__age(w, b.start);
    double sum = weir__totals_of(w)[lane], written, used;
    int64_t expired = 0;

    if (age >= w->window) {
        *average = 0.0;
        return WEIR_OK;
    }
    if (age > 0) {
        int32_t slot = weir__slot_of(w, w->last_index + 1);

        expired = (w->granularity == WEIR_SECOND ? b.index : weir__bucket_of(w, b.start).index) -
                  w->last_index;
        if (!weir__slots_exist(w, w->last_index + 1, w->last_index + expired)) {
            return WEIR_E_PANIC;
        }
        for (int64_t i = 0; i < expired; i++) {
            sum -= weir__ring_of(w)[(ptrdiff_t)slot * w->lanes + lane];
            slot = slot + 1 < w->buckets ? slot + 1 : 0;
        }
    }
    written = (double)(w->first_write == WEIR_TIME_NONE
                           ? INT64_MAX / w->granularity
                           : weir__granules(w, weir__sub(w->last_write, w->first_write))) +
              1.0;
    used = (double)(w->buckets - expired);
    *average = six_decimals(sum / (written < used ? written : used), w->semantics);
    return WEIR_OK;
}

/*
 * One lane, newest bucket first. Weights only shrink, so once bound * weight is below a quarter of
 * the distance from the sum to the next double, no later bucket can change the sum: it would be
 * rounded away each time. |sum| * 2^-55 is at most that quarter.
 */
static double weigh(const weir_window *w, int32_t lane, int32_t slot, int64_t count, double weight)
{
    const double *values = weir__ring_of(w) + lane;
    double keep = 1.0 - w->coefficient, bound = weir__bounds_of(w)[lane], sum = 0.0;

    for (; count > 0; count--) {
        sum += values[(ptrdiff_t)slot * w->lanes] * weight;
        weight *= keep;
        if (bound * weight < weir__abs(sum) * 0x1p-55) {
            break;
        }
        slot = slot > 0 ? slot - 1 : w->buckets - 1;
    }
    return sum;
}

static weir_status weighted_average(const weir_window *w, weir_time start, int32_t lane,
                                    double *average)
{
    double weight = w->coefficient;
    int64_t count = w->buckets;

    *average = 0.0;
    if (weir__age(w, start) > w->window) {
        return WEIR_OK;
    }
    if (start > w->last_write) {
        int64_t passed = weir__granules(w, start - w->last_write);

        weight *= weir__powi(1.0 - w->coefficient, passed);
        count -= passed;
    }
    if (count <= 0) {
        return WEIR_OK; /* all have expired, or there is none: a window may be resized to 0 */
    }
    if (!weir__slots_exist(w, w->last_index + 1, w->last_index + w->buckets)) {
        return WEIR_E_PANIC; /* upstream walks from last + buckets down */
    }
    *average = weigh(w, lane, weir__slot_of(w, w->last_index), count, weight);
    return WEIR_OK;
}

weir_status weir__window_lane(const weir_window *window, struct weir__bucket now, int32_t lane,
                              double *average)
{
    return window->algorithm == WEIR_WINDOW_WEIGHTED
               ? weighted_average(window, now.start, lane, average)
               : linear_average(window, now, lane, average);
}

weir_status weir_window_average(const weir_window *window, weir_time now, double *averages)
{
    weir_status status = WEIR_OK;

    if (!weir__block_is(window, WEIR_KIND_WINDOW) || averages == NULL) {
        return WEIR_E_ARG;
    }
    for (int32_t lane = 0; status == WEIR_OK && lane < window->lanes; lane++) {
        status = weir__window_lane(window, weir__bucket_of(window, now), lane, &averages[lane]);
    }
    return status;
}

weir_time weir_window_next(const weir_window *window, weir_time now)
{
    if (weir_window_empty(window, now)) {
        return WEIR_TIME_NEVER;
    }
    return weir__add(weir__bucket_of(window, now).start, window->granularity);
}
