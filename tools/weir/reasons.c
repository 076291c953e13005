/*
 * reasons.c - steps of a decision in words: with the names of its metrics, and the few of them that
 * made it what it is.
 */
#include "replaying.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Four digits are enough for people. */
static double rounded(double x)
{
    char text[40];

    if (!isfinite(x) || fabs(x) >= 1e4) {
        return x;
    }
    snprintf(text, sizeof text, "%.4g", x);
    return strtod(text, NULL);
}

/* Whether a step is about one metric of several. */
static int is_about_metric(const weir_step *step)
{
    return step->item >= 0 && strncmp(weir_rule_name(step->rule), "hpa.", 4) == 0;
}

/* Whether a step is about one metric or trigger of several. */
static int is_about_one(const weir_step *step)
{
    return is_about_metric(step) ||
           (step->item >= 0 && strncmp(weir_rule_name(step->rule), "keda.", 5) == 0);
}

/* A sentence with "the metric" and "this metric" replaced by its name. */
static void put_named(char *text, size_t size, const char *sentence, const char *name)
{
    static const char *const words[] = {"the metric", "this metric"};

    for (size_t i = 0; i < 2; i++) {
        const char *at = strstr(sentence, words[i]);

        if (at != NULL) {
            snprintf(text, size, "%.*s%s%s", (int)(at - sentence), sentence, name,
                     at + strlen(words[i]));
            return;
        }
    }
    snprintf(text, size, "%s: %s", name, sentence);
}

void put_step(char *text, size_t size, const struct outcome *o, const weir_step *step)
{
    char line[256], name[160];
    const char *sentence;

    weir_step_text(step, line, sizeof line, NULL);
    sentence = strstr(line, ", ");
    if (sentence == NULL || o->kind->item == NULL || !is_about_one(step)) {
        snprintf(text, size, "%s", line);
        return;
    }
    o->kind->item(o->config, step->rule, step->item, name, sizeof name);
    snprintf(text, size, "%.*s, ", (int)(sentence - line), line);
    put_named(text + strlen(text), size - strlen(text), sentence + 2, name);
}

/* Adds a step's sentence, without the rule and the replicas that come before it. */
static size_t add_sentence(char *text, size_t size, size_t used, const struct outcome *o,
                           const weir_step *step)
{
    weir_step round = *step;
    char line[512];
    const char *sentence;
    int n;

    round.measured = rounded(step->measured);
    round.limit = rounded(step->limit);
    put_step(line, sizeof line, o, &round);
    sentence = strstr(line, ", ");
    n = snprintf(text + used, size - used, "%s%s", used > 0 ? "; " : "",
                 sentence != NULL ? sentence + 2 : line);
    return n > 0 && used + (size_t)n < size ? used + (size_t)n : size - 1;
}

/* ---- Knative -------------------------------------------------------------------------------- */

/* Rules that are news even where they leave the replicas alone: something began or ended. */
static int is_news(int32_t rule)
{
    const char *name = weir_rule_name(rule), *dot = strrchr(name, '.');

    return dot != NULL && (strcmp(dot, ".enter") == 0 || strcmp(dot, ".leave") == 0 ||
                           strncmp(name, "kpa.zero.", 9) == 0);
}

/* Rules that only join what comes before to what comes after. */
static int is_link(int32_t rule)
{
    return rule == WEIR_RULE_KPA_WISH || rule == WEIR_RULE_KPA_KEPT;
}

/* ---- metrics -------------------------------------------------------------------------------- */

/* Whether a step says that a metric failed. */
static int is_failure(const weir_step *step)
{
    return strncmp(weir_rule_name(step->rule), "hpa.failed.", 11) == 0;
}

/* The step of the metric whose wish counted; NULL: none did. */
static const weir_step *winner_of(const weir_explain *explain)
{
    const weir_step *winner = NULL;

    for (uint32_t i = 0; i < explain->count; i++) {
        const weir_step *step = &explain->steps[i];

        if (!is_about_metric(step) || is_failure(step) || step->rule == WEIR_RULE_HPA_IGNORED ||
            step->rule == WEIR_RULE_HPA_UNREADY || step->rule == WEIR_RULE_HPA_MISSING ||
            step->rule == WEIR_RULE_HPA_LARGEST) {
            continue;
        }
        if (winner == NULL || step->after > winner->after) {
            winner = step;
        }
    }
    return winner;
}

/* Whether the last change, if there is one, is not KEDA's alone. */
static int hpa_spoke(const weir_explain *explain)
{
    int hpa = 1;

    for (uint32_t i = 0; i < explain->count; i++) {
        const weir_step *step = &explain->steps[i];

        if (step->before != step->after) {
            hpa = strncmp(weir_rule_name(step->rule), "keda.", 5) != 0;
        }
    }
    return hpa;
}

static int is_blocked(const weir_explain *explain)
{
    return explain->count > 0 && explain->steps[explain->count - 1].rule == WEIR_RULE_HPA_BLOCKED;
}

/* The metrics that failed, if that is why; else the one that won. */
static size_t add_metrics(char *text, size_t size, const struct outcome *o,
                          const weir_explain *explain)
{
    const weir_step *winner = winner_of(explain);
    size_t used = 0;

    for (uint32_t i = 0; is_blocked(explain) && i < explain->count; i++) {
        if (is_failure(&explain->steps[i])) {
            used = add_sentence(text, size, used, o, &explain->steps[i]);
        }
    }
    if (used == 0 && winner != NULL) {
        used = add_sentence(text, size, used, o, winner);
    }
    return used;
}

/* ---- KEDA ----------------------------------------------------------------------------------- */

/* Whether a step of KEDA's says why the object is active, or is not. */
static int is_verdict(const weir_step *step, int active)
{
    switch (step->rule) {
    case WEIR_RULE_KEDA_TRIGGER_ACTIVE:
    case WEIR_RULE_KEDA_FALLBACK:
    case WEIR_RULE_KEDA_FORCED:
    case WEIR_RULE_KEDA_PUSH: return active;
    case WEIR_RULE_KEDA_TRIGGER_INACTIVE:
    case WEIR_RULE_KEDA_FORMULA_FAILED: return !active;
    case WEIR_RULE_KEDA_FORMULA: return 1;
    default: return 0;
    }
}

/* What stands behind a step that goes to or from zero or idle. */
static size_t add_verdict(char *text, size_t size, size_t used, const struct outcome *o,
                          const weir_explain *explain, const weir_step *step)
{
    const weir_step *last = NULL;

    if (step->rule != WEIR_RULE_KEDA_ACTIVATE && step->rule != WEIR_RULE_KEDA_DEACTIVATE) {
        return used;
    }
    for (const weir_step *s = explain->steps; s < step; s++) {
        if (is_verdict(s, step->rule == WEIR_RULE_KEDA_ACTIVATE)) {
            last = last != NULL && s->rule != WEIR_RULE_KEDA_FORMULA ? last : s;
        }
    }
    return last != NULL ? add_sentence(text, size, used, o, last) : used;
}

static int has_rule(const weir_explain *explain, int32_t rule)
{
    for (uint32_t i = 0; i < explain->count; i++) {
        if (explain->steps[i].rule == rule) {
            return 1;
        }
    }
    return 0;
}

/* The step that decided whether the object is active: the failure that froze it, the annotation,
 * the formula, or the first trigger that is active, or else is not. NULL: no poll was made. */
static const weir_step *verdict_of(const weir_explain *explain)
{
    const weir_step *verdict = NULL;
    int rank = 0, frozen = has_rule(explain, WEIR_RULE_KEDA_FROZEN);

    for (uint32_t i = 0; i < explain->count; i++) {
        const weir_step *step = &explain->steps[i];
        int own = frozen && step->rule == WEIR_RULE_KEDA_TRIGGER_FAILED ? 5
                  : step->rule == WEIR_RULE_KEDA_FORCED                 ? 4
                  : step->rule == WEIR_RULE_KEDA_FORMULA                ? 3
                  : is_verdict(step, 1)                                 ? 2
                                                                        : is_verdict(step, 0);

        if (own > rank) {
            rank = own;
            verdict = step;
        }
    }
    return verdict;
}

/* Whether a step of KEDA's says what kept it from doing more. */
static int is_hindrance(int32_t rule)
{
    return rule == WEIR_RULE_KEDA_OUT_PAUSED || rule == WEIR_RULE_KEDA_IN_PAUSED ||
           rule == WEIR_RULE_KEDA_FROZEN || rule == WEIR_RULE_KEDA_COOLDOWN ||
           rule == WEIR_RULE_KEDA_PARTIAL_ERROR || rule == WEIR_RULE_KEDA_NO_REPLICAS;
}

/* A poll that left the pods as they are. */
static size_t add_poll(char *text, size_t size, const struct outcome *o,
                       const weir_explain *explain)
{
    const weir_step *verdict = verdict_of(explain);
    size_t used = verdict != NULL ? add_sentence(text, size, 0, o, verdict) : 0;

    for (uint32_t i = 0; used > 0 && i < explain->count; i++) {
        if (is_hindrance(explain->steps[i].rule)) {
            used = add_sentence(text, size, used, o, &explain->steps[i]);
        }
    }
    return used;
}

/* The step that speaks where the pods stay as they are. */
static const weir_step *quiet_step(const weir_explain *explain, int relabeled)
{
    for (uint32_t i = 0; relabeled && i < explain->count; i++) {
        if (explain->steps[i].rule == WEIR_RULE_KPA_BURST) {
            return &explain->steps[i]; /* which way requests go from now on */
        }
    }
    return &explain->steps[0];
}

void put_reason(char *text, size_t size, const struct outcome *o, const weir_explain *explain,
                int relabeled)
{
    size_t used;

    text[0] = '\0';
    used = hpa_spoke(explain) ? add_metrics(text, size, o, explain) : 0;
    for (uint32_t i = used > 0 || o->kind->series != NULL ? 0 : 1; i < explain->count; i++) {
        /* Knative's first one is the load */
        const weir_step *step = &explain->steps[i];

        if (!is_link(step->rule) && !is_about_metric(step) &&
            (step->before != step->after || is_news(step->rule))) {
            used = add_verdict(text, size, used, o, explain, step);
            used = add_sentence(text, size, used, o, step);
        }
    }
    used = used > 0 ? used : add_poll(text, size, o, explain);
    if (used == 0 && explain->count > 0) {
        add_sentence(text, size, used, o, quiet_step(explain, relabeled));
    }
}
