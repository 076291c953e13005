/*
 * replay/plant.c - pods over time: asked for, ready after pod_start, gone after pod_stop.
 *
 * Scaling down takes pods that are still starting first, the newest of them first, as the
 * ReplicaSet controller prefers; they are gone at once.
 */
#include "replay/plant.h"

enum { BATCHES_MAX = 4096 };

int32_t weir__plant_batches(weir_duration delay)
{
    int64_t wanted = delay / WEIR_SECOND + 2;

    return (int32_t)(wanted < BATCHES_MAX ? wanted : BATCHES_MAX);
}

static struct weir__batch *batch_at(const struct weir__queue *q, struct weir__batch *memory,
                                    int32_t i)
{
    int32_t place = q->first + i;

    return &memory[place < q->capacity ? place : place - q->capacity];
}

/* A full queue lets the batch join the newest one, which then comes a little later. */
static void push(struct weir__queue *q, struct weir__batch *memory, weir_time at, int64_t pods)
{
    struct weir__batch *newest = q->length > 0 ? batch_at(q, memory, q->length - 1) : NULL;

    q->pods += pods;
    if (newest != NULL && (newest->at == at || q->length == q->capacity)) {
        newest->at = at;
        newest->pods += pods;
        return;
    }
    newest = batch_at(q, memory, q->length++);
    newest->at = at;
    newest->pods = pods;
}

/* Takes up to `pods` from the newest batches; gives how many were there. */
static int64_t take_newest(struct weir__queue *q, struct weir__batch *memory, int64_t pods)
{
    int64_t taken = 0;

    while (q->length > 0 && taken < pods) {
        struct weir__batch *newest = batch_at(q, memory, q->length - 1);
        int64_t part = newest->pods < pods - taken ? newest->pods : pods - taken;

        newest->pods -= part;
        taken += part;
        q->length -= newest->pods == 0;
    }
    q->pods -= taken;
    return taken;
}

static void integrate(struct weir__plant *p, weir_time now)
{
    double seconds = (double)(now - p->now) / 1e9;
    int64_t pods = p->ready + p->starting.pods + p->stopping.pods;

    p->sums.replica_seconds += seconds * (double)pods;
    p->sums.ready_seconds += seconds * (double)p->ready;
    p->sums.zero_seconds += pods == 0 ? seconds : 0.0;
    p->sums.peak = pods > p->sums.peak ? pods : p->sums.peak;
    p->now = now;
}

void weir__plant_advance(struct weir__plant *p, struct weir__batch *memory, weir_time now)
{
    struct weir__batch *starting = memory, *stopping = memory + p->starting.capacity;

    for (;;) {
        struct weir__batch *start =
            p->starting.length > 0 ? batch_at(&p->starting, starting, 0) : NULL;
        struct weir__batch *stop =
            p->stopping.length > 0 ? batch_at(&p->stopping, stopping, 0) : NULL;
        struct weir__queue *q = &p->starting;

        if (stop != NULL && (start == NULL || stop->at < start->at)) {
            start = stop;
            q = &p->stopping;
        }
        if (start == NULL || start->at > now) {
            break;
        }
        integrate(p, start->at);
        p->ready += q == &p->starting ? start->pods : 0;
        q->pods -= start->pods;
        q->first = q->first + 1 < q->capacity ? q->first + 1 : 0;
        q->length--;
    }
    integrate(p, now);
}

void weir__plant_scale(struct weir__plant *p, struct weir__batch *memory, int64_t replicas)
{
    int64_t change = replicas - p->wanted;

    p->wanted = replicas;
    if (change > 0) {
        if (p->pod_start > 0) {
            push(&p->starting, memory, weir__add(p->now, p->pod_start), change);
        } else {
            p->ready += change;
        }
    } else if (change < 0) {
        int64_t ready = -change - take_newest(&p->starting, memory, -change);

        p->ready -= ready;
        if (ready > 0 && p->pod_stop > 0) {
            push(&p->stopping, memory + p->starting.capacity, weir__add(p->now, p->pod_stop),
                 ready);
        }
    }
    change = p->ready + p->starting.pods + p->stopping.pods;
    p->sums.peak = change > p->sums.peak ? change : p->sums.peak;
}
