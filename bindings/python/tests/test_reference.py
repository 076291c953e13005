"""What the library computes is what a few lines of plain Python compute, on random input."""

import math

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import weir


# ---- Knative: the window -------------------------------------------------------------------------


class PlainWindow:
    """Sums by the second. Upstream: aggregation/bucketing.go, TimedFloat64Buckets."""

    def __init__(self, length):
        self.length, self.sums, self.first, self.last = length, {}, None, None

    def record(self, t, value):
        if self.last is None or t - self.last >= self.length:
            self.sums, self.first = {}, t
        self.sums[t] = self.sums.get(t, 0.0) + value
        self.last = t

    def average(self, now):
        if self.last is None or now - self.last >= self.length:
            return 0.0
        now = max(now, self.last)
        begin = max(self.first, now - self.length + 1)
        total = sum(value for t, value in self.sums.items() if begin <= t <= now)
        return math.floor(total / (self.last - begin + 1) * 1e6 + 0.5) / 1e6


@given(
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1000), st.integers(0, 12)), min_size=1, max_size=40),
)
def test_window_average(length, moves):
    plain = PlainWindow(length)
    window = weir.Window(weir.WindowConfig(window=length))
    t = 1_700_000_000
    for gap, value, ahead in moves:
        t += gap
        plain.record(t, value)
        window.record(t, value)
        for now in (t, t + ahead):
            assert window.average(now)[0] == plain.average(now)


# ---- Knative: the rules --------------------------------------------------------------------------


class PlainDecider:
    """Upstream: scaling/autoscaler.go, Scale(), without a delay."""

    def __init__(self, c, ready, now):
        self.c = c
        self.panic_since = now if ready >= 2 else None
        self.max_pods = ready if ready >= 2 else 0

    def decide(self, ready, stable, panic, now):
        c, ready = self.c, max(ready, 1)
        most = math.ceil(c.max_scale_up_rate * ready)
        fewest = math.floor(ready / c.max_scale_down_rate) if c.reachable else 0
        want_stable, want_panic = math.ceil(stable / c.target_value), math.ceil(panic / c.target_value)
        is_over = want_panic / ready >= c.panic_threshold
        by_stable = min(max(want_stable, fewest), most)
        by_panic = min(max(want_panic, fewest), most)
        if c.activation_scale > 1:
            if want_stable > 0:
                by_stable = max(by_stable, c.activation_scale)
            if want_panic > 0:
                by_panic = max(by_panic, c.activation_scale)
        if is_over:
            self.panic_since = now
        elif self.panic_since is not None and self.panic_since + c.stable_window < now:
            self.panic_since, self.max_pods = None, 0
        if self.panic_since is None:
            return by_stable
        self.max_pods = max(self.max_pods, by_stable, by_panic)
        return self.max_pods


@given(
    st.builds(
        weir.KPADeciderConfig,
        target_value=st.integers(1, 200).map(float),
        panic_threshold=st.floats(1.1, 10),
        max_scale_up_rate=st.floats(1.1, 20),
        max_scale_down_rate=st.floats(1.1, 5),
        stable_window=st.integers(6, 100),
        activation_scale=st.integers(0, 5),
        reachable=st.booleans(),
    ),
    st.integers(0, 20),
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 50), st.integers(0, 3000), st.integers(0, 3000)), max_size=30),
)
def test_knative_rules(config, ready, steps):
    now = 1_700_000_000
    decider = weir.KPADecider(config, ready=ready, start=now)
    plain = PlainDecider(config, ready, now)
    for gap, ready, stable, panic in steps:
        now += gap
        decision = decider.decide(now, ready=ready, stable=stable, panic=panic)
        assert decision.replicas == plain.decide(ready, stable, panic, now)
        assert decider.status.panic_since == plain.panic_since


# ---- HPA: replicas and tolerance -----------------------------------------------------------------


def plain_external(target_type, milli, target, replicas, existing, ready, tolerance):
    """Upstream: replica_calculator.go, GetExternalMetricReplicas(), ...PerPodMetricReplicas()."""
    if target_type == "Value":
        ratio = milli / target
        if 1.0 - tolerance <= ratio <= 1.0 + tolerance:
            return replicas
        return math.ceil(ratio * ready)
    ratio = milli / (target * existing)
    if 1.0 - tolerance <= ratio <= 1.0 + tolerance:
        return existing
    return math.ceil(milli / target)


@given(
    st.sampled_from(["Value", "AverageValue"]),
    st.lists(st.integers(0, 100_000), min_size=1, max_size=4),
    st.integers(1, 20_000),
    st.integers(1, 50),
    st.sampled_from([0.0, 0.05, 0.1, 0.25]),
)
@example("AverageValue", [110], 10, 10, 0.1)  # at the edge, which is still within
@example("Value", [90], 100, 3, 0.1)
def test_hpa_external(target_type, values, target, replicas, tolerance):
    config = weir.HPAConfig(
        max_replicas=10**6,
        tolerance=tolerance,
        metrics=[dict(source="External", target_type=target_type, target=target, name="queue")],
    )
    got = weir.propose(config, 10_000, replicas=replicas, metrics=[[weir.Milli(v) for v in values]])
    assert got.usage == (sum(values) if target_type == "Value" else -(-sum(values) // replicas))
    assert got.replicas == plain_external(target_type, sum(values), target, replicas, replicas, replicas, tolerance)


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=12),
    st.integers(1, 3000),
    st.sampled_from([0.0, 0.1]),
)
def test_hpa_of_pods(values, target, tolerance):
    """All pods are ready and have a sample: ceil(average / target x pods), unless within tolerance."""
    config = weir.HPAConfig(
        max_replicas=10**6,
        tolerance=tolerance,
        metrics=[dict(source="Pods", target_type="AverageValue", target=target, name="rps")],
    )
    used = np.zeros(len(values), weir.SAMPLE)
    used["value"], used["present"] = values, 1
    got = weir.propose(config, 10_000, replicas=len(values), metrics=[used])
    ratio = (sum(values) // len(values)) / target
    want = len(values) if 1.0 - tolerance <= ratio <= 1.0 + tolerance else math.ceil(ratio * len(values))
    assert got.replicas == want


# ---- HPA: behavior -------------------------------------------------------------------------------


class PlainBehavior:
    """Policies and bounds. Upstream: convertDesiredReplicasWithBehaviorRate()."""

    def __init__(self, config):
        self.c, self.events = config, {1: [], -1: []}

    def changed(self, policy, now, sign):
        return sum(change for at, change in self.events[sign] if at > now - policy.period)

    def store(self, now, sign, change):
        """A change takes the place of one that is older than every policy of its own direction."""
        rules, events = self.c.scale_up if sign > 0 else self.c.scale_down, self.events[sign]
        longest = max(p.period for p in rules.policies)
        free = [i for i, (at, _) in enumerate(events) if at < now - longest]
        if free:
            events[free[-1]] = (now, change)
        else:
            events.append((now, change))

    def limit(self, rules, current, now, sign):
        if rules.select_policy == "Disabled":
            return current
        proposals = []
        for p in rules.policies:
            start = current - self.changed(p, now, 1) + self.changed(p, now, -1)
            if p.type == "Pods":
                proposals.append(start + sign * p.value)
            else:
                exact = start * (1 + sign * p.value / 100)
                proposals.append(math.ceil(exact) if sign > 0 else int(exact))
        largest = (rules.select_policy == "Max") == (sign > 0)
        return (max if largest else min)(proposals)

    def apply(self, current, desired, now):
        c = self.c
        if desired > current:
            limit = max(self.limit(c.scale_up, current, now, 1), current)
            most = min(c.max_replicas, limit)
            return min(desired, most)
        if desired < current:
            limit = min(self.limit(c.scale_down, current, now, -1), current)
            return max(desired, max(c.min_replicas, limit))
        return min(max(desired, c.min_replicas), c.max_replicas)


rules = st.builds(
    weir.ScalingRules,
    stabilization_window=st.just(0),
    select_policy=st.sampled_from(["Max", "Min", "Disabled"]),
    policies=st.lists(
        st.builds(
            weir.ScalingPolicy,
            type=st.sampled_from(["Pods", "Percent"]),
            value=st.integers(1, 150),
            period=st.integers(1, 120),
        ),
        min_size=1,
        max_size=3,
    ),
)


@settings(max_examples=100)
@given(
    rules,
    rules,
    st.integers(1, 10),
    st.integers(10, 400),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 500)), min_size=1, max_size=25),
)
def test_behavior_policies(up, down, low, high, wishes):
    config = weir.BehaviorConfig(
        min_replicas=low, max_replicas=high, scale_up=up, scale_down=down, reserve=200, sync_period=1
    )
    machine, plain = weir.Behavior(config), PlainBehavior(config)
    now, current = 1_700_000_000, low
    for gap, desired in wishes:
        now += gap
        got = machine.apply(now, current=current, desired=desired).replicas
        assert got == plain.apply(current, desired, now)
        if got != current:
            machine.scaled(now, before=current, after=got)
            plain.store(now, 1 if got > current else -1, abs(got - current))
            current = got


# ---- PromQL: rate --------------------------------------------------------------------------------


def plain_rate(times, values, at, window):
    """Upstream: promql/functions.go, extrapolatedRate() of a counter, the range open on the left."""
    inside = [(t, v) for t, v in zip(times, values) if at - window < t <= at]
    if len(inside) < 2:
        return None
    (first_t, first), (last_t, last) = inside[0], inside[-1]
    grown = last - first
    for (_, before), (_, after) in zip(inside, inside[1:]):
        if after < before:
            grown += before
    covered = last_t - first_t
    gap = covered / (len(inside) - 1)
    to_start, to_end = first_t - (at - window), at - last_t
    if to_start >= gap * 1.1:
        to_start = gap / 2
    if grown > 0 and first >= 0:
        to_start = min(to_start, covered * (first / grown))
    if to_end >= gap * 1.1:
        to_end = gap / 2
    return grown * ((covered + to_start + to_end) / covered) / window


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 500)), min_size=2, max_size=60),
    st.integers(10, 300),
    st.integers(5, 60),
)
def test_rate(samples, window, step):
    start = 1_700_000_000
    times = start + np.cumsum([gap for gap, _ in samples])
    values = np.array([value for _, value in samples], float)
    end = int(times[-1]) + window
    result = weir.promql(f"rate(x[{window}s])", {"x": (times, values)}, start=start, end=end, step=step)
    got = {} if not len(result) else dict(zip(result[0].times.astype("M8[s]").astype(int).tolist(), result[0].values))
    for at in range(start, end + 1, step):
        want = plain_rate(times.tolist(), values.tolist(), at, window)
        assert (at in got) == (want is not None)
        if want is not None:
            assert got[at] == pytest.approx(want, rel=1e-12, abs=1e-12)


@given(st.lists(st.floats(allow_nan=False, width=32), min_size=1, max_size=30))
def test_max_over_time(values):
    assume(len(values) > 0)
    times = np.arange(len(values)) * 10
    got = weir.promql("max_over_time(x[1h])", {"x": (times, values)}, at=int(times[-1])).value
    assert got == max(values)
