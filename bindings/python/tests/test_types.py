"""mypy --strict finds nothing in the package, and finds what is wrong in a program that uses it."""

import pathlib

import pytest

import weir

api = pytest.importorskip("mypy.api")

PROGRAM = '''\
from datetime import timedelta
import numpy as np
import weir

config = weir.KPAConfig(stable_window=timedelta(minutes=2), target=10, metric="rps")
window: float = config.stable_window
kpa = weir.KPA(config)
kpa.record(0, 42)
replicas: int = kpa.decide(2, ready=3).replicas
best: weir.Report = weir.replay(config, None, np.zeros(10), step=5, pod_start=3).report
again: weir.KPA = kpa.copy()
weir.KPAConfig(stable_windw=60)  # error
weir.KPAConfig(metric="qps")  # error
weir.KPAConfig(stable_window="60s")  # error
kpa.decide(2)  # error
weir.replay(config, None, [1.0], step=1, podstart=3)  # error
config.stable_window = "1"  # error
'''


def test_package_and_program(tmp_path, monkeypatch):
    configuration = pathlib.Path(__file__).resolve().parent.parent / "pyproject.toml"
    assert pathlib.Path(weir.__file__).with_name("py.typed").exists()
    (tmp_path / "program.py").write_text(PROGRAM)
    monkeypatch.setenv("MYPYPATH", str(tmp_path))
    options = ["--strict", "--no-error-summary", "--config-file", str(configuration), "--cache-dir", str(tmp_path)]
    out, err, _code = api.run([*options, "-p", "weir", "-m", "program"])
    assert not err
    errors = [line.rsplit(": error:", 1)[0].rsplit(":", 1) for line in out.splitlines() if ": error:" in line]
    assert {pathlib.Path(path).name for path, _line in errors} == {"program.py"}, out
    wanted = {i for i, line in enumerate(PROGRAM.splitlines(), 1) if "# error" in line}
    assert {int(line) for _path, line in errors} == wanted, out
