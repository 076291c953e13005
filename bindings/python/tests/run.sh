#!/usr/bin/env bash
# Installs the package in a fresh environment, as its users do, and runs its tests there:
#   bindings/python/tests/run.sh [PYTEST_OPTION...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
dir=$PWD/build/python
log=$dir/log
rm -rf "$dir/venv" "$log"
mkdir -p "$log"

finish() {
    local name
    for name in "$@"; do
        if ! wait "${job[$name]}"; then
            tail -n 60 "$log/$name" >&2
            echo "run.sh: failed: all of the output is in $log/$name" >&2
            exit 1
        fi
    done
}
declare -A job
begin() {
    local name=$1
    shift
    "$@" >"$log/$name" 2>&1 &
    job[$name]=$!
}

python3 -m venv "$dir/venv"
pip() {
    "$dir/venv/bin/python" -m pip --disable-pip-version-check "$@"
}
begin download pip wheel --wheel-dir "$dir/wheels" pytest hypothesis mypy pandas 'dask[distributed]' matplotlib
begin install pip install --config-settings=build-dir="$dir/cmake" ./bindings/python
finish install
# With nothing but what the package itself asks for.
"$dir/venv/bin/python" -c 'import doctest, weir; assert doctest.testmod(weir) == (0, 4)'
finish download
begin tools pip install --no-index --find-links "$dir/wheels" pytest hypothesis mypy pandas 'dask[distributed]' matplotlib
finish tools

cd bindings/python
slow=(tests/test_types.py tests/test_leaks.py tests/test_examples.py)
begin slow "$dir/venv/bin/python" -m pytest "${slow[@]}" "$@"
begin tests "$dir/venv/bin/python" -m pytest "${slow[@]/#/--ignore=}" "$@"
finish tests slow
tail -qn 1 "$log/tests" "$log/slow"
