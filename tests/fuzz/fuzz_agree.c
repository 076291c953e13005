/*
 * Recordings from anywhere, as tar archives: whatever they hold, no more agrees than there is, and
 * what cannot be read is said.
 */
#include "agree.h"
#include "agree_keda.h"
#include "fuzz.h"

#include <string.h>

static void see(void *user, const struct agree_step *step)
{
    int64_t *steps = user;

    (*steps)++;
    must(memchr(step->conditions, '\0', sizeof step->conditions) != NULL);
    must(step->compared || (!step->proposal_agrees && !step->outcome_agrees));
}

static void see_event(void *user, const struct agree_keda_event *event)
{
    int64_t *events = user;

    (*events)++;
    must(memchr(event->recorded, '\0', sizeof event->recorded) != NULL);
    must(memchr(event->weir, '\0', sizeof event->weir) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char message[1024] = "";
    struct recording *r =
        recording_open_memory("recording", (const char *)data, size, message, sizeof message);

    if (r == NULL) {
        must(message[0] != '\0');
        return 0;
    }
    must(r->autoscaler_count > 0 || r->error_count > 0);
    for (size_t i = 0; i < r->autoscaler_count; i++) {
        struct agree_tally t;
        int64_t steps = 0;

        agree_run(r, &r->autoscalers[i], &t, see, &steps);
        must(steps == t.steps && t.agreed <= t.compared && t.compared <= t.steps);
    }
    for (size_t i = 0; i < r->scaled_object_count; i++) {
        struct agree_keda_tally t;
        int64_t events = 0;

        agree_keda_run(r, &r->scaled_objects[i], &t, see_event, &events);
        must(events == t.polls + t.served + t.made);
        must(t.polls_agreed <= t.polls && t.served_agreed <= t.served);
    }
    recording_close(r);
    return 0;
}
