// Package k8s turns objects of Kubernetes into what weir decides on: an HPA of autoscaling/v2 with the pods
// and metrics it looks at, and Knative's annotations and ConfigMap.
//
// It is a module of its own, so that weir itself depends on nothing. KEDA's ScaledObject, whose types bring
// much more along, is in weir/bindings/go/keda.
package k8s

import (
	"fmt"
	"slices"
	"strings"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	weir "weir/bindings/go"
)

func unfit(code weir.Code, path, format string, values ...any) error {
	return &weir.Error{Code: code, Path: path, Message: fmt.Sprintf(format, values...)}
}

// HPAConfig gives what an HPA's spec means for weir. What the API server would have filled in (minReplicas,
// the behavior's defaults) counts where it is missing. The controller's flags have their defaults.
func HPAConfig(hpa *autoscalingv2.HorizontalPodAutoscaler) (weir.HPAConfig, error) {
	c := weir.DefaultHPAConfig()
	return c, OverHPAConfig(&c, &hpa.Spec)
}

// OverHPAConfig lays a spec over a configuration: the controller's flags in it stay.
func OverHPAConfig(c *weir.HPAConfig, spec *autoscalingv2.HorizontalPodAutoscalerSpec) error {
	defaults := weir.DefaultHPAConfig()
	c.MinReplicas, c.MaxReplicas = 1, spec.MaxReplicas
	if spec.MinReplicas != nil {
		c.MinReplicas = *spec.MinReplicas
	}
	c.ScaleUp, c.ScaleDown = defaults.ScaleUp, defaults.ScaleDown
	if c.Behavior = spec.Behavior != nil; c.Behavior {
		overRules(&c.ScaleUp, spec.Behavior.ScaleUp)
		overRules(&c.ScaleDown, spec.Behavior.ScaleDown)
	}
	c.Metrics = nil
	for i := range spec.Metrics {
		metric, err := hpaMetric(&spec.Metrics[i], fmt.Sprintf("spec.metrics[%d]", i))
		if err != nil {
			return err
		}
		c.Metrics = append(c.Metrics, metric)
	}
	return nil
}

// Behavior gives what a behavior means for weir's limits, over the rules that a configuration has.
func Behavior(c *weir.BehaviorConfig, behavior *autoscalingv2.HorizontalPodAutoscalerBehavior) {
	if c.Behavior = behavior != nil; c.Behavior {
		overRules(&c.ScaleUp, behavior.ScaleUp)
		overRules(&c.ScaleDown, behavior.ScaleDown)
	}
}

func overRules(to *weir.ScalingRules, rules *autoscalingv2.HPAScalingRules) {
	if rules == nil {
		return
	}
	if s := rules.StabilizationWindowSeconds; s != nil {
		to.StabilizationWindow = new(time.Duration(*s) * time.Second)
	}
	if rules.SelectPolicy != nil {
		switch *rules.SelectPolicy {
		case autoscalingv2.DisabledPolicySelect:
			to.SelectPolicy = weir.SelectPolicyDisabled
		case autoscalingv2.MinChangePolicySelect:
			to.SelectPolicy = weir.SelectPolicyMin
		default:
			to.SelectPolicy = weir.SelectPolicyMax
		}
	}
	if rules.Tolerance != nil {
		to.Tolerance = new(rules.Tolerance.AsApproximateFloat64())
	}
	if rules.Policies == nil {
		return // the API server's defaults
	}
	to.Policies = nil
	for _, p := range rules.Policies {
		policy := weir.ScalingPolicy{Type: weir.PolicyTypeUnknown, Value: p.Value,
			Period: time.Duration(p.PeriodSeconds) * time.Second}
		switch p.Type {
		case autoscalingv2.PodsScalingPolicy:
			policy.Type = weir.PolicyTypePods
		case autoscalingv2.PercentScalingPolicy:
			policy.Type = weir.PolicyTypePercent
		}
		to.Policies = append(to.Policies, policy)
	}
}

func hpaMetric(spec *autoscalingv2.MetricSpec, path string) (m weir.HPAMetric, err error) {
	var target *autoscalingv2.MetricTarget
	switch {
	case spec.Type == autoscalingv2.ResourceMetricSourceType && spec.Resource != nil:
		m.Source, m.Name, target = weir.MetricSourceResource, string(spec.Resource.Name), &spec.Resource.Target
	case spec.Type == autoscalingv2.ContainerResourceMetricSourceType && spec.ContainerResource != nil:
		source := spec.ContainerResource
		m.Source, m.Name, m.Container = weir.MetricSourceContainerResource, string(source.Name), source.Container
		target = &source.Target
	case spec.Type == autoscalingv2.PodsMetricSourceType && spec.Pods != nil:
		m.Source, m.Name, target = weir.MetricSourcePods, spec.Pods.Metric.Name, &spec.Pods.Target
	case spec.Type == autoscalingv2.ObjectMetricSourceType && spec.Object != nil:
		m.Source, m.Name, target = weir.MetricSourceObject, spec.Object.Metric.Name, &spec.Object.Target
	case spec.Type == autoscalingv2.ExternalMetricSourceType && spec.External != nil:
		m.Source, m.Name, target = weir.MetricSourceExternal, spec.External.Metric.Name, &spec.External.Target
	case slices.Contains(sourceTypes, spec.Type):
		return m, unfit(weir.ErrRange, path, "has the type %s, and nothing of that type", spec.Type)
	default:
		return m, nil // a type that upstream does not know fails, step by step
	}
	hpaTarget(&m, target)
	return m, nil
}

var sourceTypes = []autoscalingv2.MetricSourceType{autoscalingv2.ResourceMetricSourceType,
	autoscalingv2.ContainerResourceMetricSourceType, autoscalingv2.PodsMetricSourceType,
	autoscalingv2.ObjectMetricSourceType, autoscalingv2.ExternalMetricSourceType}

// hpaTarget takes the target that upstream would use, which is none where it finds none.
func hpaTarget(m *weir.HPAMetric, target *autoscalingv2.MetricTarget) {
	object := m.Source == weir.MetricSourceObject
	whole := object || m.Source == weir.MetricSourceExternal
	switch {
	case target.AverageValue != nil && (!object || target.Type == autoscalingv2.AverageValueMetricType):
		m.TargetType, m.Target = weir.TargetTypeAverageValue, target.AverageValue.MilliValue()
	case target.Value != nil && whole && (!object || target.Type == autoscalingv2.ValueMetricType):
		m.TargetType, m.Target = weir.TargetTypeValue, target.Value.MilliValue()
	case !whole && target.AverageUtilization != nil:
		m.TargetType, m.Target = weir.TargetTypeUtilization, int64(*target.AverageUtilization)
	}
}

// Pods gives what weir looks at of pods.
func Pods(pods []corev1.Pod) []weir.Pod {
	list := make([]weir.Pod, len(pods))
	for i := range pods {
		list[i] = podOf(&pods[i])
	}
	return list
}

func podOf(pod *corev1.Pod) weir.Pod {
	p := weir.Pod{Ready: weir.PodReadyNone, Phase: weir.PodUnknown, Deleted: pod.DeletionTimestamp != nil}
	if pod.Status.StartTime != nil {
		p.Started = pod.Status.StartTime.Time
	}
	switch pod.Status.Phase {
	case corev1.PodRunning:
		p.Phase = weir.PodRunning
	case corev1.PodPending:
		p.Phase = weir.PodPending
	case corev1.PodSucceeded:
		p.Phase = weir.PodSucceeded
	case corev1.PodFailed:
		p.Phase = weir.PodFailed
	}
	for i := range pod.Status.Conditions {
		condition := &pod.Status.Conditions[i]
		if condition.Type != corev1.PodReady {
			continue
		}
		p.ReadySince = condition.LastTransitionTime.Time
		switch condition.Status {
		case corev1.ConditionTrue:
			p.Ready = weir.PodReadyTrue
		case corev1.ConditionFalse:
			p.Ready = weir.PodReadyFalse
		default:
			p.Ready = weir.PodReadyUnknown
		}
		break
	}
	return p
}

// PodRequest is what a pod requests of a resource in thousandths, or weir.NoRequest; of one container where
// it is named. PodLevel: the controller's gate PodLevelResources is on, as it is from 1.34.
func PodRequest(pod *corev1.Pod, name, container string, podLevel bool) int64 {
	r := weir.HPARequests{OneContainer: container != "", PodRequest: weir.NoRequest,
		Overhead: requestOf(pod.Spec.Overhead, name)}
	add := func(c *corev1.Container, kind weir.HPAContainerKind) {
		if kind == weir.ContainerInit && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways {
			kind = weir.ContainerSidecar
		}
		r.Containers = append(r.Containers, weir.HPAContainer{Request: requestOf(c.Resources.Requests, name),
			Kind: kind, Named: c.Name == container})
	}
	for i := range pod.Spec.Containers {
		add(&pod.Spec.Containers[i], weir.ContainerMain)
	}
	for i := range pod.Spec.InitContainers {
		add(&pod.Spec.InitContainers[i], weir.ContainerInit)
	}
	if own := pod.Spec.Resources; own != nil {
		r.PodRequest = requestOf(own.Requests, name)
		for key := range own.Requests {
			if key == corev1.ResourceCPU || key == corev1.ResourceMemory ||
				strings.HasPrefix(string(key), corev1.ResourceHugePagesPrefix) {
				r.PodLevel = podLevel
			}
		}
	}
	return weir.PodRequest(r)
}

func requestOf(list corev1.ResourceList, name string) int64 {
	if q, ok := list[corev1.ResourceName(name)]; ok {
		return q.MilliValue()
	}
	return weir.NoRequest
}

// A Usage is what the metrics API says about one pod.
type Usage struct {
	Milli       int64
	At          time.Time     // end of the time it covers
	Window      time.Duration // length of that time
	NoContainer bool          // the pod is there, but not the container asked for
}

// PodMetric lays the usages of pods by name out as the input of a metric: for every pod of the list in its
// order, then for those that are not in it.
func PodMetric(metric weir.HPAMetric, pods []corev1.Pod, usages map[string]Usage, podLevel bool) weir.HPAMetricInput {
	in := weir.HPAMetricInput{Samples: make([]weir.Sample, 0, max(len(pods), len(usages)))}
	known := make(map[string]bool, len(pods))
	sample := func(name string, request int64) {
		usage, ok := usages[name]
		s := weir.Sample{Value: usage.Milli, Request: request, At: usage.At, Window: usage.Window}
		if ok {
			s.Presence = weir.SamplePresent
		}
		if usage.NoContainer {
			s.Presence = weir.SampleNoContainer
		}
		in.Samples = append(in.Samples, s)
	}
	for i := range pods {
		known[pods[i].Name] = true
		request := weir.NoRequest
		if metric.TargetType == weir.TargetTypeUtilization {
			request = PodRequest(&pods[i], metric.Name, metric.Container, podLevel)
		}
		sample(pods[i].Name, request)
	}
	for name := range usages {
		if !known[name] {
			sample(name, weir.NoRequest)
		}
	}
	return in
}

// Values is the input of an Object or External metric.
func Values(quantities ...resource.Quantity) weir.HPAMetricInput {
	in := weir.HPAMetricInput{Values: []int64{}}
	for i := range quantities {
		in.Values = append(in.Values, quantities[i].MilliValue())
	}
	if len(in.Values) == 0 {
		in.Err = weir.ErrNoData
	}
	return in
}

// Conditions gives the conditions of an HPA's status. Messages, which are English and change, are left out.
func Conditions(status weir.HPAStatus) []autoscalingv2.HorizontalPodAutoscalerCondition {
	list := make([]autoscalingv2.HorizontalPodAutoscalerCondition, 0, len(status.Conditions))
	for _, c := range status.Conditions {
		one := autoscalingv2.HorizontalPodAutoscalerCondition{Reason: c.Reason.String(),
			Status: corev1.ConditionStatus(c.Status.String()), LastTransitionTime: metav1.NewTime(c.Since)}
		if c.Type != weir.ConditionNameless {
			one.Type = autoscalingv2.HorizontalPodAutoscalerConditionType(c.Type.String())
		}
		list = append(list, one)
	}
	return list
}
