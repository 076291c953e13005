// A ScaledObject of KEDA: from nothing to work, through a source that fails, and back to nothing.
package main

import (
	"errors"
	"fmt"
	"log"
	"time"

	weir "weir/bindings/go"
)

// The length of a queue, a minute a number; below zero its source does not answer.
var queue = []float64{0, 3, 30, 30, -1, -1, -1, 30, 0, 0, 0}

func main() {
	config := weir.DefaultScaledObjectConfig()
	config.MaxReplicas = new(int32(10))
	config.CooldownPeriod = time.Minute
	config.Fallback = weir.Fallback{Enabled: true, FailureThreshold: 3, Replicas: 6}
	trigger := weir.NewTrigger(weir.TriggerTypePrometheus)
	trigger.Target = weir.TriggerMilli(10) // ten items a pod
	config.Triggers = []weir.Trigger{trigger}

	start := time.Unix(0, 0)
	object, err := weir.NewScaledObject(config, start)
	if err != nil {
		log.Fatal(err)
	}
	var replicas int32
	for {
		now := object.Due() // a poll, a sync of the HPA, or both
		minute := int(now.Sub(start) / time.Minute)
		if minute >= len(queue) {
			break
		}
		answer := weir.TriggerInput{Value: queue[minute]}
		if queue[minute] < 0 {
			answer = weir.TriggerInput{Err: errors.New("the source does not answer")}
		}
		decision, why, err := object.Explain(now, weir.ScaledObjectInput{Replicas: replicas,
			StatusReplicas: replicas, Ready: replicas, Triggers: []weir.TriggerInput{answer}})
		if err != nil {
			log.Fatal(err)
		}
		if !decision.Apply() {
			continue
		}
		for _, step := range why {
			if step.Rule == decision.Rule {
				fmt.Printf("%3.0f s: %d -> %d  %s\n", now.Sub(start).Seconds(), decision.Current, decision.Replicas, step)
			}
		}
		replicas = decision.Replicas // its pods are ready at once here
	}
}
