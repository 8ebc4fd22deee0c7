#!/usr/bin/env bash
# fetch-kernel.sh <pattern>: prints the cached directory of Debian's newest kernel of that version.
# The pattern 7.2 means the newest 7.2.*, 7.2.9 means that one, and `newest` means the newest of all. The directory holds
# `vmlinuz`, and `info` with its release, package and package version. Ends with exit code 77 and a reason if there is none.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/sources.sh"
. "$here/lib/index.sh"

[ $# -eq 1 ] || usage_error "usage: fetch-kernel.sh <version pattern>"
pattern=$1
kernels=$cache/kernels

# The cached kernels that match, in the format of kernels_in_index, with the lowest rank and no suite.
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

# All kernels that match, best first. Cached ones are among them: a suite that is not available must not lead to an older kernel.
candidates() {
    local suite
    {
        for suite in $(suites_with_index "${kernel_suites[@]}"); do
            kernels_in_index "$suite" "$pattern"
        done
        cached_kernels
    } | sort -k1,1Vr -k2,2nr
}

# Downloads and unpacks into a directory beside the final one, and renames: a half-written kernel is never seen.
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

# Each step checks its own result: `set -e` has no effect inside the condition of an `if`.
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

# An index can be older than the mirror. If its best answers are no longer there, the indexes are refreshed once.
for attempt in 1 2; do
    failures=0
    mapfile -t found < <(candidates)
    for candidate in "${found[@]}"; do
        read -r upstream _ package version suite <<<"$candidate"
        directory=$kernels/${package}_$version
        if [ -e "$directory/vmlinuz" ]; then
            # A newer one failed: a refreshed index may name another.
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
