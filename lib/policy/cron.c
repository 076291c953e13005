/*
 * policy/cron.c - the next instant of a schedule, and what a cron trigger says.
 *
 * Upstream looks for the next instant field by field, from month to second, and starts over when a
 * field wraps; where clocks are set forward or back, what comes out depends on each of these steps.
 * So the steps are the same here; as long as the zone's offset stays, many of them are one jump.
 *
 * Upstream: robfig/cron v3 spec.go; Go's time.Date() for local times that do not exist.
 */
#include "base/internal.h"
#include <weir/cron.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* An instant as a clock on the wall shows it. */
struct clock {
    const weir_zone *zone;
    int64_t instant, from, until; /* s; the offset holds in [from, until) */
    int64_t offset;
    int64_t year;
    int32_t month, day, hour, minute, second, weekday;
};

/* ---- the calendar --------------------------------------------------------------------------- */

/* Days from 1970-01-01. The month may be one beyond the year, the day any. */
static int64_t days_of(int64_t year, int32_t month, int64_t day)
{
    int64_t y, era, year_of_era, day_of_year;

    if (month > 12) {
        month -= 12;
        year++;
    }
    y = month <= 2 ? year - 1 : year; /* years begin in March, leap days end them */
    era = weir__floor_div(y, 400);
    year_of_era = y - era * 400;
    day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static void show_date(struct clock *c, int64_t days)
{
    int64_t z = days + 719468, era = weir__floor_div(z, 146097);
    int32_t day_of_era = (int32_t)(z - era * 146097);
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t m = (5 * day_of_year + 2) / 153;

    c->day = day_of_year - (153 * m + 2) / 5 + 1;
    c->month = m < 10 ? m + 3 : m - 9;
    c->year = era * 400 + year_of_era + (c->month <= 2);
    c->weekday = (int32_t)weir__floor_mod(days + 4, 7);
}

static int32_t days_in(int64_t year, int32_t month)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29
                                                                               : lengths[month - 1];
}

/* ---- zones ---------------------------------------------------------------------------------- */

static int64_t seconds_of(weir_time t)
{
    return weir__floor_div(t, WEIR_SECOND);
}

/* Finds the offset that holds at an instant. */
static void look_up(struct clock *c, int64_t instant)
{
    uint32_t low = 0, high = c->zone != NULL ? c->zone->change_count : 0;

    if (instant >= c->from && instant < c->until) {
        return;
    }
    while (low < high) { /* the first change after the instant */
        uint32_t middle = low + (high - low) / 2;

        if (seconds_of(c->zone->changes[middle].at) <= instant) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    c->from = low > 0 ? seconds_of(c->zone->changes[low - 1].at) : INT64_MIN;
    c->until = c->zone != NULL && low < c->zone->change_count ? seconds_of(c->zone->changes[low].at)
                                                              : INT64_MAX;
    c->offset = low > 0 ? c->zone->changes[low - 1].offset : c->zone != NULL ? c->zone->offset : 0;
}

static void set(struct clock *c, int64_t instant)
{
    int64_t local, days;
    int32_t rest;

    look_up(c, instant);
    c->instant = instant;
    local = instant + c->offset;
    days = weir__floor_div(local, DAY);
    rest = (int32_t)(local - days * DAY);
    c->hour = rest / HOUR;
    c->minute = rest % HOUR / MINUTE;
    c->second = rest % MINUTE;
    show_date(c, days);
}

/* Go's time.Date(): a local time that does not exist, or exists twice, comes out by the offset that
 * is found first. */
static void set_date(struct clock *c, int64_t year, int32_t month, int64_t day, int32_t hour,
                     int32_t minute, int32_t second)
{
    int64_t local =
        days_of(year, month, day) * DAY + (int64_t)hour * HOUR + (int64_t)minute * MINUTE + second;
    int64_t utc;

    look_up(c, local);
    utc = local - c->offset;
    if (utc < c->from || utc >= c->until) {
        look_up(c, utc);
        utc = local - c->offset;
    }
    set(c, utc);
}

/* ---- the search ----------------------------------------------------------------------------- */

/* The first bit from `from` on, within `count` bits; `count` when there is none. */
static int32_t next_bit(uint64_t bits, int32_t from, int32_t count)
{
    bits >>= from;
    if (bits == 0) {
        return count;
    }
    while ((bits & 0xff) == 0) {
        bits >>= 8;
        from += 8;
    }
    for (; (bits & 1) == 0; bits >>= 1) {
        from++;
    }
    return from;
}

static int day_matches(const weir_cron_schedule *s, int32_t day, int32_t weekday)
{
    int by_day = (s->days >> day & 1) != 0, by_weekday = (s->weekdays >> weekday & 1) != 0;

    return s->any_day || s->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

/* 1 when the offset holds for so many seconds more. */
static int steady(const struct clock *c, int64_t seconds)
{
    return c->instant >= c->from && c->instant + seconds < c->until;
}

/* Each of these goes on until its field fits. 0: it wrapped, start over. `added`: a field has gone
 * on already, and all below it are at their beginning. */
static int find_month(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while ((s->months >> c->month & 1) == 0) {
        if (!*added) {
            *added = 1;
            set_date(c, c->year, c->month, 1, 0, 0, 0);
        }
        set_date(c, c->year, c->month + 1, c->day, c->hour, c->minute, c->second);
        if (c->month == 1) {
            return 0;
        }
    }
    return 1;
}

/* One day on, as upstream does it around a change of the clocks. */
static void next_day(struct clock *c)
{
    set_date(c, c->year, c->month, (int64_t)c->day + 1, c->hour, c->minute, c->second);
    if (c->hour > 12) {
        set(c, c->instant + (int64_t)(24 - c->hour) * HOUR);
    } else if (c->hour != 0) {
        set(c, c->instant - (int64_t)c->hour * HOUR);
    }
}

static int find_day(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while (!day_matches(s, c->day, c->weekday)) {
        int32_t last, jump = 1;

        if (!*added) {
            *added = 1;
            set_date(c, c->year, c->month, c->day, 0, 0, 0);
        }
        last = days_in(c->year, c->month);
        while (c->day + jump <= last && !day_matches(s, c->day + jump, (c->weekday + jump) % 7)) {
            jump++;
        }
        if (c->hour == 0 && steady(c, (int64_t)jump * DAY)) {
            set(c, c->instant + (int64_t)jump * DAY);
        } else {
            next_day(c);
        }
        if (c->day == 1) {
            return 0;
        }
    }
    return 1;
}

static int find_hour(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while ((s->hours >> c->hour & 1) == 0) {
        int64_t jump;

        if (!*added) {
            *added = 1;
            set_date(c, c->year, c->month, c->day, c->hour, 0, 0);
        }
        jump = (int64_t)(next_bit(s->hours, c->hour, 24) - c->hour) * HOUR;
        set(c, c->instant + (jump > 0 && steady(c, jump) ? jump : HOUR));
        if (c->hour == 0) {
            return 0;
        }
    }
    return 1;
}

static int find_minute(const weir_cron_schedule *s, struct clock *c, int *added)
{
    while ((s->minutes >> c->minute & 1) == 0) {
        int64_t jump;

        if (!*added) {
            *added = 1;
            set(c, c->instant - weir__floor_mod(c->instant, MINUTE));
        }
        jump = (int64_t)(next_bit(s->minutes, c->minute, 60) - c->minute) * MINUTE;
        set(c, c->instant + (jump > 0 && steady(c, jump) ? jump : MINUTE));
        if (c->minute == 0) {
            return 0;
        }
    }
    return 1;
}

static int find_second(struct clock *c, int *added)
{
    while (c->second != 0) {
        int64_t jump = MINUTE - c->second;

        *added = 1;
        set(c, c->instant + (steady(c, jump) ? jump : 1));
        if (c->second == 0) {
            return 0;
        }
    }
    return 1;
}

/* s; INT64_MIN for none */
static int64_t next_second(const weir_cron_schedule *s, const weir_zone *zone, weir_time after)
{
    struct clock c = {.zone = zone, .from = 1, .until = 0};
    int64_t last_year;
    int added = 0;

    if (s->minutes == 0 || s->hours == 0 || s->months == 0 || (s->days | s->weekdays) == 0) {
        return INT64_MIN; /* an empty field never fits */
    }
    set(&c, seconds_of(after) + 1);
    last_year = c.year + 5;
    do {
        if (c.year > last_year) {
            return INT64_MIN;
        }
    } while (!find_month(s, &c, &added) || !find_day(s, &c, &added) || !find_hour(s, &c, &added) ||
             !find_minute(s, &c, &added) || !find_second(&c, &added));
    return c.instant;
}

static int zone_is_fine(const weir_zone *zone)
{
    return zone == NULL || zone->changes != NULL || zone->change_count == 0;
}

weir_status weir_cron_next(const weir_cron_schedule *schedule, const weir_zone *zone,
                           weir_time after, weir_time *next)
{
    int64_t found;

    if (schedule == NULL || next == NULL || !zone_is_fine(zone)) {
        return WEIR_E_ARG;
    }
    found = next_second(schedule, zone, after);
    if (found == INT64_MIN || found > INT64_MAX / WEIR_SECOND) {
        *next = WEIR_TIME_NEVER;
        return WEIR_END;
    }
    *next = found * WEIR_SECOND;
    return WEIR_OK;
}

weir_status weir_cron_query(const weir_cron *cron, const weir_zone *start, const weir_zone *end,
                            weir_time now, weir_cron_answer *answer)
{
    weir_time opens, closes;

    if (cron == NULL || answer == NULL || !zone_is_fine(start) || !zone_is_fine(end)) {
        return WEIR_E_ARG;
    }
    /* What never comes lies at the beginning of time, there. */
    if (weir_cron_next(&cron->start, start, now, &opens) != WEIR_OK) {
        opens = WEIR_TIME_NONE;
    }
    if (weir_cron_next(&cron->end, end, now, &closes) != WEIR_OK) {
        closes = WEIR_TIME_NONE;
    }
    answer->active = opens < closes ? now > opens && now < closes : now > opens || now < closes;
    answer->reserved = 0;
    answer->value = answer->active ? cron->desired_replicas : 0;
    answer->next = WEIR_TIME_NEVER;
    if (opens > now) {
        answer->next = opens;
    }
    if (closes > now && closes < answer->next) {
        answer->next = closes;
    }
    return WEIR_OK;
}
