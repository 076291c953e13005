/*
 * history.c - decisions joined two by two whenever the bins are full; see history.h.
 */
#include "history.h"

#include <math.h>
#include <string.h>

void history_init(struct history *h)
{
    memset(h, 0, sizeof *h);
    h->each = 1;
}

static void join(struct bin *into, const struct bin *next)
{
    into->load_low = fmin(into->load_low, next->load_low); /* NaN gives way */
    into->load_high = fmax(into->load_high, next->load_high);
    into->wanted = next->wanted;
    into->wanted_high =
        next->wanted_high > into->wanted_high ? next->wanted_high : into->wanted_high;
    into->ready = next->ready;
    into->ready_high = next->ready_high > into->ready_high ? next->ready_high : into->ready_high;
    into->decisions += next->decisions;
    into->panics += next->panics;
}

void history_add(struct history *h, const struct bin *one)
{
    if (h->count > 0 && h->in_last < h->each) {
        join(&h->bins[h->count - 1], one);
        h->in_last++;
        return;
    }
    if (h->count == HISTORY_BINS) {
        for (size_t i = 0; i < HISTORY_BINS / 2; i++) {
            h->bins[i] = h->bins[2 * i];
            join(&h->bins[i], &h->bins[2 * i + 1]);
        }
        h->count = HISTORY_BINS / 2;
        h->each *= 2;
    }
    h->bins[h->count++] = *one;
    h->in_last = 1;
}

struct bin history_span(const struct history *h, size_t *i, int64_t to)
{
    struct bin span = h->bins[*i];
    int any = 0;

    if (*i > 0 || h->bins[0].at >= to) { /* so far: as the bin before left it */
        span = h->bins[*i > 0 ? *i - 1 : 0];
        span.wanted_high = span.wanted;
        span.ready_high = span.ready;
    }
    for (; *i < h->count && h->bins[*i].at < to; (*i)++) {
        if (any) {
            join(&span, &h->bins[*i]);
        } else {
            span = h->bins[*i];
            any = 1;
        }
    }
    return span;
}
