/* A ScaledObject of KEDA: from nothing to work, through a source that fails, and back to nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <weir/keda.h>

/* The length of a queue, a minute a number; below zero its source does not answer. */
static const double queue[] = {0, 3, 30, 30, -1, -1, -1, 30, 0, 0, 0};

enum { MINUTES = sizeof queue / sizeof queue[0] };

/* The step of the rule that had the last word. */
static void print(const weir_decision *d, const weir_explain *why)
{
    char line[200] = "";

    for (uint32_t i = 0; i < why->count; i++) {
        if (why->steps[i].rule == d->rule) {
            weir_step_text(&why->steps[i], line, sizeof line, NULL);
        }
    }
    printf("%3d s: %d -> %d  %s%s\n", (int)(d->at / WEIR_SECOND), d->current, d->replicas, line,
           d->flags & WEIR_FLAG_FALLBACK ? " (fallback)" : "");
}

int main(void)
{
    weir_keda_config config;
    weir_keda_input input;
    weir_keda_reading reading = {0};
    weir_decision decision;
    weir_explain why;
    weir_error err;
    weir_keda *keda;
    size_t bytes;
    int32_t replicas = 0;

    weir_keda_config_init(&config, sizeof config);
    config.max_replicas = 10;
    config.cooldown_period = 60 * WEIR_SECOND;
    config.fallback.enabled = 1;
    config.fallback.failure_threshold = 3;
    config.fallback.replicas = 6;
    config.trigger_count = 1;
    weir_keda_trigger_init(&config.triggers[0], WEIR_TRIGGER_PROMETHEUS);
    config.triggers[0].target = 10 * 1000; /* ten items a pod, in thousandths */
    if (weir_keda_bytes(&config, &bytes, &err) != WEIR_OK) {
        fprintf(stderr, "%s: %s\n", err.path, err.message);
        return 1;
    }
    keda = malloc(bytes);
    if (keda == NULL || weir_keda_init(keda, bytes, &config, 0, NULL) != WEIR_OK) {
        return 1;
    }

    weir_keda_input_init(&input, sizeof input);
    weir_decision_init(&decision, sizeof decision);
    weir_explain_init(&why, sizeof why);
    for (;;) {
        weir_time now = weir_autoscaler_due(keda); /* a poll, a sync of the HPA, or both */
        size_t minute = (size_t)(now / (60 * WEIR_SECOND));

        if (minute >= MINUTES) {
            break;
        }
        reading.value = queue[minute];
        reading.status = queue[minute] < 0 ? WEIR_E_IO : WEIR_OK;
        input.readings = &reading;
        input.reading_count = 1;
        input.replicas = input.status_replicas = input.ready_pods = replicas;
        weir_keda_decide(keda, &input, now, &decision, &why);
        if (decision.flags & WEIR_FLAG_APPLY) {
            print(&decision, &why);
            replicas = decision.replicas; /* its pods are ready at once here */
        }
    }
    free(keda);
    return 0;
}
