# shellcheck shell=bash
# Unpacks Debian packages and their dependencies into a directory. Nothing is installed or configured.

# Unpacks packages of $tool_suite into <work directory>/root. On failure prints the reason on standard output.
unpack_packages() {
    local work=$1 purpose=$2 package
    shift 2
    mkdir -p "$work/packages/partial" "$work/root"
    if ! apt_private "$tool_suite" apt-get -o Dir::Cache::archives="$work/packages" install --download-only --no-install-recommends --yes "$@" >"$work/log" 2>&1; then
        echo "$purpose could not be fetched: $(grep -m 1 '^E:' "$work/log" || tail -n 1 "$work/log")"
        return 1
    fi

    # Unpacks base-files first: the other packages need its links from /bin, /lib and /sbin to /usr.
    for package in "$work"/packages/base-files_*.deb "$work"/packages/*.deb; do
        if ! dpkg-deb -x "$package" "$work/root" 2>>"$work/log"; then
            echo "$purpose could not be unpacked: $(tail -n 1 "$work/log")"
            return 1
        fi
    done
}
