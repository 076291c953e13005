// PromQL over series in memory: append samples, ask as a Prometheus server would be asked.
package main

import (
	"errors"
	"fmt"
	"log"
	"time"

	weir "weir/bindings/go"
)

func main() {
	series, err := weir.NewSeries()
	if err != nil {
		log.Fatal(err)
	}
	defer series.Close()
	start := time.Unix(0, 0)
	for pod, rate := range map[string]float64{"web-1": 12, "web-2": 30} {
		number, err := series.Find(weir.Labels{weir.NameLabel: "http_requests_total", "app": "web", "pod": pod})
		if err != nil {
			log.Fatal(err)
		}
		for s := 0; s <= 300; s += 15 { // a counter that is scraped every 15 s
			if err := series.Append(number, start.Add(time.Duration(s)*time.Second), rate*float64(s)); err != nil {
				log.Fatal(err)
			}
		}
	}
	for _, query := range []string{
		`sort(rate(http_requests_total{app="web"}[1m]))`,
		"sum(rate(http_requests_total[1m])) / 10",
		"topk(1, rate(http_requests_total[1m])) > 20",
		"sum(rate(http_requests_total)",
	} {
		fmt.Println(query)
		result, err := series.Query(query, start.Add(5*time.Minute))
		var problem *weir.Error
		if errors.As(err, &problem) {
			fmt.Printf("  %d:%d: %s\n", problem.Line, problem.Column, problem.Message)
			continue
		}
		for labels, value := range result.All() {
			fmt.Printf("  %v %g\n", labels, value)
		}
	}
}
