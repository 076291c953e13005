# shellcheck shell=sh
# Sourced by the tests of the program: runs a command, holds its exit code and output to what is
# expected, and counts. At the end: [ "$failed" -eq 0 ]
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

# expect NAME CODE PATTERN COMMAND...: the exit code, and a pattern that the output has.
expect() {
    name=$1 code=$2 pattern=$3
    shift 3
    "$@" >"$work/out" 2>&1 </dev/null
    got=$?
    if [ "$got" -eq "$code" ] && grep -Eq -- "$pattern" "$work/out"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name: exit $got, wanted $code and /$pattern/; it printed:"
        sed 's/^/    /' "$work/out" | head -20
    fi
}
