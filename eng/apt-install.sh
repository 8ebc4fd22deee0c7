#!/usr/bin/env bash
# Installs Debian packages. Usage: eng/apt-install.sh package...
# Exit codes: 0 if all packages are installed, 77 if this user or this machine cannot install some of them.
set -uo pipefail

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    exit 77
fi

output=$(mktemp)
trap 'rm -f "$output"' EXIT
install() {
    # The lock timeout makes apt-get wait for other processes that install packages.
    DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >"$output" 2>&1
}

echo "installing $*" >&2
if install "$@"; then
    exit 0
fi

echo "trying again with a fresh package index" >&2
apt-get -o DPkg::Lock::Timeout=300 update >"$output" 2>&1 || grep '^[EW]:' "$output" >&2
if install "$@"; then
    exit 0
fi

# apt-get installs all given packages or none. Installing one at a time keeps an unavailable package from blocking the others.
status=0
for package in "$@"; do
    if ! install "$package"; then
        echo "could not install $package: $(grep -m 1 '^E:' "$output" || tail -n 1 "$output")" >&2
        status=77
    fi
done
exit "$status"
