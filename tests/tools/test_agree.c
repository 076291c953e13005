/*
 * recording, agree: a small recording by hand that weir agrees with, and every way to change it so
 * that it does not, or cannot be read.
 */
#include "agree.h"
#include "table.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a recording ---------------------------------------------------------------------------- */

struct file {
    const char *name, *text;
};

#define STEPS                                                                                      \
    "time_ns,autoscaler,seq,got_ns,spec_replicas,status_replicas,proposed_ns,proposed,winner,"     \
    "put_ns,outcome_ns,outcome,new_replicas,reason,generation,conditions\n"
#define ZERO " ScaledToZero=False/NotScaledToZero\n"

/* "web" scales on a queue by the rules without behavior, 15 s apart: up, a failure, held by the
 * window. "api" scales on cpu with policies; one pod becomes ready just when it is looked at, and
 * the spec is changed before its second step. */
static const struct file base[] = {
    {"run.json",
     "{\"what\": \"by hand\", \"upstream\": {\"kubernetes\": \"v1.37.2\", \"platform\": "
     "\"linux/amd64\"},\n \"flags\": {\"sync_period_s\": 15, \"tolerance\": 0.1},\n "
     "\"gates\": {\"HPAScaleToZero\": true}, \"controller_restarts_ns\": []}\n"},
    {"decisions.csv", STEPS
     "1700000000000000000,web,0,1700000000001000000,1,1,1700000000005000000,3,external metric "
     "q(nil),1700000000006000000,1700000000009000000,rescaled,3,external metric q(nil) above "
     "target,1,AbleToScale=True/SucceededRescale ScalingActive=True/ValidMetricFound "
     "ScalingLimited=False/DesiredWithinRange" ZERO
     "1700000015000000000,web,1,1700000015001000000,3,3,,,,,1700000015009000000,failed,,,1,"
     "AbleToScale=True/SucceededGetScale ScalingActive=False/FailedGetExternalMetric "
     "ScalingLimited=False/DesiredWithinRange" ZERO
     "1700000030000000000,web,2,1700000030001000000,3,3,1700000030005000000,1,external metric "
     "q(nil),,1700000030006000000,held,3,,1,AbleToScale=True/ScaleDownStabilized "
     "ScalingActive=True/ValidMetricFound ScalingLimited=False/DesiredWithinRange" ZERO
     "1700000000100000000,api,0,1700000000101000000,2,2,1700000000105000000,4,cpu resource "
     "utilization (percentage of "
     "request),1700000000106000000,1700000000109000000,rescaled,3,above,1,"
     "AbleToScale=True/SucceededRescale ScalingActive=True/ValidMetricFound "
     "ScalingLimited=True/ScaleUpLimit" ZERO
     "1700000015100000000,api,1,1700000015101000000,3,3,1700000015105000000,5,cpu resource "
     "utilization (percentage of request),,1700000015106000000,held,3,,2,"
     "AbleToScale=True/ReadyForNewScale ScalingActive=True/ValidMetricFound "
     "ScalingLimited=True/ScaleUpLimit" ZERO},
    {"metrics.csv", "time_ns,autoscaler,seq,source,metric,value\n"
                    "1700000000003000000,web,0,external,q,7;5\n"
                    "1700000015003000000,web,1,external,q,!503\n"
                    "1700000030003000000,web,2,external,q,2000m\n"
                    "1700000000103000000,api,0,resource,api_cpu,api-a=80m;api-b=80m\n"
                    "1700000015103000000,api,1,resource,api_cpu,api-a=80m;api-b=80m;api-c=70m\n"},
    {"pods.csv",
     "time_ns,event,resource_version,pod,app,phase,start_time,ready,ready_transition,deletion\n"
     "1699999000000000000,ADDED,1,api-a,api,Running,2023-11-14T21:00:00Z,True,2023-11-14T21:00:01Z,"
     "\n"
     "1699999000000000000,ADDED,2,api-b,api,Running,2023-11-14T21:00:00Z,True,2023-11-14T21:00:01Z,"
     "\n"
     "1700000001000000000,ADDED,3,api-c,api,Pending,,,,\n"
     "1700000015090000000,MODIFIED,4,api-c,api,Running,2023-11-14T21:00:00Z,True,2023-11-14T21:00:"
     "01Z,\n"},
    {"actions.csv",
     "begin_ns,end_ns,offset_s,kind,name,patch,error\n"
     "1700000010000000000,1700000010001000000,10,HorizontalPodAutoscaler,api,"
     "\"{\"\"spec\"\": {\"\"behavior\"\": {\"\"scaleUp\"\": {\"\"policies\"\": [{\"\"type\"\": "
     "\"\"Pods\"\", \"\"value\"\": 1, \"\"periodSeconds\"\": 60}]}}}}\",\n"
     "1700000011000000000,1700000011001000000,11,HorizontalPodAutoscaler,web,\"{\"\"spec\"\": "
     "{\"\"maxReplicas\"\": -1}}\",refused\n"},
    {"manifests/web.yaml",
     "kind: Deployment\nmetadata: {name: web}\nspec: {selector: {matchLabels: {app: web}}, "
     "template: {spec: {}}}\n---\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\nspec:\n"
     "  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  maxReplicas: 10\n"
     "  metrics:\n  - type: External\n    external:\n      metric: {name: q}\n"
     "      target: {type: AverageValue, averageValue: '5'}\n"},
    {"manifests/api.yaml",
     "kind: List\nitems:\n- kind: Deployment\n  metadata: {name: api}\n"
     "  spec:\n    selector: {matchLabels: {app: api}}\n    template: {spec: {containers: [{name: "
     "c, resources: {requests: {cpu: 100m}}}]}}\n"
     "- kind: HorizontalPodAutoscaler\n  metadata: {name: api}\n  spec:\n"
     "    scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: api}\n"
     "    maxReplicas: 10\n    metrics:\n    - {type: Resource, resource: {name: cpu, target: "
     "{type: Utilization, averageUtilization: 50}}}\n"
     "    behavior: {scaleUp: {policies: [{type: Pods, value: 1, periodSeconds: 10}]}}\n"},
};

enum { FILES = sizeof base / sizeof base[0] };

static char folder[] = "/tmp/weir-agree-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
}

/* The files, one of them with a piece of its text replaced; NULL as the new text removes it. */
static void write_all(const char *changed, const char *from, const char *to)
{
    char path[256];

    snprintf(path, sizeof path, "%s/manifests", folder);
    mkdir(path, 0777);
    for (size_t i = 0; i < FILES; i++) {
        const char *text = base[i].text, *found;
        char *other;

        snprintf(path, sizeof path, "%s/%s", folder, base[i].name);
        unlink(path);
        if (changed == NULL || strcmp(base[i].name, changed) != 0) {
            write_file(base[i].name, text);
            continue;
        }
        if (to == NULL) {
            continue;
        }
        found = strstr(text, from);
        assert_non_null(found);
        other = calloc(1, strlen(text) + strlen(to) + 1);
        assert_non_null(other);
        memcpy(other, text, (size_t)(found - text));
        strcat(other, to);
        strcat(other, found + strlen(from));
        write_file(base[i].name, other);
        free(other);
    }
}

/* ---- comparing ------------------------------------------------------------------------------ */

struct seen {
    struct agree_tally sum;
    char different[256]; /* "web 2 proposal outcome; " */
};

static void see(void *user, const struct agree_step *step)
{
    struct seen *seen = user;
    size_t used = strlen(seen->different);

    if (!step->compared || !step->proposal_agrees || !step->outcome_agrees ||
        !step->conditions_agree) {
        snprintf(seen->different + used, sizeof seen->different - used, "%s %d%s%s%s%s; ",
                 step->autoscaler->name, (int)step->recorded->number,
                 step->compared ? "" : " nothing",
                 step->compared && !step->proposal_agrees ? " proposal" : "",
                 step->compared && !step->outcome_agrees ? " outcome" : "",
                 step->compared && !step->conditions_agree ? " conditions" : "");
    }
}

static void compare_all(const struct recording *r, struct seen *seen)
{
    memset(seen, 0, sizeof *seen);
    for (size_t i = 0; i < r->autoscaler_count; i++) {
        struct agree_tally tally;

        agree_run(r, &r->autoscalers[i], &tally, see, seen);
        seen->sum.steps += tally.steps;
        seen->sum.agreed += tally.agreed;
        seen->sum.shifted += tally.shifted;
    }
}

static struct recording *open_it(void)
{
    char message[1024] = "";
    struct recording *r = recording_open(folder, message, sizeof message);

    if (r == NULL) {
        fail_msg("%s", message);
    }
    return r;
}

static void agrees_with_what_was_recorded(void **state)
{
    struct seen seen;
    struct recording *r;

    (void)state;
    write_all(NULL, NULL, NULL);
    r = open_it();
    for (size_t i = 0; i < r->problem_count; i++) {
        print_message("%s\n", r->problems[i].text);
    }
    assert_int_equal(r->problem_count, 0);
    compare_all(r, &seen);
    assert_string_equal(seen.different, "");
    assert_int_equal(seen.sum.steps, 5);
    assert_int_equal(seen.sum.agreed, 5);
    assert_int_equal(seen.sum.shifted, 0);
    recording_close(r);
}

/* ---- every change is noticed ---------------------------------------------------------------- */

static const struct change {
    const char *name, *file, *from, *to;
    const char *different; /* as struct seen has it */
} changes[] = {
    {"another proposal", "decisions.csv", "5000000,1,external", "5000000,2,external",
     "web 2 proposal; "},
    {"no proposal", "decisions.csv", "5000000,1,external", "5000000,,external", "web 2 proposal; "},
    {"another size", "decisions.csv", "held,3,,1", "held,2,,1", "web 2 outcome; "},
    {"rescaled instead of held", "decisions.csv", "held,3,,1", "rescaled,3,,1", "web 2 outcome; "},
    {"a failure that was none", "decisions.csv", "failed,,", "held,3,", "web 1 outcome; "},
    {"another reason", "decisions.csv", "True/ScaleDownStabilized", "True/ReadyForNewScale",
     "web 2 conditions; "},
    {"another order of conditions", "decisions.csv",
     "AbleToScale=True/SucceededGetScale ScalingActive=False/FailedGetExternalMetric",
     "ScalingActive=False/FailedGetExternalMetric AbleToScale=True/SucceededGetScale",
     "web 1 conditions; "},
    {"one value more", "metrics.csv", "7;5", "7;5;9", "web 0 proposal; "},
    {"a value instead of a failure", "metrics.csv", "!503", "15",
     "web 1 proposal outcome conditions; "},
    {"no answer", "metrics.csv", "1700000030003000000,web,2,external,q,2000m\n", "",
     "web 2 proposal; "},
    {"no answers at all", "metrics.csv", "", NULL,
     "api 0 proposal; api 1 proposal; web 0 proposal; web 2 proposal; "},
    {"another target", "manifests/web.yaml", "'5'", "'20'", "web 0 proposal; "},
    {"another bound", "manifests/web.yaml", "maxReplicas: 10", "maxReplicas: 2",
     "web 0 outcome conditions; web 1 outcome conditions; web 2 proposal outcome conditions; "},
    {"another request", "manifests/api.yaml", "100m", "50m", "api 0 proposal; api 1 proposal; "},
    {"another policy", "manifests/api.yaml", "value: 1", "value: 2", "api 0 outcome conditions; "},
    {"no change of the spec", "actions.csv", "api,", "other,", "api 1 outcome conditions; "},
    {"another tolerance", "run.json", "\"tolerance\": 0.1", "\"tolerance\": 5",
     "api 0 proposal; api 1 proposal; web 0 proposal; web 2 proposal; "},
    {"a restart", "run.json", "\"controller_restarts_ns\": []",
     "\"controller_restarts_ns\": [1700000012000000000]", "api 1 outcome conditions; "},
    {"the gate is off", "run.json", "true}", "false}",
     "api 0 conditions; api 1 conditions; web 0 conditions; web 1 conditions; web 2 conditions; "},
    {"a pod that was not ready", "pods.csv", "Running,2023-11-14T21:00:00Z,True", "Pending,,",
     "api 0 proposal; api 1 proposal; "},
    {"a target of another size", "decisions.csv", "1000000,2,2,", "1000000,3,2,",
     "api 0 outcome conditions; api 1 outcome conditions; "},
    {"a generation that is not there counts by time", "decisions.csv", ",held,3,,2,", ",held,3,,9,",
     ""},
    {"no generation counts by time", "decisions.csv", ",held,3,,2,", ",held,3,,,", ""},
};

static void notices(void **state)
{
    const struct change *row = *state;
    struct recording *r;
    struct seen seen;

    write_all(row->file, row->from, row->to);
    r = open_it();
    compare_all(r, &seen);
    assert_string_equal(seen.different, row->different);
    recording_close(r);
}

/* ---- what the recording leaves open --------------------------------------------------------- */

static void a_pod_seen_a_moment_later_is_no_difference(void **state)
{
    struct recording *r;
    struct seen seen;

    (void)state;
    write_all("pods.csv", "1700000015090000000", "1700000015150000000");
    r = open_it();
    compare_all(r, &seen);
    assert_string_equal(seen.different, "");
    assert_int_equal(seen.sum.shifted, 1);
    recording_close(r);
    write_all("pods.csv", "1700000015090000000", "1700000015990000000");
    r = open_it();
    compare_all(r, &seen);
    assert_string_equal(seen.different, "api 1 proposal; ");
    recording_close(r);
}

/* ---- what is wrong with a file -------------------------------------------------------------- */

static const struct mistake {
    const char *name, *file, *from, *to;
    const char *problem; /* part of one */
    int agreed;          /* steps that agree all the same */
} mistakes[] = {
    {"no run.json", "run.json", "", NULL, "there is no file run.json", 5},
    {"run.json is no JSON", "run.json", "\"flags\": {", "\"flags\": ", "run.json:2: JSON", 5},
    {"a flag that is no number", "run.json", "\"sync_period_s\": 15", "\"sync_period_s\": \"x\"",
     "flags.sync_period_s: a number of seconds", 5},
    {"an unknown flag", "run.json", "\"tolerance\"", "\"tollerance\"",
     "flags.tollerance is not known", 5},
    {"an unknown release", "run.json", "v1.37.2", "v1.99.0", "no rules for release v1.99.0", 5},
    {"no metrics.csv", "metrics.csv", "", NULL, "there is no file metrics.csv", 1},
    {"a misspelled column", "metrics.csv", "source,metric", "sauce,metric",
     "metrics.csv:1: there is no column source", 1},
    {"a column too much", "metrics.csv", "metric,value\n", "metric,value,foo\n",
     "metrics.csv:1: the column foo is not known", 1},
    {"a value that is none", "metrics.csv", "2000m", "2000x", "metrics.csv:4:38: value: quantities",
     4},
    {"samples without their pods", "metrics.csv", "api-a=80m", "80m",
     "metrics.csv:5:44: value: pod=quantity", 4},
    {"a time that is none", "decisions.csv", "1700000030000000000", "now",
     "decisions.csv:4:1: time_ns: a whole number", 4},
    {"a time in milliseconds", "decisions.csv", "1700000030000000000", "1700000030000",
     "decisions.csv:4:1: time_ns: a whole number from 1000000000000000000", 4},
    {"an outcome of no kind", "decisions.csv", "held,3,,1", "kept,3,,1",
     "outcome: one of nothing rescaled held failed was expected, found \"kept\"", 4},
    {"a size that is missing", "decisions.csv", "held,3,,1", "held,,,1",
     "new_replicas: the size that was decided for was expected", 4},
    {"a field too few", "decisions.csv", "1700000030000000000,web,", "1700000030000000000,",
     "decisions.csv:4:1: 16 fields were expected", 4},
    {"a step that is there twice", "decisions.csv", "web,2,", "web,1,",
     "web has step 1 on line 3 already", 4},
    {"a step back in time", "decisions.csv", "1700000030000000000,web", "1690000030000000000,web",
     "step 2 of web is earlier", 4},
    {"a phase of no kind", "pods.csv", "Pending", "Dreaming", "phase: one of nothing Running", 5},
    {"a pod's time of no kind", "pods.csv", "2023-11-14T21:00:00Z", "yesterday",
     "pods.csv:2:47: start_time: a time in seconds or like", 3},
    {"a patch that is none", "actions.csv", "\"{\"\"spec\"\": {\"\"behavior\"\"", "\"{\"\"spec\"\"",
     "actions.csv:2: patch: a merge patch in JSON", 4},
    {"a manifest that is no YAML", "manifests/web.yaml", "metadata: {name: web}\nspec: {",
     "metadata: {name: web\nspec: {", "manifests/web.yaml:", 2},
    {"a manifest that is missing", "manifests/web.yaml", "", NULL,
     "no manifest has the HorizontalPodAutoscaler web: its 3 steps are not compared", 2},
    {"a spec that no cluster takes", "manifests/web.yaml", "maxReplicas: 10", "maxReplicas: -1",
     "HorizontalPodAutoscaler web: spec.maxReplicas:", 2},
    {"no actions.csv", "actions.csv", "", NULL, NULL, 4},
};

static void says_what_is_wrong(void **state)
{
    const struct mistake *row = *state;
    struct recording *r;
    struct seen seen;
    int found = row->problem == NULL;

    write_all(row->file, row->from, row->to);
    r = open_it();
    for (size_t i = 0; i < r->problem_count; i++) {
        found |= row->problem != NULL && strstr(r->problems[i].text, row->problem) != NULL;
    }
    if (!found) {
        for (size_t i = 0; i < r->problem_count; i++) {
            print_message("%s\n", r->problems[i].text);
        }
        fail_msg("no problem has: %s", row->problem);
    }
    compare_all(r, &seen);
    if (seen.sum.agreed != row->agreed) {
        fail_msg("%d steps agree; different: %s", (int)seen.sum.agreed, seen.different);
    }
    recording_close(r);
}

static void without_reconciles_there_is_nothing(void **state)
{
    char message[1024] = "";
    struct recording *r;

    (void)state;
    write_all("decisions.csv", "", NULL);
    r = open_it();
    assert_int_equal(r->autoscaler_count, 0);
    assert_non_null(strstr(r->problems[0].text, "there is no file decisions.csv"));
    recording_close(r);
    write_all("decisions.csv", "autoscaler,", "autoscaller,");
    r = open_it();
    assert_int_equal(r->autoscaler_count, 0);
    assert_non_null(strstr(r->problems[0].text, "did you mean autoscaller"));
    recording_close(r);
    write_all("decisions.csv", base[1].text + sizeof STEPS - 1, "");
    r = open_it();
    assert_int_equal(r->autoscaler_count, 0);
    assert_non_null(strstr(r->problems[0].text, "there is no row in decisions.csv"));
    recording_close(r);
    assert_null(recording_open("/nowhere/at/all", message, sizeof message));
    assert_non_null(strstr(message, "/nowhere/at/all: No such file"));
}

/* ---- values --------------------------------------------------------------------------------- */

static void reads_values(void **state)
{
    struct recorded_value v;
    const char *text = "a=1;b=2500m";

    (void)state;
    text = recorded_value_next(text, 1, &v);
    assert_string_equal(text, "b=2500m");
    assert_int_equal(v.milli, 1000);
    assert_int_equal(v.pod_length, 1);
    text = recorded_value_next(text, 1, &v);
    assert_string_equal(text, "");
    assert_int_equal(v.milli, 2500);
    assert_null(recorded_value_next("a;b=1", 1, &v));
    assert_null(recorded_value_next("x", 0, &v));
    assert_null(recorded_value_next(";1", 0, &v));
    assert_string_equal(recorded_value_next("1394e-3;1", 0, &v), "1");
    assert_int_equal(v.milli, 1394);
}

int main(void)
{
    static struct suite suite;
    char command[64];
    int failed;

    if (mkdtemp(folder) == NULL) {
        return 1;
    }
    SUITE_TEST(&suite, agrees_with_what_was_recorded);
    SUITE_TABLE(&suite, notices, changes);
    SUITE_TEST(&suite, a_pod_seen_a_moment_later_is_no_difference);
    SUITE_TABLE(&suite, says_what_is_wrong, mistakes);
    SUITE_TEST(&suite, without_reconciles_there_is_nothing);
    SUITE_TEST(&suite, reads_values);
    failed = suite_run(&suite, "agree");
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command) != 0 || failed;
}
