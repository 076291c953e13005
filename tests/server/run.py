#!/usr/bin/env python3
"""A real Prometheus scrapes real and moving targets; then weir's answers are the server's, to the bit.

  run.py WEIR [SECONDS]      of scraping (20)

The server, its exporter and its data are this test's own, on free ports of loopback. Its series are
taken twice: by its API, with the marks of ends put back where `up` shows them, and by a dump of its
storage. Over both weir answers queries at an instant and over a grid, the survey's trigger queries
among them, and replays a ScaledObject, which it replays from the server and from recordings of it, too.
"""
import collections
import concurrent.futures
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import page

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
INTERVAL = 0.5  # between scrapes
VLLM = [(name, (("model_name", model), ("engine", "0")))
        for model in ("opt-125m", "my-model")
        for name in ("vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc",
                     "vllm:prompt_tokens_total", "vllm:generation_tokens_total",
                     "vllm:time_to_first_token_seconds_bucket", "vllm:time_to_first_token_seconds_sum",
                     "vllm:time_to_first_token_seconds_count", "vllm:e2e_request_latency_seconds_bucket")]
TRIGGERS = """apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: model}
spec:
  scaleTargetRef: {name: model}
  minReplicaCount: 0
  maxReplicaCount: 9
  pollingInterval: 2
  cooldownPeriod: 4
  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {stabilizationWindowSeconds: 2}}}}
  triggers:
  - {type: prometheus, metadata: {serverAddress: s, threshold: "2",
     query: 'sum(rate(vllm:generation_tokens_total{job="vllm"}[5s]))'}}
  - {type: prometheus, metadata: {serverAddress: s, threshold: "2", query: 'sum(vllm:num_requests_waiting{job="vllm"})'}}
  - {type: prometheus, metadata: {serverAddress: s, threshold: "3", query: 'vllm:num_requests_waiting{instance=~".*1"}'}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """Prometheus and an exporter, which end with it."""

    def __init__(self, folder, pages):
        self.folder, self.processes = folder, []
        self.port, exporter = free_port(), free_port()
        jobs = {"prometheus": ["127.0.0.1:%d" % self.port], "node": ["127.0.0.1:%d" % exporter]}
        port = page.serve(pages)
        numbers = {"source_labels": ["quantile"], "regex": ".+", "action": "drop"}  # the others may be NaN
        config = {"global": {"scrape_interval": "%dms" % (INTERVAL * 1000), "scrape_timeout": "450ms"},
                  "scrape_configs": [{"job_name": name, "static_configs": [{"targets": targets}],
                                      "metric_relabel_configs": [numbers]}
                                     for name, targets in jobs.items()]}
        for i in range(len(pages)):
            config["scrape_configs"].append({
                "job_name": "page%d" % i, "metrics_path": "/%d/metrics" % i,
                "static_configs": [{"targets": ["127.0.0.1:%d" % port],
                                    "labels": {"job": "vllm" if i < len(pages) - 1 else "survey",
                                               "instance": "10.0.0.%d" % i}}]})
        with open(os.path.join(folder, "prometheus.yml"), "w", encoding="utf-8") as file:
            json.dump(config, file)  # which is YAML
        self.data = os.path.join(folder, "data")
        collectors = ["cpu", "meminfo", "loadavg", "stat", "netdev"]
        self.start("prometheus-node-exporter", "--web.listen-address=127.0.0.1:%d" % exporter,
                   "--collector.disable-defaults", *["--collector." + name for name in collectors])
        self.start("prometheus", "--config.file=" + os.path.join(folder, "prometheus.yml"),
                   "--storage.tsdb.path=" + self.data, "--web.listen-address=127.0.0.1:%d" % self.port,
                   "--log.level=error")
        self.url = "http://127.0.0.1:%d" % self.port

    def start(self, *command):
        log = open(os.path.join(self.folder, command[0] + ".log"), "w", encoding="utf-8")
        self.processes.append(subprocess.Popen(command, stdout=log, stderr=log))

    def wait(self, seconds=30):
        for _ in range(seconds * 10):
            try:
                urllib.request.urlopen(self.url + "/-/ready", timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        for name in os.listdir(self.folder):
            if name.endswith(".log"):
                with open(os.path.join(self.folder, name), encoding="utf-8") as file:
                    sys.stderr.write(file.read())
        raise SystemExit("prometheus does not start")

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)
        self.processes = []

    def ask(self, what, **form):
        body = urllib.parse.urlencode(form).encode()
        try:
            with urllib.request.urlopen(self.url + "/api/v1/" + what, body, timeout=20) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            return json.load(error)


def answer(reply):
    """A result that can be compared: series to points, times in ms, values as they are written."""
    kind, result = reply["data"]["resultType"], reply["data"]["result"]
    if kind in ("scalar", "string"):
        return kind, {(): [(round(result[0] * 1000), result[1])]}
    return kind, {tuple(sorted(s["metric"].items())):
                  [(round(t * 1000), v) for t, v in s.get("values") or [s["value"]]] for s in result}


class Test:
    def __init__(self, weir, folder):
        self.weir, self.folder, self.counts, self.shown = weir, folder, collections.Counter(), 0

    def file(self, name):
        return os.path.join(self.folder, name)

    def run(self, *arguments):
        return subprocess.run([self.weir, *arguments], capture_output=True, text=True, check=False)

    def fail(self, what, *details):
        self.counts["failed"] += 1
        self.shown += 1
        if self.shown <= 10:
            print("FAILED:", what, *("\n    " + str(d)[:600] for d in details))

    def check(self, good, what, *details):
        self.counts["checked"] += 1
        if not good:
            self.fail(what, *details)

    def compare(self, query, reply, how, *where):
        """One reply of the server with weir's answer."""
        done = self.run("query", "--format", "json", *where, "--", query)
        if reply["status"] != "success":
            self.counts["errors"] += 1
            if reply["errorType"] == "bad_data" and re.search(r'{\s*"', query):
                return  # names in quotes, which servers read from 3.0 on
            self.check(done.returncode != 0, "%s: the server refuses it: %s" % (query, reply["error"]), how,
                       done.stdout)
            return
        wanted = answer(reply)
        self.counts["checked"] += 1
        if done.returncode != 0:
            self.fail(query, how, done.stderr)
            return
        found = answer(json.loads(done.stdout))
        points = sum(len(p) for p in wanted[1].values())
        self.counts["points"] += points
        self.counts["empty"] += points == 0
        if found != wanted:
            different = [(k, sorted(set(wanted[1].get(k, [])) ^ set(found[1].get(k, [])))[:6])
                         for k in wanted[1].keys() | found[1].keys() if wanted[1].get(k) != found[1].get(k)]
            self.fail(query, how, different[:3])


def queries():
    with open(os.path.join(HERE, "queries.txt"), encoding="utf-8") as file:
        own = [text.strip() for text in file if text.strip() and not text.startswith("#")]
    survey = page.read_queries(os.path.join(ROOT, "tests/upstream/prometheus/trigger_queries.jsonl"))
    return own, survey


def in_order_of(dump, result):
    """Series in the order in which the server has them, which its API does not show: additions follow
    it."""
    order = {}
    with open(dump, encoding="utf-8") as file:
        for text in file:
            order.setdefault(text[:text.rindex("}") + 1], len(order))

    def key(series):
        labels = sorted(series["metric"].items(), key=lambda pair: pair[0])
        return order["{%s}" % ", ".join("%s=%s" % (k, json.dumps(v)) for k, v in labels)]

    return sorted(result, key=key)


def collect(server, t, own, survey, seconds):
    """All that is asked of the server: replies at an instant and over a grid."""
    time.sleep(seconds)
    end = int(time.time()) - 1
    start = end - seconds + 3
    grid = {"start": start, "end": end - 1, "step": 0.7}
    replies = []
    for query in own + survey:
        at = random.randrange(start, end)
        replies.append((query, at, server.ask("query", query=query, time=at),
                        server.ask("query_range", query=query, **grid)))
    series = server.ask("query", query='{__name__=~".+"}[5m]', time=end)
    with open(t.file("so.yaml"), "w", encoding="utf-8") as file:
        file.write(TRIGGERS)
    live = t.run("replay", "-f", t.file("so.yaml"), "--prometheus", server.url, "--from", str(start), "--to",
                 str(end - 1), "--format", "csv")
    for name, *how in (("raw.gz", "--raw"), ("answers.gz", "--step", "1s")):
        done = t.run("record", "-f", t.file("so.yaml"), "--prometheus", server.url, "--from", str(start), "--to",
                     str(end - 1), "-o", t.file(name), *how)
        t.check(done.returncode == 0, "a recording: " + name, done.stderr)
    done = t.run("record", "--raw", "--query", '{job=~"vllm|survey"}', "--prometheus", server.url, "--from", str(start),
                 "--to", str(end - 1), "-o", t.file("all.json"))
    t.check(done.returncode == 0, "a recording of all series", done.stderr)
    for query in own[:20]:  # the program's own client
        at = {"at": str(end - 3)}
        reply = server.ask("query", query=query, time=at["at"])
        t.compare(query, reply, "asked by weir", "--prometheus", server.url, "--at", at["at"])
        reply = server.ask("query_range", query=query, **grid)
        t.compare(query, reply, "a grid asked by weir", "--prometheus", server.url, "--from", str(grid["start"]),
                  "--to", str(grid["end"]), "--step", "700ms")
    return grid, replies, series, live, end


def main():
    weir = os.path.abspath(sys.argv[1])
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    own, survey = queries()
    seed = random.randrange(1 << 32)
    random.seed(seed)
    recorded = os.path.join(os.environ.get("WEIR_SHARED", os.path.join(ROOT, "../shared")), "data/vllm/exposition")
    pages = [page.Page(seed + i, VLLM).text for i in range(2)]
    pages.append(page.failing(page.Page(seed + 2, VLLM), seconds * 0.3, seconds * 0.6))
    if os.path.isdir(recorded):
        pages.append(page.Recorded(recorded).text)
    pages.append(page.Page(seed + 9, page.wanted(survey)).text)
    folder = tempfile.mkdtemp()
    t = Test(weir, folder)
    server = Server(folder, pages)
    try:
        server.wait()
        grid, replies, series, live, end = collect(server, t, own, survey, seconds)
        server.stop()
        with open(t.file("dump.txt"), "w", encoding="utf-8") as file:
            subprocess.run(["promtool", "tsdb", "dump", server.data], stdout=file, check=True)
        with open(t.file("series.json"), "w", encoding="utf-8") as file:
            json.dump(in_order_of(t.file("dump.txt"), series["data"]["result"]), file)
        check_all(t, grid, replies, live, end)
    finally:
        server.stop()
        shutil.rmtree(folder)
    print("seed %d: %d comparisons of %d points, %d queries without an answer, %d refused; %d failed"
          % (seed, t.counts["checked"], t.counts["points"], t.counts["empty"], t.counts["errors"],
             t.counts["failed"]))
    return t.counts["failed"] > 0


def check_ends(t, start, end):
    """A recording has the marks of ends that the server has, which only a dump of its storage shows."""
    dumped, recorded = set(), set()
    with open(t.file("dump.txt"), encoding="utf-8") as file:
        for text in file:
            labels, value, at = text.rstrip().rsplit(" ", 2)
            if value == "NaN" and re.search('job="(vllm|survey)"', labels) and start <= int(at) <= end:
                dumped.add((labels, int(at)))
    with open(t.file("all.json"), encoding="utf-8") as file:
        for text in file:
            if text.startswith('{"metric"'):
                series = json.loads(text)
                labels = "{%s}" % ", ".join("%s=%s" % (k, json.dumps(v)) for k, v in sorted(series["metric"].items()))
                recorded |= {(labels, at) for at, value in zip(series["timestamps"], series["values"])
                             if value is None and start <= at <= end}
    t.check(dumped, "no series ended")
    t.check(dumped == recorded, "ends that only the server has, or the recording",
            sorted(dumped - recorded)[:3], sorted(recorded - dumped)[:3])


def check_all(t, grid, replies, live, end):
    sources = (["--series", t.file("dump.txt"), "--semantics", "2.42"],
               ["--series", t.file("series.json"), "--mark-stale", "--semantics", "2.42"])
    times = ["--from", str(grid["start"]), "--to", str(grid["end"]), "--step", "700ms"]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for query, at, instant, over_grid in replies:
            pool.submit(t.compare, query, instant, "at %d of the dump" % at, *sources[0], "--at", str(at))
            pool.submit(t.compare, query, over_grid, "a grid of the dump", *sources[0], *times)
            pool.submit(t.compare, query, over_grid, "a grid of the API's", *sources[1], *times)
    t.check(t.counts["checked"] + t.counts["errors"] >= 3 * len(replies), "not all was compared")
    t.check(t.counts["empty"] < t.counts["checked"] / 3, "too many queries without an answer")
    t.check(t.counts["errors"] < t.counts["checked"] / 10, "too many queries that are refused")
    t.check(live.returncode == 0 and live.stdout.count("\n") > 3, "a replay from the server", live.stderr)
    check_ends(t, grid["start"] * 1000, (end - 1) * 1000)
    for source in (*sources, *(["--series", t.file(name), "--semantics", ""] for name in ("raw.gz", "answers.gz"))):
        done = t.run("replay", "-f", t.file("so.yaml"), *source[:-1], "prometheus 2.42", "--from", str(grid["start"]),
                     "--to", str(end - 1), "--format", "csv")
        t.check(done.stdout == live.stdout, "replays from the server and from %s" % source[1], done.stderr,
                done.stdout, live.stdout)


sys.exit(main())
