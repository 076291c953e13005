package weir

/*
#include "weir.h"
#cgo noescape weir_kpa_step
#cgo nocallback weir_kpa_step
*/
import "C"

import (
	"time"
	"unsafe"
)

// A Condition is the status of a condition.
type Condition int32

// The values of a Condition.
const (
	ConditionUnknown Condition = C.WEIR_CONDITION_UNKNOWN
	ConditionTrue    Condition = C.WEIR_CONDITION_TRUE
	ConditionFalse   Condition = C.WEIR_CONDITION_FALSE
)

func (c Condition) String() string { return enumName(int(c), []string{"Unknown", "True", "False"}) }

// A KPAReason is why a revision is active or not.
type KPAReason int32

// The values of a KPAReason.
const (
	KPAReasonNone      KPAReason = C.WEIR_KPA_REASON_NONE
	KPAReasonQueued    KPAReason = C.WEIR_KPA_REASON_QUEUED
	KPAReasonNoTraffic KPAReason = C.WEIR_KPA_REASON_NO_TRAFFIC
	KPAReasonTimedOut  KPAReason = C.WEIR_KPA_REASON_TIMED_OUT
)

func (r KPAReason) String() string {
	return enumName(int(r), []string{"", "Queued", "NoTraffic", "TimedOut"})
}

// A KPAMode is what routes requests: the activator, or straight to the pods.
type KPAMode int32

// The values of a KPAMode.
const (
	KPAModeProxy KPAMode = C.WEIR_KPA_PROXY
	KPAModeServe KPAMode = C.WEIR_KPA_SERVE
)

func (m KPAMode) String() string { return enumName(int(m), []string{"Proxy", "Serve"}) }

// A KPAProbe is what asking the activator whether it is in the path gave.
type KPAProbe int32

// The values of a KPAProbe.
const (
	KPAProbeNo    KPAProbe = C.WEIR_KPA_PROBE_NO
	KPAProbeOK    KPAProbe = C.WEIR_KPA_PROBE_OK
	KPAProbeError KPAProbe = C.WEIR_KPA_PROBE_ERROR
)

// KPACluster is what a reconcile of a revision looks at.
type KPACluster struct {
	Desired             int32     // the decider's, -1: not known; KPA.Step knows it by itself
	ExcessBurstCapacity int32     // the decider's; likewise
	Replicas            *int32    // of the deployment; nil: the field is absent, which counts as 1
	Ready               int       // ready pods
	ProxySince          time.Time // since when the activator is in the path; zero: it is not
	Unreachable         bool      // no route leads to the revision
	HasPrivateService   bool      // the service of the pods exists
	HasService          bool      // the service of the revision has its name
	NetworkReady        bool      // the networking reports ready
	Probe               KPAProbe  // what a probe would give
	SystemInternalTLS   bool      // with serving 0.42, keeps the mode at Proxy
}

func (in *KPACluster) c() (c C.weir_kpa_reconcile_input, err error) {
	since, err := past(in.ProxySince)
	c = C.weir_kpa_reconcile_input{struct_size: C.sizeof_weir_kpa_reconcile_input, desired: C.int32_t(in.Desired),
		excess_burst_capacity: C.int32_t(in.ExcessBurstCapacity), replicas: C.WEIR_KPA_ABSENT,
		ready: C.int64_t(in.Ready), proxy_since: since, unreachable: cBool(in.Unreachable),
		has_private_service: cBool(in.HasPrivateService), has_service: cBool(in.HasService),
		network_ready: cBool(in.NetworkReady), probe: C.int32_t(in.Probe),
		system_internal_tls: cBool(in.SystemInternalTLS)}
	if in.Replicas != nil {
		c.replicas = C.int32_t(*in.Replicas)
	}
	return c, err
}

// KPAReconcile is what one reconcile decided.
type KPAReconcile struct {
	Want         int32  // pods; -1: not known
	Decided      bool   // false: it ended before Want, because the networking is missing
	Patch        *int32 // replicas to be set; nil: none
	Probed       bool   // the activator was probed
	AsyncProbe   bool   // it is to be probed in the background
	Mode         KPAMode
	Activators   int32 // how many are to carry the revision
	Active       Condition
	Reason       KPAReason
	Initialized  bool            // the first scale was reached once
	Ready        Condition       // of the whole object
	DesiredScale int32           // as the status reports it
	ActualScale  int64           // ready pods, as the status reports them
	ActiveSince  time.Time       // when Active changed, before the API drops its fraction
	RequeueAfter []time.Duration // look again after so long
}

func reconcileOf(c *C.weir_kpa_reconcile) KPAReconcile {
	r := KPAReconcile{Want: int32(c.want), Decided: c.decided != 0, Probed: c.probed != 0,
		AsyncProbe: c.async_probe != 0, Mode: KPAMode(c.mode), Activators: int32(c.activators),
		Active: Condition(c.active), Reason: KPAReason(c.reason), Initialized: c.initialized != 0,
		Ready: Condition(c.ready), DesiredScale: int32(c.desired_scale), ActualScale: int64(c.actual_scale),
		ActiveSince: moment(c.active_since)}
	if c.patch != C.WEIR_KPA_ABSENT {
		r.Patch = new(int32(c.patch))
	}
	for i := range c.requeue_count {
		r.RequeueAfter = append(r.RequeueAfter, time.Duration(c.requeue_after[i]))
	}
	return r
}

// KPAReconcilerState is what a reconciler carries from one step to the next: its part of the status. Begin
// with NewKPAReconcilerState; a copy is a fork.
type KPAReconcilerState struct {
	Active       Condition
	Reason       KPAReason
	Initialized  bool
	DesiredScale int32 // -1: not known, or never set
	Mode         KPAMode
	HasService   bool      // the status has the name of the service
	ActiveSince  time.Time // whole seconds, as the API keeps it; zero: a new object
}

// NewKPAReconcilerState is that of a new object.
func NewKPAReconcilerState() KPAReconcilerState {
	var c C.weir_kpa_reconciler_state
	C.weir_kpa_reconciler_init(&c, C.sizeof_weir_kpa_reconciler_state)
	return reconcilerStateOf(&c)
}

func reconcilerStateOf(c *C.weir_kpa_reconciler_state) KPAReconcilerState {
	return KPAReconcilerState{Active: Condition(c.active), Reason: KPAReason(c.reason),
		Initialized: c.initialized != 0, DesiredScale: int32(c.desired_scale), Mode: KPAMode(c.mode),
		HasService: c.has_service != 0, ActiveSince: moment(c.active_since)}
}

func (s *KPAReconcilerState) c() (c C.weir_kpa_reconciler_state, err error) {
	since, err := past(s.ActiveSince)
	return C.weir_kpa_reconciler_state{struct_size: C.sizeof_weir_kpa_reconciler_state,
		active: C.int32_t(s.Active), reason: C.int32_t(s.Reason), initialized: cBool(s.Initialized),
		desired_scale: C.int32_t(s.DesiredScale), mode: C.int32_t(s.Mode), has_service: cBool(s.HasService),
		active_since: since}, err
}

// Step makes one reconcile: bounds, scale to zero, mode, activators, conditions. The state moves on,
// unless there is an error. The configuration is read as it is, not checked.
func (s *KPAReconcilerState) Step(config KPAConfig, now time.Time, cluster KPACluster) (KPAReconcile, error) {
	cfg, err := config.c()
	if err != nil {
		return KPAReconcile{}, err
	}
	at, err := instant(now)
	if err != nil {
		return KPAReconcile{}, err
	}
	in, err := cluster.c()
	if err != nil {
		return KPAReconcile{}, err
	}
	c, err := s.c()
	if err != nil {
		return KPAReconcile{}, err
	}
	out := C.weir_kpa_reconcile{struct_size: C.sizeof_weir_kpa_reconcile}
	if err := failure(C.weir_kpa_reconcile_step(&cfg, &c, &in, at, &out, nil), nil); err != nil {
		return KPAReconcile{}, err
	}
	*s = reconcilerStateOf(&c)
	return reconcileOf(&out), nil
}

// Step does everything that the real system does at now: the scale step if a tick is due or requests
// came while no pod was wanted, and the reconciles that are called for. To be called at Due, when
// Poked, and when the cluster changes. Decision.Replicas is the size that the deployment is to have.
func (k *KPA) Step(now time.Time, cluster KPACluster) (Decision, error) {
	return k.step(now, &cluster, nil)
}

// ExplainStep does as Step does, and says why.
func (k *KPA) ExplainStep(now time.Time, cluster KPACluster) (Decision, []Step, error) {
	return explained(func(why *C.weir_explain) (Decision, error) { return k.step(now, &cluster, why) })
}

func (k *KPA) step(now time.Time, cluster *KPACluster, why *C.weir_explain) (Decision, error) {
	at, err := instant(now)
	if err != nil {
		return Decision{}, err
	}
	in, err := cluster.c()
	if err != nil {
		return Decision{}, err
	}
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	return decided(C.weir_kpa_step(k.c(), &in, at, &out, why), &out)
}

// Reconciled gives the last reconcile inside Step; not ok: there was none.
func (k *KPA) Reconciled() (r KPAReconcile, ok bool, err error) {
	out := C.weir_kpa_reconcile{struct_size: C.sizeof_weir_kpa_reconcile}
	status := C.weir_kpa_get_reconcile((*C.weir_kpa)(k.look()), &out, C.sizeof_weir_kpa_reconcile)
	return reconcileOf(&out), status == C.WEIR_OK, failure(status, nil)
}

// Reconciler reads what the reconciler inside carries over.
func (k *KPA) Reconciler() KPAReconcilerState {
	c := C.weir_kpa_get_reconciler(k.c())
	if c == nil {
		return KPAReconcilerState{}
	}
	return reconcilerStateOf(c)
}

// SetReconciler sets it, before the first step of a revision that is not new.
func (k *KPA) SetReconciler(state KPAReconcilerState) error {
	to := C.weir_kpa_get_reconciler(k.c())
	if to == nil {
		return failure(C.WEIR_E_ARG, nil)
	}
	c, err := state.c()
	if err == nil {
		*to = c
	}
	return err
}

// ---- where statistics come from ----

// A KPARequestEvent is what happens to a request.
type KPARequestEvent int32

// The values of a KPARequestEvent.
const (
	KPARequestIn         KPARequestEvent = C.WEIR_KPA_REQUEST_IN
	KPARequestOut        KPARequestEvent = C.WEIR_KPA_REQUEST_OUT
	KPARequestProxiedIn  KPARequestEvent = C.WEIR_KPA_REQUEST_PROXIED_IN
	KPARequestProxiedOut KPARequestEvent = C.WEIR_KPA_REQUEST_PROXIED_OUT
)

// KPARequests are the requests in flight at a pod: what its queue-proxy reports. A copy is a fork.
type KPARequests struct{ c C.weir_kpa_requests }

// NewKPARequests begins at start.
func NewKPARequests(start time.Time) (KPARequests, error) {
	var r KPARequests
	at, err := instant(start)
	if err == nil {
		err = failure(C.weir_kpa_requests_init(&r.c, C.sizeof_weir_kpa_requests, at), nil)
	}
	return r, err
}

// Event takes an event in. A time before the last one adds no time.
func (r *KPARequests) Event(at time.Time, event KPARequestEvent) error {
	t, err := instant(at)
	if err != nil {
		return err
	}
	return failure(C.weir_kpa_requests_event(&r.c, C.int32_t(event), t), nil)
}

// Report tells what happened since the last report.
func (r *KPARequests) Report(at time.Time) (KPAStat, error) {
	t, err := instant(at)
	if err != nil {
		return KPAStat{}, err
	}
	var stat C.weir_kpa_stat
	err = failure(C.weir_kpa_requests_report(&r.c, t, &stat), nil)
	return statOf(&stat), err
}

// KPAActivator is the activator's view of one revision. A copy is a fork.
type KPAActivator struct{ c C.weir_kpa_activator }

// NewKPAActivator is that of a revision without requests.
func NewKPAActivator() KPAActivator {
	var a KPAActivator
	C.weir_kpa_activator_init(&a.c, C.sizeof_weir_kpa_activator)
	return a
}

// Event: a request comes or is done. Sent: the activator sends this report at once.
func (a *KPAActivator) Event(at time.Time, event KPARequestEvent) (stat KPAStat, sent bool, err error) {
	t, err := instant(at)
	if err != nil {
		return stat, false, err
	}
	var c C.weir_kpa_stat
	status := C.weir_kpa_activator_event(&a.c, C.int32_t(event), t, &c)
	return statOf(&c), status == C.WEIR_OK, failure(status, nil)
}

// Report is that of every second; not sent: there is none.
func (a *KPAActivator) Report(at time.Time) (stat KPAStat, sent bool, err error) {
	t, err := instant(at)
	if err != nil {
		return stat, false, err
	}
	var c C.weir_kpa_stat
	status := C.weir_kpa_activator_report(&a.c, t, &c)
	return statOf(&c), status == C.WEIR_OK, failure(status, nil)
}

// A KPAPod is a pod as a scrape finds it.
type KPAPod struct {
	Age    float64 // seconds since it started, or the uptime that it reports
	Failed bool    // it does not answer
	Stat   KPAStat
}

// KPASampleSize is how many of so many pods are asked.
func KPASampleSize(pods int) int { return int(C.weir_kpa_sample_size(C.int64_t(pods))) }

// KPAScrape asks a sample of pods, those older than the stable window first, and extrapolates to all; not
// ok: there are no pods. ErrIO: fewer answered than the sample has.
func KPAScrape(pods []KPAPod, stableWindow time.Duration) (stat KPAStat, asked int, ok bool, err error) {
	list := make([]C.weir_kpa_pod, len(pods))
	for i, p := range pods {
		list[i] = C.weir_kpa_pod{age: C.double(p.Age), failed: cBool(p.Failed), stat: p.Stat.c()}
	}
	var c C.weir_kpa_stat
	var count C.int64_t
	status := C.weir_kpa_scrape(unsafe.SliceData(list), C.size_t(len(list)), C.double(stableWindow.Seconds()), &c, &count)
	return statOf(&c), int(count), status == C.WEIR_OK, failure(status, nil)
}
