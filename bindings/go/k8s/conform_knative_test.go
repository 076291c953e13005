package k8s_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	weir "weir/bindings/go"
	"weir/bindings/go/internal/vectors"
	"weir/bindings/go/k8s"
)

func TestConformanceKnative(t *testing.T) {
	vectors.Run(t, []string{"kpa/config*", "kpa/resolve", "kpa/bounds*"}, map[string]func(*vectors.Scenario){
		"config_autoscaler": settings, "resolve": resolve, "reconcile": reconcileKPA})
}

func cluster(s *vectors.Scenario) weir.KPAConfig {
	c := weir.DefaultKPAConfig()
	c.Conversion = weir.ConversionAmd64
	if strings.Contains(s.T.Name(), "v0_42") {
		c.Semantics = weir.ServingRelease0_42
	}
	return c
}

func settings(s *vectors.Scenario) {
	data := vectors.Config[struct{ Data map[string]string }](s).Data
	vectors.Each(s, func(step *struct {
		Want struct {
			Kind                                                                  string
			EnableScaleToZero, AllowZeroInitialScale                              bool
			ContainerConcurrencyTargetFraction, ContainerConcurrencyTargetDefault vectors.Number
			RPSTargetDefault, TargetBurstCapacity, ActivatorCapacity              vectors.Number
			InitialScale, MinScale, MaxScale, MaxScaleLimit                       int32
			MaxScaleUpRate, MaxScaleDownRate                                      vectors.Number
			PanicWindowPercentage, PanicThresholdPercentage                       vectors.Number
			StableWindow, ScaleToZeroGracePeriod                                  vectors.Integer
			ScaleToZeroPodRetentionPeriod, ScaleDownDelay                         vectors.Integer
			PodAutoscalerClass                                                    string
		}
	}) {
		w := &step.Want
		c, err := k8s.KPASettings(cluster(s), data)
		vectors.Same(s, "refused", err != nil, w.Kind != "")
		if err != nil {
			var e *weir.Error
			if !errors.As(err, &e) || e.Path == "" || e.Message == "" {
				s.T.Errorf("%s: the error %v says too little", s.Name, err)
			}
			vectors.Same(s, "config after an error", c == cluster(s), true)
			return
		}
		vectors.Same(s, "EnableScaleToZero", c.EnableScaleToZero, w.EnableScaleToZero)
		vectors.Same(s, "AllowZeroInitialScale", c.AllowZeroInitialScale, w.AllowZeroInitialScale)
		s.Double("share", c.ContainerConcurrencyTargetPercentage, w.ContainerConcurrencyTargetFraction)
		s.Double("target", c.ContainerConcurrencyTargetDefault, w.ContainerConcurrencyTargetDefault)
		s.Double("rps", c.RequestsPerSecondTargetDefault, w.RPSTargetDefault)
		s.Double("burst", c.TargetBurstCapacity, w.TargetBurstCapacity)
		s.Double("activator", c.ActivatorCapacity, w.ActivatorCapacity)
		s.Double("up", c.MaxScaleUpRate, w.MaxScaleUpRate)
		s.Double("down", c.MaxScaleDownRate, w.MaxScaleDownRate)
		s.Double("panic window", c.PanicWindowPercentage, w.PanicWindowPercentage)
		s.Double("panic threshold", c.PanicThresholdPercentage, w.PanicThresholdPercentage)
		vectors.Same(s, "scales", [4]int32{c.InitialScale, c.MinScale, c.MaxScale, c.MaxScaleLimit},
			[4]int32{w.InitialScale, w.MinScale, w.MaxScale, w.MaxScaleLimit})
		vectors.Same(s, "times", [4]time.Duration{c.StableWindow, c.ScaleToZeroGracePeriod, c.ScaleToZeroPodRetentionPeriod, c.ScaleDownDelay},
			[4]time.Duration{time.Duration(w.StableWindow), time.Duration(w.ScaleToZeroGracePeriod),
				time.Duration(w.ScaleToZeroPodRetentionPeriod), time.Duration(w.ScaleDownDelay)})
		vectors.Same(s, "class", c.PodAutoscalerClass, w.PodAutoscalerClass)
	})
}

// revision is the configuration of a scenario.
type revision struct {
	Autoscaler, Deployment, Annotations map[string]string
	ContainerConcurrency                vectors.Integer
	Reachability                        string
}

func (r *revision) config(s *vectors.Scenario) weir.KPAConfig {
	base, err := k8s.KPASettings(cluster(s), r.Autoscaler)
	s.Must(err)
	if text, ok := r.Deployment["progress-deadline"]; ok {
		base.ProgressDeadline, err = time.ParseDuration(text)
		s.Must(err)
	}
	c := k8s.KPAConfig(base, &metav1.ObjectMeta{Annotations: r.Annotations})
	c.ContainerConcurrency = int64(r.ContainerConcurrency)
	return c
}

func resolve(s *vectors.Scenario) {
	r := vectors.Config[revision](s)
	vectors.Each(s, func(step *struct {
		Want struct {
			Target, Total vectors.Number
			Decider       struct {
				MaxScaleUpRate, MaxScaleDownRate, TargetBurstCapacity, ActivatorCapacity, PanicThreshold vectors.Number
				StableWindow, ScaleDownDelay                                                             vectors.Integer
				InitialScale, ActivationScale                                                            int32
			}
			Metric struct {
				StableWindow, PanicWindow vectors.Integer
				ScrapeTarget              string
			}
			Weighted bool
			MinScale int32 `json:"min_scale"`
			MaxScale int32 `json:"max_scale"`
		}
	}) {
		w := &step.Want
		c := r.config(s)
		collector, decider, err := c.Resolve()
		s.Must(err)
		s.Double("target", decider.TargetValue, w.Target)
		s.Double("total", decider.TotalValue, w.Total)
		s.Double("up", decider.MaxScaleUpRate, w.Decider.MaxScaleUpRate)
		s.Double("down", decider.MaxScaleDownRate, w.Decider.MaxScaleDownRate)
		s.Double("burst", decider.TargetBurstCapacity, w.Decider.TargetBurstCapacity)
		s.Double("activator", decider.ActivatorCapacity, w.Decider.ActivatorCapacity)
		s.Double("panic", decider.PanicThreshold, w.Decider.PanicThreshold)
		vectors.Same(s, "times", [4]vectors.Integer{vectors.Integer(decider.StableWindow), vectors.Integer(decider.ScaleDownDelay),
			vectors.Integer(collector.StableWindow), vectors.Integer(collector.PanicWindow)},
			[4]vectors.Integer{w.Decider.StableWindow, w.Decider.ScaleDownDelay, w.Metric.StableWindow, w.Metric.PanicWindow})
		vectors.Same(s, "initial and activation scale", [2]int32{decider.InitialScale, decider.ActivationScale},
			[2]int32{w.Decider.InitialScale, w.Decider.ActivationScale})
		vectors.Same(s, "scraped", collector.ScrapeTarget, w.Metric.ScrapeTarget != "")
		vectors.Same(s, "weighted", collector.Algorithm == weir.WindowAlgorithmWeightedExponential, w.Weighted)
		least, most, err := c.ScaleBounds(r.Reachability == "Unreachable")
		s.Must(err)
		vectors.Same(s, "bounds", [2]int32{least, most}, [2]int32{w.MinScale, w.MaxScale})
	})
}

var conditions = map[string]weir.Condition{"True": weir.ConditionTrue, "False": weir.ConditionFalse, "Unknown": weir.ConditionUnknown}

var probes = map[string]weir.KPAProbe{"ok": weir.KPAProbeOK, "no": weir.KPAProbeNo, "error": weir.KPAProbeError}

func reconcileKPA(s *vectors.Scenario) {
	c := vectors.Config[struct {
		revision
		Replicas *int32
		TLS      bool `json:"system_internal_tls"`
		Status   *struct {
			Active, Reason string
			Since          vectors.Integer
			Initialized    bool
			DesiredScale   *int32 `json:"desired_scale"`
		}
	}](s)
	state := weir.NewKPAReconcilerState()
	if st := c.Status; st != nil {
		state.Active, state.Initialized, state.HasService = conditions[st.Active], st.Initialized, true
		state.ActiveSince = s.At(st.Since).Truncate(time.Second)
		for reason := weir.KPAReasonNone; reason <= weir.KPAReasonTimedOut; reason++ {
			if reason.String() == st.Reason {
				state.Reason = reason
			}
		}
		if st.DesiredScale != nil {
			state.DesiredScale = *st.DesiredScale
		}
	}
	replicas := c.Replicas
	vectors.Each(s, func(step *struct {
		T       vectors.Integer
		Decider [2]int32
		Pods    [4]int
		SKS     *struct {
			Private, Service, Ready bool
			ProxySince              *vectors.Integer `json:"proxy_since"`
		}
		Probe, Reachability string
		Annotations         map[string]string
		Replicas            *int32
		Want                struct {
			Want, Patch, Replicas *int32
			RequeueAfter          []time.Duration `json:"requeue_after"`
			Probed                bool
			AsyncProbe            bool `json:"async_probe"`
			Mode, Active, Reason  string
			Activators            int32
			ActiveSince           vectors.Integer `json:"active_since"`
			Initialized           bool
			Ready                 string `json:"pa_ready"`
			DesiredScale          *int32 `json:"desired_scale"`
			ActualScale           int64  `json:"actual_scale"`
		}
	}) {
		if step.Annotations != nil {
			c.Annotations = step.Annotations
		}
		if step.Replicas != nil {
			replicas = step.Replicas
		}
		in := weir.KPACluster{Desired: step.Decider[0], ExcessBurstCapacity: step.Decider[1], Replicas: replicas,
			Ready: step.Pods[0], Unreachable: step.Reachability == "Unreachable", Probe: probes[step.Probe],
			SystemInternalTLS: c.TLS}
		if step.SKS != nil {
			in.HasPrivateService, in.HasService, in.NetworkReady = step.SKS.Private, step.SKS.Service, step.SKS.Ready
			if step.SKS.ProxySince != nil {
				in.ProxySince = s.At(*step.SKS.ProxySince)
			}
		}
		w := &step.Want
		got, err := state.Step(c.config(s), s.At(step.T), in)
		s.Must(err)
		want := int32(math.MinInt32)
		if got.Decided {
			want = got.Want
		}
		vectors.Same(s, "decided", got.Decided, w.Want != nil)
		if w.Want != nil {
			vectors.Same(s, "want", want, *w.Want)
		}
		vectors.Same(s, "patches", got.Patch != nil, w.Patch != nil)
		if got.Patch != nil && w.Patch != nil {
			vectors.Same(s, "patch", *got.Patch, *w.Patch)
			replicas = got.Patch
		}
		vectors.Same(s, "requeues", slices.Equal(got.RequeueAfter, w.RequeueAfter), true)
		vectors.Same(s, "probed", got.Probed, w.Probed)
		vectors.Same(s, "async probe", got.AsyncProbe, w.AsyncProbe)
		vectors.Same(s, "mode", got.Mode.String(), w.Mode)
		vectors.Same(s, "activators", got.Activators, w.Activators)
		vectors.Same(s, "active", got.Active.String(), w.Active)
		vectors.Same(s, "reason", got.Reason.String(), w.Reason)
		vectors.Same(s, "active since", s.Since(got.ActiveSince), w.ActiveSince)
		vectors.Same(s, "initialized", got.Initialized, w.Initialized)
		vectors.Same(s, "ready", got.Ready.String(), w.Ready)
		vectors.Same(s, "actual scale", got.ActualScale, w.ActualScale)
	})
}
