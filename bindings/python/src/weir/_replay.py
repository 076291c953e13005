"""Replays: a recorded load in, decisions out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict, Unpack

import numpy as np
import numpy.typing as npt

from ._arrays import joined, numbers
from ._configs import HPAConfig, KPAConfig, Metric, ScaledObjectConfig, Trigger
from ._core import ffi, lib
from ._decision import DECISION, RULES, Decision, rule_name, steps_of
from ._errors import ArgumentError, FieldError, RangeError, check, did_you_mean, error_of, new_error, text
from ._fields import Config
from ._machines import MACHINES, Autoscaler, autoscaler
from ._manifest import Policy
from ._time import SECOND, Duration, Time, duration_ns, seconds, times_ns, to_ns
from ._zones import zone as find_zone

if TYPE_CHECKING:
    import pandas
    import polars

PolicyLike: TypeAlias = Policy | KPAConfig | HPAConfig | ScaledObjectConfig | Autoscaler[Any]
Times: TypeAlias = npt.ArrayLike | Sequence[Any] | None
Values: TypeAlias = npt.ArrayLike | Mapping[str, npt.ArrayLike]


class WorldArgs(TypedDict, total=False):
    """The arguments of World, by name."""

    initial_replicas: int | None
    pods_max: int
    pod_start: Duration
    pod_stop: Duration
    sample_interval: Duration | None
    hold: Duration
    pod_capacity: float | None
    sampling: Literal["mean", "newest"] | None
    skip_idle: bool


@dataclass(frozen=True, kw_only=True)
class World:
    """The cluster that a replay plays. What is None is as the policy's own controller has it.

    initial_replicas: pods that are ready at the start
    pods_max: single pods that the autoscaler sees, 0: none
    pod_start: seconds or a timedelta: from asked for to ready
    pod_stop: seconds or a timedelta: from told to stop to gone
    sample_interval: seconds or a timedelta between two samples; 0: rows are recorded as they are
    hold: seconds or a timedelta: how long a row stands; then there is no data
    pod_capacity: load of the main series that a pod can take, for the overload in the report
    sampling: a sample is the mean of the rows since the one before, or the newest row
    skip_idle: decisions without data are counted but not given
    """

    initial_replicas: int | None = None
    pods_max: int = 0
    pod_start: Duration = 0
    pod_stop: Duration = 0
    sample_interval: Duration | None = None
    hold: Duration = 300
    pod_capacity: float | None = None
    sampling: Literal["mean", "newest"] | None = None
    skip_idle: bool = True

    def _c(self, config: Config) -> Any:
        """The weir_replay_config for a policy."""
        c = ffi.new("weir_replay_config *")
        check(lib.weir_replay_config_init(c, ffi.sizeof("weir_replay_config")))
        _suit(c, config)
        if self.initial_replicas is not None:
            c.initial_replicas = self.initial_replicas
        c.pods_max = self.pods_max
        c.pod_start = duration_ns(self.pod_start, "pod_start")
        c.pod_stop = duration_ns(self.pod_stop, "pod_stop")
        c.hold = duration_ns(self.hold, "hold")
        if self.sample_interval is not None:
            c.sample_interval = duration_ns(self.sample_interval, "sample_interval")
        if self.pod_capacity is not None:
            c.pod_capacity = self.pod_capacity
        if self.sampling is not None:
            if self.sampling not in ("mean", "newest"):
                raise RangeError(f"must be 'mean' or 'newest', got {self.sampling!r}", path="sampling")
            c.sampling = ("mean", "newest").index(self.sampling)
        c.skip_idle = int(self.skip_idle)
        err = new_error()
        check(lib.weir_replay_config_check(c, err), err)
        return c


def _at_target(metric: Metric | Trigger | None, target_type: str) -> float:
    """The load that one pod is meant to take, where the target says so."""
    if metric is None:
        return 0.0
    if target_type == "AverageValue":
        return metric.target / 1000
    if target_type == "Utilization":
        return metric.target / 100 * (metric.request / 1000)
    return 0.0


def _suit(c: Any, config: Config) -> None:
    """How the policy's own controller samples, and what it begins with: as the program has it."""
    if isinstance(config, KPAConfig):
        decider = ffi.new("weir_kpa_decider_config *")
        check(lib.weir_kpa_decider_config_init(decider, ffi.sizeof("weir_kpa_decider_config")))
        check(lib.weir_kpa_resolve(config._c, ffi.NULL, decider))
        c.pod_capacity = decider.total_value
        c.initial_replicas = config.initial_scale
        return
    c.sampling = lib.WEIR_SAMPLING_NEWEST
    if isinstance(config, HPAConfig):
        first = config.metrics[0] if config.metrics else None
        c.sample_interval = config._c.sync_period
        c.pod_capacity = _at_target(first, first.target_type if first else "")
        c.initial_replicas = max(config.min_replicas, 1)
    elif isinstance(config, ScaledObjectConfig):
        raw = config._c
        step = math.gcd(raw.polling_interval, raw.sync_period, raw.poll_phase, raw.sync_phase)
        trigger = next((t for t in config.triggers if t.type != "cron"), None)
        c.sample_interval = step if step >= SECOND // 100 else 0
        c.pod_capacity = _at_target(trigger, trigger.metric_type if trigger else "")
        c.initial_replicas = max(config.min_replicas or 0, 1)


# A row of reports, as the library lays it out.
_REPORT_FIELDS: list[tuple[str, str]] = [
    ("peak_replicas", "i4"),
    ("decisions", "i8"),
    ("invalid", "i8"),
    ("scale_ups", "i8"),
    ("scale_downs", "i8"),
    ("reversals", "i8"),
    ("cold_starts", "i8"),
    ("seconds", "f8"),
    ("replica_seconds", "f8"),
    ("ready_seconds", "f8"),
    ("panic_seconds", "f8"),
    ("proxy_seconds", "f8"),
    ("zero_seconds", "f8"),
    ("overload_seconds", "f8"),
    ("digest", "u8"),
]
REPORT = np.dtype(
    {
        "names": [name for name, _ in _REPORT_FIELDS],
        "formats": [format_ for _, format_ in _REPORT_FIELDS],
        "offsets": [ffi.offsetof("weir_report", name) for name, _ in _REPORT_FIELDS],
        "itemsize": ffi.sizeof("weir_report"),
    }
)


@dataclass(frozen=True)
class Report:
    """What a replay came to (include/weir/replay.h, weir_report)."""

    peak_replicas: int
    decisions: int  # made or passed over, valid or not
    invalid: int  # of these, without data
    scale_ups: int
    scale_downs: int
    reversals: int  # changes in the other direction than the one before
    cold_starts: int
    seconds: float  # length of the trace
    replica_seconds: float  # pods in existence, over time
    ready_seconds: float
    panic_seconds: float
    proxy_seconds: float
    zero_seconds: float
    overload_seconds: float  # time with more load than the ready pods can take
    digest: int  # of every valid decision: the same on every machine

    @classmethod
    def _of(cls, row: Any) -> Report:
        return cls(*(row[field.name].item() for field in fields(cls)))


class Trace:
    """A recorded load as the library takes it: times, and for each a value of every series.

    :param times: rising; an array of datetime64, seconds, or datetimes. Of dtype datetime64[ns] it is
        used without a copy. None: evenly, from ``start`` on, one every ``step``
    :param values: one value a time (of the main series), or a row of several; float64 in C order is
        used without a copy. A dict by the names of the policy's series. NaN: there is no value
    :param end: decisions up to here, exclusive; None: the last row stands as long as the one before
    """

    times: npt.NDArray[np.int64] | None
    values: npt.NDArray[np.float64]
    names: tuple[str, ...] | None

    def __init__(
        self,
        times: Times,
        values: Values,
        *,
        start: Time = 0,
        step: Duration | None = None,
        end: Time | None = None,
    ) -> None:
        self.names = None
        if isinstance(values, Mapping):
            self.names = tuple(values)
            columns = [numbers(column, f"values[{name!r}]") for name, column in values.items()]
            for name, column in zip(self.names, columns):
                if column.shape != columns[0].shape or column.ndim != 1:
                    raise FieldError(
                        f"must have shape {columns[0].shape[:1]} as the others, got {column.shape}",
                        path=f"values[{name!r}]",
                    )
            self.values = np.stack(columns, axis=1) if columns else np.empty((0, 1))
        else:
            self.values = np.ascontiguousarray(numbers(values, "values"))
        if self.values.ndim not in (1, 2):
            raise FieldError(f"must have one or two dimensions, got shape {self.values.shape}", path="values")
        count = len(self.values)
        self.start = to_ns(start, "start")
        if times is None:
            if step is None:
                raise FieldError("is needed where there are no times", path="step")
            self.times, self.step = None, duration_ns(step, "step")
            if self.step <= 0:
                raise RangeError(f"must be above 0, got {seconds(self.step)} s", path="step")
            last, gap = self.start + (count - 1) * self.step, self.step
        else:
            if step is not None:
                raise FieldError("is for where there are no times", path="step")
            self.times, self.step = _check_times(times_ns(times), count, self.values.shape), SECOND
            last = int(self.times[-1]) if count else self.start
            gap = int(self.times[-1] - self.times[-2]) if count > 1 else SECOND
            self.start = int(self.times[0]) if count else self.start
        self._last, self._gap = last, gap
        self._end = None if end is None else to_ns(end, "end")

    def __len__(self) -> int:
        return len(self.values)

    def _end_for(self, world: Any) -> int:
        """The end; the last row stands as long as the one before did, and no longer than it may."""
        if self._end is not None:
            return self._end
        return self._last + min(self._gap, world.hold) if len(self) else self.start

    def _rows(self, model: Autoscaler[Any]) -> tuple[Any, list[Any]]:
        """The weir_rows for an autoscaler, and what it points to."""
        values, series, main = self.values, model.series, model.main_series
        # What is not recorded: nothing of a Knative report, no value of a metric.
        missing = 0.0 if isinstance(model.config, KPAConfig) else np.nan
        if self.names is not None:
            for name in self.names:
                if name not in series:
                    raise FieldError(
                        f"the policy has no such series; it has {', '.join(series)}" + did_you_mean(name, series),
                        path=f"values[{name!r}]",
                    )
            if tuple(self.names) != tuple(series):
                wide = np.full((len(values), len(series)), missing)
                for i, name in enumerate(self.names):
                    wide[:, series.index(name)] = values[:, i]
                values = wide
        elif values.ndim == 1 and main > 0:
            wide = np.full((len(values), main + 1), missing)
            wide[:, main] = values
            values = wide
        elif values.ndim == 2 and values.shape[1] > len(series):
            raise FieldError(
                f"has {values.shape[1]} columns, and the policy {len(series)} series ({', '.join(series)})",
                path="values",
            )
        rows = ffi.new("weir_rows *")
        check(lib.weir_rows_init(rows, ffi.sizeof("weir_rows")))
        rows.series_count = 1 if values.ndim == 1 else values.shape[1]
        rows.count = len(values)
        rows.start, rows.step = self.start, self.step
        kept: list[Any] = [values, ffi.from_buffer("double[]", values)]
        rows.values = kept[1]
        if self.times is not None:
            kept.append(ffi.from_buffer("int64_t[]", self.times))
            rows.times = kept[2]
        return rows, kept


def _check_times(times: npt.NDArray[np.int64], count: int, shape: tuple[int, ...]) -> npt.NDArray[np.int64]:
    if len(times) != count:
        raise FieldError(f"has shape {shape}, and there are {len(times)} times", path="values")
    where = ffi.new("size_t *")
    if count and not lib.weir_py_rising(ffi.from_buffer("int64_t[]", times), count, where):
        i = where[0]
        raise RangeError(
            f"must be after the time before it: {seconds(int(times[i]))} s comes after {seconds(int(times[i - 1]))} s",
            path=f"times[{i}]",
        )
    return times


# ---- one -----------------------------------------------------------------------------------------


class Replay:
    """What a policy would have done with a load."""

    #: a row each, of dtype DECISION: replicas, current, valid, flags, rule, excess_burst_capacity,
    #: step_count, at, next
    decisions: npt.NDArray[np.void]
    #: what it came to
    report: Report
    #: the autoscaler as it is at the end
    autoscaler: Autoscaler[Any]

    def __init__(self, policy: PolicyLike, trace: Trace, world: World) -> None:
        self._trace, self._world = trace, world
        config = config_of(policy)
        self._c = world._c(config)
        self._policy = policy.copy() if isinstance(policy, Autoscaler) else config
        self.autoscaler = self._begin()
        self._end = trace._end_for(self._c)
        self._rows, self._kept = trace._rows(self.autoscaler)
        replay = self._new_replay()
        with self.autoscaler._made() as state:
            self.decisions = self._run(replay, state)
            report = np.zeros(1, REPORT)
            last = self.decisions["at"][-1].astype(np.int64).item() if len(self.decisions) else self._end
            check(
                lib.weir_replay_report(
                    replay, max(self._end, last), ffi.from_buffer("weir_report *", report), REPORT.itemsize
                )
            )
        self.report = Report._of(report[0])

    def _begin(self) -> Autoscaler[Any]:
        return begin(self._policy, self._trace.start, self._c.initial_replicas)

    def _new_replay(self) -> Any:
        err, need = new_error(), ffi.new("size_t *")
        check(lib.weir_replay_bytes(self._c, need, err), err)
        words = ffi.new("uint64_t[]", (need[0] + 7) // 8)
        self._words = words
        replay = ffi.cast("weir_replay *", words)
        check(lib.weir_replay_init(replay, need[0], self._c, self._trace.start, err), err)
        return replay

    def _run(self, replay: Any, state: Any) -> npt.NDArray[np.void]:
        """All decisions; the interpreter lock is not held while they are made."""
        next_row, made = ffi.new("size_t *"), ffi.new("size_t *")
        parts: list[npt.NDArray[np.void]] = []
        size = max(1024, len(self._trace) + len(self._trace) // 8)
        while True:
            part = np.empty(size, DECISION)
            pointer = ffi.from_buffer("weir_decision[]", part)
            status = lib.weir_replay_run(replay, state, self._rows, next_row, self._end, pointer, size, made)
            parts.append(part[: made[0]])
            if status == lib.WEIR_END:
                return joined(parts, DECISION)
            if status != 0:
                raise error_of(status, None, f"values[{next_row[0]}]", _row_error(status))

    def explain(self, index: int) -> Decision:
        """The decision of a row again, with its steps. The replay runs once more up to it."""
        if not isinstance(index, (int, np.integer)):
            raise FieldError(f"must be the index of a decision, got {index!r}", path="index")
        count = len(self.decisions)
        at = index + count if index < 0 else index
        if not 0 <= at < count:
            raise IndexError(f"there are {count} decisions, and no {index}")
        machine, replay = self._begin(), self._new_replay()
        c, why, target = ffi.new("weir_py_decision *"), ffi.new("weir_explain *"), ffi.new("weir_target *")
        with machine._made() as state:
            status = lib.weir_py_replay_explain(
                replay, state, self._rows, self._end, at, ffi.cast("weir_decision *", c), why, target
            )
        check(status)
        return Decision(c[0], steps_of(why))

    def rule_names(self) -> npt.NDArray[np.str_]:
        """The name of each decision's rule."""
        table: npt.NDArray[np.str_] = np.array([rule_name(number) for number in range(max(RULES) + 1)])
        names: npt.NDArray[np.str_] = table[np.clip(self.decisions["rule"], 0, len(table) - 1)]
        return names

    def columns(self) -> dict[str, npt.NDArray[Any]]:
        """The decisions column by column, rules by name."""
        found: dict[str, npt.NDArray[Any]] = {"at": self.decisions["at"]}
        for name in ("current", "replicas", "flags", "excess_burst_capacity", "next"):
            found[name] = self.decisions[name]
        found["valid"] = self.decisions["valid"] != 0
        found["rule"] = self.rule_names()
        return found

    def to_pandas(self) -> pandas.DataFrame:
        """The decisions as a DataFrame, by their times. Needs pandas."""
        import pandas

        columns = self.columns()
        at = columns.pop("at")
        return pandas.DataFrame(columns, index=pandas.DatetimeIndex(at, name="at"))

    def to_polars(self) -> polars.DataFrame:
        """The decisions as a DataFrame. Needs polars."""
        import polars

        return polars.DataFrame({name: np.ascontiguousarray(c) for name, c in self.columns().items()})

    def __repr__(self) -> str:
        r = self.report
        return (
            f"<Replay of {r.seconds:g} s: {r.decisions} decisions, {r.scale_ups} up, {r.scale_downs} down, "
            f"peak {r.peak_replicas}, {r.replica_seconds:.0f} replica-seconds>"
        )


def _row_error(status: int) -> str:
    if status == lib.WEIR_E_TIME:
        return "the autoscaler has already seen a later time"
    if status == lib.WEIR_E_LIMIT:
        return "there are more pods than pods_max, or more to remember than the configuration has room for"
    return text(lib.weir_strerror(status))


def config_of(policy: Any) -> Config:
    """The configuration of whatever stands for a policy."""
    if isinstance(policy, (Policy, Autoscaler)):
        config = policy.config
        assert isinstance(config, Config)
        return config
    if type(policy) in MACHINES:
        assert isinstance(policy, Config)
        return policy
    raise ArgumentError(
        "must be a KPAConfig, HPAConfig or ScaledObjectConfig, a policy of weir.load(), or a KPA, HPA or "
        f"ScaledObject, got {type(policy).__name__}",
        path="policy",
    )


def begin(policy: Any, start: int, replicas: int) -> Autoscaler[Any]:
    """An autoscaler for a replay: a new one, or a copy of one that has a past."""
    if isinstance(policy, Autoscaler):
        machine = policy.copy()
        if not machine._block.made:
            machine._make(start)
        return machine
    machine = autoscaler(policy, ready=replicas)
    machine._make(start)
    with machine._made() as state:
        check(lib.weir_py_begin_idle(policy.kind, state, replicas, start))
    return machine


def replay(
    policy: PolicyLike,
    times: Times | Trace,
    values: Values | None = None,
    *,
    world: World | None = None,
    start: Time = 0,
    step: Duration | None = None,
    end: Time | None = None,
    **settings: Unpack[WorldArgs],
) -> Replay:
    """Replays a recorded load through a policy: what it would have decided, and what it came to.

    :param policy: a configuration, a policy of :func:`load`, or an autoscaler that has a past: a copy
        of it goes on from there
    :param times: and ``values``, ``start``, ``step``, ``end``: as for Trace, or one
    :param world: the cluster; or its settings one by one, ``pod_start=12``
    """
    trace = times if isinstance(times, Trace) else Trace(times, _given(values), start=start, step=step, end=end)
    return Replay(policy, trace, _world(world, settings))


def _given(values: Values | None) -> Values:
    if values is None:
        raise FieldError("are needed beside the times", path="values")
    return values


def _world(world: World | None, settings: Any) -> World:
    for name in settings:
        if name not in WorldArgs.__annotations__:
            raise FieldError(
                "there is no such setting" + did_you_mean(name, WorldArgs.__annotations__), path=name
            )
    if world is not None and settings:
        raise FieldError("give either a world or its settings", path=next(iter(settings)))
    if world is not None and not isinstance(world, World):
        raise FieldError(f"must be a World, got {type(world).__name__}", path="world")
    return world if world is not None else World(**settings)


# ---- many ----------------------------------------------------------------------------------------


def _zones_of(configs: Sequence[Config], start: int) -> tuple[Any, Any, int, list[Any]]:
    """The zones that cron triggers ask for: names, zones, how many, and what they point to."""
    asked: dict[str, int] = {}
    for config in configs:
        if isinstance(config, ScaledObjectConfig) and any(t.type == "cron" for t in config.triggers):
            machine = autoscaler(config)
            with machine._made(start) as state:
                index = 0
                while (name := lib.weir_keda_zone_name(state, index)) != ffi.NULL:
                    asked[text(name)] = min(asked.get(text(name), config.zone_reserve), config.zone_reserve)
                    index += 1
    found = [(name, made) for name, most in asked.items() if (made := find_zone(name, start, most)) is not None]
    names = [ffi.new("char[]", name.encode()) for name, _ in found]
    zones = ffi.new("weir_zone[]", max(len(found), 1))
    for i, (_, made) in enumerate(found):
        zones[i] = made[0][0]
    return ffi.new("char *[]", names) if names else ffi.NULL, zones, len(found), [names, found]


def replay_many(
    policies: Sequence[PolicyLike],
    times: Times | Trace,
    values: Values | None = None,
    *,
    world: World | Sequence[World] | None = None,
    start: Time = 0,
    step: Duration | None = None,
    end: Time | None = None,
    **settings: Unpack[WorldArgs],
) -> npt.NDArray[np.void]:
    """Replays one load through many policies of one kind: one report each, an array of dtype REPORT.

    One call of C that does not hold the interpreter lock: threads run side by side.

    :param world: one for all, or one for each
    """
    trace = times if isinstance(times, Trace) else Trace(times, _given(values), start=start, step=step, end=end)
    if isinstance(policies, Config):
        raise FieldError(f"must be a list of policies, got a {type(policies).__name__}", path="policies")
    configs = [config_of(policy) for policy in policies]
    reports = np.zeros(len(configs), REPORT)
    if not configs:
        return reports
    for i, (config, policy) in enumerate(zip(configs, policies)):
        if config.kind != configs[0].kind:
            raise FieldError(
                f"must be a {type(configs[0]).__name__} as the first, got {type(config).__name__}",
                path=f"policies[{i}]",
            )
        if isinstance(policy, Autoscaler):
            raise FieldError("must be a configuration or a policy of weir.load()", path=f"policies[{i}]")
    if isinstance(world, Sequence):
        if len(world) != len(configs):
            raise FieldError(f"must be one, or one for each of the {len(configs)} policies, got {len(world)}", path="world")
        worlds = list(world)
    else:
        worlds = [_world(world, settings)] * len(configs)
    _replay_batch(configs, worlds, trace, reports)
    return reports


def _replay_batch(
    configs: Sequence[Config], worlds: Sequence[World], trace: Trace, reports: npt.NDArray[np.void]
) -> None:
    count, ctype = len(configs), configs[0]._ctype
    size = ffi.sizeof(ctype)
    raw, settings = ffi.new(f"{ctype}[]", count), ffi.new("weir_replay_config[]", count)
    for i, (config, one) in enumerate(zip(configs, worlds)):
        ffi.memmove(raw + i, config._c, size)
        ffi.memmove(settings + i, one._c(config), ffi.sizeof("weir_replay_config"))
    model = begin(configs[0], trace.start, 1)
    series, main = model.series, model.main_series
    for i, config in enumerate(configs[1:], 1):
        if not isinstance(config, KPAConfig) and trace.names is not None and autoscaler(config).series != series:
            raise FieldError(
                f"reads other series than the first ({', '.join(series)})", path=f"policies[{i}]"
            )
        if isinstance(config, KPAConfig) and trace.values.ndim == 1 and trace.names is None:
            if (config.metric == "rps") != (main == 1):
                raise FieldError("scales on another metric than the first", path=f"policies[{i}]")
    rows, _kept = trace._rows(model)
    names, zones, zone_count, _zones = _zones_of(configs, trace.start)
    ends = {trace._end_for(settings[i]) for i in range(count)}
    if len(ends) > 1:
        raise FieldError("worlds that hold rows for different times need an end", path="end")
    batch = ffi.new("weir_py_batch *")
    batch.kind, batch.one_world, batch.config_bytes, batch.count = configs[0].kind, 0, size, count
    batch.configs, batch.worlds, batch.rows = raw, settings, rows
    batch.zone_names, batch.zones, batch.zone_count = names, zones, zone_count
    batch.start, batch.end = trace.start, ends.pop()
    batch.reports = ffi.from_buffer("weir_report[]", reports)
    failed, err = ffi.new("size_t *"), new_error()
    status = lib.weir_py_replay_batch(batch, failed, err)
    if status != 0:
        error = error_of(status, err, message="" if err.status else _row_error(status))
        error.path = f"policies[{failed[0]}]" + (f".{error.path}" if error.path else "")
        raise error
