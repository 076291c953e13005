/*
 * Cron triggers: windows, schedules that are refused, changes of the clocks, and the jumps of the
 * search against a search minute by minute.
 */
#include "random.h"
#include "table.h"

#include <weir/cron.h>

#define S WEIR_SECOND
/* 2026-01-05, a Monday */
#define MONDAY INT64_C(1767571200)

struct window {
    const char *name, *start, *end;
    int64_t at; /* s after that Monday */
    int32_t active;
};

static const struct window windows[] = {
    {"before the day", "0 8 * * *", "0 20 * * *", 8 * 3600 - 1, 0},
    {"start is included", "0 8 * * *", "0 20 * * *", 8 * 3600, 1},
    {"end is not", "0 8 * * *", "0 20 * * *", 20 * 3600, 0},
    {"over midnight", "0 22 * * *", "0 6 * * *", 23 * 3600, 1},
    {"over midnight, morning", "0 22 * * *", "0 6 * * *", 6 * 3600, 0},
    {"weekdays on Saturday", "0 8 * * 1-5", "0 20 * * 1-5", 5 * 86400 + 12 * 3600, 0},
    {"weekdays on Friday", "0 8 * * 1-5", "0 20 * * 1-5", 4 * 86400 + 12 * 3600, 1},
    {"names", "0 0 * * Thu", "59 23 * * thu", 3 * 86400 + 12 * 3600, 1},
    {"day or weekday", "0 8 13 * 5", "0 20 * * *", 7 * 86400 + 12 * 3600, 1},
    {"never starts", "0 0 30 2 *", "0 20 * * *", 12 * 3600, 1},
    {"never ends", "0 8 * * *", "0 0 30 2 *", 12 * 3600, 0},
};

static void opens_and_closes(void **state)
{
    const struct window *w = *state;
    weir_cron_config config = {5, "", "", "UTC"};
    weir_cron cron;
    weir_cron_answer answer;

    memcpy(config.start, w->start, strlen(w->start));
    memcpy(config.end, w->end, strlen(w->end));
    assert_int_equal(weir_cron_init(&cron, &config, NULL), WEIR_OK);
    weir_cron_query(&cron, NULL, NULL, (MONDAY + w->at) * S, &answer);
    assert_int_equal(answer.active, w->active);
    assert_int_equal(answer.value, w->active ? 5 : 0);
    if (answer.next != WEIR_TIME_NEVER) { /* until then it stays, then it changes or may */
        weir_time before = answer.next - 1;

        weir_cron_query(&cron, NULL, NULL, before, &answer);
        assert_int_equal(answer.active, w->active);
    }
}

struct refusal {
    const char *text;
    weir_status status;
    int column;
};

static const struct refusal refusals[] = {
    {"* * * *", WEIR_E_PARSE, 8},      {"* * * * * *", WEIR_E_PARSE, 11},
    {"60 * * * *", WEIR_E_PARSE, 1},   {"* 24 * * *", WEIR_E_PARSE, 3},
    {"* * 0 * *", WEIR_E_PARSE, 5},    {"* * * 13 *", WEIR_E_PARSE, 7},
    {"* * * * 7", WEIR_E_PARSE, 9},    {"8-6 * * * *", WEIR_E_PARSE, 1},
    {"*/0 * * * *", WEIR_E_PARSE, 3},  {"1-2-3 * * * *", WEIR_E_PARSE, 5},
    {"1//2 * * * *", WEIR_E_PARSE, 4}, {"@daily", WEIR_E_PARSE, 1},
    {"0 0 L * *", WEIR_E_PARSE, 5},    {"0 0 * January *", WEIR_E_PARSE, 7},
    {"CRON_TZ=UTC", WEIR_E_PANIC, 0},  {"-30 * * * *", WEIR_E_PARSE, 1},
};

static void refuses(void **state)
{
    const struct refusal *r = *state;
    weir_cron_schedule schedule;
    weir_error err = {0};

    assert_int_equal(weir_cron_parse(r->text, strlen(r->text), &schedule, &err), r->status);
    if (r->column > 0) {
        assert_int_equal(err.column, r->column);
    }
}

/* New York in 2026: forward on 8 March 07:00 UTC, back on 1 November 06:00 UTC. */
static const weir_zone_change new_york[] = {{INT64_C(1772953200) * S, -14400, 0},
                                            {INT64_C(1793512800) * S, -18000, 0}};

static void clocks_change(void **state)
{
    weir_zone zone = {2, -18000, new_york};
    weir_cron_schedule half_past_two, hourly;
    weir_time next;

    (void)state;
    weir_cron_parse("30 2 * * *", 10, &half_past_two, NULL);
    weir_cron_parse("0 * * * *", 9, &hourly, NULL);
    /* half past two does not exist on 8 March: the next is a day later, at 06:30 UTC */
    weir_cron_next(&half_past_two, &zone, INT64_C(1772953199) * S, &next);
    assert_int_equal(next / S, INT64_C(1772953200) + 86400 - 1800);
    /* an hour that comes twice comes twice */
    weir_cron_next(&hourly, &zone, INT64_C(1793512799) * S, &next);
    assert_int_equal(next / S, INT64_C(1793512800));
}

/* What fits, looked for minute by minute, in UTC. */
static int fits(const weir_cron_schedule *s, int64_t unix_time)
{
    int64_t days = unix_time / 86400, z = days + 719468, era = z / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    int64_t rest = unix_time % 86400;
    int by_day = (s->days >> day & 1) != 0;
    int by_weekday = (s->weekdays >> ((days + 4) % 7) & 1) != 0;

    return (s->minutes >> (rest / 60 % 60) & 1) != 0 && (s->hours >> (rest / 3600) & 1) != 0 &&
           (s->months >> month & 1) != 0 &&
           (s->any_day || s->any_weekday ? by_day && by_weekday : by_day || by_weekday);
}

static void jumps_like_steps(void **state)
{
    static const char *const texts[] = {"*/7 * * * *",     "13 */5 * * *",     "0 0 29 2 *",
                                        "5 4 1,15 * 3",    "59 23 31 * *",     "0 12 * 4-6 Sun",
                                        "* 3 * JAN,DEC *", "30 6-9/3 */10 * *"};
    struct rng rng = {7};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        weir_cron_schedule s;

        assert_int_equal(weir_cron_parse(texts[i], strlen(texts[i]), &s, NULL), WEIR_OK);
        for (int k = 0; k < 12; k++) {
            int64_t at = MONDAY + rng_int(&rng, 0, 4 * 366 * 86400), t = at / 60 * 60 + 60;
            weir_time next;

            while (!fits(&s, t)) {
                t += 60;
            }
            assert_int_equal(weir_cron_next(&s, NULL, at * S + 5, &next), WEIR_OK);
            assert_int_equal(next, t * S);
        }
    }
}

static void names_of_metrics(void **state)
{
    weir_cron_config config = {1, "0 */2 * * *", "0 1-23/2 * * *", "Etc/UTC"};
    char name[100];

    (void)state;
    weir_cron_metric_name(&config, name, sizeof name, NULL);
    assert_string_equal(name, "cron-Etc-UTC-0xSl2xxx-01-23Sl2xxx");
    assert_int_equal(weir_cron_metric_name(&config, name, 8, NULL), WEIR_E_SPACE);
}

int main(void)
{
    struct suite suite = {.count = 0};

    SUITE_TABLE(&suite, opens_and_closes, windows);
    SUITE_TABLE(&suite, refuses, refusals);
    SUITE_TEST(&suite, clocks_change);
    SUITE_TEST(&suite, jumps_like_steps);
    SUITE_TEST(&suite, names_of_metrics);
    return suite_run(&suite, "cron");
}
