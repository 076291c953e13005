package weir

/*
#include "weir.h"

// A pointer to words is not looked at by cgo's checks, which a pointer to an opaque struct is.
static inline weir_status weirgo_kpa_decide(uint64_t *state, int64_t ready, int32_t reachable, weir_time now,
                                            weir_decision *out, weir_explain *why)
{
    return weir_kpa_decide((weir_kpa *)(void *)state, ready, reachable, now, out, why);
}

static inline weir_status weirgo_kpa_decider_decide(uint64_t *state, const weir_kpa_decider_input *in,
                                                    weir_time now, weir_decision *out, weir_explain *why)
{
    return weir_kpa_decider_decide((weir_kpa_decider *)(void *)state, in, now, out, why);
}
#cgo noescape weir_kpa_record
#cgo nocallback weir_kpa_record
#cgo noescape weirgo_kpa_decide
#cgo nocallback weirgo_kpa_decide
#cgo noescape weirgo_kpa_decider_decide
#cgo nocallback weirgo_kpa_decider_decide
#cgo noescape weir_kpa_decider_tick
#cgo nocallback weir_kpa_decider_tick
#cgo noescape weir_kpa_decider_poke
#cgo nocallback weir_kpa_decider_poke
#cgo noescape weir_kpa_collector_record
#cgo nocallback weir_kpa_collector_record
#cgo noescape weir_kpa_collector_read
#cgo nocallback weir_kpa_collector_read
*/
import "C"

import (
	"time"
	"unsafe"
)

// KPATick is the time between two decisions of the real Knative.
const KPATick = time.Duration(C.WEIR_KPA_TICK)

func (c *KPAConfig) c() (to C.weir_kpa_config, err error) {
	C.weir_kpa_config_init(&to, C.sizeof_weir_kpa_config)
	return to, toC(ConfigKPA, c, unsafe.Pointer(&to))
}

func (c *KPADeciderConfig) c() (to C.weir_kpa_decider_config, err error) {
	C.weir_kpa_decider_config_init(&to, C.sizeof_weir_kpa_decider_config)
	return to, toC(ConfigKPADecider, c, unsafe.Pointer(&to))
}

func (c *KPACollectorConfig) c() (to C.weir_kpa_collector_config, err error) {
	C.weir_kpa_collector_config_init(&to, C.sizeof_weir_kpa_collector_config)
	return to, toC(ConfigKPACollector, c, unsafe.Pointer(&to))
}

// DefaultKPAConfig has Knative's defaults.
func DefaultKPAConfig() KPAConfig {
	var c C.weir_kpa_config
	C.weir_kpa_config_init(&c, C.sizeof_weir_kpa_config)
	return fromC[KPAConfig](ConfigKPA, unsafe.Pointer(&c))
}

// DefaultKPADeciderConfig has the defaults of the decider alone.
func DefaultKPADeciderConfig() KPADeciderConfig {
	var c C.weir_kpa_decider_config
	C.weir_kpa_decider_config_init(&c, C.sizeof_weir_kpa_decider_config)
	return fromC[KPADeciderConfig](ConfigKPADecider, unsafe.Pointer(&c))
}

// DefaultKPACollectorConfig has the defaults of the collector alone.
func DefaultKPACollectorConfig() KPACollectorConfig {
	var c C.weir_kpa_collector_config
	C.weir_kpa_collector_config_init(&c, C.sizeof_weir_kpa_collector_config)
	return fromC[KPACollectorConfig](ConfigKPACollector, unsafe.Pointer(&c))
}

// Check finds what is wrong with a configuration.
func (c KPAConfig) Check() error {
	to, err := c.c()
	if err != nil {
		return err
	}
	var e C.weir_error
	return failure(C.weir_kpa_config_check(&to, &e), &e)
}

// Resolve gives what the configuration of a revision means for its collector and its decider.
func (c KPAConfig) Resolve() (KPACollectorConfig, KPADeciderConfig, error) {
	from, err := c.c()
	if err != nil {
		return KPACollectorConfig{}, KPADeciderConfig{}, err
	}
	var collector C.weir_kpa_collector_config
	var decider C.weir_kpa_decider_config
	C.weir_kpa_collector_config_init(&collector, C.sizeof_weir_kpa_collector_config)
	C.weir_kpa_decider_config_init(&decider, C.sizeof_weir_kpa_decider_config)
	err = failure(C.weir_kpa_resolve(&from, &collector, &decider), nil)
	return fromC[KPACollectorConfig](ConfigKPACollector, unsafe.Pointer(&collector)),
		fromC[KPADeciderConfig](ConfigKPADecider, unsafe.Pointer(&decider)), err
}

// ScaleBounds gives the bounds that the reconciler puts on the pods; 0 is no bound.
func (c KPAConfig) ScaleBounds(unreachable bool) (least, most int32, err error) {
	from, err := c.c()
	if err != nil {
		return 0, 0, err
	}
	var low, high C.int32_t
	C.weir_kpa_scale_bounds(&from, cBool(unreachable), &low, &high)
	return int32(low), int32(high), nil
}

// A KPAStat is one report about a revision's requests (upstream: metrics.Stat).
type KPAStat struct {
	AverageConcurrentRequests        float64 // in flight, averaged over the period
	AverageProxiedConcurrentRequests float64 // of these, those that came via the activator
	RequestCount                     float64 // per second
	ProxiedRequestCount              float64 // of these, those that came via the activator
}

func (s KPAStat) c() C.weir_kpa_stat {
	return C.weir_kpa_stat{
		average_concurrent_requests:         C.double(s.AverageConcurrentRequests),
		average_proxied_concurrent_requests: C.double(s.AverageProxiedConcurrentRequests),
		request_count:                       C.double(s.RequestCount),
		proxied_request_count:               C.double(s.ProxiedRequestCount),
	}
}

func statOf(s *C.weir_kpa_stat) KPAStat {
	return KPAStat{float64(s.average_concurrent_requests), float64(s.average_proxied_concurrent_requests),
		float64(s.request_count), float64(s.proxied_request_count)}
}

// KPAAverages are the averages of one metric over the two windows.
type KPAAverages struct{ Stable, Panic float64 }

// KPAStatus is what a decider remembers.
type KPAStatus struct {
	Desired             int32 // last valid decision, -1 before the first
	ExcessBurstCapacity int32
	MaxPanicPods        int32     // most pods wanted since panic began
	PanicSince          time.Time // start or last renewal of panic; zero: no panic
	NextTick            time.Time
}

func kpaStatusOf(s *C.weir_kpa_status) KPAStatus {
	return KPAStatus{Desired: int32(s.desired), ExcessBurstCapacity: int32(s.excess_burst_capacity),
		MaxPanicPods: int32(s.max_panic_pods), PanicSince: moment(s.panic_since), NextTick: moment(s.next_tick)}
}

// A KPA is a Knative revision whole: collector, decider and reconciler.
type KPA struct{ machine }

func (k *KPA) c() *C.weir_kpa { return (*C.weir_kpa)(k.pointer()) }

// NewKPA makes a new revision that is due at once. With two or more pods ready it starts in panic
// mode, as Knative does, so that a restart does not scale down on little data.
func NewKPA(config KPAConfig, now time.Time, ready int) (*KPA, error) {
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
	if err := failure(C.weir_kpa_bytes(&c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	k := &KPA{machine{state: newState(bytes)}}
	return k, failure(C.weir_kpa_init(k.c(), bytes, &c, C.int64_t(ready), at, &e), &e)
}

// Clone copies the revision; the copy goes its own way.
func (k *KPA) Clone() *KPA { return &KPA{machine{state: k.clone()}} }

// SetIdle makes a new revision one that was scaled to zero before now. To be called before anything else.
func (k *KPA) SetIdle(now time.Time) error {
	at, err := instant(now)
	if err != nil {
		return err
	}
	return failure(C.weir_kpa_set_idle(k.c(), at), nil)
}

// Record takes one report in. Reports may be late and out of order.
func (k *KPA) Record(at time.Time, stat KPAStat) error {
	t, err := instant(at)
	if err != nil {
		return err
	}
	c := stat.c()
	return failure(C.weir_kpa_record(k.c(), t, &c), nil)
}

// KPAInput is what a decision of a KPA looks at besides the reports.
type KPAInput struct {
	Ready       int  // ready pods; below 0: not known, and the decision is not valid
	Unreachable bool // no route leads to the revision
}

// Decide makes one scale step on the reports there are. Its wish is not bounded by the scale bounds:
// Step does all that the real system does. Use either.
func (k *KPA) Decide(now time.Time, in KPAInput) (Decision, error) { return k.decideWhy(now, in, nil) }

// Explain decides as Decide does, and says why.
func (k *KPA) Explain(now time.Time, in KPAInput) (Decision, []Step, error) {
	return explained(func(why *C.weir_explain) (Decision, error) { return k.decideWhy(now, in, why) })
}

func (k *KPA) decideWhy(now time.Time, in KPAInput, why *C.weir_explain) (Decision, error) {
	at, err := instant(now)
	if err != nil {
		return Decision{}, err
	}
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	k.changes++
	return decided(C.weirgo_kpa_decide(k.address(), C.int64_t(in.Ready), cBool(!in.Unreachable), at, &out, why), &out)
}

// Status reads what the decider remembers.
func (k *KPA) Status() (KPAStatus, error) {
	var s C.weir_kpa_status
	err := failure(C.weir_kpa_get_status((*C.weir_kpa)(k.look()), &s, C.sizeof_weir_kpa_status), nil)
	return kpaStatusOf(&s), err
}

// Collector is the collector inside, sharing the revision's memory.
func (k *KPA) Collector() *KPACollector {
	return &KPACollector{k.part(unsafe.Pointer(C.weir_kpa_get_collector(k.c())))}
}

// Decider is the decider inside, sharing the revision's memory.
func (k *KPA) Decider() *KPADecider {
	return &KPADecider{k.part(unsafe.Pointer(C.weir_kpa_get_decider(k.c())))}
}

// part is a block that lies in the machine's.
func (m *machine) part(at unsafe.Pointer) state {
	if at == nil {
		return state{}
	}
	offset := uintptr(at) - uintptr(unsafe.Pointer(unsafe.SliceData(m.words)))
	size := uintptr(C.weir_autoscaler_bytes(at))
	return state{words: m.words[offset/8 : (offset+size)/8]}
}

// ---- collector ----

// A KPACollector turns reports into averages.
type KPACollector struct{ state }

func (k *KPACollector) c() *C.weir_kpa_collector { return (*C.weir_kpa_collector)(k.pointer()) }

func (k *KPACollector) read() *C.weir_kpa_collector { return (*C.weir_kpa_collector)(k.look()) }

// NewKPACollector makes an empty collector.
func NewKPACollector(config KPACollectorConfig) (*KPACollector, error) {
	c, err := config.c()
	if err != nil {
		return nil, err
	}
	var e C.weir_error
	var bytes C.size_t
	if err := failure(C.weir_kpa_collector_bytes(&c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	k := &KPACollector{newState(bytes)}
	return k, failure(C.weir_kpa_collector_init(k.c(), bytes, &c, &e), &e)
}

// Clone copies the collector.
func (k *KPACollector) Clone() *KPACollector { return &KPACollector{k.clone()} }

// Record takes one report in. Reports may be late and out of order.
func (k *KPACollector) Record(at time.Time, stat KPAStat) error {
	t, err := instant(at)
	if err != nil {
		return err
	}
	c := stat.c()
	return failure(C.weir_kpa_collector_record(k.c(), t, &c), nil)
}

// Read gives the averages of a metric; not ok: the stable window is empty, and pods are scraped.
func (k *KPACollector) Read(metric KPAMetric, now time.Time) (averages KPAAverages, ok bool, err error) {
	at, err := instant(now)
	if err != nil {
		return averages, false, err
	}
	var c C.weir_kpa_averages
	status := C.weir_kpa_collector_read(k.read(), C.int32_t(metric), at, &c)
	return KPAAverages{float64(c.stable), float64(c.panic)}, status == C.WEIR_OK, failure(status, nil)
}

// Update changes windows and scrape target; the algorithm and the reserves stay.
func (k *KPACollector) Update(config KPACollectorConfig, now time.Time) error {
	c, err := config.c()
	if err != nil {
		return err
	}
	at, err := instant(now)
	if err != nil {
		return err
	}
	var e C.weir_error
	return failure(C.weir_kpa_collector_update(k.c(), &c, at, &e), &e)
}

// Next is the first time after now at which an average can change without a report.
func (k *KPACollector) Next(now time.Time) (time.Time, error) {
	at, err := instant(now)
	if err != nil {
		return time.Time{}, err
	}
	return moment(C.weir_kpa_collector_next(k.read(), at)), nil
}

// MarshalBinary writes a snapshot.
func (k *KPACollector) MarshalBinary() ([]byte, error) {
	return snapshot(func(to *C.uint8_t, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_kpa_collector_save(k.read(), to, capacity, need)
	})
}

// UnmarshalBinary takes a snapshot over.
func (k *KPACollector) UnmarshalBinary(data []byte) error {
	var e C.weir_error
	return failure(C.weir_kpa_collector_load(k.c(), (*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data)), &e), &e)
}

// ---- decider ----

// A KPADecider turns averages and ready pods into wanted pods.
type KPADecider struct{ state }

func (k *KPADecider) c() *C.weir_kpa_decider { return (*C.weir_kpa_decider)(k.pointer()) }

// NewKPADecider makes a decider; ready below 0 is not known.
func NewKPADecider(config KPADeciderConfig, now time.Time, ready int) (*KPADecider, error) {
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
	if err := failure(C.weir_kpa_decider_bytes(&c, &bytes, &e), &e); err != nil {
		return nil, err
	}
	k := &KPADecider{newState(bytes)}
	return k, failure(C.weir_kpa_decider_init(k.c(), bytes, &c, C.int64_t(ready), at, &e), &e)
}

// Clone copies the decider.
func (k *KPADecider) Clone() *KPADecider { return &KPADecider{k.clone()} }

// Update changes the configuration while the decider goes on.
func (k *KPADecider) Update(config KPADeciderConfig) error {
	c, err := config.c()
	if err != nil {
		return err
	}
	var e C.weir_error
	return failure(C.weir_kpa_decider_update(k.c(), &c, &e), &e)
}

// KPADeciderInput is what a step looks at.
type KPADeciderInput struct {
	Ready     int   // ready pods
	ReadyErr  error // ErrNoData: there is no such revision, which counts as 0 pods; another: not valid
	Averages  KPAAverages
	MetricErr error // the step is not valid
}

func (in *KPADeciderInput) c() C.weir_kpa_decider_input {
	return C.weir_kpa_decider_input{struct_size: C.sizeof_weir_kpa_decider_input,
		ready_status: statusOf(in.ReadyErr), metric_status: statusOf(in.MetricErr), ready: C.int64_t(in.Ready),
		stable: C.double(in.Averages.Stable), panic: C.double(in.Averages.Panic)}
}

// Decide makes one step.
func (k *KPADecider) Decide(now time.Time, in KPADeciderInput) (Decision, error) {
	return k.decide(now, &in, nil)
}

// Explain decides as Decide does, and says why.
func (k *KPADecider) Explain(now time.Time, in KPADeciderInput) (Decision, []Step, error) {
	return explained(func(why *C.weir_explain) (Decision, error) { return k.decide(now, &in, why) })
}

func (k *KPADecider) decide(now time.Time, in *KPADeciderInput, why *C.weir_explain) (Decision, error) {
	at, err := instant(now)
	if err != nil {
		return Decision{}, err
	}
	c := in.c()
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	k.changes++
	return decided(C.weirgo_kpa_decider_decide(k.address(), &c, at, &out, why), &out)
}

// Tick makes a step if a tick is due, every KPATick from the creation on.
func (k *KPADecider) Tick(now time.Time, in KPADeciderInput) (d Decision, due bool, err error) {
	at, err := instant(now)
	if err != nil {
		return Decision{}, false, err
	}
	c := in.c()
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	status := C.weir_kpa_decider_tick(k.c(), &c, at, &out, nil)
	d, err = decided(status, &out)
	return d, status != C.WEIR_NOT_DUE, err
}

// Poke makes a step outside of the ticks if no pod is wanted and the activator reports requests.
func (k *KPADecider) Poke(now time.Time, in KPADeciderInput, averageConcurrentRequests float64) (d Decision, due bool, err error) {
	at, err := instant(now)
	if err != nil {
		return Decision{}, false, err
	}
	c := in.c()
	out := C.weir_decision{struct_size: C.sizeof_weir_decision}
	status := C.weir_kpa_decider_poke(k.c(), &c, C.double(averageConcurrentRequests), at, &out, nil)
	d, err = decided(status, &out)
	return d, status != C.WEIR_NOT_DUE, err
}

// Status reads what the decider remembers.
func (k *KPADecider) Status() (KPAStatus, error) {
	var s C.weir_kpa_status
	err := failure(C.weir_kpa_decider_status((*C.weir_kpa_decider)(k.look()), &s, C.sizeof_weir_kpa_status), nil)
	return kpaStatusOf(&s), err
}

// MarshalBinary writes a snapshot.
func (k *KPADecider) MarshalBinary() ([]byte, error) {
	return snapshot(func(to *C.uint8_t, capacity C.size_t, need *C.size_t) C.weir_status {
		return C.weir_kpa_decider_save((*C.weir_kpa_decider)(k.look()), to, capacity, need)
	})
}

// UnmarshalBinary takes a snapshot over.
func (k *KPADecider) UnmarshalBinary(data []byte) error {
	var e C.weir_error
	return failure(C.weir_kpa_decider_load(k.c(), (*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data)), &e), &e)
}
