/*
 * policy/cron_parse.c - schedules of five fields, and the settings of a cron trigger.
 *
 * Upstream: robfig/cron v3 parser.go; KEDA pkg/scalers/cron_scaler.go.
 */
#include "base/real.h"
#include "base/text.h"
#include <string.h>
#include <weir/cron.h>

struct bounds {
    const char *what;
    int64_t min, max;
    const char *names; /* three letters each, from min on; NULL: there are none */
};

static const struct bounds fields[] = {
    {"minute", 0, 59, NULL},
    {"hour", 0, 23, NULL},
    {"day of the month", 1, 31, NULL},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"},
    {"day of the week", 0, 6, "sunmontuewedthufrisat"},
};

enum { FIELDS = sizeof fields / sizeof fields[0] };

struct parser {
    const char *text;
    weir_error *err;
};

struct part {
    const char *at;
    size_t length;
};

static weir_status refuse(const struct parser *p, const char *at, const char *message)
{
    weir__fail(p->err, WEIR_E_PARSE, "", message);
    if (p->err != NULL) {
        p->err->line = 1;
        p->err->column = (int32_t)(at - p->text) + 1;
    }
    return WEIR_E_PARSE;
}

/* "expected a month from 1 to 12, got 13" */
static weir_status out_of_range(const struct parser *p, const struct part *part,
                                const struct bounds *b)
{
    char message[120];
    struct weir__text text;

    weir__text_open(&text, message, sizeof message);
    weir__text_str(&text, "expected a ");
    weir__text_str(&text, b->what);
    weir__text_str(&text, " from ");
    weir__text_int(&text, b->min);
    weir__text_str(&text, " to ");
    weir__text_int(&text, b->max);
    weir__text_str(&text, ", got `");
    for (size_t i = 0; i < part->length && i < 24; i++) {
        weir__text_char(&text, part->at[i]);
    }
    weir__text_char(&text, '`');
    return refuse(p, part->at, message);
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (char)(c - 'A' + 'a');
    }
    return c;
}

/* Cuts a text at its first `separator`; the rest is what comes after it. 1 when there was one. */
static int cut(struct part *first, struct part *rest, char separator)
{
    for (size_t i = 0; i < first->length; i++) {
        if (first->at[i] == separator) {
            rest->at = first->at + i + 1;
            rest->length = first->length - i - 1;
            first->length = i;
            return 1;
        }
    }
    return 0;
}

/* A number, or with `b` the name of one. */
static weir_status read_number(const struct parser *p, const struct part *part,
                               const struct bounds *b, int by_name, int64_t *out)
{
    for (int64_t i = 0; by_name && b->names != NULL && part->length == 3 && b->min + i <= b->max;
         i++) {
        if (lower(part->at[0]) == b->names[3 * i] && lower(part->at[1]) == b->names[3 * i + 1] &&
            lower(part->at[2]) == b->names[3 * i + 2]) {
            *out = b->min + i;
            return WEIR_OK;
        }
    }
    if (weir__parse_whole(part->at, part->length, 10, out) != WEIR_OK || *out < 0) {
        return out_of_range(p, part, b);
    }
    return WEIR_OK;
}

/* "5", "1-5", "1-5/2", a star, a star and a step. */
static weir_status read_range(const struct parser *p, const struct part *whole,
                              const struct bounds *b, uint64_t *bits, int32_t *any)
{
    struct part low = *whole, high = {NULL, 0}, step_text = {NULL, 0}, more;
    int64_t first = b->min, last = b->max, step = 1;
    int stepped = cut(&low, &step_text, '/'), ranged = cut(&low, &high, '-');
    int star = low.length == 1 && (low.at[0] == '*' || low.at[0] == '?');
    weir_status status = WEIR_OK;

    if (!star) {
        status = read_number(p, &low, b, 1, &first);
        last = first;
        if (status == WEIR_OK && ranged) {
            if (cut(&high, &more, '-')) {
                return refuse(p, more.at, "expected one `-` in a range, got more");
            }
            status = read_number(p, &high, b, 1, &last);
        }
    }
    if (status == WEIR_OK && stepped) {
        if (cut(&step_text, &more, '/')) {
            return refuse(p, more.at, "expected one `/` in a range, got more");
        }
        if (weir__parse_whole(step_text.at, step_text.length, 10, &step) != WEIR_OK || step <= 0) {
            return refuse(p, step_text.at, "expected a step of at least 1");
        }
        last = ranged ? last : b->max;
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (first < b->min || last > b->max) {
        return out_of_range(p, whole, b);
    }
    if (first > last) {
        return refuse(p, whole->at, "expected a range that does not end before it begins");
    }
    for (int64_t i = first; i <= last; i += step) {
        *bits |= UINT64_C(1) << i;
        if (step > b->max) {
            break;
        }
    }
    *any |= star && step == 1;
    return WEIR_OK;
}

static weir_status read_field(const struct parser *p, struct part text, const struct bounds *b,
                              uint64_t *bits, int32_t *any)
{
    struct part rest;
    weir_status status = WEIR_OK;
    int more = 1;

    *bits = 0;
    *any = 0;
    while (more && status == WEIR_OK) {
        more = cut(&text, &rest, ',');
        if (text.length > 0) { /* empty items are let be */
            status = read_range(p, &text, b, bits, any);
        }
        text = more ? rest : text;
    }
    return status;
}

static int is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int begins_with(const struct part *text, const char *with)
{
    size_t n = weir__length(with);

    return text->length >= n && weir__same_bytes(text->at, with, n);
}

/* A time zone in front. */
static weir_status read_zone(const struct parser *p, struct part *text,
                             weir_cron_schedule *schedule)
{
    struct part name, rest;

    if (!begins_with(text, "TZ=") && !begins_with(text, "CRON_TZ=")) {
        return WEIR_OK;
    }
    name = *text;
    if (!cut(&name, &rest, ' ')) {
        weir__fail(p->err, WEIR_E_PANIC, "", "expected a schedule behind the time zone");
        return WEIR_E_PANIC;
    }
    *text = rest;
    cut(&name, &rest, '=');
    if (rest.length >= sizeof schedule->zone) {
        return weir__fail(p->err, WEIR_E_LIMIT, "", "the name of the time zone is too long");
    }
    memcpy(schedule->zone, rest.at, rest.length);
    return WEIR_OK;
}

static weir_status split(const struct parser *p, const struct part *text, struct part *parts)
{
    size_t i = 0, count = 0;

    for (;;) {
        size_t begin;

        while (i < text->length && is_space(text->at[i])) {
            i++;
        }
        if (i == text->length) {
            break;
        }
        begin = i;
        while (i < text->length && !is_space(text->at[i])) {
            i++;
        }
        if (count == FIELDS) {
            return refuse(p, text->at + begin, "expected five fields, got more");
        }
        parts[count].at = text->at + begin;
        parts[count++].length = i - begin;
    }
    return count == FIELDS ? WEIR_OK
                           : refuse(p, text->at + text->length,
                                    "expected five fields (minute, hour, day, month, weekday), "
                                    "got fewer");
}

weir_status weir_cron_parse(const char *text, size_t length, weir_cron_schedule *schedule,
                            weir_error *err)
{
    struct parser p = {text, err};
    struct part rest = {text, length}, parts[FIELDS];
    uint64_t bits[FIELDS];
    int32_t any[FIELDS];
    weir_cron_schedule own;
    weir_status status;

    if (text == NULL || schedule == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "an argument is NULL");
    }
    memset(&own, 0, sizeof own);
    status = read_zone(&p, &rest, &own);
    if (status == WEIR_OK && rest.length > 0 && rest.at[0] == '@') {
        return refuse(&p, rest.at, "expected five fields: descriptors are not taken here");
    }
    if (status == WEIR_OK) {
        status = split(&p, &rest, parts);
    }
    for (size_t i = 0; status == WEIR_OK && i < FIELDS; i++) {
        status = read_field(&p, parts[i], &fields[i], &bits[i], &any[i]);
    }
    if (status != WEIR_OK) {
        return status;
    }
    own.minutes = bits[0];
    own.hours = (uint32_t)bits[1];
    own.days = (uint32_t)bits[2];
    own.months = (uint32_t)bits[3];
    own.weekdays = (uint32_t)bits[4];
    own.any_day = any[2];
    own.any_weekday = any[4];
    *schedule = own;
    return WEIR_OK;
}

/* ---- the trigger ---------------------------------------------------------------------------- */

static weir_status read_schedule(const char *text, const char *field, weir_cron_schedule *out,
                                 weir_error *err)
{
    size_t length = weir__length_within(text, WEIR_CRON_TEXT_MAX);
    weir_status status =
        length > 0 ? weir_cron_parse(text, length, out, err)
                   : weir__fail(err, WEIR_E_PARSE, "", "expected a schedule, got nothing");

    if (status != WEIR_OK && err != NULL) {
        struct weir__text path;

        weir__text_open(&path, err->path, sizeof err->path);
        weir__text_str(&path, field);
    }
    return status;
}

weir_status weir_cron_init(weir_cron *cron, const weir_cron_config *config, weir_error *err)
{
    weir_cron own;
    weir_status status;

    if (cron == NULL || config == NULL) {
        return weir__fail(err, WEIR_E_ARG, "", "an argument is NULL");
    }
    memset(&own, 0, sizeof own);
    if (weir__length_within(config->start, sizeof config->start) == sizeof config->start ||
        weir__length_within(config->end, sizeof config->end) == sizeof config->end ||
        weir__length_within(config->timezone, sizeof config->timezone) == sizeof config->timezone) {
        return weir__fail(err, WEIR_E_RANGE, "", "a text is not terminated");
    }
    status = read_schedule(config->start, "start", &own.start, err);
    if (status == WEIR_OK) {
        status = read_schedule(config->end, "end", &own.end, err);
    }
    if (status != WEIR_OK) {
        return status;
    }
    if (weir__same_text(config->start, config->end)) {
        return weir__fail(err, WEIR_E_RANGE, "end", "must not be the same as start");
    }
    if (config->desired_replicas == 0) {
        return weir__fail(err, WEIR_E_RANGE, "desired_replicas", "must not be 0");
    }
    if (config->timezone[0] == '\0') {
        return weir__fail(err, WEIR_E_RANGE, "timezone", "expected a time zone, got nothing");
    }
    own.desired_replicas = config->desired_replicas;
    *cron = own;
    return WEIR_OK;
}

static void put_name(struct weir__text *out, const char *text, size_t most, int schedule)
{
    for (size_t i = 0, n = weir__length_within(text, most); i < n; i++) {
        switch (schedule ? text[i] : 'a') {
        case ' ': continue;
        case '*': weir__text_char(out, 'x'); continue;
        case '/': weir__text_str(out, "Sl"); continue;
        case '?': weir__text_str(out, "Qm"); continue;
        case ',': weir__text_str(out, "Cm"); continue;
        default: weir__text_char(out, text[i]); break;
        }
    }
}

weir_status weir_cron_metric_name(const weir_cron_config *config, char *name, size_t capacity,
                                  size_t *need)
{
    struct weir__text out;

    if (config == NULL || (name == NULL && capacity > 0)) {
        return WEIR_E_ARG;
    }
    weir__text_open(&out, name, capacity);
    weir__text_str(&out, "cron-");
    put_name(&out, config->timezone, sizeof config->timezone, 0);
    weir__text_char(&out, '-');
    put_name(&out, config->start, sizeof config->start, 1);
    weir__text_char(&out, '-');
    put_name(&out, config->end, sizeof config->end, 1);
    for (size_t i = 0; i + 1 < capacity && name[i] != '\0'; i++) {
        char c = name[i];

        if (c == '/' || c == '.' || c == ':' || c == '%' || c == '(' || c == ')') {
            name[i] = '-';
        }
    }
    return weir__text_close(&out, need);
}
