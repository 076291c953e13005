#!/usr/bin/env python3
"""Makes vectors of a recording of a running cluster: the raw samples that a Prometheus server held,
and every query that it was asked, with its answer.

    recorded.py SERIES.json.gz QUERIES.csv.gz UPSTREAM >FILE.jsonl

SERIES is the list of a reply of the server's API for raw samples. It shows no staleness markers: a
series ended at the first scrape of its target, as `up` tells them, that has no sample of it. UPSTREAM
names module and version of the server.
"""
import csv
import datetime
import gzip
import json
import sys


def milliseconds(seconds):
    return round(seconds * 1000)


def with_markers(series):
    """Label set and samples (ms, text) of each series, the staleness markers put back."""
    scrapes = {}
    for one in series:
        if one["metric"]["__name__"] == "up":
            target = one["metric"]["job"], one["metric"]["instance"]
            scrapes[target] = [milliseconds(t) for t, _ in one["values"]]
    for one in series:
        samples = {milliseconds(t): value for t, value in one["values"]}
        target = one["metric"].get("job"), one["metric"].get("instance")
        here = False
        for time in scrapes.get(target, []):
            if here and time not in samples:
                samples[time] = "stale"
            here = time in samples and samples[time] != "stale"
        yield one["metric"], sorted(samples.items())


def value(text):
    return text if text in ("NaN", "+Inf", "-Inf", "stale") else float(text)


def main():
    series_file, queries_file, upstream = sys.argv[1:]
    with gzip.open(series_file, "rt", encoding="utf-8") as file:
        series = list(with_markers(json.load(file)))
    with gzip.open(queries_file, "rt", encoding="utf-8") as file:
        asked = [row for row in csv.DictReader(file) if row["code"] == "200"]
    epoch = min(samples[0][0] for _, samples in series) // 1000

    by_query = {}
    for row in asked:
        at = datetime.datetime.fromisoformat(row["eval_time"].replace("Z", "+00:00"))
        answers = by_query.setdefault(row["query"], {})
        answers[int(at.timestamp()), row["result"]] = None
    for number, (query, answers) in enumerate(by_query.items(), 1):
        append = [{"labels": labels,
                   "samples": [[(time - epoch * 1000) * 1000000, value(text)] for time, text in samples]}
                  for labels, samples in series if labels["__name__"] in query]
        steps = [{"append": append, "want": {"rejected": []}}]
        for at, result in sorted(answers):
            elements = [{"labels": e["metric"], "value": value(e["value"][1])}
                        for e in json.loads(result)]
            steps.append({"query": query, "t": (at - epoch) * 1000000000,
                          "want": {"type": "vector", "result": elements}})
        scenario = {"name": f"recorded-{number:02}",
                    "why": "what a server answered that an autoscaler asked in a running cluster",
                    "upstream": upstream, "op": "promql", "config": {}, "epoch_s": epoch,
                    "steps": steps}
        print(json.dumps(scenario, separators=(",", ":"), ensure_ascii=False))


if __name__ == "__main__":
    main()
