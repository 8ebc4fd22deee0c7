# shellcheck shell=bash
# Contains paths and functions that all scripts of this directory share.

vm_directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # used by the scripts that source this file
repository=$(cd -- "$vm_directory/../.." && pwd)
cache=${ZCRX_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/zcrx-vm}

# The flavour and the architecture of the guests' Debian kernel. run.sh sets ZCRX_VM_FLAVOUR.
# shellcheck disable=SC2034  # used by the scripts that source this file
flavour=${ZCRX_VM_FLAVOUR:-cloud-amd64}
case "$flavour" in
    *amd64*) architecture=amd64 ;;
    *) architecture=arm64 ;;
esac

# The exit code for "cannot run on this machine", as in automake. The reason is the last line on standard output.
readonly cannot_run_code=77

log() {
    printf 'vm: %s\n' "$*" >&2
}

fail() {
    log "$*"
    exit 1
}

usage_error() {
    log "$*"
    exit 2
}

cannot_run() {
    printf '%s\n' "$*"
    exit "$cannot_run_code"
}

# Locks a part of the cache, so that only one process changes it at a time. The lock ends with the script.
lock_cache() {
    local part=$1
    mkdir -p "$cache"
    exec {lock_descriptor}>"$cache/$part.lock"
    flock --timeout 900 "$lock_descriptor" || fail "could not lock $cache/$part.lock within 15 minutes: another process holds it"
}

younger_than() {
    local minutes=$1 file=$2
    [ -n "$(find "$file" -maxdepth 0 -mmin "-$minutes" 2>/dev/null)" ]
}
