/*
 * replay/traffic.c - a request arrives at the activator or at the pods, waits for a place, runs,
 * and is answered; every second both report as the real ones do.
 *
 * The activator is in the way in Proxy mode and when there are no ready pods. What it holds counts
 * in its own report only, also while it runs in a pod: pods report such a request as proxied, and
 * the collector takes it off.
 *
 * Waiting times are counted in buckets of an eighth of an octave, from a microsecond on.
 */
#include "replay/traffic.h"
#include "base/num.h"

#define REPORT_PERIOD WEIR_SECOND

static struct weir__running *heap_of(void *memory)
{
    return memory;
}

static struct weir__waiting *ring_of(const struct weir__traffic *t, void *memory)
{
    return (struct weir__waiting *)(void *)(heap_of(memory) + t->max);
}

size_t weir__traffic_bytes(int64_t max)
{
    return (size_t)max * (sizeof(struct weir__running) + sizeof(struct weir__waiting));
}

void weir__traffic_begin(struct weir__traffic *t, int64_t max, int64_t each, weir_time now,
                         int64_t ready)
{
    memset(t, 0, sizeof *t);
    t->max = max;
    t->each = each;
    t->ready = ready;
    t->proxied = 1;
    t->now = now;
    t->origin = now;
    t->next_report = WEIR_TIME_NEVER;
    t->first_at = WEIR_TIME_NONE;
    t->workers_until = WEIR_TIME_NONE;
    weir_kpa_requests_init(&t->pods, sizeof t->pods, now);
    weir_kpa_activator_init(&t->activator, sizeof t->activator);
}

/* ---- the heap of ends ----------------------------------------------------------------------- */

static void heap_push(struct weir__running *heap, int64_t *count, struct weir__running item)
{
    int64_t i = (*count)++;

    while (i > 0 && heap[(i - 1) / 2].end > item.end) {
        heap[i] = heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap[i] = item;
}

static struct weir__running heap_pop(struct weir__running *heap, int64_t *count)
{
    struct weir__running top = heap[0], last = heap[--(*count)];
    int64_t i = 0, child;

    while ((child = 2 * i + 1) < *count) {
        child += child + 1 < *count && heap[child + 1].end < heap[child].end;
        if (last.end <= heap[child].end) {
            break;
        }
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = last;
    return top;
}

/* ---- waiting -------------------------------------------------------------------------------- */

int32_t weir_waits_bucket(weir_duration wait)
{
    uint64_t us = wait > 0 ? (uint64_t)wait / 1000 : 0;
    int32_t octave = 3, bucket;

    if (wait <= 0) {
        return 0;
    }
    if (us < 8) {
        return 1 + (int32_t)us;
    }
    while (us >> (octave + 1) != 0) {
        octave++;
    }
    bucket = 1 + (octave - 2) * 8 + (int32_t)(us >> (octave - 3) & 7);
    return bucket < WEIR_WAITS_BUCKETS ? bucket : WEIR_WAITS_BUCKETS - 1;
}

weir_duration weir_waits_bound(int32_t bucket)
{
    int32_t octave = (bucket - 1) / 8 + 2;
    int64_t eighth = (bucket - 1) % 8;

    if (bucket <= 0) {
        return 0;
    }
    if (bucket >= WEIR_WAITS_BUCKETS) {
        return WEIR_TIME_NEVER;
    }
    return bucket <= 8 ? bucket * INT64_C(1000) : ((9 + eighth) << (octave - 3)) * 1000;
}

/* Somebody is there to report from now on. */
static void wake(struct weir__traffic *t)
{
    if (t->next_report == WEIR_TIME_NEVER) {
        weir_duration into = weir__sub(t->now, t->origin) % REPORT_PERIOD;

        t->next_report = weir__add(t->now, REPORT_PERIOD - into);
    }
}

static int has_room(const struct weir__traffic *t)
{
    return t->ready > 0 && (t->each == 0 || t->running < t->ready * t->each);
}

static void run(struct weir__traffic *t, void *memory, const struct weir__waiting *request)
{
    weir_duration wait = weir__sub(t->now, request->arrival);

    if (request->proxied) {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_PROXIED_IN, t->now);
    }
    heap_push(heap_of(memory), &t->running,
              (struct weir__running){weir__add(t->now, request->duration), request->proxied});
    t->waits[weir_waits_bucket(wait)]++;
    t->held += wait > 0;
    t->waited += weir__seconds(wait);
    t->longest = wait > t->longest ? wait : t->longest;
}

/* Lets those run for whom there is room, in the order in which they came. */
static void dispatch(struct weir__traffic *t, void *memory)
{
    while (t->waiting > 0 && has_room(t)) {
        struct weir__waiting request = ring_of(t, memory)[t->waiting_first];

        t->waiting_first = t->waiting_first + 1 < t->max ? t->waiting_first + 1 : 0;
        t->waiting--;
        run(t, memory, &request);
    }
}

static void to_activator(struct weir__traffic *t, int32_t event)
{
    weir_kpa_stat stat;

    if (weir_kpa_activator_event(&t->activator, event, t->now, &stat) == WEIR_OK) {
        t->first = stat;
        t->first_at = t->now;
    }
}

weir_status weir__traffic_arrive(struct weir__traffic *t, void *memory, weir_duration duration)
{
    struct weir__waiting request = {t->now, duration, t->proxied || t->ready == 0};
    int64_t place;

    if (t->running + t->waiting >= t->max) {
        return WEIR_E_LIMIT;
    }
    if (request.proxied) {
        to_activator(t, WEIR_KPA_REQUEST_IN);
    } else {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_IN, t->now);
    }
    t->any = 1;
    wake(t);
    if (t->waiting == 0 && has_room(t)) {
        run(t, memory, &request);
        return WEIR_OK;
    }
    place = t->waiting_first + t->waiting;
    ring_of(t, memory)[place < t->max ? place : place - t->max] = request;
    t->waiting++;
    return WEIR_OK;
}

/* ---- time ----------------------------------------------------------------------------------- */

static weir_status answer(struct weir__traffic *t, void *memory)
{
    struct weir__running request = heap_pop(heap_of(memory), &t->running);

    t->now = request.end > t->now ? request.end : t->now;
    if (request.proxied) {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_PROXIED_OUT, t->now);
        to_activator(t, WEIR_KPA_REQUEST_OUT);
    } else {
        weir_kpa_requests_event(&t->pods, WEIR_KPA_REQUEST_OUT, t->now);
    }
    t->completed++;
    dispatch(t, memory);
    return t->now < t->workers_until ? weir__traffic_arrive(t, memory, t->service_time) : WEIR_OK;
}

weir_status weir__traffic_advance(struct weir__traffic *t, void *memory, weir_time now)
{
    weir_status status = WEIR_OK;

    while (status == WEIR_OK && t->running > 0 && heap_of(memory)[0].end <= now) {
        status = answer(t, memory);
    }
    t->now = now > t->now ? now : t->now;
    return status;
}

void weir__traffic_pods(struct weir__traffic *t, void *memory, int64_t ready, int proxied)
{
    weir_kpa_stat old;

    if (t->ready == 0 && ready > 0) { /* new pods know nothing of before */
        weir_kpa_requests_report(&t->pods, t->now, &old);
    }
    t->ready = ready;
    t->proxied = proxied;
    if (t->any && ready > 0) {
        wake(t);
    }
    dispatch(t, memory);
}

int weir__traffic_report(struct weir__traffic *t, weir_kpa_stat stats[2])
{
    weir_kpa_stat pods;
    int count = 0;

    weir_kpa_requests_report(&t->pods, t->now, &pods);
    if (t->ready > 0) {
        stats[count++] = pods;
    }
    count += weir_kpa_activator_report(&t->activator, t->now, &stats[count]) == WEIR_OK;
    t->next_report = t->ready > 0 || t->activator.known ? weir__add(t->next_report, REPORT_PERIOD)
                                                        : WEIR_TIME_NEVER;
    return count;
}
