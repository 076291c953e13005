/*
 * replay/plant.c - pods over time: asked for, ready after pod_start, gone after pod_stop.
 *
 * Scaling down takes pods that are still starting first, the newest of them first, as the
 * ReplicaSet controller prefers; they are gone at once.
 */
#include "replay/plant.h"

/* Pods of the beginning are not new: they were started so long before. */
#define OLD (INT64_C(3600) * WEIR_SECOND)

int32_t weir__plant_batches(weir_duration delay)
{
    return (int32_t)(delay / WEIR_SECOND + 2);
}

size_t weir__plant_bytes(const struct weir__plant *p)
{
    size_t batches = (size_t)p->starting.capacity + (size_t)p->stopping.capacity;

    return batches * sizeof(struct weir__batch) + (size_t)p->pods_max * sizeof(weir_pod);
}

static weir_pod *single_pods(const struct weir__plant *p, struct weir__batch *memory)
{
    return (weir_pod *)(void *)(memory + p->starting.capacity + p->stopping.capacity);
}

static int32_t place_of(const struct weir__queue *q, int32_t i)
{
    int32_t place = q->first + i;

    return place < q->capacity ? place : place - q->capacity;
}

/* A full queue lets the batch join the newest one, which then comes a little later. */
static void push(struct weir__queue *q, struct weir__batch *ring, weir_time at, int64_t pods)
{
    struct weir__batch *newest;

    if (q->length == 0 || (q->length < q->capacity && ring[place_of(q, q->length - 1)].at != at)) {
        q->length++;
        ring[place_of(q, q->length - 1)].pods = 0;
    }
    newest = &ring[place_of(q, q->length - 1)];
    newest->at = at;
    newest->pods += pods;
    q->pods += pods;
}

/* Takes up to `pods` from the newest batches; gives how many were there. */
static int64_t take_newest(struct weir__queue *q, struct weir__batch *ring, int64_t pods)
{
    int64_t taken = 0;

    while (q->length > 0 && taken < pods) {
        struct weir__batch *newest = &ring[place_of(q, q->length - 1)];
        int64_t part = newest->pods < pods - taken ? newest->pods : pods - taken;

        newest->pods -= part;
        taken += part;
        q->length -= newest->pods == 0;
    }
    q->pods -= taken;
    return taken;
}

/* ---- sums ----------------------------------------------------------------------------------- */

static int64_t in_existence(const struct weir__plant *p)
{
    return p->wanted + p->stopping.pods;
}

static double pods_over(int64_t pods, const struct weir__plant *p)
{
    return (double)pods * ((double)(p->now - p->sums.since) / 1e9);
}

double weir__plant_replica_seconds(const struct weir__plant *p)
{
    return p->sums.replica_seconds + pods_over(in_existence(p), p);
}

double weir__plant_ready_seconds(const struct weir__plant *p)
{
    return p->sums.ready_seconds + pods_over(p->ready, p);
}

/* Counts the pods as they were, before something changes now. */
static void count(struct weir__plant *p)
{
    p->sums.replica_seconds = weir__plant_replica_seconds(p);
    p->sums.ready_seconds = weir__plant_ready_seconds(p);
    p->sums.since = p->now;
}

/* What is so from now on. */
static void judge(struct weir__plant *p)
{
    int64_t pods = in_existence(p);

    p->sums.peak = pods > p->sums.peak ? pods : p->sums.peak;
    weir__span_set(&p->sums.zero, pods == 0, p->now);
    weir__span_set(&p->sums.overload,
                   p->pod_capacity > 0 && p->load > (double)p->ready * p->pod_capacity, p->now);
}

void weir__plant_load(struct weir__plant *p, double load)
{
    if (load != p->load) {
        p->load = load;
        judge(p);
    }
}

/* ---- time ----------------------------------------------------------------------------------- */

void weir__plant_begin(struct weir__plant *p, struct weir__batch *memory, weir_time now,
                       int64_t replicas)
{
    weir_pod *pods = single_pods(p, memory);

    p->now = now;
    p->wanted = replicas;
    p->ready = replicas;
    p->sums.since = now;
    for (int64_t i = 0; i < replicas && i < p->pods_max; i++) {
        pods[i].started = weir__sub(now, OLD);
        pods[i].ready_since = pods[i].started;
        pods[i].ready = 1;
        p->pods_marked = i + 1;
    }
    judge(p);
}

/* The queue whose first batch comes next; NULL when nothing is under way. */
static struct weir__queue *next_queue(struct weir__plant *p, const struct weir__batch *memory,
                                      const struct weir__batch **batch)
{
    const struct weir__batch *start = memory + p->starting.first;
    const struct weir__batch *stop = memory + p->starting.capacity + p->stopping.first;
    struct weir__queue *q = p->starting.length > 0 ? &p->starting : NULL;

    *batch = start;
    if (p->stopping.length > 0 && (q == NULL || stop->at < start->at)) {
        q = &p->stopping;
        *batch = stop;
    }
    return q;
}

weir_time weir__plant_next_ready(const struct weir__plant *p, const struct weir__batch *memory)
{
    return p->starting.length > 0 ? memory[p->starting.first].at : WEIR_TIME_NEVER;
}

void weir__plant_advance(struct weir__plant *p, const struct weir__batch *memory, weir_time now)
{
    const struct weir__batch *batch;
    struct weir__queue *q;

    if (p->starting.length == 0 && p->stopping.length == 0) {
        p->now = now;
        return;
    }
    while ((q = next_queue(p, memory, &batch)) != NULL && batch->at <= now) {
        p->now = batch->at > p->now ? batch->at : p->now;
        count(p);
        p->ready += q == &p->starting ? batch->pods : 0;
        q->pods -= batch->pods;
        q->first = place_of(q, 1);
        q->length--;
        judge(p);
    }
    p->now = now;
}

/* ---- scaling -------------------------------------------------------------------------------- */

static void add_singles(const struct weir__plant *p, struct weir__batch *memory, int64_t before)
{
    weir_pod *pods = single_pods(p, memory);

    for (int64_t i = before; i < p->wanted && i < p->pods_max; i++) {
        pods[i].started = p->now;
        pods[i].ready_since = p->now; /* the condition was set to false then */
        pods[i].ready = 0;
        pods[i].deleted = 0;
    }
}

void weir__plant_scale(struct weir__plant *p, struct weir__batch *memory, int64_t replicas)
{
    int64_t change = replicas - p->wanted, before = p->wanted;

    if (change == 0) {
        return;
    }
    count(p);
    p->wanted = replicas;
    if (change > 0) {
        if (p->pod_start > 0) {
            push(&p->starting, memory, weir__add(p->now, p->pod_start), change);
        } else {
            p->ready += change;
        }
        add_singles(p, memory, before);
    } else {
        int64_t ready = -change - take_newest(&p->starting, memory, -change);

        p->ready -= ready;
        p->pods_marked = p->pods_marked < p->ready ? p->pods_marked : p->ready;
        if (ready > 0 && p->pod_stop > 0) {
            push(&p->stopping, memory + p->starting.capacity, weir__add(p->now, p->pod_stop),
                 ready);
        }
    }
    judge(p);
}

const weir_pod *weir__plant_look(struct weir__plant *p, struct weir__batch *memory)
{
    weir_pod *pods = single_pods(p, memory);

    if (p->pods_max == 0) {
        return NULL;
    }
    for (; p->pods_marked < p->ready && p->pods_marked < p->pods_max; p->pods_marked++) {
        weir_pod *pod = &pods[p->pods_marked];

        pod->ready = 1;
        pod->ready_since = weir__add(pod->started, p->pod_start);
    }
    return pods;
}
