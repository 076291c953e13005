// A Knative revision: record a second's load, ask what to do, print why.
package main

import (
	"fmt"
	"log"
	"time"

	weir "weir/bindings/go"
)

func main() {
	config := weir.DefaultKPAConfig()
	config.Target = new(10.0) // requests in flight per pod, aimed at 70 %

	start := time.Unix(0, 0)
	kpa, err := weir.NewKPA(config, start, 1)
	if err != nil {
		log.Fatal(err)
	}
	now := start
	for ; !now.After(start.Add(2 * time.Second)); now = now.Add(time.Second) {
		if err := kpa.Record(now, weir.KPAStat{AverageConcurrentRequests: 42}); err != nil {
			log.Fatal(err)
		}
	}
	decision, why, err := kpa.Explain(start.Add(2*time.Second), weir.KPAInput{Ready: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(decision.Replicas, "pods")
	fmt.Print(weir.Why(why))
}
