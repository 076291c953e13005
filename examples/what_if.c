/* What if: a state is a block without pointers, so a copy of it lives a life of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

/* `seconds` of a load on one pod, from `start`; the wish at their end. */
static int32_t live(weir_kpa *kpa, weir_time start, int seconds, double load)
{
    weir_kpa_stat stat = {.average_concurrent_requests = load};
    weir_decision decision;

    weir_decision_init(&decision, sizeof decision);
    for (int second = 0; second < seconds; second++) {
        weir_time now = start + second * WEIR_SECOND;

        weir_kpa_record(kpa, now, &stat);
        if (second % 2 == 1) {
            weir_kpa_decide(kpa, 1, 1, now, &decision, NULL);
        }
    }
    return decision.replicas;
}

int main(void)
{
    const weir_time fork = 120 * WEIR_SECOND;
    weir_kpa_config config;
    weir_kpa *kpa, *copy;
    size_t bytes;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10;
    weir_kpa_bytes(&config, &bytes, NULL);
    kpa = malloc(bytes);
    copy = malloc(bytes);
    if (kpa == NULL || copy == NULL) {
        return 1;
    }
    weir_kpa_init(kpa, bytes, &config, 1, 0, NULL);
    printf("after two minutes of 5 requests in flight: %d\n", live(kpa, 0, 120, 5));
    for (double load = 5; load <= 80; load *= 2) {
        memcpy(copy, kpa, bytes);
        printf("if 10 s of %2.0f followed: %d\n", load, live(copy, fork, 10, load));
    }
    printf("and as it went on, with 6: %d\n", live(kpa, fork, 10, 6));
    free(copy);
    free(kpa);
    return 0;
}
