/*
 * conform.c - one scenario of conformance vectors: read, run by its operation, counted.
 */
#include "conform.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- operations ----------------------------------------------------------------------------- */

/* Areas name their operations alike ("reconcile"); whose it is, the recorded module says. */
static const struct {
    const char *upstream; /* a word of `upstream` */
    const struct conform_op *ops;
} areas[] = {
    {"knative", conform_kpa_ops},
    {"knative", conform_decider_ops},
    {"knative", conform_knative_ops},
    {"knative", conform_reconcile_ops},
    {"knative", conform_stats_ops},
    {"k8s.io/kubernetes", conform_hpa_ops},
    {"k8s.io/kubernetes", conform_hpa_reconcile_ops},
    {"k8s.io/kubernetes", conform_hpa_spec_ops},
    {"kedacore/keda", conform_keda_spec_ops},
    {"kedacore/keda", conform_scaled_object_ops},
    {"kedacore/keda", conform_keda_ops},
    {"kedacore/keda", conform_cron_ops},
    {"kedacore/keda", conform_keda_loop_ops},
    {"kedacore/keda", conform_scaler_ops},
    {"prometheus", conform_prometheus_ops},
    {"prometheus", conform_formats_ops},
    {"kserve/kserve", conform_kserve_ops},
};

/* The operation of a name in the scenario's own area. Where a scenario does not say what was
 * recorded, the only operation of that name. */
static const struct conform_op *find_op(const char *name, const char *upstream)
{
    const struct conform_op *found = NULL;

    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        for (const struct conform_op *op = areas[i].ops; op->name != NULL; op++) {
            if (strcmp(op->name, name) != 0 ||
                (upstream[0] != '\0' && strstr(upstream, areas[i].upstream) == NULL)) {
                continue;
            }
            if (found != NULL) {
                return NULL;
            }
            found = op;
        }
    }
    return found;
}

static void remember_unknown(struct conform_report *r, const char *op, int steps)
{
    cJSON *known;

    if (r->unknown == NULL) {
        r->unknown = cJSON_CreateObject();
    }
    known = cJSON_GetObjectItemCaseSensitive(r->unknown, op);
    if (known != NULL) {
        cJSON_SetNumberValue(known, known->valuedouble + steps);
    } else {
        cJSON_AddNumberToObject(r->unknown, op, steps);
    }
}

/* ---- steps ---------------------------------------------------------------------------------- */

int conform_next(struct scenario *s)
{
    for (;;) {
        const cJSON *t;

        s->step = s->index < 0 ? s->steps->child : s->step->next;
        s->index++;
        s->misread = NULL;
        if (s->step == NULL) {
            return 0;
        }
        t = cJSON_GetObjectItemCaseSensitive(s->step, "t");
        if (!cJSON_IsObject(s->step)) {
            conform_note_input(s, "step", s->step);
        } else if (t != NULL && !cJSON_IsNull(t) && !conform_is_integer(t)) {
            conform_note_input(s, "t", t);
        } else {
            return 1;
        }
        s->answered++; /* no match, and nothing to run */
    }
}

int conform_action(struct scenario *s, const char *const *names)
{
    const char *action = conform_text(s->step, "do", "");

    for (int i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], action) == 0) {
            return i;
        }
    }
    s->misread = "do";
    return -1;
}

void conform_ignore(struct scenario *s, const char *name)
{
    cJSON_DeleteItemFromObjectCaseSensitive(cJSON_GetObjectItemCaseSensitive(s->step, "want"),
                                            name);
}

void conform_expect(struct scenario *s, const char *name, cJSON *value)
{
    cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want");

    if (!cJSON_IsObject(want) || cJSON_GetObjectItemCaseSensitive(want, name) != NULL) {
        cJSON_Delete(value);
    } else {
        cJSON_AddItemToObject(want, name, value);
    }
}

void conform_answer(struct scenario *s, cJSON *got)
{
    const cJSON *want = cJSON_GetObjectItemCaseSensitive(s->step, "want");

    s->answered++;
    if (s->misread != NULL) {
        conform_note_input(s, s->misread, cJSON_GetObjectItemCaseSensitive(s->step, s->misread));
    } else if (want == NULL || got == NULL) {
        conform_note(s, "want", want, got);
    } else if (conform_matches(s, "", want, got)) {
        s->report->matched++;
    }
    cJSON_Delete(got);
}

/* ---- a line --------------------------------------------------------------------------------- */

static weir_status refuse(weir_error *err, int32_t column, const char *message)
{
    memset(err, 0, sizeof *err);
    err->status = WEIR_E_PARSE;
    err->column = column;
    snprintf(err->message, sizeof err->message, "%s", message);
    return WEIR_E_PARSE;
}

/* Reads the members that every scenario has; gives what is wrong with them, or NULL. */
static const char *open_scenario(struct scenario *s, const cJSON *root)
{
    const cJSON *epoch = cJSON_GetObjectItemCaseSensitive(root, "epoch_s");
    int64_t seconds = conform_integer(epoch);

    s->root = root;
    s->index = -1;
    s->steps = cJSON_GetObjectItemCaseSensitive(root, "steps");
    s->config = cJSON_GetObjectItemCaseSensitive(root, "config");
    s->name = conform_text(root, "name", "(no name)");
    s->upstream = conform_text(root, "upstream", "");
    if (!cJSON_IsObject(root)) {
        return "a scenario is a JSON object";
    }
    if (!cJSON_IsArray(s->steps) || s->steps->child == NULL) {
        return "a scenario has steps, a list that is not empty";
    }
    if (cJSON_GetObjectItemCaseSensitive(root, "op") == NULL) {
        return "a scenario has an op, the name of what was run";
    }
    if (epoch != NULL && (!conform_is_integer(epoch) || seconds > INT64_MAX / WEIR_SECOND ||
                          seconds < INT64_MIN / WEIR_SECOND)) {
        return "epoch_s is whole Unix seconds, in years 1678 to 2262";
    }
    s->epoch = seconds * WEIR_SECOND;
    return NULL;
}

/*
 * The line's JSON with U+E000 for every NUL that a text of it escapes, since cJSON's texts end at
 * NULs; or NULL when it has none.
 */
static char *without_nuls(const char *line, size_t length)
{
    static const char nul[] = "\\u0000", stand_in[] = "\\uE000";
    char *copy = NULL;

    for (size_t i = 0; i + 6 <= length; i++) {
        if (line[i] != '\\') {
            continue;
        }
        if (memcmp(line + i, nul, 6) == 0) {
            if (copy == NULL) {
                copy = malloc(length + 1);
                if (copy == NULL) {
                    return NULL;
                }
                memcpy(copy, line, length + 1);
            }
            /* NOLINTNEXTLINE(bugprone-not-null-terminated-result): in the midst of a text */
            memcpy(copy + i, stand_in, 6);
        }
        i++; /* what is escaped begins nothing */
    }
    return copy;
}

/* Runs a scenario; steps that its runner does not come to do not match. */
static void run_scenario(struct scenario *s)
{
    const char *name = conform_text(s->root, "op", "(not a text)");
    const struct conform_op *op = find_op(name, s->upstream);
    int steps = cJSON_GetArraySize(s->steps);

    s->report->steps += steps;
    if (op == NULL) {
        remember_unknown(s->report, name, steps);
        return;
    }
    op->run(s);
    if (s->answered < steps) {
        s->index = s->answered;
        s->step = cJSON_GetArrayItem(s->steps, s->index);
        conform_note(s, "want", cJSON_GetObjectItemCaseSensitive(s->step, "want"), NULL);
    }
}

weir_status conform_line(struct conform_report *report, const char *line, size_t length,
                         weir_error *err)
{
    struct scenario s = {.report = report};
    char *copy = without_nuls(line, length);
    const char *text = copy != NULL ? copy : line, *end = text, *wrong;
    cJSON *root = cJSON_ParseWithLengthOpts(text, length + 1, &end, 1);
    ptrdiff_t read = end - text;

    free(copy);
    if (root == NULL) {
        return refuse(err, read < INT32_MAX ? (int32_t)read + 1 : 0,
                      "this line is not a scenario: its JSON ends or breaks off here");
    }
    wrong = open_scenario(&s, root);
    if (wrong == NULL) {
        run_scenario(&s);
    } else {
        char message[200];

        snprintf(message, sizeof message, "this line is not a scenario: %s", wrong);
        refuse(err, 0, message);
    }
    cJSON_Delete(root);
    return wrong == NULL ? WEIR_OK : WEIR_E_PARSE;
}
