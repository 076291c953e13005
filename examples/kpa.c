/* A Knative revision: record a second's load, ask what to do, print why. */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

int main(void)
{
    weir_kpa_config config;
    weir_decision decision;
    weir_explain why;
    size_t bytes;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10; /* requests in flight per pod, aimed at 70 % */
    weir_kpa_bytes(&config, &bytes, NULL);
    weir_kpa *kpa = malloc(bytes); /* any 8-byte aligned memory will do */
    weir_kpa_init(kpa, bytes, &config, 1, 0, NULL);
    weir_decision_init(&decision, sizeof decision);
    weir_explain_init(&why, sizeof why);
    for (weir_time now = 0; now <= 2 * WEIR_SECOND; now += WEIR_SECOND) {
        weir_kpa_stat stat = {.average_concurrent_requests = 42};
        weir_kpa_record(kpa, now, &stat);
    }
    weir_kpa_decide(kpa, 1, 1, 2 * WEIR_SECOND, &decision, &why);
    printf("%d pods\n", decision.replicas);
    for (uint32_t i = 0; i < why.count; i++) {
        char line[160];
        weir_step_text(&why.steps[i], line, sizeof line, NULL);
        puts(line);
    }
    free(kpa);
    return 0;
}
