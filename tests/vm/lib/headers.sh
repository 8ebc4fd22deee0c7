# shellcheck shell=bash
# Provides the headers of exactly the version and flavour of a cached kernel. Modules for the kernel are built with them.

# Unpacks the headers into the kernel's directory. On failure prints the reason on standard output.
fetch_headers() {
    local kernel=$1 release version base work suite reasons=''
    [ ! -e "$kernel/headers" ] || return 0
    release=$(sed -n 's/^release=//p' "$kernel/info")
    version=$(sed -n 's/^version=//p' "$kernel/info")
    base=${release%-cloud-amd64}
    refresh_indexes 1440 "${kernel_suites[@]}"
    work=$(mktemp -d "$kernel/.headers.XXXXXX")
    log "fetching the headers of $release"
    for suite in "${kernel_suites[@]}"; do
        if ! have_index "$suite"; then
            reasons="$reasons${reasons:+; }suite $suite has no package index: $(index_failure "$suite")"
        elif (cd -- "$work" && apt_private "$suite" apt-get download "linux-headers-$release=$version" "linux-headers-$base-common=$version" "linux-kbuild-$base=$version") >"$work/log" 2>&1; then
            reasons=''
            break
        else
            reasons="$reasons${reasons:+; }suite $suite: $(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")"
        fi
    done
    if [ -n "$reasons" ]; then
        echo "the headers of $release $version could not be fetched: $reasons"
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
