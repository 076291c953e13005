// Package weir makes the decisions of the Knative Pod Autoscaler, the Kubernetes
// HorizontalPodAutoscaler and KEDA, equal to the real controllers to the bit, as plain functions of
// their input: time is an argument, nothing is read, and nothing runs in the background.
//
// The package is the C library weir compiled by cgo: weir.c and weir.h beside this file are made from
// it, so a C compiler is all that is needed.
//
// # Machines
//
// KPA, HPA, ScaledObject and Behavior each hold their state in memory of Go that has no pointers.
// There is nothing to close and there are no finalizers; Clone copies a machine, so that a copy can be
// asked "what if" while the original knows nothing of it. MarshalBinary and UnmarshalBinary move a
// state from one process to another, in a format that any machine reads.
//
// A machine may be used by one goroutine at a time; different ones at any time. The race detector sees
// two goroutines in one machine. (Series and their expressions are the exception: they live in memory of
// C, and have Close.)
//
// # Configurations
//
// Every configuration begins with its defaults: DefaultKPAConfig and so on. One that was made as a
// literal has zeros where there are defaults, and is refused with the field's name.
//
// # Errors
//
// An error is an *Error with a Code, the path of the field it is about and a sentence. errors.As finds
// it, and errors.Is(err, weir.ErrTime) compares its code. On an error the machine is as it was. That
// there was no data to decide on is no error: Decision.Valid is false then.
package weir

/*
#cgo noescape weir_version_text
#cgo nocallback weir_version_text
#include "weir.h"
*/
import "C"

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// Version is the version of the library inside, "major.minor.patch".
func Version() string { return C.GoString(C.weir_version_text()) }

// A Code says what kind of error happened. Codes are errors themselves, for errors.Is.
type Code int32

// The codes of errors. Their numbers never change.
const (
	ErrArgument    Code = C.WEIR_E_ARG         // a machine that was not made by its New function
	ErrRange       Code = C.WEIR_E_RANGE       // a value is outside its bounds
	ErrSpace       Code = C.WEIR_E_SPACE       // there is no room
	ErrTime        Code = C.WEIR_E_TIME        // the time is before one that the machine has seen
	ErrMemory      Code = C.WEIR_E_MEMORY      // no memory is left
	ErrParse       Code = C.WEIR_E_PARSE       // malformed text
	ErrLimit       Code = C.WEIR_E_LIMIT       // larger than a documented limit
	ErrUnsupported Code = C.WEIR_E_UNSUPPORTED // understood, but weir does not do it
	ErrCorrupt     Code = C.WEIR_E_CORRUPT     // a snapshot that is damaged
	ErrVersion     Code = C.WEIR_E_VERSION     // a snapshot of another major format version
	ErrMismatch    Code = C.WEIR_E_MISMATCH    // a snapshot of another kind or configuration
	ErrIO          Code = C.WEIR_E_IO          // asking a source failed
	ErrPanic       Code = C.WEIR_E_PANIC       // the upstream program would crash on this input
)

// Name is the name of the code in C, "WEIR_E_RANGE".
func (c Code) Name() string { return C.GoString(C.weir_status_name(C.weir_status(c))) }

// Error is an English sentence.
func (c Code) Error() string { return C.GoString(C.weir_strerror(C.weir_status(c))) }

// An Error says what went wrong, and where.
type Error struct {
	Code         Code
	Path         string // the field, "scale_up.policies[1].period"; "" where there is none
	Message      string // "must be in [1, 1800], got 0"
	Line, Column int    // 1-based place in a text; 0 where there is none
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("weir: ")
	if e.Line > 0 || e.Column > 0 {
		fmt.Fprintf(&b, "%d:%d: ", max(e.Line, 1), e.Column)
	}
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	if e.Message != "" {
		b.WriteString(e.Message)
	} else {
		b.WriteString(e.Code.Error())
	}
	return b.String()
}

// Unwrap gives the code, which is what errors.Is compares with.
func (e *Error) Unwrap() error { return e.Code }

// failure is the error of a status below 0, with what the library said about it.
func failure(status C.weir_status, err *C.weir_error) error {
	if status >= 0 {
		return nil
	}
	e := &Error{Code: Code(status)}
	if err != nil && err.status == status {
		e.Path, e.Message = C.GoString(&err.path[0]), C.GoString(&err.message[0])
		e.Line, e.Column = int(err.line), int(err.column)
	}
	return e
}

// fault is an error that the binding finds itself.
func fault(code Code, path, format string, values ...any) error {
	return &Error{Code: code, Path: path, Message: fmt.Sprintf(format, values...)}
}

// Never is the time of what will not happen by itself. It is after every time that a machine takes.
var Never = time.Unix(0, math.MaxInt64).UTC()

// instant gives the nanoseconds of a time. Those of the years 1678 to 2262 have some; the zero Time
// does not.
func instant(t time.Time) (C.weir_time, error) {
	const most = math.MaxInt64 / int64(time.Second)
	if s := t.Unix(); s > -most && s < most {
		return C.weir_time(t.UnixNano()), nil
	}
	return instantFar(t)
}

func instantFar(t time.Time) (C.weir_time, error) {
	if t.Equal(Never) {
		return math.MaxInt64, nil
	}
	if t.IsZero() {
		return 0, fault(ErrRange, "time", "is not set")
	}
	return 0, fault(ErrRange, "time", "must be in the years 1678 to 2261, got %s", strconv.Itoa(t.Year()))
}

// past is an instant that may be missing: the zero Time is WEIR_TIME_NONE.
func past(t time.Time) (C.weir_time, error) {
	if t.IsZero() {
		return math.MinInt64, nil
	}
	return instant(t)
}

// moment is the time of an instant; that of what never happened is the zero Time.
func moment(t C.weir_time) time.Time {
	if t == math.MinInt64 {
		return time.Time{}
	}
	return time.Unix(0, int64(t)).UTC()
}

func cBool(b bool) C.int32_t {
	if b {
		return 1
	}
	return 0
}

// text calls a function of C that writes a text as long as it needs.
func text(write func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status) string {
	var short [256]C.char
	var need C.size_t
	status := write(&short[0], C.size_t(len(short)), &need)
	if status == C.WEIR_E_SPACE {
		long := make([]C.char, need)
		write(&long[0], need, &need)
		return C.GoString(&long[0])
	}
	if status < 0 {
		return ""
	}
	return C.GoString(&short[0])
}

// chars gives a text to a function of C that takes a length.
func chars(s string) (*C.char, C.size_t) {
	return (*C.char)(unsafe.Pointer(unsafe.StringData(s))), C.size_t(len(s))
}
