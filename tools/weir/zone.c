/*
 * zone.c - time zones from the system's files.
 *
 * A file (RFC 9636) lists the changes of the past, and ends with a rule for those to come, which is
 * written out here: readers of a zone need no rules.
 */
#include "zone.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FILE_MAX = 1 << 20,
    LAST_YEAR = 2100,
    DAY = 86400,
};

/* ---- the rule at the end -------------------------------------------------------------------- */

/* When a clock is set, each year: "M3.2.0/2", "J60", "59". */
struct rule {
    char kind; /* M, J, or 0 for days from 0 */
    int month, week, day;
    int seconds; /* of local time */
};

struct rules {
    int standard, summer; /* s east of UTC */
    int has_summer;
    struct rule begin, end;
};

static const char *skip_name(const char *at)
{
    if (*at == '<') {
        at = strchr(at, '>');
        return at != NULL ? at + 1 : NULL;
    }
    while (isalpha((unsigned char)*at)) {
        at++;
    }
    return at;
}

static const char *read_int(const char *at, int *value)
{
    char *end;
    long n = strtol(at, &end, 10);

    *value = (int)n;
    return end != at && n > -1000 && n < 1000 ? end : NULL;
}

/* "[+-]h[:m[:s]]" in seconds */
static const char *read_time(const char *at, int *seconds)
{
    int sign = 1, parts[3] = {0, 0, 0};

    if (*at == '+' || *at == '-') {
        sign = *at++ == '-' ? -1 : 1;
    }
    for (int i = 0; i < 3; i++) {
        at = read_int(at, &parts[i]);
        if (at == NULL || *at != ':') {
            break;
        }
        at++;
    }
    *seconds = sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return at;
}

static const char *read_rule(const char *at, struct rule *rule)
{
    rule->seconds = 7200;
    rule->kind = 0;
    if (*at == 'M') {
        rule->kind = 'M';
        at = read_int(at + 1, &rule->month);
        at = at != NULL && *at == '.' ? read_int(at + 1, &rule->week) : NULL;
        at = at != NULL && *at == '.' ? read_int(at + 1, &rule->day) : NULL;
    } else {
        rule->kind = *at == 'J' ? 'J' : 0;
        at = read_int(at + (*at == 'J'), &rule->day);
    }
    return at != NULL && *at == '/' ? read_time(at + 1, &rule->seconds) : at;
}

/* 1 when the text is a rule. */
static int read_rules(const char *at, struct rules *rules)
{
    int west;

    memset(rules, 0, sizeof *rules);
    at = skip_name(at);
    at = at != NULL ? read_time(at, &west) : NULL;
    if (at == NULL) {
        return 0;
    }
    rules->standard = -west;
    if (*at == '\0') {
        return 1;
    }
    rules->has_summer = 1;
    rules->summer = rules->standard + 3600;
    at = skip_name(at);
    if (at != NULL && *at != ',') {
        at = read_time(at, &west);
        rules->summer = -west;
    }
    at = at != NULL && *at == ',' ? read_rule(at + 1, &rules->begin) : NULL;
    at = at != NULL && *at == ',' ? read_rule(at + 1, &rules->end) : NULL;
    return at != NULL && *at == '\0';
}

static int is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01 to the first of a month. */
static long first_of(int year, int month)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    long y = year - 1;

    return 365L * (year - 1970) + y / 4 - y / 100 + y / 400 - 477 + before[month - 1] +
           (month > 2 && is_leap(year));
}

/* Unix seconds of a rule in a year, where the clock stood `offset` before. */
static int64_t when(const struct rule *rule, int year, int offset)
{
    long day = first_of(year, 1) + rule->day;

    if (rule->kind == 'J') {
        day += -1 + (is_leap(year) && rule->day >= 60);
    } else if (rule->kind == 'M') {
        int month = rule->month >= 1 && rule->month <= 12 ? rule->month : 1;
        long first = first_of(year, month);
        long next = month == 12 ? first_of(year + 1, 1) : first_of(year, month + 1);
        long weekday = ((first + 4) % 7 + 7) % 7;

        day = first + (rule->day - weekday + 7) % 7 + 7L * (rule->week - 1);
        while (day >= next) {
            day -= 7;
        }
    }
    return (int64_t)day * DAY + rule->seconds - offset;
}

/* ---- changes -------------------------------------------------------------------------------- */

struct list {
    weir_zone_change *changes;
    uint32_t count, capacity;
};

/* 0 when there is no memory. */
static int append(struct list *list, int64_t unix_time, int32_t offset)
{
    weir_zone_change *change;

    if (unix_time < INT64_MIN / WEIR_SECOND || unix_time > INT64_MAX / WEIR_SECOND) {
        return 1; /* before all that weir counts */
    }
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity > 0 ? 2 * list->capacity : 256;
        weir_zone_change *grown = realloc(list->changes, capacity * sizeof *grown);

        if (grown == NULL) {
            return 0;
        }
        list->changes = grown;
        list->capacity = capacity;
    }
    change = &list->changes[list->count++];
    change->at = unix_time * WEIR_SECOND;
    change->offset = offset;
    change->reserved = 0;
    return 1;
}

static int year_of(weir_time t)
{
    return 1970 + (int)(t / WEIR_SECOND / 31556952);
}

static int append_rules(struct list *list, const struct rules *rules)
{
    weir_time last = list->count > 0 ? list->changes[list->count - 1].at : 0;

    if (!rules->has_summer) {
        return 1;
    }
    for (int year = year_of(last); year <= LAST_YEAR; year++) {
        int64_t begin = when(&rules->begin, year, rules->standard);
        int64_t end = when(&rules->end, year, rules->summer);
        int summer_first = begin < end;

        for (int i = 0; i < 2; i++) {
            int to_summer = (i == 0) == summer_first;
            int64_t at = to_summer ? begin : end;

            if (at > last / WEIR_SECOND &&
                !append(list, at, to_summer ? rules->summer : rules->standard)) {
                return 0;
            }
        }
    }
    return 1;
}

/* ---- files ---------------------------------------------------------------------------------- */

struct header {
    size_t utc_count, standard_count, leap_count, time_count, type_count, char_count;
};

static int64_t read_big(const uint8_t *at, size_t bytes)
{
    uint64_t n = (at[0] & 0x80) != 0 ? UINT64_MAX : 0;

    for (size_t i = 0; i < bytes; i++) {
        n = n << 8 | at[i];
    }
    return (int64_t)n;
}

static int read_header(const uint8_t *data, size_t size, struct header *h)
{
    if (size < 44 || memcmp(data, "TZif", 4) != 0) {
        return 0;
    }
    h->utc_count = (size_t)read_big(data + 20, 4);
    h->standard_count = (size_t)read_big(data + 24, 4);
    h->leap_count = (size_t)read_big(data + 28, 4);
    h->time_count = (size_t)read_big(data + 32, 4);
    h->type_count = (size_t)read_big(data + 36, 4);
    h->char_count = (size_t)read_big(data + 40, 4);
    return h->utc_count < 1000 && h->standard_count < 1000 && h->leap_count < 10000 &&
           h->time_count < 100000 && h->type_count > 0 && h->type_count < 1000 &&
           h->char_count < 10000;
}

static size_t body_of(const struct header *h, size_t time_bytes)
{
    return h->time_count * (time_bytes + 1) + h->type_count * 6 + h->char_count +
           h->leap_count * (time_bytes + 4) + h->standard_count + h->utc_count;
}

/* The body of version 2, whose times have 64 bits, and the rule behind it. */
static weir_status read_body(const uint8_t *data, size_t size, const struct header *h,
                             weir_zone *zone, struct list *list)
{
    const uint8_t *indexes = data + h->time_count * 8, *types = indexes + h->time_count;
    const char *footer = (const char *)data + body_of(h, 8);
    size_t left = size - body_of(h, 8);
    char text[128];
    struct rules rules;

    zone->offset = (int32_t)read_big(types, 4);
    for (size_t i = 0; i < h->type_count; i++) { /* Go begins with the first standard time */
        if (types[6 * i + 4] == 0) {
            zone->offset = (int32_t)read_big(types + 6 * i, 4);
            break;
        }
    }
    for (size_t i = 0; i < h->time_count; i++) {
        if (indexes[i] >= h->type_count) {
            return WEIR_E_PARSE;
        }
        if (!append(list, read_big(data + 8 * i, 8),
                    (int32_t)read_big(types + 6 * (size_t)indexes[i], 4))) {
            return WEIR_E_MEMORY;
        }
    }
    if (left > 2 && footer[0] == '\n') {
        const char *end = memchr(footer + 1, '\n', left - 1);
        size_t length = end != NULL ? (size_t)(end - footer) - 1 : 0;

        if (length > 0 && length < sizeof text) {
            memcpy(text, footer + 1, length);
            text[length] = '\0';
            if (read_rules(text, &rules)) {
                if (list->count == 0) {
                    zone->offset = rules.standard;
                }
                return append_rules(list, &rules) ? WEIR_OK : WEIR_E_MEMORY;
            }
        }
    }
    return WEIR_OK;
}

static weir_status read_zone(const uint8_t *data, size_t size, weir_zone *zone, struct list *list)
{
    struct header h;
    size_t first;

    if (!read_header(data, size, &h) || data[4] < '2') {
        return WEIR_E_PARSE;
    }
    first = 44 + body_of(&h, 4);
    if (first > size || !read_header(data + first, size - first, &h) ||
        44 + body_of(&h, 8) > size - first) {
        return WEIR_E_PARSE;
    }
    return read_body(data + first + 44, size - first - 44, &h, zone, list);
}

static int is_name(const char *name)
{
    return name[0] != '\0' && name[0] != '/' && name[0] != '\\' && strstr(name, "..") == NULL &&
           strchr(name, '\\') == NULL;
}

static FILE *open_zone(const char *name)
{
    static const char *const folders[] = {"/usr/share/zoneinfo/", "/usr/share/lib/zoneinfo/",
                                          "/usr/lib/locale/TZ/", "/etc/zoneinfo/"};
    char path[512];
    FILE *file = NULL;

    if (strcmp(name, "Local") == 0) {
        return fopen("/etc/localtime", "rb");
    }
    for (size_t i = 0; file == NULL && i < sizeof folders / sizeof folders[0]; i++) {
        if ((size_t)snprintf(path, sizeof path, "%s%s", folders[i], name) < sizeof path) {
            file = fopen(path, "rb");
        }
    }
    return file;
}

weir_status zone_load(const char *name, weir_zone *zone)
{
    struct list list = {NULL, 0, 0};
    uint8_t *data;
    size_t size;
    FILE *file;
    weir_status status;

    memset(zone, 0, sizeof *zone);
    if (strcmp(name, "UTC") == 0) {
        return WEIR_OK;
    }
    file = is_name(name) ? open_zone(name) : NULL;
    if (file == NULL) { /* a system without a local zone has UTC */
        return strcmp(name, "Local") == 0 ? WEIR_OK : WEIR_E_RANGE;
    }
    data = malloc(FILE_MAX);
    size = data != NULL ? fread(data, 1, FILE_MAX, file) : 0;
    fclose(file);
    status = data == NULL ? WEIR_E_MEMORY : size == 0 ? WEIR_E_RANGE : WEIR_OK;
    if (status == WEIR_OK) {
        status = read_zone(data, size, zone, &list);
    }
    free(data);
    zone->changes = list.changes;
    zone->change_count = list.count;
    return status;
}

void zone_free(weir_zone *zone)
{
    /* What zone_load() allocated; the library only reads it. */
    /* NOLINTNEXTLINE(performance-no-int-to-ptr): a const that is cast away */
    free((void *)(uintptr_t)zone->changes);
    memset(zone, 0, sizeof *zone);
}
