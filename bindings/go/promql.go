package weir

/*
#include "weir_promql.h"
#include <stdlib.h>
#include <string.h>

static void *weirgo_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void weirgo_free(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    free(block);
}

static const weir_allocator weirgo_heap = {weirgo_alloc, weirgo_free, NULL};

static inline weir_status weirgo_store_create(weir_series_store **store)
{
    return weir_series_store_create(&weirgo_heap, store);
}

// Labels come as one text of their names and values, and its lengths.
static inline weir_status weirgo_store_series(weir_series_store *store, const char *text,
                                              const size_t *lengths, size_t count, uint32_t *series,
                                              weir_error *err)
{
    weir_label few[32], *labels = few;
    weir_status status;

    if (count > 32 && (labels = malloc(count * sizeof *labels)) == NULL) {
        return WEIR_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        labels[i].name = text;
        labels[i].name_length = lengths[2 * i];
        text += lengths[2 * i];
        labels[i].value = text;
        labels[i].value_length = lengths[2 * i + 1];
        text += lengths[2 * i + 1];
    }
    status = weir_series_store_series(store, labels, count, series, err);
    if (labels != few) {
        free(labels);
    }
    return status;
}

static inline weir_status weirgo_promql_parse(const char *text, size_t length, weir_promql_expr **expr,
                                              weir_error *err)
{
    return weir_promql_parse(text, length, &weirgo_heap, expr, err);
}

static inline weir_status weirgo_promql_eval(const weir_series_store *store, const weir_promql_expr *expr,
                                             int32_t range, int64_t start, int64_t end, int64_t step,
                                             const weir_promql_options *options,
                                             weir_promql_result **result, weir_error *err)
{
    if (range) {
        return weir_promql_range(store, expr, start, end, step, options, &weirgo_heap, result, err);
    }
    return weir_promql_instant(store, expr, start, options, &weirgo_heap, result, err);
}
#cgo noescape weirgo_promql_eval
#cgo nocallback weirgo_promql_eval
*/
import "C"

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
	"unsafe"
)

// NameLabel is the label that holds a metric's name.
const NameLabel = "__name__"

// Labels are the labels of a series.
type Labels map[string]string

// String writes labels as Prometheus does, {app="web", pod="web-1"}, the metric's name before.
func (l Labels) String() string {
	var b strings.Builder
	b.WriteString(l[NameLabel] + "{")
	first := true
	for _, name := range slices.Sorted(maps.Keys(l)) {
		if name == NameLabel {
			continue
		}
		if !first {
			b.WriteString(", ")
		}
		first = false
		fmt.Fprintf(&b, "%s=%q", name, l[name])
	}
	return b.String() + "}"
}

// Series are time series, for PromQL. They live in memory of C: Close frees it, and nothing else does.
// Evaluations only read, and may run in several goroutines; adding must be alone.
type Series struct{ c *C.weir_series_store }

// NewSeries makes an empty store of series.
func NewSeries() (*Series, error) {
	s := &Series{}
	return s, failure(C.weirgo_store_create(&s.c), nil)
}

// Close frees the memory; what is asked of the series afterwards is ErrArgument. Results stay.
func (s *Series) Close() {
	C.weir_series_store_free(s.c)
	s.c = nil
}

// milliseconds of a time, as the server has them.
func milliseconds(t time.Time) C.int64_t { return C.int64_t(t.UnixMilli()) }

// Find gives the number of the series with these labels, which is added if there is none.
func (s *Series) Find(labels Labels) (uint32, error) {
	if s.c == nil {
		return 0, failure(C.WEIR_E_ARG, nil)
	}
	var text strings.Builder
	lengths := make([]C.size_t, 0, 2*len(labels))
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		text.WriteString(name)
		text.WriteString(labels[name])
		lengths = append(lengths, C.size_t(len(name)), C.size_t(len(labels[name])))
	}
	from, _ := chars(text.String())
	var number C.uint32_t
	var e C.weir_error
	err := failure(C.weirgo_store_series(s.c, from, unsafe.SliceData(lengths), C.size_t(len(labels)), &number, &e), &e)
	return uint32(number), err
}

// Append adds one sample to a series. ErrTime: it is older than the newest one.
func (s *Series) Append(series uint32, at time.Time, value float64) error {
	return failure(C.weir_series_store_append(s.c, C.uint32_t(series), milliseconds(at), C.double(value)), nil)
}

// AppendAll adds samples, at milliseconds since 1970, to a series, and tells how many were refused.
func (s *Series) AppendAll(series uint32, timesMS []int64, values []float64) (refused int, err error) {
	if len(timesMS) != len(values) {
		return 0, fault(ErrRange, "values", "must be as many as times, which are %d, got %d", len(timesMS), len(values))
	}
	var count C.size_t
	err = failure(C.weir_series_store_append_all(s.c, C.uint32_t(series), (*C.int64_t)(unsafe.SliceData(timesMS)),
		(*C.double)(unsafe.SliceData(values)), C.size_t(len(values)), &count), nil)
	return int(count), err
}

// Len is the number of series.
func (s *Series) Len() int {
	if s.c == nil {
		return 0
	}
	return int(C.weir_series_store_count(s.c))
}

// An Expr is a parsed expression. It lives in memory of C: Close frees it.
type Expr struct{ c *C.weir_promql_expr }

// ParseExpr parses PromQL. An error has line and column.
func ParseExpr(query string) (*Expr, error) {
	x := &Expr{}
	var e C.weir_error
	from, length := chars(query)
	return x, failure(C.weirgo_promql_parse(from, length, &x.c, &e), &e)
}

// Close frees the memory.
func (x *Expr) Close() {
	C.weir_promql_expr_free(x.c)
	x.c = nil
}

// String is the expression in its canonical form.
func (x *Expr) String() string {
	return text(func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_promql_print(x.c, to, capacity, need)
	})
}

// Selectors are what to ask a server for, to have the series that the expression reads.
func (x *Expr) Selectors() []string {
	var list []string
	for i := range C.weir_promql_selector_count(x.c) {
		list = append(list, text(func(to *C.char, capacity C.size_t, need *C.size_t) C.weir_status {
			return C.weir_promql_selector(x.c, i, to, capacity, need)
		}))
	}
	return list
}

// A PromQLType is what an expression gives.
type PromQLType int32

// The types of results.
const (
	PromQLScalar PromQLType = C.WEIR_PROMQL_SCALAR
	PromQLVector PromQLType = C.WEIR_PROMQL_VECTOR
	PromQLMatrix PromQLType = C.WEIR_PROMQL_MATRIX
	PromQLString PromQLType = C.WEIR_PROMQL_STRING
)

// PromQLOptions say how to evaluate; the zero value has a server's defaults.
type PromQLOptions struct {
	Prometheus2_42 bool          // as a 2.42 server; else as one from 3.0 on
	Lookback       time.Duration // how old an instant selector's sample may be; 0: 5 min
	SubqueryStep   time.Duration // of a subquery written without one; 0: 1 min
	MaxSamples     uint64        // that one evaluation may hold; 0: 50 million
}

func (o PromQLOptions) c() (c C.weir_promql_options) {
	C.weir_promql_options_init(&c, C.sizeof_weir_promql_options)
	if o.Prometheus2_42 {
		c.semantics = C.WEIR_PROMETHEUS_2_42
	}
	if o.Lookback != 0 {
		c.lookback_ms = C.int64_t(o.Lookback.Milliseconds())
	}
	if o.SubqueryStep != 0 {
		c.subquery_step_ms = C.int64_t(o.SubqueryStep.Milliseconds())
	}
	if o.MaxSamples != 0 {
		c.max_samples = C.uint64_t(o.MaxSamples)
	}
	return c
}

// A ResultSeries is one series of a result.
type ResultSeries struct {
	Labels  Labels
	TimesMS []int64
	Values  []float64
}

// A Note is what a server would report beside a result.
type Note struct {
	Warning      bool // the result may be wrong; else: the query may not be what was meant
	Line, Column int
	Times        int // how often it was met
	Message      string
}

// A Result is the result of an evaluation, in memory of Go.
type Result struct {
	Type   PromQLType
	Series []ResultSeries
	Text   string // of a string
	Notes  []Note
}

// All goes through the first points of the series: the elements of a vector.
func (r *Result) All() iter.Seq2[Labels, float64] {
	return func(yield func(Labels, float64) bool) {
		for _, one := range r.Series {
			if len(one.Values) > 0 && !yield(one.Labels, one.Values[0]) {
				return
			}
		}
	}
}

// Instant evaluates at one instant. With the elements of a vector in the engine's order.
func (s *Series) Instant(x *Expr, at time.Time, options PromQLOptions) (*Result, error) {
	return s.eval(x, 0, milliseconds(at), 0, 0, options)
}

// Range evaluates at start, start + step, ... up to end.
func (s *Series) Range(x *Expr, start, end time.Time, step time.Duration, options PromQLOptions) (*Result, error) {
	return s.eval(x, 1, milliseconds(start), milliseconds(end), C.int64_t(step.Milliseconds()), options)
}

// Query parses a query and evaluates it at one instant, as a server of today.
func (s *Series) Query(query string, at time.Time) (*Result, error) {
	x, err := ParseExpr(query)
	if err != nil {
		return nil, err
	}
	defer x.Close()
	return s.Instant(x, at, PromQLOptions{})
}

func (s *Series) eval(x *Expr, over C.int32_t, start, end, step C.int64_t, options PromQLOptions) (*Result, error) {
	o := options.c()
	var c *C.weir_promql_result
	var e C.weir_error
	if err := failure(C.weirgo_promql_eval(s.c, x.c, over, start, end, step, &o, &c, &e), &e); err != nil {
		return nil, err
	}
	defer C.weir_promql_result_free(c)
	r := &Result{Type: PromQLType(c._type), Text: C.GoStringN(c.text, C.int(c.text_length))}
	r.Series = make([]ResultSeries, c.series_count)
	labelAt := unsafe.Slice(c.label_at, c.series_count+1)
	pointAt := unsafe.Slice(c.point_at, c.series_count+1)
	for i := range r.Series {
		one := &r.Series[i]
		one.Labels = make(Labels, labelAt[i+1]-labelAt[i])
		for j := labelAt[i]; j < labelAt[i+1]; j++ {
			l := (*C.weir_label)(unsafe.Add(unsafe.Pointer(c.labels), uintptr(j)*C.sizeof_weir_label))
			one.Labels[C.GoStringN(l.name, C.int(l.name_length))] = C.GoStringN(l.value, C.int(l.value_length))
		}
		first, count := pointAt[i], int(pointAt[i+1]-pointAt[i])
		if count > 0 {
			one.TimesMS = slices.Clone(unsafe.Slice((*int64)(unsafe.Add(unsafe.Pointer(c.times_ms), 8*first)), count))
			one.Values = slices.Clone(unsafe.Slice((*float64)(unsafe.Add(unsafe.Pointer(c.values), 8*first)), count))
		}
	}
	for _, n := range unsafe.Slice(c.notes, c.note_count) {
		r.Notes = append(r.Notes, Note{n.level == C.WEIR_PROMQL_WARNING, int(n.line), int(n.column), int(n.times),
			C.GoStringN(n.message, C.int(n.message_length))})
	}
	return r, nil
}
