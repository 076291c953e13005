/* The HPA's limits alone, for a controller of your own: here one that counts a queue. */
#include <stdint.h>
#include <stdio.h>
#include <weir/behavior.h>

static uint64_t block[4096];

int main(void)
{
    static const int32_t queue[] = {20, 90, 400, 400, 400, 400, 30, 30, 30, 30, 30, 30};
    weir_behavior *behavior = (weir_behavior *)block;
    weir_behavior_config config;
    weir_decision decision;
    weir_explain why;
    weir_error err;
    int32_t workers = 2;

    /* Up by four workers in 15 s at most; down only to what was enough for a whole minute. */
    weir_behavior_config_init(&config, sizeof config);
    config.behavior = 1;
    config.max_replicas = 20;
    config.scale_up.policy_count = 1;
    config.scale_up.policies[0].type = WEIR_POLICY_PODS;
    config.scale_up.policies[0].value = 4;
    config.scale_up.policies[0].period = 15 * WEIR_SECOND;
    config.scale_down.stabilization_window = 60 * WEIR_SECOND;
    if (weir_behavior_init(behavior, sizeof block, &config, &err) != WEIR_OK) {
        fprintf(stderr, "%s: %s\n", err.path, err.message);
        return 1;
    }
    weir_decision_init(&decision, sizeof decision);
    weir_explain_init(&why, sizeof why);
    for (size_t i = 0; i < sizeof queue / sizeof queue[0]; i++) {
        weir_time now = (weir_time)i * 15 * WEIR_SECOND;
        int32_t wanted = (queue[i] + 9) / 10; /* ten items a worker */
        char reason[200] = "";

        weir_behavior_apply(behavior, workers, wanted, now, &decision, &why);
        if (decision.replicas != wanted) {
            weir_step_text(&why.steps[why.count - 1], reason, sizeof reason, NULL);
        }
        printf("%3d s: %2d workers, %2d wanted, %2d allowed  %s\n", (int)(now / WEIR_SECOND),
               workers, wanted, decision.replicas, reason);
        if (decision.flags & WEIR_FLAG_APPLY) { /* policies count what really happened */
            weir_behavior_scaled(behavior, workers, decision.replicas, now);
            workers = decision.replicas;
        }
    }
    return 0;
}
