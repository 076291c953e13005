// A HorizontalPodAutoscaler: one reconcile over three pods, its conditions, and why.
package main

import (
	"errors"
	"fmt"
	"log"
	"time"

	weir "weir/bindings/go"
)

func main() {
	now := time.Unix(1700000000, 0)
	config := weir.DefaultHPAConfig()
	config.Metrics = []weir.HPAMetric{{Source: weir.MetricSourceResource, Name: "cpu",
		TargetType: weir.TargetTypeUtilization, Target: 60}} // percent of the requests

	// What cannot be used says where it is wrong.
	var problem *weir.Error
	if _, err := weir.NewHPA(config, now); errors.As(err, &problem) {
		fmt.Printf("%s: %s: %s\n", problem.Code.Name(), problem.Path, problem.Message)
	}
	config.MaxReplicas = 10
	hpa, err := weir.NewHPA(config, now)
	if err != nil {
		log.Fatal(err)
	}

	// Pods that have been ready for a minute and request one core each.
	in := weir.HPAInput{Replicas: 3, StatusReplicas: 3, Metrics: make([]weir.HPAMetricInput, 1)}
	for _, used := range []int64{950, 900, 820} { // thousandths of a core
		in.Pods = append(in.Pods, weir.Pod{Started: now.Add(-400 * time.Second),
			ReadySince: now.Add(-time.Minute), Ready: weir.PodReadyTrue})
		in.Metrics[0].Samples = append(in.Metrics[0].Samples, weir.Sample{Value: used, Request: 1000,
			At: now.Add(-10 * time.Second), Window: 30 * time.Second, Presence: weir.SamplePresent})
	}
	decision, why, err := hpa.Explain(now, in)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d -> %d pods\n%s", decision.Current, decision.Replicas, weir.Why(why))

	status, err := hpa.Status()
	if err != nil {
		log.Fatal(err)
	}
	for _, condition := range status.Conditions {
		fmt.Printf("%v=%v %v\n", condition.Type, condition.Status, condition.Reason)
	}
}
