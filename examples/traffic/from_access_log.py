#!/usr/bin/env python3
"""An access log of `end duration` lines to a row a second and a row a request.

from_access_log.py LOG START SECONDS TRAFFIC.csv REQUESTS.csv.gz

concurrency of second k: the time that requests spent in flight within [k, k+1), in seconds, which
is their average number; rps: requests that began in it. Both are exact sums over the log.
"""
import gzip
import sys


def read_requests(path, start):
    """(start, duration) of every request in whole milliseconds since `start`, in order of start."""
    requests = []
    with open(path) as log:
        for line in log:
            end, duration = line.split()
            end_ms = round((float(end) - start) * 1000)
            duration_ms = round(float(duration) * 1000)
            requests.append((end_ms - duration_ms, duration_ms))
    return sorted(requests)


def per_second(requests, seconds):
    busy, begun = [0] * seconds, [0] * seconds
    for at, duration in requests:
        if 0 <= at < seconds * 1000:
            begun[at // 1000] += 1
        while duration > 0 and at < seconds * 1000:
            part = min(duration, 1000 - at % 1000)
            if at >= 0:
                busy[at // 1000] += part
            at, duration = at + part, duration - part
    return busy, begun


def main():
    log, start, seconds, traffic_path, requests_path = sys.argv[1:]
    requests = read_requests(log, int(start))
    if not requests:
        sys.exit(f"from_access_log.py: {log} holds no request")
    busy, begun = per_second(requests, int(seconds))
    with open(traffic_path, "w", newline="") as out:
        out.write("time,concurrency,rps\n")
        for second, (ms, count) in enumerate(zip(busy, begun)):
            out.write(f"{second},{ms / 1000:.3f},{count}\n")
    # No name and no time in the header: the same log gives the same bytes.
    with open(requests_path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as out:
        out.write(b"start,duration\n")
        for at, duration in requests:
            out.write(f"{at / 1000:.3f},{duration / 1000:.3f}\n".encode())
    print(f"{len(requests)} requests in {seconds} s, {max(busy) / 1000:.1f} at once at most")


if __name__ == "__main__":
    main()
