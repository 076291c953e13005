"""What the tests share: where the project is, and the recorded decisions."""

import gzip
import json
import pathlib

import pytest
from hypothesis import settings

settings.register_profile("weir", deadline=None, derandomize=True, database=None, max_examples=200)
settings.load_profile("weir")

ROOT = pathlib.Path(__file__).resolve().parents[3]
CONFORMANCE = ROOT / "tests/conformance"


def scenarios(area, topic):
    """The scenarios of a file of recorded decisions, packed or not."""
    path = CONFORMANCE / area / f"{topic}.jsonl"
    if path.exists():
        lines = path.read_text().splitlines()
    else:
        with gzip.open(f"{path}.gz", "rt") as file:
            lines = file.read().splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="session")
def root():
    return ROOT
