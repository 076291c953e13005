// Code generated from the field tables by `go test -run TestConfigsAreGenerated -update`. DO NOT EDIT.

package weir

import "time"

// KPAConfig is a Knative revision: the cluster's settings with the revision's laid over them.
// Begin with DefaultKPAConfig.
type KPAConfig struct {
	// What the revision scales on. Upstream: autoscaling.knative.dev/metric.
	Metric KPAMetric
	// How samples are averaged over the windows. Upstream: autoscaling.knative.dev/metric-aggregation-algorithm.
	MetricAggregationAlgorithm WindowAlgorithm
	// Fewest pods while a route leads to the revision. In pods. Upstream: autoscaling.knative.dev/min-scale.
	MinScale int32
	// Most pods; 0 is no limit. In pods. Upstream: autoscaling.knative.dev/max-scale.
	MaxScale int32
	// Most that max-scale may be; 0 is no limit. In pods. Upstream: max-scale-limit.
	MaxScaleLimit int32
	// Pods that a new revision starts with. In pods. Upstream: autoscaling.knative.dev/initial-scale.
	InitialScale int32
	// Whether initial-scale may be 0. Upstream: allow-zero-initial-scale.
	AllowZeroInitialScale bool
	// Fewest pods as soon as there is any demand. In pods. Upstream: autoscaling.knative.dev/activation-scale.
	ActivationScale *int32
	// Whether a revision without traffic goes to zero pods, or to one. Upstream: enable-scale-to-zero.
	EnableScaleToZero bool
	// Release of Knative serving whose arithmetic is used.
	Semantics ServingRelease
	// How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64.
	Conversion Conversion
	// Requests that one container takes at a time; 0 is no limit. In requests. Upstream: containerConcurrency.
	ContainerConcurrency int64
	// Load of one pod at full utilization; not set, it is the metric's default. In requests. Upstream: autoscaling.knative.dev/target.
	Target *float64
	// Share of the target to aim at; not set, it is the cluster's. In %. Upstream: autoscaling.knative.dev/target-utilization-percentage.
	TargetUtilizationPercentage *float64
	// Burst that must fit without queueing; 0: activator never in the path, -1: always. In requests. Upstream: autoscaling.knative.dev/target-burst-capacity.
	TargetBurstCapacity float64
	// Panic window as a share of the stable window. In %. Upstream: autoscaling.knative.dev/panic-window-percentage.
	PanicWindowPercentage float64
	// Wanted pods over ready pods from which on panic mode holds. In %. Upstream: autoscaling.knative.dev/panic-threshold-percentage.
	PanicThresholdPercentage float64
	// Share of a concurrency target to aim at, as a fraction. Upstream: container-concurrency-target-percentage.
	ContainerConcurrencyTargetPercentage float64
	// Concurrency target of a revision that sets neither a target nor a limit. In requests. Upstream: container-concurrency-target-default.
	ContainerConcurrencyTargetDefault float64
	// Requests per second target where none is set. In requests/s. Upstream: requests-per-second-target-default.
	RequestsPerSecondTargetDefault float64
	// Requests that one activator takes. In requests. Upstream: activator-capacity.
	ActivatorCapacity float64
	// Most pods wanted, as a multiple of the ready pods. Upstream: max-scale-up-rate.
	MaxScaleUpRate float64
	// Fewest pods wanted are the ready pods divided by this. Upstream: max-scale-down-rate.
	MaxScaleDownRate float64
	// Length of the stable window; panic mode lasts as long. Upstream: autoscaling.knative.dev/window.
	StableWindow time.Duration
	// Scale down only to the largest wish within this time. Upstream: autoscaling.knative.dev/scale-down-delay.
	ScaleDownDelay time.Duration
	// Longest time that the network is given to route around the last pod. Upstream: scale-to-zero-grace-period.
	ScaleToZeroGracePeriod time.Duration
	// Shortest time that the last pod stays after traffic ended. Upstream: autoscaling.knative.dev/scale-to-zero-pod-retention-period.
	ScaleToZeroPodRetentionPeriod time.Duration
	// How long a revision may take to become ready; 30 s later it is given up. Upstream: serving.knative.dev/progress-deadline.
	ProgressDeadline time.Duration
	// Which autoscaler serves the revision. Upstream: autoscaling.knative.dev/class.
	PodAutoscalerClass string
}

// A KPAMetric is what a revision scales on.
type KPAMetric int32

// The values of a KPAMetric.
const (
	KPAMetricConcurrency KPAMetric = 0 // "concurrency"
	KPAMetricRPS         KPAMetric = 1 // "rps"
	KPAMetricOther       KPAMetric = 2 // "other"
)

func (v KPAMetric) String() string { return enumName(int(v), []string{"concurrency", "rps", "other"}) }

// A WindowAlgorithm says how a window is averaged.
type WindowAlgorithm int32

// The values of a WindowAlgorithm.
const (
	WindowAlgorithmLinear              WindowAlgorithm = 0 // "linear"
	WindowAlgorithmWeightedExponential WindowAlgorithm = 1 // "weighted-exponential"
)

func (v WindowAlgorithm) String() string {
	return enumName(int(v), []string{"linear", "weighted-exponential"})
}

// A ServingRelease is a release of Knative serving whose arithmetic is used.
type ServingRelease int32

// The values of a ServingRelease.
const (
	ServingRelease0_51 ServingRelease = 0 // "serving 0.51"
	ServingRelease0_42 ServingRelease = 1 // "serving 0.42"
)

func (v ServingRelease) String() string {
	return enumName(int(v), []string{"serving 0.51", "serving 0.42"})
}

// A Conversion says how a number that an integer cannot hold becomes one.
type Conversion int32

// The values of a Conversion.
const (
	ConversionSaturate Conversion = 0 // "saturate"
	ConversionAmd64    Conversion = 1 // "amd64"
)

func (v Conversion) String() string { return enumName(int(v), []string{"saturate", "amd64"}) }

// KPADeciderConfig is the Knative decider alone (upstream: DeciderSpec).
// Begin with DefaultKPADeciderConfig.
type KPADeciderConfig struct {
	// What the revision scales on; every other metric reads concurrency.
	ScalingMetric KPAMetric
	// Wanted load of one pod. In requests.
	TargetValue float64
	// Load that one pod can take. In requests.
	TotalValue float64
	// Burst that must fit without queueing; 0: activator never in the path, -1: always. In requests.
	TargetBurstCapacity float64
	// Requests that one activator takes. In requests.
	ActivatorCapacity float64
	// Wanted pods over ready pods from which on panic mode holds.
	PanicThreshold float64
	// Most pods wanted, as a multiple of the ready pods.
	MaxScaleUpRate float64
	// Fewest pods wanted are the ready pods divided by this.
	MaxScaleDownRate float64
	// Panic mode ends this long after its last renewal.
	StableWindow time.Duration
	// The largest wish within this time counts.
	ScaleDownDelay time.Duration
	// Pods of a new revision. In pods.
	InitialScale int32
	// Fewest pods as soon as there is any demand. In pods.
	ActivationScale int32
	// A route leads to the revision.
	Reachable bool
	// Release of Knative serving whose arithmetic is used.
	Semantics ServingRelease
	// How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64.
	Conversion Conversion
}

// KPACollectorConfig is the Knative metric collector alone (upstream: MetricSpec).
// Begin with DefaultKPACollectorConfig.
type KPACollectorConfig struct {
	// How the buckets of all windows are averaged.
	Algorithm WindowAlgorithm
	// Length of the stable window.
	StableWindow time.Duration
	// Length of the panic window.
	PanicWindow time.Duration
	// Longest stable window that an update may set; 0 is the stable window.
	StableReserve time.Duration
	// Longest panic window that an update may set; 0 is the panic window.
	PanicReserve time.Duration
	// Pods are scraped, so an empty stable window means no data, not zero.
	ScrapeTarget bool
	// Release of Knative serving whose arithmetic is used.
	Semantics ServingRelease
}

// HPAConfig is a HorizontalPodAutoscaler, and the flags of its controller.
// Begin with DefaultHPAConfig.
type HPAConfig struct {
	// Lower bound. In pods. Upstream: spec.minReplicas.
	MinReplicas int32
	// Upper bound; it has no default and has to be set. In pods. Upstream: spec.maxReplicas.
	MaxReplicas int32
	// The rules for scaling hold; without, a size at most doubles and falls after a window. Upstream: spec.behavior.
	Behavior bool
	// Release of Kubernetes whose rules are used; up to 1.35 metrics count at zero pods where the minimum is 0, up to 1.34 Value sums and proposals may wrap, up to 1.33 External averages too, up to 1.32 there is one tolerance and a missing container fails the metric, up to 1.28 sidecars request nothing, in 1.27 missing pods count as 0 at the target.
	Semantics KubernetesRelease
	// How a number that an integer cannot hold becomes one: nearest, or as Go on amd64.
	Conversion Conversion
	// Feature gate: an HPA may scale to zero and back; on from 1.37. Upstream: HPAScaleToZero.
	ScaleToZero Gate
	// Feature gate: the tolerances of the rules count; on from 1.35. Upstream: HPAConfigurableTolerance.
	ConfigurableTolerance Gate
	// Pods whose readings are kept apart; 0: only totals are. In pods.
	PodReserve int32
	// Wishes and changes to have room for, besides those of the sync period.
	Reserve int32
	// Distance from the target that is let be, as a fraction. Upstream: horizontal-pod-autoscaler-tolerance.
	Tolerance float64
	// Scale-down window where the rules have none. Upstream: horizontal-pod-autoscaler-downscale-stabilization.
	DownscaleStabilization time.Duration
	// Time after its start in which a pod's cpu counts only once it is ready. Upstream: horizontal-pod-autoscaler-cpu-initialization-period.
	CPUInitializationPeriod time.Duration
	// A pod that became not ready within this time of its start was never ready. Upstream: horizontal-pod-autoscaler-initial-readiness-delay.
	InitialReadinessDelay time.Duration
	// Time between decisions, by which the memory is measured out. Upstream: horizontal-pod-autoscaler-sync-period.
	SyncPeriod time.Duration
	// Rules for more pods. Upstream: spec.behavior.scaleUp.
	ScaleUp ScalingRules
	// Rules for fewer pods. Upstream: spec.behavior.scaleDown.
	ScaleDown ScalingRules
	// The metrics; the largest wish counts. Upstream: spec.metrics.
	Metrics []HPAMetric
}

// A KubernetesRelease is a release of Kubernetes whose rules are used.
type KubernetesRelease int32

// The values of a KubernetesRelease.
const (
	KubernetesRelease1_37 KubernetesRelease = 0  // "1.37"
	KubernetesRelease1_36 KubernetesRelease = 1  // "1.36"
	KubernetesRelease1_35 KubernetesRelease = 2  // "1.35"
	KubernetesRelease1_34 KubernetesRelease = 3  // "1.34"
	KubernetesRelease1_33 KubernetesRelease = 4  // "1.33"
	KubernetesRelease1_32 KubernetesRelease = 5  // "1.32"
	KubernetesRelease1_31 KubernetesRelease = 6  // "1.31"
	KubernetesRelease1_30 KubernetesRelease = 7  // "1.30"
	KubernetesRelease1_29 KubernetesRelease = 8  // "1.29"
	KubernetesRelease1_28 KubernetesRelease = 9  // "1.28"
	KubernetesRelease1_27 KubernetesRelease = 10 // "1.27"
)

func (v KubernetesRelease) String() string {
	return enumName(int(v), []string{"1.37", "1.36", "1.35", "1.34", "1.33", "1.32", "1.31", "1.30", "1.29", "1.28", "1.27"})
}

// A Gate is a feature gate.
type Gate int32

// The values of a Gate.
const (
	GateRelease Gate = 0 // "release"
	GateOff     Gate = 1 // "off"
	GateOn      Gate = 2 // "on"
)

func (v Gate) String() string { return enumName(int(v), []string{"release", "off", "on"}) }

// ScalingRules are the rules of one direction.
type ScalingRules struct {
	// How long a wish has to last: the most cautious one of that time counts. Upstream: stabilizationWindowSeconds.
	StabilizationWindow *time.Duration
	// Distance from the target that is let be, a fraction; HPA only. Upstream: tolerance.
	Tolerance *float64
	// Which policy counts: that of the largest or smallest change. Upstream: selectPolicy.
	SelectPolicy SelectPolicy
	// Caps of the change in a period. Upstream: policies.
	Policies []ScalingPolicy
}

// HPAMetric is one metric of an HPA.
type HPAMetric struct {
	// Where the metric comes from. Upstream: type.
	Source MetricSource
	// What the metric is held against. Upstream: target.
	TargetType TargetType
	// Percent of the requests for utilization, else thousandths; above 0. In milli or %. Upstream: target.
	Target int64
	// What a pod requests, for a replay that knows totals only. In milli.
	Request int64
	// Time that a sample of a pod covers, for a replay; cpu looks at it.
	SampleWindow time.Duration
	// Name of the resource or the metric. Upstream: name.
	Name string
	// Container of a container resource. Upstream: container.
	Container string
}

// A SelectPolicy says which of several policies counts.
type SelectPolicy int32

// The values of a SelectPolicy.
const (
	SelectPolicyMax      SelectPolicy = 0 // "Max"
	SelectPolicyMin      SelectPolicy = 1 // "Min"
	SelectPolicyDisabled SelectPolicy = 2 // "Disabled"
)

func (v SelectPolicy) String() string { return enumName(int(v), []string{"Max", "Min", "Disabled"}) }

// ScalingPolicy is a cap of the change in a period.
type ScalingPolicy struct {
	// What the value counts. Upstream: type.
	Type PolicyType
	// The largest change in one period. In pods or %. Upstream: value.
	Value int32
	// Time over which changes add up. Upstream: periodSeconds.
	Period time.Duration
}

// A MetricSource is where a metric comes from.
type MetricSource int32

// The values of a MetricSource.
const (
	MetricSourceUnknown           MetricSource = 0 // "unknown"
	MetricSourceResource          MetricSource = 1 // "Resource"
	MetricSourceContainerResource MetricSource = 2 // "ContainerResource"
	MetricSourcePods              MetricSource = 3 // "Pods"
	MetricSourceObject            MetricSource = 4 // "Object"
	MetricSourceExternal          MetricSource = 5 // "External"
)

func (v MetricSource) String() string {
	return enumName(int(v), []string{"unknown", "Resource", "ContainerResource", "Pods", "Object", "External"})
}

// A TargetType is what a metric is held against.
type TargetType int32

// The values of a TargetType.
const (
	TargetTypeNone         TargetType = 0 // "none"
	TargetTypeUtilization  TargetType = 1 // "Utilization"
	TargetTypeValue        TargetType = 2 // "Value"
	TargetTypeAverageValue TargetType = 3 // "AverageValue"
)

func (v TargetType) String() string {
	return enumName(int(v), []string{"none", "Utilization", "Value", "AverageValue"})
}

// A PolicyType is what a policy's value counts.
type PolicyType int32

// The values of a PolicyType.
const (
	PolicyTypePods    PolicyType = 0 // "Pods"
	PolicyTypePercent PolicyType = 1 // "Percent"
	PolicyTypeUnknown PolicyType = 2 // "unknown"
)

func (v PolicyType) String() string { return enumName(int(v), []string{"Pods", "Percent", "unknown"}) }

// ScaledObjectConfig is a KEDA ScaledObject: spec, annotations, and the HPA that KEDA makes.
// Begin with DefaultScaledObjectConfig.
type ScaledObjectConfig struct {
	// Lower bound, 0. In pods. Upstream: spec.minReplicaCount.
	MinReplicas *int32
	// Upper bound, 100. In pods. Upstream: spec.maxReplicaCount.
	MaxReplicas *int32
	// Size without activity, below the minimum. In pods. Upstream: spec.idleReplicaCount.
	IdleReplicas *int32
	// Nothing is decided. Upstream: autoscaling.keda.sh/paused.
	Paused bool
	// Nothing is decided, and the size is set to this. In pods. Upstream: autoscaling.keda.sh/paused-replicas.
	PausedReplicas *int32
	// No pods go. Upstream: autoscaling.keda.sh/paused-scale-in.
	PausedScaleIn bool
	// No pods come. Upstream: autoscaling.keda.sh/paused-scale-out.
	PausedScaleOut bool
	// Active whatever the triggers say. Upstream: autoscaling.keda.sh/force-activation.
	ForceActivation bool
	// Deleting the object gives the size back that it found. Upstream: spec.advanced.restoreToOriginalReplicaCount.
	RestoreOriginal bool
	// What is wrong with a spec that is in force all the same.
	Defect Defect
	// Time between two looks at the triggers. Upstream: spec.pollingInterval.
	PollingInterval time.Duration
	// Time without activity before zero, or idle. Upstream: spec.cooldownPeriod.
	CooldownPeriod time.Duration
	// The same from the creation on, as long as there was no activity yet. Upstream: spec.initialCooldownPeriod.
	InitialCooldownPeriod time.Duration
	// When the object was created.
	Created time.Time
	// What takes the place of a metric that fails. Upstream: spec.fallback.
	Fallback Fallback
	// One metric made of all by a formula. Upstream: spec.advanced.scalingModifiers.
	Modifiers ScalingModifiers
	// The triggers; any that is active activates, the largest wish counts. Upstream: spec.triggers.
	Triggers []Trigger
	// The rules for scaling hold; without, a size at most doubles and falls after a window. Upstream: spec.advanced.horizontalPodAutoscalerConfig.behavior.
	Behavior bool
	// Release of Kubernetes whose rules are used.
	Semantics KubernetesRelease
	// How a number that an integer cannot hold becomes one: nearest, or as Go on amd64.
	Conversion Conversion
	// Feature gate: the tolerances of the rules count; on from 1.35. Upstream: HPAConfigurableTolerance.
	ConfigurableTolerance Gate
	// Pods whose readings are kept apart; 0: only totals are. In pods.
	PodReserve int32
	// Wishes and changes to have room for, besides those of the sync period.
	Reserve int32
	// Changes of each time zone that there is room for.
	ZoneReserve int32
	// Distance from the target that is let be, as a fraction. Upstream: horizontal-pod-autoscaler-tolerance.
	Tolerance float64
	// Scale-down window where the rules have none. Upstream: horizontal-pod-autoscaler-downscale-stabilization.
	DownscaleStabilization time.Duration
	// Time after its start in which a pod's cpu counts only once it is ready. Upstream: horizontal-pod-autoscaler-cpu-initialization-period.
	CPUInitializationPeriod time.Duration
	// A pod that became not ready within this time of its start was never ready. Upstream: horizontal-pod-autoscaler-initial-readiness-delay.
	InitialReadinessDelay time.Duration
	// Time between decisions of the HPA. Upstream: horizontal-pod-autoscaler-sync-period.
	SyncPeriod time.Duration
	// Time from the start to the first poll.
	PollPhase time.Duration
	// Time from the start to the first decision of the HPA.
	SyncPhase time.Duration
	// Rules for more pods. Upstream: spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp.
	ScaleUp ScalingRules
	// Rules for fewer pods. Upstream: spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.
	ScaleDown ScalingRules
}

// A Defect is what is wrong with a spec that is in force all the same.
type Defect int32

// The values of a Defect.
const (
	DefectSound       Defect = 0 // "sound"
	DefectUnbuildable Defect = 1 // "unbuildable"
	DefectRefused     Defect = 2 // "refused"
	DefectBadPause    Defect = 3 // "bad-pause"
)

func (v Defect) String() string {
	return enumName(int(v), []string{"sound", "unbuildable", "refused", "bad-pause"})
}

// Fallback says what takes the place of a metric that fails.
type Fallback struct {
	// There is a fallback.
	Enabled bool
	// More failures than that, one after another, and it begins. Upstream: failureThreshold.
	FailureThreshold int32
	// Pods to fall back to. In pods. Upstream: replicas.
	Replicas int32
	// What takes the place of a failing metric. Upstream: behavior.
	Behavior FallbackBehavior
}

// ScalingModifiers make one metric of all by a formula.
type ScalingModifiers struct {
	// Any of the modifiers is set.
	Enabled bool
	// What the composite metric is held against. Upstream: metricType.
	MetricType TargetType
	// Target of the composite metric, a number above 0. Upstream: target.
	Target string
	// A composite metric above it is activity. Upstream: activationTarget.
	ActivationTarget string
	// Formula of the composite metric. Upstream: formula.
	Formula string
}

// Trigger is one metric of a KEDA trigger; begin with NewTrigger.
type Trigger struct {
	// What the trigger asks. Upstream: type.
	Type TriggerType
	// What the metric is held against. Upstream: metricType.
	MetricType TargetType
	// The HPA gets what the last poll saw. Upstream: useCachedMetrics.
	UseCachedMetrics bool
	// Prometheus: an empty answer is 0, not an error. Upstream: ignoreNullValues.
	IgnoreNullValues bool
	// One more metric of the trigger before it.
	Continues bool
	// Thousandths, or percent for utilization; above 0. In milli or %. Upstream: threshold.
	Target int64
	// What a pod requests, for a replay that knows totals only. In milli.
	Request int64
	// Time that a sample of a pod covers, for a replay; cpu looks at it.
	SampleWindow time.Duration
	// A value above it is activity. Upstream: activationThreshold.
	Activation float64
	// Name of the trigger, for the formula. Upstream: name.
	Name string
	// Name of the metric in the HPA; made from index and type where there is none.
	MetricName string
	// Container of a container resource. Upstream: containerName.
	Container string
	// Window of a cron trigger.
	Cron CronConfig
}

// A FallbackBehavior says how a failing metric is replaced.
type FallbackBehavior int32

// The values of a FallbackBehavior.
const (
	FallbackBehaviorStatic                  FallbackBehavior = 0 // "static"
	FallbackBehaviorCurrentReplicas         FallbackBehavior = 1 // "currentReplicas"
	FallbackBehaviorCurrentReplicasIfHigher FallbackBehavior = 2 // "currentReplicasIfHigher"
	FallbackBehaviorCurrentReplicasIfLower  FallbackBehavior = 3 // "currentReplicasIfLower"
	FallbackBehaviorScalingModifiers        FallbackBehavior = 4 // "scalingModifiers"
	FallbackBehaviorUnnamed                 FallbackBehavior = 5 // "unnamed"
)

func (v FallbackBehavior) String() string {
	return enumName(int(v), []string{"static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers", "unnamed"})
}

// A TriggerType is what a trigger asks.
type TriggerType int32

// The values of a TriggerType.
const (
	TriggerTypeOther              TriggerType = 0 // "other"
	TriggerTypePrometheus         TriggerType = 1 // "prometheus"
	TriggerTypeCPU                TriggerType = 2 // "cpu"
	TriggerTypeMemory             TriggerType = 3 // "memory"
	TriggerTypeCron               TriggerType = 4 // "cron"
	TriggerTypeMetricsAPI         TriggerType = 5 // "metrics-api"
	TriggerTypeExternal           TriggerType = 6 // "external"
	TriggerTypeExternalPush       TriggerType = 7 // "external-push"
	TriggerTypeKubernetesWorkload TriggerType = 8 // "kubernetes-workload"
)

func (v TriggerType) String() string {
	return enumName(int(v), []string{"other", "prometheus", "cpu", "memory", "cron", "metrics-api", "external", "external-push", "kubernetes-workload"})
}

// CronConfig is the window of a cron trigger.
type CronConfig struct {
	// Pods wanted between start and end; not 0. In pods. Upstream: desiredReplicas.
	DesiredReplicas int64
	// When the window opens, five fields. Upstream: start.
	Start string
	// When the window closes. Upstream: end.
	End string
	// Time zone of both, by its IANA name. Upstream: timezone.
	Timezone string
}

// BehaviorConfig is stabilization windows and scaling policies alone.
// Begin with DefaultBehaviorConfig.
type BehaviorConfig struct {
	// There are rules; without, a size at most doubles and falls after a window.
	Behavior bool
	// Lower bound. In pods.
	MinReplicas int32
	// Upper bound. In pods.
	MaxReplicas int32
	// How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64.
	Conversion Conversion
	// Wishes and changes to have room for, besides those of the sync period.
	Reserve int32
	// Scale-down window where the rules have none.
	DownscaleStabilization time.Duration
	// Time between decisions, by which the memory is measured out.
	SyncPeriod time.Duration
	// Rules for more pods.
	ScaleUp ScalingRules
	// Rules for fewer pods.
	ScaleDown ScalingRules
}

// WindowConfig is a window of time buckets.
// Begin with DefaultWindowConfig.
type WindowConfig struct {
	// How the buckets are averaged.
	Algorithm WindowAlgorithm
	// Length of the window, rounded up to whole buckets.
	Window time.Duration
	// Width of a bucket.
	Granularity time.Duration
	// Longest window that a later resize may ask for; 0 is the window itself.
	Reserve time.Duration
	// Series that are recorded at the same times.
	Lanes int32
	// Release of Knative serving whose arithmetic is used.
	Semantics ServingRelease
}
