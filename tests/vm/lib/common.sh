# shellcheck shell=bash
# What every script here shares: where things are, how to say something, and how to say that it cannot be done.

vm_directory=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034  # used by the scripts that source this file
repository=$(cd -- "$vm_directory/../.." && pwd)
cache=${ZCRX_VM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/zcrx-vm}

# The flavour of Debian's kernels that the guests boot, and its architecture. run.sh sets it.
# shellcheck disable=SC2034  # used by the scripts that source this file
flavour=${ZCRX_VM_FLAVOUR:-cloud-amd64}
case "$flavour" in
    *amd64*) architecture=amd64 ;;
    *) architecture=arm64 ;;
esac

# Exit code of "it cannot run here", as automake and others have it. The reason is the last line on standard output.
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

# Only one process at a time changes a part of the cache. The lock ends with the script that took it.
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
