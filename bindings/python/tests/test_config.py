"""Configurations: made from the tables, checked where they are made, frozen."""

import datetime
import math
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest

import weir
from weir import _configs, _fields
from weir._core import lib

CONFIGS = [c for c in vars(_configs).values() if isinstance(c, type) and c.__base__ is _fields.Config]


def test_file_is_what_the_tables_say():
    tool = pathlib.Path(__file__).resolve().parent.parent / "tools/make_configs.py"
    done = subprocess.run([sys.executable, tool, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def some(config):
    """A sound configuration of a class."""
    needed = {weir.HPAConfig: {"max_replicas": 3}, weir.ScaledObjectConfig: {"triggers": [weir.Trigger(target=1)]}}
    return config(**needed.get(config, {}))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.__name__)
def test_defaults_are_those_of_the_tables(config):
    made = some(config)
    for field in config._table:
        if field.type != _fields.STRUCT and (config, field.name) != (weir.HPAConfig, "max_replicas"):
            assert getattr(made, field.name) == field.default, field.name


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.__name__)
def test_pickle_replace_hash(config):
    made = some(config)
    again = pickle.loads(pickle.dumps(made))
    assert again == made and hash(again) == hash(made) and again is not made
    assert made.replace() == made
    assert config(**made.asdict()) == made


def test_every_config_has_a_class():
    tables = {name for name in dir(lib) if name.startswith("WEIR_CONFIG_")}
    assert len(tables) == len(CONFIGS)


def test_durations():
    assert weir.KPAConfig(stable_window=datetime.timedelta(minutes=2)).stable_window == 120
    assert weir.KPAConfig(stable_window=np.timedelta64(90, "s")).stable_window == 90
    assert weir.WindowConfig(window=weir.Nanos(6_500_000_000)).window == 6.5
    assert weir.WindowConfig(window=6.5)._c.window == 6_500_000_000


def test_not_set_is_none():
    assert weir.KPAConfig().target is None
    assert weir.KPAConfig(target=None) == weir.KPAConfig()
    assert weir.ScaledObjectConfig(triggers=[weir.Trigger(target=1)]).idle_replicas is None
    assert weir.ScaledObjectConfig(triggers=[weir.Trigger(target=1)], idle_replicas=0, min_replicas=1).idle_replicas == 0


def test_quantities():
    assert weir.Metric(target="5").target == 5000
    assert weir.Metric(target="250m").target == 250
    assert weir.Metric(target="2Ki").target == 2048000
    assert weir.Metric(target="80%").target == 80


def test_rules_that_are_given_hold():
    down = weir.ScalingRules(policies=[weir.ScalingPolicy(value=1, period=60)])
    config = weir.HPAConfig(max_replicas=3, scale_down=down)
    assert config.behavior
    assert [p.value for p in config.scale_down.policies] == [1]
    assert [(p.type, p.value) for p in config.scale_up.policies] == [("Pods", 4), ("Percent", 100)]
    assert config.scale_up.stabilization_window == 0 and config.scale_down.stabilization_window is None
    assert not weir.HPAConfig(max_replicas=3).behavior
    assert weir.HPAConfig(max_replicas=3, scale_up=dict(policies=[])).scale_up.policies == ()
    assert weir.ScaledObjectConfig(triggers=[weir.Trigger(target=1)], fallback=weir.Fallback(replicas=2)).fallback.enabled


BAD = [
    (lambda: weir.KPAConfig(stable_windw=60), weir.FieldError, "stable_windw", "did you mean stable_window?"),
    (lambda: weir.KPAConfig(stable_window=math.nan), weir.RangeError, "stable_window", "finite"),
    (lambda: weir.KPAConfig(stable_window="60s"), weir.FieldError, "stable_window", "timedelta"),
    (lambda: weir.KPAConfig(stable_window=True), weir.FieldError, "stable_window", "duration"),
    (lambda: weir.KPAConfig(stable_window=1e30), weir.RangeError, "stable_window", "64 bits"),
    (lambda: weir.KPAConfig(stable_window=2), weir.RangeError, "stable_window", "must be in [6s, 1h0m0s], got 2s"),
    (lambda: weir.KPAConfig(metric="qps"), weir.RangeError, "metric", "did you mean rps?"),
    (lambda: weir.KPAConfig(metric=1), weir.FieldError, "metric", "one of 'concurrency'"),
    (lambda: weir.KPAConfig(min_scale=1.0), weir.FieldError, "min_scale", "integer"),
    (lambda: weir.KPAConfig(min_scale=2**31), weir.RangeError, "min_scale", "32 bits"),
    (lambda: weir.KPAConfig(enable_scale_to_zero=1), weir.FieldError, "enable_scale_to_zero", "True or False"),
    (lambda: weir.KPAConfig(target="10"), weir.FieldError, "target", "number"),
    (lambda: weir.KPAConfig(target=10**400), weir.RangeError, "target", "too large"),
    (lambda: weir.KPAConfig(pod_autoscaler_class="x" * 64), weir.LimitError, "pod_autoscaler_class", "63 bytes"),
    (lambda: weir.HPAConfig(), weir.RangeError, "max_replicas", "got 0"),
    (lambda: weir.HPAConfig(max_replicas=3, metrics="cpu"), weir.FieldError, "metrics", "list of Metric"),
    (lambda: weir.HPAConfig(max_replicas=3, metrics=[3]), weir.FieldError, "metrics[0]", "Metric or a dict"),
    (lambda: weir.HPAConfig(max_replicas=3, metrics=[dict(nam="x")]), weir.FieldError, "nam", "did you mean name?"),
    (lambda: weir.HPAConfig(max_replicas=3, metrics=[{}] * 17), weir.LimitError, "metrics", "at most 16"),
    (lambda: weir.HPAConfig(max_replicas=3, scale_up=weir.Metric()), weir.FieldError, "scale_up", "ScalingRules"),
    (lambda: weir.Metric(target="5x"), weir.ParseError, "target", ""),
    (
        lambda: weir.HPAConfig(max_replicas=3, scale_up=dict(policies=[dict(value=0)])),
        weir.RangeError,
        "scale_up.policies[0].value",
        "got 0",
    ),
]


@pytest.mark.parametrize("make, kind, path, words", BAD)
def test_mistakes(make, kind, path, words):
    with pytest.raises(kind) as caught:
        make()
    assert caught.value.path == path
    assert words in caught.value.message
    assert str(caught.value) == f"{path}: {caught.value.message}"


def test_frozen():
    with pytest.raises(AttributeError, match=r"use .replace\(target=...\)"):
        weir.KPAConfig().target = 5
    config = weir.KPAConfig(target=10)
    with pytest.raises(AttributeError, match="cannot be changed"):
        del config.target
    assert config.target == 10
    assert weir.KPAConfig().replace(target=5).target == 5


def test_repr_says_what_is_not_default():
    assert repr(weir.KPAConfig(target=10)) == "KPAConfig(target=10.0)"
    assert repr(weir.ScalingPolicy(value=1)) == "ScalingPolicy(value=1)"
