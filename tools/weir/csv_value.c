/*
 * csv_value.c - the fields of a CSV row as exact numbers and times; see csv.h.
 */
#include "csv.h"

#include <stdlib.h>
#include <string.h>
#include <weir/base.h>

/* ---- numbers -------------------------------------------------------------------------------- */

/* What strtod gives, for the few numbers that the fast path cannot do. */
static int slow_number(const struct csv_field *field, double *value)
{
    char text[512], *end;

    if (field->length == 0 || field->length >= sizeof text) {
        return 0;
    }
    memcpy(text, field->text, field->length);
    text[field->length] = '\0';
    if (strspn(text, "+-0123456789.eEiInNfFaAtTyY") != field->length) {
        return 0; /* no hexadecimal, no white space, no payload of a NaN */
    }
    *value = strtod(text, &end);
    return *end == '\0';
}

/* Digits at the text as a number; moves past them. */
static uint64_t take_digits(const char **from, const char *end)
{
    const char *at = *from;
    uint64_t n = 0;

    for (; at < end && (unsigned)(*at - '0') <= 9; at++) {
        n = n * 10 + (uint64_t)(*at - '0');
    }
    *from = at;
    return n;
}

/* Up to 15 digits and a power of ten up to 22 are both exact doubles, so that their quotient is
 * rounded once. */
int csv_number(const struct csv_field *field, double *value)
{
    static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const char *at = field->text, *end = at + field->length, *first;
    int negative = at < end && *at == '-';
    ptrdiff_t digits, decimals = 0;
    uint64_t number = 0;

    at += negative;
    first = at;
    for (; at < end && (unsigned)(*at - '0') <= 9; at++) {
        number = number * 10 + (uint64_t)(*at - '0');
    }
    digits = at - first;
    if (at < end && *at == '.') {
        for (first = ++at; at < end && (unsigned)(*at - '0') <= 9; at++) {
            number = number * 10 + (uint64_t)(*at - '0');
        }
        decimals = at - first;
        digits += decimals;
    }
    if (at != end || digits == 0 || digits > 15) {
        return slow_number(field, value);
    }
    *value = (double)number;
    if (decimals > 0) {
        *value /= powers[decimals];
    }
    if (negative) {
        *value = -*value;
    }
    return 1;
}

/* ---- times ---------------------------------------------------------------------------------- */

static const char expected[] = "a time in seconds or like 2026-11-24T10:00:00Z was expected";
static const char too_early[] = "a time from 1970 on was expected";
static const char too_late[] =
    "a time in seconds was expected (milliseconds or later than the year 2255 do not fit)";

/* So many digits at the text as a number; -1 when they are not all there. */
static int fixed(const char *at, int digits)
{
    int n = 0;

    for (int i = 0; i < digits; i++) {
        if (at[i] < '0' || at[i] > '9') {
            return -1;
        }
        n = n * 10 + (at[i] - '0');
    }
    return n;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar; the year begins in March, so that the
 * leap day is its last. */
static int64_t days_of(int64_t year, int month, int day)
{
    int64_t era, of_era, of_year;

    year -= month <= 2;
    era = year / 400;
    of_era = year - era * 400;
    of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

/* ".25" and the like to nanoseconds, digits beyond the ninth being dropped; moves past it. -1 for a
 * point without digits. */
static int64_t take_fraction(const char **at, const char *end)
{
    const char *first;
    int64_t ns;

    if (*at >= end || **at != '.') {
        return 0;
    }
    first = ++*at;
    ns = (int64_t)take_digits(at, end - first > 9 ? first + 9 : end);
    if (*at == first) {
        return -1;
    }
    for (ptrdiff_t digits = *at - first; digits < 9; digits++) {
        ns *= 10;
    }
    take_digits(at, end);
    return ns;
}

/* "Z" or "+01:30" to seconds east of Greenwich; 0 when it is neither, and nothing else follows. */
static int take_zone(const char *at, const char *end, int *east)
{
    int hours, minutes;

    *east = 0;
    if (end - at == 1 && (*at == 'Z' || *at == 'z')) {
        return 1;
    }
    if (end - at != 6 || (*at != '+' && *at != '-') || at[3] != ':') {
        return 0;
    }
    hours = fixed(at + 1, 2);
    minutes = fixed(at + 4, 2);
    *east = (*at == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
    return hours >= 0 && hours <= 23 && minutes >= 0 && minutes <= 59;
}

static const char *rfc3339(const char *t, const char *end, int64_t *ns)
{
    int year = fixed(t, 4), month = fixed(t + 5, 2), day = fixed(t + 8, 2);
    int hour = fixed(t + 11, 2), minute = fixed(t + 14, 2), second = fixed(t + 17, 2), east;
    const char *at = t + 19;
    int64_t seconds, fraction;

    if (t[4] != '-' || t[7] != '-' || (t[10] != 'T' && t[10] != 't' && t[10] != ' ') ||
        t[13] != ':' || t[16] != ':' || year < 0 || month < 1 || month > 12 || day < 1 ||
        day > days_in(year, month) || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60) {
        return expected;
    }
    fraction = take_fraction(&at, end);
    if (fraction < 0 || !take_zone(at, end, &east)) {
        return expected;
    }
    seconds =
        days_of(year, month, day) * 86400 + ((int64_t)hour * 60 + minute) * 60 + second - east;
    if (seconds < 0 || seconds > 9000000000) {
        return seconds < 0 ? too_early : too_late;
    }
    *ns = seconds * WEIR_SECOND + fraction;
    return NULL;
}

const char *csv_time(const struct csv_field *field, int64_t *ns)
{
    const char *at = field->text, *end = at + field->length;
    uint64_t seconds;
    int64_t fraction;
    ptrdiff_t digits;

    if (field->length >= 20 && at[4] == '-') {
        return rfc3339(at, end, ns);
    }
    if (field->length > 1 && at[0] == '-' && (unsigned)(at[1] - '0') <= 9) {
        return too_early;
    }
    seconds = take_digits(&at, end);
    digits = at - field->text;
    fraction = take_fraction(&at, end);
    if (digits == 0 || fraction < 0 || at != end) {
        return expected;
    }
    if (digits > 18 || seconds > 9000000000) {
        return too_late;
    }
    *ns = (int64_t)seconds * WEIR_SECOND + fraction;
    return NULL;
}
