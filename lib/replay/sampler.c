/*
 * replay/sampler.c - the sample at s = start + k * interval:
 *
 *   the mean of the rows in (s - interval, s], or if there is none
 *   the newest row, unless it is `hold` old or older: then there is no sample.
 *
 * So a trace with one row an interval is sampled as it is, a finer one is averaged, and a coarser
 * one is repeated, however its rows lie. Where the newest row alone counts there is no mean, and
 * one sample says so when it no longer stands.
 */
#include "replay/sampler.h"

void weir__sampler_begin(struct weir__sampler *s, weir_time start, weir_duration interval,
                         weir_duration hold, int newest)
{
    s->start = start;
    s->interval = interval;
    s->hold = hold;
    s->newest = newest;
    s->next = WEIR_TIME_NEVER;
    s->series = 0;
    for (int32_t i = 0; i < WEIR_REPLAY_SERIES_MAX; i++) {
        s->held[i].at = WEIR_TIME_NONE;
    }
}

/* The first sample at or after a time. */
static weir_time sample_from(const struct weir__sampler *s, weir_time at)
{
    weir_duration past = weir__sub(at, s->start) % s->interval;

    return past == 0 ? at : weir__add(at, s->interval - past);
}

void weir__sampler_put(struct weir__sampler *s, const weir_reading *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct weir__held *h = &s->held[row[i].series];

        h->at = row[i].at;
        h->value = row[i].value;
        h->status = row[i].status;
        if (row[i].status == WEIR_OK && !s->newest) {
            h->sum = h->rows > 0 ? h->sum + row[i].value : row[i].value;
            h->rows++;
        }
        s->series = row[i].series < s->series ? s->series : row[i].series + 1;
    }
    if (s->next == WEIR_TIME_NEVER) {
        s->next = sample_from(s, row[0].at);
    }
}

int weir__sampler_is_due(const struct weir__sampler *s, weir_time at, size_t count)
{
    return s->series <= (int64_t)count &&
           (s->next == at || (s->next == WEIR_TIME_NEVER && sample_from(s, at) == at));
}

void weir__sampler_pass(struct weir__sampler *s, const weir_reading *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct weir__held *h = &s->held[i];

        h->at = row[i].at;
        h->value = row[i].value;
        h->status = row[i].status;
    }
    s->series = (int64_t)count;
    s->next = weir__add(row[0].at, s->interval);
}

size_t weir__sampler_take(struct weir__sampler *s, weir_reading *sample)
{
    size_t count = 0;

    for (int32_t i = 0; i < s->series; i++) {
        struct weir__held *h = &s->held[i];
        int stands = h->at != WEIR_TIME_NONE && weir__sub(s->next, h->at) < s->hold;

        if (!stands && (h->at == WEIR_TIME_NONE || !s->newest)) {
            continue;
        }
        sample[count].at = s->next;
        sample[count].series = i;
        sample[count].pod = -1;
        sample[count].status = !stands       ? WEIR_NO_DATA
                               : h->rows > 0 ? WEIR_OK
                                             : (weir_status)h->status;
        sample[count].reserved = 0;
        h->at = stands ? h->at : WEIR_TIME_NONE;
        sample[count].value = h->rows > 1    ? h->sum / (double)h->rows
                              : h->rows == 1 ? h->sum
                                             : h->value;
        h->rows = 0;
        count++;
    }
    s->next = count > 0 ? weir__add(s->next, s->interval) : WEIR_TIME_NEVER;
    return count;
}
