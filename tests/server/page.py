"""Pages of metrics that move: what scrapes of model servers would see, and the series that the
trigger queries of a survey select."""
import http.server
import json
import math
import os
import random
import re
import threading
import time

# A selector: a name with matchers, a name alone before a range or a bracket's end, or matchers alone.
SELECTOR = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*\{([^{}]*)\}|([a-zA-Z_:][a-zA-Z0-9_:]*)(?=\s*[\[)])')
MATCHER = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
BOUNDS = ("0.1", "0.5", "1", "2.5", "5", "10", "+Inf")


def wanted(queries):
    """The series that selectors of queries meet: names and labels."""
    series = set()
    for query in queries:
        for name, matchers, alone in SELECTOR.findall(query):
            labels, name = {}, name or alone
            for label, how, value in MATCHER.findall(matchers):
                if how == "=~":
                    value = re.sub(r"\.[*+]", "x", value.split("|")[0].strip("()^$"))
                if how in ("=", "=~") and re.fullmatch(r"[\w:./ -]*", value):
                    labels[label] = value
            name = labels.pop("__name__", name)
            if name != "up" and re.fullmatch(r"[a-zA-Z_:][a-zA-Z0-9_:]*", name or ""):
                labels = {k: v for k, v in labels.items() if k != "le" and v != ""}
                series.add((name, tuple(sorted(labels.items()))))
    return sorted(series)


def line(name, labels, value):
    text = ",".join('%s="%s"' % pair for pair in labels)
    return "%s{%s} %s\n" % (name, text, repr(float(value)).replace("-inf", "-Inf").replace("inf", "+Inf"))


class Walk:
    """A number that moves at every look, in whole steps or not; a counter now and then begins anew."""

    def __init__(self, dice, counter):
        self.dice, self.counter, self.value = dice, counter, dice.choice((0, 3, 0.125, 7.3))

    def step(self):
        dice = self.dice
        if self.counter:
            self.value = 0.0 if dice.random() < 0.02 else self.value + dice.choice((0, 1, 2, 0.1, 1.7))
        else:
            self.value = max(0.0, self.value + dice.choice((-1, -0.3, 0, 0.3, 1)))
        return self.value


class Page:
    """All series of one target. Some come and go, some have values that are infinite. None is NaN, which
    a dump does not tell from the end of a series."""

    def __init__(self, seed, series):
        self.dice, self.walks, self.series = random.Random(seed), {}, []
        for name, labels in series:
            if name.endswith("_bucket"):
                self.series += [(name, labels + (("le", le),)) for le in BOUNDS]
            else:
                self.series.append((name, labels))
        self.gone = {}

    def text(self):
        dice, lines, buckets = self.dice, [], {}
        for key in self.series:
            name, labels = key
            counter = name.endswith(("_total", "_count", "_sum", "_bucket")) or "_total_" in name
            walk = self.walks.setdefault(key, Walk(dice, counter))
            value = walk.step()
            if name.endswith("_bucket"):  # cumulative over its bounds
                family = (name, labels[:-1])
                value = buckets[family] = buckets.get(family, 0) + value
            elif not counter and dice.random() < 0.01:
                value = dice.choice((math.inf, -math.inf, -0.0, 1e300, 5e-324))
            if self.gone.get(key, 0) > 0:
                self.gone[key] -= 1
                continue
            if not name.endswith("_bucket") and dice.random() < 0.01:
                self.gone[key] = dice.randrange(1, 12)
            lines.append(line(name, labels, value))
        return "".join(lines)


class Recorded:
    """Scrapes of one process, and what lies between them: counters rise from one to the next."""

    def __init__(self, folder):
        self.scrapes = []
        for name in sorted(os.listdir(folder)):
            if "seq" in name:
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    self.scrapes.append(dict(text.rsplit(" ", 1) for text in file.read().splitlines()
                                             if text and not text.startswith("#")))
        self.looks = 0

    def text(self):
        last = len(self.scrapes) - 1
        place = (self.looks / 12) % (last + 1)
        self.looks += 1
        left, part = self.scrapes[int(place)], place % 1
        right = self.scrapes[min(int(place) + 1, last)]
        return "".join("%s %r\n" % (key, float(value) + (float(right.get(key, value)) - float(value)) * part)
                       for key, value in left.items())


def serve(pages):
    """Serves pages by path ("/0/metrics"). A page may be a function that returns its text, or None for a
    target that fails."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            page = pages[int(self.path.split("/")[1])]
            text = page()
            self.send_response(500 if text is None else 200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write((text or "").encode())

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request, client_address):
            pass  # a scraper that has hung up

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def failing(page, begin, end):
    """A page of a target that is down for some seconds."""
    start = time.monotonic()

    def text():
        return None if begin <= time.monotonic() - start < end else page.text()

    return text


def read_queries(path):
    """Without their matchers on the labels that a scrape gives its target."""
    own = re.compile(r"""\b(job|instance)\s*(=~|=)\s*("[^"]*"|'[^']*')\s*,?\s*""")
    with open(path, encoding="utf-8") as file:
        return [own.sub("", json.loads(text)["query"]) for text in file if text.strip()]
