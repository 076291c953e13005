// A replay: a load of ten minutes, what three settings would have done with it, at what cost.
package main

import (
	"fmt"
	"log"
	"time"

	weir "weir/bindings/go"
)

func main() {
	// Requests in flight, every 5 s: little, three minutes of much, some, none.
	trace := weir.Trace{Start: time.Unix(0, 0), Step: 5 * time.Second}
	for second := 0; second < 600; second += 5 {
		load := 0.0
		switch {
		case second < 60:
			load = 12
		case second < 240:
			load = 150
		case second < 300:
			load = 30
		}
		trace.Values = append(trace.Values, load)
	}
	world := weir.DefaultReplayConfig()
	world.PodStart = 5 * time.Second

	var machines []weir.Autoscaler
	targets := []float64{5, 10, 20}
	for _, target := range targets {
		config := weir.DefaultKPAConfig()
		config.Target = &target
		kpa, err := weir.NewKPA(config, trace.Start, int(world.InitialReplicas))
		if err != nil {
			log.Fatal(err)
		}
		machines = append(machines, kpa)
	}

	// One of them, decision by decision.
	_, decisions, err := weir.Run(world, machines[1].(*weir.KPA).Clone(), trace)
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range decisions {
		if d.Valid && d.Replicas != d.Current {
			fmt.Printf("%3.0f s: %2d -> %2d by %v\n", d.At.Sub(trace.Start).Seconds(), d.Current, d.Replicas, d.Rule)
		}
	}

	// All of them at once.
	reports, errs := weir.RunAll(world, machines, trace)
	if errs != nil {
		log.Fatal(errs)
	}
	for i, r := range reports {
		fmt.Printf("target %2g: peak %2d pods, %.0f pod-seconds, %d up, %d down\n", targets[i], r.PeakReplicas,
			r.ReplicaSeconds, r.ScaleUps, r.ScaleDowns)
	}
}
