"""What would it decide if this load came? A copy of the state, and another future."""

import weir

kpa = weir.KPA(weir.KPAConfig(target=10), ready=1)
for second in range(60):
    kpa.record(second, concurrency=20)

for load in (5, 20, 80, 320):
    supposed = kpa.copy()
    for second in range(60, 66):
        supposed.record(second, concurrency=load)
    decision = supposed.decide(66, ready=3)
    print(f"{load:3} requests in flight for 6 s: {decision.replicas} pods, by {decision.rule}")

print("as it is:", kpa.decide(60, ready=3).replicas, "pods")
