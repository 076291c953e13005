/*
 * report.c - what `weir replay` says before and after the decisions; see report.h.
 */
#include "report.h"

#include <inttypes.h>

void report_heading(const struct request *request, const struct replaying *r)
{
    const struct outcome *o = replaying_outcome(r);
    const weir_replay_config *c = replaying_config(r);
    char about[256], bounds[256], start[32], stop[32];

    o->kind->describe(about, sizeof about, o->config);
    put_duration(start, sizeof start, c->pod_start);
    put_duration(stop, sizeof stop, c->pod_stop);
    o->kind->bounds(bounds, sizeof bounds, o->config);
    printf("%s %s/%s (%s)\n  scales on: %s\n  bounds: %s\n", o->item->api_kind, o->item->name_space,
           o->item->name, o->item->file, about, bounds);
    replaying_print_load(r);
    printf("  pods: ");
    if (request->replicas != NULL && !request->has_initial) {
        printf("as many as recorded are ready at the start");
    } else {
        printf("%d ready at the start", c->initial_replicas);
    }
    printf("; ready %s after they are asked for, gone %s after they are told to stop\n", start,
           stop);
}

void report_summary(const struct outcome *o, double pod_capacity, const weir_waits *waits)
{
    const weir_report *r = &o->report;

    printf("\nsummary\n");
    if (waits == NULL || o->rows > 0) {
        printf("  %-21s%" PRId64 " over %.0f s",
               waits == NULL ? "rows replayed" : "requests replayed", o->rows, r->seconds);
    } else {
        printf("  time replayed        %.0f s", r->seconds);
    }
    if (o->bad_rows > 0) {
        printf(", %" PRId64 " bad ones left out", o->bad_rows);
    }
    if (o->gaps > 0) {
        printf(", %" PRId64 " gap%s without data", o->gaps, o->gaps == 1 ? "" : "s");
    }
    printf("\n  decisions            %" PRId64 ", %" PRId64 " of them without data\n", r->decisions,
           r->invalid);
    printf("  replica-seconds      %.0f (%.2f replica-hours, %.2f pods on average)\n",
           r->replica_seconds, r->replica_seconds / 3600,
           r->seconds > 0 ? r->replica_seconds / r->seconds : 0.0);
    printf("  peak                 %d pod%s\n", r->peak_replicas, r->peak_replicas == 1 ? "" : "s");
    printf("  scale-ups            %" PRId64 ", %" PRId64 " of them from zero\n", r->scale_ups,
           r->cold_starts);
    printf("  scale-downs          %" PRId64 "\n", r->scale_downs);
    printf("  reversals            %" PRId64 "\n", r->reversals);
    if (o->kind->has_panic) {
        printf("  seconds in panic     %.0f\n", r->panic_seconds);
        printf("  seconds proxied      %.0f (requests went through the activator)\n",
               r->proxy_seconds);
    }
    printf("  seconds at zero      %.0f\n", r->zero_seconds);
    if (pod_capacity > 0) {
        printf("  seconds %-13s%.0f (more than %.6g for each ready pod)\n", o->kind->overload,
               r->overload_seconds, pod_capacity);
    }
    printf("  digest               %016" PRIx64 "\n", r->digest);
    if (waits != NULL) {
        print_waits(waits);
    }
}

void report_lines(const struct report_line *lines, const weir_manifest_item *const *items,
                  size_t count)
{
    double hours = 0;

    printf("%-32s %13s %6s %6s %6s %10s\n", "all autoscalers", "replica-hours", "peak", "ups",
           "downs", "reversals");
    for (size_t i = 0; i < count; i++) {
        const weir_report *r = &lines[i].report;
        char name[512];

        snprintf(name, sizeof name, "%s/%s", items[i]->name_space, items[i]->name);
        if (!lines[i].started) {
            printf("%-32s %13s\n", name, "not replayed");
            continue;
        }
        hours += r->replica_seconds / 3600;
        printf("%-32s %13.2f %6d %6" PRId64 " %6" PRId64 " %10" PRId64 "\n", name,
               r->replica_seconds / 3600, r->peak_replicas, r->scale_ups, r->scale_downs,
               r->reversals);
    }
    printf("%-32s %13.2f\n", "together", hours);
}
