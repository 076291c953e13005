package weir

/*
#include "weir.h"
#cgo noescape weir_window_record
#cgo nocallback weir_window_record
#cgo noescape weir_window_average
#cgo nocallback weir_window_average
#cgo noescape weir_max_window_record
#cgo nocallback weir_max_window_record
*/
import "C"

import (
	"time"
	"unsafe"
)

// DefaultWindowConfig is a window of 60 s in buckets of 1 s.
func DefaultWindowConfig() WindowConfig {
	var c C.weir_window_config
	C.weir_window_config_init(&c, C.sizeof_weir_window_config)
	return fromC[WindowConfig](ConfigWindow, unsafe.Pointer(&c))
}

// A Window averages samples in time buckets, in one lane or several.
type Window struct {
	state
	lanes int
}

func (w *Window) c() *C.weir_window { return (*C.weir_window)(w.pointer()) }

func (w *Window) read() *C.weir_window { return (*C.weir_window)(w.look()) }

// NewWindow makes an empty window.
func NewWindow(config WindowConfig) (*Window, error) {
	var c C.weir_window_config
	C.weir_window_config_init(&c, C.sizeof_weir_window_config)
	if err := toC(ConfigWindow, &config, unsafe.Pointer(&c)); err != nil {
		return nil, err
	}
	var e C.weir_error
	var bytes C.size_t
	if err := failure(C.weir_window_bytes(&c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	w := &Window{newState(bytes), int(c.lanes)}
	return w, failure(C.weir_window_init(w.c(), bytes, &c, &e), &e)
}

// Clone copies the window.
func (w *Window) Clone() *Window { return &Window{w.clone(), w.lanes} }

// Record adds one value per lane to the bucket of a time. Records may come late and in any order.
func (w *Window) Record(at time.Time, values ...float64) error {
	t, err := instant(at)
	if err != nil {
		return err
	}
	if len(values) != w.lanes {
		return fault(ErrRange, "values", "must be one a lane, which are %d, got %d", w.lanes, len(values))
	}
	return failure(C.weir_window_record(w.c(), t, (*C.double)(unsafe.SliceData(values))), nil)
}

// Averages gives the average of each lane.
func (w *Window) Averages(now time.Time) ([]float64, error) {
	at, err := instant(now)
	if err != nil {
		return nil, err
	}
	averages := make([]float64, w.lanes)
	return averages, failure(C.weir_window_average(w.read(), at, (*C.double)(unsafe.SliceData(averages))), nil)
}

// Average gives the average of the first lane.
func (w *Window) Average(now time.Time) (float64, error) {
	averages, err := w.Averages(now)
	if len(averages) == 0 {
		return 0, failure(C.WEIR_E_ARG, nil)
	}
	return averages[0], err
}

// Empty says whether the last record is older than the window, or there is none.
func (w *Window) Empty(now time.Time) (bool, error) {
	at, err := instant(now)
	if err != nil {
		return false, err
	}
	return C.weir_window_empty(w.read(), at) != 0, nil
}

// Resize changes the length of the window, keeping the newest buckets.
func (w *Window) Resize(length time.Duration, now time.Time) error {
	at, err := instant(now)
	if err != nil {
		return err
	}
	return failure(C.weir_window_resize(w.c(), C.weir_duration(length), at), nil)
}

// Next is the first time after now at which an average or the emptiness can change without a record.
func (w *Window) Next(now time.Time) (time.Time, error) {
	at, err := instant(now)
	if err != nil {
		return time.Time{}, err
	}
	return moment(C.weir_window_next(w.read(), at)), nil
}

// MarshalBinary writes a snapshot.
func (w *Window) MarshalBinary() ([]byte, error) {
	return snapshot(func(to *C.uint8_t, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_window_save(w.read(), to, capacity, need)
	})
}

// UnmarshalBinary takes a snapshot over into a window that was made with the same configuration.
func (w *Window) UnmarshalBinary(data []byte) error {
	var e C.weir_error
	return failure(C.weir_window_load(w.c(), (*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data)), &e), &e)
}

// A MaxWindow is a sliding maximum.
type MaxWindow struct{ state }

func (w *MaxWindow) c() *C.weir_max_window { return (*C.weir_max_window)(w.pointer()) }

// NewMaxWindow makes an empty one over a duration, in buckets of a granularity.
func NewMaxWindow(duration, granularity time.Duration) (*MaxWindow, error) {
	var bytes C.size_t
	if err := failure(C.weir_max_window_bytes(C.weir_duration(duration), C.weir_duration(granularity), &bytes), nil); err != nil {
		return nil, err
	}
	w := &MaxWindow{newState(bytes)}
	return w, failure(C.weir_max_window_init(w.c(), bytes, C.weir_duration(duration), C.weir_duration(granularity)), nil)
}

// Clone copies the window.
func (w *MaxWindow) Clone() *MaxWindow { return &MaxWindow{w.clone()} }

// Record takes a value in.
func (w *MaxWindow) Record(at time.Time, value int32) error {
	t, err := instant(at)
	if err != nil {
		return err
	}
	return failure(C.weir_max_window_record(w.c(), t, C.int32_t(value)), nil)
}

// Current is the largest value still in the window as of the last record.
func (w *MaxWindow) Current() int32 {
	return int32(C.weir_max_window_current((*C.weir_max_window)(w.look())))
}
