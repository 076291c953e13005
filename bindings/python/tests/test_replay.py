"""Replays: one, many, swept; arrays in and out."""

import concurrent.futures
import datetime
import pickle

import numpy as np
import pytest

import weir

LOAD = np.repeat([12.0, 150, 30, 0], [12, 36, 12, 60])
QUEUE = dict(source="External", target_type="AverageValue", target="5", name="queue")
START = 1_700_000_000


def hpa(**changes):
    return weir.HPAConfig(**{"max_replicas": 40, "metrics": [QUEUE], "scale_up": {}, **changes})


def keda(**changes):
    trigger = dict(type="prometheus", target="5", metric_name="s0-prometheus")
    return weir.ScaledObjectConfig(**{"max_replicas": 40, "triggers": [trigger], "scale_down": {}, **changes})


POLICIES = [weir.KPAConfig(target=10), hpa(), keda()]
IDS = ["kpa", "hpa", "keda"]


def test_is_the_c_example(root):
    """examples/replay.c, decision by decision."""
    replay = weir.replay(weir.KPAConfig(target=10), None, LOAD, step=5, pod_start=5)
    lines = []
    for d, rule in zip(replay.decisions, replay.rule_names()):
        if d["valid"] and d["replicas"] != d["current"]:
            lines.append((d["at"].astype(int) // 10**9, d["current"], d["replicas"], rule))
    want = []
    for line in (root / "examples/replay.out").read_text().splitlines()[:-1]:
        words = line.replace(",", "").split()
        want.append((int(words[0]), int(words[-5]), int(words[-3]), words[-1]))
    assert lines == want
    assert replay.report.replica_seconds == 4976 and replay.report.peak_replicas == 22


@pytest.mark.parametrize("policy", POLICIES, ids=IDS)
def test_explain_is_the_same_decision(policy):
    replay = weir.replay(policy, None, LOAD, step=15, pod_start=20)
    assert len(replay.decisions) > 100
    for index in [0, 1, 50, len(replay.decisions) // 2, -1]:
        row, again = replay.decisions[index], replay.explain(index)
        assert again.text
        for name in weir.DECISION.names:
            value = again.at_ns if name == "at" else again.next_ns if name == "next" else getattr(again._c, name)
            assert value == (row[name].astype(int) if name in ("at", "next") else row[name]), name
    with pytest.raises(IndexError):
        replay.explain(len(replay.decisions))


@pytest.mark.parametrize("policy", POLICIES, ids=IDS)
def test_forms_of_times(policy):
    even = weir.replay(policy, None, LOAD, start=START, step=15)
    seconds = START + 15 * np.arange(len(LOAD))
    for times in (
        seconds,
        seconds.astype(float),
        seconds.astype("M8[s]"),
        seconds.astype("M8[s]").astype("M8[ns]"),
        list(map(int, seconds)),
        [weir.Nanos(int(t) * 10**9) for t in seconds],
        [datetime.datetime.fromtimestamp(t, datetime.timezone.utc) for t in seconds],
    ):
        assert weir.replay(policy, times, LOAD).report == even.report


def test_values_of_other_kinds():
    policy = weir.KPAConfig(target=10)
    want = weir.replay(policy, None, LOAD, step=5).report
    wide = np.zeros((len(LOAD), 2))
    wide[:, 0] = LOAD
    for values in (
        LOAD.astype(np.float32),
        LOAD.astype(int),
        LOAD.tolist(),
        np.repeat(LOAD, 2)[::2],
        wide,
        np.asfortranarray(wide),
        wide[:, :1],
        {"concurrency": LOAD},
        {"concurrency": LOAD.astype(int), "rps": np.zeros(len(LOAD))},
    ):
        assert weir.replay(policy, None, values, step=5).report == want
    rps = weir.replay(policy.replace(metric="rps", target=10), None, LOAD, step=5)
    assert rps.report.peak_replicas > 1


def test_no_copies():
    times = (START + 15 * np.arange(len(LOAD))).astype("M8[s]").astype("M8[ns]")
    trace = weir.Trace(times, LOAD)
    assert np.shares_memory(trace.values, LOAD) and np.shares_memory(trace.times, times)
    rows, _kept = trace._rows(weir.HPA(hpa(), start=0))
    from weir._core import ffi

    assert int(ffi.cast("uintptr_t", rows.values)) == LOAD.ctypes.data
    assert int(ffi.cast("uintptr_t", rows.times)) == times.ctypes.data
    replay = weir.replay(hpa(), trace)
    assert replay.decisions.dtype == weir.DECISION
    assert replay.decisions["replicas"].base is not None
    read_only = LOAD.copy()
    read_only.flags.writeable = False
    assert weir.replay(hpa(), times, read_only).report == replay.report


BAD = [
    (lambda: weir.replay(hpa(), [1, 2, 2], [1, 2, 3]), "times[2]", "must be after the time before it"),
    (lambda: weir.replay(hpa(), [1, 2], [1, 2, 3]), "values", "has shape (3,), and there are 2 times"),
    (lambda: weir.replay(hpa(), [1, np.nan], [1, 2]), "times[1]", "must be finite, got nan"),
    (lambda: weir.replay(hpa(), np.array([1, "NaT"], "M8[s]"), [1, 2]), "times", "has a NaT"),
    (lambda: weir.replay(hpa(), [START * 10**9, START * 10**9 + 1], [1, 2]), "times", "plain numbers are seconds"),
    (lambda: weir.replay(hpa(), [[1, 2]], [1, 2]), "times", "one dimension, got shape (1, 2)"),
    (lambda: weir.replay(hpa(), ["a", "b"], [1, 2]), "times", "seconds or datetime64"),
    (lambda: weir.replay(hpa(), [1, 2], ["a", "b"]), "values", "must be numbers, got an array of dtype <U1"),
    (lambda: weir.replay(hpa(), [1, 2], [1j, 2]), "values", "dtype complex128"),
    (lambda: weir.replay(hpa(), [1], np.zeros((1, 1, 1))), "values", "one or two dimensions, got shape (1, 1, 1)"),
    (lambda: weir.replay(hpa(), [1, 2], np.zeros((2, 3))), "values", "has 3 columns, and the policy 1 series (queue)"),
    (lambda: weir.replay(hpa(), [1, 2], {"queu": [1, 2]}), "values['queu']", "did you mean queue?"),
    (lambda: weir.replay(weir.KPAConfig(), [1, 2], {"rps": [1, 2], "concurrency": [1]}), "values['concurrency']", "shape"),
    (lambda: weir.replay(hpa(), None, [1, 2]), "step", "is needed"),
    (lambda: weir.replay(hpa(), None, [1, 2], step=0), "step", "above 0"),
    (lambda: weir.replay(hpa(), [1, 2]), "values", "are needed"),
    (lambda: weir.replay(hpa(), [1, 2], [1, 2], podstart=3), "podstart", "did you mean pod_start?"),
    (lambda: weir.replay(hpa(), [1, 2], [1, 2], pod_start=-1), "pod_start", ""),
    (lambda: weir.replay(hpa(), [1, 2], [1, 2], sampling="new"), "sampling", "'mean' or 'newest'"),
    (lambda: weir.replay(weir.WindowConfig(), [1, 2], [1, 2]), "policy", "got WindowConfig"),
    (lambda: weir.replay_many([hpa(), keda()], [1, 2], [1, 2]), "policies[1]", "must be a HPAConfig as the first"),
    (lambda: weir.replay_many([hpa()], [1, 2], [1, 2], world=[]), "world", "one for each of the 1"),
    (lambda: weir.sweep(hpa(), {"max_replicas": 3}, ([1], [1])), "grid['max_replicas']", "list of values"),
    (lambda: weir.sweep(hpa(), {"max_replica": [3]}, ([1], [1])), "max_replica", "did you mean max_replicas?"),
]


@pytest.mark.parametrize("call, path, words", BAD)
def test_mistakes(call, path, words):
    with pytest.raises(weir.Error) as caught:
        call()
    assert caught.value.path == path
    assert words in caught.value.message


def test_nan_is_no_value():
    """Without values for longer than `hold` there are no decisions."""
    values = np.array([20.0] * 10 + [np.nan] * 40)
    replay = weir.replay(hpa(), None, values, step=15, hold=60, skip_idle=False)
    assert replay.report.invalid >= 30
    assert not replay.decisions["valid"][-1] and replay.decisions["valid"][5]


def test_from_a_past():
    """What if: a copy of an autoscaler with a past goes on from there."""
    past = weir.replay(weir.KPAConfig(target=10), None, LOAD[:40], step=5)
    machine = past.autoscaler
    before = machine.save()
    calm = weir.replay(machine, None, np.full(20, 10.0), start=200, step=5, initial_replicas=15)
    burst = weir.replay(machine, None, np.full(20, 900.0), start=200, step=5, initial_replicas=15)
    assert machine.save() == before
    assert burst.report.peak_replicas > calm.report.peak_replicas
    fresh = weir.replay(weir.KPAConfig(target=10), None, np.full(20, 10.0), start=200, step=5, initial_replicas=15)
    assert fresh.report.digest != calm.report.digest


def test_policies_of_manifests(root):
    policies = weir.load(root / "examples/scaledobject.yaml")
    policy = policies[0]
    assert policy.kind == "keda" and policies[policy.name] is policy and policy.line > 0
    replay = weir.replay(policy, None, LOAD, step=15)
    assert replay.report == weir.replay(policy.config, None, LOAD, step=15).report
    assert isinstance(policy.start(0), weir.ScaledObject)
    with pytest.raises(KeyError, match="did you mean"):
        policies[policy.name + "x"]
    again = pickle.loads(pickle.dumps(policy))
    assert again == policy


def test_frames():
    pandas = pytest.importorskip("pandas")
    replay = weir.replay(weir.KPAConfig(target=10), None, LOAD, step=5)
    frame = replay.to_pandas()
    assert list(frame["replicas"]) == replay.decisions["replicas"].tolist()
    assert frame.index[0] == pandas.Timestamp(0) and frame["rule"].iloc[2] == "kpa.stable"
    series = pandas.Series(LOAD, index=pandas.date_range("1970-01-01", periods=len(LOAD), freq="5s"))
    assert weir.replay(weir.KPAConfig(target=10), series.index, series).report == replay.report


def test_polars():
    pytest.importorskip("polars")
    replay = weir.replay(weir.KPAConfig(target=10), None, LOAD, step=5)
    frame = replay.to_polars()
    assert frame["replicas"].to_list() == replay.decisions["replicas"].tolist()
    assert weir.replay(weir.KPAConfig(target=10), None, frame["replicas"], step=2).report.decisions > 0


# ---- many ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "configs",
    [
        [weir.KPAConfig(target=t, scale_down_delay=d) for t in (5, 10, 20) for d in (0, 60)],
        [hpa(max_replicas=m, downscale_stabilization=w) for m in (5, 20) for w in (0, 300)],
        [keda(max_replicas=m, cooldown_period=w) for m in (5, 20) for w in (30, 300)],
    ],
    ids=IDS,
)
@pytest.mark.parametrize("initial", [None, 0])
def test_many_is_one_by_one(configs, initial):
    world = weir.World(pod_start=12, pod_stop=30, initial_replicas=initial)
    many = weir.replay_many(configs, None, LOAD, start=START, step=15, world=world)
    assert many.dtype == weir.REPORT
    for row, config in zip(many, configs):
        assert weir.Report._of(row) == weir.replay(config, None, LOAD, start=START, step=15, world=world).report
    assert len({int(d) for d in many["digest"]}) > 1
    worlds = [weir.World(pod_start=i) for i in range(len(configs))]
    each = weir.replay_many(configs, None, LOAD, step=15, world=worlds)
    assert weir.Report._of(each[1]) == weir.replay(configs[1], None, LOAD, step=15, world=worlds[1]).report
    assert len(weir.replay_many([], None, LOAD, step=15)) == 0


def test_many_with_cron():
    cron = weir.Cron(desired_replicas=5, start="0 8 * * *", end="0 18 * * *", timezone="Europe/Berlin")
    config = weir.ScaledObjectConfig(
        max_replicas=9, min_replicas=0, triggers=[weir.Trigger(type="cron", target=1000, cron=cron),
                                                  weir.Trigger(type="prometheus", target=5000, metric_name="s1-p")]
    )
    load = np.zeros(2 * 96)
    one = weir.replay(config, None, load, start=START, step=900)
    assert one.report.peak_replicas == 5 and one.report.zero_seconds > 0
    many = weir.replay_many([config, config.replace(max_replicas=3)], None, load, start=START, step=900)
    assert weir.Report._of(many[0]) == one.report and many[1]["peak_replicas"] == 3


def test_a_failing_one_is_named():
    config = hpa(reserve=0)
    with pytest.raises(weir.Error) as caught:
        weir.replay_many([config, config], None, LOAD, step=15, pods_max=1)
    assert caught.value.path.startswith("policies[0]")


# ---- sweeps --------------------------------------------------------------------------------------

GRID = {"target": [5, 10, 20], "scale_down_delay": [0, 60], "pod_start": [0, 12]}


def same(got, want):
    """Whether two lists of reports are alike, to the bit."""
    return got.dtype == want.dtype == weir.REPORT and all(
        got[name].tobytes() == want[name].tobytes() for name in weir.REPORT.names
    )


def run_sweep(executor=None, **more):
    return weir.sweep(weir.KPAConfig(), GRID, weir.Trace(None, LOAD, step=5), executor=executor, pod_stop=10, **more)


def test_sweep():
    got = run_sweep()
    assert len(got) == 12 and got.settings[1] == {"target": 5, "scale_down_delay": 0, "pod_start": 12}
    for i in (0, 5, 11):
        one = dict(got.settings[i])
        world = weir.World(pod_start=one.pop("pod_start"), pod_stop=10)
        want = weir.replay(weir.KPAConfig(**one), None, LOAD, step=5, world=world).report
        assert weir.Report._of(got.reports[i]) == want
    assert got.best("replica_seconds")["target"] == 20
    listed = weir.sweep(weir.KPAConfig(), list(got.settings), (5 * np.arange(len(LOAD)), LOAD), pod_stop=10)
    assert same(listed.reports, got.reports)
    assert len(weir.sweep(weir.KPAConfig(), [], weir.Trace(None, LOAD, step=5))) == 0


def test_sweep_frame():
    pytest.importorskip("pandas")
    frame = run_sweep().to_pandas()
    assert len(frame) == 12 and frame["target"].tolist()[:2] == [5, 5] and "replica_seconds" in frame


@pytest.mark.parametrize("chunk", [None, 1, 5, 100])
def test_sweep_on_threads(chunk):
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        assert same(run_sweep(executor, chunk=chunk).reports, run_sweep().reports)


def test_sweep_on_processes():
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as executor:
        assert same(run_sweep(executor).reports, run_sweep().reports)


@pytest.mark.filterwarnings("ignore")
def test_sweep_on_dask():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        got = run_sweep(client.get_executor())
    assert same(got.reports, run_sweep().reports)


def test_the_lock_is_not_held():
    """While one thread replays, another one runs."""
    import threading
    import time

    load = np.tile(LOAD, 2000)
    done, ticks = threading.Event(), []

    def count():
        while not done.wait(0.001):
            ticks.append(time.perf_counter())

    thread = threading.Thread(target=count)
    thread.start()
    begin = time.perf_counter()
    weir.replay_many([hpa()] * 20, None, load, step=15)
    end = time.perf_counter()
    done.set()
    thread.join()
    assert sum(begin < tick < end for tick in ticks) > 3
