# shellcheck shell=bash
# Where this machine gets Debian packages from. Whatever mirror and signing key it uses are used for the kernels too; only the suite differs.

# Prints `address`, then the lines of the Signed-By field, if there is one.
debian_source() {
    if [ -n "${ZCRX_VM_MIRROR:-}" ]; then
        printf '%s\n' "$ZCRX_VM_MIRROR"
        [ -z "${ZCRX_VM_KEYRING:-}" ] || printf 'Signed-By: %s\n' "$ZCRX_VM_KEYRING"
        return 0
    fi

    local entry address place
    entry=$(debian_index_entry) || return 1
    address=${entry%%|*}
    place=${entry#*|}
    printf '%s\n' "$address"
    signed_by "${place%:*}" "${place##*:}"
}

# Asks apt itself, which knows both formats of its source lists, and answers `address|file:number of the entry`.
debian_index_entry() {
    local codename
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    # shellcheck disable=SC2016  # the names in $() are apt's, not the shell's
    apt-get indextargets --format '$(ORIGIN)|$(RELEASE)|$(COMPONENT)|$(REPO_URI)|$(SOURCESENTRY)' 'Created-By: Packages' |
        awk -F'|' -v codename="$codename" -v id="$(. /etc/os-release && printf '%s' "$ID")" '
            $3 != "main" || $4 ~ /security/ { next }
            ($2 == codename && id == "debian") || $1 == "Debian" { print $4 "|" $5; found = 1; exit }
            END { exit !found }'
}

# The Signed-By of an entry: a paragraph of a deb822 file, or a line of the older format.
signed_by() {
    local file=$1 number=$2
    case "$file" in
        *.sources)
            awk -v number="$number" '
                /^#/ { next }
                /^[[:space:]]*$/ { inside = 0; next }
                !inside { inside = 1; paragraph++ }
                paragraph != number { next }
                /^[^[:space:]]/ { wanted = tolower($0) ~ /^signed-by:/ }
                wanted' "$file"
            ;;
        *)
            sed -n "${number}s/^deb[[:space:]]*\[[^]]*signed-by=\([^] ]*\).*/Signed-By: \1/p" "$file"
            ;;
    esac
}
