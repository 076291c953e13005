"""Autoscalers with their state: what is recorded, what is decided, copies and snapshots."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Final, Generic, Literal, NamedTuple, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from ._configs import (
    BehaviorConfig,
    HPAConfig,
    KPACollectorConfig,
    KPAConfig,
    KPADeciderConfig,
    ScaledObjectConfig,
    WindowConfig,
)
from ._arrays import joined, numbers
from ._core import ffi, lib
from ._decision import Decision, rule_name, steps_of
from ._errors import ArgumentError, Error, FieldError, RangeError, check, did_you_mean, error_of, new_error, text
from ._fields import Config, quantity_milli
from ._time import Duration, Nanos, Time, duration_ns, seconds, to_ns
from ._zones import set_zones

_NULL = ffi.NULL
_UNMADE: int = lib.WEIR_PY_UNMADE
_NO_DATA: int = lib.WEIR_NO_DATA
_kpa_decide = lib.weir_py_kpa_decide
_kpa_record = lib.weir_py_kpa_record
_decider_decide = lib.weir_py_decider_decide
_step = lib.weir_py_step

C = TypeVar("C", bound=Config)


class Machine(Generic[C]):
    """A state in memory of its own. One thread at a time: a second one gets BusyError."""

    config_class: ClassVar[type[Config]]
    _prefix: ClassVar[str]  # of its functions in C

    def __init__(self, config: C, *, start: Time | None = None, ready: int = 0) -> None:
        if not isinstance(config, self.config_class):
            raise FieldError(
                f"must be a {self.config_class.__name__}, got {type(config).__name__}", path="config"
            )
        self._config = config
        self._ready = ready
        bytes_, err = ffi.new("size_t *"), new_error()
        check(lib.weir_py_bytes(config.kind, config._c, bytes_, err), err)
        self._bytes: int = bytes_[0]
        # 8-byte words: cffi aligns them, and the state's header takes two.
        self._words = ffi.new("uint64_t[]", lib.WEIR_PY_HEADER + (self._bytes + 7) // 8)
        self._block = ffi.cast("weir_py_block *", self._words)
        if start is not None:
            self._make(to_ns(start, "start"))

    def _make(self, now: int) -> None:
        """Makes the state, once it is known when it begins."""
        err = new_error()
        with self._entered() as state:
            if self._block.made:
                return
            check(
                lib.weir_py_make(self._config.kind, state, self._bytes, self._config._c, self._ready, now, err),
                err,
            )
            if isinstance(self._config, ScaledObjectConfig):
                set_zones(state, now, self._config.zone_reserve)
            self._block.made = 1

    @contextmanager
    def _entered(self) -> Iterator[Any]:
        state = lib.weir_py_enter(self._block)
        if state == _NULL:
            raise error_of(lib.WEIR_PY_BUSY)
        try:
            yield state
        finally:
            lib.weir_py_leave(self._block)

    @contextmanager
    def _made(self, now: int = 0) -> Iterator[Any]:
        if not self._block.made:
            self._make(now)
        with self._entered() as state:
            yield state

    def _failed(self, status: int, now: int) -> None:
        """What a call that came to nothing means: an exception, or that it can be called again."""
        if status != _UNMADE:
            raise error_of(status, None, *_reason(status, now))
        self._make(now)

    @property
    def config(self) -> C:
        """The configuration that it was made with."""
        return self._config

    # ---- copies and snapshots --------------------------------------------------------------------

    def copy(self) -> Self:
        """A second state with the same past and a future of its own."""
        new = type(self).__new__(type(self))
        new.__dict__.update(self.__dict__)
        new._words = ffi.new("uint64_t[]", len(self._words))
        with self._entered():
            ffi.memmove(new._words, self._words, ffi.sizeof(self._words))
        new._block = ffi.cast("weir_py_block *", new._words)
        new._block.busy = 0
        return new

    def __copy__(self) -> Self:
        return self.copy()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self.copy()

    def save(self) -> bytes:
        """A snapshot that any machine reads; :meth:`load` takes it."""
        save = getattr(lib, f"{self._prefix}_save")
        with self._made() as state:
            need = ffi.new("size_t *")
            save(state, _NULL, 0, need)
            buffer = ffi.new("uint8_t[]", need[0])
            check(save(state, buffer, need[0], need))
            return bytes(ffi.buffer(buffer, need[0]))

    def load(self, snapshot: bytes) -> None:
        """Takes the state of a snapshot over; the configuration has to be the same.

        Raises CorruptError, VersionError or MismatchError; then nothing has changed.
        """
        try:
            raw = ffi.from_buffer("uint8_t[]", snapshot)
        except TypeError:
            raise FieldError(f"must be bytes, got {type(snapshot).__name__}", path="snapshot") from None
        err, load = new_error(), getattr(lib, f"{self._prefix}_load")
        with self._made() as state:
            check(load(state, raw, len(raw), err), err)

    def __reduce__(self) -> tuple[Any, ...]:
        made = bool(self._block.made)
        return _machine, (type(self), self._config, self._ready, self.save() if made else None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._config!r})"


def _machine(cls: type[Machine[Any]], config: Config, ready: int, snapshot: bytes | None) -> Machine[Any]:
    new = cls(config, ready=ready)
    if snapshot is not None:
        new.load(snapshot)
    return new


def _reason(status: int, now: int) -> tuple[str, str]:
    """The path and the sentence of an error that has none of its own."""
    if status == lib.WEIR_E_TIME:
        return "now", f"{seconds(now)} s is before a time that this state has already seen"
    if status == lib.WEIR_E_PANIC:
        return "now", "the real controller would crash at this time, after those that it has seen"
    return "", ""


def _refused(error: OverflowError | TypeError, reals: Mapping[str, Any], integers: Mapping[str, Any]) -> Error:
    """What was wrong with the arguments that a call of C did not take, where it was one of them."""
    if isinstance(error, Error):
        return error
    if isinstance(error, OverflowError):
        return RangeError(f"a number is too large: {error}")
    for path, value in reals.items():
        if not isinstance(value, (int, float, np.integer, np.floating)):
            return FieldError(f"must be a number, got {value!r}", path=path)
    for path, value in integers.items():
        if not isinstance(value, (int, np.integer)):
            return FieldError(f"must be an integer, got {value!r}", path=path)
    return FieldError(str(error))


# ---- what a step looks at ------------------------------------------------------------------------

Failed: TypeAlias = Literal["failed"]
FAILED: Final = "failed"


class Milli(int):
    """Thousandths, as the controllers count: ``Milli(1500)`` is 1.5."""

    __slots__ = ()


# A row of pods, of samples, as the library lays them out.
POD = np.dtype(
    {
        "names": ["started", "ready_since", "ready", "deleted", "phase"],
        "formats": ["M8[ns]", "M8[ns]", "i4", "i4", "i4"],
        "offsets": [ffi.offsetof("weir_pod", n) for n in ("started", "ready_since", "ready", "deleted", "phase")],
        "itemsize": ffi.sizeof("weir_pod"),
    }
)
SAMPLE = np.dtype(
    {
        "names": ["value", "request", "at", "window", "present"],
        "formats": ["i8", "i8", "M8[ns]", "m8[ns]", "i4"],
        "offsets": [
            ffi.offsetof("weir_hpa_sample", n) for n in ("value", "request", "at", "window", "present")
        ],
        "itemsize": ffi.sizeof("weir_hpa_sample"),
    }
)
NO_REQUEST: int = lib.WEIR_HPA_NO_REQUEST

Value: TypeAlias = float | str | Milli
Metric: TypeAlias = Value | Sequence[Value] | npt.NDArray[Any] | Failed | None


def pods(
    count: int,
    *,
    started: Time | None = None,
    ready_since: Time | None = None,
    ready: Literal["false", "true", "unknown", "none"] = "true",
) -> npt.NDArray[np.void]:
    """So many pods alike, an array of dtype POD to be changed where they differ.

    Its columns: ``started``, ``ready_since`` (NaT: none), ``ready`` (0 False, 1 True, 2 Unknown, 3 no
    such condition), ``deleted``, ``phase`` (0 Running, 1 Pending, 2 Succeeded, 3 Failed, 4 Unknown).
    """
    made = np.zeros(count, POD)
    made["started"] = np.datetime64("NaT") if started is None else np.datetime64(to_ns(started, "started"), "ns")
    since = started if ready_since is None else ready_since
    made["ready_since"] = np.datetime64("NaT") if since is None else np.datetime64(to_ns(since, "ready_since"), "ns")
    made["ready"] = ["false", "true", "unknown", "none"].index(ready)
    return made


def samples(
    values: npt.ArrayLike,
    *,
    at: Time,
    window: Duration = 30,
    request: float | str | Milli | None = None,
) -> npt.NDArray[np.void]:
    """A sample of each pod, an array of dtype SAMPLE: a metric of pods, as HPA.decide() takes it.

    :param values: one a pod, in the order of the pods; NaN: the pod has none
    :param request: what each pod requests of the resource, for utilization
    """
    doubles = numbers(values, "values")
    made = np.zeros(doubles.shape, SAMPLE)
    present = ~np.isnan(doubles)
    known = doubles[present]
    if not (np.abs(known) < 9.2e15).all():
        raise RangeError("must be numbers whose thousandths fit 64 bits", path="values")
    made["present"] = present
    made["value"][present] = (known * 1000.0).astype(np.int64)
    made["request"] = NO_REQUEST if request is None else _milli(request, "request")
    made["at"] = np.datetime64(to_ns(at, "at"), "ns")
    made["window"] = np.timedelta64(duration_ns(window, "window"), "ns")
    return made


def _milli(value: Any, path: str) -> int:
    """Thousandths, cut toward zero as the usual adapters of metrics do."""
    if isinstance(value, Milli):
        return int(value)
    if isinstance(value, str):
        return quantity_milli(value, path)
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value) * 1000
    if isinstance(value, (float, np.floating)):
        if not -9.2e15 < value < 9.2e15:
            raise RangeError(f"must be a number whose thousandths fit 64 bits, got {value}", path=path)
        return int(float(value) * 1000.0)
    raise FieldError(f"must be a number, a quantity or Milli, got {type(value).__name__}", path=path)


def _count(value: Any, path: str) -> int:
    if not isinstance(value, (int, np.integer)):
        raise FieldError(f"must be an integer, got {value!r}", path=path)
    if not -(2**31) <= value < 2**31:
        raise RangeError(f"does not fit 32 bits: {value}", path=path)
    return int(value)


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and value != value)


def _one_each(values: Any, names: Sequence[str], path: str) -> list[Any]:
    """One value for each name, of a list in their order or of a dict by name; missing ones are None."""
    if isinstance(values, Mapping):
        for name in values:
            if name not in names:
                raise FieldError(
                    f"there is none of this name; there are {', '.join(names) or 'none'}"
                    + did_you_mean(str(name), names),
                    path=f"{path}[{name!r}]",
                )
        return [values.get(name) for name in names]
    if isinstance(values, (str, bytes)) or not isinstance(values, (Sequence, np.ndarray)):
        raise FieldError(f"must be a list or a dict by name, got {type(values).__name__}", path=path)
    if len(values) != len(names):
        raise FieldError(f"must be {len(names)} ({', '.join(names)}), got {len(values)}", path=path)
    return list(values)


def _pods_pointer(pods: npt.NDArray[Any] | None) -> tuple[Any, int, Any]:
    if pods is None:
        return _NULL, 0, None
    if not isinstance(pods, np.ndarray) or pods.dtype != POD or pods.ndim != 1:
        have = f"dtype {pods.dtype}, shape {pods.shape}" if isinstance(pods, np.ndarray) else type(pods).__name__
        raise FieldError(f"must be a one-dimensional array of dtype weir.POD (see weir.pods()), got {have}", path="pods")
    kept = np.ascontiguousarray(pods)
    return ffi.cast("const weir_pod *", ffi.from_buffer(kept)), len(kept), kept


# ---- autoscalers ---------------------------------------------------------------------------------


class Autoscaler(Machine[C]):
    """A kind that decides: what all of them can do.

    ``start`` is when it begins, ``None``: at the first time that it is told.
    """

    @property
    def series(self) -> tuple[str, ...]:
        """The names of the series that it reads."""
        with self._made() as state:
            count = lib.weir_autoscaler_series_count(state)
            return tuple(text(lib.weir_autoscaler_series_name(state, i)) for i in range(count))

    @property
    def main_series(self) -> int:
        """The series that the decision depends on most."""
        with self._made() as state:
            return lib.weir_autoscaler_main_series(state)  # type: ignore[no-any-return]

    @property
    def due_ns(self) -> int:
        """When the real controller would decide next by itself, in nanoseconds."""
        with self._made() as state:
            return lib.weir_autoscaler_due(state)  # type: ignore[no-any-return]

    @property
    def due(self) -> float:
        """When the real controller would decide next by itself, in seconds."""
        return seconds(self.due_ns)

    @property
    def poked(self) -> bool:
        """Whether what was recorded makes the real controller decide at once."""
        with self._made() as state:
            return bool(lib.weir_autoscaler_poked(state))

    def observe(self, at: Time, values: Mapping[str, float | None] | Sequence[float | None]) -> None:
        """Takes a reading of each series in: by name, or in the order of ``series``.

        ``None`` and NaN: there is no value. Series that a dict does not name are left as they are.
        """
        when = to_ns(at, "at")
        if not self._block.made:
            self._make(when)
        names = self.series
        each = _one_each(values, names, "values")
        wanted = [i for i, name in enumerate(names) if not isinstance(values, Mapping) or name in values]
        readings = ffi.new("weir_reading[]", max(len(wanted), 1))
        for reading, i in zip(readings, wanted):
            reading.at, reading.series, reading.pod = when, i, -1
            if _is_missing(each[i]):
                reading.status = _NO_DATA
            else:
                reading.value = each[i]
        with self._made(when) as state:
            status = lib.weir_autoscaler_record(state, readings, len(wanted))
        check(status, None, *_reason(status, when))

    def step(
        self,
        now: Time,
        *,
        replicas: int,
        ready: int | None = None,
        existing: int | None = None,
        reachable: bool = True,
        pods: npt.NDArray[Any] | None = None,
        explain: bool = False,
    ) -> Decision:
        """Decides on what :meth:`observe` took in, as the real controller does at ``now``.

        :param replicas: asked of the scale target
        :param ready: pods that are ready; as many as there are, if not given
        :param existing: pods that there are; as many as asked for, if not given
        :param pods: each of them (see weir.pods()), where the kind looks at single pods
        """
        when = now * 1_000_000_000 if type(now) is int else to_ns(now)
        existing = replicas if existing is None else existing
        ready = existing if ready is None else ready
        pointer, count, _kept = (_NULL, 0, None) if pods is None else _pods_pointer(pods)
        why = ffi.new("weir_explain *") if explain else _NULL
        while True:
            try:
                c = _step(self._block, replicas, existing, ready, not reachable, pointer, count, when, why)
            except (OverflowError, TypeError) as error:
                raise _refused(error, {}, {"replicas": replicas, "existing": existing, "ready": ready}) from None
            if not c.status or c.status == _NO_DATA:
                return Decision(c, steps_of(why)) if explain else Decision(c)
            self._failed(c.status, when)


class KPAStatus(NamedTuple):
    """What a decider remembers."""

    desired: int  # last valid decision, -1 before the first
    excess_burst_capacity: int
    max_panic_pods: int  # most pods wanted since panic began
    panic_since: float | None  # start or last renewal of panic, in seconds
    panic_since_ns: int | None


def _kpa_status(call: Any, state: Any) -> KPAStatus:
    status = ffi.new("weir_kpa_status *")
    check(call(state, status, ffi.sizeof("weir_kpa_status")))
    since = None if status.panic_since == lib.WEIR_TIME_NONE else status.panic_since
    return KPAStatus(
        status.desired,
        status.excess_burst_capacity,
        status.max_panic_pods,
        None if since is None else seconds(since),
        since,
    )


class KPA(Autoscaler[KPAConfig]):
    """A Knative revision: record its requests' statistics, ask for its pods.

    :param ready: pods ready at the start; with two or more it starts in panic mode, as upstream
    """

    config_class = KPAConfig
    _prefix = "weir_kpa"

    def record(
        self,
        at: Time,
        concurrency: float,
        rps: float = 0.0,
        *,
        proxied_concurrency: float = 0.0,
        proxied_rps: float = 0.0,
    ) -> None:
        """Records one report: requests in flight and requests per second.

        :param proxied_concurrency: of the requests in flight, those that came through the activator
        :param proxied_rps: of the requests per second likewise
        """
        when = at * 1_000_000_000 if type(at) is int else to_ns(at, "at")
        while True:
            try:
                status = _kpa_record(self._block, when, concurrency, proxied_concurrency, rps, proxied_rps)
            except (OverflowError, TypeError) as error:
                given = {"concurrency": concurrency, "rps": rps}
                given |= {"proxied_concurrency": proxied_concurrency, "proxied_rps": proxied_rps}
                raise _refused(error, given, {}) from None
            if status == 0:
                return
            self._failed(status, when)

    def decide(self, now: Time, *, ready: int, reachable: bool = True, explain: bool = False) -> Decision:
        """One scale step: the pods wanted for the load recorded up to ``now``.

        :param ready: pods that are ready; below 0: not known
        :param reachable: whether a route leads to the revision
        :param explain: whether the decision is to have its steps; it is the same either way
        """
        # Short, as this is what a simulation calls most.
        why = ffi.new("weir_explain *") if explain else _NULL
        try:
            c = _kpa_decide(
                self._block, ready, reachable, now * 1_000_000_000 if type(now) is int else to_ns(now), why
            )
        except (OverflowError, TypeError) as error:
            raise _refused(error, {}, {"ready": ready}) from None
        if c.status and c.status != _NO_DATA:
            self._failed(c.status, to_ns(now))
            return self.decide(now, ready=ready, reachable=reachable, explain=explain)
        return Decision(c, steps_of(why)) if explain else Decision(c)

    def averages(self, now: Time) -> tuple[float, float] | None:
        """The averages over the stable and the panic window; None: there is no data."""
        when, averages = to_ns(now), ffi.new("weir_kpa_averages *")
        metric = {"concurrency": 0, "rps": 1, "other": 2}[self._config.metric]
        with self._made(when) as state:
            status = lib.weir_kpa_collector_read(lib.weir_kpa_get_collector(state), metric, when, averages)
        check(status)
        return None if status == _NO_DATA else (averages.stable, averages.panic)

    @property
    def status(self) -> KPAStatus:
        """What it remembers."""
        with self._made() as state:
            return _kpa_status(lib.weir_kpa_get_status, state)


def _decider_input(ready: int | Failed | None, stable: float | None, panic: float | None) -> Any:
    """What a step looks at, where something is missing."""
    given = ffi.new("weir_kpa_decider_input *")
    check(lib.weir_kpa_decider_input_init(given, ffi.sizeof("weir_kpa_decider_input")))
    if ready is None or isinstance(ready, str):
        given.ready_status = _NO_DATA if ready is None else lib.WEIR_E_IO
    else:
        given.ready = ready
    if stable is None or panic is None:
        given.metric_status = _NO_DATA
    else:
        given.stable, given.panic = stable, panic
    return given


class KPADecider(Machine[KPADeciderConfig]):
    """The Knative decider alone: averages and ready pods to wanted pods."""

    config_class = KPADeciderConfig
    _prefix = "weir_kpa_decider"

    def decide(
        self,
        now: Time,
        *,
        ready: int | Failed | None,
        stable: float | None,
        panic: float | None,
        explain: bool = False,
    ) -> Decision:
        """One scale step.

        :param ready: pods that are ready; None: there is no such revision, which counts as
            none; weir.FAILED: they could not be counted, so there is no decision
        :param stable: average over the stable window; None: there is no data
        :param panic: average over the panic window
        """
        when = to_ns(now)
        why = ffi.new("weir_explain *") if explain else _NULL
        if stable is None or panic is None or ready is None or isinstance(ready, str):
            return self._decide_on(_decider_input(ready, stable, panic), when, why)
        while True:
            c = _decider_decide(self._block, ready, stable, panic, when, why)
            if not c.status or c.status == _NO_DATA:
                return Decision(c, steps_of(why) if explain else ())
            self._failed(c.status, when)

    def _decide_on(self, given: Any, when: int, why: Any) -> Decision:
        c = ffi.new("weir_py_decision *")
        out = ffi.cast("weir_decision *", c)
        check(lib.weir_decision_init(out, ffi.sizeof("weir_decision")))
        if why != _NULL:
            check(lib.weir_explain_init(why, ffi.sizeof("weir_explain")))
        with self._made(when) as state:
            check(lib.weir_kpa_decider_decide(state, given, when, out, why))
        return Decision(c[0], steps_of(why) if why != _NULL else ())

    def update(self, config: KPADeciderConfig) -> None:
        """Goes on with another configuration; panic and the delay window survive."""
        err = new_error()
        with self._made() as state:
            check(lib.weir_kpa_decider_update(state, config._c, err), err)
        self._config = config

    @property
    def status(self) -> KPAStatus:
        """What it remembers."""
        with self._made() as state:
            return _kpa_status(lib.weir_kpa_decider_status, state)


class KPACollector(Machine[KPACollectorConfig]):
    """The Knative metric collector alone: statistics to averages."""

    config_class = KPACollectorConfig
    _prefix = "weir_kpa_collector"

    def record(
        self,
        at: Time,
        concurrency: float,
        rps: float = 0.0,
        *,
        proxied_concurrency: float = 0.0,
        proxied_rps: float = 0.0,
    ) -> None:
        """Records one report, which may be late; as KPA.record()."""
        when = to_ns(at, "at")
        stat = ffi.new("weir_kpa_stat *", (concurrency, proxied_concurrency, rps, proxied_rps))
        with self._made(when) as state:
            status = lib.weir_kpa_collector_record(state, when, stat)
        check(status, None, *_reason(status, when))

    def read(self, now: Time, metric: Literal["concurrency", "rps"] = "concurrency") -> tuple[float, float] | None:
        """The averages over the stable and the panic window; None: there is no data."""
        when, averages = to_ns(now), ffi.new("weir_kpa_averages *")
        with self._made(when) as state:
            status = lib.weir_kpa_collector_read(state, int(metric == "rps"), when, averages)
        check(status)
        return None if status == _NO_DATA else (averages.stable, averages.panic)

    def update(self, config: KPACollectorConfig, now: Time) -> None:
        """Goes on with other windows; the algorithm and the reserves stay."""
        err, when = new_error(), to_ns(now)
        with self._made(when) as state:
            check(lib.weir_kpa_collector_update(state, config._c, when, err), err)
        self._config = config


class Window(Machine[WindowConfig]):
    """A bucketed average over a sliding window, of one or more lanes."""

    config_class = WindowConfig
    _prefix = "weir_window"

    def record(self, at: Time, *values: float) -> None:
        """Adds one value a lane to the bucket of ``at``."""
        if len(values) != self._config.lanes:
            raise FieldError(f"must be {self._config.lanes}, one a lane, got {len(values)}", path="values")
        when = to_ns(at, "at")
        with self._made(when) as state:
            status = lib.weir_window_record(state, when, values)
        check(status, None, *_reason(status, when))

    def average(self, now: Time) -> npt.NDArray[np.float64]:
        """The average of each lane; 0 for an empty window."""
        when, out = to_ns(now), np.empty(self._config.lanes)
        with self._made(when) as state:
            status = lib.weir_window_average(state, when, ffi.from_buffer("double[]", out))
        check(status, None, *_reason(status, when))
        return out

    def is_empty(self, now: Time) -> bool:
        """Whether the last record is older than the window, or there is none."""
        when = to_ns(now)
        with self._made(when) as state:
            return bool(lib.weir_window_empty(state, when))

    def resize(self, length: Duration, now: Time) -> None:
        """Changes the length of the window, up to the configuration's reserve."""
        when = to_ns(now)
        with self._made(when) as state:
            status = lib.weir_window_resize(state, duration_ns(length, "length"), when)
        check(status, None, "length")


def _hpa_input(config: HPAConfig, metrics: Any, pods: npt.NDArray[Any]) -> tuple[Any, list[Any]]:
    """The input of a step, and what has to live as long."""
    names = [metric.name for metric in config.metrics]
    each = _one_each(metrics, names, "metrics")
    values: list[int] = []
    arrays: list[npt.NDArray[Any]] = []
    readings = ffi.new("weir_hpa_reading[]", max(len(each), 1))
    first = 0
    for i, (reading, value) in enumerate(zip(readings, each)):
        path = f"metrics[{i}]"
        if config.metrics[i].source in ("Resource", "ContainerResource", "Pods"):
            if _is_missing(value):
                reading.status = _NO_DATA
                continue
            arrays.append(_samples(value, len(pods), path))
            reading.first, reading.count = first, len(value)
            first += len(value)
            continue
        numbers = _values(value, path)
        if numbers is None:
            reading.status = _NO_DATA
            continue
        reading.first, reading.count = len(values), len(numbers)
        values += numbers
    given = ffi.new("weir_hpa_input *")
    check(lib.weir_hpa_input_init(given, ffi.sizeof("weir_hpa_input")))
    pointer, count, kept = _pods_pointer(pods)
    all_values = ffi.new("int64_t[]", values) if values else _NULL
    all_samples = joined(arrays, SAMPLE) if arrays else None
    given.readings, given.reading_count = readings, len(each)
    given.values, given.value_count = all_values, len(values)
    given.pods, given.pod_count = pointer, count
    if all_samples is not None:
        given.samples = ffi.cast("const weir_hpa_sample *", ffi.from_buffer(all_samples))
        given.sample_count = len(all_samples)
    return given, [readings, all_values, all_samples, kept]


class Condition(NamedTuple):
    """A condition of an HPA's status."""

    type: str  # "AbleToScale"
    status: str  # "True", "False" or "Unknown"
    reason: str  # "ReadyForNewScale"


class HPA(Autoscaler[HPAConfig]):
    """A Kubernetes HorizontalPodAutoscaler (autoscaling/v2)."""

    config_class = HPAConfig
    _prefix = "weir_hpa"

    def decide(
        self,
        now: Time,
        *,
        replicas: int,
        metrics: Sequence[Metric] | Mapping[str, Metric],
        existing: int | None = None,
        pods: npt.NDArray[Any] | None = None,
        selector: Literal["fine", "missing", "invalid", "ambiguous"] = "fine",
        scale_failed: bool = False,
        explain: bool = False,
    ) -> Decision:
        """One reconcile of the real controller.

        :param replicas: asked of the scale target: what "current" is everywhere
        :param metrics: what each metric's source answered, in the configuration's order or by name.
            Object and External: a number, a quantity ("250m"), ``Milli`` or a list of them (the
            values of all series that matched). Resource, ContainerResource and Pods: an array of
            dtype SAMPLE, one sample a pod (see weir.samples()). ``None``, NaN: there is none
        :param existing: pods that there are; as many as asked for, if not given
        :param pods: all pods that the selector matches (see weir.pods()); as many ready ones as there
            are, if not given
        """
        when = to_ns(now)
        existing = _count(replicas, "replicas") if existing is None else _count(existing, "existing")
        if pods is None:
            pods = _ready_pods(max(existing, 0))
        given, _kept = _hpa_input(self._config, metrics, pods)
        given.spec_replicas, given.status_replicas = _count(replicas, "replicas"), existing
        given.scale_status = lib.WEIR_E_IO if scale_failed else 0
        given.selector = ["fine", "missing", "invalid", "ambiguous"].index(selector)
        why = ffi.new("weir_explain *") if explain else _NULL
        while True:
            c = lib.weir_py_hpa_decide(self._block, given, when, why)
            if c.status == 0 or c.status == _NO_DATA:
                return Decision(c, steps_of(why) if explain else ())
            self._failed(c.status, when)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of its status, in the order in which they first came up."""
        status = ffi.new("weir_hpa_status *")
        with self._made() as state:
            check(lib.weir_hpa_get_status(state, status, ffi.sizeof("weir_hpa_status")))
        return tuple(
            Condition(
                text(lib.weir_condition_name(c.type)),
                ("False", "True", "Unknown")[c.status],
                text(lib.weir_reason_name(c.reason)),
            )
            for c in status.conditions[0 : status.condition_count]
        )

    def update(self, config: HPAConfig, now: Time) -> None:
        """Goes on with an edited spec: what is remembered and the status stay."""
        new = type(self)(config, start=now)
        with self._made() as state, new._made() as next_state:
            check(lib.weir_hpa_adopt(next_state, state))
        self._config, self._bytes, self._words, self._block = config, new._bytes, new._words, new._block

    def write_failed(self) -> None:
        """Tells that the last decision could not be written to the scale target."""
        with self._made() as state:
            check(lib.weir_hpa_write_failed(state), message="there was nothing to write")

    def forget(self) -> None:
        """Forgets wishes and changes, as a controller that restarts; the status stays."""
        with self._made() as state:
            check(lib.weir_hpa_restart(state))


@functools.lru_cache(maxsize=64)
def _ready_pods(count: int) -> npt.NDArray[np.void]:
    """So many pods that have been ready for ever."""
    made = pods(count, started=Nanos(-200 * 365 * 86400 * 1_000_000_000))
    made.flags.writeable = False
    return made


def _samples(value: Any, pod_count: int, path: str) -> npt.NDArray[Any]:
    if not isinstance(value, np.ndarray) or value.dtype != SAMPLE or value.ndim != 1:
        have = f"dtype {value.dtype}, shape {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise FieldError(
            f"is a metric of pods: must be a one-dimensional array of dtype weir.SAMPLE (see weir.samples()), got {have}",
            path=path,
        )
    if len(value) < pod_count:
        raise FieldError(f"must have a sample for each of the {pod_count} pods, got {len(value)}", path=path)
    return np.ascontiguousarray(value)


def _values(value: Any, path: str) -> list[int] | None:
    if _is_missing(value) or value is FAILED:
        return None
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_milli(item, f"{path}[{i}]") for i, item in enumerate(value)]
    return [_milli(value, path)]


class Proposal(NamedTuple):
    """What one metric asks for."""

    replicas: int | None  # None: it failed
    rule: str  # what settled it, or why it failed
    usage: Milli  # the value, or the average per pod
    utilization: int  # percent of the requests
    ratio: float  # of usage to target
    ready: int  # pods whose samples count
    unready: int
    missing: int
    ignored: int


def propose(
    config: HPAConfig,
    now: Time,
    *,
    replicas: int,
    metrics: Sequence[Metric] | Mapping[str, Metric],
    metric: int = 0,
    existing: int | None = None,
    pods: npt.NDArray[Any] | None = None,
) -> Proposal:
    """The rule of one metric alone, with no memory and no limits; as HPA.decide()."""
    when = to_ns(now)
    existing = replicas if existing is None else existing
    given, _kept = _hpa_input(config, metrics, _ready_pods(max(existing, 0)) if pods is None else pods)
    given.spec_replicas, given.status_replicas = _count(replicas, "replicas"), _count(existing, "existing")
    p = ffi.new("weir_hpa_proposal *")
    check(lib.weir_hpa_proposal_init(p, ffi.sizeof("weir_hpa_proposal")))
    check(lib.weir_hpa_propose(config._c, metric, given, when, p), path="metric")
    return Proposal(
        p.replicas if p.status == 0 else None,
        rule_name(p.rule),
        Milli(p.usage),
        p.utilization,
        p.ratio,
        p.ready,
        p.unready,
        p.missing,
        p.ignored,
    )


class ScaledObject(Autoscaler[ScaledObjectConfig]):
    """A KEDA ScaledObject with the HPA that KEDA makes for it."""

    config_class = ScaledObjectConfig
    _prefix = "weir_keda"

    def decide(
        self,
        now: Time,
        *,
        replicas: int,
        metrics: Sequence[float | Failed | None] | Mapping[str, float | Failed | None],
        existing: int | None = None,
        ready: int | None = None,
        pods: npt.NDArray[Any] | None = None,
        explain: bool = False,
    ) -> Decision:
        """What is due at ``now``: a poll, a sync of the HPA, or both; both when nothing is due.

        :param replicas: asked of the scale target
        :param metrics: what each trigger's source answered, in the configuration's order or by the
            names of ``series``; of cpu and memory the total over the pods. ``weir.FAILED``: asking
            failed; ``None`` or NaN: an answer without a value. Cron triggers are computed: leave them
            out of a dict, and give them ``None`` in a list
        :param ready: pods that are ready; as many as there are, if not given
        :param existing: pods that there are; as many as asked for, if not given
        """
        when = to_ns(now)
        existing = replicas if existing is None else existing
        given = ffi.new("weir_keda_input *")
        check(lib.weir_keda_input_init(given, ffi.sizeof("weir_keda_input")))
        readings = self._readings(metrics)
        pointer, count, _kept = _pods_pointer(pods)
        given.readings, given.reading_count = readings, len(self._config.triggers)
        given.replicas, given.status_replicas = _count(replicas, "replicas"), _count(existing, "existing")
        given.ready_pods = existing if ready is None else ready
        given.pods, given.pod_count = pointer, count
        why = ffi.new("weir_explain *") if explain else _NULL
        while True:
            c = lib.weir_py_keda_decide(self._block, given, when, why)
            if c.status == 0 or c.status == _NO_DATA:
                return Decision(c, steps_of(why) if explain else ())
            self._failed(c.status, when)

    def _readings(self, metrics: Any) -> Any:
        triggers = self._config.triggers
        if isinstance(metrics, Mapping):
            series = iter(_one_each(metrics, self.series, "metrics"))
            each = [None if trigger.type == "cron" else next(series) for trigger in triggers]
        else:
            each = _one_each(metrics, [f"{i}:{trigger.type}" for i, trigger in enumerate(triggers)], "metrics")
        readings = ffi.new("weir_keda_reading[]", max(len(each), 1))
        for i, (reading, value) in enumerate(zip(readings, each)):
            if isinstance(value, str) and value == FAILED:
                reading.status = lib.WEIR_E_IO
            elif _is_missing(value):
                reading.status = _NO_DATA
            elif isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
                reading.value = value
            else:
                raise FieldError(f"must be a number, None or weir.FAILED, got {value!r}", path=f"metrics[{i}]")
        return readings

    def write_failed(self) -> None:
        """Tells that the last decision could not be written to the scale target."""
        with self._made() as state:
            check(lib.weir_keda_write_failed(state), message="there was nothing to write")


class Behavior(Machine[BehaviorConfig]):
    """The HPA's limits around a controller of your own: the desired size in, the allowed one out."""

    config_class = BehaviorConfig
    _prefix = "weir_behavior"

    def apply(self, now: Time, *, current: int, desired: int, explain: bool = False) -> Decision:
        """Windows, then policies and bounds. The wish is remembered as it is."""
        when = to_ns(now)
        why = ffi.new("weir_explain *") if explain else _NULL
        while True:
            c = lib.weir_py_behavior_apply(self._block, current, desired, when, why)
            if c.status == 0:
                return Decision(c, steps_of(why) if explain else ())
            self._failed(c.status, when)

    def scaled(self, now: Time, *, before: int, after: int) -> None:
        """Tells that the size was changed: policies count what really happened."""
        when = to_ns(now)
        with self._made(when) as state:
            status = lib.weir_behavior_scaled(state, before, after, when)
        check(status, None, *_reason(status, when))


MACHINES: dict[type[Config], type[Autoscaler[Any]]] = {
    KPAConfig: KPA,
    HPAConfig: HPA,
    ScaledObjectConfig: ScaledObject,
}


def autoscaler(config: Config, *, start: Time | None = None, ready: int = 0) -> Autoscaler[Any]:
    """The autoscaler of a configuration: KPA, HPA or ScaledObject."""
    kind = MACHINES.get(type(config))
    if kind is None:
        raise ArgumentError(f"must be a configuration that decides alone, got {type(config).__name__}", path="config")
    return kind(config, start=start, ready=ready)


