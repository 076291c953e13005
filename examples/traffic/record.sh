#!/usr/bin/env bash
# Records real HTTP traffic: nginx answers on loopback after a fixed delay, hey drives it through
# idle, ramp, burst, silence and recovery, and the access log becomes two CSV files.
#
#   record.sh [--out DIR] [--quick]
#
#   traffic.csv              time,concurrency,rps          one row a second
#   traffic-requests.csv.gz  start,duration                one row a request, in order of start
#
# --quick runs every phase for a twentieth of its time, to try the script itself.
set -euo pipefail
cd "$(dirname "$0")/../.."

delay=0.5 # seconds that nginx takes for a request
# seconds and workers of each phase; a worker has one request in flight at any time, 0 is silence
phases='45:0 60:4 60:10 60:20 60:32 60:40 60:180 120:40 180:0 15:2 180:25 90:12 60:0'

out=examples/data
quick=1
while [ $# -gt 0 ]; do
    case "$1" in
    --out) out=${2:?--out needs a folder} && shift ;;
    --quick) quick=20 ;;
    --help) sed -n '2,10s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) echo "record.sh: unknown option $1; see --help" >&2 && exit 2 ;;
    esac
    shift
done

PATH=$PATH:/usr/sbin
echo_module=/usr/lib/nginx/modules/ngx_http_echo_module.so
for program in nginx hey python3; do
    command -v "$program" >/dev/null || {
        echo "record.sh: $program is missing; on Debian: apt-get install nginx-light libnginx-mod-http-echo hey python3" >&2
        exit 1
    }
done
[ -e "$echo_module" ] || {
    echo "record.sh: nginx cannot delay answers; on Debian: apt-get install libnginx-mod-http-echo" >&2
    exit 1
}

work=$(mktemp -d)
stop() {
    [ ! -s "$work/nginx.pid" ] || kill "$(cat "$work/nginx.pid")" 2>/dev/null || true
    jobs -p | xargs -r kill 2>/dev/null || true
    rm -rf "$work"
}
trap stop EXIT

port=18080
cat >"$work/nginx.conf" <<CONF
load_module $echo_module;
pid $work/nginx.pid;
error_log $work/error.log;
worker_processes 1;
events { worker_connections 4096; }
http {
    # The time at which the answer was complete, and how long the request took.
    log_format request '\$msec \$request_time';
    access_log $work/access.log request;
    client_body_temp_path $work; proxy_temp_path $work; fastcgi_temp_path $work;
    uwsgi_temp_path $work; scgi_temp_path $work;
    keepalive_requests 100000;
    server {
        listen 127.0.0.1:$port;
        location / { echo_sleep $delay; echo ok; }
    }
}
CONF
nginx -p "$work" -c "$work/nginx.conf"

start=$(date +%s)
echo "record.sh: recording until $(date -d "@$((start + 1050 / quick))" +%T)" >&2
end=0
for phase in $phases; do
    length=$((${phase%:*} / quick)) workers=${phase#*:}
    [ "$length" -gt 0 ] || length=1
    end=$((end + length))
    if [ "$workers" -gt 0 ]; then
        hey -z "${length}s" -c "$workers" -t 10 "http://127.0.0.1:$port/" >/dev/null &
    fi
    # Phases end by the clock, whatever the load generator's own overhead.
    now=$(date +%s.%N)
    sleep "$(awk -v e="$((start + end))" -v n="$now" 'BEGIN { s = e - n; print (s > 0 ? s : 0) }')"
done
sleep 1 # the last answers
kill "$(cat "$work/nginx.pid")" && sleep 0.5

mkdir -p "$out"
examples/traffic/from_access_log.py "$work/access.log" "$start" "$end" \
    "$out/traffic.csv" "$out/traffic-requests.csv.gz"
