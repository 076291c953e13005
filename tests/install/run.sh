#!/usr/bin/env bash
# weir as others get at it: installed and found by CMake, by pkg-config alone, fetched as source by
# their own CMake, as two files; static and shared, by themselves and, from the packages, side by
# side. Every installed tree has been moved before anybody looks at it.
#
#   run.sh      uses the builds of scripts/package, and makes the packages
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$here/../.."
root=$PWD
static=build/release
components=(manifest promql prometheus)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0 failed=0

# quietly COMMAND...: what it says matters only when it fails.
quietly() {
    if ! "$@" >"$work/log" 2>&1; then
        tail -n 12 "$work/log" >&2
        echo "install: failed: $*" >&2
        return 1
    fi
}

# passes WHAT COMMAND...
passes() {
    local what=$1
    shift
    count=$((count + 1))
    if ! ("$@"); then
        echo "install: $what failed" >&2
        failed=$((failed + 1))
    fi
}

# prints PROGRAM FILE: the output that the example of this name has.
prints() {
    "$1" | diff -u "$2" - >&2
}

# linked static|shared PROGRAM
linked() {
    local how=static
    if readelf --dynamic "$2" | grep -q 'NEEDED.*libweir'; then
        how=shared
    fi
    [ $how = "$1" ] || { echo "install: $2 is linked $how" >&2; return 1; }
}

# by_cmake PREFIX LINKAGE [OPTION...]
by_cmake() {
    local prefix=$1 linkage=$2 dir=$work/by_cmake name
    shift 2
    rm -rf "$dir"
    quietly cmake -G Ninja -S "$here/find_package" -B "$dir" -DCMAKE_PREFIX_PATH="$prefix" \
        -DEXAMPLES="$root/examples" -DCOMPONENTS="$(IFS=';'; echo "${components[*]}")" "$@" &&
        quietly cmake --build "$dir" || return
    "$dir/consumer" >"$work/said" || return
    for name in kpa "${components[@]}"; do
        [ -f "examples/$name.c" ] || continue # found and linked is all there is to see
        prints "$dir/$name" "examples/$name.out" && linked "$linkage" "$dir/$name" || return
    done
}

# by_pkg_config PREFIX LINKAGE: gcc needs no more than pkg-config says.
by_pkg_config() {
    local prefix=$1 linkage=$2 how=() rpath=() name module words
    [ "$linkage" = shared ] || how=(--static)
    [ "$linkage" = static ] || rpath=("-Wl,-rpath,$prefix/lib")
    for name in kpa "${components[@]}"; do
        module=weir-$name
        [ "$name" != kpa ] || module=weir
        words=$(PKG_CONFIG_PATH=$prefix/lib/pkgconfig pkg-config "${how[@]}" --cflags --libs "$module") ||
            return
        [ -f "examples/$name.c" ] || continue
        # shellcheck disable=SC2086 # words
        quietly gcc -o "$work/by_pkg_config" "examples/$name.c" $words "${rpath[@]}" &&
            prints "$work/by_pkg_config" "examples/$name.out" &&
            linked "$linkage" "$work/by_pkg_config" || return
    done
}

# decides_alike PREFIX LINKAGE: the library that is installed decides as the one that is tested.
decides_alike() {
    local library=$1/lib/libweir.a
    [ "$2" = static ] || library=$1/lib/libweir.so
    quietly gcc -O2 -ffp-contract=off -I"$1/include" -Itests/support -o "$work/digest" \
        tests/digest/digest.c "$library" "-Wl,-rpath,$1/lib" &&
        prints "$work/digest" tests/digest/digest.golden
}

# Names that an installed archive brings into a program: the public ones only.
exports_weir_only() {
    local odd
    for library in "$1"/lib/*.a; do
        odd=$(nm --defined-only --extern-only --format=posix "$library" | grep -v -e ':$' -e '^weir_[a-z]')
        [ -z "$odd" ] || { echo "install: $library defines ${odd//$'\n'/, }" >&2; return 1; }
    done
}

by_fetching() {
    quietly cmake -G Ninja -S "$here/fetch_content" -B "$work/fetch" -DWEIR="$root" \
        -DCMAKE_BUILD_TYPE=Debug -DCMAKE_INSTALL_PREFIX="$work/fetched" &&
        quietly cmake --build "$work/fetch" --target install &&
        prints "$work/fetched/bin/kpa" examples/kpa.out || return
    [ "$(ls "$work/fetched")" = bin ] || { echo "install: weir installs itself for others" >&2; return 1; }
}

# The two files and a compiler, in any version of the languages; nothing else is in reach.
by_two_files() {
    local files=$work/files standard
    mkdir "$files"
    cp "$static"/amalgamation/*.[ch] "$files"
    sed 's|<weir/weir.h>|"weir.h"|' examples/kpa.c >"$files/demo.c"
    sed 's|<weir/promql.h>|"weir_promql.h"|' examples/promql.c >"$files/promql.c"
    cp "$here/consumer.cc" "$files"
    cd "$files" || return
    # First as the documents have it.
    quietly cc -O2 weir.c demo.c -o demo && prints ./demo "$root/examples/kpa.out" &&
        quietly cc -O2 weir_promql.c promql.c -o promql && prints ./promql "$root/examples/promql.out" &&
        quietly cc -Wall -Wextra -Wpedantic -Werror -c weir.c weir_promql.c || return
    for standard in c99 c11 c17; do
        quietly gcc -std=$standard -Wall -Wextra -Wpedantic -Werror -o demo demo.c weir.o &&
            prints ./demo "$root/examples/kpa.out" || return
    done
    for standard in c++11 c++14 c++17 c++20; do
        quietly g++ -std=$standard -Wall -Wextra -Wpedantic -Werror -DWEIR_HEADER='"weir.h"' -o demo \
            consumer.cc weir.o && quietly ./demo || return
    done
}

quietly scripts/package
for build in $static build/shared; do
    quietly cmake --install "$build" --prefix "$work/installed"
    mv "$work/installed" "$work/$(basename "$build")"
done
mv "$work/release" "$work/static"
mkdir "$work/tar"
tar -xzf build/package/weir-*.tar.gz -C "$work/tar" --strip-components=1
for package in build/package/*.deb; do
    dpkg-deb -x "$package" "$work/root"
done
mv "$work/root/usr" "$work/deb"
if grep -rIl -e "$work" -e "$root" "$work"/{static,shared,tar,deb} >"$work/named"; then
    sed 's/^/install: names where it was made: /' "$work/named" >&2
    failed=1
fi

for linkage in static shared; do
    passes "find_package, $linkage" by_cmake "$work/$linkage" $linkage
    passes "pkg-config, $linkage" by_pkg_config "$work/$linkage" $linkage
    passes "the digest, $linkage" decides_alike "$work/$linkage" $linkage
done
for packed in tar deb; do
    passes "find_package, static, of the .$packed" by_cmake "$work/$packed" static
    passes "find_package, shared, of the .$packed" by_cmake "$work/$packed" shared \
        -DBUILD_SHARED_LIBS=ON
    passes "pkg-config, of the .$packed" by_pkg_config "$work/$packed" shared
    passes "the program of the .$packed" quietly "$work/$packed/bin/weir" --version
done
passes "the names in the archives" exports_weir_only "$work/static"
passes "the program" quietly "$work/static/bin/weir" --version
passes "FetchContent" by_fetching
passes "two files" by_two_files
echo "$count ways to get at weir, $failed failed"
[ $failed -eq 0 ]
