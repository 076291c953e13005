"""Kubernetes YAML to a ScaledObject that decides, and what is wrong with another one."""

import pathlib

import weir

examples = pathlib.Path(__file__).resolve().parent.parent
policies = weir.load(examples / "scaledobject.yaml")
for policy in policies:
    print(policy.api_kind, policy.name, "line", policy.line, policy.config.triggers[0].type)

model = policies["model"].start(0)
replicas = 0
for now, tokens in [(0, 0), (15, 12), (30, 12), (60, 12), (75, weir.FAILED)]:
    decision = model.decide(now, replicas=replicas, metrics={"s0-prometheus": tokens}, explain=True)
    print(f"{now:2} s: {decision}")
    replicas = decision.replicas if decision.apply else replicas
print(decision.text)

try:
    weir.loads((examples / "scaledobject.yaml").read_text().replace("maxReplicaCount: 8", "maxReplicaCount: 0"))
except weir.ManifestError as error:
    print(error)
