# shellcheck shell=bash
# For the scripts beside this file, which source it: where things are, and installing what is missing.

# An empty environment is enough to run a script.
export PATH="${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
if [ -z "${HOME:-}" ]; then
    HOME=$(getent passwd "$(id -u)" | cut -d: -f6)
    export HOME="${HOME:-/tmp}"
fi

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
script=${0##*/}
# shellcheck disable=SC2034 # used by the scripts
jobs=$(nproc 2>/dev/null || echo 2)
cd "$root" || exit 1

say() {
    printf '%s: %s\n' "$script" "$*"
}

die() {
    printf '%s: %s\n' "$script" "$*" >&2
    exit 1
}

# Whether a package is here. A Go from elsewhere is as good as Debian's.
is_installed() {
    case $1 in
    golang-go) command -v go >/dev/null && return ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# as_root COMMAND...: directly, or through sudo, which may ask for a password only at a terminal.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif [ -t 0 ]; then
        sudo "$@"
    else
        sudo -n "$@"
    fi
}

# need_packages PACKAGE...: says which of these Debian packages are missing, and installs them.
need_packages() {
    local package missing=()
    if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        die "this script installs what it needs with apt, and there is no apt here; on Debian 12" \
            "the packages are: $*"
    fi
    for package in "$@"; do
        is_installed "$package" || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then
        return
    fi
    say "installing with apt: ${missing[*]}"
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        die "installing needs root or sudo, and this is neither; as root: apt-get install ${missing[*]}"
    fi
    mkdir -p build
    if ! as_root apt-get update -q >build/apt.log 2>&1 ||
        ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y \
            --no-install-recommends "${missing[@]}" >>build/apt.log 2>&1; then
        tail -n 5 build/apt.log >&2
        die "apt could not install ${missing[*]}; all it said is in build/apt.log"
    fi
}

# quietly LOG COMMAND...: the output goes to a file, and is shown only if the command fails.
quietly() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    if ! "$@" >>"$log" 2>&1; then
        tail -n 40 "$log" >&2
        printf '%s: failed: %s\n%s: all of the output is in %s\n' "$script" "$*" "$script" "$log" >&2
        return 1
    fi
}
