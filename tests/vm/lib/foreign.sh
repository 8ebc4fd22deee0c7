# shellcheck shell=bash
# Provides the shell and the libraries of a guest whose architecture differs from this machine's. `ldd` cannot list its libraries, because
# its programs do not run here. So the guest gets all libraries in the Debian packages on which .NET depends.

readonly foreign_packages=(base-files busybox-static libc6 libgcc-s1 libssl3t64 libstdc++6 zlib1g)

# Prints the cached directory with the unpacked packages. On failure prints the reason on standard output instead.
foreign_root() {
    local key directory work
    key=$(printf '%s\n' "${foreign_packages[@]}" "$tool_suite" | sha256sum | cut -c1-16)
    directory=${cache:?}/foreign/$architecture-$key
    lock_cache foreign
    if [ ! -e "$directory" ]; then
        refresh_indexes 1440 "$tool_suite"
        have_index "$tool_suite" || { echo "the $architecture libraries are not cached, and suite $tool_suite has no package index: $(index_failure "$tool_suite")"; return 1; }
        mkdir -p "$cache/foreign"
        log "fetching the $architecture libraries"
        work=$(mktemp -d "$cache/foreign/.new.XXXXXX")
        if ! unpack_packages "$work" "the $architecture libraries" "${foreign_packages[@]}"; then
            rm -rf "$work"
            return 1
        fi
        mv "$work/root" "$directory"
        rm -rf "$work"
    fi
    printf '%s\n' "$directory"
}

copy_foreign_libraries() {
    local foreign=$1 root=$2 library
    mkdir -p "$root/usr/lib"
    ln -s usr/lib "$root/lib"
    (cd -- "$foreign" && find usr/lib -maxdepth 2 \( -type f -o -type l \) -name '*.so*') | while IFS= read -r library; do
        mkdir -p "$root/$(dirname -- "$library")"
        cp -a -- "$foreign/$library" "$root/$library"
    done
}
