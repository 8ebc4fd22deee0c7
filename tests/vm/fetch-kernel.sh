#!/usr/bin/env bash
# fetch-kernel.sh <pattern>: fetches Debian's newest kernel that matches the pattern, and prints its cached directory.
# The pattern 7.2 means the newest 7.2.*, 7.2.9 means only this release, and `newest` means the newest of all. The directory contains
# `vmlinuz`, and `info` with release, package and package version. Ends with exit code 77 and a reason if no kernel is available.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/sources.sh"
. "$here/lib/index.sh"

[ $# -eq 1 ] || usage_error "usage: fetch-kernel.sh <version pattern>"
pattern=$1
kernels=$cache/kernels

# Prints the matching cached kernels in the format of kernels_in_index, with the lowest rank and without a suite.
cached_kernels() {
    local info upstream
    for info in "$kernels"/*/info; do
        [ -e "$info" ] || continue
        [[ "$(sed -n 's/^release=//p' "$info")" == *[0-9]-"$flavour" ]] || continue
        upstream=$(sed -n 's/^upstream=//p' "$info")
        if kernel_matches "$upstream" "$pattern"; then
            printf '%s 0 %s %s -\n' "$upstream" "$(sed -n 's/^package=//p' "$info")" "$(sed -n 's/^version=//p' "$info")"
        fi
    done
}

# Prints all matching kernels, the best first. Includes cached kernels, so that an unavailable suite does not lead to an older kernel.
candidates() {
    local suite
    {
        for suite in $(suites_with_index "${kernel_suites[@]}"); do
            kernels_in_index "$suite" "$pattern"
        done
        cached_kernels
    } | sort -k1,1Vr -k2,2nr
}

# Downloads and unpacks a kernel into a temporary directory, then renames it, so that no other process sees an incomplete kernel.
download() {
    local upstream=$1 package=$2 version=$3 suite=$4 target=$5 work
    work=$(mktemp -d "$kernels/.new.XXXXXX")
    if unpack "$upstream" "$package" "$version" "$suite" "$work" >"$work/log" 2>&1; then
        rm -rf "$target"
        mv "$work/kernel" "$target"
        rm -rf "$work"
    else
        log "could not fetch $package $version from suite $suite: $(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")"
        rm -rf "$work"
        return 1
    fi
}

# Each step checks its own result, because `set -e` has no effect in a function that is called in the condition of an `if`.
unpack() {
    local upstream=$1 package=$2 version=$3 suite=$4 work=$5 image
    (cd -- "$work" && apt_private "$suite" apt-get download "$package=$version") || return 1
    dpkg-deb -x "$work"/*.deb "$work/tree" || return 1
    image=$(find "$work/tree" \( -name vmlinuz -o -name vmlinuz.unsigned -o -name 'vmlinuz-*' \) -type f | head -n 1)
    [ -n "$image" ] || { echo 'E: the package holds no kernel image'; return 1; }
    mkdir "$work/kernel" && mv "$image" "$work/kernel/vmlinuz" || return 1
    printf 'upstream=%s\nrelease=%s\npackage=%s\nversion=%s\n' \
        "$upstream" "$(sed -E 's/^linux-(binary-unsigned|binary|image)-//' <<<"$package")" "$package" "$version" >"$work/kernel/info"
}

lock_cache kernels
mkdir -p "$kernels"
refresh_indexes 1440 "${kernel_suites[@]}"

# A cached index can be older than the mirror. If the best packages are no longer on the mirror, the indexes are refreshed once.
for attempt in 1 2; do
    failures=0
    mapfile -t found < <(candidates)
    for candidate in "${found[@]}"; do
        read -r upstream _ package version suite <<<"$candidate"
        directory=$kernels/${package}_$version
        if [ -e "$directory/vmlinuz" ]; then
            # A newer kernel could not be fetched. A refreshed index may contain another one, so try that before using the cached kernel.
            [ "$failures" -eq 0 ] || [ "$attempt" -eq 2 ] || break
            [ "$failures" -eq 0 ] || log "using the cached kernel $(basename -- "$directory")"
            printf '%s\n' "$directory"
            exit 0
        fi
        [ "$failures" -lt 3 ] || continue
        log "fetching $package $version from suite $suite"
        if download "$upstream" "$package" "$version" "$suite" "$directory"; then
            printf '%s\n' "$directory"
            exit 0
        fi
        failures=$((failures + 1))
    done
    if [ "$attempt" -eq 2 ] || [ "$failures" -eq 0 ]; then
        break
    fi
    refresh_indexes 0 "${kernel_suites[@]}"
done

wanted=$pattern
[ "$architecture" = amd64 ] || wanted="$pattern for $flavour"
available=$(suites_with_index "${kernel_suites[@]}")
left_out=$(suites_without_index "${kernel_suites[@]}")
if [ "$failures" -gt 0 ]; then
    cannot_run "kernel $wanted could not be fetched, and none is cached"
elif [ -z "$available" ]; then
    cannot_run "no kernel $wanted is cached, and no suite has a package index: $left_out"
else
    cannot_run "Debian carries no kernel $wanted (${available//$'\n'/, }), and none is cached${left_out:+; without an index: $left_out}"
fi
