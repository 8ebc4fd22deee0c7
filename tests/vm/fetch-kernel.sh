#!/usr/bin/env bash
# fetch-kernel.sh <pattern>: prints the cached directory of Debian's newest kernel of that version (7.2 means the newest 7.2.*):
# `vmlinuz`, and `info` with its release, package and package version. Exit 77 and a reason where there is none.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/sources.sh"
. "$here/lib/index.sh"

[ $# -eq 1 ] || usage_error "usage: fetch-kernel.sh <version pattern>"
pattern=$1
kernels=$cache/kernels

# The newest cached kernel that matches, for when the index or the mirror does not help.
newest_cached() {
    local info version
    for info in "$kernels"/*/info; do
        [ -e "$info" ] || continue
        version=$(sed -n 's/^upstream=//p' "$info")
        case "$version" in
            "$pattern" | "$pattern".* | "$pattern"~*) printf '%s %s\n' "$version" "$(dirname -- "$info")" ;;
        esac
    done | sort -k1,1V | tail -n 1 | cut -d' ' -f2-
}

# Downloads and unpacks into a directory beside the final one, and renames: a half-written kernel is never seen.
download() {
    local upstream=$1 package=$2 version=$3 target=$4 work
    work=$(mktemp -d "$kernels/.new.XXXXXX")
    if unpack "$upstream" "$package" "$version" "$work" >"$work/log" 2>&1; then
        rm -rf "$target"
        mv "$work/kernel" "$target"
        rm -rf "$work"
    else
        log "$package $version could not be fetched: $(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")"
        rm -rf "$work"
        return 1
    fi
}

# Each step says for itself whether to go on: `set -e` does not hold in what an `if` asks.
unpack() {
    local upstream=$1 package=$2 version=$3 work=$4 image
    (cd -- "$work" && apt_private apt-get download "$package=$version") || return 1
    dpkg-deb -x "$work"/*.deb "$work/tree" || return 1
    image=$(find "$work/tree" \( -name vmlinuz -o -name vmlinuz.unsigned -o -name 'vmlinuz-*' \) -type f | head -n 1)
    [ -n "$image" ] || { echo 'E: the package holds no kernel image'; return 1; }
    mkdir "$work/kernel" && mv "$image" "$work/kernel/vmlinuz" || return 1
    printf 'upstream=%s\nrelease=%s\npackage=%s\nversion=%s\n' \
        "$upstream" "$(sed -E 's/^linux-(binary-unsigned|binary|image)-//' <<<"$package")" "$package" "$version" >"$work/kernel/info"
}

lock_cache kernels
mkdir -p "$kernels"
refresh_index

# An index can be older than the mirror: when its best answers are gone, a fresh index is asked once.
for attempt in 1 2; do
    if have_index; then
        mapfile -t candidates < <(kernels_in_index "$pattern" | head -n 3)
    else
        candidates=()
    fi
    for candidate in "${candidates[@]}"; do
        read -r upstream package version <<<"$candidate"
        directory=$kernels/${package}_$version
        if [ -e "$directory/vmlinuz" ]; then
            printf '%s\n' "$directory"
            exit 0
        fi
        log "fetching $package $version"
        if download "$upstream" "$package" "$version" "$directory"; then
            printf '%s\n' "$directory"
            exit 0
        fi
    done
    if [ "$attempt" -eq 2 ] || [ "${#candidates[@]}" -eq 0 ]; then
        break
    fi
    force_refresh_index || break
done

directory=$(newest_cached)
if [ -n "$directory" ]; then
    log "the mirror does not give a kernel $pattern now; taking the cached $(basename -- "$directory")"
    printf '%s\n' "$directory"
elif ! have_index; then
    cannot_run "no kernel $pattern is cached, and there is no package index: $(index_failure)"
elif [ "${#candidates[@]}" -eq 0 ]; then
    cannot_run "Debian carries no kernel $pattern (suites ${suites[*]}), and none is cached"
else
    cannot_run "kernel $pattern could not be fetched, and none is cached"
fi
