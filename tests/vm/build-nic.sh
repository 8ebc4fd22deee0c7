#!/usr/bin/env bash
# build-nic.sh <kernel directory>: builds the virtual NIC for that kernel, and prints the cached directory with the module and its tools.
# The directory must be copied to /zcrx/nic in the guest. Ends with exit code 77 and a reason if the module cannot be built.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/sources.sh"
. "$here/lib/index.sh"
. "$here/lib/packages.sh"
. "$here/lib/toolchain.sh"
. "$here/lib/headers.sh"

[ $# -eq 1 ] || usage_error "usage: build-nic.sh <kernel directory>"
kernel=$1
release=$(sed -n 's/^release=//p' "$kernel/info")

# The module is built in a chroot, where the compiler finds its libraries. The mounts are in a separate namespace, so they end with it.
in_toolchain=(unshare --mount --pid --fork)
[ "$(id -u)" -eq 0 ] || in_toolchain+=(--map-root-user)

# The key covers all inputs of the build.
key=$( (cat "$here"/nic/module/* "$here"/nic/guest/* "$here"/build-nic.sh "$here"/lib/toolchain.sh "$kernel/info") | sha256sum | cut -c1-16)
result=$cache/nic/$release-$key

build() {
    local toolchain=$1 target=$2
    # shellcheck disable=SC2016  # the inner shell expands the variables
    "${in_toolchain[@]}" sh -c '
        set -e
        mount -t proc proc "$1/proc"
        mkdir -p "$1/usr/src" "$1/usr/lib/$4"
        mount --bind "$2/usr/src" "$1/usr/src"
        mount --bind "$2/usr/lib/$4" "$1/usr/lib/$4"
        mount --bind "$3" "$1/build"
        # Disables BTF type information of the module, which would need pahole.
        exec chroot "$1" /usr/bin/env -i PATH=/usr/bin:/usr/sbin LC_ALL=C make -s -C "/usr/src/linux-headers-$5" M=/build \
            CC=gcc-14 HOSTCC=gcc-14 CONFIG_DEBUG_INFO_BTF_MODULES= KCFLAGS=-Werror modules' \
        - "$toolchain" "$kernel/headers" "$target" "linux-kbuild-${release%-cloud-amd64}" "$release"
}

lock_cache nic
if [ ! -e "$result" ]; then
    "${in_toolchain[@]}" true 2>/dev/null ||
        cannot_run "the virtual NIC is built in a chroot, which needs root or unprivileged user namespaces"
    toolchain=$(toolchain) || cannot_run "$toolchain"
    reason=$(fetch_headers "$kernel") || cannot_run "$reason"

    log "building the virtual NIC for $release"
    mkdir -p "$cache/nic"
    work=$(mktemp -d "$cache/nic/.new.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    cp -r -- "$here/nic/module" "$work/build"
    build "$toolchain" "$work/build" >"$work/log" 2>&1 || {
        cat "$work/log" >&2
        fail "the virtual NIC does not build for $release; what the compiler said stands above"
    }
    mkdir "$work/nic"
    "$toolchain/usr/lib64/ld-linux-x86-64.so.2" --library-path "$toolchain/usr/lib/x86_64-linux-gnu" "$toolchain/usr/bin/strip" --strip-debug -o "$work/nic/zcrx_testnic.ko" "$work/build/zcrx_testnic.ko"
    cp -a -- "$here"/nic/guest/* "$work/nic/"
    copy_tools "$toolchain" "$work/nic" ip ethtool
    mv "$work/nic" "$result"
fi
touch "$result"
find "$cache/nic" -mindepth 1 -maxdepth 1 -name '*-cloud-*' -mtime +14 -exec rm -rf {} +
printf '%s\n' "$result"
