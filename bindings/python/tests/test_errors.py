"""Errors: every status has a class, and all that C says arrives."""

import pathlib
import pickle

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
