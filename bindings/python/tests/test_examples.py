"""examples/python: each is run and must print what it says it prints."""

import os
import subprocess
import sys

import pytest
from conftest import ROOT

EXAMPLES = sorted((ROOT / "examples/python").glob("*.py"))


@pytest.mark.parametrize("script", EXAMPLES, ids=lambda path: path.stem)
def test_example(script, tmp_path):
    text = script.read_text()
    for module in ("matplotlib", "pandas"):
        if module in text or (module == "pandas" and "to_pandas" in text):
            pytest.importorskip(module)
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path / "matplotlib")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == script.with_suffix(".out").read_text()
    plot = tmp_path / f"{script.stem}.png"
    assert plot.exists() == ("savefig" in text)
    if plot.exists():
        assert plot.read_bytes().startswith(b"\x89PNG") and plot.stat().st_size > 10_000


def test_there_are_some():
    assert len(EXAMPLES) >= 7
