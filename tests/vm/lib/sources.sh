# shellcheck shell=bash
# Determines the Debian mirror and the signing key of this machine's apt. The kernels come from the same mirror, but from another suite.
# apt can report its mirror only after it has fetched its lists, which a fresh container has not done. So this script reads apt's sources.

# Prints the address of the mirror, then the lines of the Signed-By field, if it exists.
debian_source() {
    if [ -n "${ZCRX_VM_MIRROR:-}" ]; then
        printf '%s\n' "$ZCRX_VM_MIRROR"
        [ -z "${ZCRX_VM_KEYRING:-}" ] || printf 'Signed-By: %s\n' "$ZCRX_VM_KEYRING"
        return 0
    fi

    local SOURCELIST='' SOURCEPARTS='' id codename file answer
    # shellcheck source=/dev/null
    id=$(. /etc/os-release && printf '%s' "${ID:-}")
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && printf '%s' "${VERSION_CODENAME:-}")
    [ "$id" = debian ] || return 1
    eval "$(apt-config shell SOURCELIST Dir::Etc::sourcelist/f SOURCEPARTS Dir::Etc::sourceparts/d)"
    for file in "$SOURCEPARTS"/*.sources "$SOURCELIST" "$SOURCEPARTS"/*.list; do
        [ -r "$file" ] || continue
        case "$file" in
            *.sources) answer=$(source_in_paragraphs "$codename" <"$file") ;;
            *) answer=$(source_in_lines "$codename" <"$file") ;;
        esac
        if [ -n "$answer" ]; then
            printf '%s\n' "$answer"
            return 0
        fi
    done
    return 1
}

# Reads the deb822 format, with one paragraph per source. A field may span several lines, because Signed-By may contain the key itself.
source_in_paragraphs() {
    awk -v codename="$1" '
        function finish() {
            if (!done && types ~ / deb / && suites_match(suites) && components ~ / main / && enabled && uri != "" && uri !~ /security/) {
                print uri
                printf "%s", signed
                done = 1
            }
            types = suites = components = uri = signed = field = ""
            enabled = 1
        }
        function suites_match(suites) { return index(suites, " " codename " ") || suites ~ / (stable|oldstable|testing|unstable|sid) / }
        BEGIN { enabled = 1 }
        /^#/ { next }
        /^[[:space:]]*$/ { finish(); next }
        {
            value = $0
            if ($0 ~ /^[^[:space:]]/) {
                field = tolower($1)
                sub(/^[^:]*:/, "", value)
            }
            value = " " value " "
            gsub(/[[:space:]]+/, " ", value)
            if (field ~ /^types:/) types = types value
            else if (field ~ /^suites:/) suites = suites value
            else if (field ~ /^components:/) components = components value
            else if (field ~ /^uris:/ && uri == "") { split(value, words, " "); uri = words[1] }
            else if (field ~ /^enabled:/) enabled = value !~ /no|false|off|disable/
            else if (field ~ /^signed-by:/) signed = signed $0 "\n"
        }
        END { finish() }'
}

# Reads the one-line format: deb [options] address suite component…
source_in_lines() {
    awk -v codename="$1" '
        $1 == "deb" {
            line = $0
            sub(/#.*/, "", line)
            signed = ""
            if (match(line, /\[[^]]*\]/)) {
                count = split(substr(line, RSTART + 1, RLENGTH - 2), options, " ")
                for (i = 1; i <= count; i++)
                    if (options[i] ~ /^signed-by=/) { signed = options[i]; sub(/^signed-by=/, "Signed-By: ", signed) }
                line = substr(line, 1, RSTART - 1) substr(line, RSTART + RLENGTH)
            }
            split(line, words, " ")
            if (line ~ /[[:space:]]main([[:space:]]|$)/ && words[2] !~ /security/ && (words[3] == codename || words[3] ~ /^(stable|oldstable|testing|unstable|sid)$/)) {
                print words[2]
                if (signed != "") print signed
                exit
            }
        }'
}
