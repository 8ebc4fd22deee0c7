# shellcheck shell=bash
# Manages package indexes: one private apt state in the cache for each Debian suite. The apt sources of the machine stay unchanged.
# The states are separate, because with one state an expired or unavailable suite would make apt fail for all suites.

readonly kernel_suites=(trixie-backports experimental)
# The suite of the compiler and the tools that fit the headers of these kernels.
# shellcheck disable=SC2034  # used by the scripts that source this file
readonly tool_suite=trixie
# The states of other architectures are in subdirectories.
apt_states=${cache:?}/apt
[ "${architecture:?}" = amd64 ] || apt_states=$apt_states/$architecture

# Runs an apt program with the state of a suite: apt_private <suite> <program> <argument>...
apt_private() {
    local state=$apt_states/$1 program=$2
    shift 2
    "$program" -q \
        -o Dir::Etc::sourcelist="$state/suite.sources" \
        -o Dir::Etc::sourceparts="$state/none.d" \
        -o Dir::Etc::preferences="$state/none.list" \
        -o Dir::Etc::preferencesparts="$state/none.d" \
        -o Dir::State::lists="$state/lists" \
        -o Dir::State::status="$state/status" \
        -o Dir::Cache="$state/cache" \
        -o APT::Architecture="$architecture" \
        -o Acquire::Languages=none \
        -o Acquire::http::Timeout=30 \
        -o APT::Sandbox::User="$(id -un)" \
        "$@"
}

# Succeeds if the suite has an index that came from the currently configured source.
have_index() {
    cmp -s "$apt_states/$1/refreshed" "$apt_states/$1/suite.sources"
}

# Refreshes the indexes that are older than a number of minutes: refresh_indexes <minutes> <suite>...
# The suites are refreshed concurrently, so that a machine without a network waits for only one timeout. A failure is logged, and affects
# only its own suite.
refresh_indexes() {
    local minutes=$1 suite
    shift
    for suite in "$@"; do
        refresh_index "$suite" "$minutes" &
    done
    wait
}

# A failure is remembered for the rest of the run, so that other guests of the run do not wait for the same timeout.
# The next run tries again, because the user may have fixed the cause.
refresh_index() {
    local suite=$1 minutes=$2 state=$apt_states/$1
    lock_cache "apt-$suite"
    mkdir -p "$state"/{none.d,lists/partial,cache/archives/partial}
    : >"$state/none.list"
    : >"$state/status"
    if [ -n "${ZCRX_VM_RUN:-}" ] && [ "$(cat "$state/failed" 2>/dev/null)" = "$ZCRX_VM_RUN" ]; then
        return 0
    fi

    if write_source "$suite" 2>"$state/update.log"; then
        if have_index "$suite" && younger_than "$minutes" "$state/refreshed"; then
            return 0
        fi
        if apt_private "$suite" apt-get -o APT::Update::Error-Mode=any update >"$state/update.log" 2>&1; then
            cp -- "$state/suite.sources" "$state/refreshed"
            rm -f "$state/failed"
            return 0
        fi
    fi
    printf '%s\n' "${ZCRX_VM_RUN:-}" >"$state/failed"
    if have_index "$suite"; then
        log "could not refresh the index of suite $suite, using the one of $(date -r "$state/refreshed" +%F): $(index_failure "$suite")"
    else
        log "could not fetch the index of suite $suite, continuing without that suite: $(index_failure "$suite")"
    fi
}

write_source() {
    local source
    if ! source=$(debian_source); then
        echo "E: this machine's apt sources name no Debian mirror: set ZCRX_VM_MIRROR to one, and ZCRX_VM_KEYRING to the file with its signing key" >&2
        return 1
    fi
    printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: %s\n%s\n' \
        "$(head -n 1 <<<"$source")" "$1" "$architecture" "$(tail -n +2 <<<"$source")" >"$apt_states/$1/suite.sources"
}

# suites_with_index prints the suites that have an index. suites_without_index prints the others as `suite (reason); suite (reason)`.
suites_with_index() {
    local suite
    for suite in "$@"; do
        ! have_index "$suite" || printf '%s\n' "$suite"
    done
}

suites_without_index() {
    local suite separator=''
    for suite in "$@"; do
        if ! have_index "$suite"; then
            printf '%s%s (%s)' "$separator" "$suite" "$(index_failure "$suite")"
            separator='; '
        fi
    done
}

index_failure() {
    local log=$apt_states/$1/update.log
    [ -s "$log" ] || { echo 'apt gave no reason'; return; }
    grep -m 1 '^E:' "$log" || grep -m 1 '^W:' "$log" || tail -n 1 "$log"
}

# Succeeds if a kernel version matches a pattern. The pattern 7.2 matches 7.2, 7.2~rc3 and 7.2.*. The pattern `newest` matches every version;
# the caller chooses the newest.
kernel_matches() {
    local upstream=$1 pattern=$2
    case "$upstream" in
        "$pattern" | "$pattern".* | "$pattern"~*) ;;
        *) [ "$pattern" = newest ] ;;
    esac
}

# Prints the matching kernel images of the wanted flavour in a suite, as `version rank package package-version suite`.
# For the same version, the signed image has the highest rank, then the unsigned image, then the package with all modules (6.18 and older).
# A package that is too small to contain a kernel is a meta package, and is ignored.
kernels_in_index() {
    local suite=$1 pattern=$2 upstream rest
    apt_private "$suite" apt-cache dumpavail | awk -v suite="$suite" -v flavour="$flavour" '
        /^Package: / { package = $2 }
        /^Version: / { version = $2 }
        /^Size: / { size = $2 }
        /^$/ {
            rank = package ~ /^linux-binary-[0-9]/ ? 3 : package ~ /^linux-binary-unsigned-/ ? 2 : package ~ /^linux-image-[0-9]/ ? 1 : 0
            upstream = version
            sub(/-[^-]*$/, "", upstream)
            if (rank && size > 4000000 && package ~ ("[0-9]-" flavour "$"))
                print upstream, rank, package, version, suite
        }' | while read -r upstream rest; do
        ! kernel_matches "$upstream" "$pattern" || printf '%s %s\n' "$upstream" "$rest"
    done
}
