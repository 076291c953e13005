package weir_test

import (
	"encoding"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	weir "weir/bindings/go"
)

var start = time.Unix(1700000000, 0).UTC()

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fault holds an error against its code, path and a part of its sentence.
func fault(t *testing.T, err error, code weir.Code, path, part string) {
	t.Helper()
	var e *weir.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want a *weir.Error", err)
	}
	if e.Code != code || e.Path != path || !strings.Contains(e.Error(), part) {
		t.Errorf("got %s %q: %v, want %s %q with %q", e.Code.Name(), e.Path, e, code.Name(), path, part)
	}
	if !errors.Is(err, code) {
		t.Errorf("errors.Is does not see %s in %v", code.Name(), err)
	}
}

func hpaConfig() weir.HPAConfig {
	c := weir.DefaultHPAConfig()
	c.MaxReplicas = 10
	c.Metrics = []weir.HPAMetric{{Source: weir.MetricSourceExternal, Name: "queue",
		TargetType: weir.TargetTypeAverageValue, Target: 5000}}
	return c
}

func scaledObjectConfig() weir.ScaledObjectConfig {
	c := weir.DefaultScaledObjectConfig()
	trigger := weir.NewTrigger(weir.TriggerTypePrometheus)
	trigger.Target, trigger.Name = weir.TriggerMilli(10), "queue"
	cron := weir.NewTrigger(weir.TriggerTypeCron)
	cron.Target = 1000
	cron.Cron = weir.CronConfig{DesiredReplicas: 3, Start: "0 8 * * *", End: "0 18 * * *", Timezone: "Europe/Berlin"}
	c.Triggers = []weir.Trigger{trigger, cron}
	return c
}

// The mistakes that are likely, and what is said about them.
func TestMistakes(t *testing.T) {
	_, err := weir.NewKPA(weir.KPAConfig{StableWindow: time.Minute}, start, 1) // not from the defaults
	fault(t, err, weir.ErrRange, "panic_window_percentage", "got 0")

	c := weir.DefaultKPAConfig()
	c.StableWindow = 60 // nanoseconds, meant as seconds
	_, err = weir.NewKPA(c, start, 1)
	fault(t, err, weir.ErrRange, "stable_window", "must be")

	_, err = weir.NewKPA(weir.DefaultKPAConfig(), time.Time{}, 1)
	fault(t, err, weir.ErrRange, "time", "is not set")

	_, err = weir.NewHPA(weir.DefaultHPAConfig(), start)
	fault(t, err, weir.ErrRange, "max_replicas", "got 0")

	h := hpaConfig()
	h.ScaleUp.Policies = make([]weir.ScalingPolicy, 9)
	_, err = weir.NewHPA(h, start)
	fault(t, err, weir.ErrLimit, "scale_up.policies", "at most 8 elements, got 9")

	h = hpaConfig()
	h.Metrics[0].Name = strings.Repeat("x", 200)
	_, err = weir.NewHPA(h, start)
	fault(t, err, weir.ErrLimit, "metrics[0].name", "at most 127 bytes, got 200")

	hpa := must[*weir.HPA](t)(weir.NewHPA(hpaConfig(), start))
	_, err = hpa.Decide(start, weir.HPAInput{Replicas: 2}) // no answer of the metric
	fault(t, err, weir.ErrRange, "", "")

	if _, err = hpa.Decide(start, weir.HPAInput{Replicas: 2, Metrics: []weir.HPAMetricInput{{Values: []int64{1}}}}); err != nil {
		t.Error(err)
	}
	_, err = hpa.Decide(start.Add(-time.Second), weir.HPAInput{Replicas: 2, Metrics: make([]weir.HPAMetricInput, 1)})
	fault(t, err, weir.ErrTime, "", "")

	var none weir.KPA
	_, err = none.Decide(start, weir.KPAInput{Ready: 1})
	fault(t, err, weir.ErrArgument, "", "")
	if _, err = none.MarshalBinary(); !errors.Is(err, weir.ErrArgument) {
		t.Errorf("a snapshot of nothing: %v", err)
	}

	s := scaledObjectConfig()
	s.Modifiers = weir.ScalingModifiers{Enabled: true, Target: "2", Formula: "queue +",
		MetricType: weir.TargetTypeAverageValue}
	_, err = weir.NewScaledObject(s, start)
	fault(t, err, weir.ErrParse, "modifiers.formula", "")
}

// A configuration survives the way to C and back, whatever is in it.
func TestDefaultsAreTheLibrarys(t *testing.T) {
	c := weir.DefaultKPAConfig()
	if c.StableWindow != time.Minute || c.MaxScaleUpRate != 1000 || c.Target != nil || !c.EnableScaleToZero ||
		c.PodAutoscalerClass != "kpa.autoscaling.knative.dev" {
		t.Errorf("the defaults of a KPA are %+v", c)
	}
	b := weir.DefaultBehaviorConfig()
	if len(b.ScaleUp.Policies) != 2 || b.ScaleDown.StabilizationWindow != nil || b.MaxReplicas != math.MaxInt32 {
		t.Errorf("the defaults of a behavior are %+v", b)
	}
	s := scaledObjectConfig()
	h := must[weir.HPAConfig](t)(s.HPA())
	if len(h.Metrics) != 2 || h.MaxReplicas != 100 || h.Metrics[0].Target != 10000 {
		t.Errorf("the HPA of a ScaledObject is %+v", h)
	}
	decider := weir.DefaultKPADeciderConfig()
	c.Target, c.TargetUtilizationPercentage = new(20.0), new(50.0)
	_, decider, err := c.Resolve()
	if err != nil || decider.TargetValue != 10 || decider.TotalValue != 20 {
		t.Errorf("resolved to %+v, %v", decider, err)
	}
}

// life makes decisions of a machine that depend on its past.
type life interface {
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
}

func lives(t testing.TB) map[string]struct {
	fresh func() life
	clone func(life) life
	step  func(m life, at time.Time, load float64) any
} {
	type entry = struct {
		fresh func() life
		clone func(life) life
		step  func(m life, at time.Time, load float64) any
	}
	check := func(d any, err error) any {
		if err != nil {
			t.Error(err)
		}
		return d
	}
	return map[string]entry{
		"KPA": {func() life { return must[*weir.KPA](t)(weir.NewKPA(weir.DefaultKPAConfig(), start, 1)) },
			func(m life) life { return m.(*weir.KPA).Clone() },
			func(m life, at time.Time, load float64) any {
				k := m.(*weir.KPA)
				check(nil, k.Record(at, weir.KPAStat{AverageConcurrentRequests: load}))
				return check(k.Decide(at, weir.KPAInput{Ready: 3}))
			}},
		"HPA": {func() life { return must[*weir.HPA](t)(weir.NewHPA(hpaConfig(), start)) },
			func(m life) life { return m.(*weir.HPA).Clone() },
			func(m life, at time.Time, load float64) any {
				return check(m.(*weir.HPA).Decide(at, weir.HPAInput{Replicas: 3, StatusReplicas: 3,
					Metrics: []weir.HPAMetricInput{{Values: []int64{int64(load * 100)}}}}))
			}},
		"ScaledObject": {func() life {
			k := must[*weir.ScaledObject](t)(weir.NewScaledObject(scaledObjectConfig(), start))
			check(nil, k.LoadZones(start, 60))
			return k
		},
			func(m life) life { return m.(*weir.ScaledObject).Clone() },
			func(m life, at time.Time, load float64) any {
				return check(m.(*weir.ScaledObject).Decide(at, weir.ScaledObjectInput{Replicas: 3, StatusReplicas: 3,
					Ready: 3, Triggers: []weir.TriggerInput{{Value: load}, {}}}))
			}},
		"Behavior": {func() life { return must[*weir.Behavior](t)(weir.NewBehavior(weir.DefaultBehaviorConfig())) },
			func(m life) life { return m.(*weir.Behavior).Clone() },
			func(m life, at time.Time, load float64) any {
				return check(m.(*weir.Behavior).Apply(at, 10, int32(load)))
			}},
		"Window": {func() life { return must[*weir.Window](t)(weir.NewWindow(weir.DefaultWindowConfig())) },
			func(m life) life { return m.(*weir.Window).Clone() },
			func(m life, at time.Time, load float64) any {
				w := m.(*weir.Window)
				check(nil, w.Record(at, load))
				return check(w.Average(at))
			}},
	}
}

// A clone and a machine that loaded a snapshot go on as the original does; the original does not see what
// its clone sees.
func TestClonesAndSnapshots(t *testing.T) {
	for name, kind := range lives(t) {
		random := rand.New(rand.NewPCG(1, 2))
		original := kind.fresh()
		at := start
		for range 200 {
			at = at.Add(time.Duration(1+random.IntN(20)) * time.Second)
			fork := kind.clone(original)
			copied := kind.fresh()
			if err := copied.UnmarshalBinary(must[[]byte](t)(original.MarshalBinary())); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			kind.step(fork, at, 1e6) // its own future
			second := kind.clone(original)
			load := random.Float64() * 300
			want := kind.step(original, at, load)
			for _, other := range []life{copied, second} {
				if have := kind.step(other, at, load); !reflect.DeepEqual(have, want) {
					t.Fatalf("%s: %+v, want %+v", name, have, want)
				}
			}
		}
		data := must[[]byte](t)(original.MarshalBinary())
		data[len(data)/2] ^= 1
		if err := kind.fresh().UnmarshalBinary(data); err == nil {
			t.Errorf("%s: a damaged snapshot is taken", name)
		}
		if err := kind.fresh().UnmarshalBinary(nil); err == nil {
			t.Errorf("%s: an empty snapshot is taken", name)
		}
	}
}

// Different machines in different goroutines, also under the race detector; and each decides what it
// decides alone.
func TestManyGoroutines(t *testing.T) {
	for name, kind := range lives(t) {
		want := make([]any, 100)
		run := func(keep func(i int, d any)) {
			m := kind.fresh()
			for i := range want {
				keep(i, kind.step(m, start.Add(time.Duration(i)*15*time.Second), float64(i*7%90)))
			}
		}
		run(func(i int, d any) { want[i] = d })
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				run(func(i int, d any) {
					if !reflect.DeepEqual(d, want[i]) {
						t.Errorf("%s, step %d: %+v, want %+v", name, i, d, want[i])
					}
				})
			})
		}
		group.Wait()
	}
}

// Asking why never changes the answer, and the steps lead to it.
func TestExplain(t *testing.T) {
	k := must[*weir.KPA](t)(weir.NewKPA(weir.DefaultKPAConfig(), start, 1))
	for s := range 60 {
		at := start.Add(time.Duration(s) * time.Second)
		if err := k.Record(at, weir.KPAStat{AverageConcurrentRequests: float64(s * 20)}); err != nil {
			t.Fatal(err)
		}
		asked := k.Clone()
		d := must[weir.Decision](t)(k.Decide(at, weir.KPAInput{Ready: 2}))
		with, steps, err := asked.Explain(at, weir.KPAInput{Ready: 2})
		if err != nil || with != d || uint32(len(steps)) != d.Steps {
			t.Fatalf("%+v with %d steps, %v; want %+v", with, len(steps), err, d)
		}
		for i := 1; i < len(steps); i++ {
			if steps[i].Before != steps[i-1].After {
				t.Fatalf("the steps do not chain:\n%s", weir.Why(steps))
			}
		}
		if last := steps[len(steps)-1]; last.After != d.Replicas {
			t.Fatalf("the steps end with %d, the decision is %d", last.After, d.Replicas)
		}
	}
}

// A decision takes no memory, so that the garbage collector has nothing to do.
func TestNoAllocation(t *testing.T) {
	k := must[*weir.KPA](t)(weir.NewKPA(weir.DefaultKPAConfig(), start, 1))
	h := must[*weir.HPA](t)(weir.NewHPA(hpaConfig(), start))
	in := weir.HPAInput{Replicas: 3, StatusReplicas: 3, Metrics: []weir.HPAMetricInput{{Values: []int64{15000}}}}
	at := start
	for name, decide := range map[string]func(){
		"KPA": func() {
			_ = k.Record(at, weir.KPAStat{AverageConcurrentRequests: 42})
			_, _ = k.Decide(at, weir.KPAInput{Ready: 1})
		},
		"HPA": func() { _, _ = h.Decide(at, in) },
	} {
		if n := testing.AllocsPerRun(100, func() { at = at.Add(time.Second); decide() }); n > 0 {
			t.Errorf("%s: %v allocations a decision", name, n)
		}
	}
}

// A machine driven without knowing its kind decides as one that is called by its own name.
func TestAutoscaler(t *testing.T) {
	var a weir.Autoscaler = must[*weir.HPA](t)(weir.NewHPA(hpaConfig(), start))
	if names := a.Series(); len(names) != 1 || a.MainSeries() != 0 {
		t.Fatalf("the series are %v", names)
	}
	direct := must[*weir.HPA](t)(weir.NewHPA(hpaConfig(), start))
	for i := range 50 {
		at := start.Add(time.Duration(i) * 15 * time.Second)
		if due := a.Due(); due.After(at) {
			t.Fatalf("due at %v, which is after %v", due, at)
		}
		load := float64(i * 3)
		if err := a.RecordReadings(weir.Reading{At: at, Series: 0, Pod: -1, Value: load}); err != nil {
			t.Fatal(err)
		}
		have := must[weir.Decision](t)(a.DecideFor(at, weir.Target{Replicas: 2, StatusReplicas: 2, Ready: 2}))
		want := must[weir.Decision](t)(direct.Decide(at, weir.HPAInput{Replicas: 2, StatusReplicas: 2,
			Metrics: []weir.HPAMetricInput{{Values: []int64{int64(load * 1000)}}}}))
		if have.Replicas != want.Replicas || have.Rule != want.Rule {
			t.Fatalf("step %d: %+v, want %+v", i, have, want)
		}
	}
}

// Run gives what the replay gives row by row, and RunAll what Run gives.
func TestRunIsTheReplay(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	trace := weir.Trace{Start: start, Step: 5 * time.Second}
	for range 400 {
		trace.Values = append(trace.Values, math.Floor(random.Float64()*200))
	}
	trace.Values[7] = math.NaN()
	world := weir.DefaultReplayConfig()
	world.PodStart = 7 * time.Second
	fresh := func() *weir.KPA { return must[*weir.KPA](t)(weir.NewKPA(weir.DefaultKPAConfig(), start, 1)) }

	report, decisions, err := weir.Run(world, fresh(), trace)
	if err != nil || len(decisions) < 500 {
		t.Fatalf("%d decisions, %v", len(decisions), err)
	}
	kpa := fresh()
	replay := must[*weir.Replay](t)(weir.NewReplay(world, kpa, start))
	var slow []weir.Decision
	until := func(end time.Time) {
		for {
			d, ok, err := replay.Next(end)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				return
			}
			slow = append(slow, d)
		}
	}
	for i, v := range trace.Values {
		at := start.Add(time.Duration(i) * trace.Step)
		until(at)
		row := weir.Reading{At: at, Series: kpa.MainSeries(), Pod: -1, Value: v}
		if math.IsNaN(v) {
			row = weir.Reading{At: at, Series: kpa.MainSeries(), Pod: -1, Err: weir.ErrNoData}
		}
		if err := replay.Record(row); err != nil {
			t.Fatal(err)
		}
	}
	end := start.Add(time.Duration(len(trace.Values)) * trace.Step)
	until(end)
	if !reflect.DeepEqual(slow, decisions) {
		t.Errorf("%d decisions row by row, %d at once, or others", len(slow), len(decisions))
	}
	if row := must[weir.Report](t)(replay.Report(end)); row != report {
		t.Errorf("the reports are %+v and %+v", row, report)
	}
	many := make([]weir.Autoscaler, 20)
	for i := range many {
		many[i] = fresh()
	}
	reports, errs := weir.RunAll(world, many, trace)
	for i := range reports {
		if errs != nil || reports[i] != report {
			t.Fatalf("%+v, %v, want %+v", reports[i], errs, report)
		}
	}
	trace.Values = trace.Values[:3]
	trace.Times = []time.Duration{0, time.Second}
	if _, _, err := weir.Run(world, fresh(), trace); !errors.Is(err, weir.ErrRange) {
		t.Errorf("times that are too few: %v", err)
	}
}

func TestReplayOfRequests(t *testing.T) {
	world := weir.DefaultReplayConfig()
	world.InitialReplicas, world.RequestsMax, world.PodStart = 0, 100, 3*time.Second
	kpa := must[*weir.KPA](t)(weir.NewKPA(weir.DefaultKPAConfig(), start, 0))
	if err := kpa.SetIdle(start); err != nil {
		t.Fatal(err)
	}
	replay := must[*weir.Replay](t)(weir.NewReplay(world, kpa, start))
	at := start.Add(10 * time.Second)
	next := func(end time.Time) {
		for ok := true; ok; {
			var err error
			if _, ok, err = replay.Next(end); err != nil {
				t.Fatal(err)
			}
		}
	}
	next(at)
	if err := replay.Request(at, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	next(at.Add(10 * time.Second))
	waits := must[weir.Waits](t)(replay.Waits())
	if waits.Completed != 1 || waits.Held != 1 || waits.Longest < 3*time.Second {
		t.Errorf("the request that came to no pods: %+v", waits)
	}
	if target := must[weir.Target](t)(replay.Target()); target.Ready != 1 {
		t.Errorf("the target is %+v", target)
	}
}

func TestPromQL(t *testing.T) {
	s := must[*weir.Series](t)(weir.NewSeries())
	a := must[uint32](t)(s.Find(weir.Labels{weir.NameLabel: "x", "pod": "a"}))
	b := must[uint32](t)(s.Find(weir.Labels{weir.NameLabel: "x", "pod": "b"}))
	if again := must[uint32](t)(s.Find(weir.Labels{"pod": "a", weir.NameLabel: "x"})); again != a || s.Len() != 2 {
		t.Errorf("found again as %d, there are %d", again, s.Len())
	}
	ms := start.UnixMilli()
	if n := must[int](t)(s.AppendAll(a, []int64{ms, ms + 60000, ms}, []float64{1, 4, 9})); n != 1 {
		t.Errorf("%d refused", n)
	}
	if err := s.Append(b, start, 10); err != nil {
		t.Fatal(err)
	}
	if err := s.Append(b, start.Add(-time.Second), 10); !errors.Is(err, weir.ErrTime) {
		t.Errorf("an old sample: %v", err)
	}
	r := must[*weir.Result](t)(s.Query("sum(x)", start.Add(time.Minute)))
	if r.Type != weir.PromQLVector || len(r.Series) != 1 || r.Series[0].Values[0] != 14 {
		t.Errorf("sum(x) is %+v", r)
	}
	x := must[*weir.Expr](t)(weir.ParseExpr("sum by(pod)(x)"))
	matrix := must[*weir.Result](t)(s.Range(x, start, start.Add(2*time.Minute), time.Minute, weir.PromQLOptions{}))
	if len(matrix.Series) != 2 || !reflect.DeepEqual(matrix.Series[0].Values, []float64{1, 4, 4}) ||
		matrix.Series[1].Labels.String() != `{pod="b"}` {
		t.Errorf("the matrix is %+v", matrix)
	}
	if got := x.Selectors(); len(got) != 1 || got[0] != "x" {
		t.Errorf("selectors are %v", got)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 100 {
				if r, err := s.Instant(x, start, weir.PromQLOptions{}); err != nil || len(r.Series) != 2 {
					t.Errorf("%v, %v", r, err)
				}
			}
		})
	}
	group.Wait()
	_, err := weir.ParseExpr("sum(")
	fault(t, err, weir.ErrParse, "", "1:5")
	x.Close()
	if _, err := s.Instant(x, start, weir.PromQLOptions{}); !errors.Is(err, weir.ErrArgument) {
		t.Errorf("a closed expression: %v", err)
	}
	s.Close()
	if _, err := s.Query("x", start); !errors.Is(err, weir.ErrArgument) {
		t.Errorf("closed series: %v", err)
	}
	s.Close()
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]int64{"250m": 250, "1.5Gi": 1610612736000, "2e3": 2000000, "-1": -1000} {
		if q := must[weir.Quantity](t)(weir.ParseQuantity(text)); q.Milli() != want {
			t.Errorf("%s is %d", text, q.Milli())
		}
	}
	if _, err := weir.ParseQuantity("1.5Gb"); !errors.Is(err, weir.ErrParse) {
		t.Error(err)
	}
}

// Time zones of cron triggers: open from eight to six in Berlin, summer and winter.
func TestZones(t *testing.T) {
	c := scaledObjectConfig()
	c.Triggers = c.Triggers[1:]
	for month, utc := range map[time.Month]int{time.January: 7, time.July: 6} {
		open := time.Date(2025, month, 15, utc, 0, 0, 0, time.UTC)
		k := must[*weir.ScaledObject](t)(weir.NewScaledObject(c, open.Add(-time.Hour)))
		if zones := k.Zones(); len(zones) != 1 || zones[0] != "Europe/Berlin" {
			t.Fatalf("zones are %v", zones)
		}
		if err := k.LoadZones(open.Add(-time.Hour), 60); err != nil {
			t.Fatal(err)
		}
		in := weir.ScaledObjectInput{Triggers: make([]weir.TriggerInput, 1)}
		if d := must[weir.Decision](t)(k.Decide(open.Add(-time.Second), in)); d.Apply() {
			t.Errorf("active a second before it opens: %+v", d)
		}
		if d := must[weir.Decision](t)(k.Poll(open, in)); !d.Apply() || d.Replicas != 1 {
			t.Errorf("not active when it opens: %+v", d)
		}
	}
}

func TestNames(t *testing.T) {
	if len(weir.Rules()) < 80 || weir.Rules()[1].String() != "kpa.stable" || weir.Rules()[1].Doc() == "" {
		t.Errorf("the rules are %v", weir.Rules())
	}
	if weir.KPAMetricRPS.String() != "rps" || weir.KPAMetric(9).String() != "9" || weir.Version() == "" {
		t.Error("names of enums")
	}
	if weir.MetricName(2, "a.b", true) != "s2-a-b" || weir.MetricName(0, "prometheus", false) != "s0-prometheus" {
		t.Error(weir.MetricName(2, "a.b", true))
	}
}
