// What would it decide if this load came? A clone is asked; the original knows nothing of it.
package main

import (
	"fmt"
	"log"
	"time"

	weir "weir/bindings/go"
)

func main() {
	start := time.Unix(0, 0)
	kpa, err := weir.NewKPA(weir.DefaultKPAConfig(), start, 3)
	if err != nil {
		log.Fatal(err)
	}
	for s := range 60 {
		now := start.Add(time.Duration(s) * time.Second)
		if err := kpa.Record(now, weir.KPAStat{AverageConcurrentRequests: 200}); err != nil {
			log.Fatal(err)
		}
	}
	now := start.Add(time.Minute)
	for _, load := range []float64{0, 200, 1000, 5000} {
		fork := kpa.Clone()
		if err := fork.Record(now, weir.KPAStat{AverageConcurrentRequests: load}); err != nil {
			log.Fatal(err)
		}
		decision, err := fork.Decide(now, weir.KPAInput{Ready: 3})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%4.0f requests in flight: %2d pods by %v\n", load, decision.Replicas, decision.Rule)
	}
	decision, err := kpa.Decide(now, weir.KPAInput{Ready: 3})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("as it is: %d pods\n", decision.Replicas)
}
