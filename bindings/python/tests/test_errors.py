"""Errors: every status has a class, and all that C says arrives."""

import pathlib
import pickle

import numpy as np
import pytest

import weir
from weir import _errors
from weir._core import lib

STATUSES = {name: getattr(lib, name) for name in dir(lib) if name.startswith("WEIR_E_")}


def test_every_status_has_a_class():
    assert set(_errors.CLASSES) == set(STATUSES) | {"WEIR_PY_BUSY"}
    for name, status in STATUSES.items():
        error = _errors.error_of(status)
        assert type(error) is _errors.CLASSES[name]
        assert error.code == name and error.message


def test_document_lists_them(root):
    document = (root / "docs/python.md").read_text()
    for code, kind in _errors.CLASSES.items():
        assert any(f"`{code}`" in line and f"`{kind.__name__}`" in line for line in document.splitlines()), code


@pytest.mark.parametrize(
    "kind, base",
    [
        (weir.RangeError, ValueError),
        (weir.TimeError, ValueError),
        (weir.FieldError, TypeError),
        (weir.OutOfMemoryError, MemoryError),
        (weir.UnsupportedError, NotImplementedError),
        (weir.BusyError, RuntimeError),
        (weir.CorruptError, weir.SnapshotError),
        (weir.ManifestError, ValueError),
    ],
)
def test_are_what_python_expects(kind, base):
    assert issubclass(kind, base) and issubclass(kind, weir.Error)


def test_survive_pickling():
    error = weir.ParseError("what was expected", path="expr", line=2, column=7)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.code, again.line) == ("2:7: expr: what was expected", "WEIR_E_PARSE", 2)
    with pytest.raises(weir.ManifestError) as caught:
        weir.loads(BAD)
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


BAD = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: worker}
spec:
  scaleTargetRef: {name: worker}
  maxReplicaCount: 3
  minReplicaCount: 5
  triggers: []
"""


def test_manifests_report_everything(tmp_path):
    path = tmp_path / "so.yaml"
    path.write_text(BAD)
    with pytest.raises(weir.ManifestError) as caught:
        weir.load(path)
    error = caught.value
    assert len([p for p in error.problems if p.severity == "error"]) >= 2
    assert str(error).startswith(f"{path}:") and error.line > 0 and error.path.startswith("spec")
    with pytest.raises(FileNotFoundError):
        weir.load(tmp_path / "none.yaml")
    with pytest.raises(weir.FieldError):
        weir.load()


def test_hazards(root):
    folder = next(pathlib.Path(root, "tests/check").glob("knative.retention-without-zero*"))
    manifests = [p for p in folder.rglob("*.yaml")] if folder.is_dir() else [folder]
    rules = {p.rule for m in manifests for p in weir.load(m, hazards=True).problems}
    assert "knative.retention-without-zero" in rules


def test_a_busy_state():
    kpa = weir.KPA(weir.KPAConfig(), start=0)
    with kpa._entered():
        for call in (lambda: kpa.decide(1, ready=1), lambda: kpa.record(1, 5), kpa.save, kpa.copy, lambda: kpa.series):
            with pytest.raises(weir.BusyError) as caught:
                call()
            assert caught.value.code == "WEIR_PY_BUSY"
    kpa.decide(1, ready=1)


def test_time_backwards():
    hpa = weir.HPA(weir.HPAConfig(max_replicas=3, metrics=[dict(source="Object", target_type="Value", target=1, name="q")]))
    hpa.decide(60, replicas=1, metrics=[1])
    before = hpa.save()
    with pytest.raises(weir.TimeError, match="now: 10 s is before a time that this state has already seen"):
        hpa.decide(10, replicas=1, metrics=[1])
    assert hpa.save() == before


def _kpa():
    return weir.KPA(weir.KPAConfig(), start=0)


def _hpa():
    return weir.HPA(weir.HPAConfig(max_replicas=3, metrics=[dict(source="Pods", target_type="AverageValue", target=1, name="q")]))


def _series(values):
    return weir.Series({"up": ([0, 1], values)})


MISTAKEN = [
    (lambda: _kpa().record(1, "1"), weir.FieldError, "concurrency: must be a number, got '1'"),
    (lambda: _kpa().record(1, 1, rps=None), weir.FieldError, "rps: must be a number, got None"),
    (lambda: _kpa().record(1, 10**400), weir.RangeError, "too large"),
    (lambda: _kpa().decide(1, ready=1.5), weir.FieldError, "ready: must be an integer, got 1.5"),
    (lambda: _kpa().decide("1", ready=1), weir.FieldError, "now: must be seconds"),
    (lambda: _kpa().step(1, replicas="1"), weir.FieldError, "replicas: must be an integer, got '1'"),
    (lambda: _kpa().load("x"), weir.FieldError, "snapshot: must be bytes, got str"),
    (lambda: _hpa().decide(1, replicas="2", metrics=[None]), weir.FieldError, "replicas: must be an integer, got '2'"),
    (lambda: _hpa().decide(1, replicas=2**31, metrics=[None]), weir.RangeError, "replicas: does not fit 32 bits"),
    (
        lambda: _hpa().decide(1, replicas=2, metrics=[weir.samples([1], at=1)]),
        weir.FieldError,
        "a sample for each of the 2 pods, got 1",
    ),
    (lambda: weir.samples(["1"], at=0), weir.FieldError, "values: must be numbers"),
    (lambda: weir.samples([np.inf], at=0), weir.RangeError, "values: must be numbers whose thousandths fit"),
    (lambda: weir.loads(3), weir.FieldError, "manifests: must be a text or bytes, got int"),
    (lambda: weir.replay(weir.KPAConfig(), None, [1], step=1, world=5), weir.FieldError, "world: must be a World, got int"),
    (lambda: weir.replay(weir.KPAConfig(), [0, 1], [1, 1], step=1), weir.FieldError, "step: is for where there are no times"),
    (lambda: weir.replay(weir.KPAConfig(), None, [1], step=1).explain("0"), weir.FieldError, "index: must be"),
    (lambda: weir.replay(weir.KPAConfig(), np.ma.masked_less([0, 1], 1), [1, 1]), weir.FieldError, "times: must be known"),
    (lambda: weir.replay_many(weir.KPAConfig(), None, [1], step=1), weir.FieldError, "policies: must be a list of policies"),
    (lambda: _series(["1", "2"]), weir.FieldError, "values: must be numbers"),
    (lambda: _series([1j, 2]), weir.FieldError, "values: must be numbers"),
    (lambda: weir.Series({"up": [1, 2, 3]}), weir.FieldError, "series['up']: must be (times, values)"),
    (lambda: weir.Series().add({"__name__": 3}, [0], [1]), weir.FieldError, "labels: must be texts, got '__name__': 3"),
    (lambda: weir.Series({"up": ([1, 0], [1, 2])}), weir.TimeError, "times: 1 of 2 samples are older"),
    (lambda: weir.promql(5, _series([1, 2]), at=1), weir.FieldError, "expr: must be a text, got int"),
]


@pytest.mark.parametrize("call, kind, words", MISTAKEN)
def test_mistaken_arguments(call, kind, words):
    with pytest.raises(kind) as caught:
        call()
    assert words in str(caught.value)


def test_what_a_mask_hides_is_no_value():
    values = np.array([12.0, 1e6, 30.0])
    hidden = np.ma.masked_greater(values, 1000)
    assert np.array_equal(weir.Trace(None, hidden, step=1).values, [12, np.nan, 30], equal_nan=True)
    assert weir.samples(hidden, at=0)["present"].tolist() == [1, 0, 1]
