package weir

/*
#include "weir.h"
#include <stdlib.h>

// How a step is asked for.
enum { WEIRGO_DECIDE, WEIRGO_POLL, WEIRGO_SYNC, WEIRGO_PUSH, WEIRGO_ACT, WEIRGO_DELETE, WEIRGO_RECONCILE };

// What an input points to comes as arguments: memory of Go must not point to memory of Go.
static inline void weirgo_keda_input(weir_keda_input *in, int32_t replicas, int32_t status_replicas,
                                     int32_t ready, weir_status replicas_status, int32_t active,
                                     const weir_keda_reading *readings, uint32_t reading_count,
                                     const weir_pod *pods, uint32_t pod_count)
{
    *in = (weir_keda_input){
        .struct_size = sizeof *in,
        .reading_count = reading_count,
        .replicas = replicas,
        .status_replicas = status_replicas,
        .ready_pods = ready,
        .replicas_status = replicas_status,
        .scaling_active = active,
        .pod_count = pod_count,
        .readings = readings,
        .pods = pods,
    };
}

static inline weir_status weirgo_keda_step(uint64_t *state, int32_t what, int32_t first, int32_t second,
                                           int32_t *polls, int32_t replicas, int32_t status_replicas,
                                           int32_t ready, weir_status replicas_status, int32_t active,
                                           const weir_keda_reading *readings, uint32_t reading_count,
                                           const weir_pod *pods, uint32_t pod_count, weir_time now,
                                           weir_decision *out, weir_explain *why)
{
    weir_keda *keda = (weir_keda *)(void *)state;
    weir_keda_input in;

    weirgo_keda_input(&in, replicas, status_replicas, ready, replicas_status, active, readings,
                      reading_count, pods, pod_count);
    switch (what) {
    case WEIRGO_POLL:
        return weir_keda_poll(keda, &in, now, out, why);
    case WEIRGO_SYNC:
        return weir_keda_sync(keda, &in, now, out, why);
    case WEIRGO_PUSH:
        return weir_keda_push(keda, (uint32_t)first, &in, now, out, why);
    case WEIRGO_ACT:
        return weir_keda_act(keda, first, second, &in, now, out, why);
    case WEIRGO_DELETE:
        return weir_keda_delete(keda, &in, now, out, why);
    case WEIRGO_RECONCILE:
        return weir_keda_reconcile(keda, &in, now, polls, out, why);
    default:
        return weir_keda_decide(keda, &in, now, out, why);
    }
}
#cgo noescape weirgo_keda_step
#cgo nocallback weirgo_keda_step

static inline weir_status weirgo_keda_serve(weir_keda *keda, uint32_t metric, int32_t replicas,
                                            int32_t status_replicas, int32_t ready,
                                            weir_status replicas_status, int32_t active,
                                            const weir_keda_reading *readings, uint32_t reading_count,
                                            const weir_pod *pods, uint32_t pod_count, weir_time now,
                                            weir_keda_served *list, uint32_t *count)
{
    weir_keda_input in;

    weirgo_keda_input(&in, replicas, status_replicas, ready, replicas_status, active, readings,
                      reading_count, pods, pod_count);
    return weir_keda_serve(keda, metric, &in, now, list, count);
}

static inline weir_status weirgo_keda_set_zone(weir_keda *keda, const char *name, int32_t offset,
                                               const weir_zone_change *changes, uint32_t count)
{
    weir_zone zone = {count, offset, changes};

    return weir_keda_set_zone(keda, name, &zone);
}
*/
import "C"

import (
	"time"
	"unsafe"
)

// DefaultScaledObjectConfig has KEDA's defaults, and no trigger.
func DefaultScaledObjectConfig() ScaledObjectConfig {
	c := new(C.weir_keda_config)
	C.weir_keda_config_init(c, C.sizeof_weir_keda_config)
	return fromC[ScaledObjectConfig](ConfigScaledObject, unsafe.Pointer(c))
}

// NewTrigger has the defaults of a trigger of a type.
func NewTrigger(kind TriggerType) Trigger {
	c := new(C.weir_keda_config)
	C.weir_keda_config_init(c, C.sizeof_weir_keda_config)
	C.weir_keda_trigger_init(&c.triggers[0], C.int32_t(kind))
	c.trigger_count = 1
	return fromC[ScaledObjectConfig](ConfigScaledObject, unsafe.Pointer(c)).Triggers[0]
}

func (c *ScaledObjectConfig) c() (*C.weir_keda_config, error) {
	to := new(C.weir_keda_config)
	C.weir_keda_config_init(to, C.sizeof_weir_keda_config)
	return to, toC(ConfigScaledObject, c, unsafe.Pointer(to))
}

// Check finds what is wrong with a configuration, but for the formula: NewScaledObject has that.
func (c ScaledObjectConfig) Check() error {
	to, err := c.c()
	if err != nil {
		return err
	}
	var e C.weir_error
	return failure(C.weir_keda_config_check(to, &e), &e)
}

// HPA is the configuration of the HPA that KEDA makes: bounds, metrics in its order, behavior.
func (c ScaledObjectConfig) HPA() (HPAConfig, error) {
	from, err := c.c()
	if err != nil {
		return HPAConfig{}, err
	}
	hpa := new(C.weir_hpa_config)
	C.weir_hpa_config_init(hpa, C.sizeof_weir_hpa_config)
	var e C.weir_error
	if err := failure(C.weir_keda_hpa_config(from, hpa, &e), &e); err != nil {
		return HPAConfig{}, err
	}
	return fromC[HPAConfig](ConfigHPA, unsafe.Pointer(hpa)), nil
}

// ScaledObjectHealth is what is known of a metric's failures.
type ScaledObjectHealth struct {
	Status   HealthStatus
	Failures int32 // one after another
}

// A HealthStatus is the state of a metric's health.
type HealthStatus int32

// The values of a HealthStatus.
const (
	HealthNone    HealthStatus = C.WEIR_HEALTH_NONE // there is no entry yet
	HealthHappy   HealthStatus = C.WEIR_HEALTH_HAPPY
	HealthFailing HealthStatus = C.WEIR_HEALTH_FAILING
)

// An Activity says whether a trigger says itself that it is active.
type Activity int32

// The values of an Activity.
const (
	ActivityByValue Activity = C.WEIR_ACTIVITY_BY_VALUE // no: its value is held against the activation threshold
	ActivityYes     Activity = C.WEIR_ACTIVITY_YES
	ActivityNo      Activity = C.WEIR_ACTIVITY_NO
)

// A TriggerInput is what a trigger's source answered, after the one repetition that KEDA grants it.
type TriggerInput struct {
	Value    float64 // of cpu and memory: the total over the target's pods
	Activity Activity
	Err      error // ErrNoData: an answer without a value; ErrUnsupported: it could not even say what it measures
}

// A ScalingActive is what is known of the HPA's condition ScalingActive.
type ScalingActive int32

// The values of a ScalingActive.
const (
	ScalingActiveOwn      ScalingActive = C.WEIR_SCALING_OWN // what the HPA inside says
	ScalingActiveTrue     ScalingActive = C.WEIR_SCALING_TRUE
	ScalingActiveFalse    ScalingActive = C.WEIR_SCALING_FALSE
	ScalingActiveUnknown  ScalingActive = C.WEIR_SCALING_UNKNOWN
	ScalingActiveDisabled ScalingActive = C.WEIR_SCALING_DISABLED
	ScalingActiveMissing  ScalingActive = C.WEIR_SCALING_MISSING
)

// ScaledObjectInput is what one step looks at.
type ScaledObjectInput struct {
	Replicas       int32          // of the scale target: asked for
	StatusReplicas int32          // in existence
	Ready          int32          // Running and Ready
	ReplicasErr    error          // they could not be read
	Triggers       []TriggerInput // one a trigger; a cron trigger's is not looked at
	Pods           []Pod          // nil: only the totals are known
	ScalingActive  ScalingActive
}

// A ScaledObject is a ScaledObject of KEDA, whole: the polling loop that decides between zero, idle and the
// rest, and the HPA that KEDA makes for the rest.
type ScaledObject struct {
	machine
	readings []C.weir_keda_reading
}

func (k *ScaledObject) c() *C.weir_keda { return (*C.weir_keda)(k.pointer()) }

func (k *ScaledObject) read() *C.weir_keda { return (*C.weir_keda)(k.look()) }

// NewScaledObject makes a ScaledObject that was created just now: the first step starts its loop and makes
// its HPA. Cron triggers that ask for a time zone need LoadZones.
func NewScaledObject(config ScaledObjectConfig, now time.Time) (*ScaledObject, error) {
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
	if err := failure(C.weir_keda_bytes(c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	k := &ScaledObject{machine: machine{state: newState(bytes)}}
	return k, failure(C.weir_keda_init(k.c(), bytes, c, at, &e), &e)
}

// Clone copies the object; the copy goes its own way.
func (k *ScaledObject) Clone() *ScaledObject {
	return &ScaledObject{machine: machine{state: k.clone()}}
}

// Zones names the time zones that cron triggers ask for.
func (k *ScaledObject) Zones() []string {
	var names []string
	for i := C.uint32_t(0); ; i++ {
		name := C.weir_keda_zone_name(k.read(), i)
		if name == nil {
			return names
		}
		names = append(names, C.GoString(name))
	}
}

// SetZone gives cron triggers the zone that they ask for under a name: its changes from a day before `from`
// on, as many as the configuration's ZoneReserve has room for. Without it such a trigger fails.
func (k *ScaledObject) SetZone(name string, zone *time.Location, from time.Time, changes int) error {
	first := from.Add(-24 * time.Hour).In(zone)
	_, offset := first.Zone()
	var list []C.weir_zone_change
	for at := first; len(list) < changes; {
		_, end := at.ZoneBounds()
		if end.IsZero() {
			break
		}
		t, err := instant(end)
		if err != nil {
			break // beyond what any machine will see
		}
		_, next := end.Zone()
		list = append(list, C.weir_zone_change{at: t, offset: C.int32_t(next)})
		at = end
	}
	text := C.CString(name)
	defer C.free(unsafe.Pointer(text))
	return failure(C.weirgo_keda_set_zone(k.c(), text, C.int32_t(offset), unsafe.SliceData(list),
		C.uint32_t(len(list))), nil)
}

// LoadZones gives cron triggers the zones that they ask for, as time.LoadLocation has them, for `changes`
// changes of their offset after now (a zone with summer time has two a year; the default ZoneReserve is
// 64). A name that it does not know fails the trigger, as in KEDA, and is no error.
func (k *ScaledObject) LoadZones(now time.Time, changes int) error {
	for _, name := range k.Zones() {
		zone, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		if err := k.SetZone(name, zone, now, changes); err != nil {
			return err
		}
	}
	return nil
}

// Decide runs what is due: the reconciliation that starts the loop, a poll, a sync of the HPA. When nothing
// is due, both a poll and a sync are done and the clocks stay. Where Decision.Apply says so, write the
// replicas; that is taken to succeed, WriteFailed tells otherwise.
func (k *ScaledObject) Decide(now time.Time, in ScaledObjectInput) (Decision, error) {
	return k.do(C.WEIRGO_DECIDE, 0, 0, nil, now, &in, nil)
}

// Explain decides as Decide does, and says why.
func (k *ScaledObject) Explain(now time.Time, in ScaledObjectInput) (Decision, []Step, error) {
	return explained(func(why *C.weir_explain) (Decision, error) {
		return k.do(C.WEIRGO_DECIDE, 0, 0, nil, now, &in, why)
	})
}

// Poll makes one poll alone.
func (k *ScaledObject) Poll(now time.Time, in ScaledObjectInput) (Decision, error) {
	return k.do(C.WEIRGO_POLL, 0, 0, nil, now, &in, nil)
}

// Sync makes one step of the HPA alone.
func (k *ScaledObject) Sync(now time.Time, in ScaledObjectInput) (Decision, error) {
	return k.do(C.WEIRGO_SYNC, 0, 0, nil, now, &in, nil)
}

// Push: a push trigger reports that it is active.
func (k *ScaledObject) Push(trigger int, now time.Time, in ScaledObjectInput) (Decision, error) {
	return k.do(C.WEIRGO_PUSH, C.int32_t(trigger), 0, nil, now, &in, nil)
}

// Act is the second half of a poll alone, for a verdict that comes from elsewhere.
func (k *ScaledObject) Act(active, isError bool, now time.Time, in ScaledObjectInput) (Decision, error) {
	return k.do(C.WEIRGO_ACT, cBool(active), cBool(isError), nil, now, &in, nil)
}

// Reconcile: the controller looks at the object. Polls: the loop was started, and polls at once.
func (k *ScaledObject) Reconcile(now time.Time, in ScaledObjectInput) (d Decision, polls bool, err error) {
	var started C.int32_t
	d, err = k.do(C.WEIRGO_RECONCILE, 0, 0, &started, now, &in, nil)
	return d, started != 0, err
}

// Delete: the object is deleted, and the size goes back if that is wanted.
func (k *ScaledObject) Delete(now time.Time, in ScaledObjectInput) (Decision, error) {
	return k.do(C.WEIRGO_DELETE, 0, 0, nil, now, &in, nil)
}

func (k *ScaledObject) take(now time.Time, in *ScaledObjectInput) (at C.weir_time, err error) {
	k.readings = k.readings[:0]
	for i := range in.Triggers {
		t := &in.Triggers[i]
		k.readings = append(k.readings, C.weir_keda_reading{value: C.double(t.Value), status: statusOf(t.Err),
			activity: C.int32_t(t.Activity)})
	}
	if k.pods, err = takePods(k.pods, in.Pods); err != nil {
		return 0, err
	}
	return instant(now)
}

func (k *ScaledObject) podData(in *ScaledObjectInput) *C.weir_pod {
	if in.Pods == nil {
		return nil
	}
	return unsafe.SliceData(k.pods)
}

func (k *ScaledObject) do(what, first, second C.int32_t, polls *C.int32_t, now time.Time, in *ScaledObjectInput,
	why *C.weir_explain) (Decision, error) {
	at, err := k.take(now, in)
	if err != nil {
		return Decision{}, err
	}
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	k.changes++
	return decided(C.weirgo_keda_step(k.address(), what, first, second, polls, C.int32_t(in.Replicas),
		C.int32_t(in.StatusReplicas), C.int32_t(in.Ready), statusOf(in.ReplicasErr), C.int32_t(in.ScalingActive),
		unsafe.SliceData(k.readings), C.uint32_t(len(k.readings)), k.podData(in), C.uint32_t(len(k.pods)),
		at, &out, why), &out)
}

// Served is what the HPA gets for one metric.
type Served struct {
	Milli     int64
	Composite bool // it is the formula's, or a fallback's under modifiers
	Trigger   int  // whose value it is; -1: the composite's
}

// Serve: the HPA asks for one metric. Not ok: it gets an error.
func (k *ScaledObject) Serve(metric int, now time.Time, in ScaledObjectInput) (served []Served, ok bool, err error) {
	at, err := k.take(now, &in)
	if err != nil {
		return nil, false, err
	}
	var list [C.WEIR_KEDA_TRIGGERS_MAX]C.weir_keda_served
	var count C.uint32_t
	status := C.weirgo_keda_serve(k.c(), C.uint32_t(metric), C.int32_t(in.Replicas), C.int32_t(in.StatusReplicas),
		C.int32_t(in.Ready), statusOf(in.ReplicasErr), C.int32_t(in.ScalingActive), unsafe.SliceData(k.readings),
		C.uint32_t(len(k.readings)), k.podData(&in), C.uint32_t(len(k.pods)), at, &list[0], &count)
	for _, one := range list[:count] {
		served = append(served, Served{int64(one.milli), one.composite != 0, int(one.trigger)})
	}
	return served, status == C.WEIR_OK, failure(status, nil)
}

// Asked has bit i set when the last step really asked trigger i's source.
func (k *ScaledObject) Asked() uint32 { return uint32(C.weir_keda_asked(k.read())) }

// Restart: the operator restarts; what it had in memory is gone. The HPA and the object's status stay.
func (k *ScaledObject) Restart() error { return failure(C.weir_keda_restart(k.c()), nil) }

// Adopt takes over what another one knows: the object was edited. Metrics are matched by name.
func (k *ScaledObject) Adopt(from *ScaledObject) error {
	return failure(C.weir_keda_adopt(k.c(), from.c()), nil)
}

// WriteFailed tells that what the last step decided could not be written.
func (k *ScaledObject) WriteFailed() error { return failure(C.weir_keda_write_failed(k.c()), nil) }

// SetLastActive sets the last activity, for an object that lived before; whole seconds are kept.
func (k *ScaledObject) SetLastActive(at time.Time) error {
	t, err := past(at)
	if err != nil {
		return err
	}
	return failure(C.weir_keda_set_last_active(k.c(), t), nil)
}

// A ScaledObjectCondition is a condition of a ScaledObject.
type ScaledObjectCondition int32

// The conditions.
const (
	ScaledObjectReady     ScaledObjectCondition = C.WEIR_KEDA_READY
	ScaledObjectActive    ScaledObjectCondition = C.WEIR_KEDA_ACTIVE
	ScaledObjectFallback  ScaledObjectCondition = C.WEIR_KEDA_FALLBACK
	ScaledObjectPaused    ScaledObjectCondition = C.WEIR_KEDA_PAUSED
	ScaledObjectHPAActive ScaledObjectCondition = C.WEIR_KEDA_HPA_ACTIVE
)

func (c ScaledObjectCondition) String() string {
	return C.GoString(C.weir_keda_condition_name(C.int32_t(c)))
}

// A ConditionState is the state of a condition with its reason in KEDA's words.
type ConditionState struct {
	Status Condition
	Reason string
}

// A TriggerStatus is one metric, as the status has it.
type TriggerStatus struct {
	Health, Served ScaledObjectHealth // as stored; in the copy that pulls of the HPA work on, when there is one
	Active         *bool              // of the last poll; nil: none yet
}

// ScaledObjectStatus is what a client of the API server would see, as of the last step.
type ScaledObjectStatus struct {
	Running          bool // the loop runs
	HPAExists        bool
	OriginalReplicas int32 // before KEDA; UnknownReplicas
	Built            bool  // there is a copy that pulls work on
	LastActive       time.Time
	NextPoll         time.Time // Never when the loop does not run
	NextSync         time.Time // Never when there is no HPA
	Conditions       [5]ConditionState
	Metrics          []TriggerStatus
}

// Condition is the state of a condition.
func (s *ScaledObjectStatus) Condition(c ScaledObjectCondition) ConditionState {
	return s.Conditions[c]
}

// Status reads the status.
func (k *ScaledObject) Status() (ScaledObjectStatus, error) {
	var c C.weir_keda_status
	if err := failure(C.weir_keda_get_status(k.read(), &c, C.sizeof_weir_keda_status), nil); err != nil {
		return ScaledObjectStatus{}, err
	}
	s := ScaledObjectStatus{Running: c.running != 0, HPAExists: c.hpa_exists != 0,
		OriginalReplicas: int32(c.original_replicas), Built: c.built != 0, LastActive: moment(c.last_active),
		NextPoll: moment(c.next_poll), NextSync: moment(c.next_sync)}
	for i := range c.conditions {
		status := ConditionUnknown
		switch c.conditions[i].status {
		case C.WEIR_STATE_TRUE:
			status = ConditionTrue
		case C.WEIR_STATE_FALSE:
			status = ConditionFalse
		}
		s.Conditions[i] = ConditionState{status, C.GoString(C.weir_keda_reason_name(c.conditions[i].reason))}
	}
	for i := range c.metrics[:c.metric_count] {
		m := &c.metrics[i]
		t := TriggerStatus{Health: healthOf(&m.health), Served: healthOf(&m.served)}
		if m.activity >= 0 {
			t.Active = new(m.activity != 0)
		}
		s.Metrics = append(s.Metrics, t)
	}
	return s, nil
}

func healthOf(c *C.weir_keda_health) ScaledObjectHealth {
	return ScaledObjectHealth{HealthStatus(c.status), int32(c.failures)}
}

// ---- rules alone ----

// TriggerMilli is the thousandths that a trigger's value, or its target, has for the HPA.
func TriggerMilli(value float64) int64 { return int64(C.weir_keda_milli(C.double(value))) }

// FormulaValue is the double that a formula sees for a trigger's value.
func FormulaValue(value float64) float64 { return float64(C.weir_keda_double(C.double(value))) }

// MetricName is the name of a trigger's metric in the HPA, "s0-prometheus".
func MetricName(index int, name string, normalize bool) string {
	c := C.CString(name)
	defer C.free(unsafe.Pointer(c))
	return text(func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_keda_metric_name(C.uint32_t(index), c, cBool(normalize), to, capacity, need)
	})
}

// CronMetricName is the name of a cron trigger's metric before the index.
func CronMetricName(config CronConfig) (string, error) {
	c, err := (&ScaledObjectConfig{Triggers: []Trigger{{Cron: config}}}).c()
	if err != nil {
		return "", err
	}
	return text(func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_cron_metric_name(&c.triggers[0].cron, to, capacity, need)
	}), nil
}

// An Observation is what asking one metric gave.
type Observation struct {
	Milli       int64
	Target      float64 // 0: the trigger's own counts
	Err         error
	Replicas    int32 // of the scale target: asked for
	Ready       int32 // Running and Ready
	ReplicasErr error // they could not be read
	PodsErr     error
}

// FallBack counts an observation of a trigger's metric in its health and falls back, if it is time to. Not
// ok: the failure stays. The configuration is not checked.
func (c ScaledObjectConfig) FallBack(trigger int, o Observation, health *ScaledObjectHealth) (milli int64, active, ok bool, err error) {
	cfg, err := c.c()
	if err != nil {
		return 0, false, false, err
	}
	seen := C.weir_keda_observation{milli: C.int64_t(o.Milli), target: C.double(o.Target), status: statusOf(o.Err),
		replicas: C.int32_t(o.Replicas), ready_pods: C.int32_t(o.Ready), replicas_status: statusOf(o.ReplicasErr),
		pods_status: statusOf(o.PodsErr)}
	h := C.weir_keda_health{status: C.int32_t(health.Status), failures: C.int32_t(health.Failures)}
	var value C.int64_t
	var fallback C.int32_t
	status := C.weir_keda_fall_back(cfg, C.uint32_t(trigger), &seen, &h, &value, &fallback)
	*health = healthOf(&h)
	return int64(value), fallback != 0, status == C.WEIR_OK, failure(status, nil)
}

// A Formula is a compiled formula of scaling modifiers.
type Formula struct {
	state
	config *C.weir_keda_config
}

// CompileFormula compiles the formula of a configuration, and checks what belongs to it.
func (c ScaledObjectConfig) CompileFormula() (*Formula, error) {
	cfg, err := c.c()
	if err != nil {
		return nil, err
	}
	bytes := C.weir_formula_bytes(C.size_t(len(c.Modifiers.Formula)))
	f := &Formula{newState(bytes), cfg}
	var e C.weir_error
	return f, failure(C.weir_keda_formula_compile(cfg, (*C.weir_formula)(f.pointer()), bytes, &e), &e)
}

// Composite runs the formula to the composite metric. Values are one a trigger, as FormulaValue has them; nil
// is one without a value. Not ok: there is no metric, and the text says why.
func (f *Formula) Composite(values []*float64) (milli int64, why string, ok bool) {
	var numbers [64]C.double
	var missing C.uint64_t
	for i, v := range values[:min(len(values), len(numbers))] {
		if v == nil {
			missing |= 1 << i
		} else {
			numbers[i] = C.double(*v)
		}
	}
	var e C.weir_error
	var value C.int64_t
	status := C.weir_keda_composite(f.config, (*C.weir_formula)(f.look()), &numbers[0], missing, &value, &e)
	return int64(value), C.GoString(&e.message[0]), status == C.WEIR_OK
}

// WrapFormula is the text that KEDA compiles for a formula.
func WrapFormula(formula string) string {
	return text(func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status {
		from, length := chars(formula)
		return C.weir_formula_wrap(from, length, to, capacity, need)
	})
}
