"""Which settings for this load? Every combination on a pool of threads, and a plot of what they cost."""

import pathlib
import sys
from concurrent.futures import ThreadPoolExecutor

import matplotlib
import numpy as np

import weir

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

examples = pathlib.Path(__file__).resolve().parent.parent
traffic = np.genfromtxt(examples / "data/traffic.csv", delimiter=",", names=True)
trace = weir.Trace(traffic["time"], traffic["concurrency"])

grid = {"target": [4, 6, 8, 10, 15, 20], "stable_window": [15, 30, 60, 120]}
with ThreadPoolExecutor() as executor:  # or processes, or client.get_executor() of Dask
    sweep = weir.sweep(weir.KPAConfig(), grid, trace, executor=executor, pod_start=12, pod_capacity=10)

frame = sweep.to_pandas()
print(len(sweep), "combinations")
fine = frame[frame["overload_seconds"] < 60].sort_values("replica_seconds", kind="stable")
print(fine[["target", "stable_window", "replica_seconds", "overload_seconds", "reversals"]].head(5).to_string(index=False))

figure, axes = plt.subplots(figsize=(7, 5))
for window, rows in frame.groupby("stable_window"):
    axes.plot(rows["replica_seconds"], rows["overload_seconds"], "o-", label=f"window {window} s")
axes.set_xlabel("pod-seconds")
axes.set_ylabel("seconds of overload")
axes.legend()
target = sys.argv[1] if len(sys.argv) > 1 else "sweep.png"
figure.savefig(target)
print("plot saved")
