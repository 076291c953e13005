"""Decisions recorded from the real controllers, through this package.

The same files that `weir conform` runs (tests/conformance). What they play that has no name here (a
condition set by hand, a controller that restarts) goes through the library's own functions.
"""

import math

import numpy as np
import pytest
from conftest import scenarios

import weir
from weir._core import ffi, lib

INFINITE = {"NaN": math.nan, "+Inf": math.inf, "-Inf": -math.inf}


def number(value):
    return INFINITE[value] if value in INFINITE else float(value)


def at(scenario, t):
    return weir.Nanos(scenario["epoch_s"] * 10**9 + int(t))


def semantics(scenario):
    return "serving 0.42" if " v0.42" in scenario["upstream"] else "serving 0.51"


def alike(got, want):
    """Equal to the bit, any NaN being one."""
    if isinstance(want, dict):
        return all(alike(got[key], want[key]) for key in want)
    if isinstance(want, (list, tuple)):
        return len(got) == len(want) and all(map(alike, got, want))
    if isinstance(want, str) and want in INFINITE and not isinstance(got, str):
        want = INFINITE[want]
    if isinstance(want, float) and math.isnan(want):
        return math.isnan(got)
    return got == want


def run(area, topic, play, least):
    """Plays every scenario; `play` yields (got, want) of its steps, and nothing for what it cannot play."""
    steps = 0
    for scenario in scenarios(area, topic):
        for index, (got, want) in enumerate(play(scenario)):
            assert alike(got, want), (topic, scenario["name"], index, got, want)
            steps += 1
    assert steps >= least


def fails(step):
    """Whether the real code panics at a step, or gives an error where weir gives one."""
    return "error" in step["want"]


# ---- Knative -------------------------------------------------------------------------------------

ALGORITHMS = {"linear": "linear", "weightedExponential": "weighted-exponential"}


def play_window(scenario):
    config = scenario["config"]
    longest = max([s.get("window", 0) for s in scenario["steps"]] + [config["window"]])
    if config["granularity"] <= 0 or config["window"] < 0:
        assert scenario["steps"][0]["want"]["kind"] == "panic"
        return
    window = weir.Window(
        weir.WindowConfig(
            algorithm=ALGORITHMS[config["algorithm"]],
            window=weir.Nanos(config["window"]),
            granularity=weir.Nanos(config["granularity"]),
            reserve=weir.Nanos(longest),
            semantics=semantics(scenario),
        ),
        start=0,
    )
    for step in scenario["steps"]:
        now = at(scenario, step["t"])
        try:
            if step["do"] == "record":
                window.record(now, number(step["value"]))
            elif step["do"] == "resize":
                window.resize(weir.Nanos(step["window"]), now)
            got = {"average": window.average(now)[0], "empty": window.is_empty(now)}
        except weir.PanicError:
            assert step["want"]["kind"] == "panic"
            return
        if step["do"] == "create":
            return
        yield got, step["want"]


@pytest.mark.parametrize("topic, least", [("windows", 4658), ("windows_v0_42_2", 376)])
def test_windows(topic, least):
    run("kpa", topic, play_window, least)


def decider_fields(spec):
    names = {
        "TargetValue": "target_value",
        "TotalValue": "total_value",
        "TargetBurstCapacity": "target_burst_capacity",
        "ActivatorCapacity": "activator_capacity",
        "PanicThreshold": "panic_threshold",
        "MaxScaleUpRate": "max_scale_up_rate",
        "MaxScaleDownRate": "max_scale_down_rate",
    }
    found = {ours: number(spec[theirs]) for theirs, ours in names.items() if theirs in spec}
    for theirs, ours in (("StableWindow", "stable_window"), ("ScaleDownDelay", "scale_down_delay")):
        if theirs in spec:
            found[ours] = weir.Nanos(int(spec[theirs]))
    for theirs, ours in (("InitialScale", "initial_scale"), ("ActivationScale", "activation_scale")):
        if theirs in spec:
            found[ours] = int(spec[theirs])
    if "Reachable" in spec:
        found["reachable"] = spec["Reachable"]
    if "ScalingMetric" in spec:
        found["scaling_metric"] = spec["ScalingMetric"] if spec["ScalingMetric"] in ("concurrency", "rps") else "other"
    return found


def decider_config(scenario, spec):
    return weir.KPADeciderConfig(semantics=semantics(scenario), conversion="amd64", **decider_fields(spec))


def create_decider(scenario, config, step):
    ready = step["ready"]
    return weir.KPADecider(config, ready=-1 if isinstance(ready, dict) else ready, start=at(scenario, step["t"]))


def ready_of(step):
    if isinstance(step["ready"], dict):
        return None if step["ready"]["error"] == "not_found" else weir.FAILED
    return step["ready"]


def panic_of(scenario, decider):
    since = decider.status.panic_since_ns
    return {
        "panic_since": None if since is None else since - scenario["epoch_s"] * 10**9,
        "max_panic_pods": decider.status.max_panic_pods,
    }


def decision_of(decision):
    return {
        "desired": decision.replicas if decision.valid else 0,
        "ebc": decision.excess_burst_capacity,
        "valid": decision.valid,
    }


def play_decider(scenario):
    config, decider = decider_config(scenario, scenario["config"]), None
    for step in scenario["steps"]:
        got = {}
        try:
            if step["do"] == "create":
                decider = create_decider(scenario, config, step)
            else:
                if "update" in step:
                    decider.update(decider.config.replace(**decider_fields(step["update"])))
                missing = "metrics" in step
                decision = decider.decide(
                    at(scenario, step["t"]),
                    ready=ready_of(step),
                    stable=None if missing else number(step["stable"]),
                    panic=None if missing else number(step["panic"]),
                )
                got = decision_of(decision)
        except weir.PanicError:
            assert step["want"]["kind"] == "panic"
            return
        yield {**got, **panic_of(scenario, decider)}, step["want"]


@pytest.mark.parametrize("topic, least", [("decider", 3781), ("decider_v0_42_2", 164)])
def test_deciders(topic, least):
    run("kpa", topic, play_decider, least)


def collector_config(scenario, spec, algorithm):
    return weir.KPACollectorConfig(
        algorithm="weighted-exponential" if algorithm.startswith("weighted") else "linear",
        stable_window=weir.Nanos(spec["StableWindow"]),
        panic_window=weir.Nanos(spec["PanicWindow"]),
        stable_reserve=3600,
        panic_reserve=3600,
        scrape_target=bool(spec["ScrapeTarget"]),
        semantics=semantics(scenario),
    )


def read_both(collector, now):
    found = {}
    for metric in ("concurrency", "rps"):
        averages = None if collector is None else collector.read(now, metric)
        kind = "not_collecting" if collector is None else "no_data"
        found[metric] = {"kind": kind} if averages is None else dict(zip(("stable", "panic"), averages))
    return found


def without_text(want):
    return {key: {k: v for k, v in value.items() if k != "error"} for key, value in want.items()}


def play_collector(scenario):
    if scenario["op"] != "collector":
        return
    spec, algorithm, collector = scenario["config"], scenario["config"]["aggregation_algorithm"], None
    for step in scenario["steps"]:
        now = at(scenario, step["t"])
        try:
            if step["do"] == "create":
                collector = weir.KPACollector(collector_config(scenario, spec, algorithm), start=now)
            elif step["do"] == "delete":
                collector = None
            elif collector is not None and step["do"] == "record":
                c, pc, r, pr = map(number, step["stat"])
                collector.record(now, c, r, proxied_concurrency=pc, proxied_rps=pr)
            elif step["do"] == "update":
                spec = step["metric"]
                made = collector_config(scenario, spec, algorithm)
                if collector is None:  # as upstream
                    collector = weir.KPACollector(made, start=now)
                else:
                    collector.update(made, now)
        except weir.PanicError:
            assert step["want"].get("kind") == "panic"
            return
        yield read_both(collector, now), without_text(step["want"])


@pytest.mark.parametrize("topic, least", [("collector", 2131), ("collector_v0_42_2", 243)])
def test_collectors(topic, least):
    run("kpa", topic, play_collector, least)


def play_pipeline(scenario):
    config = scenario["config"]
    spec = decider_config(scenario, config["decider"])
    metric = collector_config(scenario, config["metric"], config["aggregation_algorithm"])
    decider = collector = None
    for step in scenario["steps"]:
        now = at(scenario, step["t"])
        if step["do"] == "create":
            collector, decider = weir.KPACollector(metric, start=now), create_decider(scenario, spec, step)
            yield panic_of(scenario, decider), step["want"]
            continue
        if "metric" in step:
            collector.update(collector_config(scenario, step["metric"], config["aggregation_algorithm"]), now)
        if "update" in step:
            decider.update(decider.config.replace(**decider_fields(step["update"])))
        for t, c, pc, r, pr in step.get("stats", []):
            collector.record(
                at(scenario, t), number(c), number(r), proxied_concurrency=number(pc), proxied_rps=number(pr)
            )
        metric_name = "rps" if decider.config.scaling_metric == "rps" else "concurrency"
        averages = collector.read(now, metric_name)
        stable, panic = averages or (None, None)
        try:
            decision = decider.decide(now, ready=ready_of(step), stable=stable, panic=panic)
        except weir.PanicError:
            assert step["want"]["kind"] == "panic"
            return
        got = {"stable": stable, "panic": panic, **decision_of(decision), **panic_of(scenario, decider)}
        yield got, {key: value for key, value in step["want"].items() if key != "metrics"}
        assert (averages is None) == ("metrics" in step["want"])


@pytest.mark.parametrize("topic, least", [("end_to_end", 2383), ("end_to_end_v0_42_2", 663)])
def test_pipelines(topic, least):
    run("kpa", topic, play_pipeline, least)


# ---- HorizontalPodAutoscaler ---------------------------------------------------------------------

FUNCTIONS = {
    "GetResourceReplicas": ("Resource", "Utilization"),
    "GetRawResourceReplicas": ("Resource", "AverageValue"),
    "GetMetricReplicas": ("Pods", "AverageValue"),
    "GetObjectMetricReplicas": ("Object", "Value"),
    "GetObjectPerPodMetricReplicas": ("Object", "AverageValue"),
    "GetExternalMetricReplicas": ("External", "Value"),
    "GetExternalPerPodMetricReplicas": ("External", "AverageValue"),
}
READY = {"False": 0, "True": 1, "Unknown": 2, None: 3}
PHASES = {"Running": 0, "Pending": 1, "Succeeded": 2, "Failed": 3}


def pods_of(scenario, listed):
    made = np.zeros(len(listed), weir.POD)
    for row, pod in zip(made, listed):
        row["started"] = np.datetime64(int(at(scenario, pod["start"])), "ns") if pod.get("start") is not None else "NaT"
        row["ready_since"] = np.datetime64(int(at(scenario, pod["since"])), "ns") if "since" in pod else "NaT"
        row["ready"] = READY[pod.get("ready")]
        row["deleted"] = bool(pod.get("deleted"))
        row["phase"] = PHASES.get(pod["phase"], 4)
    return made


def milli(text):
    q = ffi.new("weir_quantity *")
    raw = str(text).encode()
    assert lib.weir_quantity_parse(raw, len(raw), q, ffi.NULL) == 0
    return lib.weir_quantity_milli(q)


def request_of(pod, resource, container, pod_level):
    """What a pod requests, by the library's own rule."""
    listed = [(c, lib.WEIR_CONTAINER_MAIN) for c in pod.get("containers") or []]
    for c in pod.get("initContainers") or []:
        always = c.get("restartPolicy") == "Always"
        listed.append((c, lib.WEIR_CONTAINER_SIDECAR if always else lib.WEIR_CONTAINER_INIT))
    rows = ffi.new("weir_hpa_container[]", max(len(listed), 1))
    for row, (c, kind) in zip(rows, listed):
        asked = (c.get("requests") or {}).get(resource)
        row.request = weir.NO_REQUEST if asked is None else milli(asked)
        row.kind, row.named = kind, c["name"] == container
    r = ffi.new("weir_hpa_requests *")
    r.containers, r.container_count, r.one_container = rows, len(listed), container != ""
    own, over = (pod.get(key) or {} for key in ("requests", "overhead"))
    r.pod_level = pod_level and any(
        name in ("cpu", "memory") or name.startswith("hugepages-") for name in own
    )
    r.pod_request = milli(own[resource]) if resource in own else weir.NO_REQUEST
    r.overhead = milli(over[resource]) if resource in over else weir.NO_REQUEST
    return lib.weir_hpa_pod_request(r)


def metric_of(scenario, config, answer, listed, pod_level):
    """What a source answered, as HPA.decide() takes it."""
    if answer is None or "error" in answer:
        return weir.FAILED if config.source in ("Object", "External") else None
    if "external" in answer:
        return [weir.Milli(int(v)) for v in answer["external"]]
    if "object" in answer:
        return weir.Milli(int(answer["object"]))
    names = [pod["name"] for pod in listed]
    given = answer["pods"]
    order = names + [name for name in given if name not in names]
    made = np.zeros(len(order), weir.SAMPLE)
    for row, name in zip(made, order):
        pod = listed[names.index(name)] if name in names else {}
        row["request"] = request_of(pod, config.name, config.container, pod_level)
        if name in given and given[name] is not None:
            value, time, window = given[name]
            row["value"], row["present"] = int(value), 1
            row["at"], row["window"] = np.datetime64(int(at(scenario, time)), "ns"), np.timedelta64(window, "ns")
    return made


def play_replicas(scenario):
    config = scenario["config"]
    source, target_type = FUNCTIONS[config["function"]]
    for step in scenario["steps"]:
        target = int(step.get("target", step.get("targetUtilization", 0)))
        if target <= 0:
            continue  # no configuration may have it
        hpa = weir.HPAConfig(
            max_replicas=2**31 - 1,
            conversion="amd64",
            scale_up=dict(tolerance=number(config["tolerance"]["scaleUp"])),
            scale_down=dict(tolerance=number(config["tolerance"]["scaleDown"])),
            cpu_initialization_period=weir.Nanos(config.get("cpuInitializationPeriod", 0)),
            initial_readiness_delay=weir.Nanos(config.get("delayOfInitialReadinessStatus", 0)),
            metrics=[
                dict(
                    source=source,
                    target_type=target_type,
                    target=target,
                    name=config.get("resource", ""),
                    container=config.get("container", ""),
                )
            ],
        )
        listed = step.get("pods") or []
        got = weir.propose(
            hpa,
            at(scenario, step["t"]),
            replicas=step.get("currentReplicas", 0),
            existing=step.get("statusReplicas", 0),
            pods=pods_of(scenario, listed),
            metrics=[metric_of(scenario, hpa.metrics[0], step["metric"], listed, config.get("PodLevelResources", False))],
        )
        if fails(step):
            assert got.replicas is None, scenario["name"]
            continue
        found = {"replicas": got.replicas, "utilization": got.utilization, "rawUtilization": got.usage, "usage": got.usage}
        yield found, {key: int(value) for key, value in step["want"].items()}


REPLICAS = {
    "external_average": 184,
    "external_value": 137,
    "object_average": 154,
    "object_value": 129,
    "pods": 159,
    "resource_utilization": 411,
    "resource_value": 174,
}


@pytest.mark.parametrize("topic", REPLICAS)
def test_replicas(topic):
    run("hpa", f"replicas_{topic}", play_replicas, REPLICAS[topic])


def rules_of(rules):
    found = dict(
        select_policy=rules.get("selectPolicy") or "Max",
        policies=[
            dict(type=p["type"], value=p["value"], period=p["periodSeconds"]) for p in rules.get("policies") or []
        ],
    )
    if rules.get("stabilizationWindowSeconds") is not None:
        found["stabilization_window"] = rules["stabilizationWindowSeconds"]
    if "tolerance" in rules:
        q, raw = ffi.new("weir_quantity *"), str(rules["tolerance"]).encode()
        assert lib.weir_quantity_parse(raw, len(raw), q, ffi.NULL) == 0
        found["tolerance"] = lib.weir_quantity_double(q)
    return found


def target_of(source, target):
    whole = source in ("Object", "External")
    kind = target.get("type")
    if "averageValue" in target and (source != "Object" or kind == "AverageValue"):
        return dict(target_type="AverageValue", target=milli(target["averageValue"]))
    if "value" in target and whole and (source != "Object" or kind == "Value"):
        return dict(target_type="Value", target=milli(target["value"]))
    if not whole and "averageUtilization" in target:
        return dict(target_type="Utilization", target=target["averageUtilization"])
    return {}


def metric_config(metric):
    source = metric["type"]
    body = metric.get(source[0].lower() + source[1:], {})
    return dict(
        source=source,
        name=body.get("name") or body.get("metric", {}).get("name", ""),
        container=body.get("container", ""),
        **target_of(source, body.get("target", {})),
    )


SOURCES = ("Resource", "ContainerResource", "Pods", "Object", "External")


def hpa_config(scenario, spec):
    c = scenario["config"]
    gates = {True: "on", False: "off"}
    behavior = spec.get("behavior")
    return weir.HPAConfig(
        min_replicas=spec.get("minReplicas", 1),
        max_replicas=spec["maxReplicas"],
        behavior=behavior is not None,
        scale_up=rules_of(behavior.get("scaleUp") or {}) if behavior else None,
        scale_down=rules_of(behavior.get("scaleDown") or {}) if behavior else None,
        metrics=[metric_config(m) for m in spec.get("metrics") or []],
        tolerance=number(c["tolerance"]),
        downscale_stabilization=weir.Nanos(c["downscaleStabilisationWindow"]),
        cpu_initialization_period=weir.Nanos(c["cpuInitializationPeriod"]),
        initial_readiness_delay=weir.Nanos(c["delayOfInitialReadinessStatus"]),
        scale_to_zero=gates[c["featureGates"]["HPAScaleToZero"]],
        configurable_tolerance=gates[c["featureGates"]["HPAConfigurableTolerance"]],
        conversion="amd64",
        reserve=512,
    )


def is_played(scenario):
    """What stands around a controller, selectors above all, is left to `weir conform`."""
    around = {"selector", "scaleUpdateConflicts"}
    specs = [scenario["config"]["spec"], *(s["spec"] for s in scenario["steps"] if "spec" in s)]
    return (
        "otherAutoscalers" not in scenario["config"]
        and not any(around & set(step) for step in scenario["steps"])
        and all(m["type"] in SOURCES for spec in specs for m in spec.get("metrics") or [])
        and not any("selector" in str(spec) or "labels" in str(step) for spec in specs for step in scenario["steps"])
    )


def set_scaled_to_zero(hpa, status):
    with hpa._made() as state:
        status = {"True": 1, "False": 0}.get(status, 2)
        assert lib.weir_hpa_set_condition(state, lib.WEIR_CONDITION_SCALED_TO_ZERO, status) == 0


def play_reconcile(scenario):
    if not is_played(scenario):
        return
    try:
        config = hpa_config(scenario, scenario["config"]["spec"])
    except weir.RangeError:
        return  # upstream takes targets that divide by zero
    hpa, listed, conditions = None, [], None
    for index, step in enumerate(scenario["steps"]):
        now = at(scenario, step["t"])
        if step.get("deleted"):
            hpa, conditions = None, None
            continue
        if "spec" in step:
            config = hpa_config(scenario, step["spec"])
            if hpa is not None:
                hpa.update(config, now)
        if hpa is None:
            hpa = weir.HPA(config, start=now)
        if index == 0 and "scaledToZero" in scenario["config"]:
            set_scaled_to_zero(hpa, scenario["config"]["scaledToZero"])
        if step.get("restart"):
            hpa.forget()
        listed = step.get("pods", listed)
        decision = hpa.decide(
            now,
            replicas=step["scale"][0],
            existing=step["scale"][1],
            pods=pods_of(scenario, listed),
            scale_failed=step.get("scaleGetFails", False),
            metrics=[
                metric_of(scenario, m, answer, listed, scenario["config"]["featureGates"]["PodLevelResources"])
                for m, answer in zip(config.metrics, step["metrics"] or [])
            ],
        )
        write = decision.apply
        if write and step.get("scaleUpdateFails"):
            hpa.write_failed()
            write = False
        want = step["want"]
        conditions = want.get("conditions", conditions)
        got = {"scale": decision.replicas if write else None}
        wanted = {"scale": want["scale"]}
        if conditions is not None:
            got["conditions"] = [
                " ".join(filter(None, (c.type, c.status, c.reason))) if c.type else "" for c in hpa.conditions
            ]
            wanted["conditions"] = conditions
        yield got, wanted


RECONCILES = {"behavior": 2994, "legacy": 1160, "multi_metric": 328, "seed": 1222, "zero": 1067}


@pytest.mark.parametrize("topic", RECONCILES)
def test_reconciles(topic):
    run("hpa", topic, play_reconcile, RECONCILES[topic])


# ---- KEDA ----------------------------------------------------------------------------------------


def play_keda_quantity(scenario):
    for step in scenario["steps"]:
        value = number(step["value"])
        got = {"milli": lib.weir_keda_milli(value), "double": lib.weir_keda_double(value)}
        yield got, {"milli": int(step["want"]["milli"]), "double": number(step["want"]["double"])}


def test_keda_quantities():
    run("keda", "quantity", play_keda_quantity, 1810)


def manifest_of(scenario):
    """The ScaledObject of a scenario as a manifest, with what its triggers need beside."""
    import json

    config = scenario["config"]
    spec = {"scaleTargetRef": {"name": "worker"}, **config["spec"]}
    document = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "so", "annotations": config["annotations"]},
        "spec": spec,
    }
    return json.dumps(document)


LOOP_STEPS = {"start", "poll", "serve", "wait"}


def is_loop(scenario):
    """Loops of polls and pulls; restarts, edits and deletions are left to `weir conform`."""
    keys = {"set_replicas", "ready_pods", "triggers", "do", "t", "want", "metric"}
    return all(step["do"] in LOOP_STEPS and set(step) <= keys for step in scenario["steps"])


class Loop:
    def __init__(self, scenario, config):
        c = scenario["config"]
        self.scenario, self.replicas, self.ready = scenario, c["replicas"], c["ready_pods"]
        created = at(scenario, c["creation_t"] // 10**9 * 10**9)
        self.config = config.replace(created=created, conversion="amd64")
        self.machine = weir.ScaledObject(self.config, start=at(scenario, c["start_t"]))
        self.answers = [None] * len(self.config.triggers)
        if c["last_active_t"] is not None:
            with self.machine._made() as state:
                assert lib.weir_keda_set_last_active(state, int(at(scenario, c["last_active_t"]))) == 0

    def take(self, step):
        self.replicas = step.get("set_replicas", self.replicas)
        self.ready = step.get("ready_pods", self.ready)
        for i, answer in enumerate(step.get("triggers", [])):
            if answer is None:
                self.answers[i] = None
            elif answer.get("is_error"):
                self.answers[i] = weir.FAILED
            elif answer.get("empty"):
                self.answers[i] = None
            else:
                self.answers[i] = number(answer["value"])

    def input(self):
        given = ffi.new("weir_keda_input *")
        assert lib.weir_keda_input_init(given, ffi.sizeof("weir_keda_input")) == 0
        self._readings = self.machine._readings(self.answers)
        given.readings, given.reading_count = self._readings, len(self.answers)
        given.replicas = given.status_replicas = self.replicas
        given.ready_pods, given.scaling_active = self.ready, lib.WEIR_SCALING_MISSING
        return given

    def call(self, function, *arguments):
        out = ffi.new("weir_decision *")
        lib.weir_decision_init(out, ffi.sizeof("weir_decision"))
        with self.machine._made() as state:
            status = function(state, *arguments, out, ffi.NULL)
        assert status in (0, lib.WEIR_NO_DATA), status
        if out.valid and out.flags & weir.Flag.APPLY:
            self.replicas = out.replicas
            return [out.replicas]
        return []

    def status(self):
        status = ffi.new("weir_keda_status *")
        with self.machine._made() as state:
            assert lib.weir_keda_get_status(state, status, ffi.sizeof("weir_keda_status")) == 0
        names = [t.metric_name for t in self.config.triggers]
        last = None if status.last_active == lib.WEIR_TIME_NONE else status.last_active - self.scenario["epoch_s"] * 10**9
        activity = {
            name: bool(m.activity)
            for name, m in zip(names, status.metrics[0 : status.metric_count])
            if m.activity >= 0
        }
        return {"replicas": self.replicas, "last_active_t": last, "triggers_activity": activity}

    def serve(self, name, now):
        names = [t.metric_name for t in self.config.triggers]
        index = names.index(name) if name in names else len(names)
        listed, count = ffi.new("weir_keda_served[]", 16), ffi.new("uint32_t *")
        with self.machine._made() as state:
            status = lib.weir_keda_serve(state, index, self.input(), now, listed, count)
        return None if status == lib.WEIR_NO_DATA else sorted(s.milli for s in listed[0 : count[0]])


def play_loop(scenario):
    if not is_loop(scenario):
        return
    try:
        config = weir.loads(manifest_of(scenario))[0].config
    except weir.ManifestError:
        return  # in force all the same in a cluster without admission
    if any(t.type not in ("prometheus",) for t in config.triggers):
        return
    loop = Loop(scenario, config)
    for step in scenario["steps"]:
        now, want = at(scenario, step["t"]), step["want"]
        if any(t is not None and t.get("fail_first") for t in step.get("triggers", [])):
            return  # the repetition is KEDA's, what it came to is not in the vector
        loop.take(step)
        writes, served = [], None
        if step["do"] == "start":
            polls = ffi.new("int32_t *")
            with loop.machine._made() as state:
                out = ffi.new("weir_decision *")
                lib.weir_decision_init(out, ffi.sizeof("weir_decision"))
                status = lib.weir_keda_reconcile(state, loop.input(), now, polls, out, ffi.NULL)
            if status < 0:
                return
            if out.flags & weir.Flag.APPLY:
                loop.replicas = out.replicas
                writes.append(out.replicas)
            if polls[0]:
                writes += loop.call(lib.weir_keda_poll, loop.input(), now)
        elif step["do"] == "poll":
            writes = loop.call(lib.weir_keda_poll, loop.input(), now)
        elif step["do"] == "serve":
            served = loop.serve(step["metric"], now)
        got = {**loop.status(), "writes": writes}
        wanted = {key: want[key] for key in ("replicas", "last_active_t", "writes", "triggers_activity") if key in want}
        if step["do"] == "serve":
            got["served"] = served
            wanted["served"] = None if "error" in want else sorted(int(m["milli"]) for m in want["metrics"])
        yield got, wanted


def test_keda_loops():
    run("keda", "loop", play_loop, 775)


# ---- PromQL --------------------------------------------------------------------------------------

STALE = object()


def sample(value):
    return weir.stale() if value == "stale" else number(value)


def play_promql(scenario):
    store, config = weir.Series(), scenario["config"]
    for step in scenario["steps"]:
        if "append" in step:
            for series in step["append"]:
                times = np.array([int(at(scenario, t)) for t, _ in series["samples"]], "i8").view("M8[ns]")
                try:
                    store.add(series["labels"], times, np.array([sample(v) for _, v in series["samples"]], float))
                except weir.TimeError:
                    assert step["want"]["rejected"]
            continue
        when = (
            {"at": at(scenario, step["t"])}
            if "t" in step
            else {key: at(scenario, step[key]) if key != "step" else weir.Nanos(step[key]) for key in ("start", "end", "step")}
        )
        want = step["want"]
        try:
            result = weir.promql(step["query"], store, lookback=weir.Nanos(config["LookbackDelta"]), **when)
        except weir.Error as error:
            assert "error" in want, (scenario["name"], step["query"], error)
            continue
        assert "error" not in want, (scenario["name"], step["query"])
        yield play_result(scenario, result, want), wanted_result(want)


def key_of(labels):
    return sorted(labels.items())


def play_result(scenario, result, want):
    if result.type == "string":
        return {"type": "string", "value": result.text}
    if result.type == "scalar":
        return {"type": "scalar", "value": result.value}
    series = list(result)
    if not want.get("ordered"):
        series.sort(key=lambda points: key_of(points.labels))
    if result.type == "vector":
        if want.get("ties"):
            series.sort(key=lambda points: key_of(points.labels))
        return {"type": "vector", "result": [[p.labels, p.value] for p in series]}
    epoch = scenario["epoch_s"] * 1000
    return {
        "type": "matrix",
        "result": [
            [p.labels, [[(int(t) - epoch) * 10**6, float(v)] for t, v in zip(p.times.astype(int), p.values)]]
            for p in series
        ],
    }


def wanted_result(want):
    if want["type"] in ("string", "scalar"):
        return {"type": want["type"], "value": want["value"]}
    if want["type"] == "vector":
        listed = want["result"]
        if want.get("ties"):
            listed = sorted(listed, key=lambda r: key_of(r["labels"]))
        return {"type": "vector", "result": [[r["labels"], r["value"]] for r in listed]}
    return {"type": "matrix", "result": [[r["labels"], r["values"]] for r in want["result"]]}


PROMQL = {"promql_instant": 3704, "promql_range": 613, "promql_triggers": 725, "promql_real": 288}


@pytest.mark.parametrize("topic", PROMQL)
def test_promql(topic):
    run("prometheus", topic, play_promql, PROMQL[topic])
