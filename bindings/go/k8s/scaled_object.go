package k8s

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	weir "weir/bindings/go"
)

// scaledObject is what weir looks at of KEDA's ScaledObject (keda.sh/v1alpha1), by its names in JSON.
type scaledObject struct {
	Metadata struct {
		Namespace         string
		Annotations       map[string]string
		CreationTimestamp *metav1.Time
	}
	Spec struct {
		MinReplicaCount, MaxReplicaCount, IdleReplicaCount *int32
		PollingInterval, CooldownPeriod                    *int32
		InitialCooldownPeriod                              int32
		Triggers                                           []scaledObjectTrigger
		Fallback                                           *struct {
			FailureThreshold, Replicas int32
			Behavior                   string
		}
		Advanced *struct {
			RestoreToOriginalReplicaCount bool
			HorizontalPodAutoscalerConfig *struct {
				Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior
			}
			ScalingModifiers struct{ Formula, Target, ActivationTarget, MetricType string }
		}
	}
}

type scaledObjectTrigger struct {
	Type, Name, MetricType string
	UseCachedMetrics       bool
	Metadata               map[string]string
}

// ScaledObjectConfig gives what a ScaledObject of KEDA means for weir: spec, annotations, and the HPA that KEDA
// makes of it. The object may be of KEDA's own type (*v1alpha1.ScaledObject), an *unstructured.Unstructured of a
// dynamic client, or anything else that JSON writes as a ScaledObject. KEDA's types are not imported, since
// their package brings controller-runtime and client-go along, 63 modules in all, where most users of this
// package have no KEDA.
//
// Triggers: prometheus, cpu, memory, cron, metrics-api and kubernetes-workload as KEDA reads them; what others
// ask of the HPA only KEDA's scaler of that type knows, so these are ErrUnsupported.
func ScaledObjectConfig(object any) (weir.ScaledObjectConfig, error) {
	c := weir.DefaultScaledObjectConfig()
	text, err := json.Marshal(object)
	if err != nil {
		return c, unfit(weir.ErrParse, "", "cannot be written as JSON: %v", err)
	}
	var so scaledObject
	if err := json.Unmarshal(text, &so); err != nil {
		var kind *json.UnmarshalTypeError
		if errors.As(err, &kind) {
			return c, unfit(weir.ErrParse, kind.Field, "must be %v, got a %s", kind.Type, kind.Value)
		}
		return c, unfit(weir.ErrParse, "", "is no ScaledObject: %v", err)
	}
	spec := &so.Spec
	c.MinReplicas, c.MaxReplicas, c.IdleReplicas = spec.MinReplicaCount, spec.MaxReplicaCount, spec.IdleReplicaCount
	seconds(&c.PollingInterval, spec.PollingInterval)
	seconds(&c.CooldownPeriod, spec.CooldownPeriod)
	c.InitialCooldownPeriod = time.Duration(spec.InitialCooldownPeriod) * time.Second
	if so.Metadata.CreationTimestamp != nil {
		c.Created = so.Metadata.CreationTimestamp.Time
	}
	if f := spec.Fallback; f != nil {
		c.Fallback = weir.Fallback{Enabled: true, FailureThreshold: f.FailureThreshold, Replicas: f.Replicas,
			Behavior: fallbackBehavior(f.Behavior)}
	}
	if a := spec.Advanced; a != nil {
		c.RestoreOriginal = a.RestoreToOriginalReplicaCount
		if m := a.ScalingModifiers; m.Formula != "" || m.Target != "" || m.ActivationTarget != "" || m.MetricType != "" {
			c.Modifiers = weir.ScalingModifiers{Enabled: true, Formula: m.Formula, Target: m.Target,
				ActivationTarget: m.ActivationTarget, MetricType: externalType(m.MetricType)}
		}
		if h := a.HorizontalPodAutoscalerConfig; h != nil && h.Behavior != nil {
			c.Behavior = true
			overRules(&c.ScaleUp, h.Behavior.ScaleUp)
			overRules(&c.ScaleDown, h.Behavior.ScaleDown)
		}
	}
	for i := range spec.Triggers {
		t, err := trigger(&spec.Triggers[i], i, so.Metadata.Namespace, c.Modifiers.Enabled)
		if err != nil {
			return c, err
		}
		c.Triggers = append(c.Triggers, t)
	}
	return c, ScaledObjectAnnotations(&c, so.Metadata.Annotations)
}

func seconds(to *time.Duration, from *int32) {
	if from != nil {
		*to = time.Duration(*from) * time.Second
	}
}

// ScaledObjectAnnotations lays what annotations say (paused, force-activation) over a configuration.
func ScaledObjectAnnotations(c *weir.ScaledObjectConfig, annotations map[string]string) error {
	is := func(name string) bool { // anything but Go's false is true
		text, ok := annotations["autoscaling.keda.sh/"+name]
		value, err := strconv.ParseBool(text)
		return ok && (value || err != nil)
	}
	c.Paused, c.PausedReplicas = is("paused"), nil
	c.PausedScaleIn, c.PausedScaleOut, c.ForceActivation = is("paused-scale-in"), is("paused-scale-out"), is("force-activation")
	if text, ok := annotations["autoscaling.keda.sh/paused-replicas"]; ok {
		c.Paused = true
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return unfit(weir.ErrParse, "metadata.annotations[autoscaling.keda.sh/paused-replicas]", "must be a whole number, got %q", text)
		}
		c.PausedReplicas = new(int32(n))
	}
	return nil
}

func fallbackBehavior(name string) weir.FallbackBehavior {
	for b := weir.FallbackBehaviorStatic; b < weir.FallbackBehaviorUnnamed; b++ {
		if b.String() == name {
			return b
		}
	}
	if name == "" {
		return weir.FallbackBehaviorStatic // the API server's default
	}
	return weir.FallbackBehaviorUnnamed
}

// externalType: KEDA hands on any word but Utilization.
func externalType(name string) weir.TargetType {
	if name == "" || name == "AverageValue" {
		return weir.TargetTypeAverageValue
	}
	return weir.TargetTypeValue
}

// metadata reads the settings of a trigger, and keeps the first thing that is wrong.
type metadata struct {
	path   string
	values map[string]string
	err    error
}

func (m *metadata) fail(key, format string, values ...any) {
	if m.err == nil {
		m.err = unfit(weir.ErrRange, m.path+".metadata."+key, format, values...)
	}
}

func (m *metadata) text(key string) string {
	if m.values[key] == "" {
		m.fail(key, "is missing")
	}
	return m.values[key]
}

func (m *metadata) number(key string, needed bool) float64 {
	text := m.values[key]
	if text == "" {
		if needed {
			m.fail(key, "is missing")
		}
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		m.fail(key, "must be a number, got %q", text)
	}
	return v
}

func trigger(in *scaledObjectTrigger, index int, namespace string, modifiers bool) (weir.Trigger, error) {
	t := weir.NewTrigger(weir.TriggerTypeOther)
	m := &metadata{path: fmt.Sprintf("spec.triggers[%d]", index), values: in.Metadata}
	for kind := weir.TriggerTypePrometheus; kind <= weir.TriggerTypeKubernetesWorkload; kind++ {
		if kind.String() == in.Type {
			t = weir.NewTrigger(kind)
		}
	}
	t.Name, t.UseCachedMetrics, t.MetricType = in.Name, in.UseCachedMetrics, externalType(in.MetricType)
	if in.MetricType == "Utilization" && !isResource(&t) {
		return t, unfit(weir.ErrRange, m.path+".metricType", "must be AverageValue or Value, got %q", in.MetricType)
	}
	name, normalize := "", true
	switch t.Type {
	case weir.TriggerTypePrometheus:
		name, normalize = "prometheus", false
		m.text("serverAddress")
		m.text("query")
		t.Target, t.Activation = weir.TriggerMilli(m.number("threshold", true)), m.number("activationThreshold", false)
		if text := m.values["ignoreNullValues"]; text != "" {
			var err error
			if t.IgnoreNullValues, err = strconv.ParseBool(text); err != nil {
				m.fail("ignoreNullValues", "must be true or false, got %q", text)
			}
		}
	case weir.TriggerTypeCPU, weir.TriggerTypeMemory:
		resourceTrigger(&t, m, in.MetricType)
		return t, m.err
	case weir.TriggerTypeCron:
		t.Cron = weir.CronConfig{Start: m.text("start"), End: m.text("end"), Timezone: m.text("timezone")}
		n, err := strconv.ParseInt(m.text("desiredReplicas"), 10, 64)
		if err != nil {
			m.fail("desiredReplicas", "must be a whole number, got %q", m.values["desiredReplicas"])
		}
		t.Cron.DesiredReplicas, t.Target = n, 1000
		if name, err = weir.CronMetricName(t.Cron); err != nil {
			return t, err
		}
	case weir.TriggerTypeMetricsAPI:
		m.text("url")
		name = "metric-api-" + m.text("valueLocation")
		t.Target, t.Activation = weir.TriggerMilli(m.number("targetValue", !modifiers)), m.number("activationTargetValue", false)
	case weir.TriggerTypeKubernetesWorkload:
		m.text("podSelector")
		name = "workload-" + namespace
		t.Target, t.Activation = weir.TriggerMilli(m.number("value", !modifiers)), m.number("activationValue", false)
	default:
		return t, unfit(weir.ErrUnsupported, m.path+".type", "what a trigger of type %s asks of the HPA, only KEDA's scaler knows", in.Type)
	}
	t.MetricName = weir.MetricName(index, name, normalize)
	return t, m.err
}

func resourceTrigger(t *weir.Trigger, m *metadata, metricType string) {
	text := m.text("value")
	t.Container = m.values["containerName"]
	switch metricType {
	case "Utilization":
		n, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			m.fail("value", "must be a whole number of percent, got %q", text)
		}
		t.MetricType, t.Target = weir.TargetTypeUtilization, n
	case "AverageValue":
		q, err := resource.ParseQuantity(text)
		if err != nil {
			m.fail("value", "must be a quantity such as 500m or 2Gi, got %q", text)
		}
		t.Target = q.MilliValue()
	default:
		if m.err == nil {
			m.err = unfit(weir.ErrRange, m.path+".metricType", "must be Utilization or AverageValue, got %q", metricType)
		}
	}
}

func isResource(t *weir.Trigger) bool {
	return t.Type == weir.TriggerTypeCPU || t.Type == weir.TriggerTypeMemory
}
