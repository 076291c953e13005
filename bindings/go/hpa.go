package weir

/*
#include "weir.h"

// What an input points to comes as arguments: memory of Go must not point to memory of Go.
static inline void weirgo_hpa_input(weir_hpa_input *in, int32_t spec, int32_t status,
                                    weir_status scale_status, int32_t selector,
                                    const weir_hpa_reading *readings, uint32_t reading_count,
                                    const int64_t *values, uint32_t value_count,
                                    const weir_hpa_sample *samples, uint32_t sample_count,
                                    const weir_pod *pods, uint32_t pod_count)
{
    *in = (weir_hpa_input){
        .struct_size = sizeof *in,
        .spec_replicas = spec,
        .status_replicas = status,
        .scale_status = scale_status,
        .selector = selector,
        .reading_count = reading_count,
        .value_count = value_count,
        .sample_count = sample_count,
        .pod_count = pod_count,
        .readings = readings,
        .values = values,
        .samples = samples,
        .pods = pods,
    };
}

static inline weir_status weirgo_hpa_decide(uint64_t *hpa, int32_t spec, int32_t status,
                                            weir_status scale_status, int32_t selector,
                                            const weir_hpa_reading *readings, uint32_t reading_count,
                                            const int64_t *values, uint32_t value_count,
                                            const weir_hpa_sample *samples, uint32_t sample_count,
                                            const weir_pod *pods, uint32_t pod_count, weir_time now,
                                            weir_decision *out, weir_explain *why)
{
    weir_hpa_input in;

    weirgo_hpa_input(&in, spec, status, scale_status, selector, readings, reading_count, values,
                     value_count, samples, sample_count, pods, pod_count);
    return weir_hpa_decide((weir_hpa *)(void *)hpa, &in, now, out, why);
}
#cgo noescape weirgo_hpa_decide
#cgo nocallback weirgo_hpa_decide

static inline weir_status weirgo_hpa_propose(const weir_hpa_config *config, uint32_t metric,
                                             int32_t spec, int32_t status,
                                             const weir_hpa_reading *readings, uint32_t reading_count,
                                             const int64_t *values, uint32_t value_count,
                                             const weir_hpa_sample *samples, uint32_t sample_count,
                                             const weir_pod *pods, uint32_t pod_count, weir_time now,
                                             weir_hpa_proposal *out)
{
    weir_hpa_input in;

    weirgo_hpa_input(&in, spec, status, WEIR_OK, WEIR_SELECTOR_FINE, readings, reading_count, values,
                     value_count, samples, sample_count, pods, pod_count);
    return weir_hpa_propose(config, metric, &in, now, out);
}

static inline int64_t weirgo_hpa_pod_request(const weir_hpa_container *containers, uint32_t count,
                                             int32_t one, int32_t pod_level, int32_t semantics,
                                             int64_t pod_request, int64_t overhead)
{
    weir_hpa_requests requests = {containers, count, one, pod_level, semantics, pod_request, overhead};

    return weir_hpa_pod_request(&requests);
}
*/
import "C"

import (
	"slices"
	"time"
	"unsafe"
)

// DefaultHPAConfig has the defaults of Kubernetes. MaxReplicas has none and must be set.
func DefaultHPAConfig() HPAConfig {
	var c C.weir_hpa_config
	C.weir_hpa_config_init(&c, C.sizeof_weir_hpa_config)
	return fromC[HPAConfig](ConfigHPA, unsafe.Pointer(&c))
}

func (c *HPAConfig) c() (*C.weir_hpa_config, error) {
	to := new(C.weir_hpa_config)
	C.weir_hpa_config_init(to, C.sizeof_weir_hpa_config)
	return to, toC(ConfigHPA, c, unsafe.Pointer(to))
}

// Check finds what is wrong with a configuration.
func (c HPAConfig) Check() error {
	to, err := c.c()
	if err != nil {
		return err
	}
	var e C.weir_error
	return failure(C.weir_hpa_config_check(to, &e), &e)
}

// NoRequest is the Request of a Sample whose pod, or one of its containers, requests nothing.
const NoRequest int64 = C.WEIR_HPA_NO_REQUEST

// A SamplePresence says whether a pod has a sample.
type SamplePresence int32

// The values of a SamplePresence.
const (
	SampleNone        SamplePresence = C.WEIR_SAMPLE_NONE
	SamplePresent     SamplePresence = C.WEIR_SAMPLE_PRESENT
	SampleNoContainer SamplePresence = C.WEIR_SAMPLE_NO_CONTAINER // the pod was reported without the container
)

// A Sample is one pod's sample of one metric. Amounts are thousandths.
type Sample struct {
	Value    int64
	Request  int64         // see PodRequest; only utilization looks at it
	At       time.Time     // end of the time it covers
	Window   time.Duration // length of that time; only cpu looks at both
	Presence SamplePresence
}

// HPAMetricInput is what one metric's source answered. Object has one of Values, External all of the
// series that matched. Resource, ContainerResource and Pods have one of Samples for every pod of the
// input in its order, absent ones too, then those of pods that are not in the input.
type HPAMetricInput struct {
	Values  []int64 // thousandths
	Samples []Sample
	Err     error // the source failed; ErrNoData: its answer was empty
}

// A Selector says whether the scale target's selector can be used.
type Selector int32

// The values of a Selector.
const (
	SelectorFine      Selector = C.WEIR_SELECTOR_FINE
	SelectorMissing   Selector = C.WEIR_SELECTOR_MISSING
	SelectorInvalid   Selector = C.WEIR_SELECTOR_INVALID
	SelectorAmbiguous Selector = C.WEIR_SELECTOR_AMBIGUOUS // another HPA selects some of the same pods
)

// HPAInput is what one reconcile looks at.
type HPAInput struct {
	Replicas       int32            // of the scale target's spec: what "current" is everywhere
	StatusReplicas int32            // of its status: what AverageValue of Object and External divides by
	Metrics        []HPAMetricInput // as many as the configuration has metrics
	Pods           []Pod            // all pods that the selector matches, dead ones too
	Selector       Selector
	ScaleErr       error // the scale could not be read
}

// room is where an input is laid out for C, used again by every step.
type room struct {
	readings []C.weir_hpa_reading
	values   []C.int64_t
	samples  []C.weir_hpa_sample
	pods     []C.weir_pod
}

func (r *room) take(in *HPAInput) (err error) {
	r.readings, r.values, r.samples = r.readings[:0], r.values[:0], r.samples[:0]
	for i := range in.Metrics {
		m := &in.Metrics[i]
		reading := C.weir_hpa_reading{status: statusOf(m.Err)}
		if m.Samples != nil {
			reading.first, reading.count = C.uint32_t(len(r.samples)), C.uint32_t(len(m.Samples))
			for j := range m.Samples {
				s := &m.Samples[j]
				at, err := past(s.At)
				if err != nil {
					return err
				}
				r.samples = append(r.samples, C.weir_hpa_sample{value: C.int64_t(s.Value),
					request: C.int64_t(s.Request), at: at, window: C.weir_duration(s.Window),
					present: C.int32_t(s.Presence)})
			}
		} else {
			reading.first, reading.count = C.uint32_t(len(r.values)), C.uint32_t(len(m.Values))
			for _, v := range m.Values {
				r.values = append(r.values, C.int64_t(v))
			}
		}
		r.readings = append(r.readings, reading)
	}
	r.pods, err = takePods(r.pods, in.Pods)
	return err
}

// HPAContainerKind is what a container is to its pod.
type HPAContainerKind int32

// The kinds of containers.
const (
	ContainerMain    HPAContainerKind = C.WEIR_CONTAINER_MAIN
	ContainerInit    HPAContainerKind = C.WEIR_CONTAINER_INIT
	ContainerSidecar HPAContainerKind = C.WEIR_CONTAINER_SIDECAR // an init container with restartPolicy Always
)

// An HPAContainer is one container's request of one resource.
type HPAContainer struct {
	Request int64 // thousandths, or NoRequest
	Kind    HPAContainerKind
	Named   bool // it has the name that the metric asks for
}

// HPARequests are the requests of one pod for one resource.
type HPARequests struct {
	Containers   []HPAContainer // init containers and sidecars in their order
	OneContainer bool           // the named container's only (ContainerResource)
	PodLevel     bool           // the pod has requests of its own, and the gate PodLevelResources is on
	PodRequest   int64          // the pod's own for this resource, or NoRequest
	Overhead     int64          // of the pod, or NoRequest; counts with PodLevel only
	Semantics    KubernetesRelease
}

// PodRequest is what a pod requests of a resource: thousandths, or NoRequest, which fails the metric.
func PodRequest(r HPARequests) int64 {
	list := make([]C.weir_hpa_container, len(r.Containers))
	for i, c := range r.Containers {
		list[i] = C.weir_hpa_container{request: C.int64_t(c.Request), kind: C.int32_t(c.Kind), named: cBool(c.Named)}
	}
	return int64(C.weirgo_hpa_pod_request(unsafe.SliceData(list), C.uint32_t(len(list)), cBool(r.OneContainer),
		cBool(r.PodLevel), C.int32_t(r.Semantics), C.int64_t(r.PodRequest), C.int64_t(r.Overhead)))
}

// An HPAProposal is what one metric asks for.
type HPAProposal struct {
	Valid       bool  // false: it failed, see Rule
	Replicas    int32 // wanted; 0 when it failed
	Rule        Rule  // what settled it, or why it failed
	Utilization int32 // percent of the requests, of the samples there are
	Usage       int64 // thousandths, as the status shows it: the value, or the average per pod
	Ratio       float64
	FilledRatio float64 // with what is assumed for the pods set aside
	Ready       int64   // pods whose samples count
	Unready     int64   // pods that are pending or, by cpu's rules, not ready
	Missing     int64   // pods without a sample
	Ignored     int64   // pods that are failed or going
	Next        time.Time
}

func proposalOf(p *C.weir_hpa_proposal) HPAProposal {
	return HPAProposal{Valid: p.status == C.WEIR_OK, Replicas: int32(p.replicas), Rule: Rule(p.rule),
		Utilization: int32(p.utilization), Usage: int64(p.usage), Ratio: float64(p.ratio),
		FilledRatio: float64(p.filled_ratio), Ready: int64(p.ready), Unready: int64(p.unready),
		Missing: int64(p.missing), Ignored: int64(p.ignored), Next: moment(p.next)}
}

// Propose is the rule of one metric: what it asks for, with no memory and no limits. The configuration is
// not checked.
func (c HPAConfig) Propose(metric int, now time.Time, in HPAInput) (HPAProposal, error) {
	cfg, err := c.c()
	if err != nil {
		return HPAProposal{}, err
	}
	at, err := instant(now)
	if err != nil {
		return HPAProposal{}, err
	}
	var r room
	if err := r.take(&in); err != nil {
		return HPAProposal{}, err
	}
	out := C.weir_hpa_proposal{struct_size: C.sizeof_weir_hpa_proposal}
	err = failure(C.weirgo_hpa_propose(cfg, C.uint32_t(metric), C.int32_t(in.Replicas), C.int32_t(in.StatusReplicas),
		unsafe.SliceData(r.readings), C.uint32_t(len(r.readings)), unsafe.SliceData(r.values), C.uint32_t(len(r.values)),
		unsafe.SliceData(r.samples), C.uint32_t(len(r.samples)), unsafe.SliceData(r.pods), C.uint32_t(len(r.pods)),
		at, &out), nil)
	return proposalOf(&out), err
}

// An HPA is a HorizontalPodAutoscaler with its controller's memory of it.
type HPA struct {
	machine
	room room
}

func (h *HPA) c() *C.weir_hpa { return (*C.weir_hpa)(h.pointer()) }

func (h *HPA) read() *C.weir_hpa { return (*C.weir_hpa)(h.look()) }

// NewHPA makes an HPA that remembers nothing and is due at now.
func NewHPA(config HPAConfig, now time.Time) (*HPA, error) {
	c, err := config.c()
	if err != nil {
		return nil, err
	}
	at, err := instant(now)
	if err != nil {
		return nil, err
	}
	var e C.weir_error
	var bytes C.size_t
	if err := failure(C.weir_hpa_bytes(c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	h := &HPA{machine: machine{state: newState(bytes)}}
	return h, failure(C.weir_hpa_init(h.c(), bytes, c, at, &e), &e)
}

// Clone copies the HPA; the copy goes its own way.
func (h *HPA) Clone() *HPA { return &HPA{machine: machine{state: h.clone()}} }

// Decide makes one reconcile. Where Decision.Apply says so, write the replicas to the scale target; the HPA
// takes it that this succeeds, WriteFailed tells otherwise.
func (h *HPA) Decide(now time.Time, in HPAInput) (Decision, error) { return h.decide(now, &in, nil) }

// Explain decides as Decide does, and says why.
func (h *HPA) Explain(now time.Time, in HPAInput) (Decision, []Step, error) {
	return explained(func(why *C.weir_explain) (Decision, error) { return h.decide(now, &in, why) })
}

func (h *HPA) decide(now time.Time, in *HPAInput, why *C.weir_explain) (Decision, error) {
	at, err := instant(now)
	if err == nil {
		err = h.room.take(in)
	}
	if err != nil {
		return Decision{}, err
	}
	r := &h.room
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	h.changes++
	return decided(C.weirgo_hpa_decide(h.address(), C.int32_t(in.Replicas), C.int32_t(in.StatusReplicas),
		statusOf(in.ScaleErr), C.int32_t(in.Selector), unsafe.SliceData(r.readings), C.uint32_t(len(r.readings)),
		unsafe.SliceData(r.values), C.uint32_t(len(r.values)), unsafe.SliceData(r.samples),
		C.uint32_t(len(r.samples)), unsafe.SliceData(r.pods), C.uint32_t(len(r.pods)), at, &out, why), &out)
}

// WriteDone tells when the last decision was written: policies count the change from then on.
func (h *HPA) WriteDone(at time.Time) error {
	t, err := instant(at)
	if err != nil {
		return err
	}
	return failure(C.weir_hpa_write_done(h.c(), t), nil)
}

// WriteFailed tells that the last decision could not be written: no change is counted.
func (h *HPA) WriteFailed() error { return failure(C.weir_hpa_write_failed(h.c()), nil) }

// Restart forgets wishes and changes, as a controller that restarts; the status stays.
func (h *HPA) Restart() error { return failure(C.weir_hpa_restart(h.c()), nil) }

// Adopt takes over what another one remembers and its status: a spec was edited, and all else goes on.
func (h *HPA) Adopt(from *HPA) error { return failure(C.weir_hpa_adopt(h.c(), from.c()), nil) }

// An HPACondition is one condition of the status.
type HPACondition struct {
	Type   HPAConditionType
	Status Condition
	Reason Reason
	Since  time.Time // when the status last changed
}

// An HPAConditionType is the type of a condition.
type HPAConditionType int32

// The types of conditions.
const (
	ConditionNameless       HPAConditionType = C.WEIR_CONDITION_NAMELESS // upstream's slip with an empty list of metrics
	ConditionAbleToScale    HPAConditionType = C.WEIR_CONDITION_ABLE_TO_SCALE
	ConditionScalingActive  HPAConditionType = C.WEIR_CONDITION_SCALING_ACTIVE
	ConditionScalingLimited HPAConditionType = C.WEIR_CONDITION_SCALING_LIMITED
	ConditionScaledToZero   HPAConditionType = C.WEIR_CONDITION_SCALED_TO_ZERO
)

// String is the name that upstream gives it, "AbleToScale".
func (t HPAConditionType) String() string { return C.GoString(C.weir_condition_name(C.int32_t(t))) }

// A RescaleReason is what the event of a rescale says.
type RescaleReason int32

// The values of a RescaleReason.
const (
	RescaleNone        RescaleReason = C.WEIR_RESCALE_NONE
	RescaleAboveTarget RescaleReason = C.WEIR_RESCALE_ABOVE_TARGET // the metric of Metric is above its target
	RescaleBelowTarget RescaleReason = C.WEIR_RESCALE_BELOW_TARGET // all metrics are below theirs
	RescaleAboveMax    RescaleReason = C.WEIR_RESCALE_ABOVE_MAX
	RescaleBelowMin    RescaleReason = C.WEIR_RESCALE_BELOW_MIN
)

// HPAStatus is what a client of the API server would see, as of the last step.
type HPAStatus struct {
	CurrentReplicas  int32
	DesiredReplicas  int32 // of the last step that decided; -1 before the first
	Metric           int   // index of the metric that won; -1
	RescaleReason    RescaleReason
	MetricsEvaluated bool // Proposal has the last step's metrics
	MetricsFailed    int  // how many of them failed
	LastScaleTime    time.Time
	NextSync         time.Time
	Conditions       []HPACondition
}

// Status reads the status.
func (h *HPA) Status() (HPAStatus, error) {
	var c C.weir_hpa_status
	if err := failure(C.weir_hpa_get_status(h.read(), &c, C.sizeof_weir_hpa_status), nil); err != nil {
		return HPAStatus{}, err
	}
	s := HPAStatus{CurrentReplicas: int32(c.current_replicas), DesiredReplicas: int32(c.desired_replicas),
		Metric: int(c.metric), RescaleReason: RescaleReason(c.rescale_reason),
		MetricsEvaluated: c.metrics_evaluated != 0, MetricsFailed: int(c.metrics_failed),
		LastScaleTime: moment(c.last_scale_time), NextSync: moment(c.next_sync)}
	for _, one := range c.conditions[:c.condition_count] {
		s.Conditions = append(s.Conditions, HPACondition{HPAConditionType(one._type), hpaConditions[one.status],
			Reason(one.reason), moment(one.since)})
	}
	return s, nil
}

// The library's numbers of the states of a condition of an HPA.
var hpaConditions = [...]Condition{ConditionFalse, ConditionTrue, ConditionUnknown}

// SetCondition sets a condition as the API server has it; of all of them only ScaledToZero ever counts.
func (h *HPA) SetCondition(condition HPAConditionType, status Condition) error {
	number := slices.Index(hpaConditions[:], status)
	return failure(C.weir_hpa_set_condition(h.c(), C.int32_t(condition), C.int32_t(number)), nil)
}

// Proposal reads what a metric asked for in the last step; not ok: there is none.
func (h *HPA) Proposal(metric int) (p HPAProposal, ok bool, err error) {
	out := C.weir_hpa_proposal{struct_size: C.sizeof_weir_hpa_proposal}
	status := C.weir_hpa_get_proposal(h.read(), C.uint32_t(metric), &out, C.sizeof_weir_hpa_proposal)
	return proposalOf(&out), status == C.WEIR_OK, failure(status, nil)
}
