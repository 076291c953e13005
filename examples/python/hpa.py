"""A HorizontalPodAutoscaler, reconcile by reconcile: cpu of pods, one of them new, and a queue."""

from datetime import timedelta

import weir

config = weir.HPAConfig(
    min_replicas=2,
    max_replicas=12,
    metrics=[
        weir.Metric(source="Resource", target_type="Utilization", target="60%", name="cpu"),
        weir.Metric(source="External", target_type="AverageValue", target="30", name="queue"),
    ],
    scale_down=weir.ScalingRules(
        stabilization_window=timedelta(minutes=2),
        policies=[weir.ScalingPolicy(type="Pods", value=1, period=60)],
    ),
)
hpa = weir.HPA(config)
replicas = 3
for now, cpu, queue in [(0, 0.25, 80), (15, 0.45, 80), (30, 0.45, 240), (300, 0.1, 10), (440, 0.1, 10)]:
    pods = weir.pods(replicas, started=-3600)
    used = weir.samples([cpu] * replicas, at=now, request="500m")
    decision = hpa.decide(now, replicas=replicas, pods=pods, metrics={"cpu": used, "queue": queue}, explain=True)
    print(f"{now:3} s: {replicas} -> {decision.replicas}")
    for step in decision.steps:
        print("      ", step.text)
    replicas = decision.replicas

for condition in hpa.conditions:
    print(f"{condition.type:15} {condition.status:5} {condition.reason}")
