# shellcheck shell=bash
# A private apt state in the cache: it knows the suites with new kernels, and the machine's own sources stay as they are.

# trixie itself is for the compiler and the tools that those kernels' headers go with.
readonly suites=(trixie-backports experimental trixie)
apt_state=${cache:?}/apt

apt_private() {
    local tool=$1
    shift
    "$tool" -q \
        -o Dir::Etc::sourcelist="$apt_state/none.list" \
        -o Dir::Etc::sourceparts="$apt_state/sources.d" \
        -o Dir::Etc::preferences="$apt_state/none.list" \
        -o Dir::Etc::preferencesparts="$apt_state/none.d" \
        -o Dir::State::lists="$apt_state/lists" \
        -o Dir::State::status="$apt_state/status" \
        -o Dir::Cache="$apt_state/cache" \
        -o Acquire::Languages=none \
        -o Acquire::http::Timeout=30 \
        -o APT::Sandbox::User="$(id -un)" \
        "$@"
}

# An index of other suites is none.
have_index() {
    [ -e "$apt_state/refreshed" ] && [ "$(cat "$apt_state/refreshed")" = "${suites[*]}" ]
}

# At most once a day; after a failure not again for ten minutes, so that being offline costs its time once.
refresh_index() {
    if { have_index && younger_than 1440 "$apt_state/refreshed"; } || younger_than 10 "$apt_state/failed"; then
        return 0
    fi
    force_refresh_index || true
}

force_refresh_index() {
    mkdir -p "$apt_state"/{sources.d,none.d,lists/partial,cache/archives/partial}
    : >"$apt_state/none.list"
    : >"$apt_state/status"
    : >"$apt_state/update.log"
    if write_sources && apt_private apt-get -o APT::Update::Error-Mode=any update >"$apt_state/update.log" 2>&1; then
        printf '%s\n' "${suites[*]}" >"$apt_state/refreshed"
        rm -f "$apt_state/failed"
    else
        touch "$apt_state/failed"
        log "the package index could not be refreshed: $(index_failure)"
        return 1
    fi
}

write_sources() {
    local source suite
    if ! source=$(debian_source); then
        echo "E: this machine's apt sources name no Debian mirror: set ZCRX_VM_MIRROR to one, and ZCRX_VM_KEYRING to the file with its signing key" >"$apt_state/update.log"
        return 1
    fi
    for suite in "${suites[@]}"; do
        printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\nArchitectures: amd64\n%s\n' \
            "$(head -n 1 <<<"$source")" "$suite" "$(tail -n +2 <<<"$source")" >"$apt_state/sources.d/$suite.sources"
    done
}

index_failure() {
    grep -m 1 '^E:' "$apt_state/update.log" || grep -m 1 '^W:' "$apt_state/update.log" || tail -n 1 "$apt_state/update.log"
}

# Kernel images of a version, best first, as `version package package-version`. The pattern 7.2 means 7.2, 7.2~rc3 and 7.2.*.
# Newest first; of one version the signed image, then the unsigned one, then (6.18 and older) the package with all modules in it.
# What is too small to hold a kernel is a meta package.
kernels_in_index() {
    local pattern=$1
    apt_private apt-cache dumpavail | awk -v pattern="$pattern" '
        /^Package: / { package = $2 }
        /^Version: / { version = $2 }
        /^Size: / { size = $2 }
        /^$/ {
            rank = package ~ /^linux-binary-[0-9]/ ? 3 : package ~ /^linux-binary-unsigned-/ ? 2 : package ~ /^linux-image-[0-9]/ ? 1 : 0
            upstream = version
            sub(/-[^-]*$/, "", upstream)
            rest = substr(upstream, length(pattern) + 1)
            if (rank && size > 4000000 && package ~ /[0-9]-cloud-amd64$/ && index(upstream, pattern) == 1 && rest ~ /^([.~].*)?$/)
                print upstream, rank, package, version
        }' | sort -k1,1Vr -k2,2nr | awk '{ print $1, $3, $4 }'
}
