package k8s_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	weir "weir/bindings/go"
	"weir/bindings/go/internal/vectors"
	"weir/bindings/go/k8s"
)

func TestConformanceKEDA(t *testing.T) {
	vectors.Run(t, []string{"keda/loop", "keda/activation", "keda/executor", "keda/quantity"},
		map[string]func(*vectors.Scenario){"keda.loop": kedaLoop, "keda.executor": kedaExecutor, "keda.quantity": kedaQuantity})
}

type kedaConfig struct {
	Spec        json.RawMessage
	Annotations map[string]string
	Created     vectors.Integer  `json:"creation_t"`
	Start       vectors.Integer  `json:"start_t"`
	Replicas    int32            `json:"replicas"`
	Ready       int32            `json:"ready_pods"`
	LastActive  *vectors.Integer `json:"last_active_t"`
}

// object is a ScaledObject as JSON has it. What a cluster would refuse is in force all the same.
func (c *kedaConfig) config(s *vectors.Scenario) weir.ScaledObjectConfig {
	k, err := k8s.ScaledObjectConfig(map[string]any{"metadata": map[string]any{}, "spec": c.Spec})
	k.Conversion, k.ZoneReserve, k.Created = weir.ConversionAmd64, 1024, s.At(c.Created)
	switch {
	case err != nil:
		k.Defect = weir.DefectUnbuildable
	default:
		k.Defect = defectOf(k)
	}
	if k8s.ScaledObjectAnnotations(&k, c.Annotations) != nil {
		k.Defect = weir.DefectBadPause
	}
	return k
}

// defectOf is at which stage a cluster would refuse a spec.
func defectOf(k weir.ScaledObjectConfig) weir.Defect {
	defect := weir.DefectSound
	var e *weir.Error
	if err := k.Check(); errors.As(err, &e) {
		defect = weir.DefectRefused
		if strings.HasPrefix(e.Path, "triggers[") && !strings.HasSuffix(e.Path, ".name") && !strings.Contains(e.Path, "use_cached") {
			defect = weir.DefectUnbuildable
		}
	}
	if k.Modifiers.Formula != "" {
		if _, err := k.CompileFormula(); err != nil {
			defect = weir.DefectUnbuildable
		}
	}
	return defect
}

type scalingActive struct{ Status, Reason string }

func (a *scalingActive) of() weir.ScalingActive {
	switch {
	case a == nil:
		return weir.ScalingActiveMissing
	case a.Status == "True":
		return weir.ScalingActiveTrue
	case a.Reason == "ScalingDisabled":
		return weir.ScalingActiveDisabled
	case a.Status == "Unknown":
		return weir.ScalingActiveUnknown
	}
	return weir.ScalingActiveFalse
}

type kedaStep struct {
	T           vectors.Integer
	Do          string
	Metric      string
	Active      bool
	IsError     bool   `json:"is_error"`
	Set         *int32 `json:"set_replicas"`
	Absent      bool   `json:"replicas_absent"`
	ReadError   bool   `json:"read_error"`
	WriteError  bool   `json:"write_error"`
	Ready       *int32 `json:"ready_pods"`
	Unreadable  *bool  `json:"replicas_unreadable"`
	Unwritable  *bool  `json:"replicas_unwritable"`
	Annotations *map[string]string
	Spec        *json.RawMessage
	HPA         *scalingActive `json:"hpa_scaling_active"`
	Triggers    []*struct {
		Value     *vectors.Number
		FailFirst bool `json:"fail_first"`
		IsError   bool `json:"is_error"`
		Empty     bool
	}
	Want struct {
		Write      *int32
		Writes     []int32
		Replicas   *int32
		LastActive *vectors.Integer `json:"last_active_t"`
		Conditions map[string]string
		Error      *string
		Polled     *bool
		Running    *bool `json:"loop_running"`
		HPAExists  *bool `json:"hpa_exists"`
		Metrics    *[]struct {
			Metric string
			Milli  vectors.Integer
		}
		Health map[string]struct {
			Failures int32
			Status   string
		}
	}
}

var kedaConditions = []string{"ready", "active", "fallback", "paused", "hpa_active"}

func kedaStatus(s *vectors.Scenario, k *weir.ScaledObject, step *kedaStep) weir.ScaledObjectStatus {
	status, err := k.Status()
	s.Must(err)
	if step.Do != "delete" { // then the object's status is gone
		vectors.Same(s, "was active", !status.LastActive.IsZero(), step.Want.LastActive != nil)
	}
	if step.Want.LastActive != nil {
		vectors.Same(s, "last active", s.Since(status.LastActive), *step.Want.LastActive)
	}
	for i, name := range kedaConditions {
		want, ok := step.Want.Conditions[name]
		if !ok {
			continue
		}
		have := status.Conditions[i]
		text := have.Status.String()
		if strings.Contains(want, "/") && have.Reason != "" {
			text += "/" + have.Reason
		}
		if name == "hpa_active" { // the HPA's own reason is passed on
			text, want = have.Status.String(), strings.SplitN(want, "/", 2)[0]
		}
		vectors.Same(s, "condition "+name, text, want)
	}
	return status
}

func newScaledObject(s *vectors.Scenario, config weir.ScaledObjectConfig, now time.Time) *weir.ScaledObject {
	k, err := weir.NewScaledObject(config, now)
	s.Must(err)
	s.Must(k.LoadZones(now, 1024))
	return k
}

func kedaExecutor(s *vectors.Scenario) {
	c := vectors.Config[kedaConfig](s)
	alone := func() weir.ScaledObjectConfig { // the verdict comes from the vectors
		config := c.config(s)
		config.Triggers, config.Defect = nil, weir.DefectRefused
		return config
	}
	k := newScaledObject(s, alone(), s.At(c.Created))
	if c.LastActive != nil {
		s.Must(k.SetLastActive(s.At(*c.LastActive)))
	}
	in := weir.ScaledObjectInput{Replicas: c.Replicas}
	vectors.Each(s, func(step *kedaStep) {
		if step.Annotations != nil {
			c.Annotations = *step.Annotations
			next := newScaledObject(s, alone(), s.At(c.Created))
			s.Must(next.Adopt(k))
			k = next
		}
		if step.Set != nil {
			in.Replicas = *step.Set
		}
		if step.Absent {
			in.Replicas = 1
		}
		if in.ReplicasErr = nil; step.ReadError {
			in.ReplicasErr = errors.New("the API fails")
		}
		in.ScalingActive = step.HPA.of()
		d, err := k.Act(step.Active, step.IsError, s.At(step.T), in)
		s.Must(err)
		written := d.Apply() && !step.WriteError
		if d.Apply() && step.WriteError {
			s.Must(k.WriteFailed())
		}
		if written {
			in.Replicas = d.Replicas
		}
		vectors.Same(s, "written", written, step.Want.Write != nil)
		if step.Want.Write != nil {
			vectors.Same(s, "write", d.Replicas, *step.Want.Write)
		}
		if step.Want.Replicas != nil {
			vectors.Same(s, "replicas", in.Replicas, *step.Want.Replicas)
		}
		vectors.Same(s, "error", step.ReadError || d.Apply() && step.WriteError, step.Want.Error != nil)
		kedaStatus(s, k, step)
	})
}

// kedaRun plays the cluster around a ScaledObject.
type kedaRun struct {
	*vectors.Scenario
	c          kedaConfig
	config     weir.ScaledObjectConfig
	k          *weir.ScaledObject
	in         weir.ScaledObjectInput
	unwritable bool
	writes     []int32
}

func kedaLoop(s *vectors.Scenario) {
	r := &kedaRun{Scenario: s, c: vectors.Config[kedaConfig](s)}
	r.config = r.c.config(s)
	r.k = newScaledObject(s, r.config, s.At(r.c.Start))
	if r.c.LastActive != nil {
		s.Must(r.k.SetLastActive(s.At(*r.c.LastActive)))
	}
	r.in = weir.ScaledObjectInput{Replicas: r.c.Replicas, Ready: r.c.Ready, ScalingActive: weir.ScalingActiveMissing,
		Triggers: make([]weir.TriggerInput, len(r.config.Triggers))}
	vectors.Each(s, r.step)
}

// changes takes in what a step changes; it stays until it is changed again.
func (r *kedaRun) changes(step *kedaStep) {
	set := func(to *int32, from *int32) {
		if from != nil {
			*to = *from
		}
	}
	set(&r.in.Replicas, step.Set)
	set(&r.in.Ready, step.Ready)
	if step.HPA != nil {
		r.in.ScalingActive = step.HPA.of()
	}
	if step.Unreadable != nil {
		if r.in.ReplicasErr = nil; *step.Unreadable {
			r.in.ReplicasErr = errors.New("the API fails")
		}
	}
	if step.Unwritable != nil {
		r.unwritable = *step.Unwritable
	}
	if step.Annotations != nil || step.Spec != nil {
		if step.Spec != nil {
			r.c.Spec = *step.Spec
		}
		if step.Annotations != nil {
			r.c.Annotations = *step.Annotations
		}
		r.config = r.c.config(r.Scenario)
		next := newScaledObject(r.Scenario, r.config, r.At(r.c.Start))
		r.Must(next.Adopt(r.k))
		r.k = next
		old := r.in.Triggers
		r.in.Triggers = make([]weir.TriggerInput, len(r.config.Triggers))
		copy(r.in.Triggers, old)
	}
	for i, t := range step.Triggers[:min(len(step.Triggers), len(r.in.Triggers))] {
		if t == nil {
			continue
		}
		switch {
		case t.IsError:
			r.in.Triggers[i] = weir.TriggerInput{Err: errors.New("the query fails")}
		case t.Empty:
			r.in.Triggers[i] = weir.TriggerInput{Err: weir.ErrNoData}
		case t.Value != nil:
			r.in.Triggers[i] = weir.TriggerInput{Value: float64(*t.Value)}
		}
	}
	for i := range r.in.Triggers { // Prometheus takes an infinity for no answer
		if v := r.in.Triggers[i].Value; math.IsInf(v, 0) {
			r.in.Triggers[i] = weir.TriggerInput{Err: weir.ErrNoData}
		}
	}
}

func (r *kedaRun) take(d weir.Decision, err error) {
	r.Must(err)
	switch {
	case !d.Apply():
	case r.unwritable:
		r.Must(r.k.WriteFailed())
	default:
		r.in.Replicas = d.Replicas
		r.writes = append(r.writes, d.Replicas)
	}
}

func (r *kedaRun) reconcile(step *kedaStep) {
	d, polls, err := r.k.Reconcile(r.At(step.T), r.in)
	refused := errors.Is(err, weir.ErrRange)
	if refused {
		err = nil
	}
	r.take(d, err)
	if polls {
		r.take(r.k.Poll(r.At(step.T), r.in))
	}
	vectors.Same(r.Scenario, "refused", refused, step.Want.Error != nil)
	status, err := r.k.Status()
	r.Must(err)
	for what, one := range map[string]struct {
		have bool
		want *bool
	}{"polled": {polls, step.Want.Polled}, "running": {status.Running, step.Want.Running}, "HPA": {status.HPAExists, step.Want.HPAExists}} {
		if one.want != nil {
			vectors.Same(r.Scenario, what, one.have, *one.want)
		}
	}
	if !status.HPAExists {
		r.in.ScalingActive = weir.ScalingActiveMissing
	}
}

func (r *kedaRun) serve(step *kedaStep) {
	metric := slices.IndexFunc(r.config.Triggers, func(t weir.Trigger) bool { return strings.EqualFold(t.MetricName, step.Metric) })
	if metric < 0 {
		metric = 16
	}
	served, ok, err := r.k.Serve(metric, r.At(step.T), r.in)
	r.Must(err)
	vectors.Same(r.Scenario, "served", ok, step.Want.Error == nil)
	if !ok || step.Want.Metrics == nil {
		return
	}
	slices.SortStableFunc(served, func(a, b weir.Served) int { return a.Trigger - b.Trigger })
	vectors.Same(r.Scenario, "metrics", len(served), len(*step.Want.Metrics))
	for i, want := range (*step.Want.Metrics)[:min(len(served), len(*step.Want.Metrics))] {
		name := "composite-metric"
		if !served[i].Composite {
			name = r.config.Triggers[served[i].Trigger].MetricName
		}
		vectors.Same(r.Scenario, "metric", name, want.Metric)
		vectors.Same(r.Scenario, "milli", served[i].Milli, int64(want.Milli))
	}
}

func (r *kedaRun) step(step *kedaStep) {
	r.writes = nil
	r.changes(step)
	switch step.Do {
	case "start", "reconcile":
		r.reconcile(step)
	case "restart":
		r.Must(r.k.Restart())
		r.reconcile(step)
	case "poll":
		r.take(r.k.Poll(r.At(step.T), r.in))
	case "serve":
		r.serve(step)
	case "delete":
		r.take(r.k.Delete(r.At(step.T), r.in))
	case "wait":
	default:
		r.T.Fatalf("%s: unknown step %s", r.Name, step.Do)
	}
	if !slices.Equal(r.writes, step.Want.Writes) {
		r.T.Errorf("%s, step %d: writes are %v, want %v", r.Name, r.Step, r.writes, step.Want.Writes)
	}
	if step.Want.Replicas != nil {
		vectors.Same(r.Scenario, "replicas", r.in.Replicas, *step.Want.Replicas)
	}
	status := kedaStatus(r.Scenario, r.k, step)
	for i, m := range status.Metrics {
		want, ok := step.Want.Health[r.config.Triggers[i].MetricName]
		if !ok {
			continue
		}
		name := map[weir.HealthStatus]string{weir.HealthHappy: "Happy", weir.HealthFailing: "Failing"}[m.Health.Status]
		vectors.Same(r.Scenario, "health", name, want.Status)
		vectors.Same(r.Scenario, "failures", m.Health.Failures, want.Failures)
	}
}

func kedaQuantity(s *vectors.Scenario) {
	vectors.Each(s, func(step *struct {
		Value vectors.Number
		Want  struct {
			Milli  vectors.Integer
			Double vectors.Number
		}
	}) {
		vectors.Same(s, "milli", weir.TriggerMilli(float64(step.Value)), int64(step.Want.Milli))
		s.Double("double", weir.FormulaValue(float64(step.Value)), step.Want.Double)
	})
}
