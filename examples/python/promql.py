"""PromQL over arrays: a counter of three pods, its rate on a grid, and a trigger's query now."""

import numpy as np

import weir

times = np.arange(0, 600, 15)
store = weir.Series()
for pod, speed in (("a", 3), ("b", 5), ("c", 0.5)):
    store.add({"__name__": "tokens_total", "pod": pod}, times, np.floor(times * speed))

rates = weir.promql("rate(tokens_total[2m])", store, start=300, end=420, step=60)
for series in rates:
    print(series.labels, series.times.astype("M8[s]").astype(int), series.values)

print(weir.promql("sum(rate(tokens_total[2m]))", store, at=500).value)
try:
    weir.promql("sum(rate(tokens_total[2m])", store, at=500)
except weir.ParseError as error:
    print(error)
