package weir

/*
#include "weir.h"
#cgo noescape weir_behavior_apply
#cgo nocallback weir_behavior_apply
#cgo noescape weir_behavior_scaled
#cgo nocallback weir_behavior_scaled
*/
import "C"

import (
	"time"
	"unsafe"
)

// DefaultBehaviorConfig has the defaults of the HPA: up 4 pods or 100 % in 15 s, down 100 % in 15 s.
func DefaultBehaviorConfig() BehaviorConfig {
	var c C.weir_behavior_config
	C.weir_behavior_config_init(&c, C.sizeof_weir_behavior_config)
	return fromC[BehaviorConfig](ConfigBehavior, unsafe.Pointer(&c))
}

func (c *BehaviorConfig) c() (to C.weir_behavior_config, err error) {
	C.weir_behavior_config_init(&to, C.sizeof_weir_behavior_config)
	return to, toC(ConfigBehavior, c, unsafe.Pointer(&to))
}

// A Reason is why a size is what it is, in upstream's words.
type Reason int32

// String is the name that upstream gives it, "ScaleUpLimit".
func (r Reason) String() string { return C.GoString(C.weir_reason_name(C.int32_t(r))) }

// A Behavior says how fast a size may change: give it the desired size, get the allowed one.
type Behavior struct{ state }

func (b *Behavior) c() *C.weir_behavior { return (*C.weir_behavior)(b.pointer()) }

func (b *Behavior) read() *C.weir_behavior { return (*C.weir_behavior)(b.look()) }

// NewBehavior makes one that remembers nothing.
func NewBehavior(config BehaviorConfig) (*Behavior, error) {
	c, err := config.c()
	if err != nil {
		return nil, err
	}
	var e C.weir_error
	var bytes C.size_t
	if err := failure(C.weir_behavior_bytes(&c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	b := &Behavior{newState(bytes)}
	return b, failure(C.weir_behavior_init(b.c(), bytes, &c, &e), &e)
}

// Clone copies the behavior.
func (b *Behavior) Clone() *Behavior { return &Behavior{b.clone()} }

// Apply makes one step: windows, then policies and bounds. Where Decision.Apply says so, scale, and tell
// Scaled.
func (b *Behavior) Apply(now time.Time, current, desired int32) (Decision, error) {
	return b.apply(now, current, desired, nil)
}

// Explain does as Apply does, and says why.
func (b *Behavior) Explain(now time.Time, current, desired int32) (Decision, []Step, error) {
	return explained(func(why *C.weir_explain) (Decision, error) { return b.apply(now, current, desired, why) })
}

func (b *Behavior) apply(now time.Time, current, desired int32, why *C.weir_explain) (Decision, error) {
	at, err := instant(now)
	if err != nil {
		return Decision{}, err
	}
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	return decided(C.weir_behavior_apply(b.c(), C.int32_t(current), C.int32_t(desired), at, &out, why), &out)
}

// Scaled tells that the size was changed: policies count what really happened.
func (b *Behavior) Scaled(now time.Time, from, to int32) error {
	at, err := instant(now)
	if err != nil {
		return err
	}
	return failure(C.weir_behavior_scaled(b.c(), C.int32_t(from), C.int32_t(to), at), nil)
}

// Stabilize is the first half of a step alone: it remembers the wish and holds it within the windows.
func (b *Behavior) Stabilize(now time.Time, current, desired int32) (int32, Reason, error) {
	at, err := instant(now)
	if err != nil {
		return 0, 0, err
	}
	var size, reason C.int32_t
	err = failure(C.weir_behavior_stabilize(b.c(), C.int32_t(current), C.int32_t(desired), at, &size, &reason), nil)
	return int32(size), Reason(reason), err
}

// Limit is the second half alone: policies and bounds.
func (b *Behavior) Limit(now time.Time, current, stabilized int32) (int32, Reason, error) {
	at, err := instant(now)
	if err != nil {
		return 0, 0, err
	}
	var size, reason C.int32_t
	err = failure(C.weir_behavior_limit(b.read(), C.int32_t(current), C.int32_t(stabilized), at, &size, &reason), nil)
	return int32(size), Reason(reason), err
}

// Forget forgets wishes and changes, as a controller that restarts.
func (b *Behavior) Forget() error { return failure(C.weir_behavior_forget(b.c()), nil) }

// Adopt takes over what another one remembers: a spec was edited, and its memory goes on.
func (b *Behavior) Adopt(from *Behavior) error {
	return failure(C.weir_behavior_adopt(b.c(), from.read()), nil)
}

// A Direction is which way a size changes.
type Direction int32

// The directions.
const (
	ScaleUp   Direction = C.WEIR_SCALE_UP
	ScaleDown Direction = C.WEIR_SCALE_DOWN
)

// A Recommendation is one wish that is remembered.
type Recommendation struct {
	At       time.Time
	Replicas int32
}

// A ScaleEvent is one change of the size that is remembered.
type ScaleEvent struct {
	At       time.Time
	Change   int32 // pods that came, or pods that went
	Outdated bool  // it was older than every policy of its direction; its place is free
}

// Recommendations lists the wishes, in the order that upstream keeps them in.
func (b *Behavior) Recommendations() ([]Recommendation, error) {
	var count C.size_t
	if s := C.weir_behavior_recommendations(b.read(), nil, 0, &count); s < 0 && s != C.WEIR_E_SPACE {
		return nil, failure(s, nil)
	}
	list := make([]C.weir_recommendation, count)
	err := failure(C.weir_behavior_recommendations(b.read(), unsafe.SliceData(list), count, &count), nil)
	wishes := make([]Recommendation, count)
	for i := range list {
		wishes[i] = Recommendation{moment(list[i].at), int32(list[i].replicas)}
	}
	return wishes, err
}

// SetRecommendations replaces the wishes.
func (b *Behavior) SetRecommendations(wishes []Recommendation) error {
	list := make([]C.weir_recommendation, len(wishes))
	for i, wish := range wishes {
		at, err := instant(wish.At)
		if err != nil {
			return err
		}
		list[i] = C.weir_recommendation{at: at, replicas: C.int32_t(wish.Replicas)}
	}
	return failure(C.weir_behavior_set_recommendations(b.c(), unsafe.SliceData(list), C.size_t(len(list))), nil)
}

// Events lists the changes of one direction.
func (b *Behavior) Events(direction Direction) ([]ScaleEvent, error) {
	var count C.size_t
	if s := C.weir_behavior_events(b.read(), C.int32_t(direction), nil, 0, &count); s < 0 && s != C.WEIR_E_SPACE {
		return nil, failure(s, nil)
	}
	list := make([]C.weir_scale_event, count)
	err := failure(C.weir_behavior_events(b.read(), C.int32_t(direction), unsafe.SliceData(list), count, &count), nil)
	events := make([]ScaleEvent, count)
	for i := range list {
		events[i] = ScaleEvent{moment(list[i].at), int32(list[i].change), list[i].outdated != 0}
	}
	return events, err
}

// SetEvents replaces the changes of one direction.
func (b *Behavior) SetEvents(direction Direction, events []ScaleEvent) error {
	list := make([]C.weir_scale_event, len(events))
	for i, event := range events {
		at, err := instant(event.At)
		if err != nil {
			return err
		}
		list[i] = C.weir_scale_event{at: at, change: C.int32_t(event.Change), outdated: cBool(event.Outdated)}
	}
	return failure(C.weir_behavior_set_events(b.c(), C.int32_t(direction), unsafe.SliceData(list), C.size_t(len(list))), nil)
}

// MarshalBinary writes a snapshot.
func (b *Behavior) MarshalBinary() ([]byte, error) {
	return snapshot(func(to *C.uint8_t, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_behavior_save(b.read(), to, capacity, need)
	})
}

// UnmarshalBinary takes a snapshot over into a behavior that was made with the same configuration.
func (b *Behavior) UnmarshalBinary(data []byte) error {
	var e C.weir_error
	return failure(C.weir_behavior_load(b.c(), (*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data)), &e), &e)
}
