//go:build weirbench

package weir

/*
#include "weir.h"

static void weirgo_loop_kpa(weir_kpa *kpa, int64_t ready, weir_time now, int64_t times)
{
    weir_decision d;

    weir_decision_init(&d, sizeof d);
    for (int64_t i = 0; i < times; i++) {
        weir_kpa_decide(kpa, ready, 1, now, &d, NULL);
    }
}

static void weirgo_loop_decider(weir_kpa_decider *decider, const weir_kpa_decider_input *in, weir_time now, int64_t times)
{
    weir_decision d;

    weir_decision_init(&d, sizeof d);
    for (int64_t i = 0; i < times; i++) {
        weir_kpa_decider_decide(decider, in, now, &d, NULL);
    }
}

static void weirgo_loop_hpa(weir_hpa *hpa, int32_t replicas, int64_t value, weir_time from, int64_t times)
{
    weir_hpa_reading reading = {WEIR_OK, 0, 1, 0};
    weir_hpa_input in;
    weir_decision d;

    weir_hpa_input_init(&in, sizeof in);
    in.spec_replicas = in.status_replicas = replicas;
    in.readings = &reading;
    in.values = &value;
    in.reading_count = in.value_count = 1;
    weir_decision_init(&d, sizeof d);
    for (int64_t i = 1; i <= times; i++) {
        weir_hpa_decide(hpa, &in, from + i * 15 * WEIR_SECOND, &d, NULL);
    }
}

static void weirgo_loop_keda(weir_keda *keda, int32_t replicas, double value, weir_time from, int64_t times)
{
    weir_keda_reading reading = {value, WEIR_OK, WEIR_ACTIVITY_BY_VALUE};
    weir_keda_input in;
    weir_decision d;

    weir_keda_input_init(&in, sizeof in);
    in.replicas = in.status_replicas = in.ready_pods = replicas;
    in.readings = &reading;
    in.reading_count = 1;
    weir_decision_init(&d, sizeof d);
    for (int64_t i = 1; i <= times; i++) {
        weir_keda_decide(keda, &in, from + i * 15 * WEIR_SECOND, &d, NULL);
    }
}
*/
import "C"

import "time"

// The same decisions in a loop of C: what they cost without the way there and back. For the benchmarks,
// which cannot have C of their own, and only with the tag weirbench.

func (k *KPA) loop(times int, now time.Time, ready int) {
	C.weirgo_loop_kpa(k.c(), C.int64_t(ready), C.weir_time(now.UnixNano()), C.int64_t(times))
}

func (k *KPADecider) loop(times int, now time.Time, in KPADeciderInput) {
	c := in.c()
	C.weirgo_loop_decider(k.c(), &c, C.weir_time(now.UnixNano()), C.int64_t(times))
}

func (h *HPA) loop(times int, from time.Time, replicas int32, value int64) {
	C.weirgo_loop_hpa(h.c(), C.int32_t(replicas), C.int64_t(value), C.weir_time(from.UnixNano()), C.int64_t(times))
}

func (k *ScaledObject) loop(times int, from time.Time, replicas int32, value float64) {
	C.weirgo_loop_keda(k.c(), C.int32_t(replicas), C.double(value), C.weir_time(from.UnixNano()), C.int64_t(times))
}
