/*
 * words.c - times, numbers and decisions as people and programs read them.
 */
#include "replaying.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- times ---------------------------------------------------------------------------------- */

/* Year, month and day of days since 1970; the year begins in March. */
static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    int64_t since = days + 719468; /* 0000-03-01, of the Gregorian calendar drawn back */
    int64_t era = since / 146097, of_era = since - era * 146097;
    int64_t of_years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * of_years + of_years / 4 - of_years / 100);
    int64_t shifted = (5 * of_year + 2) / 153;

    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = of_years + era * 400 + (*month <= 2);
    *day = of_year - (153 * shifted + 2) / 5 + 1;
}

void put_time(char *text, size_t size, weir_time time, weir_time first)
{
    int64_t seconds = time / WEIR_SECOND, year, month, day;

    if (first < 1000000000 * WEIR_SECOND) { /* before 2001: seconds since the start of a trace */
        snprintf(text, size, "%" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600,
                 seconds / 60 % 60, seconds % 60);
        return;
    }
    date_of(seconds / 86400, &year, &month, &day);
    snprintf(text, size,
             "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64 ":%02" PRId64 "Z",
             year, month, day, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
}

void put_utc(char *text, size_t size, int64_t ns)
{
    char whole[40];

    put_time(whole, sizeof whole, ns, WEIR_TIME_NEVER);
    snprintf(text, size, "%.*s.%06" PRId64 "Z", (int)strcspn(whole, "Z"), whole,
             ns % WEIR_SECOND / 1000);
}

void put_seconds(char *text, size_t size, weir_time time)
{
    int n = snprintf(text, size, "%" PRId64, time / WEIR_SECOND);

    if (time % WEIR_SECOND != 0 && n > 0 && (size_t)n + 11 < size) {
        n += snprintf(text + n, size - (size_t)n, ".%09" PRId64, time % WEIR_SECOND);
        while (text[n - 1] == '0') {
            text[--n] = '\0';
        }
    }
}

void put_duration(char *text, size_t size, weir_duration d)
{
    static const struct {
        int64_t ns;
        const char *unit;
    } units[] = {{3600 * WEIR_SECOND, "h"}, {60 * WEIR_SECOND, "m"}};
    size_t used = 0;

    text[0] = '\0';
    for (size_t i = 0; i < 2; i++) {
        if (d >= units[i].ns) {
            int n =
                snprintf(text + used, size - used, "%" PRId64 "%s", d / units[i].ns, units[i].unit);

            used += n > 0 ? (size_t)n : 0;
            d %= units[i].ns;
        }
    }
    if ((d > 0 || used == 0) && used < size) {
        snprintf(text + used, size - used, "%.9gs", (double)d / 1e9);
    }
}

/* ---- numbers -------------------------------------------------------------------------------- */

void put_number(char *text, size_t size, double x)
{
    if (!isfinite(x)) {
        snprintf(text, size, "null");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, size, "%.*g", digits, x);
        if (strtod(text, NULL) == x) {
            return;
        }
    }
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void print_number(double x)
{
    char text[40];

    put_number(text, sizeof text, x);
    fputs(text, stdout);
}

void print_json_text(const char *text)
{
    putchar('"');
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        if (*c < 0x20) {
            printf("\\u%04x", *c);
        } else {
            if (*c == '"' || *c == '\\') {
                putchar('\\');
            }
            putchar(*c);
        }
    }
    putchar('"');
}

void print_csv_text(const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            putchar('"');
        }
        putchar(*text);
    }
    putchar('"');
}

void print_json_steps(const weir_explain *explain)
{
    printf("\"steps\":[");
    for (uint32_t i = 0; i < explain->count; i++) {
        const weir_step *step = &explain->steps[i];

        printf("%s{\"rule\":\"%s\",\"item\":%d,\"before\":%d,\"after\":%d,\"measured\":",
               i > 0 ? "," : "", weir_rule_name(step->rule), step->item, step->before, step->after);
        print_number(step->measured);
        printf(",\"limit\":");
        print_number(step->limit);
        putchar('}');
    }
    putchar(']');
}

void print_json_decision(const struct outcome *o, const struct moment *m)
{
    const weir_decision *d = &m->decision;
    char time[40];

    putchar('{');
    if (o->one_of_several) {
        char owner[512];

        snprintf(owner, sizeof owner, "%s/%s", o->item->name_space, o->item->name);
        printf("\"autoscaler\":");
        print_json_text(owner);
        putchar(',');
    }
    put_seconds(time, sizeof time, d->at);
    printf("\"time\":%s,\"load\":", time);
    print_number(m->has_load ? m->load : (double)NAN);
    for (size_t i = 0; i < o->measure_count; i++) {
        putchar(',');
        print_json_text(o->measures[i].column);
        putchar(':');
        print_number(m->measures[i]);
    }
    printf(",\"ready\":%d,\"replicas\":%d,\"wanted\":%d,\"valid\":%s", m->target.ready_replicas,
           m->target.status_replicas, d->replicas, d->valid ? "true" : "false");
    if (o->kind->has_panic) {
        printf(",\"panic\":%s,\"excess_burst_capacity\":%d",
               (d->flags & WEIR_FLAG_PANIC) != 0 ? "true" : "false", d->excess_burst_capacity);
    }
    printf(",\"rule\":\"%s\"", weir_rule_name(d->rule));
    for (size_t i = 0; o->kind->labels[i] != NULL; i++) {
        printf(",\"%s\":", o->kind->labels[i]);
        print_json_text(m->labels[i]);
    }
}
