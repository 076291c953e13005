/*
 * calendar.h - the parts of a date in UTC.
 */
#ifndef WEIR_PROMQL_CALENDAR_H
#define WEIR_PROMQL_CALENDAR_H

#include <stdint.h>

struct date {
    int64_t year;
    int32_t month, day; /* from 1 */
    int32_t weekday;    /* 0: Sunday */
    int32_t year_day;   /* from 1 */
    int32_t month_days;
    int32_t hour, minute;
};

/* The date of seconds since the Unix epoch, by the Gregorian calendar carried on both ways. */
void weir__pq_date_of(int64_t seconds, struct date *date);

#endif
