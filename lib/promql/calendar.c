/*
 * calendar.c - days since 1970 to dates, counting in eras of 400 years that begin in March, so that
 * a leap day is the last of its year (Hinnant's algorithm).
 */
#include "promql/calendar.h"

#include <stdbool.h>

enum { DAY = 86400, ERA_DAYS = 146097, TO_ERA = 719468 };

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t days_before(int32_t month, bool leap)
{
    static const int16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};

    return before[month - 1] + (leap && month > 2);
}

void weir__pq_date_of(int64_t seconds, struct date *date)
{
    int64_t days = seconds / DAY, rest = seconds % DAY, era;
    int32_t day_of_era, year_of_era, day_of_year, month;

    if (rest < 0) {
        rest += DAY;
        days--;
    }
    date->hour = (int32_t)(rest / 3600);
    date->minute = (int32_t)(rest % 3600 / 60);
    date->weekday = (int32_t)(((days + 4) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
    days += TO_ERA;
    era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS;
    day_of_era = (int32_t)(days - era * ERA_DAYS);
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    month = (5 * day_of_year + 2) / 153; /* 0: March */
    date->day = day_of_year - (153 * month + 2) / 5 + 1;
    date->month = month < 10 ? month + 3 : month - 9;
    date->year = year_of_era + era * 400 + (date->month <= 2);
    date->year_day = days_before(date->month, is_leap(date->year)) + date->day;
    date->month_days = days_before(date->month + 1, is_leap(date->year)) -
                       days_before(date->month, is_leap(date->year));
}
