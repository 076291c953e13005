"""A Knative revision: record a few seconds of load, ask what to do, print why."""

import weir

kpa = weir.KPA(weir.KPAConfig(target=10))  # requests in flight per pod, aimed at 70 %
for second in range(3):
    kpa.record(second, concurrency=42)
decision = kpa.decide(2, ready=1, explain=True)

print(decision.replicas, "pods")
print(decision.text)
