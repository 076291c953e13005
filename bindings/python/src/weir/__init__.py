"""weir: autoscaling decisions as deterministic functions over metric time series.

    >>> import weir
    >>> kpa = weir.KPA(weir.KPAConfig(target=10))
    >>> kpa.record(0, 42)
    >>> kpa.decide(2, ready=1).replicas
    6

Times and durations are seconds (int or float), or datetime, timedelta, numpy.datetime64,
numpy.timedelta64, weir.Nanos. Nothing reads a clock: the same input gives the same decision, to the bit.
"""

from ._configs import (
    BehaviorConfig,
    Cron,
    Fallback,
    HPAConfig,
    KPACollectorConfig,
    KPAConfig,
    KPADeciderConfig,
    Metric,
    Modifiers,
    ScaledObjectConfig,
    ScalingPolicy,
    ScalingRules,
    Trigger,
    WindowConfig,
)
from ._core import ffi, lib
from ._decision import DECISION, Decision, Flag, Step, rule_doc, rule_name
from ._errors import (
    ArgumentError,
    BusyError,
    CorruptError,
    Error,
    FieldError,
    InputOutputError,
    LimitError,
    MismatchError,
    OutOfMemoryError,
    PanicError,
    ParseError,
    RangeError,
    SnapshotError,
    SpaceError,
    StructError,
    TimeError,
    UnsupportedError,
    VersionError,
)
from ._machines import (
    FAILED,
    HPA,
    KPA,
    NO_REQUEST,
    POD,
    SAMPLE,
    Autoscaler,
    Behavior,
    Condition,
    KPACollector,
    KPADecider,
    KPAStatus,
    Milli,
    Proposal,
    ScaledObject,
    Window,
    autoscaler,
    pods,
    propose,
    samples,
)
from ._manifest import ManifestError, Policies, Policy, Problem, load, loads
from ._promql import Points, Result, Series, promql, stale
from ._replay import REPORT, Replay, Report, Trace, World, replay, replay_many
from ._sweep import Sweep, sweep
from ._time import Duration, Nanos, Time

__version__: str = ffi.string(lib.weir_version_text()).decode()

__all__ = [
    "DECISION",
    "FAILED",
    "HPA",
    "KPA",
    "NO_REQUEST",
    "POD",
    "REPORT",
    "SAMPLE",
    "ArgumentError",
    "Autoscaler",
    "Behavior",
    "BehaviorConfig",
    "BusyError",
    "Condition",
    "CorruptError",
    "Cron",
    "Decision",
    "Duration",
    "Error",
    "Fallback",
    "FieldError",
    "Flag",
    "HPAConfig",
    "InputOutputError",
    "KPACollector",
    "KPACollectorConfig",
    "KPAConfig",
    "KPADecider",
    "KPADeciderConfig",
    "KPAStatus",
    "LimitError",
    "ManifestError",
    "Metric",
    "Milli",
    "MismatchError",
    "Modifiers",
    "Nanos",
    "OutOfMemoryError",
    "PanicError",
    "ParseError",
    "Points",
    "Policies",
    "Policy",
    "Problem",
    "Proposal",
    "RangeError",
    "Replay",
    "Report",
    "Result",
    "ScaledObject",
    "ScaledObjectConfig",
    "ScalingPolicy",
    "ScalingRules",
    "Series",
    "SnapshotError",
    "SpaceError",
    "Step",
    "StructError",
    "Sweep",
    "Time",
    "TimeError",
    "Trace",
    "Trigger",
    "UnsupportedError",
    "VersionError",
    "Window",
    "WindowConfig",
    "World",
    "autoscaler",
    "load",
    "loads",
    "pods",
    "promql",
    "propose",
    "replay",
    "replay_many",
    "rule_doc",
    "rule_name",
    "samples",
    "stale",
    "sweep",
]

for _name in __all__:  # what people see of them is where they get them from
    _thing = globals()[_name]
    if isinstance(_thing, type) and _thing.__module__.startswith("weir._"):
        _thing.__module__ = "weir"
del _name, _thing
