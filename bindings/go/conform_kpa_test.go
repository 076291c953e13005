package weir_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	weir "weir/bindings/go"
	"weir/bindings/go/internal/vectors"
)

func TestConformanceKPA(t *testing.T) {
	vectors.Run(t, []string{"kpa/windows*", "kpa/maxwindow", "kpa/collector*", "kpa/decider*", "kpa/multiscaler*",
		"kpa/end_to_end*", "kpa/scraper", "kpa/reqstats", "kpa/activator"}, map[string]func(*vectors.Scenario){
		"window": runWindow, "max_window": runMaxWindow, "collector": runCollector,
		"collector_scrape": runCollectorScrape, "decider": runDecider, "multiscaler": runMultiscaler,
		"pipeline": runPipeline, "scrape": runScrape, "request_stats": runRequestStats,
		"activator_stats": runActivator,
	})
}

// release is that of Knative which a file was recorded from.
func release(s *vectors.Scenario) weir.ServingRelease {
	if strings.Contains(s.T.Name(), "v0_42") {
		return weir.ServingRelease0_42
	}
	return weir.ServingRelease0_51
}

func algorithm(name string) weir.WindowAlgorithm {
	if strings.HasPrefix(name, "weighted") {
		return weir.WindowAlgorithmWeightedExponential
	}
	return weir.WindowAlgorithmLinear
}

// problem is an error object of the vectors.
type problem struct{ Error, Kind string }

// panics says whether upstream panics here; then weir says so, and the scenario ends.
func panics(s *vectors.Scenario, p problem, err error) bool {
	if p.Kind != "panic" {
		return false
	}
	if !errors.Is(err, weir.ErrPanic) && !errors.Is(err, weir.ErrRange) {
		s.T.Errorf("%s, step %d: upstream panics, weir says %v", s.Name, s.Step, err)
	}
	return true
}

func runWindow(s *vectors.Scenario) {
	c := vectors.Config[struct {
		Algorithm           string
		Window, Granularity vectors.Integer
	}](s)
	wc := weir.DefaultWindowConfig()
	wc.Algorithm, wc.Semantics = algorithm(c.Algorithm), release(s)
	wc.Window, wc.Granularity = time.Duration(c.Window), time.Duration(c.Granularity)
	for _, raw := range s.Steps { // room for what it is resized to
		if _, after, ok := strings.Cut(string(raw), `"window":`); ok {
			var n vectors.Integer
			digits := after[:strings.IndexAny(after, ",}")]
			s.Must(n.UnmarshalJSON([]byte(digits)))
			wc.Reserve = max(wc.Reserve, time.Duration(n), wc.Window)
		}
	}
	w, made := weir.NewWindow(wc)
	vectors.Each(s, func(step *struct {
		T      vectors.Integer
		Do     string
		Value  vectors.Number
		Window vectors.Integer
		Want   struct {
			problem
			Average vectors.Number
			Empty   bool
		}
	}) {
		now, err := s.At(step.T), made
		switch {
		case err != nil:
		case step.Do == "record":
			err = w.Record(now, float64(step.Value))
		case step.Do == "resize":
			err = w.Resize(time.Duration(step.Window), now)
		}
		var average float64
		if err == nil {
			average, err = w.Average(now)
		}
		if panics(s, step.Want.problem, err) {
			return
		}
		s.Must(err)
		s.Double("average", average, step.Want.Average)
		empty, err := w.Empty(now)
		s.Must(err)
		vectors.Same(s, "empty", empty, step.Want.Empty)
	})
}

func runMaxWindow(s *vectors.Scenario) {
	c := vectors.Config[struct{ Duration, Granularity vectors.Integer }](s)
	w, made := weir.NewMaxWindow(time.Duration(c.Duration), time.Duration(c.Granularity))
	vectors.Each(s, func(step *struct {
		T     vectors.Integer
		Do    string
		Value int32
		Want  struct {
			problem
			Current int32
		}
	}) {
		err := made
		if err == nil && step.Do == "record" {
			err = w.Record(s.At(step.T), step.Value)
		}
		if panics(s, step.Want.problem, err) {
			return
		}
		s.Must(err)
		vectors.Same(s, "current", w.Current(), step.Want.Current)
	})
}

type metricSpec struct {
	StableWindow, PanicWindow vectors.Integer
	ScrapeTarget              string
	Aggregation               string `json:"aggregation_algorithm"`
}

func (m metricSpec) config(s *vectors.Scenario, reserve time.Duration) weir.KPACollectorConfig {
	c := weir.DefaultKPACollectorConfig()
	c.Algorithm, c.Semantics = algorithm(m.Aggregation), release(s)
	c.StableWindow, c.PanicWindow = time.Duration(m.StableWindow), time.Duration(m.PanicWindow)
	c.ScrapeTarget = m.ScrapeTarget != ""
	c.StableReserve, c.PanicReserve = max(reserve, c.StableWindow), max(reserve, c.PanicWindow)
	return c
}

func stat(v []vectors.Number) weir.KPAStat {
	return weir.KPAStat{AverageConcurrentRequests: float64(v[0]), AverageProxiedConcurrentRequests: float64(v[1]),
		RequestCount: float64(v[2]), ProxiedRequestCount: float64(v[3])}
}

type averages struct {
	problem
	Stable, Panic vectors.Number
}

func reads(s *vectors.Scenario, c *weir.KPACollector, metric weir.KPAMetric, now time.Time, want averages) {
	kind := "not_collecting"
	var have weir.KPAAverages
	if c != nil {
		var ok bool
		var err error
		have, ok, err = c.Read(metric, now)
		s.Must(err)
		if kind = "no_data"; ok {
			kind = ""
		}
	}
	vectors.Same(s, "kind", kind, want.Kind)
	if kind == "" {
		s.Double("stable", have.Stable, want.Stable)
		s.Double("panic", have.Panic, want.Panic)
	}
}

func runCollector(s *vectors.Scenario) {
	spec := vectors.Config[metricSpec](s)
	var c *weir.KPACollector
	vectors.Each(s, func(step *struct {
		T      vectors.Integer
		Do     string
		Stat   []vectors.Number
		Metric *metricSpec
		Want   struct {
			problem
			Concurrency, RPS averages
		}
	}) {
		now, err := s.At(step.T), error(nil)
		switch step.Do {
		case "create":
			c, err = weir.NewKPACollector(spec.config(s, 2*time.Hour))
		case "record":
			if c != nil {
				err = c.Record(now, stat(step.Stat))
			}
		case "update":
			step.Metric.Aggregation = spec.Aggregation
			if c != nil {
				err = c.Update(step.Metric.config(s, 2*time.Hour), now)
			} else {
				c, err = weir.NewKPACollector(step.Metric.config(s, 2*time.Hour))
			}
		case "delete":
			c = nil
		case "read":
		default:
			s.T.Fatalf("%s: unknown step %s", s.Name, step.Do)
		}
		if panics(s, step.Want.problem, err) {
			return
		}
		s.Must(err)
		reads(s, c, weir.KPAMetricConcurrency, now, step.Want.Concurrency)
		reads(s, c, weir.KPAMetricRPS, now, step.Want.RPS)
	})
}

func runCollectorScrape(s *vectors.Scenario) {
	spec := vectors.Config[metricSpec](s)
	c, err := weir.NewKPACollector(spec.config(s, 0))
	s.Must(err)
	vectors.Each(s, func(step *struct {
		T      vectors.Integer
		ReadT  vectors.Integer    `json:"read_t"`
		Stat   []vectors.Number   // what the scrape gives; null is the empty stat
		Pushed [][]vectors.Number // at read_t
		Want   struct{ Concurrency, RPS averages }
	}) {
		if step.Stat != nil { // an empty stat is not recorded; whether an error came with it does not matter
			s.Must(c.Record(s.At(step.T), stat(step.Stat)))
		}
		for _, one := range step.Pushed {
			s.Must(c.Record(s.At(step.ReadT), stat(one)))
		}
		reads(s, c, weir.KPAMetricConcurrency, s.At(step.ReadT), step.Want.Concurrency)
		reads(s, c, weir.KPAMetricRPS, s.At(step.ReadT), step.Want.RPS)
	})
}

// deciderSpec has upstream's names; an update has some of them only.
type deciderSpec struct {
	ScalingMetric                                                   *string
	TargetValue, TotalValue, TargetBurstCapacity, ActivatorCapacity *vectors.Number
	PanicThreshold, MaxScaleUpRate, MaxScaleDownRate                *vectors.Number
	StableWindow, ScaleDownDelay                                    *vectors.Integer
	InitialScale, ActivationScale                                   *int32
	Reachable                                                       *bool
}

func set[T, U any](to *T, from *U, convert func(U) T) {
	if from != nil {
		*to = convert(*from)
	}
}

func (d *deciderSpec) over(c *weir.KPADeciderConfig) {
	double := func(n vectors.Number) float64 { return float64(n) }
	duration := func(n vectors.Integer) time.Duration { return time.Duration(n) }
	count := func(n int32) int32 { return n }
	set(&c.ScalingMetric, d.ScalingMetric, func(name string) weir.KPAMetric {
		switch name {
		case "rps":
			return weir.KPAMetricRPS
		case "concurrency":
			return weir.KPAMetricConcurrency
		}
		return weir.KPAMetricOther
	})
	set(&c.TargetValue, d.TargetValue, double)
	set(&c.TotalValue, d.TotalValue, double)
	set(&c.TargetBurstCapacity, d.TargetBurstCapacity, double)
	set(&c.ActivatorCapacity, d.ActivatorCapacity, double)
	set(&c.PanicThreshold, d.PanicThreshold, double)
	set(&c.MaxScaleUpRate, d.MaxScaleUpRate, double)
	set(&c.MaxScaleDownRate, d.MaxScaleDownRate, double)
	set(&c.StableWindow, d.StableWindow, duration)
	set(&c.ScaleDownDelay, d.ScaleDownDelay, duration)
	set(&c.InitialScale, d.InitialScale, count)
	set(&c.ActivationScale, d.ActivationScale, count)
	set(&c.Reachable, d.Reachable, func(b bool) bool { return b })
}

func (d *deciderSpec) config(s *vectors.Scenario) weir.KPADeciderConfig {
	c := weir.DefaultKPADeciderConfig()
	d.over(&c)
	c.Semantics, c.Conversion = release(s), weir.ConversionAmd64
	return c
}

// ready is a count, or {"error": …}.
type ready struct {
	count int
	err   error
}

func (r *ready) UnmarshalJSON(b []byte) error {
	var n vectors.Integer
	switch {
	case strings.Contains(string(b), "not_found"):
		r.err = weir.ErrNoData
	case b[0] == '{':
		r.err = errors.New("the lister fails")
	default:
		err := n.UnmarshalJSON(b)
		r.count = int(n)
		return err
	}
	return nil
}

type deciderStep struct {
	T             vectors.Integer
	Do            string
	Update        *deciderSpec
	Ready         *ready
	Stable, Panic *vectors.Number
	Metrics       *problem
	Stat          []vectors.Number
	ACR           vectors.Number `json:"average_concurrent_requests"`
	Want          struct {
		problem
		Desired, EBC     int32
		Valid            bool
		PanicSince       *vectors.Integer `json:"panic_since"`
		MaxPanicPods     int32            `json:"max_panic_pods"`
		Scaled, Informed int
	}
}

// over lays what a step says over the input before it.
func (step *deciderStep) over(in *weir.KPADeciderInput) {
	if step.Ready != nil {
		in.Ready, in.ReadyErr = step.Ready.count, step.Ready.err
	}
	if step.Stable != nil && step.Panic != nil {
		in.Averages = weir.KPAAverages{Stable: float64(*step.Stable), Panic: float64(*step.Panic)}
		in.MetricErr = nil
	}
	if step.Metrics != nil {
		in.MetricErr = weir.ErrNoData
	}
}

func panicState(s *vectors.Scenario, d *weir.KPADecider, step *deciderStep) {
	status, err := d.Status()
	s.Must(err)
	vectors.Same(s, "max_panic_pods", status.MaxPanicPods, step.Want.MaxPanicPods)
	vectors.Same(s, "in panic", !status.PanicSince.IsZero(), step.Want.PanicSince != nil)
	if step.Want.PanicSince != nil {
		vectors.Same(s, "panic_since", s.Since(status.PanicSince), *step.Want.PanicSince)
	}
}

func runDecider(s *vectors.Scenario) {
	spec := vectors.Config[deciderSpec](s)
	c := spec.config(s)
	var d *weir.KPADecider
	vectors.Each(s, func(step *deciderStep) {
		if step.Update != nil {
			step.Update.over(&c)
			s.Must(d.Update(c))
		}
		var in weir.KPADeciderInput
		step.over(&in)
		if step.Do == "create" {
			var err error
			count := in.Ready
			if in.ReadyErr != nil {
				count = -1
			}
			d, err = weir.NewKPADecider(c, s.At(step.T), count)
			if panics(s, step.Want.problem, err) {
				return
			}
			s.Must(err)
			panicState(s, d, step)
			return
		}
		got, err := d.Decide(s.At(step.T), in)
		if panics(s, step.Want.problem, err) {
			return
		}
		s.Must(err)
		vectors.Same(s, "valid", got.Valid, step.Want.Valid)
		if got.Valid {
			vectors.Same(s, "desired", got.Replicas, step.Want.Desired)
			vectors.Same(s, "ebc", got.ExcessBurstCapacity, step.Want.EBC)
		}
		panicState(s, d, step)
	})
}

func runMultiscaler(s *vectors.Scenario) {
	spec := vectors.Config[deciderSpec](s)
	c := spec.config(s)
	var d *weir.KPADecider
	var in weir.KPADeciderInput
	vectors.Each(s, func(step *deciderStep) {
		step.over(&in)
		now, scaled, informed := s.At(step.T), 0, 0
		count := func(got weir.Decision, due bool, err error) {
			s.Must(err)
			if due {
				scaled++
				if got.Has(weir.FlagChanged) {
					informed++
				}
			}
		}
		switch step.Do {
		case "create":
			var err error
			n := in.Ready
			if in.ReadyErr != nil {
				n = -1
			}
			d, err = weir.NewKPADecider(c, now, n)
			s.Must(err)
		case "tick":
			if d != nil {
				count(d.Tick(now, in))
			}
		case "poke":
			if d != nil {
				count(d.Poke(now, in, float64(step.ACR)))
			}
		case "update":
			step.Update.over(&c)
			s.Must(d.Update(c))
		case "delete":
			d = nil
		default:
			s.T.Fatalf("%s: unknown step %s", s.Name, step.Do)
		}
		if d == nil {
			vectors.Same(s, "kind", "not_found", step.Want.Kind)
			return
		}
		status, err := d.Status()
		s.Must(err)
		vectors.Same(s, "desired", status.Desired, step.Want.Desired)
		vectors.Same(s, "ebc", status.ExcessBurstCapacity, step.Want.EBC)
		vectors.Same(s, "scaled", scaled, step.Want.Scaled)
		vectors.Same(s, "informed", informed, step.Want.Informed)
	})
}

// One revision of collector and decider together.
func runPipeline(s *vectors.Scenario) {
	c := vectors.Config[struct {
		Decider deciderSpec
		Metric  metricSpec
		Algo    string `json:"aggregation_algorithm"`
	}](s)
	c.Metric.Aggregation = c.Algo
	decider := c.Decider.config(s)
	var collector *weir.KPACollector
	var d *weir.KPADecider
	type pipelineStep struct {
		deciderStep
		Metric *metricSpec
		Stats  [][]vectors.Number
		Want   struct {
			Stable, Panic *vectors.Number
			Metrics       *problem
			Desired, EBC  int32
			Valid         bool
			PanicSince    *vectors.Integer `json:"panic_since"`
			MaxPanicPods  int32            `json:"max_panic_pods"`
		}
	}
	check := func(step *pipelineStep) {
		step.deciderStep.Want.PanicSince, step.deciderStep.Want.MaxPanicPods = step.Want.PanicSince, step.Want.MaxPanicPods
		panicState(s, d, &step.deciderStep)
	}
	vectors.Each(s, func(step *pipelineStep) {
		now := s.At(step.T)
		if step.Do == "create" {
			var err error
			collector, err = weir.NewKPACollector(c.Metric.config(s, 2*time.Hour))
			s.Must(err)
			d, err = weir.NewKPADecider(decider, now, step.Ready.count)
			s.Must(err)
			check(step)
			return
		}
		if step.Metric != nil {
			step.Metric.Aggregation = c.Algo
			s.Must(collector.Update(step.Metric.config(s, 2*time.Hour), now))
		}
		if step.Update != nil {
			step.Update.over(&decider)
			s.Must(d.Update(decider))
		}
		for _, one := range step.Stats {
			s.Must(collector.Record(s.At(vectors.Integer(one[0])), stat(one[1:])))
		}
		in := weir.KPADeciderInput{}
		in.Ready, in.ReadyErr = step.Ready.count, step.Ready.err
		have, ok, err := collector.Read(decider.ScalingMetric, now)
		s.Must(err)
		vectors.Same(s, "has data", ok, step.Want.Metrics == nil)
		if in.Averages = have; !ok {
			in.MetricErr = weir.ErrNoData
		} else if step.Want.Stable != nil {
			s.Double("stable", have.Stable, *step.Want.Stable)
			s.Double("panic", have.Panic, *step.Want.Panic)
		}
		got, err := d.Decide(now, in)
		s.Must(err)
		vectors.Same(s, "valid", got.Valid, step.Want.Valid)
		if got.Valid {
			vectors.Same(s, "desired", got.Replicas, step.Want.Desired)
			vectors.Same(s, "ebc", got.ExcessBurstCapacity, step.Want.EBC)
		}
		check(step)
	})
}

func runScrape(s *vectors.Scenario) {
	c := vectors.Config[struct {
		Mode      string
		Window    vectors.Integer `json:"window_s"`
		Pods      [][]*vectors.Number
		Identical int              `json:"identical_pods"`
		Age       vectors.Number   `json:"age_s"`
		Stat      []vectors.Number `json:"stat"`
	}](s)
	var pods []weir.KPAPod
	for _, p := range c.Pods {
		pod := weir.KPAPod{Age: float64(*p[0]), Failed: p[1] == nil}
		if !pod.Failed {
			pod.Stat = stat([]vectors.Number{*p[1], *p[2], *p[3], *p[4]})
		}
		pods = append(pods, pod)
	}
	for range c.Identical {
		pods = append(pods, weir.KPAPod{Age: float64(c.Age), Stat: stat(c.Stat)})
	}
	vectors.Each(s, func(step *struct {
		Want struct {
			problem
			Stat     []vectors.Number
			Requests *int
		}
	}) {
		got, asked, ok, err := weir.KPAScrape(pods, time.Duration(c.Window)*time.Second)
		if step.Want.Kind != "" {
			vectors.Same(s, "error", errors.Is(err, weir.ErrIO), true)
			return
		}
		s.Must(err)
		vectors.Same(s, "there is a stat", ok, step.Want.Stat != nil)
		if ok {
			vectors.Same(s, "stat", got, stat(step.Want.Stat))
		}
		if step.Want.Requests != nil && c.Mode == "direct" {
			vectors.Same(s, "requests", asked, *step.Want.Requests)
		}
	})
}

func runRequestStats(s *vectors.Scenario) {
	c := vectors.Config[struct {
		Started vectors.Integer `json:"started_at"`
	}](s)
	r, err := weir.NewKPARequests(s.At(c.Started))
	s.Must(err)
	events := map[string]weir.KPARequestEvent{"in": weir.KPARequestIn, "out": weir.KPARequestOut,
		"proxied_in": weir.KPARequestProxiedIn, "proxied_out": weir.KPARequestProxiedOut}
	vectors.Each(s, func(step *struct {
		T    vectors.Integer
		Do   string
		Want struct {
			Average        vectors.Number `json:"average_concurrency"`
			ProxiedAverage vectors.Number `json:"average_proxied_concurrency"`
			Count          vectors.Number `json:"request_count"`
			ProxiedCount   vectors.Number `json:"proxied_request_count"`
		}
	}) {
		if event, ok := events[step.Do]; ok {
			s.Must(r.Event(s.At(step.T), event))
			return
		}
		got, err := r.Report(s.At(step.T))
		s.Must(err)
		s.Double("average", got.AverageConcurrentRequests, step.Want.Average)
		s.Double("proxied average", got.AverageProxiedConcurrentRequests, step.Want.ProxiedAverage)
		s.Double("count", got.RequestCount, step.Want.Count)
		s.Double("proxied count", got.ProxiedRequestCount, step.Want.ProxiedCount)
	})
}

func runActivator(s *vectors.Scenario) {
	a := weir.NewKPAActivator()
	vectors.Each(s, func(step *struct {
		T    vectors.Integer
		Do   string
		Want struct{ Stats [][]vectors.Number }
	}) {
		var got weir.KPAStat
		var sent bool
		var err error
		switch step.Do {
		case "in":
			got, sent, err = a.Event(s.At(step.T), weir.KPARequestIn)
		case "out":
			got, sent, err = a.Event(s.At(step.T), weir.KPARequestOut)
		default:
			got, sent, err = a.Report(s.At(step.T))
		}
		s.Must(err)
		vectors.Same(s, "sent", sent, len(step.Want.Stats) == 1)
		if sent {
			s.Double("average", got.AverageConcurrentRequests, step.Want.Stats[0][0])
			s.Double("count", got.RequestCount, step.Want.Stats[0][1])
		}
	})
}
