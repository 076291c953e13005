#!/usr/bin/env python3
"""Holds the comparison of `weir conform` to account: changes one value in the want of every step of
vectors that match, and none of the steps may match any more.

    alter.py WEIR FILE.jsonl...
"""
import json
import math
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path


# Members, by area and file, that a README says upstream records and does not use in some steps, or
# that are upstream's sentences, or of which only counts that they are there.
NOTES = {"warnings", "infos"}
KSERVE = {"schema", "rules", "errors", "panic", "message", "modelFormat",
          "internal.serving.kserve.io/storage-initializer-sourceuri", "verifyTriggers",
          "verifyHpas", "verifyCPUMemoryScalers", "verifyScaledObjects"}
SPARED = {"stabilize": {"reason"}, "hpa/defaults_validation": {"detail"}, "promql_instant": NOTES,
          "promql_range": NOTES, "promql_real": NOTES, "promql_triggers": NOTES,
          "kserve": KSERVE, "keda/hpa_spec": {"panic"},
          # who sends a request has the secrets, and the headers
          "prometheus_result": {"headers"}}

# Lists of upstream's sentences, of which only what they are about counts.
LISTS_OF_SENTENCES = {"any_of", "warnings"}

# Texts that begin so are upstream's sentences too.
SENTENCES = ("duplicate sample for timestamp", "out of order sample")


def changed(value, draw):
    """Another value of the same kind, as near as there is one; or of another kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        other = value + draw.choice((-1, 1))
        return other if abs(other) <= 2**53 else 2 * value - other  # a number is read as a double
    if isinstance(value, float):
        other = math.nextafter(value, draw.choice((-math.inf, math.inf)))
        return other if math.isfinite(other) else math.nextafter(value, 0.0)
    if isinstance(value, str):
        return value + "x"
    if isinstance(value, list):
        return value + [0]
    return draw.choice((0, "", False)) if value is None else None


def alter(want, draw, spared):
    """Changes one member somewhere in `want`; texts of errors are information and are left."""
    places = [(want, None)]

    def collect(item):
        members = item.items() if isinstance(item, dict) else enumerate(item)
        for key, value in members:
            if key in spared:
                continue
            if key != "error" and not (isinstance(value, str) and value.startswith(SENTENCES)):
                places.append((item, key))
            if isinstance(value, (dict, list)) and key not in LISTS_OF_SENTENCES:
                collect(value)

    collect(want)
    owner, key = draw.choice(places)
    if key is not None:
        owner[key] = changed(owner[key], draw)
    elif "error" in want and draw.random() < 0.5:
        del want["error"]
    else:
        want["unheard of"] = None


def main():
    weir, files = sys.argv[1], sys.argv[2:]
    draw = random.Random(1)
    bad = 0
    for path in map(Path, files):
        altered = []
        area = path.resolve().parent.name
        spared = set().union(*(SPARED.get(key, set())
                               for key in (area, path.stem, f"{area}/{path.stem}")))
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                scenario = json.loads(line)
                for step in scenario["steps"]:
                    alter(step["want"], draw, spared)
                altered.append(json.dumps(scenario, allow_nan=False))
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / path.name
            copy.write_text("\n".join(altered) + "\n", encoding="utf-8")
            run = subprocess.run([weir, "conform", "--max", "1000000", copy],
                                 capture_output=True, text=True, errors="replace",
                                 check=False)
        answer = re.search(r"matched (\d+) of (\d+)", run.stdout)
        if run.returncode != 1 or answer is None or answer[1] != "0":
            bad += 1
            print(f"{path}: exit {run.returncode}, {answer and answer[0]}")
    print(f"{len(files)} files altered, {bad} with steps that matched all the same")
    return bad > 0 or not files


if __name__ == "__main__":
    sys.exit(main())
