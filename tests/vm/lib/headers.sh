# shellcheck shell=bash
# What modules for a cached kernel are built with: its headers, of exactly its version and flavour.

# Unpacks them beside the kernel. Prints nothing, or a reason and fails.
fetch_headers() {
    local kernel=$1 release version base work
    [ ! -e "$kernel/headers" ] || return 0
    release=$(sed -n 's/^release=//p' "$kernel/info")
    version=$(sed -n 's/^version=//p' "$kernel/info")
    base=${release%-cloud-amd64}
    have_index || { echo "the headers of $release are not cached, and there is no package index: $(index_failure)"; return 1; }
    work=$(mktemp -d "$kernel/.headers.XXXXXX")
    log "fetching the headers of $release"
    if ! (cd -- "$work" && apt_private apt-get download "linux-headers-$release=$version" "linux-headers-$base-common=$version" "linux-kbuild-$base=$version") >"$work/log" 2>&1; then
        echo "the headers of $release $version could not be fetched: $(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")"
        rm -rf "$work"
        return 1
    fi

    local package
    for package in "$work"/*.deb; do
        if ! dpkg-deb -x "$package" "$work/tree" 2>>"$work/log"; then
            echo "the headers of $release could not be unpacked: $(tail -n 1 "$work/log")"
            rm -rf "$work"
            return 1
        fi
    done
    mv "$work/tree" "$kernel/headers"
    rm -rf "$work"
}
