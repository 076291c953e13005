/* A snapshot: a state as portable bytes, for the next process, another machine, a newer version. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

static weir_kpa *make(const weir_kpa_config *config)
{
    size_t bytes;
    weir_kpa *kpa;

    if (weir_kpa_bytes(config, &bytes, NULL) != WEIR_OK || (kpa = malloc(bytes)) == NULL) {
        exit(1);
    }
    weir_kpa_init(kpa, bytes, config, 1, 0, NULL);
    return kpa;
}

static int32_t decide(weir_kpa *kpa, weir_time now)
{
    weir_decision decision;

    weir_decision_init(&decision, sizeof decision);
    weir_kpa_decide(kpa, 1, 1, now, &decision, NULL);
    return decision.replicas;
}

int main(void)
{
    weir_kpa_config config;
    weir_kpa *before, *after;
    weir_error err;
    uint8_t *snapshot;
    size_t length;

    weir_kpa_config_init(&config, sizeof config);
    config.target = 10;
    before = make(&config);
    for (weir_time now = 0; now < 30 * WEIR_SECOND; now += WEIR_SECOND) {
        weir_kpa_stat stat = {.average_concurrent_requests = 42};

        weir_kpa_record(before, now, &stat);
    }
    weir_kpa_save(before, NULL, 0, &length); /* how long it will be */
    snapshot = malloc(length);
    if (snapshot == NULL || weir_kpa_save(before, snapshot, length, NULL) != WEIR_OK) {
        return 1;
    }

    after = make(&config); /* with the same configuration */
    printf("nothing known: %d\n", decide(after, 30 * WEIR_SECOND));
    weir_kpa_load(after, snapshot, length, NULL);
    printf("as it was: %d, and now: %d\n", decide(before, 32 * WEIR_SECOND),
           decide(after, 32 * WEIR_SECOND));

    snapshot[length / 2] ^= 1;
    if (weir_kpa_load(after, snapshot, length, &err) != WEIR_OK) { /* and nothing has changed */
        printf("damaged: %s: %s\n", weir_status_name(err.status), err.message);
    }
    free(snapshot);
    free(after);
    free(before);
    return 0;
}
