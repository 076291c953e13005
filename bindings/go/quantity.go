package weir

/*
#include "weir.h"
*/
import "C"

// A Quantity is a number as Kubernetes writes it, "250m" or "1.5Gi", exact as it is read.
type Quantity struct{ c C.weir_quantity }

// ParseQuantity reads a quantity.
func ParseQuantity(s string) (Quantity, error) {
	var q Quantity
	var e C.weir_error
	from, length := chars(s)
	return q, failure(C.weir_quantity_parse(from, length, &q.c, &e), &e)
}

// ParseStoredQuantity reads a quantity the way it reaches a controller through the API server: stored in
// canonical form, then read again.
func ParseStoredQuantity(s string) (Quantity, error) {
	var q Quantity
	var e C.weir_error
	from, length := chars(s)
	return q, failure(C.weir_quantity_parse_stored(from, length, &q.c, &e), &e)
}

// Milli is the quantity in thousandths, rounded up: what a controller computes with.
func (q Quantity) Milli() int64 { return int64(C.weir_quantity_milli(&q.c)) }

// Value is the quantity in whole units, rounded up.
func (q Quantity) Value() int64 { return int64(C.weir_quantity_value(&q.c)) }

// Sign is -1, 0 or 1.
func (q Quantity) Sign() int { return int(C.weir_quantity_sign(&q.c)) }

// Float64 is a double near the quantity, as upstream's AsApproximateFloat64 has it.
func (q Quantity) Float64() float64 { return float64(C.weir_quantity_double(&q.c)) }

// String is the canonical text.
func (q Quantity) String() string {
	return text(func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_quantity_text(&q.c, to, capacity, need)
	})
}
