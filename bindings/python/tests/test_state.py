"""States: copies, pickles, snapshots, and what a decision carries."""

import copy
import datetime
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import weir
from weir._core import lib

QUEUE = dict(source="External", target_type="AverageValue", target="5", name="queue")


def kpa():
    made = weir.KPA(weir.KPAConfig(target=10, scale_down_delay=30), ready=3)
    for t in range(100, 140):
        made.record(t, t % 17 * 4, 3)
        made.decide(t, ready=2)
    return made


def hpa():
    made = weir.HPA(weir.HPAConfig(max_replicas=50, metrics=[QUEUE], scale_up={}))
    for t in range(0, 300, 15):
        made.decide(t, replicas=3 + t // 100, metrics=[t % 77])
    return made


def keda():
    trigger = dict(type="prometheus", target="5", metric_name="s0-prometheus")
    made = weir.ScaledObject(weir.ScaledObjectConfig(max_replicas=9, triggers=[trigger], scale_down={}))
    for t in range(0, 300, 15):
        made.decide(t, replicas=t // 100, metrics=[t % 77])
    return made


def decider():
    made = weir.KPADecider(weir.KPADeciderConfig(target_value=7, scale_down_delay=20), ready=5, start=100)
    made.decide(102, ready=5, stable=30, panic=90)
    return made


def collector():
    made = weir.KPACollector(weir.KPACollectorConfig())
    for t in range(50):
        made.record(t, t, 2 * t)
    return made


def window():
    made = weir.Window(weir.WindowConfig(window=10, lanes=2, reserve=20))
    for t in range(25):
        made.record(t, t, -t)
    return made


def behavior():
    made = weir.Behavior(weir.BehaviorConfig(max_replicas=20))
    made.apply(0, current=3, desired=9)
    made.scaled(0, before=3, after=6)
    return made


AHEAD = {
    kpa: lambda m: m.decide(150, ready=2, explain=True),
    hpa: lambda m: m.decide(300, replicas=5, metrics=[61], explain=True),
    keda: lambda m: m.decide(300, replicas=5, metrics=[61], explain=True),
    decider: lambda m: m.decide(110, ready=5, stable=3, panic=4, explain=True),
    collector: lambda m: m.read(49, "rps"),
    window: lambda m: (m.average(24).tolist(), m.is_empty(24)),
    behavior: lambda m: m.apply(15, current=6, desired=20, explain=True),
}


@pytest.mark.parametrize("make", AHEAD, ids=lambda m: m.__name__)
def test_copies_and_pickles_go_on_alike(make):
    ahead, machine = AHEAD[make], make()
    others = [machine.copy(), copy.copy(machine), copy.deepcopy(machine), pickle.loads(pickle.dumps(machine))]
    fresh = type(machine)(machine.config)
    fresh.load(machine.save())
    want, untouched = ahead(machine), others[0].save()
    assert others[0].save() == untouched
    for other in [*others, fresh]:
        assert ahead(other) == want
        assert other.save() == machine.save()


@pytest.mark.parametrize("make", AHEAD, ids=lambda m: m.__name__)
def test_bad_snapshots_change_nothing(make):
    machine = make()
    good = machine.save()
    for bad in (b"", b"WEIR", good[:-1], good[:40] + bytes([good[40] ^ 1]) + good[41:]):
        with pytest.raises(weir.CorruptError):
            machine.load(bad)
        assert machine.save() == good
    machine.load(bytearray(good))


def test_a_snapshot_of_another_configuration():
    with pytest.raises(weir.MismatchError):
        weir.KPA(weir.KPAConfig(target=11)).load(kpa().save())
    with pytest.raises(weir.MismatchError):
        hpa().load(kpa().save())


def test_a_copy_is_independent():
    machine = kpa()
    other = machine.copy()
    for t in range(140, 160):
        other.record(t, 500)
    assert other.decide(160, ready=2).replicas > machine.copy().decide(160, ready=2).replicas


def test_unmade_states():
    machine = weir.KPA(weir.KPAConfig(target=10))
    again = pickle.loads(pickle.dumps(machine))
    for m in (machine, again, machine.copy()):
        m.record(1_700_000_000, 42)
        assert m.decide(1_700_000_002, ready=1).replicas == 6


def test_decisions():
    decision = kpa().decide(140, ready=2, explain=True)
    assert pickle.loads(pickle.dumps(decision)) == decision
    assert hash(pickle.loads(pickle.dumps(decision))) == hash(decision)
    assert decision.steps[0].before == decision.current
    assert decision.steps[-1].after == decision.replicas
    assert decision.text.splitlines() == [step.text for step in decision.steps]
    assert decision.rule in {step.rule for step in decision.steps}
    assert all(weir.rule_doc(step.rule) for step in decision.steps)
    assert decision.at == 140 and decision.at_ns == 140 * 10**9 and decision.next > 140
    assert decision == kpa().decide(140, ready=2, explain=True)
    assert decision != kpa().decide(140, ready=2)  # the steps are part of it
    assert weir.rule_doc("none.such") == ""


def test_explain_does_not_change_the_answer():
    for make, ahead in AHEAD.items():
        if make in (kpa, hpa, keda):
            asked, other = ahead(make()), ahead(make())
            assert asked.replicas == other.replicas and asked.text


def test_flags_are_those_of_the_header():
    names = {name: getattr(lib, name) for name in dir(lib) if name.startswith("WEIR_FLAG_")}
    assert {f"WEIR_FLAG_{flag.name}": flag.value for flag in weir.Flag} == names


TIMES = [
    1_700_000_000,
    1_700_000_000.0,
    np.int32(1_700_000_000),
    np.float64(1_700_000_000),
    weir.Nanos(1_700_000_000_000_000_000),
    datetime.datetime(2023, 11, 14, 22, 13, 20, tzinfo=datetime.timezone.utc),
    datetime.datetime(2023, 11, 15, 0, 13, 20, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
    np.datetime64("2023-11-14T22:13:20"),
    np.datetime64("2023-11-14T22:13:20.000000", "us"),
]


@pytest.mark.parametrize("now", TIMES, ids=repr)
def test_times(now):
    machine = weir.KPA(weir.KPAConfig(), start=0)
    assert machine.decide(now, ready=1).at_ns == 1_700_000_000_000_000_000


@pytest.mark.parametrize(
    "now, kind",
    [
        (float("nan"), weir.RangeError),
        (float("inf"), weir.RangeError),
        (10**12, weir.RangeError),
        (-(10**12), weir.RangeError),
        (10**30, weir.RangeError),
        (datetime.datetime(2023, 11, 14), weir.FieldError),
        (np.datetime64("NaT"), weir.RangeError),
        (np.datetime64("9999-01-01"), weir.RangeError),
        ("now", weir.FieldError),
        (None, weir.FieldError),
        (True, weir.FieldError),
    ],
    ids=repr,
)
def test_bad_times(now, kind):
    machine = weir.KPA(weir.KPAConfig(), start=0)
    before = machine.save()
    for call in (lambda: machine.decide(now, ready=1), lambda: machine.record(now, 1), lambda: machine.step(now, replicas=1)):
        with pytest.raises(kind):
            call()
    assert machine.save() == before


@settings(max_examples=300)
@given(st.integers(-(9 * 10**18), 9 * 10**18))
def test_float_seconds_are_the_nearest_nanosecond(ns):
    from fractions import Fraction

    from weir._time import to_ns

    seconds = ns / 10**9
    exact = Fraction(seconds) * 10**9
    assert abs(Fraction(to_ns(seconds)) - exact) <= Fraction(1, 2) + Fraction(1, 10**6)


def test_wrong_kinds():
    with pytest.raises(weir.FieldError, match="must be a KPAConfig, got HPAConfig"):
        weir.KPA(weir.HPAConfig(max_replicas=1))
    with pytest.raises(weir.ArgumentError):
        weir.autoscaler(weir.WindowConfig())


def test_observe_and_step():
    machine = weir.HPA(weir.HPAConfig(max_replicas=50, metrics=[QUEUE, {**QUEUE, "name": "lag"}]))
    assert machine.series == ("queue", "lag")
    machine.observe(0, {"queue": 42, "lag": None})
    first = machine.step(0, replicas=6, explain=True)
    assert first.replicas == 9 and weir.Flag.METRIC_FAILED in first.flags
    machine.observe(15, [10.0, 100.0])
    assert machine.step(15, replicas=9).replicas == 18
    with pytest.raises(weir.FieldError, match=r"did you mean queue\?"):
        machine.observe(30, {"queu": 1})
    with pytest.raises(weir.FieldError, match="must be 2"):
        machine.observe(30, [1])


def test_hpa_of_pods():
    config = weir.HPAConfig(
        max_replicas=50, metrics=[dict(source="Resource", target_type="Utilization", target=50, name="cpu")]
    )
    machine = weir.HPA(config)
    cluster = weir.pods(3, started=0)
    used = weir.samples([0.5, 0.5, np.nan], at=1000, request="500m")
    decision = machine.decide(1000, replicas=3, metrics=[used], pods=cluster, explain=True)
    assert decision.replicas == 4  # 100 % of two pods, nothing of the missing one: 67 / 50 x 3
    with pytest.raises(weir.FieldError, match=r"metrics\[0\]: is a metric of pods"):
        machine.decide(1001, replicas=3, metrics=[0.5], pods=cluster)
    with pytest.raises(weir.FieldError, match="a sample for each of the 3 pods, got 2"):
        machine.decide(1001, replicas=3, metrics=[used[:2]], pods=cluster)
    with pytest.raises(weir.FieldError, match="pods: must be a one-dimensional array of dtype weir.POD"):
        machine.decide(1001, replicas=3, metrics=[used], pods=np.zeros(3))
    strided = np.zeros(6, weir.POD)
    strided[::2] = cluster
    assert machine.copy().decide(1001, replicas=3, metrics=[used], pods=strided[::2]).replicas == 4


def test_keda_fails_and_falls_back():
    trigger = dict(type="prometheus", target="5", metric_name="s0-prometheus")
    config = weir.ScaledObjectConfig(
        max_replicas=9, triggers=[trigger], fallback=weir.Fallback(failure_threshold=2, replicas=4)
    )
    machine = weir.ScaledObject(config)
    replicas, seen = 1, []
    for t in range(0, 300, 15):
        decision = machine.decide(t, replicas=replicas, metrics={"s0-prometheus": 5 if t < 60 else weir.FAILED})
        replicas = decision.replicas if decision.apply else replicas
        seen.append(replicas)
    assert seen[-1] == 4 and seen[3] == 1


def test_cron_in_its_time_zone():
    cron = weir.Cron(desired_replicas=5, start="0 8 * * *", end="0 18 * * *", timezone="Europe/Berlin")
    config = weir.ScaledObjectConfig(max_replicas=9, triggers=[weir.Trigger(type="cron", metric_type="AverageValue", target=1000, cron=cron)])
    for month, first in ((1, 7), (7, 6)):  # winter and summer, hours of UTC
        machine = weir.ScaledObject(config)
        for hour, active in ((first - 1, False), (first, True), (first + 9, True), (first + 10, False)):
            now = datetime.datetime(2026, month, 15, hour, 30, tzinfo=datetime.timezone.utc)
            decision = machine.decide(now, replicas=1, metrics=[None], explain=True)
            rules = {step.rule for step in decision.steps}
            assert ("keda.trigger.active" in rules) == active, (month, hour, decision.text)
