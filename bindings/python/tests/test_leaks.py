"""A million decisions take no memory with them."""

import gc
import resource
import tracemalloc

import numpy as np

import weir
from weir._core import lib

QUEUE = dict(source="External", target_type="AverageValue", target="5", name="queue")


def resident():
    """KiB in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() // 1024


def test_a_million_decisions():
    kpa = weir.KPA(weir.KPAConfig(target=10), start=0)

    def decide(first, last):
        for i in range(first, last):
            if i % 4 == 0:
                kpa.record(i, i % 97)
            kpa.decide(i, ready=3)

    decide(0, 20_000)
    gc.collect()
    before = resident()
    decide(20_000, 1_020_000)
    gc.collect()
    assert resident() - before < 2048


def test_other_calls():
    """Objects of every kind come and go, and so does what C takes for them."""
    load = np.tile([3.0, 40, 80, 0], 50)

    def everything():
        hpa = weir.HPA(weir.HPAConfig(max_replicas=9, metrics=[QUEUE]))
        for t in range(0, 150, 15):
            hpa.decide(t, replicas=3, metrics=[t], explain=True)
        hpa.load(hpa.save())
        weir.replay(hpa.config, None, load, step=15).explain(3)
        weir.replay_many([hpa.config] * 3, None, load, step=15)
        weir.promql("rate(x[1m])", {"x": (range(100), range(100))}, start=0, end=90, step=10)
        for call in (
            lambda: hpa.decide(0, replicas=3, metrics=[1]),
            lambda: weir.promql("rate(", {}, at=0),
            lambda: weir.loads("kind: ["),
            lambda: hpa.load(b"bad"),
        ):
            try:
                call()
            except weir.Error:
                pass

    for _ in range(20):
        everything()
    gc.collect()
    tracemalloc.start()
    for _ in range(20):
        everything()
    gc.collect()
    first, before = tracemalloc.get_traced_memory()[0], resident()
    for _ in range(200):
        everything()
    gc.collect()
    traced, grown = tracemalloc.get_traced_memory()[0] - first, resident() - before
    tracemalloc.stop()
    assert traced < 50_000  # what Python keeps for itself; a leak is above 100 bytes a call
    assert grown < 4096
    assert lib.weir_py_promql_bytes() == 0


def test_results_outlive_what_they_came_from():
    def make():
        store = weir.Series({'x{pod="a"}': (np.arange(100), np.arange(100.0))})
        return weir.promql("x", store, start=0, end=90, step=10)[0]

    points = make()
    gc.collect()
    assert lib.weir_py_promql_bytes() > 0
    assert points.values.tolist() == list(range(0, 100, 10)) and not points.values.flags.writeable
    del points
    gc.collect()
    assert lib.weir_py_promql_bytes() == 0
