package k8s_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	weir "weir/bindings/go"
	"weir/bindings/go/internal/vectors"
	"weir/bindings/go/k8s"
)

func TestConformanceHPA(t *testing.T) {
	vectors.Run(t, []string{"hpa/behavior", "hpa/legacy", "hpa/multi_metric", "hpa/zero", "hpa/seed", "hpa/limits",
		"hpa/stabilize", "hpa/scale_events"}, map[string]func(*vectors.Scenario){"reconcile": reconcile,
		"limits": limits, "stabilize": stabilize, "scale_events": scaleEvents})
}

type podVector struct {
	Name           string
	Phase          corev1.PodPhase
	Labels         *map[string]string
	Deleted        bool
	Start, Since   *vectors.Integer
	Ready          corev1.ConditionStatus
	Containers     []containerVector
	InitContainers []containerVector
	Requests       corev1.ResourceList
	Overhead       corev1.ResourceList
}

type containerVector struct {
	Name          string
	Requests      corev1.ResourceList
	RestartPolicy *corev1.ContainerRestartPolicy
}

func (c containerVector) container() corev1.Container {
	return corev1.Container{Name: c.Name, RestartPolicy: c.RestartPolicy,
		Resources: corev1.ResourceRequirements{Requests: c.Requests}}
}

func (p *podVector) pod(s *vectors.Scenario) corev1.Pod {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: p.Name}, Spec: corev1.PodSpec{Overhead: p.Overhead},
		Status: corev1.PodStatus{Phase: p.Phase}}
	pod.Labels = map[string]string{"app": "x"}
	if p.Labels != nil {
		pod.Labels = *p.Labels
	}
	if p.Deleted {
		pod.DeletionTimestamp = &metav1.Time{Time: s.At(0)}
	}
	if p.Start != nil {
		pod.Status.StartTime = &metav1.Time{Time: s.At(*p.Start)}
	}
	if p.Ready != "" {
		condition := corev1.PodCondition{Type: corev1.PodReady, Status: p.Ready}
		if p.Since != nil {
			condition.LastTransitionTime = metav1.Time{Time: s.At(*p.Since)}
		}
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}, condition}
	}
	for _, c := range p.Containers {
		pod.Spec.Containers = append(pod.Spec.Containers, c.container())
	}
	for _, c := range p.InitContainers {
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, c.container())
	}
	if p.Requests != nil {
		pod.Spec.Resources = &corev1.ResourceRequirements{Requests: p.Requests}
	}
	return pod
}

type metricVector struct {
	External *[]vectors.Integer
	Object   *vectors.Integer
	Pods     *map[string][3]vectors.Integer
	Error    *string
}

type hpaStep struct {
	T         vectors.Integer
	Scale     [2]int32
	Metrics   []*metricVector
	Pods      *[]podVector
	Spec      *autoscalingv2.HorizontalPodAutoscalerSpec
	Selector  *string
	Restart   bool
	Deleted   bool
	GetFails  bool `json:"scaleGetFails"`
	Fails     bool `json:"scaleUpdateFails"`
	Conflicts int  `json:"scaleUpdateConflicts"`
	Want      struct {
		Scale            *int32
		CurrentReplicas  int32
		DesiredReplicas  int32
		Conditions       []string
		Error            *string
		Deleted          bool
		CurrentMetricsIs *json.RawMessage `json:"currentMetrics"`
	}
}

// hpaRun plays what stands around the controller.
type hpaRun struct {
	*vectors.Scenario
	config   weir.HPAConfig
	podLevel bool
	others   []string // selectors of other autoscalers
	spec     *autoscalingv2.HorizontalPodAutoscalerSpec
	hpa      *weir.HPA
	pods     []podVector
}

func gate(on bool) weir.Gate {
	if on {
		return weir.GateOn
	}
	return weir.GateOff
}

func reconcile(s *vectors.Scenario) {
	c := vectors.Config[struct {
		Tolerance                     float64
		DownscaleStabilisationWindow  time.Duration
		CPUInitializationPeriod       time.Duration
		DelayOfInitialReadinessStatus time.Duration
		FeatureGates                  map[string]bool
		ScaledToZero                  *corev1.ConditionStatus
		OtherAutoscalers              []struct{ Selector string }
		Spec                          autoscalingv2.HorizontalPodAutoscalerSpec
	}](s)
	r := &hpaRun{Scenario: s, config: weir.DefaultHPAConfig(), podLevel: c.FeatureGates["PodLevelResources"], spec: &c.Spec}
	r.config.Tolerance, r.config.DownscaleStabilization = c.Tolerance, c.DownscaleStabilisationWindow
	r.config.CPUInitializationPeriod, r.config.InitialReadinessDelay = c.CPUInitializationPeriod, c.DelayOfInitialReadinessStatus
	r.config.ScaleToZero = gate(c.FeatureGates["HPAScaleToZero"])
	r.config.ConfigurableTolerance = gate(c.FeatureGates["HPAConfigurableTolerance"])
	r.config.Conversion, r.config.Reserve = weir.ConversionAmd64, 512
	for _, other := range c.OtherAutoscalers {
		r.others = append(r.others, other.Selector)
	}
	var lately []string
	vectors.Each(s, func(step *hpaStep) {
		if step.Deleted {
			r.hpa, lately = nil, nil
			vectors.Same(s, "deleted", true, step.Want.Deleted)
			return
		}
		if step.Want.Conditions == nil {
			step.Want.Conditions = lately
		}
		lately = step.Want.Conditions
		r.prepare(step)
		if s.Step == 0 && c.ScaledToZero != nil {
			s.Must(r.hpa.SetCondition(weir.ConditionScaledToZero, conditions[string(*c.ScaledToZero)]))
		}
		if step.Restart {
			s.Must(r.hpa.Restart())
		}
		r.decide(step)
	})
}

// prepare makes the autoscaler, or gives it another spec.
func (r *hpaRun) prepare(step *hpaStep) {
	if step.Spec != nil {
		r.spec = step.Spec
	}
	if r.hpa != nil && step.Spec == nil {
		return
	}
	r.Must(k8s.OverHPAConfig(&r.config, r.spec))
	next, err := weir.NewHPA(r.config, r.At(step.T))
	r.Must(err)
	if r.hpa != nil {
		r.Must(next.Adopt(r.hpa))
	}
	r.hpa = next
}

// selects is whether a selector takes labels; bad: it is none that can be read.
func selects(selector string, labels map[string]string) (match, bad bool) {
	for part := range strings.SplitSeq(selector, ",") {
		key, value, ok := strings.Cut(part, "=")
		if !ok || strings.ContainsAny(key, " ()!") {
			return false, true
		}
		if have, ok := labels[key]; !ok || have != value {
			return false, false
		}
	}
	return true, false
}

func (r *hpaRun) decide(step *hpaStep) {
	in := weir.HPAInput{Replicas: step.Scale[0], StatusReplicas: step.Scale[1]}
	if step.GetFails {
		in.ScaleErr = errors.New("the API server says no")
	}
	if step.Pods != nil {
		r.pods = *step.Pods
	}
	selector := "app=x"
	if step.Selector != nil {
		selector = *step.Selector
	}
	var seen []corev1.Pod
	for i := range r.pods {
		pod := r.pods[i].pod(r.Scenario)
		match, bad := selects(selector, pod.Labels)
		if match {
			seen = append(seen, pod)
		}
		if bad {
			in.Selector = weir.SelectorInvalid
		}
	}
	if _, bad := selects(selector, nil); bad {
		in.Selector = weir.SelectorInvalid
	}
	if selector == "" {
		in.Selector = weir.SelectorMissing
	}
	for _, other := range r.others {
		for _, pod := range seen {
			if match, _ := selects(other, pod.Labels); match && in.Selector == weir.SelectorFine {
				in.Selector = weir.SelectorAmbiguous
			}
		}
	}
	in.Pods = k8s.Pods(seen)
	for i, metric := range r.config.Metrics {
		in.Metrics = append(in.Metrics, r.input(metric, i, step, seen))
	}
	d, err := r.hpa.Decide(r.At(step.T), in)
	r.Must(err)
	r.answer(step, d)
}

func (r *hpaRun) input(metric weir.HPAMetric, i int, step *hpaStep, pods []corev1.Pod) weir.HPAMetricInput {
	fails := weir.HPAMetricInput{Err: errors.New("the source fails")}
	if i >= len(step.Metrics) || step.Metrics[i] == nil || badSelector(&r.spec.Metrics[i]) {
		return fails
	}
	m := step.Metrics[i]
	switch {
	case m.Pods != nil:
		usages := map[string]k8s.Usage{}
		for name, one := range *m.Pods {
			usages[name] = k8s.Usage{Milli: int64(one[0]), At: r.At(one[1]), Window: time.Duration(one[2])}
		}
		return k8s.PodMetric(metric, pods, usages, r.podLevel)
	case m.Object != nil:
		return weir.HPAMetricInput{Values: []int64{int64(*m.Object)}}
	case m.External != nil:
		in := weir.HPAMetricInput{Values: []int64{}}
		for _, v := range *m.External {
			in.Values = append(in.Values, int64(v))
		}
		return in
	}
	return fails
}

// badSelector: no metrics API can read the metric's own selector.
func badSelector(m *autoscalingv2.MetricSpec) bool {
	var selector *metav1.LabelSelector
	switch {
	case m.Pods != nil:
		selector = m.Pods.Metric.Selector
	case m.Object != nil:
		selector = m.Object.Metric.Selector
	case m.External != nil:
		selector = m.External.Metric.Selector
	}
	_, err := metav1.LabelSelectorAsSelector(selector)
	return err != nil
}

func (r *hpaRun) answer(step *hpaStep, d weir.Decision) {
	fails := d.Apply() && (step.Fails || step.Conflicts > 4)
	if fails {
		r.Must(r.hpa.WriteFailed())
	}
	status, err := r.hpa.Status()
	r.Must(err)
	vectors.Same(r.Scenario, "written", d.Apply() && !fails, step.Want.Scale != nil)
	if step.Want.Scale != nil {
		vectors.Same(r.Scenario, "scale", d.Replicas, *step.Want.Scale)
	}
	desired := status.DesiredReplicas
	if desired == weir.UnknownReplicas {
		desired = 0
	}
	vectors.Same(r.Scenario, "currentReplicas", status.CurrentReplicas, step.Want.CurrentReplicas)
	vectors.Same(r.Scenario, "desiredReplicas", desired, step.Want.DesiredReplicas)
	vectors.Same(r.Scenario, "error", !d.Valid || fails || status.MetricsFailed > 0, step.Want.Error != nil)
	var conditions []string
	for _, c := range k8s.Conditions(status) {
		text := strings.TrimSuffix(string(c.Type)+" "+string(c.Status)+" "+c.Reason, " ")
		if c.Type == "" {
			text = ""
		}
		conditions = append(conditions, text)
	}
	if !slices.Equal(conditions, step.Want.Conditions) {
		r.T.Errorf("%s, step %d: conditions are %q, want %q", r.Name, r.Step, conditions, step.Want.Conditions)
	}
	evaluated := step.Want.CurrentMetricsIs != nil && string(*step.Want.CurrentMetricsIs) != "null"
	if len(r.config.Metrics) > 0 {
		vectors.Same(r.Scenario, "metrics evaluated", status.MetricsEvaluated, evaluated)
	}
	if evaluated && len(r.config.Metrics) > 0 {
		r.metrics(*step.Want.CurrentMetricsIs)
	}
}

// metrics compares what the status shows of each metric.
func (r *hpaRun) metrics(want json.RawMessage) {
	var list []*struct {
		AverageUtilization  *int32
		AverageValue, Value *string
	}
	r.Must(json.Unmarshal(want, &list))
	for i, one := range list {
		p, ok, err := r.hpa.Proposal(i)
		r.Must(err)
		vectors.Same(r.Scenario, "metric worked", ok && p.Valid, one != nil)
		if one == nil {
			continue
		}
		if one.AverageUtilization != nil {
			vectors.Same(r.Scenario, "utilization", p.Utilization, *one.AverageUtilization)
		}
		text := one.AverageValue
		if text == nil {
			text = one.Value
		}
		if text != nil && one.AverageUtilization == nil {
			format := resource.DecimalSI
			if m := r.config.Metrics[i]; m.Source <= weir.MetricSourceContainerResource && m.Name == "memory" {
				format = resource.BinarySI
			}
			vectors.Same(r.Scenario, "usage", resource.NewMilliQuantity(p.Usage, format).String(), *text)
		}
	}
}

// ---- limits alone ----

type limitsConfig struct {
	Function                     string
	Behavior                     *autoscalingv2.HorizontalPodAutoscalerBehavior
	DownscaleStabilisationWindow *time.Duration
	ScaleUp, ScaleDown           *autoscalingv2.HPAScalingRules // their windows alone
}

func limitsOf(s *vectors.Scenario) (limitsConfig, weir.BehaviorConfig) {
	c := vectors.Config[limitsConfig](s)
	b := weir.DefaultBehaviorConfig()
	k8s.Behavior(&b, c.Behavior)
	if c.Behavior != nil { // here a list that is missing is one without policies
		for _, one := range []struct {
			rules *autoscalingv2.HPAScalingRules
			to    *weir.ScalingRules
		}{{c.Behavior.ScaleUp, &b.ScaleUp}, {c.Behavior.ScaleDown, &b.ScaleDown}} {
			if one.rules != nil && len(one.rules.Policies) == 0 {
				one.to.Policies = nil
			}
		}
	}
	b.Conversion, b.Reserve = weir.ConversionAmd64, 512
	return c, b
}

type eventVector struct {
	change   int32
	at       vectors.Integer
	outdated bool
}

func (e *eventVector) UnmarshalJSON(b []byte) error {
	var list []json.RawMessage
	err := json.Unmarshal(b, &list)
	for i, to := range []any{&e.change, &e.at, &e.outdated} {
		if err == nil && i < len(list) {
			err = json.Unmarshal(list[i], to)
		}
	}
	return err
}

type limitsStep struct {
	T                                vectors.Integer
	CurrentReplicas, DesiredReplicas int32
	MinReplicas, MaxReplicas         int32
	PreviousReplicas, NewReplicas    int32
	ScaleUpEvents, ScaleDownEvents   []eventVector
	Recommendations                  []eventVector
	Want                             struct {
		Replicas                       int32
		Reason                         string
		Recommendations                []eventVector
		ScaleUpEvents, ScaleDownEvents []eventVector
	}
}

func setEvents(s *vectors.Scenario, b *weir.Behavior, direction weir.Direction, list []eventVector) {
	var events []weir.ScaleEvent
	for _, e := range list {
		events = append(events, weir.ScaleEvent{At: s.At(e.at), Change: e.change, Outdated: e.outdated})
	}
	s.Must(b.SetEvents(direction, events))
}

func limits(s *vectors.Scenario) {
	_, config := limitsOf(s)
	vectors.Each(s, func(step *limitsStep) {
		config.MinReplicas, config.MaxReplicas = step.MinReplicas, step.MaxReplicas
		b, err := weir.NewBehavior(config)
		s.Must(err)
		setEvents(s, b, weir.ScaleUp, step.ScaleUpEvents)
		setEvents(s, b, weir.ScaleDown, step.ScaleDownEvents)
		size, reason, err := b.Limit(s.At(step.T), step.CurrentReplicas, step.DesiredReplicas)
		s.Must(err)
		vectors.Same(s, "replicas", size, step.Want.Replicas)
		vectors.Same(s, "reason", reason.String(), step.Want.Reason)
	})
}

func stabilize(s *vectors.Scenario) {
	c, config := limitsOf(s)
	if c.DownscaleStabilisationWindow != nil {
		config.Behavior, config.DownscaleStabilization = false, *c.DownscaleStabilisationWindow
	}
	if c.ScaleUp != nil {
		k8s.Behavior(&config, &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: c.ScaleUp, ScaleDown: c.ScaleDown})
		if c.ScaleDown == nil || c.ScaleDown.StabilizationWindowSeconds == nil {
			config.ScaleDown.StabilizationWindow = new(time.Duration(0))
		}
	}
	vectors.Each(s, func(step *limitsStep) {
		b, err := weir.NewBehavior(config)
		s.Must(err)
		var wishes []weir.Recommendation
		for _, r := range step.Recommendations {
			wishes = append(wishes, weir.Recommendation{At: s.At(r.at), Replicas: r.change})
		}
		s.Must(b.SetRecommendations(wishes))
		size, reason, err := b.Stabilize(s.At(step.T), step.CurrentReplicas, step.DesiredReplicas)
		s.Must(err)
		vectors.Same(s, "replicas", size, step.Want.Replicas)
		if size != step.DesiredReplicas && step.Want.Reason != "" {
			vectors.Same(s, "reason", reason.String(), step.Want.Reason)
		}
		have, err := b.Recommendations()
		s.Must(err)
		vectors.Same(s, "wishes", len(have), len(step.Want.Recommendations))
		for i, r := range step.Want.Recommendations[:min(len(have), len(step.Want.Recommendations))] {
			vectors.Same(s, "wish", have[i], weir.Recommendation{At: s.At(r.at), Replicas: r.change})
		}
	})
}

func scaleEvents(s *vectors.Scenario) {
	_, config := limitsOf(s)
	vectors.Each(s, func(step *limitsStep) {
		b, err := weir.NewBehavior(config)
		s.Must(err)
		setEvents(s, b, weir.ScaleUp, step.ScaleUpEvents)
		setEvents(s, b, weir.ScaleDown, step.ScaleDownEvents)
		s.Must(b.Scaled(s.At(step.T), step.PreviousReplicas, step.NewReplicas))
		for direction, want := range map[weir.Direction][]eventVector{weir.ScaleUp: step.Want.ScaleUpEvents,
			weir.ScaleDown: step.Want.ScaleDownEvents} {
			have, err := b.Events(direction)
			s.Must(err)
			vectors.Same(s, "events", len(have), len(want))
			for i := range want[:min(len(have), len(want))] {
				vectors.Same(s, "event", have[i], weir.ScaleEvent{At: s.At(want[i].at), Change: want[i].change, Outdated: want[i].outdated})
			}
		}
	})
}
