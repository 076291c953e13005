"""Real traffic through a manifest: what it would have done, why, what it would have cost; and a plot."""

import pathlib
import sys

import matplotlib
import numpy as np

import weir

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402

examples = pathlib.Path(__file__).resolve().parent.parent
traffic = np.genfromtxt(examples / "data/traffic.csv", delimiter=",", names=True)
policy = weir.load(examples / "knative-service.yaml")[0]

replay = weir.replay(policy, traffic["time"], {"concurrency": traffic["concurrency"], "rps": traffic["rps"]}, pod_start=12)
print(f"{policy.api_kind} {policy.name}: {replay!r}")

changes = np.flatnonzero(replay.decisions["replicas"] != replay.decisions["current"])
for index in changes[:4]:
    decision = replay.explain(int(index))
    print(f"{decision.at:4} s: {decision.current} -> {decision.replicas}")
    print("       " + decision.text.replace("\n", "\n       "))

figure, (load, pods) = plt.subplots(2, sharex=True, figsize=(9, 5))
load.plot(traffic["time"], traffic["concurrency"], color="tab:gray")
load.set_ylabel("requests in flight")
frame = replay.to_pandas()
pods.step((frame.index - frame.index[0]).total_seconds(), frame["replicas"], where="post")
pods.set_ylabel("pods wanted")
pods.set_xlabel("seconds")
target = sys.argv[1] if len(sys.argv) > 1 else "replay.png"
figure.savefig(target)
print("plot saved")
