"""Configurations, one class each. Written by tools/make_configs.py: not to be changed by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal, Never

from ._core import lib
from ._fields import STRUCTS, Config, Struct, table_of
from ._time import Duration, Time


class WindowConfig(Config):
    """A bucketed average over a sliding window.

    algorithm: How the buckets are averaged.
    window: Length of the window, rounded up to whole buckets. (seconds or a timedelta; at least
        0 s)
    granularity: Width of a bucket. (seconds or a timedelta; at least 1e-09 s)
    reserve: Longest window that a later resize may ask for; 0 is the window itself. (seconds or
        a timedelta; at least 0 s)
    lanes: Series that are recorded at the same times. (in [1, 8])
    semantics: Release of Knative serving whose arithmetic is used.
    """

    kind: ClassVar[int] = lib.WEIR_KIND_WINDOW
    _ctype: ClassVar[str] = "weir_window_config"
    _table = table_of(lib.WEIR_CONFIG_WINDOW)

    algorithm: Literal["linear", "weighted-exponential"]
    window: float
    granularity: float
    reserve: float
    lanes: int
    semantics: Literal["serving 0.51", "serving 0.42"]

    def __init__(
        self,
        *,
        algorithm: Literal["linear", "weighted-exponential"] = "linear",
        window: Duration = 60,
        granularity: Duration = 1,
        reserve: Duration = 0,
        lanes: int = 1,
        semantics: Literal["serving 0.51", "serving 0.42"] = "serving 0.51",
        **unknown: Never,
    ) -> None:
        self._build(locals())


class KPACollectorConfig(Config):
    """The Knative metric collector alone (MetricSpec).

    algorithm: How the buckets of all windows are averaged.
    stable_window: Length of the stable window. (seconds or a timedelta; at least 1e-09 s)
    panic_window: Length of the panic window. (seconds or a timedelta; at least 1e-09 s)
    stable_reserve: Longest stable window that an update may set; 0 is the stable window.
        (seconds or a timedelta; at least 0 s)
    panic_reserve: Longest panic window that an update may set; 0 is the panic window. (seconds
        or a timedelta; at least 0 s)
    scrape_target: Pods are scraped, so an empty stable window means no data, not zero.
    semantics: Release of Knative serving whose arithmetic is used.
    """

    kind: ClassVar[int] = lib.WEIR_KIND_KPA_COLLECTOR
    _ctype: ClassVar[str] = "weir_kpa_collector_config"
    _table = table_of(lib.WEIR_CONFIG_KPA_COLLECTOR)

    algorithm: Literal["linear", "weighted-exponential"]
    stable_window: float
    panic_window: float
    stable_reserve: float
    panic_reserve: float
    scrape_target: bool
    semantics: Literal["serving 0.51", "serving 0.42"]

    def __init__(
        self,
        *,
        algorithm: Literal["linear", "weighted-exponential"] = "linear",
        stable_window: Duration = 60,
        panic_window: Duration = 6,
        stable_reserve: Duration = 0,
        panic_reserve: Duration = 0,
        scrape_target: bool = True,
        semantics: Literal["serving 0.51", "serving 0.42"] = "serving 0.51",
        **unknown: Never,
    ) -> None:
        self._build(locals())


class KPADeciderConfig(Config):
    """The Knative decider alone (DeciderSpec).

    scaling_metric: What the revision scales on; every other metric reads concurrency.
    target_value: Wanted load of one pod. (requests)
    total_value: Load that one pod can take. (requests)
    target_burst_capacity: Burst that must fit without queueing; 0: activator never in the path,
        -1: always. (requests)
    activator_capacity: Requests that one activator takes. (requests)
    panic_threshold: Wanted pods over ready pods from which on panic mode holds.
    max_scale_up_rate: Most pods wanted, as a multiple of the ready pods.
    max_scale_down_rate: Fewest pods wanted are the ready pods divided by this.
    stable_window: Panic mode ends this long after its last renewal. (seconds or a timedelta)
    scale_down_delay: The largest wish within this time counts. (seconds or a timedelta)
    initial_scale: Pods of a new revision. (pods)
    activation_scale: Fewest pods as soon as there is any demand. (pods)
    reachable: A route leads to the revision.
    semantics: Release of Knative serving whose arithmetic is used.
    conversion: How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64.
    """

    kind: ClassVar[int] = lib.WEIR_KIND_KPA_DECIDER
    _ctype: ClassVar[str] = "weir_kpa_decider_config"
    _table = table_of(lib.WEIR_CONFIG_KPA_DECIDER)

    scaling_metric: Literal["concurrency", "rps", "other"]
    target_value: float
    total_value: float
    target_burst_capacity: float
    activator_capacity: float
    panic_threshold: float
    max_scale_up_rate: float
    max_scale_down_rate: float
    stable_window: float
    scale_down_delay: float
    initial_scale: int
    activation_scale: int
    reachable: bool
    semantics: Literal["serving 0.51", "serving 0.42"]
    conversion: Literal["saturate", "amd64"]

    def __init__(
        self,
        *,
        scaling_metric: Literal["concurrency", "rps", "other"] = "concurrency",
        target_value: float = 70.0,
        total_value: float = 100.0,
        target_burst_capacity: float = 211.0,
        activator_capacity: float = 100.0,
        panic_threshold: float = 2.0,
        max_scale_up_rate: float = 1000.0,
        max_scale_down_rate: float = 2.0,
        stable_window: Duration = 60,
        scale_down_delay: Duration = 0,
        initial_scale: int = 1,
        activation_scale: int = 0,
        reachable: bool = True,
        semantics: Literal["serving 0.51", "serving 0.42"] = "serving 0.51",
        conversion: Literal["saturate", "amd64"] = "saturate",
        **unknown: Never,
    ) -> None:
        self._build(locals())


class KPAConfig(Config):
    """A Knative revision: its annotations, laid over ConfigMap config-autoscaler.

    metric: What the revision scales on. (autoscaling.knative.dev/metric)
    metric_aggregation_algorithm: How samples are averaged over the windows.
        (autoscaling.knative.dev/metric-aggregation-algorithm)
    min_scale: Fewest pods while a route leads to the revision. (pods; at least 0;
        autoscaling.knative.dev/min-scale)
    max_scale: Most pods; 0 is no limit. (pods; at least 0; autoscaling.knative.dev/max-scale)
    max_scale_limit: Most that max-scale may be; 0 is no limit. (pods; at least 0; max-scale-
        limit)
    initial_scale: Pods that a new revision starts with. (pods; at least 0;
        autoscaling.knative.dev/initial-scale)
    allow_zero_initial_scale: Whether initial-scale may be 0. (allow-zero-initial-scale)
    activation_scale: Fewest pods as soon as there is any demand. (pods; at least 2;
        autoscaling.knative.dev/activation-scale)
    enable_scale_to_zero: Whether a revision without traffic goes to zero pods, or to one.
        (enable-scale-to-zero)
    semantics: Release of Knative serving whose arithmetic is used.
    conversion: How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64.
    container_concurrency: Requests that one container takes at a time; 0 is no limit.
        (requests; at least 0; containerConcurrency)
    target: Load of one pod at full utilization; not set, it is the metric's default. (requests;
        at least 0.01; not set by default; autoscaling.knative.dev/target)
    target_utilization_percentage: Share of the target to aim at; not set, it is the cluster's.
        (%; in [1, 100]; not set by default; autoscaling.knative.dev/target-utilization-
        percentage)
    target_burst_capacity: Burst that must fit without queueing; 0: activator never in the path,
        -1: always. (requests; at least 0; autoscaling.knative.dev/target-burst-capacity)
    panic_window_percentage: Panic window as a share of the stable window. (%; in [1, 100];
        autoscaling.knative.dev/panic-window-percentage)
    panic_threshold_percentage: Wanted pods over ready pods from which on panic mode holds. (%;
        autoscaling.knative.dev/panic-threshold-percentage)
    container_concurrency_target_percentage: Share of a concurrency target to aim at, as a
        fraction. (in [0, 1]; container-concurrency-target-percentage)
    container_concurrency_target_default: Concurrency target of a revision that sets neither a
        target nor a limit. (requests; at least 0; container-concurrency-target-default)
    requests_per_second_target_default: Requests per second target where none is set.
        (requests/s; at least 0.01; requests-per-second-target-default)
    activator_capacity: Requests that one activator takes. (requests; at least 1; activator-
        capacity)
    max_scale_up_rate: Most pods wanted, as a multiple of the ready pods. (at least 1; max-
        scale-up-rate)
    max_scale_down_rate: Fewest pods wanted are the ready pods divided by this. (at least 1;
        max-scale-down-rate)
    stable_window: Length of the stable window; panic mode lasts as long. (seconds or a
        timedelta; in [6 s, 3600 s]; autoscaling.knative.dev/window)
    scale_down_delay: Scale down only to the largest wish within this time. (seconds or a
        timedelta; at least 0 s; autoscaling.knative.dev/scale-down-delay)
    scale_to_zero_grace_period: Longest time that the network is given to route around the last
        pod. (seconds or a timedelta; at least 0 s; scale-to-zero-grace-period)
    scale_to_zero_pod_retention_period: Shortest time that the last pod stays after traffic
        ended. (seconds or a timedelta; at least 0 s; autoscaling.knative.dev/scale-to-zero-pod-
        retention-period)
    progress_deadline: How long a revision may take to become ready; 30 s later it is given up.
        (seconds or a timedelta; at least 0 s; serving.knative.dev/progress-deadline)
    pod_autoscaler_class: Which autoscaler serves the revision. (autoscaling.knative.dev/class)
    """

    kind: ClassVar[int] = lib.WEIR_KIND_KPA
    _ctype: ClassVar[str] = "weir_kpa_config"
    _table = table_of(lib.WEIR_CONFIG_KPA)

    metric: Literal["concurrency", "rps", "other"]
    metric_aggregation_algorithm: Literal["linear", "weighted-exponential"]
    min_scale: int
    max_scale: int
    max_scale_limit: int
    initial_scale: int
    allow_zero_initial_scale: bool
    activation_scale: int
    enable_scale_to_zero: bool
    semantics: Literal["serving 0.51", "serving 0.42"]
    conversion: Literal["saturate", "amd64"]
    container_concurrency: int
    target: float | None
    target_utilization_percentage: float | None
    target_burst_capacity: float
    panic_window_percentage: float
    panic_threshold_percentage: float
    container_concurrency_target_percentage: float
    container_concurrency_target_default: float
    requests_per_second_target_default: float
    activator_capacity: float
    max_scale_up_rate: float
    max_scale_down_rate: float
    stable_window: float
    scale_down_delay: float
    scale_to_zero_grace_period: float
    scale_to_zero_pod_retention_period: float
    progress_deadline: float
    pod_autoscaler_class: str

    def __init__(
        self,
        *,
        metric: Literal["concurrency", "rps", "other"] = "concurrency",
        metric_aggregation_algorithm: Literal["linear", "weighted-exponential"] = "linear",
        min_scale: int = 0,
        max_scale: int = 0,
        max_scale_limit: int = 0,
        initial_scale: int = 1,
        allow_zero_initial_scale: bool = False,
        activation_scale: int = 0,
        enable_scale_to_zero: bool = True,
        semantics: Literal["serving 0.51", "serving 0.42"] = "serving 0.51",
        conversion: Literal["saturate", "amd64"] = "saturate",
        container_concurrency: int = 0,
        target: float | None = None,
        target_utilization_percentage: float | None = None,
        target_burst_capacity: float = 211.0,
        panic_window_percentage: float = 10.0,
        panic_threshold_percentage: float = 200.0,
        container_concurrency_target_percentage: float = 0.7,
        container_concurrency_target_default: float = 100.0,
        requests_per_second_target_default: float = 200.0,
        activator_capacity: float = 100.0,
        max_scale_up_rate: float = 1000.0,
        max_scale_down_rate: float = 2.0,
        stable_window: Duration = 60,
        scale_down_delay: Duration = 0,
        scale_to_zero_grace_period: Duration = 30,
        scale_to_zero_pod_retention_period: Duration = 0,
        progress_deadline: Duration = 600,
        pod_autoscaler_class: str = "kpa.autoscaling.knative.dev",
        **unknown: Never,
    ) -> None:
        self._build(locals())


class ScalingPolicy(Struct):
    """At most so many pods, or percent, within a period.

    type: What the value counts. (type)
    value: The largest change in one period. (pods or %; at least 1; value)
    period: Time over which changes add up. (seconds or a timedelta; in [1 s, 1800 s];
        periodSeconds)
    """

    type: Literal["Pods", "Percent", "unknown"]
    value: int
    period: float

    def __init__(
        self,
        *,
        type: Literal["Pods", "Percent", "unknown"] = "Pods",
        value: int = 0,
        period: Duration = 15,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class ScalingRules(Struct):
    """Rules of one direction. What is not given is as upstream has it there.

    stabilization_window: How long a wish has to last: the most cautious one of that time
        counts. (seconds or a timedelta; in [0 s, 3600 s]; stabilizationWindowSeconds)
    tolerance: Distance from the target that is let be, a fraction; HPA only. (at least 0; not
        set by default; tolerance)
    select_policy: Which policy counts: that of the largest or smallest change. (selectPolicy)
    policies: Caps of the change in a period. (at most 8; policies)
    """

    _is_part: ClassVar[bool] = True

    stabilization_window: float | None
    tolerance: float | None
    select_policy: Literal["Max", "Min", "Disabled"] | None
    policies: tuple[ScalingPolicy, ...] | None

    def __init__(
        self,
        *,
        stabilization_window: Duration | None = None,
        tolerance: float | None = None,
        select_policy: Literal["Max", "Min", "Disabled"] | None = None,
        policies: Sequence[ScalingPolicy | Mapping[str, Any]] | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class BehaviorConfig(Config):
    """Stabilization windows and scaling policies alone.

    behavior: There are rules; without, a size at most doubles and falls after a window. (by
        itself where rules are given)
    min_replicas: Lower bound. (pods)
    max_replicas: Upper bound. (pods)
    conversion: How a number that an int32 cannot hold becomes one: nearest, or as Go on amd64.
    reserve: Wishes and changes to have room for, besides those of the sync period. (in [0,
        10000])
    downscale_stabilization: Scale-down window where the rules have none. (seconds or a
        timedelta; in [0 s, 21600 s])
    sync_period: Time between decisions, by which the memory is measured out. (seconds or a
        timedelta; in [1 s, 3600 s])
    scale_up: Rules for more pods.
    scale_down: Rules for fewer pods.
    """

    kind: ClassVar[int] = lib.WEIR_KIND_BEHAVIOR
    _ctype: ClassVar[str] = "weir_behavior_config"
    _table = table_of(lib.WEIR_CONFIG_BEHAVIOR)

    behavior: bool
    min_replicas: int
    max_replicas: int
    conversion: Literal["saturate", "amd64"]
    reserve: int
    downscale_stabilization: float
    sync_period: float
    scale_up: ScalingRules
    scale_down: ScalingRules

    def __init__(
        self,
        *,
        behavior: bool | None = None,
        min_replicas: int = 1,
        max_replicas: int = 2147483647,
        conversion: Literal["saturate", "amd64"] = "saturate",
        reserve: int = 0,
        downscale_stabilization: Duration = 300,
        sync_period: Duration = 15,
        scale_up: ScalingRules | Mapping[str, Any] | None = None,
        scale_down: ScalingRules | Mapping[str, Any] | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class Metric(Struct):
    """One metric of a HorizontalPodAutoscaler.

    source: Where the metric comes from. (type)
    target_type: What the metric is held against. (target)
    target: Percent of the requests for utilization, else thousandths; above 0. (milli or %, or
        a quantity ("250m", "80%"); target)
    request: What a pod requests, for a replay that knows totals only. (milli, or a quantity
        ("250m", "80%"); at least 0)
    sample_window: Time that a sample of a pod covers, for a replay; cpu looks at it. (seconds
        or a timedelta; at least 0 s)
    name: Name of the resource or the metric. (name)
    container: Container of a container resource. (container)
    """

    source: Literal["unknown", "Resource", "ContainerResource", "Pods", "Object", "External"]
    target_type: Literal["none", "Utilization", "Value", "AverageValue"]
    target: int
    request: int
    sample_window: float
    name: str
    container: str

    def __init__(
        self,
        *,
        source: Literal["unknown", "Resource", "ContainerResource", "Pods", "Object", "External"] = "unknown",
        target_type: Literal["none", "Utilization", "Value", "AverageValue"] = "none",
        target: int | str = 0,
        request: int | str = 0,
        sample_window: Duration = 0,
        name: str = "",
        container: str = "",
        **unknown: Never,
    ) -> None:
        self._build(locals())


class HPAConfig(Config):
    """A HorizontalPodAutoscaler (autoscaling/v2), and the flags of its controller.

    min_replicas: Lower bound. (pods; at least 0; spec.minReplicas)
    max_replicas: Upper bound; it has no default and has to be set. (pods; at least 1;
        spec.maxReplicas)
    behavior: The rules for scaling hold; without, a size at most doubles and falls after a
        window. (by itself where rules are given; spec.behavior)
    semantics: Release of Kubernetes whose rules are used; up to 1.35 metrics count at zero pods
        where the minimum is 0, up to 1.34 Value sums and proposals may wrap, up to 1.33
        External averages too, up to 1.32 there is one tolerance and a missing container fails
        the metric, up to 1.28 sidecars request nothing, in 1.27 missing pods count as 0 at the
        target.
    conversion: How a number that an integer cannot hold becomes one: nearest, or as Go on
        amd64.
    scale_to_zero: Feature gate: an HPA may scale to zero and back; on from 1.37.
        (HPAScaleToZero)
    configurable_tolerance: Feature gate: the tolerances of the rules count; on from 1.35.
        (HPAConfigurableTolerance)
    pod_reserve: Pods whose readings are kept apart; 0: only totals are. (pods; in [0, 10000])
    reserve: Wishes and changes to have room for, besides those of the sync period. (in [0,
        10000])
    tolerance: Distance from the target that is let be, as a fraction. (at least 0; horizontal-
        pod-autoscaler-tolerance)
    downscale_stabilization: Scale-down window where the rules have none. (seconds or a
        timedelta; in [0 s, 21600 s]; horizontal-pod-autoscaler-downscale-stabilization)
    cpu_initialization_period: Time after its start in which a pod's cpu counts only once it is
        ready. (seconds or a timedelta; at least 0 s; horizontal-pod-autoscaler-cpu-
        initialization-period)
    initial_readiness_delay: A pod that became not ready within this time of its start was never
        ready. (seconds or a timedelta; at least 0 s; horizontal-pod-autoscaler-initial-
        readiness-delay)
    sync_period: Time between decisions, by which the memory is measured out. (seconds or a
        timedelta; in [1 s, 3600 s]; horizontal-pod-autoscaler-sync-period)
    scale_up: Rules for more pods. (spec.behavior.scaleUp)
    scale_down: Rules for fewer pods. (spec.behavior.scaleDown)
    metrics: The metrics; the largest wish counts. (at most 16; spec.metrics)
    """

    kind: ClassVar[int] = lib.WEIR_KIND_HPA
    _ctype: ClassVar[str] = "weir_hpa_config"
    _table = table_of(lib.WEIR_CONFIG_HPA)

    min_replicas: int
    max_replicas: int
    behavior: bool
    semantics: Literal["1.37", "1.36", "1.35", "1.34", "1.33", "1.32", "1.31", "1.30", "1.29", "1.28", "1.27"]
    conversion: Literal["saturate", "amd64"]
    scale_to_zero: Literal["release", "off", "on"]
    configurable_tolerance: Literal["release", "off", "on"]
    pod_reserve: int
    reserve: int
    tolerance: float
    downscale_stabilization: float
    cpu_initialization_period: float
    initial_readiness_delay: float
    sync_period: float
    scale_up: ScalingRules
    scale_down: ScalingRules
    metrics: tuple[Metric, ...]

    def __init__(
        self,
        *,
        min_replicas: int = 1,
        max_replicas: int = 0,
        behavior: bool | None = None,
        semantics: Literal["1.37", "1.36", "1.35", "1.34", "1.33", "1.32", "1.31", "1.30", "1.29", "1.28", "1.27"] = "1.37",
        conversion: Literal["saturate", "amd64"] = "saturate",
        scale_to_zero: Literal["release", "off", "on"] = "release",
        configurable_tolerance: Literal["release", "off", "on"] = "release",
        pod_reserve: int = 0,
        reserve: int = 0,
        tolerance: float = 0.1,
        downscale_stabilization: Duration = 300,
        cpu_initialization_period: Duration = 300,
        initial_readiness_delay: Duration = 30,
        sync_period: Duration = 15,
        scale_up: ScalingRules | Mapping[str, Any] | None = None,
        scale_down: ScalingRules | Mapping[str, Any] | None = None,
        metrics: Sequence[Metric | Mapping[str, Any]] | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class Fallback(Struct):
    """What replaces a metric that fails. It holds if it is given.

    enabled: There is a fallback. (by itself)
    failure_threshold: More failures than that, one after another, and it begins.
        (failureThreshold)
    replicas: Pods to fall back to. (pods; replicas)
    behavior: What takes the place of a failing metric. (behavior)
    """

    _is_part: ClassVar[bool] = True

    enabled: bool | None
    failure_threshold: int | None
    replicas: int | None
    behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers", "unnamed"] | None

    def __init__(
        self,
        *,
        enabled: bool | None = None,
        failure_threshold: int | None = None,
        replicas: int | None = None,
        behavior: Literal["static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers", "unnamed"] | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class Modifiers(Struct):
    """A formula over the triggers. It holds if it is given.

    enabled: Any of the modifiers is set. (by itself)
    metric_type: What the composite metric is held against. (metricType)
    target: Target of the composite metric, a number above 0. (target)
    activation_target: A composite metric above it is activity. (activationTarget)
    formula: Formula of the composite metric. (formula)
    """

    _is_part: ClassVar[bool] = True

    enabled: bool | None
    metric_type: Literal["none", "Utilization", "Value", "AverageValue"] | None
    target: str | None
    activation_target: str | None
    formula: str | None

    def __init__(
        self,
        *,
        enabled: bool | None = None,
        metric_type: Literal["none", "Utilization", "Value", "AverageValue"] | None = None,
        target: str | None = None,
        activation_target: str | None = None,
        formula: str | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class Cron(Struct):
    """The settings of a cron trigger.

    desired_replicas: Pods wanted between start and end; not 0. (pods; desiredReplicas)
    start: When the window opens, five fields. (start)
    end: When the window closes. (end)
    timezone: Time zone of both, by its IANA name. (timezone)
    """

    _is_part: ClassVar[bool] = True

    desired_replicas: int | None
    start: str | None
    end: str | None
    timezone: str | None

    def __init__(
        self,
        *,
        desired_replicas: int | None = None,
        start: str | None = None,
        end: str | None = None,
        timezone: str | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class Trigger(Struct):
    """One metric of a trigger.

    type: What the trigger asks. (type)
    metric_type: What the metric is held against. (metricType)
    use_cached_metrics: The HPA gets what the last poll saw. (useCachedMetrics)
    ignore_null_values: Prometheus: an empty answer is 0, not an error. (ignoreNullValues)
    continues: One more metric of the trigger before it.
    target: Thousandths, or percent for utilization; above 0. (milli or %, or a quantity
        ("250m", "80%"); threshold)
    request: What a pod requests, for a replay that knows totals only. (milli, or a quantity
        ("250m", "80%"); at least 0)
    sample_window: Time that a sample of a pod covers, for a replay; cpu looks at it. (seconds
        or a timedelta; at least 0 s)
    activation: A value above it is activity. (activationThreshold)
    name: Name of the trigger, for the formula. (name)
    metric_name: Name of the metric in the HPA; made from index and type where there is none.
    container: Container of a container resource. (containerName)
    cron: Window of a cron trigger.
    """

    type: Literal["other", "prometheus", "cpu", "memory", "cron", "metrics-api", "external", "external-push", "kubernetes-workload"]
    metric_type: Literal["none", "Utilization", "Value", "AverageValue"]
    use_cached_metrics: bool
    ignore_null_values: bool
    continues: bool
    target: int
    request: int
    sample_window: float
    activation: float
    name: str
    metric_name: str
    container: str
    cron: Cron

    def __init__(
        self,
        *,
        type: Literal["other", "prometheus", "cpu", "memory", "cron", "metrics-api", "external", "external-push", "kubernetes-workload"] = "other",
        metric_type: Literal["none", "Utilization", "Value", "AverageValue"] = "AverageValue",
        use_cached_metrics: bool = False,
        ignore_null_values: bool = True,
        continues: bool = False,
        target: int | str = 0,
        request: int | str = 0,
        sample_window: Duration = 0,
        activation: float = 0.0,
        name: str = "",
        metric_name: str = "",
        container: str = "",
        cron: Cron | Mapping[str, Any] | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


class ScaledObjectConfig(Config):
    """A KEDA ScaledObject: spec, annotations, and the HPA that KEDA makes.

    min_replicas: Lower bound, 0. (pods; not set by default; spec.minReplicaCount)
    max_replicas: Upper bound, 100. (pods; not set by default; spec.maxReplicaCount)
    idle_replicas: Size without activity, below the minimum. (pods; not set by default;
        spec.idleReplicaCount)
    paused: Nothing is decided. (autoscaling.keda.sh/paused)
    paused_replicas: Nothing is decided, and the size is set to this. (pods; not set by default;
        autoscaling.keda.sh/paused-replicas)
    paused_scale_in: No pods go. (autoscaling.keda.sh/paused-scale-in)
    paused_scale_out: No pods come. (autoscaling.keda.sh/paused-scale-out)
    force_activation: Active whatever the triggers say. (autoscaling.keda.sh/force-activation)
    restore_original: Deleting the object gives the size back that it found.
        (spec.advanced.restoreToOriginalReplicaCount)
    defect: What is wrong with a spec that is in force all the same.
    polling_interval: Time between two looks at the triggers. (seconds or a timedelta; at least
        1 s; spec.pollingInterval)
    cooldown_period: Time without activity before zero, or idle. (seconds or a timedelta; at
        least 0 s; spec.cooldownPeriod)
    initial_cooldown_period: The same from the creation on, as long as there was no activity
        yet. (seconds or a timedelta; at least 0 s; spec.initialCooldownPeriod)
    created: When the object was created. (not set by default)
    fallback: What takes the place of a metric that fails. (spec.fallback)
    modifiers: One metric made of all by a formula. (spec.advanced.scalingModifiers)
    triggers: The triggers; any that is active activates, the largest wish counts. (at most 16;
        spec.triggers)
    behavior: The rules for scaling hold; without, a size at most doubles and falls after a
        window. (by itself where rules are given;
        spec.advanced.horizontalPodAutoscalerConfig.behavior)
    semantics: Release of Kubernetes whose rules are used.
    conversion: How a number that an integer cannot hold becomes one: nearest, or as Go on
        amd64.
    configurable_tolerance: Feature gate: the tolerances of the rules count; on from 1.35.
        (HPAConfigurableTolerance)
    pod_reserve: Pods whose readings are kept apart; 0: only totals are. (pods; in [0, 10000])
    reserve: Wishes and changes to have room for, besides those of the sync period. (in [0,
        10000])
    zone_reserve: Changes of each time zone that there is room for. (in [0, 4096])
    tolerance: Distance from the target that is let be, as a fraction. (at least 0; horizontal-
        pod-autoscaler-tolerance)
    downscale_stabilization: Scale-down window where the rules have none. (seconds or a
        timedelta; in [0 s, 21600 s]; horizontal-pod-autoscaler-downscale-stabilization)
    cpu_initialization_period: Time after its start in which a pod's cpu counts only once it is
        ready. (seconds or a timedelta; at least 0 s; horizontal-pod-autoscaler-cpu-
        initialization-period)
    initial_readiness_delay: A pod that became not ready within this time of its start was never
        ready. (seconds or a timedelta; at least 0 s; horizontal-pod-autoscaler-initial-
        readiness-delay)
    sync_period: Time between decisions of the HPA. (seconds or a timedelta; in [1 s, 3600 s];
        horizontal-pod-autoscaler-sync-period)
    poll_phase: Time from the start to the first poll. (seconds or a timedelta; in [0 s, 3600
        s])
    sync_phase: Time from the start to the first decision of the HPA. (seconds or a timedelta;
        in [0 s, 3600 s])
    scale_up: Rules for more pods.
        (spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp)
    scale_down: Rules for fewer pods.
        (spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown)
    """

    kind: ClassVar[int] = lib.WEIR_KIND_KEDA
    _ctype: ClassVar[str] = "weir_keda_config"
    _table = table_of(lib.WEIR_CONFIG_KEDA)

    min_replicas: int | None
    max_replicas: int | None
    idle_replicas: int | None
    paused: bool
    paused_replicas: int | None
    paused_scale_in: bool
    paused_scale_out: bool
    force_activation: bool
    restore_original: bool
    defect: Literal["sound", "unbuildable", "refused", "bad-pause"]
    polling_interval: float
    cooldown_period: float
    initial_cooldown_period: float
    created: float | None
    fallback: Fallback
    modifiers: Modifiers
    triggers: tuple[Trigger, ...]
    behavior: bool
    semantics: Literal["1.37", "1.36", "1.35", "1.34", "1.33", "1.32", "1.31", "1.30", "1.29", "1.28", "1.27"]
    conversion: Literal["saturate", "amd64"]
    configurable_tolerance: Literal["release", "off", "on"]
    pod_reserve: int
    reserve: int
    zone_reserve: int
    tolerance: float
    downscale_stabilization: float
    cpu_initialization_period: float
    initial_readiness_delay: float
    sync_period: float
    poll_phase: float
    sync_phase: float
    scale_up: ScalingRules
    scale_down: ScalingRules

    def __init__(
        self,
        *,
        min_replicas: int | None = None,
        max_replicas: int | None = None,
        idle_replicas: int | None = None,
        paused: bool = False,
        paused_replicas: int | None = None,
        paused_scale_in: bool = False,
        paused_scale_out: bool = False,
        force_activation: bool = False,
        restore_original: bool = False,
        defect: Literal["sound", "unbuildable", "refused", "bad-pause"] = "sound",
        polling_interval: Duration = 30,
        cooldown_period: Duration = 300,
        initial_cooldown_period: Duration = 0,
        created: Time | None = None,
        fallback: Fallback | Mapping[str, Any] | None = None,
        modifiers: Modifiers | Mapping[str, Any] | None = None,
        triggers: Sequence[Trigger | Mapping[str, Any]] | None = None,
        behavior: bool | None = None,
        semantics: Literal["1.37", "1.36", "1.35", "1.34", "1.33", "1.32", "1.31", "1.30", "1.29", "1.28", "1.27"] = "1.37",
        conversion: Literal["saturate", "amd64"] = "saturate",
        configurable_tolerance: Literal["release", "off", "on"] = "release",
        pod_reserve: int = 0,
        reserve: int = 0,
        zone_reserve: int = 64,
        tolerance: float = 0.1,
        downscale_stabilization: Duration = 300,
        cpu_initialization_period: Duration = 300,
        initial_readiness_delay: Duration = 30,
        sync_period: Duration = 15,
        poll_phase: Duration = 0,
        sync_phase: Duration = 0,
        scale_up: ScalingRules | Mapping[str, Any] | None = None,
        scale_down: ScalingRules | Mapping[str, Any] | None = None,
        **unknown: Never,
    ) -> None:
        self._build(locals())


STRUCTS.update(
    {
        "cron": Cron,
        "fallback": Fallback,
        "metrics": Metric,
        "modifiers": Modifiers,
        "policies": ScalingPolicy,
        "scale_down": ScalingRules,
        "scale_up": ScalingRules,
        "triggers": Trigger,
    }
)
for _config in (WindowConfig, KPACollectorConfig, KPADeciderConfig, KPAConfig, BehaviorConfig, HPAConfig, ScaledObjectConfig):
    _config._name_parts()
del _config
