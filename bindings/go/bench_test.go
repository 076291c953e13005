//go:build weirbench

package weir

import (
	"testing"
	"time"
)

// What a decision costs from Go, and in a loop of C: tests/go/bench.sh, which also runs upstream's own.

var benchStart = time.Unix(1700000000, 0)

func benchKPA(b *testing.B) *KPA {
	k, err := NewKPA(DefaultKPAConfig(), benchStart, 10)
	for s := 0; s < 60 && err == nil; s++ {
		err = k.Record(benchStart.Add(time.Duration(s)*time.Second), KPAStat{AverageConcurrentRequests: 700})
	}
	if err != nil {
		b.Fatal(err)
	}
	return k
}

func BenchmarkKPADecide(b *testing.B) {
	k, now := benchKPA(b), benchStart.Add(59*time.Second)
	b.Run("go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d, err := k.Decide(now, KPAInput{Ready: 10}); err != nil || d.Replicas != 10 {
				b.Fatal(d, err)
			}
		}
	})
	b.Run("c", func(b *testing.B) { k.loop(b.N, now, 10) })
}

func BenchmarkKPAScaleStep(b *testing.B) {
	k, err := NewKPADecider(DefaultKPADeciderConfig(), benchStart, 10)
	if err != nil {
		b.Fatal(err)
	}
	in := KPADeciderInput{Ready: 10, Averages: KPAAverages{Stable: 700, Panic: 700}}
	b.Run("go", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if d, err := k.Decide(benchStart, in); err != nil || d.Replicas != 10 {
				b.Fatal(d, err)
			}
		}
	})
	b.Run("c", func(b *testing.B) { k.loop(b.N, benchStart, in) })
}

// A reconcile that holds: one External metric, 21 recommendations of stabilization.
func BenchmarkHPADecide(b *testing.B) {
	c := DefaultHPAConfig()
	c.MaxReplicas = 100
	c.Metrics = []HPAMetric{{Source: MetricSourceExternal, Name: "queue", TargetType: TargetTypeAverageValue, Target: 5000}}
	made := func() *HPA {
		h, err := NewHPA(c, benchStart)
		if err != nil {
			b.Fatal(err)
		}
		h.loop(30, benchStart, 4, 20000)
		return h
	}
	b.Run("go", func(b *testing.B) {
		h, at := made(), benchStart.Add(time.Hour)
		in := HPAInput{Replicas: 4, StatusReplicas: 4, Metrics: []HPAMetricInput{{Values: []int64{20000}}}}
		b.ReportAllocs()
		for b.Loop() {
			at = at.Add(15 * time.Second)
			if d, err := h.Decide(at, in); err != nil || d.Replicas != 4 {
				b.Fatal(d, err)
			}
		}
	})
	b.Run("c", func(b *testing.B) { made().loop(b.N, benchStart.Add(time.Hour), 4, 20000) })
}

func BenchmarkScaledObjectDecide(b *testing.B) {
	c := DefaultScaledObjectConfig()
	t := NewTrigger(TriggerTypePrometheus)
	t.Target = 5000
	c.Triggers = []Trigger{t}
	made := func() *ScaledObject {
		k, err := NewScaledObject(c, benchStart)
		if err != nil {
			b.Fatal(err)
		}
		k.loop(30, benchStart, 4, 20)
		return k
	}
	b.Run("go", func(b *testing.B) {
		k, at := made(), benchStart.Add(time.Hour)
		in := ScaledObjectInput{Replicas: 4, StatusReplicas: 4, Ready: 4, Triggers: []TriggerInput{{Value: 20}}}
		b.ReportAllocs()
		for b.Loop() {
			at = at.Add(15 * time.Second)
			if _, err := k.Decide(at, in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("c", func(b *testing.B) { made().loop(b.N, benchStart.Add(time.Hour), 4, 20) })
}
