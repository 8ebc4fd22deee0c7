#!/usr/bin/env bash
# Provides loggen and rsyslogd for tests. Usage: eng/syslog-clients.sh directory
# The Debian packages of both programs conflict with each other, and would start a log daemon. So they are unpacked into the directory, not
# installed. directory/bin then contains a start script for each program that is not in the PATH.
# Exit code 77 if this machine has no apt or cannot download the packages.
set -uo pipefail

directory=$(mkdir -p "$1" && cd "$1" && pwd) || exit 77
root=$directory/root
libraries=$root/usr/lib/$(uname -m)-linux-gnu
mkdir -p "$root" "$directory/bin" "$directory/packages"

unpack() {
    local names
    names=$(apt-get install --print-uris -y --no-install-recommends "$1" 2>/dev/null | sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p")
    [ -n "$names" ] || return 77
    # shellcheck disable=SC2086 # $names is a list of words.
    (cd "$directory/packages" && apt-get download $names >/dev/null 2>&1) || return 77
    for package in "$directory"/packages/*.deb; do
        dpkg-deb -x "$package" "$root" || return 77
    done
}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || exit 77
status=0
if ! command -v loggen >/dev/null && ! [ -x "$directory/bin/loggen" ]; then
    if unpack syslog-ng-core; then
        printf '#!/bin/sh\nSYSLOGNG_PREFIX=%s LD_LIBRARY_PATH=%s exec %s "$@"\n' "$root/usr" "$libraries:$root/usr/lib/syslog-ng" "$root/usr/bin/loggen" >"$directory/bin/loggen"
        chmod +x "$directory/bin/loggen"
    else
        status=77
    fi
fi
if ! command -v rsyslogd >/dev/null && ! [ -x "$directory/bin/rsyslogd" ]; then
    # The comparisons need the PostgreSQL output module, so rsyslog-pgsql is unpacked with its dependency rsyslog.
    if unpack rsyslog-pgsql; then
        printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s -M%s "$@"\n' "$libraries" "$root/usr/sbin/rsyslogd" "$libraries/rsyslog" >"$directory/bin/rsyslogd"
        chmod +x "$directory/bin/rsyslogd"
    else
        status=77
    fi
fi
exit $status
