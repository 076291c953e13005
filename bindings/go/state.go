package weir

/*
#include "weir.h"
#cgo noescape weir_autoscaler_poked
#cgo nocallback weir_autoscaler_poked

// The target's pods come as an argument of their own: memory of Go must not point to memory of Go.
static inline weir_status weirgo_autoscaler_decide(uint64_t *state, int32_t spec, int32_t status,
                                                   int32_t ready, int32_t unreachable,
                                                   const weir_pod *pods, uint32_t pod_count,
                                                   weir_time now, weir_decision *out,
                                                   weir_explain *why)
{
    weir_target target = {
        .struct_size = sizeof target,
        .spec_replicas = spec,
        .status_replicas = status,
        .ready_replicas = ready,
        .unreachable = unreachable,
        .pod_count = pod_count,
        .pods = pods,
    };

    return weir_autoscaler_decide(state, &target, now, out, why);
}
#cgo noescape weirgo_autoscaler_decide
#cgo nocallback weirgo_autoscaler_decide

static inline weir_status weirgo_autoscaler_record(uint64_t *state, const weir_reading *readings, size_t count)
{
    return weir_autoscaler_record(state, readings, count);
}
#cgo noescape weirgo_autoscaler_record
#cgo nocallback weirgo_autoscaler_record

static inline weir_time weirgo_autoscaler_due(const uint64_t *state)
{
    return weir_autoscaler_due(state);
}
#cgo noescape weirgo_autoscaler_due
#cgo nocallback weirgo_autoscaler_due
*/
import "C"

import (
	"errors"
	"slices"
	"time"
	"unsafe"
)

// A state is a block of the library in memory of Go: words, for their alignment. It holds no pointers.
type state struct {
	words []uint64
	// Written by every call that changes the block and read by every other one, so that the race
	// detector, which does not see what C does, sees two goroutines in one machine.
	changes uint64
}

func newState(bytes C.size_t) state {
	return state{words: make([]uint64, (bytes+7)/8)}
}

// address is the block for C; nil when there is none, which C refuses.
func (s *state) address() *C.uint64_t {
	return (*C.uint64_t)(unsafe.Pointer(unsafe.SliceData(s.words)))
}

// pointer is the address of a block that is about to be changed.
func (s *state) pointer() unsafe.Pointer {
	s.changes++
	return unsafe.Pointer(unsafe.SliceData(s.words))
}

// look is the address of a block that is only read.
func (s *state) look() unsafe.Pointer {
	_ = s.changes
	return unsafe.Pointer(unsafe.SliceData(s.words))
}

func (s *state) bytes() C.size_t { return C.size_t(len(s.words) * 8) }

func (s *state) clone() state { return state{words: slices.Clone(s.words)} }

// snapshot calls a function of C that saves.
func snapshot(save func(to *C.uint8_t, capacity C.size_t, need *C.size_t) C.weir_status) ([]byte, error) {
	var need C.size_t
	if status := save(nil, 0, &need); status != C.WEIR_E_SPACE && status < 0 {
		return nil, failure(status, nil)
	}
	data := make([]byte, need)
	status := save((*C.uint8_t)(unsafe.SliceData(data)), need, &need)
	return data, failure(status, nil)
}

// machine is what the kinds of autoscaler have in common.
type machine struct {
	state
	pods []C.weir_pod // room for what a step is given
}

// An Autoscaler is a KPA, an HPA or a ScaledObject, to be driven without knowing which.
type Autoscaler interface {
	// Series names the input series; a Reading is of one of them.
	Series() []string
	// MainSeries is the series that the decision depends on most.
	MainSeries() int
	// RecordReadings takes readings in; those of one time belong together.
	RecordReadings(readings ...Reading) error
	// DecideFor makes one decision for a target; one at or after the due time moves that on.
	DecideFor(now time.Time, target Target) (Decision, error)
	// ExplainFor decides as DecideFor and says why.
	ExplainFor(now time.Time, target Target) (Decision, []Step, error)
	// Due is when the real controller would decide by itself next.
	Due() time.Time
	// Poked says whether readings make the real controller decide at once, before it is due.
	Poked() bool
	// MarshalBinary writes a snapshot, UnmarshalBinary takes one over into a machine that was made
	// with the same configuration.
	MarshalBinary() ([]byte, error)
	UnmarshalBinary(data []byte) error

	block() *machine
}

func (m *machine) block() *machine { return m }

// A Reading is one value of one input series.
type Reading struct {
	At     time.Time
	Series int     // index into Series
	Pod    int     // index of the pod it is about; -1 of the whole target
	Value  float64 // unless Err is set
	Err    error   // why there is no value: ErrNoData, or that asking failed
}

// ErrNoData is the Err of a Reading whose source answered without a value.
var ErrNoData error = noData{}

type noData struct{}

func (noData) Error() string { return "weir: there is no value" }

// statusOf is what C knows of an error in an input.
func statusOf(err error) C.weir_status {
	switch {
	case err == nil:
		return C.WEIR_OK
	case errors.Is(err, ErrNoData):
		return C.WEIR_NO_DATA
	case errors.Is(err, ErrUnsupported):
		return C.WEIR_E_UNSUPPORTED
	}
	return C.WEIR_E_IO
}

// A PodReady is the status of a pod's condition Ready.
type PodReady int32

// The values of a PodReady.
const (
	PodReadyFalse   PodReady = C.WEIR_READY_FALSE
	PodReadyTrue    PodReady = C.WEIR_READY_TRUE
	PodReadyUnknown PodReady = C.WEIR_READY_UNKNOWN
	PodReadyNone    PodReady = C.WEIR_READY_NONE // the pod has no such condition
)

// A PodPhase is the phase of a pod.
type PodPhase int32

// The values of a PodPhase.
const (
	PodRunning   PodPhase = C.WEIR_PHASE_RUNNING
	PodPending   PodPhase = C.WEIR_PHASE_PENDING
	PodSucceeded PodPhase = C.WEIR_PHASE_SUCCEEDED
	PodFailed    PodPhase = C.WEIR_PHASE_FAILED
	PodUnknown   PodPhase = C.WEIR_PHASE_UNKNOWN
)

// A Pod is a pod of the scale target, as a controller sees it.
type Pod struct {
	Started    time.Time // status.startTime; zero: not started
	ReadySince time.Time // last transition of the condition Ready; zero: none
	Ready      PodReady
	Phase      PodPhase
	Deleted    bool // it is being deleted
}

// A Target is the scale target at one instant.
type Target struct {
	Replicas       int32 // asked for
	StatusReplicas int32 // in existence, terminating ones not counted
	Ready          int32 // of these, ready
	Unreachable    bool  // Knative: no route leads to the revision
	Pods           []Pod // nil where the kind does not look at single pods
}

// takePods puts pods where C can read them.
func takePods(room []C.weir_pod, pods []Pod) ([]C.weir_pod, error) {
	room = room[:0]
	for i := range pods {
		p := &pods[i]
		started, err := past(p.Started)
		if err == nil {
			var since C.weir_time
			since, err = past(p.ReadySince)
			room = append(room, C.weir_pod{started: started, ready_since: since, ready: C.int32_t(p.Ready),
				phase: C.int32_t(p.Phase), deleted: cBool(p.Deleted)})
		}
		if err != nil {
			return room, err
		}
	}
	return room, nil
}

func podOf(p *C.weir_pod) Pod {
	return Pod{Started: moment(p.started), ReadySince: moment(p.ready_since), Ready: PodReady(p.ready),
		Phase: PodPhase(p.phase), Deleted: p.deleted != 0}
}

func (m *machine) Series() []string {
	names := make([]string, C.weir_autoscaler_series_count(m.look()))
	for i := range names {
		names[i] = C.GoString(C.weir_autoscaler_series_name(m.look(), C.int32_t(i)))
	}
	return names
}

func (m *machine) MainSeries() int { return int(C.weir_autoscaler_main_series(m.look())) }

func (m *machine) RecordReadings(readings ...Reading) error {
	var few [8]C.weir_reading
	taken := few[:0]
	for i := range readings {
		r := &readings[i]
		at, err := instant(r.At)
		if err != nil {
			return err
		}
		taken = append(taken, C.weir_reading{at: at, series: C.int32_t(r.Series), pod: C.int32_t(r.Pod),
			status: statusOf(r.Err), value: C.double(r.Value)})
	}
	m.changes++
	return failure(C.weirgo_autoscaler_record(m.address(), unsafe.SliceData(taken), C.size_t(len(taken))), nil)
}

func (m *machine) DecideFor(now time.Time, target Target) (Decision, error) {
	return m.decide(now, &target, nil)
}

func (m *machine) ExplainFor(now time.Time, target Target) (Decision, []Step, error) {
	return explained(func(why *C.weir_explain) (Decision, error) { return m.decide(now, &target, why) })
}

func (m *machine) decide(now time.Time, target *Target, why *C.weir_explain) (Decision, error) {
	at, err := instant(now)
	if err == nil {
		m.pods, err = takePods(m.pods, target.Pods)
	}
	if err != nil {
		return Decision{}, err
	}
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	m.changes++
	return decided(C.weirgo_autoscaler_decide(m.address(), C.int32_t(target.Replicas),
		C.int32_t(target.StatusReplicas), C.int32_t(target.Ready), cBool(target.Unreachable),
		unsafe.SliceData(m.pods), C.uint32_t(len(m.pods)), at, &out, why), &out)
}

func (m *machine) Due() time.Time {
	_ = m.changes
	return moment(C.weirgo_autoscaler_due(m.address()))
}

func (m *machine) Poked() bool { return C.weir_autoscaler_poked(m.look()) != 0 }

func (m *machine) MarshalBinary() ([]byte, error) {
	return snapshot(func(to *C.uint8_t, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_autoscaler_save(m.look(), to, capacity, need)
	})
}

func (m *machine) UnmarshalBinary(data []byte) error {
	var err C.weir_error
	return failure(C.weir_autoscaler_load(m.pointer(), (*C.uint8_t)(unsafe.SliceData(data)),
		C.size_t(len(data)), &err), &err)
}
