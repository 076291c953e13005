/*
 * decide/kpa_collector.c - a revision's request statistics to stable and panic averages.
 *
 * Two windows, stable and panic, each with a lane for concurrency and one for requests per second;
 * what came through the activator is taken off, because the activator reports it itself.
 *
 * Upstream: knative.dev/serving pkg/autoscaler/metrics/collector.go.
 */
#include "decide/kpa_state.h"

weir_status weir_kpa_collector_config_init(weir_kpa_collector_config *config, size_t struct_size)
{
    return weir__config_init(&weir__kpa_collector_table, config, struct_size);
}

static weir_status take(weir_kpa_collector_config *to, const weir_kpa_collector_config *from,
                        weir_error *err)
{
    weir_status status = weir__config_take(&weir__kpa_collector_table, to, from, err);

    return status == WEIR_OK ? weir__config_check(&weir__kpa_collector_table, to, err) : status;
}

weir_status weir_kpa_collector_config_check(const weir_kpa_collector_config *config,
                                            weir_error *err)
{
    weir_kpa_collector_config own;

    return take(&own, config, err);
}

static void window_config(const weir_kpa_collector_config *c, weir_duration length,
                          weir_duration reserve, weir_window_config *window)
{
    weir_window_config_init(window, sizeof *window);
    window->algorithm = c->algorithm;
    window->window = length;
    window->reserve = reserve;
    window->lanes = WEIR__LANES;
    window->semantics = c->semantics;
}

/* The configurations of both windows, and where they lie in the block. */
struct layout {
    weir_window_config stable, panic;
    size_t stable_at, panic_at, bytes;
};

static weir_status lay_out(const weir_kpa_collector_config *config, struct layout *l,
                           weir_kpa_collector_config *own, weir_error *err)
{
    size_t stable_bytes, panic_bytes;
    weir_status status = take(own, config, err);

    if (status != WEIR_OK) {
        return status;
    }
    window_config(own, own->stable_window, own->stable_reserve, &l->stable);
    window_config(own, own->panic_window, own->panic_reserve, &l->panic);
    status = weir_window_bytes(&l->stable, &stable_bytes, err);
    if (status == WEIR_OK) {
        status = weir_window_bytes(&l->panic, &panic_bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    /* The small window first: all that a second touches then lies together, but for one bucket. */
    l->panic_at = sizeof(weir_kpa_collector);
    l->stable_at = l->panic_at + panic_bytes;
    l->bytes = l->stable_at + stable_bytes;
    if (l->bytes > UINT32_MAX) {
        return weir__fail(err, WEIR_E_LIMIT, "stable_window", "is too long for one block");
    }
    return WEIR_OK;
}

weir_status weir_kpa_collector_bytes(const weir_kpa_collector_config *config, size_t *bytes,
                                     weir_error *err)
{
    weir_kpa_collector_config own;
    struct layout l;
    weir_status status = lay_out(config, &l, &own, err);

    return status == WEIR_OK ? weir__give_bytes(bytes, l.bytes, err) : status;
}

weir_status weir_kpa_collector_init(weir_kpa_collector *collector, size_t bytes,
                                    const weir_kpa_collector_config *config, weir_error *err)
{
    weir_kpa_collector_config own;
    struct layout l;
    weir_status status = lay_out(config, &l, &own, err);

    if (status == WEIR_OK) {
        status = weir__block_fits(collector, bytes, l.bytes, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    memset(collector, 0, sizeof *collector);
    weir__block_set(&collector->block, WEIR_KIND_KPA_COLLECTOR, l.bytes);
    collector->digest = weir__config_digest(&weir__kpa_collector_table, &own);
    collector->stable_at = (uint32_t)l.stable_at;
    collector->panic_at = (uint32_t)l.panic_at;
    collector->scrape_target = own.scrape_target;
    status =
        weir_window_init(weir__collector_stable(collector), l.bytes - l.stable_at, &l.stable, err);
    if (status == WEIR_OK) {
        status = weir_window_init(weir__collector_panic(collector), l.stable_at - l.panic_at,
                                  &l.panic, err);
    }
    return status;
}

weir_status weir_kpa_collector_record(weir_kpa_collector *collector, weir_time at,
                                      const weir_kpa_stat *stat)
{
    double values[WEIR__LANES];
    weir_window *stable, *panic;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR) || stat == NULL) {
        return WEIR_E_ARG;
    }
    values[WEIR__LANE_CONCURRENCY] =
        stat->average_concurrent_requests - stat->average_proxied_concurrent_requests;
    values[WEIR__LANE_RPS] = stat->request_count - stat->proxied_request_count;
    stable = weir__collector_stable(collector);
    panic = weir__collector_panic(collector);
    /* Before 1970 one window may refuse what the other takes; then neither must have it. */
    if (at < 0 || stable->last_write < 0) {
        status = weir__window_would_take(stable, at);
        if (status == WEIR_OK) {
            status = weir__window_would_take(panic, at);
        }
        if (status != WEIR_OK) {
            return status;
        }
    }
    status = weir_window_record(stable, at, values);
    return status == WEIR_OK ? weir_window_record(panic, at, values) : status;
}

weir_status weir_kpa_collector_read(const weir_kpa_collector *collector, int32_t metric,
                                    weir_time now, weir_kpa_averages *averages)
{
    int32_t lane = metric == WEIR_KPA_RPS ? WEIR__LANE_RPS : WEIR__LANE_CONCURRENCY;
    const weir_window *stable, *panic;
    struct weir__bucket bucket;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR) || averages == NULL) {
        return WEIR_E_ARG;
    }
    stable = weir__collector_stable_of(collector);
    panic = weir__collector_panic_of(collector);
    bucket = weir__bucket_of(stable, now); /* both have the same granularity */
    if (collector->scrape_target && weir__age(stable, bucket.start) > stable->window) {
        return WEIR_NO_DATA;
    }
    status = weir__window_lane(stable, bucket, lane, &averages->stable);
    return status == WEIR_OK ? weir__window_lane(panic, bucket, lane, &averages->panic) : status;
}

static int fits(const weir_window *window, weir_duration length)
{
    return weir__bucket_count(length, window->granularity) <= window->capacity;
}

weir_status weir_kpa_collector_update(weir_kpa_collector *collector,
                                      const weir_kpa_collector_config *config, weir_time now,
                                      weir_error *err)
{
    weir_kpa_collector_config own;
    weir_window *stable, *panic;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a collector");
    }
    status = take(&own, config, err);
    if (status != WEIR_OK) {
        return status;
    }
    stable = weir__collector_stable(collector);
    panic = weir__collector_panic(collector);
    if (!fits(stable, own.stable_window)) {
        return weir__fail(err, WEIR_E_SPACE, "stable_window", "is longer than stable_reserve");
    }
    if (!fits(panic, own.panic_window)) {
        return weir__fail(err, WEIR_E_SPACE, "panic_window", "is longer than panic_reserve");
    }
    weir_window_resize(stable, own.stable_window, now);
    weir_window_resize(panic, own.panic_window, now);
    collector->scrape_target = own.scrape_target;
    return WEIR_OK;
}

weir_time weir_kpa_collector_next(const weir_kpa_collector *collector, weir_time now)
{
    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return WEIR_TIME_NEVER;
    }
    /* The panic window is never the last to fall silent: both are recorded at the same times, and
     * what is empty stays 0. */
    return weir_window_next(weir__collector_stable_of(collector), now);
}

/* ---- snapshots ------------------------------------------------------------------------------ */

enum { RECORD_SCRAPE = 0x100, RECORD_STABLE = 0x110, RECORD_PANIC = 0x120 };

void weir__collector_write(const weir_kpa_collector *c, struct weir__writer *w)
{
    weir__snapshot_i64(w, RECORD_SCRAPE, c->scrape_target);
    weir__window_write(weir__collector_stable_of(c), w, RECORD_STABLE);
    weir__window_write(weir__collector_panic_of(c), w, RECORD_PANIC);
}

void weir__collector_read(const weir_kpa_collector *c, struct weir__reader *r,
                          struct weir__collector_image *image)
{
    image->scrape_target = (int32_t)weir__record_in(r, RECORD_SCRAPE, 0, 1);
    weir__window_read(weir__collector_stable_of(c), r, RECORD_STABLE, &image->stable);
    weir__window_read(weir__collector_panic_of(c), r, RECORD_PANIC, &image->panic);
}

void weir__collector_commit(weir_kpa_collector *c, const struct weir__collector_image *image)
{
    c->scrape_target = image->scrape_target;
    weir__window_commit(weir__collector_stable(c), &image->stable);
    weir__window_commit(weir__collector_panic(c), &image->panic);
}

weir_status weir_kpa_collector_save(const weir_kpa_collector *collector, uint8_t *buffer,
                                    size_t capacity, size_t *need)
{
    struct weir__writer w;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return WEIR_E_ARG;
    }
    weir__snapshot_open(&w, buffer, capacity, WEIR_KIND_KPA_COLLECTOR, collector->digest);
    weir__collector_write(collector, &w);
    return weir__snapshot_close(&w, need);
}

weir_status weir_kpa_collector_load(weir_kpa_collector *collector, const uint8_t *buffer,
                                    size_t length, weir_error *err)
{
    struct weir__collector_image image;
    struct weir__reader r;
    weir_status status;

    if (!weir__block_is(collector, WEIR_KIND_KPA_COLLECTOR)) {
        return weir__fail(err, WEIR_E_ARG, "", "this is not a collector");
    }
    status =
        weir__snapshot_read(&r, buffer, length, WEIR_KIND_KPA_COLLECTOR, collector->digest, err);
    if (status != WEIR_OK) {
        return status;
    }
    weir__collector_read(collector, &r, &image);
    status = weir__snapshot_check(&r, err);
    if (status == WEIR_OK) {
        weir__collector_commit(collector, &image);
    }
    return status;
}
