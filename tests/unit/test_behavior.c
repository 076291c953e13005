/*
 * Limits: upstream's own cases for windows, policies and the changes they count, the memory in
 * upstream's order, and that no step scans what it need not.
 */
#include "random.h"
#include "table.h"

#include <stdio.h>
#include <weir/weir.h>

#define NOW (INT64_C(1700000000) * WEIR_SECOND)

enum { LIST_MAX = 64 };

/* "100p/60 5%/15": pods or percent in seconds. "" leaves the defaults. */
static void read_policies(const char *text, weir_scaling_rules *rules)
{
    rules->policy_count = *text != '\0' ? 0 : rules->policy_count;
    while (*text != '\0') {
        weir_policy *policy = &rules->policies[rules->policy_count++];
        char *end;

        policy->value = (int32_t)strtol(text, &end, 10);
        policy->type = *end == 'p' ? WEIR_POLICY_PODS : WEIR_POLICY_PERCENT;
        policy->period = strtol(end + 2, &end, 10) * WEIR_SECOND;
        text = end + (*end == ' ');
    }
}

/* "4@120 5@60": numbers and their ages in seconds. */
static size_t read_aged(const char *text, int32_t *numbers, weir_time *times)
{
    size_t count = 0;

    while (*text != '\0') {
        char *end;

        numbers[count] = (int32_t)strtol(text, &end, 10);
        times[count++] = NOW - strtol(end + 1, &end, 10) * WEIR_SECOND;
        text = end + (*end == ' ');
    }
    return count;
}

static weir_behavior *behavior_of(const weir_behavior_config *config)
{
    weir_error err;
    weir_behavior *b;
    size_t bytes;

    if (weir_behavior_bytes(config, &bytes, &err) != WEIR_OK) {
        fail_msg("%s %s", err.path, err.message);
    }
    b = block_of(bytes);
    assert_int_equal(weir_behavior_init(b, bytes, config, &err), WEIR_OK);
    return b;
}

static void set_events(weir_behavior *b, int32_t direction, const char *text)
{
    weir_scale_event list[LIST_MAX];
    int32_t changes[LIST_MAX];
    weir_time times[LIST_MAX];
    size_t count = read_aged(text, changes, times);

    for (size_t i = 0; i < count; i++) {
        list[i] = (weir_scale_event){times[i], changes[i], 0};
    }
    assert_int_equal(weir_behavior_set_events(b, direction, list, count), WEIR_OK);
}

static void set_wishes(weir_behavior *b, const char *text)
{
    weir_recommendation list[LIST_MAX];
    int32_t wishes[LIST_MAX];
    weir_time times[LIST_MAX];
    size_t count = read_aged(text, wishes, times);

    for (size_t i = 0; i < count; i++) {
        list[i] = (weir_recommendation){times[i], wishes[i], 0};
    }
    assert_int_equal(weir_behavior_set_recommendations(b, list, count), WEIR_OK);
}

/* The wishes in their order: "4 5 3". */
static const char *wishes_of(const weir_behavior *b, char *text, size_t size)
{
    weir_recommendation list[LIST_MAX];
    size_t count, used = 0;

    assert_int_equal(weir_behavior_recommendations(b, list, LIST_MAX, &count), WEIR_OK);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        used += (size_t)snprintf(text + used, size - used, "%s%d", i > 0 ? " " : "",
                                 (int)list[i].replicas);
    }
    return text;
}

/* ---- policies and bounds -------------------------------------------------------------------- */

struct limit {
    const char *name;
    int32_t rules, current, stabilized, min, max;
    const char *up, *down, *came, *went;
    int32_t allowed, reason;
};

static const struct limit limits[] = {
    {"L1 without rules", 0, 5, 7, 3, 8, "", "", "", "", 7, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"L2 without rules", 0, 3, 1, 2, 8, "", "", "", "", 2, WEIR_REASON_TOO_FEW_REPLICAS},
    {"L3 without rules", 0, 1, 0, 0, 10, "", "", "", "", 0, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"L4 without rules", 0, 20, 1000, 1, 10, "", "", "", "", 10, WEIR_REASON_TOO_MANY_REPLICAS},
    {"L5 without rules", 0, 3, 1000, 1, 2000, "", "", "", "", 6, WEIR_REASON_SCALE_UP_LIMIT},
    {"B1", 1, 5, 7, 3, 8, "", "", "", "", 7, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B2", 1, 3, 1, 2, 8, "", "", "", "", 2, WEIR_REASON_TOO_FEW_REPLICAS},
    {"B3", 1, 1, 0, 0, 10, "", "", "", "", 0, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B4", 1, 20, 1000, 1, 10, "", "", "", "", 10, WEIR_REASON_TOO_MANY_REPLICAS},
    {"B5", 1, 100, 1000, 100, 150, "", "", "", "", 150, WEIR_REASON_TOO_MANY_REPLICAS},
    {"B6", 1, 3, 1000, 1, 2000, "1%/60", "", "", "", 4, WEIR_REASON_SCALE_UP_LIMIT},
    {"B7", 1, 10, 50, 1, 1000, "", "", "", "", 20, WEIR_REASON_SCALE_UP_LIMIT},
    {"B8", 1, 10, 500, 1, 1000, "100p/60 100%/60", "", "", "", 110, WEIR_REASON_SCALE_UP_LIMIT},
    {"B9", 1, 10, 500, 1, 1000, "2p/60 100%/60", "", "", "", 20, WEIR_REASON_SCALE_UP_LIMIT},
    {"B10", 1, 10, 50, 1, 1000, "100p/60", "", "", "", 50, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B11", 1, 10, 50, 1, 1000, "10000p/60", "", "", "", 50, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B12", 1, 10, 50, 1, 1000, "30p/60", "", "", "", 40, WEIR_REASON_SCALE_UP_LIMIT},
    {"B13", 1, 10, 50, 1, 1000, "200%/60", "", "", "", 30, WEIR_REASON_SCALE_UP_LIMIT},
    {"B14", 1, 100, 2, 1, 1000, "", "20p/60 1%/60", "", "", 80, WEIR_REASON_SCALE_DOWN_LIMIT},
    {"B15", 1, 100, 2, 1, 1000, "", "2p/60 1%/60", "", "", 98, WEIR_REASON_SCALE_DOWN_LIMIT},
    {"B16", 1, 10, 0, 1, 1000, "", "100p/60", "", "", 1, WEIR_REASON_TOO_FEW_REPLICAS},
    {"B17", 1, 10, 2, 5, 1000, "", "100%/60", "", "", 5, WEIR_REASON_TOO_FEW_REPLICAS},
    {"B18", 1, 10, 2, 1, 1000, "", "5p/60", "", "", 5, WEIR_REASON_SCALE_DOWN_LIMIT},
    {"B19", 1, 10, 5, 1, 1000, "", "50%/60", "", "", 5, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B20", 1, 100, 500, 1, 200, "300p/60", "", "1@100 5@60 9@20", "", 200,
     WEIR_REASON_TOO_MANY_REPLICAS},
    {"B21", 1, 100, 500, 1, 200, "10000%/60", "", "1@100 5@60 9@20", "", 200,
     WEIR_REASON_TOO_MANY_REPLICAS},
    {"B22", 1, 100, 500, 1, 1000, "5p/120", "", "1@100 5@60 9@20", "", 100,
     WEIR_REASON_SCALE_UP_LIMIT},
    {"B23", 1, 100, 500, 1, 1000, "150p/120", "", "1@100 5@60 9@20", "", 235,
     WEIR_REASON_SCALE_UP_LIMIT},
    {"B24", 1, 100, 500, 1, 1000, "200%/120", "", "1@100 5@60 9@20", "", 255,
     WEIR_REASON_SCALE_UP_LIMIT},
    {"B25", 1, 6, 24, 1, 1000, "300%/300", "", "4@60", "2@60", 16, WEIR_REASON_SCALE_UP_LIMIT},
    {"B26", 1, 10, 5, 1, 1000, "", "", "", "1@100 5@60 9@20", 5, WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B27", 1, 100, 0, 1, 1000, "", "115p/120", "", "1@100 5@60 9@20", 1,
     WEIR_REASON_TOO_FEW_REPLICAS},
    {"B28", 1, 100, 0, 5, 1000, "", "130p/120", "", "1@100 5@60 9@20", 5,
     WEIR_REASON_TOO_FEW_REPLICAS},
    {"B29", 1, 100, 2, 5, 1000, "", "100%/120", "", "1@100 5@60 9@20", 5,
     WEIR_REASON_TOO_FEW_REPLICAS},
    {"B30", 1, 100, 2, 1, 1000, "", "5p/120", "", "1@100 5@60 9@20", 100,
     WEIR_REASON_SCALE_DOWN_LIMIT},
    {"B31", 1, 100, 0, 1, 1000, "", "50%/120", "", "2@100 4@60 6@20", 56,
     WEIR_REASON_SCALE_DOWN_LIMIT},
    {"B32", 1, 10, 1, 1, 1000, "", "50%/180", "2@60", "4@60", 6, WEIR_REASON_SCALE_DOWN_LIMIT},
    {"B33", 1, 100, 0, 1, 1000, "", "10%/120", "", "10@100 10@60 10@20", 100,
     WEIR_REASON_SCALE_DOWN_LIMIT},
    {"B34", 1, 10, 5, 1, 1000, "", "1000%/120", "", "10@100 10@60 10@20", 5,
     WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B35", 1, 100, 200, 1, 1000, "1000p/60", "", "8@105 12@75 9@45 11@15", "", 200,
     WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B36", 1, 100, 200, 1, 1000, "1000p/120 100%/60", "", "8@105 12@75 9@45 11@15", "", 200,
     WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B37", 1, 100, 200, 1, 1000, "1000p/30 100%/60", "", "8@105 12@75 9@45 11@15", "", 200,
     WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B38", 1, 100, 5, 1, 1000, "", "1000p/60", "", "8@105 12@75 9@45 11@15", 5,
     WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B39", 1, 100, 5, 1, 1000, "", "1000p/120 100%/60", "", "8@105 12@75 9@45 11@15", 5,
     WEIR_REASON_DESIRED_WITHIN_RANGE},
    {"B40", 1, 100, 5, 1, 1000, "", "1000p/30 100%/60", "", "8@105 12@75 9@45 11@15", 5,
     WEIR_REASON_DESIRED_WITHIN_RANGE},
};

static void limits_as_upstream(void **state)
{
    const struct limit *row = *state;
    weir_behavior_config config;
    weir_behavior *b;
    int32_t allowed, reason;

    weir_behavior_config_init(&config, sizeof config);
    config.behavior = row->rules;
    config.min_replicas = row->min;
    config.max_replicas = row->max;
    config.reserve = LIST_MAX;
    read_policies(row->up, &config.scale_up);
    read_policies(row->down, &config.scale_down);
    b = behavior_of(&config);
    set_events(b, WEIR_SCALE_UP, row->came);
    set_events(b, WEIR_SCALE_DOWN, row->went);
    assert_int_equal(weir_behavior_limit(b, row->current, row->stabilized, NOW, &allowed, &reason),
                     WEIR_OK);
    assert_int_equal(allowed, row->allowed);
    assert_string_equal(weir_reason_name(reason), weir_reason_name(row->reason));
    free(b);
}

/* What a direction's policies allow when anything is wanted. */
struct selection {
    const char *name;
    int32_t direction, select, conversion, current;
    const char *policies;
    int32_t allowed;
};

static const struct selection selections[] = {
    {"the smallest change up", 0, WEIR_SELECT_MIN, 0, 1, "2p/60 50%/60", 2},
    {"the largest change up", 0, WEIR_SELECT_MAX, 0, 1, "2p/60 50%/60", 3},
    {"the smallest change down", 1, WEIR_SELECT_MIN, 0, 5, "2p/60 50%/60", 3},
    {"the largest change down", 1, WEIR_SELECT_MAX, 0, 5, "2p/60 50%/60", 2},
    {"no change up", 0, WEIR_SELECT_DISABLED, 0, 5, "2p/60", 5},
    {"no change down", 1, WEIR_SELECT_DISABLED, 0, 5, "2p/60", 5},
    {"10 % of 100 rounds up past 110", 0, WEIR_SELECT_MAX, 0, 100, "10%/60", 111},
    {"90 % off 10 rounds down past 1", 1, WEIR_SELECT_MAX, 0, 10, "90%/60", 0},
    {"30 % off 90", 1, WEIR_SELECT_MAX, 0, 90, "30%/60", 62},
    {"nothing grows from zero by percent", 0, WEIR_SELECT_MAX, 0, 0, "100%/15", 0},
    {"pods wrap and freeze", 0, WEIR_SELECT_MAX, 0, 1, "2147483647p/60", 1},
    {"percent saturates", 0, WEIR_SELECT_MAX, WEIR_CONVERT_SATURATE, 200, "2147483647%/60", 1000},
    {"percent freezes on amd64", 0, WEIR_SELECT_MAX, WEIR_CONVERT_AMD64, 200, "2147483647%/60",
     200},
};

static void selects(void **state)
{
    const struct selection *row = *state;
    weir_behavior_config config;
    weir_scaling_rules *rules;
    weir_behavior *b;
    int32_t allowed;

    weir_behavior_config_init(&config, sizeof config);
    config.min_replicas = -1000;
    config.max_replicas = 1000;
    config.conversion = row->conversion;
    rules = row->direction == WEIR_SCALE_UP ? &config.scale_up : &config.scale_down;
    rules->select_policy = row->select;
    read_policies(row->policies, rules);
    b = behavior_of(&config);
    assert_int_equal(weir_behavior_limit(b, row->current,
                                         row->direction == WEIR_SCALE_UP ? 100000 : -100000, NOW,
                                         &allowed, NULL),
                     WEIR_OK);
    assert_int_equal(allowed, row->allowed);
    free(b);
}

static void a_direction_without_policies_is_frozen(void **state)
{
    weir_behavior_config config;
    weir_behavior *b;
    int32_t allowed, reason;

    (void)state;
    weir_behavior_config_init(&config, sizeof config);
    config.scale_up.policy_count = 0;
    config.scale_down.policy_count = 0;
    b = behavior_of(&config);
    weir_behavior_limit(b, 5, 9, NOW, &allowed, &reason);
    assert_int_equal(allowed, 5);
    assert_int_equal(reason, WEIR_REASON_SCALE_UP_LIMIT);
    weir_behavior_limit(b, 5, 2, NOW, &allowed, &reason);
    assert_int_equal(allowed, 5);
    free(b);
}

static void doubling_overflows_as_the_switch_says(void **state)
{
    weir_behavior_config config;
    weir_behavior *b;
    int32_t allowed;

    (void)state;
    weir_behavior_config_init(&config, sizeof config);
    config.behavior = 0;
    b = behavior_of(&config);
    weir_behavior_limit(b, 1 << 30, INT32_MAX, NOW, &allowed, NULL);
    assert_int_equal(allowed, INT32_MAX);
    free(b);
    config.conversion = WEIR_CONVERT_AMD64;
    b = behavior_of(&config);
    weir_behavior_limit(b, 1 << 30, INT32_MAX, NOW, &allowed, NULL);
    assert_int_equal(allowed, INT32_MIN);
    free(b);
}

/* ---- windows -------------------------------------------------------------------------------- */

struct window {
    const char *name;
    int32_t rules;
    int64_t up, down;
    const char *wishes;
    int32_t current, desired, stabilized;
    const char *after;
};

static const struct window windows[] = {
    {"S1 without rules", 0, 0, 300, "", 0, 5, 5, "5"},
    {"S2 without rules", 0, 0, 300, "4@120 5@60", 0, 3, 5, "4 5 3"},
    {"S3 without rules", 0, 0, 300, "1@120 2@60", 0, 3, 3, "1 2 3"},
    {"S4 without rules", 0, 0, 300, "10@600 9@540", 0, 3, 3, "10 3"},
    {"S5 without rules", 0, 0, 300, "10@600 4@60 5@120 9@540", 0, 3, 5, "10 4 5 3"},
    {"window 1", 1, 0, 0, "", 100, 5, 5, "5"},
    {"window 2", 1, 0, 180, "4@120 5@60", 100, 3, 5, "4 5 3"},
    {"window 3", 1, 300, 0, "4@120 5@60", 1, 7, 4, "4 5 7"},
    {"window 4", 1, 300, 0, "1@120 2@60", 100, 3, 3, "1 2 3"},
    {"window 5", 1, 0, 300, "4@120 5@60", 1, 3, 3, "4 5 3"},
    {"window 6", 1, 0, 0, "10@600 9@540", 100, 3, 3, "10 3"},
    {"window 7", 1, 0, 0, "10@600 9@540", 1, 100, 100, "10 100"},
    {"window 8", 1, 0, 180, "10@600 4@60 5@120 9@540", 100, 3, 5, "10 4 5 3"},
    {"window 9", 1, 300, 0, "10@6000 6@60 5@120 9@180", 1, 100, 5, "100 6 5 9"},
    {"window 10", 1, 300, 300, "2@6000 3@180", 2, 1, 2, "1 3"},
    {"window 11", 1, 300, 300, "2@6000 1@180", 2, 3, 2, "3 1"},
};

static void windows_as_upstream(void **state)
{
    const struct window *row = *state;
    weir_behavior_config config;
    weir_behavior *b;
    int32_t stabilized, reason;
    char text[256];

    weir_behavior_config_init(&config, sizeof config);
    config.behavior = row->rules;
    config.downscale_stabilization = row->down * WEIR_SECOND;
    config.scale_up.stabilization_window = row->up * WEIR_SECOND;
    config.scale_down.stabilization_window = row->down * WEIR_SECOND;
    b = behavior_of(&config);
    set_wishes(b, row->wishes);
    assert_int_equal(
        weir_behavior_stabilize(b, row->current, row->desired, NOW, &stabilized, &reason), WEIR_OK);
    assert_int_equal(stabilized, row->stabilized);
    assert_string_equal(wishes_of(b, text, sizeof text), row->after);
    assert_int_equal(reason, stabilized == row->desired ? WEIR_REASON_READY_FOR_NEW_SCALE
                             : row->rules && row->desired >= row->current
                                 ? WEIR_REASON_SCALE_UP_STABILIZED
                                 : WEIR_REASON_SCALE_DOWN_STABILIZED);
    free(b);
}

/* A wish exactly as old as the window: with rules it has left, without it still counts. */
static void the_edges_of_windows_differ(void **state)
{
    weir_behavior_config config;
    int32_t stabilized;

    (void)state;
    weir_behavior_config_init(&config, sizeof config);
    for (int32_t rules = 0; rules < 2; rules++) {
        weir_behavior *b;

        config.behavior = rules;
        b = behavior_of(&config);
        set_wishes(b, "9@300");
        weir_behavior_stabilize(b, 9, 1, NOW, &stabilized, NULL);
        assert_int_equal(stabilized, rules ? 1 : 9);
        free(b);
    }
}

/* ---- changes -------------------------------------------------------------------------------- */

struct store {
    const char *name;
    int32_t rules;
    const char *before, *policies, *after;
};

static const struct store stores[] = {
    {"E1", 0, "", "", ""},
    {"E2", 1, "", "10p/60 100%/60", "5"},
    {"E3", 0, "7@61", "", "7"},
    {"E4", 1, "7@61", "10p/60 100%/60", "5"},
    {"E5", 1, "7@58", "10p/60 100%/60", "7 5"},
    {"E6", 1, "7@61 6@59", "10p/60", "5 6"},
    {"E7", 1, "8@29 6@59 7@61 9@61", "10p/60 100%/30", "8 6 7x 5"},
    {"E8", 1, "7@58 6@59", "10p/120 100%/30", "7 6 5"},
};

static void changes_are_stored_as_upstream(void **state)
{
    const struct store *row = *state;

    for (int32_t direction = 0; direction < 2; direction++) {
        weir_behavior_config config;
        weir_behavior *b;
        weir_scale_event list[LIST_MAX];
        size_t count, used = 0;
        char text[256] = "";

        weir_behavior_config_init(&config, sizeof config);
        config.behavior = row->rules;
        config.reserve = LIST_MAX;
        read_policies(row->policies,
                      direction == WEIR_SCALE_UP ? &config.scale_up : &config.scale_down);
        b = behavior_of(&config);
        set_events(b, direction, row->before);
        assert_int_equal(weir_behavior_scaled(b, 10, direction == WEIR_SCALE_UP ? 15 : 5, NOW), 0);
        assert_int_equal(weir_behavior_events(b, direction, list, LIST_MAX, &count), WEIR_OK);
        for (size_t i = 0; i < count; i++) {
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%d%s", i > 0 ? " " : "",
                                     (int)list[i].change, list[i].outdated ? "x" : "");
        }
        assert_string_equal(text, row->after);
        free(b);
    }
}

/* ---- whole steps ---------------------------------------------------------------------------- */

/* One step of a controller that does what it is allowed. Gives the size. */
static int32_t step(weir_behavior *b, int32_t size, int32_t wish, weir_time now,
                    weir_decision *decision)
{
    weir_explain explain;
    int32_t replicas = size;

    weir_decision_init(decision, sizeof *decision);
    weir_explain_init(&explain, sizeof explain);
    assert_int_equal(weir_behavior_apply(b, size, wish, now, decision, &explain), WEIR_OK);
    for (uint32_t i = 0; i < explain.count; i++) {
        assert_int_equal(explain.steps[i].before, replicas);
        replicas = explain.steps[i].after;
    }
    assert_int_equal(replicas, decision->replicas);
    assert_int_equal((decision->flags & WEIR_FLAG_APPLY) != 0, decision->replicas != size);
    if (decision->flags & WEIR_FLAG_APPLY) {
        assert_int_equal(weir_behavior_scaled(b, size, decision->replicas, now), WEIR_OK);
    }
    return decision->replicas;
}

/* Sizes over ticks of 15 s; the wish changes after the first tick. "20x3" is 20 three times. */
struct trace {
    const char *name;
    int32_t rules, size, first_wish, wish;
    int64_t up_window, down_window;
    const char *up, *down;
    int32_t select_down;
    const char *sizes;
};

static const struct trace traces[] = {
    {"one spike ratchets without rules", 0, 10, 1000, 10, 0, 300, "", "", 0,
     "20x1 40x1 80x1 100x18 10x2"},
    {"with rules it does not", 1, 10, 1000, 10, 0, 300, "", "", 0, "20x20 10x2"},
    {"down after the window without rules", 0, 50, 3, 3, 0, 300, "", "", 0, "50x20 3x2"},
    {"down after the window", 1, 50, 3, 3, 0, 300, "", "", 0, "50x20 3x2"},
    {"up in steps of a minute", 1, 4, 200, 200, 0, 300, "4p/60 50%/60", "", 0,
     "8x4 12x4 18x4 27x4 41x1"},
    {"down in steps of a minute", 1, 80, 3, 3, 0, 0, "", "4p/60 10%/60", WEIR_SELECT_MIN,
     "76x4 72x4 68x4 64x4 60x1"},
    {"up only after a window", 1, 5, 12, 12, 60, 300, "", "", 0, "5x4 10x1 12x3"},
    {"the defaults", 1, 1, 200, 200, 0, 300, "", "", 0, "5x1 10x1 20x1 40x1 80x1 100x2"},
    {"without rules", 0, 1, 200, 200, 0, 300, "", "", 0, "4x1 8x1 16x1 32x1 64x1 100x2"},
};

static void traces_as_upstream(void **state)
{
    const struct trace *row = *state;
    weir_behavior_config config;
    weir_behavior *b;
    weir_decision decision;
    int32_t size = row->size, tick = 0;
    const char *at = row->sizes;

    weir_behavior_config_init(&config, sizeof config);
    config.behavior = row->rules;
    config.max_replicas = 100;
    config.scale_up.stabilization_window = row->up_window * WEIR_SECOND;
    config.scale_down.stabilization_window = row->down_window * WEIR_SECOND;
    config.scale_down.select_policy = row->select_down;
    read_policies(row->up, &config.scale_up);
    read_policies(row->down, &config.scale_down);
    b = behavior_of(&config);
    while (*at != '\0') {
        char *end;
        int32_t wanted = (int32_t)strtol(at, &end, 10);
        int32_t times = (int32_t)strtol(end + 1, &end, 10);

        for (; times > 0; times--, tick++) {
            size = step(b, size, tick == 0 ? row->first_wish : row->wish,
                        NOW + tick * 15 * WEIR_SECOND, &decision);
            if (size != wanted) {
                fail_msg("tick %d: %d, wanted %d", (int)tick, (int)size, (int)wanted);
            }
        }
        at = end + (*end == ' ');
    }
    free(b);
}

static void next_says_when_the_answer_can_change(void **state)
{
    weir_behavior_config config;
    weir_behavior *b;
    weir_decision d;

    (void)state;
    weir_behavior_config_init(&config, sizeof config);
    read_policies("2p/60", &config.scale_up);
    b = behavior_of(&config);
    step(b, 5, 5, NOW, &d);
    assert_true(d.next == WEIR_TIME_NEVER);
    step(b, 5, 2, NOW + WEIR_SECOND, &d); /* held by the wish for 5 */
    assert_true((d.flags & WEIR_FLAG_STABILIZED) != 0);
    assert_true(d.next == NOW + 300 * WEIR_SECOND);
    step(b, 5, 9, NOW + 2 * WEIR_SECOND, &d); /* held by the policy */
    assert_int_equal(d.replicas, 7);
    assert_true((d.flags & WEIR_FLAG_RATE_LIMITED) != 0);
    assert_true(d.next == NOW + 62 * WEIR_SECOND);
    step(b, 7, 9, NOW + 3 * WEIR_SECOND, &d);
    assert_int_equal(d.replicas, 7);
    assert_true(d.next == NOW + 62 * WEIR_SECOND);
    step(b, 7, 9, d.next, &d); /* exactly a period old: it no longer counts */
    assert_int_equal(d.replicas, 9);
    free(b);
    config.behavior = 0;
    b = behavior_of(&config);
    step(b, 5, 5, NOW, &d);
    step(b, 5, 2, NOW + WEIR_SECOND, &d);
    assert_true(d.next == NOW + 300 * WEIR_SECOND + 1); /* at exactly 300 s it still counts */
    step(b, 5, 2, d.next - 1, &d);
    assert_int_equal(d.replicas, 5);
    step(b, 5, 2, NOW + 300 * WEIR_SECOND + 1, &d);
    assert_int_equal(d.replicas, 2);
    free(b);
}

/* ---- against a plain scan ------------------------------------------------------------------- */

/* Upstream's list, scanned at every step. */
struct plain {
    weir_recommendation list[4096];
    size_t count;
};

static int32_t plain_step(struct plain *p, const weir_behavior_config *c, int32_t current,
                          int32_t wish, weir_time now)
{
    weir_time up = now - c->scale_up.stabilization_window;
    weir_time down =
        now - (c->behavior ? c->scale_down.stabilization_window : c->downscale_stabilization);
    int32_t low = wish, high = wish, size = current;
    size_t old = SIZE_MAX;

    for (size_t i = 0; i < p->count; i++) {
        const weir_recommendation *r = &p->list[i];

        if (c->behavior && r->at > up && r->replicas < low) {
            low = r->replicas;
        }
        if ((c->behavior ? r->at > down : r->at >= down) && r->replicas > high) {
            high = r->replicas;
        }
        if (r->at < down && (!c->behavior || r->at < up)) {
            old = i;
        }
    }
    old = old == SIZE_MAX ? p->count++ : old;
    assert_true(p->count < 4096);
    p->list[old] = (weir_recommendation){now, wish, 0};
    if (!c->behavior) {
        return high;
    }
    size = size < low ? low : size;
    return size > high ? high : size;
}

static void assert_same_list(const weir_behavior *b, const struct plain *p, int seed, int at)
{
    static weir_recommendation list[4096];
    size_t count;

    assert_int_equal(weir_behavior_recommendations(b, list, 4096, &count), WEIR_OK);
    if (count != p->count || memcmp(list, p->list, count * sizeof list[0]) != 0) {
        fail_msg("seed %d, step %d: the lists differ", seed, at);
    }
}

static void random_windows(struct rng *rng, weir_behavior_config *config)
{
    weir_behavior_config_init(config, sizeof *config);
    config->behavior = !rng_one_in(rng, 3);
    config->sync_period = 15 * WEIR_SECOND;
    config->scale_up.stabilization_window =
        rng_one_in(rng, 2) ? 0 : rng_int(rng, 0, 900) * WEIR_SECOND;
    config->scale_down.stabilization_window = rng_int(rng, 0, 900) * WEIR_SECOND;
    config->downscale_stabilization = rng_int(rng, 0, 900) * WEIR_SECOND;
}

/* Steps at odd times, with pauses; now and then the windows are edited, a snapshot is read, the
 * controller restarts. With much room the lists are upstream's too, with little the answers still.
 */
static void equals_a_plain_scan(void **state)
{
    static struct plain plain;
    int tight;

    (void)state;
    for (int seed = 1; seed <= 150; seed++) {
        struct rng rng = {(uint64_t)seed};
        weir_behavior_config config;
        weir_behavior *b;
        weir_time now = NOW;
        int refused = 0;

        tight = seed % 3 == 0;
        random_windows(&rng, &config);
        config.reserve = tight ? 0 : 2000;
        b = behavior_of(&config);
        plain.count = 0;
        for (int at = 0; at < 400; at++) {
            int32_t current = (int32_t)rng_int(&rng, 0, 50), got;
            int32_t wish =
                (int32_t)(rng_one_in(&rng, 5) ? rng_int(&rng, 0, 1000) : rng_int(&rng, 0, 50));
            struct plain before = plain;
            weir_status status;

            now += rng_one_in(&rng, 30)  ? rng_int(&rng, 0, 2000) * WEIR_SECOND
                   : rng_one_in(&rng, 4) ? rng_int(&rng, 0, 3) * WEIR_SECOND
                   : tight               ? rng_int(&rng, 10, 25) * WEIR_SECOND
                                         : 15 * WEIR_SECOND;
            status = weir_behavior_stabilize(b, current, wish, now, &got, NULL);
            if (status == WEIR_E_LIMIT && tight) { /* nothing was remembered */
                refused++;
                continue;
            }
            assert_int_equal(status, WEIR_OK);
            if (got != plain_step(&plain, &config, current, wish, now)) {
                fail_msg("seed %d, step %d: %d instead of %d", seed, at, (int)got,
                         (int)plain_step(&before, &config, current, wish, now));
            }
            if (tight) {
                continue;
            }
            assert_same_list(b, &plain, seed, at);
            if (rng_one_in(&rng, 60)) {
                weir_behavior *edited;

                random_windows(&rng, &config);
                config.reserve = 2000;
                edited = behavior_of(&config);
                assert_int_equal(weir_behavior_adopt(edited, b), WEIR_OK);
                free(b);
                b = edited;
            } else if (rng_one_in(&rng, 150)) {
                weir_behavior_forget(b);
                plain.count = 0;
            }
        }
        assert_true(refused < 100);
        free(b);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

static void a_full_list_drops_what_cannot_matter(void **state)
{
    weir_behavior_config config;
    weir_behavior *b;
    weir_decision d;
    uint8_t before[8192];
    size_t bytes;
    int32_t size = 1;

    (void)state;
    weir_behavior_config_init(&config, sizeof config);
    b = behavior_of(&config);
    bytes = weir_autoscaler_bytes(b);
    assert_true(bytes <= sizeof before);
    /* One decision a second for an hour, of a steady wish: 300 s / 15 s of room are plenty. */
    for (int i = 0; i < 3600; i++) {
        size = step(b, size, 1, NOW + i * WEIR_SECOND, &d);
    }
    /* A wish that falls all the time has to be remembered as it is, and there is an end to it. */
    weir_behavior_forget(b);
    for (int i = 0;; i++) {
        weir_status status;

        memcpy(before, b, bytes);
        status = weir_behavior_apply(b, 1000, 900 - i, NOW + (3700 + i) * WEIR_SECOND, &d, NULL);
        if (status != WEIR_OK) {
            assert_int_equal(status, WEIR_E_LIMIT);
            assert_memory_equal(before, b, bytes);
            assert_true(i >= 22);
            break;
        }
        assert_true(i < 30);
    }
    free(b);
}

static void snapshots_go_on_as_if_nothing_had_been(void **state)
{
    weir_behavior_config config;
    weir_behavior *a, *b;
    weir_decision x, y;
    struct rng rng = {7};
    uint8_t image[8192];
    size_t need;
    int32_t size = 5;

    (void)state;
    weir_behavior_config_init(&config, sizeof config);
    config.scale_up.stabilization_window = 45 * WEIR_SECOND;
    config.max_replicas = 60;
    a = behavior_of(&config);
    for (int i = 0; i < 300; i++) {
        int32_t wish = (int32_t)rng_int(&rng, 0, 80);
        weir_time now = NOW + i * 15 * WEIR_SECOND;

        b = behavior_of(&config);
        assert_int_equal(weir_behavior_save(a, image, sizeof image, &need), WEIR_OK);
        assert_int_equal(weir_behavior_load(b, image, need, NULL), WEIR_OK);
        step(b, size, wish, now, &y);
        size = step(a, size, wish, now, &x);
        assert_memory_equal(&x, &y, sizeof x);
        free(b);
    }
    b = behavior_of(&config);
    for (size_t cut = 0; cut < need; cut += 7) {
        assert_true(weir_behavior_load(b, image, cut, NULL) < 0);
    }
    image[40] ^= 1;
    assert_int_equal(weir_behavior_load(b, image, need, NULL), WEIR_E_CORRUPT);
    config.max_replicas = 61;
    free(b);
    b = behavior_of(&config);
    image[40] ^= 1;
    assert_int_equal(weir_behavior_load(b, image, need, NULL), WEIR_E_MISMATCH);
    free(a);
    free(b);
}

/* ---- arguments ------------------------------------------------------------------------------ */

struct refusal {
    const char *path;
    int32_t what;
    weir_status status;
};

static const struct refusal refusals[] = {
    {"scale_down.policies[1].period", 0, WEIR_E_RANGE},
    {"scale_down.policies", 1, WEIR_E_LIMIT},
    {"scale_up.stabilization_window", 2, WEIR_E_RANGE},
    {"scale_up.policies[0].value", 3, WEIR_E_RANGE},
    {"scale_down.tolerance", 4, WEIR_E_RANGE},
    {"sync_period", 5, WEIR_E_RANGE},
    {"scale_up.select_policy", 6, WEIR_E_RANGE},
    {"struct_size", 7, WEIR_E_STRUCT},
    {"scale_down.stabilization_window", 8, WEIR_E_RANGE},
};

static void refuses_what_breaks_it(void **state)
{
    const struct refusal *row = *state;
    weir_behavior_config c;
    weir_error err;
    size_t bytes;

    weir_behavior_config_init(&c, sizeof c);
    assert_int_equal(weir_behavior_config_check(&c, &err), WEIR_OK);
    switch (row->what) {
    case 0:
        c.scale_down.policy_count = 2;
        c.scale_down.policies[1] = (weir_policy){WEIR_POLICY_PODS, 1, 1801 * WEIR_SECOND};
        break;
    case 1: c.scale_down.policy_count = WEIR_POLICIES_MAX + 1; break;
    case 2: c.scale_up.stabilization_window = -1; break;
    case 3: c.scale_up.policies[0].value = 0; break;
    case 4: c.scale_down.tolerance = -0.1; break;
    case 5: c.sync_period = WEIR_SECOND - 1; break;
    case 6: c.scale_up.select_policy = 3; break;
    case 7: c.struct_size = 2; break;
    default: c.scale_down.stabilization_window = WEIR_SECOND + 1; break;
    }
    assert_int_equal(weir_behavior_bytes(&c, &bytes, &err), row->status);
    assert_string_equal(err.path, row->path);
    assert_true(err.message[0] != '\0');
}

static void time_does_not_go_back(void **state)
{
    weir_behavior_config config;
    weir_behavior *b;
    weir_decision d;
    int32_t size;

    (void)state;
    weir_behavior_config_init(&config, sizeof config);
    b = behavior_of(&config);
    step(b, 1, 5, NOW, &d);
    assert_int_equal(weir_behavior_apply(b, 5, 5, NOW - 1, &d, NULL), WEIR_E_TIME);
    assert_int_equal(weir_behavior_scaled(b, 5, 6, NOW - 1), WEIR_E_TIME);
    assert_int_equal(weir_behavior_stabilize(b, 5, 6, NOW - 1, &size, NULL), WEIR_E_TIME);
    assert_int_equal(weir_behavior_apply(b, 5, 5, NOW, &d, NULL), WEIR_OK);
    assert_int_equal(weir_behavior_apply(NULL, 5, 5, NOW, &d, NULL), WEIR_E_ARG);
    assert_int_equal(weir_behavior_apply(b, 5, 5, NOW, NULL, NULL), WEIR_E_ARG);
    d.struct_size = 1;
    assert_int_equal(weir_behavior_apply(b, 5, 5, NOW, &d, NULL), WEIR_E_STRUCT);
    free(b);
}

int main(void)
{
    static struct suite suite;

    SUITE_TABLE(&suite, limits_as_upstream, limits);
    SUITE_TABLE(&suite, selects, selections);
    SUITE_TEST(&suite, a_direction_without_policies_is_frozen);
    SUITE_TEST(&suite, doubling_overflows_as_the_switch_says);
    SUITE_TABLE(&suite, windows_as_upstream, windows);
    SUITE_TEST(&suite, the_edges_of_windows_differ);
    SUITE_TABLE(&suite, changes_are_stored_as_upstream, stores);
    SUITE_TABLE(&suite, traces_as_upstream, traces);
    SUITE_TEST(&suite, next_says_when_the_answer_can_change);
    SUITE_TEST(&suite, equals_a_plain_scan);
    SUITE_TEST(&suite, a_full_list_drops_what_cannot_matter);
    SUITE_TEST(&suite, snapshots_go_on_as_if_nothing_had_been);
    SUITE_TABLE(&suite, refuses_what_breaks_it, refusals);
    SUITE_TEST(&suite, time_does_not_go_back);
    return suite_run(&suite, "behavior");
}
