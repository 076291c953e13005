/*
 * duration.c - Prometheus durations: "1h30m", "500ms"; a year has 365 days.
 *
 * Upstream: github.com/prometheus/common model/time.go, ParseDuration() and Duration.String().
 */
#include "promql/tree.h"

static const struct {
    const char *name;
    int64_t ms;
    bool exact; /* written only when nothing is left over */
} units[] = {
    {"y", INT64_C(31536000000), true}, {"w", INT64_C(604800000), true},
    {"d", INT64_C(86400000), false},   {"h", INT64_C(3600000), false},
    {"m", INT64_C(60000), false},      {"s", INT64_C(1000), false},
    {"ms", INT64_C(1), false},
};

enum { UNITS = sizeof units / sizeof units[0], NS_PER_MS = 1000000 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

const char *weir__pq_duration_parse(struct text text, int64_t *ns)
{
    uint32_t at = 0;
    int last = -1; /* units go from biggest to smallest */
    uint64_t sum = 0;

    while (at < text.length) {
        uint64_t number = 0;
        uint32_t from = at;
        struct text name;
        int unit = 0;

        for (; at < text.length && is_digit(text.at[at]); at++) {
            if (number > UINT64_MAX / 20) {
                return "not a valid duration";
            }
            number = number * 10 + (uint64_t)(text.at[at] - '0');
        }
        if (at == from) {
            return "not a valid duration";
        }
        name.at = text.at + at;
        for (from = at; at < text.length && !is_digit(text.at[at]); at++) {
        }
        name.length = at - from;
        while (unit < UNITS &&
               !text_equal(name,
                           (struct text){units[unit].name, (uint32_t)strlen(units[unit].name)})) {
            unit++;
        }
        if (unit == UNITS) {
            return "unknown unit in a duration";
        }
        if (unit <= last) {
            return "units of a duration go from biggest to smallest, each once";
        }
        last = unit;
        if (number > (uint64_t)INT64_MAX / NS_PER_MS / (uint64_t)units[unit].ms) {
            return "duration out of range";
        }
        sum += number * (uint64_t)units[unit].ms * NS_PER_MS;
        if (sum > INT64_MAX) {
            return "duration out of range";
        }
    }
    *ns = (int64_t)sum;
    return NULL;
}

void weir__pq_duration_print(struct sink *sink, int64_t ns)
{
    int64_t left = ns / NS_PER_MS;

    if (left == 0) {
        sink_string(sink, "0s");
        return;
    }
    if (left < 0) {
        sink_string(sink, "-");
        left = -left;
    }
    for (int i = 0; i < UNITS; i++) {
        int64_t whole = left / units[i].ms;

        if (whole > 0 && (!units[i].exact || left % units[i].ms == 0)) {
            weir__pq_sink_int(sink, whole);
            sink_string(sink, units[i].name);
            left -= whole * units[i].ms;
        }
    }
}
