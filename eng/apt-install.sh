#!/usr/bin/env bash
# Installs Debian packages: eng/apt-install.sh package...  Exit code 0 when they are there, 77 when this user or this machine cannot install any.
set -uo pipefail

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    exit 77
fi

output=$(mktemp)
trap 'rm -f "$output"' EXIT
install() {
    # Other processes may be installing, too: they are waited for.
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >"$output" 2>&1
}

echo "installing $*" >&2
if install "$@"; then
    exit 0
fi

echo "trying again with a fresh package index" >&2
apt-get -o DPkg::Lock::Timeout=300 update >/dev/null 2>&1
install "$@" || { tail -n 5 "$output" >&2; exit 77; }
