#!/usr/bin/env bash
# Checks that the host can build and boot guests. As root, installs missing packages. Otherwise prints one sentence with their names, and
# ends with exit code 77.
set -euo pipefail
here=$(cd -- "$(dirname -- "$0")" && pwd)
. "$here/lib/common.sh"
. "$here/lib/busybox.sh"

missing_packages() {
    if [ "$architecture" = arm64 ]; then
        command -v qemu-system-aarch64 >/dev/null || echo qemu-system-arm
    else
        command -v qemu-system-x86_64 >/dev/null || echo qemu-system-x86
        static_busybox >/dev/null || echo busybox-static
    fi
    command -v cpio >/dev/null || echo cpio
}

if [ "$(uname -s)/$(uname -m)" != Linux/x86_64 ]; then
    cannot_run "the guests need an x86-64 Linux machine and this one is $(uname -s) on $(uname -m)"
fi

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -eq 0 ]; then
    exit 0
fi

sentence="the packages ${missing[*]} are needed: apt-get install --no-install-recommends ${missing[*]}"
"$here/../../eng/apt-install.sh" "${missing[@]}" || cannot_run "$sentence"

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -ne 0 ]; then
    cannot_run "$sentence"
fi
