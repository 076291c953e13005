package weir

/*
#include "weir.h"
*/
import "C"

import (
	"strings"
	"time"
)

// Flags say what is true of a decision.
type Flags uint32

// The flags of a decision.
const (
	FlagPanic        Flags = C.WEIR_FLAG_PANIC         // Knative: in panic mode after this step
	FlagAtMin        Flags = C.WEIR_FLAG_AT_MIN        // held up by a lower bound
	FlagAtMax        Flags = C.WEIR_FLAG_AT_MAX        // held down by an upper bound
	FlagRateLimited  Flags = C.WEIR_FLAG_RATE_LIMITED  // a rate or policy cut the change
	FlagStabilized   Flags = C.WEIR_FLAG_STABILIZED    // a stabilization or delay window held it
	FlagToZero       Flags = C.WEIR_FLAG_TO_ZERO       // the decision is to scale to zero
	FlagFallback     Flags = C.WEIR_FLAG_FALLBACK      // KEDA: a fallback value was used
	FlagPaused       Flags = C.WEIR_FLAG_PAUSED        // KEDA: the object is paused
	FlagChanged      Flags = C.WEIR_FLAG_CHANGED       // the status that a reconciler looks at changed
	FlagApply        Flags = C.WEIR_FLAG_APPLY         // replicas are to be written to the scale target
	FlagMetricFailed Flags = C.WEIR_FLAG_METRIC_FAILED // at least one metric had no value
	FlagProxy        Flags = C.WEIR_FLAG_PROXY         // Knative: the activator is in the path
)

// UnknownReplicas is a number of replicas that is not known yet.
const UnknownReplicas int32 = C.WEIR_REPLICAS_UNKNOWN

// A Decision is the answer of an autoscaler.
type Decision struct {
	At                  time.Time // the time decided for
	Next                time.Time // first time the answer can change without a new sample; Never
	Replicas            int32     // wanted; where Valid is false: as the last valid decision left it, or -1
	Current             int32     // the replicas it started from
	ExcessBurstCapacity int32     // Knative: spare capacity in requests; below 0: short
	Steps               uint32    // rules that had a part in it
	Flags               Flags
	Rule                Rule // the rule that had the last word
	Valid               bool // false: there was no data to decide on, and nothing changed
}

// Apply says whether the replicas are to be written to the scale target.
func (d Decision) Apply() bool { return d.Flags&FlagApply != 0 }

// Has says whether all of these flags are set.
func (d Decision) Has(flags Flags) bool { return d.Flags&flags == flags }

// decided turns an answer of C into one of Go. A status above 0 is no error.
func decided(status C.weir_status, out *C.weir_decision) (Decision, error) {
	if status < 0 {
		return Decision{}, failure(status, nil)
	}
	return Decision{
		At: moment(out.at), Next: moment(out.next), Replicas: int32(out.replicas),
		Current: int32(out.current), ExcessBurstCapacity: int32(out.excess_burst_capacity),
		Steps: uint32(out.step_count), Flags: Flags(out.flags), Rule: Rule(out.rule), Valid: out.valid != 0,
	}, nil
}

// A Rule is a rule of an autoscaler. Its number and its name never change.
type Rule int32

// String is the name of the rule, "kpa.panic.enter".
func (r Rule) String() string { return C.GoString(C.weir_rule_name(C.int32_t(r))) }

// Doc is a sentence about what the rule does.
func (r Rule) Doc() string { return C.GoString(C.weir_rule_doc(C.int32_t(r))) }

// Rules lists all rules, in the order of their numbers.
func Rules() []Rule {
	rules := make([]Rule, C.weir_rule_count())
	for i := range rules {
		rules[i] = Rule(C.weir_rule_at(C.size_t(i)))
	}
	return rules
}

// A Step is one rule's part in a decision: replicas went from Before to After because of Measured and
// Limit. Each step begins with what the one before it left; the last one ends with the decision.
type Step struct {
	Rule     Rule
	Item     int32 // which metric, trigger or policy; -1: none
	Before   int32
	After    int32
	Measured float64 // the number that the rule looked at
	Limit    float64 // the number that it was held against
}

// String is an English line, "kpa.stable: 1 -> 6, average load over the stable window is 42, a pod takes 7".
func (s Step) String() string {
	step := C.weir_step{rule: C.int32_t(s.Rule), item: C.int32_t(s.Item), before: C.int32_t(s.Before),
		after: C.int32_t(s.After), measured: C.double(s.Measured), limit: C.double(s.Limit)}
	return text(func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_step_text(&step, to, capacity, need)
	})
}

// Why is the text of steps, one a line.
func Why(steps []Step) string {
	var b strings.Builder
	for _, step := range steps {
		b.WriteString(step.String() + "\n")
	}
	return b.String()
}

// explained makes a decision with a record of its steps.
func explained(decide func(why *C.weir_explain) (Decision, error)) (Decision, []Step, error) {
	why := &C.weir_explain{struct_size: C.sizeof_weir_explain}
	d, err := decide(why)
	if err != nil {
		return d, nil, err
	}
	steps := make([]Step, why.count)
	for i := range steps {
		s := &why.steps[i]
		steps[i] = Step{Rule: Rule(s.rule), Item: int32(s.item), Before: int32(s.before), After: int32(s.after),
			Measured: float64(s.measured), Limit: float64(s.limit)}
	}
	return d, steps, nil
}
