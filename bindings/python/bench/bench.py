#!/usr/bin/env python3
"""What the package costs beside the C library, both in one run:

    cmake --preset release && cmake --build build/release --target bench_replay
    bench.py [--build build/release] [--hpas N]

Batch replay is bench_replay's: HPAs of one external metric through 30 days of it, here from a NumPy
array and with configurations made in Python. C and Python take turns, and the best of each counts.
"""
import argparse
import pathlib
import subprocess
import time

import numpy as np

import weir

ROOT = pathlib.Path(__file__).resolve().parents[3]
START = 1_700_000_040
DAY, DAYS = 24 * 3600 // 15, 30
ROWS = DAYS * DAY
ROUNDS = 15


def make_values():
    """bench_replay's days, to the bit."""
    noise, mask, values = 88172645463325252, 2**64 - 1, np.empty(ROWS)
    for i in range(ROWS):
        noon = (i % DAY) / DAY * 2.0 - 1.0
        noise ^= noise << 13 & mask
        noise ^= noise >> 7
        noise ^= noise << 17 & mask
        high = 60.0 if i // DAY % 7 < 5 else 25.0
        values[i] = 2.0 + (1.0 - noon * noon) * high * (0.8 + (noise % 400) / 1000.0)
    return values


def make_config(number):
    down = weir.ScalingRules(
        stabilization_window=60 + number % 5 * 60, policies=[weir.ScalingPolicy(value=1, period=60)]
    )
    return weir.HPAConfig(
        min_replicas=1 + number % 3,
        max_replicas=10 + number % 50,
        scale_down=down,
        metrics=[
            weir.Metric(
                source="External", target_type="AverageValue", target=2000 + number % 17 * 500, name="queue"
            )
        ],
    )


def replay_in_c(bench, hpas):
    """Nanoseconds a decision."""
    out = subprocess.run([bench, "--plain", "--hpas", str(hpas)], capture_output=True, text=True, check=True)
    return float(out.stdout.split()[2])


def replay_in_python(values, hpas):
    world = weir.World(pod_start=20, pod_stop=30, initial_replicas=1)
    begin = time.perf_counter()
    configs = [make_config(i) for i in range(hpas)]
    end = START + ROWS * 15
    reports = weir.replay_many(configs, None, values, start=START, step=15, end=end, world=world)
    spent = time.perf_counter() - begin
    assert (reports["decisions"] == ROWS).all()
    return spent * 1e9 / (hpas * ROWS)


def best_of(call, count=1000, rounds=400):
    """Nanoseconds of one call in a loop, without the loop: the best of short rounds."""
    best = [1e9, 1e9]
    for _ in range(rounds):
        for which, body in enumerate((call, lambda: None)):
            begin = time.perf_counter()
            for _ in range(count):
                body()
            best[which] = min(best[which], (time.perf_counter() - begin) / count * 1e9)
    return best[0] - best[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default=ROOT / "build/release", type=pathlib.Path)
    parser.add_argument("--hpas", default=4, type=int)
    options = parser.parse_args()

    values = make_values()
    c, python = [], []
    for _ in range(ROUNDS):
        c.append(replay_in_c(options.build / "bench_replay", options.hpas))
        python.append(replay_in_python(values, options.hpas))
    print(f"batch replay of {options.hpas} HPAs, ns a decision: C {min(c):.1f}, Python {min(python):.1f}, "
          f"{min(python) / min(c):.2f} times")

    kpa = weir.KPA(weir.KPAConfig(target=10))
    for second in range(200):
        kpa.record(second, second % 97 * 0.5)
    hpa = weir.HPA(make_config(0))
    hpa.observe(0, [30.0])
    hpa.step(0, replicas=3)
    print(f"KPA.decide():  {best_of(lambda: kpa.decide(200, ready=3)):6.0f} ns")
    print(f"KPA.record():  {best_of(lambda: kpa.record(200, 42.0)):6.0f} ns")
    print(f"HPA.step():    {best_of(lambda: hpa.step(100, replicas=3)):6.0f} ns")
    print(f"HPA.decide():  {best_of(lambda: hpa.decide(200, replicas=3, metrics=[30.0]), 100):6.0f} ns")


if __name__ == "__main__":
    main()
