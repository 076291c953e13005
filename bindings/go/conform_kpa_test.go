package weir_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	weir "weir/bindings/go"
)

func TestConformanceKPA(t *testing.T) {
	conform(t, []string{"kpa/windows*", "kpa/maxwindow", "kpa/collector*", "kpa/decider*", "kpa/multiscaler*",
		"kpa/end_to_end*", "kpa/scraper", "kpa/reqstats", "kpa/activator"}, map[string]func(*scenario){
		"window": runWindow, "max_window": runMaxWindow, "collector": runCollector,
		"collector_scrape": runCollectorScrape, "decider": runDecider, "multiscaler": runMultiscaler,
		"pipeline": runPipeline, "scrape": runScrape, "request_stats": runRequestStats,
		"activator_stats": runActivator,
	})
}

// release is that of Knative which a file was recorded from.
func (s *scenario) release() weir.ServingRelease {
	if strings.Contains(s.t.Name(), "v0_42") {
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
func (s *scenario) panics(p problem, err error) bool {
	if p.Kind != "panic" {
		return false
	}
	if !errors.Is(err, weir.ErrPanic) && !errors.Is(err, weir.ErrRange) {
		s.t.Errorf("%s, step %d: upstream panics, weir says %v", s.Name, s.step, err)
	}
	return true
}

func runWindow(s *scenario) {
	c := config[struct {
		Algorithm           string
		Window, Granularity integer
	}](s)
	wc := weir.DefaultWindowConfig()
	wc.Algorithm, wc.Semantics = algorithm(c.Algorithm), s.release()
	wc.Window, wc.Granularity = time.Duration(c.Window), time.Duration(c.Granularity)
	for _, raw := range s.Steps { // room for what it is resized to
		if _, after, ok := strings.Cut(string(raw), `"window":`); ok {
			var n integer
			digits := after[:strings.IndexAny(after, ",}")]
			s.must(n.UnmarshalJSON([]byte(digits)))
			wc.Reserve = max(wc.Reserve, time.Duration(n), wc.Window)
		}
	}
	w, made := weir.NewWindow(wc)
	each(s, func(step *struct {
		T      integer
		Do     string
		Value  number
		Window integer
		Want   struct {
			problem
			Average number
			Empty   bool
		}
	}) {
		now, err := s.at(step.T), made
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
		if s.panics(step.Want.problem, err) {
			return
		}
		s.must(err)
		s.double("average", average, step.Want.Average)
		empty, err := w.Empty(now)
		s.must(err)
		same(s, "empty", empty, step.Want.Empty)
	})
}

func runMaxWindow(s *scenario) {
	c := config[struct{ Duration, Granularity integer }](s)
	w, made := weir.NewMaxWindow(time.Duration(c.Duration), time.Duration(c.Granularity))
	each(s, func(step *struct {
		T     integer
		Do    string
		Value int32
		Want  struct {
			problem
			Current int32
		}
	}) {
		err := made
		if err == nil && step.Do == "record" {
			err = w.Record(s.at(step.T), step.Value)
		}
		if s.panics(step.Want.problem, err) {
			return
		}
		s.must(err)
		same(s, "current", w.Current(), step.Want.Current)
	})
}

type metricSpec struct {
	StableWindow, PanicWindow integer
	ScrapeTarget              string
	Aggregation               string `json:"aggregation_algorithm"`
}

func (m metricSpec) config(s *scenario, reserve time.Duration) weir.KPACollectorConfig {
	c := weir.DefaultKPACollectorConfig()
	c.Algorithm, c.Semantics = algorithm(m.Aggregation), s.release()
	c.StableWindow, c.PanicWindow = time.Duration(m.StableWindow), time.Duration(m.PanicWindow)
	c.ScrapeTarget = m.ScrapeTarget != ""
	c.StableReserve, c.PanicReserve = max(reserve, c.StableWindow), max(reserve, c.PanicWindow)
	return c
}

func stat(v []number) weir.KPAStat {
	return weir.KPAStat{AverageConcurrentRequests: float64(v[0]), AverageProxiedConcurrentRequests: float64(v[1]),
		RequestCount: float64(v[2]), ProxiedRequestCount: float64(v[3])}
}

type averages struct {
	problem
	Stable, Panic number
}

func (s *scenario) reads(c *weir.KPACollector, metric weir.KPAMetric, now time.Time, want averages) {
	kind := "not_collecting"
	var have weir.KPAAverages
	if c != nil {
		var ok bool
		var err error
		have, ok, err = c.Read(metric, now)
		s.must(err)
		if kind = "no_data"; ok {
			kind = ""
		}
	}
	same(s, "kind", kind, want.Kind)
	if kind == "" {
		s.double("stable", have.Stable, want.Stable)
		s.double("panic", have.Panic, want.Panic)
	}
}

func runCollector(s *scenario) {
	spec := config[metricSpec](s)
	var c *weir.KPACollector
	each(s, func(step *struct {
		T      integer
		Do     string
		Stat   []number
		Metric *metricSpec
		Want   struct {
			problem
			Concurrency, RPS averages
		}
	}) {
		now, err := s.at(step.T), error(nil)
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
			s.t.Fatalf("%s: unknown step %s", s.Name, step.Do)
		}
		if s.panics(step.Want.problem, err) {
			return
		}
		s.must(err)
		s.reads(c, weir.KPAMetricConcurrency, now, step.Want.Concurrency)
		s.reads(c, weir.KPAMetricRPS, now, step.Want.RPS)
	})
}

func runCollectorScrape(s *scenario) {
	spec := config[metricSpec](s)
	c, err := weir.NewKPACollector(spec.config(s, 0))
	s.must(err)
	each(s, func(step *struct {
		T      integer
		ReadT  integer    `json:"read_t"`
		Stat   []number   // what the scrape gives; null is the empty stat
		Pushed [][]number // at read_t
		Want   struct{ Concurrency, RPS averages }
	}) {
		if step.Stat != nil { // an empty stat is not recorded; whether an error came with it does not matter
			s.must(c.Record(s.at(step.T), stat(step.Stat)))
		}
		for _, one := range step.Pushed {
			s.must(c.Record(s.at(step.ReadT), stat(one)))
		}
		s.reads(c, weir.KPAMetricConcurrency, s.at(step.ReadT), step.Want.Concurrency)
		s.reads(c, weir.KPAMetricRPS, s.at(step.ReadT), step.Want.RPS)
	})
}

// deciderSpec has upstream's names; an update has some of them only.
type deciderSpec struct {
	ScalingMetric                                                   *string
	TargetValue, TotalValue, TargetBurstCapacity, ActivatorCapacity *number
	PanicThreshold, MaxScaleUpRate, MaxScaleDownRate                *number
	StableWindow, ScaleDownDelay                                    *integer
	InitialScale, ActivationScale                                   *int32
	Reachable                                                       *bool
}

func set[T, U any](to *T, from *U, convert func(U) T) {
	if from != nil {
		*to = convert(*from)
	}
}

func (d *deciderSpec) over(c *weir.KPADeciderConfig) {
	double := func(n number) float64 { return float64(n) }
	duration := func(n integer) time.Duration { return time.Duration(n) }
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

func (d *deciderSpec) config(s *scenario) weir.KPADeciderConfig {
	c := weir.DefaultKPADeciderConfig()
	d.over(&c)
	c.Semantics, c.Conversion = s.release(), weir.ConversionAmd64
	return c
}

// ready is a count, or {"error": …}.
type ready struct {
	count int
	err   error
}

func (r *ready) UnmarshalJSON(b []byte) error {
	var n integer
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
	T             integer
	Do            string
	Update        *deciderSpec
	Ready         *ready
	Stable, Panic *number
	Metrics       *problem
	Stat          []number
	ACR           number `json:"average_concurrent_requests"`
	Want          struct {
		problem
		Desired, EBC     int32
		Valid            bool
		PanicSince       *integer `json:"panic_since"`
		MaxPanicPods     int32    `json:"max_panic_pods"`
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

func (s *scenario) panicState(d *weir.KPADecider, step *deciderStep) {
	status, err := d.Status()
	s.must(err)
	same(s, "max_panic_pods", status.MaxPanicPods, step.Want.MaxPanicPods)
	same(s, "in panic", !status.PanicSince.IsZero(), step.Want.PanicSince != nil)
	if step.Want.PanicSince != nil {
		same(s, "panic_since", s.since(status.PanicSince), *step.Want.PanicSince)
	}
}

func runDecider(s *scenario) {
	spec := config[deciderSpec](s)
	c := spec.config(s)
	var d *weir.KPADecider
	each(s, func(step *deciderStep) {
		if step.Update != nil {
			step.Update.over(&c)
			s.must(d.Update(c))
		}
		var in weir.KPADeciderInput
		step.over(&in)
		if step.Do == "create" {
			var err error
			count := in.Ready
			if in.ReadyErr != nil {
				count = -1
			}
			d, err = weir.NewKPADecider(c, s.at(step.T), count)
			if s.panics(step.Want.problem, err) {
				return
			}
			s.must(err)
			s.panicState(d, step)
			return
		}
		got, err := d.Decide(s.at(step.T), in)
		if s.panics(step.Want.problem, err) {
			return
		}
		s.must(err)
		same(s, "valid", got.Valid, step.Want.Valid)
		if got.Valid {
			same(s, "desired", got.Replicas, step.Want.Desired)
			same(s, "ebc", got.ExcessBurstCapacity, step.Want.EBC)
		}
		s.panicState(d, step)
	})
}

func runMultiscaler(s *scenario) {
	spec := config[deciderSpec](s)
	c := spec.config(s)
	var d *weir.KPADecider
	var in weir.KPADeciderInput
	each(s, func(step *deciderStep) {
		step.over(&in)
		now, scaled, informed := s.at(step.T), 0, 0
		count := func(got weir.Decision, due bool, err error) {
			s.must(err)
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
			s.must(err)
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
			s.must(d.Update(c))
		case "delete":
			d = nil
		default:
			s.t.Fatalf("%s: unknown step %s", s.Name, step.Do)
		}
		if d == nil {
			same(s, "kind", "not_found", step.Want.Kind)
			return
		}
		status, err := d.Status()
		s.must(err)
		same(s, "desired", status.Desired, step.Want.Desired)
		same(s, "ebc", status.ExcessBurstCapacity, step.Want.EBC)
		same(s, "scaled", scaled, step.Want.Scaled)
		same(s, "informed", informed, step.Want.Informed)
	})
}

// One revision of collector and decider together.
func runPipeline(s *scenario) {
	c := config[struct {
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
		Stats  [][]number
		Want   struct {
			Stable, Panic *number
			Metrics       *problem
			Desired, EBC  int32
			Valid         bool
			PanicSince    *integer `json:"panic_since"`
			MaxPanicPods  int32    `json:"max_panic_pods"`
		}
	}
	panicState := func(step *pipelineStep) {
		step.deciderStep.Want.PanicSince, step.deciderStep.Want.MaxPanicPods = step.Want.PanicSince, step.Want.MaxPanicPods
		s.panicState(d, &step.deciderStep)
	}
	each(s, func(step *pipelineStep) {
		now := s.at(step.T)
		if step.Do == "create" {
			var err error
			collector, err = weir.NewKPACollector(c.Metric.config(s, 2*time.Hour))
			s.must(err)
			d, err = weir.NewKPADecider(decider, now, step.Ready.count)
			s.must(err)
			panicState(step)
			return
		}
		if step.Metric != nil {
			step.Metric.Aggregation = c.Algo
			s.must(collector.Update(step.Metric.config(s, 2*time.Hour), now))
		}
		if step.Update != nil {
			step.Update.over(&decider)
			s.must(d.Update(decider))
		}
		for _, one := range step.Stats {
			s.must(collector.Record(s.at(integer(one[0])), stat(one[1:])))
		}
		in := weir.KPADeciderInput{}
		in.Ready, in.ReadyErr = step.Ready.count, step.Ready.err
		have, ok, err := collector.Read(decider.ScalingMetric, now)
		s.must(err)
		same(s, "has data", ok, step.Want.Metrics == nil)
		if in.Averages = have; !ok {
			in.MetricErr = weir.ErrNoData
		} else if step.Want.Stable != nil {
			s.double("stable", have.Stable, *step.Want.Stable)
			s.double("panic", have.Panic, *step.Want.Panic)
		}
		got, err := d.Decide(now, in)
		s.must(err)
		same(s, "valid", got.Valid, step.Want.Valid)
		if got.Valid {
			same(s, "desired", got.Replicas, step.Want.Desired)
			same(s, "ebc", got.ExcessBurstCapacity, step.Want.EBC)
		}
		panicState(step)
	})
}

func runScrape(s *scenario) {
	c := config[struct {
		Mode      string
		Window    integer `json:"window_s"`
		Pods      [][]*number
		Identical int      `json:"identical_pods"`
		Age       number   `json:"age_s"`
		Stat      []number `json:"stat"`
	}](s)
	var pods []weir.KPAPod
	for _, p := range c.Pods {
		pod := weir.KPAPod{Age: float64(*p[0]), Failed: p[1] == nil}
		if !pod.Failed {
			pod.Stat = stat([]number{*p[1], *p[2], *p[3], *p[4]})
		}
		pods = append(pods, pod)
	}
	for range c.Identical {
		pods = append(pods, weir.KPAPod{Age: float64(c.Age), Stat: stat(c.Stat)})
	}
	each(s, func(step *struct {
		Want struct {
			problem
			Stat     []number
			Requests *int
		}
	}) {
		got, asked, ok, err := weir.KPAScrape(pods, time.Duration(c.Window)*time.Second)
		if step.Want.Kind != "" {
			same(s, "error", errors.Is(err, weir.ErrIO), true)
			return
		}
		s.must(err)
		same(s, "there is a stat", ok, step.Want.Stat != nil)
		if ok {
			same(s, "stat", got, stat(step.Want.Stat))
		}
		if step.Want.Requests != nil && c.Mode == "direct" {
			same(s, "requests", asked, *step.Want.Requests)
		}
	})
}

func runRequestStats(s *scenario) {
	c := config[struct {
		Started integer `json:"started_at"`
	}](s)
	r, err := weir.NewKPARequests(s.at(c.Started))
	s.must(err)
	events := map[string]weir.KPARequestEvent{"in": weir.KPARequestIn, "out": weir.KPARequestOut,
		"proxied_in": weir.KPARequestProxiedIn, "proxied_out": weir.KPARequestProxiedOut}
	each(s, func(step *struct {
		T    integer
		Do   string
		Want struct {
			Average        number `json:"average_concurrency"`
			ProxiedAverage number `json:"average_proxied_concurrency"`
			Count          number `json:"request_count"`
			ProxiedCount   number `json:"proxied_request_count"`
		}
	}) {
		if event, ok := events[step.Do]; ok {
			s.must(r.Event(s.at(step.T), event))
			return
		}
		got, err := r.Report(s.at(step.T))
		s.must(err)
		s.double("average", got.AverageConcurrentRequests, step.Want.Average)
		s.double("proxied average", got.AverageProxiedConcurrentRequests, step.Want.ProxiedAverage)
		s.double("count", got.RequestCount, step.Want.Count)
		s.double("proxied count", got.ProxiedRequestCount, step.Want.ProxiedCount)
	})
}

func runActivator(s *scenario) {
	a := weir.NewKPAActivator()
	each(s, func(step *struct {
		T    integer
		Do   string
		Want struct{ Stats [][]number }
	}) {
		var got weir.KPAStat
		var sent bool
		var err error
		switch step.Do {
		case "in":
			got, sent, err = a.Event(s.at(step.T), weir.KPARequestIn)
		case "out":
			got, sent, err = a.Event(s.at(step.T), weir.KPARequestOut)
		default:
			got, sent, err = a.Report(s.at(step.T))
		}
		s.must(err)
		same(s, "sent", sent, len(step.Want.Stats) == 1)
		if sent {
			s.double("average", got.AverageConcurrentRequests, step.Want.Stats[0][0])
			s.double("count", got.RequestCount, step.Want.Stats[0][1])
		}
	})
}
