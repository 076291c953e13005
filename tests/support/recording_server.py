#!/usr/bin/env python3
"""A Prometheus server whose answers weir itself computes from a file of series, and pages to scrape;
both with the faults that the first part of a path names. Prints its port; ends with its input.

    recording_server.py WEIR SERIES
"""
import http.server
import json
import subprocess
import sys
import threading
import time
import urllib.parse

weir, series = sys.argv[1:3]
counts = {}


def evaluate(words):
    run = subprocess.run([weir, "query", "--series", series, "--format", "json", *words],
                         capture_output=True, text=True)
    if run.returncode != 0:
        kind = "bad_data" if run.returncode == 2 else "execution"
        return (400 if kind == "bad_data" else 422,
                {"status": "error", "errorType": kind, "error": run.stderr.strip()})
    return 200, json.loads(run.stdout)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, kind="application/json", headers=(), length=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        if length:
            self.close_connection = True

    def api(self, what, form):
        words = ["--", form["query"]]
        if "start" in form:
            words = ["--from", form["start"], "--to", form["end"], "--step", form["step"] + "s", *words]
        else:
            words = ["--at", form["time"], *words]
        start = float(form.get("start", form.get("time")))
        if what == "slow":
            time.sleep(0.4)
        if what.startswith("late") and counts[what] > 2 or what == "down":
            return self.answer(503, b"overloaded", kind="text/plain")
        if what == "flaky" and counts[what] % 2:
            return self.answer(500, b"hiccup", kind="text/plain")
        if what == "secret" and self.headers.get("Authorization") != "Bearer hush-token":
            return self.answer(401, b"who are you?", kind="text/plain")
        if what == "match" and start <= 1700000660 <= float(form.get("end", start)):
            return self.answer(422, {"status": "error", "errorType": "execution",
                                     "error": "many-to-many matching not allowed"})
        if what == "html":
            return self.answer(200, b"<html>Please log in</html>", kind="text/html")
        if what == "truncated":
            return self.answer(200, b'{"status":"success","da', length=1000)
        if what == "redirect":
            return self.answer(302, b"", headers=[("Location", "/plain/api/v1/query")])
        if what == "full" and "[" in form["query"] and \
                int(form["query"].rsplit("[", 1)[1].split("ms")[0]) > 1000000:
            return self.answer(422, {"status": "error", "errorType": "execution",
                                     "error": "query processing would load too many samples"})
        status, body = evaluate(words)
        if what == "partial":
            body["warnings"] = ["store east is gone"]
            body["infos"] = ["PromQL info: metric might not be a counter (1:5)"]
        return self.answer(status, body, kind="text/html" if what == "type" else "application/json")

    def page(self, what):
        n = counts[what]
        text = "text/plain; version=0.0.4"
        body = "# TYPE x_total counter\nx_total{pod=\"a\",job=\"own\"} %d\n" % n
        body += "stamped 5 %d\n" % (1700000000000)
        if what == "page" and n % 4 < 2:
            body += "sometimes 1\n"
        if what == "gone" and n in (2, 3):
            return self.answer(503, b"starting", kind="text/plain")
        if what == "broken":
            return self.answer(200, (body + "oops {\n").encode(), kind=text)
        if what == "typeless":
            return self.answer(200, body.encode(), kind="application/json")
        if what == "moved":
            return self.answer(302, b"", headers=[("Location", "/page/metrics")])
        if what == "sleepy":
            time.sleep(1)
        if what == "hush" and self.headers.get("Authorization") != "Bearer hush-token":
            return self.answer(401, b"no", kind="text/plain")
        if "openmetrics" in self.headers.get("Accept", "") and what == "open":
            return self.answer(200, b"# TYPE y counter\ny_total 3\n# EOF\n",
                               kind="application/openmetrics-text; version=1.0.0; charset=utf-8")
        return self.answer(200, body.encode(), kind=text)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        form = dict(urllib.parse.parse_qsl(url.query) + urllib.parse.parse_qsl(body))
        what = url.path.split("/")[1]
        counts[what] = counts.get(what, 0) + 1
        return self.api(what, form) if "/api/v1/" in url.path else self.page(what)

    do_POST = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that has hung up


def main():
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)
    sys.stdin.read()


main()
