// The HPA's limits alone, for a controller of your own: here one that counts a queue.
package main

import (
	"fmt"
	"log"
	"time"

	weir "weir/bindings/go"
)

func main() {
	// Up by four workers in 15 s at most; down only to what was enough for a whole minute.
	config := weir.DefaultBehaviorConfig()
	config.MaxReplicas = 20
	config.ScaleUp.Policies = []weir.ScalingPolicy{{Type: weir.PolicyTypePods, Value: 4, Period: 15 * time.Second}}
	config.ScaleDown.StabilizationWindow = new(time.Minute)
	behavior, err := weir.NewBehavior(config)
	if err != nil {
		log.Fatal(err)
	}

	workers := int32(2)
	for i, items := range []int32{20, 90, 400, 400, 400, 400, 30, 30, 30, 30, 30, 30} {
		at := time.Duration(i) * 15 * time.Second
		now := time.Unix(0, 0).Add(at)
		wanted := (items + 9) / 10 // ten items a worker
		decision, why, err := behavior.Explain(now, workers, wanted)
		if err != nil {
			log.Fatal(err)
		}
		reason := ""
		if decision.Replicas != wanted {
			reason = why[len(why)-1].String()
		}
		fmt.Printf("%3.0f s: %2d workers, %2d wanted, %2d allowed  %s\n", at.Seconds(), workers, wanted, decision.Replicas, reason)
		if decision.Apply() { // policies count what really happened
			if err := behavior.Scaled(now, workers, decision.Replicas); err != nil {
				log.Fatal(err)
			}
			workers = decision.Replicas
		}
	}
}
