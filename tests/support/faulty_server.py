#!/usr/bin/env python3
"""A server of the Prometheus API with every fault a client may meet, on loopback.

The first part of the path chooses what it does ("/flaky/api/v1/query"). Prints its port, that of TLS
and the certificate's file (0 and - where there is no openssl), and ends with its standard input.
"""
import base64
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

counts = {}


def success(kind, result, **more):
    return {"status": "success", "data": {"resultType": kind, "result": result}, **more}


def vector(labels, value, **more):
    return success("vector", [{"metric": labels, "value": [1700000000.123, value]}], **more)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, kind="application/json", headers=(), length=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        if length:
            self.close_connection = True

    def form(self):
        url = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        pairs = urllib.parse.parse_qsl(url.query) + urllib.parse.parse_qsl(body)
        return url.path, dict(pairs)

    def grid(self, form, shift=0.0, most=11001):
        start, end, step = (float(form[name]) for name in ("start", "end", "step"))
        count = int((end - start) / step + 1e-9) + 1
        if count > most:
            return self.answer(400, {"status": "error", "errorType": "bad_data",
                                     "error": "exceeded maximum resolution of 11,000 points"})
        points = [[round(start + i * step + shift, 3), str(start + i * step)] for i in range(count)]
        part = counts["grid"] = counts.get("grid", 0) + 1
        series = [{"metric": {"a": "b"}, "values": points}]
        if part % 2 == 0:  # a series that not every part has
            series.append({"metric": {"only": "even"}, "values": points[:1]})
        return self.answer(200, success("matrix", series))

    def do_GET(self):
        path, form = self.form()
        what = path.split("/")[1]
        counts[what] = counts.get(what, 0) + 1
        error = {"status": "error", "errorType": "execution", "error": "many-to-many"}
        if what == "accept":
            text = "%s|%s|%s" % (self.path, self.headers.get("Accept"), self.headers.get("X-Scope-OrgID"))
            self.answer(200, text.encode(), kind="text/plain; version=0.0.4")
        elif what == "echo":
            labels = {"method": self.command, "path": path, "query": form.get("query", ""),
                      "time": form.get("time", ""), "more": form.get("more", ""),
                      "tenant": self.headers.get("X-Scope-OrgID", "")}
            self.answer(200, vector(labels, "1"))
        elif what == "auth":
            sent = self.headers.get("Authorization", "")
            basic = "Basic " + base64.b64encode(b"me:pass word").decode()
            good = sent in ("Bearer token-1", "Bearer token-2", basic)
            self.answer(200 if good else 401, vector({"how": sent.split(" ")[0]}, "1"))
        elif what == "flaky":
            self.answer(500 if counts[what] % 3 else 200, vector({}, "3"))
        elif what == "busy":
            self.answer(429 if counts[what] % 2 else 200, vector({}, "4"),
                        headers=[("Retry-After", "0")])
        elif what == "down":
            self.answer(503, {"status": "error", "errorType": "timeout", "error": "timed out"})
        elif what == "refused":
            self.answer(422, error)
        elif what == "truncated":
            self.answer(200, b'{"status":"success","da', length=1000)
        elif what == "cut":
            self.answer(200, b'{"status":"success","data":{"resultType":"vec')
        elif what == "html":
            self.answer(200, b"<html>Please log in</html>", kind="text/html")
        elif what == "gateway":
            self.answer(502, b"<html>Bad Gateway</html>", kind="text/html")
        elif what == "redirect":
            self.answer(302, b"", headers=[("Location", "/echo/api/v1/query")])
        elif what == "type":
            self.answer(200, vector({}, "5"), kind="text/html")
        elif what == "slow":
            time.sleep(1.5)
            self.answer(200, vector({}, "6"))
        elif what == "partial":
            self.answer(200, vector({}, "7", warnings=["PromQL warning: x (1:1)", "store gone"]))
        elif what == "silent":
            self.close_connection = True
        elif what == "grid":
            self.grid(form)
        elif what == "moved":
            self.grid(form, shift=0.5)
        else:
            self.answer(404, b"404 page not found", kind="text/plain")

    do_POST = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that has hung up


def serve(context=None):
    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def certificate(folder):
    key, cert = os.path.join(folder, "key.pem"), os.path.join(folder, "cert.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    return key, cert


def main():
    with tempfile.TemporaryDirectory() as folder:
        tls, cert = 0, "-"
        try:
            import ssl
            key, cert = certificate(folder)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            tls = serve(context=context)
        except (ImportError, OSError, subprocess.CalledProcessError):
            tls, cert = 0, "-"
        print(serve(), tls, cert, flush=True)
        sys.stdin.read()


main()
