package weir

/*
#include "weir.h"

// The trace comes as arguments: memory of Go must not point to memory of Go.
static inline weir_status weirgo_replay_run(weir_replay *replay, uint64_t *state, uint32_t series,
                                            size_t count, const int64_t *times, weir_time start,
                                            weir_duration step, const double *values, size_t *next,
                                            weir_time end, weir_decision *decisions, size_t capacity,
                                            size_t *filled)
{
    weir_rows rows;

    weir_rows_init(&rows, sizeof rows);
    rows.series_count = series;
    rows.count = count;
    rows.times = times;
    rows.start = start;
    rows.step = step;
    rows.values = values;
    return weir_replay_run(replay, state, &rows, next, end, decisions, capacity, filled);
}
#cgo noescape weirgo_replay_run
#cgo nocallback weirgo_replay_run

static inline weir_status weirgo_replay_next(weir_replay *replay, uint64_t *state, weir_time until,
                                             weir_decision *out, weir_explain *why)
{
    return weir_replay_next(replay, state, until, out, why, NULL);
}

static inline weir_status weirgo_replay_target(weir_replay *replay, int32_t *numbers, weir_pod *pods, uint32_t room,
                                               uint32_t *count)
{
    weir_target target;
    weir_status status;

    weir_target_init(&target, sizeof target);
    status = weir_replay_target(replay, &target);
    if (status < 0) {
        return status;
    }
    numbers[0] = target.spec_replicas;
    numbers[1] = target.status_replicas;
    numbers[2] = target.ready_replicas;
    numbers[3] = target.unreachable;
    *count = target.pod_count;
    for (uint32_t i = 0; i < target.pod_count && i < room; i++) {
        pods[i] = target.pods[i];
    }
    return status;
}
*/
import "C"

import (
	"runtime"
	"sync"
	"time"
	"unsafe"
)

// A Sampling says how rows become samples.
type Sampling int32

// The values of a Sampling.
const (
	SamplingMean   Sampling = C.WEIR_SAMPLING_MEAN   // the mean of the rows since the sample before
	SamplingNewest Sampling = C.WEIR_SAMPLING_NEWEST // the newest row; once it no longer stands there is no value
)

// ReplayConfig is the cluster of a replay. Begin with DefaultReplayConfig.
type ReplayConfig struct {
	InitialReplicas      int32         // pods that are ready at the start
	PodsMax              int32         // single pods that a target shows; 0: none
	SkipIdle             bool          // decisions without data are counted but not given
	PodStart             time.Duration // from asked for to ready
	PodStop              time.Duration // from told to stop to gone
	SampleInterval       time.Duration // 0: rows are recorded as they are, once
	Hold                 time.Duration // how long a row stands; then there is no data
	RequestsMax          int64         // requests in flight at once; 0: rows, not requests
	ContainerConcurrency int64         // requests that a pod runs at once; 0: any number
	PodCapacity          float64       // load of the main series that a pod can take; 0: not known
	Sampling             Sampling
}

// DefaultReplayConfig has pods that start and stop at once, and a sample every second.
func DefaultReplayConfig() ReplayConfig {
	var c C.weir_replay_config
	C.weir_replay_config_init(&c, C.sizeof_weir_replay_config)
	return ReplayConfig{InitialReplicas: int32(c.initial_replicas), PodsMax: int32(c.pods_max),
		SkipIdle: c.skip_idle != 0, PodStart: time.Duration(c.pod_start), PodStop: time.Duration(c.pod_stop),
		SampleInterval: time.Duration(c.sample_interval), Hold: time.Duration(c.hold),
		RequestsMax: int64(c.requests_max), ContainerConcurrency: int64(c.container_concurrency),
		PodCapacity: float64(c.pod_capacity), Sampling: Sampling(c.sampling)}
}

func (r *ReplayConfig) c() C.weir_replay_config {
	return C.weir_replay_config{struct_size: C.sizeof_weir_replay_config,
		initial_replicas: C.int32_t(r.InitialReplicas), pods_max: C.int32_t(r.PodsMax),
		skip_idle: cBool(r.SkipIdle), pod_start: C.weir_duration(r.PodStart), pod_stop: C.weir_duration(r.PodStop),
		sample_interval: C.weir_duration(r.SampleInterval), hold: C.weir_duration(r.Hold),
		requests_max: C.int64_t(r.RequestsMax), container_concurrency: C.int64_t(r.ContainerConcurrency),
		pod_capacity: C.double(r.PodCapacity), sampling: C.int32_t(r.Sampling)}
}

// Waits is what requests came to.
type Waits struct {
	Completed, Running, Waiting int64
	Held                        int64 // that had to wait, of those that ran or run
	Longest                     time.Duration
	Waited                      float64 // seconds, all waits together
	Buckets                     []int64 // requests by their wait, see WaitsBound
}

// WaitsBound is the end of a bucket: every wait in it is shorter; 0 for the first, which is no wait.
func WaitsBound(bucket int) time.Duration {
	return time.Duration(C.weir_waits_bound(C.int32_t(bucket)))
}

// A Report is what a whole replay came to.
type Report struct {
	PeakReplicas    int32   // most pods in existence
	Decisions       int64   // made or passed over, valid or not
	Invalid         int64   // of these, without data
	ScaleUps        int64   // decisions that asked for more pods
	ScaleDowns      int64   // decisions that asked for fewer
	Reversals       int64   // changes in the other direction than the one before
	ColdStarts      int64   // scale-ups from zero pods
	Seconds         float64 // length of the trace
	ReplicaSeconds  float64 // pods in existence, starting and stopping ones too, over time
	ReadySeconds    float64 // ready pods over time
	PanicSeconds    float64 // time in panic mode
	ProxySeconds    float64 // Knative: time with the activator in the path
	ZeroSeconds     float64 // time with no pod in existence
	OverloadSeconds float64 // time with more load than the ready pods can take
	Digest          uint64  // of every valid decision: the same on every machine
}

// A Replay drives an autoscaler through a recorded load, at the times at which the real controller would
// decide, and plays the cluster.
type Replay struct {
	state
	autoscaler Autoscaler
}

func (r *Replay) c() *C.weir_replay { return (*C.weir_replay)(r.pointer()) }

func (r *Replay) read() *C.weir_replay { return (*C.weir_replay)(r.look()) }

// NewReplay makes a replay that begins at start, when the autoscaler was made too. The autoscaler is the
// replay's until it ends; a Clone of it keeps the original.
func NewReplay(config ReplayConfig, autoscaler Autoscaler, start time.Time) (*Replay, error) {
	at, err := instant(start)
	if err != nil {
		return nil, err
	}
	c := config.c()
	var e C.weir_error
	var bytes C.size_t
	if err := failure(C.weir_replay_bytes(&c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	r := &Replay{newState(bytes), autoscaler}
	return r, failure(C.weir_replay_init(r.c(), bytes, &c, at, &e), &e)
}

// Next makes the next decision before a time, and lets the cluster follow it; not ok: none is due.
func (r *Replay) Next(until time.Time) (d Decision, ok bool, err error) {
	d, ok, err = r.next(until, nil)
	return d, ok, err
}

// ExplainNext does as Next does, and says why.
func (r *Replay) ExplainNext(until time.Time) (d Decision, steps []Step, ok bool, err error) {
	d, steps, err = explained(func(why *C.weir_explain) (Decision, error) {
		var err error
		d, ok, err = r.next(until, why)
		return d, err
	})
	return d, steps, ok, err
}

func (r *Replay) next(until time.Time, why *C.weir_explain) (Decision, bool, error) {
	at, err := instant(until)
	if err != nil {
		return Decision{}, false, err
	}
	m := r.autoscaler.block()
	m.changes++
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	status := C.weirgo_replay_next(r.c(), m.address(), at, &out, why)
	d, err := decided(status, &out)
	return d, status != C.WEIR_END && err == nil, err
}

// Record takes one row in: readings of one time, up to which Next has been called.
func (r *Replay) Record(readings ...Reading) error {
	list := make([]C.weir_reading, len(readings))
	for i := range readings {
		one := &readings[i]
		at, err := instant(one.At)
		if err != nil {
			return err
		}
		list[i] = C.weir_reading{at: at, series: C.int32_t(one.Series), pod: C.int32_t(one.Pod),
			status: statusOf(one.Err), value: C.double(one.Value)}
	}
	return failure(C.weir_replay_record(r.c(), r.autoscaler.block().pointer(), unsafe.SliceData(list),
		C.size_t(len(list))), nil)
}

// Request: a request arrives, and runs for a duration once a pod has taken it. Knative only.
func (r *Replay) Request(at time.Time, duration time.Duration) error {
	t, err := instant(at)
	if err != nil {
		return err
	}
	return failure(C.weir_replay_request(r.c(), r.autoscaler.block().pointer(), t, C.weir_duration(duration)), nil)
}

// Workers is a load generator: so many workers, each of which sends its next request as soon as its last
// one was answered, until a time.
func (r *Replay) Workers(at time.Time, workers int, duration time.Duration, until time.Time) error {
	from, err := instant(at)
	if err != nil {
		return err
	}
	to, err := instant(until)
	if err != nil {
		return err
	}
	return failure(C.weir_replay_workers(r.c(), r.autoscaler.block().pointer(), from, C.int64_t(workers),
		C.weir_duration(duration), to), nil)
}

// Load is the load of the main series as it was last reported.
func (r *Replay) Load() float64 { return float64(C.weir_replay_load(r.read())) }

// Waits is what the requests came to so far.
func (r *Replay) Waits() (Waits, error) {
	c := new(C.weir_waits)
	if err := failure(C.weir_replay_waits(r.read(), c, C.sizeof_weir_waits), nil); err != nil {
		return Waits{}, err
	}
	w := Waits{Completed: int64(c.completed), Running: int64(c.running), Waiting: int64(c.waiting),
		Held: int64(c.held), Longest: time.Duration(c.longest), Waited: float64(c.waited)}
	for _, n := range c.buckets {
		w.Buckets = append(w.Buckets, int64(n))
	}
	return w, nil
}

// Target is the scale target at the time of the last sample or decision.
func (r *Replay) Target() (Target, error) {
	var numbers [4]C.int32_t
	var count C.uint32_t
	if err := failure(C.weirgo_replay_target(r.c(), &numbers[0], nil, 0, &count), nil); err != nil {
		return Target{}, err
	}
	list := make([]C.weir_pod, count)
	err := failure(C.weirgo_replay_target(r.c(), &numbers[0], unsafe.SliceData(list), count, &count), nil)
	t := Target{Replicas: int32(numbers[0]), StatusReplicas: int32(numbers[1]), Ready: int32(numbers[2]),
		Unreachable: numbers[3] != 0}
	for i := range list {
		t.Pods = append(t.Pods, podOf(&list[i]))
	}
	return t, err
}

// Report is what the replay came to by a time. The replay itself stays where it is.
func (r *Replay) Report(end time.Time) (Report, error) {
	at, err := instant(end)
	if err != nil {
		return Report{}, err
	}
	c := C.weir_report{struct_size: C.sizeof_weir_report}
	err = failure(C.weir_replay_report(r.read(), at, &c, C.sizeof_weir_report), nil)
	return Report{PeakReplicas: int32(c.peak_replicas), Decisions: int64(c.decisions), Invalid: int64(c.invalid),
		ScaleUps: int64(c.scale_ups), ScaleDowns: int64(c.scale_downs), Reversals: int64(c.reversals),
		ColdStarts: int64(c.cold_starts), Seconds: float64(c.seconds), ReplicaSeconds: float64(c.replica_seconds),
		ReadySeconds: float64(c.ready_seconds), PanicSeconds: float64(c.panic_seconds),
		ProxySeconds: float64(c.proxy_seconds), ZeroSeconds: float64(c.zero_seconds),
		OverloadSeconds: float64(c.overload_seconds), Digest: uint64(c.digest)}, err
}

// A Trace is a load in memory: rows of one value a series.
type Trace struct {
	Series int             // values of a row: the autoscaler's first series, in their order; 0 is 1
	Times  []time.Duration // of each row after Start, rising; nil: one every Step
	Start  time.Time
	Step   time.Duration
	Values []float64 // row after row; NaN: there is no value then
	End    time.Time // decisions up to here, exclusive; zero: a Step, or nothing, after the last row
}

func (t *Trace) series() int { return max(t.Series, 1) }

// cTrace is a trace for C: rows are counted once, however many autoscalers are driven through them.
type cTrace struct {
	*Trace
	rows       int
	times      []C.int64_t
	start, end C.weir_time
}

func (t *Trace) c() (c cTrace, err error) {
	c = cTrace{Trace: t, rows: len(t.Values) / t.series()}
	if c.rows*t.series() != len(t.Values) {
		return c, fault(ErrRange, "Values", "must be rows of %d, got %d values", t.series(), len(t.Values))
	}
	if t.Times != nil && len(t.Times) != c.rows {
		return c, fault(ErrRange, "Times", "must be one a row, which are %d, got %d", c.rows, len(t.Times))
	}
	if t.Times == nil && t.Step <= 0 {
		return c, fault(ErrRange, "Step", "must be above 0 without Times, got %v", t.Step)
	}
	if c.start, err = instant(t.Start); err != nil {
		return c, err
	}
	last := time.Duration(c.rows) * t.Step
	for _, after := range t.Times {
		c.times = append(c.times, C.int64_t(c.start)+C.int64_t(after))
		last = after
	}
	if c.end = c.start + C.weir_time(last); !t.End.IsZero() {
		c.end, err = instant(t.End)
	}
	return c, err
}

// Run replays a trace that lies in memory, and gives what it came to with every decision, in few calls of C.
// Trace.Start is when the autoscaler was made.
func Run(config ReplayConfig, autoscaler Autoscaler, trace Trace) (Report, []Decision, error) {
	rows, err := trace.c()
	if err != nil {
		return Report{}, nil, err
	}
	return rows.run(config, autoscaler, true)
}

func (t *cTrace) run(config ReplayConfig, autoscaler Autoscaler, keep bool) (Report, []Decision, error) {
	r, err := NewReplay(config, autoscaler, t.Start)
	if err != nil {
		return Report{}, nil, err
	}
	m := autoscaler.block()
	m.changes++
	var page []C.weir_decision
	if keep {
		page = make([]C.weir_decision, 256)
		for i := range page {
			page[i].struct_size = C.sizeof_weir_decision
		}
	}
	var decisions []Decision
	var next C.size_t
	for {
		var count C.size_t
		status := C.weirgo_replay_run(r.c(), m.address(), C.uint32_t(t.series()), C.size_t(t.rows),
			unsafe.SliceData(t.times), t.start, C.weir_duration(t.Step),
			(*C.double)(unsafe.SliceData(t.Values)), &next, t.end, unsafe.SliceData(page), C.size_t(len(page)), &count)
		for i := range page[:count] {
			d, _ := decided(C.WEIR_OK, &page[i])
			decisions = append(decisions, d)
		}
		if status < 0 {
			return Report{}, decisions, failure(status, nil)
		}
		if status == C.WEIR_END {
			report, err := r.Report(moment(t.end))
			return report, decisions, err
		}
	}
}

// RunAll replays one trace through many autoscalers on all processors, and gives the report of each.
// Errors are by autoscaler; a nil slice: there were none.
func RunAll(config ReplayConfig, autoscalers []Autoscaler, trace Trace) ([]Report, []error) {
	reports := make([]Report, len(autoscalers))
	errs := make([]error, len(autoscalers))
	rows, err := trace.c()
	if err != nil {
		for i := range errs {
			errs[i] = err
		}
		return reports, errs
	}
	var group sync.WaitGroup
	work := make(chan int)
	for range min(runtime.GOMAXPROCS(0), len(autoscalers)) {
		group.Go(func() {
			for i := range work {
				reports[i], _, errs[i] = rows.run(config, autoscalers[i], false)
			}
		})
	}
	for i := range autoscalers {
		work <- i
	}
	close(work)
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return reports, errs
		}
	}
	return reports, nil
}
